"""The tools that give a region of a plane to a label: polygon, lasso, live wire, flood fill and level tracing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QMouseEvent, QPainter

from viewer.core.display import VoiTable, WindowLevel
from viewer.core.events import What
from viewer.core.growing import LiveWire, calmed, flood, flood_volume, level_traced
from viewer.core.hand import REGION_TOOLS, RegionTool
from viewer.core.painting import Box, Point
from viewer.core.plane_raster import PlaneRaster
from viewer.core.region_search import RegionSearch, draw_region, region_title
from viewer.core.session import Session
from viewer.core.shaping import Mask
from viewer.core.volume import Volume
from viewer.gui.actions import why_no_drawing
from viewer.gui.flat_pane import FlatPane
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.measure_drawing import ToPane
from viewer.gui.measure_tools import Scene
from viewer.gui.overlay import number_text
from viewer.gui.pane import CLICK_PX, UNDO
from viewer.gui.region_drawing import MaskPicture, draw_outline, write_beside
from viewer.gui.style import ON_IMAGE
from viewer.render.plane_values import plane_values
from viewer.render.slices import grey_of

_LASSO_PX = 1.5  # between the points of a lasso
_CLOSE_PX = 9.0  # a click this near to the first point closes an outline
_FEWEST = 3  # corners
_FIRST_TOLERANCE = 0.1  # of the width of the window
_TOLERANCE_PX = 90.0  # over which a drag makes the tolerance e times larger
_WAIT_S = 0.08  # for a live wire that is asked for sooner than it is there
_LEFT = Qt.MouseButton.LeftButton
_CLICKED: tuple[RegionTool, ...] = ("outline", "livewire")  # point by point

_TOO_FEW = QT_TR_NOOP("Set at least three corners, then double click or press Return")
_NOTHING_INSIDE = QT_TR_NOOP("Nothing was drawn: no voxel's centre lies inside")
_NO_VALUE = QT_TR_NOOP("Nothing to fill here: there is no value")
_NOTHING_TO_TAKE = QT_TR_NOOP("Nothing was taken away: the label {name} has no voxel there")
_NOTHING_NEW = QT_TR_NOOP("Nothing changed: all of it is the label {name} already, or is locked or masked")

_HINTS: dict[RegionTool, str] = {
    "outline": QT_TR_NOOP("Click the corners"),
    "lasso": QT_TR_NOOP("Drag around it"),
    "livewire": QT_TR_NOOP("Click points along the edge"),
    "flood": QT_TR_NOOP("Click, or drag up and down for the range"),
    "flood3d": QT_TR_NOOP("Click, or drag up and down for the range"),
    "level": QT_TR_NOOP("Click takes the outline"),
}
_TO_CLOSE = QT_TR_NOOP("Double click or Return closes")
_CTRL = QT_TR_NOOP("Ctrl takes away")
_PREVIEW_OF_3D = QT_TR_NOOP("Shown on this slice; released, it fills in 3-D")
_known: set[RegionTool] = set()  # tools that a person has used: nothing needs to be said of them any more


@dataclass(eq=False)
class _Outline:
    """A line being drawn, through continuous indices. Of a live wire points are what was clicked; legs lead from each
    to the next, and wires find the ways on from each."""

    tool: RegionTool
    scene: Scene
    minus: bool
    points: list[Point]
    legs: list[NDArray[np.float64]] = field(default_factory=list)
    wires: list[Future[LiveWire]] = field(default_factory=list)
    picture: NDArray[np.uint8] | None = None


@dataclass(eq=False)
class _Fill:
    """A flood fill while its button is held. value is that of the pixel under the press; first the tolerance with
    which it began."""

    tool: RegionTool
    scene: Scene
    minus: bool
    pixel: tuple[int, int]
    voxel: tuple[int, int, int]  # k, j, i
    value: float
    press: QPointF
    first: float
    tolerance: float
    moved: bool = False
    found: tuple[float, Mask, MaskPicture] | None = None  # for a tolerance

    @property
    def ends(self) -> tuple[float, float]:
        return self.value - self.tolerance, self.value + self.tolerance


@dataclass(frozen=True, eq=False)
class _PlaneValues:
    """The values of a plane (rows, columns), and which of them are values at all."""

    volume: Volume
    place: object
    values: NDArray
    measured: Mask

    @cached_property
    def calm(self) -> NDArray[np.float32]:
        return calmed(self.values, self.measured)


class _Teller(QObject):
    ready = Signal()  # from another thread


class RegionTools:
    """The drawing hand of a pane. Each event method says whether the event was for drawing.

    scene gives what the pane shows, or None while nothing can be drawn there. refuse is told in a sentence why nothing
    came of what a person did; search gets what takes too long to be done here.
    """

    def __init__(
        self,
        session: Session,
        pane: FlatPane,
        scene: Callable[[], Scene | None],
        refuse: Callable[[str], None],
        search: Callable[[RegionSearch], None],
    ) -> None:
        self._session, self._pane, self._scene, self._refuse, self._search = session, pane, scene, refuse, search
        self._draft: _Outline | _Fill | None = None
        self._traced: tuple[object, Mask, MaskPicture] | None = None
        self._values: _PlaneValues | None = None
        self._teller = _Teller(pane)
        self._teller.ready.connect(pane.update)

    # What the pane asks

    @property
    def tool(self) -> RegionTool | None:
        """The tool in use, if it is one of these."""
        tool = self._session.hand.tool
        return next((one for one in REGION_TOOLS if one == tool and one != "click"), None)  # see ClickTools

    @property
    def drawing(self) -> bool:
        """True while a region is begun and not ended."""
        return self._draft is not None

    @property
    def dragging(self) -> bool:
        """True while the button is held down for it: the slice must stay."""
        return isinstance(self._draft, _Fill) or (self._draft is not None and self._draft.tool == "lasso")

    def apply(self, what: What) -> None:
        """Take note of what changed in the session."""
        if what & What.SERIES or not self._session.editable or (self._draft and self._draft.tool != self.tool):
            self.cancel()
        if what & (What.SERIES | What.VOXELS):
            self._values = self._traced = None

    def cancel(self) -> None:
        """Drop what is being drawn."""
        self._draft = None

    def show_as(self, other: RegionTools) -> None:
        """Draw also what is being drawn on another pane of the same plane."""
        self._draft, self._values = other._draft, other._values

    def cursor_shape(self) -> Qt.CursorShape | None:
        return None if self.tool is None else Qt.CursorShape.CrossCursor

    # Mouse

    def press(self, event: QMouseEvent) -> bool:
        tool, scene = self.tool, self._scene()
        if tool is None or event.button() != _LEFT or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return False
        if why_not := why_no_drawing(self._session, tool):
            self._refuse(why_not)
            return True
        if scene is None:
            return False
        minus = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if tool in _CLICKED:
            self._click(tool, event.position(), scene, minus)
        elif tool == "lasso":
            self._draft = _Outline(tool, scene, minus, [self._index(event.position(), scene)])
        elif tool == "level":
            self._take_traced(event.position(), scene, minus)
        else:
            self._begin_fill(tool, event.position(), scene, minus)
        self._pane.update()
        return True

    def move(self, event: QMouseEvent) -> bool:
        draft = self._draft
        if draft is None or not self.dragging:
            return False
        if not event.buttons() & _LEFT:  # released while another button was held
            self._released()
        elif isinstance(draft, _Fill):
            if draft.moved or (event.position() - draft.press).manhattanLength() >= CLICK_PX:
                draft.moved = True
                draft.tolerance = self._whole(
                    draft.first * np.exp((draft.press - event.position()).y() / _TOLERANCE_PX)
                )
        else:
            last = QPointF(*draft.scene.view.to_pane(draft.points[-1]))
            if (event.position() - last).manhattanLength() >= _LASSO_PX and self._goes_on(draft, self._scene()):
                draft.points.append(self._index(event.position(), draft.scene))
        self._pane.update()
        return True

    def release(self, event: QMouseEvent) -> bool:
        if event.button() != _LEFT or not self.dragging:
            return False
        self._released()
        self._pane.update()
        return True

    def double_click(self, event: QMouseEvent) -> bool:
        """Close an outline; else the second of two quick clicks."""
        if event.button() != _LEFT or self.tool is None:
            return False
        if isinstance(self._draft, _Outline) and self._draft.tool in _CLICKED:
            self._close()
            return True
        return self.press(event)

    # Keys

    def wants(self, event: QKeyEvent) -> bool:
        """True for keys that end or change what is being drawn, before they do anything else."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        return self._draft is not None and (event.key() in keys or event.matches(UNDO))

    def key(self, event: QKeyEvent) -> bool:
        if self.tool is not None and event.key() == Qt.Key.Key_Control:
            self._pane.update()  # what a click would do is shown
        if not self.wants(event):
            return False
        if event.type() == QEvent.Type.KeyPress:
            outlined = isinstance(self._draft, _Outline) and self._draft.tool in _CLICKED
            undone = Qt.Key.Key_Backspace if outlined else Qt.Key.Key_Escape  # the last point, or all that is begun
            self._press_key(undone if event.matches(UNDO) else Qt.Key(event.key()))
            self._pane.update()
        return True

    def _press_key(self, key: Qt.Key) -> None:
        draft = self._draft
        if key == Qt.Key.Key_Escape:
            self.cancel()
        elif not isinstance(draft, _Outline) or draft.tool not in _CLICKED:
            return
        elif key == Qt.Key.Key_Backspace:
            for some in (draft.points, draft.legs, draft.wires):
                del some[-1:]
            if not draft.points:
                self.cancel()
        else:
            self._close()

    # Outlines

    def _click(self, tool: RegionTool, point: QPointF, scene: Scene, minus: bool) -> None:
        draft = self._draft
        if not isinstance(draft, _Outline) or not self._goes_on(draft, scene):
            self._draft = draft = _Outline(tool, scene, minus, [])
        elif self._near_first(draft, point, scene):
            self._close()
            return
        if tool == "livewire":
            self._click_wire(draft, point, scene)
        else:
            draft.points.append(self._index(point, scene))

    def _click_wire(self, draft: _Outline, point: QPointF, scene: Scene) -> None:
        raster = self._raster(scene)
        pixel = raster.pixel(self._index(point, scene))
        if pixel is None:  # beside the picture there are no edges
            if not draft.points:
                self._draft = None
            return
        if draft.points:
            if np.allclose(draft.points[-1], raster.index(*pixel)):
                return
            draft.legs.append(self._leg(draft, pixel, _WAIT_S))
        if draft.picture is None:
            draft.picture = self._picture(scene)
        draft.points.append(raster.index(*pixel))
        wire = _wires().submit(LiveWire, draft.picture, pixel)
        wire.add_done_callback(lambda _: self._teller.ready.emit())
        draft.wires.append(wire)

    def _leg(self, draft: _Outline, pixel: tuple[int, int], wait_s: float = 0.0) -> NDArray[np.float64]:
        """Indices (n, 3) from the last point of a live wire to a pixel: along the edge, or straight while that is still
        being worked out."""
        raster = self._raster(draft.scene)
        try:
            path = draft.wires[-1].result(wait_s).path_to(*pixel)
        except NotYet:
            return np.array([draft.points[-1], raster.index(*pixel)])
        return raster.indices(path)

    def _near_first(self, draft: _Outline, point: QPointF, scene: Scene) -> bool:
        if len(draft.points) < _FEWEST:
            return False
        apart = QPointF(*scene.view.to_pane(draft.points[0])) - point
        return max(abs(apart.x()), abs(apart.y())) <= _CLOSE_PX

    def _close(self) -> None:
        draft = self._draft
        if not isinstance(draft, _Outline):
            return
        if len(draft.points) < _FEWEST:
            self._refuse(tr(_TOO_FEW))
            return
        line = self._line(draft, None, closed=True, wait_s=_WAIT_S)
        self._draft = None
        raster = self._raster(draft.scene)
        self._take(draft.tool, raster, raster.enclosed(line), draft.minus)

    def _line(
        self, draft: _Outline, mouse: tuple[int, int] | None, *, closed: bool = False, wait_s: float = 0.0
    ) -> NDArray[np.float64]:
        """Indices (n, 3) of an outline; of a live wire also on to the pixel under the mouse, or back to its start."""
        if draft.tool != "livewire":
            return np.array(draft.points)
        legs = list(draft.legs)
        if closed and (first := self._raster(draft.scene).pixel(draft.points[0])) is not None:
            legs.append(self._leg(draft, first, wait_s))
        elif mouse is not None and draft.wires:
            legs.append(self._leg(draft, mouse))
        return np.vstack([draft.points[:1], *legs])

    # Regions of values

    def _begin_fill(self, tool: RegionTool, point: QPointF, scene: Scene, minus: bool) -> None:
        raster = self._raster(scene)
        at = self._index(point, scene)
        pixel, values = raster.pixel(at), self._values_on(scene)
        if pixel is None or values is None or not values.measured[pixel]:
            self._refuse(tr(_NO_VALUE))
            return
        assert self._session.volume is not None
        i, j, k = self._session.volume.geometry.clamp_index(at)
        value = float(values.values[pixel])
        if tool == "flood3d":  # voxels are compared, not what is interpolated between them
            value = float(self._session.volume.voxels[k, j, i])
        tolerance = self._tolerance
        self._draft = _Fill(tool, scene, minus, pixel, (k, j, i), value, point, tolerance, tolerance)

    @property
    def _tolerance(self) -> float:
        session = self._session
        if session.flood_tolerance is not None:
            return session.flood_tolerance
        return self._whole(_FIRST_TOLERANCE * session.window_level.width)

    def _whole(self, tolerance: float) -> float:
        """A tolerance in whole numbers where values are, and never nothing at first, from which no drag leads away."""
        volume = self._session.volume
        whole = volume is not None and volume.voxels.dtype.kind in "iu"
        return max(float(round(tolerance)), 1.0) if whole else float(tolerance)

    def _filled(self, fill: _Fill) -> tuple[Mask, MaskPicture]:
        """What a fill takes of the plane, as it is now."""
        if fill.found is None or fill.found[0] != fill.tolerance:
            values = self._values_on(fill.scene)
            assert values is not None
            low, high = fill.ends
            fits = (values.values >= low) & (values.values <= high) & values.measured
            mask = flood(fits, fill.pixel)
            fill.found = fill.tolerance, mask, MaskPicture(mask)
        return fill.found[1], fill.found[2]

    def _released(self) -> None:
        draft, self._draft = self._draft, None
        if isinstance(draft, _Outline):
            raster = self._raster(draft.scene)
            self._take(draft.tool, raster, raster.enclosed(draft.points), draft.minus)
        elif isinstance(draft, _Fill):
            if draft.moved:
                self._session.flood_tolerance = draft.tolerance
            if draft.tool == "flood":
                self._take(draft.tool, self._raster(draft.scene), (self._filled(draft)[0], 0, 0), draft.minus)
            else:
                self._fill_volume(draft)

    def _fill_volume(self, fill: _Fill) -> None:
        volume, (low, high), seed = self._session.volume, fill.ends, fill.voxel
        assert volume is not None

        def fits(k: int) -> Mask:
            layer = volume.voxels[k]
            return (layer >= low) & (layer <= high) & volume.measured(layer)

        def find(progress: Callable[[float], None]) -> tuple[Box, Mask] | None:
            return flood_volume(fits, volume.geometry.size[2], seed, progress)

        _known.add(fill.tool)
        title = self._title(fill.tool, fill.minus)
        session, name = self._session, self._label_name

        def done(changed: bool) -> None:
            if not changed:
                self._refuse(_unchanged(fill.minus, name))

        self._search(RegionSearch(title, find, session, fill.minus, done))

    def _trace(self, point: QPointF, scene: Scene) -> tuple[Mask, MaskPicture] | None:
        """What the contour line through the pixel under a pane point encloses."""
        raster, values = self._raster(scene), self._values_on(scene)
        pixel = raster.pixel(self._index(point, scene))
        if pixel is None or values is None or not values.measured[pixel]:
            return None
        key = values, pixel
        if self._traced is None or self._traced[0] != key:
            mask = level_traced(values.calm, pixel) & values.measured
            self._traced = key, mask, MaskPicture(mask)
        return self._traced[1], self._traced[2]

    def _take_traced(self, point: QPointF, scene: Scene, minus: bool) -> None:
        traced = self._trace(point, scene)
        if traced is None:
            self._refuse(tr(_NO_VALUE))
        else:
            self._take("level", self._raster(scene), (traced[0], 0, 0), minus)

    def _values_on(self, scene: Scene) -> _PlaneValues | None:
        """The values of the plane that is shown."""
        volume = self._session.volume
        if volume is None or volume.colour:
            return None
        known, axes = self._values, scene.view.axes
        if known is None or known.volume is not volume or known.place != scene.place:
            values, measured = plane_values(volume, axes, scene.depth)
            self._values = known = _PlaneValues(volume, scene.place, values, measured)
        return known

    def _picture(self, scene: Scene) -> NDArray[np.uint8]:
        """The plane in the grey levels in which it is seen: what a person does not see is no edge."""
        session, values = self._session, self._values_on(scene)
        assert session.volume is not None and values is not None
        window: WindowLevel | VoiTable = session.window
        return grey_of(values.values, window, session.inverted, session.volume.padding)

    # Giving it to the label

    def _take(self, tool: RegionTool, raster: PlaneRaster, region: tuple[Mask, int, int], minus: bool) -> None:
        """Give a region of pixels to the active label, or take it from it."""
        found = raster.voxels_of(*region)
        if found is None:
            self._refuse(tr(_NOTHING_INSIDE))
            return
        if why_not := why_no_drawing(self._session, tool):
            self._refuse(why_not)
            return
        _known.add(tool)
        title, name = self._title(tool, minus), self._label_name
        if not draw_region(self._session, title, found, minus=minus):
            self._refuse(_unchanged(minus, name))

    @property
    def _label_name(self) -> str:
        return self._session.label.name

    def _title(self, tool: RegionTool, minus: bool) -> str:
        return region_title(tool, self._label_name, minus)

    # Painting

    def paint(self, painter: QPainter) -> None:
        """Draw what is being drawn, or what a click would take, and beside the mouse which label it is for."""
        tool, scene, mouse = self.tool, self._scene(), self._pane.mouse_at
        if tool is None or scene is None or why_no_drawing(self._session, tool):
            return
        session, draft = self._session, self._draft
        here = draft is not None and self._goes_on(draft, scene)
        ctrl = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier)
        minus = draft.minus if draft is not None and here else ctrl
        own = QColor(*session.label.colour).lighter(125)
        colour = ON_IMAGE if minus else own  # as the eraser's ring
        more = tr(_HINTS[tool]) if tool not in _known else ""
        if isinstance(draft, _Outline) and here:
            self._paint_outline(painter, draft, scene, mouse, colour)
            if len(draft.points) >= _FEWEST and draft.tool in _CLICKED and more:
                more = tr(_TO_CLOSE)
        elif isinstance(draft, _Fill) and here:
            self._filled(draft)[1].draw(painter, scene.view, colour, dashed=minus)
            more = tr(_PREVIEW_OF_3D) if tool == "flood3d" else more
        elif tool == "level" and mouse is not None and not scene.slab and (traced := self._trace(mouse, scene)):
            traced[1].draw(painter, scene.view, colour, dashed=minus)
        if mouse is not None and not (here and tool == "lasso"):
            self._write(painter, mouse, own, minus, draft if here else None, more)

    def _paint_outline(
        self, painter: QPainter, draft: _Outline, scene: Scene, mouse: QPointF | None, colour: QColor
    ) -> None:
        to_pane = ToPane(scene.view)
        pixel = None if mouse is None else self._raster(scene).pixel(self._index(mouse, scene))
        line = to_pane(self._line(draft, pixel))
        if mouse is not None and draft.tool == "outline":
            line = np.vstack([line, [[mouse.x(), mouse.y()]]])
        corners = to_pane(draft.points) if draft.tool in _CLICKED else np.zeros((0, 2))
        closing = np.array([line[-1], line[0]])
        draw_outline(painter, line, corners, colour, closing=closing, dashed=draft.minus)

    def _write(
        self, painter: QPainter, at: QPointF, colour: QColor, minus: bool, draft: _Outline | _Fill | None, more: str
    ) -> None:
        """The label beside the mouse with the sense of a click, the range of a fill, and how the tool goes."""
        words = f"{'−' if minus else '+'} {tr(self._label_name)}"
        if isinstance(draft, _Fill):
            unit = self._session.volume.unit if self._session.volume is not None else ""
            low, high = (number_text(end) for end in draft.ends)
            words += f"  ±{number_text(draft.tolerance)}  ({low} … {high} {unit}".rstrip() + ")"
        lines = [words, *([more] if more else []), *([tr(_CTRL)] if more and draft is None else [])]
        write_beside(painter, self._pane, at, lines, colour)

    # Places

    def _raster(self, scene: Scene) -> PlaneRaster:
        assert self._session.volume is not None
        return PlaneRaster(self._session.volume.geometry, scene.view.axes, scene.depth)

    def _index(self, point: QPointF, scene: Scene) -> Point:
        return scene.view.to_index(point.x(), point.y(), scene.depth)

    @staticmethod
    def _goes_on(draft: _Outline | _Fill, scene: Scene | None) -> bool:
        """True if what is being drawn lies on the plane that is shown."""
        return scene is not None and draft.scene.place == scene.place


def _unchanged(minus: bool, name: str) -> str:
    return tr(_NOTHING_TO_TAKE if minus else _NOTHING_NEW).format(name=tr(name))


@cache
def _wires() -> ThreadPoolExecutor:
    """The thread on which live wires are made, since it was first needed."""
    return ThreadPoolExecutor(1, "livewire")
