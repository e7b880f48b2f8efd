"""What another volume has under the pixels of a pane: sampled by VTK from its own memory, for one plane at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewer.core.fusion import Fusion
from viewer.core.geometry import Geometry
from viewer.core.oblique import ObliqueAxes
from viewer.core.volume import Volume
from viewer.render.oblique import sampled, scaled, touches_padding, within, worst
from viewer.render.slabs import Slab, SlabKind, slices_within
from viewer.render.slices import SliceView

Box = tuple[int, int, int, int]  # left, top, width and height in device pixels of a pane

_MOST_SAMPLES = 1_000_000  # of a slab: more would hold up scrolling
_FAR_PX = 1000.0  # two pixels so far apart tell exactly enough how the index grows from one to the next
_ROUNDING = 1e-4  # voxels: what this little moves over a whole picture is along an axis of the grid


def outline_over(
    fusion: Fusion, base: Geometry, view: SliceView, depth: float, ratio: float, *, slab: bool = False
) -> NDArray[np.float64]:
    """The part of a pane in which both the slice that it shows and the other volume are, edge to edge of their voxels:
    a convex outline, corners (n, 2) as (x, y) in device pixels; fewer than 3 corners where there is none. Of a slab it
    is that of the slice: parts of the other volume before and behind it are seen, too."""
    wide, high = view.width * ratio, view.height * ratio
    left, top, all_wide, all_high = (n * ratio for n in view.image_rect)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (all_wide, all_high)
    if isinstance(view.axes, ObliqueAxes):
        corners = (view.axes.cut(depth) + 0.5) * (np.array([all_wide, all_high]) / view.axes.shape(view.size))
    corners = corners + np.array([left, top])
    for normal, limit in (((1, 0), 0.0), ((-1, 0), -wide), ((0, 1), 0.0), ((0, -1), -high)):
        corners = _beyond(corners, np.array(normal, dtype=np.float64), limit)
    if slab:
        return corners
    to_index = sampling_over(fusion, base, view, depth, ratio, (-0.5, -0.5))  # of a pixel's corner
    for (a, b, _, start), n in zip(to_index.tolist(), fusion.volume.geometry.size, strict=True):
        corners = _beyond(corners, np.array([a, b]), -0.5 - start)
        corners = _beyond(corners, np.array([-a, -b]), start - (n - 0.5))
    return corners


def sampling_over(
    fusion: Fusion, base: Geometry, view: SliceView, depth: float, ratio: float, first: tuple[float, float]
) -> NDArray[np.float64]:
    """(3, 4): index in the other volume = sampling @ (column, row, 0, 1), for device pixels counted from the first,
    (column, row) in the pane, whose centre is meant. depth is that of the view."""

    def index_under(column: float, row: float) -> NDArray[np.float64]:
        x, y = (first[0] + column + 0.5) / ratio, (first[1] + row + 0.5) / ratio
        return fusion.index_under(base, view.to_index(x, y, depth))

    start = index_under(0, 0)
    across, down = ((index_under(*far) - start) / _FAR_PX for far in ((_FAR_PX, 0), (0, _FAR_PX)))
    for way in (across, down):  # along an axis of the grid VTK is several times as fast
        way[np.abs(way) * _FAR_PX < _ROUNDING] = 0.0
    return np.column_stack([across, down, np.cross(across, down), start])


def finer_than(
    fusion: Fusion, base: Geometry, view: SliceView, depth: float, ratio: float, box: Box, slab: Slab | None = None
) -> tuple[int, int]:
    """How many samples down and across each pixel of a box no voxel of the other volume is passed over with: (1, 1)
    where they are no smaller than the pixels, and in a slab for which so many would take too long."""
    sampling = sampling_over(fusion, base, view, depth, ratio, (0.0, 0.0))
    across, down = (max(round(float(step)), 1) for step in np.abs(sampling[:, :2]).max(axis=0))
    if slab is not None and box[2] * across * box[3] * down * len(_depths(slab, view, depth)) > _MOST_SAMPLES:
        return 1, 1
    return down, across


def values_over(
    fusion: Fusion,
    base: Geometry,
    view: SliceView,
    depth: float,
    ratio: float,
    box: Box,
    *,
    slab: Slab | None = None,
    nearest: bool = False,
    finer: tuple[int, int] = (1, 1),
) -> tuple[NDArray, NDArray[np.bool_] | None]:
    """Values of the other volume under the pixels of a box, (rows, columns), interpolated linearly: to be looked at,
    never to be measured. And which of them are measured, None meaning all within outline_over.

    Of a slab they are its projection over the same part of the patient, of fewer and larger pixels the thicker it is.
    nearest: those of the nearest voxels. Padding and NaN are never mixed with measured values. finer: so many samples
    down and across each pixel, as finer_than gives them; those beyond the volume are not measured.
    """
    first, shape = (float(box[0]), float(box[1])), (box[2], box[3])
    many = shape[0] * finer[1], shape[1] * finer[0]

    def at(one: float) -> NDArray[np.float64]:
        return scaled(sampling_over(fusion, base, view, one, ratio, first), shape, many)

    if slab is not None:
        return _projected(fusion.volume, [at(one) for one in _depths(slab, view, depth)], many, slab.kind, nearest)
    volume, sampling = fusion.volume, at(depth)
    nearest = nearest or (volume.padding is not None and finer != (1, 1))  # whose means mix no more, and far sooner
    values = sampled(volume.voxels, sampling, many, linear=not nearest, whole_numbers=False)
    measured = _measured(volume, values, sampling, nearest)
    if finer != (1, 1):
        inside = within(sampling, volume.geometry.size, many)
        measured = inside if measured is None else inside & measured
    return values, measured


def _measured(
    volume: Volume, values: NDArray, sampling: NDArray[np.float64], nearest: bool
) -> NDArray[np.bool_] | None:
    if volume.padding is not None:
        if nearest:
            return volume.measured(values)
        measured = ~touches_padding(volume, sampling, (values.shape[1], values.shape[0]))
        return measured & np.isfinite(values) if values.dtype.kind == "f" else measured
    if values.dtype.kind != "f" or volume.voxels.dtype.kind != "f":
        return None
    finite = np.isfinite(values)
    return None if finite.all() else finite


def _projected(
    volume: Volume, planes: Sequence[NDArray[np.float64]], shape: tuple[int, int], kind: SlabKind, nearest: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    larger = max(math.sqrt(shape[0] * shape[1] * len(planes) / _MOST_SAMPLES), 1.0)
    fewer = max(round(shape[0] / larger), 1), max(round(shape[1] / larger), 1)
    mean = kind == "Mean"
    dtype = np.dtype(np.float32)
    combined = np.full(fewer[::-1], 0.0 if mean else worst(dtype, kind), dtype)
    count = np.zeros(combined.shape, np.int32)
    for one in planes:
        at = scaled(one, shape, fewer)
        layer = sampled(volume.voxels, at, fewer, linear=not nearest, whole_numbers=False)
        inside = within(at, volume.geometry.size, fewer)
        measured = _measured(volume, layer, at, nearest)
        inside = inside if measured is None else inside & measured
        count += inside
        if mean:
            np.add(combined, layer, out=combined, where=inside, casting="unsafe")
        else:
            (np.maximum if kind == "MIP" else np.minimum)(combined, layer, out=combined, where=inside, casting="unsafe")
    if mean:
        combined /= np.maximum(count, 1)
    combined[count == 0] = 0.0
    return combined, count > 0


def _depths(slab: Slab, view: SliceView, depth: float) -> list[float]:
    """Where the slices of a slab lie, as it is made of the open series."""
    if isinstance(view.axes, ObliqueAxes):
        return [depth + (n - (slab.slices - 1) / 2) * view.step_mm for n in range(slab.slices)]
    return [float(n) for n in slices_within(slab, int(depth), view.count)]


def _beyond(corners: NDArray[np.float64], normal: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """The part of a convex outline where normal · point >= limit (Sutherland and Hodgman)."""
    kept = []
    for n, here in enumerate(corners):
        before = corners[n - 1]
        inside, was_inside = float(here @ normal) - limit, float(before @ normal) - limit
        if (inside >= 0) != (was_inside >= 0):
            t = was_inside / (was_inside - inside)
            kept.append(before + t * (here - before))
        if inside >= 0:
            kept.append(here)
    return np.array(kept).reshape(-1, 2)
