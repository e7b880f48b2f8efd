"""A person's habits: keys of their own, the palette, recent studies, and a window that stands where it was left."""

import re
import shutil
import threading
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

import resources
from tests.gui.conftest import head
from tests.gui.test_main_window import wheel
from viewer.core.labels import DEFAULT_LABELS, OKABE_ITO
from viewer.core.settings import Settings, WindowPlace
from viewer.gui import style
from viewer.gui.command_palette import CommandPalette, Entry, fit, fitting
from viewer.gui.habits import fitting_place
from viewer.gui.key_dialog import KeysDialog
from viewer.gui.menus import actions_in
from viewer.io.files import write_image
from viewer.io.settings_file import read_settings, write_settings

TS = resources.path("translations", "slicewise_zh_CN.ts")
CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


def keys_dialog(window, qtbot) -> KeysDialog:
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_F1)
    dialog = window.findChild(KeysDialog)
    qtbot.waitUntil(dialog.isActiveWindow, timeout=3000)
    return dialog


def press_new_key(dialog, action, key, modifiers=NONE) -> None:
    dialog.choose(action)
    QTest.mouseClick(dialog.change, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is dialog.capture
    QTest.keyClick(dialog.capture, key, modifiers)


def sentences() -> list[str]:
    """All that the translator gets of viewer/gui."""
    return [message.findtext("source") or "" for message in ElementTree.parse(TS).iter("message")]


def back_to(window, qtbot) -> None:
    """The offscreen platform has no window manager that would bring the window to the front again."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)


def open_palette(window, qtbot) -> CommandPalette:
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_K, CTRL)
    palette = window.findChild(CommandPalette)
    qtbot.waitUntil(palette.isActiveWindow, timeout=3000)
    return palette


# Menus and keys


def test_every_action_stands_in_a_menu_and_no_two_have_one_key(opened):
    commands = opened.commands
    in_menus = set(actions_in(opened.menuBar().actions()))
    for name, action in commands.named.items():
        # Presets of a modality come and go with it; those that are offered stand in the menu.
        if not name.startswith("Presets/") or action.isVisible():
            assert action in in_menus, f"{name} stands in no menu"
    keys = [key for action in commands.named.values() for key in commands.keys_of(action)]
    assert len(keys) == len(set(keys)), "a key has two actions"


def test_no_menu_is_longer_than_a_small_window(opened, qtbot):
    window = opened
    window.resize(1024, 700)
    qtbot.wait(20)
    for plane, count in (("axial", 20), ("coronal", 32)):
        for index in range(count):
            window.session.go_to_slice(plane, index)
            window.session.toggle_key_image(plane)
    assert len(window.session.key_images) == 52
    heights = [measured for action in window.menuBar().actions() for measured in _heights(action.menu())]
    for view in ("axial", "3d"):
        window.layout_commands.view_actions[view].trigger()
        window._pane_menu(window.mapToGlobal(window.rect().center()))
        context = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMenu) and w.isVisible())
        heights += _heights(context)
        context.close()
    assert len(heights) > 20
    below = window.height() - window.menuBar().height()
    assert [measured for measured in heights if measured[1] > below] == []
    assert dict(heights[:20])["&View"] < 0.7 * below, "what is wanted is seen at a glance"


def _heights(menu: QMenu) -> list[tuple[str, int]]:
    """Titles and heights of a menu and of those in it, filled as they are when they are shown."""
    menu.aboutToShow.emit()
    within = [inner for a in menu.actions() if isinstance(a.menu(), QMenu) for inner in _heights(a.menu())]
    return [(menu.title(), menu.sizeHint().height()), *within]


def test_the_view_menu_groups_what_is_looked_for_and_the_layout_has_a_menu(opened):
    menus = {menu.title(): menu for menu in opened.menuBar().findChildren(QMenu)}
    view, layout = menus["&View"], menus["&Layout"]
    assert {
        "Zoom and go to",
        "Window presets",
        "Colour map",
        "Slab",
        "Mirror and turn",
        "Oblique planes",
        "Fusion",
    } <= {action.text() for action in view.actions()}
    named, layouts = opened.commands.named, opened.layout_commands
    reset = named["Display/Reset view"], named["Display/One pane large, or all"]
    at_hand = (*reset, opened.commands.invert, opened.commands.labels_visible)
    assert set(at_hand) <= set(view.actions()), "what is used most stays at the top"
    for title, count, start in (
        ("Slab", 3, ("Slab: ", "Thicker", "Thinner")),
        ("Mirror and turn", 4, ("Mirror", "Turn clockwise", "Turn anticlockwise")),
        ("Oblique planes", 5, ("Turn the other planes", "Planes along the scan")),
    ):
        wanted = {action for name, action in named.items() if name.removeprefix("Display/").startswith(start)}
        assert len(wanted) == count and wanted <= set(menus[title].actions())
    here = {*layouts.layout_actions.values(), *layouts.view_actions.values(), *layouts.link_actions.values()}
    assert {*here, layouts.only_action, layouts.link_here_action} == {
        a for a in layout.actions() if not a.isSeparator()
    }


# Of Ctrl, Shift and Alt alone only what the mouse does with them; Return, Esc and Del that no action has.
FIXED_KEYS = re.compile(
    r"(Ctrl|Shift|Alt) \+ (move|wheel|drag|left drag|drop|click)|[Dd]ouble click or Return closes"
    r"|Ctrl takes away|with Ctrl what|double click or press Return|; Return or a double click|stays until Esc"
    r"|or Esc to leave|\bDel removes|label \(Return\)$|^Forget it \(Esc\)$"
)


def test_sentences_name_keys_through_their_actions_alone(opened):
    named = re.compile(r"\{([^{}/]+/[^{}]+)\}")
    assert len([one for one in sentences() if named.search(one)]) >= 15
    for sentence in sentences():
        for name in named.findall(sentence):
            assert name in opened.commands.named, f"{sentence!r} names an action that there is not"
        left = FIXED_KEYS.sub("", named.sub("", sentence))
        keys = re.findall(
            r"\b(?:Ctrl|Alt|Return|Esc|Del|PgUp)\b|Shift ?\+|\[|(?<![\w.&{-])[B-Z](?= [a-z]|, [a-z])", left
        )
        assert not keys or sentence in _NOT_KEYS, f"{sentence!r} names {keys}, which a person may have changed"


_NOT_KEYS = {"Shift + move", "R {} G {} B {}"}


def test_tips_follow_keys_that_a_person_chooses(opened, qtbot):
    window = opened
    panel, drawing, commands = window.label_panel, window.drawing_tools, window.commands
    assert drawing.radius.toolTip() == "Radius of brush and eraser; also [ and ], or Shift + wheel over a pane"
    assert panel.confirm.toolTip().endswith("(Return)") and "; G hides" in panel.opacity.toolTip()
    assert "L length, A angle" in window.measure_panel.hint.text()
    commands.set_keys(
        {
            commands.named["Labels/Smaller brush"]: ("Ctrl+F7",),
            window.slice_commands.confirm_action: ("Ctrl+F8",),
            commands.labels_visible: ("Ctrl+F9",),
            commands.tools["length"]: ("Ctrl+F10",),
            commands.named["Display/Reset view"]: (),
        }
    )
    assert "also Ctrl+F7 and ]" in drawing.radius.toolTip()
    assert panel.confirm.toolTip().endswith("(Ctrl+F8)") and "; Ctrl+F9 hides" in panel.opacity.toolTip()
    assert "Ctrl+F10 length, A angle" in window.measure_panel.hint.text()
    assert "Ctrl+F7 ]" in commands.tools["brush"].toolTip()
    window.session.choose_tool("brush")
    window.session.choose_tool("window")
    assert "also Ctrl+F7 and ]" in drawing.radius.toolTip()
    assert "(Ctrl+F8)" in window.training_panel._ready.text()
    window.commands.named["Display/Mirror left and right"].trigger()
    window.grab()
    (mirrored,) = [badge for badge in window.room.active.badges if "Mirrored" in badge.text]
    assert mirrored.detail.endswith("“Reset view” ends it."), "it has no key now"


def test_a_new_key_is_pressed_acts_at_once_and_after_a_restart(opened, start, scan_folder, qtbot):
    window, session = opened, opened.session
    brush = window.commands.tools["brush"]
    dialog = keys_dialog(window, qtbot)
    press_new_key(dialog, brush, Qt.Key.Key_Semicolon)
    assert window.commands.keys_of(brush) == (";",)
    assert "(;)" in brush.toolTip()
    dialog.reject()
    back_to(window, qtbot)
    pane = window.panes["axial"]
    pane.setFocus()
    QTest.keyClick(pane, "b")
    assert session.hand.tool == "window", "the old key is free"
    QTest.keyClick(pane, ";")
    assert session.hand.tool == "brush"

    again = start()
    again.open_paths([scan_folder])
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)
    again.focus_pane()
    QTest.keyClick(again.panes["axial"], "b")
    assert again.session.hand.tool == "window"
    QTest.keyClick(again.panes["axial"], ";")
    assert again.session.hand.tool == "brush"
    dialog = keys_dialog(again, qtbot)
    dialog.choose(again.commands.tools["brush"])
    QTest.mouseClick(dialog.own, Qt.MouseButton.LeftButton)
    assert again.commands.keys_of(again.commands.tools["brush"]) == ("B",)
    dialog.reject()
    assert start().settings.keys == {}


def test_a_key_that_another_action_has_is_named_and_can_be_swapped(opened, qtbot):
    commands = opened.commands
    brush, eraser = commands.tools["brush"], commands.tools["eraser"]
    dialog = keys_dialog(opened, qtbot)
    press_new_key(dialog, brush, Qt.Key.Key_X)
    assert "“Eraser”" in dialog.text.text()
    assert commands.keys_of(brush) == ("B",), "nothing is changed before it is answered"
    QTest.mouseClick(dialog.keep, Qt.MouseButton.LeftButton)
    assert (commands.keys_of(brush), commands.keys_of(eraser)) == (("B",), ("X",))
    press_new_key(dialog, brush, Qt.Key.Key_X)
    QTest.mouseClick(dialog.swap, Qt.MouseButton.LeftButton)
    assert (commands.keys_of(brush), commands.keys_of(eraser)) == (("X",), ("B",))
    QTest.mouseClick(dialog.all_own, Qt.MouseButton.LeftButton)
    assert (commands.keys_of(brush), commands.keys_of(eraser)) == (("B",), ("X",))
    assert opened.settings.keys == {}


def test_a_key_that_was_taken_comes_back_when_the_taker_gets_its_own_again(opened, qtbot):
    commands = opened.commands
    brush, eraser = commands.tools["brush"], commands.tools["eraser"]
    dialog = keys_dialog(opened, qtbot)
    press_new_key(dialog, brush, Qt.Key.Key_X)
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert (commands.keys_of(brush), commands.keys_of(eraser)) == (("X",), ())
    dialog.choose(brush)
    QTest.mouseClick(dialog.own, Qt.MouseButton.LeftButton)
    assert (commands.keys_of(brush), commands.keys_of(eraser)) == (("B",), ("X",))


def test_keys_that_do_something_in_dialogs_can_be_given_and_esc_leaves(opened, qtbot):
    commands, undo = opened.commands, opened.commands.undo
    dialog = keys_dialog(opened, qtbot)
    press_new_key(dialog, undo, Qt.Key.Key_Tab, CTRL)
    assert commands.keys_of(undo) == ("Ctrl+Tab",)
    press_new_key(dialog, undo, Qt.Key.Key_Escape)
    assert commands.keys_of(undo) == ("Ctrl+Tab",)
    assert dialog.isVisible()
    assert not dialog.capture.isVisible()
    dialog.choose(undo)
    QTest.mouseClick(dialog.more, Qt.MouseButton.LeftButton)
    QTest.keyClick(dialog.capture, Qt.Key.Key_Question, SHIFT)  # as a keyboard sends "?"
    QTest.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    assert commands.keys_of(undo) == ("Ctrl+Tab", "?")
    assert commands.keys_of(opened.commands.named["Window/Keys and mouse…"]) == ("F1",)
    QTest.mouseClick(dialog.none, Qt.MouseButton.LeftButton)
    assert commands.keys_of(undo) == ()


def test_the_dialog_of_keys_fits_the_screen(opened, qtbot):
    dialog = keys_dialog(opened, qtbot)
    screen = dialog.screen().availableSize()
    assert dialog.width() < screen.width() and dialog.height() < screen.height()


def test_the_keys_can_be_searched(opened, qtbot):
    dialog = keys_dialog(opened, qtbot)
    QTest.keyClicks(dialog.search, "smaller br")
    assert [row.text(0) for row in dialog._rows() if not row.isHidden()] == ["Smaller brush"]
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "ctrl+g")
    assert [row.text(0) for row in dialog._rows() if not row.isHidden()] == ["Segment"]
    dialog.search.clear()
    assert not any(row.isHidden() for row in dialog._rows())


def test_what_is_found_is_chosen_and_all_is_answered_by_return(opened, qtbot):
    commands = opened.commands
    brush, eraser = commands.tools["brush"], commands.tools["eraser"]
    dialog = keys_dialog(opened, qtbot)
    QTest.keyClicks(dialog.search, "eras")
    assert dialog.tree.currentItem().text(0) == "Eraser"
    QTest.keyClick(dialog.search, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is dialog.capture
    QTest.keyClick(dialog.capture, Qt.Key.Key_B)
    assert QApplication.focusWidget() is dialog.swap
    QTest.keyClick(dialog.swap, Qt.Key.Key_Return)
    assert (commands.keys_of(brush), commands.keys_of(eraser)) == (("X",), ("B",))
    dialog.search.setFocus()
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "rectang")
    QTest.keyClick(dialog.search, Qt.Key.Key_Down)
    assert QApplication.focusWidget() is dialog.tree
    assert dialog.tree.currentItem().text(0) == "Rectangle"


def test_keys_of_the_panes_still_act_only_there_after_they_were_changed(opened, qtbot):
    session = opened.session
    up = opened.commands.named["Slices/Next slice towards head, front or left"]
    opened.commands.set_keys({up: (";",)})
    before = session.cursor_ijk
    opened.browser.tree.setFocus()
    QTest.keyClick(opened.browser.tree, ";")
    assert session.cursor_ijk == before
    opened.focus_pane()
    QTest.keyClick(opened.panes["axial"], ";")
    assert session.cursor_ijk != before


def test_keys_of_a_file_that_clash_with_new_ones_of_the_program_win(start, tmp_path):
    (tmp_path / "user").mkdir()
    keys = {"Tools/Pan": ("B",), "Gone/Action": ("F",)}
    write_settings(Settings(keys=keys), tmp_path / "user" / "settings.json")
    commands = start().commands
    assert commands.keys_of(commands.tools["pan"]) == ("B",)
    assert commands.keys_of(commands.tools["brush"]) == ()


# The palette


def test_a_command_is_found_by_some_letters_and_done_by_enter(opened, qtbot):
    palette = open_palette(opened, qtbot)
    QTest.keyClicks(palette.search, "erser")
    assert palette.shown[0].text == "Eraser"
    assert palette.shown[0].keys == "X"
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert opened.session.hand.tool == "eraser"
    assert not palette.isVisible()


def test_esc_leaves_the_palette_and_the_pane_has_the_keyboard_again(opened, qtbot):
    opened.focus_pane()
    palette = open_palette(opened, qtbot)
    QTest.keyClicks(palette.search, "brush")
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    assert opened.session.hand.tool == "window"
    back_to(opened, qtbot)
    assert QApplication.focusWidget() is opened.panes["axial"]
    qtbot.waitUntil(lambda: opened.findChild(CommandPalette) is None)
    assert open_palette(opened, qtbot).search.text() == ""


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Return])
def test_the_palette_is_left_once_though_it_is_deactivated_while_it_is_hidden(opened, qtbot, key):
    """Left twice, the window below took no press of the mouse any more (seen under X11)."""
    palette = open_palette(opened, qtbot)
    QTest.keyClicks(palette.search, "brush")
    left = []
    palette.finished.connect(left.append)
    QTest.keyClick(palette.search, key)
    opened.activateWindow()
    qtbot.waitUntil(lambda: opened.findChild(CommandPalette) is None)
    assert len(left) == 1
    QTest.mouseClick(opened.windowHandle(), Qt.MouseButton.LeftButton, pos=place_of(opened.panels.tabBar(), opened))
    assert opened.panels.currentIndex() == 1


def test_a_press_beside_the_palette_leaves_it(opened, qtbot):
    palette = open_palette(opened, qtbot)
    assert not palette.isModal()  # a modal one is never deactivated by a press on the window below it
    back_to(opened, qtbot)
    qtbot.waitUntil(lambda: opened.findChild(CommandPalette) is None)


def place_of(bar, window):
    """The middle of the second tab, in the window."""
    return bar.mapTo(window, bar.tabRect(1).center())


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_palette_has_a_frame_in_both_themes(opened, qtbot, theme):
    try:
        style.apply_style(QApplication.instance(), theme)
        picture = open_palette(opened, qtbot).grab().toImage()
        middle = picture.height() // 2
        assert picture.pixelColor(0, middle) == picture.pixelColor(picture.width() - 1, middle)
        assert picture.pixelColor(0, middle) != picture.pixelColor(4, middle)
    finally:
        style.apply_style(QApplication.instance(), "dark")
        QApplication.instance().setStyleSheet("")


def test_arrows_choose_and_what_cannot_be_done_says_why_and_is_not_done(opened, qtbot):
    palette = open_palette(opened, qtbot)
    QTest.keyClicks(palette.search, "prop")  # before "Previous pane", though that can be done
    assert {entry.why_not for entry in palette.shown[:2]} == {"No model has proposed anything"}
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.currentRow() == 1
    QTest.keyClick(palette.search, Qt.Key.Key_Up)
    QTest.keyClick(palette.search, Qt.Key.Key_Up)
    assert palette.list.currentRow() == palette.list.count() - 1, "round from the first to the last"


def test_the_palette_offers_recent_studies_and_the_windows_of_the_series(opened, scan_folder, qtbot):
    window = opened
    qtbot.waitUntil(lambda: bool(window._recent.entries), timeout=10_000)
    palette = open_palette(window, qtbot)
    assert {"Recent study", "Display", "Tools", "File"} <= {entry.group for entry in palette.shown}
    QTest.keyClicks(palette.search, "recent head")
    assert palette.shown[0].group == "Recent study"


def test_letters_in_a_row_and_beginnings_of_words_come_first():
    texts = ("Invert grey levels", "Interval of no use", "Show labels", "Window preset: Liver")
    entries = [Entry(text, "", "", "", lambda: None) for text in texts]
    assert fitting(entries, "inv")[0].text == "Invert grey levels"
    assert fitting(entries, "sl")[0].text == "Show labels"
    assert [e.text for e in fitting(entries, "liver")] == ["Window preset: Liver"]
    assert fit("xyz", "Show labels") is None
    assert fitting(entries, "  ") == entries


# Found again after a restart


def test_recent_studies_are_in_the_menu_and_one_that_is_gone_says_so(opened, start, scan_folder, qtbot):
    qtbot.waitUntil(lambda: bool(opened._recent.entries), timeout=10_000)
    again = start()
    qtbot.waitUntil(lambda: bool(again._recent.entries), timeout=10_000)
    menu = next(m for m in again.menuBar().findChildren(QMenu) if m.title() == "Recent studies")
    menu.aboutToShow.emit()
    first = menu.actions()[0]
    assert "head.nii.gz" in first.text()
    first.trigger()
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)

    shutil.rmtree(scan_folder)
    third = start()
    qtbot.waitUntil(lambda: bool(third._recent.entries), timeout=10_000)
    menu = next(m for m in third.menuBar().findChildren(QMenu) if m.title() == "Recent studies")
    menu.aboutToShow.emit()
    assert "not where they were" in menu.actions()[0].text()
    assert not menu.actions()[0].isEnabled()
    third.workflows.library.remove(opened.settings.recent[0].series_uid)
    third._recent.refresh()
    qtbot.waitUntil(lambda: "no longer in the list" in third._recent.entries[0].why_not, timeout=10_000)
    third.commands.named["File/Forget recent studies"].trigger()
    assert third._recent.entries == ()


def test_the_file_of_settings_holds_no_name(opened, tmp_path, scan_folder, qtbot):
    opened.close()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("settings")]
    text = (tmp_path / "user" / "settings.json").read_text()
    assert "recent" in text
    assert "head" not in text and str(scan_folder) not in text


def test_layout_text_and_panels_are_as_they_were_left(opened, start, scan_folder, qtbot):
    pane = opened.panes["coronal"]
    QTest.mouseDClick(pane, Qt.MouseButton.LeftButton, pos=pane.rect().center())
    QTest.keyClick(pane, Qt.Key.Key_Space)
    QTest.keyClick(pane, Qt.Key.Key_F8)
    opened.panels.setCurrentWidget(opened.label_panel)
    assert not opened.browser.isVisible()
    again = start()
    again.open_paths([scan_folder])
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)
    assert [pane.name for pane in again.room.shown if pane.isVisible()] == ["coronal"]
    assert again.session.hand.overlay_text == "image only"
    assert not again.browser.isVisible()
    assert again.panels.currentWidget() is again.label_panel


def test_the_room_of_the_panels_is_as_it_was_left(start, qtbot):
    window = start()
    window._splitter.setSizes([300, 580, 300])
    left = window._splitter.sizes()
    again = start()
    assert abs(again._splitter.sizes()[0] - left[0]) <= 2
    assert abs(again._splitter.sizes()[2] - left[2]) <= 2


def test_the_window_stands_where_it_was_left_on_the_screen(start, tmp_path, qtbot):
    window = start()
    window.setGeometry(60, 70, 700, 500)
    window.close()
    place = read_settings(tmp_path / "user" / "settings.json")[0].window
    assert (place.left, place.top, place.width, place.height, place.maximised) == (60, 70, 700, 500, False)
    again = start()
    again.hide()
    again.show_as_before()
    assert again.geometry() == QRect(60, 70, 700, 500)
    assert not again.isMaximized()


SCREENS = [QRect(0, 0, 1920, 1040), QRect(1920, 0, 1280, 1000)]


@pytest.mark.parametrize(
    "place",
    [
        (100, 100, 800, 600),
        (2000, 50, 900, 700),
        (-5000, -5000, 800, 600),  # a monitor at the left was taken away
        (1800, 900, 1200, 900),
        (0, 0, 9000, 9000),
        (1910, 30, 300, 5),
        (3190, 990, 900, 700),
    ],
)
def test_a_window_never_stands_off_the_screens(place):
    left, top, width, height = place
    rect = fitting_place(WindowPlace(left=left, top=top, width=width, height=height), SCREENS)
    screen = next(screen for screen in SCREENS if screen.contains(rect))
    assert rect.top() >= screen.top() + 30, "its title bar can be reached"
    if place in ((100, 100, 800, 600), (2000, 50, 900, 700)):
        assert (rect.left(), rect.top(), rect.width(), rect.height()) == place, "it stays where it fits"


# Themes and the keyboard alone


def test_the_light_theme_holds_at_once_and_after_a_restart_and_pictures_stay_black(opened, start, qtbot):
    try:
        opened.commands.named["Window/Light theme"].trigger()
        background = QApplication.palette().window().color()
        assert background.lightness() > 200
        picture = opened.panes["axial"].grab().toImage()
        assert picture.pixelColor(3, picture.height() - 20).lightness() < 30
        button = next(b for b in opened.findChildren(QToolButton) if b.defaultAction() is opened.commands.undo)
        assert button.isVisible()
        again = start()
        assert style.current() == "light"
        assert again.commands.named["Window/Light theme"].isChecked()
        again.commands.named["Window/Light theme"].trigger()
        assert QApplication.palette().window().color().lightness() < 60
    finally:
        style.apply_style(QApplication.instance(), "dark")
        QApplication.instance().setStyleSheet("")


def test_every_colour_of_the_sheet_has_one_in_the_light_theme_and_texts_can_be_read():
    dark, light = style.style_sheet("dark"), style.style_sheet("light")
    assert dark.count("{") == light.count("{")
    assert set(re.findall(r"#[0-9a-f]{6}", light)) != set(re.findall(r"#[0-9a-f]{6}", dark))
    for colours in style._THEMES.values():
        for text, ground, least in (
            (colours.text, colours.background, 7.0),
            (colours.text, colours.sunken, 7.0),
            (colours.dimmed_text, colours.background, 4.5),
            (colours.warning, colours.background, 4.5),
            (colours.good, colours.sunken, 4.5),
            (colours.highlighted_text, colours.highlight, 4.5),
        ):
            assert contrast(text, ground) >= least, (text.name(), ground.name())


def contrast(a, b) -> float:
    """WCAG 2.2's contrast ratio."""

    def luminance(colour) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_keyboard_alone_reaches_every_part_and_every_pane(opened, qtbot):
    opened.focus_pane()
    seen = []
    for _ in range(3):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6)
        focused = QApplication.focusWidget()
        seen.append(next(p for p in (opened.browser, opened._viewer, opened.panels) if p.isAncestorOf(focused)))
    assert seen == [opened.panels, opened.browser, opened._viewer]
    assert QApplication.focusWidget() is opened.panes["axial"]
    names = []
    for _ in range(4):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
        names.append(opened.room.active.name)
    assert names == ["3d", "coronal", "sagittal", "axial"]
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert opened.room.active.name == "sagittal"
    QTest.keyClick(QApplication.focusWidget(), "m")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Left)
    assert [pane.name for pane in opened.room.shown if pane.isVisible()] == ["coronal"]


def test_plus_and_minus_magnify_the_active_pane(opened):
    pane = opened.panes["axial"]
    opened.focus_pane()
    before = pane.view.zoom
    QTest.keyClick(pane, "+")
    assert pane.view.zoom > before
    QTest.keyClick(pane, "-")
    assert pane.view.zoom == pytest.approx(before)
    wheel(pane, 1)
    assert QKeySequence("+") in opened.commands.named["Display/Zoom in"].shortcuts()


def test_safe_label_colours_hold_at_once_for_other_series_and_after_a_restart(opened, start, scan_folder, qtbot):
    opened.commands.named["Labels/Label colours for every colour vision"].trigger()
    assert opened.session.labels[0].colour == OKABE_ITO[0]
    again = start()
    again.open_paths([scan_folder])
    qtbot.waitUntil(lambda: again.session.editable, timeout=20_000)
    assert again.commands.named["Labels/Label colours for every colour vision"].isChecked()
    assert [label.colour for label in again.session.labels] == list(OKABE_ITO[:3])
    again.commands.named["Labels/Label colours for every colour vision"].trigger()
    assert again.session.labels == DEFAULT_LABELS


def test_page_keys_open_the_series_beside_the_open_one(opened, scan_folder, qtbot):
    for name in ("a", "z"):
        write_image(head().voxels // (2 if name == "a" else 3), head().geometry, scan_folder / f"{name}.nii.gz")
    opened.open_paths([scan_folder])
    qtbot.waitUntil(lambda: len(opened.browser.series_items()) == 3, timeout=20_000)
    uids = [opened.browser.series_items()[n].data(0, Qt.ItemDataRole.UserRole) for n in range(3)]
    place = next(n for n in range(3) if opened.browser.beside_open(0) == uids[n])
    opened.focus_pane()
    key, step = (Qt.Key.Key_PageDown, 1) if place < 2 else (Qt.Key.Key_PageUp, -1)
    QTest.keyClick(opened.panes["axial"], key)
    qtbot.waitUntil(lambda: opened.session.series.uid == uids[place + step], timeout=20_000)
    qtbot.waitUntil(lambda: opened.session.editable, timeout=20_000)
    assert opened.browser.beside_open(3) is None
    assert opened.browser.beside_open(-3) is None
