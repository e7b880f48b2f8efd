"""Keys in sentences: a sentence names an action in braces and is shown with the key that the action has now."""

from __future__ import annotations

import re

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence

from viewer.gui.language import tr

_ACTION = re.compile(r"\{([^{}/]+/[^{}]+)\}")


def with_keys(sentence: str, window: QObject) -> str:
    """A sentence, "{Display/Reset view} brings it back", with the first key of each action that it names ("R"), or the
    action's words in quotes where it has none. window owns the actions; their names are those of Actions.named."""

    def key_of(named: re.Match[str]) -> str:
        found = window.findChild(QAction, named[1], Qt.FindChildOption.FindDirectChildrenOnly)
        if isinstance(found, QAction) and found.shortcuts():
            return readable(found.shortcuts()[0].toString())
        return f"“{tr(named[1].partition('/')[2]).rstrip('…')}”"

    return _ACTION.sub(key_of, sentence)


def readable(keys: str) -> str:
    """Keys, in Qt's portable text, as they are called on this machine."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
