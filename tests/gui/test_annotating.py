"""Going through many slices: confirm, nothing here, progress, and on to the next suggestion."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from tests.gui.conftest import head
from viewer.io.files import write_image

LEFT, RETURN = Qt.MouseButton.LeftButton, Qt.Key.Key_Return
SHIFT = Qt.KeyboardModifier.ShiftModifier


def press(window, key, modifier=Qt.KeyboardModifier.NoModifier):
    window.activateWindow()
    window.focus_pane()
    QTest.keyClick(window.room.active, key, modifier)


def paint(session, plane="axial"):
    session.choose_tool("brush")
    session.begin_stroke(plane, session.cursor_at)
    session.end_stroke()


def test_a_slice_without_labels_says_that_nothing_is_here(opened, qtbot):
    panel, session = opened.label_panel, opened.session
    qtbot.waitUntil(lambda: panel.hint.text() == "Confirming says: nothing is here.")
    paint(session)
    qtbot.waitUntil(lambda: "nothing" not in panel.hint.text())
    session.scroll("axial", 1)
    press(opened, RETURN)
    qtbot.waitUntil(lambda: panel.hint.text() == "Confirmed: nothing is here.")
    k = session.cursor_ijk[2]
    session.add_measurement("box", [(2, 2, k), (6, 6, k)], 2, "Region 1")
    qtbot.waitUntil(lambda: "nothing" not in panel.hint.text())


def test_shift_delete_clears_the_slice_and_confirms_it(opened, qtbot):
    session = opened.session
    paint(session)
    k = session.cursor_ijk[2]
    press(opened, Qt.Key.Key_Delete, SHIFT)
    assert not session.label_map.voxels[k].any() and session.is_confirmed("axial")
    press(opened, Qt.Key.Key_Delete, SHIFT)
    assert session.is_confirmed("axial"), "it is no switch"


def test_a_locked_label_is_not_cleared_away(opened, qtbot):
    session = opened.session
    paint(session)
    session.lock_label(1, True)
    press(opened, Qt.Key.Key_Delete, SHIFT)
    assert session.label_map.voxels.any() and not session.is_confirmed("axial")
    assert "locked" in opened.status_bar.currentMessage()


def test_the_map_shows_labels_and_confirmed_slices_and_a_click_goes_there(opened, qtbot):
    panel, session = opened.label_panel, opened.session
    opened.panels.setCurrentWidget(panel)
    paint(session)
    press(opened, RETURN)
    k = session.cursor_ijk[2]
    qtbot.waitUntil(lambda: panel._progress.text() == "1 of 20 axial slices confirmed")
    qtbot.waitUntil(lambda: panel.slice_map.confirmed == {k} and panel.slice_map.shown == k)
    qtbot.waitUntil(lambda: panel.slice_map.labelled.tolist() == [n == k for n in range(20)])
    QTest.mouseClick(panel.slice_map, LEFT, pos=QPoint(panel.slice_map.width() - 2, 5))
    assert session.cursor_ijk[2] == 19
    opened.room.activate(opened.panes["coronal"])
    qtbot.waitUntil(lambda: panel._progress.text() == "0 of 32 coronal slices confirmed")
    qtbot.waitUntil(lambda: len(panel.slice_map.labelled) == 32 and panel.slice_map.labelled.any())


@pytest.fixture
def two(start, scan_folder, qtbot):
    """The window with the first of two scans open, of which nobody knows the patients."""
    voxels = np.roll(head().voxels, 7, axis=1)
    write_image(voxels, head().geometry, scan_folder / "second.nii.gz")
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: len(window.workflows.library.all_series()) == 2, timeout=20_000)
    first = next(s for s in window.workflows.library.all_series() if s.description.startswith("head"))
    window.open_series(first.uid)
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    qtbot.wait(50)
    return window


def test_shift_return_confirms_and_opens_the_other_patient(two, qtbot):
    first = two.session.series.uid
    press(two, RETURN, SHIFT)
    assert two.session.is_confirmed("axial")
    qtbot.waitUntil(lambda: two.session.series.uid != first and two.session.editable, timeout=20_000)
    went = two.session.cursor_ijk
    assert not two.session.confirmed
    press(two, RETURN, SHIFT)
    assert went[2] in {index for _, index in two.session.confirmed}
    qtbot.waitUntil(lambda: two.session.cursor_ijk != went or two.session.series.uid == first, timeout=20_000)


def test_the_labels_of_the_study_before_go_on_in_a_new_one_and_one_undo_takes_them_back(two, qtbot):
    first, session = two.session.series.uid, two.session
    session.change_label(replace(session.labels[1], name="Hippocampus"))
    session.choose_label(2)
    press(two, RETURN, SHIFT)
    qtbot.waitUntil(lambda: session.series.uid != first and session.editable, timeout=20_000)
    qtbot.waitUntil(lambda: session.labels[1].name == "Hippocampus")
    assert session.active_label == 2
    session.undo()
    assert session.labels[1].name == "Region 2"


def test_suggestions_are_listed_with_reasons_and_a_click_opens_one(two, qtbot):
    panel = two.next_panel
    two.panels.setCurrentWidget(two.label_panel)
    two.session.toggle_confirmed("axial")
    QTest.mouseClick(panel.ask, LEFT)
    qtbot.waitUntil(lambda: panel.ask.text() == "Suggest" and panel.list.count() > 0, timeout=20_000)
    texts = [panel.list.item(n).text() for n in range(panel.list.count())]
    assert "Another scan, none confirmed yet" in texts[0] and "second" in texts[0]
    first = two.session.series.uid
    at = panel.list.visualItemRect(panel.list.item(0)).center()
    wanted = two.annotating.suggestions[0].candidate.look.place[1]
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=at)
    qtbot.waitUntil(lambda: two.session.series.uid != first and two.session.editable, timeout=20_000)
    assert two.session.cursor_ijk[2] == wanted and two.room.plane == "axial"


def test_suggestions_follow_what_is_confirmed(two, qtbot):
    two.annotating.find(read_others=True)
    qtbot.waitUntil(lambda: not two.annotating.queue.looking, timeout=20_000)
    best = two.annotating.suggestions[0].candidate
    assert best.series_uid == two.session.series.uid
    two.session.go_to_slice("axial", best.look.place[1])
    press(two, RETURN)
    qtbot.waitUntil(lambda: two.annotating.suggestions[0].candidate.series_uid != best.series_uid, timeout=20_000)


def test_a_waiting_result_is_not_lost_by_going_on(two, qtbot):
    first = two.session.series.uid
    two.workflows.runs.start("tiny")
    qtbot.waitUntil(lambda: two.session.proposal is not None, timeout=20_000)
    press(two, RETURN, SHIFT)
    assert two.session.series.uid == first and two.session.proposal is not None
    assert "accept or reject" in two.status_bar.currentMessage()


def test_nobody_is_named_where_the_panes_name_nobody(two, qtbot, monkeypatch):
    monkeypatch.setattr("viewer.gui.next_panel.person_name", lambda name: "Doe, Jane")
    two.session.toggle_confirmed("axial")
    two.annotating.find(read_others=True)
    qtbot.waitUntil(lambda: not two.annotating.queue.looking, timeout=20_000)
    texts = lambda: [two.next_panel.list.item(n).text() for n in range(two.next_panel.list.count())]  # noqa: E731
    assert any("Jane" in text for text in texts())
    press(two, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not any("Jane" in text for text in texts()))


def test_the_list_of_studies_tells_what_is_confirmed_and_still_does_after_a_restart(opened, start, qtbot):
    def texts(window):
        item = window.browser.series_items()[0]
        return item.text(0), item.parent().text(0)

    assert "✓" not in "".join(texts(opened))
    press(opened, RETURN)
    qtbot.waitUntil(lambda: "✓ 1 confirmed" in texts(opened)[0] and texts(opened)[1].endswith("✓ 1 / 1"))
    opened.session.undo()
    qtbot.waitUntil(lambda: "✓" not in "".join(texts(opened)))
    opened.session.redo()
    assert "✓ 1 confirmed" in texts(start())[0]


def test_the_keys_of_annotating_are_nobody_elses(opened):
    own = {key for a in (opened.annotating.go_on_action, opened.annotating.nothing_action) for key in a.shortcuts()}
    own |= set(opened.commands.tools["box"].shortcuts())
    taken = [key for action in opened.commands.named.values() for key in action.shortcuts()]
    assert len(own) == 4 and all(taken.count(key) == 1 for key in own)
