"""One model on many series, into a folder: a label map each, and a table of volumes, verdicts and overlaps.

A run that was ended at any moment, by a power cut, too, goes on where it was: what has a record that fits the series'
files, the model and the options, with its label map as it was written, is not run again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.manifest import ModelError, ModelManifest
from inference.models import ModelRecord
from inference.preflight import Verdict, as_met, looks_first, preflight
from inference.results import Segmentation
from inference.worker import Worker
from viewer.core.geometry import Geometry
from viewer.core.label_set import LabelSet, Making
from viewer.core.labels import OKABE_ITO, Label
from viewer.core.origin import Origin
from viewer.core.overlap import dice_within
from viewer.core.session import Proposal
from viewer.core.study import LEFT_OUT, Series, SeriesError
from viewer.core.volume import to_image
from viewer.io import archives, files
from viewer.io.label_files import LABEL_SUFFIXES, table_beside, write_label_map
from viewer.io.label_references import References, stamp_of, stem_of
from viewer.io.reader import Reader
from viewer.io.run_results import (
    LabelResult,
    Reason,
    RunRecord,
    file_hash,
    read_record,
    write_json,
    write_record,
    write_table,
)
from viewer.jobs import Cancelled
from viewer.model_runs import headers_of, labels_of

TABLE, TABLE_JSON = "results.csv", "results.json"
FORMATS = (".nii.gz", ".seg.nrrd", ".mha")  # of label maps

_LOCK = ".slicewise-run.lock"
_NAME_CHARACTERS = 16  # of a hash: no two series of a folder have the same
_UNFINISHED = re.compile(r"\.unfinished-\w+-([A-Z]{1,8}-[0-9a-f]{16}\..*|results\.(csv|json))")
_READING, _ENDING = 0.1, 0.95  # shares of a series' progress

Progress = Callable[[float, str], None]
Arrived = Callable[[int, RunRecord], None]


@dataclass(frozen=True)
class Options:
    """override: run the model where it should not, though not where it cannot; the records say so. again: run what is
    there already once more. sources: have the tables tell the names of files and folders, which may be a patient's."""

    suffix: str = FORMATS[0]
    override: bool = False
    again: bool = False
    sources: bool = False


class StudyRuns:
    """Runs one model on many series into a folder. reader and worker are only used while it runs.

    references: a folder of label maps to compare with, None for none. Not for the GUI thread.
    """

    def __init__(
        self,
        record: ModelRecord,
        folder: Path,
        reader: Reader,
        worker: Worker,
        references: Path | None = None,
        options: Options | None = None,
    ) -> None:
        self._model, self._folder, self._reader, self._worker = record, folder, reader, worker
        self._references_folder, self._options = references, options or Options()
        self._references: References | None = None
        told = record.manifest.model_dump_json()  # with the hash of every file of it
        self._model_key = hashlib.sha256(told.encode()).hexdigest()
        if record.manifest.task != "segmentation":
            raise SeriesError(f"{record.manifest.title} makes no label maps")
        if self._options.suffix not in FORMATS:
            raise SeriesError(f"label maps are written as {', '.join(FORMATS)}")

    def run(
        self,
        series: Sequence[Series],
        progress: Progress = lambda fraction, text: None,
        arrived: Arrived = lambda n, record: None,
    ) -> tuple[RunRecord, ...]:
        """The record of each series, in their order; arrived gets the number of one and its record as soon as it is on
        the disk. progress may raise to cancel: what is done stays.

        A series that the model does not fit, or that cannot be read, does not stop the others. Raises SeriesError if
        the folder holds results of another model or is written to by another run, and OSError if it cannot be written.
        """
        if len({name_of(one) for one in series}) < len(series):
            raise SeriesError("a series is there twice")
        self._folder.mkdir(parents=True, exist_ok=True)
        with _held(self._folder):
            self._clear_away()
            self._refuse_other_model()
            if self._references_folder is not None:
                self._references = References(
                    self._references_folder,
                    self._reader.look_all,
                    self._reader.read,
                    lambda: progress(0.0, "Looking through the references"),
                )
            records: list[RunRecord] = []
            called = _names(series)
            for n, one in enumerate(series):

                def report(part: float, text: str, n: int = n) -> None:
                    progress((n + part) / len(series), f"{n + 1} / {len(series)}: {text}")

                report(0.0, "Looking what is there")
                kept = None if self._options.again else self._kept(one)
                record = kept or self._run_one(one, report)
                if record is not kept or record.reference_key != self._reference_key(one, called[n]):
                    record = self._compared(record, one, called[n], report)
                if record is not kept:
                    write_record(self._folder / f"{name_of(one)}.json", record)
                records.append(record)
                if record is not kept:
                    self._write_tables(records, series)
                arrived(n, record)
            self._write_tables(records, series)
        return tuple(records)

    # What is there

    def _kept(self, series: Series) -> RunRecord | None:
        """The record of a series that need not be run again."""
        record = read_record(self._folder / f"{name_of(series)}.json")
        if record is None or record.key != self._key(series) or record.state == "failed":
            return None
        if record.state == "refused":
            return None if self._options.override and record.level == "red" else record
        if record.overridden and not self._options.override:
            return None
        return record if record.label_map == f"{name_of(series)}{self._options.suffix}" else None

    def _key(self, series: Series) -> str:
        """Tells one state of a series' files, and of the model, from all others."""
        told: list[object] = [series.uid, series.frame_numbers, series.size, series.spacing_mm, series.verdict.kind]
        for file in dict.fromkeys(series.files):
            with contextlib.suppress(OSError):  # it will be said when it is read
                told.append((file.name, *archives.stamp_of(file)))
        return f"{self._model_key}/{hashlib.sha256(json.dumps(told).encode()).hexdigest()}"

    def _refuse_other_model(self) -> None:
        """Results of two models in one folder would be taken for those of one."""
        if self._options.again:
            return
        for path in sorted(self._folder.glob("*.json")):
            record = read_record(path)
            if record is not None and record.key and not record.key.startswith(f"{self._model_key}/"):
                raise SeriesError(
                    f"{self._folder} holds results of {record.model} {record.version}, sha256 {record.sha256[:12]}; "
                    f"choose another folder for those of {self._model.manifest.name} {self._model.manifest.version}"
                )

    def _clear_away(self) -> None:
        """Take away what a run that was killed had begun to write."""
        for path in self._folder.glob(".unfinished-*"):
            if _UNFINISHED.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _write_tables(self, records: Sequence[RunRecord], series: Sequence[Series]) -> None:
        sources = [source_of(one) for one in series[: len(records)]] if self._options.sources else None
        write_table(self._folder / TABLE, records, sources)
        write_json(self._folder / TABLE_JSON, records, sources)

    # One series

    def _run_one(self, series: Series, report: Progress) -> RunRecord:
        level, reasons = "green", ()
        try:
            volume = self._reader.read(series, lambda fraction, text: report(_READING * fraction, text))
            verdict = self._verdict(series, volume, report)
            level, reasons = _told(verdict, series)
            refusal = verdict.refusal
            if refusal and not (self._options.override and verdict.can_run):
                return self._without_labels(series, "refused", level, reasons, refusal)
            result = self._worker.segment(
                self._model,
                to_image(volume.voxels, volume.geometry),
                progress=lambda fraction, text: report(_READING + fraction * (_ENDING - _READING), text),
            )
            path = self._folder / f"{name_of(series)}{self._options.suffix}"
            report(_ENDING, f"Writing {path.name}")
            voxels, counts = voxels_of(result)
            write_labels(path, series, volume.geometry, voxels, counts, self._model.manifest, overwrite=True)
            record = record_of(series, volume.geometry, verdict, result, counts, self._model.manifest, path)
            return record.model_copy(update={"key": self._key(series)})
        except (Cancelled, OSError):
            raise  # a disk that is full is so for all of them
        except (SeriesError, ModelError) as error:
            return self._without_labels(series, "failed", level, reasons, str(error))
        except Exception as error:  # whatever one series brings about, the others are run
            return self._without_labels(series, "failed", level, reasons, f"{type(error).__name__}: {error}")

    def _verdict(self, series: Series, volume, report: Progress) -> Verdict:
        headers = headers_of(series, volume)
        manifest, first = as_met(self._model, headers), looks_first(self._model, headers)
        verdict = preflight(manifest, headers, volume.voxels)
        if manifest.seen is None or verdict.refusal:
            return verdict
        image = to_image(volume.voxels, volume.geometry)
        statistics = self._worker.statistics(first, image, progress=lambda _, text: report(_READING, text))
        return preflight(manifest, headers, volume.voxels, statistics)

    def _without_labels(self, series: Series, state, level: str, reasons: tuple[Reason, ...], error: str) -> RunRecord:
        manifest = self._model.manifest
        return RunRecord(
            series=series.uid,
            modality=series.modality,
            series_number=series.number,
            state=state,
            key=self._key(series),
            model=manifest.name,
            version=manifest.version,
            sha256=manifest.files[manifest.networks[0]],
            made=_now(),
            level=level,
            reasons=reasons,
            error=_nameless(error, series),
        )

    # Against references

    def _reference_key(self, series: Series, names: Sequence[str]) -> str:
        """Tells one state of what a series is compared with from all others; empty for nothing."""
        if self._references is None:
            return ""
        try:
            path = self._references.find(series, names)
        except SeriesError as error:
            return hashlib.sha256(str(error).encode()).hexdigest()
        table = None if path is None else table_beside(path)
        stamps = [str(path), stamp_of(path), stamp_of(table if table is not None and table.exists() else None)]
        return hashlib.sha256(json.dumps(stamps).encode()).hexdigest()

    def _compared(self, record: RunRecord, series: Series, names: Sequence[str], report: Progress) -> RunRecord:
        """A record with the overlap of each label with the reference, or why there is none."""
        blank = [label.model_copy(update={"reference_voxels": None, "dice": None}) for label in record.labels]
        cleared = {"labels": tuple(blank), "reference_error": "", "reference_key": self._reference_key(series, names)}
        record = record.model_copy(update=cleared)
        if self._references is None or record.state != "done":
            return record
        path = None
        try:
            path = self._references.find(series, names)
            if path is None:
                return record.model_copy(update={"reference_error": "No reference was found for this series."})
            report(_ENDING, "Comparing with the reference")
            volume = _read_labels(self._folder / record.label_map, self._reader)
            found = self._references.read(path, series, volume.geometry, lambda: report(_ENDING, ""))
            labels, fitting = [], 0
            for label in labels_of(self._model.manifest):
                row = next(one for one in record.labels if one.value == label.value)
                laid = found.of(label)
                fitting += laid is not None
                if laid is None:
                    labels.append(row.model_copy(update={"reference_voxels": 0}))
                    continue
                score = dice_within(volume.voxels, label.value, row.voxels, laid.box, laid.voxels)
                labels.append(row.model_copy(update={"reference_voxels": laid.count, "dice": score}))
            if not fitting:
                told = ", ".join(one.segment.name for one in found.structures[:3])
                raise SeriesError(f"it has no label of the model's; its own are {told}")
            return record.model_copy(update={"labels": tuple(labels)})
        except SeriesError as error:
            sentence = f"The reference was not used: {str(error).rstrip('.')}."
            return record.model_copy(update={"reference_error": _nameless(sentence, series, (path,) if path else ())})


# The parts of a result, for one series as for many


def record_of(
    series: Series,
    geometry: Geometry,
    verdict: Verdict,
    result: Segmentation,
    counts: NDArray[np.int64],
    manifest: ModelManifest,
    path: Path,
) -> RunRecord:
    """Where a label map that was written to a path came from, and how large its labels are. counts: voxels by value."""
    level, reasons = _told(verdict, series)
    labels = [
        LabelResult(
            value=label.value,
            name=label.name,
            voxels=int(counts[label.value]),
            volume_ml=float(counts[label.value]) * geometry.voxel_volume_ml if geometry.calibrated else None,
        )
        for label in manifest.labels
    ]
    return RunRecord(
        series=series.uid,
        modality=series.modality,
        series_number=series.number,
        state="done",
        model=result.run.name,
        version=result.run.version,
        sha256=result.run.sha256,
        device=result.run.provider,
        seconds=round(result.run.seconds, 3),
        made=_now(),
        level=level,
        reasons=reasons,
        overridden=tuple(reason for reason in reasons if reason.level == "red"),
        notes=result.run.notes,
        label_map=path.name,
        label_map_sha256=file_hash(path),
        labels=tuple(labels),
    )


def write_labels(
    path: Path,
    series: Series,
    geometry: Geometry,
    voxels: NDArray[np.uint8],
    counts: NDArray[np.int64],
    manifest: ModelManifest,
    overwrite: bool = False,
) -> None:
    """Write a model's label map, by the name of the file, with its names beside it where the format has no room for
    them. Raises SeriesError, FileExistsError, OSError."""
    labels = labels_of(manifest)
    making = Making("AUTOMATIC", manifest.name, manifest.version)
    if counts[1:].any() and path.name.lower().endswith(LABEL_SUFFIXES):
        made = {label.value: making for label in labels}
        by_value = {label.value: int(counts[label.value]) for label in labels}
        write_label_map(LabelSet(series, geometry, voxels, labels, by_value, made), path, overwrite)
    else:  # empty, which is a result as well
        files.write_image(voxels, geometry, path, overwrite)


def voxels_of(result: Segmentation) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The label map of a result, voxels[k, j, i], and the voxels of each value from 0 to 255."""
    import SimpleITK as sitk

    voxels = sitk.GetArrayFromImage(result.label_image)
    counts = np.zeros(256, np.int64)
    for one_slice in voxels:  # piece by piece: numpy counts without letting other threads run
        counts += np.bincount(one_slice.ravel(), minlength=256)
    return voxels, counts


def proposal_of(
    record: RunRecord, folder: Path, geometry: Geometry, manifest: ModelManifest | None, reader: Reader
) -> Proposal:
    """The label map of a record as a proposal on its series. manifest: of its model, if that is still installed.

    Raises SeriesError if the file is not the one that was written, or does not lie on the series' voxels.
    """
    path = folder / record.label_map
    try:
        if file_hash(path) != record.label_map_sha256:
            raise SeriesError(f"{path.name} is not the file that the run wrote; run the model again")
    except OSError as error:
        raise SeriesError(f"{path.name} cannot be read; run the model again") from error
    volume = _read_labels(path, reader)
    if not volume.geometry.same_grid(geometry, tolerance_mm=0.01):
        raise SeriesError("the result lies on another grid than this series; run the model again")
    named = {} if manifest is None else {label.value: label for label in labels_of(manifest)}
    labels = [
        named.get(one.value) or Label(one.value, one.name, OKABE_ITO[n % len(OKABE_ITO)])
        for n, one in enumerate(record.labels)
    ]
    origin = Origin(
        record.model,
        record.version,
        record.device,
        record.seconds,
        record.sha256,
        record.made,
        tuple((reason.about, reason.sentence) for reason in record.overridden),
        record.notes,
    )
    return Proposal(np.ascontiguousarray(volume.voxels, dtype=np.uint8), tuple(labels), origin)


def name_of(series: Series) -> str:
    """What the files of a series are called: the same at each run, another for each series, and without a patient."""
    modality = "".join(c for c in series.modality.upper() if "A" <= c <= "Z")[:8] or "SERIES"
    return f"{modality}-{hashlib.sha256(series.uid.encode()).hexdigest()[:_NAME_CHARACTERS]}"


def not_of_a_run(series: Sequence[Series], folders: Collection[Path]) -> tuple[Series, ...]:
    """Series without those that lie in some folders: the results of a run, or its references, are not its scans."""
    places = [folder.resolve() for folder in folders]

    def elsewhere(one: Series) -> bool:
        return not any(file.resolve().is_relative_to(place) for file in one.files[:1] for place in places)

    return tuple(one for one in series if elsewhere(one))


def _read_labels(path: Path, reader: Reader):
    found = files.scan([path], look_all=reader.look_all)
    if len(found.series) != 1:
        raise SeriesError(f"{path.name} cannot be read")
    return reader.read(found.series[0])


def _told(verdict: Verdict, series: Series) -> tuple[str, tuple[Reason, ...]]:
    """The level and the reasons of a verdict, and that a part of the series could not be read."""
    reasons = [Reason(level=f.level, about=f.about, sentence=_nameless(f.sentence, series)) for f in verdict.findings]
    left_out = [note for note in series.notes if note.startswith(LEFT_OUT)]
    if left_out:
        reasons.append(Reason(level="amber", about="left out", sentence=_nameless(left_out[0], series)))
    level = "amber" if left_out and verdict.level == "green" else verdict.level
    return level, tuple(reasons)


def _names(series: Sequence[Series]) -> list[list[str]]:
    """What a reference of each series may be called: as the series' label map, its uid, its file or the folder of its
    files, of which those do not count that several series have."""
    called = []
    for one in series:
        own = [name_of(one), one.uid]
        folders = {file.parent for file in one.files}
        shared = [stem_of(one.files[0])] if len(set(one.files)) == 1 else [next(iter(folders)).name]
        called.append([*own, *(shared if len(folders) == 1 else [])])
    often: dict[str, int] = {}
    for names in called:
        for name in set(names):
            often[name] = often.get(name, 0) + 1
    return [[name for name in names if often[name] == 1] for names in called]


def source_of(series: Series) -> str:
    """The name of a series' file, or of the folder of its files."""
    several = len(set(series.files)) > 1
    return archives.shown_name(series.files[0].parent if several else series.files[0])


def _nameless(sentence: str, series: Series, paths: Sequence[Path] = ()) -> str:
    """A sentence without names of files, which people name after patients, and without the patient's own."""
    names: set[str] = set()
    for path in (*dict.fromkeys(series.files), *paths):
        names |= {str(path), str(path.parent), path.name, stem_of(path)}
    names |= {series.patient_name, series.patient_name.replace("^", " ").strip(), series.patient_id}
    names |= {part for part in re.split(r"[\^=\s]+", series.patient_name) if len(part) > 2}
    for name in sorted((name for name in names if len(name) > 1), key=len, reverse=True):
        sentence = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", sentence)
    return sentence


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep other runs from writing into a folder; ends with the process, however it ends."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SeriesError(f"another run is writing to {folder}; wait for it, or choose another folder") from None
    try:
        yield
    finally:
        lock.release()
