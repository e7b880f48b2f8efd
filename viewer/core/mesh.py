"""A closed surface of triangles in the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Mesh:
    """points (n, 3) are LPS mm, float64; triangles (m, 3) are indices of points, int32, counter-clockwise as seen from
    outside. colour is sRGB 0..255."""

    name: str
    points: NDArray[np.float64]
    triangles: NDArray[np.int32]
    colour: tuple[int, int, int] = (200, 200, 200)

    @property
    def corners(self) -> NDArray[np.float64]:
        """The three corners of each triangle, (m, 3, 3), LPS mm."""
        return self.points[self.triangles]


def bounds(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lowest and highest coordinates, (2, 3), of triangles given by their corners (m, 3, 3)."""
    return np.stack([corners.min(axis=(0, 1)), corners.max(axis=(0, 1))])


def enclosed_volume(corners: NDArray[np.float64]) -> float:
    """Volume that closed surfaces enclose, positive if their triangles are counter-clockwise from outside; of corners
    (m, 3, 3) in mm it is mm^3. The sum of the signed tetrahedra between the triangles and a point."""
    a, b, c = np.moveaxis(corners - corners.reshape(-1, 3).mean(axis=0), 1, 0)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
