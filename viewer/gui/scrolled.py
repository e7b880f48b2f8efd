"""What a small screen has no room for: it scrolls, so that nothing is cut."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QComboBox, QScrollArea, QSlider, QWidget


def scrolled(content: QWidget) -> QScrollArea:
    """A widget that takes the room it is given, and scrolls up and down where that is too little."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


class _WheelScrolls(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel:
            event.ignore()  # so that what scrolls gets it
            return True
        return super().eventFilter(watched, event)


def let_wheel_scroll(content: QWidget) -> None:
    """Have the wheel scroll over the lists and sliders in it, too: it would change what a person does not look at."""
    scrolls = _WheelScrolls(content)
    for widget in (*content.findChildren(QComboBox), *content.findChildren(QSlider)):
        widget.installEventFilter(scrolls)
        widget.setFocusPolicy(widget.focusPolicy() & ~(Qt.FocusPolicy.WheelFocus & ~Qt.FocusPolicy.StrongFocus))
