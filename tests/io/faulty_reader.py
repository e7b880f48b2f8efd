"""The reader's child process with planted faults: the first word of a file's name says what goes wrong with it.

Run as a program by test_reader.py. Files with other names are looked at and read as always.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from viewer.io import files, reader_process

_channels: list[reader_process.Channel] = []


def _endless(file):
    while True:
        pass


def _say(body):
    _channels[-1].socket.sendall(len(body).to_bytes(4, "little") + body)


def _cut_the_memory(file):
    """What a process could do to the window that has the same memory mapped."""
    for entry in Path("/proc/self/fd").iterdir():
        if entry.exists() and "voxels" in os.readlink(entry):
            os.ftruncate(int(entry.name), 0)
    for part in Path("/proc/self/map_files").iterdir():
        if "voxels" in os.readlink(part):
            os.truncate(part, 0)


def _raise(error):
    raise error


FAULTS = {
    "abort": lambda file: os.abort(),
    "segfault": lambda file: ctypes.string_at(0),
    "killed": lambda file: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda file: os._exit(0),
    "endless": _endless,
    "holding": lambda file: ctypes.PyDLL(None).sleep(1000),  # keeps the interpreter's lock, as a decoder may
    "hog": lambda file: np.ones(1 << 30),  # 8 GB
    "interrupt": lambda file: _raise(KeyboardInterrupt()),
    "leaving": lambda file: sys.exit(0),
    "error": lambda file: _raise(ZeroDivisionError()),
    "garbage": lambda file: _say(b"rubbish"),
    "shape": lambda file: _say(b'Looked {"look": {"file": 3}}'),
    "unknown": lambda file: _say(b"Pickled {}"),
    "deep": lambda file: _say(b"Looked " + b"[" * 200_000),
    "huge": lambda file: _channels[-1].socket.sendall(b"\xff\xff\xff\xff"),
    "another": lambda file: _say(reader_process.packed(reader_process.Looked(files.Look(Path("/another"))))[4:]),
    "unasked": lambda file: _say(b'SliceRead {"k": 1000}'),
    "cutting": _cut_the_memory,
    "writing": lambda file: file.with_name("written").write_bytes(b"by a reader"),
    "slow": lambda file: time.sleep(0.3),
    "chatter": lambda file: os.write(1, b"chatter\n") and os.write(2, b"chatter\n"),
}


def look(file, at):
    """A DICOMDIR goes wrong as the name of its folder says, a twin when it is compared with another file."""
    FAULTS.get((file.parent if file.name == "DICOMDIR" else file).name.split("-")[0], id)(file)
    if at == "digest" and file.name.startswith("twin"):
        os.abort()
    return files.look(file, at)


def read_slices(series, slices, voxels, overlay, done):
    for k in slices:
        FAULTS.get(series.files[k if len(series.files) > 1 else 0].name.split("-")[0], id)(series.files[k])
        files.read_slices(series, [k], voxels, overlay, done)


class _KnownChannel(reader_process.Channel):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        _channels.append(self)


if __name__ == "__main__":
    reader_process.Channel = _KnownChannel
    reader_process.run(look, read_slices)
