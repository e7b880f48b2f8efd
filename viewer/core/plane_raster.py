"""A plane of a scan as pixels, for tools that outline regions on it: which lie inside, and whose voxels they are.

Places on the plane are (column, row) as the plane is laid out on the screen; a pixel's centre is at whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.geometry import Geometry
from viewer.core.oblique import Axes, ObliqueAxes
from viewer.core.painting import Box, Point
from viewer.core.shaping import Mask

_ON_OUTLINE = 1e-6  # pixels: a centre this near to an outline lies on it
_AROUND_PX = 1.0  # beside a region on an oblique plane, besides a voxel's own size


@dataclass(frozen=True)
class PlaneRaster:
    """A plane of the grid, whose pixels are the voxels of a slice, or one that cuts across it, whose pixels are those
    of its virtual slice. depth: the slice's number, or mm where the plane is oblique (ObliqueAxes.depth_of)."""

    geometry: Geometry
    axes: Axes
    depth: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        columns, rows = self.axes.shape(self.geometry.size)
        return rows, columns

    def places(self, points_ijk: ArrayLike) -> NDArray[np.float64]:
        """(column, row) of continuous indices (n, 3)."""
        return self.axes.to_screen(np.asarray(points_ijk, dtype=np.float64).reshape(-1, 3), self.geometry.size)

    def pixel(self, point_ijk: Point) -> tuple[int, int] | None:
        """The pixel (row, column) at a continuous index; None where there is no voxel."""
        if not self.geometry.contains_index(point_ijk):
            return None
        column, row = np.rint(self.places(point_ijk)[0]).astype(int).tolist()
        rows, columns = self.shape
        return (row, column) if 0 <= row < rows and 0 <= column < columns else None

    def index(self, row: float, column: float) -> Point:
        """The continuous index of a place."""
        return self.axes.to_index(column, row, self.depth, self.geometry.size)

    def indices(self, pixels: NDArray) -> NDArray[np.float64]:
        """The indices (n, 3) of pixels (n, 2), given as (row, column)."""
        origin, down, across = (np.array(self.index(*place)) for place in ((0, 0), (1, 0), (0, 1)))
        return origin + pixels @ np.array([down - origin, across - origin])

    def enclosed(self, points_ijk: ArrayLike) -> tuple[Mask, int, int]:
        """The pixels that a closed outline through continuous indices (n, 3) encloses, as inside_outline says, and the
        first row and column of that mask."""
        places, (rows, columns) = self.places(points_ijk), self.shape
        low = np.clip(np.ceil(places.min(axis=0) - _ON_OUTLINE), 0, (columns, rows)).astype(int)
        high = np.clip(np.floor(places.max(axis=0) + _ON_OUTLINE) + 1, low, (columns, rows)).astype(int)
        mask = inside_outline(places - low, (int(high[1] - low[1]), int(high[0] - low[0])))
        return mask, int(low[1]), int(low[0])

    def voxels_of(self, mask: Mask, first_row: int = 0, first_column: int = 0) -> tuple[Box, Mask] | None:
        """The voxels of a region of pixels, given from a first row and column on: the box and a mask of its shape; None
        if there is none.

        On a slice of the grid each pixel is a voxel. An oblique plane shows each voxel that it passes through on
        several pixels, or a part of one: those voxels belong to the region of which at least half of the pixels do.
        So the region looks on this plane as it was outlined, without holes. (To ask for centres within half a step of
        the plane would leave holes: at 45 degrees it passes through voxels whose centres are 0.7 of a step away.)
        """
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            return None
        part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        first_row, first_column = first_row + int(rows[0]), first_column + int(columns[0])
        if isinstance(self.axes, ObliqueAxes):
            return self._voxels_cut(self.axes, part, first_row, first_column)
        axes = self.axes
        in_all, (rows_in_all, columns_in_all) = [slice(0, 0)] * 3, self.shape
        in_all[2 - axes.normal] = slice(int(self.depth), int(self.depth) + 1)
        for axis, first, count, total, flip in (
            (axes.down, first_row, part.shape[0], rows_in_all, axes.flip_down),
            (axes.right, first_column, part.shape[1], columns_in_all, axes.flip_right),
        ):
            start = total - first - count if flip else first
            in_all[2 - axis] = slice(start, start + count)
        part = part[:: -1 if axes.flip_down else 1, :: -1 if axes.flip_right else 1]
        if axes.down < axes.right:  # array axes run from the higher index axis to the lower
            part = part.T
        return (in_all[0], in_all[1], in_all[2]), np.expand_dims(part, 2 - axes.normal)

    def _voxels_cut(self, axes: ObliqueAxes, part: Mask, first_row: int, first_column: int) -> tuple[Box, Mask] | None:
        """Those of an oblique plane: part is true in its first and last row and column."""
        pixel_mm, _ = axes.pixel_mm(self.geometry.spacing)
        around = int(np.ceil(_AROUND_PX + float(np.linalg.norm(self.geometry.spacing)) / pixel_mm))
        rows, columns = self.shape
        top, left = max(first_row - around, 0), max(first_column - around, 0)
        bottom = min(first_row + part.shape[0] + around, rows)
        right = min(first_column + part.shape[1] + around, columns)
        inside = np.zeros((bottom - top, right - left), bool)
        inside[first_row - top :, first_column - left :][: part.shape[0], : part.shape[1]] = part
        sampling = axes.sampling(self.depth)
        down, across = np.arange(top, bottom, dtype=np.float64)[:, None], np.arange(left, right, dtype=np.float64)
        within, voxel = np.ones(inside.shape, bool), []
        for (a, b, _, start), count in zip(sampling.tolist(), self.geometry.size, strict=True):
            nearest = np.floor(start + b * down + a * across + 0.5).astype(np.int64)
            within &= (nearest >= 0) & (nearest < count)
            voxel.append(nearest)
        inside &= within
        if not inside.any():
            return None
        i, j, k = (nearest[inside] for nearest in voxel)
        low = [int(n.min()) for n in (k, j, i)]
        high = [int(n.max()) + 1 for n in (k, j, i)]
        for nearest, start, stop in zip(voxel, reversed(low), reversed(high), strict=True):
            within &= (nearest >= start) & (nearest < stop)
        shape = tuple(stop - start for start, stop in zip(low, high, strict=True))
        place = tuple(n[within] - start for n, start in zip(reversed(voxel), low, strict=True))
        numbers, which = np.unique(np.ravel_multi_index(place, shape), return_inverse=True)
        share = np.bincount(which, weights=inside[within]) / np.bincount(which)
        found = np.zeros(shape, bool)
        found.ravel()[numbers[share >= 0.5]] = True
        if not found.any():
            return None
        return (slice(low[0], high[0]), slice(low[1], high[1]), slice(low[2], high[2])), found


def inside_outline(places: NDArray[np.float64], shape: tuple[int, int]) -> Mask:
    """The pixels (rows, columns) whose centres lie inside a closed outline through places (n, 2), or on it.

    Inside is what the outline winds around at all (the non-zero rule): where a line drawn by hand crosses itself, as it
    does where it closes, there is no hole. A centre on the outline belongs to it, so that the same outline encloses the
    same voxels whichever way their grid is stored or shown.
    """
    rows, columns = shape
    mask = np.zeros(shape, bool)
    if not (rows and columns and len(places)):
        return mask
    start, end = places, np.roll(places, -1, axis=0)
    winding = np.zeros((rows, columns + 1), np.int32)
    row, edge = _rows_crossed(start[:, 1], end[:, 1], rows)
    crossing = _crossing(start, end, row, edge)
    way = np.where(end[edge, 1] > start[edge, 1], 1, -1)
    np.add.at(winding, (row, np.clip(np.ceil(crossing), 0, columns).astype(int)), way)
    mask |= np.cumsum(winding, axis=1)[:, :-1] != 0
    for one, other, wide in ((1, 0, columns), (0, 1, rows)):  # centres on the outline: by rows, then by columns
        count = mask.shape[1 - one]
        line, edge = _rows_touched(start[:, one], end[:, one], count)
        at = _crossing(start[:, [other, one]], end[:, [other, one]], line, edge)
        nearest = np.rint(at)
        on = (np.abs(at - nearest) < _ON_OUTLINE) & (nearest >= 0) & (nearest < wide)
        where = (line[on], nearest[on].astype(int))
        mask[where if one == 1 else where[::-1]] = True
    return mask


def _rows_crossed(
    start: NDArray[np.float64], end: NDArray[np.float64], rows: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows r with low <= r < high for each edge, and the edge of each."""
    low, high = np.ceil(np.minimum(start, end)), np.ceil(np.maximum(start, end))
    return _spread(np.clip(low, 0, rows).astype(int), np.clip(high, 0, rows).astype(int))


def _rows_touched(
    start: NDArray[np.float64], end: NDArray[np.float64], rows: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows that each edge reaches, but for edges along a row, whose centres are found by its columns."""
    along = np.abs(end - start) <= _ON_OUTLINE
    low, high = np.ceil(np.minimum(start, end) - _ON_OUTLINE), np.floor(np.maximum(start, end) + _ON_OUTLINE) + 1
    low, high = np.clip(low, 0, rows).astype(int), np.clip(high, 0, rows).astype(int)
    return _spread(low, np.where(along, low, high))


def _spread(low: NDArray[np.intp], high: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    counts = np.maximum(high - low, 0)
    edge = np.repeat(np.arange(len(low)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return low[edge] + np.arange(len(edge)) - first, edge


def _crossing(
    start: NDArray[np.float64], end: NDArray[np.float64], row: NDArray[np.intp], edge: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Where edges meet rows, along the first coordinate."""
    (x1, y1), (x2, y2) = start[edge].T, end[edge].T
    share = np.clip((row - y1) / np.where(y2 == y1, 1.0, y2 - y1), 0.0, 1.0)
    return x1 + share * (x2 - x1)
