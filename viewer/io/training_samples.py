"""What a training's child process writes of a few held-out slices, so that a person sees it learn."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SLICES = "slices.npz"
_MOST = 8
UNKNOWN = 255  # of a reference, where nobody has annotated


@dataclass(frozen=True, eq=False)
class Sample:
    """A held-out slice on the model's grid (J, I), all uint8: its grey values, a person's labels, the model's."""

    image: NDArray[np.uint8]
    reference: NDArray[np.uint8]
    predicted: NDArray[np.uint8]


def read_samples(folder: Path, look: str) -> tuple[Sample, ...]:
    """The slices as a look (the name of its file) saw them; none where the files are missing, torn or do not fit."""
    if not look or Path(look).name != look:
        return ()
    try:
        with (
            np.load(folder / _SLICES, allow_pickle=False) as slices,
            np.load(folder / look, allow_pickle=False) as seen,
        ):
            found = tuple(
                Sample(slices[f"image_{n}"], slices[f"reference_{n}"], seen[f"predicted_{n}"])
                for n in range(_MOST)
                if f"image_{n}" in slices
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return ()
    return tuple(one for one in found if _fits(one))


def _fits(sample: Sample) -> bool:
    arrays = (sample.image, sample.reference, sample.predicted)
    return all(one.ndim == 2 and one.dtype == np.uint8 and one.shape == sample.image.shape for one in arrays)
