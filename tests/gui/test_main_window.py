"""The window as a person uses it: mouse, keys and buttons, and what the session holds afterwards."""

import gc
import json
import os
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QMessageBox, QPushButton

from tests.gui.conftest import BRIGHT, end, head
from tests.models import write_trainable_model
from viewer.core.display import WindowLevel
from viewer.core.geometry import Geometry, plane_axes
from viewer.core.goal import Goal
from viewer.core.labels import Label
from viewer.core.origin import Origin
from viewer.core.session import Proposal
from viewer.core.study import GeometryVerdict, Moment, Refusal, Scan, Series
from viewer.core.volume import Volume
from viewer.gui.key_dialog import KeysDialog
from viewer.gui.left_out import RefusalsDialog
from viewer.gui.question import agreed
from viewer.io.files import write_image
from viewer.training_runs import TrainingRun


def drop(window, *paths) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(300, 300), *how)
    QApplication.sendEvent(window, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(300, 300), *how))


@pytest.mark.parametrize("offered", [Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.MoveAction])
def test_what_is_dropped_is_never_taken_as_a_move(opened, offered, tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.dcm"))])
    how = offered, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    for event in (QDragEnterEvent(QPoint(300, 300), *how), QDropEvent(QPointF(300, 300), *how)):
        event.setDropAction(Qt.DropAction.MoveAction)
        QApplication.sendEvent(opened, event)
        copied = event.isAccepted() and event.dropAction() == Qt.DropAction.CopyAction
        assert copied == bool(offered & Qt.DropAction.CopyAction)


def wheel(widget, notches: int, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    middle = QPointF(widget.width() / 2, widget.height() / 2)
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def propose(window) -> None:
    voxels = (head().voxels > 500).astype(np.uint8)
    window.session.propose(Proposal(voxels, (Label(1, "Bright", (200, 0, 0)),), Origin("tiny", "1.0.0", "CPU", 1.0)))


def test_a_dropped_folder_is_listed_with_a_thumbnail_and_a_double_click_opens_it(start, scan_folder, qtbot):
    (scan_folder / "second.nii.gz").write_bytes((scan_folder / "head.nii.gz").read_bytes())
    window = start()
    assert window.welcome.title.text() == "Open a scan to begin"
    drop(window, scan_folder)
    qtbot.waitUntil(lambda: len(window.browser.series_items()) == 2, timeout=20_000)
    assert window.session.volume is None, "two series: a person chooses"
    assert window.welcome.title.text() == "Choose a series to begin"
    assert window.welcome.hint.text().startswith("Double click one in the list on the left (F8 shows and hides it)")
    window.browser.tree.itemActivated.emit(window.browser.series_items()[0], 0)
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)

    np.testing.assert_array_equal(window.session.volume.voxels, head().voxels)
    qtbot.waitUntil(lambda: all(pane.isVisible() for pane in window.panes.values()))


def test_before_a_series_is_open_nothing_can_be_played(start):
    window = start()
    commands = window.commands
    for name in ("Slices/Play", "Slices/Previous frame or moment", "Slices/Next frame or moment"):
        assert not commands.named[name].isEnabled(), name
        assert commands.why_not(commands.named[name]) == "No series is open"


def test_a_folder_without_images_is_said_in_the_window(start, tmp_path, qtbot):
    (tmp_path / "empty").mkdir()
    window = start()
    drop(window, tmp_path / "empty")
    qtbot.waitUntil(lambda: window._failure.isVisible(), timeout=20_000)
    assert window._failure.text.text() == "No images were found in empty."
    window._failure.first.click()
    assert not window._failure.isVisible()


def test_wheel_and_arrow_keys_scroll_the_pane_under_them_and_the_others_follow(opened, qtbot):
    window, session = opened, opened.session
    axis = plane_axes(session.volume.geometry, "axial").normal
    before = session.cursor_ijk
    wheel(window.panes["axial"], 2)
    assert abs(session.cursor_ijk[axis] - before[axis]) == 2
    assert sum(a != b for a, b in zip(session.cursor_ijk, before, strict=True)) == 1

    pane = window.panes["coronal"]
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    axis = plane_axes(session.volume.geometry, "coronal").normal
    before = session.cursor_ijk
    QTest.keyClick(pane, Qt.Key.Key_Up)
    assert abs(session.cursor_ijk[axis] - before[axis]) == 1
    QTest.keyClick(pane, Qt.Key.Key_Down)
    assert session.cursor_ijk == before


def test_keys_choose_tools_labels_and_windows(opened, qtbot):
    window, session = opened, opened.session
    window.panes["axial"].setFocus()
    for key, tool in (
        ("B", "brush"),
        ("X", "eraser"),
        ("W", "window"),
        ("Z", "zoom"),
        ("P", "pan"),
        ("T", "crosshair"),
    ):
        QTest.keyClick(window.panes["axial"], key.lower())
        assert session.hand.tool == tool
    QTest.keyClick(window.panes["axial"], Qt.Key.Key_Escape)
    assert session.hand.tool == "window"
    first = session.active_label
    QTest.keyClick(window.panes["axial"], Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert session.active_label != first
    radius = session.hand.brush_radius_mm
    QTest.keyClick(window.panes["axial"], "]")
    assert session.hand.brush_radius_mm > radius
    QTest.keyClick(window.panes["axial"], "i")
    assert session.inverted
    QTest.keyClick(window.panes["axial"], "0")
    assert not session.inverted


def test_painting_with_the_mouse_is_one_undo_and_is_there_after_a_restart(opened, start, scan_folder, qtbot):
    session, pane = opened.session, opened.panes["sagittal"]
    QTest.keyClick(pane, "b")
    at = pane.rect().center()
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=at)
    for step in range(1, 9):
        QTest.mouseMove(pane, at + QPoint(4 * step, 2 * step))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=at + QPoint(32, 16))
    painted = session.label_map.voxels.copy()
    assert painted.any()
    qtbot.wait(20)
    QTest.keyClick(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not session.label_map.voxels.any()
    qtbot.wait(20)
    QTest.keyClick(pane, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    np.testing.assert_array_equal(session.label_map.voxels, painted)

    again = start()
    again.open_paths([scan_folder])
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)
    np.testing.assert_array_equal(again.session.label_map.voxels, painted)


def test_a_proposal_waits_over_the_panes_and_can_be_rejected_or_accepted(opened, qtbot):
    window, session = opened, opened.session
    propose(window)
    qtbot.waitUntil(lambda: window.proposal_bar.isVisible())
    assert "tiny 1.0.0" in window.proposal_bar.text.text()
    window.proposal_bar.second.click()
    qtbot.waitUntil(lambda: not window.proposal_bar.isVisible())
    assert not session.label_map.voxels.any()

    propose(window)
    qtbot.waitUntil(lambda: window.proposal_bar.isVisible())
    window.proposal_bar.first.click()
    qtbot.waitUntil(lambda: session.proposal is None, timeout=10_000)
    np.testing.assert_array_equal(session.label_map.voxels == 1, head().voxels > 500)
    assert [item.text(0) for item in window.label_panel._rows()] == ["Bright"]
    ml = float((head().voxels > 500).sum()) * 8 / 1000
    qtbot.waitUntil(lambda: window.label_panel._rows()[0].text(1) == f"{ml:.1f}", timeout=10_000)
    qtbot.wait(20)
    assert window.commands.undo.text() == "Undo Accept tiny 1.0.0"
    window.commands.undo.trigger()
    assert not session.label_map.voxels.any()


def test_a_voxel_painted_while_a_proposal_is_being_accepted_stays(opened, qtbot):
    window, session = opened, opened.session
    inside = (BRIGHT[2].start + 4, BRIGHT[1].start + 4, BRIGHT[0].start + 4)
    propose(window)
    window.workflows.accept_proposal()
    session.choose_label(2)
    session.choose_tool("brush")  # the job's result cannot have arrived: the event loop has not run
    session.begin_stroke("axial", inside)
    session.end_stroke()
    drawn = session.label_map.voxels == 2
    assert drawn.any()
    qtbot.waitUntil(lambda: session.proposal is None, timeout=10_000)
    names = {label.value: label.name for label in session.labels}
    assert {names[value] for value in np.unique(session.label_map.voxels[drawn])} == {"Region 2"}
    assert "Bright" in {names[value] for value in np.unique(session.label_map.voxels[~drawn]) if value}


def test_confirming_marks_the_slice_of_the_active_pane_and_lists_it(opened, qtbot):
    window, session = opened, opened.session
    pane = window.panes["coronal"]
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    axis = plane_axes(session.volume.geometry, "coronal").normal
    QTest.keyClick(pane, Qt.Key.Key_Return)
    assert session.confirmed == {(axis, session.cursor_ijk[axis])}
    qtbot.waitUntil(lambda: window.label_panel.confirmed.count() == 1)
    wheel(pane, 3)
    qtbot.wait(20)
    assert not window.label_panel.confirm.isChecked()
    item = window.label_panel.confirmed.item(0)
    window.label_panel.confirmed.itemClicked.emit(item)
    qtbot.waitUntil(lambda: window.label_panel.confirm.isChecked())


def test_after_the_mouse_was_in_a_panel_the_keys_still_act_on_the_panes(opened, qtbot):
    window, session = opened, opened.session
    window.panels.setCurrentWidget(window.label_panel)
    window.focus_pane()
    QTest.mouseClick(window.label_panel.confirm, Qt.MouseButton.LeftButton)
    confirmed = session.confirmed
    assert len(confirmed) == 1
    before = session.cursor_ijk
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Up)
    assert session.cursor_ijk != before
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert session.confirmed == confirmed, "Space must not press the button again"

    row = window.label_panel.table.visualItemRect(window.label_panel._rows()[1]).center()
    QTest.mouseClick(window.label_panel.table.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert session.active_label == 2
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert len(session.confirmed) == 2

    wheel(window.panes["coronal"], 1)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert len(session.confirmed) == 3
    assert {axis for axis, _ in session.confirmed} == {
        plane_axes(session.volume.geometry, plane).normal for plane in ("axial", "coronal")
    }


def test_volumes_of_the_last_patient_never_stand_in_the_next_ones_table(opened, start, scan_folder, qtbot):
    window = opened
    window.session.choose_tool("brush")
    window.session.begin_stroke("axial", (12, 12, 9))
    window.session.end_stroke()
    qtbot.waitUntil(lambda: window.label_panel._rows()[0].text(1) != "", timeout=10_000)
    other = head()
    write_image(other.voxels[::-1], other.geometry, scan_folder / "other.nii.gz")
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: len(window.browser.series_items()) == 2, timeout=10_000)
    uid = next(s.uid for s in window.workflows.library.all_series() if s.description == "other.nii.gz")
    release = threading.Event()
    window.workflows.open_series(uid, lambda: None)
    qtbot.waitUntil(lambda: window.session.series.uid == uid, timeout=10_000)
    for _ in range(2):  # both workers are busy: nothing is counted meanwhile
        window.workflows.jobs.submit("busy", lambda job: release.wait(20))
    qtbot.wait(700)
    assert [row.text(1) for row in window.label_panel._rows()] == ["", "", ""]
    release.set()


def test_cancelled_preparations_leave_a_window_that_can_go_on(opened, qtbot, monkeypatch):
    window, session = opened, opened.session
    session.toggle_confirmed("axial")
    release = threading.Event()
    for _ in range(2):  # both workers are busy: the preparations wait
        window.workflows.jobs.submit("busy", lambda job: release.wait(20))
    run = window.workflows.training.start(Goal("segmentation", "tiny"))

    def preparations():
        return [job for job in window.status_bar.jobs if job.title == "Preparing the training"]

    qtbot.waitUntil(lambda: len(preparations()) == 1, timeout=10_000)
    preparations()[0].cancel()
    release.set()
    qtbot.waitUntil(lambda: run.ended, timeout=10_000)
    qtbot.waitUntil(window.training_panel.start.isEnabled)
    assert "cancelled" in window.training_panel._status.text()


def test_rolling_back_with_nothing_before_is_a_sentence_and_the_list_is_right(opened, qtbot, tmp_path):
    window, workflows = opened, opened.workflows
    write_trainable_model(tmp_path / "next", seed=1, version="1.1.0")
    workflows.models.install(tmp_path / "next")
    workflows.use_version("tiny", "1.1.0")
    assert "● 1.1.0" in window.model_panel.versions.item(0).text()
    window.model_panel.roll_back.click()
    assert workflows.models.get("tiny").manifest.version == "1.0.0"
    assert "○ 1.1.0" in window.model_panel.versions.item(0).text()
    assert not window.model_panel.roll_back.isEnabled()
    workflows.roll_back("tiny")
    assert "no earlier version" in window._failure.text.text()
    window.model_panel.versions.itemDoubleClicked.emit(window.model_panel.versions.item(0))
    assert workflows.models.get("tiny").manifest.version == "1.1.0"


def test_closing_asks_what_shall_become_of_a_training_and_of_nothing_that_waits(opened, monkeypatch):
    window, training, asked, done = opened, opened.workflows.training, [], []
    answers = iter([None, 1])
    monkeypatch.setattr(window, "_ask_which", lambda question, _: asked.append(question) or next(answers))
    monkeypatch.setattr(training, "stop", lambda: done.append("stopped"))
    record = window.workflows.models.get("tiny")
    training.run = TrainingRun(record, "tiny", window.workflows.folder, 1, state="running")
    assert not window.close() and window.isVisible()
    assert "go on without the window" in asked[-1]
    assert window.close() and done == ["stopped"]
    assert len(asked) == 2


@pytest.mark.parametrize("state", ["finished", "interrupted", "stopping"])
def test_closing_needs_no_answer_where_the_next_window_shows_what_waits(opened, monkeypatch, state):
    window = opened
    monkeypatch.setattr(window, "_ask_which", lambda *_: pytest.fail("asked"))
    record = window.workflows.models.get("tiny")
    window.workflows.training.run = TrainingRun(record, "tiny", window.workflows.folder, 1, state=state)
    assert window.close()


def test_an_interrupted_training_is_shown_with_its_curves_and_goes_on_or_is_discarded_by_a_click(
    opened, tmp_path, monkeypatch
):
    window, panel, training = opened, opened.training_panel, opened.workflows.training
    folder = window.workflows.folder / "training" / "20300101-1"
    folder.mkdir(parents=True)
    record = window.workflows.models.get("tiny")
    (folder / "job.json").write_text(
        json.dumps({"recipe": "segmentation-semi-supervised", "parent_model": str(record.folder), "steps": 80})
    )
    arms = ["semi-supervised", "supervised"]
    told = [
        {"event": "progress", "arm": arm, "step": step, "steps": 80, "loss": 1 / step, "dice": 0.5}
        for step in range(1, 31)
        for arm in arms
    ]
    events = [{"event": "started", "arms": arms}, *told, {"event": "checkpoint", "step": 30}]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    went_on: list[str] = []
    monkeypatch.setattr(training, "_launch", lambda run: went_on.append(run.state))

    window.take_up_training()

    assert window.panels.currentWidget() is panel
    assert "interrupted at step 30 of 80. It can go on from step 30" in panel._status.text()
    assert panel.go_on.isVisible() and panel.discard.isVisible() and not panel.start.isEnabled()
    assert len(panel._curves["loss"].getData()[0]) == 30
    panel.go_on.click()
    assert went_on == ["interrupted"]
    panel.discard.click()
    assert training.run.state == "discarded" and not panel.go_on.isVisible()


def test_what_can_be_written_by_now_is_no_reason_to_ask(opened, monkeypatch):
    window, asked = opened, []
    workflows, session = window.workflows, window.session
    monkeypatch.setattr(window, "_ask", lambda warning: bool(asked.append(warning)))

    def locked(*_):
        raise OSError("database is locked")

    with monkeypatch.context() as busy:
        busy.setattr(workflows.annotation_store, "append", locked)
        session.choose_tool("brush")
        session.begin_stroke("axial", (12, 20, 9))
        session.end_stroke()
        assert workflows.unsaved
        assert not window.close()
        assert "could not be saved" in asked[-1]
    assert window.close()
    assert len(asked) == 1 and not workflows.unsaved


def test_a_disk_that_is_slow_holds_nobody_and_loses_nothing(opened, scan_folder, monkeypatch, qtbot):
    window, free = opened, threading.Event()
    workflows, session = window.workflows, window.session
    append, uid = workflows.annotation_store.append, session.series.uid
    monkeypatch.setattr("viewer.io.journal.PATIENCE_S", 0.025)
    monkeypatch.setattr(workflows.annotation_store, "append", lambda *act: free.wait(60) and append(*act))
    session.choose_tool("brush")
    for i in (12, 18):  # comes back, although the disk does not
        session.begin_stroke("axial", (i, 20, 9))
        session.end_stroke()
    there = session.label_map.voxels.copy()
    qtbot.waitUntil(lambda: window.status_bar.saving.isVisible())
    QTimer.singleShot(200, free.set)  # while the series is opened again
    window.open_series(uid)
    qtbot.waitUntil(lambda: not workflows.unsaved and workflows.jobs.idle and session.editable, timeout=20_000)
    assert np.array_equal(session.label_map.voxels, there)
    assert session.history.undo_title == "Paint Region 1" and len(session.history._done) == 2, "no stroke came twice"
    qtbot.waitUntil(lambda: not window.status_bar.saving.isVisible())
    assert len(workflows.annotation_store.load(uid, session.volume.geometry).history._done) == 2


def test_return_by_habit_answers_no(opened):
    def answer():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        QTest.keyClick(box, Qt.Key.Key_Return)

    QTimer.singleShot(200, answer)
    assert not agreed(opened, "Lose it?")


def test_double_click_shows_one_pane_alone_and_again_all(opened, qtbot):
    window = opened
    QTest.mouseDClick(window.panes["axial"], Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert [pane.name for pane in window.room.shown if pane.isVisible()] == ["axial"]
    qtbot.waitUntil(lambda: window.panes["axial"].size() == window.room.size())
    QTest.mouseDClick(window.panes["axial"], Qt.MouseButton.LeftButton, pos=QPoint(60, 60))
    assert len(window.room.shown) == 4 and all(pane.isVisible() for pane in window.room.shown)
    qtbot.waitUntil(lambda: 2 * window.panes["axial"].width() < window.room.width())


def test_a_file_without_a_modality_is_never_called_fitting_and_a_ct_in_it_is_refused(opened, scan_folder, qtbot):
    window = opened
    assert "does not say its modality" in window.model_panel._fit.text()
    assert window.model_panel.run.isEnabled()
    ct = head()
    write_image(ct.voxels - 1000, ct.geometry, scan_folder / "ct.nii.gz")
    window.open_paths([scan_folder / "ct.nii.gz"])
    qtbot.waitUntil(lambda: window.session.series.description == "ct.nii.gz", timeout=10_000)
    qtbot.waitUntil(lambda: "those of a CT" in window.model_panel._fit.text())
    assert window.model_panel.run.text() == "Run anyway…"
    assert window.session.proposal is None
    QTest.keyClick(window.panes["axial"], "3")
    assert window.session.window == WindowLevel(350, 2000), "the CT presets are offered"


def test_taking_the_brush_shows_which_label_it_paints(opened, qtbot):
    QTest.keyClick(opened.panes["axial"], "b")
    qtbot.waitUntil(lambda: opened.panels.currentWidget() is opened.label_panel)


def test_a_running_job_is_shown_and_can_be_cancelled(opened, qtbot):
    window = opened
    ended = []

    def work(job):
        for n in range(2000):
            job.report(n / 2000, "counting")
            QTest.qSleep(5)

    job = window.workflows.jobs.submit("Counting", work, ended.append, ended.append)
    status = window.status_bar
    qtbot.waitUntil(lambda: status.job_text.isVisible() and "Counting: counting" in status.job_text.text())
    status.cancel_job.click()
    qtbot.waitUntil(lambda: job.state == "cancelled")
    qtbot.waitUntil(lambda: not window.status_bar.job_text.isVisible())
    assert ended == []


def test_what_waits_is_listed_and_can_be_cancelled_before_what_runs(opened, qtbot):
    status, go = opened.status_bar, threading.Event()
    submit = opened.workflows.jobs.submit

    def work(job):
        while not go.wait(0.01):
            job.report(0.5, "at it")

    running, waiting = submit("One", work, in_turn=True), submit("Two", work, in_turn=True)
    qtbot.waitUntil(lambda: status.job_text.isVisible() and status.job_text.text() == "One: at it")
    assert status.all_jobs.isVisible() and status.all_jobs.text() == "+1"
    status.jobs_menu.aboutToShow.emit()
    texts = [action.text() for action in status.jobs_menu.actions() if action.text()]
    assert texts == ["Cancel: One", "Cancel what waits: Two", "Cancel all"]
    status.jobs_menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: waiting.state == "cancelled" and not status.all_jobs.isVisible())
    assert running.state == "running"
    status.cancel_job.click()
    qtbot.waitUntil(lambda: running.state == "cancelled" and not status.job_text.isVisible())


def test_a_sentence_and_the_job_that_runs_never_lie_over_each_other(opened, qtbot):
    status, told = opened.status_bar, threading.Event()

    def work(job):
        n = 0
        while not told.wait(0.02):
            n += 1
            job.report(n % 100 / 100)

    job = opened.workflows.jobs.submit("Counting", work, lambda result: None, lambda sentence: None)
    status.notify("Something else")
    qtbot.waitUntil(lambda: "Counting" in status.job_text.text())
    assert status.currentMessage() and not status.job_text.isVisible() and not status.cancel_job.isVisible()
    status.clearMessage()
    qtbot.waitUntil(status.job_text.isVisible)
    assert status.cancel_job.isVisible()
    told.set()
    qtbot.waitUntil(lambda: job.ended and not status.job_text.isVisible())


def test_the_studies_can_be_filtered_and_taken_off_the_list(opened, qtbot):
    browser = opened.browser
    browser.filter.setText("nothing like this")
    assert all(item.isHidden() for item in browser.series_items())
    browser.filter.setText("head")
    assert not any(item.isHidden() for item in browser.series_items())
    browser._remove(browser.series_items()[0].data(0, Qt.ItemDataRole.UserRole))
    assert browser.series_items() == []


@pytest.mark.parametrize("size", [(1024, 700), (2560, 1440)])
def test_no_text_is_cut_off_and_no_button_lies_outside(opened, qtbot, size):
    window = opened
    window.resize(*size)
    propose(window)
    window.session.toggle_confirmed("axial")
    for page in range(window.panels.count()):
        window.panels.setCurrentIndex(page)
        qtbot.wait(60)
        for button in window.findChildren(QPushButton):
            if button.isVisible():
                needed = button.fontMetrics().horizontalAdvance(button.text())
                assert button.width() >= needed, f"{button.text()!r} needs {needed} px and has {button.width()}"
        for label in window.findChildren(QLabel):
            if label.isVisible() and not label.wordWrap():
                assert label.width() >= label.sizeHint().width() - 1, label.text()
    assert window.width() == size[0], "the window could not become this small"


def test_the_window_says_that_it_is_not_for_diagnosis(opened):
    assert any("Not for diagnostic use" in label.text() for label in opened.findChildren(QLabel) if label.isVisible())


def test_every_key_is_explained_on_the_page_of_keys(opened, qtbot):
    opened.commands.named["Window/Keys and mouse…"].trigger()
    dialog = opened.findChild(KeysDialog)
    text = "\n".join(f"{row.text(0)} {row.text(1)}" for row in dialog._rows())
    for words in ("Brush", "Undo", "Confirm the slice", "Shift + move", "Segment"):
        assert words in text
    dialog.reject()


def test_closing_the_window_ends_its_threads_and_may_happen_twice(opened):
    before = {thread.name for thread in threading.enumerate()}
    opened.close()
    opened.close()
    assert {"job_0"} <= before
    assert not [t for t in threading.enumerate() if t.name.startswith("job_")]


CLOSE_DURING_A_STEP = """
import os, sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from viewer.gui import app, volume_pane
from viewer.render import volume_scene

volume_scene.VolumeScene.set_volume = lambda self, volume: time.sleep(60)  # a step that takes long
build_window = app.build_window

def build_and_close(folder):
    window = build_window(folder)

    def look():
        if window.volume_pane.sentence == "Preparing the 3-D view…" and window.session.editable:
            print(time.time(), flush=True)
            window.close()

    timer = QTimer(window, interval=50)
    timer.timeout.connect(look)
    timer.start()
    return window

app.build_window = build_and_close
sys.exit(app.run([Path(sys.argv[1])]))
"""


def test_the_program_ends_soon_though_the_3d_view_is_at_a_long_step(scan_folder, tmp_path):
    places = {"XDG_DATA_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    program = [sys.executable, "-c", CLOSE_DURING_A_STEP, str(scan_folder)]
    ended = subprocess.run(program, env=os.environ | places, capture_output=True, text=True, timeout=50, check=False)
    took_s = time.time() - float(ended.stdout.split()[0])
    assert ended.returncode == 0, ended.stderr
    assert took_s < 8  # some 2 s on an idle machine


def test_a_fault_while_painting_does_not_end_the_program(opened, monkeypatch):
    pane = opened.panes["axial"]
    monkeypatch.setattr(pane, "_write", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as fault:
        pane.repaint()
    monkeypatch.undo()
    assert fault.tb is not None, "kept as an excepthook keeps it, and with it every local of the fault"
    pane.repaint()
    assert not pane.grab().toImage().isNull()


# Series of all kinds

SERIES = Series("7", "1", "P", "Canary^Patient", "CT", "Phantom", (), GeometryVerdict("regular", "fine"))
MISSING = GeometryVerdict("missing", "1 slice is missing, after 6.0 mm.")


def stack(direction=((1, 0, 0), (0, 1, 0), (0, 0, 1)), slices=5) -> Volume:
    """Slices of which one is missing."""
    axes = np.array(direction, float)
    origins = np.outer([2.0 * (k + (k > 2)) for k in range(slices)], axes[:, 2])
    grid = Geometry((40, 32, slices), (2.0, 2.0, 1.0), origins[0], axes, slice_origins=origins)
    return Volume(np.zeros(grid.shape, np.int16), grid, unit="HU")


def visible(window) -> list[str]:
    return [pane.name for pane in window.room.shown if pane.isVisible()]


def test_a_stack_that_makes_no_volume_has_its_one_plane_large_until_the_next_volume(opened, qtbot):
    window, session = opened, opened.session
    series, volume = session.series, session.volume
    for direction, plane in (
        (((1, 0, 0), (0, 1, 0), (0, 0, 1)), "axial"),
        (((0, 0, 1), (1, 0, 0), (0, -1, 0)), "sagittal"),
    ):
        session.open(replace(SERIES, verdict=MISSING), stack(direction))
        qtbot.waitUntil(lambda plane=plane: visible(window) == [plane])
        before = session.cursor_ijk[2]
        QTest.keyClick(window.panes[plane], Qt.Key.Key_Up)
        assert abs(session.cursor_ijk[2] - before) == 1, "the keys act on the plane that is seen"
    session.open(series, volume)
    qtbot.waitUntil(lambda: len(visible(window)) == 4)


def test_a_layout_that_a_person_chose_comes_back_after_a_single_picture(opened, qtbot):
    window, session = opened, opened.session
    series, volume = session.series, session.volume
    window.toggle_maximised("coronal")
    session.open(replace(SERIES, verdict=MISSING), stack())
    qtbot.waitUntil(lambda: visible(window) == ["axial"])
    window.toggle_maximised("axial")
    assert len(visible(window)) == 4, "the others may be looked at: they say why they are empty"
    session.open(series, volume)
    qtbot.waitUntil(lambda: visible(window) == ["coronal"])


def test_resampling_is_asked_for_in_the_pane_or_the_menu_where_it_is_possible(opened, qtbot, monkeypatch):
    window, session = opened, opened.session
    assert not window.commands.named["Display/Resample to a regular grid…"].isEnabled()
    session.open(replace(SERIES, verdict=MISSING), stack())
    qtbot.waitUntil(window.commands.named["Display/Resample to a regular grid…"].isEnabled)
    window.toggle_maximised("axial")
    window.panes["coronal"].resample_button.click()
    qtbot.waitUntil(lambda: session.volume.geometry.is_grid, timeout=10_000)
    assert session.volume.geometry.size[2] == 6 and session.volume.geometry.spacing[2] == pytest.approx(2.0)
    qtbot.waitUntil(lambda: "Resampled" in [badge.text for badge in window.panes["coronal"].badges])
    assert not window.commands.named["Display/Resample to a regular grid…"].isEnabled()


def test_files_that_were_left_out_are_counted_and_listed_with_their_reasons(opened, qtbot):
    window = opened
    refused = (Refusal(Path("a/IM1"), "The file is cut off."), Refusal(Path("b/IM1"), "It holds a report, no picture."))
    listed = tuple(replace(SERIES, uid=f"s{n}", files=(Path(f"x{n}"),) * 30) for n in range(2))
    window._scanned(Scan(listed, refused))
    assert window._left_out.isVisible() and window._left_out.text.text() == "2 of 4 files were left out."
    window._left_out.first.click()
    dialog = window.findChild(RefusalsDialog)
    text = dialog.text.toPlainText()
    for words in ("a/IM1", "The file is cut off.", "b/IM1", "It holds a report, no picture."):
        assert words in text
    next(button for button in dialog.findChildren(QPushButton) if button.text() == "Copy all").click()
    assert QApplication.clipboard().text() == text
    dialog.reject()
    window._left_out.second.click()
    assert not window._left_out.isVisible()
    window._scanned(Scan(listed, refused))
    window._scanned(Scan(listed))
    assert not window._left_out.isVisible(), "of the last scan"


def test_a_sequence_is_opened_at_its_first_moment(opened, monkeypatch):
    asked = []
    monkeypatch.setattr(opened, "open_series", asked.append)
    moments = [replace(SERIES, uid=f"9.{n}", moment=Moment("9", "time", n, 3, f"{n} s")) for n in (2, 0, 1)]
    opened._scanned(Scan(tuple(moments)))
    opened._scanned(Scan((*moments, SERIES)))
    assert asked == ["9.0"], "with another series beside it a person chooses"


def menu_texts(window) -> list[str]:
    menu = next(m for m in window.findChildren(QMenu) if m.title() == "Window presets")
    menu.aboutToShow.emit()
    return [action.text() for action in menu.actions() if action.isVisible() and not action.isSeparator()]


def test_the_windows_of_the_file_are_in_the_menu_by_their_names(opened, qtbot):
    window, session = opened, opened.session
    windows = (WindowLevel(-600.0, 1500.0, name="LUNG"), WindowLevel(40.0, 400.0, name="SOFT"))
    session.open(replace(SERIES, windows=windows), head())
    qtbot.wait(20)
    assert session.window == windows[0]
    texts = menu_texts(window)
    assert texts[1:3] == ["From the file: LUNG  (W 1500 L -600)", "From the file: SOFT  (W 400 L 40)"]
    window.commands.file_windows[1].trigger()
    assert session.window == windows[1]
    window.commands.auto_window.trigger()
    assert session.window == windows[0]
    session.open(replace(SERIES, uid="8"), head())
    qtbot.wait(20)
    assert not any("From the file" in text for text in menu_texts(window))


def test_colours_have_no_window_and_the_tooltips_say_so(opened, qtbot):
    window, session = opened, opened.session
    geometry = head().geometry
    session.open(replace(SERIES, colour=True), Volume(np.zeros((*geometry.shape, 3), np.uint8), geometry))
    qtbot.waitUntil(lambda: not window.commands.invert.isEnabled())
    assert not window.commands.auto_window.isEnabled() and not window.tool_bar.presets.isEnabled()
    assert not any(action.isEnabled() for action in window.commands.preset_actions.values())
    assert "Colours" in window.commands.invert.toolTip() and "Colours" in window.tool_bar.presets.toolTip()
    session.open(SERIES, head())
    qtbot.waitUntil(lambda: window.commands.invert.isEnabled() and window.tool_bar.presets.isEnabled())


def test_the_wheel_scrolls_moments_while_they_play_and_rests_a_film_of_frames(start, tmp_path, qtbot):
    volumes = [sitk.GetImageFromArray(np.full((6, 20, 24), 10 * n, np.int16)) for n in range(4)]
    sitk.WriteImage(sitk.JoinSeries(volumes, 0.0, 50.0), tmp_path / "heart.nii")
    window = start()
    window.open_paths([tmp_path / "heart.nii"])
    qtbot.waitUntil(lambda: window.player.kind == "moments" and not window.player.waits_for, timeout=20_000)
    pane, session, player = window.panes["axial"], window.session, window.player
    player.toggle()
    at = session.cursor_ijk[2]
    wheel(pane, 1)
    assert session.cursor_ijk[2] != at and player.playing, "another slice of the same beat"
    shown = player._number
    qtbot.waitUntil(lambda: player._number != shown, timeout=5000)
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    assert not player.playing, "a press rests it: what is drawn belongs to one moment"

    window.open_paths([Path(str(get_testdata_file("examples_ybr_color.dcm")))])
    qtbot.waitUntil(lambda: player.kind == "frames" and player.playing, timeout=20_000)
    wheel(window.room.active, 1)
    assert not player.playing


def test_a_cine_is_played_with_a_key_and_stops_at_a_touch(opened, qtbot):
    window, session = opened, opened.session
    assert not window.slice_commands.play_action.isEnabled() and window.player.isHidden()
    grid = replace(stack().geometry, slice_origins=np.zeros((0, 3)), patient_space=False)
    cine = replace(SERIES, verdict=GeometryVerdict("no-position", "5 frames over time."), frame_time_ms=20.0)
    session.open(cine, Volume(np.zeros(grid.shape, np.int16), grid))
    qtbot.waitUntil(lambda: window.player.isVisible() and window.slice_commands.play_action.isEnabled())
    pane = window.panes["axial"]
    QTest.keyClick(pane, "c")
    assert window.player.playing and window.slice_commands.play_action.text() == "Pause"
    qtbot.waitUntil(lambda: session.cursor_ijk[2] > 1, timeout=5000)
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    assert not window.player.playing
    at = session.cursor_ijk[2]
    QTest.keyClick(pane, ".")
    assert session.cursor_ijk[2] == (at + 1) % 5
    QTest.keyClick(pane, ",")
    assert session.cursor_ijk[2] == at


def test_missing_files_are_looked_for_in_the_folder_a_person_names(opened, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path))
    monkeypatch.setattr(opened, "open_paths", asked.append)
    opened.browser.locateRequested.emit("7")
    assert asked == [[tmp_path]]


def test_a_series_that_is_still_being_read_can_be_looked_at_but_not_confirmed_or_segmented(opened, qtbot):
    window, session = opened, opened.session
    session.open(SERIES, replace(head(), arrived=np.arange(20) < 12))
    qtbot.waitUntil(lambda: not window.slice_commands.confirm_action.isEnabled())
    assert not window.segment_action.isEnabled()
    wheel(window.panes["axial"], 1)
    session.complete(head())
    qtbot.waitUntil(window.slice_commands.confirm_action.isEnabled)


def test_a_window_that_may_only_look_disables_what_changes_labels_and_says_why(opened, qtbot):
    window, session, commands = opened, opened.session, opened.commands
    session.choose_tool("brush")
    session.begin_stroke("axial", (12, 12, 9))
    session.end_stroke()
    propose(window)
    changing = (
        commands.tools["brush"],
        commands.tools["eraser"],
        commands.undo,
        window.slice_commands.confirm_action,
        window.commands.named["AI/Accept the proposal"],
        window.segment_action,
        window.label_panel.confirm,
        window.drawing_tools.radius,
        window.model_panel.accept,
        window.model_panel.run,
        window.proposal_bar.first,
    )
    qtbot.waitUntil(lambda: all(control.isEnabled() for control in changing))
    assert not any("Another window" in control.toolTip() for control in changing)

    session.set_read_only(True)
    qtbot.waitUntil(lambda: not any(control.isEnabled() for control in changing))
    assert not commands.redo.isEnabled()
    assert all("Another window" in control.toolTip() for control in (*changing, commands.redo))
    assert session.hand.tool == "window" and commands.tools["window"].isChecked()
    before = session.label_map.voxels.copy()
    for key in ("b", "x"):
        QTest.keyClick(window.panes["axial"], key)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Z):
        QTest.keyClick(window.panes["axial"], key, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(window.panes["axial"], Qt.Key.Key_Return)
    assert session.hand.tool == "window" and session.confirmed == frozenset() and session.proposal is not None
    np.testing.assert_array_equal(session.label_map.voxels, before)
    window.panes["axial"].grab()
    assert "Read only" in [badge.text for badge in window.panes["axial"].badges]
    assert "Another window" in window.label_panel.hint.text()
    assert window.label_panel.opacity.isEnabled() and window.label_panel.table.isEnabled(), "looking is allowed"

    session.set_read_only(False)
    qtbot.waitUntil(lambda: all(control.isEnabled() for control in changing))
    assert not any("Another window" in control.toolTip() for control in changing)


def test_completing_a_series_leaves_the_keyboard_where_a_person_put_it(opened, qtbot):
    window, session = opened, opened.session
    session.open(SERIES, replace(head(), arrived=np.arange(20) < 12))
    qtbot.wait(20)
    window.browser.filter.setFocus()
    session.complete(head())
    qtbot.wait(20)
    assert window.browser.filter.hasFocus()


def test_when_reading_fails_midway_the_window_is_as_before_anything_was_open(opened, qtbot):
    window, session = opened, opened.session
    session.open(SERIES, replace(head(), arrived=np.arange(20) < 12))
    qtbot.wait(20)
    session.close_series()
    to_demo = next(b for b in window._viewer.findChildren(QPushButton) if b.text() == "Open the demo study")
    qtbot.waitUntil(to_demo.isVisible)
    assert window.windowTitle() == "Slicewise" and not window.slice_commands.confirm_action.isEnabled()


@pytest.mark.parametrize("size", [(1024, 700), (2560, 1440)])
def test_the_player_and_the_bars_fit_into_the_window(opened, qtbot, size):
    window, session = opened, opened.session
    window.resize(*size)
    moments = tuple(
        replace(SERIES, uid=f"9.{n}", moment=Moment("9", "b-value", n, 40, f"b {100 * n} s/mm²")) for n in range(40)
    )
    session.open(moments[0], head())
    session.set_moments(moments, (head(),) * 40)
    window._scanned(Scan((SERIES, replace(SERIES, uid="8")), (Refusal(Path("a"), "b"),)))
    qtbot.wait(60)
    assert window.width() == size[0]
    for widget in (window.player.label, window.player.speed, window._left_out.first, window._left_out.second):
        assert widget.isVisible() and widget.width() >= widget.sizeHint().width() - 1


def test_a_slice_that_cannot_be_read_is_said_while_the_others_are_shown(
    start, qtbot, write_dicom, oblique_phantom, tmp_path
):
    window = start()
    write_dicom(tmp_path / "scan", oblique_phantom)
    found = []
    window.workflows.add_paths([tmp_path / "scan"], lambda scan: found.extend(scan.series))
    qtbot.waitUntil(lambda: bool(found), timeout=10_000)
    file = found[0].files[2]
    file.write_bytes(file.read_bytes()[:-9])
    window.open_series(found[0].uid)
    qtbot.waitUntil(lambda: window.session.editable, timeout=10_000)

    assert window._failure.isVisible()
    assert window._failure.text.text().startswith(f"{file.name}: it is truncated")
    assert window.session.series.verdict.kind == "missing"


def test_keys_mirror_turn_and_thicken_the_active_pane_alone(opened):
    pane, other = opened.panes["coronal"], opened.panes["axial"]
    axes = pane.view.axes
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    QTest.keyClick(pane, Qt.Key.Key_H)
    assert pane.view.axes.flip_right != axes.flip_right and pane.view.axes.right == axes.right
    QTest.keyClick(pane, Qt.Key.Key_H)
    QTest.keyClick(pane, Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ControlModifier)
    assert (pane.view.axes.right, pane.view.axes.down) == (axes.down, axes.right)
    QTest.keyClick(pane, Qt.Key.Key_BracketLeft, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(pane, Qt.Key.Key_V)
    assert pane.view.axes.flip_down != axes.flip_down
    QTest.keyClick(pane, Qt.Key.Key_R)
    assert pane.view.axes == axes
    QTest.keyClick(pane, Qt.Key.Key_S)
    assert pane.slab is not None and pane.slab.kind == "MIP"
    count = pane.slab.slices
    QTest.keyClick(pane, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert pane.slab.slices == count + 1
    assert other.slab is None and other.view.axes == plane_axes(opened.session.volume.geometry, "axial")


def test_a_window_that_is_gone_leaves_no_scan_behind(start, scan_folder, qtbot):
    def work() -> list[weakref.ref]:
        window = start()
        window.open_paths([scan_folder])
        qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
        qtbot.waitUntil(lambda: window.volume_pane._frame is not None, timeout=20_000)
        return [weakref.ref(one) for one in (window, window.session, window.session.volume, window.volume_pane)]

    kept = work()
    end(start.windows.pop())

    def gone() -> bool:
        gc.collect()
        return [one() for one in kept] == [None] * 4

    qtbot.waitUntil(gone, timeout=20_000)


def test_the_list_of_speeds_has_the_keys_while_it_is_open(opened, qtbot):
    grid = Geometry((12, 9, 5), (1, 1, 1), np.zeros(3), np.eye(3), False, slice_origins=np.zeros((0, 3)))
    film = replace(opened.session.series, verdict=GeometryVerdict("no-position", "5 frames over time."))
    opened.session.open(film, Volume(np.zeros(grid.shape, np.int16), grid))
    qtbot.waitUntil(opened.player.isVisible)
    opened.focus_pane()
    keyboard_of_an_open_list(opened, opened.player.speed, qtbot)


def keyboard_of_an_open_list(window, box, qtbot):
    """The row that the arrow goes to is chosen by Return, and nothing else hears of both."""
    before, row = window.session.cursor_ijk, box.currentIndex()
    box.showPopup()
    qtbot.waitUntil(box.view().isVisible)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyPress(box.view(), key)
    assert not box.view().isVisible()
    assert box.currentIndex() == row + 1
    assert window.session.cursor_ijk == before and window.session.confirmed == frozenset()


def test_the_title_names_a_file_without_a_patient_once(opened):
    assert opened.windowTitle() == "head.nii.gz – Slicewise"


@pytest.mark.parametrize(
    ("modality", "colour", "why"),
    [
        ("", False, "The file does not say its modality: there are no window presets for it"),
        ("MR", False, "This modality has no such preset"),
        ("MR", True, "Colours are shown as they are stored: there is no window to choose"),
    ],
)
def test_the_key_of_a_preset_that_there_is_not_says_why(opened, qtbot, modality, colour, why):
    session = opened.session
    volume = session.volume
    if colour:
        grey = (volume.voxels % 256).astype(np.uint8)
        volume = replace(volume, voxels=np.stack((grey, grey, grey // 2), axis=-1))
    session.open(replace(session.series, modality=modality), volume)
    qtbot.wait(50)
    before = session.window
    QTest.keyClick(opened.panes["axial"], Qt.Key.Key_3)
    assert opened.status_bar.currentMessage() == why
    assert session.window == before


def test_a_key_without_an_open_series_says_that_there_is_none(start):
    window = start()
    for key in (Qt.Key.Key_1, Qt.Key.Key_R):
        window.status_bar.clearMessage()
        QTest.keyClick(window, key)
        assert window.status_bar.currentMessage() == "No series is open"
