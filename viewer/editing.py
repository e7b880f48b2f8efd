"""Changes of labels that take longer than a frame: jobs prepare them, and each is done as one edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.growing import grown_from_seeds
from viewer.core.history import DeltaVoxels, Edit, Layer, Made, SlicePlace, at_hand, relabelling, unconfirmed
from viewer.core.label_edits import Combination, combination_title, combining, threshold_title, thresholding
from viewer.core.labels import Label, sparing_locked
from viewer.core.region_acts import RegionAct
from viewer.core.region_search import Region, RegionSearch
from viewer.core.session import Session, giving_away, reshaping
from viewer.core.volume import Volume
from viewer.jobs import Job, JobQueue

Labels = tuple[Label, ...]

_VOXELS_AT_ONCE = 2_000_000  # inflated within 2 ms


class Editing:
    """Edits the session that is worked on, which session tells. A job reads the labels as they were when it was asked
    for; where a person has painted meanwhile, it is asked for again. fail is told one sentence."""

    def __init__(self, session: Callable[[], Session], jobs: JobQueue, fail: Callable[[str], None]) -> None:
        self._session_now, self._jobs, self._fail = session, jobs, fail

    @property
    def _session(self) -> Session:
        return self._session_now()

    def reshape_label(self, act: RegionAct, done: Callable[[bool], None] = lambda changed: None) -> Job | None:
        """Give the active label the region that act makes of its own, off the session's thread, as one edit; done is
        told whether that changed anything. None where nothing can be edited."""

        def edit(job: Job, volume: Volume, voxels: NDArray[np.uint8], value: int, labels: Labels) -> Made | None:
            return reshaping(act.title, voxels, value, lambda own: act.region(own, volume.geometry), labels)

        return self._edit_label(act.title, edit, done)

    def threshold_label(
        self, values: tuple[float, float], done: Callable[[bool], None] = lambda changed: None
    ) -> Job | None:
        """Give the active label all voxels of the open series with these values, from and to, as far as the masking
        lets it draw on what is labelled; else as reshape_label."""
        title, masking = (
            threshold_title(self._name_of(self._session.active_label)),
            replace(self._session.hand.masking, values=values),
        )

        def edit(job: Job, volume: Volume, voxels: NDArray[np.uint8], value: int, labels: Labels) -> Made | None:
            return thresholding(title, volume, voxels, value, masking, labels, job.check)

        if self._session.volume is not None and self._session.volume.colour:
            return None
        return self._edit_label(title, edit, done)

    def combine_label(
        self, how: Combination, other: int, margin_mm: float, done: Callable[[bool], None] = lambda changed: None
    ) -> Job | None:
        """Combine the active label with another one (label_edits.combining); else as reshape_label."""
        title = combination_title(how, self._name_of(self._session.active_label), self._name_of(other))

        def edit(job: Job, volume: Volume, voxels: NDArray[np.uint8], value: int, labels: Labels) -> Made | None:
            if how != "invert" and not _has(labels, other):
                return None
            return combining(title, how, volume, voxels, value, other, margin_mm, labels)

        return self._edit_label(title, edit, done)

    def _name_of(self, value: int) -> str:
        return next((label.name for label in self._session.labels if label.value == value), "")

    def _edit_label(
        self,
        title: str,
        make: Callable[[Job, Volume, NDArray[np.uint8], int, Labels], Made | None],
        done: Callable[[bool], None],
        value: int | None = None,
    ) -> Job | None:
        """Have an edit of a label, the active one, made by a job, and do it."""
        session = self._session
        session.end_stroke()
        volume, label_map, labels = session.volume, session.label_map, session.labels
        places = session.confirmed_out_of_sight
        if volume is None or label_map is None or not session.editable:
            return None
        chosen = session.active_label if value is None else value
        if not _has(labels, chosen):  # it was taken out of the table meanwhile
            done(False)
            return None

        def finish(made: Made | None) -> None:
            if made is not None:
                session.make(*made)
            done(made is not None)

        return self.edit_labels(
            session,
            title,
            lambda job: _confirmed_still(make(job, volume, label_map.voxels, chosen, labels), places),
            finish,
            lambda: self._edit_label(title, make, done, chosen),
        )

    def edit_labels(
        self,
        session: Session,
        title: str,
        prepare: Callable[[Job], Made | None],
        finish: Callable[[Made | None], None],
        again: Callable[[], object],
    ) -> Job:
        """Have an edit of a session's labels, which are only read, prepared by a job. finish gets it, a large one ready
        to be done within a frame; but where a person has painted or confirmed meanwhile, or changed the table or the
        masking, again is called instead."""
        label_map = session.label_map
        assert label_map is not None
        layers, known = layers_of(session), _what_counts(session)

        def work(job: Job) -> Made | None:
            made = prepare(job)
            return None if made is None else at_hand(*made, layers)

        def done(made: Made | None) -> None:
            if session.label_map is not label_map:
                return
            if _what_counts(session) != known:
                again()
                return
            finish(made)
            self._jobs.let_go([layers])

        return self._jobs.submit(title, work, done, self._fail)

    def find_region(self, search: RegionSearch, found: Region | None = None) -> Job | None:
        """Find a region off the session's thread, unless it was found before, and give it to its label as one edit, as
        far as the masking lets it. None where the label is no longer in the table."""
        session, label_map, volume = search.session, search.session.label_map, search.session.volume
        assert label_map is not None and volume is not None
        labels, masking, regions = session.labels, session.hand.masking, [found]
        places = session.confirmed_out_of_sight
        if not _has(labels, search.value):
            search.done(False)
            return None

        def prepare(job: Job) -> Made | None:
            regions[0] = region = regions[0] or search.find(job.report)
            job.check()
            made = None if region is None else search.edit(region, volume, label_map.voxels, labels, masking)
            return _confirmed_still(made, places)

        def finish(made: Made | None) -> None:
            if made is not None:
                if any(label.value == search.value and not label.visible for label in session.labels):
                    session.show_label(search.value, True)  # nobody draws what cannot be seen
                session.make(*made)
            search.done(made is not None)

        return self.edit_labels(session, search.title, prepare, finish, lambda: self.find_region(search, regions[0]))

    def grow_from_seeds(self, done: Callable[[bool], None] = lambda changed: None) -> Job | None:
        """Have all labels grow from what is painted of them to where the values change most, off the session's thread,
        as one edit; done is told whether that changed anything, which it cannot with fewer than two labels. Voxels of
        locked labels stay as they are, and none become theirs. None where nothing can be edited."""

        def edit(job: Job, volume: Volume, voxels: NDArray[np.uint8], value: int, labels: Labels) -> Made | None:
            found = grown_from_seeds(volume.voxels, voxels, volume.geometry.spacing, job.report)
            if found is None:
                return None
            around, grown = found
            return relabelling(title, around, voxels[around], sparing_locked(voxels[around], grown, labels))

        title = "Grow from seeds"
        return self._edit_label(title, edit, done)

    def undo(self) -> None:
        """Take the newest edit of the session back; a large one's voxels are inflated off the session's thread."""
        session = self._session
        if (edit := session.history.next_undo) is not None:
            self._step(edit.inverse(), session.undo, lambda: session.history.next_undo is edit)

    def redo(self) -> None:
        """Do the edit again that was undone last, as undo does."""
        session = self._session
        if (edit := session.history.next_redo) is not None:
            self._step(edit, session.redo, lambda: session.history.next_redo is edit)

    def _step(self, step: Edit, act: Callable[[DeltaVoxels | None], None], is_next: Callable[[], bool]) -> None:
        """Have act do a step of the history, but not if it is no longer the next one when its voxels are at hand."""
        session, label_map = self._session, self._session.label_map
        if step.voxel_count <= _VOXELS_AT_ONCE or label_map is None:
            act(None)
            return
        layers, revision = layers_of(session), label_map.revision

        def finish(made: Made) -> None:
            if session.label_map is label_map and label_map.revision == revision and is_next():
                act(made[1])
            self._jobs.let_go([layers])

        self._jobs.submit(step.title, lambda job: at_hand(step, None, layers), finish, self._fail)

    def give_label_away(self, value: int, into: int, agreed: Callable[[], bool] = lambda: True) -> Job | None:
        """Take a label out of the table of the open series, off the session's thread, as one edit: its voxels become
        those of another label, or, with 0, no label's. agreed is asked before voxels are lost to none. None where that
        cannot be done: one of both is locked, or it is the only label."""
        session = self._session
        session.end_stroke()
        label_map, machine, labels = session.label_map, session.machine, session.labels
        locked = session.is_locked(value) or session.is_locked(into)
        if label_map is None or machine is None or not session.editable or locked or len(labels) < 2:
            return None
        title = "Merge labels" if into else "Delete label"

        def finish(made: Made | None) -> None:
            assert made is not None
            edit, voxels = made
            drawn = any(delta.layer == "labels" for delta in edit.deltas)
            if into or not drawn or agreed():
                names = {label.value: label.name for label in labels}
                boxes = session.boxes_renamed(names[value], names[into]) if into else ()
                session.make(replace(edit, measurements=boxes), voxels)
                if into:
                    session.choose_label(into)

        return self.edit_labels(
            session,
            title,
            lambda job: giving_away(title, label_map.voxels, machine, value, into, labels),
            finish,
            lambda: self.give_label_away(value, into, agreed),
        )


def _what_counts(session: Session) -> tuple[object, ...]:
    """What an edit was prepared for."""
    assert session.label_map is not None
    return session.label_map.revision, session.labels, session.hand.masking, session.confirmed


def _confirmed_still(made: Made | None, places: Iterable[SlicePlace]) -> Made | None:
    """An edit that also takes back the confirmation of those of some slices that it changes."""
    if made is None:
        return None
    edit, voxels = made
    lost = [
        change
        for delta, after in zip(edit.deltas, voxels or (delta.voxels for delta in edit.deltas), strict=True)
        if delta.layer == "labels"
        for change in unconfirmed(places, delta.box, delta.inverse().voxels, after)
    ]
    return replace(edit, confirmed=tuple(lost)), voxels


def _has(labels: Labels, value: int) -> bool:
    return any(label.value == value for label in labels)


def layers_of(session: Session) -> dict[Layer, NDArray[np.uint8]]:
    assert session.label_map is not None and session.machine is not None
    return {"labels": session.label_map.voxels, "machine": session.machine}
