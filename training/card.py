"""What is written of a trained model: where it comes from, and what was measured, for programs and for people."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from inference.manifest import ModelManifest, SeenImages, Statistic, file_sha256
from inference.models import ModelRecord
from inference.runtime import load_model
from inference.seen import LEAST_IMAGES, image_statistics, seen_images, undecided
from training.calibration import Calibration
from training.dataset import Split, known_as, read_image

_PACKAGES = ("torch", "monai", "numpy", "onnx", "onnxruntime", "SimpleITK")
_MOST_ASKED = 10  # training images that a new network is asked about


def provenance(data: Path, split: Split, device: str) -> dict[str, Any]:
    """The SHA-256 of each image and label file of a dataset folder, without its name, which may be a patient's, and the
    versions of what trained on it."""
    held = {part.name for unit in split.held_out for part in unit.parts}
    cases = {case.name: case for case in (*split.train, *(p for unit in split.held_out for p in unit.parts))}
    files = []
    for case in cases.values():
        entry: dict[str, Any] = {"case": known_as("case", case.name), "image": file_sha256(case.image_file)}
        if case.label_file is not None:
            entry["labels"] = file_sha256(case.label_file)
        files.append(entry | {"held_out": case.name in held and split.unit == "patients"})
    named = ("confirmed.json", "patients.csv", "boxes.csv", "checked.csv")
    lists = {name: file_sha256(data / name) for name in named if (data / name).is_file()}
    return {"data": files, "lists": lists, "versions": _versions(), "device": device}


def widened(seen: SeenImages | None, split: Split, manifest: ModelManifest) -> SeenImages | None:
    """What a model has seen once it has learnt from the annotated training images of a split, too.

    A model that is trained further has not unlearnt what images its parent saw: the ranges of those are kept, and
    widened to hold the new ones. Of a new model, and of a parent that tells nothing, they are those of the training
    images, if these are enough; else None. What the network itself says of them is added by hesitating.
    """
    new: list[dict[Statistic, float]] = [
        image_statistics(read_image(case), manifest.preprocessing) for case in split.train if case.slices != ()
    ]
    if seen is None:
        return seen_images(new) if len(new) >= LEAST_IMAGES else None
    ranges: dict[Statistic, tuple[float, float]] = {
        name: (min(low, *(one.get(name, low) for one in new)), max(high, *(one.get(name, high) for one in new)))
        for name, (low, high) in seen.ranges.items()
    }
    return SeenImages(images=seen.images + len(new), ranges=ranges)


def hesitating(record: ModelRecord, split: Split) -> ModelRecord:
    """A trained model whose range of undecided voxels, if its parent has one, holds what it says of training images:
    its weights and its temperature are others than the parent's. write_manifest is left to the caller."""
    seen = record.manifest.seen
    if seen is None or "undecided" not in seen.ranges:
        return record
    model = load_model(record)
    labelled = [case for case in split.train if case.slices != ()][:_MOST_ASKED]
    told = [undecided(read_image(case), model) for case in labelled]
    values = [*seen.ranges["undecided"], *(share for share in told if share is not None)]
    ranges: dict[Statistic, tuple[float, float]] = {**seen.ranges, "undecided": (min(values), max(values))}
    widest = SeenImages(images=seen.images, ranges=ranges)
    return replace(record, manifest=record.manifest.model_copy(update={"seen": widest}))


def calibration_of(found: Calibration) -> dict[str, Any]:
    """A calibration as a manifest tells it."""
    return asdict(found) | {"where": "in the graph"}


def card(manifest: ModelManifest, report: dict[str, Any]) -> str:
    """The model card of a trained arm, in Markdown, for a radiologist; a report of compare."""
    training = manifest.training
    arm = str(training["arm"])
    found, current = report["models"][arm], report["models"].get("current")
    origin = f"{manifest.parent.name} {manifest.parent.version}" if manifest.parent else "random weights"
    unit, count = report["unit"], len(report["held_out"])
    verified = "" if report["verified"] else "**Unverified on other patients.** "
    lines = [
        f"# {manifest.title} {manifest.version}",
        "**Not for diagnostic use.** Not a medical device.",
        "## What it is",
        f"It marks {', '.join(label.name for label in manifest.labels)} on {', '.join(manifest.modalities)}. "
        f"Trained on one computer from {origin}: {training['steps']} steps of {training['batch']} images (seed "
        f"{training['seed']}, {arm}) on {training['labelled_slices']} annotated slices. Annotated were "
        f"{_counted(training['patients'], 'patients')}, the held-out ones included.",
        *_of_networks(training.get("networks", 1)),
        *_of_study(training.get("tuning")),
        "## How it was measured",
        verified
        + (
            f"On {_counted(count, unit)} that neither it nor the models it came from were trained on."
            if count and training.get("networks", 1) == 1
            else f"On {_counted(count, unit)}, each by the one of its networks that was not trained on them, nor were "
            "those it came from. The mean itself has learnt from all and is not measured."
            if count
            else "Nothing could be held out, so nothing was measured."
        ),
    ]
    if count and unit == "slices":
        lines.append("Other slices of the same patients were trained on: of other patients this says little.")
    if count:
        rows = [("This model", found), *([("The model before", current)] if current else [])]
        lines.append(
            _table(
                ("", "Dice (95 % interval)", "HD95 in mm (95 % interval)"),
                [
                    (
                        name,
                        _told(one["mean_dice"], one["dice_interval"], "{:.3f}"),
                        _told(one["hd95_mm"], one["hd95_mm_interval"], "{:.1f}"),
                    )
                    for name, one in rows
                ],
            )
        )
        if "gain" in found:
            lines.append(f"Gain in Dice: {_told(found['gain'], found['gain_interval'], '{:+.3f}')}.")
        lines += ["By structure:", figures_of_structures(found)]
        lines += ["By case:", _table(("Case", "Structure", "Dice", "HD95 in mm"), [
            (str(n), name, _told(dice, None, "{:.3f}"),
             _told(found["hd95_mm_of_class"][held].get(name, float("nan")), None, "{:.1f}"))
            for n, held in enumerate(report["held_out"], 1)
            for name, dice in found["dice"][held].items() if dice == dice
        ])]  # fmt: skip
        lines.append(
            "Intervals are bootstrap intervals over what was held out; with few of them they are themselves uncertain, "
            "and of one there is none."
        )
    lines += [
        "What the program advised: " + report["decision"]["reason"],
        "## Its probabilities",
        calibrated(manifest),
    ]
    lines += [
        "## What it is not for",
        "Diagnosis, other modalities, body parts and structures than these, and patients unlike those it learnt from "
        "(other scanners, ages, diseases). A person has to look at every result.",
        "## Weights",
        f"{manifest.licence_weights}. Hashes of what it was trained on, versions and seed are in manifest.json under "
        "training.",
    ]
    return "\n\n".join(lines) + "\n"


def _of_networks(count: int) -> list[str]:
    if count == 1:
        return []
    return [f"It is the mean of {count} networks, each trained that many steps without some of the patients."]


def _of_study(found: Any) -> list[str]:
    if not found:
        return []
    low, high = found["gain_interval"]
    taken = "are what it was trained by" if found["taken"] else "were not taken"
    return [
        f"Before, {found['trials']} settings were tried on {found['patients']} of the patients to train on. The best "
        f"{taken}: their gain in Dice over the usual ones was {found['gain']:+.3f} ({low:+.3f} to {high:+.3f})."
    ]


def rounded(value: Any) -> Any:
    """Figures for a file of them: to four digits after the point, what is not defined as None."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


def figures_of_structures(found: dict[str, Any]) -> str:
    """A table of what compare measured of a model, by structure."""
    return _table(
        ("Structure", "Dice (95 % interval)", "HD95 in mm (95 % interval)"),
        [
            (
                name,
                _told(one["dice"], one["dice_interval"], "{:.3f}"),
                _told(one["hd95_mm"], one["hd95_mm_interval"], "{:.1f}"),
            )
            for name, one in found["classes"].items()
        ],
    )


def calibrated(manifest: ModelManifest) -> str:
    """Whether the model's probabilities are true, in sentences."""
    found = manifest.training["calibration"]
    assert isinstance(found, dict)
    if found["unit"] is None:
        return "Not calibrated: no labels were held out to do it on (temperature 1)."
    before, after = (_told(found[name], None, "{:.3f}") for name in ("ece_before", "ece_after"))
    how = (
        "each held-out part with a temperature fitted on the others"
        if found["checked_on_others"]
        else "on what the temperature was fitted on, so it is flattered"
    )
    return (
        f"Temperature {found['temperature']:.2f}, in the graph, fitted on {_counted(found['units'], found['unit'])} "
        f"that were held out. Expected calibration error where it marks something: {before} before, {after} "
        f"after ({how})."
    )


def _counted(count: Any, plural: str) -> str:
    return f"{count} {plural if count != 1 else plural[:-1]}"


def _told(value: float | None, interval: tuple[float, float] | None, form: str) -> str:
    if value is None or value != value:
        return "not defined"
    between = f" ({form.format(interval[0])} to {form.format(interval[1])})" if interval else ""
    return form.format(value) + between


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
