"""Small pictures of series: how they are made, and the cache that keeps them, which may be lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.display import default_window, to_grey
from viewer.core.geometry import plane_axes
from viewer.core.volume import Volume
from viewer.io.databases import connect, is_damaged

THUMBNAIL_PIXELS = 96
_SCHEMA = """
create table if not exists thumbnails (
    number integer primary key autoincrement, uid text not null unique, shape text not null, pixels blob not null
);
"""
_MOST = 5000
_BUSY_TIMEOUT_S = 1.0


class ThumbnailCache:
    """Pictures by the uid of their series, in an SQLite file of their own. Never raises: without it there is no
    picture. Not safe to use from several threads at once."""

    def __init__(self, path: Path) -> None:
        self._database = _open(path)

    def get(self, uid: str) -> NDArray[np.uint8] | None:
        """Grey (rows, columns) or coloured (rows, columns, 3), or None if there is none."""
        with suppress(sqlite3.Error, ValueError):
            row = self._database.execute("select shape, pixels from thumbnails where uid = ?", (uid,)).fetchone()
            if row is not None:
                return np.frombuffer(row[1], dtype=np.uint8).reshape([int(n) for n in row[0].split()])
        return None

    def set(self, uid: str, picture: NDArray[np.uint8]) -> None:
        """Keep a picture; it is forgotten when 5,000 newer ones have come."""
        with suppress(sqlite3.Error), self._database as cache:
            shape = " ".join(map(str, picture.shape))
            cache.execute("delete from thumbnails where uid = ?", (uid,))
            cache.execute(
                "insert into thumbnails (uid, shape, pixels) values (?, ?, ?)", (uid, shape, picture.tobytes())
            )
            cache.execute("delete from thumbnails where number <= (select max(number) from thumbnails) - ?", (_MOST,))

    def forget(self, uids: Iterable[str]) -> None:
        with suppress(sqlite3.Error), self._database as cache:
            cache.executemany("delete from thumbnails where uid = ?", [(uid,) for uid in uids])

    def close(self) -> None:
        self._database.close()


def make_thumbnail(volume: Volume, inverted: bool = False) -> NDArray[np.uint8]:
    """The middle slice across the stack, in the radiological layout, at most 96 pixels wide and high, square in mm.

    Grey (rows, columns), or (rows, columns, 3) for colours. inverted is for MONOCHROME1. What is padding or no number
    is black.
    """
    geometry = volume.geometry
    axes = next(a for p in ("axial", "coronal", "sagittal") if (a := plane_axes(geometry, p)).normal == 2)
    middle = volume.voxels[geometry.size[2] // 2]
    picture = middle if axes.down == 1 else middle.swapaxes(0, 1)
    picture = picture[:: -1 if axes.flip_down else 1, :: -1 if axes.flip_right else 1]
    width_mm = picture.shape[1] * geometry.spacing[axes.right]
    height_mm = picture.shape[0] * geometry.spacing[axes.down]
    scale = THUMBNAIL_PIXELS / max(width_mm, height_mm)
    size = max(1, round(width_mm * scale)), max(1, round(height_mm * scale))
    if volume.colour:
        channels = [_shrunk(picture[..., n].astype(np.float32), size) for n in range(3)]
        return np.clip(np.stack(channels, axis=-1) + 0.5, 0, 255).astype(np.uint8)
    measured = volume.measured(picture)
    values = picture[measured]
    black = 0 if not values.size else values.max() if inverted else values.min()
    small = _shrunk(np.where(measured, picture, black).astype(np.float32), size)
    return to_grey(small, default_window(volume, None), inverted)


def _shrunk(plane: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A plane at another size (columns, rows), smoothed on the way so that nothing flickers."""
    columns, rows = size
    return (_weights(plane.shape[0], rows) @ plane @ _weights(plane.shape[1], columns).T).astype(np.float32)


def _weights(old: int, new: int) -> NDArray[np.float64]:
    """What each of the old pixels along an axis gives to each of the new ones, (new, old): a Gaussian about its place,
    half a new pixel wide; linear interpolation where there are no fewer new ones."""
    step = (old - 1) / max(1, new - 1)
    away = np.abs(np.arange(old) - step * np.arange(new)[:, np.newaxis])
    weights = np.exp(-0.5 * (away / (step / 2)) ** 2) if step > 1 else np.maximum(1 - away, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def _open(path: Path) -> sqlite3.Connection:
    """The cache may be lost, so a damaged one is simply begun anew."""
    with suppress(sqlite3.Error, OSError):
        if path.exists() and is_damaged(path, "quick_check"):
            for tail in ("-wal", "-shm", ""):
                path.with_name(path.name + tail).unlink(missing_ok=True)
    try:
        return connect(path, _SCHEMA, "normal", _BUSY_TIMEOUT_S)
    except sqlite3.Error:  # in use, or the disk is full: until the next start in memory
        return connect(Path(":memory:"), _SCHEMA, "normal", _BUSY_TIMEOUT_S)
