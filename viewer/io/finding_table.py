"""A person's answers and boxes as training data for classifiers and detectors: of all series, never with a patient."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from viewer.core.findings import Code, Finding, JudgedScore, Place
from viewer.core.geometry import Geometry
from viewer.core.history import SlicePlace
from viewer.core.labels import Label
from viewer.core.measuring import Measurement
from viewer.core.study import Series, SeriesError, patient_of
from viewer.io.annotation_store import AnnotationStore, study_of
from viewer.io.reports import told_of
from viewer.io.saving import saved_when_complete
from viewer.io.score_files import SCORE_COLUMNS, score_row, told_score

Number = int | float
COLUMNS = (
    "level",  # slice, series or study
    "patient",  # a number of this file alone, by which a split keeps patients apart
    "study",
    "series",  # none of a study
    "slice_axis",  # the index axis normal to the slice
    "slice",  # from 1, as the window counts
    "finding",
    "answer",  # yes or no; what nobody has answered has no row
    "code_value",
    "code_scheme",
    "code_meaning",
    *SCORE_COLUMNS,  # of the model whose score a person accepted (yes) or rejected (no); empty of others
)
_NOT_THE_SAME = "The file that was written is not what was answered; not saved."


@dataclass(frozen=True)
class Source:
    """Where something was annotated. patient: a number from 1, the same for all that is known to be of one patient;
    series is empty for a whole study; file the name of the file of it, empty where that is not one."""

    patient: int
    study: str
    series: str = ""
    file: str = ""


@dataclass(frozen=True)
class GivenAnswer:
    """An answer to a finding and where it was given; score: what a model told, if it was given by that."""

    source: Source
    finding: Finding
    place: Place
    yes: bool
    score: JudgedScore | None = None


@dataclass(frozen=True)
class GivenBox:
    """A box of a label. corners_ijk: its smallest and its largest continuous voxel index, columns first; size_mm along
    both axes of its slice, and the same corners in LPS, mm, are None where the files do not tell. found_by_model: what
    a model told of it, if one proposed it; rejected: why and when a person said that it is wrong, if so."""

    source: Source
    place: SlicePlace
    label: str
    code: Code | None
    corners_ijk: tuple[tuple[Number, ...], tuple[Number, ...]]
    size_mm: tuple[float, float] | None
    corners_lps_mm: tuple[tuple[float, ...], tuple[float, ...]] | None
    found_by_model: dict[str, Any] | None = None
    rejected: dict[str, str] | None = None


@dataclass(frozen=True)
class ClassLabels:
    """All that people have answered and boxed. left_out counts boxes on oblique planes, which are on no slice. rejected
    are boxes of models that a person rejected: hard negatives."""

    findings: tuple[Finding, ...]
    answers: tuple[GivenAnswer, ...]
    boxes: tuple[GivenBox, ...]
    left_out: int = 0
    rejected: tuple[GivenBox, ...] = ()


def gather(store: AnnotationStore, listed: Sequence[Series], check: Callable[[], None] = lambda: None) -> ClassLabels:
    """All that is kept; listed are the series of the library, which tell patients apart. Not for the GUI thread."""
    sources = _Sources(listed)
    findings = {finding.number: finding for finding in store.findings()}
    answers, scores = [], store.all_scores()
    for uid, number, place, yes in store.all_answers():
        check()
        source = sources.of_study(uid) if place.level == "study" else sources.of(uid, place)
        answers.append(GivenAnswer(source, findings[number], place, yes, scores.get((uid, number, place))))
    boxes, rejected = [], []
    for one in store.all_boxes():
        check()
        boxes.append(_given_box(store, sources, *one))
    for uid, one, labels in store.all_rejected_boxes():
        check()
        if (box := _given_box(store, sources, uid, one.box, labels)) is not None:
            rejected.append(replace(box, rejected={"reason": one.reason, "at": one.at}))
    there = tuple(box for box in boxes if box is not None)
    return ClassLabels(tuple(findings.values()), tuple(answers), there, len(boxes) - len(there), tuple(rejected))


def _given_box(
    store: AnnotationStore, sources: _Sources, uid: str, box: Measurement, labels: Sequence[Label]
) -> GivenBox | None:
    """None for a box on an oblique plane, which is on no slice."""
    if not box.on_one_slice:
        return None
    place = box.normal, box.slice_index
    corners = np.sort(np.array(box.points, dtype=float), axis=0)
    across = [axis for axis in range(3) if axis != box.normal]
    size_mm = corners_lps_mm = None
    geometry = sources.geometry(uid, store.grid_of(uid))
    if geometry is not None and geometry.calibrated:
        first, second = ((corners[1] - corners[0]) * geometry.spacing)[across].tolist()
        size_mm = first, second
        if geometry.patient_space and (geometry.slice_origins is None or len(geometry.slice_origins)):
            corners_lps_mm = _pair(geometry.index_to_lps(corners))
    code = next((label.code for label in labels if label.name == box.text), None)
    source = sources.of(uid, Place("slice", *place))
    return GivenBox(source, place, box.text, code, _pair(corners), size_mm, corners_lps_mm, told_of(box))


def write_table(path: Path, labels: ClassLabels, *, with_files: bool = False) -> None:
    """Write one row an answer as comma-separated values, over what was there, whole or not at all; with_files: with the
    names of the files, which may tell who the patient is. Raises OSError, and SeriesError if what is read back is
    something else."""
    rows = [_row(one, with_files) for one in labels.answers]
    table = io.StringIO()
    columns: list[str] = [*COLUMNS, "file"] if with_files else [*COLUMNS]
    writer = csv.DictWriter(table, columns)
    writer.writeheader()
    writer.writerows(rows)
    with saved_when_complete(path, overwrite=True) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8-sig", newline="")
        with temporary.open(encoding="utf-8-sig", newline="") as written:
            if list(csv.DictReader(written)) != rows:
                raise SeriesError(_NOT_THE_SAME)


def write_json(path: Path, labels: ClassLabels, *, with_files: bool = False) -> None:
    """Write answers and boxes as JSON, else as write_table."""
    content = {
        "program": "Slicewise",
        "note": "Not for diagnostic use",
        "coordinates": "slice: from 1 along slice_axis; corners_ijk: voxel indices from 0, column, row, slice, centres "
        "of voxels at whole numbers; corners_lps_mm: DICOM patient system",
        "findings": [{"finding": f.name, "level": f.level, "code": _code(f.code)} for f in labels.findings],
        "answers": [
            {
                "level": one.place.level,
                **_source(one.source, with_files),
                **(_slice(one.place.axis, one.place.index) if one.place.level == "slice" else {}),
                "finding": one.finding.name,
                "answer": "yes" if one.yes else "no",
                **({} if one.score is None else {"judged_score": told_score(one.score)}),
            }
            for one in labels.answers
        ],
        "boxes": [_told_box(one, with_files) for one in labels.boxes],
        "rejected_boxes": [_told_box(one, with_files) for one in labels.rejected],
    }
    with saved_when_complete(path, overwrite=True) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
        if json.loads(temporary.read_text(encoding="utf-8")) != content:
            raise SeriesError(_NOT_THE_SAME)


def _told_box(one: GivenBox, with_files: bool) -> dict[str, Any]:
    return {
        **_source(one.source, with_files),
        **_slice(*one.place),
        "label": one.label,
        "code": _code(one.code),
        "corners_ijk": list(map(list, one.corners_ijk)),
        "size_mm": None if one.size_mm is None else list(one.size_mm),
        "corners_lps_mm": None if one.corners_lps_mm is None else list(map(list, one.corners_lps_mm)),
        **({} if one.found_by_model is None else {"found_by_model": one.found_by_model}),
        **({} if one.rejected is None else {"rejected": one.rejected}),
    }


class _Sources:
    """Finds what belongs to the uids under which work is kept, and numbers patients as they come."""

    def __init__(self, listed: Sequence[Series]) -> None:
        self._series = {series.uid: series for series in listed}
        self._of_study = {study_of(series, series.uid): series for series in listed}
        self._patients: dict[str, int] = {}

    def of(self, uid: str, place: Place) -> Source:
        series, own = self._found(uid)
        study = study_of(series, uid)
        file = ""
        if own and series is not None and len(series.files) == 1:
            file = series.files[0].name
        elif own and series is not None and place.level == "slice" and place.axis == 2:
            file = series.files[place.index].name
        return Source(self._patient(series, study), study, uid, file)

    def of_study(self, study_uid: str) -> Source:
        return Source(self._patient(self._of_study.get(study_uid), study_uid), study_uid)

    def geometry(self, uid: str, grid: Geometry | None) -> Geometry | None:
        """That of a series as its files tell it, if it is the one that was annotated."""
        series, own = self._found(uid)
        if not own or series is None or series.size is None or grid is None or not series.geometry.same_grid(grid):
            return None
        return series.geometry

    def _found(self, uid: str) -> tuple[Series | None, bool]:
        """The listed series, and whether its slices are those of the uid, not of a part or of a grid made of it."""
        if uid in self._series:
            return self._series[uid], True
        before = uid.partition("@")[0]
        return self._series.get(before) or self._series.get(before.partition("~")[0]), False

    def _patient(self, series: Series | None, otherwise: str) -> int:
        return self._patients.setdefault(otherwise if series is None else patient_of(series), len(self._patients) + 1)


def _row(one: GivenAnswer, with_files: bool) -> dict[str, str]:
    code, place, source = one.finding.code or ("", "", ""), one.place, one.source
    row = {
        "level": place.level,
        "patient": str(source.patient),
        "study": source.study,
        "series": source.series,
        "slice_axis": "ijk"[place.axis] if place.level == "slice" else "",
        "slice": str(place.index + 1) if place.level == "slice" else "",
        "finding": one.finding.name,
        "answer": "yes" if one.yes else "no",
        **dict(zip(("code_value", "code_scheme", "code_meaning"), code, strict=True)),
        **score_row(one.score),
    }
    return {**row, "file": source.file} if with_files else row


def _source(source: Source, with_files: bool) -> dict[str, Any]:
    known: dict[str, Any] = {"patient": source.patient, "study": source.study}
    if source.series:
        known["series"] = source.series
    return {**known, "file": source.file} if with_files else known


def _slice(axis: int, index: int) -> dict[str, Any]:
    return {"slice_axis": "ijk"[axis], "slice": index + 1}


def _code(code: Code | None) -> dict[str, str] | None:
    return None if code is None else dict(zip(("value", "scheme", "meaning"), code, strict=True))


def _pair(points: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    first, second = points.tolist()
    return tuple(first), tuple(second)
