"""Which way round a patient is shown, and which way a drag of the window goes, by a person's choice."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from tests.gui.test_slice_pane import MARKER_IJK, SERIES, drag, pixels
from viewer.core.display import WindowLevel
from viewer.core.geometry import PLANES, Geometry
from viewer.core.labels import Label
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.exporting import picture_of, pixels_of
from viewer.gui.slice_pane import SlicePane

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def pane_of(qtbot, phantom):
    def make(plane, volume=phantom, **series) -> SlicePane:
        session = Session()
        session.open(replace(SERIES, **series), volume)
        session.move_cursor(MARKER_IJK)
        session.set_window(WindowLevel(1500.0, 300.0))  # the marker alone is white
        pane = SlicePane(session, plane)
        pane.resize(420, 330)
        qtbot.addWidget(pane)
        pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
        pane.show()
        return pane

    return make


def marker_x(pane) -> float:
    """Where the marker is painted, in pixels right of the middle of the slice, by the pixels alone."""
    QTest.qWait(1)
    pane.session.hand.overlay_text = "none"
    seen = pixels(pane)[12:-24].astype(int)
    white = (seen.min(axis=2) > 200) & (np.abs(seen[..., 0] - seen[..., 2]) < 4)
    left, _, wide, _ = pane.view.image_rect
    return float(np.flatnonzero(white.any(axis=0)).mean()) + 0.5 - (left + wide / 2)  # the middle of each pixel


def letters(pane):
    pane.session.hand.overlay_text = "all"
    pane.grab()
    return {piece.key[1]: piece.text for piece in pane.written if piece.key[0] == "letter"}


@pytest.mark.parametrize("plane", ["axial", "coronal"])
def test_the_neurological_convention_exchanges_left_and_right_of_picture_and_letters(pane_of, plane):
    pane = pane_of(plane)
    before, were, index = marker_x(pane), letters(pane), pane.index_at(QPointF(100, 150))
    pane.session.hand.set_neurological(True)
    QTest.qWait(1)

    assert marker_x(pane) == pytest.approx(-before, abs=1.5)
    assert abs(before) > 10
    now = letters(pane)
    assert were[0][0] == "R" and now[0][0] == "L" and now[1][0] == "R"
    assert (now[0], now[1], now[2], now[3]) == (were[1], were[0], were[2], were[3])
    assert pane.index_at(QPointF(pane.width() - 100, 150)) == pytest.approx(index)
    pane.session.hand.set_neurological(False)
    assert marker_x(pane) == pytest.approx(before)


def test_a_sagittal_plane_stays_as_it_is_and_says_nothing(pane_of):
    pane = pane_of("sagittal")
    before, were = marker_x(pane), letters(pane)
    pane.session.hand.set_neurological(True)
    QTest.qWait(1)

    assert marker_x(pane) == before and letters(pane) == were
    assert not any("Neurological" in badge.text for badge in pane.badges)


@pytest.mark.parametrize("text", ["all", "image only", "none"])
def test_the_badge_is_there_whatever_text_is_shown_however_small_the_pane(pane_of, text):
    pane = pane_of("axial")
    pane.session.hand.set_neurological(True)
    pane.session.hand.overlay_text = text
    for size in ((420, 330), (180, 140)):
        pane.resize(*size)
        QTest.qWait(1)
        pane.grab()
        assert any("Neurological" in badge.text for badge in pane.badges), size


def test_mirroring_goes_on_top_and_reset_leaves_the_convention(pane_of):
    pane = pane_of("axial")
    before = marker_x(pane)
    pane.session.hand.set_neurological(True)
    QTest.qWait(1)
    pane.mirror()

    assert marker_x(pane) == pytest.approx(before, abs=1.5)
    assert [b.text for b in pane.badges if b.text.startswith("⚠")] == ["⚠ Neurological", "⚠ Mirrored"]
    pane.reset_view()
    assert marker_x(pane) == pytest.approx(-before, abs=1.5)


def test_zoom_and_place_stay_when_the_convention_changes(pane_of):
    pane = pane_of("axial")
    pane._look(pane.view.zoomed(2.5, 90, 70))
    middle = QPointF(pane.width() / 2, pane.height() / 2)
    before, scale = pane.index_at(middle), pane.view.pixels_per_mm
    pane.session.hand.set_neurological(True)
    QTest.qWait(1)

    assert pane.index_at(middle) == pytest.approx(before)
    assert pane.view.pixels_per_mm == scale


@pytest.mark.parametrize("plane", PLANES)
def test_what_is_painted_lies_where_it_was_painted(pane_of, plane):
    pane, red = pane_of(plane), (250, 20, 20)
    session = pane.session
    session.hand.set_neurological(True)
    session.labels = (Label(1, "Red", red),)
    session.hand.set_overlay(opacity=1.0)
    session.choose_tool("brush")
    session.hand.set_brush_radius(1.0)
    QTest.qWait(1)
    x, y = pane.view.to_pane(MARKER_IJK)
    drag(pane, (x, y))
    QTest.qWait(1)

    k, j, i = np.argwhere(session.label_map.voxels)[0]
    assert session.label_map.voxels[MARKER_IJK[::-1]] == 1
    assert abs(np.array([i, j, k]) - MARKER_IJK).max() <= 2
    seen = pixels(pane)[round(y) + 3, round(x) + 3]
    assert seen[0] > 200 and seen[1] < 80  # the label is drawn on the marker


def test_a_measurement_keeps_its_length_and_its_place_in_the_patient(pane_of):
    pane = pane_of("axial")
    session = pane.session
    session.hand.set_neurological(True)
    session.choose_tool("length")
    QTest.qWait(1)
    start, end = (150, 140), (250, 140)
    expected = [pane.index_at(QPointF(*p)) for p in (start, end)]
    drag(pane, start, end)
    QTest.qWait(1)

    drawn = session.measurements[0]
    assert np.allclose(drawn.points, expected)
    apart = np.diff(session.volume.geometry.index_to_lps(drawn.points), axis=0)
    assert session.values_of(drawn).length == pytest.approx(float(np.linalg.norm(apart)))
    shape = pane.measuring.shapes[0]
    assert shape.measurement is drawn and shape.words_rect.intersects(pane.rect().toRectF())


@pytest.mark.parametrize(
    ("geometry", "modality"),
    [
        (Geometry((14, 11, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3), patient_space=False), "OT"),
        (Geometry((14, 11, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3)), "DX"),
    ],
)
def test_radiographs_and_pictures_without_a_place_are_never_mirrored(pane_of, geometry, modality):
    voxels = np.full((1, 11, 14), 100, np.int16)
    voxels[0, 3, 9] = 1900
    pane = pane_of("axial", Volume(voxels, geometry), modality=modality)
    before = marker_x(pane)
    pane.session.hand.set_neurological(True)

    assert marker_x(pane) == before > 10
    assert not any("Neurological" in badge.text for badge in pane.badges)


def test_an_export_is_laid_out_alike_and_carries_the_badge(pane_of, ink):
    pane = pane_of("axial")
    pane.session.hand.set_neurological(True)
    QTest.qWait(1)
    pane.session.hand.overlay_text = "all"
    ink.clear()
    picture = pixels_of(picture_of(pane, ratio=1.0)).astype(int)

    assert "⚠ Neurological" in [text for _, text in ink]
    x, y = pane.view.to_pane(MARKER_IJK)
    assert picture[round(y), round(x)].min() > 200


def test_shift_n_turns_all_planes_at_once_and_is_remembered(opened, start, qtbot):
    axial, coronal = opened.panes["axial"], opened.panes["coronal"]
    QTest.keyClick(axial, Qt.Key.Key_N, SHIFT)
    qtbot.wait(50)

    assert opened.commands.neurological.isChecked()
    assert letters(axial)[0][0] == letters(coronal)[0][0] == "L"
    assert start().session.hand.neurological


def test_a_drag_upwards_makes_brighter_or_by_choice_darker(pane_of):
    pane = pane_of("axial")
    session = pane.session
    drag(pane, (200, 200), (200, 140))
    assert session.window_level.centre < 1500  # brighter
    session.set_window(WindowLevel(1500.0, 300.0))
    session.hand.set_drag_up_darkens(True)
    drag(pane, (200, 200), (200, 140))
    assert session.window_level.centre == pytest.approx(1500 + 60)
    assert session.window_level.width == 300
    drag(pane, (200, 200), (260, 200))
    assert session.window_level.width > 300  # right is wider as before


def test_which_way_a_drag_goes_is_remembered(opened, start, qtbot):
    opened.commands.drag_up_darkens.trigger()
    qtbot.wait(50)

    again = start()
    assert again.session.hand.drag_up_darkens and again.commands.drag_up_darkens.isChecked()
