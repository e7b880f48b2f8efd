"""A path drawn by real mouse and keys, and the scan stretched along it in a pane of its own."""

import time

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.gui.conftest import head
from tests.gui.test_measuring import CTRL, LEFT, NO_KEY, SHIFT, Hand
from tests.gui.test_reading_room import beside, two  # noqa: F401
from viewer.core.detections import Detections
from viewer.core.events import What
from viewer.core.origin import Origin
from viewer.core.proposal import Certainty, Proposal
from viewer.gui import curved_pane
from viewer.gui.export_dialog import ExportDialog
from viewer.gui.exporting import Export, Exporter, picture_of, pixels_of
from viewer.gui.trust_words import only_on_slices
from viewer.io.files import write_image
from viewer.render.curved import values_along

P, Q, R_ = (8.0, 10.0), (20.0, 16.0), (33.0, 12.0)  # in-plane indices


@pytest.fixture
def hand(opened, qtbot) -> Hand:
    opened.activateWindow()
    hand = Hand(opened)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is hand.pane)
    return hand


def draw(hand, *points, end=Qt.Key.Key_Return) -> None:
    hand.key(Qt.Key.Key_D)
    for at in points:
        hand.click(at)
    hand.key(end)


@pytest.fixture
def curved(hand, qtbot):
    """The curved pane after a path was drawn on the axial plane, with its picture."""
    draw(hand, P, Q, R_)
    pane = hand.window.room.curved_pane
    qtbot.waitUntil(lambda: pane.isVisible() and pane.fresh, timeout=5000)
    return pane


def pane_point(pane, index) -> QPoint:
    return QPointF(*pane.view.to_pane(index)).toPoint()


def wheel(pane, notches, keys=NO_KEY) -> None:
    at = QPointF(pane.rect().center())
    event = QWheelEvent(
        at, pane.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(pane, event)


# Drawing


def test_clicks_draw_a_path_until_return(hand):
    draw(hand, P, Q, R_)
    path = hand.session.path
    assert path is not None and path.kind == "path"
    np.testing.assert_allclose(path.points, [hand.hit(at) for at in (P, Q, R_)], atol=1e-6)


def test_a_double_click_sets_the_last_point_and_ends_the_path(hand):
    hand.key(Qt.Key.Key_D)
    hand.click(P)
    hand.click(Q)
    hand.double_click(R_)
    assert len(hand.session.path.points) == 3
    assert not hand.pane.measuring.drawing


def test_backspace_takes_a_point_back_and_escape_drops_the_path(hand):
    hand.key(Qt.Key.Key_D)
    for at in (P, Q, R_):
        hand.click(at)
    hand.key(Qt.Key.Key_Backspace)
    hand.key(Qt.Key.Key_Return)
    assert len(hand.session.path.points) == 2
    QApplication.processEvents()
    hand.key(Qt.Key.Key_Z, CTRL)
    assert hand.session.path is None
    hand.click(P)
    hand.click(Q)
    hand.key(Qt.Key.Key_Escape)
    assert hand.session.path is None and not hand.pane.measuring.drawing


def test_a_path_goes_on_from_slice_to_slice_even_at_one_place_of_the_screen(hand):
    hand.key(Qt.Key.Key_D)
    first = hand.session.cursor_ijk[2]
    for _ in range(3):
        hand.click(Q)
        hand.key(Qt.Key.Key_Up)
        hand.key(Qt.Key.Key_Up)
    hand.key(Qt.Key.Key_Return)
    assert [round(point[2]) for point in hand.session.path.points] == [first, first + 2, first + 4]
    assert not hand.session.path.on_one_slice


def test_a_point_is_moved_on_its_slice_and_not_on_others(hand):
    draw(hand, P, Q, R_)
    depth = hand.session.path.points[1][2]
    hand.key(Qt.Key.Key_Escape)
    QApplication.processEvents()
    hand.pane.grab()
    (shape,) = hand.pane.measuring.shapes
    assert len(shape.handles) == 3 and not shape.dashed and shape.words
    hand.key(Qt.Key.Key_Up)
    QApplication.processEvents()
    hand.pane.grab()
    (shape,) = hand.pane.measuring.shapes
    assert not len(shape.handles) and not shape.lines and shape.dashed and not shape.words
    hand.drag(Q, (21.0, 20.0))
    assert hand.session.path.points[1] == pytest.approx((*hand.hit(Q)[:2], depth))
    hand.key(Qt.Key.Key_Down)
    QApplication.processEvents()
    hand.pane.grab()
    hand.drag(Q, (21.0, 20.0))
    moved = hand.session.path.points[1]
    assert moved[2] == depth
    assert moved[1] - hand.hit(Q)[1] == pytest.approx(4.0, abs=0.5)
    QApplication.processEvents()
    hand.key(Qt.Key.Key_Z, CTRL)
    np.testing.assert_allclose(hand.session.path.points[1], (*hand.hit(Q)[:2], depth), atol=1e-6)


def test_of_a_path_through_slices_the_point_on_this_slice_is_moved(hand):
    hand.key(Qt.Key.Key_D)
    for at in (P, Q, R_):
        hand.click(at)
        hand.key(Qt.Key.Key_Up)
        hand.key(Qt.Key.Key_Up)
    hand.key(Qt.Key.Key_Return)
    before = np.array(hand.session.path.points)
    hand.key(Qt.Key.Key_Escape)
    hand.session.move_cursor(tuple(before[2].tolist()))  # where only the last point has a handle
    QApplication.processEvents()
    hand.pane.grab()

    hand.drag(R_, (29.0, 18.0))

    after = np.array(hand.session.path.points)
    np.testing.assert_allclose(after[:2], before[:2])
    np.testing.assert_allclose(after[2], (*hand.hit((29.0, 18.0))[:2], before[2][2]), atol=0.3)


def test_delete_takes_the_path_away_and_the_view_says_what_to_do(hand, curved, ink):
    assert hand.session.selected == hand.session.path.number
    hand.key(Qt.Key.Key_Delete)
    QApplication.processEvents()
    assert hand.session.path is None
    assert curved.isVisible() and "Draw a path first" in curved.sentence


def test_a_path_tells_its_length_in_the_table(hand):
    draw(hand, P, R_)
    expected = 2.0 * np.linalg.norm(np.array(hand.hit(P)) - hand.hit(R_))
    QApplication.processEvents()
    table = hand.window.measure_panel.table
    assert table.item(0, 0).text() == "Path"
    assert table.item(0, 1).text() == f"{expected:.1f} mm"


# The view


def test_the_view_is_refused_without_a_path(hand):
    action = hand.window.layout_commands.view_actions["curved"]
    assert hand.window.commands.why_not(action) == "Draw a path first"
    hand.key(Qt.Key.Key_5, CTRL)
    assert not hand.window.room.curved_pane.isVisible()


def test_a_first_path_is_shown_at_once_in_place_of_3d(hand, curved):
    room = hand.window.room
    assert [cell.view for cell in room.cells] == ["axial", "curved", "coronal", "sagittal"]
    assert room.active is hand.pane
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    assert room.active is curved
    QTest.keyClick(curved, Qt.Key.Key_4, CTRL)
    assert [cell.view for cell in room.cells] == ["axial", "3d", "coronal", "sagittal"]


def test_a_second_path_leaves_the_panes_and_is_shown(hand, curved, qtbot):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    QTest.keyClick(curved, Qt.Key.Key_4, CTRL)
    hand.pane.setFocus()
    draw(hand, (5.0, 25.0), (30.0, 27.0))
    QApplication.processEvents()
    assert hand.window.room.cells[1].view == "3d"
    QTest.mouseClick(hand.window.panes["coronal"], LEFT, SHIFT, QPoint(60, 60))
    QTest.keyClick(hand.window.panes["coronal"], Qt.Key.Key_5, CTRL)
    assert hand.window.room.cells[2].view == "curved"
    assert curved.axes.length_mm == pytest.approx(hand.session.values_of(hand.session.path).length)


def test_one_large_pane_makes_room(hand, qtbot):
    hand.key(Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    draw(hand, P, Q)
    qtbot.waitUntil(hand.window.room.curved_pane.isVisible)
    assert hand.pane.isVisible() and hand.window.room.active is hand.pane


def test_what_is_shown_is_what_the_renderer_works_out(hand, curved):
    np.testing.assert_array_equal(curved.values, values_along(hand.session.volume, curved.axes))
    picture = pixels_of(curved.grab().toImage())
    assert picture.max() > 200


def test_another_point_gives_another_picture(hand, curved, qtbot):
    before = curved.values
    hand.drag(R_, (30.0, 25.0))
    qtbot.waitUntil(lambda: curved.fresh and curved.values is not before)
    np.testing.assert_array_equal(curved.values, values_along(hand.session.volume, curved.axes))
    assert curved.values.shape != before.shape


def test_how_unsure_a_model_is_is_seen_along_the_path_and_what_is_seen_on_slices_only_is_said(hand, curved, qtbot):
    session, shape = hand.session, hand.session.volume.voxels.shape
    none, unsure = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    unsure[:, :14] = 255
    session.propose(Proposal(none, (), Origin("tiny", "1.0.0", "CPU", 1.0), Certainty(none, none, unsure)))
    qtbot.waitUntil(lambda: curved.fresh)
    before = pixels_of(curved.grab().toImage())
    session.hand.show_uncertainty(True)
    qtbot.waitUntil(lambda: curved.fresh)
    after = pixels_of(curved.grab().toImage())

    def changed(index) -> bool:
        at = pane_point(curved, index)
        return bool((before[at.y(), at.x()] != after[at.y(), at.x()]).any())

    assert changed((8.0, 10.0, 8.0)) and not changed((20.0, 16.0, 8.0))
    assert any("entropy" in badge.detail for badge in curved.badges)
    (badge,) = only_on_slices(session, uncertainty=False)  # as 3-D has it
    assert badge.text == "On the slices only: uncertainty" and not only_on_slices(session, uncertainty=True)
    session.propose_boxes(Detections((), (), {}, 0.1, Origin("tiny", "1.0.0", "CPU", 1.0)))
    curved.grab()
    assert any(badge.text == "On the slices only: AI boxes" for badge in curved.badges)


def test_a_click_shows_the_true_place_on_the_slices(hand, curved):
    index = curved.axes.to_index(12.0, 8.0, 0.0, curved.axes.geometry.size)
    QTest.mouseClick(curved, LEFT, NO_KEY, pane_point(curved, index))
    assert np.abs(np.array(hand.session.cursor_ijk) - index).max() <= 0.75
    other = curved.axes.to_index(5.0, 15.0, 0.0, curved.axes.geometry.size)
    QTest.keyPress(curved, Qt.Key.Key_Shift, SHIFT)
    QApplication.sendEvent(curved, _move(curved, pane_point(curved, other), SHIFT))
    assert np.abs(np.array(hand.session.cursor_ijk) - other).max() <= 0.75


def _move(pane, at, keys):
    point = QPointF(at)
    no = Qt.MouseButton.NoButton
    return QMouseEvent(QEvent.Type.MouseMove, point, pane.mapToGlobal(point), no, no, keys)


def test_the_value_under_the_mouse_is_a_stored_one(hand, curved):
    index = curved.axes.to_index(14.2, 9.4, 0.0, curved.axes.geometry.size)
    at = pane_point(curved, index)
    QApplication.sendEvent(curved, _move(curved, at, NO_KEY))
    curved.grab()
    column, row = curved._pixel_at(QPointF(at))
    i, j, k = np.rint(curved.axes.to_index(column, row, 0.0, curved.axes.geometry.size)).astype(int)
    stored = hand.session.volume.voxels[k, j, i]
    texts = [piece.text for piece in curved.written]
    assert any(text == f"Value {stored}" for text in texts)
    mm = curved.axes.path_mm(column, row)
    assert f"Path {mm:.1f} / {curved.axes.length_mm:.1f} mm" in texts


def test_only_true_letters_are_written(hand, curved):
    curved.grab()
    letters = {piece.key[1]: piece.text for piece in curved.written if piece.key[0] == "letter" and piece.text}
    assert letters == {2: "H", 3: "F"}
    assert "Curved" in [badge.text for badge in curved.badges]


def test_the_wheel_moves_the_surface_beside_the_path_and_r_brings_it_back(hand, curved, qtbot):
    before = curved.values
    wheel(curved, 2)
    assert curved.axes.shift_mm == 4.0
    qtbot.waitUntil(lambda: curved.fresh)
    assert not np.array_equal(curved.values, before, equal_nan=True)
    curved.grab()
    assert "4.0 mm beside the path" in [badge.text for badge in curved.badges]
    assert not [piece for piece in curved.written if piece.key[0] == "ruler"]  # it lies along the path
    QTest.keyClick(curved, Qt.Key.Key_R)
    assert curved.axes.shift_mm == 0.0


def test_s_and_ctrl_up_show_slabs_across_the_path(hand, curved, qtbot):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    QTest.keyClick(curved, Qt.Key.Key_S)
    assert (curved.slab.kind, curved.slab.slices) == ("MIP", 5)
    QTest.keyClick(curved, Qt.Key.Key_Up, CTRL)
    assert curved.slab.slices == 6
    qtbot.waitUntil(lambda: curved.fresh)
    np.testing.assert_array_equal(curved.values, values_along(hand.session.volume, curved.axes, curved.slab))
    assert hand.pane.slab is None
    wheel(curved, -1, SHIFT)
    assert curved.slab.slices == 5


def test_the_picture_stands_or_lies(hand, curved, qtbot):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    QTest.keyClick(curved, Qt.Key.Key_BracketRight, CTRL)
    assert curved.axes.upright
    qtbot.waitUntil(lambda: curved.fresh)
    curved.grab()
    letters = {piece.key[1]: piece.text for piece in curved.written if piece.key[0] == "letter" and piece.text}
    assert letters == {0: "F", 1: "H"}  # turned clockwise what was on top is at the right


@pytest.mark.parametrize(("key", "sentence"), [(Qt.Key.Key_B, "No painting"), (Qt.Key.Key_L, "No measuring")])
def test_nothing_is_painted_or_measured(hand, curved, ink, key, sentence):
    hand.key(key)
    before = hand.session.label_map.revision, hand.session.measurements
    middle = curved.rect().center()
    ink.clear()
    QTest.mousePress(curved, LEFT, NO_KEY, middle)
    QApplication.sendEvent(curved, _move(curved, middle + QPoint(20, 10), NO_KEY))
    curved.grab()
    QTest.mouseRelease(curved, LEFT, NO_KEY, middle + QPoint(20, 10))
    assert (hand.session.label_map.revision, hand.session.measurements) == before
    assert any(sentence in text for _, text in ink)


def test_no_slice_is_confirmed_or_marked_from_it(hand, curved):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    for key in (Qt.Key.Key_Return, Qt.Key.Key_K):
        QTest.keyClick(curved, key)
    assert not hand.session.confirmed and not hand.session.key_images
    assert "curved view cannot" in hand.window.commands.why_not(hand.window.slice_commands.confirm_action)


def test_labels_are_seen_where_they_are(hand, curved, qtbot):
    paint_block(hand, curved, qtbot)
    on = pixels_of(curved.grab().toImage()).astype(int)
    hand.key(Qt.Key.Key_G)
    QApplication.processEvents()
    off = pixels_of(curved.grab().toImage()).astype(int)
    x, y = (round(at) for at in curved.view.to_pane((15.0, 14.0, 3.0)))
    assert np.abs(on[y, x] - off[y, x]).max() > 30


def paint_block(hand, curved, qtbot) -> None:
    labels, values = hand.session.label_map, curved.values
    labels.voxels[:, 8:24, 9:22] = 1
    labels.revision += 1
    curved.apply(What.LABELS)
    curved.grab()
    qtbot.waitUntil(lambda: curved.fresh)
    assert curved.values is values  # only labels were looked up anew


def test_the_picture_is_copied_without_the_patient(hand, curved, ink):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    QTest.keyClick(curved, Qt.Key.Key_C, CTRL)
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (curved.width(), curved.height())
    assert pixels_of(image).max() > 200
    double = picture_of(curved, ratio=2.0)
    assert double.width() == 2 * curved.width()
    assert curved.session is hand.session


def test_another_series_has_no_path_and_the_usual_panes(hand, curved, scan_folder, tmp_path, qtbot):
    other = tmp_path / "other"
    other.mkdir()
    write_image(head().voxels[:, ::-1], head().geometry, other / "second.nii.gz")
    uid = hand.session.series.uid
    hand.window.open_paths([other])
    qtbot.waitUntil(lambda: hand.window.session.editable and hand.window.session.series.uid != uid, timeout=20_000)
    QApplication.processEvents()
    assert "curved" not in [cell.view for cell in hand.window.room.cells]
    hand.window.open_series(uid)
    qtbot.waitUntil(lambda: hand.window.session.editable and hand.window.session.series.uid == uid, timeout=20_000)
    qtbot.waitUntil(lambda: hand.window.session.path is not None)  # as it was saved
    QApplication.processEvents()
    assert "curved" not in [cell.view for cell in hand.window.room.cells]
    assert hand.window.layout_commands.view_actions["curved"].isEnabled()


# While values are worked out


@pytest.fixture
def slow(monkeypatch):
    """Values take a second and a half, and a person can end that."""
    ended = []

    def values(volume, axes, slab=None, *, nearest=False, report):
        try:
            for n in range(30):
                time.sleep(0.05)
                report((n + 1) / 30)
        except BaseException:
            ended.append("given up")
            raise
        ended.append("whole")
        return values_along(volume, axes, slab, nearest=nearest)

    monkeypatch.setattr(curved_pane, "values_along", values)
    return ended


def longest_gap_s(qtbot, until, timeout_s=8.0) -> float:
    """How long nothing was done in the window at the most, while it went on."""
    longest, last = 0.0, time.monotonic()
    end = last + timeout_s
    while not until():
        assert last < end
        QApplication.processEvents()
        now = time.monotonic()
        longest, last = max(longest, now - last), now
        time.sleep(0.002)
    return longest


def test_a_slab_that_is_not_there_yet_is_copied_once_it_is(hand, curved, slow, qtbot):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    QGuiApplication.clipboard().clear()
    QTest.keyClick(curved, Qt.Key.Key_S)
    start = time.monotonic()
    QTest.keyClick(curved, Qt.Key.Key_C, CTRL)
    assert time.monotonic() - start < 0.1
    assert not curved.fresh
    assert longest_gap_s(qtbot, lambda: not QGuiApplication.clipboard().image().isNull()) < 0.1
    assert curved.fresh and slow == ["whole"]  # and not once more for the picture
    image = QGuiApplication.clipboard().image()
    np.testing.assert_array_equal(pixels_of(image), pixels_of(picture_of(curved)))


def exporter(hand, curved, path, done, failed) -> Exporter:
    return Exporter(hand.window.workflows.jobs, curved, Export(path), done.append, failed.append)


def test_an_export_waits_for_the_slab_with_progress_and_can_be_cancelled(hand, curved, slow, tmp_path, qtbot):
    curved.set_slab("MIP")
    done, failed = [], []
    path = tmp_path / "curved.png"
    job = exporter(hand, curved, path, done, failed).job
    assert longest_gap_s(qtbot, lambda: 0.2 < job.fraction < 1) < 0.1
    job.cancel()
    assert longest_gap_s(qtbot, lambda: job.ended) < 0.1
    assert job.state == "cancelled" and not path.exists() and not done and not failed


def test_the_picture_that_is_written_is_that_of_the_moment_it_was_asked_for(hand, curved, slow, tmp_path, qtbot):
    curved.set_slab("MIP")
    wanted = curved.slab
    done, failed = [], []
    job = exporter(hand, curved, tmp_path / "curved.png", done, failed).job
    qtbot.waitUntil(lambda: job.fraction > 0.1)
    curved.set_slab(None)
    QTest.keyClick(hand.pane, Qt.Key.Key_Delete)  # and the path is gone
    qtbot.waitUntil(lambda: bool(done), timeout=8000)
    assert hand.session.path is None
    written = np.asarray(Image.open(done[0]).convert("RGB"))
    QTest.keyClick(hand.pane, Qt.Key.Key_Z, CTRL)
    curved.set_slab("MIP")
    qtbot.waitUntil(lambda: curved.slab == wanted)
    qtbot.waitUntil(lambda: curved.fresh, timeout=8000)
    np.testing.assert_array_equal(written, pixels_of(picture_of(curved, ratio=1.0)))


def test_an_export_of_a_series_that_is_closed_meanwhile_gives_up(hand, curved, slow, tmp_path, qtbot):
    curved.set_slab("MIP")
    done, failed = [], []
    job = exporter(hand, curved, tmp_path / "curved.png", done, failed).job
    qtbot.waitUntil(lambda: job.fraction > 0.1)
    curved.give_up()
    curved.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: job.ended, timeout=3000)
    assert failed and not done and "no longer shown" in failed[0]
    qtbot.waitUntil(lambda: "given up" in slow)


def test_the_export_dialog_shows_the_slab_once_it_is_there(hand, curved, slow, qtbot):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    QTest.keyClick(curved, Qt.Key.Key_S)
    start = time.monotonic()
    QTest.keyClick(curved, Qt.Key.Key_E, CTRL)
    assert time.monotonic() - start < 0.5  # the dialog is made
    dialog = hand.window.findChild(ExportDialog)
    QApplication.processEvents()
    assert longest_gap_s(qtbot, lambda: "%" in dialog.preview.text()) < 0.1
    assert longest_gap_s(qtbot, lambda: not dialog.preview.pixmap().isNull()) < 0.1
    assert slow == ["whole"]
    dialog.reject()


# What the file draws, and the loupe


def test_what_the_file_draws_is_seen_along_the_path(hand, curved, qtbot):
    place = curved.axes.to_index(12.0, 4.0, 0.0, (0, 0, 0))
    overlay, i = np.zeros(head().voxels.shape, bool), round(place[0])
    overlay[:, :, i] = True
    object.__setattr__(hand.session.volume, "overlay", overlay)
    curved.apply(What.SERIES)
    curved.grab()
    qtbot.waitUntil(lambda: curved.fresh)
    on = pixels_of(curved.grab().toImage()).astype(int)
    x, y = (round(at) for at in curved.view.to_pane((float(i), place[1], place[2])))
    assert on[y, x, 0] - on[y, x, 2] > 40  # yellow
    hand.session.hand.toggle_file_overlay()
    QApplication.processEvents()
    off = pixels_of(curved.grab().toImage()).astype(int)
    assert abs(off[y, x, 0] - off[y, x, 2]) < 10


def hold(curved, at) -> None:
    QTest.mouseMove(curved, at)
    QApplication.sendEvent(curved, _move(curved, at, NO_KEY))
    QTest.keyPress(curved, Qt.Key.Key_Q)


def test_the_magnifier_shows_the_curved_view_larger(hand, curved, qtbot):
    paint_block(hand, curved, qtbot)
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    at = curved.rect().center()
    hold(curved, at)
    loupe = hand.window.magnifier.loupe
    assert loupe is not None and loupe.pane is curved
    QApplication.processEvents()
    seen = pixels_of(loupe.grab().toImage()).astype(int)
    size = loupe.width()
    middle = QPointF(*loupe.view.to_pane(curved._index_at(QPointF(at))))
    assert (middle - QPointF(size / 2, size / 2)).manhattanLength() < 1.0
    assert loupe.view.pixels_per_mm == pytest.approx(2.5 * curved.view.pixels_per_mm)
    # What a pane zoomed as far about that place shows.
    curved._look(curved.view.zoomed(2.5, at.x(), at.y()))
    hand.window.magnifier.stop()
    QApplication.processEvents()
    whole = pixels_of(curved.grab().toImage()).astype(int)
    left, top = at.x() - size // 2, at.y() - size // 2
    inner = slice(12, size - 24)
    there = whole[top : top + size, left : left + size][inner, inner]
    assert np.median(np.abs(there - seen[inner, inner])) <= 2


def test_the_magnifier_follows_the_curved_view(hand, curved, qtbot):
    QTest.mouseClick(curved, LEFT, SHIFT, curved.rect().center())
    hold(curved, curved.rect().center())
    loupe = hand.window.magnifier.loupe
    QApplication.processEvents()
    before = pixels_of(loupe.grab().toImage())
    QTest.keyClick(curved, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: curved.fresh)
    qtbot.waitUntil(lambda: loupe._along is curved._along)
    after = pixels_of(loupe.grab().toImage())
    assert not np.array_equal(before, after)
    QTest.keyRelease(curved, Qt.Key.Key_Q)
    assert hand.window.magnifier.loupe is None


def test_linked_magnification_holds_for_curved_views_and_their_places_are_their_own(two, qtbot):  # noqa: F811
    room, sessions = two.room, beside(two, "later.nii.gz", qtbot)
    for place, (session, end) in enumerate(zip(sessions, (30.0, 18.0), strict=True)):
        session.add_measurement("path", ((5.0, 5.0, 8.0), (12.0, 12.0, 8.0), (end, 20.0, 8.0)), 2)
        room.put(session, "curved", place)
    one, other = (room._curved[session] for session in sessions)
    qtbot.waitUntil(lambda: one.isVisible() and other.isVisible() and one.fresh and other.fresh)
    room.activate(one)
    room.link(zoom=False)
    middle, before = other.view.centre_mm, other.view.pixels_per_mm
    assert before > 1.05 * one.view.pixels_per_mm  # its path is shorter
    wheel(one, 2, CTRL)
    assert other.view.pixels_per_mm == before
    room.link(zoom=True)
    assert other.view.pixels_per_mm == pytest.approx(one.view.pixels_per_mm)
    wheel(one, 2, CTRL)
    assert one.view.zoom > 1.5
    assert other.view.pixels_per_mm == pytest.approx(one.view.pixels_per_mm)
    assert other.view.centre_mm == middle
    planes = [p.view for panes in room._panes.values() for p in panes.values()]
    assert all(view.zoom == 1.0 for view in planes)


def test_a_narrow_pane_tells_where_on_the_path_it_is(hand, curved):
    curved.resize(180, 220)
    curved.grab()
    assert any(piece.text.endswith(" mm") and "Path" not in piece.text for piece in curved.written)
    column, row = curved.axes.to_screen(hand.session.cursor_at, (0, 0, 0)).tolist()
    assert f"{curved.axes.path_mm(column, row):.1f} mm" in [piece.text for piece in curved.written]
