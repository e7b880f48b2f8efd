"""How a series is hung by its modality: breasts back to back, films played, pictures alone."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from tests.marked_patient import write_radiograph

WALL = 4000  # bright columns at the chest wall


def breast(path: Path, side: str, projection: str, towards: str) -> Path:
    """A mammogram whose chest wall is where its rows lead, if that is to the back, or where they come from."""
    picture = np.full((80, 50), 500, np.uint16)
    picture[:, -6:] = WALL
    if towards == "A":
        picture = picture[:, ::-1]
    write_radiograph(path, f"{towards}\\F", np.ascontiguousarray(picture))
    dataset = dcmread(path)
    dataset.Modality, dataset.ImageLaterality, dataset.ViewPosition = "MG", side, projection
    dataset.WindowCenter, dataset.WindowWidth = 2000, 4000
    dataset.save_as(path)
    return path


def brightest_column(pane) -> int:
    """Where the chest wall is painted: the middle of its columns, from the left of the pane."""
    picture = pane.grab().toImage()
    row = picture.height() * 2 // 3
    lights = [QColor(picture.pixel(x, row)).lightness() for x in range(8, picture.width() - 8)]
    return 8 + int(np.mean(np.flatnonzero(np.array(lights) > 200)))


@pytest.mark.parametrize("towards", [("P", "A"), ("A", "P")])
@pytest.mark.parametrize("first", ["R", "L"])
def test_both_breasts_stand_back_to_back_the_right_one_on_the_left(start, tmp_path, qtbot, first, towards):
    folder = tmp_path / "mg"
    for side, way in zip("RL", towards, strict=True):
        for projection in ("CC", "MLO"):
            breast(folder / f"{side}-{projection}.dcm", side, projection, way)
    window = start()
    window.open_paths([folder])
    library = window.workflows.library
    qtbot.waitUntil(lambda: len(library.all_series()) == 4, timeout=20_000)
    window.open_series(next(one.uid for one in library.all_series() if one.view == f"{first} MLO"))
    qtbot.waitUntil(lambda: window.room.comparing and all(s.editable for s in window.room.sessions), timeout=20_000)
    qtbot.wait(50)
    right, left = window.room.shown
    assert [pane.session.series.view for pane in (right, left)] == ["R MLO", "L MLO"]
    assert brightest_column(right) > 0.85 * right.width(), "its chest wall is in the middle of the screen"
    assert brightest_column(left) < 0.15 * left.width()
    mirrored = [any("Mirrored" in badge.text for badge in pane.badges) for pane in (right, left)]
    assert mirrored == [towards == ("A", "P")] * 2, "what is not as stored says so"
    letters = [[piece.text for piece in pane.written if piece.key[0] == "letter"][:2] for pane in (right, left)]
    assert letters == [["A", "P"], ["P", "A"]]
    window.resize(1000, 700)
    qtbot.wait(50)
    assert brightest_column(right) > 0.85 * right.width(), "and stays there"


def wall_gaps(window) -> list[float]:
    """How far each picture's chest wall is from the side of its pane where it belongs."""
    gaps = []
    for pane in window.room.shown:
        left, _, wide, _ = pane.view.image_rect
        gaps.append(pane.width() - left - wide if pane.session.series.view.startswith("R") else left)
    return gaps


def test_breasts_stay_at_their_sides_in_every_layout_and_move_like_mirror_images(start, tmp_path, qtbot):
    folder = tmp_path / "mg"
    for side, way in zip("RL", "PA", strict=True):
        for projection in ("CC", "MLO"):
            breast(folder / f"{side}-{projection}.dcm", side, projection, way)
    window = start()
    window.open_paths([folder])
    library, room = window.workflows.library, window.room
    qtbot.waitUntil(lambda: len(library.all_series()) == 4, timeout=20_000)
    by_view = {one.view: one.uid for one in library.all_series()}
    window.open_series(by_view["R CC"])
    qtbot.waitUntil(lambda: room.comparing and all(s.editable for s in room.sessions), timeout=20_000)
    qtbot.wait(50)
    assert wall_gaps(window) == pytest.approx([0, 0], abs=1)
    for view in ("R MLO", "L MLO"):
        window.open_beside(by_view[view])
        qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
        qtbot.wait(50)
    assert wall_gaps(window) == pytest.approx([0] * 4, abs=1)
    window.resize(1010, 720)
    qtbot.wait(50)
    assert wall_gaps(window) == pytest.approx([0] * 4, abs=1)
    right = room.shown[0]
    room.activate(right)
    right._look(right.view.panned(-17.0, 0.0))
    assert wall_gaps(window) == pytest.approx([17] * 4, abs=1.5)


def test_a_mammogram_without_its_counterpart_is_alone(start, tmp_path, qtbot):
    breast(tmp_path / "mg" / "R.dcm", "R", "CC", "P")
    breast(tmp_path / "mg" / "L.dcm", "L", "MLO", "A")
    window = start()
    window.open_paths([tmp_path / "mg"])
    qtbot.waitUntil(lambda: len(window.workflows.library.all_series()) == 2, timeout=20_000)
    window.open_series(window.workflows.library.all_series()[0].uid)
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    qtbot.wait(100)
    assert window.room.layout_name == "1x1" and not window.room.comparing


def test_an_ultrasound_film_is_alone_and_plays_at_its_own_rate(start, qtbot):
    window = start()
    window.open_paths([Path(str(get_testdata_file("examples_ybr_color.dcm")))])
    qtbot.waitUntil(lambda: window.player.playing, timeout=20_000)
    assert window.room.layout_name == "1x1"
    assert window.player._period_ms == pytest.approx(33.333)
    first = window.session.cursor_ijk[2]
    qtbot.waitUntil(lambda: window.session.cursor_ijk[2] != first)
    QTest.mouseClick(window.room.active, Qt.MouseButton.LeftButton)
    assert not window.player.playing, "a press in the pane rests it"


def test_a_single_picture_is_alone_at_fit_and_a_volume_after_it_as_before(opened, tmp_path, scan_folder, qtbot):
    volume = opened.session.series.uid
    opened.open_paths([write_radiograph(tmp_path / "x" / "dx.dcm", "L\\F", np.full((60, 80), 300, np.uint16))])
    qtbot.waitUntil(lambda: opened.room.layout_name == "1x1", timeout=20_000)
    assert opened.room.active.view.zoom == 1.0
    opened.open_series(volume)
    qtbot.waitUntil(lambda: opened.room.layout_name == "2x2", timeout=20_000)
    assert [pane.name for pane in opened.room.shown] == ["axial", "3d", "coronal", "sagittal"]


def test_a_radiograph_is_confirmed_as_an_image_not_as_an_axial_slice(start, tmp_path, qtbot):
    window = start()
    window.open_paths([write_radiograph(tmp_path / "x" / "dx.dcm", "L\\F", np.full((60, 80), 300, np.uint16))])
    panel = window.label_panel
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    qtbot.waitUntil(lambda: panel.confirm.text() == "Confirm image 1")
    panel.confirm.click()
    qtbot.waitUntil(lambda: panel.confirm.text() == "Image 1 is confirmed")
    qtbot.waitUntil(lambda: panel.confirmed.item(0).text() == "✓ Image 1")


def test_work_beside_a_film_neither_moves_a_picture_nor_takes_the_bar_away(opened, qtbot):
    window, head = opened, opened.session
    found = []
    window.workflows.add_paths(
        [Path(str(get_testdata_file("examples_ybr_color.dcm")))], lambda scan: found.extend(scan.series)
    )
    qtbot.waitUntil(lambda: bool(found), timeout=20_000)
    window.open_beside(found[0].uid)
    player = window.player
    qtbot.waitUntil(lambda: player.playing, timeout=20_000)
    qtbot.wait(50)
    film, film_pane = window.session, window.room.active
    beside = next(pane for pane in window.room.shown if pane.session is head)
    places = [pane.geometry() for pane in (film_pane, beside)]

    QTest.mouseClick(beside, Qt.MouseButton.LeftButton, pos=beside.rect().center())
    qtbot.wait(50)
    assert window.session is head
    assert [pane.geometry() for pane in (film_pane, beside)] == places, "no picture moves"
    assert player.isVisible() and player.playing, "the film goes on, and can be reached"
    at = film.cursor_ijk[2]
    qtbot.waitUntil(lambda: film.cursor_ijk[2] != at)
    window.slice_commands.play_action.trigger()
    assert not player.playing
    player.slider.setValue(7)
    assert film.cursor_ijk[2] == 7
    qtbot.waitUntil(lambda: player.label.text() == "8 of 30")
    film.scroll(film_pane.plane, 1)
    qtbot.waitUntil(lambda: player.slider.value() == film.cursor_ijk[2] != 7)

    window.slice_commands.play_action.trigger()
    QTest.mouseClick(film_pane, Qt.MouseButton.LeftButton, pos=film_pane.rect().center())
    qtbot.wait(50)
    assert not player.playing, "a press on the film rests it"
    assert [pane.geometry() for pane in (film_pane, beside)] == places

    window.room.activate(beside)
    window.layout_commands.only_action.trigger()
    qtbot.waitUntil(player.isHidden)
    assert not window.slice_commands.play_action.isEnabled()
