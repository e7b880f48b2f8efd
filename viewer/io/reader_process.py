"""The child processes of the reader: they look at files and read slices where a hostile file can do no harm.

One process imports once what all files need and forks the readers from itself: a reader that died is replaced in
milliseconds, and all of them share the memory of the libraries. Messages are JSON made and validated with pydantic,
never pickle: a child that a file has taken over must not run code in the window. POSIX only.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import json
import mmap
import os
import select
import signal
import socket
import struct
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from viewer.core.study import Series, SeriesError
from viewer.io import files
from viewer.io.archives import ToldPath
from viewer.io.dicom_pixels import ValuesDoNotFit, ValueType
from viewer.io.files import Aspect, Look
from viewer.io.pixel_format import load_gdcm, without_gdcm

T = TypeVar("T")
LookFunction = Callable[[Path, Aspect], Look]
ReadSlicesFunction = Callable[
    [Series, Sequence[int], NDArray, "NDArray[np.bool_] | None", Callable[[int], None]],
    None,
]

# What only some files need, 15 MB each: the first reader that meets such a file imports it, and later ones share it.
_LIBRARIES = ("pydicom.pixels", "gdcm")
_VALUE_TYPES = {np.dtype(kind).name for kind in np.typecodes["AllInteger"] + np.typecodes["Float"]}
_LEAST_MEMORY = 1 << 30
_LONGEST_MESSAGE = 64 << 20
_CHUNK = 64 << 10
_SEND_EVERY_S = 0.03  # results are sent together: each sending wakes two threads of the window
_MOST_UNSENT = 32 << 10
_NICENESS = 5  # the window goes first where both want the same processor
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h


@dataclass(frozen=True)
class LookAt:
    """To a reader: look at these files; each is answered with Looked, in their order, all with Finished."""

    files: tuple[ToldPath, ...]
    at: Aspect = "header"


@dataclass(frozen=True)
class OpenSeries:
    """To a reader: the following ReadSlices are of this series. Its shared memory comes along as a descriptor.

    A series of many files is told without its instances, which each ReadSlices names for its own slices: the first
    picture need not wait until thousands of paths are understood.
    """

    series: Series
    value_type: str
    memory_limit_bytes: int


@dataclass(frozen=True)
class ReadSlices:
    """To a reader: read these slices; each is answered with SliceRead, all with Finished.

    files, frame_numbers and instance_uids are those of the slices, as in Series; empty if the series has them.
    """

    slices: tuple[int, ...]
    files: tuple[ToldPath, ...] = ()
    frame_numbers: tuple[int, ...] = ()
    instance_uids: tuple[str, ...] = ()


@dataclass(frozen=True)
class CloseSeries:
    """To a reader: let go of the series and its memory."""


@dataclass(frozen=True)
class Stop:
    """To a reader: answer Finished after the file or slice it is at."""


@dataclass(frozen=True)
class Ready:
    """From a reader: everything is imported."""


@dataclass(frozen=True)
class Looked:
    look: Look


@dataclass(frozen=True)
class SliceRead:
    k: int


@dataclass(frozen=True)
class Finished:
    """From a reader: free for the next request."""


@dataclass(frozen=True)
class Failed:
    """From a reader, instead of Finished: the slices cannot be read; reason is one sentence."""

    reason: str


@dataclass(frozen=True)
class DoesNotFit:
    """From a reader, instead of Finished: the values need this numpy type."""

    value_type: ValueType


@dataclass(frozen=True)
class OutOfMemory:
    """From a reader, as its last word."""

    limit_bytes: int


Message = (
    LookAt
    | OpenSeries
    | ReadSlices
    | CloseSeries
    | Stop
    | Ready
    | Looked
    | SliceRead
    | Finished
    | Failed
    | DoesNotFit
    | OutOfMemory
)
_MESSAGES: dict[str, type] = {message.__name__: message for message in Message.__args__}


@functools.cache
def _adapter(name: str) -> TypeAdapter:
    return TypeAdapter(_MESSAGES[name])


def packed(message: Message) -> bytes:
    """A message as it goes through the channel: its length in four bytes, its name, a blank, and its fields in JSON."""
    name = type(message).__name__
    try:
        fields = _adapter(name).dump_json(message)
    except PydanticSerializationError:  # a file name that is no valid UTF-8, which Python can write and pydantic cannot
        fields = json.dumps(_adapter(name).dump_python(message, mode="json")).encode("ascii")
    return struct.pack("<I", len(name) + 1 + len(fields)) + name.encode("ascii") + b" " + fields


def _unpacked(body: bytes) -> Message:
    """Raises ValueError for anything that is no message."""
    name, _, fields = body.partition(b" ")
    try:
        adapter = _adapter(name.decode("ascii"))
        try:
            return adapter.validate_json(fields)
        except ValidationError:
            return adapter.validate_python(json.loads(fields))  # the same for the other way to write it
    except (KeyError, RecursionError) as error:
        raise ValueError("this is no message") from error


class Channel:
    """Messages over one end of a socket pair. takes_descriptors: keep the file descriptors that come along."""

    def __init__(self, end: socket.socket, takes_descriptors: bool = False) -> None:
        self.socket = end
        self.descriptors: list[int] = []
        self._takes_descriptors = takes_descriptors
        self._received = bytearray()
        self._messages: deque[Message] = deque()

    def fileno(self) -> int:
        return self.socket.fileno()

    def send(self, packet: bytes | bytearray, descriptor: int | None = None) -> None:
        """Send packed messages. Raises OSError if the other end is gone or does not take it."""
        sent = 0 if descriptor is None else socket.send_fds(self.socket, [packet], [descriptor])
        self.socket.sendall(memoryview(packet)[sent:])

    def wait(self) -> Message:
        """The next message. Raises EOFError when the other end is gone."""
        while not self._messages:
            self._messages.extend(self.receive())
        return self._messages.popleft()

    def has_message(self) -> bool:
        return bool(self._messages) or bool(select.select([self.socket], [], [], 0)[0])

    def receive(self) -> Iterator[Message]:
        """The messages that are complete after one read from the socket, which waits if there is nothing to read.

        Raises EOFError when the other end is gone; ValueError, after the messages before it, for what is no message.
        """
        if self._takes_descriptors:
            chunk, descriptors, _, _ = socket.recv_fds(self.socket, _CHUNK, 1)
            self.descriptors += descriptors
        else:
            chunk = self.socket.recv(_CHUNK)
        if not chunk:
            raise EOFError
        self._received += chunk
        while len(self._received) >= 4:
            (length,) = struct.unpack_from("<I", self._received)
            if length > _LONGEST_MESSAGE:
                raise ValueError("the message is too long")
            if len(self._received) < 4 + length:
                break
            body = bytes(memoryview(self._received)[4 : 4 + length])
            del self._received[: 4 + length]
            yield _unpacked(body)


def shared_bytes(series: Series, value_type: str) -> int:
    """Size of the memory that shared_arrays divides. Raises SeriesError if the series has no such pixels."""
    if series.size is None or min(series.size) < 1:
        raise SeriesError("its headers do not tell how many pixels it has, so it cannot be shown")
    type_ = _value_type(value_type)
    voxels = series.size[0] * series.size[1] * series.size[2]
    return voxels * (type_.itemsize * (3 if series.colour else 1) + (1 if series.overlays else 0))


def shared_arrays(
    memory: mmap.mmap | NDArray[np.uint8], series: Series, value_type: str
) -> tuple[NDArray, NDArray[np.bool_] | None]:
    """voxels[k, j, i] or [k, j, i, 3] and, if the series has any, overlays [k, j, i] within shared memory.

    The arrays keep the mapping alive, and nothing else does.
    """
    assert series.size is not None
    shape = series.size[::-1]
    voxels = np.ndarray((*shape, 3) if series.colour else shape, _value_type(value_type), memory)
    return voxels, np.ndarray(shape, np.bool_, memory, voxels.nbytes) if series.overlays else None


def _value_type(name: str) -> np.dtype:
    if name not in _VALUE_TYPES:  # arrays of Python objects over shared memory would be a way to run code
        raise SeriesError(f"its values cannot be of the type {name}")
    return np.dtype(name)


def largest_file_bytes(series: Series, value_type: str) -> int:
    """What the largest file of a series holds, decoded, as far as its header is right."""
    frames = Counter(series.files).most_common(1)[0][1]
    moments = series.moment.count if series.moment and len(series.files) == 1 else 1  # all in one file
    return shared_bytes(series, value_type) * frames * moments // len(series.files)


def memory_limit_bytes(series: Series, value_type: str) -> int:
    """How much memory of its own a reader may take for a series, above what it has when it is idle."""
    return max(_LEAST_MEMORY, 4 * largest_file_bytes(series, value_type))


def opening_of(series: Series, value_type: str) -> OpenSeries:
    """What a reader must know of a series before it is asked for slices."""
    told = series if len(series.files) == 1 else series.without_instances()
    return OpenSeries(told, value_type, memory_limit_bytes(series, value_type))


def request_for(series: Series, slices: Sequence[int]) -> ReadSlices:
    """A request for some slices of a series that a reader has been told by opening_of."""
    if len(series.files) == 1:
        return ReadSlices(tuple(slices))

    def of_slices(all_: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(all_[k] for k in slices) if all_ else ()

    of_each = of_slices(series.files), of_slices(series.frame_numbers), of_slices(series.instance_uids)
    return ReadSlices(tuple(slices), *of_each)


def _with_instances(series: Series, request: ReadSlices) -> Series:
    """The series as it was told, and the instances of the slices that are asked for in their places."""
    if not request.files:
        return series

    def in_place(of_slices: tuple[T, ...], blank: T) -> tuple[T, ...]:
        all_ = [blank] * series.frames
        for k, one in zip(request.slices, of_slices, strict=True):
            all_[k] = one
        return tuple(all_)

    return replace(
        series,
        files=in_place(request.files, Path()),
        frame_numbers=in_place(request.frame_numbers, 0) if request.frame_numbers else (),
        instance_uids=in_place(request.instance_uids, "") if request.instance_uids else (),
    )


def run(look: LookFunction, read_slices: ReadSlicesFunction) -> NoReturn:
    """Fork readers on command until standard input, which is a socket, ends.

    A command is one letter and the reader's number in four bytes: F, with the reader's end of its channel as a
    descriptor, forks it; K kills it, or buries it if it is dead already. Nothing is answered: a reader says itself
    that it is ready.
    """
    commands = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    for number in (signal.SIGINT, signal.SIGTERM):  # the keyboard's Ctrl-C is for the parent, which then ends this
        signal.signal(number, signal.SIG_IGN)
    _die_with_parent()
    _give_up_rights()
    os.nice(_NICENESS)
    without_gdcm()
    sys.modules["requests"] = None  # type: ignore[assignment]  # with which pydicom would fetch its test files
    for name in _MESSAGES:
        _adapter(name)
    gc.collect()
    gc.freeze()  # objects that are not visited stay in pages that are shared
    told, telling = os.pipe()
    wanted: set[int] = set()
    readers: dict[int, int] = {}
    dying: set[int] = set()
    try:
        while True:
            heard = select.select([commands, told], [], [], 0.1 if dying or (wanted and not readers) else None)[0]
            if told in heard:
                wanted.update(os.read(told, _CHUNK))
            if commands not in heard:
                dying -= {pid for pid in dying if os.waitpid(pid, os.WNOHANG)[0]}
                if wanted and not readers and not heard:  # nobody waits for anything
                    _import(wanted)
                    wanted.clear()
                continue
            command, descriptors, _, _ = socket.recv_fds(commands, 5, 1)
            if len(command) < 5:
                break
            number = int.from_bytes(command[1:], "little")
            if command[:1] == b"F":
                readers[number] = os.fork()
                if readers[number] == 0:
                    commands.close()
                    os.close(told)
                    channel = Channel(socket.socket(fileno=descriptors[0]), takes_descriptors=True)
                    _serve(channel, look, read_slices, telling)
                os.close(descriptors[0])
            else:
                # Its number is not given to another process before it was waited for.
                os.kill(readers[number], signal.SIGKILL)
                dying.add(readers.pop(number))
    finally:
        for pid in readers.values():
            os.kill(pid, signal.SIGKILL)
        for pid in (*readers.values(), *dying):
            os.waitpid(pid, 0)
        os._exit(0)


def _import(numbers: set[int]) -> None:
    """Import some of _LIBRARIES: those forked later have them. Other numbers, of a reader gone mad, mean nothing."""
    for n, library in enumerate(_LIBRARIES):
        if n in numbers:
            load_gdcm() if library == "gdcm" else importlib.import_module(library)
    gc.collect()
    gc.freeze()


def _imported() -> set[int]:
    return {n for n, library in enumerate(_LIBRARIES) if sys.modules.get(library) is not None}


def _die_with_parent() -> None:
    if sys.platform == "linux":  # elsewhere a reader notices when it next reads from its channel
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _give_up_rights() -> None:
    """No core dumps, which would hold patients' pictures; no writing of files; no set-user-id programs."""
    import resource  # POSIX only, but the parent imports this module everywhere

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _private_bytes() -> int | None:
    """What RLIMIT_DATA counts: private writable memory, not what is shared. getrlimit(2), proc(5)."""
    if sys.platform != "linux":
        return None
    return int(Path("/proc/self/statm").read_text().split()[5]) * mmap.PAGESIZE


class _Stopped(BaseException):
    """The parent wants no more of this request. No Exception: nothing on the way may swallow it."""


def _serve(channel: Channel, look: LookFunction, read_slices: ReadSlicesFunction, telling: int) -> NoReturn:
    """Answer requests until the parent is gone. Any other end is a crash, and this process must not go on after it."""
    try:
        _die_with_parent()
        _Reader(channel, look, read_slices, telling).serve()
    finally:
        os._exit(1)


class _Reader:
    def __init__(self, channel: Channel, look: LookFunction, read_slices: ReadSlicesFunction, telling: int) -> None:
        self._channel, self._look, self._read_slices = channel, look, read_slices
        self._telling, self._known = telling, _imported()  # numbers of _LIBRARIES
        self._idle_bytes = _private_bytes()
        self._limit_bytes = self._series_limit_bytes = 0
        self._series: tuple[Series, NDArray, NDArray[np.bool_] | None] | None = None
        self._unsent = bytearray()
        self._sent_s = 0.0

    def serve(self) -> None:
        self._say(Ready())
        while True:
            try:
                self._answer(self._channel.wait())
            except MemoryError:
                self._say(OutOfMemory(self._limit_bytes))
                return
            except _Stopped:
                self._say(Finished())
            except ValuesDoNotFit as error:
                self._say(DoesNotFit(error.value_type))
            except SeriesError as error:
                self._say(Failed(str(error)))
            if new := _imported() - self._known:
                self._known |= new
                os.write(self._telling, bytes(new))

    def _answer(self, request: Message) -> None:
        match request:
            case LookAt(files, at):
                self._limit_memory(_LEAST_MEMORY)
                for file in files:
                    self._add(Looked(self._look(file, at)))
                self._say(Finished())
            case OpenSeries(series, value_type, limit_bytes):
                descriptor = self._channel.descriptors.pop()
                memory = mmap.mmap(descriptor, shared_bytes(series, value_type))
                os.close(descriptor)
                self._series = (series, *shared_arrays(memory, series, value_type))
                self._series_limit_bytes = limit_bytes
            case ReadSlices(slices):
                assert self._series is not None
                self._limit_memory(self._series_limit_bytes)
                series = _with_instances(self._series[0], request)
                self._read_slices(series, slices, self._series[1], self._series[2], self._done)
                self._say(Finished())
            case CloseSeries():
                self._series = None
                gc.collect()  # nothing of it may stay: its memory is given back when the last process lets go
            case Stop():
                pass  # had finished already

    def _done(self, k: int) -> None:
        self._add(SliceRead(k))

    def _add(self, result: Looked | SliceRead) -> None:
        """Say it soon, or go on no longer if the parent wants no more."""
        self._unsent += packed(result)
        if len(self._unsent) > _MOST_UNSENT or time.monotonic() - self._sent_s > _SEND_EVERY_S:
            self._send()
        if self._channel.has_message():  # while a request is answered that can only be Stop
            raise _Stopped

    def _say(self, message: Message) -> None:
        self._unsent += packed(message)
        self._send()

    def _send(self) -> None:
        self._channel.send(self._unsent)
        self._unsent.clear()
        self._sent_s = time.monotonic()

    def _limit_memory(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        if self._idle_bytes is not None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (self._idle_bytes + limit_bytes, resource.RLIM_INFINITY))


if __name__ == "__main__":
    run(files.look, files.read_slices)
