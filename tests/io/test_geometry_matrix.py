"""Every value lies where the file says, for 48 orders of the axes: writers of our own, no line shared with the readers.

The truth is a table of numbers: the voxel with index (i, j, k) holds a value of its own and lies at
ORIGIN + axes @ (spacing * index) in LPS. A reader may reorder the axes of its array, but not the patient.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from tests.hostile.generate import dicom
from viewer.__main__ import main
from viewer.core.geometry import Geometry
from viewer.core.study import Scan, Series
from viewer.core.volume import Volume
from viewer.io.files import read_series, scan

SIZE = (7, 5, 4)  # i, j, k
SPACING = (0.8, 1.3, 2.5)
ORIGIN = np.array([-41.5, 17.25, 103.0])
MARKER_INDEX = (5, 1, 2)
MARKER = 1900
SAME_PLACE_MM = 0.01

AXIS_ORDERS = [
    np.eye(3)[:, list(order)] * np.array(signs, dtype=float)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
OBLIQUE = np.linalg.qr(np.array([[0.8, -0.5, 0.3], [0.4, 0.8, -0.3], [-0.2, 0.4, 0.9]]))[0]
OBLIQUE = OBLIQUE * np.sign(np.linalg.det(OBLIQUE))
TURNED = {"axis-aligned": np.eye(3), "oblique": OBLIQUE}


def stored() -> np.ndarray:
    """[k, j, i], all different, negative ones among them."""
    k, j, i = np.indices(SIZE[::-1])
    values = (i + 20 * j + 300 * k - 500).astype(np.int16)
    values[MARKER_INDEX[::-1]] = MARKER
    return values


def truth_lps(axes: np.ndarray) -> np.ndarray:
    """Where voxel [k, j, i] lies."""
    points = np.empty((*SIZE[::-1], 3))
    for k, j, i in np.ndindex(SIZE[::-1]):
        points[k, j, i] = (
            ORIGIN + axes[:, 0] * (SPACING[0] * i) + axes[:, 1] * (SPACING[1] * j) + axes[:, 2] * (SPACING[2] * k)
        )
    return points


# Writers, each after its format's own text


def write_nifti(path: Path, axes: np.ndarray, forms: str) -> None:
    """NIfTI-1, nifti1.h: sform rows are RAS+; the quaternion is METHOD 2 there, with qfac for left-handed axes."""
    lps_to_ras = np.array([[-1.0], [-1.0], [1.0]])
    cosines, origin = lps_to_ras * axes, lps_to_ras[:, 0] * ORIGIN
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *SIZE, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 4, 16)  # int16
    handed = 1.0 if np.linalg.det(cosines) > 0 else -1.0
    struct.pack_into("<8f", header, 76, handed, *SPACING, 1, 0, 0, 0)
    struct.pack_into("<f", header, 108, 352.0)
    struct.pack_into("<2f", header, 112, 1.0, 0.0)  # scl_slope, scl_inter
    header[123] = 2  # mm
    struct.pack_into("<2h", header, 252, int("q" in forms), int("s" in forms))
    rotation = cosines * np.array([1.0, 1.0, handed])
    # The quaternion is the eigenvector of 1 of this matrix (Bar-Itzhack 2000), which needs no case by case.
    x, y, z = rotation.T
    matrix = np.array(
        [
            [x[0] - y[1] - z[2], y[0] + x[1], z[0] + x[2], y[2] - z[1]],
            [y[0] + x[1], y[1] - x[0] - z[2], z[1] + y[2], z[0] - x[2]],
            [z[0] + x[2], z[1] + y[2], z[2] - x[0] - y[1], x[1] - y[0]],
            [y[2] - z[1], z[0] - x[2], x[1] - y[0], x[0] + y[1] + z[2]],
        ]
    )
    quaternion = np.linalg.eigh(matrix)[1][:, -1]
    quaternion *= -1.0 if quaternion[3] < 0 else 1.0
    struct.pack_into("<6f", header, 256, *quaternion[:3], *origin)
    rows = np.column_stack([cosines * SPACING, origin])
    struct.pack_into("<12f", header, 280, *rows.ravel())
    header[344:348] = b"n+1\0"
    path.write_bytes(bytes(header) + stored().astype("<i2").tobytes())


def write_nrrd(path: Path, axes: np.ndarray, space: str) -> None:
    signs = {"left-posterior-superior": (1, 1, 1), "right-anterior-superior": (-1, -1, 1)}[space]

    def vector(point: np.ndarray) -> str:
        return "(" + ",".join(f"{sign * p:.12g}" for sign, p in zip(signs, point, strict=True)) + ")"

    lines = [
        "NRRD0004",
        "type: short",
        "dimension: 3",
        f"space: {space}",
        "sizes: " + " ".join(map(str, SIZE)),
        "space directions: " + " ".join(vector(axes[:, n] * SPACING[n]) for n in range(3)),
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        f"space origin: {vector(ORIGIN)}",
    ]
    path.write_bytes("\n".join(lines).encode() + b"\n\n" + stored().astype("<i2").tobytes())


def write_mha(path: Path, axes: np.ndarray) -> None:
    """MetaImage: the rows of TransformMatrix are the axes of i, j and k."""
    lines = [
        "ObjectType = Image",
        "NDims = 3",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        "CompressedData = False",
        "TransformMatrix = " + " ".join(f"{c:.12g}" for c in axes.T.ravel()),
        "Offset = " + " ".join(f"{c:.12g}" for c in ORIGIN),
        "CenterOfRotation = 0 0 0",
        "ElementSpacing = " + " ".join(map(str, SPACING)),
        "DimSize = " + " ".join(map(str, SIZE)),
        "ElementType = MET_SHORT",
        "ElementDataFile = LOCAL",
    ]
    path.write_bytes("\n".join(lines).encode() + b"\n" + stored().astype("<i2").tobytes())


# The comparison


def only(found: Scan) -> Series:
    assert [refusal.reason for refusal in found.refused] == []
    assert len(found.series) == 1
    return found.series[0]


def assert_same_patient(volume: Volume, axes: np.ndarray) -> None:
    """Every stored value lies at its true place, and nothing else is there."""
    values = {int(value): point for value, point in zip(stored().ravel(), truth_lps(axes).reshape(-1, 3), strict=True)}
    assert volume.voxels.size == len(values)
    k, j, i = np.indices(volume.voxels.shape)
    points = volume.geometry.index_to_lps(np.stack([i, j, k], axis=-1)).reshape(-1, 3)
    held = volume.voxels.ravel()
    np.testing.assert_array_equal(np.sort(held), sorted(values))
    apart = np.abs(points - [values[int(value)] for value in held]).max()
    assert apart < SAME_PLACE_MM, f"values lie up to {apart:.2f} mm beside their place"


@pytest.mark.parametrize("turned", TURNED.values(), ids=list(TURNED))
def test_dicom(tmp_path, write_dicom, turned):
    """Half of the orders rise against the normal of their slices: the reader has to sort by position."""
    write_all_dicom(tmp_path, write_dicom, turned)
    found = scan([tmp_path])
    assert [refusal.reason for refusal in found.refused] == []
    assert len(found.series) == 48
    for series in found.series:
        assert series.verdict.kind == "regular"
        volume = read_series(series)
        assert (volume.voxels.dtype, volume.unit) == (np.dtype(np.int16), "HU")
        assert_same_patient(volume, turned @ AXIS_ORDERS[int(series.description)])


def write_all_dicom(folder: Path, write_dicom: Callable[..., list[Path]], turned: np.ndarray) -> list[list[Path]]:
    files = []
    for n, order in enumerate(AXIS_ORDERS):
        axes = turned @ order

        def place(dataset: Dataset, k: int, axes: np.ndarray = axes) -> None:
            position = ORIGIN + axes[:, 2] * (SPACING[2] * k)
            dataset.ImagePositionPatient = [f"{p:.10g}" for p in position]
            dataset.ImageOrientationPatient = [f"{c:.10g}" for c in (*axes[:, 0], *axes[:, 1])]

        volume = Volume(stored(), Geometry(SIZE, SPACING, ORIGIN, axes))
        files.append(write_dicom(folder / str(n), volume, series=str(n), change=place))
    return files


@pytest.mark.parametrize("turned", TURNED.values(), ids=list(TURNED))
@pytest.mark.parametrize("forms", ["s", "q", "qs"])
def test_nifti(tmp_path, turned, forms):
    check_all(tmp_path, ".nii", turned, lambda path, axes: write_nifti(path, axes, forms))


@pytest.mark.parametrize("turned", TURNED.values(), ids=list(TURNED))
@pytest.mark.parametrize("space", ["left-posterior-superior", "right-anterior-superior"])
def test_nrrd(tmp_path, turned, space):
    check_all(tmp_path, ".nrrd", turned, lambda path, axes: write_nrrd(path, axes, space))


@pytest.mark.parametrize("turned", TURNED.values(), ids=list(TURNED))
def test_mha(tmp_path, turned):
    check_all(tmp_path, ".mha", turned, write_mha)


def check_all(folder: Path, suffix: str, turned: np.ndarray, write: Callable[[Path, np.ndarray], None]) -> None:
    for n, order in enumerate(AXIS_ORDERS):
        write(folder / f"{n}{suffix}", turned @ order)
    found = scan([folder])
    assert [refusal.reason for refusal in found.refused] == []
    assert len(found.series) == 48
    for series in found.series:
        assert series.verdict.kind == "regular"
        number = int(series.files[0].name.removesuffix(suffix))
        assert_same_patient(read_series(series), turned @ AXIS_ORDERS[number])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_comparison_notices_a_mirrored_axis_a_shift_and_a_wrong_value(axis):
    good = Volume(stored(), Geometry(SIZE, SPACING, ORIGIN, OBLIQUE))
    assert_same_patient(good, OBLIQUE)
    wrong = np.array(good.voxels)
    wrong[1, 2, 3] += 1
    shifted = ORIGIN + 0.02 * np.eye(3)[axis]
    for bad in (
        Volume(np.flip(good.voxels, axis).copy(), good.geometry),
        Volume(good.voxels, Geometry(SIZE, SPACING, shifted, OBLIQUE)),
        Volume(good.voxels, Geometry(SIZE, SPACING, ORIGIN, OBLIQUE * (1 - 2 * np.eye(3)[axis]))),
        Volume(wrong, good.geometry),
    ):
        with pytest.raises(AssertionError):
            assert_same_patient(bad, OBLIQUE)


# SimpleITK as a second judge of the writers above


def sample() -> Iterator[tuple[int, np.ndarray]]:
    """Five orders of both hands, with the oblique turn."""
    for n in (0, 11, 22, 29, 46):
        yield n, OBLIQUE @ AXIS_ORDERS[n]


def assert_simpleitk_finds_the_marker(image: sitk.Image, axes: np.ndarray) -> None:
    k, j, i = (int(n) for n in np.argwhere(sitk.GetArrayViewFromImage(image) == MARKER)[0])
    found = np.array(image.TransformIndexToPhysicalPoint((i, j, k)))
    place = ORIGIN + axes @ (np.array(MARKER_INDEX) * SPACING)
    assert np.abs(found - place).max() < SAME_PLACE_MM


def test_simpleitk_finds_the_marker_of_our_writers_at_the_same_place(tmp_path, write_dicom):
    hands = set()
    for _, axes in sample():
        hands.add(np.linalg.det(axes) > 0)
        write_nifti(tmp_path / "a.nii", axes, "qs")
        write_nrrd(tmp_path / "a.nrrd", axes, "right-anterior-superior")
        write_mha(tmp_path / "a.mha", axes)
        for name in ("a.nii", "a.nrrd", "a.mha"):
            assert_simpleitk_finds_the_marker(sitk.ReadImage(str(tmp_path / name)), axes)
    assert hands == {True, False}
    files = write_all_dicom(tmp_path / "dicom", write_dicom, OBLIQUE)
    for n, axes in sample():
        if np.linalg.det(axes) > 0:  # in the order of their names ITK believes left-handed slices to be right-handed
            names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(files[n][0].parent))
            assert_simpleitk_finds_the_marker(sitk.ReadImage(names), axes)


# The order of files says nothing


@pytest.fixture(scope="module")
def dicom_files(tmp_path_factory, request) -> list[Path]:
    folder = tmp_path_factory.mktemp("shuffled")
    files = []
    for n, order in ((0, AXIS_ORDERS[5]), (1, AXIS_ORDERS[40])):  # two series at once
        axes = OBLIQUE @ order
        for k in range(SIZE[2]):
            path = folder / f"{n}-{(5 * k + 3) % 7}"
            write_plain_dicom(path, axes, k, series=n)
            files.append(path)
    return files


def write_plain_dicom(path: Path, axes: np.ndarray, k: int, series: int) -> None:
    """Element by element, without pydicom: also a check that nothing in the reader leans on one writer."""

    def decimals(*numbers: float) -> tuple[str, bytes]:
        return "DS", "\\".join(f"{n:.9g}" for n in numbers).encode()

    def short(number: int) -> tuple[str, bytes]:
        return "US", struct.pack("<H", number)

    uid = f"1.2.826.0.1.3680043.10.543.{series}"
    elements = {
        0x00080016: ("UI", b"1.2.840.10008.5.1.4.1.1.2"),
        0x00080018: ("UI", f"{uid}.{k}".encode()),
        0x00080060: ("CS", b"CT"),
        0x0020000D: ("UI", b"1.2.826.0.1.3680043.10.543.99"),
        0x0020000E: ("UI", uid.encode()),
        0x00200013: ("IS", b"1"),  # the same number in all: it must not decide the order
        0x00200032: decimals(*(ORIGIN + axes[:, 2] * (SPACING[2] * k))),
        0x00200037: decimals(*axes[:, 0], *axes[:, 1]),
        0x00280002: short(1),
        0x00280004: ("CS", b"MONOCHROME2"),
        0x00280010: short(SIZE[1]),
        0x00280011: short(SIZE[0]),
        0x00280030: decimals(SPACING[1], SPACING[0]),  # rows first
        0x00280100: short(16),
        0x00280101: short(16),
        0x00280102: short(15),
        0x00280103: short(1),
        0x00281052: decimals(-1000.0 * k),  # another rescale in every slice
        0x00281053: decimals(1.0),
        0x7FE00010: ("OW", (stored()[k].astype("<i4") + 1000 * k).astype("<i2").tobytes()),
    }
    path.write_bytes(dicom(elements))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shuffle=st.randoms(use_true_random=False))
def test_shuffled_files_give_the_same_series_and_the_same_voxels(dicom_files, shuffle):
    straight = scan(dicom_files)
    order = list(dicom_files)
    shuffle.shuffle(order)
    shuffled = scan(order)
    assert sorted(shuffled.series, key=lambda series: series.uid) == sorted(straight.series, key=lambda s: s.uid)
    for series in shuffled.series:
        number = int(series.uid.rpartition(".")[2])
        assert_same_patient(read_series(series), OBLIQUE @ AXIS_ORDERS[(5, 40)[number]])


# Two places in one file


def write_nifti_in_two_places(path: Path, shift_mm: float) -> None:
    """A NIfTI file whose qform lies shift_mm further along z than its sform."""
    write_nifti(path, OBLIQUE, "qs")
    content = bytearray(path.read_bytes())
    (z,) = struct.unpack_from("<f", content, 276)
    struct.pack_into("<f", content, 276, z + shift_mm)
    path.write_bytes(bytes(content))


def test_nifti_in_two_places_is_two_doubtful_volumes_that_say_how_far_they_are_apart(tmp_path, capsys):
    path = tmp_path / "head.nii"
    write_nifti_in_two_places(path, 12.5)
    found = scan([path])
    assert [refusal.reason for refusal in found.refused] == []
    assert [series.description for series in found.series] == ["by its sform · head.nii", "by its qform · head.nii"]
    for series, name in zip(found.series, ("sform", "qform"), strict=True):
        assert series.verdict.kind == "ambiguous" and series.verdict.is_volume
        assert f"placed by its {name}" in series.verdict.detail
        assert read_series(series).geometry.is_grid
    assert_same_patient(read_series(found.series[0]), OBLIQUE)
    moved = read_series(found.series[1]).geometry.origin - read_series(found.series[0]).geometry.origin
    np.testing.assert_allclose(moved, (0, 0, 12.5), atol=SAME_PLACE_MM)

    assert main(["info", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["series"]
    assert [one["verdict"] for one in told] == ["ambiguous", "ambiguous"]
    assert all("12.50 mm apart" in one["notes"][0] for one in told)


def test_single_slice_in_two_places_is_doubtful_too(tmp_path):
    path = tmp_path / "slice.nii"
    write_nifti_in_two_places(path, 12.5)
    content = bytearray(path.read_bytes())
    struct.pack_into("<h", content, 46, 1)  # dim[3]
    path.write_bytes(bytes(content))
    kinds = [series.verdict.kind for series in scan([path]).series]
    assert kinds == ["ambiguous", "ambiguous"]
