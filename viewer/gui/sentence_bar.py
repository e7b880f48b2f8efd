"""A sentence over the panes that waits for a person: a failure, files that were left out, a model's proposal."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton


class SentenceBar(QFrame):
    """A line of text over the panes with one or two buttons; hidden at first."""

    def __init__(self, first: str, second: str = "") -> None:
        super().__init__()
        self.setObjectName("bar")
        self.text = QLabel(wordWrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.first, self.second = QPushButton(first, self), QPushButton(second, self)
        for button in (self.first, self.second):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        self.second.setVisible(bool(second))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 5, 6, 5)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.first)
        if second:
            layout.addWidget(self.second)
        self.hide()

    def show_text(self, text: str) -> None:
        self.text.setText(text)
        self.show()
