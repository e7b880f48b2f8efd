"""What a classification model says of the open series, and the map of where it looked that is laid over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.display import WindowLevel
from viewer.core.findings import Code, JudgedScore, Place
from viewer.core.fusion import Fusion
from viewer.core.origin import Origin
from viewer.core.study import Series
from viewer.core.volume import Volume

HeatKind = Literal["cam", "occlusion"]

_OPACITY = 0.5


@dataclass(frozen=True)
class Scored:
    """A class with its calibrated probability for the series, and the probability from which it counts as found."""

    name: str
    probability: float
    threshold: float
    code: Code | None = None

    @property
    def above(self) -> bool:
        return self.probability >= self.threshold


@dataclass(frozen=True, eq=False)
class Occluded:
    """What covering parts of a slice did to a class, by its place in Scores.classes. lowest, highest: how the
    probability changed; agreement: rank correlation with the heat map, None where there is none; coarse: windows were
    larger than usual, to take less time."""

    of: int
    slice_number: int
    heat: Volume
    window_mm: tuple[float, float]
    lowest: float
    highest: float
    agreement: float | None
    coarse: bool = False


@dataclass(frozen=True, eq=False)
class Scores:
    """A model's result. slices (slices, classes) along the index axis (0 i, 1 j, 2 k), and attention (slices,), or
    None; gathered: how slices make the series' probability, "max" or "mean", "" of a model that sees the series at
    once. heat: a volume for each class on a grid of its own, or none.

    times: how many time points a model saw that looks at what changes, else 1: attention is (slices, times) then, and
    heat their mean. sequence: that of which they are the moments, all of which the result is of; "" of a film."""

    classes: tuple[Scored, ...]
    axis: int
    slices: NDArray[np.float32] | None
    attention: NDArray[np.float32] | None
    gathered: str
    heat: tuple[Volume, ...]
    origin: Origin
    occluded: tuple[Occluded, ...] = ()
    times: int = 1
    sequence: str = ""

    @property
    def slice_count(self) -> int:
        """How many slices it tells of one by one."""
        return 0 if self.slices is None else len(self.slices)

    def slice_places(self) -> tuple[Place, ...]:
        return tuple(Place("slice", self.axis, index) for index in range(self.slice_count))

    def told_of(self, of: int, place: Place) -> JudgedScore | None:
        """What it tells of a class (its place in classes) at a place; None where it tells nothing."""
        one, probability = self.classes[of], None
        if place.level == "series":
            probability = one.probability
        elif place.level == "slice" and place.axis == self.axis and 0 <= place.index < self.slice_count:
            probability = float(self.slices[place.index, of]) if self.slices is not None else None
        return None if probability is None else JudgedScore(self.origin, one.name, probability, one.threshold)

    def occlusion(self, of: int) -> Occluded | None:
        """The last of a class."""
        return next((one for one in reversed(self.occluded) if one.of == of), None)

    def map_of(self, of: int, kind: HeatKind) -> Volume | None:
        """Where the score of a class comes from; None where there is no such map."""
        if kind == "cam":
            return self.heat[of] if self.heat else None
        occluded = self.occlusion(of)
        return occluded.heat if occluded is not None else None


@dataclass(frozen=True, eq=False)
class HeatShown:
    """A map of a class that is seen over the series, in colours of its own; nothing measures it."""

    kind: HeatKind
    name: str
    origin: Origin
    top: float
    over: Fusion
    times: int = 1  # over so many time points it is the mean

    def with_opacity(self, opacity: float) -> HeatShown:
        return replace(self, over=self.over.with_opacity(opacity))


def heat_shown(
    kind: HeatKind,
    name: str,
    origin: Origin,
    heat: Volume,
    series: Series,
    opacity: float = _OPACITY,
    times: int = 1,
) -> HeatShown:
    """How a map is laid over a series: from 0 to its largest value anywhere in the series."""
    top = float(heat.voxels.max())
    scale = top or 1.0
    window = WindowLevel(scale / 2, scale, "LINEAR_EXACT")
    return HeatShown(kind, name, origin, top, Fusion(series, heat, window, "inferno", opacity, fades=True), times)
