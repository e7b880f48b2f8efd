"""A training of an interactive model, whole: from a folder of images with labels to a model that segments by clicks.

The folder is that of a segmentation: images/, labels/, patients.csv; each value in its label maps is a structure to
click on, whose name structures.csv (value, name) may tell.
"""

from __future__ import annotations

import copy
import csv
import datetime
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from torch import nn

from inference.manifest import (
    CARD_FILE,
    OWN_AXES,
    LabelClass,
    ModelManifest,
    Preprocessing,
    model_name,
    write_manifest,
)
from inference.models import ModelRecord
from inference.runtime import load_model
from training import distributed
from training.arms import Check, Tell
from training.card import provenance
from training.clicked_regions import Pictures, Region, RegionSampler, read_pictures
from training.clicker import ENOUGH, MOST_CLICKS, Effort, effort, export_clicker
from training.clicking import CLICKS, click_loss
from training.dataset import Case, DataError, Split, read_dataset, split_cases
from training.evaluate import mean_defined
from training.export import load_network
from training.gate import CURRENT
from training.gate_by_figures import LEAST_PATIENTS, SAMPLES, Figures, Measure
from training.job import (
    RECIPES,
    Job,
    JobError,
    as_known,
    as_trained,
    checkpoints_of,
    learnt_by,
    read_parent,
    write_at_once,
)
from training.loops import InParts, Parts, Training
from training.networks import build_network, unet_spec
from training.plan import step_seconds
from training.process import json_ready
from training.turns import WentBack, settings_of, train_in_turns

SCHEMA_VERSION = 1  # of a report, as of those of segmentation
SIDE = 128  # pixels that the network sees, square: an answer takes 20 ms on one core
BATCH = 12
MEASURE = Measure("dice_5", "Mean Dice after five clicks")
TOLD_AFTER = (1, 3, 5)  # clicks

_CHANNELS = (32, 64, 96, 128, 192)
_MOST_OF_A_PATIENT = 3  # regions of a structure that are clicked to measure
_MOST_MEASURED = 400  # regions


def train_and_compare(job: Job, tell: Tell, check: Check, go_on: bool = False) -> Path:
    """Train an interactive model on the regions of a dataset, export it, measure it and the parent; the report's path.

    Writes out/supervised and, last and at once, out/report.json. check is called before each step and may wait or raise
    Stopped: what was learnt until then is compared. go_on: from the checkpoint that a process which was ended has left
    in out, to the same weights. Raises one of job.EXPECTED.
    """
    started = time.monotonic()
    if distributed.processes() > 1:
        raise JobError("an interactive model is trained by one process; start it without torchrun")
    if job.folds is not None or job.trials or job.labelled is not None or job.dimensions == 3:
        raise JobError("an interactive model sees slices with regions: it has no folds, trials, labelled or dimensions")
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(job.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.use_deterministic_algorithms(device != "cpu", warn_only=True)  # a processor's are so by themselves
    parent = read_parent(job)
    learnt = learnt_by(parent)
    split = split_cases(read_dataset(job.data), job.seed, learnt)
    if split.unit != "patients":
        raise DataError("an interactive model needs three annotated patients: name them in patients.csv")
    names = structures_of(job.data)
    pictures = read_pictures(split.train)
    manifest = parent.manifest if parent is not None else _planned(job)
    network = _network(parent, manifest)
    sampler = RegionSampler(pictures, manifest.preprocessing, job.seed)
    (arm,) = RECIPES[job.recipe]
    counts = {"labelled_slices": len(pictures.regions), "unlabelled_slices": 0, "patients": split.patients}
    held_out = held_out_of(split)
    tell({"event": "started", "arms": [arm], "device": device, "held_out_slices": len(held_out.regions), **counts})
    trained, steps = _train(job, arm, network, sampler, device, tell, check, go_on)

    tell({"event": "message", "text": "Comparing the models on what was held out"})
    summary = {
        "recipe": job.recipe,
        "steps": steps,
        "batch": job.batch or BATCH,
        "seed": job.seed,
        **counts,
        "split": as_known(learnt.after(split)),
        "provenance": provenance(job.data, split, device),
    }
    folder = job.out / arm
    shutil.rmtree(folder, ignore_errors=True)
    described = as_trained(manifest, parent, arm, secrets.token_hex(3), summary)
    written = export_clicker(trained, described, folder)
    records = {CURRENT: parent} if parent else {}
    records[arm] = ModelRecord(written, folder, shipped=False, active=False)
    report = compare(records, held_out, names)
    noted = {"held_out_patients": len(report["held_out"]), "verified": report["verified"], **report["models"][arm]}
    written = written.model_copy(update={"training": {**written.training, "held_out": json_ready(noted)}})
    (folder / CARD_FILE).write_text(_card(written, report), encoding="utf-8")
    write_manifest(written, folder)
    report |= {"steps": steps, "seed": job.seed, "seconds": round(time.monotonic() - started, 1)}
    path = job.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    shutil.rmtree(checkpoints_of(job), ignore_errors=True)
    return path


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Regions to measure by: their pictures, the regions, and the patient of each."""

    pictures: Pictures
    regions: tuple[Region, ...]
    patients: tuple[str, ...]


def compare(records: Mapping[str, ModelRecord], held_out: HeldOut, names: Mapping[int, str]) -> dict[str, Any]:
    """Measure models by arm on the same regions, by clicks in the middle of the largest fault, through the code that
    answers a person's clicks; with intervals of a bootstrap over patients."""
    efforts = {arm: measure(load_model(record), held_out) for arm, record in records.items()}
    structures = [names.get(region.structure, f"Label {region.structure}") for region in held_out.regions]
    named = list(dict.fromkeys(structures))
    patients = list(dict.fromkeys(held_out.patients))
    of_patient = [np.flatnonzero(np.array(held_out.patients) == name) for name in patients]
    draw = np.random.default_rng(0)
    drawn: list[NDArray[np.intp]] = [
        np.concatenate([of_patient[int(n)] for n in draw.integers(0, len(patients), len(patients))])
        for _ in range(SAMPLES if len(patients) > 1 else 0)
    ]
    every = np.arange(len(structures))
    measured = MEASURE.compared(
        {arm: figures(told, structures, every) for arm, told in efforts.items()},
        {arm: [figures(told, structures, sample) for sample in drawn] for arm, told in efforts.items()},
    )
    models = MEASURE.reported(records, measured, named)
    for arm, told in efforts.items():
        models[arm]["clicks"] = {name: _clicks(told, structures, name) for name in named}
    few = len(patients) < LEAST_PATIENTS
    unverified = f"Unverified: fewer than {LEAST_PATIENTS} patients could be held out." if few else ""
    decision = MEASURE.decide(measured, named, len(patients), unverified)
    return {
        "schema_version": SCHEMA_VERSION,
        "unit": "patients",
        "verified": not few,
        "held_out": patients,
        "models": models,
        "decision": {"keep": decision.keep, "reason": decision.reason},
    }


def measure(model: Any, held_out: HeldOut) -> list[Effort]:
    """What clicks achieve on each region."""
    return [effort(model, *held_out.pictures.of(region)) for region in held_out.regions]


def figures(efforts: Sequence[Effort], structures: Sequence[str], which: NDArray[np.intp]) -> Figures:
    """Of some efforts, by structure and as the mean of the structures: Dice after some clicks, and how often it becomes
    0.9 at all."""
    of_structure: dict[str, list[Effort]] = {}
    for n in which:
        of_structure.setdefault(structures[int(n)], []).append(efforts[int(n)])
    found: Figures = {name: _figures(of_structure.get(name, ())) for name in dict.fromkeys(structures)}
    rows = list(found.values())
    return found | {"mean": {key: mean_defined([row[key] for row in rows]) for key in rows[0]}}


def _figures(efforts: Sequence[Effort]) -> dict[str, float]:
    row = {f"dice_{n}": mean_defined([one.after(n) for one in efforts]) for n in TOLD_AFTER}
    return row | {"reached": mean_defined([float(one.clicks <= MOST_CLICKS) for one in efforts])}


def _clicks(efforts: Sequence[Effort], structures: Sequence[str], name: str) -> float:
    """How many clicks a Dice of 0.9 takes, on average; one that was never reached counts as 21."""
    return mean_defined([one.clicks for one, structure in zip(efforts, structures, strict=True) if structure == name])


def held_out_of(split: Split) -> HeldOut:
    """Some regions of each structure of each patient that a split holds out."""
    cases: list[Case] = [part for unit in split.held_out for part in unit.parts]
    pictures = read_pictures(cases)
    by_patient: dict[tuple[str, int], list[Region]] = {}
    annotated = [case for case in cases if case.slices != ()]
    for region in pictures.regions:
        by_patient.setdefault((annotated[region.case].patient, region.structure), []).append(region)
    chosen: list[tuple[str, Region]] = []
    for (patient, _), regions in by_patient.items():
        step = max(1, len(regions) // _MOST_OF_A_PATIENT)
        chosen += [(patient, region) for region in regions[step // 2 :: step][:_MOST_OF_A_PATIENT]]
    step = -(-len(chosen) // _MOST_MEASURED)
    chosen = chosen[::step]
    return HeldOut(pictures, tuple(region for _, region in chosen), tuple(patient for patient, _ in chosen))


def structures_of(data: Path) -> dict[int, str]:
    """The names of the structures of a dataset, where it tells them."""
    file = data / "structures.csv"
    if not file.exists():
        return {}
    with file.open(encoding="utf-8", newline="") as lines:
        try:
            return {int(row["value"]): row["name"] for row in csv.DictReader(lines)}
        except (KeyError, ValueError, TypeError) as error:
            raise DataError("structures.csv needs the columns value, a number, and name") from error


def _planned(job: Job) -> ModelManifest:
    new = job.new
    name = new.name if new else model_name(job.out.name)
    return ModelManifest(
        name=name,
        version="0.0.0",
        title=new.title if new else job.out.name,
        task="interactive",
        modalities=list(new.modalities) if new else ["OT"],
        body_part="",
        labels=[LabelClass(value=1, name="Region", colour=(226, 122, 63))],
        preprocessing=Preprocessing(axes=OWN_AXES, size=(SIDE, SIDE)),
        activation="sigmoid",
        clicks=CLICKS,
        licence_code="Apache-2.0",
        licence_weights="that of the images it was trained on",
        network=unet_spec(CLICKS.channels, 1, _CHANNELS),
        created=datetime.date.today().isoformat(),
    )


def _network(parent: ModelRecord | None, manifest: ModelManifest) -> nn.Module:
    if parent is None:
        return build_network(manifest.network)
    try:
        return load_network(parent.folder, manifest)
    except (ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained: its weights do not fit") from error


def _train(
    job: Job,
    arm: str,
    network: nn.Module,
    sampler: RegionSampler,
    device: str,
    tell: Tell,
    check: Check,
    go_on: bool,
) -> tuple[nn.Module, int]:
    """The averaged network, and how many steps it had."""

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    batch = job.batch or BATCH
    student = copy.deepcopy(network).to(device)
    teacher = copy.deepcopy(student).requires_grad_(False).eval()

    def steps() -> int:
        if job.minutes is None:
            return job.steps
        trial = copy.deepcopy(network).to(device)
        return max(1, int(60 * job.minutes / step_seconds(trial, click_loss(trial, sampler, batch, device))))

    def training_of(arm: str, whole: int, went_back: WentBack) -> Training:
        parts = Parts()
        loss = click_loss(InParts(student, parts), sampler, batch, device)
        settings = settings_of(whole, fine_tuned=job.parent_model is not None)
        return Training(student, teacher, loss, settings, parts=parts, say=say, went_back=went_back)

    return teacher, train_in_turns([arm], training_of, steps, checkpoints_of(job), go_on, tell, check)


def _card(manifest: ModelManifest, report: dict[str, Any]) -> str:
    told, found = manifest.training, report["models"][manifest.training["arm"]]
    origin = f"{manifest.parent.name} {manifest.parent.version}" if manifest.parent else "random weights"
    return "\n".join(
        [
            f"# {manifest.title} {manifest.version}",
            "",
            "**Not for diagnostic use.** Not a medical device.",
            "",
            f"It segments what a person clicks on. Trained from {origin}: {told['steps']} steps of {told['batch']} "
            f"pictures (seed {told['seed']}) with {told['labelled_slices']} regions that a person drew, and made-up "
            f"ones; {told['patients']} patients in all, the held-out ones included.",
            "",
            ("" if report["verified"] else "**Unverified: too few patients could be held out.** ")
            + f"Measured on {len(report['held_out'])} patients whom neither it nor those it came from have learnt.",
            "",
            table(found),
            "",
            f"What the program advised: {report['decision']['reason']}",
            "",
            f"Weights: {manifest.licence_weights}.",
            "",
        ]
    )


def table(found: Mapping[str, Any]) -> str:
    """What clicks achieve with a model, of a report of compare, in Markdown."""
    head = [*(f"Dice after {n}" for n in TOLD_AFTER), f"clicks to {ENOUGH}", "reached"]
    lines = [f"| | {' | '.join(head)} |", "|---" * (1 + len(head)) + "|"]
    clicks = found["clicks"] | {"mean": mean_defined(list(found["clicks"].values()))}
    for name, row in (*found["classes"].items(), ("mean", found["mean"])):
        dice = [_figure(row[f"dice_{n}"]) for n in TOLD_AFTER]
        reached = f"{100 * row['reached']['value']:.0f} %"
        lines.append(f"| {' | '.join([name, *dice, f'{clicks[name]:.1f}', reached])} |")
    return "\n".join(lines)


def _figure(found: Mapping[str, float]) -> str:
    value, low, high = found["value"], found["low"], found["high"]
    return "not defined" if np.isnan(value) else f"{value:.3f} ({low:.3f} to {high:.3f})"
