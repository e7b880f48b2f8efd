"""A few held-out slices as the model sees them while it learns: a person's outline and the model's area, by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from viewer.gui.language import tr
from viewer.gui.style import theme
from viewer.io.training_samples import UNKNOWN, Sample, read_samples

if TYPE_CHECKING:
    from viewer.training_runs import TrainingRun

_SIDE_PX = 96
_FILLED = 0.45  # opacity of the model's area


class TrainingSamples(QWidget):
    """The slices, and a slider over the looks; it follows the newest one until a person moves it back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: TrainingRun | None = None
        self._looks: list[tuple[int, float | None, str]] = []  # step, Dice, and the name of the file
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(4)
        self.time = QSlider(Qt.Orientation.Horizontal)
        self.time.setAccessibleName(tr("Look at the held-out slices"))
        self.time.setPageStep(1)
        self.time.valueChanged.connect(lambda value: self._show_look())
        self.told = QLabel(wordWrap=True)
        self.told.setProperty("dimmed", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(self._pictures)
        layout.addWidget(self.time)
        layout.addWidget(self.told)
        self.hide()

    def show_run(self, run: TrainingRun | None) -> None:
        """Show the looks of a run that there are until now."""
        if run is not self._run:
            self._run, self._looks = run, []
        arms = next((e["arms"] for e in run.events if e["event"] == "started"), ()) if run is not None else ()
        looks = [
            (e["step"], e.get("dice"), e["samples"])
            for e in (run.events if run is not None else ())
            if e["event"] == "evaluation" and e.get("samples") and e["arm"] in arms[:1]
        ]
        decided = run is not None and run.state in ("accepted", "discarded")  # with which they are deleted
        self.setVisible(bool(looks) and not decided)
        if looks == self._looks:
            return
        newest = self.time.value() >= len(self._looks) - 1
        self._looks = looks
        self.time.blockSignals(True)
        self.time.setRange(0, max(len(looks) - 1, 0))
        if newest:
            self.time.setValue(len(looks) - 1)
        self.time.blockSignals(False)
        self._show_look()

    def dress(self) -> None:
        """Draw in the colours of the theme."""
        self._show_look()

    def _show_look(self) -> None:
        while (item := self._pictures.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if self._run is None or not self._looks:
            return
        step, dice, name = self._looks[self.time.value()]
        samples = read_samples(self._run.folder / "out" / "samples", name)
        for sample in samples:
            picture = QLabel()
            picture.setPixmap(_pixmap(sample, self.devicePixelRatioF()))
            picture.setAccessibleName(tr("A held-out slice"))
            self._pictures.addWidget(picture)
        self._pictures.addStretch(1)
        words = tr("Held-out slices at step {step}{dice}. Outline: yours; area: the model's.")
        shown = f", Dice {dice:.3f}" if dice is not None else ""
        self.told.setText(words.format(step=step, dice=shown) if samples else tr("These slices cannot be read."))


def _pixmap(sample: Sample, ratio: float) -> QPixmap:
    """The slice, enlarged by whole pixels first so that outlines stay thin."""
    colours = theme()
    rows, columns = sample.image.shape
    times = max(1, round(2 * _SIDE_PX / max(rows, columns)))
    image, reference, predicted = (np.kron(a, np.ones((times, times), np.uint8)) for a in vars(sample).values())
    known = reference != UNKNOWN
    picture = np.repeat(image[..., None], 3, axis=2).astype(np.float32)
    area = (predicted > 0) & known
    picture[area] = (1 - _FILLED) * picture[area] + _FILLED * _rgb(colours.accent)
    picture[_outline(np.where(known, reference, 0))] = _rgb(colours.warning)
    pixels = np.ascontiguousarray(picture.astype(np.uint8))
    height, width = pixels.shape[:2]
    drawn = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
    side = round(_SIDE_PX * ratio)
    pixmap = QPixmap.fromImage(drawn).scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _outline(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of a label that have another one within two pixels: seen still once the picture is made smaller."""
    edge = np.zeros(labels.shape, bool)
    for axis in (0, 1):
        for step in (1, -1, 2, -2):
            edge |= np.roll(labels, step, axis) != labels
    return edge & (labels > 0)


def _rgb(colour: QColor) -> NDArray[np.float32]:
    return np.array([colour.red(), colour.green(), colour.blue()], np.float32)
