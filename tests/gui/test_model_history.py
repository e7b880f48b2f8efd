"""The history of a model in its dialog: the tree, notes, what is in use, and a version as one file."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from inference.manifest import NETWORK_FILE, ParentModel, load_manifest, write_manifest
from tests.models import write_trainable_model
from viewer.gui.model_history import ModelHistory, difference_of_data


@pytest.fixture
def history(start, tmp_path, qtbot) -> ModelHistory:
    """A shipped version, one trained from it, and one trained from that."""
    window = start()
    models, before = window.workflows.models, "1.0.0"
    for n, version in enumerate(("1.0.1+a", "1.0.2+b")):
        folder = tmp_path / version
        manifest = write_trainable_model(folder, seed=n + 1, version=version)
        network = models.get("tiny", before).manifest.files[NETWORK_FILE]
        training = {
            "labelled_slices": 4 + 3 * n,
            "patients": 2 + n,
            "unlabelled_slices": 50,
            "held_out": {"held_out": ["x", "y"], "unit": "slices", "dice": 0.8 + 0.05 * n, "dice_of_current": 0.7},
        }
        parent = ParentModel(name="tiny", version=before, sha256=network)
        write_manifest(manifest.model_copy(update={"parent": parent, "training": training}), folder)
        models.install(folder)
        before = version
    dialog = ModelHistory(window.workflows, "tiny", window)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def choose(history: ModelHistory, *path: int) -> None:
    item = history.tree.topLevelItem(0)
    for n in path:
        assert item is not None
        item = item.child(n)
    assert item is not None
    history.tree.setCurrentItem(item)


def test_versions_hang_below_the_one_they_were_trained_from(history):
    assert history.tree.topLevelItemCount() == 1
    choose(history, 0, 0)
    assert history.version == "1.0.2+b"
    item = history.tree.currentItem()
    assert [item.text(n) for n in (2, 3, 4, 5)] == ["0.850", "+0.150", "7", "3"]
    told = history._about.text()
    assert "tiny 1.0.1+a" in told and "+3 annotated slices" in told and "+1 patients" in told
    assert "unlabelled" not in told, "as many as before"
    assert "not verified" in told


def test_a_click_uses_a_version_and_another_goes_back(history):
    models = history._workflows.models
    choose(history, 0)
    history.use.click()
    assert models.get("tiny").manifest.version == "1.0.1+a"
    assert not history.use.isEnabled() and history.tree.currentItem().text(0).startswith("●")
    history.roll_back.click()
    assert models.get("tiny").manifest.version == "1.0.0"
    assert not history.roll_back.isEnabled()


def test_a_note_is_kept(history, qtbot):
    choose(history, 0)
    history.note.setText("Better at the base")
    history.note.editingFinished.emit()
    assert history.tree.currentItem().text(6) == "Better at the base"
    choose(history)
    assert history.note.text() == ""
    choose(history, 0)
    assert history.note.text() == "Better at the base"
    history.note.setText("Typed as it closes")
    history.close()
    assert history._workflows.models.note("tiny", "1.0.1+a") == "Typed as it closes"


def test_a_version_leaves_and_comes_back_as_one_file(history, tmp_path, qtbot, monkeypatch):
    file = tmp_path / "away.slicewise-model"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(file), ""))
    choose(history, 0, 0)
    history.export.click()
    qtbot.waitUntil(lambda: "1.0.2+b" in history._done.text())
    installed = history._workflows.models.get("tiny", "1.0.2+b").folder
    kept = load_manifest(installed)
    for part in installed.iterdir():
        part.unlink()
    installed.rmdir()
    history.refresh()

    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(file), ""))
    history.bring.click()
    qtbot.waitUntil(lambda: "not in use" in history._done.text())
    assert history._workflows.models.get("tiny", "1.0.2+b").manifest == kept


def test_a_changed_file_is_told_and_nothing_is_added(history, tmp_path, qtbot, monkeypatch):
    file = tmp_path / "torn.slicewise-model"
    Path(file).write_bytes(b"PK\x03\x04 torn")
    messages: list[str] = []
    history._workflows.on_failure(messages.append)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(file), ""))
    history.bring.click()
    qtbot.waitUntil(lambda: bool(messages))
    assert "not a whole model file" in messages[0]
    assert len(history._records()) == 3


def test_a_version_whose_parent_is_not_here_stands_by_itself(history):
    folder = history._workflows.models.get("tiny", "1.0.1+a").folder
    for part in folder.iterdir():
        part.unlink()
    folder.rmdir()
    history.refresh()
    assert history.tree.topLevelItemCount() == 2


def test_less_training_data_is_told_as_less():
    assert difference_of_data({"labelled_slices": 3, "patients": 1}, {"labelled_slices": 5, "patients": 1}) == [
        "-2 annotated slices"
    ]


def test_a_parent_that_does_not_tell_what_it_learnt_from_is_not_compared():
    assert difference_of_data({"labelled_slices": 3}, {}) == []


def test_a_closed_history_hears_nothing_more(history, monkeypatch):
    heard = []
    monkeypatch.setattr(history.tree, "clear", lambda: heard.append("refreshed"))
    before = len(history._workflows._model_listeners)
    history.close()
    assert len(history._workflows._model_listeners) == before - 1
    history._workflows.use_version("tiny", "1.0.1+a")
    assert not heard
