"""A small screen, or a large one at twice its scale: nothing may be cut off or lost."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QToolBar, QToolButton

from viewer.core.display import WindowLevel
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.gui import style
from viewer.gui.slice_pane import SlicePane

SMALL = ((800, 500), (1024, 700))  # logical: 1600 x 1000 at twice the scale, and an old laptop


def place_in(widget, ancestor):
    return QRect(widget.mapTo(ancestor, QPoint(0, 0)), widget.size())


def contrast(picture) -> int:
    lights = [picture.pixelColor(x, y).lightness() for x in range(picture.width()) for y in range(picture.height())]
    return max(lights) - min(lights)


@pytest.mark.parametrize("wanted", ["dark", "light"])
def test_tools_that_have_no_room_are_behind_a_button_that_is_seen(start, qtbot, wanted):
    window = start()
    window.commands.named["Window/Light theme"].trigger()
    if style.current() != wanted:
        window.commands.named["Window/Light theme"].trigger()
    try:
        window.resize(700, 500)
        qtbot.wait(50)
        bar = window.findChild(QToolBar)
        confirm = bar.widgetForAction(window.slice_commands.confirm_action)
        more = bar.findChild(QToolButton, "qt_toolbar_ext_button")
        assert more.isVisible() and not confirm.isVisible()
        assert contrast(window.grab(place_in(more, window)).toImage()) > 90, "an arrow that can be seen"
        QTest.mouseClick(more, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(confirm.isVisible)
        qtbot.waitUntil(lambda: bar.rect().contains(place_in(confirm, bar)))
    finally:
        if style.current() != "dark":
            window.commands.named["Window/Light theme"].trigger()


@pytest.mark.parametrize("size", SMALL)
def test_the_start_page_is_whole(start, qtbot, size):
    window = start()
    window.resize(*size)
    qtbot.wait(50)
    assert (window.width(), window.height()) == size
    page = window._viewer.currentWidget()
    assert isinstance(page, QScrollArea)
    for part in (*page.findChildren(QPushButton), *page.findChildren(QLabel)):
        assert page.viewport().rect().contains(place_in(part, page.viewport())), part.text()
        assert part.height() >= part.heightForWidth(part.width()), part.text()
        if isinstance(part, QPushButton):
            assert part.width() >= part.sizeHint().width(), part.text()


def test_the_model_panel_scrolls_rather_than_cut_its_words(start, qtbot):
    window = start()
    window.resize(800, 400)
    window.panels.setCurrentWidget(window.model_panel)
    qtbot.wait(50)
    assert window.height() == 400
    words = [label for label in window.model_panel.findChildren(QLabel) if label.isVisible() and label.wordWrap()]
    assert words
    for label in words:
        assert label.height() >= label.heightForWidth(label.width()), label.text()


@pytest.mark.parametrize("size", [(140, 110), (140, 300), (160, 150), (187, 299), (200, 110), (230, 200)])
def test_the_slice_number_and_the_name_are_the_last_texts_to_go(qtbot, size):
    grid = Geometry((32, 32, 384), (12.0, 12.0, 2.0), np.array([-200.0, -200.0, -1234.0]), np.diag([1.0, 1.0, 1.0]))
    series = Series("1", "1", "PAT-0815", "Doe^Jane", "CT", "Thorax", (Path("x"),), GeometryVerdict("regular", ""))
    series = replace(series, study_date="20240131", birth_date="19660101", sex="F", study_description="Thorax+Abd")
    session = Session()
    session.open(replace(series, size=grid.size, number=4), Volume(np.zeros(grid.size[::-1], np.int16), grid, "HU"))
    session.set_window(WindowLevel(-600, 1500, name="Lung"))
    session.move_cursor((20, 20, 256))
    pane = SlicePane(session, "axial")
    qtbot.addWidget(pane)
    pane.resize(*size)
    pane.grab()
    written = {piece.text for piece in pane.written}
    assert any(text.endswith("257 / 384") for text in written), written
    assert any(text.startswith("Doe, J") for text in written), written
