"""What is asked before something is lost."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget


def agreed(parent: QWidget, question: str) -> bool:
    """Whether a person says yes. No is the default, so that Return pressed by habit loses nothing."""
    standard = QMessageBox.StandardButton
    return QMessageBox.question(parent, "Slicewise", question, standard.Yes | standard.No, standard.No) == standard.Yes
