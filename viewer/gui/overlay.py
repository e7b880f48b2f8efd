"""Writing on pictures: text, badges and rulers as vectors, legible on black and on white alike."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from viewer.gui.style import ON_IMAGE

_SHADOW = QColor(0, 0, 0, 210)
_BADGE_BACK = QColor(18, 19, 22, 215)
_EDGE = 8.0  # logical pixels between text and the pane's edge

Line = tuple[str, QColor]


def font_for(base: QFont, width: float, height: float, *, bold: bool = False, times: float = 1.0) -> QFont:
    """The application's font for a pane of this size: a little smaller in small panes, larger in large ones."""
    usual = QFontMetricsF(base).height() * 0.80  # close to the font's pixel size at every resolution
    size = usual * min(max(min(width, height) / 480.0, 0.86), 1.2)
    font = QFont(base)
    font.setPixelSize(max(round(size * times), 9))
    font.setBold(bold)
    return font


def draw_text(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    """One line with its baseline at a point, and a shadow so that it can be read on white."""
    painter.setPen(_SHADOW)
    for dx, dy in ((1.0, 1.0), (-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)):
        painter.drawText(QPointF(at.x() + dx, at.y() + dy), text)
    painter.setPen(colour)
    painter.drawText(at, text)


def draw_corner(
    painter: QPainter, pane: QRectF, lines: Sequence[Line], *, right: bool, bottom: bool, font: QFont
) -> QRectF:
    """Lines of text in one corner, as many as fit in their quarter of the pane and each cut to its half.

    Those first in lines are kept at the top, those last at the bottom. Returns the rectangle written on.
    """
    metrics = QFontMetricsF(font)
    step = metrics.height()
    room = max(int((pane.height() / 2 - 2 * step) / step), 1)
    widest = pane.width() / 2 - _EDGE - metrics.horizontalAdvance("MM")
    shown = [(t, c) for t, c in lines if t]
    shown = shown[-room:] if bottom else shown[:room]
    if not shown or widest < metrics.horizontalAdvance("MMMM"):
        return QRectF()
    painter.setFont(font)
    top = pane.bottom() - _EDGE - step * len(shown) if bottom else pane.top() + _EDGE
    reach = 0.0
    for n, (text, colour) in enumerate(shown):
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, widest)
        length = metrics.horizontalAdvance(text)
        left = pane.right() - _EDGE - length if right else pane.left() + _EDGE
        draw_text(painter, QPointF(left, top + n * step + metrics.ascent()), text, colour)
        reach = max(reach, length)
    left = pane.right() - _EDGE - reach if right else pane.left() + _EDGE
    return QRectF(left, top, reach, step * len(shown))


def draw_edge_letters(painter: QPainter, pane: QRectF, letters: tuple[str, str, str, str], font: QFont) -> None:
    """Orientation letters in the middle of the left, right, top and bottom edge."""
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    middle = pane.center().y() + metrics.capHeight() / 2
    left, right, top, bottom = letters
    centred = [pane.center().x() - metrics.horizontalAdvance(t) / 2 for t in (top, bottom)]
    for text, x, y in (
        (left, pane.left() + _EDGE, middle),
        (right, pane.right() - _EDGE - metrics.horizontalAdvance(right), middle),
        (top, centred[0], pane.top() + _EDGE + metrics.capHeight() + 2),
        (bottom, centred[1], pane.bottom() - _EDGE),
    ):
        draw_text(painter, QPointF(x, y), text, ON_IMAGE)


def draw_scale_bar(painter: QPainter, centre_x: float, bottom: float, length: float, text: str, font: QFont) -> None:
    """A ruler with end ticks, its length written above it."""
    metrics = QFontMetricsF(font)
    left, right = round(centre_x - length / 2) + 0.5, round(centre_x + length / 2) + 0.5
    y = round(bottom) - 0.5
    for colour, width in ((_SHADOW, 3.4), (ON_IMAGE, 1.4)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.drawLine(QPointF(left, y - 5), QPointF(left, y))
        painter.drawLine(QPointF(right, y - 5), QPointF(right, y))
    painter.setFont(font)
    draw_text(painter, QPointF(centre_x - metrics.horizontalAdvance(text) / 2, y - 6), text, ON_IMAGE)


def draw_badge(
    painter: QPainter, centre_x: float, top: float, widest: float, text: str, colour: QColor, font: QFont
) -> QRectF:
    """A rounded label centred on centre_x, its text cut to widest. Returns its rectangle."""
    metrics = QFontMetricsF(font)
    pad = metrics.height() * 0.45
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(widest - 2 * pad, 20.0))
    width, height = metrics.horizontalAdvance(text) + 2 * pad, metrics.height() * 1.35
    rect = QRectF(round(centre_x - width / 2), round(top), width, height)
    painter.setPen(QPen(colour, 1.2))
    painter.setBrush(_BADGE_BACK)
    painter.drawRoundedRect(rect, height * 0.3, height * 0.3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(font)
    painter.setPen(colour.lighter(118))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    return rect


def draw_sentence(painter: QPainter, pane: QRectF, text: str, colour: QColor, font: QFont) -> None:
    """A sentence in the middle of a pane that has no picture to show."""
    painter.setFont(font)
    painter.setPen(colour)
    inner = pane.adjusted(2 * _EDGE, 2 * _EDGE, -2 * _EDGE, -2 * _EDGE)
    painter.drawText(inner, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), text)
