"""Label maps as NIfTI, NRRD and MHA: SimpleITK and our reader find them where they were, with their names."""

from __future__ import annotations

import gzip
import json
import os
import struct

import numpy as np
import pytest
import SimpleITK as sitk

from tests.labelled_series import LABELS, label_voxels, labelled, points_of, points_on
from viewer.core.geometry import Geometry
from viewer.core.label_set import label_set
from viewer.core.labels import Label
from viewer.core.study import GeometryVerdict, Series, SeriesError
from viewer.io import files, label_files
from viewer.io.label_export import files_of, save_labels
from viewer.io.label_files import write_label_map

SUFFIXES = (".nii.gz", ".nii", ".seg.nrrd", ".mha")
KINDS = {".nii.gz": "nifti", ".seg.nrrd": "nrrd", ".mha": "mha"}


def series_on(geometry: Geometry) -> Series:
    placed = geometry.patient_space
    return Series(
        "1.2.3",
        "1.2",
        "CANARY-7",
        "Canary^Patient",
        "CT",
        "Canary scan",
        (),
        GeometryVerdict("regular", ""),
        size=geometry.size,
        spacing_mm=geometry.spacing if geometry.calibrated else None,
        direction=tuple(geometry.direction.ravel().tolist()) if placed else None,
        origins=(tuple(geometry.origin.tolist()),) if placed else (),
    )


@pytest.fixture
def labels(phantom):
    return labelled(series_on(phantom.geometry))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_simpleitk_and_our_reader_find_every_voxel_where_it_was(labels, suffix, tmp_path):
    path = tmp_path / f"labels{suffix}"
    write_label_map(labels, path)
    image = sitk.ReadImage(str(path))
    for label in LABELS[:3]:
        expected = points_on(labels.geometry, labels.voxels == label.value)
        np.testing.assert_allclose(points_of(image, label.value), expected, atol=0.002)
    (series,) = files.scan([path]).series
    back = files.read_series(series)
    np.testing.assert_array_equal(back.voxels, labels.voxels)
    assert back.geometry.same_grid(labels.geometry, 0.01)


def test_nifti_says_that_it_is_of_labels_and_of_the_scanner_in_both_forms(labels, tmp_path):
    write_label_map(labels, tmp_path / "labels.nii.gz")
    header = gzip.decompress((tmp_path / "labels.nii.gz").read_bytes())[:352]
    assert struct.unpack_from("<2h", header, 252) == (1, 1)
    assert struct.unpack_from("<h", header, 68) == (1002,)


def test_the_table_beside_a_nifti_has_names_colours_codes_and_volumes(labels, tmp_path):
    write_label_map(labels, tmp_path / "labels.nii.gz")
    table = json.loads((tmp_path / "labels.labels.json").read_text("utf-8"))
    assert table["label_map"] == "labels.nii.gz"
    liver = table["labels"][0]
    assert (liver["value"], liver["name"], liver["colour"]) == (2, LABELS[0].name, list(LABELS[0].colour))
    assert liver["code"] == {"value": "10200004", "scheme": "SCT", "meaning": "Liver"}
    assert liver["volume_ml"] == pytest.approx(int((labels.voxels == 2).sum()) * 0.8 * 1.3 * 2.5 / 1000)
    assert "code" not in table["labels"][1]
    assert files_of(tmp_path / "a.nii.gz", "nifti") == (tmp_path / "a.nii.gz", tmp_path / "a.labels.json")


def test_nrrd_has_the_segments_of_3d_slicer_and_no_table_beside_it(labels, tmp_path):
    write_label_map(labels, tmp_path / "labels.seg.nrrd")
    assert [path.name for path in tmp_path.iterdir()] == ["labels.seg.nrrd"]
    image = sitk.ReadImage(str(tmp_path / "labels.seg.nrrd"))
    assert image.GetMetaData("Segment0_Name") == LABELS[0].name
    assert image.GetMetaData("Segment0_LabelValue") == "2"
    assert image.GetMetaData("Segment0_Extent") == "0 13 0 10 0 6"
    colour = [round(float(part) * 255) for part in image.GetMetaData("Segment0_Color").split()]
    assert colour == list(LABELS[0].colour)
    assert "~SCT^10200004^Liver~" in image.GetMetaData("Segment0_Tags")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_tells_the_patient_or_the_scan(labels, suffix, tmp_path):
    write_label_map(labels, tmp_path / f"labels{suffix}")
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        content += gzip.decompress(content) if suffix == ".nii.gz" and path.suffix == ".gz" else b""
        assert b"anary" not in content and b"ANARY" not in content and b"1.2.3" not in content


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_picture_without_a_place_gets_none(suffix, tmp_path):
    geometry = Geometry((14, 11, 3), (0.5, 0.5, 2.0), np.zeros(3), np.eye(3), patient_space=False)
    labels = labelled(series_on(geometry))
    write_label_map(labels, tmp_path / f"labels{suffix}")
    (series,) = files.scan([tmp_path / f"labels{suffix}"]).series
    assert not series.geometry.patient_space
    np.testing.assert_array_equal(files.read_series(series).voxels, labels.voxels)


def test_slices_that_make_no_volume_are_refused_in_a_sentence(tmp_path):
    origins = np.array([[0, 0, 0], [0, 0, 2], [0, 0, 7]], float)
    geometry = Geometry((14, 11, 3), (1, 1, 1), np.zeros(3), np.eye(3), slice_origins=origins)
    seen = label_voxels(geometry.shape)
    labels = label_set(series_on(geometry), geometry, seen, seen, LABELS, "", {2})
    with pytest.raises(SeriesError, match=r"make no volume.* or resample the series to a regular grid first\."):
        write_label_map(labels, tmp_path / "labels.nii.gz")


def test_labels_that_are_nowhere_leave_no_file(phantom, tmp_path):
    geometry = phantom.geometry
    seen = label_voxels(geometry.shape)
    labels = label_set(series_on(geometry), geometry, seen, seen, LABELS, "", {11})
    with pytest.raises(SeriesError, match="anywhere in the scan: nothing was saved"):
        save_labels(labels, tmp_path / "labels.nii.gz", "nifti")
    assert list(tmp_path.iterdir()) == []


def flip_a_slice(image, labels, monkeypatch):
    voxels = sitk.GetArrayFromImage(image)
    voxels[0] = voxels[0, :, ::-1]
    flipped = sitk.GetImageFromArray(voxels)
    flipped.CopyInformation(image)
    return flipped


def exchange_the_spacings(image, labels, monkeypatch):
    image.SetSpacing(image.GetSpacing()[::-1])
    return image


def turn_left_into_right(image, labels, monkeypatch):
    image.SetOrigin((-image.GetOrigin()[0], *image.GetOrigin()[1:]))
    return image


@pytest.mark.parametrize("kind", ["nifti", "nrrd", "mha"])
@pytest.mark.parametrize("fault", [flip_a_slice, exchange_the_spacings, turn_left_into_right])
def test_what_was_written_wrongly_is_not_called_saved(labels, kind, fault, tmp_path, monkeypatch):
    to_image = label_files.to_image
    monkeypatch.setattr(label_files, "to_image", lambda *told: fault(to_image(*told), labels, monkeypatch))
    suffix = next(suffix for suffix, name in KINDS.items() if name == kind)
    with pytest.raises(SeriesError, match="nothing was saved"):
        save_labels(labels, tmp_path / f"labels{suffix}", kind)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["nifti", "nrrd", "mha"])
def test_a_file_that_is_there_is_replaced_only_if_asked(labels, kind, tmp_path):
    suffix = next(suffix for suffix, name in KINDS.items() if name == kind)
    for path in files_of(tmp_path / f"labels{suffix}", kind):
        path.write_text("precious")
        with pytest.raises(SeriesError, match="exists already; choose another name"):
            save_labels(labels, tmp_path / f"labels{suffix}", kind)
        assert [one.read_text() for one in tmp_path.iterdir()] == ["precious"]
        path.unlink()
    (tmp_path / f"labels{suffix}").write_text("replace me")
    save_labels(labels, tmp_path / f"labels{suffix}", kind, overwrite=True)
    assert len(files.scan([tmp_path / f"labels{suffix}"]).series) == 1


def test_a_folder_that_is_gone_or_may_not_be_written_to_is_said(labels, tmp_path):
    with pytest.raises(SeriesError, match=r"labels.nii.gz was not saved: there is no folder"):
        save_labels(labels, tmp_path / "gone" / "labels.nii.gz", "nifti")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    with pytest.raises(SeriesError, match=r"labels.nii.gz was not saved: Permission denied"):
        save_labels(labels, locked / "labels.nii.gz", "nifti")


def test_a_full_disk_is_said_and_leaves_nothing(labels, tmp_path, monkeypatch):
    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(SeriesError, match=r"labels.nii.gz was not saved: No space left on device"):
        save_labels(labels, tmp_path / "labels.nii.gz", "nifti")
    assert list(tmp_path.iterdir()) == []


def test_odd_names_stay_one_line_in_a_header(phantom, tmp_path):
    labels = labelled(series_on(phantom.geometry), (Label(2, "a\nb := c", (1, 2, 3)),))
    write_label_map(labels, tmp_path / "labels.seg.nrrd")
    assert sitk.ReadImage(str(tmp_path / "labels.seg.nrrd")).GetMetaData("Segment0_Name") == "a b := c"
