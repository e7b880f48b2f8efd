"""A path through a scan as a smooth curve, and the scan stretched out along it."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.geometry import Geometry

if TYPE_CHECKING:
    from viewer.core.measuring import Measurement

Vector = tuple[float, float, float]

_PER_SPAN = 64  # chords between two points: those of a quarter of a circle are 0.003 % too short
_SAME_MM = 1e-6


def smooth_curve(points: ArrayLike) -> NDArray[np.float64]:
    """A smooth curve through points (n, 3) in mm as the corners (m, 3) of many short chords.

    The centripetal Catmull-Rom spline, which makes neither loops nor cusps (Yuksel, Schaefer and Keyser,
    Parameterization and applications of Catmull-Rom curves, CAD 43, 2011), by the scheme of Barry and Goldman
    (SIGGRAPH 1988). Beyond its ends it goes on to the last points mirrored. Points that repeat the one before are
    passed over; of a single place there is one corner.
    """
    given = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    apart = np.linalg.norm(np.diff(given, axis=0), axis=1) > _SAME_MM
    given = given[np.concatenate([[True], apart])]
    if len(given) < 3:
        return given
    ends = 2 * given[0] - given[1], 2 * given[-1] - given[-2]
    control = np.vstack([ends[0], given, ends[1]])
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(np.linalg.norm(np.diff(control, axis=0), axis=1)))])
    spans = [_span(control[n : n + 4], knots[n : n + 4]) for n in range(len(given) - 1)]
    return np.vstack([*spans, given[-1:]])


def curve_length(curve: NDArray[np.float64]) -> float:
    """The length of a curve as smooth_curve gives it, in its unit."""
    return float(np.linalg.norm(np.diff(curve, axis=0), axis=1).sum())


@dataclass(frozen=True)
class CurvedAxes:
    """How a scan is laid out on the screen when it is stretched along a path: what PlaneAxes is for a plane.

    One direction of the screen counts mm along the path, the other mm along one straight direction, the same for every
    place of the path. The pixels are square, as small as the smallest spacing. There is one surface and so no depth:
    what is given as one is not looked at.

    points are those of the path in mm along i, j and k, in the order in which they follow on the screen; across is the
    unit vector, along i, j and k, of the other direction. upright: the path runs down, and across to the right; else
    the path runs to the right. shift_mm: how far the surface lies beside the path, along its own normal, which is that
    of both directions; the mm along the path are those of the path itself.
    """

    points: tuple[Vector, ...]
    across: Vector
    upright: bool
    from_end: bool  # the screen begins with the last point that was set
    shift_mm: float
    geometry: Geometry = field(compare=False, repr=False)

    @property
    def acquired(self) -> CurvedAxes:
        """Itself: it is no turned plane of the grid."""
        return self

    @property
    def step(self) -> float:
        """Width and height of a pixel in mm."""
        return min(self.geometry.spacing)

    @cached_property
    def length_mm(self) -> float:
        """That of the path."""
        return curve_length(self._corners)

    def shape(self, size: tuple[int, int, int]) -> tuple[int, int]:
        """Columns and rows of the picture."""
        along, across = len(self.curve), self._count_across
        return (across, along) if self.upright else (along, across)

    def pixel_mm(self, spacing: tuple[float, float, float]) -> tuple[float, float]:
        return self.step, self.step

    def step_mm(self, spacing: tuple[float, float, float]) -> float:
        """How far apart the surfaces of a slab are."""
        return self.step

    def count(self, size: tuple[int, int, int]) -> int:
        return 1

    def path_mm(self, column: float, row: float) -> float:
        """How far along the path, from the first point that was set, a place of the picture is."""
        along = (row if self.upright else column) * self.step
        mm = self.length_mm - along if self.from_end else along
        return min(max(mm, 0.0), self.length_mm)

    def to_screen(self, index_ijk: ArrayLike, size: tuple[int, int, int]) -> NDArray[np.float64]:
        """Continuous (column, row) of that place of the surface which is nearest to an index (i, j, k), seen along
        the straight direction; a pixel's centre is at its integer coordinates."""
        along, _ = self._nearest(index_ijk)
        at = np.asarray(index_ijk, dtype=np.float64) * self.geometry.spacing
        across = (float(at @ self._across) - self._first_across) / self.step
        return np.array([across, along] if self.upright else [along, across])

    def away_mm(self, index_ijk: ArrayLike) -> float:
        """How far from the surface an index (i, j, k) is."""
        return self._nearest(index_ijk)[1]

    def to_index(
        self, column: float, row: float, depth: float, size: tuple[int, int, int]
    ) -> tuple[float, float, float]:
        """Continuous index (i, j, k) of a place of the picture; beyond an end of the path that of its end."""
        along, across = (row, column) if self.upright else (column, row)
        n = np.arange(len(self.curve))
        on_path = np.array([np.interp(along, n, self.curve[:, axis]) for axis in range(3)])
        at = on_path + (self._first_across + across * self.step) * self._across
        i, j, k = (at / self.geometry.spacing).tolist()
        return i, j, k

    def places(self, beside_mm: float = 0.0) -> NDArray[np.float32]:
        """Continuous indices (rows, columns, 3) of all pixels, or of those of a surface beside it."""
        across = self._first_across + self.step * np.arange(self._count_across)
        on_path = self.curve + beside_mm * self._beside
        parts = on_path[:, None, :] + across[None, :, None] * self._across
        if not self.upright:
            parts = parts.swapaxes(0, 1)
        return np.ascontiguousarray(parts / self.geometry.spacing, dtype=np.float32)

    def cut(self, depth: float) -> NDArray[np.float64]:
        """The outline of what lies within the grid, from edge to edge of its voxels: corners (n, 2) as (column,
        row)."""
        spacing = np.array(self.geometry.spacing)
        low, high = -0.5 * spacing, (np.array(self.geometry.size) - 0.5) * spacing
        start, end = np.full(len(self.curve), -np.inf), np.full(len(self.curve), np.inf)
        for axis in range(3):
            at, step = self.curve[:, axis], self._across[axis]
            if abs(step) < 1e-9:
                end[(at < low[axis]) | (at > high[axis])] = -np.inf
                continue
            ends = np.sort(np.stack([(low[axis] - at) / step, (high[axis] - at) / step]), axis=0)
            start, end = np.maximum(start, ends[0]), np.minimum(end, ends[1])
        end = np.maximum(end, start)  # of nothing: no height
        first, last = ((mm - self._first_across) / self.step for mm in (start, end))
        along = np.arange(len(self.curve), dtype=np.float64)
        if np.ptp(first) < 1e-6 and np.ptp(last) < 1e-6:  # a rectangle, which is drawn far faster
            along, first, last = along[[0, -1]], first[[0, -1]], last[[0, -1]]
        along[0], along[-1] = -0.5, len(self.curve) - 0.5
        corners = np.vstack([np.stack([along, first], axis=-1), np.stack([along, last], axis=-1)[::-1]])
        return corners[:, ::-1] if self.upright else corners

    def across_lps(self) -> NDArray[np.float64]:
        """The straight direction in LPS, to the right of an upright picture, else down."""
        return self.geometry.direction @ self._across

    @cached_property
    def curve(self) -> NDArray[np.float64]:
        """Points (n, 3) of the surface in mm along i, j and k, one for each step of the path, at the height 0 of the
        straight direction."""
        return self._on_path + self.shift_mm * self._beside

    @cached_property
    def _across(self) -> NDArray[np.float64]:
        return np.array(self.across)

    @cached_property
    def _corners(self) -> NDArray[np.float64]:
        return smooth_curve(self.points)

    @cached_property
    def _on_path(self) -> NDArray[np.float64]:
        """As curve, without the shift."""
        corners = self._corners
        mm = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corners, axis=0), axis=1))])
        wanted = np.arange(math.floor(mm[-1] / self.step + 1e-9) + 1) * self.step
        on_path = np.stack([np.interp(wanted, mm, corners[:, axis]) for axis in range(3)], axis=-1)
        return on_path - (on_path @ self._across)[:, None] * self._across

    @cached_property
    def _beside(self) -> NDArray[np.float64]:
        """Unit vectors (n, 3) across the path and the straight direction."""
        if len(self._on_path) < 2:
            return np.zeros_like(self._on_path)
        beside = np.cross(np.gradient(self._on_path, axis=0), self._across)
        length = np.linalg.norm(beside, axis=1, keepdims=True)
        return beside / np.maximum(length, 1e-9)

    @cached_property
    def _reach_mm(self) -> tuple[float, float]:
        """From where to where the grid reaches along the straight direction."""
        spacing = np.array(self.geometry.spacing)
        ends = zip(-0.5 * spacing, (np.array(self.geometry.size) - 0.5) * spacing, strict=True)
        reach = np.array(list(itertools.product(*ends))) @ self._across
        return float(reach.min()), float(reach.max())

    @cached_property
    def _count_across(self) -> int:
        low, high = self._reach_mm
        return math.ceil((high - low) / self.step - 1e-6)

    @cached_property
    def _first_across(self) -> float:
        """Where along the straight direction the first row lies, so that as much is left over at either edge."""
        return sum(self._reach_mm) / 2 - (self._count_across - 1) / 2 * self.step

    def _nearest(self, index_ijk: ArrayLike) -> tuple[float, float]:
        """Where along the path, in steps, the surface is nearest to an index, and how near in mm."""
        at = np.asarray(index_ijk, dtype=np.float64) * self.geometry.spacing
        at = at - float(at @ self._across) * self._across
        away = np.linalg.norm(self.curve - at, axis=1)
        n = int(away.argmin())
        best = float(n), float(away[n])
        for start in (n - 1, n):
            if 0 <= start < len(self.curve) - 1:
                step = self.curve[start + 1] - self.curve[start]
                t = float((at - self.curve[start]) @ step) / max(float(step @ step), 1e-12)
                t = min(max(t, 0.0), 1.0)
                apart = float(np.linalg.norm(self.curve[start] + t * step - at))
                if apart < best[1]:
                    best = start + t, apart
        return best


def curved_axes(
    path: Measurement,
    geometry: Geometry,
    shift_mm: float = 0.0,
    upright: bool | None = None,
    *,
    neurological: bool = False,
) -> CurvedAxes | None:
    """The layout of a scan along a path; None of a path without length.

    The straight direction is that of the three directions of the plane on which the path was begun along which it goes
    least: of a path that stays on its plane the plane's normal, of one that goes from slice to slice one within the
    slices. Towards the left, the back and the feet it runs to the right or down. A path that goes from head to feet
    more than any other way is shown upright with the head on top, others lie with the patient's right, or the front,
    at the left. neurological: with the left at the left. upright: as a person wants it, the same picture turned by 90°.
    """
    points = np.array(path.points) * geometry.spacing
    if curve_length(smooth_curve(points)) < min(geometry.spacing):
        return None
    directions, own = np.eye(3), path.normal
    if path.spread is not None:  # of its plane: right, down and normal
        right, down = np.array(path.spread) * geometry.spacing
        directions, own = np.stack([right, down, path.normal_mm(geometry)], axis=-1), 2
    ways = np.abs(np.diff(points, axis=0) @ directions).sum(axis=0)
    least = own if ways[own] <= ways.min() + _SAME_MM else int(ways.argmin())
    across = directions[:, least]
    if not _usual_way(geometry.direction @ across, neurological):
        across = -across
    run = geometry.direction @ (points[-1] - points[0])
    towards_feet = int(np.abs(run).argmax()) == 2
    from_end = not _usual_way(run, neurological)
    ordered = points[::-1] if from_end else points
    along: tuple[Vector, ...] = tuple((a, b, c) for a, b, c in ordered.tolist())
    a, b, c = across.tolist()
    if upright is None or upright == towards_feet:
        return CurvedAxes(along, (a, b, c), towards_feet, from_end, shift_mm, geometry)
    turned: Vector = -a, -b, -c  # as the path changes places with it, it would be a mirror image
    return CurvedAxes(along, turned, upright, from_end, -shift_mm, geometry)  # the surface stays where it is


def _usual_way(vector_lps: NDArray[np.float64], neurological: bool) -> bool:
    """True if a direction goes to the left of the patient, to the back or to the feet, as a radiologist sees things
    from left to right and from top to bottom."""
    axis = int(np.abs(vector_lps).argmax())
    wanted = (not neurological, True, False)[axis]
    return bool(vector_lps[axis] > 0) == wanted


def _span(control: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points (n, 3) from the second of four control points to before the third."""
    t = np.linspace(knots[1], knots[2], _PER_SPAN, endpoint=False)[:, None]

    def between(one: NDArray, other: NDArray, start: float, end: float) -> NDArray[np.float64]:
        return ((end - t) * one + (t - start) * other) / (end - start)

    a = [between(control[n], control[n + 1], knots[n], knots[n + 1]) for n in range(3)]
    b = [between(a[n], a[n + 1], knots[n], knots[n + 2]) for n in range(2)]
    return between(b[0], b[1], knots[1], knots[2])
