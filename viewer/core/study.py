"""Patients, studies and series as their headers tell them: no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from viewer.core.display import VoiTable, WindowLevel
from viewer.core.geometry import Geometry

VerdictKind = Literal["regular", "tilted", "uneven", "missing", "duplicate", "mixed", "no-position", "ambiguous", "2d"]
AnnotationKind = Literal["segmentation", "structures", "report"]
Calibration = Literal["PixelSpacing", "ImagerPixelSpacing", "US regions", "voxel size", "none"]


LEFT_OUT = "Left out: "  # how a note begins that names a part of a series which cannot be read
SYNTHETIC = "SYNTHETIC"  # burnt into every picture that shows anything synthetic, in all languages
SYNTHETIC_NOTE = "Synthetic: the file says that its values were made artificially, not acquired."
DERIVED_NOTE = "Derived: the file says that its values were worked out from those of other images."


def is_synthetic(notes: Sequence[str], description: str) -> bool:
    """Whether a series says that a model made it or parts of it: in DICOM's terms, or as our files are named."""
    return SYNTHETIC_NOTE in notes or SYNTHETIC in description.upper()


def shown_mm(length_mm: float) -> str:
    """A spacing for a person to read, which is never shown as zero."""
    return f"{length_mm:.2f} mm" if length_mm >= 0.1 else f"{length_mm:.3g} mm"


@dataclass(frozen=True)
class GeometryVerdict:
    """What the positions of a series' slices allow. detail is one sentence for a person.

    "ambiguous" is a regular grid that its file puts in two places: each is a series, and a person chooses.
    """

    kind: VerdictKind
    detail: str

    @property
    def is_volume(self) -> bool:
        """True if the slices form a regular grid, so that 3-D, millimetres along the normal and AI are allowed."""
        return self.kind in ("regular", "ambiguous", "2d")


@dataclass(frozen=True)
class Moment:
    """Which of several volumes on the same grid a series is: of a time series, a set of echoes, of b-values ...

    number counts from 0 in the order in which they are played; label is what a person reads, "b 1000 s/mm²".
    """

    sequence_uid: str
    kind: Literal["time", "phase", "echo", "b-value", "part"]
    number: int
    count: int
    label: str


@dataclass(frozen=True)
class UltrasoundRegion:
    """A part of an ultrasound picture with its own scale: pixel edges (left, top, right, bottom), right and bottom
    exclusive, and mm per pixel along i and j. DICOM PS3.3 C.8.5.5."""

    box: tuple[int, int, int, int]
    mm_per_pixel: tuple[float, float]


@dataclass(frozen=True)
class Series:
    """One stack that can be opened: its identity, its files in order of position, and its verdict.

    uid is the SeriesInstanceUID, with a suffix where one series holds several stacks, or a hash of the path for
    files that have none. files has one entry a slice, in the order of voxels[k]; a file of many frames is repeated
    and frame_numbers says which frame (from 0) each slice is (empty: frame 0 of each). A volume in one file is one
    entry, and its frame number the time point. size is (i, j, k). spacing_mm is None where the files do not tell,
    and its third number None where the slices have no spacing along their normal. patient_name and the like are
    shown, never logged.
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
    spacing_mm: tuple[float, float, float | None] | None = None
    depth_mm: float | None = None  # of the voxels of a single slice, as the file gives it: not a spacing
    number: int | None = None
    study_description: str = ""
    study_date: str = ""
    birth_date: str = ""
    sex: str = ""
    institution: str = ""
    body_part: str = ""
    windows: tuple[WindowLevel, ...] = ()
    lossy: bool = False
    frame_numbers: tuple[int, ...] = ()
    direction: tuple[float, ...] | None = None  # 9 numbers, row by row; columns are the unit vectors of i, j, k
    origins: tuple[
        tuple[float, float, float], ...
    ] = ()  # first voxel, LPS mm: of the grid, or of each slice if no grid
    sides: tuple[str, str] | None = None  # where rows and columns of pictures without a position lead: ("L", "F")
    view: str = ""  # side and projection of a radiograph: "R CC"
    frame_of_reference: str = ""  # FrameOfReferenceUID: series that share it have their positions in one space
    instance_uids: tuple[str, ...] = ()  # SOPInstanceUID of each entry of files, empty for files that have none
    value_type: str = "int16"  # numpy name of the smallest type that the values should fit into, by the header alone
    calibration: Calibration = "none"
    regions: tuple[UltrasoundRegion, ...] = ()
    moment: Moment | None = None
    frame_time_ms: float | None = None  # of a cine or a time series, as the file gives it
    unit: str = ""  # of the values after the modality rescale: "HU", "BQML", ...
    suv_factor: float | None = None  # values times this are SUVbw in g/ml
    padding: tuple[float, float] | None = None  # values from..to that are no measurement
    voi_table: VoiTable | None = None
    inverted: bool = False  # MONOCHROME1: the smallest values are white
    colour: bool = False
    overlays: bool = False
    notes: tuple[str, ...] = ()  # what a person should know of it, one sentence each

    @property
    def frames(self) -> int:
        return self.size[2] if self.size else len(self.files)

    @property
    def whole(self) -> bool:
        """False if files or frames of it were left out because they cannot be read."""
        return not any(note.startswith(LEFT_OUT) for note in self.notes)

    @property
    def synthetic(self) -> bool:
        """True if a model made it or parts of it, by its own word (is_synthetic)."""
        return is_synthetic(self.notes, self.description)

    @property
    def other_breast(self) -> str:
        """The view of a mammogram's counterpart: "L CC" of "R CC"; empty for other pictures."""
        side, _, projection = self.view.partition(" ")
        return f"{'L' if side == 'R' else 'R'} {projection}" if self.modality == "MG" and side in ("L", "R") else ""

    @property
    def chest_wall(self) -> Literal["left", "right", ""]:
        """On which side of a mammogram's rows the chest wall is; empty for other pictures and where no file tells."""
        towards = self.sides[0][:1] if self.other_breast and self.sides else ""
        return {"P": "right", "A": "left"}.get(towards, "")  # type: ignore[return-value]

    def without_instances(self) -> Series:
        """All but what grows with the number of its slices, which takes long to write and to read."""
        return replace(self, files=(), frame_numbers=(), instance_uids=())

    @property
    def geometry(self) -> Geometry:
        """Where the voxels lie. Needs size. Without a position the grid has no patient space, without a pixel size it
        counts in pixels, and slices that make no volume are counted, each with its own origin where it is known."""
        assert self.size is not None
        along_i, along_j, across = self.spacing_mm or (1.0, 1.0, None)
        spacing = (along_i, along_j, across or self.depth_mm or 1.0)
        placed = self.direction is not None and bool(self.origins)
        return Geometry(
            self.size,
            spacing,
            np.array(self.origins[0] if placed else (0.0, 0.0, 0.0)),
            np.array(self.direction).reshape(3, 3) if placed else np.eye(3),
            patient_space=placed,
            calibrated=self.spacing_mm is not None,
            slice_origins=None if self.verdict.is_volume else np.array(self.origins).reshape(-1, 3),
        )


def patient_of(series: Series) -> str:
    """What tells patients apart; without an ID each study, or each file of its own, is one."""
    return f"{series.patient_id}\n{series.patient_name}" if series.patient_id else series.study_uid or series.uid


@dataclass(frozen=True)
class Refusal:
    """A file that was not taken, and why, in one sentence."""

    file: Path
    reason: str


@dataclass(frozen=True)
class Annotations:
    """A file that holds annotations on some series, which it names by their SeriesInstanceUID."""

    file: Path
    kind: AnnotationKind
    series_uids: tuple[str, ...]


@dataclass(frozen=True)
class Scan:
    """What a look at files and folders found. Files of annotations are among the refused, too: they are no series."""

    series: tuple[Series, ...] = ()
    refused: tuple[Refusal, ...] = field(default=())
    annotations: tuple[Annotations, ...] = ()


class SeriesError(Exception):
    """A series cannot be used; the message says which, why and what to do, in one sentence."""
