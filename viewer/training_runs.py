"""Retrainings of a model: what they learn from, the child process that does them, and what becomes of the result."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from inference.manifest import ManifestError, ModelManifest
from inference.models import ModelRecord, ModelStore
from viewer.core.readiness import ConfirmedSeries
from viewer.core.session import Annotations, ConfirmedSlice, Session, corrected_labels
from viewer.core.study import Series, SeriesError
from viewer.core.volume import LabelMap, Volume
from viewer.io.annotation_store import AnnotationStore
from viewer.io.library import Library
from viewer.io.reader import Reader
from viewer.io.training_set import TrainingCase, write_dataset
from viewer.jobs import ChildProcess, Job, JobQueue

TrainingState = Literal[
    "preparing", "running", "paused", "stopping", "finished", "installing", "failed", "accepted", "discarded"
]

_MAX_UNLABELLED_SERIES = 3  # beside the annotated ones: more would cost memory and bring little in a short run


@dataclass
class TrainingRun:
    """One retraining as the panel shows it: its curves, its comparison, and what a person decided."""

    model: ModelRecord
    folder: Path
    steps: int
    state: TrainingState = "preparing"
    events: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] | None = None
    installed: str = ""
    message: str = ""
    series: dict[str, str] = field(default_factory=dict)  # by pseudonym; never on disk

    @property
    def ended(self) -> bool:
        return self.state in ("finished", "installing", "failed", "accepted", "discarded")

    @property
    def undecided(self) -> bool:
        """True if it found a new model that nobody has taken or refused yet."""
        return self.state in ("finished", "installing")

    @property
    def best_new(self) -> str:
        """The recommended arm, or, if that is the current model, the one a person gets who insists on a new one."""
        arms = [arm for arm in ("semi-supervised", "supervised") if self.report and arm in self.report["models"]]
        return self.recommended if self.recommended in arms else next(iter(arms), "")

    @property
    def recommended(self) -> str:
        """The arm that the gate would keep: "current", "semi-supervised" or "supervised"."""
        return str(self.report["decision"]["keep"]) if self.report else "current"


class TrainingRuns:
    """Retrainings, one at a time; run is the last one that was started.

    session gives the one that a person works on, key the name under which its annotations are kept. Lives on the
    session's thread; what is slow runs as jobs, the training itself in a child process. cannot_train says in a sentence
    why a model cannot learn from what is open, "" if it can.
    """

    def __init__(
        self,
        session: Callable[[], Session],
        key: Callable[[], str],
        jobs: JobQueue,
        folder: Path,
        models: ModelStore,
        library: Library,
        annotations: AnnotationStore,
        reader: Reader,
        cannot_train: Callable[[str], str],
        models_changed: Callable[[], None],
        fail: Callable[[str], None],
    ) -> None:
        self._working_session, self._key = session, key
        self._jobs, self._folder, self._models = jobs, folder, models
        self._library, self._annotations, self._reader = library, annotations, reader
        self._cannot_train, self._models_changed, self._fail = cannot_train, models_changed, fail
        self.run: TrainingRun | None = None
        self._seen_confirmed: dict[str, tuple[frozenset[ConfirmedSlice], tuple[frozenset[str], ...]]] = {}
        self._child: ChildProcess | None = None
        self._listeners: list[Callable[[TrainingRun, dict[str, Any]], None]] = []

    def on_change(self, listener: Callable[[TrainingRun, dict[str, Any]], None]) -> None:
        """Have a listener told of the run and the event that changed it; {} if it was a person."""
        self._listeners.append(listener)

    def start(self, model_name: str, steps: int = 120, seed: int = 0, batch: int = 4) -> TrainingRun | None:
        """Fine-tune a model, semi-supervised, in a child process, from the confirmed slices of all series."""
        if self.run is not None and not self.run.ended:
            self._fail("A training is already running: wait for it or stop it first.")
            return None
        if not self._session.confirmed:
            self._fail("Confirm at least one corrected slice first: training learns from confirmed slices.")
            return None
        problem = self._cannot_train(model_name)
        if problem:
            self._fail(problem)
            return None
        record = self._models.get(model_name)
        self._folder.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=self._folder))
        self.run = run = TrainingRun(record, folder, steps)
        snapshot, key = self._current_case(record.manifest), self._key()

        def work(job: Job) -> None:
            job.report(0.1, "Writing the training data")
            others = self._other_cases(record.manifest, snapshot.series_uid, key, job)
            run.series = write_dataset(run.folder / "data", [snapshot, *others], job.check)
            _write_job(run, seed, batch)

        def begin(_: None) -> None:
            # -P: a folder named training beside the person's scans must not be run in place of ours.
            argv = [sys.executable, "-P", "-m", "training", "run", str(run.folder)]
            try:
                self._child = ChildProcess(
                    argv,
                    self._jobs.deliver,
                    lambda event: self._happened(run, event),
                    lambda code, errors: self._exited(run, code, errors),
                )
            except OSError as error:
                failed(f"The training cannot be started ({error}).")
                return
            run.state = "running"
            self._changed({})

        def failed(message: str) -> None:
            run.state, run.message = "failed", message
            self._changed({})
            self._fail(message)

        def cancelled() -> None:
            run.state, run.message = "failed", "The training was cancelled before it began."
            self._changed({})

        self._jobs.submit("Preparing the training", work, begin, failed, cancelled)
        return run

    def pause(self) -> None:
        self._command("pause", "paused")

    def resume(self) -> None:
        self._command("resume", "running")

    def stop(self) -> None:
        """End early; what was learnt so far is still compared."""
        self._command("stop", "stopping")

    def accept(self, arm: str | None = None, done: Callable[[], None] = lambda: None) -> Job | None:
        """Install the new model and make it the active one. arm None takes the one the gate recommends."""
        run = self.run
        if run is None or run.state != "finished" or not run.best_new:
            return None
        chosen = arm or run.best_new
        run.state = "installing"
        self._changed({})

        def finish(record: ModelRecord) -> None:
            try:
                self._models.activate(record.manifest.name, record.manifest.version)
            except (OSError, ManifestError) as error:
                failed(str(error))
                return
            run.installed = record.manifest.version
            self._decided(run, "accepted")
            done()

        def failed(message: str) -> None:
            run.state = "finished"
            self._changed({})
            self._fail(message)

        return self._jobs.submit(
            "Installing the new model", lambda job: self._models.install(run.folder / "out" / chosen), finish, failed
        )

    def discard(self) -> None:
        """Keep the current model; the report stays in the job's folder."""
        if self.run is not None and self.run.state == "finished":
            self._decided(self.run, "discarded")

    def show_again(self) -> None:
        """Have the listeners show the run once more, since which model is in use has changed."""
        if self.run is not None:
            self._changed({})

    def look_at_confirmed(self, done: Callable[[list[ConfirmedSeries]], None]) -> Job:
        """What is confirmed in all listed series and in the open one, label by label."""
        patients = {one.uid: one.patient_id or one.uid for one in self._library.all_series()}
        key, session, here = self._key(), self._session, []
        if session.series is not None and session.label_map is not None and session.confirmed:
            names = {label.value: label.name for label in session.labels}
            patient = session.series.patient_id or session.series.uid
            here = [ConfirmedSeries(patient, _names_on(session.label_map.voxels, session.confirmed, names))]
        others = {uid: slices for uid, slices in self._annotations.all_confirmed().items() if uid != key}

        def work(job: Job) -> list[ConfirmedSeries]:
            found = list(here)
            for uid, slices in others.items():
                job.check()
                if uid not in patients:
                    continue  # its files are not listed any more: no training would find them
                if self._seen_confirmed.get(uid, (None,))[0] != slices:
                    geometry = self._annotations.grid_of(uid)
                    kept = self._annotations.load(uid, geometry) if geometry is not None else None
                    if kept is None:
                        continue
                    names = {label.value: label.name for label in kept.labels}
                    self._seen_confirmed[uid] = slices, _names_on(kept.label_map.voxels, kept.confirmed, names)
                found.append(ConfirmedSeries(patients[uid], self._seen_confirmed[uid][1]))
            return found

        return self._jobs.submit("Counting what is confirmed", work, done)

    def close(self) -> None:
        """End the child process."""
        if self._child is not None and self._child.running:
            self._child.kill()

    @property
    def _session(self) -> Session:
        return self._working_session()

    def _current_case(self, manifest: ModelManifest) -> TrainingCase:
        session = self._session
        assert session.volume is not None and session.series is not None
        assert session.label_map is not None and session.machine is not None
        return _training_case(
            session.series,
            session.volume,
            Annotations(
                LabelMap(session.label_map.voxels.copy()),
                session.machine.copy(),
                session.labels,
                session.confirmed,
                session.source,
            ),
            manifest,
        )

    def _other_cases(self, manifest: ModelManifest, open_uid: str, open_key: str, job: Job) -> list[TrainingCase]:
        """Every other annotated series once, though there be copies of it, and a few of the same modality that nobody
        has annotated. open_key is the one under which the open series' annotations are kept."""
        cases: list[TrainingCase] = []
        keys = {open_key}
        unlabelled = 0
        for series in self._library.all_series():
            annotated = self._annotations.is_confirmed(series.uid)
            fits = series.modality in manifest.modalities or (annotated and not series.modality)
            if series.uid == open_uid or not fits or not series.verdict.is_volume:
                continue
            if not annotated and unlabelled == _MAX_UNLABELLED_SERIES:
                continue
            job.report(0.5, "Reading further series")
            try:
                volume = self._reader.read(series, lambda fraction, text: job.check())
                key = self._annotations.key_of(series.uid, volume)
                annotations = self._annotations.load(key, volume.geometry)
            except SeriesError:
                continue  # its files are gone or damaged: there is enough to learn from without it
            labelled = annotations is not None and bool(annotations.confirmed)
            if key in keys or not (labelled or (series.modality and unlabelled < _MAX_UNLABELLED_SERIES)):
                continue
            keys.add(key)
            unlabelled += not labelled
            cases.append(_training_case(series, volume, annotations, manifest))
        return cases

    def _happened(self, run: TrainingRun, event: dict[str, Any]) -> None:
        run.events.append(event)
        if event["event"] == "finished":
            run.report = json.loads(Path(event["report"]).read_text(encoding="utf-8"))
            run.state = "finished"
        elif event["event"] == "failed":
            run.state, run.message = "failed", event["message"]
        if run is self.run:
            self._changed(event)

    def _exited(self, run: TrainingRun, code: int, errors: str) -> None:
        if not run.ended:
            last = errors.strip().splitlines()[-1] if errors.strip() else f"exit code {code}"
            run.state, run.message = "failed", f"The training ended unexpectedly: {last}"
            self._changed({})
            self._fail(run.message)

    def _decided(self, run: TrainingRun, state: TrainingState) -> None:
        run.state = state
        shutil.rmtree(run.folder / "data", ignore_errors=True)  # copies of scans have done their work
        self._models_changed()

    def _command(self, command: str, state: TrainingState) -> None:
        if self.run is not None and self._child is not None and not self.run.ended:
            self._child.send(command)
            self.run.state = state
            self._changed({})

    def _changed(self, event: dict[str, Any]) -> None:
        assert self.run is not None
        for listener in tuple(self._listeners):
            listener(self.run, event)


def _names_on(
    voxels: NDArray[np.uint8], confirmed: frozenset[ConfirmedSlice], names: dict[int, str]
) -> tuple[frozenset[str], ...]:
    """The labels on each confirmed slice of voxels (k, j, i), by name."""
    on = [np.unique(np.take(voxels, index, 2 - axis)) for axis, index in sorted(confirmed)]
    return tuple(frozenset(names[value] for value in values.tolist() if value in names) for values in on)


def _training_case(
    series: Series, volume: Volume, annotations: Annotations | None, manifest: ModelManifest
) -> TrainingCase:
    """A series with its labels in the model's own values; labels the model does not know become background."""
    if annotations is None or not annotations.confirmed:
        return TrainingCase(series.uid, series.patient_id, volume)
    value_of = {row.name: row.value for row in manifest.labels}
    lookup = np.zeros(256, dtype=np.uint8)
    for label in annotations.labels:
        lookup[label.value] = value_of.get(label.name, 0)
    corrected = corrected_labels(annotations.label_map.voxels, annotations.machine, annotations.confirmed)
    return TrainingCase(
        series.uid,
        series.patient_id,
        volume,
        lookup[annotations.label_map.voxels],
        annotations.confirmed,
        tuple(sorted({int(lookup[value]) for value in corrected} - {0})),
    )


def _write_job(run: TrainingRun, seed: int, batch: int) -> None:
    job = {
        "schema_version": 1,
        "recipe": "segmentation-semi-supervised",
        "parent_model": str(run.model.folder),
        "data": str(run.folder / "data"),
        "out": str(run.folder / "out"),
        "steps": run.steps,
        "batch": batch,
        "seed": seed,
    }
    (run.folder / "job.json").write_text(json.dumps(job, indent=2), encoding="utf-8")
