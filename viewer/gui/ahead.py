"""What a painting needs, made by another thread between a change and the painting, so that panes are made at once."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from functools import cache, partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Generic, ParamSpec, TypeVar

_T = TypeVar("_T")
_P = ParamSpec("_P")


class _Making(Generic[_T]):
    """A thing that is made once, by the thread that comes first: the other one, or the one that wants it.

    A Future is made by its own thread only, and takes several locks that two threads wake each other for: a sixth of
    the time of a frame.
    """

    def __init__(self, make: Callable[[], _T]) -> None:
        self._make: Callable[[], _T] | None = make
        self._begun, self._ended = Lock(), Lock()
        self._ended.acquire()
        self._made: _T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Make it, unless somebody has begun to."""
        if not self._begun.acquire(blocking=False) or self._make is None:
            return
        try:
            self._made = self._make()
        except BaseException as error:  # for the one that wants it
            self._error = error
        self._make = None  # with what it was made of
        self._ended.release()

    def result(self) -> _T:
        """The thing, made here or waited for. What making it raised is raised."""
        self.run()
        with self._ended:
            pass
        if self._error is not None:
            raise self._error
        return self._made  # type: ignore[return-value]

    def cancel(self) -> None:
        """Nobody wants it: if it is not under way yet, it is never made."""
        if self._begun.acquire(blocking=False):
            self._make = None


_queue: SimpleQueue[_Making | None] = SimpleQueue()  # None ends the thread


def _work() -> None:
    making = _queue.get()
    while making is not None:
        making.run()
        making = _queue.get()


@cache
def _helper() -> Thread:
    """The other thread, since it was first needed."""
    helper = Thread(target=_work, name="painting", daemon=True)
    helper.start()
    atexit.register(_end, helper)  # Python may end a daemon within a call of a library, and the program with it
    return helper


def _end(helper: Thread) -> None:
    _queue.put(None)
    helper.join()


class Ahead(Generic[_T]):
    """One such thing: nothing at first, then begun, then there once it was got. For the GUI's thread alone."""

    def __init__(self) -> None:
        self._making: _Making[_T] | None = None
        self._got: _T | None = None

    def begin(self, make: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Have it made, unless it is begun already; make() must touch no widget."""
        if self._making is None:
            self._making = _Making(partial(make, *args, **kwargs))
            _helper()
            _queue.put(self._making)

    @property
    def begun(self) -> bool:
        return self._making is not None

    @property
    def got(self) -> _T | None:
        """The thing, if it was got before and not forgotten since."""
        return self._got

    def get(self) -> _T | None:
        """The thing, made now if the other thread has not begun to; None if it was not begun. What making it raised is
        raised here."""
        if self._making is not None:
            self._got = self._making.result()
        return self._got

    def replace(self, thing: _T) -> None:
        """Put another in place of what was got."""
        self._making = _Making(lambda: thing)
        self._got = thing

    def forget(self) -> None:
        """Let go of it; if it is not under way yet, it is never made."""
        if self._making is not None:
            self._making.cancel()
        self._making = self._got = None
