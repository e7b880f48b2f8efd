"""Labels, and what models say, are saved in a process of its own: the libraries that write DICOM make millions of small
objects, and while Python tidies them up no other thread of its process runs, the window's neither."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import struct
import subprocess
import sys
import threading
import zlib
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from viewer.core.study import SeriesError
from viewer.io.label_export import Saved, SavedLabels, save
from viewer.io.segmentation_objects import Report

_LENGTH = struct.Struct("<Q")
_LOOK_EVERY_S = 0.1  # whether a person has cancelled


class _Cancelled(Exception):
    """The window wants no more of it, or is gone."""


def save_in_process(
    what: Saved,
    path: Path,
    kind: str,
    overwrite: bool = False,
    report: Report = lambda fraction, text: None,
) -> SavedLabels:
    """save of label_export, in another process, which is ended if report raises. Raises SeriesError as that does, and
    if that process ends in an unforeseen way."""
    # -P: a folder named viewer beside the person's scans must not be run in place of ours.
    argv = [sys.executable, "-P", "-m", "viewer.io.label_process"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe) as child:
        assert child.stdin is not None and child.stdout is not None and child.stderr is not None
        errors: list[bytes] = []
        reading = threading.Thread(target=lambda: errors.extend(child.stderr or ()), daemon=True)
        reading.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended: its errors say why
                _send(child.stdin, what, path, kind, overwrite)
            saved = _follow(child.stdout, report)
        finally:
            with contextlib.suppress(OSError):
                child.stdin.close()  # which tells it to end, and to leave nothing behind
            child.wait()
            reading.join()
    if saved is None:
        why = errors[-1].decode(errors="replace").strip() if errors else f"exit code {child.returncode}"
        raise SeriesError(f"{path.name} was not saved: the process that writes it ended ({why[:200]})")
    voxels, labels, notes = saved
    return SavedLabels(path, voxels, labels, tuple(notes))


def _send(stream: IO[bytes], what: Saved, path: Path, kind: str, overwrite: bool) -> None:
    names = [name for name in ("voxels", "of_labels", "entropy") if hasattr(what, name)]
    arrays = {name: getattr(what, name) for name in names}
    packed = {name: (array.dtype.str, array.shape, _packed(array)) for name, array in arrays.items()}
    told = replace(what, **dict.fromkeys(names, np.zeros(0, dtype=np.uint8)))
    content = pickle.dumps((told, packed, path, kind, overwrite))
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def _packed(array: NDArray) -> bytes:
    packed = zlib.compressobj(1)
    pieces = [packed.compress(part.tobytes()) for part in array.reshape(-1, *array.shape[-2:])]
    return b"".join([*pieces, packed.flush()])


def _follow(stream: IO[bytes], report: Report) -> tuple[int, int, list[str]] | None:
    """What the process says of itself until it ends: the number of voxels and of labels that it saved, with notes, None
    if it did not come so far. Raises SeriesError where it says that it cannot save them."""
    said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def listen() -> None:
        for line in stream:
            with contextlib.suppress(ValueError):
                said.put(json.loads(line))
        said.put(None)

    threading.Thread(target=listen, daemon=True).start()
    at = 0.0, ""
    while True:
        try:
            news = said.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            news = {}
        if news is None:
            return None
        if "refused" in news:
            raise SeriesError(news["refused"])
        if "saved" in news:
            voxels, count, notes = news["saved"]
            return voxels, count, notes
        at = news.get("at", at)
        report(*at)


# The other process


def main() -> int:
    """Save what comes in, and say how far it is, one line of JSON at a time."""
    stream, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
    told, packed, path, kind, overwrite = pickle.loads(stream.read(length))  # from the window, nobody else
    arrays = {
        name: np.frombuffer(zlib.decompress(bytes_), dtype=kind_).reshape(shape)
        for name, (kind_, shape, bytes_) in packed.items()
    }
    what = replace(told, **arrays)
    unwanted = threading.Event()
    threading.Thread(target=lambda: (stream.read(1), unwanted.set()), daemon=True).start()
    last = -1.0, ""

    def say(**news: Any) -> None:
        print(json.dumps(news), file=answers, flush=True)

    def report(fraction: float, text: str) -> None:
        nonlocal last
        if unwanted.is_set():
            raise _Cancelled
        if text != last[1] or fraction >= last[0] + 0.01:
            last = fraction, text
            say(at=last)

    try:
        saved = save(what, path, kind, overwrite, report)
        say(saved=(saved.voxels, saved.labels, saved.notes))
    except SeriesError as error:
        say(refused=str(error))
    except _Cancelled:
        return 1
    except BrokenPipeError:  # the window is gone
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # a thread still waits for the window
