"""Pictures of the panes for other programs: painted anew, without the patient unless a person wants it."""

from __future__ import annotations

import copy
import math
import queue
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter
from shiboken6 import isValid

from viewer.core.curved import CurvedAxes
from viewer.core.display import VoiTable
from viewer.core.events import What
from viewer.core.geometry import Plane
from viewer.core.masking import Masking
from viewer.core.oblique import ObliqueAxes
from viewer.core.session import Session
from viewer.core.study import SYNTHETIC, Series
from viewer.gui.curved_pane import CurvedPane, CurvedWords
from viewer.gui.language import said, tr
from viewer.gui.overlay import NOT_FOR_DIAGNOSIS, draw_text, font_for, not_for_diagnosis
from viewer.gui.pane import Pane
from viewer.gui.slice_pane import SlicePane
from viewer.gui.volume_pane import VolumePane
from viewer.io.picture_files import write_film, write_picture
from viewer.jobs import Job, JobQueue
from viewer.render.slices import SliceView

Run = Literal["slices", "moments", "key images", "turn"]

TURN_STEPS = 36
_DEGREES_PER_PANE = 200.0  # what SceneRenderer.rotate(1, 0) turns the scene by
_WAITING_FRAMES = 3  # painted ahead of the writer
_POLL_MS = 5
_PATIENCE_S = 0.1
_SMALL_PX = 200  # a pane narrower or lower than this may have no room for the warning
_PRINTED_ON = ("US", "SC", "OT", "XC", "ES", "IVUS", "OCT", "GM", "XA", "RF", "")  # modalities with text in pixels


@dataclass(frozen=True)
class Export:
    """What is to be written. identified: with the patient's name and the study's data. ratio: device pixels for each
    logical pixel of the pane. first and last: slices of the pane's plane, or moments, both included. suffix, for key
    images: path is a folder, and each of them becomes a picture in it, of this kind."""

    path: Path
    identified: bool = False
    ratio: float = 1.0
    run: Run | None = None
    first: int = 0
    last: int = 0
    period_ms: float = 100.0
    overwrite: bool = False
    suffix: str = ""


def why_no_picture(pane: Pane) -> str:
    """Why there is nothing to copy or to export; empty if there is."""
    if pane.session.volume is None:
        return tr("No series is open")
    return pane.sentence if isinstance(pane, SlicePane | VolumePane | CurvedPane) else ""


def doubts(pane: Pane) -> str:
    """What a person should look at before a picture leaves the house; empty if nothing is known."""
    series, volume = pane.session.series, pane.session.volume
    if series is None or volume is None:
        return ""
    known = []
    if isinstance(pane, VolumePane):
        known.append(tr("A face in 3-D can be recognised."))
    if series.modality in _PRINTED_ON or series.colour:
        known.append(
            tr("The picture itself may show a name, as pictures of this kind often do. Look before you share it.")
        )
    return " ".join(known)


def picture_of(pane: Pane, *, identified: bool = False, ratio: float | None = None) -> QImage:
    """The picture of a pane as it is now, painted anew; by default without anything that tells who the patient is.

    Scale bar, letters, labels and badges stay, cross-hair and brush go, and it says that it is not for diagnosis.
    ratio is the number of device pixels for each logical one, None meaning that of the pane's screen. GUI thread. Of a
    pane that is_there is not true of, picture_when_there: a curved one has no picture yet, an oblique slab would hold
    up the window.
    """
    if isinstance(pane, SlicePane):
        easel = _Easel(pane, identified, pane.devicePixelRatioF() if ratio is None else ratio)
        easel.sample_at_once()
        try:
            return easel.paint()
        finally:
            easel.deleteLater()
    picture = next(picture_when_there(pane, identified=identified, ratio=ratio))
    assert isinstance(picture, QImage)
    return picture


def is_there(pane: Pane) -> bool:
    """True if there is a picture of a pane at once; False if the values for it are worked out first."""
    if isinstance(pane, SlicePane):
        return not _samples_long(pane)
    return not isinstance(pane, CurvedPane) or pane.fresh


def _samples_long(pane: SlicePane) -> bool:
    volume, view = pane.session.shown, pane.view
    if volume is None or view is None or not isinstance(view.axes, ObliqueAxes):
        return False
    from viewer.render.oblique import takes_long  # brings VTK, which most sessions never need here

    return takes_long(volume, view.axes, pane.slab)


def picture_when_there(
    pane: Pane, *, identified: bool = False, ratio: float | None = None
) -> Generator[QImage | float, None, None]:
    """picture_of, once its values are there: until then how much of them is, 0 to 1, without waiting. It is the picture
    that the pane was to show when the first was asked for."""
    ratio = pane.devicePixelRatioF() if ratio is None else ratio
    if isinstance(pane, VolumePane):
        yield _paint_volume(pane, identified, ratio)
        return
    assert isinstance(pane, SlicePane | CurvedPane)
    easel = _Easel(pane, identified, ratio) if isinstance(pane, SlicePane) else _CurvedEasel(pane, identified, ratio)
    try:
        yield from _painted_when_ready(easel)
    finally:
        if isinstance(easel, _CurvedEasel):
            easel.give_up()
        if isValid(easel):  # else the pane is gone, and this with it
            easel.deleteLater()


def file_name(pane: Pane, run: Run | None, suffix: str) -> str:
    """A name for a file that tells nothing about the patient."""
    number = ""
    if run is None and isinstance(pane, SlicePane) and pane.view is not None:
        axes = pane.view.axes
        number = "oblique" if isinstance(axes, ObliqueAxes) else str(pane.session.cursor_ijk[axes.normal] + 1)
    place = "" if run == "key images" else pane.name
    return _name_of(pane, place, number, (run or "").replace(" ", "-"), suffix=suffix)


def _name_of(pane: Pane, *parts: str, suffix: str) -> str:
    series = pane.session.series
    modality = "".join(letter for letter in series.modality.lower() if letter.isalnum()) if series is not None else ""
    return "-".join(part for part in ("slicewise", modality, *parts) if part) + suffix


def key_image_names(pane: Pane, suffix: str) -> list[str]:
    """A name for each key image as a file, in their order, that tells nothing about the patient."""
    marked = pane.session.key_images_in_order
    return [_name_of(pane, plane, str(index + 1), "key", suffix=suffix) for plane, index in marked]


def without_patient(series: Series) -> Series:
    """A series without all that its files tell about the patient, the study and the place, free text included."""
    return replace(
        series,
        patient_id="",
        patient_name="",
        birth_date="",
        sex="",
        institution="",
        description=SYNTHETIC if series.synthetic else "",
        study_description="",
        study_date="",
        body_part="",
        number=None,
        windows=tuple(replace(window, name="") for window in series.windows),
    )


class ExportError(Exception):
    """A picture or a film was not written; the message is a sentence for a person."""


class Exporter(QObject):
    """Writes one picture, or a run of them as a film, as a job that can be cancelled.

    Panes are painted on the GUI thread, one picture a turn of its event loop; pixels are packed and written by the job.
    """

    def __init__(
        self,
        jobs: JobQueue,
        pane: Pane,
        export: Export,
        done: Callable[[Path], None],
        failed: Callable[[str], None],
    ) -> None:
        super().__init__(pane)
        self._export = export
        self._painted: queue.Queue[QImage | None] = queue.Queue(_WAITING_FRAMES)
        self._names = key_image_names(pane, export.suffix) if export.run == "key images" else []
        self._count = {"turn": TURN_STEPS, "key images": len(self._names)}.get(
            export.run or "", export.last - export.first + 1
        )
        self._frames = _frames(pane, export)
        self._share = 0.0  # of the values of a picture that is not there yet
        self._timer = QTimer(self, interval=_POLL_MS)
        self._timer.timeout.connect(self._paint_next)
        self.job = jobs.submit(self._title, self._write, done, failed)
        self._timer.start()

    @property
    def _title(self) -> str:
        return tr("Writing {name}").format(name=self._export.path.name)

    def _paint_next(self) -> None:
        if self.job.ended or self.job.cancelled:
            self._end()
        elif not self._painted.full():
            ended = True
            try:
                picture = next(self._frames, None)
                ended = picture is None
                if isinstance(picture, QImage):
                    self._painted.put_nowait(picture)
                elif picture is not None:
                    self._share = picture
            finally:
                if ended:
                    self._painted.put_nowait(None)  # after the last, or in place of one that could not be painted
                    self._end()

    def _end(self) -> None:
        self._timer.stop()
        self._frames.close()
        self.deleteLater()

    def _write(self, job: Job) -> Path:
        export = self._export
        path, count = export.path, self._count
        try:
            if export.run is None:
                write_picture(next(self._pixels(job)), path, overwrite=export.overwrite)
            elif export.suffix:
                for n, (name, pixels) in enumerate(zip(self._names, self._pixels(job), strict=True), 1):
                    write_picture(pixels, path / name, overwrite=export.overwrite)
                    job.report(n / count, tr("{n} of {count}").format(n=n, count=count))
            else:
                write_film(
                    self._pixels(job),
                    path,
                    export.period_ms,
                    overwrite=export.overwrite,
                    written=lambda n: job.report(n / count, tr("{n} of {count}").format(n=n, count=count)),
                )
        except OSError as error:
            reason = said(str(error.strerror or error))
            raise ExportError(tr("{name} was not written: {reason}.").format(name=path.name, reason=reason)) from error
        return path

    def _pixels(self, job: Job) -> Iterator[NDArray[np.uint8]]:
        for _ in range(self._count):
            picture = self._next(job)
            if picture is None:
                raise ExportError(tr("What was to be written is no longer shown; nothing was saved."))
            yield pixels_of(picture)

    def _next(self, job: Job) -> QImage | None:
        while True:
            job.check()
            if self._share > job.fraction:  # only a single picture tells of parts
                job.report(self._share)
            try:
                return self._painted.get(timeout=_PATIENCE_S)
            except queue.Empty:
                job.check()  # which ends this, too
                if not isValid(self):  # the pane is gone, and this with it
                    return None


class Copier(Exporter):
    """Makes one picture for the clipboard, as a job, where the values for it are not there yet: done has it."""

    def __init__(
        self,
        jobs: JobQueue,
        pane: Pane,
        identified: bool,
        done: Callable[[QImage], None],
        failed: Callable[[str], None],
    ) -> None:
        self._copied = QImage()
        export = Export(Path(), identified, pane.devicePixelRatioF())
        super().__init__(jobs, pane, export, lambda _: done(self._copied), failed)

    @property
    def _title(self) -> str:
        return tr("Copying the picture")

    def _write(self, job: Job) -> Path:
        picture = self._next(job)
        if picture is None:
            raise ExportError(tr("What was to be copied is no longer shown."))
        self._copied = picture
        return self._export.path


def pixels_of(picture: QImage) -> NDArray[np.uint8]:
    """The pixels of a picture as (rows, columns, 3) sRGB, a copy."""
    rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return lines[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


# Painting


def _frames(pane: Pane, export: Export) -> Generator[QImage | float, None, None]:
    """The pictures of an export in their order; where the next one is not there yet, how much of it is, 0 to 1."""
    if export.run == "turn":
        assert isinstance(pane, VolumePane)
        yield from _turn(pane, export)
    elif export.run is None:
        yield from picture_when_there(pane, identified=export.identified, ratio=export.ratio)
    elif export.run == "key images":
        assert isinstance(pane, SlicePane)
        yield from _key_images(pane, export)
    else:
        assert isinstance(pane, SlicePane)
        easel = _Easel(pane, export.identified, export.ratio)
        try:
            for number in range(export.first, export.last + 1):
                easel.show_number(export.run, number)
                yield from _painted_when_ready(easel)
        finally:
            easel.deleteLater()


def _painted_when_ready(easel: _Easel | _CurvedEasel) -> Generator[QImage | float, None, None]:
    while not easel.ready():
        yield easel.share
    yield easel.paint()


def _key_images(pane: SlicePane, export: Export) -> Generator[QImage | float, None, None]:
    """The key images of all planes, all of the pane's size; those of its own plane as it shows them."""
    easels: dict[Plane, _Easel] = {}
    try:
        for plane, number in pane.session.key_images_in_order:
            if plane not in easels:
                easels[plane] = _Easel(pane, export.identified, export.ratio, plane)
            easels[plane].show_number("slices", number)
            yield from _painted_when_ready(easels[plane])
    finally:
        for easel in easels.values():
            easel.deleteLater()


def _turn(pane: VolumePane, export: Export) -> Generator[QImage | float, None, None]:
    """The scene turned once about the picture's upright axis, each picture in full quality; whenever it ends, the
    scene comes back to where it was."""
    volume, step, turned = pane.session.volume, 360.0 / TURN_STEPS / _DEGREES_PER_PANE, 0
    fresh = pane.frame is not None and pane.frame.full

    def shown(full: bool) -> None:
        nonlocal fresh
        fresh = fresh or full

    pane.frameShown.connect(shown)
    try:
        for number in range(TURN_STEPS):
            if number and pane._renderer is not None:
                fresh, turned = False, turned + 1
                pane._renderer.rotate(step, 0.0)
            while not fresh:
                if pane.session.volume is not volume or not pane.isVisible() or pane._renderer is None:
                    return  # the job says that pictures are missing
                yield 0.0
            yield _paint_volume(pane, export.identified, export.ratio)
    finally:
        pane.frameShown.disconnect(shown)
        if turned and pane._renderer is not None and pane.session.volume is volume:
            pane._renderer.rotate((TURN_STEPS - turned) * step, 0.0)


def _session_for(session: Session, identified: bool) -> Session:
    """A session that shows the same as another and is changed without anybody hearing of it.

    Without the patient its series holds nothing that could be written, so that no pane has to know of it; what the
    file draws over its picture may be text and goes, too.
    """
    shown = copy.copy(session)
    shown._listeners, shown.hand = [], copy.copy(session.hand)
    shown.hand.masking, shown.hand.previewed_values = Masking(), None  # for who draws, not for who looks
    shown.hand.overlay_text = "all"  # without patient these are the picture's own texts, scale bar and letters
    if not identified and shown.series is not None:
        shown.series = without_patient(shown.series)
        shown.hand.file_overlay_visible = False
        if shown.fusion is not None:
            shown.fusion = replace(shown.fusion, series=without_patient(shown.fusion.series))
        shown.measurements = tuple(
            replace(m, text="") for m in shown.measurements if m.kind != "text"
        )  # people write names
        if not isinstance(shown.window, VoiTable):
            shown.window = replace(shown.window, name="")
    return shown


class _Easel(SlicePane):
    """A slice pane that is never shown: like another in size and, in the same plane, in place and zoom, at a resolution
    of its own, with a session of its own, without the marks of the mouse."""

    def __init__(self, like: SlicePane, identified: bool, ratio: float, plane: Plane | None = None) -> None:
        self._ratio = ratio
        super().__init__(_session_for(like.session, identified), plane or like.plane)
        self._sampling.refine_at_once()  # nobody looks at the quick picture
        self.setFont(like.font())
        self.resize(like.size())
        if self.plane == like.plane:
            self.show_as(like)
        else:
            self.reset_view()

    def devicePixelRatioF(self) -> float:
        return self._ratio

    @property
    def share(self) -> float:
        """How much of what is sampled is there, 0 to 1, as far as that is known."""
        return 0.0

    def sample_at_once(self) -> None:
        """Have all values when it is painted, however long the window waits for them."""
        self._sampling.quick_first = False

    def ready(self) -> bool:
        """True if all is there that is to be painted; else it is worked out, a little at a time between events."""
        self._begin()
        return not self._sampling.refining

    def show_number(self, run: Run, number: int) -> None:
        """Turn to a slice of the plane, or to a moment."""
        session, view = self.session, self._view
        if run == "moments":
            session._moment = session.moments[number]
            self.apply(What.VOXELS)
        elif view is not None:
            if isinstance(view.axes, ObliqueAxes):
                session.move_cursor(view.axes.moved(session.cursor_at, view.axes.depth_at(number)))
            else:
                index = list(session.cursor_at)
                index[view.axes.normal] = number
                session.move_cursor((index[0], index[1], index[2]))
            self.apply(What.CURSOR)

    def paint(self) -> QImage:
        return _painted(self, self._paint, self._ratio)

    def _paint_cross_hair(self, painter: QPainter, view: SliceView) -> None:
        pass

    @property
    def _pointed(self) -> None:
        return None  # without the cross-hair nobody knows where the value is


class _CurvedEasel(CurvedPane):
    """The same of a curved pane: what it shows is worked out by the pane itself, or, if that shows something else by
    now, for the picture alone."""

    def __init__(self, like: CurvedPane, identified: bool, ratio: float) -> None:
        self._ratio, self._like = ratio, like
        super().__init__(_session_for(like.session, identified), like)
        self.setFont(like.font())
        self.resize(like.size())
        self._axes, self._view, self._labels_number = like.axes, like.view, like._labels_number
        self._slab_kind, self._surfaces = like._slab_kind, like._surfaces

    def devicePixelRatioF(self) -> float:
        return self._ratio

    @property
    def share(self) -> float:
        return self._like.share if self._working is None else self._share

    def ready(self) -> bool:
        """True if all is there that is to be painted; else it is worked out, now or soon."""
        like, wanted = self._like, self._wanted()
        if wanted is not None and not self.fresh:
            if like._along is not None and like._along.wanted == wanted:
                self._along = like._along
            elif like._wanted() == wanted:
                like._work(wanted)
            else:
                self._work(wanted)
        return wanted is None or self.fresh

    def paint(self) -> QImage:
        return _painted(self, self._paint, self._ratio)

    def _paint_cross_hair(self, painter: QPainter, view: SliceView, axes: CurvedAxes) -> None:
        pass

    @property
    def _words(self) -> CurvedWords:
        return replace(super()._words, pointed=None, mm=None, note="")


def _paint_volume(pane: VolumePane, identified: bool, ratio: float) -> QImage:
    before = pane.session, pane._active, pane._layout, pane._badges
    try:
        pane.session, pane._active = _session_for(pane.session, identified), False
        return _painted(pane, pane._paint, ratio)
    finally:
        pane.session, pane._active, pane._layout, pane._badges = before


def _painted(pane: Pane, paint: Callable[[QPainter], None], ratio: float) -> QImage:
    """What a pane paints, with the warning on it or, of a small pane, on a strip below: a pane that has no room may do
    without it, a file may not."""
    width, height = pane.width(), pane.height()
    font = font_for(pane.font(), width, height)
    strip = math.ceil(QFontMetricsF(font).height()) + 2
    below = strip if min(width, height) < _SMALL_PX else 0  # by the size alone, or pictures of a film would differ
    size = math.ceil(width * ratio), math.ceil((height + below) * ratio)
    picture = QImage(*size, QImage.Format.Format_RGB32)
    picture.fill(QColor("black"))
    picture.setDevicePixelRatio(ratio)
    with QPainter(picture) as painter:
        pane.for_a_file = True
        try:
            paint(painter)
        finally:
            pane.for_a_file = False
        if below or not any(piece.text == not_for_diagnosis(width) for piece in pane.written):
            _warn(painter, QRectF(0, height + below - strip, width, strip), font)
    return picture


def _warn(painter: QPainter, foot: QRectF, font: QFont) -> None:
    metrics = QFontMetricsF(font)
    fits = metrics.horizontalAdvance(tr(NOT_FOR_DIAGNOSIS)) <= foot.width() - 6
    painter.fillRect(foot, QColor("black"))
    painter.setFont(font)
    at = QPointF(4, foot.bottom() - metrics.descent() - 1)
    draw_text(painter, at, tr(NOT_FOR_DIAGNOSIS) if fits else not_for_diagnosis(0), QColor("white"))
