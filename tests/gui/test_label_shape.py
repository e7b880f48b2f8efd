"""The shape of a label by commands and the dialog, in the window."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from viewer.core import shaping
from viewer.gui.label_shape import ShapeDialog

GROW, SHRINK = 0, 1


@pytest.fixture
def painted(opened, qtbot):
    """The window with two discs of the active label, on slices of the active pane that are four apart."""
    session, plane = opened.session, opened.room.plane
    session.choose_tool("brush")
    session.hand.set_brush_radius(6.0)
    for step in (0, 4):
        session.scroll(plane, step)
        session.begin_stroke(plane, session.cursor_at)
        session.end_stroke()
    return opened


def voxels(window):
    return window.session.label_map.voxels.copy()


def dialog_of(window) -> ShapeDialog:
    window.commands.named["Labels/Shape of the label…"].trigger()
    dialog = window.findChild(ShapeDialog)
    assert dialog.isVisible()
    return dialog


def rest(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.workflows.jobs.idle, timeout=20_000)


def test_the_dialog_grows_and_shrinks_the_active_label_and_one_undo_takes_each_back(painted, qtbot):
    dialog, before = dialog_of(painted), voxels(painted)
    spacing = painted.session.volume.geometry.spacing
    dialog.act.setCurrentIndex(GROW)
    dialog.size_box.setValue(3.0)
    QTest.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    rest(painted, qtbot)
    np.testing.assert_array_equal(voxels(painted) == 1, shaping.margin(before == 1, spacing, 3.0))
    assert painted.session.history.undo_title == "Grow Region 1"
    dialog.act.setCurrentIndex(SHRINK)
    QTest.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    rest(painted, qtbot)
    painted.session.undo()
    painted.session.undo()
    np.testing.assert_array_equal(voxels(painted), before)
    dialog.act.setCurrentIndex(GROW)
    assert dialog.size_box.value() == 3.0, "each act remembers its size"


def test_the_keys_of_undo_and_redo_work_in_the_dialog_also_in_the_field_of_its_size(painted, qtbot):
    dialog, before = dialog_of(painted), voxels(painted)
    dialog.act.setCurrentIndex(GROW)
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.size_box.setFocus()
    dialog.size_box.selectAll()
    qtbot.keyClicks(dialog.size_box, "3")
    QTest.keyClick(dialog.size_box, Qt.Key.Key_Return)
    rest(painted, qtbot)
    after = voxels(painted)
    assert (after != before).any()
    for focus in (dialog.size_box, dialog.apply_button):
        focus.setFocus()
        QTest.keyClick(focus, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        rest(painted, qtbot)
        np.testing.assert_array_equal(voxels(painted), before)
        qtbot.waitUntil(painted.commands.redo.isEnabled)
        QTest.keyClick(focus, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        rest(painted, qtbot)
        np.testing.assert_array_equal(voxels(painted), after)
        qtbot.waitUntil(painted.commands.undo.isEnabled)


def test_slices_between_are_filled_along_the_active_plane(painted, qtbot):
    before = voxels(painted)
    painted.commands.named["Labels/Fill between the slices of the active plane"].trigger()
    rest(painted, qtbot)
    after = voxels(painted)
    assert (after > 0).sum() > (before > 0).sum()
    np.testing.assert_array_equal(after[before > 0], before[before > 0])


def test_nothing_is_filled_between_planes_that_are_turned(painted, qtbot):
    session, plane, before = painted.session, painted.room.plane, voxels(painted)
    session.turn_planes("coronal", 0.4)
    assert session.is_oblique(plane)
    painted.commands.named["Labels/Fill between the slices of the active plane"].trigger()
    qtbot.waitUntil(lambda: "between oblique planes not" in painted.status_bar.currentMessage())
    rest(painted, qtbot)
    np.testing.assert_array_equal(voxels(painted), before)
    session.reset_planes()


def test_what_changes_nothing_says_so(painted, qtbot):
    painted.commands.named["Labels/Fill holes in the label"].trigger()
    qtbot.waitUntil(lambda: "changes nothing" in painted.status_bar.currentMessage())
    assert painted.session.history.undo_title == "Paint Region 1"


def test_a_margin_that_is_smaller_than_a_voxel_says_how_large_voxels_are(painted, qtbot):
    dialog, before = dialog_of(painted), voxels(painted)
    dialog.act.setCurrentIndex(GROW)
    dialog.size_box.setValue(0.1)
    QTest.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    spacing = " × ".join(f"{mm:.4g}" for mm in painted.session.volume.geometry.spacing)
    qtbot.waitUntil(lambda: f"its voxels are {spacing} mm" in painted.status_bar.currentMessage())
    np.testing.assert_array_equal(voxels(painted), before)


@pytest.mark.parametrize("act", [5, 9])  # median, small parts
def test_no_act_on_the_shape_of_a_label_leaves_nothing_of_it(opened, qtbot, act):
    session, dialog = opened.session, dialog_of(opened)
    at = session.cursor_ijk
    box = tuple(slice(n, n + 1) for n in reversed(at))
    session.draw("Draw", box, np.ones((1, 1, 1), bool))
    before = voxels(opened)
    dialog.act.setCurrentIndex(act)
    dialog.size_box.setValue(100.0 if act == 9 else 0.5)
    QTest.mouseClick(dialog.apply_button, Qt.MouseButton.LeftButton)
    rest(opened, qtbot)
    np.testing.assert_array_equal(voxels(opened), before)
    if act != 5:
        qtbot.waitUntil(lambda: "nothing of it would be left" in opened.status_bar.currentMessage())
        assert session.history.undo_title == "Draw"


def test_a_locked_label_has_its_shape_and_the_reason_is_given(painted, qtbot):
    dialog = dialog_of(painted)
    painted.session.lock_label(1, True)
    action = painted.commands.named["Labels/Fill holes in the label"]
    qtbot.waitUntil(lambda: not action.isEnabled())
    assert painted.commands.why_not(action) == "The label is locked: its row in the table unlocks it"
    assert not dialog.apply_button.isEnabled()
    painted.session.choose_label(2)
    qtbot.waitUntil(dialog.apply_button.isEnabled)


@pytest.mark.parametrize(
    ("without", "words"), [({"slice_origins": np.zeros((0, 3))}, "no volume"), ({"calibrated": False}, "not known")]
)
def test_nothing_is_done_in_mm_where_there_are_none(opened, qtbot, without, words):
    session = opened.session
    volume = replace(session.volume, geometry=replace(session.volume.geometry, **without))
    session.open(session.series, volume)
    action = opened.commands.named["Labels/Shape of the label…"]
    qtbot.waitUntil(lambda: not action.isEnabled())
    assert words in opened.commands.why_not(action)
    session.hand.set_overlay(opacity=0.3)
    qtbot.wait(50)
    assert not action.isEnabled(), "another change does not allow it"


def test_what_needs_no_mm_is_done_where_there_are_none(opened, qtbot):
    session, named = opened.session, opened.commands.named
    volume = replace(session.volume, geometry=replace(session.volume.geometry, calibrated=False))
    session.open(session.series, volume)
    qtbot.waitUntil(lambda: not named["Labels/Shape of the label…"].isEnabled())
    for name in ("Keep the largest part of the label", "Fill holes in the label", "Grow from seeds"):
        assert named[f"Labels/{name}"].isEnabled()
    box = (slice(9, 10), slice(4, 9), slice(4, 12))
    session.draw("Draw", box, np.arange(8)[None, None] * np.ones((1, 5, 1)) != 5)  # two parts
    named["Labels/Keep the largest part of the label"].trigger()
    rest(opened, qtbot)
    assert np.count_nonzero(voxels(opened)) == 25
