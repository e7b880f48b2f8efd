"""The open series in three dimensions: shows the drawing thread's frames and turns the mouse into its commands."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import qtawesome
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QToolButton, QVBoxLayout, QWidget

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.gui.bridge import Courier
from viewer.gui.lettering import CornerTexts, Words
from viewer.gui.overlay import (
    Badge,
    Line,
    Rank,
    draw_orientation_cube,
    draw_progress,
    identity_lines,
    not_for_diagnosis,
)
from viewer.gui.pane import CLICK_PX, LOADING, STRIP_PX, ZOOM_DRAG_PX, ZOOM_PER_NOTCH, Pane, why_no_grid
from viewer.gui.style import (
    DIMMED_TEXT,
    PROPOSAL,
    TEXT,
    VIEWPORT,
    VOLUME_COLOUR,
    WARNING,
)
from viewer.render.frame import Frame, LabelLayer, Side
from viewer.render.scene_thread import SceneRenderer

NAME = "3d"  # what this pane's signals carry where a slice pane's carry their plane

SIDES: tuple[tuple[Side, str, str], ...] = (
    ("anterior", "A", "From the front (anterior)"),
    ("posterior", "P", "From behind (posterior)"),
    ("left", "L", "From the patient's left"),
    ("right", "R", "From the patient's right"),
    ("superior", "H", "From the head (superior)"),
    ("inferior", "F", "From the feet (inferior)"),
)

_BUTTON_PX = 22
_CUBE_PX = (46.0, 78.0)
_STROKE_PAUSE_MS = 500  # without a change of the labels before their surfaces are made again
_ARRIVAL_MS = 200  # between two pictures of how much has arrived
_PREPARING = "Preparing the 3-D view…"

_Kind = Literal["rotate", "pan", "zoom"]


@dataclass(frozen=True)
class _Drag:
    button: Qt.MouseButton
    kind: _Kind
    press: QPointF
    last: QPointF
    moved: bool = False


class VolumePane(Pane):
    """Shows the session's volume and the surfaces of its labels, or of a proposal over them.

    Whoever listens to the session calls apply() once per turn of the event loop, and close_scene() before the
    program ends. Nothing is drawn while the pane is hidden.
    """

    frameShown = Signal(bool)  # a new picture is in the pane; True for one of full quality

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, NAME, VOLUME_COLOUR, parent)
        self._courier = Courier(self)
        self._renderer: SceneRenderer | None = None
        self._ending: SceneRenderer | None = None
        self._generation = -1
        self._frame: Frame | None = None
        self._picture: QImage | None = None
        self._said = ""
        self._failed = ""
        self._drag: _Drag | None = None
        self._volume_due = self._labels_due = False
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._labels_rest)
        self._arrival = QTimer(self, singleShot=True, interval=_ARRIVAL_MS)
        self._arrival.timeout.connect(self.update)
        self.show_volume = self._toggle("Scan in 3-D", "cube-outline")
        self.show_labels = self._toggle("Label surfaces in 3-D", "layers-triple")
        self._side_actions = [self._side_action(*side) for side in SIDES]
        self._buttons = self._make_buttons()
        self.setAccessibleName("3-D view")
        self.apply(What.SERIES)

    # What the window asks of a pane

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session. Painted labels appear after a pause, so that strokes stay smooth."""
        if what & What.SERIES:
            self._drag = None
            self._forget_frame()
            self._volume_due = self._labels_due = True
            self._pause.stop()
            self._send()
            self._offer_resampling(self._why_not)
        elif what & (What.LABEL_TABLE | What.PROPOSAL):
            self._labels_due = True
            self._pause.start(0)
        elif what & What.LABELS:
            self._labels_due = True
            self._pause.start(_STROKE_PAUSE_MS)
        if what & What.DISPLAY:
            self._send_visibility()
        if what & (What.SERIES | What.DISPLAY | What.PROPOSAL):
            self.update()
        elif what & What.VOXELS and not self._arrival.isActive():
            self._arrival.start()

    def reset_view(self) -> None:
        """Look from the front again, the whole scan in view."""
        if self._renderer is not None:
            self._renderer.reset_camera()

    def look_from(self, side: Side) -> None:
        """Look straight at one side of the patient."""
        if self._renderer is not None:
            self._renderer.look_from(side)

    def zoom_by(self, factor: float) -> None:
        if self._renderer is not None:
            self._renderer.zoom(factor)

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be done with the pane to a context menu."""
        menu.addActions([self.show_volume, self.show_labels])
        menu.addSeparator()
        if self._knows_sides:
            menu.addActions(self._side_actions)
            menu.addSeparator()
        menu.addAction("Reset 3-D view", self.reset_view)

    @property
    def frame(self) -> Frame | None:
        """The frame in the pane; None while there is none of the open series."""
        return self._frame

    @property
    def sentence(self) -> str:
        """What the pane says in place of a picture; empty if it shows one or has nothing to show."""
        if self._why_not:
            return self._why_not
        if self._failed or self._frame is not None or self.session.volume is None:
            return self._failed
        return LOADING if self.session.loading else self._said or _PREPARING

    def close_scene(self, timeout_s: float = 2.0) -> bool:
        """End the drawing thread, which needs at most the rest of one step. True if it ended within timeout_s."""
        self._pause.stop()
        self._ending, self._renderer = self._renderer or self._ending, None
        return self._ending is None or self._ending.close(timeout_s)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit(self.name)
        if self._explain(event):
            return
        kinds: dict[Qt.MouseButton, _Kind] = {
            Qt.MouseButton.LeftButton: "rotate",
            Qt.MouseButton.MiddleButton: "pan",
            Qt.MouseButton.RightButton: "zoom",
        }
        kind = kinds.get(event.button())
        if self._drag is not None or kind is None:
            return
        if kind == "rotate" and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            kind = "pan"
        self._drag = _Drag(event.button(), kind, event.position(), event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is None:
            return
        if not drag.moved and (event.position() - drag.press).manhattanLength() < CLICK_PX:
            return
        step = event.position() - drag.last
        self._drag = replace(drag, last=event.position(), moved=True)
        if self._renderer is None:
            return
        across = max(min(self.width(), self.height()), 1)
        if drag.kind == "rotate":
            self._renderer.rotate(step.x() / across, step.y() / across)
        elif drag.kind == "pan":
            self._renderer.pan(step.x() / self.height(), step.y() / self.height())
        else:
            self._renderer.zoom(math.exp(-step.y() / ZOOM_DRAG_PX))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is None or event.button() != drag.button:
            return
        self._drag = None
        if not drag.moved and drag.button == Qt.MouseButton.RightButton:
            self.contextMenuRequested.emit(self.name, event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.maximiseRequested.emit(self.name)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(ZOOM_PER_NOTCH ** self._notches(event))

    # Between the session and the drawing thread

    @property
    def _why_not(self) -> str:
        """Why the open series has no 3-D view; empty if it has one."""
        volume, series = self.session.volume, self.session.series
        if volume is None or series is None:
            return ""
        if min(volume.geometry.size) < 2:
            return "A single image has no 3-D view."
        if not (volume.geometry.is_grid and series.verdict.is_volume):
            return why_no_grid(series)
        if volume.colour:
            return "Colours have no 3-D view."
        return ""

    @property
    def _knows_sides(self) -> bool:
        volume = self.session.volume
        return volume is not None and volume.geometry.patient_space

    def _send(self) -> None:
        """Bring the drawing thread up to date, unless nobody would see it."""
        self._arrange_buttons()
        if not self.isVisible():
            return
        volume = self.session.volume if not self._why_not and not self.session.loading else None
        if self._renderer is None:
            if volume is None or self._failed:
                return
            self._start()
        assert self._renderer is not None
        if self._volume_due:
            self._volume_due = False
            self._generation = self._renderer.set_volume(volume)
        if self._labels_due:
            self._labels_due = False
            layers = self._layers() if volume is not None else []
            if volume is not None:
                self._renderer.set_labels(layers, volume.geometry)
            self._arrange_buttons()

    def _start(self) -> None:
        courier = self._courier
        self._renderer = SceneRenderer(
            lambda frame: courier.deliver(lambda: self._take(frame)),
            lambda text: courier.deliver(lambda: self._hear(text)),
            lambda text: courier.deliver(lambda: self._fail(text)),
        )
        self._volume_due = self._labels_due = True
        self._send_size()
        self._send_visibility()

    def _layers(self) -> list[LabelLayer]:
        session = self.session
        layers = []
        if session.label_map is not None and not session.label_map.blank:
            layers.append(LabelLayer(session.label_map.voxels, session.labels))
        if session.proposal is not None:
            layers.append(LabelLayer(session.proposal.voxels, session.proposal.labels))
        return layers

    def _labels_rest(self) -> None:
        if self.session.painting:
            self._pause.start(_STROKE_PAUSE_MS)
        else:
            self._send()

    def _send_visibility(self) -> None:
        if self._renderer is not None:
            labels = self.show_labels.isChecked() and self.session.overlay_visible
            self._renderer.show(volume=self.show_volume.isChecked(), labels=labels)

    def _send_size(self) -> None:
        if self._renderer is not None and self.isVisible():
            ratio = self.devicePixelRatioF()
            self._renderer.resize(round(self.width() * ratio), round(self.height() * ratio))

    def _take(self, frame: Frame) -> None:
        if self._renderer is None or frame.generation != self._generation or self._why_not or self.session.loading:
            return  # of a series that is no longer open
        self._frame = frame
        rows, columns = frame.pixels.shape[:2]
        self._picture = QImage(frame.pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        self.update()
        self.frameShown.emit(frame.full)

    def _hear(self, text: str) -> None:
        self._said = text
        self.update()

    def _fail(self, text: str) -> None:
        self._failed = text
        self._forget_frame()
        self._arrange_buttons()
        self.close_scene()
        self.update()

    def _forget_frame(self) -> None:
        self._frame = self._picture = None
        self._said = ""

    # Small buttons

    def _toggle(self, text: str, icon: str) -> QAction:
        picture = qtawesome.icon(f"mdi6.{icon}", color=DIMMED_TEXT, color_on=VOLUME_COLOUR.lighter(125))
        action = QAction(picture, text, self, checkable=True, checked=True)
        action.toggled.connect(self._send_visibility)
        return action

    def _side_action(self, side: Side, letter: str, text: str) -> QAction:
        action = QAction(text, self)
        action.setIconText(letter)
        action.triggered.connect(lambda: self.look_from(side))
        return action

    def _make_buttons(self) -> QWidget:
        column = QWidget(self)
        column.setStyleSheet(
            f"QToolButton {{ background: transparent; border: 0; border-radius: 4px; padding: 0;"
            f" color: {DIMMED_TEXT.name()}; }} QToolButton:hover {{ background: #2f3237; color: {TEXT.name()}; }}"
        )
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._side_buttons = []
        for action in (self.show_volume, self.show_labels, *self._side_actions):
            button = QToolButton(column)
            button.setDefaultAction(action)
            button.setFixedSize(_BUTTON_PX, _BUTTON_PX)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setToolTip(action.text())
            button.setAccessibleName(action.text())
            button.setCursor(Qt.CursorShape.ArrowCursor)
            layout.addWidget(button)
            if action in self._side_actions:
                self._side_buttons.append(button)
        return column

    def _arrange_buttons(self) -> None:
        some = self.session.volume is not None and not (self._why_not or self._failed or self.session.loading)
        self._buttons.setVisible(some)
        room = self.height() > (len(SIDES) + 2) * _BUTTON_PX + 0.24 * min(self.width(), self.height())
        for button in self._side_buttons:
            button.setVisible(self._knows_sides and room)
        self._buttons.adjustSize()
        self._buttons.move(self.width() - self._buttons.width() - 5, round(STRIP_PX) + 5)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # ends with the event whatever happens: a second one would crash in Qt
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), VIEWPORT)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pane = QRectF(self.rect())
        self._badges = []
        self._paint_picture(painter, pane)
        volume = self.session.volume
        if volume is not None:
            if self.session.loading and volume.arrived is not None and not self._why_not:
                draw_progress(painter, pane, float(volume.arrived.mean()))
            self._paint_texts(painter, pane.adjusted(0, STRIP_PX, 0, 0))
        self._paint_strip(painter)

    def _paint_picture(self, painter: QPainter, pane: QRectF) -> None:
        if self._picture is None or self._why_not:
            return
        picture, scale = self._picture, pane.height() / self._picture.height()
        width = picture.width() * scale  # of another width than the pane's only until the next frame
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(pane.center().x() - width / 2, pane.top(), width, pane.height()), picture)

    def _paint_texts(self, painter: QPainter, inside: QRectF) -> None:
        session, frame = self.session, self._frame
        name = [Line("3-D", VOLUME_COLOUR.lighter(120), Rank.NOTICE)]
        if session.overlay_text == "all" and session.series is not None:
            name += identity_lines(session.series)
        taken = [QRectF(w.geometry()) for w in (self._buttons, self.resample_button) if w.isVisible()]
        lines: list[Line] = []
        badges: list[Badge] = []
        if frame is not None and not self.sentence:
            lines = self._lines(frame)
            if session.overlay_text != "none" and self._knows_sides:
                taken.append(self._paint_cube(painter, inside, frame))
            if session.proposal is not None and session.overlay_visible and self.show_labels.isChecked():
                badges.append(Badge(f"AI proposal: {session.proposal.source}", PROPOSAL))
        colour = WARNING if self._failed else DIMMED_TEXT
        corners = CornerTexts(tuple(name), bottom_left=tuple(lines))
        area = self._sentence_area
        self._write(
            painter, inside, Words(corners, None, None, tuple(badges), self.sentence, colour, area, tuple(taken))
        )

    def _lines(self, frame: Frame) -> list[Line]:
        session = self.session
        lines = []
        if session.shown is not session.volume and session.series is not None and session.series.moment is not None:
            lines.append(Line(f"3-D stays at {session.series.moment.label}", DIMMED_TEXT, Rank.PLACE))
        if self._said:
            lines.append(Line(self._said, rank=Rank.NOTICE))
        if session.overlay_text != "none" and frame.notice:
            lines.append(Line(frame.notice, DIMMED_TEXT))
        return [*lines, Line(not_for_diagnosis(self.width()), DIMMED_TEXT, Rank.WARNING, number=True)]

    def _paint_cube(self, painter: QPainter, inside: QRectF, frame: Frame) -> QRectF:
        low, high = _CUBE_PX
        size = min(max(0.15 * min(inside.width(), inside.height()), low), high)
        centre = QPointF(inside.right() - size / 2 - 8, inside.bottom() - size / 2 - 8)
        draw_orientation_cube(painter, centre, size, frame.right_lps, frame.up_lps, self.font())
        return QRectF(centre.x() - size / 2, centre.y() - size / 2, size, size)

    # State of the widget

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange_buttons()
        self._offer_resampling(self._why_not)
        self._send_size()

    def showEvent(self, event: QShowEvent) -> None:
        self._send_size()
        self._send()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._send_size()
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_scene()
        super().closeEvent(event)
