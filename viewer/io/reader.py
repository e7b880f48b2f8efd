"""Reading in child processes, so that no file can hurt the window: memory and time limits, voxels in shared memory."""

from __future__ import annotations

import contextlib
import itertools
import math
import mmap
import os
import queue
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume
from viewer.io import archives, files
from viewer.io.dicom_pixels import ValuesDoNotFit
from viewer.io.files import Aspect, GrowingVolume, Look
from viewer.io.reader_process import (
    Channel,
    CloseSeries,
    DoesNotFit,
    Failed,
    Finished,
    LookAt,
    Looked,
    Message,
    OutOfMemory,
    Ready,
    SliceRead,
    Stop,
    largest_file_bytes,
    opening_of,
    packed,
    request_for,
    shared_arrays,
    shared_bytes,
)

Progress = Callable[[float, str], None]
Arrived = Callable[[Volume, Sequence[int]], None]
_Answer = tuple[int, Look | SeriesError | None]  # the number of a file or slice, and what is said of it

HEADER_LIMIT_S = 10.0
SLICE_LIMIT_S = 10.0
_DECODED_BYTES_PER_S = 10e6  # the slowest decoder on the slowest processor that we allow for
_STORED_BYTES_PER_S = 1e6  # the slowest disc or network, where one file holds all slices
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 0.5  # for the file at hand after its result is no longer wanted
_SEND_LIMIT_S = 5.0
_END_LIMIT_S = 2.0
_REST_AFTER_S = 2.0  # with nothing to read the readers end: others are forked within some ms, and 25 MB each is much
_MOST_FAILED_STARTS = 2

_PROGRAM = (sys.executable, "-P", "-m", "viewer.io.reader_process")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")

_FILES_AHEAD = 2048  # looked at before the caller has taken the results of earlier ones
_FILES_AT_ONCE = 32  # in one request
_SLICES_AT_ONCE = 16
_TELL_EVERY_S = 1 / 30
_CHECK_EVERY_S = 0.05

_CRASHED = "the reader crashed on it; the file may be damaged: fetch it again"
_TOOK_LONGER = "reading it took longer than {:.0f} s; the file may be damaged: fetch it again"
_NEEDS_MEMORY = "reading it needs more than {:,.0f} MB of memory; the file may be damaged: fetch it again"
_CLOSED = "nothing can be read any more: the program is closing"
_NOT_STARTED = "files cannot be read because the reading process does not start; install Slicewise again"


class Reader:
    """Looks at files and reads series in child processes. Safe to call from several threads.

    A file that crashes its process, or needs more than a time or a memory limit, gets one sentence and a new process
    takes the place of the old one; all other files go on. processes: how many; 0 does everything in this process and
    in the caller's thread, without that protection, as it is always done on Windows, which cannot fork. None takes
    one a processor, at least 2 and at most 4. program: the command line that runs reader_process.run.
    """

    def __init__(self, processes: int | None = None, program: Sequence[str] = _PROGRAM) -> None:
        if processes is None:
            processes = min(4, max(2, os.cpu_count() or 2))
        self._pool = _Pool(processes, program) if processes and sys.platform != "win32" else None
        if self._pool is not None:
            weakref.finalize(self, self._pool.ask_to_end)  # also at the interpreter's exit

    def start(self) -> None:
        """Start the processes if they do not run yet. Returns at once: they import their libraries meanwhile."""
        if self._pool is not None:
            self._pool.start()

    def close(self) -> None:
        """End the processes. Calls that still run, and later ones, raise SeriesError."""
        if self._pool is not None:
            self._pool.close()

    def look_all(
        self, paths: Sequence[Path], check: Callable[[], None] = lambda: None, at: Aspect = "header"
    ) -> Iterator[Look]:
        """What each file is, in the order given, as files.look says. check is called often and may raise to cancel.

        A file that ends its process is refused, like others that cannot be read. Raises SeriesError only if no
        process can be started or the reader was closed.
        """
        if self._pool is None:
            yield from files.look_here(paths, check, at)
            return
        call = _Call(paths, _digest_limit_s(paths) if at == "digest" else HEADER_LIMIT_S, at=at)
        at_once = max(1, min(_FILES_AT_ONCE, math.ceil(len(paths) / (4 * self._pool.processes))))
        submitted = 0
        looks: dict[int, Look] = {}
        try:
            for number in range(len(paths)):
                while submitted < min(len(paths), number + _FILES_AHEAD):
                    batch = range(submitted, min(len(paths), submitted + at_once))
                    self._pool.submit([_Task(call, deque(batch))])
                    submitted = batch.stop
                check()
                while number not in looks:
                    answers = call.next_answers(_CHECK_EVERY_S)
                    if not answers:
                        check()
                    looks.update((answered, look) for answered, look in answers if isinstance(look, Look))
                yield looks.pop(number)
        finally:
            self._pool.drop(call)

    def read(
        self,
        series: Series,
        progress: Progress = lambda fraction, text: None,
        arrived: Arrived | None = None,
        first: int | None = None,
    ) -> Volume:
        """The voxels of a series, in memory that the reading processes fill.

        progress gets a fraction and a text, and may raise to cancel. arrived gets the volume and the numbers k of
        slices that have come since the last call, on the caller's thread: the first time as soon as slice `first` is
        there, with the volume that is returned in the end. It gets another volume, and all slices again, where the
        values turn out to need a larger type than the headers said, or a pixel of what was grey so far has a colour.
        Slices near `first` come before others, and a call with arrived, for which a person waits, before all other
        calls.

        Raises SeriesError with one sentence if the files are gone, damaged, or need more memory than is free;
        SlicesUnreadable if that is so for a few slices only, and no others.
        """
        tried = set()
        value_type = series.value_type
        while True:
            tried.add(value_type)
            try:
                if self._pool is None:
                    return _read_here(series, value_type, _Telling(progress, arrived, first))
                return _read_in(self._pool, series, value_type, _Telling(progress, arrived, first))
            except ValuesDoNotFit as error:
                if error.value_type in tried:
                    raise
                value_type = error.value_type


class _Telling:
    """Keeps the caller of a reading up to date, about 30 times a second."""

    def __init__(self, progress: Progress, arrived: Arrived | None, first: int | None) -> None:
        self._progress, self._arrived, self.first = progress, arrived, first
        self._volume: Volume | None = None
        self._new: list[int] = []
        self._shown = False
        self._last_s = -math.inf

    @property
    def urgent(self) -> bool:
        return self._arrived is not None

    def add(self, k: int) -> None:
        """Slice k is there."""
        self._new.append(k)

    def tell(self, volume: Volume) -> None:
        assert volume.arrived is not None
        if volume is not self._volume:
            self._volume, self._new, self._shown = volume, np.flatnonzero(volume.arrived).tolist(), False
        can_be_shown = bool(self._new) and (self.first is None or bool(volume.arrived[self.first]))
        soon = time.monotonic() - self._last_s < _TELL_EVERY_S
        if soon and not volume.complete and (self._shown or not can_be_shown):  # the first slice waits for nothing
            return
        count, total = int(volume.arrived.sum()), len(volume.arrived)
        self._progress(count / total, f"Read {count} of {total} slices")
        if self._arrived is not None and can_be_shown:
            self._arrived(volume, tuple(self._new))
            self._new.clear()
            self._shown = True
        self._last_s = time.monotonic()


def _read_here(series: Series, value_type: str, telling: _Telling) -> Volume:
    memory = np.zeros(_bytes_that_fit(series, value_type), np.uint8)
    growing = _growing(series, value_type, memory)
    voxels, overlay = shared_arrays(memory, series, value_type)

    unreadable = _Unreadable(series)
    rest: deque[int] = deque()

    def done(k: int) -> None:
        rest.remove(k)
        growing.add(k)
        telling.add(k)
        telling.tell(growing.volume)

    for run in _runs(series, telling.first, processes=1):
        rest.extend(run)
        while rest:
            try:
                files.read_slices(series, tuple(rest), voxels, overlay, done)
            except ValuesDoNotFit:
                raise
            except SeriesError as error:
                unreadable.add(rest.popleft(), error)
    unreadable.tell()
    return growing.volume


def _read_in(pool: _Pool, series: Series, value_type: str, telling: _Telling) -> Volume:
    memory = _SharedMemory(_bytes_that_fit(series, value_type))
    growing = _growing(series, value_type, memory.mapped())
    opening = _Opening(series, packed(opening_of(series, value_type)), memory)
    call = _Call(series.files, _slice_limit_s(series, value_type), opening, telling.urgent)
    try:
        pool.submit([_Task(call, deque(run)) for run in _runs(series, telling.first, pool.processes)])
        unreadable = _Unreadable(series)
        heard = 0
        while heard < series.frames:
            for k, error in call.next_answers(_CHECK_EVERY_S):
                heard += 1
                if isinstance(error, SeriesError):
                    unreadable.add(k, error)
                else:
                    growing.add(k)
                    telling.add(k)
            telling.tell(growing.volume)
        unreadable.tell()
    finally:
        pool.drop(call)
    return growing.volume


class SlicesUnreadable(SeriesError):
    """Some slices cannot be read and all others can: their numbers k, each with the sentence that says why."""

    def __init__(self, sentences: dict[int, str]) -> None:
        more = f" (and {len(sentences) - 1} further slices cannot be read either)" if len(sentences) > 1 else ""
        super().__init__(f"{next(iter(sentences.values()))}{more}")
        self.sentences = sentences


class _Unreadable:
    """The slices of a series that turn out to be damaged, if it still makes sense to read the others."""

    def __init__(self, series: Series) -> None:
        self._most = files.may_lack(series.frames) if _one_by_one(series) else 0
        self._sentences: dict[int, str] = {}

    def add(self, k: int, error: SeriesError) -> None:
        """Raises the error if too many are damaged."""
        self._sentences[k] = str(error)
        if len(self._sentences) > self._most:
            raise error

    def tell(self) -> None:
        if self._sentences:
            raise SlicesUnreadable(dict(sorted(self._sentences.items())))


def _one_by_one(series: Series) -> bool:
    """True if a slice can be read though another cannot: it has a file of its own, or is a frame of its own."""
    return len(series.files) > 1 or len(series.frame_numbers) > 1


def _growing(series: Series, value_type: str, memory: mmap.mmap | NDArray[np.uint8]) -> GrowingVolume:
    """A volume over memory that is still to be filled."""
    arrays = shared_arrays(memory, series, value_type)
    try:
        return GrowingVolume(series, files.volume_of(series, *arrays, arrived=np.zeros(series.frames, np.bool_)))
    except ValueError as error:  # what a series says comes from files, and from a process that reads them
        raise SeriesError(f"the series cannot be shown: {error}") from error


def _bytes_that_fit(series: Series, value_type: str) -> int:
    """How much memory the voxels need. Raises SeriesError if that much is not free, or if there are no such voxels."""
    size_bytes, free_bytes = shared_bytes(series, value_type), _free_bytes()
    with_greys = size_bytes * 4 // 3 if series.colour else size_bytes  # both are held until all slices are there
    if len(series.files) not in (1, series.frames):
        raise SeriesError("its files are not as many as its slices; open its folder again")
    if free_bytes is not None and with_greys > free_bytes:
        raise SeriesError(
            f"the series needs {with_greys / 1e9:,.1f} GB of memory, {free_bytes / 1e9:,.1f} GB are free: "
            "close other programs and open it again"
        )
    return size_bytes


def _slice_limit_s(series: Series, value_type: str) -> float:
    """How long one slice may take, or all of them where one file holds them."""
    if len(set(series.files)) > 1:
        return SLICE_LIMIT_S + largest_file_bytes(series, value_type) / _DECODED_BYTES_PER_S
    decoded, stored = largest_file_bytes(series, value_type), archives.stored_bytes(series.files[0])
    return SLICE_LIMIT_S + decoded / _DECODED_BYTES_PER_S + stored / _STORED_BYTES_PER_S


def _digest_limit_s(paths: Sequence[Path]) -> float:
    """How long the digest of one of some files may take: that of a member of a ZIP no longer than all of its ZIP."""
    return HEADER_LIMIT_S + max(map(archives.stored_bytes, paths), default=0) / _STORED_BYTES_PER_S


def _runs(series: Series, first: int | None, processes: int) -> list[range]:
    """The slices in runs, one request each, in the order in which they are wanted: from `first` outwards.

    Runs grow shorter towards the end, so that no process has much left to do when the others have nothing. A file of
    many frames is opened once for each run.
    """
    count = series.frames
    if len(series.files) == 1:
        return [range(count)]
    frames = Counter(series.files).most_common(1)[0][1]
    most = min(_SLICES_AT_ONCE, math.ceil(count / (8 * processes)))
    least = max(1, min(frames, math.ceil(count / (2 * processes))))
    low = middle = first or 0
    high = low if first is None else low + 1
    runs = [range(low, high)] if high > low else []
    while low > 0 or high < count:
        size = max(least, min(most, (low + count - high) // (2 * processes)))
        if high < count and (low == 0 or high - middle <= middle - low + 1):
            runs.append(range(high, min(high + size, count)))
            high = runs[-1].stop
        else:
            runs.append(range(max(low - size, 0), low))
            low = runs[-1].start
    return runs


class _SharedMemory:
    """Memory that other processes can map. It has no name: it goes when nobody holds this or has it mapped."""

    def __init__(self, size_bytes: int) -> None:
        try:
            self.descriptor = _nameless_file(size_bytes)
        except (OSError, OverflowError) as error:
            raise SeriesError(f"no memory of {size_bytes / 1e9:,.1f} GB can be had for the series ({error})") from error
        self._size_bytes = size_bytes

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):
            os.close(self.descriptor)

    def mapped(self) -> mmap.mmap:
        """Read-only, for as long as somebody has the mapping."""
        return mmap.mmap(self.descriptor, self._size_bytes, access=mmap.ACCESS_READ)


def _nameless_file(size_bytes: int) -> int:
    if sys.platform != "linux":
        with tempfile.TemporaryFile() as file:
            file.truncate(size_bytes)
            return os.dup(file.fileno())
    import fcntl  # POSIX only

    descriptor = os.memfd_create("voxels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size_bytes)
    # A process that a file has taken over must not be able to cut it: reading beyond its end would end the window.
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor


def _free_bytes() -> int | None:
    """Memory that can be had without swapping; None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(AttributeError, OSError, ValueError):  # macOS tells only how much there is in all
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return None


@dataclass(frozen=True, eq=False)
class _Opening:
    """What a process needs to take part in a reading of a series: the packed OpenSeries, and memory."""

    series: Series
    packet: bytes
    memory: _SharedMemory


class _Call:
    """One look_all or read: what its requests have in common, and the answers on their way to the caller.

    paths has a file for each number in its tasks, or one file for all. A reading has an opening; at is what files are
    looked at for.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        limit_s: float,
        opening: _Opening | None = None,
        urgent: bool = False,
        at: Aspect = "header",
    ) -> None:
        self.limit_s, self.opening, self.urgent = limit_s, opening, urgent
        self._at: Aspect = at
        self.over = False
        self._paths = paths
        self._heard: list[_Answer] = []  # belongs to the pool's thread
        self._answers: queue.SimpleQueue[list[_Answer] | SeriesError] = queue.SimpleQueue()

    def file(self, number: int) -> Path:
        return self._paths[number if len(self._paths) > 1 else 0]

    def request(self, numbers: Sequence[int]) -> bytes:
        if self.opening is not None:
            return packed(request_for(self.opening.series, numbers))
        return packed(LookAt(tuple(self.file(number) for number in numbers), self._at))

    def answer(self, number: int, said: Look | SeriesError | None = None) -> None:
        """Keep an answer until all that were heard at once are delivered: each delivery wakes the caller's thread."""
        self._heard.append((number, said))

    def deliver(self) -> None:
        if self._heard:
            self._answers.put(self._heard)
            self._heard = []

    def fail(self, error: SeriesError) -> None:
        self._answers.put(error)

    def next_answers(self, timeout_s: float) -> list[_Answer]:
        """Numbers of files with their looks, or of slices that have been read, with the error for those that cannot
        be; [] if there are none within the time.

        Raises the error that ends the call.
        """
        try:
            answers = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            return []
        if isinstance(answers, SeriesError):
            raise answers
        return answers


@dataclass(eq=False)
class _Task:
    """A request of a call, or what is left of one: numbers of files or of slices that have no answer yet."""

    call: _Call
    numbers: deque[int]

    def awaits_look(self, look: Look) -> bool:
        return self.call.opening is None and bool(self.numbers) and look.file == self.call.file(self.numbers[0])


@dataclass(eq=False)
class _Child:
    """The pool's view of a process."""

    number: int
    parent: _Parent
    channel: Channel
    deadline_s: float
    ready: bool = False
    task: _Task | None = None
    stopping: bool = False
    opened: _Call | None = None  # the reading whose memory it holds


class _Pool:
    """The processes, and the thread that hands out tasks to them and hears their answers.

    Public methods may be called from any thread: they leave orders for that thread, to which all else belongs.
    """

    def __init__(self, processes: int, program: Sequence[str]) -> None:
        self.processes = processes
        self._program = program
        self._lock = threading.RLock()  # of the two below
        self._closed = False
        self._thread: threading.Thread | None = None
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._bell, self._bell_rope = socket.socketpair()
        self._bell.setblocking(False)
        self._bell_rope.setblocking(False)
        self._running = True
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._parent: _Parent | None = None
        self._children: list[_Child] = []
        self._numbers = itertools.count()
        self._failed_starts = 0
        self._resting = False
        self._rest_s = math.inf  # when they are to end if nothing is asked until then
        self._calls: set[_Call] = set()
        self._urgent: deque[_Task] = deque()
        self._others: deque[_Task] = deque()

    def start(self) -> None:
        with self._lock:
            if self._closed:
                raise SeriesError(_CLOSED)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
                self._thread.start()

    def submit(self, tasks: Sequence[_Task]) -> None:
        """Have tasks of one call done, in this order, after those that wait already."""
        with self._lock:
            self.start()
            self._order(lambda: self._take(tasks))

    def drop(self, call: _Call) -> None:
        """Let go of a call: what it still waits for is not done, and its memory is unmapped."""
        self._order(lambda: self._forget(call))

    def ask_to_end(self) -> None:
        """Waits for nothing: a garbage collector may call it on any thread, with whatever locks that one holds."""
        self._closed = True
        self._order(self._stop)

    def close(self) -> None:
        with self._lock:
            self.ask_to_end()
            thread = self._thread
        if thread is None:
            self._end()
        else:
            thread.join()

    def _order(self, order: Callable[[], None]) -> None:
        self._orders.put(order)
        with contextlib.suppress(OSError):  # full: it rings already
            self._bell_rope.send(b"!")

    # From here on only the pool's own thread.

    def _run(self) -> None:
        try:
            while self._running:
                self._rest()
                self._hand_out()
                self._listen()
                self._check_deadlines()
                self._deliver()
        finally:
            self._end()

    def _stop(self) -> None:
        self._running = False

    def _end(self) -> None:
        for call in self._calls:
            call.fail(SeriesError(_CLOSED))
        for child in self._children:
            child.channel.socket.close()
        for end in (self._selector, self._bell, self._bell_rope):
            end.close()
        self._end_parent()

    def _listen(self) -> None:
        deadline_s = min((self._rest_s, *(child.deadline_s for child in self._children)))
        timeout_s = None if deadline_s == math.inf else max(0.0, deadline_s - time.monotonic())
        for key, _ in self._selector.select(timeout_s):
            if key.data is not None:
                self._hear(key.data)
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(4096)
        with contextlib.suppress(queue.Empty):
            while True:
                self._orders.get_nowait()()

    def _rest(self) -> None:
        """End the readers when they were not needed for a while; the process that forks them stays."""
        if self._calls or not self._children or not all(child.ready for child in self._children):
            self._rest_s = math.inf
        elif self._rest_s == math.inf:
            self._rest_s = time.monotonic() + _REST_AFTER_S
        elif time.monotonic() >= self._rest_s:
            for child in tuple(self._children):
                self._end_child(child)
            self._resting, self._rest_s = True, math.inf

    def _deliver(self) -> None:
        for call in self._calls:
            call.deliver()

    def _take(self, tasks: Sequence[_Task]) -> None:
        if not self._children:
            self._failed_starts = 0
        self._resting = False
        for task in tasks:
            self._calls.add(task.call)
            self._queue(task).append(task)

    def _forget(self, call: _Call) -> None:
        call.over = True
        self._calls.discard(call)
        self._urgent = deque(task for task in self._urgent if task.call is not call)
        self._others = deque(task for task in self._others if task.call is not call)
        for child in self._children:
            if child.task is not None and child.task.call is call:
                self._ask_to_stop(child)
                child.deadline_s = min(child.deadline_s, time.monotonic() + _STOP_LIMIT_S)
            elif child.task is None:
                self._close_series(child)

    def _queue(self, task: _Task) -> deque[_Task]:
        return self._urgent if task.call.urgent else self._others

    def _hand_out(self) -> None:
        while not self._resting and len(self._children) < self.processes and self._failed_starts < _MOST_FAILED_STARTS:
            self._fork()
        if not self._children:
            for call in self._calls:
                call.fail(SeriesError(_NOT_STARTED))
            self._urgent.clear()
            self._others.clear()
        for child in tuple(self._children):
            if child.ready and child.task is None and (self._urgent or self._others):
                self._give(child, (self._urgent or self._others).popleft())
        stopping = sum(child.stopping for child in self._children)
        for child in self._children:
            if stopping < len(self._urgent) and child.task is not None and not child.task.call.urgent:
                stopping += not child.stopping
                self._ask_to_stop(child)

    def _give(self, child: _Child, task: _Task) -> None:
        call = task.call
        try:
            if call.opening is not None and child.opened is not call:
                child.channel.send(call.opening.packet, call.opening.memory.descriptor)
                child.opened = call
            child.channel.send(call.request(task.numbers))
        except OSError:  # it died while it was idle: no file's fault
            self._queue(task).appendleft(task)
            self._lose(child, _CRASHED)
            return
        child.task = task
        child.deadline_s = time.monotonic() + call.limit_s

    def _hear(self, child: _Child) -> None:
        try:
            for message in child.channel.receive():
                self._understand(child, message)
        except (EOFError, OSError, ValueError):
            self._lose(child, _CRASHED)
        except _Lost as lost:
            self._lose(child, str(lost))

    def _understand(self, child: _Child, message: Message) -> None:
        """Take in what a child says. Raises ValueError if nobody asked it."""
        task = child.task
        match message:
            case Ready() if not child.ready:
                child.ready, child.deadline_s = True, math.inf
            case Looked(look) if task and task.awaits_look(look):
                task.call.answer(task.numbers.popleft(), look)
                child.deadline_s = _later(child, task)
            case SliceRead(k) if task and task.call.opening and k in task.numbers:
                task.numbers.remove(k)
                task.call.answer(k)
                child.deadline_s = _later(child, task)
            case Finished() if task and (child.stopping or not task.numbers):
                self._put_back(child, task)
            case Failed(reason) if task and task.call.opening and task.numbers:
                task.call.answer(task.numbers.popleft(), SeriesError(reason))  # they are read in order
                self._put_back(child, task)
            case DoesNotFit(value_type) if task and task.call.opening:
                task.call.fail(ValuesDoNotFit(value_type))
                self._free(child)
            case OutOfMemory(limit_bytes) if task:
                raise _Lost(_NEEDS_MEMORY.format(limit_bytes / (1 << 20)))
            case _:
                raise ValueError(f"unasked {type(message).__name__}")

    def _put_back(self, child: _Child, task: _Task) -> None:
        """Free a child; what is left of its task is for the next that is free."""
        self._free(child)
        if task.numbers and not task.call.over:
            self._queue(task).appendleft(task)

    def _free(self, child: _Child) -> None:
        child.task, child.stopping, child.deadline_s = None, False, math.inf
        self._failed_starts = 0
        self._close_series(child)

    def _close_series(self, child: _Child) -> None:
        if child.opened is not None and child.opened.over:
            child.opened = None
            _tell(child, CloseSeries())

    def _ask_to_stop(self, child: _Child) -> None:
        if not child.stopping:
            child.stopping = True
            _tell(child, Stop())

    def _check_deadlines(self) -> None:
        now_s = time.monotonic()
        for child in tuple(self._children):
            if now_s >= child.deadline_s:
                self._lose(child, _TOOK_LONGER.format(child.task.call.limit_s if child.task else _START_LIMIT_S))

    def _lose(self, child: _Child, sentence: str) -> None:
        """End a process that cannot be used any more. The sentence goes to the file that it was at.

        Where that may be one of several files, as what it had done last may not have been sent yet, each is tried
        again by itself.
        """
        self._end_child(child)
        task = child.task
        if task is None:
            self._count_failed_start(child.parent)
        elif task.numbers and not task.call.over:
            file, *others = dict.fromkeys(map(task.call.file, task.numbers))
            if others:
                self._queue(task).extendleft(_Task(task.call, deque([number])) for number in reversed(task.numbers))
            elif task.call.opening is not None:
                error = SeriesError(f"{archives.shown_name(file)}: {sentence}")
                if len(task.numbers) == 1:
                    task.call.answer(task.numbers[0], error)
                else:  # frames of one file, each of which may end another process
                    task.call.fail(error)
            else:
                for number in task.numbers:
                    task.call.answer(number, Look(file, refused=sentence))

    def _end_child(self, child: _Child) -> None:
        self._children.remove(child)
        self._selector.unregister(child.channel)
        child.channel.socket.close()
        child.parent.command(b"K", child.number)

    def _count_failed_start(self, parent: _Parent) -> None:
        if parent is self._parent:
            self._failed_starts += 1
            if not any(child.ready for child in self._children):
                self._end_parent()

    def _fork(self) -> None:
        ours, theirs = socket.socketpair()
        number = next(self._numbers)
        with theirs:
            try:
                if self._parent is None or not self._parent.command(b"F", number, theirs.fileno()):
                    self._end_parent()
                    self._parent = _Parent(self._program)
                    self._parent.command(b"F", number, theirs.fileno())
            except OSError:  # there is no such program, or no memory for it
                self._failed_starts += 1
                ours.close()
                return
        ours.settimeout(_SEND_LIMIT_S)
        child = _Child(number, self._parent, Channel(ours), time.monotonic() + _START_LIMIT_S)
        self._children.append(child)
        self._selector.register(child.channel, selectors.EVENT_READ, child)

    def _end_parent(self) -> None:
        if self._parent is not None:
            self._parent.end()
            self._parent = None


class _Parent:
    """The process that forks the readers, which die with it. Raises OSError if it cannot be started."""

    def __init__(self, program: Sequence[str]) -> None:
        self._commands, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                list(program),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | dict.fromkeys(_ONE_THREAD, "1"),  # there is a process for each processor already
            )

    def command(self, letter: bytes, number: int, descriptor: int | None = None) -> bool:
        """Have a reader forked (F, with its end of the channel) or killed (K). False if this process has died."""
        descriptors = [] if descriptor is None else [descriptor]
        try:
            socket.send_fds(self._commands, [letter + number.to_bytes(4, "little")], descriptors)
        except OSError:
            return False
        return True

    def end(self) -> None:
        """End it and its readers, and wait for them."""
        self._commands.close()
        self._process.terminate()  # while it imports it does not look at its commands
        try:
            self._process.wait(_END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _tell(child: _Child, message: Message) -> None:
    with contextlib.suppress(OSError):  # it has died, which is heard next
        child.channel.send(packed(message))


def _later(child: _Child, task: _Task) -> float:
    """When the next file of a task must be done: not later than now agreed if nobody wants it any more."""
    return child.deadline_s if task.call.over else time.monotonic() + task.call.limit_s


class _Lost(Exception):
    """A process ended; the message is the sentence for the file it was at."""
