"""Any dropped path in, volumes out: SimpleITK writes what we read and reads what we write."""

from __future__ import annotations

import gzip
import itertools
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread, dcmwrite
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from viewer.core.geometry import Geometry
from viewer.core.study import Scan, Series, SeriesError
from viewer.core.volume import Volume, to_image
from viewer.io.files import read_middle, read_series, scan, write_image

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


def marker_lps(voxels: np.ndarray, geometry: Geometry) -> np.ndarray:
    k, j, i = np.unravel_index(np.argmax(voxels), voxels.shape)
    return geometry.index_to_lps((i, j, k))


def save(volume: Volume, path: Path) -> Path:
    sitk.WriteImage(to_image(volume.voxels, volume.geometry), str(path))
    return path


# Volumes in


@pytest.mark.parametrize("turned", [False, True], ids=["straight", "oblique"])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_marker_keeps_its_place_in_48_axis_orders(tmp_path, oblique_phantom, with_direction, suffix, turned):
    """24 of the 48 are left-handed. The truth is where the grid was told to put the marker, not what was read."""
    oblique = oblique_phantom.geometry.direction if turned else np.eye(3)
    for n, axes in enumerate(AXIS_ORDERS):
        truth = with_direction(oblique_phantom, oblique @ axes)
        volume = read_series(only(scan([save(truth, tmp_path / f"{n}{suffix}")])))
        expected = marker_lps(truth.voxels, truth.geometry)
        assert np.abs(marker_lps(volume.voxels, volume.geometry) - expected).max() < 0.01
        assert volume.geometry.same_grid(truth.geometry, 0.01)
        np.testing.assert_array_equal(volume.voxels, truth.voxels)


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


def test_nifti_whose_two_places_disagree_is_refused(tmp_path, oblique_phantom):
    path = nifti(oblique_phantom, tmp_path / "a.nii", qoffset_x=(268, struct.pack("<f", 999.0)))
    assert "qform" in refusal(path)


@pytest.mark.parametrize(("shift_mm", "refused"), [(0.004, False), (0.05, True)])
def test_nifti_places_may_differ_by_rounding_only(tmp_path, oblique_phantom, shift_mm, refused):
    origin = to_image(oblique_phantom.voxels, oblique_phantom.geometry).GetOrigin()
    path = nifti(oblique_phantom, tmp_path / "a.nii", qoffset_z=(276, struct.pack("<f", origin[2] + shift_mm)))
    assert bool(scan([path]).refused) == refused


def test_nifti_with_only_an_sform_or_only_a_qform_is_read(tmp_path, oblique_phantom):
    for name, offset in (("no-qform", 252), ("no-sform", 254)):
        path = nifti(oblique_phantom, tmp_path / f"{name}.nii", code=(offset, struct.pack("<h", 0)))
        volume = read_series(only(scan([path])))
        assert volume.geometry.same_grid(oblique_phantom.geometry, 0.01), name


def test_nifti_without_any_place_is_refused(tmp_path, oblique_phantom):
    path = nifti(oblique_phantom, tmp_path / "a.nii", codes=(252, struct.pack("<2h", 0, 0)))
    assert "qform" in refusal(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0])
def test_nifti_with_an_impossible_affine_is_refused(tmp_path, oblique_phantom, value):
    changes = {"qform_code": (252, struct.pack("<h", 0)), "srow": (280, struct.pack("<12f", *[value] * 12))}
    refusal(nifti(oblique_phantom, tmp_path / "a.nii", **changes))


@pytest.mark.parametrize("value", [float("nan"), 0.0, -1.0])
def test_nifti_with_an_impossible_voxel_size_is_refused(tmp_path, oblique_phantom, value):
    refusal(nifti(oblique_phantom, tmp_path / "a.nii", pixdim=(80, struct.pack("<f", value))))


def test_nifti_with_a_quaternion_that_is_no_number_is_refused(tmp_path, oblique_phantom):
    changes = {"sform_code": (254, struct.pack("<h", 0)), "quatern_b": (256, struct.pack("<f", float("nan")))}
    refusal(nifti(oblique_phantom, tmp_path / "a.nii", **changes))


def test_sheared_nifti_is_refused(tmp_path, oblique_phantom):
    rows = np.array([[1.0, 0.4, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    changes = {
        "qform_code": (252, struct.pack("<h", 0)),
        "srow": (280, struct.pack("<12f", *rows.ravel())),
    }
    assert "perpendicular" in refusal(nifti(oblique_phantom, tmp_path / "a.nii", **changes))


def test_sheared_nrrd_is_refused(tmp_path, oblique_phantom):
    path = save(oblique_phantom, tmp_path / "a.nrrd")
    head, body = path.read_bytes().split(b"\n\n", 1)
    lines = [
        b"space directions: (1,0,0) (0.4,1,0) (0,0,1)" if line.startswith(b"space directions") else line
        for line in head.split(b"\n")
    ]
    path.write_bytes(b"\n".join(lines) + b"\n\n" + body)
    refusal(path)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_truncated_volume_is_refused_and_never_filled_with_zeros(tmp_path, oblique_phantom, suffix, part):
    """SimpleITK itself reads a truncated NIfTI without a word and fills the rest with zeros."""
    path = save(oblique_phantom, tmp_path / f"a{suffix}")
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    refusal(cut)


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


def test_nifti_whose_sform_has_another_voxel_size_is_refused(tmp_path, oblique_phantom):
    """SimpleITK itself takes the size from pixdim and only warns."""
    rows = np.diag([0.8, 1.3, 5.0, 1.0])[:3]
    changes = {"qform_code": (252, struct.pack("<h", 0)), "srow": (280, struct.pack("<12f", *rows.ravel()))}
    assert "pixdim" in refusal(nifti(oblique_phantom, tmp_path / "a.nii", **changes))


def test_nifti_whose_quaternion_is_no_rotation_is_refused(tmp_path, oblique_phantom):
    changes = {"sform_code": (254, struct.pack("<h", 0)), "quatern": (256, struct.pack("<3f", 0.9, 0.9, 0.9))}
    assert "qform" in refusal(nifti(oblique_phantom, tmp_path / "a.nii", **changes))


def test_nifti_that_has_lost_its_name_is_not_read_as_analyze(tmp_path, oblique_phantom):
    """Analyze has no place in the patient, and the type of file is told by these four bytes alone."""
    refusal(nifti(oblique_phantom, tmp_path / "a.nii", magic=(344, b"\0\0\0\0")))


def test_nifti_2_is_refused_by_its_name(tmp_path):
    (tmp_path / "a.nii").write_bytes(struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(2000))
    assert "NIfTI-2" in refusal(tmp_path / "a.nii")


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


def test_time_series_is_refused_with_a_sentence(tmp_path, oblique_phantom):
    image = to_image(oblique_phantom.voxels, oblique_phantom.geometry)
    series = sitk.JoinSeries([image, image, image])
    sitk.WriteImage(series, str(tmp_path / "a.nii.gz"))
    assert "dimensions" in refusal(tmp_path / "a.nii.gz")


def test_vector_image_is_refused_with_a_sentence(tmp_path, oblique_phantom):
    image = to_image(oblique_phantom.voxels, oblique_phantom.geometry)
    sitk.WriteImage(sitk.Compose(image, image), str(tmp_path / "a.nrrd"))
    assert "values per voxel" in refusal(tmp_path / "a.nrrd")


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


def test_colour_picture_is_refused_with_a_sentence(tmp_path):
    colour = sitk.GetImageFromArray(np.zeros((9, 12, 3), np.uint8), isVector=True)
    sitk.WriteImage(colour, str(tmp_path / "a.png"))
    assert "colour" in refusal(tmp_path / "a.png")


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
