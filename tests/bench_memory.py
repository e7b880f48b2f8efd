"""The memory's part of `make bench`: what the window and its readers hold beside the voxels of a study.

Linux only: memory is what the program has written, as the task managers of Windows and macOS count it. What several
processes share counts once (proportional set size). Pages of the program's own files are told apart: the system drops
them when it needs room, and how many are there depends on the graphics driver more than on the study.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

_SLICES, _PIXELS = 1000, 512
_VOXELS_MB = _SLICES * _PIXELS * _PIXELS * 2 / 1e6
_ALLOWED_MB = 300.0
_EMPTY = "before anything is opened"
_EVERY_S = 0.02
_WRITTEN = ("Pss_Anon:", "Pss_Shmem:")  # not Pss_File:
_REST_S = 5.0  # after which nothing more is drawn or given back

Tell = Callable[[str, float, str, str, float], None]


def remembering(tell_share: Tell, write_ct: Callable[[Path, int, int], list[Path]]) -> None:
    """Open, look at and label a large CT in a window with all its panes; write_ct(folder, slices, pixels) makes it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "ct")
        folder.mkdir()
        write_ct(folder, _SLICES, _PIXELS)
        most = most_of_each_step(folder, Path(place, "user"))
    empty, empty_written = most.pop(_EMPTY)
    tell_share(f"memory of the window and its readers {_EMPTY}", empty_written, "MB", "allowed", _ALLOWED_MB)
    name = f"memory beyond the {_VOXELS_MB:.0f} MB of voxels of {_SLICES:,} slices"
    peak = max(all_ for all_, _ in most.values()), max(written for _, written in most.values())
    for step, (_, written) in {**most, "at the peak": peak}.items():
        tell_share(f"{name}, {step}", written - _VOXELS_MB, "MB", "allowed", _ALLOWED_MB)
    own, all_ = peak[1] - _VOXELS_MB - empty_written, peak[0] - _VOXELS_MB
    tell_share(f"{name}, what the study adds to the empty window", own, "MB", "allowed", _ALLOWED_MB)
    tell_share(f"{name}, with pages of program files, at the peak", all_, "MB", "without a study", empty)


def most_of_each_step(folder: Path, user_folder: Path) -> dict[str, tuple[float, float]]:
    """The most memory in MB during each step of a person's work, and that which stays at the end: all of it, and
    without the pages of files."""
    argv = [sys.executable, "-m", "tests.bench_memory", str(folder), str(user_folder)]
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    most: dict[str, tuple[float, float]] = {}
    step = ""
    while child.poll() is None:
        if told := child.stdout.readline().strip():
            step = told
            most[step] = 0.0, 0.0
        if step:
            all_, written = family_mb(child.pid), family_mb(child.pid, _WRITTEN)
            before = most[step] if step != "at rest" else (0.0, 0.0)
            most[step] = max(before[0], all_), max(before[1], written)
        time.sleep(_EVERY_S)
    if child.returncode:
        raise RuntimeError(f"the window ended with {child.returncode}")
    return {step: megabytes for step, megabytes in most.items() if step != "the end"}


def family_mb(root: int, kinds: Sequence[str] = ("Pss:",)) -> float:
    """Proportional set size of a process and all its descendants, in MB (Linux). kinds: lines of proc_pid_smaps(5)."""
    parents: dict[str, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parents[process.name] = process.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1]
    family, grown = {str(root)}, True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in family} - family
        family, grown = family | children, bool(children)
    total_kb = 0
    for pid in family:
        with suppress(OSError):
            lines = Path("/proc", pid, "smaps_rollup").read_text().splitlines()
            total_kb += sum(int(line.split()[1]) for line in lines if line.startswith(tuple(kinds)))
    return total_kb * 1024 / 1e6


def _work(folder: Path, user_folder: Path) -> None:
    """In the process that is watched: what a person does, each step told on its output when it begins."""
    from PySide6.QtCore import QEventLoop, QTimer

    from viewer.gui.app import build_window

    def step(name: str) -> None:
        print(name, flush=True)

    def run_until(ended: Callable[[], bool]) -> None:
        loop, timer = QEventLoop(), QTimer(interval=5)
        timer.timeout.connect(lambda: loop.quit() if ended() else None)
        timer.start()
        loop.exec()

    def wait(seconds: float) -> None:
        until = time.monotonic() + seconds
        run_until(lambda: time.monotonic() > until)

    def drawn_in_full() -> bool:
        frame = window.volume_pane._frame
        return frame is not None and frame.full

    window = build_window(user_folder)
    session = window.session
    window.resize(1600, 1000)
    window.show()
    wait(3.0)
    step(_EMPTY)
    wait(1.0)
    step("while it is opened")
    window.open_paths([folder])
    run_until(lambda: session.editable)
    step("while it is first drawn in 3-D")
    run_until(drawn_in_full)
    run_until(lambda: window.workflows.jobs.idle)
    step("while it is scrolled through")
    for k in range(_SLICES):
        session.move_cursor((k // 2, 500 - k // 2, k))
        wait(0.005)
    step("while a label is painted")
    session.choose_tool("brush")
    session.hand.set_brush_radius(10)
    session.begin_stroke("axial", (200, 256, 500))
    for i in range(200, 300, 5):
        session.stroke_to((i, 256, 500))
        wait(0.02)
    session.end_stroke()
    wait(2.0)
    run_until(drawn_in_full)
    step("while slabs of 20 slices are shown")
    for pane in window.panes.values():
        pane.set_slab("MIP")
        assert pane.slab is not None
        pane.thicken_slab(20 - pane.slab.slices)
    for k in range(400, 500):
        session.move_cursor((k, k, k))
        wait(0.01)
    step("at rest")
    wait(_REST_S)
    step("the end")
    window.close()


if __name__ == "__main__":
    _work(Path(sys.argv[1]), Path(sys.argv[2]))
