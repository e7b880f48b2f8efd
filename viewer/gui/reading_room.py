"""The panes side by side: which series and plane each of them shows, which one is active, and what they do together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from viewer.core.events import Change, What
from viewer.core.geometry import PLANES, Plane, plane_axes
from viewer.core.linking import Linked, Links, in_one_space, why_no_common_window
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.settings import LAYOUTS, LayoutName
from viewer.gui.actions import no_longer_confirmed
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.curved_pane import CurvedPane
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.magnifier import Magnifier
from viewer.gui.overlay import Badge, Rank
from viewer.gui.slice_pane import SlicePane
from viewer.gui.style import DIMMED_TEXT, WARNING
from viewer.gui.volume_pane import VolumePane
from viewer.workflows import Workflows

SERIES_MIME = "application/x-slicewise-series"  # a series' uid, as it is dragged from the list of studies

_PLACES: dict[LayoutName, tuple[tuple[int, int, int, int], ...]] = {  # row, column, rows, columns
    "1x1": ((0, 0, 1, 1),),
    "1x2": ((0, 0, 1, 1), (0, 1, 1, 1)),
    "2x2": ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)),
    "1+3": ((0, 0, 3, 1), (0, 1, 1, 1), (1, 1, 1, 1), (2, 1, 1, 1)),
    "2x3": tuple((row, column, 1, 1) for row in range(2) for column in range(3)),
}
_LARGE_SHARE = 2  # of the large pane of 1+3, against the small ones' 1
View = Plane | Literal["3d", "curved"]
SomePane = SlicePane | VolumePane | CurvedPane

_BY_HAND = QT_TR_NOOP(
    "A person has said that the cross-hairs of these series were at the same place. From there they go by the same "
    "number of millimetres; how the patient lay is not taken into account."
)
_SAME_GRID = QT_TR_NOOP(
    "These files have the same grid and no frame of reference, so the same voxels are taken for the same place. "
    "Of whom they are the files do not say."
)
_OTHERS = QT_TR_NOOP(
    "The series beside each other are not of one patient, or their files tell the name or the ID differently."
)
_UNKNOWN = QT_TR_NOOP(
    "The files of this series name no patient, by name or ID, and those of a series beside it do. Nothing says that "
    "both are of one patient."
)
_DROP_HERE = QT_TR_NOOP("Drop a series here")


@dataclass(frozen=True, eq=False)
class Cell:
    """What a place of the layout shows: a plane of a session, "3d", or "curved", along its path."""

    session: Session
    view: View

    def same(self, other: Cell | None) -> bool:
        return other is not None and self.session is other.session and self.view == other.view


def dragged_series(uid: str) -> QMimeData:
    """What is carried while a series is dragged."""
    mime = QMimeData()
    mime.setData(SERIES_MIME, QByteArray(uid.encode()))
    return mime


class ReadingRoom(QWidget):
    """Panes in a layout. Each session on the screen has one pane a plane; one pane shows a session in 3-D.

    The active pane is the one that keys act on, and its session is the one that is worked on. listeners are called once
    per turn of the event loop with the changes of that session, after the panes.
    """

    activeChanged = Signal()  # another pane; another session perhaps
    sessionChanged = Signal()  # another session is worked on
    changed = Signal(object, object)  # Session, What: of any session, once per turn of the event loop
    linksChanged = Signal()  # what goes from one series to the others, or which series there are
    arranged = Signal()  # another layout, another pane large, or other series
    menuRequested = Signal(QPoint)  # global position
    seriesDropped = Signal(str, object)  # uid, Session that it is to be opened in
    seriesDroppedOver = Signal(str)  # uid, dropped with Ctrl onto a series that is worked on now
    pressed = Signal()  # any press in a pane
    wheeled = Signal()  # any turn of the wheel in a pane
    resampleRequested = Signal()
    clicked = Signal(object, object)  # SlicePane and QPointF, with a tool that only looks
    refused = Signal(str)  # of what a person drew: why nothing came of it, or what else it changed

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows = workflows
        self.links = Links()
        self.volume_pane = VolumePane(workflows.session, workflows.jobs)
        self.magnifier = Magnifier(
            lambda: self._active if isinstance(self._active, CurvedPane) else self.slice_pane, self
        )
        self._panes: dict[Session, dict[Plane, SlicePane]] = {}
        self._curved: dict[Session, CurvedPane] = {}
        self._had_path: dict[Session, bool] = {}
        self._gatherers: dict[Session, ChangeGatherer] = {}
        self._listeners: list[Callable[[What, Box | None], None]] = []
        self._layout_name: LayoutName = "2x2"
        self._cells: list[Cell | None] = []
        self._empty: list[QLabel] = []
        self._chosen = False  # a person has put something into a cell
        self._large: SomePane | None = None
        self._target: QWidget | None = None  # where something dragged would be dropped
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self.setAcceptDrops(True)
        self._listen_to(self.volume_pane)
        self._take_in(workflows.session)
        self._active: SomePane = self.panes["axial"]
        self._active.set_active(True)
        self.hang("2x2")

    def subscribe(self, listeners: Sequence[Callable[[What, Box | None], None]]) -> None:
        """Have listeners called with what changes of the session that is worked on."""
        self._listeners.extend(listeners)

    # What is on the screen

    @property
    def session(self) -> Session:
        """The session that is worked on."""
        return self._workflows.session

    @property
    def panes(self) -> dict[Plane, SlicePane]:
        """The planes of the session that is worked on, shown or not."""
        return self._panes[self.session]

    @property
    def curved_pane(self) -> CurvedPane:
        """The session that is worked on along its path, shown or not."""
        return self._curved[self.session]

    @property
    def active(self) -> SomePane:
        return self._active

    @property
    def plane(self) -> Plane:
        """The plane of the active pane; in 3-D, that of the slice pane of its session that is shown first."""
        if isinstance(self._active, SlicePane):
            return self._active.plane
        for pane in self.shown:
            if isinstance(pane, SlicePane) and pane.session is self.session:
                return pane.plane
        return "axial"

    @property
    def slice_pane(self) -> SlicePane:
        """The pane of that plane."""
        return self.panes[self.plane]

    def pane_of(self, view: View) -> SomePane:
        """The pane of a view of the session that is worked on, shown or not."""
        return self._pane_of(Cell(self.session, view))

    @property
    def layout_name(self) -> LayoutName:
        return self._layout_name

    @property
    def large(self) -> SomePane | None:
        """The pane that has all the room, if one has."""
        return self._large

    @property
    def cells(self) -> tuple[Cell | None, ...]:
        """What the places of the layout show, in reading order; None where nothing is."""
        return tuple(self._cells[: len(_PLACES[self._layout_name])])

    @property
    def shown(self) -> tuple[SomePane, ...]:
        """The panes of the layout in reading order, whether or not one of them has all the room now."""
        return tuple(self._pane_of(cell) for cell in self.cells if cell is not None)

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Those that are in the layout, in reading order."""
        return tuple(dict.fromkeys(cell.session for cell in self.cells if cell is not None))

    @property
    def comparing(self) -> bool:
        """True if more than one series is in the layout."""
        return len(self.sessions) > 1

    # Commands

    def activate(self, pane: SomePane) -> None:
        """Make a pane the one that keys act on, and its series the one that is worked on."""
        other = pane.session is not self.session
        if pane is self._active and not other:
            return
        self._active.set_active(False)
        self._active = pane
        pane.set_active(True)
        if other:
            self._workflows.work_on(pane.session)
            self.sessionChanged.emit()
            for listener in self._listeners:
                listener(What.SERIES, None)
        self._show_references()
        self.activeChanged.emit()

    def hang(self, layout: LayoutName) -> None:
        """Show the series that is worked on, alone, in the places that a layout has for it."""
        self._layout_name, self._chosen = layout, False
        self._cells = list(self._usual(self.session, layout))
        self._large = None
        self._arrange()

    def choose_layout(self, layout: LayoutName) -> None:
        """Have another layout. What a person has put into the cells stays, as far as there is room for it."""
        if not self._chosen and not self.comparing:
            self.hang(layout)
            return
        if layout == "1x1" and self.comparing:  # the others stay open behind it
            self.maximise(self._active)
            return
        kept = [cell for cell in self.cells if cell is not None]
        room = len(_PLACES[layout])
        front = next((cell for cell in kept if self._pane_of(cell) is self._active), None)
        if front is not None and kept.index(front) >= room:
            kept.remove(front)
            kept.insert(0, front)
        kept = kept[:room]
        kept += self._others(kept, room - len(kept))
        self._layout_name, self._cells, self._large = layout, [*kept, *[None] * (room - len(kept))], None
        self._arrange()

    def put(self, session: Session, view: View, place: int) -> None:
        """Show a plane of a session, or its 3-D view, in a cell; where it is shown already, the cells change places."""
        cell = Cell(session, view)
        before = self._cells[place]
        for n, other in enumerate(self._cells):
            if n != place and other is not None and (cell.same(other) or view == other.view == "3d"):
                self._cells[n] = before
        self._cells[place], self._chosen = cell, True
        if self._large is not None:
            self._large = self._pane_of(cell)
        self._arrange()
        self.activate(self._pane_of(cell))

    def show_again(self, uid: str) -> bool:
        """Go to a series that is on the screen already; False if it is not."""
        pane = next((p for p in self.shown if p.session.series is not None and p.session.series.uid == uid), None)
        if pane is not None:
            self.activate(pane)
        return pane is not None

    def place_of(self, pane: SomePane) -> int | None:
        """The number of the cell that shows a pane."""
        return next((n for n, c in enumerate(self.cells) if c is not None and self._pane_of(c) is pane), None)

    def add_beside(self) -> Session:
        """A session in a cell of its own beside what is shown, in a layout that has room for it, its panes of one
        size."""
        if not self.comparing:
            first = self.slice_pane
            self._layout_name, self._chosen = "1x2", True
            self._cells = [Cell(first.session, first.plane), None]
        elif None not in self.cells:
            larger: list[LayoutName] = [name for name in ("2x2", "2x3") if len(_PLACES[name]) > len(self.cells)]
            if larger:
                self._layout_name, self._cells = larger[0], list(self.cells)
                self._cells += [None] * (len(_PLACES[larger[0]]) - len(self._cells))
        self._large = None
        place = next((n for n, cell in enumerate(self.cells) if cell is None), None)
        if place is None:
            shown = [cell.session for cell in self.cells if cell is not None]
            seen_twice = [n for n, session in enumerate(shown) if shown.count(session) > 1]
            place = [len(shown) - 1, *seen_twice][-1]  # in place of no other series, if that can be
        session = self._workflows.add_session()
        self._take_in(session)
        self.put(session, self.plane, place)
        return session

    def _make_room(self) -> bool:
        """Have the next larger layout; False if there is none."""
        larger: list[LayoutName] = [name for name in LAYOUTS if len(_PLACES[name]) > len(self.cells)]
        if larger:
            self.choose_layout(larger[0])
        return bool(larger)

    def maximise(self, pane: SomePane | None) -> None:
        """Give one pane all the room, or, with None, each its part."""
        self._large = pane
        self._arrange()
        if pane is not None:
            self.activate(pane)

    def step(self, step: int) -> SomePane | None:
        """Make the next pane the active one, or of those before with a negative number; the next one large, if one
        is."""
        shown = [p for p in self.shown if not isinstance(p, SlicePane) or p.plane in p.session.planes]
        if not shown:
            return None
        place = shown.index(self._active) if self._active in shown else 0
        pane = shown[(place + step) % len(shown)]
        if self._large is not None:
            self.maximise(pane)
        else:
            self.activate(pane)
        return pane

    def link(self, **what: bool) -> None:
        """Switch what goes from one series to the others: place, window, zoom, reference_lines."""
        self.links.linked = replace(self.links.linked, **what)
        self.links.meet(self.session, self.sessions)
        self._show_links()
        if what.get("zoom") and not isinstance(self._active, VolumePane):
            self._zoomed(self._active)
        self._show_references()

    @property
    def linked(self) -> Linked:
        return self.links.linked

    @property
    def why_no_common_window(self) -> str:
        """Why the windows of the series on the screen cannot be linked, in a sentence; empty if they can."""
        return why_no_common_window(self.sessions)

    def link_here(self) -> None:
        """Have the cross-hairs of all series on the screen, where they stand now, be one place from now on."""
        self.links.link_here(self.sessions)
        self._show_links()

    # Sessions

    def _take_in(self, session: Session) -> None:
        self._panes[session] = {plane: SlicePane(session, plane) for plane in PLANES}
        self._curved[session] = curved = CurvedPane(session)
        self._listen_to(curved)
        curved.viewChanged.connect(partial(self._zoomed, curved))
        self.magnifier.watch(curved)
        for pane in self._panes[session].values():
            self._listen_to(pane)
            pane.viewChanged.connect(partial(self._zoomed, pane))
            pane.refused.connect(self.refused)
            pane.clicked.connect(partial(self.clicked.emit, pane))
            pane.regionWanted.connect(self._workflows.editing.find_region)
            self.magnifier.watch(pane)
        self._gatherers[session] = ChangeGatherer(session, [partial(self._changed, session)], self)
        session.subscribe(partial(self._follow, session))

    def _drop(self, session: Session) -> None:
        """Forget a session that no cell shows."""
        self.links.forget(session)
        self._gatherers.pop(session).deleteLater()
        for pane in self._panes.pop(session).values():
            self.magnifier.leave(pane)
            pane.hide()
            pane.deleteLater()
        curved = self._curved.pop(session)
        self.magnifier.leave(curved)
        curved.give_up()
        curved.hide()
        curved.deleteLater()
        self._had_path.pop(session, None)
        self._workflows.drop_session(session)

    def _listen_to(self, pane: SomePane) -> None:
        pane.setParent(self)
        pane.hide()
        pane.activated.connect(lambda _: self._pressed(pane))
        pane.wheeled.connect(lambda _: self._wheeled(pane))
        pane.contextMenuRequested.connect(lambda _, at: self._menu(pane, at))
        pane.maximiseRequested.connect(lambda _: self.toggle_large(pane))
        pane.resampleRequested.connect(self.resampleRequested)

    def toggle_large(self, pane: SomePane) -> None:
        """All the room for a pane, or all panes again."""
        self.maximise(None if self._large is not None else pane)

    def _pressed(self, pane: SomePane) -> None:
        self.activate(pane)
        self.pressed.emit()

    def _wheeled(self, pane: SomePane) -> None:
        self.activate(pane)
        self.wheeled.emit()

    def _menu(self, pane: SomePane, at: QPoint) -> None:
        self.activate(pane)
        self.menuRequested.emit(at)

    def _changed(self, session: Session, what: What, box: Box | None) -> None:
        if what & What.VIEW:
            self.links.forget(session)
            self._fit_planes(session)
        for pane in self._panes.get(session, {}).values():
            pane.apply(what, box)
        if session in self._curved:
            self._curved[session].apply(what, box)
        if self.volume_pane.session is session:
            self.volume_pane.apply(what, box)
        if self.magnifier.loupe is not None and self.magnifier.loupe.session is session:
            self.magnifier.apply(what, box)
        if session is self.session:
            for listener in self._listeners:
                listener(what, box)
        self.changed.emit(session, what)
        if what & (What.SERIES | What.MEASUREMENTS):
            had, self._had_path[session] = self._had_path.get(session, False), session.path is not None
            if not what & What.SERIES and session.path is not None and not had:
                self._show_curved(session)
        if what & What.VIEW:
            self._join(session)
        if what & What.SERIES:
            self._show_links()
        if what & (What.SERIES | What.CURSOR) and session is self.session:
            self._show_references()

    def _show_curved(self, session: Session) -> None:
        """Show what a first path is good for beside the pane on which it was drawn, and in place of no other series."""
        if session not in self.sessions or any(c is not None and c.view == "curved" for c in self.cells):
            return
        drawn_on = self._active
        place = self._spare_place(session, drawn_on)
        if place is None:
            if not self._make_room():
                return
            place = self._spare_place(session, drawn_on)
        if place is not None:
            self._large = None
            self.put(session, "curved", place)
            self.activate(drawn_on)

    def _spare_place(self, session: Session, kept: SomePane) -> int | None:
        """An empty cell, or one of a session but that of a pane; that in 3-D first, else the last."""
        places = [
            n
            for n, cell in enumerate(self.cells)
            if cell is None or (cell.session is session and self._pane_of(cell) is not kept)
        ]
        ranked = sorted(places, key=lambda n: ((c := self._cells[n]) is not None and c.view == "3d", n))
        return ranked[-1] if ranked else None

    def _join(self, session: Session) -> None:
        """Have a series that was just opened go where the others are."""
        others = [pane for pane in self.shown if isinstance(pane, SlicePane) and pane.session is not session]
        if others and session in self.sessions:
            self.links.meet(others[0].session, (session,))
            for pane in others if self.linked.zoom else ():
                self._magnify_like(pane, self._panes[session][pane.plane])

    def _follow(self, session: Session, change: Change) -> None:
        if session in self.sessions:
            self.links.follow(session, change, self.sessions)
        edit = change.edit if change.act == "make" else None
        if edit is not None and edit.deltas and (lost := sum(not one.confirmed for one in edit.confirmed)):
            self.refused.emit(no_longer_confirmed(lost))

    # Cells

    def _usual(self, session: Session, layout: LayoutName) -> list[Cell | None]:
        """What a layout shows of a single series."""
        room, views = len(_PLACES[layout]), _views_of(session)
        if layout == "2x2" and len(views) == 4:
            views = ("axial", "3d", "coronal", "sagittal")  # as 3D Slicer's four-up
        return [*(Cell(session, view) for view in views[:room]), *[None] * (room - len(views))]

    def _others(self, shown: Sequence[Cell], count: int) -> list[Cell]:
        """More views of the series that are shown, one of each in turn."""
        sessions = tuple(dict.fromkeys(cell.session for cell in shown))
        planes = [[Cell(s, view) for view in _views_of(s) if view != "3d"] for s in sessions]
        turns = [cell for rank in range(len(PLANES)) for some in planes for cell in some[rank : rank + 1]]
        turns += [Cell(s, "3d") for s in sessions[:1]]
        return [cell for cell in turns if not any(cell.same(other) for other in shown)][:count]

    def _fit_planes(self, session: Session) -> None:
        """Cells do not stay at planes that another series does not have."""
        planes = session.planes
        if not self.comparing or not planes:
            return
        for n, cell in enumerate(self._cells):
            if cell is not None and cell.session is session and cell.view != "3d" and cell.view not in planes:
                other = Cell(session, planes[0])
                shown = any(other.same(c) for m, c in enumerate(self._cells) if m != n)
                self._cells[n] = None if shown else other
        self._arrange()

    def _pane_of(self, cell: Cell) -> SomePane:
        for plane, pane in self._panes[cell.session].items():
            if plane == cell.view:
                return pane
        return self._curved[cell.session] if cell.view == "curved" else self.volume_pane

    def _arrange(self) -> None:
        """Put the panes where they belong, and close what no cell shows any longer."""
        places, grid = _PLACES[self._layout_name], self._grid
        for cell in self.cells:
            if cell is not None and cell.view == "3d":
                self.volume_pane.show_session(cell.session)
        shown = [None if cell is None else self._pane_of(cell) for cell in self.cells]
        if self._large is not None and self._large not in shown:
            self._large = None
        empty = 0
        used: list[QWidget] = []
        for n in reversed(range(grid.count())):
            grid.takeAt(n)
        for row in range(3):
            grid.setRowStretch(row, 0)
            grid.setColumnStretch(row, 0)
        for pane, (row, column, rows, columns) in zip(shown, places, strict=True):
            widget: QWidget
            if pane is not None:
                widget = pane
            else:
                if empty == len(self._empty):
                    self._empty.append(_empty_cell(self))
                widget = self._empty[empty]
                empty += 1
            if self._large is not None and widget is not self._large:
                continue
            used.append(widget)
            if self._large is not None:
                grid.addWidget(widget, 0, 0)
                grid.setRowStretch(0, 1)
                grid.setColumnStretch(0, 1)
                continue
            grid.addWidget(widget, row, column, rows, columns)
            for n in range(row, row + rows):
                grid.setRowStretch(n, 1)
            large = self._layout_name == "1+3" and column == 0
            grid.setColumnStretch(column, _LARGE_SHARE if large else 1)
        slices = (p for panes in self._panes.values() for p in panes.values())
        everything = [*slices, *self._curved.values(), self.volume_pane, *self._empty]
        for widget in everything:
            if widget not in used:
                widget.hide()
        for widget in used:
            widget.show()
        if self._active not in shown:
            first = next((pane for pane in shown if pane is not None), None)
            if first is not None:
                self.activate(first)
        for session in [s for s in self._panes if s not in self.sessions and s is not self.session]:
            if self.volume_pane.session is session:
                self.volume_pane.show_session(self.session)
            self._drop(session)
        self._show_links()
        self._show_references()
        self.arranged.emit()

    # Together

    def _zoomed(self, pane: SlicePane | CurvedPane) -> None:
        """Have each plane of all series at the same scale and place: those of the active pane, or of its series. Curved
        views are at the same scale only: their paths are not the same."""
        if not self.linked.zoom or not self.comparing:
            return
        if isinstance(pane, CurvedPane):
            for other in self.shown:
                if isinstance(other, CurvedPane) and other is not pane:
                    other.scale_as(pane)
            return
        shown = [other for other in self.shown if isinstance(other, SlicePane) and other.plane == pane.plane]
        leader = min(shown, key=lambda one: (one is not self._active, one.session is not self.session), default=pane)
        for other in shown:
            if other.session is not leader.session:
                self._magnify_like(leader, other)

    def _magnify_like(self, leader: SlicePane, other: SlicePane) -> None:
        if self.links.comparable(leader.session, other.session):
            other.look_like(leader, self.links.shift_between(leader.session, other.session))

    def _show_references(self) -> None:
        """Draw in every other pane where the slice of the active one lies."""
        active, drawn = self._active, self.linked.reference_lines and self.comparing
        corners = active.slice_corners() if drawn and isinstance(active, SlicePane) else None
        for pane in self.shown:
            if isinstance(pane, SlicePane):
                shift = None
                if pane.session is not active.session:
                    shift = self.links.shift_between(active.session, pane.session)
                pane.show_reference(None if shift is None or corners is None else (corners + shift, self.plane))

    def _show_links(self) -> None:
        """Say in each pane what holds its series to the others, and if these are another patient's."""
        patients = {patient for session in self.sessions if any(patient := _patient_of(session))}
        others = (Badge(tr("⚠ Different patients"), WARNING, tr(_OTHERS), Rank.MUST),) if len(patients) > 1 else ()
        unknown = (Badge(tr("⚠ Patient not known"), WARNING, tr(_UNKNOWN), Rank.MUST),) if patients else ()
        for session, panes in self._panes.items():
            held: tuple[Badge, ...] = ()
            if self.linked.place and self.links.by_hand(session):
                held = (Badge(tr("Linked by hand"), DIMMED_TEXT, tr(_BY_HAND)),)
            elif self.linked.place and any(self._on_one_grid(session, other) for other in self.sessions):
                held = (Badge(tr("Same grid"), DIMMED_TEXT, tr(_SAME_GRID)),)
            for pane in panes.values():
                nobody = session.series is not None and not any(_patient_of(session))
                pane.set_company((*others, *(unknown if nobody else ()), *held))
        self.linksChanged.emit()

    def _on_one_grid(self, session: Session, other: Session) -> bool:
        """True if two series go together because their files have one grid, and nothing else says so."""
        named = session.series is not None and bool(session.series.frame_of_reference)
        return other is not session and not named and in_one_space(session, other)

    # Dropping a series

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(SERIES_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._mark(self._widget_at(event.position().toPoint()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(None)

    def dropEvent(self, event: QDropEvent) -> None:
        widget = self._widget_at(event.position().toPoint())
        self._mark(None)
        uid = bytes(event.mimeData().data(SERIES_MIME).data()).decode()
        if widget is not None and uid:
            event.acceptProposedAction()
            over = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if over and isinstance(widget, SlicePane) and widget.session.series is not None:
                self.activate(widget)
                self.seriesDroppedOver.emit(uid)
            else:
                self.show_series_in(uid, widget)

    def show_series_in(self, uid: str, widget: QWidget) -> None:
        """Have a listed series in the place of a pane or of an empty cell, beside what the others show."""
        place = next((n for n, w in enumerate(self._widgets()) if w is widget), None)
        if place is None:
            return
        opened = next((s for s in self._panes if s.series is not None and s.series.uid == uid), None)
        cell = self._cells[place]
        plane = cell.view if cell is not None and cell.view not in ("3d", "curved") else self.plane
        if opened is not None:
            self.put(opened, plane if plane in opened.planes else opened.planes[0], place)
        elif self.session.series is None or (cell is not None and len(self.shown) == 1):
            self.seriesDropped.emit(uid, self.session)
        else:
            session = self._workflows.add_session()
            self._take_in(session)
            self.put(session, plane, place)
            self.seriesDropped.emit(uid, session)

    def _widgets(self) -> list[QWidget]:
        """What stands in the cells, in reading order."""
        empty = iter(self._empty)
        return [next(empty) if cell is None else self._pane_of(cell) for cell in self.cells]

    def _widget_at(self, point: QPoint) -> QWidget | None:
        return next((w for w in self._widgets() if w.isVisible() and w.geometry().contains(point)), None)

    def _mark(self, widget: QWidget | None) -> None:
        if widget is not self._target:
            for one, marked in ((self._target, False), (widget, True)):
                if isinstance(one, SomePane):
                    one.set_target(marked)
                elif one is not None:
                    one.setProperty("target", marked)
                    one.style().unpolish(one)
                    one.style().polish(one)
            self._target = widget


def _patient_of(session: Session) -> tuple[str, str]:
    """ID and name as the files of a series tell them, both empty where they do not. NIfTI and the like know no patient:
    their series stand in the list under the name of the file."""
    series = session.series
    if series is None or series.patient_name in [file.name for file in series.files[:1]]:
        return "", ""
    return series.patient_id.strip(), series.patient_name.strip("^= ")


def _views_of(session: Session) -> tuple[View, ...]:
    """What there is to see of a series: the plane in which it was acquired first, then the others and 3-D, also where
    these can only say why they are empty; of a single picture nothing else."""
    volume = session.volume
    own: list[Plane] = [p for p in PLANES if volume is not None and plane_axes(volume.geometry, p).normal == 2]
    if volume is not None and volume.geometry.size[2] == 1:
        return (own[0],)
    others: list[Plane] = [p for p in PLANES if p not in own]
    return (*own, *others, "3d")


def _empty_cell(parent: QWidget) -> QLabel:
    label = QLabel(tr(_DROP_HERE), parent, alignment=Qt.AlignmentFlag.AlignCenter)
    label.setObjectName("emptyCell")
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    label.setMinimumSize(140, 110)
    return label
