"""A magnifying glass under the mouse: the true picture, larger, with its labels and measurements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QRegion, QWheelEvent

from viewer.core.curved import CurvedAxes
from viewer.core.events import What
from viewer.core.painting import Box
from viewer.gui.curved_pane import CurvedPane
from viewer.gui.lettering import Words
from viewer.gui.overlay import EDGE_PX, face_for
from viewer.gui.pane import Pane
from viewer.gui.slice_pane import SlicePane
from viewer.gui.style import ON_IMAGE
from viewer.render.slices import SliceView

FIRST_FACTOR, _FACTORS, _PER_NOTCH = 2.5, (1.5, 8.0), 1.2
_SHARE = 0.5  # of the pane's shorter side: a quarter of a square pane
_NOTCH = 120.0


class Loupe(SlicePane):
    """A small pane on a pane, with what lies under its middle larger. The mouse passes through it."""

    def __init__(self, pane: SlicePane) -> None:
        super().__init__(pane.session, pane.plane, pane)
        self._pane, self._factor = pane, 1.0
        _let_mouse_through(self)

    @property
    def pane(self) -> SlicePane:
        """The pane that it lies on."""
        return self._pane

    def look_at(self, at: QPointF, factor: float) -> None:
        """Show what lies at a point of the pane, as many times larger as factor says."""
        pane, view = self._pane, self._pane.view
        if view is None:
            return
        side = _put_over(self, pane, at)
        self._factor, self._hover = factor, QPointF(side / 2, side / 2)  # where the brush is
        self.show_as(pane)
        self._look(_magnified(view, at, factor, side))

    def _paint(self, painter: QPainter, part: QRegion | None = None) -> None:
        self.measuring.show_as(self._pane.measuring)
        self.regions.show_as(self._pane.regions)
        super()._paint(painter, part)

    @property
    def _divider(self) -> float:
        """That of the pane, as many times as far from the middle."""
        if self.session.enhanced_view != "swipe":
            return 0.0
        middle = self._pane.mapFromGlobal(self.mapToGlobal(self.rect().center())).x()
        return self.width() / 2 + (self._pane._divider - middle) * self._factor

    def _paint_cross_hair(self, painter: QPainter, view: SliceView) -> None:
        pass

    def _paint_strip(self, painter: QPainter) -> None:
        _paint_rim(self, painter)

    def _place(self, inside: QRectF, words: Words) -> None:
        """Nothing but the factor is written."""

    def _write(self, painter: QPainter) -> None:
        _write_factor(self, painter, self._factor)


class CurvedLoupe(CurvedPane):
    """The same on a curved view, whose values it shows: none are worked out for it."""

    def __init__(self, pane: CurvedPane) -> None:
        super().__init__(pane.session, pane)
        self._pane, self._factor, self._at = pane, 1.0, QPointF()
        self._of: tuple[object, ...] = ()  # what of the pane was shown last
        _let_mouse_through(self)
        pane.painted.connect(self._follow)

    @property
    def pane(self) -> CurvedPane:
        """The pane that it lies on."""
        return self._pane

    def look_at(self, at: QPointF, factor: float) -> None:
        """Show what lies at a point of the pane, as many times larger as factor says."""
        _put_over(self, self._pane, at)
        self._at, self._factor = at, factor
        self.update()

    def _follow(self) -> None:
        if self._of != (self._pane.view, self._pane._along):
            self.update()

    def _paint(self, painter: QPainter) -> None:
        pane = self._pane
        self._of = pane.view, pane._along
        if pane._along is not self._along:
            self._picture = self._labels = None
        self._along, self._axes, self._hover = pane._along, pane.axes, None
        self._view = None if pane.view is None else _magnified(pane.view, self._at, self._factor, self.width())
        super()._paint(painter)

    def _work(self, wanted: object) -> None:
        pass

    def _paint_cross_hair(self, painter: QPainter, view: SliceView, axes: CurvedAxes) -> None:
        pass

    def _paint_strip(self, painter: QPainter) -> None:
        _paint_rim(self, painter)

    def _place(self, inside: QRectF, words: Words) -> None:
        """Nothing but the factor is written."""

    def _write(self, painter: QPainter) -> None:
        _write_factor(self, painter, self._factor)


class Magnifier(QObject):
    """Shows a loupe under the mouse while its key is held or, begun without a key, until Esc or a second time. The
    wheel changes how much it magnifies, which it remembers.

    active gives the pane to begin with where the mouse is on none of those that it watches: then at the cross-hair.
    """

    def __init__(self, active: Callable[[], SlicePane | CurvedPane], parent: QObject) -> None:
        super().__init__(parent)
        self._active = active
        self._panes: list[SlicePane | CurvedPane] = []
        self._at = QPointF()
        self._pressed: tuple[int, int] | None = None  # the key that went down last, and has not come up
        self._held: tuple[int, int] | None = None  # the key that holds the loupe
        self.factor = FIRST_FACTOR
        self.loupe: Loupe | CurvedLoupe | None = None

    def watch(self, pane: SlicePane | CurvedPane) -> None:
        """Show the loupe on a pane, too."""
        self._panes.append(pane)
        pane.installEventFilter(self)

    def leave(self, pane: SlicePane | CurvedPane) -> None:
        """Forget a pane, which is about to go."""
        if self.loupe is not None and self.loupe.pane is pane:
            self.stop()
        self._panes.remove(pane)

    def toggle(self) -> None:
        """Show the loupe, or take it away."""
        if self.loupe is not None:
            self.stop()
            return
        pane = next((pane for pane in self._panes if pane.mouse_at is not None and pane.isVisible()), self._active())
        if pane.view is None:
            return
        at = pane.mouse_at
        self._held = self._pressed
        self._show(pane, QPointF(*pane.view.to_pane(pane.session.cursor_ijk)) if at is None else at)

    def stop(self) -> None:
        """Take the loupe away."""
        if self.loupe is not None:
            self.loupe.hide()
            self.loupe.deleteLater()
            self.loupe = self._held = None

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        loupe = self.loupe
        if loupe is None:
            return
        if what & What.VIEW or loupe.pane.view is None:
            self.stop()
        elif what & (What.SERIES | What.DISPLAY):
            loupe.apply(what, box)
            loupe.look_at(self._at, self.factor)
        else:
            loupe.apply(what, box)

    def _show(self, pane: SlicePane | CurvedPane, at: QPointF) -> None:
        self._at = at
        if self.loupe is not None and self.loupe.pane is not pane:
            self.loupe.hide()
            self.loupe.deleteLater()
            self.loupe = None
        if self.loupe is None:
            self.loupe = Loupe(pane) if isinstance(pane, SlicePane) else CurvedLoupe(pane)
        self.loupe.look_at(at, self.factor)
        self.loupe.show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind, loupe = event.type(), self.loupe
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if loupe is not None and event.key() == Qt.Key.Key_Escape:
                event.accept()  # a key for the loupe, and for nothing else
                return True
            if not event.isAutoRepeat():
                self._pressed = key_place(event)
        elif kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if self._held == key_place(event):
                self.stop()
            self._pressed = None
        elif kind == QEvent.Type.FocusOut:
            self._pressed = None
            if self._held is not None:  # nobody would hear that the key is let go
                self.stop()
        elif loupe is None:
            return False
        elif kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            self.stop()
            return True
        elif (
            kind == QEvent.Type.MouseMove
            and isinstance(event, QMouseEvent)
            and isinstance(watched, SlicePane | CurvedPane)
        ):
            self._show(watched, event.position())
        elif kind == QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            low, high = _FACTORS
            self.factor = min(max(self.factor * _PER_NOTCH ** (event.angleDelta().y() / _NOTCH), low), high)
            loupe.look_at(self._at, self.factor)
            event.accept()
            return True
        elif watched is loupe.pane and kind == QEvent.Type.Leave:
            loupe.hide()  # until the mouse is back
        elif watched is loupe.pane and kind in (QEvent.Type.Hide, QEvent.Type.Resize):
            self.stop()
        return False


def _let_mouse_through(loupe: Pane) -> None:
    loupe.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    loupe.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    loupe.setMinimumSize(0, 0)


def _put_over(loupe: Pane, pane: Pane, at: QPointF) -> int:
    """Have a loupe at a point of its pane; how wide and high it is."""
    side = round(_SHARE * min(pane.width(), pane.height()))
    loupe.setGeometry(round(at.x() - side / 2), round(at.y() - side / 2), side, side)
    return side


def _paint_rim(loupe: Pane, painter: QPainter) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ON_IMAGE, 2.0))
    painter.drawRect(QRectF(loupe.rect()).adjusted(1, 1, -1, -1))


def _write_factor(loupe: Pane, painter: QPainter, factor: float) -> None:
    face = face_for(loupe.font(), loupe.width(), loupe.height())
    text = f"{factor:.1f} ×"
    at = QPointF(loupe.width() - EDGE_PX - face.advance(text), loupe.height() - EDGE_PX)
    face.write(painter, at, text, ON_IMAGE)


def _magnified(view: SliceView, at: QPointF, factor: float, side: int) -> SliceView:
    """A square view with the point of another one in its middle. Layouts are shared, so that no side is exchanged."""
    fit = replace(view, width=side, height=side, zoom=1.0, centre_mm=(0.0, 0.0))
    scale = factor * view.pixels_per_mm
    centre = (
        view.middle_mm[0] + (at.x() - view.width / 2) / view.pixels_per_mm,
        view.middle_mm[1] + (at.y() - view.height / 2) / view.pixels_per_mm,
    )
    return replace(fit, zoom=scale / fit.pixels_per_mm, centre_mm=centre)


def key_place(event: QKeyEvent) -> tuple[int, int]:
    """A key by its place on the keyboard, or, where nobody tells it, by what it writes: with another layout or a
    modifier it may write something else when it is let go."""
    return (event.nativeScanCode(), 0) if event.nativeScanCode() else (0, event.key())
