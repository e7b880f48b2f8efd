"""Models measured side by side on what was held out, by the code that runs them for a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.models import ModelRecord
from inference.preprocess import ModelGrid, model_grid
from inference.runtime import LoadedModel, load_model
from inference.tasks import segment
from training.dataset import Case, Split, Unit, read_image, read_labels, slice_on_grid
from training.evaluate import bootstrap_interval, hd95_mm, mean_defined
from training.gate import CURRENT, Scores, decide, overlaps, unit_dice
from training.shown_slices import ShownSlices

SCHEMA_VERSION = 1  # of a report
_NOT_VERIFIED = "Unverified: no patient that the model had not learnt from could be held out."


def compare(
    records: dict[str, ModelRecord],
    measured: Sequence[tuple[dict[str, ModelRecord], Split]],
    shown: ShownSlices | None = None,
) -> dict[str, Any]:
    """Measure models by arm on the held-out units, through the code that runs them for a person.

    records are the models that the report is of; measured says which are run on which units: they themselves, or, where
    they are means of networks, each network on the patients it has not seen.


    Dice counts the annotated voxels of a unit on the image's own grid. hd95_mm is in the plane of a slice for
    held-out slices and in space for whole volumes, averaged over corrected classes, then units. Intervals are 95 %
    bootstrap intervals over units, that of the gain over the paired differences to the current model; None for fewer
    than two units. verified is true only if whole patients were held out: slices of a patient that was trained on
    resemble its others.
    """
    held_out = [unit for _, split in measured for unit in split.held_out]
    split = measured[0][1]
    corrected = {unit.name: _corrected(unit) for unit in held_out}
    scores: dict[str, Scores] = {}
    distances: dict[str, dict[str, dict[int, float]]] = {}
    for arm in records:
        see = partial(shown.see, arm) if shown is not None else _nobody_sees
        parts = [measure(load_model(models[arm]), part.held_out, see) for models, part in measured]
        scores[arm] = Scores({name: unit for found, _ in parts for name, unit in found.units.items()})
        distances[arm] = {name: unit for _, far in parts for name, unit in far.items()}
    if shown is not None:
        shown.write(next(iter(records.values())).manifest.labels)
    names = {label.value: label.name for record in records.values() for label in record.manifest.labels}
    decision = decide(scores, corrected, names, split.unit)
    means = unit_dice(scores, corrected)
    models = {}
    for arm, record in records.items():
        far = [
            mean_defined([mm for v, mm in by_class.items() if corrected[unit] is None or v in (corrected[unit] or ())])
            for unit, by_class in distances[arm].items()
        ]
        models[arm] = {
            "name": record.manifest.name,
            "version": record.manifest.version,
            "dice": {
                unit: {names[value]: overlap.dice for value, overlap in classes.items()}
                for unit, classes in scores[arm].units.items()
            },
            "hd95_mm_of_class": {
                unit: {names[value]: mm for value, mm in classes.items()} for unit, classes in distances[arm].items()
            },
            "unit_dice": means[arm],
            "mean_dice": mean_defined(list(means[arm].values())),
            "dice_interval": interval(list(means[arm].values())),
            "hd95_mm": mean_defined(far),
            "hd95_mm_interval": interval(far),
            "classes": _by_class(scores[arm], distances[arm], names),
        }
        if CURRENT in means and arm != CURRENT:
            gains = [dice - means[CURRENT][unit] for unit, dice in means[arm].items()]
            models[arm] |= {"gain": mean_defined(gains), "gain_interval": interval(gains)}
    defined = any(not math.isnan(value) for value in next(iter(means.values())).values())
    verified = defined and split.unit == "patients"
    reason = decision.reason if verified or not defined else f"{decision.reason} {_NOT_VERIFIED}"
    return {
        "schema_version": SCHEMA_VERSION,
        "unit": split.unit,
        "verified": verified,
        "held_out": [unit.name for unit in held_out],
        "nearest_training_slice_mm": split.nearest_mm,
        "corrected": {
            unit: None if values is None else [names[v] for v in values if v in names]
            for unit, values in corrected.items()
        },
        "models": models,
        "decision": {"keep": decision.keep, "reason": reason},
    }


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % bootstrap interval of the mean of the values that are defined; None for fewer than two."""
    return bootstrap_interval(values) if sum(not math.isnan(value) for value in values) > 1 else None


def _by_class(
    scores: Scores, distances: dict[str, dict[int, float]], names: dict[int, str]
) -> dict[str, dict[str, Any]]:
    """Of each label its mean Dice and HD95 (mm) over the units that have it, with intervals."""
    found: dict[str, dict[str, Any]] = {}
    for value, name in names.items():
        dice = [classes[value].dice for classes in scores.units.values() if value in classes]
        far = [classes[value] for classes in distances.values() if value in classes]
        if not math.isnan(mean_defined(dice)):
            found[name] = {
                "dice": mean_defined(dice),
                "dice_interval": interval(dice),
                "hd95_mm": mean_defined(far),
                "hd95_mm_interval": interval(far),
            }
    return found


def held_out_cases(units: Sequence[Unit]) -> list[Case]:
    """Each held-out case once, with all its held-out slices."""
    cases: dict[str, Case] = {}
    for unit in units:
        for part in unit.parts:
            earlier = cases.get(part.name)
            slices = part.slices if earlier is None else (*(earlier.slices or ()), *(part.slices or ()))
            cases[part.name] = replace(part, slices=slices)
    return list(cases.values())


def _nobody_sees(case: Case, image: sitk.Image, predicted: NDArray[np.uint8], reference: NDArray[np.uint8]) -> None:
    """What becomes of label maps that were measured."""


def measure(
    model: LoadedModel,
    units: Sequence[Unit],
    see: Callable[[Case, sitk.Image, NDArray[np.uint8], NDArray[np.uint8]], None] = _nobody_sees,
) -> tuple[Scores, dict[str, dict[int, float]]]:
    """Overlaps and 95th percentile distances (mm) of each class on each held-out unit. see gets each held-out case, its
    image, the model's labels of it and the person's."""
    values = [label.value for label in model.manifest.labels]
    maps = {}
    for case in held_out_cases(units):
        image = read_image(case)
        maps[case.name] = _label_maps(model, case, image)
        see(case, image, *maps[case.name])
    found, far = {}, {}
    for unit in units:
        pieces = [piece for part in unit.parts for piece in _pieces(part, *maps[part.name])]
        drawn = np.concatenate([predicted.ravel() for predicted, _, _ in pieces])
        meant = np.concatenate([reference.ravel() for _, reference, _ in pieces])
        found[unit.name] = overlaps(drawn, meant, values)
        far[unit.name] = {
            value: mean_defined([hd95_mm(p == value, r == value, spacing) for p, r, spacing in pieces])
            for value, overlap in found[unit.name].items()
            if overlap.predicted + overlap.reference
        }
    return Scores(found), far


def _label_maps(model: LoadedModel, case: Case, image: sitk.Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The model's labels where the case's slices need them, and the person's, both voxels[k, j, i]."""
    reference = read_labels(case, model.manifest.classes)
    predicted = np.zeros_like(reference)
    for needed in _model_slices(model_grid(image, model.manifest.preprocessing), case):
        result = segment(image, model, model_slices=needed)
        predicted = np.maximum(predicted, sitk.GetArrayFromImage(result.label_image))  # elsewhere it is 0
    return predicted, reference


def _model_slices(grid: ModelGrid, case: Case) -> list[range]:
    """The model's slices between which the case's annotated slices lie, in runs; all for a slice across them."""
    on_grid = [slice_on_grid(grid, one) for one in case.slices or ()]
    if case.slices is None or any(axis != 0 for axis, _ in on_grid):
        return [range(grid.shape[0])]
    runs: list[range] = []
    for _, index in sorted(on_grid):
        position = (index + 0.5) * grid.image_spacing_mm[0] / grid.spacing_mm[0] - 0.5
        low, high = (min(max(math.floor(position) + n, 0), grid.shape[0] - 1) for n in (0, 1))
        if runs and low <= runs[-1].stop:
            runs[-1] = range(runs[-1].start, high + 1)
        else:
            runs.append(range(low, high + 1))
    return runs


def _pieces(
    part: Case, predicted: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8], tuple[float, ...]]]:
    """Model's and person's labels of what is annotated: slice by slice, or the volume; and its spacing."""
    if part.slices is None:
        yield predicted, reference, part.spacing_mm
    for axis, index in part.slices or ():
        in_plane = tuple(mm for n, mm in enumerate(part.spacing_mm) if n != axis)
        yield np.take(predicted, index, 2 - axis), np.take(reference, index, 2 - axis), in_plane


def _corrected(unit: Unit) -> tuple[int, ...] | None:
    values = [part.corrected for part in unit.parts]
    known = [v for v in values if v is not None]
    return tuple(sorted({v for some in known for v in some})) if len(known) == len(values) else None
