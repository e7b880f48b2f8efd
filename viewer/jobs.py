"""Work off the GUI thread: background jobs with progress and cancel, and child processes that talk in JSON lines."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

T = TypeVar("T")
State = Literal["queued", "running", "done", "failed", "cancelled"]
Deliver = Callable[[Callable[[], None]], None]

_ERROR_LINES = 20
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


class ChildProcess:
    """A program that writes JSON lines and reads one command a line; events arrive through deliver.

    on_exit gets the exit code and the last lines it wrote to its error output.
    """

    def __init__(
        self,
        argv: Sequence[str],
        deliver: Deliver,
        on_event: Callable[[dict[str, Any]], None],
        on_exit: Callable[[int, str], None],
    ) -> None:
        self._process = subprocess.Popen(
            list(argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        self._deliver, self._on_event, self._on_exit = deliver, on_event, on_exit
        self._errors: deque[str] = deque(maxlen=_ERROR_LINES)
        self._error_reader = threading.Thread(target=self._read_errors, daemon=True)
        self._error_reader.start()
        self._reader = threading.Thread(target=self._read_events, daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, command: str) -> None:
        """Write one command line; a child that has already ended does not mind."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(command + "\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the child at once and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def wait(self, timeout_s: float | None = None) -> int:
        """Wait for the child's end and for its last event to be handed to deliver; returns the exit code."""
        code = self._process.wait(timeout_s)
        self._reader.join(timeout_s)
        return code

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue  # a library's own print must not end the run
            if isinstance(event, dict):
                self._deliver(lambda event=event: self._on_event(event))
        code = self._process.wait()
        self._error_reader.join()
        self._deliver(lambda: self._on_exit(code, "".join(self._errors)))

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors.extend(self._process.stderr)
