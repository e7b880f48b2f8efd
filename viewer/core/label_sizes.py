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
    points = _outer_points(mask) * (np.array(spacing) / 2)
    if not len(points):
        return 0.0
    longest, place = 0.0, points[0]
    for _ in range(4):  # nearly always the answer already, and a bound in any case
        apart = np.linalg.norm(points - place, axis=1)
        longest, place = max(longest, float(apart.max())), points[int(apart.argmax())]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    reach = np.linalg.norm(
        np.abs(points - middle) + np.ptp(points, axis=0) / 2, axis=1
    )  # the farthest corner of the box
    points = points[reach >= longest] - middle
    squares = np.einsum("nc,nc->n", points, points)
    at_once = max(_PAIRS_AT_ONCE // max(len(points), 1), 1)
    best = longest**2
    for start in range(0, len(points), at_once):
        some = slice(start, start + at_once)
        apart_squared = squares[some, None] + squares[None, :] - 2 * points[some] @ points.T
        best = max(best, float(apart_squared.max(initial=0.0)))
    return math.sqrt(best)


def _outer_points(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Twice the indices (i, j, k) of centres of outer voxel faces, those alone that can be corners of the convex hull:
    of each plane of faces its own hull."""
    planes: dict[int, list[tuple[NDArray, NDArray]]] = {}
    for k in np.flatnonzero(mask.any(axis=(1, 2))).tolist():
        layer = mask[k]
        for turned, along_i in ((layer, True), (layer.T, False)):
            lines = np.flatnonzero(turned.any(axis=1))
            first = turned[lines].argmax(axis=1)
            last = turned.shape[1] - 1 - turned[lines, ::-1].argmax(axis=1)
            for ends in (2 * first - 1, 2 * last + 1):
                planes.setdefault(2 * k, []).append((ends, 2 * lines) if along_i else (2 * lines, ends))
    if planes:
        j, i = np.nonzero(mask.any(axis=0))
        first = mask.argmax(axis=0)[j, i]
        last = len(mask) - 1 - mask[::-1].argmax(axis=0)[j, i]
        for ends in (2 * first - 1, 2 * last + 1):
            for height in np.unique(ends).tolist():
                here = ends == height
                planes.setdefault(height, []).append((2 * i[here], 2 * j[here]))
    corners = [
        (x, y, height)
        for height, parts in planes.items()
        for x, y in _hull(np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
    ]
    return np.array(corners, dtype=np.int64).reshape(-1, 3)


def _hull(x: NDArray, y: NDArray) -> list[tuple[int, int]]:
    """Corners of the convex hull of points in a plane (Andrew's monotone chain)."""
    points = sorted(set(zip(x.tolist(), y.tolist(), strict=True)))
    if len(points) < 3:
        return points
    hull: list[tuple[int, int]] = []
    for way in (points, points[::-1]):
        chain: list[tuple[int, int]] = []
        for p in way:
            while len(chain) > 1 and not _turns_left(chain[-2], chain[-1], p):
                chain.pop()
            chain.append(p)
        hull += chain[:-1]
    return hull


def _turns_left(o: tuple[int, int], a: tuple[int, int], b: tuple[int, int]) -> bool:
    return (a[0] - o[0]) * (b[1] - o[1]) > (a[1] - o[1]) * (b[0] - o[0])
