"""Labels as files, by the dialog, in the window."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import dcmread
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.labelled_series import placed
from tests.marked_patient import write_slices
from viewer import workflows
from viewer.gui.label_export import LabelExportDialog
from viewer.io import files, segmentation_objects
from viewer.io.label_export import save_labels

NAME = "File/Export labels…"


@pytest.fixture
def ct(start, tmp_path, qtbot):
    """The window with a CT of DICOM slices open, and a block of each of the first two labels."""
    write_slices(tmp_path / "ct", "LPH", change=placed())
    window = start()
    window.open_paths([tmp_path / "ct"])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    draw(window)
    return window


def draw(window) -> None:
    shape = window.session.label_map.voxels.shape
    for value, box in ((1, np.s_[2:6, 3:9, 4:8]), (2, np.s_[7:9, 1:4, 1:9])):
        mask = np.zeros(shape, dtype=bool)
        mask[box] = True
        window.session.choose_label(value)
        window.session.draw("Block", tuple(slice(0, n) for n in shape), mask)


def ask(window, qtbot) -> LabelExportDialog:
    action = window.commands.named[NAME]
    qtbot.waitUntil(action.isEnabled)
    action.trigger()
    return window.findChild(LabelExportDialog)


def choose(dialog, kind: str) -> None:
    dialog.formats.setCurrentIndex(dialog.formats.findData(kind))


def save(dialog, path, monkeypatch, qtbot) -> None:
    monkeypatch.setattr(dialog, "_ask_path", lambda proposed, kinds: path)
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)


def told(window, qtbot, monkeypatch) -> list[str]:
    """What the window says from now on."""
    sentences: list[str] = []
    monkeypatch.setattr(window.label_export, "_notify", sentences.append)
    window.workflows.on_failure(sentences.append)
    return sentences


def test_nothing_is_exported_before_something_is_labelled(opened, qtbot):
    action = opened.commands.named[NAME]
    assert not action.isEnabled()
    assert opened.commands.why_not(action) == "Nothing is labelled yet"
    draw(opened)
    qtbot.waitUntil(action.isEnabled)


def test_a_segmentation_is_saved_and_the_window_says_what_agrees(ct, tmp_path, monkeypatch, qtbot):
    said, dialog = told(ct, qtbot, monkeypatch), ask(ct, qtbot)
    assert dialog.format == "seg" and dialog.save.isEnabled()
    assert "the patient's name" in dialog.about.text()
    save(dialog, tmp_path / "out", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    count = int((ct.session.label_map.voxels > 0).sum())
    path = tmp_path / "out.dcm"
    assert said == [f"Saved and read back: {count} voxels in 2 labels agree. {path}"]
    assert [segment.SegmentLabel for segment in dcmread(path).SegmentSequence] == ["Region 1", "Region 2"]


def test_only_ticked_labels_are_saved_and_the_format_is_remembered(ct, tmp_path, monkeypatch, qtbot):
    ct.session.show_label(2, False)
    said, dialog = told(ct, qtbot, monkeypatch), ask(ct, qtbot)
    assert dialog.values == (1, 3), "those that are shown are ticked"
    choose(dialog, "nifti")
    assert "Nothing in it names the patient" in dialog.about.text()
    save(dialog, tmp_path / "out.nii.gz", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    (series,) = files.scan([tmp_path / "out.nii.gz"]).series
    seen = ct.session.label_map.voxels
    np.testing.assert_array_equal(files.read_series(series).voxels, np.where(seen == 1, 1, 0))
    qtbot.waitUntil(lambda: ct.findChild(LabelExportDialog) is None)
    again = ask(ct, qtbot)
    assert again.format == "nifti"
    again.choose_all()
    assert again.values == (1, 2, 3)
    for item in again._items():
        item.setCheckState(Qt.CheckState.Unchecked)
    assert not again.save.isEnabled()


def test_a_file_that_is_no_dicom_has_no_dicom_objects_and_is_told_what_it_can_have(opened, qtbot):
    draw(opened)
    dialog = ask(opened, qtbot)
    assert dialog.format == "nrrd" and dialog.save.isEnabled(), "the first format that it can have"
    for kind in ("seg", "seg-labelmap", "rtstruct"):
        choose(dialog, kind)
        assert dialog.problem.isVisible() and "Save the labels as NIfTI, NRRD or MHA instead." in dialog.problem.text()
        assert not dialog.save.isEnabled()
    for kind in ("nrrd", "nifti", "mha"):
        choose(dialog, kind)
        assert not dialog.problem.isVisible() and dialog.save.isEnabled()


def test_what_is_there_is_replaced_only_after_a_question(ct, tmp_path, monkeypatch, qtbot):
    (tmp_path / "out.labels.json").write_text("mine")
    said, dialog = told(ct, qtbot, monkeypatch), ask(ct, qtbot)
    choose(dialog, "mha")
    asked: list[list[str]] = []
    monkeypatch.setattr(dialog, "_may_replace", lambda names: bool(asked.append(names)))
    save(dialog, tmp_path / "out.mha", monkeypatch, qtbot)
    assert asked == [["out.labels.json"]] and dialog.isVisible()
    monkeypatch.setattr(dialog, "_may_replace", lambda names: True)
    save(dialog, tmp_path / "out.mha", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    assert said[0].startswith("Saved and read back") and (tmp_path / "out.labels.json").read_text() != "mine"


def test_a_copy_that_comes_back_different_is_never_called_saved(ct, tmp_path, monkeypatch, qtbot):
    finish = segmentation_objects._finish

    def wrong(made, source):
        finish(made, source)
        made.PixelData = bytes(len(made.PixelData))

    monkeypatch.setattr(segmentation_objects, "_finish", wrong)
    monkeypatch.setattr(workflows, "save_in_process", save_labels)  # the other process has no faults
    said, dialog = told(ct, qtbot, monkeypatch), ask(ct, qtbot)
    save(dialog, tmp_path / "out.dcm", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    assert "came back with other voxels" in said[0] and "nothing was saved" in said[0]
    assert not list(tmp_path.glob("*out.dcm"))


def test_cancelling_leaves_nothing(ct, tmp_path, monkeypatch, qtbot):
    jobs = ct.workflows.jobs
    jobs.subscribe(lambda job: job.cancel() if job.title.startswith("Saving") else None)
    said, dialog = told(ct, qtbot, monkeypatch), ask(ct, qtbot)
    save(dialog, tmp_path / "out.dcm", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: jobs.idle, timeout=20_000)
    assert said == [] and not list(tmp_path.glob("*out.dcm"))


def test_what_is_painted_while_labels_are_copied_belongs_to_them(ct, tmp_path, monkeypatch, qtbot):
    copy, painted = workflows.label_set, []

    def copy_and_paint(*told):
        found = copy(*told)
        if not painted:
            ct.workflows.jobs.deliver(lambda: paint())
        return found

    def paint():
        mask = np.ones(ct.session.label_map.voxels.shape, dtype=bool)
        painted.append(ct.session.choose_label(3))
        ct.session.draw("All", tuple(slice(0, n) for n in mask.shape), mask)

    monkeypatch.setattr(workflows, "label_set", copy_and_paint)
    said, dialog = told(ct, qtbot, monkeypatch), ask(ct, qtbot)
    choose(dialog, "nrrd")
    save(dialog, tmp_path / "out.seg.nrrd", monkeypatch, qtbot)
    qtbot.waitUntil(lambda: bool(said), timeout=20_000)
    (series,) = files.scan([tmp_path / "out.seg.nrrd"]).series
    np.testing.assert_array_equal(files.read_series(series).voxels, ct.session.label_map.voxels)
