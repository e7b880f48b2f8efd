"""Confirmed slices, answered or boxed ones, and unlabelled scans as a training folder that names no patient.

Cases and patients are named by HMAC-SHA-256 under a key that is not in the folder (installation_key), so the folder
says which cases share a patient and nothing else; no name, number, date or path of a patient is written. What is
written returns the uid of the series by the names of its case and, of annotated ones, of its patient (the first one's):
for the memory of the program only.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.session import ConfirmedSlice
from viewer.core.volume import Volume, to_image

_KEY_BYTES = 32
_PART = "-at-"  # in the name of a case, before where in its series it begins
_APART, _NO_FINDING = "|", "No Finding"  # as labels.csv says several findings, and none


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One series for training, or a part of it, whose first voxel in the series at_ijk tells. label_voxels (k, j, i) is
    None for an unlabelled one; else only the slices in confirmed are annotated, and corrected_labels are the values a
    person changed in them."""

    series_uid: str
    patient_id: str
    volume: Volume
    label_voxels: NDArray[np.uint8] | None = None
    confirmed: frozenset[ConfirmedSlice] = frozenset()
    corrected_labels: tuple[int, ...] = ()
    at_ijk: tuple[int, int, int] | None = None


@dataclass(frozen=True, eq=False)
class TrainingPicture:
    """A slice k of a series. classes: those that a person found on it, () being none; None where nobody said."""

    series_uid: str
    patient_id: str
    volume: Volume
    k: int
    classes: tuple[str, ...] | None


@dataclass(frozen=True)
class DrawnBox:
    """A box on a slice k. corners_ij: continuous voxel indices i0, j0, i1, j1, whole at the centres of voxels."""

    label: str
    k: int
    corners_ij: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class BoxedCase:
    """A series with its boxes, and the slices on which a person says nothing else is: unlabelled if both are empty."""

    series_uid: str
    patient_id: str
    volume: Volume
    boxes: tuple[DrawnBox, ...]
    nothing_on: frozenset[int]


def installation_key(file: Path) -> bytes:
    """The secret by which this installation names patients in training folders, made at the first call.

    It stays beside the folders of trainings and never goes into one of them or into a model. So the same patient has
    the same name in the next training, and can stay held out, and nobody without the file learns who that is. Raises
    OSError.
    """
    if not file.exists():
        temporary = file.with_suffix(".tmp")  # a key cut short by a crash would be known to be none
        temporary.touch(0o600)
        temporary.write_bytes(secrets.token_bytes(_KEY_BYTES))
        temporary.replace(file)
    return file.read_bytes()


def write_dataset(
    folder: Path,
    cases: Iterable[TrainingCase],
    check: Callable[[], None] = lambda: None,
    key: bytes | None = None,
) -> dict[str, str]:
    """Write images/, labels/, patients.csv and confirmed.json; check is called before each case and may raise. Without
    a key one is made and thrown away."""
    key = key or secrets.token_bytes(_KEY_BYTES)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    confirmed: dict[str, dict[str, object]] = {}
    patients = []
    series: dict[str, str] = {}
    for case in cases:
        check()
        name, patient = _names(key, case)
        if case.at_ijk is not None:
            name += _PART + "-".join(map(str, case.at_ijk))
        patients.append((name, patient))
        series[name] = case.series_uid
        _write(case.volume.voxels, case.volume.geometry, folder / "images" / f"{name}.nii.gz")
        if case.label_voxels is not None:
            _write(case.label_voxels, case.volume.geometry, folder / "labels" / f"{name}.nii.gz")
            series.setdefault(patient, case.series_uid)
            confirmed[name] = {
                "slices": sorted(case.confirmed),
                "corrected_labels": list(case.corrected_labels),
            }
    _write_table(folder / "patients.csv", ("case", "patient"), patients)
    (folder / "confirmed.json").write_text(json.dumps(confirmed, indent=1), encoding="utf-8")
    return series


def write_pictures(folder: Path, pictures: Iterable[TrainingPicture], exclusive: bool, key: bytes) -> dict[str, str]:
    """Write images/ of one slice each, labels.csv and patients.csv. exclusive: each labelled picture has one class."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    column = "label" if exclusive else "findings"
    patients, labels = [], []
    series: dict[str, str] = {}
    for one in pictures:
        name, patient = _names(key, one, f" {one.k}")
        patients.append((name, patient))
        series[name] = one.series_uid
        if one.classes is not None:
            labels.append((name, _APART.join(one.classes) or _NO_FINDING))
            series.setdefault(patient, one.series_uid)
        # Where a picture lies is not learnt from; how it lies is.
        grid = replace(one.volume.geometry, size=(*one.volume.geometry.size[:2], 1), slice_origins=None)
        _write(one.volume.voxels[one.k : one.k + 1], grid, folder / "images" / f"{name}.nii.gz")
    _write_table(folder / "patients.csv", ("case", "patient"), patients)
    _write_table(folder / "labels.csv", ("image", column), labels)
    return series


def write_boxes(folder: Path, cases: Iterable[BoxedCase], key: bytes) -> dict[str, str]:
    """Write images/, boxes.csv, checked.csv and patients.csv. There a box is its edges in pixels, 0 being the outer
    edge of the first one, whose centre is index 0 here."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    patients, boxes, checked = [], [], []
    series: dict[str, str] = {}
    for case in cases:
        name, patient = _names(key, case)
        patients.append((name, patient))
        series[name] = case.series_uid
        if case.boxes or case.nothing_on:
            series.setdefault(patient, case.series_uid)
        columns, rows = case.volume.geometry.size[:2]
        for box in case.boxes:
            x0, x1 = (min(max(x + 0.5, 0.0), columns) for x in box.corners_ij[::2])
            y0, y1 = (min(max(y + 0.5, 0.0), rows) for y in box.corners_ij[1::2])
            boxes.append((name, box.label, x0, y0, x1 - x0, y1 - y0, box.k))
        checked += [(name, k) for k in sorted(case.nothing_on)]
        _write(
            case.volume.voxels, replace(case.volume.geometry, slice_origins=None), folder / "images" / f"{name}.nii.gz"
        )
    _write_table(folder / "patients.csv", ("case", "patient"), patients)
    _write_table(folder / "boxes.csv", ("case", "label", "x", "y", "width", "height", "slice"), boxes)
    _write_table(folder / "checked.csv", ("case", "slice"), checked)
    return series


def _names(key: bytes, one: TrainingCase | TrainingPicture | BoxedCase, part: str = "") -> tuple[str, str]:
    """Those of a case and of its patient."""
    return _case_name(key, one.series_uid + part), f"patient-{_pseudonym(key, one.patient_id or one.series_uid)}"


def _write_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(rows)


def series_of_dataset(folder: Path, uids: Iterable[str], key: bytes) -> dict[str, str]:
    """What write_dataset returned when it wrote a folder under a key, of the series that are among uids; nothing if the
    folder is gone."""
    uid_of = {_case_name(key, uid): uid for uid in uids}
    try:
        lines = (folder / "patients.csv").read_text(encoding="utf-8").splitlines()[1:]
        annotated = json.loads((folder / "confirmed.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    series: dict[str, str] = {}
    for name, _, patient in (line.partition(",") for line in lines):
        whole = name.partition(_PART)[0]
        if whole in uid_of:
            series[name] = uid_of[whole]
            if name in annotated:
                series.setdefault(patient, uid_of[whole])
    return series


def first_voxel(case_name: str) -> tuple[int, int, int]:
    """Where in its series a case begins, (i, j, k), by its name."""
    _, _, told = case_name.partition(_PART)
    i, j, k = map(int, told.split("-")) if told else (0, 0, 0)
    return i, j, k


def _case_name(key: bytes, series_uid: str) -> str:
    return "case-" + _pseudonym(key, series_uid)


def _write(voxels: NDArray, geometry: Geometry, path: Path) -> None:
    import SimpleITK as sitk

    sitk.WriteImage(to_image(voxels, geometry), str(path), useCompression=True, compressionLevel=1)


def _pseudonym(key: bytes, identity: str) -> str:
    return hmac.new(key, identity.encode(), hashlib.sha256).hexdigest()[:12]
