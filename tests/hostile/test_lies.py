"""Files that lie: each lie in the table is told to the person, and files without one are not accused.

A lie is a file or a folder, and a pattern of what must be said: a refusal, a verdict, a note, or a value left open.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_files

from tests.hostile.generate import (
    BAD_FILES_OF_PYDICOM,
    Elements,
    changed,
    ct,
    dicom,
    enhanced,
    good_files,
    jpeg,
    mha,
    named_faults,
    nifti,
    nrrd,
    png,
    truncations,
)
from tests.hostile.harness import faults_of_sentence, told
from viewer.core.study import SeriesError
from viewer.io.files import scan
from viewer.io.reader import Reader


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """With processes: a few of these files end the one that reads them."""
    reader = Reader()
    yield reader
    reader.close()


def said_about(reader: Reader, paths: Sequence[Path]) -> str:
    """All that a person is told when some files are dropped and every series is opened, a line each."""
    found = scan(paths, look_all=reader.look_all)
    reasons = [refusal.reason for refusal in found.refused]
    lines = []
    for series in found.series:
        lines.append(f"series of {len(series.files)}")
        lines.extend(told(series))
        try:
            lines.append(f"read as {reader.read(series).voxels.dtype}")
        except SeriesError as error:
            reasons.append(str(error))
    assert [(reason, faults_of_sentence(reason)) for reason in reasons if faults_of_sentence(reason)] == []
    return "\n".join([*(f"refused: {reason}" for reason in reasons), *lines])


# One file

REFUSED = r"^refused: "
NO_SPACING = r"^spacing None"
NO_PLACE = r"^verdict (no-position|2d)[^$]*\npatient space False|^refused: "
NO_HU = r"^unit ''[^$]*^note: .*(rescale|slope|intercept)|^refused: "
NOTE = r"^note: "

LIES_OF_ONE_FILE: dict[str, str] = {
    "pixel-length-too-long.dcm": REFUSED,
    "pixel-length-fffffffe.dcm": REFUSED,
    "pixel-length-undefined.dcm": REFUSED,
    "pixels-too-few.dcm": REFUSED,
    "pixels-empty.dcm": REFUSED,
    "cut-60-of-64.dcm": REFUSED,
    "nested-240.dcm": REFUSED,
    "nested-100000.dcm": REFUSED,
    "deflated-bomb-pixels.dcm": REFUSED,
    "deflated-bomb-header.dcm": REFUSED,
    "says-rle.dcm": REFUSED,
    "says-jpeg.dcm": REFUSED,
    "unknown-syntax.dcm": REFUSED,
    "jpeg-65000.dcm": REFUSED,
    "jpeg-2000-siz-65000.dcm": REFUSED,
    "jpeg-2000-tile-1.dcm": REFUSED,
    "jpeg-2000-127-bits.dcm": REFUSED,
    "jpeg-2000-16384-components.dcm": REFUSED,
    "jpeg-2000-step-0.dcm": REFUSED,
    "jpeg-99-bits.dcm": REFUSED,
    "jpeg-255-components.dcm": REFUSED,
    "jpeg-ls-65000.dcm": REFUSED,
    "jpeg-2000-cut.dcm": REFUSED,
    "rle-30000.dcm": REFUSED,
    "rle-too-short.dcm": REFUSED,
    "rle-segment-behind-the-end.dcm": REFUSED,
    "fragment-length-lie.dcm": REFUSED,
    "rows-columns-65535.dcm": REFUSED,
    "rows-0.dcm": REFUSED,
    "rows-as-ul.dcm": REFUSED,
    "frames-2e9.dcm": REFUSED,
    "frames-minus-5.dcm": REFUSED,
    "frames-0.dcm": REFUSED,
    "frames-more-than-pixels.dcm": REFUSED,
    "bits-stored-20.dcm": REFUSED,
    "bits-allocated-12.dcm": REFUSED,
    "samples-3-grey.dcm": REFUSED,
    "photometric-bogus.dcm": REFUSED,
    "photometric-rgb-one-sample.dcm": REFUSED,
    "palette-without-lut.dcm": REFUSED,
    "palette-longer-than-data.dcm": REFUSED,
    "enhanced-fewer-groups.dcm": rf"{REFUSED}|^verdict no-position|{NOTE}",
    "spacing-0.dcm": NO_SPACING,
    "spacing-negative.dcm": NO_SPACING,
    "spacing-nan.dcm": NO_SPACING,
    "spacing-text.dcm": NO_SPACING,
    "orientation-zero.dcm": NO_PLACE,
    "orientation-long.dcm": NO_PLACE,
    "orientation-slanted.dcm": NO_PLACE,
    "orientation-nan.dcm": NO_PLACE,
    "orientation-short.dcm": NO_PLACE,
    "position-short.dcm": NO_PLACE,
    "position-text.dcm": NO_PLACE,
    "position-inf.dcm": NO_PLACE,
    "slope-0.dcm": NO_HU,
    "slope-text.dcm": NO_HU,
    "slope-nan.dcm": NO_HU,
    "slope-1e300.dcm": NO_HU,
    "intercept-1e30.dcm": NO_HU,
    "intercept-text.dcm": NO_HU,
    "charset-bogus.dcm": NOTE,
    "charset-lying.dcm": NOTE,
    "dims-lie.nii": REFUSED,
    "dims-huge.nii": REFUSED,
    "affine-nan.nii": NO_PLACE,
    "affine-zero.nii": NO_PLACE,
    "affine-sheared.nii": NO_PLACE,
    "quaternion-long.nii": NO_PLACE,
    "pixdim-0.nii": rf"{NO_SPACING}|{NO_PLACE}|{NOTE}",
    "pixdim-nan.nii": rf"{NO_SPACING}|{NO_PLACE}|{NOTE}",
    "cut.nii.gz": REFUSED,
    "wrong-checksum.nii.gz": REFUSED,
    "bomb-that-says-so.nii.gz": REFUSED,
    "sizes-huge.nrrd": REFUSED,
    "directions-sheared.nrrd": NO_PLACE,
    "directions-none.nrrd": NO_PLACE,
    "data-file-outside.nrrd": REFUSED,
    "cut.nrrd": REFUSED,
    "matrix-zero.mha": NO_PLACE,
    "spacing-0.mha": rf"{NO_SPACING}|{NO_PLACE}",
    "data-file-absolute.mhd": REFUSED,
    "data-file-outside.mha": REFUSED,
    "cut.mha": REFUSED,
    "cut-compressed.mha": REFUSED,
    "size-60000.png": REFUSED,
    "pixels-too-few.png": REFUSED,
    "cut.png": REFUSED,
    "checksum.png": REFUSED,
    "size-65000.jpg": REFUSED,
    "cut.jpg": REFUSED,
    "no-end.jpg": REFUSED,
    "bomb.zip": REFUSED,
    "cut.zip": REFUSED,
    "member-cut.zip": REFUSED,
}


@pytest.fixture(scope="module")
def faults() -> dict[str, bytes]:
    return named_faults() | truncations()


@pytest.mark.parametrize("name", LIES_OF_ONE_FILE)
def test_lie_of_one_file_is_told(tmp_path, reader, faults, name):
    (tmp_path / name).write_bytes(faults[name])
    said = said_about(reader, [tmp_path / name])
    assert re.search(LIES_OF_ONE_FILE[name], said, re.MULTILINE), said


# Several files, or one with something that only the whole of it tells


def positioned(k: int, position: tuple[float, float, float], **changes: tuple[str, bytes]) -> Elements:
    """Slice k of the CT at another place."""
    return ct(k) | {0x00200032: ("DS", "\\".join(f"{p:.6g}" for p in position).encode())}


def stack(places_mm: Sequence[float], tilt: float = 0.0) -> list[bytes]:
    return [dicom(positioned(k, (-10.5, 4.25 + tilt * z, z))) for k, z in enumerate(places_mm)]


def with_slice(number: int, *pairs: tuple[int, str, bytes]) -> list[bytes]:
    """Six slices, of which one has some elements replaced."""
    slices = [ct(k) for k in range(6)]
    slices[number] |= {tag: (vr, value) for tag, vr, value in pairs}
    return [dicom(one) for one in slices]


def half(*pairs: tuple[int, str, bytes]) -> list[bytes]:
    """Six slices, of which the last three have some elements replaced."""
    return [dicom(ct(k) | ({tag: (vr, v) for tag, vr, v in pairs} if k > 2 else {})) for k in range(6)]


def projection(*pairs: tuple[int, str, bytes]) -> bytes:
    without = (0x00200032, 0x00200037, 0x00281052, 0x00281053, 0x00281054, 0x00280030)
    return changed((0x00080060, "CS", b"DX"), *pairs, without=without)


def floats(offset: int, *numbers: float) -> tuple[int, bytes]:
    return offset, struct.pack(f"<{len(numbers)}f", *numbers)


SPLIT = r"^series of 3\n[^$]*^series of 3\n"
TWO_SERIES = r"^series of 1\n[^$]*^series of 1\n"
EVEN = [2.5 * k for k in range(6)]
LIES_OF_SEVERAL: dict[str, tuple[Callable[[], list[bytes]], str, str]] = {
    "missing slice": (lambda: stack([0, 2.5, 7.5, 10, 12.5]), ".dcm", r"^verdict missing: .*2\.5"),
    "two missing slices": (lambda: stack([0, 2.5, 5, 12.5, 15]), ".dcm", r"^verdict missing: .*2 slices"),
    "uneven slices": (lambda: stack([0, 2.5, 5.3, 7.5, 10]), ".dcm", r"^verdict uneven"),
    "slices of two thicknesses": (lambda: stack([0, 2.5, 5, 10, 15, 20]), ".dcm", r"^verdict (uneven|missing)"),
    "tilted gantry": (lambda: stack(EVEN, tilt=np.tan(np.radians(15))), ".dcm", r"^verdict tilted: .*15"),
    "gantry tilted a little": (lambda: stack(EVEN, tilt=np.tan(np.radians(-2))), ".dcm", r"^verdict tilted: .*2"),
    "slice beside its place": (
        lambda: [*stack(EVEN)[:-1], dicom(positioned(5, (-10.5, 9.25, 12.5)))],
        ".dcm",
        r"^verdict (uneven|tilted)",
    ),
    "same place, other picture": (
        lambda: [*stack(EVEN), dicom(positioned(6, (-10.5, 4.25, 5.0)))],
        ".dcm",
        r"^verdict duplicate: .*5",
    ),
    "same UID, other picture": (
        lambda: [*stack(EVEN), dicom(ct(2) | {0x7FE00010: ("OW", bytes(16 * 12 * 2))})],
        ".dcm",
        r"^verdict duplicate",
    ),
    "identical copies": (lambda: [*stack(EVEN), *stack(EVEN)[2:4]], ".dcm", r"^note: .*(copies|identical)"),
    "mixed orientation": (lambda: half((0x00200037, "DS", b"0\\1\\0\\-1\\0\\0")), ".dcm", SPLIT),
    "mixed pixel spacing": (lambda: half((0x00280030, "DS", b"2\\2")), ".dcm", SPLIT),
    "mixed frame of reference": (lambda: half((0x00200052, "UI", b"1.2.3.4")), ".dcm", SPLIT),
    "mixed kernel": (lambda: half((0x00181210, "SH", b"B70f")), ".dcm", SPLIT),
    "one slice without a position": (
        lambda: with_slice(3, (0x00200032, "DS", b"")),
        ".dcm",
        r"^verdict (no-position|missing)",
    ),
    "one slice with a short position": (
        lambda: with_slice(3, (0x00200032, "DS", b"1\\2")),
        ".dcm",
        r"^verdict (no-position|missing)",
    ),
    "one slice with an impossible rescale": (
        lambda: with_slice(3, (0x00281053, "DS", b"0")),
        ".dcm",
        rf"{NOTE}.*(rescale|slope)|{REFUSED}",
    ),
    "CT without a rescale": (
        lambda: [changed(without=(0x00281052, 0x00281053, 0x00281054))],
        ".dcm",
        r"^unit ''",
    ),
    "CT with another unit": (lambda: [changed((0x00281054, "LO", b"US"))], ".dcm", r"^unit '(?!HU)"),
    "radiograph measured at the detector": (
        lambda: [projection((0x00181164, "DS", b"0.15\\0.15"))],
        ".dcm",
        r"calibration ImagerPixelSpacing",
    ),
    "radiograph without a scale": (lambda: [projection()], ".dcm", r"^spacing None, calibration none"),
    "radiograph with equal spacings": (
        lambda: [projection((0x00181164, "DS", b"0.15\\0.15"), (0x00280030, "DS", b"0.15\\0.15"))],
        ".dcm",
        r"calibration ImagerPixelSpacing",
    ),
    "ultrasound without regions": (lambda: [good_files()["cine.dcm"]], ".dcm", r"^spacing None, calibration none"),
    "PET without a weight": (
        lambda: [changed((0x00080060, "CS", b"PT"), (0x00541001, "CS", b"BQML"), without=(0x00281054,))],
        ".dcm",
        r"SUV factor None[^$]*^note: .*SUV",
    ),
    "lossy without saying so": (lambda: [good_files()["SC_rgb_jpeg_dcmtk.dcm"]], ".dcm", r"lossy True"),
    "enhanced with uneven frames": (
        lambda: [enhanced(4).replace(b"-10.5\\4.25\\5", b"-10.5\\4.25\\6")],
        ".dcm",
        r"^verdict uneven",
    ),
    "sform and qform in two places": (
        lambda: [nifti(q=floats(268, 999))],
        ".nii",
        TWO_SERIES,
    ),
    "sform of another voxel size": (
        lambda: [nifti(q=(252, struct.pack("<h", 0)), s=floats(280, 0.8, 0, 0, 0, 0, 1.3, 0, 0, 0, 0, 5.0, 0))],
        ".nii",
        rf"{NO_PLACE}|{TWO_SERIES}",
    ),
    "NIfTI without a place": (lambda: [nifti(codes=(252, bytes(4)))], ".nii", rf"{NO_PLACE}|^patient space False"),
    "NRRD without a space": (lambda: [nrrd(space=None)], ".nrrd", r"^patient space False[^$]*^note"),
    "MetaImage that contradicts itself": (lambda: [mha(AnatomicalOrientation="SAL")], ".mha", NOTE),
    "picture without a scale": (lambda: [png()], ".png", r"^spacing None, calibration none"),
    "photograph without a scale": (lambda: [jpeg()], ".jpg", r"^spacing None, calibration none"),
}


@pytest.mark.parametrize("name", LIES_OF_SEVERAL)
def test_lie_of_several_files_is_told(tmp_path, reader, name):
    make, suffix, pattern = LIES_OF_SEVERAL[name]
    for n, content in enumerate(make()):
        (tmp_path / f"{n}{suffix}").write_bytes(content)
    said = said_about(reader, [tmp_path])
    assert re.search(pattern, said, re.MULTILINE), said


def test_thickness_and_instance_numbers_that_lie_are_not_believed(tmp_path):
    slices = [ct(k) | {0x00180050: ("DS", b"99"), 0x00200013: ("IS", b"1")} for k in (3, 0, 2, 1)]
    for n, one in enumerate(slices):
        (tmp_path / f"{n}.dcm").write_bytes(dicom(one))
    (series,) = scan([tmp_path]).series
    assert series.spacing_mm == pytest.approx((0.8, 1.3, 2.5))
    assert [file.name for file in series.files] == ["1.dcm", "3.dcm", "2.dcm", "0.dcm"]


def test_a_trusting_reader_tells_few_of_these_lies(tmp_path, faults):
    """The table is no formality: SimpleITK by itself opens many of these files and says nothing."""
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    swallowed = []
    for name in ("spacing-0", "spacing-negative", "orientation-zero", "orientation-long", "position-short", "slope-0"):
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(faults[path.name])
        image = sitk.ReadImage(str(path))
        said = f"verdict regular: \nspacing {image.GetSpacing()}\nunit 'HU'\npatient space True\nread as int16"
        if not re.search(LIES_OF_ONE_FILE[path.name], said, re.MULTILINE):
            swallowed.append(name)
    assert len(swallowed) == 6


# No false alarm

OTHER_OBJECTS = ("rtdose", "rtplan", "rtstruct", "liver", "test-SR")


def files_without_fault() -> list[Path]:
    """What pydicom itself decodes, of pydicom's own files, without the bad ones and what is no picture."""
    good = []
    for name in sorted(get_testdata_files()):
        path = Path(name)
        if not path.is_file() or path.name in BAD_FILES_OF_PYDICOM or path.name.startswith(OTHER_OBJECTS):
            continue
        if path.suffix in (".json", ".zip", ".txt", ".py", ".xml") or path.stat().st_size > 400_000:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                data = pydicom.dcmread(path)
                if "PixelData" in data:
                    data.pixel_array.max()
                    good.append(path)
        except Exception:  # pydicom has something against it
            continue
    return good


def us(number: int) -> tuple[str, bytes]:
    return "US", struct.pack("<H", number)


SHOWN_AT_6_DIGITS = b"0.87288\\0.43644\\-0.21822\\0.34427\\-0.86776\\-0.35842"
NORMAL = np.cross((0.87288, 0.43644, -0.21822), (0.34427, -0.86776, -0.35842))
JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"
ODD_BUT_TRUE: dict[str, tuple[Callable[[], list[bytes]], str]] = {
    "even stack": (lambda: stack(EVEN), ".dcm"),
    "positions rounded to a hundredth": (lambda: stack([round(k * 2.4975, 2) for k in range(9)]), ".dcm"),
    "oblique stack rounded as scanners do": (
        lambda: [
            dicom(positioned(k, tuple(NORMAL * 2.5 * k)) | {0x00200037: ("DS", SHOWN_AT_6_DIGITS)}) for k in range(8)
        ],
        ".dcm",
    ),
    "stack from head to feet": (lambda: stack([-z for z in EVEN]), ".dcm"),
    "two slices": (lambda: stack([0, 2.5]), ".dcm"),
    "another rescale in each slice": (
        lambda: [dicom(ct(k) | {0x00281053: ("DS", str(1 + k).encode())}) for k in range(6)],
        ".dcm",
    ),
    "another window in each slice": (
        lambda: [dicom(ct(k) | {0x00281050: ("DS", str(40 + k).encode())}) for k in range(6)],
        ".dcm",
    ),
    "coronal slice": (lambda: [changed((0x00200037, "DS", b"1\\0\\0\\0\\0\\-1"))], ".dcm"),
    "signed values": (lambda: [dicom(ct() | {0x00280103: us(1)})], ".dcm"),
    "12 bits of 16": (lambda: [dicom(ct() | {0x00280101: us(12), 0x00280102: us(11)})], ".dcm"),
    "8 bits": (
        lambda: [
            dicom(ct() | {0x00280100: us(8), 0x00280101: us(8), 0x00280102: us(7), 0x7FE00010: ("OB", bytes(192))})
        ],
        ".dcm",
    ),
    "white is low": (lambda: [changed((0x00280004, "CS", b"MONOCHROME1"))], ".dcm"),
    "several windows": (
        lambda: [changed((0x00281050, "DS", b"40\\300"), (0x00281051, "DS", b"400\\1500"))],
        ".dcm",
    ),
    "padding": (lambda: [dicom(ct() | {0x00280120: us(0)})], ".dcm"),
    "a name in UTF-8": (
        lambda: [changed((0x00080005, "CS", b"ISO_IR 192"), (0x00100010, "PN", JAPANESE.encode()))],
        ".dcm",
    ),
    "a name in three scripts": (
        lambda: [changed((0x00080005, "CS", b"\\ISO 2022 IR 87"), (0x00100010, "PN", JAPANESE.encode("iso2022_jp")))],
        ".dcm",
    ),
    "no character set": (lambda: [changed(without=(0x00080005,))], ".dcm"),
    "trailing padding": (lambda: [dicom(ct(), tail=bytes.fromhex("fcfffcff4f4200000a000000") + bytes(10))], ".dcm"),
    "private elements": (
        lambda: [changed((0x00090010, "LO", b"ACME"), (0x00091001, "UN", b"\1\2\3\4"))],
        ".dcm",
    ),
    "deflated": (lambda: [good_files()["deflated.dcm"]], ".dcm"),
    "enhanced": (lambda: [good_files()["enhanced.dcm"]], ".dcm"),
    "radiograph with a calibration": (
        lambda: [projection((0x00181164, "DS", b"0.2\\0.2"), (0x00280030, "DS", b"0.15\\0.15"))],
        ".dcm",
    ),
    "sform and qform in one place": (lambda: [nifti()], ".nii"),
    "sform alone": (lambda: [nifti(q=(252, bytes(2)))], ".nii"),
    "qform alone": (lambda: [nifti(s=(254, bytes(2)))], ".nii"),
    "sform rounded": (lambda: [nifti(s=floats(280, 0.800001))], ".nii"),
    "packed NIfTI": (lambda: [good_files()["a.nii.gz"]], ".nii.gz"),
    "NRRD": (lambda: [nrrd()], ".nrrd"),
    "packed NRRD": (lambda: [good_files()["packed.nrrd"]], ".nrrd"),
    "MetaImage": (lambda: [mha()], ".mha"),
    "packed MetaImage": (lambda: [good_files()["packed.mha"]], ".mha"),
    "PNG": (lambda: [png()], ".png"),
    "JPEG": (lambda: [jpeg()], ".jpg"),
}
# Notes that are no accusation.
INFORMS = (
    r"^note: (The pictures were compressed with loss|Slices have different rescales"
    r"|The pixel size is that at the detector|Derived: )"
)


def accusations(said: str, several_frames: bool = False) -> list[str]:
    sound = "regular|2d|no-position" if several_frames else "regular|2d"
    return [line for line in said.splitlines() if re.match(rf"refused|verdict (?!{sound})|(?!{INFORMS})note: ", line)]


@pytest.mark.parametrize("name", ODD_BUT_TRUE)
def test_file_that_is_odd_but_true_is_not_accused(tmp_path, reader, name):
    make, suffix = ODD_BUT_TRUE[name]
    for n, content in enumerate(make()):
        (tmp_path / f"{n}{suffix}").write_bytes(content)
    said = said_about(reader, [tmp_path])
    assert accusations(said) == [], said
    assert said.count("read as") == 1


def test_files_without_fault_are_not_accused(reader):
    paths = files_without_fault()
    accused = {}
    for path in paths:
        several = "2frame" in path.name or path.name == "examples_ybr_color.dcm"
        if found := accusations(said_about(reader, [path]), several):
            accused[path.name] = found
    assert accused == {}
    assert len(paths) >= 70
