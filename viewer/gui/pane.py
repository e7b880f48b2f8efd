"""What all panes share: who they are, the frame of the active one, and the feel of the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from viewer.core.session import Session
from viewer.gui.style import ACCENT

CLICK_PX = 4  # a press that moves less is a click
ZOOM_DRAG_PX = 180.0  # logical pixels over which a drag zooms by e
ZOOM_PER_NOTCH = 1.15
_NOTCH = 120.0  # QWheelEvent.angleDelta of one click of a wheel
STRIP_PX = 3.0


class Pane(QWidget):
    """A view of the session with a coloured strip on top. name is what its signals carry."""

    contextMenuRequested = Signal(str, QPoint)  # name, global position: a right click without a drag
    maximiseRequested = Signal(str)  # name: a double click
    activated = Signal(str)  # name: any press

    def __init__(self, session: Session, name: str, strip: QColor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.name, self._strip = session, name, strip
        self._active = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setFocusPolicy(Qt.FocusPolicy.WheelFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 110)

    def set_active(self, active: bool) -> None:
        """Frame the pane, or not: keys act on the active one."""
        if active != self._active:
            self._active = active
            self.update()

    @property
    def active(self) -> bool:
        return self._active

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    def _notches(self, event: QWheelEvent) -> float:
        """Take a turn of the wheel, which makes the pane the active one; how many clicks it was."""
        event.accept()
        self.activated.emit(self.name)
        delta = event.angleDelta().y() or event.angleDelta().x()  # macOS turns Shift+wheel sideways
        return delta / _NOTCH

    def _paint_strip(self, painter: QPainter) -> None:
        if self._active:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(1, 1, self.width() - 2, self.height() - 2))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillRect(QRectF(0, 0, self.width(), STRIP_PX), self._strip)
