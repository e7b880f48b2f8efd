"""The shape of the brush, where tools may draw, the threshold and combined labels, in the window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from viewer.core.masking import Masking
from viewer.gui.exporting import picture_of
from viewer.gui.label_combining import CombineDialog
from viewer.gui.threshold import ThresholdDialog

LEFT = Qt.MouseButton.LeftButton


def rest(window, qtbot) -> None:
    qtbot.waitUntil(lambda: window.workflows.jobs.idle, timeout=20_000)
    qtbot.wait(30)


def threshold_of(window) -> ThresholdDialog:
    window.commands.named["Labels/Threshold…"].trigger()
    dialog = window.findChild(ThresholdDialog)
    assert dialog.isVisible()
    return dialog


def fill(window, value, part) -> None:
    session = window.session
    whole = tuple(slice(0, n) for n in session.label_map.voxels.shape)
    voxels = session.label_map.voxels.copy()
    voxels[part] = value
    session.replace_voxels("Fill", whole, voxels)


def badges(window):
    return [badge.text for badge in window.panes["axial"]._words._badges_of_view()]


def test_the_shape_of_the_brush_is_chosen_by_key_and_in_the_panel(opened, qtbot):
    hand, panel = opened.session.hand, opened.drawing_tools
    pane = opened.panes["axial"]
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(30)
    assert hand.brush_shape == "sphere"
    assert panel.shape.currentData() == "sphere"
    assert opened.commands.named["Labels/Brush as a sphere"].isChecked()
    panel.shape.setCurrentIndex(0)
    panel.shape.activated.emit(0)
    qtbot.wait(30)
    assert hand.brush_shape == "disc"
    assert not opened.commands.named["Labels/Brush as a sphere"].isChecked()


def test_a_sphere_is_painted_on_several_slices_by_one_press(opened, qtbot):
    session, pane = opened.session, opened.panes["axial"]
    session.choose_tool("brush")
    session.hand.set_brush_radius(6.0)
    session.hand.set_brush_shape("sphere")
    QTest.mouseClick(pane, LEFT, pos=pane.rect().center())
    for axes in ((1, 2), (0, 2), (0, 1)):
        assert np.count_nonzero(session.label_map.voxels.any(axis=axes)) >= 5
    session.undo()
    assert not session.label_map.voxels.any()


def test_ctrl_has_the_brush_take_from_its_own_label_as_other_tools_do(opened, qtbot):
    session, pane = opened.session, opened.panes["axial"]
    session.move_cursor((15, 15, 9))
    fill(opened, 1, np.s_[:, :, :20])
    fill(opened, 2, np.s_[:, :, 20:])
    before = session.label_map.voxels.copy()
    session.choose_tool("brush")
    session.hand.set_brush_radius(6.0)
    at = pane.rect().center()
    QTest.mousePress(pane, LEFT, Qt.KeyboardModifier.ControlModifier, at)
    QTest.mouseRelease(pane, LEFT, Qt.KeyboardModifier.NoModifier, at)
    gone = session.label_map.voxels != before
    assert gone.any() and (before[gone] == 1).all() and not session.label_map.voxels[gone].any()
    assert session.history.undo_title == "Take away from Region 1"
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)
    session.lock_label(1, True)
    QTest.mouseClick(pane, LEFT, Qt.KeyboardModifier.ControlModifier, at)
    np.testing.assert_array_equal(session.label_map.voxels, before)


def test_what_may_be_drawn_on_is_chosen_in_the_panel_and_by_commands_and_told_on_the_panes(opened, qtbot):
    hand, rows = opened.session.hand, opened.drawing_tools.masking
    offered = ["Everything", "Only what has no label", "Only some values…", "Only inside Region 1"]
    assert [rows.over.itemText(n) for n in range(4)] == offered
    rows.over.setCurrentIndex(1)
    rows.over.activated.emit(1)
    qtbot.wait(30)
    assert hand.masking == Masking(over="unlabelled")
    assert badges(opened) == []  # nobody draws
    opened.session.choose_tool("brush")
    assert badges(opened) == ["◩ Drawing · Only what has no label"]
    opened.session.choose_label(2)
    opened.commands.named["Labels/Draw only inside the chosen label"].trigger()
    qtbot.wait(30)
    assert hand.masking == Masking(over="label", label="Region 2")
    assert rows.over.currentText() == "Only inside Region 2"
    opened.commands.named["Labels/Draw everywhere, on all values"].trigger()
    qtbot.wait(30)
    assert hand.masking == Masking()
    assert rows.over.currentIndex() == 0 and rows.values.isHidden()
    rows.over.setCurrentIndex(2)
    rows.over.activated.emit(2)
    assert opened.thresholding._dialog.isVisible() and rows.over.currentIndex() == 0, "it asks which values"
    opened.thresholding._dialog.close()
    assert not opened.commands.named["Labels/Draw everywhere, on all values"].isEnabled()


def test_the_threshold_gives_its_voxels_to_the_label_as_one_edit(opened, qtbot):
    dialog, session = threshold_of(opened), opened.session
    dialog.boxes[0].setValue(500)
    QTest.mouseClick(dialog.give_button, LEFT)
    rest(opened, qtbot)
    np.testing.assert_array_equal(session.label_map.voxels == 1, session.volume.voxels >= 500)
    assert session.history.undo_title == "Threshold Region 1"
    QTest.mouseClick(dialog.give_button, LEFT)
    qtbot.waitUntil(lambda: "No voxel of these values" in opened.status_bar.currentMessage())
    session.undo()
    assert not session.label_map.voxels.any()


def test_the_key_of_undo_takes_the_threshold_back_while_its_dialog_has_the_keyboard(opened, qtbot):
    dialog, session = threshold_of(opened), opened.session
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    dialog.boxes[0].setValue(500)
    QTest.mouseClick(dialog.give_button, LEFT)
    rest(opened, qtbot)
    assert session.label_map.voxels.any()
    dialog.boxes[0].setFocus()
    QTest.keyClick(dialog.boxes[0], Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    rest(opened, qtbot)
    assert not session.label_map.voxels.any() and dialog.values[0] == 500


def test_values_of_one_kind_of_scan_are_forgotten_on_another(opened, qtbot, tmp_path):
    hand, session = opened.session.hand, opened.session
    hand.set_masking(Masking(values=(500.0, 900.0), over="unlabelled"))
    qtbot.wait(30)
    session.open(replace(session.series, uid="like it"), session.volume)
    qtbot.wait(30)
    assert hand.masking == Masking(values=(500.0, 900.0), over="unlabelled")
    session.open(replace(session.series, uid="other", modality="CT"), session.volume)
    qtbot.wait(30)
    assert hand.masking == Masking(over="unlabelled")
    assert "all values again" in opened.status_bar.currentMessage()


def test_the_voxels_of_the_values_are_tinted_while_they_are_chosen(opened, qtbot):
    pane, session = opened.panes["axial"], opened.session
    before = pane.grab().toImage()
    dialog = threshold_of(opened)
    dialog.boxes[0].setValue(500)
    qtbot.wait(30)
    shown = pane.grab().toImage()
    counts = {True: [0, 0], False: [0, 0]}
    for x in range(4, pane.width() - 4, 7):
        for y in range(60, pane.height() - 60, 7):
            i, j, k = (round(n) for n in pane.view.to_index(x + 0.5, y + 0.5, pane._depth))
            if session.volume.geometry.contains_index((i, j, k)):
                bright = bool(session.volume.voxels[k, j, i] >= 500)
                counts[bright][shown.pixelColor(x, y) != before.pixelColor(x, y)] += 1
    assert counts[True][1] > 0.95 * sum(counts[True]) > 20
    assert counts[False][1] < 0.05 * sum(counts[False])
    dialog.close()
    qtbot.wait(30)
    assert session.hand.previewed_values is None
    assert pane.grab().toImage() == before


def test_the_tint_lies_on_oblique_planes_and_within_the_grid_only(opened, qtbot):
    pane, session = opened.panes["axial"], opened.session
    session.turn_planes("coronal", 0.4)
    qtbot.wait(300)
    before = pane.grab().toImage()
    dialog = threshold_of(opened)
    dialog.boxes[0].setValue(dialog.boxes[0].minimum())
    qtbot.wait(30)
    shown = pane.grab().toImage()
    right, wrong = 0, 0
    for x in range(4, pane.width() - 4, 9):
        for y in range(60, pane.height() - 60, 9):
            at = pane.view.to_index(x + 0.5, y + 0.5, pane._depth)
            deep = all(0 <= n < count - 1 for n, count in zip(at, session.volume.geometry.size, strict=True))
            outside = any(n < -1 or n > count for n, count in zip(at, session.volume.geometry.size, strict=True))
            if deep or outside:
                same = (shown.pixelColor(x, y) != before.pixelColor(x, y)) == deep
                right, wrong = right + same, wrong + (not same)
    assert wrong < 0.02 * right  # what is written lies over it
    assert right > 100


def test_the_chosen_values_mask_the_brush_and_the_badge_says_so(opened, qtbot):
    dialog, session = threshold_of(opened), opened.session
    dialog.boxes[0].setValue(500)
    dialog.boxes[1].setValue(2000)
    dialog.only_these.setChecked(True)
    qtbot.wait(30)
    values = (500.0, dialog.boxes[1].value())
    assert session.hand.masking == Masking(values)
    dialog.close()
    assert session.hand.masking == Masking(values)
    session.choose_tool("brush")
    qtbot.wait(30)
    assert badges(opened) == [f"◩ Drawing · Only 500 to {values[1]:g}"]
    assert opened.drawing_tools.masking.values.text() == f"500 to {values[1]:g}"
    session.hand.set_brush_radius(40.0)
    session.begin_stroke("axial", session.cursor_at)
    session.end_stroke()
    painted = session.label_map.voxels > 0
    assert painted.any()
    assert (session.volume.voxels[painted] >= 500).all()
    dialog = threshold_of(opened)
    assert dialog.values == values
    dialog.only_these.setChecked(False)
    assert session.hand.masking == Masking()


def test_neither_the_tint_nor_the_badge_is_in_pictures_that_leave(opened, qtbot):
    opened.session.choose_tool("brush")
    before = picture_of(opened.panes["axial"])
    dialog = threshold_of(opened)
    dialog.only_these.setChecked(True)
    qtbot.wait(30)
    assert badges(opened)
    assert picture_of(opened.panes["axial"]) == before


def test_no_end_of_the_range_passes_the_other(opened, qtbot):
    dialog = threshold_of(opened)
    dialog.boxes[0].setValue(300)
    dialog.boxes[1].setValue(100)
    assert dialog.values == (100, 100)
    dialog.sliders[0].setValue(1000)
    assert dialog.values == (dialog.boxes[0].maximum(),) * 2


@pytest.mark.parametrize(("n", "own", "other"), [(0, [1, 2], []), (1, [2], []), (4, [0], [2])])
def test_labels_are_combined_in_the_dialog(opened, qtbot, n, own, other):
    session = opened.session
    fill(opened, 1, np.s_[4:8, 8:16, 9:18])
    fill(opened, 2, np.s_[8:12, 8:16, 9:18])
    before = session.label_map.voxels.copy()
    opened.commands.named["Labels/Combine with another label…"].trigger()
    dialog = opened.findChild(CombineDialog)
    dialog.choice.setCurrentIndex(n)
    QTest.mouseClick(dialog.apply_button, LEFT)
    rest(opened, qtbot)
    np.testing.assert_array_equal(session.label_map.voxels == 1, np.isin(before, own))
    np.testing.assert_array_equal(session.label_map.voxels == 2, np.isin(before, other))
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)


def test_the_voxels_of_a_locked_label_are_not_offered(opened, qtbot):
    opened.commands.named["Labels/Combine with another label…"].trigger()
    dialog = opened.findChild(CombineDialog)
    opened.session.lock_label(2, True)
    qtbot.wait(30)
    assert not dialog.apply_button.isEnabled()
    assert "locked" in dialog.apply_button.toolTip()
    dialog.choice.setCurrentIndex(2)
    assert dialog.apply_button.isEnabled()
