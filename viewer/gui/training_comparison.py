"""What a training's models were measured to be: each as a whole, and class by class and case by case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from viewer.core.goal import Task
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.style import theme

if TYPE_CHECKING:
    from viewer.training_runs import TrainingRun

ARM_NAMES = {
    "current": QT_TR_NOOP("Current"),
    "semi-supervised": QT_TR_NOOP("Semi-supervised"),
    "supervised": QT_TR_NOOP("Supervised"),
}
_MEASURES: dict[Task, tuple[str, str]] = {
    "segmentation": ("Dice", "HD95 mm"),
    "classification": ("AUC", "AUPRC"),
    "detection": ("FROC", "AP"),
}
_HIGHEST = 170  # pixels of the table of classes
_KEYS: dict[Task, tuple[str, str]] = {"classification": ("auc", "auprc"), "detection": ("froc", "ap")}


class TrainingComparison(QWidget):
    """A line for each model with its gain over the current one; below, on request, a line for each class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.arms = QTableWidget(0, 4)
        self.arms.setHorizontalHeaderLabels([tr("Model"), "Dice", tr("Gain"), "HD95 mm"])
        self.arms.verticalHeader().hide()
        self.arms.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.arms.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.arms.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.arms.setShowGrid(False)
        self.arms.setAccessibleName(tr("Comparison on held-out slices"))
        header = self.arms.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.by_class = QPushButton(tr("By structure and case"))
        self.by_class.setCheckable(True)
        self.classes = QTableWidget(0, 2)
        self.classes.verticalHeader().hide()
        self.classes.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.classes.setAccessibleName(tr("Comparison by structure and case"))
        self.classes.hide()
        self.by_class.toggled.connect(self.classes.setVisible)
        self.by_class.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the keyboard with the panes
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        for widget in (self.arms, self.by_class, self.classes):
            layout.addWidget(widget)
        self.hide()

    def show_run(self, run: TrainingRun | None) -> None:
        """Show what the report of a run says; nothing without one."""
        report = run.report if run is not None else None
        self.setVisible(report is not None)
        if report is None or run is None:
            return
        arms = [arm for arm in ARM_NAMES if arm in report["models"]]
        names, last_form = _MEASURES[run.task], "{:.1f}" if run.task == "segmentation" else "{:.3f}"
        self.arms.setHorizontalHeaderLabels([tr("Model"), names[0], tr("Gain"), names[1]])
        figures = {arm: _figures(report, arm, run.task) for arm in arms}
        self.arms.clearSpans()
        self.arms.setRowCount(0)
        for arm in arms:
            (score, second), gain = figures[arm].measured, figures[arm].gain
            cells = [tr(ARM_NAMES[arm]), _number(score, "{:.3f}"), _number(gain, "{:+.3f}"), _number(second, last_form)]
            intervals = [None, *figures[arm].intervals]
            gain_interval = intervals[2]
            sure = gain_interval is not None and (gain_interval[0] > 0 or gain_interval[1] < 0)
            gain_colour = theme().good if gain is not None and gain > 0 and sure else theme().warning
            row = self.arms.rowCount()
            self.arms.insertRow(row)
            for column, text in enumerate(cells):
                cell = QTableWidgetItem(text)
                if (interval := intervals[column]) is not None:
                    form = ("", "{:.3f}", "{:+.3f}", last_form)[column]
                    words = tr("95 % interval: {interval}").format(interval=_between(interval, form))
                    cell.setToolTip(words)
                elif column:
                    cell.setToolTip(tr("Measured on too little for an interval"))
                if column:
                    cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                font = cell.font()
                font.setBold(arm == run.recommended)
                cell.setFont(font)
                if column == 2 and gain is not None:
                    cell.setForeground(gain_colour)
                self.arms.setItem(row, column, cell)
            if gain_interval is not None:  # a line of its own: the panel is narrow
                self._add_gain_interval(_between(gain_interval, "{:+.3f}"), gain_colour)
        self.arms.resizeRowsToContents()
        heights = sum(self.arms.rowHeight(row) for row in range(self.arms.rowCount()))
        self.arms.setFixedHeight(self.arms.horizontalHeader().sizeHint().height() + heights + 6)
        self._show_classes(run, report, arms)

    def _add_gain_interval(self, between: str, colour: QColor) -> None:
        row = self.arms.rowCount()
        self.arms.insertRow(row)
        self.arms.setSpan(row, 0, 1, self.arms.columnCount())
        cell = QTableWidgetItem(tr("Gain, 95 % interval: {interval}").format(interval=between))
        cell.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        cell.setForeground(colour)
        self.arms.setItem(row, 0, cell)

    def _show_classes(self, run: TrainingRun, report: dict[str, Any], arms: Sequence[str]) -> None:
        """Both measures of each class, of a segmentation on each held-out case, by the current model and the one to be
        had."""
        shown = [arm for arm in ("current", run.best_new) if arm in arms]
        models = [report["models"][arm] for arm in shown]
        heads = [f"{what}, {tr(ARM_NAMES[arm])}" for what in _MEASURES[run.task] for arm in shown]
        rows: list[tuple[list[str], str]] = []
        if run.task == "segmentation":
            for number, unit in enumerate(report["held_out"], 1):
                # Pseudonyms mean nothing to a person: parts are numbered, as on the card, slices with axis and index.
                part = " ".join([str(number), *(unit.split()[-2:] if report["unit"] == "slices" else [])])
                for name in models[-1]["dice"].get(unit, {}):
                    dice = [_of_class(model, "dice", unit, name) for model in models]
                    hd95_mm = [_of_class(model, "hd95_mm_of_class", unit, name) for model in models]
                    if any(one is not None for one in dice):
                        told = [_number(one, "{:.3f}") for one in dice] + [_number(one, "{:.1f}") for one in hd95_mm]
                        rows.append(([part, said(name), *told], unit))
            heads = [tr("Held out"), tr("Label"), *heads]
        else:
            for name in models[-1]["classes"]:
                told = [
                    _number(model["classes"][name][key]["value"], "{:.3f}")
                    for key in _KEYS[run.task]
                    for model in models
                ]
                rows.append(([said(name), *told], said(name)))
            heads = [tr("Label"), *heads]
        self.by_class.setText(tr("By structure and case") if run.task == "segmentation" else tr("By label"))
        self.by_class.setVisible(bool(rows))
        self.classes.setVisible(bool(rows) and self.by_class.isChecked())
        self.classes.setColumnCount(len(heads))
        self.classes.setHorizontalHeaderLabels(heads)
        self.classes.setRowCount(len(rows))
        for row, (cells, unit) in enumerate(rows):
            for column, text in enumerate(cells):
                cell = QTableWidgetItem(text)
                cell.setToolTip(text if column else unit)
                self.classes.setItem(row, column, cell)
        self.classes.resizeColumnsToContents()
        bar = self.classes.horizontalScrollBar().sizeHint().height()
        whole = self.classes.horizontalHeader().sizeHint().height() + self.classes.verticalHeader().length() + bar + 4
        self.classes.setFixedHeight(min(whole, _HIGHEST))


class _Figures(NamedTuple):
    """What a model was measured to be: both measures, the gain over the current model, and their intervals."""

    measured: tuple[float | None, float | None]
    gain: float | None
    intervals: tuple[Sequence[float] | None, Sequence[float] | None, Sequence[float] | None]


def _figures(report: dict[str, Any], arm: str, task: Task) -> _Figures:
    scores, current = report["models"][arm], report["models"].get("current", {})
    if task == "segmentation":
        dice, before = scores.get("mean_dice"), current.get("mean_dice")
        gain = dice - before if None not in (dice, before) and arm != "current" else None
        intervals = scores.get("dice_interval"), scores.get("gain_interval"), scores.get("hd95_mm_interval")
        return _Figures((dice, scores.get("hd95_mm")), gain, intervals)
    first, second = _KEYS[task]
    mean, gained = scores["mean"], scores["gains"].get("current", {})
    gain_interval = _whole(gained.get("low"), gained.get("high"))
    intervals = [_whole(mean[key]["low"], mean[key]["high"]) for key in (first, second)]
    return _Figures(
        (mean[first]["value"], mean[second]["value"]), gained.get(first), (intervals[0], gain_interval, intervals[1])
    )


def _whole(low: float | None, high: float | None) -> tuple[float, float] | None:
    """An interval, if both of its ends are known."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return None
    return low, high


def _of_class(model: dict[str, Any], what: str, unit: str, name: str) -> float | None:
    return model.get(what, {}).get(unit, {}).get(name)


def _between(interval: Sequence[float], form: str) -> str:
    return tr("{low} to {high}").format(low=form.format(interval[0]), high=form.format(interval[1]))


def _number(value: float | None, form: str) -> str:
    return form.format(value) if value is not None and math.isfinite(value) else "–"
