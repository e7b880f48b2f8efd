"""What the window and the 3-D scene tell each other: values that need no VTK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.labels import Label
from viewer.core.volume_look import ValueHistogram

Point = tuple[float, float, float]

Side = Literal["anterior", "posterior", "left", "right", "superior", "inferior"]


class SceneError(Exception):
    """The 3-D view cannot be drawn on this machine; the message is one sentence for a person."""


@dataclass(frozen=True, eq=False)
class LabelLayer:
    """Labels to show: voxels[k, j, i] uint8, and what their values mean."""

    voxels: NDArray[np.uint8]
    labels: Sequence[Label]


@dataclass(frozen=True)
class CutPlane:
    """A plane through a point, LPS mm; what lies on the side that normal_lps points to is taken away."""

    point_lps: Point
    normal_lps: Point


@dataclass(frozen=True)
class Cut:
    """What is taken away from the scan: all outside a box along the patient's axes, from its lowest to its highest
    corner in LPS mm, and what lies beyond a plane. image: show the scan's own grey values, between black and white,
    where it is cut. labels: cut the label surfaces too."""

    box_lps: tuple[Point, Point] | None = None
    plane: CutPlane | None = None
    image: tuple[float, float] | None = None
    labels: bool = False


NO_CUT = Cut()


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of the scene: pixels (rows, columns, 3) uint8 RGB, (0, 0) at the top left, C order.

    full is False for the quick frames drawn while the camera moves. right_lps and up_lps are unit vectors of
    the frame's own axes. notice is a sentence to show with the frame, or empty. generation is what set_volume
    returned for the volume shown, histogram is of its values (None without a volume). glass says whether the scan is
    drawn as of glass, around label surfaces.
    """

    pixels: NDArray[np.uint8]
    full: bool
    notice: str
    right_lps: NDArray[np.float64]
    up_lps: NDArray[np.float64]
    seconds: float
    generation: int = 0
    histogram: ValueHistogram | None = None
    glass: bool = False
