"""Confirmed slices and unlabelled scans as a training folder that names no patient."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.session import ConfirmedSlice
from viewer.core.volume import Volume, to_image

_KEY_BYTES = 32


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One series for training. label_voxels (k, j, i) is None for an unlabelled one; else only the slices in
    confirmed are annotated, and corrected_labels are the values a person changed in them."""

    series_uid: str
    patient_id: str
    volume: Volume
    label_voxels: NDArray[np.uint8] | None = None
    confirmed: frozenset[ConfirmedSlice] = frozenset()
    corrected_labels: tuple[int, ...] = ()


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
    cases: Sequence[TrainingCase],
    check: Callable[[], None] = lambda: None,
    key: bytes | None = None,
) -> dict[str, str]:
    """Write images/, labels/, patients.csv and confirmed.json; check is called before each case and may raise.

    Cases and patients are named by HMAC-SHA-256 under a key that is not in the folder (installation_key; without one,
    a key that is thrown away), so the folder says which cases share a patient and nothing else; no name, number, date
    or path of a patient is written. Returns the uid of the series by the names of its case and, of annotated ones, of
    its patient (the first one's): for the memory of the program only.
    """
    key = key or secrets.token_bytes(_KEY_BYTES)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    confirmed: dict[str, dict[str, object]] = {}
    patients = ["case,patient"]
    series: dict[str, str] = {}
    for case in cases:
        check()
        name = _case_name(key, case.series_uid)
        patient = f"patient-{_pseudonym(key, case.patient_id or case.series_uid)}"
        patients.append(f"{name},{patient}")
        series[name] = case.series_uid
        _write(case.volume.voxels, case, folder / "images" / f"{name}.nii.gz")
        if case.label_voxels is not None:
            _write(case.label_voxels, case, folder / "labels" / f"{name}.nii.gz")
            series.setdefault(patient, case.series_uid)
            confirmed[name] = {
                "slices": sorted(case.confirmed),
                "corrected_labels": list(case.corrected_labels),
            }
    (folder / "patients.csv").write_text("\n".join(patients) + "\n", encoding="utf-8")
    (folder / "confirmed.json").write_text(json.dumps(confirmed, indent=1), encoding="utf-8")
    return series


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
        if name in uid_of:
            series[name] = uid_of[name]
            if name in annotated:
                series.setdefault(patient, uid_of[name])
    return series


def _case_name(key: bytes, series_uid: str) -> str:
    return "case-" + _pseudonym(key, series_uid)


def _write(voxels: NDArray, case: TrainingCase, path: Path) -> None:
    import SimpleITK as sitk

    sitk.WriteImage(to_image(voxels, case.volume.geometry), str(path), useCompression=True, compressionLevel=1)


def _pseudonym(key: bytes, identity: str) -> str:
    return hmac.new(key, identity.encode(), hashlib.sha256).hexdigest()[:12]
