"""The open series stretched out along a path that a person has drawn on its slices."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QWidget

from viewer.core.curved import CurvedAxes, curved_axes
from viewer.core.display import label_colours
from viewer.core.events import What
from viewer.core.geometry import orientation_letters
from viewer.core.hand import LABELLING
from viewer.core.measuring import KINDS
from viewer.core.oblique import Axes
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.study import Series
from viewer.core.volume import Volume
from viewer.gui.colour_bar import ColourBar
from viewer.gui.enhanced_picture import burn
from viewer.gui.flat_pane import FlatPane
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.lettering import CornerTexts, Words
from viewer.gui.overlay import Badge, Line, Rank, Ruler, draw_text, font_for, told
from viewer.gui.pane import STRIP_PX, Drag
from viewer.gui.slice_picture import Curved, Layer, SlicePicture, doubt_layer_of, layer_of, picture_of_slice
from viewer.gui.slice_words import SliceWords, series_number
from viewer.gui.style import DIMMED_TEXT, MEASURE, ON_IMAGE, VIEWPORT, WARNING
from viewer.gui.trust_words import doubt_badges, doubt_bar, only_on_slices, proposal_badges
from viewer.render.curved import nearest_along, values_along
from viewer.render.slabs import SLAB_KINDS, Slab, SlabKind
from viewer.render.slices import SliceView

NO_PATH = QT_TR_NOOP("Draw a path first: {Measuring/Curved path}, then click along it on a slice")
_TOO_SHORT = QT_TR_NOOP("The points of the path are all at one place: drag them apart")
_NO_PAINTING = QT_TR_NOOP("No painting here: a curved view is no slice")
_NO_MEASURING = QT_TR_NOOP("No measuring here: a curved view is stretched")
_ONE_SURFACE = QT_TR_NOOP("One surface")
_SLAB_MM = 10.0  # thickness of a slab at first
_MOST_SURFACES = 60  # of a slab
_GAP_PX, _MARGIN_PX, _FOOT_PX = 16.0, 26.0, 50.0  # of the cross-hair, from its middle, the edges and the ruler
_NARROW_PX = 240  # a pane with less room tells only where on the path, not how long it is
_DETAIL = QT_TR_NOOP(
    "The scan is stretched out along the path. Along the path, and straight across it, mm are true at the path; "
    "slanting lengths, angles and areas are not, and what lies beside the path may be seen twice or not at all. So "
    "nothing is measured, painted or confirmed here. A click shows the place on the slices. The wheel moves the "
    "surface beside the path; {Display/Reset view} brings it back. {Display/Turn clockwise} turns the picture."
)
_SLAB_DETAIL = QT_TR_NOOP(
    "Parallel surfaces on both sides of the path are seen as one. Labels belong to the middle one, and no value is "
    "written. Shift + wheel, {Display/Thicker slab} and {Display/Thinner slab} change the thickness; "
    "{Display/Slab: MIP, MinIP, mean, single slices} shows the next kind, and the surface alone again."
)
_NEUROLOGICAL = QT_TR_NOOP(
    "The patient's left is on the left of the screen. {Display/Neurological convention: patient's left on the left} "
    "ends it."
)

_Kind = Literal["own", "proposed", "doubt"]


class _Wanted(NamedTuple):
    """What is to be worked out. A volume is equal to itself only. labels: by which number their state is known, and
    which of them are to be seen."""

    volume: Volume
    axes: CurvedAxes
    slab: Slab | None
    nearest: bool
    labels: tuple[int, tuple[_Kind, ...]]


@dataclass(frozen=True, eq=False)
class _Along:
    """What was worked out: values as values_along gives them, the marks of the file, and the label maps that are seen,
    each with what it is."""

    wanted: _Wanted
    values: NDArray
    marks: NDArray[np.bool_] | None
    labels: tuple[tuple[NDArray[np.uint8], _Kind], ...]


class _GivenUp(Exception):
    """Nobody waits for the values any longer."""


@dataclass(frozen=True)
class CurvedWords(SliceWords):
    """What a curved view says. mm, how far along the path the mouse or the cross-hair is, None for neither."""

    axes: CurvedAxes | None = None
    mm: float | None = None
    note: str = ""

    @property
    def _colour(self) -> QColor:
        return MEASURE

    @property
    def _plane_name(self) -> str:
        return tr("Curved")

    @property
    def _fusion(self) -> None:
        return None  # only planes are fused

    def _letters(self, volume: Volume, view: SliceView, series: Series) -> tuple[str, str, str, str] | None:
        """Of the straight direction: the other one turns with the path."""
        if self.axes is None or not volume.geometry.patient_space:
            return None
        across = self.axes.across_lps()
        ends = orientation_letters(-across), orientation_letters(across)
        return (*ends, "", "") if self.axes.upright else ("", "", *ends)

    def _ruler(self, view: SliceView, series: Series) -> Ruler | None:
        """Along the path mm are true at the path only, not on a surface beside it."""
        true = self.axes is not None and (self.axes.upright or not self.axes.shift_mm)
        return super()._ruler(view, series) if true else None

    def _badges_of_view(self) -> list[Badge]:
        badges = [Badge(tr("Curved"), WARNING, tr(_DETAIL), Rank.MUST)]
        if self.slab is not None and self.view is not None:
            badges.append(Badge(self._slab_text(self.slab, self.view), DIMMED_TEXT, tr(_SLAB_DETAIL), Rank.MUST))
        if self.axes is not None and self.axes.shift_mm:
            beside = tr("{mm:.1f} mm beside the path").format(mm=abs(self.axes.shift_mm))
            badges.append(Badge(beside, DIMMED_TEXT, tr(_DETAIL), Rank.MUST))
        if self.session.is_neurological("axial"):
            badges.append(Badge(tr("⚠ Neurological"), WARNING, tr(_NEUROLOGICAL), Rank.MUST))
        return badges

    def _badges_of_model(self) -> list[Badge]:
        """Labels and how unsure a model is are stretched with the scan; boxes and heat maps are not."""
        session = self.session
        return [*proposal_badges(session), *doubt_badges(session), *only_on_slices(session, uncertainty=True)]

    @property
    def _left_bar(self) -> ColourBar | None:
        return doubt_bar(self.session)

    def _badges_of_slice(self) -> list[Badge]:
        return []

    def _slab_text(self, slab: Slab, view: SliceView) -> str:
        calibrated = self.session.volume is not None and self.session.volume.geometry.calibrated
        return (
            f"{tr(slab.kind)} {slab.slices * view.step_mm:.1f} mm" if calibrated else f"{tr(slab.kind)} {slab.slices}"
        )

    def _slice_lines(self, series: Series, view: SliceView) -> tuple[Line, ...]:
        assert self.axes is not None and self.session.volume is not None
        unit = "mm" if self.session.volume.geometry.calibrated else "px"
        whole = f"{self.axes.length_mm:.1f} {unit}"
        along = whole if self.mm is None else f"{self.mm:.1f} / {whole}"
        place = tr("Path {length}").format(length=along)
        if self.width < _NARROW_PX:  # else it would not be told at all
            place = whole if self.mm is None else f"{self.mm:.1f} {unit}"
        return told(
            Line(series_number(series), rank=Rank.MINOR, number=True),
            Line(series.description),
            Line(self.note),
            Line(place, rank=Rank.PLACE, number=True),
        )


class CurvedPane(FlatPane):
    """Shows the session's volume along its path. Values and labels are worked out on a thread of its own; until they
    are there the picture stays as it was."""

    painted = Signal()  # anew
    _worked_out = Signal(object)  # _Along, or None

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, "curved", MEASURE, parent)
        self._axes: CurvedAxes | None = None
        self._upright: bool | None = None  # as a person has turned it
        self._shift_mm = 0.0
        self._slab_kind: SlabKind | None = None
        self._surfaces = 0  # of a slab, as a person has made it
        self._along: _Along | None = None
        self._working: _Wanted | None = None
        self._labels_number = 1  # counts changes of labels
        self._share, self._given_up = 0.0, False
        self._picture: tuple[object, SlicePicture] | None = None
        self._labels: tuple[object, list[Layer]] | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._worked_out.connect(self._take)
        self.setAccessibleName(tr("curved view"))
        self.apply(What.SERIES | What.VIEW)

    # What the window asks

    @property
    def axes(self) -> CurvedAxes | None:
        """How the scan is laid out along the path; None without one."""
        return self._axes

    @property
    def sentence(self) -> str:
        """Why there is no picture; empty if there is, or nothing is open."""
        if self.session.volume is None or self._axes is not None:
            return ""
        return with_keys(tr(_TOO_SHORT if self.session.path is not None else NO_PATH), self.window())

    @property
    def slab(self) -> Slab | None:
        """The slab that is shown; None shows one surface."""
        volume, axes = self.session.shown, self._axes
        if self._slab_kind is None or axes is None or volume is None or volume.colour:
            return None
        usual = max(round(_SLAB_MM / axes.step), 2)
        return Slab(self._slab_kind, min(self._surfaces or usual, _MOST_SURFACES))

    @property
    def values(self) -> NDArray | None:
        """The values that are shown, (rows, columns), as values_along gives them."""
        return None if self._along is None else self._along.values

    @property
    def fresh(self) -> bool:
        """True if what is shown is what is wanted."""
        return self._along is not None and self._along.wanted == self._wanted()

    @property
    def share(self) -> float:
        """How much of what is being worked out is there, 0 to 1."""
        return self._share

    def give_up(self) -> None:
        """Let go of what is being worked out, for good: the pane is about to go."""
        self._given_up = True

    def scale_as(self, other: CurvedPane) -> None:
        """Have the scale of a curved view of another series. The place stays: that of another path says nothing."""
        if self._view is not None and other.view is not None:
            self._view = self._view.at_scale_of(other.view)
            self.update()

    def next_slab(self) -> None:
        """From one surface to each kind of slab in turn, and back."""
        kinds = (None, *SLAB_KINDS)
        self.set_slab(kinds[(kinds.index(self._slab_kind) + 1) % len(kinds)])

    def set_slab(self, kind: SlabKind | None) -> None:
        self._slab_kind = kind
        self.update()

    def thicken_slab(self, surfaces: int) -> None:
        """Make the slab thicker, or with a negative number thinner; it keeps at least two surfaces."""
        if self.slab is not None:
            self._surfaces = min(max(self.slab.slices + surfaces, 2), _MOST_SURFACES)
            self.update()

    def turn(self) -> None:
        """Have the path run down instead of to the right, or the other way round."""
        if self._axes is not None:
            self._upright = not self._axes.upright
            self._lay_out()
            self._fit()

    def reset_view(self) -> None:
        """All of it in the pane, along the path itself."""
        self._shift_mm, self._upright = 0.0, None
        self._lay_out()
        self._fit()

    def fill_menu(self, menu: QMenu) -> None:
        """Put what is the pane's own into a menu."""
        slabs = menu.addMenu(tr("Slab"))
        kinds: tuple[SlabKind | None, ...] = (None, *SLAB_KINDS)
        for kind in kinds:
            action = slabs.addAction(tr(kind or _ONE_SURFACE), lambda kind=kind: self.set_slab(kind))
            action.setCheckable(True)
            action.setChecked(self._slab_kind == kind)
        menu.addAction(tr("Turn the picture"), self.turn)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        if what & What.SERIES:
            self._along = self._picture = None
        if what & What.VIEW:
            self._drag, self._surfaces = None, 0
            self.reset_view()
        elif what & (What.SERIES | What.MEASUREMENTS | What.DISPLAY):
            self._lay_out()
        if what & (What.TOOL | What.MEASUREMENTS | What.SERIES):
            self._choose_cursor()
        if what & (What.LABELS | What.PROPOSAL | What.SERIES):
            self._labels_number += 1
        if what & ~What.CURSOR:
            self._picture = self._labels = None
        self.update()

    # Mouse

    def _end_drag(self, drag: Drag) -> None:
        if not drag.moved and drag.kind == "window":
            self._move_cursor(drag.press)

    def _scroll(self, notches: float, modifiers: Qt.KeyboardModifier) -> None:
        steps = self._whole_steps(notches)
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self.thicken_slab(steps)
        elif steps and self._axes is not None:
            self._shift_mm = round(self._shift_mm + steps * self._axes.step, 6)
            self._lay_out()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._view is not None:
            self._look(self._view.resized(self.width(), self.height()))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.update()
        super().changeEvent(event)

    def _kind_of_tool(self, event: QMouseEvent) -> str:
        tool = self.session.hand.tool
        if tool == "path":
            return "crosshair"  # whoever has drawn one looks where it leads
        return tool if tool in ("window", "crosshair", "pan", "zoom") else ""  # beside the mouse it says why

    def _index_at(self, point: QPointF) -> tuple[float, float, float] | None:
        """The continuous index in the scan of what lies under a pane point; None beside the picture."""
        if self._view is None or self._axes is None:
            return None
        column, row = self._pixel_at(point)
        columns, rows = self._axes.shape(self._axes.geometry.size)
        if not (-0.5 <= column <= columns - 0.5 and -0.5 <= row <= rows - 0.5):
            return None
        index = self._axes.to_index(column, row, 0.0, self._axes.geometry.size)
        return index if self._axes.geometry.contains_index(index) else None

    def _pixel_at(self, point: QPointF) -> tuple[float, float]:
        """Continuous (column, row) of the picture under a pane point."""
        assert self._view is not None
        left, top, _, _ = self._view.image_rect
        wide, high = self._view.pixels_per_voxel
        return (point.x() - left) / wide - 0.5, (point.y() - top) / high - 0.5

    def _move_cursor(self, point: QPointF) -> None:
        index = self._index_at(point)
        if index is not None:
            self.session.move_cursor(index)

    def _hovered(self, point: QPointF) -> None:
        self._hover = point
        self._choose_cursor()
        self.update()

    def _choose_cursor(self) -> None:
        tool = self.session.hand.tool
        shape = Qt.CursorShape.CrossCursor if tool in ("crosshair", "path") else Qt.CursorShape.ArrowCursor
        if self._hover is not None and self._badge_at(self._hover) is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif self._refusal:
            shape = Qt.CursorShape.ForbiddenCursor
        self.setCursor(QCursor(shape))

    @property
    def _refusal(self) -> str:
        """Why the tool in use does nothing here."""
        tool = self.session.hand.tool
        if self._axes is None or tool == "path":
            return ""
        return tr(_NO_PAINTING) if tool in LABELLING else tr(_NO_MEASURING) if tool in KINDS else ""

    # State

    def _lay_out(self) -> None:
        """Have the layout that the session's path asks for; zoom and place stay."""
        session, path = self.session, self.session.path
        volume = session.volume
        before, self._axes = self._axes, None
        if volume is not None and path is not None and session.can_turn_planes:
            neurological = session.is_neurological("axial")
            self._axes = curved_axes(path, volume.geometry, self._shift_mm, self._upright, neurological=neurological)
        if self._axes is None or volume is None:
            self._view = None
        elif self._view is None or before is None or before.upright != self._axes.upright:
            self._fit()
        else:
            self._view = replace(self._view, axes=cast(Axes, self._axes))

    def _fit(self) -> None:
        axes = self._axes
        if axes is not None:
            geometry = axes.geometry  # a view asks of axes only what both kinds of them can tell
            self._view = SliceView(cast(Axes, axes), geometry.size, geometry.spacing, self.width(), self.height())
        self.update()

    def _look(self, view: SliceView) -> None:
        self._view = view
        self.update()
        self.viewChanged.emit()

    # Values

    def _wanted(self) -> _Wanted | None:
        session = self.session
        volume = session.shown
        if volume is None or self._axes is None:
            return None
        kinds: tuple[_Kind, ...] = tuple(kind for _, kind in self._labels_seen())
        labels = (self._labels_number if kinds else 0), kinds
        return _Wanted(volume, self._axes, self.slab, session.colour_map == "masks" and not volume.colour, labels)

    def _labels_seen(self) -> tuple[tuple[NDArray[np.uint8], _Kind], ...]:
        """voxels[k, j, i] of the label maps that are to be seen, and of how unsure a model is, each with what it is."""
        session = self.session
        seen: list[tuple[NDArray[np.uint8], _Kind]] = []
        if session.label_map is None or session.shown is not session.volume:
            return ()
        if session.hand.overlay_visible and not session.label_map.blank:
            seen.append((session.label_map.voxels, "own"))
        if session.hand.overlay_visible and session.proposal is not None:
            seen.append((session.proposal.latest, "proposed"))
        if session.hand.uncertainty_visible and session.certainty is not None:
            seen.append((session.certainty.entropy, "doubt"))
        return tuple(seen)

    def _work(self, wanted: _Wanted) -> None:
        """Have it worked out, unless something is: then afterwards."""
        if self._working is not None or self._given_up:
            return
        self._working, self._share = wanted, 0.0
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, "curved")
        label_maps, known = self._labels_seen(), self._along

        def report(done: float) -> None:
            self._share = done
            if self._given_up:
                raise _GivenUp

        def work() -> None:
            along = None
            try:
                along = _worked_out(wanted, label_maps, known, report)
            finally:
                with contextlib.suppress(RuntimeError):  # the pane is gone
                    self._worked_out.emit(along)

        self._worker.submit(work)

    def _take(self, along: _Along | None) -> None:
        self._working = None
        if along is not None and along.wanted.volume is self.session.shown:
            self._along, self._picture, self._labels = along, None, None
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter)
        self.painted.emit()

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), VIEWPORT)
        self._badges = []
        session, view, axes, pane = self.session, self._view, self._axes, QRectF(self.rect())
        room = pane.adjusted(0, STRIP_PX, 0, 0)
        wanted = self._wanted()
        if view is None or axes is None or wanted is None or session.series is None:
            self._paint_strip(painter)
            words = self._words
            left = words.corner_texts().top_left if session.volume is not None else ()
            sentence = Words(
                CornerTexts(left),
                sentence=self.sentence,
                sentence_colour=DIMMED_TEXT,
                sentence_area=self._sentence_area,
            )
            self._place(room, sentence)
            self._write(painter)
            return
        if not self.fresh:
            self._work(wanted)
        if self._along is not None:
            self._picture_of(view, self._along).paint(painter, pane)
            self._paint_labels(painter, view, self._along)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_cross_hair(painter, view, axes)
        self._place(room, self._words.all(view, session.series, wanted.volume, self._sentence_area))
        self._write(painter)
        self._paint_strip(painter)
        burn(painter, session, pane, self.badges_end)
        if self._hover is not None and self._refusal and self._badge_at(self._hover) is None:
            painter.setFont(font_for(self.font(), self.width(), self.height()))
            wide = painter.fontMetrics().horizontalAdvance(self._refusal)
            x = max(min(self._hover.x() + 14, self.width() - wide - _MARGIN_PX), 6)
            draw_text(painter, QPointF(x, self._hover.y() - 8), self._refusal, ON_IMAGE)

    def _picture_of(self, view: SliceView, along: _Along) -> SlicePicture:
        session, of, ratio = self.session, along.wanted, self.devicePixelRatioF()
        marks = session.hand.file_overlay_visible
        key = (view, session.window, session.inverted, session.colour_map, session.hand.smooth, marks, ratio)
        if self._picture is None or self._picture[0] != key:
            picture = picture_of_slice(
                of.volume,
                replace(view, axes=cast(Axes, of.axes)),  # of which the values are, while newer ones are worked out
                0,
                session.window,
                session.inverted,
                ratio,
                marks=marks,
                colour_map=session.colour_map if of.nearest or session.colour_map != "masks" else "grey",
                smooth=session.hand.smooth,
                curved=Curved(along.values, of.axes.cut(0.0), along.marks),
            )
            self._picture = key, picture
        return self._picture[1]

    def _paint_labels(self, painter: QPainter, view: SliceView, along: _Along) -> None:
        session, ratio = self.session, self.devicePixelRatioF()
        if not self._labels_seen():
            return
        if self._labels is None or self._labels[0] != (view, ratio):
            of_values = replace(view, axes=cast(Axes, along.wanted.axes))
            layers = []
            for labels, kind in along.labels:
                if kind == "doubt":
                    much = session.certainty.much if session.certainty is not None else 1.0
                    layers.append(doubt_layer_of(labels, of_values, ratio, much))
                    continue
                proposed = kind == "proposed"
                table = session.proposal.labels if proposed and session.proposal is not None else session.labels
                colours = label_colours(table, session.hand.overlay_opacity)
                layers.append(layer_of(labels, of_values, colours, ratio, hatched=proposed))
            self._labels = (view, ratio), [layer for layer in layers if layer is not None]
        for layer in self._labels[1]:
            layer.paint(painter, ratio)

    def _paint_cross_hair(self, painter: QPainter, view: SliceView, axes: CurvedAxes) -> None:
        """A line across the path where it is nearest to the cross-hair; and one along it, if it lies on the surface."""
        cursor = self.session.cursor_at
        x, y = view.to_pane(cursor)
        left, top, wide, high = view.image_rect
        m = _MARGIN_PX
        room = QRectF(m, m, self.width() - 2 * m, self.height() - m - _FOOT_PX)
        room = room.intersected(QRectF(left, top, wide, high))
        on_surface = axes.away_mm(cursor) <= max(axes.geometry.spacing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(MEASURE, 1.2, Qt.PenStyle.SolidLine if on_surface else Qt.PenStyle.DashLine)
        painter.setPen(pen)
        gap = _GAP_PX if on_surface else 0.0
        for upright in (True, False):
            if upright == axes.upright and not on_surface:
                continue  # the line along the path
            if upright and room.left() <= x <= room.right():
                painter.drawLine(QPointF(x, room.top()), QPointF(x, max(min(y - gap, room.bottom()), room.top())))
                painter.drawLine(QPointF(x, min(max(y + gap, room.top()), room.bottom())), QPointF(x, room.bottom()))
            elif not upright and room.top() <= y <= room.bottom():
                painter.drawLine(QPointF(room.left(), y), QPointF(max(min(x - gap, room.right()), room.left()), y))
                painter.drawLine(QPointF(min(max(x + gap, room.left()), room.right()), y), QPointF(room.right(), y))

    @property
    def _words(self) -> CurvedWords:
        session, axes = self.session, self._axes
        pointed, mm, note = None, None, ""
        if axes is not None and self._view is not None:
            under = self._index_at(self._hover) if self._hover is not None else None
            pointed = session.cursor_at if under is None else under
            if under is not None and self._hover is not None:
                mm = axes.path_mm(*self._pixel_at(self._hover))
            else:
                column, row = axes.to_screen(session.cursor_at, axes.geometry.size).tolist()
                mm, away = axes.path_mm(column, row), axes.away_mm(session.cursor_at)
                beside = tr("Cross-hair {mm:.1f} mm beside").format(mm=away)
                note = beside if away > max(axes.geometry.spacing) else ""
        return CurvedWords(
            session, "sagittal", self._view, 0, self.slab, False, 0, pointed, (), self.width(), axes, mm, note
        )


def _worked_out(
    wanted: _Wanted,
    label_maps: tuple[tuple[NDArray[np.uint8], _Kind], ...],
    known: _Along | None,
    report: Callable[[float], None],
) -> _Along:
    """What is known already of the same path is not worked out again."""
    volume, axes = wanted.volume, wanted.axes
    if known is not None and known.wanted[:4] == wanted[:4]:
        values, marks = known.values, known.marks
    else:
        values = values_along(volume, axes, wanted.slab, nearest=wanted.nearest, report=report)
        marks = None if volume.overlay is None else nearest_along(volume.overlay, axes) > 0
    if known is not None and (known.wanted.axes, known.wanted.labels) == (axes, wanted.labels):
        return _Along(wanted, values, marks, known.labels)
    return _Along(wanted, values, marks, tuple((nearest_along(voxels, axes), kind) for voxels, kind in label_maps))
