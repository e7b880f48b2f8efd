"""From a checkpoint of `training.brain_structures` to the model folder that is shipped: network, figures, card.

    python -m training.brain_structures_release --checkpoint FILE --label-maps DIR --out DIR --version 0.1.0

Measures the exported network, run as the viewer runs it, on heads made from the held-out label maps and on the
MNI152 template that the nilearn package ships (pip install nilearn).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.torch import load_file, save_file

from inference.manifest import (
    NETWORK_FILE,
    WEIGHTS_FILE,
    Code,
    LabelClass,
    ModelManifest,
    Preprocessing,
    write_manifest,
)
from inference.models import ModelRecord
from inference.runtime import LoadedModel, load_model
from inference.tasks import segment
from training.brain_structures import TEST, VALIDATION, anatomy, class_names, load_label_maps
from training.evaluate import bootstrap_interval, dice_per_class, hd95_mm, mean_defined
from training.export import export_model
from training.networks import build_network, unet_spec
from training.synthesis import Anatomy, SlabSettings

_SIDES = ("Left ", "Right ")
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


def manifest_of(version: str, network: dict[str, Any], training: dict[str, Any]) -> ModelManifest:
    """Manifest of the model without the hashes of its files."""
    slab = SlabSettings()
    return ModelManifest(
        name="brain-structures-mr",
        version=version,
        title="Brain structures, head MR of any contrast",
        description="29 structures of the brain on head MR, learnt from synthetic images alone (SynthSeg's method). "
        "Not for diagnostic use.",
        task="segmentation",
        modalities=["MR"],
        body_part="HEAD",
        labels=labels(),
        preprocessing=Preprocessing(
            spacing_mm=(slab.spacing_mm,) * 3,
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
    checkpoint: Path, version: str, folder: Path, channels: tuple[int, ...] = (24, 48, 96, 192, 256)
) -> ModelManifest:
    """Write the averaged weights of a checkpoint as a model folder, stored in half precision.

    The weights are rounded to half precision first, so that storing them so changes nothing; arithmetic stays
    in float32.
    """
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")
    weights = {name: value.half().float() for name, value in saved["ema"].items()}
    network_spec = unet_spec(2 * SlabSettings().context + 1, len(class_names()) + 1, channels)
    network = build_network(network_spec)
    network.load_state_dict(weights)
    summary = {
        "recipe": "training.brain_structures",
        "steps": saved["step"],
        "hours": round(saved["spent_s"] / 3600, 2),
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


def halve_stored_weights(folder: Path) -> None:
    """Store the weights of model.onnx and weights.safetensors as float16, cast to float32 when they are loaded."""
    model = onnx.load(folder / NETWORK_FILE)
    casts = []
    for tensor in list(model.graph.initializer):
        if tensor.data_type != TensorProto.FLOAT:
            continue
        name = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{name}.half")
        model.graph.initializer.remove(tensor)
        model.graph.initializer.append(half)
        casts.append(helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT))
    for cast in casts:
        model.graph.node.insert(0, cast)
    onnx.save(model, folder / NETWORK_FILE)
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({name: value.half() for name, value in weights.items()}, folder / WEIGHTS_FILE)


@dataclass(frozen=True)
class Condition:
    """How a synthetic test head is imaged: contrast, slice thickness along an axis (k, j, i), with or without skull."""

    name: str
    contrast: str  # "T1", "T2" or "random"
    thickness_mm: int = 1
    axis: int = 0
    stripped: bool = False


CONDITIONS = (
    Condition("T1-like, 1 mm", "T1"),
    Condition("T2-like, 1 mm", "T2"),
    Condition("random contrast, 1 mm", "random"),
    Condition("T1-like, 1 mm, skull-stripped", "T1", stripped=True),
    Condition("T2-like, 5 mm axial slices", "T2", thickness_mm=5),
    Condition("T1-like, 4 mm sagittal slices", "T1", thickness_mm=4, axis=2),
)


def synthetic_head(
    generation_labels: NDArray[np.uint8], parts: Anatomy, condition: Condition, seed: int
) -> sitk.Image:
    """An image of a whole label map (k, j, i at 1 mm, LPS), not deformed; its own code, not that of training."""
    rng = np.random.default_rng(seed)
    tissues = int(parts.tissues.max()) + 1
    jitter = rng.normal(0, 0.04, tissues)[parts.tissues]
    if condition.contrast == "random":
        means = rng.uniform(0.05, 1, tissues)[parts.tissues]
    else:
        means = parts.t1_mean + jitter if condition.contrast == "T1" else 1 - 0.85 * (parts.t1_mean + jitter)
    means = means.astype(np.float32)
    means[0] = 0
    if condition.stripped:
        means[parts.outside] = 0
        means[parts.fluid] = 0
    image = sitk.GetImageFromArray(means[generation_labels])
    field = sitk.GetImageFromArray(rng.normal(0, 0.15, (4, 4, 4)).astype(np.float32))
    field.SetSpacing([(n - 1) / 3 for n in image.GetSize()])
    field = sitk.Resample(field, image, sitk.Transform(), sitk.sitkBSpline)
    image = sitk.Multiply(sitk.SmoothingRecursiveGaussian(image, 0.5), sitk.Exp(field))
    if condition.thickness_mm > 1:
        image = _thick_slices(image, 2 - condition.axis, condition.thickness_mm)
    voxels = sitk.GetArrayFromImage(image)
    noisy = sitk.GetImageFromArray(np.abs(voxels + rng.normal(0, 0.03, voxels.shape).astype(np.float32)))
    noisy.CopyInformation(image)
    return noisy


def measure(
    model: LoadedModel, maps: dict[str, NDArray[np.uint8]], parts: Anatomy, conditions: tuple[Condition, ...]
) -> list[dict[str, Any]]:
    """Dice and HD95 (mm) of every class on every map and condition, at the map's 1 mm: one row per image."""
    values = [label.value for label in model.manifest.labels]
    rows = []
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
            rows.append({"map": number, "condition": condition.name, "dice": dice, "hd95_mm": distance})
            print(number, condition.name, f"{mean_defined(list(dice.values())):.3f}", f"{result.seconds:.0f} s", flush=True)
    return rows


def tissue_agreement(model: LoadedModel) -> dict[str, float]:
    """Dice with the grey and white matter maps of the MNI152 template (probability over 0.5), a real average head.

    Structures that the template's tissue maps split between both (thalamus, pallidum, ventral diencephalon,
    brainstem, accumbens) count as neither and are left out on both sides.
    """
    head, grey, white = (_mni152(kind) for kind in ("t1", "gm", "wm"))
    names = {label.value: label.name for label in model.manifest.labels}
    predicted = sitk.GetArrayFromImage(segment(head, model).label_image)
    is_grey = ("cortex", "hippocampus", "amygdala", "caudate", "putamen")
    is_split = ("thalamus", "pallidus", "diencephalon", "Brainstem", "accumbens")
    tissue = np.zeros(256, dtype=np.uint8)
    for value, name in names.items():
        tissue[value] = 1 if any(n in name for n in is_grey) else 2 if "white matter" in name else 0
    counted = ~np.isin(predicted, [v for v, name in names.items() if any(n in name for n in is_split)])
    reference = np.zeros_like(predicted)
    reference[sitk.GetArrayFromImage(grey) > 0.5] = 1
    reference[sitk.GetArrayFromImage(white) > 0.5] = 2
    scores = dice_per_class(tissue[predicted] * counted, reference * counted, [1, 2])
    return {"grey matter": scores[1], "white matter": scores[2]}


def write_card(
    manifest: ModelManifest,
    rows: list[dict[str, Any]],
    tissues: dict[str, float],
    command: str,
    notes: str,
    folder: Path,
) -> ModelManifest:
    """Write card.md and figures.json from what measure and tissue_agreement found; returns the new manifest."""
    training = manifest.training
    heads = len({row["map"] for row in rows})
    lines = [
        f"# {manifest.title} ({manifest.name} {manifest.version})",
        "",
        "**Not for diagnostic use.** Not a medical device.",
        "",
        f"Trained {training['hours']} h ({training['steps']} steps of 12 slices) on 2 CPU cores shared with other work, "
        "from synthetic images made of 12 label maps; no real image was ever used. A run on one GPU for longer is the "
        "same command with more minutes, slabs and workers:",
        "",
        f"    {command}",
        "    python -m training.brain_structures_release --checkpoint OUT/checkpoint.pt --label-maps DIR --out MODEL"
        f" --version {manifest.version}",
        "",
        "## Data and licence",
        "",
        "16 whole-head label maps of SynthSeg (Billot et al., https://github.com/BBillot/SynthSeg, Apache-2.0), 1 mm, "
        f"FreeSurfer numbers. 12 trained on, {', '.join(VALIDATION)} watched, {', '.join(TEST)} held out for the "
        "figures below. Weights and code: Apache-2.0.",
        "",
        "Input: 5 neighbouring axial slices at 1.5 mm, output the middle one. Network: 2-D residual U-Net with instance "
        "normalisation, loss Dice and cross-entropy, averaged weights (EMA 0.999).",
        "",
        "## Measured on held-out anatomy, synthetic images",
        "",
        f"n = {len(rows)} images: {heads} held-out heads x {len(rows) // heads} ways of imaging, measured at 1 mm with "
        "the exported network run as the viewer runs it. Intervals: 95 % percentile bootstrap over the images; since "
        f"only {heads} heads are behind them, they are too narrow for new patients. HD95: mean, mm.",
        "",
        "| Structure | Dice | 95 % interval | HD95 mm |",
        "|---|---|---|---|",
    ]
    for label in manifest.labels:
        dice = [row["dice"][label.value] for row in rows]
        low, high = bootstrap_interval(dice)
        distance = mean_defined([row["hd95_mm"][label.value] for row in rows])
        lines.append(f"| {label.name} | {mean_defined(dice):.3f} | {low:.3f} to {high:.3f} | {distance:.1f} |")
    lines += ["", "| Way of imaging | mean Dice over structures | mean HD95 mm |", "|---|---|---|"]
    for name in dict.fromkeys(row["condition"] for row in rows):
        of_condition = [row for row in rows if row["condition"] == name]
        dice = mean_defined([mean_defined(list(row["dice"].values())) for row in of_condition])
        distance = mean_defined([mean_defined(list(row["hd95_mm"].values())) for row in of_condition])
        lines.append(f"| {name} | {dice:.3f} | {distance:.1f} |")
    agreement = ", ".join(f"{name} {score:.3f}" for name, score in tissues.items())
    lines += [
        "",
        "## Measured on a real head",
        "",
        "MNI152 T1 average (skull-stripped, from nilearn), agreement with its own tissue maps at probability 0.5 "
        f"(Dice; thalamus, pallidum, accumbens, ventral diencephalon and brainstem left out): {agreement}.",
        "",
        notes.strip(),
        "",
        "![MNI152 and three synthetic heads](examples.png)",
        "",
        "Left: MNI152 T1 (ICBM, redistributed by nilearn). Right: synthetic heads of held-out maps. Radiological view: "
        "the patient's left is at the right of the picture.",
        "",
    ]
    (folder / "card.md").write_text("\n".join(lines), encoding="utf-8")
    return write_manifest(manifest, folder)


def draw_examples(model: LoadedModel, maps: dict[str, NDArray[np.uint8]], parts: Anatomy, folder: Path) -> None:
    """examples.png: axial, coronal and sagittal planes of MNI152 and of synthetic heads, plain and overlaid."""
    heads = [_mni152("t1")]
    for (number, generation_labels), condition in zip(maps.items(), CONDITIONS[:3], strict=False):
        heads.append(synthetic_head(generation_labels, parts, condition, seed=int(number)))
    columns = [picture_of(head, segment(head, model).label_image, model.manifest) for head in heads]
    height = max(c.shape[0] for c in columns)
    padded = [np.pad(c, ((0, height - c.shape[0]), (0, 6), (0, 0))) for c in columns]
    Image.fromarray(np.concatenate(padded, axis=1)).quantize(96).save(folder / "examples.png", optimize=True)


def picture_of(head: sitk.Image, label_image: sitk.Image, manifest: ModelManifest) -> NDArray[np.uint8]:
    """Three planes through the middle of the structures, each plain beside overlaid; (rows, columns, RGB)."""
    isotropic = [sitk.DICOMOrient(image, "LPS") for image in (head, label_image)]
    size = [round(n * s) for n, s in zip(isotropic[0].GetSize(), isotropic[0].GetSpacing(), strict=True)]
    grid = sitk.Image(size, sitk.sitkUInt8)
    grid.SetDirection(isotropic[0].GetDirection())
    grid.SetOrigin(isotropic[0].TransformContinuousIndexToPhysicalPoint([-0.5 + 0.5 / s for s in isotropic[0].GetSpacing()]))
    voxels = sitk.GetArrayFromImage(sitk.Resample(isotropic[0], grid, sitk.Transform(), sitk.sitkLinear))
    classes = sitk.GetArrayFromImage(sitk.Resample(isotropic[1], grid, sitk.Transform(), sitk.sitkNearestNeighbor))
    low, high = np.percentile(voxels, (0.5, 99.7))
    grey = (255 * np.clip((voxels.astype(np.float32) - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)
    colours = np.zeros((256, 3), dtype=np.uint8)
    for label in manifest.labels:
        colours[label.value] = label.colour
    found = np.argwhere(classes > 0)
    k, j, i = found.mean(0).astype(int) if len(found) else np.array(classes.shape) // 2
    planes = []
    for plane in (np.s_[max(k - 8, 0)], np.s_[::-1, j], np.s_[::-1, :, max(i - 25, 0)]):
        base = np.repeat(grey[plane][..., None], 3, axis=2)
        mask = classes[plane][..., None] > 0
        over = np.where(mask, (0.5 * base + 0.5 * colours[classes[plane]]).astype(np.uint8), base)
        planes.append(np.concatenate([base, over], axis=1))
    width = max(p.shape[1] for p in planes)
    return np.concatenate([np.pad(p, ((0, 4), (0, width - p.shape[1]), (0, 0))) for p in planes], axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--label-maps", type=Path, help="measure on the held-out maps and write the card")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--command", default="python -m training.brain_structures --label-maps DIR --out OUT --minutes 86")
    parser.add_argument("--notes", type=Path, help="Markdown with what was seen on other heads, put into the card")
    options = parser.parse_args()
    torch.manual_seed(0)
    manifest = export_checkpoint(options.checkpoint, options.version, options.out)
    if options.label_maps is None:
        return
    model, parts = _load(manifest, options.out), anatomy()
    maps = {n: m.numpy() for n, m in load_label_maps(options.label_maps, parts).items() if n in TEST}
    rows = measure(model, maps, parts, CONDITIONS)
    tissues = tissue_agreement(model)
    draw_examples(model, maps, parts, options.out)
    (options.out / "figures.json").write_text(json.dumps({"images": rows, "mni152_tissue_dice": tissues}, indent=1))
    notes = options.notes.read_text(encoding="utf-8") if options.notes else ""
    write_card(manifest, rows, tissues, options.command, notes, options.out)


def _probe(manifest: ModelManifest) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    return rng.random((2, manifest.preprocessing.context_slices, 96, 80), dtype=np.float32)


def _load(manifest: ModelManifest, folder: Path) -> LoadedModel:
    return load_model(ModelRecord(manifest, folder, shipped=True, active=True))


def _mni152(kind: str) -> sitk.Image:
    import nilearn

    data = Path(nilearn.__file__).parent / "datasets" / "data"
    return sitk.ReadImage(str(data / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"))


def _thick_slices(image: sitk.Image, index_axis: int, thickness_mm: int) -> sitk.Image:
    sigma = [0.0, 0.0, 0.0]
    sigma[index_axis] = thickness_mm / 2.355
    blurred = sitk.DiscreteGaussian(image, [s**2 for s in sigma])
    size, spacing, origin = list(image.GetSize()), [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    size[index_axis] //= thickness_mm
    spacing[index_axis] = float(thickness_mm)
    origin[index_axis] = (thickness_mm - 1) / 2
    return sitk.Resample(blurred, size, sitk.Transform(), sitk.sitkLinear, origin, spacing, image.GetDirection())


if __name__ == "__main__":
    main()
