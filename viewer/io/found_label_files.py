"""Label maps of others as NIfTI, NRRD with or without segments, and MetaImage: what their values mean, and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

from viewer.core.geometry import Geometry
from viewer.core.labels import MAX_LABELS
from viewer.core.laying import Found, Mask, Segment, Source
from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume
from viewer.io import archives, files
from viewer.io.files import LookAll
from viewer.io.found_objects import TISSUE
from viewer.io.label_files import table_beside
from viewer.io.volume_files import VOLUME_SUFFIXES, suffix_of

_MOST_HEADER = 1 << 20
_LARGEST_VALUE = 65_535
_Byte = Annotated[int, Field(ge=0, le=255)]


def is_label_file(path: Path) -> bool:
    """True for a file of a format that label maps come in; they hold images as well."""
    return suffix_of(path) in VOLUME_SUFFIXES


def read_label_file(
    path: Path,
    look_all: LookAll,
    read: Callable[[Series], Volume],
    check: Callable[[], None] = lambda: None,
) -> Found:
    """The segments of a label map: one for each value but 0, and for each layer of a file of several.

    look_all and read are those of the reader, which looks at files and reads them. Raises SeriesError with one sentence
    for what is no label map: colours, values that are no whole numbers or more than a label map of ours holds, and for
    files that do not say where their voxels lie in the patient.
    """
    found = files.scan([path], check, look_all)
    if not found.series:
        raise SeriesError(found.refused[0].reason if found.refused else "this is no image")
    if any(series.verdict.kind == "ambiguous" for series in found.series):
        raise SeriesError("its sform and its qform put it in two places; save it with one of them")
    layers = sorted(found.series, key=lambda series: series.moment.number if series.moment else 0)
    described, notes = (_described(path), ()) if ".nrrd" in path.name.lower() else _told_beside(path)
    segments: list[Segment] = []
    masks: list[Mask] = []
    for layer, series in enumerate(layers):
        volume = read(series)
        if volume.colour:
            raise SeriesError("its values are colours, not labels")
        if not volume.geometry.patient_space or not volume.geometry.calibrated or not volume.geometry.is_grid:
            raise SeriesError("it does not say where its voxels lie in the patient, so it has no place on this series")
        for value, mask in _masks_of(volume, check).items():
            name = f"Label {value}" if len(layers) == 1 else f"Label {value} of layer {layer + 1}"
            masks.append(Mask(len(segments), mask[0], mask[1]))
            segments.append(described.get((layer, value), Segment(name, value=value)))
    if not segments:
        raise SeriesError("all its values are 0: it holds no label")
    size = layers[0].size
    return Found("label map", Source(knows=False), tuple(segments), tuple(masks), notes=notes, grid_size=size)


def _masks_of(volume: Volume, check: Callable[[], None]) -> dict[int, tuple[Geometry, NDArray[np.bool_]]]:
    """Each value but 0 with the voxels that have it, in the smallest box that holds them."""
    slices: dict[int, list[int]] = {}
    for k, one_slice in enumerate(volume.voxels):
        check()
        for value in _values_of(one_slice):
            slices.setdefault(value, []).append(k)
        if len(slices) > MAX_LABELS:
            raise SeriesError(f"it has more than {MAX_LABELS} different values, so it is no label map")
    masks = {}
    for value, there in sorted(slices.items()):
        check()
        first, last = there[0], there[-1] + 1
        own = volume.voxels[first:last] == value
        j, i = (np.flatnonzero(own.any(axis=axes)) for axes in ((0, 2), (0, 1)))
        own = own[:, j[0] : j[-1] + 1, i[0] : i[-1] + 1]
        geometry = volume.geometry
        origin = geometry.index_to_lps((i[0], j[0], first))
        size = own.shape[::-1]
        masks[value] = Geometry((size[0], size[1], size[2]), geometry.spacing, origin, geometry.direction), own
    return masks


def _values_of(one_slice: NDArray) -> list[int]:
    """The values of a slice but 0."""
    if one_slice.dtype.kind == "f":
        whole = np.rint(one_slice)
        if not np.array_equal(whole, one_slice):
            raise SeriesError("its values are not whole numbers, so it is no label map")
        one_slice = whole
    low, high = one_slice.min(), one_slice.max()
    if low < 0 or high > _LARGEST_VALUE:
        raise SeriesError(f"its values are not those of a label map, which are from 0 to {_LARGEST_VALUE}")
    counts = np.bincount(one_slice.astype(np.uint16).ravel())
    return (np.flatnonzero(counts[1:]) + 1).tolist()


# Segments in the header of an NRRD, as 3D Slicer writes them (.seg.nrrd)


def _described(path: Path) -> dict[tuple[int, int], Segment]:
    """The segments that a header names, by their layer and value."""
    with archives.open_file(path) as stream:
        header = re.split(rb"\n\r?\n", stream.read(_MOST_HEADER), maxsplit=1)[0]
    fields = {}
    for line in header.decode("utf-8", errors="replace").splitlines():
        name, separator, value = line.partition(":=")
        if separator and (parts := re.fullmatch(r"Segment(\d+)_(\w+)", name.strip())):
            fields[int(parts[1]), parts[2]] = value.strip()
    segments = {}
    for number in sorted({number for number, _ in fields}):
        value, layer = (fields.get((number, name), default) for name, default in (("LabelValue", "1"), ("Layer", "0")))
        if value.isdecimal() and layer.isdecimal() and len(value) < 6 and len(layer) < 6:
            segments[int(layer), int(value)] = Segment(
                fields.get((number, "Name"), ""),
                _colour(fields.get((number, "Color"), "")),
                _code(fields.get((number, "Tags"), "")),
                int(value),
            )
    return segments


def _colour(text: str) -> tuple[int, int, int] | None:
    try:
        red, green, blue = (min(max(round(float(part) * 255), 0), 255) for part in text.split())
    except (ValueError, OverflowError):
        return None
    return red, green, blue


def _code(tags: str) -> tuple[str, str, str] | None:
    """The code of the type of a segment in a terminology entry: category, type, modifier ..., parted by ~."""
    found = re.search(r"TerminologyEntry:([^|]*)", tags)
    parts = found[1].split("~") if found else []
    code = parts[2].split("^") if len(parts) > 2 else []
    return (code[1], code[0], code[2]) if len(code) == 3 and code[1] and code[:2] != [TISSUE[1], TISSUE[0]] else None


# The table of labels beside a NIfTI or MetaImage file, as we write it (NAME.labels.json)


class _Code(BaseModel):
    value: str
    scheme: str
    meaning: str


class _Row(BaseModel):
    value: int = Field(gt=0, le=_LARGEST_VALUE)
    name: str
    colour: tuple[_Byte, _Byte, _Byte] | None = None
    code: _Code | None = None


class _Table(BaseModel):
    label_map: str
    labels: list[_Row]


def _told_beside(path: Path) -> tuple[dict[tuple[int, int], Segment], tuple[str, ...]]:
    """The segments that the table beside a file names, none where there is no such table; and what to say of that."""
    beside = table_beside(path)
    if beside is None or not archives.exists(beside):
        return {}, ()
    try:
        with archives.open_file(beside) as stream:
            table = _Table.model_validate_json(stream.read(_MOST_HEADER))
    except (OSError, ValidationError) as error:
        raise SeriesError(f"{beside.name} beside it, which names its labels, is damaged; move it away") from error
    segments = {}
    for row in table.labels:
        code = (row.code.value, row.code.scheme, row.code.meaning) if row.code else None
        segments[0, row.value] = Segment(row.name, row.colour, code, row.value)
    other = f"Its labels are named by {beside.name} beside it, which was written for another file."
    return segments, () if table.label_map == path.name else (other,)
