"""From a region of one slice to those beside it, slice by slice, until it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.click_segment import Answerer, PixelBox, Prompts, Stroke, margin_px
from viewer.core.shaping import Mask

End = Literal["as many as asked", "end of the scan", "region ends", "region changes"]

_MOST_CORE_PX = 400
_FEWEST_PX = 6
_LEAST_SHARE, _LEAST_DICE, _MOSTLY = 0.3, 0.8, 0.9  # of a region in the slice before
_MOST_TIMES, _LEAST_EDGE = 3.0, 0.75  # of the region in the slice in which a person saw it


@dataclass(frozen=True)
class Spread:
    """What was found in one direction: the number of each slice with its region, and why it went no further."""

    found: tuple[tuple[int, Mask], ...]
    end: End


def spread(
    picture_of: Callable[[int], NDArray[np.float32]],
    count: int,
    pixel_mm: tuple[float, float],
    answer: Answerer,
    start: int,
    region: Mask,
    step: Literal[1, -1],
    most: int | None = None,
    report: Callable[[int], None] = lambda slice_number: None,
) -> Spread:
    """Find a region of a slice again in those after it (step 1), or before it.

    picture_of gives the picture of a slice, of count there are, with NaN where there is no value; region has its shape
    and is that of the slice start. most: slices at most; None for as many as there are. report is called before each,
    and may raise to cancel. It goes no further where the region is small, looks no more like itself, or is suddenly
    another: those slices are for a person.
    """
    found: list[tuple[int, Mask]] = []
    before, seen = region, _edge(picture_of(start), region)
    for number, _ in zip(_numbers(start, count, step), range(most if most is not None else count), strict=False):
        report(number)
        picture = picture_of(number)
        now = _joined(answer(picture, pixel_mm, _prompts(before), before), before)
        pixels, pixels_before = np.count_nonzero(now), np.count_nonzero(before)
        if pixels < max(_FEWEST_PX, _LEAST_SHARE * pixels_before):
            return Spread(tuple(found), "region ends")
        if np.abs(_edge(picture, now)) < _LEAST_EDGE * seen:
            return Spread(tuple(found), "region ends")
        common = np.count_nonzero(now & before)
        tapers = pixels < pixels_before and common > _MOSTLY * pixels
        if 2 * common < _LEAST_DICE * (pixels + pixels_before) and not tapers:
            return Spread(tuple(found), "region changes")
        if pixels > _MOST_TIMES * np.count_nonzero(region):
            return Spread(tuple(found), "region changes")
        found.append((number, now))
        before = now
    enough = most is not None and len(found) >= most
    return Spread(tuple(found), "as many as asked" if enough else "end of the scan")


def _numbers(start: int, count: int, step: int) -> Iterator[int]:
    return iter(range(start + step, count if step > 0 else -1, step))


def _prompts(region: Mask) -> Prompts:
    import cv2

    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    deepest = cv2.dilate(depth, np.ones((9, 9), np.uint8))  # near by: thin parts have a core, too
    core = np.argwhere((depth > np.minimum(margin_px(region), deepest - 0.5)) & region)
    core = core[:: max(1, len(core) // _MOST_CORE_PX)]
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    more = int(max(6, 0.5 * max(len(rows), len(columns))))
    box: PixelBox = (
        max(int(rows[0]) - more, 0),
        max(int(columns[0]) - more, 0),
        min(int(rows[-1]) + more, region.shape[0] - 1),
        min(int(columns[-1]) + more, region.shape[1] - 1),
    )
    return Prompts((Stroke(tuple((r, c) for r, c in core.tolist())),), box, of_neighbour=True)


def _joined(now: Mask, before: Mask) -> Mask:
    """The parts of a region that lie over the one before."""
    import cv2

    _, parts = cv2.connectedComponents(now.astype(np.uint8))
    kept = np.unique(parts[before & now])
    return np.isin(parts, kept[kept > 0])


def _edge(picture: NDArray[np.float32], region: Mask) -> float:
    """How much the values within the rim of a region differ from those just outside, on the average along it."""
    import cv2

    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    part = slice(max(rows[0] - 4, 0), rows[-1] + 5), slice(max(columns[0] - 4, 0), columns[-1] + 5)
    region, picture = region[part], picture[part]
    there = np.isfinite(picture)
    values = np.where(there, picture, 0)
    sides = []
    for mask in (region & there, ~region & there):
        weight = cv2.blur(mask.astype(np.float32), (5, 5), borderType=cv2.BORDER_CONSTANT)
        total = cv2.blur(np.where(mask, values, 0).astype(np.float32), (5, 5), borderType=cv2.BORDER_CONSTANT)
        sides.append((total, weight))
    rim = region & (cv2.erode(region.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) == 0)
    (within, w), (beside, b) = sides
    rim &= (w > 0.05) & (b > 0.05)
    return float(np.abs(within[rim] / w[rim] - beside[rim] / b[rim]).mean()) if rim.any() else 0.0
