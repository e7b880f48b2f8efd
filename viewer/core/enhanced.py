"""A synthetic picture that a model made of the open series: kept beside it, never in its place, and never measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from viewer.core.geometry import Geometry
from viewer.core.origin import Origin
from viewer.core.volume import Volume

EnhancedView = Literal["original", "swipe", "alone", "difference"]

_SAME_PLACE_MM = 1e-3


@dataclass(frozen=True, eq=False)
class Enhanced:
    """volume covers exactly what the open series does, on its grid or on a finer one. residual, of an enhancement: what
    the model added, on the same grid, no value beyond bound (in the image's unit); None of a translation, which shows
    another contrast. untouched: the share of values that lie beyond what the model sees and stayed as they were.
    figures tell how consistent it is with the data (inference.enhance.figures_of)."""

    volume: Volume
    residual: Volume | None
    bound: float | None
    untouched: float
    figures: Mapping[str, float]
    origin: Origin

    @property
    def translated(self) -> bool:
        """True of another contrast than the scanner's."""
        return self.residual is None

    def covers(self, geometry: Geometry) -> bool:
        """True if it lies corner to corner on a grid."""
        return all(
            np.allclose(_corner(self.volume.geometry, end), _corner(geometry, end), atol=_SAME_PLACE_MM)
            for end in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
        )


def _corner(geometry: Geometry, end: tuple[int, int, int]) -> np.ndarray:
    return geometry.index_to_lps([at * n - 0.5 for at, n in zip(end, geometry.size, strict=True)])
