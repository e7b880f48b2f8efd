"""What became of runs of a model, on the disk: one record a series beside its label map, and the table of all of them.

A record is written when its label map is there under its name, and holds the hash of it: what a power cut leaves
behind has no record, or one that does not fit, and counts for nothing. Nothing here names a patient or a file of one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from viewer.io.saving import saved_when_complete

State = Literal["done", "refused", "failed"]
COLUMNS = (
    "series",  # SeriesInstanceUID, or what stands for it where files have none
    "modality",
    "series_number",
    "state",  # done, refused (the model must not run on it) or failed
    "model",
    "model_version",
    "model_hash",
    "device",
    "seconds",
    "verdict",  # green, amber, red or never
    "reasons",
    "overridden",
    "label_map",  # the file, in the folder of this table
    "label_value",
    "label",
    "voxels",
    "volume_ml",  # none where the size of a voxel is not known
    "reference_voxels",  # 0: the reference does not have this label, and nothing is said of it
    "dice",
    "reference_error",
    "error",
)
_SHORT = 12  # characters of a hash that a person compares
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # with which a cell begins that a spreadsheet would work out
_MOST_RECORD = 16 << 20
_PROGRAM = "Slicewise, not for diagnostic use"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reason(_Kept):
    """A finding of the verdict on a series."""

    level: str
    about: str
    sentence: str


class LabelResult(_Kept):
    """One label of a label map, against the reference if there is one: reference_voxels is None without one, 0 where
    it does not have the label."""

    value: int
    name: str
    voxels: int
    volume_ml: float | None = None
    reference_voxels: int | None = None
    dice: float | None = None


class RunRecord(_Kept):
    """What became of one series. key tells what was asked: the series, its files, the model and the options;
    reference_key what it was compared with, empty for nothing. made: when it ended, ISO 8601 in UTC. error: why
    there is no label map, in one sentence."""

    program: str = _PROGRAM
    series: str
    modality: str = ""
    series_number: int | None = None
    state: State
    key: str = ""
    model: str
    version: str
    sha256: str
    device: str = ""
    seconds: float = 0.0
    made: str = ""
    level: str = "green"
    reasons: tuple[Reason, ...] = ()
    overridden: tuple[Reason, ...] = ()
    notes: tuple[str, ...] = ()
    label_map: str = ""
    label_map_sha256: str = ""
    labels: tuple[LabelResult, ...] = ()
    reference_key: str = ""
    reference_error: str = ""
    error: str = ""

    @property
    def mean_dice(self) -> float | None:
        found = [label.dice for label in self.labels if label.dice is not None]
        return statistics.fmean(found) if found else None


def write_record(path: Path, record: RunRecord, overwrite: bool = True) -> None:
    """Write a record whole or not at all. Raises OSError, FileExistsError among them."""
    with saved_when_complete(path, overwrite) as temporary:
        temporary.write_text(record.model_dump_json(indent=1), encoding="utf-8")


def read_record(path: Path) -> RunRecord | None:
    """A record, if there is one and its label map is there as it was written; else None."""
    try:
        with path.open("rb") as stream:
            record = RunRecord.model_validate_json(stream.read(_MOST_RECORD))
        if record.state == "done" and file_hash(path.with_name(record.label_map)) != record.label_map_sha256:
            return None
    except (OSError, ValidationError, ValueError):
        return None
    return record if record.label_map == Path(record.label_map).name else None


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_table(path: Path, records: Sequence[RunRecord], sources: Sequence[str] | None = None) -> None:
    """Write one row a series and label, or a series without a label map, as comma-separated values, over what was
    there, whole or not at all.

    Numbers are written with all their digits and a point. The text begins with a byte order mark, without which some
    spreadsheets misread other letters than English ones, and no cell is one that a spreadsheet would work out. sources,
    one a record, adds a column with the name of the file or folder of each series, which may tell who the patient is.
    Raises OSError.
    """
    columns = [*COLUMNS, *(["source"] if sources is not None else [])]
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, restval="")
    writer.writeheader()
    for n, record in enumerate(records):
        for row in _rows(record):
            if sources is not None:
                row["source"] = sources[n]
            writer.writerow({name: _harmless(cell) for name, cell in row.items()})
    with saved_when_complete(path, overwrite=True) as temporary:
        temporary.write_text(table.getvalue(), encoding="utf-8-sig", newline="")


def write_json(path: Path, records: Sequence[RunRecord], sources: Sequence[str] | None = None) -> None:
    """Write the same as JSON, one object a series, else as write_table."""
    rows = []
    for n, record in enumerate(records):
        row = record.model_dump(mode="json", exclude={"program", "key", "reference_key"})
        rows.append(row | ({} if sources is None else {"source": sources[n]}))
    content: dict[str, Any] = {"program": _PROGRAM, "series": rows}
    with saved_when_complete(path, overwrite=True) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")


def _rows(record: RunRecord) -> list[dict[str, str]]:
    of_series = {
        "series": record.series,
        "modality": record.modality,
        "series_number": "" if record.series_number is None else str(record.series_number),
        "state": record.state,
        "model": record.model,
        "model_version": record.version,
        "model_hash": record.sha256[:_SHORT],
        "device": record.device,
        "seconds": repr(record.seconds) if record.state == "done" else "",
        "verdict": record.level,
        "reasons": _sentences(record.reasons),
        "overridden": _sentences(record.overridden),
        "label_map": record.label_map,
        "reference_error": record.reference_error,
        "error": record.error,
    }
    of_labels = [
        {
            "label_value": str(label.value),
            "label": label.name,
            "voxels": str(label.voxels),
            "volume_ml": "" if label.volume_ml is None else repr(label.volume_ml),
            "reference_voxels": "" if label.reference_voxels is None else str(label.reference_voxels),
            "dice": "" if label.dice is None else repr(label.dice),
        }
        for label in record.labels
    ]
    return [of_series | of_label for of_label in of_labels or [{}]]


def _sentences(reasons: Sequence[Reason]) -> str:
    return " ".join(reason.sentence for reason in reasons)


def _harmless(cell: str) -> str:
    """A cell that is text in a spreadsheet, too, whatever a file or a model is called."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
