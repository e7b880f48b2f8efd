"""A slice pane turns the mouse into the right voxel, window or slice, and shows what the session holds."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from viewer.core.display import WindowLevel
from viewer.core.events import What
from viewer.core.geometry import PLANES
from viewer.core.labels import Label
from viewer.core.session import Proposal, Session
from viewer.core.study import GeometryVerdict, Series
from viewer.gui import slice_pane
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.slice_pane import SlicePane

MARKER_IJK = (9, 3, 5)
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NO_KEY, SHIFT, CTRL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
SERIES = Series(
    uid="1.2",
    study_uid="1",
    patient_id="CANARY-7",
    patient_name="Canary^Patient",
    modality="CT",
    description="Phantom",
    files=(),
    verdict=GeometryVerdict("regular", "fine"),
    number=4,
    study_date="20200304",
)


@pytest.fixture
def session(phantom) -> Session:
    session = Session()
    session.open(SERIES, phantom)
    return session


@pytest.fixture
def pane_of(qtbot, session):
    def make(plane) -> SlicePane:
        pane = SlicePane(session, plane)
        pane.resize(420, 330)
        qtbot.addWidget(pane)
        pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
        pane.show()
        return pane

    return make


def send(pane, kind, point, button=Qt.MouseButton.NoButton, keys=NO_KEY, buttons=None):
    """A mouse event straight to the pane: no window system decides where the mouse is."""
    at = QPointF(*point)
    event = QMouseEvent(kind, at, pane.mapToGlobal(at), button, buttons or button, keys)
    handlers = {
        QMouseEvent.Type.MouseButtonPress: pane.mousePressEvent,
        QMouseEvent.Type.MouseMove: pane.mouseMoveEvent,
        QMouseEvent.Type.MouseButtonRelease: pane.mouseReleaseEvent,
        QMouseEvent.Type.MouseButtonDblClick: pane.mouseDoubleClickEvent,
    }
    handlers[kind](event)


def drag(pane, start, *stops, button=LEFT, keys=NO_KEY):
    send(pane, QMouseEvent.Type.MouseButtonPress, start, button, keys)
    for stop in stops:
        send(pane, QMouseEvent.Type.MouseMove, stop, keys=keys, buttons=button)
    send(pane, QMouseEvent.Type.MouseButtonRelease, stops[-1] if stops else start, button, keys)


def wheel(pane, notches, point=(200, 150), keys=NO_KEY):
    at = QPointF(*point)
    event = QWheelEvent(
        at,
        pane.mapToGlobal(at),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    pane.wheelEvent(event)


def pixels(pane) -> np.ndarray:
    """What the pane paints, (rows, columns, 3) RGB."""
    image = pane.grab().toImage().convertToFormat(pane.grab().toImage().Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


# Wheel


@pytest.mark.parametrize(("plane", "way_lps"), [("axial", (0, 0, 1)), ("coronal", (0, -1, 0)), ("sagittal", (1, 0, 0))])
def test_the_wheel_scrolls_one_slice_towards_head_front_or_left(session, pane_of, plane, way_lps):
    pane, before = pane_of(plane), np.array(session.cursor_ijk)

    wheel(pane, 1)

    step = np.array(session.cursor_ijk) - before
    assert np.abs(step).sum() == 1
    assert float((session.volume.geometry.direction @ step) @ way_lps) > 0.5


def test_parts_of_a_notch_add_up_to_a_slice(session, pane_of):
    pane, before = pane_of("axial"), session.cursor_ijk

    for _ in range(3):
        wheel(pane, 0.3)
    assert session.cursor_ijk == before
    wheel(pane, 0.3)

    assert session.cursor_ijk != before


def test_ctrl_wheel_magnifies_around_the_mouse(session, pane_of):
    pane, at = pane_of("coronal"), QPointF(150, 120)
    before, scale = pane.index_at(at), pane.view.pixels_per_mm

    wheel(pane, 3, (150, 120), CTRL)

    assert pane.index_at(at) == pytest.approx(before)
    assert pane.view.pixels_per_mm > 1.3 * scale


def test_shift_wheel_changes_the_brush_only_while_painting(session, pane_of):
    pane, radius, cursor = pane_of("axial"), session.brush_radius_mm, session.cursor_ijk
    session.choose_tool("brush")

    wheel(pane, 1, keys=SHIFT)

    assert session.brush_radius_mm > radius and session.cursor_ijk == cursor


# Buttons


def test_a_left_drag_to_the_right_widens_the_window_and_upwards_brightens(session, pane_of):
    pane, cursor = pane_of("axial"), session.cursor_ijk
    session.set_window(WindowLevel(40.0, 400.0))

    drag(pane, (200, 150), (230, 150), (260, 150))
    assert session.window.width > 450 and session.window.centre == pytest.approx(40.0)

    session.set_window(WindowLevel(40.0, 400.0))
    drag(pane, (200, 150), (200, 120), (200, 90))
    assert session.window.centre < 0 and session.window.width == pytest.approx(400.0)
    assert session.cursor_ijk == cursor  # only a click moves the cross-hair


@pytest.mark.parametrize("plane", PLANES)
def test_a_click_puts_the_cross_hair_on_the_voxel_under_the_mouse(session, pane_of, plane):
    pane, window = pane_of(plane), session.window
    normal = pane.view.axes.normal
    expected = list(MARKER_IJK)
    expected[normal] = session.cursor_ijk[normal]

    drag(pane, pane.view.to_pane(MARKER_IJK))

    assert session.cursor_ijk == tuple(expected)
    assert session.window == window


def test_shift_and_moving_takes_the_cross_hair_along(session, pane_of):
    pane = pane_of("sagittal")
    x, y = pane.view.to_pane(MARKER_IJK)

    send(pane, QMouseEvent.Type.MouseMove, (x, y), keys=SHIFT)

    across, down = pane.view.axes.right, pane.view.axes.down
    assert (session.cursor_ijk[across], session.cursor_ijk[down]) == (MARKER_IJK[across], MARKER_IJK[down])


def test_a_middle_drag_pans_and_a_right_drag_zooms(session, pane_of):
    pane = pane_of("axial")
    x, y = pane.view.to_pane(MARKER_IJK)

    drag(pane, (100, 100), (115, 90), button=MIDDLE)
    assert pane.view.to_pane(MARKER_IJK) == pytest.approx((x + 15, y - 10))

    scale, menus = pane.view.pixels_per_mm, []
    pane.contextMenuRequested.connect(lambda plane, at: menus.append(plane))
    drag(pane, (100, 100), (100, 80), (100, 60), button=RIGHT)
    assert pane.view.pixels_per_mm > 1.1 * scale and menus == []


def test_a_right_click_asks_for_the_menu_a_double_click_for_the_whole_window(session, pane_of):
    pane, asked = pane_of("coronal"), []
    pane.contextMenuRequested.connect(lambda plane, at: asked.append(("menu", plane)))
    pane.maximiseRequested.connect(lambda plane: asked.append(("large", plane)))
    pane.activated.connect(lambda plane: asked.append(("active", plane)))

    drag(pane, (100, 100), button=RIGHT)
    send(pane, QMouseEvent.Type.MouseButtonDblClick, (100, 100), LEFT)

    assert asked == [("active", "coronal"), ("menu", "coronal"), ("large", "coronal")]


# Painting labels


@pytest.mark.parametrize("plane", PLANES)
def test_the_brush_paints_the_voxel_under_the_mouse_and_the_eraser_takes_it_away(session, pane_of, plane):
    pane = pane_of(plane)
    session.move_cursor(MARKER_IJK)
    session.choose_tool("brush")
    session.set_brush_radius(0.0)  # the smallest: half a millimetre
    point = pane.view.to_pane(MARKER_IJK)

    drag(pane, point)

    i, j, k = MARKER_IJK
    assert session.label_map.voxels[k, j, i] == session.active_label
    painted = np.argwhere(session.label_map.voxels)[:, ::-1]
    assert np.abs((painted - MARKER_IJK) * session.volume.geometry.spacing).max() <= 0.8
    assert session.history.undo_title == "Paint Region 1"

    session.choose_tool("eraser")
    drag(pane, point)
    assert session.label_map.voxels[k, j, i] == 0


def test_a_stroke_shows_at_once_and_exactly_as_a_pane_drawn_anew_would(session, pane_of, qtbot):
    pane = pane_of("axial")
    session.choose_tool("brush")
    session.set_brush_radius(1.5)
    pixels(pane)
    drag(pane, (180, 140), (200, 150), (240, 190))
    qtbot.wait(20)
    first = pixels(pane)
    drag(pane, (190, 200), (230, 130))  # crosses the first stroke: its outline changes
    qtbot.wait(20)
    after = pixels(pane)

    fresh = pane_of("axial")
    fresh._hover = pane._hover
    np.testing.assert_array_equal(after, pixels(fresh))
    assert (first != after).any()


# What is shown


def test_every_change_of_the_session_is_seen(session, pane_of, qtbot):
    pane = pane_of("axial")
    seen, shape = [pixels(pane)], session.volume.voxels.shape
    changes = (
        lambda: session.set_window(WindowLevel(900.0, 50.0)),
        lambda: session.toggle_inverted(),
        lambda: session.scroll("axial", 1),
        lambda: session.cycle_overlay_text(),
        lambda: session.replace_voxels("x", tuple(slice(0, n) for n in shape), np.ones(shape, np.uint8)),
        lambda: session.set_overlay(opacity=0.9),
        lambda: session.show_label(1, False),
        lambda: session.propose(Proposal(np.full(shape, 2, np.uint8), (Label(2, "b", (0, 0, 255)),), "m", "1", "", 1)),
        lambda: session.reject_proposal(),
        lambda: session.toggle_confirmed("axial"),
    )
    for n, change in enumerate(changes):
        change()
        qtbot.wait(5)
        seen.append(pixels(pane))
        assert (seen[-1] != seen[-2]).any(), f"change {n} is not seen"


def test_labels_and_proposals_have_their_colours(session, pane_of):
    session.set_overlay(opacity=1.0)
    session.labels = (Label(1, "own", (255, 0, 0)),)
    session.label_map.voxels[:] = 1
    pane = pane_of("axial")
    x, y = (round(n) for n in pane.view.to_pane(MARKER_IJK))

    assert tuple(pixels(pane)[y + 3, x + 3]) == (255, 0, 0)


def letters_painted(pane, monkeypatch):
    painted = []
    monkeypatch.setattr(slice_pane, "draw_edge_letters", lambda painter, rect, letters, font: painted.append(letters))
    pane.grab()
    return painted[-1] if painted else None


@pytest.mark.parametrize(("plane", "sides"), [("axial", "RLAP"), ("coronal", "RLHF"), ("sagittal", "APHF")])
def test_letters_at_the_edges_name_the_sides(session, pane_of, monkeypatch, plane, sides):
    letters = letters_painted(pane_of(plane), monkeypatch)

    assert "".join(text[0] for text in letters) == sides  # the strongest component of each comes first
    tilted = not np.allclose(np.abs(session.volume.geometry.direction).max(axis=0), 1)
    assert all((len(text) > 1) == tilted for text in letters)


def test_there_are_no_letters_where_the_sides_are_unknown(oblique_phantom, qtbot, monkeypatch):
    session = Session()
    geometry = replace(oblique_phantom.geometry, patient_space=False)
    session.open(SERIES, replace(oblique_phantom, geometry=geometry))
    pane = SlicePane(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(400, 300)

    assert letters_painted(pane, monkeypatch) is None


def test_the_corners_say_who_what_and_where(session, pane_of):
    pane = pane_of("axial")
    session.move_cursor(MARKER_IJK)

    def words():
        corners = pane.corner_texts()
        return [
            text
            for corner in (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
            for text, _ in corner
        ]

    assert {"Canary, Patient", "CANARY-7", "2020-03-04", "Value 1900 HU", "Not for diagnostic use"} <= set(words())
    session.cycle_overlay_text()
    assert "CANARY-7" not in words() and "Value 1900 HU" in words()
    session.cycle_overlay_text()
    assert words() == ["Axial"]


def test_a_pane_with_nothing_open_is_black_and_takes_no_harm(qtbot):
    pane = SlicePane(Session(), "axial")
    qtbot.addWidget(pane)
    pane.resize(300, 200)

    drag(pane, (100, 100), (120, 120))
    wheel(pane, 1)
    pane.apply(What.LABELS | What.CURSOR, None)

    assert not pixels(pane)[20:-5, 5:-5].any()
