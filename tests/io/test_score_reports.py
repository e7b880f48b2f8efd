"""Scores of a classifier as DICOM report, JSON and table, heat maps as parametric maps: with the model, or none."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from tests.labelled_series import errors_of, source_series
from viewer.core.findings import SERIES, Finding, Place
from viewer.core.geometry import Geometry
from viewer.core.origin import Origin
from viewer.core.score_set import GivenAnswer, HeatSet, heat_facts, score_set
from viewer.core.scores import Occluded, Scored, Scores
from viewer.core.study import SeriesError
from viewer.core.volume import Volume
from viewer.io import score_groups
from viewer.io.label_export import save_heat, save_scores
from viewer.io.label_process import save_in_process
from viewer.io.reports import write_report
from viewer.model_runs import heat_on_grid

ORIGIN = Origin("scorer", "2.0.0", "CUDA", 1.5, "cd" * 32, "2026-01-02T03:04:05+00:00", (("values", "Odd."),), ("N.",))
BLOOD = ("50960005", "SCT", "Hemorrhage")


@pytest.fixture
def series(tmp_path):
    return source_series("sagittal, tilted", tmp_path / "scan")


@pytest.fixture
def told(series):
    k = series.geometry.shape[0]
    slices = np.linspace(0.125, 0.875, 2 * k, dtype=np.float32).reshape(k, 2)
    classes = Scored("Blood", float(slices[:, 0].max()), 0.5, BLOOD), Scored("Motion", 0.875, 0.9)
    scores = Scores(classes, 2, slices, None, "max", (), ORIGIN)
    asked = Finding(1, "Blood", "series", BLOOD), Finding(2, "Blood")
    given = (
        GivenAnswer(asked[0], SERIES, True, scores.told_of(0, SERIES)),
        GivenAnswer(asked[1], Place("slice", 2, 1), True),
        GivenAnswer(Finding(3, "Normal"), SERIES, True),  # which is none of the model's classes
    )
    return score_set(series, series.geometry, scores, given, "Ada")


def groups_in(file):
    """(name, {concept: [value]}, parameters, images) of each group, as pydicom alone reads it."""
    found = []

    def walk(item):
        for child in item.get("ContentSequence") or ():
            if child.get("ConceptNameCodeSequence") and child.ConceptNameCodeSequence[0].CodeValue == "125007":
                parts, values, texts, images = child.ContentSequence, {}, [], []
                for one in parts:
                    code = one.ConceptNameCodeSequence[0].CodeValue if one.get("ConceptNameCodeSequence") else ""
                    if one.ValueType == "NUM":
                        values.setdefault(code, []).append(float(one.MeasuredValueSequence[0].NumericValue))
                        images += [
                            x.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for x in one.get("ContentSequence", ())
                        ]
                    elif one.ValueType == "CODE":
                        values.setdefault(code, []).append(one.ConceptCodeSequence[0].CodeMeaning)
                    elif one.ValueType == "TEXT":
                        texts.append(str(one.TextValue))
                    elif one.ValueType == "IMAGE":
                        images.append(one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
                found.append((texts[0], values, texts, images))
            else:
                walk(child)

    walk(dcmread(file))
    return found


def test_a_report_holds_each_class_with_its_model_and_each_answer_with_whom_it_is_from(told, tmp_path):
    save_scores(told, tmp_path / "sr.dcm", "report")
    assert errors_of(tmp_path / "sr.dcm") == []
    blood, motion, judged, own = groups_in(tmp_path / "sr.dcm")
    slices = told.scores.slices
    assert blood[0] == "Blood" and blood[1]["111012"] == pytest.approx(
        [100 * x for x in (slices[:, 0].max(), *slices[:, 0])]
    )
    assert blood[1]["THRESHOLD"] == [50] and blood[1]["FOUND"] == ["Yes"] and motion[1]["FOUND"] == ["No"]
    assert blood[3] == list(told.series.instance_uids), "each slice's probability belongs to its image"
    for words in ("scorer", "2.0.0", "sha256: " + "cd" * 32, "device: CUDA", "overridden (values): Odd.", "note: N."):
        assert words in blood[2] and words in motion[2] and words in judged[2] and words not in own[2]
    assert "made: 2026-01-02T03:04:05+00:00" in judged[2] and "accepted by a person" in judged[2]
    assert judged[1]["ANSWER"] == own[1]["ANSWER"] == ["Yes"] and "111012" not in own[1]
    assert own[0] == "Blood, slice 2" and own[3] == [told.series.instance_uids[1]]
    assert "Ada" in str(dcmread(tmp_path / "sr.dcm"))


def test_measurements_reports_hold_the_answers_too(told, tmp_path):
    series, answers = told.series, tuple(told.answers.values())
    write_report(tmp_path / "sr.dcm", [], series, series.geometry, "", answers=answers)
    assert errors_of(tmp_path / "sr.dcm") == []
    judged, own = groups_in(tmp_path / "sr.dcm")
    assert "scorer" in judged[2] and "scorer" not in own[2]


@pytest.mark.parametrize("lost", ["origin", "percents", "said", "image"])
def test_a_report_that_lost_something_is_not_saved(told, tmp_path, monkeypatch, lost):
    nothing = {"origin": None, "percents": (), "said": (), "image": None}[lost]
    real = score_groups.ScoreGroup.written
    monkeypatch.setattr(score_groups.ScoreGroup, "written", lambda group: real(replace(group, **{lost: nothing})))
    with pytest.raises(SeriesError, match="does not hold"):
        save_scores(told, tmp_path / "sr.dcm", "report")
    assert not (tmp_path / "sr.dcm").exists()


def test_a_table_and_json_hold_the_same(told, tmp_path):
    save_scores(told, tmp_path / "a.csv", "table")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (1 + len(told.scores.slices)) and {row["model_hash"] for row in rows} == {"cd" * 6}
    given = [(row["class"], row["slice"], row["answer"], row["answer_by"]) for row in rows if row["answer"]]
    asked = "person, judging scorer 2.0.0 (overridden: values)"
    assert given == [("Blood", "", "yes", asked), ("Blood", "2", "yes", "person")]
    save_scores(told, tmp_path / "a.json", "json")
    content = json.loads((tmp_path / "a.json").read_text())
    assert content["model"]["sha256"] == "cd" * 32 and content["classes"][0]["threshold"] == 0.5
    assert content["classes"][0]["slices"] == told.scores.slices[:, 0].tolist()
    assert "Ada" not in json.dumps(content)


def test_a_map_lies_where_the_model_looked_and_names_it(told, tmp_path):
    """A coarse grid, turned: a bright voxel of it comes out at its place in the patient."""
    geometry = told.geometry
    coarse = np.zeros((2, 3, 4), np.float32)
    coarse[1, 2, 0] = 0.5
    spacing = tuple(np.array(geometry.spacing) * geometry.size / np.array([4, 3, 2]))
    origin = geometry.index_to_lps((np.array(geometry.size) / np.array([4, 3, 2]) - 1) / 2)
    heat = Volume(coarse, Geometry((4, 3, 2), spacing, origin, geometry.direction))
    occluded = Occluded(0, 3, heat, (8.0, 9.0), -0.5, 0.1, None)
    scores = replace(told.scores, occluded=(occluded,))
    voxels = heat_on_grid(heat, geometry)
    k, j, i = np.unravel_index(voxels.argmax(), voxels.shape)
    back = heat.geometry.lps_to_index(geometry.index_to_lps((i, j, k)))
    assert np.abs(back - (0, 2, 1)).max() <= 0.5 and voxels.max() == pytest.approx(0.5, abs=0.2)
    found = HeatSet(told.series, geometry, voxels, "occlusion", heat_facts(scores, 0, "occlusion"))
    save_in_process(found, tmp_path / "map.dcm", "occlusion")
    assert errors_of(tmp_path / "map.dcm") == []
    written = dcmread(tmp_path / "map.dcm")
    model = written.ContributingEquipmentSequence[-1]
    assert (model.ManufacturerModelName, model.SoftwareVersions) == ("scorer", "2.0.0 (overridden: values)")
    for fact in ("SHA-256: cdcdcdcdcdcd", "Device: CUDA", "Class: Blood", "Slice: k 4", "Window: 8.0 x 9.0 mm"):
        assert fact in model.ContributionDescription
    assert np.isclose(np.frombuffer(written.FloatPixelData, "<f4").max(), voxels.max())
    with pytest.raises(SeriesError, match="exists already"):
        save_heat(found, tmp_path / "map.dcm")
