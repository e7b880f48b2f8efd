"""How measurements look on a pane, and which part of one is under the mouse."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from viewer.core.curved import smooth_curve
from viewer.core.measuring import BOXED, OUTLINES, POINTS, Kind, LengthUnit, Measurement, Values
from viewer.core.painting import Point
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import draw_text
from viewer.gui.style import MEASURE, MEASURE_SELECTED

HANDLE_PX = 4.0
_GRAB_HANDLE_PX, _GRAB_LINE_PX = 8.0, 5.0
_TICK_PX = 5.0
_ARROW_PX = 11.0
_PROBE_PX = 6.0
_ARC_PX = 22.0
_CROSSING_PX = 3.5
_BESIDE_PX = 12.0  # between a shape and its words
_LEADER_FROM_PX = 22.0  # words farther away are joined to their shape by a line
_PANE_EDGE_PX = 6.0
_HALO = QColor(0, 0, 0, 190)
_PLATE = QColor(0, 0, 0, 190)  # behind words: on bright tissue a shadow alone does not do
_PLATE_PX = 3.0
_ELLIPSE_POINTS = 72
_SEARCH_PX = 8.0  # between places that are tried for words

NAMES: dict[Kind, str] = {
    "length": QT_TR_NOOP("Length"),
    "angle": QT_TR_NOOP("Angle"),
    "cobb": QT_TR_NOOP("Cobb"),
    "ellipse": QT_TR_NOOP("Ellipse"),
    "rectangle": QT_TR_NOOP("Rectangle"),
    "polygon": QT_TR_NOOP("Polygon"),
    "freehand": QT_TR_NOOP("Freehand"),
    "probe": QT_TR_NOOP("Probe"),
    "arrow": QT_TR_NOOP("Arrow"),
    "text": QT_TR_NOOP("Text"),
    "profile": QT_TR_NOOP("Profile"),
    "path": QT_TR_NOOP("Path"),
    "box": QT_TR_NOOP("Box"),
}


class View(Protocol):
    """What measuring asks of a plane's view: the mapping between pane points and voxel indices, an affine one."""

    @property
    def spacing(self) -> tuple[float, float, float]: ...

    def to_pane(self, index_ijk: Point, /) -> tuple[float, float]: ...

    def to_index(self, x: float, y: float, depth: float, /) -> Point: ...


@dataclass(frozen=True)
class Part:
    """A part of a measurement that can be taken hold of: the whole, its words, or the handle of a number."""

    number: int
    what: Literal["whole", "words", "handle"]
    handle: int = 0


@dataclass(frozen=True)
class Placed:
    """A measurement as it lies on a pane, in logical pixels: its lines, its handles, and its words. numbers are those
    of the handles, where not all of them are on the pane; colour is that of a label."""

    measurement: Measurement
    lines: tuple[NDArray[np.float64], ...]
    dashed: tuple[NDArray[np.float64], ...]
    handles: NDArray[np.float64]
    words: tuple[str, ...]
    words_rect: QRectF
    numbers: tuple[int, ...] | None = None
    colour: tuple[int, int, int] | None = None

    @property
    def bounds(self) -> QRectF:
        """Where anything of it is drawn."""
        rects = [QRectF(self.words_rect)] if self.words else []
        for points in (*self.lines, *self.dashed, self.handles):
            if len(points):
                (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
                rects.append(QRectF(left, top, max(right - left, 1e-3), max(bottom - top, 1e-3)))
        around = QRectF()
        for rect in rects:
            around = around.united(rect)
        margin = HANDLE_PX + 4
        return around.adjusted(-margin, -margin, margin, margin)

    def part_at(self, point: QPointF) -> Part | None:
        """What lies under a pane point."""
        number, at = self.measurement.number, np.array([point.x(), point.y()])
        near = np.linalg.norm(self.handles - at, axis=1)
        if near.size and near.min() <= _GRAB_HANDLE_PX:
            nearest = int(near.argmin())
            return Part(number, "handle", nearest if self.numbers is None else self.numbers[nearest])
        if self.words and self.words_rect.contains(point):
            return Part(number, "whole" if self.measurement.kind == "text" else "words")
        if any(distance_to(line, at) <= _GRAB_LINE_PX for line in self.lines):
            return Part(number, "whole")
        return None


def length_text(value: float, unit: LengthUnit) -> str:
    decimals = 1 if value >= 1 or value == 0 else 2
    return f"{value:.{decimals}f} {tr(unit)}"


def area_text(value: float, unit: LengthUnit) -> str:
    squared = {"mm": "mm²", "mm at detector": tr("mm² at detector"), "px": "px²"}[unit]
    return f"{_figure(value)} {squared}"


def value_words(measurement: Measurement, values: Values, *, stored: bool = True) -> tuple[str, ...]:
    """What a measurement says, a line each, without a person's own words; without stored nothing of voxels' values."""
    unit = f" {values.unit}" if values.unit else ""
    if values.length is not None:
        return (length_text(values.length, values.length_unit),)
    if measurement.kind in ("angle", "cobb"):
        return () if values.angle is None else (f"{values.angle:.1f}°",)
    if measurement.kind == "probe":
        return _probe_words(values, unit) if stored else ()
    if values.area is None:
        return ()
    area = area_text(values.area, values.length_unit)
    if not stored:
        return (tr("Area {area}{count}").format(area=area, count=""),)
    lines = []
    if values.mean is not None and values.minimum is not None and values.maximum is not None:
        sd = "" if values.sd is None else tr("  SD {sd}").format(sd=_figure(values.sd))
        lines.append(tr("Mean {mean}{sd}{unit}").format(mean=_figure(values.mean), sd=sd, unit=unit))
        low, high = _figure(values.minimum), _figure(values.maximum)
        lines.append(tr("Min {low}  Max {high}{unit}").format(low=low, high=high, unit=unit))
        if values.suv_factor is not None:
            peak = values.maximum * values.suv_factor
            mean = values.mean * values.suv_factor
            lines.append(tr("SUV mean {mean:.2f}  max {peak:.2f}").format(mean=mean, peak=peak))
    elif values.count == 0:
        lines.append(tr("No values inside"))
    count = "" if values.count is None else f"  n {values.count}"
    return (*lines, tr("Area {area}{count}").format(area=area, count=count))


def found_words(measurement: Measurement) -> tuple[str, ...]:
    """Which model found a box that a person accepted, and with what score, a line each; nothing of others."""
    found = measurement.found
    if found is None:
        return ()
    origin = found.origin
    score = tr("AI: {label} {score:.2f}").format(label=tr(found.label), score=found.score)
    changed = tr(", corrected by hand") if measurement.corrected else tr(", accepted")
    where = tr("{device}, {seconds:.1f} s, {made}").format(
        device=origin.provider, seconds=origin.seconds, made=origin.made.replace("T", " ").removesuffix("+00:00")
    )
    return score + changed, f"{said(origin.source)} · {origin.short_hash}", where


def short_value(measurement: Measurement, values: Values) -> str:
    """What a measurement says, in a cell of a table."""
    if values.mean is not None:
        if values.suv_factor is not None:
            return tr("mean SUV {mean:.2f}").format(mean=values.mean * values.suv_factor)
        return tr("mean {mean} {unit}").format(mean=_figure(values.mean), unit=values.unit).strip()
    if values.area is not None:
        return area_text(values.area, values.length_unit)
    return " · ".join(value_words(measurement, values))


def handles_of(measurement: Measurement) -> tuple[Point, ...]:
    """The points by which a shape is changed: of a box all four corners, of a freehand outline none."""
    if measurement.kind in BOXED and len(measurement.points) == 2:
        p, q = measurement.points
        if measurement.spread is not None:
            (a, b), (c, d) = measurement.flat(measurement.points).tolist()
            one, other = measurement.lifted([(a, d), (c, b)]).tolist()
            return p, (one[0], one[1], one[2]), q, (other[0], other[1], other[2])
        a, _ = measurement.in_plane
        return p, _mixed(q, p, a), q, _mixed(p, q, a)
    return () if measurement.kind == "freehand" else measurement.points


def with_handle_at(measurement: Measurement, handle: int, index_ijk: Point) -> Measurement:
    """The shape with one handle elsewhere; the opposite corner of a box stays."""
    if measurement.kind in BOXED:
        opposite = handles_of(measurement)[(handle + 2) % 4]
        return replace(measurement, points=(opposite, index_ijk))
    points = list(measurement.points)
    points[handle] = index_ijk
    return replace(measurement, points=tuple(points))


class ToPane:
    """Pane points (n, 2) of many indices (n, 3): asks an affine view for four points and works out the rest."""

    def __init__(self, view: View) -> None:
        units = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
        origin, *ends = (np.array(view.to_pane(unit)) for unit in units)
        self._origin, self._steps = origin, np.array(ends) - origin
        self.spacing = view.spacing

    def __call__(self, points_ijk: ArrayLike) -> NDArray[np.float64]:
        return self._origin + np.asarray(points_ijk, dtype=np.float64).reshape(-1, 3) @ self._steps


def placed(
    measurement: Measurement,
    values: Values | None,
    to_pane: ToPane,
    font: QFont,
    pane: QRectF,
    taken: Sequence[QRectF] = (),
    on_plane: Callable[[NDArray[np.float64]], NDArray[np.bool_]] | None = None,
    *,
    stored: bool = True,
    more: Sequence[str] = (),
) -> Placed:
    """Lay a measurement out on a pane; one that is still being drawn may lack points and values. taken is where other
    words stand, which its own avoid if they can. on_plane tells which points (n, 3) lie on the plane that is shown: a
    path is seen on others, too. Without stored nothing is said of stored values, which are not those of a slab. more
    are lines below its words."""
    points = to_pane(measurement.points)
    if measurement.kind == "path" and on_plane is not None:
        return _placed_path(measurement, values, to_pane, font, pane, taken, on_plane)
    lines, dashed = _lines(measurement, points, to_pane)
    words = () if values is None else value_words(measurement, values, stored=stored)
    if measurement.text:
        words = (measurement.text, *words)
    words = (*words, *more)
    size = _words_size(words, font)
    if measurement.text_at is not None:
        x, y = to_pane(measurement.text_at)[0].tolist()
        rect = QRectF(x, y, *size)
    else:
        rect = _beside(measurement, points, lines, size, pane, taken)
    return Placed(measurement, lines, dashed, to_pane(handles_of(measurement)), words, rect)


def _placed_path(
    path: Measurement,
    values: Values | None,
    to_pane: ToPane,
    font: QFont,
    pane: QRectF,
    taken: Sequence[QRectF],
    on_plane: Callable[[NDArray[np.float64]], NDArray[np.bool_]],
) -> Placed:
    """A path whose points off the plane have no handles there; lines lead to where it goes on, beside the plane they
    are dashed, and where it only crosses it there is a diamond. Its words stand on its own plane, if it has one."""
    curve = smooth_curve(np.array(path.points) * to_pane.spacing) / to_pane.spacing
    here, screen = on_plane(curve), to_pane(curve)
    lines, dashed = [], []
    for on, run in _runs(here):
        part = screen[run]
        if on and np.ptp(part, axis=0).max() < 2 * _CROSSING_PX:
            x, y = part.mean(axis=0)
            p = _CROSSING_PX
            part = np.array([[x - p, y], [x, y - p], [x + p, y], [x, y + p], [x - p, y]])
        (lines if on else dashed).append(part)
    numbers = tuple(np.flatnonzero(on_plane(np.array(path.points))).tolist())
    points = to_pane(path.points)
    elsewhere = (path.on_one_slice or path.spread is not None) and here.mean() < 0.5
    words = () if values is None or elsewhere else (*([path.text] if path.text else []), *value_words(path, values))
    size = _words_size(words, font)
    if path.text_at is not None:
        x, y = to_pane(path.text_at)[0].tolist()
        rect = QRectF(x, y, *size)
    else:
        rect = _beside(path, points, (screen,), size, pane, taken)
    return Placed(path, tuple(lines), tuple(dashed), points[list(numbers)], words, rect, numbers)


def _runs(here: NDArray[np.bool_]) -> list[tuple[bool, slice]]:
    """Stretches of a curve that lie on the plane or not, each as far as to the corner where the next one begins."""
    edges = [0, *(np.flatnonzero(np.diff(here)) + 1).tolist(), len(here)]
    return [(bool(here[a]), slice(a, min(b + 1, len(here)))) for a, b in itertools.pairwise(edges)]


def draw(painter: QPainter, shape: Placed, font: QFont, *, selected: bool, handles: bool) -> None:
    """Draw a measurement with a dark rim, so that it is seen on white and on black."""
    own = QColor(*shape.colour) if shape.colour is not None else MEASURE
    colour = MEASURE_SELECTED if selected else own
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if shape.words:
        _draw_leader(painter, shape, colour)
    for pen in (QPen(_HALO, 3.4), QPen(colour, 1.6 if selected else 1.4)):
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for line in shape.lines:
            painter.drawPolyline(_polygon(line))
        pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for line in shape.dashed:
            painter.drawPolyline(_polygon(line))
    if handles:
        for pen in (QPen(_HALO, 3.0), QPen(colour, 1.4)):
            painter.setPen(pen)
            for x, y in shape.handles.tolist():
                painter.drawEllipse(QPointF(x, y), HANDLE_PX, HANDLE_PX)
    if not shape.words:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(plate(shape.words_rect), _PLATE_PX, _PLATE_PX)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    for n, line in enumerate(shape.words):
        at = QPointF(shape.words_rect.left(), shape.words_rect.top() + metrics.ascent() + n * metrics.height())
        draw_text(painter, at, line, colour)


def _probe_words(values: Values, unit: str) -> tuple[str, ...]:
    if values.colour is not None:
        return ("R {} G {} B {}".format(*values.colour),)
    if values.value is None:
        return (tr("No value"),)
    stored = f"{_figure(values.value)}{unit}"
    return (stored,) if values.suv_factor is None else (f"SUV {values.value * values.suv_factor:.2f}", stored)


def _figure(value: float) -> str:
    """A value for a person to read: whole from 10,000, else with one decimal, small ones with three digits."""
    if value == round(value) or abs(value) >= 10_000:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def _mixed(one: Point, other: Point, axis: int) -> Point:
    """The point other with the coordinate of one along an axis."""
    mixed = list(other)
    mixed[axis] = one[axis]
    return mixed[0], mixed[1], mixed[2]


def _lines(
    measurement: Measurement, points: NDArray[np.float64], to_pane: ToPane
) -> tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.float64], ...]]:
    """The lines of a shape, and those of it that only help the eye, in pane pixels."""
    kind, enough = measurement.kind, len(points) >= POINTS[measurement.kind]
    if kind in OUTLINES:
        return (np.vstack([points, points[:1]]) if enough else points,), ()
    if not enough and kind != "cobb":
        return (points,), ()
    if kind in ("rectangle", "box"):
        corners = to_pane(handles_of(measurement))
        return (np.vstack([corners, corners[:1]]),), ()
    if kind == "ellipse":
        return (to_pane(_ellipse(measurement)),), ()
    if kind == "length" or kind == "profile":
        return (points, *(_tick(points[n], points[1] - points[0]) for n in (0, 1))), ()
    if kind == "angle":
        return (points, *_arc(points)), ()
    if kind == "cobb":
        pairs = tuple(points[n : n + 2] for n in range(0, len(points), 2))
        return pairs, (np.array([pair.mean(axis=0) for pair in pairs]),) if enough else ()
    if kind == "arrow":
        return (points, *_arrow_head(points)), ()
    if kind == "probe":
        x, y = points[0]
        p = _PROBE_PX
        return (np.array([[x - p, y], [x + p, y]]), np.array([[x, y - p], [x, y + p]])), ()
    return (), ()


def _ellipse(measurement: Measurement) -> NDArray[np.float64]:
    p, q = measurement.flat(measurement.points)
    turn = np.linspace(0, 2 * math.pi, _ELLIPSE_POINTS + 1)
    return measurement.lifted((p + q) / 2 + np.stack([np.cos(turn), np.sin(turn)], axis=-1) * (q - p) / 2)


def _tick(at: NDArray[np.float64], along: NDArray[np.float64]) -> NDArray[np.float64]:
    """A short stroke across a line at its end, whose middle is the very point."""
    length = float(np.linalg.norm(along)) or 1.0
    across = np.array([-along[1], along[0]]) / length * _TICK_PX
    return np.array([at - across, at + across])


def _arc(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    legs = points[[0, 2]] - points[1]
    radius = min(_ARC_PX, *(float(np.linalg.norm(leg)) * 0.6 for leg in legs))
    if radius < 6:
        return ()
    start, end = (math.atan2(leg[1], leg[0]) for leg in legs)
    turn = (end - start + math.pi) % (2 * math.pi) - math.pi
    angles = start + np.linspace(0, turn, 24)
    return (points[1] + radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1),)


def _arrow_head(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    tip, tail = points[0], points[1]
    length = float(np.linalg.norm(tail - tip))
    if length == 0:
        return ()
    back = (tail - tip) / length * min(_ARROW_PX, length)
    across = np.array([-back[1], back[0]]) * 0.45
    return (np.array([tip + back + across, tip, tip + back - across]),)


def _words_size(words: Sequence[str], font: QFont) -> tuple[float, float]:
    metrics = QFontMetricsF(font)
    return max([metrics.horizontalAdvance(line) for line in words], default=0.0), metrics.height() * len(words)


def _beside(
    measurement: Measurement,
    points: NDArray[np.float64],
    lines: Sequence[NDArray[np.float64]],
    size: tuple[float, float],
    pane: QRectF,
    taken: Sequence[QRectF],
) -> QRectF:
    """Where the words stand if nobody has moved them: right of the shape, or left, below or above it where they would
    leave the pane or cover other words, or else as near to it as there is room."""
    wide, high = size
    room = pane.adjusted(_PANE_EDGE_PX, _PANE_EDGE_PX, -_PANE_EDGE_PX, -_PANE_EDGE_PX)
    if measurement.kind == "text" or (measurement.kind == "arrow" and len(points) == 2):
        x, y = points[-1].tolist()
        rect = QRectF(x, y, wide, high)
        if measurement.kind == "arrow":
            rect = QRectF(x + 4 if x >= points[0][0] else x - wide - 4, y - high / 2, wide, high)
        covered = pane.contains(x, y) and any(plate(rect).intersects(other) for other in taken)
        return (_nearest_free(rect, size, room, taken) if covered else None) or rect
    if measurement.kind == "cobb" and len(points) == 4:
        points, lines = points.mean(axis=0, keepdims=True), ()
    around = np.vstack([points, *lines])
    (left, top), (right, bottom) = around.min(axis=0).tolist(), around.max(axis=0).tolist()
    x, y, gap = (left + right - wide) / 2, (top + bottom - high) / 2, _BESIDE_PX
    corners = ((right + gap, y), (left - gap - wide, y), (x, bottom + gap), (x, top - gap - high))
    if not room.intersects(QRectF(left, top, right - left, bottom - top).adjusted(-1, -1, 1, 1)):
        return QRectF(*corners[0], wide, high)  # out of sight, words and all
    rects = [_held_within(QRectF(*corner, wide, high), room, across=n < 2) for n, corner in enumerate(corners)]
    inside = [rect for rect in rects if room.contains(rect)]
    free = [rect for rect in inside if not any(plate(rect).intersects(other) for other in taken)]
    if free:
        return free[0]
    around_it = QRectF(left, top, right - left, bottom - top).adjusted(-4, -4, 4, 4)
    found = _nearest_free(around_it, size, room, (*taken, around_it)) or _nearest_free(around_it, size, room, taken)
    if found is not None:
        return found
    return inside[0] if inside else _held_within(_held_within(rects[0], room, True), room, False)


def plate(words: QRectF) -> QRectF:
    return words.adjusted(-_PLATE_PX, -1, _PLATE_PX, 1)


def _nearest_free(shape: QRectF, size: tuple[float, float], room: QRectF, taken: Sequence[QRectF]) -> QRectF | None:
    """The place for words of a size that is nearest to a shape and covers nothing; None if there is none."""
    wide, high = size
    if wide > room.width() or high > room.height():
        return None
    left, top = np.meshgrid(
        np.arange(room.left(), room.right() - wide, _SEARCH_PX), np.arange(room.top(), room.bottom() - high, _SEARCH_PX)
    )
    free = np.ones(left.shape, bool)
    for rect in taken:
        across = (left - _PLATE_PX < rect.right()) & (left + wide + _PLATE_PX > rect.left())
        free &= ~(across & (top - 1 < rect.bottom()) & (top + high + 1 > rect.top()))
    if not free.any():
        return None
    apart_x = np.maximum(np.maximum(shape.left() - left - wide, left - shape.right()), 0)
    apart_y = np.maximum(np.maximum(shape.top() - top - high, top - shape.bottom()), 0)
    middle = np.hypot(left + wide / 2 - shape.center().x(), top + high / 2 - shape.center().y())
    far = np.where(free, np.hypot(apart_x, apart_y) + 0.1 * middle, np.inf)
    n = int(far.argmin())
    return QRectF(float(left.flat[n]), float(top.flat[n]), wide, high)


def _held_within(rect: QRectF, room: QRectF, across: bool) -> QRectF:
    """A rectangle moved along one side of its shape until it lies in the room: up or down if it stands across from it,
    else sideways."""
    held = QRectF(rect)
    if across:
        held.moveTop(max(min(rect.top(), room.bottom() - rect.height()), room.top()))
    else:
        held.moveLeft(max(min(rect.left(), room.right() - rect.width()), room.left()))
    return held


def _draw_leader(painter: QPainter, shape: Placed, colour: QColor) -> None:
    """A thin dashed line from the words to the nearest point of the shape, where they are not beside it."""
    rect = shape.words_rect
    points = np.vstack([*(shape.lines or (shape.handles,)), *(line.mean(axis=0) for line in shape.dashed)])
    nearest = np.stack(
        [np.clip(points[:, 0], rect.left(), rect.right()), np.clip(points[:, 1], rect.top(), rect.bottom())], axis=-1
    )
    apart = np.linalg.norm(points - nearest, axis=1)
    n = int(apart.argmin())
    if apart[n] < _LEADER_FROM_PX:
        return
    for pen in (QPen(_HALO, 2.4), QPen(colour, 1.0, Qt.PenStyle.DotLine)):
        painter.setPen(pen)
        painter.drawLine(QPointF(*points[n].tolist()), QPointF(*nearest[n].tolist()))


def distance_to(line: NDArray[np.float64], at: NDArray[np.float64]) -> float:
    """The distance of a point from the nearest of a polyline's edges."""
    if len(line) < 2:
        return math.inf
    start, step = line[:-1], np.diff(line, axis=0)
    squares = np.maximum(np.einsum("nc,nc->n", step, step), 1e-12)
    t = np.clip(np.einsum("nc,nc->n", at - start, step) / squares, 0.0, 1.0)
    return float(np.linalg.norm(start + t[:, None] * step - at, axis=1).min())


def _polygon(points: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])
