"""Slices that make no volume, put on a regular grid: only if a person asks for it, and with a sentence on how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.study import GeometryVerdict, SeriesError
from viewer.core.volume import Volume

# A gap this wide is bridged, as it is what a scan with thick slices knows too; wider ones only if few slices are lost.
_BRIDGED_MM = 5.0
_BRIDGED_SPACINGS = 3.0
_MOST_SLICES = 4  # times those of an uneven stack: two slices that nearly coincide must not ask for thousands
_MOST_VOXELS = 8  # times those of the stack: more than a gantry can tilt, so positions that ask for it are wrong
_SAME_PLACE_MM = 1e-3  # a slice this near to a plane or a row of the grid is taken as it is
_KINDS = ("tilted", "uneven", "missing")


def can_be_resampled(volume: Volume, verdict: GeometryVerdict) -> bool:
    """True if slices that make no volume have places from which a regular grid could be made."""
    origins = volume.geometry.slice_origins
    known = origins is not None and len(origins) > 1 and volume.geometry.patient_space and volume.geometry.calibrated
    return known and not volume.colour and verdict.kind in _KINDS


def to_regular_grid(
    volume: Volume, verdict: GeometryVerdict, check: Callable[[], None] = lambda: None
) -> tuple[Volume, str]:
    """A tilted, uneven or incomplete stack on a right-angled, evenly spaced grid, and the sentence that says how.

    The grid keeps the rows and columns of the slices, its third axis is their normal (i x j), and its first and last
    planes are those of the stack. Within the plane it takes in every slice of a sheared stack. Its spacing along the
    normal is the usual gap between slices; for an uneven stack the smallest, so that no slice is passed over, unless
    that takes over four times as many slices. A value is linear between the two slices around it, each read
    bilinearly where its own position puts the point; so a stored value stays as it is where a slice needs no shift.

    Whole numbers stay whole by rounding, in their own type where that holds the padding. Points outside a slice and
    points next to padding become padding: the volume's own, or else the next value below its lowest. Drawn overlays
    are left out. check is called between slices and may raise to cancel. Besides the result a few slices are in use.

    Raises SeriesError if the positions are unknown or contradict each other, and for a gap of more than three
    spacings and 5 mm: what lies in it is not known, and a picture of it would be invented.
    """
    stack = _stack(volume, verdict)
    planes = _planes(stack, uneven=verdict.kind == "uneven")
    pixel_mm = np.array(volume.geometry.spacing[:2])
    low_ij = np.floor((stack.beside_mm.min(axis=0) + _SAME_PLACE_MM) / pixel_mm).astype(int)
    high_ij = np.ceil((stack.beside_mm.max(axis=0) - _SAME_PLACE_MM) / pixel_mm).astype(int)
    columns, rows = (int(n) for n in np.array(volume.geometry.size[:2]) + high_ij - low_ij)
    if columns * rows * len(planes) > _MOST_VOXELS * volume.voxels.size:
        raise SeriesError(
            "a grid that takes in all slices would be nearly empty, so their positions can hardly be right; "
            "look at the slices one by one"
        )
    normal_mm = float(planes[-1]) / (len(planes) - 1)
    geometry = Geometry(
        (columns, rows, len(planes)),
        (*volume.geometry.spacing[:2], normal_mm),
        stack.origin + stack.axes @ (low_ij * pixel_mm),
        np.column_stack([stack.axes, stack.normal]),
    )
    fill, padding, value_type = _padding(volume)
    voxels = np.full(geometry.shape, fill, dtype=value_type)
    for k, along in enumerate(planes):
        check()
        _fill_plane(voxels[k], volume, stack, float(along), low_ij, padding)
    regular = Volume(voxels, geometry, volume.unit, volume.modality, padding=padding, suv_factor=volume.suv_factor)
    return regular, _sentence(stack, verdict, normal_mm, whole=value_type.kind in "iu")


@dataclass(frozen=True)
class _Stack:
    """Where the slices of a volume lie. order lists them by their position along the normal."""

    axes: NDArray[np.float64]  # (3, 2), unit vectors of i and j
    normal: NDArray[np.float64]
    origin: NDArray[np.float64]  # of the first slice, LPS
    order: NDArray[np.intp]
    along: NDArray[np.float64]  # mm from the first slice, rising, in the order of `order`
    beside_mm: NDArray[np.float64]  # (slices, 2), how far the slice is shifted along i and j against the first one

    @property
    def gaps(self) -> NDArray[np.float64]:
        return np.diff(self.along)


def _stack(volume: Volume, verdict: GeometryVerdict) -> _Stack:
    geometry = volume.geometry
    origins = geometry.slice_origins
    if verdict.kind not in _KINDS:
        raise SeriesError(f"only tilted, uneven or missing slices can be resampled to a grid: {verdict.detail}")
    if origins is None or len(origins) < 2 or not geometry.patient_space or not geometry.calibrated:
        raise SeriesError("the positions or the pixel size of the slices are not known, so no grid can be made of them")
    if volume.colour:
        raise SeriesError("colours are no measurement that could be interpolated; look at the slices one by one")
    if not volume.complete:
        raise SeriesError("the series is still being read; resample it when all slices are there")
    axes = geometry.direction[:, :2]
    normal = np.cross(axes[:, 0], axes[:, 1])
    normal /= np.linalg.norm(normal)
    along = origins @ normal
    order = np.argsort(along, kind="stable")
    first = origins[order[0]]
    # Least squares, as the axes may be perpendicular to a thousandth only.
    beside_mm = np.asarray(np.linalg.lstsq(axes, (origins[order] - first).T, rcond=None)[0].T, dtype=np.float64)
    stack = _Stack(axes, normal, first, order, along[order] - along[order[0]], beside_mm)
    if stack.gaps.min() < _SAME_PLACE_MM:
        raise SeriesError("several slices lie at one place, so it is not known which of them is meant")
    widest = int(np.argmax(stack.gaps))
    if stack.gaps[widest] > max(_BRIDGED_MM, _BRIDGED_SPACINGS * float(np.median(stack.gaps)) + _SAME_PLACE_MM):
        raise SeriesError(
            f"nothing is known of {stack.gaps[widest]:.1f} mm between two slices, after "
            f"{along[order[widest]]:.1f} mm: that is too much to interpolate; fetch the missing slices"
        )
    return stack


def _planes(stack: _Stack, uneven: bool) -> NDArray[np.float64]:
    """Positions of the grid's planes along the normal, mm from the first slice; the last is that of the last slice."""
    usual = float(np.median(stack.gaps))
    steps = np.rint(stack.gaps / usual).sum()
    if uneven:
        length = float(stack.along[-1])
        finest = max(float(stack.gaps.min()), length / (_MOST_SLICES * len(stack.gaps)))
        steps = np.ceil(length / finest - 1e-3)
    return np.linspace(0.0, stack.along[-1], int(max(steps, 1)) + 1)


def _padding(volume: Volume) -> tuple[Any, tuple[float, float], np.dtype]:
    """The value of what no slice shows, the range that marks it, and a type that holds it and all values."""
    held = volume.voxels.dtype
    if volume.padding is not None:
        low, high = volume.padding
        fill = np.ceil(low) if held.kind in "iu" else low
        limits = np.iinfo(held) if held.kind in "iu" else np.finfo(held)
        if fill <= high and limits.min <= fill <= limits.max:
            return fill, volume.padding, held
    if held.kind in "iu":
        below = int(volume.voxels.min()) - 1
        return below, (below, below), np.promote_types(held, np.min_scalar_type(below))
    lowest = min((float(values[np.isfinite(values)].min(initial=np.inf)) for values in volume.voxels), default=np.inf)
    below = float(np.nextafter(held.type(lowest if np.isfinite(lowest) else 0.0), held.type(-np.inf)))
    return below, (below, below), held


def _fill_plane(
    plane: NDArray, volume: Volume, stack: _Stack, along: float, low_ij: NDArray, padding: tuple[float, float]
) -> None:
    """Write one plane of the grid, [j, i], where the slices around it have values."""
    working = np.float32 if volume.voxels.dtype.itemsize <= 2 or volume.voxels.dtype == np.float32 else np.float64
    below = int(np.clip(np.searchsorted(stack.along, along, side="right") - 1, 0, len(stack.along) - 2))
    gap = stack.gaps[below]
    part = min(max((along - stack.along[below]) / gap, 0.0), 1.0)
    if part * gap < _SAME_PLACE_MM:
        used = ((below, 1.0),)
    elif (1 - part) * gap < _SAME_PLACE_MM:
        used = ((below + 1, 1.0),)
    else:
        used = ((below, 1 - part), (below + 1, part))
    pixel_mm = np.array(volume.geometry.spacing[:2])
    total = np.zeros(plane.shape, dtype=working)
    known = np.ones(plane.shape, dtype=bool)
    for n, weight in used:
        stored = volume.voxels[stack.order[n]]
        values, start = _shifted(stored.astype(working), stack.beside_mm[n], pixel_mm, low_ij)
        outside, _ = _shifted((stored >= padding[0]) & (stored <= padding[1]), stack.beside_mm[n], pixel_mm, low_ij)
        inside = (slice(start[1], start[1] + values.shape[0]), slice(start[0], start[0] + values.shape[1]))
        total[inside] += working(weight) * values
        measured = np.zeros(plane.shape, dtype=bool)
        measured[inside] = ~outside
        known &= measured
    np.copyto(plane, np.rint(total) if plane.dtype.kind in "iu" else total, where=known, casting="unsafe")


def _shifted(
    pixels: NDArray, beside_mm: NDArray, pixel_mm: NDArray, low_ij: NDArray
) -> tuple[NDArray, tuple[int, int]]:
    """A slice [j, i] read at the pixels of the grid, and the grid's pixel (i, j) where it starts. Where a pixel of the
    grid lies between two of the slice, values are mixed and of truth values either counts. Nothing beyond the edge."""
    start = [0, 0]
    for axis in (0, 1):
        offset = float(beside_mm[axis] / pixel_mm[axis]) - int(low_ij[axis])
        if abs(offset - round(offset)) * pixel_mm[axis] < _SAME_PLACE_MM:
            start[axis] = round(offset)
            continue
        start[axis] = int(np.floor(offset)) + 1
        before, after = (pixels[:, :-1], pixels[:, 1:]) if axis == 0 else (pixels[:-1], pixels[1:])
        part = start[axis] - offset  # how far the grid's pixel lies behind the slice's, in pixels
        if pixels.dtype == bool:
            pixels = before | after
        else:
            pixels = before * pixels.dtype.type(1 - part) + after * pixels.dtype.type(part)
    return pixels, (start[0], start[1])


def _sentence(stack: _Stack, verdict: GeometryVerdict, normal_mm: float, whole: bool) -> str:
    done = [f"Resampled to {normal_mm:.4g} mm by linear interpolation along the normal"]
    beside_mm = float(np.linalg.norm(stack.beside_mm[-1] - stack.beside_mm[0]))
    if np.abs(stack.beside_mm).max() > _SAME_PLACE_MM:
        angle = np.degrees(np.arctan2(beside_mm, stack.along[-1]))
        done.append(f"a shear of {angle:.1f} degrees was straightened by linear interpolation within the slices")
    if verdict.kind == "missing":
        count = int(np.rint(stack.gaps / np.median(stack.gaps)).sum()) - len(stack.gaps)
        done.append(f"{count} missing slice{'s were' if count != 1 else ' was'} interpolated")
    if whole:
        done.append("values are rounded to whole numbers")
    return "; ".join(done) + "."
