"""Throws files at a reader and says what came of each: a volume, one sentence, or something that must not be."""

from __future__ import annotations

import gc
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume
from viewer.io import dicom, files
from viewer.io.files import Aspect, Look

_LONGEST = 300
_NO_SENTENCE = {
    "a traceback": re.compile(r"Traceback|File \".*\", line \d"),
    "the name of a Python class": re.compile(
        r"\b[A-Za-z_][A-Za-z_.]*(?:Error|Exception|Warning)\b|<class |object at 0x"
    ),
    "an empty reason": re.compile(r"\(\s*\)|: *$|^\W*$"),
    "a value that only a programmer knows": re.compile(r"\b(?:None|True|False)\b"),
    "control codes": re.compile(r"[\x00-\x1f\x7f]"),
}


class Reads(Protocol):
    """What the harness needs of viewer.io.reader.Reader."""

    def look_all(
        self, paths: Sequence[Path], check: Callable[[], None] = ..., at: Aspect = "header"
    ) -> Iterator[Look]: ...

    def read(self, series: Series) -> Volume: ...


@dataclass
class Report:
    """What came of each file: texts like "refused: ..." and "verdict regular: ...". complaints are the failures of the
    reader, each with its file's name."""

    said: dict[Path, list[str]] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    volumes: int = 0
    refusals: int = 0

    def about(self, file: Path) -> str:
        return "\n".join(self.said.get(file, []))


def attack(reader: Reads, paths: Sequence[Path], known_good: Path, true_values: np.ndarray, every: int = 100) -> Report:
    """Scan paths as the window does, then read every series of every file alone, and a good file in between.

    Nothing but SeriesError may be raised, and no file may pass without an end.
    """
    report = Report()
    looks: list[Look] = []

    def look_all(all_files: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
        for look in reader.look_all(all_files, check, at):
            if at == "header":
                looks.append(look)
            yield look

    found = files.scan(paths, look_all=look_all)
    for refusal in found.refused:
        _hear(report, refusal.file, refusal.reason)
    seen = {refusal.file for refusal in found.refused} | {file for series in found.series for file in series.files}
    listed = {look.instance.sop_uid for look in looks if look.instance and look.file in seen}  # copies are left out
    good = _alone(next(iter(reader.look_all([known_good]))))[0]
    for number, look in enumerate(looks):
        if look.refused and look.file not in seen:
            report.complaints.append(f"{look.file.name}: refused ({look.refused}), but the scan does not say so")
        is_copy = look.instance is not None and look.instance.sop_uid in listed
        if (look.instance or look.series) and look.file not in seen and not is_copy:
            report.complaints.append(f"{look.file.name}: looked at, and then forgotten")
        _read_alone(reader, look, report)
        if number % every == 0:
            try:
                if not np.array_equal(reader.read(good).voxels[0], true_values):
                    report.complaints.append(f"after {look.file.name} the good file has wrong values")
            except SeriesError as error:
                report.complaints.append(f"after {look.file.name} the good file is refused: {error}")
    return report


def _alone(look: Look) -> Sequence[Series]:
    """The series of one file."""
    return look.series if look.instance is None or look.refused else dicom.series_of([look.instance])


def _read_alone(reader: Reads, look: Look, report: Report) -> None:
    try:
        held = _alone(look)
    except Exception as error:  # whatever it is, it would have ended the window's job
        report.complaints.append(f"{look.file.name}: grouping raises {error!r}")
        return
    for series in held:
        report.said.setdefault(look.file, []).extend(told(series))
        try:
            volume = reader.read(series)
        except SeriesError as error:
            _hear(report, look.file, str(error))
        except Exception as error:  # as above
            report.complaints.append(f"{look.file.name}: reading raises {error!r}")
        else:
            report.volumes += 1
            report.said[look.file].append(f"read as {volume.voxels.dtype}")
            if series.size is None or volume.voxels.shape[:3] != series.size[::-1] or not volume.complete:
                report.complaints.append(f"{look.file.name}: a volume {volume.voxels.shape} for {series.size}")


def told(series: Series) -> Iterator[str]:
    """What a person is told of a series, one line each."""
    yield f"verdict {series.verdict.kind}: {series.verdict.detail}"
    yield f"spacing {series.spacing_mm}, calibration {series.calibration}"
    yield f"unit {series.unit!r}, SUV factor {series.suv_factor}, lossy {series.lossy}"
    yield f"patient space {series.size is not None and series.geometry.patient_space}"
    yield from (f"note: {note}" for note in series.notes)


def _hear(report: Report, file: Path, sentence: str) -> None:
    report.refusals += 1
    report.said.setdefault(file, []).append(f"refused: {sentence}")
    report.complaints.extend(f"{file.name}: {fault} in {sentence!r}" for fault in faults_of_sentence(sentence))


def faults_of_sentence(sentence: str) -> list[str]:
    """Why a reason is no sentence that can be shown to a person."""
    faults = [name for name, pattern in _NO_SENTENCE.items() if pattern.search(sentence)]
    if len(sentence) >= _LONGEST:
        faults.append(f"{len(sentence)} characters")
    if len(sentence.split()) < 4:
        faults.append("fewer than four words")
    return faults


def resident_mb() -> float:
    """Memory of this process after a collection of garbage; nan where the system does not tell."""
    gc.collect()
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return math.nan
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1000


def descendants(pid: int | None = None) -> set[int]:
    """Processes below this one, without those that have ended and were waited for; empty where /proc is not."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid or os.getpid()}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found |= {child} | descendants(child)
    return found
