"""Writes each act to the annotation store in its order, without letting a slow disk hold the window."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from viewer.core.events import Act
from viewer.core.geometry import Geometry
from viewer.core.history import Edit
from viewer.core.session import State
from viewer.io.annotation_store import AnnotationStore

_CHECK_S = 0.1
PATIENCE_S = 0.025  # what a disk writes within this is written before the next frame


@dataclass(frozen=True)
class Entry:
    """What AnnotationStore.append has to write; key is its uid."""

    key: str
    geometry: Geometry
    edit: Edit | None
    act: Act
    state: State | None
    study_uid: str


class Journal:
    """What is added is written by a thread of its own; whoever adds waits for it, but not long. An act that cannot be
    written stays at the head of those that wait, for a later one is only right after it.

    ended is called on the thread that deliver brings it to, each time that writing ends: with the error that ended it,
    or None if all is written. With threaded false there is no thread, and all is done before add returns.
    """

    def __init__(
        self,
        store: AnnotationStore,
        deliver: Callable[[Callable[[], None]], None],
        ended: Callable[[OSError | None], None],
        *,
        threaded: bool,
    ) -> None:
        self._store, self._deliver, self._ended = store, deliver, ended
        self._changed = threading.Condition()  # guards the three that follow
        self._waiting: deque[Entry] = deque()
        self._in_hand: Entry | None = None
        self._running = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal") if threaded else None
        if self._thread is not None:
            self._thread.submit(lambda: None).result()  # it starts now: the first act need not wait for that

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """What is not written yet, the oldest first."""
        with self._changed:
            return tuple(self._waiting)

    def waiting_for(self, key: str, check: Callable[[], None] = lambda: None) -> tuple[Entry, ...]:
        """What is not written yet of a series. Waits while one of them is in hand, which is neither written nor not;
        check is called meanwhile and may raise to cancel."""
        with self._changed:
            while not self._changed.wait_for(lambda: self._in_hand is None or self._in_hand.key != key, _CHECK_S):
                check()
            return tuple(entry for entry in self._waiting if entry.key == key)

    def add(self, entry: Entry) -> None:
        """Have an act written after all that were added before."""
        with self._changed:
            self._waiting.append(entry)
        self.write(PATIENCE_S)

    def write(self, patience_s: float) -> bool:
        """Write what waits, or try again; True if all is written within so many seconds."""
        with self._changed:
            begin = bool(self._waiting) and not self._running
            self._running |= begin
        if begin and self._thread is not None:
            self._thread.submit(self._write)
        elif begin:
            self._write()
        with self._changed:
            self._changed.wait_for(lambda: not self._running, patience_s)
            return not self._waiting

    def close(self) -> None:
        """End the thread; what is not written by now is lost."""
        if self._thread is not None:
            self._thread.shutdown()

    def _write(self) -> None:
        error = None
        while error is None and self._take():
            entry = self._in_hand
            assert entry is not None
            try:
                self._store.append(entry.key, entry.geometry, entry.edit, entry.act, entry.state, entry.study_uid)
            except Exception as fault:  # whatever it is: the act stays, and nobody waits for a thread that is gone
                error = fault if isinstance(fault, OSError) else OSError(f"{type(fault).__name__}: {fault}")
            with self._changed:
                if error is None:
                    self._waiting.popleft()
                self._in_hand = None
                self._running = error is None
                self._changed.notify_all()
        self._deliver(lambda: self._ended(error))

    def _take(self) -> bool:
        """Take the oldest act in hand; False, and an end of running, if there is none."""
        with self._changed:
            self._in_hand = self._waiting[0] if self._waiting else None
            self._running = self._in_hand is not None
            self._changed.notify_all()
            return self._running
