"""What moves is played by the clock: nothing is queued, and a moment that is stayed at is opened with its labels."""

import itertools
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Moment, Series
from viewer.core.volume import Volume
from viewer.gui import player as player_module
from viewer.gui.bridge import ChangeGatherer
from viewer.gui.player import Player

SERIES = Series("1", "1", "P", "Phantom", "US", "Cine", (), GeometryVerdict("no-position", "30 frames over time."))


def cine(frames=30) -> Volume:
    grid = Geometry((12, 9, frames), (1, 1, 1), np.zeros(3), np.eye(3), False, slice_origins=np.zeros((0, 3)))
    return Volume(np.zeros(grid.shape, np.int16), grid)


def sequence(count=5):
    grid = Geometry((12, 9, 7), (1, 1, 2), np.zeros(3), np.eye(3))
    headers = tuple(
        replace(SERIES, uid=f"9.{n}", moment=Moment("9", "time", n, count, f"{n}.5 s"), frame_time_ms=40.0)
        for n in range(count)
    )
    return headers, tuple(Volume(np.full(grid.shape, n, np.int16), grid) for n in range(count))


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def opened() -> list[int]:
    """The numbers of the moments that were asked to be opened."""
    return []


@pytest.fixture
def player(session, opened, qtbot) -> Player:
    player = Player(SimpleNamespace(session=session, show_moment=lambda number, of: opened.append(number)))
    qtbot.addWidget(player)
    player.gatherer = ChangeGatherer(session, [player.apply], player)
    return player


def open_sequence(session, player, count=5):
    headers, volumes = sequence(count)
    session.open(headers[0], volumes[0])
    session.set_moments(headers, volumes)
    player.gatherer._tell()
    return headers, volumes


def test_it_is_there_only_where_there_is_something_to_play(session, player, qtbot):
    assert player.kind == "" and player.isHidden() and player.waits_for
    player.toggle()
    assert not player.playing
    grid = Geometry((12, 9, 7), (1, 1, 2), np.zeros(3), np.eye(3))
    session.open(SERIES, Volume(np.zeros(grid.shape, np.int16), grid))
    qtbot.wait(5)
    assert player.isHidden()
    session.open(SERIES, cine())
    qtbot.wait(5)
    assert player.kind == "frames" and not player.isHidden() and not player.waits_for
    assert player.label.text() == "1 of 30"


def test_a_cine_runs_at_the_pace_of_its_file_and_round_and_round(session, player, qtbot):
    session.open(replace(SERIES, frame_time_ms=40.0), cine(10))
    player.gatherer._tell()
    seen = []
    session.subscribe(lambda change: seen.append(session.cursor_ijk[2]))
    player.toggle()
    assert player.playing
    begun = time.monotonic()
    qtbot.waitUntil(lambda: len(seen) > 5 and seen[-1] < seen[-2], timeout=5000)
    turns = 1 + sum(later < earlier for earlier, later in itertools.pairwise(seen))
    frames = 10 * (turns - 1) + seen[-1]
    assert frames * 40 == pytest.approx(1000 * (time.monotonic() - begun), abs=200)
    player.toggle()
    rest = session.cursor_ijk[2]
    qtbot.wait(60)
    assert session.cursor_ijk[2] == rest and not player.playing


def test_frames_are_left_out_and_not_queued_when_the_window_is_slow(session, player, qtbot):
    session.open(replace(SERIES, frame_time_ms=10.0), cine(1000))
    player.gatherer._tell()
    shown = []

    def slow(change):
        shown.append(session.cursor_ijk[2])
        time.sleep(0.08)

    session.subscribe(slow)
    player.toggle()
    begun = time.monotonic()
    qtbot.wait(700)
    player.pause()
    passed_ms = 1000 * (time.monotonic() - begun)
    assert 3 <= len(shown) <= 10
    assert shown[-1] * 10 == pytest.approx(passed_ms, abs=250), "it keeps time"


def test_the_speed_can_be_changed_while_it_plays(session, player, qtbot):
    session.open(replace(SERIES, frame_time_ms=20.0), cine(1000))
    player.gatherer._tell()
    player.toggle()
    qtbot.wait(200)
    before = session.cursor_ijk[2]
    player.speed.setCurrentText("4×")
    begun = time.monotonic()
    qtbot.wait(300)
    frames = session.cursor_ijk[2] - before
    assert frames == pytest.approx(1000 * (time.monotonic() - begun) / 5, abs=40)


def test_steps_go_one_picture_on_or_back_and_round_the_end(session, player, qtbot):
    session.open(SERIES, cine(3))
    player.gatherer._tell()
    player.step(-1)
    assert session.cursor_ijk[2] == 2
    player.step(1)
    player.step(1)
    assert session.cursor_ijk[2] == 1
    qtbot.wait(5)
    assert player.slider.value() == 1 and player.label.text() == "2 of 3"


def test_scrolling_by_hand_moves_the_slider(session, player, qtbot):
    session.open(SERIES, cine())
    session.scroll("axial", 7)
    qtbot.wait(5)
    assert player.slider.value() == 7
    player.toggle()
    qtbot.waitUntil(lambda: session.cursor_ijk[2] > 7)


def test_nothing_plays_before_it_is_read(session, player, qtbot):
    volume = replace(cine(), arrived=np.arange(30) < 3)
    session.open(SERIES, volume)
    qtbot.wait(5)
    assert player.waits_for == "Still being read"
    session.complete(cine())
    qtbot.wait(5)
    assert not player.waits_for

    headers, volumes = sequence()
    session.open(headers[0], volumes[0])
    session.set_moments(headers)
    qtbot.wait(5)
    assert player.kind == "moments" and player.waits_for == "Still being read"


def test_moments_are_shown_while_playing_and_the_last_one_is_opened(session, player, opened, qtbot):
    _, volumes = open_sequence(session, player)
    player.toggle()
    qtbot.waitUntil(lambda: session.shown is volumes[2], timeout=5000)
    assert opened == [] and session.volume is volumes[0]
    player.pause()
    assert opened == [next(n for n, volume in enumerate(volumes) if volume is session.shown)]


def test_resting_on_the_open_moment_brings_its_labels_back_without_opening_it_again(session, player, opened, qtbot):
    _, volumes = open_sequence(session, player)
    player.toggle()
    qtbot.waitUntil(lambda: session.shown is volumes[1], timeout=5000)
    qtbot.waitUntil(lambda: session.shown is volumes[0], timeout=5000)
    player.pause()
    assert opened == [] and session.editable


def test_a_moment_is_opened_when_the_slider_has_come_to_rest(session, player, opened, qtbot, monkeypatch):
    headers, volumes = open_sequence(session, player)
    for number in (1, 2, 3):
        player.slider.setValue(number)
        assert session.shown is volumes[number]
        qtbot.wait(30)
    assert opened == [] and player.label.text() == "3.5 s · 4 of 5"
    qtbot.waitUntil(lambda: bool(opened), timeout=2000)
    assert opened == [3]
    session.open(headers[3], volumes[3], keep_view=True)
    qtbot.wait(5)
    assert player.slider.value() == 3 and session.editable


def test_moments_that_are_not_at_hand_are_opened_one_by_one(session, player, opened, qtbot):
    headers, volumes = sequence()
    session.open(headers[0], volumes[0])
    session.set_moments(headers)
    qtbot.wait(5)
    player.step(1)
    qtbot.waitUntil(lambda: opened == [1], timeout=2000)


def test_slow_sequences_are_played_faster_than_they_were_made(session, player):
    headers, volumes = sequence()
    session.open(replace(headers[0], frame_time_ms=3000.0), volumes[0])
    session.set_moments(headers, volumes)
    assert player._period_ms == player_module._PERIODS_MS[1]


def test_opening_another_series_ends_it(session, player, opened, qtbot):
    open_sequence(session, player)
    player.toggle()
    session.open(SERIES, cine())
    qtbot.wait(80)
    assert not player.playing and session.cursor_ijk[2] == 0 and opened == []


@pytest.mark.parametrize("moments", [False, True])
def test_the_bar_names_a_picture_when_the_panes_show_it_and_not_before(session, player, moments):
    if moments:
        open_sequence(session, player, 30)
    else:
        session.open(SERIES, cine(30))
        player.gatherer._tell()
    named = player.label.text()
    player.step(3)
    assert player.label.text() == named, "the panes have not heard of it yet"
    player.gatherer._tell()
    assert player.label.text() != named and player.slider.value() == 3
