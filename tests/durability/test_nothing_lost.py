"""A person's work survives what kills programs and cuts power: nothing that was said to be saved is ever lost.

Each harness has to catch a planted fault, and must have seen enough that was saved, or it would prove nothing.
"""

from __future__ import annotations

import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from os import kill
from pathlib import Path

import pytest

from tests.durability.painter import digest, prepare, start
from tests.durability.power import PAINTER, Disk, Event, can_trace, paint
from viewer.core.session import Annotations
from viewer.io.annotation_store import AnnotationStore

KILLS, CUTS = 500, 500
needs_strace = pytest.mark.skipif(not can_trace(), reason="strace is not installed, or may not look at programs")


class Killed:
    """Starts painters on one folder, one after the other, and kills each; remembers what they said."""

    def __init__(self, folder: Path, writer: str) -> None:
        self.folder, self.writer = folder, writer
        self.saved = self.opened = 0
        self.lost: list[str] = []
        self._allowed: set[str] = set()  # what may be found at the next start: nothing is known at first
        self._server = subprocess.Popen(
            [sys.executable, str(PAINTER), "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self._line() == "ready"

    def close(self) -> None:
        self._server.stdin.close()
        self._server.wait()

    def paint_and_kill(self, dice: random.Random) -> None:
        """Mostly while it paints, at times while it opens the series."""
        self._server.stdin.write(f"{self.folder} {self.writer} {dice.randrange(10**9)} 100000\n".encode())
        pid = int(self._line().removeprefix("pid "))
        opening = dice.random() < 0.2
        lines, after_s = 0 if opening else dice.randint(1, 26), dice.uniform(0.01, 0.1 if opening else 0.015)
        line = ""
        while lines and line != "over":
            line = self._line()
            self._hear(line)
            lines -= 1
        deadline, killed = time.monotonic() + after_s, False
        while line != "over":
            left = max(deadline - time.monotonic(), 0)
            if not killed and (left == 0 or not select.select([self._server.stdout], [], [], left)[0]):
                with suppress(ProcessLookupError):  # it has just ended by itself: "over" is on its way
                    kill(pid, signal.SIGKILL)
                killed = True
            line = self._line()
            self._hear(line)

    def _hear(self, line: str) -> None:
        word, _, now = line.partition(" ")
        if word == "opened":
            self.opened += 1
            if self._allowed and now not in self._allowed:
                self.lost.append(now)
            self._allowed = {now}
        elif word == "about":
            self._allowed.add(now)
        elif word == "saved":
            self.saved += 1
            self._allowed = {now}
        elif word != "over":
            self.lost.append(line)  # it could not even begin

    def _line(self) -> str:
        letters = bytearray()
        while not letters.endswith(b"\n"):
            letter = self._server.stdout.read(1)
            assert letter, "the painters' server has ended"
            letters += letter
        return letters.decode().strip()


@pytest.fixture
def series(tmp_path) -> Path:
    prepare(tmp_path)
    return tmp_path


def test_kill_9_at_random_moments_loses_no_act_and_damages_nothing(series):
    painters, dice = Killed(series, "store"), random.Random(5)
    for _ in range(KILLS):
        painters.paint_and_kill(dice)
    painters.close()
    assert painters.lost == []
    assert painters.saved >= 5 * KILLS, "too few were saved to prove anything"
    assert not list((series / "user").glob("*.damaged*"))


def test_the_kills_catch_a_plain_writer(series):
    painters, dice = Killed(series, "plain"), random.Random(5)
    for _ in range(40):
        painters.paint_and_kill(dice)
    painters.close()
    assert painters.lost


def found(folder: Path) -> str:
    """The digest of what a start finds in a folder, or why it finds nothing."""
    store = AnnotationStore(folder / "annotations.sqlite")
    try:
        if store.put_aside is not None:
            return "damaged"
        uid = store._database.execute("select uid from annotated").fetchone()
        return "nothing" if uid is None else digest(loaded(store, uid[0]))
    finally:
        store.close()


def loaded(store: AnnotationStore, uid: str) -> Annotations:
    from viewer.io.annotation_store import _geometry

    (grid,) = store._database.execute("select grid from annotated").fetchone()
    work = store.load(uid, _geometry(grid))
    assert work is not None
    return work


def cut_power(events: Sequence[Event], folder: Path, cuts: int, before: Path | None = None) -> tuple[int, list[str]]:
    """Cut the power at so many moments; how many writes were lost by that, and what was found that should not be."""
    dice, lost, wrong, at_first = random.Random(7), 0, [], "nothing"
    if before is not None:
        shutil.copytree(before, folder, dirs_exist_ok=True)
        at_first = found(folder)
    for moment in sorted(dice.choices(range(len(events)), k=cuts)):
        disk = Disk()
        for file in before.glob("annotations*") if before is not None else ():
            disk.files[file.name] = bytearray(file.read_bytes())
        allowed = {at_first}
        for event in events[:moment]:
            disk.happens(event, dice)
            word, _, now = event.text.partition(" ")
            if event.kind == "say" and word in ("opened", "saved"):
                allowed = {now} if word == "saved" else {now, *allowed}
            elif event.kind == "say" and word == "about":
                allowed.add(now)
        lost += disk.lose_power(dice)
        disk.lay_out(folder, "annotations")
        if "annotations.sqlite" not in disk.files:
            continue
        try:
            there = found(folder)
        except Exception as error:
            there = repr(error)
        if there not in allowed:
            wrong.append(f"{moment}: {there}")
    return lost, wrong


@needs_strace
def test_power_cuts_lose_no_act_and_damage_nothing(series):
    """In two sessions, of which the second begins by folding the journal of the first."""
    for seed, acts in ((1, 230), (2, 60)):
        before = shutil.copytree(series / "user", series / f"before {seed}")
        events = paint(series, "store", seed, acts)
        assert sum(event.kind == "say" and event.text.startswith("saved") for event in events) > acts / 2
        lost, wrong = cut_power(events, series / "after", CUTS // 2, before)
        assert wrong == []
        assert lost > CUTS / 4, "too few writes were lost to prove anything"


@needs_strace
def test_the_power_cuts_catch_a_store_that_does_not_sync(series):
    _, wrong = cut_power(paint(series, "normal", 1, 60), series / "after", 60)
    assert wrong


@needs_strace
@pytest.mark.parametrize("call", ["fdatasync:error=EIO", "pwrite64:error=ENOSPC", "pwrite64:error=EIO"])
def test_a_disk_that_fails_now_and_then_loses_nothing(series, call):
    """The program goes on in memory, and writes what it could not write when that is possible again; nothing is said to
    be saved before, not after a failed sync either: the power may be cut at any time."""
    paint(series, "store", 1, 5)
    before = shutil.copytree(series / "user", series / "before")
    paint(series, "store", 2, 5)
    lines = (series / "trace").read_text().splitlines()
    opened = next(n for n, line in enumerate(lines) if b"opened".hex(" ").replace(" ", "\\x") in line)
    first = sum(call.partition(":")[0] in line for line in lines[:opened]) + 1
    failures = 0
    for n in range(6):
        shutil.rmtree(series / "user")
        shutil.copytree(before, series / "user")
        events = paint(series, "store", n, 20, [f"{call}:when={first + 3 * n}..{first + 3 * n + 4 * n}"])
        said = [event.text for event in events if event.kind == "say"]
        failures += said.count("not saved")
        last = max(n for n, text in enumerate(said) if text.startswith(("opened", "saved")))
        assert found(series / "user") in {text.partition(" ")[2] for text in said[last:]}
        _, wrong = cut_power(events, series / "after", 12, before)
        assert wrong == []
    assert failures > 0, "no fault met the annotations"


def test_of_two_windows_with_one_series_the_second_can_only_look(series):
    """And so neither can overwrite what the other does."""
    painter = [sys.executable, str(PAINTER), "run", str(series), "store"]
    first = subprocess.Popen([*painter, "1", "100000"], stdout=subprocess.PIPE, text=True)
    lines = [first.stdout.readline() for _ in range(9)]
    second = subprocess.run([*painter, "2", "40"], capture_output=True, text=True).stdout.splitlines()
    assert first.poll() is None, "the second worked beside it"
    first.kill()
    lines += first.communicate()[0].splitlines()
    assert second[-1] == "end" and not any(line.startswith("about") for line in second)
    last = max(n for n, line in enumerate(lines) if line.startswith("saved"))
    assert found(series / "user") in {line.partition(" ")[2] for line in lines[last:]}


def test_a_full_disk_says_so_once_and_all_is_written_when_there_is_room(series, monkeypatch):
    workflows = start(series)
    said: list[str] = []
    workflows.on_failure(said.append)
    workflows.open_series(workflows.library.all_series()[0].uid)
    session = workflows.session
    (pages,) = workflows.annotation_store._database.execute("pragma page_count").fetchone()
    workflows.annotation_store._database.execute(f"pragma max_page_count = {pages + 1}")
    dice = random.Random(3)
    for _ in range(30):
        session.choose_tool("brush")
        session.hand.set_brush_radius(6.0)
        session.choose_label(dice.choice([1, 2, 3]))
        session.begin_stroke("axial", (dice.uniform(0, 24), dice.uniform(0, 30), dice.randrange(12)))
        session.end_stroke()
    assert workflows.unsaved and len(said) == 1 and "full" in said[0]
    workflows.annotation_store._database.execute("pragma max_page_count = 1000000")
    assert workflows.save_again() and said[1:] == ["All your changes are saved again."]
    workflows.close()
    assert found(series / "user") == digest(session)
