"""Patients, studies and series as their headers tell them: no pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

VerdictKind = Literal["regular", "tilted", "uneven", "missing", "duplicate", "mixed", "no-position", "2d"]


@dataclass(frozen=True)
class GeometryVerdict:
    """What the positions of a series' slices allow. detail is one sentence for a person."""

    kind: VerdictKind
    detail: str

    @property
    def is_volume(self) -> bool:
        """True if the slices form a regular grid, so that 3-D, millimetres along the normal and AI are allowed."""
        return self.kind in ("regular", "2d")


@dataclass(frozen=True)
class Series:
    """One stack that can be opened: its identity, its files in order of position, and its verdict.

    uid is the SeriesInstanceUID, or a hash of the path for files that have none. size (i, j, k) and
    spacing_mm are None where the files do not tell. patient_name and the like are shown, never logged.
    """

    uid: str
    study_uid: str
    patient_id: str
    patient_name: str
    modality: str
    description: str
    files: tuple[Path, ...]
    verdict: GeometryVerdict
    size: tuple[int, int, int] | None = None
    spacing_mm: tuple[float, float, float] | None = None
    number: int | None = None
    study_description: str = ""
    study_date: str = ""
    birth_date: str = ""
    sex: str = ""
    institution: str = ""
    body_part: str = ""
    window: tuple[float, float] | None = None
    lossy: bool = False

    @property
    def frames(self) -> int:
        return self.size[2] if self.size else len(self.files)


@dataclass(frozen=True)
class Refusal:
    """A file that was not taken, and why, in one sentence."""

    file: Path
    reason: str


@dataclass(frozen=True)
class Scan:
    """What a look at files and folders found."""

    series: tuple[Series, ...] = ()
    refused: tuple[Refusal, ...] = field(default=())


class SeriesError(Exception):
    """A series cannot be used; the message says which, why and what to do, in one sentence."""
