"""Measuring with mouse and keys on one pane: what is being drawn, and what is being moved, until the session has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFont, QImage, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QLineEdit, QWidget

from viewer.core.events import What
from viewer.core.hand import LABELLING
from viewer.core.measuring import KINDS, MARKS, OUTLINES, POINTS, REGIONS, Kind, Measurement, Spread
from viewer.core.oblique import ObliqueAxes
from viewer.core.painting import Point
from viewer.core.session import Session
from viewer.gui.actions import NOT_MEASURED
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.measure_drawing import Part, Placed, ToPane, draw, found_words, placed, with_handle_at
from viewer.gui.overlay import font_for
from viewer.gui.pane import CLICK_PX, UNDO
from viewer.render.slices import SliceView

_FREEHAND_PX = 2.5  # between the points of a freehand outline
_CLOSE_PX = 9.0  # a click this near to the first point closes a polygon
_WRITE_PX = 220
_OF_MANY_CLICKS: tuple[Kind, ...] = ("polygon", "path")  # of as many as a person likes
_LEFT = Qt.MouseButton.LeftButton

_BESIDE_PICTURE = QT_TR_NOOP("Nothing was drawn: begin on the picture, not beside it")
_TOO_SMALL = QT_TR_NOOP("Nothing was drawn: the shape is too small")
_TOO_FEW_POINTS = QT_TR_NOOP("Nothing was drawn: the shape has too few points")


class Scene(NamedTuple):
    """What a pane shows while something can be measured on it."""

    view: SliceView
    depth: float  # of the view: a slice's number, or mm where the plane is oblique
    slab: bool = False  # several slices are seen as one

    @property
    def normal(self) -> int:
        return self.view.axes.acquired.normal

    @property
    def spread(self) -> Spread | None:
        """How an oblique plane lies; None for a slice of the grid."""
        axes = self.view.axes
        return axes.index_steps if isinstance(axes, ObliqueAxes) else None

    def on_plane(self, points_ijk: np.ndarray) -> np.ndarray:
        """Which points (n, 3) are no farther from the plane than half a slice."""
        axes = self.view.axes
        if isinstance(axes, ObliqueAxes):
            away = np.array([axes.depth_of(point) for point in points_ijk]) - self.depth
            return np.abs(away) <= self.view.step_mm / 2
        return np.abs(points_ijk[:, axes.normal] - self.depth) <= 0.5

    @property
    def place(self) -> tuple[object, float]:
        """What tells a plane from others."""
        return self.view.axes, self.depth


@dataclass(frozen=True)
class _Draft:
    """A shape being drawn. live is where its next point would be; pressed is where the button went down on it, and
    began says that this press has set a point already, so that a mere click adds no other."""

    kind: Kind
    points: tuple[Point, ...]
    live: Point
    scene: Scene
    pressed: QPointF | None = None
    began: bool = False
    moved: bool = False

    @property
    def shape(self) -> Measurement:
        points = self.points
        if self.kind == "freehand" or (len(points) == POINTS[self.kind] and self.kind not in OUTLINES):
            return self._of(points)
        return self._of((*points, self.live))

    def goes_on(self, scene: Scene) -> bool:
        """True if its next point may be set on a plane: a path goes on from slice to slice."""
        return self.kind == "path" or self.scene.place == scene.place

    def _of(self, points: tuple[Point, ...]) -> Measurement:
        return Measurement(0, self.kind, points, self.scene.normal, spread=self.scene.spread)


@dataclass(frozen=True)
class _Hold:
    """A measurement being moved by one of its parts. words_corner is where its words began, in pane pixels."""

    part: Part
    original: Measurement
    shape: Measurement
    press: QPointF
    words_corner: QPointF
    moved: bool = False


class MeasureTools:
    """The measuring hand of a pane. Each event method says whether the event was for measuring.

    scene gives what the pane shows, or None while nothing can be measured there. refuse is told in a sentence why
    nothing came of what a person drew.
    """

    def __init__(
        self, session: Session, pane: QWidget, scene: Callable[[], Scene | None], refuse: Callable[[str], None]
    ) -> None:
        self._session, self._pane, self._scene, self._refuse = session, pane, scene, refuse
        self._draft: _Draft | None = None
        self._hold: _Hold | None = None
        self._under: Part | None = None  # the mouse
        self._placed: tuple[Placed, ...] = ()
        self._layer: tuple[object, QImage, QPointF] | None = None  # what it shows, the picture, where it lies
        self._line_edit: _LineEdit | None = None

    # What the pane asks

    @property
    def drawing(self) -> bool:
        """True while a shape is begun and not ended."""
        return self._draft is not None

    @property
    def shapes(self) -> tuple[Placed, ...]:
        """The measurements on the pane as they were painted last."""
        return self._placed

    @property
    def line_edit(self) -> QLineEdit | None:
        """Where words are being written, if they are."""
        return self._line_edit

    def apply(self, what: What) -> None:
        """Take note of what changed in the session."""
        session = self._session
        if what & What.SERIES or not session.editable:
            self.cancel()
        elif self._draft is not None and self._draft.kind != session.hand.tool:
            self._draft = None

    def cancel(self) -> None:
        """Drop what is being drawn, moved or written."""
        self._draft = self._hold = self._under = None
        if self._line_edit is not None:
            self._line_edit.close_without()

    @property
    def under_mouse(self) -> bool:
        """True if the mouse is over a measurement."""
        return self._under is not None

    def show_as(self, other: MeasureTools) -> None:
        """Draw also what is being drawn or moved on another pane of the same plane."""
        self._draft, self._hold, self._under = other._draft, other._hold, other._under

    def cursor_shape(self) -> Qt.CursorShape | None:
        """The mouse cursor for measuring; None for that of the tool."""
        if self._hold is not None or self._under is not None:
            handle = self._under is not None and self._under.what == "handle"
            return Qt.CursorShape.SizeAllCursor if self._hold or handle else Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.CrossCursor if self._session.hand.tool in KINDS else None

    # Mouse

    def press(self, event: QMouseEvent) -> bool:
        scene = self._scene()
        if event.button() == Qt.MouseButton.RightButton:
            part = self._part_at(event.position())
            if part is not None and self._draft is None:
                self._session.select_measurement(part.number)
            return False  # a right drag zooms, a right click opens the menu
        if event.button() != _LEFT or event.modifiers() & Qt.KeyboardModifier.ShiftModifier or scene is None:
            return False
        if self._line_edit is not None:
            self._line_edit.finish()
        over = event.modifiers() & Qt.KeyboardModifier.ControlModifier  # a new shape, whatever lies there
        part = self._part_at(event.position()) if self._draft is None and not over else None
        if part is not None:
            self._take_hold(part, event.position())
            return True
        tool = self._session.hand.tool
        if tool not in KINDS:
            return False
        self._session.select_measurement(None)
        if self._session.synthetic and tool not in MARKS:
            self._refuse(tr(NOT_MEASURED))
        elif self._session.editable:
            self._press_to_draw(tool, event.position(), scene)
        return True

    def move(self, event: QMouseEvent) -> bool:
        hold, draft, scene = self._hold, self._draft, self._scene()
        if scene is None:
            return False
        if hold is not None:
            if hold.moved or (event.position() - hold.press).manhattanLength() >= CLICK_PX:
                self._hold = replace(hold, moved=True, shape=self._held_at(hold, event.position(), scene))
                self._pane.update()
            return True
        if draft is None or not draft.goes_on(scene):
            return False
        at = self._index(event.position(), scene)
        if draft.pressed is not None and draft.kind == "freehand":
            last = scene.view.to_pane(draft.points[-1])
            if (event.position() - QPointF(*last)).manhattanLength() >= _FREEHAND_PX:
                draft = replace(draft, points=(*draft.points, at))
        moved = draft.moved or (
            draft.pressed is not None and (event.position() - draft.pressed).manhattanLength() >= CLICK_PX
        )
        self._draft = replace(draft, live=at, moved=moved)
        self._pane.update()
        return draft.pressed is not None

    def release(self, event: QMouseEvent) -> bool:
        if event.button() != _LEFT:
            return False
        hold, draft = self._hold, self._draft
        if hold is not None:
            self._hold = None
            if hold.moved:
                self._session.change_measurement(hold.shape)
            self._pane.update()
            return True
        if draft is None or draft.pressed is None:
            return False
        self._draft = replace(draft, pressed=None, began=False, moved=False)
        self._released(draft)
        self._pane.update()
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """Close a polygon, end a path, or write to a measurement; else the second of two quick clicks."""
        if event.button() != _LEFT:
            return False
        if self._draft is not None and self._draft.kind in _OF_MANY_CLICKS:
            self._end_clicks()
            return True
        part = self._part_at(event.position()) if self._draft is None else None
        if part is not None and self._session.editable:
            self._hold = None
            self.write_to(part.number)
            return True
        return self.press(event)

    def hover(self, point: QPointF) -> bool:
        """Note what is under the mouse; True if that is something else than before."""
        before = self._under
        self._under = self._part_at(point) if self._draft is None and self._hold is None else None
        return before != self._under

    # Keys

    def wants(self, event: QKeyEvent) -> bool:
        """True for keys that end or change what is being drawn, before they do anything else."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        return (self._draft is not None or self._hold is not None) and (event.key() in keys or event.matches(UNDO))

    def key(self, event: QKeyEvent) -> bool:
        if not self.wants(event):
            return False
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
        elif event.key() == Qt.Key.Key_Backspace or event.matches(UNDO):
            self._take_back()
        elif self._draft is not None and self._draft.kind in _OF_MANY_CLICKS:
            self._end_clicks()
        self._pane.update()
        return True

    # Words

    def write_to(self, number: int) -> None:
        """Let a person write to a measurement that is there."""
        found = self._session.measurement(number)
        shape = next((shape for shape in self._placed if shape.measurement.number == number), None)
        if found is None or shape is None:
            return
        self._session.select_measurement(number)

        def done(text: str) -> None:
            now = self._session.measurement(number)
            if now is not None and (text or now.kind != "text"):
                self._session.change_measurement(replace(now, text=text))

        self._write(shape.words_rect.topLeft(), found.text, done)

    def _write(self, at: QPointF, text: str, done: Callable[[str], None]) -> None:
        if self._line_edit is not None:
            self._line_edit.finish()
        pane = self._pane

        def ended() -> None:
            self._line_edit = None
            pane.setFocus()
            pane.update()

        self._line_edit = line_edit = _LineEdit(text, pane, done, ended)
        line_edit.resize(min(_WRITE_PX, pane.width() - 8), line_edit.sizeHint().height())
        x = min(max(at.x() - 4, 4), pane.width() - line_edit.width() - 4)
        y = min(max(at.y() - 4, 4), pane.height() - line_edit.height() - 4)
        line_edit.move(round(x), round(y))
        line_edit.selectAll()
        line_edit.show()
        line_edit.setFocus()

    # Painting

    def paint(self, painter: QPainter, taken: tuple[QRectF, ...] = ()) -> None:
        """Draw the measurements of the slice that the pane shows, and what is being drawn or moved. taken is where the
        pane's own words stand.

        A dozen of them take as long as the slice itself, so a picture of them is kept while nothing of them changes.
        """
        scene = self._scene()
        if scene is None:
            self._placed, self._layer = (), None
            return
        pane = QRectF(self._pane.rect())
        font = font_for(self._pane.font(), pane.width(), pane.height())
        shown, session, ratio = self._shown(scene), self._session, self._pane.devicePixelRatioF()
        under = self._under.number if self._under is not None else None
        boxes = any(measurement.kind == "box" for measurement in shown)
        colours = {label.name: label.colour for label in session.labels} if boxes else {}
        named = tuple(colours.items())
        key = (scene, shown, session.selected, under, font, ratio, taken, named)  # a view knows the pane's size
        if not shown:
            self._placed, self._layer = (), None
        elif self._layer is None or self._layer[0] != key:
            self._placed = tuple(
                replace(shape, colour=colours.get(shape.measurement.text)) if shape.measurement.kind == "box" else shape
                for shape in self._lay_out(shown, scene, font, pane, taken)
            )
            self._layer = key, *_picture(self._placed, font, session.selected, under, pane, ratio)
        if self._layer is not None:
            _, picture, corner = self._layer
            painter.drawImage(corner, picture)
        draft = self._draft
        if draft is not None and draft.goes_on(scene):
            shape = draft.shape
            values = session.values_of(shape) if self._is_whole(shape) and draft.kind not in OUTLINES else None
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            live = placed(shape, values, ToPane(scene.view), font, pane, taken, scene.on_plane, stored=not scene.slab)
            draw(painter, live, font, selected=True, handles=True)

    def _shown(self, scene: Scene) -> tuple[Measurement, ...]:
        """The measurements of the slice, one of them as it is being moved."""
        session = self._session
        if not session.hand.measurements_visible:
            return ()
        held = self._hold.shape if self._hold is not None and self._hold.moved else None
        volume, axes = session.volume, scene.view.axes
        assert volume is not None
        here = (m for m in session.measurements if m.lies_on(axes, scene.depth, volume.geometry))
        return tuple(held if held is not None and held.number == m.number else m for m in here)

    def _lay_out(
        self, shown: tuple[Measurement, ...], scene: Scene, font: QFont, pane: QRectF, taken: tuple[QRectF, ...]
    ) -> tuple[Placed, ...]:
        to_pane = ToPane(scene.view)
        shapes: list[Placed] = []
        for measurement in shown:
            others = [*taken, *(shape.words_rect for shape in shapes)]
            values = self._session.values_of(measurement)
            stored = not scene.slab
            told = found_words(measurement) if measurement.number == self._session.selected else ()
            shapes.append(
                placed(measurement, values, to_pane, font, pane, others, scene.on_plane, stored=stored, more=told)
            )
        return tuple(shapes)

    # Parts

    @staticmethod
    def _is_whole(shape: Measurement) -> bool:
        return len(shape.points) >= POINTS[shape.kind]

    def _part_at(self, point: QPointF) -> Part | None:
        """What a press would take hold of: the selected measurement first, then the newest; not while painting."""
        session = self._session
        if session.hand.tool in LABELLING or self._scene() is None or not session.hand.measurements_visible:
            return None
        ranked = sorted(self._placed, key=lambda s: (s.measurement.number != session.selected, -s.measurement.number))
        parts = [part for shape in ranked if (part := shape.part_at(point)) is not None]
        if session.hand.tool in KINDS:  # words do not keep anyone from measuring what lies under them
            parts = [part for part in parts if part.what != "words" or part.number == session.selected]
        return parts[0] if parts else None

    def _take_hold(self, part: Part, point: QPointF) -> None:
        shape = next(shape for shape in self._placed if shape.measurement.number == part.number)
        self._session.select_measurement(part.number)
        if self._session.editable:
            found = shape.measurement
            self._hold = _Hold(part, found, found, point, shape.words_rect.topLeft())

    def _held_at(self, hold: _Hold, point: QPointF, scene: Scene) -> Measurement:
        """The held measurement as it is with the mouse at a pane point; it never leaves the picture."""
        if hold.original.kind == "path" and hold.part.what == "handle":
            return self._path_held_at(hold, point, scene)
        if hold.part.what == "handle":
            return with_handle_at(hold.original, hold.part.handle, self._index(point, scene))
        if hold.part.what == "words":
            corner = hold.words_corner + point - hold.press
            at = scene.view.to_index(corner.x(), corner.y(), scene.depth)
            return replace(hold.original, text_at=at)
        start = np.array(scene.view.to_index(hold.press.x(), hold.press.y(), scene.depth))
        step = np.array(scene.view.to_index(point.x(), point.y(), scene.depth)) - start
        low, high = self._limits()
        points = np.array(hold.original.points)
        least, most = low - points.min(axis=0), high - points.max(axis=0)
        if scene.spread is None:
            step = np.clip(step, least, most)
        else:  # as far that way as there is room: elsewhere it would leave its plane
            with np.errstate(divide="ignore", invalid="ignore"):
                room = np.where(step > 0, most / step, np.where(step < 0, least / step, np.inf))
            step = step * min(max(float(room.min()), 0.0), 1.0)
        return hold.original.moved((float(step[0]), float(step[1]), float(step[2])))

    def _path_held_at(self, hold: _Hold, point: QPointF, scene: Scene) -> Measurement:
        """A path with one point moved along the plane that is shown, as deep as it was, wherever that is."""
        start, end = (np.array(scene.view.to_index(p.x(), p.y(), scene.depth)) for p in (hold.press, point))
        low, high = self._limits()
        i, j, k = np.clip(np.array(hold.original.points[hold.part.handle]) + end - start, low, high).tolist()
        return with_handle_at(hold.original, hold.part.handle, (i, j, k))

    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The edges of the picture, in indices."""
        assert self._session.volume is not None
        return np.full(3, -0.5), np.array(self._session.volume.geometry.size) - 0.5

    def _index(self, point: QPointF, scene: Scene) -> Point:
        """The continuous index under a pane point, or the nearest within the picture."""
        index = scene.view.to_index(point.x(), point.y(), scene.depth)
        if isinstance(scene.view.axes, ObliqueAxes):
            return scene.view.axes.held(index, margin=0.5)
        i, j, k = np.clip(index, *self._limits()).tolist()
        return i, j, k

    def _press_to_draw(self, tool: Kind, point: QPointF, scene: Scene) -> None:
        at, draft = self._index(point, scene), self._draft
        if tool == "path" and not self._session.can_turn_planes:
            return  # no volume to draw it through
        if draft is None or not draft.goes_on(scene):
            low, high = self._limits()
            index = np.array(scene.view.to_index(point.x(), point.y(), scene.depth))
            if np.any(index < low) or np.any(index > high):
                self._refuse(tr(_BESIDE_PICTURE))
                return
            draft = _Draft(tool, (), at, scene)
        begins = not draft.points or (draft.kind == "cobb" and len(draft.points) == 2)
        if begins:
            draft = replace(draft, points=(*draft.points, at))
        self._draft = replace(draft, live=at, pressed=point, began=begins, moved=False)
        self._pane.update()

    def _released(self, draft: _Draft) -> None:
        """Set the point on which the button was released, if it is one, and end the shape if it was the last."""
        scene = self._scene()
        if draft.kind == "freehand":
            points, self._draft = draft.points, None
            if len(points) >= POINTS["freehand"]:
                self._finish("freehand", points, draft.scene)
            else:
                self._refuse(tr(_TOO_SMALL))
            return
        points = draft.points
        if POINTS[draft.kind] > 1 and not (draft.began and not draft.moved):
            if scene is None or self._same_place(draft.points[-1], draft.live, scene):
                return
            if draft.kind == "polygon" and self._closes(draft, scene):
                self._end_clicks()
                return
            points = (*points, draft.live)
            assert self._draft is not None
            self._draft = replace(self._draft, points=points)
        elif draft.kind in ("probe", "text"):
            points = (draft.live,)
        if draft.kind not in _OF_MANY_CLICKS and len(points) == POINTS[draft.kind]:
            self._draft = None
            self._finish(draft.kind, points, draft.scene)

    def _same_place(self, one: Point, other: Point, scene: Scene) -> bool:
        (x1, y1), (x2, y2) = scene.view.to_pane(one), scene.view.to_pane(other)
        apart_mm = float(np.linalg.norm((np.array(one) - other) * scene.view.spacing))  # on other slices, too
        return abs(x1 - x2) + abs(y1 - y2) < CLICK_PX and apart_mm * scene.view.pixels_per_mm < CLICK_PX

    def _closes(self, draft: _Draft, scene: Scene) -> bool:
        (x1, y1), (x2, y2) = scene.view.to_pane(draft.points[0]), scene.view.to_pane(draft.live)
        return len(draft.points) >= POINTS["polygon"] and max(abs(x1 - x2), abs(y1 - y2)) <= _CLOSE_PX

    def _end_clicks(self) -> None:
        """Close a polygon, or end a path."""
        draft, self._draft = self._draft, None
        if draft is not None and len(draft.points) >= POINTS[draft.kind]:
            self._finish(draft.kind, draft.points, draft.scene)
        elif draft is not None:
            self._refuse(tr(_TOO_FEW_POINTS))
        self._pane.update()

    def _take_back(self) -> None:
        """Take the last point back."""
        draft = self._draft
        if draft is not None:
            self._draft = replace(draft, points=draft.points[:-1]) if len(draft.points) > 1 else None

    def _finish(self, kind: Kind, points: tuple[Point, ...], drawn_on: Scene) -> None:
        scene = self._scene()
        if scene is None:
            return
        if kind in (*REGIONS, "box") and np.ptp(ToPane(scene.view)(points), axis=0).min() < CLICK_PX:
            self._refuse(tr(_TOO_SMALL))
            return
        normal, spread = drawn_on.normal, drawn_on.spread
        if kind not in ("arrow", "text"):
            self._session.add_measurement(kind, points, normal, spread=spread)
            return

        def done(text: str) -> None:
            if text or kind == "arrow":
                self._session.add_measurement(kind, points, normal, text, spread=spread)

        self._write(QPointF(*scene.view.to_pane(points[-1])), "", done)


def _picture(
    shapes: Sequence[Placed], font: QFont, selected: int | None, under: int | None, pane: QRectF, ratio: float
) -> tuple[QImage, QPointF]:
    """Shapes on a transparent picture at the screen's resolution, no larger than they are, and where it lies; the
    selected one on top."""
    room = QRectF()
    for shape in shapes:
        room = room.united(shape.bounds)
    room = QRectF(room.intersected(pane).toAlignedRect())
    size = QSize(math.ceil(room.width() * ratio), math.ceil(room.height() * ratio))
    picture = QImage(size.expandedTo(QSize(1, 1)), QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(-room.topLeft())
        for shape in sorted(shapes, key=lambda s: s.measurement.number == selected):
            number = shape.measurement.number
            draw(painter, shape, font, selected=number == selected, handles=number in (selected, under))
    return picture, room.topLeft()


class _LineEdit(QLineEdit):
    """A line to write on the picture: Return and a click elsewhere keep it, Escape does not."""

    def __init__(self, text: str, pane: QWidget, done: Callable[[str], None], ended: Callable[[], None]) -> None:
        super().__init__(text, pane)
        self._done, self._ended, self._over = done, ended, False
        self.setPlaceholderText(tr("Text"))
        self.setAccessibleName(tr("Text of the measurement"))
        self.setMaxLength(200)
        self.returnPressed.connect(self.finish)

    def finish(self) -> None:
        """Keep what is written."""
        self._end(True)

    def close_without(self) -> None:
        """Keep nothing."""
        self._end(False)

    def _end(self, keep: bool) -> None:
        if self._over:
            return
        self._over = True
        self.hide()
        self._ended()
        if keep:
            self._done(self.text().strip())
        self.deleteLater()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # no key is a command while a person writes
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_without()
        else:
            super().keyPressEvent(event)
            event.accept()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self.finish()
