"""A person's work on each series: every edit is one committed row, so that a crash loses no stroke that ended."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.history import Edit, LabelDelta
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.measuring import Measurement
from viewer.core.painting import Box
from viewer.core.session import Annotations, ConfirmedSlice
from viewer.core.study import SeriesError
from viewer.core.volume import LabelMap, Volume
from viewer.io.databases import open_database

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
"""
_PATH_UIDS = ("file-", "folder-")  # how the uids begin of files that have no identity of their own
_JOURNAL_LIMIT = 200  # edits that are replayed at opening before they are folded into a snapshot


class AnnotationStore:
    """Label maps as a snapshot and a journal of edits per series, and its measurements and key images as they are now.
    All methods may be called from any thread.

    A damaged file is put aside with its write-ahead log and a new one begun; put_aside then names it.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._database, self.put_aside = open_database(path, _SCHEMA)
        self._holds_folder = path.with_name("open")
        self._held: dict[str, FileLock] = {}

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

    def append(self, uid: str, geometry: Geometry, edit: Edit) -> None:
        """Commit one edit; when this returns it survives a crash. Raises OSError if it could not be written."""
        statements: list[tuple[str, tuple[object, ...]]] = [
            ("insert or ignore into annotated (uid, grid) values (?, ?)", (uid, _grid(geometry)))
        ]
        if edit.deltas:
            row = (uid, edit.title, _pack(edit))
            statements.append(("insert into edits (uid, title, deltas) values (?, ?, ?)", row))
        for change in edit.measurements:
            if change.after is None:
                gone = (uid, change.number)
                statements.append(("delete from measurements where uid = ? and number = ?", gone))
            else:
                now = (uid, change.number, _measurement_to_json(change.after))
                statements.append(("insert or replace into measurements values (?, ?, ?)", now))
        for change in edit.key_images:
            place = (uid, *change.place)
            if change.marked:
                statements.append(("insert or ignore into key_images values (?, ?, ?)", place))
            else:
                statements.append(("delete from key_images where uid = ? and axis = ? and slice = ?", place))
        with self._lock:
            self._write(*statements)

    def save_state(
        self,
        uid: str,
        geometry: Geometry,
        labels: tuple[Label, ...],
        confirmed: frozenset[ConfirmedSlice],
        source: str,
    ) -> None:
        """Commit the label table, the confirmed slices and the model that was accepted last."""
        state = json.dumps(
            {"labels": [asdict(label) for label in labels], "confirmed": sorted(confirmed), "source": source}
        )
        with self._lock:
            self._write(
                ("insert or ignore into annotated (uid, grid) values (?, ?)", (uid, _grid(geometry))),
                ("update annotated set state = ? where uid = ?", (state, uid)),
            )

    def load(self, uid: str, geometry: Geometry) -> Annotations | None:
        """The work saved on a series, or None. Raises SeriesError if it was made on another grid: the file behind
        the series has changed, and labels would lie in the wrong place."""
        with self._lock:
            row = self._database.execute(
                "select grid, state, labels, machine from annotated where uid = ?", (uid,)
            ).fetchone()
            if row is None:
                return None
            edits = self._database.execute(
                "select sequence, deltas from edits where uid = ? order by sequence", (uid,)
            ).fetchall()
            measurements = self._database.execute(
                "select number, measurement from measurements where uid = ? order by number", (uid,)
            ).fetchall()
            key_images = self._database.execute("select axis, slice from key_images where uid = ?", (uid,)).fetchall()
        if not _geometry(row[0]).same_grid(geometry):
            raise SeriesError("this series has changed since it was annotated; its annotations are kept but not shown")
        layers = {"labels": _inflate(row[2], geometry), "machine": _inflate(row[3], geometry)}
        for _, packed in edits:
            for delta in _unpack(packed):
                delta.apply(layers[delta.layer])
        if len(edits) > _JOURNAL_LIMIT:
            self._fold(uid, edits[-1][0], layers)
        state = json.loads(row[1])
        return Annotations(
            LabelMap(layers["labels"], began_empty=row[2] is None and not edits),
            layers["machine"],
            tuple(_label(label) for label in state["labels"]) if "labels" in state else DEFAULT_LABELS,
            frozenset((axis, index) for axis, index in state.get("confirmed", [])),
            state.get("source", ""),
            tuple(_measurement_from_json(number, text) for number, text in measurements),
            frozenset(key_images),
        )

    def close(self) -> None:
        with self._lock:
            for uid in tuple(self._held):
                self.let_go(uid)
            self._database.close()

    def _write(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        try:
            with self._database:
                for statement, values in statements:
                    self._database.execute(statement, values)
        except Exception as error:  # sqlite3's errors for a full, read-only or failing disk share no useful base
            raise OSError(str(error)) from error

    def _fold(self, uid: str, last: int, layers: dict[str, NDArray[np.uint8]]) -> None:
        packed = [zlib.compress(layers[layer].tobytes(), 1) for layer in ("labels", "machine")]
        with self._lock:
            self._write(
                ("update annotated set labels = ?, machine = ? where uid = ?", (*packed, uid)),
                ("delete from edits where uid = ? and sequence <= ?", (uid, last)),
            )


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
    """A line of JSON that says where each delta lies and how long it is, then their bytes, deflated already."""
    head = [[d.layer, _box_to_list(d.box), len(d.before), len(d.after)] for d in edit.deltas]
    return b"".join([json.dumps(head).encode(), b"\n", *(part for d in edit.deltas for part in (d.before, d.after))])


def _unpack(packed: bytes) -> Iterator[LabelDelta]:
    head, _, rest = packed.partition(b"\n")
    place = 0
    for layer, box, before, after in json.loads(head):
        middle, end = place + before, place + before + after
        yield LabelDelta(layer, _box_from_list(box), rest[place:middle], rest[middle:end])
        place = end


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
    )


def _label(row: dict) -> Label:
    return Label(
        row["value"],
        row["name"],
        tuple(row["colour"]),
        tuple(row["code"]) if row["code"] else None,
        row["visible"],
        row.get("surface_opacity", 1.0),
        row.get("locked", False),
    )
