"""One plane of the open series: paints it, and turns the mouse into calls on the session."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QCursor,
    QEnterEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from viewer.core.display import VoiTable, WindowLevel, label_colours
from viewer.core.events import What
from viewer.core.geometry import PLANES, Geometry, Plane, PlaneAxes, edge_letters, mirrored, plane_axes, turned
from viewer.core.painting import Box
from viewer.core.resample import can_be_resampled
from viewer.core.session import Session
from viewer.core.study import LEFT_OUT, Series
from viewer.core.volume import Volume
from viewer.gui.actions import READ_ONLY
from viewer.gui.lettering import CornerTexts, Words
from viewer.gui.measure_tools import MeasureTools, Scene
from viewer.gui.overlay import (
    Badge,
    Line,
    Rank,
    Ruler,
    draw_progress,
    draw_text,
    font_for,
    identity_lines,
    iso_date,
    not_for_diagnosis,
    other_place,
    told,
)
from viewer.gui.pane import (
    CLICK_PX,
    LOADING,
    STRIP_PX,
    ZOOM_DRAG_PX,
    ZOOM_PER_NOTCH,
    Pane,
    why_no_grid,
)
from viewer.gui.style import DIMMED_TEXT, GOOD, ON_IMAGE, PLANE_COLOURS, PROPOSAL, VIEWPORT, WARNING
from viewer.render.slabs import SLAB_KINDS, Slab, SlabKind, slab_of, slices_within
from viewer.render.slices import (
    GREYS,
    SliceView,
    coloured,
    filled,
    grey_of,
    grey_slice,
    label_layer,
    mark_layer,
    scale_bar_mm,
    shrunk,
    slice_of,
)

_WINDOW_DRAG_PX = 300.0  # logical pixels over which a drag changes the centre by one width, the width by e
_RADIUS_PER_NOTCH = 1.15
_CROSS_GAP_PX = 16.0
_CROSS_MARGIN_PX = 26.0  # the cross-hair stops short of the edge letters
_CROSS_FOOT_PX = 50.0  # and of the ruler
_BRUSH_NAME_PX = 260.0  # room for a label's name beside the brush
_SCALE_BAR_SHARE = 0.22  # of the pane's width
_HIDDEN_LABELS_NOTE = " (hidden)"
_ARRIVAL_MS = 200  # between pictures of a plane that grows with every slice that arrives
_NOT_ARRIVED = QColor("#20242c")  # what is not there yet is neither air nor anatomy
_MARKS = (255, 236, 150, 210)  # what the file draws over the picture

_VERDICTS = {
    "tilted": "Tilted gantry",
    "uneven": "Uneven slice spacing",
    "missing": "Missing slices",
    "duplicate": "Duplicate slices",
    "mixed": "Mixed orientations or sizes",
    "no-position": "Slice positions unknown",
    "ambiguous": "One of two places",
}
_AT_DETECTOR = (
    "Sizes are those on the detector (ImagerPixelSpacing). In the patient they are smaller, by the magnification."
)
_UNCALIBRATED = "The file gives no size of a pixel, so nothing is measured in millimetres."
_US_SCALE = "The scale is that of the ultrasound region, not of the whole picture."
_US_SCALES = "The ultrasound regions of the picture have different scales, so there is none for all of it."
_LOSSY = "The pictures were compressed with loss: fine detail may be missing or altered."
_MIRRORED = (
    "The picture is seen as in a mirror. The letters at its edges are right; writing in the picture is reversed. "
    "R, Reset view, ends it."
)
_SLAB_MM = 10.0  # thickness of a slab at first
_SLAB_DETAIL = (
    "Several slices are seen as one. Labels and the cross-hair belong to the middle slice; no value is written, as "
    "what is seen may come from any of them. Shift + wheel, or Ctrl + up and down, change the thickness; S shows the "
    "next kind, and single slices again."
)
_LPS_LETTERS = {"sagittal": ("R", "L", 0), "coronal": ("A", "P", 1), "axial": ("F", "H", 2)}

_Kind = Literal["window", "crosshair", "pan", "zoom", "paint", "none"]


@dataclass(frozen=True)
class _Drag:
    button: Qt.MouseButton
    kind: _Kind
    press: QPointF
    last: QPointF
    window: WindowLevel  # where a drag of the window starts
    moved: bool = False


@dataclass(frozen=True, eq=False)
class _Layer:
    """An overlay at the screen's resolution: image shares memory with pixels, whose first one is at (row, column).
    Only the pixels within shown (left, top, width, height) are ever other than empty."""

    pixels: NDArray[np.uint8]
    image: QImage
    row: int
    column: int
    shown: QRect

    def place(self, ratio: float) -> QRectF:
        """Where in the pane the pixels within shown are, at a device pixel ratio."""
        left, top = self.column + self.shown.x(), self.row + self.shown.y()
        return QRectF(left / ratio, top / ratio, self.shown.width() / ratio, self.shown.height() / ratio)


class SlicePane(Pane):
    """Shows one plane of the session's volume.

    Whoever listens to the session calls apply() once per turn of the event loop. Zoom and position are the
    pane's own; everything else is the session's.
    """

    def __init__(self, session: Session, plane: Plane, parent: QWidget | None = None) -> None:
        super().__init__(session, plane, PLANE_COLOURS[plane], parent)
        self.plane: Plane = plane
        self._view: SliceView | None = None
        self._drag: _Drag | None = None
        self.measuring = MeasureTools(session, self, self._measuring_scene)
        self._hover: QPointF | None = None
        self._wheel_rest = 0.0
        self._shown_slice = -1
        self._shown: Callable[[], Volume | None] = lambda: None  # weak: a painted picture must not keep its volume
        self._shown_arrival = -1
        self._arrival = QTimer(self, singleShot=True, interval=_ARRIVAL_MS)
        self._arrival.timeout.connect(self._show_arrived)
        self._mirrored, self._quarters = False, 0  # and then turned clockwise by this many quarters
        self._slab: Slab | None = None
        self._slab_slices = 0  # how thick a person has made it
        self._grey: QImage | None = None
        self._labels: _Layer | None = None
        self._proposal: _Layer | None = None
        self._labels_stale = self._proposal_stale = True
        self.setMouseTracking(True)
        self.setAccessibleName(f"{plane} view")
        self.apply(What.SERIES | What.VIEW)

    # What the window asks of a pane

    @property
    def slab(self) -> Slab | None:
        """The slab that is shown, as far as the open series allows one; None shows single slices."""
        volume, view = self.session.shown, self._view
        if self._slab is None or volume is None or view is None or not _allows_slabs(volume) or self.session.loading:
            return None
        count = view.size[view.axes.normal]
        return None if count < 2 else replace(self._slab, slices=min(self._slab.slices, count))

    def set_slab(self, kind: SlabKind | None) -> None:
        """Show slabs as thick as the last, 10 mm at first, or single slices."""
        if kind is None:
            self._slab = None
        elif self._view is not None:
            usual = max(round(_SLAB_MM / self._view.spacing[self._view.axes.normal]), 2)
            self._slab = Slab(kind, self._slab_slices or usual)
        self._forget(grey=True)
        self.update()

    def show_as(self, other: SlicePane) -> None:
        """Show what another pane of this plane shows: zoom, place, slab, mirrored and turned."""
        self._slab, self._slab_slices = other._slab, other._slab_slices
        self._mirrored, self._quarters = other._mirrored, other._quarters
        self._view = other.view
        self._view_changed()

    def mirror(self, *, upside_down: bool = False) -> None:
        """Exchange left and right of the screen, or above and below; the letters at the edges go with the picture."""
        self._lay(not self._mirrored, (2 if upside_down else 0) - self._quarters)

    def turn(self, quarters: int) -> None:
        """Turn the picture clockwise by quarters of a turn."""
        self._lay(self._mirrored, self._quarters + quarters)

    def _lay(self, mirrored: bool, quarters: int) -> None:
        volume = self.session.volume
        if self._view is not None and volume is not None:
            self._mirrored, self._quarters = mirrored, quarters % 4
            self._look(replace(self._view, axes=self._axes(volume.geometry), centre_mm=(0.0, 0.0)))

    def next_slab(self) -> None:
        """From single slices to each kind of slab in turn, and back."""
        kinds = (None, *SLAB_KINDS)
        self.set_slab(kinds[(kinds.index(self.slab.kind if self.slab else None) + 1) % len(kinds)])

    def thicken_slab(self, slices: int) -> None:
        """Make the slab thicker, or with a negative number thinner; it keeps at least two slices."""
        slab, view = self.slab, self._view
        if slab is not None and view is not None:
            self._slab_slices = min(max(slab.slices + slices, 2), view.size[view.axes.normal])
            self.set_slab(slab.kind)

    def fill_menu(self, menu: QMenu) -> None:
        """Put what is the pane's own into a menu."""
        slabs = menu.addMenu("Slab")
        names: dict[SlabKind | None, str] = {
            None: "Single slices",
            "MIP": "Maximum intensity (MIP)",
            "MinIP": "Minimum intensity (MinIP)",
            "Mean": "Mean",
        }
        for kind, name in names.items():
            action = slabs.addAction(name, lambda kind=kind: self.set_slab(kind))
            action.setCheckable(True)
            action.setChecked((self.slab.kind if self.slab else None) == kind)
        slabs.setEnabled(self.session.volume is not None and _allows_slabs(self.session.volume))

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session. box bounds the label voxels touched, None meaning anywhere."""
        self.measuring.apply(what)
        if what & What.VIEW or (what & What.SERIES and not self._view_fits):
            self._drag = None
            self.reset_view()
        if what & What.SERIES:
            self._forget(grey=True, labels=True, proposal=True)
            self._offer_resampling(self.sentence)
        elif self._slice_index != self._shown_slice:
            self._forget(grey=True, labels=True, proposal=True)
        if what & (What.WINDOW | What.DISPLAY):
            self._forget(grey=True)
        if what & (What.DISPLAY | What.LABEL_TABLE):
            self._forget(labels=True, proposal=True)
        if what & What.PROPOSAL:
            self._forget(proposal=True)
        if what & What.TOOL:
            self._choose_cursor()
        if what == What.LABELS and box is not None:
            self._redraw_labels(box)
        elif what == What.VOXELS:
            self._voxels_changed()
        else:
            if what & What.VOXELS:
                self._forget(grey=True)
            if what & What.LABELS:
                self._forget(labels=True)
            self.update()

    def reset_view(self) -> None:
        """Fit the slice into the pane."""
        volume = self.session.volume
        self._view = None
        if volume is not None and self.plane in self.session.planes:
            geometry = volume.geometry
            self._mirrored, self._quarters = False, 0
            self._view = SliceView(self._axes(geometry), geometry.size, geometry.spacing, self.width(), self.height())
        self._view_changed()

    def zoom_by(self, factor: float) -> None:
        """Magnify about the middle of the pane."""
        if self._view is not None:
            self._look(self._view.zoomed(factor, self.width() / 2, self.height() / 2))

    @property
    def view(self) -> SliceView | None:
        """The mapping between pane points and voxel indices; None with nothing to show."""
        return self._view

    @property
    def sentence(self) -> str:
        """Why the open series cannot be seen in this plane; empty if it can or nothing is open."""
        session = self.session
        if session.volume is None or session.series is None or self.plane in session.planes:
            return ""
        if session.volume.geometry.is_grid:
            return f"A single image has no {self.plane} view."
        return why_no_grid(session.series)

    def index_at(self, point: QPointF) -> tuple[float, float, float] | None:
        """The continuous index (i, j, k) on the shown slice under a pane point; may lie outside the grid."""
        if self._view is None:
            return None
        return self._view.to_index(point.x(), point.y(), self._slice_index)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.activated.emit(self.name)
        if self._drag is not None or self._view is None or self._explain(event) or self.measuring.press(event):
            return
        kind = self._kind_of(event)
        if kind == "none":
            return
        self._drag = _Drag(event.button(), kind, event.position(), event.position(), self.session.window_level)
        if kind == "crosshair":
            self._move_cursor(event.position())
        elif kind == "paint":
            self._stroke("begin", event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered(event.position())
        drag = self._drag
        if drag is None and self.measuring.move(event):
            return
        if drag is None:
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not event.buttons():
                self._move_cursor(event.position())
            return
        if not drag.moved and (event.position() - drag.press).manhattanLength() >= CLICK_PX:
            drag = replace(drag, moved=True, last=drag.press)
        self._drag = replace(drag, last=event.position())
        step = event.position() - drag.last
        if drag.kind == "crosshair":
            self._move_cursor(event.position())
        elif drag.kind == "paint":
            self._stroke("go on", event.position())
        elif drag.moved and drag.kind == "window":
            self._drag_window(drag, event.position())
        elif drag.moved and drag.kind == "pan" and self._view is not None:
            self._look(self._view.panned(step.x(), step.y()))
        elif drag.moved and drag.kind == "zoom" and self._view is not None:
            factor = math.exp(-step.y() / ZOOM_DRAG_PX)
            self._look(self._view.zoomed(factor, drag.press.x(), drag.press.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is None and self.measuring.release(event):
            self._choose_cursor()
        if drag is None or event.button() != drag.button:
            return
        self._drag = None
        if drag.kind == "paint":
            self.session.end_stroke()
        elif not drag.moved and drag.button == Qt.MouseButton.RightButton:
            self.contextMenuRequested.emit(self.name, event.globalPosition().toPoint())
        elif not drag.moved and drag.kind == "window":
            self._move_cursor(drag.press)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._view is not None and self._drag is None and self.measuring.double_click(event):
            return
        if event.button() == Qt.MouseButton.LeftButton and self._kind_of(event) != "paint":
            self.maximiseRequested.emit(self.name)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = self._notches(event)
        if self._view is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = event.position()
            self._look(self._view.zoomed(ZOOM_PER_NOTCH**notches, at.x(), at.y()))
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._brushing:
            self.session.set_brush_radius(self.session.brush_radius_mm * _RADIUS_PER_NOTCH**notches)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self.slab is not None:
            self.thicken_slab(self._whole_steps(notches))
        elif self._drag is None or self._drag.kind != "paint":
            slices = self._whole_steps(notches)
            if slices:
                self.session.scroll(self.plane, slices)

    def _whole_steps(self, notches: float) -> int:
        """Fine wheels turn by parts of a notch, which add up."""
        if self._wheel_rest * notches < 0:
            self._wheel_rest = 0.0
        self._wheel_rest += notches
        steps = int(self._wheel_rest)
        self._wheel_rest -= steps
        return steps

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self.measuring.wants(event):
            event.accept()  # a key for what is being drawn is no command of the window
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.measuring.key(event):
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._hovered(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()

    def _kind_of(self, event: QMouseEvent) -> _Kind:
        if event.button() == Qt.MouseButton.MiddleButton:
            return "pan"
        if event.button() == Qt.MouseButton.RightButton:
            return "zoom"
        if event.button() != Qt.MouseButton.LeftButton:
            return "none"
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return "crosshair"
        tool = self.session.tool
        if tool not in ("brush", "eraser"):
            return tool if tool in ("window", "crosshair", "pan", "zoom") else "none"
        if self.slab is None:
            return "paint"
        self.set_slab(None)  # nobody paints on a slice that is not what is seen
        return "none"

    def _move_cursor(self, point: QPointF) -> None:
        index = self.index_at(point)
        if index is not None:
            self.session.move_cursor(index)

    def _stroke(self, what: Literal["begin", "go on"], point: QPointF) -> None:
        index = self.index_at(point)
        if index is None:
            return
        if what == "begin":
            self.session.begin_stroke(self.plane, index)
        else:
            self.session.stroke_to(index)

    def _drag_window(self, drag: _Drag, point: QPointF) -> None:
        moved = point - drag.press
        volume = self.session.volume
        whole_numbers = volume is not None and volume.voxels.dtype.kind in "iu"
        width = max(drag.window.width * math.exp(moved.x() / _WINDOW_DRAG_PX), 1.0 if whole_numbers else 1e-6)
        centre = drag.window.centre + moved.y() / _WINDOW_DRAG_PX * drag.window.width
        self.session.set_window(WindowLevel(centre, width, drag.window.function))

    def _hovered(self, point: QPointF) -> None:
        before, self._hover = self._hover, point
        if self.measuring.hover(point) or (self._badge_at(point) is not None) != (
            self.cursor().shape() == Qt.CursorShape.PointingHandCursor
        ):
            self._choose_cursor()
        if not self._brushing or self._drag is None:
            self.update()
            return
        for at in (before, point):
            if at is not None:
                self.update(self._brush_rect(at))

    def _choose_cursor(self) -> None:
        shapes = {
            "pan": Qt.CursorShape.OpenHandCursor,
            "zoom": Qt.CursorShape.SizeVerCursor,
            "brush": Qt.CursorShape.BlankCursor,
            "eraser": Qt.CursorShape.BlankCursor,
            "crosshair": Qt.CursorShape.CrossCursor,
        }
        if self._hover is not None and self._badge_at(self._hover) is not None:
            self.setCursor(QCursor(Qt.CursorShape.PointingHandCursor))
            return
        measuring = self.measuring.cursor_shape()
        if measuring is not None:
            self.setCursor(QCursor(measuring))
            return
        self.setCursor(QCursor(shapes.get(self.session.tool, Qt.CursorShape.ArrowCursor)))

    # State

    @property
    def _slice_index(self) -> int:
        return self.session.cursor_ijk[self._view.axes.normal] if self._view is not None else 0

    def _measuring_scene(self) -> Scene | None:
        """What is measured on; None while a moment is played that is not the one measured."""
        view, session = self._view, self.session
        if view is None or session.volume is None or session.loading or session.shown is not session.volume:
            return None
        return Scene(view, view.axes.normal, self._slice_index)

    @property
    def _view_fits(self) -> bool:
        """True if the view is one of the open series in this plane."""
        volume, view = self.session.volume, self._view
        if volume is None or view is None or self.plane not in self.session.planes:
            return False
        geometry = volume.geometry
        return (view.size, view.spacing, view.axes) == (geometry.size, geometry.spacing, self._axes(geometry))

    def _axes(self, geometry: Geometry) -> PlaneAxes:
        """How the plane lies on the screen, as a person has mirrored and turned it."""
        axes = plane_axes(geometry, self.plane)
        return turned(mirrored(axes) if self._mirrored else axes, self._quarters)

    def _arrival_now(self) -> int:
        """A number that grows when the shown slice changes by slices that arrive."""
        volume, view = self.session.shown, self._view
        if volume is None or view is None or volume.arrived is None:
            return -1
        return int(volume.arrived[self._slice_index] if view.axes.normal == 2 else volume.arrived.sum())

    def _voxels_changed(self) -> None:
        own_slice = self._view is not None and self._view.axes.normal == 2
        if self.session.shown is not self._shown() or (own_slice and self._arrival_now() != self._shown_arrival):
            self._forget(grey=True)
            self.update()
        elif self.session.loading and not self._arrival.isActive():
            self._arrival.start()

    def _show_arrived(self) -> None:
        if self._arrival_now() != self._shown_arrival:
            self._forget(grey=True)
        self.update()  # how many there are is written in any case

    @property
    def _brushing(self) -> bool:
        return self.session.tool in ("brush", "eraser")

    def _look(self, view: SliceView) -> None:
        self._view = view
        self._view_changed()

    def _view_changed(self) -> None:
        self._forget(grey=True, labels=True, proposal=True)
        self.update()

    def _forget(self, *, grey: bool = False, labels: bool = False, proposal: bool = False) -> None:
        if grey:
            self._grey = None
        self._labels_stale |= labels
        self._proposal_stale |= proposal

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._view is not None:
            self._look(self._view.resized(self.width(), self.height()))
        self._offer_resampling(self.sentence)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._view_changed()
        super().changeEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # ends with the event whatever happens: a second one would crash in Qt
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), VIEWPORT)
        self._badges = []
        session, view, pane = self.session, self._view, QRectF(self.rect())
        volume = session.shown
        if view is None or volume is None or session.series is None:
            self._paint_strip(painter)
            left = self.corner_texts().top_left if session.volume is not None else ()
            button = self.resample_button
            self._write(
                painter,
                pane.adjusted(0, STRIP_PX, 0, 0),
                Words(
                    CornerTexts(left),
                    sentence=self.sentence,
                    sentence_colour=DIMMED_TEXT,
                    sentence_area=self._sentence_area,
                    taken=(QRectF(button.geometry()),) if button.isVisible() else (),
                ),
            )
            return
        if self._grey is None or self._shown() is volume:  # else another series was opened, and apply() is to come
            if self._shown_slice != self._slice_index:  # a mouse that moves may have it painted before apply()
                self._forget(grey=True, labels=True, proposal=True)
            self._shown_slice = self._slice_index
        self._paint_image(painter, view, volume)
        self._paint_labels(painter, view)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(session.planes) > 1 or session.tool == "crosshair":  # else there is no other plane that it leads to
            self._paint_cross_hair(painter, view)
        if session.loading and volume.arrived is not None:
            draw_progress(painter, pane, float(volume.arrived.mean()))
        self.measuring.paint(painter)
        self._write(painter, pane.adjusted(0, STRIP_PX, 0, 0), self._words(view, session.series, volume))
        self._paint_strip(painter)
        self._paint_brush(painter, view)

    def _paint_image(self, painter: QPainter, view: SliceView, volume: Volume) -> None:
        if self._grey is None:
            self._shown, self._shown_arrival = weakref.ref(volume), self._arrival_now()
            self._grey = self._picture(view, volume)
        painter.drawImage(QPointF(0, 0), self._grey)

    def _picture(self, view: SliceView, volume: Volume) -> QImage:
        """The pane's size at the screen's resolution: the slice, what the file draws on it, and what is not there."""
        session, k, ratio = self.session, self._slice_index, self.devicePixelRatioF()
        voxels, index = volume.voxels, k
        if session.loading and volume.arrived is not None and view.axes.normal != 2:
            voxels, index = _what_has_arrived(volume, volume.arrived, view.axes, k), 0
        if volume.colour:
            pixels = slice_of(voxels, view.axes, index)
        elif self.slab is not None:
            values = slab_of(volume, view.axes, k, self.slab)
            pixels = grey_of(values, session.window, session.inverted, volume.padding)
        else:
            pixels = grey_slice(voxels, view.axes, index, session.window, session.inverted, volume.padding)
        picture = _scaled(pixels, view, ratio)
        with QPainter(picture) as painter:
            if volume.overlay is not None and session.file_overlay_visible:
                _draw_marks(painter, slice_of(volume.overlay, view.axes, k), view, ratio)
            if volume.arrived is not None and session.loading:
                for rect in _not_arrived(volume.arrived, view, k):
                    painter.fillRect(rect, _NOT_ARRIVED)
        return picture

    def _paint_labels(self, painter: QPainter, view: SliceView) -> None:
        session = self.session
        if not session.overlay_visible or session.label_map is None or session.shown is not session.volume:
            return
        ratio = self.devicePixelRatioF()
        if self._labels_stale:
            self._labels, self._labels_stale = None, False
            if not session.label_map.blank:
                colours = label_colours(session.labels, session.overlay_opacity)
                shown = slice_of(session.label_map.voxels, view.axes, self._slice_index)
                self._labels = _layer(shown, view, colours, ratio, hatched=False)
        if self._proposal_stale:
            self._proposal, self._proposal_stale = None, False
            if session.proposal is not None:
                colours = label_colours(session.proposal.labels, session.overlay_opacity)
                shown = slice_of(session.proposal.voxels, view.axes, self._slice_index)
                self._proposal = _layer(shown, view, colours, ratio, hatched=True)
        for layer in (self._labels, self._proposal):
            if layer is not None:
                painter.drawImage(layer.place(ratio), layer.image, QRectF(layer.shown))

    def _redraw_labels(self, box: Box) -> None:
        """Draw anew only the part of the overlay that a stroke has touched."""
        view, label_map = self._view, self.session.label_map
        if view is None or label_map is None:
            return
        normal = view.axes.normal
        if not box[2 - normal].start <= self._slice_index < box[2 - normal].stop:
            return
        if self._labels_stale or self._labels is None:
            self._forget(labels=True)
            self.update()
            return
        ratio = self.devicePixelRatioF()
        outline = _outline_px(ratio)
        low = view.to_pane((box[2].start - 0.5, box[1].start - 0.5, box[0].start - 0.5))
        high = view.to_pane((box[2].stop - 0.5, box[1].stop - 0.5, box[0].stop - 0.5))
        first_row, first_column, rows, columns = view.device_pixels(ratio)
        margin = 2 * outline + 1
        down = _span(low[1], high[1], ratio, first_row, len(rows), margin)
        across = _span(low[0], high[0], ratio, first_column, len(columns), margin)
        colours = label_colours(self.session.labels, self.session.overlay_opacity)
        shown = slice_of(label_map.voxels, view.axes, self._slice_index)
        part = label_layer(shown, rows[down], columns[across], colours, outline_px=outline)
        # Outlines within `outline` of the part's own edge do not know their neighbours: those pixels stay.
        inner = tuple(
            slice(0 if span.start == 0 else outline, n if span.stop == whole else n - outline)
            for span, n, whole in ((down, part.shape[0], len(rows)), (across, part.shape[1], len(columns)))
        )
        self._labels.pixels[down, across][inner] = part[inner]
        drawn = QRect(across.start, down.start, across.stop - across.start, down.stop - down.start)
        self._labels = replace(self._labels, shown=self._labels.shown.united(drawn))
        x, y = (first_column + across.start) / ratio, (first_row + down.start) / ratio
        touched = QRectF(x, y, (across.stop - across.start) / ratio, (down.stop - down.start) / ratio)
        self.update(touched.toAlignedRect().adjusted(-1, -1, 1, 1))

    def _paint_cross_hair(self, painter: QPainter, view: SliceView) -> None:
        x, y = view.to_pane(self.session.cursor_ijk)
        left, top, wide, high = view.image_rect
        m = _CROSS_MARGIN_PX
        left, right = max(left, m), min(left + wide, self.width() - m)
        top, bottom = max(top, m), min(top + high, self.height() - _CROSS_FOOT_PX)
        x, y = round(x - 0.5) + 0.5, round(y - 0.5) + 0.5
        gap = _CROSS_GAP_PX
        across, down = self._planes_of_lines(view)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        lines: tuple[tuple[Plane, tuple[tuple[float, float, float, float], ...]], ...] = (
            (across, ((left, y, min(x - gap, right), y), (max(x + gap, left), y, right, y))),
            (down, ((x, top, x, min(y - gap, bottom)), (x, max(y + gap, top), x, bottom))),
        )
        for plane, ends in lines:
            for x1, y1, x2, y2 in ends:
                if x2 >= x1 and y2 >= y1 and 0 <= x <= self.width() and 0 <= y <= self.height():
                    line = QRectF(x1, y1, x2 - x1, y2 - y1).adjusted(-0.5, -0.5, 0.5, 0.5)
                    painter.fillRect(line, _with_alpha(PLANE_COLOURS[plane], 205))  # drawLine takes ten times as long
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _planes_of_lines(self, view: SliceView) -> tuple[Plane, Plane]:
        """The planes whose slices the horizontal and the vertical line are."""
        volume = self.session.volume
        assert volume is not None
        normals: dict[int, Plane] = {plane_axes(volume.geometry, plane).normal: plane for plane in PLANES}
        return normals[view.axes.down], normals[view.axes.right]

    def _words(self, view: SliceView, series: Series, volume: Volume) -> Words:
        named = self.session.overlay_text != "none"
        arrived = volume.arrived if self.session.loading and view.axes.normal == 2 else None
        return Words(
            self.corner_texts(),
            edge_letters(volume.geometry, view.axes, series.sides) if named else None,
            self._ruler(view, series) if named else None,
            tuple(self._badges_now(series, volume)),
            LOADING if arrived is not None and not arrived[self._slice_index] else "",
            DIMMED_TEXT,
            self._sentence_area,
        )

    def _ruler(self, view: SliceView, series: Series) -> Ruler | None:
        if self.session.volume is None or not self.session.volume.geometry.calibrated:
            return None
        bar_mm = scale_bar_mm(view.pixels_per_mm, min(self.width() * _SCALE_BAR_SHARE, 180.0))
        return None if bar_mm is None else Ruler(bar_mm * view.pixels_per_mm, _length(bar_mm, series))

    def _badges_now(self, series: Series, volume: Volume) -> list[Badge]:
        session = self.session
        slab = self.slab
        places = [note for note in series.notes if other_place([note])]
        left_out = [note for note in series.notes if note.startswith(LEFT_OUT)]
        notes = [note for note in series.notes if note not in (*places, *left_out)]
        badges = []
        if slab is not None and self._view is not None:
            badges.append(Badge(self._slab_text(slab, self._view), DIMMED_TEXT, _SLAB_DETAIL, Rank.MUST))
        if self._mirrored:
            badges.append(Badge("⚠ Mirrored", WARNING, _MIRRORED, Rank.MUST))
        if self._quarters:
            badges.append(Badge(f"Turned {90 * self._quarters}°", DIMMED_TEXT))
        if session.proposal is not None:
            hidden = "" if session.overlay_visible else _HIDDEN_LABELS_NOTE
            badges.append(Badge(f"AI proposal: {session.proposal.source}{hidden}", PROPOSAL))
        if series.verdict.kind == "no-position" and series.frame_time_ms is not None:
            badges.append(Badge("Frames over time", DIMMED_TEXT, series.verdict.detail))
        elif series.verdict.kind in _VERDICTS:
            mends = can_be_resampled(volume, series.verdict) and not session.loading
            texts = f"⚠ {_VERDICTS[series.verdict.kind]}", "resample…" if mends else "", other_place(series.notes)
            detail = "\n".join((series.verdict.detail, *places))
            badges.append(Badge(" · ".join(part for part in texts if part), WARNING, detail, Rank.MUST, mends))
        if left_out:
            badges.append(Badge("⚠ Not whole", WARNING, "\n".join(left_out), Rank.MUST))
        resampled = next((note for note in notes if note.startswith("Resampled")), "")
        if resampled:
            notes.remove(resampled)
            badges.append(Badge("Resampled", WARNING, resampled))
        if not volume.geometry.calibrated:
            detail = _US_SCALES if series.regions else _UNCALIBRATED
            badges.append(Badge("Uncalibrated", WARNING, detail))
        elif series.calibration == "ImagerPixelSpacing":
            badges.append(Badge("At detector", DIMMED_TEXT, _AT_DETECTOR, Rank.SCALE))
        elif series.calibration == "US regions":
            badges.append(Badge("US region scale", DIMMED_TEXT, _US_SCALE, Rank.SCALE))
        if series.lossy:
            badges.append(Badge("Lossy compression", WARNING, _LOSSY))
        if notes:
            text = f"{len(notes)} notes" if len(notes) > 1 else "1 note"
            badges.append(Badge(text, DIMMED_TEXT, "\n".join(notes), Rank.USUAL))
        if session.read_only:
            badges.append(Badge("Read only", WARNING, READ_ONLY))
        if session.is_confirmed(self.plane):
            badges.append(Badge("✓ Confirmed", GOOD))
        return badges

    def _slab_text(self, slab: Slab, view: SliceView) -> str:
        normal = view.axes.normal
        count = len(slices_within(slab, self._slice_index, view.size[normal]))
        calibrated = self.session.volume is not None and self.session.volume.geometry.calibrated
        return f"{slab.kind} {count * view.spacing[normal]:.1f} mm" if calibrated else f"{slab.kind} {count} slices"

    def _paint_brush(self, painter: QPainter, view: SliceView) -> None:
        if self._hover is None or not self._brushing or self._badge_at(self._hover) is not None:
            return
        radius = max(self.session.brush_radius_mm * view.pixels_per_mm, 1.5)
        active = next((x.colour for x in self.session.labels if x.value == self.session.active_label), (255, 255, 255))
        colour = QColor(*active) if self.session.tool == "brush" else ON_IMAGE
        style = Qt.PenStyle.SolidLine if self.session.tool == "brush" else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 190), 3.2))
        painter.drawEllipse(self._hover, radius, radius)
        painter.setPen(QPen(colour.lighter(125), 1.5, style))
        painter.drawEllipse(self._hover, radius, radius)
        painter.setPen(QPen(ON_IMAGE, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoint(self._hover)
        label = next((x.name for x in self.session.labels if x.value == self.session.active_label), "")
        painter.setFont(font_for(self.font(), self.width(), self.height()))
        beside = self._hover + QPointF(radius + 6, 4)
        draw_text(painter, beside, label if self.session.tool == "brush" else "Erase", colour.lighter(135))

    def _brush_rect(self, at: QPointF) -> QRect:
        radius = self.session.brush_radius_mm * (self._view.pixels_per_mm if self._view else 1.0) + 5
        height = 2 * max(radius, float(self.fontMetrics().height()))
        return QRectF(at.x() - radius, at.y() - height / 2, 2 * radius + _BRUSH_NAME_PX, height).toAlignedRect()

    # Words

    def corner_texts(self) -> CornerTexts:
        """The lines of the four corners in the session's overlay state; the value is that under the mouse, or
        under the cross-hair while the mouse is elsewhere."""
        session, view = self.session, self._view
        name = (Line(self._plane_name, PLANE_COLOURS[self.plane], Rank.NOTICE),)
        if session.volume is None or session.series is None or session.overlay_text == "none":
            return CornerTexts(name)
        series = session.series
        left, right = name, ()
        if session.overlay_text == "all":
            left = (*name, *identity_lines(series))
            left = (*left, *told(Line(series.view, rank=Rank.NOTICE)))
            place = " · ".join(x for x in (series.modality, series.institution) if x)
            date = Line(iso_date(series.study_date), rank=Rank.VALUE, number=True)
            right = told(Line(series.study_description), date, Line(place, rank=Rank.MINOR))
        if view is None:
            return CornerTexts(left, right)
        return CornerTexts(
            left, right, self._image_lines(session.shown or session.volume, view), self._slice_lines(series, view)
        )

    @property
    def _plane_name(self) -> str:
        volume = self.session.volume
        lone = volume is not None and not volume.geometry.patient_space and len(self.session.planes) == 1
        return "Image" if lone else self.plane.capitalize()

    def _image_lines(self, volume: Volume, view: SliceView) -> tuple[Line, ...]:
        index = self.index_at(self._hover) if self._hover is not None else None
        if index is None or not volume.geometry.contains_index(index):
            index = self.session.cursor_ijk
        zoom = 100 * max(view.pixels_per_voxel)
        texts = _value_texts(volume, volume.geometry.clamp_index(index)) if self.slab is None else ()
        return told(
            Line(f"AI labels: {self.session.source}" if self.session.source else "", PROPOSAL, Rank.NOTICE),
            *(Line(text, rank=Rank.VALUE, number=True) for text in texts),
            Line(f"Zoom {zoom:.0f} %", rank=Rank.MINOR, number=True),
            *(() if volume.colour else self._window_lines()),
            Line(not_for_diagnosis(self.width()), DIMMED_TEXT, Rank.WARNING, number=True),
        )

    def _window_lines(self) -> tuple[Line, ...]:
        window, inverted = self.session.window, self.session.inverted
        if isinstance(window, VoiTable):
            text = "Window: the file's table"
        else:
            kind = " sigmoid" if window.function == "SIGMOID" else ""
            name = f" · {window.name}" if window.name else ""
            text = f"W {_number(window.width)}  L {_number(window.centre)}{kind}{name}"
        written = Line(text, rank=Rank.WINDOW, number=True)
        by_file = self.session.series is not None and self.session.series.inverted
        if not by_file:
            return written, Line("Inverted" if inverted else "", WARNING, Rank.WINDOW)
        if inverted:  # as it is meant to be seen
            return written, Line("MONOCHROME1")
        return written, Line("Inverted MONOCHROME1", WARNING, Rank.WINDOW)

    def _slice_lines(self, series: Series, view: SliceView) -> tuple[Line, ...]:
        session, volume = self.session, self.session.shown
        assert volume is not None
        number = f"Series {series.number}" if series.number is not None else ""
        count, word = view.size[view.axes.normal], "Frame" if series.frame_time_ms is not None else "Slice"
        if volume.geometry.is_grid:
            word = "Slice"
        position = f"{word} {self._slice_index + 1} / {count}" if count > 1 else ""
        moment = session.shown_moment
        moment_text = f"{moment.label} ({moment.number + 1} / {moment.count})" if moment is not None else ""
        last = self._location(volume, view)
        if session.loading and volume.arrived is not None:
            last = f"Reading {int(volume.arrived.sum())} of {len(volume.arrived)}"
        return told(
            Line(number, rank=Rank.MINOR, number=True),
            Line(series.description),
            Line(moment_text, rank=Rank.PLACE, number=True),
            Line(position, rank=Rank.PLACE, number=True),
            Line(last, rank=Rank.VALUE, number=True),
        )

    def _location(self, volume: Volume, view: SliceView) -> str:
        geometry = volume.geometry
        if view.size[view.axes.normal] == 1 or not geometry.patient_space or not geometry.calibrated:
            return ""
        below, above, row = _LPS_LETTERS[self.plane]
        middle = [(n - 1) / 2 for n in geometry.size]  # of the slice: on an oblique one each point has its own
        middle[view.axes.normal] = self._slice_index
        mm = float(geometry.index_to_lps(middle)[row])
        apart = f" · {geometry.spacing[view.axes.normal]:.2f} mm apart" if geometry.is_grid else ""
        return f"{above if mm >= 0 else below} {abs(mm):.1f} mm{apart}"


def _scaled(pixels: NDArray[np.uint8], view: SliceView, ratio: float) -> QImage:
    """The slice, grey or (rows, columns, 3), as it lies in the pane, at the screen's resolution, smoothed both ways."""
    wide, high = (n * ratio for n in view.pixels_per_voxel)
    factors = max(int(1 / high), 1), max(int(1 / wide), 1)
    small = shrunk(pixels, *factors)
    rows, columns = pixels.shape[:2]
    picture = QImage(math.ceil(view.width * ratio), math.ceil(view.height * ratio), QImage.Format.Format_RGB32)
    picture.fill(VIEWPORT)
    if small.ndim == 2:  # 32 bits a pixel are what Qt smooths fastest
        small, layout = coloured(small, GREYS), QImage.Format.Format_ARGB32_Premultiplied
    else:
        layout = QImage.Format.Format_RGB888
    source = QImage(small.data, small.shape[1], small.shape[0], small.strides[0], layout)
    left, top, width, height = (n * ratio for n in view.image_rect)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shown = QRectF(0, 0, columns / factors[1], rows / factors[0])
        painter.drawImage(QRectF(left, top, width, height), source, shown)
    picture.setDevicePixelRatio(ratio)
    return picture


def _draw_marks(painter: QPainter, marks: NDArray[np.bool_], view: SliceView, ratio: float) -> None:
    row, column, rows, columns = view.device_pixels(ratio)
    if rows.size and columns.size and marks.any():
        pixels = mark_layer(marks, rows, columns, _MARKS)
        high, wide = pixels.shape[:2]
        image = QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888_Premultiplied)
        painter.drawImage(QRectF(column / ratio, row / ratio, wide / ratio, high / ratio), image)


def _not_arrived(arrived: NDArray[np.bool_], view: SliceView, slice_index: int) -> list[QRectF]:
    """The parts of a shown slice, in pane pixels, that lie in slices that have not arrived."""
    left, top, wide, high = view.image_rect
    if view.axes.normal == 2:
        return [] if arrived[slice_index] else [QRectF(left, top, wide, high)]
    across = view.axes.right == 2
    missing = ~arrived[:: -1 if (view.axes.flip_right if across else view.axes.flip_down) else 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    step = (wide if across else high) / len(arrived)
    return [
        QRectF(left + a * step, top, (b - a) * step, high)
        if across
        else QRectF(left, top + a * step, wide, (b - a) * step)
        for a, b in edges.reshape(-1, 2).tolist()
    ]


def _value_texts(volume: Volume, index_ijk: tuple[int, int, int]) -> tuple[str, ...]:
    """What is stored at a voxel, one text a line; none before it has arrived."""
    i, j, k = index_ijk
    if volume.arrived is not None and not volume.arrived[k]:
        return ()
    if volume.colour:
        red, green, blue = volume.voxels[k, j, i].tolist()
        return (f"R {red} G {green} B {blue}",)
    value = volume.value_at(index_ijk)
    if value is None:
        return ("Value: padding",)
    texts = (f"Value {_number(value)} {volume.unit}".strip(),)
    return texts if volume.suv_factor is None else (*texts, f"SUV {value * volume.suv_factor:.2f}")


def _allows_slabs(volume: Volume) -> bool:
    return volume.geometry.is_grid and not volume.colour


def _length(mm: float, series: Series) -> str:
    """A length with what it was measured by, where that is not the patient."""
    at_detector = " at detector" if series.calibration == "ImagerPixelSpacing" else ""
    return f"{mm:g} mm{at_detector}"


def _what_has_arrived(volume: Volume, arrived: NDArray[np.bool_], axes: PlaneAxes, slice_index: int) -> NDArray:
    """One slice across the stack, as voxels[k, j, i] one voxel thick, with zeros where nothing has arrived: to read
    memory that nobody has written yet would have all of it made, which takes longer than a frame may."""
    here = slice(slice_index, slice_index + 1)
    place = (here, slice(None)) if axes.normal == 1 else (slice(None), here)
    layer = np.zeros((len(arrived), *volume.voxels[0][place].shape), volume.voxels.dtype)
    for k in np.flatnonzero(arrived):
        layer[k] = volume.voxels[k][place]
    return layer


def _layer(
    labels: NDArray[np.uint8], view: SliceView, colours: NDArray[np.uint8], ratio: float, *, hatched: bool
) -> _Layer | None:
    labels = np.ascontiguousarray(labels)  # a slice across the stack lies scattered in memory
    row, column, rows, columns = view.device_pixels(ratio)
    outline = _outline_px(ratio)
    down, across = filled(labels, rows, columns, outline)
    if down.stop <= down.start or across.stop <= across.start:
        return None
    pixels = np.zeros((len(rows), len(columns), 4), np.uint8)  # memory that is not touched costs nothing
    hatched_from = (row + down.start, column + across.start) if hatched else None
    part = label_layer(labels, rows[down], columns[across], colours, outline_px=outline, hatched_from=hatched_from)
    pixels[down, across] = part
    high, wide = pixels.shape[:2]
    image = QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888_Premultiplied)
    return _Layer(pixels, image, row, column, QRect(across.start, down.start, part.shape[1], part.shape[0]))


def _outline_px(ratio: float) -> int:
    return max(round(ratio), 1)


def _span(low: float, high: float, ratio: float, first: int, count: int, margin: int) -> slice:
    """Device pixels between two pane coordinates in any order, relative to first, widened and held to count."""
    start = math.floor(min(low, high) * ratio) - first - margin
    stop = math.ceil(max(low, high) * ratio) - first + margin
    start = min(max(start, 0), count)
    return slice(start, min(max(stop, start), count))


def _with_alpha(colour: QColor, alpha: int) -> QColor:
    faint = QColor(colour)
    faint.setAlpha(alpha)
    return faint


def _number(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
