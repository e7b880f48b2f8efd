"""The index of what a person has opened: patients, studies, series and instances in SQLite, and their thumbnails."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from viewer.core.study import Annotations, GeometryVerdict, Moment, Scan, Series, SeriesError
from viewer.io.archives import exists
from viewer.io.databases import BUSY_TIMEOUT_S, connect, is_damaged, is_locked_by_its_header, put_aside
from viewer.io.thumbnails import ThumbnailCache

_VERSION = 3  # of the schema and of how its words are compared; the first release left it at 0
# Strict tables let the check at the start find a value that a damaged disk has turned into another type.
_STRICT = "strict" if sqlite3.sqlite_version_info >= (3, 37) else ""
_SCHEMA = (
    f"""create table patients (
    id integer primary key, key text not null unique, patient_id text not null, name text not null,
    birth_date text not null, sex text not null
) {_STRICT}""",
    f"""create table studies (
    id integer primary key, patient integer not null references patients (id), uid text not null,
    description text not null, date text not null, day text not null, unique (patient, uid)
) {_STRICT}""",
    f"""create table series (
    id integer primary key, uid text not null unique, root text not null,
    study integer not null references studies (id), added real not null,
    words text not null, modality text not null, body_part text not null,
    description text not null, number integer, images integer not null, width integer, height integer,
    verdict text not null, detail text not null, notes text not null, frame_time_ms real,
    sequence text, moment_kind text, moment_number integer, moments integer, moment_label text
) {_STRICT}""",
    "create index series_of_study on series (study)",
    "create index series_of_root on series (root)",
    "create index series_of_sequence on series (sequence) where sequence is not null",
    f"""create table headers (
    series integer primary key references series (id) on delete cascade, header blob not null, checksum integer not null
) {_STRICT}""",
    f"""create table folders (
    series integer not null references series (id) on delete cascade, number integer not null, path blob not null,
    primary key (series, number)
) {", ".join(("without rowid", *filter(None, [_STRICT])))}""",
    f"""create table instances (
    series integer not null references series (id) on delete cascade, position integer not null,
    folder integer not null, name blob not null, frame integer, sop_uid text, primary key (series, position)
) {", ".join(("without rowid", *filter(None, [_STRICT])))}""",
)
# Beside the tables of the schema: an earlier release does not mind it, and so its number stays.
_ANNOTATIONS = f"""create table if not exists annotations (
    root text not null, path blob not null, kind text not null, primary key (root, path)
) {", ".join(("without rowid", *filter(None, [_STRICT])))}"""
# Letters that Unicode does not split into letter and accent, and what is written between the parts of a name or not.
_LETTERS = str.maketrans("øłđıæœ^=_/", "oldiao    ", "'’`")

_Instance = tuple[bytes, int | None, str | None]  # path, frame, SOPInstanceUID


@dataclass(frozen=True)
class SeriesEntry:
    """A series of the browser's tree. images counts slices or frames; width and height are of one, in pixels."""

    uid: str
    modality: str
    body_part: str
    description: str
    number: int | None
    images: int
    width: int | None
    height: int | None
    verdict: GeometryVerdict
    notes: tuple[str, ...]
    frame_time_ms: float | None
    moment: Moment | None


@dataclass(frozen=True)
class StudyEntry:
    """A study of the browser's tree. date is as the files give it; series_uids are those that were asked for, whose
    entries Library.entries gives: a tree of 20,000 whole entries would take too long for the GUI thread."""

    uid: str
    description: str
    date: str
    series_uids: tuple[str, ...]


@dataclass(frozen=True)
class PatientEntry:
    """A patient of the browser's tree. Patients of equal ID and name are one; without an ID each study stands alone."""

    key: str
    patient_id: str
    name: str
    birth_date: str
    sex: str
    studies: tuple[StudyEntry, ...]


class Library:
    """One SQLite file, beside it a cache of thumbnails; safe to use from several threads and several programs.

    Reading never waits for a job that writes. All methods raise SeriesError if the index cannot be read, OSError if
    it cannot be written. A damaged index is put aside and begun anew: it holds nothing that the files do not hold.
    put_aside then names the damaged file, and salvaged_paths what had been listed and is still there, to be looked
    at again; so it does where an earlier release has left an index that is not understood any more.
    """

    def __init__(self, path: Path) -> None:
        self._writing, self._reading = threading.RLock(), threading.RLock()
        damaged = path.exists() and (is_damaged(path, "integrity_check") or is_locked_by_its_header(path))
        self.put_aside = put_aside(path) if damaged else None
        self.salvaged_paths = _salvage(self.put_aside) if self.put_aside else ()
        self._writer = connect(path)
        if self._value("pragma user_version") > _VERSION:  # a later release's: not ours to empty
            self._writer.close()
            self.salvaged_paths = _salvage(put_aside(path))
            self._writer = connect(path)
        self._begin_anew(path)
        self._reader = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_TIMEOUT_S)
        self._reader.execute("pragma query_only = on")
        self._seen = self._value("pragma data_version")
        self._thumbnails = ThumbnailCache(path.with_name("thumbnails.sqlite"))

    def add(self, scan: Scan) -> tuple[Series, ...]:
        """Take up all series of a scan. Returns the listed series that hold what the scan found, in its order.

        A series known under its uid is replaced, paths included, and so are the stacks that the same
        SeriesInstanceUID was split into before, if they lie in the same folder or their files are gone. Some files
        of a known series, dropped alone, do not shrink it: the larger listing stays while its other files are there.
        """
        by_root: dict[str, list[Series]] = {}
        for series in scan.series:
            by_root.setdefault(_root(series.uid), []).append(series)
        larger = {root: uids for root, found in by_root.items() if (uids := self._holding_more(root, found))}
        with self._transaction() as database:
            for root, found in by_root.items():
                if root not in larger:
                    _drop_earlier_stacks(database, root, found)
                    for series in found:
                        _insert(database, series)
            database.executemany(
                "insert or replace into annotations values (?, ?, ?)",
                [(_clean(uid), os.fsencode(one.file), one.kind) for one in scan.annotations for uid in one.series_uids],
            )
            _drop_empty(database)
        listed: list[Series] = []
        for series in scan.series:
            held = larger.get(_root(series.uid))
            listed += [series] if held is None else [self.series(uid) for uid in held[series.uid]]
        return tuple(dict.fromkeys(listed))

    def series(self, uid: str) -> Series:
        """A listed series. Raises SeriesError if it is not listed or its entry is damaged."""
        with self._reading:
            row = self._row("select id from series where uid = ?", uid)
            found = _load(self._reader, row[0]) if row is not None else None
        if found is None:
            raise SeriesError("this series is no longer in the library; open its folder again")
        return found

    def all_series(self) -> list[Series]:
        """Every listed series, newest last; damaged entries are left out. Not for the GUI thread."""
        return self._series_where("1 order by added, uid")

    def of_study(self, study_uid: str) -> tuple[Series, ...]:
        """The listed series of a study, oldest first. Not for the GUI thread."""
        return tuple(
            self._series_where("study in (select id from studies where uid = ?) order by added, uid", study_uid)
        )

    def in_folder(self, folder: Path) -> tuple[Series, ...]:
        """The listed series with files in a folder itself, oldest first. Not for the GUI thread."""
        here = "id in (select series from folders where path = ?) order by added, uid"
        return tuple(self._series_where(here, os.fsencode(folder)))

    def sequence(self, sequence_uid: str) -> tuple[Series, ...]:
        """The moments of a time series, a set of echoes ... in the order in which they are played."""
        return tuple(self._series_where("sequence = ? order by moment_number", sequence_uid))

    def tree(self) -> tuple[PatientEntry, ...]:
        """Patients by name, their studies newest first, their series by number."""
        return self.search()

    def search(
        self,
        text: str = "",
        *,
        modality: str | None = None,
        from_date: date | None = None,
        to_date: date | None = None,
    ) -> tuple[PatientEntry, ...]:
        """That part of the tree whose series match.

        Each word of text must occur in the name, ID, date, modality, description or body part; case, accents and the
        "^" of names do not matter. Dates are those of the study, both included; a study without a date has none.
        """
        conditions, values = ["1"], []
        for word in _words(text).split():
            conditions.append("instr(words, ?)")
            values.append(word)
        if modality is not None:
            conditions.append("modality = ?")
            values.append(modality)
        if from_date is not None or to_date is not None:
            conditions.append("study in (select id from studies where day between ? and ?)")
            values += [f"{from_date or date.min:%Y%m%d}".zfill(8), f"{to_date or date.max:%Y%m%d}"]
        uids: dict[int, list[str]] = {}
        for study, uid in self._rows(f"select study, uid from series where {' and '.join(conditions)}", *values):
            uids.setdefault(study, []).append(uid)
        return self._tree_of(uids)

    def entries(self, study: StudyEntry) -> tuple[SeriesEntry, ...]:
        """The series of a study that the search has found, by number; the moments of a sequence in their order."""
        rows = self._rows(
            "select uid, modality, body_part, description, number, images, width, height, verdict, detail, notes, "
            "frame_time_ms, sequence, moment_kind, moment_number, moments, moment_label from series "
            "where uid in (select value from json_each(?)) "
            "order by ifnull(number, 0), description, ifnull(moment_number, 0), uid",
            json.dumps(study.series_uids),
        )
        return tuple(_entry(*row) for row in rows)

    def annotations(self, uids: Iterable[str]) -> dict[str, tuple[Annotations, ...]]:
        """The files of annotations that were found on series of some uids, by that uid and their names; those of
        series without any are left out. They may be gone."""
        found: dict[str, list[Annotations]] = {}
        for uid, root, path, kind in self._rows(
            "select s.uid, a.root, a.path, a.kind from series s join annotations a on a.root = s.root "
            "where s.uid in (select value from json_each(?)) order by a.path",
            json.dumps(list(uids)),
        ):
            found.setdefault(uid, []).append(Annotations(_path(path), kind, (root,)))
        return {uid: tuple(files) for uid, files in found.items()}

    def modalities(self) -> tuple[str, ...]:
        """The modalities that are listed, in alphabetical order."""
        return tuple(m for (m,) in self._rows("select distinct modality from series order by modality") if m)

    def missing(self, uid: str) -> bool:
        """True if the first or the last file of a listed series, or the archive that holds it, is not there now.

        Touches the disk: not for the GUI thread.
        """
        rows = self._rows(
            "select f.path, i.name from series s join instances i on i.series = s.id join folders f "
            "on f.series = s.id and f.number = i.folder where s.uid = ? and i.position in "
            "(0, (select max(position) from instances where series = s.id))",
            uid,
        )
        return not all(exists(_path(os.path.join(folder, name))) for folder, name in rows)

    def changed_elsewhere(self) -> bool:
        """True if another program has written since the last call or the start. Never waits."""
        if not self._writing.acquire(blocking=False):
            return False  # a job writes; the next call will tell
        try:
            before, self._seen = self._seen, self._value("pragma data_version")
            return before != self._seen
        except sqlite3.Error:  # closed, or the disk fails: what is read next will say so
            return False
        finally:
            self._writing.release()

    def thumbnail(self, uid: str) -> NDArray[np.uint8] | None:
        """Grey (rows, columns) or coloured (rows, columns, 3) picture of a series, or None if there is none yet."""
        with self._reading:
            return self._thumbnails.get(uid)

    def set_thumbnail(self, uid: str, picture: NDArray[np.uint8]) -> None:
        """Keep a picture, grey (rows, columns) or coloured (rows, columns, 3), of a series.

        It is dropped if the series was removed meanwhile, and forgotten when 5,000 newer ones have come.
        """
        with self._writing, self._reading:
            if self._row("select 1 from series where uid = ?", uid) is not None:
                self._thumbnails.set(uid, picture)

    def remove(self, uid: str) -> None:
        """Take a series off the list, with the other moments of its sequence; the files stay where they are."""
        with self._transaction() as database:
            members = "from series where uid = ?1 or sequence = (select sequence from series where uid = ?1)"
            gone = [member for (member,) in database.execute(f"select uid {members}", (uid,))]
            database.execute(f"delete {members}", (uid,))
            _drop_empty(database)
        with self._reading:
            self._thumbnails.forget(gone)

    def close(self) -> None:
        with self._writing, self._reading:
            for connection in (self._thumbnails, self._reader, self._writer):
                connection.close()

    # Parts

    def _begin_anew(self, path: Path) -> None:
        """Make the tables, in place of those of an earlier release; another program may be doing the same."""
        with self._transaction() as database:
            if database.execute("pragma user_version").fetchone()[0] == _VERSION:
                database.execute(_ANNOTATIONS)
                return
            tables = "from sqlite_master where type = 'table' and name not like 'sqlite%' order by rowid desc"
            earlier = [name for (name,) in database.execute(f"select name {tables}")]
            if earlier:
                self.salvaged_paths = _salvage(path)
            for name in earlier:  # the last first, because it refers to those before it
                database.execute(f'drop table "{name}"')
            for statement in _SCHEMA:
                database.execute(statement)
            database.execute(_ANNOTATIONS)
            database.execute(f"pragma user_version = {_VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing:
            try:
                self._writer.execute("begin immediate")  # a reader that turned writer could not wait for its turn
                yield self._writer
                self._writer.execute("commit")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    self._writer.rollback()
                if isinstance(error, sqlite3.Error):
                    raise OSError(f"the list of studies could not be written ({error}); try again") from error
                raise

    def _value(self, pragma: str) -> int:
        return self._writer.execute(pragma).fetchone()[0]

    def _row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        return next(iter(self._rows(query, *values)), None)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading:
            try:
                return self._reader.execute(query, values).fetchall()
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise _unreadable(error) from error
            except sqlite3.Error as error:
                raise _unreadable(error) from error
            self._reader.text_factory = _decode  # a damaged letter: the usual way is much faster, but refuses it
            try:
                return self._reader.execute(query, values).fetchall()
            finally:
                self._reader.text_factory = str

    def _series_where(self, condition: str, *values: object) -> list[Series]:
        found = []
        for (number,) in self._rows(f"select id from series where {condition}", *values):
            with self._reading:
                found.append(_load(self._reader, number))
        return [series for series in found if series is not None]

    def _tree_of(self, uids: dict[int, list[str]]) -> tuple[PatientEntry, ...]:
        """Series by the row of their study, put under their studies and these under their patients."""
        by_patient: dict[int, list[StudyEntry]] = {}
        for study, patient, *row in self._rows(
            "select id, patient, uid, description, date from studies where id in (select value from json_each(?))",
            json.dumps(list(uids)),
        ):
            by_patient.setdefault(patient, []).append(StudyEntry(*row, series_uids=tuple(uids[study])))
        patients = []
        for number, *row in self._rows(
            "select id, key, patient_id, name, birth_date, sex from patients "
            "where id in (select value from json_each(?))",
            json.dumps(list(by_patient)),
        ):
            studies = sorted(by_patient[number], key=lambda study: (study.date, study.uid), reverse=True)
            patients.append(PatientEntry(*row, studies=tuple(studies)))
        return tuple(sorted(patients, key=lambda patient: (_words(patient.name), patient.name, patient.key)))

    def _holding_more(self, root: str, found: Sequence[Series]) -> dict[str, list[str]] | None:
        """Which listed series hold each of those found, if these are but a part of a listing that can still be read."""
        known: dict[str, tuple[str, set[_Instance]]] = {}
        with self._reading:
            for number, uid, study in self._rows(
                "select s.id, s.uid, t.uid || char(10) || p.key from series s join studies t on t.id = s.study "
                "join patients p on p.id = t.patient where root = ?",
                root,
            ):
                listed = _load(self._reader, number)
                if listed is None:  # damaged: to be replaced
                    return None
                known[uid] = study, set(_instances_of(listed))
        new = {series.uid: set(_instances_of(series)) for series in found}
        everything = set().union(*(instances for _, instances in known.values()))
        rest = everything.difference(*new.values())
        if not rest or not all(part <= everything for part in new.values()):
            return None
        if {study for study, _ in known.values()} != {f"{_study_uid(s)}\n{_patient_key(s)}" for s in found}:
            return None
        if not any(exists(_path(path)) for path in {path for path, _, _ in rest}):
            return None
        return {uid: [k for k, (_, held) in known.items() if held & part] for uid, part in new.items()}


# Writing


def _insert(database: sqlite3.Connection, series: Series) -> None:
    """Write a series under its patient and study, in place of what its uid held."""
    patient = _upsert(
        database,
        "patients",
        {"key": _patient_key(series)},
        {
            "patient_id": series.patient_id,
            "name": series.patient_name,
            "birth_date": series.birth_date,
            "sex": series.sex,
        },
    )
    study = _upsert(
        database,
        "studies",
        {"patient": patient, "uid": _study_uid(series)},
        {"description": series.study_description, "date": series.study_date, "day": _day(series.study_date)},
    )
    moment = series.moment
    row = {
        "root": _root(series.uid),
        "study": study,
        "words": _words(" ".join(_searched(series))),
        "modality": series.modality,
        "body_part": series.body_part,
        "description": series.description,
        "number": series.number,
        "images": series.frames,
        "width": series.size[0] if series.size else None,
        "height": series.size[1] if series.size else None,
        "verdict": series.verdict.kind,
        "detail": series.verdict.detail,
        "notes": json.dumps(series.notes) if series.notes else "",
        "frame_time_ms": series.frame_time_ms,
        "sequence": moment.sequence_uid if moment else None,
        "moment_kind": moment.kind if moment else None,
        "moment_number": moment.number if moment else None,
        "moments": moment.count if moment else None,
        "moment_label": moment.label if moment else None,
    }
    known = database.execute("select added from series where uid = ?", (_clean(series.uid),)).fetchone()
    number = _upsert(database, "series", {"uid": series.uid}, {**row, "added": known[0] if known else time.time()})
    for table in ("headers", "folders", "instances"):
        database.execute(f"delete from {table} where series = ?", (number,))
    instances = _instances_of(series)
    header = _header(series)
    database.execute("insert into headers values (?, ?, ?)", (number, header, _checksum(header, instances)))
    folders: dict[bytes, int] = {}
    rows = []
    for position, (path, frame, sop_uid) in enumerate(instances):
        folder, name = os.path.split(path)
        rows.append((number, position, folders.setdefault(folder, len(folders)), name, frame, sop_uid))
    database.executemany("insert into folders values (?, ?, ?)", [(number, n, path) for path, n in folders.items()])
    database.executemany("insert into instances values (?, ?, ?, ?, ?, ?)", rows)


def _upsert(database: sqlite3.Connection, table: str, unique: dict[str, Any], others: dict[str, Any]) -> int:
    """Insert or update the row that the unique values name; returns its id."""
    row = {name: _clean(value) if isinstance(value, str) else value for name, value in (unique | others).items()}
    database.execute(
        f"insert into {table} ({', '.join(row)}) values ({', '.join('?' * len(row))}) on conflict "
        f"({', '.join(unique)}) do update set {', '.join(f'{name} = excluded.{name}' for name in others)}",
        tuple(row.values()),
    )
    condition = " and ".join(f"{name} = ?" for name in unique)
    return database.execute(f"select id from {table} where {condition}", [row[name] for name in unique]).fetchone()[0]


def _drop_earlier_stacks(database: sqlite3.Connection, root: str, found: Sequence[Series]) -> None:
    """Stacks of the same SeriesInstanceUID as those found that are in the way: no ghosts of an earlier splitting."""
    uids = {_clean(series.uid) for series in found}
    folders = {os.path.split(path)[0] for series in found for path, _, _ in _instances_of(series)}
    for number, uid in database.execute("select id, uid from series where root = ?", (root,)).fetchall():
        if uid not in uids:
            theirs = {os.path.split(path)[0]: path for path, _, _ in _instances(database, number)}
            if not folders.isdisjoint(theirs) or not any(exists(_path(path)) for path in theirs.values()):
                database.execute("delete from series where id = ?", (number,))


def _drop_empty(database: sqlite3.Connection) -> None:
    database.execute("delete from annotations where not exists (select 1 from series where root = annotations.root)")
    database.execute("delete from studies where not exists (select 1 from series where study = studies.id)")
    database.execute("delete from patients where not exists (select 1 from studies where patient = patients.id)")


def _searched(series: Series) -> tuple[str, ...]:
    day = _day(series.study_date)
    return (
        series.patient_name,
        series.patient_id,
        series.study_date,
        f"{day[:4]}-{day[4:6]}-{day[6:]}" if day else "",
        series.modality,
        series.study_description,
        series.description,
        series.body_part,
    )


def _patient_key(series: Series) -> str:
    if series.patient_id:
        return f"{series.patient_id}|{series.patient_name}"
    return f"|{_study_uid(series)}"


def _study_uid(series: Series) -> str:
    return series.study_uid or _root(series.uid)


def _root(uid: str) -> str:
    """The SeriesInstanceUID, or whatever stands for it, of a stack."""
    return uid.partition("#")[0]


def _day(study_date: str) -> str:
    """YYYYMMDD of a date that has all of it, else nothing."""
    digits = study_date.replace("-", "").replace(".", "")
    return digits if len(digits) == 8 and digits.isascii() and digits.isdigit() else ""


def _words(text: str) -> str:
    """Text as it is compared: without accents, capitals and what separates the parts of a name."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    return _clean("".join(c for c in letters if not unicodedata.combining(c)))


def _clean(text: str) -> str:
    """Text that SQLite can hold: file names may have bytes that are no letters."""
    return text.encode("utf-8", "replace").decode()


@cache
def _series_header() -> TypeAdapter[Series]:
    """Made when the first series is written or read: the start of the window need not wait for it."""
    return TypeAdapter(Series)


def _header(series: Series) -> bytes:
    """A series as JSON, without its instances, which have rows of their own."""
    fields = _series_header().dump_python(series.without_instances())
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")


def _instances_of(series: Series) -> list[_Instance]:
    absent = (None,) * len(series.files)
    uids = tuple(_clean(uid) for uid in series.instance_uids)
    paths = map(os.fsencode, series.files)
    return list(zip(paths, series.frame_numbers or absent, uids or absent, strict=True))


def _checksum(header: bytes, instances: Sequence[_Instance]) -> int:
    return zlib.crc32(repr(instances).encode(), zlib.crc32(header))


# Reading


def _load(database: sqlite3.Connection, number: int) -> Series | None:
    """A series by its row's id; None if it is gone, or damaged: a wrong digit in a position must not reach a screen."""
    try:
        row = database.execute("select header, checksum from headers where series = ?", (number,)).fetchone()
        if row is None:
            return None
        instances = _instances(database, number)
        if _checksum(row[0], instances) != row[1]:
            return None
        header = _series_header().validate_json(row[0], strict=True)
    except (sqlite3.Error, ValidationError, TypeError):
        return None
    return replace(
        header,
        files=tuple(_path(path) for path, _, _ in instances),
        frame_numbers=tuple(frame for _, frame, _ in instances if frame is not None),
        instance_uids=tuple(uid for _, _, uid in instances if uid is not None),
    )


def _instances(database: sqlite3.Connection, number: int) -> list[_Instance]:
    rows = database.execute(
        "select f.path, i.name, i.frame, i.sop_uid from instances i join folders f on f.series = i.series and "
        "f.number = i.folder where i.series = ? order by i.position",
        (number,),
    )
    return [(os.path.join(folder, name), frame, sop_uid) for folder, name, frame, sop_uid in rows]


def _path(path: bytes) -> Path:
    return Path(os.fsdecode(path))


def _entry(
    uid: str,
    modality: str,
    body_part: str,
    description: str,
    number: int | None,
    images: int,
    width: int | None,
    height: int | None,
    verdict: Any,
    detail: str,
    notes: str,
    frame_time_ms: float | None,
    sequence: str | None,
    moment_kind: Any,
    moment_number: int,
    moments: int,
    moment_label: str,
) -> SeriesEntry:
    return SeriesEntry(
        uid,
        modality,
        body_part,
        description,
        number,
        images,
        width,
        height,
        GeometryVerdict(verdict, detail),
        tuple(json.loads(notes)) if notes else (),
        frame_time_ms,
        None if sequence is None else Moment(sequence, moment_kind, moment_number, moments, moment_label),
    )


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _unreadable(error: sqlite3.Error) -> SeriesError:
    return SeriesError(f"the list of studies cannot be read ({error}); start the program again")


# Damage


def _salvage(path: Path) -> tuple[Path, ...]:
    """The files that an index has listed and that are still there, as far as it can be read: never raises."""
    files: dict[Path, None] = {}
    with suppress(sqlite3.Error, OSError, ValueError):
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
        database.text_factory = bytes
        try:
            for query in ("select series, number, path from folders", "select header from series"):
                for row in _while_readable(database, query):
                    files |= dict.fromkeys(_listed_in(database, row))
        finally:
            database.close()
    return tuple(dict.fromkeys(place for file in files if (place := _still_there(file)) is not None))


def _listed_in(database: sqlite3.Connection, row: tuple[Any, ...]) -> Iterable[Path]:
    if len(row) == 1:  # the first release wrote a header with all files
        with suppress(ValueError, TypeError, KeyError):
            return [Path(file) for file in json.loads(row[0])["files"]]
        return []
    number, folder, path = row
    names = _while_readable(database, "select name from instances where series = ? and folder = ?", number, folder)
    return [_path(os.path.join(path, n)) for (n,) in names if isinstance(path, bytes) and isinstance(n, bytes)]


def _while_readable(database: sqlite3.Connection, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
    with suppress(sqlite3.Error):
        yield from database.execute(query, values)


def _still_there(file: Path) -> Path | None:
    """A file, or the archive that it lies in; None if neither is there."""
    with suppress(OSError, ValueError):
        return next((place for place in (file, *file.parents) if place.is_file()), None)
    return None
