"""Regions that a person would click on: structures drawn on slices of a dataset, and regions of made-up pictures; and
clicks as a person sets them, in the middle of the largest fault."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch import Tensor

from inference.manifest import Preprocessing
from inference.preprocess import scaling_of
from training.dataset import Case, DataError, read_image, read_labels

LEAST_PX = 40  # of a region: a smaller one is a click itself

_MOST_OF_A_CASE = 24  # slices of a structure in a case, evenly apart
_EVEN = 1.6  # times the shortest edge of a voxel, up to which a volume is looked at from three sides
_WHOLE = 0.4  # share of pictures that are seen whole; of the others a window about the region
_WINDOW = 1.3, 4.0  # its side by the region's longer one
_MADE_UP = 0.2  # share of pictures of no anatomy
_ROTATION_DEGREES = 20.0
_SOFT_PX = 4, 24  # how smooth the borders of made-up regions are
_LABELS = 255


@dataclass(frozen=True)
class Region:
    """One piece of a structure on a slice of a case, for what a person means by a click hangs together: index along an
    axis of voxels[k, j, i], and a pixel of it."""

    case: int
    axis: int
    index: int
    structure: int
    pixel: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Pictures:
    """The images of a dataset and the regions on their slices."""

    volumes: tuple[NDArray[np.float32], ...]
    labels: tuple[NDArray[np.uint8], ...]
    spacing_kji: tuple[tuple[float, ...], ...]
    regions: tuple[Region, ...]

    def of(self, region: Region) -> tuple[NDArray[np.float32], NDArray[np.bool_], tuple[float, float]]:
        """The slice of a region, where the region is on it, and the height and the width of a pixel in mm."""
        picture = np.take(self.volumes[region.case], region.index, region.axis)
        structure = np.take(self.labels[region.case], region.index, region.axis) == region.structure
        _, pieces = cv2.connectedComponents(structure.astype(np.uint8))
        mask = pieces == pieces[region.pixel]
        height, width = (mm for axis, mm in enumerate(self.spacing_kji[region.case]) if axis != region.axis)
        return picture, mask, (height, width)


def read_pictures(cases: Sequence[Case]) -> Pictures:
    """The annotated ones of some cases. A wholly annotated volume of nearly even voxels is looked at from three sides,
    others on the slices that a person annotated. Raises DataError if there is no region on them."""
    volumes, labels, spacings, regions = [], [], [], []
    for case in cases:
        if case.slices == ():
            continue
        image = read_image(case)
        drawn, n = read_labels(case, _LABELS), len(volumes)
        volumes.append(sitk.GetArrayFromImage(image).astype(np.float32))
        labels.append(drawn)
        spacings.append(image.GetSpacing()[::-1])
        for structure in np.unique(drawn[drawn > 0]).tolist():
            regions += _regions(drawn == structure, case, spacings[-1], n, structure)
    if not regions:
        raise DataError(f"there is no region of {LEAST_PX} pixels or more on the annotated slices")
    return Pictures(tuple(volumes), tuple(labels), tuple(spacings), tuple(regions))


def _regions(
    mask: NDArray[np.bool_], case: Case, spacing_kji: Sequence[float], number: int, structure: int
) -> list[Region]:
    found = []
    if case.slices is None:
        even = max(spacing_kji) <= _EVEN * min(spacing_kji) and min(mask.shape) > 1
        places = [(axis, index) for axis in (range(3) if even else (0,)) for index in range(mask.shape[axis])]
    else:
        places = [(2 - axis, index) for axis, index in case.slices]
    for axis in sorted({axis for axis, _ in places}):
        areas = mask.sum(axis=tuple(other for other in range(3) if other != axis))
        large = [index for on, index in places if on == axis and areas[index] >= LEAST_PX]
        for index in large[:: max(1, math.ceil(len(large) / _MOST_OF_A_CASE))]:
            _, pieces, stats, _ = cv2.connectedComponentsWithStats(np.take(mask, index, axis).astype(np.uint8))
            for n in range(1, len(stats)):
                if stats[n, cv2.CC_STAT_AREA] >= LEAST_PX:
                    row, column = np.argwhere(pieces == n)[0].tolist()
                    found.append(Region(number, axis, index, structure, (row, column)))
    return found


class RegionSampler:
    """Draws pictures with a region, posed and scaled to what a network sees; which depends on seed and step alone."""

    def __init__(self, pictures: Pictures, preprocessing: Preprocessing, seed: int) -> None:
        assert preprocessing.size is not None and preprocessing.size[0] == preprocessing.size[1]
        self._pictures, self._intensity, self.side = pictures, preprocessing.intensity, preprocessing.size[0]
        self._seed = seed
        self._of_structure: dict[int, list[Region]] = {}
        for region in pictures.regions:
            self._of_structure.setdefault(region.structure, []).append(region)

    def drawn(self, step: int, count: int) -> tuple[Tensor, NDArray[np.bool_], np.random.Generator]:
        """Pictures (count, 1, side, side) float32 in [0, 1], their regions (count, side, side), and the random numbers
        that are left. Structures are drawn evenly, whether they are on many slices or on few."""
        draw = np.random.default_rng((self._seed, step))
        both = [self._made_up(draw) if draw.random() < _MADE_UP else self._real(draw) for _ in range(count)]
        pictures = torch.from_numpy(np.stack([picture for picture, _ in both])[:, None])
        return pictures, np.stack([mask for _, mask in both]), draw

    def _real(self, draw: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        while True:
            among = self._of_structure[int(draw.choice(sorted(self._of_structure)))]
            picture, mask, (height, width) = self._pictures.of(among[int(draw.integers(len(among)))])
            scaled = scaling_of(picture[None], self._intensity)(picture)
            places = np.argwhere(mask) * (height, width)
            low, high = places.min(0), places.max(0)
            extent = np.array(picture.shape) * (height, width)
            window = float(extent.max())
            middle = extent / 2
            if draw.random() >= _WHOLE:
                window = min(window, float((high - low).max() + height) * draw.uniform(*_WINDOW))
                middle = (low + high) / 2 + draw.uniform(-0.25, 0.25, 2) * (window - (high - low))
            shown, region = self._posed(scaled, mask, (height, width), middle, window, draw)
            if region.sum() >= LEAST_PX / 2:
                return shown, region

    def _posed(
        self,
        picture: NDArray[np.float32],
        mask: NDArray[np.bool_],
        pixel_mm: tuple[float, float],
        middle_mm: NDArray[np.float64],
        window_mm: float,
        draw: np.random.Generator,
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """A window of a picture, turned and by chance mirrored, in square pixels; 0 outside the picture."""
        side, (height, width) = self.side, pixel_mm
        angle = math.radians(draw.uniform(-_ROTATION_DEGREES, _ROTATION_DEGREES))
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        turn = turn @ np.diag(draw.choice([-1.0, 1.0], 2))
        per_pixel = window_mm / side
        to_pixels = np.diag([1 / height, 1 / width]) @ turn * per_pixel  # rows and columns, from what is seen
        offset = middle_mm / (height, width) - to_pixels @ np.full(2, (side - 1) / 2)
        swap = np.array([[0, 1], [1, 0]])  # OpenCV has columns first
        matrix = np.concatenate([swap @ to_pixels @ swap, (swap @ offset)[:, None]], axis=1)
        shrink = per_pixel / max(height, width)
        source = cv2.GaussianBlur(picture, (0, 0), 0.4 * shrink) if shrink > 1 else picture
        flags = cv2.WARP_INVERSE_MAP
        shown = cv2.warpAffine(source, matrix, (side, side), flags=flags | cv2.INTER_LINEAR)
        region = cv2.warpAffine(mask.astype(np.uint8), matrix, (side, side), flags=flags | cv2.INTER_NEAREST)
        return shown.astype(np.float32), region > 0

    def _made_up(self, draw: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """A few regions with soft borders between them, each of a grey of its own; one of their parts is the region."""
        side = self.side
        while True:
            soft = draw.uniform(*_SOFT_PX)
            fields = [
                cv2.GaussianBlur(draw.normal(size=(side, side)), (0, 0), soft) for _ in range(draw.integers(2, 7))
            ]
            parts = np.argmax(fields, axis=0)
            greys = draw.uniform(0, 1, len(fields))
            texture = draw.uniform(0, 0.15) * cv2.GaussianBlur(
                draw.normal(size=(side, side)), (0, 0), draw.uniform(0.4, 3)
            )
            picture = cv2.GaussianBlur(greys[parts], (0, 0), draw.uniform(0.3, 1.5)) + texture
            _, pieces, stats, _ = cv2.connectedComponentsWithStats(
                (parts == parts[side // 2, side // 2]).astype(np.uint8)
            )
            n = int(pieces[side // 2, side // 2])
            if n and LEAST_PX <= stats[n, cv2.CC_STAT_AREA] <= 0.5 * side**2:
                return np.clip(picture, 0, 1).astype(np.float32), pieces == n


def next_click(
    found: NDArray[np.bool_], mask: NDArray[np.bool_], draw: np.random.Generator | None = None
) -> tuple[int, int, bool] | None:
    """Row, column, and whether it belongs to the region: the middle of the largest part that is missing or too much,
    or with draw anywhere well inside it, as a person's hand is; None if nothing is wrong."""
    largest: tuple[int, NDArray[np.uint8], bool] | None = None
    for fault, belongs in ((mask & ~found, True), (found & ~mask, False)):
        if not fault.any():
            continue
        _, parts, stats, _ = cv2.connectedComponentsWithStats(fault.astype(np.uint8))
        n = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        if largest is None or stats[n, cv2.CC_STAT_AREA] > largest[0]:
            largest = int(stats[n, cv2.CC_STAT_AREA]), (parts == n).astype(np.uint8), belongs
    if largest is None:
        return None
    _, part, belongs = largest
    depth = cv2.distanceTransform(np.pad(part, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    if draw is None:
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    else:
        inside = np.argwhere(depth >= 0.5 * depth.max())
        row, column = inside[int(draw.integers(len(inside)))]
    return int(row), int(column), belongs
