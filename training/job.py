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
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

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
from training import distributed
from training.calibration import Calibration, calibrate
from training.card import calibration_of, card, hesitating, provenance, widened
from training.compare import compare, held_out_cases
from training.dataset import (
    Case,
    DataError,
    GridCase,
    Learnt,
    SliceSampler,
    Split,
    keep_labelled,
    read_dataset,
    seen_about,
    split_cases,
    to_grid,
)
from training.evaluate import mean_defined
from training.export import ExportError, export_model, load_network
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED, overlaps
from training.loops import (
    CHECKED_STEPS,
    Diverged,
    InParts,
    LoopSettings,
    Parts,
    TooLittleMemory,
    Training,
    load_checkpoint,
    save_checkpoint,
)
from training.losses import IGNORE
from training.networks import build_network
from training.plan import plan_model, plan_step, step_seconds
from training.process import Control, Events, Stopped, json_ready
from training.semi_supervised import FIRST_STAGE, UnlabelledAlarm, semi_supervised_loss, supervised_loss

SCHEMA_VERSION = 1
RECIPES = {
    "segmentation-semi-supervised": (SEMI_SUPERVISED, SUPERVISED),
    "segmentation-supervised": (SUPERVISED,),
    "classification-mixmatch": (SEMI_SUPERVISED, SUPERVISED),
    "classification-fixmatch": (SEMI_SUPERVISED, SUPERVISED),
    "classification-supervised": (SUPERVISED,),
    "detection-semi-supervised": (SEMI_SUPERVISED, SUPERVISED),
    "detection-supervised": (SUPERVISED,),
}
Imbalance = Literal["balanced", "adjusted", "focal"]

SAMPLES = "samples"  # the folder in out of what the watched slices look like, for a person to see
FINE_TUNING_RATE = 3e-4
FROM_SCRATCH_RATE = 2e-3
_REPORT_EVERY_S = 2.0
_CHECKPOINT_EVERY_S = 15.0  # what a power cut takes is a few steps
_CHECKPOINT_SHARE = 0.05  # of the time at most, where the disk is slow
_WATCHED_SLICES = 12  # held-out slices looked at during training; the report measures all of them
_SAMPLES = 3  # of them, that a person sees
_SLIVER_VOXELS = 12  # on the model's grid, which is coarser than the one that the gate's limit is for
_WATCHED_AT = (0.25, 0.5, 0.75, 1.0)  # of the steps, besides the start

Tell = Callable[[dict[str, Any]], None]
Check = Callable[[], None]


class JobError(Exception):
    """A training cannot be done as it was asked for; one sentence says why."""


EXPECTED = (JobError, DataError, ManifestError, ModelError, ExportError, Diverged, TooLittleMemory)


class Job(BaseModel):
    """What to train, as job.json says it. Without parent_model the network starts from nothing.

    labelled, if set, leaves only so many of the annotated training cases annotated. minutes, if set, makes steps as
    many as that time allows by a few that are timed first. batch 0 is what memory allows. dimensions of a model that
    starts from nothing: None leaves them to the planner. imbalance is what a classifier does about rare classes
    (training.classifying).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1]
    recipe: str
    parent_model: Path | None = None
    data: Path
    out: Path
    steps: int = Field(default=1000, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    batch: int = Field(default=0, ge=0, le=64)
    seed: int = Field(default=0, ge=0, lt=2**31)
    labelled: int | None = Field(default=None, ge=1)
    dimensions: Literal[2, 3] | None = None
    imbalance: Imbalance = "balanced"


def run(folder: Path) -> int:
    """Do the job of a folder, or go on with it from its last checkpoint (see training.process); exit code.

    0 after the event finished, 2 after failed for a fault that can be told in a sentence, 1 for any other
    (its traceback goes to the error output).
    """
    with contextlib.closing(Events(folder)) as events, contextlib.closing(Control(folder)) as control:
        resumable = False
        try:
            report = train_and_compare(read_job(folder), events.tell, control.check, go_on=True)
            events.tell({"event": "finished", "report": str(report)})
            return 0
        except EXPECTED as error:
            code, message = 2, str(error)
        except Exception as error:  # the border of the process: the viewer needs a sentence whatever happens
            traceback.print_exc(file=sys.stderr)
            said = str(error).strip().splitlines()
            code, message = 1, f"The training failed: {said[0] if said else type(error).__name__}"
            if resumable := isinstance(error, OSError):  # of a full disk, mostly: there will be space again
                for arm in (SEMI_SUPERVISED, SUPERVISED):
                    shutil.rmtree(folder / "out" / arm, ignore_errors=True)
        events.tell({"event": "failed", "message": message, "resumable": resumable})
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


def train_and_compare(job: Job, tell: Tell, check: Check, go_on: bool = False) -> Path:
    """Train the recipe's arms, export them, measure them and the parent on what was held out; the report's path.

    Writes out/semi-supervised, out/supervised and, last and at once, out/report.json. check is called before
    each step and may wait or raise Stopped: what was learnt until then is compared. go_on: from the
    checkpoint that a process which was ended has left in out, to the same weights. Raises one of EXPECTED.
    """
    if not distributed.is_first():
        tell = _tell_nobody
    if job.recipe.startswith("classification-"):
        if distributed.processes() > 1:
            raise JobError("a classifier is trained by one process; start it without torchrun")
        from training import classification  # which takes from here what both have in common

        return classification.train_and_compare(job, tell, check)
    if job.recipe.startswith("detection-"):
        from training import detection

        return detection.train_and_compare(job, tell, check, go_on)
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(job.seed)
    device = distributed.device()
    torch.use_deterministic_algorithms(device != "cpu", warn_only=True)  # a processor's are so by themselves
    parent = read_parent(job)
    if not go_on and distributed.is_first():
        for earlier in (_checkpoint(job).parent, job.out / SAMPLES):
            shutil.rmtree(earlier, ignore_errors=True)
    learnt = learnt_by(parent)
    split = split_cases(read_dataset(job.data), job.seed, learnt)
    if job.labelled is not None:
        split = keep_labelled(split, job.labelled, job.seed)
    if all(case.slices == () for case in split.train):
        raise DataError("nothing annotated is left to train on: confirm at least two slices")
    before = _planned_before(job) if go_on else None
    if parent is not None:
        manifest = parent.manifest
    elif before is not None:
        manifest = before.manifest
    else:
        manifest = distributed.agreed(plan_model(split, job.out.name, dimensions=job.dimensions, device=device))
    network = _network(parent, manifest)
    sampler = _sampler(split, manifest, job.seed)
    watch = _Watch(split, manifest, device, job.out / SAMPLES)

    arms = RECIPES[job.recipe]
    if SEMI_SUPERVISED in arms and not sampler.unlabelled_slices:
        arms = (SUPERVISED,)
        tell({"event": "message", "text": "Every slice is annotated, so there is nothing semi-supervised to do."})
    batch = job.batch if before is None else before.batch
    together = distributed.processes()
    plan = plan_step(manifest, sampler.patch, device, mixed=SEMI_SUPERVISED in arms, batch=batch)
    batch = distributed.agreed(-(-plan.batch // together) * together)  # each process takes as much of it
    steps = job.steps if before is None else before.steps
    if job.minutes is not None and before is None:
        steps = distributed.agreed(together * _steps_in(job.minutes, batch, arms, network, sampler, device))
    job = job.model_copy(update={"batch": batch, "steps": steps})
    _write_plan(job, manifest)
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
    tell({"event": "message", "text": plan.text})
    trained, steps, spent_s = _train(job, arms, network, sampler, watch, bool(parent), device, tell, check)
    if not distributed.is_first():
        return job.out / "report.json"  # which the first process is about to write

    compared = time.monotonic()
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
        "split": as_known(learnt.after(split)),
        "provenance": provenance(job.data, split, device),
        "plan": plan.figures,
    }
    seen = widened(manifest.seen, split, manifest)
    manifest = manifest.model_copy(update={"seen": seen})
    run_id = secrets.token_hex(3)  # two trainings of one model must not have the same version
    for arm in arms:
        calibration = calibrate(trained[arm], split, manifest)
        records[arm] = _export(trained[arm], arm, run_id, manifest, parent, summary, calibration, job.out / arm)
        records[arm] = hesitating(records[arm], split)
    report = compare(records, split)
    for arm in arms:
        records[arm] = _note_result(records[arm], report)
    report |= {"steps": steps, "seed": job.seed, "seconds": round(spent_s + time.monotonic() - compared, 1)}
    path = job.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    shutil.rmtree(_checkpoint(job).parent, ignore_errors=True)
    return path


def _tell_nobody(event: dict[str, Any]) -> None:
    """What a process that is not the first one tells."""


def next_version(version: str, build: str) -> str:
    """The version after a parent's: its patch number and one, and the build, as in 1.2.3+a to 1.2.4+b."""
    numbers = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    assert numbers is not None  # a manifest's version begins with a digit
    major, minor, patch = (int(n or 0) for n in numbers.groups())
    return f"{major}.{minor}.{patch + 1}+{build}"


def read_parent(job: Job) -> ModelRecord | None:
    """The model to go on from, if the job names one. Raises ManifestError, or JobError if it has no weights."""
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


def _steps_in(
    minutes: float, batch: int, arms: Sequence[str], network: nn.Module, sampler: SliceSampler, device: str
) -> int:
    """How many steps of all arms fit into a time, by a few steps of each kind on a copy of the network."""
    trial = copy.deepcopy(network).to(device)
    seconds = step_seconds(trial, supervised_loss(trial, sampler, batch, device))
    if SEMI_SUPERVISED in arms:
        averaged = copy.deepcopy(trial).requires_grad_(False).eval()
        mixed = semi_supervised_loss(trial, averaged, sampler, batch, 1, device)
        alone = seconds if SUPERVISED in arms else 0.0
        seconds = FIRST_STAGE * seconds + (1 - FIRST_STAGE) * (alone + step_seconds(trial, mixed))
    return max(1, int(60 * minutes / seconds))


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
) -> tuple[dict[str, nn.Module], int, float]:
    """The averaged networks by arm, how many steps each had, and the seconds that took."""
    shared = round(FIRST_STAGE * job.steps) if len(arms) > 1 else 0
    settings = LoopSettings(
        steps=job.steps,
        learning_rate=FINE_TUNING_RATE if fine_tuning else FROM_SCRATCH_RATE,
        ema_decay=min(0.99, max(0.8, 1 - 10 / job.steps)),
    )
    students = {arm: copy.deepcopy(network).to(device) for arm in arms}
    teachers = {arm: copy.deepcopy(student).requires_grad_(False).eval() for arm, student in students.items()}
    alarm = UnlabelledAlarm()

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    def training_of(arm: str) -> Training:
        def went_back(why: str, step: int) -> None:
            say(why)
            tell({"event": "rewound", "arms": list(arms) if step < shared else [arm], "step": step})
            say(f"The training went back to step {step}, the last good one.")

        parts = Parts()
        if distributed.processes() > 1:  # which must do the same: one alone cannot split its share
            student, teacher = distributed.shared(students[arm]), distributed.shared(teachers[arm])
        else:
            student, teacher = InParts(students[arm], parts), InParts(teachers[arm], parts)
        loss = (
            semi_supervised_loss(student, teacher, sampler, job.batch, job.steps, device, alarm)
            if arm == SEMI_SUPERVISED
            else supervised_loss(student, sampler, job.batch, device)
        )
        return Training(students[arm], teachers[arm], loss, settings, parts=parts, say=say, went_back=went_back)

    first, rest = arms[0], arms[1:]
    turns = {first: training_of(first)}
    done, spent_s = 0, 0.0
    file = _checkpoint(job)
    saved = _read_checkpoint(file, say)
    if saved is not None:
        turns = {arm: training_of(arm) for arm in saved["arms"]}
        for arm, state in saved["arms"].items():
            turns[arm].restore(state)
        done, spent_s = turns[first].step, saved["spent_s"]
        alarm.factor, alarm.judged = saved["alarm"]
        tell({"event": "rewound", "arms": list(arms), "step": done})
        say(f"The training goes on from step {done}.")
    else:
        watch.look(teachers[first], arms, 0, tell)
    started = time.monotonic() - spent_s
    progress = _Progress(job.steps, shared, arms, done, tell)
    watched = {max(1, round(share * job.steps)) for share in _WATCHED_AT}
    saving = _Saving(file, say, tell)
    try:
        while done < job.steps:
            check()
            if done == shared:
                for arm in rest:  # goes on from the first stage, which is the same for both
                    if arm not in turns:
                        turns[first].keep()
                        turns[arm] = training_of(arm)
                        turns[arm].restore(turns[first].state())
            done += 1
            for arm, turn in turns.items():
                while turn.step < done:  # more than once if it had to go back
                    step = turn.step
                    figures = turn.take_step(step / job.steps)
                    if figures is not None:
                        progress.report(arm, {"step": turn.step, "steps": job.steps, **figures})
            if done in watched:
                for arm in turns:
                    watch.look(teachers[arm], [arm] if len(turns) > 1 else arms, done, tell)
            if done % CHECKED_STEPS == 0 and saving.due:
                saving(turns, alarm, done, time.monotonic() - started)
    except Stopped:
        say(f"Stopped after {done} of {job.steps} steps; what was learnt is compared.")
    for turn in turns.values():
        turn.keep()
    saving(turns, alarm, done, time.monotonic() - started)
    for arm in arms:
        if arm not in turns:
            teachers[arm].load_state_dict(teachers[first].state_dict())
    return teachers, done, time.monotonic() - started


class _Saving:
    """Writes checkpoints, of all arms at one step, now and then."""

    def __init__(self, file: Path, say: Callable[[str], None], tell: Tell) -> None:
        self._file, self._say, self._tell = file, say, tell
        self._next_s = time.monotonic() + _CHECKPOINT_EVERY_S
        self._told = False

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next_s

    def __call__(self, turns: dict[str, Training], alarm: UnlabelledAlarm, step: int, spent_s: float) -> None:
        if not distributed.is_first():
            return
        states = {arm: turn.state() for arm, turn in turns.items()}
        began = time.monotonic()
        try:
            save_checkpoint(self._file, {"arms": states, "alarm": (alarm.factor, alarm.judged), "spent_s": spent_s})
        except OSError as error:  # it goes on: there may be space again by the next one
            if not self._told:
                self._say(f"No checkpoint could be written ({error.strerror or error}); the training goes on.")
            self._told = True
        else:
            self._tell({"event": "checkpoint", "step": step})
        ended = time.monotonic()
        self._next_s = ended + max(_CHECKPOINT_EVERY_S, (ended - began) / _CHECKPOINT_SHARE)


def _checkpoint(job: Job) -> Path:
    return job.out / "checkpoints" / "both.pt"


class _Planned(BaseModel):
    """What was planned by the memory and the time that there were when a training began: it goes on with that."""

    manifest: ModelManifest
    batch: int
    steps: int


def _write_plan(job: Job, manifest: ModelManifest) -> None:
    if not distributed.is_first():
        return
    file = _checkpoint(job).with_name("planned.json")
    with contextlib.suppress(OSError):  # of a full disk: then there is no checkpoint to go on from either
        file.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(file, _Planned(manifest=manifest, batch=job.batch, steps=job.steps).model_dump_json())


def _planned_before(job: Job) -> _Planned | None:
    try:
        return _Planned.model_validate_json(_checkpoint(job).with_name("planned.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _read_checkpoint(file: Path, say: Callable[[str], None]) -> dict[str, Any] | None:
    if not file.exists():
        return None
    try:
        return load_checkpoint(file)
    except Exception:  # torch raises whatever a damaged file leads it to
        say("The last checkpoint cannot be read: the training begins anew.")
        return None


class _Progress:
    """Passes a step's figures on, not more often than a curve needs them."""

    def __init__(self, steps: int, shared: int, arms: Sequence[str], done: int, tell: Tell) -> None:
        self._shared, self._arms, self._tell = shared, arms, tell
        self._started = time.monotonic()
        self._told = dict.fromkeys(arms, -math.inf)
        self._turns_before, self._all_turns = self._turns(done), self._turns(steps)

    def report(self, arm: str, event: dict[str, Any]) -> None:
        step, now = event["step"], time.monotonic()
        if step % 5 and step != event["steps"] and now - self._told[arm] < _REPORT_EVERY_S:
            return
        arms = self._arms if step <= self._shared else [arm]  # the first stage is the same for all of them
        turns = self._turns(step)
        left_s = (now - self._started) / max(turns - self._turns_before, 1) * (self._all_turns - turns)
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

    def _turns(self, step: int) -> int:
        """Steps of single arms until that one."""
        return step if step <= self._shared else self._shared + len(self._arms) * (step - self._shared)


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
            stack, target = seen_about(grid_case, k, manifest.preprocessing)
            self._stacks.append((torch.from_numpy(stack).to(device), target))
        filled = [int(((target > 0) & (target != IGNORE)).sum()) for _, target in self._stacks]
        fullest = sorted(range(len(filled)), key=lambda n: -filled[n])
        self._shown = sorted(fullest[:_SAMPLES])
        self._write_slices()

    def _write_slices(self) -> None:
        arrays: dict[str, Any] = {}
        for n, at in enumerate(self._shown):
            stack, target = self._stacks[at]
            unpadded = tuple(map(slice, target.shape))
            image = _middle(stack[0, stack.shape[1] // 2].cpu().numpy()[unpadded])
            low, high = np.percentile(image, (0.5, 99.5))
            arrays[f"image_{n}"] = (255 * np.clip((image - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)
            arrays[f"reference_{n}"] = _middle(target).astype(np.uint8)
        self._write("slices.npz", arrays)

    def _write(self, name: str, arrays: dict[str, Any]) -> None:
        if not distributed.is_first():
            return
        with contextlib.suppress(OSError):  # nobody trains to see these
            self._folder.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(self._folder / name, **arrays)

    def look(self, teacher: nn.Module, arms: Sequence[str], step: int, tell: Tell) -> None:
        """Tell the mean Dice over corrected classes of the watched slices, for the arms that have this teacher."""
        if not self._stacks:
            return
        predicted, reference, whole = [], [], []
        with torch.no_grad():
            for stack, target in self._stacks:
                unpadded = tuple(map(slice, target.shape))
                classes = teacher(stack)[0].argmax(0)[unpadded].cpu().numpy().astype(np.uint8)
                whole.append(_middle(classes))
                predicted.append(classes[target != IGNORE])
                reference.append(target[target != IGNORE])
        values = [v for v in range(1, self._classes) if self._corrected is None or v in self._corrected]
        dice = mean_defined([_slice_dice(*pair, values) for pair in zip(predicted, reference, strict=True)])
        samples = f"{arms[0]}-{step:06d}.npz"
        self._write(samples, {f"predicted_{n}": whole[at] for n, at in enumerate(self._shown)})
        for arm in arms:
            tell({"event": "evaluation", "arm": arm, "dice": dice, "step": step, "samples": samples})


def _middle(block: NDArray[Any]) -> NDArray[Any]:
    """The middle slice (J, I) of a block (k, J, I), or the slice itself."""
    return block if block.ndim == 2 else block[len(block) // 2]


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
    calibration: Calibration,
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
            "training": json_ready({**summary, "arm": arm, "calibration": calibration_of(calibration)}),
            "created": _today(),
            "files": {},
        }
    )
    written = export_model(network, described, folder, calibration.temperature)
    return ModelRecord(written, folder, shipped=False, active=False)


def _note_result(record: ModelRecord, report: dict[str, Any]) -> ModelRecord:
    """Put what was measured into an arm's manifest and card, so that it stays with the model.

    Held-out units are numbered there: their names are those of files or pseudonyms, which no one else has to know.
    """
    arm = record.manifest.training["arm"]
    found = report["models"][arm]
    numbered = {name: str(n) for n, name in enumerate(report["held_out"], 1)}
    measured = {
        "held_out": list(numbered.values()),
        "unit": report["unit"],
        "verified": report["verified"],
        "dice": found["mean_dice"],
        "dice_interval": found["dice_interval"],
        "hd95_mm": found["hd95_mm"],
        "gain": found.get("gain"),
        "gain_interval": found.get("gain_interval"),
        "classes": found["classes"],
        "cases": {
            numbered[name]: {
                "dice": found["dice"][name],
                "hd95_mm": found["hd95_mm_of_class"][name],
            }
            for name in numbered
        },
        "dice_of_current": report["models"].get(CURRENT, {}).get("mean_dice"),
    }
    training = {**record.manifest.training, "held_out": json_ready(measured)}
    manifest = record.manifest.model_copy(update={"training": training})
    (record.folder / "card.md").write_text(card(manifest, _numbered(report, numbered)), encoding="utf-8")
    return replace(record, manifest=write_manifest(manifest, record.folder))


def _numbered(report: dict[str, Any], numbers: dict[str, str]) -> dict[str, Any]:
    """A report whose decision calls held-out units by their numbers."""
    reason = report["decision"]["reason"]
    for name, number in numbers.items():
        reason = re.sub(rf"\b(patient|slice) {re.escape(name)} got", rf"\1 {number} got", reason)
    return report | {"decision": report["decision"] | {"reason": reason}}


def learnt_by(parent: ModelRecord | None) -> Learnt:
    """Whom a model and its ancestors were trained on and judged by, as its manifest says."""
    split = parent.manifest.training.get("split") if parent else None
    if not isinstance(split, dict):
        return Learnt()
    held_out, trained_on = (split.get(name) for name in ("held_out", "trained_on"))
    if not isinstance(held_out, list) or not isinstance(trained_on, list):
        return Learnt()
    return Learnt(frozenset(map(str, held_out)), frozenset(map(str, trained_on)))


def as_known(learnt: Learnt) -> dict[str, list[str]]:
    return {"held_out": sorted(learnt.held_out), "trained_on": sorted(learnt.trained_on)}


def _count(cases: Sequence[Case]) -> int:
    """Annotated slices as a person counts them."""
    return sum(case.size[2] if case.slices is None else len(case.slices) for case in cases)


def _today() -> str:
    return datetime.date.today().isoformat()


def write_at_once(path: Path, text: str) -> None:
    """Write a file so that a crash at any moment leaves either none, the old one or the new one whole."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
