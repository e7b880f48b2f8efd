"""Regions that follow values: on phantoms whose answer is known."""

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core import growing

SPACING = (0.8, 0.8, 2.0)


@pytest.fixture
def rooms():
    """Two bright rooms in the dark, joined by a door that is a little darker, and a third one that touches by a corner
    alone."""
    values = np.full((6, 30, 40), -1000, np.int16)
    values[1:5, 5:15, 5:15] = 100
    values[1:5, 5:15, 18:30] = 110
    values[2, 9, 15:18] = 80
    values[1:5, 15:20, 30:35] = 105
    return values


def flooded(values, seed, low, high):
    """The whole mask of a flood through a volume."""
    found = np.zeros(values.shape, bool)
    answer = growing.flood_volume(lambda k: (values[k] >= low) & (values[k] <= high), len(values), seed)
    if answer is not None:
        found[answer[0]] = answer[1]
    return found


def test_a_flood_goes_through_doors_of_its_values_and_no_others(rooms):
    both = flooded(rooms, (2, 7, 7), 70, 120)
    assert both[2, 7, 20] and both[2, 9, 16] and not both[2, 17, 32]
    one = flooded(rooms, (2, 7, 7), 90, 120)
    assert one.sum() == 4 * 10 * 10
    assert not flooded(rooms, (2, 7, 7), 105, 120).any()


def test_a_flood_of_one_slice_stays_on_it(rooms):
    fits = (rooms >= 90) & (rooms <= 120)
    np.testing.assert_array_equal(growing.flood(fits[2], (7, 7)), flooded(rooms, (2, 7, 7), 90, 120)[2])
    fits = (rooms >= 70) & (rooms <= 120)
    assert growing.flood(fits[1], (7, 7)).sum() == 10 * 10  # the door is on another slice
    assert not growing.flood(fits[1], (0, 0)).any()


@pytest.mark.parametrize("seed", range(6))
def test_a_flood_finds_the_part_that_any_labelling_finds(seed):
    """Foam just dense enough that its largest part winds back and forth through all slices."""
    rng = np.random.default_rng(seed)
    fits = rng.random((12, 25, 30)) < 0.34
    sizes = sitk.RelabelComponent(sitk.ConnectedComponent(sitk.GetImageFromArray(fits.astype(np.uint8)), False))
    numbers = sitk.GetArrayFromImage(sizes)
    for number in (1, 2, 3):
        start = tuple(np.argwhere(numbers == number)[0].tolist())
        box, found = growing.flood_volume(lambda k: fits[k], 12, start)
        whole = np.zeros(fits.shape, bool)
        whole[box] = found
        np.testing.assert_array_equal(whole, numbers == number)


def test_a_flood_can_be_ended(rooms):
    class Ended(Exception):
        pass

    def end(share):
        raise Ended

    with pytest.raises(Ended):
        growing.flood_volume(lambda k: rooms[k] > 0, len(rooms), (2, 7, 7), end)


def test_level_tracing_takes_what_is_as_bright_and_the_holes_in_it():
    down, across = np.ogrid[:60, :60]
    away = np.hypot(down - 30, across - 28)
    values = (1000 - 20 * away).astype(np.int16)
    values[29:31, 27:29] = -500
    values[5:9, 50:55] = 2000
    found = growing.level_traced(values, (30, 40))
    np.testing.assert_array_equal(found, (values >= values[30, 40]) & (away < 15) | (away < 4))


def test_level_tracing_takes_dark_regions_as_well():
    down, across = np.ogrid[:60, :60]
    values = (20 * np.hypot(down - 30, across - 28)).astype(np.int16)
    values[30, 28] = 5000
    np.testing.assert_array_equal(growing.level_traced(values, (30, 40)), (values <= values[30, 40]) | (values == 5000))


@pytest.fixture
def disc():
    down, across = np.ogrid[:300, :320]
    noise = np.random.default_rng(2).normal(0, 8, (300, 320))
    return np.clip(60 + 120 * (np.hypot(down - 150, across - 160) < 80) + noise, 0, 255).astype(np.uint8)


def test_a_live_wire_follows_the_edge_and_holds_its_ends(disc):
    path = growing.LiveWire(disc, (70, 160)).path_to(150, 240)
    assert path[0].tolist() == [70, 160] and path[-1].tolist() == [150, 240]
    assert np.abs(np.diff(path, axis=0)).max() == 1
    away = np.hypot(*(path - (150, 160)).T)
    assert np.abs(away - 80).max() < 4 and len(path) > 80  # a straight line would come as near as 56


def test_beyond_its_reach_a_live_wire_goes_straight_on(disc, monkeypatch):
    monkeypatch.setattr(growing, "_WIRE_REACH_PX", 128)
    path = growing.LiveWire(disc, (2, 3)).path_to(250, 300)
    assert path[-2].tolist() == [129, 130] and path[-1].tolist() == [250, 300]
    assert growing.LiveWire(disc, (299, 319)).path_to(290, 310)[-1].tolist() == [290, 310]


def test_seeds_grow_to_where_values_change_most():
    k, j, i = np.ogrid[:20, :50, :60]
    ball = ((k - 10) * 2.0) ** 2 + ((j - 25) * 0.8) ** 2 + ((i - 30) * 0.8) ** 2 < 14**2
    values = np.where(ball, 90, 20) + np.random.default_rng(3).normal(0, 8, ball.shape)
    seeds = np.zeros(ball.shape, np.uint8)
    seeds[10, 24:27, 28:33] = 3
    seeds[10, 2:4, 4:56] = seeds[1, 4:46, 4] = seeds[18, 4:46, 55] = 7
    around, found = growing.grown_from_seeds(values.astype(np.int16), seeds, SPACING)
    grown = np.zeros_like(seeds)
    grown[around] = found
    np.testing.assert_array_equal(grown[seeds > 0], seeds[seeds > 0])
    dice = 2 * (ball & (grown == 3)).sum() / (ball.sum() + (grown == 3).sum())
    assert dice > 0.93
    assert set(np.unique(found)) == {3, 7}


def test_one_label_alone_has_nothing_to_grow_against():
    seeds = np.zeros((4, 8, 8), np.uint8)
    seeds[2, 3:5, 3:5] = 1
    assert growing.grown_from_seeds(np.zeros((4, 8, 8), np.int16), seeds, SPACING) is None


def test_growing_from_seeds_can_be_ended():
    class Ended(Exception):
        pass

    def end(share):
        raise Ended

    seeds = np.zeros((8, 40, 40), np.uint8)
    seeds[4, 10, 10], seeds[4, 30, 30] = 1, 2
    with pytest.raises(Ended):
        growing.grown_from_seeds(np.zeros(seeds.shape, np.int16), seeds, SPACING, end)
