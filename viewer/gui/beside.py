"""Dialogs that stay open beside the panes, and what is undone from them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QDialog, QLineEdit, QWidget

from viewer.gui.actions import Actions

_EDGE_PX = 16


def undo_beside(dialog: QDialog, commands: Actions) -> None:
    """See that the keys of undo and redo are those of the window while a dialog has the keyboard, also in the fields of
    its numbers: what one takes back there is what the dialog has done."""
    dialog.addActions((commands.undo, commands.redo))
    keeper = _Keeper(dialog, (commands.undo, commands.redo))
    for spin_box in dialog.findChildren(QAbstractSpinBox):
        for field in (spin_box, *spin_box.findChildren(QLineEdit)):
            field.installEventFilter(keeper)


def move_beside(dialog: QDialog, window: QWidget) -> None:
    """Put a dialog at the right edge of its window: not over the slices."""
    beside = QPoint(window.width() - dialog.width() - _EDGE_PX, window.height() // 3)
    dialog.move(window.mapToGlobal(beside))


class _Keeper(QObject):
    """Lets no field have the keys of actions."""

    def __init__(self, parent: QObject, actions: tuple[QAction, ...]) -> None:
        super().__init__(parent)
        self._actions = actions

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        keys = QKeySequence(event.keyCombination())
        return any(keys in action.shortcuts() for action in self._actions)
