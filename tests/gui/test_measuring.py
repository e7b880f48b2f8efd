"""Each measuring tool by real mouse and keys: what is drawn is what the session holds, in indices, and what it says."""

import csv
import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from tests.gui.conftest import head
from viewer.core.label_sizes import label_sizes
from viewer.core.measuring import KINDS, Measurement, values_of
from viewer.gui.measure_drawing import ToPane, draw, placed, value_words
from viewer.gui.style import MEASURE

LEFT, NO_KEY, SHIFT, CTRL = (
    Qt.MouseButton.LeftButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
)
A, B, C, D = (14.3, 10.6), (25.2, 12.9), (20.7, 22.4), (12.1, 19.8)  # in-plane indices within the bright block


class Hand:
    """A mouse and a keyboard on one pane; points are in-plane indices of the shown slice."""

    def __init__(self, window, plane="axial") -> None:
        self.window, self.session, self.pane = window, window.session, window.panes[plane]
        self.pane.setFocus()

    def index(self, at):
        axes, index = self.pane.view.axes, [0.0, 0.0, 0.0]
        index[axes.normal] = float(self.session.cursor_ijk[axes.normal])
        for axis, value in zip((n for n in range(3) if n != axes.normal), at, strict=True):
            index[axis] = value
        return tuple(index)

    def point(self, at) -> QPoint:
        """The whole pane point nearest to an index."""
        return QPointF(*self.pane.view.to_pane(self.index(at))).toPoint()

    def hit(self, at):
        """The index that a click at an index really has: mice move in whole points."""
        point = self.point(at)
        return self.pane.view.to_index(point.x(), point.y(), round(self.index(at)[self.pane.view.axes.normal]))

    def key(self, key, keys=NO_KEY) -> None:
        QTest.keyClick(self.pane, key, keys)

    def click(self, at, keys=NO_KEY) -> None:
        QTest.mouseMove(self.pane, self.point(at))
        QTest.mouseClick(self.pane, LEFT, keys, self.point(at))

    def double_click(self, at) -> None:
        self.click(at)
        self.second_click(at)

    def second_click(self, at) -> None:
        """The press that Qt calls a double click, and its release."""
        QTest.mouseDClick(self.pane, LEFT, NO_KEY, self.point(at))
        QTest.mouseRelease(self.pane, LEFT, NO_KEY, self.point(at))

    def drag(self, *stops, keys=NO_KEY) -> None:
        QTest.mouseMove(self.pane, self.point(stops[0]))
        QTest.mousePress(self.pane, LEFT, keys, self.point(stops[0]))
        for stop in stops[1:]:
            QTest.mouseMove(self.pane, self.point(stop))
        QTest.mouseRelease(self.pane, LEFT, keys, self.point(stops[-1]))

    def write(self, text, end=Qt.Key.Key_Return) -> None:
        QTest.keyClicks(self.pane.measuring.line_edit, text)
        QTest.keyClick(self.pane.measuring.line_edit, end)

    @property
    def last(self):
        return self.session.measurements[-1]


@pytest.fixture
def hand(opened, qtbot) -> Hand:
    opened.activateWindow()
    hand = Hand(opened)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is hand.pane)
    return hand


def assert_points(measurement, *expected) -> None:
    np.testing.assert_allclose(measurement.points, expected, atol=1e-6)


# Each tool


def test_l_and_a_drag_measure_a_length_and_the_tool_stays(hand):
    hand.key(Qt.Key.Key_L)
    hand.drag(A, (18, 11), B)

    assert hand.last.kind == "length"
    assert_points(hand.last, hand.hit(A), hand.hit(B))
    length = values_of(hand.last, hand.session.volume, hand.session.series).length
    assert length == pytest.approx(2.0 * math.dist(hand.hit(A), hand.hit(B)))  # voxels of 2 mm
    assert hand.session.hand.tool == "length"
    hand.drag(C, D)
    assert len(hand.session.measurements) == 2
    hand.key(Qt.Key.Key_Escape)
    assert hand.session.hand.tool == "window"
    assert len(hand.session.measurements) == 2


def test_two_clicks_measure_a_length_too(hand):
    hand.key(Qt.Key.Key_L)
    hand.click(A)
    assert hand.session.measurements == ()
    hand.click(B)

    assert_points(hand.last, hand.hit(A), hand.hit(B))


def test_two_quick_clicks_are_no_double_click(hand):
    hand.key(Qt.Key.Key_L)
    hand.click(A)
    hand.second_click(B)

    assert_points(hand.last, hand.hit(A), hand.hit(B))
    assert hand.window.volume_pane.isVisible()  # nothing was maximised


def test_a_double_click_on_one_place_measures_nothing(hand):
    hand.key(Qt.Key.Key_L)
    hand.double_click(A)

    assert hand.session.measurements == ()


def test_three_clicks_measure_an_angle_with_its_vertex_second(hand):
    hand.key(Qt.Key.Key_A)
    for at in (A, B, C):
        hand.click(at)

    assert hand.last.kind == "angle"
    assert_points(hand.last, hand.hit(A), hand.hit(B), hand.hit(C))


def test_an_angle_may_begin_with_a_drag(hand):
    hand.key(Qt.Key.Key_A)
    hand.drag(A, (18, 12), B)
    hand.click(C)

    assert_points(hand.last, hand.hit(A), hand.hit(B), hand.hit(C))


@pytest.mark.parametrize("dragged", [True, False])
def test_cobbs_angle_takes_two_lines(hand, dragged):
    hand.key(Qt.Key.Key_C, SHIFT)
    for line in ((A, B), (C, D)):
        if dragged:
            hand.drag(*line)
        else:
            hand.click(line[0])
            hand.click(line[1])

    assert hand.last.kind == "cobb"
    assert_points(hand.last, *(hand.hit(at) for at in (A, B, C, D)))


@pytest.mark.parametrize(
    ("kind", "key", "keys"), [("ellipse", Qt.Key.Key_E, NO_KEY), ("rectangle", Qt.Key.Key_E, SHIFT)]
)
def test_a_drag_from_corner_to_corner_measures_a_region(hand, kind, key, keys):
    hand.key(key, keys)
    hand.drag(A, C)

    assert hand.last.kind == kind
    assert_points(hand.last, hand.hit(A), hand.hit(C))
    volume = head()
    k = hand.session.cursor_ijk[2]
    (i0, j0, _), (i1, j1, _) = hand.hit(A), hand.hit(C)
    values = hand.session.values_of(hand.last)
    if kind == "rectangle":
        inside = volume.voxels[k, math.ceil(j0) : math.floor(j1) + 1, math.ceil(i0) : math.floor(i1) + 1]
        assert (values.count, values.mean) == (inside.size, pytest.approx(inside.mean()))
        assert values.sd == pytest.approx(np.std(inside, ddof=1))
        assert values.area == pytest.approx(4 * (i1 - i0) * (j1 - j0))


@pytest.mark.parametrize("end", ["Return", "double click", "first point"])
def test_clicks_measure_a_polygon_until_it_is_closed(hand, end):
    hand.key(Qt.Key.Key_F, SHIFT)
    for at in (A, B, C):
        hand.click(at)
    assert hand.session.measurements == ()
    if end == "Return":
        hand.click(D)
        hand.key(Qt.Key.Key_Return)
    elif end == "double click":
        hand.double_click(D)
    else:
        hand.click(D)
        hand.click(A)

    assert hand.last.kind == "polygon"
    assert_points(hand.last, *(hand.hit(at) for at in (A, B, C, D)))
    assert hand.session.confirmed == frozenset()  # Return was for the polygon


@pytest.mark.parametrize("key", [(Qt.Key.Key_Backspace,), (Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)])
def test_backspace_and_undo_take_the_last_corner_back(hand, key):
    hand.key(Qt.Key.Key_F, SHIFT)
    for at in (A, B, (30, 2), C):
        hand.click(at)
    hand.key(*key)
    hand.key(*key)
    hand.click(C)
    hand.key(Qt.Key.Key_Return)

    assert_points(hand.last, hand.hit(A), hand.hit(B), hand.hit(C))


def test_return_confirms_the_slice_when_no_polygon_is_open(hand):
    hand.key(Qt.Key.Key_F, SHIFT)
    hand.key(Qt.Key.Key_Return)

    assert len(hand.session.confirmed) == 1


def test_a_drag_around_a_region_measures_it_freehand(hand):
    hand.key(Qt.Key.Key_F)
    hand.drag(A, B, C, D)

    assert hand.last.kind == "freehand"
    assert_points(hand.last, *(hand.hit(at) for at in (A, B, C, D)))


def test_a_click_probes_the_stored_value(hand):
    hand.key(Qt.Key.Key_V, SHIFT)
    hand.click(A)

    i, j, k = (round(x) for x in hand.hit(A))
    assert hand.last.kind == "probe"
    assert hand.session.values_of(hand.last).value == head().voxels[k, j, i]


def test_a_profile_is_plotted(hand, qtbot):
    hand.key(Qt.Key.Key_L, SHIFT)
    hand.drag((2, 15), (37, 15))
    hand.window.panels.setCurrentWidget(hand.window.measure_panel)
    panel = hand.window.measure_panel
    qtbot.waitUntil(panel.plot.isVisible)

    (curve,) = panel.plot.listDataItems()
    _, values = curve.getData()
    k = hand.session.cursor_ijk[2]
    assert set(values.astype(int)) <= set(head().voxels[k, 13:18].ravel().tolist())
    assert len(values) == pytest.approx(36, abs=1)


def test_an_arrow_asks_for_its_words(hand):
    hand.key(Qt.Key.Key_A, SHIFT)
    hand.drag(A, B)
    assert hand.session.measurements == ()
    hand.write("Lesion, 3?")  # keys that are commands elsewhere

    assert (hand.last.kind, hand.last.text) == ("arrow", "Lesion, 3?")
    assert_points(hand.last, hand.hit(A), hand.hit(B))
    assert hand.session.history.undo_title == "Draw arrow"
    hand.session.undo()
    assert hand.session.measurements == ()


@pytest.mark.parametrize(
    ("end", "kept"), [(Qt.Key.Key_Return, True), (Qt.Key.Key_Escape, False)], ids=["Return", "Escape"]
)
def test_text_is_kept_with_return_and_dropped_with_escape(hand, end, kept):
    hand.key(Qt.Key.Key_T, SHIFT)
    hand.click(A)
    hand.write("hilus", end)

    assert [m.text for m in hand.session.measurements] == ["hilus"] * kept
    assert hand.pane.measuring.line_edit is None
    assert QApplication.focusWidget() is hand.pane
    assert hand.session.hand.tool == "text"  # Escape was for the line


@pytest.mark.parametrize("kind", ["text", "arrow"])
def test_words_in_a_corner_do_not_lie_under_those_of_the_pane(hand, kind):
    pane = hand.pane
    pane.grab()
    corner = next(piece.rect for piece in pane.written if piece.key[0] == "bottom left")
    depth = float(hand.session.cursor_ijk[2])
    tip, at = (pane.view.to_index(corner.left() + n, corner.top() + n, depth) for n in (-5, 3))
    hand.session.add_measurement(kind, (at,) if kind == "text" else (tip, at), 2, text="hilus")
    pane.grab()
    (shape,) = pane.measuring._placed
    assert not any(shape.words_rect.intersects(piece.rect) for piece in pane.written)
    assert math.dist(shape.words_rect.center().toTuple(), corner.center().toTuple()) < 160


def test_words_can_be_read_on_white():
    shape = Measurement(1, "text", ((4.0, 4.0, 0.0),), 2, "I")
    view = SimpleNamespace(spacing=(1.0, 1.0, 1.0), to_pane=lambda index: (10 * index[0], 10 * index[1]))
    picture = QImage(200, 100, QImage.Format.Format_RGB32)
    picture.fill("white")
    with QPainter(picture) as painter:
        there = placed(shape, None, ToPane(view), QFont(), QRectF(0, 0, 200, 100))
        draw(painter, there, QFont(), selected=False, handles=False)
    behind = picture.pixelColor((there.words_rect.topRight() + QPointF(2, 4)).toPoint())
    assert luminance(MEASURE) + 0.05 > 4.5 * (luminance(behind) + 0.05), "as WCAG asks of words"


def luminance(colour) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.getRgbF()[:3]]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


def test_text_without_words_is_nothing(hand):
    hand.key(Qt.Key.Key_T, SHIFT)
    hand.click(A)
    hand.write("  ")

    assert hand.session.measurements == ()


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_a_measurement_is_seen_on_its_slice_alone(hand, qtbot, plane):
    hand = Hand(hand.window, plane)
    hand.session.move_cursor((10, 10, 10))  # slices of one number in all planes
    hand.session.choose_tool("length")
    at = (12, 8), (20, 14)
    hand.drag(*at)
    assert_points(hand.last, *(hand.hit(p) for p in at))
    qtbot.waitUntil(lambda: len(hand.pane.measuring.shapes) == 1)
    others = [pane for pane in hand.window.panes.values() if pane is not hand.pane]
    for pane in others:
        pane.repaint()
        assert pane.measuring.shapes == ()

    hand.session.scroll(plane, 1)
    qtbot.wait(30)
    hand.pane.repaint()
    assert hand.pane.measuring.shapes == ()


@pytest.mark.parametrize("tool", ["ellipse", "rectangle", "freehand"])
def test_a_region_without_an_inside_is_nothing(hand, tool):
    hand.session.choose_tool(tool)
    hand.drag((10, 15), (14, 15), (20, 15), (25, 15))

    assert hand.session.measurements == ()


# Cancel, select, move, delete


@pytest.mark.parametrize("key", [Qt.Key.Key_L, Qt.Key.Key_A])
def test_escape_drops_what_is_begun_and_then_the_tool(hand, key):
    hand.key(key)
    hand.click(A)
    assert hand.pane.measuring.drawing

    hand.key(Qt.Key.Key_Escape)
    assert not hand.pane.measuring.drawing
    assert hand.session.hand.tool in ("length", "angle")
    hand.key(Qt.Key.Key_Escape)
    assert hand.session.hand.tool == "window"
    assert hand.session.measurements == ()


def test_another_tool_drops_what_is_begun(hand, qtbot):
    hand.key(Qt.Key.Key_L)
    hand.click(A)
    hand.key(Qt.Key.Key_E)
    qtbot.waitUntil(lambda: not hand.pane.measuring.drawing)
    hand.drag(B, D)

    assert [m.kind for m in hand.session.measurements] == ["ellipse"]


@pytest.fixture
def line(hand):
    hand.key(Qt.Key.Key_L)
    hand.drag(A, B)
    hand.key(Qt.Key.Key_Escape)
    hand.pane.repaint()
    return hand.last


def middle_of(hand):
    one, other = hand.point(A), hand.point(B)
    at = hand.pane.view.to_index((one.x() + other.x()) / 2, (one.y() + other.y()) / 2, hand.session.cursor_ijk[2])
    return at[:2]


def test_a_handle_moves_one_point(hand, line, qtbot):
    hand.drag(B, (22, 18), C)

    assert_points(hand.last, hand.hit(A), hand.hit(C))
    assert hand.session.history.undo_title == "Move length"
    hand.key(Qt.Key.Key_Z, CTRL)
    assert hand.last == line
    qtbot.waitUntil(hand.window.commands.redo.isEnabled)
    hand.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert_points(hand.last, hand.hit(A), hand.hit(C))


def test_the_line_moves_the_whole_and_keeps_its_length(hand, line):
    window = hand.session.window
    start, end = middle_of(hand), (20, 20)

    hand.drag(start, (19, 15), end)

    step = np.subtract(hand.hit(end), hand.hit(start))
    np.testing.assert_allclose(hand.last.points, np.add(line.points, step), atol=1e-6)
    assert hand.session.window == window  # the drag was not for the window


def test_a_whole_is_not_moved_out_of_the_picture(hand, line):
    hand.drag(middle_of(hand), (5, 5), (-30, -30))

    points = np.array(hand.last.points)
    assert points.min() >= -0.5 - 1e-9
    np.testing.assert_allclose(points[1] - points[0], np.subtract(line.points[1], line.points[0]), atol=1e-6)


def test_the_words_move_alone(hand, line):
    hand.pane.repaint()
    rect = hand.pane.measuring.shapes[0].words_rect
    start = rect.center().toPoint()
    for kind in ("press", "move", "release"):
        point = start if kind == "press" else start + QPoint(40, -60)
        if kind == "press":
            QTest.mousePress(hand.pane, LEFT, NO_KEY, point)
        elif kind == "move":
            QTest.mouseMove(hand.pane, point)
        else:
            QTest.mouseRelease(hand.pane, LEFT, NO_KEY, point)
    hand.pane.repaint()

    assert hand.last.points == line.points
    moved = hand.pane.measuring.shapes[0].words_rect
    assert (moved.topLeft() - rect.topLeft() - QPointF(40, -60)).manhattanLength() < 0.01


def test_a_corner_of_an_ellipse_moves_against_the_opposite_one(hand):
    hand.key(Qt.Key.Key_E)
    hand.drag(A, C)
    hand.pane.repaint()
    (i0, j0, k), (i1, j1, _) = hand.last.points
    hand.drag((i1, j0), (27, 8), (29, 7))

    (i, j, _) = hand.hit((29, 7))
    low_high = np.sort(np.array(hand.last.points), axis=0)
    np.testing.assert_allclose(low_high, np.sort([(i0, j1, k), (i, j, k)], axis=0), atol=1e-6)


def test_a_click_selects_and_delete_deletes(hand, line, qtbot):
    hand.session.select_measurement(None)
    cursor = hand.session.cursor_ijk
    hand.click(middle_of(hand))
    assert hand.session.selected == line.number
    assert hand.session.cursor_ijk == cursor  # a click elsewhere moves the cross-hair

    qtbot.waitUntil(hand.window.commands.delete_measurement.isEnabled)
    hand.key(Qt.Key.Key_Delete)
    assert hand.session.measurements == ()
    hand.session.undo()
    assert hand.session.measurements == (line,)


def test_a_double_click_on_a_measurement_writes_to_it(hand, line):
    hand.double_click(middle_of(hand))
    hand.write("long axis")

    assert hand.last == replace(line, text="long axis")
    assert hand.window.volume_pane.isVisible()


def test_ctrl_draws_on_top_of_another(hand, line):
    hand.key(Qt.Key.Key_L)
    start = middle_of(hand)
    hand.drag(start, (19, 15), (20, 20), keys=CTRL)

    assert len(hand.session.measurements) == 2
    assert hand.session.measurements[0] == line


def test_words_of_another_do_not_keep_from_measuring_under_them(hand, line, qtbot):
    hand.pane.repaint()
    centre = hand.pane.measuring.shapes[0].words_rect.center()
    at = hand.pane.view.to_index(centre.x(), centre.y(), hand.session.cursor_ijk[2])[:2]
    hand.key(Qt.Key.Key_V, SHIFT)
    hand.session.select_measurement(None)
    hand.click(at)

    assert [m.kind for m in hand.session.measurements] == ["length", "probe"]


def test_while_painting_no_measurement_is_taken_hold_of(hand, line):
    hand.key(Qt.Key.Key_B)
    hand.drag(middle_of(hand), (19, 15), (20, 20))

    assert hand.session.measurements == (line,)
    assert hand.session.label_map.voxels.any()


def test_hidden_measurements_are_neither_drawn_nor_taken_hold_of(hand, line):
    hand.key(Qt.Key.Key_M, SHIFT)
    hand.pane.repaint()
    assert hand.pane.measuring.shapes == ()
    hand.drag(middle_of(hand), (19, 15), (20, 20))
    assert hand.session.measurements == (line,)

    hand.key(Qt.Key.Key_L)  # who measures wants to see
    assert hand.session.hand.measurements_visible


def test_a_scroll_in_between_leaves_the_shape_on_its_own_slice(hand):
    hand.key(Qt.Key.Key_L)
    hand.click(A)
    hand.session.scroll("axial", 1)
    hand.click(B)
    hand.click(C)

    assert_points(hand.last, hand.hit(B), hand.hit(C))
    assert len(hand.session.measurements) == 1


def test_where_another_window_edits_the_tools_are_refused(hand, line, qtbot):
    hand.session.set_read_only(True)
    qtbot.waitUntil(lambda: not hand.window.commands.tools["length"].isEnabled())
    hand.key(Qt.Key.Key_L)
    hand.drag(middle_of(hand), (19, 15), (20, 20))
    hand.key(Qt.Key.Key_Delete)

    assert hand.session.measurements == (line,)
    assert "Another window" in hand.window.commands.delete_measurement.toolTip()


# What is painted


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_line_is_painted_where_the_mouse_was(hand, line, ratio):
    hand.session.select_measurement(None)
    hand.pane.repaint()
    image = QImage(hand.pane.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    hand.pane.render(image)
    one, other = QPointF(hand.point(A)), QPointF(hand.point(B))
    across = QPointF(one.y() - other.y(), other.x() - one.x()) / math.dist(one.toTuple(), other.toTuple())

    def blueness(at):
        colour = image.pixelColor(QPoint(int(at.x() * ratio), int(at.y() * ratio)))
        return colour.blue() - colour.red()

    for share in (0.3, 0.5, 0.7):
        places = {step / 2: one + (other - one) * share + across * step / 2 for step in range(-12, 13)}
        blue = [offset for offset, at in places.items() if blueness(at) > 60]
        assert blue and abs(sum(blue) / len(blue)) <= 1, share


def test_words_are_read_on_black_and_on_white(hand, qtbot):
    """The darkest and the lightest pixels of the words differ on every ground."""
    hand.key(Qt.Key.Key_T, SHIFT)
    for at, word in ((A, "bright"), ((3, 3), "dark")):
        hand.click(at)
        hand.write(word)
    hand.session.select_measurement(None)
    hand.pane.repaint()
    image = hand.pane.grab().toImage()
    for shape in hand.pane.measuring.shapes:
        rect = shape.words_rect.toRect()
        greys = [
            image.pixelColor(x, y).lightness()
            for x in range(rect.left(), rect.right())
            for y in range(rect.top(), rect.bottom())
        ]
        assert max(greys) > 130 and min(greys) < 60


# Table, saving, export


def rows(panel) -> list[list[str]]:
    table = panel.table
    return [[table.item(r, c).text() for c in range(table.columnCount())] for r in range(table.rowCount())]


def test_the_table_lists_goes_to_and_deletes(hand, line, qtbot):
    panel = hand.window.measure_panel
    hand.window.panels.setCurrentWidget(panel)
    hand.key(Qt.Key.Key_E, SHIFT)
    hand.drag(C, D)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 2)
    k = hand.session.cursor_ijk[2]
    assert rows(panel)[0][:3] == ["Length", value_words(line, hand.session.values_of(line))[0], f"Ax {k + 1}"]
    hand.session.move_cursor((0, 0, 0))

    rect = panel.table.visualItemRect(panel.table.item(0, 0))
    QTest.mouseClick(panel.table.viewport(), LEFT, NO_KEY, rect.center())

    assert hand.session.cursor_ijk[2] == k
    assert hand.session.selected == line.number
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1)
    assert rows(panel)[0][0] == "Rectangle"


def test_words_can_be_written_in_the_table(hand, line, qtbot):
    panel = hand.window.measure_panel
    hand.window.panels.setCurrentWidget(panel)
    qtbot.waitUntil(lambda: panel.table.rowCount() == 1)
    panel.table.item(0, 3).setText("short axis")

    assert hand.last.text == "short axis"
    assert hand.session.history.undo_title == "Rename length"


def test_a_region_has_a_histogram(hand, qtbot):
    hand.key(Qt.Key.Key_E)
    hand.drag(A, C)
    panel = hand.window.measure_panel
    hand.window.panels.setCurrentWidget(panel)
    qtbot.waitUntil(panel.plot.isVisible)

    (curve,) = panel.plot.listDataItems()
    assert curve.getData()[1].sum() == hand.session.values_of(hand.last).count


def test_measurements_are_there_again_after_the_program_was_closed(hand, start, line, scan_folder, qtbot):
    hand.key(Qt.Key.Key_A)
    for at in ((5.3, 25.1), C, D):
        hand.click(at)
    kept = hand.session.measurements
    uid = hand.session.series.uid

    window = start()
    window.open_series(uid)
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)

    assert window.session.measurements == kept
    assert len(kept) == 2


@pytest.mark.parametrize("described", [False, True])
def test_the_table_is_exported(hand, line, tmp_path, monkeypatch, qtbot, described):
    path = tmp_path / "out.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args, **more: (str(path), ""))
    panel = hand.window.measure_panel
    (panel.export_described_action if described else panel.export_action).trigger()
    qtbot.waitUntil(path.exists)

    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["length"]) == hand.session.values_of(line).length
    assert ("series_description" in row) == described


def test_the_button_shows_the_tool_used_last(hand, qtbot):
    button = hand.window.tool_bar.measure_button
    for kind, key in (("angle", Qt.Key.Key_A), ("ellipse", Qt.Key.Key_E)):
        hand.key(key)
        qtbot.waitUntil(lambda kind=kind: button.defaultAction() is hand.window.commands.tools[kind])
    hand.key(Qt.Key.Key_Escape)
    qtbot.wait(20)
    button.click()
    assert hand.session.hand.tool == "ellipse"


def test_each_tool_has_a_key_of_its_own(opened):
    keys = [action.shortcut().toString() for kind, action in opened.commands.tools.items() if kind in KINDS]
    every = [key.toString() for actions in opened.commands.groups.values() for a in actions for key in a.shortcuts()]

    assert all(keys)
    assert all(every.count(key) == 1 for key in keys)


def test_the_menu_of_the_pane_offers_what_can_be_done_with_the_measurement(hand, line, qtbot):
    hand.session.select_measurement(None)
    point = hand.point(middle_of(hand))
    QTest.mouseClick(hand.pane, Qt.MouseButton.RightButton, NO_KEY, point)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    texts = [action.text() for action in menu.actions()]
    menu.close()

    assert hand.session.selected == line.number
    assert "Delete the measurement" in texts
    assert "Write to the measurement…" in texts


def test_a_label_tells_its_volume_and_longest_diameter(hand, qtbot):
    hand.key(Qt.Key.Key_B)
    hand.drag(A, B)
    panel = hand.window.label_panel
    qtbot.waitUntil(lambda: panel.table.topLevelItem(0).text(2) != "", timeout=10_000)

    session, item = hand.session, panel.table.topLevelItem(0)
    size = label_sizes(session.label_map.voxels, session.volume.geometry, session.labels)["Region 1"]
    assert (item.text(1), item.text(2)) == (f"{size.volume_ml:.1f}", f"{size.longest_mm:.1f}")
    assert size.longest_mm == pytest.approx(2 * math.dist(A, B) + 2 * session.hand.brush_radius_mm, abs=4)


@pytest.mark.parametrize("tool", ["length", "ellipse"])
def test_the_words_of_a_measurement_keep_clear_of_those_at_the_edges(opened, qtbot, tool):
    pane, session = opened.panes["axial"], opened.session
    session.set_colour_map("hot iron")
    for _ in range(3):
        pane.zoom_by(1.5)  # or the edges would be off the picture
    opened.commands.tools[tool].trigger()
    for across in (0.04, 0.3, 0.6, 0.8):
        for down in (0.05, 0.2, 0.5, 0.8, 0.93):
            begin = QPoint(round(across * pane.width()), round(down * pane.height()))
            end = begin + QPoint(round(0.15 * pane.width()), 9)
            QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=begin)
            QTest.mouseMove(pane, (begin + end) / 2)
            QTest.mouseMove(pane, end)
            QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)
            qtbot.waitUntil(lambda: len(session.measurements) == 1)
            pane.grab()
            (shape,) = pane.measuring.shapes
            covered = [piece.text for piece in pane.written if shape.words_rect.intersects(piece.rect)]
            assert not covered, (across, down)
            assert QRectF(pane.rect()).contains(shape.words_rect)
            session.delete_measurement(session.measurements[0].number)


# What is left unsaid, and what is refused


@pytest.mark.parametrize("kind", ["MIP", "MinIP", "mean"])
def test_on_a_slab_measurements_keep_lengths_and_areas_but_tell_no_stored_values(hand, kind):
    for tool, stops in ((Qt.Key.Key_L, (A, B)), (Qt.Key.Key_E, (A, C)), (Qt.Key.Key_F, (A, B, C, D))):
        hand.key(tool)
        hand.drag(*stops, keys=CTRL)
    hand.key(Qt.Key.Key_V, SHIFT)
    hand.click(C, CTRL)
    hand.session.change_measurement(replace(hand.last, text="here"))

    def words() -> list[tuple[str, ...]]:
        hand.pane.grab()
        return [shape.words for shape in hand.pane.measuring.shapes]

    single = words()
    assert [len(lines) > 1 for lines in single] == [False, True, True, True]
    hand.pane.set_slab(kind)
    areas = [(lines[-1].split("  n ")[0],) for lines in single[1:3]]
    assert words() == [single[0], *areas, ("here",)]
    assert all(area[0].startswith("Area ") for area in areas)
    hand.pane.set_slab(None)
    assert words() == single


@pytest.mark.parametrize("tool", ["length", "angle", "polygon", "freehand", "probe", "arrow", "text"])
def test_a_drawing_begun_beside_the_picture_says_so(hand, tool):
    hand.session.choose_tool(tool)
    hand.drag((-3.0, 10.0), (10.0, 10.0))
    assert not hand.pane.measuring.drawing and hand.session.measurements == ()
    assert hand.window.status_bar.currentMessage() == "Nothing was drawn: begin on the picture, not beside it"


def test_a_polygon_of_two_points_and_a_region_of_none_say_why_they_are_dropped(hand):
    hand.key(Qt.Key.Key_F, SHIFT)
    hand.click(A)
    hand.click(B)
    hand.key(Qt.Key.Key_Return)
    assert hand.window.status_bar.currentMessage() == "Nothing was drawn: the shape has too few points"
    hand.key(Qt.Key.Key_E)
    hand.drag(A, (A[0] + 8, A[1]))
    assert hand.window.status_bar.currentMessage() == "Nothing was drawn: the shape is too small"
    assert hand.session.measurements == ()
