"""The header of one DICOM file: a fast parser that no file can lead astray. The only thing that reads headers.

Bounded in bytes, elements, items and depth, never recursive. Elements that nothing here needs are stepped over by
their length, unread, and what is inside them is not judged. DICOM PS3.5 chapter 7 and PS3.10 chapter 7.
"""

from __future__ import annotations

import codecs
import io
import math
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, Literal, cast

from viewer.core.study import SeriesError
from viewer.io.dicom_tags import TAGS

DEFLATED = "1.2.840.10008.1.2.1.99"
IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
EXPLICIT_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFAULT_ENCODING = "iso8859"  # pydicom's where a file declares none

PixelKeyword = Literal["PixelData", "FloatPixelData", "DoubleFloatPixelData"]

_CHUNK_BYTES = 1 << 14  # holds most headers whole
_MAX_GROWTH_BYTES = 16 << 20
_PIECE_BYTES = 1 << 20  # of inflated bytes at a time
_MAX_HEADER_BYTES = 256 << 20  # enough for 100,000 frames with their functional groups
_MAX_ELEMENTS = 2_000_000
_MAX_ITEMS = 200_000
_MAX_DEPTH = 64
_REMEMBERED_BYTES = 128  # of values not decoded again: the files of a series repeat most of each other's
_MAX_TEXT_BYTES = 10_240  # the longest that a text VR allows (LT), PS3.5 6.2; nothing wanted here is as long
_MAX_NUMBERS = 1_000_000  # of one element: more than a table has entries or a recording frames

# The dictionary knows the repeating groups 60xx only by a mask. PS3.3 C.9.2.
_OVERLAY_TAGS = {
    "OverlayRows": (0x60000010, "US"),
    "OverlayColumns": (0x60000011, "US"),
    "NumberOfFramesInOverlay": (0x60000015, "IS"),
    "OverlayType": (0x60000040, "CS"),
    "OverlayOrigin": (0x60000050, "SS"),
    "ImageFrameOrigin": (0x60000051, "US"),
    "OverlayBitsAllocated": (0x60000100, "US"),
    "OverlayBitPosition": (0x60000102, "US"),
    "OverlayLabel": (0x60001500, "LO"),
    "OverlayData": (0x60003000, "OW"),
}
_OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
# What standardised uptake values need where the scanner keeps it to itself: Philips' factor, GE's scan time.
_PRIVATE = ((0x7053, 0x00), (0x0009, 0x0D))

# Of objects of annotations alone: in an image what they hold may be as odd as it likes.
_REFERENCE_TAGS = {
    "ReferencedSeriesSequence": (0x00081115, "SQ"),
    "CurrentRequestedProcedureEvidenceSequence": (0x0040A375, "SQ"),
    "PertinentOtherEvidenceSequence": (0x0040A385, "SQ"),
    "ReferencedFrameOfReferenceSequence": (0x30060010, "SQ"),
    "RTReferencedStudySequence": (0x30060012, "SQ"),
    "RTReferencedSeriesSequence": (0x30060014, "SQ"),
}

_PIXEL_TAGS: dict[int, PixelKeyword] = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF


_VALUE, _SEQUENCE, _PIXELS, _END = 1, 2, 3, 4
_TAGS = TAGS | _OVERLAY_TAGS
_KINDS = (
    {(group - 0x6000 << 16) + tag: _VALUE for group in _OVERLAY_GROUPS for tag, _ in _OVERLAY_TAGS.values()}
    | {group << 16 | block << 8 | last: _VALUE for group, last in _PRIVATE for block in range(0x10, 0x100)}
    | {group << 16 | block: _VALUE for group, _ in _PRIVATE for block in range(0x10, 0x100)}
    | {tag: _SEQUENCE if vr == "SQ" else _VALUE for tag, vr in TAGS.values()}
    | dict.fromkeys(_PIXEL_TAGS, _PIXELS)
    | {_ITEM_END: _END}
)
_REFERENCE_KINDS = _KINDS | {tag: _SEQUENCE for tag, _ in _REFERENCE_TAGS.values()}
_CHARACTER_SET, _PIXEL_REPRESENTATION, _TRANSFER_SYNTAX = 0x00080005, 0x00280103, 0x00020010

_LONG_VRS = dict.fromkeys(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split(), True) | dict.fromkeys(
    b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split(), False
)  # whether the length of an element takes four bytes behind two empty ones, PS3.5 7.1.2
_SEQUENCE_VRS = (b"SQ", b"UN", b"")
_FORMATS = {b"US": "H", b"SS": "h", b"UL": "L", b"SL": "l", b"UV": "Q", b"SV": "q", b"FL": "f", b"FD": "d",
            b"OB": "B", b"OW": "H", b"OL": "L", b"OV": "Q", b"OF": "f", b"OD": "d"}  # fmt: skip
_DECIMAL_VRS = (b"DS", b"IS")
_LOCAL_TEXT_VRS = frozenset(("SH", "LO", "ST", "LT", "PN", "UC", "UT"))  # written in the file's own character set
_ONE_TEXT_VRS = frozenset(("ST", "LT", "UR", "UT"))  # a backslash is a letter
_DELIMITERS = {0x09, 0x0A, 0x0C, 0x0D, 0x5C}  # after which the first character set holds again, PS3.5 6.1.2.5.3
_NAME_DELIMITERS = _DELIMITERS | {0x5E, 0x3D}


@dataclass(frozen=True)
class PixelElement:
    """Where the pixels are: bytes from the start of Header.content, behind the element's own header.

    length is what the file declares, which may be more than it holds; None if undefined, as of compressed pixels.
    """

    keyword: PixelKeyword
    offset: int
    length: int | None


class Elements:
    """The wanted elements of a data set or of one item of a sequence, kept raw and decoded when they are asked for.

    Keywords are those of PS3.6. Asking for one that this module does not keep is a mistake of the caller: KeyError.
    """

    __slots__ = ("_parent", "_sequences", "_values", "little_endian")

    def __init__(self, parent: Elements | None, little_endian: bool = True) -> None:
        self._parent = parent
        self.little_endian = little_endian if parent is None else parent.little_endian
        self._values: dict[int, tuple[bytes, bytes]] = {}  # VR, empty if the file tells none, and value
        self._sequences: dict[int, list[Elements]] = {}

    def __contains__(self, keyword: str) -> bool:
        tag, _ = _TAGS[keyword]
        return tag in self._values or tag in self._sequences

    def raw(self, keyword: str) -> bytes | None:
        """The value's bytes as they are in the file; None if it is absent, or a sequence."""
        found = self._values.get(_TAGS[keyword][0])
        return None if found is None else found[1]

    def text(self, keyword: str) -> str:
        """The decoded text without padding; several values are joined by a backslash. Empty if absent.

        What its character set cannot decode becomes U+FFFD and a sentence in the header's warnings.
        """
        texts = self.texts(keyword)
        return texts[0] if len(texts) == 1 else "\\".join(texts)

    def texts(self, keyword: str) -> tuple[str, ...]:
        """The values of a text, each without padding; () if absent or empty."""
        tag, vr = _TAGS[keyword]
        found = self._values.get(tag)
        if found is None or not found[1]:
            return ()
        value = found[1]
        if len(value) <= _REMEMBERED_BYTES and value.isascii() and b"\x1b" not in value:  # in any character set
            return _remembered_texts(value, vr)
        return _texts(self._decoded(value, vr), vr)

    def numbers(self, keyword: str) -> tuple[float, ...] | None:
        """The values of a number, decoded by their VR; of a tag (AT) group and element as one number.

        None if absent or empty, if any of them is no finite number, or if they are more than a million.
        """
        tag, dictionary_vr = _TAGS[keyword]
        found = self._values.get(tag)
        if found is None or not found[1]:
            return None
        vr, value = found
        if dictionary_vr == "AT" and vr not in _DECIMAL_VRS:
            vr = b"AT"
        elif vr in _FORMATS:
            if vr == b"OB" and dictionary_vr not in ("OB", "OB or OW"):
                vr = self._settled(dictionary_vr)
        elif vr not in _DECIMAL_VRS and vr != b"AT":  # so UN, or none told
            vr = self._settled(dictionary_vr)
        numbers = _remembered_numbers if len(value) <= _REMEMBERED_BYTES else _numbers
        return numbers(value, vr, self.little_endian)

    def number(self, keyword: str) -> float | None:
        """The first of numbers."""
        numbers = self.numbers(keyword)
        return numbers[0] if numbers else None

    def whole(self, keyword: str) -> int | None:
        """The first of numbers if it is a whole one."""
        numbers = self.numbers(keyword)
        return int(numbers[0]) if numbers and numbers[0].is_integer() else None

    def items(self, keyword: str) -> list[Elements]:
        """The items of a sequence in their order, [] if it is absent."""
        tag, _ = _TAGS.get(keyword) or _REFERENCE_TAGS[keyword]
        return self._sequences.get(tag, [])

    def private(self, group: int, creator: str, element: int) -> str:
        """The text of a private element (group, xx element), where xx is the block of its creator; empty if absent.

        Only those that standardised uptake values need are kept. PS3.5 7.8.1.
        """
        for block in range(0x10, 0x100):
            found = self._values.get(group << 16 | block)
            if found is not None and found[1].strip(b" \0") == creator.encode():
                value = self._values.get(group << 16 | block << 8 | element)
                return "" if value is None else value[1].decode("latin-1").strip(" \0")
        return ""

    @property
    def _root(self) -> Header:
        elements = self
        while elements._parent is not None:
            elements = elements._parent
        return cast(Header, elements)

    def _inherited(self, tag: int) -> bytes:
        """A value of this item, or of the nearest data set around it that has it."""
        elements: Elements | None = self
        while elements is not None:
            if tag in elements._values:
                return elements._values[tag][1]
            elements = elements._parent
        return b""

    def _settled(self, dictionary_vr: str) -> bytes:
        """The VR of an element that the dictionary leaves open. PS3.5 A.1 d."""
        if dictionary_vr == "US or SS":
            return b"SS" if self._inherited(_PIXEL_REPRESENTATION).strip(b"\0") else b"US"
        return b"US" if dictionary_vr in ("US or OW", "US or SS or OW") else dictionary_vr[:2].encode()

    def _decoded(self, value: bytes, vr: str) -> str:
        if len(value) > _MAX_TEXT_BYTES:
            value = value[:_MAX_TEXT_BYTES]
            self._root._warned.setdefault("One of its texts is longer than DICOM allows, and is cut.")
        value = value.rstrip(b"\0 ").replace(b"\0", b"")
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        if vr not in _LOCAL_TEXT_VRS:
            return value.decode(_DEFAULT_ENCODING)
        character_set = self._inherited(_CHARACTER_SET).strip(b"\0 ")
        encodings, warning = _encodings(character_set)
        from pydicom.charset import decode_bytes

        with warnings.catch_warnings():  # what pydicom warns of becomes a sentence of ours
            warnings.simplefilter("ignore")
            text = decode_bytes(value, encodings, _NAME_DELIMITERS if vr == "PN" else _DELIMITERS)
        text = text.replace("\x1b", "\ufffd")  # left over of an escape sequence that the character set does not know
        if not warning and "\ufffd" in text:
            warning = (
                "Some letters of its texts are not in the character set that it declares, and are shown as \ufffd."
            )
        if warning:
            self._root._warned[warning] = None
        return text


class Header(Elements):
    """The header of one file: its wanted elements, those of its file meta information among them, and its encoding.

    transfer_syntax is the one that the header is written in where the file tells none. pixels is None for an object
    that has none.
    """

    __slots__ = ("_deflated_from", "_warned", "implicit_vr", "pixels", "transfer_syntax")

    def __init__(self, transfer_syntax: str, implicit_vr: bool, little_endian: bool, deflated_from: int | None) -> None:
        super().__init__(None, little_endian)
        self.transfer_syntax = transfer_syntax
        self.implicit_vr = implicit_vr
        self.pixels: PixelElement | None = None
        self._deflated_from = deflated_from
        self._warned: dict[str, None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each doubt about the texts that have been asked for so far."""
        return tuple(self._warned)

    def overlay_groups(self) -> list[Elements]:
        """The overlay planes (60xx), to be asked by the keywords of PS3.3 C.9.2: OverlayRows, OverlayData ..."""
        planes = []
        if max(self._values, default=0) >> 16 < _OVERLAY_GROUPS.start:
            return planes
        for group in sorted({tag >> 16 for tag in self._values}.intersection(_OVERLAY_GROUPS)):
            shift = group - 0x6000 << 16
            plane = Elements(self)
            plane._values = {
                tag: self._values[tag + shift] for tag, _ in _OVERLAY_TAGS.values() if tag + shift in self._values
            }
            planes.append(plane)
        return planes

    def content(self, stream: BinaryIO, limit_bytes: int = 1 << 30) -> BinaryIO:
        """The stream that the offset of the pixels counts in: the file's own, or the inflated rest of a deflated one.

        Inflates at most limit_bytes, into memory: ask for no more than the pixels' offset and their size by Rows,
        Columns and so on. What a truncated file does not hold is missing at the end. Raises SeriesError.
        """
        if self._deflated_from is None:
            return stream
        inflated = io.BytesIO()
        for piece in _Inflated(stream, self._deflated_from).pieces(limit_bytes):
            inflated.write(piece)
        inflated.seek(0)
        return inflated


def read_header(stream: BinaryIO, size: int) -> Header:
    """The header of a DICOM file, up to its pixels; with or without preamble and file meta information.

    stream is seekable and size its length in bytes; its position is not kept. Raises SeriesError for what is no DICOM,
    for a header that ends early or contradicts itself, and for one beyond the bounds of this module.
    """
    try:
        return _read_header(_Plain(stream, size))
    except struct.error as error:  # of an element's own header cut off at the end
        raise _damaged("it ends in the middle of an element") from error


def read_references(stream: BinaryIO, size: int) -> Header:
    """The same with the sequences in which an object of annotations names the series that it was drawn on."""
    return _read_header(_Plain(stream, size), _REFERENCE_KINDS)


def _read_header(file: _Plain, kinds: dict[int, int] = _KINDS) -> Header:
    first = file.read(0, _CHUNK_BYTES)
    start = 132 if first[128:132] == b"DICM" else 0
    if not start and not begins_like_dicom(first):
        raise SeriesError("the file is not DICOM; open a DICOM, NIfTI, NRRD, MHA, PNG or JPEG file instead")
    meta, first, start = _read_meta(file, first, start)
    _, syntax_uid = meta.get(_TRANSFER_SYNTAX, (b"UI", b""))
    syntax = syntax_uid[:64].strip(b"\0 ").decode("latin-1")  # no UID is longer, PS3.5 6.2
    deflated_from = start if syntax == DEFLATED else None
    source: _Plain | _Inflated = file
    if deflated_from is not None:
        source = _Inflated(file.stream, deflated_from)
        first, start = source.read(0, _CHUNK_BYTES), 0
    implicit, little = _encoding(first[start : start + 6], syntax)
    told = IMPLICIT_LITTLE_ENDIAN if implicit else EXPLICIT_LITTLE_ENDIAN if little else EXPLICIT_BIG_ENDIAN
    header = Header(syntax or told, implicit, little, deflated_from)
    header._values.update(meta)
    header.pixels = _read_elements(header, source, first, start, kinds)
    return header


def begins_like_dicom(first: bytes) -> bool:
    """True if a file without a preamble begins with an element that comes first: (0002,0000) to (0002,0018), or of
    group 8 up to the SOP Instance UID, (0008,0018); in either byte order, big endian with a VR."""
    if first[:2] == b"\0\x08":
        return _is_vr(first[4:6]) and int.from_bytes(first[2:4], "big") <= 0x18
    return len(first) >= 8 and first[:2] in (b"\x02\0", b"\x08\0") and int.from_bytes(first[2:4], "little") <= 0x18


def _encoding(first: bytes, syntax: str) -> tuple[bool, bool]:
    """Whether a data set that begins so is in implicit VR, and whether in little endian: by its first element rather
    than by a transfer syntax that may be wrong or missing."""
    if len(first) < 6:
        return syntax in ("", IMPLICIT_LITTLE_ENDIAN), syntax != EXPLICIT_BIG_ENDIAN
    implicit = not _is_vr(first[4:6])
    swapped = int.from_bytes(first[:2], "little") >= 0x400  # group 0x0008 in the other byte order is 0x0800
    return implicit, not (syntax == EXPLICIT_BIG_ENDIAN or (not syntax and not implicit and swapped))


def _is_vr(vr: bytes) -> bool:
    """True for two capitals; else they are half of the length of an element in implicit VR, which some writers put
    into explicit files."""
    return vr.isalpha() and vr.isupper()


def _read_meta(file: _Plain, first: bytes, p: int) -> tuple[dict[int, tuple[bytes, bytes]], bytes, int]:
    """File meta information (group 2), the beginning of the file, longer where need be, and where the data set
    begins in it. Its own group length is not trusted, and a command set (group 0) left behind it is skipped."""
    meta: dict[int, tuple[bytes, bytes]] = {}
    while True:
        if p + 12 > len(first) < file.size:
            first = file.read(0, p + _CHUNK_BYTES)
        group = int.from_bytes(first[p : p + 2], "little")
        if group not in (0, 2) or len(first) < p + 8:
            return meta, first, p
        element, vr, length = struct.unpack_from("<H2sH", first, p + 2)
        p += 8
        if group == 0 or not _is_vr(vr):
            length = int.from_bytes(first[p - 4 : p], "little")
        elif _LONG_VRS.get(vr):
            length = int.from_bytes(first[p : p + 4], "little")
            p += 4
        tag = group << 16 | element
        if p + length > file.size:
            raise _damaged(f"({group:04X},{element:04X}) reaches beyond the end of the file")
        if p + length > len(first):
            first = file.read(0, p + length + _CHUNK_BYTES)
        if tag in _KINDS:
            meta[tag] = (vr, first[p : p + length])
        p += length


def _read_elements(
    header: Header, source: _Plain | _Inflated, data: bytes, p: int, kinds: dict[int, int]
) -> PixelElement | None:
    """Fills a header with its wanted elements and, down to any depth allowed, those of its wanted sequences.

    data are the first bytes of the source and the data set begins at p in them. Returns where the pixels are. One loop
    for all levels, and everything that it touches local, because this is what a scan of thousands of files waits for.
    """
    order = "<" if header.little_endian else ">"
    read_implicit = struct.Struct(order + "HHL").unpack_from
    read_explicit = struct.Struct(order + "HH2sH").unpack_from
    read_length = struct.Struct(order + "L").unpack_from
    kind_of, is_long, undefined = kinds.get, _LONG_VRS.get, _UNDEFINED
    base = 0  # of data in the source
    filled = len(data)

    # Of the data set or the sequence that is being read; those around it wait on the stack. Positions count in data.
    elements: Elements | None = header  # None: nothing of it is wanted
    items: list[Elements] | None = None  # of a sequence, to which its items are added
    in_sequence = False
    limit = source.size  # nothing in it reaches further
    ends_at_limit = False  # else at a delimiter
    implicit: bool | None = header.implicit_vr  # None: not yet seen, an item may be implicit in an explicit file
    stack: list[tuple[Elements | None, list[Elements] | None, bool, int, bool, bool | None]] = []
    item_count = 0

    for _ in range(_MAX_ELEMENTS):
        if p + 12 > filled:
            if base + filled < source.size:
                drop = 0 if stack else p
                data = source.more(data, base, drop, p + 12)
                base, p, limit, filled = base + drop, p - drop, limit - drop, len(data)
            if p + 8 > filled and not (ends_at_limit and p >= limit):
                if stack or data[p:].strip(b"\0"):
                    raise _damaged("it ends too early")
                return None
        if ends_at_limit and p >= limit:
            if p > limit:
                raise _damaged("a sequence reaches beyond the end of the item around it")
            elements, items, in_sequence, limit, ends_at_limit, implicit = stack.pop()
            continue

        if in_sequence:
            group, element, length = read_implicit(data, p)
            p += 8
            tag = group << 16 | element
            if tag == _SEQUENCE_END:
                p = limit if ends_at_limit else p
                elements, items, in_sequence, limit, ends_at_limit, implicit = stack.pop()
                continue
            if tag != _ITEM:
                raise _damaged(f"({group:04X},{element:04X}) stands where an item of a sequence should begin")
            item_count += 1
            if item_count > _MAX_ITEMS:
                raise SeriesError(f"its header has more than {_MAX_ITEMS:,} sequence items; no image needs so many")
            if length != undefined and p + length > limit:
                raise _damaged("an item of a sequence reaches beyond its end")
            if length != undefined and items is None:
                p += length
                continue
            stack.append((elements, items, True, limit, ends_at_limit, implicit))
            elements = None if items is None else Elements(elements)
            if items is not None and elements is not None:
                items.append(elements)
            in_sequence, ends_at_limit = False, length != undefined
            limit = p + length if ends_at_limit else limit
            implicit = implicit or None
            continue

        if implicit:
            group, element, length = read_implicit(data, p)
            vr = b""
            p += 8
        else:
            group, element, vr, length = read_explicit(data, p)
            p += 8
            long = is_long(vr)
            if long:
                length = read_length(data, p)[0]
                p += 4
            elif long is None and not _is_vr(vr):
                length = read_length(data, p - 4)[0]
                vr = b""
            if implicit is None:
                implicit = not vr and group != 0xFFFE
        tag = group << 16 | element
        kind = kind_of(tag)
        stop = p + length
        if kind is None and stop <= limit and length != undefined:
            p = stop
            continue

        if kind == _PIXELS and not stack:
            return PixelElement(_PIXEL_TAGS[tag], base + p, None if length == undefined else length)
        if kind == _END:
            if not stack:
                return None  # as pydicom does with a delimiter that delimits nothing
            p = limit if ends_at_limit else p
            elements, items, in_sequence, limit, ends_at_limit, implicit = stack.pop()
            continue
        if length != undefined and stop > limit:
            end = "its item" if stack else "the file"
            raise _damaged(f"({group:04X},{element:04X}) reaches beyond the end of {end}")

        if length == undefined or (kind == _SEQUENCE and elements is not None and vr in _SEQUENCE_VRS):
            if len(stack) >= 2 * _MAX_DEPTH:
                raise SeriesError(f"its sequences are nested more than {_MAX_DEPTH} deep; no image needs that")
            stack.append((elements, items, False, limit, ends_at_limit, implicit))
            items = None
            if kind == _SEQUENCE and elements is not None:
                items = elements._sequences[tag] = []
            in_sequence, ends_at_limit = True, length != undefined
            limit = stop if ends_at_limit else limit
            continue
        if kind == _VALUE and elements is not None:
            if stop > filled:
                drop = 0 if stack else p
                data = source.more(data, base, drop, stop)
                base, p, stop, limit, filled = base + drop, p - drop, stop - drop, limit - drop, len(data)
            elements._values[tag] = (vr, data[p:stop])
        p = stop
    raise SeriesError(f"its header has more than {_MAX_ELEMENTS:,} elements; no image needs so many")


class _Plain:
    """The bytes of a file, as many as a header may have."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self.stream = stream
        self.size = size
        self._given = 0

    def read(self, position: int, count: int) -> bytes:
        """Bytes from a position in the file, as far as there are any."""
        count = max(min(count, self.size - position), 0)
        self._given += count
        if self._given > _MAX_HEADER_BYTES:
            raise _too_long()
        self.stream.seek(position)
        return self.stream.read(count)

    def more(self, data: bytes, base: int, drop: int, upto: int) -> bytes:
        return _more(self.read, data, base, drop, upto)


class _Inflated:
    """The inflated bytes of a deflated data set, to be read once and forwards. PS3.5 A.5."""

    size = 1 << 62  # unknown

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._at = 0
        stream.seek(start)

    def pieces(self, count: int) -> Iterator[bytes]:
        """The next count bytes, or as many as there are."""
        while count > 0 and not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._stream.read(_CHUNK_BYTES)
            try:
                piece = self._inflater.decompress(packed, min(count, _PIECE_BYTES))
            except zlib.error as error:
                raise _damaged("its deflated data cannot be inflated") from error
            if not piece and not packed:
                return
            self._at += len(piece)
            count -= len(piece)
            yield piece

    def read(self, position: int, count: int) -> bytes:
        """Bytes from a position that has not been read yet. Raises SeriesError if there is no such position."""
        if position + count > _MAX_HEADER_BYTES:
            raise _too_long()
        for _ in self.pieces(position - self._at):
            pass
        if self._at < position:
            raise _damaged("an element reaches beyond the end of the file")
        return b"".join(self.pieces(count))

    def more(self, data: bytes, base: int, drop: int, upto: int) -> bytes:
        return _more(self.read, data, base, drop, upto)


def _more(read: Callable[[int, int], bytes], data: bytes, base: int, drop: int, upto: int) -> bytes:
    """data, which begin at base, without their first drop bytes and with more behind, at least up to position upto
    in data as far as there are any. What is kept grows twofold at first, lest a long sequence be copied too often."""
    kept = data[drop:]
    count = max(upto - drop - len(kept), min(len(kept), _MAX_GROWTH_BYTES), _CHUNK_BYTES)
    return kept + read(base + drop + len(kept), count)


@lru_cache(maxsize=64)
def _encodings(character_set: bytes) -> tuple[tuple[str, ...], str]:
    """Python's codecs for a Specific Character Set, and a sentence if it is none that DICOM knows. PS3.3 C.12.1.1.2.

    Texts in an unknown one keep their ASCII letters, and the others become U+FFFD.
    """
    names = [name.strip() for name in character_set.decode("latin-1").split("\\")]
    codes = [_codec(name) for name in names]
    warning = ""
    if not all(codes):
        warning = "Its texts are in an unknown character set; letters other than A to Z are shown as \ufffd."
    elif codes == [_DEFAULT_ENCODING]:
        warning = "Its texts have letters other than A to Z but no character set for them; they may be wrong."
    return (codes[0] or "ascii", *(code for code in codes[1:] if code)), warning


def _codec(name: str) -> str | None:
    """Python's codec for one defined term, with the usual slips of writers."""
    from pydicom.charset import python_encoding

    term = re.sub("^ISO[^0-9A-Z]?IR[^0-9]?", "ISO_IR ", name)
    term = re.sub("^ISO.2022.IR.", "ISO 2022 IR ", term)
    if term in python_encoding:
        return python_encoding[term]
    try:
        python_name = codecs.lookup(name[:32]).name
    except (LookupError, ValueError):
        return None
    return python_name if python_name in {codecs.lookup(codec).name for codec in python_encoding.values()} else None


def _texts(text: str, vr: str) -> tuple[str, ...]:
    """The values of a decoded text, each without padding."""
    parts = [text] if vr in _ONE_TEXT_VRS else text.split("\\")
    padding = " =" if vr == "PN" else " "  # a name may end in empty component groups, PS3.5 6.2.1.1
    if vr not in _ONE_TEXT_VRS:
        parts = [printable(part) for part in parts]
    return tuple(part.strip().rstrip(padding) for part in parts) if text.strip() else ()


def printable(text: str) -> str:
    """A text for one line of the screen: line breaks and other control characters become spaces."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


@lru_cache(4096)
def _remembered_texts(value: bytes, vr: str) -> tuple[str, ...]:
    return _texts(value.decode("ascii").rstrip("\0 ").replace("\0", ""), vr)


def _numbers(value: bytes, vr: bytes, little_endian: bool) -> tuple[float, ...] | None:
    """The finite numbers that a value holds in a VR, None if there is none or any other."""
    if vr in _DECIMAL_VRS:
        return _decimals(value)
    order = "<" if little_endian else ">"
    if vr == b"AT":
        pairs = struct.iter_unpack(order + "HH", value[: 4 * _MAX_NUMBERS]) if len(value) % 4 == 0 else ()
        return tuple(float(group << 16 | element) for group, element in pairs) or None
    if vr not in _FORMATS:
        return None
    form = order + _FORMATS[vr]
    if len(value) % struct.calcsize(form) or len(value) > struct.calcsize(form) * _MAX_NUMBERS:
        return None
    numbers = tuple(float(number) for (number,) in struct.iter_unpack(form, value))
    return numbers if all(map(math.isfinite, numbers)) else None


_remembered_numbers = lru_cache(4096)(_numbers)


def _decimals(value: bytes) -> tuple[float, ...] | None:
    """The numbers of a decimal or integer string (PS3.5 6.2), None if any is none or not finite."""
    if b"_" in value or value.count(b"\\") >= _MAX_NUMBERS:  # Python would allow the former
        return None
    try:
        numbers = tuple(float(part.strip(b" \0")) for part in value.split(b"\\"))
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _damaged(what: str) -> SeriesError:
    return SeriesError(f"its header is truncated or damaged ({what}); fetch the file again")


def _too_long() -> SeriesError:
    return SeriesError(f"its header is longer than {_MAX_HEADER_BYTES >> 20} MB; no image needs so much")
