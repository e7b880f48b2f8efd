"""Label maps that those of a model are compared with: which is of a series, and that it lies on exactly its voxels."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.laying import Laid, lay, on_pictures, refers_to, why_not_of
from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume
from viewer.io import archives, files
from viewer.io.files import LookAll
from viewer.io.found_label_files import is_label_file, read_label_file
from viewer.io.found_objects import FoundReport, read_found
from viewer.io.volume_files import suffix_of

_SAME_PLACE_MM = 0.01

Check = Callable[[], None]


@dataclass(frozen=True, eq=False)
class Reference:
    """The structures of a label map on the grid of a series. by_name: they have names, which alone say what they are;
    else their values do."""

    structures: tuple[Laid, ...]
    by_name: bool

    def of(self, label: Label) -> Laid | None:
        """The structure that is a model's label; None if the reference has none. Raises SeriesError if it has two."""
        found = [one for one in self.structures if self._is(one, label)]
        if len(found) > 1:
            raise SeriesError(f"its label {label.name} is there more than once")
        return found[0] if found else None

    def _is(self, one: Laid, label: Label) -> bool:
        return _plain(one.segment.name) == _plain(label.name) if self.by_name else one.segment.value == label.value


class References:
    """The label files and DICOM segmentations of a folder. look_all and read are those of the reader.

    Raises SeriesError for a folder that holds none.
    """

    def __init__(
        self, folder: Path, look_all: LookAll, read: Callable[[Series], Volume], check: Check = lambda: None
    ) -> None:
        self._look_all, self._read = look_all, read
        named = sorted(path for path in folder.rglob("*") if is_label_file(path) and path.is_file())
        self._files: dict[str, list[Path]] = {}
        for path in named:
            self._files.setdefault(stem_of(path), []).append(path)
        others = [path for path in folder.rglob("*") if path.is_file() and not is_label_file(path)]
        self._objects = files.scan(others, check, look_all).annotations
        if not self._files and not self._objects:
            raise SeriesError(f"there is no label map and no DICOM segmentation in {folder}")

    def find(self, series: Series, names: Sequence[str]) -> Path | None:
        """The reference of a series: the label map that has one of its names, or the DICOM object that says that it was
        drawn on it; None without one. Raises SeriesError where there are several."""
        uid = series.uid.partition("#")[0]
        found = {path for name in names for path in self._files.get(name, ())}
        found |= {one.file for one in self._objects if uid in one.series_uids and one.kind != "report"}
        if len(found) > 1:
            raise SeriesError(f"{len(found)} references are there for this series; leave one of them")
        return next(iter(found), None)

    def read(self, path: Path, series: Series, geometry: Geometry, check: Check = lambda: None) -> Reference:
        """A reference on the voxels of a series. Raises SeriesError for one on another grid, which is never resampled:
        what would be compared then is no longer what a person drew."""
        if is_label_file(path):
            for one in files.scan([path], check, self._look_all).series:
                if one.size is None or not _same_place(one.geometry, geometry):
                    raise SeriesError(f"it lies on another grid ({_words(one)}) than the series ({_words(series)})")
            found = read_label_file(path, self._look_all, self._read, check)
            by_name = not all(s.value is not None and s.name == f"Label {s.value}" for s in found.segments)
        else:
            found = read_found(path, check)
            if isinstance(found, FoundReport):
                raise SeriesError("it is a report, not a segmentation")
            problem = why_not_of(found.source, series)
            if problem or not refers_to(found.source, series):
                raise SeriesError(problem or "it was drawn on another series")
            by_name = True
        laid = lay(on_pictures(found, series), geometry, check=check)
        if any(one.outside for one in laid):
            raise SeriesError("a part of it lies outside the series")
        return Reference(laid, by_name)


def stem_of(path: Path) -> str:
    """The name of a file without what says its format, ".nii.gz" as a whole."""
    suffix = suffix_of(path)
    name = path.name[: -len(suffix)] if suffix and path.name.lower().endswith(suffix) else path.stem
    return name.removesuffix(".seg")


def stamp_of(path: Path | None) -> str:
    """Tells one state of a reference's file from another; empty without one."""
    if path is None:
        return ""
    return "-".join(map(str, archives.stamp_of(path)))


def _same_place(one: Geometry, other: Geometry) -> bool:
    """Whether two grids have their voxels at the same places, in whatever order of rows, columns and slices."""
    if not (one.is_grid and other.is_grid) or sorted(one.size) != sorted(other.size):
        return False
    if not (one.patient_space and other.patient_space):
        return False  # nobody knows
    first, second = (_corners(grid) for grid in (one, other))
    apart = np.linalg.norm(first[:, None] - second[None], axis=2)
    return bool(max(apart.min(axis=0).max(), apart.min(axis=1).max()) <= _SAME_PLACE_MM)


def _corners(grid: Geometry) -> np.ndarray:
    return grid.index_to_lps(np.array(list(itertools.product(*((0, n - 1) for n in grid.size)))))


def _words(series: Series) -> str:
    size = " × ".join(map(str, series.size or ()))
    spacing = " × ".join("?" if mm is None else f"{mm:.3g}" for mm in series.spacing_mm or ())
    return f"{size} voxels of {spacing} mm" if spacing else f"{size} voxels"


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
