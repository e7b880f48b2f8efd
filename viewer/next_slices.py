"""The use case of choosing which slice to annotate next: looks at the series that are listed, asks a model of which
slices it is unsure, and remembers both for as long as the program runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from inference.models import ModelRecord
from viewer.core.geometry import Plane, plane_axes
from viewer.core.history import SlicePlace
from viewer.core.next_slice import Candidate, Doubt, SliceLook, Suggestion, looks_of, suggest
from viewer.core.session import planes_of
from viewer.core.study import Series, SeriesError, patient_of
from viewer.core.volume import Volume, to_image
from viewer.jobs import Job
from viewer.model_runs import unsuitable
from viewer.workflows import Workflows

SUGGESTIONS = 4
_MOST_SERIES = 24  # that are read beside the open one
_ASKED_OF_A_SERIES = 5  # slices on which the model is run: some seconds on a processor

Confirmed = dict[str, frozenset[SlicePlace]]  # by uid of the series


@dataclass(frozen=True, eq=False)
class _Seen:
    """What is remembered of a series: how its slices of one plane look."""

    series: Series
    plane: Plane  # the one asked for, or of a single picture its own
    axis: int
    looks: tuple[SliceLook, ...]


class NextSlices:
    """Suggests slices. Lives on the session's thread; what takes long runs as a job that can be cancelled."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows
        self._seen: dict[tuple[str, Plane], _Seen] = {}  # by the plane that was asked for
        self._doubts: dict[tuple[str, str], dict[SlicePlace, Doubt]] = {}  # by series and version of the model
        self._confirmed: Confirmed = {}
        self._at: tuple[str, SlicePlace] | None = None  # the suggestion that a person is at
        self._job: Job | None = None
        self.model = ""  # the title of the one that the suggestions go by; empty of none

    @property
    def looking(self) -> bool:
        """True while a job looks for suggestions."""
        return self._job is not None and not self._job.ended

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def note_confirmed(self) -> None:
        """Remember which slices of the series on the screen are confirmed; they may be replaced by others."""
        for session in self._workflows.sessions:
            if session.series is not None and not session.loading:
                self._confirmed[session.series.uid] = session.confirmed

    def take(self, suggestion: Suggestion) -> tuple[Series, Plane, int]:
        """The series, plane and slice of a suggestion, which counts as done from now on: a person goes there."""
        uid, place = suggestion.candidate.series_uid, suggestion.candidate.look.place
        self._at = uid, place
        seen = next(s for (of, _), s in self._seen.items() if of == uid and s.axis == place[0])
        return seen.series, seen.plane, place[1]

    def series_of(self, suggestion: Suggestion) -> Series:
        return next(s.series for (uid, _), s in self._seen.items() if uid == suggestion.candidate.series_uid)

    def find(
        self,
        plane: Plane,
        model_name: str,
        found: Callable[[tuple[Suggestion, ...]], None],
        failed: Callable[[str], None],
        *,
        read_others: bool,
    ) -> Job | None:
        """Look for slices to annotate next in a plane of the open series and of listed ones like it; None with nothing
        open that could be annotated.

        found gets those that are known at once, and better ones as more series are read; at last with looking False.
        read_others: else only what was read before is looked at. model_name: the model that is asked of which slices it
        is unsure, where it fits; empty for none.
        """
        session = self._workflows.session
        series, volume = session.series, session.volume
        if series is None or volume is None or session.loading or plane not in session.planes:
            return None
        self.cancel()
        self.note_confirmed()
        record = self._workflows.models.get(model_name) if model_name else None
        version = f"{record.manifest.name} {record.manifest.version}" if record is not None else ""
        confirmed, at = dict(self._confirmed), self._at
        deliver = self._workflows.jobs.deliver
        submitted: list[Job] = []

        def wanted() -> bool:
            """Whether no later wish has replaced this one; empty while a job runs within submit."""
            return not submitted or self._job is submitted[0]

        def tell() -> None:
            suggestions = self._suggest(plane, version, series.uid, at, confirmed)
            deliver(lambda: found(suggestions) if wanted() else None)

        def work(job: Job) -> tuple[Suggestion, ...]:
            own = {place for uid, place in [at] if uid == series.uid} if at is not None else set()
            self._look(series, volume, plane, {*own, *confirmed.get(series.uid, ())})
            if read_others:
                tell()
                self._ask(job, record, version, series, volume, plane)
                others = self._others(series, confirmed)
                for n, other in enumerate(others):
                    job.report(n / len(others), f"Series {n + 1} of {len(others)}")
                    if self._read(job, other, plane, record, version, confirmed):
                        tell()
            return self._suggest(plane, version, series.uid, at, confirmed)

        def finish(suggestions: tuple[Suggestion, ...]) -> None:
            self._confirmed = confirmed | self._confirmed
            if wanted():
                asked = any(self._doubts.get((uid, version)) for uid, _ in self._seen)
                self.model = record.manifest.title if record is not None and asked else ""
                self._job = None
                found(suggestions)

        def ended(message: str = "") -> None:
            if wanted():
                self._job = None
                failed(message)

        job = self._workflows.jobs.submit("Looking for the next slice", work, finish, ended, ended)
        submitted.append(job)
        self._job = None if job.ended else job
        return job

    # Parts, most of them on a worker's thread: they put whole values into dictionaries and change none

    def _suggest(
        self, plane: Plane, version: str, open_uid: str, at: tuple[str, SlicePlace] | None, confirmed: Confirmed
    ) -> tuple[Suggestion, ...]:
        candidates: list[Candidate] = []
        done: list[Candidate] = []
        for (uid, asked_for), seen in tuple(self._seen.items()):
            doubts = self._doubts.get((uid, version), {})
            for look in seen.looks if asked_for == plane else ():
                one = Candidate(uid, patient_of(seen.series), look, doubts.get(look.place))
                is_done = look.place in confirmed.get(uid, ()) or (uid, look.place) == at
                (done if is_done else candidates).append(one)
        return suggest(candidates, done, open_uid, SUGGESTIONS)

    def _look(self, series: Series, volume: Volume, plane: Plane, places: Iterable[SlicePlace]) -> None:
        """Remember how the slices of a series look, those of places among them."""
        planes = planes_of(volume.geometry)
        own = plane if plane in planes else planes[0]
        axes = plane_axes(volume.geometry, own)
        known = self._seen.get((series.uid, plane))
        there = {look.place[1] for look in known.looks} if known is not None else set[int]()
        wanted = {index for axis, index in places if axis == axes.normal}
        if known is None or not wanted <= there:
            looks = looks_of(volume, axes, wanted | there)
            self._seen[series.uid, plane] = _Seen(series, own, axes.normal, looks)

    def _ask(
        self, job: Job, record: ModelRecord | None, version: str, series: Series, volume: Volume, plane: Plane
    ) -> None:
        """Remember how unsure the model is of some slices, where it fits and its slices are those of the plane."""
        if record is None or (series.uid, version) in self._doubts:
            return
        self._doubts[series.uid, version] = {}  # until, and unless, it can be asked
        if record.manifest.task != "segmentation" or unsuitable(record.manifest, series, volume):
            return
        from inference.preprocess import slice_axis

        image, seen = to_image(volume.voxels, volume.geometry), self._seen[series.uid, plane]
        if slice_axis(image, record.manifest.preprocessing) != seen.axis:
            return
        spread = suggest([Candidate(series.uid, "", look) for look in seen.looks], [], count=_ASKED_OF_A_SERIES)
        slices = [one.candidate.look.place[1] for one in spread]
        asked = self._workflows.runs.worker.slice_doubts(
            record, image, slices, progress=lambda fraction, text: job.report(job.fraction, text)
        )
        self._doubts[series.uid, version] = {(seen.axis, n): Doubt(one.bits, one.label) for n, one in asked.items()}

    def _others(self, opened: Series, confirmed: Confirmed) -> list[Series]:
        """Listed series like the open one: those that are begun, then one of each patient before a second of any."""
        store, rows = self._workflows.annotation_store, []
        of_patient = {patient_of(opened): 1}
        for n, series in enumerate(self._workflows.library.all_series()):
            alike = series.modality == opened.modality and (series.frames > 1) == (opened.frames > 1)
            played = series.moment is not None and series.moment.number > 0
            if series.uid == opened.uid.partition("~")[0] or not alike or played or not series.verdict.is_volume:
                continue
            patient = patient_of(series)
            begun = bool(confirmed.get(series.uid)) or store.is_confirmed(series.uid)
            rows.append((not begun, of_patient.get(patient, 0), n, series))
            of_patient[patient] = of_patient.get(patient, 0) + 1
        return [series for *_, series in sorted(rows, key=lambda row: row[:3])][:_MOST_SERIES]

    def _read(
        self, job: Job, series: Series, plane: Plane, record: ModelRecord | None, version: str, confirmed: Confirmed
    ) -> bool:
        """Look at a series that is not open, if that has not been done; whose files are gone or damaged is passed over.
        True if anything was read."""
        if (series.uid, plane) in self._seen and (record is None or (series.uid, version) in self._doubts):
            return False
        store = self._workflows.annotation_store
        try:
            volume = self._workflows.reader.read(series, lambda fraction, text: job.check())
            if series.uid not in confirmed and store.is_confirmed(series.uid):
                confirmed[series.uid] = frozenset(store.confirmations(store.key_of(series.uid, volume)))
        except SeriesError:
            return False
        self._look(series, volume, plane, confirmed.get(series.uid, ()))
        self._ask(job, record, version, series, volume, plane)
        return True
