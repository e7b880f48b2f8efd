"""The transfer function of the 3-D view over the histogram of the voxels: points that can be dragged and coloured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QColorDialog, QMenu, QSizePolicy, QToolTip, QWidget

from viewer.core.volume_look import TransferPoint, ValueHistogram, VolumeLook
from viewer.gui.language import tr
from viewer.gui.style import theme

_REACH_PX = 9.0  # from a point within which a press takes it
_RADIUS_PX = 5.0
_MARGINS_PX = (10.0, 20.0, 10.0, 20.0)  # left, top, right, bottom
_STEPS = 500  # of an arrow key across what is shown
_FEWEST = 2
_ZOOM = 1.2
_CURVE_STEPS = 120
_COMB_BINS = 32  # at most from one tooth to the next


class TransferEditor(QWidget):
    """Shows a look in the scan's own values, and announces each look that a person makes of it.

    The square root of the opacity is drawn, because the veils of tissue around an organ have a few percent.
    """

    changed = Signal(object)  # VolumeLook

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: VolumeLook | None = None
        self._histogram: ValueHistogram | None = None
        self._unit = ""
        self._shown = (0.0, 1.0)  # values at the left and the right edge
        self.selected = -1
        self._drag: tuple[VolumeLook, QPointF] | None = None
        self._shifting = False
        self._dialog: QColorDialog | None = None
        self.setMinimumSize(240, 150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Opacity and colour of the values"))

    @property
    def look(self) -> VolumeLook | None:
        return self._look

    def sizeHint(self) -> QSize:
        return QSize(430, 230)

    def show_look(self, look: VolumeLook | None, histogram: ValueHistogram | None, unit: str) -> None:
        """Show a look, whose points are in values of the histogram."""
        if histogram is not self._histogram:
            self._histogram = histogram
            self._shown = (0.0, 1.0) if histogram is None else (histogram.low, histogram.high)
            self.selected = -1
        if look is None or self.selected >= len(look.points):
            self.selected = -1
        self._look, self._unit = look, unit
        self.update()

    # Places

    @property
    def _plot(self) -> QRectF:
        left, top, right, bottom = _MARGINS_PX
        return QRectF(self.rect()).adjusted(left, top, -right, -bottom)

    def place_of(self, point: TransferPoint) -> QPointF:
        """Where a point is drawn."""
        return QPointF(self._column(point.value), self._row(point.opacity))

    def _column(self, value: float) -> float:
        low, high = self._shown
        return self._plot.left() + self._plot.width() * (value - low) / (high - low)

    def _row(self, opacity: float) -> float:
        return self._plot.bottom() - self._plot.height() * opacity**0.5

    def _value(self, column: float) -> float:
        low, high = self._shown
        return low + (high - low) * (column - self._plot.left()) / self._plot.width()

    def _opacity(self, row: float) -> float:
        return min(max((self._plot.bottom() - row) / self._plot.height(), 0.0), 1.0) ** 2

    def _point_at(self, place: QPointF) -> int:
        if self._look is None:
            return -1
        apart = [(self.place_of(p) - place).manhattanLength() for p in self._look.points]
        nearest = int(np.argmin(apart))
        return nearest if apart[nearest] <= 1.4 * _REACH_PX else -1

    # Editing

    def _take(self, points: tuple[TransferPoint, ...]) -> None:
        assert self._look is not None
        self._look = replace(self._look, points=points)
        self.update()
        self.changed.emit(self._look)

    def _move(self, number: int, value: float, opacity: float) -> None:
        """Put a point elsewhere, but not past its neighbours."""
        assert self._look is not None and self._histogram is not None
        points = list(self._look.points)
        least = (self._histogram.high - self._histogram.low) * 1e-4
        low = points[number - 1].value + least if number > 0 else self._histogram.low
        high = points[number + 1].value - least if number + 1 < len(points) else self._histogram.high
        points[number] = replace(
            points[number], value=min(max(value, low), max(high, low)), opacity=min(max(opacity, 0.0), 1.0)
        )
        self._take(tuple(points))

    def _shift(self, look: VolumeLook, by: float) -> None:
        self._take(tuple(replace(point, value=point.value + by) for point in look.points))

    def _add(self, place: QPointF) -> None:
        assert self._look is not None
        new = replace(self._look.at(self._value(place.x())), opacity=self._opacity(place.y()))
        if any(point.value == new.value for point in self._look.points):
            return
        points = tuple(sorted((*self._look.points, new), key=lambda point: point.value))
        self.selected = points.index(new)
        self._take(points)

    def remove_selected(self) -> None:
        """Take the selected point away; two have to stay."""
        if self._look is not None and self.selected >= 0 and len(self._look.points) > _FEWEST:
            points = self._look.points
            gone, self.selected = self.selected, -1
            self._take(points[:gone] + points[gone + 1 :])

    def ask_colour(self) -> None:
        """Have a person choose the colour of the selected point; it is shown while they look for it."""
        if self._look is None or self.selected < 0:
            return
        before, number = self._look, self.selected
        dialog = self._dialog = QColorDialog(QColor(*before.points[number].colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setWindowTitle(tr("Colour of this value"))

        def colour(chosen: QColor) -> None:
            if self._look is not None and number < len(self._look.points):
                points = list(self._look.points)
                points[number] = replace(points[number], colour=(chosen.red(), chosen.green(), chosen.blue()))
                self._take(tuple(points))

        dialog.currentColorChanged.connect(colour)
        dialog.rejected.connect(lambda: colour(QColor(*before.points[number].colour)))
        dialog.open()

    # Mouse and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._look is None or self._histogram is None:
            return
        found = self._point_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton:
            self.selected, self._shifting = found, found < 0
            self._drag = (self._look, event.position())
        elif event.button() == Qt.MouseButton.RightButton and found >= 0:
            self.selected = found
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addAction(tr("Colour…"), self.ask_colour)
            menu.addAction(tr("Remove"), self.remove_selected).setEnabled(len(self._look.points) > _FEWEST)
            menu.popup(event.globalPosition().toPoint())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is None or self._look is None:
            over = self._point_at(event.position()) >= 0
            self.setCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.ArrowCursor)
            return
        look, press = self._drag
        if self._shifting:
            self._shift(look, self._value(event.position().x()) - self._value(press.x()))
        else:
            start = self.place_of(look.points[self.selected])
            place = start + event.position() - press
            self._move(self.selected, self._value(place.x()), self._opacity(place.y()))
            QToolTip.hideText()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._look is None or self._histogram is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._drag = None
        found = self._point_at(event.position())
        if found >= 0:
            self.selected = found
            self.ask_colour()
        else:
            self._add(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        if self._histogram is None:
            return
        centre = self._value(event.position().x())
        factor = _ZOOM ** (-event.angleDelta().y() / 120)
        low, high = (centre + (edge - centre) * factor for edge in self._shown)
        low, high = max(low, self._histogram.low), min(high, self._histogram.high)
        if high - low > (self._histogram.high - self._histogram.low) / 200:
            self._shown = (low, high)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, look = event.key(), self._look
        if look is None or self.selected < 0 or self._histogram is None:
            super().keyPressEvent(event)
            return
        times = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        point, step = look.points[self.selected], times * (self._shown[1] - self._shown[0]) / _STEPS
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._move(self.selected, point.value + (step if key == Qt.Key.Key_Right else -step), point.opacity)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            row = self._row(point.opacity) + (-times if key == Qt.Key.Key_Up else times)
            self._move(self.selected, point.value, self._opacity(row))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_selected()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.ask_colour()
        else:
            super().keyPressEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), theme().sunken)
            plot = self._plot
            painter.setPen(QPen(theme().border, 1))
            painter.drawRect(plot)
            if self._look is None or self._histogram is None:
                return
            painter.setPen(theme().dimmed_text)
            self._write_edges(painter, plot)
            painter.save()
            painter.setClipRect(plot.adjusted(-_RADIUS_PX - 2, -_RADIUS_PX - 2, _RADIUS_PX + 2, _RADIUS_PX + 2))
            self._paint_histogram(painter, plot)
            self._paint_curve(painter, plot)
            painter.restore()

    def _write_edges(self, painter: QPainter, plot: QRectF) -> None:
        low, high = self._shown
        below = QRectF(plot.left(), plot.bottom() + 3, plot.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, f"{low:.5g}")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, f"{high:.5g} {self._unit}".strip())
        above = QRectF(plot.left(), 1, plot.width(), 18)
        if self._look is not None and self.selected >= 0:
            point = self._look.points[self.selected]
            painter.setPen(theme().text)
            opacity = tr("opacity {percent:.3g} %").format(percent=100 * point.opacity)
            text = f"{point.value:.4g} {self._unit}".strip() + f"  ·  {opacity}"
            painter.drawText(above, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        else:
            painter.drawText(above, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, tr("Opacity"))

    def _paint_histogram(self, painter: QPainter, plot: QRectF) -> None:
        histogram = self._histogram
        assert histogram is not None
        low, high = self._shown
        edges = np.linspace(histogram.low, histogram.high, len(histogram.counts) + 1)
        shown = (edges[1:] > low) & (edges[:-1] < high)
        heights = _heights(histogram.counts)
        tops = (plot.bottom() - 0.9 * plot.height() * heights[shown]).tolist()
        columns = plot.left() + plot.width() * (edges - low) / (high - low)
        lefts, rights = columns[:-1][shown].tolist(), columns[1:][shown].tolist()
        outline = [QPointF(lefts[0], plot.bottom())]
        for left, right, top in zip(lefts, rights, tops, strict=True):
            outline += [QPointF(left, top), QPointF(right, top)]
        outline.append(QPointF(rights[-1], plot.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().border)
        painter.drawPolygon(QPolygonF(outline))

    def _paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        look = self._look
        assert look is not None
        low, high = self._shown
        points = np.array([point.value for point in look.points])
        # between the points too, as the square root bends the lines
        values = np.sort(
            np.concatenate([np.linspace(low, high, _CURVE_STEPS), points[(points > low) & (points < high)]])
        )
        opacities = np.interp(values, points, [point.opacity for point in look.points]).tolist()
        curve = [QPointF(self._column(v), self._row(o)) for v, o in zip(values.tolist(), opacities, strict=True)]
        colours = QLinearGradient(plot.topLeft(), plot.topRight())
        for value in (low, *points[(points > low) & (points < high)].tolist(), high):
            colours.setColorAt((value - low) / (high - low), QColor(*look.at(value).colour, 150))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours)
        painter.drawPolygon(QPolygonF([plot.bottomLeft(), *curve, plot.bottomRight()]))
        painter.setPen(QPen(theme().text, 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(curve))
        for n, point in enumerate(look.points):
            painter.setPen(QPen(theme().text, 2.4 if n == self.selected else 1.2))
            painter.setBrush(QColor(*point.colour))
            radius = _RADIUS_PX + (1.5 if n == self.selected else 0)
            painter.drawEllipse(self.place_of(point), radius, radius)


def _heights(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """How high to draw each bin, 0 to 1, by the logarithm of its count. A few bins without any take what is between
    their neighbours: the whole numbers of an MR with a small range would else stand apart like the teeth of a comb."""
    heights = np.log1p(counts) / max(float(np.log1p(counts.max())), 1.0)
    there = np.flatnonzero(counts)
    if there.size == 0:
        return heights
    bins = np.arange(len(counts))
    after = np.searchsorted(there, bins)
    between = (after > 0) & (after < there.size)
    apart = there[np.minimum(after, there.size - 1)] - there[np.maximum(after - 1, 0)]
    return np.where(between & (apart <= _COMB_BINS), np.interp(bins, there, heights[there]), heights)
