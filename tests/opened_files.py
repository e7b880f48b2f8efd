"""An ear for every file that Python opens, to prove that hostile names lead nowhere."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

_opened: list[str] | None = None


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _opened is not None and isinstance(arguments[0], str | bytes | os.PathLike):
        _opened.append(os.path.realpath(os.fsdecode(arguments[0])))


sys.addaudithook(_listen)  # for the whole process: Python cannot take one away again


@contextlib.contextmanager
def opened_files() -> Iterator[list[str]]:
    """The real paths of all files that Python opens meanwhile, whoever opens them."""
    global _opened
    _opened = []
    try:
        yield _opened
    finally:
        _opened = None
