"""From an image to what a model sees, and back to the image's own grid: the same code trains and runs.

The model's grid keeps the directions of the image's axes: they are only permuted and flipped so that they run
nearest to L, P and S, and then resampled to the model's spacing. Nothing is rotated, so both ways are a
separable linear interpolation and an oblique or left-handed image costs no more than a straight one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.manifest import PercentileIntensity, Preprocessing

_SLAB_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class ModelGrid:
    """How the model's grid lies on an image's array, voxels[k, j, i].

    order: array axis of the image that becomes axis k, j, i of the model. flipped: whether it is reversed.
    image_shape is in the model's order; shape is the model's grid. Both cover the same extent; centres of
    model voxel n and image voxel m on one axis coincide where (n + 0.5) * spacing == (m + 0.5) * image spacing.
    """

    order: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    image_shape: tuple[int, int, int]
    image_spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    def reorient(self, voxels: NDArray) -> NDArray:
        """A view of the image's voxels[k, j, i] with its axes in the model's order and directions."""
        view = voxels.transpose(self.order)
        return view[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]

    def restore(self, oriented: NDArray) -> NDArray:
        """Undo reorient: a view in the image's own order."""
        view = oriented[tuple(slice(None, None, -1 if flip else 1) for flip in self.flipped)]
        return view.transpose(np.argsort(self.order))


def model_grid(image: sitk.Image, preprocessing: Preprocessing) -> ModelGrid:
    """The grid on which a model with this preprocessing looks at a 3-D image (LPS, mm)."""
    direction = np.array(image.GetDirection()).reshape(3, 3)
    axes = max(
        itertools.permutations(range(3)),
        key=lambda columns: sum(abs(direction[row, column]) for row, column in enumerate(columns)),
    )  # index axes nearest to L, P, S
    by_kji = axes[::-1]
    order = tuple(2 - axis for axis in by_kji)
    flipped = tuple(bool(direction[row, axis] < 0) for row, axis in zip((2, 1, 0), by_kji, strict=True))
    image_shape = tuple(image.GetSize()[axis] for axis in by_kji)
    image_spacing = tuple(float(image.GetSpacing()[axis]) for axis in by_kji)
    spacing = preprocessing.spacing_mm[::-1]
    shape = tuple(max(1, round(n * a / b)) for n, a, b in zip(image_shape, image_spacing, spacing, strict=True))
    return ModelGrid(order, flipped, image_shape, image_spacing, shape, spacing)  # type: ignore[arg-type]


def to_model_grid(image: sitk.Image, grid: ModelGrid, intensity: PercentileIntensity) -> NDArray[np.float32]:
    """The image's values on the model's grid, (k, j, i), scaled to [0, 1]; NaN and infinities become 0."""
    voxels = sitk.GetArrayViewFromImage(image)
    scale = intensity_range(voxels, intensity)
    oriented = grid.reorient(voxels)
    resampled = np.empty(grid.shape, dtype=np.float32)
    in_plane = [_weights(grid, axis, to_model=True) for axis in (1, 2)]
    low, high, weight = _weights(grid, 0, to_model=True)
    cache: dict[int, NDArray[np.float32]] = {}
    for k in range(grid.shape[0]):
        for plane in (low[k], high[k]):
            if plane not in cache:
                cache = {n: p for n, p in cache.items() if n >= low[k]}
                scaled = _scaled(oriented[plane], scale)
                cache[plane] = _interpolate(_interpolate(scaled, 0, *in_plane[0]), 1, *in_plane[1])
        resampled[k] = cache[low[k]] * (1 - weight[k]) + cache[high[k]] * weight[k]
    return resampled


def intensity_range(voxels: NDArray, intensity: PercentileIntensity) -> tuple[float, float]:
    """The values that become 0 and 1: percentiles over the finite voxels (of a regular sample of a large image)."""
    step = max(1, int(np.ceil((voxels.size / 2_000_000) ** (1 / 3))))
    sample = voxels[::step, ::step, ::step].astype(np.float32).ravel()
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, (intensity.lower, intensity.upper))
    return float(low), float(max(high, low + 1e-6))


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
    last = grid.image_shape[0] - 1
    oriented = [last - n if grid.flipped[0] else n for n in image_slices]
    return [int(high[n] if weight[n] > 0.5 else low[n]) for n in oriented]


def slice_stacks(voxels: NDArray[np.float32], slices: Sequence[int], context_slices: int) -> NDArray[np.float32]:
    """The 2.5-D input of some slices: (N, context_slices, J, I); beyond the ends the last slice is repeated."""
    reach = context_slices // 2
    wanted = np.asarray(slices)[:, None] + np.arange(-reach, reach + 1)[None, :]
    return np.ascontiguousarray(voxels[np.clip(wanted, 0, len(voxels) - 1)])


def pad_to_multiple(stacks: NDArray[np.float32], multiple: int) -> NDArray[np.float32]:
    """Zeros below and to the right, so that both in-plane sizes are multiples; crop the result to undo it."""
    extra = [(-n) % multiple for n in stacks.shape[-2:]]
    return np.pad(stacks, [(0, 0)] * (stacks.ndim - 2) + [(0, extra[0]), (0, extra[1])])


def classes_on_image(
    logits: NDArray, grid: ModelGrid, computed: range | None = None
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Class of each voxel on the image's grid, slice by slice in the model's order: (slice, (rows, columns)).

    logits (K, classes, J, I) on the model's grid, where K counts the model slices of `computed` (all if None);
    each class's logits are interpolated linearly between model voxels before the largest is taken, so borders
    are as smooth as the logits. With `computed`, only image slices that lie between computed ones are given.
    """
    computed = range(grid.shape[0]) if computed is None else computed
    low, high, weight = _weights(grid, 0, to_model=False)
    rows, columns = (_weights(grid, axis, to_model=False) for axis in (1, 2))
    cache: dict[int, NDArray[np.float32]] = {}
    for n in range(grid.image_shape[0]):
        nearest = high[n] if weight[n] > 0.5 else low[n]
        if nearest not in computed:
            continue
        below, above = (min(max(plane, computed.start), computed.stop - 1) for plane in (low[n], high[n]))
        for plane in (below, above):
            if plane not in cache:
                cache = {m: p for m, p in cache.items() if m >= below}
                coarse = logits[plane - computed.start].astype(np.float32, copy=False)
                cache[plane] = _interpolate(_interpolate(coarse, 1, *rows), 2, *columns)
        if below == above or weight[n] == 0:
            yield n, cache[below].argmax(0).astype(np.uint8)
        else:
            blended = cache[below] + (cache[above] - cache[below]) * np.float32(weight[n])
            yield n, blended.argmax(0).astype(np.uint8)


def _scaled(plane: NDArray, scale: tuple[float, float]) -> NDArray[np.float32]:
    low, high = scale
    values = (plane.astype(np.float32) - np.float32(low)) * np.float32(1 / (high - low))
    return np.nan_to_num(np.clip(values, 0.0, 1.0), nan=0.0)


def _weights(
    grid: ModelGrid, axis: int, to_model: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For each voxel of the target axis: the two source voxels it lies between and the weight of the second."""
    image, model = (grid.image_shape[axis], grid.image_spacing_mm[axis]), (grid.shape[axis], grid.spacing_mm[axis])
    (source_size, source_mm), (target_size, target_mm) = (image, model) if to_model else (model, image)
    position = np.clip((np.arange(target_size) + 0.5) * target_mm / source_mm - 0.5, 0, source_size - 1)
    low = np.floor(position).astype(np.intp)
    high = np.minimum(low + 1, source_size - 1)
    return low, high, (position - low).astype(np.float32)


def _interpolate(
    values: NDArray[np.float32], axis: int, low: NDArray[np.intp], high: NDArray[np.intp], weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Linear interpolation along one axis."""
    shape = [1] * values.ndim
    shape[axis] = len(weight)
    first = values.take(low, axis)
    return np.asarray(first + (values.take(high, axis) - first) * weight.reshape(shape), dtype=np.float32)
