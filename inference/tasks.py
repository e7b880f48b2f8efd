"""What models do for a person: image in, result on the same grid out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.manifest import ModelError, ModelManifest
from inference.preprocess import ModelGrid, as_seen, model_grid, nearest_slices, on_image, slice_axis
from inference.results import Certainty, Probabilities, Run, Segmentation, SliceDoubt
from inference.runtime import LoadedModel, logits_of
from inference.sliding_window import logit_planes

Progress = Callable[[float, str], None]
Report = Callable[[float], None]

_FINDING = 0.8  # of the time of a model that looks within what another one finds in a whole image
_IN_QUESTION = 0.9  # a voxel that is background with less than this probability is one to look at


def segment(
    image: sitk.Image,
    model: LoadedModel,
    *,
    progress: Progress = lambda fraction, text: None,
    model_slices: range | None = None,
    mirrored: bool = False,
    with_certainty: bool = False,
) -> Segmentation:
    """Segment a 3-D image (LPS, mm) with a model; uint8 labels as numbered in the manifest.

    The result has the size, spacing, origin and direction of the image, whatever its orientation. A model with a finder
    looks within what that finds, unless the image shows little else (Within); elsewhere there is nothing. model_slices
    restricts the work to some slices of the model's grid (its k), without a finder; elsewhere the label map is 0.
    mirrored: the mean of the image and its mirror images (LoadedModel.run). progress gets a fraction and a text, and
    may raise to cancel.
    Raises ModelError for an image that is not 3-D or has one value throughout, and for a result that must not be shown.
    """
    started = time.monotonic()
    manifest = model.manifest
    found = [np.zeros(image.GetSize()[::-1], np.uint8) for _ in range(4 if with_certainty else 1)]
    if model_slices is not None:
        _write_labels(found, image, model, progress, model_slices, mirrored)
    else:
        for part, place, report in _looked_at(image, model, progress):
            free = found[0][place] == 0 if part is not image else None  # where two overlap, what the first says stays
            told = found if free is None else [np.zeros(free.shape, np.uint8) for _ in found]
            _write_labels(told, part, model, report, None, mirrored)
            if free is not None:
                for values, new in zip(found, told, strict=True):
                    np.copyto(values[place], new, where=free)
    label_image = sitk.GetImageFromArray(found[0])
    label_image.CopyInformation(image)
    counts = np.zeros(256, dtype=np.int64)
    for one_slice in found[0]:  # piece by piece: numpy counts without letting other threads run
        counts += np.bincount(one_slice.ravel(), minlength=256)
    voxel_ml = float(np.prod(image.GetSpacing())) / 1000
    return Segmentation(
        label_image,
        {label.name: float(counts[label.value]) * voxel_ml for label in manifest.labels},
        _run_of(image, model, time.monotonic() - started),
        Certainty(*found[1:]) if with_certainty else None,
    )


def _write_labels(
    found: Sequence[NDArray[np.uint8]],
    image: sitk.Image,
    model: LoadedModel,
    progress: Progress,
    model_slices: range | None,
    mirrored: bool,
) -> None:
    """Write the labels of an image into voxels[k, j, i], and, if there are further arrays, what Certainty has."""
    manifest = model.manifest
    progress(0.0, "Preparing the image")
    grid, voxels = seen(image, model)
    slices = model_slices or range(grid.shape[0])
    of_probabilities = manifest.resampled == "probabilities"

    report = partial(_say, model, progress)
    report(0.0)
    values_told: list[float] = []

    def said() -> Iterator[NDArray[np.float32]]:
        for plane in logit_planes(voxels, model, slices, mirrored=mirrored, progress=report):
            values_told.extend((float(plane.min()), float(plane.max())))
            told = model.probabilities(plane) if of_probabilities else plane
            yield np.concatenate([told, _certainty_of(plane, model)]) if len(found) > 1 else told

    oriented = [grid.reorient(values) for values in found]  # views: what is written there is in the image's order
    for n, values in on_image(said(), grid, slices):
        told = values[: manifest.classes]
        logits = logits_of(told, manifest.one_by_one) if of_probabilities else told
        oriented[0][n], likeliest = _labels_of(logits, manifest)
        if len(found) > 1:
            oriented[1][n] = likeliest
            for shown, certain in zip(oriented[2:], values[manifest.classes :], strict=True):
                shown[n] = np.rint(255 * certain)
    if min(values_told) == max(values_told):
        raise ModelError(f"{manifest.name} gave the same value everywhere; the result is discarded")


Place = tuple[slice, slice, slice]


def looked_within(
    image: sitk.Image, model: LoadedModel, progress: Progress = lambda fraction, text: None
) -> list[Place] | None:
    """Where in voxels[k, j, i] of an image a model looks, about what its finder finds; None if it looks at the whole.
    Raises ModelError if nothing is found."""
    finder, within = model.finder, model.manifest.within
    if finder is None or within is None or within.shows_little_else(image.GetSize(), image.GetSpacing()):
        return None
    told = segment(image, finder, progress=progress)
    margin = [math.ceil(within.margin_mm / mm) for mm in image.GetSpacing()[::-1]]
    places = []
    for label in finder.manifest.labels:
        if label.name not in within.labels:
            continue
        pieces = sitk.RelabelComponent(sitk.ConnectedComponent(told.label_image == label.value))  # the largest is 1
        there = np.argwhere(sitk.GetArrayViewFromImage(pieces) == 1)
        if len(there):
            low, high = np.maximum(there.min(0) - margin, 0), there.max(0) + 1 + margin
            high = np.minimum(high, image.GetSize()[::-1])
            k, j, i = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
            places.append((k, j, i))
    if not places:
        sought = ", ".join(within.labels)
        raise ModelError(f"{model.manifest.title} looks about {sought}; {finder.manifest.title} found nothing of that")
    return places


def _looked_at(
    image: sitk.Image, model: LoadedModel, progress: Progress
) -> Iterator[tuple[sitk.Image, Place, Progress]]:
    """What a model looks at of an image, where it lies in voxels[k, j, i], and the progress of that: the image itself,
    or the parts of looked_within."""
    places = looked_within(image, model, lambda share, text: progress(_FINDING * share, text))
    if places is None:
        yield image, (slice(None), slice(None), slice(None)), progress
        return

    def report(n: int, share: float, text: str) -> None:
        progress(_FINDING + (1 - _FINDING) * (n + share) / len(places), text)

    for n, (k, j, i) in enumerate(places):
        yield image[i, j, k], (k, j, i), partial(report, n)


def _run_of(image: sitk.Image, model: LoadedModel, seconds: float) -> Run:
    run, within = model.told(seconds), model.manifest.within
    if model.finder is None or within is None or within.shows_little_else(image.GetSize(), image.GetSpacing()):
        return run
    finder = model.finder.manifest
    return replace(run, notes=(*run.notes, f"{finder.title} {finder.version} found where to look"))


def probabilities(
    image: sitk.Image,
    model: LoadedModel,
    values: Sequence[int],
    *,
    progress: Progress = lambda fraction, text: None,
) -> Probabilities:
    """How probable some labels are in each voxel of a 3-D image (LPS, mm), by their values in the manifest.

    progress gets a fraction and a text, and may raise to cancel. Raises ModelError as segment does.
    """
    first = 1 if model.manifest.one_by_one else 0
    channels = [value - first for value in values]
    found = [np.zeros(image.GetSize()[::-1], np.uint8) for _ in (*channels, "entropy")]
    for part, place, progress_of_part in _looked_at(image, model, progress):
        progress_of_part(0.0, "Preparing the image")
        grid, voxels = seen(part, model)
        report = partial(_say, model, progress_of_part)

        def said(grid: ModelGrid = grid, voxels: NDArray = voxels, report: Report = report) -> Iterator[NDArray]:
            for plane in logit_planes(voxels, model, range(grid.shape[0]), progress=report):
                yield np.concatenate([model.probabilities(plane)[channels], _certainty_of(plane, model)[1:]])

        oriented = [grid.reorient(one[place]) for one in found]  # views: what is written there is in the image's order
        for n, shares in on_image(said(), grid, range(grid.shape[0])):
            for one, share in zip(oriented, shares, strict=True):
                one[n] = np.maximum(one[n], np.rint(255 * share))
    return Probabilities(np.stack(found)[:-1], found[-1])


def seen(image: sitk.Image, model: LoadedModel) -> tuple[ModelGrid, NDArray[np.float32]]:
    """An image as a model sees it."""
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ModelError(f"{model.manifest.name} needs a 3-D image with one value per voxel")
    grid = model_grid(image, model.manifest.preprocessing)
    voxels = as_seen(image, grid, model.manifest.preprocessing)
    if float(voxels.min()) == float(voxels.max()):
        raise ModelError("the image has the same value everywhere: there is nothing to find")
    return grid, voxels


def _say(model: LoadedModel, progress: Progress, share: float) -> None:
    progress(share, f"Running {model.manifest.name} on {model.provider}")


def _labels_of(logits: NDArray[np.float32], manifest: ModelManifest) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Labels (rows, columns) by logits (classes, rows, columns), and the likeliest that is not the background."""
    if manifest.one_by_one:
        thresholds = np.array([label.threshold for label in manifest.labels])
        over = logits - np.log(thresholds / (1 - thresholds)).astype(np.float32)[:, None, None]
        if manifest.several == "last":
            last = len(over) - 1 - np.argmax(over[::-1] >= 0, axis=0).astype(np.uint8)
            return np.where(over.max(0) >= 0, last + np.uint8(1), np.uint8(0)), _likeliest(logits)[1] + np.uint8(1)
        _, allowed = _likeliest(np.where(over >= 0, logits, np.float32(-np.inf)))
        return np.where(over.max(0) >= 0, allowed + np.uint8(1), np.uint8(0)), _likeliest(logits)[1] + np.uint8(1)
    most, likeliest = _likeliest(logits[1:])
    likeliest += np.uint8(1)
    return np.where(most > logits[0], likeliest, np.uint8(0)), likeliest


def _likeliest(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The largest along the first axis and the first place where it is. numpy's argmax takes 4 times as long: it goes
    from class to class at each voxel."""
    most, place = values[0].copy(), np.zeros(values.shape[1:], np.uint8)
    for n in range(1, len(values)):
        np.copyto(place, np.uint8(n), where=values[n] > most)
        np.maximum(most, values[n], out=most)
    return most, place


def _certainty_of(logits: NDArray[np.float32], model: LoadedModel) -> NDArray[np.float32]:
    """Probability of the likeliest label and entropy, (2, J, I), 0 to 1, by logits (classes, J, I)."""
    _, probabilities = _told_of(logits, model)
    likeliest = probabilities[1:].max(axis=0)
    return np.stack([likeliest, np.clip(_entropy(probabilities) / np.log(len(probabilities)), 0.0, 1.0)])


def _told_of(logits: NDArray[np.float32], model: LoadedModel) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The likeliest label that is not the background, counted from 0, and the probabilities, the background's first: of
    all classes, or of labels that are told one by one only that of the likeliest, (classes, J, I) or (2, J, I)."""
    probabilities = model.probabilities(logits)
    if not model.manifest.one_by_one:
        return probabilities[1:].argmax(0), probabilities
    likeliest = probabilities.max(0)
    return probabilities.argmax(0), np.stack([1 - likeliest, likeliest])


def _entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """In nats, along the first axis."""
    return -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=0)


def slice_doubts(
    image: sitk.Image,
    model: LoadedModel,
    slices: Sequence[int],
    *,
    progress: Progress = lambda fraction, text: None,
) -> dict[int, SliceDoubt]:
    """How unsure a model is of some slices of a 3-D image (LPS, mm), by their number along slice_axis.

    progress gets a fraction and a text after each slice, and may raise to cancel. Raises ModelError as segment does.
    """
    doubts = dict.fromkeys(slices, SliceDoubt(0.0, ""))
    for part, place, progress_of_part in _looked_at(image, model, progress):
        grid, voxels = seen(part, model)
        along = place[2 - slice_axis(part, model.manifest.preprocessing)]
        first, count = along.start or 0, part.GetSize()[slice_axis(part, model.manifest.preprocessing)]
        inside = [number for number in slices if 0 <= number - first < count]
        for n, nearest in enumerate(nearest_slices(grid, [number - first for number in inside])):
            told = _doubt(next(logit_planes(voxels, model, range(nearest, nearest + 1))), model)
            doubts[inside[n]] = max(doubts[inside[n]], told, key=lambda doubt: doubt.bits)
            _say(model, progress_of_part, (n + 1) / len(inside))
    return doubts


def _doubt(logits: NDArray[np.float32], model: LoadedModel) -> SliceDoubt:
    """That of a plane's logits (classes, J, I)."""
    about, probabilities = _told_of(logits, model)
    asked = probabilities[0] < _IN_QUESTION
    if not asked.any():
        return SliceDoubt(0.0, "")
    bits = _entropy(probabilities)[asked] / np.log(2)
    each = np.bincount(about[asked], weights=bits, minlength=len(model.manifest.labels))
    return SliceDoubt(float(bits.mean()), model.manifest.labels[int(each.argmax())].name)
