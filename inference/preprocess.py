"""From an image to what a model sees, and back to the image's own grid: the same code trains and runs.

The model's grid keeps the directions of the image's axes: they are only permuted and flipped so that they run
nearest to those that the model was made for, and then resampled to its spacing. Nothing is rotated, so both ways are
a separable linear interpolation and an oblique or left-handed image costs no more than a straight one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from inference.manifest import (
    OWN_AXES,
    FixedIntensity,
    Intensity,
    Preprocessing,
    StandardIntensity,
    StoredIntensity,
    WindowIntensity,
    of_the_image,
)

if TYPE_CHECKING:  # ITK, which the window does not wait for when it starts
    import SimpleITK as sitk

_ALONG = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}  # row of LPS, sign
_HUGE = float(np.finfo(np.float32).max)
_LEAST = 1e-6
_SAMPLED = 2_000_000  # voxels


@dataclass(frozen=True)
class ModelGrid:
    """How the model's grid lies on an image's array, voxels[k, j, i].

    order: array axis of the image that becomes axis k, j, i of the model. flipped: whether it is reversed.
    image_shape is in the model's order; shape is the model's grid. Both cover the same extent; centres of
    model voxel n and image voxel m on one axis coincide where (n + 0.5) * spacing == (m + 0.5) * image spacing. If
    they are aligned by their centres: both begin at the first voxel's, and coincide where n * spacing == m * image
    spacing. box: the part of the image that is meant throughout, where it is not all of it.
    """

    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    image_shape: tuple[int, int, int]
    image_spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    aligned: Literal["edges", "centres", "ends"] = "edges"
    box: tuple[slice, slice, slice] | None = None

    def reorient(self, voxels: NDArray) -> NDArray:
        """A view of the image's voxels[k, j, i] with its axes in the model's order and directions."""
        view = (voxels if self.box is None else voxels[self.box]).transpose(self.order)
        return view[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]

    def restore(self, oriented: NDArray) -> NDArray:
        """Undo reorient: a view in the image's own order."""
        view = oriented[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]
        return view.transpose(np.argsort(self.order))


def model_grid(image: sitk.Image, preprocessing: Preprocessing) -> ModelGrid:
    """The grid on which a model with this preprocessing looks at a 3-D image (LPS, mm), or at each of a 4-D one."""
    count = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (count, count))[:3, :3]
    box = _but_zero(image) if preprocessing.cropped else None
    size = image.GetSize()[:3] if box is None else [part.stop - part.start for part in reversed(box)]
    grid = model_grid_of(size, image.GetSpacing()[:3], direction.ravel().tolist(), preprocessing)
    return replace(grid, box=box)


def _but_zero(image: sitk.Image) -> tuple[slice, slice, slice] | None:
    """Where (k, j, i) a 3-D image has values but 0; None if it has them up to its borders, or none."""
    import SimpleITK as sitk

    voxels = sitk.GetArrayViewFromImage(image)
    within, in_slices = np.zeros(voxels.shape[1:], bool), []
    for plane in voxels:
        values = plane != 0
        in_slices.append(values.any())
        within |= values
    found = [np.flatnonzero(along) for along in (in_slices, within.any(1), within.any(0))]
    if not found[0].size or all(len(along) == n for along, n in zip(found, voxels.shape, strict=True)):
        return None
    k, j, i = (slice(int(along[0]), int(along[-1]) + 1) for along in found)
    return k, j, i


def model_grid_of(
    size: Sequence[int], spacing_mm: Sequence[float], direction: Sequence[float], preprocessing: Preprocessing
) -> ModelGrid:
    """model_grid of an image of which only the place is known: size and spacing along i, j, k, and the direction row
    by row, as SimpleITK tells them."""
    order, flipped = _axes_along(np.array(direction).reshape(3, 3), preprocessing.axes)
    image_shape = tuple(size[2 - axis] for axis in order)
    image_spacing = tuple(float(spacing_mm[2 - axis]) for axis in order)
    asked = preprocessing.spacing_mm[::-1] if preprocessing.spacing_mm is not None else (None, None, None)
    spacing = tuple(own if mm is None else mm for mm, own in zip(asked, image_spacing, strict=True))
    last = preprocessing.aligned == "centres"  # which lies at most half a voxel from the image's last
    shape = tuple(
        max(1, round((n - last) * a / b) + last) for n, a, b in zip(image_shape, image_spacing, spacing, strict=True)
    )
    if preprocessing.aligned == "ends":
        spacing = tuple(n * a / b for n, a, b in zip(image_shape, image_spacing, shape, strict=True))
    if preprocessing.size is not None:
        shape = (shape[0], *preprocessing.size)
        stretched = (n * a / b for n, a, b in zip(image_shape[1:], image_spacing[1:], shape[1:], strict=True))
        spacing = (spacing[0], *stretched)
    aligned = preprocessing.aligned
    return ModelGrid(order, flipped, image_shape, image_spacing, shape, spacing, aligned)  # type: ignore[arg-type]


def _axes_along(direction: NDArray, axes: str) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Array axes of an image, 0 being k, that run nearest to each of three letters, and whether they run against it."""
    if of_the_image(axes):
        first, second, third = (OWN_AXES.index(letter) for letter in axes)
        return (first, second, third), (False, False, False)
    rows = [_ALONG[letter][0] for letter in axes]
    columns = max(
        itertools.permutations(range(3)),
        key=lambda columns: sum(abs(direction[row, column]) for row, column in enumerate(columns)),
    )  # index axes i, j, k nearest to L, P, S
    flipped = tuple(
        bool(direction[row, columns[row]] * _ALONG[letter][1] < 0) for row, letter in zip(rows, axes, strict=True)
    )
    return tuple(2 - columns[row] for row in rows), flipped  # type: ignore[return-value]


def degrees_off(direction: Sequence[float], axes: str) -> float:
    """The largest angle between an axis of an image (direction row by row) and the one of the model's that it becomes:
    0 of an image whose axes run as the model's letters say, or against them."""
    if of_the_image(axes):
        return 0.0
    cosines = np.array(direction).reshape(3, 3)
    order, _ = _axes_along(cosines, axes)
    along = [abs(cosines[_ALONG[letter][0], 2 - axis]) for letter, axis in zip(axes, order, strict=True)]
    return float(np.degrees(np.arccos(min(1.0, min(along)))))


@dataclass(frozen=True)
class Scaling:
    """(value clipped to low..high - shift) * factor; what is no number becomes 0. zero_stays: what is 0 stays 0."""

    low: float
    high: float
    shift: float
    factor: float
    zero_stays: bool = False

    def __call__(self, values: NDArray) -> NDArray[np.float32]:
        scaled = np.array(values, dtype=np.float32, order="C")
        zero = scaled == 0 if self.zero_stays else None
        np.clip(scaled, np.float32(self.low), np.float32(self.high), out=scaled)
        scaled -= np.float32(self.shift)
        scaled *= np.float32(self.factor)
        if zero is not None:
            scaled[zero] = 0
        return scaled if np.issubdtype(values.dtype, np.integer) else np.nan_to_num(scaled, copy=False, nan=0.0)


def scaling_of(voxels: NDArray, intensity: Intensity) -> Scaling:
    """How an intensity rule scales the values of an image; percentiles, mean and deviation are those of its finite
    voxels (percentiles of a regular sample of a large image)."""
    match intensity:
        case StoredIntensity():
            return Scaling(-_HUGE, _HUGE, 0.0, 1.0)
        case FixedIntensity():
            return Scaling(intensity.low, intensity.high, intensity.mean, 1 / intensity.deviation)
        case WindowIntensity():
            return _onto(intensity.low, intensity.high, intensity.to)
    if isinstance(intensity, StandardIntensity):
        mean, deviation = _mean_and_deviation(voxels, intensity.but_zero)
        return Scaling(-_HUGE, _HUGE, mean, 1 / max(deviation, _LEAST), intensity.but_zero)
    sample = sampled(voxels, _SAMPLED).astype(np.float32)
    sample = sample[np.isfinite(sample)]
    low, high = np.percentile(sample, (intensity.lower, intensity.upper)) if sample.size else (0.0, 1.0)
    return _onto(float(low), float(max(high, low + _LEAST)), intensity.to)


def _mean_and_deviation(voxels: NDArray, but_zero: bool) -> tuple[float, float]:
    """Of the finite voxels (k, j, i), or of those that are not 0; 0 and 1 if there are none. Slice by slice, so that
    there is no copy of all of them."""
    count, total, squares = 0, 0.0, 0.0
    for values in voxels:
        values = values[np.isfinite(values)].astype(np.float64)
        if but_zero:
            values = values[values != 0]
        count, total, squares = count + values.size, total + values.sum(), squares + np.dot(values, values)
    if not count:
        return 0.0, 1.0
    return float(total / count), float(max(squares / count - (total / count) ** 2, 0.0) ** 0.5)


def sampled(voxels: NDArray, about: int) -> NDArray:
    """About so many of the voxels (k, j, i), regularly apart, or all of fewer; in one row."""
    step = max(1, math.ceil((voxels.size / about) ** (1 / 3)))
    return voxels[::step, ::step, ::step].ravel()


def _onto(low: float, high: float, to: tuple[float, float]) -> Scaling:
    factor = (to[1] - to[0]) / (high - low)
    return Scaling(low, high, low - to[0] / factor, factor)


def to_model_grid(
    image: sitk.Image, grid: ModelGrid, intensity: Intensity, scale: Scaling | None = None
) -> NDArray[np.float32]:
    """The image's values on the model's grid, (k, j, i), scaled by its intensity rule, or as others were (scale); what
    is no number becomes 0."""
    import SimpleITK as sitk

    voxels = sitk.GetArrayViewFromImage(image)
    scale = scale or scaling_of(voxels if grid.box is None else voxels[grid.box], intensity)
    oriented = grid.reorient(voxels)
    resampled = np.empty(grid.shape, dtype=np.float32)
    low, high, weight = _weights(grid, 0, to_model=True)
    cache: dict[int, NDArray[np.float32]] = {}
    for k in range(grid.shape[0]):
        between = weight[k] > 0
        for plane in (low[k], high[k]) if between else (low[k],):
            if plane not in cache:
                cache = {n: p for n, p in cache.items() if n >= low[k]}
                cache[plane] = _in_plane(scale(oriented[plane])[None], grid, to_model=True)[0]
        if between:
            _blend(cache[low[k]], cache[high[k]], weight[k], resampled[k])
        else:
            resampled[k] = cache[low[k]]
    return resampled


def as_seen(image: sitk.Image, grid: ModelGrid, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """to_model_grid, of a model that may see images scaled after they were resampled."""
    if preprocessing.scaled == "before":
        return to_model_grid(image, grid, preprocessing.intensity)
    resampled = to_model_grid(image, grid, StoredIntensity())
    scale = scaling_of(resampled, preprocessing.intensity)
    for plane in resampled:
        plane[:] = scale(plane)
    return resampled


def labels_to_model_grid(label_voxels: NDArray[np.uint8], grid: ModelGrid) -> NDArray[np.uint8]:
    """A label map (k, j, i) of the image on the model's grid: the nearest voxel's value."""
    oriented = grid.reorient(label_voxels)
    nearest = []
    for axis in range(3):
        low, high, weight = _weights(grid, axis, to_model=True)
        nearest.append(np.where(weight > 0.5, high, low))
    return np.ascontiguousarray(oriented[np.ix_(*nearest)])


def nearest_slices(grid: ModelGrid, image_slices: Sequence[int]) -> list[int]:
    """The model's slice nearest to each of some slices of the image, numbered along the axis that becomes its k."""
    low, high, weight = _weights(grid, 0, to_model=False)
    first, last = 0 if grid.box is None else grid.box[grid.order[0]].start, grid.image_shape[0] - 1
    within = [min(max(n - first, 0), last) for n in image_slices]
    oriented = [last - n if grid.flipped[0] else n for n in within]
    return [int(high[n] if weight[n] > 0.5 else low[n]) for n in oriented]


def slice_axis(image: sitk.Image, preprocessing: Preprocessing) -> int:
    """The index axis (0 i, 1 j, 2 k) of an image along which the slices of a model follow one another."""
    return 2 - model_grid(image, preprocessing).order[0]


def slice_stacks(voxels: NDArray[np.float32], slices: Sequence[int], context_slices: int) -> NDArray[np.float32]:
    """What a model of two dimensions sees of some slices: (N, context_slices, J, I); beyond the ends it is the last
    slice once more."""
    reach = context_slices // 2
    wanted = np.asarray(slices)[:, None] + np.arange(-reach, reach + 1)[None, :]
    return np.ascontiguousarray(voxels[np.clip(wanted, 0, len(voxels) - 1)])


_PAD_MODES: dict[str, Literal["constant", "edge", "reflect"]] = {
    "zero": "constant",
    "edge": "edge",
    "reflect": "reflect",
}


def padded_sizes(sizes: Sequence[int], preprocessing: Preprocessing) -> tuple[int, ...]:
    """Sizes (J, I), or (K, J, I) of a model of three dimensions, made as large as the patch and a multiple of
    size_multiple."""
    least = preprocessing.patch or (1,) * preprocessing.dimensions
    multiple = preprocessing.size_multiple
    return tuple(max(-(-n // multiple) * multiple, side) for n, side in zip(sizes, least, strict=True))


def padding_of(sizes: Sequence[int], preprocessing: Preprocessing) -> list[tuple[int, int]]:
    """How much is added before and after each of some sizes, (J, I) or (K, J, I), to make them padded_sizes. Of what is
    centred the smaller half lies before, as nnU-Net and MONAI have it."""
    padded = padded_sizes(sizes, preprocessing)
    before = [(whole - n) // 2 if preprocessing.centred else 0 for n, whole in zip(sizes, padded, strict=True)]
    return [(first, whole - n - first) for first, n, whole in zip(before, sizes, padded, strict=True)]


def unpadded(sizes: Sequence[int], preprocessing: Preprocessing) -> tuple[slice, ...]:
    """Where values of some sizes lie in what they are padded to."""
    return tuple(
        slice(before, before + n) for n, (before, _) in zip(sizes, padding_of(sizes, preprocessing), strict=True)
    )


def padded_for(values: NDArray[np.float32], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Scaled values (..., J, I), or (..., K, J, I) of a model of three dimensions, padded to padded_sizes; unpadded of
    the result undoes it."""
    ends = padding_of(values.shape[-preprocessing.dimensions :], preprocessing)
    if not any(map(any, ends)):
        return values
    return np.pad(values, [(0, 0)] * (values.ndim - len(ends)) + ends, mode=_PAD_MODES[preprocessing.padding])


def padded_block(
    voxels: NDArray[np.float32], window: Sequence[slice], preprocessing: Preprocessing
) -> NDArray[np.float32]:
    """What lies in a window of padded_for(voxels), without a padded copy of all of them."""
    ends = padding_of(voxels.shape, preprocessing)
    window = [slice(part.start - first, part.stop - first) for part, (first, _) in zip(window, ends, strict=True)]
    missing = [(max(0, -part.start), max(0, part.stop - n)) for part, n in zip(window, voxels.shape, strict=True)]
    if not any(map(any, missing)):
        return voxels[tuple(window)]
    if preprocessing.padding == "zero":
        block = np.zeros([part.stop - part.start for part in window], np.float32)
        inside = voxels[tuple(slice(max(0, part.start), max(0, part.stop)) for part in window)]
        block[tuple(slice(first, first + n) for n, (first, _) in zip(inside.shape, missing, strict=True))] = inside
        return block
    mode = _PAD_MODES[preprocessing.padding]
    places = [  # of the voxels that padding repeats
        np.pad(np.arange(n), more, mode=mode)[part.start + more[0] : part.stop + more[0]]
        for part, n, more in zip(window, voxels.shape, missing, strict=True)
    ]
    return voxels[np.ix_(*places)]


def on_image(
    planes: Iterator[NDArray[np.float32]], grid: ModelGrid, computed: range
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """What was worked out on the model's grid, on the image's: (slice in the model's order, (channels, rows, columns)).

    planes (channels, J, I) are those of the model slices `computed`, one after the other; no more than two are held.
    What is given is the caller's until it asks for the next, which takes its place.
    Each channel is interpolated linearly between model voxels, so borders of the largest are as smooth as the channels.
    Image slices that do not lie between computed ones are left out.
    """
    low, high, weight = _weights(grid, 0, to_model=False)
    known: dict[int, NDArray[np.float32]] = {}
    between: NDArray[np.float32] | None = None
    arriving = computed.start

    def plane(number: int) -> NDArray[np.float32]:
        nonlocal arriving
        while number not in known:
            coarse = next(planes)
            if arriving >= number:
                known[arriving] = _in_plane(coarse, grid, to_model=False)
            arriving += 1
        return known[number]

    for n in range(grid.image_shape[0]):
        nearest = high[n] if weight[n] > 0.5 else low[n]
        if nearest not in computed:
            continue
        below, above = (min(max(int(m), computed.start), computed.stop - 1) for m in (low[n], high[n]))
        for past in [number for number in known if number < below]:
            del known[past]
        first = plane(below)
        if below == above or weight[n] == 0:
            yield n, first
        else:
            second = plane(above)
            between = np.empty_like(first) if between is None else between
            for channel in zip(first, second, between, strict=True):
                _blend(channel[0], channel[1], weight[n], channel[2])
            yield n, between


def _weights(
    grid: ModelGrid, axis: int, to_model: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each voxel of the target axis: the two source voxels it lies between and the weight of the second."""
    image, model = (grid.image_shape[axis], grid.image_spacing_mm[axis]), (grid.shape[axis], grid.spacing_mm[axis])
    (source_size, source_mm), (target_size, target_mm) = (image, model) if to_model else (model, image)
    half = 0.0 if grid.aligned == "centres" else 0.5
    position = np.clip((np.arange(target_size) + half) * target_mm / source_mm - half, 0, source_size - 1)
    low = np.floor(position).astype(np.intp)
    high = np.minimum(low + 1, source_size - 1)
    return low, high, (position - low).astype(np.float32)


def _in_plane(values: NDArray[np.float32], grid: ModelGrid, to_model: bool) -> NDArray[np.float32]:
    """Planes (channels, J, I), interpolated linearly between the image's rows and columns and the model's.

    OpenCV samples at (n + 0.5) / factor - 0.5, clipped to the voxels, as _weights does, when it is given the factors;
    it is several times as fast as numpy, and lets other threads run.
    """
    import cv2

    image, model = (grid.image_shape[1:], grid.image_spacing_mm[1:]), (grid.shape[1:], grid.spacing_mm[1:])
    (_, source_mm), (sizes, target_mm) = (image, model) if to_model else (model, image)
    factors = [source / target for source, target in zip(source_mm, target_mm, strict=True)]
    if tuple(sizes) == values.shape[1:] and np.allclose(factors, 1, rtol=1e-9):
        return values
    if grid.aligned == "centres":
        for axis in (1, 2):
            low, high, weight = _weights(grid, axis, to_model)
            part = weight[:, None] if axis == 1 else weight
            first = values.take(low, axis)
            values = np.asarray(first + (values.take(high, axis) - first) * part, np.float32)
        return values
    found = np.empty((len(values), *sizes), np.float32)
    # From the factors follows the size that it gives; where it would be too small, repeating the last voxel adds to it.
    more = [
        0 if n * factor > size - 0.49 else int(-(-(size + 1) // factor)) - n
        for size, factor, n in zip(sizes, factors, values.shape[1:], strict=True)
    ]
    for plane, resized in zip(values, found, strict=True):
        source = np.pad(plane, [(0, extra) for extra in more], mode="edge") if any(more) else plane
        scaled = cv2.resize(source, None, fx=factors[1], fy=factors[0], interpolation=cv2.INTER_LINEAR)
        resized[:] = scaled[: sizes[0], : sizes[1]]
    return found


def _blend(first: NDArray[np.float32], second: NDArray[np.float32], weight: float, to: NDArray[np.float32]) -> None:
    """first + (second - first) * weight, into another plane."""
    np.subtract(second, first, out=to)
    to *= np.float32(weight)
    to += first
