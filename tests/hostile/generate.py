"""Damaged and lying files, made from small good ones: the same bytes for the same seed, on any machine.

Nothing here uses the product. DICOM is written element by element (PS3.5 7.1), so that a file can say anything.
"""

from __future__ import annotations

import gzip
import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from pydicom.data import get_testdata_file

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"

# As faults.md and pydicom's own README count them: damaged or odd on purpose.
BAD_FILES_OF_PYDICOM = (
    "badVR.dcm",
    "MR_truncated.dcm",
    "rtplan_truncated.dcm",
    "no_meta.dcm",
    "no_meta_group_length.dcm",
    "meta_missing_tsyntax.dcm",
    "ExplVR_BigEndNoMeta.dcm",
    "ExplVR_LitEndNoMeta.dcm",
    "J2K_pixelrep_mismatch.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "693_J2KI.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
    "UN_sequence.dcm",
    "reportsi_with_empty_number_tags.dcm",
    "empty_charset_LEI.dcm",
    "MR_small_padded.dcm",
    "DICOMDIR-empty.dcm",
    "DICOMDIR-nooffset",
    "DICOMDIR-nopatient",
    "DICOMDIR-reordered",
)

SIZE = (16, 12)  # columns, rows of the picture below
SPACING = (0.8, 1.3, 2.5)

Elements = dict[int, tuple[str, bytes]]  # tag -> value representation, value

_LONG = ("OB", "OW", "OF", "OD", "OL", "SQ", "UN", "UT", "UC", "UR", "OV", "SV", "UV")


def element(tag: int, vr: str, value: bytes, length: int | None = None) -> bytes:
    """One element in explicit little endian; length is what it says of itself, where that is not the truth."""
    if length is None:
        value += (b"\0" if vr in ("UI", "OB", "OW", "UN") else b" ") * (len(value) % 2)
    said = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr.encode()
    return head + (struct.pack("<2xI", said) if vr in _LONG else struct.pack("<H", said & 0xFFFF)) + value


def dicom(elements: Elements, syntax: str = EXPLICIT_LITTLE, tail: bytes = b"") -> bytes:
    """A DICOM file with these elements, and after them the bytes of tail."""
    meta = b"".join(
        [
            element(0x00020002, "UI", b"1.2.840.10008.5.1.4.1.1.2"),
            element(0x00020003, "UI", b"1.2.826.0.1.3680043.10.543.1.1"),
            element(0x00020010, "UI", syntax.encode()),
        ]
    )
    body = b"".join(element(tag, *elements[tag]) for tag in sorted(elements)) + tail
    if syntax == DEFLATED:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        body = packer.compress(body) + packer.flush()
    return bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + body


def values(k: int = 0) -> np.ndarray:
    """Stored values [j, i] of the CT slice below; HU are 1024 less."""
    j, i = np.indices(SIZE[::-1])
    return (i + 20 * j + 300 * k + 7).astype("<u2")


def ct(k: int = 0, series: str = "1") -> Elements:
    """A small good CT slice at k times 2.5 mm, axial."""

    def short(number: int) -> tuple[str, bytes]:
        return "US", struct.pack("<H", number)

    root = f"1.2.826.0.1.3680043.10.543.{series}"
    return {
        0x00080005: ("CS", b"ISO_IR 100"),
        0x00080016: ("UI", b"1.2.840.10008.5.1.4.1.1.2"),
        0x00080018: ("UI", f"{root}.{k + 1}".encode()),
        0x00080060: ("CS", b"CT"),
        0x0008103E: ("LO", b"Phantom"),
        0x00100010: ("PN", b"Canary^Patient"),
        0x00100020: ("LO", b"CANARY-7"),
        0x0020000D: ("UI", b"1.2.826.0.1.3680043.10.543.99"),
        0x0020000E: ("UI", root.encode()),
        0x00200013: ("IS", str(50 - k).encode()),
        0x00200032: ("DS", f"-10.5\\4.25\\{SPACING[2] * k:g}".encode()),
        0x00200037: ("DS", b"1\\0\\0\\0\\1\\0"),
        0x00280002: short(1),
        0x00280004: ("CS", b"MONOCHROME2"),
        0x00280010: short(SIZE[1]),
        0x00280011: short(SIZE[0]),
        0x00280030: ("DS", f"{SPACING[1]}\\{SPACING[0]}".encode()),
        0x00280100: short(16),
        0x00280101: short(16),
        0x00280102: short(15),
        0x00280103: short(0),
        0x00281050: ("DS", b"40"),
        0x00281051: ("DS", b"400"),
        0x00281052: ("DS", b"-1024"),
        0x00281053: ("DS", b"1"),
        0x00281054: ("LO", b"HU"),
        0x7FE00010: ("OW", values(k).tobytes()),
    }


def changed(*pairs: tuple[int, str, bytes], without: tuple[int, ...] = (), **more) -> bytes:
    """The CT slice with some elements replaced or left out, as a file."""
    elements = {tag: held for tag, held in ct().items() if tag not in without}
    elements.update({tag: (vr, value) for tag, vr, value in pairs})
    return dicom(elements, **more)


def ultrasound() -> bytes:
    """Four colour frames of a cine, 12 x 16, with a palette."""
    elements = ct()
    for tag in (0x00200032, 0x00200037, 0x00280030, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281054):
        del elements[tag]
    table = np.arange(256, dtype="<u2") * 257
    elements |= {
        0x00080060: ("CS", b"US"),
        0x00181063: ("DS", b"40"),
        0x00280004: ("CS", b"PALETTE COLOR"),
        0x00280008: ("IS", b"4"),
        0x00280009: ("AT", struct.pack("<HH", 0x0018, 0x1063)),
        0x00280100: ("US", struct.pack("<H", 8)),
        0x00280101: ("US", struct.pack("<H", 8)),
        0x00280102: ("US", struct.pack("<H", 7)),
        **{0x00281101 + n: ("US", struct.pack("<3H", 256, 0, 16)) for n in range(3)},
        **{0x00281201 + n: ("OW", table[:: (1, 1, -1)[n]].tobytes()) for n in range(3)},
        0x7FE00010: ("OB", (np.arange(4 * 12 * 16) % 251).astype(np.uint8).tobytes()),
    }
    return dicom(elements)


def item(content: bytes) -> bytes:
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def enhanced(frames: int = 3, groups: int | None = None) -> bytes:
    """An enhanced CT of several frames with functional groups, PS3.3 C.7.6.16."""
    elements = ct()
    for tag in (0x00200032, 0x00200037, 0x00280030, 0x00281052, 0x00281053, 0x00281054):
        del elements[tag]
    measures = element(0x00280030, "DS", f"{SPACING[1]}\\{SPACING[0]}".encode())
    rescale = element(0x00281052, "DS", b"-1024") + element(0x00281053, "DS", b"1") + element(0x00281054, "LO", b"HU")
    shared = (
        element(0x00209116, "SQ", item(element(0x00200037, "DS", b"1\\0\\0\\0\\1\\0")))
        + element(0x00289110, "SQ", item(measures))
        + element(0x00289145, "SQ", item(rescale))
    )
    each = [
        item(element(0x00209113, "SQ", item(element(0x00200032, "DS", f"-10.5\\4.25\\{SPACING[2] * k:g}".encode()))))
        for k in range(frames if groups is None else groups)
    ]
    elements |= {
        0x00080016: ("UI", b"1.2.840.10008.5.1.4.1.1.2.1"),
        0x00280008: ("IS", str(frames).encode()),
        0x52009229: ("SQ", item(shared)),
        0x52009230: ("SQ", b"".join(each)),
        0x7FE00010: ("OW", b"".join(values(k).tobytes() for k in range(frames))),
    }
    return dicom(elements)


def nifti(**changes: tuple[int, bytes]) -> bytes:
    """A good NIfTI-1 of 9 x 7 x 5 int16, with some bytes of its header replaced: name=(offset, bytes)."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, 9, 7, 5, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)
    struct.pack_into("<8f", header, 76, 1, 0.8, 1.3, 2.5, 1, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2
    struct.pack_into("<2h", header, 252, 1, 1)
    struct.pack_into("<6f", header, 256, 0, 0, 0, -10.5, 4.25, 33)
    struct.pack_into("<12f", header, 280, 0.8, 0, 0, -10.5, 0, 1.3, 0, 4.25, 0, 0, 2.5, 33)
    header[344:348] = b"n+1\0"
    for offset, new in changes.values():
        header[offset : offset + len(new)] = new
    return bytes(header) + np.arange(9 * 7 * 5, dtype="<i2").tobytes()


def nrrd(body: bytes | None = None, **fields: str | None) -> bytes:
    """A good NRRD of 9 x 7 x 5 int16, with some fields replaced, or left out where they are None."""
    held: dict[str, str | None] = {
        "type": "short",
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": "9 7 5",
        "space directions": "(0.8,0,0) (0,1.3,0) (0,0,2.5)",
        "kinds": "domain domain domain",
        "endian": "little",
        "encoding": "raw",
        "space origin": "(-10.5,4.25,33)",
    }
    held.update({name.replace("_", " "): value for name, value in fields.items()})
    lines = ["NRRD0004", *(f"{name}: {value}" for name, value in held.items() if value is not None)]
    return "\n".join(lines).encode() + b"\n\n" + (np.arange(315, dtype="<i2").tobytes() if body is None else body)


def mha(body: bytes | None = None, **fields: str | None) -> bytes:
    """A good MetaImage of 9 x 7 x 5 int16, with some fields replaced, or left out where they are None."""
    held: dict[str, str | None] = {
        "ObjectType": "Image",
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "CompressedData": "False",
        "TransformMatrix": "1 0 0 0 1 0 0 0 1",
        "Offset": "-10.5 4.25 33",
        "ElementSpacing": "0.8 1.3 2.5",
        "DimSize": "9 7 5",
        "ElementType": "MET_SHORT",
    }
    held.update(fields)
    last = held.pop("ElementDataFile", None) or "LOCAL"
    lines = [*(f"{name} = {value}" for name, value in held.items() if value is not None), f"ElementDataFile = {last}"]
    return "\n".join(lines).encode() + b"\n" + (np.arange(315, dtype="<i2").tobytes() if body is None else body)


def png(columns: int = 40, rows: int = 30, bits: int = 8, kind: int = 0, body: bytes | None = None) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    if body is None:
        lines = (np.indices((rows, columns + 1)).sum(axis=0) % 251).astype(np.uint8)
        lines[:, 0] = 0
        body = zlib.compress(lines.tobytes())
    head = struct.pack(">2I5B", columns, rows, bits, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """A baseline JPEG out of one of pydicom's files."""
    content = _pydicom("SC_rgb_jpeg_dcmtk.dcm")
    return content[content.index(b"\xff\xd8\xff") : content.rindex(b"\xff\xd9") + 2]


def packed(members: dict[str, bytes]) -> bytes:
    """A ZIP archive. Member names are written as they are, however bad."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def zeros_deflated(megabytes: int) -> bytes:
    """A raw deflate stream of zeros, 1000 : 1, without inflating it here: a block that repeats."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def gzip_bomb(start: bytes, megabytes: int) -> bytes:
    """A gz file that begins with start and goes on with zeros, without a checksum at its end: no reader should get
    there."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + head + zeros_deflated(megabytes) + bytes(8)


def _pydicom(name: str) -> bytes:
    path = get_testdata_file(name)
    assert isinstance(path, str), f"pydicom no longer has {name}"
    return Path(path).read_bytes()


def good_files() -> dict[str, bytes]:
    """Small good files of every kind that is read, by name."""
    names = (
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_implicit.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_RLE.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "JPEG2000.dcm",
        "JPEGLSNearLossless_16.dcm",
        "SC_rgb_jpeg_dcmtk.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_rle_2frame.dcm",
        "SC_rgb_small_odd.dcm",
        "image_dfl.dcm",
    )
    voxels = np.arange(315, dtype="<i2").tobytes()
    return {name: _pydicom(name) for name in names} | {
        "slice.dcm": dicom(ct()),
        "deflated.dcm": dicom(ct(), DEFLATED),
        "cine.dcm": ultrasound(),
        "enhanced.dcm": enhanced(),
        "a.nii": nifti(),
        "a.nii.gz": gzip.compress(nifti(), mtime=0),
        "a.nrrd": nrrd(),
        "packed.nrrd": nrrd(gzip.compress(voxels, mtime=0), encoding="gzip"),
        "a.mha": mha(),
        "packed.mha": mha(zlib.compress(voxels), CompressedData="True"),
        "a.png": png(),
        "a.jpg": jpeg(),
        "a.zip": packed({f"IM/{k}": dicom(ct(k)) for k in range(2)}),
    }


# Damage at random places


def damaged_files(count: int, seed: int = 20) -> Iterator[tuple[str, bytes]]:
    """count damaged files as (name, content), spread over all good files and all ways to damage one."""
    rng = random.Random(seed)
    seeds = list(good_files().items())
    seen = {content for _, content in seeds}
    number = 0
    while number < count:
        name, content = seeds[number % len(seeds)]
        inside = name in _INSIDE and rng.random() < 0.5  # else the checksum finds most of it
        plain = _INSIDE[name][0](content) if inside else content
        way, worse = damaged(rng, plain)
        worse = _INSIDE[name][1](worse) if inside else worse
        if worse not in seen:
            seen.add(worse)
            yield f"{number:04d}-{way}-{name}", worse
            number += 1


def damaged(rng: random.Random, content: bytes) -> tuple[str, bytes]:
    """One way to damage content, by its name, and what comes of it: never the same bytes."""
    way = rng.choices(list(_WAYS), [weight for weight, _ in _WAYS.values()])[0]
    worse = _WAYS[way][1](rng, content)
    return way, worse if worse != content else content[:-1]


def _flip(rng: random.Random, content: bytes, count: int, first: int, last: int) -> bytes:
    worse = bytearray(content)
    for _ in range(count):
        worse[rng.randrange(first, max(last, first + 1))] ^= 1 << rng.randrange(8)
    return bytes(worse)


def _flip_header(rng: random.Random, content: bytes) -> bytes:
    """In the first 2 kB, but not in a DICOM preamble, where no one looks."""
    first = 128 if content[128:132] == b"DICM" else 0
    return _flip(rng, content, rng.choice((1, 1, 2, 4)), first, min(len(content), first + 2048))


def _flip_codestream(rng: random.Random, content: bytes) -> bytes:
    return _flip(rng, content, rng.choice((1, 4, 64)), len(content) // 2, len(content))


def _overwrite(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    run = rng.choice((b"\0" * 8, b"\xff" * 8, b"\xff\xff\xff\x7f", b"-1", b"\\\\", b"1e308", b"\x80"))
    return content[:at] + run + content[at + len(run) :]


def _insert(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + rng.randbytes(rng.choice((1, 2, 8, 300))) + content[at:]


def _remove(rng: random.Random, content: bytes) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.choice((1, 2, 8, 300)) :]


def _swap_lengths(rng: random.Random, content: bytes) -> bytes:
    """Two elements of a DICOM header exchange their lengths; elsewhere two pairs of bytes their places."""
    places = [
        found.end() for found in re.finditer(rb"(?:AE|CS|DA|DS|IS|LO|PN|SH|UI|US|UL|OB|OW|SQ|UN)", content[:4096])
    ]
    if len(places) < 2:
        places = list(range(0, len(content) - 2, 2))
    a, b = rng.sample(places, 2)
    worse = bytearray(content)
    worse[a : a + 2], worse[b : b + 2] = worse[b : b + 2], worse[a : a + 2]
    return bytes(worse)


_WAYS: dict[str, tuple[int, Callable[[random.Random, bytes], bytes]]] = {
    "flip-header": (6, _flip_header),
    "flip-1": (2, lambda rng, content: _flip(rng, content, 1, 0, len(content))),
    "flip-4": (2, lambda rng, content: _flip(rng, content, 4, 0, len(content))),
    "flip-64": (2, lambda rng, content: _flip(rng, content, 64, 0, len(content))),
    "flip-codestream": (3, _flip_codestream),
    "cut": (2, lambda rng, content: content[: rng.randrange(len(content))]),
    "overwrite": (2, _overwrite),
    "insert": (1, _insert),
    "remove": (1, _remove),
    "swap-lengths": (2, _swap_lengths),
}


def _deflate_after_meta(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return _META_OF_DEFLATED + packer.compress(content) + packer.flush()


_META_OF_DEFLATED = dicom({}, DEFLATED)[:-2]  # an empty deflate stream has two bytes
# Damage within what is compressed: unpack and pack again.
_INSIDE: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]] = {
    "a.nii.gz": (gzip.decompress, lambda content: gzip.compress(content, mtime=0)),
    "deflated.dcm": (lambda content: zlib.decompress(content[len(_META_OF_DEFLATED) :], -15), _deflate_after_meta),
}


# Faults with a name


def named_faults() -> dict[str, bytes]:
    """One file for each class of fault that a single file can have, by file name. None of them may be shown as if it
    were sound, or bring a reader down; a few are merely odd and may be read."""
    return _structure_faults() | _pixel_faults() | _value_faults() | _volume_faults() | _picture_faults()


def truncations(parts: int = 64) -> dict[str, bytes]:
    """A CT slice cut at each part of its length."""
    whole = dicom(ct())
    return {f"cut-{n:02d}-of-{parts}.dcm": whole[: len(whole) * n // parts] for n in range(parts)}


def nested(depth: int, defined: bool = False) -> bytes:
    """Sequences within sequences, before the pixels; of undefined length, or each with its own."""
    tag = 0x00081140
    if defined:
        inner = b""
        for _ in range(depth):
            inner = element(tag, "SQ", item(inner))
        return _with_tail(inner)
    down = element(tag, "SQ", b"", 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    up = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return _with_tail(down * depth + up * depth)


def _with_tail(between: bytes) -> bytes:
    """A CT slice with raw bytes between group 0008 and the rest."""
    held = ct()
    early = b"".join(element(tag, *held[tag]) for tag in sorted(held) if tag <= 0x0008103E)
    late = b"".join(element(tag, *held[tag]) for tag in sorted(held) if tag > 0x0008103E)
    return dicom({}, tail=early + between + late)


def _fragments(*parts: bytes, table: bytes = b"", end: bool = True) -> bytes:
    """Encapsulated pixels, PS3.5 A.4."""
    held = item(table) + b"".join(item(part + bytes(len(part) % 2)) for part in parts)
    return element(0x7FE00010, "OB", held + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0) * end, 0xFFFFFFFF)


def _lying_codestream(name: str, marker: bytes, offset: int, form: str, *said: int) -> bytes:
    """One of pydicom's compressed files, whose codestream claims something else than its header."""
    content = bytearray(_pydicom(name))
    struct.pack_into(form, content, content.rindex(marker) + offset, *said)
    return bytes(content)


def _structure_faults() -> dict[str, bytes]:
    whole = dicom(ct())
    empty_items = item(b"") * 300_000
    bomb = dicom({}, DEFLATED)[:-2]
    body = b"".join(element(tag, *held) for tag, held in sorted(ct().items()) if tag < 0x7FE00000)

    def deflated(start: bytes) -> bytes:
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return bomb + packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH) + zeros_deflated(1024)

    early = element(0x0008103E, "UN", b"", 1 << 30)
    bare = {tag: held for tag, held in ct().items() if tag != 0x7FE00010}
    meta_vr = bytearray(whole)
    meta_vr[whole.index(b"UI", 132) : whole.index(b"UI", 132) + 2] = b"\x01\xff"
    syntax = whole.index(EXPLICIT_LITTLE.encode() + b"\0")

    def says(other: str) -> bytes:
        return whole[:syntax] + other.encode()[:20].ljust(20, b"\0") + whole[syntax + 20 :]

    return {
        "nested-240.dcm": nested(240),
        "nested-2000.dcm": nested(2000),
        "nested-2000-defined.dcm": nested(2000, defined=True),
        "nested-100000.dcm": nested(100_000),
        "empty-items.dcm": _with_tail(element(0x00081140, "SQ", empty_items)),
        "empty-items-undefined.dcm": _with_tail(
            element(0x00081140, "SQ", empty_items + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), 0xFFFFFFFF)
        ),
        "many-elements.dcm": _with_tail(element(0x00090010, "LO", b"") * 400_000),
        "deflated-bomb-pixels.dcm": deflated(body + element(0x7FE00010, "OW", b"", 1 << 30)),
        "deflated-bomb-header.dcm": deflated(early),
        "huge-un.dcm": _with_tail(element(0x00091001, "UN", b"", 0xFFFFFFF0)),
        "huge-un-undefined.dcm": _with_tail(element(0x00091001, "UN", b"", 0xFFFFFFFF)),
        "huge-text.dcm": changed((0x00204000, "UT", b"A" * 3_000_000)),
        "bad-vr-in-meta.dcm": bytes(meta_vr),
        "meta-length-lie.dcm": whole[:140] + struct.pack("<I", 0x7FFFFFFF) + whole[144:],
        "meta-length-0.dcm": whole[:140] + bytes(4) + whole[144:],
        "says-implicit.dcm": says(IMPLICIT_LITTLE),
        "says-big-endian.dcm": says("1.2.840.10008.1.2.2"),
        "says-rle.dcm": says(RLE),
        "says-jpeg.dcm": says(JPEG_BASELINE),
        "says-deflated.dcm": says("1.2.840.10008.1.2.1.99"[:20]),
        "unknown-syntax.dcm": says("1.2.3.4.5"),
        "no-syntax.dcm": says(""),
        "only-magic.dcm": bytes(128) + b"DICM",
        "only-meta.dcm": dicom({}),
        "no-pixels.dcm": dicom(bare),
        "empty.dcm": b"",
        "noise.dcm": random.Random(1).randbytes(5000),
        "noise-after-magic.dcm": bytes(128) + b"DICM" + random.Random(2).randbytes(5000),
        "zeros-after-magic.dcm": bytes(128) + b"DICM" + bytes(1 << 20),
        "ones-after-magic.dcm": bytes(128) + b"DICM" + b"\xff" * 5000,
        "text.dcm": b"no image at all\n" * 400,
        "twice-rows.dcm": _with_tail(element(0x00280010, "US", struct.pack("<H", 9999))),
    }


def _pixel_faults() -> dict[str, bytes]:
    header = {tag: held for tag, held in ct().items() if tag != 0x7FE00010}
    pixels = values().tobytes()

    def us(tag: int, number: int) -> tuple[int, str, bytes]:
        return tag, "US", struct.pack("<H", number)

    def frames(text: bytes) -> bytes:
        return changed((0x00280008, "IS", text))

    # Two segments, of 128 and 64 equal bytes each: 12 x 16 pixels, PS3.5 G.3.
    run = struct.pack("<16I", 2, 64, 68, *[0] * 13) + b"\x81\x05\xc1\x06" + b"\x81\x07\xc1\x08"
    baseline, sof, siz, sof_ls = "SC_rgb_jpeg_dcmtk.dcm", b"\xff\xc0\0\x11\x08", b"\xff\x51", b"\xff\xf7"
    j2k = _pydicom("MR_small_jp2klossless.dcm")
    start = j2k.rindex(b"\xff\x93") + 2
    zeroed = j2k[: start + 400] + bytes(800) + j2k[start + 1200 :]
    palette = {
        f"palette-{name}.dcm": ultrasound().replace(struct.pack("<3H", 256, 0, 16), struct.pack("<3H", *lie))
        for name, lie in {
            "longer-than-data": (0, 0, 16),
            "no-bits": (256, 0, 0),
            "bits-7": (256, 0, 7),
            "late": (256, 65535, 16),
        }.items()
    }
    segment = struct.pack("<3H", 0, 1, 7) + struct.pack("<3H", 1, 65535, 65535) * 2000
    segmented = {tag: held for tag, held in ct().items() if not 0x00281050 <= tag <= 0x00281054}
    segmented |= {
        0x00280004: ("CS", b"PALETTE COLOR"),
        **{0x00281101 + n: ("US", struct.pack("<3H", 0, 0, 16)) for n in range(3)},
        **{0x00281221 + n: ("OW", segment) for n in range(3)},
    }
    overlay = {
        0x60000010: ("US", struct.pack("<H", 65535)),
        0x60000011: ("US", struct.pack("<H", 65535)),
        0x60000040: ("CS", b"G"),
        0x60000050: ("SS", struct.pack("<2h", -32768, 32767)),
        0x60000100: ("US", struct.pack("<H", 1)),
        0x60000102: ("US", struct.pack("<H", 0)),
        0x60003000: ("OW", b"\xff" * 8),
    }
    lut = {
        "modality-lut-lie.dcm": (0x00283000, struct.pack("<3H", 0, 0, 16)),
        "voi-lut-lie.dcm": (0x00283010, struct.pack("<3H", 60000, 1, 99)),
    }
    tables = {
        name: changed((tag, "SQ", item(element(0x00283002, "US", said) + element(0x00283006, "OW", bytes(8)))))
        for name, (tag, said) in lut.items()
    }
    return {
        "pixel-length-too-long.dcm": dicom(header, tail=element(0x7FE00010, "OW", pixels, 0x7FFFFFF0)),
        "pixel-length-fffffffe.dcm": dicom(header, tail=element(0x7FE00010, "OW", pixels, 0xFFFFFFFE)),
        "pixel-length-undefined.dcm": dicom(header, tail=element(0x7FE00010, "OW", pixels, 0xFFFFFFFF)),
        "pixels-too-few.dcm": changed((0x7FE00010, "OW", pixels[:-40])),
        "pixels-empty.dcm": changed((0x7FE00010, "OW", b"")),
        "jpeg-65000.dcm": _lying_codestream(baseline, sof, 5, ">2H", 65000, 65000),
        "jpeg-99-bits.dcm": _lying_codestream(baseline, sof, 4, "B", 99),
        "jpeg-255-components.dcm": _lying_codestream(baseline, sof, 9, "B", 255),
        "jpeg-2000-siz-65000.dcm": _lying_codestream("JPEG2000.dcm", siz, 6, ">2I", 65000, 65000),
        "jpeg-2000-tile-1.dcm": _lying_codestream("JPEG2000.dcm", siz, 22, ">2I", 1, 1),
        "jpeg-2000-127-bits.dcm": _lying_codestream("JPEG2000.dcm", siz, 40, "B", 127),
        "jpeg-2000-16384-components.dcm": _lying_codestream("JPEG2000.dcm", siz, 38, ">H", 16384),
        "jpeg-2000-step-0.dcm": _lying_codestream("JPEG2000.dcm", siz, 41, "BB", 0, 0),
        "jpeg-ls-65000.dcm": _lying_codestream("MR_small_jpeg_ls_lossless.dcm", sof_ls, 5, ">2H", 65000, 65000),
        "jpeg-ls-24-bits.dcm": _lying_codestream("JPEGLSNearLossless_16.dcm", sof_ls, 4, "B", 24),
        "jpeg-2000-body-zeroed.dcm": zeroed,
        "jpeg-2000-cut.dcm": dicom(
            header, "1.2.840.10008.1.2.4.90", _fragments(j2k[j2k.rindex(b"\xff\x4f\xff\x51") : -900])
        ),
        "rle-30000.dcm": dicom(
            header | {0x00280010: ("US", struct.pack("<H", 30000)), 0x00280011: ("US", struct.pack("<H", 30000))},
            RLE,
            _fragments(run),
        ),
        "rle-65535-segments.dcm": dicom(header, RLE, _fragments(struct.pack("<16I", 65535, *[64] * 15) + bytes(64))),
        "rle-segment-behind-the-end.dcm": dicom(
            header, RLE, _fragments(struct.pack("<16I", 2, 64, 0x7FFFFFFF, *[0] * 13) + bytes(64))
        ),
        "rle-too-short.dcm": dicom(header, RLE, _fragments(run[:-2] + b"\xf1\x08")),
        "offset-table-lie.dcm": dicom(header, RLE, _fragments(run, table=struct.pack("<I", 0x7FFFFFFF))),
        "offset-table-odd.dcm": dicom(header, RLE, _fragments(run, table=b"\1\2")),
        "fragment-length-lie.dcm": dicom(
            header,
            RLE,
            _fragments(run).replace(
                struct.pack("<HHI", 0xFFFE, 0xE000, len(run)), struct.pack("<HHI", 0xFFFE, 0xE000, 0x7FFFFFF0)
            ),
        ),
        "no-fragments.dcm": dicom(header, RLE, _fragments()),
        "no-end-of-fragments.dcm": dicom(header, RLE, _fragments(run, end=False)),
        "100000-fragments.dcm": dicom(header, RLE, _fragments(*[b"\0\0"] * 100_000)),
        "rows-columns-65535.dcm": changed(us(0x00280010, 65535), us(0x00280011, 65535)),
        "rows-0.dcm": changed(us(0x00280010, 0)),
        "rows-as-ul.dcm": changed((0x00280010, "UL", struct.pack("<I", 0x7FFFFFFF))),
        "rows-as-text.dcm": changed((0x00280010, "LO", b"twelve")),
        "rows-absent.dcm": changed(without=(0x00280010,)),
        "frames-2e9.dcm": frames(b"2000000000"),
        "frames-minus-5.dcm": frames(b"-5"),
        "frames-0.dcm": frames(b"0"),
        "frames-text.dcm": frames(b"many"),
        "frames-1e99.dcm": frames(b"9" * 12),
        "frames-more-than-pixels.dcm": frames(b"2"),
        "bits-stored-20.dcm": changed(us(0x00280101, 20), us(0x00280102, 19)),
        "bits-stored-0.dcm": changed(us(0x00280101, 0)),
        "bits-allocated-12.dcm": changed(us(0x00280100, 12)),
        "bits-allocated-65535.dcm": changed(us(0x00280100, 65535)),
        "high-bit-99.dcm": changed(us(0x00280102, 99)),
        "samples-0.dcm": changed(us(0x00280002, 0)),
        "samples-3-grey.dcm": changed(us(0x00280002, 3)),
        "samples-65535.dcm": changed(us(0x00280002, 65535)),
        "sign-7.dcm": changed(us(0x00280103, 7)),
        "photometric-bogus.dcm": changed((0x00280004, "CS", b"MONOCHROME7")),
        "photometric-rgb-one-sample.dcm": changed((0x00280004, "CS", b"RGB")),
        "palette-without-lut.dcm": changed((0x00280004, "CS", b"PALETTE COLOR")),
        "palette-segmented-bomb.dcm": dicom(segmented),
        "overlay-lie.dcm": dicom(ct() | overlay),
        "enhanced-fewer-groups.dcm": enhanced(3, groups=1),
        "enhanced-more-groups.dcm": enhanced(3, groups=9),
        **palette,
        **tables,
    }


def _value_faults() -> dict[str, bytes]:
    def ds(tag: int, text: bytes) -> bytes:
        return changed((tag, "DS", text))

    lies = {
        "spacing-0": (0x00280030, b"0\\0"),
        "spacing-negative": (0x00280030, b"-1.3\\0.8"),
        "spacing-nan": (0x00280030, b"nan\\nan"),
        "spacing-text": (0x00280030, b"a\\b"),
        "spacing-one": (0x00280030, b"1.3"),
        "spacing-1e300": (0x00280030, b"1e300\\1e300"),
        "orientation-zero": (0x00200037, b"0\\0\\0\\0\\0\\0"),
        "orientation-long": (0x00200037, b"2\\0\\0\\0\\2\\0"),
        "orientation-slanted": (0x00200037, b"1\\0\\0\\0.7071\\0.7071\\0"),
        "orientation-nan": (0x00200037, b"nan\\0\\0\\0\\1\\0"),
        "orientation-short": (0x00200037, b"1\\0\\0"),
        "position-short": (0x00200032, b"1\\2"),
        "position-text": (0x00200032, b"here\\there\\0"),
        "position-1e300": (0x00200032, b"1e300\\1e300\\-1e300"),
        "position-inf": (0x00200032, b"inf\\0\\0"),
        "slope-0": (0x00281053, b"0"),
        "slope-text": (0x00281053, b"abc"),
        "slope-nan": (0x00281053, b"nan"),
        "slope-1e-300": (0x00281053, b"1e-300"),
        "slope-1e300": (0x00281053, b"1e300"),
        "intercept-1e30": (0x00281052, b"1e30"),
        "intercept-text": (0x00281052, b"abc"),
        "window-width-0": (0x00281051, b"0"),
        "window-nan": (0x00281050, b"nan"),
        "window-many": (0x00281051, b"\\".join([b"1"] * 4000)),
    }
    return {f"{name}.dcm": ds(tag, text) for name, (tag, text) in lies.items()} | {
        "charset-bogus.dcm": changed((0x00080005, "CS", b"KLINGON"), (0x00100010, "PN", b"M\xfcller^\xe4")),
        "charset-lying.dcm": changed((0x00080005, "CS", b"ISO_IR 192"), (0x00100010, "PN", b"M\xfcller^\xe4")),
        "charset-escapes.dcm": changed(
            (0x00080005, "CS", b"\\ISO 2022 IR 149\\ISO 2022 IR 999"),
            (0x00100010, "PN", b"\x1b$)C\xff\xff\x1b\x1b=\x1b$"),
        ),
        "name-with-control-codes.dcm": changed(
            (0x00100010, "PN", b"A\0\x1b[31m\r\nB\x07^\x7f"), (0x0008103E, "LO", b"a\nb")
        ),
        "uid-bogus.dcm": changed((0x0020000E, "UI", b"../../etc/passwd"), (0x00080018, "UI", b"not a uid")),
        "uid-long.dcm": changed((0x0020000E, "UI", b"1." * 20000)),
        "number-1e400.dcm": changed((0x00200013, "IS", b"1" + b"0" * 400)),
        "date-bogus.dcm": changed((0x00080020, "DA", b"99999999"), (0x00100030, "DA", b"yesterday")),
    }


def _volume_faults() -> dict[str, bytes]:
    def floats(offset: int, *numbers: float) -> tuple[int, bytes]:
        return offset, struct.pack(f"<{len(numbers)}f", *numbers)

    def shorts(offset: int, *numbers: int) -> tuple[int, bytes]:
        return offset, struct.pack(f"<{len(numbers)}h", *numbers)

    nan, inf = float("nan"), float("inf")
    whole = gzip.compress(nifti(), mtime=0)
    nifti_2 = bytearray(544) + bytearray(630)
    struct.pack_into("<i8s", nifti_2, 0, 540, b"n+2\0\r\n\x1a\n")
    struct.pack_into("<2h", nifti_2, 12, 4, 16)
    struct.pack_into("<8q", nifti_2, 16, 3, 1 << 62, 1 << 62, 5, 1, 1, 1, 1)
    struct.pack_into("<8d", nifti_2, 104, 1, 0.8, 1.3, 2.5, 1, 0, 0, 0)
    struct.pack_into("<q", nifti_2, 168, -544)
    dimensions = {
        "dims-huge": (3, 32767, 32767, 32767, 1, 1, 1, 1),
        "dims-lie": (3, 9, 7, 500, 1, 1, 1, 1),
        "dims-0": (3, 0, 7, 5, 1, 1, 1, 1),
        "dims-negative": (3, -9, 7, 5, 1, 1, 1, 1),
        "dims-9": (9, 9, 7, 5, 1, 1, 1, 1),
        "dims-none": (0, 0, 0, 0, 0, 0, 0, 0),
        "dims-time": (4, 1, 1, 1, 32767, 1, 1, 1),
        "dims-7": (7, 9, 7, 5, 32767, 32767, 32767, 32767),
    }
    return {
        **{f"{name}.nii": nifti(dim=shorts(40, *size)) for name, size in dimensions.items()},
        "affine-nan.nii": nifti(q=shorts(252, 0), s=floats(280, *[nan] * 12)),
        "affine-inf.nii": nifti(q=shorts(252, 0), s=floats(280, *[inf] * 12)),
        "affine-zero.nii": nifti(q=shorts(252, 0), s=floats(280, *[0.0] * 12)),
        "affine-sheared.nii": nifti(q=shorts(252, 0), s=floats(280, 0.8, 0.6, 0, 0, 0, 1.3, 0, 0, 0, 0, 2.5, 0)),
        "affine-1e38.nii": nifti(q=shorts(252, 0), s=floats(280, *[1e38] * 12)),
        "quaternion-nan.nii": nifti(s=shorts(254, 0), q=floats(256, nan, 0, 0)),
        "quaternion-long.nii": nifti(s=shorts(254, 0), q=floats(256, 0.9, 0.9, 0.9)),
        "pixdim-0.nii": nifti(p=floats(80, 0, 0, 0)),
        "pixdim-nan.nii": nifti(p=floats(80, nan)),
        "pixdim-negative.nii": nifti(p=floats(80, -0.8)),
        "type-unknown.nii": nifti(t=shorts(70, 9999)),
        "type-complex.nii": nifti(t=shorts(70, 32, 64)),
        "bits-lie.nii": nifti(t=shorts(72, 3)),
        "offset-nan.nii": nifti(o=floats(108, nan)),
        "offset-negative.nii": nifti(o=floats(108, -1e9)),
        "offset-huge.nii": nifti(o=floats(108, 1e30)),
        "slope-nan.nii": nifti(s=floats(112, nan, nan)),
        "slope-1e38.nii": nifti(s=floats(112, 1e38, 1e38)),
        "extension-lie.nii": nifti(e=(348, b"\1\0\0\0")),
        "header-only.nii": nifti()[:348],
        "empty.nii": b"",
        "nifti-2.nii": bytes(nifti_2),
        "cut.nii.gz": whole[: len(whole) // 2],
        "wrong-checksum.nii.gz": whole[:-8] + b"\xff" * 4 + whole[-4:],
        "garbage-after.nii.gz": whole + b"garbage" * 9,
        "bomb.nii.gz": gzip_bomb(nifti(), 1024),
        "bomb-that-says-so.nii.gz": gzip_bomb(nifti(d=shorts(40, 3, 32767, 32767, 30, 1, 1, 1, 1))[:352], 1024),
        "sizes-huge.nrrd": nrrd(sizes="999999999 999999999 999999999"),
        "sizes-negative.nrrd": nrrd(sizes="-9 7 5"),
        "sizes-text.nrrd": nrrd(sizes="nine seven five"),
        "sizes-absent.nrrd": nrrd(sizes=None),
        "dimension-16.nrrd": nrrd(dimension="16"),
        "dimension-0.nrrd": nrrd(dimension="0"),
        "type-block.nrrd": nrrd(type="block"),
        "encoding-unknown.nrrd": nrrd(encoding="lzma"),
        "directions-sheared.nrrd": nrrd(space_directions="(1,0,0) (0.4,1,0) (0,0,1)"),
        "directions-nan.nrrd": nrrd(space_directions="(nan,0,0) (0,1,0) (0,0,1)"),
        "directions-none.nrrd": nrrd(space_directions="none none none"),
        "skip-huge.nrrd": nrrd(byte_skip="99999999999", line_skip="99999999999"),
        "skip-negative.nrrd": nrrd(byte_skip="-7"),
        "data-file-outside.nrrd": nrrd(body=b"", data_file="../../../../etc/passwd"),
        "data-file-absolute.nrrd": nrrd(body=b"", data_file="/etc/passwd"),
        "data-file-list.nrrd": nrrd(body=b"/etc/passwd\n/etc/group\n", data_file="LIST"),
        "cut.nrrd": nrrd()[:-90],
        "bomb.nrrd": nrrd(gzip_bomb(b"", 1024), encoding="gzip"),
        "endless-header.nrrd": b"NRRD0004\n" + b"# nothing\n" * 300_000,
        "dims-huge.mha": mha(DimSize="99999 99999 99999"),
        "dims-negative.mha": mha(DimSize="-9 7 5"),
        "dims-short.mha": mha(DimSize="9"),
        "dims-text.mha": mha(DimSize="a b c"),
        "ndims-0.mha": mha(NDims="0"),
        "ndims-99.mha": mha(NDims="99"),
        "type-unknown.mha": mha(ElementType="MET_BANANA"),
        "matrix-short.mha": mha(TransformMatrix="1 0 0"),
        "matrix-zero.mha": mha(TransformMatrix="0 0 0 0 0 0 0 0 0"),
        "matrix-nan.mha": mha(TransformMatrix="nan 0 0 0 1 0 0 0 1"),
        "spacing-0.mha": mha(ElementSpacing="0 0 0"),
        "spacing-negative.mha": mha(ElementSpacing="-1 1 1"),
        "data-file-outside.mha": mha(b"", ElementDataFile="../../../../etc/passwd"),
        "data-file-absolute.mhd": mha(b"", ElementDataFile="/etc/passwd"),
        "data-file-absent.mhd": mha(b"", ElementDataFile="nowhere.raw"),
        "data-file-itself.mhd": mha(b"", ElementDataFile="data-file-itself.mhd"),
        "data-file-list.mhd": mha(b"/etc/passwd\n" * 5, ElementDataFile="LIST"),
        "data-file-pattern.mhd": mha(b"", ElementDataFile="%99999999d.raw 1 99999999 1"),
        "cut.mha": mha()[:-90],
        "bomb.mha": mha(b"\x78\xda" + zeros_deflated(1024), CompressedData="True"),
        "cut-compressed.mha": mha(zlib.compress(bytes(630))[:-6], CompressedData="True"),
        "compressed-size-lie.mha": mha(zlib.compress(bytes(630)), CompressedData="True", CompressedDataSize="-1"),
    }


def _picture_faults() -> dict[str, bytes]:
    good, photo = png(), jpeg()
    frame = photo.index(b"\xff\xc0") + 5
    return {
        "size-60000.png": png(60000, 60000, body=zlib.compress(bytes(1000))),
        "size-0.png": png(0, 0, body=zlib.compress(b"")),
        "bits-3.png": png(bits=3),
        "kind-9.png": png(kind=9),
        "palette-without-table.png": png(kind=3),
        "pixels-too-few.png": png(body=zlib.compress(bytes(100))),
        "bomb.png": png(body=b"\x78\xda" + zeros_deflated(512)),
        "cut.png": good[:-30],
        "checksum.png": good[:-20] + b"\0" + good[-19:],
        "empty.png": b"",
        "size-65000.jpg": photo[:frame] + struct.pack(">2H", 65000, 65000) + photo[frame + 4 :],
        "size-0.jpg": photo[:frame] + bytes(4) + photo[frame + 4 :],
        "components-9.jpg": photo[: frame + 4] + b"\x09" + photo[frame + 5 :],
        "cut.jpg": photo[: len(photo) // 2],
        "no-end.jpg": photo[:-2],
        "scans.jpg": photo[:-2] + photo[photo.index(b"\xff\xda") : -2] * 500 + b"\xff\xd9",
        "empty.jpg": b"",
        "bomb.zip": _zip_bomb(300),
        "names.zip": packed(
            {"../../../outside": dicom(ct()), "/etc/outside": dicom(ct(1)), "C:\\outside": dicom(ct(2)), "a\nb": b"x"}
        ),
        "nested.zip": packed({"inner.zip": packed({"IM1": dicom(ct())})}),
        "cut.zip": packed({"IM1": dicom(ct())})[:-30],
        "member-cut.zip": _spoiled(packed({"IM1": dicom(ct())}), 60),
        "not.zip": b"PK\x03\x04" + random.Random(3).randbytes(400),
        "empty.zip": b"PK\x05\x06" + bytes(18),
    }


def _zip_bomb(megabytes: int) -> bytes:
    """One member of zeros, 1000 : 1, true to its name, size and checksum."""
    content, check = zeros_deflated(megabytes), 0
    for _ in range(megabytes):
        check = zlib.crc32(bytes(1 << 20), check)
    told = struct.pack("<5H3I2H", 20, 0, 8, 0, 0x21, check, len(content), megabytes << 20, 3, 0)
    local = b"PK\x03\x04" + told + b"IM1"
    entry = b"PK\x01\x02" + struct.pack("<H", 20) + told + struct.pack("<3H2I", 0, 0, 0, 0, 0) + b"IM1"
    end = b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(entry), len(local) + len(content), 0)
    return local + content + entry + end


def _spoiled(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
