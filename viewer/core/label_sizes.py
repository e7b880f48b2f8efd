"""How large labels are: volume and longest diameter, from the voxels of a label map."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.labels import Label

_PAIRS_AT_ONCE = 4_000_000
_ROUNDS = 100  # more are never needed for what people and models draw, and fewer only make it slower


@dataclass(frozen=True)
class LabelSize:
    """How large a label is, over all its parts: its voxels in ml, and its longest diameter in mm in any direction."""

    volume_ml: float
    longest_mm: float


def label_sizes(
    label_voxels: NDArray[np.uint8],
    geometry: Geometry,
    labels: Sequence[Label],
    check: Callable[[], None] = lambda: None,
) -> dict[str, LabelSize]:
    """The size of each label of the table that is there. check is called between labels."""
    counts = np.zeros((len(label_voxels), 256), dtype=np.int64)
    for k, one_slice in enumerate(label_voxels):  # piece by piece: numpy counts without letting other threads run
        counts[k] = np.bincount(one_slice.ravel(), minlength=256)
    sizes = {}
    for label in labels:
        slices = np.flatnonzero(counts[:, label.value])
        if not slices.size:
            continue
        check()
        mask = label_voxels[slices[0] : slices[-1] + 1] == label.value
        volume_ml = float(counts[:, label.value].sum()) * geometry.voxel_volume_ml
        sizes[label.name] = LabelSize(volume_ml, longest_diameter_mm(mask, geometry.spacing))
    return sizes


def longest_diameter_mm(mask: NDArray[np.bool_], spacing: tuple[float, float, float]) -> float:
    """The largest distance in mm between two points of the surface of mask[k, j, i], over all its parts; 0 if empty.

    The surface's points are the centres of the outer faces of voxels, which are the vertices of the mesh of a mask
    (marching cubes at one half): the maximum 3D diameter of the Image Biomarker Standardisation Initiative (L0JK,
    arXiv:1612.07003). A single voxel is as long as its longest edge. A second for the largest organs: not for the
    GUI thread.
    """
    rows, columns = np.flatnonzero(mask.any(axis=(0, 2))), np.flatnonzero(mask.any(axis=(0, 1)))
    if not rows.size:
        return 0.0
    mask = mask[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    corners, half = _outer_points(mask), np.array(spacing) / 2
    corners = corners[_may_be_farthest(corners * half)]
    for axis in (2, 0, 1):  # a corner of the hull is one in each plane through it
        corners = _corners_of_planes(corners, axis)
    points = corners * half - corners.mean(axis=0) * half
    squares = np.einsum("nc,nc->n", points, points)
    at_once = max(_PAIRS_AT_ONCE // len(points), 1)
    longest_squared = 0.0
    for start in range(0, len(points), at_once):
        some, rest = points[start : start + at_once], points[start:]
        apart_squared = squares[start : start + at_once, None] + squares[start:] - 2 * some @ rest.T
        longest_squared = max(longest_squared, float(apart_squared.max()))
    return math.sqrt(longest_squared)


def _may_be_farthest(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Points (n, 3) that may be an end of the longest distance: all but those that even the farthest corner of the box
    around is nearer to than two points are that were found by going to and fro."""
    longest, place = 0.0, points[0]
    for _ in range(4):
        apart = np.linalg.norm(points - place, axis=1)
        longest, place = max(longest, float(apart.max())), points[int(apart.argmax())]
    low, high = points.min(axis=0), points.max(axis=0)
    reach = np.linalg.norm(np.maximum(points - low, high - points), axis=1)
    return reach >= longest * (1 - 1e-12)


def _outer_points(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Twice the indices (i, j, k) of the centres of outer faces of voxels, of those at the ends of lines of voxels: no
    others can be corners of the convex hull."""
    parts: list[NDArray[np.int64]] = []
    for k in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        for layer, along_i in ((mask[k], True), (mask[k].T, False)):
            lines = np.flatnonzero(layer.any(axis=1))
            parts += [
                _points(ends, 2 * lines, 2 * k) if along_i else _points(2 * lines, ends, 2 * k)
                for ends in _ends(layer[lines])
            ]
    j, i = np.nonzero(mask.any(axis=0))
    below, above = mask.argmax(axis=0)[j, i], len(mask) - 1 - mask[::-1].argmax(axis=0)[j, i]
    parts += [_points(2 * i, 2 * j, ends) for ends in (2 * below - 1, 2 * above + 1)]
    return np.concatenate(parts)


def _ends(lines: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Twice the places of the outer faces of the first and the last voxel of each line (n, length); none is empty."""
    return 2 * lines.argmax(axis=1) - 1, 2 * (lines.shape[1] - 1 - lines[:, ::-1].argmax(axis=1)) + 1


def _points(x: NDArray, y: NDArray, z: NDArray | int) -> NDArray[np.int64]:
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


def _corners_of_planes(points: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Of points (n, 3), those that are corners of the convex hull of their plane across an axis, and few others.

    As Andrew's monotone chain, but with all planes at once, round by round: a point inside the bend of its neighbours
    is no corner, whichever of them are dropped with it.
    """
    x, y = (other for other in range(3) if other != axis)
    chains = []
    for way in (1, -1):  # the lower chain of each plane, and the upper one
        chain = points[np.lexsort((way * points[:, y], points[:, x], points[:, axis]))]
        lines = np.any(np.diff(chain[:, [axis, x]], axis=0, prepend=chain[:1][:, [axis, x]] - 1) != 0, axis=1)
        chain = chain[lines]
        for _ in range(_ROUNDS):
            before, here, after = chain[:-2], chain[1:-1], chain[2:]
            turn = (here[:, x] - before[:, x]) * (after[:, y] - before[:, y])
            turn -= (here[:, y] - before[:, y]) * (after[:, x] - before[:, x])
            kept = np.ones(len(chain), dtype=bool)
            kept[1:-1] = (way * turn > 0) | (before[:, axis] != after[:, axis])
            if kept.all():
                break
            chain = chain[kept]
        chains.append(chain)
    return np.concatenate(chains)
