"""How a slice is shown by choice: in the colours of a map, smoothed or in blocks."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.gui.painted_words import assert_nothing_overlaps
from tests.gui.test_slice_pane import SERIES, pixels
from viewer.core.colour_maps import COLOUR_MAPS
from viewer.core.display import WindowLevel
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.gui import slice_picture
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.colour_bar import colours_of
from viewer.gui.exporting import picture_of, pixels_of
from viewer.gui.slice_pane import SlicePane

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
STEPS = np.arange(12, dtype=np.int16) * 20  # of the columns of the volume


def make_pane(qtbot, volume, size=(420, 330), **series) -> SlicePane:
    session = Session()
    session.open(replace(SERIES, **series), volume)
    session.set_window(WindowLevel(128.0, 256.0))
    session.hand.overlay_text = "none"
    session.move_cursor((0, 0, 1))
    pane = SlicePane(session, "axial")
    pane.resize(*size)
    qtbot.addWidget(pane)
    pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
    pane.show()
    return pane


def columns(values=STEPS, rows=10, spacing=(1.0, 1.0, 1.0), **more) -> Volume:
    voxels = np.broadcast_to(values, (3, rows, len(values))).copy()
    return Volume(voxels, Geometry((len(values), rows, 3), spacing, np.zeros(3), np.eye(3)), unit="HU", **more)


def shown(pane) -> np.ndarray:
    """What the pane paints once it has heard of all changes, (rows, columns, 3)."""
    QTest.qWait(1)
    return pixels(pane)


def seen_at(pane, column, row=2) -> tuple[int, int, int]:
    """The colour of a voxel of the shown slice, beside the cross-hair."""
    x, y = pane.view.to_pane((column - 0.25, row, 0))
    return tuple(shown(pane)[int(y), int(x)].tolist())


def rgb(colour: np.uint32) -> tuple[int, int, int]:
    return int(colour) >> 16 & 255, int(colour) >> 8 & 255, int(colour) & 255


# Colour maps


@pytest.mark.parametrize("name", [name for name in COLOUR_MAPS if name not in ("grey", "masks")])
def test_each_voxel_has_the_colour_of_its_grey_level(qtbot, name):
    pane = make_pane(qtbot, columns())
    pane.session.hand.set_smooth(False)
    greys = [seen_at(pane, n)[0] for n in range(12)]
    assert greys == STEPS.tolist()

    pane.session.set_colour_map(name)

    assert [seen_at(pane, n) for n in range(12)] == [rgb(colours_of(name)[grey]) for grey in greys]


def test_inverting_turns_the_colours_round(qtbot):
    pane = make_pane(qtbot, columns())
    pane.session.set_colour_map("hot iron")
    pane.session.toggle_inverted()

    assert seen_at(pane, 0) == rgb(colours_of("hot iron")[255])


def test_padding_and_nan_stay_black_in_a_map_without_black(qtbot):
    padded = make_pane(qtbot, columns(padding=(0.0, 0.0)))
    broken = make_pane(qtbot, columns(np.where(STEPS == 0, np.nan, STEPS).astype(np.float32)))
    for pane in (padded, broken):
        pane.session.hand.set_smooth(False)
        pane.session.set_colour_map("viridis")
        assert seen_at(pane, 0) == (0, 0, 0)
        assert seen_at(pane, 1) == rgb(colours_of("viridis")[20])


def test_masks_have_colours_by_value_whatever_the_window(qtbot):
    pane = make_pane(qtbot, columns(np.array([0, 1, 2, 3, 40, 41, 0, 0], np.int16)))
    pane.session.hand.set_smooth(False)
    pane.session.set_colour_map("masks")
    pane.session.set_window(WindowLevel(2.0, 1.0))
    seen = [seen_at(pane, n) for n in range(8)]

    assert seen == [rgb(colours_of("masks")[n]) for n in (0, 1, 2, 3, 40, 41, 0, 0)]
    assert len(set(seen)) == 6
    pane.session.hand.cycle_overlay_text()
    qtbot.wait(20)
    assert "A colour for each value" in [line.text for line in pane.corner_texts().bottom_left]


def test_a_series_that_is_opened_begins_in_grey(qtbot):
    pane = make_pane(qtbot, columns())
    pane.session.set_colour_map("pet")
    pane.session.open(replace(SERIES, uid="9"), columns())

    assert pane.session.colour_map == "grey"


def test_pictures_in_colour_keep_their_own(qtbot):
    geometry = Geometry((8, 8, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3), patient_space=False)
    pane = make_pane(qtbot, Volume(np.full((1, 8, 8, 3), (10, 200, 90), np.uint8), geometry))
    pane.session.set_colour_map("hot iron")

    assert pane.session.colour_map == "grey"
    assert seen_at(pane, 4) == (10, 200, 90)


def test_the_bar_has_the_values_of_the_window_at_its_ends_and_lies_on_nothing(qtbot, ink):
    pane = make_pane(qtbot, columns(), (520, 420))
    pane.session.hand.overlay_text = "all"
    pane.session.set_window(WindowLevel(40.0, 401.0))
    assert not any(piece.key[0] == "bar" for piece in written(pane))
    pane.session.set_colour_map("hot iron")
    qtbot.wait(20)

    assert_nothing_overlaps(pane, ink)
    assert next(piece.text for piece in pane.written if piece.key[0] == "bar") == "240 HU -160 HU"
    seen = pixels(pane)
    rect = next(piece.rect for piece in pane.written if piece.key[0] == "bar")
    x = int(rect.right()) - 6
    inside = seen[int(rect.top()) + 24 : int(rect.bottom()) - 24, x].astype(int)
    assert inside[0].sum() > 600 and inside[-1].sum() < 120  # bright above, dark below
    pane.session.toggle_inverted()
    qtbot.wait(20)
    assert "-160 HU 240 HU" in [piece.text for piece in written(pane)]


def test_the_bar_of_a_pet_is_in_suv(qtbot):
    pane = make_pane(qtbot, columns(suv_factor=0.01))
    pane.session.hand.overlay_text = "all"
    pane.session.set_window(WindowLevel(250.0, 500.0, "LINEAR_EXACT"))
    pane.session.set_colour_map("pet")
    qtbot.wait(20)

    assert "5 SUV 0 SUV" in [piece.text for piece in written(pane)]


def test_a_small_pane_has_no_bar(qtbot, ink):
    pane = make_pane(qtbot, columns(), (150, 120))
    pane.session.hand.overlay_text = "all"
    pane.session.set_colour_map("pet")
    qtbot.wait(20)

    assert not any(piece.key[0] == "bar" for piece in written(pane))


def written(pane):
    pane.grab()
    return pane.written


def test_shift_p_goes_through_the_maps_and_the_menus_show_which(opened, qtbot):
    pane, commands = opened.panes["axial"], opened.commands
    grey = pixels(pane)
    QTest.keyClick(pane, Qt.Key.Key_P, SHIFT)
    qtbot.wait(50)

    assert opened.session.colour_map == "hot iron"
    assert [name for name, action in commands.colour_maps.items() if action.isChecked()] == ["hot iron"]
    assert not np.array_equal(pixels(pane), grey)
    for _ in range(len(COLOUR_MAPS) - 1):
        QTest.keyClick(pane, Qt.Key.Key_P, SHIFT)
    qtbot.wait(50)
    assert opened.session.colour_map == "grey"
    assert np.array_equal(pixels(pane), grey)


def test_exported_pictures_have_the_colours_and_their_bar(opened, qtbot):
    opened.commands.colour_maps["hot iron"].trigger()
    qtbot.wait(50)
    pane = opened.panes["axial"]

    picture = pixels_of(picture_of(pane, ratio=1.0)).astype(int)

    x, y = pane.view.to_pane(opened.session.cursor_ijk)
    assert len(set(picture[int(y), int(x)].tolist())) > 1
    rect = next(piece.rect for piece in written(pane) if piece.key[0] == "bar")
    bar = picture[int(rect.top()) + 22 : int(rect.bottom()) - 22, int(rect.right()) - 6]
    assert np.ptp(bar.sum(axis=1)) > 400


# What is not seen is not looked at


@pytest.mark.parametrize("size", [(24, 20), (700, 900)])
@pytest.mark.parametrize("place", [(5.0, 60, 50), (9.0, 300, 200), (1.37, 415, 322), (1.0, 0, 0)])
@pytest.mark.parametrize("smooth", [True, False])
def test_a_picture_seen_closely_is_that_of_the_whole(qtbot, monkeypatch, size, place, smooth):
    noise = np.random.default_rng(1).integers(0, 256, (1, size[1], size[0])).astype(np.int16)
    volume = Volume(noise, Geometry((*size, 1), (1.0, 1.3, 1.0), np.zeros(3), np.eye(3)))
    pane = make_pane(qtbot, volume)
    pane.session.hand.set_smooth(smooth)
    pane._look(pane.view.zoomed(*place))
    cut = shown(pane).astype(int)
    monkeypatch.setattr(
        slice_picture, "_seen_part", lambda view, whole, ratio, outline: (slice(0, size[1]), slice(0, size[0]))
    )
    pane._view_changed()

    apart = np.abs(cut - shown(pane))
    interpolated = smooth or min(pane.view.pixels_per_voxel) < 1
    assert apart.max() <= (1 if interpolated else 0)


# Smoothing


def test_without_smoothing_each_voxel_is_one_block(qtbot):
    pane = make_pane(qtbot, columns())
    x, y = pane.view.to_pane((5, 5, 0))
    wide = pane.view.pixels_per_voxel[0]
    smooth = set(pixels(pane)[int(y), int(x - 4 * wide) : int(x - wide), 0].tolist())
    assert len(smooth) > 20

    pane.session.hand.set_smooth(False)
    line = shown(pane)[int(y), :, 0]

    left, _, width, _ = pane.view.image_rect
    first = round(left + 1.5 * wide)  # beyond the cross-hair
    inside = line[first : round(left + width)]
    assert set(inside.tolist()) == set(STEPS[1:].tolist())
    edges = np.flatnonzero(np.diff(inside.astype(int))) + 1 + first
    assert edges == pytest.approx(left + wide * np.arange(2, 12), abs=1)
    _, first, _, of_labels = pane.view.device_pixels(1.0)
    where = [line[first + n] == STEPS[of_labels[n]] for n in range(round(1.5 * wide), len(of_labels))]
    assert all(where), "a block ends where a label on it ends"


@pytest.mark.parametrize("smooth", [True, False])
def test_a_picture_that_is_made_smaller_is_averaged_in_any_case(qtbot, smooth):
    fine = np.tile(np.array([0, 240], np.int16), 600)
    pane = make_pane(qtbot, columns(fine, rows=1000))
    pane.session.hand.set_smooth(smooth)

    x, y = pane.view.to_pane((600, 500, 0))
    part = shown(pane)[int(y) - 40 : int(y) + 40, int(x) - 40 : int(x) + 40, 0]
    assert part.min() > 50 and part.max() < 220


def test_flat_voxels_are_blocks_one_way_and_averaged_the_other(qtbot):
    fine = np.tile(np.array([0, 240], np.int16), 600)
    volume = columns(fine, rows=6, spacing=(1.0, 100.0, 1.0))
    voxels = volume.voxels.copy()
    voxels[:, 3:] = 240
    pane = make_pane(qtbot, replace(volume, voxels=voxels))
    pane.session.hand.set_smooth(False)

    x, y = pane.view.to_pane((600, 2.5, 0))
    column = shown(pane)[int(y) - 20 : int(y) + 20, int(x), 0].astype(int)
    assert set(np.flatnonzero(np.abs(np.diff(column)) > 8)) <= {18, 19, 20}  # one edge, no ramp
    assert 60 < column[0] < 180 and column[-1] > 230


def test_shift_i_says_so_on_the_pane_and_is_remembered(opened, start, qtbot):
    pane = opened.panes["axial"]
    assert opened.commands.smooth.isChecked()
    QTest.keyClick(pane, Qt.Key.Key_I, SHIFT)
    qtbot.wait(50)

    assert not opened.session.hand.smooth and not opened.commands.smooth.isChecked()
    assert "Not smoothed" in [piece.text for piece in written(pane)]
    assert not start().session.hand.smooth
