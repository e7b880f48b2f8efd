"""Runs of models on the open series: whether a model fits it, what a run will take, and what becomes of its result."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from inference.interactive import Clicked
from inference.manifest import LabelClass, ModelError, ModelManifest, Statistic
from inference.models import ModelRecord, ModelStore
from inference.preflight import (
    Expected,
    Headers,
    Measured,
    OcclusionCost,
    Verdict,
    as_met,
    expected,
    looks_first,
    occlusion_expected,
    preflight,
)
from inference.results import Classification, Heat, Occlusion, Run
from inference.results import Detections as Found
from inference.worker import Worker
from viewer.core.click_segment import (
    CLASSICAL,
    Answering,
    Prompts,
    classical_answer,
    held_to,
    interior_pixel,
)
from viewer.core.detections import Detection, Detections
from viewer.core.enhanced import Enhanced
from viewer.core.findings import Code
from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.origin import Origin, now_utc
from viewer.core.proposal import Certainty, Proposal
from viewer.core.scores import Occluded, Scored, Scores
from viewer.core.session import Session
from viewer.core.shaping import Mask
from viewer.core.study import Series
from viewer.core.time_points import TimePoints, over_all_frames, time_points
from viewer.core.volume import Volume, geometry_of, to_image
from viewer.jobs import Job, JobQueue

if TYPE_CHECKING:  # ITK, which the window does not wait for when it starts
    import SimpleITK as sitk

    from inference.enhance import Enhanced as InferredPicture

Progress = Callable[[float, str], None]
Show = Callable[[Session], None]


_FITS = ("green", "amber")


class ModelRuns:
    """Runs models on the session that is worked on, which session tells, in a process of their own. fail is told one
    sentence."""

    def __init__(
        self, session: Callable[[], Session], jobs: JobQueue, models: ModelStore, fail: Callable[[str], None]
    ) -> None:
        self._session_now, self._jobs, self._models, self._fail = session, jobs, models, fail
        self.worker = Worker()
        self._ready = ""  # the interactive model that was loaded last
        self._clicker = Worker()  # of its own: a person who clicks does not wait for another model
        self.with_certainty = True  # asked of segmentations: how sure the model is of each voxel
        self.mirrored = False  # asked, too, of mirrored copies of the image, where the model allows that
        self._kept: tuple[Series, Show] | None = None  # the last result of a series that was not open any more
        self._tries: dict[tuple[Any, ...], Measured | str] = {}  # of models on images of a size; or why there is none
        self._likeness: WeakKeyDictionary[Volume, dict[str, dict[Statistic, float]]] = WeakKeyDictionary()
        self._verdicts: WeakKeyDictionary[Volume, dict[tuple[Any, ...], Verdict]] = WeakKeyDictionary()

    def close(self) -> None:
        """End the processes, whatever they are at."""
        self.worker.close()
        self._clicker.close()

    @property
    def _session(self) -> Session:
        return self._session_now()

    def start(self, model_name: str, done: Callable[[], None] = lambda: None, *, override: bool = False) -> Job | None:
        """Run the active version of a model on the open series; the result is shown in its session.

        override: a person has read why the model should not run (Verdict.red) and wants it all the same; the result
        says so.
        """
        session = self._session
        if session.volume is None or session.series is None:
            self._fail("Open a series first, then segment it.")
            return None
        series, volume, verdict = session.series, session.volume, self.verdict(model_name)
        if verdict.refusal and not (override and verdict.can_run):
            self._fail(verdict.refusal)
            return None
        record = self._models.get(model_name)
        overridden = tuple((finding.about, finding.sentence) for finding in verdict.red)
        points = self._time_points(record.manifest)

        def work(job: Job) -> Show:
            return self._run(record, image_of(volume, points), overridden, job.report, points)

        def finish(show: Show) -> None:
            if not _still_open(session, volume, points):  # another patient may be on the screen by now
                self._kept = series, show
                self._fail(
                    f"{record.manifest.title} has ended on a series that is not open any more; its result is shown "
                    "when that is opened again."
                )
                return
            show(session)
            done()

        return self._jobs.submit(_title(record.manifest), work, finish, self._fail, in_turn=True)

    def show_kept(self, session: Session) -> None:
        """Show the result of a run that has ended since its series, which the session has opened again, was left."""
        if self._kept is not None and self._kept[0] == session.series and not session.read_only:
            (_, show), self._kept = self._kept, None
            show(session)

    def _run(
        self,
        record: ModelRecord,
        image: sitk.Image,
        overridden: tuple[tuple[str, str], ...],
        progress: Progress,
        points: TimePoints | None,
    ) -> Show:
        """Run a model on an image, by its task; how its result is shown in a session."""
        act = {
            "segmentation": self._segment,
            "classification": partial(self._classify, points),
            "detection": self._detect,
            "enhancement": self._enhance,
            "translation": self._enhance,
        }[record.manifest.task]
        return act(record, image, overridden, progress)

    def _segment(
        self, record: ModelRecord, image: sitk.Image, overridden: tuple[tuple[str, str], ...], progress: Progress
    ) -> Show:
        import SimpleITK as sitk

        mirrored = self._mirrors(record.manifest)
        result = self.worker.segment(
            record, image, with_certainty=self.with_certainty, mirrored=mirrored, progress=progress
        )
        voxels, certainty = sitk.GetArrayFromImage(result.label_image), None
        if result.certainty is not None:
            copies = copies_of(record.manifest) if mirrored else 1
            certainty = Certainty(**vars(result.certainty), copies=copies, much=_much_entropy(record.manifest))
        proposal = Proposal(voxels, labels_of(record.manifest), _origin(result.run, overridden), certainty)
        return lambda session: session.propose(proposal)

    def click_answering(self) -> Answering:
        """Who answers clicks on the open series: an interactive model that fits it, else the classical method."""
        session = self._session
        if session.series is None or session.volume is None or session.loading:
            return CLASSICAL
        names = dict.fromkeys(one.manifest.name for one in self._models.list() if one.manifest.task == "interactive")
        for name in names:
            if self.verdict(name).level in _FITS:
                record = self._models.get(name)
                told = f"{record.manifest.title} {record.manifest.version}"
                self._have_ready(record)
                return Answering(told, partial(self._answer_clicks, record))
        return CLASSICAL

    def _have_ready(self, record: ModelRecord) -> None:
        """Load an interactive model before the first click: it takes a second or two."""
        if self._ready == _version_of(record.manifest):
            return
        self._ready = _version_of(record.manifest)
        nothing = np.zeros((8, 8), np.float32)

        def load() -> None:
            with contextlib.suppress(ModelError):  # a click will say it
                self._clicker.answer_clicks(record, Clicked(nothing, (1.0, 1.0), [(4, 4)], [], None, nothing > 0))

        threading.Thread(target=load, name="clicks", daemon=True).start()

    def _answer_clicks(
        self, record: ModelRecord, picture: NDArray, pixel_mm: tuple[float, float], prompts: Prompts, previous: Mask
    ) -> Mask:
        """An Answerer; where the model fails, the classical method answers, and a sentence says so."""
        positives, negatives = (prompts.pixels(positive).tolist() for positive in (True, False))
        if prompts.of_neighbour and previous.any():  # what it gives as its core is for the classical method
            positives = [interior_pixel(previous)]
        try:
            seen = picture.astype(np.float32)
            clicked = Clicked(seen, pixel_mm, positives, negatives, prompts.box, previous)
            found = self._clicker.answer_clicks(record, clicked)
        except ModelError as error:
            sentence = str(error)
            self._jobs.deliver(lambda: self._fail(f"{sentence}. The classical method answered this click."))
            return classical_answer(picture, pixel_mm, prompts, previous)
        return held_to(prompts, picture, found)

    def _detect(
        self, record: ModelRecord, image: sitk.Image, overridden: tuple[tuple[str, str], ...], progress: Progress
    ) -> Show:
        result = self.worker.detect(record, image, progress=progress)
        detections = detections_of(record.manifest, result, _origin(result.run, overridden))
        return lambda session: session.propose_boxes(detections)

    def _classify(
        self,
        points: TimePoints | None,
        record: ModelRecord,
        image: sitk.Image,
        overridden: tuple[tuple[str, str], ...],
        progress: Progress,
    ) -> Show:
        result = self.worker.classify(record, image, progress=progress)
        scores = scores_of(record.manifest, result, overridden, points)
        return lambda session: session.show_scores(scores)

    def occlude(self, of: int, done: Callable[[], None] = lambda: None) -> Job | None:
        """Check by occlusion why the model of the scores that are shown gives a class (its place in Scores.classes) its
        probability, on the slice at the cross-hair."""
        session = self._session
        scores, volume = session.scores, session.volume
        if scores is None or volume is None:
            self._fail("Classify the series first.")
            return None
        record = self._models.get(scores.origin.model)
        if record.manifest.files.get(record.manifest.networks[0]) != scores.origin.sha256:
            self._fail(f"Another version of {scores.origin.model} is in use now. Classify the series again first.")
            return None
        points = self._time_points(record.manifest)
        film = points is not None and points.film is not None
        slice_number = 0 if film else session.cursor_ijk[scores.axis]
        cost = self.occlusion_expected()

        def work(job: Job) -> Occluded:
            image, per_side = image_of(volume, points), cost.per_side
            found = self.worker.occlude(record, image, of + 1, slice_number, per_side=per_side, progress=job.report)
            return replace(occluded_of(of, slice_number, found, points), coarse=cost.coarse)

        def finish(occluded: Occluded) -> None:
            still = _still_open(session, volume, points) and session.scores is not None
            if still and session.scores is not None and session.scores.origin == scores.origin:
                session.add_occlusion(session.scores, occluded)
                done()

        return self._jobs.submit(f"Covering parts of a slice for {record.manifest.name}", work, finish, self._fail)

    def occlusion_expected(self) -> OcclusionCost:
        """What a check by occlusion of the scores that are shown will take."""
        session = self._session
        assert session.scores is not None and session.series is not None and session.volume is not None
        origin = session.scores.origin
        manifest = self._models.get(origin.model).manifest
        return occlusion_expected(manifest, self._headers(manifest), origin.seconds)

    def _enhance(
        self, record: ModelRecord, image: sitk.Image, overridden: tuple[tuple[str, str], ...], progress: Progress
    ) -> Show:
        result = self.worker.enhance(record, image, progress=progress)
        kept = enhanced_of(record.manifest, result, overridden)
        return lambda session: session.keep_enhanced(kept)

    @property
    def device(self) -> str:
        """What the last model really ran on, "CPU" or "CUDA" for instance; empty before the first run."""
        return self.worker.provider

    def unsuitable(self, model_name: str) -> str:
        """Why a model must not run on the open series, in one sentence; empty if it may."""
        if self._session.series is None or self._session.volume is None:
            return "Open a series first."
        return self.verdict(model_name).refusal

    def cannot_segment(self, model_name: str) -> str:
        """Why a model gives no labels of the open series, in one sentence; empty if it does."""
        manifest = self._models.get(model_name).manifest
        if manifest.task != "segmentation":
            return f"{manifest.title} is for {manifest.task}: choose a model that segments."
        return self.unsuitable(model_name)

    def verdict(self, model_name: str) -> Verdict:
        """Whether a model fits the open series, which there has to be, and why not."""
        series, volume = self._session.series, self._session.volume
        assert series is not None and volume is not None
        record = self._models.get(model_name)
        headers = self._headers(record.manifest)
        first, manifest = looks_first(record, headers).manifest, as_met(record, headers)
        statistics = self._likeness.get(volume, {}).get(_version_of(first))
        key = _version_of(manifest), _version_of(first), statistics is not None, headers.times, headers.complete
        known = self._verdicts.setdefault(volume, {})
        if not volume.complete:
            return preflight(manifest, headers)
        if key not in known:
            known[key] = preflight(manifest, headers, volume.voxels, statistics)
        return known[key]

    def _time_points(self, manifest: ModelManifest) -> TimePoints | None:
        """Those of the open series, for a model that sees them."""
        session = self._session
        if not manifest.over_time or session.series is None or session.volume is None:
            return None
        return time_points(session.series, session.volume, session.moment_series, session.moments)

    def _headers(self, manifest: ModelManifest) -> Headers:
        """What a pre-flight of a model is told of the open series, which there has to be."""
        series, volume = self._session.series, self._session.volume
        assert series is not None and volume is not None
        return headers_of(series, volume, self._time_points(manifest))

    def expected(self, model_name: str) -> Expected | str | None:
        """What a run of a model on the open series will take, by a try of it on this computer (try_model); one sentence
        if that failed, None before it."""
        if self._session.series is None or self._session.volume is None:
            return None
        record = self._models.get(model_name)
        headers = self._headers(record.manifest)
        manifest = looks_first(record, headers).manifest  # what it takes to look at the whole image
        measured = self._tries.get(_try_of(manifest, headers))
        if not isinstance(measured, Measured):
            return measured
        certain = self.with_certainty and manifest.task == "segmentation"
        return expected(manifest, headers, measured, mirrored=self._mirrors(manifest), with_certainty=certain)

    def _mirrors(self, manifest: ModelManifest) -> bool:
        """Whether a run of a model sees mirrored copies, too."""
        return self.mirrored and manifest.task == "segmentation" and bool(manifest.preprocessing.mirrors)

    def try_model(self, model_name: str, done: Callable[[], None] = lambda: None) -> Job | None:
        """Load a model in its process and run it on a little noise, to know what it takes and runs on; and look how
        usual the open series is to it, if it can tell. None if that is known, or if it cannot run on the series."""
        series, volume = self._session.series, self._session.volume
        if series is None or volume is None or not self.verdict(model_name).can_run:
            return None
        record = self._models.get(model_name)
        headers = self._headers(record.manifest)
        record = looks_first(record, headers)
        manifest, key = record.manifest, _try_of(record.manifest, headers)
        alike = self._likeness.setdefault(volume, {})
        version = _version_of(manifest)
        looked = manifest.seen is None or version in alike
        if looked and key in self._tries:
            return None

        def work(job: Job) -> tuple[Measured | str, dict[Statistic, float] | None]:
            try:
                measured = self._tries.get(key) or self.worker.measure(record, headers, progress=job.report)
                if looked:
                    return measured, None
                image = to_image(volume.voxels, volume.geometry)
                return measured, self.worker.statistics(record, image, progress=job.report)
            except ModelError as error:
                return str(error), None

        def finish(found: tuple[Measured | str, dict[Statistic, float] | None]) -> None:
            self._tries[key], statistics = found
            if statistics is not None:
                alike[version] = statistics
            done()

        def failed(message: str = "The model was not tried on this computer.") -> None:
            self._tries[key] = message
            done()

        return self._jobs.submit(f"Trying {model_name}", work, finish, failed, failed, in_turn=True)


def labels_of(manifest: ModelManifest) -> tuple[Label, ...]:
    """A model's classes as rows of the label table."""
    return tuple(
        Label(
            row.value,
            row.name,
            row.colour,
            _code(row),
        )
        for row in manifest.labels
    )


def copies_of(manifest: ModelManifest) -> int:
    """How many copies of an image a model sees where it is mirrored: each axis that may be, alone and with others."""
    return 2 ** len(manifest.preprocessing.mirrors)


def _much_entropy(manifest: ModelManifest) -> float:
    """Two and a half times that of two equally likely classes among all, at most 1."""
    classes = 2 if manifest.one_by_one else manifest.classes
    return min(round(2.5 * math.log(2) / math.log(classes), 1), 1.0)


def scores_of(
    manifest: ModelManifest,
    result: Classification,
    overridden: tuple[tuple[str, str], ...],
    points: TimePoints | None = None,
) -> Scores:
    """What a classification model has just said, as a session shows it; points are those that it saw, if it does."""
    classes = tuple(
        Scored(label.name, probability, label.threshold, _code(label))
        for label, probability in zip(manifest.labels, result.series.tolist(), strict=True)
    )
    gathered = manifest.scores.gathered if manifest.scores is not None and manifest.scores.by_slice else ""
    heat, origin = tuple(_volume(one, points) for one in result.heat), _origin(result.run, overridden)
    scores = Scores(classes, result.axis, result.slices, result.attention, gathered, heat, origin)
    return scores if points is None else replace(scores, times=points.count, sequence=points.sequence)


def occluded_of(of: int, slice_number: int, found: Occlusion, points: TimePoints | None = None) -> Occluded:
    """What covering parts of a slice has just told of a class, by its place in the manifest."""
    change = found.lowest, found.highest
    return Occluded(of, slice_number, _volume(found.heat, points), found.window_mm, *change, found.agreement)


def detections_of(manifest: ModelManifest, result: Found, origin: Origin) -> Detections:
    """What a model found, as a list that a person goes through."""
    assert manifest.boxes is not None
    names = {label.value: label.name for label in manifest.labels}
    found = tuple(
        Detection(n, names[one.label], one.score, one.low, one.high, one.normal, one.slice_index, one.on_slice)
        for n, one in enumerate(result.found, 1)
    )
    thresholds = {label.name: label.threshold for label in manifest.labels}
    return Detections(found, labels_of(manifest), thresholds, manifest.boxes.lowest, origin)


def _code(label: LabelClass) -> Code | None:
    return (label.code.value, label.code.scheme, label.code.meaning) if label.code else None


def _volume(heat: Heat, points: TimePoints | None) -> Volume:
    """A map of a model as a volume on its own grid; of a film, on all its frames."""
    direction = np.array(heat.direction).reshape(3, 3)
    k, j, i = heat.voxels.shape
    volume = Volume(heat.voxels, Geometry((i, j, k), heat.spacing_mm, np.array(heat.origin), direction))
    return volume if points is None or points.film is None else over_all_frames(volume, points.film)


def image_of(volume: Volume, points: TimePoints | None) -> sitk.Image:
    """What a model is given: a volume, or all time points as one image of four dimensions."""
    if points is None:
        return to_image(volume.voxels, volume.geometry)
    import SimpleITK as sitk

    return sitk.JoinSeries([to_image(one.voxels, one.geometry) for one in points.volumes])


def _still_open(session: Session, volume: Volume, points: TimePoints | None) -> bool:
    """Whether a result of a volume, or of all moments of its sequence, has a place in its session by now."""
    if session.volume is volume:
        return True
    moment = session.series.moment if session.series is not None else None
    return points is not None and moment is not None and moment.sequence_uid == points.sequence


def enhanced_of(manifest: ModelManifest, result: InferredPicture, overridden: tuple[tuple[str, str], ...]) -> Enhanced:
    """A picture that a run has just made, as a session keeps it."""
    import SimpleITK as sitk

    geometry, picture = geometry_of(result.picture), manifest.picture
    gives = picture.gives if picture is not None else None
    residual = None if result.residual is None else Volume(result.residual, geometry)
    voxels = sitk.GetArrayFromImage(result.picture)
    volume = Volume(voxels, geometry, gives.unit if gives else "", gives.modality if gives else "")
    origin = _origin(result.run, overridden)
    return Enhanced(volume, residual, result.bound, result.untouched, result.figures, origin)


def heat_on_grid(heat: Volume, geometry: Geometry) -> NDArray[np.float32]:
    """A map of a model on the grid of the series (k, j, i): linear between its own voxels, 0 where it has none."""
    import SimpleITK as sitk

    resample = sitk.ResampleImageFilter()
    resample.SetReferenceImage(to_image(np.zeros(geometry.shape, np.uint8), geometry))
    resample.SetInterpolator(sitk.sitkLinear)
    resample.SetOutputPixelType(sitk.sitkFloat32)
    return sitk.GetArrayFromImage(resample.Execute(to_image(heat.voxels, heat.geometry)))


def headers_of(series: Series, volume: Volume, points: TimePoints | None = None) -> Headers:
    """What the headers of a series tell a pre-flight of a model; points are those of a model that sees time points."""
    geometry = volume.geometry
    headers = Headers(
        geometry.size,
        geometry.spacing,
        tuple(geometry.direction.ravel().tolist()),
        modality=series.modality,
        body_part=series.body_part,
        unit=volume.unit,
        geometry=series.verdict.detail,
        grid=geometry.is_grid,
        patient_space=geometry.patient_space,
        calibrated=geometry.calibrated,
        ambiguous=series.verdict.kind == "ambiguous",
        colour=volume.colour,
        complete=volume.complete,
        value_bytes=volume.voxels.itemsize,
        synthetic=series.synthetic,
    )
    if points is None:
        return headers
    complete = headers.complete and (bool(points.volumes) or headers.colour)
    headers = replace(headers, times=points.count, complete=complete)
    return headers if points.film is None else replace(headers, size=(*headers.size[:2], 1), grid=True)


def unsuitable(manifest: ModelManifest, series: Series, volume: Volume) -> str:
    """Why a model must not run on a series, in one sentence; empty if it may."""
    if not volume.complete:  # its voxels are not there to be looked at
        return preflight(manifest, headers_of(series, volume)).refusal
    return preflight(manifest, headers_of(series, volume), volume.voxels).refusal


def _title(manifest: ModelManifest) -> str:
    """What is going on while a model runs."""
    return {
        "segmentation": f"Segmenting with {manifest.name}",
        "classification": f"Classifying with {manifest.name}",
        "detection": f"Detecting with {manifest.name}",
        "enhancement": f"Enhancing with {manifest.name}",
        "translation": f"Translating with {manifest.name}",
        "interactive": f"Answering clicks with {manifest.name}",
    }[manifest.task]


def _origin(run: Run, overridden: tuple[tuple[str, str], ...]) -> Origin:
    """Where a result of a run that has just ended came from."""
    return Origin(run.name, run.version, run.provider, run.seconds, run.sha256, now_utc(), overridden, run.notes)


def _version_of(manifest: ModelManifest) -> str:
    return f"{manifest.name} {manifest.version}"


def _try_of(manifest: ModelManifest, headers: Headers) -> tuple[Any, ...]:
    """On which a try of a model depends."""
    return _version_of(manifest), headers.size, headers.spacing_mm, headers.direction, headers.times
