"""A scan stretched along a path: values interpolated between stored voxels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from viewer.core.curved import CurvedAxes
from viewer.core.volume import Volume
from viewer.render.slabs import Slab

_NO_PART = 1e-4  # a voxel with less weight has no part in a value


def values_along(
    volume: Volume,
    axes: CurvedAxes,
    slab: Slab | None = None,
    *,
    nearest: bool = False,
    report: Callable[[float], None] = lambda done: None,
) -> NDArray:
    """Values along a path, (rows, columns) or (rows, columns, 3) of colours (uint8), interpolated linearly: to be
    looked at, never to be measured. float32, NaN beyond the grid; nearest: of the volume's own type, those of the
    voxels themselves, as numbers of labels have to be, and 0 beyond the grid.

    Padding is not mixed with tissue: a value in which padding or NaN has a part is NaN. A slab is centred on the
    surface, of as many parallel surfaces a pixel apart; what is NaN on them is no part of it. Tens of ms a surface: not
    for the GUI thread. report is called after each of a slab with how much is done, 0 to 1; what it raises ends it.
    """
    if nearest:
        return nearest_along(volume.voxels, axes)
    if volume.colour:
        return _linear(volume, axes.places()).astype(np.uint8)
    if slab is None:
        return _beyond_is_nan(_linear(volume, axes.places()), axes.places(), volume)
    combined = count = None
    for n in range(slab.slices):
        places = axes.places((n - (slab.slices - 1) / 2) * axes.step)
        layer = _beyond_is_nan(_linear(volume, places), places, volume)
        if slab.kind == "Mean":
            there = ~np.isnan(layer)
            layer = np.where(there, layer, np.float32(0))
            combined = layer if combined is None else combined + layer
            count = there.astype(np.int32) if count is None else count + there
        elif combined is None:
            combined = layer
        else:
            combined = (np.fmax if slab.kind == "MIP" else np.fmin)(combined, layer)
        report((n + 1) / slab.slices)
    assert combined is not None
    if count is not None:
        combined = np.where(count > 0, combined / np.maximum(count, 1), np.float32(np.nan))
    return combined


def nearest_along(voxels: NDArray, axes: CurvedAxes) -> NDArray:
    """Labels, marks or values, voxels[k, j, i], of the voxels along a path, (rows, columns); 0 beyond the grid."""
    at = np.rint(axes.places()).astype(np.int32)
    size = np.array(voxels.shape[2::-1])
    inside = np.all((at >= 0) & (at < size), axis=-1)
    i, j, k = np.moveaxis(np.clip(at, 0, size - 1), -1, 0)
    flat = np.ascontiguousarray(voxels).reshape(-1, *voxels.shape[3:])
    found = flat.take((k * size[1] + j) * size[0] + i, axis=0)
    found[~inside] = 0
    return found


def _linear(volume: Volume, places: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values at continuous indices (..., 3); half a voxel beyond the outermost centres they are carried on."""
    voxels = volume.voxels
    ni, nj, nk = voxels.shape[2::-1]
    flat = np.ascontiguousarray(voxels).reshape(-1, *voxels.shape[3:])
    base = np.zeros(places.shape[:-1], np.int64)
    parts = []
    for axis, (n, stride) in enumerate(((ni, 1), (nj, ni), (nk, ni * nj))):
        at = np.clip(places[..., axis], 0, n - 1)
        first = np.minimum(at.astype(np.int32), max(n - 2, 0))
        parts.append((at - first, stride if n > 1 else 0))
        base += first.astype(np.int64) * stride
    x, y, z = ((part[..., None] if volume.colour else part) for part, _ in parts)
    right, down, on = (stride for _, stride in parts)

    def at_corner(offset: int) -> NDArray[np.float32]:
        return flat.take(base + offset, axis=0).astype(np.float32)

    def along_i(offset: int) -> NDArray[np.float32]:
        one, other = at_corner(offset), at_corner(offset + right)
        return one + (other - one) * x

    def along_j(offset: int) -> NDArray[np.float32]:
        one, other = along_i(offset), along_i(offset + down)
        return one + (other - one) * y

    if volume.padding is None and voxels.dtype.kind in "iu":
        one, other = along_j(0), along_j(on)
        return one + (other - one) * z
    total, spoilt = np.zeros(places.shape[:-1], np.float32), np.zeros(places.shape[:-1], np.bool_)
    for i, j, k in np.ndindex(2, 2, 2):
        stored = flat.take(base + i * right + j * down + k * on)
        weight = (x if i else 1 - x) * (y if j else 1 - y) * (z if k else 1 - z)
        measured = volume.measured(stored)
        total += weight * np.where(measured, stored, 0).astype(np.float32)
        spoilt |= ~measured & (weight > _NO_PART)
    total[spoilt] = np.nan
    return total


def _beyond_is_nan(values: NDArray[np.float32], places: NDArray[np.float32], volume: Volume) -> NDArray[np.float32]:
    for axis, n in enumerate(volume.geometry.size):
        at = places[..., axis]
        values[(at < -0.5 - _NO_PART) | (at > n - 0.5 + _NO_PART)] = np.nan
    return values
