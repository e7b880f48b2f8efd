"""SEG, RTSTRUCT and label files that other programs wrote, read and laid onto their series."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from viewer.core.laying import NotOnGrid, lay, refers_to, why_not_of
from viewer.core.study import SeriesError
from viewer.core.volume import to_image
from viewer.io.files import look_here, read_series, scan
from viewer.io.found_label_files import read_label_file
from viewer.io.found_objects import read_found

SPACE = "1.2.826.0.1.3680043.10.1338.7"
REAL = Path(os.environ.get("SLICEWISE_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data") / "dicom-seg-sr"


@pytest.fixture
def placed(write_dicom, tmp_path, phantom):
    """A series with a frame of reference: its files as data sets in order of position, and as it is opened."""

    def change(dataset, k):
        dataset.FrameOfReferenceUID = SPACE
        dataset.PatientID, dataset.StudyTime, dataset.StudyID = "CANARY-7", "101112", "1"
        dataset.AccessionNumber = ""

    write_dicom(tmp_path / "ct", phantom, change=change)
    (series,) = scan([tmp_path / "ct"]).series
    return [dcmread(file) for file in series.files], series


def as_mask(laid, geometry) -> np.ndarray:
    mask = np.zeros(geometry.shape, bool)
    mask[laid.box] = laid.voxels
    return mask


def segmentation(datasets, pixels: np.ndarray, kind: str, **more) -> Dataset:
    import highdicom as hd
    from highdicom.sr.coding import CodedConcept

    described = [
        hd.seg.SegmentDescription(
            n + 1, name, CodedConcept("123037004", "SCT", "Anatomical Structure"),
            CodedConcept("10200004", "SCT", "Liver"), "MANUAL",
            display_color=hd.color.CIELabColor(63.6, 32.2, 30.7),
        )
        for n, name in enumerate(("Liver", "Lesion"))
    ]  # fmt: skip
    return hd.seg.Segmentation(
        datasets, pixels, kind, described, generate_uid(), 7, generate_uid(), 1, "Maker", "Model", "1", "5", **more
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_overlapping_segments_of_highdicom_come_back_voxel_for_voxel(placed, tmp_path, sparse):
    datasets, series = placed
    geometry = series.geometry
    pixels = np.random.default_rng(3).random((*geometry.shape, 2)) > 0.6
    pixels[2] = False
    segmentation(datasets, pixels.astype(np.uint8), "BINARY", omit_empty_frames=sparse).save_as(tmp_path / "seg.dcm")
    found = read_found(tmp_path / "seg.dcm")
    assert refers_to(found.source, series) and not why_not_of(found.source, series)
    assert [segment.name for segment in found.segments] == ["Liver", "Lesion"]
    assert found.segments[0].code == ("10200004", "SCT", "Liver")
    assert found.segments[0].colour == (221, 130, 101)  # as highdicom and dcmqi have it
    laid = lay(found, geometry)
    for n, one in enumerate(laid):
        np.testing.assert_array_equal(as_mask(one, geometry), pixels[..., n])
        assert one.shared == np.count_nonzero(pixels.all(axis=-1))


def test_fractions_of_one_half_and_more_belong_to_a_segment(placed, tmp_path):
    datasets, series = placed
    fractions = np.random.default_rng(3).integers(0, 256, (*series.geometry.shape, 2)) / 255
    segmentation(
        datasets, fractions, "FRACTIONAL", fractional_type="PROBABILITY", max_fractional_value=255
    ).save_as(tmp_path / "seg.dcm")  # fmt: skip
    found = read_found(tmp_path / "seg.dcm")
    assert "from one half on" in found.notes[0]
    for n, one in enumerate(lay(found, series.geometry)):
        np.testing.assert_array_equal(as_mask(one, series.geometry), fractions[..., n] >= 0.5)


def test_a_label_map_segmentation_is_read_by_its_values(placed, tmp_path):
    datasets, series = placed
    labels = np.random.default_rng(3).integers(0, 3, series.geometry.shape).astype(np.uint8)
    segmentation(datasets, labels, "LABELMAP").save_as(tmp_path / "seg.dcm")
    for n, one in enumerate(lay(read_found(tmp_path / "seg.dcm"), series.geometry)):
        np.testing.assert_array_equal(as_mask(one, series.geometry), labels == n + 1)


def test_a_segmentation_shifted_by_half_a_slice_or_of_another_patient_is_not_taken(placed, tmp_path):
    datasets, series = placed
    pixels = np.ones(series.geometry.shape, np.uint8)
    dataset = segmentation(datasets, np.stack([pixels, pixels], -1), "BINARY")
    half = series.geometry.direction[:, 2] * series.geometry.spacing[2] / 2
    groups = dataset.PerFrameFunctionalGroupsSequence  # those of two segments share their places
    for place in {id(x): x for x in (group.PlanePositionSequence[0] for group in groups)}.values():
        place.ImagePositionPatient = [f"{x:.10g}" for x in np.array(place.ImagePositionPatient, float) + half]
    dataset.save_as(tmp_path / "shifted.dcm")
    with pytest.raises(NotOnGrid):
        lay(read_found(tmp_path / "shifted.dcm"), series.geometry)
    dataset.FrameOfReferenceUID = SPACE + ".8"
    dataset.save_as(tmp_path / "other.dcm")
    assert "another frame of reference" in why_not_of(read_found(tmp_path / "other.dcm").source, series)


def structures(series, contours: list[np.ndarray], kind: str = "CLOSED_PLANAR") -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Modality, dataset.PatientID = "RTSTRUCT", "CANARY-7"
    of_series, study, space = Dataset(), Dataset(), Dataset()
    of_series.SeriesInstanceUID = series.uid
    study.RTReferencedSeriesSequence = [of_series]
    space.FrameOfReferenceUID, space.RTReferencedStudySequence = SPACE, [study]
    dataset.ReferencedFrameOfReferenceSequence = [space]
    region, drawn = Dataset(), Dataset()
    region.ROINumber, region.ROIName, region.ReferencedFrameOfReferenceUID = 4, "Heart", SPACE
    drawn.ReferencedROINumber, drawn.ROIDisplayColor = 4, [10, 20, 30]
    drawn.ContourSequence = []
    for points in contours:
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
        contour.ContourData = [f"{x:.10g}" for x in np.ravel(points)]
        drawn.ContourSequence.append(contour)
    dataset.StructureSetROISequence, dataset.ROIContourSequence = [region], [drawn]
    return dataset


def test_outlines_of_a_structure_set_enclose_what_they_should(placed, tmp_path):
    _, series = placed
    outer, inner = ([(a, a, 3), (b, a, 3), (b, b, 3), (a, b, 3)] for a, b in ((1.6, 8.4), (3.6, 5.4)))
    drawn = [series.geometry.index_to_lps(points) for points in (outer, inner)]
    structures(series, drawn).save_as(tmp_path / "rt.dcm", enforce_file_format=True)
    found = read_found(tmp_path / "rt.dcm")
    assert refers_to(found.source, series)
    assert (found.segments[0].name, found.segments[0].colour) == ("Heart", (10, 20, 30))
    truth = np.zeros(series.geometry.shape, bool)
    truth[3, 2:9, 2:9] = True
    truth[3, 4:6, 4:6] = False
    np.testing.assert_array_equal(as_mask(lay(found, series.geometry)[0], series.geometry), truth)


def test_a_structure_set_of_points_alone_is_refused(placed, tmp_path):
    _, series = placed
    structures(series, [np.zeros((1, 3))], "POINT").save_as(tmp_path / "rt.dcm", enforce_file_format=True)
    with pytest.raises(SeriesError, match="no closed outline"):
        read_found(tmp_path / "rt.dcm")


# Files that are not what they say


def test_damaged_files_get_one_sentence_each(placed, tmp_path):
    datasets, series = placed
    pixels = np.ones((*series.geometry.shape, 2), np.uint8)
    segmentation(datasets, pixels, "BINARY").save_as(tmp_path / "seg.dcm")
    whole = (tmp_path / "seg.dcm").read_bytes()
    random = np.random.default_rng(5)
    spoiled = tmp_path / "spoiled.dcm"
    with pytest.raises(SeriesError):
        read_found(tmp_path / "nothing.dcm")
    for size in (0, 100, 200, len(whole) // 2, len(whole) - 40):
        spoiled.write_bytes(whole[:size])
        with pytest.raises(SeriesError):
            read_found(spoiled)
    for _ in range(6):
        broken = bytearray(whole)
        for at in random.integers(132, len(whole), 40).tolist():
            broken[at] = int(random.integers(256))
        spoiled.write_bytes(broken)
        with contextlib.suppress(SeriesError):  # what is left of it may still be one
            lay(read_found(spoiled), series.geometry)


def test_frames_beyond_all_measure_are_refused(placed, tmp_path):
    datasets, series = placed
    dataset = segmentation(datasets, np.ones((*series.geometry.shape, 2), np.uint8), "BINARY")
    dataset.Rows = dataset.Columns = 60_000
    dataset.save_as(tmp_path / "seg.dcm")
    with pytest.raises(SeriesError):
        read_found(tmp_path / "seg.dcm")


def test_an_image_is_no_annotation(placed):
    _, series = placed
    with pytest.raises(SeriesError, match="holds no segmentation"):
        read_found(series.files[0])


# Label files


@pytest.mark.parametrize("name", ["labels.nii.gz", "labels.nrrd", "labels.mha"])
@pytest.mark.parametrize("order", ["LPS", "RAS", "ASL"])
def test_a_label_file_on_the_grid_is_taken_voxel_for_voxel(phantom, tmp_path, name, order):
    labels = np.random.default_rng(3).integers(0, 4, phantom.geometry.shape).astype(np.uint8)
    labels[labels == 2] = 200
    image = sitk.DICOMOrient(to_image(labels, phantom.geometry), order)
    sitk.WriteImage(image, str(tmp_path / name))
    found = read_label_file(tmp_path / name, look_here, read_series)
    assert [segment.name for segment in found.segments] == ["Label 1", "Label 3", "Label 200"]
    for value, one in zip((1, 3, 200), lay(found, phantom.geometry), strict=True):
        np.testing.assert_array_equal(as_mask(one, phantom.geometry), labels == value)


def test_the_segments_of_an_nrrd_have_their_names_colours_and_codes(phantom, tmp_path):
    image = to_image(np.ones(phantom.geometry.shape, np.uint8), phantom.geometry)
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    head, _, voxels = (tmp_path / "a.nrrd").read_bytes().partition(b"\n\n")
    tags = "TerminologyEntry:Category~SCT^123037004^Anatomy~SCT^10200004^Liver~^^~x~^^~^^|"
    fields = f"\nSegment0_Name:=My liver\nSegment0_Color:=1 0.5 0\nSegment0_LabelValue:=1\nSegment0_Tags:={tags}"
    (tmp_path / "a.seg.nrrd").write_bytes(head + fields.encode() + b"\n\n" + voxels)
    (segment,) = read_label_file(tmp_path / "a.seg.nrrd", look_here, read_series).segments
    assert (segment.name, segment.colour) == ("My liver", (255, 128, 0))
    assert segment.code == ("10200004", "SCT", "Liver")


@pytest.mark.parametrize(("values", "said"), [(0.5, "whole numbers"), (-1000, "label map"), (0, "no label")])
def test_an_image_is_no_label_map(phantom, tmp_path, values, said):
    voxels = np.full(phantom.geometry.shape, values, np.float32)
    sitk.WriteImage(to_image(voxels, phantom.geometry), str(tmp_path / "a.nii.gz"))
    with pytest.raises(SeriesError, match=said):
        read_label_file(tmp_path / "a.nii.gz", look_here, read_series)


# Objects of other writers


real = pytest.mark.skipif(not REAL.is_dir(), reason="the samples of dcmqi are not here")


@real
def test_the_liver_of_dcmqi_is_where_its_label_map_says():
    folder = REAL / "segmentations"
    (series,) = scan([folder / "ct-3slice"]).series
    (laid,) = lay(read_found(folder / "liver.dcm"), series.geometry)
    like = to_image(np.zeros(series.geometry.shape, np.uint8), series.geometry)
    told = sitk.ReadImage(str(folder / "liver_seg.nrrd"))
    truth = sitk.Resample(told, like, sitk.Transform(), sitk.sitkNearestNeighbor)
    np.testing.assert_array_equal(as_mask(laid, series.geometry), sitk.GetArrayFromImage(truth) > 0)


@real
@pytest.mark.parametrize("name", ["23x38x3", "24x38x3"])
@pytest.mark.parametrize("kind", ["image", "multiframe"])
def test_segmentations_of_single_and_of_multi_frame_images_are_taken(name, kind):
    folder = REAL / "segmentations" / name
    (series,) = scan([folder / kind]).series
    found = read_found(folder / "seg" / "label.seg")
    assert not why_not_of(found.source, series)
    (laid,) = lay(found, series.geometry)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "nrrd" / "label.nrrd"))) > 0
    np.testing.assert_array_equal(as_mask(laid, series.geometry), truth)


@real
@pytest.mark.parametrize("name", ["noppv", "ppv5"])
def test_sparse_label_maps_are_taken(name):
    folder = REAL / "segmentations"
    (series,) = scan([folder / "24x38x3" / "image"]).series
    (laid,) = lay(read_found(folder / f"sparse-labelmap-{name}.dcm"), series.geometry)
    truth = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / f"sparse_labelmap_{name}_seg.nrrd"))) == 1
    np.testing.assert_array_equal(as_mask(laid, series.geometry), truth)
    (other,) = scan([folder / "ct-3slice"]).series
    assert why_not_of(read_found(folder / f"sparse-labelmap-{name}.dcm").source, other)


@real
def test_partly_overlapping_segments_are_those_of_their_label_maps():
    folder = REAL / "segmentations"
    (series,) = scan([folder / "ct-3slice"]).series
    laid = lay(read_found(folder / "partial_overlaps.dcm"), series.geometry)
    known = np.zeros(series.geometry.shape, np.uint8)
    for n in (1, 2, 3):
        (one,) = scan([folder / f"partial_overlaps-{n}.nrrd"]).series
        known += (read_series(one).voxels > 0).astype(np.uint8)
    ours = sum(as_mask(one, series.geometry).astype(np.uint8) for one in laid)
    np.testing.assert_array_equal(ours, known)


def test_a_reader_that_hangs_or_dies_costs_one_sentence(tmp_path, monkeypatch):
    import sys

    from viewer.io import found_objects

    (tmp_path / "a.dcm").write_bytes(b"")
    monkeypatch.setattr(found_objects, "_PROGRAM", (sys.executable, "-c", "import os; os.abort()"))
    with pytest.raises(SeriesError, match="ended its reader"):
        read_found(tmp_path / "a.dcm")
    monkeypatch.setattr(found_objects, "_PROGRAM", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(found_objects, "_LIMIT_S", 0.3)
    with pytest.raises(SeriesError, match="took longer"):
        read_found(tmp_path / "a.dcm")
    monkeypatch.setattr(found_objects, "_PROGRAM", (sys.executable, "-c", "print('no answer of ours' * 9)"))
    monkeypatch.setattr(found_objects, "_LIMIT_S", 30.0)
    with pytest.raises(SeriesError, match="damaged"):
        read_found(tmp_path / "a.dcm")
