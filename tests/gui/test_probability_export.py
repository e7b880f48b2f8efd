"""A model's probabilities and uncertainty as DICOM objects, from the window, compared with a run of the model here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt

from inference.tasks import probabilities
from tests.labelled_series import placed
from tests.marked_patient import write_enhanced, write_slices
from tests.models import loaded
from viewer.core.volume import to_image
from viewer.gui import probability_export
from viewer.gui.probability_export import ProbabilityDialog

NAME = "AI/Export probabilities and uncertainty…"


def mr(dataset):
    dataset.Modality = "MR"


@pytest.fixture
def opened(start, tmp_path, qtbot):
    write_slices(tmp_path / "mr", "LPH", change=placed(mr))
    window = start()
    window.open_paths([tmp_path / "mr"])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    qtbot.waitUntil(window.commands.named[NAME].isEnabled)
    return window


def export(window, qtbot, monkeypatch, path: Path, kind: str, ticked: tuple[str, ...] = ()) -> None:
    told = []
    monkeypatch.setattr(window.probability_export, "_notify", told.append)
    monkeypatch.setattr(probability_export, "ask_where", lambda *_: (path, ""))
    window.commands.named[NAME].trigger()
    dialog = window.findChild(ProbabilityDialog)
    dialog.formats.setCurrentIndex(dialog.formats.findData(kind))
    for n in range(dialog.labels.count()):
        item = dialog.labels.item(n)
        item.setCheckState(Qt.CheckState.Checked if item.text() in ticked else Qt.CheckState.Unchecked)
    assert dialog.save.isEnabled()
    dialog.save.click()
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert told == [f"Saved, read back and compared: {path}"]


def expected(window, tmp_path):
    volume = window.session.volume
    return probabilities(to_image(volume.voxels, volume.geometry), loaded(tmp_path / "shipped" / "tiny"), [1, 2])


def test_probabilities_are_those_of_the_model_in_the_right_place(opened, qtbot, monkeypatch, tmp_path):
    path = tmp_path / "seg.dcm"
    export(opened, qtbot, monkeypatch, path, "fractions", ("Dim",))

    back, geometry = dcmread(path), opened.session.volume.geometry
    wanted = expected(opened, tmp_path).of_labels[1]
    assert (back.SegmentationType, back.SegmentationFractionalType) == ("FRACTIONAL", "PROBABILITY")
    (segment,) = back.SegmentSequence
    assert (segment.SegmentLabel, segment.SegmentAlgorithmType) == ("Dim", "AUTOMATIC")
    assert segment.SegmentationAlgorithmIdentificationSequence[0].AlgorithmName == "tiny"
    found = np.zeros_like(wanted)
    for frame, groups in zip(back.pixel_array, back.PerFrameFunctionalGroupsSequence, strict=True):
        k = geometry.lps_to_index(np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float))[2]
        found[round(float(k))] = frame
    assert np.ptp(wanted) > 10
    np.testing.assert_array_equal(found, wanted)


def test_uncertainty_is_a_map_of_the_entropy(opened, qtbot, monkeypatch, tmp_path):
    path = tmp_path / "map.dcm"
    export(opened, qtbot, monkeypatch, path, "entropy")

    back, geometry = dcmread(path), opened.session.volume.geometry
    wanted = expected(opened, tmp_path).entropy
    assert back.SeriesDescription == "Normalised predictive entropy, tiny 1.0.0"
    for frame, groups in zip(back.pixel_array, back.PerFrameFunctionalGroupsSequence, strict=True):
        k = geometry.lps_to_index(np.array(groups.PlanePositionSequence[0].ImagePositionPatient, float))[2]
        np.testing.assert_allclose(frame, wanted[round(float(k))] / 255, atol=1e-6)
    assert np.ptp(wanted) > 10


def test_frames_of_one_file_have_probabilities_too(start, qtbot, monkeypatch, tmp_path):
    (tmp_path / "mr").mkdir()
    write_enhanced(tmp_path / "mr" / "one.dcm", "LPH")
    dataset = dcmread(tmp_path / "mr" / "one.dcm")
    placed()(dataset)
    dataset.save_as(tmp_path / "mr" / "one.dcm")
    window = start()
    window.open_paths([tmp_path / "mr"])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    qtbot.waitUntil(window.commands.named[NAME].isEnabled)

    export(window, qtbot, monkeypatch, tmp_path / "seg.dcm", "fractions", ("Bright", "Dim"))

    assert [segment.SegmentLabel for segment in dcmread(tmp_path / "seg.dcm").SegmentSequence] == ["Bright", "Dim"]


def test_a_scan_without_dicom_says_why_it_has_none(start, scan_folder, qtbot):
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    action = window.commands.named[NAME]
    qtbot.waitUntil(lambda: "DICOM" in window.commands.why_not(action))
    assert not action.isEnabled()


def test_more_labels_than_can_be_written_at_once_are_not_begun(qtbot, opened):
    labels = probability_export.labels_of(opened.workflows.models.get("tiny").manifest)
    dialog = ProbabilityDialog("Tiny", labels, ("Bright", "Dim"), 1)
    qtbot.addWidget(dialog)
    assert dialog.names == ("Bright",) and dialog.save.isEnabled()
    dialog.labels.item(1).setCheckState(Qt.CheckState.Checked)
    assert not dialog.save.isEnabled() and "At most 1" in dialog.problem.text()
    for n in range(2):
        dialog.labels.item(n).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.save.isEnabled() and dialog.problem.text() == "Choose a label."
