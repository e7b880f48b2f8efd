"""The formats that labels, and what models say, are saved in, and which of them a series can have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from viewer.core.label_set import LabelSet, ProbabilitySet
from viewer.core.score_set import HeatSet, ReportSet, ScoreSet
from viewer.core.scores import HeatKind
from viewer.core.settings import LabelFormat
from viewer.core.study import Series, SeriesError
from viewer.io.dicom_source import NO_PLACE, why_no_dicom_object
from viewer.io.label_files import NO_VOLUME, table_beside, write_label_map
from viewer.io.reports import why_no_objects, write_report, write_score_report
from viewer.io.score_files import write_score_json, write_score_table
from viewer.io.segmentation_objects import Code, Report, write_fractions, write_parametric_map, write_segmentation
from viewer.io.structure_sets import write_structure_set

ProbabilityFormat = Literal["fractions", "entropy"]
Saved = LabelSet | ProbabilitySet | ScoreSet | HeatSet | ReportSet
ScoreFormat = Literal["report", "json", "table"]
SCORE_SUFFIXES: dict[ScoreFormat, str] = {"report": ".dcm", "json": ".json", "table": ".csv"}

SUFFIXES: dict[LabelFormat, str] = {
    "seg": ".dcm",
    "seg-labelmap": ".dcm",
    "rtstruct": ".dcm",
    "nrrd": ".seg.nrrd",
    "nifti": ".nii.gz",
    "mha": ".mha",
}
_ENTROPY: Code = ("ENTROPY", "99SLICEWISE", "Normalised predictive entropy")
_QUANTITIES: dict[HeatKind, Code] = {
    "cam": ("CLASS-ACTIVATION", "99SLICEWISE", "Class activation map"),
    "occlusion": ("OCCLUSION", "99SLICEWISE", "Occlusion map"),  # the loss of probability where a part is covered
}
_NO_UNIT: Code = ("1", "UCUM", "no units")


@dataclass(frozen=True)
class SavedLabels:
    """What was written, read again and found to be the same. notes: what the format has no place for."""

    path: Path
    voxels: int
    labels: int
    notes: tuple[str, ...] = ()


def is_dicom(kind: LabelFormat) -> bool:
    """True for objects that belong to the study, and so hold the patient."""
    return SUFFIXES[kind] == ".dcm"


def why_not(series: Series, kind: LabelFormat) -> str:
    """Why the labels of a series cannot have a format, in a sentence that says what to do instead; else empty."""
    if is_dicom(kind):
        problem = why_no_dicom_object(series)
        placed = series.direction is not None and bool(series.origins)
        if not problem and not (series.frame_of_reference and placed) and (series.frames > 1 or kind == "rtstruct"):
            return NO_PLACE
        return problem
    return "" if series.verdict.is_volume else NO_VOLUME


def files_of(path: Path, kind: LabelFormat) -> tuple[Path, ...]:
    """All files that saving under a path writes."""
    table = None if is_dicom(kind) else table_beside(path)
    return (path,) if table is None else (path, table)


def save_labels(
    labels: LabelSet,
    path: Path,
    kind: LabelFormat,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> SavedLabels:
    """Write labels and compare what was written with them; report gets a share and may raise to cancel.

    Raises SeriesError with one sentence if they cannot be saved: nothing is left behind then.
    """
    if problem := why_not(labels.series, kind):
        raise SeriesError(problem)
    with _refusals_of(path):
        if kind == "rtstruct":
            write_structure_set(labels, path, overwrite, report)
        elif is_dicom(kind):
            write_segmentation(labels, path, "LABELMAP" if kind == "seg-labelmap" else "BINARY", overwrite, report)
        else:
            write_label_map(labels, path, overwrite, report)
    return SavedLabels(path, labels.voxel_count, len(labels.present))


def save_probabilities(
    found: ProbabilitySet,
    path: Path,
    kind: ProbabilityFormat,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> SavedLabels:
    """Write the probabilities of labels as a fractional segmentation, or the entropy as a parametric map, and compare
    what was written with them, as save_labels does."""
    if problem := why_not(found.series, "seg"):
        raise SeriesError(problem)
    with _refusals_of(path):
        if kind == "fractions":
            shares = zip(found.labels, found.of_labels, strict=True)
            maps = {label: values.astype(np.float32) / np.float32(255) for label, values in shares}
            write_fractions(found.series, found.geometry, maps, path, found.made, overwrite, report)
            return SavedLabels(path, int(np.count_nonzero(found.of_labels)), len(found.labels))
        values = found.entropy.astype(np.float32) / np.float32(255)
        write_parametric_map(
            found.series,
            found.geometry,
            values,
            _ENTROPY,
            _NO_UNIT,
            path,
            overwrite,
            report,
            found.made,
        )
    return SavedLabels(path, found.entropy.size, 0)


def why_no_scores(series: Series, kind: ScoreFormat) -> str:
    """Why the scores of a series cannot have a format, in a sentence; else empty."""
    return why_no_objects(series) if kind == "report" else ""


def why_no_heat(series: Series) -> str:
    """Why no map of where a score comes from can be written of a series, in a sentence; else empty."""
    return why_not(series, "seg")


def save_scores(
    told: ScoreSet,
    path: Path,
    kind: ScoreFormat,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> SavedLabels:
    """Write scores as a structured report, JSON or a table, and compare what was written with them, as save_labels
    does."""
    if problem := why_no_scores(told.series, kind):
        raise SeriesError(problem)
    notes: list[str] = []
    with _refusals_of(path):
        if kind == "report":
            check = partial(report, 0.0, "Reading the headers of the series")
            notes = write_score_report(path, told, overwrite=overwrite, check=check)
        elif kind == "json":
            write_score_json(path, told, overwrite)
        else:
            write_score_table(path, told, overwrite)
    return SavedLabels(path, 0, len(told.scores.classes), tuple(notes))


def save_heat(
    found: HeatSet, path: Path, overwrite: bool = False, report: Report = lambda fraction, text: None
) -> SavedLabels:
    """Write a map of where a score comes from as a parametric map, and compare what was written with it, as save_labels
    does."""
    if problem := why_no_heat(found.series):
        raise SeriesError(problem)
    with _refusals_of(path):
        write_parametric_map(
            found.series,
            found.geometry,
            found.voxels,
            _QUANTITIES[found.kind],
            _NO_UNIT,
            path,
            overwrite,
            report,
            found.made,
        )
    return SavedLabels(path, found.voxels.size, 0)


def save_report(
    told: ReportSet, path: Path, overwrite: bool = False, report: Report = lambda fraction, text: None
) -> SavedLabels:
    """Write measurements and answers as a structured report, and compare what was written with them, as save_labels
    does."""
    report(0.0, path.name)
    with _refusals_of(path):
        more = {"labels": told.labels, "answers": told.answers, "overwrite": overwrite}
        notes = write_report(path, told.measured, told.series, told.geometry, told.observer, **more)
    return SavedLabels(path, 0, len(told.measured), tuple(notes))


def save(
    what: Saved, path: Path, kind: str, overwrite: bool = False, report: Report = lambda fraction, text: None
) -> SavedLabels:
    """save_labels, save_probabilities, save_scores, save_heat or save_report, by what it is."""
    if isinstance(what, HeatSet):
        return save_heat(what, path, overwrite, report)
    if isinstance(what, ReportSet):
        return save_report(what, path, overwrite, report)
    act: Any = {LabelSet: save_labels, ProbabilitySet: save_probabilities, ScoreSet: save_scores}[type(what)]
    return act(what, path, kind, overwrite, report)


@contextmanager
def _refusals_of(path: Path) -> Iterator[None]:
    """What the system says against writing a file, as one sentence."""
    try:
        yield
    except OSError as error:
        raise SeriesError(f"{path.name} was not saved: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    """What the system said: pydicom wraps that into errors of its own, with many lines."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__
    return str(error).partition("\n")[0]
