"""From a checkpoint of `training.brain_structures` to the model folder that is shipped: network, figures, card.

    python -m training.brain_structures_release --checkpoint FILE --label-maps DIR --out resources/models/NAME

The exported network, run as the viewer runs it, is measured on heads made from the held-out label maps and on the
demo head, which is a real one. Without --label-maps only the demo head is measured, and the card says so.

    python -m training.brain_structures_release --calibration --label-maps DIR --out resources/models/NAME

measures only how true the probabilities of a model are that has its card, and puts that into the card.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray

import resources
from inference.manifest import (
    CARD_FILE,
    MANIFEST_FILE,
    Code,
    LabelClass,
    ModelManifest,
    Preprocessing,
    load_manifest,
    write_manifest,
)
from inference.models import ModelRecord
from inference.runtime import LoadedModel, load_model
from inference.tasks import segment
from training.brain_structures import TEST, VALIDATION, anatomy, class_names, load_label_maps
from training.card import rounded
from training.evaluate import bootstrap_interval, calibration_error, dice_per_class, hd95_mm, mean_defined
from training.export import export_model, halve_stored_weights, round_to_half
from training.networks import build_network, unet_spec
from training.synthesis import Anatomy, SlabSettings

_SIDES = ("Left ", "Right ")
_FIGURES_FILE = "figures.json"
_EXAMPLES_FILE = "examples.png"
_LEAST_CLAIM = 0.1  # a structure that is less probable than that is no claim that a person sees
_DEMO_HEADING = "## Figures: the demo head"
_CALIBRATION_HEADING = "## Figures: are its probabilities true"
# Colours of FreeSurferColorLUT.txt; codes of DICOM PS3.16 CID 7140, which names them without a side.
_STRUCTURES: dict[str, tuple[tuple[int, int, int], Code]] = {
    "cerebral white matter": ((245, 245, 245), Code(value="68523003", scheme="SCT", meaning="Cerebral White Matter")),
    "cerebral cortex": ((205, 62, 78), Code(value="40146001", scheme="SCT", meaning="Cerebral Gray Matter")),
    "lateral ventricle": ((120, 18, 134), Code(value="66720007", scheme="SCT", meaning="Lateral Ventricle")),
    "cerebellar white matter": (
        (220, 248, 164),
        Code(value="33060004", scheme="SCT", meaning="Cerebellar White Matter"),
    ),
    "cerebellar cortex": ((230, 148, 34), Code(value="25991003", scheme="SCT", meaning="Cerebellar Cortex")),
    "thalamus": ((0, 118, 14), Code(value="119406000", scheme="SCT", meaning="Thalamus")),
    "caudate nucleus": ((122, 186, 220), Code(value="11000004", scheme="SCT", meaning="Caudate Nucleus")),
    "putamen": ((236, 13, 176), Code(value="89278009", scheme="SCT", meaning="Putamen")),
    "globus pallidus": ((12, 48, 255), Code(value="14738005", scheme="SCT", meaning="Globus Pallidus")),
    "hippocampus": ((220, 216, 20), Code(value="5366008", scheme="SCT", meaning="Hippocampus")),
    "amygdala": ((103, 255, 255), Code(value="4958002", scheme="SCT", meaning="Amygdala")),
    "nucleus accumbens": ((255, 165, 0), Code(value="427667007", scheme="SCT", meaning="Nucleus Accumbens")),
    "ventral diencephalon": ((165, 42, 42), Code(value="110700", scheme="DCM", meaning="Ventral Diencephalon")),
    "third ventricle": ((204, 182, 142), Code(value="49841001", scheme="SCT", meaning="Third ventricle")),
    "fourth ventricle": ((42, 204, 164), Code(value="35918002", scheme="SCT", meaning="Fourth Ventricle")),
    "brainstem": ((119, 159, 176), Code(value="119238007", scheme="SCT", meaning="Brain Stem")),
}


def labels() -> list[LabelClass]:
    """Name, colour and code of classes 1..29. The right side is a shade darker, so that a swap would be seen."""
    classes = []
    for value, name in enumerate(class_names(), start=1):
        side = next((s for s in _SIDES if name.startswith(s)), "")
        colour, code = _STRUCTURES[name.removeprefix(side).lower()]
        red, green, blue = (round(c * (0.8 if side == "Right " else 1.0)) for c in colour)
        classes.append(LabelClass(value=value, name=name, colour=(red, green, blue), code=code))
    return classes


def freesurfer_numbers() -> dict[int, int]:
    """The number that FreeSurfer gives to each class; of a class made of several, that of its main part."""
    parts = anatomy()
    return {int(c): int(parts.values[parts.classes == c].min()) for c in np.unique(parts.classes) if c > 0}


def manifest_of(version: str, network: dict[str, Any], training: dict[str, Any]) -> ModelManifest:
    """Manifest of the model without the hashes of its files."""
    slab = SlabSettings()
    return ModelManifest(
        name="brain-structures-mr",
        version=version,
        title="Brain structures, head MR",
        description="29 structures of the brain on head MR, best on T1-weighted scans; learnt from synthetic images "
        "alone (SynthSeg's method). Not for diagnostic use.",
        task="segmentation",
        modalities=["MR"],
        body_part="HEAD",
        labels=labels(),
        preprocessing=Preprocessing(
            spacing_mm=(slab.spacing_mm, slab.spacing_mm, slab.spacing_mm),
            context_slices=2 * slab.context + 1,
            size_multiple=2 ** (len(network["channels"]) - 1),
        ),
        licence_code="Apache-2.0",
        licence_weights="Apache-2.0",
        training=training,
        network=network,
        created=datetime.now(UTC).date().isoformat(),
    )


def export_checkpoint(
    checkpoint: Path,
    version: str,
    folder: Path,
    *,
    run: dict[str, str],
    channels: tuple[int, ...] = (24, 48, 96, 192, 256),
) -> ModelManifest:
    """Write the averaged weights of a checkpoint as a model folder, stored in half precision.

    The weights are rounded to half precision first, so that storing them so changes nothing; arithmetic stays
    in float32. run (the command and the hardware of the training) goes into the manifest as it is. Files of an
    earlier export are removed first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (MANIFEST_FILE, CARD_FILE, _FIGURES_FILE, _EXAMPLES_FILE):
        (folder / name).unlink(missing_ok=True)
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    network_spec = unet_spec(2 * SlabSettings().context + 1, len(class_names()) + 1, channels)
    network = build_network(network_spec)
    network.load_state_dict(saved["ema"])
    round_to_half(network)
    summary = {
        "recipe": "training.brain_structures",
        **run,
        "steps": saved["step"],
        "hours": round(saved["spent_s"] / 3600, 2),
        "data": "label maps of SynthSeg, images synthetic",
        "data_licence": "Apache-2.0",
        "validation_maps": list(VALIDATION),
        "test_maps": list(TEST),
    }
    manifest = export_model(network, manifest_of(version, network_spec, summary), folder)
    expected = _load(manifest, folder).run(_probe(manifest))
    halve_stored_weights(folder)
    manifest = write_manifest(manifest, folder)
    if not np.array_equal(_load(manifest, folder).run(_probe(manifest)), expected):
        raise RuntimeError("storing the weights in half precision changed what the network computes")
    return manifest


@dataclass(frozen=True)
class Condition:
    """How a test head is imaged: contrast, slice thickness along an axis of (k, j, i), with or without skull."""

    name: str
    contrast: Literal["T1", "T2", "FLAIR", "random"]
    thickness_mm: int = 1
    axis: int = 0
    stripped: bool = False


CONDITIONS = (
    Condition("T1-like, 1 mm", "T1"),
    Condition("T1-like, 1 mm, skull-stripped", "T1", stripped=True),
    Condition("random contrast, 1 mm", "random"),
    Condition("T2-like, 5 mm axial slices", "T2", thickness_mm=5),
    Condition("FLAIR-like, 4 mm axial slices", "FLAIR", thickness_mm=4),
    Condition("T1-like, 4 mm sagittal slices", "T1", thickness_mm=4, axis=2),
)


@dataclass(frozen=True)
class Measured:
    """One test image: which map and condition, Dice and HD95 (mm) by label value, seconds of the segmentation."""

    map: str
    condition: str
    dice: dict[int, float]
    hd95_mm: dict[int, float]
    seconds: float


@dataclass(frozen=True)
class Calibration:
    """Of one test image: expected calibration error over its voxels (count) whose likeliest structure has a
    probability of at least 0.1, the mean of those probabilities, and how often that structure is the right one."""

    map: str
    condition: str
    ece: float
    probability: float
    right: float
    voxels: int


@dataclass(frozen=True)
class Figures:
    """What is known of a model: test images, Dice with the demo head's tissues, agreement between contrasts, and of
    each test image how true the probabilities are."""

    images: list[Measured] = field(default_factory=list)
    tissue_dice: dict[str, float] = field(default_factory=dict)
    contrast_dice: dict[str, dict[int, float]] = field(default_factory=dict)
    calibration: list[Calibration] = field(default_factory=list)


def synthetic_head(generation_labels: NDArray[np.uint8], parts: Anatomy, condition: Condition, seed: int) -> sitk.Image:
    """An image of a whole label map (k, j, i at 1 mm, LPS), not deformed; its own code, not that of training."""
    rng = np.random.default_rng(seed)
    means = _tissue_means(parts, condition, rng)[generation_labels]
    image = sitk.GetImageFromArray(means)
    bias = sitk.GetImageFromArray(rng.normal(0, 0.15, (4, 4, 4)).astype(np.float32))
    bias.SetSpacing([(n - 1) / 3 for n in image.GetSize()])
    bias = sitk.Resample(bias, image, sitk.Transform(), sitk.sitkBSpline)
    image = sitk.Multiply(sitk.SmoothingRecursiveGaussian(image, [0.5] * 3), sitk.Exp(bias))
    if condition.thickness_mm > 1:
        image = _thick_slices(image, 2 - condition.axis, condition.thickness_mm)
    voxels = sitk.GetArrayFromImage(image)
    noisy = sitk.GetImageFromArray(np.abs(voxels + rng.normal(0, 0.03, voxels.shape).astype(np.float32)))
    noisy.CopyInformation(image)
    return noisy


def measure(
    model: LoadedModel,
    maps: dict[str, NDArray[np.uint8]],
    parts: Anatomy,
    conditions: Sequence[Condition],
    report: Callable[[str], None] = lambda line: None,
) -> list[Measured]:
    """Dice and HD95 of every label on every map and condition, at the map's 1 mm whatever the image's slices."""
    values = [label.value for label in model.manifest.labels]
    found = []
    for number, generation_labels in maps.items():
        reference = parts.classes.astype(np.uint8)[generation_labels]
        grid = sitk.GetImageFromArray(reference)
        for n, condition in enumerate(conditions):
            head = synthetic_head(generation_labels, parts, condition, seed=1000 * n + int(number))
            result = segment(head, model)
            on_grid = sitk.Resample(result.label_image, grid, sitk.Transform(), sitk.sitkNearestNeighbor)
            predicted = sitk.GetArrayFromImage(on_grid)
            dice = dice_per_class(predicted, reference, values)
            distance = {v: hd95_mm(predicted == v, reference == v, (1.0, 1.0, 1.0)) for v in values}
            found.append(Measured(number, condition.name, dice, distance, result.run.seconds))
            mean = mean_defined(list(dice.values()))
            report(f"map {number}, {condition.name}: mean Dice {mean:.3f}, {result.run.seconds:.0f} s")
    return found


def calibrate(
    model: LoadedModel,
    maps: dict[str, NDArray[np.uint8]],
    parts: Anatomy,
    conditions: Sequence[Condition],
    report: Callable[[str], None] = lambda line: None,
) -> list[Calibration]:
    """How true the probabilities are that a person sees, on the images of measure, at the map's 1 mm."""
    found = []
    for number, generation_labels in maps.items():
        reference = parts.classes.astype(np.uint8)[generation_labels]
        grid = sitk.GetImageFromArray(reference)
        for n, condition in enumerate(conditions):
            head = synthetic_head(generation_labels, parts, condition, seed=1000 * n + int(number))
            certainty = segment(head, model, with_certainty=True).certainty
            assert certainty is not None
            on_grid = []
            for values in (certainty.likeliest, certainty.probability):
                image = sitk.GetImageFromArray(values)
                image.CopyInformation(head)
                image = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkNearestNeighbor)
                on_grid.append(sitk.GetArrayFromImage(image))
            claimed = on_grid[1] >= 255 * _LEAST_CLAIM
            probability = on_grid[1][claimed] / np.float32(255)
            right = (on_grid[0] == reference)[claimed]
            ece = calibration_error(probability, right)
            mean, share = (float(x.mean()) if x.size else float("nan") for x in (probability, right))
            found.append(Calibration(number, condition.name, ece, mean, share, int(claimed.sum())))
            report(f"map {number}, {condition.name}: ECE {ece:.3f}, claimed {mean:.3f}, right {share:.3f}")
    return found


def recalibrate(folder: Path, label_maps: Path) -> None:
    """Measure how true the probabilities of a model are that has its card and figures already, and put that there."""
    manifest = load_manifest(folder)
    parts = anatomy()
    maps = {n: m.numpy() for n, m in load_label_maps(label_maps, parts).items() if n in TEST}
    found = calibrate(_load(manifest, folder), maps, parts, CONDITIONS, lambda line: print(line, flush=True))
    figures = json.loads((folder / _FIGURES_FILE).read_text(encoding="utf-8"))
    figures["calibration"] = rounded([asdict(one) for one in found])
    (folder / _FIGURES_FILE).write_text(json.dumps(figures), encoding="utf-8")
    card = (folder / CARD_FILE).read_text(encoding="utf-8")
    before, heading, after = card.partition(_DEMO_HEADING)
    before = before.partition(_CALIBRATION_HEADING)[0]
    (folder / CARD_FILE).write_text(f"{before}{_card_calibration(found)}\n\n{heading}{after}", encoding="utf-8")
    write_manifest(manifest, folder)


def tissue_agreement(model: LoadedModel, head: sitk.Image, tissues: sitk.Image) -> dict[str, float]:
    """Dice with a grey (1) and white (2) matter map of the same head that was made without this model.

    Structures that tissue maps split between both (thalamus, pallidum, ventral diencephalon, brainstem,
    accumbens) are left out on both sides.
    """
    predicted = sitk.GetArrayFromImage(segment(head, model).label_image)
    is_grey = ("cortex", "hippocampus", "amygdala", "caudate", "putamen")
    is_split = ("thalamus", "pallidus", "diencephalon", "Brainstem", "accumbens")
    tissue_of = np.zeros(256, dtype=np.uint8)
    counted = np.ones(256, dtype=np.uint8)
    for label in model.manifest.labels:
        grey, white = any(n in label.name for n in is_grey), "white matter" in label.name
        tissue_of[label.value] = 1 if grey else 2 if white else 0
        counted[label.value] = not any(n in label.name for n in is_split)
    reference = sitk.GetArrayFromImage(tissues) * counted[predicted]
    scores = dice_per_class(tissue_of[predicted], reference, [1, 2])
    return {"grey matter": scores[1], "white matter": scores[2]}


def contrast_agreement(model: LoadedModel, images: dict[str, sitk.Image]) -> dict[str, dict[int, float]]:
    """Dice between the label maps of images of one head on one grid (T1, T2, ...), for each pair of them.

    A real head without a reference: a structure that is found from one contrast ought to be found from another.
    """
    values = [label.value for label in model.manifest.labels]
    found = {name: sitk.GetArrayFromImage(segment(image, model).label_image) for name, image in images.items()}
    return {f"{a} and {b}": dice_per_class(found[a], found[b], values) for a, b in itertools.combinations(found, 2)}


def write_card(manifest: ModelManifest, figures: Figures, limits: str, folder: Path) -> ModelManifest:
    """Write card.md and, where there are any, figures.json; returns the manifest that lists them.

    limits is Markdown: what was seen on other heads, where the model fails.
    """
    sections = [_card_head(manifest), _card_use(), _card_demo(figures)]
    if figures.images:
        sections.insert(2, _card_test(manifest, figures))
    else:
        sections.insert(2, "## Figures: synthetic images of held-out heads\n\nNot measured for this version.")
    sections.insert(3, _card_calibration(figures.calibration))
    if figures.contrast_dice:
        sections.append(_card_contrasts(manifest, figures))
    sections.append(f"## Where it fails\n\n{limits.strip() or 'Not looked at yet: trust nothing.'}")
    if (folder / _EXAMPLES_FILE).exists():
        sections.append(
            f"![The demo head and synthetic heads, plain and with labels]({_EXAMPLES_FILE})\n\nFirst column: MNI152 "
            "T1 average (ICBM; see the notice of the demo study). Others: synthetic images of held-out maps. Seen "
            "from the feet and from the front: the patient's left is at the right of the picture."
        )
    (folder / CARD_FILE).write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    if figures.images:
        (folder / _FIGURES_FILE).write_text(json.dumps(rounded(asdict(figures))), encoding="utf-8")
    return write_manifest(manifest, folder)


def draw_examples(model: LoadedModel, heads: Sequence[sitk.Image], folder: Path) -> None:
    """examples.png: axial, coronal and sagittal planes of each head, plain and with the labels."""
    columns = [picture_of(head, segment(head, model).label_image, model.manifest) for head in heads]
    height = max(column.shape[0] for column in columns)
    padded = [np.pad(column, ((0, height - column.shape[0]), (0, 6), (0, 0))) for column in columns]
    write_picture(np.concatenate(padded, axis=1), folder / _EXAMPLES_FILE)


def picture_of(head: sitk.Image, label_image: sitk.Image, manifest: ModelManifest) -> NDArray[np.uint8]:
    """Three planes through the middle of the structures, each plain beside labelled; (rows, columns, RGB), 1 mm.

    An axial plane as seen from the feet, a coronal one as seen from the front, a sagittal one of the left side.
    """
    head, label_image = (sitk.DICOMOrient(image, "LPS") for image in (head, label_image))
    grid = sitk.Image([round(n * s) for n, s in zip(head.GetSize(), head.GetSpacing(), strict=True)], sitk.sitkUInt8)
    grid.SetDirection(head.GetDirection())
    grid.SetOrigin(head.TransformContinuousIndexToPhysicalPoint([-0.5 + 0.5 / s for s in head.GetSpacing()]))
    voxels = sitk.GetArrayFromImage(sitk.Resample(head, grid, sitk.Transform(), sitk.sitkLinear))
    classes = sitk.GetArrayFromImage(sitk.Resample(label_image, grid, sitk.Transform(), sitk.sitkNearestNeighbor))
    low, high = np.percentile(voxels, (0.5, 99.7))
    grey = (255 * np.clip((voxels.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)
    colours = np.zeros((256, 3), dtype=np.uint8)
    for label in manifest.labels:
        colours[label.value] = label.colour
    found = np.argwhere(classes > 0)
    k, j, i = found.mean(0).astype(int) if len(found) else np.array(classes.shape) // 2
    planes = []
    left = min(i + 25, classes.shape[2] - 1)
    for plane in (np.s_[max(k - 8, 0)], np.s_[::-1, j], np.s_[::-1, :, left]):
        base = np.repeat(grey[plane][..., None], 3, axis=2)
        labelled = (0.5 * base + 0.5 * colours[classes[plane]]).astype(np.uint8)
        planes.append(np.concatenate([base, np.where(classes[plane][..., None] > 0, labelled, base)], axis=1))
    width = max(plane.shape[1] for plane in planes)
    return np.concatenate([np.pad(p, ((0, 4), (0, width - p.shape[1]), (0, 0))) for p in planes], axis=0)


def write_picture(picture: NDArray[np.uint8], file: Path) -> None:
    """Write (rows, columns, RGB) as PNG; 32 levels of each colour, which halves the file."""
    sitk.WriteImage(sitk.GetImageFromArray(picture & 0xF8, isVector=True), str(file), useCompression=True)


def demo_head() -> tuple[sitk.Image, sitk.Image]:
    """The demo study's volume and its tissue map: the MNI152 T1 average without its skull, 1 mm."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(resources.path("demo", "mni152-t1"))))
    return reader.Execute(), sitk.ReadImage(str(resources.path("demo", "tissues.nii.gz")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, help="what the model is exported of; not with --calibration")
    parser.add_argument("--calibration", action="store_true", help="only measure the probabilities of the model there")
    parser.add_argument("--out", type=Path, required=True, help="the model folder; what is in it is replaced")
    parser.add_argument("--label-maps", type=Path, help="measure on the held-out maps of this folder")
    parser.add_argument(
        "--contrasts", type=Path, nargs="+", action="append", default=[], help="images of one head on one grid; repeat"
    )
    parser.add_argument("--limits", type=Path, help="Markdown for the card: what was seen on other heads")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--channels", default="24,48,96,192,256")
    parser.add_argument("--hardware", default="2 CPU cores shared with other work", help="what the training ran on")
    parser.add_argument(
        "--command",
        default="python -m training.brain_structures --label-maps DIR --out OUT --minutes 78",
        help="what the training was started with",
    )
    options = parser.parse_args()
    torch.manual_seed(0)
    if options.calibration:
        if options.label_maps is None:
            parser.error("--calibration needs --label-maps")
        recalibrate(options.out, options.label_maps)
        return
    if options.checkpoint is None:
        parser.error("--checkpoint is needed")
    manifest = export_checkpoint(
        options.checkpoint,
        options.version,
        options.out,
        run={"command": options.command, "hardware": options.hardware},
        channels=tuple(int(n) for n in options.channels.split(",")),
    )
    model = _load(manifest, options.out)
    head, tissues = demo_head()
    images: list[Measured] = []
    calibration: list[Calibration] = []
    examples = [head]
    if options.label_maps is not None:
        parts = anatomy()
        maps = {n: m.numpy() for n, m in load_label_maps(options.label_maps, parts).items() if n in TEST}
        images = measure(model, maps, parts, CONDITIONS, report=lambda line: print(line, flush=True))
        calibration = calibrate(model, maps, parts, CONDITIONS, report=lambda line: print(line, flush=True))
        shown = zip(maps.items(), (CONDITIONS[0], CONDITIONS[2], CONDITIONS[4]), strict=True)
        examples += [synthetic_head(labels, parts, condition, seed=int(n)) for (n, labels), condition in shown]
    contrast_dice: dict[str, dict[int, float]] = {}
    for files in options.contrasts:
        contrast_dice |= contrast_agreement(model, {p.name.split(".")[0]: sitk.ReadImage(str(p)) for p in files})
    figures = Figures(images, tissue_agreement(model, head, tissues), contrast_dice, calibration)
    draw_examples(model, examples, options.out)
    limits = options.limits.read_text(encoding="utf-8") if options.limits else ""
    write_card(manifest, figures, limits, options.out)
    print(f"Dice with the demo head's tissues: {figures.tissue_dice}")


def _card_head(manifest: ModelManifest) -> str:
    training = manifest.training
    channels = ", ".join(map(str, manifest.network["channels"]))
    assert manifest.preprocessing.spacing_mm is not None
    context, spacing = manifest.preprocessing.context_slices, manifest.preprocessing.spacing_mm[0]
    release = "python -m training.brain_structures_release --checkpoint OUT/checkpoint.pt --label-maps DIR --out MODEL"
    return f"""# {manifest.title} ({manifest.name} {manifest.version})

**Not for diagnostic use.** Not a medical device, not validated on patients.

**How it was trained.** {training["steps"]} steps, {training["hours"]} h on {training["hardware"]}.
Images were made from 12 label maps while it ran; no real image was ever used. That is very short for this method.

    {training["command"]}
    {release} --version {manifest.version}

The same command trains at full scale on a GPU, which it uses if there is one, and goes on from its checkpoint when it
is run again. A start for a day on one, not tried: `--minutes 1440 --batch 64 --slabs 8
--workers 12 --channels 32,64,128,256,320`.

**Data.** 16 whole-head label maps of SynthSeg (Billot et al., Medical Image Analysis 86, 2023,
https://github.com/BBillot/SynthSeg), 1 mm, FreeSurfer's numbers. Licence of the data: Apache-2.0. DIR holds them as
training_seg_NN.nii.gz. Licence of the weights and of the code: Apache-2.0.

**Split.** 12 maps trained on; {", ".join(VALIDATION)} watched during training;
{", ".join(TEST)} held out for the figures below.

**Network.** 2-D residual U-Net ({channels} channels, instance normalisation). Input: {context} neighbouring
axial slices at {spacing} mm, scaled between percentiles; output: the middle one. Loss: Dice and cross-entropy; AdamW;
averaged weights (EMA 0.999). Weights are stored in half precision, arithmetic is in single precision."""


def _card_use() -> str:
    return """## Intended use

A first draft of 29 brain structures on head MR, for a person to look at and correct, for teaching, and as a start for
fine-tuning. Most of the training images were like T1-weighted ones, and on those it is best. The axes of the scan must
be right in its header: left and right are taken from there. Not for diagnosis, not for follow-up of volumes, not for
CT, not for heads with large lesions, after surgery, of infants: none of these was in the label maps."""


def _card_test(manifest: ModelManifest, figures: Figures) -> str:
    images = figures.images
    heads = list(dict.fromkeys(row.map for row in images))
    conditions = list(dict.fromkeys(row.condition for row in images))
    lines = [
        "## Figures: synthetic images of held-out heads",
        "",
        f"{len(images)} images: {len(heads)} held-out label maps x {len(conditions)} ways of imaging, made by other",
        "code than the training images and compared with the label map at 1 mm; the exported network, run as the",
        "viewer runs it. Intervals: 95 % percentile bootstrap over heads. With this few heads they are little more",
        "than the range of the heads, and synthetic images flatter: expect less on patients. HD95 in mm;",
        "a structure that was missed altogether counts with the diagonal of the volume.",
        "",
        "| Structure | FreeSurfer | Dice | 95 % interval | HD95 | 95 % interval |",
        "|---|---|---|---|---|---|",
    ]
    numbers = freesurfer_numbers()
    for label in manifest.labels:
        dice = _with_interval([row.dice[label.value] for row in images], images, 3)
        distance = _with_interval([row.hd95_mm[label.value] for row in images], images, 1)
        lines.append(f"| {label.name} | {numbers[label.value]} | {dice} | {distance} |")
    overall = [mean_defined(list(row.dice.values())) for row in images]
    distances = [mean_defined(list(row.hd95_mm.values())) for row in images]
    lines.append(f"| **Mean** | | {_with_interval(overall, images, 3)} | {_with_interval(distances, images, 1)} |")
    lines += ["", "| Way of imaging | mean Dice | 95 % interval | mean HD95 | 95 % interval |", "|---|---|---|---|---|"]
    for name in conditions:
        rows = [n for n, row in enumerate(images) if row.condition == name]
        of_condition = [images[n] for n in rows]
        dice = _with_interval([overall[n] for n in rows], of_condition, 3)
        lines.append(f"| {name} | {dice} | {_with_interval([distances[n] for n in rows], of_condition, 1)} |")
    seconds = [row.seconds for row in images]
    lines += [
        "",
        f"Time for one image on {os.cpu_count()} CPU cores: {min(seconds):.0f} to {max(seconds):.0f} s.",
    ]
    return "\n".join(lines)


def _card_calibration(found: Sequence[Calibration]) -> str:
    if not found:
        return f"{_CALIBRATION_HEADING}\n\nExpected calibration error (ECE): not measured for this version."
    heads, conditions = (list(dict.fromkeys(getattr(one, name) for one in found)) for name in ("map", "condition"))
    lines = [
        _CALIBRATION_HEADING,
        "",
        f"Expected calibration error (ECE, 15 bins) on {len(found)} synthetic images: {len(heads)} held-out label maps",
        f"x {len(conditions)} ways of imaging, as for the Dice above; over the voxels whose likeliest structure has a",
        f"probability of at least {_LEAST_CLAIM}. 0 would be perfect: of voxels with a probability of 0.8, 80 % right.",
        "Where the mean probability is above the share that is right, the model claims too much. 95 % percentile",
        "bootstrap over heads; with this few heads that is little more than their range, and patients will be worse.",
        "",
        "| Way of imaging | ECE | 95 % interval | mean probability | right |",
        "|---|---|---|---|---|",
    ]
    for name in (*conditions, ""):
        rows = [one for one in found if name in ("", one.condition)]
        ece = _with_interval([one.ece for one in rows], rows, 3)
        claimed, right = (mean_defined([getattr(one, what) for one in rows]) for what in ("probability", "right"))
        lines.append(f"| {name or '**Mean**'} | {ece} | {claimed:.3f} | {right:.3f} |")
    return "\n".join(lines)


def _card_demo(figures: Figures) -> str:
    agreement = ", ".join(f"{name} {score:.3f}" for name, score in figures.tissue_dice.items())
    return f"""{_DEMO_HEADING}

MNI152 T1 average (152 adults, without skull). Dice with the template's own tissue maps, made without this model,
thalamus, pallidum, accumbens, ventral diencephalon and brainstem left out: {agreement}."""


def _card_contrasts(manifest: ModelManifest, figures: Figures) -> str:
    lines = [
        "## Figures: one patient, several contrasts",
        "",
        "Dice between the results of two contrasts of one real head, which has no reference: mean over the structures,",
        "and the lowest.",
        "",
        "| Contrasts | mean | lowest |",
        "|---|---|---|",
    ]
    names = {label.value: label.name for label in manifest.labels}
    for pair, dice in figures.contrast_dice.items():
        defined = {value: score for value, score in dice.items() if not math.isnan(score)}
        worst = min(defined, key=defined.__getitem__)
        lines.append(f"| {pair} | {mean_defined(list(dice.values())):.3f} | {names[worst]} {defined[worst]:.3f} |")
    return "\n".join(lines)


def _with_interval(values: Sequence[float], images: Sequence[Measured | Calibration], digits: int) -> str:
    """Mean | interval, as two cells; the images of one head are one case."""
    by_head: dict[str, list[float]] = {}
    for value, image in zip(values, images, strict=True):
        by_head.setdefault(image.map, []).append(value)
    cases = [mean_defined(of_head) for of_head in by_head.values()]
    low, high = bootstrap_interval(cases)
    return f"{mean_defined(cases):.{digits}f} | {low:.{digits}f} to {high:.{digits}f}"


def _tissue_means(parts: Anatomy, condition: Condition, rng: np.random.Generator) -> NDArray[np.float32]:
    """Intensity of each generation label; both sides of a tissue share it."""
    tissues = int(parts.tissues.max()) + 1
    if condition.contrast == "random":
        means = rng.uniform(0.05, 1, tissues)[parts.tissues]
    else:
        t1 = parts.t1_mean + rng.normal(0, 0.04, tissues)[parts.tissues]
        means = t1 if condition.contrast == "T1" else 1 - 0.85 * t1
        if condition.contrast == "FLAIR":  # T2 with the signal of fluid suppressed
            means = np.where(parts.t1_mean < 0.2, 0.12, means)
    means = means.astype(np.float32)
    means[0] = 0
    if condition.stripped:
        means[parts.outside] = 0
        means[parts.fluid] = 0
    return means


def _thick_slices(image: sitk.Image, index_axis: int, thickness_mm: int) -> sitk.Image:
    sigma = [0.0, 0.0, 0.0]
    sigma[index_axis] = thickness_mm / 2.355
    blurred = sitk.DiscreteGaussian(image, [s**2 for s in sigma])
    size, spacing, origin = list(image.GetSize()), [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    size[index_axis] //= thickness_mm
    spacing[index_axis] = float(thickness_mm)
    origin[index_axis] = (thickness_mm - 1) / 2
    return sitk.Resample(blurred, size, sitk.Transform(), sitk.sitkLinear, origin, spacing, image.GetDirection())


def _probe(manifest: ModelManifest) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.random((2, manifest.preprocessing.context_slices, 96, 80), dtype=np.float32)


def _load(manifest: ModelManifest, folder: Path) -> LoadedModel:
    return load_model(ModelRecord(manifest, folder, shipped=True, active=True))


if __name__ == "__main__":
    main()
