"""Answering findings with the keyboard and the mouse, from slice to slice and from series to series."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.gui.conftest import head
from viewer.core.findings import SERIES, STUDY, Place
from viewer.gui.finding_code_dialog import FindingCodeDialog
from viewer.gui.findings_panel import _NAME, _NO, _YES
from viewer.gui.study_browser import _UID
from viewer.io.files import write_image

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
ONE, TWO, THREE, ZERO = Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_0


def press(window, key, modifier=NONE):
    window.activateWindow()
    window.focus_pane()
    QTest.keyClick(window.room.active, key, modifier)


def write_in(window, name, level="slice"):
    panel = window.findings_panel
    panel.level.setCurrentIndex(panel.level.findData(level))
    panel.name.setFocus()
    QTest.keyClicks(panel.name, name)
    QTest.keyClick(panel.name, Qt.Key.Key_Return)


def row(window, name):
    (found,) = [item for item in window.findings_panel._rows() if item.text(_NAME) == name]
    return found


def click(window, name, column):
    table, item = window.findings_panel.table, row(window, name)
    rect = table.visualItemRect(item)
    x = table.columnViewportPosition(column) + 12
    QTest.mouseClick(table.viewport(), LEFT, pos=QPoint(x, rect.center().y()))


@pytest.fixture
def asked(opened, qtbot):
    """The window with two findings of slices, one of series and one of studies."""
    opened.panels.setCurrentWidget(opened.findings_panel)
    for name, level in (("Normal", "study"), ("Blood", "slice"), ("Motion", "series"), ("Fracture", "slice")):
        write_in(opened, name, level)
    qtbot.waitUntil(lambda: len(opened.findings_panel._rows()) == 7)
    return opened


def here(window) -> Place:
    return Place("slice", 2, window.session.cursor_ijk[2])


def numbers(window):
    return {finding.name: finding.number for finding in window.session.hand.findings}


def test_findings_are_written_one_after_the_other_and_numbered_in_their_order(asked):
    assert [f.name for f in asked.session.hand.findings] == ["Blood", "Fracture", "Motion", "Normal"]
    assert [item.text(0) for item in asked.findings_panel._rows()][1:3] == ["1", "2"]
    assert asked.findings_panel.name.hasFocus() and not asked.findings_panel.name.text()


def test_shift_and_a_digit_is_yes_with_ctrl_no_and_once_more_takes_it_back(asked, qtbot):
    session, blood = asked.session, numbers(asked)["Blood"]
    press(asked, ONE, SHIFT)
    assert session.answers == {(blood, here(asked)): True}
    press(asked, ONE, SHIFT | CTRL)
    assert session.answers == {(blood, here(asked)): False}
    press(asked, ONE, SHIFT | CTRL)
    assert session.answers == {}
    qtbot.waitUntil(asked.commands.undo.isEnabled)
    press(asked, Qt.Key.Key_Z, CTRL)
    assert session.answers == {(blood, here(asked)): False}
    press(asked, THREE, SHIFT)
    assert session.answers[numbers(asked)["Motion"], SERIES] is True
    press(asked, Qt.Key.Key_4, SHIFT)
    assert session.answers[numbers(asked)["Normal"], STUDY] is True


def test_the_rest_of_the_slice_is_answered_with_no_and_the_next_one_waits(asked, qtbot):
    session, known = asked.session, numbers(asked)
    press(asked, TWO, SHIFT)
    first = here(asked)
    press(asked, ZERO, SHIFT)
    assert session.answers == {(known["Fracture"], first): True, (known["Blood"], first): False}
    press(asked, Qt.Key.Key_PageDown, SHIFT)
    assert here(asked).index == first.index + 1 and not asked.findings_panel.progress.text().startswith("All")
    session.move_cursor((0, 0, 19))
    press(asked, ZERO, SHIFT)
    press(asked, Qt.Key.Key_PageDown, SHIFT)
    assert here(asked).index == 0, "round to the first that waits"


def test_the_panel_shows_and_takes_the_answers_of_the_slice_that_is_seen(asked, qtbot):
    session, blood = asked.session, numbers(asked)["Blood"]
    click(asked, "Blood", _YES)
    assert session.answers == {(blood, here(asked)): True}
    qtbot.waitUntil(lambda: row(asked, "Blood").checkState(_YES) == Qt.CheckState.Checked)
    click(asked, "Blood", _NO)
    assert session.answers == {(blood, here(asked)): False}
    qtbot.waitUntil(lambda: row(asked, "Blood").checkState(_YES) == Qt.CheckState.Unchecked)
    session.scroll("axial", 1)
    qtbot.waitUntil(lambda: row(asked, "Blood").checkState(_NO) == Qt.CheckState.Unchecked)
    session.scroll("axial", -1)
    qtbot.waitUntil(lambda: row(asked, "Blood").checkState(_NO) == Qt.CheckState.Checked)
    asked.room.activate(asked.panes["coronal"])
    qtbot.waitUntil(lambda: row(asked, "Blood").checkState(_NO) == Qt.CheckState.Unchecked)
    press(asked, ONE, SHIFT)
    assert session.answers[blood, Place("slice", 1, session.cursor_ijk[1])] is True


def test_a_pane_says_what_was_answered(asked, qtbot):
    press(asked, ONE, SHIFT)
    press(asked, TWO, SHIFT | CTRL)
    qtbot.wait(30)
    pane = asked.panes["axial"]
    pane.grab()
    texts = {piece.text for piece in pane.written if piece.key[0] == "badge"}
    assert {"Yes: Blood", "No: Fracture"} <= texts


def test_a_finding_is_renamed_with_its_answers_and_the_list_stays_for_the_next_start(asked, start, qtbot):
    press(asked, ONE, SHIFT)
    row(asked, "Blood").setText(_NAME, "Haemorrhage")
    qtbot.waitUntil(lambda: asked.session.hand.findings[0].name == "Haemorrhage")
    row(asked, "Haemorrhage").setText(_NAME, "Fracture")
    assert "already" in asked.status_bar.currentMessage()
    qtbot.waitUntil(lambda: "Haemorrhage" in [item.text(_NAME) for item in asked.findings_panel._rows()])
    uid, answers = asked.session.series.uid, asked.session.answers
    window = start()
    window.open_series(uid)
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    assert window.session.hand.findings[0].name == "Haemorrhage" and window.session.answers == answers


def test_no_key_answers_on_an_oblique_plane(asked):
    asked.session.turn_planes("sagittal", 0.3)
    press(asked, ONE, SHIFT)
    assert asked.session.answers == {}


def test_a_key_that_comes_before_the_next_series_does_not_meet_this_one(asked, monkeypatch):
    monkeypatch.setattr(type(asked.workflows), "opening", property(lambda self: True))
    press(asked, ONE, SHIFT)
    press(asked, ZERO, SHIFT)
    assert asked.session.answers == {}


def test_a_digit_written_into_the_name_of_a_finding_answers_nothing(asked):
    QTest.keyClicks(asked.findings_panel.name, "Grade ")
    QTest.keyClick(asked.findings_panel.name, ONE, SHIFT)
    assert asked.session.answers == {}


def test_esc_leaves_the_line_for_a_new_finding_so_that_digits_answer_again(asked):
    panel = asked.findings_panel
    asked.activateWindow()
    panel.name.setFocus()
    QTest.keyClicks(panel.name, "Rib")
    QTest.keyClick(panel.name, Qt.Key.Key_Escape)
    assert panel.name.text() == "" and asked.focusWidget() is asked.room.active


def test_the_next_series_has_the_list_and_answers_of_its_own(asked, tmp_path, qtbot):
    other = tmp_path / "other"
    other.mkdir()
    write_image(np.roll(head().voxels, 7, axis=1), head().geometry, other / "second.nii.gz")
    press(asked, Qt.Key.Key_4, SHIFT)
    asked.open_paths([other])
    qtbot.waitUntil(lambda: asked.session.editable and "second" in asked.session.series.description, timeout=20_000)
    qtbot.wait(50)
    assert asked.session.answers == {} and len(asked.session.hand.findings) == 4, "another study"
    press(asked, ONE, SHIFT)
    asked.answering.export(tmp_path / "findings.csv")
    qtbot.waitUntil((tmp_path / "findings.csv").exists, timeout=5_000)
    with (tmp_path / "findings.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert {(r["level"], r["finding"]) for r in rows} == {("study", "Normal"), ("slice", "Blood")}
    assert len({r["patient"] for r in rows}) == 2


def test_going_on_passes_over_series_that_are_answered_and_stops_at_the_end(start, tmp_path, qtbot):
    for n in range(4):
        write_image(
            np.roll(head().voxels[:1], n, axis=1),
            replace(head().geometry, size=(40, 32, 1)),
            tmp_path / f"picture-{'abcd'[n]}.nii.gz",
        )
    window = start()
    window.open_paths([tmp_path])
    qtbot.waitUntil(lambda: len(window.browser.series_items()) == 4, timeout=20_000)
    uids = [item.data(0, _UID) for item in window.browser.series_items()]
    write_in(window, "Blood")

    def show(uid):
        window.open_series(uid)
        arrive(uid)

    def arrive(uid):
        qtbot.waitUntil(lambda: window.session.series is not None and window.session.series.uid == uid, timeout=20_000)
        qtbot.waitUntil(lambda: window.session.editable and not window.workflows.opening)
        qtbot.wait(30)

    show(uids[1])
    press(window, ONE, SHIFT)
    show(uids[0])
    press(window, ZERO, SHIFT)
    press(window, Qt.Key.Key_PageDown, SHIFT)
    arrive(uids[2])
    press(window, ONE, SHIFT)
    press(window, Qt.Key.Key_PageDown, SHIFT)
    arrive(uids[3])
    press(window, Qt.Key.Key_PageDown, SHIFT)
    assert "last series" in window.status_bar.currentMessage()
    press(window, ONE, SHIFT)
    show(uids[0])
    press(window, Qt.Key.Key_PageDown, SHIFT)
    assert "answered" in window.status_bar.currentMessage() and window.session.series.uid == uids[0]


def test_a_code_is_written_by_a_person_and_taken_away_again(asked, qtbot):
    panel, code = asked.findings_panel, ("1386000", "SCT", "Intracranial haemorrhage")
    panel._choose_code(asked.session.hand.findings[0])
    dialog = asked.findChild(FindingCodeDialog)
    assert not dialog._ok.isEnabled() and dialog.meaning.text() == "Blood"
    for edit, text in zip((dialog.value, dialog.scheme, dialog.meaning), code, strict=True):
        edit.clear()
        QTest.keyClicks(edit, text)
    QTest.keyClick(dialog.meaning, Qt.Key.Key_Return)
    assert asked.session.hand.findings[0].code == code and asked.session.hand.findings[0].name == "Blood"
    qtbot.waitUntil(lambda: "Intracranial" in row(asked, "Blood").toolTip(_NAME))
    FindingCodeDialog(asked.session.hand.findings[0], panel._change, asked)._take_away()
    assert asked.session.hand.findings[0].code is None
