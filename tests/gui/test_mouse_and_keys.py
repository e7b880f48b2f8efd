"""The tables of mouse and keys, by events that go through the window as a person's do: each does what it is told to.

Measuring tools, the page of keys, the palette, exports, playing and the 3-D view have files of their own.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from tests.gui.conftest import BRIGHT, head
from tests.gui.reference_pictures import TEXT_PX, assert_alike, painted
from tests.gui.test_main_window import wheel
from viewer.core.display import WindowLevel
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.origin import Origin
from viewer.core.session import Proposal
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.gui.command_palette import CommandPalette
from viewer.gui.key_dialog import KeysDialog
from viewer.gui.slice_pane import SlicePane

LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
NONE, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
# i grows to the left, j to the front, k to the head: see OBLIQUE_LEFT_HANDED
HEAD, SIZE, MIDDLE_IJK = head(), (40, 32, 20), (20, 16, 9)
NORMAL = {"axial": 2, "coronal": 1, "sagittal": 0}
CT = Series("7", "1", "P-1", "Doe^Jane", "CT", "Head", (), GeometryVerdict("regular", "fine"))
OUTSIDE_IJK = (28, 18, 9)  # dark, without text
OPENED_WITH = WindowLevel(450.0, 1400.0)  # from below the darkest to above the brightest


@pytest.fixture
def window(shared_window, qtbot):
    """The window with a CT in the state in which it opens."""
    window, session = shared_window, shared_window.session
    session.open(CT, Volume(HEAD.voxels, HEAD.geometry, unit="HU", modality="CT"))
    session.choose_tool("window")
    session.choose_label(DEFAULT_LABELS[0].value)
    session.hand.set_brush_radius(3.0)
    session.hand.set_overlay(visible=True, opacity=0.5)
    session.move_cursor(MIDDLE_IJK)
    while session.hand.overlay_text != "all":
        session.hand.cycle_overlay_text()
    session.set_window(OPENED_WITH)
    if window.panes["axial"].isHidden() or window.panes["coronal"].isHidden():
        window.toggle_maximised("axial")
    window.activateWindow()
    window.room.activate(window.room.pane_of("axial"))
    window.focus_pane()
    for pane in window.panes.values():
        pane.set_slab(None)
    qtbot.wait(5)
    return window


@pytest.fixture
def pane(window):
    return window.panes["axial"]


def press(pane, key, keys=NONE) -> None:
    QTest.keyClick(pane, key, keys)


def command(window, name: str) -> QAction:
    return next(action for group in window.commands.groups.values() for action in group if action.objectName() == name)


def drag(pane, start: QPoint, *stops: QPoint, button=LEFT) -> None:
    QTest.mousePress(pane, button, NONE, start)
    for stop in stops:
        QTest.mouseMove(pane, stop)
    QTest.mouseRelease(pane, button, NONE, stops[-1])


def move(pane, at: QPoint, keys=NONE, buttons=Qt.MouseButton.NoButton) -> None:
    """QTest moves the mouse without keys that are held."""
    where = QPointF(at)
    how = Qt.MouseButton.NoButton, buttons, keys
    QApplication.sendEvent(pane, QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), *how))


def point(pane, index_ijk) -> QPoint:
    return QPointF(*pane.view.to_pane(index_ijk)).toPoint()


def voxel(pane, index_ijk):
    """The index of a voxel on the slice that a pane shows."""
    index = list(index_ijk)
    index[NORMAL[pane.name]] = pane.session.cursor_ijk[NORMAL[pane.name]]
    return tuple(index)


# Mouse


@pytest.mark.parametrize(
    ("drawn", "wider", "higher"),
    [((70, 0), 1, 0), ((-70, 0), -1, 0), ((0, -70), 0, -1), ((0, 70), 0, 1), ((50, -50), 1, -1)],
    ids=["right", "left", "up", "down", "right and up"],
)
def test_a_left_drag_changes_the_window(pane, drawn, wider, higher):
    session, middle = pane.session, pane.rect().center()
    before, cursor, view = session.window, session.cursor_ijk, pane.view
    drag(pane, middle, middle + QPoint(*drawn) / 2, middle + QPoint(*drawn))
    assert np.sign(round(session.window.width - before.width, 6)) == wider
    assert np.sign(round(session.window.centre - before.centre, 6)) == higher
    assert (session.cursor_ijk, pane.view) == (cursor, view)


def test_dragging_up_brightens_the_picture_and_right_takes_contrast(pane, qtbot):
    middle = pane.rect().center()
    inside, outside = (point(pane, voxel(pane, at)) for at in ((13, 18, 9), OUTSIDE_IJK))

    def greys() -> tuple[float, float]:
        qtbot.wait(5)
        picture = painted(pane)
        around = [picture[p.y() - 4 : p.y() + 5, p.x() - 4 : p.x() + 5].mean() for p in (inside, outside)]
        return around[0], around[1]

    bright, dark = greys()
    drag(pane, middle, middle - QPoint(0, 20), middle - QPoint(0, 40))
    brighter, less_dark = greys()
    assert brighter > bright + 10 and less_dark > dark + 10
    drag(pane, middle, middle + QPoint(50, 0), middle + QPoint(150, 0))
    assert np.ptp(greys()) < 0.8 * (brighter - less_dark)


@pytest.mark.parametrize("plane", list(NORMAL))
@pytest.mark.parametrize("tool", ["w", "t"])
def test_a_click_puts_the_cross_hair_there_and_the_other_panes_follow(window, plane, tool):
    pane, session = window.panes[plane], window.session
    press(pane, tool)
    for target in ((31, 7, 4), (6, 25, 15)):
        QTest.mouseClick(pane, LEFT, NONE, point(pane, voxel(pane, target)))
        assert session.cursor_ijk == voxel(pane, target)
    assert session.window == OPENED_WITH


@pytest.mark.parametrize("tool", ["w", "b", "l", "z"])
@pytest.mark.parametrize("plane", list(NORMAL))
def test_shift_and_moving_takes_the_cross_hair_along_with_every_tool(window, plane, tool):
    pane, session = window.panes[plane], window.session
    press(pane, tool)
    move(pane, point(pane, voxel(pane, (30, 9, 5))))
    assert session.cursor_ijk == MIDDLE_IJK, "without Shift nothing moves"
    move(pane, point(pane, voxel(pane, (30, 9, 5))), SHIFT)
    assert session.cursor_ijk == voxel(pane, (30, 9, 5))
    assert not session.label_map.voxels.any() and session.measurements == ()


@pytest.mark.parametrize(("tool", "button"), [("w", MIDDLE), ("b", MIDDLE), ("l", MIDDLE), ("p", LEFT)])
def test_dragging_pans_with_the_middle_button_or_the_tool(pane, tool, button):
    session, middle = pane.session, pane.rect().center()
    press(pane, tool)
    x, y = pane.view.to_pane(MIDDLE_IJK)
    drag(pane, middle, middle + QPoint(9, -6), middle + QPoint(23, -14), button=button)
    assert pane.view.to_pane(MIDDLE_IJK) == pytest.approx((x + 23, y - 14))
    assert session.window == OPENED_WITH and session.measurements == ()
    assert not session.label_map.voxels.any()


@pytest.mark.parametrize(("tool", "button"), [("w", RIGHT), ("b", RIGHT), ("l", RIGHT), ("z", LEFT)])
def test_dragging_zooms_about_the_place_of_the_press_with_the_right_button_or_the_tool(pane, tool, button):
    start = pane.rect().center() + QPoint(40, 25)
    press(pane, tool)
    under, before = pane.index_at(QPointF(start)), pane.view.zoom
    drag(pane, start, start - QPoint(0, 20), start - QPoint(0, 60), button=button)
    assert pane.view.zoom > 1.2 * before
    assert pane.index_at(QPointF(start)) == pytest.approx(under)
    drag(pane, start, start + QPoint(0, 20), start + QPoint(0, 60), button=button)
    assert pane.view.zoom == pytest.approx(before)
    assert QApplication.activePopupWidget() is None, "a drag asks for no menu"


@pytest.mark.parametrize("tool", ["w", "b", "l"])
def test_a_right_click_shows_the_menu_of_the_pane_under_it(window, tool, qtbot):
    pane = window.panes["sagittal"]
    press(pane, tool)
    QTest.mouseClick(pane, RIGHT, NONE, pane.rect().center())
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    texts = [action.text() for action in menu.actions()]
    menu.close()
    assert "Reset view" in texts and "Slab" in texts and pane.active


def test_the_wheel_scrolls_and_with_ctrl_magnifies_about_the_mouse(pane):
    session, middle = pane.session, QPointF(pane.rect().width() / 2, pane.rect().height() / 2)
    wheel(pane, 1)
    assert session.cursor_ijk == (20, 16, 10)
    wheel(pane, -3)
    assert session.cursor_ijk == (20, 16, 7)
    under, zoom = pane.index_at(middle), pane.view.zoom
    wheel(pane, 2, CTRL)
    assert pane.view.zoom > 1.2 * zoom and pane.index_at(middle) == pytest.approx(under)
    wheel(pane, -2, CTRL)
    assert pane.view.zoom == pytest.approx(zoom) and session.cursor_ijk == (20, 16, 7)


@pytest.mark.parametrize("plane", list(NORMAL))
def test_a_pane_that_is_painted_before_it_is_told_of_a_new_slice_shows_the_new_one(window, qtbot, tmp_path, plane):
    """As when the mouse moves while the wheel turns: it asks for the pane to be painted at any time."""
    pane, session = window.panes[plane], window.session
    here = [slice(0, n) for n in HEAD.voxels.shape]
    here[2 - NORMAL[plane]] = slice(MIDDLE_IJK[NORMAL[plane]], MIDDLE_IJK[NORMAL[plane]] + 1)
    session.replace_voxels("draw", tuple(here), np.ones_like(session.label_map.voxels[tuple(here)]))
    qtbot.wait(5)
    pane.repaint()
    wheel(pane, 1)
    pane.repaint()
    qtbot.wait(5)
    fresh = SlicePane(session, plane)
    qtbot.addWidget(fresh)
    fresh.resize(pane.size())
    assert_alike(
        painted(pane), painted(fresh), tmp_path, mean=1.5, most=255
    )  # the value under the mouse is written there


def test_panes_that_are_painted_before_they_are_told_of_another_series_take_no_harm(window, qtbot):
    small = Volume(np.ascontiguousarray(HEAD.voxels[:7, :9, :11]), replace(HEAD.geometry, size=(11, 9, 7)), unit="HU")
    for series, volume in (
        (replace(CT, uid="s"), small),
        (CT, replace(HEAD, unit="HU")),
        (replace(CT, uid="s"), small),
    ):
        window.session.open(series, volume)
        for pane in window.panes.values():
            pane.repaint()
        window.session.replace_voxels("draw", (slice(0, 7),) * 3, np.ones((7, 7, 7), np.uint8))
        qtbot.wait(5)
        for plane, pane in window.panes.items():
            fresh = SlicePane(window.session, plane)
            qtbot.addWidget(fresh)
            fresh.resize(pane.size())
            inner = (slice(TEXT_PX, -TEXT_PX),) * 2
            assert np.abs(painted(pane) - painted(fresh))[inner].mean() < 1.5


@pytest.mark.parametrize("tool", ["b", "x"])
def test_shift_and_the_wheel_change_the_size_of_brush_and_eraser(pane, tool):
    session = pane.session
    press(pane, tool)
    wheel(pane, 1, SHIFT)
    assert session.hand.brush_radius_mm > 3.0
    wheel(pane, -2, SHIFT)
    assert session.hand.brush_radius_mm < 3.0
    assert session.cursor_ijk == MIDDLE_IJK


def test_shift_and_the_wheel_change_the_thickness_of_a_slab(pane):
    press(pane, "s")
    before = pane.slab.slices
    wheel(pane, 1, SHIFT)
    assert pane.slab.slices == before + 1
    wheel(pane, -1, SHIFT)
    assert pane.slab.slices == before and pane.session.cursor_ijk == MIDDLE_IJK


def test_double_clicks_with_the_brush_paint_and_leave_the_layout(window, pane):
    press(pane, "b")
    QTest.mouseDClick(pane, LEFT, NONE, pane.rect().center())
    QTest.mouseRelease(pane, LEFT, NONE, pane.rect().center())
    assert all(other.isVisible() for other in window.panes.values())
    assert window.session.label_map.voxels.any()


@pytest.mark.parametrize("plane", list(NORMAL))
def test_brush_and_eraser_follow_the_mouse_on_one_slice(window, plane):
    pane, session = window.panes[plane], window.session
    session.choose_label(2)
    session.hand.set_brush_radius(2.5)
    start, end = (point(pane, voxel(pane, at)) for at in ((14, 12, 5), (26, 20, 13)))
    press(pane, "b")
    drag(pane, start, (start + end) / 2, end)
    drawn = np.argwhere(session.label_map.voxels)[:, ::-1]  # i, j, k
    assert set(np.unique(session.label_map.voxels)) == {0, 2}
    assert set(drawn[:, NORMAL[plane]]) == {MIDDLE_IJK[NORMAL[plane]]}
    a, b = (np.array(voxel(pane, at), float) for at in ((14, 12, 5), (26, 20, 13)))
    along = np.clip((drawn - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
    away_mm = 2.0 * np.linalg.norm(drawn - (a + along[:, None] * (b - a)), axis=1)
    assert away_mm.max() < 2.5 + 1.0, "nothing further from the mouse than the brush is wide"
    for at in (a, (a + b) / 2, b):
        i, j, k = np.rint(at).astype(int)
        assert session.label_map.voxels[k, j, i] == 2

    press(pane, "x")
    drag(pane, start, (start + end) / 2)
    i, j, k = np.rint(a).astype(int)
    assert session.label_map.voxels[k, j, i] == 0
    i, j, k = np.rint(b).astype(int)
    assert session.label_map.voxels[k, j, i] == 2


LAID = {
    "mirrored": (("h", NONE),),
    "upside down": (("v", NONE),),
    "turned": ((Qt.Key.Key_BracketRight, CTRL),),
    "mirrored and turned back": (("h", NONE), (Qt.Key.Key_BracketLeft, CTRL)),
}


@pytest.mark.parametrize("plane", list(NORMAL))
@pytest.mark.parametrize("laid", list(LAID))
def test_what_is_drawn_appears_under_the_mouse_however_the_picture_lies(window, qtbot, plane, laid):
    """Seen in the pixels alone: what the brush changes lies around the place of the click."""
    pane, session = window.panes[plane], window.session
    QTest.mouseClick(pane, LEFT, NONE, point(pane, MIDDLE_IJK))
    for key, keys in LAID[laid]:
        press(pane, key, keys)
    session.hand.set_brush_radius(5.0)
    at = pane.rect().center() + QPoint(35, -22)
    away = QPoint(3, 30)

    def picture():
        move(pane, away)
        qtbot.wait(5)
        return painted(pane)

    before = picture()
    press(pane, "b")
    QTest.mouseClick(pane, LEFT, NONE, at)
    press(pane, "w")
    rows, columns = np.nonzero(np.abs(picture() - before).max(axis=2) > 30)
    voxel_px = max(pane.view.pixels_per_voxel)
    assert abs(columns.mean() - at.x()) < voxel_px and abs(rows.mean() - at.y()) < voxel_px


@pytest.mark.parametrize("laid", list(LAID))
def test_a_length_is_the_same_however_the_picture_lies(window, laid):
    pane, session = window.panes["coronal"], window.session
    QTest.mouseClick(pane, LEFT, NONE, point(pane, MIDDLE_IJK))
    for key, keys in LAID[laid]:
        press(pane, key, keys)
    press(pane, "l")
    start, end = point(pane, (12, 16, 6)), point(pane, (28, 16, 12))
    drag(pane, start, (start + end) / 2, end)
    (line,) = session.measurements
    np.testing.assert_allclose(line.points, ((12, 16, 6), (28, 16, 12)), atol=0.5)
    length_mm = 2.0 * np.hypot(16, 6)
    assert session.values_of(line).length == pytest.approx(length_mm, abs=2.0)


# Keys of slices and panes


@pytest.mark.parametrize("plane", list(NORMAL))
@pytest.mark.parametrize(
    ("key", "keys", "slices"),
    [
        (Qt.Key.Key_Up, NONE, 1),
        (Qt.Key.Key_Down, NONE, -1),
        (Qt.Key.Key_Up, SHIFT, 10),
        (Qt.Key.Key_Down, SHIFT, -10),
        (Qt.Key.Key_Home, NONE, 99),
        (Qt.Key.Key_End, NONE, -99),
    ],
    ids=["Up", "Down", "Shift+Up", "Shift+Down", "Home", "End"],
)
def test_keys_scroll_towards_head_front_or_left_and_stop_at_the_end(window, plane, key, keys, slices):
    pane, session, axis = window.panes[plane], window.session, NORMAL[plane]
    QTest.mouseClick(pane, LEFT, NONE, point(pane, MIDDLE_IJK))
    press(pane, key, keys)
    expected = list(MIDDLE_IJK)
    expected[axis] = min(max(expected[axis] + slices, 0), SIZE[axis] - 1)
    assert session.cursor_ijk == tuple(expected)


@pytest.mark.parametrize("key", ["+", "="])
def test_zoom_in_has_two_keys_and_r_fits_all_panes_again(window, key):
    pane = window.panes["axial"]
    before = pane.view
    press(pane, key)
    assert pane.view.zoom > before.zoom
    drag(pane, pane.rect().center(), pane.rect().center() + QPoint(20, 0), button=MIDDLE)
    wheel(window.panes["coronal"], 2, CTRL)
    press(pane, "r")
    assert all(other.view.zoom == 1.0 and other.view.centre_mm == (0.0, 0.0) for other in window.panes.values())
    assert pane.view == before


def test_s_shows_each_slab_in_turn_and_ctrl_down_ends_at_two_slices(pane):
    kinds = []
    for _ in range(4):
        press(pane, "s")
        kinds.append(pane.slab.kind if pane.slab else None)
    assert kinds == ["MIP", "MinIP", "Mean", None]
    press(pane, "s")
    for _ in range(8):
        press(pane, Qt.Key.Key_Down, CTRL)
    assert pane.slab.slices == 2
    press(pane, Qt.Key.Key_Up, CTRL)
    assert pane.slab.slices == 3
    assert pane.session.cursor_ijk == MIDDLE_IJK


@pytest.mark.parametrize("where", ["pane", "measure panel", "menu bar"])
def test_no_key_does_anything_behind_an_open_menu(window, pane, qtbot, where):
    pane.setFocus()
    before = pane.view.axes, pane.slab, window.session.cursor_ijk
    if where == "pane":
        window._pane_menu(window.mapToGlobal(window.rect().center()))
    elif where == "menu bar":
        bar = window.menuBar()
        QTest.mouseClick(bar, LEFT, NONE, bar.actionGeometry(bar.actions()[1]).center())
    else:
        window.measure_panel.export.menu().popup(window.mapToGlobal(window.rect().center()))
    menu = QApplication.activePopupWidget()
    for key in (Qt.Key.Key_H, Qt.Key.Key_V, Qt.Key.Key_S, Qt.Key.Key_PageDown):
        QTest.keyClick(menu, key)
    QTest.qWait(1)
    after = pane.view.axes, pane.slab, window.session.cursor_ijk
    assert QApplication.activePopupWidget() is menu
    QTest.keyClick(menu, Qt.Key.Key_Escape)

    assert after == before
    assert QApplication.activePopupWidget() is None
    press(pane, Qt.Key.Key_H)
    assert pane.view.axes != before[0]


def test_keys_for_slices_do_nothing_to_another_pane_while_3d_is_the_active_one(window, pane, qtbot):
    window.volume_pane.activated.emit(window.volume_pane.name)
    before = [(p.view.axes, p.slab) for p in window.panes.values()]
    for key in (Qt.Key.Key_H, Qt.Key.Key_V, Qt.Key.Key_S):
        press(window.volume_pane, key)
    command(window, "Display/Mirror left and right").trigger()
    QTest.qWait(1)

    assert [(p.view.axes, p.slab) for p in window.panes.values()] == before
    assert "click one" in window.commands.why_not(command(window, "Display/Mirror left and right"))
    pane.activated.emit(pane.name)
    press(pane, Qt.Key.Key_H)
    assert pane.view.axes != before[0][0]


def test_the_palette_knows_what_the_menu_of_the_3d_pane_does(window, pane, qtbot):
    commands, scene = window.commands, window.volume_pane
    assert command(window, "3-D/3-D settings…").isEnabled() and command(window, "3-D/Spin").isEnabled()
    assert commands.why_not(command(window, "3-D/Export label surfaces…")) == "There are no labels to export"
    command(window, "3-D/3-D settings…").trigger()
    assert scene.settings is not None and scene.settings.isVisible()
    scene.settings.close()
    command(window, "3-D/Spin").trigger()
    assert scene.spin.isChecked()
    command(window, "3-D/Spin").trigger()


def test_shift_f6_goes_through_the_parts_of_the_window_backwards(window):
    parts = (window.browser, window._viewer, window.panels)
    seen = []
    for _ in range(3):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6, SHIFT)
        seen.append(next(part for part in parts if part.isAncestorOf(QApplication.focusWidget())))
    assert seen == [window.browser, window.panels, window._viewer]


def test_f9_hides_the_panels_and_ctrl_t_brings_the_training_to_the_front(window, pane):
    press(pane, Qt.Key.Key_F9)
    assert not window.panels.isVisible()
    press(pane, Qt.Key.Key_F9)
    assert window.panels.isVisible()
    press(pane, Qt.Key.Key_T, CTRL)
    assert window.panels.currentWidget() is window.training_panel


# Keys of the display

PRESETS = {  # shared by readers: width and centre in HU
    "1": (400, 40),
    "2": (1500, -600),
    "3": (2000, 350),
    "4": (80, 40),
    "5": (350, 40),
    "6": (350, 50),
    "7": (150, 90),
    "8": (40, 40),
    "9": (600, 200),
}


def test_digits_choose_the_windows_of_a_ct_and_0_brings_back_the_first(window, pane):
    session = window.session
    session.reset_window()
    first = session.window
    for key, (width, centre) in PRESETS.items():
        press(pane, key)
        assert (session.window.width, session.window.centre) == (width, centre), key
        pane.repaint()
        assert f"W {width}  L {centre}" in [line.text for line in pane.corner_texts().bottom_left]
    press(pane, "i")
    press(pane, "0")
    assert session.window == first and not session.inverted


def test_digits_do_nothing_where_the_modality_has_no_presets(window, pane, qtbot):
    window.session.open(Series("8", "1", "P", "", "MR", "", (), GeometryVerdict("regular", "")), HEAD)
    qtbot.wait(5)
    before = window.session.window
    for key in PRESETS:
        press(pane, key)
    assert window.session.window == before


def test_i_shows_the_negative(pane, qtbot):
    at = point(pane, voxel(pane, OUTSIDE_IJK))
    place = (slice(at.y() - 3, at.y() + 4), slice(at.x() - 3, at.x() + 4))
    before = painted(pane)[place].mean()
    press(pane, "i")
    qtbot.wait(5)
    assert painted(pane)[place].mean() == pytest.approx(255 - before, abs=2)


def test_space_shows_all_text_then_that_of_the_image_then_none(pane, qtbot):
    def kinds() -> tuple[bool, bool, bool]:
        qtbot.wait(5)
        pane.grab()
        texts = [piece.text for piece in pane.written]
        letters = [piece for piece in pane.written if piece.key[0] == "letter"]
        return "Doe, Jane" in texts, any(text.startswith("W 1400") for text in texts), len(letters) == 4

    seen = [kinds()]
    for _ in range(3):
        press(pane, Qt.Key.Key_Space)
        seen.append(kinds())
    assert seen == [(True, True, True), (False, True, True), (False, False, False), (True, True, True)]


def test_g_hides_labels_and_shift_g_what_the_file_draws(window, pane, qtbot):
    session = window.session
    overlay = np.zeros(HEAD.voxels.shape, bool)
    overlay[9, 4:8, 4:12] = True
    session.open(CT, Volume(HEAD.voxels, HEAD.geometry, unit="HU", modality="CT", overlay=overlay))
    session.move_cursor(MIDDLE_IJK)
    box = (slice(9, 10), slice(20, 28), slice(20, 30))
    session.replace_voxels("draw", box, np.ones((1, 8, 10), np.uint8))

    def coloured(index_ijk) -> bool:
        qtbot.wait(5)
        at = point(pane, index_ijk)
        return bool(np.ptp(painted(pane)[at.y() - 2 : at.y() + 3, at.x() - 2 : at.x() + 3], axis=2).max() > 40)

    labelled, marked = (27, 26, 9), (6, 6, 9)
    assert (coloured(labelled), coloured(marked)) == (True, True)
    press(pane, "g")
    assert (coloured(labelled), coloured(marked)) == (False, True)
    press(pane, Qt.Key.Key_G, SHIFT)
    assert (coloured(labelled), coloured(marked)) == (False, False)
    press(pane, "g")
    press(pane, Qt.Key.Key_G, SHIFT)
    assert (coloured(labelled), coloured(marked)) == (True, True)


# Keys of labels


def test_brackets_change_the_brush_and_shift_q_and_w_the_label(pane):
    session, values = pane.session, [label.value for label in DEFAULT_LABELS]
    press(pane, "]")
    assert session.hand.brush_radius_mm > 3.0
    press(pane, "[")
    assert session.hand.brush_radius_mm == pytest.approx(3.0)
    press(pane, "[")
    assert session.hand.brush_radius_mm < 3.0
    seen = []
    for key in (Qt.Key.Key_W, Qt.Key.Key_W, Qt.Key.Key_W, Qt.Key.Key_Q, Qt.Key.Key_Q):
        press(pane, key, SHIFT)
        seen.append(session.active_label)
    assert seen == [values[1], values[2], values[0], values[2], values[1]]


@pytest.mark.parametrize(("key", "keys"), [(Qt.Key.Key_Z, CTRL | SHIFT), (Qt.Key.Key_Y, CTRL)])
def test_strokes_are_undone_and_done_again_one_by_one(pane, qtbot, key, keys):
    session, steps = pane.session, []
    press(pane, "b")
    for index_ijk in ((12, 12, 9), (28, 20, 9)):
        at = point(pane, index_ijk)
        drag(pane, at, at + QPoint(3, 0))
        steps.append(session.label_map.voxels.copy())
    for expected in (steps[0], np.zeros_like(steps[0])):
        qtbot.wait(5)
        press(pane, Qt.Key.Key_Z, CTRL)
        np.testing.assert_array_equal(session.label_map.voxels, expected)
    for expected in steps:
        qtbot.wait(5)
        press(pane, key, keys)
        np.testing.assert_array_equal(session.label_map.voxels, expected)


def test_enter_of_either_kind_confirms_the_slice_and_takes_it_back(pane):
    press(pane, Qt.Key.Key_Return)
    assert pane.session.confirmed == {(2, 9)}
    press(pane, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    assert pane.session.confirmed == frozenset()


def test_f2_writes_to_the_chosen_measurement_and_del_takes_it_away(pane, qtbot):
    session = pane.session
    press(pane, "l")
    drag(pane, point(pane, (12, 12, 9)), point(pane, (20, 14, 9)), point(pane, (27, 18, 9)))
    (line,) = session.measurements
    qtbot.wait(5)
    press(pane, Qt.Key.Key_F2)
    QTest.keyClicks(pane.measuring.line_edit, "nodule")
    QTest.keyClick(pane.measuring.line_edit, Qt.Key.Key_Return)
    assert session.measurement(line.number).text == "nodule"
    qtbot.wait(5)
    press(pane, Qt.Key.Key_Delete)
    assert session.measurements == ()
    assert session.hand.tool == "length"
    press(pane, Qt.Key.Key_Escape)
    assert session.hand.tool == "window"


def proposal() -> Proposal:
    voxels = (HEAD.voxels > 500).astype(np.uint8)
    return Proposal(voxels, (Label(1, "Bright", (200, 0, 0)),), Origin("tiny", "1.0.0", "CPU", 1.0))


def test_a_proposal_is_rejected_and_accepted_with_keys(pane, qtbot):
    session = pane.session
    session.propose(proposal())
    qtbot.wait(5)
    press(pane, Qt.Key.Key_Backspace, CTRL)
    assert session.proposal is None and not session.label_map.voxels.any()
    session.propose(proposal())
    qtbot.wait(5)
    press(pane, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: session.proposal is None, timeout=10_000)
    assert session.label_map.voxels[BRIGHT].all() and session.confirmed == frozenset()


# Keys of the window


@pytest.mark.parametrize(
    ("key", "keys", "kind"),
    [
        ("?", NONE, KeysDialog),
        (Qt.Key.Key_P, CTRL | SHIFT, CommandPalette),
        (Qt.Key.Key_K, CTRL, CommandPalette),
    ],
)
def test_keys_show_the_page_of_keys_and_the_palette_and_esc_closes_them(window, pane, qtbot, key, keys, kind):
    press(pane, key, keys)
    dialog = window.findChild(kind)
    qtbot.waitUntil(dialog.isVisible)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not any(found.isVisible() for found in window.findChildren(kind)))


@pytest.mark.parametrize(
    ("keys", "asked", "answer"),
    [(CTRL, "getExistingDirectory", "/a/b"), (CTRL | SHIFT, "getOpenFileNames", (["/a/b"], ""))],
)
def test_ctrl_o_asks_for_a_folder_and_with_shift_for_files(window, pane, monkeypatch, keys, asked, answer):
    opened = []
    monkeypatch.setattr(QFileDialog, asked, lambda *args, **more: answer)
    monkeypatch.setattr(window, "open_paths", lambda paths: opened.extend(paths))
    press(pane, Qt.Key.Key_O, keys)
    assert opened == [Path("/a/b")]


def test_ctrl_q_closes_the_window_unless_something_would_be_lost(window, pane, monkeypatch):
    asked = []
    monkeypatch.setattr(window, "_ask", lambda warning: bool(asked.append(warning)))
    monkeypatch.setattr(window.workflows, "save_again", lambda patience_s=0.0: False)
    press(pane, Qt.Key.Key_Q, CTRL)
    assert len(asked) == 1 and window.isVisible()


def test_ctrl_g_starts_the_chosen_model(window, pane, monkeypatch):
    started = []
    monkeypatch.setattr(window.model_panel, "start", lambda: started.append(window.panels.currentWidget()))
    window.commands.allow(window.segment_action, True)  # no model is installed here
    press(pane, Qt.Key.Key_G, CTRL)
    assert started == [window.model_panel]
