"""How regions look on a pane while they are drawn: outlines in the colour of the label, seen on white and on black."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from viewer.core.shaping import Mask
from viewer.gui.overlay import draw_text, font_for
from viewer.gui.style import ON_IMAGE
from viewer.render.slices import SliceView

_HALO = QColor(0, 0, 0, 190)
_BESIDE_PX, _PLATE_PX = 16.0, 4.0  # of words at the mouse
_PLATE = QColor(0, 0, 0, 150)
_FILL_ALPHA = 60
_LINE_PX, _HALO_PX, _DOT_PX = 1.6, 3.6, 3.0
_NOISE_LINES, _MOST_LINES = 2000, 8000
_DASHES = [4.0, 3.0]


def draw_outline(
    painter: QPainter,
    line: NDArray[np.float64],
    corners: NDArray[np.float64],
    colour: QColor,
    *,
    closing: NDArray[np.float64] | None = None,
    dashed: bool = False,
) -> None:
    """Draw a line (n, 2) in pane pixels with dots at its corners, and lightly what it would enclose if it were closed
    now, along closing (m, 2) from its end to its start."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if len(line) > 2:
        whole = line if closing is None else np.vstack([line, closing])
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)  # as voxels are found
        path.addPolygon(_polygon(whole))
        painter.fillPath(path, _light(colour))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in _pens(colour, dashed):
        painter.setPen(pen)
        painter.drawPolyline(_polygon(line))
    if closing is not None and len(closing) > 1:
        for pen in (QPen(_HALO, 2.4), QPen(colour, 1.0, Qt.PenStyle.DotLine)):
            painter.setPen(pen)
            painter.drawPolyline(_polygon(closing))
    for pen in (QPen(_HALO, 1.2),):
        painter.setPen(pen)
        painter.setBrush(colour)
        for x, y in corners.tolist():
            painter.drawEllipse(QPointF(x, y), _DOT_PX, _DOT_PX)
    painter.restore()


def _draw_plate(painter: QPainter, words: QRectF) -> None:
    """A dark plate behind words: on bright tissue a shadow alone does not do."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(words.adjusted(-4, -2, 4, 2), 3, 3)
    painter.restore()


def write_beside(painter: QPainter, pane: QWidget, at: QPointF, lines: Sequence[str], colour: QColor) -> None:
    """Write lines beside the mouse, within its pane, the first in a colour of its own."""
    painter.setFont(font_for(pane.font(), pane.width(), pane.height()))
    metrics = painter.fontMetrics()
    wide, high = max(metrics.horizontalAdvance(line) for line in lines), metrics.height() * len(lines)
    x, y = at.x() + _BESIDE_PX, at.y() + _BESIDE_PX
    x = x if x + wide <= pane.width() - _PLATE_PX else at.x() - _BESIDE_PX - wide
    y = y if y + high <= pane.height() - _PLATE_PX else at.y() - _BESIDE_PX - high
    _draw_plate(painter, QRectF(x, y, wide, high))
    for n, line in enumerate(lines):
        baseline = QPointF(x, y + n * metrics.height() + metrics.ascent())
        draw_text(painter, baseline, line, colour if n == 0 else ON_IMAGE)


class MaskPicture:
    """A region of a plane's pixels, ready to be drawn: its edges run between pixels, exactly around what is taken."""

    def __init__(self, mask: Mask) -> None:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        self.empty = not len(rows)
        self._image: tuple[QColor, QImage] | None = None
        if self.empty:
            return
        self._top, self._left = int(rows[0]), int(columns[0])
        part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        self._fill = np.ascontiguousarray(part.astype(np.uint32))
        edges = np.pad(part, 1)
        across = _runs(edges[1:, 1:-1] != edges[:-1, 1:-1])  # (row of the edge, first column, column after the last)
        down = _runs((edges[1:-1, 1:] != edges[1:-1, :-1]).T)
        self._edges = np.vstack([across[:, [1, 0, 2, 0]], down[:, [0, 1, 0, 2]]]).astype(np.float64)

    def _filled(self, light: QColor) -> QImage:
        """Its pixels in a colour; kept, as it is drawn again while the mouse moves."""
        if self._image is None or self._image[0] != light:
            red, green, blue = (c * light.alpha() // 255 for c in (light.red(), light.green(), light.blue()))
            pixels = self._fill * np.uint32(light.alpha() << 24 | red << 16 | green << 8 | blue)
            rows, columns = pixels.shape
            layout = QImage.Format.Format_ARGB32_Premultiplied
            self._image = light, QImage(pixels.data, columns, rows, columns * 4, layout).copy()
        return self._image[1]

    def draw(self, painter: QPainter, view: SliceView, colour: QColor, *, dashed: bool = False) -> None:
        if self.empty:
            return
        left, top, _, _ = view.image_rect
        wide, high = view.pixels_per_voxel
        lined = len(self._edges) <= _MOST_LINES
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        image = self._filled(_light(colour, 1 if lined else 2))
        rows, columns = self._fill.shape
        place = QRectF(left + self._left * wide, top + self._top * high, columns * wide, rows * high)
        painter.drawImage(place, image)
        if not lined:  # more lines than pixels between them: they would take long and hide the picture
            painter.restore()
            return
        scale = np.array([wide, high, wide, high])
        x1, y1, x2, y2 = (self._edges * scale + (place.left(), place.top(), place.left(), place.top())).T
        noisy = len(self._edges) > _NOISE_LINES  # voxel by voxel is taken, or left: rims would hide it
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        brush = QBrush(colour, Qt.BrushStyle.Dense4Pattern if dashed else Qt.BrushStyle.SolidPattern)
        for half, fill in ((_HALO_PX / 2, QBrush(_HALO)), (_LINE_PX / 2, brush))[noisy:]:
            half = 0.5 if noisy else half
            painter.setBrush(fill)  # rectangles take a tenth of the time of lines
            ends = np.stack([x1 - half, y1 - half, x2 - x1 + 2 * half, y2 - y1 + 2 * half], axis=-1)
            painter.drawRects([QRectF(*end) for end in ends.tolist()])
        painter.restore()


def _pens(colour: QColor, dashed: bool) -> tuple[QPen, QPen]:
    halo, pen = QPen(_HALO, _HALO_PX), QPen(colour, _LINE_PX)
    halo.setCapStyle(Qt.PenCapStyle.RoundCap)
    if dashed:
        pen.setDashPattern(_DASHES)
    else:
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    return halo, pen


def _light(colour: QColor, times: int = 1) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), _FILL_ALPHA * times)


def _runs(marks: Mask) -> NDArray[np.intp]:
    """(n, 3): row, first column and the column after the last of each run of marks."""
    steps = np.diff(np.pad(marks, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(steps == 1)
    _, after = np.nonzero(steps == -1)
    return np.stack([row, first, after], axis=-1)


def _polygon(points: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])
