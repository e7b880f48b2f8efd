"""Drawing regions with the mouse on real panes: where they lie, how they begin and end, and what they leave alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.gui.test_main_window import wheel
from tests.gui.test_mouse_and_keys import (
    CT,
    CTRL,
    HEAD,
    LEFT,
    MIDDLE,
    MIDDLE_IJK,
    NONE,
    NORMAL,
    RIGHT,
    SHIFT,
    drag,
    move,
    point,
    press,
    voxel,
)
from tests.gui.test_mouse_and_keys import window as fresh_window  # noqa: F401
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.hand import FOLLOWING, REGION_TOOLS
from viewer.core.oblique import ObliqueAxes
from viewer.core.painting import box_of
from viewer.core.volume import Volume
from viewer.gui import region_tools
from viewer.render.oblique import labels_on

BLOCK = np.zeros(HEAD.voxels.shape, bool)  # the bright one in the middle of the head
BLOCK[4:14, 8:24, 9:22] = True


@pytest.fixture
def window(fresh_window, monkeypatch):  # noqa: F811
    window = fresh_window
    monkeypatch.setattr(region_tools, "_known", set())
    window.session.reset_planes()
    for label in window.session.labels:
        window.session.lock_label(label.value, False)
    return window


@pytest.fixture
def pane(window):
    return window.panes["axial"]


@pytest.fixture
def told(window):
    sentences = []
    window.room.refused.connect(sentences.append)
    yield sentences
    window.room.refused.disconnect(sentences.append)


def click(pane, at: QPoint, keys=NONE, button=LEFT) -> None:
    QTest.mouseMove(pane, at)
    QTest.mouseClick(pane, button, keys, at)


def labelled(session, value=1) -> np.ndarray:
    return session.label_map.voxels == value


def corners_of(pane, low=(9.6, 8.6), high=(20.4, 22.4)) -> list[QPoint]:
    """Pane points of a rectangle on the shown slice, by its in-plane indices; not on pixels' borders."""
    a, b = (axis for axis in range(3) if axis != NORMAL[pane.name])
    found = []
    for one, other in ((0, 0), (1, 0), (1, 1), (0, 1)):
        index = [0.0, 0.0, 0.0]
        index[a], index[b] = (low, high)[one][0], (low, high)[other][1]
        found.append(point(pane, voxel(pane, index)))
    return found


def inside(pane, corners: list[QPoint], margin_px: float = 0.0) -> np.ndarray:
    """Voxels of the shown slice whose centres lie within a rectangle of pane points."""
    session, normal = pane.session, NORMAL[pane.name]
    left, right = min(p.x() for p in corners) - margin_px, max(p.x() for p in corners) + margin_px
    top, bottom = min(p.y() for p in corners) - margin_px, max(p.y() for p in corners) + margin_px
    found = np.zeros(session.volume.geometry.shape, bool)
    for k, j, i in np.ndindex(*found.shape):
        if (i, j, k)[normal] == session.cursor_ijk[normal]:
            x, y = pane.view.to_pane((i, j, k))
            found[k, j, i] = left <= x <= right and top <= y <= bottom
    return found


# Polygon and lasso


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("how", ["double click", "return", "click on the first"])
def test_a_polygon_gives_the_label_the_voxels_whose_centres_lie_inside(window, plane, how):
    pane, session = window.panes[plane], window.session
    session.choose_tool("outline")
    corners = corners_of(pane, (4.6, 4.6), (14.4, 14.4))
    for at in corners[:3]:
        click(pane, at)
    assert not labelled(session).any()
    if how == "double click":
        click(pane, corners[3])
        QTest.mouseDClick(pane, LEFT, NONE, corners[3])
    else:
        click(pane, corners[3])
        if how == "return":
            press(pane, Qt.Key.Key_Return)
        else:
            click(pane, corners[0] + QPoint(3, -2))
    expected = inside(pane, corners)
    assert expected.sum() >= 100
    np.testing.assert_array_equal(labelled(session), expected)
    assert session.history.undo_title == "Outline Region 1" and not pane.regions.drawing
    session.undo()
    assert not session.label_map.voxels.any() and session.history.undo_title is None


def test_ctrl_takes_away_from_the_active_label_alone(pane):
    session = pane.session
    session.choose_tool("outline")
    corners = corners_of(pane)
    session.choose_label(2)
    for at in corners:
        click(pane, at)
    press(pane, Qt.Key.Key_Return)
    half = [corners[0], corners[1], (corners[1] + corners[2]) / 2, (corners[0] + corners[3]) / 2]
    session.choose_label(1)
    for at in half:
        click(pane, at)
    press(pane, Qt.Key.Key_Return)
    before = session.label_map.voxels.copy()
    assert (before == 1).any() and (before == 2).any()
    for at in corners:
        click(pane, at, CTRL)
    press(pane, Qt.Key.Key_Return)
    np.testing.assert_array_equal(session.label_map.voxels, np.where(before == 1, 0, before))
    assert session.history.undo_title == "Take away from Region 1"
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)


@pytest.mark.parametrize("key", [(Qt.Key.Key_Backspace,), (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)])
def test_backspace_and_undo_take_corners_back_and_esc_drops_the_outline(pane, key):
    session = pane.session
    session.choose_tool("outline")
    corners = corners_of(pane)
    for at in (*corners, corners[0] + QPoint(200, 0)):
        click(pane, at)
    press(pane, *key)
    press(pane, Qt.Key.Key_Return)
    np.testing.assert_array_equal(labelled(session), inside(pane, corners))
    session.undo()
    for at in corners:
        click(pane, at)
    press(pane, Qt.Key.Key_Escape)
    assert not pane.regions.drawing and session.hand.tool == "outline"
    press(pane, Qt.Key.Key_Escape)
    assert session.hand.tool == "window" and not labelled(session).any()
    session.choose_tool("outline")
    click(pane, corners[0])
    press(pane, *key)
    assert not pane.regions.drawing


def test_a_polygon_of_two_corners_goes_on_and_says_what_it_needs(pane, told):
    session = pane.session
    session.choose_tool("outline")
    corners = corners_of(pane)
    for at in corners[:2]:
        click(pane, at)
    press(pane, Qt.Key.Key_Return)
    assert told and pane.regions.drawing
    assert not session.is_confirmed("axial")
    for at in corners[2:]:
        click(pane, at)
    press(pane, Qt.Key.Key_Return)
    np.testing.assert_array_equal(labelled(session), inside(pane, corners))
    assert not session.is_confirmed("axial")
    press(pane, Qt.Key.Key_Return)
    assert session.is_confirmed("axial")  # the key is the window's again
    session.toggle_confirmed("axial")


def test_while_a_polygon_is_drawn_the_picture_moves_and_its_corners_stay_in_the_patient(pane):
    session = pane.session
    session.choose_tool("outline")
    corners = corners_of(pane)
    expected = inside(pane, corners)
    at_first = session.cursor_ijk
    for at in corners[:2]:
        click(pane, at)
    middle = pane.rect().center()
    drag(pane, middle, middle + QPoint(20, 10), middle + QPoint(40, 20), button=MIDDLE)
    drag(pane, middle, middle - QPoint(0, 10), middle - QPoint(0, 30), button=RIGHT)
    wheel(pane, 1)
    assert session.cursor_ijk != at_first and pane.regions.drawing
    wheel(pane, -1)
    assert session.cursor_ijk == at_first
    for index in corners_index(pane)[2:]:
        click(pane, point(pane, index))
    press(pane, Qt.Key.Key_Return)
    np.testing.assert_array_equal(labelled(session), expected)


def corners_index(pane) -> list[tuple[float, float, float]]:
    k = pane.session.cursor_ijk[2]
    return [(9.6, 8.6, k), (20.4, 8.6, k), (20.4, 22.4, k), (9.6, 22.4, k)]


def test_a_lasso_takes_what_it_was_drawn_around(pane, told):
    session = pane.session
    session.choose_tool("lasso")
    middle = QPoint(pane.width() // 2, pane.height() // 2)
    ring = [middle + QPoint(round(70 * math.cos(a)), round(70 * math.sin(a))) for a in np.linspace(0, 6.2, 90)]
    at_first = session.cursor_ijk
    QTest.mousePress(pane, LEFT, NONE, ring[0])
    for at in ring[1:60]:
        move(pane, at, buttons=LEFT)
    wheel(pane, 1)
    assert session.cursor_ijk == at_first  # the slice stays under the hand
    for at in ring[60:]:
        move(pane, at, buttons=LEFT)
    QTest.mouseRelease(pane, LEFT, NONE, ring[-1])
    for k, j, i in np.argwhere(np.ones(HEAD.voxels.shape, bool)).tolist():
        x, y = pane.view.to_pane((i, j, k))
        away = math.hypot(x - middle.x(), y - middle.y())
        if k != session.cursor_ijk[2] or away > 71:
            assert not session.label_map.voxels[k, j, i]
        elif away < 68:
            assert session.label_map.voxels[k, j, i] == 1
    assert not told and session.history.undo_title == "Outline Region 1"
    click(pane, middle)
    assert told and session.history.undo_title == "Outline Region 1"  # or a single voxel, if one's centre was hit


@pytest.mark.parametrize("degrees", [20, 45])
def test_on_a_turned_plane_a_polygon_is_seen_where_it_was_drawn_without_holes(window, degrees):
    session, pane = window.session, window.panes["axial"]
    session.choose_tool("outline")
    session.turn_planes("sagittal", math.radians(degrees))
    QTest.qWait(20)
    assert isinstance(pane.view.axes, ObliqueAxes)
    middle = QPoint(*(round(n) for n in pane.view.to_pane(session.cursor_at)))
    corners = [middle + QPoint(*by) for by in ((-60, -50), (60, -50), (60, 50), (-60, 50))]
    for at in corners:
        click(pane, at)
    press(pane, Qt.Key.Key_Return)
    axes, depth = pane.view.axes, pane._depth
    seen = labels_on(session.label_map.voxels, axes, depth) == 1
    grid = labels_on(np.ones(HEAD.voxels.shape, np.uint8), axes, depth) > 0
    left, top, _, _ = pane.view.image_rect
    wide, high = pane.view.pixels_per_voxel
    rows, columns = np.indices(seen.shape)
    x, y = left + (columns + 0.5) * wide - middle.x(), top + (rows + 0.5) * high - middle.y()
    voxel_px = math.sqrt(3) * 2.0 * pane.view.pixels_per_mm  # from corner to corner
    assert seen[(np.abs(x) < 60 - voxel_px) & (np.abs(y) < 50 - voxel_px) & grid].all()
    assert not seen[(np.abs(x) > 60 + voxel_px) | (np.abs(y) > 50 + voxel_px)].any()
    assert session.history.undo_title == "Outline Region 1"
    session.undo()
    assert not session.label_map.voxels.any()


# Regions of values


def test_a_click_floods_what_is_as_bright_on_this_slice(pane):
    session = pane.session
    session.choose_tool("flood")
    session.flood_tolerance = 100.0
    click(pane, point(pane, voxel(pane, (14, 14, 0))))
    expected = BLOCK.copy()
    expected[np.arange(20) != session.cursor_ijk[2]] = False
    np.testing.assert_array_equal(labelled(session), expected)
    assert session.history.undo_title == "Flood fill Region 1"
    click(pane, point(pane, voxel(pane, (14, 14, 0))), CTRL)
    assert not session.label_map.voxels.any()


def test_dragging_up_while_flooding_takes_more_and_is_remembered(pane):
    session = pane.session
    session.choose_tool("flood")
    session.flood_tolerance = 5.0
    at = point(pane, voxel(pane, (14, 14, 0)))
    sizes = []
    QTest.mousePress(pane, LEFT, NONE, at)
    for up in (30, 120, 240, 340):
        move(pane, at - QPoint(0, up), buttons=LEFT)
        draft = pane.regions._draft
        sizes.append(int(pane.regions._filled(draft)[0].sum()))
    assert sizes[0] < sizes[1] <= 13 * 16 and sizes == sorted(sizes)
    assert not session.label_map.voxels.any()  # not before it is released
    chosen = draft.tolerance
    QTest.mouseRelease(pane, LEFT, NONE, at - QPoint(0, 340))
    assert labelled(session).sum() == sizes[-1] and session.flood_tolerance == chosen == round(5 * math.exp(340 / 90))


def test_the_first_range_of_a_flood_is_a_part_of_the_window(pane):
    session = pane.session
    assert session.flood_tolerance is None
    session.choose_tool("flood")
    QTest.mousePress(pane, LEFT, NONE, point(pane, voxel(pane, (14, 14, 0))))
    assert pane.regions._draft.tolerance == round(0.1 * session.window_level.width)
    press(pane, Qt.Key.Key_Escape)
    QTest.mouseRelease(pane, LEFT, NONE, QPoint(5, 5))
    assert not session.label_map.voxels.any()


def test_a_flood_in_3d_goes_through_all_slices_as_a_job(window, pane, qtbot):
    session = pane.session
    session.choose_tool("flood3d")
    session.flood_tolerance = 100.0
    at = point(pane, voxel(pane, (14, 14, 0)))
    click(pane, at)
    session.choose_label(2)  # it was for the first
    qtbot.waitUntil(lambda: session.label_map.voxels.any())
    np.testing.assert_array_equal(labelled(session), BLOCK)
    assert session.history.undo_title == "Flood fill Region 1" and session.active_label == 2
    session.choose_label(1)
    click(pane, at, CTRL)
    qtbot.waitUntil(lambda: not session.label_map.voxels.any())
    session.undo()
    np.testing.assert_array_equal(labelled(session), BLOCK)


@pytest.mark.parametrize("degrees", [0, 30])
def test_level_tracing_shows_what_a_click_takes(window, pane, degrees):
    session = pane.session
    if degrees:
        session.turn_planes("sagittal", math.radians(degrees))
        QTest.qWait(20)
    session.choose_tool("level")
    at = point(pane, (9.2, 16, 9))  # on the block's edge
    QTest.mouseMove(pane, at)
    pane.repaint()
    mask = pane.regions._traced[1]
    click(pane, at)
    if not degrees:
        assert labelled(session).sum() == mask.sum()
    taken, block = labelled(session), BLOCK.copy()
    if not degrees:
        block[np.arange(20) != 9] = False
        overlap = 2 * (taken & block).sum() / (taken.sum() + block.sum())
    else:
        seen, true = (labels_on(x.astype(np.uint8), pane.view.axes, pane._depth) for x in (taken, block))
        overlap = 2 * (seen & true).sum() / (seen.sum() + true.sum())
    assert overlap > 0.8
    assert session.history.undo_title == "Trace Region 1"


@pytest.mark.parametrize("degrees", [0, 30])
def test_a_live_wire_follows_the_edge_between_clicks(window, pane, qtbot, degrees):
    session = pane.session
    if degrees:
        session.turn_planes("sagittal", math.radians(degrees))
        QTest.qWait(20)
    session.choose_tool("livewire")
    k = 9
    corners = [(8.6, 7.6, k), (21.4, 7.6, k), (21.4, 23.4, k), (8.6, 23.4, k)]
    if degrees:
        axes, depth = pane.view.axes, pane._depth
        block = labels_on(BLOCK.astype(np.uint8), axes, depth) > 0
        rows, columns = np.flatnonzero(block.any(axis=1)), np.flatnonzero(block.any(axis=0))
        ends = [(r, c) for r, c in ((rows[0], columns[0]), (rows[0], columns[-1]))]
        ends += [(rows[-1], columns[-1]), (rows[-1], columns[0])]
        corners = [axes.to_index(float(c), float(r), depth, HEAD.geometry.size) for r, c in ends]
    for corner in corners:
        click(pane, point(pane, corner))
        qtbot.waitUntil(lambda: pane.regions._draft.wires[-1].done())
    press(pane, Qt.Key.Key_Return)
    taken, block = labelled(session), BLOCK.copy()
    if degrees:
        taken, block = (labels_on(x.astype(np.uint8), pane.view.axes, pane._depth) for x in (taken, block))
    else:
        block[np.arange(20) != k] = False
    assert 2 * (taken & block).sum() / (taken.sum() + block.sum()) > 0.85
    assert session.history.undo_title == "Outline Region 1"


def test_a_click_before_the_wire_is_there_is_not_lost(pane, monkeypatch):
    session = pane.session
    session.choose_tool("livewire")
    monkeypatch.setattr(region_tools, "_WAIT_S", 0.0)
    for at in corners_of(pane):
        click(pane, at)
    assert len(pane.regions._draft.points) == 4
    press(pane, Qt.Key.Key_Backspace)
    assert [len(pane.regions._draft.points), len(pane.regions._draft.legs)] == [3, 2]
    press(pane, Qt.Key.Key_Return)
    assert labelled(session).any()


# What they leave alone


@pytest.mark.parametrize("tool", REGION_TOOLS)
def test_locked_labels_stay_and_get_nothing(window, pane, tool, told, qtbot):
    session = pane.session
    session.choose_label(2)
    session.choose_tool("brush")
    drag(pane, point(pane, voxel(pane, (14, 14, 0))), point(pane, voxel(pane, (16, 16, 0))))
    session.lock_label(2, True)
    before = session.label_map.voxels.copy()
    title = session.history.undo_title
    session.choose_tool(tool)
    draw(pane, tool)
    assert told[-1].startswith("The label is locked")
    np.testing.assert_array_equal(session.label_map.voxels, before)
    if tool in ("outline", "livewire", "click"):  # Return had nothing to close or to take, and confirmed the slice
        session.undo()
    assert session.history.undo_title == title
    QTest.qWait(5)
    assert not window.commands.tools[tool].isEnabled()
    session.choose_label(1)
    session.flood_tolerance = 100.0
    draw(pane, tool)
    qtbot.waitUntil(lambda: (session.label_map.voxels == 1).any())
    np.testing.assert_array_equal(session.label_map.voxels == 2, before == 2)
    QTest.qWait(5)
    assert window.commands.tools[tool].isEnabled()


def draw(pane, tool, keys=NONE) -> None:
    """A region with any of the tools."""
    at = point(pane, voxel(pane, (10, 12, 0)))
    if tool in ("outline", "livewire"):
        for corner in corners_of(pane):
            click(pane, corner, keys)
        press(pane, Qt.Key.Key_Return)
    elif tool == "lasso":
        corners = corners_of(pane)
        drag(pane, corners[0], *corners[1:])
    elif tool == "level":
        click(pane, point(pane, (9.2, 16, 9)), keys)
    else:
        click(pane, at, keys)
        if tool == "click":  # what it finds waits to be taken
            press(pane, Qt.Key.Key_Return)


@pytest.mark.parametrize("tool", REGION_TOOLS)
def test_shift_moves_the_cross_hair_with_every_tool_and_draws_nothing(pane, tool):
    session = pane.session
    session.choose_tool(tool)
    at = (8, 9, MIDDLE_IJK[2])
    QTest.mousePress(pane, LEFT, SHIFT, point(pane, at))
    QTest.mouseRelease(pane, LEFT, SHIFT, point(pane, at))
    assert session.cursor_ijk == at and not pane.regions.drawing and not session.label_map.voxels.any()


@pytest.mark.parametrize("tool", REGION_TOOLS)
def test_on_a_slab_a_press_shows_single_slices_first(pane, tool):
    session = pane.session
    session.choose_tool(tool)
    pane.set_slab("MIP")
    draw_first = point(pane, voxel(pane, (14, 14, 0)))
    click(pane, draw_first)
    assert pane.slab is None and not pane.regions.drawing and not session.label_map.voxels.any()


@pytest.mark.parametrize("tool", REGION_TOOLS)
def test_where_labels_may_only_be_looked_at_no_tool_draws(window, pane, tool):
    session = pane.session
    session.choose_tool(tool)
    session.set_read_only(True)
    window.commands.apply(region_tools.What.TOOL)
    try:
        assert session.hand.tool == "window" and not window.commands.tools[tool].isEnabled()
        session.choose_tool(tool)
        assert session.hand.tool == "window"
    finally:
        session.set_read_only(False)


@pytest.mark.parametrize("tool", REGION_TOOLS)
def test_colours_have_no_values_to_follow(window, pane, tool, told):
    session = pane.session
    colours = np.repeat(np.clip(HEAD.voxels, 0, 255).astype(np.uint8)[..., None], 3, axis=-1)
    session.open(CT, Volume(colours, HEAD.geometry))
    QTest.qWait(20)
    assert window.commands.tools[tool].isEnabled() == (tool not in FOLLOWING)
    session.choose_tool(tool)
    draw(pane, tool)
    assert bool(told) == (tool in FOLLOWING) and session.label_map.voxels.any() != (tool in FOLLOWING)


def test_padding_is_nothing_to_fill(window, pane, told):
    session = pane.session
    voxels = HEAD.voxels.copy()
    voxels[:, :, :12] = -2000
    session.open(CT, Volume(voxels, HEAD.geometry, unit="HU", modality="CT", padding=(-2000, -2000)))
    QTest.qWait(20)
    for tool in ("flood", "level", "flood3d"):
        session.choose_tool(tool)
        click(pane, point(pane, voxel(pane, (5, 14, 0))))
    assert len(told) == 3 and session.history.undo_title is None


@pytest.mark.parametrize("tool", ["outline", "lasso"])
def test_an_outline_without_a_voxel_says_so(pane, tool, told):
    session = pane.session
    session.choose_tool(tool)
    at = point(pane, voxel(pane, (14.4, 14.4, 0)))
    ring = [at, at + QPoint(3, 0), at + QPoint(3, 3), at + QPoint(0, 3)]
    if tool == "outline":
        for one in ring[:3]:
            click(pane, one)
        press(pane, Qt.Key.Key_Return)
    else:
        drag(pane, ring[0], *ring[1:])
    assert told and session.history.undo_title is None


def test_measurements_cannot_be_taken_hold_of_while_one_draws(pane):
    session = pane.session
    session.add_measurement("length", [(10.0, 10.0, 9.0), (20.0, 10.0, 9.0)], 2)
    pane.repaint()
    session.choose_tool("outline")
    click(pane, point(pane, (10, 10, 9)))
    assert pane.regions.drawing


def test_keys_choose_the_tools_and_the_button_shows_the_last(window, pane):
    for tool, key, keys in (
        ("outline", Qt.Key.Key_N, NONE),
        ("lasso", Qt.Key.Key_O, NONE),
        ("livewire", Qt.Key.Key_D, SHIFT),
        ("flood", Qt.Key.Key_U, NONE),
        ("flood3d", Qt.Key.Key_U, SHIFT),
        ("level", Qt.Key.Key_Y, SHIFT),
    ):
        press(pane, key, keys)
        assert window.session.hand.tool == tool
        QTest.qWait(5)
        assert window.tool_bar.region_button.defaultAction() is window.commands.tools[tool]
        assert pane.cursor().shape() == Qt.CursorShape.CrossCursor


# Growing from seeds


def test_seeds_grow_into_one_edit_and_locked_labels_stay(window, pane, qtbot):
    session = pane.session
    session.label_map.voxels[...] = 0
    seeds = np.zeros(HEAD.voxels.shape, np.uint8)
    seeds[8:10, 14:17, 12:16] = 1
    seeds[1:19, 2:30, 3] = seeds[1:19, 2:30, 30] = seeds[1:19, 3, 3:30] = seeds[1:19, 28, 3:30] = 2
    seeds[1, 4:28, 4:29] = seeds[17, 4:28, 4:29] = 2
    seeds[8, 20, 18] = 3
    session.replace_voxels("Seeds", (slice(0, 20), slice(0, 32), slice(0, 40)), seeds)
    session.lock_label(3, True)
    QTest.qWait(10)
    window.commands.named["Labels/Grow from seeds"].trigger()
    qtbot.waitUntil(lambda: session.history.undo_title == "Grow from seeds", timeout=10_000)
    grown = session.label_map.voxels
    np.testing.assert_array_equal(grown[seeds > 0], seeds[seeds > 0])
    assert (grown == 3).sum() == 1
    assert 2 * ((grown == 1) & BLOCK).sum() / ((grown == 1).sum() + BLOCK.sum()) > 0.9
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, seeds)


def test_one_label_alone_does_not_grow_and_it_says_why(window, pane, qtbot):
    session = pane.session
    session.choose_tool("brush")
    drag(pane, point(pane, voxel(pane, (14, 14, 0))), point(pane, voxel(pane, (16, 16, 0))))
    window.commands.named["Labels/Grow from seeds"].trigger()
    qtbot.waitUntil(lambda: "paint a little" in window.status_bar.currentMessage())
    assert session.history.undo_title == "Paint Region 1"


# On grids of any kind


@pytest.mark.parametrize("direction", [np.eye(3)[[1, 2, 0]], np.diag([1.0, 1, -1]), np.diag([-1.0, -1, 1])])
@pytest.mark.parametrize("plane", PLANES)
def test_what_is_drawn_lies_under_the_mouse_on_any_grid(window, direction, plane):
    geometry = Geometry((24, 28, 20), (1.5, 0.8, 2.2), np.array([3.0, 4.0, 5.0]), direction)
    session, pane = window.session, window.panes[plane]
    session.open(CT, Volume(np.zeros(geometry.shape, np.int16), geometry))
    QTest.qWait(20)
    session.choose_tool("outline")
    at = QPoint(pane.width() // 2, pane.height() // 2)
    corners = [at + QPoint(-31, -40), at + QPoint(42, -22), at + QPoint(13, 47)]
    for corner in corners:
        click(pane, corner)
    press(pane, Qt.Key.Key_Return)
    normal = plane_axes(geometry, plane).normal
    expected = np.zeros(geometry.shape, bool)
    for k, j, i in np.ndindex(*geometry.shape):
        if (i, j, k)[normal] == session.cursor_ijk[normal]:
            x, y = pane.view.to_pane((i, j, k))
            sides = [
                (b.x() - a.x()) * (y - a.y()) - (b.y() - a.y()) * (x - a.x())
                for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
            ]
            expected[k, j, i] = min(sides) >= 0
    assert box_of(expected) is not None
    np.testing.assert_array_equal(labelled(session), expected)
