"""The table of labels: names written, labels added and locked, by mouse and keys."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu

from viewer.core.display import label_colours
from viewer.core.labels import Label
from viewer.gui.code_dialog import CodeDialog
from viewer.gui.label_panel import LabelPanel
from viewer.io.label_lists import write_label_list

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
    actions = {action.text(): action for action in menu.actions() if not action.isSeparator()}
    assert list(actions) == [
        "Rename…", "Colour…", "Code…", "Show only this", "Opacity on slices", "Lock", "Merge into", "Delete"
    ]  # fmt: skip
    actions["Lock"].trigger()
    assert opened.session.labels[0].locked
    actions["Rename…"].trigger()
    write(panel, "Spleen", qtbot)
    assert opened.session.labels[0].name == "Spleen"


def menu_of(panel, row):
    """The actions of a row's menu and of those within, by their words."""
    for old in panel.findChildren(QMenu):
        if old.parent() is panel:
            old.close()
            old.setParent(None)
    panel.table.customContextMenuRequested.emit(panel.table.visualItemRect(rows(panel)[row]).center())
    menu = next(menu for menu in panel.findChildren(QMenu) if menu.parent() is panel)
    found = {action.text(): action for action in menu.actions()}
    for action in menu.actions():
        if action.menu() is not None:
            found |= {f"{action.text()}/{inner.text()}": inner for inner in action.menu().actions()}
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    menu.close()  # or it would keep the keys
    return found


def test_a_label_is_merged_into_another_with_one_undo(panel, opened, qtbot):
    session = opened.session
    paint(session)
    painted = session.label_map.voxels.copy()
    menu_of(panel, 0)["Merge into/Region 2"].trigger()
    qtbot.waitUntil(lambda: [x.name for x in session.labels] == ["Region 2", "Region 3"])
    np.testing.assert_array_equal(session.label_map.voxels, np.where(painted == 1, 2, painted))
    assert session.active_label == 2
    session.undo()
    assert [x.name for x in session.labels] == ["Region 1", "Region 2", "Region 3"]
    np.testing.assert_array_equal(session.label_map.voxels, painted)


@pytest.mark.parametrize("yes", [True, False])
def test_deleting_a_label_with_voxels_asks_first(panel, opened, qtbot, monkeypatch, yes):
    asked = []
    monkeypatch.setattr("viewer.gui.label_panel.agreed", lambda parent, question: asked.append(question) or yes)
    paint(opened.session)
    menu_of(panel, 0)["Delete"].trigger()
    qtbot.waitUntil(lambda: bool(asked))
    qtbot.waitUntil(lambda: len(opened.session.labels) == (2 if yes else 3))
    assert opened.session.label_map.voxels.any() != yes and "Region 1" in asked[0]
    if yes:
        opened.session.undo()
        assert len(opened.session.labels) == 3 and (opened.session.label_map.voxels == 1).any()


def test_deleting_an_empty_label_asks_nothing(panel, opened, qtbot, monkeypatch):
    monkeypatch.setattr("viewer.gui.label_panel.agreed", lambda parent, question: pytest.fail(question))
    menu_of(panel, 2)["Delete"].trigger()
    qtbot.waitUntil(lambda: len(opened.session.labels) == 2)


def test_a_locked_label_is_neither_deleted_nor_merged_nor_merged_into(panel, opened, qtbot):
    opened.session.lock_label(1, True)
    qtbot.wait(20)
    actions = menu_of(panel, 0)
    assert not actions["Delete"].isEnabled() and not actions["Merge into"].isEnabled()
    assert not menu_of(panel, 1)["Merge into/Region 1"].isEnabled()
    assert opened.workflows.editing.give_label_away(2, 1, "Merge labels") is None


def test_one_label_alone_is_shown_and_all_again(panel, opened, qtbot):
    menu_of(panel, 1)["Show only this"].trigger()
    assert [x.visible for x in opened.session.labels] == [False, True, False]
    qtbot.wait(20)
    menu_of(panel, 1)["Show all"].trigger()
    assert all(x.visible for x in opened.session.labels)


def test_a_label_is_made_fainter_than_the_others_and_stays_so(panel, opened, start, scan_folder, qtbot):
    menu_of(panel, 0)["Opacity on slices/25 %"].trigger()
    colours = label_colours(opened.session.labels, 0.8)
    assert colours[1, 3] == 51 and colours[2, 3] == 204
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    assert [x.opacity for x in window.session.labels] == [0.25, 1.0, 1.0]


def test_a_code_is_found_by_a_few_letters_and_gives_the_label_its_name(panel, opened, qtbot):
    menu_of(panel, 0)["Code…"].trigger()
    dialog = opened.findChild(CodeDialog)
    qtbot.waitUntil(dialog.isActiveWindow)
    QTest.keyClicks(dialog.search, "hippoc")
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    label = opened.session.labels[0]
    assert label.code == ("5366008", "SCT", "Hippocampus") and label.name == "Hippocampus"
    qtbot.waitUntil(lambda: "SCT 5366008" in rows(panel)[0].toolTip(0))
    opened.session.undo()
    assert opened.session.labels[0].code is None and opened.session.labels[0].name == "Region 1"


def test_a_code_may_leave_the_name_and_be_taken_away(panel, opened, qtbot):
    opened.session.change_label(replace(opened.session.labels[0], name="Mine"))
    qtbot.wait(20)
    menu_of(panel, 0)["Code…"].trigger()
    dialog = opened.findChild(CodeDialog)
    qtbot.waitUntil(dialog.isActiveWindow)
    assert not dialog.take_name.isChecked()
    QTest.keyClicks(dialog.search, "liver")
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    QTest.keyClick(dialog.search, Qt.Key.Key_Up)
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert opened.session.labels[0].name == "Mine" and opened.session.labels[0].code[2] == "Liver"
    dialog = CodeDialog(opened.session.labels[0], opened.session.change_label)
    qtbot.addWidget(dialog)
    dialog.clear.click()
    assert opened.session.labels[0].code is None


def test_a_list_of_labels_is_used_in_another_study(panel, opened, qtbot, tmp_path):
    session = opened.session
    session.change_label(Label(1, "Liver", (1, 2, 3), ("10200004", "SCT", "Liver")))
    write_label_list(tmp_path / "list.json", session.labels[:1])
    session.undo()
    panel.use_list(tmp_path / "list.json")
    qtbot.waitUntil(lambda: [x.name for x in session.labels] == ["Liver"])
    assert session.labels[0].code == ("10200004", "SCT", "Liver") and session.labels[0].colour == (1, 2, 3)
    session.undo()
    assert [x.name for x in session.labels] == ["Region 1", "Region 2", "Region 3"]


@pytest.mark.parametrize("text", ["", "[]", '{"format": "x", "labels": []}', '{"format": "slicewise-labels"}'])
def test_what_is_no_list_of_labels_is_refused_in_a_sentence(panel, opened, qtbot, tmp_path, text):
    (tmp_path / "list.json").write_text(text)
    panel.use_list(tmp_path / "list.json")
    qtbot.waitUntil(lambda: "not a list of labels" in opened.status_bar.currentMessage())
    assert len(opened.session.labels) == 3
