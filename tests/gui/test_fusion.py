"""One series laid over another: pictures beside numpy and SimpleITK, and what a person does by mouse and keys."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMessageBox, QStyle, QStyleOptionComboBox

import resources
from tests.gui.reference_pictures import assert_alike, by_window, labelled, magnified, painted
from tests.gui.test_main_window import keyboard_of_an_open_list
from tests.gui.test_reading_room import beside, listed, two  # noqa: F401
from tests.gui.test_reference_pictures import (
    BACK_MM,
    HEAD_MM,
    LEFT_MM,
    PATIENT,
    PIXEL_MM,
    SERIES,
    look,  # noqa: F401
    size_of,
    slice_of_patient,
)
from viewer.core.colour_maps import load_colour_maps
from viewer.core.display import WindowLevel
from viewer.core.fusion import Fusion, laid_over
from viewer.core.geometry import Geometry, PlaneAxes
from viewer.core.labels import Label
from viewer.core.volume import Volume, to_image
from viewer.gui.exporting import picture_of
from viewer.gui.fusion_picture import _drawn
from viewer.gui.reading_room import dragged_series
from viewer.render.slices import SliceView

TURN = np.array(sitk.Euler3DTransform((0, 0, 0), 0.2, -0.3, 0.4).GetMatrix()).reshape(3, 3)
GRIDS = {
    "coarser": np.eye(3),
    "oblique": TURN,
    "oblique, left-handed": TURN @ np.diag([1.0, 1.0, -1.0]),
}
PET_WINDOW = WindowLevel(500.0, 1000.0, "LINEAR_EXACT")
HOT_IRON = load_colour_maps(resources.path("presets", "colour_maps.json"))["hot iron"]


def pet(direction: np.ndarray, suv_factor: float | None = 0.01) -> Volume:
    """7 x 6 x 5 smooth values on a grid that covers a part of the patient, whose voxels begin at (0, 0, 0)."""
    size, spacing = (7, 6, 5), (3.0, 3.5, 4.0)
    k, j, i = np.indices(size[::-1])
    values = 500 + 350 * np.sin(i + 0.7 * j) * np.cos(0.9 * k) + 20 * i
    middle = np.array([17.0, 13.0, 17.0])
    origin = middle - direction @ ((np.array(size) - 1) / 2 * spacing)
    return Volume(
        values.astype(np.float32), Geometry(size, spacing, origin, direction), "BQML", "PT", suv_factor=suv_factor
    )


def as_fused(volume: Volume, opacity: float = 0.5, **changed) -> Fusion:
    series = replace(SERIES, uid="pet", modality="PT", description="Whole body")
    return Fusion(series, volume, PET_WINDOW, "hot iron", opacity, **changed)


def points_on(pane) -> np.ndarray:
    """Where in the patient, LPS mm, the centre of each pixel of an axial, coronal or sagittal pane is, and which of
    them are on the slice. By hand: the patient's voxels begin at 0 and grow to the left, the back and the head."""
    (h, p, left), plane = (7, 9, 20), pane.plane
    wide, high = size_of(pane)
    x, y = (np.arange(wide) + 0.5)[None, :], (np.arange(high) + 0.5)[:, None]
    across = {"axial": 30 * LEFT_MM, "coronal": 30 * LEFT_MM, "sagittal": 24 * BACK_MM}[plane]
    along = {"axial": 24 * BACK_MM, "coronal": 16 * HEAD_MM, "sagittal": 16 * HEAD_MM}[plane]
    scale = min((wide - 12) / across, (high - 12) / along)
    u, v = (x - wide / 2) / scale + 0 * y, (y - high / 2) / scale + 0 * x  # mm from the middle of the slice
    to_left, to_back, to_head = 29 * LEFT_MM / 2, 23 * BACK_MM / 2, 15 * HEAD_MM / 2
    places = {
        "axial": (to_left + u, to_back + v, h * HEAD_MM + 0 * u),
        "coronal": (to_left + u, p * BACK_MM + 0 * u, to_head - v),
        "sagittal": (left * LEFT_MM + 0 * u, to_back + u, to_head - v),
    }[plane]
    return np.stack(places, axis=-1), (np.abs(u) < across / 2) & (np.abs(v) < along / 2)


def blended(picture: np.ndarray, pane, volume: Volume, opacity: float, shift=(0.0, 0.0, 0.0)) -> np.ndarray:
    """A picture with a volume over it: each pixel's value by SimpleITK, its colour by the formula of the window. A
    pixel whose centre is on the very edge of the volume may be either."""
    points, on_slice = points_on(pane)
    image, actual = to_image(volume.voxels.astype(np.float64), volume.geometry), painted(pane)
    seen, covered = picture.copy(), 0
    colours = np.stack([HOT_IRON >> 16 & 255, HOT_IRON >> 8 & 255, HOT_IRON & 255], axis=-1).astype(float)
    for row, column in np.argwhere(on_slice):
        index = image.TransformPhysicalPointToContinuousIndex((points[row, column] + shift).tolist())
        if min(min(abs(n + 0.5), abs(n - m + 0.5)) for n, m in zip(index, volume.geometry.size, strict=True)) < 2e-3:
            seen[row, column] = actual[row, column]
        elif all(-0.5 <= n < size - 0.5 for n, size in zip(index, volume.geometry.size, strict=True)):
            value = image.EvaluateAtContinuousIndex(index)
            shade = int(np.floor(np.clip(((value - 500) / 1000 + 0.5) * 255, 0, 255) + 0.5))
            seen[row, column] = seen[row, column] * (1 - opacity) + colours[shade] * opacity
            covered += 1
    assert 0.1 * on_slice.sum() < covered < 0.95 * on_slice.sum()
    return seen


# Pictures


@pytest.mark.parametrize("backwards", [False, True], ids=["as stored", "all axes backwards"])
@pytest.mark.parametrize("grid", list(GRIDS))
@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_fused_planes(look, tmp_path, plane, grid, backwards):  # noqa: F811
    if backwards and grid != "oblique":
        pytest.skip("one grid is enough")
    pane, volume = look(plane, backwards, 5.0), pet(GRIDS[grid])
    shift = np.zeros(3)
    if backwards:  # then the first voxel, at 0, is the patient's far corner
        shift = -np.array([29 * LEFT_MM, 23 * BACK_MM, 15 * HEAD_MM])
    pane.session.fuse(as_fused(volume, shift_lps=tuple(-shift)))
    QTest.qWait(2)
    below = magnified(by_window(slice_of_patient(plane), 40, 400), PIXEL_MM[plane], size_of(pane))
    assert_alike(painted(pane), blended(below, pane, volume, 0.5), tmp_path, most=9)


@pytest.mark.parametrize("opacity", [0.0, 0.25, 1.0])
def test_opacity_and_what_is_seen_without(look, tmp_path, opacity):  # noqa: F811
    pane, volume = look("axial", pixels_per_mm=5.0), pet(TURN)
    below = magnified(by_window(slice_of_patient("axial"), 40, 400), PIXEL_MM["axial"], size_of(pane))
    pane.session.fuse(as_fused(volume))
    painted(pane)
    pane.session.set_fusion_opacity(opacity)
    QTest.qWait(2)
    assert_alike(painted(pane), blended(below, pane, volume, opacity), tmp_path, most=9)
    pane.session.show_fusion(False)
    QTest.qWait(2)
    assert_alike(painted(pane), below, tmp_path)


def test_a_shift_by_hand_moves_what_is_laid_over(look, tmp_path):  # noqa: F811
    pane, volume = look("coronal", pixels_per_mm=5.0), pet(TURN)
    below = magnified(by_window(slice_of_patient("coronal"), 40, 400), PIXEL_MM["coronal"], size_of(pane))
    pane.session.fuse(as_fused(volume, shift_lps=(2.5, 1.0, -3.5)))
    QTest.qWait(2)
    assert_alike(painted(pane), blended(below, pane, volume, 0.5, (2.5, 1.0, -3.5)), tmp_path, most=9)


def test_labels_lie_over_the_fusion(look, tmp_path):  # noqa: F811
    pane, volume = look("axial", pixels_per_mm=5.0), pet(np.eye(3))
    session, colour = pane.session, (20, 200, 60)
    session.labels = (Label(1, "a", colour),)
    labels = np.zeros(PATIENT.shape, np.uint8)
    labels[3:10, 5:14, 8:22] = 1
    session.replace_voxels("draw", tuple(slice(0, n) for n in labels.shape), labels)
    session.hand.set_overlay(opacity=0.4)
    session.fuse(as_fused(volume))
    QTest.qWait(2)
    below = magnified(by_window(slice_of_patient("axial"), 40, 400), PIXEL_MM["axial"], size_of(pane))
    fused = blended(below, pane, volume, 0.5)
    seen = slice_of_patient("axial", labels)
    expected = labelled(fused, seen, {1: colour}, 0.4, PIXEL_MM["axial"], size_of(pane))
    assert_alike(painted(pane), expected, tmp_path, most=9)


def test_what_is_not_a_number_is_seen_through(look, tmp_path):  # noqa: F811
    pane, volume = look("axial", pixels_per_mm=5.0), pet(np.eye(3))
    pane.session.fuse(as_fused(replace(volume, voxels=np.full_like(volume.voxels, np.nan))))
    QTest.qWait(2)
    below = magnified(by_window(slice_of_patient("axial"), 40, 400), PIXEL_MM["axial"], size_of(pane))
    assert_alike(painted(pane), below, tmp_path)


# Words


def fine(voxels: np.ndarray, shift=(0.0, 0.0, 0.0), many=4, **changed) -> tuple[np.ndarray, tuple[float, ...]]:
    """A volume of 64 x 48 voxels of 0.5 mm over a base of 16 x 12 of 2 mm, so many of them a pixel each way: the
    pixels 0xAARRGGBB that are drawn, and where."""
    direction = TURN @ np.diag([1.0, 1.0, -1.0])
    base = Geometry((16, 12, 3), (2.0, 2.0, 2.0), np.array([5.0, -3.0, 9.0]), direction)
    corner = base.origin + direction @ (np.array([-0.75, -0.75, 0.0]))
    over = Volume(voxels, Geometry((64, 48, 3), (0.5, 0.5, 2.0), corner, direction), "HU", "CT", **changed)
    axes = PlaneAxes("axial", 2, 0, 1, False, False)
    view = SliceView(axes, base.size, base.spacing, 60, 50, zoom=4 / 3 / many)
    wide, high = 64 / many, 48 / many
    assert view.image_rect == pytest.approx((30 - wide / 2, 25 - high / 2, wide, high))
    moved = tuple((direction @ np.array(shift)).tolist())
    fusion = Fusion(SERIES, over, PET_WINDOW, "hot iron", 1.0, moved)
    drawn = _drawn(fusion, base, view, 1, 1.0, None, True)
    return drawn.pixels, drawn.place.getRect()


def test_voxels_finer_than_the_screen_are_averaged_as_those_of_the_slice_are():
    voxels = np.random.default_rng(2).integers(-500, 1500, (3, 48, 64)).astype(np.int16)
    pixels, place = fine(voxels)
    assert place == pytest.approx((22.0, 19.0, 16.0, 12.0))
    grey = np.floor(np.clip(((voxels[1] - 500) / 1000 + 0.5) * 255, 0, 255) + 0.5)
    means = grey.reshape(12, 4, 16, 4).mean(axis=(1, 3))
    shades = np.argmin(np.abs((pixels & 0xFFFFFF)[..., None].astype(int) - (HOT_IRON & 0xFFFFFF).astype(int)), axis=-1)
    assert np.ptp(means) > 40
    assert np.abs(shades - means).max() <= 2.0


@pytest.mark.parametrize("kind", ["padding", "NaN"])
def test_averages_hold_measured_values_alone(kind):
    voxels = np.full((3, 48, 64), 800, np.int16 if kind == "padding" else np.float32)
    voxels[:, 10:30, 9:40] = 3000 if kind == "padding" else np.nan
    pixels, _ = fine(voxels, padding=(3000, 3000) if kind == "padding" else None)
    shade = int(HOT_IRON[int(0.8 * 255 + 0.5)])
    assert set(np.unique(pixels).tolist()) == {0, shade}
    gone = (voxels[1] == 3000) | np.isnan(voxels[1].astype(float))
    share = 1 - gone.reshape(12, 4, 16, 4).mean(axis=(1, 3))
    assert np.all(pixels[share == 1] == shade) and np.all(pixels[share == 0] == 0)


def test_at_its_edge_nothing_from_beyond_is_mixed_in():
    pixels, place = fine(np.full((3, 48, 64), 800, np.int16), (1.8, 1.8, 0.0), many=8)
    assert place == pytest.approx((26.0, 22.0, 8.0, 6.0))  # which it covers to 0.55 of the last pixel
    assert np.all(pixels == HOT_IRON[int(0.8 * 255 + 0.5)])


def words(pane) -> str:
    painted(pane)
    return "\n".join(piece.text for piece in pane.written)


@pytest.fixture
def wordy(look):  # noqa: F811
    pane = look("axial", pixels_per_mm=14.0)
    pane.session.hand.cycle_overlay_text()
    pane.session.fuse(as_fused(pet(TURN)))
    QTest.qWait(2)
    return pane


def test_a_pane_says_what_is_laid_over_it_and_by_whose_word(wordy):
    assert "Fusion: PET 50 % · Whole body" in words(wordy)
    assert "Registered by hand" not in words(wordy)
    wordy.session.set_fusion_opacity(0.3)
    QTest.qWait(2)
    assert "Fusion: PET 30 %" in words(wordy)
    wordy.session.fuse(replace(wordy.session.fusion, by_hand=True))
    wordy.session.hand.cycle_overlay_text()
    wordy.session.hand.cycle_overlay_text()
    QTest.qWait(2)
    assert "Registered by hand" in words(wordy)
    wordy.session.unfuse()
    QTest.qWait(2)
    assert "Fusion" not in words(wordy) and "by hand" not in words(wordy)


def test_values_of_both_are_told_under_the_mouse(wordy):
    volume = wordy.session.fusion.volume
    image = to_image(volume.voxels, volume.geometry)
    for at in ((17, 12), (20, 8), (14, 13)):
        wordy._hovered(QPointF(*wordy.view.to_pane((*at, 7))))
        index = image.TransformPhysicalPointToIndex((at[0] * LEFT_MM, at[1] * BACK_MM, 7 * HEAD_MM))
        told = words(wordy)
        assert f"Value {PATIENT[7, at[1], at[0]]} HU" in told
        assert f"PET {0.01 * image[index]:.3g} SUV" in told
    wordy._hovered(QPointF(*wordy.view.to_pane((0.0, 0.0, 7.0))))
    assert "SUV" not in words(wordy).replace("10 SUV", "").replace("0 SUV", "")


def test_a_bar_has_the_ends_of_the_upper_window(wordy):
    assert "10 SUV 0 SUV" in words(wordy)
    bars = [piece for piece in wordy.written if piece.key[0] == "bar"]
    assert len(bars) == 1 and bars[0].rect.center().x() < wordy.width() / 4
    wordy.session.set_colour_map("viridis")
    QTest.qWait(2)
    words(wordy)
    both = [piece.rect for piece in wordy.written if piece.key[0] == "bar"]
    assert len(both) == 2 and abs(both[0].center().x() - both[1].center().x()) > wordy.width() / 2


def test_an_exported_picture_is_fused_and_names_nobody(wordy, monkeypatch):
    told = []

    def heard(pane, area, words):
        told.extend(badge.text for badge in words.badges)

    monkeypatch.setattr(type(wordy), "_place", heard)
    picture_of(wordy, identified=False)
    assert [text for text in told if "Fusion" in text] == ["Fusion: PET 50 %"]
    told.clear()
    picture_of(wordy, identified=True)
    assert [text for text in told if "Fusion" in text] == ["Fusion: PET 50 % · Whole body"]


# The window


@pytest.fixture
def fused(two, qtbot):  # noqa: F811
    """The window with the small head open and another scan of its grid laid over, by the menu of the list."""
    menu = two.browser._menu_of(listed(two)["later.nii.gz"])
    next(action for action in menu.actions() if action.text() == "Lay over the shown series").trigger()
    qtbot.waitUntil(lambda: two.session.fusion is not None, timeout=20_000)
    qtbot.wait(30)
    return two


def test_the_list_lays_a_series_over_the_shown_one(fused):
    fusion = fused.session.fusion
    later = fused.workflows.library.series(listed(fused)["later.nii.gz"])
    assert fusion.series == later and not fusion.by_hand  # on one grid
    assert fused.fusing.bar.isVisible()
    assert "later" in fused.fusing.bar._name.text()
    assert fused.session.series.files[0].name == "head.nii.gz"


def test_the_list_goes_on_to_mark_what_is_worked_on(two, qtbot):  # noqa: F811
    rows, browser = listed(two), two.browser
    browser.select(rows["later.nii.gz"])  # as a right click does
    menu = browser._menu_of(rows["later.nii.gz"])
    next(action for action in menu.actions() if action.text() == "Lay over the shown series").trigger()
    qtbot.waitUntil(lambda: two.session.fusion is not None, timeout=20_000)
    assert browser.tree.currentItem() is browser._rows[rows["head.nii.gz"]]


def test_a_list_of_the_bar_that_was_opened_by_the_mouse_has_the_keys(fused, qtbot):
    keyboard_of_an_open_list(fused, fused.fusing.bar.colours, qtbot)


def test_keys_change_the_opacity_and_compare(fused, qtbot):
    pane = fused.panes["axial"]
    pane.setFocus()
    QTest.keyClick(pane, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert fused.session.fusion.opacity == pytest.approx(0.6)
    QTest.keyClick(pane, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    QTest.keyClick(pane, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert fused.session.fusion.opacity == pytest.approx(0.4)
    qtbot.wait(20)
    assert fused.fusing.bar.opacity.value() == 40
    with_it = painted(pane)
    QTest.keyClick(pane, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    qtbot.wait(20)
    assert not fused.session.fusion.visible
    assert np.abs(painted(pane) - with_it).max() > 20
    QTest.keyClick(pane, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert fused.session.fusion.visible
    QTest.keyClick(pane, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.AltModifier)
    qtbot.wait(20)
    assert fused.session.fusion is None
    assert not fused.fusing.bar.isVisible()
    assert not fused.fusing.visible_action.isEnabled()


def test_the_bar_by_mouse(fused, qtbot):
    bar, session = fused.fusing.bar, fused.session
    at = QPoint(round(bar.opacity.width() * 0.9), bar.opacity.height() // 2)
    QTest.mouseClick(bar.opacity, Qt.MouseButton.LeftButton, pos=at)
    assert session.fusion.opacity > 0.5
    bar.colours.setFocus()
    QTest.keyClick(bar.colours, Qt.Key.Key_Home)
    assert session.fusion.colour_map == "grey"
    before = session.fusion.window
    session.set_fusion_window(WindowLevel(3, 4))
    qtbot.wait(20)
    assert bar.window_choice.currentText() == "1 to 4"  # LINEAR: from 3 - 0.5 - 1.5
    bar.window_choice.setFocus()
    QTest.keyClick(bar.window_choice, Qt.Key.Key_Down)
    assert session.fusion.window == before


def test_ctrl_drag_changes_the_upper_window_alone(fused):
    pane, session = fused.panes["axial"], fused.session
    below, above = session.window, session.fusion.window
    ctrl, left = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
    at = pane.rect().center() + QPoint(25, 25)
    QTest.mousePress(pane, left, ctrl, at)
    QTest.mouseMove(pane, at + QPoint(40, 0))
    QTest.mouseMove(pane, at + QPoint(60, 0))
    QTest.mouseRelease(pane, left, ctrl, at + QPoint(60, 0))
    assert session.window == below
    assert session.fusion.window.width > 1.1 * above.width
    assert session.fusion.window.centre == pytest.approx(above.centre)


def test_ctrl_drop_lays_over_and_a_drop_without_does_not(two, qtbot):  # noqa: F811
    pane, uid = two.panes["coronal"], listed(two)["later.nii.gz"]
    at = QPointF(two.room.mapFromGlobal(pane.mapToGlobal(pane.rect().center())))
    usual = Qt.DropAction.CopyAction, dragged_series(uid), Qt.MouseButton.LeftButton
    ctrl = Qt.KeyboardModifier.ControlModifier
    two.room.dragEnterEvent(QDragEnterEvent(at.toPoint(), *usual, ctrl))
    two.room.dropEvent(QDropEvent(at, *usual, ctrl))
    qtbot.waitUntil(lambda: two.session.fusion is not None, timeout=20_000)
    assert not two.room.comparing


def test_the_command_offers_series_in_a_menu(two, qtbot):  # noqa: F811
    QTest.keyClick(two.panes["axial"], Qt.Key.Key_O, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu), timeout=20_000)
    menu = QApplication.activePopupWidget()
    texts = [action.text() for action in menu.actions()]
    assert len(texts) == 2 and any("later" in text for text in texts)  # not itself
    later = next(action for action in menu.actions() if "later" in action.text())
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(later).center())
    qtbot.waitUntil(lambda: two.session.fusion is not None, timeout=20_000)


def question(window) -> QMessageBox | None:
    return next((box for box in window.findChildren(QMessageBox) if box.isVisible()), None)


@pytest.mark.parametrize("answer", [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes])
def test_files_that_tell_no_space_are_laid_over_only_by_a_persons_word(two, qtbot, answer):  # noqa: F811
    two.fusing.lay_over(listed(two)["shifted.nii.gz"])
    qtbot.waitUntil(lambda: question(two) is not None, timeout=20_000)
    box = question(two)
    assert box.text() == "Treat as registered?" and two.session.fusion is None
    assert box.defaultButton() is box.button(QMessageBox.StandardButton.No)
    QTest.mouseClick(box.button(answer), Qt.MouseButton.LeftButton)
    if answer == QMessageBox.StandardButton.No:
        qtbot.wait(200)
        assert two.session.fusion is None
        return
    qtbot.waitUntil(lambda: two.session.fusion is not None, timeout=20_000)
    assert two.session.fusion.by_hand
    assert "Registered by hand" in words(two.panes["axial"])


def test_series_linked_by_hand_are_laid_over_where_the_hand_said(two, qtbot):  # noqa: F811
    first, second = beside(two, "shifted.nii.gz", qtbot)
    first.move_cursor((10, 12, 8))
    second.move_cursor((14, 10, 9))
    two.room.link_here()
    two.room.activate(two.room._panes[first]["axial"])
    two.fusing.lay_over(listed(two)["shifted.nii.gz"])
    qtbot.waitUntil(lambda: first.fusion is not None, timeout=20_000)
    assert question(two) is None
    assert first.fusion.by_hand
    assert first.fusion.volume is second.volume  # read once
    index = first.fusion.index_under(first.volume.geometry, (10.0, 12.0, 8.0))
    np.testing.assert_allclose(index, (14, 10, 9), atol=1e-6)


@pytest.mark.parametrize(
    ("base", "over", "sentence"),
    [
        ({"patient_id": "A"}, {"patient_id": "B"}, "another patient"),
        ({"frame_of_reference": "1"}, {"frame_of_reference": "2"}, "another frame of reference"),
        ({}, {"colour": True}, "colour"),
    ],
)
def test_what_cannot_be_laid_over_is_refused_in_a_sentence(two, qtbot, monkeypatch, base, over, sentence):  # noqa: F811
    uid = listed(two)["later.nii.gz"]
    found = replace(two.workflows.library.series(uid), **over)
    two.session.series = replace(two.session.series, **base)
    monkeypatch.setattr(two.workflows.library, "series", lambda _: found)
    monkeypatch.setattr(two.workflows.reader, "read", lambda *a, **k: pytest.fail("it was read"))
    two.fusing.lay_over(uid)
    qtbot.waitUntil(two._failure.isVisible, timeout=20_000)
    assert sentence in two._failure.text.text()
    assert two.session.fusion is None and question(two) is None


def test_a_volume_that_is_on_the_screen_is_not_read_again(two, qtbot, monkeypatch):  # noqa: F811
    first, second = beside(two, "later.nii.gz", qtbot)
    two.room.activate(two.room._panes[first]["axial"])
    monkeypatch.setattr(two.workflows.reader, "read", lambda *a, **k: pytest.fail("it was read"))
    two.fusing.lay_over(listed(two)["later.nii.gz"])
    qtbot.waitUntil(lambda: first.fusion is not None, timeout=20_000)
    assert first.fusion.volume is second.volume and second.fusion is None
    assert two.fusing.bar.isVisible()
    two.room.activate(two.room._panes[second]["axial"])
    assert not two.fusing.bar.isVisible()


def test_reading_can_be_cancelled_and_a_series_opened_meanwhile_stays_as_it_is(two, qtbot, monkeypatch):  # noqa: F811
    read, held = two.workflows.reader.read, []

    def slowly(series, progress, *args, **kwargs):
        held.append(series.uid)
        while True:
            progress(0.5, "half")  # raises once the job is cancelled
            QTest.qSleep(5)

    monkeypatch.setattr(two.workflows.reader, "read", slowly)
    two.fusing.lay_over(listed(two)["later.nii.gz"])
    qtbot.waitUntil(lambda: bool(held), timeout=20_000)
    qtbot.waitUntil(two.status_bar.cancel_job.isVisible, timeout=20_000)
    QTest.mouseClick(two.status_bar.cancel_job, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: two.workflows.jobs.idle, timeout=20_000)
    assert two.session.fusion is None and not two._failure.isVisible()
    monkeypatch.setattr(two.workflows.reader, "read", read)


def test_the_bar_takes_two_rows_where_it_has_no_room_for_one(two, qtbot):  # noqa: F811
    two.session.fuse(
        laid_over(replace(SERIES, uid="pet", modality="PT", description="Whole body " * 9), pet(np.eye(3)))
    )
    bar, factor = two.fusing.bar, two.session.fusion.unit[0]
    for width, rows, whole in ((1400, 1, True), (860, 2, True), (800, 2, False), (1400, 1, True)):
        two.resize(width, 500)
        qtbot.wait(100)
        assert two.width() == width
        dragged = WindowLevel(5.5 / factor, 8.54 / factor, "LINEAR_EXACT")
        two.session.set_fusion_window(dragged)
        qtbot.wait(20)
        written = bar.window_choice.written
        assert written == "1.23 to 9.77 SUV" if whole else written.endswith("…")
        assert bar.window_choice.toolTip().startswith("1.23 to 9.77 SUV\n")
        middles = {bar.opacity.geometry().center().y() // 8, bar._name.geometry().center().y() // 8}
        assert len(middles) == rows
        for box in (bar.colours, bar.window_choice):
            style = box.style().subControlRect(
                QStyle.ComplexControl.CC_ComboBox, _options(box), QStyle.SubControl.SC_ComboBoxEditField, box
            )
            assert box.fontMetrics().horizontalAdvance(box.written) <= style.width()
            assert bar.rect().contains(box.geometry()), (width, bar.rect(), box.geometry(), two.room.width())
        parts = [bar._name, bar.opacity, bar._percent, bar.colours, bar.window_choice]
        assert all(part.height() >= part.minimumSizeHint().height() for part in parts)
        assert not any(a.geometry().intersects(b.geometry()) for n, a in enumerate(parts) for b in parts[:n])
        assert bar.width() <= two.room.width()


def _options(box) -> QStyleOptionComboBox:
    options = QStyleOptionComboBox()
    box.initStyleOption(options)
    return options


def test_the_usual_look_of_pet_reaches_the_bar(two, qtbot):  # noqa: F811
    two.session.fuse(laid_over(replace(SERIES, uid="pet", modality="PT"), pet(np.eye(3))))
    qtbot.wait(30)
    bar = two.fusing.bar
    assert (bar.colours.currentText(), bar.window_choice.currentText()) == ("Hot iron", "SUV 0 to 10")


def test_a_curved_view_shows_and_tells_nothing_of_what_lies_over_the_planes(fused, qtbot):
    session = fused.session
    session.add_measurement("path", ((5.0, 5.0, 8.0), (20.0, 12.0, 8.0), (30.0, 20.0, 8.0)), 2)
    qtbot.waitUntil(lambda: fused.room.curved_pane.isVisible() and bool(fused.room.curved_pane.written))
    assert any("Fusion" in badge.text for badge in fused.panes["axial"].badges)
    curved = fused.room.curved_pane
    assert not any("Fusion" in badge.text for badge in curved.badges)
    assert curved._words._fusion is None
