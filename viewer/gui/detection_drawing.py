"""Boxes that a model proposes on a pane: dashed, in the colours of their labels, and chosen by a click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from viewer.core.detections import Detection, Detections
from viewer.core.labels import Label
from viewer.core.measuring import Measurement
from viewer.core.origin import Origin
from viewer.core.session import Session
from viewer.gui.language import said, tr
from viewer.gui.measure_drawing import ToPane, distance_to, plate
from viewer.gui.measure_tools import Scene
from viewer.gui.overlay import draw_text, font_for
from viewer.gui.style import PROPOSAL

_MOST = 200  # boxes on one plane: more cannot be told apart
_MOST_WORDS = 40
_GRAB_PX = 5.0
_GAP_PX = 5.0
_EDGE_PX = 6.0
_DASHES = [4.0, 3.0]  # times the width of the pen
_RIM, _BEHIND = QColor(0, 0, 0, 200), QColor(0, 0, 0, 190)  # so that they are seen on white
_TOOLS = ("window", "crosshair", "pan", "zoom")  # with which a click chooses a box


@dataclass(frozen=True)
class ProposedBox:
    """A proposed box as it lies on a pane, in logical pixels: its outline, closed, and its words."""

    number: int
    outline: NDArray[np.float64]
    words: tuple[str, ...]
    words_rect: QRectF
    colour: QColor

    def under(self, point: QPointF) -> bool:
        near = distance_to(self.outline, np.array([point.x(), point.y()])) <= _GRAB_PX
        return near or (bool(self.words) and plate(self.words_rect).contains(point))


class BoxProposals:
    """The proposed boxes of a pane. scene gives what it shows, or None while nothing can be measured there."""

    def __init__(self, session: Session, pane: QWidget, scene: Callable[[], Scene | None]) -> None:
        self._session, self._pane, self._scene = session, pane, scene
        self._placed: tuple[object, tuple[ProposedBox, ...]] = None, ()

    @property
    def boxes(self) -> tuple[ProposedBox, ...]:
        """Those on the pane as they were painted last."""
        return self._placed[1]

    def press(self, event: QMouseEvent) -> bool:
        """Choose the box under the mouse; whether there is one."""
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if not plain or self._session.hand.tool not in _TOOLS or self._session.detections is None:
            return False
        found = next((box for box in self.boxes if box.under(event.position())), None)
        if found is not None:
            self._session.go_to_box(found.number)
        return found is not None

    def paint(self, painter: QPainter, taken: tuple[QRectF, ...] = ()) -> None:
        """Draw those that wait for a person's word where the shown plane cuts them. taken is where other words stand,
        which theirs avoid if they can."""
        scene, session = self._scene(), self._session
        if scene is None or session.detections is None or not session.hand.overlay_visible:
            self._placed = None, ()
            return
        pane = QRectF(self._pane.rect())
        font = font_for(self._pane.font(), pane.width(), pane.height())
        key = _Shown(session.detections, session.measurements, session.labels, scene, font, taken)
        if not (isinstance(self._placed[0], _Shown) and key.same_as(self._placed[0])):
            self._placed = key, _placed(key, pane)
        chosen = session.detections.chosen
        in_order = sorted(self.boxes, key=lambda box: box.number == chosen)
        for box in in_order:
            _draw_outline(painter, box, chosen=box.number == chosen)
        for box in in_order:  # above all outlines
            _draw_words(painter, box, font, chosen=box.number == chosen)


@dataclass(frozen=True, eq=False)
class _Shown:
    """What boxes look like on a pane depends on."""

    detections: Detections
    measurements: tuple[Measurement, ...]
    labels: tuple[Label, ...]
    scene: Scene
    font: QFont
    taken: tuple[QRectF, ...]

    def same_as(self, other: _Shown) -> bool:
        same = self.detections is other.detections and self.measurements is other.measurements
        return same and (self.labels, self.scene, self.font, self.taken) == (
            other.labels,
            other.scene,
            other.font,
            other.taken,
        )


def origin_words(origin: Origin) -> str:
    """The model, its version, its short hash and the device, in one line."""
    return " · ".join(part for part in (said(origin.source), origin.short_hash, origin.provider) if part)


def _placed(shown: _Shown, pane: QRectF) -> tuple[ProposedBox, ...]:
    detections, scene, font = shown.detections, shown.scene, shown.font
    # A label that a person has, too, has a person's colour.
    colours = {label.name: QColor(*label.colour) for label in (*detections.labels, *shown.labels)}
    to_pane, taken = ToPane(scene.view), list(shown.taken)
    placed: list[ProposedBox] = []
    waiting = detections.open(shown.measurements)
    for one in sorted(waiting, key=lambda one: one.number != detections.chosen):  # the likeliest keep their words
        corners = one.cut(scene.view.axes, scene.depth)
        if corners is None:
            continue
        outline = to_pane(np.vstack([corners, corners[:1]]))
        chosen = one.number == detections.chosen
        words = _words(one, detections.origin, chosen) if len(placed) < _MOST_WORDS else ()
        rect = _beside(outline, words, font, pane, taken)
        if rect is None and not chosen:
            words = ()  # the list and a click tell them; words over words tell nothing
        rect = rect or _beside(outline, words, font, pane, []) or QRectF(outline[0, 0], outline[0, 1], 0, 0)
        taken.append(plate(rect))
        placed.append(ProposedBox(one.number, outline, words, rect, colours.get(one.label, PROPOSAL)))
        if len(placed) == _MOST:
            break
    return tuple(placed)


def _words(one: Detection, origin: Origin, chosen: bool) -> tuple[str, ...]:
    first = tr("AI: {label} {score:.2f}").format(label=tr(one.label), score=one.score)
    return (first, origin_words(origin)) if chosen else (first,)


def _beside(
    outline: NDArray[np.float64], words: tuple[str, ...], font: QFont, pane: QRectF, taken: list[QRectF]
) -> QRectF | None:
    """Above the box, below, right, left or within it, where that is free and on the pane; None if nowhere."""
    metrics = QFontMetricsF(font)
    wide = max((metrics.horizontalAdvance(line) for line in words), default=0.0)
    high = metrics.height() * len(words)
    (left, top), (right, bottom) = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
    corners = (
        (left, top - _GAP_PX - high),
        (left, bottom + _GAP_PX),
        (right + _GAP_PX, top),
        (left - _GAP_PX - wide, top),
        (left + _GAP_PX, top + _GAP_PX),
    )
    rects = [QRectF(x, y, wide, high) for x, y in corners]
    room = pane.adjusted(_EDGE_PX, _EDGE_PX, -_EDGE_PX, -_EDGE_PX)
    inside = [rect for rect in rects if room.contains(rect)]
    return next((rect for rect in inside if not any(plate(rect).intersects(other) for other in taken)), None)


def _draw_outline(painter: QPainter, box: ProposedBox, *, chosen: bool) -> None:
    outline = QPolygonF([QPointF(x, y) for x, y in box.outline.tolist()])
    width = 2.4 if chosen else 1.5
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(_RIM, width + 2.2))
    painter.drawPolyline(outline)
    pen = QPen(box.colour, width)
    pen.setDashPattern(_DASHES)
    painter.setPen(pen)
    painter.drawPolyline(outline)


def _draw_words(painter: QPainter, box: ProposedBox, font: QFont, *, chosen: bool) -> None:
    if not box.words:
        return
    painter.setPen(QPen(box.colour, 1.2) if chosen else Qt.PenStyle.NoPen)
    painter.setBrush(_BEHIND)
    painter.drawRoundedRect(plate(box.words_rect), 3.0, 3.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    for n, line in enumerate(box.words):
        at = QPointF(box.words_rect.left(), box.words_rect.top() + metrics.ascent() + n * metrics.height())
        draw_text(painter, at, line, _towards_white(box.colour))


def _towards_white(colour: QColor) -> QColor:
    """A colour in which words can be read on black, whichever a label has."""
    parts = (colour.red(), colour.green(), colour.blue())
    return QColor(*(round(part + 0.45 * (255 - part)) for part in parts))
