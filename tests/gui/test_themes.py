"""Plots beside the pictures can be read in every theme, also in one that is chosen while they are shown."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGroupBox,
    QProxyStyle,
    QPushButton,
    QStyle,
    QStyleOptionGroupBox,
    QToolButton,
)

from viewer.core.volume_look import TransferPoint, ValueHistogram, VolumeLook
from viewer.gui import style
from viewer.gui.transfer_editor import TransferEditor


def contrast(one: QColor, other: QColor) -> float:
    """Of two colours, 1 to 21 (WCAG 2.1); letters and lines need 3 at least."""
    lights = []
    for colour in (one, other):
        parts = np.array([colour.redF(), colour.greenF(), colour.blueF()])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        lights.append(float(linear @ (0.2126, 0.7152, 0.0722)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.fixture
def light(opened):
    """Changes the window with the small head to the light theme, and back at the end."""
    yield lambda: opened.commands.named["Window/Light theme"].trigger()
    if style.current() == "light":
        opened.commands.named["Window/Light theme"].trigger()


def test_a_profile_is_drawn_anew_in_another_theme(opened, light, qtbot):
    opened.commands.tools["profile"].trigger()
    pane, middle = opened.panes["axial"], opened.panes["axial"].rect().center()
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=middle)
    for step in (10, 30, 50):
        QTest.mouseMove(pane, middle + type(middle)(step, step // 2))
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=middle + type(middle)(50, 25))
    panel = opened.measure_panel
    opened.panels.setCurrentWidget(panel)
    qtbot.waitUntil(panel.plot.isVisible, timeout=20_000)
    light()
    ground = panel.plot.backgroundBrush().color()
    assert ground == style.theme().sunken and ground.lightness() > 200
    (curve,) = panel.plot.listDataItems()
    assert contrast(curve.opts["pen"].color(), ground) > 3
    assert contrast(panel.plot.getAxis("left").textPen().color(), ground) > 3
    assert contrast(QColor(panel.plot.plotItem.titleLabel.opts["color"]), ground) > 3


def test_the_editor_of_opacity_can_be_read_in_both_themes(opened, light, qtbot):
    editor = TransferEditor()
    qtbot.addWidget(editor)
    editor.resize(400, 220)
    points = (TransferPoint(0.0, 0.0, (200, 120, 90)), TransferPoint(100.0, 0.0001, (255, 255, 255)))
    editor.show_look(VolumeLook("x", points), ValueHistogram(np.full(50, 9), 0.0, 100.0, 20.0), "HU")
    for _ in range(2):
        picture, ground = editor.grab().toImage(), style.theme().sunken
        assert picture.pixelColor(1, 1) == ground
        at = editor.place_of(points[1]).toPoint()
        ring = [picture.pixelColor(at.x() + x, at.y()) for x in range(-9, 10)]
        assert max(contrast(colour, ground) for colour in ring) > 3, "a point, whatever its colour"
        bars = picture.pixelColor(at.x() // 2, at.y() - 40)
        assert contrast(bars, ground) > 1.4, "the histogram behind the curve"
        light()


def test_the_box_that_switches_a_group_is_seen_in_both_themes(opened, light, qtbot):
    group = QGroupBox("Cut", checkable=True)
    qtbot.addWidget(group)
    group.resize(200, 80)
    for _ in range(2):
        for on in (False, True):
            group.setChecked(on)
            option = QStyleOptionGroupBox()
            group.initStyleOption(option)
            control = QStyle.SubControl.SC_GroupBoxCheckBox
            box = group.style().subControlRect(QStyle.ComplexControl.CC_GroupBox, option, control, group)
            picture, ground = group.grab().toImage(), group.palette().window().color()
            edge = [picture.pixelColor(box.left() + x, box.center().y()) for x in range(-1, 3)]
            assert max(contrast(colour, ground) for colour in edge) > 2, on
        light()


class IconsWanted(QProxyStyle):
    """A platform that puts icons on the standard buttons for which it has any."""

    def styleHint(self, hint, option=None, widget=None, returnData=None):
        if hint == QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons:
            return 1
        return super().styleHint(hint, option, widget, returnData)


def test_standard_buttons_have_no_icons_of_the_platform(opened, light, qtbot):
    standard, platform = QDialogButtonBox.StandardButton, IconsWanted("Fusion")
    for _ in range(2):
        light()
        box = QDialogButtonBox()
        qtbot.addWidget(box)
        box.setStyle(platform)
        box.setStandardButtons(standard.Close | standard.Cancel | standard.Yes | standard.Save | standard.Ok)
        box.show()
        assert all(button.icon().isNull() for button in box.buttons())


def test_the_words_of_the_default_button_are_not_cut(opened, light, qtbot):
    light()
    light()
    dialog = QDialog()
    qtbot.addWidget(dialog)
    button = QPushButton("Save as…", dialog, default=True)
    dialog.show()

    def inked() -> int:
        picture = button.grab().toImage()
        ground = picture.pixelColor(8, picture.height() // 2)
        rows = range(4, picture.height() - 4)
        inside = range(8, picture.width() - 8)
        return sum(any(picture.pixelColor(x, y) != ground for y in rows) for x in inside)

    button.resize(button.sizeHint())
    wanted = inked()
    button.resize(button.width() + 60, button.height())
    assert wanted == inked()


def test_the_arrows_beside_tools_have_no_frame_of_the_platform(opened, light):
    light()
    light()
    buttons = [
        button
        for button in opened.tool_bar.findChildren(QToolButton)
        if button.popupMode() == QToolButton.ToolButtonPopupMode.MenuButtonPopup
    ]
    assert len(buttons) == 2, "regions and measuring"
    for button in buttons:
        picture = button.grab().toImage()
        over_arrow = range(picture.width() - 17, picture.width())
        assert len({picture.pixel(x, y) for x in over_arrow for y in range(8)}) == 1
