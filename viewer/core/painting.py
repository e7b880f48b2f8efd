"""Brush strokes on a label map: pure arithmetic on voxels, millimetres and boxes."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry, PlaneAxes
from viewer.core.oblique import Axes

Box = tuple[slice, slice, slice]  # into voxels[k, j, i]
Point = tuple[float, float, float]  # continuous index (i, j, k)

_ALIKE = 1e-6  # of lengths that differ by rounding alone
_BLOCK = 32  # voxels along each side of what is remembered at once
_MOSTLY_EMPTY = 4
_AT_ONCE = 20_000  # voxels: what is worked out of them stays in the processor's cache


def stroke_segment(
    geometry: Geometry, axes: Axes | None, start_ijk: Point, end_ijk: Point, radius_mm: float
) -> tuple[Box, NDArray[np.bool_]] | None:
    """Voxels whose centres are within radius_mm of the straight line between two brush positions: of all, which is a
    ball drawn along the line (axes None), or of those of one plane only, a disc.

    Distances are in mm, and a disc's are in its plane, so a brush is round on anisotropic voxels. The voxels of an
    oblique plane, on which both positions lie, are those that it passes through, so that what is painted is seen there
    without gaps. The voxels under the line always belong, however small the brush. Returns the box touched and a mask
    of the box's shape, or None if the stroke lies outside the grid.
    """
    spacing, size = np.array(geometry.spacing), np.array(geometry.size)
    start, end = np.array(start_ijk, dtype=np.float64), np.array(end_ijk, dtype=np.float64)
    reach, across, half = np.full(3, float(radius_mm)), None, 0.0
    if isinstance(axes, PlaneAxes):
        start[axes.normal] = end[axes.normal] = np.rint(end[axes.normal])
        reach[axes.normal] = 0.0
    elif axes is not None:
        across = axes.normal_mm
        half = float(np.abs(across) @ spacing) / 2
        reach = radius_mm * np.sqrt(np.maximum(1 - across**2, 0)) + half * np.abs(across)
    start, end = start * spacing, end * spacing
    under = _under_line(start / spacing, end / spacing)
    low = np.ceil((np.minimum(start, end) - reach) / spacing - _ALIKE).astype(int)
    high = np.floor((np.maximum(start, end) + reach) / spacing + _ALIKE).astype(int) + 1
    low = np.maximum(np.minimum(low, under.min(axis=0)), 0)
    high = np.minimum(np.maximum(high, under.max(axis=0) + 1), size)
    if np.any(low >= high):
        return None
    away = [np.arange(low[a], high[a]) * spacing[a] - start[a] for a in range(3)]
    mask = np.empty(tuple((high - low)[::-1]), np.bool_)
    step = max(_AT_ONCE // mask[0].size, 1)
    for first in range(0, len(mask), step):
        part = slice(first, first + step)
        mask[part] = _near_line([away[0], away[1], away[2][part]], end - start, radius_mm, across, half)
    inside = under[np.all((under >= low) & (under < high), axis=1)] - low
    mask[inside[:, 2], inside[:, 1], inside[:, 0]] = True
    k, j, i = (slice(int(low[a]), int(high[a])) for a in (2, 1, 0))
    return (k, j, i), mask


def _near_line(
    away: list[NDArray[np.float64]],
    along: NDArray[np.float64],
    radius_mm: float,
    across: NDArray[np.float64] | None,
    half: float,
) -> NDArray[np.bool_]:
    """Which of the points that are so far away from the start of a line, at [k, j, i] and in mm, are near to it; across
    is the normal of a plane, if only those within half of it are meant, and distances along it do not count."""
    apart_squared = _summed([one**2 for one in away])
    beside: NDArray[np.bool_] | bool = True
    if across is not None:
        height = _summed([one * n for one, n in zip(away, across, strict=True)])
        beside = np.abs(height) <= half + _ALIKE
        apart_squared -= height**2
    length_squared = float(along @ along)
    if length_squared > 0:
        there = _summed([one * step for one, step in zip(away, along, strict=True)])
        t = np.clip(there / length_squared, 0.0, 1.0)
        apart_squared -= t * (2 * there - t * length_squared)
    return (apart_squared <= radius_mm**2 + _ALIKE) & beside


def _under_line(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices (n, 3) of the voxels under a line between two continuous indices, at most half a voxel apart on it."""
    steps = int(np.ceil(2 * np.abs(end - start).max())) + 1
    return np.rint(start + np.linspace(0, 1, steps + 1)[:, None] * (end - start)).astype(np.int64)


def _summed(along_ijk: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """At [k, j, i] the sum of what three lines have at i, j and k."""
    i, j, k = along_ijk
    return k[:, None, None] + (j[:, None] + i[None, :])


class Touched:
    """The label voxels of a stroke as they were before it: of the blocks that it has touched so far, and no others."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, ...], tuple[Box, NDArray[np.uint8]]] = {}  # by their places

    def remember(self, voxels: NDArray[np.uint8], box: Box) -> None:
        """Keep the voxels of a box, of the whole label map, that is about to be drawn on."""
        places = (range(span.start // _BLOCK, (span.stop - 1) // _BLOCK + 1) for span in box)
        for place in itertools.product(*places):
            if place not in self._blocks:
                low = [n * _BLOCK for n in place]
                k, j, i = (slice(n, min(n + _BLOCK, count)) for n, count in zip(low, voxels.shape, strict=True))
                self._blocks[place] = (k, j, i), voxels[k, j, i].copy()

    def changed(self, voxels: NDArray[np.uint8]) -> list[tuple[Box, NDArray[np.uint8]]]:
        """What has changed since: boxes that do not overlap, and their voxels before. One box, unless most of what it
        would hold is no part of the stroke."""
        parts: list[tuple[Box, NDArray[np.uint8]]] = []
        for block, before in self._blocks.values():
            inner = changed_box(before, voxels[block])
            if inner is not None:
                k, j, i = (slice(s.start + o.start, s.stop + o.start) for s, o in zip(inner, block, strict=True))
                parts.append(((k, j, i), before[inner]))
        whole = functools.reduce(union, (box for box, _ in parts), None)
        if whole is None or len(parts) < 2:
            return parts
        together = voxels[whole].size
        if together > _MOSTLY_EMPTY * sum(before.size for _, before in parts):
            return parts
        all_before = voxels[whole].copy()
        for box, before in parts:
            inside = tuple(slice(s.start - o.start, s.stop - o.start) for s, o in zip(box, whole, strict=True))
            all_before[inside] = before
        return [(whole, all_before)]


def changed_box(before: NDArray, after: NDArray) -> Box | None:
    """Smallest box holding every voxel in which two label maps of one shape differ; None if they are equal."""
    return box_of(before != after)


def box_of(voxels: NDArray) -> Box | None:
    """Smallest box holding all voxels[k, j, i] that are true, or not 0; None if none is."""
    spans = []
    for axis in range(3):  # each time of what the last one left
        hits = np.flatnonzero(voxels.any(axis=tuple(other for other in range(3) if other != axis)))
        if hits.size == 0:
            return None
        spans.append(slice(int(hits[0]), int(hits[-1]) + 1))
        voxels = voxels[(slice(None),) * axis + (spans[-1],)]
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
