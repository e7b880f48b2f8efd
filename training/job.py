"""One training from a dataset folder to two compared models: what `python -m training run` and `train` do."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import os
import re
import secrets
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from torch import nn

from inference.manifest import (
    NETWORK_FILE,
    WEIGHTS_FILE,
    LabelClass,
    ManifestError,
    ModelError,
    ModelManifest,
    ParentModel,
    load_manifest,
    write_manifest,
)
from inference.models import ModelRecord
from training import distributed
from training.arms import Check, Tell, steps_in, train_arms
from training.calibration import Calibration, calibrate
from training.card import calibration_of, card, hesitating, provenance, widened
from training.compare import compare
from training.dataset import (
    Case,
    DataError,
    GridCase,
    Learnt,
    NativeSlice,
    SliceSampler,
    Split,
    keep_labelled,
    read_dataset,
    to_grid,
)
from training.export import ExportError, export_model, load_network
from training.folds import known_after, parted, whole
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED
from training.loops import Diverged, TooLittleMemory
from training.networks import Mean, build_network, mean_spec, member_spec
from training.plan import plan_model, plan_step
from training.process import Control, Events, json_ready
from training.semi_supervised import USUAL, Recipe
from training.shown_slices import FOLDER as SHOWN
from training.shown_slices import ShownSlices
from training.tuning import tune
from training.watch import SAMPLES, Watch

SCHEMA_VERSION = 1
RECIPES = {
    "segmentation-semi-supervised": (SEMI_SUPERVISED, SUPERVISED),
    "segmentation-supervised": (SUPERVISED,),
    "classification-mixmatch": (SEMI_SUPERVISED, SUPERVISED),
    "classification-fixmatch": (SEMI_SUPERVISED, SUPERVISED),
    "classification-supervised": (SUPERVISED,),
    "detection-semi-supervised": (SEMI_SUPERVISED, SUPERVISED),
    "detection-supervised": (SUPERVISED,),
    "interactive-supervised": (SUPERVISED,),
}
Imbalance = Literal["balanced", "adjusted", "focal"]

FINE_TUNING_RATE = 3e-4
FROM_SCRATCH_RATE = 2e-3


class JobError(Exception):
    """A training cannot be done as it was asked for; one sentence says why."""


EXPECTED = (JobError, DataError, ManifestError, ModelError, ExportError, Diverged, TooLittleMemory)


class NewModel(BaseModel):
    """What a person calls a model that starts from nothing. labels: what they mean, of a segmentation in the order of
    their values, else by name; of those that are not there nothing is said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    modalities: tuple[str, ...]
    labels: tuple[LabelClass, ...] = ()


class Job(BaseModel):
    """What to train, as job.json says it. Without parent_model the network starts from nothing; new, if set, is what it
    is called, else its folder's name.

    labelled, if set, leaves only so many of the annotated training cases annotated. minutes, if set, makes steps as
    many as that time allows by a few that are timed first, for all folds together. folds, if set, asks for so many
    networks (training.folds), which few patients get anyway. batch 0 is what memory allows. dimensions of a model that
    starts from nothing: None leaves them to the planner. mirrors: axes along which a mirrored image is as good to such
    a model, of one that segments and whose labels have no side. imbalance is what a classifier does about rare classes
    (training.classifying).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1]
    recipe: str
    parent_model: Path | None = None
    new: NewModel | None = None
    data: Path
    out: Path
    steps: int = Field(default=1000, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    batch: int = Field(default=0, ge=0, le=64)
    seed: int = Field(default=0, ge=0, lt=2**31)
    labelled: int | None = Field(default=None, ge=1)
    folds: int | None = Field(default=None, ge=2, le=10)
    dimensions: Literal[2, 3] | None = None
    mirrors: frozenset[Literal["k", "j", "i"]] = frozenset()
    imbalance: Imbalance = "balanced"
    trials: int = Field(default=0, ge=0, le=200)


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
    if not job.recipe.startswith("segmentation-"):
        from training import classification, clicks, detection  # which take from here what all have in common

        others = {"classification": classification, "detection": detection, "interactive": clicks}
        return others[job.recipe.partition("-")[0]].train_and_compare(job, tell, check, go_on)
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(job.seed)
    device = distributed.device()
    torch.use_deterministic_algorithms(device != "cpu", warn_only=True)  # a processor's are so by themselves
    parent = read_parent(job)
    if not go_on and distributed.is_first():
        for earlier in (checkpoints_of(job), job.out / SAMPLES):
            shutil.rmtree(earlier, ignore_errors=True)
    learnt = learnt_by(parent)
    splits = parted(read_dataset(job.data), job.seed, learnt, job.folds)
    if job.labelled is not None:
        splits = [keep_labelled(split, job.labelled, job.seed) for split in splits]
    if not all(map(_annotated, splits)):
        raise DataError("nothing annotated is left to train on: confirm at least two slices")
    before = _planned_before(job) if go_on else None
    if parent is not None:
        manifest = parent.manifest
    elif before is not None:
        manifest = before.manifest
    else:
        planned = plan_model(whole(splits), job.out.name, dimensions=job.dimensions, device=device)
        seen = planned.preprocessing.model_copy(update={"mirrors": job.mirrors})
        manifest = distributed.agreed(as_called(planned.model_copy(update={"preprocessing": seen}), job.new))
    member = manifest.model_copy(update={"network": member_spec(manifest.network)})
    networks = _networks(parent, member, job.seed, len(splits))
    samplers = _samplers(splits, member, job.seed)

    arms = RECIPES[job.recipe]
    if SEMI_SUPERVISED in arms and not all(sampler.unlabelled_slices for sampler in samplers):
        arms = (SUPERVISED,)
        tell({"event": "message", "text": "Every slice is annotated, so there is nothing semi-supervised to do."})
    batch = job.batch if before is None else before.batch
    together = distributed.processes()
    plan = plan_step(member, samplers[0].patch, device, mixed=SEMI_SUPERVISED in arms, batch=batch)
    batch = distributed.agreed(-(-plan.batch // together) * together)  # each process takes as much of it
    steps = job.steps if before is None else before.steps
    if job.minutes is not None and before is None:
        minutes = job.minutes / len(splits)
        steps = distributed.agreed(together * steps_in(minutes, batch, arms, networks[0], samplers[0], device))
    job = job.model_copy(update={"batch": batch, "steps": steps})
    _write_plan(job, manifest)
    counts = {
        "labelled_slices": _count(whole(splits).train),
        "unlabelled_slices": max(sampler.unlabelled_slices for sampler in samplers),
        "patients": splits[0].patients,
    }
    held_out = [part for split in splits for unit in split.held_out for part in unit.parts]
    tell({"event": "started", "arms": list(arms), "device": device, **counts, "held_out_slices": _count(held_out)})
    tell({"event": "message", "text": plan.text})
    if len(splits) > 1:
        text = (
            f"{len(splits)} networks are trained, each without some of the patients, by whom it is measured; the new "
            "model is their mean."
        )
        tell({"event": "message", "text": text})
    recipe, tuning = _recipe(job, splits, networks[0], member, arms, device, tell, check)
    torch.manual_seed(job.seed)  # whatever a study has drawn
    trained: list[dict[str, nn.Module]] = []
    spent_s = 0.0
    for n, (split, sampler) in enumerate(zip(splits, samplers, strict=True)):
        found, done, seconds = train_arms(
            arms,
            networks[n],
            sampler,
            Watch(split, member, device, job.out / SAMPLES if n == 0 else None),
            steps=steps,
            batch=batch,
            learning_rate=_rate(job),
            recipe=recipe,
            device=device,
            checkpoint=(checkpoints_of(job) / (str(n) if len(splits) > 1 else "both")).with_suffix(".pt"),
            tell=_of_all_folds(tell, n, len(splits), steps),
            check=check,
        )
        trained.append(found)
        spent_s += seconds
        if done < steps:  # a person does not want to wait for the others
            break
    if not distributed.is_first():
        return job.out / "report.json"  # which the first process is about to write

    compared = time.monotonic()
    tell({"event": "message", "text": "Comparing the models on what was held out"})
    splits = splits[: len(trained)]
    everything = whole(splits)
    summary = {
        "recipe": job.recipe,
        "steps": done,
        "batch": job.batch,
        "seed": job.seed,
        **counts,
        "networks": len(trained),
        **tuning,
        "split": as_known(known_after(learnt, splits)),
        "provenance": provenance(job.data, everything, device),
        "plan": plan.figures,
    }
    member = member.model_copy(update={"seen": widened(manifest.seen, everything, manifest)})
    report = _exported_and_compared(job, parent, arms, list(zip(trained, splits, strict=True)), member, summary)
    report |= {"steps": done, "seed": job.seed, "seconds": round(spent_s + time.monotonic() - compared, 1)}
    path = job.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    for over in (checkpoints_of(job), _members(job)):
        shutil.rmtree(over, ignore_errors=True)
    return path


def _exported_and_compared(
    job: Job,
    parent: ModelRecord | None,
    arms: Sequence[str],
    folds: Sequence[tuple[dict[str, nn.Module], Split]],
    member: ModelManifest,
    summary: dict[str, Any],
) -> dict[str, Any]:
    """The report of the networks by arm that were trained on each split, after writing each arm's model: the network
    itself, or the mean of those of all folds, which are measured each on its own patients."""
    everything = whole([split for _, split in folds])
    records = {CURRENT: parent} if parent else {}
    current = itertools.islice(_current(job, parent), len(folds))
    measured = [({CURRENT: one} if one else {}, split) for one, (_, split) in zip(current, folds, strict=True)]
    run_id = secrets.token_hex(3)
    for arm in arms:
        networks = [trained[arm] for trained, _ in folds]
        calibration = calibrate([(trained[arm], split) for trained, split in folds], member)
        export = partial(_export, arm=arm, run_id=run_id, parent=parent, summary=summary, calibration=calibration)
        if len(networks) == 1:
            records[arm] = hesitating(export(networks[0], member, job.out / arm), everything)
            measured[0][0][arm] = records[arm]
            continue
        mean = member.model_copy(update={"network": mean_spec(member.network, len(networks))})
        records[arm] = hesitating(export(Mean(networks), mean, job.out / arm), everything)
        for n, (models, _) in enumerate(measured):
            models[arm] = export(networks[n], member, _members(job) / f"{arm}-{n}")
    report = compare(records, measured, ShownSlices(job.out / SHOWN))
    for arm in arms:
        records[arm] = _note_result(records[arm], report)
    return report


def _recipe(
    job: Job,
    splits: Sequence[Split],
    network: nn.Module,
    manifest: ModelManifest,
    arms: Sequence[str],
    device: str,
    tell: Tell,
    check: Check,
) -> tuple[Recipe, dict[str, Any]]:
    """What to train by: as usual, or what a study finds, and what a model's manifest then says of that."""
    if not job.trials:
        return USUAL, {}
    if distributed.processes() > 1:
        raise JobError("other settings are looked for by one process; start it without torchrun")
    try:
        if len(splits) > 1:
            raise DataError("every patient is one to measure by")
        tuned = tune(
            splits[0],
            network,
            manifest,
            trials=job.trials,
            steps=job.steps,
            batch=job.batch,
            learning_rate=_rate(job),
            unlabelled=SEMI_SUPERVISED in arms,
            seed=job.seed,
            device=device,
            file=checkpoints_of(job) / "study.journal",
            tell=tell,
            check=check,
        )
    except DataError as error:
        tell({"event": "message", "text": f"The training goes by the usual settings: {error}."})
        return USUAL, {}
    except ModuleNotFoundError as error:
        raise JobError(f"other settings are looked for by Optuna, which is not installed ({error.name})") from error
    found = tuned.figures
    best, usual = f"{found['dice_of_best']:.3f}", f"{found['dice_of_usual']:.3f}"
    if found["taken"]:
        text = f"{job.trials} settings were tried: the best, with a Dice of {best} to the usual {usual}, are taken."
    else:
        text = (
            f"{job.trials} settings were tried: the best had a Dice of {best} to the usual {usual}, which is no "
            "more than chance gives; the usual ones stay."
        )
    tell({"event": "message", "text": text})
    return tuned.recipe, {"tuning": json_ready(found)}


def _rate(job: Job) -> float:
    return FINE_TUNING_RATE if job.parent_model is not None else FROM_SCRATCH_RATE


def _of_all_folds(tell: Tell, fold: int, folds: int, steps: int) -> Tell:
    """Tells what happens in a fold as a part of all of them: its steps come after those of the ones before, and what is
    left of it is not all that is left."""
    if folds == 1:
        return tell
    fold_s = 0.0

    def told(event: dict[str, Any]) -> None:
        nonlocal fold_s
        if event.get("eta_s") is not None:
            if event["step"] < steps:
                fold_s = event["eta_s"] / (1 - event["step"] / steps)
            event = event | {"eta_s": event["eta_s"] + (folds - 1 - fold) * fold_s}
        if "steps" in event:
            event = event | {"steps": folds * steps}
        tell(event | {"step": fold * steps + event["step"]} if "step" in event else event)

    return told


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


def as_called(manifest: ModelManifest, new: NewModel | None) -> ModelManifest:
    """What was planned for a model that starts from nothing, under the names that a person gave it."""
    if new is None:
        return manifest
    by_name = manifest.task != "segmentation"
    given = {label.name if by_name else n: label for n, label in enumerate(new.labels, 1)}
    labels = []
    for label in manifest.labels:
        said = given.get(label.name if by_name else label.value)
        named = {"name": said.name, "colour": said.colour, "code": said.code} if said else {}
        labels.append(label.model_copy(update=named))
    called = {"name": new.name, "title": new.title, "modalities": list(new.modalities), "labels": labels}
    return manifest.model_copy(update=called)


def _networks(parent: ModelRecord | None, member: ModelManifest, seed: int, count: int) -> list[nn.Module]:
    """What each fold begins with: networks of their own, the parent, or those that the parent is the mean of."""
    if parent is None:
        networks = []
        for n in range(count):
            torch.manual_seed(seed + n)
            networks.append(build_network(member.network))
        return networks
    manifest = parent.manifest
    try:
        network = load_network(parent.folder, manifest)
    except (ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained: its weights do not fit") from error
    if not isinstance(network, Mean):
        return [network] * count
    if len(network.members) != count:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained: it does not say whom its networks know")
    return list(network.members)


def _current(job: Job, parent: ModelRecord | None) -> Iterator[ModelRecord | None]:
    """The parent as it is measured in each fold: itself, or that of its networks that has not seen the fold's
    patients."""
    if parent is None or member_spec(parent.manifest.network) is parent.manifest.network:
        yield from itertools.repeat(parent)
        return
    network = load_network(parent.folder, parent.manifest)
    assert isinstance(network, Mean)
    described = parent.manifest.model_copy(update={"network": member_spec(parent.manifest.network), "files": {}})
    for n, one in enumerate(network.members):
        folder = _members(job) / f"{CURRENT}-{n}"
        yield ModelRecord(export_model(one, described, folder), folder, shipped=False, active=False)


def _samplers(splits: Sequence[Split], manifest: ModelManifest, seed: int) -> list[SliceSampler]:
    """What each split's network learns from; splits share the images."""
    grids: dict[tuple[Case, tuple[NativeSlice, ...]], GridCase] = {}

    def grid(case: Case, hidden: tuple[NativeSlice, ...]) -> GridCase:
        if (case, hidden) not in grids:
            grids[case, hidden] = to_grid(case, manifest.preprocessing, manifest.classes, hidden)
        return grids[case, hidden]

    return [
        SliceSampler(
            [grid(case, split.hidden.get(case.name, ())) for case in split.train], manifest.preprocessing, seed
        )
        for split in splits
    ]


def _annotated(split: Split) -> bool:
    return any(case.slices != () for case in split.train)


def checkpoints_of(job: Job) -> Path:
    """Where a training keeps what it goes on from until its report is written."""
    return job.out / "checkpoints"


def _members(job: Job) -> Path:
    """Where the networks of a mean are while they are measured."""
    return job.out / "members"


class _Planned(BaseModel):
    """What was planned by the memory and the time that there were when a training began: it goes on with that."""

    manifest: ModelManifest
    batch: int
    steps: int


def _write_plan(job: Job, manifest: ModelManifest) -> None:
    if not distributed.is_first():
        return
    file = checkpoints_of(job) / "planned.json"
    with contextlib.suppress(OSError):  # of a full disk: then there is no checkpoint to go on from either
        file.parent.mkdir(parents=True, exist_ok=True)
        write_at_once(file, _Planned(manifest=manifest, batch=job.batch, steps=job.steps).model_dump_json())


def _planned_before(job: Job) -> _Planned | None:
    try:
        return _Planned.model_validate_json((checkpoints_of(job) / "planned.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def as_trained(
    manifest: ModelManifest, parent: ModelRecord | None, arm: str, run_id: str, summary: dict[str, Any]
) -> ModelManifest:
    """The manifest of what an arm has learnt, before its files are written: its version, its origin, and under training
    how it came about. run_id: two trainings of one model must not have the same version."""
    origin = (
        ParentModel(name=manifest.name, version=manifest.version, sha256=manifest.files[NETWORK_FILE])
        if parent
        else None
    )
    return manifest.model_copy(
        update={
            "version": next_version(manifest.version, f"{arm}.{run_id}"),
            "parent": origin,
            "training": json_ready({**summary, "arm": arm}),
            "created": datetime.date.today().isoformat(),
            "files": {},
        }
    )


def _export(
    network: nn.Module,
    manifest: ModelManifest,
    folder: Path,
    *,
    arm: str,
    run_id: str,
    parent: ModelRecord | None,
    summary: dict[str, Any],
    calibration: Calibration,
) -> ModelRecord:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    described = as_trained(manifest, parent, arm, run_id, {**summary, "calibration": calibration_of(calibration)})
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
    held_out, trained_on, folds = (split.get(name, []) for name in ("held_out", "trained_on", "folds"))
    if not all(isinstance(part, list) for part in (held_out, trained_on, folds)):
        return Learnt()
    return Learnt(
        frozenset(map(str, held_out)),
        frozenset(map(str, trained_on)),
        tuple(frozenset(map(str, fold)) for fold in folds),
    )


def as_known(learnt: Learnt) -> dict[str, Any]:
    folds = {"folds": [sorted(fold) for fold in learnt.folds]} if learnt.folds else {}
    return {"held_out": sorted(learnt.held_out), "trained_on": sorted(learnt.trained_on), **folds}


def _count(cases: Sequence[Case]) -> int:
    """Annotated slices as a person counts them."""
    return sum(case.size[2] if case.slices is None else len(case.slices) for case in cases)


def write_at_once(path: Path, text: str) -> None:
    """Write a file so that a crash at any moment leaves either none, the old one or the new one whole."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
