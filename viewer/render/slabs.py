"""Several slices seen as one: the largest, the smallest or the mean value along the line of sight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import PlaneAxes
from viewer.core.volume import Volume
from viewer.render.slices import slice_of

SlabKind = Literal["MIP", "MinIP", "Mean"]
_ROWS_AT_ONCE = 64  # of a slab, for most are copied: in pieces that the cache holds
SLAB_KINDS: tuple[SlabKind, ...] = get_args(SlabKind)


@dataclass(frozen=True)
class Slab:
    """Maximum or minimum intensity projection, or mean, of a number of neighbouring slices, at least 2."""

    kind: SlabKind
    slices: int


def slices_within(slab: Slab, slice_index: int, count: int) -> range:
    """The slices of a slab around slice_index, of count in all: at the ends of the scan there are fewer."""
    first = slice_index - (slab.slices - 1) // 2
    return range(max(first, 0), min(first + slab.slices, count))


def slab_of(volume: Volume, axes: PlaneAxes, slice_index: int, slab: Slab) -> NDArray:
    """The projection of a grey volume, (rows, columns) laid out as slice_of does.

    Padding and NaN are no part of it; where there is nothing else, the result is padding or NaN. A mean is float32 of
    integers, else of the volume's own type.
    """
    within = slices_within(slab, slice_index, volume.voxels.shape[2 - axes.normal])
    place = (slice(None),) * (2 - axes.normal) + (slice(within.start, within.stop),)
    block, rows = volume.voxels[place], 1 if axes.normal == 2 else 0
    pieces = np.split(block, range(_ROWS_AT_ONCE, block.shape[rows], _ROWS_AT_ONCE), axis=rows)
    parts = [_projected(volume, np.moveaxis(np.ascontiguousarray(some), 2 - axes.normal, 0), slab) for some in pieces]
    projected = np.concatenate(parts) if len(parts) > 1 else parts[0]
    # One slice thick again, so that it is turned as any slice is.
    return slice_of(np.expand_dims(projected, 2 - axes.normal), axes, 0)


def _projected(volume: Volume, block: NDArray, slab: Slab) -> NDArray:
    if volume.padding is None and block.dtype.kind in "iu":
        return _of_all(block, slab.kind)
    return _of_measured(block, slab.kind, volume.measured(block))


def _of_all(block: NDArray, kind: SlabKind) -> NDArray:
    if kind == "Mean":
        return np.add.reduce(block, axis=0, dtype=np.int64 if block.itemsize > 2 else np.int32) / np.float32(len(block))
    return (np.maximum if kind == "MIP" else np.minimum).reduce(block, axis=0)


def _of_measured(block: NDArray, kind: SlabKind, measured: NDArray[np.bool_]) -> NDArray:
    count = measured.sum(axis=0)
    if kind == "Mean":
        total = np.where(measured, block, 0).sum(axis=0, dtype=np.float64)
        projected = (total / np.maximum(count, 1)).astype(block.dtype if block.dtype.kind == "f" else np.float32)
    else:
        limits = np.finfo(block.dtype) if block.dtype.kind == "f" else np.iinfo(block.dtype)
        worst = limits.min if kind == "MIP" else limits.max
        projected = _of_all(np.where(measured, block, block.dtype.type(worst)), kind)
    return np.where(count > 0, projected, block[len(block) // 2])
