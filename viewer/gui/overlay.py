"""Writing on pictures: text, badges and rulers as vectors, legible on black and on white alike."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen, QPolygonF, QTextLayout

from viewer.core.geometry import Plane
from viewer.core.session import Session
from viewer.core.study import Series
from viewer.gui.language import QT_TR_NOOP, language_now, tr
from viewer.gui.style import ACCENT, ON_IMAGE, VOLUME_COLOUR

NOT_FOR_DIAGNOSIS = QT_TR_NOOP("Not for diagnostic use")

_SHADOW = QColor(0, 0, 0, 210)
_BADGE_BACK = QColor(18, 19, 22, 235)
EDGE_PX = 8.0  # logical pixels between text and the pane's edge
_BADGE_GAP = 4.0
_LEAST_PX = {"en": 9, "zh_CN": 12}  # of a font: with fewer pixels the strokes of Chinese run together
_ROOM_PX = 3.0  # around a written text, for its shadow and what leans out
_PROGRESS_PX = 3.0
_SENTENCE_FLAGS = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap


class Rank(IntEnum):
    """How long a text stays on a pane that grows smaller."""

    MINOR = 1
    USUAL = 2
    VALUE = 3
    SCALE = 4
    PLACE = 5
    WINDOW = 6
    NOTICE = 7
    WARNING = 8
    SLICE = 9
    MUST = 10


@dataclass(frozen=True)
class Line:
    """A line of text. number: it tells a quantity, which must not be cut, as another number may remain. short says the
    same where there is no room for the text."""

    text: str
    colour: QColor = field(default_factory=lambda: ON_IMAGE)
    rank: Rank = Rank.USUAL
    number: bool = False
    short: str = ""


@dataclass(frozen=True)
class Ruler:
    """A length on the picture, in logical pixels and in words."""

    length: float
    text: str


@dataclass(frozen=True)
class Badge:
    """A few words on a picture that a person must not miss, and the sentence behind them. Parts of the text after a
    " · " go first where there is little room. mends: with the sentence goes an offer to resample, which ends the
    text."""

    text: str
    colour: QColor
    detail: str = ""
    rank: Rank = Rank.NOTICE
    mends: bool = False

    @property
    def in_a_file(self) -> Badge:
        """It on a picture that nobody can click on."""
        text = self.text.rpartition(" · ")[0] if self.mends else self.text
        return replace(self, text=text, detail="", mends=False)


class Face:
    """A font, with what has been measured and drawn of it: most words of a pane stay from one slice to the next."""

    def __init__(self, font: QFont) -> None:
        self.font, self.metrics = font, QFontMetricsF(font)
        self.height, self.ascent, self.pixel_size = self.metrics.height(), self.metrics.ascent(), font.pixelSize()
        # Behind a function of ours: a decorator asks what it decorates for its documentation, and for a method of Qt
        # PySide then builds that of all of Qt, in a tenth of a second.
        self.advance = lru_cache(maxsize=1024)(lambda text: self.metrics.horizontalAdvance(text))
        self._drawn = lru_cache(maxsize=512)(self._draw)

    def write(self, painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
        """One line with its baseline at a point, and a shadow so that it can be read on white."""
        ratio = painter.device().devicePixelRatioF()
        x, y = at.x() - _ROOM_PX, at.y() - _ROOM_PX - self.ascent
        at_pixel = QPointF(round(x * ratio) / ratio, round(y * ratio) / ratio)
        painter.drawImage(at_pixel, self._drawn(text, colour.rgba(), ratio))

    def _draw(self, text: str, colour: int, ratio: float) -> QImage:
        wide, high = self.advance(text) + 2 * _ROOM_PX, self.height + 2 * _ROOM_PX
        image = QImage(math.ceil(wide * ratio), math.ceil(high * ratio), QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        layout = QTextLayout(text, self.font)  # once for all six
        layout.beginLayout()
        line = layout.createLine()
        layout.endLayout()
        runs, at = layout.glyphRuns(), QPointF(_ROOM_PX, _ROOM_PX + self.ascent - line.ascent())
        with QPainter(image) as painter:
            painter.setPen(_SHADOW)
            for dx, dy in ((1.0, 1.0), (-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)):
                for run in runs:
                    painter.drawGlyphRun(at + QPointF(dx, dy), run)
            painter.setPen(QColor.fromRgba(colour))
            for run in runs:
                painter.drawGlyphRun(at, run)
        return image


def face_for(base: QFont, width: float, height: float, *, bold: bool = False, times: float = 1.0) -> Face:
    """The application's font for a pane of this size: a little smaller in small panes, larger in large ones."""
    least_px = _LEAST_PX.get(language_now(), _LEAST_PX["en"])
    return _face(base.toString(), min(max(min(width, height) / 480.0, 0.86), 1.2) * times, bold, least_px)


@lru_cache(maxsize=64)
def _face(base_name: str, times: float, bold: bool, least_px: int) -> Face:
    font = QFont()
    font.fromString(base_name)
    usual = QFontMetricsF(font).height() * 0.80  # close to the font's pixel size at every resolution
    font.setPixelSize(max(round(usual * times), least_px))
    font.setBold(bold)
    return Face(font)


def font_for(base: QFont, width: float, height: float, *, bold: bool = False, times: float = 1.0) -> QFont:
    """The font of face_for."""
    return face_for(base, width, height, bold=bold, times=times).font


def draw_text(painter: QPainter, at: QPointF, text: str, colour: QColor) -> None:
    """One line in the painter's font with its baseline at a point, and a shadow so that it can be read on white."""
    _face_named(painter.font().toString()).write(painter, at, text, colour)


@lru_cache(maxsize=64)
def _face_named(name: str) -> Face:
    font = QFont()
    font.fromString(name)
    return Face(font)


def elided(text: str, face: Face, widest: float) -> str:
    """A text cut to a width, with an ellipsis at its end."""
    return face.metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(widest, 0.0))


def without_last_parts(text: str, face: Face, widest: float) -> str:
    """A text without as many of its parts after a " · " as it takes to fit; the first part stays."""
    while face.advance(text) > widest and " · " in text:
        text = text.rpartition(" · ")[0]
    return text


def ruler_rect(foot: QPointF, ruler: Ruler, face: Face) -> QRectF:
    """Where draw_ruler draws and writes."""
    wide = max(face.advance(ruler.text), ruler.length + 4)
    high = _above_ruler(ruler, face) + face.ascent
    return QRectF(foot.x() - wide / 2, foot.y() - high, wide, high + 2)


def draw_ruler(painter: QPainter, foot: QPointF, ruler: Ruler, face: Face) -> None:
    """A ruler with end ticks, its middle at foot, its length written above it."""
    left, right = round(foot.x() - ruler.length / 2) + 0.5, round(foot.x() + ruler.length / 2) + 0.5
    y = round(foot.y()) - 0.5
    for colour, width in ((_SHADOW, 3.4), (ON_IMAGE, 1.4)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.drawLine(QPointF(left, y - 5), QPointF(left, y))
        painter.drawLine(QPointF(right, y - 5), QPointF(right, y))
    at = QPointF(foot.x() - face.advance(ruler.text) / 2, y - _above_ruler(ruler, face))
    face.write(painter, at, ruler.text, ON_IMAGE)


def _above_ruler(ruler: Ruler, face: Face) -> float:
    return 6.0 if face.advance(ruler.text) < ruler.length else 9.0  # clear of the ticks


def badge_places(
    centre_x: float, top: float, widest: float, badges: Sequence[Badge], face: Face
) -> list[tuple[QRectF, str]]:
    """Where badges lie and what is written on them: side by side, in as many rows as widest asks for, each cut to it
    and each row centred on centre_x."""
    pad, height = face.height * 0.45, face.height * 1.35
    beside = [2 * pad + (_arrow_px(face) if badge.detail else 0.0) for badge in badges]
    texts = [
        elided(without_last_parts(badge.text, face, widest - more), face, max(widest - more, 20.0))
        for badge, more in zip(badges, beside, strict=True)
    ]
    widths = [face.advance(text) + more for text, more in zip(texts, beside, strict=True)]
    rows: list[list[int]] = []
    for n, width in enumerate(widths):
        if not rows or sum(widths[m] + _BADGE_GAP for m in rows[-1]) + width > widest:
            rows.append([])
        rows[-1].append(n)
    places = []
    for line, row in enumerate(rows):
        left = centre_x - (sum(widths[n] for n in row) + _BADGE_GAP * (len(row) - 1)) / 2
        for n in row:
            rect = QRectF(round(left), round(top + line * (height + _BADGE_GAP)), widths[n], height)
            places.append((rect, texts[n]))
            left += widths[n] + _BADGE_GAP
    return places


def draw_badge(painter: QPainter, rect: QRectF, text: str, badge: Badge, face: Face) -> None:
    """A rounded label, with an arrow if a click tells more."""
    painter.setFont(face.font)
    painter.setPen(QPen(badge.colour, 1.2))
    painter.setBrush(_BADGE_BACK)
    painter.drawRoundedRect(rect, rect.height() * 0.3, rect.height() * 0.3)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(badge.colour.lighter(118))
    arrow = _arrow_px(face) if badge.detail else 0.0
    painter.drawText(rect.adjusted(0, 0, -arrow, 0), Qt.AlignmentFlag.AlignCenter, text)
    if badge.detail:
        size = face.height * 0.2
        tip = QPointF(rect.right() - face.height * 0.45 - size, rect.center().y() + size / 2)
        painter.setPen(QPen(badge.colour.lighter(118), 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPolyline(QPolygonF([tip + QPointF(-size, -size), tip, tip + QPointF(size, -size)]))


def _arrow_px(face: Face) -> float:
    return face.height * 0.65


def fitting_sentence(area: QRectF, text: str, face: Face) -> str:
    """As many of the sentences of a text as an area holds; of the first one, if need be, its beginning."""
    ends = [found.end() for found in re.finditer(r"[.!?](?= )|[\u3002\uff01\uff1f](?=.)", text)]  # 。！？
    first = text[: ends[0]] if ends else text
    words = [found.start() for found in re.finditer(r" |(?<=[\u3000-\uffee])(?=[\u3400-\u9fff])", first)]
    shorter = [text, *(text[:end] for end in reversed(ends))]
    shorter += [f"{first[:end]} …" for end in reversed(words)]
    for candidate in shorter:
        rect = face.metrics.boundingRect(area, int(_SENTENCE_FLAGS), candidate)
        if area.adjusted(-0.5, -0.5, 0.5, 0.5).contains(rect):
            return candidate
    return ""


def draw_sentence(painter: QPainter, area: QRectF, text: str, colour: QColor, face: Face) -> None:
    """A sentence in the middle of an area that has no picture to show."""
    painter.setFont(face.font)
    painter.setPen(colour)
    painter.drawText(area, int(_SENTENCE_FLAGS), text)


def sentence_rect(area: QRectF, text: str, face: Face) -> QRectF:
    """Where draw_sentence writes."""
    return face.metrics.boundingRect(area, int(_SENTENCE_FLAGS), text)


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
    name = person_name(series.patient_name)
    return told(
        Line(name, rank=Rank.MUST),
        Line(series.patient_id, rank=Rank.NOTICE if name else Rank.MUST),
        Line(born, rank=Rank.MINOR),
    )


def number_text(value: float) -> str:
    """A value for a person to read, with three digits at least."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"


def told(*lines: Line) -> tuple[Line, ...]:
    """Those of the lines that say something."""
    return tuple(line for line in lines if line.text)


def other_place(notes: Sequence[str]) -> str:
    """What one of two places that a file gives (the sform and the qform of NIfTI) is to the other, by its notes:
    "12.5 mm from its qform"; empty if there is only one."""
    for note in notes:
        found = re.search(r"up to ([\d.]+) mm apart.* by its (sform|qform)\.", note)
        if found is not None:
            other = "qform" if found[2] == "sform" else "sform"
            apart_mm = float(found[1])
            apart = tr("{mm:g} mm from its {other}").format(mm=apart_mm, other=other)
            return apart if apart_mm else tr("another voxel size by its {other}").format(other=other)
    return ""


def not_for_diagnosis(width: float) -> str:
    """The warning of every pane, in a form that is not cut off in a pane of this width."""
    return tr(NOT_FOR_DIAGNOSIS) if width >= 300 else tr("Not for diagnosis")


def warning_line(width: float) -> Line:
    """The warning as a line of a pane of this width; "Not for Dx" where even its short form has no room."""
    return Line(not_for_diagnosis(width), rank=Rank.WARNING, number=True, short=tr("Not for Dx"))


def iso_date(date: str) -> str:
    """A DICOM date (DA, "YYYYMMDD") as ISO 8601; anything else as it is."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date


def plane_name(plane: Plane) -> str:
    """A plane as it stands at the beginning of a line."""
    return {"axial": tr("Axial"), "coronal": tr("Coronal"), "sagittal": tr("Sagittal")}[plane]


def is_picture(session: Session) -> bool:
    """True for radiographs and other pictures without a place in the patient: their plane has no anatomical name."""
    volume = session.volume
    return volume is not None and not volume.geometry.patient_space and len(session.planes) == 1


def person_name(name: str) -> str:
    """A DICOM person name (PN, "family^given^...") as people write it, the ways to write it (PS3.5 6.2.1.2: in letters,
    in ideographs, by sound) side by side."""
    groups = [group.partition("^") for group in name.split("=")]
    written = (", ".join(x for x in (family, rest.replace("^", " ").strip()) if x) for family, _, rest in groups)
    return " · ".join(dict.fromkeys(x for x in written if x))
