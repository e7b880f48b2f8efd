"""The use cases, with or without a window: open, segment, correct, train, accept a model, roll it back."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
from numpy.typing import NDArray

import resources
from inference.manifest import ManifestError
from inference.model_file import ENDING, export_version, import_version
from inference.models import ModelRecord, ModelStore
from viewer.bringing import Bringing
from viewer.core.events import Change, What
from viewer.core.findings import Code, Finding, Level, check_name
from viewer.core.fusion import NO_SHIFT, Shift, in_other_space, laid_over, registered, why_not_over
from viewer.core.geometry import Geometry
from viewer.core.history import at_hand
from viewer.core.label_set import LabelSet, Making, ProbabilitySet, label_set
from viewer.core.label_sizes import LabelSize, label_sizes
from viewer.core.labels import Label
from viewer.core.origin import Origin, now_utc
from viewer.core.proposal import (
    Acceptance,
    Judgement,
    LabelSeen,
    labels_seen,
    prepare_acceptance,
    prepare_judgement,
    region_at,
)
from viewer.core.resample import to_regular_grid
from viewer.core.score_set import HeatSet, given_answers, heat_facts, score_set
from viewer.core.scores import HeatKind
from viewer.core.session import (
    Annotations,
    Session,
    State,
)
from viewer.core.study import GeometryVerdict, Refusal, Scan, Series, SeriesError
from viewer.core.volume import Volume, to_image
from viewer.editing import Editing, layers_of
from viewer.io import files
from viewer.io.annotation_store import AnnotationStore, study_of
from viewer.io.derived_series import write_derived_series
from viewer.io.files import Aspect, Look
from viewer.io.finding_table import ClassLabels, gather, write_json, write_table
from viewer.io.journal import Entry, Journal
from viewer.io.label_export import LabelFormat, ProbabilityFormat, SavedLabels, ScoreFormat
from viewer.io.label_process import save_in_process
from viewer.io.library import Library
from viewer.io.measurement_table import write_measurements
from viewer.io.reader import Reader, SlicesUnreadable
from viewer.io.thumbnails import make_thumbnail
from viewer.jobs import Job, JobQueue
from viewer.model_runs import ModelRuns, heat_on_grid, labels_of
from viewer.training_runs import TrainingRuns

if TYPE_CHECKING:
    pass

Arrived = Callable[[Series, Volume, Sequence[int]], None]
Labels = tuple[Label, ...]
_Read = tuple[Series, Volume, str, Annotations | None, tuple[Entry, ...]]  # with its key and what is not written yet

DEMO_MODEL = "brain-structures-mr"
MODEL_FILE_ENDING = ENDING
_PATIENCE_S = 10.0  # for a disk, when a person waits for it


def user_folder() -> Path:
    """Where the library, the annotations and trained models live on this machine."""
    return Path(platformdirs.user_data_dir("slicewise", appauthor=False))


@dataclass(eq=False)
class _Desk:
    """A session with what is being opened in it. key: under which its annotations are kept; opened: how often something
    was asked to be opened, of which the last wish wins."""

    session: Session
    key: str = ""
    study_uid: str = ""  # under which answers for its study are kept
    held: bool = False  # nobody else can change them
    opening: Job | None = None
    opening_uid: str = ""  # of the listed series that is being opened
    reading_moments: Job | None = None
    laying_over: Job | None = None
    opened: int = 0

    def cancel_opening(self) -> None:
        """Stay with what is open, whatever is still being read."""
        self.opened += 1
        if self.opening is not None:
            self.opening.cancel()


class Workflows:
    """What a person can do, one method each. Lives on the session's thread; slow parts run as jobs.

    session is the one that a person works on, of sessions, one for each series on the screen. Failures reach `failed`
    listeners as one sentence. folder holds everything that is kept between sessions. reader looks at files and reads
    them; without one this process does it, which a hostile file can end.
    """

    def __init__(
        self,
        session: Session,
        jobs: JobQueue,
        folder: Path | None = None,
        models: ModelStore | None = None,
        reader: Reader | None = None,
    ) -> None:
        folder = folder or user_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # names of patients are for nobody else's eyes
        self.jobs, self.folder = jobs, folder
        self.reader = reader or Reader(processes=0)
        self.library = Library(folder / "library.sqlite")
        self.annotation_store = AnnotationStore(folder / "annotations.sqlite")
        self.models = models or ModelStore(resources.path("models"), folder / "models")
        self.editing = Editing(lambda: self.session, jobs, self._fail)
        self.runs = ModelRuns(lambda: self.session, jobs, self.models, self._fail)
        self.bringing = Bringing(jobs, self.models, self._models_changed)
        self._desks: list[_Desk] = []
        self._take_in(session)
        self.session = session
        self.training = TrainingRuns(
            lambda: self.session,
            lambda: self._desk(self.session).key,
            jobs,
            folder / "training",
            self.models,
            self.library,
            self.annotation_store,
            self.reader,
            self.save_again,
            self._models_changed,
            lambda record, image, progress: self.runs.worker.looked_within(record, image, progress=progress),
            self._fail,
        )
        session.hand.set_findings(self.annotation_store.findings())
        self._journal = Journal(self.annotation_store, jobs.deliver, self._written, threaded=jobs.threaded)
        self._told_unsaved = False
        self._left_unsaved: set[str] = set()  # series that are closed, but held until what was done to them is written
        self._failure_listeners: list[Callable[[str], None]] = []
        self._library_listeners: list[Callable[[], None]] = []
        self._model_listeners: list[Callable[[], None]] = [self.training.show_again]

    # Sessions

    @property
    def sessions(self) -> tuple[Session, ...]:
        """One for each series on the screen, in the order in which they came."""
        return tuple(desk.session for desk in self._desks)

    def add_session(self) -> Session:
        """A place for another series beside those that are open."""
        session = Session(self.session.hand)
        self._take_in(session)
        return session

    def work_on(self, session: Session) -> None:
        """Have what a person does from now on meet this one of the sessions."""
        if session is not self.session:
            self.session.end_stroke()
            self.session = session

    def drop_session(self, session: Session) -> None:
        """Close a series that is no longer on the screen; not the one that a person works on."""
        if session is self.session:
            raise ValueError("the session that is worked on cannot be dropped")
        desk = self._desk(session)
        desk.cancel_opening()
        for job in (desk.reading_moments, desk.laying_over):
            if job is not None:
                job.cancel()
        self._leave(desk)
        self._desks.remove(desk)
        session.leave()
        session.close_series()

    def _take_in(self, session: Session) -> None:
        desk = _Desk(session)
        self._desks.append(desk)
        session.subscribe(partial(self._autosave, desk))

    def _desk(self, session: Session) -> _Desk:
        return next(desk for desk in self._desks if desk.session is session)

    def confirmations(self) -> dict[tuple[int, int], tuple[str, str]]:
        """By whom each slice of the open series was confirmed, and when (ISO 8601, UTC), as far as it is written."""
        key = self._desk(self.session).key
        return self.annotation_store.confirmations(key) if key else {}

    # What the window listens to

    def on_failure(self, listener: Callable[[str], None]) -> None:
        self._failure_listeners.append(listener)

    def on_library_change(self, listener: Callable[[], None]) -> None:
        self._library_listeners.append(listener)

    def on_models_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Listener is called when a model was installed, activated or rolled back, until what is returned is called."""
        self._model_listeners.append(listener)
        return lambda: self._model_listeners.remove(listener)

    # Open

    def add_paths(
        self,
        paths: Sequence[Path],
        done: Callable[[Scan], None] = lambda scan: None,
        cancelled: Callable[[], None] = lambda: None,
    ) -> Job:
        """Look through files and folders and list what is found; done gets the scan."""

        def work(job: Job) -> Scan:
            numbers = itertools.count(1)

            def look_all(files: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
                for look in self.reader.look_all(files, check, at):
                    if at == "header" and (number := next(numbers)) % 100 == 0:
                        job.report(0.0, f"{number:,} files")
                    yield look

            scan = files.scan(paths, job.check, look_all)
            listed = self.library.add(scan)
            if not listed:
                return scan
            roots = {series.uid.partition("#")[0] for series in listed}
            taken = {one.file for one in scan.annotations if not roots.isdisjoint(one.series_uids)}  # listed under them
            return replace(scan, series=listed, refused=tuple(r for r in scan.refused if r.file not in taken))

        def finish(scan: Scan) -> None:
            self._library_changed()
            self._make_thumbnails(scan.series)
            if not scan.series:
                self._fail(_nothing_found(paths, scan.refused))
            done(scan)

        return self.jobs.submit("Looking through files", work, finish, self._fail, cancelled)

    def open_series(self, uid: str, done: Callable[[], None] = lambda: None, session: Session | None = None) -> Job:
        """Read a listed series and show it, with the work a person saved on it. A later wish replaces an earlier.

        session: where, None meaning the one that is worked on. The first slices to arrive are shown at once; done is
        called when all are there. What is open already, as its files are now, stays as it is.
        """
        session = session or self.session
        desk = self._desk(session)
        opening = desk.opening
        if opening is not None and desk.opening_uid == uid and not (opening.ended or opening.cancelled):
            return opening
        shown = None if session.loading or session.read_only else session.series
        said: list[str] = []

        def work(job: Job, arrived: Arrived) -> tuple[Series, Volume] | None:
            series = self.library.series(uid)
            if series == shown:
                return None
            if desk.reading_moments is not None:
                desk.reading_moments.cancel()
            job.title = f"Opening {series.description or series.modality}"
            try:
                volume = self.reader.read(series, job.report, partial(arrived, series), first=_first_shown(series))
            except SlicesUnreadable as error:
                series, volume = self._read_others(series, error, job)
                said.append(f"{error}. The other {series.frames} slices are shown.")
            return series, volume

        def opened() -> None:
            if not said and session.series is not None and session.series.moment is not None:
                self._read_moments(desk, session.series.moment.sequence_uid)
            done()

        job = self._open(desk, "Opening a series", work, opened, said=said)
        desk.opening_uid = uid
        return job

    def lay_over(
        self,
        uid: str,
        ask: Callable[[Series], None],
        done: Callable[[], None] = lambda: None,
        *,
        shift_lps: Shift | None = None,
        by_hand: bool = False,
    ) -> Job | None:
        """Lay a listed series over the open one, read if it is not on the screen already. A later wish replaces an
        earlier; None with nothing to lay it over.

        Where the files do not tell that the positions of both agree, and do not tell that they differ, ask gets the
        series, and nothing is laid: a person may say so, and then by_hand calls this again. shift_lps: what a person
        has said of both already, to be added to positions of the open series to have those of the other, mm.
        """
        session = self.session
        series, volume = session.series, session.volume
        if series is None or volume is None:
            return None
        if session.loading:
            self._fail("This series is still being read: wait until all of it is there.")
            return None
        desk, at_hand = self._desk(session), self._volumes_at_hand()
        if desk.laying_over is not None:
            desk.laying_over.cancel()

        def work(job: Job) -> tuple[Series, Volume | None]:
            over = self.library.series(uid)
            job.title = f"Reading {over.description or over.modality}"
            known = next((v for s, v in at_hand if s == over), None)
            geometry = known.geometry if known is not None else over.geometry if over.size is not None else None
            if geometry is not None and not self._may_lie_over(series, volume, over, geometry, shift_lps, by_hand):
                return over, None
            found = known or self.reader.read(over, job.report)
            sure = self._may_lie_over(series, volume, over, found.geometry, shift_lps, by_hand)
            return over, found if sure else None

        def finish(result: tuple[Series, Volume | None]) -> None:
            over, found = result
            if session.volume is not volume:
                return  # something else is on the screen by now
            if found is None:
                ask(over)
                return
            said = shift_lps is not None or not registered(series, volume.geometry, over, found.geometry)
            session.fuse(laid_over(over, found, shift_lps or NO_SHIFT, by_hand=said))
            done()

        desk.laying_over = self.jobs.submit("Reading a series to lay over", work, finish, self._fail)
        return desk.laying_over

    def _may_lie_over(
        self,
        base: Series,
        volume: Volume,
        over: Series,
        geometry: Geometry,
        shift_lps: Shift | None,
        by_hand: bool,
    ) -> bool:
        """False where a person has to say whether the places of two series agree. Raises SeriesError with a sentence
        where one cannot be laid over the other."""
        if problem := why_not_over(base, volume.geometry, over, geometry):
            raise SeriesError(problem)
        if shift_lps is not None or registered(base, volume.geometry, over, geometry):
            return True
        if in_other_space(base, over):
            name = over.description or over.modality
            raise SeriesError(
                f"{name} has another frame of reference: its places are not those of this series. Open it beside, put "
                "both cross-hairs on one place and choose that they are at the same place; then it can be laid over."
            )
        return by_hand

    def _volumes_at_hand(self) -> tuple[tuple[Series, Volume], ...]:
        """What is on the screen, all of it read: it need not be read again."""
        opened = [(s.series, s.volume) for s in self.sessions if s.series and s.volume and not s.loading]
        return (*opened, *((s.fusion.series, s.fusion.volume) for s in self.sessions if s.fusion is not None))

    def find_to_lay_over(self, done: Callable[[tuple[Series, ...]], None]) -> Job | None:
        """Look for series that may be laid over the open one: those of its study, of files that know no study those of
        the same folder, and others on the screen; done gets them. A sequence is one, by its first moment."""
        series, volume = self.session.series, self.session.volume
        if series is None or volume is None:
            return None
        beside = [s.series for s in self.sessions if s.series is not None]

        def work(job: Job) -> tuple[Series, ...]:
            study = self.library.of_study(series.study_uid) if series.study_uid else ()
            if not series.frame_of_reference and series.files:
                study = (*study, *self.library.in_folder(series.files[0].parent))
            found = {one.uid: one for one in (*study, *beside) if one.size is not None}
            return tuple(
                one
                for one in found.values()
                if not why_not_over(series, volume.geometry, one, one.geometry)
                and (one.moment is None or one.moment.number == 0)
            )

        return self.jobs.submit("Looking for series of this study", work, done, self._fail)

    def find_other_breast(self, series: Series, done: Callable[[str], None]) -> None:
        """Look for a mammogram's counterpart of the same study; done gets its uid, if there is one."""

        def work(job: Job) -> str:
            found = (one.uid for one in self.library.of_study(series.study_uid) if one.view == series.other_breast)
            return next((uid for uid in found if uid != series.uid), "")

        if series.other_breast and series.study_uid:
            self.jobs.submit("Looking for the other side", work, lambda uid: done(uid) if uid else None, self._fail)

    def show_moment(self, number: int, session: Session | None = None) -> Job | None:
        """Open another moment of the sequence that is open, with its own labels, seen as the present one is: of the
        session that is worked on, or of another."""
        session = session or self.session
        siblings, volumes = session.moment_series, session.moments
        if not 0 <= number < len(siblings):
            return None
        series = siblings[number]
        title = f"Opening {series.moment.label if series.moment else series.description}"

        def work(job: Job, arrived: Arrived) -> tuple[Series, Volume]:
            return series, volumes[number] if volumes else self.reader.read(series, job.report)

        return self._open(self._desk(session), title, work, keep_view=True)

    def resample_series(self) -> Job | None:
        """Show the open stack of slices, which makes no volume, on a regular grid made from it and named so."""
        series, volume = self.session.series, self.session.volume
        if series is None or volume is None or self.session.loading or volume.geometry.is_grid:
            return None

        def work(job: Job, arrived: Arrived) -> tuple[Series, Volume]:
            job.report(0.0)
            grid, sentence = to_regular_grid(volume, series.verdict, job.check)
            return _on_regular_grid(series, grid.geometry, sentence), grid

        return self._open(self._desk(self.session), "Resampling to a regular grid", work)

    def _open(
        self,
        desk: _Desk,
        title: str,
        work: Callable[[Job, Arrived], tuple[Series, Volume] | None],
        done: Callable[[], None] = lambda: None,
        keep_view: bool = False,
        said: Sequence[str] = (),
    ) -> Job:
        """Show what work reads, its first slices before the last are there; a later call replaces an earlier one. If
        it returns None, what is open stays. said are sentences that work leaves for a person."""
        desk.cancel_opening()
        desk.opening_uid = ""
        wish, session = desk.opened, desk.session
        partly: list[Volume] = []  # what is shown of it already

        def show(series: Series, volume: Volume, slices: Sequence[int]) -> None:
            if wish != desk.opened:
                return
            if not partly or partly[-1] is not volume:
                partly.append(volume)
                self._leave(desk)
                session.open(series, volume)
            session.slices_arrived(slices)

        def read(job: Job) -> _Read | None:
            found = work(job, lambda *news: self.jobs.deliver(lambda: show(*news)))
            if found is None:
                return None
            opened, volume = found
            key = self.annotation_store.key_of(opened.uid, volume)
            while True:
                unwritten = self._journal.waiting_for(key, job.check)
                annotations = self.annotation_store.load(key, volume.geometry)
                if self._journal.waiting_for(key, job.check) == unwritten:  # else a part may have been loaded
                    return opened, volume, key, annotations, unwritten
                job.check()

        def finish(result: _Read | None) -> None:
            if wish != desk.opened or result is None:
                return
            opened, volume, key, annotations, unwritten = result
            if partly and partly[-1] is volume:
                session.complete(volume, annotations)
            else:
                self._leave(desk)
                session.open(opened, volume, annotations, keep_view=keep_view)
            here = any(other.key == key for other in self._desks if other is not desk)
            study_uid = study_of(opened, key)
            store = self.annotation_store
            session.take_study_answers(store.study_answers(study_uid), store.study_scores(study_uid))
            for entry in unwritten:  # before the desk has its key: what is done here is to be written already
                session.catch_up(entry.edit, entry.act, entry.state)
            for entry in self._journal.waiting:
                if entry.key != key and entry.study_uid == study_uid and entry.edit is not None:
                    session.hear_answers(entry.edit.answers, again=entry.act != "make")
            desk.key, desk.held = key, not here and self.annotation_store.hold(key)
            desk.study_uid = study_uid
            session.set_read_only(not desk.held)
            session.hand.set_findings(self.annotation_store.findings())  # another window may have changed it
            self.runs.show_kept(session)
            done()
            sentences = [*said]
            if not desk.held:
                where = "beside this one" if here else "in another window of Slicewise"
                sentences.append(f"This series is open {where}: it can be looked at here, not labelled.")
            if key.startswith(f"{opened.uid}@"):
                sentences.append(
                    "This scan has changed since it was annotated: the earlier labels are kept but not shown."
                )
            if sentences:
                self._fail(" ".join(sentences))

        def failed(message: str) -> None:
            if wish == desk.opened:
                if session.loading:  # this one, or the one before, of which no more will come
                    self._leave(desk)
                    session.close_series()
                self._fail(message)
                self._library_changed()  # its files may be gone

        desk.opening = self.jobs.submit(title, read, finish, failed, lambda: failed(""))
        return desk.opening

    def _read_others(self, series: Series, unreadable: SlicesUnreadable, job: Job) -> tuple[Series, Volume]:
        """A series judged and read without the slices that cannot be read, under a uid of its own: its labels are not
        those of the whole, which may be there again. Raises unreadable if that is no series."""
        try:
            rest = files.without(series, unreadable.sentences, job.check, self.reader.look_all)
            volume = self.reader.read(rest, job.report)
        except SeriesError:
            raise unreadable from None
        left_out = "-".join(str(k + 1) for k in unreadable.sentences)
        return replace(rest, uid=f"{series.uid}~without-{left_out}"), volume

    def _read_moments(self, desk: _Desk, sequence_uid: str) -> None:
        """Have the moments of a sequence at hand, so that it can be played."""
        session = desk.session
        opened = {session.series.uid: session.volume} if session.series and session.volume else {}

        def listed(siblings: tuple[Series, ...]) -> None:
            if session.series is not None and session.series.uid in opened:
                session.set_moments(siblings)

        def work(job: Job) -> tuple[tuple[Series, ...], tuple[Volume, ...]]:
            siblings = self.library.sequence(sequence_uid)
            self.jobs.deliver(lambda: listed(siblings))
            volumes = []
            for n, series in enumerate(siblings):
                job.report(n / len(siblings), f"{n + 1} of {len(siblings)}")
                volumes.append(opened.get(series.uid) or self.reader.read(series, lambda fraction, text: job.check()))
            return siblings, tuple(volumes)

        def finish(read: tuple[tuple[Series, ...], tuple[Volume, ...]]) -> None:
            if session.moment_series is read[0]:
                session.set_moments(*read)

        desk.reading_moments = self.jobs.submit("Reading all moments", work, finish, self._fail)

    def cancel_opening(self) -> None:
        """Stay with what is open, whatever is still being read."""
        self._desk(self.session).cancel_opening()

    @property
    def opening(self) -> bool:
        """True while another series is on its way to the session that is worked on: what is seen is not for long."""
        job = self._desk(self.session).opening
        return job is not None and not (job.ended or job.cancelled)

    # Results of models

    def accept_proposal(self) -> Job | None:
        """Merge the proposal into the label map, off the session's thread; a person's voxels stay."""
        session = self.session
        session.end_stroke()
        proposal, label_map = session.proposal, session.label_map
        if proposal is None or label_map is None:
            return None
        revision, confirmed, inputs = label_map.revision, session.confirmed, session.acceptance_inputs()
        layers = layers_of(session)

        def work(job: Job) -> Acceptance:
            prepared = prepare_acceptance(proposal, *inputs, by=self.annotation_store.by, at=now_utc())
            return replace(prepared, voxels=at_hand(prepared.edit, prepared.voxels, layers)[1])

        def finish(prepared: Acceptance) -> None:
            if session.label_map is not label_map or session.proposal is None:
                return
            if not session.proposal.looks_like(proposal) or session.proposal.labels != proposal.labels:
                if session.proposal.number == proposal.number:
                    self.accept_proposal()  # what is seen is what is accepted
                return
            if label_map.revision != revision or session.confirmed != confirmed:
                self.accept_proposal()  # a person painted meanwhile: merge with that
            else:
                session.accept_proposal(prepared)
                self.jobs.let_go([layers, proposal])

        return self.jobs.submit("Accepting the proposal", work, finish, self._fail)

    def settle_proposal(self, done: Callable[[dict[int, LabelSeen]], None] = lambda seen: None) -> Job | None:
        """Work out all of the proposal as it is seen now, off the session's thread; done is told what it has of each of
        its labels."""
        session, proposal = self.session, self.session.proposal
        if proposal is None:
            return None

        def work(job: Job) -> tuple[NDArray[np.uint8], dict[int, LabelSeen]]:
            whole = proposal.latest if proposal.settled else proposal.all_seen(job.check)
            return whole, labels_seen(proposal, whole, job.check)

        def finish(found: tuple[NDArray[np.uint8], dict[int, LabelSeen]]) -> None:
            if session.proposal is None or not session.proposal.looks_like(proposal):
                return  # another look at it is on its way
            if not session.proposal.settled:
                session.settle_proposal(proposal, found[0])
            done(found[1])

        return self.jobs.submit("Counting what is proposed", work, finish, self._fail)

    def judge_region(self, index_ijk: tuple[int, int, int], *, accepts: bool, whole_label: bool = False) -> Job | None:
        """Accept or reject what is joined to a voxel of the proposal, or all of its label, as one edit."""
        session, proposal, label_map = self.session, self.session.proposal, self.session.label_map
        session.end_stroke()
        if proposal is None or label_map is None or not session.editable:
            return None
        revision, confirmed, inputs = label_map.revision, session.confirmed, session.acceptance_inputs()
        layers, by, now = layers_of(session), self.annotation_store.by, now_utc()

        def work(job: Job) -> Judgement | None:
            whole = proposal.latest if proposal.settled else proposal.all_seen(job.check)
            i, j, k = index_ijk
            value = int(whole[k, j, i])
            part = region_at(proposal, whole, index_ijk)
            if part is None:
                return None
            if whole_label:
                part = whole == value
            label = next(label.name for label in proposal.labels if label.value == value)
            name = label if whole_label else f"a region of {label}"
            judgement = prepare_judgement(proposal, part, name, accepts, inputs, by=by, at=now)
            edit, voxels = at_hand(judgement.edit, judgement.voxels, layers)
            return replace(judgement, edit=edit, voxels=voxels)

        def finish(judgement: Judgement | None) -> None:
            now = session.proposal
            if judgement is None or session.label_map is not label_map or now is None or now.number != proposal.number:
                return
            others = label_map.revision != revision or session.confirmed != confirmed
            if others or not now.looks_like(proposal):
                self.judge_region(index_ijk, accepts=accepts, whole_label=whole_label)
            else:
                session.judge_proposal(judgement)
            self.jobs.let_go([layers])

        title = "Accepting a part of the proposal" if accepts else "Rejecting a part of the proposal"
        return self.jobs.submit(title, work, finish, self._fail)

    def count_changed(self, value: int, done: Callable[[int], None]) -> Job | None:
        """In how many voxels a label is, or is not, against what models said of it, off the session's thread."""
        label_map, machine = self.session.label_map, self.session.machine
        if label_map is None or machine is None:
            return None
        revision = label_map.revision

        def work(job: Job) -> int:
            count = 0
            for seen, said in zip(label_map.voxels, machine, strict=True):
                job.check()
                count += int(np.count_nonzero((seen == value) != (said == value)))
            return count

        def finish(count: int) -> None:
            if self.session.label_map is label_map and label_map.revision == revision:
                done(count)  # else another count is on its way

        return self.jobs.submit("Comparing labels", work, finish, self._fail)

    def measure_labels(self, done: Callable[[dict[str, LabelSize]], None]) -> Job | None:
        """Volume and longest diameter of each label of the open series, off the session's thread; None without a
        scale."""
        volume, label_map, labels = self.session.volume, self.session.label_map, self.session.labels
        if volume is None or label_map is None or not _labels_have_sizes(volume):
            return None
        revision = label_map.revision

        def finish(sizes: dict[str, LabelSize]) -> None:
            if self.session.label_map is label_map and label_map.revision == revision:
                done(sizes)  # else another count is on its way

        def work(job: Job) -> dict[str, LabelSize]:
            return label_sizes(label_map.voxels, volume.geometry, labels, job.check) if not label_map.blank else {}

        return self.jobs.submit("Measuring labels", work, finish, self._fail)

    def find_labelled_slices(self, axis: int, done: Callable[[NDArray[np.bool_]], None]) -> Job | None:
        """Which slices along an index axis (0 i, 1 j, 2 k) of the open series have labels, bool (count,), off the
        session's thread; None with nothing open."""
        label_map = self.session.label_map
        if label_map is None:
            return None
        revision = label_map.revision

        def work(job: Job) -> NDArray[np.bool_]:
            found = np.zeros(label_map.voxels.shape[2 - axis], np.bool_)
            for k, one_slice in enumerate(label_map.voxels if not label_map.blank else ()):
                if axis == 2:
                    found[k] = one_slice.any()
                else:
                    found |= one_slice.any(axis=axis)
            return found

        def finish(found: NDArray[np.bool_]) -> None:
            if self.session.label_map is label_map and label_map.revision == revision:
                done(found)  # else another search is on its way

        return self.jobs.submit("Looking for labels", work, finish, self._fail)

    def export_measurements(
        self, path: Path, with_description: bool = False, done: Callable[[], None] = lambda: None
    ) -> Job | None:
        """Write what was measured on the open series, and the sizes of its labels, as a table (CSV); never who the
        patient is. with_description: with the series' own description and date, which people may have filled freely."""
        session = self.session
        series, volume, label_map, labels = session.series, session.volume, session.label_map, session.labels
        if series is None or volume is None or label_map is None or session.loading:
            return None
        measured = [(measurement, session.values_of(measurement)) for measurement in session.measurements]

        def work(job: Job) -> None:
            sizes: dict[str, LabelSize] = {}
            if _labels_have_sizes(volume) and not label_map.blank:
                sizes = label_sizes(label_map.voxels, volume.geometry, labels, job.check)
            write_measurements(path, measured, volume.geometry, sizes, series if with_description else None)

        return self.jobs.submit("Exporting measurements", work, lambda _: done(), self._fail)

    def export_labels(
        self,
        path: Path,
        kind: LabelFormat,
        values: Collection[int],
        done: Callable[[SavedLabels], None] = lambda saved: None,
        overwrite: bool = False,
        observer: str = "",
    ) -> Job | None:
        """Write the labels of some values as a file, off the session's thread; done is told what was saved, after it
        was read again and found to be the same. observer is whom DICOM objects name as their
        author. None with nothing open, or while it is still being read."""
        session = self.session
        session.end_stroke()
        series, volume, label_map, machine = session.series, session.volume, session.label_map, session.machine
        if series is None or volume is None or label_map is None or machine is None or session.loading:
            return None
        revision, labels, source = label_map.revision, session.labels, session.source
        accepted = session.accepted

        def copy(job: Job) -> LabelSet:
            voxels = label_map.voxels
            copied = label_set(series, volume.geometry, voxels, machine, labels, source, values, job.check, accepted)
            return replace(copied, observer=observer)

        def copied(found: LabelSet) -> None:
            if label_map.revision != revision and session.label_map is label_map:
                self.export_labels(
                    path, kind, values, done, overwrite, observer
                )  # a person painted meanwhile: that belongs to it
                return
            self.jobs.submit(
                f"Saving {path.name}",
                lambda job: save_in_process(found, path, kind, overwrite, job.report),
                done,
                self._fail,
            )

        return self.jobs.submit("Copying labels", copy, copied, self._fail)

    def labels_of_models(self) -> Callable[[Job], LabelSet] | None:
        """How a job comes by the labels of the open series, to tell which of them models made; None where none did."""
        session = self.session
        volume, label_map, machine = session.volume, session.label_map, session.machine
        series, labels, source, accepted = session.series, session.labels, session.source, session.accepted
        if series is None or volume is None or label_map is None or machine is None or not (source or accepted):
            return None
        values = [label.value for label in labels]
        return lambda job: label_set(
            series, volume.geometry, label_map.voxels, machine, labels, source, values, job.check, accepted
        )

    def export_probabilities(
        self,
        path: Path,
        kind: ProbabilityFormat,
        model_name: str,
        names: Collection[str],
        done: Callable[[SavedLabels], None] = lambda saved: None,
        overwrite: bool = False,
    ) -> Job | None:
        """Run a model on the open series, and write how probable it holds the labels of some names, or how unsure it
        is, as a DICOM object. done is told what was saved, after it was read again and found to be the same. None, and
        a sentence, where the model must not run."""
        series, volume = self.session.series, self.session.volume
        if problem := self.runs.cannot_segment(model_name):
            self._fail(problem)
            return None
        assert series is not None and volume is not None
        record = self.models.get(model_name)
        manifest = record.manifest
        labels = tuple(label for label in labels_of(manifest) if label.name in names)

        def work(job: Job) -> SavedLabels:
            image = to_image(volume.voxels, volume.geometry)
            values = [label.value for label in labels] if kind == "fractions" else []
            found = self.runs.worker.probabilities(
                record, image, values, progress=lambda part, text: job.report(part / 2, text)
            )
            origin = Origin(
                manifest.name,
                manifest.version,
                self.runs.worker.provider,
                sha256=manifest.files[manifest.networks[0]],
                made=now_utc(),
            )
            made = Making("AUTOMATIC", manifest.name, manifest.version, tuple(origin.facts().items()))
            whole = ProbabilitySet(series, volume.geometry, labels, found.of_labels, found.entropy, made)
            return save_in_process(whole, path, kind, overwrite, lambda part, text: job.report((1 + part) / 2, text))

        return self.jobs.submit(f"Saving {path.name}", work, done, self._fail, in_turn=True)

    def export_enhanced(self, folder: Path, done: Callable[[Path], None] = lambda folder: None) -> Job | None:
        """Write the synthetic picture of the open series as a derived DICOM series into a new folder. done is told the
        folder, after it was read again and found to be the same."""
        session = self.session
        series, volume, enhanced = session.series, session.volume, session.enhanced
        if series is None or volume is None or enhanced is None:
            return None

        def work(job: Job) -> Path:
            write_derived_series(series, volume, enhanced, folder, lambda part: job.report(part, folder.name))
            return folder

        return self.jobs.submit(f"Saving {folder.name}", work, done, self._fail)

    def export_scores(
        self,
        path: Path,
        kind: ScoreFormat,
        done: Callable[[SavedLabels], None] = lambda saved: None,
        overwrite: bool = False,
        observer: str = "",
    ) -> Job | None:
        """Write what a model says of the classes of the open series, and a person's answers to them, off the session's
        thread; done is told what was saved, after it was read again and found to be the same. None without scores."""
        session = self.session
        series, volume, scores = session.series, session.volume, session.scores
        if series is None or volume is None or scores is None:
            return None
        given = given_answers(session.answers, session.judged_scores, session.hand.findings)
        told = score_set(series, volume.geometry, scores, given, observer)
        title = f"Saving {path.name}"
        return self.jobs.submit(
            title, lambda job: save_in_process(told, path, kind, overwrite, job.report), done, self._fail
        )

    def export_heat(
        self,
        path: Path,
        of: int,
        kind: HeatKind,
        done: Callable[[SavedLabels], None] = lambda saved: None,
        overwrite: bool = False,
    ) -> Job | None:
        """Write the map of where the score of a class (its place in Scores.classes) comes from as a DICOM object, as
        export_scores does. None without such a map."""
        session = self.session
        series, volume, scores = session.series, session.volume, session.scores
        heat = scores.map_of(of, kind) if scores is not None else None
        if series is None or volume is None or scores is None or heat is None:
            return None

        def work(job: Job) -> SavedLabels:
            voxels, made = heat_on_grid(heat, volume.geometry), heat_facts(scores, of, kind)
            found = HeatSet(series, volume.geometry, voxels, kind, made)
            return save_in_process(found, path, kind, overwrite, job.report)

        return self.jobs.submit(f"Saving {path.name}", work, done, self._fail)

    # Findings

    def new_finding(self, name: str, level: Level, code: Code | None = None) -> None:
        """Put a finding on the list, which is one for all series. Raises ValueError with a sentence if that has one of
        this name."""
        name = check_name(self.session.hand.findings, name, level)
        self._change_findings(lambda: self.annotation_store.list_finding(name, level, code))

    def change_finding(self, finding: Finding) -> None:
        """Give the finding of a number another name or code; its answers go with it. Raises ValueError with a sentence
        if another has the name."""
        name = check_name(self.session.hand.findings, finding.name, finding.level, finding.number)
        self._change_findings(lambda: self.annotation_store.change_finding(replace(finding, name=name)))

    def take_finding_off(self, number: int) -> None:
        """Take a finding off the list. Its answers are kept: they are there again when it is listed again."""
        self._change_findings(lambda: self.annotation_store.unlist_finding(number))

    def export_findings(
        self, path: Path, done: Callable[[ClassLabels], None] = lambda labels: None, *, with_files: bool = False
    ) -> Job | None:
        """Write the answers of all series as a table, or, as JSON, with all boxes; never who the patient is.

        with_files: with the names of files, which may tell it. done is told what was written, after it was read again.
        """

        def work(job: Job) -> ClassLabels:
            labels = gather(self.annotation_store, self.library.all_series(), job.check)
            if not labels.answers and not (path.suffix == ".json" and (labels.boxes or labels.rejected)):
                raise SeriesError("There is no answer to write yet.")
            write = write_json if path.suffix == ".json" else write_table
            try:
                write(path, labels, with_files=with_files)
            except OSError as error:
                raise SeriesError(f"{path.name} could not be written: {error.strerror or error}") from error
            return labels

        if not self.save_again():
            self._fail("Your last changes are not saved yet: export when they are.")
            return None
        return self.jobs.submit("Exporting findings and boxes", work, done, self._fail)

    def _change_findings(self, change: Callable[[], None]) -> None:
        try:
            change()
        except OSError as error:
            self._fail(f"The list of findings could not be saved ({error}). It is as it was before.")
        self.session.hand.set_findings(self.annotation_store.findings())

    # Models

    def roll_back(self, model_name: str) -> ModelRecord | None:
        """Make the version that was active before the active one again; None, and a sentence, if there is none."""
        return self._change_models(lambda: self.models.rollback(model_name))

    def use_version(self, model_name: str, version: str) -> ModelRecord | None:
        """Make a version the active one; None, and a sentence, if it cannot be used."""
        return self._change_models(lambda: self.models.activate(model_name, version))

    def export_model(self, name: str, version: str, path: Path, done: Callable[[], None] = lambda: None) -> Job:
        """Write a version of a model as one file."""
        record = self.models.get(name, version)
        return self.jobs.submit(
            "Exporting the model", lambda job: export_version(record, path), lambda _: done(), self._fail
        )

    def import_model(self, path: Path, done: Callable[[ModelRecord], None] = lambda record: None) -> Job:
        """Install the version that a file holds; which version is in use stays as it is."""

        def finish(record: ModelRecord) -> None:
            self._models_changed()
            done(record)

        return self.jobs.submit(
            "Importing the model", lambda job: import_version(path, self.models), finish, self._fail
        )

    @property
    def unsaved(self) -> bool:
        """True if a change is not written yet, because the disk is slow or full for instance."""
        return bool(self._journal.waiting)

    def confirmed_counts(self) -> dict[str, int]:
        """How many slices of each series are confirmed, by its uid, with what is still to be written."""
        waiting = self._journal.waiting  # asked first: what is written meanwhile is in both
        counts = {uid: len(slices) for uid, slices in self.annotation_store.all_confirmed().items()}
        return counts | {entry.key: len(entry.state.confirmed) for entry in waiting if entry.state is not None}

    def save_again(self, patience_s: float = _PATIENCE_S) -> bool:
        """Try once more to write what could not be written yet; True if all is written within so many seconds. Whoever
        shows failures calls this from time to time as long as something is unsaved."""
        return self._journal.write(patience_s)

    def close(self) -> None:
        """End child processes and jobs, and write what is not yet written."""
        for session in self.sessions:
            session.end_stroke()
        self.training.close()
        self.jobs.close()
        self.runs.close()
        self.reader.close()
        self.save_again()
        self._journal.close()
        self.annotation_store.close()
        self.library.close()

    # Parts

    def _leave(self, desk: _Desk) -> None:
        """End the work on the series of a session, which is about to be replaced or closed."""
        session = desk.session
        session.end_stroke()
        if desk.held and any(entry.key == desk.key for entry in self._journal.waiting):
            self._left_unsaved.add(desk.key)
        elif desk.held:
            self.annotation_store.let_go(desk.key)
        desk.key, desk.study_uid, desk.held = "", "", False
        self.jobs.let_go(
            [session.volume, session.label_map, session.machine, session.proposal, session.moments, session.fusion]
        )

    def _autosave(self, desk: _Desk, change: Change) -> None:
        session, key = desk.session, desk.key
        if session.series is None or session.volume is None or session.loading or session.read_only or not key:
            return
        state = None
        if change.what & (What.CONFIRMED | What.LABEL_TABLE):
            kept = session.accepted, session.rejected_boxes
            state = State(session.labels, session.confirmed, session.source, *kept)
        if change.edit is None and state is None:
            return
        if change.edit is not None and change.edit.answers:
            for other in self._desks:
                if other is not desk and other.study_uid == desk.study_uid:
                    other.session.hear_answers(change.edit.answers, again=change.act != "make")
        self._journal.add(Entry(key, session.volume.geometry, change.edit, change.act, state, desk.study_uid))

    def _written(self, error: OSError | None) -> None:
        """Say what became of what was to be written."""
        if error is None and not self.unsaved:
            if self._told_unsaved:
                self._told_unsaved = False
                self._fail("All your changes are saved again.")
            for key in self._left_unsaved - {desk.key for desk in self._desks}:
                self.annotation_store.let_go(key)
            self._left_unsaved.clear()
        elif error is not None and not isinstance(error, BlockingIOError) and not self._told_unsaved:
            self._told_unsaved = True  # a BlockingIOError: another window is writing
            self._fail(
                f"Your last change is not saved ({error}). It is kept in memory and written as soon as that is "
                "possible: free some space and go on."
            )

    def _make_thumbnails(self, found: Sequence[Series]) -> None:
        """Have a picture of each series; of a sequence, which is one row of the browser, of its first moment."""
        shown = [series for series in found if series.moment is None or series.moment.number == 0]

        def work(job: Job) -> bool:
            missing = [series for series in shown if self.library.thumbnail(series.uid) is None]
            for n, series in enumerate(missing):
                job.report(n / len(missing), series.description)
                try:
                    middle = self.reader.read(files.middle_of(series), lambda fraction, text: job.check())
                    self.library.set_thumbnail(series.uid, make_thumbnail(middle, series.inverted))
                except SeriesError:
                    continue  # the browser shows the modality instead of a picture
            return bool(missing)

        def finish(made: bool) -> None:
            if made:
                self._library_changed()

        if shown:
            self.jobs.submit("Making thumbnails", work, finish, self._fail)

    def _change_models(self, change: Callable[[], ModelRecord]) -> ModelRecord | None:
        try:
            record = change()
        except (ManifestError, OSError) as error:
            self._fail(str(error))
            return None
        self._models_changed()
        return record

    def _fail(self, message: str) -> None:
        for listener in tuple(self._failure_listeners):
            listener(message)

    def _library_changed(self) -> None:
        for listener in tuple(self._library_listeners):
            listener()

    def _models_changed(self) -> None:
        for listener in tuple(self._model_listeners):
            listener()


def _labels_have_sizes(volume: Volume) -> bool:
    return volume.geometry.calibrated and volume.geometry.is_grid and min(volume.geometry.size) > 1


def _on_regular_grid(series: Series, geometry: Geometry, sentence: str) -> Series:
    """A series as it is after its slices were resampled to a grid; sentence says how."""
    x, y, z = geometry.origin.tolist()
    return replace(
        series,
        uid=f"{series.uid}~resampled",
        description=f"{series.description} (resampled)".strip(),
        verdict=GeometryVerdict("regular", sentence),
        size=geometry.size,
        spacing_mm=geometry.spacing,
        direction=tuple(geometry.direction.ravel().tolist()),
        origins=((x, y, z),),
        notes=(*series.notes, sentence),
        overlays=False,
    )


def _first_shown(series: Series) -> int:
    """The slice that is read before the others: the one on which the cross-hair stands after opening."""
    return int(np.rint((series.frames - 1) / 2)) if series.verdict.is_volume or series.origins else 0


def _nothing_found(paths: Sequence[Path], refused: Sequence[Refusal]) -> str:
    if refused:
        more = f" ({len(refused) - 1} further files were refused too)" if len(refused) > 1 else ""
        return f"{refused[0].file.name}: {refused[0].reason}{more}"
    return f"No images were found in {', '.join(path.name for path in paths)}."
