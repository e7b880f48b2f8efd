"""The mutable model of an open series: what is shown, selected and edited. Its methods are the window's commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from viewer.core.colour_maps import COLOUR_MAPS, ColourMap
from viewer.core.detections import Detections, RejectedBox
from viewer.core.display import VoiTable, WindowLevel, bracketing_window, default_window
from viewer.core.enhanced import Enhanced, EnhancedView
from viewer.core.events import Change, What
from viewer.core.findings import (
    SERIES,
    STUDY,
    AnswerChange,
    Answered,
    Answers,
    JudgedScore,
    JudgedScores,
    Level,
    Place,
    answered,
    at_level,
)
from viewer.core.fusion import Fusion
from viewer.core.geometry import PLANES, Geometry, Plane, plane_axes
from viewer.core.hand import LABELLING, Hand, Tool
from viewer.core.history import (
    Act,
    ConfirmedChange,
    DeltaVoxels,
    Edit,
    History,
    KeyImageChange,
    LabelDelta,
    Layer,
    Made,
    MeasurementChange,
    SlicePlace,
    relabelling,
    unconfirmed,
)
from viewer.core.labels import DEFAULT_LABELS, Label, free_value, merge_labels, sparing_locked, with_default_colours
from viewer.core.masking import drawn_over
from viewer.core.measuring import KINDS, MARKS, Kind, Measurement, Spread, Values, values_of
from viewer.core.oblique import (
    Axes,
    ObliqueAxes,
    grows_towards,
    rotation_between,
    rotation_to,
    turned_about,
    turned_axes,
)
from viewer.core.origin import Accepted, Origin, now_utc
from viewer.core.painting import Box, Point, Touched, changed_box, stroke_segment, union
from viewer.core.proposal import Acceptance, Certainty, Judgement, Proposal, prepare_acceptance
from viewer.core.scores import HeatShown, Occluded, Scores
from viewer.core.study import Moment, Series
from viewer.core.volume import LabelMap, Volume

ConfirmedSlice = SlicePlace

RADIOGRAPHS = ("CR", "DX", "MG", "PX", "IO", "RG", "XA", "RF")  # laid out as they are hung, by their own rules
_KEPT_BOXES = What.DETECTIONS | What.LABEL_TABLE  # the latter is what has the state written
_DRAWING: tuple[Tool, ...] = ("brush", "eraser")


@dataclass(frozen=True, eq=False)
class Annotations:
    """A person's work on one series, as it is opened and as it was saved.

    label_map is what is seen; machine holds what models last proposed on the same grid, so that a person's
    own voxels are those where the two differ. measurements are in the order of their numbers. history is what can
    be undone and redone; the session that opens these goes on with it. answers, and the scores that they were given by,
    lack those of the study, which are no series' own.
    """

    label_map: LabelMap
    machine: NDArray[np.uint8]
    labels: tuple[Label, ...] = DEFAULT_LABELS
    confirmed: frozenset[ConfirmedSlice] = frozenset()
    source: str = ""
    measurements: tuple[Measurement, ...] = ()
    key_images: frozenset[SlicePlace] = frozenset()
    history: History = field(default_factory=History)
    answers: Answers = field(default_factory=dict)
    judged_scores: JudgedScores = field(default_factory=dict)
    accepted: tuple[Accepted, ...] = ()
    rejected_boxes: tuple[RejectedBox, ...] = ()

    @classmethod
    def none(cls, geometry: Geometry) -> Annotations:
        return cls(LabelMap.empty(geometry), np.zeros(geometry.shape, dtype=np.uint8))


@dataclass(frozen=True)
class State:
    """What is kept of a series beside voxels, measurements and key images, as it is now: the label table, the confirmed
    slices, the model that was accepted last, all that were accepted of models, and the boxes of models that were
    rejected."""

    labels: tuple[Label, ...] = DEFAULT_LABELS
    confirmed: frozenset[ConfirmedSlice] = frozenset()
    source: str = ""
    accepted: tuple[Accepted, ...] = ()
    rejected_boxes: tuple[RejectedBox, ...] = ()


def corrected_labels(
    label_voxels: NDArray[np.uint8], machine: NDArray[np.uint8], confirmed: frozenset[ConfirmedSlice]
) -> tuple[int, ...]:
    """Values that a person's corrections removed or added within the confirmed slices, ascending."""
    values: set[int] = set()
    for axis, index in confirmed:
        seen, proposed = (np.take(voxels, index, axis=2 - axis) for voxels in (label_voxels, machine))
        different = seen != proposed
        values.update(np.unique(seen[different]).tolist(), np.unique(proposed[different]).tolist())
    return tuple(sorted(values - {0}))


def reshaping(
    title: str,
    label_voxels: NDArray[np.uint8],
    value: int,
    act: Callable[[NDArray[np.bool_]], NDArray[np.bool_]],
    labels: Sequence[Label],
) -> Made | None:
    """The edit that gives a label the region that act makes of its own, on all slices, and the voxels that it puts in
    place; None if it changes nothing.

    What it leaves is no label's; it grows only into what is no label's. label_voxels (k, j, i) are only read. Not for
    the GUI thread.
    """
    own = label_voxels == value
    region = act(own)
    box = changed_box(own, region)
    if box is None:
        return None
    before, own, region = label_voxels[box], own[box], region[box]
    after = np.where(own & ~region, np.uint8(0), before)
    after[region & (before == 0)] = value
    return relabelling(title, box, before, sparing_locked(before, after, labels))


def giving_away(
    title: str,
    label_voxels: NDArray[np.uint8],
    machine: NDArray[np.uint8],
    value: int,
    into: int,
    labels: Sequence[Label],
) -> Made:
    """The edit that takes a label out of the table and gives its voxels to another, or, with 0, to none, and the voxels
    that it puts in place.

    What models proposed of it goes the same way, or the next label of this value would be taken for theirs.
    label_voxels, machine: (k, j, i), only read. Not for the GUI thread.
    """
    layers: tuple[tuple[Layer, NDArray[np.uint8]], ...] = (("labels", label_voxels), ("machine", machine))
    deltas, put = [], []
    for layer, voxels in layers:
        after = np.where(voxels == value, np.uint8(into), voxels)
        box = changed_box(voxels, after)
        if box is not None:
            deltas.append(LabelDelta.between(layer, box, voxels[box], after[box]))
            put.append(after[box])
    table = tuple(labels), tuple(label for label in labels if label.value != value)
    return Edit(title, tuple(deltas), table=table), tuple(put)


@dataclass(frozen=True)
class _Stroke:
    """axes: of the plane on which it stays, with the depth that SliceView has for it. minus: it takes from the active
    label alone. last: where it has come to."""

    axes: Axes
    depth: float
    ball: bool
    erase: bool
    minus: bool
    last: Point
    title: str
    touched: Touched

    def on_plane(self, index_ijk: Point) -> Point:
        """The point of the stroke's plane that is nearest to a continuous index."""
        at = np.array(index_ijk, dtype=np.float64)
        if isinstance(self.axes, ObliqueAxes):
            mm = self.depth - self.axes.depth_of(at)
            at += mm * self.axes.normal_mm / np.array(self.axes.geometry.spacing)
        else:
            at[self.axes.normal] = self.depth
        i, j, k = at.tolist()
        return i, j, k


class Session:
    """One series as it is looked at and worked on, of those on the screen. Lives on the GUI thread; listeners are
    called there after each change, also of the hand, which sessions share.

    Commands that make no sense at the moment (painting with nothing open, windowing colours) do nothing. A volume
    may be open before all its slices have arrived: until then it is only looked at.
    """

    def __init__(self, hand: Hand | None = None) -> None:
        self.hand = hand or Hand()
        self.series: Series | None = None
        self.volume: Volume | None = None
        self.label_map: LabelMap | None = None
        self.machine: NDArray[np.uint8] | None = None
        self.labels: tuple[Label, ...] = DEFAULT_LABELS
        self.confirmed: frozenset[ConfirmedSlice] = frozenset()
        self.proposal: Proposal | None = None
        self.waiting: tuple[Proposal, ...] = ()  # of other models, until a person has judged that one
        self.detections: Detections | None = None
        self.rejected_boxes: tuple[RejectedBox, ...] = ()  # for good, whether a model proposes them now or not
        self.scores: Scores | None = None
        self.heat: HeatShown | None = None
        self.enhanced: Enhanced | None = None  # beside the volume: whatever measures or segments takes the volume
        self.enhanced_view: EnhancedView = "original"
        self.synthetic = False  # the open series itself is a model's picture, by its own word
        self.swipe = 0.5  # how far from the left of a pane the enhanced picture begins, 0 to 1
        self.source = ""
        self.accepted: tuple[Accepted, ...] = ()
        self.certainty: Certainty | None = None  # of the result that a model proposed last, unless it was rejected
        self.certainty_of: Origin | None = None
        self.key_images: frozenset[SlicePlace] = frozenset()
        self.answers: dict[Answered, bool] = {}
        self.judged_scores: dict[Answered, JudgedScore] = {}
        self.measurements: tuple[Measurement, ...] = ()
        self.selected: int | None = None  # number of a measurement
        self._path: int | None = None  # the number of the path that was selected last
        self._values: dict[Measurement, Values] = {}
        self.cursor_ijk: tuple[int, int, int] = (0, 0, 0)
        self._cursor_between: Point | None = None  # voxels, where planes are turned
        self.rotation: NDArray[np.float64] | None = None  # of all planes, in LPS; None: they are those of the grid
        self._axes_of: tuple[Geometry | None, NDArray[np.float64] | None, dict[Plane, Axes]] = None, None, {}
        self.window: WindowLevel | VoiTable = WindowLevel(0.5, 1.0)
        self.inverted = False
        self.colour_map: ColourMap = "grey"
        self.fusion: Fusion | None = None
        self.moment_series: Sequence[Series] = ()
        self.moments: tuple[Volume, ...] = ()
        self.active_label = DEFAULT_LABELS[0].value
        self.history = History()
        self.read_only = False
        self.flood_tolerance: float | None = None  # of grey values; None until a person has chosen it
        self._arriving = self._completed = False
        self._window_chosen = False  # by a person
        self._window_due = False
        self._moment: Volume | None = None
        self._stroke: _Stroke | None = None
        self._listeners: list[Callable[[Change], None]] = []
        self.hand.subscribe(self._hand_changed)

    def subscribe(self, listener: Callable[[Change], None]) -> None:
        """Have a listener called after every change, in the order of subscription."""
        self._listeners.append(listener)

    # Opening and looking

    def open(
        self, series: Series, volume: Volume, annotations: Annotations | None = None, *, keep_view: bool = False
    ) -> None:
        """Show a volume with a person's earlier work on it, and its history.

        keep_view: with the cross-hair, the window and the zoom of the volume before, where both are on one grid. A
        volume that is not complete gets its annotations with complete().
        """
        again = self.loading and self.series is not None and self.series.uid == series.uid
        same_size = self.volume is not None and self.volume.geometry.size == volume.geometry.size
        keep_view = (keep_view or again) and same_size
        if not (keep_view and self.volume is not None and self.volume.geometry.same_grid(volume.geometry)):
            self.fusion = None
        self.series, self.volume, self._moment = series, volume, None
        self.enhanced, self.enhanced_view = None, "original"
        self.synthetic = series.synthetic
        self._arriving, self._completed = not volume.complete, False
        self._take_over(annotations or Annotations.none(volume.geometry))
        if not any(other.uid == series.uid for other in self.moment_series):
            self.moment_series, self.moments = (), ()
        if not keep_view:
            self.cursor_ijk, self._cursor_between, self.rotation = _first_look(volume), None, None
            self.inverted = series.inverted
            self.colour_map = "grey"
            self.flood_tolerance = None
        if not (keep_view and (self._window_chosen or not again)):
            self.window, self._window_chosen = self._first_window(), False
        self._window_due = volume.arrived is not None and not volume.arrived.any()
        self._announce(Change(What.SERIES if keep_view else What.SERIES | What.VIEW))

    def slices_arrived(self, slices: Sequence[int]) -> None:
        """Tell that slices of the open volume can be seen now. The first ones choose the window, if nothing has.

        What arrives is not edited before complete() brings a person's earlier work, not even if these are the last.
        """
        if self.volume is None or self.volume.arrived is None or self._completed or not len(slices):
            return
        self._arriving = True
        due, self._window_due = self._window_due, False
        if due and not self._window_chosen:
            self.window = self._first_window()
        self._announce(Change(What.VOXELS | What.WINDOW if due else What.VOXELS))

    def complete(self, volume: Volume, annotations: Annotations | None = None) -> None:
        """All slices of the open volume are there: show a person's earlier work on it, and let it be edited.

        The window is chosen anew, now from all values, unless a person or the file has chosen it.
        """
        if self.volume is None:
            return
        self.volume, self._arriving, self._completed = volume, False, True
        self._take_over(annotations or Annotations.none(volume.geometry))
        if not self._window_chosen:
            self.window = self._first_window()
        self._announce(Change(What.SERIES))

    def close_series(self) -> None:
        """Have nothing open."""
        self.series = self.volume = self.label_map = self.machine = self._moment = None
        self.detections = None
        self.scores = self.heat = None
        self.proposal, self._stroke, self.history = None, None, History()
        self.waiting = ()
        self.enhanced, self.enhanced_view = None, "original"
        self.labels, self.confirmed, self.source = DEFAULT_LABELS, frozenset(), ""
        self.accepted, self.certainty, self.certainty_of = (), None, None
        self.rejected_boxes = ()
        self.key_images, self.answers, self.judged_scores = frozenset(), {}, {}
        self.measurements, self.selected, self._values = (), None, {}
        self.active_label = DEFAULT_LABELS[0].value
        self.moment_series, self.moments, self._arriving, self.read_only = (), (), False, False
        self.rotation = self._cursor_between = self.fusion = None
        self.synthetic = False
        self._announce(Change(What.SERIES | What.VIEW))

    def _take_over(self, annotations: Annotations) -> None:
        self.label_map, self.machine = annotations.label_map, annotations.machine
        self.labels = with_default_colours(annotations.labels, self.hand.safe_label_colours)
        self._let_draw_upon()
        self.confirmed, self.source = annotations.confirmed, annotations.source
        self.accepted, self.certainty, self.certainty_of = annotations.accepted, None, None
        self.rejected_boxes = annotations.rejected_boxes
        self.key_images, self.answers = annotations.key_images, dict(annotations.answers)
        self.judged_scores = dict(annotations.judged_scores)
        self.measurements, self.selected, self._values = annotations.measurements, None, {}
        self._path = None
        self.detections = None
        sequence = self.series.moment.sequence_uid if self.series is not None and self.series.moment else ""
        if self.scores is None or not sequence or self.scores.sequence != sequence:  # else it is of this moment, too
            self.scores = self.heat = None
        self.proposal, self._stroke, self.history = None, None, annotations.history
        self.waiting = ()
        if self.active_label not in {label.value for label in self.labels}:
            self.active_label = self.labels[0].value

    def _first_window(self) -> WindowLevel | VoiTable:
        """What the file says, or what suits the values."""
        assert self.series is not None and self.volume is not None
        if self.series.voi_table is not None and not self.volume.colour:
            return self.series.voi_table
        return default_window(self.volume, self.series.windows[0] if self.series.windows else None)

    @property
    def loading(self) -> bool:
        """True while slices of the open series are still on their way."""
        return self._arriving

    @property
    def editable(self) -> bool:
        """True if labels can be drawn, confirmed and proposed, and measurements made: all slices are there, no
        sequence is played, and no other window edits the same labels."""
        return self.volume is not None and not self._arriving and self._moment is None and not self.read_only

    def set_read_only(self, read_only: bool) -> None:
        """Whether the labels of the open series may only be looked at, because another window edits them."""
        if read_only != self.read_only:
            self.read_only = read_only
            if read_only and self.hand.tool in (*LABELLING, *KINDS):
                self.hand.choose_tool("window")
            self._announce(Change(What.TOOL))

    @property
    def shown(self) -> Volume | None:
        """The volume on the screen: the open one, or the moment that is being played, on the same grid."""
        return self._moment or self.volume

    @property
    def planes(self) -> tuple[Plane, ...]:
        """The planes in which the open series can be looked at: for a single picture and for slices that make no
        volume only their own."""
        return planes_of(self.volume.geometry) if self.volume is not None else ()

    # Moments of a sequence

    def set_moments(self, series: Sequence[Series], volumes: tuple[Volume, ...] = ()) -> None:
        """The moments of the sequence that is open, in the order of play, and their volumes once they are read."""
        self.moment_series, self.moments = series, volumes
        self._announce(Change(What.VOXELS))

    @property
    def shown_moment(self) -> Moment | None:
        """Which moment of its sequence is on the screen; None if the open series is none."""
        if self._moment is not None:
            for series, volume in zip(self.moment_series, self.moments, strict=False):
                if volume is self._moment:
                    return series.moment
        return self.series.moment if self.series is not None else None

    def show_moment_volume(self, volume: Volume | None) -> None:
        """Show another moment of the sequence without its labels, for as long as it is played; None ends that."""
        if self.volume is None or (volume is not None and volume.geometry.size != self.volume.geometry.size):
            return
        self.end_stroke()
        self._moment = volume
        self._announce(Change(What.VOXELS))

    def move_cursor(self, index_ijk: tuple[float, float, float]) -> None:
        """Put the cross-hair on the voxel nearest to a continuous index; outside it stops at the edge."""
        if self.volume is None:
            return
        before, geometry = self.cursor_at, self.volume.geometry
        self.cursor_ijk = geometry.clamp_index(index_ijk)
        if self.rotation is not None:
            i, j, k = np.clip(index_ijk, 0.0, np.array(geometry.size) - 1.0).tolist()
            self._cursor_between = i, j, k
        if self.cursor_at != before:
            self._announce(Change(What.CURSOR))

    @property
    def cursor_at(self) -> Point:
        """The continuous index of the cross-hair. Where planes are turned it may lie between voxels, cursor_ijk being
        the nearest; else it is the middle of that voxel."""
        between = self._cursor_between if self.rotation is not None else None
        if between is None or self.volume is None or self.volume.geometry.clamp_index(between) != self.cursor_ijk:
            i, j, k = self.cursor_ijk
            return float(i), float(j), float(k)
        return between

    def scroll(self, plane: Plane, slices: int) -> None:
        """Move the cross-hair along a plane's normal by a number of slices, towards the head, front or left
        for positive numbers whatever way the file stores them."""
        if self.volume is None:
            return
        axes = self.axes(plane)
        if isinstance(axes, ObliqueAxes):
            depth = axes.depth_of(self.cursor_at) + slices * axes.step_mm(self.volume.geometry.spacing)
            self.move_cursor(axes.moved(self.cursor_at, depth))
            return
        cursor = list(self.cursor_at)
        cursor[axes.normal] += slices if grows_towards(self.volume.geometry, plane) else -slices
        self.move_cursor((cursor[0], cursor[1], cursor[2]))

    # Another series over this one

    def fuse(self, fusion: Fusion) -> None:
        """Lay another series over the open one, in place of any before. Both must be grids of grey voxels."""
        if self.volume is not None and not self.loading:
            self.fusion = fusion
            self._announce(Change(What.FUSION))

    def unfuse(self) -> None:
        """Take away what was laid over the open series."""
        if self.fusion is not None:
            self.fusion = None
            self._announce(Change(What.FUSION))

    def set_fusion_opacity(self, opacity: float) -> None:
        """How dense what is laid over the series is, 0 to 1."""
        if self.fusion is not None:
            self._change_fusion(self.fusion.with_opacity(opacity))

    def set_fusion_window(self, window: WindowLevel) -> None:
        """window: in the stored unit of what is laid over the series."""
        if self.fusion is not None:
            self._change_fusion(self.fusion.with_window(window))

    def set_fusion_colour_map(self, colour_map: ColourMap) -> None:
        if self.fusion is not None:
            self._change_fusion(replace(self.fusion, colour_map=colour_map))

    def show_fusion(self, visible: bool) -> None:
        """Show what is laid over the series, or, to compare, what lies below alone."""
        if self.fusion is not None:
            self._change_fusion(replace(self.fusion, visible=visible))

    def _change_fusion(self, fusion: Fusion) -> None:
        self.fusion = fusion
        self._announce(Change(What.FUSION))

    # Turned planes

    @property
    def can_turn_planes(self) -> bool:
        """True where the three planes are those of one grid, all of which has arrived."""
        return self.volume is not None and not self.loading and len(self.planes) == len(PLANES)

    def axes(self, plane: Plane) -> Axes:
        """How a plane of the open series lies on the screen as long as nobody mirrors its picture."""
        assert self.volume is not None
        geometry, rotation = self.volume.geometry, self.rotation
        if self._axes_of[0] is not geometry or self._axes_of[1] is not rotation:
            self._axes_of = geometry, rotation, {}
        known = self._axes_of[2]
        if plane not in known:
            known[plane] = turned_axes(geometry, plane_axes(geometry, plane), rotation)
        return known[plane]

    def is_oblique(self, plane: Plane) -> bool:
        """True if a plane cuts across the grid: there are no slices on it to be confirmed."""
        return self.rotation is not None and self.volume is not None and isinstance(self.axes(plane), ObliqueAxes)

    def turn_planes(self, about: Plane, radians: float) -> None:
        """Turn the other two planes about the normal of one, through the cross-hair, clockwise as it is seen on the
        screen. The three stay perpendicular."""
        if self.volume is not None and self.can_turn_planes:
            self._turn_to(turned_about(self.rotation, self.volume.geometry, about, radians))

    def reset_planes(self) -> None:
        """Have the planes be those of the grid again."""
        if self.rotation is not None:
            self._turn_to(None)

    def turn_like(self, other: Session) -> None:
        """Have the planes that another session has; with planes of its grid, those of this one's."""
        if self.volume is not None and other.volume is not None and self.can_turn_planes:
            rotation = rotation_between(other.rotation, other.volume.geometry, self.volume.geometry)
            if rotation is not None or self.rotation is not None:
                self._turn_to(rotation)

    def _turn_to(self, rotation: NDArray[np.float64] | None) -> None:
        self.end_stroke()
        at = self.cursor_at
        self.rotation, self._cursor_between = rotation, at if rotation is not None else None
        self._announce(Change(What.CURSOR | What.PLANES))

    def set_window(self, window: WindowLevel | VoiTable) -> None:
        if self.volume is None or not self.volume.colour:
            self.window, self._window_chosen = window, True
            self._announce(Change(What.WINDOW))

    def look_through(self, window: WindowLevel | VoiTable, inverted: bool) -> None:
        """Have the window of another series, and its idea of which end is white."""
        if self.volume is not None and not self.volume.colour and (window, inverted) != (self.window, self.inverted):
            self.inverted = inverted
            self.set_window(window)

    @property
    def window_level(self) -> WindowLevel:
        """The window to start from when it is dragged: where a table of the file is in force, the one around it."""
        return bracketing_window(self.window) if isinstance(self.window, VoiTable) else self.window

    def reset_window(self) -> None:
        """The window of the file, or the automatic one, and the file's own idea of which end is white."""
        if self.volume is not None and self.series is not None and not self.volume.colour:
            self.inverted = self.series.inverted
            self.window, self._window_chosen = self._first_window(), False
            self._announce(Change(What.WINDOW))

    def toggle_inverted(self) -> None:
        if self.volume is None or not self.volume.colour:
            self.inverted = not self.inverted
            self._announce(Change(What.WINDOW))

    def set_colour_map(self, colour_map: ColourMap) -> None:
        """Show the grey levels of the open series in the colours of a map; pictures in colour keep their own."""
        if self.volume is not None and not self.volume.colour and colour_map != self.colour_map:
            self.colour_map = colour_map
            self._announce(Change(What.WINDOW))

    def next_colour_map(self) -> None:
        maps = tuple(COLOUR_MAPS)
        self.set_colour_map(maps[(maps.index(self.colour_map) + 1) % len(maps)])

    def is_neurological(self, plane: Plane) -> bool:
        """True if a plane of the open series is shown with the patient's left on the left. Radiographs and what has no
        place in the patient never are, nor do sagittal planes have a side to choose."""
        volume, series = self.volume, self.series
        if volume is None or series is None or not volume.geometry.patient_space or series.modality in RADIOGRAPHS:
            return False
        return self.hand.neurological and plane in ("axial", "coronal")

    def choose_tool(self, tool: Tool) -> None:
        """Use a tool from now on; where labels may only be looked at, not one that draws or measures."""
        if not (self.read_only and tool in (*LABELLING, *KINDS)):
            self.hand.choose_tool(tool)

    def choose_label(self, value: int) -> None:
        """Paint with this label from now on. Raises ValueError if the table has no such value."""
        if value not in {label.value for label in self.labels}:
            raise ValueError(f"there is no label {value}")
        if value != self.active_label:
            self.end_stroke()  # what is painted on would become another label's, under the name of the first
        self.active_label = value
        self._announce(Change(What.TOOL))

    def _see_active_label(self) -> None:
        """Nobody paints what cannot be seen."""
        if any(label.value == self.active_label and not label.visible for label in self.labels):
            self.show_label(self.active_label, True)

    def show_label(self, value: int, visible: bool) -> None:
        self._set_of_label(value, visible=visible)

    def lock_label(self, value: int, locked: bool) -> None:
        """Have no tool and no model change the voxels of a label, or let them."""
        self.end_stroke()
        self._set_of_label(value, locked=locked)

    @property
    def label(self) -> Label:
        """The active label, which tools draw."""
        return next(label for label in self.labels if label.value == self.active_label)

    def is_locked(self, value: int) -> bool:
        return any(label.value == value and label.locked for label in self.labels)

    @property
    def brush_locked(self) -> bool:
        """Whether the tool is the brush and its label locked."""
        return self.hand.tool == "brush" and self.is_locked(self.active_label)

    def add_label(self, name: str, colour: tuple[int, int, int], code: tuple[str, str, str] | None = None) -> int:
        """Another label at the end of the table, which is painted with from now on; one undo takes it back. Returns
        its value, 0 where nothing can be edited. Raises ValueError if the table is full or has this name."""
        if not self.editable:
            return 0
        self._refuse_name(name)
        value = free_value(self.labels)
        self._change_table("Add label", (*self.labels, Label(value, name, colour, code)))
        self.choose_label(value)
        return value

    def change_label(self, changed: Label) -> None:
        """Give the label of a value another name, colour or code, as one edit; its boxes go with it. Raises ValueError
        if another has the name."""
        self._refuse_name(changed.name, but=changed.value)
        table = tuple(changed if label.value == changed.value else label for label in self.labels)
        before = next((label.name for label in self.labels if label.value == changed.value), "")
        if table != self.labels:
            boxes = self.boxes_renamed(before, changed.name)
            if self.hand.masking.label == before:  # it is known by its name
                self.hand.set_masking(replace(self.hand.masking, label=changed.name))
            self.make(Edit("Change label", measurements=boxes, table=(self.labels, table)))

    def _let_draw_upon(self) -> None:
        """Where tools may draw upon one label only and it is gone, they may draw upon everything."""
        masking = self.hand.masking
        if masking.over == "label" and masking.label not in {label.name for label in self.labels}:
            self.hand.set_masking(replace(masking, over="everything", label=""))

    def boxes_renamed(self, before: str, after: str) -> tuple[MeasurementChange, ...]:
        """What makes the boxes of a label those of another, by their names."""
        if before == after:
            return ()
        boxes = (m for m in self.measurements if m.kind == "box" and m.text == before)
        return tuple(MeasurementChange(box, replace(box, text=after)) for box in boxes)

    def _refuse_name(self, name: str, but: int = 0) -> None:
        if not name.strip():
            raise ValueError("a label needs a name")
        if any(label.name == name and label.value != but for label in self.labels):
            raise ValueError(f"there is a label {name} already")

    def _change_table(self, title: str, table: tuple[Label, ...]) -> None:
        self.make(Edit(title, table=(self.labels, table)))

    def set_label_opacity(self, value: int, opacity: float) -> None:
        """How dense the overlay of a label is on slices, 0 to 1 of that of all labels; kept with the label."""
        self._set_of_label(value, opacity=min(max(opacity, 0.0), 1.0))

    def show_only(self, value: int) -> None:
        """Show one label and no other; if that is so already, all."""
        alone = [label.value for label in self.labels if label.visible] == [value]
        self.labels = tuple(replace(label, visible=alone or label.value == value) for label in self.labels)
        self._announce(Change(What.LABEL_TABLE))

    def use_table(self, labels: Sequence[Label]) -> None:
        """Have the labels of a list, too, as one edit: those of equal name are the same label, with the colour and the
        code of the list; untouched default labels give way. Raises ValueError if there would be too many."""
        merged, value_of = merge_labels(self.labels_in_use(), labels)
        given = {value_of[label.value]: label for label in labels}
        table = tuple(
            replace(label, colour=given[label.value].colour, code=given[label.value].code)
            if label.value in given
            else label
            for label in merged
        )
        if table and table != self.labels:
            self._change_table("Use label list", table)

    def set_surface_opacity(self, value: int, opacity: float) -> None:
        """How dense the surface of a label is in 3-D, 0 to 1; kept with the label."""
        self._set_of_label(value, surface_opacity=min(max(opacity, 0.0), 1.0))

    def _set_of_label(self, value: int, **changes: bool | float) -> None:
        """What is no edit: how a label is looked at, and whether it is locked."""
        self.labels = tuple(replace(x, **changes) if x.value == value else x for x in self.labels)
        self._announce(Change(What.LABEL_TABLE))

    # Painting

    def begin_stroke(self, plane: Plane, index_ijk: Point, *, minus: bool = False) -> None:
        """Press the brush or the eraser on a slice or an oblique plane; the stroke stays on it until it ends. With the
        brush's shape of a sphere it reaches into the slices around, where they make a volume. minus: the brush takes
        away from its label, as other tools do with Ctrl; other labels lose nothing."""
        self.end_stroke()
        if not self.editable or self.hand.tool not in _DRAWING or plane not in self.planes:
            return
        assert self.volume is not None and self.label_map is not None
        geometry, axes = self.volume.geometry, self.axes(plane)
        if isinstance(axes, ObliqueAxes):
            depth = axes.depth_of(index_ijk)
        else:
            depth = int(round(index_ijk[axes.normal]))
            if not 0 <= depth < geometry.size[axes.normal]:
                return
        if self.brush_locked:
            return
        self._see_active_label()
        name = self.label.name
        erase, ball = self.hand.tool == "eraser", self.hand.brush_shape == "sphere" and geometry.is_grid
        minus = minus and not erase
        title = "Erase" if erase else f"Take away from {name}" if minus else f"Paint {name}"
        stroke = _Stroke(axes, depth, ball, erase or minus, minus, index_ijk, title, Touched())
        self._stroke = replace(stroke, last=stroke.on_plane(index_ijk))
        self.stroke_to(index_ijk)

    def stroke_to(self, index_ijk: Point) -> None:
        """Draw on from the last point of the stroke; the label map is changed at once, the history at the end."""
        stroke = self._stroke
        if stroke is None or self.volume is None or self.label_map is None:
            return
        point = stroke.on_plane(index_ijk)
        axes, radius_mm = None if stroke.ball else stroke.axes, self.hand.brush_radius_mm
        drawn = stroke_segment(self.volume.geometry, axes, stroke.last, point, radius_mm)
        self._stroke = replace(stroke, last=point)
        if drawn is not None:
            box, mask = drawn
            stroke.touched.remember(self.label_map.voxels, box)
            if stroke.minus:
                mask = mask & (self.label_map.voxels[box] == self.active_label)
            self.label_map.voxels[box] = self._drawn(box, mask, erase=stroke.erase)
            self.label_map.revision += 1
            self._announce(Change(What.LABELS, box))

    def end_stroke(self) -> None:
        """Lift the brush: the whole stroke becomes one edit."""
        if self._stroke is None or self.volume is None or self.label_map is None:
            return
        stroke, self._stroke = self._stroke, None
        now = self.label_map.voxels
        changed = stroke.touched.changed(now)
        if changed:
            deltas = tuple(LabelDelta.between("labels", box, before, now[box]) for box, before in changed)
            places = self.confirmed_out_of_sight
            lost = (change for box, before in changed for change in unconfirmed(places, box, before, now[box]))
            edit = Edit(stroke.title, deltas, confirmed=tuple(dict.fromkeys(lost)))
            self.history.record(edit)
            self._confirm(edit.confirmed)
            what = What.LABELS | What.CONFIRMED if edit.confirmed else What.LABELS
            self._announce(Change(what, edit.labels_box, edit))

    def _drawn(self, box: Box, mask: NDArray[np.bool_], *, erase: bool) -> NDArray[np.uint8]:
        """The label voxels of a box after a tool has drawn or erased where mask is true, as far as that may be: what
        masking and locked labels keep from change is decided here for all tools."""
        assert self.volume is not None and self.label_map is not None
        voxels, masking = self.label_map.voxels, self.hand.masking
        drawn = drawn_over(self.volume, voxels, box, mask, self.active_label, masking, self.labels, erase=erase)
        return sparing_locked(voxels[box], drawn, self.labels)

    @property
    def painting(self) -> bool:
        return self._stroke is not None

    def replace_voxels(self, title: str, box: Box, voxels: NDArray[np.uint8]) -> bool:
        """Set the label voxels of a box as one edit; voxels has the box's shape. False if nothing changed."""
        if self.label_map is None or not self.editable:
            return False
        before = self.label_map.voxels[box]
        voxels = sparing_locked(before, voxels, self.labels)
        made = relabelling(title, box, before, voxels)
        if made is not None:
            lost = unconfirmed(self.confirmed_out_of_sight, box, before, voxels)
            self.make(replace(made[0], confirmed=lost))
        return made is not None

    def draw(self, title: str, box: Box, mask: NDArray[np.bool_], *, erase: bool = False) -> bool:
        """Give the voxels of a box where mask is true to the active label, or to none, as one edit, as far as the
        masking and locked labels let it; mask has the box's shape. False if nothing changed: nothing can be edited, or
        all of it is kept from change."""
        if self.label_map is None or not self.editable or (not erase and self.is_locked(self.active_label)):
            return False
        self.end_stroke()
        if not erase:
            self._see_active_label()
        return self.replace_voxels(title, box, self._drawn(box, mask, erase=erase))

    def redraw(
        self, title: str, given: tuple[Box, NDArray[np.bool_]] | None, taken: tuple[Box, NDArray[np.bool_]] | None
    ) -> bool:
        """Give some voxels to the active label and take others from it, as one edit, as far as the masking and locked
        labels let it: boxes with masks of their shapes. What is in both is given. False if nothing changed."""
        box = union(given[0] if given else None, taken[0] if taken else None)
        if box is None or self.label_map is None or not self.editable or self.is_locked(self.active_label):
            return False
        self.end_stroke()
        self._see_active_label()
        voxels = self.label_map.voxels[box].copy()
        for region, erase in ((taken, True), (given, False)):
            if region is None:
                continue
            part, mask = region
            inner = tuple(slice(p.start - b.start, p.stop - b.start) for p, b in zip(part, box, strict=True))
            mask = mask & (self.label_map.voxels[part] == self.active_label) if erase else mask
            voxels[inner] = np.where(mask, self._drawn(part, mask, erase=erase), voxels[inner])
        return self.replace_voxels(title, box, voxels)

    def make(self, edit: Edit, voxels: DeltaVoxels | None = None) -> None:
        """Do an edit that was prepared of the session as it is now, so that one undo takes it back. voxels: what its
        deltas put in place, if that is at hand."""
        if self.editable:
            self.end_stroke()
            self.history.record(edit)
            self._apply(edit, voxels)

    def catch_up(self, edit: Edit | None, act: Act, state: State | None) -> None:
        """Do to a series that is opened again what was done to it before and is not in its file yet, an act with the
        state after it, as a Change told them."""
        if edit is not None and act == "make":
            self.history.record(edit)
        elif edit is not None:
            self.history.undo() if act == "undo" else self.history.redo()
        if edit is not None:
            self._apply(edit, act=act, told=False)
        if state is not None:
            self.labels, self.confirmed, self.source = state.labels, state.confirmed, state.source
            self.accepted, self.rejected_boxes = state.accepted, state.rejected_boxes
            self._announce(Change(What.LABEL_TABLE | What.CONFIRMED))

    def undo(self, voxels: DeltaVoxels | None = None) -> None:
        """Take the newest edit back. voxels: what the deltas of its inverse put in place, if that is at hand."""
        if self._stroke is None and self.editable and (edit := self.history.undo()) is not None:
            self._apply(edit, voxels, "undo")
            if self._without_effect(edit):
                self.undo()

    def redo(self, voxels: DeltaVoxels | None = None) -> None:
        """Do the edit again that was undone last. voxels: what its deltas put in place, if that is at hand."""
        if self._stroke is None and self.editable and (edit := self.history.redo()) is not None:
            self._apply(edit, voxels, "redo")
            if self._without_effect(edit):
                self.redo()

    def _without_effect(self, edit: Edit) -> bool:
        """True if all that an edit did was to reject a part of a proposal that is no longer there."""
        known = self.proposal is not None and edit.judged is not None and edit.judged[0] == self.proposal.number
        return edit.empty and not known

    def toggle_confirmed(self, plane: Plane) -> None:
        """Mark the slice under the cross-hair as wholly correct, or take the mark back, as one edit."""
        if self.volume is None or not self.editable or plane not in self.planes or self.is_oblique(plane):
            return
        place = self._place_in(plane)
        confirmed = place not in self.confirmed
        title = "Confirm slice" if confirmed else "Take confirmation back"
        self.make(Edit(title, confirmed=(ConfirmedChange(place, confirmed),)))

    def is_confirmed(self, plane: Plane) -> bool:
        """True if the slice of this plane under the cross-hair carries a person's mark."""
        if self.volume is None or self.is_oblique(plane):
            return False
        return self._place_in(plane) in self.confirmed

    def has_labels(self, plane: Plane) -> bool:
        """True if any voxel of the slice of this plane under the cross-hair is a label's."""
        if self.label_map is None or self.label_map.blank or self.is_oblique(plane):
            return False
        return bool(self.label_map.voxels[self._slice_box(plane)].any())

    @property
    def confirmed_out_of_sight(self) -> frozenset[ConfirmedSlice]:
        """The confirmed slices that no plane shows now. What changes one of them takes its confirmation back: nobody
        has seen whether it is still right."""
        return self.confirmed - {self._place_in(plane) for plane in self.planes if not self.is_oblique(plane)}

    def has_boxes(self, plane: Plane) -> bool:
        """True if a box of a label is drawn on the slice of this plane under the cross-hair."""
        if self.is_oblique(plane) or plane not in self.planes:
            return False
        axis, index = self._place_in(plane)
        boxes = (m for m in self.measurements if m.kind == "box" and m.spread is None)
        return any(m.normal == axis and m.slice_index == index for m in boxes)

    def confirm_empty(self, plane: Plane) -> bool:
        """Take all labels off the slice of this plane under the cross-hair and confirm that nothing is there, as one
        edit. False if a locked label is there or nothing can be edited."""
        if self.label_map is None or not self.editable or plane not in self.planes or self.is_oblique(plane):
            return False
        self.end_stroke()
        box, place = self._slice_box(plane), self._place_in(plane)
        there = self.label_map.voxels[box]
        if np.isin(there, [label.value for label in self.labels if label.locked]).any():
            return False
        deltas = (LabelDelta.between("labels", box, there, np.zeros_like(there)),) if there.any() else ()
        confirmed = () if place in self.confirmed else (ConfirmedChange(place, True),)
        if deltas or confirmed:
            self.make(Edit("Nothing on this slice", deltas, confirmed=confirmed))
        return True

    def _slice_box(self, plane: Plane) -> Box:
        axis, index = self._place_in(plane)
        place = [slice(0, n) for n in reversed(self.label_map.voxels.shape)] if self.label_map is not None else []
        place[axis] = slice(index, index + 1)
        return place[2], place[1], place[0]

    # Key images

    def toggle_key_image(self, plane: Plane) -> None:
        """Mark the slice under the cross-hair as a key image, or take the mark back, as one edit. Not an oblique plane:
        what is found again is a slice of the scan."""
        if self.volume is None or not self.editable or plane not in self.planes or self.is_oblique(plane):
            return
        place = self._place_in(plane)
        marked = place not in self.key_images
        title = "Mark key image" if marked else "Unmark key image"
        self.make(Edit(title, key_images=(KeyImageChange(place, marked),)))

    def is_key_image(self, plane: Plane) -> bool:
        """True if the slice of this plane under the cross-hair is marked."""
        return self.volume is not None and not self.is_oblique(plane) and self._place_in(plane) in self.key_images

    @property
    def key_images_in_order(self) -> tuple[tuple[Plane, int], ...]:
        """The plane and the slice index of each key image, plane by plane, that can be seen in the open series."""
        if self.volume is None:
            return ()
        axes: dict[Plane, int] = {plane: plane_axes(self.volume.geometry, plane).normal for plane in self.planes}
        return tuple(
            (plane, index)
            for plane, normal in axes.items()
            for axis, index in sorted(self.key_images)
            if axis == normal
        )

    def key_image_beside(self, plane: Plane, step: int) -> tuple[Plane, int] | None:
        """The key image that comes next (step 1) or before (-1), seen from the slice under the cross-hair in a plane;
        after the last comes the first. None if there is none."""
        marked = self.key_images_in_order
        if not marked or self.volume is None or plane not in self.planes:
            return None
        here = self.planes.index(plane), self._place_in(plane)[1]
        places = [(self.planes.index(other), index) for other, index in marked]
        if step > 0:
            return marked[next((n for n, place in enumerate(places) if place > here), 0)]
        return marked[max((n for n, place in enumerate(places) if place < here), default=len(marked) - 1)]

    def go_to_slice(self, plane: Plane, slice_index: int) -> None:
        """Move the cross-hair to a slice of a plane."""
        if self.volume is not None:
            cursor = list(self.cursor_ijk)
            cursor[plane_axes(self.volume.geometry, plane).normal] = slice_index
            self.move_cursor((cursor[0], cursor[1], cursor[2]))

    def _place_in(self, plane: Plane) -> SlicePlace:
        assert self.volume is not None
        axis = plane_axes(self.volume.geometry, plane).normal
        return axis, self.cursor_ijk[axis]

    # Findings

    def place_of(self, level: Level, plane: Plane) -> Place | None:
        """Of what a finding of a level is answered now: a slice is that of this plane under the cross-hair; None for
        oblique planes, which are no slices of the scan, and with nothing open."""
        if level != "slice":
            return None if self.volume is None else SERIES if level == "series" else STUDY
        if self.volume is None or plane not in self.planes or self.is_oblique(plane):
            return None
        return Place("slice", *self._place_in(plane))

    def answer(self, finding: int, place: Place, yes: bool | None) -> None:
        """Answer a finding with yes or no, or take the answer back (None), as one edit."""
        if self.answers.get((finding, place)) != yes:
            self._answer("Answer finding", (finding,), place, yes)

    def answer_rest(self, place: Place) -> int:
        """Answer with no what is not answered yet of the findings that are asked of a place, as one edit; how many
        those were."""
        asked = (finding.number for finding in at_level(self.hand.findings, place.level))
        rest = tuple(number for number in asked if (number, place) not in self.answers)
        if not rest or not self.editable:
            return 0
        self._answer("Answer the rest with no", rest, place, False)
        return len(rest)

    def _answer(self, title: str, findings: Sequence[int], place: Place, yes: bool | None) -> None:
        changes = tuple(self._answer_change((number, place), yes) for number in findings)
        self.make(Edit(title, answers=changes))

    def _answer_change(self, at: Answered, yes: bool | None, score: JudgedScore | None = None) -> AnswerChange:
        return AnswerChange(*at, self.answers.get(at), yes, self.judged_scores.get(at), score)

    def judge_score(self, of: int, findings: Mapping[Level, int], places: Sequence[Place], *, accepts: bool) -> int:
        """A person accepts or rejects what a classification model says of a class (its place in Scores.classes) at some
        places, as one edit. findings: the number of the class' finding at each level.

        Accepted is yes from the threshold on and no below it; rejected, as no, is a yes alone. The first place is
        answered anew; others keep the answer that they have. Returns how many were answered.
        """
        changes = []
        for n, place in enumerate(places):
            told = self.scores.told_of(of, place) if self.scores is not None else None
            if told is None or not (accepts or told.above):
                continue
            change = self._answer_change((findings[place.level], place), accepts and told.above, told)
            if change.before is None or (n == 0 and change.before != change.after):
                changes.append(change)
        if self.scores is None or not changes or not self.editable:
            return 0
        act = "Accept" if accepts else "Reject"
        self.make(Edit(f"{act} score of {self.scores.origin.source}", answers=tuple(changes)))
        return len(changes)

    def take_study_answers(self, answers: Answers, scores: JudgedScores = MappingProxyType({})) -> None:
        """What was answered of the study, as it is kept."""
        now = {at: yes for at, yes in self.answers.items() if at[1] != STUDY} | dict(answers)
        judged = {at: score for at, score in self.judged_scores.items() if at[1] != STUDY} | dict(scores)
        self._take_answers(now, judged)

    def hear_answers(self, changes: Sequence[AnswerChange], *, again: bool = False) -> None:
        """Take over what was answered of the study in another of its series."""
        of_study = [change for change in changes if change.place == STUDY]
        self._take_answers(*answered(self.answers, self.judged_scores, of_study, again=again))

    def _take_answers(self, answers: dict[Answered, bool], judged: dict[Answered, JudgedScore]) -> None:
        if (answers, judged) != (self.answers, self.judged_scores):
            self.answers, self.judged_scores = answers, judged
            self._announce(Change(What.FINDINGS))

    # Measurements

    def add_measurement(
        self,
        kind: Kind,
        points: Sequence[Point],
        normal: int,
        text: str = "",
        text_at: Point | None = None,
        spread: Spread | None = None,
    ) -> Measurement | None:
        """Put a new measurement on a slice, select it and return it; None where nothing can be measured. normal: the
        index axis that is normal to the slice, or was before it was turned to the plane that spread tells."""
        if not self.editable or (self.synthetic and kind not in MARKS):
            return None
        number = 1 + max((m.number for m in self.measurements), default=0)
        if kind == "box":
            text = text or self.label.name
        added = Measurement(number, kind, tuple(points), normal, text, text_at, spread)
        self.selected = number
        if kind == "path":
            self._path = number
        self._change_measurement(f"Draw {kind}", None, added)
        return added

    def change_measurement(self, changed: Measurement) -> None:
        """Have a measurement's points, words and their place be others, as one edit."""
        before = self.measurement(changed.number)
        if before is None or before == changed or not self.editable:
            return
        title = f"Move {changed.kind}" if before.text == changed.text else f"Rename {changed.kind}"
        self._change_measurement(title, before, changed)

    def delete_measurement(self, number: int) -> None:
        before = self.measurement(number)
        if before is not None and self.editable:
            self._change_measurement(f"Delete {before.kind}", before, None)

    def select_measurement(self, number: int | None) -> None:
        if number != self.selected:
            self.selected = number if number is not None and self.measurement(number) else None
            found = self.measurement(self.selected)
            self._path = number if found is not None and found.kind == "path" else self._path
            self._announce(Change(What.MEASUREMENTS))

    @property
    def path(self) -> Measurement | None:
        """The path along which the scan is stretched: the one that was selected last, else the newest; None of none."""
        paths = {m.number: m for m in self.measurements if m.kind == "path"}
        return paths.get(self._path or 0) or (paths[max(paths)] if paths else None)

    def go_to_measurement(self, number: int) -> None:
        """Select a measurement and show its slice or its plane, with the cross-hair in its middle."""
        found = self.measurement(number)
        if found is None or self.volume is None:
            return
        self.select_measurement(number)
        if found.kind == "path":  # it is seen on all planes
            i, j, k = found.points[len(found.points) // 2]
            self.move_cursor((i, j, k))
            return
        self._turn_to_plane_of(found)
        middle = np.array(found.points).mean(axis=0)
        shown = (self.axes(plane) for plane in self.planes)
        oblique = (axes for axes in shown if isinstance(axes, ObliqueAxes))
        across = next((axes for axes in oblique if found.parallel_to(axes, self.volume.geometry)), None)
        self.move_cursor(across.held(middle) if across is not None else middle.tolist())

    def _turn_to_plane_of(self, measurement: Measurement) -> None:
        """Turn the planes so that one of them can show a measurement, unless one does."""
        assert self.volume is not None
        geometry = self.volume.geometry
        if not self.can_turn_planes or any(measurement.parallel_to(self.axes(p), geometry) for p in PLANES):
            return
        plane: Plane = next(p for p in PLANES if plane_axes(geometry, p).normal == measurement.normal)
        self._turn_to(rotation_to(geometry, plane, measurement.normal_mm(geometry)))

    def measurement(self, number: int | None) -> Measurement | None:
        return next((m for m in self.measurements if m.number == number), None)

    def values_of(self, measurement: Measurement) -> Values:
        """What a measurement says of the open volume; remembered for those that are kept."""
        assert self.volume is not None and self.series is not None
        known = self._values.get(measurement)
        if known is None:
            known = values_of(measurement, self.volume, self.series)
            if measurement in self.measurements:
                self._values[measurement] = known
        return known

    def _change_measurement(self, title: str, before: Measurement | None, after: Measurement | None) -> None:
        self.make(Edit(title, measurements=(MeasurementChange(before, after),)))

    def _apply_to_measurements(self, changes: Sequence[MeasurementChange]) -> None:
        kept = {m.number: m for m in self.measurements}
        for change in changes:
            kept.pop(change.number, None)
            if change.after is not None:
                kept[change.number] = change.after
        self.measurements = tuple(kept[number] for number in sorted(kept))
        self._values = {m: values for m, values in self._values.items() if kept.get(m.number) == m}
        if self.selected not in kept:
            self.selected = None

    # Proposals

    def propose(self, proposal: Proposal) -> None:
        """Show a model's result beside the label map until a person accepts or rejects it. One of another model waits
        until then.

        Raises ValueError if it does not lie on the open volume's grid.
        """
        if self.volume is None or proposal.voxels.shape != self.volume.geometry.shape:
            raise ValueError("the result does not belong to the open series")
        if self.loading:
            return
        if self.proposal is not None and self.proposal.origin.model != proposal.origin.model:
            others = (one for one in self.waiting if one.origin.model != proposal.origin.model)
            self.waiting = (*others, proposal)
        else:
            self._show_proposal(proposal)
        self._announce(Change(What.PROPOSAL))

    def _show_proposal(self, proposal: Proposal) -> None:
        self.proposal, self.certainty, self.certainty_of = proposal, proposal.certainty, proposal.origin

    def _show_waiting(self) -> None:
        if self.waiting:
            first, *others = self.waiting
            self.waiting = tuple(others)
            self._show_proposal(first)

    def set_proposal_threshold(self, threshold: float | None) -> None:
        """Propose each voxel's likeliest label where that has at least a probability in (0, 1]; None: what the model
        decides itself. Whole volumes are worked out later (settle_proposal)."""
        proposal = self.proposal
        if proposal is None or proposal.certainty is None or proposal.threshold == threshold:
            return
        self.proposal = replace(proposal, threshold=threshold, settled=False)
        self._announce(Change(What.THRESHOLD))

    def tick_proposal_labels(self, values: Sequence[int], ticked: bool) -> None:
        """Have labels of the proposal, by its own values, be seen and accepted with it, or not."""
        if self.proposal is None:
            return
        labels = tuple(
            replace(label, visible=ticked) if label.value in values else label for label in self.proposal.labels
        )
        if labels != self.proposal.labels:
            self.proposal = replace(self.proposal, labels=labels)
            self._announce(Change(What.PROPOSAL))

    def settle_proposal(self, proposal: Proposal, whole: NDArray[np.uint8]) -> None:
        """What all of a proposal comes to (Proposal.seen), unless it is another one by now."""
        if self.proposal is not None and self.proposal.looks_like(proposal):
            self.proposal = replace(self.proposal, whole=whole, settled=True)
            self._announce(Change(What.PROPOSAL))

    def judge_proposal(self, judgement: Judgement) -> None:
        """Accept or reject a part of the proposal as one edit; prepared of the session as it is now."""
        if self.proposal is None or self.proposal.number != judgement.proposal.number or not self.editable:
            return
        self.end_stroke()
        edit = judgement.edit
        if judgement.labels is not None:
            edit = replace(edit, table=(self.labels, judgement.labels))
        undone = self.proposal.undone - {judgement.number}
        self.proposal = replace(self.proposal, judged=judgement.judged, undone=undone, settled=False)
        self.history.record(edit)
        self._apply(edit, judgement.voxels, also=What.PROPOSAL)

    def show_scores(self, scores: Scores | None) -> None:
        """Show what a classification model says of the open series, or no longer."""
        if not self.loading:
            self.scores, self.heat = scores, None
            self._announce(Change(What.PROPOSAL))

    def add_occlusion(self, scores: Scores, occluded: Occluded) -> None:
        """Keep what covering parts of a slice told, unless these scores are gone."""
        if self.scores is scores:
            self.scores = replace(scores, occluded=(*scores.occluded, occluded))
            self._announce(Change(What.PROPOSAL))

    def show_heat(self, heat: HeatShown | None) -> None:
        """Lay a map of where a score comes from over the series, or take it away."""
        self.heat = heat
        self._announce(Change(What.PROPOSAL))

    def reject_proposal(self) -> None:
        if self.proposal is not None:
            self.proposal = None
            if not any(one.origin == self.certainty_of for one in self.accepted):
                self.certainty = self.certainty_of = None
            self._show_waiting()
            self._announce(Change(What.PROPOSAL))

    def keep_enhanced(self, enhanced: Enhanced) -> None:
        """Keep a synthetic picture beside the open series, which stays what is shown until a person looks at the other.

        Raises ValueError if it does not cover the open volume.
        """
        if self.volume is None or not enhanced.covers(self.volume.geometry):
            raise ValueError("the result does not belong to the open series")
        if not self.loading:
            self.enhanced, self.enhanced_view = enhanced, "original"
            self._announce(Change(What.ENHANCED))

    def drop_enhanced(self) -> None:
        """Let go of it."""
        if self.enhanced is not None:
            self.enhanced, self.enhanced_view = None, "original"
            self._announce(Change(What.ENHANCED))

    def look_at_enhanced(self, view: EnhancedView) -> None:
        """How the synthetic picture is seen; a translation has no difference."""
        if self.enhanced is None or (view == "difference" and self.enhanced.translated):
            view = "original"
        if view != self.enhanced_view:
            self.enhanced_view = view
            self._announce(Change(What.ENHANCED))

    def set_swipe(self, share: float) -> None:
        """Where in a pane the enhanced picture begins, 0 at its left, 1 at its right."""
        share = min(max(share, 0.0), 1.0)
        if share != self.swipe:
            self.swipe = share
            self._announce(Change(What.ENHANCED))

    def accept_proposal(self, prepared: Acceptance | None = None) -> int:
        """Take the result over as one edit, but for every voxel a person drew or confirmed.

        prepared, if given, must have been made of the session as it is now. Returns how many of a person's
        voxels were kept against the proposal.
        """
        if self.proposal is None or self.label_map is None or self.machine is None or not self.editable:
            return 0
        self.end_stroke()
        accepted = prepared or prepare_acceptance(self.proposal, *self.acceptance_inputs())
        edit = replace(accepted.edit, table=(self.labels, accepted.labels))
        self.proposal = None
        self._show_waiting()
        again = edit.source == (self.source, self.source) and self._accepted_again(edit)
        if edit.deltas or not again or accepted.labels != self.labels:
            self.history.record(edit)
            self._apply(edit, accepted.voxels, also=What.PROPOSAL)
        else:  # it is what was accepted before
            self._announce(Change(What.PROPOSAL))
        return accepted.kept_voxels

    def _accepted_again(self, edit: Edit) -> bool:
        """True if an acceptance tells nothing new but its time."""
        before, after = edit.accepted or ((), ())
        return {(one.origin.source, one.values) for one in before} == {(one.origin.source, one.values) for one in after}

    # Boxes that a model proposes

    def propose_boxes(self, detections: Detections | None) -> None:
        """Show what a model found as proposals, in place of any before; None drops them. What a person rejected of the
        same network before stays rejected."""
        if self.volume is not None and not self.loading and detections is not self.detections:
            self._change_boxes(detections and detections.with_rejected(self.rejected_boxes))

    def show_boxes_from(self, score: float) -> None:
        """Show proposed boxes from a score on, whatever their labels."""
        if self.detections is not None:
            self._change_boxes(replace(self.detections, threshold=score))

    def go_to_box(self, number: int | None) -> None:
        """Choose a proposed box, and show its slice with the cross-hair in its middle."""
        if self.detections is None:
            return
        if number != self.detections.chosen:
            self._change_boxes(replace(self.detections, chosen=number))
        if number is not None:
            self.move_cursor(self.detections[number].middle)

    def step_box(self, step: int, order: Sequence[int] = ()) -> bool:
        """Go to the next proposed box that waits for a person's word, or a number of them on or back; after the last
        comes the first. order: their numbers as a list shows them, else by score. False if there is none."""
        detections = self.detections
        waiting = {one.number for one in detections.open(self.measurements)} if detections is not None else set()
        if detections is None or not waiting:
            return False
        listed = list(order) or [one.number for one in detections.found]
        numbers = [number for number in listed if number in waiting]
        if detections.chosen in numbers:
            place = numbers.index(detections.chosen) + step
        else:  # from where the chosen one, which is done, stands in the list
            at = listed.index(detections.chosen) if detections.chosen in listed else -1
            before = sum(listed.index(number) < at for number in numbers)
            place = before + step - (step > 0)
        self.go_to_box(numbers[place % len(numbers)])
        return True

    def accept_boxes(self, numbers: Sequence[int]) -> int:
        """Make proposed boxes a person's own, on the slices of their highest scores, as one edit, and select one that
        is alone. Returns how many were."""
        detections = self.detections
        if detections is None or not self.editable:
            return 0
        done = detections.accepted(self.measurements)
        new = [number for number in dict.fromkeys(numbers) if number not in done]
        if not new:
            return 0
        after = 1 + max((m.number for m in self.measurements), default=0)
        boxes = [detections.box_of(number, named) for named, number in enumerate(new, after)]
        used = {box.text for box in boxes}
        table, _ = merge_labels(self.labels_in_use(), [label for label in detections.labels if label.name in used])
        for number in new:
            detections = detections.restoring(number)
            self._forget_rejected(number)
        self.detections = detections
        if len(boxes) == 1:
            self.selected = boxes[0].number
        changes = tuple(MeasurementChange(None, box) for box in boxes)
        self.make(Edit("Accept boxes", measurements=changes, table=(self.labels, table)))
        return len(boxes)

    def reject_box(self, number: int, reason: str = "") -> None:
        """Note that a proposed box is wrong, and why, if a person says so; it is kept with the annotations."""
        if self.detections is not None and number not in self.detections.accepted(self.measurements):
            self._forget_rejected(number)
            self.rejected_boxes += (RejectedBox(self.detections.box_of(number, number), reason, now_utc()),)
            self._change_boxes(self.detections.rejecting(number, reason), _KEPT_BOXES)

    def restore_box(self, number: int) -> None:
        """Have a rejected box wait for a person's word again."""
        if self.detections is not None and number in self.detections.rejected:
            self._forget_rejected(number)
            self._change_boxes(self.detections.restoring(number), _KEPT_BOXES)

    def _forget_rejected(self, number: int) -> None:
        assert self.detections is not None
        found = self.detections.box_of(number, number).found
        assert found is not None
        same = found.origin.sha256, found.label, found.points
        kept = [(one, one.box.found) for one in self.rejected_boxes]
        self.rejected_boxes = tuple(
            one for one, of in kept if of is None or (of.origin.sha256, of.label, of.points) != same
        )

    def _change_boxes(self, detections: Detections | None, what: What = What.DETECTIONS) -> None:
        self.detections = detections
        self._announce(Change(what))

    def acceptance_inputs(
        self,
    ) -> tuple[
        NDArray[np.uint8],
        NDArray[np.uint8],
        frozenset[ConfirmedSlice],
        tuple[Label, ...],
        str,
        tuple[Accepted, ...],
    ]:
        """What prepare_acceptance needs to know of the session, so that it can run on another thread."""
        assert self.label_map is not None and self.machine is not None
        voxels, machine = self.label_map.voxels, self.machine
        return voxels, machine, self.confirmed, self.labels_in_use(), self.source, self.accepted

    def labels_in_use(self) -> tuple[Label, ...]:
        """The table without the untouched default labels, which those of a model or a file may replace. A label with a
        box is touched."""
        untouched = not self.history.labels_touched
        if self.label_map is None or self.labels != DEFAULT_LABELS or not untouched or self.label_map.voxels.any():
            return self.labels
        boxed = {measurement.text for measurement in self.measurements if measurement.kind == "box"}
        return tuple(label for label in self.labels if label.name in boxed)

    def _confirm(self, changes: Sequence[ConfirmedChange]) -> None:
        for change in changes:
            others = self.confirmed - {change.place}
            self.confirmed = others | {change.place} if change.confirmed else others

    def _apply(
        self,
        edit: Edit,
        voxels: DeltaVoxels | None = None,
        act: Act = "make",
        also: What | None = None,
        told: bool = True,
    ) -> None:
        assert self.label_map is not None and self.machine is not None
        what = also or What(0)
        if edit.measurements:
            self._apply_to_measurements(edit.measurements)
            what |= What.MEASUREMENTS
        for change in edit.key_images:
            others = self.key_images - {change.place}
            self.key_images = others | {change.place} if change.marked else others
            what |= What.KEY_IMAGES
        self._confirm(edit.confirmed)
        if edit.confirmed:
            what |= What.CONFIRMED
        if edit.answers:
            self.answers, self.judged_scores = answered(
                self.answers, self.judged_scores, edit.answers, again=act != "make"
            )
            what |= What.FINDINGS
        for delta, after in zip(edit.deltas, voxels or (d.voxels for d in edit.deltas), strict=True):
            layer = self.label_map.voxels if delta.layer == "labels" else self.machine
            if after.shape != layer.shape or after.base is not None:
                layer[delta.box] = after
            elif delta.layer == "labels":
                self.label_map.voxels = after
            else:
                self.machine = after
        if edit.deltas:  # else the label map stays as it is, blank perhaps
            self.label_map.revision += 1
            what |= What.LABELS
        if edit.table is not None:
            self._take_table(edit.table[1])
            self._let_draw_upon()
            what |= What.LABEL_TABLE | What.TOOL
        if edit.source is not None:
            self.source, what = edit.source[1], what | What.LABEL_TABLE
        if edit.accepted is not None:
            self.accepted, what = edit.accepted[1], what | What.LABEL_TABLE
        if edit.judged is not None and self.proposal is not None and edit.judged[0] == self.proposal.number:
            self.proposal = self.proposal.with_judgement(edit.judged[1], act != "undo")
            what |= What.PROPOSAL
        self._announce(Change(what, edit.labels_box, edit if told else None, act))

    def _take_table(self, table: tuple[Label, ...]) -> None:
        """Another table; how its labels are looked at and whether they are locked stays as it is now."""
        now = {label.value: label for label in self.labels}
        self.labels = tuple(
            replace(
                label,
                visible=own.visible,
                surface_opacity=own.surface_opacity,
                locked=own.locked,
                opacity=own.opacity,
            )
            if (own := now.get(label.value)) is not None
            else label
            for label in table
        )
        if self.active_label not in {label.value for label in self.labels}:
            self.active_label = self.labels[0].value

    def _hand_changed(self, change: Change) -> None:
        if change.what == What.LABEL_TABLE:
            recoloured = with_default_colours(self.labels, self.hand.safe_label_colours)
            if recoloured == self.labels:
                return
            self.labels = recoloured
        self._announce(change)

    def leave(self) -> None:
        """Be told no more of the hand: nobody looks at this series any longer."""
        self.hand.unsubscribe(self._hand_changed)

    def _announce(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)


def planes_of(geometry: Geometry) -> tuple[Plane, ...]:
    """The planes in which a grid can be looked at: of a single picture and of slices that make no volume their own."""
    own: Plane = next(plane for plane in PLANES if plane_axes(geometry, plane).normal == 2)
    if not geometry.is_grid or geometry.size[2] == 1:
        return (own,)
    return tuple(p for p in PLANES if not _edge_on(geometry, p)) or (own,)


def _edge_on(geometry: Geometry, plane: Plane) -> bool:
    """True if a plane shows a thin picture from its edge."""
    axes = plane_axes(geometry, plane)
    return geometry.size[axes.normal] > 1 and 1 in (geometry.size[axes.right], geometry.size[axes.down])


def _first_look(volume: Volume) -> tuple[int, int, int]:
    """The voxel to begin with, of those that are there: the middle, or the first of slices whose places are unknown."""
    i, j, k = volume.geometry.clamp_index((np.array(volume.geometry.size) - 1) / 2)
    if volume.geometry.slice_origins is not None and not len(volume.geometry.slice_origins):
        k = 0
    if volume.arrived is not None and volume.arrived.any():
        there = np.flatnonzero(volume.arrived)
        k = int(there[np.argmin(np.abs(there - k))])
    return i, j, k
