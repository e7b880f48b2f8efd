"""Slides a model's window of context slices along a volume, some slices at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inference.preprocess import pad_to_multiple, slice_stacks
from inference.runtime import LoadedModel

_BATCH = 4


def slice_logits(
    voxels: NDArray[np.float32],
    model: LoadedModel,
    slices: range,
    progress: Callable[[float], None] = lambda fraction: None,
) -> NDArray[np.float16]:
    """Logits (len(slices), classes, J, I) of the given slices of voxels (k, j, i) on the model's grid.

    float16 halves the memory and keeps three digits, far below what separates two classes. progress gets a
    fraction after every batch and may raise to cancel.
    """
    preprocessing = model.manifest.preprocessing
    rows, columns = voxels.shape[1:]
    logits = np.empty((len(slices), model.manifest.classes, rows, columns), dtype=np.float16)
    for start in range(0, len(slices), _BATCH):
        batch = slices[start : start + _BATCH]
        stacks = slice_stacks(voxels, batch, preprocessing.context_slices)
        padded = pad_to_multiple(stacks, preprocessing.size_multiple)
        logits[start : start + len(batch)] = model.run(padded)[..., :rows, :columns]
        progress(min(1.0, (start + _BATCH) / len(slices)))
    return logits
