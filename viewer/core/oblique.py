"""Planes that cut across the voxel grid: three that stay perpendicular, turned together about the cross-hair."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.geometry import PLANES, Geometry, Plane, PlaneAxes, plane_axes

Vector = tuple[float, float, float]

_ON_GRID = 1e-4  # radians: half a voxel in 5000
_BISECTIONS = 60


@dataclass(frozen=True)
class ObliqueAxes:
    """How a plane that cuts across the grid is laid out on the screen: what PlaneAxes is for a plane of the grid.

    acquired is the plane of the grid that was turned; right, down and towards are unit vectors in LPS: along the
    screen's axes, and along the plane's normal, towards the head, the front or the left as far as it can be. The plane
    is seen as a virtual slice of square pixels, as small as the smallest spacing. Its middle is the projection of the
    grid's middle, and it holds the projection of the whole grid, so that it stays where it is while one scrolls. depth
    is the distance of the plane from the grid's middle along towards, in mm.
    """

    acquired: PlaneAxes
    right: Vector
    down: Vector
    towards: Vector
    geometry: Geometry = field(compare=False, repr=False)

    @property
    def plane(self) -> Plane:
        return self.acquired.plane

    def shape(self, size: tuple[int, int, int]) -> tuple[int, int]:
        """Columns and rows of the virtual slice."""
        return self._shape

    def pixel_mm(self, spacing: tuple[float, float, float]) -> tuple[float, float]:
        """Width and height of a pixel."""
        return self._pixel_mm, self._pixel_mm

    def step_mm(self, spacing: tuple[float, float, float]) -> float:
        """How far apart slices are: the root mean square of the spacings, weighted by the normal's direction."""
        return float(np.linalg.norm(self.normal_mm * np.array(spacing)))

    def count(self, size: tuple[int, int, int]) -> int:
        """How many such steps apart are the first and the last plane that meet the centre of a voxel."""
        return math.floor(2 * self._reach_mm / self.step_mm(self.geometry.spacing) + 1e-9) + 1

    def depth_of(self, index_ijk: ArrayLike) -> float:
        """The depth of the plane through a continuous index. Rounded, so that it is one number for the whole plane."""
        away = self._inverse[2] @ (np.asarray(index_ijk, dtype=np.float64) - self._middle)
        return round(float(away), 6) + 0.0  # never -0.0

    def depth_at(self, number: int) -> float:
        """The depth of a slice counted from 0, the last before the grid's end."""
        return number * self.step_mm(self.geometry.spacing) - self._reach_mm

    def to_screen(self, index_ijk: ArrayLike, size: tuple[int, int, int]) -> NDArray[np.float64]:
        """Continuous (column, row) of indices (..., 3), seen along the normal; a pixel's centre is at its integer
        coordinates."""
        away = (np.asarray(index_ijk, dtype=np.float64) - self._middle) @ self._inverse.T
        return away[..., :2] / self._pixel_mm + self._middle_pixel

    def to_index(
        self, column: float, row: float, depth: float, size: tuple[int, int, int]
    ) -> tuple[float, float, float]:
        """Continuous index (i, j, k) of a screen point on the plane of a depth."""
        across, along = (np.array([column, row]) - self._middle_pixel) * self._pixel_mm
        i, j, k = (self._middle + self._steps @ np.array([across, along, depth])).tolist()
        return i, j, k

    def sampling(self, depth: float) -> NDArray[np.float64]:
        """(3, 4): index = sampling @ (column, row, mm from the plane towards its normal, 1)."""
        steps = self._steps * (self._pixel_mm, self._pixel_mm, 1.0)
        first = self._middle + self._steps[:, 2] * depth - steps[:, :2] @ self._middle_pixel
        return np.column_stack([steps, first])

    def cut(self, depth: float) -> NDArray[np.float64]:
        """The convex outline of the plane within the grid, from edge to edge of its voxels: corners (n, 2) as (column,
        row), none where they do not meet."""
        last = np.array(self.geometry.size) - 0.5
        corners = np.array(list(itertools.product(*((-0.5, n) for n in last))))
        away = (corners - self._middle) @ self._inverse.T
        above = away[:, 2] - depth
        found = [away[n, :2] for n in np.flatnonzero(np.abs(above) < 1e-9)]
        for one, other in itertools.combinations(range(8), 2):
            edge = np.count_nonzero(corners[one] != corners[other]) == 1
            if edge and above[one] * above[other] < 0 and min(abs(above[one]), abs(above[other])) >= 1e-9:
                t = above[one] / (above[one] - above[other])
                found.append(away[one, :2] + t * (away[other, :2] - away[one, :2]))
        if len(found) < 3:
            return np.zeros((0, 2))
        points = np.array(found)
        around = points - points.mean(axis=0)
        points = points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
        return points / self._pixel_mm + self._middle_pixel

    def held(self, index_ijk: ArrayLike, margin: float = 0.0) -> tuple[float, float, float]:
        """The point of the plane through a continuous index that is nearest to it within the grid, from centre to
        centre of its outermost voxels and margin voxels beyond. A plane that does not meet the grid is moved to it."""
        spacing = np.array(self.geometry.spacing)
        at = np.asarray(index_ijk, dtype=np.float64)
        low, high = np.full(3, -margin), np.array(self.geometry.size) - 1 + margin
        if np.any(at < low) or np.any(at > high):
            at = _nearest(at * spacing, self.normal_mm, low * spacing, high * spacing) / spacing
        i, j, k = np.clip(at, low, high).tolist()
        return i, j, k

    def moved(self, index_ijk: ArrayLike, depth: float) -> tuple[float, float, float]:
        """A continuous index moved along the normal to the plane of a depth, and held within the grid."""
        at = np.asarray(index_ijk, dtype=np.float64)
        return self.held(at + self._steps[:, 2] * (depth - self.depth_of(at)))

    @property
    def normal_mm(self) -> NDArray[np.float64]:
        """The unit normal along i, j and k in mm."""
        return self._along_grid[:, 2]

    @property
    def index_steps(self) -> tuple[Vector, Vector]:
        """What an index grows by for each mm along right and down."""
        right, down, _ = self._steps.T.tolist()
        return (right[0], right[1], right[2]), (down[0], down[1], down[2])

    @cached_property
    def _along_grid(self) -> NDArray[np.float64]:
        """right, down and towards as columns, along i, j and k in mm."""
        return self.geometry.exact_direction.T @ np.array([self.right, self.down, self.towards]).T

    @cached_property
    def _steps(self) -> NDArray[np.float64]:
        return self._along_grid / np.array(self.geometry.spacing)[:, None]

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        return np.linalg.inv(self._steps).astype(np.float64)

    @cached_property
    def _middle(self) -> NDArray[np.float64]:
        return (np.array(self.geometry.size) - 1) / 2

    @cached_property
    def _pixel_mm(self) -> float:
        return min(self.geometry.spacing)

    @cached_property
    def _shape(self) -> tuple[int, int]:
        extent_mm = np.array(self.geometry.size) * self.geometry.spacing
        wide, high = np.abs(self._along_grid[:, :2]).T @ extent_mm / self._pixel_mm
        return math.ceil(wide - 1e-6), math.ceil(high - 1e-6)

    @cached_property
    def _middle_pixel(self) -> NDArray[np.float64]:
        return (np.array(self._shape) - 1) / 2

    @cached_property
    def _reach_mm(self) -> float:
        """From the grid's middle to the last plane that meets the centre of a voxel."""
        return float(np.abs(self.normal_mm) @ (self._middle * self.geometry.spacing))


Axes = PlaneAxes | ObliqueAxes


def shows_one_slice(axes: Axes) -> bool:
    """Whether a plane is one of the slices that were acquired, and depth its number: only then is anything known of it
    by looking at one slice."""
    return isinstance(axes, PlaneAxes) and axes.normal == 2


def turned_axes(geometry: Geometry, acquired: PlaneAxes, rotation: NDArray[np.float64] | None) -> Axes:
    """The layout of a plane of the grid after all planes were turned by a rotation in LPS.

    One whose normal stays along its axis of the grid stays the acquired slice, upright. Else right and down are turned
    as little as the normal's new direction asks for, so that pictures do not jump when a plane leaves the grid.
    """
    if rotation is None:
        return acquired
    directions = geometry.exact_direction
    before = towards(geometry, acquired.plane)
    after = rotation @ before
    turn = _shortest_rotation(before, after, directions[:, acquired.right])
    if np.linalg.norm(after - before) < _ON_GRID:
        return acquired
    right, down = (
        turn @ directions[:, axis] * (-1 if flip else 1)
        for axis, flip in ((acquired.right, acquired.flip_right), (acquired.down, acquired.flip_down))
    )
    return ObliqueAxes(acquired, _vector(right), _vector(down), _vector(after), geometry)


def towards(geometry: Geometry, plane: Plane) -> NDArray[np.float64]:
    """The unit normal, in LPS, of a plane of the grid, towards the head, the front or the left; without a patient space
    along the axis of the grid."""
    axis = plane_axes(geometry, plane).normal
    return geometry.exact_direction[:, axis] * (1 if grows_towards(geometry, plane) else -1)


def grows_towards(geometry: Geometry, plane: Plane) -> bool:
    """True if the index along a plane's normal grows towards the head, the front or the left."""
    if not geometry.patient_space:
        return True
    row = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    grows = bool(geometry.direction[row, plane_axes(geometry, plane).normal] >= 0)
    return not grows if plane == "coronal" else grows


def turned_about(
    rotation: NDArray[np.float64] | None, geometry: Geometry, plane: Plane, radians: float
) -> NDArray[np.float64] | None:
    """All planes turned about the normal of one of them, clockwise as it is seen on the screen, neither mirrored nor
    turned there. None once all are planes of the grid again."""
    axes = turned_axes(geometry, plane_axes(geometry, plane), rotation)
    right, down = screen_directions(geometry, axes)
    before = np.eye(3) if rotation is None else rotation
    left, _, rest = np.linalg.svd(_about(np.cross(right, down), radians) @ before)  # or errors would add up
    after = left @ rest
    return _unless_on_grid(after, geometry)


def rotation_between(
    rotation: NDArray[np.float64] | None, geometry: Geometry, other: Geometry
) -> NDArray[np.float64] | None:
    """The rotation that gives another grid the planes that a grid has after one. None stands for the planes of each
    grid itself, whatever their directions."""
    if rotation is None:
        return None
    ours, theirs = (np.column_stack([towards(grid, plane) for plane in PLANES]) for grid in (geometry, other))
    left, _, rest = np.linalg.svd(rotation @ ours @ theirs.T)
    return _unless_on_grid(left @ rest, other)


def _unless_on_grid(rotation: NDArray[np.float64], geometry: Geometry) -> NDArray[np.float64] | None:
    axes = (turned_axes(geometry, plane_axes(geometry, plane), rotation) for plane in PLANES)
    if all(isinstance(one, PlaneAxes) for one in axes):
        return None
    rotation.flags.writeable = False
    return rotation


def rotation_to(geometry: Geometry, plane: Plane, normal: ArrayLike) -> NDArray[np.float64] | None:
    """The rotation that turns a plane of the grid the shortest way until it has a normal, either way, along i, j and k
    in mm. None if that is its own."""
    wanted = geometry.exact_direction @ np.asarray(normal, dtype=np.float64)
    wanted = wanted / np.linalg.norm(wanted)
    before = towards(geometry, plane)
    wanted = wanted if wanted @ before >= 0 else -wanted
    if np.linalg.norm(wanted - before) < _ON_GRID:
        return None
    rotation = _shortest_rotation(before, wanted, np.zeros(3))
    rotation.flags.writeable = False
    return rotation


def screen_directions(geometry: Geometry, axes: Axes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors in LPS along the screen's right and down."""
    if isinstance(axes, ObliqueAxes):
        return np.array(axes.right), np.array(axes.down)
    directions = geometry.exact_direction
    return (
        directions[:, axes.right] * (-1 if axes.flip_right else 1),
        directions[:, axes.down] * (-1 if axes.flip_down else 1),
    )


def slice_corners(geometry: Geometry, axes: Axes, depth: float) -> NDArray[np.float64]:
    """The outer corners of a slice, (4, 3) in LPS mm, in the order in which they go round it on the screen."""
    columns, rows = axes.shape(geometry.size)
    around = ((-0.5, -0.5), (columns - 0.5, -0.5), (columns - 0.5, rows - 0.5), (-0.5, rows - 0.5))
    return geometry.index_to_lps([axes.to_index(*corner, depth, geometry.size) for corner in around])


def parallel(normal: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """True if two unit normals are those of planes of one direction."""
    return float(np.linalg.norm(np.cross(normal, other))) < _ON_GRID


def tilt_degrees(axes: Axes) -> float:
    """The angle between a plane and the plane of the grid that it was."""
    if isinstance(axes, PlaneAxes):
        return 0.0
    before, after = towards(axes.geometry, axes.plane), np.array(axes.towards)
    return math.degrees(math.atan2(float(np.linalg.norm(np.cross(before, after))), float(before @ after)))


def _about(axis: NDArray[np.float64], radians: float) -> NDArray[np.float64]:
    """The rotation about a unit vector by the right-hand rule (Rodrigues)."""
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + math.sin(radians) * cross + (1 - math.cos(radians)) * cross @ cross


def _shortest_rotation(
    before: NDArray[np.float64], after: NDArray[np.float64], about: NDArray[np.float64]
) -> NDArray[np.float64]:
    """That between two unit vectors; half a turn, which is as short any way, about a unit vector across."""
    x, y, z = np.cross(before, after)
    cosine = float(before @ after)
    if cosine < -1 + 1e-9:
        return 2 * np.outer(about, about) - np.eye(3)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def _nearest(
    at: NDArray[np.float64], normal: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The point of a box that is nearest to a point, on the plane through it; of all the box's, where they do not meet.

    Of a sum of squares under one linear condition: the box's point nearest to at + t normal, where t is that for which
    it lies on the plane, which grows with t.
    """
    ends = np.where(normal > 0, low, high) @ normal, np.where(normal > 0, high, low) @ normal
    distance = min(max(float(at @ normal), float(ends[0])), float(ends[1]))
    reach = float(np.abs(high - low).sum() + np.abs(at - (low + high) / 2).sum()) + 1.0
    start, stop = -reach / max(np.abs(normal).max(), 1e-9), reach / max(np.abs(normal).max(), 1e-9)
    for _ in range(_BISECTIONS):
        t = (start + stop) / 2
        if float(np.clip(at + t * normal, low, high) @ normal) < distance:
            start = t
        else:
            stop = t
    return np.clip(at + stop * normal, low, high)


def _vector(vector: NDArray[np.float64]) -> Vector:
    a, b, c = vector.tolist()
    return a, b, c
