"""A model of others is added in the window: what its file tells stands there, the rest is asked for."""

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from tests.gui.conftest import BRIGHT
from tests.inference.test_brought_models import write_folds, write_model
from tests.inference.test_classify import write_scorer
from viewer.gui.bring_dialog import BringDialog
from viewer.gui.bring_fields import Choice, IntensityRule, LabelNames, Spacing, Words


def write_network(folder: Path, **options) -> Path:
    """Label 1 where the image, scaled to 0..1, is above a half."""
    write_model(folder, [0, 10], [0, -5], activation="softmax", **options)
    (folder / "manifest.json").unlink()
    return folder / "model.onnx"


def dialog_of(window) -> BringDialog:
    return next(one for one in window.findChildren(BringDialog) if one.isVisible())


def drop(window, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    actions, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(100, 100), actions, mime, button, keys))


def looked(window, qtbot, path: Path) -> BringDialog:
    drop(window, path)
    dialog = dialog_of(window)
    qtbot.waitUntil(lambda: bool(dialog.fields or dialog.problem.text()), timeout=20_000)
    return dialog


def say(dialog: BringDialog, **answers) -> None:
    for name, answer in answers.items():
        field = dialog.fields[name]
        if isinstance(field, Words):
            field.line.setText(answer)
        elif isinstance(field, Choice | Spacing | IntensityRule):
            field.box.setCurrentIndex(field.box.findData(answer))
        else:
            assert isinstance(field, LabelNames)
            QGuiApplication.clipboard().setText(answer)
            field.table.setCurrentCell(0, 0)
            field.table.setFocus()
            QTest.keyClick(field.table, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)


ANSWERS = {
    "title": "Bright things",
    "modalities": "MR",
    "body_part": "HEAD",
    "labels": "Bright",
    "axes": "KJI",
    "spacing_mm": "own",
    "intensity": "percentile",
    "licence_code": "MIT",
}


def test_from_a_dropped_file_to_the_overlay(opened, qtbot, tmp_path):
    window = opened
    dialog = looked(window, qtbot, write_network(tmp_path / "theirs"))
    assert "licence" in dialog.problem.text().lower() and not dialog.add.isEnabled()

    say(dialog, **ANSWERS)
    assert dialog.problem.text().endswith(dialog.fields["licence_weights"].title) and not dialog.add.isEnabled()
    say(dialog, licence_weights="unknown")

    assert dialog.problem.text() == "" and dialog.add.isEnabled()
    dialog.add.click()
    panel = window.model_panel
    qtbot.waitUntil(lambda: panel.model_name == "bright-things", timeout=20_000)
    assert "unverified" in panel.versions.item(0).text() and "nobody has measured" in panel._about.text()
    panel.start()
    qtbot.waitUntil(lambda: window.session.proposal is not None, timeout=20_000)
    proposed = window.session.proposal.voxels
    inside = np.zeros(proposed.shape, bool)
    inside[BRIGHT] = True
    np.testing.assert_array_equal(proposed == 1, inside)


def test_folds_are_told_to_be_one_model(opened, qtbot, tmp_path):
    opened._add_model(write_folds(tmp_path / "Trainer__plans__2d", [[0, 4], [0, -1]]))
    dialog = dialog_of(opened)
    qtbot.waitUntil(lambda: bool(dialog.fields), timeout=20_000)

    words = [label.text() for label in dialog.findChildren(QLabel)]
    assert any("2 folds become one model" in text for text in words)
    assert not dialog._networks.isVisible()


def test_what_files_tell_is_not_asked_for(opened, qtbot, tmp_path):
    path = write_network(tmp_path / "theirs", sizes=(16, 16, 16))
    plans = {
        "configurations": {"3d_fullres": {"patch_size": [16, 16, 16], "spacing": [2, 1, 1]}},
        "transpose_forward": [2, 0, 1],
    }
    dataset = {"channel_names": {"0": "MRI"}, "labels": {"background": 0, "Bright": 1}}
    (path.parent / "plans.json").write_text(json.dumps(plans))
    (path.parent / "dataset.json").write_text(json.dumps(dataset))

    dialog = looked(opened, qtbot, path)

    unsaid = {name for name, (label, _, _) in dialog._sources.items() if label.text() == "please say"}
    assert unsaid == {"title", "body_part", "licence_code", "licence_weights"}
    assert dialog._sources["axes"][0].text() == "from plans.json" and dialog.fields["axes"].value() == "IKJ"
    assert dialog._sources["labels"][0].text() == "from dataset.json"


def test_what_cannot_be_used_is_refused_in_one_sentence(opened, qtbot, tmp_path):
    (tmp_path / "wrong.onnx").write_bytes(b"wrong")

    dialog = looked(opened, qtbot, tmp_path / "wrong.onnx")

    assert dialog.problem.text() == "wrong.onnx is not an ONNX file" and not dialog.add.isEnabled()


def test_a_dialog_that_is_left_leaves_nothing(opened, qtbot, tmp_path, monkeypatch):
    (tmp_path / "copies").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "copies"))
    path = write_network(tmp_path / "theirs")

    looked(opened, qtbot, path).reject()  # what was looked into
    drop(opened, path)
    dialog_of(opened).reject()  # and what was being looked into
    qtbot.waitUntil(lambda: opened.workflows.jobs.idle, timeout=20_000)

    assert not list((tmp_path / "copies").iterdir())


def test_another_activation_has_another_number_of_labels(opened, qtbot, tmp_path):
    dialog = looked(opened, qtbot, write_network(tmp_path / "theirs"))
    labels = dialog.fields["labels"]
    assert isinstance(labels, LabelNames) and labels.table.rowCount() == 1

    say(dialog, activation="sigmoid")

    assert labels.table.rowCount() == 2


@pytest.mark.parametrize("width", [560, 720])
def test_nothing_is_cut_at_the_side(opened, qtbot, tmp_path, width):
    dialog = looked(opened, qtbot, write_network(tmp_path / "theirs"))
    say(dialog, intensity="fixed", spacing_mm="all")
    dialog.resize(width, 560)
    qtbot.wait(50)

    for field in dialog.fields.values():
        right = field.mapTo(dialog, QPoint(field.width(), 0)).x()
        assert field.width() >= field.minimumSizeHint().width() and right <= dialog.width()


def test_a_model_of_any_task_comes_with_a_manifest_of_its_own(opened, qtbot, tmp_path):
    window, folder = opened, write_scorer(tmp_path / "theirs")
    window.model_panel.add_model(folder)
    dialog = dialog_of(window)
    qtbot.waitUntil(dialog.add.isEnabled, timeout=5000)
    told = [label.text() for label in dialog._asked.findChildren(QLabel)]
    assert any("for classification" in text and "Bright, Dark" in text for text in told)
    dialog.add.click()
    qtbot.waitUntil(lambda: window.model_panel.model_name == "scorer", timeout=5000)

    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"0")
    window.model_panel.add_model(folder)
    dialog = dialog_of(window)
    qtbot.waitUntil(lambda: "was changed after the model was made" in dialog.problem.text(), timeout=5000)
    assert not dialog.add.isEnabled()
    dialog.reject()
