"""Outlines of regions along the edges of their pixels, and the pixels that outlines enclose."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_EAST, _SOUTH, _WEST, _NORTH = range(4)  # ways along an edge: the region lies on its right


def outlines(mask: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """The outline of each part of a region, mask[j, i], whose pixels touch by an edge: (n, 2) corners in order, closed,
    in continuous indices (i, j); pixel centres are at integers, so corners are at halves.

    A part with holes is one outline: a cut without width leads to each hole and back (the keyhole technique of DICOM
    PS3.3 C.8.8.6.3). So whether a reader unites the outlines of a slice or lets them exclude each other, it gets the
    same pixels.
    """
    if not mask.any():
        return []
    edges = _Edges(mask)
    edges.cut_to_holes()
    return edges.lines()


def times_enclosed(polygons: Iterable[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """How many of some closed outlines, (n, 2) corners (i, j), enclose the centre of each pixel [j, i] of a slice, by
    the even-odd rule."""
    times = np.zeros(shape, dtype=np.uint8)
    for polygon in polygons:
        low = np.floor(polygon.min(axis=0)).astype(np.int64).clip(0, (shape[1], shape[0]))
        high = np.ceil(polygon.max(axis=0)).astype(np.int64).clip(0, (shape[1], shape[0]))
        columns, rows = (high - low).tolist()
        begin = polygon - low
        end = np.roll(begin, -1, axis=0)
        first = np.ceil(np.minimum(begin[:, 1], end[:, 1])).astype(np.int64).clip(0, rows)
        last = np.ceil(np.maximum(begin[:, 1], end[:, 1])).astype(np.int64).clip(0, rows)  # exclusive
        counts = last - first
        edge = np.repeat(np.arange(len(polygon)), counts)  # one entry for each row that an edge crosses
        row = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
        a, b = begin[edge], end[edge]
        across = a[:, 0] + (row - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        column = np.ceil(across).astype(np.int64).clip(0, columns)
        changes = np.bincount(row * (columns + 1) + column, minlength=rows * (columns + 1)).reshape(rows, columns + 1)
        inside = np.cumsum(changes[:, :-1], axis=1) % 2
        times[low[1] : high[1], low[0] : high[0]] += inside.astype(np.uint8)
    return times


class _Edges:
    """The pixel edges that part a region from what is none, each with the one that follows it around the region.
    Pixels that touch by a corner alone are parted. Corners are counted from the first pixel's upper left one."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        rows, columns = mask.shape
        padded = np.pad(mask, 1)
        above, below = padded[:-1, :], padded[1:, :]
        left, right = padded[:, :-1], padded[:, 1:]
        self._mask, self._across = mask, columns + 1  # corners in a row
        leaves = np.zeros((rows + 1, columns + 1, 4), dtype=np.bool_)  # whether an edge leaves a corner in each way
        leaves[:, :-1, _EAST] = (below & ~above)[:, 1:-1]
        leaves[:, 1:, _WEST] = (above & ~below)[:, 1:-1]
        leaves[:-1, :, _SOUTH] = (left & ~right)[1:-1]
        leaves[1:, :, _NORTH] = (right & ~left)[1:-1]
        self._ids = np.flatnonzero(leaves)
        corner, way = self._ids // 4, self._ids % 4
        arrives = corner + np.array([1, self._across, -1, -self._across])[way]
        flat, turn_right, turn_left = leaves.reshape(-1, 4), (way + 1) % 4, (way + 3) % 4
        onwards = np.where(flat[arrives, way], way, turn_left)
        onwards = np.where(flat[arrives, turn_right], turn_right, onwards)
        self._next: list[int] = np.searchsorted(self._ids, arrives * 4 + onwards).tolist()
        self._corner: list[int] = corner.tolist()
        self._way: list[int] = way.tolist()

    def cut_to_holes(self) -> None:
        """Have the line around each part lead to its holes, along the upper edge of pixels of the part, and back."""
        for row, column, last in self._holes():
            run = self._mask[row, :column][::-1]  # of the part's own pixels, left of the hole
            begin = column - (int(run.argmin()) if not run.all() else column)
            beside = self._edge(row + 1, begin, _NORTH)  # the edge at the end of the run
            to_hole, back = len(self._next), len(self._next) + 1
            self._corner += [row * self._across + begin, row * self._across + column]
            self._way += [_EAST, _WEST]
            self._next += [self._edge(row, column, _SOUTH), self._next[beside]]
            self._next[beside], self._next[last] = to_hole, back

    def lines(self) -> list[NDArray[np.float64]]:
        """Every line as its corners, those left out at which it goes straight on."""
        found = []
        for line in self._rounds():
            ways = [self._way[edge] for edge in line]
            bends = [edge for n, edge in enumerate(line) if ways[n] != ways[n - 1]]
            corners = np.array([self._corner[edge] for edge in bends])
            found.append(np.stack([corners % self._across, corners // self._across], axis=1) - 0.5)
        return found

    def _holes(self) -> list[tuple[int, int, int]]:
        """The upper left pixel of each hole, as row and column, of those farthest to the left; and the edge that comes
        to its upper left corner."""
        found = []
        for line in self._rounds():
            at = [divmod(self._corner[edge], self._across) for edge in line]
            first = min(range(len(line)), key=lambda n: (at[n][1], at[n][0]))
            if self._way[line[first]] == _SOUTH:  # around a part it would lead to the right
                found.append((*at[first], line[first - 1]))
        return found

    def _rounds(self) -> Iterable[list[int]]:
        seen = bytearray(len(self._next))
        for start in range(len(self._ids)):
            line, edge = [], start
            while not seen[edge]:
                seen[edge] = True
                line.append(edge)
                edge = self._next[edge]
            if line:
                yield line

    def _edge(self, row: int, column: int, way: int) -> int:
        return int(np.searchsorted(self._ids, (row * self._across + column) * 4 + way))
