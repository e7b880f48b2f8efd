"""Acts on the whole region of a label: margin, hollow, smooth, islands, fill between slices. All lengths are in mm.

A region is a mask[k, j, i] (bool) on a grid of right angles whose spacing is (i, j, k) in mm. A voxel stands for its
centre: distances are between centres. None of these is for the GUI thread: on a large region they take up to seconds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.painting import box_of, widened

if TYPE_CHECKING:
    import SimpleITK as sitk

Mask = NDArray[np.bool_]
Spacing = tuple[float, float, float]
Shell = Literal["inside", "middle", "outside"]
Smoothing = Literal["median", "opening", "closing", "gaussian"]

_EPSILON_MM = 1e-4  # a distance in float32 that should be equal to the margin


def margin(mask: Mask, spacing: Spacing, margin_mm: float) -> Mask:
    """The region with all voxels within margin_mm of it; if that is negative, without those within it of what is not
    the region. Beyond the grid nothing is known: the region does not shrink from its edges."""
    if margin_mm >= 0:
        return _near(mask, spacing, margin_mm)
    found = mask.copy()
    if (box := box_of(mask)) is not None:
        around = widened(box, mask.shape, (1, 1, 1), 1)  # where the nearest of what is not the region lies
        found[around] &= ~_near(~mask[around], spacing, -margin_mm)
    return found


def hollow(mask: Mask, spacing: Spacing, thickness_mm: float, shell: Shell = "inside") -> Mask:
    """Only a shell of the region: within its surface, on either side of it, or around it. It is a voxel thick at least
    to every side, so that it has no hole where slices are further apart than it is thick."""
    inner = {"inside": thickness_mm, "middle": thickness_mm / 2, "outside": 0.0}[shell]
    outer = thickness_mm - inner
    found = (margin(mask, spacing, outer) if outer else mask) & ~(margin(mask, spacing, -inner) if inner else mask)
    return found | (_touching(mask) if shell == "outside" else _touching(~mask))


def _touching(mask: Mask) -> Mask:
    """The voxels that are not of the mask and have a face in common with one that is."""
    beside = np.zeros_like(mask)
    for axis in range(mask.ndim):
        first, last = np.moveaxis(beside, axis, 0), np.moveaxis(mask, axis, 0)
        first[1:] |= last[:-1]
        first[:-1] |= last[1:]
    return beside & ~mask


def smoothed(mask: Mask, spacing: Spacing, radius_mm: float, how: Smoothing) -> Mask:
    """The region with a smoother surface. median: as most voxels are of the box that reaches radius_mm to each side;
    opening: without what a ball of radius_mm does not fit into; closing: with what such a ball beside the region does
    not fit into; gaussian: where a Gaussian of that standard deviation leaves at least a half. The grid's edge is as
    the region beside it."""
    box = box_of(mask)
    if box is None:
        return mask.copy()
    found = mask.copy()
    around = widened(box, mask.shape, spacing, 4 * radius_mm)
    found[around] = _smoothed_part(mask[around], spacing, radius_mm, how)
    return found


def _smoothed_part(mask: Mask, spacing: Spacing, radius_mm: float, how: Smoothing) -> Mask:
    if how in ("opening", "closing"):
        reach = [int(np.ceil(2 * radius_mm / mm)) + 1 for mm in reversed(spacing)]
        padded = np.pad(mask, [(n, n) for n in reach], mode="edge")
        first = -radius_mm if how == "opening" else radius_mm
        inner = tuple(slice(n, n + count) for n, count in zip(reach, mask.shape, strict=True))
        return margin(margin(padded, spacing, first), spacing, -first)[inner]
    i, j, k = (radius_mm / mm for mm in spacing)
    shares = mask.astype(np.float32)
    for one in shares:
        _blur(one, (i, j), how)
    _blur(shares.reshape(len(shares), -1), (0.0, k), how)  # along the first axis
    return shares >= 0.5


def _blur(shares: NDArray[np.float32], reach: tuple[float, float], how: Smoothing) -> None:
    """In place: means over a box, or under a Gaussian, of a size across and down in pixels."""
    import cv2

    if how == "gaussian":
        size = tuple(2 * int(np.ceil(3 * pixels)) + 1 for pixels in reach)
        sigma = [max(pixels, 1e-6) for pixels in reach]
        cv2.GaussianBlur(shares, size, sigma[0], shares, sigma[1], cv2.BORDER_REPLICATE)
    else:
        size = tuple(2 * round(pixels) + 1 for pixels in reach)
        cv2.blur(shares, size, shares, borderType=cv2.BORDER_REPLICATE)


def islands(mask: Mask) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """The parts of the region that do not touch: numbers[k, j, i] from 1, the largest first, 0 for what is not the
    region; and how many voxels each has. Voxels touch by their faces."""
    import SimpleITK as sitk

    numbers = np.zeros(mask.shape, np.uint32)
    box = box_of(mask)
    if box is None:
        return numbers, np.zeros(0, np.int64)
    parts = sitk.ConnectedComponent(_image(mask[box].astype(np.uint8)), False)
    ordered = sitk.RelabelComponentImageFilter()
    ordered.SortByObjectSizeOn()
    numbers[box] = sitk.GetArrayFromImage(ordered.Execute(parts))
    return numbers, np.array(ordered.GetSizeOfObjectsInPixels(), np.int64)


def largest_island(mask: Mask) -> Mask:
    """The largest of the parts that do not touch."""
    numbers, _ = islands(mask)
    return numbers == 1


def without_small_islands(mask: Mask, least_voxels: float) -> Mask:
    """The region without parts of fewer voxels."""
    numbers, sizes = islands(mask)
    return (numbers > 0) & (numbers <= np.count_nonzero(sizes >= least_voxels))


def filled_holes(mask: Mask) -> Mask:
    """The region with the voxels that it encloses on all sides; of a single picture, all around."""
    import SimpleITK as sitk

    if mask.shape.count(1) == 1:
        picture = sitk.GetImageFromArray(mask.squeeze().astype(np.uint8))
        return (sitk.GetArrayFromImage(sitk.BinaryFillhole(picture, False)) > 0).reshape(mask.shape)
    found = mask.copy()
    if (box := box_of(mask)) is not None:
        found[box] |= sitk.GetArrayFromImage(sitk.BinaryFillhole(_image(mask[box].astype(np.uint8)), False)) > 0
    return found


def filled_between(mask: Mask, axis: int, spacing: Spacing) -> Mask:
    """The region with its shape between the slices that have any of it, across an array axis (0 k, 1 j, 2 i).

    Shape-based interpolation: between two slices the signed distance to the outline is linear, and the region is where
    it is inside (Raya and Udupa, IEEE Trans Med Imaging 1990;9:32). Outlines that do not overlap are first laid upon
    each other by their centroids, which then move from one to the other (Herman, Zheng and Bucholtz, IEEE Comput
    Graph Appl 1992;12:69). Slices that have any of it stay as they are.
    """
    slices = np.moveaxis(mask, axis, 0)
    there = np.flatnonzero(slices.any(axis=(1, 2)))
    found = slices.copy()
    in_plane = [mm for n, mm in enumerate(reversed(spacing)) if n != axis]
    for first, last in pairwise(there.tolist()):
        if last - first > 1:
            found[first + 1 : last] = _between(slices[first], slices[last], last - first, (in_plane[0], in_plane[1]))
    return np.moveaxis(found, 0, axis)


def _between(first: Mask, last: Mask, steps: int, pixel_mm: tuple[float, float]) -> Mask:
    """The shapes on the steps - 1 slices between two. pixel_mm: (down, across)."""
    shift = np.zeros(2)
    if not np.any(first & last):
        shift = np.argwhere(last).mean(axis=0) - np.argwhere(first).mean(axis=0)
    room = int(np.ceil(np.abs(shift).max())) + 1
    rows, columns = (np.flatnonzero((first | last).any(axis=axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    outlines = [np.pad(one[part], room) for one in (first, last)]
    inside = [_signed_distance(one, pixel_mm) for one in outlines]
    found = np.zeros((steps - 1, *first.shape), dtype=bool)
    for n in range(1, steps):
        share = n / steps
        moved = (_moved(inside[0], share * shift), _moved(inside[1], (share - 1) * shift))
        shape = (1 - share) * moved[0] + share * moved[1] >= 0
        found[n - 1][part] = shape[room : shape.shape[0] - room, room : shape.shape[1] - room]
    return found


def _signed_distance(outline: Mask, pixel_mm: tuple[float, float]) -> NDArray[np.float32]:
    """To the nearest pixel's centre on the other side of an outline, in mm, positive inside."""
    inside = outline.astype(np.uint8)
    return _distance(inside, pixel_mm) - _distance(1 - inside, pixel_mm)


def _distance(inside: NDArray[np.uint8], pixel_mm: tuple[float, float]) -> NDArray[np.float32]:
    """From each pixel inside to the nearest centre of one outside, in mm."""
    down, across = pixel_mm
    if np.isclose(down, across, rtol=1e-6):
        import cv2

        away = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)  # several times as fast as ITK's
        return np.asarray(away, np.float32) * np.float32(across)
    import SimpleITK as sitk

    image = _image(1 - inside, (across, down))
    away = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, False, False, True))
    return np.maximum(away, 0)


def _moved(values: NDArray[np.float32], shift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values moved by (down, across) pixels; what comes from beyond the edge is as the edge."""
    if not shift.any():
        return values
    import cv2

    down, across = shift.tolist()
    matrix = np.array([[1, 0, across], [0, 1, down]], np.float64)
    size = values.shape[::-1]
    moved = cv2.warpAffine(values, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _near(mask: Mask, spacing: Spacing, reach_mm: float) -> Mask:
    """All voxels within a distance of any of the mask."""
    import SimpleITK as sitk

    box = box_of(mask)
    if box is None or reach_mm <= 0:
        return mask.copy()
    around = widened(box, mask.shape, spacing, reach_mm)
    part = _image(mask[around].astype(np.uint8), spacing)
    found = mask.copy()
    away = sitk.SignedMaurerDistanceMap(part, False, False, True)  # a view of its voxels does not keep them
    found[around] |= sitk.GetArrayViewFromImage(away) <= reach_mm + _EPSILON_MM
    return found


def _image(values: NDArray, spacing: tuple[float, ...] = (1.0, 1.0, 1.0)) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(values)
    image.SetSpacing(spacing)
    return image
