"""Writing on pictures: text, badges and rulers as vectors, legible on black and on white alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from viewer.core.study import Series
from viewer.gui.style import ACCENT, ON_IMAGE, VOLUME_COLOUR

NOT_FOR_DIAGNOSIS = "Not for diagnostic use"

_SHADOW = QColor(0, 0, 0, 210)
_BADGE_BACK = QColor(18, 19, 22, 235)
_EDGE = 8.0  # logical pixels between text and the pane's edge
_BADGE_GAP = 4.0
_PROGRESS_PX = 3.0
_SENTENCE_FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap

Line = tuple[str, QColor]


@dataclass(frozen=True)
class Badge:
    """A few words on a picture that a person must not miss, and the sentence behind them."""

    text: str
    colour: QColor
    detail: str = ""


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
    wide = metrics.horizontalAdvance(text)
    above = 6 if wide < length else 9  # clear of the ticks
    draw_text(painter, QPointF(centre_x - wide / 2, y - above), text, ON_IMAGE)


def draw_badges(
    painter: QPainter, centre_x: float, top: float, widest: float, badges: Sequence[Badge], font: QFont
) -> list[QRectF]:
    """Rounded labels side by side, in as many rows as widest asks for, each cut to it and each row centred on
    centre_x. Returns their rectangles."""
    metrics = QFontMetricsF(font)
    pad, height = metrics.height() * 0.45, metrics.height() * 1.35
    texts = [metrics.elidedText(b.text, Qt.TextElideMode.ElideRight, max(widest - 2 * pad, 20.0)) for b in badges]
    widths = [metrics.horizontalAdvance(text) + 2 * pad for text in texts]
    rows: list[list[int]] = []
    for n, width in enumerate(widths):
        if not rows or sum(widths[m] + _BADGE_GAP for m in rows[-1]) + width > widest:
            rows.append([])
        rows[-1].append(n)
    painter.setFont(font)
    rects = []
    for line, row in enumerate(rows):
        left = centre_x - (sum(widths[n] for n in row) + _BADGE_GAP * (len(row) - 1)) / 2
        for n in row:
            rect = QRectF(round(left), round(top + line * (height + _BADGE_GAP)), widths[n], height)
            painter.setPen(QPen(badges[n].colour, 1.2))
            painter.setBrush(_BADGE_BACK)
            painter.drawRoundedRect(rect, height * 0.3, height * 0.3)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(badges[n].colour.lighter(118))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, texts[n])
            rects.append(rect)
            left += widths[n] + _BADGE_GAP
    return rects


def draw_sentence(painter: QPainter, pane: QRectF, text: str, colour: QColor, font: QFont) -> None:
    """A sentence in the middle of a pane that has no picture to show."""
    painter.setFont(font)
    painter.setPen(colour)
    painter.drawText(_inner(pane), int(_SENTENCE_FLAGS), text)


def sentence_rect(pane: QRectF, text: str, font: QFont) -> QRectF:
    """Where draw_sentence writes."""
    return QFontMetricsF(font).boundingRect(_inner(pane), int(_SENTENCE_FLAGS), text)


def draw_progress(painter: QPainter, pane: QRectF, fraction: float) -> None:
    """A thin line along the lower edge that grows with what has arrived."""
    painter.fillRect(QRectF(pane.left(), pane.bottom() - _PROGRESS_PX, pane.width(), _PROGRESS_PX), _BADGE_BACK)
    done = QRectF(pane.left(), pane.bottom() - _PROGRESS_PX, pane.width() * fraction, _PROGRESS_PX)
    painter.fillRect(done, ACCENT)


def draw_orientation_cube(
    painter: QPainter, centre: QPointF, size: float, right_lps: NDArray, up_lps: NDArray, font: QFont
) -> None:
    """A cube turned as the picture is, each face that can be seen with the letter of the side it stands for.

    right_lps and up_lps are unit vectors along the picture's right and up.
    """
    towards = np.cross(right_lps, up_lps)
    half = size / 2 / np.sqrt(3.0)
    for letter, axis, sign in (("L", 0, 1), ("R", 0, -1), ("P", 1, 1), ("A", 1, -1), ("H", 2, 1), ("F", 2, -1)):
        normal = np.zeros(3)
        normal[axis] = sign
        facing = float(normal @ towards)
        if facing < 0.02:
            continue
        along, across = np.roll(np.abs(normal), 1), np.roll(np.abs(normal), 2)
        corners = [normal + a * along + b * across for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
        places = [QPointF(half * float(c @ right_lps), -half * float(c @ up_lps)) + centre for c in corners]
        painter.setPen(QPen(VOLUME_COLOUR.lighter(125), 1.2))
        shade = QColor(VOLUME_COLOUR.darker(round(420 - 200 * facing)))
        shade.setAlpha(225)
        painter.setBrush(shade)
        painter.drawPolygon(QPolygonF(places))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if facing < 0.25:
            continue  # too slanting to read
        letter_font = QFont(font)
        letter_font.setPixelSize(max(round(half * (0.7 + 0.4 * facing)), 8))
        letter_font.setBold(True)
        metrics = QFontMetricsF(letter_font)
        middle = centre + QPointF(half * float(normal @ right_lps), -half * float(normal @ up_lps))
        painter.setFont(letter_font)
        shift = QPointF(-metrics.horizontalAdvance(letter) / 2, metrics.capHeight() / 2)
        draw_text(painter, middle + shift, letter, ON_IMAGE)


def identity_lines(series: Series) -> tuple[Line, ...]:
    """Whose pictures these are: name, identifier, date of birth and sex."""
    born = " · ".join(x for x in (iso_date(series.birth_date), series.sex) if x)
    return plain_lines(person_name(series.patient_name), series.patient_id, born)


def plain_lines(*texts: str) -> tuple[Line, ...]:
    """Those of the texts that are not empty, in the usual colour."""
    return tuple((text, ON_IMAGE) for text in texts if text)


def not_for_diagnosis(width: float) -> str:
    """The warning of every pane, in a form that is not cut off in a pane of this width."""
    return NOT_FOR_DIAGNOSIS if width >= 300 else "Not for diagnosis"


def iso_date(date: str) -> str:
    """A DICOM date (DA, "YYYYMMDD") as ISO 8601; anything else as it is."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date


def person_name(name: str) -> str:
    """A DICOM person name (PN, "family^given^...") as people write it."""
    family, _, rest = name.partition("^")
    return ", ".join(x for x in (family, rest.replace("^", " ").strip()) if x)


def _inner(pane: QRectF) -> QRectF:
    return pane.adjusted(2 * _EDGE, 2 * _EDGE, -2 * _EDGE, -2 * _EDGE)
