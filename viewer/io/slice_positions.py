"""What the positions of slices allow: their order along the normal, and whether they make a regular grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.geometry import orientation_letters
from viewer.core.study import GeometryVerdict, shown_mm

_SPACING_TOLERANCE_MM = 0.02  # positions rounded to 0.01 mm change a gap by up to 0.017 mm
_SPACING_TOLERANCE_PIXELS = 0.2  # ... but the slices of a micro-CT lie closer than that
_PLACE_TOLERANCE_MM = 0.05  # of a slice from its place on the line through the stack
_TILT_TOLERANCE_DEGREES = 0.05
_SHARE_OF_UNIT = 1 / 3  # of all gaps, below which multiples of the smallest may be chance
_STRAIGHT = 0.999  # cosine of the angle between a normal and L, P or H, below which it is oblique
_LISTED = 5  # positions that a sentence names


@dataclass(frozen=True)
class Arrangement:
    """Slices in order: order[n] is the input's index of slice n along the normal. spacing_mm, along the normal, is
    None unless the slices are a regular grid of at least two."""

    order: tuple[int, ...]
    verdict: GeometryVerdict
    spacing_mm: float | None = None


def arrange(positions_lps: ArrayLike, orientation: Sequence[float], pixel_mm: float) -> Arrangement:
    """Order, verdict and spacing of slices by where their first voxels lie.

    positions_lps: (n, 3), LPS mm. orientation: the direction cosines of i, then of j (DICOM PS3.3 C.7.6.2.1.1), and
    pixel_mm the smaller side of a pixel, by which "the same place" is judged. Slices at one place stay in the order
    given. The spacing comes from the positions alone: the standard lets thickness and nominal spacing differ from it.
    """
    positions = np.asarray(positions_lps, dtype=np.float64).reshape(-1, 3)
    along = _along(positions, orientation)
    order = np.argsort(along, kind="stable")
    along, positions = along[order], positions[order]
    verdict, spacing_mm = _judge(along, positions, _normal(orientation), _tolerance_mm(pixel_mm))
    return Arrangement(tuple(order.tolist()), verdict, spacing_mm)


def places(positions_lps: ArrayLike, orientation: Sequence[float], pixel_mm: float) -> NDArray[np.int64]:
    """For each position (n, 3) the number, from 0 along the normal, of the place that it shares with its like."""
    positions = np.asarray(positions_lps, dtype=np.float64).reshape(-1, 3)
    along = _along(positions, orientation)
    order = np.argsort(along, kind="stable")
    steps = np.diff(along[order], prepend=along[order[:1]]) >= _tolerance_mm(pixel_mm)
    numbers = np.empty(len(along), dtype=np.int64)
    numbers[order] = np.cumsum(steps)
    return numbers


def _tolerance_mm(pixel_mm: float) -> float:
    return min(_SPACING_TOLERANCE_MM, _SPACING_TOLERANCE_PIXELS * pixel_mm)


def _normal(orientation: Sequence[float]) -> NDArray[np.float64]:
    normal = np.cross(orientation[:3], orientation[3:])
    return normal / np.linalg.norm(normal)


def _along(positions: NDArray[np.float64], orientation: Sequence[float]) -> NDArray[np.float64]:
    normal = _normal(orientation)  # a matrix product may round equal positions differently
    return positions[:, 0] * normal[0] + positions[:, 1] * normal[1] + positions[:, 2] * normal[2]


def _judge(
    along: NDArray[np.float64], positions: NDArray[np.float64], normal: NDArray[np.float64], tolerance_mm: float
) -> tuple[GeometryVerdict, float | None]:
    if len(along) == 1:
        return GeometryVerdict("2d", "A single slice: nothing is measured across it."), None
    gaps = np.diff(along)
    same = gaps < tolerance_mm
    if same.any():
        shared = np.unique(np.round(along[:-1][same], 1))
        return GeometryVerdict("duplicate", f"More than one slice lies at {_listed(shared, normal)}."), None
    spacing = float(np.sort(gaps)[(len(gaps) - 1) // 2])  # a gap that there is, which a mean of two need not be
    tolerance_mm = max(tolerance_mm, 0.001 * spacing)
    if (np.abs(gaps - spacing) > tolerance_mm).any():
        return _judge_gaps(along, positions, normal, spacing, tolerance_mm), None
    number = np.arange(len(along))
    step, start = np.polyfit(number, positions, 1)
    astray = np.linalg.norm(positions - start - number[:, None] * step, axis=1)
    if astray.max() > _PLACE_TOLERANCE_MM:
        worst = int(np.argmax(astray))
        where = _listed(along[worst : worst + 1], normal)
        return GeometryVerdict(
            "uneven", f"Slices lie up to {astray[worst]:.1f} mm beside their place, at {where}."
        ), None
    tilt = _tilt_degrees(step, normal)
    if tilt > _TILT_TOLERANCE_DEGREES:
        return GeometryVerdict("tilted", f"The stack is sheared by {tilt:.1f} degrees (gantry tilt)."), None
    mean_spacing = float((along[-1] - along[0]) / (len(along) - 1))
    return GeometryVerdict("regular", f"{len(along)} slices every {shown_mm(mean_spacing)}."), mean_spacing


def _judge_gaps(
    along: NDArray[np.float64],
    positions: NDArray[np.float64],
    normal: NDArray[np.float64],
    spacing: float,
    tolerance_mm: float,
) -> GeometryVerdict:
    """Verdict of slices whose gaps differ: some are missing if all gaps are multiples of the smallest and enough of
    them are that one; else they are uneven."""
    gaps = np.diff(along)
    tilt = _tilt_degrees(positions[-1] - positions[0], normal)
    sheared = f" The stack is also sheared by {tilt:.1f} degrees." if tilt > _TILT_TOLERANCE_DEGREES else ""
    smallest = gaps <= gaps.min() + tolerance_mm
    unit = float(gaps[smallest].mean())
    steps = np.rint(gaps / unit)
    if smallest.mean() >= _SHARE_OF_UNIT and (np.abs(gaps - steps * unit) <= tolerance_mm * steps).all():
        count = int((steps - 1).sum())
        places = _listed(along[:-1][steps > 1], normal)
        return GeometryVerdict(
            "missing", f"{count} {'slice is' if count == 1 else 'slices are'} missing, after {places}.{sheared}"
        )
    odd = along[:-1][np.abs(gaps - spacing) > tolerance_mm]
    return GeometryVerdict("uneven", f"The gaps between slices differ, after {_listed(odd, normal)}.{sheared}")


def _tilt_degrees(step: NDArray[np.float64], normal: NDArray[np.float64]) -> float:
    return math.degrees(math.acos(min(1.0, abs(float(step @ normal)) / float(np.linalg.norm(step)))))


def _listed(along: NDArray[np.float64], normal: NDArray[np.float64]) -> str:
    """Positions along the normal for a person: as the panes write them, "F 790.5", where the normal is L, P or H."""
    axis = int(np.argmax(np.abs(normal)))
    if abs(normal[axis]) > _STRAIGHT:
        towards = along[:_LISTED] * np.sign(normal[axis])
        places = [f"{orientation_letters(np.sign(p) * np.eye(3)[axis]) if p else ''} {abs(p):.1f}" for p in towards]
    else:
        places = [f"{p:.1f}" for p in along[:_LISTED]]
    return ", ".join(place.strip() for place in places) + (" ..." if len(along) > _LISTED else "") + " mm"
