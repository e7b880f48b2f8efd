"""A classifier from a folder of pictures, and its supervised twin: trained, calibrated, exported and compared.

Both arms start from the same weights and get the same number of steps and the same labelled pictures in the same poses.
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
from torch import Tensor

from inference.classify import classify
from inference.manifest import (
    CARD_FILE,
    OWN_AXES,
    LabelClass,
    ModelManifest,
    Preprocessing,
    Scores,
    SeenImages,
    model_name,
    write_manifest,
)
from inference.models import ModelRecord
from inference.runtime import load_model
from inference.seen import LEAST_IMAGES, image_statistics, seen_images
from training import distributed
from training.arms import Check, Tell
from training.classification_gate import AUC, Reference, Told, decide, measured, too_few
from training.classified_pictures import (
    PictureSampler,
    PictureSplit,
    keep_labelled_pictures,
    load_picture,
    read_pictures,
    split_pictures,
    target_of,
)
from training.classifier import (
    Calibrated,
    Classifier,
    build_classifier,
    classifier_spec,
    export_classifier,
    load_classifier,
    settle,
)
from training.classifying import (
    LabelledLoss,
    Learning,
    adjusted,
    answers,
    balanced_shares,
    cross_entropy,
    fixmatch_loss,
    focal,
    log_priors,
    mixmatch_loss,
    questions,
    supervised_loss,
)
from training.dataset import read_image_file
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED
from training.job import (
    RECIPES,
    Imbalance,
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
from training.loops import LossOfStep, Training
from training.plan import step_seconds
from training.process import json_ready
from training.turns import WentBack, settings_of, train_in_turns

SCHEMA_VERSION = 1  # of a report, as of those of segmentation
SIDE = 128  # pixels to which pictures are stretched
BATCH = 16

_LOOKED_AT = 100  # pictures, to say what they look like
_LEAST_CALIBRATION = 10  # pictures; of fewer no temperature is found
_TEMPERATURES = np.geomspace(0.5, 5, 93)
_COLOURS = ((226, 122, 63), (69, 178, 157), (239, 201, 76), (120, 170, 240), (210, 110, 180), (150, 210, 90))


def train_and_compare(job: Job, tell: Tell, check: Check, go_on: bool = False) -> Path:
    """Train the recipe's arms on a folder of pictures, export them, measure them and the parent; the report's path.

    Writes out/semi-supervised, out/supervised and, last and at once, out/report.json. check is called before each step
    and may wait or raise Stopped: what was learnt until then is compared. Raises one of job.EXPECTED.
    """
    started = time.monotonic()
    if distributed.processes() > 1:
        raise JobError("a classifier is trained by one process; start it without torchrun")
    if job.folds is not None or job.trials:
        raise JobError("a classifier is not trained in folds, nor are settings tried for it")
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(job.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    parent = read_parent(job)
    learnt = learnt_by(parent)
    split = split_pictures(*read_pictures(job.data), job.seed, learnt)
    if job.labelled is not None:
        split = keep_labelled_pictures(split, job.labelled, job.seed)
    manifest = _continued(parent.manifest, split) if parent else as_called(_planned(split, job.out.name), job.new)
    manifest = manifest.model_copy(update={"seen": manifest.seen or _seen(split, manifest.preprocessing)})
    split = replace(split, classes=tuple(label.name for label in manifest.labels))
    network = _network(parent, manifest)
    imbalance = _imbalance(job.imbalance, split)
    sampler = PictureSampler(split, manifest.preprocessing, job.seed, imbalance.shares)

    arms = RECIPES[job.recipe]
    if SEMI_SUPERVISED in arms and not sampler.unlabelled_pictures:
        arms = (SUPERVISED,)
        tell({"event": "message", "text": "Every picture has labels, so there is nothing semi-supervised to do."})
    counts = {
        "labelled_slices": len(split.labelled),
        "unlabelled_slices": sampler.unlabelled_pictures,
        "patients": len({picture.patient for picture in split.labelled}),
    }
    tell({"event": "started", "arms": list(arms), "device": device, "held_out_slices": len(split.held_out), **counts})
    trained, steps = _train(job, arms, network, sampler, imbalance, not manifest.one_by_one, device, tell, check, go_on)

    tell({"event": "message", "text": "Comparing the models on what was held out"})
    summary = {
        "recipe": job.recipe,
        "imbalance": job.imbalance,
        "steps": steps,
        "batch": _batch(job),
        "seed": job.seed,
        **counts,
        "split": as_known(split.known_after(learnt)),
    }
    run_id = secrets.token_hex(3)
    records = {CURRENT: parent} if parent else {}
    for arm in arms:
        settle(trained[arm].cpu(), sampler.plain(unlabelled=arm == SEMI_SUPERVISED))
        calibrated, told = _calibrated(trained[arm], split, manifest, imbalance.offset)
        described = as_trained(manifest, parent, arm, run_id, {**summary, **told})
        records[arm] = _export(calibrated, _with_thresholds(described, imbalance.thresholds), job.out / arm)
    report = compare(records, split)
    for arm in arms:
        _note_result(records[arm], report)
    report |= {"steps": steps, "seed": job.seed, "seconds": round(time.monotonic() - started, 1)}
    path = job.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    shutil.rmtree(checkpoints_of(job), ignore_errors=True)
    return path


def compare(records: Mapping[str, ModelRecord], split: PictureSplit) -> dict[str, Any]:
    """Measure models by arm on the held-out pictures, through the code that runs them for a person.

    A model answers with the class of the largest probability, or with those that reach their threshold. verified is
    true only if enough patients with and without each class were held out.
    """
    found = target_of(split.held_out, split.classes).numpy()
    patients = tuple(picture.patient for picture in split.held_out)
    reference = Reference(found, patients, split.classes, split.kind == "label")
    results = measured({arm: _told(record, split) for arm, record in records.items()}, reference)
    decision = decide(results, reference)
    return {
        "schema_version": SCHEMA_VERSION,
        "task": "classification",
        "unit": "patients",
        "verified": not too_few(reference),
        "held_out": sorted(set(patients)),
        "models": AUC.reported(records, results, split.classes),
        "decision": {"keep": decision.keep, "reason": decision.reason},
    }


def fitted_temperature(logits: Tensor, target: Tensor, offset: Tensor) -> float:
    """The temperature, 0.5 to 5, with which probabilities of logits / temperature + offset are the likeliest.

    logits and offset are questions and answers, (N, questions, answers) and (questions, answers), as target is. 1 for
    fewer than ten pictures.
    """
    if len(logits) < _LEAST_CALIBRATION:
        return 1.0
    losses = [cross_entropy(logits / float(one) + offset, target).item() for one in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])


@dataclass(frozen=True)
class _Imbalance:
    """What is done about rare classes: how often each labelled picture is drawn, their loss, how common each answer is,
    and, for findings, what of that is added to exported logits, and the thresholds, which are that as well."""

    shares: Tensor
    loss: LabelledLoss
    prior: Tensor
    offset: Tensor
    thresholds: list[float] | None


def _imbalance(way: Imbalance, split: PictureSplit) -> _Imbalance:
    """Either rare answers are drawn as often as others ("balanced", and "focal" with that loss), or pictures as they
    come ("adjusted"); logit adjustment for what was drawn then gives logits that leave out how common an answer is.

    Classes that exclude one another are told so: the likeliest is the answer, and a rare one would never be it.
    Findings have thresholds of their own, so their probabilities can be what they are, and the threshold is at how
    common each is, which is the same answer.
    """
    exclusive = split.kind == "label"
    target = answers(target_of(split.labelled, split.classes), exclusive)
    evenly = torch.full((len(target),), 1 / len(target))
    shares = evenly if way == "adjusted" else balanced_shares(target)
    loss = adjusted(focal if way == "focal" else cross_entropy, log_priors(target, shares))
    prior = log_priors(target, evenly)
    if exclusive:
        return _Imbalance(shares, loss, prior, torch.zeros(len(split.classes)), None)
    odds = prior[:, 1] - prior[:, 0]
    thresholds = odds.sigmoid().clamp(0.001, 0.999).tolist()
    return _Imbalance(shares, loss, prior, odds, thresholds)


def _continued(manifest: ModelManifest, split: PictureSplit) -> ModelManifest:
    """The parent's manifest. Raises JobError if the pictures have other classes."""
    if manifest.task != "classification" or manifest.one_by_one != (split.kind == "findings"):
        kind = "finds what may be there together" if split.kind == "findings" else "tells one class of several"
        raise JobError(f"{manifest.name} is no model that {kind}, as the labels do")
    names = {label.name for label in manifest.labels}
    if names != set(split.classes):
        other = sorted(names ^ set(split.classes))[0]
        raise JobError(f"{manifest.name} and the labels have different classes: {other} is in one of them only")
    return manifest


def _planned(split: PictureSplit, name: str) -> ModelManifest:
    return ModelManifest(
        name=model_name(name),
        version="0.0.0",
        title=name,
        task="classification",
        modalities=["OT"],
        body_part="",
        labels=[
            LabelClass(value=n + 1, name=one, colour=_COLOURS[n % len(_COLOURS)]) for n, one in enumerate(split.classes)
        ],
        preprocessing=Preprocessing(axes=OWN_AXES, size=(SIDE, SIDE)),
        activation="softmax" if split.kind == "label" else "sigmoid",
        scores=Scores(of="slice", gathered="max", features="features", weights="weights"),
        licence_code="Apache-2.0",
        licence_weights="that of the images it was trained on",
        network=classifier_spec(len(split.classes)),
        created=datetime.date.today().isoformat(),
    )


def _seen(split: PictureSplit, preprocessing: Preprocessing) -> SeenImages | None:
    """What the pictures to train on look like, of some of them."""
    step = max(1, len(split.train) // _LOOKED_AT)
    found = [image_statistics(read_image_file(one.file), preprocessing) for one in split.train[::step]]
    return seen_images(found) if len(found) >= LEAST_IMAGES else None


def _network(parent: ModelRecord | None, manifest: ModelManifest) -> Classifier:
    if parent is None:
        return build_classifier(manifest.network)
    try:
        return load_classifier(parent.folder, manifest)
    except (ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise JobError(f"{manifest.name} {manifest.version} cannot be trained: its weights do not fit") from error


def _train(
    job: Job,
    arms: Sequence[str],
    network: Classifier,
    sampler: PictureSampler,
    imbalance: _Imbalance,
    exclusive: bool,
    device: str,
    tell: Tell,
    check: Check,
    go_on: bool,
) -> tuple[dict[str, Classifier], int]:
    """The averaged networks by arm, and how many steps each had; they take turns, so that both can be stopped."""

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    def loss_of(arm: str, student: Classifier, teacher: Classifier, kept: dict[str, Tensor], whole: int) -> LossOfStep:
        prior = imbalance.prior.to(device)
        learning = Learning(student, teacher, sampler, imbalance.loss, prior, exclusive, _batch(job), device, kept)
        if arm == SUPERVISED:
            return supervised_loss(learning, mixing=job.recipe != "classification-fixmatch")
        return mixmatch_loss(learning, whole) if job.recipe == "classification-mixmatch" else fixmatch_loss(learning)

    def steps() -> int:
        if job.minutes is None:
            return job.steps
        seconds = 0.0
        for arm in arms:
            trial, averaged = (copy.deepcopy(network).to(device) for _ in range(2))
            seconds += step_seconds(trial, loss_of(arm, trial, averaged.requires_grad_(False), {}, 1))
        return max(1, int(60 * job.minutes / seconds))

    students = {arm: copy.deepcopy(network).to(device) for arm in arms}
    teachers = {arm: copy.deepcopy(student).requires_grad_(False).eval() for arm, student in students.items()}
    running: dict[str, dict[str, Tensor]] = {arm: {} for arm in arms}

    def training_of(arm: str, whole: int, went_back: WentBack) -> Training:
        settings = settings_of(whole, fine_tuned=job.parent_model is not None)
        loss = loss_of(arm, students[arm], teachers[arm], running[arm], whole)
        return Training(students[arm], teachers[arm], loss, settings, say=say, went_back=went_back)

    return teachers, train_in_turns(arms, training_of, steps, checkpoints_of(job), go_on, tell, check, running)


def _batch(job: Job) -> int:
    return job.batch or BATCH


def _calibrated(
    network: Classifier, split: PictureSplit, manifest: ModelManifest, offset: Tensor
) -> tuple[Calibrated, dict[str, Any]]:
    """The network with the temperature of the pictures that are left for it, and what to note of that."""
    exclusive, temperature = not manifest.one_by_one, 1.0
    if split.calibration:
        pictures = [torch.from_numpy(load_picture(one, manifest.preprocessing)) for one in split.calibration]
        with torch.no_grad():
            logits = questions(torch.cat([network(picture[None]) for picture in pictures]), exclusive)
        target = answers(target_of(split.calibration, split.classes), exclusive)
        temperature = fitted_temperature(logits, target, questions(offset[None], exclusive)[0])
    told = {"temperature": round(temperature, 3), "calibration_slices": len(split.calibration)}
    return Calibrated(network, temperature, offset), told


def _with_thresholds(manifest: ModelManifest, thresholds: Sequence[float] | None) -> ModelManifest:
    """The manifest with each label's threshold, if there are any, and a temperature that is in the graph."""
    labels = [
        label.model_copy(update={"threshold": thresholds[n]}) if thresholds else label
        for n, label in enumerate(manifest.labels)
    ]
    return manifest.model_copy(update={"labels": labels, "temperature": 1.0})


def _export(calibrated: Calibrated, manifest: ModelManifest, folder: Path) -> ModelRecord:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / CARD_FILE).write_text(_card(manifest), encoding="utf-8")
    return ModelRecord(export_classifier(calibrated, manifest, folder), folder, shipped=False, active=False)


def _told(record: ModelRecord, split: PictureSplit) -> Told:
    """What a model says of the held-out pictures."""
    model = load_model(record)
    likely = np.array([classify(read_image_file(one.file), model).series for one in split.held_out], np.float64)
    if record.manifest.one_by_one:
        return Told(likely, likely >= np.array([label.threshold for label in record.manifest.labels]))
    return Told(likely, likely.argmax(axis=1)[:, None] == np.arange(likely.shape[1]))


def _note_result(record: ModelRecord, report: dict[str, Any]) -> None:
    """Put what was measured into an arm's manifest, so that it stays with the model."""
    arm = record.manifest.training["arm"]
    noted = {
        "held_out_patients": len(report["held_out"]),
        "verified": report["verified"],
        "auc": report["models"][arm]["mean_auc"],
        "auc_of_current": report["models"].get(CURRENT, {}).get("mean_auc"),
    }
    training = {**record.manifest.training, "held_out": json_ready(noted)}
    write_manifest(record.manifest.model_copy(update={"training": training}), record.folder)


def _card(manifest: ModelManifest) -> str:
    origin = f"{manifest.parent.name} {manifest.parent.version}" if manifest.parent else "random weights"
    told = manifest.training
    classes = ", ".join(label.name for label in manifest.labels)
    rarity = (
        "Thresholds are at how common each finding is in the labelled pictures."
        if manifest.one_by_one
        else "Probabilities are as if all classes were equally common."
    )
    return (
        f"# {manifest.title} {manifest.version}\n\n**Not for diagnostic use.** Not a medical device.\n\n"
        f"Tells: {classes}. Trained on this machine from {origin}: {told['steps']} steps on {told['labelled_slices']} "
        f"pictures of {told['patients']} patients with labels and {told['unlabelled_slices']} without; "
        f"calibrated on {told['calibration_slices']} others. {rarity} Heat maps say where the network looked, not why. "
        f"What it was measured on, and how it did, is in manifest.json under training. "
        f"Weights: {manifest.licence_weights}.\n"
    )
