"""Boxes that a model proposes: seen where they are, stepped through, accepted, rejected, and known later on."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPolygonF
from PySide6.QtTest import QTest

from tests.gui.painted_words import Ink
from tests.models import write_peak_model
from viewer.core.detections import Detection, Detections
from viewer.core.geometry import PLANES
from viewer.core.labels import Label
from viewer.core.origin import Origin

ALT, LEFT = Qt.KeyboardModifier.AltModifier, Qt.MouseButton.LeftButton
ORIGIN = Origin("finder", "2.1", "CPU", 1.5, "ab" * 32, "2026-01-02T03:04:05+00:00")


def box(number, score, at, label="Nodule"):
    """8 x 6 voxels on three slices, around a voxel of the middle one."""
    i, j, k = at
    low, high = (i - 4.5, j - 3.5, k - 1.5), (i + 3.5, j + 2.5, k + 1.5)
    on_slice = ((i - 3.5, j - 2.5, k - 0.5), (i + 2.5, j + 1.5, k + 0.5))
    return Detection(number, label, score, low, high, 2, k, on_slice)


AT = {1: (10, 20, 12), 2: (28, 9, 5), 3: (30, 24, 12)}  # at no place that a mirrored picture would give again


@pytest.fixture
def proposed(shared_window, scan_folder, qtbot):
    """The window with three boxes, the last below its threshold, and nothing else."""
    window, session = shared_window, shared_window.session
    if session.volume is None:
        window.open_paths([scan_folder])
        qtbot.waitUntil(lambda: session.editable, timeout=20_000)
    for measurement in session.measurements:
        session.delete_measurement(measurement.number)
    session.hand.set_overlay(visible=True)
    session.hand.set_neurological(False)
    labels = (Label(1, "Nodule", (20, 200, 20)), Label(2, "Mass", (0, 0, 200)))
    found = (box(1, 0.91, AT[1]), box(2, 0.82, AT[2], "Mass"), box(3, 0.33, AT[3]))
    session.propose_boxes(Detections(found, labels, {"Nodule": 0.5, "Mass": 0.5}, 0.05, ORIGIN))
    window.model_panel.boxes.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    window.activateWindow()
    window.focus_pane()
    qtbot.wait(50)
    for plane in PLANES:
        window.panes[plane].reset_view()
    return window


def press(window, key, modifiers=ALT):
    QTest.keyClick(window.room.active, key, modifiers)


def rows(window):
    table = window.model_panel.boxes.table
    return [[table.topLevelItem(n).text(column) for column in range(4)] for n in range(table.topLevelItemCount())]


def painted(pane):
    pane.grab()
    return {one.number: one for one in pane.proposals.boxes}


def test_a_model_that_detects_runs_from_the_panel(start, scan_folder, tmp_path, qtbot):
    write_peak_model(tmp_path / "user" / "models" / "peaks" / "1.0.0")
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    panel = window.model_panel
    panel.models.setCurrentIndex(panel.models.findData("peaks"))
    assert panel.run.text() == "Detect" and window.segment_action.isEnabled() and not panel.boxes.isVisible()
    panel.start()
    qtbot.waitUntil(lambda: window.session.detections is not None, timeout=20_000)
    qtbot.wait(50)
    found = window.session.detections
    assert found.origin.model == "peaks" and len(found.origin.sha256) == 64 and panel.boxes.isVisible()
    assert found.shown and {one.label for one in found.shown} == {"Mass"}  # the bright block, and nothing beside it
    middles = np.array([one.middle for one in found.shown])
    assert (middles >= (9, 8, 4)).all() and (middles <= (21, 23, 13)).all()
    assert len(rows(window)) == len(found.shown)


def test_keys_step_accept_and_reject(proposed, qtbot):
    session = proposed.session
    assert rows(proposed) == [["0.91", "Nodule", "Ax 13", ""], ["0.82", "Mass", "Ax 6", ""]]
    press(proposed, Qt.Key.Key_Return)  # nobody accepts what nobody has looked at
    assert not session.measurements and session.cursor_ijk == (10, 20, 12)
    press(proposed, Qt.Key.Key_Return)
    (made,) = session.measurements
    assert made.kind == "box" and made.text == "Nodule" and session.selected == made.number
    assert made.points == ((6.5, 17.5, 12.0), (12.5, 21.5, 12.0)) and made.found.origin == ORIGIN
    press(proposed, Qt.Key.Key_N)
    assert session.cursor_ijk == (28, 8, 5)  # 8.5 rounded
    press(proposed, Qt.Key.Key_Backspace)
    qtbot.wait(30)
    assert [row[3] for row in rows(proposed)] == ["accepted", "rejected"]
    assert not proposed.commands.named["AI/Next box"].isEnabled()
    session.undo()
    qtbot.wait(30)
    assert [row[3] for row in rows(proposed)] == ["", "rejected"]
    proposed.model_panel.boxes.reject.click()  # brings the chosen one back
    qtbot.wait(30)
    assert [row[3] for row in rows(proposed)] == ["", ""]


def test_the_list_sorts_by_numbers_and_is_stepped_through_as_it_is_shown(proposed, qtbot):
    panel = proposed.model_panel.boxes
    panel.slider.setValue(20)
    qtbot.wait(30)
    panel.table.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    assert [row[2] for row in rows(proposed)] == ["Ax 6", "Ax 13", "Ax 13"]  # by words 13 came first
    press(proposed, Qt.Key.Key_N)
    assert proposed.session.detections.chosen == 2
    panel.accept_all.click()
    assert len(proposed.session.measurements) == 3
    proposed.session.undo()
    assert not proposed.session.measurements


def test_the_slider_chooses_from_which_score_they_are_shown(proposed, qtbot):
    proposed.model_panel.boxes.slider.setValue(85)
    qtbot.wait(30)
    assert [row[0] for row in rows(proposed)] == ["0.91"]
    assert not painted(proposed.panes["axial"])
    proposed.session.go_to_box(1)
    assert set(painted(proposed.panes["axial"])) == {1}


def mirrored(window, pane):
    pane.mirror()


def turned(window, pane):
    pane.turn(1)


def neurological(window, pane):
    window.session.hand.set_neurological(True)


def magnified(window, pane):
    pane._look(pane.view.zoomed(1.7, 100, 80).panned(13, -9))


@pytest.mark.parametrize("change", [None, mirrored, turned, neurological, magnified])
def test_a_box_lies_on_its_voxels_in_every_plane(proposed, change, qtbot):
    session = proposed.session
    session.go_to_box(1)
    i, j, k = AT[1]
    for plane in PLANES:
        pane = proposed.panes[plane]
        if change is not None:
            change(proposed, pane)
            qtbot.wait(20)
        outline = QPolygonF([QPointF(x, y) for x, y in painted(pane)[1].outline.tolist()])

        def inside(index, outline=outline, pane=pane):
            return outline.containsPoint(QPointF(*pane.view.to_pane(index)), Qt.FillRule.OddEvenFill)

        assert inside((i, j, k))
        across = [axis for axis in range(3) if axis != pane.view.axes.normal]
        for axis in across:
            near, far = [float(i), float(j), float(k)], [float(i), float(j), float(k)]
            near[axis] -= 1.3
            far[axis] -= 5.0
            assert inside(near) and not inside(far)


def test_boxes_are_dashed_in_the_colour_of_the_label_with_score_and_origin_when_chosen(proposed, ink: Ink, qtbot):
    session, pane = proposed.session, proposed.panes["axial"]
    session.go_to_box(1)
    drawn = painted(pane)[1]
    assert drawn.words[0] == "AI: Nodule 0.91" and drawn.words[1] == "finder 2.1 · abababababab · CPU"
    assert drawn.colour.getRgb()[:3] == (20, 200, 20)
    session.show_boxes_from(0.1)
    boxes = painted(pane)
    assert boxes[3].words == ("AI: Nodule 0.33",) and not boxes[3].words_rect.intersects(boxes[1].words_rect)
    assert "AI boxes: finder 2.1" in [badge.text for badge in pane._words.all(
        pane.view, session.series, session.volume, pane._sentence_area).badges]  # fmt: skip
    session.hand.set_overlay(visible=False)
    assert not painted(pane)


def test_a_click_on_a_box_chooses_it_and_one_beside_it_moves_the_cross_hair(proposed, qtbot):
    session, pane = proposed.session, proposed.panes["axial"]
    session.show_boxes_from(0.1)
    session.go_to_box(1)
    x, y = painted(pane)[3].outline[:2].mean(axis=0).tolist()
    QTest.mouseClick(pane, LEFT, pos=QPointF(x, y).toPoint())
    assert session.detections.chosen == 3 and session.cursor_ijk == (30, 24, 12)
    QTest.mouseClick(pane, LEFT, pos=QPointF(*pane.view.to_pane((20, 5, 12))).toPoint())
    assert session.detections.chosen == 3 and session.cursor_ijk == (20, 5, 12)


def test_an_accepted_box_tells_its_model_while_it_is_selected(proposed, qtbot):
    proposed.session.accept_boxes([1])
    session, pane = proposed.session, proposed.panes["axial"]
    (made,) = session.measurements
    session.go_to_measurement(made.number)
    qtbot.wait(30)
    pane.grab()
    assert pane.measuring.shapes[0].words == (
        "Nodule", "AI: Nodule 0.91, accepted", "finder 2.1 · abababababab", "CPU, 1.5 s, 2026-01-02 03:04:05",
    )  # fmt: skip
    assert "finder 2.1" in proposed.measure_panel.table.item(0, 1).toolTip()
    session.change_measurement(replace(made, points=((5.0, 17.5, 12.0), (12.5, 21.5, 12.0))))
    pane.grab()
    assert "corrected by hand" in pane.measuring.shapes[0].words[1]
    session.select_measurement(None)
    pane.grab()
    assert pane.measuring.shapes[0].words == ("Nodule",)
