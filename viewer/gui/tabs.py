"""Tabs whose words are whole, however narrow the panel."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QTabBar, QTabWidget, QWidget

_AIR_PX = 14  # of a tab, beyond its padding, where there is room
_LEAST_AIR_PX = 10  # of which 8 are its padding


class _Bar(QTabBar):
    def tabSizeHint(self, index: int) -> QSize:
        return super().tabSizeHint(index) + QSize(_AIR_PX, 0)

    def minimumTabSizeHint(self, index: int) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self.tabText(index))
        return QSize(words + _LEAST_AIR_PX, super().tabSizeHint(index).height())


class Tabs(QTabWidget):
    """They move together where room is short, and the panel never gets narrower than their words."""

    def __init__(self, narrowest_px: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent, documentMode=True)
        self._narrowest_px = narrowest_px
        self.setTabBar(_Bar())
        self.setUsesScrollButtons(False)
        self.tabBar().setDrawBase(False)

    def minimumSizeHint(self) -> QSize:
        least = max(self._narrowest_px, self.tabBar().minimumSizeHint().width())
        return QSize(least, super().minimumSizeHint().height())
