"""Regions that follow the values of a scan: flood fill, level tracing, live wire, growing from seeds.

Values are stored values[k, j, i], or those of a plane (rows, columns); masks have their shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.labels import voxel_counts
from viewer.core.painting import Box, box_of, widened
from viewer.core.shaping import Mask, Spacing

if TYPE_CHECKING:
    import SimpleITK as sitk

Progress = Callable[[float], None]  # told how far the work is, 0 to 1; raises to end it

_WIRE_REACH_PX = 256  # from an anchor: what is farther away wants an anchor of its own
_WIRE_SMOOTH_PX = 1.0
_TRACE_SMOOTH_PX = 1.0
_SEEDS_MARGIN_MM = 10.0  # beyond the seeds, which are where a person looked
_STEEP, _FLOODED = 0.15, 1.0  # of the work of growing from seeds


def flood(fits: Mask, pixel: tuple[int, int]) -> Mask:
    """The pixels of a plane that fit and that a pixel is joined to through sides of such pixels; none if it does not
    fit itself."""
    found = np.zeros(fits.shape, bool)
    if fits[pixel]:
        reached, (left, top, wide, high) = _flooded(fits, pixel)
        found[top : top + high, left : left + wide] = reached
    return found


def flood_volume(
    fits: Callable[[int], Mask], count: int, seed: tuple[int, int, int], progress: Progress = lambda share: None
) -> tuple[Box, Mask] | None:
    """The voxels that fit and that a seed (k, j, i) is joined to through faces of such voxels: the box and a mask of
    its shape; None if the seed does not fit itself.

    fits tells which voxels of slice k fit, of count slices. It is asked for the slices that are reached alone, and the
    parts of each are found once: so nothing of the size of the scan is made, and a small region takes a moment.
    """
    import cv2

    parts: dict[int, NDArray[np.int32]] = {}  # the number of the part of each pixel, 0 where it does not fit
    taken: dict[int, NDArray[np.bool_]] = {}  # parts that belong

    def of(k: int) -> NDArray[np.int32]:
        if k not in parts:
            numbered, numbers = cv2.connectedComponents(fits(k).view(np.uint8), connectivity=4)
            parts[k], taken[k] = np.asarray(numbers, np.int32), np.zeros(numbered, bool)
            progress(len(parts) / count)
        return parts[k]

    k, j, i = seed
    first = int(of(k)[j, i])
    if not first:
        return None
    taken[k][first] = True
    fresh = {k: taken[k].copy()}  # parts whose neighbours are to be looked at
    while fresh:
        k, new = fresh.popitem()
        reached = new[of(k)]
        for beside in (k - 1, k + 1):
            if 0 <= beside < count:
                numbers = of(beside)
                touched = np.zeros(len(taken[beside]), bool)
                touched[numbers[reached]] = True
                touched[0] = False
                touched &= ~taken[beside]
                if touched.any():
                    taken[beside] |= touched
                    fresh[beside] = fresh[beside] | touched if beside in fresh else touched
    slices = sorted(k for k, some in taken.items() if some.any())
    found = np.stack([taken[k][parts[k]] for k in slices])
    box = box_of(found)
    assert box is not None
    return (slice(slices[0], slices[-1] + 1), box[1], box[2]), found[:, box[1], box[2]]


def calmed(values: NDArray, measured: Mask) -> NDArray[np.float32]:
    """The values of a plane with less noise, in which else each pixel has a contour line of its own around it and a few
    others: under a Gaussian of one pixel, in which what is no value has no part."""
    import cv2

    weights = measured.astype(np.float32)
    parts = (np.where(measured, values, 0).astype(np.float32), weights)
    some, share = (np.asarray(cv2.GaussianBlur(part, (0, 0), _TRACE_SMOOTH_PX)) for part in parts)
    return np.where(measured, some / np.maximum(share, 1e-3), -np.inf).astype(np.float32)


def level_traced(values: NDArray, pixel: tuple[int, int]) -> Mask:
    """The pixels that the contour line through a pixel of a plane encloses.

    A bright region is what is joined to the pixel through pixels at least as bright, with the holes in it; a dark one
    what is joined through pixels that are no brighter. The pixel is on the edge of both: the smaller one is meant, the
    other being what surrounds it.
    """
    regions = [_filled_part(fits, pixel) for fits in (values >= values[pixel], values <= values[pixel]) if fits[pixel]]
    found = np.zeros(values.shape, bool)
    if regions:
        _, part, (left, top, wide, high) = min(regions, key=lambda region: region[0])
        found[top : top + high, left : left + wide] = part
    return found


class LiveWire:
    """Lines that snap to edges between the places a person clicks (Mortensen and Barrett, Graph Models Image Process
    1998;60:349), from one of them, on one plane.

    picture is the plane as it is shown, grey uint8 (rows, columns): what a person does not see is no edge. To make one
    takes up to 0.1 s and is not for the GUI thread; then each path is there at once.
    """

    def __init__(self, picture: NDArray[np.uint8], anchor: tuple[int, int]) -> None:
        import cv2

        rows, columns = picture.shape
        row, column = anchor
        top, left = max(row - _WIRE_REACH_PX, 0), max(column - _WIRE_REACH_PX, 0)
        part = picture[top : min(row + _WIRE_REACH_PX, rows), left : min(column + _WIRE_REACH_PX, columns)]
        part = cv2.GaussianBlur(np.ascontiguousarray(part), (0, 0), _WIRE_SMOOTH_PX)
        self._scissors: Any = cv2.segmentation.IntelligentScissorsMB()
        self._scissors.setWeights(0.43, 0.43, 0.14)  # of edges, their direction and their strength, as the authors say
        self._scissors.setEdgeFeatureZeroCrossingParameters(5.0)
        self._scissors.setGradientMagnitudeMaxLimit(200.0)
        self._scissors.applyImage(part)
        self._scissors.buildMap((column - left, row - top))
        self._corner, self._size = (top, left), part.shape

    def path_to(self, row: int, column: int) -> NDArray[np.int64]:
        """The pixels (n, 2) as (row, column) from the anchor to a pixel, both among them. To a place out of reach it
        goes straight on from the nearest within it."""
        (top, left), (rows, columns) = self._corner, self._size
        at = min(max(column - left, 0), columns - 1), min(max(row - top, 0), rows - 1)
        contour = np.asarray(self._scissors.getContour(at)).reshape(-1, 2)
        path = contour[:, ::-1].astype(np.int64) + np.array([top, left])
        return path if path[-1].tolist() == [row, column] else np.vstack([path, [[row, column]]])


def grown_from_seeds(
    values: NDArray, seeds: NDArray[np.uint8], spacing: Spacing, progress: Progress = lambda share: None
) -> tuple[Box, NDArray[np.uint8]] | None:
    """Each voxel near the seeds with the label of the seed whose region it belongs to: a watershed of the gradient from
    the seeds (Beucher and Meyer, in Mathematical Morphology in Image Processing, 1993), which divides where the values
    change most.

    Returns the box in which there is an answer, 10 mm around all seeds, and the labels in it; seeds keep theirs. None
    unless there are seeds of two labels, of which one is usually what is not wanted. Takes seconds.
    """
    import SimpleITK as sitk

    box = box_of(seeds)
    if box is None or np.count_nonzero(voxel_counts(seeds[box])[1:]) < 2:
        return None
    around = widened(box, seeds.shape, spacing, _SEEDS_MARGIN_MM)
    image = sitk.GetImageFromArray(np.nan_to_num(values[around].astype(np.float32)))
    image.SetSpacing(spacing)
    smoothed = sitk.GradientMagnitudeRecursiveGaussianImageFilter()
    smoothed.SetSigma(min(spacing))
    steep = _run(smoothed, lambda share: progress(_STEEP * share), image)
    markers = sitk.GetImageFromArray(np.ascontiguousarray(seeds[around]))
    markers.CopyInformation(steep)
    watershed = sitk.MorphologicalWatershedFromMarkersImageFilter()
    watershed.MarkWatershedLineOff()
    found = _run(watershed, lambda share: progress(_STEEP + (_FLOODED - _STEEP) * share), steep, markers)
    return around, sitk.GetArrayFromImage(found).astype(np.uint8, copy=False)


def _run(act: Any, progress: Progress, *images: sitk.Image) -> sitk.Image:
    """Run a filter; what progress raises ends it, and is raised here. It cannot be raised through ITK itself."""
    import SimpleITK as sitk

    raised: list[BaseException] = []

    def tell() -> None:
        try:
            progress(act.GetProgress())
        except Exception as error:
            raised.append(error)
            act.Abort()

    act.AddCommand(sitk.sitkProgressEvent, tell)
    try:
        made = act.Execute(*images)
    except RuntimeError:
        if raised:
            raise raised[0] from None
        raise
    if raised:
        raise raised[0]
    return made


def _flooded(fits: Mask, pixel: tuple[int, int]) -> tuple[Mask, tuple[int, int, int, int]]:
    """The pixels that are joined to one that fits: their mask, and its box (left, top, wide, high)."""
    import cv2

    marks = np.pad((~fits).view(np.uint8), 1, constant_values=1)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | (2 << 8)
    blank = np.zeros(fits.shape, np.uint8)
    _, _, marks, (left, top, wide, high) = cv2.floodFill(blank, marks, (pixel[1], pixel[0]), 0, flags=flags)
    reached = np.asarray(marks)[1 + top : 1 + top + high, 1 + left : 1 + left + wide] == 2
    return reached, (left, top, wide, high)


def _filled_part(fits: Mask, pixel: tuple[int, int]) -> tuple[int, Mask, tuple[int, int, int, int]]:
    """The part of a pixel with its holes: how large it is, its mask and the box (left, top, wide, high) of that."""
    import cv2

    reached, box = _flooded(fits, pixel)
    part = np.ascontiguousarray(reached.view(np.uint8))
    contours, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.asarray(cv2.drawContours(part, contours, -1, 1, cv2.FILLED)) > 0
    return int(np.count_nonzero(filled)), filled, box
