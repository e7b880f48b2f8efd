"""Boxes that a model proposes: a list with scores, of which a person accepts, rejects and corrects each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import PlaneAxes
from viewer.core.labels import Label
from viewer.core.measuring import Found, Measurement
from viewer.core.oblique import Axes
from viewer.core.origin import Origin
from viewer.core.painting import Point

_NONE: Mapping[int, str] = MappingProxyType({})
_EDGES = tuple((a, b) for a, b in itertools.combinations(range(8), 2) if (a ^ b) in (1, 2, 4))


@dataclass(frozen=True)
class Detection:
    """A box that a model proposes; number is its name within the run, score how probable it is, 0 to 1.

    low and high are its corners as continuous voxel indices (i, j, k), voxel n reaching from n - 0.5 to n + 0.5. normal
    is the index axis along which the slices follow one another on which it was found, slice_index that of the highest
    score, and on_slice the corners of the box there: what a person who accepts it gets.
    """

    number: int
    label: str
    score: float
    low: Point
    high: Point
    normal: int
    slice_index: int
    on_slice: tuple[Point, Point]

    @cached_property
    def points(self) -> tuple[Point, Point]:
        """Two opposite corners of it on its slice."""
        corners = np.array(self.on_slice)
        corners[:, self.normal] = self.slice_index
        (a, b, c), (d, e, f) = corners.tolist()
        return (a, b, c), (d, e, f)

    @property
    def middle(self) -> Point:
        """The middle of it on its slice."""
        i, j, k = np.mean(self.points, axis=0).tolist()
        return i, j, k

    def cut(self, axes: Axes, depth: float) -> NDArray[np.float64] | None:
        """Corners (n, 3) of where a plane that is shown cuts it, going round; None if it does not. Of its own slice
        they are those that the model gave there."""
        own = isinstance(axes, PlaneAxes) and (axes.normal, depth) == (self.normal, self.slice_index)
        low, high = self.on_slice if own else (self.low, self.high)
        if isinstance(axes, PlaneAxes) and not low[axes.normal] <= depth <= high[axes.normal]:
            return None  # of most boxes, and without any array
        corners = np.array(list(itertools.product(*zip(low, high, strict=True))))
        if isinstance(axes, PlaneAxes):
            away = corners[:, axes.normal] - depth
        else:
            away = np.array([axes.depth_of(corner) for corner in corners]) - depth
        ends = [
            corners[a] + away[a] / (away[a] - away[b]) * (corners[b] - corners[a])
            for a, b in _EDGES
            if (away[a] < 0) != (away[b] < 0)
        ]
        if len(ends) < 3:
            return None
        places = np.array(ends)
        flat = axes.to_screen(places, (0, 0, 0)) if not isinstance(axes, PlaneAxes) else places[:, _other(axes.normal)]
        turns = flat - flat.mean(axis=0)
        return places[np.argsort(np.arctan2(turns[:, 1], turns[:, 0]))]


@dataclass(frozen=True)
class RejectedBox:
    """A box of a model of which a person said that it is wrong: a hard negative to learn from. box.found tells the
    model, reason why, if the person said so; at: when, ISO 8601 in UTC."""

    box: Measurement
    reason: str = ""
    at: str = ""


@dataclass(frozen=True)
class Detections:
    """What a model proposes, the highest score first, until a person drops it. thresholds are those of its labels, by
    their names: the scores from which boxes are shown at first; threshold one for all, once a person has chosen it.
    lowest is the score below which the model tells nothing. rejected are the numbers of those that a person rejected,
    each with the reason, which may be empty; chosen is the one that is looked at."""

    found: tuple[Detection, ...]
    labels: tuple[Label, ...]
    thresholds: Mapping[str, float]
    lowest: float
    origin: Origin
    threshold: float | None = None
    rejected: Mapping[int, str] = field(default_factory=lambda: _NONE)
    chosen: int | None = None

    def __getitem__(self, number: int) -> Detection:
        return next(one for one in self.found if one.number == number)

    @property
    def shown(self) -> tuple[Detection, ...]:
        """Those whose score is high enough."""
        if self.threshold is not None:
            return tuple(one for one in self.found if one.score >= self.threshold)
        return tuple(one for one in self.found if one.score >= self.thresholds.get(one.label, self.lowest))

    @property
    def shown_from(self) -> float:
        """The score from which boxes are shown, of labels with thresholds of their own the lowest."""
        return self.threshold if self.threshold is not None else min(self.thresholds.values(), default=self.lowest)

    def accepted(self, measurements: tuple[Measurement, ...]) -> frozenset[int]:
        """The numbers of those that are boxes of a person by now, be it from an earlier run of the same network."""
        found = (m.found for m in measurements if m.found is not None)
        mine = {(one.label, one.points) for one in found if one.origin.sha256 == self.origin.sha256}
        return frozenset(one.number for one in self.found if (one.label, one.points) in mine) if mine else frozenset()

    def open(self, measurements: tuple[Measurement, ...]) -> tuple[Detection, ...]:
        """Those that are shown and wait for a person's word."""
        done = self.accepted(measurements)
        return tuple(one for one in self.shown if one.number not in done and one.number not in self.rejected)

    def with_rejected(self, boxes: Iterable[RejectedBox]) -> Detections:
        """With those rejected that a person rejected before, be it of an earlier run of the same network."""
        of = {(one.box.text, one.box.points): one.reason for one in boxes if self._mine(one.box)}
        same = {one.number: of[one.label, one.points] for one in self.found if (one.label, one.points) in of}
        return replace(self, rejected=MappingProxyType(same))

    def _mine(self, box: Measurement) -> bool:
        return box.found is not None and box.found.origin.sha256 == self.origin.sha256

    def rejecting(self, number: int, reason: str = "") -> Detections:
        return replace(self, rejected=MappingProxyType({**self.rejected, number: reason}))

    def restoring(self, number: int) -> Detections:
        """One that was rejected waits for a person's word again."""
        return replace(self, rejected=MappingProxyType({n: why for n, why in self.rejected.items() if n != number}))

    def box_of(self, number: int, named: int) -> Measurement:
        """The box that a person who accepts one gets, under a number of its own."""
        one = self[number]
        found = Found(self.origin, number, one.label, one.score, one.points)
        return Measurement(named, "box", one.points, one.normal, one.label, found=found)


def _other(axis: int) -> list[int]:
    return [other for other in range(3) if other != axis]
