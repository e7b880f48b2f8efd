"""Any dropped path in, volumes out: SimpleITK writes what we read and reads what we write."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import itertools
import os
import re
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import TypeAdapter
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from tests.opened_files import opened_files
from viewer.core.geometry import Geometry
from viewer.core.study import Refusal, Scan, Series, SeriesError
from viewer.core.volume import Volume, to_image
from viewer.io import archives, unpacking
from viewer.io.dicom_pixels import ValuesDoNotFit
from viewer.io.files import Look, look, read_middle, read_series, read_slices, scan, write_image

AXIS_ORDERS = [
    np.eye(3)[:, list(order)] * np.array(signs, dtype=float)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def only(found: Scan) -> Series:
    assert [refusal.reason for refusal in found.refused] == []
    assert len(found.series) == 1
    return found.series[0]


def refusal(path: Path) -> str:
    """The reason for which a lone file is refused, at the scan or at the latest when it is read."""
    found = scan([path])
    if found.refused:
        assert found.series == ()
        assert len(found.refused) == 1
        reason = found.refused[0].reason
    else:
        with pytest.raises(SeriesError) as raised:
            read_series(only(found))
        reason = str(raised.value)
    assert reason
    assert "\n" not in reason
    return reason


def stack_without_place(path: Path) -> Series:
    """The only series of a file whose voxels have no place: still there, slice by slice, in pixels."""
    series = only(scan([path]))
    assert series.verdict.kind == "no-position"
    assert not series.verdict.is_volume
    assert series.spacing_mm is None
    assert series.calibration == "none"
    geometry = read_series(series).geometry
    assert not geometry.is_grid
    assert not geometry.calibrated
    assert not geometry.patient_space
    return series


def marker_lps(voxels: np.ndarray, geometry: Geometry) -> np.ndarray:
    k, j, i = np.unravel_index(np.argmax(voxels), voxels.shape)
    return geometry.index_to_lps((i, j, k))


def save(volume: Volume, path: Path) -> Path:
    sitk.WriteImage(to_image(volume.voxels, volume.geometry), str(path))
    return path


# Volumes in


@pytest.mark.parametrize("turned", [False, True], ids=["straight", "oblique"])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_marker_keeps_its_place_in_48_axis_orders(tmp_path, oblique_phantom, with_direction, suffix, turned):
    """24 of the 48 are left-handed. The truth is where the grid was told to put the marker, not what was read."""
    oblique = oblique_phantom.geometry.direction if turned else np.eye(3)
    for n, axes in enumerate(AXIS_ORDERS):
        truth = with_direction(oblique_phantom, oblique @ axes)
        series = only(scan([save(truth, tmp_path / f"{n}{suffix}")]))
        volume = read_series(series)
        expected = marker_lps(truth.voxels, truth.geometry)
        assert np.abs(marker_lps(volume.voxels, volume.geometry) - expected).max() < 0.01
        assert volume.geometry.same_grid(truth.geometry, 0.01)
        assert volume.geometry.patient_space
        assert series.notes == ()
        np.testing.assert_array_equal(volume.voxels, truth.voxels)


def nifti_bytes(
    volume: Volume,
    version: int,
    order: str = "<",
    *,
    qform: bool = False,
    unit: int = 2,
    code: int = 4,
    scale: tuple[float, float] = (0, 0),
    dim: Sequence[int] | None = None,
    step: float = 0,
    voxels: bytes | None = None,
) -> bytes:
    """A NIfTI file by the letters of nifti1.h and nifti2.h, with an sform or, for right-handed grids, a qform."""
    geometry = volume.geometry
    mm = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}[unit & 7]
    rows = np.zeros((3, 4))
    rows[:, :3] = geometry.direction * np.array(geometry.spacing) / mm
    rows[:, 3] = geometry.origin / mm
    rows[:2] *= -1  # NIfTI counts towards right and anterior
    pixdim = [1.0, *(s / mm for s in geometry.spacing), step, 0, 0, 0]
    b, c, d = quaternion(rows[:, :3] / np.linalg.norm(rows[:, :3], axis=0)) if qform else (0.0, 0.0, 0.0)
    dim = dim or (3, *geometry.size, 1, 1, 1, 1)
    bits = {2: 8, 4: 16, 8: 32, 16: 32, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 2304: 32}[code]
    codes = (1, 0) if qform else (0, 1)
    if version == 1:
        header = bytearray(352)
        struct.pack_into(order + "i", header, 0, 348)
        struct.pack_into(order + "8h", header, 40, *dim)
        struct.pack_into(order + "2h", header, 70, code, bits)
        struct.pack_into(order + "8f", header, 76, *pixdim)
        struct.pack_into(order + "3f", header, 108, 352, *scale)
        header[123] = unit
        struct.pack_into(order + "2h", header, 252, *codes)
        struct.pack_into(order + "6f", header, 256, b, c, d, *rows[:, 3])
        struct.pack_into(order + "12f", header, 280, *rows.ravel())
        header[344:348] = b"n+1\0"
    else:
        header = bytearray(544)
        struct.pack_into(order + "i8s2h", header, 0, 540, b"n+2\0\r\n\x1a\n", code, bits)
        struct.pack_into(order + "8q", header, 16, *dim)
        struct.pack_into(order + "8d", header, 104, *pixdim)
        struct.pack_into(order + "q2d", header, 168, 544, *scale)
        struct.pack_into(order + "2i", header, 344, *codes)
        struct.pack_into(order + "6d", header, 352, b, c, d, *rows[:, 3])
        struct.pack_into(order + "12d", header, 400, *rows.ravel())
        struct.pack_into(order + "i", header, 500, unit)
    return bytes(header) + (volume.voxels.astype(f"{order}i2").tobytes() if voxels is None else voxels)


def quaternion(rotation: np.ndarray) -> tuple[float, float, float]:
    """b, c, d of a rotation matrix with a > 0, from its antisymmetric part (nifti1.h, nifti_mat44_to_quatern)."""
    a = np.sqrt(1 + np.trace(rotation)) / 2
    assert a > 0.1
    r = rotation
    return (r[2, 1] - r[1, 2]) / (4 * a), (r[0, 2] - r[2, 0]) / (4 * a), (r[1, 0] - r[0, 1]) / (4 * a)


@pytest.mark.parametrize("turned", [False, True], ids=["straight", "oblique"])
@pytest.mark.parametrize(("version", "order"), [(1, "<"), (1, ">"), (2, "<"), (2, ">")])
def test_hand_written_nifti_keeps_the_marker_in_its_place(
    tmp_path, oblique_phantom, with_direction, version, order, turned
):
    oblique = oblique_phantom.geometry.direction if turned else np.eye(3)
    path = tmp_path / "a.nii"
    for axes in AXIS_ORDERS:
        truth = with_direction(oblique_phantom, oblique @ axes)
        path.write_bytes(nifti_bytes(truth, version, order))
        volume = read_series(only(scan([path])))
        expected = marker_lps(truth.voxels, truth.geometry)
        assert np.abs(marker_lps(volume.voxels, volume.geometry) - expected).max() < 0.01
        assert volume.geometry.same_grid(truth.geometry, 0.01)
        np.testing.assert_array_equal(volume.voxels, truth.voxels)


@pytest.mark.parametrize("version", [1, 2])
def test_nifti_with_a_quaternion_alone_keeps_its_place(tmp_path, oblique_phantom, with_direction, version):
    # x and y of NIfTI are minus those of LPS: the rotation there is this one, turned about the third axis.
    turn = np.diag([-1.0, -1.0, 1.0])
    truth = with_direction(oblique_phantom, turn @ oblique_phantom.geometry.direction)
    (tmp_path / "a.nii").write_bytes(nifti_bytes(truth, version, qform=True))
    volume = read_series(only(scan([tmp_path / "a.nii"])))
    assert volume.geometry.same_grid(truth.geometry, 0.01)


@pytest.mark.parametrize("unit", [1, 3], ids=["metres", "micrometres"])
def test_nifti_in_other_units_is_converted_and_says_so(tmp_path, oblique_phantom, unit):
    (tmp_path / "a.nii").write_bytes(nifti_bytes(oblique_phantom, 2, unit=unit))
    series = only(scan([tmp_path / "a.nii"]))
    assert read_series(series).geometry.same_grid(oblique_phantom.geometry, 0.01)
    assert any("converted to mm" in note for note in series.notes)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"])
def test_every_format_gives_the_same_volume(tmp_path, phantom, suffix):
    found = scan([save(phantom, tmp_path / f"image{suffix}")])
    series = only(found)
    volume = read_series(series)
    np.testing.assert_array_equal(volume.voxels, phantom.voxels)
    assert volume.geometry.same_grid(phantom.geometry, 0.01)
    assert series.verdict.kind == "regular"
    assert series.size == phantom.geometry.size
    assert series.spacing_mm == pytest.approx(phantom.geometry.spacing)


def nifti(volume: Volume, path: Path, **changes: tuple[int, bytes]) -> Path:
    """A NIfTI-1 file with some bytes of its header replaced: name=(offset, bytes)."""
    save(volume, path)
    content = bytearray(path.read_bytes())
    for offset, new in changes.values():
        content[offset : offset + len(new)] = new
    path.write_bytes(content)
    return path


def test_nifti_whose_two_places_disagree_is_listed_by_both(tmp_path, oblique_phantom):
    """The first column of the offset was moved from its place to R 999, so the distance is known by hand."""
    path = nifti(oblique_phantom, tmp_path / "a.nii", qoffset_x=(268, struct.pack("<f", 999.0)))
    found = scan([path])
    assert found.refused == ()
    sform, qform = found.series
    assert (sform.uid.rsplit("#")[-1], qform.uid.rsplit("#")[-1]) == ("sform", "qform")
    assert sform.uid.split("#")[0] == qform.uid.split("#")[0]
    assert "sform" in sform.description
    assert "qform" in qform.description
    apart_mm = 999.0 + oblique_phantom.geometry.origin[0]
    for series, name in ((sform, "sform"), (qform, "qform")):
        assert len(series.notes) == 1
        assert f"{apart_mm:.2f} mm apart" in series.notes[0]
        assert series.notes[0].endswith(f"by its {name}.")
    assert read_series(sform).geometry.same_grid(oblique_phantom.geometry, 0.01)
    moved = read_series(qform).geometry.origin
    np.testing.assert_allclose(moved, [-999.0, *oblique_phantom.geometry.origin[1:]], atol=0.01)
    np.testing.assert_array_equal(read_series(qform).voxels, oblique_phantom.voxels)


@pytest.mark.parametrize(("shift_mm", "shown"), [(0.004, 1), (0.05, 2)])
def test_nifti_places_may_differ_by_rounding_only(tmp_path, oblique_phantom, shift_mm, shown):
    origin = to_image(oblique_phantom.voxels, oblique_phantom.geometry).GetOrigin()
    path = nifti(oblique_phantom, tmp_path / "a.nii", qoffset_z=(276, struct.pack("<f", origin[2] + shift_mm)))
    assert len(scan([path]).series) == shown


def test_nifti_whose_two_places_differ_in_voxel_size_alone_is_listed_by_both(tmp_path, oblique_phantom):
    """A single slice: another thickness moves none of its corners."""
    size = (*oblique_phantom.geometry.size[:2], 1)
    single = Volume(oblique_phantom.voxels[:1].copy(), replace(oblique_phantom.geometry, size=size))
    path = nifti(single, tmp_path / "a.nii", thickness=(88, struct.pack("<f", 5.0)))
    sform, qform = scan([path]).series
    assert sform.spacing_mm == pytest.approx((0.8, 1.3, 2.5))
    assert qform.spacing_mm == pytest.approx((0.8, 1.3, 5.0))
    assert "another voxel size" in sform.notes[0]


def test_nifti_with_one_impossible_place_takes_the_other_and_says_so(tmp_path, oblique_phantom):
    impossible = {
        "sform": {"srow": (280, struct.pack("<12f", *[0.0] * 12))},
        "qform": {"quatern": (256, struct.pack("<3f", 0.9, 0.9, 0.9))},
    }
    for name, changes in impossible.items():
        series = only(scan([nifti(oblique_phantom, tmp_path / f"{name}.nii", **changes)]))
        assert read_series(series).geometry.same_grid(oblique_phantom.geometry, 0.01)
        assert any(name in note for note in series.notes)


def test_nifti_with_only_an_sform_or_only_a_qform_is_read(tmp_path, oblique_phantom):
    for name, offset in (("no-qform", 252), ("no-sform", 254)):
        path = nifti(oblique_phantom, tmp_path / f"{name}.nii", code=(offset, struct.pack("<h", 0)))
        volume = read_series(only(scan([path])))
        assert volume.geometry.same_grid(oblique_phantom.geometry, 0.01), name


def test_nifti_without_any_place_counts_in_mm_but_has_no_left_and_right(tmp_path, oblique_phantom):
    path = nifti(oblique_phantom, tmp_path / "a.nii", codes=(252, struct.pack("<2h", 0, 0)))
    series = only(scan([path]))
    geometry = read_series(series).geometry
    assert not geometry.patient_space
    assert geometry.calibrated
    assert geometry.is_grid
    assert geometry.spacing == pytest.approx((0.8, 1.3, 2.5))
    assert any("where in the patient" in note for note in series.notes)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_nifti_with_an_impossible_affine_is_browsed_in_pixels(tmp_path, oblique_phantom, value):
    changes = {"qform_code": (252, struct.pack("<h", 0)), "srow": (280, struct.pack("<12f", *[value] * 12))}
    series = stack_without_place(nifti(oblique_phantom, tmp_path / "a.nii", **changes))
    assert "sform" in series.verdict.detail


@pytest.mark.parametrize("value", [float("nan"), 0.0, -1.0])
def test_nifti_with_an_impossible_voxel_size_is_browsed_in_pixels(tmp_path, oblique_phantom, value):
    """SimpleITK itself makes 1 mm of a size of zero."""
    series = stack_without_place(nifti(oblique_phantom, tmp_path / "a.nii", pixdim=(80, struct.pack("<f", value))))
    assert "voxel size" in series.verdict.detail


def test_nifti_with_a_quaternion_that_is_no_number_is_browsed_in_pixels(tmp_path, oblique_phantom):
    changes = {"sform_code": (254, struct.pack("<h", 0)), "quatern_b": (256, struct.pack("<f", float("nan")))}
    stack_without_place(nifti(oblique_phantom, tmp_path / "a.nii", **changes))


def test_sheared_nifti_is_browsed_in_pixels(tmp_path, oblique_phantom):
    rows = np.array([[1.0, 0.4, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    changes = {
        "qform_code": (252, struct.pack("<h", 0)),
        "srow": (280, struct.pack("<12f", *rows.ravel())),
    }
    series = stack_without_place(nifti(oblique_phantom, tmp_path / "a.nii", **changes))
    assert "perpendicular" in series.verdict.detail
    np.testing.assert_array_equal(read_series(series).voxels, oblique_phantom.voxels)


def nrrd(volume: Volume, path: Path, **changes: str | None) -> Path:
    """An NRRD with some lines of its header replaced, or left out: space_directions="(1,0,0) ..."."""
    save(volume, path)
    head, body = path.read_bytes().split(b"\n\n", 1)
    new = {name.replace("_", " "): value for name, value in changes.items()}
    lines = [line for line in head.decode().split("\n") if line.split(":")[0] not in new]
    lines += [f"{name}: {value}" for name, value in new.items() if value is not None]
    path.write_bytes("\n".join(lines).encode() + b"\n\n" + body)
    return path


def test_sheared_nrrd_is_browsed_in_pixels(tmp_path, oblique_phantom):
    path = nrrd(oblique_phantom, tmp_path / "a.nrrd", space_directions="(1,0,0) (0.4,1,0) (0,0,1)")
    assert "perpendicular" in stack_without_place(path).verdict.detail


@pytest.mark.parametrize("direction", ["(0,0,0)", "(nan,0,0)", "(inf,0,0)", "(x,0,0)"])
def test_nrrd_with_an_impossible_direction_is_browsed_in_pixels(tmp_path, oblique_phantom, direction):
    stack_without_place(nrrd(oblique_phantom, tmp_path / "a.nrrd", space_directions=f"{direction} (0,1,0) (0,0,1)"))


def test_nrrd_without_a_space_has_mm_but_no_left_and_right(tmp_path, oblique_phantom):
    """SimpleITK itself takes it for LPS."""
    path = nrrd(oblique_phantom, tmp_path / "a.nrrd", space=None, space_dimension="3")
    series = only(scan([path]))
    geometry = read_series(series).geometry
    assert not geometry.patient_space
    assert geometry.spacing == pytest.approx((0.8, 1.3, 2.5))
    assert geometry.is_grid
    assert any("where in the patient" in note for note in series.notes)


def test_nrrd_with_spacings_alone_has_mm_but_no_left_and_right(tmp_path, oblique_phantom):
    changes = {"space": None, "space_directions": None, "space_origin": None, "spacings": "0.8 1.3 2.5"}
    geometry = read_series(only(scan([nrrd(oblique_phantom, tmp_path / "a.nrrd", **changes)]))).geometry
    assert not geometry.patient_space
    assert geometry.spacing == (0.8, 1.3, 2.5)


@pytest.mark.parametrize(("units", "mm"), [('"cm" "cm" "mm"', (10, 10, 1)), ('"" "???" "um"', (1, 1, 0.001))])
def test_nrrd_with_spacings_alone_in_other_units_is_converted(tmp_path, oblique_phantom, units, mm):
    changes = {"space": None, "space_directions": None, "space_origin": None, "spacings": "0.8 1.3 2.5"}
    path = nrrd(oblique_phantom, tmp_path / "a.nrrd", **changes, units=units)
    assert only(scan([path])).spacing_mm == pytest.approx((0.8 * mm[0], 1.3 * mm[1], 2.5 * mm[2]))


def test_nrrd_whose_spacings_are_no_lengths_is_browsed_in_pixels(tmp_path, oblique_phantom):
    changes = {"space": None, "space_directions": None, "space_origin": None, "spacings": "0.8 1.3 2.5"}
    stack_without_place(nrrd(oblique_phantom, tmp_path / "a.nrrd", **changes, units='"mm" "mm" "s"'))


@pytest.mark.parametrize("changes", [{"spacings": "0.8 nan 2.5"}, {}, {"spacings": "0.8 1.3"}])
def test_nrrd_without_a_usable_voxel_size_is_browsed_in_pixels(tmp_path, oblique_phantom, changes):
    without = {"space": None, "space_directions": None, "space_origin": None}
    stack_without_place(nrrd(oblique_phantom, tmp_path / "a.nrrd", **without, **changes))


@pytest.mark.parametrize(
    ("space", "signs"),
    [
        ("right-anterior-superior", (-1, -1, 1)),
        ("RAS", (-1, -1, 1)),
        ("left-anterior-superior", (1, -1, 1)),
        ("LPS", (1, 1, 1)),
    ],
)
def test_nrrd_in_another_space_keeps_its_place(tmp_path, oblique_phantom, space, signs):
    """The numbers in the file stay, so each point is where its signs say."""
    volume = read_series(only(scan([nrrd(oblique_phantom, tmp_path / "a.nrrd", space=space)])))
    expected = marker_lps(oblique_phantom.voxels, oblique_phantom.geometry) * signs
    np.testing.assert_allclose(marker_lps(volume.voxels, volume.geometry), expected, atol=0.01)


@pytest.mark.parametrize("units", ['"cm" "cm" "cm"', '"um" "um" "um"'])
def test_nrrd_in_other_units_is_converted(tmp_path, oblique_phantom, units):
    mm = {"cm": 10.0, "um": 0.001}[units[1:3]]
    geometry = read_series(only(scan([nrrd(oblique_phantom, tmp_path / "a.nrrd", space_units=units)]))).geometry
    np.testing.assert_allclose(geometry.spacing, np.multiply((0.8, 1.3, 2.5), mm))
    np.testing.assert_allclose(geometry.origin, oblique_phantom.geometry.origin * mm)


def test_nrrd_beside_its_header_is_read(tmp_path, oblique_phantom):
    path = save(oblique_phantom, tmp_path / "a.nrrd")
    head, body = path.read_bytes().split(b"\n\n", 1)
    path.unlink()
    (tmp_path / "a.raw").write_bytes(b"junk" + body)
    (tmp_path / "a.nhdr").write_bytes(head + b"\nbyte skip: 4\ndata file: ./a.raw\n")
    volume = read_series(only(scan([tmp_path])))
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    (tmp_path / "a.raw").unlink()
    assert "a.raw" in refusal(tmp_path / "a.nhdr")


def test_nrrd_packed_by_bzip2_is_read_and_checked(tmp_path, oblique_phantom):
    path = nrrd(oblique_phantom, tmp_path / "a.nrrd", encoding="bzip2")
    head, body = path.read_bytes().split(b"\n\n", 1)
    packed = bz2.compress(body)
    path.write_bytes(head + b"\n\n" + packed)
    np.testing.assert_array_equal(read_series(only(scan([path]))).voxels, oblique_phantom.voxels)
    for damaged in (packed[:-20], packed[:60] + b"\0" + packed[61:]):
        path.write_bytes(head + b"\n\n" + damaged)
        refusal(path)


def test_nrrd_whose_voxels_are_the_last_bytes_of_the_file_is_read(tmp_path, oblique_phantom):
    path = nrrd(oblique_phantom, tmp_path / "a.nrrd", byte_skip="-1")
    head, body = path.read_bytes().split(b"\n\n", 1)
    path.write_bytes(head + b"\n\n" + b"anything" + body)
    np.testing.assert_array_equal(read_series(only(scan([path]))).voxels, oblique_phantom.voxels)


@pytest.mark.parametrize("suffix", [".mha", ".nrrd"])
def test_big_endian_voxels_are_read(tmp_path, oblique_phantom, suffix):
    path = save(oblique_phantom, tmp_path / f"a{suffix}")
    little, big = (oblique_phantom.voxels.astype(order).tobytes() for order in ("<i2", ">i2"))
    content = path.read_bytes().replace(b"ByteOrderMSB = False", b"ByteOrderMSB = True").replace(little, big)
    path.write_bytes(content.replace(b"endian: little", b"endian: big"))
    np.testing.assert_array_equal(read_series(only(scan([path]))).voxels, oblique_phantom.voxels)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8", "i8"])
def test_values_of_every_type_equal_simpleitk(tmp_path, oblique_phantom, suffix, kind):
    values = (oblique_phantom.voxels % 120).astype(kind)
    if kind[0] == "f":
        values += values.dtype.type(0.3)
        values[1, 2, 3] = np.nan
    path = save(replace(oblique_phantom, voxels=values), tmp_path / f"a{suffix}")
    series = only(scan([path]))
    volume = read_series(series)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    if kind[0] == "f":
        truth[1, 2, 3] = np.nan  # of which SimpleITK itself makes 0 in NIfTI
    np.testing.assert_array_equal(volume.voxels, truth)
    assert volume.voxels.dtype == ("i4" if kind == "i8" else truth.dtype)
    assert series.value_type == volume.voxels.dtype.name


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_whole_numbers_of_64_bits_are_kept_exactly_or_refused(tmp_path, oblique_phantom, suffix):
    for largest, kind in ((2**31 - 1, "int32"), (2**40 + 1, "float64"), (2**53 + 2, None)):
        values = oblique_phantom.voxels.astype(np.int64)
        values[0, 0, 0] = largest
        path = save(replace(oblique_phantom, voxels=values), tmp_path / f"a{suffix}")
        if kind is None:
            assert "too large" in refusal(path)
            continue
        volume = read_series(only(scan([path])))
        assert volume.voxels.dtype == kind
        assert int(volume.voxels[0, 0, 0]) == largest


def test_a_reader_of_slices_learns_that_values_do_not_fit(tmp_path, oblique_phantom):
    values = oblique_phantom.voxels.astype(np.int64) * 2**40
    series = only(scan([save(replace(oblique_phantom, voxels=values), tmp_path / "a.nrrd")]))
    voxels = np.zeros(oblique_phantom.voxels.shape, series.value_type)
    with pytest.raises(ValuesDoNotFit) as raised:
        read_slices(series, range(7), voxels, None, lambda k: None)
    assert raised.value.value_type == "float64"


@pytest.mark.parametrize("scale", [(2.0, -100.0), (0.37, 1.5), (1.0, 0.0), (1.0, 3.0), (0.0, 0.0)])
@pytest.mark.parametrize(("code", "kind"), [(2, "u1"), (4, "i2"), (8, "i4"), (16, "f4"), (64, "f8")])
def test_nifti_rescale_equals_simpleitk(tmp_path, oblique_phantom, scale, code, kind):
    stored = (oblique_phantom.voxels % 120).astype(kind)
    path = tmp_path / "a.nii"
    path.write_bytes(nifti_bytes(oblique_phantom, 1, code=code, scale=scale, voxels=stored.tobytes()))
    volume = read_series(only(scan([path])))
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    np.testing.assert_array_equal(volume.voxels.astype(truth.dtype), truth)
    wide = kind == "i4" and scale not in ((1.0, 0.0), (0.0, 0.0))  # float32, as SimpleITK, does not hold them exactly
    assert volume.voxels.dtype == ("float64" if wide else truth.dtype)


def test_large_whole_numbers_are_rescaled_exactly(tmp_path, oblique_phantom):
    stored = np.full(oblique_phantom.voxels.shape, 2**24 + 1, "<i4")
    path = tmp_path / "a.nii"
    path.write_bytes(nifti_bytes(oblique_phantom, 1, code=8, scale=(1.0, 2.0), voxels=stored.tobytes()))
    assert int(read_series(only(scan([path]))).voxels[0, 0, 0]) == 2**24 + 3  # float32 holds even numbers only


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_truncated_volume_is_refused_and_never_filled_with_zeros(tmp_path, oblique_phantom, suffix, part):
    """SimpleITK itself reads a truncated NIfTI without a word and fills the rest with zeros."""
    path = save(oblique_phantom, tmp_path / f"a{suffix}")
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    refusal(cut)


@pytest.mark.parametrize("first", [2, 17, 18, 19, 1 << 16])
def test_gz_of_many_parts_is_read_to_its_end(tmp_path, oblique_phantom, first):
    """As bgzip writes it. The parts end wherever they like in what is read at once from the disk."""
    content = nifti_bytes(oblique_phantom, 1)
    parts = [content[:first], *(content[n : n + 77] for n in range(first, len(content), 77))]
    (tmp_path / "a.nii.gz").write_bytes(b"".join(map(gzip.compress, parts)))
    with pytest.MonkeyPatch.context() as patch:
        for chunk_bytes in (1, 7, 64, 1 << 17):
            patch.setattr(unpacking, "_PACKED_CHUNK_BYTES", chunk_bytes)
            volume = read_series(only(scan([tmp_path / "a.nii.gz"])))
            np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)


def test_damaged_gz_is_refused(tmp_path, oblique_phantom):
    path = save(oblique_phantom, tmp_path / "a.nii.gz")
    content = bytearray(path.read_bytes())
    content[-8] ^= 0xFF  # the checksum of the unpacked bytes
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize("suffix", [".nii.gz", ".mha", ".nrrd"])
def test_one_wrong_bit_in_compressed_voxels_is_refused(tmp_path, oblique_phantom, suffix):
    """SimpleITK itself shows such a NIfTI or MetaImage, with wrong values."""
    large = np.tile(oblique_phantom.voxels, (1, 9, 9)) ^ np.random.default_rng(0).integers(
        0, 99, (7, 99, 126), np.int16
    )
    image = sitk.GetImageFromArray(large)
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(image, str(path), useCompression=True)
    assert len(path.read_bytes()) > 100_000
    np.testing.assert_array_equal(read_series(only(scan([path]))).voxels, large)
    for part in (0.3, 0.6, 0.95):
        content = bytearray(path.read_bytes())
        content[int(len(content) * part)] ^= 0x10
        (tmp_path / f"wrong{suffix}").write_bytes(content)
        refusal(tmp_path / f"wrong{suffix}")


def test_compressed_volume_beside_its_header_is_read_and_checked(tmp_path, oblique_phantom):
    image = to_image(oblique_phantom.voxels, oblique_phantom.geometry)
    sitk.WriteImage(image, str(tmp_path / "a.mhd"), useCompression=True)
    np.testing.assert_array_equal(read_series(only(scan([tmp_path / "a.mhd"]))).voxels, oblique_phantom.voxels)
    packed = tmp_path / "a.zraw"
    packed.write_bytes(packed.read_bytes()[:-3])
    refusal(tmp_path / "a.mhd")


def test_nifti_whose_sform_has_another_voxel_size_is_browsed_in_pixels(tmp_path, oblique_phantom):
    """SimpleITK itself takes the size from pixdim and only warns."""
    rows = np.diag([0.8, 1.3, 5.0, 1.0])[:3]
    changes = {"qform_code": (252, struct.pack("<h", 0)), "srow": (280, struct.pack("<12f", *rows.ravel()))}
    series = stack_without_place(nifti(oblique_phantom, tmp_path / "a.nii", **changes))
    assert "pixdim" in series.verdict.detail


def test_nifti_whose_quaternion_is_no_rotation_is_browsed_in_pixels(tmp_path, oblique_phantom):
    changes = {"sform_code": (254, struct.pack("<h", 0)), "quatern": (256, struct.pack("<3f", 0.9, 0.9, 0.9))}
    assert "qform" in stack_without_place(nifti(oblique_phantom, tmp_path / "a.nii", **changes)).verdict.detail


def test_nifti_that_has_lost_its_name_is_not_read_as_analyze(tmp_path, oblique_phantom):
    """Analyze has no place in the patient, and the type of file is told by these four bytes alone."""
    refusal(nifti(oblique_phantom, tmp_path / "a.nii", magic=(344, b"\0\0\0\0")))


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".png"])
def test_file_replaced_after_the_scan_is_refused(tmp_path, oblique_phantom, suffix):
    def write(size: int) -> None:
        shape = (size, 20) if suffix == ".png" else (5, size, 20)
        sitk.WriteImage(sitk.GetImageFromArray(np.zeros(shape, np.uint8)), str(tmp_path / f"a{suffix}"))

    write(30)
    series = only(scan([tmp_path]))
    write(31)
    with pytest.raises(SeriesError, match="changed since it was listed"):
        read_series(series)


def test_nifti_that_promises_more_voxels_than_it_holds_is_refused(tmp_path, oblique_phantom):
    path = nifti(oblique_phantom, tmp_path / "a.nii", dim3=(46, struct.pack("<h", 300)))
    refusal(path)


@pytest.mark.parametrize("dim", [(8, 2, 2, 2, 2, 2, 2, 2), (3, 0, 2, 2, 1, 1, 1, 1), (3, -2, 2, 2, 1, 1, 1, 1)])
def test_nifti_with_impossible_dimensions_is_refused(tmp_path, oblique_phantom, dim):
    (tmp_path / "a.nii").write_bytes(nifti_bytes(oblique_phantom, 1, dim=dim))
    refusal(tmp_path / "a.nii")


def test_dimensions_whose_product_overflows_are_refused_before_memory_is_taken(tmp_path, oblique_phantom):
    """2^31 x 2^31 x 4 x 2 bytes are 2^65: 0 in 64 bits."""
    size = 2**31
    content = nifti_bytes(oblique_phantom, 2, dim=(3, size, size, 4, 1, 1, 1, 1))
    (tmp_path / "a.nii").write_bytes(content)
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(content))
    nrrd(oblique_phantom, tmp_path / "c.nrrd", sizes=f"{size} {size} 4")
    path = save(oblique_phantom, tmp_path / "d.mha")
    path.write_bytes(path.read_bytes().replace(b"DimSize = 14 11 7", f"DimSize = {size} {size} 4".encode()))
    tracemalloc.start()
    found = scan([tmp_path])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.refused) == 4
    assert found.series == ()
    assert peak < 20 << 20


def test_gz_bomb_is_unpacked_no_further_than_its_header_says(tmp_path, oblique_phantom):
    """64 MiB of zeros after the last voxel, packed 1000 to 1."""
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(nifti_bytes(oblique_phantom, 1) + bytes(64 << 20)))
    tracemalloc.start()
    assert "far more" in refusal(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 << 20


def test_a_header_that_promises_more_than_gz_can_pack_is_refused_at_the_scan(tmp_path, oblique_phantom):
    content = nifti_bytes(oblique_phantom, 2, dim=(3, 4000, 4000, 4000, 1, 1, 1, 1))
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(content))
    assert "promises more" in scan([tmp_path / "a.nii.gz"]).refused[0].reason


@pytest.mark.parametrize("slope", [0.0, float("nan")])
def test_nifti_intercept_without_a_slope_is_not_applied(tmp_path, oblique_phantom, slope):
    """nifti1.h: a slope of 0 means that values are not scaled. SimpleITK itself adds the intercept."""
    (tmp_path / "a.nii").write_bytes(nifti_bytes(oblique_phantom, 1, scale=(slope, 7.0)))
    np.testing.assert_array_equal(read_series(only(scan([tmp_path / "a.nii"]))).voxels, oblique_phantom.voxels)


# Several volumes in one file


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_time_series_is_one_series_for_each_volume(tmp_path, oblique_phantom, suffix):
    image = to_image(oblique_phantom.voxels, oblique_phantom.geometry)
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(sitk.JoinSeries([image, image + 1000, image + 2000], 0.0, 2.5), str(path))
    found = scan([path])
    assert found.refused == ()
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    assert truth.shape == (3, 7, 11, 14)
    assert len({series.uid for series in found.series}) == 3
    for number, series in enumerate(found.series):
        assert series.moment is not None
        assert (series.moment.number, series.moment.count) == (number, 3)
        assert series.moment.sequence_uid == found.series[0].moment.sequence_uid
        assert series.frame_numbers == (number,)
        volume = read_series(series)
        np.testing.assert_array_equal(volume.voxels, truth[number])
        assert volume.geometry.spacing == pytest.approx((0.8, 1.3, 2.5))
        if suffix != ".nrrd":  # which is written without a name for its space
            assert volume.geometry.same_grid(oblique_phantom.geometry, 0.01)


@pytest.mark.parametrize(
    ("unit", "step", "label", "kind"),
    [(2 | 8, 2.5, "5 s", "time"), (2 | 16, 40, "0.08 s", "time"), (2, 2.5, "3 of 3", "part")],
)
def test_moments_of_a_nifti_are_labelled_by_their_time(tmp_path, oblique_phantom, unit, step, label, kind):
    dim = (4, *oblique_phantom.geometry.size, 3, 1, 1, 1)
    voxels = oblique_phantom.voxels.tobytes() * 3
    (tmp_path / "a.nii").write_bytes(nifti_bytes(oblique_phantom, 1, dim=dim, unit=unit, step=step, voxels=voxels))
    last = scan([tmp_path / "a.nii"]).series[-1]
    assert (last.moment.label, last.moment.kind) == (label, kind)
    assert last.frame_time_ms == (None if kind == "part" else pytest.approx({8: 2500, 16: 40}[unit & 0x38]))


def test_volumes_that_lie_value_by_value_in_an_nrrd_are_told_apart(tmp_path, oblique_phantom):
    """As 3D Slicer writes a sequence: the list comes first."""
    voxels = np.stack([oblique_phantom.voxels, -oblique_phantom.voxels], axis=-1)
    directions = "none (0.8,0,0) (0,1.3,0) (0,0,2.5)"
    header = (
        "NRRD0004\ntype: short\ndimension: 4\nspace: LPS\nsizes: 2 14 11 7\n"
        f"space directions: {directions}\nkinds: list domain domain domain\nendian: little\nencoding: raw\n"
        "space origin: (1,2,3)\n\n"
    )
    (tmp_path / "a.nrrd").write_bytes(header.encode() + voxels.tobytes())
    first, second = scan([tmp_path / "a.nrrd"]).series
    np.testing.assert_array_equal(read_series(first).voxels, oblique_phantom.voxels)
    np.testing.assert_array_equal(read_series(second).voxels, -oblique_phantom.voxels)


def packed_series(path: Path, volume: Volume, count: int) -> np.ndarray:
    """A packed NIfTI of noise, so that its volumes differ; returns voxels[t, k, j, i]."""
    voxels = np.random.default_rng(5).integers(0, 4000, (count, *volume.geometry.shape), np.int16)
    dim = (4, *volume.geometry.size, count, 1, 1, 1)
    path.write_bytes(gzip.compress(nifti_bytes(volume, 1, dim=dim, voxels=voxels.tobytes())))
    return voxels


def test_all_moments_of_a_packed_file_together_unpack_it_little_more_than_once(tmp_path, oblique_phantom, monkeypatch):
    truth = packed_series(tmp_path / "a.nii.gz", oblique_phantom, 40)
    found = scan([tmp_path / "a.nii.gz"]).series
    unpacked = 0
    honest = unpacking.Unpacked.readinto

    def counting(self: unpacking.Unpacked, target: memoryview) -> int:
        nonlocal unpacked
        got = honest(self, target)
        unpacked += got
        return got

    monkeypatch.setattr(unpacking.Unpacked, "readinto", counting)
    for number, series in enumerate(found):
        np.testing.assert_array_equal(read_series(series).voxels, truth[number])
    headers = 2 * 540 * len(found)
    assert unpacked < 2.1 * truth.nbytes + headers
    for number in (7, 39, 3, 3):  # and backwards
        np.testing.assert_array_equal(read_series(found[number]).voxels, truth[number])


def test_moments_of_two_packed_files_are_not_mixed_up(tmp_path, oblique_phantom):
    truths = [packed_series(tmp_path / f"{n}.nii.gz", oblique_phantom, 3) + np.int16(0) for n in range(2)]
    found = [scan([tmp_path / f"{n}.nii.gz"]).series for n in range(2)]
    for number in range(3):
        for n in range(2):
            np.testing.assert_array_equal(read_series(found[n][number]).voxels, truths[n][number])


def test_a_packed_file_that_was_replaced_between_two_moments_is_opened_anew(tmp_path, oblique_phantom):
    path = tmp_path / "a.nii.gz"
    packed_series(path, oblique_phantom, 3)
    found = scan([path]).series
    read_series(found[0])
    voxels = np.arange(3 * oblique_phantom.voxels.size, dtype=np.int16).reshape(3, *oblique_phantom.geometry.shape)
    dim = (4, *oblique_phantom.geometry.size, 3, 1, 1, 1)
    new = tmp_path / "new"
    new.write_bytes(gzip.compress(nifti_bytes(oblique_phantom, 1, dim=dim, voxels=voxels.tobytes())))
    new.replace(path)  # another file under the old name: what is open still reads the old one
    np.testing.assert_array_equal(read_series(found[1]).voxels, voxels[1])


def test_damage_at_the_end_of_a_packed_file_is_found_with_its_first_moment(tmp_path, oblique_phantom):
    path = tmp_path / "a.nii.gz"
    packed_series(path, oblique_phantom, 4)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1  # the checksum
    path.write_bytes(content)
    with pytest.raises(SeriesError, match=r"a\.nii\.gz: .*damaged"):
        read_series(scan([path]).series[0])


def test_more_volumes_than_can_be_listed_are_refused(tmp_path, oblique_phantom):
    dim = (4, 1, 1, 1, 20_000, 1, 1, 1)
    (tmp_path / "a.nii").write_bytes(nifti_bytes(oblique_phantom, 1, dim=dim, voxels=bytes(40_000)))
    assert "20,000 volumes" in refusal(tmp_path / "a.nii")


# Colours in volumes


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colour_volume_is_read_in_its_colours(tmp_path, oblique_phantom, suffix, channels):
    colours = np.random.default_rng(1).integers(0, 256, (7, 11, 14, channels), np.uint8)
    path = tmp_path / f"a{suffix}"
    if suffix == ".nii":  # SimpleITK itself writes no RGB24
        path.write_bytes(nifti_bytes(oblique_phantom, 1, code={3: 128, 4: 2304}[channels], voxels=colours.tobytes()))
    else:
        sitk.WriteImage(sitk.GetImageFromArray(colours, isVector=True), str(path))
    series = only(scan([path]))
    assert series.colour
    assert series.value_type == "uint8"
    expected = colours[..., :3]
    if channels == 4:
        expected = np.rint(colours[..., :3].astype(float) * colours[..., 3:] / 255)  # in front of black
    np.testing.assert_array_equal(read_series(series).voxels, expected)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".nii"])
def test_vector_image_is_refused_with_a_sentence(tmp_path, oblique_phantom, suffix):
    image = to_image(oblique_phantom.voxels, oblique_phantom.geometry)
    sitk.WriteImage(sitk.Compose(image, image), str(tmp_path / f"a{suffix}"))
    assert "values per voxel" in refusal(tmp_path / f"a{suffix}")


# MetaImage


def meta_image(volume: Volume, path: Path, **changes: str | None) -> Path:
    """A MetaImage with some lines of its header replaced, or left out."""
    save(volume, path)
    head, mark, body = path.read_bytes().partition(b"ElementDataFile = LOCAL\n")
    lines = [line for line in head.decode().splitlines() if line.split(" = ")[0] not in changes]
    lines += [f"{name} = {value}" for name, value in changes.items() if value is not None]
    path.write_bytes("\n".join(lines).encode() + b"\n" + mark + body)
    return path


@pytest.mark.parametrize("name", ["TransformMatrix", "Offset"])
def test_meta_image_without_a_place_has_mm_but_no_left_and_right(tmp_path, oblique_phantom, name):
    series = only(scan([meta_image(oblique_phantom, tmp_path / "a.mha", **{name: None})]))
    geometry = read_series(series).geometry
    assert not geometry.patient_space
    assert geometry.spacing == (0.8, 1.3, 2.5)
    assert any("where in the patient" in note for note in series.notes)


@pytest.mark.parametrize(
    "changes",
    [
        {"ElementSpacing": None},
        {"ElementSpacing": "0.8 0 2.5"},
        {"ElementSpacing": "0.8 -1.3 2.5"},
        {"ElementSpacing": "0.8 nan 2.5"},
        {"TransformMatrix": "0 0 0 0 0 0 0 0 0"},
        {"TransformMatrix": "1 0 0 0.4 0.9165 0 0 0 1"},
        {"TransformMatrix": "nan 0 0 0 1 0 0 0 1"},
        {"Offset": "1 inf 3"},
        {"DistanceUnits": "um"},
    ],
)
def test_meta_image_with_an_impossible_place_is_browsed_in_pixels(tmp_path, oblique_phantom, changes):
    """SimpleITK itself makes 1 mm of a missing spacing."""
    stack_without_place(meta_image(oblique_phantom, tmp_path / "a.mha", **changes))


@pytest.mark.parametrize(("name", "value"), [("Slope", "2"), ("Slope", "nan"), ("Offset", "-1024")])
def test_meta_image_with_a_scale_is_refused_and_never_shown_without_it(tmp_path, oblique_phantom, name, value):
    field = f"ElementToIntensityFunction{name}"
    assert "scale" in refusal(meta_image(oblique_phantom, tmp_path / "a.mha", **{field: value}))
    neutral = {"ElementToIntensityFunctionSlope": "1", "ElementToIntensityFunctionOffset": "0.0", "DistanceUnits": "mm"}
    assert only(scan([meta_image(oblique_phantom, tmp_path / "b.mha", **neutral)])).verdict.kind == "regular"


def test_meta_image_whose_named_orientation_is_another_says_so(tmp_path, oblique_phantom, with_direction):
    straight = with_direction(oblique_phantom, np.eye(3))
    honest = only(scan([meta_image(straight, tmp_path / "a.mha", AnatomicalOrientation="RAI")]))
    assert honest.notes == ()
    lying = only(scan([meta_image(straight, tmp_path / "b.mha", AnatomicalOrientation="RPI")]))
    assert any("RPI" in note and "RAI" in note for note in lying.notes)
    assert read_series(lying).geometry.same_grid(straight.geometry, 0.01)


# Voxels beside a header, and files that try to lead elsewhere


@pytest.mark.parametrize("name", ["/SECRET", "../secret.raw", "sub/../../secret.raw", "link.raw"])
@pytest.mark.parametrize("header", ["mhd", "nhdr"])
def test_a_header_cannot_name_voxels_outside_its_folder(tmp_path, oblique_phantom, header, name):
    """The sentinel has just the right size, so that only the check keeps it unread."""
    secret = tmp_path / "secret.raw"
    secret.write_bytes(oblique_phantom.voxels.tobytes())
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.raw").symlink_to(secret)
    name = name.replace("/SECRET", str(secret))
    if header == "mhd":
        path = save(oblique_phantom, folder / "a.mhd")
        path.write_text(path.read_text().replace("a.raw", name))
    else:
        path = save(oblique_phantom, folder / "a.nrrd")
        head = path.read_bytes().split(b"\n\n", 1)[0]
        path.unlink()
        path = folder / "a.nhdr"
        path.write_bytes(head + f"\ndata file: {name}\n".encode())
    with opened_files() as opened:
        assert "beside it" in refusal(path)
    assert str(path) in opened
    assert str(secret) not in opened


def test_text_under_the_name_of_a_volume_is_refused(tmp_path):
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.mhd", "a.png", "a.jpg"):
        path = tmp_path / name
        path.write_text("no image at all\n" * 40)
        refusal(path)


def test_empty_files_are_refused(tmp_path):
    for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.png", "a.dcm"):
        path = tmp_path / name
        path.touch()
        refusal(path)


def test_one_slice_stored_as_a_volume_is_2d(tmp_path, oblique_phantom):
    size = (*oblique_phantom.geometry.size[:2], 1)
    single = Volume(oblique_phantom.voxels[:1].copy(), replace(oblique_phantom.geometry, size=size))
    series = only(scan([save(single, tmp_path / "a.nii.gz")]))
    assert series.verdict.kind == "2d"
    assert read_series(series).geometry.same_grid(single.geometry, 0.01)


@pytest.mark.parametrize("codes", [(0, 0), (1, 0)])
@pytest.mark.parametrize(("thickness", "told"), [(0.0, None), (float("nan"), None), (4.0, 4.0)])
def test_thickness_of_a_flat_nifti_is_never_made_up(tmp_path, oblique_phantom, codes, thickness, told):
    size = (*oblique_phantom.geometry.size[:2], 1)
    single = Volume(oblique_phantom.voxels[:1].copy(), replace(oblique_phantom.geometry, size=size))
    content = bytearray(nifti_bytes(single, 1, qform=True))
    struct.pack_into("<f", content, 88, thickness)
    struct.pack_into("<2h", content, 252, *codes)
    (tmp_path / "a.nii").write_bytes(content)
    series = only(scan([tmp_path / "a.nii"]))
    assert series.spacing_mm is not None
    assert series.spacing_mm[2] == told
    assert read_series(series).geometry.spacing[:2] == pytest.approx(single.geometry.spacing[:2])


def test_flat_nifti_does_not_claim_a_place_that_was_lost(tmp_path, oblique_phantom):
    """A file with two dimensions has its place in three; readers that keep two of them must not call it a place."""
    size = (*oblique_phantom.geometry.size[:2], 1)
    single = Volume(oblique_phantom.voxels[:1].copy(), replace(oblique_phantom.geometry, size=size))
    path = nifti(single, tmp_path / "a.nii", dim0=(40, struct.pack("<h", 2)))
    found = scan([path])
    if found.series:
        geometry = read_series(only(found)).geometry
        assert not geometry.patient_space or geometry.same_grid(single.geometry, 0.01)


# Pictures in


def test_grey_picture_has_pixels_but_no_place(tmp_path):
    grey = np.arange(60 * 41, dtype=np.uint16).reshape(41, 60)
    for name, pixels in (("a.png", grey), ("b.jpg", (grey // 16).astype(np.uint8))):
        sitk.WriteImage(sitk.GetImageFromArray(pixels), str(tmp_path / name))
        series = only(scan([tmp_path / name]))
        volume = read_series(series)
        assert series.verdict.kind == "2d"
        assert series.spacing_mm is None
        assert not volume.geometry.patient_space
        assert not volume.geometry.calibrated
        assert volume.geometry.size == (60, 41, 1)
    np.testing.assert_array_equal(read_series(only(scan([tmp_path / "a.png"]))).voxels[0], grey)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("part", [0.5, 0.97, 0.999])
def test_truncated_picture_is_refused_and_never_filled_with_grey(tmp_path, suffix, part):
    """SimpleITK itself reads a truncated JPEG and fills the rest with grey."""
    path = tmp_path / f"a{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray((np.indices((200, 300)).sum(0) % 251).astype(np.uint8)), str(path))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    refusal(path)


def png(path: Path, pixels: np.ndarray, *, bits: int, colour_type: int, extra: bytes = b"") -> Path:
    """A PNG by the letters of its specification; pixels (rows, bytes of a row), extra chunks before the pixels."""
    width = pixels.shape[1] * 8 // (bits * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour_type])
    header = struct.pack(">IIBBBBB", width, pixels.shape[0], bits, colour_type, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8)))
    chunks = chunk(b"IHDR", header) + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    return path


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


RNG = np.random.default_rng(3)


def test_colour_picture_is_read_in_its_colours(tmp_path):
    colours = RNG.integers(0, 256, (9, 12, 3), np.uint8)
    png(tmp_path / "a.png", colours.reshape(9, -1), bits=8, colour_type=2)
    series = only(scan([tmp_path / "a.png"]))
    assert series.colour
    volume = read_series(series)
    assert volume.colour
    np.testing.assert_array_equal(volume.voxels[0], colours)


def test_a_grey_picture_saved_as_colours_has_the_values_of_its_greys(tmp_path):
    greys = RNG.integers(0, 256, (9, 12), np.uint8)
    png(tmp_path / "rgb.png", np.repeat(greys, 3, axis=1), bits=8, colour_type=2)
    sitk.WriteImage(sitk.GetImageFromArray(np.repeat(greys[..., None], 3, -1), isVector=True), str(tmp_path / "b.jpg"))
    palette = chunk(b"PLTE", bytes([9, 9, 9, 70, 70, 70]))
    png(tmp_path / "palette.png", np.array([[1, 0]]), bits=8, colour_type=3, extra=palette)

    volume = read_series(only(scan([tmp_path / "rgb.png"])))
    assert not volume.colour and volume.saved_as_colours
    assert volume.voxels.dtype == np.uint8
    np.testing.assert_array_equal(volume.voxels[0], greys)
    assert read_series(only(scan([tmp_path / "b.jpg"]))).saved_as_colours
    np.testing.assert_array_equal(read_series(only(scan([tmp_path / "palette.png"]))).voxels[0], [[70, 9]])


def test_one_pixel_with_a_colour_in_one_slice_keeps_the_colours_of_all(tmp_path):
    colours = np.repeat(RNG.integers(0, 256, (3, 9, 12, 1), np.uint8), 3, axis=-1)
    colours[2, 8, 11, 2] ^= 1
    for n, picture in enumerate(colours):
        png(tmp_path / f"a{n}.png", picture.reshape(9, -1), bits=8, colour_type=2)

    volume = read_series(only(scan([tmp_path])))

    assert volume.colour and not volume.saved_as_colours
    np.testing.assert_array_equal(volume.voxels, colours)


def test_colour_jpeg_has_the_pixels_of_simpleitk(tmp_path):
    colours = np.repeat(np.repeat(RNG.integers(0, 256, (4, 6, 3), np.uint8), 8, 0), 8, 1)
    sitk.WriteImage(sitk.GetImageFromArray(colours, isVector=True), str(tmp_path / "a.jpg"))
    volume = read_series(only(scan([tmp_path / "a.jpg"])))
    np.testing.assert_array_equal(volume.voxels[0], sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "a.jpg"))))
    assert np.abs(volume.voxels[0].astype(int) - colours).mean() < 20


def test_transparent_picture_lies_on_black(tmp_path):
    """Opacity 0, 128 and 255: 200 * 128 / 255 is 100.39."""
    pixels = np.array([[200, 100, 50, 0, 200, 100, 50, 128, 200, 100, 50, 255]])
    series = only(scan([png(tmp_path / "a.png", pixels, bits=8, colour_type=6)]))
    assert read_series(series).voxels[0].tolist() == [[[0, 0, 0], [100, 50, 25], [200, 100, 50]]]
    assert any("transparent" in note for note in series.notes)


def test_transparent_grey_is_refused_with_a_sentence(tmp_path):
    grey = np.array([[200, 0, 200, 128, 200, 255]])
    assert "transparen" in refusal(png(tmp_path / "a.png", grey, bits=8, colour_type=4))
    assert "transparen" in refusal(
        png(tmp_path / "b.png", grey, bits=8, colour_type=0, extra=chunk(b"tRNS", b"\0\x80"))
    )


def test_palette_with_transparent_entries_lies_on_black(tmp_path):
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60])) + chunk(b"tRNS", bytes([0, 255]))
    path = png(tmp_path / "a.png", np.array([[1, 0]]), bits=8, colour_type=3, extra=palette)
    assert read_series(only(scan([path]))).voxels[0].tolist() == [[[40, 50, 60], [0, 0, 0]]]


def test_palette_becomes_its_colours(tmp_path):
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60, 70, 80, 90]))
    path = png(tmp_path / "a.png", np.array([[2, 0, 1]]), bits=8, colour_type=3, extra=palette)
    assert read_series(only(scan([path]))).voxels[0].tolist() == [[[70, 80, 90], [10, 20, 30], [40, 50, 60]]]


def test_colours_of_16_bits_are_scaled_to_8_and_say_so(tmp_path):
    """v / 257 to the nearest: 0x0080 is 0.498, 0x0081 is 0.502."""
    pixels = np.frombuffer(np.array([[0x0080, 0x0081, 0xFFFF]], ">u2").tobytes(), np.uint8).reshape(1, -1)
    series = only(scan([png(tmp_path / "a.png", pixels, bits=16, colour_type=2)]))
    assert read_series(series).voxels[0].tolist() == [[[0, 1, 255]]]
    assert any("16 bits" in note for note in series.notes)


def test_wrong_checksum_in_a_png_is_refused(tmp_path):
    path = png(tmp_path / "a.png", RNG.integers(0, 256, (20, 30)), bits=8, colour_type=0)
    read_series(only(scan([path])))
    content = bytearray(path.read_bytes())
    for place in (len(content) - 30, content.index(b"IDAT") + 4, 20):
        content[place] ^= 1
        path.write_bytes(content)
        refusal(path)
        content[place] ^= 1


def test_wrong_checksum_of_a_chunk_that_is_not_vital_is_refused_too(tmp_path):
    """What SimpleITK passes over: here it would make a colour transparent."""
    palette = chunk(b"PLTE", bytes([10, 20, 30])) + chunk(b"tRNS", bytes([255])).replace(b"tRNS\xff", b"tRNS\x00")
    path = png(tmp_path / "a.png", np.array([[0, 0]]), bits=8, colour_type=3, extra=palette)
    sitk.ReadImage(str(path))
    assert "checksum" in refusal(path)


def test_a_header_with_more_pixels_than_the_file_can_hold_is_refused_at_the_scan(tmp_path):
    path = png(tmp_path / "a.png", np.zeros((2, 3)), bits=8, colour_type=0)
    content = path.read_bytes()
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    path.write_bytes(content[:8] + chunk(b"IHDR", header) + content[33:])
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((20, 30), np.uint8)), str(tmp_path / "b.jpg"))
    jpeg = bytearray((tmp_path / "b.jpg").read_bytes())
    frame = jpeg.index(b"\xff\xc2")  # progressive
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 65_000, 65_000)
    (tmp_path / "b.jpg").write_bytes(jpeg)
    found = scan([tmp_path])
    assert found.series == ()
    assert all("cannot hold" in refusal.reason for refusal in found.refused)
    assert len(found.refused) == 2


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("order", ["<", ">"])
def test_picture_that_a_camera_wants_turned_is_shown_as_stored_and_says_so(tmp_path, orientation, order):
    exif = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(
        order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0
    )
    pixels = RNG.integers(0, 256, (4, 6))
    png(tmp_path / "a.png", pixels, bits=8, colour_type=0, extra=chunk(b"eXIf", exif))
    sitk.WriteImage(sitk.GetImageFromArray(pixels.astype(np.uint8)), str(tmp_path / "b.jpg"))
    jpeg = (tmp_path / "b.jpg").read_bytes()
    segment = b"Exif\0\0" + exif
    (tmp_path / "b.jpg").write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:])
    for name in ("a.png", "b.jpg"):
        series = only(scan([tmp_path / name]))
        assert any("turned" in note for note in series.notes) == (orientation != 1)
        assert read_series(series).voxels.shape == (1, 4, 6)
    np.testing.assert_array_equal(read_series(only(scan([tmp_path / "a.png"]))).voxels[0], pixels)


def test_numbered_pictures_of_one_folder_are_a_stack_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 2, 1):
        png(tmp_path / f"slice {number}.png", np.full((5, 8), number), bits=8, colour_type=0)
    series = only(scan([tmp_path]))
    assert series.size == (8, 5, 4)
    assert series.verdict.kind == "no-position"
    assert series.verdict.detail == "4 pictures without positions: nothing is measured across them."
    assert [file.name for file in series.files] == [f"slice {n}.png" for n in (1, 2, 9, 10)]
    volume = read_series(series)
    assert volume.voxels[:, 0, 0].tolist() == [1, 2, 9, 10]
    assert not volume.geometry.is_grid
    assert read_middle(series).voxels[:, 0, 0].tolist() == [9]
    (note,) = series.notes  # nobody has said that they belong together
    assert "may be of different days or patients" in note
    assert only(scan([series.files[0]])).notes == ()


def test_what_a_picture_says_a_million_times_is_noted_once(tmp_path):
    turned = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    path = png(tmp_path / "a.png", np.zeros((5, 8)), bits=8, colour_type=0, extra=chunk(b"eXIf", turned) * 50)
    assert len(only(scan([path])).notes) == 1


def test_pictures_of_another_size_kind_name_or_folder_stay_apart(tmp_path):
    (tmp_path / "other").mkdir()
    png(tmp_path / "a1.png", np.zeros((5, 8)), bits=8, colour_type=0)
    png(tmp_path / "a2.png", np.zeros((5, 9)), bits=8, colour_type=0)
    png(tmp_path / "a3.png", np.zeros((5, 24)), bits=8, colour_type=2)
    png(tmp_path / "a4.png", np.zeros((5, 16)), bits=16, colour_type=0)
    png(tmp_path / "b1.png", np.zeros((5, 8)), bits=8, colour_type=0)
    png(tmp_path / "a.png", np.zeros((5, 8)), bits=8, colour_type=0)
    png(tmp_path / "b.png", np.zeros((5, 8)), bits=8, colour_type=0)
    png(tmp_path / "other" / "a5.png", np.zeros((5, 8)), bits=8, colour_type=0)
    found = scan([tmp_path])
    assert [len(series.files) for series in found.series] == [1] * 8
    assert len({series.uid for series in found.series}) == 8


def test_a_slice_of_a_stack_that_was_replaced_is_refused_by_its_name(tmp_path):
    for number in (1, 2, 3):
        png(tmp_path / f"{number}.png", np.full((5, 8), number), bits=8, colour_type=0)
    series = only(scan([tmp_path]))
    png(tmp_path / "2.png", np.zeros((5, 9)), bits=8, colour_type=0)
    with pytest.raises(SeriesError, match=r"2\.png: it has changed since it was listed"):
        read_series(series)


# Archives


def zipped(folder: Path, archive: Path) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        for file in sorted(folder.rglob("*")):
            writing.write(file, file.relative_to(folder))
    return archive


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".mhd"])
def test_volumes_inside_a_zip_are_read_without_unpacking(tmp_path, oblique_phantom, suffix):
    (tmp_path / "in").mkdir()
    save(oblique_phantom, tmp_path / "in" / f"a{suffix}")
    archive = zipped(tmp_path / "in", tmp_path / "a.zip")
    volume = read_series(only(scan([archive])))
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    assert volume.geometry.same_grid(oblique_phantom.geometry, 0.01)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "in"]


def test_dicom_inside_a_zip_is_the_same_volume_as_outside(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path / "in" / "IM", oblique_phantom)
    (tmp_path / "in" / "notes.txt").write_text("not an image")
    series = only(scan([zipped(tmp_path / "in", tmp_path / "a.zip")]))
    outside = only(scan([tmp_path / "in"]))
    assert all(tmp_path / "a.zip" in file.parents for file in series.files)
    assert (series.verdict, series.size, series.origins) == (outside.verdict, outside.size, outside.origins)
    volume = read_series(series)
    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    assert volume.geometry.same_grid(oblique_phantom.geometry, 0.01)


def test_pictures_inside_a_zip_are_refused_with_a_sentence(tmp_path):
    (tmp_path / "in").mkdir()
    png(tmp_path / "in" / "a.png", np.zeros((5, 8)), bits=8, colour_type=0)
    found = scan([zipped(tmp_path / "in", tmp_path / "a.zip")])
    assert found.series == ()
    assert "unpack" in found.refused[0].reason


# One file


SMALL_FILES = ("a.nii", "a.nii.gz", "a.nrrd", "packed.nrrd", "a.mha", "packed.mha", "a.png", "a.jpg")


@pytest.fixture
def small_files(tmp_path, oblique_phantom) -> dict[str, bytes]:
    """One good file of each kind that is no DICOM."""
    image = to_image(oblique_phantom.voxels, oblique_phantom.geometry)
    for name in SMALL_FILES[:6]:
        sitk.WriteImage(image, str(tmp_path / name), useCompression=name != "a.nrrd" and name != "a.mha")
    for name in SMALL_FILES[6:]:
        sitk.WriteImage(sitk.GetImageFromArray(RNG.integers(0, 256, (20, 30), np.uint8)), str(tmp_path / name))
    return {name: (tmp_path / name).read_bytes() for name in SMALL_FILES}


@pytest.mark.parametrize("name", SMALL_FILES)
def test_damaged_headers_end_in_a_volume_or_in_one_sentence(tmp_path, small_files, name):
    """Bytes all over the header, and fields of text made absurd. Nothing but SeriesError comes out."""
    whole = small_files[name]
    random = np.random.default_rng(9)
    damaged = [whole[:place] + bytes([whole[place] ^ int(random.integers(1, 256))]) + whole[place + 1 :]
               for place in range(0, min(len(whole), 400), 5)]  # fmt: skip
    for number in (b"-1", b"0", b"99999999999999999999", b"nan", b"1e999", b"", b"x" * 5000):
        damaged += [re.sub(rb"(?<=[:=] )[^\n]*", number, whole[:600], count=n) + whole[600:] for n in range(1, 14, 3)]
    path = tmp_path / f"damaged-{name}"
    for content in damaged:
        path.write_bytes(content)
        seen = look(path)
        assert "\n" not in seen.refused
        assert "unforeseen" not in seen.refused
        for series in seen.series:
            with contextlib.suppress(SeriesError):
                volume = read_series(series)
                assert volume.voxels.shape[:3] == series.geometry.shape


def test_what_a_look_says_passes_through_json(tmp_path, small_files, oblique_phantom, write_dicom):
    """As it comes from another process."""
    write_dicom(tmp_path / "dicom", oblique_phantom)
    packed_series(tmp_path / "series.nii.gz", oblique_phantom, 3)
    (tmp_path / "notes.dcm").write_text("no image")
    messages = TypeAdapter(Look)
    files = [found[0] for found in archives.Walk([tmp_path]) if isinstance(found, tuple)]
    assert len(files) == len(small_files) + oblique_phantom.geometry.size[2] + 2
    files.append(zipped(tmp_path / "dicom", tmp_path / "a.zip"))
    for file in files:
        for at in ("header", "contents", "digest"):
            seen = look(file, at)
            assert messages.validate_json(messages.dump_json(seen)) == seen


def test_a_look_at_what_is_gone_or_no_file_is_a_refusal(tmp_path):
    for path in (tmp_path / "gone.dcm", tmp_path, tmp_path / "a.zip" / "b"):
        assert look(path).refused


def test_a_scan_takes_what_another_looker_says(tmp_path, oblique_phantom):
    save(oblique_phantom, tmp_path / "a.nrrd")
    save(oblique_phantom, tmp_path / "b.nrrd")

    def crash_on_a(files: Sequence[Path], check: object) -> Iterator[Look]:
        for file in files:
            yield Look(file, refused="the reader crashed on it") if file.name == "a.nrrd" else look(file)

    found = scan([tmp_path], look_all=crash_on_a)
    assert [series.files[0].name for series in found.series] == ["b.nrrd"]
    assert found.refused == (Refusal(tmp_path / "a.nrrd", "the reader crashed on it"),)


def test_slices_are_read_into_the_array_that_was_given_and_no_others(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path / "dicom", oblique_phantom)
    for name in ("a.nii", "b.nii.gz", "c.nrrd", "d.mha"):
        save(oblique_phantom, tmp_path / name)
    for series in scan([tmp_path]).series:
        voxels = np.full(oblique_phantom.voxels.shape, 77, np.int16)
        read: list[int] = []
        read_slices(series, [5, 2], voxels, None, read.append)
        assert sorted(read) == [2, 5]
        for k in range(7):
            expected = oblique_phantom.voxels[k] if k in (2, 5) else np.full_like(voxels[k], 77)
            np.testing.assert_array_equal(voxels[k], expected)


def test_volume_has_what_the_series_says_and_cannot_be_written(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path, oblique_phantom)
    volume = read_series(only(scan([tmp_path])))
    assert (volume.unit, volume.modality, volume.padding, volume.suv_factor) == ("HU", "CT", None, None)
    assert volume.complete
    with pytest.raises(ValueError, match="read-only"):
        volume.voxels[0, 0, 0] = 1


def test_progress_rises_to_one_and_may_cancel(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path, oblique_phantom)
    series = only(scan([tmp_path]))
    told: list[float] = []
    read_series(series, lambda fraction, text: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == 1.0

    def cancel(fraction: float, text: str) -> None:
        raise Stop

    with pytest.raises(Stop):
        read_series(series, cancel)


# Folders


def test_folder_with_everything_in_it(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path / "deep" / "deeper", oblique_phantom)
    save(oblique_phantom, tmp_path / "deep" / "a.nii.gz")
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "deep" / "report.dcm").write_bytes(Path(str(get_testdata_file("test-SR.dcm"))).read_bytes())
    found = scan([tmp_path])
    assert sorted(len(series.files) for series in found.series) == [1, oblique_phantom.geometry.size[2]]
    assert [refusal.file.name for refusal in found.refused] == ["report.dcm"]


def test_dicom_files_need_no_suffix(tmp_path, oblique_phantom, write_dicom):
    for n, file in enumerate(write_dicom(tmp_path, oblique_phantom)):
        file.rename(tmp_path / f"IM{n}")
    assert only(scan([tmp_path])).verdict.kind == "regular"


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm"])
def test_dicom_without_a_preamble_is_found_and_read(tmp_path, name):
    """Old archives hold data sets alone: no preamble, no prefix, no meta information."""
    whole, bare = dcmread(str(get_testdata_file(name))), Dataset()
    bare.update(whole)
    implicit, _ = whole.original_encoding
    dcmwrite(tmp_path / "plain", bare, implicit_vr=implicit, little_endian=True)
    assert (tmp_path / "plain").read_bytes()[128:132] != b"DICM"
    np.testing.assert_array_equal(
        read_series(only(scan([tmp_path]))).voxels, read_series(only(scan([Path(str(get_testdata_file(name)))]))).voxels
    )


def test_same_path_dropped_twice_is_one_series(tmp_path, oblique_phantom, write_dicom):
    """A person selects a folder and, with it, some of its files."""
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(scan([tmp_path, files[0], tmp_path]))
    assert series.verdict.kind == "regular"
    assert len(series.files) == len(files)


def test_link_to_a_file_that_was_dropped_too_is_one_series(tmp_path, oblique_phantom):
    path = save(oblique_phantom, tmp_path / "a.nii.gz")
    (tmp_path / "b.nii.gz").symlink_to(path)
    assert len(scan([tmp_path]).series) == 1


def test_links_in_a_circle_end(tmp_path, oblique_phantom):
    (tmp_path / "a").mkdir()
    save(oblique_phantom, tmp_path / "a" / "image.nii.gz")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert len(scan([tmp_path]).series) == 1


def test_pipes_and_broken_links_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    (tmp_path / "gone.nii.gz").symlink_to(tmp_path / "nowhere")
    assert scan([tmp_path]).series == ()


class Stop(Exception):
    """What a cancelled job raises."""


def test_scan_of_a_folder_can_be_cancelled(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path, oblique_phantom)

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        scan([tmp_path], check)


def test_file_that_is_gone_is_named(tmp_path, oblique_phantom, write_dicom):
    files = write_dicom(tmp_path, oblique_phantom)
    series = only(scan([tmp_path]))
    files[2].unlink()
    with pytest.raises(SeriesError, match=files[2].name):
        read_series(series)


@pytest.mark.parametrize("kind", ["dicom", "nifti"])
def test_middle_of_a_series_is_one_of_its_slices(tmp_path, oblique_phantom, write_dicom, kind):
    if kind == "dicom":
        write_dicom(tmp_path, oblique_phantom)
    else:
        save(oblique_phantom, tmp_path / "a.nii.gz")
    volume = read_middle(only(scan([tmp_path])))
    middle = volume.voxels[volume.voxels.shape[0] // 2]
    np.testing.assert_array_equal(middle, oblique_phantom.voxels[oblique_phantom.geometry.size[2] // 2])


def test_middle_of_a_file_of_many_frames_is_its_middle_frame():
    series = scan([Path(str(get_testdata_file("examples_ybr_color.dcm")))]).series[0]
    assert len(set(series.files)) == 1
    assert len(set(series.frame_numbers)) > 2
    whole = read_series(series).voxels
    np.testing.assert_array_equal(read_middle(series).voxels[0], whole[len(series.files) // 2])
    assert (whole[len(series.files) // 2] != whole[0]).any()


# Volumes out


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_written_volume_is_read_back_equal_by_simpleitk(tmp_path, phantom, suffix):
    path = tmp_path / f"out{suffix}"
    write_image(phantom.voxels, phantom.geometry, path)
    image = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), phantom.voxels)
    for corner in itertools.product(*((0, n - 1) for n in image.GetSize())):
        expected = phantom.geometry.index_to_lps(corner)
        np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(corner), expected, atol=0.01)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_written_values_keep_their_type(tmp_path, oblique_phantom, dtype):
    voxels = np.abs(oblique_phantom.voxels % 200).astype(dtype)
    write_image(voxels, oblique_phantom.geometry, tmp_path / "a.nii.gz")
    assert sitk.GetArrayViewFromImage(sitk.ReadImage(str(tmp_path / "a.nii.gz"))).dtype == dtype


def test_written_nifti_is_accepted_by_our_own_reader(tmp_path, phantom):
    """What we write must not trip over our own check of qform and sform."""
    write_image(phantom.voxels, phantom.geometry, tmp_path / "a.nii.gz")
    assert read_series(only(scan([tmp_path / "a.nii.gz"]))).geometry.same_grid(phantom.geometry, 0.01)


def test_existing_file_is_kept_unless_told_otherwise(tmp_path, oblique_phantom):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(b"mine")
    with pytest.raises(SeriesError, match="exists"):
        write_image(oblique_phantom.voxels, oblique_phantom.geometry, path)
    assert path.read_bytes() == b"mine"
    write_image(oblique_phantom.voxels, oblique_phantom.geometry, path, overwrite=True)
    assert gzip.decompress(path.read_bytes())[344:347] == b"n+1"


@pytest.mark.parametrize("name", ["a.txt", "a", "a.gz", "missing/a.nii.gz"])
def test_unusable_name_is_refused_and_nothing_is_written(tmp_path, oblique_phantom, name):
    with pytest.raises(SeriesError):
        write_image(oblique_phantom.voxels, oblique_phantom.geometry, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_copy_that_comes_back_different_is_not_kept(tmp_path, oblique_phantom, monkeypatch):
    """Planted fault: a writer that loses one voxel."""
    honest = sitk.WriteImage

    def lossy(image: sitk.Image, *arguments: object, **options: object) -> None:
        image[3, 2, 1] = image[3, 2, 1] + 1
        honest(image, *arguments, **options)

    monkeypatch.setattr(sitk, "WriteImage", lossy)
    with pytest.raises(SeriesError, match="other voxels"):
        write_image(oblique_phantom.voxels, oblique_phantom.geometry, tmp_path / "a.nii.gz")
    assert list(tmp_path.iterdir()) == []


def test_written_file_carries_no_text(tmp_path, oblique_phantom, write_dicom):
    write_dicom(tmp_path / "in", oblique_phantom)
    volume = read_series(only(scan([tmp_path / "in"])))
    write_image(volume.voxels, volume.geometry, tmp_path / "a.nii")
    content = (tmp_path / "a.nii").read_bytes()
    assert b"Canary" not in content
    assert b"CANARY" not in content
    assert content[148:252].strip(b"\0") == b""  # descrip and aux_file


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
def test_what_is_no_number_is_written_and_read_back(tmp_path, oblique_phantom, suffix):
    voxels = oblique_phantom.voxels.astype(np.float32)
    voxels[1, 2, 3], voxels[2, 3, 4], voxels[3, 4, 5] = np.nan, np.inf, -np.inf
    write_image(voxels, oblique_phantom.geometry, tmp_path / f"scan{suffix}")
    (series,) = scan([tmp_path / f"scan{suffix}"]).series
    np.testing.assert_array_equal(read_series(series).voxels, voxels)


def test_a_copy_that_came_back_different_is_not_kept(tmp_path, oblique_phantom, monkeypatch):
    voxels = oblique_phantom.voxels.astype(np.float32)
    voxels[1, 2, 3] = np.nan
    monkeypatch.setattr("viewer.io.files.to_image", lambda v, geometry: to_image(np.nan_to_num(v), geometry))
    with pytest.raises(SeriesError, match="other voxels"):
        write_image(voxels, oblique_phantom.geometry, tmp_path / "scan.nii")
    assert list(tmp_path.iterdir()) == []


def test_a_nifti_in_two_parts_is_refused_by_name_in_a_folder_too(tmp_path):
    (tmp_path / "scan.hdr").write_bytes(b"\x5c\x01\0\0" + bytes(344))
    (tmp_path / "scan.img").write_bytes(bytes(1000))
    (refusal,) = scan([tmp_path]).refused
    assert refusal.file.name == "scan.hdr" and "one .nii file" in refusal.reason


def test_a_spacing_of_micrometres_is_not_shown_as_zero(tmp_path, oblique_phantom):
    grid = replace(oblique_phantom.geometry, spacing=(0.003, 0.003, 0.0031))
    write_image(oblique_phantom.voxels, grid, tmp_path / "scan.nrrd")
    (series,) = scan([tmp_path / "scan.nrrd"]).series
    assert series.verdict.detail == "7 slices every 0.0031 mm."


@pytest.mark.parametrize("tilt_degrees", [0.0, 0.05, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("turned", [False, True])
def test_a_half_turn_that_the_qform_cannot_tell_exactly_is_no_disagreement(tmp_path, turned, tilt_degrees):
    """A quaternion is written to 32 bits without its first number, of which near half a turn nothing is left."""
    tilt = np.radians(tilt_degrees)
    half_turn = np.array([[1, 0, 0], [0, -np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), -np.cos(tilt)]])
    coronal = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    grid = Geometry((256, 256, 20), (1.0, 1.0, 1.0), np.zeros(3), half_turn if tilt_degrees else coronal)
    path = tmp_path / "head.nii"
    write_image(np.zeros(grid.shape, np.int16), grid, path)
    if turned:  # by a fifth of a degree, which is a millimetre at its far end
        content = bytearray(path.read_bytes())
        rows = np.frombuffer(content, "<f4", 12, 280).reshape(3, 4).astype(np.float64)
        step = np.radians(0.2)
        turn = np.array([[np.cos(step), -np.sin(step), 0], [np.sin(step), np.cos(step), 0], [0, 0, 1]])
        rows[:, :3] = turn @ rows[:, :3]
        content[280:328] = rows.astype("<f4").tobytes()
        path.write_bytes(content)
    assert len(scan([path]).series) == (2 if turned else 1)
