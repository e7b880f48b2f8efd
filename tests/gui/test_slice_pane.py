"""A slice pane turns the mouse into the right voxel, window or slice, and shows what the session holds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QMouseEvent, QRegion, QWheelEvent
from PySide6.QtWidgets import QMenu, QWidget

from tests.gui.painted_words import assert_nothing_overlaps
from viewer.core.display import VoiTable, WindowLevel, to_grey
from viewer.core.events import What
from viewer.core.geometry import PLANES, Geometry
from viewer.core.labels import Label
from viewer.core.origin import Origin
from viewer.core.session import Proposal, Session
from viewer.core.study import GeometryVerdict, Moment, Series, UltrasoundRegion
from viewer.core.volume import Volume
from viewer.gui import slice_picture
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.overlay import person_name
from viewer.gui.slice_pane import SlicePane
from viewer.render.slabs import Slab, slab_of, slices_within

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
    pane, radius, cursor = pane_of("axial"), session.hand.brush_radius_mm, session.cursor_ijk
    session.choose_tool("brush")

    wheel(pane, 1, keys=SHIFT)

    assert session.hand.brush_radius_mm > radius and session.cursor_ijk == cursor


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
    session.hand.set_brush_radius(0.0)  # the smallest: half a millimetre
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
    session.hand.set_brush_radius(1.5)
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


def test_a_part_of_a_pane_is_painted_as_in_the_whole(session, pane_of, monkeypatch):
    """Words are thought of only where they reach into the part that a stroke has changed."""
    pane = pane_of("axial")
    whole = pixels(pane)
    words = [piece.rect.toAlignedRect() for piece in pane.written]
    assert len(words) > 6
    free = QRect(170, 130, 20, 20)
    assert not any(rect.intersects(free) for rect in words)

    def painted(part: QRect) -> np.ndarray:
        image = QImage(pane.size(), QImage.Format.Format_RGB888)
        image.fill(0)
        pane.render(image, part.topLeft(), QRegion(part), QWidget.RenderFlag.DrawChildren)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)[
            part.top() : part.bottom() + 1, part.left() : part.right() + 1
        ]

    def same(part: QRect) -> bool:
        there = whole[part.top() : part.bottom() + 1, part.left() : part.right() + 1]
        return np.array_equal(painted(part), there)

    beside = [rect.translated(rect.width() - 3, 2) for rect in words]  # the end of a word only
    parts = [part.intersected(pane.rect()) for part in (free, *words, *beside)]
    assert all(same(part) for part in parts)

    monkeypatch.setattr(pane, "_words_in", lambda part: False)
    assert same(free) and not all(same(part) for part in parts)


# What is shown


def test_every_change_of_the_session_is_seen(session, pane_of, qtbot):
    pane = pane_of("axial")
    seen, shape = [pixels(pane)], session.volume.voxels.shape
    changes = (
        lambda: session.set_window(WindowLevel(900.0, 50.0)),
        lambda: session.toggle_inverted(),
        lambda: session.scroll("axial", 1),
        lambda: session.hand.cycle_overlay_text(),
        lambda: session.replace_voxels("x", tuple(slice(0, n) for n in shape), np.ones(shape, np.uint8)),
        lambda: session.hand.set_overlay(opacity=0.9),
        lambda: session.show_label(1, False),
        lambda: session.propose(
            Proposal(np.full(shape, 2, np.uint8), (Label(2, "b", (0, 0, 255)),), Origin("m", "1", "", 1))
        ),
        lambda: session.reject_proposal(),
        lambda: session.toggle_confirmed("axial"),
    )
    for n, change in enumerate(changes):
        change()
        qtbot.wait(5)
        seen.append(pixels(pane))
        assert (seen[-1] != seen[-2]).any(), f"change {n} is not seen"


def test_labels_and_proposals_have_their_colours(session, pane_of):
    session.hand.set_overlay(opacity=1.0)
    session.labels = (Label(1, "own", (255, 0, 0)),)
    session.label_map.voxels[:] = 1
    session.label_map.revision += 1
    pane = pane_of("axial")
    x, y = (round(n) for n in pane.view.to_pane(MARKER_IJK))

    assert tuple(pixels(pane)[y + 3, x + 3]) == (255, 0, 0)


def painted(pane, kind):
    """The texts of a kind that are on the pane."""
    pane.grab()
    return [piece.text for piece in pane.written if piece.key[0] == kind]


@pytest.mark.parametrize(("plane", "sides"), [("axial", "RLAP"), ("coronal", "RLHF"), ("sagittal", "APHF")])
def test_letters_at_the_edges_name_the_sides(session, pane_of, plane, sides):
    letters = painted(pane_of(plane), "letter")

    assert "".join(text[0] for text in letters) == sides  # the strongest component of each comes first
    tilted = not np.allclose(np.abs(session.volume.geometry.direction).max(axis=0), 1)
    assert all((len(text) > 1) == tilted for text in letters)


def test_there_are_no_letters_where_the_sides_are_unknown(oblique_phantom, qtbot):
    session = Session()
    geometry = replace(oblique_phantom.geometry, patient_space=False)
    session.open(SERIES, replace(oblique_phantom, geometry=geometry))
    pane = SlicePane(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(400, 300)

    assert painted(pane, "letter") == []


def test_the_corners_say_who_what_and_where(session, pane_of):
    pane = pane_of("axial")
    session.move_cursor(MARKER_IJK)

    def words():
        corners = pane.corner_texts()
        return [
            line.text
            for corner in (corners.top_left, corners.top_right, corners.bottom_left, corners.bottom_right)
            for line in corner
        ]

    assert {"Canary, Patient", "CANARY-7", "2020-03-04", "Value 1900 HU", "Not for diagnostic use"} <= set(words())
    session.hand.cycle_overlay_text()
    assert "CANARY-7" not in words() and "Value 1900 HU" in words()
    session.hand.cycle_overlay_text()
    assert words() == ["Axial"]


def test_a_pane_with_nothing_open_is_black_and_takes_no_harm(qtbot):
    pane = SlicePane(Session(), "axial")
    qtbot.addWidget(pane)
    pane.resize(300, 200)

    drag(pane, (100, 100), (120, 120))
    wheel(pane, 1)
    pane.apply(What.LABELS | What.CURSOR, None)

    assert not pixels(pane)[20:-5, 5:-5].any()


# A series that is still being read

NOT_ARRIVED = (0x20, 0x24, 0x2C)


def plain_volume(size=(60, 50, 20), value=100, origins=None, **changes):
    """Every voxel alike, on an axial grid of 1 x 1 x 2 mm, or on slices at origins."""
    geometry = Geometry(size, (1.0, 1.0, 2.0), np.zeros(3), np.eye(3), slice_origins=origins)
    return Volume(np.full(geometry.shape, value, np.int16), geometry, unit="HU", modality="CT", **changes)


def make_pane(qtbot, session, plane="axial", size=(420, 330)):
    pane = SlicePane(session, plane)
    qtbot.addWidget(pane)
    pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
    pane.resize(*size)
    pane.show()
    return pane


def colour_at(pane, index_ijk, aside=(9, 7)):
    """What is painted on a voxel, a little aside of the cross-hair."""
    x, y = (round(n) for n in pane.view.to_pane(index_ijk))
    return tuple(pixels(pane)[y + aside[1], x + aside[0]].tolist())


def test_an_oblique_plane_is_shown_as_far_from_the_middle_as_it_reaches(qtbot):
    session = Session()
    session.open(SERIES, plain_volume(arrived=np.ones(20, bool)))
    session.set_window(WindowLevel(100.0, 50.0))
    pane = make_pane(qtbot, session)
    session.turn_planes("sagittal", math.radians(45))
    for at in ((15, 2, 1), (15, 47, 18), (15, 2, 18), (15, 47, 1)):  # two of them over 20 mm from the middle
        session.move_cursor(at)
        qtbot.wait(5)
        assert colour_at(pane, at, aside=(9, 0))[0] > 100, at


def test_a_slice_that_has_not_arrived_is_not_black_and_is_seen_when_it_comes(qtbot):
    arrived = np.zeros(20, bool)
    arrived[10] = True
    session = Session()
    session.open(SERIES, plain_volume(arrived=arrived))
    session.set_window(WindowLevel(100.0, 50.0))
    pane = make_pane(qtbot, session)
    at = (15, 12, 10)
    assert painted(pane, "sentence") == []
    grey = colour_at(pane, at)
    assert 120 < grey[0] < 136

    session.move_cursor((30, 25, 11))
    qtbot.wait(5)
    assert painted(pane, "sentence") == ["Loading…"]
    assert colour_at(pane, at) == NOT_ARRIVED

    arrived[11] = True
    session.slices_arrived([11])
    qtbot.wait(5)
    assert painted(pane, "sentence") == []
    assert colour_at(pane, at) == grey


@pytest.mark.parametrize("plane", ["coronal", "sagittal"])
def test_the_other_planes_show_what_has_arrived_and_grow(qtbot, plane):
    arrived = np.zeros(20, bool)
    arrived[4:8] = True
    session = Session()
    session.open(SERIES, plain_volume(arrived=arrived))
    session.set_window(WindowLevel(100.0, 50.0))
    pane = make_pane(qtbot, session, plane)

    def row(k):
        return colour_at(pane, (15, 15, k), (11, 0))

    assert [row(k) == NOT_ARRIVED for k in (3, 4, 7, 8, 15)] == [True, False, False, True, True]
    arrived[15] = True
    session.slices_arrived([15])
    qtbot.waitUntil(lambda: row(15) != NOT_ARRIVED)
    assert row(15)[0] == pytest.approx(row(4)[0], abs=12)  # smoothed with what is not there beside it
    assert row(14) == NOT_ARRIVED


def test_slices_that_arrive_elsewhere_do_not_make_a_pane_draw_its_picture_again(qtbot, monkeypatch):
    arrived = np.zeros(20, bool)
    arrived[10] = True
    session = Session()
    session.open(SERIES, plain_volume(arrived=arrived))
    pane = make_pane(qtbot, session)
    pixels(pane)
    drawn, grey_of = [], slice_picture.grey_of
    monkeypatch.setattr(slice_picture, "grey_of", lambda *args: drawn.append(args) or grey_of(*args))
    for k in (3, 4, 5):
        arrived[k] = True
        session.slices_arrived([k])
        qtbot.wait(5)
    pane.grab()
    assert drawn == []


def test_how_much_is_read_is_written_until_all_is_there(qtbot):
    arrived = np.arange(20) < 15
    session = Session()
    session.open(SERIES, plain_volume(arrived=arrived))
    pane = make_pane(qtbot, session)
    assert pane.corner_texts().bottom_right[-1].text == "Reading 15 of 20"
    session.complete(plain_volume())
    assert "Reading" not in str(pane.corner_texts().bottom_right)


# Stacks that make no volume

MISSING = GeometryVerdict("missing", "2 slices are missing, after 6.0 mm.")


def missing_slices():
    heights = np.array([0.0, 2.0, 4.0, 6.0, 12.0])
    return plain_volume((60, 50, 5), origins=np.outer(heights, (0, 0, 1)))


@pytest.mark.parametrize("plane", ["coronal", "sagittal"])
def test_the_planes_that_a_stack_has_not_say_why_and_offer_a_grid(qtbot, plane):
    session, asked = Session(), []
    session.open(replace(SERIES, verdict=MISSING), missing_slices())
    pane = make_pane(qtbot, session, plane)
    pane.resampleRequested.connect(lambda: asked.append(True))

    assert MISSING.detail in pane.sentence and "regular grid" in pane.sentence
    assert pane.view is None and pane.resample_button.isVisible()
    before = session.cursor_ijk
    drag(pane, (100, 100), (150, 150))
    wheel(pane, 2)
    assert session.cursor_ijk == before
    pane.resample_button.click()
    assert asked == [True]

    session.open(SERIES, plain_volume())
    qtbot.waitUntil(lambda: pane.view is not None)
    assert pane.sentence == "" and not pane.resample_button.isVisible()


@pytest.mark.parametrize(
    ("verdict", "origins"),
    [
        (GeometryVerdict("no-position", "5 frames over time."), np.zeros((0, 3))),
        (GeometryVerdict("duplicate", "More than one slice lies at 4.0 mm."), np.zeros((5, 3))),
    ],
)
def test_no_grid_is_offered_where_none_can_be_made(qtbot, verdict, origins):
    session = Session()
    session.open(replace(SERIES, verdict=verdict), plain_volume((60, 50, 5), origins=origins))
    pane = make_pane(qtbot, session, "coronal")
    assert verdict.detail in pane.sentence
    assert not pane.resample_button.isVisible()


def test_a_stack_is_scrolled_in_its_own_plane_with_the_place_of_each_slice(qtbot):
    session = Session()
    session.open(replace(SERIES, verdict=MISSING), missing_slices())
    pane = make_pane(qtbot, session)
    wheel(pane, 4)
    lines = [line.text for line in pane.corner_texts().bottom_right]
    assert "Slice 5 / 5" in lines and "H 12.0 mm" in lines, "12 mm by its own position, and no spacing"


# Badges


def badge_texts(pane):
    pane.grab()
    return [badge.text for badge in pane.badges]


@pytest.mark.parametrize(
    ("changes", "calibrated", "expected"),
    [
        ({}, True, []),
        ({"calibration": "PixelSpacing"}, True, []),
        ({"verdict": GeometryVerdict("tilted", "Sheared by 9.5 degrees.")}, True, ["⚠ Tilted gantry"]),
        ({"verdict": GeometryVerdict("duplicate", "Two at 4.0 mm.")}, True, ["⚠ Duplicate slices"]),
        ({"calibration": "ImagerPixelSpacing"}, True, ["At detector"]),
        ({"calibration": "US regions"}, True, ["US region scale"]),
        ({}, False, ["Uncalibrated"]),
        ({"lossy": True}, True, ["Lossy compression"]),
        ({"notes": ("Resampled to 2 mm.", "3 copies were left out.")}, True, ["Resampled", "1 note"]),
        ({"notes": ("Left out: i012.dcm: it is truncated.",)}, True, ["⚠ Not whole"]),
        ({"notes": ("One.", "Two.")}, True, ["2 notes"]),
        (
            {"verdict": GeometryVerdict("no-position", "9 frames over time."), "frame_time_ms": 33.0},
            True,
            ["Frames over time"],
        ),
    ],
)
def test_badges_tell_what_a_person_must_know(qtbot, changes, calibrated, expected):
    session, volume = Session(), plain_volume()
    session.open(replace(SERIES, **changes), replace(volume, geometry=replace(volume.geometry, calibrated=calibrated)))
    assert badge_texts(make_pane(qtbot, session)) == expected


def test_greys_that_were_saved_as_colours_have_a_window_and_say_so(qtbot):
    session = Session()
    session.open(replace(SERIES, colour=True), replace(plain_volume(), saved_as_colours=True))
    pane = make_pane(qtbot, session)
    pane.grab()
    drag(pane, pane._badges[0][0].center().toTuple())
    assert pane.detail == "Saved as colours, all of which are grey: shown as grey values."
    session.set_window(WindowLevel(30.0, 60.0))
    assert session.window == WindowLevel(30.0, 60.0)


def test_a_click_on_a_badge_shows_its_sentence_and_leaves_the_cross_hair(qtbot):
    session = Session()
    session.open(replace(SERIES, notes=("3 copies were left out.", "The names may be wrong.")), plain_volume())
    pane = make_pane(qtbot, session)
    pane.grab()
    before = session.cursor_ijk
    drag(pane, pane._badges[0][0].center().toTuple())
    assert pane.detail == "3 copies were left out.\nThe names may be wrong."
    assert session.cursor_ijk == before


def test_the_badge_of_a_stack_that_can_be_resampled_offers_it_where_that_plane_alone_is_seen(qtbot):
    session, asked = Session(), []
    session.open(replace(SERIES, verdict=MISSING, notes=("One.",)), missing_slices())
    pane = make_pane(qtbot, session)
    pane.resampleRequested.connect(lambda: asked.append(True))
    assert badge_texts(pane) == ["⚠ Missing slices · resample…", "1 note"]
    drag(pane, pane._badges[0][0].center().toTuple())
    assert pane.detail == MISSING.detail and pane.mend_button.isVisible()
    pane.mend_button.click()
    assert asked == [True] and pane.detail == ""
    drag(pane, pane._badges[1][0].center().toTuple())
    assert pane.detail == "One." and not pane.mend_button.isVisible()


def test_the_badge_of_one_of_two_places_tells_how_far_the_other_is(qtbot):
    note = "Its sform and its qform place the voxels up to {} mm apart{}: this is the place by its qform."
    verdict = GeometryVerdict("ambiguous", "20 slices every 2.00 mm, placed by its qform.")
    session = Session()
    for apart, text in (
        (("12.50", ""), "12.5 mm from its sform"),
        (("0.00", " and give it another voxel size"), "another voxel size by its sform"),
    ):
        session.open(replace(SERIES, verdict=verdict, notes=(note.format(*apart),)), plain_volume())
        pane = make_pane(qtbot, session, size=(640, 480))
        pane.grab()
        (badge,) = pane.badges
        assert badge.text == f"⚠ One of two places · {text}"
        assert badge.detail == f"{verdict.detail}\n{note.format(*apart)}"


@pytest.mark.parametrize("size", [(290, 280), (420, 330), (1200, 900)])
def test_badges_are_all_there_and_whole_in_panes_of_usual_sizes(qtbot, size):
    session = Session()
    changes = {"notes": ("Resampled to 2 mm.", "One."), "lossy": True, "calibration": "ImagerPixelSpacing"}
    session.open(
        replace(SERIES, verdict=GeometryVerdict("uneven", "x"), study_description="Abdomen", **changes), plain_volume()
    )
    session.toggle_confirmed("axial")
    pane = make_pane(qtbot, session, size=size)
    assert painted(pane, "badge") == [
        "⚠ Uneven slice spacing", "Resampled", "At detector", "Lossy compression", "1 note", "✓ Nothing here"
    ]  # fmt: skip
    assert badge_texts(pane) == painted(pane, "badge")


def test_a_slice_with_a_box_is_never_called_empty(qtbot):
    session = Session()
    session.open(SERIES, plain_volume())
    session.toggle_confirmed("axial")
    pane = make_pane(qtbot, session, size=(640, 480))
    assert badge_texts(pane) == ["✓ Nothing here"]
    k = session.cursor_ijk[2]
    session.add_measurement("box", [(2, 2, k), (6, 6, k)], 2, "Region 1")
    assert badge_texts(pane) == ["✓ Confirmed"]


WORDY = replace(
    SERIES,
    patient_name="Wolfeschlegelsteinhausenbergerdorff^Hubert Blaine Ferdinand",
    patient_id="1234567890-ABCDEFGHIJ",
    birth_date="19140404",
    sex="M",
    description="sagittal · t1_mprage_sag_p2_iso_1.0_post_contrast_dark_blood",
    study_description="Neurological examination of the whole head with and without contrast",
    institution="University Hospital of Somewhere",
    verdict=GeometryVerdict("uneven", "The gaps between slices differ, after 4.0, 8.0 mm."),
    notes=("Resampled to 2 mm.", "One.", "Two."),
    lossy=True,
    calibration="ImagerPixelSpacing",
)
SIZES = sorted({(w, h) for w in (140, 180, 240, 300, 340, 420, 640, 1600) for h in (110, 150, 215, 300, 420, 900)})


@pytest.mark.parametrize("plane", ["axial", "sagittal"])
@pytest.mark.parametrize("series", [SERIES, WORDY], ids=["usual", "long names"])
def test_no_two_texts_of_a_pane_overlap_at_any_size_and_the_most_important_stay(session, qtbot, ink, series, plane):
    session.open(series, replace(session.volume, suv_factor=0.0003))
    session.set_window(WindowLevel(-600.0, 1500.0, "SIGMOID", "LUNG AND MEDIASTINUM"))
    session.propose(
        Proposal(np.zeros(session.volume.voxels.shape, np.uint8), (), Origin("brain-structures-mr", "1.0", "", 1))
    )
    session.source = "brain-structures-mr 1.0.0"
    session.toggle_confirmed(plane)
    pane = make_pane(qtbot, session, plane)
    for size in SIZES:
        pane.resize(*size)
        assert_nothing_overlaps(pane, ink)
        kinds = [piece.key for piece in pane.written]
        assert sum(kind == "letter" for kind, _ in kinds) == 4, size
        assert ("top left", 1) in kinds, f"the patient's name is missing at {size}"
        if series is WORDY:
            assert any(badge.text.startswith("⚠ Uneven") for badge in pane.badges), size


def test_the_scale_bar_and_the_window_both_stay_in_the_panes_of_a_small_window(session, qtbot, ink):
    session.set_window(WindowLevel(-600.0, 1500.0))
    pane = make_pane(qtbot, session, size=(228, 270))  # of a window of 1024 x 700
    assert_nothing_overlaps(pane, ink)
    assert painted(pane, "ruler")
    assert {"W 1500  L -600", "Not for diagnosis"} <= set(painted(pane, "bottom left"))


def test_small_panes_still_say_that_they_are_not_for_diagnosis(session, qtbot, ink):
    session.set_window(WindowLevel(-600.0, 1500.0))
    pane = make_pane(qtbot, session)
    for size in ((w, h) for w in (160, 180, 200) for h in (150, 200, 260)):
        pane.resize(*size)
        assert_nothing_overlaps(pane, ink)
        assert any(text.startswith("Not for") for text in painted(pane, "bottom left")), size
        assert painted(pane, "top left")[1:], f"the patient's name is missing at {size}"


@pytest.mark.parametrize("size", [(282, 270), (340, 300), (500, 420), (900, 700)])
def test_the_badge_of_a_place_is_whole_beside_the_names_or_below_them(session, qtbot, size):
    notes = ("Its sform and its qform place the voxels up to 40.00 mm apart: this is the place by its sform.",)
    session.open(replace(SERIES, verdict=GeometryVerdict("ambiguous", "x"), notes=notes), session.volume)
    pane = make_pane(qtbot, session, size=size)
    assert painted(pane, "badge") == ["⚠ One of two places · 40 mm from its qform"]


def test_a_number_is_whole_or_not_there(session, qtbot, ink):
    session.set_window(WindowLevel(-600.0, 1500.0, "SIGMOID", "LUNG"))
    pane = make_pane(qtbot, session)
    for width in range(140, 420, 7):
        pane.resize(width, 240)
        lines = pane.corner_texts().bottom_left
        whole = {line.text for line in lines} | {line.short for line in lines}
        for text in painted(pane, "bottom left"):
            assert text in whole or any(line.startswith(f"{text} · ") for line in whole)


@pytest.mark.parametrize("verdict", ["missing", "uneven"])
def test_the_sentence_of_an_empty_plane_its_button_and_the_name_never_overlap(qtbot, ink, verdict):
    session = Session()
    detail = "7 slices are missing, after H 12.0, H 24.0, H 36.0, H 48.0, H 60.0 ... mm."
    session.open(replace(WORDY, verdict=GeometryVerdict(verdict, detail)), missing_slices())
    pane = make_pane(qtbot, session, "coronal")
    for size in SIZES:
        pane.resize(*size)
        assert_nothing_overlaps(pane, ink)
        assert ("top left", 1) in [piece.key for piece in pane.written], size
        if size[0] >= 300 and size[1] >= 215:
            assert (
                painted(pane, "sentence")[0].startswith("The slices make no volume.")
                and pane.resample_button.isVisible()
            )


def test_the_ruler_names_its_calibration_and_is_absent_without_one(qtbot):
    def ruler(calibrated, **changes):
        session, volume = Session(), plain_volume()
        geometry = replace(volume.geometry, calibrated=calibrated)
        session.open(replace(SERIES, **changes), replace(volume, geometry=geometry))
        return next(iter(painted(make_pane(qtbot, session), "ruler")), None)

    assert ruler(True) == "10 mm"
    assert ruler(True, calibration="ImagerPixelSpacing") == "10 mm at detector"
    assert ruler(False) is None
    assert ruler(False, calibration="US regions", regions=(UltrasoundRegion((0, 0, 9, 9), (0.1, 0.2)),)) is None


# Values


def readout(pane):
    return [line.text for line in pane.corner_texts().bottom_left if line.text.startswith(("Value", "R ", "SUV"))]


def test_colours_are_shown_as_they_are_with_their_three_values(qtbot):
    session, volume = Session(), plain_volume()
    colours = np.zeros((*volume.geometry.shape, 3), np.uint8)
    colours[...] = (200, 20, 90)
    session.open(replace(SERIES, colour=True), Volume(colours, volume.geometry))
    for plane in PLANES:
        pane = make_pane(qtbot, session, plane)
        assert colour_at(pane, (15, 12, 4), (3, 3)) == (200, 20, 90)
        assert readout(pane) == ["R 200 G 20 B 90"]
        drag(pane, (100, 100), (150, 120))
        assert colour_at(pane, (15, 12, 4), (3, 3)) == (200, 20, 90)
        assert "W " not in str(pane.corner_texts().bottom_left)


def test_the_value_is_never_that_of_padding_or_of_what_is_not_there(qtbot):
    session, volume = Session(), plain_volume(value=-2000)
    session.open(SERIES, replace(volume, padding=(-2000.0, -1500.0)))
    assert readout(make_pane(qtbot, session)) == ["Value: padding"]

    session.open(SERIES, replace(volume, arrived=np.arange(20) == 3))
    session.move_cursor((10, 10, 5))
    assert readout(make_pane(qtbot, session)) == []


def test_pet_tells_activity_and_uptake(qtbot):
    session = Session()
    session.open(SERIES, replace(plain_volume(value=12345), unit="BQML", suv_factor=0.00026))
    assert readout(make_pane(qtbot, session)) == ["Value 12345 BQML", "SUV 3.21"]  # 12345 x 0.00026 = 3.2097


def test_padding_stays_black_when_the_picture_is_inverted(qtbot):
    session = Session()
    session.open(replace(SERIES, inverted=True), replace(plain_volume(value=-2000), padding=(-2000.0, -2000.0)))
    session.set_window(WindowLevel(0.0, 400.0))
    pane = make_pane(qtbot, session)
    assert colour_at(pane, (15, 12, 10)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("window", "by_file", "toggled", "said"),
    [
        (WindowLevel(700.0, 1400.0, "SIGMOID", "LUNG"), False, False, ["W 1400  L 700 sigmoid · LUNG"]),
        (WindowLevel(40.0, 400.0), False, True, ["W 400  L 40", "Inverted"]),
        (WindowLevel(40.0, 400.0), True, False, ["W 400  L 40", "MONOCHROME1"]),
        (WindowLevel(40.0, 400.0), True, True, ["W 400  L 40", "Inverted MONOCHROME1"]),
        (VoiTable(0, 8, (0, 255)), False, False, ["Window: the file's table"]),
    ],
)
def test_the_window_and_its_inversion_are_written(qtbot, window, by_file, toggled, said):
    session = Session()
    session.open(replace(SERIES, inverted=by_file), plain_volume())
    session.set_window(window)
    if toggled:
        session.toggle_inverted()
    lines = [line.text for line in make_pane(qtbot, session).corner_texts().bottom_left]
    assert lines[-len(said) - 1 : -1] == said


def test_dragging_starts_from_a_window_around_the_files_table(qtbot):
    session = Session()
    table = VoiTable(1000, 8, tuple(range(256)))
    session.open(replace(SERIES, voi_table=table), plain_volume())
    pane = make_pane(qtbot, session)
    drag(pane, (200, 150), (205, 150), (206, 150))
    assert session.window.centre == pytest.approx(1127.5, abs=2) and 250 < session.window.width < 270


def test_dragging_keeps_the_function_of_the_window(qtbot):
    session = Session()
    session.open(replace(SERIES, windows=(WindowLevel(40.0, 400.0, "SIGMOID", "SOFT"),)), plain_volume())
    drag(make_pane(qtbot, session), (200, 150), (230, 150), (260, 150))
    assert session.window.function == "SIGMOID" and session.window.name == "" and session.window.width > 450


# What the file draws, and moments


@pytest.mark.parametrize("plane", PLANES)
def test_what_the_file_draws_lies_on_the_picture_and_can_be_taken_away(session, pane_of, phantom, plane):
    marks = np.zeros(phantom.geometry.shape, bool)
    i, j, k = MARKER_IJK
    marks[k, j, i] = True
    session.open(SERIES, replace(phantom, overlay=marks))
    session.move_cursor(MARKER_IJK)
    pane = pane_of(plane)
    marked = pixels(pane).astype(int)
    session.hand.toggle_file_overlay()
    pane.apply(What.DISPLAY)
    bare = pixels(pane).astype(int)

    rows, columns = np.nonzero(np.abs(marked - bare).sum(axis=2) > 60)
    x, y = pane.view.to_pane(MARKER_IJK)
    wide, high = pane.view.pixels_per_voxel
    assert rows.size and abs(columns.mean() - x) < wide / 2 and abs(rows.mean() - y) < high / 2
    assert np.ptp(columns) <= wide + 1 and np.ptp(rows) <= high + 1


def test_a_moment_that_is_played_is_seen_without_labels_at_the_same_zoom(qtbot):
    moments = tuple(replace(SERIES, uid=f"9.{n}", moment=Moment("9", "time", n, 2, f"{n} s")) for n in range(2))
    volumes = plain_volume(value=80), plain_volume(value=120)
    session = Session()
    session.open(moments[0], volumes[0])
    session.set_moments(moments, volumes)
    session.set_window(WindowLevel(100.0, 100.0))
    session.label_map.voxels[:] = 1
    session.label_map.revision += 1
    pane = make_pane(qtbot, session)
    pane.zoom_by(1.7)
    scale, labelled = pane.view.pixels_per_mm, colour_at(pane, (25, 22, 9))
    assert len(set(labelled)) == 3, "labels are coloured"

    session.show_moment_volume(volumes[1])
    qtbot.wait(5)
    red, green, blue = colour_at(pane, (25, 22, 9))
    assert red == green == blue and red > 150
    assert "1 s (2 / 2)" in [line.text for line in pane.corner_texts().bottom_right]
    assert readout(pane) == ["Value 120 HU"]

    session.open(moments[1], volumes[1], keep_view=True)
    qtbot.wait(5)
    assert pane.view.pixels_per_mm == scale
    session.open(SERIES, volumes[0])
    qtbot.wait(5)
    assert pane.view.pixels_per_mm < scale


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Doe^Jane^Q", "Doe, Jane Q"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou · 山田, 太郎 · やまだ, たろう"),
        ("=山田^太郎", "山田, 太郎"),
        ("Doe^Jane==", "Doe, Jane"),
        ("", ""),
    ],
)
def test_a_name_is_written_as_people_write_it(name, written):
    assert person_name(name) == written


def test_a_slice_has_one_place_wherever_the_cross_hair_is(session, qtbot, ink):
    """On an oblique scan each point of a slice lies at another height; the number is that of its middle."""
    pane = make_pane(qtbot, session)
    cursor = list(session.cursor_ijk)
    pane.grab()
    before = [text for _, text in ink if " mm apart" in text]
    ink.clear()
    cursor[pane.view.axes.right] += 3
    cursor[pane.view.axes.down] -= 3
    session.move_cursor(tuple(cursor))
    pane.apply(What.CURSOR)
    pane.grab()
    assert before and [text for _, text in ink if " mm apart" in text] == before


def test_a_slab_shows_the_brightest_of_several_slices_and_says_so(session, pane_of):
    pane = pane_of("axial")
    axis = pane.view.axes.normal
    spacing = pane.view.spacing[axis]
    assert pane.slab is None
    pane.set_slab("MIP")
    pane.grab()
    usual = min(max(round(10.0 / spacing), 2), pane.view.size[axis])
    within = slices_within(Slab("MIP", usual), session.cursor_ijk[axis], pane.view.size[axis])
    assert pane.badges[0].text == f"MIP {len(within) * spacing:.1f} mm"
    assert not [piece for piece in pane.written if piece.text.startswith("Value")]
    values = slab_of(session.volume, pane.view.axes, session.cursor_ijk[axis], Slab("MIP", usual))
    rows, columns = values.shape
    for row, column in ((rows // 4, columns // 4), (rows // 2, columns // 3)):
        index = pane.view.axes.to_index(column, row, session.cursor_ijk[axis], pane.view.size)
        grey = int(to_grey(values[row : row + 1, column : column + 1], session.window)[0, 0])
        assert abs(colour_at(pane, index, aside=(0, 0))[0] - grey) < 40


def test_the_wheel_with_shift_makes_a_slab_thicker_and_the_menu_ends_it(session, pane_of):
    pane = pane_of("axial")
    wheel(pane, 1, keys=SHIFT)
    assert pane.slab is None
    before = session.cursor_ijk
    pane.set_slab("MinIP")
    count = pane.slab.slices
    wheel(pane, -1, keys=SHIFT)
    thinner = max(count - 1, 2)
    assert pane.slab == Slab("MinIP", thinner)
    wheel(pane, 1, keys=SHIFT)
    assert pane.slab == Slab("MinIP", thinner + 1) and session.cursor_ijk == before
    wheel(pane, 1)
    assert session.cursor_ijk != before, "without Shift the slab moves"
    menu = QMenu()
    pane.fill_menu(menu)
    slabs = menu.actions()[-1].menu()
    assert [action.text() for action in slabs.actions() if action.isChecked()] == ["Minimum intensity (MinIP)"]
    next(action for action in slabs.actions() if action.text() == "Single slices").trigger()
    assert pane.slab is None


def test_nobody_paints_on_a_slab(session, pane_of):
    pane = pane_of("axial")
    pane.set_slab("Mean")
    session.choose_tool("brush")
    send(pane, QMouseEvent.Type.MouseButtonPress, (200, 150), LEFT)
    send(pane, QMouseEvent.Type.MouseButtonRelease, (200, 150), LEFT)
    assert pane.slab is None and not session.label_map.voxels.any()
    send(pane, QMouseEvent.Type.MouseButtonPress, (200, 150), LEFT)
    send(pane, QMouseEvent.Type.MouseButtonRelease, (200, 150), LEFT)
    assert session.label_map.voxels.any()


def test_slices_that_make_no_volume_have_no_slabs(session, qtbot):
    geometry = replace(session.volume.geometry, slice_origins=np.zeros((session.volume.geometry.size[2], 3)))
    volume = Volume(session.volume.voxels, geometry)
    session.open(replace(SERIES, verdict=GeometryVerdict("missing", "1 slice is missing.")), volume)
    pane = make_pane(qtbot, session)
    pane.set_slab("MIP")
    assert pane.slab is None


def test_a_radiograph_shows_the_sides_and_the_view_of_its_file(session, qtbot):
    grid = Geometry((60, 50, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3), patient_space=False)
    picture = Volume(np.zeros(grid.shape, np.int16), grid)
    session.open(
        replace(SERIES, modality="DX", verdict=GeometryVerdict("2d", "One."), sides=("L", "F"), view="R CC"), picture
    )
    pane = make_pane(qtbot, session)
    pane.grab()
    letters = [piece.text for piece in pane.written if piece.key[0] == "letter"]
    assert letters == ["R", "L", "H", "F"]
    assert "R CC" in [piece.text for piece in pane.written]


def test_in_a_mirrored_and_turned_pane_a_click_finds_what_is_seen(session, pane_of):
    pane = pane_of("axial")
    axes = pane.view.axes
    marker = list(MARKER_IJK)
    marker[axes.normal] = session.cursor_ijk[axes.normal]
    seen = set()
    away = [0, 0, 0]
    away[axes.normal] = marker[axes.normal]
    for act in (pane.mirror, lambda: pane.turn(1), lambda: pane.mirror(upside_down=True)):
        act()
        x, y = pane.view.to_pane(tuple(marker))
        seen.add((round(x), round(y)))
        drag(pane, (x, y))
        assert session.cursor_ijk == tuple(marker)
        session.move_cursor(tuple(away))
    assert len(seen) == 3
    pane.grab()
    assert pane.view.axes != axes
    pane.reset_view()
    assert pane.view.axes == axes


def test_a_mirrored_picture_says_so_and_its_letters_are_right(session, pane_of):
    pane = pane_of("axial")
    pane.grab()
    before = [piece.text for piece in pane.written if piece.key[0] == "letter"]
    first = pixels(pane).copy()
    pane.mirror()
    pane.grab()
    after = [piece.text for piece in pane.written if piece.key[0] == "letter"]
    assert after == [before[1], before[0], *before[2:]]
    assert "⚠ Mirrored" in [badge.text for badge in pane.badges]
    assert not np.array_equal(pixels(pane), first)
    pane.mirror()
    pane.turn(1)
    pane.grab()
    assert [badge.text for badge in pane.badges if "ir" in badge.text or "urn" in badge.text] == ["Turned 90°"]
    pane.turn(-1)
    np.testing.assert_array_equal(pixels(pane), first)
