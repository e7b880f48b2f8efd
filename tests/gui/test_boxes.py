"""Boxes around something of a label, for models that detect: drawn like a rectangle, in the label's name and colour."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.gui.painted_words import Ink
from viewer.core.measuring import Measurement

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


def drag(pane, start: QPoint, end: QPoint):
    QTest.mousePress(pane, LEFT, pos=start)
    QTest.mouseMove(pane, (start + end) / 2)
    QTest.mouseMove(pane, end)
    QTest.mouseRelease(pane, LEFT, pos=end)


@pytest.fixture
def boxed(opened, qtbot):
    """The window with a box of the second label, "Nodule", drawn by key and mouse."""
    session, pane = opened.session, opened.panes["axial"]
    session.change_label(replace(session.labels[1], name="Nodule"))
    session.choose_label(2)
    opened.activateWindow()
    opened.focus_pane()
    QTest.keyClick(opened.room.active, Qt.Key.Key_B, CTRL)
    middle = pane.rect().center()
    drag(pane, middle - QPoint(40, 30), middle + QPoint(35, 45))
    assert len(session.measurements) == 1
    return opened


def the_box(window) -> Measurement:
    return window.session.measurements[0]


def test_a_box_has_the_name_of_the_chosen_label_and_lies_on_the_slice(boxed):
    box = the_box(boxed)
    assert box.kind == "box" and box.text == "Nodule" and box.slice_index == boxed.session.cursor_ijk[2]
    boxed.session.undo()
    assert not boxed.session.measurements


def test_a_box_is_drawn_in_the_colour_of_its_label_with_its_name(boxed, ink: Ink, qtbot):
    pane = boxed.panes["axial"]
    boxed.session.select_measurement(None)
    pane.grab()
    (shape,) = pane.measuring.shapes
    assert shape.colour == boxed.session.labels[1].colour and shape.words == ("Nodule",)
    boxed.session.change_label(replace(boxed.session.labels[1], colour=(1, 200, 3)))
    qtbot.wait(30)
    pane.grab()
    assert pane.measuring.shapes[0].colour == (1, 200, 3)


def test_a_box_follows_the_name_of_its_label_and_one_undo_takes_both_back(boxed):
    session = boxed.session
    session.change_label(replace(session.labels[1], name="Mass"))
    assert the_box(boxed).text == "Mass"
    session.undo()
    assert the_box(boxed).text == "Nodule" and session.labels[1].name == "Nodule"


def test_the_boxes_of_a_label_that_is_merged_are_those_of_the_other(boxed, qtbot):
    boxed.workflows.editing.give_label_away(2, 1, "Merge labels")
    qtbot.waitUntil(lambda: the_box(boxed).text == "Region 1")
    boxed.session.undo()
    assert the_box(boxed).text == "Nodule"


def test_a_box_is_there_after_a_restart_and_in_the_exported_table(boxed, start, scan_folder, qtbot, tmp_path):
    points = the_box(boxed).points
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    assert the_box(window).points == points and the_box(window).text == "Nodule"
    window.workflows.export_measurements(tmp_path / "table.csv")
    qtbot.waitUntil((tmp_path / "table.csv").exists, timeout=5000)
    row = next(line for line in (tmp_path / "table.csv").read_text("utf-8-sig").splitlines() if "box" in line)
    assert "Nodule" in row and repr(points[0][0]) in row
