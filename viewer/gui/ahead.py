"""What a painting needs, made by other threads between a change and the painting, so that panes are made at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, ParamSpec, TypeVar

_T = TypeVar("_T")
_P = ParamSpec("_P")
_THREADS = ThreadPoolExecutor(2, "painting")


class Ahead(Generic[_T]):
    """One such thing: nothing at first, then begun, then there once it was got. For the GUI's thread alone."""

    def __init__(self) -> None:
        self._future: Future[_T] | None = None
        self._got: _T | None = None

    def begin(self, make: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> None:
        """Have it made, unless it is begun already; make() must touch no widget."""
        if self._future is None:
            self._future = _THREADS.submit(make, *args, **kwargs)

    @property
    def begun(self) -> bool:
        return self._future is not None

    @property
    def got(self) -> _T | None:
        """The thing, if it was got before and not forgotten since."""
        return self._got

    def get(self) -> _T | None:
        """The thing, waited for; None if it was not begun. What making it raised is raised here."""
        if self._future is not None:
            self._got = self._future.result()
        return self._got

    def replace(self, thing: _T) -> None:
        """Put another in place of what was got."""
        self._got = thing
        self._future = Future()
        self._future.set_result(thing)

    def forget(self) -> None:
        """Let go of it; if it is not under way yet, it is never made."""
        if self._future is not None:
            self._future.cancel()
        self._future = self._got = None
