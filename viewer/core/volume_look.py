"""How a scan looks in 3-D: which values are seen, how dense and in which colour, and the presets of each modality."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.volume import Volume, looks_like_ct

Blend = Literal["shaded", "maximum"]  # lit and mixed along the ray, or its largest value (MIP)
Scale = Literal["value", "tissue", "SUV"]


@dataclass(frozen=True)
class TransferPoint:
    """Opacity in [0, 1] per mm and sRGB 0..255 of a value; between two points both change linearly."""

    value: float
    opacity: float
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class VolumeLook:
    """A transfer function by its points, of which there are at least two, in rising order of their values.

    scale tells what the values of the points are: "value" is the scan's own unit; "tissue" has 0 to 100 as percentiles
    of the values of tissue, and -100 to 0 as the way from the lowest value to the border between air and tissue; "SUV"
    is what it says.
    """

    name: str
    points: tuple[TransferPoint, ...]
    blend: Blend = "shaded"
    scale: Scale = "value"

    def at(self, value: float) -> TransferPoint:
        """Opacity and colour of any value."""
        values = [point.value for point in self.points]
        opacity = float(np.interp(value, values, [point.opacity for point in self.points]))
        red, green, blue = (
            round(float(np.interp(value, values, [point.colour[n] for point in self.points]))) for n in range(3)
        )
        return TransferPoint(value, opacity, (red, green, blue))


@dataclass(frozen=True, eq=False)
class ValueHistogram:
    """How often values occur in a scan as it is drawn: counts of equal bins from low to high, in the scan's unit.
    threshold lies between air and tissue."""

    counts: NDArray[np.int64]
    low: float
    high: float
    threshold: float

    def percentile_of_tissue(self, percent: float) -> float:
        """Value that percent of the values above the threshold do not exceed."""
        edges = np.linspace(self.low, self.high, len(self.counts) + 1)
        tissue = np.where(edges[1:] > self.threshold, self.counts, 0)
        total = int(tissue.sum())
        if total == 0:
            return self.threshold + (self.high - self.threshold) * percent / 100
        share = np.concatenate([[0], np.cumsum(tissue)]) / total
        rises = np.concatenate([[True], np.diff(share) > 0])
        return max(float(np.interp(percent / 100, share[rises], edges[rises])), self.threshold)


def in_values(look: VolumeLook, histogram: ValueHistogram, suv_factor: float | None = None) -> VolumeLook:
    """The look with its points in the scan's own values, rising strictly, for a scan of this histogram.

    suv_factor turns values into SUV. Where it is not known, the largest SUV of the look stands for the value that
    one voxel in 2,000 of the tissue exceeds.
    """
    if look.scale == "value":
        values = [point.value for point in look.points]
    elif look.scale == "SUV":
        per_suv = 1 / suv_factor if suv_factor else histogram.percentile_of_tissue(99.95) / look.points[-1].value
        values = [point.value * per_suv for point in look.points]
    else:
        below = histogram.threshold - histogram.low
        values = [
            histogram.percentile_of_tissue(point.value)
            if point.value > 0
            else histogram.threshold + below * point.value / 100
            for point in look.points
        ]
    least = (histogram.high - histogram.low) * 1e-4 or 1e-9
    for n in range(1, len(values)):
        values[n] = max(values[n], values[n - 1] + least)
    points = tuple(replace(point, value=value) for point, value in zip(look.points, values, strict=True))
    return replace(look, points=points, scale="value")


def load_looks(path: Path) -> dict[str, tuple[VolumeLook, ...]]:
    """The presets of each modality from resources/presets/volume_rendering.json; the first of each is its default."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        modality: tuple(
            VolumeLook(
                preset["name"],
                tuple(TransferPoint(value, opacity, _rgb(colour)) for value, opacity, colour in preset["points"]),
                preset.get("blend", "shaded"),
                preset.get("scale", "value"),
            )
            for preset in presets
        )
        for modality, presets in table.items()
    }


def seen_as_ct(volume: Volume) -> bool:
    """True if a scan is drawn as a CT: in Hounsfield units, or without a modality and with values down to air."""
    return volume.unit == "HU" or (not volume.modality and looks_like_ct(volume))


def looks_for(volume: Volume, table: dict[str, tuple[VolumeLook, ...]]) -> tuple[VolumeLook, ...]:
    """The presets that suit a scan, the default first. A scan without a modality gets those of CT and MR."""
    if volume.modality in ("PT", "NM"):
        return table["PT"]
    ct, other = table["CT"], table["MR"]
    if volume.modality:
        return ct if seen_as_ct(volume) else other
    return ct + other if seen_as_ct(volume) else other + ct


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
