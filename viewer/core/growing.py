"""Regions that follow the values of a scan: flood fill, level tracing, live wire, growing from seeds.

Values are stored values[k, j, i], or a slice of them (rows, columns) as it lies in memory; masks have their shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.painting import Box, box_of, widened
from viewer.core.shaping import Mask, Spacing, island_at

_WIRE_REACH_PX = 128  # from an anchor: what is farther away wants an anchor of its own
_WIRE_SMOOTH_PX = 1.0
_SEEDS_MARGIN_MM = 10.0  # beyond the seeds, which are where a person looked


def flood(values: NDArray, seed: tuple[int, ...], low: float, high: float) -> Mask:
    """The voxels with values from low to high that a seed is joined to through faces of such voxels; of a slice, its
    pixels. Nothing if the seed's own value is none of these."""
    fits = (values >= low) & (values <= high)
    if not fits[seed]:
        return np.zeros(values.shape, bool)
    if values.ndim == 3:
        return island_at(fits, (seed[0], seed[1], seed[2]))
    return _part_at(fits, (seed[0], seed[1]))


def level_traced(values: NDArray, pixel: tuple[int, int]) -> Mask:
    """The pixels of a slice (rows, columns) that the contour line of a pixel's value encloses: those that are joined to
    it through pixels at least as bright, and the holes among them."""
    import cv2

    part = _part_at(values >= values[pixel], pixel).astype(np.uint8)
    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(part, contours, -1, 1, cv2.FILLED)
    return part > 0


class LiveWire:
    """Lines that snap to edges between the places a person clicks (Mortensen and Barrett, Graph Models Image Process
    1998;60:349), on one slice.

    picture is the slice as it is shown, grey uint8 (rows, columns): what a person does not see is no edge. Not for
    every move of a mouse are paths found anew: an anchor's are found once, in some 0.1 s.
    """

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        import cv2

        self._picture = cv2.GaussianBlur(picture, (0, 0), _WIRE_SMOOTH_PX)
        self._scissors: Any = None
        self._corner = self._size = (0, 0)

    def anchor(self, row: int, column: int) -> None:
        """Lines start here from now on. Not for the GUI thread."""
        import cv2

        rows, columns = self._picture.shape
        top, left = max(row - _WIRE_REACH_PX, 0), max(column - _WIRE_REACH_PX, 0)
        part = self._picture[top : min(row + _WIRE_REACH_PX, rows), left : min(column + _WIRE_REACH_PX, columns)]
        scissors = cv2.segmentation.IntelligentScissorsMB()
        scissors.setWeights(0.43, 0.43, 0.14)  # of edges, their direction and their strength, as the authors have them
        scissors.setEdgeFeatureZeroCrossingParameters(5.0)
        scissors.setGradientMagnitudeMaxLimit(200.0)
        scissors.applyImage(np.ascontiguousarray(part))
        scissors.buildMap((column - left, row - top))
        self._scissors, self._corner, self._size = scissors, (top, left), part.shape

    def path_to(self, row: int, column: int) -> NDArray[np.int64]:
        """The pixels (n, 2) as (row, column) from the anchor to a pixel, both among them; a place out of reach of the
        anchor is held to the nearest within it."""
        (top, left), (rows, columns) = self._corner, self._size
        at = min(max(column - left, 0), columns - 1), min(max(row - top, 0), rows - 1)
        contour = np.asarray(self._scissors.getContour(at)).reshape(-1, 2)
        return contour[:, ::-1].astype(np.int64) + np.array([top, left])


def grown_from_seeds(
    values: NDArray, seeds: NDArray[np.uint8], spacing: Spacing
) -> tuple[Box, NDArray[np.uint8]] | None:
    """Each voxel near the seeds with the label of the seed whose region it belongs to: a watershed of the gradient from
    the seeds (Beucher and Meyer, in Mathematical Morphology in Image Processing, 1993), which divides where the values
    change most.

    Returns the box in which there is an answer, 10 mm around all seeds, and the labels in it; seeds keep theirs. None
    unless there are seeds of two labels, of which one is usually what is not wanted. Takes seconds.
    """
    import SimpleITK as sitk

    if len(np.unique(seeds[seeds > 0])) < 2:
        return None
    box = box_of(seeds > 0)
    assert box is not None
    around = widened(box, seeds.shape, spacing, _SEEDS_MARGIN_MM)
    image = sitk.GetImageFromArray(values[around].astype(np.float32))
    image.SetSpacing(spacing)
    steep = sitk.GradientMagnitudeRecursiveGaussian(image, min(spacing))
    markers = sitk.GetImageFromArray(np.ascontiguousarray(seeds[around]))
    markers.CopyInformation(steep)
    found = sitk.MorphologicalWatershedFromMarkers(steep, markers, False, False)
    return around, sitk.GetArrayFromImage(found).astype(np.uint8, copy=False)


def _part_at(fits: Mask, pixel: tuple[int, int]) -> Mask:
    import cv2

    _, numbers = cv2.connectedComponents(fits.astype(np.uint8), connectivity=4)
    return (np.asarray(numbers) == np.asarray(numbers)[pixel]) & fits
