"""What all panes share: who they are, the frame of the active one, badges, and the feel of the mouse."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeySequence, QMouseEvent, QPainter, QPen, QRegion, QWheelEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from viewer.core.resample import can_be_resampled
from viewer.core.session import Session
from viewer.core.study import Series
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.lettering import Layout, Piece, Words, lay_out
from viewer.gui.overlay import EDGE_PX, Badge, face_for, fitting_sentence, sentence_rect
from viewer.gui.style import ACCENT, theme

CLICK_PX = 4  # a press that moves less is a click
UNDO = QKeySequence.StandardKey.Undo  # while something is being drawn it takes back the last of that
_ZOOM_DRAG_PX = 180.0  # logical pixels over which a drag zooms by e
ZOOM_PER_NOTCH = 1.15
_NOTCH = 120.0  # QWheelEvent.angleDelta of one click of a wheel
STRIP_PX = 3.0
LOADING = QT_TR_NOOP("Loading…")
_DETAIL_PX, _DETAIL_MARGIN_PX = 360, 11  # of the sentence behind a badge
_ABOVE_BUTTON_PX = 12
_OUTLINE = (-4, -4, 4, 4)  # beyond the rectangle of a text
_TARGET = QColor(ACCENT.red(), ACCENT.green(), ACCENT.blue(), 70)
_RESAMPLE, _RESAMPLE_SHORT = QT_TR_NOOP("Resample to a regular grid…"), QT_TR_NOOP("Resample…")


@dataclass(frozen=True)
class Drag:
    """A button that is held down on a pane. last: where the mouse was; the place of the press until it has moved more
    than in a click."""

    button: Qt.MouseButton
    kind: str  # what is dragged
    press: QPointF
    last: QPointF
    moved: bool = False

    def to(self, point: QPointF) -> Drag:
        """The drag after a move of the mouse."""
        if not self.moved and (point - self.press).manhattanLength() < CLICK_PX:
            return self
        return replace(self, last=point, moved=True)


class Pane(QWidget):
    """A view of the session with a coloured strip on top. name is what its signals carry."""

    contextMenuRequested = Signal(str, QPoint)  # name, global position: a right click without a drag
    maximiseRequested = Signal(str)  # name: a double click
    activated = Signal(str)  # name: any press
    wheeled = Signal(str)  # name: any turn of the wheel
    resampleRequested = Signal()  # a regular grid is to be made of the slices

    def __init__(self, session: Session, name: str, strip: QColor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self.name, self._strip = session, name, strip
        self._active = self._target = False
        self.for_a_file = False  # what is painted next
        self._wheel_rest = 0.0
        self._drag: Drag | None = None
        self._layout: Layout | None = None
        self._badges: list[tuple[QRectF, Badge]] = []
        self._detail: QFrame | None = None
        self.resample_button = self._make_resample_button(self)
        self.resample_button.hide()
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

    def set_target(self, target: bool) -> None:
        """Show that what is dragged would be dropped here, or not."""
        if target != self._target:
            self._target = target
            self.update()

    @property
    def active(self) -> bool:
        return self._active

    @property
    def badges(self) -> tuple[Badge, ...]:
        """The badges that were painted last, in reading order."""
        return tuple(self._with_keys(badge) for _, badge in self._badges)

    @property
    def badges_end(self) -> float:
        """Where the badges at the top of the pane end, in pane pixels; 0 without any."""
        return max((rect.bottom() for rect, _ in self._badges if rect.top() < self.height() / 2), default=0.0)

    @property
    def written(self) -> tuple[Piece, ...]:
        """The words that were painted last, each with its place."""
        return self._layout.pieces if self._layout is not None else ()

    @property
    def detail(self) -> str:
        """The sentence of the badge that was clicked, while it is shown."""
        return self._sentence.text() if self._detail is not None and self._detail.isVisible() else ""

    def sizeHint(self) -> QSize:
        return QSize(480, 400)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._badge_at(QPointF(event.pos()))
            if found is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), _paragraphs(found[1].detail), self, found[0].toAlignedRect())
            return True
        return super().event(event)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit(self.name)
        if self._drag is not None or self._explain(event) or self._takes_press(event):
            return
        kind = self._kind_of(event)
        if kind:
            self._drag = Drag(event.button(), kind, event.position(), event.position())
            self._begin_drag(self._drag)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        before = self._drag
        if before is not None:
            self._drag = drag = before.to(event.position())
            self._drag_on(drag, event.position(), drag.last - before.last)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is None or event.button() != drag.button:
            return
        self._drag = None
        self._end_drag(drag)
        if not drag.moved and drag.button == Qt.MouseButton.RightButton:
            self.contextMenuRequested.emit(self.name, event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.maximiseRequested.emit(self.name)
        else:
            self.mousePressEvent(event)

    def _kind_of(self, event: QMouseEvent) -> str:
        """What a press begins to drag; empty for nothing."""
        if event.button() == Qt.MouseButton.MiddleButton:
            return "pan"
        if event.button() == Qt.MouseButton.RightButton:
            return "zoom"
        return self._kind_of_left(event) if event.button() == Qt.MouseButton.LeftButton else ""

    def _drag_on(self, drag: Drag, at: QPointF, step: QPointF) -> None:
        """The mouse has come to a pane point, by a step since it last moved on."""
        if drag.moved and drag.kind == "pan":
            self._pan(step)
        elif drag.moved and drag.kind == "zoom":
            self._zoom(math.exp(-step.y() / _ZOOM_DRAG_PX), drag.press)

    def _takes_press(self, event: QMouseEvent) -> bool:
        """True if a press was for something on the picture."""
        return False

    def _kind_of_left(self, event: QMouseEvent) -> str:
        """What a press of the left button begins to drag; empty for nothing."""
        raise NotImplementedError

    def _begin_drag(self, drag: Drag) -> None:
        """A button was pressed."""

    def _end_drag(self, drag: Drag) -> None:
        """It was released."""

    def _pan(self, step: QPointF) -> None:
        """Move what is shown, by logical pixels."""
        raise NotImplementedError

    def _zoom(self, factor: float, about: QPointF) -> None:
        """Magnify what is shown about a pane point."""
        raise NotImplementedError

    def _notches(self, event: QWheelEvent) -> float:
        """Take a turn of the wheel, which makes the pane the active one; how many clicks it was."""
        event.accept()
        self.wheeled.emit(self.name)
        delta = event.angleDelta().y() or event.angleDelta().x()  # macOS turns Shift+wheel sideways
        return delta / _NOTCH

    def _whole_steps(self, notches: float) -> int:
        """Fine wheels turn by parts of a notch, which add up."""
        if self._wheel_rest * notches < 0:
            self._wheel_rest = 0.0
        self._wheel_rest += notches
        steps = int(self._wheel_rest)
        self._wheel_rest -= steps
        return steps

    # Badges

    def _place(self, inside: QRectF, words: Words) -> None:
        """Find the places of what there is to say, but for what has no room."""
        if self.for_a_file:
            words = replace(words, badges=tuple(badge.in_a_file for badge in words.badges))
        self._layout = lay_out(inside, words, self.font(), self._layout)
        of_badges = [piece for piece in self.written if piece.key[0] == "badge"]
        self._badges = [(piece.rect, words.badges[piece.key[1]]) for piece in of_badges]

    def _write(self, painter: QPainter) -> None:
        """Write what has a place."""
        for piece in self.written:
            piece.draw(painter)

    def _words_in(self, part: QRegion) -> bool:
        """True if what is written reaches into a part of the pane; if not, that is painted without a thought of it."""
        return any(part.intersects(piece.rect.toAlignedRect().adjusted(*_OUTLINE)) for piece in self.written)

    def _badge_at(self, point: QPointF) -> tuple[QRectF, Badge] | None:
        """The badge under a pane point that has more to say."""
        found = next((found for found in self._badges if found[0].contains(point) and found[1].detail), None)
        return None if found is None else (found[0], self._with_keys(found[1]))

    def _with_keys(self, badge: Badge) -> Badge:
        return replace(badge, detail=with_keys(badge.detail, self.window()))

    def _explain(self, event: QMouseEvent) -> bool:
        """Show the sentence behind the badge that was pressed, if one was."""
        found = self._badge_at(event.position()) if event.button() == Qt.MouseButton.LeftButton else None
        if found is None:
            return False
        rect, badge = found
        if self._detail is None:
            self._detail = self._make_detail()
        colours = theme()
        self._detail.setStyleSheet(
            f"#detail {{ background: {colours.raised.name()}; border: 1px solid {colours.border.name()}; }}"
        )
        self._sentence.setText(badge.detail)
        self.mend_button.setVisible(badge.mends)
        self._detail.adjustSize()
        below = self.mapToGlobal(QPointF(rect.center().x() - _DETAIL_PX / 2, rect.bottom() + 4).toPoint())
        screen = self.screen().availableGeometry()
        below.setX(min(max(below.x(), screen.left()), max(screen.right() - _DETAIL_PX, screen.left())))
        self._detail.move(below)
        self._detail.show()
        return True

    def _make_detail(self) -> QFrame:
        detail = QFrame(self)
        detail.setWindowFlags(Qt.WindowType.Popup)
        detail.setObjectName("detail")
        self._sentence = QLabel(wordWrap=True)
        self._sentence.setFixedWidth(_DETAIL_PX - 2 * _DETAIL_MARGIN_PX)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.mend_button = self._make_resample_button()
        self.mend_button.clicked.connect(detail.hide)
        layout = QVBoxLayout(detail)
        layout.setContentsMargins(*(_DETAIL_MARGIN_PX,) * 4)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)
        layout.addWidget(self._sentence)
        layout.addWidget(self.mend_button)
        return detail

    # A sentence in place of a picture

    def _make_resample_button(self, parent: QWidget | None = None) -> QPushButton:
        button = QPushButton(tr(_RESAMPLE), parent)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(tr("Values between the slices are interpolated. The scan itself stays as it is."))
        button.clicked.connect(self.resampleRequested)
        return button

    @property
    def _sentence_area(self) -> QRectF:
        """The middle of the pane, with room for two lines above and below, or for the button below."""
        face = face_for(self.font(), self.width(), self.height())
        above = STRIP_PX + EDGE_PX + 2.6 * face.pixel_size
        below = EDGE_PX + 2.6 * face.pixel_size
        if self._resampling_offered:
            below = max(below, self.resample_button.sizeHint().height() + _ABOVE_BUTTON_PX + EDGE_PX)
        return QRectF(self.rect()).adjusted(2 * EDGE_PX, above, -2 * EDGE_PX, -below)

    @property
    def _resampling_offered(self) -> bool:
        series, volume = self.session.series, self.session.volume
        if series is None or volume is None or self.session.loading:
            return False
        return can_be_resampled(volume, series.verdict)

    def _offer_resampling(self, sentence: str) -> None:
        """Offer the button under the sentence where a grid can be made of the slices; none without a sentence."""
        button, area = self.resample_button, self._sentence_area
        button.setText(tr(_RESAMPLE))
        if button.sizeHint().width() > self.width() - 2 * EDGE_PX:
            button.setText(tr(_RESAMPLE_SHORT))
        button.adjustSize()
        button.setVisible(bool(sentence) and self._resampling_offered and area.height() > 0)
        face = face_for(self.font(), self.width(), self.height())
        written = sentence_rect(area, fitting_sentence(area, sentence, face), face)
        button.move(round(self.width() / 2 - button.width() / 2), round(written.bottom() + _ABOVE_BUTTON_PX))

    def _paint_strip(self, painter: QPainter) -> None:
        if self._target:
            painter.fillRect(self.rect(), _TARGET)
        if self._active:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(ACCENT, 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(1, 1, self.width() - 2, self.height() - 2))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.fillRect(QRectF(0, 0, self.width(), STRIP_PX), self._strip)


def why_no_grid(series: Series) -> str:
    """Why a stack is looked at in its own plane only, in a sentence or two."""
    if series.verdict.kind == "no-position":
        return tr("Only one plane: {reason}").format(reason=said(series.verdict.detail))
    sentence = tr("The slices make no volume. {reason} Other planes and 3-D need a regular grid.")
    return sentence.format(reason=said(series.verdict.detail))


def _paragraphs(text: str) -> str:
    """Plain text as a tooltip that breaks its lines."""
    return "".join(f"<p style='margin:2px 0'>{html.escape(line)}</p>" for line in text.splitlines())
