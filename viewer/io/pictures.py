"""PNG and JPEG: pictures without a scale or a place, alone or numbered as a stack."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import GeometryVerdict, Series, SeriesError
from viewer.io import archives
from viewer.io.volume_files import file_uid, over_black

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")

_MAX_PIXELS = 1 << 28
_PIXELS_OF_A_BYTE = {"png": 8 * 1_040, "jpeg": 1_024}  # more cannot be packed into one: deflate; a bit for 64 pixels
_MAX_EXIF_BYTES = 1 << 16
_STACKED = (
    "They are one stack only because their names differ by a number alone: they may be of different days or patients. "
    "Open one file alone to see it by itself."
)
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4 A


@dataclass(frozen=True)
class _Picture:
    """What the header of a picture says."""

    width: int
    height: int
    colour: bool
    value_type: str
    notes: tuple[str, ...] = ()


def series_in(file: Path) -> Series:
    """A picture as a series of one slice, by its header alone. Raises SeriesError for one that cannot be shown."""
    if archives.is_member(file):
        raise SeriesError("pictures inside a ZIP are not shown; unpack it first")
    picture = _read_header(file)
    uid = file_uid(str(file.resolve()))
    return Series(
        uid=uid,
        study_uid=f"{uid}-study",
        patient_id="",
        patient_name=file.name,
        modality="",
        description=file.name,
        files=(file,),
        verdict=GeometryVerdict("2d", "A picture without a scale: distances are in pixels."),
        size=(picture.width, picture.height, 1),
        value_type=picture.value_type,
        colour=picture.colour,
        notes=picture.notes,
    )


def stacked(pictures: Iterable[Series]) -> list[Series]:
    """Pictures of one folder that differ by the last number in their names alone become one stack, in the order of
    that number; the others stay as they are."""
    alike: dict[tuple[object, ...], list[tuple[int, str, Series]]] = {}
    for picture in pictures:
        before, number, after = _numbered(picture.files[0].stem)
        suffix = picture.files[0].suffix.lower()
        kind = (picture.files[0].parent, before, after, suffix, picture.size, picture.value_type, picture.colour)
        alone = () if number else (picture.uid,)
        alike.setdefault((*kind, *alone), []).append((int(number or 0), picture.files[0].name, picture))
    stacks: list[Series] = []
    for same in alike.values():
        ordered = [picture for _, _, picture in sorted(same, key=lambda entry: entry[:2])]
        stacks.append(ordered[0] if len(ordered) == 1 else _stack(ordered))
    return stacks


def read_pixels(file: Path, series: Series) -> NDArray:
    """Pixels (rows, columns) as stored, or (rows, columns, 3) uint8; opacity is resolved in front of black.

    Raises SeriesError if the picture is damaged, cut off, or no longer of the size that series says.
    """
    import SimpleITK as sitk

    picture = _read_header(file)
    if ((picture.width, picture.height), picture.colour, picture.value_type) != (
        (series.size or (0, 0))[:2],
        series.colour,
        series.value_type,
    ):
        raise SeriesError("it has changed since it was listed; open its folder again")
    with archives.open_file(file) as stream:
        content = stream.read()
    (_check_png if content.startswith(b"\x89PNG") else _check_jpeg)(content)
    try:
        pixels = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    except RuntimeError as error:
        raise SeriesError("the picture is damaged; fetch it again") from error
    return _shown(pixels.reshape(picture.height, picture.width, -1), picture)


def _shown(pixels: NDArray, picture: _Picture) -> NDArray:
    if pixels.dtype == np.uint16 and picture.colour:
        pixels = ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    channels = pixels.shape[2]
    if picture.colour and channels == 4:
        return over_black(pixels)
    if picture.colour and channels == 3:
        return pixels
    if picture.colour or channels != 1:
        raise SeriesError("the picture has other colours than its header says; fetch it again")
    return pixels[..., 0]


def _numbered(stem: str) -> tuple[str, str, str]:
    """A name before its last number, the number, and the name after it."""
    found = re.fullmatch(r"(.*?)(\d{1,18})(\D*)", stem, re.ASCII | re.DOTALL)
    return (found[1], found[2], found[3]) if found else (stem, "", "")


def _stack(pictures: Sequence[Series]) -> Series:
    first, last = pictures[0], pictures[-1]
    files = tuple(picture.files[0] for picture in pictures)
    before, _, after = _numbered(files[0].stem)
    assert first.size is not None
    uid = file_uid(f"{files[0].parent.resolve()}/{before}*{after}{files[0].suffix.lower()}")
    name = f"{files[0].name} to {last.files[0].name}"
    detail = f"{len(files)} pictures without positions: nothing is measured across them."
    return replace(
        first,
        uid=uid,
        study_uid=f"{uid}-study",
        patient_name=name,
        description=name,
        files=files,
        size=(*first.size[:2], len(files)),
        verdict=GeometryVerdict("no-position", detail),
        notes=(_STACKED, *dict.fromkeys(note for picture in pictures for note in picture.notes)),
    )


def _read_header(file: Path) -> _Picture:
    size_bytes = archives.size_of(file)
    with archives.open_file(file) as stream:
        start = stream.read(8)
        stream.seek(0)
        if start == b"\x89PNG\r\n\x1a\n":
            picture, kind = _png_header(stream), "png"
        elif start[:2] == b"\xff\xd8":
            picture, kind = _jpeg_header(stream), "jpeg"
        else:
            raise SeriesError("the file is neither PNG nor JPEG, whatever its name says")
    pixels = picture.width * picture.height
    if not 0 < pixels <= min(_MAX_PIXELS, size_bytes * _PIXELS_OF_A_BYTE[kind]):
        raise SeriesError(f"its header promises {picture.width} x {picture.height} pixels, which it cannot hold")
    return picture


# PNG (W3C PNG specification, third edition)


def _png_header(stream: BinaryIO) -> _Picture:
    stream.seek(8)
    length, name = _png_chunk(stream)
    header = stream.read(13)
    if name != b"IHDR" or length != 13 or len(header) != 13:
        raise SeriesError("the picture is damaged: it does not begin with its header")
    width, height, bits, colour_type = struct.unpack_from(">IIBB", header)
    if (colour_type, bits) not in _PNG_KINDS:
        raise SeriesError("the picture is damaged: there are no such colours")
    notes: list[str] = []
    if bits == 16 and colour_type in (2, 6):
        notes.append("Its colours have 16 bits; they are shown with 8.")
    transparent = colour_type in (4, 6)
    stream.seek(4, 1)
    while name != b"IEND":
        length, name = _png_chunk(stream)
        if name == b"eXIf" and length <= _MAX_EXIF_BYTES:
            notes.extend(_turned(stream.read(length)))
            length = 0
        transparent |= name == b"tRNS"
        stream.seek(length + 4, 1)
    colour = colour_type in (2, 3, 6)
    if transparent and not colour:
        raise SeriesError("grey pictures that are partly transparent are not shown; save it without transparency")
    if transparent:
        notes.append("It is partly transparent and shown in front of black.")
    value_type = "uint16" if bits == 16 and not colour else "uint8"
    return _Picture(width, height, colour, value_type, tuple(dict.fromkeys(notes)))


_PNG_KINDS = {
    *((0, bits) for bits in (1, 2, 4, 8, 16)),
    *((3, bits) for bits in (1, 2, 4, 8)),
    *((kind, bits) for kind in (2, 4, 6) for bits in (8, 16)),
}


def _png_chunk(stream: BinaryIO) -> tuple[int, bytes]:
    head = stream.read(8)
    if len(head) < 8:
        raise SeriesError("the picture is cut off; fetch it again")
    length, name = struct.unpack(">I4s", head)
    if length >= 1 << 31:
        raise SeriesError("the picture is damaged; fetch it again")
    return length, name


def _check_png(content: bytes) -> None:
    """Every checksum, and the unpacked size of the pixels: libpng shows what it has and makes up the rest."""
    view, place, name = memoryview(content), 8, b""
    packed: list[memoryview] = []
    while name != b"IEND":
        if place + 12 > len(content):
            raise SeriesError("the picture is cut off; fetch it again")
        length, name = struct.unpack_from(">I4s", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            raise SeriesError("the picture is cut off; fetch it again")
        if zlib.crc32(view[place + 4 : end]) != struct.unpack_from(">I", content, end)[0]:
            raise SeriesError("the picture is damaged: a checksum is wrong; fetch it again")
        if name == b"IDAT":
            packed.append(view[place + 8 : end])
        place = end + 4
    decoder = zlib.decompressobj()
    try:
        for part in packed:
            left = part
            while len(left):
                decoder.decompress(left, 1 << 20)
                left = decoder.unconsumed_tail
    except zlib.error as error:
        raise SeriesError("the picture is damaged; fetch it again") from error
    if not decoder.eof:
        raise SeriesError("the picture is cut off; fetch it again")


# JPEG (ITU-T T.81)


def _jpeg_header(stream: BinaryIO) -> _Picture:
    stream.seek(2)
    notes: list[str] = []
    while True:
        marker = stream.read(2)
        while len(marker) == 2 and marker[1] == 0xFF:  # B.1.1.2: any number of fill bytes
            marker = marker[1:] + stream.read(1)
        if len(marker) < 2 or marker[0] != 0xFF:
            raise SeriesError("the picture is damaged or cut off before its pixels; fetch it again")
        if marker[1] in (0x01, *range(0xD0, 0xD8)):  # alone, without a length
            continue
        length_bytes = stream.read(2)
        length = int.from_bytes(length_bytes, "big") - 2
        if len(length_bytes) < 2 or length < 0:
            raise SeriesError("the picture is damaged or cut off before its pixels; fetch it again")
        segment = stream.read(length)
        if len(segment) < length:
            raise SeriesError("the picture is damaged or cut off before its pixels; fetch it again")
        if marker[1] == 0xE1 and segment.startswith(b"Exif\0\0"):
            notes.extend(_turned(segment[6:]))
        if marker[1] in (0xC0, 0xC1, 0xC2):
            return _jpeg_frame(segment, tuple(dict.fromkeys(notes)))
        if 0xC3 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            raise SeriesError("this kind of JPEG is not shown (lossless or hierarchical); save it as PNG")
        if marker[1] in (0xD9, 0xDA):
            raise SeriesError("the picture is damaged: it has no size; fetch it again")


def _jpeg_frame(segment: bytes, notes: tuple[str, ...]) -> _Picture:
    if len(segment) < 6:
        raise SeriesError("the picture is damaged: it has no size; fetch it again")
    bits, height, width, components = struct.unpack_from(">BHHB", segment)
    if bits != 8 or components not in (1, 3):
        raise SeriesError("this kind of JPEG is not shown (12 bits or print colours); save it as PNG")
    return _Picture(width, height, components == 3, "uint8", notes)


def _check_jpeg(content: bytes) -> None:
    """Refuse a JPEG without an end after its last scan: libjpeg fills what is missing with grey."""
    if content.find(b"\xff\xd9", content.rfind(b"\xff\xda")) < 0:
        raise SeriesError("the picture is cut off; fetch it again")


def _turned(exif: bytes) -> list[str]:
    """A note if EXIF data asks for the picture to be turned, which a viewer of stored pixels does not do."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None or len(exif) < 8:
        return []
    (place,) = struct.unpack_from(order + "I", exif, 4)
    if place + 2 > len(exif):
        return []
    (count,) = struct.unpack_from(order + "H", exif, place)
    for entry in range(place + 2, min(place + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
        if (tag, kind) == (_ORIENTATION, 3) and 2 <= value <= 8:
            return ["The camera says that it should be turned or mirrored; it is shown as stored."]
    return []
