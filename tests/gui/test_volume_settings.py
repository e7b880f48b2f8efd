"""What a person does around the 3-D view with mouse and keys: looks, cuts, opacities, spin, pictures and surfaces."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QImage, QWheelEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

from viewer.core.labels import Label
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume_look import TransferPoint, ValueHistogram, VolumeLook
from viewer.gui import style, volume_pane
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.surface_export import files_for
from viewer.gui.transfer_editor import TransferEditor
from viewer.gui.volume_pane import VolumePane
from viewer.io.meshes import read_mesh_corners
from viewer.jobs import JobQueue
from viewer.render.frame import NO_CUT, Frame

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
CTRL = Qt.KeyboardModifier.ControlModifier
SERIES = Series("1.2", "1", "CANARY-7", "Canary^Patient", "CT", "Phantom", (), GeometryVerdict("regular", "fine"))
HISTOGRAM = ValueHistogram(np.full(512, 100), -1024.0, 3071.0, -400.0)


class FakeRenderer:
    """Notes what the pane asks for; the test plays the drawing thread."""

    def __init__(self, deliver, say, fail) -> None:
        self.deliver = deliver
        self.calls: list[tuple] = []
        made.append(self)

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.calls.append((name, *args, *kwargs.values()))

    def set_volume(self, volume, look) -> int:
        self.calls.append(("set_volume", volume, look))
        return 1

    def called(self, name):
        return [call[1:] for call in self.calls if call[0] == name]


made: list[FakeRenderer] = []


@pytest.fixture
def session(oblique_phantom) -> Session:
    session = Session()
    session.open(SERIES, oblique_phantom)
    return session


@pytest.fixture
def pane(session, qtbot, monkeypatch) -> VolumePane:
    made.clear()
    monkeypatch.setattr(volume_pane, "SceneRenderer", FakeRenderer)
    pane = VolumePane(session, JobQueue(0))
    qtbot.addWidget(pane)
    pane.gatherer = ChangeGatherer(session, [pane.apply], pane)
    pane.resize(420, 330)
    pane.show()
    show_frame(pane, qtbot)
    return pane


@pytest.fixture
def settings(pane, qtbot):
    pane.open_settings.trigger()
    qtbot.waitExposed(pane.settings)
    return pane.settings


def show_frame(pane, qtbot, full=True) -> None:
    pixels = np.full((330, 420, 3), (10, 60, 30), np.uint8)
    shown = []
    pane.frameShown.connect(shown.append)
    made[-1].deliver(Frame(pixels, full, "", np.eye(3)[0], np.eye(3)[2], 0.01, 1, HISTOGRAM))
    qtbot.waitUntil(lambda: bool(shown))


def sent_look(pane):
    return made[-1].called("set_look")[-1][0]


def drag(qtbot, widget, start: QPointF, end: QPointF, keys=Qt.KeyboardModifier.NoModifier) -> None:
    qtbot.mousePress(widget, LEFT, keys, start.toPoint())
    for share in (0.5, 1.0):
        qtbot.mouseMove(widget, (start + (end - start) * share).toPoint())
    qtbot.mouseRelease(widget, LEFT, keys, end.toPoint())


def entries(menu: QMenu) -> dict:
    found = {}
    for action in menu.actions():
        found[action.text()] = action
        if action.menu() is not None:
            found |= entries(action.menu())
    return found


# Looks


def test_the_menu_shows_the_presets_of_the_modality_and_chooses_one(pane, session):
    menu = QMenu()
    pane.fill_menu(menu)
    offered = entries(menu)
    assert {"Bone", "Vessels", "Soft tissue", "Lung", "MIP"} <= set(offered) and "Tissue" not in offered
    assert offered["Bone and vessels"].isChecked()

    offered["Lung"].trigger()

    assert sent_look(pane).name == "Lung" and made[-1].called("set_look")[-1][1] is False
    assert made[-1].called("set_volume") == [(session.volume, pane.looks[0])]


def test_a_point_is_dragged_over_the_histogram_and_reset_undoes_it(pane, settings, qtbot):
    editor = settings.editor
    preset, number = pane.look, 4
    start = editor.place_of(preset.points[number])
    drag(qtbot, editor, start, start + QPointF(6, 20))

    moved = sent_look(pane)
    assert moved.points[number].value > preset.points[number].value
    assert moved.points[number].opacity < preset.points[number].opacity
    assert moved.points[:number] == preset.points[:number] and moved.points[number + 1 :] == preset.points[number + 1 :]
    assert settings.reset.isEnabled()

    qtbot.mouseClick(settings.reset, LEFT)
    assert sent_look(pane) == preset and not settings.reset.isEnabled()


def test_points_do_not_pass_each_other_nor_leave_the_plot(pane, settings, qtbot):
    editor = settings.editor
    start = editor.place_of(pane.look.points[3])
    drag(qtbot, editor, start, start + QPointF(300, -400))
    values = [point.value for point in sent_look(pane).points]
    assert values == sorted(set(values))
    assert sent_look(pane).points[3].opacity == 1.0


def test_dragging_beside_the_points_shifts_them_all(pane, settings, qtbot):
    editor, before = settings.editor, pane.look
    place = QPointF(editor.width() * 0.75, editor.height() * 0.7)
    drag(qtbot, editor, place, place + QPointF(-20, 0))
    shifts = [new.value - old.value for new, old in zip(sent_look(pane).points, before.points, strict=True)]
    assert max(shifts) < -50 and np.ptp(shifts) < 1e-6
    assert [p.opacity for p in sent_look(pane).points] == [p.opacity for p in before.points]


def test_double_click_adds_a_point_and_delete_removes_it(pane, settings, qtbot):
    editor, before = settings.editor, pane.look
    place = QPointF(editor.width() * 0.75, editor.height() * 0.6)
    qtbot.mouseDClick(editor, LEFT, pos=place.toPoint())
    added = set(sent_look(pane).points) - set(before.points)
    assert len(added) == 1
    point = added.pop()
    assert (editor.place_of(point) - place).manhattanLength() < 3

    editor.setFocus()
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    assert sent_look(pane).points == before.points


def test_arrow_keys_move_the_selected_point(pane, settings, qtbot):
    editor = settings.editor
    before = pane.look.points[4]
    qtbot.mouseClick(editor, LEFT, pos=editor.place_of(before).toPoint())
    qtbot.keyClick(editor, Qt.Key.Key_Right)
    qtbot.keyClick(editor, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    after = sent_look(pane).points[4]
    assert before.value < after.value < before.value + 20
    assert before.opacity < after.opacity < before.opacity + 0.15


def test_the_colour_of_a_point_is_shown_while_it_is_chosen_and_cancel_brings_the_old_one_back(pane, settings, qtbot):
    editor = settings.editor
    before = pane.look.points[4]
    qtbot.mouseDClick(editor, LEFT, pos=editor.place_of(before).toPoint())
    dialog = editor._dialog
    dialog.setCurrentColor(Qt.GlobalColor.green)
    assert sent_look(pane).points[4] == replace(before, colour=(0, 255, 0))

    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert sent_look(pane).points[4] == before


def test_the_last_two_points_stay(pane, settings, qtbot):
    editor = settings.editor
    two = replace(pane.look, points=(TransferPoint(0, 0.1, (1, 2, 3)), TransferPoint(1000, 0.9, (4, 5, 6))))
    pane.choose_look(two)
    qtbot.mouseClick(editor, LEFT, pos=editor.place_of(two.points[1]).toPoint())
    qtbot.keyClick(editor, Qt.Key.Key_Delete)
    assert pane.look == two


def test_another_series_begins_with_its_own_preset_and_whole(pane, session, settings, qtbot):
    pane.choose_look(pane.looks[2])
    settings.box.setChecked(True)
    session.open(replace(SERIES, uid="1.3"), replace(session.volume, unit="", modality="MR"))
    qtbot.waitUntil(lambda: len(made[-1].called("set_volume")) == 2)
    assert made[-1].called("set_volume")[-1][1].name == "Tissue"
    assert pane.cut == NO_CUT and pane.glass


def test_the_pane_names_its_look_and_says_that_it_was_changed(pane, qtbot):
    def words():
        pane.grab()
        return [piece.text for piece in pane.written]

    assert "Bone and vessels" in words()
    pane.choose_look(replace(pane.look, points=pane.look.points[1:]))
    assert "Bone and vessels, changed" in words()


def test_the_histogram_of_a_few_whole_values_is_no_comb(qtbot):
    editor = TransferEditor()
    qtbot.addWidget(editor)
    editor.resize(400, 220)
    counts = np.zeros(512, np.int64)
    counts[np.linspace(0, 511, 79).astype(int)] = 5000  # an MR with values from 0 to 78
    points = (TransferPoint(0.0, 0.0, (200, 120, 90)), TransferPoint(78.0, 0.0, (255, 255, 255)))
    editor.show_look(VolumeLook("x", points), ValueHistogram(counts, 0.0, 78.0, 20.0), "")

    picture = editor.grab().toImage()
    row = round(editor.place_of(points[0]).y()) - 60
    seen = [picture.pixelColor(x, row) == style.theme().border for x in range(30, 370)]

    assert np.mean(seen) > 0.95

    counts[100:300] = 0  # no such values at all
    editor.show_look(VolumeLook("x", points), ValueHistogram(counts, 0.0, 78.0, 20.0), "")
    assert editor.grab().toImage().pixelColor(30 + 340 * 200 // 512, row) != style.theme().border


@pytest.mark.parametrize(("left", "top"), [(0, 0), (0, 250), (370, 0), (370, 250)])
def test_the_settings_open_beside_the_picture(pane, qtbot, left, top):
    screen = pane.screen().availableGeometry()
    pane.move(screen.left() + left, screen.top() + top)
    pane.open_settings.trigger()
    qtbot.waitExposed(pane.settings)
    whole, over = pane.settings.geometry(), pane.settings.geometry() & pane.geometry()
    assert screen.contains(whole)
    assert over.width() * over.height() < 0.3 * pane.width() * pane.height()


def test_escape_closes_the_settings(settings, qtbot):
    settings.presets.setFocus()
    qtbot.keyClick(settings.presets, Qt.Key.Key_Escape)
    assert not settings.isVisible()


# Cuts


def test_a_face_of_the_box_is_moved_by_keys_and_stays_before_the_opposite_one(pane, settings, qtbot):
    settings.tabs.setCurrentIndex(1)
    settings.box.setChecked(True)
    low, high = pane.extent_lps
    np.testing.assert_allclose(pane.cut.box_lps, (low, high))
    right, left = settings.faces[0]
    right.setFocus()
    qtbot.keyClick(right, Qt.Key.Key_PageUp)
    sent = made[-1].called("set_cut")[-1][0]
    assert sent.box_lps[0][0] > low[0] and sent.box_lps[0][1:] == pytest.approx(tuple(low[1:]))

    qtbot.keyClick(right, Qt.Key.Key_End)
    qtbot.keyClick(left, Qt.Key.Key_Home)
    first, last = pane.cut.box_lps
    assert first[0] < last[0]
    qtbot.mouseClick(settings.whole, LEFT)
    assert pane.cut == NO_CUT and not settings.box.isChecked()


def test_a_box_around_all_cuts_nothing_away_and_the_pane_says_so(pane, settings):
    def words():
        pane.grab()
        return " ".join(piece.text for piece in pane.written)

    settings.box.setChecked(True)
    assert "parts cut away" not in words()
    settings.faces[2][1].setValue(300)
    assert "parts cut away" in words()


def test_the_plane_is_turned_tilted_and_moved(pane, settings, qtbot):
    settings.tabs.setCurrentIndex(1)
    settings.plane.setChecked(True)
    assert pane.cut.plane.normal_lps == (0.0, -1.0, 0.0)  # the front is taken away
    settings.turn.setValue(90)
    np.testing.assert_allclose(pane.cut.plane.normal_lps, (1, 0, 0), atol=1e-9)
    settings.tilt.setValue(90)
    np.testing.assert_allclose(pane.cut.plane.normal_lps, (0, 0, 1), atol=1e-9)
    settings.cut_depth.setValue(100)
    assert pane.cut_depth_mm > 1
    qtbot.mouseClick(settings.other_side, LEFT)
    np.testing.assert_allclose(pane.cut.plane.normal_lps, (0, 0, -1), atol=1e-9)
    qtbot.mouseClick(settings.facing, LEFT)
    np.testing.assert_allclose(pane.cut.plane.normal_lps, (0, -1, 0), atol=1e-9)


def test_the_plane_goes_through_the_cross_hair(pane, session, settings, qtbot):
    settings.tabs.setCurrentIndex(1)
    settings.plane.setChecked(True)
    session.move_cursor((12, 2, 5))
    qtbot.mouseClick(settings.at_cursor, LEFT)
    plane = pane.cut.plane
    away = session.volume.geometry.index_to_lps((12, 2, 5)) - plane.point_lps
    assert abs(away @ plane.normal_lps) < 1e-6


def test_ctrl_drag_turns_the_plane_with_the_mouse_and_ctrl_wheel_moves_it(pane, settings, qtbot):
    settings.plane.setChecked(True)
    drag(qtbot, pane, QPointF(100, 100), QPointF(140, 100), CTRL)
    normal = pane.cut.plane.normal_lps
    assert normal[0] > 0.1 and normal[1] < 0 and abs(normal[2]) < 1e-6  # its front has gone to the patient's left
    drag(qtbot, pane, QPointF(100, 100), QPointF(100, 140), CTRL)
    assert pane.cut.plane.normal_lps[2] < -0.1
    assert made[-1].called("rotate") == []

    depth, at = pane.cut_depth_mm, QPointF(50, 50)
    turn = QWheelEvent(
        at, at, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, CTRL, Qt.ScrollPhase.NoScrollPhase, False
    )
    pane.wheelEvent(turn)
    assert pane.cut_depth_mm < depth and made[-1].called("zoom") == []


def test_the_slice_on_the_cut_has_the_window_of_the_slices(pane, session, settings, qtbot):
    settings.plane.setChecked(True)
    settings.tabs.setCurrentIndex(1)
    settings.image.setChecked(False)
    settings.image.click()
    session.set_window(volume_pane.WindowLevel(40, 400))
    qtbot.waitUntil(lambda: pane.cut.image == (-160.0, 240.0))
    assert made[-1].called("set_cut")[-1][0].image == (-160.0, 240.0)


# Labels, spin


def test_the_opacity_of_a_label_is_set_and_kept_with_it(pane, session, settings, qtbot):
    settings.tabs.setCurrentIndex(2)
    settings.labels.topLevelItem(1).setSelected(True)
    settings.opacity.setFocus()
    qtbot.keyClick(settings.opacity, Qt.Key.Key_PageDown)
    assert [label.surface_opacity for label in session.labels] == [1.0, 0.9, 1.0]
    qtbot.waitUntil(lambda: settings.labels.topLevelItem(1).text(1) == "90 %")
    assert [item.text(0) for item in settings.labels.selectedItems()] == ["Region 2"]


def test_a_label_has_its_colour_beside_its_opacity_also_where_it_is_selected(session, settings):
    icon = settings.labels.topLevelItem(1).icon(0)
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        colour = icon.pixmap(QSize(32, 32), mode).toImage().pixelColor(16, 16)
        assert colour.getRgb()[:3] == session.labels[1].colour, mode


def test_the_scan_spins_until_the_mouse_is_pressed(pane, qtbot):
    pane.spin.trigger()
    qtbot.waitUntil(lambda: len(made[-1].called("rotate")) >= 3)
    assert all(right > 0 and down == 0 for right, down in made[-1].called("rotate"))

    qtbot.mouseClick(pane, LEFT, pos=QPoint(60, 60))
    turned = len(made[-1].called("rotate"))
    qtbot.wait(120)
    assert len(made[-1].called("rotate")) == turned and not pane.spin.isChecked()


def test_a_hidden_pane_spins_no_more(pane, qtbot):
    pane.spin.trigger()
    pane.hide()
    assert not pane.spin.isChecked() and not pane._spinning.isActive()


# Pictures


def changed(picture: QImage, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether something is written in a part of the picture, in shares of its size."""
    w, h = picture.width(), picture.height()
    pixels = [
        picture.pixelColor(x, y).getRgb()[:3]
        for x in range(int(left * w), int(right * w))
        for y in range(int(top * h), int(bottom * h))
    ]
    return any(pixel != (10, 60, 30) for pixel in pixels)


def test_a_copied_picture_has_the_warning_and_no_name(pane, qtbot):
    QGuiApplication.clipboard().clear()
    pane.copy_picture()
    copied = QGuiApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (420, 330)
    assert changed(copied, 0.0, 0.9, 0.5, 1.0)
    assert not changed(copied, 0.0, 0.0, 1.0, 0.5)
    assert changed(pane.picture(with_patient=True), 0.0, 0.0, 0.5, 0.3)


def test_a_picture_waits_for_full_quality(pane, qtbot, tmp_path):
    show_frame(pane, qtbot, full=False)
    pane.when_full(lambda: pane.save_picture(tmp_path / "x.png"))
    assert not (tmp_path / "x.png").exists()
    show_frame(pane, qtbot, full=True)
    assert QImage(str(tmp_path / "x.png")).size() == pane.picture().size()


def test_a_saved_picture_replaces_nothing_unasked(pane, tmp_path, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "x"), ""))
    pane.ask_picture_file()
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]

    (tmp_path / "x.png").write_bytes(b"mine")
    pane.ask_picture_file()  # the dialog asked about "x", not about "x.png"
    assert (tmp_path / "x.png").read_bytes() == b"mine"
    assert "exists already" in pane._notice


# Surfaces


@pytest.fixture
def with_labels(pane, session, qtbot):
    block = np.full((2, 3, 4), 2, np.uint8)
    session.replace_voxels("x", (slice(2, 4), slice(4, 7), slice(6, 10)), block)
    return pane


def export(pane, qtbot, monkeypatch, folder, answer=None, suffix=".stl"):
    asked = []

    def question(*args):
        asked.append(args[2])
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(folder))
    pane.export_surfaces()
    dialog = pane.findChildren(volume_pane.ExportDialog)[-1]
    dialog.format.setCurrentIndex(dialog.format.findData(suffix))
    dialog.smooth.setChecked(False)
    qtbot.mouseClick(dialog.export, LEFT)
    return asked


@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj"])
def test_a_label_is_exported_where_it_lies_in_the_patient(with_labels, session, qtbot, monkeypatch, tmp_path, suffix):
    assert export(with_labels, qtbot, monkeypatch, tmp_path, suffix=suffix) == []
    assert [path.name for path in tmp_path.iterdir()] == [f"Region 2{suffix}"]
    corners = read_mesh_corners(tmp_path / f"Region 2{suffix}").reshape(-1, 3)
    index = session.volume.geometry.lps_to_index(corners)
    np.testing.assert_allclose(index.min(axis=0), (5.5, 3.5, 1.5), atol=0.01)
    np.testing.assert_allclose(index.max(axis=0), (9.5, 6.5, 3.5), atol=0.01)
    assert "Saved Region 2" in with_labels._notice


def test_files_that_are_there_are_replaced_only_after_a_question(with_labels, qtbot, monkeypatch, tmp_path):
    (tmp_path / "Region 2.stl").write_bytes(b"mine")
    no, yes = QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes
    assert "Region 2.stl" in export(with_labels, qtbot, monkeypatch, tmp_path, no)[0]
    assert (tmp_path / "Region 2.stl").read_bytes() == b"mine"
    export(with_labels, qtbot, monkeypatch, tmp_path, yes)
    assert len(read_mesh_corners(tmp_path / "Region 2.stl")) > 10


def test_files_are_named_after_their_labels_in_safe_characters(tmp_path):
    names = ["a/b", "A_B", "..", "Gehirn ä", "C"]
    labels = [Label(n, name, (1, 2, 3)) for n, name in enumerate(names, 1)]
    found = [path.name for path in files_for(labels, tmp_path, ".stl")]
    assert found == ["a_b.stl", "A_B-2.stl", "label-3.stl", "Gehirn ä.stl", "C.stl"]


def test_no_two_labels_are_written_to_one_file_whatever_they_are_called(tmp_path):
    for names in (["A-3", "A", "A"], ["A", "A", "A-2"], ["A", "a-3", "a", "A-3"]):
        labels = [Label(n, name, (1, 2, 3)) for n, name in enumerate(names, 1)]
        found = [path.name.lower() for path in files_for(labels, tmp_path, ".stl")]
        assert len(set(found)) == len(names)
