"""K marks a slice; it is found again, after a restart too, and written as a picture."""

import numpy as np
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton

from tests.gui.test_exporting import ask
from viewer.gui.command_palette import CommandPalette
from viewer.gui.exporting import picture_of, pixels_of

K = Qt.Key.Key_K
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def mark(window, qtbot, plane, index) -> None:
    window.room.activate(window.room.pane_of(plane))
    window.focus_pane()
    window.session.go_to_slice(plane, index)
    QTest.keyClick(window.panes[plane], K)
    qtbot.wait(30)


def badges(pane) -> list[str]:
    pane.grab()
    return [badge.text for badge in pane.badges]


def test_an_oblique_plane_is_no_key_image(opened, qtbot):
    opened.session.turn_planes("axial", 0.4)
    opened.room.activate(opened.panes["coronal"])
    qtbot.wait(20)
    QTest.keyClick(opened.panes["coronal"], Qt.Key.Key_K)
    assert not opened.session.key_images and "oblique" in opened.commands.why_not(
        opened.slice_commands.key_image_action
    )
    opened.session.reset_planes()
    qtbot.wait(20)
    QTest.keyClick(opened.panes["coronal"], Qt.Key.Key_K)
    assert opened.session.key_images and opened.panes["coronal"].isVisible()


def test_k_marks_the_slice_of_the_active_pane_and_ctrl_z_takes_it_back(opened, qtbot):
    pane, action = opened.panes["coronal"], opened.slice_commands.key_image_action
    mark(opened, qtbot, "coronal", 9)

    assert "★ Key image" in badges(pane) and "★ Key image" not in badges(opened.panes["axial"])
    assert action.isChecked()
    opened.session.scroll("coronal", 1)
    qtbot.wait(30)
    assert "★ Key image" not in badges(pane) and not action.isChecked()
    opened.session.scroll("coronal", -1)
    QTest.keyClick(pane, Qt.Key.Key_Z, CTRL)
    qtbot.wait(30)
    assert "★ Key image" not in badges(pane)
    assert opened.commands.undo.toolTip().startswith("Nothing") or not opened.commands.undo.isEnabled()
    assert opened.commands.redo.text() == "Redo Mark key image"


def test_shift_k_goes_to_the_next_one_in_its_pane(opened, qtbot):
    mark(opened, qtbot, "axial", 4)
    mark(opened, qtbot, "sagittal", 30)
    mark(opened, qtbot, "axial", 15)
    opened.session.move_cursor((1, 1, 1))
    seen = []
    for _ in range(4):
        QTest.keyClick(opened.panes[opened.room.plane], K, SHIFT)
        qtbot.wait(30)
        seen.append((opened.room.active.name, opened.session.is_key_image(opened.room.plane)))

    assert seen == [("axial", True), ("axial", True), ("sagittal", True), ("axial", True)]
    assert opened.panes["axial"].hasFocus()
    QTest.keyClick(opened.panes["axial"], K, CTRL | SHIFT)
    qtbot.wait(30)
    assert opened.room.active.name == "sagittal" and opened.session.cursor_ijk[0] == 30


def test_a_large_pane_gives_way_to_that_of_the_key_image(opened, qtbot):
    mark(opened, qtbot, "coronal", 5)
    opened.room.activate(opened.room.pane_of("axial"))
    opened.toggle_maximised("axial")
    opened.focus_pane()
    QTest.keyClick(opened.panes["axial"], K, SHIFT)
    qtbot.wait(30)

    assert opened.panes["coronal"].isVisible() and not opened.panes["axial"].isVisible()


def test_the_menu_and_the_palette_list_them(opened, qtbot):
    mark(opened, qtbot, "axial", 4)
    mark(opened, qtbot, "coronal", 7)
    names = ["Key image: axial 5", "Key image: coronal 8"]
    assert [entry.text for entry in opened._entries() if entry.group == "Key image"] == names
    menu = next(menu for menu in opened.menuBar().findChildren(QMenu) if menu.title() == "Key images")
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == names
    opened.session.move_cursor((1, 1, 1))
    menu.actions()[1].trigger()
    assert opened.room.active.name == "coronal" and opened.session.is_key_image("coronal")
    assert not opened.findChild(CommandPalette)


def test_key_images_are_there_after_a_restart(opened, start, scan_folder, qtbot):
    mark(opened, qtbot, "axial", 4)
    mark(opened, qtbot, "sagittal", 30)
    mark(opened, qtbot, "axial", 15)
    opened.session.undo()
    qtbot.wait(30)
    before = opened.session.key_images
    again = start()
    again.open_paths([scan_folder])
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)

    assert again.session.key_images == before and len(before) == 2


def choose(dialog, kind) -> None:
    dialog.what.setCurrentIndex(dialog.what.findData("key images"))
    dialog.format.setCurrentIndex(dialog.format.findData(kind))


def press_save(dialog) -> None:
    button = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Save as…")
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_they_are_written_as_pictures_into_a_folder(opened, tmp_path, monkeypatch, qtbot):
    folder = tmp_path / "out"
    folder.mkdir()
    mark(opened, qtbot, "coronal", 7)
    mark(opened, qtbot, "axial", 4)
    mark(opened, qtbot, "axial", 15)
    expected = pixels_of(picture_of(opened.panes["axial"]))
    cursor = opened.session.cursor_ijk
    dialog = ask(opened, qtbot)
    choose(dialog, "png")
    assert not dialog.speed.isVisible() and not dialog.first.isVisible()
    monkeypatch.setattr(dialog, "_ask_folder", lambda: folder)
    press_save(dialog)
    names = ["slicewise-axial-16-key.png", "slicewise-axial-5-key.png", "slicewise-coronal-8-key.png"]
    qtbot.waitUntil(lambda: sorted(path.name for path in folder.glob("*.png")) == names, timeout=20_000)

    qtbot.waitUntil(lambda: not opened.status_bar.jobs, timeout=10_000)
    assert opened.session.cursor_ijk == cursor
    with Image.open(folder / names[0]) as read:
        np.testing.assert_array_equal(np.array(read), expected)
    sizes = {Image.open(folder / name).size for name in names}
    assert sizes == {expected.shape[1::-1]}


def test_files_that_are_there_are_not_replaced_without_asking(opened, tmp_path, monkeypatch, qtbot):
    mark(opened, qtbot, "axial", 4)
    (tmp_path / "slicewise-axial-5-key.png").write_bytes(b"mine")
    dialog, asked = ask(opened, qtbot), []
    choose(dialog, "png")
    monkeypatch.setattr(dialog, "_ask_folder", lambda: tmp_path)
    monkeypatch.setattr(dialog, "_may_replace", lambda path: bool(asked.append(path.name)))
    press_save(dialog)

    assert asked == ["slicewise-axial-5-key.png"] and dialog.isVisible()
    assert (tmp_path / "slicewise-axial-5-key.png").read_bytes() == b"mine"


def test_they_are_written_as_one_film(opened, tmp_path, monkeypatch, qtbot):
    mark(opened, qtbot, "axial", 4)
    mark(opened, qtbot, "coronal", 7)
    dialog = ask(opened, qtbot)
    choose(dialog, "gif")
    assert dialog.speed.isVisible()
    monkeypatch.setattr(dialog, "_ask_path", lambda proposed, kinds: tmp_path / proposed.name)
    press_save(dialog)
    path = tmp_path / "slicewise-key-images.gif"
    qtbot.waitUntil(path.exists, timeout=20_000)

    with Image.open(path) as read:
        assert read.n_frames == 2
