"""Scores of a classification model as a table and as JSON, with the model and its run; never with a patient."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from viewer.core.findings import SERIES, JudgedScore, Place
from viewer.core.origin import Origin
from viewer.core.score_set import ScoreSet
from viewer.core.study import SeriesError
from viewer.io.saving import saved_when_complete

ORIGIN_COLUMNS = (
    "model",
    "model_version",
    "model_hash",
    "model_device",
    "model_seconds",
    "model_made",
    "model_overridden",
)
SCORE_COLUMNS = ("model_class", "model_probability", "model_threshold", *ORIGIN_COLUMNS)
_COLUMNS: tuple[str, ...] = (
    "series",
    "level",  # series or slice
    "slice_axis",  # the index axis normal to the slice
    "slice",  # from 1, as the window counts
    "class",
    "code_value",
    "code_scheme",
    "code_meaning",
    "probability",  # calibrated
    "threshold",
    "above_threshold",
    "answer",  # of a person, yes or no; none where nobody answered
    "answer_by",  # "person", or which model's score the person accepted or rejected
    *ORIGIN_COLUMNS,
)
_NOT_THE_SAME = "The file that was written is not what the model told; not saved."


def origin_row(origin: Origin) -> dict[str, str]:
    """A run as cells of a table."""
    cells = (
        origin.model,
        origin.version,
        origin.short_hash,
        origin.provider,
        repr(origin.seconds),
        origin.made,
        " ".join(sentence for _, sentence in origin.overridden),
    )
    return dict(zip(ORIGIN_COLUMNS, cells, strict=True))


def score_row(score: JudgedScore | None) -> dict[str, str]:
    """A score that an answer was given by as cells of a table, empty without one."""
    if score is None:
        return dict.fromkeys(SCORE_COLUMNS, "")
    cells = (score.label, repr(score.probability), repr(score.threshold))
    return {**dict(zip(SCORE_COLUMNS, cells, strict=False)), **origin_row(score.origin)}


def told_score(score: JudgedScore) -> dict[str, Any]:
    """The same for JSON."""
    row = {"class": score.label, "probability": score.probability, "threshold": score.threshold}
    return {**row, **told_origin(score.origin)}


def told_origin(origin: Origin) -> dict[str, Any]:
    """A run for JSON."""
    return {**asdict(origin), "overridden": list(map(list, origin.overridden)), "notes": list(origin.notes)}


def write_score_table(path: Path, told: ScoreSet, overwrite: bool = False) -> None:
    """Write one row a class, for the series and, where the model tells of them, for each slice, as comma-separated
    values. Raises OSError, and SeriesError if what is read back is something else."""
    rows = [_row(told, of, place) for of in range(len(told.scores.classes)) for place in _places(told)]
    table = io.StringIO()
    writer = csv.DictWriter(table, _COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    with saved_when_complete(path, overwrite) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8-sig", newline="")
        with temporary.open(encoding="utf-8-sig", newline="") as written:
            if list(csv.DictReader(written)) != rows:
                raise SeriesError(_NOT_THE_SAME)


def write_score_json(path: Path, told: ScoreSet, overwrite: bool = False) -> None:
    """Write the same as JSON, and the attention of a model that has one."""
    content = json_of(told)
    with saved_when_complete(path, overwrite) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
        if json.loads(temporary.read_text(encoding="utf-8")) != content:
            raise SeriesError(_NOT_THE_SAME)


def json_of(told: ScoreSet) -> dict[str, Any]:
    """Scores of a series as JSON."""
    scores = told.scores
    classes = []
    for of, one in enumerate(scores.classes):
        given = {place: told.answers[of, place] for place in _places(told) if (of, place) in told.answers}
        classes.append(
            {
                "name": one.name,
                "code": None if one.code is None else dict(zip(("value", "scheme", "meaning"), one.code, strict=True)),
                "probability": one.probability,
                "threshold": one.threshold,
                "above_threshold": one.above,
                "slices": None if scores.slices is None else scores.slices[:, of].tolist(),
                "answers": [
                    {
                        "level": place.level,
                        **({"slice": place.index + 1} if place.level == "slice" else {}),
                        "answer": "yes" if answer.yes else "no",
                        "judged_score": None if answer.score is None else told_score(answer.score),
                    }
                    for place, answer in given.items()
                ],
            }
        )
    return {
        "program": "Slicewise",
        "note": "Not for diagnostic use",
        "series": told.series.uid,
        "model": told_origin(scores.origin),
        "gathered": scores.gathered,
        "slice_axis": "ijk"[scores.axis],
        "attention": None if scores.attention is None else scores.attention.tolist(),
        "time_points": scores.times,
        "classes": classes,
    }


def _places(told: ScoreSet) -> tuple[Place, ...]:
    return (SERIES, *told.scores.slice_places())


def _row(told: ScoreSet, of: int, place: Place) -> dict[str, str]:
    one, score = told.scores.classes[of], told.scores.told_of(of, place)
    assert score is not None
    answer, on_slice = told.answers.get((of, place)), place.level == "slice"
    by = "" if answer is None else "person" if answer.score is None else f"person, judging {answer.score.origin.source}"
    cells = (
        told.series.uid,
        place.level,
        "ijk"[place.axis] if on_slice else "",
        str(place.index + 1) if on_slice else "",
        one.name,
        *(one.code or ("", "", "")),
        repr(score.probability),
        repr(score.threshold),
        "yes" if score.above else "no",
        "" if answer is None else "yes" if answer.yes else "no",
        by,
    )
    return {**dict(zip(_COLUMNS, cells, strict=False)), **origin_row(told.scores.origin)}
