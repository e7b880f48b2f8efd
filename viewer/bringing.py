"""Networks of others become models: looked into, tried on noise in a process of their own, described, installed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from inference.bring import (
    Answers,
    Brought,
    Network,
    check_usable,
    look_into,
    manifest_of,
    name_of,
    networks_in,
    with_its_folds,
    write_model,
)
from inference.manifest import MANIFEST_FILE, NETWORK_FILE, ManifestError, ModelError, load_manifest
from inference.models import ModelRecord, ModelStore
from inference.onnx_file import OnnxFile, read_onnx
from inference.worker import Worker
from viewer.jobs import Job, JobQueue

__all__ = ["Answers", "Bringing", "Found", "by_hand", "wrong_with"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Found:
    """A network that can be used, once a person has said what its files do not tell.

    network is the file that was chosen, of others; copy is a folder of ours that holds it, with its weights, in one
    file.
    """

    network: Path
    others: tuple[Path, ...]
    file: OnnxFile
    dimensions: int
    channels: int
    classes: int
    patch: tuple[int, ...] | None
    multiple: int
    brought: Brought
    held: tempfile.TemporaryDirectory[str]  # which is deleted at the end of the program at the latest
    bytes: int
    folds: int = 1  # of one model: their mean is its answer

    @property
    def copy(self) -> Path:
        return Path(self.held.name)

    def channels_of(self, activation: str) -> int:
        """How many labels it has, with such an activation."""
        return self.classes - (activation in ("softmax", "probabilities"))

    @property
    def known(self) -> Mapping[str, Any]:
        return self.brought.known


@dataclass(frozen=True)
class Described:
    """A model that a manifest of ours describes, whatever its task, with every file as the manifest says."""

    folder: Path
    title: str
    version: str
    task: str
    modalities: tuple[str, ...]
    labels: tuple[str, ...]
    licences: tuple[str, str]  # of the code, of the weights


def is_described(path: Path) -> bool:
    """Whether a path is the folder of a model that has a manifest of ours."""
    return (path / MANIFEST_FILE).is_file()


class Bringing:
    """The use case. changed is called when a model was installed."""

    def __init__(self, jobs: JobQueue, models: ModelStore, changed: Callable[[], None]) -> None:
        self._jobs, self._models, self._changed = jobs, models, changed

    def look(
        self,
        path: Path,
        done: Callable[[Found], None],
        failed: Callable[[str], None],
        network: Path | None = None,
    ) -> Job:
        """Look into an ONNX file, or a folder that holds some, of which network names one. What was found is to be
        handed to install or to leave. Nothing is changed where the network lies; once the job is cancelled, nobody is
        told anything."""
        jobs: list[Job] = []

        def looked(found: Found) -> None:
            if jobs[0].cancelled:
                self.leave(found)
            else:
                done(found)

        def refused(sentence: str) -> None:
            if not jobs[0].cancelled:
                failed(sentence)

        def work(job: Job) -> Found:
            jobs.append(job)
            job.report(0.0, "Looking into the file")
            files = networks_in(path)
            chosen = network or files[0]
            held = tempfile.TemporaryDirectory(prefix="slicewise-model-", ignore_cleanup_errors=True)
            copy = Path(held.name)
            worker = Worker()
            try:
                file, tried = _tried(worker, chosen, copy / NETWORK_FILE, job)
                folds = [] if path == chosen else with_its_folds(chosen)[1:]  # a fold that is chosen itself is alone
                for n, fold in enumerate(folds, 1):
                    _, alike = _tried(worker, fold, copy / f"model-{n:03}.onnx", job)
                    if alike != tried:
                        raise ManifestError(
                            f"the network of {fold.parent.name} is not like that of {chosen.parent.name}"
                        )
                brought = look_into(chosen.parent, tried)
                return Found(
                    chosen,
                    tuple(files),
                    file,
                    tried.dimensions,
                    tried.channels,
                    tried.classes,
                    tried.patch,
                    tried.multiple,
                    brought,
                    held,
                    sum(file.stat().st_size for file in copy.glob("*.onnx")),
                    1 + len(folds),
                )
            except BaseException:
                held.cleanup()
                raise
            finally:
                worker.close()

        return self._jobs.submit("Looking into a model", work, looked, refused)

    def install(
        self,
        found: Found,
        answers: Answers,
        done: Callable[[str], None],
        failed: Callable[[str], None],
    ) -> Job:
        """Make a model of what was found and of what a person said, and use it; done gets its name. Once the job is
        cancelled, nobody is told anything."""
        jobs: list[Job] = []

        def refused(sentence: str) -> None:
            if not jobs[0].cancelled:
                failed(sentence)

        def work(job: Job) -> str:
            jobs.append(job)
            job.report(0.0, "Copying the model")
            manifest = manifest_of(answers)
            if problem := self.taken(answers.title):
                raise ManifestError(problem)
            write_model(found.copy, manifest, found.brought, found.network.name)
            job.check()
            record = self._models.install(found.copy)
            self._models.activate(record.manifest.name, record.manifest.version)
            return record.manifest.name

        def installed(name: str) -> None:
            self.leave(found)
            self._changed()
            if not jobs[0].cancelled:
                done(name)

        return self._jobs.submit("Adding a model", work, installed, refused, self._changed)

    def read(self, folder: Path, done: Callable[[Described], None], failed: Callable[[str], None]) -> Job:
        """Look what the manifest of a model folder says, and whether its files are those that it means. Once the job is
        cancelled, nobody is told anything."""
        jobs: list[Job] = []

        def work(job: Job) -> Described:
            jobs.append(job)
            job.report(0.0, "Looking into the file")
            told = load_manifest(folder)
            labels = tuple(label.name for label in told.labels)
            licences = told.licence_code, told.licence_weights
            return Described(folder, told.title, told.version, told.task, tuple(told.modalities), labels, licences)

        return self._jobs.submit(
            "Looking into a model", work, _unless_cancelled(jobs, done), _unless_cancelled(jobs, failed)
        )

    def take(self, described: Described, done: Callable[[str], None], failed: Callable[[str], None]) -> Job:
        """Install a model as its manifest describes it, and use it; done gets its name. Once the job is cancelled,
        nobody is told anything."""
        jobs: list[Job] = []

        def work(job: Job) -> str:
            jobs.append(job)
            job.report(0.0, "Copying the model")
            record = self._models.install(described.folder)
            self._models.activate(record.manifest.name, record.manifest.version)
            return record.manifest.name

        def installed(name: str) -> None:
            self._changed()
            _unless_cancelled(jobs, done)(name)

        return self._jobs.submit("Adding a model", work, installed, _unless_cancelled(jobs, failed), self._changed)

    def taken(self, title: str) -> str:
        """Why no new model can have a title, in one sentence; empty if one can."""
        names = {record.manifest.name for record in self._models.list()}
        return (
            f"There is a model called {title} already: give this one another title." if name_of(title) in names else ""
        )

    def leave(self, found: Found) -> None:
        """Forget what was found; what was copied of it is deleted."""
        found.held.cleanup()


def _tried(worker: Worker, network: Path, copy: Path, job: Job) -> tuple[OnnxFile, Network]:
    """What an ONNX file says and does; it is copied, with its weights."""
    try:
        file = read_onnx(network, copy, job.check)
        check_usable(network.name, file)
        return file, worker.try_network(copy, file.last, progress=job.report)
    except (ManifestError, ModelError) as error:  # which know only the name of our copy
        raise type(error)(str(error).replace(copy.name, network.name)) from error


def _unless_cancelled(jobs: list[Job], act: Callable[[_T], None]) -> Callable[[_T], None]:
    return lambda what: None if jobs and jobs[0].cancelled else act(what)


def by_hand(record: ModelRecord) -> bool:
    """Whether a version was neither shipped nor trained here: nobody has measured what it does."""
    return not record.shipped and not record.manifest.training


def wrong_with(answers: Answers) -> str:
    """What is missing or wrong of what a person said, in one sentence; empty if it will do."""
    try:
        manifest_of(answers)
    except ManifestError as error:
        return str(error)
    return ""
