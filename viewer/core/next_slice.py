"""Which slice to annotate next: one of which a model is unsure, unlike those that a person has done, and best of a
patient of whom nothing is done yet ("fewer slices in more volumes", arXiv:2412.08081)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.core.display import default_window, to_grey
from viewer.core.geometry import PlaneAxes
from viewer.core.history import SlicePlace
from viewer.core.volume import Volume

PICTURE_PIXELS = 64  # of the longer side of a slice's picture
MOST_OF_A_SERIES = 32  # slices of a series that are looked at
_LOOK_PIXELS, _LOOK_BINS = 8, 16
_POSITION_WEIGHT = 0.5  # of where a slice lies in its series against how it looks
_NEAR_MM = 6.0  # slices closer than this to one that is done show nearly the same
_END_SHARE, _AT_END = 0.12, 0.4  # the first and last slices of a scan: cut organs, and models see no neighbours there
_EMPTY_SHARE = 0.25  # of the contrast of the richest slice: less is air, or the end of the scan
_HERE = 1.2  # a slice of the open series needs no waiting
_LEAST_DOUBT = 0.1  # of the greatest: what the model is sure of may be wrong, too


@dataclass(frozen=True, eq=False)
class SliceLook:
    """How a slice looks: picture, grey uint8 (rows, columns), square in mm; features (F,), of which the distance says
    how unlike two slices are, about 0 to 1; at_mm along its axis; at_end: one of the first or last of many."""

    place: SlicePlace
    at_mm: float
    picture: NDArray[np.uint8]
    features: NDArray[np.float32]
    at_end: bool = False


@dataclass(frozen=True)
class Doubt:
    """How unsure a model is of a slice: bits (mean entropy of the voxels in question), most of it about a label."""

    bits: float
    label: str


@dataclass(frozen=True, eq=False)
class Candidate:
    """A slice that could be annotated next; doubt is None where no model was asked."""

    series_uid: str
    patient: str
    look: SliceLook
    doubt: Doubt | None = None


@dataclass(frozen=True, eq=False)
class Suggestion:
    """A slice to annotate next, and why: of_patient and of_series count the slices that are done of the same."""

    candidate: Candidate
    of_patient: int
    of_series: int
    score: float


def looks_of(volume: Volume, axes: PlaneAxes, also: Iterable[int] = ()) -> tuple[SliceLook, ...]:
    """How the slices of a plane look, at most 32 and evenly spread, without those that show next to nothing; and those
    of also, whatever they show. Laid out as the plane is. Not for the GUI thread."""
    count, geometry = volume.geometry.size[axes.normal], volume.geometry
    also = {index for index in also if 0 <= index < count}
    window = default_window(volume, None)
    spread = {int(round(n)) for n in np.linspace(0, count - 1, min(count, MOST_OF_A_SERIES))}
    looks = []
    for index in sorted(spread | also):
        plane = np.take(volume.voxels, index, axis=2 - axes.normal)
        plane = plane if axes.right < axes.down else plane.swapaxes(0, 1)
        plane = plane[:: -1 if axes.flip_down else 1, :: -1 if axes.flip_right else 1]
        if volume.colour:
            plane = plane.mean(axis=-1)
        width_mm, height_mm = (n * mm for n, mm in zip(plane.shape[::-1], axes.pixel_mm(geometry.spacing), strict=True))
        scale = PICTURE_PIXELS / max(width_mm, height_mm)
        small = _shrunk(plane, max(1, round(height_mm * scale)), max(1, round(width_mm * scale)))
        picture = to_grey(small, window, padding=volume.padding)
        place = index / max(1, count - 1)
        at_mm = index * axes.step_mm(geometry.spacing)
        at_end = count > 2 and not _END_SHARE <= place <= 1 - _END_SHARE
        looks.append(SliceLook((axes.normal, index), at_mm, picture, _features(picture, place), at_end))
    contrast = [float(look.picture.std()) for look in looks]
    rich = max(contrast, default=0.0)
    return tuple(
        look for look, own in zip(looks, contrast, strict=True) if own >= _EMPTY_SHARE * rich or look.place[1] in also
    )


def suggest(
    candidates: Sequence[Candidate], done: Sequence[Candidate], open_series: str = "", count: int = 4
) -> tuple[Suggestion, ...]:
    """The slices to annotate next, the best first, each chosen as if those before it were done already.

    The score of a slice is how unsure the model is (1 without one) times how unlike it is to those that are done
    (farthest first), less at the ends of a scan, divided by the square of one more than the slices that are done of its
    patient. Slices near one that is done are none, and so are those of a copy of a series.
    """
    seen = list(done)
    left = [one for one in _without_copies(candidates, done) if not any(_near(one, other) for other in seen)]
    of_patient = Counter(one.patient for one in seen)
    of_series = Counter(one.series_uid for one in seen)
    most = max((one.doubt.bits for one in left if one.doubt is not None), default=0.0)
    known = [one.doubt.bits for one in left if one.doubt is not None]
    usual = float(np.median(known)) if known else 0.0
    chosen: list[Suggestion] = []
    while left and len(chosen) < count:
        unlike = _unlike(left, seen)
        scores = []
        for one, away in zip(left, unlike, strict=True):
            bits = usual if one.doubt is None else one.doubt.bits
            doubt = max(bits / most, _LEAST_DOUBT) if most > 0 else 1.0
            here = _HERE if one.series_uid == open_series else 1.0
            inside = _AT_END if one.look.at_end else 1.0
            scores.append(doubt * away * here * inside / (1 + of_patient[one.patient]) ** 2)
        best = int(np.argmax(scores))
        one = left[best]
        chosen.append(Suggestion(one, of_patient[one.patient], of_series[one.series_uid], scores[best]))
        seen.append(one)
        of_patient[one.patient] += 1
        of_series[one.series_uid] += 1
        left = [other for other in left if other is not one and not _near(other, one)]
    return tuple(chosen)


def _near(one: Candidate, other: Candidate) -> bool:
    """True of neighbours in one series, which show nearly the same."""
    same = one.series_uid == other.series_uid and one.look.place[0] == other.look.place[0]
    apart = abs(one.look.place[1] - other.look.place[1])
    return same and (apart <= 1 or abs(one.look.at_mm - other.look.at_mm) < _NEAR_MM)


def _without_copies(candidates: Sequence[Candidate], done: Sequence[Candidate]) -> list[Candidate]:
    """Those of one of several series whose slices are the same: of the one that was begun, or else the first."""
    begun = {one.series_uid for one in done}
    first = sorted((*done, *candidates), key=lambda one: one.series_uid not in begun)
    taken = {_print(one): one.series_uid for one in reversed(first)}
    copies: dict[str, Counter[bool]] = {}
    for one in candidates:
        copies.setdefault(one.series_uid, Counter())[taken[_print(one)] != one.series_uid] += 1
    return [one for one in candidates if copies[one.series_uid][True] <= copies[one.series_uid][False]]


def _print(one: Candidate) -> tuple[SlicePlace, bytes]:
    return one.look.place, one.look.picture.tobytes()


def _unlike(candidates: Sequence[Candidate], seen: Sequence[Candidate]) -> NDArray[np.float64]:
    """How far each is from the nearest that is done, relative to the farthest. Before anything is done the most typical
    slice comes first: what is unlike all others is the end of a scan."""
    features = np.stack([one.look.features for one in candidates]).astype(np.float64)
    if not seen:
        away = np.linalg.norm(features - features.mean(axis=0), axis=1)
        return 1.0 - away / (2 * away.max()) if away.max() > 0 else np.ones(len(features))
    away = np.full(len(features), np.inf)
    for other in seen:
        away = np.minimum(away, np.linalg.norm(features - other.look.features, axis=1))
    return away / away.max() if away.max() > 0 else np.ones(len(features))


def _features(picture: NDArray[np.uint8], place: float) -> NDArray[np.float32]:
    """A coarse picture, a histogram and the place in the series, each of a length of at most about one."""
    coarse = _shrunk(picture, _LOOK_PIXELS, _LOOK_PIXELS).ravel() / (255 * _LOOK_PIXELS)
    counts, _ = np.histogram(picture, bins=_LOOK_BINS, range=(0, 256))
    shares = counts / (picture.size * np.sqrt(2))
    return np.concatenate([coarse, shares, [_POSITION_WEIGHT * place]]).astype(np.float32)


def _shrunk(plane: NDArray, rows: int, columns: int) -> NDArray[np.float32]:
    """A plane of fewer or more pixels: means of those that fall together."""
    down, across = (_starts(old, new) for old, new in zip(plane.shape, (rows, columns), strict=True))
    values = np.nan_to_num(plane.astype(np.float32))
    values = np.add.reduceat(values, across, axis=1) / _lengths(across, plane.shape[1])
    values = np.add.reduceat(values, down, axis=0) / _lengths(down, plane.shape[0])[:, None]
    return values.astype(np.float32)


def _starts(old: int, new: int) -> NDArray[np.intp]:
    """Where each of the new pixels begins; one that has none of its own begins where the one before it does."""
    return np.minimum(np.arange(new) * old // new, old - 1).astype(np.intp)


def _lengths(starts: NDArray[np.intp], whole: int) -> NDArray[np.float32]:
    """How many pixels add.reduceat adds for each start."""
    return np.maximum(np.diff(np.append(starts, whole)), 1).astype(np.float32)
