"""What clicks have found on a plane and nobody has taken yet: for each session one open answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cache
from weakref import WeakKeyDictionary, ref

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from viewer.core.click_segment import CLASSICAL, Answering, PixelBox, Prompts, Stroke, classical_answer
from viewer.core.display import WindowLevel
from viewer.core.oblique import Axes, ObliqueAxes
from viewer.core.plane_raster import PlaneRaster
from viewer.core.propagation import End, Spread, spread
from viewer.core.region_search import Region, RegionSearch, region_title
from viewer.core.session import Session
from viewer.core.shaping import Mask
from viewer.core.volume import Volume
from viewer.gui.actions import why_no_drawing
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.region_drawing import MaskPicture
from viewer.render.plane_values import plane_values
from viewer.render.slices import slice_of

_CLASSICAL = QT_TR_NOOP("Classical method (no model is installed for this)")
_ENDS: dict[End, str] = {
    "as many as asked": QT_TR_NOOP("as many as asked"),
    "end of the scan": QT_TR_NOOP("as far as the scan goes"),
    "region ends": QT_TR_NOOP("up to where the region ends"),
    "region changes": QT_TR_NOOP("up to where the region changes too much to be sure"),
}
_SPREAD = QT_TR_NOOP("{count} neighbouring slices: {before} in one direction, {after} in the other")
_SPREAD_ALIKE = QT_TR_NOOP("{count} neighbouring slices: {after}")
_NOTHING_NEW = QT_TR_NOOP("Nothing changed: all of it is the label {name} already, or is locked or masked")
_WAIT_S = 5.0


@dataclass(frozen=True, eq=False)
class _Step:
    """What a person has said so far, and what is answered to it."""

    prompts: Prompts
    answer: Future[Mask]


@dataclass(eq=False)
class OpenAnswer:
    """place tells its plane from others (Scene.place). window, base (what the label had there) and answering are those
    with which it began."""

    raster: PlaneRaster
    place: tuple[object, float]
    volume: Volume
    window: WindowLevel
    base: Mask
    answering: Answering
    picture: Future[NDArray[np.float32]]
    steps: list[_Step] = field(default_factory=list)
    _drawn: tuple[Mask, MaskPicture] | None = None

    @property
    def prompts(self) -> Prompts:
        return self.steps[-1].prompts if self.steps else Prompts()

    @property
    def region(self) -> Mask:
        """The newest that has been found."""
        for step in reversed(self.steps):
            if step.answer.done() and not step.answer.cancelled() and step.answer.exception() is None:
                return step.answer.result()
        return self.base

    @property
    def working(self) -> bool:
        return bool(self.steps) and not self.steps[-1].answer.done()

    @property
    def drawing(self) -> MaskPicture:
        """The region, ready to be drawn."""
        region = self.region
        if self._drawn is None or self._drawn[0] is not region:
            self._drawn = region, MaskPicture(region)
        return self._drawn[1]

    def settled(self) -> Mask:
        """The answer to all that was said, as soon as it is found."""
        if self.steps:
            wait([self.steps[-1].answer], _WAIT_S)
        return self.region


class ClickAnswers(QObject):
    """The open answer of one session: begun, refined, taken or dropped. Answers are found on a thread of their own, in
    the order of the clicks; changed is sent when there is another to be seen."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session_ref = ref(session)
        self.answering: Callable[[], Answering] = lambda: CLASSICAL  # asked whenever an answer begins
        self.open: OpenAnswer | None = None

    @property
    def _session(self) -> Session:
        session = self._session_ref()
        assert session is not None
        return session

    # Saying what belongs to it

    def begin(self, axes: Axes, depth: float, at: tuple[int, int] | None) -> OpenAnswer:
        """An answer on a plane, in place of none. at: a pixel (row, column); what the label has around it is where the
        answer begins from."""
        volume, label_map = self._session.volume, self._session.label_map
        assert volume is not None and label_map is not None and self.open is None
        raster = PlaneRaster(volume.geometry, axes, depth)
        base = np.zeros(raster.shape, bool)
        if at is not None and not label_map.blank:
            base = _around(_labelled(label_map.voxels, self._session.active_label, axes, depth, volume), at)
        window = self._session.window_level
        picture = _thread().submit(_picture, volume, axes, depth, window)
        self.open = OpenAnswer(raster, (axes, depth), volume, window, base, self.answering(), picture)
        return self.open

    def say(self, stroke: Stroke) -> None:
        """More of what belongs to it, or does not."""
        if self.open is not None:
            self._ask(self.open, self.open.prompts.with_stroke(stroke))

    def set_box(self, box: PixelBox) -> None:
        """Nothing outside belongs to it; if nothing else was said, it is what fills the box."""
        if self.open is not None:
            self._ask(self.open, replace(self.open.prompts, box=box))

    def undo(self) -> None:
        """Take the last click back; the answer before it is at hand."""
        if self.open is not None:
            if self.open.steps:
                self.open.steps.pop().answer.cancel()
            if not self.open.steps:
                self.open = None
            self.changed.emit()

    def drop(self) -> None:
        """Forget it."""
        if self.open is not None:
            self.open = None
            self.changed.emit()

    def _ask(self, answer: OpenAnswer, prompts: Prompts) -> None:
        before: Future[Mask] | None = answer.steps[-1].answer if answer.steps else None
        answerer, picture, base = answer.answering.answer, answer.picture, answer.base
        spacing = answer.raster.axes.pixel_mm(answer.raster.geometry.spacing)
        pixel = (spacing[1], spacing[0])  # height, width

        def find() -> Mask:
            previous = before.result() if before is not None else base  # of this same thread: it is there
            return answerer(picture.result(), pixel, prompts, previous)

        asked = _thread().submit(find)
        answer.steps.append(_Step(prompts, asked))
        asked.add_done_callback(lambda _: self._tell())
        self.changed.emit()

    def _tell(self) -> None:
        try:
            self.changed.emit()
        except RuntimeError:  # the window has gone meanwhile
            return

    # Taking it

    def take(self) -> str:
        """Give the answer to the active label, as one edit. Returns why nothing changed, if so."""
        answer, session = self.open, self._session
        if answer is None:
            return ""
        if why_not := self.why_not:
            return why_not
        found = answer.settled()
        self.open = None
        raster = answer.raster
        given, taken = raster.voxels_of(found & ~answer.base), raster.voxels_of(answer.base & ~found)
        self.changed.emit()
        if session.redraw(region_title("click", self.label_name, False), given, taken):
            return ""
        return tr(_NOTHING_NEW).format(name=tr(self.label_name))

    @property
    def method(self) -> str:
        """Who answers, in words."""
        answering = self.open.answering if self.open is not None else self.answering()
        return answering.name or tr(_CLASSICAL)

    @property
    def why_not(self) -> str:
        """Why nothing can be given to the label now."""
        return why_no_drawing(self._session)

    @property
    def label_name(self) -> str:
        return self._session.label.name

    @property
    def can_spread(self) -> bool:
        """True if the answer has slices beside it."""
        answer = self.open
        return answer is not None and answer.volume.geometry.is_grid and _count(answer.raster)[1] > 1

    def spread(self, most: int | None, tell: Callable[[str], None]) -> RegionSearch | None:
        """What finds the region in the slices beside its own, most in each direction or until it ends, and gives all of
        them to the label as one edit. tell gets what came of it in a sentence."""
        answer, session = self.open, self._session
        if answer is None or not self.can_spread:
            return None
        if why_not := self.why_not:
            tell(why_not)
            return None
        region, raster, volume = answer.settled(), answer.raster, answer.volume
        if not region.any():
            return None
        title, name = region_title("click", self.label_name, False), self.label_name
        if (answer.base & ~region).any():  # what is taken away is an edit of its own
            session.redraw(title, None, raster.voxels_of(answer.base & ~region))
        self.open = None
        start, count = _count(raster)
        width, height = raster.axes.pixel_mm(raster.geometry.spacing)
        spreads: list[Spread] = []

        def at(number: int) -> PlaneRaster:
            if not isinstance(raster.axes, ObliqueAxes):
                return replace(raster, depth=float(number))
            return replace(raster, depth=raster.depth + (number - start) * raster.axes.step_mm(raster.geometry.spacing))

        def find(progress: Callable[[float], None]) -> Region | None:
            def report(number: int) -> None:
                within = abs(number - start) / max((most or count), 1)
                progress(min((len(spreads) + min(within, 1.0)) / 2, 1.0))

            found = [raster.voxels_of(region)]
            for step in (-1, 1):
                spreads.append(
                    spread(
                        lambda number: _picture(volume, raster.axes, at(number).depth, answer.window),
                        count,
                        (height, width),
                        answer.answering.answer,
                        start,
                        region,
                        step,
                        most,
                        report,
                    )
                )
                found += [at(number).voxels_of(mask) for number, mask in spreads[-1].found]
            return _together([one for one in found if one is not None])

        def done(changed: bool) -> None:
            tell(_sentence(spreads) if changed else tr(_NOTHING_NEW).format(name=tr(name)))

        self.changed.emit()
        return RegionSearch(title, find, session, done=done)


_answers: WeakKeyDictionary[Session, ClickAnswers] = WeakKeyDictionary()


def answers_of(session: Session) -> ClickAnswers:
    """The one of a session, for whatever shows it."""
    known = _answers.get(session)
    if known is None:
        known = _answers[session] = ClickAnswers(session)
    return known


def _sentence(spreads: list[Spread]) -> str:
    before, after = (tr(_ENDS[one.end]) for one in spreads)
    words = tr(_SPREAD_ALIKE if before == after else _SPREAD)
    return words.format(count=sum(len(one.found) for one in spreads), before=before, after=after)


def _picture(volume: Volume, axes: Axes, depth: float, window: WindowLevel) -> NDArray[np.float32]:
    """The values within the window: what a person cannot see is no edge."""
    values, measured = plane_values(volume, axes, depth)
    half = max(window.width / 2, 1e-6)
    seen = np.clip(values.astype(np.float32), window.centre - half, window.centre + half)
    return np.where(measured, seen, np.float32(np.nan))


def _labelled(voxels: NDArray[np.uint8], value: int, axes: Axes, depth: float, volume: Volume) -> Mask:
    """Which pixels of a plane show a label."""
    if not isinstance(axes, ObliqueAxes):
        return slice_of(voxels, axes, int(depth)) == value
    from viewer.render.oblique import labels_on  # brings VTK

    return labels_on(voxels, axes, depth) == value


def _around(mask: Mask, at: tuple[int, int]) -> Mask:
    """The part of a mask that a pixel lies in."""
    import cv2

    if not mask[at]:
        return np.zeros_like(mask)
    _, parts = cv2.connectedComponents(mask.astype(np.uint8))
    return parts == parts[at]


def _count(raster: PlaneRaster) -> tuple[int, int]:
    """Which slice a plane is, of how many there are parallel to it."""
    axes, size = raster.axes, raster.geometry.size
    if not isinstance(axes, ObliqueAxes):
        return int(raster.depth), size[axes.normal]
    step, last = axes.step_mm(raster.geometry.spacing), axes.depth_at(axes.count(size) - 1)
    before = int(max(raster.depth - axes.depth_at(0), 0) / step + 1e-6)
    after = int(max(last - raster.depth, 0) / step + 1e-6)
    return before, before + after + 1


def _together(regions: list[Region]) -> Region | None:
    if not regions:
        return None
    boxes = [box for box, _ in regions]
    spans = [slice(min(box[n].start for box in boxes), max(box[n].stop for box in boxes)) for n in range(3)]
    whole = np.zeros([span.stop - span.start for span in spans], bool)
    for box, mask in regions:
        k, j, i = (slice(b.start - s.start, b.stop - s.start) for b, s in zip(box, spans, strict=True))
        whole[k, j, i] |= mask
    return (spans[0], spans[1], spans[2]), whole


@cache
def _thread() -> ThreadPoolExecutor:
    """The thread on which answers are found, since it was first needed."""
    return ThreadPoolExecutor(1, "clicks")


def warm_up() -> None:
    """Have what answers be at hand before the first click: libraries take half a second to come."""
    if not _warmed:
        _warmed.append(True)
        picture = np.zeros((32, 32), np.float32)
        picture[8:24, 8:24] = 100
        _thread().submit(
            classical_answer, picture, (1.0, 1.0), Prompts((Stroke(((16, 16),)),)), np.zeros((32, 32), bool)
        )


_warmed: list[bool] = []
