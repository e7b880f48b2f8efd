"""Segmenting by clicks with the mouse on real panes: what is found, refined, taken, dropped and carried on."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest

from tests.gui.test_mouse_and_keys import CTRL, HEAD, LEFT, NONE, SHIFT, drag, point, press, voxel
from tests.gui.test_mouse_and_keys import window as fresh_window  # noqa: F401
from viewer.core.geometry import PLANES
from viewer.gui.click_answers import answers_of

BLOCK = np.zeros(HEAD.voxels.shape, bool)  # the bright one in the middle of the head
BLOCK[4:14, 8:24, 9:22] = True


@pytest.fixture
def window(fresh_window, qtbot):  # noqa: F811
    window = fresh_window
    session = window.session
    session.reset_planes()
    session.move_cursor((15, 15, 9))
    for label in session.labels:
        session.lock_label(label.value, False)
    session.hand.set_click_means("belongs")
    answers_of(session).drop()
    session.choose_tool("click")
    yield window
    answers_of(session).drop()
    session.choose_tool("window")


@pytest.fixture
def pane(window):
    return window.panes["axial"]


@pytest.fixture
def told(window):
    sentences = []
    window.room.refused.connect(sentences.append)
    yield sentences
    window.room.refused.disconnect(sentences.append)


def click(pane, at: QPoint, keys=NONE) -> None:
    QTest.mouseMove(pane, at)
    QTest.mouseClick(pane, LEFT, keys, at)


def at(pane, index) -> QPoint:
    return point(pane, voxel(pane, index))


def settle(window, qtbot) -> None:
    answers = answers_of(window.session)
    qtbot.waitUntil(lambda: answers.open is None or not answers.open.working, timeout=5000)


def labelled(session, value=1) -> np.ndarray:
    return session.label_map.voxels == value


def of_slice(mask, plane, session) -> np.ndarray:
    only = np.zeros_like(mask)
    normal = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    place = [slice(None)] * 3
    place[2 - normal] = session.cursor_ijk[normal]
    only[tuple(place)] = mask[tuple(place)]
    return only


def dice(one, other) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("plane", PLANES)
def test_a_click_and_return_give_the_structure_on_the_slice_to_the_label_as_one_edit(window, qtbot, plane):
    pane, session = window.panes[plane], window.session
    pane.setFocus()
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    assert not session.label_map.voxels.any() and pane.clicks.open is not None
    press(pane, Qt.Key.Key_Return)
    expected = of_slice(BLOCK, plane, session)
    assert dice(labelled(session), expected) > 0.9
    assert session.history.undo_title == "Segment Region 1 by clicks" and pane.clicks.open is None
    session.undo()
    assert not session.label_map.voxels.any() and session.history.undo_title is None


@pytest.mark.parametrize("key", [(Qt.Key.Key_Backspace,), (Qt.Key.Key_Z, CTRL)])
def test_clicks_refine_backspace_takes_the_last_back_and_esc_drops_all(window, pane, qtbot, key):
    session, answers = window.session, answers_of(window.session)
    pane.setFocus()
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    first = answers.open.region
    click(pane, at(pane, (12, 12, 9)), CTRL)
    settle(window, qtbot)
    row, column = answers.open.prompts.strokes[1].pixels[0]
    assert first[row, column] and not answers.open.region[row, column]
    assert not answers.open.prompts.strokes[1].positive
    press(pane, *key)
    np.testing.assert_array_equal(answers.open.region, first)
    press(pane, Qt.Key.Key_Escape)
    assert answers.open is None and not session.label_map.voxels.any() and session.history.undo_title is None


def test_a_drag_is_a_scribble_all_of_which_belongs_to_it(window, pane, qtbot):
    answers = answers_of(window.session)
    drag(pane, at(pane, (11, 12, 9)), at(pane, (20, 20, 9)))
    settle(window, qtbot)
    pixels = answers.open.prompts.strokes[0].pixels
    assert len(pixels) > 8 and all(answers.open.region[p] for p in pixels)


def test_a_box_holds_all_of_it_and_clicks_refine_it(window, pane, qtbot):
    session, answers = window.session, answers_of(window.session)
    session.hand.set_click_means("box")
    drag(pane, at(pane, (7.6, 6.6, 9)), at(pane, (23.4, 25.4, 9)))
    settle(window, qtbot)
    assert session.hand.click_means == "belongs"
    region, (top, left, bottom, right) = answers.open.region, answers.open.prompts.box
    outside = region.copy()
    outside[top : bottom + 1, left : right + 1] = False
    assert region.any() and not outside.any()
    window.click_bar.take.click()
    assert dice(labelled(session), of_slice(BLOCK, "axial", session)) > 0.9


def test_ctrl_click_on_the_label_begins_from_its_region(window, pane, qtbot):
    session = window.session
    session.draw("Draw", (slice(9, 10), slice(8, 24), slice(2, 22)), np.ones((1, 16, 20), bool))  # too wide
    before = labelled(session).copy()
    pane.setFocus()
    click(pane, at(pane, (4, 15, 9)), CTRL)
    settle(window, qtbot)
    press(pane, Qt.Key.Key_Return)
    after = labelled(session)
    assert not after[9, 15, 4] and after[9, 15, 15] and (after <= before).all()
    session.undo()
    np.testing.assert_array_equal(labelled(session), before)


def test_ctrl_click_on_nothing_says_what_to_do(window, pane, told, qtbot):
    click(pane, at(pane, (15, 15, 9)), CTRL)
    assert told and answers_of(window.session).open is None


def test_an_open_answer_waits_on_its_slice_and_a_click_on_another_takes_it(window, pane, told, qtbot):
    session, answers = window.session, answers_of(window.session)
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    session.move_cursor((15, 15, 10))
    assert answers.open is not None and pane.clicks.open is None
    session.move_cursor((15, 15, 9))
    assert pane.clicks.open is not None
    session.move_cursor((15, 15, 10))
    click(pane, at(pane, (15, 15, 10)))
    settle(window, qtbot)
    assert labelled(session)[9].any() and not labelled(session)[10].any() and told
    assert answers.open is not None and pane.clicks.open is answers.open


def test_keys_do_nothing_to_an_answer_that_is_not_seen(window, pane, qtbot):
    session, answers = window.session, answers_of(window.session)
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    session.move_cursor((15, 15, 10))
    pane.setFocus()
    for key in (Qt.Key.Key_Backspace, Qt.Key.Key_Escape):
        press(pane, key)
    assert answers.open is not None and len(answers.open.steps) == 1
    qtbot.waitUntil(lambda: "waits on its slice" in window.click_bar.text.text())


def test_nothing_is_lost_where_the_label_is_locked_meanwhile(window, pane, told, qtbot):
    session, answers = window.session, answers_of(window.session)
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    session.lock_label(1, True)
    pane.setFocus()
    press(pane, Qt.Key.Key_Return)
    assert answers.open is not None and told and not session.label_map.voxels.any()
    session.move_cursor((15, 15, 10))
    click(pane, at(pane, (15, 15, 10)))
    assert answers.open is not None and answers.open.place[1] == 9
    session.lock_label(1, False)
    session.move_cursor((15, 15, 9))
    press(pane, Qt.Key.Key_Return)
    assert labelled(session)[9].any()


def test_return_takes_what_is_seen_with_another_tool_too_instead_of_confirming_a_slice_without_it(window, pane, qtbot):
    session = window.session
    pane.setFocus()
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    session.choose_tool("brush")
    override = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    override.ignore()
    pane.event(override)
    assert override.isAccepted()
    press(pane, Qt.Key.Key_Return)
    assert labelled(session)[9].any() and answers_of(session).open is None and not session.confirmed


def test_return_closes_a_polygon_before_it_takes_what_was_clicked(window, pane, qtbot):
    session = window.session
    pane.setFocus()
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    session.choose_tool("outline")
    for corner in ((2, 2, 9), (6, 2, 9), (6, 6, 9)):
        click(pane, at(pane, corner))
    press(pane, Qt.Key.Key_Return)
    assert answers_of(session).open is not None and labelled(session)[9, 3, 5] and not labelled(session)[9, 15, 15]
    press(pane, Qt.Key.Key_Return)
    assert labelled(session)[9, 15, 15]


def test_shift_stays_the_cross_hair(window, pane, qtbot):
    QTest.mouseMove(pane, at(pane, (20, 20, 9)))
    QTest.mouseClick(pane, LEFT, SHIFT, at(pane, (20, 20, 9)))
    assert answers_of(window.session).open is None


def test_to_neighbouring_slices_is_one_edit_and_says_where_it_stopped(window, pane, qtbot):
    session, bar = window.session, window.click_bar
    sentences = []
    bar._tell = sentences.append
    click(pane, at(pane, (15, 15, 9)))
    settle(window, qtbot)
    bar.all.setChecked(True)
    bar.spread.click()
    qtbot.waitUntil(lambda: bool(sentences), timeout=10000)
    bar.all.setChecked(False)
    assert dice(labelled(session), BLOCK) > 0.85
    assert "neighbouring slices" in sentences[0] and "ends" in sentences[0]
    session.undo()
    assert not session.label_map.voxels.any()


def test_on_an_oblique_plane_the_region_lies_on_it(window, pane, qtbot):
    session = window.session
    session.turn_planes("coronal", 0.3)
    pane.setFocus()
    click(
        pane,
        at(pane, (15, 15, 9))
        if not session.is_oblique("axial")
        else QPoint(*map(int, pane.view.to_pane(session.cursor_at))),
    )
    settle(window, qtbot)
    press(pane, Qt.Key.Key_Return)
    found = np.argwhere(labelled(session))
    assert len(found) > 50 and len(np.unique(found[:, 0])) > 1
    assert np.count_nonzero(labelled(session) & BLOCK) > 0.8 * len(found)


def test_from_an_oblique_plane_it_is_found_in_those_beside_it(window, pane, qtbot):
    session, bar = window.session, window.click_bar
    sentences = []
    bar._tell = sentences.append
    session.turn_planes("coronal", 0.3)
    middle = QPoint(*(round(n) for n in pane.view.to_pane(session.cursor_at)))
    click(pane, middle)
    settle(window, qtbot)
    bar.slices.setValue(2)
    bar.spread.click()
    qtbot.waitUntil(lambda: bool(sentences), timeout=10000)
    bar.slices.setValue(5)
    found = labelled(session)
    assert sentences == ["4 neighbouring slices: as many as asked"]
    assert np.count_nonzero(found & BLOCK) > 0.8 * np.count_nonzero(found) > 400
    session.undo()
    assert not session.label_map.voxels.any()


def test_the_bar_says_what_answers_and_what_a_click_says(window, pane, qtbot):
    bar = window.click_bar
    qtbot.waitUntil(lambda: bar.isVisibleTo(window), timeout=2000)
    assert "Classical method" in bar.text.text()
    assert not bar.take.isEnabled()
    bar.means["excluded"].click()
    assert window.session.hand.click_means == "excluded"
    window.session.choose_tool("window")
    qtbot.waitUntil(lambda: not bar.isVisibleTo(window), timeout=2000)
