"""What clicks mean: the region of a picture that a person points at, refined click by click.

An answerer is any function of the form of Answerer. The one here is classical: no model is needed for it. A network
that was trained for clicks (picture, box, positives, negatives and previous answer as channels) can stand in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.shaping import Mask

Pixels = tuple[tuple[int, int], ...]  # (row, column)
PixelBox = tuple[int, int, int, int]  # first row, first column, last row, last column: both ends belong to it

_MOST_PX = 256  # along the longer side of what is worked on: finer pixels are averaged
_FINE_SHARE = 0.3  # of that: a smaller region is found again in finer pixels
_LEVELS = 64  # distances that are compared
_FAR = np.float32(1e6)
_SMOOTH_PX = 0.8
_BETWEEN_PX = 16  # of a scribble's pixels, whose values are looked at
_LEAST_COST, _MOST_UNLIKE = 0.05, 9.0
_FEWEST_PX, _FEWEST_CHANGED_PX = 12, 4
_MOST_SHARE = 0.7  # of the picture
_AROUND_BOX, _MIDDLE_OF_BOX = 0.15, 0.5  # of its size, and of its half axes
_BINS, _MOST_UNLIKELY, _LEAST_CONTESTED = 24, 4.0, 0.3
_LEAST_MARGIN_PX, _MARGIN_SHARE = 2.0, 0.2  # of its radius
_MOST_OTHERWISE = 8.0  # times as large as in coarser pixels, or as small
_SNAPS, _NEAR_PX, _LEAST_NEAR = 1, 7, 0.02
_MOST_TAKEN = 0.8  # of a region, by one click
_CRACK_PX = 5
_HOLE_SHARE = 0.05  # of the region: smaller holes are filled

# How much each trait of a region speaks for it. Fitted to simulated clicks on public scans with masks: organs on CT,
# the hippocampus, whole brains and lesions on MR, hearts on cine MR, lungs on radiographs.
_FIRST = {"contrast": 0.39, "log_area": 0.17, "growth": -1.76, "share": -5.0, "raggedness": -1.2}
_CHANGE = {"contrast": 0.05, "log_area": -0.012, "at_border": -0.9, "shared": 1.0, "free": -0.8, "unlike": -0.1}


@dataclass(frozen=True)
class Stroke:
    """A click, or a scribble pixel by pixel: this belongs to it (positive), or it does not."""

    pixels: Pixels
    positive: bool = True


@dataclass(frozen=True)
class Prompts:
    """What a person has said of a region, in that order; nothing outside the box belongs to it.

    of_neighbour: what was answered before is that of the slice beside, and is to be found again in this one; the
    strokes say what of it must be here.
    """

    strokes: tuple[Stroke, ...] = ()
    box: PixelBox | None = None
    of_neighbour: bool = False

    def with_stroke(self, stroke: Stroke) -> Prompts:
        return replace(self, strokes=(*self.strokes, stroke))

    def pixels(self, positive: bool) -> NDArray[np.intp]:
        """(n, 2): row and column."""
        return np.array([p for s in self.strokes if s.positive == positive for p in s.pixels], np.intp).reshape(-1, 2)


Answerer = Callable[[NDArray, tuple[float, float], Prompts, Mask], Mask]
"""The picture (rows, columns) of grey values, NaN where there is none; the height and width of a pixel, mm or any other
unit; the prompts, of which the last stroke is new (or the box, if nothing is known yet); what was answered before it,
or was there. Returns the new region, of the picture's shape. Touches nothing; for any thread."""


@dataclass(frozen=True)
class Answering:
    """Who answers clicks. name: of the model, with its version; empty for the classical method."""

    name: str
    answer: Answerer


def classical_answer(
    picture: NDArray,
    pixel_mm: tuple[float, float],
    prompts: Prompts,
    previous: Mask,
    check: Callable[[], None] = lambda: None,
) -> Mask:
    """An Answerer that knows of no anatomy: geodesic distances from what was clicked, by how unlike the values are and
    how steep the picture is (fast marching), and of all regions up to some distance that which looks most like a
    structure. A later click changes the answer where it lies: a region of the same kind is added to it, or taken away.

    Every positive pixel is in the answer, no negative one and nothing outside the box is.
    """
    return held_to(
        prompts, picture, _answered(np.asarray(picture, dtype=np.float32), pixel_mm, prompts, previous, check)
    )


def held_to(prompts: Prompts, picture: NDArray, answer: Mask) -> Mask:
    """An answer in which every positive pixel is, no negative one, nothing outside the box and nothing without a
    value."""
    if prompts.box is not None:
        answer = answer & _within(prompts.box, answer.shape)
    answer = answer & np.isfinite(picture)
    if prompts.of_neighbour:  # what it gives is a guess
        return answer
    rows, columns = prompts.pixels(True).T
    answer[rows, columns] = True
    rows, columns = prompts.pixels(False).T
    answer[rows, columns] = False
    return answer


CLASSICAL = Answering("", classical_answer)


def interior_pixel(region: Mask) -> tuple[int, int]:
    """The pixel of a region that is furthest from its outline: what a person would click who meant it."""
    import cv2

    away = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    row, column = np.unravel_index(int(away.argmax()), region.shape)
    return int(row), int(column)


def _answered(
    picture: NDArray[np.float32],
    pixel_mm: tuple[float, float],
    prompts: Prompts,
    previous: Mask,
    check: Callable[[], None],
) -> Mask:
    if prompts.of_neighbour:
        return _found_again(picture, pixel_mm, prompts, previous, check)
    if not prompts.strokes:
        return _boxed(picture, pixel_mm, prompts, check) if prompts.box is not None else previous.copy()
    new = prompts.strokes[-1]
    rows, columns = np.array(new.pixels, np.intp).T
    wrong = previous[rows, columns] != new.positive
    if not wrong.any() or not (new.positive or previous.any()):
        return previous.copy()
    seeds = np.stack([rows[wrong], columns[wrong]], axis=-1)
    if not previous.any():
        return _first(picture, pixel_mm, prompts, seeds, check)
    others = prompts.pixels(not new.positive)
    around = np.vstack([_corners(previous), _corners(seeds), *([_corners(others)] if len(others) else [])])
    field = _Field.around(picture, pixel_mm, around, prompts.box)
    change = _changed(field, field.shrunk(previous), seeds, others, new.positive, check)
    return previous | change if new.positive else previous & ~change


def _first(
    picture: NDArray[np.float32],
    pixel_mm: tuple[float, float],
    prompts: Prompts,
    seeds: NDArray[np.intp],
    check: Callable[[], None],
) -> Mask:
    """The region around seeds when nothing else is known of it; small ones are looked at again more closely."""
    rows, columns = picture.shape
    whole = np.array([[0, 0], [rows - 1, columns - 1]]) if prompts.box is None else _corners_of_box(prompts.box)
    field = _Field.around(picture, pixel_mm, whole, prompts.box, margin=0.0)
    negatives = prompts.pixels(False)
    area = float(field.values.size)
    found = _grown(field, seeds, negatives, area, check)
    small = _corners(found) if found.any() else whole
    if field.pixel > min(pixel_mm) * 1.01 and ((small[1] - small[0]).max() + 1) < _FINE_SHARE * max(rows, columns):
        check()
        near = np.vstack([small, _corners(seeds)])
        fine = _Field.around(picture, pixel_mm, near, prompts.box, margin=1.0)
        closer = _grown(fine, seeds, negatives, area * (field.pixel / fine.pixel) ** 2, check, within=True)
        times = np.count_nonzero(closer) / max(np.count_nonzero(found), 1)
        if 1 / _MOST_OTHERWISE <= times <= _MOST_OTHERWISE:
            return closer
    return found


def _boxed(
    picture: NDArray[np.float32], pixel_mm: tuple[float, float], prompts: Prompts, check: Callable[[], None]
) -> Mask:
    """What fills a box: what is nearer to its middle than to what lies around it."""
    assert prompts.box is not None
    field = _Field.around(picture, pixel_mm, _corners_of_box(prompts.box), None, margin=_AROUND_BOX)
    inside = field.shrunk(_within(prompts.box, picture.shape))
    if not inside.any():
        return _within(prompts.box, picture.shape)
    (top, left), (bottom, right) = _corners(inside)
    down, across = np.ogrid[: inside.shape[0], : inside.shape[1]]
    down = (down - (top + bottom) / 2) / ((bottom - top + 1) / 2)
    across = (across - (left + right) / 2) / ((right - left + 1) / 2)
    middle = inside & (np.hypot(down, across) <= _MIDDLE_OF_BOX)
    if not middle.any():
        middle = inside
    outside = ~inside
    if not outside.any():  # the box is all there is
        outside[0] = outside[-1] = outside[:, 0] = outside[:, -1] = True
        middle &= ~outside
        if not middle.any():
            return _within(prompts.box, picture.shape)
    found = _contested(field, middle, outside, _likeness(field.smooth, middle, outside), check)
    return field.enlarged(found & inside)


def _found_again(
    picture: NDArray[np.float32],
    pixel_mm: tuple[float, float],
    prompts: Prompts,
    previous: Mask,
    check: Callable[[], None],
) -> Mask:
    """The region that was found in a picture very like this one."""
    import cv2

    field = _Field.around(picture, pixel_mm, _corners(previous), prompts.box, margin=0.6)
    before = field.shrunk(previous)
    core, beyond = _marked(field.places(prompts.pixels(True)), before.shape), _beyond(before)
    if not before.any() or not core.any() or not beyond.any():
        return np.zeros_like(previous)
    rim = cv2.dilate(before.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    like = _likeness(
        field.smooth, before, ~rim & (cv2.dilate(before.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0)
    )
    core &= (like > 0) & ~beyond
    if not core.any():
        return np.zeros_like(previous)
    found = _contested(field, core, beyond | ~field.allowed, like, check)
    return field.enlarged(_snapped(field.smooth, found, field.allowed))


def margin_px(region: Mask) -> float:
    """How far the outline of a region may be from here in the next slice."""
    return max(_LEAST_MARGIN_PX, _MARGIN_SHARE * float(np.sqrt(np.count_nonzero(region) / np.pi)))


def _beyond(region: Mask) -> Mask:
    """What is so far from a region that it does not reach there in the next slice."""
    import cv2

    return cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, 3) > margin_px(region)


def _likeness(smooth: NDArray[np.float32], inside: Mask, outside: Mask) -> NDArray[np.float32]:
    """Of each pixel the logarithm of how much more frequent its value is inside than outside."""
    low, high = np.percentile(smooth, (1, 99))
    values = np.clip((smooth - low) / max(high - low, 1e-12) * _BINS, 0, _BINS - 1).astype(np.int64)
    share = []
    for mask in (inside, outside):
        counts = np.convolve(np.bincount(values[mask], minlength=_BINS) + 0.5, (0.25, 0.5, 0.25), "same")
        share.append(counts / counts.sum())
    return np.log(share[0] / share[1])[values].astype(np.float32)


def _contested(field: _Field, inner: Mask, outer: Mask, like: NDArray[np.float32], check: Callable[[], None]) -> Mask:
    """What is nearer to the inner pixels than to the outer ones: the way is short through values that are frequent
    there."""
    import cv2

    spread = field.spread(np.argwhere(inner))
    rim = outer & (cv2.erode(outer.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) == 0)
    ways = []
    for places, sign in ((inner, -1), (rim if rim.any() else outer, 1)):
        unlike = np.clip(sign * like, 0, _MOST_UNLIKELY)
        ways.append(field.march(np.argwhere(places), np.float32(_LEAST_CONTESTED) + unlike, spread))
        check()
    found = (ways[0] < ways[1]) & ~outer
    return _without_holes(found, np.zeros_like(found))


@dataclass(frozen=True, eq=False)
class _Field:
    """A part of a picture in square pixels, not more of them than can be worked on at once.

    top, left: the first row and column of the part, of whole; shape: its rows and columns there. pixel: the side of a
    square one, in the unit of the picture's own.
    """

    whole: tuple[int, int]
    top: int
    left: int
    shape: tuple[int, int]
    values: NDArray[np.float32]
    smooth: NDArray[np.float32]
    allowed: Mask
    pixel: float

    @classmethod
    def around(
        cls,
        picture: NDArray[np.float32],
        pixel_mm: tuple[float, float],
        corners: NDArray[np.intp],
        box: PixelBox | None,
        margin: float = 0.5,
    ) -> _Field:
        """The part that holds some pixels (n, 2) and a margin beside them, as a share of its size."""
        import cv2

        size = np.array(picture.shape)
        low, high = corners.min(axis=0), corners.max(axis=0) + 1
        more = np.ceil(np.maximum((high - low).max() * margin, 24 if margin else 0)).astype(int)
        low, high = np.maximum(low - more, 0), np.minimum(high + more, size)
        part = picture[low[0] : high[0], low[1] : high[1]]
        there = np.isfinite(part)
        if box is not None:
            there &= _within(box, picture.shape)[low[0] : high[0], low[1] : high[1]]
        finite = np.isfinite(part)
        if not finite.all():
            part = np.where(finite, part, np.float32(part[finite].min() if finite.any() else 0.0))
        extent = (high - low) * pixel_mm
        pixel = max(min(pixel_mm), float(extent.max()) / _MOST_PX)
        rows, columns = (max(1, round(mm / pixel)) for mm in extent)
        values = np.ascontiguousarray(part, dtype=np.float32)
        if (rows, columns) != part.shape:
            smaller = rows < part.shape[0] or columns < part.shape[1]
            how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
            values = np.asarray(cv2.resize(values, (columns, rows), interpolation=how), dtype=np.float32)
            there = cv2.resize(there.astype(np.uint8), (columns, rows), interpolation=cv2.INTER_NEAREST) > 0
        smooth = np.asarray(cv2.GaussianBlur(values, (0, 0), _SMOOTH_PX), dtype=np.float32)
        whole = int(size[0]), int(size[1])
        return cls(whole, int(low[0]), int(low[1]), part.shape, values, smooth, there, pixel)

    def places(self, pixels: NDArray[np.intp]) -> NDArray[np.intp]:
        """The square pixels (n, 2) in which pixels (n, 2) of the picture lie, each once; none of those beside it."""
        inner = pixels - (self.top, self.left)
        inner = inner[np.all((inner >= 0) & (inner < self.shape), axis=1)]
        places = ((inner + 0.5) * self.values.shape / np.array(self.shape)).astype(np.intp)
        return np.unique(np.minimum(places, np.array(self.values.shape) - 1), axis=0)

    def shrunk(self, mask: Mask) -> Mask:
        import cv2

        rows, columns = self.values.shape
        part = mask[self.top : self.top + self.shape[0], self.left : self.left + self.shape[1]].astype(np.float32)
        if part.shape == self.values.shape:
            return part > 0
        smaller = rows < part.shape[0] or columns < part.shape[1]
        return cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR) >= 0.5

    def enlarged(self, mask: Mask) -> Mask:
        import cv2

        rows, columns = self.shape
        part = mask
        if mask.shape != self.shape:
            part = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR) >= 0.5
        found = np.zeros(self.whole, bool)
        found[self.top : self.top + rows, self.left : self.left + columns] = part
        return found

    def patches(self, places: NDArray[np.intp], reach: int = 2) -> list[NDArray[np.float32]]:
        some = places[:: max(1, len(places) // _BETWEEN_PX)]
        return [self.smooth[max(r - reach, 0) : r + reach + 1, max(c - reach, 0) : c + reach + 1] for r, c in some]

    def spread(self, places: NDArray[np.intp]) -> float:
        """The usual difference of values within one tissue: near places, of the noise, or a share of all there are."""
        import cv2

        near = float(np.median([_deviation(patch) for patch in self.patches(places)]))
        noise = _deviation(self.values - cv2.medianBlur(self.values, 5))
        low, high = np.percentile(self.smooth[::2, ::2], (5, 95))
        return max(near, noise, 0.02 * float(high - low), 1e-6 * float(np.abs(self.smooth).max()), 1e-12)

    def distances(self, places: NDArray[np.intp], spread: float) -> NDArray[np.float32]:
        """How far each pixel is from places: the way is long where the picture is steep and values are unlike."""
        unlike = np.full(self.smooth.shape, _MOST_UNLIKE, np.float32)
        for value in _different([float(np.median(patch)) for patch in self.patches(places)], spread):
            np.minimum(unlike, ((self.smooth - np.float32(value)) / np.float32(3 * spread)) ** 2, out=unlike)
        return self.march(places, np.float32(_LEAST_COST) + unlike, spread)

    def march(self, places: NDArray[np.intp], cost: NDArray[np.float32], spread: float) -> NDArray[np.float32]:
        """The length of the shortest way from places to each pixel, where the picture is flat of that cost (Sethian's
        fast marching)."""
        import cv2
        import SimpleITK as sitk

        across = cv2.Sobel(self.smooth, cv2.CV_32F, 1, 0, scale=1 / (8 * spread))
        down = cv2.Sobel(self.smooth, cv2.CV_32F, 0, 1, scale=1 / (8 * spread))
        speed = 1 / (cost + across * across + down * down)
        march = sitk.FastMarchingImageFilter()
        march.SetStoppingValue(float(_FAR))
        march.SetTrialPoints([(c, r) for r, c in places.tolist()])
        found = sitk.GetArrayFromImage(march.Execute(sitk.GetImageFromArray(speed.astype(np.float32))))
        return np.minimum(found, _FAR).astype(np.float32)  # what was not reached is beyond float32


def _grown(
    field: _Field,
    seeds: NDArray[np.intp],
    negatives: NDArray[np.intp],
    area: float,
    check: Callable[[], None],
    *,
    within: bool = False,
) -> Mask:
    """The region around seeds that looks most like a structure. area: of the whole picture, in the field's pixels;
    within: one that does not reach the field's border."""
    places, against = field.places(seeds), field.places(negatives)
    spread = field.spread(places)
    distances = field.distances(places, spread)
    check()
    if len(against):
        distances = np.where(field.distances(against, spread) <= distances, _FAR, distances)
        check()
    levels = _Levels(field, distances, places, spread)
    possible = (levels.area >= _FEWEST_PX) & (levels.area <= _MOST_SHARE * field.values.size)
    if within:
        possible &= levels.border == 0
    region = levels.best(_FIRST, {"share": levels.area / area}, possible)
    region = _snapped(field.smooth, region, field.allowed)
    return field.enlarged(_without_holes(region, _marked(against, region.shape)))


def _changed(
    field: _Field,
    before: Mask,
    seeds: NDArray[np.intp],
    others: NDArray[np.intp],
    positive: bool,
    check: Callable[[], None],
) -> Mask:
    """What a click adds to a region, or takes away from it. others: clicks of the other sign."""
    places, against = field.places(seeds), field.places(others)
    spread = field.spread(places)
    distances = field.distances(places, spread)
    check()
    reachable = before != positive
    if len(against):
        reachable &= field.distances(against, spread) > distances
        check()
    distances = np.where(reachable, distances, _FAR)
    levels = _Levels(field, distances, places, spread)
    joined = before if positive else ~before
    shared = levels.sides_towards(joined) / 2 / levels.round
    traits = {
        "shared": shared,
        "free": np.maximum(levels.raggedness_raw - shared, 0),
        "unlike": levels.unlike(joined),
    }
    most = np.inf if positive else _MOST_TAKEN * np.count_nonzero(before)
    region = levels.best(_CHANGE, traits, (levels.area >= _FEWEST_CHANGED_PX) & (levels.area <= most))
    said = _marked(against, region.shape)
    region = _without_cracks(region, before if positive else ~before, said) & field.allowed
    if positive:
        region = _without_holes(before | region, said) & ~before
    return field.enlarged(region)


class _Levels:
    """The regions up to one distance after the other, and their traits (one number for each)."""

    def __init__(self, field: _Field, distances: NDArray[np.float32], places: NDArray[np.intp], spread: float) -> None:
        distances = np.where(field.allowed, distances, _FAR)
        distances[places[:, 0], places[:, 1]] = 0
        reached = distances < _FAR / 10
        steps = np.log(distances + 1e-2)
        low = float(np.log(_LEAST_COST))
        high = max(float(steps[reached].max()), low)
        numbers = np.clip((steps - low) / (high - low + 1e-6) * _LEVELS, 0, _LEVELS - 1)
        self.number = np.where(reached, numbers, _LEVELS).astype(np.intp)
        self._values = ((field.smooth - field.smooth[tuple(places[0])]) / spread).astype(np.float64)
        self.area = self._sum(None)
        total = self._sum(self._values)
        self._mean = total / self.area
        self.round = 2 * np.pi * np.sqrt(self.area / np.pi)  # the circumference of a disc as large
        border = np.zeros(self.number.shape)
        border[0] = border[-1] = border[:, 0] = border[:, -1] = 1
        self.border = self._sum(border)
        sides = np.zeros(_LEVELS + 1)
        for one, other in _beside(self.number):
            low_number, high_number = np.minimum(one, other), np.maximum(one, other)
            sides += np.bincount(low_number.ravel(), minlength=_LEVELS + 1)
            sides -= np.bincount(high_number.ravel(), minlength=_LEVELS + 1)
        self._sides = np.cumsum(sides)[:_LEVELS]
        self._total = total

    @property
    def raggedness_raw(self) -> NDArray[np.float64]:
        return np.maximum(self._sides, 1e-6) / 2 / self.round

    def best(
        self, weights: dict[str, float], more: dict[str, NDArray[np.float64]], possible: NDArray[np.bool_]
    ) -> Mask:
        """The region for which its traits speak most; the smallest there is if none is possible."""
        log_area = np.log(self.area)
        ahead = 3
        later = np.r_[self.area[ahead:], np.full(ahead, np.nan)]
        around = (np.r_[self._total[ahead:], np.full(ahead, np.nan)] - self._total) / np.maximum(later - self.area, 1)
        traits = {
            "contrast": np.nan_to_num(np.minimum(np.abs(self._mean - around), 4.0)),
            "log_area": log_area,
            "growth": np.gradient(log_area),
            "raggedness": np.log(self.raggedness_raw + 0.1),
            "at_border": self.border / (4 * np.sqrt(self.area / np.pi)),
            **more,
        }
        score = sum(weight * traits[name] for name, weight in weights.items())
        chosen = int(np.where(possible, score, -np.inf).argmax()) if possible.any() else 0
        return self.number <= chosen

    def sides_towards(self, mask: Mask) -> NDArray[np.float64]:
        """How many sides of pixels each region has in common with a mask that no region reaches into."""
        sides = np.zeros(_LEVELS + 1)
        for (one, other), (here, there) in zip(_beside(self.number), _beside(mask), strict=True):
            sides += np.bincount(one[there], minlength=_LEVELS + 1) + np.bincount(other[here], minlength=_LEVELS + 1)
        return np.cumsum(sides[:_LEVELS])

    def unlike(self, mask: Mask) -> NDArray[np.float64]:
        """By how much the mean value of each region differs from that of a mask."""
        if not mask.any():
            return np.zeros(_LEVELS)
        return np.minimum(np.abs(self._mean - self._values[mask].mean()), 4.0)

    def _sum(self, of: NDArray[np.float64] | None) -> NDArray[np.float64]:
        weights = None if of is None else of.ravel()
        return np.cumsum(np.bincount(self.number.ravel(), weights, _LEVELS + 1)[:_LEVELS]).astype(np.float64)


def _beside(pixels: NDArray) -> tuple[tuple[NDArray, NDArray], tuple[NDArray, NDArray]]:
    """Each pixel and the one below it; each and the one to its right."""
    return (pixels[1:], pixels[:-1]), (pixels[:, 1:], pixels[:, :-1])


def _different(values: list[float], spread: float) -> list[float]:
    """Of values, some from which all the others differ by less than the spread."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] >= spread:
            found.append(value)
    return found


def _deviation(values: NDArray) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def _without_holes(mask: Mask, but: Mask) -> Mask:
    """A region without its small holes, unless one of some pixels lies in them."""
    import cv2

    outside = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    if count <= 2:
        return mask
    small = stats[:, cv2.CC_STAT_AREA] <= max(_HOLE_SHARE * np.count_nonzero(mask), 2)
    small[0] = small[parts[0, 0]] = False
    inner = parts[1:-1, 1:-1].astype(np.intp)
    small[inner[but]] = False
    return mask | small[inner]


def _without_cracks(region: Mask, joined: Mask, but: Mask) -> Mask:
    """A region together with the thin cracks between it and what it is joined to, unless they hold some pixels."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_CRACK_PX, _CRACK_PX))
    closed = cv2.morphologyEx((region | joined).astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0
    near = cv2.dilate(region.astype(np.uint8), disc) > 0
    return region | (closed & near & ~joined & ~but)


def _snapped(smooth: NDArray[np.float32], region: Mask, free: Mask) -> Mask:
    """A region with its outline where the values change: pixels beside it go to the side, inner or outer, whose
    values near by are more like theirs (one step of local region competition). Only free pixels change sides."""
    import cv2

    square = np.ones((3, 3), np.uint8)
    for _ in range(_SNAPS):
        inner = cv2.erode(region.astype(np.uint8), square, borderValue=1) > 0
        band = free & (cv2.dilate(region.astype(np.uint8), square) > 0) & ~inner
        means = []
        for side in (region & ~band, ~region & ~band):
            weight = cv2.blur(side.astype(np.float32), (_NEAR_PX, _NEAR_PX), borderType=cv2.BORDER_CONSTANT)
            total = cv2.blur(
                np.where(side, smooth, 0).astype(np.float32), (_NEAR_PX, _NEAR_PX), borderType=cv2.BORDER_CONSTANT
            )
            means.append(np.where(weight > _LEAST_NEAR, total / np.maximum(weight, _LEAST_NEAR), np.nan))
        within, beside = means
        known = band & np.isfinite(within) & np.isfinite(beside)
        like_inner = np.abs(smooth - within) < np.abs(smooth - beside)
        region = np.where(known, like_inner, region)
    return region


def _marked(places: NDArray[np.intp], shape: tuple[int, ...]) -> Mask:
    marked = np.zeros(shape, bool)
    marked[places[:, 0], places[:, 1]] = True
    return marked


def _corners(pixels: NDArray) -> NDArray[np.intp]:
    """The first and the last row and column of pixels (n, 2), or of a mask."""
    if pixels.dtype == bool:
        rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
        return np.array([[rows[0], columns[0]], [rows[-1], columns[-1]]])
    return np.array([pixels.min(axis=0), pixels.max(axis=0)])


def _corners_of_box(box: PixelBox) -> NDArray[np.intp]:
    return np.array([box[:2], box[2:]])


def _within(box: PixelBox, shape: tuple[int, ...]) -> Mask:
    inside = np.zeros(shape, bool)
    inside[max(box[0], 0) : box[2] + 1, max(box[1], 0) : box[3] + 1] = True
    return inside
