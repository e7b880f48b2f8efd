"""A detector from a folder of images and boxes, and its supervised twin: trained, exported and compared.

Both arms start from the same weights and get the same number of steps and the same drawn boxes in the same poses.
"""

from __future__ import annotations

import copy
import datetime
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from inference.detect import detect
from inference.manifest import (
    CARD_FILE,
    OWN_AXES,
    Boxes,
    LabelClass,
    ModelError,
    ModelManifest,
    Preprocessing,
    model_name,
    write_manifest,
)
from inference.models import ModelRecord
from inference.runtime import load_model
from training import distributed
from training.arms import Check, Tell
from training.boxed_pictures import BoxedImages, BoxSampler, read_boxed_images, split_boxed_images
from training.card import provenance, widened
from training.dataset import Split, keep_labelled, read_image
from training.detecting import detection_loss, semi_supervised_loss
from training.detection_gate import (
    FROC,
    LEAST_OVERLAP,
    Drawn,
    Told,
    best_threshold,
    decide,
    marked,
    measured,
    too_few,
)
from training.detector import MULTIPLE, Detector, build_detector, detector_spec, export_detector, load_detector
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED
from training.job import (
    RECIPES,
    Job,
    JobError,
    as_called,
    as_known,
    as_trained,
    checkpoints_of,
    learnt_by,
    read_parent,
    write_at_once,
)
from training.loops import InParts, Parts, Training
from training.plan import step_seconds
from training.process import json_ready
from training.turns import WentBack, settings_of, train_in_turns

SCHEMA_VERSION = 1  # of a report, as of those of segmentation
LARGEST_SIDE = 256  # pixels to which the longer side of slices is stretched, if it has more
BATCH = 8
SHOWN_FROM = 0.3  # the score from which boxes are shown at first, of labels of which too few could be held out

_COLOURS = ((226, 122, 63), (69, 178, 157), (239, 201, 76), (120, 170, 240), (210, 110, 180), (150, 210, 90))
_ARMS_COST = 3.3  # a step of both arms by one of the supervised arm: three of these, and what the teacher looks at


def train_and_compare(job: Job, tell: Tell, check: Check, go_on: bool = False) -> Path:
    """Train the recipe's arms on a folder of images with boxes, export, measure them and the parent; the report's path.

    Writes out/semi-supervised, out/supervised and, last and at once, out/report.json. check is called before each step
    and may wait or raise Stopped: what was learnt until then is compared. go_on: from the checkpoint that a process
    which was ended has left in out, to the same weights. Raises one of job.EXPECTED.
    """
    started = time.monotonic()
    if distributed.processes() > 1:
        raise JobError("a detector is trained by one process; start it without torchrun")
    if job.folds is not None or job.trials:
        raise JobError("a detector is not trained in folds, nor are settings tried for it")
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(job.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.use_deterministic_algorithms(device != "cpu", warn_only=True)  # a processor's are so by themselves
    if job.dimensions == 3:
        raise JobError("a detector sees slices, one by one: it has two dimensions")
    parent = read_parent(job)
    learnt = learnt_by(parent)
    images = read_boxed_images(job.data)
    split = split_boxed_images(images, job.seed, learnt)
    if job.labelled is not None:
        split = keep_labelled(split, job.labelled, job.seed)
    manifest = (
        _continued(parent.manifest, images) if parent else as_called(_planned(split, images, job.out.name), job.new)
    )
    labels = [label.name for label in manifest.labels]
    sampler = BoxSampler(split, images, labels, manifest.preprocessing, job.seed)
    network = _network(parent, manifest)

    reference = _reference(split, images, labels)
    arms = RECIPES[job.recipe]
    if SEMI_SUPERVISED in arms and not sampler.unlabelled_slices:
        arms = (SUPERVISED,)
        tell({"event": "message", "text": "Every slice was looked at, so there is nothing semi-supervised to do."})
    counts = {
        "labelled_slices": sum(len(case.slices or ()) for case in split.train),
        "unlabelled_slices": sampler.unlabelled_slices,
        "patients": split.patients,
    }
    tell({"event": "started", "arms": list(arms), "device": device, "held_out_slices": len(reference.slices), **counts})
    trained, steps = _train(job, arms, network, sampler, device, tell, check, go_on)

    tell({"event": "message", "text": "Comparing the models on what was held out"})
    manifest = manifest.model_copy(update={"seen": widened(manifest.seen, split, manifest)})
    summary = {
        "recipe": job.recipe,
        "steps": steps,
        "batch": _batch(job),
        "seed": job.seed,
        **counts,
        "boxes": sum(len(images.boxes.get(case.name, ())) for case in split.train if case.slices),
        "split": as_known(learnt.after(split)),
        "provenance": provenance(job.data, split, device),
    }
    run_id = secrets.token_hex(3)
    records = {CURRENT: parent} if parent else {}
    for arm in arms:
        described = as_trained(manifest, parent, arm, run_id, summary)
        records[arm] = _export(trained[arm], described, job.out / arm)
    told = {arm: found_by(record, reference) for arm, record in records.items()}
    report = compare(records, told, reference)
    for arm in arms:
        _note_result(records[arm], told[arm], report, reference)
    report |= {"steps": steps, "seed": job.seed, "seconds": round(time.monotonic() - started, 1)}
    path = job.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    shutil.rmtree(checkpoints_of(job), ignore_errors=True)
    return path


@dataclass(frozen=True)
class Reference:
    """What models are measured by: what a person drew on each held-out slice, in the order of the split's cases, the
    boxes in pixels of the image and their labels by number."""

    split: Split
    labels: tuple[str, ...]
    slices: tuple[Drawn, ...]


def found_by(record: ModelRecord, reference: Reference) -> Told:
    """What a model finds on the held-out slices, through the code that runs it for a person, each slice for itself.

    An image of which inference refuses the result counts as one in which nothing was found.
    """
    model = load_model(record)
    boxes = record.manifest.boxes
    assert boxes is not None
    alone = record.manifest.model_copy(update={"boxes": boxes.model_copy(update={"joined": None})})
    model = replace(model, manifest=alone)
    told = []
    for unit in reference.split.held_out:
        for case in unit.parts:
            try:
                found = detect(read_image(case), model).found
            except ModelError:
                found = ()
            for _, k in case.slices or ():
                here = [one for one in found if one.slice_index == k]
                told.append([(one.label - 1, one.score, _corners(one.low, one.high)) for one in here])
    return told


def compare(records: Mapping[str, ModelRecord], told: Mapping[str, Told], reference: Reference) -> dict[str, Any]:
    """Models by arm, measured by what each found (found_by). verified is true only if enough patients with each label
    were held out."""
    results = measured(told, reference.slices, reference.labels)
    decision = decide(results, reference.slices, reference.labels)
    return {
        "schema_version": SCHEMA_VERSION,
        "task": "detection",
        "unit": "patients",
        "verified": not too_few(reference.slices, reference.labels),
        "held_out": sorted({one.patient for one in reference.slices}),
        "held_out_boxes": sum(len(one.boxes) for one in reference.slices),
        "least_overlap": LEAST_OVERLAP,
        "models": FROC.reported(records, results, reference.labels),
        "decision": {"keep": decision.keep, "reason": decision.reason},
    }


def _corners(low: Sequence[float], high: Sequence[float]) -> tuple[float, float, float, float]:
    return low[0] + 0.5, low[1] + 0.5, high[0] + 0.5, high[1] + 0.5


def _reference(split: Split, images: BoxedImages, labels: Sequence[str]) -> Reference:
    slices = [
        Drawn(case.patient, tuple((labels.index(box.label), box.corners) for box in images.on(case.name, k)))
        for unit in split.held_out
        for case in unit.parts
        for _, k in case.slices or ()
    ]
    return Reference(split, tuple(labels), tuple(slices))


def _continued(manifest: ModelManifest, images: BoxedImages) -> ModelManifest:
    """The parent's manifest. Raises JobError if the boxes have other labels."""
    if manifest.task != "detection":
        raise JobError(f"{manifest.name} is no model that finds boxes")
    other = sorted({label.name for label in manifest.labels} ^ set(images.labels))
    if other:
        raise JobError(f"{manifest.name} and the boxes have different labels: {other[0]} is in one of them only")
    return manifest


def _planned(split: Split, images: BoxedImages, name: str) -> ModelManifest:
    return ModelManifest(
        name=model_name(name),
        version="0.0.0",
        title=name,
        task="detection",
        modalities=["OT"],
        body_part="",
        labels=[
            LabelClass(value=n + 1, name=one, colour=_COLOURS[n % len(_COLOURS)], threshold=SHOWN_FROM)
            for n, one in enumerate(images.labels)
        ],
        preprocessing=Preprocessing(axes=OWN_AXES, size=_size(split)),
        activation="sigmoid",
        boxes=Boxes(),
        licence_code="Apache-2.0",
        licence_weights="that of the images it was trained on",
        network=detector_spec(len(images.labels)),
        created=datetime.date.today().isoformat(),
    )


def _size(split: Split) -> tuple[int, int]:
    """Rows and columns to which slices are stretched: about those that most of them have, but no more than is trained
    within reasonable time."""
    sizes = np.array([case.size[1::-1] for case in split.train if case.slices], dtype=np.float64)
    usual = np.median(sizes, axis=0)
    rows, columns = usual * min(1.0, LARGEST_SIDE / usual.max())
    return max(64, round(rows / MULTIPLE) * MULTIPLE), max(64, round(columns / MULTIPLE) * MULTIPLE)


def _network(parent: ModelRecord | None, manifest: ModelManifest) -> Detector:
    if parent is None:
        return build_detector(manifest.network)
    try:
        return load_detector(parent.folder, manifest)
    except (ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained: its weights do not fit") from error


def _train(
    job: Job,
    arms: Sequence[str],
    network: Detector,
    sampler: BoxSampler,
    device: str,
    tell: Tell,
    check: Check,
    go_on: bool,
) -> tuple[dict[str, Detector], int]:
    """The averaged networks by arm, and how many steps each had; they take turns, so that both can be stopped."""

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    def steps() -> int:
        if job.minutes is None:
            return job.steps
        trial = copy.deepcopy(network).to(device)
        seconds = step_seconds(trial, detection_loss(trial, sampler, _batch(job), device))
        return max(1, int(60 * job.minutes / (seconds * (_ARMS_COST if SEMI_SUPERVISED in arms else 1))))

    students = {arm: copy.deepcopy(network).to(device) for arm in arms}
    teachers = {arm: copy.deepcopy(student).requires_grad_(False).eval() for arm, student in students.items()}

    def training_of(arm: str, whole: int, went_back: WentBack) -> Training:
        parts = Parts()
        student, teacher = InParts(students[arm], parts), InParts(teachers[arm], parts)
        loss = (
            semi_supervised_loss(student, teacher, sampler, _batch(job), whole, device)
            if arm == SEMI_SUPERVISED
            else detection_loss(student, sampler, _batch(job), device)
        )
        settings = settings_of(whole, fine_tuned=job.parent_model is not None)
        return Training(students[arm], teachers[arm], loss, settings, parts=parts, say=say, went_back=went_back)

    return teachers, train_in_turns(arms, training_of, steps, checkpoints_of(job), go_on, tell, check)


def _batch(job: Job) -> int:
    return job.batch or BATCH


def _export(network: Detector, manifest: ModelManifest, folder: Path) -> ModelRecord:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return ModelRecord(export_detector(network, manifest, folder), folder, shipped=False, active=False)


def _note_result(record: ModelRecord, told: Told, report: dict[str, Any], reference: Reference) -> None:
    """Put what was measured into the new model's manifest and card, so that it stays with it, and from which score the
    boxes of each label are shown at first: figures over all scores do not depend on that."""
    few, labels = too_few(reference.slices, reference.labels), []
    for n, label in enumerate(record.manifest.labels):
        best = best_threshold(marked(told, reference.slices, n))
        if label.name not in few and not np.isnan(best):
            label = label.model_copy(update={"threshold": float(np.clip(best, 0.05, 0.95))})
        labels.append(label)
    found = report["models"][record.manifest.training["arm"]]
    noted = {
        "held_out_patients": len(report["held_out"]),
        "held_out_boxes": report["held_out_boxes"],
        "verified": report["verified"],
        "classes": found["classes"],
        "mean": found["mean"],
        "froc_of_current": report["models"].get(CURRENT, {}).get("mean_froc"),
    }
    training = {**record.manifest.training, "held_out": json_ready(noted)}
    manifest = record.manifest.model_copy(update={"training": training, "labels": labels})
    (record.folder / CARD_FILE).write_text(_card(manifest, report), encoding="utf-8")
    write_manifest(manifest, record.folder)


def _card(manifest: ModelManifest, report: dict[str, Any]) -> str:
    origin = f"{manifest.parent.name} {manifest.parent.version}" if manifest.parent else "random weights"
    told, found = manifest.training, report["models"][manifest.training["arm"]]
    rows = [
        f"| {name} | {_figure(row['froc'])} | {_figure(row['sensitivity_at_1'])} | {_figure(row['ap'])} |"
        for name, row in (*found["classes"].items(), ("mean", found["mean"]))
    ]
    return "\n".join(
        [
            f"# {manifest.title} {manifest.version}",
            "",
            "**Not for diagnostic use.** Not a medical device.",
            "",
            f"Finds, as boxes on slices: {', '.join(label.name for label in manifest.labels)}. Trained on this machine "
            f"from {origin}: {told['steps']} steps on {told['labelled_slices']} slices with {told['boxes']} boxes "
            f"and {told['unlabelled_slices'] if told['arm'] == SEMI_SUPERVISED else 0} that nobody has looked at; "
            f"{told['patients']} patients in all, the held-out ones included.",
            "",
            ("" if report["verified"] else "**Unverified: too few patients could be held out.** ")
            + f"Measured on {len(report['held_out'])} patients with {report['held_out_boxes']} boxes, on "
            "whom neither it nor the models it came from were trained. A box counts as found from an overlap "
            f"(intersection by union) of {LEAST_OVERLAP:g} on. 95 % intervals are of a bootstrap over patients.",
            "",
            "| | FROC score | sensitivity at 1 false box a slice | average precision |",
            "|---|---|---|---|",
            *rows,
            "",
            f"What the program advised: {report['decision']['reason']}",
            "",
            "Scores are not calibrated. The score from which boxes are shown at first is the one of the best F1 on the "
            f"held-out patients, {SHOWN_FROM:g} where they are too few. Weights: {manifest.licence_weights}.",
            "",
        ]
    )


def _figure(found: Mapping[str, float]) -> str:
    value, low, high = found["value"], found["low"], found["high"]
    return "not defined" if np.isnan(value) else f"{value:.3f} ({low:.3f} to {high:.3f})"
