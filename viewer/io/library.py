"""The index of what a person has opened: patients, studies, series and thumbnails, in SQLite."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from viewer.core.display import default_window, to_grey
from viewer.core.geometry import plane_axes
from viewer.core.study import GeometryVerdict, Scan, Series, SeriesError
from viewer.core.volume import Volume

_SCHEMA = """
create table if not exists series (
    uid text primary key, study_uid text not null, patient_key text not null, added real not null, header text not null
);
create table if not exists thumbnails (
    uid text primary key references series (uid) on delete cascade, rows integer, columns integer, grey blob
);
create index if not exists series_of_study on series (patient_key, study_uid);
"""
THUMBNAIL_PIXELS = 96
_BUSY_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class StudyEntry:
    """A study of the browser's tree with its series, ordered by their numbers."""

    uid: str
    description: str
    date: str
    series: tuple[Series, ...]


@dataclass(frozen=True)
class PatientEntry:
    """A patient of the browser's tree. Patients of equal ID and name are one; files without an ID stand alone."""

    key: str
    name: str
    studies: tuple[StudyEntry, ...]


class Library:
    """One SQLite file; safe to use from the GUI thread and from one job at a time.

    A damaged index is put aside and begun anew: it holds nothing that the files do not hold. put_aside then
    names the damaged file.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._database, self.put_aside = open_database(path, _SCHEMA)

    def add(self, scan: Scan) -> None:
        """Take up all series of a scan, replacing those known under the same uid."""
        with self._transaction() as database:
            for series in scan.series:
                patient = f"{series.patient_id}|{series.patient_name}" if series.patient_id else series.uid
                database.execute(
                    "insert into series values (?, ?, ?, ?, ?) on conflict (uid) do update set "
                    "study_uid = excluded.study_uid, patient_key = excluded.patient_key, header = excluded.header",
                    (series.uid, series.study_uid, patient, time.time(), _to_json(series)),
                )

    def series(self, uid: str) -> Series:
        """A listed series. Raises SeriesError if it is not listed."""
        with self._lock:
            row = self._database.execute("select header from series where uid = ?", (uid,)).fetchone()
        if row is None:
            raise SeriesError("this series is no longer in the library; open its folder again")
        return _from_json(row[0])

    def all_series(self) -> list[Series]:
        """Every listed series, newest last."""
        with self._lock:
            rows = self._database.execute("select header from series order by added, uid").fetchall()
        return [_from_json(header) for (header,) in rows]

    def tree(self) -> tuple[PatientEntry, ...]:
        """Patients by name, their studies newest first, their series by number."""
        with self._lock:
            rows = self._database.execute("select patient_key, study_uid, header from series").fetchall()
        patients: dict[str, dict[str, list[Series]]] = {}
        for key, study, header in rows:
            patients.setdefault(key, {}).setdefault(study, []).append(_from_json(header))
        entries = []
        for key, studies in patients.items():
            study_entries = []
            for uid, members in studies.items():
                members.sort(key=lambda s: (s.number or 0, s.description, s.uid))
                study_entries.append(
                    StudyEntry(uid, members[0].study_description, members[0].study_date, tuple(members))
                )
            study_entries.sort(key=lambda s: s.date, reverse=True)
            entries.append(PatientEntry(key, study_entries[0].series[0].patient_name, tuple(study_entries)))
        return tuple(sorted(entries, key=lambda p: p.name.lower()))

    def thumbnail(self, uid: str) -> NDArray[np.uint8] | None:
        """Grey picture (rows, columns) of a series, or None if there is none yet."""
        with self._lock:
            row = self._database.execute("select rows, columns, grey from thumbnails where uid = ?", (uid,)).fetchone()
        return None if row is None else np.frombuffer(row[2], dtype=np.uint8).reshape(row[0], row[1])

    def set_thumbnail(self, uid: str, grey: NDArray[np.uint8]) -> None:
        """Keep a grey picture (rows, columns) of a series; dropped if the series was removed meanwhile."""
        with self._transaction() as database:
            database.execute(
                "insert or replace into thumbnails select uid, ?, ?, ? from series where uid = ?",
                (*grey.shape, grey.tobytes(), uid),
            )

    def remove(self, uid: str) -> None:
        """Take a series off the list; its files stay where they are."""
        with self._transaction() as database:
            database.execute("delete from series where uid = ?", (uid,))

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._database:
            yield self._database


def open_database(path: Path, schema: str) -> tuple[sqlite3.Connection, Path | None]:
    """A connection that commits durably (WAL, FULL), and where a damaged file was put aside, if one was.

    A damaged file is renamed together with its write-ahead log, which may hold the newest commits, and neither is
    changed. Raises sqlite3.OperationalError for a file that is not damaged but cannot be used now: in use
    elsewhere, on a full or failing disk. Simulated power cuts lost no commit with synchronous=FULL and one in ten
    with NORMAL.
    """
    damaged = _put_aside(path) if path.exists() and _is_damaged(path) else None
    database = sqlite3.connect(path, check_same_thread=False, timeout=_BUSY_TIMEOUT_S)
    try:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        database.execute("pragma foreign_keys = on")
        database.execute("pragma secure_delete = on")
        database.executescript(schema)
    except sqlite3.Error:
        database.close()
        raise
    return database, damaged


def _is_damaged(path: Path) -> bool:
    # Read-only, because closing a writing connection would fold the write-ahead log into the damaged file.
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S)
    try:
        return database.execute("pragma quick_check").fetchone()[0] != "ok"
    except UnicodeDecodeError:  # sqlite3 quotes the damaged schema
        return True
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            return True
        raise
    finally:
        database.close()


def _put_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (path.with_name(f"{path.stem}.damaged-{stamp}{n or ''}{path.suffix}") for n in itertools.count())
    damaged = next(name for name in names if not name.exists())
    for tail in ("-wal", "-shm", ""):
        part = path.with_name(path.name + tail)
        if part.exists():
            part.rename(damaged.with_name(damaged.name + tail))
    return damaged


def make_thumbnail(volume: Volume) -> NDArray[np.uint8]:
    """The middle slice across the stack, in the radiological layout, at most 96 pixels wide and high, square in mm."""
    geometry = volume.geometry
    axes = next(a for p in ("axial", "coronal", "sagittal") if (a := plane_axes(geometry, p)).normal == 2)
    middle = volume.voxels[geometry.size[2] // 2]
    picture = middle if axes.down == 1 else middle.T
    picture = picture[:: -1 if axes.flip_down else 1, :: -1 if axes.flip_right else 1]
    width_mm = picture.shape[1] * geometry.spacing[axes.right]
    height_mm = picture.shape[0] * geometry.spacing[axes.down]
    scale = THUMBNAIL_PIXELS / max(width_mm, height_mm)
    rows, columns = max(1, round(height_mm * scale)), max(1, round(width_mm * scale))
    finite = np.isfinite(picture)
    lowest = picture[finite].min() if finite.any() else 0
    image = sitk.GetImageFromArray(np.where(finite, picture, lowest).astype(np.float32))
    step = [max(1e-6, (old - 1) / max(1, new - 1)) for old, new in zip(image.GetSize(), (columns, rows), strict=True)]
    for axis in (0, 1):
        if step[axis] > 1 and image.GetSize()[axis] >= 4:  # the filter takes no fewer pixels
            image = sitk.RecursiveGaussian(image, step[axis] / 2, direction=axis)
    small = sitk.Resample(image, (columns, rows), sitk.Transform(), sitk.sitkLinear, (0.0, 0.0), step)
    return to_grey(sitk.GetArrayFromImage(small), default_window(volume, None))


def _to_json(series: Series) -> str:
    return json.dumps(asdict(series) | {"files": [str(file) for file in series.files]})


def _from_json(text: str) -> Series:
    row = json.loads(text)
    return Series(
        **row
        | {
            "files": tuple(Path(file) for file in row["files"]),
            "verdict": GeometryVerdict(**row["verdict"]),
            "size": tuple(row["size"]) if row["size"] else None,
            "spacing_mm": tuple(row["spacing_mm"]) if row["spacing_mm"] else None,
            "window": tuple(row["window"]) if row["window"] else None,
        }
    )
