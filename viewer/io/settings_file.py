"""The settings as a JSON file that is never half written, and that two windows may change."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import ValidationError

from viewer.core.settings import Settings
from viewer.io.saving import saved_when_complete

_LOCK_TIMEOUT_S = 5.0  # another window holds the file for a few milliseconds
_LIMIT_BYTES = 1_000_000

Change = Callable[[Settings], Settings]


class SettingsFile:
    """Holds the settings of this window and writes each change of them on a thread of its own.

    A change is a function, which is applied once more to what the file holds when it is written: so what another
    window has changed meanwhile stays, unless both changed the same thing, where the last one wins. This window sees
    the other's changes when it is started the next time. said is a sentence about a file that could not be used, or
    empty. What cannot be written is kept and written with the next change; failed is then told a sentence, on the
    writing thread, once until a change could be written.
    """

    def __init__(self, path: Path, failed: Callable[[str], None] = lambda sentence: None) -> None:
        self._path, self._failed = path, failed
        self._unwritten: list[Change] = []
        self._guard = threading.Lock()
        self._failing = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="settings")
        self.settings, self.said = read_settings(path)

    def change(self, change: Change) -> None:
        """Apply a change at once and have it written soon. A change that changes nothing is not written."""
        changed = change(self.settings)
        if changed == self.settings:
            return
        self.settings = changed
        with self._guard:
            self._unwritten.append(change)
        with contextlib.suppress(RuntimeError):  # closed
            self._writer.submit(self._write)

    def keep(self, **changed: object) -> None:
        """Have settings, by name, be others; as change() does it."""
        self.change(lambda settings: settings.model_copy(update=changed))

    def close(self) -> None:
        """Wait until all is written, or cannot be."""
        self._writer.shutdown(wait=True)

    def _write(self) -> None:
        with self._guard:
            changes = tuple(self._unwritten)
        if not changes:
            return
        from filelock import FileLock, Timeout  # here, because the window need not wait for it when it starts

        try:
            with FileLock(f"{self._path}.lock", timeout=_LOCK_TIMEOUT_S):
                settings, said = read_settings(self._path)
                if said:  # it was damaged since: what this window holds is the best that there is
                    settings = self.settings
                for change in changes:
                    settings = change(settings)
                write_settings(settings, self._path)
        except (OSError, Timeout) as error:
            if not self._failing:
                self._failing = True
                reason = "another window holds them" if isinstance(error, Timeout) else error.strerror or error
                self._failed(f"Your settings could not be saved ({reason}). They hold until the window is closed.")
            return
        self._failing = False
        with self._guard:
            del self._unwritten[: len(changes)]


def read_settings(path: Path) -> tuple[Settings, str]:
    """The settings of a file, those of a first start where there is none, and a sentence about what was not usable.

    A file that is no JSON object is put aside and begun anew. Of one with values that mean nothing a copy is put
    aside, and the other values hold. Keys that this release does not know are passed over.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_LIMIT_BYTES + 1)
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), f"Your settings could not be read ({error.strerror or error}): the usual ones are used."
    try:
        values = json.loads(text) if len(text) <= _LIMIT_BYTES else None
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        kept = _put_aside(path)
        return Settings(), f"The file of your settings was damaged and begun anew.{kept}"
    try:
        return Settings.model_validate(values), ""
    except ValidationError as error:
        wrong = {str(part["loc"][0]) for part in error.errors() if part["loc"]}
    usable = {name: value for name, value in values.items() if name not in wrong}
    kept = _put_aside(path)
    settings = Settings.model_validate(usable)
    with contextlib.suppress(OSError):
        write_settings(settings, path)
    return settings, f"Some of your settings ({', '.join(sorted(wrong))}) were not understood and begun anew.{kept}"


def write_settings(settings: Settings, path: Path) -> None:
    """Write settings so that at every moment the file is the old one or the new one. Raises OSError."""
    text = json.dumps(settings.model_dump(mode="json", exclude_defaults=True), indent=1)
    with saved_when_complete(path, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _put_aside(path: Path) -> str:
    """Rename a file that cannot be used; a sentence about where it is now, with a space before it."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    damaged = path.with_name(f"{path.stem}.damaged-{stamp}-{time.monotonic_ns() % 1_000_000:06d}{path.suffix}")
    try:
        path.rename(damaged)
    except OSError:
        return ""
    return f" The old one is kept: {damaged}"
