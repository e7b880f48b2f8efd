"""Work off the GUI thread: background jobs with progress and cancel, and processes that outlive the window."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, TypeVar

T = TypeVar("T")
State = Literal["queued", "running", "done", "failed", "cancelled"]
Deliver = Callable[[Callable[[], None]], None]

_ERROR_LINES = 20
_EVENTS, _WANTED, _LOCK, _ERRORS = "events.jsonl", "wanted", "lock", "errors.txt"  # training.process knows them too
_LOOK_EVERY_S = 0.1
_END_WITHIN_S = 3.0
_REPLACINGS = 20
_LET_GO_AFTER_S = 1.0
_NICENESS = 10


def give_way() -> None:
    """Let the window's thread, and all others, go before this one, and before those that it starts: with two cores and
    three busy threads the window would wait for its turn. Linux alone knows priorities of single threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class Cancelled(Exception):
    """A person cancelled the job."""


class Job:
    """One piece of background work. The worker calls report or check; everyone else only looks and cancels."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.state: State = "queued"
        self.fraction = 0.0
        self.text = ""
        self.error = ""
        self._cancelled = threading.Event()
        self._changed: Callable[[Job], None] = lambda job: None
        self._withdraw: Callable[[], object] = lambda: None  # if it has not begun

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")

    @property
    def cancelled(self) -> bool:
        """True once a person has cancelled, even while the worker has not noticed."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Ask the worker to stop at its next check, or not to begin; returns at once."""
        self._cancelled.set()
        self._withdraw()

    def check(self) -> None:
        """Raise Cancelled if a person has cancelled. Called by the worker between patches or files."""
        if self._cancelled.is_set():
            raise Cancelled(f"{self.title} was cancelled")

    def report(self, fraction: float, text: str = "") -> None:
        """Progress in [0, 1] and what is being done; also a check."""
        self.check()
        self.fraction, self.text = min(max(fraction, 0.0), 1.0), text or self.text
        self._changed(self)


class JobQueue:
    """Runs jobs on worker threads and brings their results to one thread.

    deliver hands a function to the thread that owns the session (the GUI passes one that posts to Qt's
    event loop). With workers=0 a job runs inside submit, which is what the command line and most tests want.
    """

    def __init__(self, workers: int = 2, deliver: Deliver | None = None) -> None:
        self._pool = ThreadPoolExecutor(workers, "job", give_way) if workers else None
        self._in_turn = ThreadPoolExecutor(1, "turn", give_way) if workers else None
        self._left: queue.SimpleQueue[tuple[float, list[Any]] | None] = queue.SimpleQueue()
        if self._pool is not None and self._in_turn is not None:
            running = threading.Barrier(workers + 2)  # all now: to start one later, the GUI thread would wait for it
            for pool in (self._in_turn, *[self._pool] * workers):
                pool.submit(running.wait)
            running.wait()
            threading.Thread(target=self._clear, name="letting go", daemon=True).start()
        self._deliver: Deliver = deliver or (lambda act: act())
        self._listeners: list[Callable[[Job], None]] = []
        self._running: list[Job] = []
        self._closed = False

    @property
    def deliver(self) -> Deliver:
        return self._deliver

    @property
    def threaded(self) -> bool:
        """False if all is done on the thread that asks for it."""
        return self._pool is not None

    @property
    def idle(self) -> bool:
        """True if nothing is queued or running."""
        return not self._running

    def subscribe(self, listener: Callable[[Job], None]) -> None:
        """Have a listener called on the owner's thread when a job's state or progress changes."""
        self._listeners.append(listener)

    def submit(
        self,
        title: str,
        work: Callable[[Job], T],
        done: Callable[[T], None] = lambda result: None,
        failed: Callable[[str], None] = lambda message: None,
        cancelled: Callable[[], None] = lambda: None,
        *,
        in_turn: bool = False,
    ) -> Job:
        """Queue work; on the owner's thread its value goes to done, or one sentence to failed, or cancelled is called.

        in_turn: after all other work of this kind, one at a time; what is not of it does not wait for it. After close
        the job is cancelled at once: a timer may still fire while the window goes.
        """
        job = Job(title)
        if self._closed:
            job.state = "cancelled"
            return job
        job._changed = self._announce
        self._running.append(job)
        self._announce(job)
        pool = self._in_turn if in_turn else self._pool
        if pool is None:
            self._run(job, work, done, failed, cancelled)
        else:
            asked = pool.submit(self._run, job, work, done, failed, cancelled)
            job._withdraw = lambda: asked.cancel() and self._end(job, "cancelled", cancelled)
        return job

    def let_go(self, held: list[Any]) -> None:
        """Clear a list a second from now, when nothing on the screen needs what is in it, on a thread of its own: to
        give back some hundred megabytes takes longer than a frame."""
        if self._pool is None:
            held.clear()
        else:
            self._left.put((time.monotonic() + _LET_GO_AFTER_S, held))

    def _clear(self) -> None:
        give_way()
        while (left := self._left.get()) is not None:
            when_s, held = left
            time.sleep(max(0.0, when_s - time.monotonic()))
            held.clear()

    def close(self) -> None:
        """Cancel what runs and wait for it."""
        self._closed = True
        self._left.put(None)
        for job in tuple(self._running):
            job._withdraw = lambda: None  # nobody listens any more
            job.cancel()
        for pool in (self._pool, self._in_turn):
            if pool is not None:
                pool.shutdown(wait=True, cancel_futures=True)

    def _run(
        self,
        job: Job,
        work: Callable[[Job], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
        cancelled: Callable[[], None],
    ) -> None:
        try:
            job.check()
            job.state = "running"
            self._announce(job)
            result = work(job)
            job.check()
        except Cancelled:
            self._end(job, "cancelled", cancelled)
        except Exception as error:  # the border between any fault of the work and a sentence for a person
            job.error = str(error) or type(error).__name__
            self._end(job, "failed", lambda: failed(job.error))
        else:
            job.fraction = 1.0
            self._end(job, "done", lambda: done(result))

    def _end(self, job: Job, state: State, then: Callable[[], None]) -> None:
        def finish() -> None:
            job.state = state
            with contextlib.suppress(ValueError):
                self._running.remove(job)
            try:
                then()
            finally:
                self._tell(job)

        self._deliver(finish)

    def _announce(self, job: Job) -> None:
        self._deliver(lambda: self._tell(job))

    def _tell(self, job: Job) -> None:
        for listener in tuple(self._listeners):
            listener(job)


class DetachedProcess:
    """A program that does the job of a folder and outlives the window.

    It appends JSON lines to events.jsonl there, looks at the file wanted for a word that says what a person wants, and
    holds a lock on the file lock as long as it lives; its error output goes to errors.txt. argv starts it;
    without, the one that is running is followed. Events after the first `read_bytes` of the file arrive through
    deliver, those of a moment together; on_exit gets the last lines of errors.txt once it is gone.
    """

    def __init__(
        self,
        folder: Path,
        deliver: Deliver,
        on_events: Callable[[list[dict[str, Any]]], None],
        on_exit: Callable[[str], None],
        argv: Sequence[str] | None = None,
        read_bytes: int = 0,
    ) -> None:
        self._folder, self._read_bytes = folder, read_bytes
        self._deliver, self._on_events, self._on_exit = deliver, on_events, on_exit
        self._process = None if argv is None else _started(argv, folder / _ERRORS)
        self._left = threading.Event()
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()

    @property
    def running(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return is_locked(self._folder / _LOCK)

    def leave(self) -> None:
        """Follow it no longer; it goes on."""
        self._left.set()
        self._follower.join()

    def end(self) -> None:
        """Have it end at once, wait until it is gone, and follow it no longer."""
        self.leave()
        write_whole(self._folder / _WANTED, "end")
        until_s = time.monotonic() + _END_WITHIN_S
        while self.running and time.monotonic() < until_s:
            time.sleep(_LOOK_EVERY_S)
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _follow(self) -> None:
        running = True
        while running and not self._left.wait(_LOOK_EVERY_S):
            running = self.running  # looked at before the file: nothing that it told last is missed
            events, self._read_bytes = read_events(self._folder, self._read_bytes)
            if events:
                self._deliver(lambda events=events: self._on_events(events))
        if not running:
            self._deliver(lambda: self._on_exit(_last_words(self._folder / _ERRORS)))


def read_events(folder: Path, after_bytes: int = 0) -> tuple[list[dict[str, Any]], int]:
    """The events in a folder's events.jsonl after so many bytes, and where the next begins. A line that is not whole
    yet, or never will be because its writer was killed, is no event."""
    try:
        with (folder / _EVENTS).open("rb") as file:
            file.seek(after_bytes)
            lines = file.read().splitlines(keepends=True)
    except OSError:
        return [], after_bytes
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
    events = []
    for line in lines:
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict) and "event" in event:
                events.append(event)
    return events, after_bytes + sum(map(len, lines))


def is_locked(file: Path) -> bool:
    """Whether a living process holds the lock on a file."""
    from filelock import FileLock, Timeout

    lock = FileLock(file, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError) as error:
        return isinstance(error, Timeout)
    lock.release()
    return False


def wanted_of(folder: Path) -> str:
    """What a person wanted last of the process of a folder, "run" if nothing."""
    with contextlib.suppress(OSError):
        return (folder / _WANTED).read_text(encoding="utf-8").strip()
    return "run"


def want(folder: Path, word: str) -> None:
    """Tell the process of a folder, or the next one that goes on with its job, what a person wants. Raises OSError."""
    write_whole(folder / _WANTED, word)


def write_whole(path: Path, text: str) -> None:
    """Write a small file so that whoever reads it, and whatever happens meanwhile, it is the old one or the new one.
    Raises OSError."""
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    for attempt in range(_REPLACINGS):
        try:
            os.replace(temporary, path)
            return
        except PermissionError:  # Windows, while another process reads it
            if attempt == _REPLACINGS - 1:
                raise
            time.sleep(_LOOK_EVERY_S / 10)


def _started(argv: Sequence[str], errors: Path) -> subprocess.Popen[bytes]:
    """A process that neither a closed window, nor its terminal, nor a log-off signal takes along."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
    with errors.open("wb") as file:
        return subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            start_new_session=os.name == "posix",
            creationflags=flags,
        )


def _last_words(errors: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(errors.read_text(encoding="utf-8", errors="replace").splitlines()[-_ERROR_LINES:])
    return ""
