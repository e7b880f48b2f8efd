"""How a training lives in its job folder: what it tells is appended to events.jsonl, what a person wants of it stands
in the file wanted, and as long as it lives it holds a lock. So it needs no window: one that opens later reads what
was told, sees from the lock whether the training still runs, and steers it. The system lets go of the lock however
the process ends, and nobody has to trust the number of a process, which is given out again.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

EVENTS, WANTED, LOCK = "events.jsonl", "wanted", "lock"

_LOOK_EVERY_S = 0.1
_WAIT_S = 2.0  # a window looks at the lock by taking it for a moment
_TO_BE_ON_DISK = ("checkpoint", "finished", "failed")


class Stopped(Exception):
    """A person asked the training to end early; what was learnt so far is kept."""


class AlreadyRunning(Exception):
    """Another process does the job of this folder."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a job folder. Raises AlreadyRunning, OSError."""
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        lock.acquire(timeout=_WAIT_S)
    except Timeout:
        raise AlreadyRunning("this training is already running") from None
    try:
        yield
    finally:
        lock.release()


class Events:
    """Appends events to events.jsonl, a line each. What a full disk does not take is written with a later event."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / EVENTS).open("ab+", buffering=0)
        self._waiting = b""
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":  # of a process that was ended in the middle of a line
                self._waiting = b"\n"

    def tell(self, event: dict[str, Any]) -> None:
        self._waiting += json.dumps(json_ready(event)).encode() + b"\n"
        with contextlib.suppress(OSError):
            while self._waiting:
                self._waiting = self._waiting[self._file.write(self._waiting) or 0 :]
            if event["event"] in _TO_BE_ON_DISK:
                os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


class Control:
    """What a person wants of the training: the file wanted says run, pause, stop, or end at once.

    The file is replaced as a whole, and looked at ten times a second on a thread of its own. Without it: run.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / WANTED
        self._going, self._stopped, self._closed = threading.Event(), threading.Event(), threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Wait while paused; raise Stopped once asked to stop."""
        self._going.wait()
        if self._stopped.is_set():
            raise Stopped

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_EVERY_S):
            self._look()

    def _look(self) -> None:
        try:
            wanted = self._file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            wanted = "run"
        except OSError:
            return  # Windows, while it is being replaced
        if wanted == "end":
            os._exit(0)  # the last checkpoint stays
        if wanted == "pause":
            self._going.clear()
        else:
            if wanted == "stop":
                self._stopped.set()
            self._going.set()


def json_ready(value: Any) -> Any:
    """The same with null for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: json_ready(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
