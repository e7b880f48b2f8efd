"""Turning the planes by the lines of the cross-hair: their handles, and the lines as they lie in turned planes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from viewer.core.geometry import PLANES, Plane
from viewer.core.hand import LABELLING
from viewer.core.measuring import KINDS
from viewer.core.oblique import screen_directions, towards
from viewer.core.session import Session
from viewer.gui.overlay import draw_text, font_for
from viewer.gui.style import ON_IMAGE, PLANE_COLOURS
from viewer.render.slices import SliceView

HANDLE_PX = 4.5
_HANDLE_ROOM_PX = 8.0  # from its middle to beyond its halo
_GRAB_PX = 10.0
_FROM_CROSS = 0.4  # of the smaller side of the pane
_FROM_END_PX = 14.0
_NEAREST_PX = 40.0  # to the cross-hair
_INWARD_PX = 4.0
_GAP_PX = 16.0
_SNAP_DEGREES = 5.0
_HALO = QColor(0, 0, 0, 190)
_DIMMED = 0.8  # the colour of a line, beside that of its plane


@cache
def line_colour(plane: Plane) -> QColor:
    """Of the line of the cross-hair that stands for a plane. Opaque: another is painted thirty times as slowly."""
    colour = PLANE_COLOURS[plane]
    return QColor(*(round(_DIMMED * part) for part in (colour.red(), colour.green(), colour.blue())))


@dataclass(frozen=True)
class Line:
    """A plane as another one shows it: a line through the cross-hair, from start to end in pane pixels."""

    plane: Plane
    middle: NDArray[np.float64]
    along: NDArray[np.float64]  # unit vector
    start: float  # both in pixels from the cross-hair along it
    end: float

    def at(self, px: float) -> QPointF:
        x, y = (self.middle + px * self.along).tolist()
        return QPointF(x, y)

    def handles(self, from_cross: float, words: Sequence[QRectF] = ()) -> tuple[QPointF, ...]:
        """Where it can be taken hold of: on either side of the cross-hair, where there is room beside words."""
        ends = (max(-from_cross, self.start + _FROM_END_PX), min(from_cross, self.end - _FROM_END_PX))
        places = (self._clear_of(words, px) for px in ends)
        return tuple(self.at(px) for px in places if abs(px) >= _NEAREST_PX)

    def _clear_of(self, words: Sequence[QRectF], px: float) -> float:
        """The place nearest to one of its own, towards the cross-hair, where a handle touches no words."""
        r = _HANDLE_ROOM_PX
        while abs(px) >= _NEAREST_PX:
            at = self.at(px)
            around = QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r)
            if not any(around.intersects(rect) for rect in words):
                break
            px -= math.copysign(_INWARD_PX, px)
        return px


@dataclass(frozen=True)
class _Turn:
    """A line being turned: how it lay when it was taken hold of, and the angle from the cross-hair to the mouse, both
    in radians clockwise from the screen's right; turned so far."""

    plane: Plane
    pressed_line: float
    pressed: float
    turned: float = 0.0


class PlaneHandles:
    """The hand of a pane that turns planes. Each event method says whether the event was for it.

    view gives what the pane shows, None for nothing; room is where lines are drawn.
    """

    def __init__(
        self,
        session: Session,
        pane: QWidget,
        plane: Plane,
        view: Callable[[], SliceView | None],
        room: Callable[[SliceView], QRectF],
        words: Callable[[], Sequence[QRectF]],
    ) -> None:
        self._session, self._pane, self._view, self._room, self._words = session, pane, view, room, words
        self._plane: Plane = plane
        self._turn: _Turn | None = None
        self._under = False  # the mouse

    @property
    def turning(self) -> bool:
        return self._turn is not None

    @property
    def offered(self) -> bool:
        """True if handles can be taken hold of: not while one paints or measures."""
        session = self._session
        return session.can_turn_planes and session.hand.tool not in (*LABELLING, *KINDS)

    def cancel(self) -> None:
        self._turn, self._under = None, False

    def cursor_shape(self) -> Qt.CursorShape | None:
        """The mouse cursor over a handle; None elsewhere."""
        if self._turn is not None:
            return Qt.CursorShape.ClosedHandCursor
        return Qt.CursorShape.OpenHandCursor if self._under else None

    def lines(self, view: SliceView) -> tuple[Line, ...]:
        """The other two planes as this one shows them; none where the cross-hair is out of sight."""
        session = self._session
        assert session.volume is not None
        middle = np.array(view.to_pane(session.cursor_at))
        room = self._room(view)
        if not self._pane.rect().contains(QPointF(*middle.tolist()).toPoint()):
            return ()
        others: list[Plane] = [plane for plane in PLANES if plane != self._plane]
        found = []
        for plane, third in zip(others, reversed(others), strict=True):
            along = self._on_screen(third, view)
            start, end = _within(room, middle, along)
            found.append(Line(plane, middle, along, start, end))
        return tuple(found)

    def handles(self, view: SliceView) -> list[tuple[Line, QPointF]]:
        """The handles of the lines and where they are."""
        from_cross = _FROM_CROSS * min(self._pane.width(), self._pane.height())
        words = self._words()
        return [(line, at) for line in self.lines(view) for at in line.handles(from_cross, words)]

    # Mouse

    def press(self, event: QMouseEvent) -> bool:
        line = self._line_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if line is None:
            return False
        angle = _angle(event.position() - line.at(0))
        self._turn = _Turn(line.plane, math.atan2(line.along[1], line.along[0]), angle)
        return True

    def move(self, event: QMouseEvent) -> bool:
        turn, view = self._turn, self._view()
        if turn is None or view is None:
            return False
        middle = QPointF(*view.to_pane(self._session.cursor_at))
        wanted = _angle(event.position() - middle) - turn.pressed
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            step = math.radians(_SNAP_DEGREES)
            wanted = round((turn.pressed_line + wanted) / step) * step - turn.pressed_line
        rest = (wanted - turn.turned + math.pi) % (2 * math.pi) - math.pi
        if abs(rest) > 1e-6:
            self._turn = _Turn(turn.plane, turn.pressed_line, turn.pressed, turn.turned + rest)
            self.turn(rest)
        return True

    def release(self, event: QMouseEvent) -> bool:
        if self._turn is None or event.button() != Qt.MouseButton.LeftButton:
            return False
        self._turn = None
        self._pane.update()
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """On a handle: all planes along the grid again."""
        if event.button() != Qt.MouseButton.LeftButton or self._line_at(event.position()) is None:
            return False
        self.cancel()
        self._session.reset_planes()
        return True

    def hover(self, point: QPointF) -> bool:
        """Note what is under the mouse; True if that is something else than before."""
        before, self._under = self._under, self._line_at(point) is not None
        return before != self._under

    def turn(self, radians: float) -> None:
        """Turn the other two planes clockwise, as this pane shows them."""
        view = self._view()
        if view is None or self._session.volume is None:
            return
        geometry = self._session.volume.geometry
        right, down = screen_directions(geometry, view.axes)
        usual_right, usual_down = screen_directions(geometry, self._session.axes(self._plane))
        seen_from_behind = np.cross(right, down) @ np.cross(usual_right, usual_down) < 0  # the picture is mirrored
        self._session.turn_planes(self._plane, -radians if seen_from_behind else radians)

    # Painting

    def paint_lines(self, painter: QPainter, view: SliceView) -> None:
        """The lines of turned planes."""
        for line in self.lines(view):
            painter.setPen(QPen(line_colour(line.plane), 1.0))  # others take six times as long
            for start, end in ((line.start, -_GAP_PX), (_GAP_PX, line.end)):
                if end > start:
                    painter.drawLine(line.at(start), line.at(end))

    def paint_handles(self, painter: QPainter, view: SliceView, hovered: QPointF | None) -> None:
        """The handles, while the mouse is on the pane, and the angle of a line that is being turned."""
        if self._turn is None and not (self.offered and hovered is not None):
            return
        for line, at in self.handles(view):
            colour = PLANE_COLOURS[line.plane]
            held = self._turn is not None and self._turn.plane == line.plane
            under = hovered is not None and self._turn is None and _apart(hovered, at) <= _GRAB_PX
            ratio = painter.device().devicePixelRatioF()
            x, y = (round((n - _HANDLE_ROOM_PX) * ratio) / ratio for n in at.toTuple())
            painter.drawImage(QPointF(x, y), _handle(colour.rgb(), held or under, ratio))
        if self._turn is not None and hovered is not None:
            painter.setFont(font_for(self._pane.font(), self._pane.width(), self._pane.height(), bold=True))
            line = next((line for line in self.lines(view) if line.plane == self._turn.plane), None)
            if line is not None:
                draw_text(painter, hovered + QPointF(14, -8), f"{_tilt(line):.1f}°", ON_IMAGE)

    def _line_at(self, point: QPointF) -> Line | None:
        view = self._view()
        if view is None or not self.offered:
            return None
        near = [(_apart(point, at), n, line) for n, (line, at) in enumerate(self.handles(view))]
        apart, _, line = min(near, default=(math.inf, 0, None))
        return line if apart <= _GRAB_PX else None

    def _on_screen(self, plane: Plane, view: SliceView) -> NDArray[np.float64]:
        """The direction of a plane's normal on the screen."""
        session = self._session
        assert session.volume is not None
        geometry = session.volume.geometry
        normal = towards(geometry, plane)
        if session.rotation is not None:
            normal = session.rotation @ normal
        right, down = screen_directions(geometry, view.axes)
        along = np.array([right @ normal, down @ normal])
        return along / max(float(np.linalg.norm(along)), 1e-9)


@lru_cache(maxsize=32)
def _handle(rgb: int, full: bool, ratio: float) -> QImage:
    """A handle, drawn once for all panes: circles take as long as all the words of a pane."""
    side = math.ceil(2 * _HANDLE_ROOM_PX * ratio)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    colour, middle = QColor(rgb), QPointF(_HANDLE_ROOM_PX, _HANDLE_ROOM_PX)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(_HALO, 3.2))
        painter.setBrush(colour if full else _faint(colour, 90))
        painter.drawEllipse(middle, HANDLE_PX, HANDLE_PX)
        painter.setPen(QPen(colour.lighter(120), 1.4))
        painter.drawEllipse(middle, HANDLE_PX, HANDLE_PX)
    return image


def _within(room: QRectF, middle: NDArray[np.float64], along: NDArray[np.float64]) -> tuple[float, float]:
    """From where to where a line lies within a rectangle, in pixels from its middle; nothing of it: (0, 0)."""
    start, end = -math.inf, math.inf
    for at, step, low, high in zip(
        middle, along, (room.left(), room.top()), (room.right(), room.bottom()), strict=True
    ):
        if abs(step) < 1e-9:
            if not low <= at <= high:
                return 0.0, 0.0
            continue
        near, far = sorted(((low - at) / step, (high - at) / step))
        start, end = max(start, near), min(end, far)
    return (start, end) if start < end else (0.0, 0.0)


def _tilt(line: Line) -> float:
    """The angle between a line and the side of the screen it is nearest to, in degrees."""
    degrees = abs(math.degrees(math.atan2(line.along[1], line.along[0]))) % 90
    return min(degrees, 90 - degrees)


def _angle(step: QPointF) -> float:
    return math.atan2(step.y(), step.x())


def _apart(one: QPointF, other: QPointF) -> float:
    return math.hypot(one.x() - other.x(), one.y() - other.y())


def _faint(colour: QColor, alpha: int) -> QColor:
    faint = QColor(colour)
    faint.setAlpha(alpha)
    return faint
