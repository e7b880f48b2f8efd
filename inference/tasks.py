"""What models do for a person: image in, result on the same grid out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from inference.manifest import NETWORK_FILE, ModelError
from inference.preprocess import classes_on_image, model_grid, nearest_slices, to_model_grid
from inference.runtime import LoadedModel
from inference.sliding_window import slice_logits

Progress = Callable[[float, str], None]

_IN_QUESTION = 0.9  # a voxel that is background with less than this probability is one to look at
_NETWORK_SHARE = 0.85  # of the time; the rest brings the result to the image's grid


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A label map on exactly the grid of the image that was given, and where it came from."""

    label_image: sitk.Image
    volumes_ml: dict[str, float]
    model_name: str
    model_version: str
    model_sha256: str
    provider: str
    seconds: float


def segment(
    image: sitk.Image,
    model: LoadedModel,
    *,
    progress: Progress = lambda fraction, text: None,
    lps_slices: range | None = None,
) -> Segmentation:
    """Segment a 3-D image (LPS, mm) with a model; uint8 labels as numbered in the manifest.

    The result has the size, spacing, origin and direction of the image, whatever its orientation. lps_slices
    restricts the work to some slices of the model's grid (its k, from feet to head); elsewhere the label map
    is 0. progress gets a fraction and a text, and may raise to cancel. Raises ModelError for an image that
    is not 3-D or has one value throughout, and for a result that must not be shown.
    """
    started = time.monotonic()
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ModelError(f"{model.manifest.name} needs a 3-D image with one value per voxel")
    progress(0.0, "Preparing the image")
    grid = model_grid(image, model.manifest.preprocessing)
    voxels = to_model_grid(image, grid, model.manifest.preprocessing.intensity)
    if float(voxels.min()) == float(voxels.max()):
        raise ModelError("the image has the same value everywhere: there is nothing to segment")
    slices = lps_slices or range(grid.shape[0])
    text = f"Running {model.manifest.name} on {model.provider}"
    logits = slice_logits(voxels, model, slices, lambda fraction: progress(_NETWORK_SHARE * fraction, text))
    if np.ptp(logits[..., ::4, ::4]) == 0:
        raise ModelError(f"{model.manifest.name} gave the same value everywhere; the result is discarded")
    oriented = np.zeros(grid.image_shape, dtype=np.uint8)
    for n, classes in classes_on_image(logits, grid, slices):
        oriented[n] = classes
        if n % 8 == 0:
            progress(_NETWORK_SHARE + (1 - _NETWORK_SHARE) * n / len(oriented), "Bringing the result to the scan")
    labels = np.ascontiguousarray(grid.restore(oriented))
    label_image = sitk.GetImageFromArray(labels)
    label_image.CopyInformation(image)
    counts = np.zeros(256, dtype=np.int64)
    for one_slice in labels:  # piece by piece: numpy counts without letting other threads run
        counts += np.bincount(one_slice.ravel(), minlength=256)
    voxel_ml = float(np.prod(image.GetSpacing())) / 1000
    manifest = model.manifest
    return Segmentation(
        label_image,
        {label.name: float(counts[label.value]) * voxel_ml for label in manifest.labels},
        manifest.name,
        manifest.version,
        manifest.files.get(NETWORK_FILE, ""),
        model.provider,
        time.monotonic() - started,
    )


@dataclass(frozen=True)
class SliceDoubt:
    """How unsure a model is of a slice. bits: mean entropy (base 2) of the voxels in question, those that it calls a
    structure or not surely background; 0 where there are none. label: the structure that most of it is about, "" of
    none."""

    bits: float
    label: str


def slice_axis(image: sitk.Image, model: LoadedModel) -> int:
    """The index axis (0 i, 1 j, 2 k) of an image along which the slices of a model follow one another."""
    return 2 - model_grid(image, model.manifest.preprocessing).order[0]


def slice_doubts(
    image: sitk.Image,
    model: LoadedModel,
    slices: Sequence[int],
    *,
    progress: Progress = lambda fraction, text: None,
) -> dict[int, SliceDoubt]:
    """How unsure a model is of some slices of a 3-D image (LPS, mm), by their number along slice_axis.

    progress gets a fraction and a text after each slice, and may raise to cancel. Raises ModelError as segment does.
    """
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ModelError(f"{model.manifest.name} needs a 3-D image with one value per voxel")
    grid = model_grid(image, model.manifest.preprocessing)
    voxels = to_model_grid(image, grid, model.manifest.preprocessing.intensity)
    names = [label.name for label in model.manifest.labels]
    doubts = {}
    for n, (number, place) in enumerate(zip(slices, nearest_slices(grid, slices), strict=True)):
        logits = slice_logits(voxels, model, range(place, place + 1))[0].astype(np.float32)
        doubts[number] = _doubt(logits, names)
        progress((n + 1) / len(slices), f"Running {model.manifest.name} on {model.provider}")
    return doubts


def _doubt(logits: np.ndarray, names: Sequence[str]) -> SliceDoubt:
    """logits (classes, rows, columns); names of all classes but the first, the background."""
    shifted = logits - logits.max(axis=0)
    probabilities = np.exp(shifted)
    total = probabilities.sum(axis=0)
    bits = (np.log(total) - (probabilities * shifted).sum(axis=0) / total) / np.log(2)
    asked = (logits.argmax(axis=0) > 0) | (probabilities[0] / total < _IN_QUESTION)
    if not asked.any():
        return SliceDoubt(0.0, "")
    about = np.bincount(logits[1:].argmax(axis=0)[asked], weights=bits[asked], minlength=len(names))
    return SliceDoubt(float(bits[asked].mean()), names[int(about.argmax())])
