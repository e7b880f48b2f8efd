"""Brush strokes on a label map: pure arithmetic on voxels, millimetres and boxes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry, PlaneAxes

Box = tuple[slice, slice, slice]  # into voxels[k, j, i]
Point = tuple[float, float, float]  # continuous index (i, j, k)


def stroke_segment(
    geometry: Geometry, axes: PlaneAxes, start_ijk: Point, end_ijk: Point, radius_mm: float
) -> tuple[Box, NDArray[np.bool_]] | None:
    """Voxels of one slice within radius_mm of the straight line between two brush positions.

    Distances are in the slice's plane and in mm, so a brush is round on anisotropic pixels. The voxel under
    the end point always belongs. Returns the box of the slice touched and a mask of the box's shape, or None
    if the stroke lies outside the grid.
    """
    slice_index = int(round(end_ijk[axes.normal]))
    if not 0 <= slice_index < geometry.size[axes.normal]:
        return None
    in_plane = sorted((axes.right, axes.down), reverse=True)  # array order: the higher index axis comes first
    spacing = np.array([geometry.spacing[a] for a in in_plane])
    start = np.array([start_ijk[a] for a in in_plane]) * spacing
    end = np.array([end_ijk[a] for a in in_plane]) * spacing
    low = np.floor((np.minimum(start, end) - radius_mm) / spacing).astype(int)
    high = np.ceil((np.maximum(start, end) + radius_mm) / spacing).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, [geometry.size[a] for a in in_plane])
    if np.any(low >= high):
        return None
    first = (np.arange(low[0], high[0]) * spacing[0])[:, None]
    second = (np.arange(low[1], high[1]) * spacing[1])[None, :]
    along = end - start
    length_squared = float(along @ along)
    t = 0.0
    if length_squared > 0:
        t = np.clip(((first - start[0]) * along[0] + (second - start[1]) * along[1]) / length_squared, 0.0, 1.0)
    apart_squared = (first - start[0] - t * along[0]) ** 2 + (second - start[1] - t * along[1]) ** 2
    mask = apart_squared <= radius_mm**2
    centre = np.rint(end / spacing).astype(int) - low
    if np.all(centre >= 0) and np.all(centre < mask.shape):
        mask[tuple(centre)] = True
    spans = {axes.normal: slice(slice_index, slice_index + 1)}
    for axis, lo, hi in zip(in_plane, low, high, strict=True):
        spans[axis] = slice(int(lo), int(hi))
    return (spans[2], spans[1], spans[0]), np.expand_dims(mask, 2 - axes.normal)


def changed_box(before: NDArray, after: NDArray) -> Box | None:
    """Smallest box holding every voxel in which two label maps of one shape differ; None if they are equal."""
    return box_of(before != after)


def box_of(voxels: NDArray) -> Box | None:
    """Smallest box holding all voxels[k, j, i] that are true, or not 0; None if none is."""
    spans = []
    for others in ((1, 2), (0, 2), (0, 1)):
        hits = np.flatnonzero(voxels.any(axis=others))
        if hits.size == 0:
            return None
        spans.append(slice(int(hits[0]), int(hits[-1]) + 1))
    return spans[0], spans[1], spans[2]


def union(first: Box | None, second: Box | None) -> Box | None:
    """Smallest box holding both."""
    if first is None or second is None:
        return first or second
    k, j, i = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
    return k, j, i


def widened(box: Box, shape: tuple[int, ...], spacing: tuple[float, float, float], reach_mm: float) -> Box:
    """A box with all that is within reach_mm of it, of an array of a shape (k, j, i). spacing: (i, j, k) in mm."""
    spans = []
    for span, count, mm in zip(box, shape, reversed(spacing), strict=True):
        more = int(np.ceil(reach_mm / mm))
        spans.append(slice(max(span.start - more, 0), min(span.stop + more, count)))
    return spans[0], spans[1], spans[2]
