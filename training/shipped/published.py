"""From published files to a dataset folder: what the recipes have in common."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from training.dataset import DataError


def published(data: Path, name: str) -> Path:
    """The folder of a published set. Raises DataError if it is not there."""
    if not (data / name).is_dir():
        raise DataError(f"{data} has no folder {name}: the model's card says what belongs there")
    return data / name


def every_nth(patients: Iterable[str], n: int) -> set[str]:
    """Every nth patient in the order of their names, which are kept apart: the same ones on every machine."""
    return set(sorted(set(patients))[n - 1 :: n])


def write_patients(dataset: Path, patients: dict[str, str], kept: set[str]) -> None:
    """patients.csv, with the patients that are kept apart; written last, so that it says that the dataset is whole."""
    with (dataset / "patients.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("case", "patient", "part"))
        lines.writerows((case, who, "test" if who in kept else "train") for case, who in sorted(patients.items()))
