"""Headers of NRRD, after teem.sourceforge.net/nrrd/format.html."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from viewer.core.study import SeriesError
from viewer.io import archives
from viewer.io.volume_header import (
    MAX_HEADER_BYTES,
    NO_PATIENT,
    Encoding,
    Place,
    VolumeHeader,
    check_dimensions,
    checked_components,
    checked_volumes,
    field_of,
    numbers_in,
    place_of,
    quoted_in,
    size_of_grid,
    whole_number_in,
    whole_numbers_in,
    without_patient,
)

_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(
        ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"), "i8"
    ),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}
_SPACES = {  # to LPS; the short names and the long ones
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1), "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}  # fmt: skip
_ENCODINGS: dict[str, Encoding] = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"
}  # fmt: skip
_VALUES_OF_A_VOXEL = ("rgb-color", "rgba-color", "3-color", "4-color", "vector", "3-vector", "4-vector")
_SEVERAL_VOLUMES = ("list", "time")
_MM_OF_NAME = {"mm": 1.0, "millimeter": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001, "micron": 0.001}
_MS_OF_NAME = {"s": 1000.0, "sec": 1000.0, "ms": 1.0}


def read_nrrd_header(file: Path, stream: io.BufferedReader) -> VolumeHeader:
    """The header of an NRRD, whose voxels follow it or are in a file beside it. Raises SeriesError."""
    fields, end = _fields(stream)
    extent = whole_numbers_in(field_of(fields, "sizes"))
    dimension = len(extent)
    check_dimensions(dimension, fields.get("dimension", ""))
    name = field_of(fields, "type").lower()
    if name not in _TYPES:
        raise SeriesError("its voxels are of a kind that is not shown; convert it to float32")
    encoding = _ENCODINGS.get(field_of(fields, "encoding").lower())
    if encoding is None:
        raise SeriesError("its voxels are written as text; save it as raw or gzip")
    order = {"little": "<", "big": ">"}.get(fields.get("endian", "").lower(), "")
    dtype = np.dtype((order or "<") + _TYPES[name])
    if dtype.itemsize > 1 and not order:
        raise SeriesError("the header is damaged: it does not say in which order its bytes come")
    kinds = [kind.lower() for kind in fields.get("kinds", "").split()] or ["???"] * dimension
    vectors = _vectors(fields.get("space directions", ""), dimension)
    if len(kinds) != dimension:
        raise SeriesError("the header is damaged: it has another number of kinds than of sizes")
    other = _other_axis(kinds, vectors)
    components = volumes = 1
    volumes_first = other == 0
    if other is not None and (volumes_first and kinds[other] in _VALUES_OF_A_VOXEL):
        components = checked_components(extent[other], dtype)
    elif other is not None:
        volumes = checked_volumes(extent[other])
    domain = [axis for axis in range(dimension) if axis != other]
    size = size_of_grid([extent[axis] for axis in domain])
    units = quoted_in(fields.get("units", ""))
    spacings = numbers_in(fields.get("spacings", ""))
    step = None
    if other is not None and len(units) == len(spacings) == dimension and units[other] in _MS_OF_NAME:
        step = spacings[other] * _MS_OF_NAME[units[other]]
    offset, data_file = _data(file, fields, end, encoding)
    return VolumeHeader(
        size=size,
        dtype=dtype,
        places=(_place(fields, domain, vectors, spacings, size[2] == 1),),
        data_file=data_file,
        offset=offset,
        encoding=encoding,
        components=components,
        volumes=volumes,
        volumes_first=volumes_first and volumes > 1,
        step_ms=step if step is not None and math.isfinite(step) and step > 0 else None,
        over_time=other is not None and kinds[other] == "time",
    )


def _fields(stream: io.BufferedReader) -> tuple[dict[str, str], int]:
    """The fields of an NRRD by name, and where its header ends."""
    content = stream.read(MAX_HEADER_BYTES)
    if not re.match(rb"NRRD000\d\r?\n", content):
        raise SeriesError("the file is not NRRD, whatever its name says")
    ended = re.search(rb"\n\r?\n", content)
    if ended is None and len(content) == MAX_HEADER_BYTES:
        raise SeriesError("the header is damaged: it has no end")
    header = content[: ended.start()] if ended else content
    fields: dict[str, str] = {}
    for line in header.decode("utf-8", errors="replace").splitlines()[1:]:
        name, separator, value = line.partition(": ")
        if line.startswith("#") or ":=" in line or not separator:
            continue
        name = {"centers": "centerings", "datafile": "data file", "lineskip": "line skip", "byteskip": "byte skip"}.get(
            name.strip().lower(), name.strip().lower()
        )
        if name in fields:
            raise SeriesError(f"the header is damaged: it gives {name[:40]!r} twice")
        fields[name] = value.strip()
    return fields, ended.end() if ended else len(content)


def _data(file: Path, fields: dict[str, str], end: int, encoding: Encoding) -> tuple[int, Path]:
    skipped = whole_number_in(fields.get("byte skip", "0"))
    if fields.get("line skip", "0") != "0" or skipped < -1 or (skipped and encoding != "raw"):
        raise SeriesError("its voxels begin at a place that is not understood; save it in one file")
    if "data file" not in fields:
        return (-1, file) if skipped == -1 else (end + skipped, file)
    name = fields["data file"]
    if name.startswith("LIST") or "%" in name:
        raise SeriesError("its voxels are in many files; save it in one file")
    return skipped, archives.beside(file, name.removeprefix("./"))


def _vectors(text: str, dimension: int) -> list[list[float] | None]:
    """The space direction of each axis, None where it has none."""
    if not text:
        return []
    vectors = [
        None if part == "none" else numbers_in(part.strip("()").replace(",", " "))
        for part in re.findall(r"none|\([^()]*\)", text)
    ]
    if len(vectors) != dimension:
        raise SeriesError("the header is damaged: it has another number of directions than of sizes")
    return vectors


def _other_axis(kinds: Sequence[str], vectors: Sequence[list[float] | None]) -> int | None:
    """The axis that is not one of space, if there is one."""
    dimension = len(kinds)
    if vectors:
        others = [axis for axis in range(dimension) if vectors[axis] is None]
    else:
        others = [n for n, kind in enumerate(kinds) if kind in (*_VALUES_OF_A_VOXEL, *_SEVERAL_VOLUMES)]
    if not others and dimension == 4:
        others = [3]  # four axes of space are three and another one, as ITK writes a series of volumes
    if len(others) > 1 or (others and others[0] not in (0, dimension - 1)) or dimension - len(others) not in (2, 3):
        raise SeriesError("its axes are in an order that is not understood; save it as a volume or a series of them")
    known = not others or kinds[others[0]] in (*_VALUES_OF_A_VOXEL, *_SEVERAL_VOLUMES)
    if others and (
        (others[0] == 0 and not known) or (others[0] == dimension - 1 and kinds[others[0]] in _VALUES_OF_A_VOXEL)
    ):
        raise SeriesError("images with several values per voxel are shown only as 8-bit colours")
    return others[0] if others else None


def _place(
    fields: dict[str, str],
    domain: Sequence[int],
    vectors: Sequence[list[float] | None],
    spacings: Sequence[float],
    flat: bool,
) -> Place:
    if not vectors:
        mm_of_axes = _mm_of_axes(quoted_in(fields.get("units", "")), domain)
        if mm_of_axes is None:
            return Place(impossible="The unit of the voxel size is no length.")
        sizes = [spacings[axis] * mm for axis, mm in zip(domain, mm_of_axes, strict=True) if axis < len(spacings)]
        return without_patient(sizes, flat, NO_PATIENT)
    units = set(quoted_in(fields.get("space units", "")))
    if not units <= set(_MM_OF_NAME) or len(units) > 1:
        return Place(impossible="The unit of the voxel size is no length.")
    mm = _MM_OF_NAME[units.pop()] if units else 1.0
    steps = np.zeros((3, 3))
    for column, axis in enumerate(domain):
        vector = vectors[axis]
        if vector is None or len(vector) < len(domain) or any(vector[3:]):
            return Place(impossible="Its space directions are incomplete.")
        steps[: min(len(vector), 3), column] = vector[:3]
    if len(domain) == 2:
        if len(vectors[domain[0]] or ()) > 2:
            steps[:, 2] = np.cross(steps[:, 0], steps[:, 1])
        else:
            steps[2, 2] = 1.0
    place = place_of(steps * mm, np.zeros(3), flat, "its space directions")
    if place.impossible:
        return place
    assert place.spacing is not None and place.direction is not None
    to_lps = _SPACES.get(fields.get("space", "").lower())
    origin = numbers_in(fields.get("space origin", "").strip("()").replace(",", " "))
    if to_lps is None or len(origin) < 3 or len(domain) < 3:
        return without_patient([*place.spacing[: len(domain)]], flat, NO_PATIENT)
    if not np.isfinite(origin).all():
        return Place(impossible="The voxels have no place: its space origin is not a number.")
    signs = np.array(to_lps, dtype=np.float64)
    return replace(place, direction=place.direction * signs[:, None], origin=signs * origin[:3] * mm)


def _mm_of_axes(units: Sequence[str], domain: Sequence[int]) -> list[float] | None:
    """How many mm the unit of each axis of space is, 1 where none is told; None if one is no length."""
    told = [units[axis] if axis < len(units) else "" for axis in domain]
    found = [_MM_OF_NAME.get(unit) if unit.strip(" ?") else 1.0 for unit in told]
    return [mm for mm in found if mm is not None] if None not in found else None
