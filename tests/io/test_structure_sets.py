"""Labels as DICOM structure sets: filled by another program they are the same voxels, at the same places."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.labelled_series import LABELS, SOURCES, errors_of, labelled, only_series, placed, source_series
from tests.marked_patient import write_slices
from viewer.core import outlines
from viewer.core.study import SeriesError
from viewer.io import structure_sets
from viewer.io.label_export import save_labels, why_not
from viewer.io.structure_sets import write_structure_set

PRESENT = LABELS[:3]
FINER = 8  # how much finer than voxels the other program fills


@pytest.fixture(params=SOURCES)
def series(request, tmp_path):
    return source_series(request.param, tmp_path / "scan")


def place_of(series, image: Dataset) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Of the image that a contour refers to: the slice it is, and its position, cosines (2, 3) and spacing (i, j), as
    its own header has them."""
    numbers = series.frame_numbers or (0,) * len(series.files)
    entries = list(zip(series.instance_uids, numbers, strict=True))
    k = entries.index((image.ReferencedSOPInstanceUID, int(image.get("ReferencedFrameNumber", 1)) - 1))
    header = dcmread(series.files[k], stop_before_pixels=True)
    position, orientation, measures = header, header, header
    if "SharedFunctionalGroupsSequence" in header:
        shared = header.SharedFunctionalGroupsSequence[0]
        position = header.PerFrameFunctionalGroupsSequence[numbers[k]].PlanePositionSequence[0]
        orientation, measures = shared.PlaneOrientationSequence[0], shared.PixelMeasuresSequence[0]
    spacing = np.array(measures.PixelSpacing, float)[::-1]
    cosines = np.array(orientation.ImageOrientationPatient, float).reshape(2, 3)
    return k, np.array(position.ImagePositionPatient, float), cosines, spacing


def filled_by_opencv(series, contours, shape) -> np.ndarray:
    voxels = np.zeros(shape, dtype=np.uint8)
    for contour in contours:
        k, position, cosines, spacing = place_of(series, contour.ContourImageSequence[0])
        away = np.array(contour.ContourData, float).reshape(-1, 3) - position
        assert np.abs(away @ np.cross(*cosines)).max() < 1e-5, "it lies in the plane of its image"
        corners = (away @ cosines.T) / spacing
        picture = np.zeros((shape[1] * FINER, shape[2] * FINER), dtype=np.uint8)
        at = np.round((corners + 0.5) * FINER - 0.5).astype(np.int32)
        cv2.fillPoly(picture, [at], 1)
        voxels[k] += picture[FINER // 2 :: FINER, FINER // 2 :: FINER]
    return voxels


def test_filled_by_opencv_the_outlines_are_the_voxels(series, tmp_path):
    labels = labelled(series)
    write_structure_set(labels, tmp_path / "rt.dcm")
    back = dcmread(tmp_path / "rt.dcm")
    for region, label in zip(back.ROIContourSequence, PRESENT, strict=True):
        found = filled_by_opencv(series, region.ContourSequence, labels.voxels.shape)
        np.testing.assert_array_equal(found, (labels.voxels == label.value).astype(np.uint8))
        assert list(region.ROIDisplayColor) == list(label.colour)
        assert {contour.ContourGeometricType for contour in region.ContourSequence} == {"CLOSED_PLANAR"}


def test_dciodvfy_finds_no_error(series, tmp_path):
    write_structure_set(labelled(series), tmp_path / "rt.dcm")
    assert errors_of(tmp_path / "rt.dcm") == []


def test_it_belongs_to_the_patient_and_refers_to_each_image(series, tmp_path):
    write_structure_set(labelled(series), tmp_path / "rt.dcm")
    back, source = dcmread(tmp_path / "rt.dcm"), dcmread(series.files[0], stop_before_pixels=True)
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert str(back[keyword].value) == str(source[keyword].value)
    (space,) = back.ReferencedFrameOfReferenceSequence
    (of_series,) = space.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert of_series.SeriesInstanceUID == source.SeriesInstanceUID
    assert len(of_series.ContourImageSequence) == series.frames
    assert [region.ROIName for region in back.StructureSetROISequence] == [label.name for label in PRESENT]
    assert [one.RTROIInterpretedType for one in back.RTROIObservationsSequence] == ["ORGAN", "", ""]
    assert back.RTROIObservationsSequence[2].RTROIIdentificationCodeSequence[0].CodeMeaning == "Neoplasm"


def test_uneven_slices_are_outlined_each_at_its_place(tmp_path):
    write_slices(tmp_path / "scan", "LPH", slices=(0, 1, 2, 4, 5), change=placed())
    series = only_series(tmp_path / "scan")
    labels = labelled(series)
    save_labels(labels, tmp_path / "rt.dcm", "rtstruct")
    regions = dcmread(tmp_path / "rt.dcm").ROIContourSequence
    found = filled_by_opencv(series, regions[0].ContourSequence, labels.voxels.shape)
    np.testing.assert_array_equal(found, (labels.voxels == 2).astype(np.uint8))


def test_without_a_frame_of_reference_outlines_have_no_place(tmp_path):
    write_slices(tmp_path / "scan", "LPH")
    series = only_series(tmp_path / "scan")
    with pytest.raises(SeriesError, match=r"do not say where .* Save the labels as NIfTI, NRRD or MHA instead\."):
        save_labels(labelled(series), tmp_path / "rt.dcm", "rtstruct")
    assert why_not(series, "rtstruct") == why_not(series, "seg")


# Faults of the writing


def lose_a_hole(monkeypatch):
    monkeypatch.setattr(outlines._Edges, "cut_to_holes", lambda edges: None)


def lie_half_a_voxel_beside(monkeypatch):
    to_lps = structure_sets._to_lps
    monkeypatch.setattr(structure_sets, "_to_lps", lambda points, *rest: to_lps(points + 0.51, *rest))


def lie_one_slice_above(monkeypatch):
    to_lps = structure_sets._to_lps

    def wrong(points, k, geometry, source):
        return to_lps(points, min(k + 1, len(source.frames) - 1), geometry, source)

    monkeypatch.setattr(structure_sets, "_to_lps", wrong)


def exchange_rows_and_columns(monkeypatch):
    to_lps = structure_sets._to_lps
    monkeypatch.setattr(structure_sets, "_to_lps", lambda points, *rest: to_lps(points[:, ::-1], *rest))


def lose_a_slice(monkeypatch):
    contours = structure_sets._contours

    def wrong(*told):
        made = contours(*told)
        made.ContourSequence = made.ContourSequence[:-1]
        return made

    monkeypatch.setattr(structure_sets, "_contours", wrong)


@pytest.mark.parametrize(
    "fault",
    [lose_a_hole, lie_half_a_voxel_beside, lie_one_slice_above, exchange_rows_and_columns, lose_a_slice],
    ids=lambda fault: fault.__name__,
)
def test_what_was_written_wrongly_is_not_called_saved(fault, series, tmp_path, monkeypatch):
    fault(monkeypatch)
    (tmp_path / "out").mkdir()
    with pytest.raises(SeriesError, match="nothing was saved"):
        save_labels(labelled(series), tmp_path / "out" / "rt.dcm", "rtstruct")
    assert list((tmp_path / "out").iterdir()) == []
