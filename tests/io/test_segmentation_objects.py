"""Labels as DICOM segmentations, read by programs of others; and what comes back wrong is never called saved."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from tests.labelled_series import (
    LABELS,
    SOURCES,
    errors_of,
    label_voxels,
    labelled,
    only_series,
    placed,
    points_of,
    points_on,
    segments_by_dcmqi,
    source_series,
)
from tests.marked_patient import TILTED, write_radiograph, write_slices, zipped
from viewer.core.label_set import Making
from viewer.core.study import SeriesError
from viewer.io import segmentation_objects
from viewer.io.label_export import save_labels, why_not
from viewer.io.segmentation_objects import write_fractions, write_parametric_map, write_segmentation

PRESENT = LABELS[:3]
# dciodvfy of Debian 12 does not know objects that are younger than it is.
YOUNGER = ("Error - Information Object Not found", "Error - SegmentNumber not monotonically increasing")


@pytest.fixture(params=SOURCES)
def series(request, tmp_path):
    return source_series(request.param, tmp_path / "scan")


def test_every_voxel_is_where_dcmqi_finds_it(series, tmp_path):
    labels = labelled(series)
    write_segmentation(labels, tmp_path / "seg.dcm")
    found = segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "found")
    assert sorted(found) == [1, 2, 3]
    for number, label in enumerate(PRESENT, 1):
        expected = points_on(labels.geometry, labels.voxels == label.value)
        np.testing.assert_allclose(points_of(found[number]), expected, atol=0.002)


def test_a_label_map_keeps_the_values_of_its_labels(series, tmp_path):
    labels = labelled(series)
    write_segmentation(labels, tmp_path / "seg.dcm", "LABELMAP")
    (image,) = segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "found").values()
    for label in PRESENT:
        expected = points_on(labels.geometry, labels.voxels == label.value)
        np.testing.assert_allclose(points_of(image, label.value), expected, atol=0.002)


def test_dciodvfy_finds_no_error(series, tmp_path):
    labels = labelled(series)
    write_segmentation(labels, tmp_path / "seg.dcm")
    assert errors_of(tmp_path / "seg.dcm") == []
    write_segmentation(labels, tmp_path / "map.dcm", "LABELMAP")
    assert [line for line in errors_of(tmp_path / "map.dcm") if not line.startswith(YOUNGER)] == []


def test_the_table_of_labels_is_in_the_file(series, tmp_path):
    machine = np.where(label_voxels(series.geometry.shape) == 5, 5, 0).astype(np.uint8)
    write_segmentation(labelled(series, machine=machine), tmp_path / "seg.dcm")
    back = dcmread(tmp_path / "seg.dcm")
    segments = back.SegmentSequence
    assert [s.SegmentLabel for s in segments] == [label.name for label in PRESENT]
    assert [s.SegmentDescription for s in segments] == [label.name for label in PRESENT]
    assert [s.SegmentAlgorithmType for s in segments] == ["MANUAL", "AUTOMATIC", "MANUAL"]
    assert segments[1].SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "brain-structures-mr"
    assert segments[1].SegmentationAlgorithmIdentificationSequence[0].AlgorithmVersion == "0.2.0"
    types = [s.SegmentedPropertyTypeCodeSequence[0].CodeMeaning for s in segments]
    categories = [s.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning for s in segments]
    assert types == ["Liver", "Tissue", "Neoplasm"]
    assert categories == ["Anatomical Structure", "Tissue", "Morphologically Abnormal Structure"]
    for segment, label in zip(segments, PRESENT, strict=True):
        import highdicom

        colour = highdicom.color.CIELabColor.from_dicom_value(segment.RecommendedDisplayCIELabValue).to_rgb()
        assert np.abs(np.array(colour) - label.colour).max() <= 1
    assert back.Manufacturer == "Slicewise" and back.ContentDescription == "Not for diagnostic use"


def test_it_belongs_to_the_patient_and_the_study_and_refers_to_each_image(series, tmp_path):
    write_segmentation(labelled(series), tmp_path / "seg.dcm")
    back, source = dcmread(tmp_path / "seg.dcm"), dcmread(series.files[0], stop_before_pixels=True)
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID"):
        assert str(back[keyword].value) == str(source[keyword].value)
    assert back.get("FrameOfReferenceUID") == source.get("FrameOfReferenceUID")
    assert back.SeriesInstanceUID != source.SeriesInstanceUID
    (of_series,) = back.ReferencedSeriesSequence
    assert of_series.SeriesInstanceUID == source.SeriesInstanceUID
    referred = [item.ReferencedSOPInstanceUID for item in of_series.ReferencedInstanceSequence]
    assert sorted(referred) == sorted(set(series.instance_uids))
    for groups in back.PerFrameFunctionalGroupsSequence:
        image = groups.DerivationImageSequence[0].SourceImageSequence[0]
        if len(set(series.files)) > 1:
            file = series.files[series.instance_uids.index(image.ReferencedSOPInstanceUID)]
            there = dcmread(file, stop_before_pixels=True).ImagePositionPatient
        else:
            frames = source.PerFrameFunctionalGroupsSequence
            there = frames[image.ReferencedFrameNumber - 1].PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(groups.PlanePositionSequence[0].ImagePositionPatient, there, atol=1e-6)


# Faults of the writing


def flip_a_frame(made):
    rows, columns = made.Rows, made.Columns
    bits = np.unpackbits(np.frombuffer(made.PixelData, np.uint8), bitorder="little")
    pixels = bits[: made.NumberOfFrames * rows * columns].reshape(-1, rows, columns).copy()
    pixels[0] = pixels[0, :, ::-1]
    content = np.packbits(pixels.ravel(), bitorder="little").tobytes()
    made.PixelData = content + b"\0" * (len(content) % 2)


def exchange_two_places(made):
    groups = made.PerFrameFunctionalGroupsSequence
    groups[0].PlanePositionSequence, groups[1].PlanePositionSequence = (
        groups[1].PlanePositionSequence,
        groups[0].PlanePositionSequence,
    )


def exchange_the_spacings(made):
    measures = made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.PixelSpacing = list(reversed(measures.PixelSpacing))


def turn_the_rows_round(made):
    orientation = made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    cosines = [float(c) for c in orientation.ImageOrientationPatient]
    orientation.ImageOrientationPatient = [*(-c for c in cosines[:3]), *cosines[3:]]


def shift_all(made):
    for groups in made.PerFrameFunctionalGroupsSequence:
        position = groups.PlanePositionSequence[0]
        position.ImagePositionPatient = [float(p) + 0.5 for p in position.ImagePositionPatient]


def exchange_two_segments(made):
    for groups in made.PerFrameFunctionalGroupsSequence:
        identified = groups.SegmentIdentificationSequence[0]
        identified.ReferencedSegmentNumber = {1: 2, 2: 1}.get(
            identified.ReferencedSegmentNumber, identified.ReferencedSegmentNumber
        )


def lose_a_frame(made):
    made.PerFrameFunctionalGroupsSequence = made.PerFrameFunctionalGroupsSequence[:-1]
    made.NumberOfFrames -= 1


def refer_to_another_image(made):
    groups = made.PerFrameFunctionalGroupsSequence
    images = [one.DerivationImageSequence[0].SourceImageSequence[0] for one in (groups[0], groups[1])]
    images[0].ReferencedSOPInstanceUID = images[1].ReferencedSOPInstanceUID
    if "ReferencedFrameNumber" in images[0]:
        images[0].ReferencedFrameNumber = images[1].ReferencedFrameNumber


def lie_elsewhere(made):
    made.FrameOfReferenceUID = "1.2.3.4"


FAULTS = (
    flip_a_frame,
    exchange_two_places,
    exchange_the_spacings,
    turn_the_rows_round,
    shift_all,
    exchange_two_segments,
    lose_a_frame,
    refer_to_another_image,
    lie_elsewhere,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_was_written_wrongly_is_not_called_saved(fault, series, tmp_path, monkeypatch):
    finish = segmentation_objects._finish

    def finish_wrongly(made, source):
        finish(made, source)
        fault(made)

    monkeypatch.setattr(segmentation_objects, "_finish", finish_wrongly)
    (tmp_path / "out").mkdir()
    with pytest.raises(SeriesError, match="nothing was saved"):
        save_labels(labelled(series), tmp_path / "out" / "seg.dcm", "seg")
    assert list((tmp_path / "out").iterdir()) == []


# What series there are


def test_headers_that_lack_what_the_standard_asks_for_or_are_odd_do_not_matter(tmp_path):
    def odd(dataset):
        dataset.SpecificCharacterSet = "GB18030"
        dataset.PatientName, dataset.PatientSex = "\u738b^\u4f1f", "male"
        dataset.PatientBirthDate, dataset.StudyTime, dataset.PatientAge = "", "noon", "42"
        del dataset.PatientID

    with pytest.warns(UserWarning, match=r"."):
        write_slices(tmp_path / "scan", "LPH", change=placed(odd))
    series = only_series(tmp_path / "scan")
    write_segmentation(labelled(series), tmp_path / "seg.dcm")
    back = dcmread(tmp_path / "seg.dcm")
    assert str(back.PatientName) == "\u738b^\u4f1f" and back.SegmentSequence[0].SegmentLabel == LABELS[0].name
    assert (back.PatientSex, back.PatientID, back.StudyTime) == ("", "", "")
    assert errors_of(tmp_path / "seg.dcm") == []


def test_slices_that_differ_in_the_last_digit_of_their_cosines_are_one_segmentation(tmp_path):
    numbers = itertools.count()

    def unsteady(dataset):
        cosines = [float(c) for c in dataset.ImageOrientationPatient]
        dataset.ImageOrientationPatient = [f"{c + 1e-6 * (next(numbers) % 3):.8f}" for c in cosines]

    write_slices(tmp_path / "scan", "LPH", TILTED, change=placed(unsteady))
    labels = labelled(only_series(tmp_path / "scan"))
    write_segmentation(labels, tmp_path / "seg.dcm")
    found = segments_by_dcmqi(tmp_path / "seg.dcm", tmp_path / "found")
    expected = points_on(labels.geometry, labels.voxels == 2)
    np.testing.assert_allclose(points_of(found[1]), expected, atol=0.002)


def test_uneven_slices_are_saved_frame_by_frame_and_not_as_a_volume(tmp_path):
    write_slices(tmp_path / "scan", "LPH", slices=(0, 1, 2, 4, 5), change=placed())
    series = only_series(tmp_path / "scan")
    assert not series.verdict.is_volume
    labels = labelled(series)
    write_segmentation(labels, tmp_path / "seg.dcm")
    back = dcmread(tmp_path / "seg.dcm")
    places = {
        tuple(float(p) for p in groups.PlanePositionSequence[0].ImagePositionPatient)
        for groups in back.PerFrameFunctionalGroupsSequence
        if groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber == 2
    }
    expected = {series.origins[k] for k in range(5) if (labels.voxels[k] == 5).any()}
    np.testing.assert_allclose(sorted(places), sorted(expected), atol=1e-6)
    assert "make no volume" in why_not(series, "nifti")


def test_files_of_which_no_dicom_object_can_be_made_say_what_to_do_instead(tmp_path):
    def anonymous(dataset):
        del dataset.StudyInstanceUID

    write_slices(tmp_path / "scan", "LPH", change=placed(anonymous))
    series = only_series(tmp_path / "scan")
    with pytest.raises(SeriesError, match=r"name no study .* Save the labels as NIfTI, NRRD or MHA instead\."):
        save_labels(labelled(series), tmp_path / "seg.dcm", "seg")
    image = sitk.GetImageFromArray(np.zeros((5, 9, 11), np.int16))
    sitk.WriteImage(image, str(tmp_path / "scan.nii.gz"))
    for kind in ("seg", "seg-labelmap", "rtstruct"):
        assert "name no DICOM images" in why_not(only_series(tmp_path / "scan.nii.gz"), kind)


def test_files_that_have_changed_or_gone_since_they_were_listed_are_noticed(tmp_path):
    written = write_slices(tmp_path / "scan", "LPH", change=placed())
    series = only_series(tmp_path / "scan")
    changed = dcmread(written[2])
    changed.ImagePositionPatient = [float(p) + 3 for p in changed.ImagePositionPatient]
    changed.save_as(written[2])
    with pytest.raises(SeriesError, match="changed since it was listed"):
        save_labels(labelled(series), tmp_path / "seg.dcm", "seg")
    written[2].unlink()
    with pytest.raises(SeriesError, match="no longer where it was"):
        save_labels(labelled(series), tmp_path / "seg.dcm", "seg")
    assert not list(tmp_path.glob("*.dcm"))


def test_names_too_long_for_the_standard_are_kept_in_the_description(tmp_path):
    write_slices(tmp_path / "scan", "LPH", change=placed())
    name = "A very long \\ name " * 5
    labels = labelled(only_series(tmp_path / "scan"), (replace(LABELS[0], name=name),))
    write_segmentation(labels, tmp_path / "seg.dcm")
    (segment,) = dcmread(tmp_path / "seg.dcm").SegmentSequence
    assert len(segment.SegmentLabel) <= 64 and "\\" not in segment.SegmentLabel
    assert segment.SegmentDescription.rstrip() == name.rstrip()
    assert errors_of(tmp_path / "seg.dcm") == []


def test_a_file_that_is_there_is_replaced_only_if_asked(tmp_path):
    write_slices(tmp_path / "scan", "LPH", change=placed())
    labels, path = labelled(only_series(tmp_path / "scan")), tmp_path / "seg.dcm"
    path.write_text("precious")
    with pytest.raises(SeriesError, match="exists already"):
        save_labels(labels, path, "seg")
    assert path.read_text() == "precious"
    saved = save_labels(labels, path, "seg", overwrite=True)
    assert (saved.labels, saved.voxels) == (3, int((labels.voxels > 0).sum()))
    assert dcmread(path).Modality == "SEG"


# Probabilities and maps


def test_probabilities_come_back_in_steps_of_255(series, tmp_path):
    geometry = series.geometry
    rng = np.random.default_rng(3)
    maps = {label: rng.random(geometry.shape, dtype=np.float32) for label in LABELS[:2]}
    maps[LABELS[0]][1:] = 0
    write_fractions(series, geometry, maps, tmp_path / "seg.dcm", Making("AUTOMATIC", "liver-ct", "1.0"))
    back = dcmread(tmp_path / "seg.dcm")
    assert (back.SegmentationType, back.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    assert errors_of(tmp_path / "seg.dcm") == []
    for number, groups in zip(itertools.count(), back.PerFrameFunctionalGroupsSequence, strict=False):
        segment = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        k = round(float(geometry.lps_to_index(np.array(position, float))[2]))
        expected = list(maps.values())[segment - 1][k]
        np.testing.assert_allclose(back.pixel_array[number] / 255, expected, atol=0.51 / 255)
    with pytest.raises(ValueError, match="not numbers from 0 to 1"):
        write_fractions(series, geometry, {LABELS[0]: maps[LABELS[0]] + 1}, tmp_path / "other.dcm")


def test_a_parametric_map_holds_every_number_to_the_last_bit(series, tmp_path):
    values = np.random.default_rng(4).normal(size=series.geometry.shape).astype(np.float32)
    entropy, unit = ("DWE1", "99SLICEWISE", "Predictive entropy"), ("1", "UCUM", "no units")
    write_parametric_map(series, series.geometry, values, entropy, unit, tmp_path / "map.dcm")
    assert errors_of(tmp_path / "map.dcm") == []
    back = dcmread(tmp_path / "map.dcm")
    for frame, groups in zip(back.pixel_array, back.PerFrameFunctionalGroupsSequence, strict=True):
        position = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float)
        k = round(float(series.geometry.lps_to_index(position)[2]))
        np.testing.assert_array_equal(frame, values[k])
    bad = np.where(values > 0, np.float32(np.nan), values)
    with pytest.raises(ValueError, match="finite"):
        write_parametric_map(series, series.geometry, bad, entropy, unit, tmp_path / "other.dcm")


def test_a_radiograph_has_a_segmentation_without_a_place(tmp_path):
    picture = np.arange(30 * 40, dtype=np.uint16).reshape(30, 40)
    write_radiograph(tmp_path / "scan" / "dx.dcm", "L\\F", picture)
    series = only_series(tmp_path / "scan")
    labels = labelled(series)
    saved = save_labels(labels, tmp_path / "seg.dcm", "seg")
    assert saved.labels == 3 and errors_of(tmp_path / "seg.dcm") == []
    back = dcmread(tmp_path / "seg.dcm")
    assert "FrameOfReferenceUID" not in back and list(back.PatientOrientation) == ["L", "F"]
    np.testing.assert_array_equal(back.pixel_array[0], labels.voxels[0] == 2)
    assert "do not say where" in why_not(series, "rtstruct")


def test_slices_in_a_zip_have_a_segmentation_too(tmp_path):
    write_slices(tmp_path / "scan", "LPH", change=placed())
    series = only_series(zipped(tmp_path / "scan", tmp_path / "scan.zip"))
    assert save_labels(labelled(series), tmp_path / "seg.dcm", "seg").labels == 3


@pytest.mark.parametrize("kind", ["seg", "rtstruct"])
def test_a_full_disk_is_one_short_sentence_and_leaves_nothing(kind, tmp_path, monkeypatch):
    def full(*told, **named):
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:  # as pydicom does it
            raise OSError("With tag (7FE0,0010) got exception\nTraceback ...") from error

    write_slices(tmp_path / "scan", "LPH", change=placed())
    labels = labelled(only_series(tmp_path / "scan"))
    (tmp_path / "out").mkdir()
    monkeypatch.setattr("pydicom.dataset.Dataset.save_as", full)
    with pytest.raises(SeriesError) as refused:
        save_labels(labels, tmp_path / "out" / "labels.dcm", kind)
    assert str(refused.value) == "labels.dcm was not saved: No space left on device"
    assert list((tmp_path / "out").iterdir()) == []
