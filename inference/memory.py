"""How much memory a segmentation takes at its peak, worked out before it runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from inference.manifest import ModelManifest
from inference.preprocess import ModelGrid, padded_sizes
from inference.runtime import LoadedModel
from inference.sliding_window import BATCH

_FLOAT = 4
_BASE = 30 << 20  # pages of libraries, stacks of threads and small arrays of a first run, as measured


def batch_shape(manifest: ModelManifest, grid: ModelGrid) -> tuple[int, ...]:
    """What the network gets at once of an image on a grid: (N, channels, [K,] J, I)."""
    preprocessing = manifest.preprocessing
    padded = padded_sizes(grid.shape[-preprocessing.dimensions :], preprocessing)
    images = 1 if preprocessing.dimensions == 3 else BATCH
    if preprocessing.dimensions == 2 and (preprocessing.patch is None or padded == preprocessing.patch):
        images = min(BATCH, grid.shape[0])
    return images, preprocessing.channels, *(preprocessing.patch or padded)


def network_bytes(model: LoadedModel, shape: tuple[int, ...], mirrored: bool = False) -> int:
    """What one run on a batch of a shape adds to this process's memory at its peak, and mostly stays in it, output
    included. For a process that has not run the model yet. 0 where the system does not tell it (other than Linux)."""
    before = _told("VmRSS")
    with_peak = Path("/proc/self/clear_refs")
    if not before or not with_peak.exists():
        return 0
    with_peak.write_text("5")  # the peak counts from now
    model.run(np.zeros(shape, np.float32), mirrored)
    return max(0, _told("VmHWM") - before)


def working_bytes(
    grid: ModelGrid,
    manifest: ModelManifest,
    *,
    value_bytes: int,
    network_bytes: int,
    with_certainty: bool = False,
) -> int:
    """Peak of the memory that segmenting an image adds to a process that has the model loaded, in bytes.

    grid: how the model sees the image (model_grid). value_bytes: of a voxel of the image. network_bytes: what a run of
    the network takes, as network_bytes measures it, for a batch of batch_shape.
    """
    voxels, results = math.prod(grid.image_shape), 4 if with_certainty else 1
    channels = manifest.classes + (2 if with_certainty else 0)
    image = value_bytes * voxels
    seen = _FLOAT * math.prod(grid.shape)
    planes = 3 * _FLOAT * channels * math.prod(grid.image_shape[1:])  # two, and what is between them
    running = network_bytes + planes + _held(grid, manifest) + _FLOAT * channels * math.prod(grid.shape[1:])
    told = results * voxels
    ending = voxels  # the label map once more, as an image; what the planes took is not given back by then
    reading = 2 * image  # what came from the window, and the image of it
    return _BASE + max(reading, image + seen + told + running + ending)


def _held(grid: ModelGrid, manifest: ModelManifest) -> int:
    """The logits that wait for others that overlap them, or for their turn."""
    preprocessing = manifest.preprocessing
    padded = padded_sizes(grid.shape[-preprocessing.dimensions :], preprocessing)
    if preprocessing.dimensions == 3:
        deep = (preprocessing.patch or padded)[0]
        return _FLOAT * (manifest.classes + 2) * deep * math.prod(padded[1:])
    if preprocessing.patch is not None and padded != preprocessing.patch:
        return _FLOAT * (manifest.classes + 1) * math.prod(padded)
    return _FLOAT * manifest.classes * math.prod(batch_shape(manifest, grid)[2:]) * batch_shape(manifest, grid)[0]


def _told(name: str) -> int:
    """A line of /proc/self/status, in bytes; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
