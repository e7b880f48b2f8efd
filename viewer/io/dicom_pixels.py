"""DICOM pixels: one frame of a file decoded into an array, after its modality rescale. What is damaged is refused."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import SeriesError
from viewer.io.codestreams import Fragments, decode
from viewer.io.dicom_header import DEFLATED, Elements, Header
from viewer.io.overlays import Overlay, draw, draw_from_pixels, overlays_of
from viewer.io.pixel_format import (
    FETCH,
    HALVED_CHROMA,
    NATIVE,
    PALETTE,
    PALETTE_COLOURS,
    PixelFormat,
    pixel_format,
)

ValueType = Literal["uint8", "int16", "int32", "float32", "float64"]  # each holds what those before it hold

_HIGHEST_DEFLATE_RATIO = 1032  # a run of 258 bytes in two bits, RFC 1951


class ValuesDoNotFit(SeriesError):
    """The values of a frame are beyond the type of the array given for them; value_type holds them."""

    def __init__(self, value_type: ValueType) -> None:
        super().__init__(f"its values need an array of {value_type}; open the series again")
        self.value_type: ValueType = value_type


@dataclass(frozen=True)
class Rescale:
    """From stored values to those of Series.unit. DICOM PS3.3 C.11.1.

    value = slope * stored + intercept; or, where table is given, entry n of it for the stored value first + n, the
    first entry for what comes before and the last for what comes after. problem is a sentence if the file's rescale
    is impossible: the values are then the stored ones and have no unit.
    """

    slope: float = 1.0
    intercept: float = 0.0
    first: int = 0
    table: tuple[int, ...] | None = None
    problem: str = ""

    @property
    def whole(self) -> bool:
        """True if whole stored values stay whole."""
        return self.slope == int(self.slope) and self.intercept == int(self.intercept)


def rescale_of(header: Header, frame_number: int = 0) -> Rescale:
    """The modality rescale of a frame (from 0): its own functional group's, the shared one, or the file's.

    DICOM PS3.3 C.11.1, C.7.6.16.2.9. An impossible one gives the stored values, and says so in `problem`.
    """
    for group in _functional_groups(header, frame_number):
        for item in group.items("PixelValueTransformationSequence")[:1]:
            return _linear_rescale(item)
    for item in header.items("ModalityLUTSequence")[:1]:
        table = _lookup_table(header, item, "LUTDescriptor", "LUTData")
        if table is None:
            return Rescale(problem="Its modality table is damaged: stored values are shown, without a unit.")
        return Rescale(first=table[0], table=tuple(table[2].tolist()))
    return _linear_rescale(header)


def value_type(pixels: PixelFormat, rescales: Sequence[Rescale]) -> ValueType:
    """The smallest type that the values of all frames should fit into; Frames.read may still raise ValuesDoNotFit."""
    if pixels.colour:
        return "uint8"
    if pixels.keyword != "PixelData" or not all(rescale.whole for rescale in rescales):
        return "float32"
    highest = max((max(rescale.table) for rescale in rescales if rescale.table is not None), default=0)
    return "int32" if pixels.stored > 16 or highest >= 1 << 15 else "int16"


class Frames:
    """The frames of one open file, for reading several without looking at the header again.

    stream is the open file and size its length in bytes. Raises SeriesError for pixels that cannot be shown. Every
    SeriesError gives a cause and a next step, but no file name.
    """

    def __init__(self, header: Header, stream: BinaryIO, size: int) -> None:
        self.format = pixel_format(header)
        self._header = header
        assert header.pixels is not None  # pixel_format has looked
        self._offset, self._length = header.pixels.offset, header.pixels.length
        self._syntax = header.transfer_syntax
        self._content, self._end = stream, size
        if self._syntax == DEFLATED:
            needed = self._offset + self.format.frames * self.format.frame_bytes
            if needed > size * _HIGHEST_DEFLATE_RATIO:
                raise SeriesError(f"it is truncated: its pixels do not fit into a file of its size; {FETCH}")
            self._content = header.content(stream, needed + 1)
            self._end = self._content.seek(0, io.SEEK_END)

    def read(self, frame_number: int, out: NDArray, overlay: NDArray[np.bool_] | None = None) -> None:
        """Decode a frame (from 0) in place.

        out is (rows, columns) of int16, int32 or float32 and gets the values after the modality rescale, or
        (rows, columns, 3) of uint8 and gets red, green and blue. MONOCHROME1 is not inverted. overlay is
        (rows, columns) and is set where an overlay draws. Raises ValuesDoNotFit if out's type is too small for the
        values, and SeriesError for pixels that are truncated, damaged or of another size than the header says;
        out is then undefined.
        """
        expected = (self.format.rows, self.format.columns) + (3,) * self.format.colour
        if out.shape != expected:
            raise SeriesError("the picture has another size than when it was listed; open its folder again")
        if not 0 <= frame_number < self.format.frames:
            raise SeriesError(f"the file has no frame {frame_number + 1}; open its folder again")
        if overlay is not None:
            draw(self._overlays, frame_number, overlay)
        if self._compressed:
            self._finish(*self._decoded(frame_number), frame_number, out)
        elif out.dtype == np.int16 and out.flags.c_contiguous and self._stored_type.itemsize == 2:
            self._read_in_place(frame_number, out, overlay)
        else:
            stored = np.empty(self.format.frame_bytes // self._stored_type.itemsize, self._stored_type)
            self._read_stored(frame_number, stored)
            if overlay is not None:
                draw_from_pixels(self._overlays, stored, overlay)
            self._finish(self._arranged(self._cleared(stored)), self.format.photometric, frame_number, out)

    @cached_property
    def _overlays(self) -> list[Overlay]:
        return overlays_of(self._header)

    # Pixels that are not compressed

    @cached_property
    def _stored_type(self) -> np.dtype:
        """Type of the stored values, in this machine's byte order."""
        if self.format.keyword != "PixelData":
            return np.dtype("f4" if self.format.keyword == "FloatPixelData" else "f8")
        return np.dtype(f"{'i' if self.format.signed else 'u'}{self.format.allocated // 8}")

    def _read_in_place(self, frame_number: int, out: NDArray[np.int16], overlay: NDArray[np.bool_] | None) -> None:
        """The fast way: 16-bit grey straight into out, and the rescale there."""
        self._read_stored(frame_number, out)
        if overlay is not None:
            draw_from_pixels(self._overlays, out, overlay)
        stored = self._cleared(out.view(self._stored_type))
        rescale = self._rescale(frame_number)
        if not rescale.whole or rescale.table is not None:
            self._finish(stored, self.format.photometric, frame_number, out)
            return
        ends = _ends(self.format.stored_range, rescale)
        if not _fit(ends, out.dtype):
            ends = _ends((int(stored.min()), int(stored.max())), rescale)
            _require(ends, out.dtype)
        # The result fits into 16 bits, so that arithmetic modulo 2**16 gives it, whatever happens on the way.
        bits = out.view(np.uint16)
        if rescale.slope != 1:
            np.multiply(bits, np.uint16(int(rescale.slope) & 0xFFFF), out=bits)
        if rescale.intercept != 0:
            np.add(bits, np.uint16(int(rescale.intercept) & 0xFFFF), out=bits)

    def _read_stored(self, frame_number: int, into: NDArray) -> None:
        """The bytes of a frame into a contiguous array, in this machine's byte order."""
        pixels = self.format
        assert self._length is not None
        here = min(self._length, self._end - self._offset)
        if self._length > self._end - self._offset or pixels.frames * pixels.frame_bytes > here:
            raise SeriesError(
                f"it is truncated: its header speaks of {max(self._length, pixels.frames * pixels.frame_bytes)} "
                f"bytes of pixels, {max(here, 0)} are there; {FETCH}"
            )
        start = frame_number * pixels.frame_bytes
        if self._swapped_bytes:
            into.view(np.uint8).reshape(-1)[:] = self._unswapped(start, pixels.frame_bytes)
            return
        self._content.seek(self._offset + start)
        _fill(self._content, memoryview(into.reshape(-1).view(np.uint8).data))
        if not self._header.little_endian:
            into.byteswap(inplace=True)

    @cached_property
    def _swapped_bytes(self) -> bool:
        """True for 8-bit pixels in big endian words (VR OW), whose bytes lie in pairs the wrong way round."""
        if self._header.little_endian or self.format.allocated != 8 or self._offset < 8:
            return False
        self._content.seek(self._offset - 8)  # the VR of a long element: tag, VR, two zeros, length
        return self._content.read(2) == b"OW"

    def _unswapped(self, start: int, length: int) -> NDArray[np.uint8]:
        assert self._length is not None
        before, odd = start % 2, (start + length) % 2
        self._content.seek(self._offset + start - before)
        words = np.empty((before + length + odd) // 2, np.uint16)
        _fill(self._content, memoryview(words.view(np.uint8).data))
        return words.byteswap().view(np.uint8)[before : before + length]

    def _cleared(self, stored: NDArray) -> NDArray:
        """Stored values without what lies in the bits that are not theirs, in place. DICOM PS3.5 8.1.1."""
        pixels = self.format
        below, spare = pixels.high_bit + 1 - pixels.stored, pixels.allocated - pixels.stored
        if pixels.keyword != "PixelData" or not spare:
            return stored
        np.left_shift(stored, spare - below, out=stored)
        np.right_shift(stored, spare, out=stored)
        return stored

    def _arranged(self, stored: NDArray) -> NDArray:
        """Stored values as (rows, columns) or (rows, columns, 3)."""
        pixels = self.format
        if pixels.photometric in HALVED_CHROMA:
            if pixels.columns % 2:
                raise SeriesError(
                    f"its colours are shared by pairs of pixels, but its rows have an odd length; {FETCH}"
                )
            return _full_chroma(stored).reshape(pixels.rows, pixels.columns, 3)
        if pixels.samples == 1:
            return stored.reshape(pixels.rows, pixels.columns)
        if pixels.planar == 1:
            return stored.reshape(3, pixels.rows, pixels.columns).transpose(1, 2, 0)
        return stored.reshape(pixels.rows, pixels.columns, 3)

    # Compressed pixels

    @cached_property
    def _compressed(self) -> bool:
        compressed = self._syntax not in NATIVE
        if not compressed and self._length is None:
            raise SeriesError(f"its pixels are compressed, but its transfer syntax says they are not; {FETCH}")
        if compressed and self.format.keyword != "PixelData":
            from pydicom.uid import UID

            raise SeriesError(f"fractions cannot be compressed as {UID(self._syntax).name}; {FETCH}")
        return compressed

    @cached_property
    def _fragments(self) -> Fragments:
        return Fragments(self._header, self._content, self._end, self.format.frames)

    def _decoded(self, frame_number: int) -> tuple[NDArray, str]:
        """Stored values of a compressed frame, and in what kind of colour they are."""
        return decode(self._fragments.codestream(frame_number), self._syntax, self.format)

    # From stored values to those that are shown

    def _rescale(self, frame_number: int) -> Rescale:
        if not self._rescale_varies:
            frame_number = 0
        if frame_number not in self._rescales:
            self._rescales[frame_number] = rescale_of(self._header, frame_number)
        return self._rescales[frame_number]

    @cached_property
    def _rescales(self) -> dict[int, Rescale]:
        return {}

    @cached_property
    def _rescale_varies(self) -> bool:
        return "PerFrameFunctionalGroupsSequence" in self._header

    def _finish(self, stored: NDArray, photometric: str, frame_number: int, out: NDArray) -> None:
        """Stored values (rows, columns[, 3]) into out: rescaled, or as red, green and blue."""
        if not self.format.colour:
            _rescale_into(stored, self._rescale(frame_number), out)
        elif self.format.photometric == PALETTE:
            first, table = self._palette
            out[...] = table[np.clip(stored.astype(np.int64) - first, 0, len(table) - 1)]
        else:
            out[...] = _as_rgb(_to_eight_bits(stored, self.format.stored), photometric)

    @cached_property
    def _palette(self) -> tuple[int, NDArray[np.uint8]]:
        """The first stored value that the palette is for, and its colours, (n, 3). DICOM PS3.3 C.7.9."""
        colours = [_palette_colour(self._header, colour) for colour in PALETTE_COLOURS]
        first = colours[0][0]
        if any(start != first or len(entries) != len(colours[0][1]) for start, entries in colours):
            raise SeriesError("its palette has colours of different lengths; export it as RGB")
        return first, np.stack([entries for _, entries in colours], axis=1)


def _functional_groups(header: Header, frame_number: int) -> Iterator[Elements]:
    per_frame = header.items("PerFrameFunctionalGroupsSequence")
    if frame_number < len(per_frame):
        yield per_frame[frame_number]
    yield from header.items("SharedFunctionalGroupsSequence")[:1]


def _linear_rescale(elements: Elements) -> Rescale:
    slope, intercept = _number(elements, "RescaleSlope", 1.0), _number(elements, "RescaleIntercept", 0.0)
    if slope is None or intercept is None:
        return Rescale(problem="Its rescale is not a number: stored values are shown, without a unit.")
    if not 1e-20 < abs(slope) < 1e20 or not abs(intercept) <= 1e9:  # float32 holds no more; NaN fails both
        return Rescale(
            problem=f"Its rescale is impossible (slope {slope:g}, intercept {intercept:g}): stored values are shown, "
            "without a unit."
        )
    return Rescale(slope, intercept)


def _number(elements: Elements, keyword: str, absent: float) -> float | None:
    return elements.number(keyword) if (elements.raw(keyword) or b"").strip(b" \0") else absent


def _ends(stored: tuple[int, int], rescale: Rescale) -> tuple[int, int]:
    """The smallest and the largest value that stored values between two give, for a whole rescale."""
    ends = [value * int(rescale.slope) + int(rescale.intercept) for value in stored]
    return min(ends), max(ends)


def _fit(ends: tuple[int, int], dtype: np.dtype) -> bool:
    limits = np.iinfo(dtype)
    return limits.min <= ends[0] and ends[1] <= limits.max


def _require(ends: tuple[int, int], dtype: np.dtype) -> None:
    if not _fit(ends, dtype):
        raise ValuesDoNotFit("int32" if _fit(ends, np.dtype(np.int32)) else "float32")


def _rescale_into(stored: NDArray, rescale: Rescale, out: NDArray) -> None:
    if rescale.table is not None:
        table = np.array(rescale.table, np.int64)
        stored = table[np.clip(stored.astype(np.int64) - rescale.first, 0, len(table) - 1)]
    if out.dtype.kind == "f":
        with np.errstate(over="ignore"):
            out[...] = stored.astype(np.float64) * rescale.slope + rescale.intercept
        return
    if not rescale.whole or stored.dtype.kind == "f":
        raise ValuesDoNotFit("float32")
    _require(_ends((int(stored.min()), int(stored.max())), rescale), out.dtype)
    if rescale.slope == 1:
        np.add(stored, int(rescale.intercept), out=out, dtype=np.int64, casting="unsafe")
    else:
        out[...] = stored.astype(np.int64) * int(rescale.slope) + int(rescale.intercept)


def _fill(stream: BinaryIO, target: memoryview) -> None:
    """Read into target until it is full: one call may give less than is there."""
    done = 0
    while done < len(target):
        count = stream.readinto(target[done:])  # type: ignore[attr-defined]
        if not count:
            raise SeriesError(f"it ends within its pixels; {FETCH}")
        done += count


# Colour


def _as_rgb(colours: NDArray[np.uint8], photometric: str) -> NDArray[np.uint8]:
    if photometric.startswith("YBR_PARTIAL"):
        return _from_partial_range(colours)
    from pydicom.pixels.processing import convert_color_space

    return convert_color_space(colours, "YBR_FULL", "RGB") if photometric.startswith("YBR_FULL") else colours


def _full_chroma(stored: NDArray) -> NDArray:
    """Y1 Y2 B R, two pixels, to Y1 B R Y2 B R. DICOM PS3.3 C.7.6.3.1.2."""
    pairs = stored[: stored.size // 4 * 4].reshape(-1, 4)
    return pairs[:, (0, 2, 3, 1, 2, 3)].reshape(-1)


def _from_partial_range(stored: NDArray) -> NDArray[np.uint8]:
    """RGB of 8-bit YBR_PARTIAL values (Y 16 to 235, B and R 16 to 240): the inverse of DICOM PS3.3 C.7.6.3.1.2."""
    forward = np.array([[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]])
    rgb = (stored.astype(np.float32) - (16, 128, 128)) @ np.linalg.inv(forward).T
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def _to_eight_bits(stored: NDArray, bits: int) -> NDArray[np.uint8]:
    if bits > 8:
        return (stored >> (bits - 8)).astype(np.uint8)
    full = (1 << bits) - 1
    return stored.astype(np.uint8) if bits == 8 else (stored.astype(np.uint16) * 255 // full).astype(np.uint8)


def _palette_colour(header: Header, colour: str) -> tuple[int, NDArray[np.uint8]]:
    """First stored value and 8-bit entries of one colour of the palette. 16-bit entries hold an 8-bit colour in their
    upper byte; some writers repeat it in the lower one."""
    name = f"{colour}PaletteColorLookupTableData"
    name = name if name in header else f"Segmented{name}"
    table = _lookup_table(header, header, f"{colour}PaletteColorLookupTableDescriptor", name)
    if table is None:
        raise SeriesError(f"its palette ({colour.lower()}) cannot be read; export it as RGB")
    first, bits, entries = table
    return first, (entries >> bits - 8).astype(np.uint8)


def _lookup_table(
    header: Header, elements: Elements, descriptor: str, data: str
) -> tuple[int, int, NDArray[np.uint16]] | None:
    """First stored value, bits of an entry and entries of a lookup table; None if it cannot be read.

    DICOM PS3.3 C.11.1.1.1. The first stored value has the sign of the pixels, whatever VR the file gives it.
    """
    layout, raw = elements.raw(descriptor), elements.raw(data)
    if layout is None or len(layout) < 6 or not raw:
        return None
    order = "<" if header.little_endian else ">"
    sign = "h" if header.whole("PixelRepresentation") else "H"
    count, first, bits = struct.unpack(f"{order}H{sign}H", layout[:6])
    count = count or 65536
    if not 8 <= bits <= 16:
        return None
    words = np.frombuffer(raw, f"{order}u2", len(raw) // 2).astype(np.uint16)
    pairs = words.view(np.uint8)  # 8-bit entries, two to a word, the first one lower
    if data.startswith("Segmented"):
        entries = _segments((pairs if bits == 8 else words).tolist(), count)
    elif len(words) >= count:
        entries = words[:count]
    elif len(pairs) >= count:
        entries, bits = pairs[:count].astype(np.uint16), 8
    else:
        entries = None
    return None if entries is None else (first, bits, entries)


def _segments(words: list[int], count: int) -> NDArray[np.uint16] | None:
    """Entries of a segmented palette: runs and straight lines. DICOM PS3.3 C.7.9.2. None unless they make count.

    Indirect segments are not read: readers disagree on whether they count bytes or words.
    """
    entries: list[int] = []
    position = 0
    while position + 2 < len(words) and len(entries) < count:
        kind, length = words[position : position + 2]
        if kind == 0:
            entries += words[position + 2 : position + 2 + length]
            position += 2 + length
        elif kind == 1 and entries:
            entries += np.rint(np.linspace(entries[-1], words[position + 2], length + 1)[1:]).astype(int).tolist()
            position += 3
        else:
            return None
    return np.array(entries, np.uint16) if len(entries) == count else None
