"""The heartbeat of a window that is shown on no screen, in a process of its own: the longest time between two beats of
a timer of 5 ms while something is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_ALLOWED_GAP_MS = 100.0
_ROOM_PX = (1600, 1000)
_LIMIT_S = 240.0
_BEAT_MS = 5

Tell = Callable[[str, float, str, str, float], None]


def tell_gaps(tell_share: Tell, module: str, place: Path, about: str) -> None:
    """Run a module with a folder, and tell the gaps that its Watched has measured."""
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, "XDG_DATA_HOME": str(place)}
    argv = [sys.executable, "-m", module, str(place)]
    child = subprocess.run(argv, stdout=subprocess.PIPE, check=True, env=environment, timeout=2 * _LIMIT_S)
    for what, gap_ms in json.loads(child.stdout.splitlines()[-1]).items():
        tell_share(f"longest gap of the heartbeat, {about}, {what}", gap_ms, "ms", "allowed", _ALLOWED_GAP_MS)


class Watched:
    """A window over the folder place/user, with a scan open and at rest."""

    def __init__(self, place: Path, scan: Path) -> None:
        from PySide6.QtCore import QTimer
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication

        from viewer.gui.app import build_window

        self._app, self._rest = QApplication([]), QTest.qWait
        self.window = build_window(place / "user")
        self.window.resize(*_ROOM_PX)
        self.window.show()
        self.window.open_paths([scan])
        session = self.window.session
        self.wait(lambda: session.volume is not None and not session.loading and self._idle)
        self._rest(2000)
        self.gaps: dict[str, float] = {}
        self._last, self._longest_ms = time.monotonic(), 0.0
        self._timer = QTimer(self._app, interval=_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    @property
    def _idle(self) -> bool:
        return self.window.workflows.jobs.idle

    def _beat(self) -> None:
        now = time.monotonic()
        self._longest_ms = max(self._longest_ms, 1000 * (now - self._last))
        self._last = now

    def wait(self, until: Callable[[], bool]) -> None:
        """Let the window live until something is so. Raises TimeoutError."""
        end = time.monotonic() + _LIMIT_S
        while not until():
            if time.monotonic() > end:
                raise TimeoutError
            self._rest(10)

    def measure(self, what: str, act: Callable[[], object], until: Callable[[], bool] = lambda: True) -> None:
        """Note the longest gap from the beginning of an act until it is done, all jobs have ended, and 1.5 s more."""
        self._rest(300)
        self._last, self._longest_ms = time.monotonic(), 0.0
        act()
        self.wait(lambda: until() and self._idle)
        self._rest(1500)  # what is counted and drawn late must not hold it either
        self.gaps[what] = self._longest_ms

    def end(self) -> None:
        """Tell what was measured, and end the process."""
        print(json.dumps(self.gaps), flush=True)
        os._exit(0)
