"""A person's work on each series: every act is one committed row, so that a crash loses no stroke that ended, and
undo goes on where it was."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.detections import RejectedBox
from viewer.core.findings import AnswerChange, Answered, Code, Finding, JudgedScore, Level, Place, in_order
from viewer.core.geometry import Geometry
from viewer.core.history import (
    HISTORY_LIMIT_BYTES,
    Act,
    ConfirmedChange,
    Edit,
    History,
    KeyImageChange,
    LabelDelta,
    MeasurementChange,
)
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.measuring import Found, Measurement
from viewer.core.origin import Accepted, Origin
from viewer.core.painting import Box
from viewer.core.session import Annotations, ConfirmedSlice, State
from viewer.core.study import Series, SeriesError
from viewer.core.volume import LabelMap, Volume
from viewer.io.databases import connect, open_database

if TYPE_CHECKING:
    from filelock import FileLock

_SCHEMA = """
create table if not exists annotated (
    uid text primary key, grid text not null, state text not null default '{}', labels blob, machine blob
);
create table if not exists fingerprints (uid text primary key, voxels integer not null);
create table if not exists edits (
    sequence integer primary key autoincrement, uid text not null references annotated (uid) on delete cascade,
    title text not null, deltas blob not null
);
create index if not exists edits_of_series on edits (uid, sequence);
create table if not exists measurements (
    uid text not null references annotated (uid) on delete cascade, number integer not null, measurement text not null,
    primary key (uid, number)
);
create table if not exists key_images (
    uid text not null references annotated (uid) on delete cascade, axis integer not null, slice integer not null,
    primary key (uid, axis, slice)
);
create table if not exists findings (
    number integer primary key autoincrement, name text not null, level text not null, code text,
    listed integer not null default 1
);
create table if not exists answers (
    place_uid text not null, level text not null, axis integer not null, slice integer not null,
    finding integer not null, yes integer not null, answered_at text, answered_by text, score text,
    primary key (place_uid, level, axis, slice, finding)
) without rowid;
"""
# What the first release's files lack: see _Row and AnnotationStore.
_COLUMNS = {
    ("answers", "score"): "alter table answers add column score text",
    ("annotated", "folded"): "alter table annotated add column folded integer not null default 0",
    ("annotated", "changed_at"): "alter table annotated add column changed_at text",
    ("annotated", "changed_by"): "alter table annotated add column changed_by text",
    ("edits", "act"): "alter table edits add column act text not null default 'make'",
    ("edits", "made_at"): "alter table edits add column made_at text",
    ("edits", "made_by"): "alter table edits add column made_by text",
}
_PATH_UIDS = ("file-", "folder-")  # how the uids begin of files that have no identity of their own
_BUSY_MS = 50  # how long a stroke waits for another program's writing before it is written a little later
_JOURNAL_LIMIT = 200  # acts that are replayed at opening before they are folded into a snapshot
_JOURNAL_LIMIT_BYTES = 32 * 1024 * 1024


def study_of(series: Series | None, key: str) -> str:
    """Under which uid answers for the study of a series are kept, whose work is kept under key: that of the study, or,
    of files without an identity of their own, one that moves with them. None is a series that is not listed."""
    of_path = key.startswith(_PATH_UIDS)
    if series is not None and not (of_path and series.study_uid == f"{series.uid.partition('~')[0]}-study"):
        return series.study_uid or key
    return f"{key.partition('~')[0]}-study" if of_path else key


class AnnotationStore:
    """Label maps as a snapshot and a journal of what was done since, one row for each act, and measurements, marks and
    the label table as they are now. All methods may be called from any thread.

    Rows are only added: an undo is one, too, and names nothing, for it takes back the newest edit that is not undone
    before it. Folding makes a new snapshot of all rows so far and leaves of them only what can still be undone or
    redone. By whom (the name of the account, or as given) and when is kept with each act and each confirmed slice.

    The list of findings is one for all series. One that is taken off it keeps its number and its answers, and is the
    same finding when it is listed again. Answers for a study stand under its own uid, so that all its series have them.

    A damaged file is put aside with its write-ahead log and a new one begun; put_aside then names it.
    """

    def __init__(self, path: Path, by: str | None = None) -> None:
        self._lock = threading.RLock()
        self._by = _account() if by is None else by
        self._database, self.put_aside = open_database(path, _SCHEMA)
        _add_columns(self._database)
        self._database.execute(f"pragma busy_timeout = {_BUSY_MS}")
        self._reading = threading.Lock()
        self._read_database = connect(path)  # a long history is read while strokes are written
        self._holds_folder = path.with_name("open")
        self._held: dict[str, FileLock] = {}

    @property
    def by(self) -> str:
        """Who works here: the name of the account, or as given."""
        return self._by

    def hold(self, uid: str) -> bool:
        """Keep other windows from editing the labels of a series.

        False if another window has it; the work must then only be looked at. Ends with let_go, or with the process,
        however it ends.
        """
        from filelock import FileLock, Timeout

        with self._lock:
            if uid in self._held:
                return True
            self._holds_folder.mkdir(mode=0o700, exist_ok=True)
            lock = FileLock(
                self._holds_folder / f"{hashlib.sha256(uid.encode()).hexdigest()[:32]}.lock", thread_local=False
            )
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return False
            self._held[uid] = lock
            return True

    def let_go(self, uid: str) -> None:
        """Let other windows edit a series that is held."""
        with self._lock:
            self._held.pop(uid).release()

    def key_of(self, uid: str, volume: Volume) -> str:
        """Under which uid the work on a series is kept: its own, or, if other voxels or another grid were annotated
        under that one (a file was replaced), one of its own. Labels must never appear on a scan they were not made
        on. A series without an identity of its own, whose uid comes from a path, has the labels of the same voxels on
        the same grid wherever they lay before. Reads every voxel: not for the GUI thread."""
        voxels = 0
        for stored in volume.voxels:
            slice_ = np.repeat(stored[..., None], 3, axis=-1) if volume.saved_as_colours else stored
            voxels = zlib.crc32(np.ascontiguousarray(slice_).data, voxels)
        with self._lock:
            grid = self._database.execute("select grid from annotated where uid = ?", (uid,)).fetchone()
            known = self._database.execute("select voxels from fingerprints where uid = ?", (uid,)).fetchone()
            annotated = grid is not None
            same = not annotated or (
                _geometry(grid[0]).same_grid(volume.geometry) and (known or (voxels,))[0] == voxels
            )
            key = uid if same else f"{uid}@{voxels:08x}"
            with contextlib.suppress(OSError):  # without it a replaced file is not noticed, but work can begin
                self._write(("insert or replace into fingerprints values (?, ?)", (key, voxels)))
            if annotated or not uid.startswith(_PATH_UIDS):
                return key
            return self._moved_from(voxels, volume.geometry) or uid

    def _moved_from(self, voxels: int, geometry: Geometry) -> str | None:
        """The uid, from another path, under which the same voxels on the same grid were annotated."""
        same = self._database.execute(
            "select a.uid, a.grid from annotated a join fingerprints f on f.uid = a.uid where f.voxels = ? "
            "order by a.rowid",
            (voxels,),
        )
        return next((u for u, grid in same if u.startswith(_PATH_UIDS) and _geometry(grid).same_grid(geometry)), None)

    def is_confirmed(self, uid: str) -> bool:
        """True if a person has confirmed slices of a series, or of the same voxels at another path, whose grid may be
        another: load tells."""
        with self._lock:
            rows = self._database.execute(
                "select state from annotated where uid = ?1 or ?2 and uid in (select same.uid from fingerprints f "
                "join fingerprints same on same.voxels = f.voxels where f.uid = ?1)",
                (uid, uid.startswith(_PATH_UIDS)),
            ).fetchall()
        return any(json.loads(state).get("confirmed") for (state,) in rows)

    def append(
        self,
        uid: str,
        geometry: Geometry,
        edit: Edit | None,
        act: Act = "make",
        state: State | None = None,
        study_uid: str = "",
    ) -> None:
        """Commit one act and the state after it, if that is another; when this returns they survive a crash.

        edit: what was done to the session: of an undo the inverse of what was made; None for a change of the state
        alone, which nothing undoes. study_uid: under which answers for the study are kept (study_of). Raises OSError if
        it could not be written, BlockingIOError if another program is writing.
        """
        now, by = _now(), self._by
        statements: list[tuple[str, tuple[object, ...]]] = [
            ("insert or ignore into annotated (uid, grid) values (?, ?)", (uid, _grid(geometry))),
            ("update annotated set changed_at = ?, changed_by = ? where uid = ?", (now, by, uid)),
        ]
        if edit is not None:
            row = (uid, edit.title, _pack(edit) if act == "make" else b"", act, now, by)
            statements += [
                ("insert into edits (uid, title, deltas, act, made_at, made_by) values (?, ?, ?, ?, ?, ?)", row),
                *_of_marks(uid, edit),
                *_of_answers(uid, study_uid or uid, edit, act, now, by),
            ]
        with self._lock, _faults_of_disks():
            if state is not None:
                statements.append(
                    ("update annotated set state = ? where uid = ?", (self._state_row(uid, state, now), uid))
                )
            self._write(*statements)

    def confirmations(self, uid: str) -> dict[ConfirmedSlice, tuple[str, str]]:
        """By whom each slice was confirmed, and when (ISO 8601, UTC), both empty where that was not kept yet."""
        with self._lock:
            row = self._database.execute("select state from annotated where uid = ?", (uid,)).fetchone()
        return _confirmations(json.loads(row[0])) if row is not None else {}

    def all_confirmed(self) -> dict[str, frozenset[ConfirmedSlice]]:
        """The confirmed slices of each series that has some."""
        with self._lock:
            rows = self._database.execute(
                "select uid, json_extract(state, '$.confirmed') from annotated where "
                "json_array_length(state, '$.confirmed') > 0"
            ).fetchall()
        return {uid: frozenset(_confirmations({"confirmed": json.loads(confirmed)})) for uid, confirmed in rows}

    # Findings

    def findings(self) -> tuple[Finding, ...]:
        """The list, those of slices first."""
        with self._lock:
            rows = self._database.execute("select number, name, level, code from findings where listed order by number")
            return in_order([_finding(*row) for row in rows])

    def list_finding(self, name: str, level: Level, code: Code | None = None) -> None:
        """Put a finding on the list; one that was on it before comes back with its code and its answers. Raises
        OSError."""
        packed = None if code is None else json.dumps(code)
        known = "select number from findings where name = ? and level = ? order by listed desc, number desc limit 1"
        back = f"update findings set listed = 1, code = coalesce(?, code) where number = ({known})"
        new = f"insert into findings (name, level, code) select ?, ?, ? where not exists ({known})"
        with self._lock:
            self._write((back, (packed, name, level)), (new, (name, level, packed, name, level)))

    def change_finding(self, finding: Finding) -> None:
        """Give the finding of a number another name or code; its answers go with it. Raises OSError."""
        code = None if finding.code is None else json.dumps(finding.code)
        change = "update findings set name = ?, code = ? where number = ?"
        with self._lock:
            self._write((change, (finding.name, code, finding.number)))

    def unlist_finding(self, number: int) -> None:
        """Take a finding off the list, and keep its answers. Raises OSError."""
        with self._lock:
            self._write(("update findings set listed = 0 where number = ?", (number,)))

    def answer_count(self, number: int) -> int:
        """How many answers a finding has, in all series."""
        with self._lock:
            return self._database.execute("select count(*) from answers where finding = ?", (number,)).fetchone()[0]

    def answer_counts(self) -> dict[str, int]:
        """How many findings of the list are answered of each series, those of its slices included."""
        with self._lock:
            rows = self._database.execute(
                "select place_uid, count(*) from answers join findings f on number = finding and listed "
                "where f.level != 'study' group by place_uid"
            ).fetchall()
        return dict(rows)

    def study_answers(self, study_uid: str) -> dict[Answered, bool]:
        """What was answered of a study, in whichever of its series."""
        with self._lock:
            return _answers(self._database, study_uid, of_study=True)

    def study_scores(self, study_uid: str) -> dict[Answered, JudgedScore]:
        """The scores that answers of a study were given by."""
        with self._lock:
            return _scores(self._database, study_uid, of_study=True)

    def all_answers(self) -> list[tuple[str, int, Place, bool]]:
        """Every answer to a finding of the list: under which uid, of a series or of a study, the finding's number,
        where, and yes or no."""
        with self._reading:
            rows = self._read_database.execute(
                "select place_uid, a.level, axis, slice, finding, yes from answers a "
                "join findings f on f.number = a.finding and f.listed order by place_uid, axis, slice, finding"
            ).fetchall()
        return [(uid, number, Place(level, axis, index), bool(yes)) for uid, level, axis, index, number, yes in rows]

    def all_scores(self) -> dict[tuple[str, int, Place], JudgedScore]:
        """The scores that answers were given by, of those of all_answers that were."""
        with self._reading:
            rows = self._read_database.execute(
                "select place_uid, level, axis, slice, finding, score from answers where score is not null"
            ).fetchall()
        return {(uid, number, Place(*place)): _score(json.loads(score)) for uid, *place, number, score in rows}

    def all_boxes(self) -> list[tuple[str, Measurement, tuple[Label, ...]]]:
        """Every box that a person has drawn, with the uid of its series and the labels of that."""
        with self._reading:
            rows = self._read_database.execute(
                "select uid, number, measurement, state from measurements join annotated using (uid) "
                "where json_extract(measurement, '$.kind') = 'box' order by uid, number"
            ).fetchall()
        return [
            (uid, _measurement_from_json(number, text), _labels(json.loads(state))) for uid, number, text, state in rows
        ]

    def all_rejected_boxes(self) -> list[tuple[str, RejectedBox, tuple[Label, ...]]]:
        """Every box of a model that a person has rejected, as all_boxes tells those of persons."""
        with self._reading:
            rows = self._read_database.execute(
                "select uid, state from annotated where json_array_length(state, '$.rejected_boxes') > 0 order by uid"
            ).fetchall()
        states = [(uid, json.loads(text)) for uid, text in rows]
        return [(uid, one, _labels(state)) for uid, state in states for one in _rejected_boxes(state)]

    def grid_of(self, uid: str) -> Geometry | None:
        """The grid on which a series was annotated, without what its file says of units; None of none."""
        with self._reading:
            row = self._read_database.execute("select grid from annotated where uid = ?", (uid,)).fetchone()
        return None if row is None else _geometry(row[0])

    def load(self, uid: str, geometry: Geometry) -> Annotations | None:
        """The work saved on a series, and its history, or None; study_answers has what was answered of its study.
        Raises SeriesError if it was made on another grid: the file behind the series has changed, and labels would lie
        in the wrong place."""
        with self._reading, self._read_database as database:
            database.execute("begin")  # all that is read is of one moment
            row = database.execute(
                "select grid, state, labels, machine, folded from annotated where uid = ?", (uid,)
            ).fetchone()
            if row is None:
                return None
            answers, scores = _answers(database, uid), _scores(database, uid)
            acts = "select sequence, act, title, deltas from edits where uid = ? order by sequence"
            rows = [_Row(*values) for values in database.execute(acts, (uid,))]
            measurements = database.execute(
                "select number, measurement from measurements where uid = ? order by number", (uid,)
            ).fetchall()
            key_images = database.execute("select axis, slice from key_images where uid = ?", (uid,)).fetchall()
        grid, state, labels, machine, folded = row
        if not _geometry(grid).same_grid(geometry):
            raise SeriesError("this series has changed since it was annotated; its annotations are kept but not shown")
        layers = {"labels": _inflate(labels, geometry), "machine": _inflate(machine, geometry)}
        done, undone = _replayed(rows, folded, layers)
        since = [len(row.packed) for row in rows if row.sequence > folded]
        if len(since) > _JOURNAL_LIMIT or sum(since) > _JOURNAL_LIMIT_BYTES:
            with contextlib.suppress(OSError):  # then the next time
                self._fold(uid, rows[-1].sequence, layers, done, undone)
        saved, drawn = json.loads(state), any(edit.deltas for _, edit in (*done, *undone))
        return Annotations(
            LabelMap(layers["labels"], began_empty=labels is None and not drawn),
            layers["machine"],
            _labels(saved),
            frozenset(_confirmations(saved)),
            saved.get("source", ""),
            tuple(_measurement_from_json(number, text) for number, text in measurements),
            frozenset(key_images),
            History([edit for _, edit in done], [edit for _, edit in undone]),
            answers,
            scores,
            _accepted_from_rows(saved.get("accepted", [])),
            _rejected_boxes(saved),
        )

    def close(self) -> None:
        with self._lock:
            for uid in tuple(self._held):
                self.let_go(uid)
            self._database.close()
        with self._reading:
            self._read_database.close()

    def _state_row(self, uid: str, state: State, now: str) -> str:
        known = self.confirmations(uid)
        return json.dumps(
            {
                "labels": [asdict(label) for label in state.labels],
                "confirmed": [[*place, *known.get(place, (self._by, now))] for place in sorted(state.confirmed)],
                "source": state.source,
                "accepted": [asdict(one) for one in state.accepted],
                "rejected_boxes": [
                    [one.box.number, _measurement_to_json(one.box), one.reason, one.at] for one in state.rejected_boxes
                ],
            }
        )

    def _write(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        with _faults_of_disks(), self._database:
            for statement, values in statements:
                self._database.execute(statement, values)

    def _fold(
        self,
        uid: str,
        last: int,
        layers: dict[str, NDArray[np.uint8]],
        done: list[tuple[int, Edit]],
        undone: list[tuple[int, Edit]],
    ) -> None:
        """Make a snapshot of all rows, which end with last, and leave of them what can be undone and redone."""
        packed = [
            zlib.compress(layers[layer].tobytes(), 1) if layers[layer].any() else None
            for layer in ("labels", "machine")
        ]
        left, size = {sequence: "undone" for sequence, _ in undone}, 0
        for sequence, edit in reversed(done):
            size += edit.size_bytes
            if left and size > HISTORY_LIMIT_BYTES:
                break
            left[sequence] = "make"
        keep = json.dumps(list(left))
        gone = "delete from edits where uid = ? and sequence <= ? and sequence not in (select value from json_each(?))"
        with self._lock:
            self._write(
                ("update annotated set labels = ?, machine = ?, folded = ? where uid = ?", (*packed, last, uid)),
                (gone, (uid, last, keep)),
                *(("update edits set act = ? where sequence = ?", (act, n)) for n, act in left.items()),
            )


@dataclass(frozen=True)
class _Row:
    """A row of the journal. act: an Act, or, of what is folded into the snapshot, "make" for what is done and "undone"
    for what can be redone."""

    sequence: int
    act: str
    title: str
    packed: bytes


def _replayed(
    rows: list[_Row], folded: int, layers: dict[str, NDArray[np.uint8]]
) -> tuple[list[tuple[int, Edit]], list[tuple[int, Edit]]]:
    """The edits that are done and those that are undone, with their rows, the next to be taken last; layers, the
    snapshot, become what they are now."""
    done: list[tuple[int, Edit]] = []
    undone: list[tuple[int, Edit]] = []
    in_snapshot: list[tuple[int, Edit]] = []
    for row in rows:
        if row.act == "undone":
            undone.insert(0, (row.sequence, _unpack(row.title, row.packed)))
        elif row.act == "make":
            done.append((row.sequence, _unpack(row.title, row.packed)))
            if row.sequence > folded:
                undone.clear()
        elif row.act == "undo":
            undone.append(done.pop())
        else:
            done.append(undone.pop())
        if row.sequence <= folded:
            in_snapshot = done.copy()
    common = sum(1 for old, new in zip(in_snapshot, done, strict=False) if old[0] == new[0])
    steps = [edit.inverse() for _, edit in reversed(in_snapshot[common:])] + [edit for _, edit in done[common:]]
    for step in steps:  # and not what was undone and done again between
        for delta in step.deltas:
            delta.apply(layers[delta.layer])
    return done, undone


def _of_marks(uid: str, edit: Edit) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The statements that write the measurements and key images that an edit leaves."""
    for change in edit.measurements:
        if change.after is None:
            yield "delete from measurements where uid = ? and number = ?", (uid, change.number)
        else:
            now = (uid, change.number, _measurement_to_json(change.after))
            yield "insert or replace into measurements values (?, ?, ?)", now
    for change in edit.key_images:
        place = (uid, *change.place)
        if change.marked:
            yield "insert or ignore into key_images values (?, ?, ?)", place
        else:
            yield "delete from key_images where uid = ? and axis = ? and slice = ?", place


def _of_answers(
    uid: str, study_uid: str, edit: Edit, act: Act, now: str, by: str
) -> Iterator[tuple[str, tuple[object, ...]]]:
    """The statements that write the answers that an edit leaves, as findings.answered has them: what is undone or done
    again spares an answer that has been given otherwise meanwhile."""
    here = "place_uid = ? and level = ? and axis = ? and slice = ? and finding = ?"
    for change in edit.answers:
        place = change.place
        at = (study_uid if place.level == "study" else uid, place.level, place.axis, place.index, change.finding)
        score = None if change.score_after is None else json.dumps(asdict(change.score_after))
        as_before, before = "yes is ? and (score is null) = ?", (change.before, change.score_before is None)
        row = (*at, change.after, now, by, score)
        columns = "place_uid, level, axis, slice, finding, yes, answered_at, answered_by, score"
        if change.after is None:
            yield f"delete from answers where {here} and (? or ({as_before}))", (*at, act == "make", *before)
        elif act == "make":
            yield f"insert or replace into answers ({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
        elif change.before is None:
            yield f"insert or ignore into answers ({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
        else:
            put = "update answers set yes = ?, answered_at = ?, answered_by = ?, score = ?"
            yield f"{put} where {here} and {as_before}", (change.after, now, by, score, *at, *before)


def _answers(database: sqlite3.Connection, place_uid: str, *, of_study: bool = False) -> dict[Answered, bool]:
    found = "select finding, level, axis, slice, yes from answers where place_uid = ? and (level = 'study') = ?"
    rows = database.execute(found, (place_uid, of_study))
    return {(number, Place(level, axis, index)): bool(yes) for number, level, axis, index, yes in rows}


def _scores(database: sqlite3.Connection, place_uid: str, *, of_study: bool = False) -> dict[Answered, JudgedScore]:
    found = "select finding, level, axis, slice, score from answers where place_uid = ? and (level = 'study') = ?"
    rows = database.execute(f"{found} and score is not null", (place_uid, of_study))
    return {(number, Place(level, axis, index)): _score(json.loads(row)) for number, level, axis, index, row in rows}


def _score(row: dict, origin: Origin | None = None) -> JudgedScore:
    """origin: if it is not in the row itself."""
    return JudgedScore(origin or _origin(row["origin"]), row["label"], row["probability"], row["threshold"])


def _finding(number: int, name: str, level: Level, code: str | None) -> Finding:
    value, scheme, meaning = ("", "", "") if code is None else json.loads(code)
    return Finding(number, name, level, None if code is None else (value, scheme, meaning))


def _add_columns(database: sqlite3.Connection) -> None:
    """Bring a file of the first release up to date."""
    with database:
        database.execute("begin immediate")  # two windows may begin at once
        for (table, column), addition in _COLUMNS.items():
            there = {name for _, name, *_ in database.execute(f"pragma table_info({table})")}
            if column not in there:
                database.execute(addition)


@contextlib.contextmanager
def _faults_of_disks() -> Iterator[None]:
    """Raises OSError for what sqlite3 raises, BlockingIOError if another program is writing."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # sqlite3's errors for a full, read-only or failing disk share no useful base
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        raise (BlockingIOError if busy else OSError)(str(error)) from error


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a system may know no name
        return ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _confirmations(state: dict) -> dict[ConfirmedSlice, tuple[str, str]]:
    return {  # the first release kept neither whom nor when
        (axis, index): (who[0], who[1]) if who else ("", "") for axis, index, *who in state.get("confirmed", [])
    }


def _grid(geometry: Geometry) -> str:
    slice_origins = None if geometry.slice_origins is None else geometry.slice_origins.tolist()
    grid = [geometry.size, geometry.spacing, geometry.origin.tolist(), geometry.direction.tolist(), slice_origins]
    return json.dumps(grid)


def _geometry(grid: str) -> Geometry:
    size, spacing, origin, direction, *rest = json.loads(grid)  # the first release wrote no slice_origins
    slice_origins = None if not rest or rest[0] is None else np.array(rest[0], dtype=np.float64).reshape(-1, 3)
    return Geometry(size, spacing, origin, direction, slice_origins=slice_origins)


def _inflate(packed: bytes | None, geometry: Geometry) -> NDArray[np.uint8]:
    if packed is None:
        return np.zeros(geometry.shape, dtype=np.uint8)
    return np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(geometry.shape).copy()


def _pack(edit: Edit) -> bytes:
    """A line of JSON that says what an edit is, where each delta lies and how long it is, then the deltas' bytes,
    deflated already. Only what the edit has stands there."""
    head: dict[str, object] = {}
    if edit.deltas:
        head["deltas"] = [[d.layer, _box_to_list(d.box), len(d.before), len(d.after)] for d in edit.deltas]
    if edit.source is not None:
        head["source"] = edit.source
    if edit.accepted is not None:
        head["accepted"] = [[asdict(one) for one in accepted] for accepted in edit.accepted]
    if edit.table is not None:
        head["table"] = [[asdict(label) for label in table] for table in edit.table]
    if edit.measurements:
        head["measurements"] = [
            [change.number, *(None if m is None else _measurement_to_json(m) for m in (change.before, change.after))]
            for change in edit.measurements
        ]
    if edit.key_images:
        head["key_images"] = [[change.place, change.marked] for change in edit.key_images]
    if edit.confirmed:
        head["confirmed"] = [[change.place, change.confirmed] for change in edit.confirmed]
    if edit.answers:
        head["answers"] = [[c.finding, *astuple(c.place), c.before, c.after] for c in edit.answers]
        judged = [(c.score_before, c.score_after) for c in edit.answers]
        if any(one is not None for pair in judged for one in pair):  # often of one run: its origin is written once
            origins = list(dict.fromkeys(one.origin for pair in judged for one in pair if one is not None))
            head["origins"] = [asdict(origin) for origin in origins]
            head["scores"] = [
                [None if one is None else {**asdict(one), "origin": origins.index(one.origin)} for one in pair]
                for pair in judged
            ]
    return b"".join([json.dumps(head).encode(), b"\n", *(part for d in edit.deltas for part in (d.before, d.after))])


def _unpack(title: str, packed: bytes) -> Edit:
    line, _, rest = packed.partition(b"\n")
    head = json.loads(line)
    if isinstance(head, list):  # the first release kept deltas alone
        head = {"deltas": head}
    deltas, place = [], 0
    for layer, box, before, after in head.get("deltas", []):
        middle, end = place + before, place + before + after
        deltas.append(LabelDelta(layer, _box_from_list(box), rest[place:middle], rest[middle:end]))
        place = end
    source, table, accepted = (head.get(name) for name in ("source", "table", "accepted"))
    return Edit(
        title,
        tuple(deltas),
        None if source is None else (source[0], source[1]),
        tuple(
            MeasurementChange(*(None if text is None else _measurement_from_json(number, text) for text in texts))
            for number, *texts in head.get("measurements", [])
        ),
        tuple(KeyImageChange((axis, index), marked) for (axis, index), marked in head.get("key_images", [])),
        None if table is None else (tuple(map(_label, table[0])), tuple(map(_label, table[1]))),
        tuple(ConfirmedChange((axis, index), mark) for (axis, index), mark in head.get("confirmed", [])),
        _answer_changes(head),
        None if accepted is None else (_accepted_from_rows(accepted[0]), _accepted_from_rows(accepted[1])),
    )


def _answer_changes(head: dict) -> tuple[AnswerChange, ...]:
    answers, origins = head.get("answers", []), [_origin(row) for row in head.get("origins", [])]
    pairs = [
        tuple(None if row is None else _score(row, origins[row["origin"]]) for row in pair)
        for pair in head.get("scores") or [[None, None]] * len(answers)
    ]
    return tuple(
        AnswerChange(number, Place(level, axis, index), before, after, *pair)
        for (number, level, axis, index, before, after), pair in zip(answers, pairs, strict=True)
    )


def _accepted_from_rows(rows: list[dict]) -> tuple[Accepted, ...]:
    return tuple(
        Accepted(_origin(row["origin"]), tuple(row["values"]), row["threshold"], row["by"], row["at"]) for row in rows
    )


def _origin(row: dict) -> Origin:
    overridden = tuple((word, sentence) for word, sentence in row["overridden"])
    return Origin(**{**row, "overridden": overridden, "notes": tuple(row["notes"])})


def _box_to_list(box: Box) -> list[list[int]]:
    return [[span.start, span.stop] for span in box]


def _box_from_list(box: list[list[int]]) -> Box:
    k, j, i = (slice(start, stop) for start, stop in box)
    return k, j, i


def _measurement_to_json(measurement: Measurement) -> str:
    """But for its number. JSON writes each float with the digits that bring the very same one back."""
    row = asdict(measurement)
    del row["number"]
    return json.dumps(row)


def _measurement_from_json(number: int, text: str) -> Measurement:
    row = json.loads(text)
    text_at, spread = row["text_at"], row.get("spread")  # rows of the first release have none
    return Measurement(
        number,
        row["kind"],
        tuple((i, j, k) for i, j, k in row["points"]),
        row["normal"],
        row["text"],
        None if text_at is None else tuple(text_at),
        None if spread is None else (tuple(spread[0]), tuple(spread[1])),
        _found(row.get("found")),
    )


def _found(row: dict | None) -> Found | None:
    if row is None:
        return None
    told = row["origin"]
    overridden = tuple((about, sentence) for about, sentence in told["overridden"])
    origin = Origin(**{**told, "overridden": overridden, "notes": tuple(told["notes"])})
    points = tuple((i, j, k) for i, j, k in row["points"])
    return Found(origin, row["number"], row["label"], row["score"], points)


def _rejected_boxes(state: dict) -> tuple[RejectedBox, ...]:
    rows = state.get("rejected_boxes", [])
    return tuple(RejectedBox(_measurement_from_json(number, box), *more) for number, box, *more in rows)


def _labels(state: dict) -> tuple[Label, ...]:
    return tuple(_label(label) for label in state["labels"]) if "labels" in state else DEFAULT_LABELS


def _label(row: dict) -> Label:
    return Label(
        row["value"],
        row["name"],
        tuple(row["colour"]),
        tuple(row["code"]) if row["code"] else None,
        row["visible"],
        row.get("surface_opacity", 1.0),
        row.get("locked", False),
        row.get("opacity", 1.0),
    )
