"""One training from a dataset folder to two compared models: what `python -m training run` and `train` do.

The semi-supervised arm and its supervised twin start from the same weights and get the same number of steps,
batches, poses and looks. They are trained in turn, a step each, so that both have learnt equally long
whenever a person stops. Their first stage is the same and is computed once.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import json
import math
import os
import re
import secrets
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from torch import nn

from inference.manifest import (
    NETWORK_FILE,
    WEIGHTS_FILE,
    ManifestError,
    ModelError,
    ModelManifest,
    ParentModel,
    load_manifest,
    write_manifest,
)
from inference.models import ModelRecord
from inference.preprocess import padded_for, slice_stacks
from training.compare import compare, held_out_cases
from training.dataset import (
    Case,
    DataError,
    GridCase,
    SliceSampler,
    Split,
    keep_labelled,
    read_dataset,
    split_cases,
    to_grid,
)
from training.evaluate import mean_defined
from training.export import ExportError, export_model, load_network
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED, overlaps
from training.loops import Diverged, LoopSettings, Stopped, training_steps
from training.losses import IGNORE
from training.networks import build_network
from training.plan import plan_model
from training.semi_supervised import FIRST_STAGE, semi_supervised_loss, supervised_loss

SCHEMA_VERSION = 1
RECIPES = {
    "segmentation-semi-supervised": (SEMI_SUPERVISED, SUPERVISED),
    "segmentation-supervised": (SUPERVISED,),
}

SAMPLES = "samples"  # the folder in out of what the watched slices look like, for a person to see
FINE_TUNING_RATE = 3e-4
FROM_SCRATCH_RATE = 2e-3
_REPORT_EVERY_S = 2.0
_WATCHED_SLICES = 12  # held-out slices looked at during training; the report measures all of them
_SAMPLES = 3  # of them, that a person sees
_SLIVER_VOXELS = 12  # on the model's grid, which is coarser than the one that the gate's limit is for
_WATCHED_AT = (0.25, 0.5, 0.75, 1.0)  # of the steps, besides the start

Tell = Callable[[dict[str, Any]], None]
Check = Callable[[], None]


class JobError(Exception):
    """A training cannot be done as it was asked for; one sentence says why."""


EXPECTED = (JobError, DataError, ManifestError, ModelError, ExportError, Diverged)


class Job(BaseModel):
    """What to train, as job.json says it. Without parent_model the network starts from nothing.

    labelled, if set, leaves only so many of the annotated training cases annotated.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1]
    recipe: str
    parent_model: Path | None = None
    data: Path
    out: Path
    steps: int = Field(ge=1)
    batch: int = Field(default=4, ge=1, le=64)
    seed: int = Field(default=0, ge=0, lt=2**31)
    labelled: int | None = Field(default=None, ge=1)


def run(job_folder: Path, out: TextIO, commands: TextIO) -> int:
    """Do the job of a folder: events as JSON lines to out, commands (pause, resume, stop) by line; exit code.

    0 after the event finished, 2 after failed for a fault that can be told in a sentence, 1 for any other
    (its traceback goes to the error output). The end of commands does not end the run.
    """

    def tell(event: dict[str, Any]) -> None:
        out.write(json.dumps(json_ready(event)) + "\n")
        out.flush()

    try:
        report = train_and_compare(read_job(job_folder), tell, Control(commands).check)
        tell({"event": "finished", "report": str(report)})
        return 0
    except BrokenPipeError:
        return 1  # whoever started this is gone
    except EXPECTED as error:
        code, message = 2, str(error)
    except Exception as error:  # the border of the process: the viewer needs a sentence whatever happens
        traceback.print_exc(file=sys.stderr)
        said = str(error).strip().splitlines()
        code, message = 1, f"The training failed: {said[0] if said else type(error).__name__}"
    with contextlib.suppress(BrokenPipeError):
        tell({"event": "failed", "message": message})
    return code


def read_job(folder: Path) -> Job:
    """The job of a folder. Raises JobError if job.json is missing, damaged, of another version or unknown recipe."""
    try:
        raw = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise JobError(f"job.json cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise JobError(f"job.json is not JSON ({error})") from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version != SCHEMA_VERSION:
        raise JobError(f"job version {version!r} is unknown; this program does version {SCHEMA_VERSION}")
    return checked_job(raw)


def checked_job(raw: dict[str, Any]) -> Job:
    """A job from its fields. Raises JobError naming the first that is wrong."""
    if raw.get("recipe") not in RECIPES:
        raise JobError(f"there is no recipe {raw.get('recipe')!r}; there are: {', '.join(RECIPES)}")
    try:
        return Job.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise JobError(f"the job's {'.'.join(map(str, first['loc']))} is wrong: {first['msg'].lower()}") from error


class Control:
    """Commands of a person, read line by line on a thread of their own."""

    def __init__(self, commands: TextIO) -> None:
        self._going, self._stopped = threading.Event(), threading.Event()
        self._going.set()
        threading.Thread(target=self._listen, args=(commands,), daemon=True).start()

    def check(self) -> None:
        """Wait while paused; raise Stopped once asked to stop."""
        self._going.wait()
        if self._stopped.is_set():
            raise Stopped

    def _listen(self, commands: TextIO) -> None:
        for line in commands:
            command = line.strip()
            if command == "pause":
                self._going.clear()
            elif command == "resume":
                self._going.set()
            elif command == "stop":
                self._stopped.set()
                self._going.set()
        self._going.set()  # nobody is left who could resume


def train_and_compare(job: Job, tell: Tell, check: Check) -> Path:
    """Train the recipe's arms, export them, measure them and the parent on what was held out; the report's path.

    Writes out/semi-supervised, out/supervised and, last and at once, out/report.json. check is called before
    each step and may wait or raise Stopped: what was learnt until then is compared. Raises one of EXPECTED.
    """
    started = time.monotonic()
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(job.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parent = _read_parent(job)
    split = split_cases(read_dataset(job.data), job.seed)
    if job.labelled is not None:
        split = keep_labelled(split, job.labelled, job.seed)
    if all(case.slices == () for case in split.train):
        raise DataError("nothing annotated is left to train on: confirm at least two slices")
    manifest = parent.manifest if parent else plan_model(split, job.out.name)
    network = _network(parent, manifest)
    sampler = _sampler(split, manifest, job.seed)
    watch = _Watch(split, manifest, device, job.out / SAMPLES)

    arms = RECIPES[job.recipe]
    if SEMI_SUPERVISED in arms and not sampler.unlabelled_slices:
        arms = (SUPERVISED,)
        tell({"event": "message", "text": "Every slice is annotated, so there is nothing semi-supervised to do."})
    tell(
        {
            "event": "started",
            "arms": list(arms),
            "device": device,
            "labelled_slices": _count(split.train),
            "unlabelled_slices": sampler.unlabelled_slices,
            "held_out_slices": _count([part for unit in split.held_out for part in unit.parts]),
            "patients": split.patients,
        }
    )
    trained, steps = _train(job, arms, network, sampler, watch, bool(parent), device, tell, check)

    tell({"event": "message", "text": "Comparing the models on what was held out"})
    records = {CURRENT: parent} if parent else {}
    summary = {
        "recipe": job.recipe,
        "steps": steps,
        "batch": job.batch,
        "seed": job.seed,
        "labelled_slices": _count(split.train),
        "unlabelled_slices": sampler.unlabelled_slices,
        "patients": split.patients,
    }
    run_id = secrets.token_hex(3)  # two trainings of one model must not have the same version
    for arm in arms:
        records[arm] = _export(trained[arm], arm, run_id, manifest, parent, summary, job.out / arm)
    report = compare(records, split)
    for arm in arms:
        _note_result(records[arm], report)
    report |= {"steps": steps, "seed": job.seed, "seconds": round(time.monotonic() - started, 1)}
    path = job.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    return path


def next_version(version: str, build: str) -> str:
    """The version after a parent's: its patch number and one, and the build, as in 1.2.3+a to 1.2.4+b."""
    numbers = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    assert numbers is not None  # a manifest's version begins with a digit
    major, minor, patch = (int(n or 0) for n in numbers.groups())
    return f"{major}.{minor}.{patch + 1}+{build}"


def _read_parent(job: Job) -> ModelRecord | None:
    if job.parent_model is None:
        return None
    manifest = load_manifest(job.parent_model)
    if WEIGHTS_FILE not in manifest.files or not manifest.network:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained further: it has no {WEIGHTS_FILE}")
    return ModelRecord(manifest, job.parent_model, shipped=False, active=True)


def _network(parent: ModelRecord | None, manifest: ModelManifest) -> nn.Module:
    if parent is None:
        return build_network(manifest.network)
    try:
        return load_network(parent.folder, manifest)
    except (ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained: its weights do not fit") from error


def _sampler(split: Split, manifest: ModelManifest, seed: int) -> SliceSampler:
    grids = [
        to_grid(case, manifest.preprocessing, manifest.classes, split.hidden.get(case.name, ())) for case in split.train
    ]
    return SliceSampler(grids, manifest.preprocessing, seed)


def _train(
    job: Job,
    arms: Sequence[str],
    network: nn.Module,
    sampler: SliceSampler,
    watch: _Watch,
    fine_tuning: bool,
    device: str,
    tell: Tell,
    check: Check,
) -> tuple[dict[str, nn.Module], int]:
    """The averaged networks by arm, and how many steps each had."""
    shared = round(FIRST_STAGE * job.steps) if len(arms) > 1 else 0
    settings = LoopSettings(
        steps=job.steps,
        learning_rate=FINE_TUNING_RATE if fine_tuning else FROM_SCRATCH_RATE,
        ema_decay=min(0.99, max(0.8, 1 - 10 / job.steps)),
        report_every=1,
        checkpoint_every=shared or 200,
    )
    checkpoints = _fresh_checkpoints(job)
    students = {arm: copy.deepcopy(network).to(device) for arm in arms}
    teachers = {arm: copy.deepcopy(student).requires_grad_(False).eval() for arm, student in students.items()}
    progress = _Progress(job.steps, shared, arms, tell)

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    def steps_of(arm: str) -> Iterator[int]:
        student, teacher = students[arm], teachers[arm]
        loss = (
            semi_supervised_loss(student, teacher, sampler, job.batch, job.steps, device, say)
            if arm == SEMI_SUPERVISED
            else supervised_loss(student, sampler, job.batch, device)
        )
        return training_steps(
            student,
            teacher,
            loss,
            settings,
            checkpoint=checkpoints / f"{arm}.pt",
            report=lambda event: progress.report(arm, event),
        )

    first, rest = arms[0], arms[1:]
    turns = {first: steps_of(first)}
    watched = {max(1, round(share * job.steps)) for share in _WATCHED_AT}
    watch.look(teachers[first], arms, 0, tell)
    done = 0
    try:
        while done < job.steps:
            check()
            if done == shared:
                for arm in rest:  # goes on from the first stage, which is the same for both
                    if shared:
                        shutil.copyfile(checkpoints / f"{first}.pt", checkpoints / f"{arm}.pt")
                    turns[arm] = steps_of(arm)
            for turn in turns.values():
                done = next(turn)
            if done in watched:
                for arm in turns:
                    watch.look(teachers[arm], [arm] if len(turns) > 1 else arms, done, tell)
    except Stopped:
        say(f"Stopped after {done} of {job.steps} steps; what was learnt is compared.")
    for arm in arms:
        if arm not in turns:
            teachers[arm].load_state_dict(teachers[first].state_dict())
    shutil.rmtree(checkpoints)
    return teachers, done


def _fresh_checkpoints(job: Job) -> Path:
    folder = job.out / "checkpoints"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


class _Progress:
    """Passes a step's figures on, not more often than a curve needs them."""

    def __init__(self, steps: int, shared: int, arms: Sequence[str], tell: Tell) -> None:
        self._shared, self._arms, self._tell = shared, arms, tell
        self._started = time.monotonic()
        self._told = dict.fromkeys(arms, -math.inf)
        self._all_turns = shared + len(arms) * (steps - shared)

    def report(self, arm: str, event: dict[str, Any]) -> None:
        step, now = event["step"], time.monotonic()
        if step % 5 and step != event["steps"] and now - self._told[arm] < _REPORT_EVERY_S:
            return
        arms = self._arms if step <= self._shared else [arm]  # the first stage is the same for all of them
        turns = step if step <= self._shared else self._shared + len(self._arms) * (step - self._shared)
        left_s = (now - self._started) / turns * (self._all_turns - turns)
        for one in arms:
            self._told[one] = now
            self._tell(
                {
                    "event": "progress",
                    "arm": one,
                    "consistency_weight": 0.0,
                    "utilisation": None,
                    "loss_unlabelled": None,
                    **event,
                    "eta_s": left_s,
                }
            )


class _Watch:
    """A quick look at some held-out slices during training, on the model's grid; the report measures in full.

    Of a few of them folder gets what a person wants to see, n counting them: slices.npz with image_n (J, I) uint8,
    reference_n (J, I) uint8 (255 where nobody has annotated); and of each look a file with predicted_n (J, I) uint8.
    """

    def __init__(self, split: Split, manifest: ModelManifest, device: str, folder: Path) -> None:
        self._device, self._classes, self._folder = device, manifest.classes, folder
        self._corrected: set[int] | None = set()
        self._stacks: list[tuple[torch.Tensor, NDArray[np.uint8]]] = []
        places: list[tuple[GridCase, int]] = []
        for case in held_out_cases(split.held_out):
            grid_case = to_grid(case, manifest.preprocessing, manifest.classes)
            known = (grid_case.target != IGNORE).mean(axis=(1, 2))
            places += [(grid_case, int(k)) for k in np.flatnonzero(known > 0.5)]
            if case.corrected is None or self._corrected is None:
                self._corrected = None
            else:
                self._corrected |= set(case.corrected)
        for n in np.unique(np.linspace(0, len(places) - 1, min(len(places), _WATCHED_SLICES)).astype(int)):
            grid_case, k = places[n]
            stack = slice_stacks(grid_case.voxels, [k], manifest.preprocessing.context_slices)
            padded = padded_for(stack, manifest.preprocessing)
            self._stacks.append((torch.from_numpy(padded).to(device), grid_case.target[k]))
        filled = [int(((target > 0) & (target != IGNORE)).sum()) for _, target in self._stacks]
        fullest = sorted(range(len(filled)), key=lambda n: -filled[n])
        self._shown = sorted(fullest[:_SAMPLES])
        self._write_slices()

    def _write_slices(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        arrays: dict[str, Any] = {}
        for n, at in enumerate(self._shown):
            stack, target = self._stacks[at]
            rows, columns = target.shape
            image = stack[0, stack.shape[1] // 2, :rows, :columns].cpu().numpy()
            low, high = np.percentile(image, (0.5, 99.5))
            arrays[f"image_{n}"] = (255 * np.clip((image - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)
            arrays[f"reference_{n}"] = np.where(target == IGNORE, 255, target).astype(np.uint8)
        np.savez_compressed(self._folder / "slices.npz", **arrays)

    def look(self, teacher: nn.Module, arms: Sequence[str], step: int, tell: Tell) -> None:
        """Tell the mean Dice over corrected classes of the watched slices, for the arms that have this teacher."""
        if not self._stacks:
            return
        predicted, reference, whole = [], [], []
        with torch.no_grad():
            for stack, target in self._stacks:
                rows, columns = target.shape
                classes = teacher(stack)[0].argmax(0)[:rows, :columns].cpu().numpy().astype(np.uint8)
                whole.append(classes)
                predicted.append(classes[target != IGNORE])
                reference.append(target[target != IGNORE])
        values = [v for v in range(1, self._classes) if self._corrected is None or v in self._corrected]
        dice = mean_defined([_slice_dice(*pair, values) for pair in zip(predicted, reference, strict=True)])
        seen = self._folder / f"{arms[0]}-{step:06d}.npz"
        np.savez_compressed(seen, **{f"predicted_{n}": whole[at] for n, at in enumerate(self._shown)})
        for arm in arms:
            tell({"event": "evaluation", "arm": arm, "dice": dice, "step": step, "samples": seen.name})


def _slice_dice(predicted: NDArray[np.uint8], reference: NDArray[np.uint8], values: Sequence[int]) -> float:
    """Mean Dice over the classes of which there is more than a sliver in a slice, as the gate averages them."""
    found = overlaps(predicted, reference, values).values()
    return mean_defined([o.dice for o in found if max(o.predicted, o.reference) >= _SLIVER_VOXELS])


def _export(
    network: nn.Module,
    arm: str,
    run_id: str,
    manifest: ModelManifest,
    parent: ModelRecord | None,
    summary: dict[str, Any],
    folder: Path,
) -> ModelRecord:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    origin = (
        ParentModel(name=manifest.name, version=manifest.version, sha256=manifest.files[NETWORK_FILE])
        if parent
        else None
    )
    described = manifest.model_copy(
        update={
            "version": next_version(manifest.version, f"{arm}.{run_id}"),
            "parent": origin,
            "training": {**summary, "arm": arm},
            "created": _today(),
            "files": {},
        }
    )
    (folder / "card.md").write_text(_card(described, summary), encoding="utf-8")
    written = export_model(network, described, folder)
    return ModelRecord(written, folder, shipped=False, active=False)


def _note_result(record: ModelRecord, report: dict[str, Any]) -> None:
    """Put what was measured into an arm's manifest, so that it stays with the model."""
    arm = record.manifest.training["arm"]
    measured = {
        "held_out": report["held_out"],
        "unit": report["unit"],
        "dice": report["models"][arm]["mean_dice"],
        "dice_of_current": report["models"].get(CURRENT, {}).get("mean_dice"),
    }
    training = {**record.manifest.training, "held_out": json_ready(measured)}
    write_manifest(record.manifest.model_copy(update={"training": training}), record.folder)


def _card(manifest: ModelManifest, summary: dict[str, Any]) -> str:
    origin = f"{manifest.parent.name} {manifest.parent.version}" if manifest.parent else "random weights"
    return (
        f"# {manifest.title} {manifest.version}\n\n**Not for diagnostic use.** Not a medical device.\n\n"
        f"Trained on this machine from {origin}: {summary['steps']} steps on {summary['labelled_slices']} annotated "
        f"slices of {summary['patients']} patients. What it was measured on, and how it did, is in manifest.json under "
        f"training. Weights: {manifest.licence_weights}.\n"
    )


def _count(cases: Sequence[Case]) -> int:
    """Annotated slices as a person counts them."""
    return sum(case.size[2] if case.slices is None else len(case.slices) for case in cases)


def _today() -> str:
    return datetime.date.today().isoformat()


def json_ready(value: Any) -> Any:
    """The same with null for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_at_once(path: Path, text: str) -> None:
    """Write a file so that a crash at any moment leaves either none, the old one or the new one whole."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
