"""Which model made which label is in the file of annotations, in segmentations, reports and parametric maps."""

import json
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread

from tests.labelled_series import LABELS, errors_of, label_voxels, labelled, source_series
from viewer.core.history import Edit
from viewer.core.label_set import Making, label_set
from viewer.core.origin import Accepted, Origin
from viewer.core.session import State
from viewer.core.study import SeriesError
from viewer.io import reports, segmentation_objects
from viewer.io.annotation_store import AnnotationStore
from viewer.io.reports import write_report
from viewer.io.segmentation_objects import write_parametric_map, write_segmentation

ORIGIN = Origin(
    "liver-ct", "2.1.0", "CUDA", 3.5, "ab" * 32, "2026-01-02T03:04:05+00:00", (("values", "They are odd."),), ("Note.",)
)
ACCEPTED = (Accepted(ORIGIN, (2, 5), 0.7, "Ada", "2026-01-02T04:00:00+00:00"),)


@pytest.fixture
def series(tmp_path):
    return source_series("axial", tmp_path / "scan")


@pytest.fixture
def of_a_model(series):
    voxels = label_voxels(series.geometry.shape)
    machine = np.where(voxels == 9, 0, voxels)
    return label_set(
        series,
        series.geometry,
        voxels,
        machine,
        LABELS,
        ORIGIN.source,
        [one.value for one in LABELS],
        accepted=ACCEPTED,
    )


def test_who_made_which_label_survives_closing_and_is_undone(tmp_path, phantom):
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    edit = Edit("Accept", source=("", ORIGIN.source), accepted=((), ACCEPTED))
    store.append("a", phantom.geometry, edit, state=State(source=ORIGIN.source, accepted=ACCEPTED))
    store.close()
    again = AnnotationStore(tmp_path / "annotations.sqlite")
    back = again.load("a", phantom.geometry)
    assert back.accepted == ACCEPTED
    assert back.history.undo().accepted == (ACCEPTED, ())
    again.close()


def test_a_file_of_before_is_still_read(tmp_path, phantom):
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    store.append("a", phantom.geometry, None, state=State(source="old 1.0.0"))
    store.close()
    with sqlite3.connect(tmp_path / "annotations.sqlite") as database:
        (state,) = database.execute("select state from annotated").fetchone()
        rest = {name: value for name, value in json.loads(state).items() if name != "accepted"}
        database.execute("update annotated set state = ?", (json.dumps(rest),))
    again = AnnotationStore(tmp_path / "annotations.sqlite")
    back = again.load("a", phantom.geometry)
    assert back.source == "old 1.0.0" and back.accepted == ()
    again.close()


def test_a_segmentation_names_model_hash_device_and_time(of_a_model, tmp_path):
    write_segmentation(of_a_model, tmp_path / "seg.dcm")
    assert errors_of(tmp_path / "seg.dcm") == []
    for item in dcmread(tmp_path / "seg.dcm").SegmentSequence:
        if item.SegmentLabel == LABELS[2].name:
            assert item.SegmentAlgorithmType == "MANUAL"
            continue
        assert item.SegmentAlgorithmName == "liver-ct"
        (told,) = item.SegmentationAlgorithmIdentificationSequence
        assert told.AlgorithmName == "liver-ct" and told.AlgorithmVersion == "2.1.0 (overridden: values)"
        for fact in (
            "SHA-256=abababababab",
            "Device=CUDA",
            "Made=2026-01-02T03:04:05",
            "They are odd.",
            "Threshold=0.70",
        ):
            assert fact in told.AlgorithmParameters
        assert "Ada" not in told.AlgorithmParameters


def test_a_segmentation_without_them_is_not_called_saved(of_a_model, tmp_path, monkeypatch):
    real = segmentation_objects._description

    def careless(label, number, made):
        return real(label, number, replace(made, facts=()))

    monkeypatch.setattr(segmentation_objects, "_description", careless)
    with pytest.raises(SeriesError, match="without the model"):
        write_segmentation(of_a_model, tmp_path / "seg.dcm")
    assert not (tmp_path / "seg.dcm").exists()


def test_a_report_names_the_model_of_each_label_that_one_made(of_a_model, tmp_path):
    series = of_a_model.series
    write_report(tmp_path / "sr.dcm", [], series, of_a_model.geometry, "", labels=of_a_model)
    assert errors_of(tmp_path / "sr.dcm") == []
    text = "\n".join(_texts(dcmread(tmp_path / "sr.dcm")))
    for fact in (LABELS[0].name, "liver-ct", "SHA-256: abababababab", "Device: CUDA", "Overridden: They are odd."):
        assert fact in text
    assert LABELS[2].name not in text  # a person drew it
    ml = of_a_model.counts[2] * series.geometry.voxel_volume_ml
    assert any(abs(number - ml) < 1e-6 * ml for number in _numbers(dcmread(tmp_path / "sr.dcm")))


def _texts(item):
    yield str(item.get("TextValue", ""))
    for child in item.get("ContentSequence") or ():
        yield from _texts(child)


def _numbers(item):
    for child in item.get("ContentSequence") or ():
        for measured in child.get("MeasuredValueSequence") or ():
            yield float(measured.NumericValue)
        yield from _numbers(child)


def test_a_report_without_them_is_not_called_saved(of_a_model, tmp_path, monkeypatch):
    real, asked = reports._parameters, []

    def forgetful(made):
        asked.append(made)
        return real(made) if len(asked) > 2 else []

    monkeypatch.setattr(reports, "_parameters", forgetful)
    with pytest.raises(SeriesError, match="does not name the model"):
        write_report(tmp_path / "sr.dcm", [], of_a_model.series, of_a_model.geometry, "", labels=of_a_model)
    assert not (tmp_path / "sr.dcm").exists()


def test_a_parametric_map_names_them_and_without_them_is_not_called_saved(series, tmp_path, monkeypatch):
    values = np.zeros(series.geometry.shape, np.float32)
    entropy, unit = ("ENTROPY", "99SLICEWISE", "Entropy"), ("1", "UCUM", "no units")
    made = Making("AUTOMATIC", "liver-ct", "2.1.0", tuple(ORIGIN.facts().items()))
    write_parametric_map(series, series.geometry, values, entropy, unit, tmp_path / "map.dcm", made=made)
    assert errors_of(tmp_path / "map.dcm") == []
    model = dcmread(tmp_path / "map.dcm").ContributingEquipmentSequence[-1]
    assert (model.ManufacturerModelName, model.SoftwareVersions) == ("liver-ct", "2.1.0")
    for fact in ("SHA-256: abababababab", "Device: CUDA", "Made: 2026-01-02T03:04:05", "They are odd."):
        assert fact in model.ContributionDescription
    real = segmentation_objects._equipment
    monkeypatch.setattr(segmentation_objects, "_equipment", lambda made: real(replace(made, facts=())))
    with pytest.raises(SeriesError, match="without the model"):
        write_parametric_map(series, series.geometry, values, entropy, unit, tmp_path / "other.dcm", made=made)


def test_labels_that_a_person_drew_alone_name_no_model(series, tmp_path):
    write_segmentation(labelled(series), tmp_path / "seg.dcm")
    segments = dcmread(tmp_path / "seg.dcm").SegmentSequence
    assert {item.SegmentAlgorithmType for item in segments} == {"MANUAL"}
