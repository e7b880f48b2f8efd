"""A synthetic picture is never the default, never measured, and says that it is synthetic wherever it is seen."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from tests.models import write_picture_model
from viewer import workflows
from viewer.core.study import SYNTHETIC_NOTE
from viewer.gui.curved_pane import CurvedPane
from viewer.gui.exporting import picture_of
from viewer.gui.magnifier import Loupe
from viewer.gui.overlay import Badge
from viewer.gui.study_browser import _ENTRY, _badge
from viewer.gui.style import DIMMED_TEXT, WARNING
from viewer.model_runs import headers_of


@pytest.fixture
def enhanced(opened, tmp_path, qtbot):
    """The window with a finer picture of the head made, and nothing chosen yet."""
    return made(opened, tmp_path, qtbot, "finer")


def made(window, tmp_path, qtbot, kind):
    write_picture_model(tmp_path / "shipped" / kind, kind)
    window.workflows.runs.start(kind, override=True)
    qtbot.waitUntil(lambda: window.session.enhanced is not None, timeout=20_000)
    qtbot.wait(30)
    return window


def burnt(image: QImage) -> int:
    """How many pixels have the colour of the word."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)
    wanted = np.array([WARNING.blue(), WARNING.green(), WARNING.red()])
    return int((np.abs(pixels - wanted).max(axis=2) < 12).sum())


def rows_burnt(image: QImage) -> np.ndarray:
    """The rows of an image in which much has the colour of the word."""
    return np.array([y for y in range(image.height()) if burnt(image.copy(0, y, image.width(), 1)) > 12])


def test_after_a_run_the_original_is_still_what_is_seen(enhanced):
    session = enhanced.session
    assert session.enhanced_view == "original"
    assert enhanced.model_panel.enhanced.isVisibleTo(enhanced.model_panel)
    assert "kept beside the original" in enhanced.model_panel.enhanced.told.text()
    assert not enhanced.room.active._synthetic.shows


@pytest.mark.parametrize("view", ["swipe", "alone", "difference"])
def test_the_word_is_burnt_into_panes_loupes_and_exports(enhanced, view):
    pane = enhanced.room.active
    plain = burnt(picture_of(pane))
    enhanced.enhanced.actions[view].trigger()
    assert enhanced.session.enhanced_view == view
    loupe = Loupe(pane)
    loupe.look_at(QPointF(pane.width() * 0.7, pane.height() * 0.5), 2.5)
    for ratio in (1.0, 2.0):
        assert burnt(picture_of(pane, ratio=ratio)) > plain + 200
    assert burnt(loupe.grab().toImage()) > 100
    loupe.deleteLater()
    enhanced.enhanced.actions[view].trigger()
    assert enhanced.session.enhanced_view == "original" and burnt(picture_of(pane)) == plain


def test_a_small_pane_has_the_whole_word(enhanced):
    pane = enhanced.room.active
    enhanced.session.look_at_enhanced("alone")
    pane.resize(70, 60)
    image = picture_of(pane).convertToFormat(QImage.Format.Format_RGB32)
    assert pane._synthetic is not None and burnt(image) > 20


def test_what_measures_reads_and_segments_takes_the_original(enhanced):
    session = enhanced.session
    assert session.volume is not session.enhanced.volume
    before = session.volume.voxels.copy()
    told = session.volume.value_at(session.cursor_ijk)
    session.look_at_enhanced("alone")
    assert session.volume.value_at(session.cursor_ijk) == told
    np.testing.assert_array_equal(session.volume.voxels, before)
    number = session.add_measurement("ellipse", ((5.0, 5.0, 8.0), (20.0, 18.0, 8.0)), 2)
    measured = session.values_of(number)
    session.drop_enhanced()
    session._values.clear()
    assert session.values_of(number) == measured


def test_a_held_key_shows_the_original_and_the_value_line_says_whose_value_it_is(enhanced, qtbot):
    session, pane = enhanced.session, enhanced.room.active
    enhanced.focus_pane()

    def lines() -> str:
        return " ".join(line.text for line in pane.corner_texts().bottom_left)

    for before, held in (("swipe", "original"), ("difference", "original"), ("original", "alone")):
        session.look_at_enhanced(before)
        assert ("(original)" in lines()) == (before != "original")
        QTest.keyPress(pane, Qt.Key.Key_Y)
        qtbot.wait(20)
        assert session.enhanced_view == held and ("(original)" in lines()) == (held != "original")
        QTest.keyRelease(pane, Qt.Key.Key_Y)
        assert session.enhanced_view == before
    enhanced.enhanced.hold.trigger()  # as in a menu: nothing is held, so it stays
    QTest.keyRelease(pane, Qt.Key.Key_Y)
    assert session.enhanced_view == "alone"
    enhanced.enhanced.remove.trigger()
    assert session.enhanced is None and session.enhanced_view == "original"


def test_it_is_saved_from_the_window_or_a_sentence_says_why_not(enhanced, tmp_path, monkeypatch, qtbot):
    export, folder = enhanced.enhanced_export, tmp_path / "out"
    folder.mkdir()
    assert not export.action.isEnabled() and "one DICOM file for each slice" in export.action.toolTip()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(folder))
    export._ask()  # as if it were allowed: what is written below the window refuses, too
    qtbot.waitUntil(lambda: "one DICOM file for each slice" in enhanced._failure.text.text(), timeout=5_000)
    assert not list(folder.iterdir())
    asked = []

    def write(series, volume, made, to, progress):
        asked.append((series, volume, made, to))

    monkeypatch.setattr(workflows, "write_derived_series", write)
    (folder / "SYNTHETIC-finer").mkdir()
    export._ask()
    qtbot.waitUntil(lambda: bool(asked), timeout=5_000)
    session = enhanced.session
    assert asked == [(session.series, session.volume, session.enhanced, folder / "SYNTHETIC-finer-2")]


def test_a_synthetic_series_is_marked_in_all_panes_and_not_measured(opened, qtbot):
    session, pane, room = opened.session, opened.room.active, opened.room
    session.add_measurement("path", ((5.0, 5.0, 5.0), (20.0, 10.0, 8.0), (30.0, 20.0, 12.0)), 2)
    qtbot.waitUntil(lambda: room.volume_pane.frame is not None, timeout=20_000)
    curved = CurvedPane(session)
    curved.resize(300, 300)
    panes = (pane, room.volume_pane, curved)
    qtbot.waitUntil(lambda: curved.grab() and curved.fresh, timeout=10_000)
    plain = [burnt(picture_of(one)) for one in panes]
    session.synthetic = True
    pane.set_slab("MIP")
    assert [burnt(picture_of(one)) > before + 100 for one, before in zip(panes, plain, strict=True)] == [True] * 3
    assert burnt(room.volume_pane.picture()) > burnt(picture_of(room.volume_pane)) / 2
    pane.set_slab(None)
    told = []
    pane.refused.connect(told.append)
    session.hand.choose_tool("length")
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    assert "not measured" in told[0] and len(session.measurements) == 1 and not pane.measuring.drawing
    session.hand.choose_tool("arrow")
    QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    assert pane.measuring.drawing
    pane.measuring.cancel()
    curved.deleteLater()


def test_the_word_lies_below_the_badges_and_the_list_and_the_pre_flight_know_a_synthetic_series(opened):
    session, pane = opened.session, opened.room.active
    session.synthetic = True
    plain = rows_burnt(pane.grab().toImage())[0]
    pane.set_company(tuple(Badge(f"One of many badges, number {n}", DIMMED_TEXT) for n in range(9)))
    below = rows_burnt(pane.grab().toImage())[0]
    assert plain < pane.badges_end <= below
    series = session.series
    assert not headers_of(series, session.volume).synthetic
    assert headers_of(replace(series, notes=(SYNTHETIC_NOTE,)), session.volume).synthetic
    entry = opened.browser.series_items()[0].data(0, _ENTRY)
    assert "synthetic" not in _badge(entry)
    for marked in (replace(entry, notes=(SYNTHETIC_NOTE,)), replace(entry, description="synthetic T2")):
        assert _badge(marked).startswith("⚠ synthetic")


def test_the_divider_of_a_swipe_is_dragged_and_moves_no_cross_hair(enhanced, qtbot):
    session, pane = enhanced.session, enhanced.room.active
    session.look_at_enhanced("swipe")
    cursor = session.cursor_ijk
    start, end = QPoint(pane.width() // 2, pane.height() // 2), QPoint(pane.width() // 4, pane.height() // 2)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(pane, end)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)
    assert session.swipe == pytest.approx(0.25, abs=0.02)
    assert session.cursor_ijk == cursor and not pane._swiping


def test_a_translation_has_no_difference_and_goes_with_its_series(opened, tmp_path, qtbot):
    window = made(opened, tmp_path, qtbot, "invert")
    session = window.session
    session.look_at_enhanced("difference")
    assert session.enhanced_view == "original" and not window.enhanced.actions["difference"].isEnabled()
    session.close_series()
    assert session.enhanced is None
