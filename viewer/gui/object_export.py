"""Measurements, key images, the window and a picture of the active pane as DICOM objects, JSON or a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QWidget

from viewer.core.display import WindowLevel
from viewer.core.events import What
from viewer.core.painting import Box
from viewer.core.score_set import ReportSet, given_answers
from viewer.core.study import SeriesError
from viewer.gui.actions import STILL_READ, Actions
from viewer.gui.exporting import is_there, picture_of, pixels_of, why_no_picture
from viewer.gui.key_words import with_keys
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.measure_drawing import value_words
from viewer.gui.reading_room import ReadingRoom
from viewer.gui.where_to_save import ask_where
from viewer.io.label_process import save_in_process
from viewer.io.reports import (
    why_no_objects,
    write_capture,
    write_json,
    write_key_images,
    write_presentation,
)
from viewer.io.settings_file import SettingsFile
from viewer.jobs import Job
from viewer.workflows import Workflows

_REPORT, _KEYS, _STATE, _CAPTURE, _JSON, _CSV = range(6)
_FORMATS = (
    QT_TR_NOOP("DICOM structured report of measurements and findings (*.dcm)"),
    QT_TR_NOOP("DICOM key images (*.dcm)"),
    QT_TR_NOOP("DICOM presentation state: window and measurements (*.dcm)"),
    QT_TR_NOOP("DICOM picture of the active pane (*.dcm)"),
    QT_TR_NOOP("Measurements as JSON (*.json)"),
    QT_TR_NOOP("Measurements as a table (*.csv)"),
)
_NAMES = ("report.dcm", "key-images.dcm", "presentation.dcm", "picture.dcm", "measurements.json", "measurements.csv")


class ObjectExport(QObject):
    """The command that exports what was measured and marked on the open series, in one of several formats."""

    def __init__(
        self,
        workflows: Workflows,
        commands: Actions,
        room: ReadingRoom,
        settings: SettingsFile,
        parent: QWidget,
        notify: Callable[[str], None],
        fail: Callable[[str], None],
    ) -> None:
        super().__init__(parent)
        self._workflows, self._commands, self._room, self._settings = workflows, commands, room, settings
        self._window, self._notify, self._fail = parent, notify, fail
        self._export = commands.add(
            "File",
            QT_TR_NOOP("Export measurements as…"),
            self._ask,
            tip=QT_TR_NOOP("DICOM structured report, key images, presentation state or picture; JSON; table"),
        )
        commands.add(
            "File",
            QT_TR_NOOP("Your name in reports…"),
            self._ask_observer,
            tip=QT_TR_NOOP("Whom reports and segmentations name as the person who made them"),
        )
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Allow what makes sense with what is open."""
        if what & (What.SERIES | What.VOXELS):
            session = self._workflows.session
            still = tr(STILL_READ) if session.loading else ""
            self._commands.allow(self._export, session.volume is not None, still)

    def _ask(self) -> None:
        series = self._workflows.session.series
        if series is None:
            return
        kinds = (_JSON, _CSV) if why_no_objects(series) else range(len(_FORMATS))
        texts = {tr(_FORMATS[kind]): kind for kind in kinds}
        endings = {text: Path(_NAMES[kind]).suffix for text, kind in texts.items()}
        answer = ask_where(self._window, tr("Export measurements"), "measurements", endings)
        if answer is not None:
            path, text = answer
            self.write(texts[text], path)

    def write(self, kind: int, path: Path) -> Job | None:
        """Write what is open in the format of a number, over what is there; says what was left out of it."""
        session = self._workflows.session
        series, volume = session.series, session.volume
        if series is None or volume is None or session.loading:
            return None
        self._fail("")
        if kind == _CSV:
            saved = tr("Saved {path}").format(path=path)
            return self._workflows.export_measurements(path, done=lambda: self._notify(saved))
        if kind != _JSON and (problem := why_no_objects(series)):
            self._fail(said(problem))
            return None
        observer = self._observer() if kind in (_REPORT, _KEYS) else ""
        if observer is None:
            return None
        geometry, marked = volume.geometry, session.key_images
        measured = [(one, session.values_of(one)) for one in session.measurements]
        words = [(one, "; ".join(filter(None, (one.text, *value_words(one, v))))) for one, v in measured]
        of_models = self._workflows.labels_of_models() if kind == _REPORT else None
        given = given_answers(session.answers, session.judged_scores, session.hand.findings) if kind == _REPORT else ()
        window, inverted = session.window_level, session.inverted
        k, picture = session.cursor_ijk[2], None
        if kind == _CAPTURE:
            pane = self._room.active
            if (why_not := why_no_picture(pane)) or not is_there(pane):
                self._fail(why_not or tr("The picture of this pane is still being made: try again in a moment."))
                return None
            picture = pixels_of(picture_of(pane))[..., :3]

        def work(job: Job) -> list[str]:
            job.report(0.0, path.name)
            try:
                if kind == _REPORT:
                    labels = of_models(job) if of_models is not None else None
                    if labels is not None:
                        labels = replace(labels, voxels=labels.voxels[:0])
                    told = ReportSet(series, geometry, tuple(measured), labels, given, observer)
                    return list(save_in_process(told, path, "report", True, job.report).notes)
                if kind == _KEYS:
                    return write_key_images(path, marked, series, geometry, observer, overwrite=True)
                if kind == _STATE:
                    shown = window if isinstance(window, WindowLevel) else None
                    return write_presentation(path, words, series, geometry, shown, inverted, overwrite=True)
                if picture is not None:
                    write_capture(path, picture, series, k, overwrite=True)
                else:
                    write_json(path, measured, geometry, overwrite=True)
            except OSError as error:
                sentence = tr("{name} could not be written: {reason}")
                raise SeriesError(sentence.format(name=path.name, reason=said(error.strerror or str(error)))) from error
            return []

        def done(left_out: list[str]) -> None:
            saved = tr("Saved {name}, read back and compared").format(name=path)
            if left_out:
                self._fail(". ".join([saved, " ".join(map(said, left_out))]))
            else:
                self._notify(saved)

        return self._workflows.jobs.submit(tr("Exporting measurements"), work, done, self._fail)

    def _observer(self) -> str | None:
        """Who has measured: asked once, and kept; empty is allowed. None if the question was left."""
        known = self._settings.settings.observer
        return self._ask_observer() if known is None else known

    def _ask_observer(self) -> str | None:
        words = tr(
            "Your name, which reports give as the observer (may be empty; {File/Your name in reports…} changes it):"
        )
        name, agreed = QInputDialog.getText(
            self._window,
            tr("Who has measured?"),
            with_keys(words, self._window),
            text=self._settings.settings.observer or "",
        )
        if not agreed:
            return None
        self._settings.keep(observer=name.strip()[:64])
        return name.strip()[:64]
