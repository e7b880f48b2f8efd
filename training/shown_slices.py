"""Held-out slices with what a person and each model marked on them, kept for a person to see side by side."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.manifest import LabelClass
from training.dataset import Case

FOLDER = "cases"  # in out
_MOST_SLICES = 8  # of a case
_MOST_CASES = 12
_GREY_PERCENTILES = 0.5, 99.5
_ARRAY_AXIS = {"L": 2, "R": 2, "P": 1, "A": 1, "S": 0, "I": 0}  # of voxels [k, j, i] in LPS, by where an axis leads


class ShownSlices:
    """Writes, of a few held-out slices of each case, slices.json and slices.npz.

    slices.json has the labels, value, name and colour, and of each slice its case, its index axis and index in the
    case's image, and the mm between its rows and between its columns; slices.npz has, n counting them, image_n,
    reference_n and ARM_n, (rows, columns) uint8. They lie as a radiologist reads them: the patient's left is on the
    right, head and front are up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[tuple[str, int, int], dict[str, Any]] = {}
        self._arrays: dict[str, NDArray[np.uint8]] = {}

    def see(
        self, arm: str, case: Case, image: sitk.Image, predicted: NDArray[np.uint8], reference: NDArray[np.uint8]
    ) -> None:
        """Keep what a model marked; both are voxels [k, j, i] of the case's image."""
        for axis, index in _chosen(case, reference):
            key = case.name, axis, index
            if key not in self._listed:
                if len({name for name, _, _ in self._listed} | {case.name}) > _MOST_CASES:
                    return
                grey, spacing_mm = _as_read(image, axis, index)
                low, high = np.percentile(grey, _GREY_PERCENTILES)
                grey = np.clip((grey - low) / max(high - low, 1e-6), 0, 1)
                n = len(self._listed)
                self._listed[key] = {"case": case.name, "axis": axis, "index": index, "spacing_mm": spacing_mm, "n": n}
                self._arrays[f"image_{n}"] = (255 * grey).astype(np.uint8)
                self._arrays[f"reference_{n}"] = _labels(image, reference, axis, index)
            self._arrays[f"{arm}_{self._listed[key]['n']}"] = _labels(image, predicted, axis, index)

    def write(self, labels: Sequence[LabelClass]) -> None:
        """The files, in place of earlier ones; without them a person sees the figures alone."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(self._folder / "slices.npz", **self._arrays)  # pyright: ignore[reportArgumentType]
            named = [{"value": label.value, "name": label.name, "colour": label.colour} for label in labels]
            listed = {"labels": named, "slices": list(self._listed.values())}
            (self._folder / "slices.json").write_text(json.dumps(listed), encoding="utf-8")


def _chosen(case: Case, reference: NDArray[np.uint8]) -> Sequence[tuple[int, int]]:
    """Some annotated slices of a case, far apart, on which something is marked if that is so on any."""
    slices = [(2, k) for k in range(len(reference))] if case.slices is None else sorted(case.slices)
    marked = [(axis, index) for axis, index in slices if np.take(reference, index, 2 - axis).any()] or slices
    return [marked[n] for n in np.unique(np.linspace(0, len(marked) - 1, min(len(marked), _MOST_SLICES)).astype(int))]


def _labels(image: sitk.Image, voxels: NDArray[np.uint8], axis: int, index: int) -> NDArray[np.uint8]:
    labels = sitk.GetImageFromArray(voxels)
    labels.CopyInformation(image)
    return _as_read(labels, axis, index)[0]


def _as_read(image: sitk.Image, axis: int, index: int) -> tuple[NDArray[Any], tuple[float, float]]:
    """A slice of an image, turned as it is read, and the mm between its rows and between its columns."""
    size = list(image.GetSize())
    low = [0, 0, 0]
    size[axis], low[axis] = 1, index
    across = _ARRAY_AXIS[sitk.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(image.GetDirection())[axis]]
    lying = sitk.DICOMOrient(sitk.RegionOfInterest(image, size, low), "LPS")
    voxels, (di, dj, dk) = np.take(sitk.GetArrayFromImage(lying), 0, across), lying.GetSpacing()
    if across == 0:
        return voxels, (dj, di)
    return voxels[::-1], (dk, di if across == 1 else dj)
