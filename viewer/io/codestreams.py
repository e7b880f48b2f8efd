"""Compressed DICOM pixels: the codestream of one frame, checked against the header before a decoder sees it.

A decoder reserves memory for whatever size a codestream names, and draws what is left of a damaged one.
"""

from __future__ import annotations

import os
import re
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO

from numpy.typing import NDArray

from viewer.core.study import SeriesError
from viewer.io.dicom_header import Header
from viewer.io.pixel_format import FETCH, PixelFormat, with_gdcm

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import Decoder

_ITEM, _ITEM_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"  # compressed pixels are always little endian
_MOST_FRAGMENTS = 1 << 20
_RLE, _JPEG_EXTENDED, _JPEG_LOSSLESS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57"
_JPEG = ("1.2.840.10008.1.2.4.50", _JPEG_EXTENDED, _JPEG_LOSSLESS, "1.2.840.10008.1.2.4.70")

# The decoders by their names in pydicom, in the order in which they are asked. pylibjpeg takes half the time of GDCM.
# GDCM tells of damaged JPEG data, which Pillow draws.
_DECODERS = {_RLE: ("pylibjpeg", "pydicom")} | dict.fromkeys(_JPEG, ("gdcm",))
_OTHER_DECODERS = ("pylibjpeg", "pyjpegls", "gdcm")
_DAMAGED_JPEG = re.compile(rb"Corrupt JPEG data(?!: \d+ extraneous bytes before marker 0xd9)|Premature end of JPEG")
_STANDARD_ERROR = threading.Lock()  # one for the whole process, as the standard error is


class Fragments:
    """Where the codestreams of a file's frames lie. DICOM PS3.5 A.4.

    stream is the open file and size its length in bytes. Raises SeriesError for what contradicts itself or is not
    all there.
    """

    def __init__(self, header: Header, stream: BinaryIO, size: int, frames: int) -> None:
        assert header.pixels is not None
        self._header, self._content, self._frames = header, stream, frames
        self._offset, self._length = header.pixels.offset, header.pixels.length
        self._end = size if self._length is None else min(size, self._offset + self._length)

    def codestream(self, frame_number: int) -> bytes:
        """The bytes of one frame (from 0)."""
        parts = []
        for offset, length in self._parts(frame_number):
            self._content.seek(offset)
            parts.append(self._content.read(length))
        return b"".join(parts)

    def _parts(self, frame_number: int) -> list[tuple[int, int]]:
        """Offset and length of the fragments of one frame, all within the file."""
        first, table = self._offset_table
        if self._extended_table is not None:
            start, length = self._extended_table[frame_number]
            offset, available = self._item(first + start)
            if not available - 1 <= length <= available:  # an item has an even length
                raise SeriesError(f"its table of frames does not agree with its pixels; {FETCH}")
            return [(offset, length)]
        if len(table) != self._frames:
            return self._all_frames[frame_number]
        end = first + table[frame_number + 1] if frame_number + 1 < self._frames else None
        parts = list(self._walk(first + table[frame_number], end))
        if not parts:
            raise SeriesError(f"its table of frames does not agree with its pixels; {FETCH}")
        return parts

    @cached_property
    def _offset_table(self) -> tuple[int, tuple[int, ...]]:
        """Where the first fragment is, and the Basic Offset Table, counted from there. DICOM PS3.5 A.4."""
        offset, length = self._item(self._offset)
        self._content.seek(offset)
        if length % 4 or length > 4 * _MOST_FRAGMENTS:
            raise SeriesError(f"its table of frames is damaged; {FETCH}")
        table = struct.unpack(f"<{length // 4}I", self._content.read(length))
        if not _rises_from_zero(table):
            raise SeriesError(f"its table of frames does not agree with its pixels; {FETCH}")
        return offset + length, table

    @cached_property
    def _extended_table(self) -> list[tuple[int, int]] | None:
        """Offset from the first fragment, and length, of each frame. DICOM PS3.3 C.7.6.3.1.8."""
        offsets, lengths = (self._header.raw(name) for name in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"))
        if not offsets or not lengths:
            return None
        if not len(offsets) == len(lengths) == 8 * self._frames:
            raise SeriesError(f"its table of frames does not agree with its number of frames; {FETCH}")
        form = f"<{self._frames}Q"
        starts = struct.unpack(form, offsets)
        if not _rises_from_zero(starts):
            raise SeriesError(f"its table of frames does not agree with its pixels; {FETCH}")
        return list(zip(starts, struct.unpack(form, lengths), strict=True))

    @cached_property
    def _all_frames(self) -> list[list[tuple[int, int]]]:
        """The fragments of each frame of a file without a table of frames."""
        first, _ = self._offset_table
        parts = list(self._walk(first, None))
        if self._frames == 1 and parts:
            return [parts]
        if len(parts) == self._frames:
            return [[part] for part in parts]
        grouped: list[list[tuple[int, int]]] = [[]]
        for part in parts if len(parts) > self._frames else []:
            grouped[-1].append(part)
            if self._ends_a_codestream(*part):
                grouped.append([])
        if len(grouped) != self._frames + 1 or grouped[-1]:
            raise SeriesError(f"its {len(parts)} pieces of pixels do not make {self._frames} frames; {FETCH}")
        return grouped[:-1]

    def _ends_a_codestream(self, offset: int, length: int) -> bool:
        tail = min(length, 16)
        self._content.seek(offset + length - tail)
        return self._content.read(tail).rstrip(b"\0").endswith(b"\xff\xd9")

    def _walk(self, position: int, end: int | None) -> Iterator[tuple[int, int]]:
        """Offset and length of each fragment from position to end, or to the end of the sequence."""
        for _ in range(_MOST_FRAGMENTS):
            if position == end or (end is None and self._sequence_ends(position)):
                return
            if end is not None and position > end:
                break
            offset, length = self._item(position)
            yield offset, length
            position = offset + length
        raise SeriesError(f"its table of frames does not agree with its pixels; {FETCH}")

    def _sequence_ends(self, position: int) -> bool:
        if self._length is not None and position == self._end:
            return True
        self._content.seek(position)
        return self._content.read(4) == _ITEM_END

    def _item(self, position: int) -> tuple[int, int]:
        """Offset and length of the item whose tag is at position. Raises SeriesError if it is not all there."""
        tag = b""
        if 0 <= position <= self._end - 8:
            self._content.seek(position)
            tag = self._content.read(8)
        if len(tag) < 8:
            raise SeriesError(f"it is truncated within its compressed pixels; {FETCH}")
        length = int.from_bytes(tag[4:], "little")
        if tag[:4] != _ITEM:
            raise SeriesError(f"its compressed pixels are damaged; {FETCH}")
        if length > self._end - position - 8:
            raise SeriesError(f"it is truncated: a part of its compressed pixels is longer than the file; {FETCH}")
        return position + 8, length


def decode(frame: bytes, syntax: str, pixels: PixelFormat) -> tuple[NDArray, str]:
    """Stored values (rows, columns[, 3]) of a codestream, and in what kind of colour they are.

    Raises SeriesError for what is damaged, or of another size than the header says. JPEG 2000 and RLE data have no
    redundancy that would tell of every changed bit.
    """
    _check(frame, syntax, pixels)
    # One frame in the form that pydicom expects: no table, one fragment.
    wrapped = _ITEM + bytes(4) + _ITEM + struct.pack("<I", len(frame)) + frame
    # GDCM decodes 12-bit JPEG by what the codestream says; only pydicom's name for it keeps it from doing so.
    decoder = _decoder(_JPEG_LOSSLESS if syntax == _JPEG_EXTENDED else syntax)
    cause: BaseException | None = None
    for name in _DECODERS.get(syntax, _OTHER_DECODERS):
        if name not in (with_gdcm(decoder) if name == "gdcm" else decoder).available_plugins:
            continue
        try:
            with warnings.catch_warnings(), _listening(syntax in _JPEG) as told:
                warnings.simplefilter("ignore")
                values, properties = decoder.as_array(wrapped, decoding_plugin=name, **_options(pixels))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the RLE decoder's are no Exceptions
            cause = cause or error
            continue
        if _DAMAGED_JPEG.search(told):
            raise SeriesError(f"its compressed pixels are damaged; {FETCH}")
        return values, str(properties["photometric_interpretation"])
    raise SeriesError(f"its compressed pixels are damaged and cannot be decoded; {FETCH}") from cause


def _decoder(syntax: str) -> Decoder:
    from pydicom.pixels.decoders.base import get_decoder

    return get_decoder(syntax)


def _options(pixels: PixelFormat) -> dict[str, Any]:
    options: dict[str, Any] = {
        "index": 0,
        "raw": True,
        "rows": pixels.rows,
        "columns": pixels.columns,
        "number_of_frames": 1,
        "samples_per_pixel": pixels.samples,
        "photometric_interpretation": pixels.photometric,
        "bits_allocated": pixels.allocated,
        "bits_stored": pixels.stored,
        "pixel_representation": int(pixels.signed),
        "pixel_keyword": "PixelData",
    }
    return options | ({"planar_configuration": pixels.planar} if pixels.samples > 1 else {})


@contextmanager
def _listening(wanted: bool) -> Iterator[bytearray]:
    """Collects what C libraries write to the standard error: libjpeg tells of damage nowhere else, and goes on."""
    told = bytearray()
    if not wanted or not hasattr(os, "set_blocking"):
        yield told
        return
    with _STANDARD_ERROR:
        try:
            before = os.dup(2)
        except OSError:  # a program without a terminal may have no standard error
            yield told
            return
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)  # rather lose a message than wait for a reader
        os.dup2(writing, 2)
        try:
            yield told
        finally:
            os.dup2(before, 2)
            os.close(before)
            os.close(writing)
            with suppress(BlockingIOError):
                told += os.read(reading, 1 << 16)
            os.close(reading)


def _check(frame: bytes, syntax: str, pixels: PixelFormat) -> None:
    """Raise SeriesError unless a compressed frame is complete and itself says the size that the header says."""
    if syntax == _RLE:
        _check_rle(frame, pixels)
        return
    size = _jpeg2000_size(frame) if frame[:2] == b"\xff\x4f" or frame[4:8] == b"jP  " else _jpeg_size(frame)
    if size is None:
        raise SeriesError(f"its compressed pixels are damaged at their start; {FETCH}")
    rows, columns, samples, bits, start = size
    if (rows, columns, samples) != (pixels.rows, pixels.columns, pixels.samples):
        raise SeriesError(
            f"its compressed pixels are {columns} x {rows} with {samples} value(s) each, its header says "
            f"{pixels.columns} x {pixels.rows} with {pixels.samples}; {FETCH}"
        )
    if bits > pixels.allocated:
        raise SeriesError(
            f"its compressed pixels have {bits} bits each, its header has room for {pixels.allocated}; {FETCH}"
        )
    if frame.find(b"\xff\xd9", start) < 0:
        raise SeriesError(f"its compressed pixels have no end: they are truncated; {FETCH}")


def _rises_from_zero(offsets: tuple[int, ...]) -> bool:
    return not offsets or (offsets[0] == 0 and all(one < other for one, other in pairwise(offsets)))


def _check_rle(frame: bytes, pixels: PixelFormat) -> None:
    """The header of RLE data, DICOM PS3.5 G.5: the number of segments and where each begins."""
    if len(frame) < 64:
        raise SeriesError(f"it is truncated within its compressed pixels; {FETCH}")
    count, *offsets = struct.unpack("<16I", frame[:64])
    if count != pixels.samples * pixels.allocated // 8:
        raise SeriesError(f"its compressed pixels have {count} parts, its header asks for another number; {FETCH}")
    ends = [*offsets[1:count], len(frame)]
    for start, end in zip(offsets[:count], ends, strict=True):
        # two bytes make at most 128 pixels
        if not 64 <= start < end <= len(frame) or (end - start) * 64 < pixels.rows * pixels.columns:
            raise SeriesError(f"its compressed pixels are damaged or truncated; {FETCH}")


def _jpeg_size(frame: bytes) -> tuple[int, int, int, int, int] | None:
    """Rows, columns, components, bits and the end of the frame header of a JPEG or JPEG-LS codestream.

    ITU-T T.81 B.2.2.
    """
    position = 2 if frame[:2] == b"\xff\xd8" else len(frame)
    while position + 4 <= len(frame) and frame[position] == 0xFF:
        marker, length = frame[position + 1], int.from_bytes(frame[position + 2 : position + 4], "big")
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            head = frame[position + 4 : position + 10].ljust(6, b"\0")
            bits, rows, columns, samples = struct.unpack(">BHHB", head)
            return rows, columns, samples, bits, position + 2 + length
        if length < 2 or marker in (0xD9, 0xDA):
            return None
        position += 2 + length
    return None


def _jpeg2000_size(frame: bytes) -> tuple[int, int, int, int, int] | None:
    """Rows, columns, components, bits of the first one and the end of the size marker of a JPEG 2000 codestream.

    ITU-T T.800 A.5.1.
    """
    start = 0
    if frame[4:8] == b"jP  ":  # in a JP2 file, which DICOM does not allow but some writers store
        start = next((at + 8 for at, kind in _boxes(frame) if kind == b"jp2c"), len(frame))
    head = frame[start : start + 43]
    if len(head) < 43 or head[:4] != b"\xff\x4f\xff\x51":
        return None
    length, _, right, bottom, left, top = struct.unpack(">HHIIII", head[4:24])
    samples = int.from_bytes(head[40:42], "big")
    bits = (head[42] & 0x7F) + 1
    return bottom - top, right - left, samples, bits, start + 4 + length


def _boxes(frame: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + 8 <= len(frame):
        length = int.from_bytes(frame[position : position + 4], "big")
        yield position, frame[position + 4 : position + 8]
        if length < 8:
            return
        position += length
