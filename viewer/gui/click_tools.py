"""Clicks and scribbles on a pane that say what belongs to a structure, and what has been found of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from viewer.core.click_segment import PixelBox, Stroke
from viewer.core.events import What
from viewer.core.hand import ClickMeans
from viewer.core.painting import Point
from viewer.core.plane_raster import PlaneRaster
from viewer.core.session import Session
from viewer.gui.actions import why_no_drawing
from viewer.gui.click_answers import ClickAnswers, OpenAnswer, answers_of, warm_up
from viewer.gui.flat_pane import FlatPane
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.measure_tools import Scene
from viewer.gui.pane import CLICK_PX, UNDO
from viewer.gui.region_drawing import write_beside
from viewer.gui.style import ON_IMAGE

_LEFT = Qt.MouseButton.LeftButton
_GREEN, _RED = QColor(80, 230, 120), QColor(255, 90, 90)
_HALO = QColor(0, 0, 0, 200)
_MARK_PX, _SIGN_PX = 5.5, 3.0
_STEP_PX = 1.5  # between the points of a scribble
_LEAST_BOX_PX = 3  # of the picture

_BESIDE_PICTURE = QT_TR_NOOP("Nothing to segment here: there is no value")
_NOTHING_YET = QT_TR_NOOP("First click what belongs to the structure, or begin on a region of the label")
_TAKEN = QT_TR_NOOP("What was found on the other slice was taken: undo takes it back")
_DROPPED = QT_TR_NOOP("What the clicks had found was dropped, as another series was opened")
_SMALL_BOX = QT_TR_NOOP("Nothing was drawn: the box is too small")
_HINTS: dict[ClickMeans, str] = {
    "belongs": QT_TR_NOOP("Click, or drag along it"),
    "excluded": QT_TR_NOOP("Click, or drag along it"),
    "box": QT_TR_NOOP("Drag a box around it"),
}


@dataclass(eq=False)
class _Press:
    """The button held down: means is what it says, points (continuous indices) where it has been."""

    means: ClickMeans
    scene: Scene
    press: QPointF
    points: list[Point] = field(default_factory=list)
    moved: bool = False


class ClickTools:
    """The hand of a pane that segments by clicks. Each event method says whether the event was for it.

    scene gives what the pane shows, or None while nothing can be drawn there; refuse is told in a sentence why nothing
    came of what a person did. What is found belongs to the session: ClickAnswers.
    """

    def __init__(
        self, session: Session, pane: FlatPane, scene: Callable[[], Scene | None], refuse: Callable[[str], None]
    ) -> None:
        self._session, self._pane, self._scene, self._refuse = session, pane, scene, refuse
        self._press: _Press | None = None
        self._answers: ClickAnswers = answers_of(session)
        self._answers.changed.connect(pane.update)

    # What the pane asks

    @property
    def chosen(self) -> bool:
        return self._session.hand.tool == "click"

    @property
    def dragging(self) -> bool:
        """True while the button is held down for it: the slice must stay."""
        return self._press is not None

    @property
    def open(self) -> OpenAnswer | None:
        """The answer that is open on the plane that is shown."""
        scene, answer = self._scene(), self._answers.open
        return answer if answer is not None and scene is not None and answer.place == scene.place else None

    def apply(self, what: What) -> None:
        """Take note of what changed in the session."""
        if what & What.TOOL and self.chosen:
            warm_up()
        if self._press is not None and (not self.chosen or not self._session.editable):
            self._press = None
        answer = self._answers.open
        if answer is not None and what & What.SERIES and answer.volume is not self._session.volume:
            self._answers.drop()
            self._refuse(tr(_DROPPED))

    def cursor_shape(self) -> Qt.CursorShape | None:
        return Qt.CursorShape.CrossCursor if self.chosen else None

    # Mouse

    def press(self, event: QMouseEvent) -> bool:
        scene = self._scene()
        if not self.chosen or event.button() != _LEFT or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        if why_not := self._why_not:
            self._refuse(why_not)
            return True
        if scene is None:
            return False
        self._press = _Press(self._means(event.modifiers()), scene, event.position())
        self._press.points.append(self._index(event.position(), scene))
        self._pane.update()
        return True

    def move(self, event: QMouseEvent) -> bool:
        press = self._press
        if press is None:
            return False
        if not event.buttons() & _LEFT:  # released while another button was held
            self._released()
        else:
            last = QPointF(*press.scene.view.to_pane(press.points[-1]))
            press.moved |= (event.position() - press.press).manhattanLength() >= CLICK_PX
            if press.moved and (event.position() - last).manhattanLength() >= _STEP_PX:
                if press.means == "box":
                    del press.points[1:]
                press.points.append(self._index(event.position(), press.scene))
        self._pane.update()
        return True

    def release(self, event: QMouseEvent) -> bool:
        if event.button() != _LEFT or self._press is None:
            return False
        self._released()
        self._pane.update()
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """The second of two quick clicks."""
        return event.button() == _LEFT and self.chosen and self.press(event)

    # Keys

    def wants(self, event: QKeyEvent) -> bool:
        """True for keys that end or change the answer that is seen, before they do anything else. Return takes it with
        any tool: nobody confirms a slice while a region on it waits."""
        if event.matches(UNDO):
            return self.chosen and (self.open is not None or self._press is not None)
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self.chosen:
            keys = (*keys, Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        return (self.open is not None or self._press is not None) and event.key() in keys

    def key(self, event: QKeyEvent) -> bool:
        if self.chosen and event.key() == Qt.Key.Key_Control:
            self._pane.update()  # what a click would say is shown
        if not self.wants(event):
            return False
        if event.type() == QEvent.Type.KeyPress:
            self._press_key(Qt.Key.Key_Backspace if event.matches(UNDO) else Qt.Key(event.key()))
            self._pane.update()
        return True

    def _press_key(self, key: Qt.Key) -> None:
        if self._press is not None:
            self._press = None
        elif key == Qt.Key.Key_Escape:
            self._answers.drop()
        elif key == Qt.Key.Key_Backspace:
            self._answers.undo()
        elif refused := self._answers.take():
            self._refuse(refused)

    # What was said

    def _means(self, modifiers: Qt.KeyboardModifier) -> ClickMeans:
        """Ctrl says the contrary of a sign; with it a box is no box but takes away."""
        means = self._session.hand.click_means
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            return "belongs" if means == "excluded" else "excluded"
        return means

    def _released(self) -> None:
        press, self._press = self._press, None
        if press is None:
            return
        raster = self._raster(press.scene)
        if press.means == "box":
            self._box(press, raster)
            return
        pixels = _pixels(raster, press.points)
        if not pixels:
            self._refuse(tr(_BESIDE_PICTURE))
            return
        answer = self._answer_on(press.scene, pixels[0])
        if press.means == "excluded" and not answer.base.any() and not answer.steps:
            self._answers.drop()
            self._refuse(tr(_NOTHING_YET))
            return
        self._answers.say(Stroke(pixels, press.means == "belongs"))

    def _box(self, press: _Press, raster: PlaneRaster) -> None:
        places = np.rint(raster.places(np.array([press.points[0], press.points[-1]]))).astype(int)[:, ::-1]
        low = np.maximum(places.min(axis=0), 0)
        high = np.minimum(places.max(axis=0), np.array(raster.shape) - 1)
        if not press.moved or np.any(high - low < _LEAST_BOX_PX - 1):
            self._refuse(tr(_SMALL_BOX))
            return
        box: PixelBox = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        self._answer_on(press.scene, None)
        self._answers.set_box(box)
        self._session.hand.set_click_means("belongs")  # clicks refine it

    def _answer_on(self, scene: Scene, at: tuple[int, int] | None) -> OpenAnswer:
        """The answer that is open on a plane; one that is open on another is taken, so that nothing is lost."""
        answer = self._answers.open
        if answer is not None and answer.place != scene.place:
            self._refuse(self._answers.take() or tr(_TAKEN))
            self._answers.drop()
            answer = None
        return answer or self._answers.begin(scene.view.axes, scene.depth, at)

    @property
    def _why_not(self) -> str:
        return why_no_drawing(self._session, "click")

    # Painting

    def paint(self, painter: QPainter) -> None:
        """Draw the region that was found, what was said of it, and beside the mouse what a click would say."""
        scene, answer, mouse = self._scene(), self.open, self._pane.mouse_at
        if scene is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(*self._session.label.colour)
        if answer is not None:
            answer.drawing.draw(painter, scene.view, colour.lighter(125))
            raster = answer.raster
            if answer.prompts.box is not None:
                top, left, bottom, right = answer.prompts.box
                ends = [raster.index(top - 0.5, left - 0.5), raster.index(bottom + 0.5, right + 0.5)]
                self._paint_box(painter, scene, ends)
            for stroke in answer.prompts.strokes:
                self._paint_stroke(painter, scene, [raster.index(*p) for p in stroke.pixels], stroke.positive)
        press = self._press
        if press is not None and press.means == "box":
            self._paint_box(painter, scene, [press.points[0], press.points[-1]])
        elif press is not None:
            self._paint_stroke(painter, scene, press.points, press.means == "belongs")
        painter.restore()
        if self.chosen and mouse is not None and press is None and not self._why_not:
            self._write(painter, mouse, colour.lighter(125))

    @staticmethod
    def _paint_box(painter: QPainter, scene: Scene, ends: list[Point]) -> None:
        rect = QRectF(QPointF(*scene.view.to_pane(ends[0])), QPointF(*scene.view.to_pane(ends[1]))).normalized()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen in (QPen(_HALO, 3.0), QPen(ON_IMAGE, 1.2, Qt.PenStyle.DashLine)):
            painter.setPen(pen)
            painter.drawRect(rect)

    @staticmethod
    def _paint_stroke(painter: QPainter, scene: Scene, points: list[Point], positive: bool) -> None:
        """A line where it was dragged, and the sign at its start, told by its shape as well as by its colour."""
        places = [QPointF(*scene.view.to_pane(point)) for point in points]
        colour = _GREEN if positive else _RED
        if len(places) > 1:
            for pen in (QPen(_HALO, 4.5), QPen(colour, 2.2)):
                pen.setCapStyle(Qt.PenCapStyle.RoundCap)
                painter.setPen(pen)
                painter.drawPolyline(QPolygonF(places))
        at = places[0]
        painter.setPen(QPen(_HALO, 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(at, _MARK_PX, _MARK_PX)
        painter.setPen(QPen(QColor(0, 0, 0), 2.0))
        painter.drawLine(at - QPointF(_SIGN_PX, 0), at + QPointF(_SIGN_PX, 0))
        if positive:
            painter.drawLine(at - QPointF(0, _SIGN_PX), at + QPointF(0, _SIGN_PX))

    def _write(self, painter: QPainter, at: QPointF, colour: QColor) -> None:
        """What a click says, beside the mouse; and how, until something was said."""
        means = self._means(QGuiApplication.keyboardModifiers())
        sign = {"belongs": "+", "excluded": "−", "box": "▭"}[means]
        lines = [f"{sign} {tr(self._answers.label_name)}"]
        if self._answers.open is None:
            lines.append(tr(_HINTS[means]))
        write_beside(painter, self._pane, at, lines, colour)

    # Places

    def _raster(self, scene: Scene) -> PlaneRaster:
        assert self._session.volume is not None
        return PlaneRaster(self._session.volume.geometry, scene.view.axes, scene.depth)

    @staticmethod
    def _index(point: QPointF, scene: Scene) -> Point:
        return scene.view.to_index(point.x(), point.y(), scene.depth)


def _pixels(raster: PlaneRaster, points: list[Point]) -> tuple[tuple[int, int], ...]:
    """The pixels under a line through continuous indices, each once, in its order; none beside the voxels."""
    places = raster.places(np.array(points))
    found: dict[tuple[int, int], None] = {}
    for one, other in zip(places, [*places[1:], places[-1]], strict=True):
        steps = int(np.ceil(np.abs(other - one).max())) + 1
        for column, row in one + np.linspace(0, 1, steps + 1)[:, None] * (other - one):
            pixel = raster.pixel(raster.index(row, column))
            if pixel is not None:
                found[pixel] = None
    return tuple(found)
