"""A person's work on each series: every edit is one committed row, so that a crash loses no stroke that ended."""

from __future__ import annotations

import json
import threading
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.history import Edit, LabelDelta
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.painting import Box
from viewer.core.session import Annotations, ConfirmedSlice
from viewer.core.study import SeriesError
from viewer.core.volume import LabelMap
from viewer.io.library import open_database

_SCHEMA = """
create table if not exists annotated (
    uid text primary key, grid text not null, state text not null default '{}', labels blob, machine blob
);
create table if not exists edits (
    sequence integer primary key autoincrement, uid text not null references annotated (uid) on delete cascade,
    title text not null, deltas blob not null
);
create index if not exists edits_of_series on edits (uid, sequence);
"""
_JOURNAL_LIMIT = 200  # edits that are replayed at opening before they are folded into a snapshot


class AnnotationStore:
    """Label maps as a snapshot and a journal of edits per series. All methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._database, self.put_aside = open_database(path, _SCHEMA)

    def append(self, uid: str, geometry: Geometry, edit: Edit) -> None:
        """Commit one edit; when this returns it survives a crash. Raises OSError if it could not be written."""
        packed = zlib.compress(
            json.dumps([[d.layer, _box_to_list(d.box), d.before.hex(), d.after.hex()] for d in edit.deltas]).encode(), 1
        )
        with self._lock:
            self._write(
                ("insert or ignore into annotated (uid, grid) values (?, ?)", (uid, _grid(geometry))),
                ("insert into edits (uid, title, deltas) values (?, ?, ?)", (uid, edit.title, packed)),
            )

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
        if row[0] != _grid(geometry):
            raise SeriesError("this series has changed since it was annotated; its annotations are kept but not shown")
        layers = {"labels": _inflate(row[2], geometry), "machine": _inflate(row[3], geometry)}
        for _, packed in edits:
            for layer, box, before, after in json.loads(zlib.decompress(packed)):
                delta = LabelDelta(layer, _box_from_list(box), bytes.fromhex(before), bytes.fromhex(after))
                delta.apply(layers[layer])
        if len(edits) > _JOURNAL_LIMIT:
            self._fold(uid, edits[-1][0], layers)
        state = json.loads(row[1])
        return Annotations(
            LabelMap(layers["labels"]),
            layers["machine"],
            tuple(_label(label) for label in state["labels"]) if "labels" in state else DEFAULT_LABELS,
            frozenset((axis, index) for axis, index in state.get("confirmed", [])),
            state.get("source", ""),
        )

    def close(self) -> None:
        with self._lock:
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
    placed = [*geometry.spacing, *geometry.origin.tolist(), *geometry.direction.ravel().tolist()]
    return json.dumps([list(geometry.size), [round(value, 3) + 0.0 for value in placed]])


def _inflate(packed: bytes | None, geometry: Geometry) -> NDArray[np.uint8]:
    if packed is None:
        return np.zeros(geometry.shape, dtype=np.uint8)
    return np.frombuffer(zlib.decompress(packed), dtype=np.uint8).reshape(geometry.shape).copy()


def _box_to_list(box: Box) -> list[list[int]]:
    return [[span.start, span.stop] for span in box]


def _box_from_list(box: list[list[int]]) -> Box:
    k, j, i = (slice(start, stop) for start, stop in box)
    return k, j, i


def _label(row: dict) -> Label:
    return Label(
        row["value"],
        row["name"],
        tuple(row["colour"]),
        tuple(row["code"]) if row["code"] else None,
        row["visible"],
    )
