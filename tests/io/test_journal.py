"""The thread that writes what was done: nobody waits long for a slow disk, and nothing overtakes what could not be
written."""

from __future__ import annotations

import sqlite3
import threading

import numpy as np
import pytest

from viewer.core.geometry import Geometry
from viewer.io.journal import Entry, Journal

GEOMETRY = Geometry((4, 3, 2), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))


class Disk:
    """In the place of an AnnotationStore: holds each act until it may be written, and fails as long as it is full."""

    def __init__(self):
        self.free, self.begun = threading.Event(), threading.Event()
        self.free.set()
        self.full, self.written = None, []

    def append(self, key, geometry, edit, act, state, study_uid):
        self.begun.set()
        self.free.wait(30)
        if self.full:
            raise self.full
        self.written.append((key, study_uid))


@pytest.fixture
def disk():
    return Disk()


@pytest.fixture
def told():
    return []


@pytest.fixture(params=[True, False], ids=["thread", "no thread"])
def journal(request, disk, told):
    journal = Journal(disk, lambda act: act(), told.append, threaded=request.param)
    yield journal
    disk.free.set()
    journal.close()


@pytest.fixture
def behind(disk, told):
    """A journal with a thread."""
    journal = Journal(disk, lambda act: act(), told.append, threaded=True)
    yield journal
    disk.free.set()
    journal.close()


def entry(key, number):
    return Entry(key, GEOMETRY, None, "make", None, str(number))


def test_what_is_added_is_written_in_its_order(journal, disk, told):
    for n in range(20):
        journal.add(entry("ab"[n % 2], n))
    assert journal.write(30) and not journal.waiting
    assert disk.written == [("ab"[n % 2], str(n)) for n in range(20)]
    assert set(told) == {None}


@pytest.mark.parametrize("fault", [OSError("full"), ValueError("full"), sqlite3.ProgrammingError("full")])
def test_nothing_overtakes_what_cannot_be_written(journal, disk, told, fault):
    disk.full = fault
    for n in range(3):
        journal.add(entry("a", n))
    assert not journal.write(30)
    assert [one.study_uid for one in journal.waiting] == ["0", "1", "2"] and not disk.written
    assert isinstance(told[-1], OSError) and "full" in str(told[-1])
    assert len(journal.waiting_for("a")) == 3
    disk.full = None
    assert journal.write(30)
    assert disk.written == [("a", "0"), ("a", "1"), ("a", "2")] and told[-1] is None


def test_nobody_waits_for_a_slow_disk(behind, disk):
    disk.free.clear()
    behind.add(entry("a", 0))  # comes back although the disk does not
    behind.add(entry("a", 1))
    assert not behind.write(0.0)
    assert [one.study_uid for one in behind.waiting] == ["0", "1"] and not disk.written
    disk.free.set()
    assert behind.write(30)
    assert disk.written == [("a", "0"), ("a", "1")]


def test_what_waits_is_told_when_it_is_sure_whether_it_is_written(behind, disk):
    disk.free.clear()
    behind.add(entry("a", 0))
    assert disk.begun.wait(30)
    assert behind.waiting_for("b") == ()  # nothing of that is in hand
    found = []
    asking = threading.Thread(target=lambda: found.append(behind.waiting_for("a")))
    asking.start()
    asking.join(0.1)
    assert asking.is_alive(), "it may be written already, or not"
    with pytest.raises(InterruptedError):
        behind.waiting_for("a", cancelled)
    disk.free.set()
    asking.join(30)
    assert found == [()]


def cancelled():
    raise InterruptedError
