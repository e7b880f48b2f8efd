"""The table of labels: names written, labels added and locked, by mouse and keys."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu

from viewer.gui.label_panel import LabelPanel

LEFT = Qt.MouseButton.LeftButton
LOCK = 3


@pytest.fixture
def panel(opened, qtbot) -> LabelPanel:
    opened.panels.setCurrentWidget(opened.label_panel)
    return opened.label_panel


def rows(panel):
    return [panel.table.topLevelItem(n) for n in range(panel.table.topLevelItemCount())]


def click(panel, row, column=0, *, double=False):
    at = panel.table.visualItemRect(rows(panel)[row]).center()
    at.setX(panel.table.columnViewportPosition(column) + panel.table.columnWidth(column) - 8)
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=at)
    if double:
        QTest.mouseDClick(panel.table.viewport(), LEFT, pos=at)


def write(panel, text, qtbot):
    editor = panel.table.findChild(QLineEdit)
    assert editor is not None
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.wait(10)


def paint(session, plane="axial"):
    session.choose_tool("brush")
    session.begin_stroke(plane, session.cursor_at)
    session.end_stroke()


def test_a_double_click_writes_a_name_and_one_undo_takes_it_back(panel, opened, qtbot):
    click(panel, 1, double=True)
    write(panel, "Liver", qtbot)
    assert [label.name for label in opened.session.labels] == ["Region 1", "Liver", "Region 3"]
    assert rows(panel)[1].text(0) == "Liver"
    opened.session.undo()
    qtbot.waitUntil(lambda: rows(panel)[1].text(0) == "Region 2")


def test_a_name_that_another_label_has_is_refused_in_a_sentence(panel, opened, qtbot):
    click(panel, 1, double=True)
    write(panel, "Region 1", qtbot)
    assert "Region 1" in opened.status_bar.currentMessage()
    qtbot.waitUntil(lambda: rows(panel)[1].text(0) == "Region 2")


def test_a_new_label_has_a_colour_of_its_own_is_painted_with_and_named_at_once(panel, opened, qtbot):
    QTest.mouseClick(panel.new_label, LEFT)
    write(panel, "Tumour", qtbot)
    labels = opened.session.labels
    assert [label.name for label in labels] == ["Region 1", "Region 2", "Region 3", "Tumour"]
    assert len({label.colour for label in labels}) == 4 and opened.session.active_label == 4
    paint(opened.session)
    assert (opened.session.label_map.voxels == 4).any()


def test_the_lock_of_a_row_keeps_its_label_from_the_brush_and_opens_again(panel, opened, qtbot):
    paint(opened.session)
    before = opened.session.label_map.voxels.copy()
    click(panel, 0, LOCK)
    assert opened.session.labels[0].locked
    click(panel, 1)
    assert opened.session.active_label == 2
    paint(opened.session)
    np.testing.assert_array_equal(opened.session.label_map.voxels, before)
    click(panel, 0, LOCK)
    assert not opened.session.labels[0].locked


def test_a_stroke_with_a_locked_label_says_why_nothing_is_painted(panel, opened, qtbot):
    click(panel, 0, LOCK)
    opened.session.choose_tool("brush")
    pane = opened.panes["axial"]
    QTest.mouseClick(pane, LEFT, pos=pane.rect().center())
    assert "locked" in opened.status_bar.currentMessage() and not opened.session.label_map.voxels.any()


def test_a_lock_is_there_after_a_restart(panel, opened, start, scan_folder, qtbot):
    click(panel, 2, LOCK)
    qtbot.waitUntil(lambda: opened.session.labels[2].locked)
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    assert [label.locked for label in window.session.labels] == [False, False, True]


def test_the_menu_of_a_row_locks_and_renames(panel, opened, qtbot):
    panel.table.customContextMenuRequested.emit(panel.table.visualItemRect(rows(panel)[0]).center())
    menu = panel.findChild(QMenu)
    actions = {action.text(): action for action in menu.actions()}
    assert set(actions) == {"Rename…", "Colour…", "Lock"}
    actions["Lock"].trigger()
    assert opened.session.labels[0].locked
    actions["Rename…"].trigger()
    write(panel, "Spleen", qtbot)
    assert opened.session.labels[0].name == "Spleen"
