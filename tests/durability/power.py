"""Power cuts, simulated: what the painter wrote, as its system calls tell, without what a disk may have lost.

Each file's writes before a sync of it are on the disk. Of those after, a random half is, some of them torn at a sector.
Writes before a sync that failed may be lost though a later sync succeeds (a kernel calls its pages clean then). That
files are there and that they are gone is taken to be on the disk at once: SQLite syncs the folder itself.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

PAINTER = Path(__file__).with_name("painter.py")
CALLS = "openat,pwrite64,fsync,fdatasync,ftruncate,unlink,close,write"
_SECTOR = 512
_CALL = re.compile(r"\d+\s+(\w+)\((.*)\)\s+= (-?\d+)")


@dataclass(frozen=True)
class Event:
    """kind "say": text is a line of the painter's; else what was done to the file of that name."""

    kind: Literal["open", "write", "sync", "failed sync", "truncate", "unlink", "say"]
    text: str
    at: int = 0
    data: bytes = b""


@dataclass
class Disk:
    """Files as a disk has them, and what is written to each but not synced."""

    files: dict[str, bytearray] = field(default_factory=dict)
    pending: dict[str, list[Event]] = field(default_factory=dict)

    def happens(self, event: Event, dice: random.Random) -> None:
        name = event.text
        if event.kind == "open":
            self.files.setdefault(name, bytearray())
        elif event.kind in ("write", "truncate"):
            self.pending.setdefault(name, []).append(event)
        elif event.kind == "sync":
            for write in self.pending.pop(name, []):
                self._apply(write)
        elif event.kind == "failed sync":
            self.lose_power(dice, name)
        elif event.kind == "unlink":
            self.files.pop(name, None)
            self.pending.pop(name, None)

    def lose_power(self, dice: random.Random, only: str = "") -> int:
        """Half of what is pending reaches the disk; returns how many writes do not."""
        lost = 0
        for name in [only] if only else list(self.pending):
            for write in self.pending.pop(name, []):
                if dice.random() < 0.5:
                    lost += 1
                elif write.kind == "write" and dice.random() < 0.2:
                    whole = len(write.data) // _SECTOR
                    self._apply(Event("write", name, write.at, write.data[: dice.randint(0, whole) * _SECTOR]))
                else:
                    self._apply(write)
        return lost

    def _apply(self, write: Event) -> None:
        file = self.files.setdefault(write.text, bytearray())
        if write.kind == "truncate":
            del file[write.at :]
            file.extend(bytes(max(write.at - len(file), 0)))
            return
        file.extend(bytes(max(write.at + len(write.data) - len(file), 0)))
        file[write.at : write.at + len(write.data)] = write.data

    def lay_out(self, folder: Path, names: str) -> None:
        """Put the files whose names begin so into an empty folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in self.files.items():
            if name.startswith(names):
                (folder / name).write_bytes(content)


def can_trace() -> bool:
    """True where strace is there and may look at other programs."""
    try:
        return subprocess.run(["strace", "-qq", "-e", "trace=close", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def paint(folder: Path, writer: str, seed: int, acts: int, inject: Sequence[str] = ()) -> list[Event]:
    """Let the painter work on a folder until its end, and give all that it did. inject: faults in words of strace."""
    trace = folder / "trace"
    faults = [part for fault in inject for part in ("-e", f"inject={fault}")]
    command = ["strace", "-f", "-qq", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", *faults, "-o", str(trace)]
    painter = [sys.executable, str(PAINTER), "run", str(folder), writer, str(seed), str(acts)]
    done = subprocess.run([*command, *painter], capture_output=True, text=True)
    assert done.stdout.endswith("end\n"), done.stderr
    return events_of(trace, folder / "user")


def events_of(trace: Path, folder: Path) -> list[Event]:
    events: list[Event] = []
    names: dict[int, str] = {}  # of files in the folder, by descriptor
    with trace.open() as lines:
        for line in lines:
            found = _CALL.match(line)
            if found is None:
                assert "unfinished" not in line, "the painter has one thread"
                continue
            call, arguments, result = found[1], found[2], int(found[3])
            if call == "openat":
                path = Path(_bytes(arguments.split('"')[1]).decode(errors="replace"))
                if result >= 0 and path.parent == folder:
                    names[result] = path.name
                    events.append(Event("open", path.name))
                continue
            if call == "unlink":
                path = Path(_bytes(arguments.split('"')[1]).decode())
                if result == 0 and path.parent == folder:
                    events.append(Event("unlink", path.name))
                continue
            descriptor = int(arguments.split(",")[0])
            name = names.get(descriptor)
            if call == "close":
                names.pop(descriptor, None)
            elif call == "write" and descriptor == 1:
                events += [Event("say", text) for text in _bytes(arguments.split('"')[1]).decode().splitlines()]
            elif name is not None and call in ("fsync", "fdatasync"):
                events.append(Event("sync" if result == 0 else "failed sync", name))
            elif name is not None and call == "ftruncate" and result == 0:
                events.append(Event("truncate", name, int(arguments.split(",")[1])))
            elif name is not None and call == "pwrite64" and result > 0:
                data = _bytes(arguments.split('"')[1])[:result]
                events.append(Event("write", name, int(arguments.rsplit(",", 1)[1]), data))
    return events


def _bytes(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal.replace("\\x", ""))
