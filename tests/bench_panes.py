"""From a change of the session to the painted pane, beside panes of pyqtgraph and of VTK's OpenGL slices.

512 x 512 x 300 int16 with a label overlay, panes of 1024 x 1024 pixels. The figures are the 95th percentile.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PySide6.QtCore import QRectF

from tests.bench_peers import PANE_PX, SLAB_SLICES, Pyqtgraph, Vtk
from viewer.core.display import WindowLevel
from viewer.core.events import Change, What
from viewer.core.fusion import laid_over
from viewer.core.geometry import Geometry, Plane
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

_SHAPE = (300, 512, 512)
_ROUNDS = 60
_WARM_UP = 5
_PLANES: tuple[Plane, ...] = ("axial", "coronal", "sagittal", "axial")

Tell = Callable[[str, float, str, str, float], None]
Act = Callable[[int], None]


class Peer(Protocol):
    """A pane of another library; each method shows the nth change, painted at once."""

    def acquired(self, n: int) -> None: ...

    def window(self, n: int) -> None: ...

    def slab(self, n: int) -> None: ...

    def oblique(self, n: int) -> None: ...


@dataclass(frozen=True)
class _Kind:
    """What is timed: the most that it may take; ours; and which panes of the peers do the same by which method."""

    allowed_ms: float
    ours: Act
    panes: int = 0
    method: str = ""


def panes(tell_share: Tell) -> None:
    """Time our panes and the peers'."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from viewer.gui.app import _application

    app = _application()
    session = phantom_session()
    one, four = _Ours(session, 1), _Ours(session, 4)
    app.processEvents()
    one.paint()
    words = one.written
    peers: dict[str, list[Peer]] = {
        "pyqtgraph's ImageItems, smooth, with our texts and cross-hair": [
            Pyqtgraph(session, p, words) for p in _PLANES
        ],
        "pyqtgraph's ImageItems alone, not smoothed, without a word": [Pyqtgraph(session, p) for p in _PLANES],
        "VTK's OpenGL slices alone, linear, without a word": [Vtk(session, p) for p in _PLANES],
    }
    app.processEvents()

    def move(n: int, ours: _Ours = one) -> None:
        session.move_cursor((200 + n % 100, 200 + n % 100, 100 + n % 100))
        ours.paint()

    def window(n: int) -> None:
        session.set_window(WindowLevel(40 + n, 400 + n))
        one.paint()

    def scroll(n: int) -> None:
        session.scroll("axial", 1 if n % 40 < 20 else -1)
        one.paint()

    kinds = {
        "slice change to painted pane, acquired plane": _Kind(16.0, move, 1, "acquired"),
        "window/level drag to painted pane": _Kind(16.0, window, 1, "window"),
        "slice change to painted pane, slab of 20 slices": _Kind(40.0, move, 1, "slab"),
        "slice change to four painted panes": _Kind(45.0, lambda n: move(n, four), 4, "acquired"),
        "slice change to painted pane, oblique plane": _Kind(40.0, scroll, 1, "oblique"),
        "slice change to painted pane, oblique slab of 20 slices": _Kind(100.0, scroll),
        "slice change to painted pane, 128 x 128 x 300 float laid over": _Kind(40.0, move),
    }
    for name, kind in kinds.items():
        one.show_slab(SLAB_SLICES if "slab" in name else 0)
        turn_planes(session, "oblique" in name)
        _lay_over(session, "laid over" in name)
        one.paint()
        (alone,) = _timed(kind.ours)
        tell_share(f"{name}, p95", _p95(alone), "ms", "allowed", kind.allowed_ms)
        for peer, theirs in peers.items():
            if kind.method:
                ours, others = _timed(kind.ours, _all(theirs[: kind.panes], kind.method))
                tell_share(f"{name}, p95", _p95(ours), "ms", peer, _p95(others))
                tell_share(f"{name}, median", float(np.median(ours)), "ms", peer, float(np.median(others)))


def _all(theirs: Sequence[Peer], method: str) -> Act:
    methods: list[Act] = [getattr(peer, method) for peer in theirs]

    def act(n: int) -> None:
        for one in methods:
            one(n)

    return act


def _timed(*acts: Act) -> list[list[float]]:
    """How long each act takes in ms, time and again; in turn, for a machine's speed drifts."""
    times: list[list[float]] = [[] for _ in acts]
    for n in range(_WARM_UP + _ROUNDS):
        for act, some in zip(acts, times, strict=True):
            started = time.perf_counter()
            act(n)
            some.append(1000 * (time.perf_counter() - started))
    return [some[_WARM_UP:] for some in times]


def _p95(times: list[float]) -> float:
    return float(np.percentile(times, 95))


def turn_planes(session: Session, oblique: bool) -> None:
    session.reset_planes()
    if oblique:
        session.move_cursor((200, 200, 150))
        for plane, degrees in (("coronal", 30), ("sagittal", 25)):
            session.turn_planes(plane, math.radians(degrees))


def _lay_over(session: Session, fused: bool) -> None:
    """Lay a volume like PET over the session's, or take it away."""
    session.unfuse()
    if fused:
        grid = Geometry((128, 128, 300), (2.8, 2.8, 1.0), np.zeros(3), np.eye(3))
        voxels = np.random.default_rng(1).uniform(0, 2e4, grid.shape).astype(np.float32)
        series = Series("2", "1", "ID1", "Doe^Jane", "PT", "PET", (), GeometryVerdict("regular", ""), grid.size)
        session.fuse(laid_over(series, Volume(voxels, grid, unit="BQML", modality="PT", suv_factor=3e-4)))


def phantom_session() -> Session:
    grid = Geometry(_SHAPE[::-1], (0.7, 0.7, 1.0), np.zeros(3), np.eye(3))
    voxels = np.random.default_rng(0).integers(-1000, 2000, _SHAPE).astype(np.int16)
    series = Series(
        "1", "1", "ID1", "Doe^Jane", "CT", "Abdomen", (Path("x"),), GeometryVerdict("regular", ""), grid.size
    )
    session = Session()
    session.open(series, Volume(voxels, grid))
    z, y, x = np.ogrid[: _SHAPE[0], : _SHAPE[1], : _SHAPE[2]]
    labels = np.zeros(_SHAPE, np.uint8)
    for value, (k, j, i, radius) in enumerate([(150, 200, 200, 90), (150, 330, 300, 70), (140, 250, 380, 50)], 1):
        labels[(z - k) ** 2 + (0.7 * (y - j)) ** 2 + (0.7 * (x - i)) ** 2 < radius**2] = value
    session.replace_voxels("Phantom", (slice(0, 300), slice(0, 512), slice(0, 512)), labels)
    return session


class _Ours:
    """Panes that show a session, as the window has them, painted at once."""

    def __init__(self, session: Session, count: int) -> None:
        from viewer.gui.slice_pane import SlicePane

        self._panes = [SlicePane(session, plane) for plane in _PLANES[:count]]
        for pane in self._panes:
            pane.resize(PANE_PX, PANE_PX)
            pane.show()
        self._changed = What(0)
        session.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        self._changed |= change.what

    def paint(self) -> None:
        changed, self._changed = self._changed, What(0)
        for pane in self._panes:
            pane.apply(changed)
        for pane in self._panes:
            pane.repaint()

    @property
    def written(self) -> list[tuple[str, QRectF]]:
        return [(piece.text, piece.rect) for piece in self._panes[0].written]

    def show_slab(self, slices: int) -> None:
        pane = self._panes[0]
        pane.set_slab("MIP" if slices else None)
        if pane.slab is not None:
            pane.thicken_slab(slices - pane.slab.slices)
