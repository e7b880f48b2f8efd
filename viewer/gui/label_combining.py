"""A label and another one: a command and a dialog that add, copy, subtract, intersect and invert."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.label_edits import Combination
from viewer.core.painting import Box
from viewer.gui.actions import Actions, why_no_drawing
from viewer.gui.beside import move_beside, undo_beside
from viewer.gui.icons import swatch
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.workflows import Workflows

_UNCHANGED = QT_TR_NOOP("That changes nothing of the label {name}")


@dataclass(frozen=True)
class _Choice:
    """sized: it needs a distance in mm."""

    how: Combination
    text: str
    sentence: str
    sized: bool = False


_CHOICES = (
    _Choice(
        "add",
        QT_TR_NOOP("Add the other label"),
        QT_TR_NOOP("Takes all voxels of the other label, which is left empty: a voxel has one label."),
    ),
    _Choice(
        "copy",
        QT_TR_NOOP("Copy the other label"),
        QT_TR_NOOP(
            "The label is where the other one was, and nowhere else. The other is left empty: a voxel has one label."
        ),
    ),
    _Choice(
        "subtract",
        QT_TR_NOOP("Subtract the other label with a margin"),
        QT_TR_NOOP("Takes away what lies within the margin of the other label, which stays as it is."),
        True,
    ),
    _Choice(
        "intersect",
        QT_TR_NOOP("Intersect with the other label and a margin"),
        QT_TR_NOOP("Keeps only what lies within the margin of the other label, which stays as it is."),
        True,
    ),
    _Choice(
        "invert",
        QT_TR_NOOP("Invert"),
        QT_TR_NOOP("The label becomes all that has no label now, and what was its own has none."),
    ),
)


class Combining(QObject):
    """The command. Whoever listens to the session calls apply() once per turn of the event loop. tell says something
    in the window's status line."""

    def __init__(self, workflows: Workflows, commands: Actions, room: ReadingRoom, tell: Callable[[str], None]) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room, self._tell = workflows, commands, room, tell
        self._dialog: CombineDialog | None = None
        self._action = commands.add(
            "Labels", QT_TR_NOOP("Combine with another label…"), self._show_dialog, needs_series=True
        )

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with the active label."""
        if what & (What.SERIES | What.LABEL_TABLE | What.TOOL | What.VOXELS):
            session = self._workflows.session
            self._commands.allow(self._action, session.volume is not None, why_no_drawing(session))
            if self._dialog is not None:
                self._dialog.show_labels()

    def _show_dialog(self) -> None:
        if self._dialog is None:
            self._dialog = CombineDialog(self._workflows, self._tell, self._room.window())
            undo_beside(self._dialog, self._commands)
            move_beside(self._dialog, self._room.window())
        self._dialog.show_labels()
        self._dialog.show()
        self._dialog.activateWindow()


class CombineDialog(QDialog):
    """Stays open beside the panes, so that one can look, undo, and try another way."""

    def __init__(self, workflows: Workflows, tell: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Combine with another label"))
        self._workflows, self._tell = workflows, tell
        self._name = QLabel()
        self.choice = QComboBox()
        for one in _CHOICES:
            self.choice.addItem(tr(one.text))
        self.choice.setAccessibleName(tr("What to do with the label"))
        self.choice.currentIndexChanged.connect(self._show_choice)
        self.other = QComboBox()
        self.other.currentIndexChanged.connect(self._show_choice)
        self.margin = QDoubleSpinBox(decimals=1, minimum=0.1, maximum=100.0, singleStep=0.5, suffix=" mm")
        self.margin.setValue(5.0)
        self._sentence = QLabel(wordWrap=True)
        self._sentence.setProperty("dimmed", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.apply_button = buttons.addButton(tr("Apply"), QDialogButtonBox.ButtonRole.ApplyRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        self.apply_button.setDefault(True)
        self.apply_button.clicked.connect(self._apply)
        buttons.rejected.connect(self.reject)
        self._form = QFormLayout()
        self._form.addRow(tr("Label"), self._name)
        self._form.addRow(tr("Operation"), self.choice)
        self._form.addRow(tr("Other label"), self.other)
        self._form.addRow(tr("Margin"), self.margin)
        layout = QVBoxLayout(self)
        layout.addLayout(self._form)
        layout.addWidget(self._sentence)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.resize(440, 220)
        self.show_labels()

    def show_labels(self) -> None:
        """Name the active label, and offer the others."""
        session = self._workflows.session
        self._name.setText(tr(self._workflows.session.label.name))
        others = [label for label in session.labels if label.value != session.active_label]
        chosen = self.other.currentData()
        with QSignalBlocker(self.other):
            self.other.clear()
            for label in others:
                self.other.addItem(swatch(label.colour), tr(label.name), label.value)
            self.other.setCurrentIndex(max(self.other.findData(chosen), 0) if others else -1)
        self._show_choice()

    def _show_choice(self) -> None:
        choice, why_not = _CHOICES[self.choice.currentIndex()], self._why_not()
        self._form.setRowVisible(self.other, choice.how != "invert")
        self._form.setRowVisible(self.margin, choice.sized)
        self._sentence.setText(tr(choice.sentence))
        self.apply_button.setEnabled(not why_not and self._workflows.session.volume is not None)
        self.apply_button.setToolTip(why_not)

    def _why_not(self) -> str:
        session, choice = self._workflows.session, _CHOICES[self.choice.currentIndex()]
        other = self.other.currentData()
        if why_not := why_no_drawing(session):
            return why_not
        if choice.how != "invert" and other is None:
            return tr("There is no other label")
        if choice.how in ("add", "copy") and session.is_locked(other):
            return tr("The other label is locked: its voxels cannot be taken")
        geometry = session.volume.geometry if session.volume is not None else None
        if choice.sized and geometry is not None and not (geometry.is_grid and geometry.calibrated):
            return tr("The size of a voxel is not known: nothing can be done in mm")
        return ""

    def _apply(self) -> None:
        choice, name = _CHOICES[self.choice.currentIndex()], self._workflows.session.label.name

        def done(changed: bool) -> None:
            if not changed:
                self._tell(tr(_UNCHANGED).format(name=tr(name)))

        other = self.other.currentData()
        self._workflows.editing.combine_label(choice.how, other if other is not None else 0, self.margin.value(), done)
