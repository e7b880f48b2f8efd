"""What the headers of NIfTI, NRRD and MetaImage files have in common: the voxels they promise, and their place."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from viewer.core.study import SeriesError

Encoding = Literal["raw", "gzip", "zlib", "bzip2"]

MAX_HEADER_BYTES = 1 << 20
PERPENDICULAR = 1e-3  # largest cosine between two axes of a grid, as in Geometry
NO_PATIENT = "The file does not say where in the patient its voxels lie."

_MAX_VOLUMES = 5_000  # in one file; the longest functional MR runs have about 2,000
_MAX_SIZE = 1 << 31  # of one axis


@dataclass(frozen=True)
class Place:
    """Where a header says that the voxels lie. direction's columns are unit vectors, LPS; None if it says nothing of
    the patient, spacing None if there is no length, and impossible says why the whole makes no grid."""

    spacing: tuple[float, float, float | None] | None = None
    direction: NDArray[np.float64] | None = None
    origin: NDArray[np.float64] | None = None
    impossible: str = ""
    name: str = ""  # "sform", "qform" where a file gives two that disagree
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class VolumeHeader:
    """What the header of a volume says. size is (i, j, k). Several values of a voxel, its colours, lie next to
    each other in the file; several volumes lie one behind the other, or with volumes_first value by value."""

    size: tuple[int, int, int]
    dtype: np.dtype
    places: tuple[Place, ...]
    data_file: Path
    offset: int  # of the voxels in data_file, packed or not; -1: they are what the file ends with
    encoding: Encoding = "raw"
    skipped_bytes: int = 0  # unpacked bytes before the first voxel, where the header is packed together with the voxels
    components: int = 1
    volumes: int = 1
    volumes_first: bool = False
    slope: float = 1.0
    intercept: float = 0.0
    step_ms: float | None = None
    over_time: bool = False

    @property
    def slice_values(self) -> int:
        return self.size[0] * self.size[1] * self.components

    @property
    def data_bytes(self) -> int:
        return self.slice_values * self.size[2] * self.volumes * self.dtype.itemsize

    @property
    def scaled(self) -> bool:
        return self.slope != 1.0 or self.intercept != 0.0

    @property
    def value_type(self) -> str:
        """What the voxels become: their own type, whole numbers of 64 bits as 32 while they fit."""
        if self.components > 1:
            return "uint8"
        if self.scaled:
            return np.result_type(self.dtype, np.float32).name  # float64 for whole numbers of 32 bits and more
        return "int32" if self.dtype.name in ("int64", "uint64") else self.dtype.name


def place_of(vectors: NDArray[np.float64], origin: ArrayLike, flat: bool, name: str = "its header") -> Place:
    """The place of a grid whose neighbours along i, j, k lie the columns of vectors apart, LPS, mm.

    flat: there is one slice, so the third column may be zero. name is what an impossible place is put down to.
    """
    vectors, origin = np.array(vectors, dtype=np.float64), np.asarray(origin, dtype=np.float64)
    no_third_step = flat and np.isfinite(vectors).all() and not vectors[:, 2].any()
    if no_third_step:
        vectors[:, 2] = np.cross(vectors[:, 0], vectors[:, 1])
    lengths = np.linalg.norm(vectors, axis=0)
    if not (np.isfinite(vectors).all() and np.isfinite(origin).all() and lengths.min() > 0):
        return Place(impossible=f"The voxels have no place: {name} is zero or not a number.")
    direction = vectors / lengths
    if np.abs(direction.T @ direction - np.eye(3)).max() > PERPENDICULAR:
        return Place(impossible=f"The axes of {name} are not perpendicular (sheared): that is no grid.")
    across = None if no_third_step else float(lengths[2])
    return Place((float(lengths[0]), float(lengths[1]), across), direction, origin)


def without_patient(spacing: Sequence[float | None], flat: bool, note: str) -> Place:
    """A grid of voxel sizes in mm whose place in the patient is unknown, which note says."""
    sizes = [math.nan if s is None else float(s) for s in spacing]
    if not all(math.isfinite(s) and s > 0 for s in sizes[: 2 if flat else 3]) or len(sizes) < (2 if flat else 3):
        return Place(impossible="The voxel size is missing, zero, negative or not a number.")
    across = sizes[2] if len(sizes) > 2 and math.isfinite(sizes[2]) and sizes[2] > 0 else None
    return Place((sizes[0], sizes[1], across), notes=(note,))


def size_of_grid(numbers: Sequence[int]) -> tuple[int, int, int]:
    """Voxels along i, j, k, with 1 where a flat image has none. Raises SeriesError for impossible numbers."""
    size = [*numbers, 1, 1][:3]
    if not all(1 <= n <= _MAX_SIZE for n in size):
        raise SeriesError("the header is damaged: it does not say how many voxels there are")
    return size[0], size[1], size[2]


def check_dimensions(dimension: int, declared: str) -> None:
    """Raise SeriesError unless there are two to four sizes, and as many as the header declares."""
    if declared != str(dimension):
        raise SeriesError("the header is damaged: it has another number of sizes than of dimensions")
    if not 2 <= dimension <= 4:
        raise SeriesError(f"images of {dimension} dimensions are not shown; split it into volumes")


def checked_volumes(count: int) -> int:
    """The number of volumes in a file. Raises SeriesError for more than can be listed."""
    if not 1 <= count <= _MAX_VOLUMES:
        raise SeriesError(f"it holds {count:,} volumes, more than the {_MAX_VOLUMES:,} that are listed; split the file")
    return count


def checked_components(count: int, dtype: np.dtype) -> int:
    """The number of values of a voxel. Raises SeriesError for what is neither grey nor an 8-bit colour."""
    if count == 1:
        return 1
    if count not in (3, 4) or dtype != np.uint8:
        raise SeriesError("images with several values per voxel are shown only as 8-bit colours")
    return count


# Text of headers


def field_of(fields: dict[str, str], name: str) -> str:
    """A field that must be there. Raises SeriesError if it is not."""
    if not fields.get(name):
        raise SeriesError(f'the header is damaged: it does not give "{name}"')
    return fields[name]


def first_of(fields: dict[str, str], *names: str) -> str:
    """The first of these fields that is there, or nothing."""
    return next((fields[name] for name in names if name in fields), "")


def numbers_in(text: str) -> list[float]:
    """Numbers between spaces; what is no number becomes NaN."""
    found = []
    for word in text.split()[:64]:
        try:
            found.append(float(word))
        except ValueError:
            found.append(math.nan)
    return found


def whole_numbers_in(text: str) -> list[int]:
    """Whole numbers between spaces. Raises SeriesError for anything else."""
    words = text.split()[:64]
    if not all(re.fullmatch(r"[+-]?\d{1,18}", word, re.ASCII) for word in words):
        raise SeriesError("the header is damaged: a whole number is none")
    return [int(word) for word in words]


def whole_number_in(text: str) -> int:
    """The one whole number of a field. Raises SeriesError for anything else."""
    numbers = whole_numbers_in(text)
    if len(numbers) != 1:
        raise SeriesError("the header is damaged: a whole number is none")
    return numbers[0]


def quoted_in(text: str) -> list[str]:
    """What stands between quotation marks."""
    return re.findall(r'"([^"]*)"', text)
