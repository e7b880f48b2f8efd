"""What is made ahead is made once, by whichever thread comes first, and what goes wrong is told where it is wanted."""

import threading
import time

import pytest

from viewer.gui.ahead import Ahead


class Maker:
    """Makes things slowly, one after another; counts them, and the threads that it was called by."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.go = threading.Event()

    def __call__(self, thing: str) -> str:
        self.threads.append(threading.current_thread().name)
        self.go.wait(10)
        return thing


def test_a_thing_is_made_once_by_the_other_thread():
    maker, ahead = Maker(), Ahead[str]()
    ahead.begin(maker, "slice")
    while not maker.threads:
        time.sleep(0.001)
    maker.go.set()

    assert (ahead.get(), ahead.get(), ahead.got) == ("slice", "slice", "slice")
    assert maker.threads == ["painting"]


def test_who_wants_it_makes_it_while_the_other_thread_is_busy():
    busy, maker = Maker(), Maker()
    maker.go.set()
    first, second = Ahead[str](), Ahead[str]()
    first.begin(busy, "labels")
    while not busy.threads:
        time.sleep(0.001)
    second.begin(maker, "slice")

    assert second.get() == "slice"
    busy.go.set()
    assert first.get() == "labels"
    assert maker.threads == [threading.current_thread().name]


def test_what_is_forgotten_before_it_is_begun_is_never_made():
    busy, maker = Maker(), Maker()
    first, second = Ahead[str](), Ahead[str]()
    first.begin(busy, "labels")
    while not busy.threads:
        time.sleep(0.001)
    second.begin(maker, "slice")
    second.forget()
    busy.go.set()
    third = Ahead[str]()
    third.begin(str, "later")

    assert (first.get(), third.get()) == ("labels", "later")
    assert maker.threads == [] and second.get() is None and not second.begun


def test_an_error_is_raised_where_the_thing_is_wanted_and_the_thread_goes_on():
    ahead, after = Ahead[int](), Ahead[int]()
    ahead.begin(int, "no number")
    time.sleep(0.05)  # for the other thread
    after.begin(int, "7")

    with pytest.raises(ValueError, match="no number"):
        ahead.get()
    assert after.get() == 7


def test_what_a_thing_was_made_of_is_let_go():
    class Voxels:
        pass

    import weakref

    voxels, ahead = Voxels(), Ahead[str]()
    known = weakref.ref(voxels)
    ahead.begin(lambda of: "picture", voxels)
    ahead.get()
    del voxels

    assert known() is None


def test_a_thing_put_in_its_place_is_got():
    ahead = Ahead[str]()
    ahead.begin(str, "drawn")
    ahead.get()
    ahead.replace("drawn anew")

    assert (ahead.begun, ahead.got, ahead.get()) == (True, "drawn anew", "drawn anew")
