"""The held-out slices or patients on which a new model won or lost, each a click away from its pictures."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from viewer.gui.language import tr
from viewer.gui.style import theme
from viewer.io.training_set import first_voxel

if TYPE_CHECKING:
    from viewer.training_runs import TrainingRun

_SLICE = re.compile(r"^(?P<case>.+) (?P<axis>[ijk]) (?P<index>\d+)$")  # as the report names a held-out slice
_ALIKE = 0.0005  # a difference that three digits do not show
_MOST_PX = 120


class TrainingCases(QListWidget):
    """One line for each unit, the greatest loss first; chosen: uid of the series, axis (-1: none) and slice."""

    chosen = Signal(str, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Cases won and lost"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)
        self.hide()

    def show_run(self, run: TrainingRun | None) -> None:
        """List what the report of a run measured: the current model's Dice and the new one's."""
        self.clear()
        models = run.report["models"] if run is not None and run.report else {}
        current, new = (models.get(arm, {}).get("unit_dice", {}) for arm in ("current", run.best_new if run else ""))
        both = {
            unit: (current[unit], new[unit])
            for unit in current
            if all(d is not None and math.isfinite(d) for d in (current[unit], new.get(unit)))
        }
        self.setVisible(bool(both))
        for unit, (old, dice) in sorted(both.items(), key=lambda item: item[1][1] - item[1][0]):
            assert run is not None  # its report was read
            self._add(run, unit, old, dice)
        rows = sum(self.sizeHintForRow(row) for row in range(self.count()))
        self.setFixedHeight(min(rows + 2 * self.frameWidth() + 4, _MOST_PX))

    def _add(self, run: TrainingRun, unit: str, old: float, dice: float) -> None:
        found = _SLICE.match(unit)
        case, axis, index = unit, -1, 0
        if found:
            case, axis = found["case"], "ijk".index(found["axis"])
            index = int(found["index"]) + first_voxel(case)[axis]
        gain = dice - old
        word = tr("won") if gain > _ALIKE else tr("lost") if gain < -_ALIKE else tr("equal")
        number = self.count() + 1
        name = tr("Slice {n}").format(n=index + 1) if found else tr("Patient {n}").format(n=number)
        item = QListWidgetItem(f"{name}: {old:.3f} → {dice:.3f} ({word})")
        if abs(gain) > _ALIKE:
            item.setForeground(theme().good if gain > 0 else theme().warning)
        uid = run.series.get(case, "")
        if uid:
            item.setData(Qt.ItemDataRole.UserRole, (uid, axis, index))
            item.setToolTip(tr("Dice of the current model and of the new one; a click shows the slice"))
        else:
            item.setToolTip(tr("Dice of the current model and of the new one"))
        self.addItem(item)

    def _choose(self, item: QListWidgetItem) -> None:
        place = item.data(Qt.ItemDataRole.UserRole)
        if place:
            self.chosen.emit(*place)
