"""What a training's child process writes of held-out slices: how it learns, and what the models mark in the end."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SLICES = "slices.npz"
_MOST, _MOST_COMPARED = 8, 200
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


@dataclass(frozen=True, eq=False)
class ComparedSlice:
    """A held-out slice as it is read, (rows, columns) uint8: its grey values, a person's labels (255 where nobody has
    annotated) and each model's, by arm. case is its pseudonym; axis and index tell the slice in its image; spacing_mm
    is that between rows and between columns."""

    case: str
    axis: int
    index: int
    spacing_mm: tuple[float, float]
    image: NDArray[np.uint8]
    reference: NDArray[np.uint8]
    by_arm: dict[str, NDArray[np.uint8]]


@dataclass(frozen=True)
class Compared:
    """The slices that a comparison kept, and the labels on them: value, name and colour, sRGB 0..255."""

    slices: tuple[ComparedSlice, ...] = ()
    labels: tuple[tuple[int, str, tuple[int, int, int]], ...] = ()


def read_compared(folder: Path, arms: Sequence[str]) -> Compared:
    """What a comparison kept; nothing where the files are missing or torn, no slice that does not fit."""
    found, labels = [], []
    try:
        listed = json.loads((folder / "slices.json").read_text(encoding="utf-8"))
        with np.load(folder / _SLICES, allow_pickle=False) as slices:
            for label in listed["labels"]:
                red, green, blue = (int(part) for part in label["colour"])
                labels.append((int(label["value"]), str(label["name"]), (red, green, blue)))
            for one in listed["slices"][:_MOST_COMPARED]:
                n, (between_rows, between_columns) = int(one["n"]), one["spacing_mm"]
                by_arm = {arm: slices[f"{arm}_{n}"] for arm in arms if f"{arm}_{n}" in slices}
                compared = ComparedSlice(
                    str(one["case"]),
                    int(one["axis"]),
                    int(one["index"]),
                    (float(between_rows), float(between_columns)),
                    slices[f"image_{n}"],
                    slices[f"reference_{n}"],
                    by_arm,
                )
                shapes = {part.shape for part in (compared.image, compared.reference, *by_arm.values())}
                if len(shapes) == 1 and compared.image.ndim == 2 and min(compared.spacing_mm) > 0:
                    found.append(compared)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return Compared()
    return Compared(tuple(found), tuple(labels))


def _fits(sample: Sample) -> bool:
    arrays = (sample.image, sample.reference, sample.predicted)
    return all(one.ndim == 2 and one.dtype == np.uint8 and one.shape == sample.image.shape for one in arrays)
