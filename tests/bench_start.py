"""The start's part of `make bench`: from the command to a window that answers a key, beside a bare window of Qt.

Each start is a process of its own, timed from before it is made. The disk's cache is warm from the first one on.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import json
import os
import resource
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_STARTS = 7
_LISTED = 400  # series in the library of a person who has worked with the program
_WATCHED_S = 3.0  # after the window has answered: what it does late must not block it either
_ALLOWED_MS = 1500.0
_LIMIT_S = 60.0  # for one start: a window without the keyboard never answers
_ALLOWED_GAP_MS = 100.0

Tell = Callable[[str, float, str, str, float], None]


def starting(tell_share: Tell) -> None:
    """Median and worst of some starts with a fresh user folder, with a library, and with a folder to open."""
    import resources

    demo = str(resources.path("demo", "mni152-t1"))
    with tempfile.TemporaryDirectory() as place:
        _fill_library(Path(place, "used"))
        floor = _starts("floor", place)
        for what, answer, user, paths in (
            ("a fresh user folder", "answers Ctrl+K", "fresh-{}", []),
            (f"{_LISTED} series in the library", "answers Ctrl+K", "used", []),
            ("189 slices to open", "shows the first picture", "fresh-{}", [demo]),
        ):
            found = _starts("window", place, user, paths)
            name = f"from the command to a window that {answer}, {what}"
            for rank, value in (("median", statistics.median), ("worst", max)):
                told = f"{name}, {rank} of {_STARTS}"
                tell_share(told, value(one["answered_ms"] for one in found), "ms", "allowed", _ALLOWED_MS)
            middle, bare = (statistics.median(one["answered_ms"] for one in some) for some in (found, floor))
            tell_share(f"{name}, median", middle, "ms", "a bare window of Qt", bare)
            middle, bare = (statistics.median(one["cpu_ms"] for one in some) for some in (found, floor))
            tell_share(f"{name}, processor time", middle, "ms", "a bare window of Qt", bare)
            longest = max(one["gap_ms"] for one in found)
            tell_share(
                f"longest gap of the heartbeat in the {_WATCHED_S:.0f} s after, {what}",
                longest,
                "ms",
                "allowed",
                _ALLOWED_GAP_MS,
            )


def _starts(what: str, place: str, user: str = "", paths: Sequence[str] = ()) -> list[dict[str, float]]:
    found = []
    for n in range(_STARTS + 1):
        environment = {
            "QT_QPA_PLATFORM": "offscreen",
            "DISPLAY": ":offscreen",  # the command asks for one before it asks Qt
            **os.environ,
            "XDG_DATA_HOME": str(Path(place, user.format(n))),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
        argv = [sys.executable, "-m", "tests.bench_start", str(time.monotonic()), what, *paths]
        child = subprocess.run(argv, check=True, capture_output=True, env=environment, timeout=_LIMIT_S)
        found.append(json.loads(child.stdout.splitlines()[-1]))
    return found[1:]  # the first one warms the cache of the disk


def _fill_library(data_home: Path) -> None:
    """A user folder with a library of some hundred series and a remembered window."""
    from tests.listed_series import listed_series
    from viewer.core.settings import RecentStudy, Settings, WindowPlace
    from viewer.core.study import Scan
    from viewer.io.library import Library
    from viewer.io.settings_file import write_settings

    folder = data_home / "slicewise"
    folder.mkdir(parents=True)
    library = Library(folder / "library.sqlite")
    series = [
        listed_series(
            f"1.2.3.{n}",
            patient_id=str(n // 8),
            patient_name=f"Doe^Jane {n // 8}",
            study_uid=f"1.2.{n // 4}",
            files=tuple(Path(f"/somewhere/{n}/{k}.dcm") for k in range(36)),
        )
        for n in range(_LISTED)
    ]
    library.add(Scan(tuple(series), ()))
    library.close()
    recent = tuple(RecentStudy(study_uid=f"1.2.{n}", series_uid=f"1.2.3.{4 * n}") for n in range(12))
    place = WindowPlace(left=40, top=30, width=1400, height=900, maximised=False)
    write_settings(Settings(window=place, recent=recent, splitter=(220, 860, 320)), folder / "settings.json")


def _watch(began_s: float, what: str, paths: Sequence[str]) -> None:
    """In the process that starts: run the command, and tell on its output when its window answered."""
    told: dict[str, float] = {"answered_ms": 0.0, "gap_ms": 0.0}

    class AtQt(importlib.abc.MetaPathFinder):
        """Begins to watch when the command imports the window: Qt, imported sooner, makes other imports slower."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "viewer.gui.app":
                sys.meta_path.remove(self)
                _watch_window(began_s, paths, told)

    if what == "window":
        sys.meta_path.insert(0, AtQt())
        sys.argv = ["slicewise", *paths]
        with contextlib.suppress(SystemExit):
            runpy.run_module("viewer", run_name="__main__", alter_sys=True)
    else:
        _watch_window(began_s, paths, told)
        _bare_window()
    print(json.dumps(told), flush=True)


def _watch_window(began_s: float, paths: Sequence[str], told: dict[str, float]) -> None:
    """Note in told when the window that QApplication.exec() is to run has answered, and how long it was held."""
    from PySide6.QtCore import QEvent, QObject, Qt, QTimer
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

    execute = QApplication.exec
    beats = [0.0]

    class Painted(QObject):
        """Calls once after a widget and what lies in it has been painted."""

        def __init__(self, widget: QWidget, then: Callable[[], object]) -> None:
            super().__init__(widget)
            self._then = then
            widget.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, self._then)
            return False

    def answered() -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        told["answered_ms"] = 1000 * (time.monotonic() - began_s)
        told["cpu_ms"] = 1000 * (used.ru_utime + used.ru_stime)
        QTimer.singleShot(round(1000 * _WATCHED_S), QApplication.closeAllWindows)

    def note() -> None:
        now = time.monotonic()
        if told["answered_ms"] and beats[0]:
            told["gap_ms"] = max(told["gap_ms"], 1000 * (now - beats[0]))
        beats[0] = now

    def act(window: QMainWindow) -> None:
        if paths:
            look(window)
            return
        QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        (shown,) = (w for w in QApplication.topLevelWidgets() if w is not window and w.isVisible())
        Painted(shown, lambda: (answered(), shown.close()))

    def look(window: QMainWindow) -> None:
        volume = window.session.volume  # type: ignore[attr-defined]
        if volume is not None and volume.arrived is not None and volume.arrived.any():
            QTimer.singleShot(0, lambda: Painted(window.panes["axial"], answered))  # type: ignore[attr-defined]
        else:
            QTimer.singleShot(1, lambda: look(window))

    def watched(*_: object) -> int:
        (window,) = (w for w in QApplication.topLevelWidgets() if isinstance(w, QMainWindow))
        Painted(window, lambda: act(window))
        beat = QTimer(window, interval=10)
        beat.timeout.connect(note)
        beat.start()
        return execute()

    QApplication.exec = watched


def _bare_window() -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QKeySequence, QShortcut
    from PySide6.QtWidgets import QApplication, QDialog, QMainWindow

    app = QApplication([])
    window = QMainWindow()
    dialog = QDialog(window)
    shortcut = QShortcut(QKeySequence(Qt.Modifier.CTRL | Qt.Key.Key_K), window)
    shortcut.activated.connect(dialog.open)
    window.resize(1400, 900)
    window.show()
    app.exec()


if __name__ == "__main__":
    _watch(float(sys.argv[1]), sys.argv[2], sys.argv[3:])
