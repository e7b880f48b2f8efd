"""Held-out slices side by side: as a person marked them, as the current model does, and as the new one."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QVBoxLayout, QWidget

from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.io.training_samples import UNKNOWN, Compared, ComparedSlice
from viewer.io.training_set import first_voxel

if TYPE_CHECKING:
    from viewer.training_runs import TrainingRun

_SIDE_PX = 300
_FILLED = 0.35  # opacity of a label's area; its outline is opaque
_UNNAMED = (200, 200, 200)
_YOURS = "reference"
_NAMES = {
    _YOURS: QT_TR_NOOP("Yours"),
    "current": QT_TR_NOOP("Current model"),
    "semi-supervised": QT_TR_NOOP("New model"),
    "supervised": QT_TR_NOOP("New model"),
}


class TrainingCaseView(QDialog):
    """chosen asks for a slice in the panes: uid of the series, axis and index."""

    chosen = Signal(str, int, int)

    def __init__(self, run: TrainingRun, compared: Compared, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Held-out slices side by side"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._run = run
        self._slices = sorted(compared.slices, key=lambda one: _gain(one, run.best_new))
        self._colours = {value: colour for value, _, colour in compared.labels}
        self.told = QLabel(wordWrap=True)
        self.told.setTextFormat(Qt.TextFormat.PlainText)
        shown = QGridLayout()
        self.pictures: dict[str, QLabel] = {}
        self.captions: dict[str, QLabel] = {}
        models = [arm for arm in ("current", run.best_new) if any(arm in one.by_arm for one in compared.slices)]
        for column, what in enumerate((_YOURS, *models)):
            self.pictures[what], self.captions[what] = QLabel(), QLabel()
            self.pictures[what].setAccessibleName(tr(_NAMES[what]))
            self.pictures[what].setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.pictures[what].setMinimumSize(_SIDE_PX, _SIDE_PX)
            self.captions[what].setAlignment(Qt.AlignmentFlag.AlignCenter)
            shown.addWidget(self.pictures[what], 0, column)
            shown.addWidget(self.captions[what], 1, column)
        there = {value for one in self._slices for value in np.unique(one.reference).tolist()}
        keys = [
            f"<span style='color:{QColor(*colour).name()}'>■</span> {html.escape(said(name))}"
            for value, name, colour in compared.labels
            if value in there
        ]
        legend = QLabel("&nbsp;&nbsp; ".join(keys), wordWrap=True)
        self.place = QSlider(Qt.Orientation.Horizontal)
        self.place.setRange(0, len(self._slices) - 1)
        self.place.setPageStep(1)
        self.place.setAccessibleName(tr("Held-out slice"))
        self.place.valueChanged.connect(lambda value: self._show())
        self.go = QPushButton(tr("Show in the scan"))
        self.go.clicked.connect(self._ask_for_slice)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.close)
        below = QHBoxLayout()
        below.addWidget(self.place, 1)
        below.addWidget(self.go)
        below.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.told)
        layout.addLayout(shown, 1)
        layout.addWidget(legend)
        layout.addLayout(below)
        self._show()
        self.place.setFocus()

    def _show(self) -> None:
        one = self._slices[self.place.value()]
        both = "current" in self.pictures
        words = (
            tr("Slice {n} of {all}, the greatest loss first. Not for diagnostic use.")
            if both
            else tr("Slice {n} of {all}, the worst first. Not for diagnostic use.")
        )
        self.told.setText(words.format(n=self.place.value() + 1, all=len(self._slices)))
        for what, picture in self.pictures.items():
            labels = one.reference if what == _YOURS else one.by_arm.get(what)
            if labels is None:
                picture.clear()
                self.captions[what].clear()
                continue
            picture.setPixmap(_pixmap(one, labels, self._colours, self.devicePixelRatioF()))
            dice = "" if what == _YOURS else f" · Dice {slice_dice(labels, one.reference):.3f}"
            self.captions[what].setText(tr(_NAMES[what]) + dice)
        self.go.setEnabled(one.case in self._run.series)

    def _ask_for_slice(self) -> None:
        one = self._slices[self.place.value()]
        self.chosen.emit(self._run.series[one.case], one.axis, one.index + first_voxel(one.case)[one.axis])


def slice_dice(labels: NDArray[np.uint8], reference: NDArray[np.uint8]) -> float:
    """Mean Dice over the classes that are on a slice by one of both, where a person annotated; 1 if none is."""
    known = reference != UNKNOWN
    ours, theirs = reference[known], labels[known]
    values = sorted({*np.unique(ours).tolist(), *np.unique(theirs).tolist()} - {0})
    found = []
    for value in values:
        both = ((ours == value) & (theirs == value)).sum()
        found.append(2 * both / ((ours == value).sum() + (theirs == value).sum()))
    return float(np.mean(found)) if found else 1.0


def _gain(one: ComparedSlice, new: str) -> float:
    """By how much the new model is better on a slice; without a current one, how good it is."""
    dice = {arm: slice_dice(labels, one.reference) for arm, labels in one.by_arm.items()}
    return dice.get(new, 0.0) - dice.get("current", 0.0)


def _pixmap(
    one: ComparedSlice, labels: NDArray[np.uint8], colours: Mapping[int, tuple[int, int, int]], ratio: float
) -> QPixmap:
    """The slice with its labels, at the size that its spacing gives it."""
    rows, columns = one.image.shape
    height_mm, width_mm = rows * one.spacing_mm[0], columns * one.spacing_mm[1]
    scale = _SIDE_PX * ratio / max(height_mm, width_mm)
    height, width = max(1, round(height_mm * scale)), max(1, round(width_mm * scale))
    # The nearest of both, so that an outline is one of voxels; a picture of few of them shows that it has few.
    j = np.minimum((np.arange(height) + 0.5) * rows / height, rows - 1).astype(int)
    i = np.minimum((np.arange(width) + 0.5) * columns / width, columns - 1).astype(int)
    grey, marked = one.image[np.ix_(j, i)], np.where(labels == UNKNOWN, 0, labels)[np.ix_(j, i)]
    picture = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    edge = np.zeros(marked.shape, bool)
    for axis in (0, 1):
        for step in (1, -1):
            edge |= np.roll(marked, step, axis) != marked
    for value in set(np.unique(marked).tolist()) - {0}:
        colour = np.array(colours.get(value, _UNNAMED), np.float32)
        area = marked == value
        picture[area] = (1 - _FILLED) * picture[area] + _FILLED * colour
        picture[area & edge] = colour
    pixels = np.ascontiguousarray(picture.astype(np.uint8))
    drawn = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    pixmap = QPixmap.fromImage(drawn)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
