"""A list of choices on a bar under the panes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

_OF_QT = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)  # which takes them when it asks for shortcuts


class BarList(QComboBox):
    """A click leaves the keyboard with the panes. While the list is open all keys are its own: it is a child of what
    the panes lie in, whose keys would come first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.view().installEventFilter(self)

    @property
    def written(self) -> str:
        """The choice as it is painted: what has no room ends in an ellipsis, or a number that is cut could be taken
        for another."""
        return self._options().currentText

    def _options(self) -> QStyleOptionComboBox:
        options, part = QStyleOptionComboBox(), QStyle.SubControl.SC_ComboBoxEditField
        self.initStyleOption(options)
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, options, part, self).width()
        text = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        options.currentText = text
        return options

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, options = QStylePainter(self), self._options()
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, options)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, options)
        painter.end()  # now: a second one would crash in Qt

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return event.key() not in _OF_QT
        return super().eventFilter(watched, event)
