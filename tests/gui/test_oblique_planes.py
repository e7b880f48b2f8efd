"""Oblique planes by real mouse and keys: handles, keys, words, measuring, and what the picture shows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.painted_words import assert_nothing_overlaps
from viewer.core.display import WindowLevel, to_grey
from viewer.core.geometry import PLANES, orientation_letters
from viewer.core.measuring import values_of
from viewer.core.oblique import ObliqueAxes, tilt_degrees
from viewer.core.volume import Volume
from viewer.gui import picture_commands
from viewer.gui.exporting import Export, _frames, is_there, picture_of, pixels_of
from viewer.gui.overlay import Badge
from viewer.gui.slice_picture import picture_of_slice
from viewer.gui.style import VIEWPORT, WARNING
from viewer.render import oblique as render_oblique
from viewer.render.oblique import values_on

LEFT, NO_KEY, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(opened, qtbot):
    opened.activateWindow()
    opened.panes["axial"].setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is opened.panes["axial"])
    usual = QApplication.doubleClickInterval()
    QApplication.setDoubleClickInterval(0)  # each test presses twice at one place, quicker than a person
    yield opened
    QApplication.setDoubleClickInterval(usual)


def handle(pane, plane) -> QPoint:
    return next(at for line, at in pane.planes.handles(pane.view) if line.plane == plane).toPoint()


def around(pane, point, degrees) -> QPoint:
    """A pane point turned clockwise about the cross-hair."""
    middle = QPointF(*pane.view.to_pane(pane.session.cursor_at))
    step, a = QPointF(point) - middle, math.radians(degrees)
    turned = QPointF(step.x() * math.cos(a) - step.y() * math.sin(a), step.x() * math.sin(a) + step.y() * math.cos(a))
    return (middle + turned).toPoint()


def turn(pane, plane, degrees, qtbot, keys=NO_KEY, before=NO_KEY):
    start = handle(pane, plane)
    stops = [around(pane, start, degrees * n / 4) for n in range(1, 5)]
    hover(pane, start)
    QTest.mousePress(pane, LEFT, before, start)
    for stop in stops:
        QApplication.sendEvent(pane, _moved(pane, stop, keys))
        qtbot.wait(1)
    QTest.mouseRelease(pane, LEFT, NO_KEY, stops[-1])  # or Qt believes that Shift is still down
    qtbot.wait(30)


def _moved(pane, at, keys=NO_KEY, buttons=LEFT):
    point, none = QPointF(at), Qt.MouseButton.NoButton
    return QMouseEvent(QMouseEvent.Type.MouseMove, point, pane.mapToGlobal(point), none, buttons, keys)


def hover(pane, at):
    """The mouse over a pane point, whatever the window system believes of other windows."""
    QApplication.sendEvent(pane, _moved(pane, at, buttons=Qt.MouseButton.NoButton))


def texts(pane):
    return [piece.text for piece in pane.written]


def tilts(window):
    return {plane: round(tilt_degrees(window.session.axes(plane)), 1) for plane in PLANES}


@pytest.fixture
def oblique(window, qtbot):
    """The planes turned about two of them, so that all three are oblique."""
    turn(window.panes["axial"], "coronal", 25, qtbot)
    turn(window.panes["coronal"], "axial", -15, qtbot)
    assert all(window.session.is_oblique(plane) for plane in PLANES)
    return window


# Handles


@pytest.mark.parametrize("plane", ["coronal", "sagittal"])
def test_a_line_follows_the_handle_that_is_dragged(window, qtbot, plane):
    pane = window.panes["axial"]
    before = next(line for line in pane.planes.lines(pane.view) if line.plane == plane)

    turn(pane, plane, 30, qtbot)

    after = next(line for line in pane.planes.lines(pane.view) if line.plane == plane)
    turned = math.degrees(math.atan2(np.cross(before.along, after.along), before.along @ after.along))
    assert turned == pytest.approx(30, abs=1.0)  # the mouse moves in whole points
    assert tilts(window) == {"axial": 0, "coronal": pytest.approx(30, abs=1), "sagittal": pytest.approx(30, abs=1)}
    assert not window.session.is_oblique("axial")


def test_the_other_lines_stay_across(oblique):
    for pane in oblique.panes.values():
        one, other = pane.planes.lines(pane.view)
        assert one.along @ other.along == pytest.approx(0, abs=1e-9)


def test_a_line_is_where_the_other_plane_is(oblique):
    """Every point of a line, on either side of the cross-hair, lies on the plane that it stands for."""
    for pane in oblique.panes.values():
        for line in pane.planes.lines(pane.view):
            axes = oblique.session.axes(line.plane)
            for px in (-60, 45):
                at = line.at(px)
                index = pane.view.to_index(at.x(), at.y(), pane._depth)
                assert axes.depth_of(index) == pytest.approx(axes.depth_of(oblique.session.cursor_at), abs=1e-4)


def test_shift_turns_in_steps_of_five_degrees_of_the_line(window, qtbot):
    turn(window.panes["axial"], "coronal", 13, qtbot)
    turn(window.panes["axial"], "coronal", 10, qtbot, SHIFT)

    assert tilts(window)["coronal"] in (20.0, 25.0)


def test_shift_finds_the_planes_of_the_scan_again(window, qtbot):
    turn(window.panes["axial"], "coronal", 13, qtbot)
    assert window.session.rotation is not None

    turn(window.panes["axial"], "coronal", -12, qtbot, SHIFT)

    assert window.session.rotation is None


def test_shift_may_be_held_before_a_handle_is_pressed(window, qtbot):
    at = window.session.cursor_ijk
    turn(window.panes["axial"], "coronal", 13, qtbot, SHIFT, before=SHIFT)

    assert tilts(window)["coronal"] in (10.0, 15.0)
    assert window.session.cursor_ijk == at, "the cross-hair stays"


@pytest.mark.parametrize("how", ["double click", "R", "Shift+R"])
def test_planes_go_back_along_the_scan(oblique, qtbot, how):
    pane = oblique.panes["axial"]
    if how == "double click":
        at = handle(pane, "coronal")
        hover(pane, at)
        QTest.mouseClick(pane, LEFT, NO_KEY, at)
        QTest.mouseDClick(pane, LEFT, NO_KEY, at)
        QTest.mouseRelease(pane, LEFT, NO_KEY, at)
    else:
        QTest.keyClick(pane, Qt.Key.Key_R, SHIFT if how == "Shift+R" else NO_KEY)
    qtbot.waitUntil(lambda: oblique.session.rotation is None)
    assert oblique.volume_pane.isVisible()  # a double click on a handle makes no pane large
    panes = oblique.panes.values()
    qtbot.waitUntil(lambda: not any(text.startswith("Oblique") for pane in panes for text in texts(pane)))


@pytest.mark.parametrize(("key", "keys", "degrees"), [(Qt.Key.Key_Right, NO_KEY, 5), (Qt.Key.Key_Left, SHIFT, -1)])
def test_keys_turn_the_planes_that_cross_the_active_one(window, qtbot, key, keys, degrees):
    pane = window.panes["axial"]
    before = pane.planes.lines(pane.view)[0].along

    QTest.keyClick(pane, key, keys | Qt.KeyboardModifier.AltModifier)

    after = pane.planes.lines(pane.view)[0].along
    assert math.degrees(math.atan2(np.cross(before, after), before @ after)) == pytest.approx(degrees)


def test_a_mirrored_picture_turns_as_the_mouse_goes(window, qtbot):
    pane = window.panes["axial"]
    QTest.keyClick(pane, Qt.Key.Key_H)
    before = next(line for line in pane.planes.lines(pane.view) if line.plane == "coronal").along

    turn(pane, "coronal", 30, qtbot)

    after = next(line for line in pane.planes.lines(pane.view) if line.plane == "coronal").along
    assert math.degrees(math.atan2(np.cross(before, after), before @ after)) == pytest.approx(30, abs=1.0)


@pytest.mark.parametrize("key", [Qt.Key.Key_B, Qt.Key.Key_L])
def test_tools_that_draw_are_never_kept_from_it_by_handles(window, qtbot, key):
    pane = window.panes["axial"]
    at = handle(pane, "coronal")
    QTest.keyClick(pane, key)

    hover(pane, at)
    QTest.mousePress(pane, LEFT, NO_KEY, at)
    hover(pane, around(pane, at, 20))
    QTest.mouseRelease(pane, LEFT, NO_KEY, around(pane, at, 20))

    assert window.session.rotation is None


def test_the_mouse_shows_what_can_be_taken_hold_of(window, qtbot):
    pane = window.panes["axial"]
    hover(pane, handle(pane, "coronal"))
    assert pane.cursor().shape() == Qt.CursorShape.OpenHandCursor

    hover(pane, QPoint(60, 60))
    assert pane.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_while_a_line_is_turned_its_angle_is_written(window, qtbot, ink):
    pane = window.panes["axial"]
    start = handle(pane, "coronal")
    hover(pane, start)
    QTest.mousePress(pane, LEFT, NO_KEY, start)
    hover(pane, around(pane, start, 20))
    qtbot.wait(30)
    ink.clear()
    pane.grab()

    degrees = [float(word[:-1]) for _, word in ink if word.endswith("°") and not word.startswith("Oblique")]
    assert degrees == [pytest.approx(20, abs=1)]


# What is seen


def grey_of(pane, at):
    return int(np.array(pane.grab().toImage().pixelColor(at).getRgb()[:3]).mean())


@pytest.mark.parametrize("plane", PLANES)
def test_the_picture_shows_the_values_of_the_points_under_it(oblique, qtbot, plane):
    """Where neighbours are alike: in the middle of the bright block and in the dark far from it."""
    pane, session = oblique.panes[plane], oblique.session
    picture = pixels_of(picture_of(pane))[..., 0].astype(int)
    volume, checked = session.volume, 0
    for x in range(20, pane.width() - 20, 7):
        for y in range(20, pane.height() - 20, 7):
            index = np.array(pane.view.to_index(x + 0.5, y + 0.5, pane._depth))
            floor = np.floor(index).astype(int)
            if np.any(floor < 2) or np.any(floor + 3 >= volume.geometry.size):
                continue
            i, j, k = floor
            near = volume.voxels[k - 2 : k + 4, j - 2 : j + 4, i - 2 : i + 4]  # the screen is smoothed, too
            low, high = (int(v) for v in to_grey(np.array([near.min(), near.max()]), session.window))
            if high - low < 40 and not any(piece.rect.contains(x, y) for piece in pane.written):
                checked += 1
                assert low - 2 <= picture[y, x] <= high + 2, (x, y)
    assert checked > 100


def test_beyond_the_scan_a_pane_is_empty(oblique):
    pane = oblique.panes["sagittal"]
    pane.zoom_by(0.5)
    image, view = picture_of(pane), pane.view  # without the cross-hair
    outside = [
        (x, y)
        for x in range(10, pane.width(), 23)
        for y in range(60, pane.height() - 80, 23)
        if np.any(np.array(view.to_index(x, y, pane._depth)) < -1)
        and not any(piece.rect.adjusted(-4, -4, 4, 4).contains(x, y) for piece in pane.written)
    ]

    assert len(outside) > 10
    assert all(image.pixelColor(x, y).rgb() == VIEWPORT.rgb() for x, y in outside)


def test_pictures_do_not_jump_when_a_plane_leaves_the_grid(window, qtbot):
    pane = window.panes["coronal"]
    before, view = pixels_of(picture_of(pane)).astype(int), pane.view
    middle = tuple((n - 1) / 2 for n in window.session.volume.geometry.size)

    window.session.turn_planes("axial", math.radians(0.2))
    qtbot.wait(30)

    after = pixels_of(picture_of(pane)).astype(int)
    assert isinstance(pane.view.axes, ObliqueAxes)
    assert pane.view.pixels_per_mm == view.pixels_per_mm
    assert pane.view.to_pane(middle) == pytest.approx(view.to_pane(middle), abs=0.5)
    body = np.s_[70:-90, 60:-60]  # within the words
    assert np.median(np.abs(after - before)[body]) <= 3


def test_badge_and_letters_tell_how_the_plane_lies(oblique, ink):
    for plane, pane in oblique.panes.items():
        axes = oblique.session.axes(plane)
        assert f"Oblique {tilt_degrees(axes):.0f}°" in texts(pane)
        letters = [piece.text for piece in pane.written if piece.key[0] == "letter"]
        right, down = np.array(axes.right), np.array(axes.down)
        assert letters == [orientation_letters(way) for way in (-right, right, -down, down)]
        assert_nothing_overlaps(pane, ink)
    assert any(len(piece.text) > 1 for piece in oblique.panes["axial"].written if piece.key[0] == "letter")


def test_the_place_is_told_along_the_normal(oblique):
    pane, session = oblique.panes["sagittal"], oblique.session
    axes = session.axes("sagittal")
    mm = float(session.volume.geometry.index_to_lps(session.cursor_at) @ axes.towards)
    way = orientation_letters(np.sign(mm) * np.array(axes.towards))

    lines = [line.text for line in pane.corner_texts().bottom_right]

    assert f"{way} {abs(mm):.1f} mm · 2.00 mm apart" in lines
    assert not any(line.startswith("Slice") for line in lines)


def test_a_click_puts_the_cross_hair_under_the_mouse(oblique, qtbot):
    pane, session = oblique.panes["axial"], oblique.session
    depth, at = pane._depth, QPoint(pane.width() // 2 + 31, pane.height() // 2 - 23)
    hover(pane, at)
    QTest.mouseClick(pane, LEFT, NO_KEY, at)

    assert pane.view.to_pane(session.cursor_at) == pytest.approx((at.x(), at.y()), abs=1e-6)
    assert pane._depth == pytest.approx(depth, abs=1e-6)


def test_a_click_beside_the_scan_leaves_the_plane(oblique, qtbot):
    pane = oblique.panes["axial"]
    depth = pane._depth
    pane.zoom_by(0.4)

    QTest.mouseClick(pane, LEFT, NO_KEY, QPoint(12, pane.height() // 2))

    assert pane._depth == pytest.approx(depth, abs=1e-5)


def test_the_value_under_the_mouse_is_the_nearest_stored_one(oblique, qtbot):
    pane, session = oblique.panes["coronal"], oblique.session
    at = QPoint(pane.width() // 2 + 13, pane.height() // 2 + 27)
    hover(pane, at)
    i, j, k = np.rint(pane.index_at(QPointF(at))).astype(int)

    assert f"Value {session.volume.voxels[k, j, i]}" in [line.text for line in pane.corner_texts().bottom_left]


def test_labels_lie_on_the_voxels_that_the_plane_cuts(oblique, qtbot):
    session = oblique.session
    labels = (session.volume.voxels > 500).astype(np.uint8)
    session.replace_voxels("Phantom", (slice(0, 20), slice(0, 32), slice(0, 40)), labels)
    session.hand.set_overlay(opacity=1.0)
    qtbot.wait(50)
    for pane in oblique.panes.values():
        pane.grab()
        layer, view = pane._labels.got, pane.view
        high, wide = layer.pixels.shape[:2]
        on = np.zeros((pane.height(), pane.width()), np.bool_)
        on[layer.row : layer.row + high, layer.column : layer.column + wide] = layer.pixels[..., 3] > 0
        right, wrong = 0, 0
        for row in range(0, on.shape[0], 5):
            for column in range(0, on.shape[1], 5):
                i, j, k = np.rint(view.to_index(column + 0.5, row + 0.5, pane._depth)).astype(int)
                inside = session.volume.geometry.contains_index((i, j, k))
                same = (bool(labels[k, j, i]) if inside else False) == bool(on[row, column])
                right, wrong = right + same, wrong + (not same)
        assert wrong / (right + wrong) < 0.03  # pixels of half a voxel at the border may fall either way
        assert on.any()


# Painting, measuring and exporting


@pytest.mark.parametrize("shape", ["disc", "sphere"])
def test_what_is_painted_on_oblique_planes_is_seen_on_all_of_them_at_once(oblique, qtbot, shape):
    """And as it is when they are drawn anew, though only what the brush has touched is sampled."""
    session, pane = oblique.session, oblique.panes["axial"]
    middle = QPointF(*pane.view.to_pane(session.cursor_at)).toPoint()
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_B)
    session.hand.set_brush_radius(7.0)
    session.hand.set_brush_shape(shape)
    qtbot.wait(30)
    assert pane.cursor().shape() == Qt.CursorShape.BlankCursor
    hover(pane, middle)
    QTest.mousePress(pane, LEFT, NO_KEY, middle)
    qtbot.wait(30)
    for step in range(1, 5):
        QApplication.sendEvent(pane, _moved(pane, middle + QPoint(9 * step, 4 * step)))
        qtbot.wait(30)
    during = {plane: oblique.panes[plane].grab().toImage() for plane in PLANES}
    for plane in PLANES:
        oblique.panes[plane]._forget(labels=True)
    assert {plane: oblique.panes[plane].grab().toImage() for plane in PLANES} == during
    QTest.mouseRelease(pane, LEFT, NO_KEY, middle + QPoint(36, 16))
    assert session.label_map.voxels.any()
    axes = session.axes("axial")
    assert render_oblique.labels_on(session.label_map.voxels, axes, axes.depth_of(session.cursor_at)).any()
    session.undo()
    assert not session.label_map.voxels.any()


def test_an_oblique_plane_cannot_be_confirmed(oblique, qtbot):
    oblique.panes["axial"].setFocus()
    QTest.keyClick(oblique.panes["axial"], Qt.Key.Key_Return)

    assert not oblique.session.confirmed
    assert not oblique.slice_commands.confirm_action.isEnabled()
    assert "oblique" in oblique.commands.why_not(oblique.slice_commands.confirm_action)
    assert not oblique.label_panel.confirm.isEnabled()


@pytest.mark.parametrize("key", [Qt.Key.Key_L, Qt.Key.Key_E])
def test_what_is_drawn_on_an_oblique_plane_belongs_to_it(oblique, qtbot, key):
    pane, session = oblique.panes["axial"], oblique.session
    pane.setFocus()
    QTest.keyClick(pane, key)
    start, end = (
        QPoint(pane.width() // 2 - 40, pane.height() // 2 - 30),
        QPoint(pane.width() // 2 + 50, pane.height() // 2 + 20),
    )
    hover(pane, start)
    QTest.mousePress(pane, LEFT, NO_KEY, start)
    hover(pane, end)
    QTest.mouseRelease(pane, LEFT, NO_KEY, end)
    qtbot.wait(30)
    (drawn,) = session.measurements
    pane.grab()

    for point, at in zip(drawn.points, (start, end), strict=True):
        assert pane.view.to_pane(point) == pytest.approx((at.x(), at.y()), abs=1e-6)
    if key == Qt.Key.Key_L:
        length = math.hypot(*(end - start).toTuple()) / pane.view.pixels_per_mm
        assert values_of(drawn, session.volume, session.series).length == pytest.approx(length)
    assert [shape.measurement for shape in pane.measuring.shapes] == [drawn]
    assert oblique.measure_panel.table.item(0, 2).text() == "Oblique"
    session.scroll("axial", 1)
    qtbot.wait(30)
    pane.grab()
    assert pane.measuring.shapes == ()

    session.reset_planes()
    session.go_to_measurement(drawn.number)
    qtbot.wait(30)
    pane.grab()
    assert [shape.measurement for shape in pane.measuring.shapes] == [drawn]


def test_the_corner_of_a_rectangle_follows_the_mouse_and_its_sides_stay_along_the_picture(oblique, qtbot):
    pane, session = oblique.panes["coronal"], oblique.session
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_E, SHIFT)
    middle = QPoint(pane.width() // 2, pane.height() // 2)
    start, end, other = middle - QPoint(50, 40), middle + QPoint(40, 30), middle + QPoint(60, -55)
    hover(pane, start)
    QTest.mousePress(pane, LEFT, NO_KEY, start)
    hover(pane, end)
    QTest.mouseRelease(pane, LEFT, NO_KEY, end)
    qtbot.wait(30)
    pane.grab()
    (shape,) = pane.measuring.shapes
    corners = sorted(map(tuple, np.round(shape.handles).astype(int).tolist()))
    wanted = [(x, y) for x in (start.x(), end.x()) for y in (start.y(), end.y())]
    assert corners == sorted(wanted)

    upper_right = QPoint(end.x(), start.y())
    hover(pane, upper_right)
    QTest.mousePress(pane, LEFT, NO_KEY, upper_right)
    hover(pane, upper_right + QPoint(5, -5))
    hover(pane, other)
    QTest.mouseRelease(pane, LEFT, NO_KEY, other)
    qtbot.wait(30)
    pane.grab()

    (shape,) = pane.measuring.shapes
    places = np.round(shape.handles).astype(int)
    assert {tuple(p) for p in places.tolist()} == {(x, y) for x in (start.x(), other.x()) for y in (end.y(), other.y())}
    assert len(session.measurements) == 1


def test_a_measurement_pushed_against_the_edge_of_the_scan_stays_on_its_plane(oblique, qtbot):
    pane, session = oblique.panes["axial"], oblique.session
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_L)
    middle = QPoint(pane.width() // 2, pane.height() // 2)
    start, end = middle - QPoint(30, 40), middle + QPoint(30, -40)
    hover(pane, start)
    QTest.mousePress(pane, LEFT, NO_KEY, start)
    hover(pane, end)
    QTest.mouseRelease(pane, LEFT, NO_KEY, end)
    qtbot.wait(30)
    pane.grab()
    length = values_of(session.measurements[0], session.volume, session.series).length
    on_line = QPoint(middle.x() - 14, start.y())
    hover(pane, on_line)
    QTest.mousePress(pane, LEFT, NO_KEY, on_line)
    for step in range(1, 9):
        hover(pane, on_line - QPoint(0, 60 * step))
    QTest.mouseRelease(pane, LEFT, NO_KEY, on_line - QPoint(0, 480))
    qtbot.wait(30)

    (moved,) = session.measurements
    axes = session.axes("axial")
    assert [axes.depth_of(p) for p in moved.points] == pytest.approx([pane._depth] * 2, abs=1e-5)
    assert values_of(moved, session.volume, session.series).length == pytest.approx(length)
    points = np.array(moved.points)
    assert np.all(points >= -0.5 - 1e-9) and np.all(points <= np.array(session.volume.geometry.size) - 0.5 + 1e-9)


def test_the_exported_picture_is_that_of_the_pane(oblique, qtbot):
    pane = oblique.panes["sagittal"]
    hover(oblique.panes["axial"], QPoint(50, 50))
    pane.zoom_by(1.5)
    here = pixels_of(pane.grab().toImage())
    there = pixels_of(picture_of(pane))

    body = np.s_[70:-90, 70:-70]
    assert np.median(np.abs(here[body].astype(int) - there[body])) == 0
    assert (here[body] != there[body]).mean() < 0.05  # the lines of the cross-hair


@pytest.mark.parametrize("run", [None, "slices"])
def test_a_slab_is_exported_in_steps_between_which_the_window_lives(oblique, qtbot, monkeypatch, run):
    pane, session = oblique.panes["axial"], oblique.session
    pane.set_slab("MIP")
    assert not is_there(pane)
    expected = []
    for number in (5, 6):
        session.move_cursor(pane.view.axes.moved(session.cursor_at, pane.view.axes.depth_at(number)))
        qtbot.wait(30)
        expected.append(pixels_of(picture_of(pane, ratio=1.0)))
    assert not np.array_equal(*expected)

    def never_whole(*args, quick=False, **more):
        assert quick, "the whole slab was sampled in one go"
        return values_on(*args, quick=quick, **more)

    monkeypatch.setattr("viewer.render.oblique.values_on", never_whole)
    parts, found = _frames(pane, Export(Path(), run=run, first=5, last=6)), []
    for wanted in expected if run else expected[1:]:
        found.append(next(parts))
        assert found[-1] == 0.0, "it is not there yet"
        qtbot.waitUntil(lambda: isinstance(found.append(next(parts)) or found[-1], QImage))
        np.testing.assert_array_equal(pixels_of(found[-1]), wanted)
    assert next(parts, None) is None


def test_copying_a_slab_does_not_hold_the_window(oblique, qtbot, monkeypatch):
    pane = oblique.panes["axial"]
    pane.activated.emit("axial")
    pane.set_slab("MIP")
    expected = pixels_of(picture_of(pane))
    QGuiApplication.clipboard().clear()
    monkeypatch.setattr(picture_commands, "picture_of", None)  # which would sample all of it at once
    QTest.keyClick(pane, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull())
    np.testing.assert_array_equal(pixels_of(QGuiApplication.clipboard().image()), expected)


def test_a_slab_of_an_oblique_plane_says_how_thick_it_is(oblique, qtbot):
    pane = oblique.panes["axial"]
    pane.activated.emit("axial")
    QTest.keyClick(pane, Qt.Key.Key_S)
    qtbot.wait(30)
    pane.grab()

    assert "MIP 10.0 mm" in texts(pane)
    assert not any(text.startswith("Value") for text in texts(pane))


def test_another_series_begins_along_its_scan(oblique, qtbot):
    oblique.session.close_series()
    qtbot.wait(30)

    assert oblique.session.rotation is None
    assert not oblique.commands.named["Display/Planes along the scan"].isEnabled()


def test_a_mask_that_is_sampled_quickly_lies_where_the_whole_one_does(oblique, monkeypatch):
    volume, pane = oblique.session.volume, oblique.panes["axial"]
    monkeypatch.setattr(render_oblique, "_QUICK_SAMPLES", 900)
    k, j, i = np.indices(volume.voxels.shape)
    blocks = Volume((1 + i // 10 + 4 * (j // 10) + 16 * (k // 10)).astype(np.int16), volume.geometry)
    seen = []
    for quick in (False, True):
        values = values_on(blocks, pane.view.axes, pane._depth, nearest=True, quick=quick)
        of = picture_of_slice(
            blocks,
            pane.view,
            pane._depth,
            WindowLevel(0, 1),
            False,
            2.0,
            sampled=values,
            colour_map="masks",
            smooth=False,
        )
        seen.append(of.picture)

    whole, quick = seen
    assert (whole.row, whole.column, whole.pixels.shape) == (quick.row, quick.column, quick.pixels.shape)
    assert 0 < (whole.pixels != quick.pixels).any(axis=2).mean() < 0.1  # along the borders of blocks


def test_no_handle_lies_on_words(window, qtbot):
    pane, session = window.panes["axial"], window.session
    pane.set_company(tuple(Badge(f"⚠ Other {n}", WARNING) for n in range(2)))
    found = 0
    for j in range(0, 32):
        session.move_cursor((20, j, 10))
        qtbot.wait(1)
        pane.grab()
        for _, at in pane.planes.handles(pane.view):
            handle_rect = QRectF(at.x() - 6, at.y() - 6, 12, 12)
            assert not any(handle_rect.intersects(piece.rect) for piece in pane.written)
            found += 1
    assert found > 64
