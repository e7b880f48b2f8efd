"""Where tools may draw: commands, a row of the label panel, and the window in which a range of values is chosen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.masking import Masking
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.gui.actions import LOCKED, READ_ONLY, STILL_READ, Actions
from viewer.gui.beside import move_beside, undo_beside
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.masking_words import over_text, values_text
from viewer.gui.reading_room import ReadingRoom
from viewer.workflows import Workflows

_STEPS = 1000  # of a slider
_COLOURS = QT_TR_NOOP("Colours have no values to choose by")
_OTHER_VALUES = QT_TR_NOOP("Tools draw on all values again: this scan measures something else than the one before")
_NONE_OF_THEM = QT_TR_NOOP("No voxel of these values may become the label {name}")


class Thresholding(QObject):
    """The commands. Whoever listens to the session calls apply() once per turn of the event loop. tell says something
    in the window's status line."""

    def __init__(self, workflows: Workflows, commands: Actions, room: ReadingRoom, tell: Callable[[str], None]) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room, self._tell = workflows, commands, room, tell
        self._dialog: ThresholdDialog | None = None
        self._chosen_on: tuple[str, str] | None = None  # modality and unit of the values that tools draw on
        hand = workflows.session.hand
        self._shape = commands.add(
            "Labels",
            QT_TR_NOOP("Brush as a sphere"),
            lambda: hand.set_brush_shape("disc" if hand.brush_shape == "sphere" else "sphere"),
            "Shift+B",
            tip=QT_TR_NOOP("It draws in the slices around, too; a disc draws on the shown plane only"),
            checkable=True,
        )
        self._threshold = commands.add("Labels", QT_TR_NOOP("Threshold…"), self.show_dialog, needs_series=True)
        self._unlabelled = commands.add(
            "Labels", QT_TR_NOOP("Draw only on what has no label"), self._toggle_unlabelled, checkable=True
        )
        self._inside = commands.add(
            "Labels", QT_TR_NOOP("Draw only inside the chosen label"), self._toggle_inside, checkable=True
        )
        self._everywhere = commands.add(
            "Labels", QT_TR_NOOP("Draw everywhere, on all values"), lambda: hand.set_masking(Masking())
        )

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what is in force, and allow what can be done."""
        if not what & (What.SERIES | What.LABEL_TABLE | What.TOOL | What.VOXELS):
            return
        self._forget_values_of_others()
        session, masking = self._workflows.session, self._workflows.session.hand.masking
        self._shape.setChecked(session.hand.brush_shape == "sphere")
        self._unlabelled.setChecked(masking.over == "unlabelled")
        self._inside.setChecked(masking.over == "label")
        self._commands.allow(self._everywhere, masking.in_force)
        opened = session.volume is not None
        colour = tr(_COLOURS) if session.volume is not None and session.volume.colour else ""
        reading = tr(READ_ONLY) if session.read_only else tr(STILL_READ) if session.loading else colour
        self._commands.allow(self._threshold, opened, reading)
        if self._dialog is not None and self._dialog.isVisible():
            if reading or not opened:
                self._dialog.close()
            else:
                self._dialog.show_session(anew=bool(what & What.SERIES))

    def _forget_values_of_others(self) -> None:
        """Values of a CT mean nothing on an MR image: there tools draw on all again."""
        session, masking = self._workflows.session, self._workflows.session.hand.masking
        if masking.values is None or session.series is None or session.volume is None:
            self._chosen_on = None if masking.values is None else self._chosen_on
            return
        now = session.series.modality, session.volume.unit
        if self._chosen_on not in (None, now):
            session.hand.set_masking(replace(masking, values=None))
            self._tell(tr(_OTHER_VALUES))
        self._chosen_on = now

    def show_dialog(self) -> None:
        """Have a range of values chosen."""
        if self._dialog is None:
            window = self._room.window()
            self._dialog = ThresholdDialog(self._workflows, self._tell, window)
            undo_beside(self._dialog, self._commands)
            move_beside(self._dialog, window)
        self._dialog.show()
        self._dialog.activateWindow()

    def _toggle_unlabelled(self) -> None:
        hand = self._workflows.session.hand
        over = "everything" if hand.masking.over == "unlabelled" else "unlabelled"
        hand.set_masking(replace(hand.masking, over=over, label=""))

    def _toggle_inside(self) -> None:
        session, masking = self._workflows.session, self._workflows.session.hand.masking
        inside = masking.over != "label"
        label = session.label.name if inside else ""
        session.hand.set_masking(replace(masking, over="label" if inside else "everything", label=label))


class MaskingRow(QObject):
    """The row of the label panel that says where tools may draw: on what, and on which values."""

    thresholdRequested = Signal()
    chosen = Signal()  # the keyboard is no longer needed here

    def __init__(self, grid: QGridLayout, row: int, session: Callable[[], Session]) -> None:
        super().__init__(grid)
        self._session = session
        self._shown: tuple[object, ...] = ()
        self.over = QComboBox()
        self.over.setAccessibleName(tr("Draw on"))
        self.over.setMinimumContentsLength(8)
        self.over.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.over.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.over.activated.connect(self._choose)
        self.values = QPushButton()
        self.values.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.values.setAccessibleName(tr("Draw on values"))
        self.values.clicked.connect(self.thresholdRequested)
        grid.addWidget(QLabel(tr("Draw on")), row, 0)
        grid.addWidget(self.over, row, 1)
        grid.addWidget(self.values, row + 1, 1)

    def apply(self, what: What) -> None:
        """Show what is in force."""
        session = self._session()
        masking, colour = session.hand.masking, session.volume is not None and session.volume.colour
        can_choose = session.volume is not None and session.editable and not colour
        self.values.setVisible(masking.values is not None)
        if masking.values is not None:
            self.values.setEnabled(can_choose)
            unit = session.volume.unit if session.volume is not None else ""
            self.values.setText(values_text(masking.values, unit))
            self.values.setToolTip(tr(_COLOURS) if colour else tr("Choose other values, or all of them"))
        names = tuple(label.name for label in session.labels)
        if (names, masking.over, masking.label, can_choose) == self._shown:
            return
        self._shown = names, masking.over, masking.label, can_choose
        choices = [Masking(), Masking(over="unlabelled"), *(Masking(over="label", label=name) for name in names)]
        now = Masking(None, masking.over, masking.label)
        if now not in choices:  # a label of another series
            choices.append(now)
        with QSignalBlocker(self.over):
            self.over.clear()
            for choice in choices:
                self.over.addItem(over_text(choice), choice)
            self.over.setCurrentIndex(choices.index(now))
            if can_choose:
                self.over.insertItem(2, tr("Only some values…"))

    def _choose(self) -> None:
        choice: Masking | None = self.over.currentData()
        hand = self._session().hand
        if choice is None:
            self._shown = ()  # what is in force is to stand here again
            self.apply(What.TOOL)
            self.thresholdRequested.emit()
            return
        hand.set_masking(replace(choice, values=hand.masking.values))
        self.chosen.emit()


class ThresholdDialog(QDialog):
    """Stays open beside the panes, which show the voxels of the chosen values meanwhile. They can be given to the
    active label, or be the only ones on which tools draw."""

    def __init__(self, workflows: Workflows, tell: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Threshold"))
        self._workflows, self._tell = workflows, tell
        self._volume: Callable[[], Volume | None] = lambda: None
        self._limits = (0.0, 1.0)
        self.boxes = (QDoubleSpinBox(), QDoubleSpinBox())
        self.sliders = (QSlider(Qt.Orientation.Horizontal), QSlider(Qt.Orientation.Horizontal))
        grid = QGridLayout()
        for n, (text, box, slider) in enumerate(zip((tr("From"), tr("To")), self.boxes, self.sliders, strict=True)):
            name = QLabel(text)
            name.setBuddy(box)
            slider.setRange(0, _STEPS)
            slider.setAccessibleName(text)
            slider.valueChanged.connect(lambda step, n=n: self._slid(n, step))
            box.valueChanged.connect(lambda value, n=n: self._written(n))
            for column, widget in enumerate((name, slider, box)):
                grid.addWidget(widget, n, column)
        grid.setColumnStretch(1, 1)
        self.only_these = QCheckBox(tr("Tools draw only on these values"))
        self.only_these.toggled.connect(lambda checked: self._tell_hand())
        sentence = QLabel(tr("Voxels of these values are tinted. What is given to the label is one step to undo."))
        sentence.setWordWrap(True)
        sentence.setProperty("dimmed", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.give_button = buttons.addButton("", QDialogButtonBox.ButtonRole.ApplyRole)
        self.give_button.setAutoDefault(False)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        self.give_button.clicked.connect(self._give)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addWidget(self.only_these)
        layout.addWidget(sentence)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.resize(460, 190)

    @property
    def values(self) -> tuple[float, float]:
        """From and to, in the unit of the open series."""
        return self.boxes[0].value(), self.boxes[1].value()

    def show_session(self, anew: bool = False) -> None:
        """Show the values and the active label of the session that is worked on; anew: of another series."""
        session = self._workflows.session
        volume, label = session.volume, session.label
        if volume is None or volume.colour:
            return
        if anew or volume is not self._volume():
            self._take_limits(volume)
        masking = session.hand.masking
        if masking.values is not None and masking.values != self.values:
            self._show_values(masking.values)
        with QSignalBlocker(self.only_these):
            self.only_these.setChecked(masking.values is not None)
        self.give_button.setText(tr("Give them to {name}").format(name=tr(label.name)))
        self.give_button.setEnabled(session.editable and not label.locked)
        self.give_button.setToolTip(tr(LOCKED) if label.locked else "")
        session.hand.preview_values(self.values)

    def showEvent(self, event: QShowEvent) -> None:
        self.show_session(anew=True)
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._workflows.session.hand.preview_values(None)
        self._volume = lambda: None
        super().hideEvent(event)

    def _take_limits(self, volume: Volume) -> None:
        """Offer the values that a volume has, from its darkest to its brightest voxel."""
        self._volume = lambda: volume
        low, high = limits_of(volume)
        whole = volume.voxels.dtype.kind in "iu"
        decimals = 0 if whole else min(max(3 - math.floor(math.log10(max(high - low, 1e-9))), 0), 8)
        step = 10.0**-decimals
        low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        self._limits = low, max(high, low + step)
        for box in self.boxes:
            with QSignalBlocker(box):
                box.setDecimals(decimals)
                box.setRange(*self._limits)
                box.setSingleStep(max(step, (high - low) / _STEPS if not whole else 1))
                box.setSuffix(f" {volume.unit}" if volume.unit else "")
        centre = self._workflows.session.window_level.centre
        self._show_values((min(max(centre, low), high), high))

    def _show_values(self, values: tuple[float, float]) -> None:
        low, high = self._limits
        for value, box, slider in zip(values, self.boxes, self.sliders, strict=True):
            with QSignalBlocker(box), QSignalBlocker(slider):
                box.setValue(value)
                slider.setValue(round((box.value() - low) / (high - low) * _STEPS))

    def _slid(self, n: int, step: int) -> None:
        low, high = self._limits
        self._set(n, low + step / _STEPS * (high - low))

    def _written(self, n: int) -> None:
        self._set(n, self.boxes[n].value())

    def _set(self, n: int, value: float) -> None:
        """Have one end be this, and the other no nearer."""
        low, high = self.values
        self._show_values((value, max(high, value)) if n == 0 else (min(low, value), value))
        self._tell_hand()

    def _tell_hand(self) -> None:
        hand = self._workflows.session.hand
        hand.preview_values(self.values)
        values = self.values if self.only_these.isChecked() else None
        hand.set_masking(replace(hand.masking, values=values))

    def _give(self) -> None:
        name = self._workflows.session.label.name

        def done(changed: bool) -> None:
            if not changed:
                self._tell(tr(_NONE_OF_THEM).format(name=tr(name)))

        self._workflows.editing.threshold_label(self.values, done)


def limits_of(volume: Volume) -> tuple[float, float]:
    """The smallest and the largest value of a grey volume; padding and NaN are none."""
    voxels = volume.voxels
    low, high = float(voxels.min()), float(voxels.max())
    if volume.padding is not None or not math.isfinite(low) or not math.isfinite(high):
        ends = [part[volume.measured(part)] for part in voxels]  # slice by slice: no copy of it all
        there = [(float(part.min()), float(part.max())) for part in ends if part.size]
        low, high = (min(a for a, _ in there), max(b for _, b in there)) if there else (0.0, 1.0)
    return low, high
