"""The header parser says what pydicom says of every file that pydicom brings, and no file leads it astray."""

from __future__ import annotations

import io
import random
import struct
import tracemalloc
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.data import data_manager, get_testdata_file
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from viewer.core.study import SeriesError
from viewer.core.volume import Volume
from viewer.io.dicom_header import _OVERLAY_TAGS, _TAGS, Elements, Header, read_header
from viewer.io.dicom_tags import TAGS

UNDEFINED = 0xFFFFFFFF
ITEM = struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED)
ITEM_END = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
SEQUENCE_END = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
PREAMBLE = bytes(128) + b"DICM"
# Cut short: one in the middle of an element, one in the last item of its sequence, which pydicom reads in silence.
BUNDLED_DAMAGED = {
    "rtplan_truncated.dcm": r"\(300A,00B0\) reaches beyond the end of the file",
    "DICOMDIR-nooffset": "an item of a sequence reaches beyond its end",
}
BUNDLED_OTHERS = ("README", "no_meta.dcm")  # the second lacks some of its beginning: pydicom too makes nothing of it


def _bundled() -> list[Path]:
    root = Path(data_manager.DATA_ROOT)
    other = (".py", ".pyc", ".md", ".txt", ".json", ".icc", ".dump", ".gz")
    files = [file for file in root.rglob("*") if file.is_file() and file.suffix not in other]
    return sorted(file for file in files if file.name not in (*BUNDLED_DAMAGED, *BUNDLED_OTHERS))


def _read(content: bytes) -> Header:
    return read_header(io.BytesIO(content), len(content))


def _explicit(group: int, element: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """An element in explicit VR little endian, with a length that may be a lie."""
    length = len(value) if length is None else length
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return struct.pack("<HH2s2xL", group, element, vr, length) + value
    return struct.pack("<HH2sH", group, element, vr, length) + value


def _implicit(group: int, element: int, value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<HHL", group, element, len(value) if length is None else length) + value


META = _explicit(2, 0x10, b"UI", b"1.2.840.10008.1.2.1\0")
MODALITY = _explicit(8, 0x60, b"CS", b"CT")
ROWS = _explicit(0x28, 0x10, b"US", b"\x00\x02")
PIXELS = _explicit(0x7FE0, 0x10, b"OW", bytes(64))


def _file(*elements: bytes, meta: bytes = META) -> bytes:
    return PREAMBLE + meta + b"".join(elements)


def _saved(dataset: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.2")
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3")
    stream = io.BytesIO()
    dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def _touch_all(elements: Elements) -> None:
    """Decodes every element in every way that its type allows."""
    for keyword, (_, vr) in _TAGS.items():
        elements.raw(keyword)
        if vr == "SQ":
            for item in elements.items(keyword):
                _touch_all(item)
        else:
            elements.text(keyword)
            elements.whole(keyword)


def _header_or_reason(content: bytes) -> Header | str:
    """The header, every element of it decoded, or the sentence that it is refused with; anything else is a failure."""
    try:
        header = _read(content)
    except SeriesError as error:
        reason = str(error)
        return reason if len(reason) > 20 and reason[-1].isalnum() and "\n" not in reason else pytest.fail(reason)
    _touch_all(header)
    _ = header.warnings, [_touch_all(plane) for plane in header.overlay_groups()]
    return header


def _peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ---- the same values as pydicom


def test_tags_and_value_representations_are_those_of_the_standard():
    for keyword, (tag, vr) in TAGS.items():
        assert (tag, vr) == (tag_for_keyword(keyword), dictionary_VR(keyword)), keyword


def _compare(elements: Elements, dataset: Dataset, group_2: bool) -> int:
    """Compares every wanted element, items and all; gives their number."""
    compared = 0
    for keyword, (tag, vr) in _TAGS.items():
        if keyword in _OVERLAY_TAGS or (tag >> 16 == 2) != group_2:
            continue
        assert (keyword in elements) == (tag in dataset), keyword
        if tag not in dataset:
            continue
        compared += 1
        value = dataset[tag].value
        if isinstance(value, Sequence):
            items = elements.items(keyword)
            assert len(items) == len(value), keyword
            compared += sum(_compare(item, theirs, False) for item, theirs in zip(items, value, strict=True))
        elif isinstance(value, bytes):
            assert elements.raw(keyword) == value, keyword
        else:
            values = [] if value in (None, "") else list(value) if isinstance(value, MultiValue | list) else [value]
            if vr in ("AT", "DS", "IS", "FD", "FL", "SL", "SS", "UL", "US", "US or SS", "US or OW", "OV"):
                assert elements.numbers(keyword) == _numbers(values), keyword
            else:
                assert elements.texts(keyword) == _texts(values, vr), keyword
    return compared


def _numbers(values: list) -> tuple[float, ...] | None:
    try:
        return tuple(float(value) for value in values) or None
    except ValueError:  # badVR.dcm counts "1A" frames
        return None


def _texts(values: list, vr: str) -> tuple[str, ...]:
    texts = tuple(str(value).strip().replace("\0", "") for value in values)
    return tuple(text.rstrip("=") for text in texts) if vr == "PN" else texts


@pytest.mark.parametrize("file", _bundled(), ids=lambda file: file.name)
def test_every_wanted_element_of_every_bundled_file_equals_pydicoms(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(file, force=True)
        with file.open("rb") as stream:
            header = read_header(stream, file.stat().st_size)
        assert _compare(header, dataset, False) + _compare(header, dataset.file_meta, True) > 0
        assert not any("\ufffd" in header.text(keyword) for keyword, (_, vr) in _TAGS.items() if vr in ("PN", "LO"))
    assert header.warnings == ()
    if "TransferSyntaxUID" in dataset.file_meta:
        assert header.transfer_syntax == dataset.file_meta.TransferSyntaxUID


@pytest.mark.parametrize("file", _bundled(), ids=lambda file: file.name)
def test_the_pixels_are_where_pydicom_finds_them(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(file, force=True)
    keyword = next((k for k in ("FloatPixelData", "DoubleFloatPixelData", "PixelData") if k in dataset), None)
    with file.open("rb") as stream:
        header = read_header(stream, file.stat().st_size)
        if keyword is None:
            assert header.pixels is None
            return
        raw = dataset.get_item(keyword)
        assert isinstance(raw, RawDataElement)
        assert header.pixels is not None and header.pixels.keyword == keyword
        assert header.pixels.length == (None if raw.length == UNDEFINED else raw.length)
        content = header.content(stream)
        content.seek(header.pixels.offset)
        assert content.read(64) == raw.value[:64]
    if header.transfer_syntax != DeflatedExplicitVRLittleEndian:
        assert header.pixels.offset == raw.value_tell


@pytest.mark.parametrize("name", BUNDLED_DAMAGED)
def test_bundled_files_that_are_cut_short_are_refused(name: str) -> None:
    file = next(Path(data_manager.DATA_ROOT).rglob(name))
    with pytest.raises(SeriesError, match=rf"truncated or damaged \({BUNDLED_DAMAGED[name]}\); fetch the file again"):
        _read(file.read_bytes())


# ---- encodings of the data set

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda syntax: syntax.name)
def test_geometry_is_read_in_every_encoding(phantom: Volume, dicom_slice: Callable[..., Dataset], syntax: UID) -> None:
    dataset = dicom_slice(phantom, 5)
    content = _saved(dataset, syntax)
    header = _read(content)
    assert (header.transfer_syntax, header.implicit_vr) == (syntax, syntax == ImplicitVRLittleEndian)
    assert header.little_endian == (syntax != ExplicitVRBigEndian)
    position = header.numbers("ImagePositionPatient")
    assert position is not None
    np.testing.assert_allclose(position, phantom.geometry.index_to_lps((0, 0, 5)), atol=1e-6)
    assert header.numbers("PixelSpacing") == (1.3, 0.8)
    assert (header.whole("Rows"), header.whole("Columns"), header.whole("BitsStored")) == (11, 14, 16)
    assert header.pixels is not None and header.pixels.length == 2 * 11 * 14
    stream = header.content(io.BytesIO(content))
    stream.seek(header.pixels.offset)
    assert stream.read(header.pixels.length) == dataset.PixelData


@pytest.mark.parametrize("syntax", SYNTAXES[:3], ids=lambda syntax: syntax.name)
@pytest.mark.parametrize("undefined", [False, True])
def test_functional_groups_are_read_at_every_level(syntax: UID, undefined: bool) -> None:
    dataset = Dataset()
    dataset.Modality, dataset.NumberOfFrames = "MR", 3
    dataset.PerFrameFunctionalGroupsSequence = Sequence()
    for n in range(3):
        frame, position, content = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [1.5, -2.5, n + 0.25]
        content.StackID, content.DimensionIndexValues = "1", [1, n + 1]
        frame.PlanePositionSequence, frame.FrameContentSequence = [position], [content]
        dataset.PerFrameFunctionalGroupsSequence.append(frame)
    for element in dataset.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = undefined
            for item in element.value:
                item.is_undefined_length_sequence_item = undefined
    dataset.Rows = 7  # written before the sequence
    header = _read(_saved(dataset, syntax))
    frames = header.items("PerFrameFunctionalGroupsSequence")
    assert [f.items("PlanePositionSequence")[0].numbers("ImagePositionPatient") for f in frames] == [
        (1.5, -2.5, 0.25),
        (1.5, -2.5, 1.25),
        (1.5, -2.5, 2.25),
    ]
    assert [f.items("FrameContentSequence")[0].numbers("DimensionIndexValues") for f in frames] == [
        (1, 1),
        (1, 2),
        (1, 3),
    ]
    assert header.whole("Rows") == 7 and "ImagePositionPatient" not in header
    assert frames[0].items("PixelMeasuresSequence") == [] and header.raw("PerFrameFunctionalGroupsSequence") is None


@pytest.mark.parametrize("vr", [b"SQ", b"UN"])
def test_what_an_unwanted_sequence_holds_is_not_taken_for_the_images_own(vr: bytes) -> None:
    thumbnail = _explicit(0x28, 0x10, b"US", b"\x40\x00") + PIXELS
    icon = _explicit(0x88, 0x200, vr, ITEM + thumbnail + ITEM_END + SEQUENCE_END, UNDEFINED)
    header = _read(_file(MODALITY, ROWS, icon, PIXELS))
    assert header.whole("Rows") == 512
    assert header.pixels is not None
    assert header.pixels.offset == len(_file(MODALITY, ROWS, icon)) + 12


def test_the_end_of_an_encapsulated_private_element_is_found() -> None:
    fragments = encapsulate([b"\xfe\xff\xdd\xe0not the end", b"second"])  # with a delimiter's bytes inside
    element = _explicit(0x29, 0x1010, b"OB", fragments + SEQUENCE_END, UNDEFINED)
    assert _read(_file(MODALITY, element, ROWS)).whole("Rows") == 512


@pytest.mark.parametrize("syntax", SYNTAXES[:3], ids=lambda syntax: syntax.name)
def test_files_without_preamble_and_meta_information_are_read(syntax: UID) -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet, dataset.Modality, dataset.Rows = "ISO_IR 100", "CT", 300
    stream = io.BytesIO()
    dcmwrite(stream, dataset, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    header = _read(stream.getvalue())
    assert (header.transfer_syntax, header.text("Modality"), header.whole("Rows")) == (syntax, "CT", 300)


def test_meta_information_may_lack_preamble_group_length_and_transfer_syntax_or_lie_of_its_length() -> None:
    assert _read(META + MODALITY).text("Modality") == "CT"
    lie = _explicit(2, 0, b"UL", struct.pack("<L", 4)) + META
    assert _read(_file(MODALITY, ROWS, meta=lie)).whole("Rows") == 512
    without = _read(_file(MODALITY, ROWS, meta=_explicit(2, 3, b"UI", b"1.2.3\0")))
    assert (without.transfer_syntax, without.whole("Rows")) == (ExplicitVRLittleEndian, 512)
    command = _implicit(0, 0x100, b"\x01\0") + _implicit(0, 0x110, b"\x07\0")  # of a network transfer
    assert _read(_file(command, MODALITY, ROWS)).whole("Rows") == 512


@pytest.mark.parametrize("length", [100_000, *range(16_190, 16_250, 2)])  # about the end of the first bytes read
def test_meta_information_may_be_long(length: int) -> None:
    meta = _explicit(2, 0x102, b"OB", bytes(length)) + _explicit(2, 0x10, b"UI", b"1.2.840.10008.1.2\0")
    header = _read(_file(_implicit(8, 0x60, b"CT"), meta=meta))
    assert (header.transfer_syntax, header.text("Modality")) == ("1.2.840.10008.1.2", "CT")


def test_a_header_in_another_vr_than_its_transfer_syntax_is_read_as_it_is() -> None:
    header = _read(_file(_implicit(8, 0x60, b"CT"), _implicit(0x28, 0x10, b"\x00\x02")))
    assert header.implicit_vr and header.whole("Rows") == 512


@pytest.mark.parametrize("length", [2, 0x4241])  # the second looks like the VR "AB"
def test_an_implicit_item_in_an_explicit_file_is_read(length: int) -> None:
    value = b"7" + bytes(length - 1)
    item = _implicit(0x20, 0x9056, b"1 ") + _implicit(0x20, 0x9157, struct.pack("<LL", 3, 4))
    item += _implicit(0x20, 0x9158, value)
    sequence = _explicit(0x20, 0x9111, b"SQ", ITEM + item + ITEM_END + SEQUENCE_END, UNDEFINED)
    header = _read(_file(MODALITY, sequence, ROWS))
    assert header.items("FrameContentSequence")[0].numbers("DimensionIndexValues") == (3, 4)
    assert header.whole("Rows") == 512


def test_a_length_with_one_capital_in_it_is_no_vr() -> None:
    item = _implicit(0x20, 0x9056, b"7".ljust(80)) + _implicit(0x20, 0x9157, struct.pack("<LL", 3, 4))  # 80 is "P\0"
    header = _read(_file(_explicit(0x20, 0x9111, b"SQ", ITEM + item + ITEM_END + SEQUENCE_END, UNDEFINED)))
    frame = header.items("FrameContentSequence")[0]
    assert (frame.text("StackID"), frame.numbers("DimensionIndexValues")) == ("7", (3, 4))


@pytest.mark.parametrize("junk", [b"", b"ju", b"junkjunkjunkjunk"])
def test_a_delimiter_ends_a_sequence_or_item_that_also_has_a_length(junk: bytes) -> None:
    meaning = _explicit(8, 0x104, b"LO", b"mm")
    item = meaning + ITEM_END + junk
    sequence = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item + SEQUENCE_END + junk
    header = _read(_file(_explicit(0x40, 0x8EA, b"SQ", sequence), ROWS))
    assert [item.text("CodeMeaning") for item in header.items("MeasurementUnitsCodeSequence")] == ["mm"]
    assert header.whole("Rows") == 512


def test_a_sequence_that_some_archive_has_made_unknown_is_read() -> None:
    item = _implicit(0x28, 0x30, b"1.25\\0.5 ")
    implicit = _implicit(0xFFFE, 0xE000, item)
    header = _read(_file(_explicit(0x28, 0x9110, b"UN", implicit), ROWS))
    assert header.items("PixelMeasuresSequence")[0].numbers("PixelSpacing") == (1.25, 0.5)


def test_header_longer_than_a_chunk_is_read_whole() -> None:
    frames = b"".join(
        ITEM + _explicit(0x28, 0x9110, b"SQ", ITEM + _explicit(0x28, 0x30, b"DS", f"{n}\\1".encode()) + ITEM_END
                         + SEQUENCE_END, UNDEFINED) + _explicit(9, 0x1001, b"OB", bytes(n % 50_000)) + ITEM_END
        for n in range(0, 60_000, 137)
    )  # fmt: skip
    content = _file(
        MODALITY,
        _explicit(9, 0x1001, b"OB", bytes(1_000_000)),
        _explicit(0x28, 0x1201, b"OW", bytes(range(256)) * 512),
        _explicit(0x5200, 0x9230, b"SQ", frames + SEQUENCE_END, UNDEFINED),
        PIXELS,
    )
    header = _read(content)
    assert header.raw("RedPaletteColorLookupTableData") == bytes(range(256)) * 512
    rows = [
        f.items("PixelMeasuresSequence")[0].number("PixelSpacing")
        for f in header.items("PerFrameFunctionalGroupsSequence")
    ]
    assert rows == list(range(0, 60_000, 137))
    assert header.pixels is not None and header.pixels.offset == len(content) - 64


# ---- values


def test_numbers_are_decoded_by_the_vr_that_the_file_tells() -> None:
    header = _read(
        _file(
            _explicit(0x28, 0x10, b"UL", struct.pack("<L", 70_000)),
            _explicit(0x28, 0x11, b"OB", struct.pack("<H", 640)),
            _explicit(0x28, 0x100, b"UN", b"\x10\x00"),
            _explicit(0x28, 0x103, b"US", b"\x01\x00"),
            _explicit(0x28, 0x120, b"UN", struct.pack("<h", -2000)),
            _explicit(0x28, 0x1052, b"DS", b"-1024.5 "),
        )
    )
    assert (header.whole("Rows"), header.whole("Columns"), header.whole("BitsAllocated")) == (70_000, 640, 16)
    assert header.whole("PixelPaddingValue") == -2000  # signed, as the pixels are
    assert (header.number("RescaleIntercept"), header.whole("RescaleIntercept")) == (-1024.5, None)


def test_padding_value_of_unsigned_pixels_is_unsigned_in_implicit_files() -> None:
    padding = _implicit(0x28, 0x103, b"\0\0") + _implicit(0x28, 0x120, b"\x30\xf8")
    meta = _explicit(2, 0x10, b"UI", b"1.2.840.10008.1.2\0")
    assert _read(_file(_implicit(8, 0x60, b"CT") + padding, meta=meta)).whole("PixelPaddingValue") == 63536


@pytest.mark.parametrize(
    "value", [b"", b"abc", b"1\\two", b"nan", b"inf ", b"1_0", b"1e999", b"1\\\\2", b"\xb2", b"0x10"]
)
def test_what_is_no_finite_number_is_none(value: bytes) -> None:
    header = _read(_file(_explicit(0x28, 0x1053, b"DS", value)))
    assert header.numbers("RescaleSlope") is None and header.whole("RescaleSlope") is None


def test_binary_numbers_that_are_not_finite_or_of_an_odd_length_are_none() -> None:
    delta = _explicit(0x18, 0x602C, b"FD", struct.pack("<d", float("nan")))
    odd = _explicit(0x28, 0x10, b"US", b"\x00\x02\x01")
    header = _read(_file(MODALITY, delta, odd, _explicit(0x28, 0x11, b"US", b"\x07\x00")))
    assert header.numbers("PhysicalDeltaX") is None
    assert header.numbers("Rows") is None and header.whole("Columns") == 7


def test_more_than_a_million_numbers_are_none() -> None:
    for vr, millionth in ((b"OW", b"\1\0"), (b"UN", b"\1\0")):
        assert (
            len(_read(_file(_explicit(0x28, 0x3006, vr, millionth * 1_000_000))).numbers("LUTData") or ()) == 1_000_000
        )
        assert _read(_file(_explicit(0x28, 0x3006, vr, millionth * 1_000_001))).numbers("LUTData") is None
    assert _read(_file(_explicit(0x18, 0x1065, b"UN", b"1\\" * 1_000_000 + b"1"))).numbers("FrameTimeVector") is None


def test_frame_increment_pointer_is_group_and_element() -> None:
    header = _read(_file(_explicit(0x28, 9, b"AT", struct.pack("<4H", 0x54, 0x10, 0x54, 0x20))))
    assert header.numbers("FrameIncrementPointer") == (0x00540010, 0x00540020)


def test_overlay_planes_are_told_apart_by_their_group() -> None:
    planes = [
        _explicit(group, 0x10, b"US", struct.pack("<H", rows))
        + _explicit(group, 0x50, b"SS", struct.pack("<hh", -3, 5))
        for group, rows in ((0x6000, 11), (0x6004, 12), (0x601E, 13))
    ]
    header = _read(_file(ROWS, *planes, _explicit(0x6020, 0x10, b"US", b"\x01\x00")))
    assert [plane.whole("OverlayRows") for plane in header.overlay_groups()] == [11, 12, 13]
    assert [plane.numbers("OverlayOrigin") for plane in header.overlay_groups()] == [(-3, 5)] * 3
    assert [plane.raw("OverlayData") for plane in header.overlay_groups()] == [None] * 3


def test_private_elements_are_found_by_their_creator_not_by_their_block() -> None:
    dataset = Dataset()
    dataset.Modality = "PT"
    dataset.private_block(0x7053, "Someone else", create=True).add_new(0x00, "DS", "99")
    dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "DS", "0.000551")
    dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20200304101112.00")
    for syntax in SYNTAXES:
        header = _read(_saved(dataset, syntax))
        assert header.private(0x7053, "Philips PET Private Group", 0x00) == "0.000551"
        assert header.private(0x0009, "GEMS_PETD_01", 0x0D) == "20200304101112.00"
        assert header.private(0x7053, "GEMS_PETD_01", 0x00) == ""


def test_asking_for_what_is_not_kept_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        _read(_file(ROWS)).text("PatientAddress")


# ---- texts


def _name(value: bytes, *character_set: bytes) -> Header:
    declared = _explicit(8, 5, b"CS", b"\\".join(character_set)) if character_set else MODALITY
    return _read(_file(declared, _explicit(0x10, 0x10, b"PN", value), _explicit(0x10, 0x20, b"LO", b"A\0\0 ")))


def test_a_known_character_set_gives_its_letters_and_no_warning() -> None:
    header = _name(b"Buc^J\xe9r\xf4me", b"ISO_IR 100")
    assert (header.text("PatientName"), header.text("PatientID"), header.warnings) == ("Buc^Jérôme", "A", ())
    # PS3.5 H.3.1: the escape sequences of the first example, by hand
    japanese = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
    assert _name(japanese, b"", b"ISO 2022 IR 87").text("PatientName") == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_a_caret_ends_an_escaped_part_of_a_name() -> None:
    # Greek in G1 by an escape; behind the caret Latin-1 holds again, PS3.5 6.1.2.5.3
    header = _name(b"\x1b-F\xc4\xe9\xef^\xe9", b"ISO 2022 IR 100", b"ISO 2022 IR 126")
    assert header.text("PatientName") == "Διο^é"


@pytest.mark.parametrize("spelling", [b"ISO IR 100", b"ISO-IR 100", b"ISO_IR_100", b"ISO_IR 100 ", b"latin1"])
def test_usual_slips_in_the_name_of_a_character_set_are_understood(spelling: bytes) -> None:
    assert _name(b"J\xe9r", spelling).text("PatientName") == "Jér"


@pytest.mark.parametrize(
    "bogus", [b"ISO_IR 999", b"zlib_codec", b"idna", b"rot13", b"\xff\xfe", b"../../etc", b"x" * 64]
)
def test_an_unknown_character_set_gives_replacement_characters_and_a_warning(bogus: bytes) -> None:
    header = _name(b"J\xe9r^Anne", bogus)
    assert header.warnings == ()  # nothing has been asked for
    assert header.text("PatientName") == "J\ufffdr^Anne"
    assert len(header.warnings) == 1 and "unknown character set" in header.warnings[0]


def test_a_lying_character_set_gives_replacement_characters_and_a_warning() -> None:
    utf8 = _name(b"J\xe9r\xf4me", b"ISO_IR 192")
    assert utf8.text("PatientName") == "J\ufffdr\ufffdme" and "not in the character set" in utf8.warnings[0]
    escape = _name(b"\x1b$)CKim", b"ISO_IR 100")  # Korean, which is not declared
    assert "\ufffd" in escape.text("PatientName") and "\x1b" not in escape.text("PatientName")
    assert escape.warnings


@pytest.mark.parametrize("character_set", [(), (b"ISO_IR 6",)])
def test_foreign_letters_without_a_character_set_are_doubted(character_set: tuple[bytes, ...]) -> None:
    header = _name(b"J\xe9r", *character_set)
    assert header.text("PatientName") == "Jér" and "no character set" in header.warnings[0]
    assert not _name(b"Jer", *character_set).warnings


def test_an_item_inherits_the_character_set_around_it_unless_it_has_its_own() -> None:
    greek = _explicit(8, 5, b"CS", b"ISO_IR 126 ")
    meaning = _explicit(8, 0x104, b"LO", b"\xc4")
    items = ITEM + meaning + ITEM_END + ITEM + _explicit(8, 5, b"CS", b"ISO_IR 100") + meaning + ITEM_END
    header = _read(_file(greek, _explicit(0x40, 0x8EA, b"SQ", items + SEQUENCE_END, UNDEFINED)))
    assert [item.text("CodeMeaning") for item in header.items("MeasurementUnitsCodeSequence")] == ["Δ", "Ä"]


def test_padding_is_no_part_of_a_text() -> None:
    description = _explicit(8, 0x103E, b"LO", b" a\\b= \0")
    header = _read(
        _file(description, _explicit(0x10, 0x10, b"PN", b"Doe^J^==\0"), _explicit(0x10, 0x20, b"LO", b" \0"))
    )
    assert header.texts("SeriesDescription") == ("a", "b=") and header.text("PatientName") == "Doe^J^"
    assert (header.texts("PatientID"), header.text("StudyID"), "PatientID" in header) == ((), "", True)


def test_an_endless_text_is_cut_with_a_warning() -> None:
    header = _read(_file(_explicit(0x10, 0x10, b"UT", b"a" * 1_000_000)))
    assert len(header.text("PatientName")) == 10_240 and "longer than DICOM allows" in header.warnings[0]


# ---- hostile and damaged files

NESTING_TAGS = [(0x5200, 0x9229), (0x0088, 0x0200)]  # a wanted sequence and an unwanted one


def _nested(depth: int, tag: tuple[int, int], closed: bool = True) -> bytes:
    opening = _explicit(*tag, b"SQ", ITEM, UNDEFINED) * depth
    return _file(MODALITY, opening + (ITEM_END + SEQUENCE_END) * (depth if closed else 0), ROWS)


@pytest.mark.parametrize("tag", NESTING_TAGS)
def test_sequences_may_be_nested_64_deep(tag: tuple[int, int]) -> None:
    header = _read(_nested(64, tag))
    assert header.whole("Rows") == 512
    elements, depth = header.items("SharedFunctionalGroupsSequence"), 0
    while elements:
        elements, depth = elements[0].items("SharedFunctionalGroupsSequence"), depth + 1
    assert depth == (64 if tag == NESTING_TAGS[0] else 0)


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("tag", NESTING_TAGS)
@pytest.mark.parametrize("depth", [65, 240, 2_000, 100_000])
def test_deeper_sequences_are_refused(depth: int, tag: tuple[int, int], closed: bool) -> None:
    with pytest.raises(SeriesError, match="nested more than 64 deep"):
        _read(_nested(depth, tag, closed))


def test_deep_sequences_with_lengths_are_refused_where_they_are_wanted() -> None:
    sequence = b""
    for _ in range(240):
        item = struct.pack("<HHL", 0xFFFE, 0xE000, len(sequence)) + sequence
        sequence = _explicit(0x5200, 0x9229, b"SQ", item)
    with pytest.raises(SeriesError, match="nested more than 64 deep"):
        _read(_file(MODALITY, sequence, ROWS))


@pytest.mark.parametrize("tag", NESTING_TAGS)
@pytest.mark.parametrize("empty", [ITEM + ITEM_END, struct.pack("<HHL", 0xFFFE, 0xE000, 0)])
def test_items_are_counted(tag: tuple[int, int], empty: bytes) -> None:
    most = _file(_explicit(*tag, b"SQ", empty * 200_000 + SEQUENCE_END, UNDEFINED), ROWS)
    assert _read(most).whole("Rows") == 512
    for count in (200_001, 300_000):
        with pytest.raises(SeriesError, match="more than 200,000 sequence items"):
            _read(_file(_explicit(*tag, b"SQ", empty * count + SEQUENCE_END, UNDEFINED), ROWS))


def test_elements_are_counted() -> None:
    with pytest.raises(SeriesError, match="more than 2,000,000 elements"):
        _read(_file(_explicit(9, 0x1001, b"LO", b"") * 2_000_001))


class _Hole(io.RawIOBase):
    """A file of any size: its beginning, and then zeros, which are made as they are read. Counts them."""

    def __init__(self, beginning: bytes) -> None:
        self._beginning, self._at, self.given = beginning, 0, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        assert whence == io.SEEK_SET
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        content = self._beginning[self._at : self._at + size]
        content += bytes(size - len(content))
        self._at += size
        self.given += size
        return content


@pytest.mark.parametrize("vr", [b"UN", b"OB", b"UT"])
def test_a_huge_element_that_nobody_wants_is_stepped_over_unread(vr: bytes) -> None:
    beginning = _file(MODALITY, _explicit(9, 0x1001, vr, b"", 4_000_000_000))
    stream = _Hole(beginning)
    assert read_header(stream, len(beginning) + 4_000_000_000).text("Modality") == "CT"  # type: ignore[arg-type]
    assert stream.given <= 3 << 14


@pytest.mark.parametrize(
    "element",
    [
        _explicit(0x28, 0x1201, b"OW", b"", 3_000_000_000),  # a palette
        _explicit(0x88, 0x200, b"SQ", ITEM + _explicit(9, 0x1001, b"UN", b"", 2_900_000_000), UNDEFINED),
        _explicit(2, 0x10, b"UN", b"", 3_000_000_000),  # a transfer syntax
    ],
)
def test_a_header_that_needs_more_than_256_mb_is_refused_before_it_is_read(element: bytes) -> None:
    stream = _Hole(_file(element, meta=b""))
    with pytest.raises(SeriesError, match="longer than 256 MB"):
        read_header(stream, 4_000_000_000)  # type: ignore[arg-type]
    assert stream.given < 1 << 20


def test_a_sequence_that_claims_gigabytes_is_read_no_further_than_it_makes_sense() -> None:
    item = struct.pack("<HHL", 0xFFFE, 0xE000, 2_900_000_000) + ROWS  # and then zeros: elements of no length
    stream = _Hole(_file(_explicit(0x5200, 0x9229, b"SQ", item, 3_000_000_000)))
    with pytest.raises(SeriesError, match="more than 2,000,000 elements"):
        read_header(stream, 4_000_000_000)  # type: ignore[arg-type]
    assert stream.given < 40_000_000


@pytest.mark.parametrize(
    "elements",
    [
        _explicit(0x10, 0x20, b"LO", b"", 64),
        _explicit(9, 0x1001, b"UN", b"", 0xFFFFFFF0),
        _explicit(0x28, 0x1201, b"OW", b"", 100),
        _explicit(0x40, 0x8EA, b"SQ", b"", 1000),
        _explicit(0x40, 0x8EA, b"SQ", struct.pack("<HHL", 0xFFFE, 0xE000, 50) + ROWS, 18),
        _explicit(0x40, 0x8EA, b"SQ", struct.pack("<HHL", 0xFFFE, 0xE000, 8) + _explicit(8, 0x100, b"SH", b"", 90), 16),
        _explicit(0x40, 0x8EA, b"SQ", struct.pack("<HHL", 0xFFFE, 0xE000, 20) + ROWS, 18) + ROWS,  # into what follows
        _explicit(0x40, 0x8EA, b"SQ", ITEM + ROWS + ITEM_END, 22) + ROWS,  # ends within the delimiter
        _explicit(0x40, 0x8EA, b"SQ", ROWS, 10),  # no item
        _explicit(0x40, 0x8EA, b"SQ", ITEM, UNDEFINED),  # never closed
        _explicit(0x40, 0x8EA, b"SQ", ITEM + PIXELS + SEQUENCE_END, UNDEFINED),
        _explicit(9, 0x1001, b"OB", bytes(16), UNDEFINED),  # neither items nor fragments
        b"\x28\0\x11\0UT\0\0\x01",
        b"\x28\0\x11",
    ],
)
def test_lengths_that_lie_are_refused_with_a_sentence(elements: bytes) -> None:
    with pytest.raises(SeriesError, match=r"its header is truncated or damaged .*; fetch the file again"):
        _read(_file(MODALITY, elements))


@pytest.mark.parametrize("length", [UNDEFINED, 30])
def test_the_sentence_names_the_element_that_lies(length: int) -> None:
    item = struct.pack("<HHL", 0xFFFE, 0xE000, length) + _explicit(9, 0x1001, b"UN", bytes(10), 5000)
    sequence = _explicit(0x40, 0x8EA, b"SQ", item, UNDEFINED)
    with pytest.raises(SeriesError, match=r"\(0009,1001\) reaches beyond the end of its item"):
        _read(_file(MODALITY, sequence, bytes(100)))


def test_a_sequence_that_calls_itself_something_else_is_passed_over() -> None:
    header = _read(_file(_explicit(0x40, 0x8EA, b"OB", b"no items at all."), ROWS))
    assert header.items("MeasurementUnitsCodeSequence") == [] and header.whole("Rows") == 512


def test_zeros_that_pad_a_file_are_no_damage() -> None:
    for padding in range(40):
        assert _read(_file(MODALITY, ROWS) + bytes(padding)).whole("Rows") == 512


@pytest.mark.parametrize("length", [0xFFFFFFFE, 1 << 31, 0])
def test_a_lie_about_the_length_of_the_pixels_is_told_as_it_is(length: int) -> None:
    header = _read(_file(ROWS, _explicit(0x7FE0, 0x10, b"OW", bytes(10), length)))
    assert header.pixels is not None and header.pixels.length == length


def _deflated(header: bytes, zeros_mb: int) -> bytes:
    """A deflated file whose data set is a header and then zeros, a thousandth of their size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = packer.compress(header) + packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)  # of which any number may follow
    meta = _explicit(2, 0x10, b"UI", DeflatedExplicitVRLittleEndian.encode())
    return _file(start + megabyte * zeros_mb + packer.flush(), meta=meta)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (MODALITY + _explicit(9, 0x1001, b"UN", b"", 1 << 30), "longer than 256 MB"),
        (MODALITY + _explicit(9, 0x1001, b"UN", b"", (256 << 20) - 5000), "longer than 256 MB"),
        (MODALITY + _explicit(0x28, 0x1201, b"OW", b"", 1 << 30), "longer than 256 MB"),
        (MODALITY + _explicit(9, 0x1001, b"OB", b"", UNDEFINED), "stands where an item of a sequence should begin"),
    ],
)
def test_a_deflated_bomb_is_refused_in_little_memory(header: bytes, reason: str) -> None:
    bomb = _deflated(header, 1024)
    assert len(bomb) < 2 << 20

    def read() -> None:
        with pytest.raises(SeriesError, match=reason):
            _read(bomb)

    assert _peak_bytes(read) < 8 << 20


def test_the_zeros_of_a_deflated_bomb_count_as_elements() -> None:
    with pytest.raises(SeriesError, match="more than 2,000,000 elements"):
        _read(_deflated(MODALITY, 1024))


def test_the_content_of_a_deflated_file_is_bounded_by_what_the_caller_asks_for() -> None:
    bomb = _deflated(MODALITY + ROWS + _explicit(0x7FE0, 0x10, b"OW", b"", 1 << 30), 1024)
    header = _read(bomb)
    assert header.pixels is not None and (header.pixels.offset, header.pixels.length) == (32, 1 << 30)
    content = []
    assert _peak_bytes(lambda: content.append(header.content(io.BytesIO(bomb), 100_000).read())) < 4 << 20
    assert content == [MODALITY + ROWS + _explicit(0x7FE0, 0x10, b"OW", b"", 1 << 30) + bytes(100_000 - 32)]


def test_a_deflated_file_that_is_cut_or_corrupt_is_refused_or_ends_early() -> None:
    dataset = Dataset()
    dataset.Modality, dataset.Rows, dataset.Columns, dataset.BitsAllocated = "CT", 40, 50, 16
    dataset.add_new(0x00091001, "OB", random.Random(1).randbytes(40_000))
    dataset.PixelData = random.Random(2).randbytes(4000)
    content = _saved(dataset, DeflatedExplicitVRLittleEndian)
    whole = _read(content)
    assert whole.pixels is not None
    for cut in (len(content) // 4, len(content) // 2):
        with pytest.raises(SeriesError, match="truncated or damaged"):
            _read(content[:cut])
    cut = _read(content[:-2000])
    assert cut.pixels == whole.pixels
    assert 0 < len(cut.content(io.BytesIO(content[:-2000])).read()) < whole.pixels.offset + 4000
    spoilt = content[:400] + bytes([content[400] ^ 0xFF]) + b"\xff" * 60 + content[460:]
    with pytest.raises(SeriesError, match="cannot be inflated"):
        _read(spoilt)


def test_what_is_no_dicom_is_refused_by_name() -> None:
    for content in (b"", b"x", b"\x08", b"\x08\0\x05\0", b"\x89PNG\r\n" + bytes(200), bytes(1000), b"text " * 50):
        with pytest.raises(SeriesError, match="not DICOM"):
            _read(content)


def test_a_header_cut_anywhere_is_refused_and_pixels_cut_anywhere_leave_it_whole() -> None:
    content = Path(get_testdata_file("CT_small.dcm")).read_bytes()  # type: ignore[arg-type]
    whole = _read(content)
    assert whole.pixels is not None
    seen = {"refused": 0, "whole": 0}
    cuts = {n * len(content) // 64 + shift for n in range(64) for shift in range(0, 600, 41)}
    for cut in sorted(cuts | set(range(6200, 6310))):
        header = _header_or_reason(content[:cut])
        if isinstance(header, str):
            assert cut < 140 or (cut < whole.pixels.offset and "fetch the file again" in header)
            seen["refused"] += 1
            continue
        if cut >= whole.pixels.offset:
            assert header.pixels == whole.pixels
            seen["whole"] += 1
        else:  # only between two elements, where nothing shows it but the missing pixels
            assert header.pixels is None
            rest = content[cut:]
            assert struct.unpack_from("<H", rest)[0] >= 2 and rest[4:6].isalpha()
    assert min(seen.values()) > 50


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_bigendian.dcm", "rtdose.dcm", "693_J2KI.dcm"])
def test_flipped_bytes_end_in_a_header_or_a_sentence(name: str) -> None:
    content = Path(get_testdata_file(name)).read_bytes()[:20_000]  # type: ignore[arg-type]
    chance = random.Random(name)
    outcomes = {Header: 0, str: 0}
    for _ in range(200):
        spoilt = bytearray(content)
        for _ in range(chance.choice((1, 1, 8))):
            spoilt[chance.randrange(130, min(4000, len(content)))] = chance.randrange(256)
        outcomes[type(_header_or_reason(bytes(spoilt)))] += 1
    assert min(outcomes.values()) > 5


def test_random_bytes_behind_a_preamble_end_in_a_header_or_a_sentence() -> None:
    chance = random.Random(7)
    for n in range(300):
        beginning = (META, b"", META[:-1] + b"2", _explicit(2, 0x10, b"UI", DeflatedExplicitVRLittleEndian.encode()))
        content = _file(chance.randbytes(chance.randrange(5000)), meta=beginning[n % 4])
        _header_or_reason(content)
