"""What panes share that show a flat picture of the scan, of a plane or along a path: how the mouse moves, magnifies and
windows it."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from viewer.core.display import WindowLevel
from viewer.core.session import Session
from viewer.gui.pane import ZOOM_PER_NOTCH, Drag, Pane
from viewer.render.slices import SliceView

_WINDOW_DRAG_PX = 300.0  # logical pixels over which a drag changes the centre by one width, the width by e


class FlatPane(Pane):
    """A pane with a SliceView. Zoom and place are the pane's own; the window and the cross-hair are the session's."""

    viewChanged = Signal()  # zoom or place, by a person

    def __init__(self, session: Session, name: str, strip: QColor, parent: QWidget | None = None) -> None:
        super().__init__(session, name, strip, parent)
        self._view: SliceView | None = None
        self._hover: QPointF | None = None
        self._window_before: WindowLevel = session.window_level  # a drag of it
        self.setMouseTracking(True)

    @property
    def view(self) -> SliceView | None:
        """The mapping between pane points and voxel indices; None with nothing to show."""
        return self._view

    @property
    def mouse_at(self) -> QPointF | None:
        """Where on the pane the mouse is; None while it is elsewhere."""
        return self._hover

    def zoom_by(self, factor: float) -> None:
        """Magnify about the middle of the pane."""
        self._zoom(factor, QPointF(self.width() / 2, self.height() / 2))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._view is not None:
            super().mousePressEvent(event)
        else:
            self.activated.emit(self.name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered(event.position())
        if self._drag is not None:
            super().mouseMoveEvent(event)
        elif self._takes_move(event):
            return
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not event.buttons():
            self._move_cursor(event.position())

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = self._notches(event)
        if self._view is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom(ZOOM_PER_NOTCH**notches, event.position())
        else:
            self._scroll(notches, event.modifiers())

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def _kind_of_left(self, event: QMouseEvent) -> str:
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return "crosshair"
        return self._kind_of_tool(event)

    def _begin_drag(self, drag: Drag) -> None:
        self._window_before = self.session.window_level
        if drag.kind == "crosshair":
            self._move_cursor(drag.press)

    def _drag_on(self, drag: Drag, at: QPointF, step: QPointF) -> None:
        if drag.kind == "crosshair":
            self._move_cursor(at)
        elif drag.moved and drag.kind == "window":
            volume = self.session.volume
            whole_numbers = volume is not None and volume.voxels.dtype.kind in "iu"
            self.session.set_window(self._dragged(self._window_before, at - drag.press, whole_numbers))
        else:
            super()._drag_on(drag, at, step)

    def _dragged(self, start: WindowLevel, moved: QPointF, whole_numbers: bool) -> WindowLevel:
        """The window that a drag by so many logical pixels makes of the one with which it began."""
        width = max(start.width * math.exp(moved.x() / _WINDOW_DRAG_PX), 1.0 if whole_numbers else 1e-6)
        up = moved.y() if self.session.hand.drag_up_darkens else -moved.y()
        return WindowLevel(start.centre - up / _WINDOW_DRAG_PX * start.width, width, start.function)

    def _pan(self, step: QPointF) -> None:
        if self._view is not None:
            self._look(self._view.panned(step.x(), step.y()))

    def _zoom(self, factor: float, about: QPointF) -> None:
        if self._view is not None:
            self._look(self._view.zoomed(factor, about.x(), about.y()))

    # What differs

    def _look(self, view: SliceView) -> None:
        """Show another part of the picture, as a person has chosen it."""
        raise NotImplementedError

    def _move_cursor(self, point: QPointF) -> None:
        """Have the cross-hair at what lies under a pane point."""
        raise NotImplementedError

    def _hovered(self, point: QPointF) -> None:
        """The mouse is at a pane point, perhaps with a button held down."""
        raise NotImplementedError

    def _kind_of_tool(self, event: QMouseEvent) -> str:
        """What the tool in use drags with the left button; empty for nothing."""
        raise NotImplementedError

    def _scroll(self, notches: float, modifiers: Qt.KeyboardModifier) -> None:
        """What the wheel does without Ctrl."""
        raise NotImplementedError

    def _takes_move(self, event: QMouseEvent) -> bool:
        """True if a move without a drag was for something on the picture."""
        return False
