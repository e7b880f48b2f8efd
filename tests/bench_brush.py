"""What a person who draws waits for: from a move of the brush to the painted panes, an undo, a fill between slices.

512 x 512 x 300 int16 with a label overlay, panes of 1024 x 1024 pixels. Steps and undos are the 95th percentile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

import numpy as np

from tests.bench_panes import Tell, phantom_session, turn_planes
from tests.bench_peers import PANE_PX
from viewer.core import region_acts
from viewer.core.events import Change, What
from viewer.core.geometry import PLANES, Plane
from viewer.core.painting import Box, Point, union
from viewer.core.session import Session, reshaping

_STEPS = 60
_UNDOS = 20
_RADIUS_MM = 21.0  # 30 voxels in the slice


def brushing(tell_share: Tell) -> None:
    """Time the brush, undo and fill between slices."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    session = phantom_session()
    one, three = _Shown(session, PLANES[:1]), _Shown(session, PLANES)
    session.choose_tool("brush")
    session.choose_label(2)
    for name, shown, shape, radius_mm, oblique, allowed_ms in (
        ("disc of 10 mm, a pane", one, "disc", 10.0, False, 16.0),
        ("sphere of 30 voxels radius, three panes", three, "sphere", _RADIUS_MM, False, 30.0),
        ("disc of 10 mm, three oblique panes", three, "disc", 10.0, True, 30.0),
        ("sphere of 30 voxels radius, three oblique panes", three, "sphere", _RADIUS_MM, True, 30.0),
    ):
        turn_planes(session, oblique)
        session.move_cursor((250, 250, 150))
        session.hand.set_brush_radius(radius_mm)
        session.hand.set_brush_shape(shape)
        shown.paint()
        tell_share(
            f"brush step to painted panes, {name}, p95", _p95(_steps(session, shown)), "ms", "allowed", allowed_ms
        )
        tell_share(f"end of the stroke, {name}", _timed(session.end_stroke), "ms", "allowed", 50.0)
        shown.paint()
        times = [_timed(act) for _ in range(_UNDOS) for act in (shown.after(session.undo), shown.after(session.redo))]
        tell_share(f"undo or redo of the stroke, {name}, p95", _p95(times), "ms", "allowed", 16.0)
    turn_planes(session, False)
    _filling(tell_share)


def _filling(tell_share: Tell) -> None:
    session = phantom_session()
    voxels, volume = np.zeros_like(session.label_map.voxels) if session.label_map else np.zeros(0), session.volume
    assert volume is not None
    y, x = np.ogrid[:512, :512]
    for n in range(10):
        voxels[100 + 3 * n][(y - 200 - 3 * n) ** 2 + (x - 250) ** 2 < (60 + 2 * n) ** 2] = 1
    act = region_acts.fill_between("Region 1", "axial")
    times = [
        _timed(lambda: reshaping("Fill", voxels, 1, lambda own: act.region(own, volume.geometry), session.labels))
        for _ in range(5)
    ]
    tell_share("fill between 10 slices, on its thread", float(np.median(times)), "ms", "allowed", 300.0)


def _steps(session: Session, shown: _Shown) -> list[float]:
    start = session.cursor_at
    plane: Plane = "axial"
    session.begin_stroke(plane, start)
    shown.paint()
    times = []
    for n in range(_STEPS):
        at: Point = (start[0] + 1.5 * n - 60, start[1] + 40 * np.sin(n / 8), start[2])
        times.append(_timed(shown.after(lambda at=at: session.stroke_to(at))))
    return times[5:]


class _Shown:
    """Panes of a session, painted as the window does: where something has changed."""

    def __init__(self, session: Session, planes: Sequence[Plane]) -> None:
        from viewer.gui.app import _application
        from viewer.gui.slice_pane import SlicePane

        self._app = _application()
        self._panes = [SlicePane(session, plane) for plane in planes]
        for pane in self._panes:
            pane.resize(PANE_PX, PANE_PX)
            pane.show()
        self._changed, self._box, self._anywhere = What(0), None, False
        session.subscribe(self._hear)

    def _hear(self, change: Change) -> None:
        self._changed |= change.what
        self._anywhere |= bool(change.what & What.LABELS) and change.box is None
        self._box: Box | None = union(self._box, change.box)

    def paint(self) -> None:
        box = None if self._anywhere else self._box
        changed, self._changed, self._box, self._anywhere = self._changed, What(0), None, False
        for pane in self._panes:
            pane.apply(changed, box)
        self._app.processEvents()

    def after(self, act: Callable[[], object]) -> Callable[[], None]:
        def both() -> None:
            act()
            self.paint()

        return both


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - started)


def _p95(times: list[float]) -> float:
    return float(np.percentile(times, 95))
