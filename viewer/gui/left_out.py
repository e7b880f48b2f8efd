"""What is said of files that a scan left out: how many, and on demand which and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from viewer.core.study import Refusal, Scan
from viewer.gui.language import said, tr
from viewer.gui.sentence_bar import SentenceBar

_MOST_REFUSALS = 5000  # rows of the list: more would make the window wait, and nobody reads them


class LeftOutBar(SentenceBar):
    """Says how many files the last scan left out; one of its buttons lists them."""

    def __init__(self) -> None:
        super().__init__(tr("Show which"), tr("Close"))
        self._refusals: tuple[Refusal, ...] = ()
        self.first.clicked.connect(self._list)
        self.second.clicked.connect(self.hide)

    def show_scan(self, scan: Scan) -> None:
        """Say it, or nothing where a single file was refused: that is said as a failure."""
        self._refusals = scan.refused
        taken = {file for series in scan.series for file in series.files}
        if scan.refused and (scan.series or len(scan.refused) > 1):
            refused = {refusal.file for refusal in scan.refused}
            count, total = len(refused), len(refused | taken)
            one = tr("1 of 1 file was left out.") if total == 1 else tr("1 of {total:,} files was left out.")
            words = one if count == 1 else tr("{count:,} of {total:,} files were left out.")
            self.show_text(words.format(count=count, total=total))
        else:
            self.hide()

    def _list(self) -> None:
        dialog = RefusalsDialog(self._refusals, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()


class RefusalsDialog(QDialog):
    """Which files were left out and why, as text that can be copied."""

    def __init__(self, refusals: Sequence[Refusal], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Files that were left out"))
        self.resize(760, 460)
        entries = [f"{Path(r.file.parent.name, r.file.name)}\n    {said(r.reason)}" for r in refusals[:_MOST_REFUSALS]]
        if len(refusals) > _MOST_REFUSALS:
            entries.append(tr("and {count:,} more").format(count=len(refusals) - _MOST_REFUSALS))
        self.text = QPlainTextEdit("\n".join(entries), readOnly=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        copy = QPushButton(tr("Copy all"), autoDefault=False)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text.toPlainText()))
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
