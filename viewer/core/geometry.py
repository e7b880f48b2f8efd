"""Where voxels lie in the patient: the one place that turns indices into millimetres."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal")

_LETTERS = (("R", "L"), ("A", "P"), ("F", "H"))  # towards -, + of each LPS axis; DICOM (0020,0020)
_LETTER_THRESHOLD = 0.1  # an axis within 6 degrees of an anatomical one gets a single letter


@dataclass(frozen=True, eq=False)
class Geometry:
    """A regular voxel grid in patient space (DICOM LPS, mm).

    size and spacing are in index order (i, j, k). direction is (3, 3); its columns are the unit vectors
    of i, j and k and may be oblique or left-handed. origin is the centre of voxel (0, 0, 0).
    patient_space is False for pictures that carry no position (a photograph, a PNG): such a grid has a
    millimetre spacing only if it was calibrated, and never orientation letters.

    slice_origins is given for slices that make no volume (uneven, tilted, without positions): index k then only
    counts slices and spacing[2] means nothing. It holds the first voxel of each slice, (k, 3), LPS mm, or nothing,
    (0, 3), where positions are unknown.
    """

    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: NDArray[np.float64]
    direction: NDArray[np.float64]
    patient_space: bool = True
    calibrated: bool = True
    slice_origins: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", tuple(int(n) for n in self.size))
        object.__setattr__(self, "spacing", tuple(float(s) for s in self.spacing))
        origin = np.array(self.origin, dtype=np.float64)
        direction = np.array(self.direction, dtype=np.float64).reshape(3, 3)
        if min(self.size) < 1:
            raise ValueError(f"a grid needs at least one voxel on every axis, got {self.size}")
        if not all(np.isfinite(s) and s > 0 for s in self.spacing):
            raise ValueError(f"spacing must be positive, got {self.spacing}")
        if not np.isfinite(origin).all():
            raise ValueError(f"the origin must be finite, got {origin.tolist()}")
        if not np.allclose(direction.T @ direction, np.eye(3), atol=1e-3):
            raise ValueError("the axes of a regular grid must be perpendicular unit vectors")
        if self.slice_origins is not None:
            origins = np.array(self.slice_origins, dtype=np.float64)
            if origins.shape not in ((0, 3), (self.size[2], 3)) or not np.isfinite(origins).all():
                raise ValueError(f"a stack of {self.size[2]} slices needs as many finite origins, or none")
            origins.flags.writeable = False
            object.__setattr__(self, "slice_origins", origins)
        origin.flags.writeable = direction.flags.writeable = False
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "direction", direction)

    @cached_property
    def exact_direction(self) -> NDArray[np.float64]:
        """The direction, which files give with an error of rounding, with columns that are exactly perpendicular."""
        left, _, right = np.linalg.svd(self.direction)
        return left @ right

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the voxel array, (k, j, i)."""
        return (self.size[2], self.size[1], self.size[0])

    @property
    def is_grid(self) -> bool:
        """False for slices that make no volume: they are looked at one by one, and nothing is measured across."""
        return self.slice_origins is None

    @property
    def voxel_volume_ml(self) -> float:
        return float(np.prod(self.spacing)) / 1000.0

    @property
    def left_handed(self) -> bool:
        return bool(np.linalg.det(self.direction) < 0)

    def index_to_lps(self, index_ijk: ArrayLike) -> NDArray[np.float64]:
        """Physical points of continuous voxel indices.

        index_ijk: (..., 3). Returns (..., 3), LPS, mm. Indices outside the grid are extrapolated.
        Slices that make no volume give the points of the nearest slice. DICOM PS3.3 C.7.6.2.1.1.
        """
        if self.slice_origins is not None and len(self.slice_origins):
            index = np.asarray(index_ijk, dtype=np.float64)
            nearest = np.clip(np.rint(index[..., 2]).astype(int), 0, self.size[2] - 1)
            return self.slice_origins[nearest] + (index[..., :2] * self.spacing[:2]) @ self.direction[:, :2].T
        return self.origin + (np.asarray(index_ijk, dtype=np.float64) * self.spacing) @ self.direction.T

    def lps_to_index(self, point_lps: ArrayLike) -> NDArray[np.float64]:
        """Continuous voxel indices (..., 3), order (i, j, k), of physical points (..., 3) in LPS mm.

        Of slices that make no volume k is the number of the nearest one, and i and j are those on it.
        """
        if self.slice_origins is not None and len(self.slice_origins):
            points = np.asarray(point_lps, dtype=np.float64)
            away = points[..., None, :] - self.slice_origins  # (..., slices, 3)
            nearest = np.abs(away @ self.slice_normal).argmin(axis=-1)
            beside = np.take_along_axis(away, nearest[..., None, None], axis=-2)[..., 0, :]
            in_plane = (beside @ self.direction[:, :2]) / self.spacing[:2]
            return np.concatenate([in_plane, nearest[..., None].astype(np.float64)], axis=-1)
        return ((np.asarray(point_lps, dtype=np.float64) - self.origin) @ self.direction) / self.spacing

    @property
    def slice_normal(self) -> NDArray[np.float64]:
        """Unit vector in LPS along which slices are stacked."""
        return self.direction[:, 2]

    def contains_point(self, point_lps: ArrayLike) -> bool:
        """True if a physical point lies in a voxel of the grid, or, of slices that make no volume, within their rows
        and columns and no farther from the first or the last of them than these are from their neighbours."""
        index = self.lps_to_index(point_lps)
        if self.slice_origins is None:
            return self.contains_index(index)
        if not len(self.slice_origins):
            return False
        along = self.slice_origins @ self.slice_normal
        there = float(np.asarray(point_lps) @ self.slice_normal)
        gap = float(np.diff(np.sort(along)).max()) / 2 if len(along) > 1 else self.spacing[2] / 2
        return self.contains_index(index) and bool(along.min() - gap <= there <= along.max() + gap)

    def contains_index(self, index_ijk: ArrayLike) -> bool:
        """True if the nearest voxel of a continuous index lies inside the grid."""
        index = np.rint(np.asarray(index_ijk, dtype=np.float64))
        return bool(np.all(index >= 0) and np.all(index < self.size))

    def clamp_index(self, index_ijk: Iterable[float]) -> tuple[int, int, int]:
        """The voxel of the grid that is nearest to a continuous index."""
        # Plain numbers: it is asked for dozens of times in each picture.
        i, j, k = (round(min(max(float(x), 0.0), n - 1)) for x, n in zip(index_ijk, self.size, strict=True))
        return i, j, k

    def same_grid(self, other: Geometry, tolerance_mm: float = 1e-3) -> bool:
        """True if every corner voxel of both grids, or every slice of both stacks, coincides within tolerance_mm."""
        if self.size != other.size or self.is_grid != other.is_grid:
            return False
        if self.slice_origins is not None and other.slice_origins is not None:
            if self.slice_origins.shape != other.slice_origins.shape:
                return False
            if not np.allclose(self.slice_origins, other.slice_origins, rtol=0, atol=tolerance_mm):
                return False
        corners = np.array(list(itertools.product(*((0, n - 1) for n in self.size))))
        apart = np.abs(self.index_to_lps(corners) - other.index_to_lps(corners))
        return bool(apart.max() <= tolerance_mm)

    @cached_property  # asked for many times in each picture
    def anatomical_axes(self) -> tuple[int, int, int]:
        """Index axes (0 i, 1 j, 2 k) that run nearest to L, P and S, in this order: always a permutation."""
        alignment = np.abs(self.direction)  # rows L, P, S; columns i, j, k
        best = max(itertools.permutations(range(3)), key=lambda axes: sum(alignment[r, axes[r]] for r in range(3)))
        return best[0], best[1], best[2]


@dataclass(frozen=True)
class PlaneAxes:
    """How one plane of a grid is laid out on the screen, without resampling a voxel.

    normal, right and down are index axes (0 i, 1 j, 2 k); a flip says that the index falls as the screen
    coordinate grows. Screen pixel (column, row) is (0, 0) at the top left.
    """

    plane: Plane
    normal: int
    right: int
    down: int
    flip_right: bool
    flip_down: bool

    @property
    def acquired(self) -> PlaneAxes:
        """The plane of the grid: itself."""
        return self

    def shape(self, size: tuple[int, int, int]) -> tuple[int, int]:
        """Columns and rows of a slice."""
        return size[self.right], size[self.down]

    def pixel_mm(self, spacing: tuple[float, float, float]) -> tuple[float, float]:
        """Width and height of a pixel."""
        return spacing[self.right], spacing[self.down]

    def step_mm(self, spacing: tuple[float, float, float]) -> float:
        """How far apart slices are."""
        return spacing[self.normal]

    def count(self, size: tuple[int, int, int]) -> int:
        """How many slices there are."""
        return size[self.normal]

    def to_screen(self, index_ijk: ArrayLike, size: tuple[int, int, int]) -> NDArray[np.float64]:
        """Continuous (column, row) of indices (..., 3); a voxel's centre is at its integer coordinates."""
        index = np.asarray(index_ijk, dtype=np.float64)
        column, row = index[..., self.right], index[..., self.down]
        if self.flip_right:
            column = size[self.right] - 1 - column
        if self.flip_down:
            row = size[self.down] - 1 - row
        return np.stack([column, row], axis=-1)

    def to_index(
        self, column: float, row: float, depth: float, size: tuple[int, int, int]
    ) -> tuple[float, float, float]:
        """Continuous index (i, j, k) of a screen point on the slice of a number, depth."""
        index = [0.0, 0.0, 0.0]
        index[self.normal] = float(depth)
        index[self.right] = size[self.right] - 1 - column if self.flip_right else column
        index[self.down] = size[self.down] - 1 - row if self.flip_down else row
        return index[0], index[1], index[2]


@lru_cache(maxsize=64)
def plane_axes(geometry: Geometry, plane: Plane) -> PlaneAxes:
    """Screen layout of a plane in the radiological convention: patient right on the screen's left.

    Axial is seen from the feet with anterior up, coronal from the front with the head up, sagittal with
    anterior on the left and the head up. The planes are those of the voxel grid that are nearest to the
    anatomical ones; on an oblique scan the edge letters say so. A grid without patient space is shown as
    it is stored.
    """
    if not geometry.patient_space:
        normal, right, down = {"axial": (2, 0, 1), "coronal": (1, 0, 2), "sagittal": (0, 1, 2)}[plane]
        return PlaneAxes(plane, normal, right, down, False, False)
    left, posterior, superior = geometry.anatomical_axes
    grows = [geometry.direction[row, axis] > 0 for row, axis in enumerate((left, posterior, superior))]
    if plane == "axial":
        return PlaneAxes(plane, superior, left, posterior, not grows[0], not grows[1])
    if plane == "coronal":
        return PlaneAxes(plane, posterior, left, superior, not grows[0], bool(grows[2]))
    return PlaneAxes(plane, left, posterior, superior, not grows[1], bool(grows[2]))


def cut_line(quad_lps: NDArray, other_lps: NDArray) -> NDArray[np.float64] | None:
    """Where a slice meets the plane of another one: the ends of the line, (2, 3) in LPS mm; None where it does not.

    quad_lps and other_lps: (4, 3), corners as slice_corners gives them.
    """
    normal = np.cross(other_lps[1] - other_lps[0], other_lps[3] - other_lps[0])
    normal = normal / np.linalg.norm(normal)
    away = (quad_lps - other_lps[0]) @ normal
    ends = []
    for n in range(4):
        m = (n + 1) % 4
        if (away[n] < 0) != (away[m] < 0):
            ends.append(quad_lps[n] + away[n] / (away[n] - away[m]) * (quad_lps[m] - quad_lps[n]))
    return np.array(ends) if len(ends) == 2 else None


def mirrored(axes: PlaneAxes) -> PlaneAxes:
    """The layout with left and right of the screen exchanged."""
    return replace(axes, flip_right=not axes.flip_right)


def turned(axes: PlaneAxes, quarters: int) -> PlaneAxes:
    """The layout turned clockwise by quarters of a turn."""
    for _ in range(quarters % 4):  # what was above comes to the right, what was on the left comes above
        axes = replace(axes, right=axes.down, down=axes.right, flip_right=not axes.flip_down, flip_down=axes.flip_right)
    return axes


def orientation_letters(vector_lps: ArrayLike) -> str:
    """One to three letters of R L A P H F for the way a vector points, the strongest component first."""
    vector = np.asarray(vector_lps, dtype=np.float64)
    vector = vector / np.linalg.norm(vector)
    strongest = sorted(range(3), key=lambda axis: -abs(vector[axis]))
    return "".join(_LETTERS[a][int(vector[a] > 0)] for a in strongest if abs(vector[a]) > _LETTER_THRESHOLD)


_OPPOSITE = str.maketrans("RLAPHF", "LRPAFH")


@lru_cache(maxsize=64)
def edge_letters(
    geometry: Geometry, axes: PlaneAxes, sides: tuple[str, str] | None = None
) -> tuple[str, str, str, str] | None:
    """Letters for the left, right, top and bottom edge of a pane; None where they are unknown.

    sides are those that a file gives for its rows and columns, for pictures without patient space.
    """
    if not geometry.patient_space:
        if sides is None or axes.normal != 2:
            return None
        to_right, to_bottom = sides[axes.right], sides[axes.down]
        left, right = to_right.translate(_OPPOSITE), to_right
        top, bottom = to_bottom.translate(_OPPOSITE), to_bottom
        left, right = (right, left) if axes.flip_right else (left, right)
        return (left, right, bottom, top) if axes.flip_down else (left, right, top, bottom)
    to_right = geometry.direction[:, axes.right] * (-1 if axes.flip_right else 1)
    to_bottom = geometry.direction[:, axes.down] * (-1 if axes.flip_down else 1)
    return (
        orientation_letters(-to_right),
        orientation_letters(to_right),
        orientation_letters(-to_bottom),
        orientation_letters(to_bottom),
    )
