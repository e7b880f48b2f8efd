"""Scores of slices and series by classification models, where they come from, and whether that is so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.manifest import ModelError, Scores
from inference.preflight import WINDOWS_PER_SIDE
from inference.preprocess import (
    ModelGrid,
    model_grid,
    nearest_slices,
    padded_for,
    padded_sizes,
    scaling_of,
    slice_axis,
    slice_stacks,
    to_model_grid,
)
from inference.results import Classification, Heat, Occlusion
from inference.runtime import LoadedModel
from inference.sliding_window import BATCH, starts
from inference.tasks import seen

Progress = Callable[[float, str], None]

_OVERLAP = 0.5  # of the windows that are covered


def classify(
    image: sitk.Image, model: LoadedModel, *, progress: Progress = lambda fraction, text: None
) -> Classification:
    """Score a 3-D image (LPS, mm), or, with a model that sees time points, a 4-D one, the last axis being time.

    progress gets a fraction and a text, and may raise to cancel. Raises ModelError for an image that is not 3-D or has
    one value throughout, and for outputs of another shape than the manifest's, that are no numbers or say the same
    whatever the network sees.
    """
    started = time.monotonic()
    progress(0.0, "Preparing the image")
    grid, frames = _frames(image, model)
    scores = _section(model)

    def report(part: float) -> None:
        progress(part, f"Running {model.manifest.name} on {model.provider}")

    report(0.0)
    found = _run_all(frames, model, report)
    logits, heat = found.logits, found.heat
    same = logits.size > 1 and (np.ptp(logits) == 0 or (len(logits) > 1 and np.ptp(logits, axis=0).max() == 0))
    if same or _told_the_same(model, frames, logits):
        raise ModelError(f"{model.manifest.name} gave the same scores whatever it saw; the result is discarded")
    likely = _probabilities(logits, model)
    axis = slice_axis(image, model.manifest.preprocessing)
    count = image.GetSize()[axis]
    nearest = nearest_slices(grid, range(count))
    per_slice = attention = None
    if scores.by_slice:
        series = likely.mean(axis=0) if scores.gathered == "mean" else likely.max(axis=0)
        per_slice = likely[nearest]
    else:
        series = likely[0]
    if found.attention is not None and scores.over == "time":
        times = _sampled_nearest(image.GetSize()[3], found.attention.shape[1])
        attention = found.attention[nearest][:, times]
    elif found.attention is not None:
        attention = found.attention[0, _sampled_nearest(frames.shape[1], found.attention.shape[1])[nearest]]
    maps = () if heat is None else tuple(_placed(one, image, grid, model) for one in heat)
    return Classification(series, axis, per_slice, attention, maps, model.told(time.monotonic() - started))


def occlude(
    image: sitk.Image,
    model: LoadedModel,
    label: int,
    slice_number: int,
    *,
    per_side: int = WINDOWS_PER_SIDE[0],
    progress: Progress = lambda fraction, text: None,
) -> Occlusion:
    """Cover one part of a slice after the other with its mean and see how the probability of a class changes.

    label: the class's value in the manifest; slice_number: of the image, along slice_axis. per_side: as how many times
    a window the field's sides are long; windows overlap by half. Of a model that sees the series at once a window is as
    deep as it is high.
    progress gets a fraction and a text, and may raise to cancel. Raises ModelError as classify does.
    """
    started = time.monotonic()
    progress(0.0, "Preparing the image")
    grid, frames = _frames(image, model)
    scores, manifest = _section(model), model.manifest
    count = image.GetSize()[slice_axis(image, manifest.preprocessing)]
    if not (1 <= label <= len(manifest.labels) and 0 <= slice_number < count):
        raise ModelError(f"{manifest.name} has no class {label}, or the image no slice {slice_number + 1}")
    k = nearest_slices(grid, [slice_number])[0]
    deep_all, rows, columns = frames.shape[1:]
    baseline = float(frames[:, k].mean())
    high, wide = (max(1, round(n / per_side)) for n in (rows, columns))
    one = scores.by_slice
    deep = 0 if one else max(1, round(high * grid.spacing_mm[1] / grid.spacing_mm[0]))
    reach = manifest.preprocessing.context_slices // 2 if one else deep // 2
    layers = slice(max(0, k - reach), k + reach + 1)
    near = frames[:, layers] if one else frames  # all that the network gets to see
    covered, at = (slice(None), [k - layers.start]) if one else (layers, None)
    windows = [
        (slice(top, top + high), slice(left, left + wide))
        for top in starts(rows, high, _OVERLAP)
        for left in starts(columns, wide, _OVERLAP)
    ]

    def without(window: tuple[slice, slice]) -> NDArray[np.float32]:
        values = near.copy()
        values[(slice(None), covered, *window)] = baseline
        return _input(values, model, at)

    def likely(batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        found = _outputs(batch, model)
        return _probabilities(found.logits, model)[:, label - 1], found.heat

    whole, heat = likely(_input(near, model, at))
    loss = np.empty(len(windows), np.float32)
    size = BATCH if scores.of == "slice" else 1
    for n in range(0, len(windows), size):
        some = windows[n : n + size]
        loss[n : n + len(some)] = whole[0] - likely(np.concatenate([without(window) for window in some]))[0]
        done = min(len(windows), n + size)
        progress(done / len(windows), f"Window {done} of {len(windows)} on {model.provider}")
    if loss.size > 1 and float(np.ptp(loss)) == 0:
        raise ModelError(f"{manifest.name} gave the same score whichever part of the slice was covered")
    total, times = np.zeros((2, rows, columns), np.float32)
    for window, lost in zip(windows, loss, strict=True):
        total[window] += lost
        times[window] += 1
    told = np.maximum(total / np.maximum(times, 1), 0)
    agreement = None
    if heat is not None:
        place = 0 if one else int(_sampled_nearest(deep_all, heat.shape[1])[k])
        plane = _stretched(heat[label - 1, place], frames.shape[1:], model)
        agreement = rank_correlation(loss, np.array([plane[window].mean() for window in windows]))
    return Occlusion(
        _placed(told[None], image, grid, model, only=k),
        (high * grid.spacing_mm[1], wide * grid.spacing_mm[2]),
        baseline,
        float(-loss.max()),
        float(-loss.min()),
        agreement,
        model.told(time.monotonic() - started),
    )


def rank_correlation(first: NDArray, second: NDArray) -> float | None:
    """Spearman's, ties having their mean rank; None where one of them says the same everywhere."""

    def ranks(values: NDArray) -> NDArray[np.float64]:
        _, place, count = np.unique(values, return_inverse=True, return_counts=True)
        return (np.cumsum(count) - (count - 1) / 2)[place]

    a, b = (ranks(values) - ranks(values).mean() for values in (first, second))
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / scale) if scale > 0 else None


class _Found:
    """What a network says: logits (N, classes), over the temperature; heat (classes, k, h, w), over time points their
    mean, k being 1; attention (N, k), or (N, times)."""

    def __init__(
        self, logits: NDArray[np.float32], heat: NDArray[np.float32] | None, attention: NDArray[np.float32] | None
    ) -> None:
        self.logits, self.heat, self.attention = logits, heat, attention


def _section(model: LoadedModel) -> Scores:
    if model.manifest.scores is None:
        raise ModelError(f"{model.manifest.name} is no classification model")
    return model.manifest.scores


def _frames(image: sitk.Image, model: LoadedModel) -> tuple[ModelGrid, NDArray[np.float32]]:
    """An image as a model sees it, (times, k, j, i); one without time is one."""
    manifest, scores = model.manifest, _section(model)
    if scores.over == "slices":
        grid, voxels = seen(image, model)
        return grid, voxels[None]
    if image.GetDimension() != 4 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ModelError(f"{manifest.name} needs the time points of a series")
    grid, intensity = model_grid(image, manifest.preprocessing), manifest.preprocessing.intensity
    values = sitk.GetArrayViewFromImage(image)
    scale = scaling_of(values.reshape(-1, *values.shape[2:]), intensity)  # what comes and goes must stay comparable
    times = _sampled_slices(len(values), scores.slices or len(values)).tolist()
    frames = np.stack([to_model_grid(image[:, :, :, time], grid, intensity, scale) for time in times])
    if float(frames.min()) == float(frames.max()):
        raise ModelError("the image has the same value everywhere: there is nothing to find")
    return grid, frames


def _told_the_same(model: LoadedModel, frames: NDArray[np.float32], logits: NDArray[np.float32]) -> bool:
    """Whether it gave the very same logits of another image: of noise, before it is asked for the first time, or of the
    last one. Probabilities may be 0 and 1 of two images that it is sure of."""
    before, now = list(model.answered), (float(frames.sum(dtype=np.float64)), logits)
    model.answered[:] = [now]
    told_logits = model.manifest.activation in ("softmax", "sigmoid")
    return told_logits and any(one != now[0] and np.array_equal(told, logits) for one, told in before)


def _run_all(frames: NDArray[np.float32], model: LoadedModel, report: Callable[[float], None]) -> _Found:
    scores, count = _section(model), frames.shape[1]
    if not scores.by_slice:
        found = _outputs(_input(frames, model, None), model)
        report(1.0)
        return found
    parts, at_once = [], BATCH if scores.of == "slice" else 1
    for start in range(0, count, at_once):
        batch = range(start, min(start + at_once, count))
        parts.append(_outputs(_input(frames, model, batch), model))
        report(batch.stop / count)
    heat = [part.heat for part in parts if part.heat is not None]
    if any(one.shape[2:] != heat[0].shape[2:] for one in heat):
        raise ModelError(f"{model.manifest.name} gave heat maps of different sizes; the result is discarded")
    attention = [part.attention for part in parts if part.attention is not None]
    return _Found(
        np.concatenate([part.logits for part in parts]),
        np.concatenate(heat, axis=1) if heat else None,
        np.concatenate(attention) if attention else None,
    )


def _sampled_slices(count: int, wanted: int) -> NDArray[np.intp]:
    """So many slices of count, evenly apart."""
    return np.floor((np.arange(wanted) + 0.5) * count / wanted).astype(np.intp)


def _sampled_nearest(count: int, wanted: int) -> NDArray[np.intp]:
    """For each slice of count the sampled one that stands for it."""
    return np.minimum(np.floor((np.arange(count) + 0.5) * wanted / count).astype(np.intp), wanted - 1)


def _input(frames: NDArray[np.float32], model: LoadedModel, slices: Sequence[int] | None) -> NDArray[np.float32]:
    """What the network gets of some slices, over time points of one, or, None, of the whole series."""
    preprocessing, scores = model.manifest.preprocessing, _section(model)
    if scores.over == "time":
        assert slices is not None
        stacks = np.concatenate([slice_stacks(frame, slices, preprocessing.context_slices) for frame in frames])
        return np.ascontiguousarray(np.concatenate([padded_for(stacks, preprocessing)] * preprocessing.copies, axis=1))[
            None
        ]
    (voxels,) = frames
    if slices is not None:
        stacks = padded_for(slice_stacks(voxels, slices, preprocessing.context_slices), preprocessing)
        return np.ascontiguousarray(np.concatenate([stacks] * preprocessing.copies, axis=1))
    every = _sampled_slices(len(voxels), scores.slices or len(voxels))
    if preprocessing.dimensions == 3:
        block = padded_for(voxels[every][None, None], preprocessing)
        return np.ascontiguousarray(np.concatenate([block] * preprocessing.copies, axis=1))
    stacks = padded_for(slice_stacks(voxels, every.tolist(), preprocessing.context_slices), preprocessing)
    return np.ascontiguousarray(np.concatenate([stacks] * preprocessing.copies, axis=1))[None]


def _outputs(batch: NDArray[np.float32], model: LoadedModel) -> _Found:
    """One run of the network, its outputs checked."""
    manifest, scores = model.manifest, _section(model)
    outputs = model.outputs(batch)
    by_name = dict(zip([output.name for output in model.sessions[0].get_outputs()], outputs, strict=True))
    classes = manifest.classes

    def checked(what: str, values: NDArray, expected: tuple[int, ...]) -> NDArray[np.float32]:
        told = tuple(-1 if one == -1 else side for side, one in zip(values.shape, expected, strict=False))
        if values.ndim != len(expected) or told != expected or not values.size:
            words = ", ".join("any" if side == -1 else str(side) for side in expected)
            raise ModelError(f"{manifest.name} gave {what} of shape {values.shape}, its manifest says ({words})")
        return np.asarray(values, np.float32)

    logits = checked("scores", outputs[0], (len(batch), classes))
    if manifest.activation == "probabilities":
        if logits.min() < -1e-4 or logits.max() > 1 + 1e-4 or np.abs(logits.sum(axis=1) - 1).max() > 1e-2:
            raise ModelError(f"{manifest.name} gave scores that are no probabilities, as its manifest says")
        logits = np.log(np.maximum(logits, 1e-7))
    elif manifest.activation == "each":
        if logits.min() < -1e-4 or logits.max() > 1 + 1e-4:
            raise ModelError(f"{manifest.name} gave scores that are no probabilities, as its manifest says")
        logits = np.log(np.maximum(logits, 1e-7)) - np.log(np.maximum(1 - logits, 1e-7))
    logits = logits / np.float32(manifest.temperature)
    block = manifest.preprocessing.dimensions == 3
    sequence = scores.of == "series" and not block
    maps = batch.shape[1] if sequence else len(batch)
    wild = (-1,) * (3 if block else 2)
    heat = attention = None
    if scores.cam is not None:
        heat = checked("heat maps", by_name[scores.cam], (maps, classes, *wild))
    elif scores.features is not None and scores.weights is not None:
        features = checked("features", by_name[scores.features], (maps, -1, *wild))
        weights = by_name[scores.weights][:classes]  # of each part that memory asked for once more
        weights = checked("weights", weights, (classes, features.shape[1]))
        heat = np.tensordot(weights, features, axes=(1, 1)).swapaxes(0, 1)
    if heat is not None:
        heat = heat[0] if block else heat.swapaxes(0, 1)
        heat = np.maximum(heat, 0)
        if scores.over == "time":
            heat = heat.mean(axis=1, keepdims=True)
    if scores.attention is not None:
        attention = checked("attention", by_name[scores.attention], (1, batch.shape[1]))
    return _Found(logits, heat, attention)


def _probabilities(logits: NDArray[np.float32], model: LoadedModel) -> NDArray[np.float32]:
    return np.asarray(model.probabilities(logits, 1), np.float32)


def _stretched(heat: NDArray[np.float32], shape: tuple[int, ...], model: LoadedModel) -> NDArray[np.float32]:
    """A heat map (h, w) on the model's rows and columns."""
    import cv2

    rows, columns = padded_sizes(shape[-model.manifest.preprocessing.dimensions :], model.manifest.preprocessing)[-2:]
    resized = cv2.resize(np.ascontiguousarray(heat), (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized[: shape[1], : shape[2]], np.float32)


def _placed(
    heat: NDArray[np.float32], image: sitk.Image, grid: ModelGrid, model: LoadedModel, only: int | None = None
) -> Heat:
    """A map (d, h, w) in the model's order that reaches over all that the network saw, where the image lies. only: it
    is of this slice of the model's grid, and has the model's rows and columns."""
    preprocessing = model.manifest.preprocessing
    padded = padded_sizes(grid.shape[-preprocessing.dimensions :], preprocessing)
    reach = [float(n) for n in ((grid.shape[0], *padded) if preprocessing.dimensions == 2 else padded)]
    sampled = model.manifest.scores is not None and model.manifest.scores.slices is not None
    if preprocessing.dimensions == 3 and sampled and model.manifest.scores is not None:
        taken = model.manifest.scores.slices or 1
        reach[0] = grid.shape[0] * padded_sizes((taken, *grid.shape[1:]), preprocessing)[0] / taken
    if only is not None:
        reach = [1.0, float(grid.shape[1]), float(grid.shape[2])]
    first, step = [0.0] * 3, [0.0] * 3  # of the image's voxels, by axis k, j, i of its array
    for axis in range(3):
        mm = reach[axis] / heat.shape[axis] * grid.spacing_mm[axis]
        start_mm = (only or 0) * grid.spacing_mm[0] if axis == 0 else 0.0
        own = grid.image_spacing_mm[axis]
        at = (start_mm + mm / 2) / own - 0.5
        if grid.flipped[axis]:
            at = grid.image_shape[axis] - 1 - (at + (heat.shape[axis] - 1) * mm / own)
        first[grid.order[axis]], step[grid.order[axis]] = at, mm
    i, j, k = first[::-1]
    space = image[:, :, :, 0] if image.GetDimension() == 4 else image
    origin = space.TransformContinuousIndexToPhysicalPoint((i, j, k))
    voxels = np.ascontiguousarray(grid.restore(heat))
    return Heat(voxels, (step[2], step[1], step[0]), origin, space.GetDirection())


def heat_image(heat: Heat) -> sitk.Image:
    """A heat map as an image on its own grid."""
    image = sitk.GetImageFromArray(heat.voxels)
    image.SetSpacing(heat.spacing_mm)
    image.SetOrigin(heat.origin)
    image.SetDirection(heat.direction)
    return image


def on_grid_of(heat: Heat, image: sitk.Image) -> NDArray[np.float32]:
    """A heat map on an image's own grid, (k, j, i): linear between its voxels, as the nearest beyond their centres."""
    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(image)
    resample.SetInterpolator(sitk.sitkLinear)
    resample.SetUseNearestNeighborExtrapolator(True)
    return sitk.GetArrayFromImage(resample.Execute(heat_image(heat)))
