"""A slim map of the slices of a plane: which have labels, which are confirmed, which is shown; a click goes there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from viewer.gui.language import tr
from viewer.gui.style import theme

_HEIGHT_PX = 18
_LABEL_SHARE = 0.4  # of the height, from below: what has labels is told from what is confirmed by more than its colour


class SliceMap(QWidget):
    """Slice 1 is on the left. Labels are a low bar, a confirmed slice is a whole one; a frame is around the shown."""

    chosen = Signal(int)  # slice index

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.count, self.shown = 0, 0
        self.confirmed: frozenset[int] = frozenset()
        self.labelled: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Map of the slices"))

    def show_slices(self, count: int, shown: int, confirmed: frozenset[int]) -> None:
        """Show so many slices, which of them is on the screen and which are confirmed."""
        if count != self.count:
            self.labelled = np.zeros(0, np.bool_)
        self.count, self.shown, self.confirmed = count, shown, confirmed
        self.update()

    def show_labelled(self, labelled: NDArray[np.bool_]) -> None:
        """Show which slices have labels, (count,)."""
        self.labelled = labelled
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, _HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), colours.sunken)
            ends = np.flatnonzero(np.diff(np.pad(self.labelled[: self.count], 1).astype(np.int8))).tolist()
            for first, after in zip(ends[::2], ends[1::2], strict=True):
                place = self._place(first, after)
                painter.fillRect(place.adjusted(0, place.height() * (1 - _LABEL_SHARE), 0, 0), colours.accent)
            for index in self.confirmed:
                painter.fillRect(self._place(index), colours.good)
            if self.count:
                painter.setPen(colours.text)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self._place(self.shown).adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose(event.position().toPoint())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and self.count:
            QToolTip.showText(event.globalPos(), self._words(self._index_at(event.pos())), self)
            return True
        return super().event(event)

    def _words(self, index: int) -> str:
        labelled = index < len(self.labelled) and bool(self.labelled[index])
        if index in self.confirmed:
            words = tr("Slice {number}: confirmed") if labelled else tr("Slice {number}: confirmed, nothing here")
        else:
            words = tr("Slice {number}: has labels") if labelled else tr("Slice {number}: no labels")
        return words.format(number=index + 1)

    def _choose(self, at: QPoint) -> None:
        if self.count and (index := self._index_at(at)) != self.shown:
            self.chosen.emit(index)

    def _index_at(self, at: QPoint) -> int:
        return min(max(at.x() * self.count // max(1, self.width()), 0), self.count - 1)

    def _place(self, index: int, after: int | None = None) -> QRectF:
        """Of a slice, or of all up to another. At least two pixels wide, or a slice of many could not be seen."""
        left, right = (self.width() * n / self.count for n in (index, index + 1 if after is None else after))
        return QRectF(left, 0, max(right - left, 2.0), self.height())
