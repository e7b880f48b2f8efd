"""Pixels of DICOM files, frame by frame, against pydicom and against numbers worked by hand."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file, get_testdata_files
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.pixels import apply_color_lut, apply_modality_lut, convert_color_space, pixel_array
from pydicom.uid import (
    MPEG2MPML,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from viewer.core.study import SeriesError
from viewer.io.dicom_header import Header, read_header
from viewer.io.dicom_pixels import (
    Frames,
    ValuesDoNotFit,
    rescale_of,
    value_type,
)
from viewer.io.overlays import has_overlays, overlay_problems
from viewer.io.pixel_format import pixel_format

ROWS, COLUMNS = 35, 44
NOTHING = 77  # what an array holds before it is read into

# What pydicom shows and we refuse, and what only we show.
SINGLE_BITS = {"liver_1frame.dcm", "liver_expb_1frame.dcm"}
TWELVE_BIT_JPEG = {"JPEG-lossy.dcm", "JPGExtended.dcm"}


def dataset(stored: np.ndarray, **elements) -> Dataset:
    """A picture whose stored values are (rows, columns[, 3]), or (frames, rows, columns) for MONOCHROME2."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    colour = stored.ndim == 3 and stored.shape[2] == 3
    if stored.ndim == 3 and not colour:
        made.NumberOfFrames = stored.shape[0]
    made.Rows, made.Columns = stored.shape[:2] if colour else stored.shape[-2:]
    made.SamplesPerPixel, made.PhotometricInterpretation = (3, "RGB") if colour else (1, "MONOCHROME2")
    if colour:
        made.PlanarConfiguration = 0
    made.BitsAllocated = made.BitsStored = 8 * stored.dtype.itemsize
    made.PixelRepresentation = int(stored.dtype.kind == "i")
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    if "HighBit" not in elements:
        made.HighBit = made.BitsStored - 1
    if made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian and "PixelData" not in elements:
        packed = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
        made.PixelData = packed + bytes(len(packed) % 2)
        made["PixelData"].VR = "OB" if stored.dtype.itemsize == 1 else "OW"
    return made


def compressed(stored: np.ndarray, syntax: str, frames: list[bytes], **elements) -> Dataset:
    made = dataset(stored, PixelData=encapsulate(frames), **elements)
    made.file_meta.TransferSyntaxUID = syntax
    made["PixelData"].VR = "OB"
    return made


def as_bytes(made: Dataset) -> bytes:
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def declared_type(made: Dataset) -> str:
    """The type of the values by the header alone."""
    header = header_of(as_bytes(made))
    return value_type(pixel_format(header), [rescale_of(header)])


def header_of(file: bytes) -> Header:
    return read_header(io.BytesIO(file), len(file))


def read(file: bytes | Dataset, kind: str = "int16", frame_number: int = 0) -> np.ndarray:
    """A frame in an array of a type, or of a wider one if the reader asks for it."""
    file = as_bytes(file) if isinstance(file, Dataset) else file
    stream = io.BytesIO(file)
    frames = Frames(read_header(stream, len(file)), stream, len(file))
    shape = (frames.format.rows, frames.format.columns) + (3,) * frames.format.colour
    out = np.full(shape, NOTHING, "uint8" if frames.format.colour else kind)
    try:
        frames.read(frame_number, out)
    except ValuesDoNotFit as wider:
        return read(file, wider.value_type, frame_number)
    return out


def refused(file: bytes | Dataset) -> str:
    """The sentence that a file is refused with."""
    with pytest.raises(SeriesError) as refusal:
        read(file)
    sentence = str(refusal.value)
    assert sentence and "\n" not in sentence and len(sentence) < 250
    assert "Error" not in sentence and "None" not in sentence.replace("(None rows", ""), "a sentence for a person"
    return sentence


def ramp(kind: str = "uint16", bits: int = 16, shape: tuple[int, ...] = (ROWS, COLUMNS)) -> np.ndarray:
    """Values that all differ where they can, over all the bits stored."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if kind.startswith("i") else (0, (1 << bits) - 1)
    return np.rint(np.linspace(low, high, int(np.prod(shape)))).astype(kind).reshape(shape)


def bundled() -> list[Path]:
    files = sorted({Path(file) for file in get_testdata_files() if Path(file).is_file()})
    return [file for file in files if _holds_pixels(file)]


def _holds_pixels(file: Path) -> bool:
    try:
        found = dcmread(file, specific_tags=["Rows", "PixelData"])
    except Exception:
        return False
    return "PixelData" in found and "Rows" in found


# What pydicom has


@pytest.mark.parametrize("file", bundled(), ids=lambda file: file.name)
def test_every_file_of_pydicom_has_the_pixels_that_pydicom_reads_or_is_refused(file):
    contents = file.read_bytes()
    made = dcmread(file)
    try:
        expected = pixel_array(made)
    except Exception:
        if file.name in TWELVE_BIT_JPEG:
            return  # below
        refused(contents)
        return
    if file.name in SINGLE_BITS:
        assert "single bits" in refused(contents)
        return
    if made.PhotometricInterpretation == "PALETTE COLOR":
        expected = apply_color_lut(expected, made)
    elif made.SamplesPerPixel == 1:
        expected = apply_modality_lut(expected, made)
    if pixel_format(header_of(contents)).colour:  # 8 bits of what may be 16 or 32
        expected = (expected >> 8 * (expected.dtype.itemsize - 1)).astype(np.uint8)

    for number in range(int(made.get("NumberOfFrames") or 1)):
        got = read(contents, frame_number=number)
        wanted = expected[number] if int(made.get("NumberOfFrames") or 1) > 1 else expected
        np.testing.assert_array_equal(got, wanted.astype(got.dtype))


@pytest.mark.parametrize("name", sorted(TWELVE_BIT_JPEG))
def test_jpeg_of_twelve_bits_is_read(name):
    # pydicom's own tests name these two values, from another decoder
    got = read(Path(str(get_testdata_file(name))).read_bytes())

    assert (got[420, 140], got[230, 120]) == (244, 95)


def test_bundled_files_are_there():
    assert len(bundled()) > 80


# Stored values


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(
    ("kind", "bits"), [("uint16", 16), ("int16", 16), ("uint16", 12), ("int16", 12), ("int16", 9), ("uint8", 8),
                       ("int8", 8), ("uint8", 6), ("int8", 7), ("uint32", 32), ("int32", 32), ("int32", 20)]
)  # fmt: skip
def test_stored_values_of_every_width_sign_and_byte_order(kind, bits, syntax):
    stored = ramp(kind, bits, (3, ROWS, COLUMNS))
    made = dataset(stored, BitsStored=bits)
    made.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        made.PixelData = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    stream = io.BytesIO()
    made.save_as(stream, enforce_file_format=True)

    for number in range(3):
        got = read(stream.getvalue(), frame_number=number)
        np.testing.assert_array_equal(got, stored[number].astype(got.dtype))


@pytest.mark.parametrize("kind", ["uint16", "int16"])
@pytest.mark.parametrize("out", ["int16", "int32", "float32"])
def test_what_lies_above_the_bits_stored_is_no_value(kind, out):
    stored = ramp(kind, 12)
    words = (stored.astype(np.int32) & 0x0FFF | 0xA000).astype(np.uint16)  # other things in the four high bits

    np.testing.assert_array_equal(
        read(dataset(words, BitsStored=12, PixelRepresentation=int(kind == "int16")), out), stored
    )


@pytest.mark.parametrize("kind", ["uint16", "int16"])
def test_values_that_lie_at_the_upper_end_of_their_word_are_moved_down(kind):
    stored = ramp(kind, 12)
    words = ((stored.astype(np.int32) << 4) & 0xFFFF | 0x5).astype(np.uint16)
    made = dataset(words, BitsStored=12, HighBit=15, PixelRepresentation=int(kind == "int16"))

    np.testing.assert_array_equal(read(made), stored)


def test_monochrome1_is_left_as_it_is_stored():
    stored = ramp("uint16", 12)

    np.testing.assert_array_equal(read(dataset(stored, BitsStored=12, PhotometricInterpretation="MONOCHROME1")), stored)


def test_eight_bit_pixels_in_big_endian_words_come_in_their_order():
    stored = ramp("uint8", 8, (3, 3, 5))  # frames of an odd length: pairs of bytes go across their border
    made = dataset(stored)
    made.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    made.PixelData = np.frombuffer(stored.tobytes() + b"\0", ">u2").astype("<u2").tobytes()
    made["PixelData"].VR = "OW"
    file = as_bytes(made)

    for number in range(3):
        np.testing.assert_array_equal(read(file, frame_number=number), stored[number])


def test_deflated_pixels():
    stored = ramp("int16", 16, (4, ROWS, COLUMNS))
    made = dataset(stored)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    file = as_bytes(made)

    np.testing.assert_array_equal(read(file, frame_number=3), stored[3])
    refused(file[: len(file) // 2])


@pytest.mark.parametrize(("keyword", "kind"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_fractions_are_read_as_fractions(keyword, kind):
    values = np.linspace(-1e6, 1e6, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    made = dataset(np.zeros((ROWS, COLUMNS), np.uint8))
    del made.PixelData, made.PixelRepresentation
    setattr(made, keyword, values.astype(kind).tobytes())
    made.BitsAllocated = 8 * np.dtype(kind).itemsize

    assert declared_type(made) == "float32"
    np.testing.assert_array_equal(read(made), values.astype(np.float32))


def test_deflated_file_that_names_more_pixels_than_it_can_hold_is_not_inflated(monkeypatch):
    monkeypatch.setattr(Header, "content", lambda *_: pytest.fail("inflated"))
    made = dataset(np.zeros((ROWS, COLUMNS), np.uint16), NumberOfFrames=2000000000)
    made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian

    assert "do not fit" in refused(made)


# Rescale


@pytest.mark.parametrize(
    ("slope", "intercept", "kind"), [(1, -1024, "int16"), (2, 5, "int16"), (-3, 7, "int16"), (1, 0, "int16"),
                                     (1, 30000, "int32"), (7, -1000000, "int32"), (1000000, 0, "float32"),
                                     (0.5, 0, "float32"), (1, 0.25, "float32"), (3.7e-5, -12.5, "float32")]
)  # fmt: skip
@pytest.mark.parametrize(("stored_kind", "bits"), [("uint16", 12), ("int16", 16), ("uint8", 8)])
def test_rescaled_values_equal_those_of_pydicom_and_never_wrap(slope, intercept, kind, stored_kind, bits):
    stored = ramp(stored_kind, bits)
    made = dataset(stored, BitsStored=bits, RescaleSlope=slope, RescaleIntercept=intercept)
    exact = apply_modality_lut(stored, made)

    got = read(made)

    np.testing.assert_array_equal(got, exact.astype(np.float32).astype(got.dtype) if got.dtype.kind == "f" else exact)
    narrowest = "float32" if slope != int(slope) or intercept != int(intercept) else "int16"
    for wider in ("int32", "float32"):
        limits = np.iinfo(narrowest) if narrowest != "float32" else None
        if limits and not (limits.min <= exact.min() and exact.max() <= limits.max):
            narrowest = wider
    assert got.dtype == narrowest


def test_values_are_checked_and_not_the_bits_that_could_hold_larger_ones():
    stored = np.full((ROWS, COLUMNS), 32767 + 1024, np.uint16)  # of 16 bits, which could hold 65535

    assert (read(dataset(stored, RescaleSlope=1, RescaleIntercept=-1024)) == 32767).all()
    stored[5, 5] += 1
    wider = read(dataset(stored, RescaleSlope=1, RescaleIntercept=-1024))
    assert wider.dtype == np.int32 and wider[5, 5] == 32768


@pytest.mark.parametrize(("slope", "intercept"), [("0", "-1024"), ("1", "1e30"), ("1e-30", "0"), ("x1", "0")])
def test_impossible_rescale_gives_stored_values_and_says_so(slope, intercept):
    stored = ramp("uint16", 12)
    made = dataset(stored, BitsStored=12)
    file = as_bytes(made)
    pixels = file.index(struct.pack("<HH2s", 0x7FE0, 0x0010, b"OW"))
    told = b"".join(
        struct.pack("<HH2sH", 0x0028, element, b"DS", len(value) + len(value) % 2)
        + value.encode()
        + b" " * (len(value) % 2)
        for element, value in ((0x1052, intercept), (0x1053, slope))
    )
    file = file[:pixels] + told + file[pixels:]

    rescale = rescale_of(header_of(file))
    assert "rescale" in rescale.problem and (rescale.slope, rescale.intercept) == (1, 0)
    np.testing.assert_array_equal(read(file), stored)


def test_rescale_without_a_problem_says_nothing():
    for elements in ({}, {"RescaleSlope": 2, "RescaleIntercept": -1}, {"RescaleSlope": None, "RescaleIntercept": None}):
        assert rescale_of(header_of(as_bytes(dataset(ramp(), **elements)))).problem == ""


def test_each_frame_has_the_rescale_of_its_own_functional_group():
    stored = ramp("uint16", 10, (3, ROWS, COLUMNS))
    made = dataset(stored, BitsStored=10, RescaleSlope=9, RescaleIntercept=9)
    made.PerFrameFunctionalGroupsSequence = [Dataset() for _ in range(3)]
    for number, group in enumerate(made.PerFrameFunctionalGroupsSequence[:2]):
        transformation = Dataset()
        transformation.RescaleSlope, transformation.RescaleIntercept = number + 1, -100 * number
        group.PixelValueTransformationSequence = [transformation]
    shared, transformation = Dataset(), Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = 5, 50
    shared.PixelValueTransformationSequence = [transformation]
    made.SharedFunctionalGroupsSequence = [shared]
    file = as_bytes(made)

    for number, (slope, intercept) in enumerate([(1, 0), (2, -100), (5, 50)]):
        np.testing.assert_array_equal(read(file, frame_number=number), stored[number].astype(int) * slope + intercept)


def modality_table(first: int, entries: np.ndarray, bits: int = 16, vr: str = "OW") -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", vr, entries.astype("<u2").tobytes() if vr == "OW" else entries.tolist())
    item.ModalityLUTType = "US"
    return item


@pytest.mark.parametrize(("kind", "first"), [("uint16", 0), ("uint16", 300), ("int16", -200)])
@pytest.mark.parametrize("vr", ["OW", "US"])
def test_modality_table_is_applied_instead_of_a_rescale(kind, first, vr):
    stored = ramp(kind, 11)
    entries = np.linspace(0, 40000, 700).astype(np.uint16) ^ 1
    made = dataset(stored, BitsStored=11, RescaleSlope=7, RescaleIntercept=7)
    made.ModalityLUTSequence = [modality_table(first, entries, vr=vr)]

    expected = entries[np.clip(stored.astype(int) - first, 0, 699)]
    np.testing.assert_array_equal(read(made), expected)
    assert declared_type(made) == "int32"


def test_damaged_modality_table_gives_stored_values_and_says_so():
    stored = ramp("uint16", 11)
    made = dataset(stored, BitsStored=11)
    made.ModalityLUTSequence = [modality_table(0, np.arange(700))]
    made.ModalityLUTSequence[0].LUTData = made.ModalityLUTSequence[0].LUTData[:100]

    assert "table" in rescale_of(header_of(as_bytes(made))).problem
    np.testing.assert_array_equal(read(made), stored)


def test_value_type_by_the_header_alone():
    def told(stored: np.ndarray, **elements) -> str:
        return declared_type(dataset(stored, **elements))

    assert told(ramp("uint16")) == "int16"
    assert told(ramp("uint16"), RescaleSlope=1, RescaleIntercept=-1024) == "int16"
    assert told(ramp("uint16"), RescaleSlope=0.5, RescaleIntercept=0) == "float32"
    assert told(ramp("uint16"), RescaleSlope=0, RescaleIntercept=0.5) == "int16"  # impossible: stored values
    assert told(ramp("uint32", 32)) == "int32"
    assert told(ramp("uint8", 8, (ROWS, COLUMNS, 3))) == "uint8"


# Colour


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_colours_laid_out_either_way(planar, photometric):
    colours = ramp("uint8", 8, (ROWS, COLUMNS, 3))[:, ::-1] ^ np.array([0, 90, 200], np.uint8)
    made = dataset(colours, PhotometricInterpretation=photometric, PlanarConfiguration=planar)
    if planar:
        made.PixelData = colours.transpose(2, 0, 1).tobytes()

    expected = convert_color_space(colours, photometric, "RGB")
    np.testing.assert_array_equal(read(made), expected)


def test_colours_shared_by_two_pixels():
    # Y1 Y2 B R: grey where B = R = 128, PS3.3 C.7.6.3.1.2
    made = dataset(np.zeros((2, 2, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422")
    made.PixelData = bytes([10, 20, 128, 128, 100, 50, 128, 255])

    # R = Y + 1.402 (Cr - 128) = 100 + 178.05, G = 100 - 0.714136 * 127 = 9.3, B = 100
    assert read(made).tolist() == [[[10, 10, 10], [20, 20, 20]], [[255, 9, 100], [228, 0, 50]]]


def test_colours_of_the_partial_range():
    # PS3.3 C.7.6.3.1.2: black is Y 16, white Y 235; red is Y 65 + 16, B 128 - 38, R 128 + 112
    made = dataset(np.zeros((1, 4, 3), np.uint8), PhotometricInterpretation="YBR_PARTIAL_422")
    made.PixelData = bytes([16, 235, 128, 128, 81, 81, 90, 240])

    black, white, red, also_red = read(made)[0].astype(int)
    assert np.abs(black).max() <= 1 and np.abs(white - 255).max() <= 1
    assert np.abs(red - (255, 0, 0)).max() <= 2 and (red == also_red).all()


@pytest.mark.parametrize("bits", [12, 16])
def test_colours_of_more_than_eight_bits_keep_their_upper_eight(bits):
    colours = ramp("uint16", bits, (ROWS, COLUMNS, 3))

    got = read(dataset(colours, BitsStored=bits))

    np.testing.assert_array_equal(got, colours >> bits - 8)
    assert got.min() == 0 and got.max() == 255


def palette(made: Dataset, first: int, tables: list[np.ndarray], bits: int, segmented: bool = False) -> Dataset:
    made.PhotometricInterpretation = "PALETTE COLOR"
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        descriptor = [len(table) % 65536 if not segmented else 256, first, bits]
        made.add_new(f"{name}PaletteColorLookupTableDescriptor", "SS" if first < 0 else "US", descriptor)
        packed = table.astype("<u1" if bits == 8 else "<u2").tobytes()
        keyword = f"{name}PaletteColorLookupTableData"
        made.add_new(f"Segmented{keyword}" if segmented else keyword, "OW", packed + bytes(len(packed) % 2))
    return made


@pytest.mark.parametrize(
    ("kind", "bits", "first"), [("uint8", 8, 0), ("uint8", 8, 30), ("uint16", 16, 0), ("int8", 8, -100)]
)
@pytest.mark.parametrize("entry_bits", [8, 16])
def test_palette_colours_are_those_of_its_table(kind, bits, first, entry_bits):
    stored = ramp(kind, bits)
    steps = np.arange(200, dtype=np.int64)
    tables = [steps * 37 % 256, 255 - steps, steps * steps % 256]
    made = palette(
        dataset(stored, BitsStored=bits), first, [t * 257 if entry_bits == 16 else t for t in tables], entry_bits
    )

    expected = np.stack([table[np.clip(stored.astype(int) - first, 0, 199)] for table in tables], axis=-1)
    np.testing.assert_array_equal(read(made), expected)
    if bits <= entry_bits:  # pydicom counts in the width of the entries
        np.testing.assert_array_equal(apply_color_lut(stored, made) >> entry_bits - 8, expected)


def test_palette_of_65536_entries():
    stored = ramp("uint16", 16)
    table = np.arange(65536)

    got = read(palette(dataset(stored), 0, [table, table[::-1], table], 16))

    np.testing.assert_array_equal(got, np.stack([stored >> 8, (65535 - stored) >> 8, stored >> 8], axis=-1))


@pytest.mark.parametrize("bits", [8, 16])
def test_segmented_palette_of_runs_and_lines(bits):
    stored = np.arange(ROWS * COLUMNS, dtype=np.uint8).reshape(ROWS, COLUMNS)
    top = 255 if bits == 8 else 65280
    run = [0, 4, 0, top, 7, top // 2]  # four entries as they are, then a line over 252 to the top
    table = np.array([*run, 1, 252, top])

    made = palette(dataset(stored), 0, [table] * 3, bits, segmented=True)

    np.testing.assert_array_equal(read(made), apply_color_lut(stored, made) >> bits - 8)


# Compressed


def j2k(stored: np.ndarray, bits: int) -> bytes:
    from openjpeg.utils import encode_array

    return bytes(encode_array(stored, bits_stored=bits, photometric_interpretation=2 if stored.ndim == 2 else 1))


def jls(stored: np.ndarray, bits: int, error: int = 0) -> bytes:
    from jpeg_ls.CharLS import encode_buffer

    words = stored.astype(np.int32) & ((1 << bits) - 1)
    words = words.astype("<u1" if bits <= 8 else "<u2")
    samples = 1 if stored.ndim == 2 else 3
    return bytes(encode_buffer(words.tobytes(), *stored.shape[:2], samples, bits, error, 2 if samples == 3 else 0))


def rle(stored: np.ndarray, bits: int) -> bytes:
    from rle.utils import encode_pixel_data

    return encode_pixel_data(
        stored.astype(stored.dtype.newbyteorder("<")).tobytes(), byteorder="<", rows=stored.shape[0],
        columns=stored.shape[1], samples_per_pixel=3 if stored.ndim == 3 else 1,
        bits_allocated=8 * stored.dtype.itemsize, number_of_frames=1,
    )  # fmt: skip


ENCODERS: dict[str, Callable[[np.ndarray, int], bytes]] = {JPEG2000Lossless: j2k, JPEGLSLossless: jls, RLELossless: rle}


@pytest.mark.parametrize("syntax", list(ENCODERS), ids=lambda syntax: syntax.name[:12])
@pytest.mark.parametrize(
    ("kind", "bits"),
    [("uint8", 8), ("uint16", 16), ("uint16", 12), ("uint16", 10), ("int16", 16), ("int16", 12), ("int8", 8)],
)
def test_lossless_compression_gives_back_the_stored_values(syntax, kind, bits):
    stored = ramp(kind, bits)
    made = compressed(
        stored, syntax, [ENCODERS[syntax](stored, bits)], BitsStored=bits, RescaleSlope=1, RescaleIntercept=-10
    )

    np.testing.assert_array_equal(read(made), stored.astype(int) - 10)


@pytest.mark.parametrize("syntax", list(ENCODERS), ids=lambda syntax: syntax.name[:12])
def test_lossless_compression_gives_back_colours(syntax):
    colours = ramp("uint8", 8, (ROWS, COLUMNS, 3)) ^ np.array([0, 90, 200], np.uint8)

    np.testing.assert_array_equal(read(compressed(colours, syntax, [ENCODERS[syntax](colours, 8)])), colours)


def test_near_lossless_jpeg_ls_stays_within_its_bound():
    stored = ramp("uint16", 12)
    made = compressed(stored, JPEGLSNearLossless, [jls(stored, 12, error=3)], BitsStored=12)

    assert np.abs(read(made).astype(int) - stored).max() <= 3


HTJ2K = base64.b85decode(  # written with OpenJPH: 70 i + 23 j at column i, row j
    "|4;u>04YEK0000E0000B00000000000000E0000B0000000000009pH0sl|{2mk^A000XAQUDA90ssL31q1{@0smY86Cj9?kdTm&kdTm&kdTmw"
    "h=~7W02crOPjF>!N>E53R%LP^FfKASE;BCwkN^q*00000X8-~JlfVEb$NU8cbN~Rr024p}5`gUd0*7<}h5?6k0KfnhFaQLA001~~@&N+00J{=1"
    "0KfnfzyK9MG2)E=%XI)+tycTM5P`n70Kfn%K#B^5qC)ZKFW2D<cL4v{"
)


def test_high_throughput_jpeg_2000():
    row, column = np.indices((11, 14))
    expected = (70 * column + 23 * row).astype(np.uint16)

    np.testing.assert_array_equal(read(compressed(expected, HTJ2KLossless, [HTJ2K])), expected)


def several_frames() -> tuple[np.ndarray, list[bytes]]:
    stored = np.stack([ramp("uint16", 12) ^ n for n in range(5)])
    return stored, [jls(frame, 12) for frame in stored]


@pytest.mark.parametrize("fragments", [1, 2])
@pytest.mark.parametrize("table", [True, False])
def test_frames_are_found_with_a_table_and_without_one(fragments, table):
    stored, frames = several_frames()
    made = compressed(stored, JPEGLSLossless, frames, BitsStored=12)
    made.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=table)
    file = as_bytes(made)

    for number in (4, 0, 2, 3, 1):
        np.testing.assert_array_equal(read(file, frame_number=number), stored[number])


def test_frames_are_found_with_an_extended_table():
    stored, frames = several_frames()
    made = compressed(stored, JPEGLSLossless, frames, BitsStored=12)
    made.PixelData, made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    file = as_bytes(made)

    for number in (4, 0, 2):
        np.testing.assert_array_equal(read(file, frame_number=number), stored[number])


# Overlays


def drawn_over(made: Dataset, frame_number: int = 0) -> np.ndarray:
    file = as_bytes(made)
    stream = io.BytesIO(file)
    out = np.full((made.Rows, made.Columns), NOTHING, "int16")
    overlay = np.zeros(out.shape, bool)
    Frames(read_header(stream, len(file)), stream, len(file)).read(frame_number, out, overlay)
    return overlay


def picture(frames: int = 1) -> Dataset:
    shape = (ROWS, COLUMNS) if frames == 1 else (frames, ROWS, COLUMNS)
    return dataset(ramp("uint16", 12, shape), BitsStored=12)


def with_overlay(made: Dataset, plane: np.ndarray, origin: tuple[int, int], group: int = 0x6000, **elements) -> Dataset:
    """plane: bool (rows, columns) or (frames, rows, columns); origin: row and column from 1."""
    made.add_new((group, 0x0010), "US", plane.shape[-2])
    made.add_new((group, 0x0011), "US", plane.shape[-1])
    made.add_new((group, 0x0040), "CS", "G")
    made.add_new((group, 0x0050), "SS", list(origin))
    made.add_new((group, 0x0100), "US", 1)
    made.add_new((group, 0x0102), "US", 0)
    packed = np.packbits(plane.ravel(), bitorder="little").tobytes()
    made.add_new((group, 0x3000), "OW", packed + bytes(len(packed) % 2))
    if plane.ndim == 3:
        made.add_new((group, 0x0015), "IS", plane.shape[0])
        made.add_new((group, 0x0051), "US", elements["first"])
    return made


def plane_of(rows: int, columns: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, columns)) < 0.4


def test_overlay_of_a_file_of_pydicom():
    made = dcmread(str(get_testdata_file("examples_overlay.dcm")))

    overlay = drawn_over(made)

    np.testing.assert_array_equal(overlay, made.overlay_array(0x6000).astype(bool))
    assert has_overlays(header_of(as_bytes(made))) and overlay.any() and not overlay.all()


@pytest.mark.parametrize(
    ("origin", "size"),
    [((3, 5), (4, 6)), ((-2, -3), (9, 9)), ((8, 10), (60, 60)), ((1, 1), (ROWS, COLUMNS)), ((50, 50), (3, 3)),
     ((-40, 2), (5, 5)), ((-3, -3), (99, 99))],
)  # fmt: skip
def test_overlay_lies_at_its_origin_and_is_cut_at_the_edges(origin, size):
    plane = plane_of(*size)
    canvas = np.zeros((200, 200), bool)  # the picture begins at (100, 100)
    top, left = 99 + origin[0], 99 + origin[1]
    canvas[top : top + size[0], left : left + size[1]] = plane

    overlay = drawn_over(with_overlay(picture(), plane, origin))

    np.testing.assert_array_equal(overlay, canvas[100 : 100 + ROWS, 100 : 100 + COLUMNS])


def test_several_overlays_are_drawn_over_each_other_and_over_what_is_there():
    one, two = plane_of(ROWS, COLUMNS, 1), plane_of(ROWS, COLUMNS, 2)
    made = with_overlay(with_overlay(picture(), one, (1, 1)), two, (1, 1), group=0x6002)

    np.testing.assert_array_equal(drawn_over(made), one | two)


def test_overlay_of_several_frames_goes_with_its_frames():
    planes = np.stack([plane_of(5, 7, seed) for seed in (1, 2)])  # 35 bits each: the second begins within a byte
    made = with_overlay(picture(4), planes, (1, 1), first=2)

    for number, plane in enumerate([None, planes[0], planes[1], None]):
        overlay = drawn_over(made, number)
        np.testing.assert_array_equal(overlay[:5, :7], np.zeros((5, 7), bool) if plane is None else plane)


def test_overlay_without_frames_is_drawn_on_each():
    plane = plane_of(ROWS, COLUMNS)
    made = with_overlay(picture(3), plane, (1, 1))

    np.testing.assert_array_equal(drawn_over(made, 2), plane)


@pytest.mark.parametrize("kind", ["uint16", "int16"])
@pytest.mark.parametrize("slope", [1, 0.5])
def test_overlay_in_the_spare_bits_of_the_pixels(kind, slope):
    stored, plane = ramp(kind, 12), plane_of(ROWS, COLUMNS)
    words = (stored.astype(np.int32) & 0x0FFF | plane.astype(np.int32) << 13 | 1 << 15).astype(np.uint16)
    made = dataset(
        words, BitsStored=12, PixelRepresentation=int(kind == "int16"), RescaleSlope=slope, RescaleIntercept=0
    )
    made.add_new((0x6000, 0x0010), "US", ROWS)
    made.add_new((0x6000, 0x0011), "US", COLUMNS)
    made.add_new((0x6000, 0x0100), "US", 16)
    made.add_new((0x6000, 0x0102), "US", 13)

    if slope == 1:
        np.testing.assert_array_equal(drawn_over(made), plane)
    np.testing.assert_array_equal(read(made), stored * slope)
    made[0x60000102].value = 11  # a bit of the value
    assert not has_overlays(header_of(as_bytes(made))) and overlay_problems(header_of(as_bytes(made)))


def test_damaged_overlay_is_told_and_the_picture_still_read():
    made = with_overlay(picture(), plane_of(ROWS, COLUMNS), (1, 1))
    made[0x60003000].value = made[0x60003000].value[:8]

    assert overlay_problems(header_of(as_bytes(made))) == ("Overlay 1 of the file is damaged and is not drawn.",)
    assert not drawn_over(made).any()
    assert overlay_problems(header_of(as_bytes(picture()))) == ()


# Damaged and hostile files


@pytest.mark.parametrize(
    ("elements", "word"),
    [
        ({"BitsStored": 17}, "contradicts"),
        ({"BitsStored": 0, "HighBit": 0}, "contradicts"),
        ({"BitsStored": 12, "HighBit": 16}, "contradicts"),
        ({"BitsAllocated": 12}, "bits per pixel"),
        ({"BitsAllocated": 64}, "bits per pixel"),
        ({"BitsAllocated": 1, "BitsStored": 1}, "single bits"),
        ({"PhotometricInterpretation": "MONOCHROME3"}, "MONOCHROME3"),
        ({"PhotometricInterpretation": "CMYK"}, "CMYK"),
        ({"PhotometricInterpretation": "RGB"}, "values per pixel"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "palette"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_ICT"}, "compressed"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 2}, "laid out"),
        ({"SamplesPerPixel": 3}, "values per pixel"),
        ({"PixelRepresentation": 2}, "sign"),
        ({"Rows": 0}, "size"),
        ({"Rows": 65535, "Columns": 65535}, "truncated"),
        ({"NumberOfFrames": 2000000000}, "truncated"),
        ({"NumberOfFrames": 0}, "number of frames"),
        ({"NumberOfFrames": -5}, "number of frames"),
    ],
)
def test_header_that_does_not_fit_its_pixels_is_refused(elements, word, monkeypatch):
    monkeypatch.setattr(np, "full", lambda shape, value, dtype: np.lib.stride_tricks.as_strided(
        np.zeros(1, dtype), shape, (0,) * len(shape)))  # an array of any shape that takes no memory  # fmt: skip

    assert word in refused(dataset(ramp(), **elements))


def test_palette_of_which_a_part_is_missing_is_refused():
    made = palette(dataset(ramp("uint8", 8)), 0, [np.arange(256)] * 3, 8)
    del made.BluePaletteColorLookupTableData
    assert "palette" in refused(made)
    made = palette(dataset(ramp("uint8", 8)), 0, [np.arange(256), np.arange(200), np.arange(256)], 8)
    assert "palette" in refused(made)
    made = palette(dataset(ramp("uint8", 8)), 0, [np.arange(256)] * 3, 8)
    made.RedPaletteColorLookupTableData = bytes(20)
    assert "palette" in refused(made)


@pytest.mark.parametrize("endless", [[1, 200], [2, 3, 0, 0], [0, 3], [9, 9, 9], [1, 5, 7]])
def test_segmented_palette_that_makes_no_colours_is_refused(endless):
    assert "palette" in refused(palette(dataset(ramp("uint8", 8)), 0, [np.array(endless)] * 3, 16, segmented=True))


def test_pixels_that_end_early_are_refused_wherever_they_end():
    file = as_bytes(dataset(ramp("uint16", 16, (3, ROWS, COLUMNS))))
    start = len(file) - 3 * ROWS * COLUMNS * 2

    for cut in range(start, len(file), 31):
        assert "truncated" in refused(file[:cut])


@pytest.mark.parametrize("length", [0, 100, 0xFFFFFFFE, 0xFFFFFFFF])
def test_declared_length_that_is_a_lie_is_refused(length):
    file = as_bytes(dataset(ramp()))
    start = len(file) - ROWS * COLUMNS * 2

    refused(file[: start - 4] + struct.pack("<I", length) + file[start:])


@pytest.mark.parametrize("syntax", [*ENCODERS, HTJ2KLossless], ids=lambda syntax: syntax.name[:12])
def test_compressed_pixels_that_end_early_are_refused_wherever_they_end(syntax):
    stored = ramp("uint16", 12) if syntax in ENCODERS else np.zeros((11, 14), np.uint16)
    frame = ENCODERS[syntax](stored, 12) if syntax in ENCODERS else HTJ2K
    file = as_bytes(compressed(stored, syntax, [frame], BitsStored=12))
    start = file.rindex(frame[:8])
    read(file)

    for cut in range(start - 20, start + len(frame) - 1, 7):
        refused(file[:cut])
    for cut in range(2, len(frame) - 3, 7):  # and where the items around them are whole
        refused(compressed(stored, syntax, [frame[:cut]], BitsStored=12))


def patched(frame: bytes, marker: bytes, skip: int, value: bytes) -> bytes:
    at = frame.index(marker) + skip
    return frame[:at] + value + frame[at + len(value) :]


def jpeg_baseline() -> tuple[np.ndarray, bytes]:
    made = dcmread(str(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm")))
    items = made.PixelData
    return np.zeros((100, 100, 3), np.uint8), items[items.index(b"\xff\xd8") : items.rindex(b"\xff\xd9") + 2]


def test_codestream_of_another_size_is_refused_before_it_is_decoded(monkeypatch):
    def decoder(syntax: str) -> None:
        raise AssertionError("a decoder has seen it")

    monkeypatch.setattr("viewer.io.codestreams._decoder", decoder)
    stored = ramp("uint16", 12)
    size = struct.pack(">HH", 65000, 65000)
    colours, jpeg = jpeg_baseline()

    assert "65000 x 65000" in refused(
        compressed(
            colours, JPEGBaseline8Bit, [patched(jpeg, b"\xff\xc0", 5, size)], PhotometricInterpretation="YBR_FULL"
        )
    )
    assert "65000 x 65000" in refused(
        compressed(stored, JPEGLSLossless, [patched(jls(stored, 12), b"\xff\xf7", 5, size)], BitsStored=12)
    )
    size = struct.pack(">II", 65000, 65000)
    for syntax, frame in ((JPEG2000Lossless, j2k(stored, 12)), (HTJ2KLossless, HTJ2K)):
        assert "65000 x 65000" in refused(
            compressed(stored, syntax, [patched(frame, b"\xff\x51", 6, size)], BitsStored=12)
        )
    for count in (0, 1, 3, 1 << 31):
        spoilt = struct.pack("<I", count) + rle(stored, 12)[4:]
        assert "parts" in refused(compressed(stored, RLELossless, [spoilt], BitsStored=12))
    for rows, columns in ((30000, 30000), (ROWS, COLUMNS + 1)):
        made = compressed(stored, RLELossless, [rle(stored[:1, :2], 12)], BitsStored=12, Rows=rows, Columns=columns)
        monkeypatch.setattr(np, "full", lambda shape, value, dtype: np.lib.stride_tricks.as_strided(
            np.zeros(1, dtype), shape, (0,) * len(shape)))  # fmt: skip
        refused(made)


def test_pixels_that_come_in_small_portions_are_read_whole():
    class Slow(io.BytesIO):
        def readinto(self, buffer) -> int:
            return super().readinto(memoryview(buffer)[:100])

    stored = ramp("uint16", 12)
    file = as_bytes(dataset(stored, BitsStored=12))
    out = np.empty((ROWS, COLUMNS), np.int16)
    Frames(header_of(file), Slow(file), len(file)).read(0, out)

    np.testing.assert_array_equal(out, stored)
    with pytest.raises(SeriesError):
        Frames(header_of(file), Slow(file[:-100]), len(file)).read(0, out)


def test_codestream_with_another_number_of_colours_is_refused():
    colours = ramp("uint8", 8, (ROWS, COLUMNS, 3))
    for syntax in ENCODERS:
        made = compressed(
            colours, syntax, [ENCODERS[syntax](colours, 8)], SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2"
        )
        refused(made)


def test_codestream_without_an_end_is_refused():
    stored = ramp("uint16", 12)
    colours, jpeg = jpeg_baseline()

    for made in (
        compressed(colours, JPEGBaseline8Bit, [jpeg[:-2]], PhotometricInterpretation="YBR_FULL"),
        compressed(stored, JPEGLSLossless, [jls(stored, 12)[:-2]], BitsStored=12),
        compressed(stored, JPEG2000Lossless, [j2k(stored, 12)[:-2]], BitsStored=12),
    ):
        assert "truncated" in refused(made)


def test_jpeg_of_which_the_decoder_says_that_it_is_damaged_is_refused(capfd):
    colours, jpeg = jpeg_baseline()
    whole = compressed(colours, JPEGBaseline8Bit, [jpeg], PhotometricInterpretation="YBR_FULL")
    assert read(whole).std() > 10
    told = 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        damaged = bytearray(jpeg)
        damaged[int(random.integers(700, len(jpeg) - 40))] ^= int(random.integers(1, 255))
        try:
            read(compressed(colours, JPEGBaseline8Bit, [bytes(damaged)], PhotometricInterpretation="YBR_FULL"))
        except SeriesError as error:
            told += "damaged" in str(error)
    assert told >= 20, "libjpeg notices most changes"
    assert "Corrupt" not in capfd.readouterr().err, "what the decoder says is for us and not for the terminal"


def spoilt_tables() -> dict[str, Callable[[list[int]], list[int]]]:
    return {
        "beyond the file": lambda table: [*table[:-1], 0x7FFFFFFF],
        "into the middle of a frame": lambda table: [table[0], table[1] + 3, *table[2:]],
        "backwards": lambda table: [table[0], table[2], table[1], *table[3:]],
        "all the same": lambda table: [0] * len(table),
    }


@pytest.mark.parametrize("lie", list(spoilt_tables()))
def test_table_of_frames_that_is_a_lie_is_refused(lie):
    stored, frames = several_frames()
    made = compressed(stored, JPEGLSLossless, frames, BitsStored=12)
    table = list(struct.unpack("<5I", made.PixelData[8:28]))
    made.PixelData = made.PixelData[:8] + struct.pack("<5I", *spoilt_tables()[lie](table)) + made.PixelData[28:]
    file = as_bytes(made)

    wrong = 0
    for number in range(5):
        try:
            np.testing.assert_array_equal(read(file, frame_number=number), stored[number])
        except SeriesError:
            wrong += 1
    assert wrong >= 1, "never another frame in the place of this one"


def _readable(frames: Frames, number: int) -> bool:
    try:
        frames.read(number, np.empty((ROWS, COLUMNS), np.int16))
    except SeriesError:
        return False
    return True


def test_lengths_of_items_that_are_a_lie_are_refused_without_a_large_read():
    stored, frames = several_frames()
    file = as_bytes(compressed(stored, JPEGLSLossless, frames, BitsStored=12))
    items = [at for at in range(len(file)) if file[at : at + 4] == b"\xfe\xff\x00\xe0"]

    class Counting(io.BytesIO):
        largest = 0

        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and size >= 0
            Counting.largest = max(Counting.largest, size)
            return super().read(size)

    for at in items:
        for length in (0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFF0, 1 << 20):
            spoilt = file[: at + 4] + struct.pack("<I", length) + file[at + 8 :]
            header = header_of(file)
            frames_of = Frames(header, Counting(spoilt), len(spoilt))
            assert not all(_readable(frames_of, number) for number in range(5))
    assert Counting.largest <= len(file)


def test_more_and_fewer_pieces_than_frames_are_refused():
    stored, frames = several_frames()
    for pieces in (frames[:4], [*frames, frames[0]]):
        made = compressed(stored, JPEGLSLossless, frames, BitsStored=12)
        made.PixelData = encapsulate(pieces, has_bot=False)
        assert "frames" in refused(made)


def test_extended_table_that_is_a_lie_is_refused():
    stored, frames = several_frames()
    made = compressed(stored, JPEGLSLossless, frames, BitsStored=12)
    made.PixelData, offsets, lengths = encapsulate_extended(frames)
    for spoilt_offsets, spoilt_lengths in (
        (struct.pack("<Q", 1 << 40) + offsets[8:], lengths),
        (offsets, struct.pack("<Q", 1 << 40) + lengths[8:]),
        (offsets[8:], lengths[8:]),
        (offsets[8:16] + offsets[:8] + offsets[16:], lengths[8:16] + lengths[:8] + lengths[16:]),
    ):
        made.ExtendedOffsetTable, made.ExtendedOffsetTableLengths = spoilt_offsets, spoilt_lengths
        refused(made)


def test_syntax_that_nobody_decodes_is_named():
    stored = ramp("uint16", 12)
    assert "MPEG2" in refused(compressed(stored, MPEG2MPML, [b"\0" * 100], BitsStored=12))
    file = as_bytes(compressed(stored, MPEG2MPML, [b"\0" * 100], BitsStored=12))
    assert "1.2.3.4.5" in refused(file.replace(MPEG2MPML.encode(), b"1.2.3.4.5".ljust(len(MPEG2MPML), b"\0")))


def test_compressed_pixels_under_the_name_of_another_syntax_are_refused():
    stored = ramp("uint16", 12)
    made = compressed(stored, JPEG2000Lossless, [j2k(stored, 12)], BitsStored=12)
    for syntax in (JPEGLSLossless, RLELossless, JPEGBaseline8Bit):
        made.file_meta.TransferSyntaxUID = syntax
        refused(made)
    plain = as_bytes(dataset(stored, BitsStored=12))
    refused(plain.replace(ExplicitVRLittleEndian.encode() + b"\0", JPEGLSLossless.encode() + b"\0"))


def test_decoder_that_panics_is_a_refusal(monkeypatch):
    class Panic(BaseException):
        """What decoders written in Rust raise is no Exception."""

    class Decoder:
        available_plugins = ("pylibjpeg",)

        def as_array(self, *_: object, **__: object) -> None:
            raise Panic("boom")

    monkeypatch.setattr("viewer.io.codestreams._decoder", lambda syntax: Decoder())
    stored = ramp("uint16", 12)
    refused(compressed(stored, RLELossless, [rle(stored, 12)], BitsStored=12))


def test_array_of_another_size_and_a_frame_that_is_not_there_are_refused():
    file = as_bytes(dataset(ramp()))
    stream = io.BytesIO(file)
    frames = Frames(header_of(file), stream, len(file))

    for shape in ((ROWS, COLUMNS + 1), (COLUMNS, ROWS), (ROWS, COLUMNS, 3)):
        with pytest.raises(SeriesError):
            frames.read(0, np.empty(shape, np.int16))
    for number in (-1, 1):
        with pytest.raises(SeriesError):
            frames.read(number, np.empty((ROWS, COLUMNS), np.int16))


SEEDS = ["CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "SC_rgb_jpeg_dcmtk.dcm",
         "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_rle_2frame.dcm", "examples_palette.dcm", "SC_ybr_full_422_uncompressed.dcm",
         "image_dfl.dcm", "MR_small_bigendian.dcm", "SC_rgb_small_odd.dcm"]  # fmt: skip


@pytest.mark.parametrize("name", SEEDS)
def test_changed_bytes_end_in_a_picture_or_a_sentence(name):
    file = Path(str(get_testdata_file(name))).read_bytes()
    random = np.random.default_rng(7)
    read(file)

    for _ in range(40):
        spoilt = bytearray(file)
        for at in random.integers(132, len(file), int(random.choice([1, 4, 30]))):
            spoilt[at] = int(random.integers(256))
        sentence = "read"
        try:
            header = header_of(bytes(spoilt))
            if pixel_format(header).rows * pixel_format(header).columns < 1 << 22:
                read(bytes(spoilt))
        except SeriesError as error:
            sentence = str(error)
        assert sentence and "\n" not in sentence
