"""Headers of NIfTI-1 and NIfTI-2, after nifti1.h and nifti2.h."""

from __future__ import annotations

import io
import itertools
import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import SeriesError
from viewer.io.unpacking import Unpacked, read_fully
from viewer.io.volume_header import (
    NO_PATIENT,
    Place,
    VolumeHeader,
    checked_volumes,
    place_of,
    size_of_grid,
    without_patient,
)

_SAME_PLACE_MM = 0.01
_IMPOSSIBLE_SCALE = 1e20  # float32 holds no more of its values

_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 128: "rgb", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
    2304: "rgba",
}  # fmt: skip
_MM_OF_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # unknown, which everybody takes for mm; m; mm; micrometre
_MS_OF_UNIT = {8: 1000.0, 16: 1.0, 24: 0.001}


def read_nifti_header(file: Path, stream: io.BufferedReader, packed: bool) -> VolumeHeader:
    """The header of a NIfTI file in one part; packed: as a whole, by gzip. Raises SeriesError."""
    source = Unpacked(stream, "gzip") if packed else stream
    room = bytearray(540)
    try:
        held = read_fully(source.readinto, memoryview(room))
    except (EOFError, OSError, zlib.error) as error:
        raise SeriesError("its compressed data is damaged or cut off; fetch it again") from error
    order, version = _version(bytes(room[:held]))
    if version == 1:
        dimensions, *dim = struct.unpack_from(order + "8h", room, 40)
        code, bits = struct.unpack_from(order + "2h", room, 70)
        pixdim = struct.unpack_from(order + "8f", room, 76)
        offset, slope, intercept = struct.unpack_from(order + "3f", room, 108)
        units = room[123]
        codes = struct.unpack_from(order + "2h", room, 252)
        quaternion = struct.unpack_from(order + "6f", room, 256)
        rows = struct.unpack_from(order + "12f", room, 280)
    else:
        code, bits = struct.unpack_from(order + "2h", room, 12)
        dimensions, *dim = struct.unpack_from(order + "8q", room, 16)
        pixdim = struct.unpack_from(order + "8d", room, 104)
        offset, slope, intercept = struct.unpack_from(order + "q2d", room, 168)
        codes = struct.unpack_from(order + "2i", room, 344)
        quaternion = struct.unpack_from(order + "6d", room, 352)
        rows = struct.unpack_from(order + "12d", room, 400)
        (units,) = struct.unpack_from(order + "i", room, 500)
    if not 0 <= offset < 1e9 or not 1 <= dimensions <= 7:
        raise SeriesError("the header is damaged: it does not say where its voxels begin or how many there are")
    if code not in _TYPES:
        raise SeriesError(f"its voxels are of a kind that is not shown (NIfTI data type {code}); convert it to float32")
    kind = _TYPES[code]
    components = {"rgb": 3, "rgba": 4}.get(kind, 1)
    dtype = np.dtype(order + ("u1" if components > 1 else kind))
    if bits != 8 * dtype.itemsize * components:
        raise SeriesError("the header is damaged: its data type and its bits per voxel contradict each other")
    extent = list(dim[:dimensions])
    while len(extent) > 3 and extent[-1] == 1:
        extent.pop()
    if len(extent) > 4:
        if len(extent) == 5 and extent[3] == 1:
            raise SeriesError("images with several values per voxel are shown only as 8-bit colours")
        raise SeriesError(f"images of {len(extent)} dimensions are not shown; split it into volumes")
    size = size_of_grid(extent[:3])
    over_time = units & 0x38 in _MS_OF_UNIT
    step = pixdim[4] * _MS_OF_UNIT[units & 0x38] if over_time else 0.0
    if abs(slope) >= _IMPOSSIBLE_SCALE or abs(intercept) >= _IMPOSSIBLE_SCALE:
        raise SeriesError(f"its scale is impossible (slope {slope:g}, intercept {intercept:g}); write the file anew")
    scaled = math.isfinite(slope) and slope != 0 and math.isfinite(intercept) and components == 1  # nifti1.h: 0 is none
    thick = size[2] > 1 or (math.isfinite(pixdim[3]) and pixdim[3] > 0)
    told = pixdim if thick else (*pixdim[:3], 1.0)
    places = _places(codes, told, quaternion, rows, size, _MM_OF_UNIT.get(units & 0x7))
    first_voxel = max(int(offset), 352 if version == 1 else 544)
    return VolumeHeader(
        size=size,
        dtype=dtype,
        places=places if thick else tuple(_without_thickness(place) for place in places),
        data_file=file,
        offset=0 if packed else first_voxel,
        encoding="gzip" if packed else "raw",
        skipped_bytes=first_voxel if packed else 0,
        components=components,
        volumes=checked_volumes(extent[3]) if len(extent) == 4 else 1,
        slope=slope if scaled else 1.0,
        intercept=intercept if scaled else 0.0,
        step_ms=step if math.isfinite(step) and step > 0 else None,
        over_time=over_time,
    )


def _version(header: bytes) -> tuple[str, Literal[1, 2]]:
    for order in "<>":
        if len(header) >= 348 and struct.unpack_from(order + "i", header) == (348,) and header[344:348] == b"n+1\0":
            return order, 1
        if len(header) >= 540 and struct.unpack_from(order + "i", header) == (540,) and header[4:8] == b"n+2\0":
            return order, 2
    if len(header) < 348:
        raise SeriesError("the file is shorter than a NIfTI header")
    raise SeriesError("the file is not NIfTI in one part (it may be Analyze, which does not say where the voxels lie)")


def _places(
    codes: tuple[int, int],
    pixdim: Sequence[float],
    quaternion: Sequence[float],
    rows: Sequence[float],
    size: tuple[int, int, int],
    mm: float | None,
) -> tuple[Place, ...]:
    """NIfTI tells the voxel size and place up to three times: pixdim, qform and sform. Both forms are given if they
    disagree."""
    flat = size[2] == 1
    sizes = np.array(pixdim[1:4], dtype=np.float64)
    if mm is None:
        return (Place(impossible="The unit of the voxel size is unknown."),)
    if not (np.isfinite(sizes).all() and sizes.min() > 0):
        return (Place(impossible="The voxel size is zero, negative or not a number."),)
    notes = () if mm == 1.0 else ("Its lengths are in m or in µm; they were converted to mm.",)
    if codes[0] <= 0 and codes[1] <= 0:
        return (without_patient((sizes * mm).tolist(), flat, NO_PATIENT),)
    to_lps = np.array([-mm, -mm, mm])
    forms: list[Place] = []
    if codes[1] > 0:
        sform = to_lps[:, None] * np.reshape(rows, (3, 4)).astype(np.float64)
        forms.append(replace(place_of(sform[:, :3], sform[:, 3], flat, "its sform"), name="sform"))
    if codes[0] > 0:
        qform = _qform(np.array(quaternion, dtype=np.float64), sizes, -1.0 if pixdim[0] < 0 else 1.0)
        place = Place(impossible="The voxels have no place: its qform is no rotation.")
        if qform is not None:
            qform = to_lps[:, None] * qform
            place = place_of(qform[:, :3], qform[:, 3], flat, "its qform")
        forms.append(replace(place, name="qform"))
    usable = [place for place in forms if not place.impossible]
    if not usable:
        return (replace(forms[0], name=""),)
    if len(usable) == 2:
        unknown_mm = mm * _rounding_mm(quaternion, sizes, size)
        return _one_or_both(usable[0], usable[1], size, unknown_mm, notes)
    only = usable[0]
    notes += tuple(f"{place.impossible} Its {only.name} was used." for place in forms if place.impossible)
    if only.name == "sform" and _other_spacing(only.spacing, tuple(sizes * mm)):
        return (Place(impossible="Its sform and its voxel size (pixdim) disagree, and nothing is guessed."),)
    return (replace(only, name="", notes=notes),)


def _without_thickness(place: Place) -> Place:
    return place if place.spacing is None else replace(place, spacing=(*place.spacing[:2], None))


def _one_or_both(
    sform: Place, qform: Place, size: tuple[int, int, int], unknown_mm: float, notes: tuple[str, ...]
) -> tuple[Place, ...]:
    corners = np.array(list(itertools.product(*((0, n - 1) for n in size))), dtype=np.float64)
    apart = float(np.linalg.norm(_points(sform, corners) - _points(qform, corners), axis=1).max())
    other_size = _other_spacing(sform.spacing, qform.spacing)
    if apart <= _SAME_PLACE_MM + unknown_mm and not other_size:
        return (replace(sform, spacing=qform.spacing, name="", notes=notes),)
    sizes = " and give it another voxel size" if other_size else ""

    def note(name: str) -> str:
        return (
            f"Its sform and its qform place the voxels up to {apart:.2f} mm apart{sizes}: "
            f"this is the place by its {name}."
        )

    return tuple(replace(place, notes=(*notes, note(place.name))) for place in (sform, qform))


def _points(place: Place, index_ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    assert place.direction is not None and place.origin is not None and place.spacing is not None
    spacing = np.array([s or 1.0 for s in place.spacing])
    return place.origin + (index_ijk * spacing) @ place.direction.T


def _other_spacing(one: Sequence[float | None] | None, other: Sequence[float | None] | None) -> bool:
    assert one is not None and other is not None
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return any(abs(a - b) > 1e-4 * b for a, b in both)


def _rounding_mm(quaternion: Sequence[float], sizes: NDArray[np.float64], size: tuple[int, int, int]) -> float:
    """How far the rounding of a quaternion's b, c, d to 32 bits can move a corner, in the file's unit. Its first number
    a is not stored, and near half a turn nothing is left of it: there a whole head may turn by a tenth of a mm."""
    b, c, d = quaternion[:3]
    square = b * b + c * c + d * d
    if not square > 0:
        return 0.0
    reach = float(np.linalg.norm(sizes * (np.array(size) - 1)))
    least, most = (math.sqrt(max(0.0, 1.0 - square + error)) for error in (-square * 2**-23, square * 2**-23))
    return 2.0 * (most - least) * reach


def _qform(
    quaternion: NDArray[np.float64], sizes: NDArray[np.float64], handedness: float
) -> NDArray[np.float64] | None:
    """The 3 x 4 affine of a quaternion b, c, d and an offset (nifti1.h, method 2), None if it is no rotation."""
    b, c, d, *offset = quaternion
    square = float(b * b + c * c + d * d)
    if not (np.isfinite(quaternion).all() and square < 1.001):
        return None
    if square > 1:  # by rounding
        b, c, d = np.array([b, c, d]) / math.sqrt(square)
    a = math.sqrt(max(0.0, 1.0 - b * b - c * c - d * d))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    scale = sizes * np.array([1.0, 1.0, handedness])
    return np.concatenate([rotation * scale, np.array(offset)[:, None]], axis=1)
