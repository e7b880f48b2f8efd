"""What is asked before something is lost."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QMessageBox, QWidget


def agreed(parent: QWidget, question: str) -> bool:
    """Whether a person says yes. No is the default, so that Return pressed by habit loses nothing."""
    standard = QMessageBox.StandardButton
    return QMessageBox.question(parent, "Slicewise", question, standard.Yes | standard.No, standard.No) == standard.Yes


def chosen(parent: QWidget, question: str, answers: Sequence[str]) -> int | None:
    """Which of some answers a person gives, by its number, the first being the default; None to leave all as it is."""
    box = QMessageBox(QMessageBox.Icon.Question, "Slicewise", question, QMessageBox.StandardButton.Cancel, parent)
    buttons = [box.addButton(answer, QMessageBox.ButtonRole.AcceptRole) for answer in answers]
    box.setDefaultButton(buttons[0])
    box.exec()
    return next((n for n, button in enumerate(buttons) if button is box.clickedButton()), None)
