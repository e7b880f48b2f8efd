"""Answers and boxes as training data: what is written is read by others, and tells nobody who the patient is."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from viewer.core.findings import SERIES, STUDY, AnswerChange, Place
from viewer.core.history import Edit, MeasurementChange
from viewer.core.labels import Label
from viewer.core.measuring import Measurement
from viewer.core.session import State
from viewer.core.study import GeometryVerdict, Series, SeriesError
from viewer.io import finding_table
from viewer.io.annotation_store import AnnotationStore
from viewer.io.finding_table import gather, write_json, write_table

CODE = ("36118008", "SCT", "Pneumothorax")
TILTED = (0.96, 0.28, 0.0, 0.28, -0.96, 0.0, 0.0, 0.0, 1.0)  # left-handed


def series(uid, study, patient) -> Series:
    return Series(
        uid,
        study,
        patient,
        "Doe^Jane",
        "CT",
        "Jane's scan",
        tuple(Path(f"/scans/doe-{k}.dcm") for k in range(5)),
        GeometryVerdict("regular", ""),
        size=(8, 6, 5),
        spacing_mm=(0.5, 2.0, 3.0),
        direction=TILTED,
        origins=((10.0, -20.0, 30.0),),
        calibration="PixelSpacing",
    )


LISTED = (series("1.1", "1", "p"), series("1.2", "1", "p"), series("2.1", "2", "q"))


def answer(finding, place, yes) -> Edit:
    return Edit("Answer", answers=(AnswerChange(finding, place, None, yes),))


@pytest.fixture
def store(tmp_path):
    opened = AnnotationStore(tmp_path / "annotations.sqlite")
    opened.list_finding("Pneumothorax", "slice", CODE)
    opened.list_finding('气胸, "left"', "series")
    opened.list_finding("Normal", "study")
    grid = LISTED[0].geometry
    opened.append("1.1", grid, answer(1, Place("slice", 2, 3), True), study_uid="1")
    opened.append("1.2", grid, answer(1, Place("slice", 0, 7), False), study_uid="1")
    opened.append("1.2", grid, answer(2, SERIES, True), study_uid="1")
    opened.append("1.2", grid, answer(3, STUDY, False), study_uid="1")
    opened.append("2.1", grid, answer(3, STUDY, True), study_uid="2")
    box = Measurement(1, "box", ((5.5, 4.0, 3.0), (1.5, 0.5, 3.0)), 2, "Nodule")
    oblique = Measurement(2, "box", ((1, 1, 1), (2, 2, 2)), 2, "Nodule", None, ((1.0, 0.0, 0.5), (0.0, 1.0, 0.0)))
    drawn = Edit("Draw", measurements=(MeasurementChange(None, box), MeasurementChange(None, oblique)))
    opened.append("2.1", grid, drawn, state=State((Label(1, "Nodule", (1, 2, 3), ("27925004", "SCT", "Nodule")),)))
    yield opened
    opened.close()


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_a_row_for_each_answer_and_no_patient(store, tmp_path):
    path = tmp_path / "findings.csv"
    write_table(path, gather(store, LISTED))
    rows = table(path)
    short = [(r["level"], r["study"], r["series"], r["slice_axis"], r["slice"], r["answer"]) for r in rows]
    assert sorted(short) == [
        ("series", "1", "1.2", "", "", "yes"),
        ("slice", "1", "1.1", "k", "4", "yes"),
        ("slice", "1", "1.2", "i", "8", "no"),
        ("study", "1", "", "", "", "no"),
        ("study", "2", "", "", "", "yes"),
    ]
    patients = {r["study"]: set() for r in rows}
    for row in rows:
        patients[row["study"]].add(row["patient"])
    assert sorted(map(sorted, patients.values())) == [["1"], ["2"]], "so that a split keeps patients apart"
    (coded,) = [r for r in rows if r["series"] == "1.1"]
    assert (coded["code_value"], coded["code_scheme"], coded["code_meaning"]) == CODE
    assert '气胸, "left"' in {r["finding"] for r in rows}
    text = path.read_text(encoding="utf-8-sig").lower()
    assert "doe" not in text and "jane" not in text


def test_names_of_files_are_written_only_where_they_are_asked_for(store, tmp_path):
    write_table(tmp_path / "a.csv", gather(store, LISTED), with_files=True)
    files = {(r["series"], r["level"]): r["file"] for r in table(tmp_path / "a.csv")}
    assert files[("1.1", "slice")] == "doe-3.dcm" and files[("1.2", "slice")] == "" and files[("1.2", "series")] == ""
    write_json(tmp_path / "a.json", gather(store, LISTED))
    assert "doe" not in (tmp_path / "a.json").read_text(encoding="utf-8").lower()


def test_boxes_have_their_corners_as_indices_and_in_mm(store, tmp_path):
    path = tmp_path / "findings.json"
    labels = gather(store, LISTED)
    write_json(path, labels)
    content = json.loads(path.read_text(encoding="utf-8"))
    (box,) = content["boxes"]
    assert labels.left_out == 1, "an oblique one is on no slice"
    assert (box["label"], box["series"], box["slice_axis"], box["slice"]) == ("Nodule", "2.1", "k", 4)
    assert box["code"] == {"value": "27925004", "scheme": "SCT", "meaning": "Nodule"}
    assert box["corners_ijk"] == [[1.5, 0.5, 3.0], [5.5, 4.0, 3.0]]
    assert box["size_mm"] == [4 * 0.5, 3.5 * 2.0]
    # by hand: origin + i 0.5 (0.96, 0.28, 0) + j 2 (0.28, -0.96, 0) + k 3 (0, 0, 1)
    np.testing.assert_allclose(box["corners_lps_mm"][0], [10 + 0.72 + 0.28, -20 + 0.21 - 0.96, 39.0])
    assert len(content["answers"]) == 5 and content["findings"][0]["code"]["value"] == "36118008"


def test_without_the_listed_series_only_what_is_known_is_told(store):
    labels = gather(store, ())
    assert labels.boxes[0].size_mm is None and labels.boxes[0].corners_lps_mm is None
    assert {one.source.file for one in labels.answers} == {""}


def test_what_nobody_answered_and_what_is_off_the_list_is_not_written(store, tmp_path):
    store.unlist_finding(3)
    assert {one.finding.number for one in gather(store, LISTED).answers} == {1, 2}


@pytest.mark.parametrize("write", [write_table, write_json])
def test_a_file_that_is_not_what_was_answered_is_not_saved(store, tmp_path, monkeypatch, write):
    path = tmp_path / "kept"
    path.write_text("before")
    labels = gather(store, LISTED)
    right = Path.write_text
    monkeypatch.setattr(Path, "write_text", lambda self, text, **how: right(self, text.replace("yes", "no"), **how))
    with pytest.raises(SeriesError, match="not saved"):
        write(path, labels)
    assert path.read_text() == "before" and finding_table.COLUMNS[0] == "level"
