"""Headers of MetaImage, after the documentation of MetaIO; fields are spelled as in its metaImage.cxx."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import SeriesError
from viewer.io import archives
from viewer.io.volume_header import (
    MAX_HEADER_BYTES,
    NO_PATIENT,
    PERPENDICULAR,
    Place,
    VolumeHeader,
    check_dimensions,
    checked_components,
    checked_volumes,
    field_of,
    first_of,
    numbers_in,
    place_of,
    size_of_grid,
    whole_number_in,
    whole_numbers_in,
    without_patient,
)

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip


def read_meta_image_header(file: Path, stream: io.BufferedReader) -> VolumeHeader:
    """The header of a MetaImage, whose voxels follow it or are in a file beside it. Raises SeriesError."""
    fields, end = _fields(stream)
    extent = whole_numbers_in(field_of(fields, "DimSize"))
    dimension = len(extent)
    check_dimensions(dimension, fields.get("NDims", ""))
    if field_of(fields, "ElementType") not in _TYPES:
        raise SeriesError("its voxels are of a kind that is not shown; convert it to MET_FLOAT")
    if fields.get("BinaryData", "False").lower() != "true":
        raise SeriesError("its voxels are written as text; save it as binary data")
    big = fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")).lower() == "true"
    dtype = np.dtype((">" if big else "<") + _TYPES[fields["ElementType"]])
    channels = whole_number_in(fields.get("ElementNumberOfChannels", "1"))
    name = field_of(fields, "ElementDataFile")
    skipped = whole_number_in(fields.get("HeaderSize", "0"))
    packed = fields.get("CompressedData", "False").lower() == "true"
    local = name.upper() == "LOCAL"
    if name.upper().startswith("LIST") or "%" in name:
        raise SeriesError("its voxels are in many files; save it in one file")
    if skipped < -1 or (skipped and (packed or local)):
        raise SeriesError("its voxels begin at a place that is not understood; save it in one file")
    size = size_of_grid(extent[:3])
    scale = [numbers_in(fields.get(f"ElementToIntensityFunction{name}", "")) for name in ("Slope", "Offset")]
    if scale[0] not in ([], [1.0]) or scale[1] not in ([], [0.0]):
        raise SeriesError("its values have a scale of their own, which is not applied; write it with a slope of 1")
    return VolumeHeader(
        size=size,
        dtype=dtype,
        places=(_place(fields, dimension, size[2] == 1),),
        data_file=file if local else archives.beside(file, name.removeprefix("./")),
        offset=end if local else skipped,
        encoding="zlib" if packed else "raw",
        components=1 if channels == 1 else checked_components(channels, dtype),
        volumes=checked_volumes(extent[3]) if dimension == 4 else 1,
    )


def _fields(stream: io.BufferedReader) -> tuple[dict[str, str], int]:
    """The fields of a MetaImage up to ElementDataFile, which is the last, and where they end."""
    fields: dict[str, str] = {}
    read = 0
    while line := stream.readline(MAX_HEADER_BYTES):
        read += len(line)
        name, separator, value = line.decode("utf-8", errors="replace").partition("=")
        name = name.strip()
        if not separator or read > MAX_HEADER_BYTES:
            if line.strip():
                break
            continue
        if name in fields:
            raise SeriesError(f"the header is damaged: it gives {name[:40]!r} twice")
        fields[name] = value.strip()
        if name == "ElementDataFile":
            return fields, read
    raise SeriesError("the file is not MetaImage, or its header is damaged")


def _place(fields: dict[str, str], dimension: int, flat: bool) -> Place:
    spacing = numbers_in(fields.get("ElementSpacing", ""))
    if len(spacing) != dimension or not all(math.isfinite(s) and s > 0 for s in spacing[:3]):
        return Place(impossible="The voxel size is missing, zero, negative or not a number.")
    if fields.get("DistanceUnits", "?").lower() not in ("", "?", "mm"):
        return Place(impossible=f"Its voxel size is in {fields['DistanceUnits'][:20]!r}, not in mm.")
    matrix = numbers_in(first_of(fields, "TransformMatrix", "Rotation", "Orientation"))
    offset = numbers_in(first_of(fields, "Offset", "Position", "Origin"))
    if not matrix or not offset or dimension == 2:
        return without_patient(spacing[:3], flat, NO_PATIENT)
    if len(matrix) != dimension**2 or len(offset) != dimension:
        raise SeriesError("the header is damaged: its matrix or its offset has another number of values than of axes")
    rows = np.array(matrix).reshape(dimension, dimension)  # each row is the direction of an axis
    if rows[:3, 3:].any() or rows[3:, :3].any():
        return Place(impossible="The axes of its matrix mix space with another axis: that is no grid.")
    axes = rows[:3, :3].T
    if not (np.isfinite(axes).all() and np.abs(np.linalg.norm(axes, axis=0) - 1).max() <= PERPENDICULAR):
        return Place(impossible="The voxels have no place: its matrix is zero, not a number or no rotation.")
    place = place_of(axes * np.array(spacing[:3]), offset[:3], flat, "its matrix")
    named, meant = fields.get("AnatomicalOrientation", "").upper(), _begins_at(axes)
    if place.impossible or not re.fullmatch("[RLAPSI]{3}", named) or named == meant:
        return place
    note = f"Its header names the orientation {named}, but its matrix says {meant}; the matrix was used."
    return replace(place, notes=(note,))


def _begins_at(axes: NDArray[np.float64]) -> str:
    """Three letters for where each axis of a direction matrix comes from, as MetaIO counts: LPS axes are "RAI"."""
    nearest = np.abs(axes).argmax(axis=0)
    return "".join(("RL", "AP", "IS")[row][int(axes[row, column] < 0)] for column, row in enumerate(nearest))
