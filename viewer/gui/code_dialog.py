"""Choosing the coded name of a label by a few letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

import resources
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.terms import find_terms, load_terms
from viewer.gui.language import tr

_CODE = Qt.ItemDataRole.UserRole
_MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class CodeDialog(QDialog):
    """Finds a term of those that DICOM has for segments. change gets the label with its code, and with its name if a
    person wants that; Return takes the first."""

    def __init__(self, label: Label, change: Callable[[Label], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label, self._change = label, change
        self._terms = load_terms(resources.path("codes", "segments.json"))
        self.setWindowTitle(tr("Code of {name}").format(name=tr(label.name)))
        self.search = QLineEdit(placeholderText=tr("Find a structure or finding, in English"), clearButtonEnabled=True)
        self.search.setAccessibleName(tr("Find a structure or finding, in English"))
        self.search.textChanged.connect(self._fill)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Terms found"))
        self.list.itemDoubleClicked.connect(self.accept)
        self.take_name = QCheckBox(tr("Call the label so, too"))
        unnamed = {default.name for default in DEFAULT_LABELS}
        self.take_name.setChecked(
            label.name in unnamed or label.name.startswith(tr("Region {number}").partition("{")[0])
        )
        now = QLabel(wordWrap=True)
        now.setProperty("dimmed", True)
        code = label.code
        now.setText(
            tr("Now: {meaning} ({scheme} {value})").format(meaning=code[2], scheme=code[1], value=code[0])
            if code
            else tr("Now: no code. With one, other programs know what the label is.")
        )
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self.clear = buttons.addButton(tr("No code"), QDialogButtonBox.ButtonRole.ResetRole)
        self.clear.setEnabled(code is not None)
        self.clear.setAutoDefault(False)
        self.clear.clicked.connect(self._take_away)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._ok = buttons.button(standard.Ok)
        self._ok.setDefault(True)
        layout = QVBoxLayout(self)
        for widget in (now, self.search, self.list, self.take_name, buttons):
            layout.addWidget(widget)
        self.resize(440, 420)
        self.search.setText("" if label.name in unnamed else label.name)
        self._fill()
        if not self.list.count():
            self.search.clear()
        self.search.selectAll()
        self.search.setFocus()

    def accept(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        code: tuple[str, str, str] = item.data(_CODE)
        name = code[2] if self.take_name.isChecked() else self._label.name
        super().accept()
        self._change(replace(self._label, code=code, name=name))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows in the field move through the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() in _MOVING:
            self.list.event(event)
            return True
        return super().eventFilter(watched, event)

    def _take_away(self) -> None:
        super().accept()
        self._change(replace(self._label, code=None))

    def _fill(self) -> None:
        self.list.clear()
        for term in find_terms(self._terms, self.search.text()):
            value, scheme, meaning = term.code
            item = QListWidgetItem(f"{meaning}    {scheme} {value}")
            item.setData(_CODE, term.code)
            item.setToolTip(term.category[2])
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._ok.setEnabled(self.list.count() > 0)
