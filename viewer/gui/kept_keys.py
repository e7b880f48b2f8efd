"""While a menu is open the keys are the menu's."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget


def keep_keys(widget: QWidget) -> None:
    """See that no key does anything in the window behind a menu: behind widget, if it is one, and those within it. The
    menu bar is one, too: the menus that it opens pass on to it the keys that they do not know.

    Qt keeps back the keys of a window's actions while a menu is open, but not of those that listen only while the panes
    have the keyboard: the picture would be mirrored or scrolled behind the menu.
    """
    keeper = _Keeper(widget)
    for menu in (widget, *widget.findChildren(QMenu), *widget.findChildren(QMenuBar)):
        if isinstance(menu, QMenu | QMenuBar):
            menu.installEventFilter(keeper)


class _Keeper(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        return False
