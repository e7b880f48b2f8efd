"""Retrainings of a model: what they learn from, the process that does them, and what becomes of the result.

A retraining belongs to its job folder, not to the window: its process goes on when the window is closed, the next
window takes it up from the folder, and one whose process was ended goes on from its last checkpoint. What was decided
stands in the file decided there.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from inference.manifest import WEIGHTS_FILE, ManifestError, ModelError, model_name
from inference.models import ModelRecord, ModelStore
from viewer.core.goal import Goal, Task
from viewer.core.labels import Label
from viewer.core.readiness import Learnable
from viewer.core.session import Session
from viewer.core.volume import Volume, to_image
from viewer.io.annotation_store import AnnotationStore
from viewer.io.library import Library
from viewer.io.reader import Reader
from viewer.io.training_set import installation_key, series_of_dataset
from viewer.jobs import DetachedProcess, Job, JobQueue, is_locked, read_events, want, wanted_of, write_whole
from viewer.training_material import Gathered, Part, TrainingMaterial, confirmed_in, snapshot

if TYPE_CHECKING:  # which takes a moment to load, and most windows train nothing
    import SimpleITK as sitk
    from filelock import FileLock

TrainingState = Literal[
    "preparing",
    "running",
    "paused",
    "stopping",
    "finished",
    "installing",
    "interrupted",
    "failed",
    "accepted",
    "discarded",
]

_RECIPES: dict[Task, str] = {
    "segmentation": "segmentation-semi-supervised",
    "classification": "classification-mixmatch",
    "detection": "detection-semi-supervised",
}
_BATCH = 4  # of slices where a few confirmed ones change a model that knows the task
_DECIDED, _WINDOW_LOCK = "decided", "window.lock"
_BREAKING = ("Traceback ", "Fatal Python error", "slicewise training: ")  # how the last words of a process begin


@dataclass
class TrainingRun:
    """One retraining as the panel shows it: its curves, its comparison, and what a person decided."""

    model: ModelRecord | None  # that it goes on from
    name: str  # of the model
    folder: Path
    steps: int
    task: Task = "segmentation"
    state: TrainingState = "preparing"
    events: list[dict[str, Any]] = field(default_factory=list)
    report: dict[str, Any] | None = None
    installed: str = ""
    message: str = ""
    series: dict[str, str] = field(default_factory=dict)  # by pseudonym; never on disk

    @property
    def ended(self) -> bool:
        """True if no process works on it, though an interrupted one may go on."""
        return self.state not in ("preparing", "running", "paused", "stopping")

    @property
    def step(self) -> int:
        """The last step of which anything was told, 0 before."""
        return max((int(event.get("step", 0)) for event in self.events), default=0)

    @property
    def all_steps(self) -> int:
        """How many steps there are in all: more than were asked for where several networks are trained."""
        return next((int(e["steps"]) for e in reversed(self.events) if "steps" in e), self.steps)

    @property
    def kept_step(self) -> int:
        """The step of the last checkpoint, 0 before the first."""
        return next((int(e["step"]) for e in reversed(self.events) if e["event"] == "checkpoint"), 0)

    def add(self, event: dict[str, Any]) -> None:
        """Add an event. A training that went back to a step learns the following ones again: what was told of them
        does not count any more."""
        if event["event"] == "rewound":
            arms, step = event["arms"], event["step"]
            self.events = [e for e in self.events if e.get("arm") not in arms or e["step"] <= step]
        self.events.append(event)

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


# Where in an image a model looks, None for all of it; with progress.
FindIn = Callable[[ModelRecord, "sitk.Image", Callable[[float, str], None]], "Sequence[Part] | None"]


class TrainingRuns:
    """Retrainings, one at a time; run is the last one that was started or taken up.

    session gives the one that a person works on, key the name under which its annotations are kept. Lives on the
    session's thread; what is slow runs as jobs, the training itself in a process that outlives the window. saved tells
    whether all that a person did is written; find where in an image a model looks (Worker.looked_within).
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
        saved: Callable[[], bool],
        models_changed: Callable[[], None],
        find: FindIn,
        fail: Callable[[str], None],
    ) -> None:
        self._find = find
        self._working_session, self._key = session, key
        self._jobs, self._folder, self._models = jobs, folder, models
        self._library, self._material = library, TrainingMaterial(library, annotations, reader)
        self._saved, self._models_changed, self._fail = saved, models_changed, fail
        self.run: TrainingRun | None = None
        self._process: DetachedProcess | None = None
        self._held: FileLock | None = None  # the run's folder, so that no other window takes it up
        self._listeners: list[Callable[[TrainingRun, dict[str, Any]], None]] = []

    def on_change(self, listener: Callable[[TrainingRun, dict[str, Any]], None]) -> None:
        """Have a listener told of the run and the event that changed it; {} if it was a person."""
        self._listeners.append(listener)

    def start(
        self, goal: Goal, steps: int = 120, seed: int = 0, trials: int = 0, minutes: float | None = None
    ) -> TrainingRun | None:
        """Train what a goal says, semi-supervised, from the annotations of all series: so many steps, or as many as fit
        into the minutes. trials, if any, is how many settings are tried before."""
        problem = self._busy() or self.cannot_start(goal)
        if problem:
            self._fail(problem)
            return None
        record = self._models.get(goal.model) if goal.model else None
        manifest = record.manifest if record is not None else None
        if goal.task != "segmentation" and not self._saved():
            self._fail("Your last changes are not saved yet: train when they are.")
            return None
        self._folder.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=time.strftime("%Y%m%d-%H%M%S-"), dir=self._folder))
        self._let_go()
        self._held = _hold(folder)
        name = manifest.name if manifest is not None else self._free_name(goal.title)
        self.run = run = TrainingRun(record, name, folder, steps, goal.task)
        open_ = snapshot(self._session, self._key())

        def work(job: Job) -> None:
            job.report(0.1, "Writing the training data")
            key_of_names = installation_key(self._folder / "pseudonyms.key")
            within = record is not None and record.manifest.within is not None
            find = partial(self._looked_within, record, job) if record is not None and within else None
            gathered = self._material.write(goal, manifest, open_, run.folder / "data", key_of_names, job.check, find)
            run.series = gathered.series
            _write_job(run, goal, gathered, seed, trials, minutes)

        def failed(message: str) -> None:
            run.state, run.message = "failed", message
            self._clean(run, "failed")
            self._changed({})
            self._fail(message)

        def cancelled() -> None:
            run.state, run.message = "failed", "The training was cancelled before it began."
            self._clean(run, "failed")
            self._changed({})

        self._jobs.submit("Preparing the training", work, lambda _: self._launch(run), failed, cancelled)
        return run

    def _looked_within(self, record: ModelRecord, job: Job, volume: Volume) -> Sequence[Part] | None:
        """Where in a scan a model looks: nowhere, if the other model finds nothing."""
        try:
            image = to_image(volume.voxels, volume.geometry)
            return self._find(record, image, lambda share, text: job.report(0.1, f"Finding where to look: {text}"))
        except ModelError:
            return ()

    def _busy(self) -> str:
        """Why no other training can start now, "" if one can."""
        run = self.run
        if run is None:
            return ""
        if not run.ended:
            return "A training is already running: wait for it or stop it first."
        if run.state == "interrupted":
            return "A training was interrupted: go on with it or discard it first."
        if run.undecided:
            return "A newly trained model waits for your decision: use it or keep the current one first."
        return ""

    def cannot_start(self, goal: Goal) -> str:
        """Why a goal cannot be trained for, as far as is seen before anything is read; "" if it can."""
        if goal.task == "segmentation" and not (self._session.confirmed or self._material.is_confirmed()):
            return "Confirm at least one corrected slice first: training learns from confirmed slices."
        if goal.model:
            return self.cannot_learn(goal.model)
        if not goal.title.strip():
            return "A new model needs a name."
        if any("|" in name or name.lower() == "no finding" for name in goal.labels):
            return "A label cannot be learnt under this name, which has a meaning of its own: call it something else."
        return "" if goal.labels else "Choose at least one label that the new model is to learn."

    def _free_name(self, title: str) -> str:
        """A name that no model has."""
        taken = {record.manifest.name for record in self._models.list()}
        name = model_name(title)
        return next(one for n in itertools.count(1) if (one := name if n == 1 else f"{name}-{n}") not in taken)

    def cannot_learn(self, model: str) -> str:
        """Why a model cannot be trained further at all, "" if it can."""
        record = self._models.get(model)
        manifest = record.manifest
        if manifest.within is not None and record.finder is None:
            return f"This model looks about what the model {manifest.within.model} finds first, and that is not there."
        if WEIGHTS_FILE in manifest.files and manifest.network:
            return ""
        return "This model cannot be trained further: there is only its ONNX file, without the weights it was made of."

    def take_up(self) -> TrainingRun | None:
        """Show the training that an earlier window has left, if there is one of which nothing is decided: it may still
        run, have finished or failed, or have been interrupted. One that runs comes first, then the latest; others stay
        until the next time. What is not needed any more of those that were decided is deleted as a job."""
        if self.run is not None or not self._folder.exists():
            return None
        found: list[tuple[TrainingRun, FileLock, int]] = []
        over: list[Path] = []
        for folder in sorted(self._folder.iterdir(), reverse=True):
            if (folder / _DECIDED).exists() and not _over_in(folder):
                continue
            held = _hold(folder) if folder.is_dir() else None
            if held is None:
                continue  # another window's
            run = None
            if not (folder / _DECIDED).exists():
                run, read_bytes = self._left_in(folder)
                if run is not None:
                    found.append((run, held, read_bytes))
                    continue
            held.release()
            if _over_in(folder):
                over.append(folder)
        found.sort(key=lambda one: one[0].ended)  # the order is kept otherwise
        for _, held, _ in found[1:]:
            held.release()
        if over:
            self._jobs.submit("Deleting old training data", lambda job: [_delete_what_is_over(one) for one in over])
        if not found:
            return None
        self.run, self._held, read_bytes = found[0]
        if not self.run.ended:
            self._follow(self.run, None, read_bytes)
        elif self.run.state == "failed":
            self._clean(self.run, "failed")
        self._changed({})
        return self.run

    def go_on(self) -> None:
        """Go on with an interrupted training from its last checkpoint."""
        run = self.run
        if run is None or run.state != "interrupted":
            return
        try:
            if wanted_of(run.folder) != "stop":  # then it is only compared
                want(run.folder, "run")
        except OSError as error:
            self._fail(f"The training cannot be started ({error}).")
            return
        run.message = ""
        self._launch(run)

    def pause(self) -> None:
        self._command("pause", "paused")

    def resume(self) -> None:
        self._command("run", "running")

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
        """Keep the current model, of an interrupted training too; the report stays in the job's folder."""
        if self.run is not None and self.run.state in ("finished", "interrupted"):
            self._decided(self.run, "discarded")

    def show_again(self) -> None:
        """Have the listeners show the run once more, since which model is in use has changed."""
        if self.run is not None:
            self._changed({})

    def end(self) -> None:
        """End a training that is running at once; it counts as interrupted."""
        if self._process is not None and self.run is not None and not self.run.ended:
            self._process.end()
            self._interrupted(self.run, "")

    def look(self, done: Callable[[Learnable], None]) -> Job:
        """All that is annotated, in the listed series and in the open one."""
        open_, key = confirmed_in(self._session), self._key()
        return self._jobs.submit(
            "Counting what is confirmed", lambda job: self._material.learnable(open_, key, job.check), done
        )

    def close(self) -> None:
        """Leave the training, which goes on, to the next window."""
        if self._process is not None:
            self._process.leave()
        self._let_go()

    @property
    def _session(self) -> Session:
        return self._working_session()

    def _launch(self, run: TrainingRun) -> None:
        """Start the process of a run whose folder is ready, or go on with one that has ended."""
        # -P: a folder named training beside the person's scans must not be run in place of ours.
        argv = [sys.executable, "-P", "-m", "training", "run", str(run.folder)]
        try:
            self._follow(run, argv, read_events(run.folder)[1])
        except OSError as error:
            run.state, run.message = "interrupted", f"The training cannot be started ({error})."
            self._changed({})
            self._fail(run.message)
            return
        run.state = "running" if wanted_of(run.folder) != "stop" else "stopping"
        self._changed({})

    def _follow(self, run: TrainingRun, argv: list[str] | None, read_bytes: int) -> None:
        self._process = DetachedProcess(
            run.folder,
            self._jobs.deliver,
            lambda events: self._happened(run, events),
            lambda errors: self._exited(run, errors),
            argv,
            read_bytes,
        )

    def _left_in(self, folder: Path) -> tuple[TrainingRun | None, int]:
        """The run of a folder that nobody has decided on, if it ever began and its model is still there; and how many
        bytes of its events have been read."""
        running = is_locked(folder / "lock")  # looked at before the events: nothing that it told last is missed
        events, read_bytes = read_events(folder)
        try:
            job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            parent, steps = job["parent_model"], int(job["steps"])
            record = next((one for one in self._models.list() if str(one.folder) == parent), None)
            name = record.manifest.name if record is not None else str(job["new"]["name"])
            task: Task = next(task for task, recipe in _RECIPES.items() if recipe == job["recipe"])
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            return None, 0  # its preparations were never done, or the model that it goes on from is gone
        if not (events or running):
            return None, 0
        run = TrainingRun(record, name, folder, steps, task, "running")
        with contextlib.suppress(OSError):  # without it the list of cases leads nowhere
            uids = [one.uid for one in self._library.all_series()]
            run.series = series_of_dataset(folder / "data", uids, installation_key(self._folder / "pseudonyms.key"))
        for event in events:
            run.add(event)
        if running:
            words: dict[str, TrainingState] = {"pause": "paused", "stop": "stopping"}
            run.state = words.get(wanted_of(folder), "running")
        else:
            self._ended(run, "")
        return run, read_bytes

    def _happened(self, run: TrainingRun, events: list[dict[str, Any]]) -> None:
        for event in events:
            run.add(event)
            if run is self.run and event["event"] not in ("finished", "failed"):  # which count when it has ended
                self._changed(event)

    def _exited(self, run: TrainingRun, errors: str) -> None:
        if run is not self.run or run.ended:
            return
        self._ended(run, errors)
        if run.state == "failed":
            self._clean(run, "failed")
        last = run.events[-1] if run.events else {"event": ""}
        self._changed(last if last["event"] in ("finished", "failed") else {})
        if run.state in ("failed", "interrupted"):
            self._fail(run.message)

    def _ended(self, run: TrainingRun, errors: str) -> None:
        """Set the state of a run whose process is gone, by what it left."""
        last = run.events[-1] if run.events else {"event": ""}
        with contextlib.suppress(OSError, ValueError):
            run.report = json.loads((run.folder / "out" / "report.json").read_text(encoding="utf-8"))
            run.state = "finished"
            return
        if last["event"] == "failed" and not last.get("resumable"):
            run.state, run.message = "failed", str(last["message"])
        elif last["event"] == "failed":
            run.state, run.message = "interrupted", f"{last['message']}. It can go on from step {run.kept_step}."
        else:
            self._interrupted(run, errors)

    def _interrupted(self, run: TrainingRun, errors: str) -> None:
        run.state = "interrupted"
        lines = errors.strip().splitlines()
        broke = any(line.startswith(_BREAKING) for line in lines)  # not a library's warning, which need not be why
        kept = run.kept_step
        run.message = (
            f"The training was interrupted at step {run.step} of {run.all_steps}. It can go on from step {kept}."
        )
        if broke:
            run.message += f" Its last words were: {lines[-1][:200]}"

    def _decided(self, run: TrainingRun, state: TrainingState) -> None:
        run.state = state
        self._clean(run, state)
        self._models_changed()

    def _clean(self, run: TrainingRun, state: TrainingState) -> None:
        """Let a decision on a run outlive the window, and delete what it makes superfluous."""
        with contextlib.suppress(OSError):  # of a full disk: the next window asks again
            write_whole(run.folder / _DECIDED, json.dumps({"decision": state, "version": run.installed}))
        _delete_what_is_over(run.folder)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.release()

    def _command(self, word: str, state: TrainingState) -> None:
        if self.run is None or self._process is None or self.run.ended:
            return
        try:
            want(self.run.folder, word)
        except OSError as error:
            self._fail(f"The training cannot be told ({error}).")
            return
        self.run.state = state
        self._changed({})

    def _changed(self, event: dict[str, Any]) -> None:
        assert self.run is not None
        for listener in tuple(self._listeners):
            listener(self.run, event)


def _hold(folder: Path) -> FileLock | None:
    """The lock by which a window holds a run's folder; None if another window holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _WINDOW_LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return None
    return lock


def _over_in(folder: Path) -> list[Path]:
    """What nobody needs any more of a run that is decided on, or never began: copies of scans and slices, checkpoints,
    the models that were not taken or are installed by now. What it did and how it compared stays."""
    if not (folder / "events.jsonl").exists() and not (folder / "out" / "report.json").exists():
        return [folder]
    out = folder / "out"
    over = (folder / "data", out / "checkpoints", out / "samples", out / "cases", *out.glob("*supervised"))
    return [one for one in over if one.exists()]


def _delete_what_is_over(folder: Path) -> None:
    for over in _over_in(folder):
        shutil.rmtree(over, ignore_errors=True)


def _write_job(run: TrainingRun, goal: Goal, gathered: Gathered, seed: int, trials: int, minutes: float | None) -> None:
    job = {
        "schema_version": 1,
        "recipe": _RECIPES[goal.task],
        "parent_model": None if run.model is None else str(run.model.folder),
        "data": str(run.folder / "data"),
        "out": str(run.folder / "out"),
        "steps": run.steps,
        "minutes": minutes,
        "batch": _BATCH if goal.task == "segmentation" and goal.model else 0,  # what memory allows
        "seed": seed,
        "trials": trials,
    }
    if run.model is None:
        labels = [
            {"value": n, "name": label.name, "colour": label.colour, "code": _coded(label)}
            for n, label in enumerate(gathered.labels, 1)
        ]
        job["new"] = {"name": run.name, "title": goal.title, "modalities": gathered.modalities, "labels": labels}
    write_whole(run.folder / "job.json", json.dumps(job, indent=2))


def _coded(label: Label) -> dict[str, str] | None:
    return None if label.code is None else dict(zip(("value", "scheme", "meaning"), label.code, strict=True))
