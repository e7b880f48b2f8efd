"""The shape of a label: commands and a dialog that grow, hollow and smooth it, or fill between its slices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject
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

from viewer.core import region_acts
from viewer.core.events import What
from viewer.core.geometry import Geometry
from viewer.core.painting import Box
from viewer.core.region_acts import RegionAct
from viewer.gui.actions import COLOURS_HAVE_NO_VALUES, LOCKED, READ_ONLY, STILL_READ, Actions
from viewer.gui.beside import move_beside, undo_beside
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import ReadingRoom
from viewer.workflows import Workflows

_UNCHANGED = QT_TR_NOOP("That changes nothing of the label {name}")
_SMALLER_THAN_VOXELS = QT_TR_NOOP("That changes nothing of the label {name}: its voxels are {size} mm")
_NOTHING_LEFT = QT_TR_NOOP("The label {name} stays as it is: nothing of it would be left (its voxels are {size} mm)")
_OBLIQUE_FILL = QT_TR_NOOP(
    "Between slices of the scan can be filled, between oblique planes not: choose a pane that is not turned, or "
    "{Display/Planes along the scan}"
)
_TOO_FEW_SEEDS = QT_TR_NOOP(
    "Nothing grew: paint a little of each structure first, and of what is around them with a label of its own"
)


@dataclass(frozen=True)
class _Sized:
    """An act that needs a size. make gets the label's name and the size, in mm or ml as unit says."""

    text: str
    sentence: str
    size: str
    unit: str
    first: float
    make: Callable[[str, float], RegionAct]


_SIZED = (
    _Sized(
        QT_TR_NOOP("Grow"),
        QT_TR_NOOP("Adds all voxels within the margin that are no other label's."),
        QT_TR_NOOP("Margin"),
        "mm",
        2.0,
        region_acts.change_margin,
    ),
    _Sized(
        QT_TR_NOOP("Shrink"),
        QT_TR_NOOP("Takes away all voxels within the margin of what is not the label."),
        QT_TR_NOOP("Margin"),
        "mm",
        2.0,
        lambda name, mm: region_acts.change_margin(name, -mm),
    ),
    _Sized(
        QT_TR_NOOP("Hollow out, shell within the surface"),
        QT_TR_NOOP("Leaves a shell: its outer side is where the label's surface is."),
        QT_TR_NOOP("Thickness"),
        "mm",
        2.0,
        lambda name, mm: region_acts.hollow(name, mm, "inside"),
    ),
    _Sized(
        QT_TR_NOOP("Hollow out, shell about the surface"),
        QT_TR_NOOP("Leaves a shell: half of it lies within the label's surface, half around it."),
        QT_TR_NOOP("Thickness"),
        "mm",
        2.0,
        lambda name, mm: region_acts.hollow(name, mm, "middle"),
    ),
    _Sized(
        QT_TR_NOOP("Hollow out, shell around the surface"),
        QT_TR_NOOP("Leaves a shell: its inner side is where the label's surface is."),
        QT_TR_NOOP("Thickness"),
        "mm",
        2.0,
        lambda name, mm: region_acts.hollow(name, mm, "outside"),
    ),
    _Sized(
        QT_TR_NOOP("Smooth: median"),
        QT_TR_NOOP(
            "Each voxel becomes as most of its neighbours are: takes spikes and fills notches, and keeps the size."
        ),
        QT_TR_NOOP("Reach"),
        "mm",
        2.0,
        lambda name, mm: region_acts.smooth(name, mm, "median"),
    ),
    _Sized(
        QT_TR_NOOP("Smooth: Gaussian"),
        QT_TR_NOOP("Rounds edges and corners; what is thin gets thinner."),
        QT_TR_NOOP("Standard deviation"),
        "mm",
        2.0,
        lambda name, mm: region_acts.smooth(name, mm, "gaussian"),
    ),
    _Sized(
        QT_TR_NOOP("Smooth: opening"),
        QT_TR_NOOP("Takes away spikes and bridges that a ball of this radius does not fit into."),
        QT_TR_NOOP("Radius"),
        "mm",
        2.0,
        lambda name, mm: region_acts.smooth(name, mm, "opening"),
    ),
    _Sized(
        QT_TR_NOOP("Smooth: closing"),
        QT_TR_NOOP("Fills notches and gaps that a ball of this radius does not fit into."),
        QT_TR_NOOP("Radius"),
        "mm",
        2.0,
        lambda name, mm: region_acts.smooth(name, mm, "closing"),
    ),
    _Sized(
        QT_TR_NOOP("Remove small parts"),
        QT_TR_NOOP("Takes away the parts that do not touch others and are smaller than this."),
        QT_TR_NOOP("Smaller than"),
        "ml",
        0.1,
        region_acts.remove_small,
    ),
)


class Shaping(QObject):
    """The commands. Whoever listens to the session calls apply() once per turn of the event loop. tell says something
    in the window's status line."""

    def __init__(self, workflows: Workflows, commands: Actions, room: ReadingRoom, tell: Callable[[str], None]) -> None:
        super().__init__(commands)
        self._workflows, self._commands, self._room, self._tell = workflows, commands, room, tell
        self._dialog: ShapeDialog | None = None
        largest, holes = region_acts.keep_largest, region_acts.fill_holes
        self._actions = {  # whether what they do is measured in mm
            commands.add("Labels", text, act, needs_series=True): in_mm
            for text, act, in_mm in (
                (QT_TR_NOOP("Shape of the label…"), self._show_dialog, True),
                (QT_TR_NOOP("Keep the largest part of the label"), lambda: self._do(largest), False),
                (QT_TR_NOOP("Fill holes in the label"), lambda: self._do(holes), False),
                (QT_TR_NOOP("Fill between the slices of the active plane"), self._fill_between, True),
            )
        }

        self._grow = commands.add(
            "Labels",
            QT_TR_NOOP("Grow from seeds"),
            self._grow_from_seeds,
            "Ctrl+Shift+G",
            picture="sprout-outline",
            tip=QT_TR_NOOP(
                "All that is painted grows to where the values change most. Paint a little of each structure, and of "
                "what is around them with a label of its own; locked labels stay"
            ),
            needs_series=True,
        )

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what can be done with the active label."""
        if what & (What.SERIES | What.LABEL_TABLE | What.TOOL | What.VOXELS):
            for action, in_mm in self._actions.items():
                self._commands.allow(action, self._workflows.session.volume is not None, self._why_not(in_mm))
            self._commands.allow(self._grow, self._workflows.session.volume is not None, self._why_not_grow())
            if self._dialog is not None:
                self._dialog.show_label()

    def _why_not(self, in_mm: bool = True) -> str:
        session = self._workflows.session
        return self._why_not_any(in_mm) or (tr(LOCKED) if session.is_locked(session.active_label) else "")

    def _why_not_any(self, in_mm: bool) -> str:
        """Why no label can be reshaped."""
        session = self._workflows.session
        if session.read_only:
            return tr(READ_ONLY)
        if session.loading:
            return tr(STILL_READ)
        if session.volume is not None and not session.volume.geometry.is_grid:
            return tr("These slices make no volume: their labels have no shape in mm")
        if in_mm and session.volume is not None and not session.volume.geometry.calibrated:
            return tr("The size of a pixel is not known: nothing can be done in mm")
        return ""

    def _why_not_grow(self) -> str:
        session = self._workflows.session
        if session.volume is not None and session.volume.colour:
            return tr(COLOURS_HAVE_NO_VALUES)
        return self._why_not_any(in_mm=False)  # pixels of a picture without a size are as good as any

    def _grow_from_seeds(self) -> None:
        def done(changed: bool) -> None:
            if not changed:
                self._tell(tr(_TOO_FEW_SEEDS))

        self._workflows.editing.grow_from_seeds(done)

    def _show_dialog(self) -> None:
        if self._dialog is None:
            self._dialog = ShapeDialog(self._workflows, self._do, self._why_not, self._room.window())
            undo_beside(self._dialog, self._commands)
            move_beside(self._dialog, self._room.window())
        self._dialog.show_label()
        self._dialog.show()
        self._dialog.activateWindow()

    def _fill_between(self) -> None:
        if self._workflows.session.is_oblique(self._room.plane):
            self._tell(with_keys(tr(_OBLIQUE_FILL), self._room.window()))
            return
        self._do(partial(region_acts.fill_between, plane=self._room.plane))

    def _do(self, make: Callable[[str], RegionAct], reach_mm: float | None = None) -> None:
        """reach_mm: how far the act reaches, if it does; what is less than a voxel changes nothing."""
        name, volume = self._workflows.session.label.name, self._workflows.session.volume

        act, emptied = make(name), []

        def region(own: NDArray[np.bool_], geometry: Geometry) -> NDArray[np.bool_]:
            found = act.region(own, geometry)
            emptied[:] = [own.any() and not found.any()]
            return own if emptied[0] else found  # who shapes a label does not mean to lose it

        def done(changed: bool) -> None:
            if changed or volume is None:
                return
            spacing = volume.geometry.spacing
            small = reach_mm is not None and reach_mm <= max(spacing)
            words = tr(_NOTHING_LEFT if any(emptied) else _SMALLER_THAN_VOXELS if small else _UNCHANGED)
            self._tell(words.format(name=tr(name), size=" × ".join(f"{mm:.4g}" for mm in spacing)))

        self._workflows.editing.reshape_label(replace(act, region=region), done)


class ShapeDialog(QDialog):
    """Stays open beside the panes, so that one can look, undo, and try another size. do does an act with the active
    label; why_not says why none can be done."""

    def __init__(
        self,
        workflows: Workflows,
        do: Callable[[Callable[[str], RegionAct], float | None], None],
        why_not: Callable[[], str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Shape of the label"))
        self._workflows, self._do, self._why_not = workflows, do, why_not
        self._sizes = [act.first for act in _SIZED]
        self._name = QLabel()
        self.act = QComboBox()
        for one in _SIZED:
            self.act.addItem(tr(one.text))
        self.act.setAccessibleName(tr("What to do with the label"))
        self.act.currentIndexChanged.connect(self._show_act)
        self._size_name = QLabel()
        self.size_box = QDoubleSpinBox(decimals=1, minimum=0.1, maximum=100.0, singleStep=0.5)
        self.size_box.valueChanged.connect(self._keep_size)
        self._size_name.setBuddy(self.size_box)
        self._sentence = QLabel(wordWrap=True)
        self._sentence.setProperty("dimmed", True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.apply_button = buttons.addButton(tr("Apply"), QDialogButtonBox.ButtonRole.ApplyRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        self.apply_button.setDefault(True)
        self.apply_button.clicked.connect(self._apply)
        buttons.rejected.connect(self.reject)
        form = QFormLayout()
        form.addRow(tr("Label"), self._name)
        form.addRow(tr("Operation"), self.act)
        form.addRow(self._size_name, self.size_box)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self._sentence)
        layout.addStretch(1)
        layout.addWidget(buttons)
        self.resize(420, 200)
        self._show_act()

    def show_label(self) -> None:
        """Name the active label, and say why nothing can be done with it if that is so."""
        self._name.setText(tr(self._workflows.session.label.name))
        why_not = self._why_not()
        self.apply_button.setEnabled(not why_not and self._workflows.session.volume is not None)
        self.apply_button.setToolTip(why_not)

    def _show_act(self) -> None:
        act = _SIZED[self.act.currentIndex()]
        self._sentence.setText(tr(act.sentence))
        self._size_name.setText(tr(act.size))
        self.size_box.setSuffix(f" {act.unit}")
        self.size_box.setValue(self._sizes[self.act.currentIndex()])

    def _keep_size(self, size: float) -> None:
        self._sizes[self.act.currentIndex()] = size

    def _apply(self) -> None:
        act = _SIZED[self.act.currentIndex()]
        size = self.size_box.value()
        self._do(lambda name: act.make(name, size), size if act.unit == "mm" else None)
