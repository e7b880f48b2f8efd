"""What the window finds again after a restart: its place on the screens, and the studies seen last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect

from viewer.core.settings import RecentStudy, WindowPlace
from viewer.core.study import Series
from viewer.gui.language import tr
from viewer.gui.overlay import iso_date, person_name
from viewer.io.library import Library
from viewer.workflows import Workflows

_TITLE_BAR_PX = 30  # which lies above the window's own rectangle and must be within reach
_LEAST_PX = (640, 480)


@dataclass(frozen=True)
class RecentEntry:
    """A study of the list as a person reads it. why_not says why it cannot be opened; empty if it can."""

    text: str
    series_uid: str
    why_not: str = ""


class RecentStudies:
    """The studies seen last, with their names as the library has them now.

    Names are looked up off the GUI thread; entries holds what was found last, newest first.
    """

    def __init__(self, workflows: Workflows, recent: Callable[[], Sequence[RecentStudy]]) -> None:
        self._workflows, self._recent = workflows, recent
        self.entries: tuple[RecentEntry, ...] = ()

    def refresh(self) -> None:
        """Look the studies up anew."""
        recent, library = tuple(self._recent()), self._workflows.library
        if not recent:
            self.entries = ()
            return

        def found(entries: tuple[RecentEntry, ...]) -> None:
            if recent == tuple(self._recent()):
                self.entries = entries

        self._workflows.jobs.submit(tr("Looking for recent studies"), lambda job: look_up(recent, library), found)


def look_up(recent: Sequence[RecentStudy], library: Library) -> tuple[RecentEntry, ...]:
    """What the library knows of studies. Touches the disk: not for the GUI thread. Raises SeriesError."""
    listed = {study.uid: (patient, study) for patient in library.tree() for study in patient.studies}
    entries = []
    for one in recent:
        if one.study_uid not in listed:
            entries.append(RecentEntry(tr("A study"), one.series_uid, tr("no longer in the list of studies")))
            continue
        patient, study = listed[one.study_uid]
        uid = one.series_uid if one.series_uid in study.series_uids else study.series_uids[0]
        name = person_name(patient.name) or patient.patient_id
        parts = (name, study.description, iso_date(study.date))
        text = " · ".join(" ".join(part.split()) for part in parts if part)
        if not text:
            text = " ".join(library.series(uid).description.split()) or tr("A study")
        why_not = tr("its files are not where they were") if library.missing(uid) else ""
        entries.append(RecentEntry(text, uid, why_not))
    return tuple(entries)


def recent_study(series: Series) -> RecentStudy:
    """What is remembered of an open series."""
    listed = series.uid.partition("~")[0]  # that one which this was resampled or shortened from
    return RecentStudy(study_uid=series.study_uid or listed.partition("#")[0], series_uid=listed)


def fitting_place(place: WindowPlace, screens: Sequence[QRect]) -> QRect:
    """Where a window can stand that stood at a place: all of it, with its title bar, on that one of the screens'
    free areas that shows most of it; on the first one if none does, as after a monitor was taken away."""
    wanted = QRect(place.left, place.top, place.width, place.height)
    rooms = [screen.adjusted(0, min(_TITLE_BAR_PX, screen.height() // 2), 0, 0) for screen in screens]
    room = max(rooms, key=lambda one: _area(one.intersected(wanted)))
    width = min(max(wanted.width(), _LEAST_PX[0]), room.width())
    height = min(max(wanted.height(), _LEAST_PX[1]), room.height())
    left = min(max(wanted.left(), room.left()), room.right() + 1 - width)
    top = min(max(wanted.top(), room.top()), room.bottom() + 1 - height)
    return QRect(left, top, width, height)


def _area(rect: QRect) -> int:
    return max(rect.width(), 0) * max(rect.height(), 0)
