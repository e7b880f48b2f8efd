"""What stands in the panels of a small window: all of it, side by side without a part cut off."""

from __future__ import annotations

import json

import pytest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from viewer.gui import style


@pytest.fixture(params=["en", "zh_CN"])
def small(request, start, tmp_path, scan_folder, qtbot):
    """A window of 1024 x 740 with the style of the program, in a language."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.styleSheet(), app.style().objectName(), app.palette()
    style.apply_style(app)
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "settings.json").write_text(json.dumps({"language": request.param}))
    window = start()
    window.resize(1024, 740)
    window._splitter.setSizes([150, 1024, 1])  # as narrow as a person can make it
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    yield window
    app.setStyleSheet(before[0])
    app.setStyle(before[1])
    app.setPalette(before[2])


def test_panels_are_not_cut_off_at_the_side(small, qtbot):
    for n in range(small.panels.count()):
        small.panels.setCurrentIndex(n)
        for tool in ("window", "brush", "livewire"):
            small.commands.tools[tool].trigger()
            qtbot.wait(20)
            assert_whole(small.panels.widget(n))


def test_the_words_of_the_tabs_are_whole(small):
    bar = small.panels.tabBar()
    for n in range(bar.count()):
        place = bar.tabRect(n)
        assert bar.rect().contains(place), bar.tabText(n)
        assert place.width() >= bar.fontMetrics().horizontalAdvance(bar.tabText(n)), bar.tabText(n)


def assert_whole(panel: QWidget) -> None:
    """Nothing that scrolls up and down is wider than its room."""
    areas = panel.findChildren(QScrollArea)
    areas += [panel] if isinstance(panel, QScrollArea) else []
    for area in areas:
        room = area.viewport().width()
        wide = {
            f"{type(part).__name__} {getattr(part, 'text', str)()!r}": part.minimumSizeHint().width()
            for part in area.widget().findChildren(QWidget)
            if part.isVisible() and part.minimumSizeHint().width() > room / 3
        }
        assert area.widget().minimumSizeHint().width() <= room, (type(panel).__name__, room, wide)
    if not areas:
        assert panel.minimumSizeHint().width() <= panel.width(), type(panel).__name__
