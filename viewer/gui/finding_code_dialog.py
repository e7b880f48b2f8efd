"""The code of a finding, as a person writes it: DICOM has no list of all that may be asked of a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QWidget

from viewer.core.findings import Finding
from viewer.gui.language import tr

_MOST = (16, 16, 64)  # letters: DICOM PS3.3 table 8.8-1a, SH, SH and LO
_SCHEME = "SCT"  # SNOMED CT, which DICOM's own terms are of


class FindingCodeDialog(QDialog):
    """Asks for value, scheme and meaning; change gets the finding with them, or with none."""

    def __init__(self, finding: Finding, change: Callable[[Finding], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._finding, self._change = finding, change
        self.setWindowTitle(tr("Code of {name}").format(name=finding.name))
        value, scheme, meaning = finding.code or ("", _SCHEME, finding.name)
        self.value, self.scheme, self.meaning = QLineEdit(value), QLineEdit(scheme), QLineEdit(meaning)
        words = QLabel(tr("With a code other programs know what was asked, for instance 36118008 of SNOMED CT (SCT)."))
        words.setWordWrap(True)
        words.setProperty("dimmed", True)
        form = QFormLayout(self)
        form.addRow(words)
        for edit, most, name in zip(
            (self.value, self.scheme, self.meaning), _MOST, (tr("Code"), tr("Scheme"), tr("Meaning")), strict=True
        ):
            edit.setMaxLength(most)
            edit.setAccessibleName(name)
            edit.textChanged.connect(self._enable)
            form.addRow(name, edit)
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        self._ok = buttons.button(standard.Ok)
        clear = buttons.addButton(tr("No code"), QDialogButtonBox.ButtonRole.ResetRole)
        clear.setEnabled(finding.code is not None)
        clear.setAutoDefault(False)
        clear.clicked.connect(self._take_away)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)
        self.resize(380, self.sizeHint().height())
        self._enable()
        self.value.setFocus()

    def accept(self) -> None:
        value, scheme, meaning = self._written()
        if value and scheme and meaning:
            super().accept()
            self._change(replace(self._finding, code=(value, scheme, meaning)))

    def _written(self) -> tuple[str, str, str]:
        return self.value.text().strip(), self.scheme.text().strip(), self.meaning.text().strip()

    def _enable(self) -> None:
        self._ok.setEnabled(all(self._written()))

    def _take_away(self) -> None:
        super().accept()
        self._change(replace(self._finding, code=None))
