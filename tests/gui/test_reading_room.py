"""Layouts, and several series side by side, by mouse and keys in the real window."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest

from tests.gui.conftest import OBLIQUE_LEFT_HANDED, head
from viewer.core.display import WindowLevel
from viewer.core.geometry import Geometry
from viewer.core.study import Series
from viewer.gui.reading_room import SERIES_MIME, dragged_series
from viewer.gui.slice_pane import SlicePane
from viewer.io.files import write_image


def names(window) -> list[str]:
    return [pane.name for pane in window.room.shown if pane.isVisible()]


def listed(window) -> dict[str, str]:
    """The uid of each series of the library by its file's name."""
    return {series.files[0].name: series.uid for series in window.workflows.library.all_series()}


@pytest.fixture
def two(start, scan_folder, qtbot):
    """The window with the small head open, and another scan of the same grid, with other values, in the list."""
    later = head()
    write_image((later.voxels[::-1] // 2).copy(), later.geometry, scan_folder / "later.nii.gz")
    shifted = Geometry((44, 32, 20), (2.0, 2.0, 2.0), np.array([9.0, -7.0, 46.0]), OBLIQUE_LEFT_HANDED)
    write_image(np.zeros(shifted.shape, np.int16), shifted, scan_folder / "shifted.nii.gz")
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: len(listed(window)) == 3, timeout=20_000)
    window.open_series(listed(window)["head.nii.gz"])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    return window


def beside(window, name: str, qtbot):
    """Open a series beside the first, as the menu of the list does; both sessions."""
    window.open_beside(listed(window)[name])
    qtbot.waitUntil(lambda: window.room.comparing and window.room.sessions[1].editable, timeout=20_000)
    qtbot.wait(20)
    return window.room.sessions


def drop(window, widget, uid: str) -> None:
    at = QPointF(window.room.mapFromGlobal(widget.mapToGlobal(widget.rect().center())))
    mime: QMimeData = dragged_series(uid)
    usual = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(at.toPoint(), *usual)
    window.room.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.room.dropEvent(QDropEvent(at, *usual))


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (Qt.Key.Key_1, ["axial"]),
        (Qt.Key.Key_2, ["axial", "coronal"]),
        (Qt.Key.Key_3, ["axial", "coronal", "sagittal", "3d"]),
        (Qt.Key.Key_4, ["axial", "3d", "coronal", "sagittal"]),
        (Qt.Key.Key_6, ["axial", "coronal", "sagittal", "3d"]),
    ],
)
def test_each_layout_has_its_key_and_comes_back_after_a_restart(opened, start, scan_folder, qtbot, key, shown):
    QTest.keyClick(opened.panes["axial"], key, Qt.KeyboardModifier.AltModifier)
    assert names(opened) == shown
    again = start()
    again.open_paths([scan_folder])
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)
    qtbot.waitUntil(lambda: names(again) == shown)


def test_one_large_and_three_small(opened, qtbot):
    opened.room.choose_layout("1+3")
    qtbot.wait(20)
    large, *small = (pane.geometry() for pane in opened.room.shown)
    assert all(one.left() > large.right() and 2 * one.height() < large.height() for one in small)
    assert large.width() > 1.5 * small[0].width()


def test_another_plane_in_a_pane_changes_places_with_the_one_that_showed_it(opened):
    opened.room.activate(opened.panes["coronal"])
    QTest.keyClick(opened.panes["coronal"], Qt.Key.Key_3, Qt.KeyboardModifier.ControlModifier)
    assert names(opened) == ["axial", "3d", "sagittal", "coronal"]
    assert opened.room.active is opened.panes["sagittal"]
    QTest.keyClick(opened.panes["sagittal"], Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert names(opened) == ["axial", "sagittal", "3d", "coronal"]


def test_two_series_stand_side_by_side_each_with_its_own_name_and_window(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    assert [(pane.session, pane.name) for pane in two.room.shown] == [(first, "axial"), (other, "axial")]
    texts = ["\n".join(piece.text for piece in pane.written) for pane in two.room.shown]
    qtbot.waitUntil(lambda: all(pane.written for pane in two.room.shown))
    texts = ["\n".join(piece.text for piece in pane.written) for pane in two.room.shown]
    assert "head.nii.gz" in texts[0] and "later.nii.gz" in texts[1]
    assert two.session is other, "what was opened last is worked on"
    QTest.keyClick(two.room.active, Qt.Key.Key_I)
    assert other.inverted and not first.inverted


def test_up_to_six_series_stand_beside_each_other_in_panes_of_one_size(two, scan_folder, qtbot):
    scan = head()
    more = [f"more{n}.nii.gz" for n in range(5)]
    for n, name in enumerate(more):
        write_image((scan.voxels // (n + 3)).copy(), scan.geometry, scan_folder / name)
    two.open_paths([scan_folder])
    qtbot.waitUntil(lambda: len(listed(two)) == 8, timeout=20_000)
    first, *_ = beside(two, "later.nii.gz", qtbot)
    for count, name, layout in zip((3, 4, 5, 6), more, ("2x2", "2x2", "2x3", "2x3"), strict=False):
        two.open_beside(listed(two)[name])
        assert len(two.room.sessions) == count and two.room.layout_name == layout
        qtbot.waitUntil(lambda: two.session.editable, timeout=20_000)
        assert two.session.series.uid == listed(two)[name]
    assert names(two) == ["axial"] * 6
    two.room.put(first, "coronal", 4)  # one series twice, and no empty place: another comes there
    two.open_beside(listed(two)[more[4]])
    assert len(two.room.sessions) == 6 and two.room.cells[4].session is two.session


def test_scrolling_one_scrolls_the_other_to_the_same_place(two, qtbot):
    first, other = beside(two, "shifted.nii.gz", qtbot)
    two.room.link_here()  # files without a frame of reference, on different grids
    at = [s.volume.geometry.index_to_lps(s.cursor_ijk) for s in (first, other)]
    QTest.keyClick(two.room.active, Qt.Key.Key_Up)
    moved = [s.volume.geometry.index_to_lps(s.cursor_ijk) for s in (first, other)]
    assert moved[0] - at[0] == pytest.approx(moved[1] - at[1]) and np.abs(moved[0] - at[0]).max() > 1
    qtbot.waitUntil(lambda: "Linked by hand" in [badge.text for badge in two.room.active.badges])
    QTest.keyClick(two.room.active, Qt.Key.Key_J)  # ends it
    QTest.keyClick(two.room.active, Qt.Key.Key_Up)
    assert first.volume.geometry.index_to_lps(first.cursor_ijk) == pytest.approx(moved[0])
    qtbot.waitUntil(lambda: "Linked by hand" not in [badge.text for badge in two.room.active.badges])
    QTest.keyClick(two.room.active, Qt.Key.Key_J)
    two.room.link_here()
    assert not two.room.links.by_hand(first), "said again, it is taken back"


def test_one_series_alone_has_no_other_whose_window_could_follow(two, qtbot):
    link = two.layout_commands.link_actions["window"]
    QTest.keyClick(two.room.active, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert not link.isChecked() and not two.room.linked.window
    assert two._failure.isVisible() and "two series are side by side" in two._failure.text.text()
    first, other = beside(two, "later.nii.gz", qtbot)
    QTest.keyClick(two.room.active, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert link.isChecked() and not two._failure.isVisible()
    other.set_window(WindowLevel(77, 99))
    assert first.window == WindowLevel(77, 99)
    two.layout_commands.only_action.trigger()
    assert not link.isChecked(), "there is nothing left to link"


@pytest.mark.parametrize(
    ("modifiers", "what"),
    [
        (Qt.KeyboardModifier.NoModifier, "Link places across series"),
        (Qt.KeyboardModifier.ShiftModifier, "Link magnification across series"),
        (Qt.KeyboardModifier.ControlModifier, "Link windows across series"),
    ],
)
def test_a_link_that_is_switched_by_its_key_says_whether_it_is_on(two, qtbot, modifiers, what):
    beside(two, "later.nii.gz", qtbot)
    said = []
    for _ in range(2):
        QTest.keyClick(two.room.active, Qt.Key.Key_J, modifiers)
        said.append(two.status_bar.currentMessage())
    assert sorted(said) == [f"{what}: off", f"{what}: on"]
    name = {"Link places across series": "place", "Link magnification across series": "zoom"}.get(what, "window")
    assert said[-1].endswith("on") is getattr(two.room.linked, name)


def test_windows_of_ct_and_mr_are_not_linked_and_that_is_said(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    link = two.layout_commands.link_actions["window"]
    QTest.keyClick(two.room.active, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert link.isChecked()
    first.series = replace(first.series, modality="CT")
    other.series = replace(other.series, modality="MR")
    first.complete(first.volume)  # not the one that is worked on
    qtbot.waitUntil(lambda: not link.isChecked())
    assert not two._failure.isVisible()
    QTest.keyClick(two.room.active, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert two._failure.isVisible() and "Values of CT and MR cannot be compared" in two._failure.text.text()
    assert not link.isChecked() and not two.room.linked.window


def test_magnification_goes_along_and_can_be_switched_off(two, qtbot):
    beside(two, "later.nii.gz", qtbot)
    one, other = two.room.shown
    QTest.keyClick(two.room.active, Qt.Key.Key_Plus)
    assert one.view.pixels_per_mm == pytest.approx(other.view.pixels_per_mm)
    assert one.view.zoom > 1.2
    QTest.keyClick(two.room.active, Qt.Key.Key_J, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(two.room.active, Qt.Key.Key_Plus)
    assert other.view.pixels_per_mm > 1.2 * one.view.pixels_per_mm


def test_magnification_stays_one_in_every_layout_and_size(two, qtbot):
    beside(two, "shifted.nii.gz", qtbot)
    for layout in ("2x2", "2x3", "1x2"):
        two.room.choose_layout(layout)
        two.resize(two.width() - 37, two.height() - 29)
        qtbot.wait(50)
        scales = [pane.view.pixels_per_mm for pane in two.room.shown if pane.name == "axial"]
        assert len(scales) == 2 and scales[0] == pytest.approx(scales[1]), layout


def test_one_pane_of_a_comparison_has_all_room_and_the_others_come_back(two, qtbot):
    sessions = beside(two, "later.nii.gz", qtbot)
    QTest.keyClick(two.room.active, Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier)
    assert [pane.isVisible() for pane in two.room.shown] == [False, True]
    QTest.keyClick(two.room.active, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert two.room.sessions == sessions and len(names(two)) == 4


def test_files_on_one_grid_are_linked_and_say_so(two, qtbot):
    beside(two, "later.nii.gz", qtbot)
    qtbot.waitUntil(lambda: all("Same grid" in [b.text for b in pane.badges] for pane in two.room.shown))
    two.room.link_here()
    assert not any(two.room.links.by_hand(session) for session in two.room.sessions), "they need no such word"


def test_a_double_click_leaves_the_cross_hair_where_it_was(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    pane, at = two.room.shown[0], [session.cursor_ijk for session in (first, other)]
    place = pane.rect().center() + QPoint(40, 30)
    for _ in range(2):
        QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=place)
    assert [session.cursor_ijk for session in (first, other)] == at
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=place)
    assert first.cursor_ijk != at[0]


def test_a_picture_on_its_own_follows_its_series(two, qtbot):
    """The pane of the other series shows its own voxels, at once, when the first is scrolled."""
    first, other = beside(two, "later.nii.gz", qtbot)
    two.room.links.linked = replace(two.room.linked, place=True)
    shown = two.room.shown[1]
    pictures: list[QImage] = []
    for k in (5, 17):
        first.move_cursor((20, 16, k))
        assert other.cursor_ijk == (20, 16, k)
        qtbot.wait(20)
        pictures.append(shown.grab().toImage())
    assert pictures[0] != pictures[1]


def test_the_series_of_the_pressed_pane_is_worked_on_and_saved(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    one, two_ = two.room.shown
    two.commands.tools["brush"].trigger()
    for pane in (one, two_):
        QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
        QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
        assert two.session is pane.session
    qtbot.wait(20)
    assert first.label_map.voxels.any() and other.label_map.voxels.any()
    QTest.keyClick(two_, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert first.label_map.voxels.any() and not other.label_map.voxels.any(), "undo is that of the series"
    for session in (first, other):
        kept = two.workflows.annotation_store.load(session.series.uid, session.volume.geometry)
        assert np.array_equal(kept.label_map.voxels, session.label_map.voxels)


def test_panels_show_the_series_that_is_worked_on(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    two.panels.setCurrentWidget(two.measure_panel)
    other.add_measurement("length", ((5.0, 5.0, 10.0), (15.0, 5.0, 10.0)), 2)
    qtbot.waitUntil(lambda: two.measure_panel.table.rowCount() == 1)
    two.room.activate(two.room.shown[0])
    assert two.session is first and two.measure_panel.table.rowCount() == 0
    assert "head" in two.windowTitle()


def test_a_series_is_dragged_onto_a_pane(two, qtbot):
    uid = listed(two)["later.nii.gz"]
    tree_mime = two.browser.tree.mimeData([two.browser._rows[uid]])
    assert bytes(tree_mime.data(SERIES_MIME).data()).decode() == uid
    drop(two, two.panes["coronal"], uid)
    qtbot.waitUntil(lambda: two.room.comparing and two.room.sessions[1].editable, timeout=20_000)
    assert [(pane.name, pane.session.series.uid == uid) for pane in two.room.shown] == [
        ("axial", False),
        ("3d", False),
        ("coronal", True),
        ("sagittal", False),
    ]
    drop(two, two.room.shown[0], uid)  # it is open already: another plane of it
    assert two.room.shown[0].session is two.room.shown[2].session and len(two.workflows.sessions) == 2


def test_an_empty_place_takes_a_series(two, qtbot):
    two.room.choose_layout("2x3")
    qtbot.wait(20)
    assert two.room.cells[4] is None
    drop(two, two.room._widgets()[4], listed(two)["later.nii.gz"])
    qtbot.waitUntil(lambda: two.room.comparing and two.room.sessions[1].editable, timeout=20_000)
    assert isinstance(two.room.shown[4], SlicePane)


def test_only_one_series_again_closes_the_other(two, qtbot):
    beside(two, "later.nii.gz", qtbot)
    kept = two.session
    QTest.keyClick(two.room.active, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    assert two.workflows.sessions == (kept,) and two.session is kept
    assert names(two) == ["axial", "3d", "coronal", "sagittal"]
    assert two.volume_pane.session is kept
    two.open_series(listed(two)["head.nii.gz"])
    qtbot.waitUntil(lambda: two.session.series.uid == listed(two)["head.nii.gz"] and two.session.editable)


def test_a_series_that_is_no_longer_shown_is_no_longer_bold_in_the_list(two, qtbot):
    def bold() -> set[str]:
        return {uid for uid, row in two.browser._rows.items() if row.font(0).bold()}

    uids = listed(two)
    beside(two, "later.nii.gz", qtbot)
    assert bold() == {uids["head.nii.gz"], uids["later.nii.gz"]}
    QTest.keyClick(two.room.active, Qt.Key.Key_0, Qt.KeyboardModifier.AltModifier)
    assert bold() == {uids["later.nii.gz"]}


def test_planes_go_back_along_the_scan_of_the_series_that_is_worked_on(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    two.room.link(place=False)
    for session in (first, other):
        session.turn_planes("coronal", 0.3)
    qtbot.wait(20)
    QTest.keyClick(two.room.active, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert other.rotation is None and first.rotation is not None


def test_3d_shows_the_series_of_its_cell(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    assert two.session is other
    two.room.choose_layout("2x3")
    assert [cell.view for cell in two.room.cells] == ["axial", "axial", "coronal", "coronal", "sagittal", "sagittal"]
    two.room.activate(two.room.shown[0])
    QTest.keyClick(two.room.active, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert two.volume_pane.session is first and two.room.active is two.volume_pane
    two.room.activate(two.room.shown[1])
    QTest.keyClick(two.room.active, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert two.volume_pane.session is other and two.session is other


def test_a_series_that_is_shown_already_is_gone_to(two, qtbot):
    beside(two, "later.nii.gz", qtbot)
    two.open_beside(listed(two)["head.nii.gz"])
    assert len(two.workflows.sessions) == 2 and two.session.series.uid == listed(two)["head.nii.gz"]
    two.open_series(listed(two)["later.nii.gz"])
    assert two.session.series.uid == listed(two)["later.nii.gz"] and two.session.editable


def test_where_the_active_slice_lies_is_drawn_in_the_other_series(two, qtbot):
    beside(two, "later.nii.gz", qtbot)
    two.room.put(two.session, "coronal", 1)
    crossed = two.room.shown[1]
    two.room.activate(two.room.shown[0])
    assert crossed._reference is not None and two.room.shown[0]._reference is None
    qtbot.wait(20)
    with_line = crossed.grab().toImage()
    QTest.keyClick(two.room.active, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert crossed._reference is None
    qtbot.wait(20)
    assert crossed.grab().toImage() != with_line


def test_the_same_scan_cannot_be_worked_on_twice(two, qtbot, scan_folder):
    """A copy of a file has the labels of the same voxels: only one of the two can change them."""
    volume = head()
    two.session.replace_voxels("Phantom", (slice(0, 1),) * 3, np.ones((1, 1, 1), np.uint8))
    write_image(volume.voxels, volume.geometry, scan_folder / "copy.nii.gz")
    two.open_paths([scan_folder])
    qtbot.waitUntil(lambda: "copy.nii.gz" in listed(two), timeout=20_000)
    two.open_beside(listed(two)["copy.nii.gz"])
    qtbot.waitUntil(lambda: two.room.comparing and not two.session.loading and two.session.volume is not None)
    first, copy = two.room.sessions
    qtbot.waitUntil(lambda: copy.read_only)
    assert not first.read_only
    assert "beside this one" in two._failure.text.text()


def test_pictures_of_a_series_beside_another_are_its_own(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    two.room.activate(two.room.shown[0])
    at = QPoint(40, 40)
    QTest.mouseMove(two.room.shown[0], at)
    QTest.keyClick(two.room.active, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(first.series, Series) and isinstance(other.series, Series)
    qtbot.waitUntil(lambda: "copied" in two.statusBar().currentMessage())


def test_a_series_of_nobody_beside_that_of_a_patient_says_so(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    mine, theirs = two.room.shown

    def warned(pane) -> list[str]:
        return [badge.text for badge in pane.badges if "atient" in badge.text]

    two.grab()
    assert warned(mine) == warned(theirs) == [], "of neither is anything known"
    other.series = replace(other.series, patient_id="", patient_name="Doe^Jane", instance_uids=("1.3",))
    other.complete(other.volume)
    qtbot.waitUntil(lambda: warned(mine) == ["⚠ Patient not known"], timeout=5000)
    assert warned(theirs) == []
    first.series = replace(first.series, patient_name="Doe^Jane")
    first.complete(first.volume)
    qtbot.waitUntil(lambda: warned(mine) == warned(theirs) == [], timeout=5000)


def test_series_of_two_patients_beside_each_other_say_so(two, qtbot):
    first, other = beside(two, "later.nii.gz", qtbot)
    assert not any("patients" in badge.text for pane in two.room.shown for badge in pane.badges)
    first.series = replace(first.series, patient_id="A", patient_name="Doe^Jane", instance_uids=("1.2",))
    other.series = replace(other.series, patient_id="B", patient_name="Doe^Jane", instance_uids=("1.3",))
    other.complete(other.volume)
    qtbot.waitUntil(
        lambda: all("⚠ Different patients" in [b.text for b in pane.badges] for pane in two.room.shown), timeout=5000
    )
