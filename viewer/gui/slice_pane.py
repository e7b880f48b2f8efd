"""One plane of the open series: paints it, and turns the mouse into calls on the session."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from viewer.core.display import label_colours
from viewer.core.events import What
from viewer.core.geometry import PLANES, Geometry, Plane, PlaneAxes, cut_line, mirrored, plane_axes, turned
from viewer.core.hand import REGION_TOOLS
from viewer.core.labels import Label
from viewer.core.oblique import Axes, ObliqueAxes, shows_one_slice, slice_corners, turned_axes
from viewer.core.painting import Box, Point
from viewer.core.proposal import Proposal
from viewer.core.scores import HeatShown
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.gui.actions import LOCKED
from viewer.gui.ahead import Ahead
from viewer.gui.click_tools import ClickTools
from viewer.gui.detection_drawing import BoxProposals
from viewer.gui.enhanced_picture import EnhancedPicture, over_divider, swipe_at
from viewer.gui.flat_pane import FlatPane
from viewer.gui.fusion_picture import FusionPicture
from viewer.gui.language import tr
from viewer.gui.lettering import CornerTexts, Words, blocks
from viewer.gui.measure_tools import MeasureTools, Scene
from viewer.gui.oblique_sampling import ObliqueSampling
from viewer.gui.overlay import (
    Badge,
    draw_progress,
    draw_text,
    font_for,
)
from viewer.gui.pane import STRIP_PX, Drag, why_no_grid
from viewer.gui.plane_handles import PlaneHandles, line_colour
from viewer.gui.region_tools import RegionTools
from viewer.gui.slice_picture import (
    Layer,
    SlicePicture,
    doubt_layer,
    layer_on,
    picture_of_slice,
    proposal_layer,
    redrawn,
    values_layer,
)
from viewer.gui.slice_words import SliceWords
from viewer.gui.style import DIMMED_TEXT, ON_IMAGE, PLANE_COLOURS, VIEWPORT
from viewer.render.slabs import SLAB_KINDS, Slab, SlabKind
from viewer.render.slices import SliceView

_RADIUS_PER_NOTCH = 1.15
_CROSS_GAP_PX = 16.0
_CROSS_MARGIN_PX = 26.0  # the cross-hair stops short of the edge letters
_CROSS_FOOT_PX = 50.0  # and of the ruler
_BRUSH_NAME_PX = 260.0  # room for a label's name beside the brush
_ARRIVAL_MS = 200  # between pictures of a plane that grows with every slice that arrives

_SLAB_MM = 10.0  # thickness of a slab at first


class SlicePane(FlatPane):
    """Shows one plane of the session's volume; what it says of it is SliceWords.

    Whoever listens to the session calls apply() once per turn of the event loop. Zoom and position are the
    pane's own; everything else is the session's.
    """

    clicked = Signal(QPointF)  # with a tool that only looks, without a drag
    refused = Signal(str)  # why nothing came of what a person drew
    regionWanted = Signal(object)  # RegionSearch: a region that takes long to find

    def __init__(self, session: Session, plane: Plane, parent: QWidget | None = None) -> None:
        super().__init__(session, plane, PLANE_COLOURS[plane], parent)
        self.plane: Plane = plane
        self._hung: SliceView | None = None  # as nobody has changed it yet
        self.measuring = MeasureTools(session, self, self._measuring_scene, self.refused.emit)
        self.regions = RegionTools(
            session, self, self._measuring_scene, self.refused.emit, lambda search: self.regionWanted.emit(search)
        )
        self.proposals = BoxProposals(session, self, self._measuring_scene)
        self.clicks = ClickTools(session, self, self._measuring_scene, self.refused.emit)
        self.planes = PlaneHandles(
            session, self, plane, lambda: self._view, self._lines_room, lambda: [piece.rect for piece in self.written]
        )
        self._minus = self._ctrl = False  # Ctrl was held at the last press; it is held now
        self._shown_depth = -1.0
        self._shown: Callable[[], Volume | None] = lambda: None  # weak: a painted picture must not keep its volume
        self._shown_arrival = -1
        self._arrival = QTimer(self, singleShot=True, interval=_ARRIVAL_MS)
        self._arrival.timeout.connect(self._show_arrived)
        self._mirrored, self._quarters = False, 0  # and then turned clockwise by this many quarters
        self._slab: Slab | None = None
        self._slab_slices = 0  # how thick a person has made it
        self._reference: tuple[NDArray[np.float64], Plane] | None = None
        self._company: tuple[Badge, ...] = ()
        self._before_click: Point | None = None  # where the cross-hair was
        self._sampling = ObliqueSampling(self)
        self._sampling.refined.connect(self._show_refined)
        self._sampling.progressed.connect(self.update)
        self._grey = Ahead[SlicePicture]()
        self._over = FusionPicture()
        self._heat = FusionPicture()
        self._synthetic = EnhancedPicture()
        self._swiping = False
        self._labels = Ahead[Layer | None]()
        self._proposal = Ahead[Layer | None]()
        self._doubt = Ahead[Layer | None]()
        self._values = Ahead[Layer | None]()
        self._previewed: tuple[float, float] | None = None
        self.setAccessibleName(tr("{plane} view").format(plane=tr(plane)))
        self.apply(What.SERIES | What.VIEW)

    # What the window asks of a pane

    @property
    def slab(self) -> Slab | None:
        """The slab that is shown, as far as the open series allows one; None shows single slices."""
        volume, view = self.session.shown, self._view
        if self._slab is None or volume is None or view is None or not _allows_slabs(volume) or self.session.loading:
            return None
        count = view.count
        return None if count < 2 else replace(self._slab, slices=min(self._slab.slices, count))

    def set_slab(self, kind: SlabKind | None) -> None:
        """Show slabs as thick as the last, 10 mm at first, or single slices."""
        if kind is None:
            self._slab = None
        elif self._view is not None:
            usual = max(round(_SLAB_MM / self._view.step_mm), 2)
            self._slab = Slab(kind, self._slab_slices or usual)
        self._forget(grey=True)
        self.update()

    def show_as(self, other: SlicePane) -> None:
        """Show what another pane of this plane shows: zoom, place, slab, mirrored and turned."""
        self._slab, self._slab_slices = other._slab, other._slab_slices
        self._mirrored, self._quarters = other._mirrored, other._quarters
        self._view = other.view
        self._view_changed()

    def look_like(self, other: SlicePane, shift_lps: NDArray[np.float64] | None) -> None:
        """Have the scale of a pane of this plane of another series, a smaller one in a smaller pane, and its place: the
        same point of the patient in the middle, where it is known how far positions lie apart (shift_lps, mm), else the
        same part of the slice. Breasts are as far from the side of the pane at which their chest wall is, so two that
        stand back to back move like mirror images."""
        view, theirs, volume, beside = self._view, other.view, self.session.volume, other.session.volume
        if view is None or theirs is None or volume is None or beside is None:
            return
        view = replace(view.at_scale_of(theirs), centre_mm=theirs.centre_mm)
        if shift_lps is not None:
            middle = theirs.to_index(theirs.width / 2, theirs.height / 2, other._depth)
            place = volume.geometry.lps_to_index(beside.geometry.index_to_lps(middle) + shift_lps)
            x, y = view.to_pane((float(place[0]), float(place[1]), float(place[2])))
            view = view.panned(view.width / 2 - x, view.height / 2 - y)
        elif self._wall and other._wall:
            wanted = _beside_wall(theirs, other._wall) / theirs.pixels_per_mm * view.pixels_per_mm
            towards = _beside_wall(view, self._wall) - wanted
            view = view.panned(towards if self._wall == "right" else -towards, 0.0)
            if theirs is other._hung:
                self._hung = view  # nobody has changed this one either
        if view != self._view:
            self._view = view
            self._view_changed()

    def slice_corners(self) -> NDArray[np.float64] | None:
        """The outer corners of the slice that is shown, (4, 3) LPS mm, going round; None if its place is unknown."""
        volume, view = self.session.volume, self._view
        if volume is None or view is None or not volume.geometry.patient_space:
            return None
        origins = volume.geometry.slice_origins
        if origins is not None and not len(origins):
            return None
        return slice_corners(volume.geometry, view.axes, self._depth)

    def show_reference(self, reference: tuple[NDArray[np.float64], Plane] | None) -> None:
        """Draw where a slice of another series meets this one: its corners as slice_corners gives them, in this
        series' space, and its plane."""
        if reference is not None or self._reference is not None:
            self._reference = reference
            self.update()

    def set_company(self, badges: tuple[Badge, ...]) -> None:
        """Say what a person should know of this series and the others on the screen."""
        if badges != self._company:
            self._company = badges
            self.update()

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

    def _lay_as_wished(self, view: SliceView) -> None:
        """Lay the plane out by another convention, with the same place in the middle of the pane."""
        volume = self.session.volume
        if volume is not None:
            middle = view.to_index(view.width / 2, view.height / 2, self._depth)
            view = replace(view, axes=self._axes(volume.geometry), centre_mm=(0.0, 0.0))
            x, y = view.to_pane(middle)
            self._look(view.panned(view.width / 2 - x, view.height / 2 - y))

    def next_slab(self) -> None:
        """From single slices to each kind of slab in turn, and back."""
        kinds = (None, *SLAB_KINDS)
        self.set_slab(kinds[(kinds.index(self.slab.kind if self.slab else None) + 1) % len(kinds)])

    def thicken_slab(self, slices: int) -> None:
        """Make the slab thicker, or with a negative number thinner; it keeps at least two slices."""
        slab, view = self.slab, self._view
        if slab is not None and view is not None:
            self._slab_slices = min(max(slab.slices + slices, 2), view.count)
            self.set_slab(slab.kind)

    def fill_menu(self, menu: QMenu) -> None:
        """Put what is the pane's own into a menu."""
        slabs = menu.addMenu(tr("Slab"))
        names: dict[SlabKind | None, str] = {
            None: tr("Single slices"),
            "MIP": tr("Maximum intensity (MIP)"),
            "MinIP": tr("Minimum intensity (MinIP)"),
            "Mean": tr("Mean"),
        }
        for kind, name in names.items():
            action = slabs.addAction(name, lambda kind=kind: self.set_slab(kind))
            action.setCheckable(True)
            action.setChecked((self.slab.kind if self.slab else None) == kind)
        slabs.setEnabled(self.session.volume is not None and _allows_slabs(self.session.volume))

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session. box bounds the label voxels touched, None meaning anywhere."""
        self.measuring.apply(what)
        self.regions.apply(what)
        self.clicks.apply(what)
        if what & What.VIEW or (what & What.SERIES and not self._view_fits):
            self._drag = None
            self.planes.cancel()
            self.reset_view()
        if what & (What.DISPLAY | What.PLANES) and self._view is not None and self.session.volume is not None:
            axes = self._axes(self.session.volume.geometry)
            if axes != self._view.axes:
                self._lay_as_wished(self._view)
        if what & What.SERIES:
            self._sampling.forget()
            self._forget(grey=True, labels=True, proposal=True)
            self._offer_resampling(self.sentence)
        if what & (What.WINDOW | What.DISPLAY):
            self._forget(grey=True)
        if what & (What.DISPLAY | What.LABEL_TABLE):
            self._forget(labels=True, proposal=True)
        if what & (What.PROPOSAL | What.THRESHOLD):
            self._proposal.forget()
            if what & What.PROPOSAL:
                self._doubt.forget()
        if what & (What.TOOL | What.PLANES):
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
        if self.isVisible():
            self._begin()

    @property
    def _wall(self) -> Literal["left", "right", ""]:
        """On which side the chest wall of a breast is shown; empty for other pictures."""
        wall = self.session.series.chest_wall if self.session.series is not None and not self._quarters else ""
        if wall and self._mirrored:
            return "left" if wall == "right" else "right"
        return wall

    def reset_view(self) -> None:
        """Fit the slice into the pane."""
        volume = self.session.volume
        self._view = None
        if volume is not None and self.plane in self.session.planes:
            geometry = volume.geometry
            self._mirrored, self._quarters = False, 0
            wall, series = "", self.session.series
            if series is not None and series.chest_wall:  # breasts stand back to back, the right one on the left
                wall = "right" if series.view.startswith("R") else "left"
                self._mirrored = wall != series.chest_wall
            view = SliceView(self._axes(geometry), geometry.size, geometry.spacing, self.width(), self.height())
            self._view = self._hung = view.leaning(wall) if wall else view
        self._view_changed()

    @property
    def sentence(self) -> str:
        """Why the open series cannot be seen in this plane; empty if it can or nothing is open."""
        session = self.session
        if session.volume is None or session.series is None or self.plane in session.planes:
            return ""
        if session.volume.geometry.is_grid:
            return tr("A single image has no {plane} view.").format(plane=tr(self.plane))
        return why_no_grid(session.series)

    def index_at(self, point: QPointF) -> tuple[float, float, float] | None:
        """The continuous index (i, j, k) on the shown slice under a pane point; may lie outside the grid."""
        if self._view is None:
            return None
        return self._view.to_index(point.x(), point.y(), self._depth)

    # Mouse

    def _takes_press(self, event: QMouseEvent) -> bool:
        self._minus = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        left = event.button() == Qt.MouseButton.LeftButton
        if left and over_divider(self.session, self.width(), event.position()):
            self._swiping = True
            return True
        if self._over_handle(event) and self.planes.press(event):
            self._choose_cursor()
            return True
        if self._drawing and self.slab is not None and self._kind_of(event) == "":
            self.set_slab(None)  # nobody draws on a slice that is not what is seen
            return True
        pressed = self.clicks.press(event) or self.regions.press(event) or self.measuring.press(event)
        return pressed or self.proposals.press(event)

    def _takes_move(self, event: QMouseEvent) -> bool:
        self._ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if self._swiping:
            self.session.set_swipe(event.position().x() / max(self.width(), 1))
            return True
        drawn = self.planes.move(event) or self.clicks.move(event)
        return drawn or self.regions.move(event) or self.measuring.move(event)

    def _begin_drag(self, drag: Drag) -> None:
        super()._begin_drag(drag)
        if drag.kind == "fusion window" and self.session.fusion is not None:
            self._window_before = self.session.fusion.window
        elif drag.kind == "paint":
            self._stroke("begin", drag.press)

    def _drag_on(self, drag: Drag, at: QPointF, step: QPointF) -> None:
        if drag.kind == "paint":
            self._stroke("go on", at)
        elif drag.moved and drag.kind == "fusion window":
            window = self._dragged(self._window_before, at - drag.press, whole_numbers=False)
            self.session.set_fusion_window(window)
        else:
            super()._drag_on(drag, at, step)

    def _end_drag(self, drag: Drag) -> None:
        if drag.kind == "paint":
            self.session.end_stroke()
        elif not drag.moved and drag.kind == "window":
            self._before_click = self.session.cursor_at
            self._move_cursor(drag.press)
        if not drag.moved and drag.kind in ("window", "crosshair"):
            self.clicked.emit(drag.press)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._swiping:
            self._swiping = False
            self._choose_cursor()
            return
        taken = self._drag is None and (
            self.planes.release(event) or self.clicks.release(event) or self.regions.release(event)
        )
        if taken or (self._drag is None and self.measuring.release(event)):
            self._choose_cursor()
        super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._view is not None and self._drag is None:
            if self._over_handle(event) and self.planes.double_click(event):
                self._choose_cursor()
                return
            clicked = self.clicks.double_click(event) or self.regions.double_click(event)
            if clicked or self.measuring.double_click(event):
                return
        if event.button() == Qt.MouseButton.LeftButton and self._kind_of(event) != "paint":
            if self._before_click is not None and self._kind_of(event) == "window":
                self.session.move_cursor(self._before_click)  # its first click was no click
            self._before_click = None
            self.maximiseRequested.emit(self.name)
        else:
            self.mousePressEvent(event)

    def _scroll(self, notches: float, modifiers: Qt.KeyboardModifier) -> None:
        shift = modifiers & Qt.KeyboardModifier.ShiftModifier
        if shift and self._brushing:
            self.session.hand.set_brush_radius(self.session.hand.brush_radius_mm * _RADIUS_PER_NOTCH**notches)
        elif shift and self.slab is not None:
            self.thicken_slab(self._whole_steps(notches))
        elif (self._drag is None or self._drag.kind != "paint") and not (self.regions.dragging or self.clicks.dragging):
            slices = self._whole_steps(notches)
            if slices:
                self.session.scroll(self.plane, slices)

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and any(one.wants(event) for one in self._hands):
            event.accept()  # a key for what is being drawn is no command of the window
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self._show_minus(event)
        if not any(one.key(event) for one in self._hands):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self._show_minus(event)
        if not (self.clicks.key(event) or self.regions.key(event)):
            super().keyReleaseEvent(event)

    def _show_minus(self, event: QKeyEvent) -> None:
        """Have the ring of the brush tell what it would do."""
        if event.key() == Qt.Key.Key_Control and not event.isAutoRepeat():
            self._ctrl = event.type() == QEvent.Type.KeyPress  # the application still knows of it while it is released
            if self._brushing:
                self.update()

    def _over_handle(self, event: QMouseEvent) -> bool:
        """True if a press is for a handle of the planes, not for a measurement that lies over it."""
        return not event.modifiers() & Qt.KeyboardModifier.ControlModifier and not self.measuring.under_mouse

    def _kind_of_tool(self, event: QMouseEvent) -> str:
        tool = self.session.hand.tool
        over = self.session.fusion is not None and self.session.fusion.visible
        if over and tool == "window" and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return "fusion window"
        if tool not in ("brush", "eraser"):
            return tool if tool in ("window", "crosshair", "pan", "zoom") else ""
        if self.slab is None:
            return "paint"
        self.set_slab(None)  # nobody paints on a slice that is not what is seen
        return ""

    def _move_cursor(self, point: QPointF) -> None:
        index = self.index_at(point)
        if index is not None and self._view is not None:
            axes = self._view.axes
            self.session.move_cursor(axes.held(index) if isinstance(axes, ObliqueAxes) else index)

    def _stroke(self, what: Literal["begin", "go on"], point: QPointF) -> None:
        index = self.index_at(point)
        if index is None:
            return
        if what == "begin":
            if self.session.brush_locked:
                self.refused.emit(tr(LOCKED))
            self.session.begin_stroke(self.plane, index, minus=self._minus)
        else:
            self.session.stroke_to(index)

    def _hovered(self, point: QPointF) -> None:
        before, self._hover = self._hover, point
        if self.planes.hover(point) | self.measuring.hover(point) or (self._badge_at(point) is not None) != (
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
        if self._hover is not None and (self._swiping or over_divider(self.session, self.width(), self._hover)):
            self.setCursor(QCursor(Qt.CursorShape.SplitHCursor))
            return
        if self._hover is not None and self._badge_at(self._hover) is not None:
            self.setCursor(QCursor(Qt.CursorShape.PointingHandCursor))
            return
        measuring = self.clicks.cursor_shape() or self.regions.cursor_shape() or self.measuring.cursor_shape()
        turning = None if self.measuring.under_mouse else self.planes.cursor_shape()
        if turning is not None:
            self.setCursor(QCursor(turning))
            return
        if measuring is not None:
            self.setCursor(QCursor(measuring))
            return
        self.setCursor(QCursor(shapes.get(self.session.hand.tool, Qt.CursorShape.ArrowCursor)))

    # State

    @property
    def _depth(self) -> float:
        """Where along its normal the shown plane lies: the number of its slice, or mm where it is oblique."""
        if self._view is None:
            return 0
        axes = self._view.axes
        if isinstance(axes, ObliqueAxes):
            return axes.depth_of(self.session.cursor_at)
        return self.session.cursor_ijk[axes.normal]

    def _measuring_scene(self) -> Scene | None:
        """What is measured on; None while a moment is played that is not the one measured."""
        view, session = self._view, self.session
        if view is None or session.volume is None or session.loading or session.shown is not session.volume:
            return None
        return Scene(view, self._depth, self.slab is not None)

    @property
    def _view_fits(self) -> bool:
        """True if the view is one of the open series in this plane."""
        volume, view = self.session.volume, self._view
        if volume is None or view is None or self.plane not in self.session.planes:
            return False
        geometry = volume.geometry
        return (view.size, view.spacing, view.axes) == (geometry.size, geometry.spacing, self._axes(geometry))

    def _axes(self, geometry: Geometry) -> Axes:
        """How the plane lies on the screen, as a person has mirrored and turned its picture, and turned the plane."""
        axes = plane_axes(geometry, self.plane)
        swapped = self._mirrored != self.session.is_neurological(self.plane)
        axes = turned(mirrored(axes) if swapped else axes, self._quarters)
        return turned_axes(geometry, axes, self.session.rotation)

    def _arrival_now(self) -> int:
        """A number that grows when the shown slice changes by slices that arrive."""
        volume, view = self.session.shown, self._view
        if volume is None or view is None or volume.arrived is None:
            return -1
        return int(volume.arrived[int(self._depth)] if shows_one_slice(view.axes) else volume.arrived.sum())

    def _voxels_changed(self) -> None:
        own_slice = self._view is not None and shows_one_slice(self._view.axes)
        if self.session.shown is not self._shown() or (own_slice and self._arrival_now() != self._shown_arrival):
            self._forget(grey=True)
            self.update()
        elif self.session.loading and not self._arrival.isActive():
            self._arrival.start()

    def _show_refined(self) -> None:
        self._forget(grey=True)
        self.update()

    def _show_arrived(self) -> None:
        if self._arrival_now() != self._shown_arrival:
            self._forget(grey=True)
        self.update()  # how many there are is written in any case

    @property
    def _drawing(self) -> bool:
        """True if the tool outlines regions for a label."""
        return self.session.hand.tool in REGION_TOOLS

    @property
    def _hands(self) -> tuple[ClickTools | RegionTools | MeasureTools, ...]:
        """What takes keys before the window does: first what the tool is drawing."""
        return (
            (self.clicks, self.regions, self.measuring)
            if self.clicks.chosen
            else (self.regions, self.measuring, self.clicks)
        )

    @property
    def _brushing(self) -> bool:
        return self.session.hand.tool in ("brush", "eraser")

    def _look(self, view: SliceView) -> None:
        self._view = view
        self._view_changed()
        self.viewChanged.emit()

    def _view_changed(self) -> None:
        self._forget(grey=True, labels=True, proposal=True)
        self.update()

    def _forget(self, *, grey: bool = False, labels: bool = False, proposal: bool = False) -> None:
        for wanted, made in (
            (grey, self._grey),
            (grey, self._values),
            (labels, self._labels),
            (proposal, self._proposal),
            (proposal, self._doubt),
        ):
            if wanted:
                made.forget()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._view is not None and self._view is self._hung:
            self.reset_view()
        elif self._view is not None:
            self._look(self._view.resized(self.width(), self.height()))
        self._offer_resampling(self.sentence)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._view_changed()
        super().changeEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:  # ends with the event whatever happens: a second one would crash in Qt
            self._paint(painter, event.region())

    def _paint(self, painter: QPainter, part: QRegion | None = None) -> None:
        """Paint the pane, or what lies in a part of it."""
        session, view, pane = self.session, self._view, QRectF(self.rect())
        volume = session.shown
        if view is None or volume is None or session.series is None:
            painter.fillRect(self.rect(), VIEWPORT)
            self._paint_strip(painter)
            left = self.corner_texts().top_left if session.volume is not None else ()
            button = self.resample_button
            self._place(
                pane.adjusted(0, STRIP_PX, 0, 0),
                Words(
                    CornerTexts(left),
                    sentence=self.sentence,
                    sentence_colour=DIMMED_TEXT,
                    sentence_area=self._sentence_area,
                    taken=(QRectF(button.geometry()),) if button.isVisible() else (),
                ),
            )
            self._write(painter)
            return
        self._begin()
        worded = part is None or not self.written or self._words_in(part)
        if worded:  # while other threads make the picture
            words = self._words.all(view, session.series, volume, self._sentence_area)
            if self._sampling.long:
                words = replace(words, badges=(*words.badges, Badge(tr("Refining"), DIMMED_TEXT)))
            self._place(pane.adjusted(0, STRIP_PX, 0, 0), words)
        self._paint_image(painter)
        self._synthetic.paint(painter, pane, self._divider)
        if session.fusion is not None:
            self._over.paint(painter, session.fusion, session.hand.smooth)
        if self._heat_seen is not None:
            self._heat.paint(painter, self._heat_seen.over, True)
        tint = self._values.get() if self._previewed is not None else None
        if tint is not None:
            tint.paint(painter, self.devicePixelRatioF())
        self._paint_labels(painter)
        doubt = self._doubt.get() if session.hand.uncertainty_visible and session.shown is session.volume else None
        if doubt is not None:
            doubt.paint(painter, self.devicePixelRatioF())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if len(session.planes) > 1 or session.hand.tool == "crosshair":  # else there is no other plane that it leads to
            self._paint_cross_hair(painter, view)
        self._paint_reference(painter, view)
        if session.loading and volume.arrived is not None:
            draw_progress(painter, pane, float(volume.arrived.mean()))
        taken = blocks(self.written) if session.measurements or self.measuring.drawing or session.detections else ()
        if session.detections is not None:
            self.proposals.paint(painter, taken)
            taken = (*taken, *(box.words_rect for box in self.proposals.boxes))
        self.measuring.paint(painter, taken)
        if worded:
            self._write(painter)
        self._paint_strip(painter)
        if not self.for_a_file:
            self.regions.paint(painter)
            self.clicks.paint(painter)
        self._paint_brush(painter, view)
        self._synthetic.write(painter, session, pane, self._divider, self.badges_end)

    @property
    def _heat_seen(self) -> HeatShown | None:
        """The map that is laid over the picture: while another moment is played, only one that is of it, too."""
        heat = self.session.heat
        own = self.session.shown is self.session.volume
        return heat if heat is not None and (own or heat.times > 1) else None

    @property
    def _divider(self) -> float:
        """Where the synthetic picture begins, in pane pixels."""
        return swipe_at(self.session, self.width())

    def _begin(self) -> None:
        """Have other threads make what is to be painted, as far as it is not made yet."""
        session, view, volume = self.session, self._view, self.session.shown
        if view is None or volume is None or session.series is None:
            return
        if not self._grey.begun or self._shown() is volume:  # else another series was opened, and apply() is to come
            if self._shown_depth != self._depth:  # a mouse that moves may have it painted before apply()
                self._forget(grey=True, labels=True, proposal=True)
            self._shown_depth = self._depth
        if session.fusion is not None:
            ratio, smooth = self.devicePixelRatioF(), session.hand.smooth
            self._over.begin(session.fusion, volume.geometry, view, self._depth, ratio, slab=self.slab, smooth=smooth)
        if self._heat_seen is not None and session.volume is not None:
            ratio, over = self.devicePixelRatioF(), self._heat_seen.over
            self._heat.begin(over, session.volume.geometry, view, self._depth, ratio, slab=self.slab)
        if session.hand.overlay_visible and session.label_map is not None and volume is session.volume:
            if not session.label_map.blank:
                self._begin_layer(self._labels, session.label_map.voxels, session.labels, view)
            if session.proposal is not None:
                self._begin_proposal(session.proposal, view)
        doubted = session.certainty if session.hand.uncertainty_visible and volume is session.volume else None
        if doubted is not None and not self._doubt.begun:
            self._doubt.begin(doubt_layer, doubted, view, self._depth, self.devicePixelRatioF())
        ratio, slabs = self.devicePixelRatioF(), self.slab is not None
        self._synthetic.begin(session, view, self._depth, ratio, slab=slabs)
        self._begin_values(view, volume)
        if not self._grey.begun:  # last, as an oblique plane is sampled here and now
            self._shown, self._shown_arrival = weakref.ref(volume), self._arrival_now()
            self._begin_image(view, volume)

    def _begin_values(self, view: SliceView, volume: Volume) -> None:
        """Tint the voxels of the values that a person is choosing, on single slices of the open series."""
        values, own = self.session.hand.previewed_values, volume is self.session.volume
        if volume.colour or self.session.loading or self.slab is not None or not own:
            values = None
        if values != self._previewed:
            self._values.forget()
        self._previewed = values
        if values is not None and not self._values.begun:
            self._values.begin(values_layer, volume, view, self._depth, values, self.devicePixelRatioF())

    def _begin_layer(
        self, layer: Ahead[Layer | None], voxels: NDArray[np.uint8], labels: Sequence[Label], view: SliceView
    ) -> None:
        if not layer.begun:
            colours = label_colours(labels, self.session.hand.overlay_opacity)
            layer.begin(layer_on, voxels, view, self._depth, colours, self.devicePixelRatioF(), hatched=False)

    def _begin_proposal(self, proposal: Proposal, view: SliceView) -> None:
        if not self._proposal.begun:
            colours = label_colours(proposal.labels, self.session.hand.overlay_opacity)
            self._proposal.begin(proposal_layer, proposal, view, self._depth, colours, self.devicePixelRatioF())

    def _begin_image(self, view: SliceView, volume: Volume) -> None:
        session, sampled = self.session, None
        if isinstance(view.axes, ObliqueAxes):
            masks = session.colour_map == "masks"
            sampled = self._sampling.values(volume, view.axes, self._depth, self.slab, masks)
        self._grey.begin(
            picture_of_slice,
            volume,
            view,
            self._depth,
            session.window,
            session.inverted,
            self.devicePixelRatioF(),
            slab=self.slab,
            loading=session.loading,
            marks=session.hand.file_overlay_visible,
            colour_map=session.colour_map,
            smooth=session.hand.smooth,
            sampled=sampled,
        )

    def _paint_image(self, painter: QPainter) -> None:
        picture, pane = self._grey.get(), QRectF(self.rect())
        if picture is None:
            painter.fillRect(pane, VIEWPORT)
        else:
            picture.paint(painter, pane)

    def _paint_labels(self, painter: QPainter) -> None:
        session = self.session
        if not session.hand.overlay_visible or session.label_map is None or session.shown is not session.volume:
            return
        for ahead in (self._labels, self._proposal):
            layer = ahead.get()
            if layer is not None:
                layer.paint(painter, self.devicePixelRatioF())

    def _redraw_labels(self, box: Box) -> None:
        """Draw anew only the part of the overlay that a stroke has touched."""
        view, label_map = self._view, self.session.label_map
        if view is None or label_map is None:
            return
        axes = view.axes
        if isinstance(axes, PlaneAxes) and not box[2 - axes.normal].start <= self._depth < box[2 - axes.normal].stop:
            return
        if self._labels.got is None:
            self._forget(labels=True)
            self.update()
            return
        colours = label_colours(self.session.labels, self.session.hand.overlay_opacity)
        ratio = self.devicePixelRatioF()
        layer, touched = redrawn(self._labels.got, label_map.voxels, box, view, self._depth, colours, ratio)
        self._labels.replace(layer)
        self.update(touched.toAlignedRect().adjusted(-1, -1, 1, 1))

    def _paint_cross_hair(self, painter: QPainter, view: SliceView) -> None:
        if self.session.rotation is not None:
            self.planes.paint_lines(painter, view)
        else:
            self._paint_upright_lines(painter, view)
        self.planes.paint_handles(painter, view, self._hover)

    def _lines_room(self, view: SliceView) -> QRectF:
        """Where the lines of the cross-hair are drawn: on the picture, clear of what is written at the edges."""
        left, top, wide, high = view.image_rect
        m = _CROSS_MARGIN_PX
        room = QRectF(m, m, self.width() - 2 * m, self.height() - m - _CROSS_FOOT_PX)
        return room.intersected(QRectF(left, top, wide, high))

    def _paint_upright_lines(self, painter: QPainter, view: SliceView) -> None:
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
                    painter.fillRect(line, line_colour(plane))  # drawLine takes ten times as long
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _paint_reference(self, painter: QPainter, view: SliceView) -> None:
        own, volume = self.slice_corners(), self.session.volume
        if self._reference is None or own is None or volume is None:
            return
        corners, plane = self._reference
        line = cut_line(corners, own)
        if line is None:
            return
        ends = [QPointF(*view.to_pane((float(p[0]), float(p[1]), float(p[2])))) for p in self._on_slice(line)]
        painter.save()
        painter.setClipRect(QRectF(*view.image_rect))
        for colour, width in ((QColor(0, 0, 0, 150), 3.0), (PLANE_COLOURS[plane], 1.4)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine))
            painter.drawLine(*ends)
        painter.restore()

    def _on_slice(self, points_lps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Continuous indices of points on the shown slice."""
        assert self.session.volume is not None
        geometry = self.session.volume.geometry
        if geometry.slice_origins is None:
            return geometry.lps_to_index(points_lps)
        one = replace(geometry, slice_origins=None, origin=geometry.slice_origins[int(self._depth)])
        return one.lps_to_index(points_lps)

    def _planes_of_lines(self, view: SliceView) -> tuple[Plane, Plane]:
        """The planes whose slices the horizontal and the vertical line are."""
        volume = self.session.volume
        assert volume is not None
        normals: dict[int, Plane] = {plane_axes(volume.geometry, plane).normal: plane for plane in PLANES}
        axes = view.axes.acquired
        return normals[axes.down], normals[axes.right]

    # Words

    def corner_texts(self) -> CornerTexts:
        """The lines of the four corners as they would be written now."""
        return self._words.corner_texts()

    @property
    def _words(self) -> SliceWords:
        return SliceWords(
            self.session,
            self.plane,
            self._view,
            self._depth,
            self.slab,
            self._mirrored,
            self._quarters,
            self._pointed,
            self._company,
            self.width(),
        )

    @property
    def place_pointed_at(self) -> tuple[Point, QPointF] | None:
        """The index under the mouse, or that of the cross-hair, and where that is on the pane; None with nothing to see
        of it."""
        index = self._pointed if self._view is not None else None
        return None if index is None or self._view is None else (index, QPointF(*self._view.to_pane(index)))

    @property
    def _pointed(self) -> tuple[float, float, float] | None:
        """The index under the mouse, or that of the cross-hair while the mouse is elsewhere."""
        volume = self.session.volume
        index = self.index_at(self._hover) if self._hover is not None else None
        inside = index is not None and volume is not None and volume.geometry.contains_index(index)
        return index if inside else self.session.cursor_at

    def _paint_brush(self, painter: QPainter, view: SliceView) -> None:
        if self._hover is None or not self._brushing or self._badge_at(self._hover) is not None:
            return
        radius = max(self.session.hand.brush_radius_mm * view.pixels_per_mm, 1.5)
        label, brush = self.session.label, self.session.hand.tool == "brush"
        minus = self._minus if self.session.painting else self._ctrl
        adds = brush and not minus
        colour = QColor(*label.colour) if adds else ON_IMAGE
        style = Qt.PenStyle.SolidLine if adds else Qt.PenStyle.DashLine
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 190), 3.2))
        painter.drawEllipse(self._hover, radius, radius)
        painter.setPen(QPen(colour.lighter(125), 1.5, style))
        painter.drawEllipse(self._hover, radius, radius)
        painter.setPen(QPen(ON_IMAGE, 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawPoint(self._hover)
        painter.setFont(font_for(self.font(), self.width(), self.height()))
        beside = self._hover + QPointF(radius + 6, 4)
        words = f"{'' if adds else '− '}{tr(label.name)}" if brush else tr("Erase")
        draw_text(painter, beside, words, colour.lighter(135))

    def _brush_rect(self, at: QPointF) -> QRect:
        radius = self.session.hand.brush_radius_mm * (self._view.pixels_per_mm if self._view else 1.0) + 5
        height = 2 * max(radius, float(self.fontMetrics().height()))
        return QRectF(at.x() - radius, at.y() - height / 2, 2 * radius + _BRUSH_NAME_PX, height).toAlignedRect()


def _beside_wall(view: SliceView, side: Literal["left", "right"]) -> float:
    """Pane pixels between one side of a pane and that of the slice; negative where the slice goes on beyond it."""
    left, _, wide, _ = view.image_rect
    return left if side == "left" else view.width - left - wide


def _allows_slabs(volume: Volume) -> bool:
    return volume.geometry.is_grid and not volume.colour
