"""Measurements, key images and windows as DICOM objects, read back by others and by ourselves."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.marked_patient import write_enhanced
from viewer.core.display import WindowLevel
from viewer.core.measuring import Found, Measurement, values_of
from viewer.core.origin import Origin
from viewer.core.study import SeriesError
from viewer.io import reports
from viewer.io.files import read_series, scan
from viewer.io.found_objects import FoundReport, read_found
from viewer.io.found_reports import measurements_of
from viewer.io.reports import write_capture, write_json, write_key_images, write_presentation, write_report

SPACE = "1.2.826.0.1.3680043.10.1338.7"

SHAPES = (
    Measurement(1, "length", ((2.25, 3.5, 3), (8.0, 7.75, 3)), 2, "Lesion"),
    Measurement(2, "angle", ((2, 3, 3), (8, 7, 3), (3, 8.5, 3)), 2),
    Measurement(3, "ellipse", ((2, 3, 4), (8, 9, 4)), 2),
    Measurement(4, "rectangle", ((2.5, 3, 4), (8, 7, 4)), 2),
    Measurement(5, "polygon", ((2.5, 3, 4), (8, 3, 4), (7, 8, 4), (4, 5, 4)), 2, "Läsion"),
    Measurement(6, "probe", ((4, 5, 2),), 2),
    Measurement(7, "length", ((4, 5, 1), (4, 2, 6)), 0),
    Measurement(8, "ellipse", ((4, 1, 2), (4, 8, 5)), 0),
    Measurement(9, "cobb", ((2, 3, 3), (8, 3, 3), (2, 8, 3), (8, 9, 3)), 2),
)
OTHERS = (
    Measurement(10, "arrow", ((2, 3, 3), (4.5, 4, 3)), 2, "here"),
    Measurement(11, "text", ((2.5, 3, 3),), 2, "Läsion?"),
    Measurement(12, "profile", ((2, 3, 3), (8, 7, 3)), 2),
    Measurement(13, "freehand", ((2.5, 3, 4), (8, 3, 4), (7, 8, 4), (4, 5, 4)), 2),
    Measurement(14, "box", ((2, 3, 5), (6.5, 7, 5)), 2, "Nodule"),
    Measurement(15, "path", ((2, 3, 2), (6.5, 7, 2), (8, 3, 2)), 2),
    Measurement(16, "box", ((4, 2, 1), (4, 7, 5)), 0, "Nodule"),
    Measurement(17, "arrow", ((4, 2, 1), (4, 7, 5)), 0),
    Measurement(18, "cobb", ((4, 2, 1), (4, 7, 1), (4, 2, 3), (4, 7, 5)), 0, "Thoracic"),
)
LEFT_OUT = (Measurement(20, "path", ((2, 3, 2), (6.5, 7, 4), (8, 3, 5)), 2),)


@pytest.fixture
def opened(write_dicom, tmp_path, phantom):
    def change(dataset, k):
        dataset.FrameOfReferenceUID = SPACE
        dataset.StudyTime, dataset.StudyID, dataset.AccessionNumber = "101112", "1", ""
        dataset.ReferringPhysicianName = ""
        dataset.SpecificCharacterSet = "" if k % 2 else "ISO_IR 100"

    write_dicom(tmp_path / "ct", phantom, change=change)
    (series,) = scan([tmp_path / "ct"]).series
    volume = read_series(series)
    return series, volume, [(one, values_of(one, volume, series)) for one in (*SHAPES, *OTHERS, *LEFT_OUT)]


def errors_of(file: Path) -> list[str]:
    """What dciodvfy of dicom3tools calls an error."""
    if shutil.which("dciodvfy") is None:
        return []
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False, timeout=60)
    return [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]


def test_a_report_holds_each_measurement_where_it_is(opened, tmp_path):
    series, volume, measured = opened
    said = write_report(tmp_path / "sr.dcm", measured, series, volume.geometry, "Ada Lovelace")
    assert "1 measurements have no place" in said[0]
    assert errors_of(tmp_path / "sr.dcm") == []
    report = read_found(tmp_path / "sr.dcm")
    assert isinstance(report, FoundReport)
    found, left_out = measurements_of(report, series, volume.geometry)
    assert not left_out
    for one, before in zip(found, (*SHAPES, *OTHERS), strict=True):
        np.testing.assert_allclose(one.points, before.points, atol=1e-3)
        assert (one.kind, one.normal, one.text) == (before.kind, before.normal, before.text)
    assert (found[0].text, found[4].text) == ("Lesion", "Läsion")
    values = {shape.text: (shape.value, shape.unit) for shape in report.shapes}
    assert values["Lesion"] == (pytest.approx(measured[0][1].length), "mm")
    assert "Lovelace" in str(dcmread(tmp_path / "sr.dcm"))


ON_PLANE_MM = {  # along the two directions of an oblique plane
    "length": ((0, 0), (5, 3)), "angle": ((0, 0), (5, 3), (1, 4)), "cobb": ((0, 0), (5, 0), (0, 3), (5, 4)),
    "ellipse": ((0, 0), (6, 3)), "rectangle": ((0, 0), (3, 5)), "polygon": ((0, 0), (5, 1), (4, 4)), "probe": ((1, 1),),
    "freehand": ((0, 0), (5, 1), (4, 4), (1, 3)), "arrow": ((0, 0), (2, 5)), "text": ((2, 2),),
    "profile": ((0, 0), (5, 3)), "box": ((4, 1), (0, 5)),
}  # fmt: skip


def on_an_oblique_plane(geometry) -> list[Measurement]:
    turn, _ = np.linalg.qr([[0.7, 0.4, -0.3], [0.2, 0.8, 0.5], [0.6, -0.3, 0.7]])
    spread = tuple(tuple(x) for x in (turn[:2] / geometry.spacing).tolist())
    first = tuple((np.array(geometry.size) / 3).tolist())
    plane = Measurement(0, "probe", (first,), 1, spread=spread)
    return [
        Measurement(n, kind, tuple(map(tuple, plane.lifted(flat).tolist())), 1, f"the {kind}", spread=spread)
        for n, (kind, flat) in enumerate(ON_PLANE_MM.items(), 1)
    ]


def test_measurements_on_an_oblique_plane_come_back_on_it(opened, tmp_path):
    series, volume, _ = opened
    oblique = on_an_oblique_plane(volume.geometry)
    measured = [(one, values_of(one, volume, series)) for one in oblique]
    assert write_report(tmp_path / "sr.dcm", measured, series, volume.geometry, "") == []
    assert errors_of(tmp_path / "sr.dcm") == []
    report = read_found(tmp_path / "sr.dcm")
    assert isinstance(report, FoundReport)
    found, left_out = measurements_of(report, series, volume.geometry)
    assert not left_out
    for (before, values), one in zip(measured, found, strict=True):
        assert (one.kind, one.normal, one.text) == (before.kind, before.normal, before.text)
        np.testing.assert_allclose(one.spread, before.spread, atol=1e-4)
        again = values_of(one, volume, series)
        for name in ("length", "angle", "area", "value", "mean"):
            said = getattr(values, name)
            assert getattr(again, name) == (None if said is None else pytest.approx(said, rel=1e-3)), (one.kind, name)
        ends = sorted(np.round(one.points, 3).tolist()), sorted(np.round(before.points, 3).tolist())
        if one.kind not in ("ellipse", "rectangle", "box"):  # which may begin in another corner
            np.testing.assert_allclose(*ends, atol=2e-3)


@pytest.mark.parametrize("part", ["a number more", "no number", "not perpendicular", "another plane"])
def test_a_report_that_lies_about_the_plane_gives_no_measurement_on_it(opened, tmp_path, part):
    series, volume, _ = opened
    oblique = [one for one in on_an_oblique_plane(volume.geometry) if one.kind == "polygon"]
    measured = [(one, values_of(one, volume, series)) for one in oblique]
    write_report(tmp_path / "sr.dcm", measured, series, volume.geometry, "")
    dataset = dcmread(tmp_path / "sr.dcm")
    for item in dataset.iterall():
        if item.keyword == "TextValue" and len(item.value.split()) == 7:
            numbers = item.value.split()
            lies = {
                "a number more": [*numbers, "1"],
                "no number": ["axial", *numbers[1:]],
                "not perpendicular": [*numbers[:4], *numbers[1:4]],
                "another plane": ["1", "1", "0", "0", "0", "1", "0"],
            }
            item.value = " ".join(lies[part])
    dataset.save_as(tmp_path / "sr.dcm")
    report = read_found(tmp_path / "sr.dcm")
    assert isinstance(report, FoundReport)
    found, left_out = measurements_of(report, series, volume.geometry)
    assert found == [] and "lie on no slice" in left_out[0]


def test_a_report_whose_oblique_measurement_moved_is_not_saved(opened, tmp_path, monkeypatch):
    series, volume, _ = opened
    length = on_an_oblique_plane(volume.geometry)[0]
    real = reports._plane
    monkeypatch.setattr(reports, "_plane", lambda one, geometry: real(replace(one, normal=0), geometry))
    with pytest.raises(SeriesError, match="does not hold length 1"):
        write_report(tmp_path / "sr.dcm", [(length, values_of(length, volume, series))], series, volume.geometry, "")
    assert not (tmp_path / "sr.dcm").exists()


def test_a_report_that_lies_about_a_kind_of_ours_gives_what_its_graphics_are(opened, tmp_path):
    series, volume, measured = opened
    write_report(tmp_path / "sr.dcm", measured[:2], series, volume.geometry, "")
    dataset = dcmread(tmp_path / "sr.dcm")
    for item in dataset.iterall():
        if item.keyword == "CodeValue" and item.value in ("length", "angle"):
            item.value = {"length": "cobb", "angle": "box"}[item.value]
    dataset.save_as(tmp_path / "sr.dcm")
    report = read_found(tmp_path / "sr.dcm")
    assert isinstance(report, FoundReport)
    assert [one.kind for one in measurements_of(report, series, volume.geometry)[0]] == ["length", "angle"]


def test_what_others_draw_has_no_kind_of_ours(opened, tmp_path):
    series, volume, measured = opened
    write_report(tmp_path / "sr.dcm", [measured[8], measured[11]], series, volume.geometry, "")
    dataset = dcmread(tmp_path / "sr.dcm")
    for item in dataset.iterall():
        if item.keyword == "CodingSchemeDesignator" and item.value == "99SLICEWISE":
            item.value = "99OTHER"
    dataset.save_as(tmp_path / "sr.dcm")
    report = read_found(tmp_path / "sr.dcm")
    assert isinstance(report, FoundReport)
    assert [one.kind for one in measurements_of(report, series, volume.geometry)[0]] == ["length"] * 3


@pytest.mark.filterwarnings("error")
def test_no_warning_quotes_the_patient(opened, tmp_path):
    series, volume, measured = opened
    for file in series.files:
        dataset = dcmread(file)
        dataset.PatientName = "CANARY"  # one component alone, of which highdicom warns
        dataset.save_as(file)
    write_report(tmp_path / "sr.dcm", measured, series, volume.geometry, "")


def test_a_box_that_a_model_found_names_its_algorithm(opened, tmp_path):
    """Its name, version, hash, device and score, and what a person did with it."""
    series, volume = opened[:2]
    origin = Origin(
        "peaks", "1.2.0", "CUDA", 3.25, "ab" * 32, "2026-01-02T03:04:05+00:00", (("modality", "It is CT."),)
    )
    at = ((1.5, 2.0, 3.0), (7.5, 8.0, 3.0))
    box = Measurement(1, "box", at, 2, "Nodule", found=Found(origin, 4, "Nodule", 0.87, at))
    moved = replace(box, number=2, points=((1.5, 2.0, 3.0), (9.0, 8.0, 3.0)))
    drawn = Measurement(3, "box", at, 2, "Mass")
    measured = [(one, values_of(one, volume, series)) for one in (box, moved, drawn)]
    write_report(tmp_path / "sr.dcm", measured, series, volume.geometry, "")
    assert not errors_of(tmp_path / "sr.dcm")
    said = []

    def walk(item):
        for child in item.get("ContentSequence") or []:
            code = child.ConceptNameCodeSequence[0].CodeValue
            if code in ("111001", "111003", "111002"):  # algorithm name, version, parameters
                said.append(str(child.TextValue))
            if code == "111012":
                value = child.MeasuredValueSequence[0]
                said.append((float(value.NumericValue), value.MeasurementUnitsCodeSequence[0].CodeValue))
            walk(child)

    walk(dcmread(tmp_path / "sr.dcm"))
    assert said.count("peaks") == said.count("1.2.0") == said.count((87.0, "%")) == 2  # not of what a person drew
    for words in ("sha256: " + "ab" * 32, "device: CUDA", "score: 0.8700", "overridden (modality): It is CT."):
        assert said.count(words) == 2
    assert said.count("accepted by a person as it was found") == said.count("accepted by a person, corrected") == 1
    back = measurements_of(read_found(tmp_path / "sr.dcm"), series, volume.geometry)[0]
    assert [one.found for one in back] == [box.found, moved.found, None]
    assert [one.corrected for one in back] == [False, True, False]


def test_a_report_that_lost_the_model_of_a_box_is_not_saved(opened, tmp_path, monkeypatch):
    series, volume = opened[:2]
    at = ((1.5, 2.0, 3.0), (7.5, 8.0, 3.0))
    box = Measurement(1, "box", at, 2, "Nodule", found=Found(Origin("peaks", "1.2.0"), 4, "Nodule", 0.87, at))
    monkeypatch.setattr(reports, "_algorithm", lambda *_: None)
    with pytest.raises(SeriesError, match="does not name the model that found box 1"):
        write_report(tmp_path / "sr.dcm", [(box, values_of(box, volume, series))], series, volume.geometry, "")
    assert not (tmp_path / "sr.dcm").exists()


def test_key_images_are_named_by_their_instances(opened, tmp_path):
    series, volume, _ = opened
    marked = frozenset({(2, 1), (2, 5), (0, 3)})
    said = write_key_images(tmp_path / "ko.dcm", marked, series, volume.geometry, "")
    assert "1 key images across" in said[0]
    assert errors_of(tmp_path / "ko.dcm") == []
    items = [x for x in dcmread(tmp_path / "ko.dcm").ContentSequence if x.ValueType == "IMAGE"]
    uids = {x.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for x in items}
    assert uids == {series.instance_uids[1], series.instance_uids[5]}
    with pytest.raises(SeriesError, match="No stored slice"):
        write_key_images(tmp_path / "none.dcm", frozenset({(0, 3)}), series, volume.geometry, "")


def test_a_presentation_state_has_the_window_and_what_was_drawn(opened, tmp_path):
    series, volume, measured = opened
    words = [(measurement, f"{measurement.number} mm") for measurement, _ in measured]
    window = WindowLevel(40.0, 400.0)
    said = write_presentation(tmp_path / "pr.dcm", words, series, volume.geometry, window, inverted=True)
    assert "5 measurements that lie on no stored slice" in said[0]
    assert errors_of(tmp_path / "pr.dcm") == []
    state = dcmread(tmp_path / "pr.dcm")
    voi = state.SoftcopyVOILUTSequence[0]
    assert (float(voi.WindowCenter), float(voi.WindowWidth)) == (40.0, 400.0)
    assert state.PresentationLUTShape == "INVERSE"
    first = state.GraphicAnnotationSequence[0]
    assert first.ReferencedImageSequence[0].ReferencedSOPInstanceUID == series.instance_uids[3]
    np.testing.assert_allclose(first.GraphicObjectSequence[0].GraphicData, [2.75, 4.0, 8.5, 8.25])
    assert first.TextObjectSequence[0].UnformattedTextValue == "1 mm"


def scaled(per_frame):
    """A change of an enhanced image that gives each of its frames a rescale of its own."""

    def change(dataset):
        for n, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            told = Dataset()
            told.RescaleSlope, told.RescaleIntercept, told.RescaleType = per_frame(n), -10, "US"
            frame.PixelValueTransformationSequence = [told]

    return change


@pytest.mark.parametrize("differ", [False, True])
def test_a_presentation_state_of_enhanced_frames_has_their_scale_or_says_why_not(differ, tmp_path):
    file = write_enhanced(tmp_path / "scan" / "one.dcm", "LPH")
    dataset = dcmread(file)
    scaled(lambda n: 2 + n % 2 if differ else 2)(dataset)
    dataset.FrameOfReferenceUID = SPACE
    dataset.save_as(file)
    (series,) = scan([tmp_path / "scan"]).series
    measured = [(SHAPES[0], "Lesion; 9 mm")]
    path, window = tmp_path / "pr.dcm", WindowLevel(100, 400)
    if differ:
        with pytest.raises(SeriesError, match="scaled to values in different ways"):
            write_presentation(path, measured, series, series.geometry, window, False)
        return
    write_presentation(path, measured, series, series.geometry, window, False)
    assert errors_of(path) == []
    state = dcmread(path)
    assert (state.RescaleSlope, state.RescaleIntercept) == (2, -10)
    (drawn,) = state.GraphicAnnotationSequence
    k = dataset.PerFrameFunctionalGroupsSequence[drawn.ReferencedImageSequence[0].ReferencedFrameNumber - 1]
    place = [float(x) for x in k.PlanePositionSequence[0].ImagePositionPatient]
    np.testing.assert_allclose(place, series.geometry.index_to_lps((0, 0, 3)), atol=1e-4)


def test_a_picture_becomes_a_capture_of_its_study(opened, tmp_path):
    series, _, _ = opened
    picture = np.random.default_rng(2).integers(0, 256, (30, 41, 3)).astype(np.uint8)
    write_capture(tmp_path / "sc.dcm", picture, series, 3)
    assert errors_of(tmp_path / "sc.dcm") == []
    (again,) = scan([tmp_path / "sc.dcm"]).series
    np.testing.assert_array_equal(read_series(again).voxels[0], picture)
    assert (again.study_uid, again.patient_id) == (series.study_uid, series.patient_id)


def test_json_has_points_in_the_patient_and_no_patient(opened, tmp_path):
    _, volume, measured = opened
    write_json(tmp_path / "m.json", measured, volume.geometry)
    text = (tmp_path / "m.json").read_text(encoding="utf-8")
    assert "CANARY" not in text and "Canary" not in text
    first = json.loads(text)["measurements"][0]
    np.testing.assert_allclose(first["points_lps_mm"], volume.geometry.index_to_lps(SHAPES[0].points))
    assert first["values"]["length"] == pytest.approx(measured[0][1].length)


def test_what_is_no_dicom_gets_a_sentence(opened, tmp_path):
    series, volume, measured = opened
    plain = replace(series, instance_uids=())
    with pytest.raises(SeriesError, match="name no DICOM images"):
        write_report(tmp_path / "sr.dcm", measured, plain, volume.geometry, "")
    assert not (tmp_path / "sr.dcm").exists()


def test_nothing_is_written_over_unless_asked(opened, tmp_path):
    series, volume, measured = opened
    (tmp_path / "sr.dcm").write_text("mine")
    with pytest.raises(FileExistsError):
        write_report(tmp_path / "sr.dcm", measured, series, volume.geometry, "")
    assert (tmp_path / "sr.dcm").read_text() == "mine"
