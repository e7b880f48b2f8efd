"""Acts on the region of a label, beside their definitions worked out voxel by voxel."""

import numpy as np
import pytest

from viewer.core import shaping

SPACING = (0.7, 1.1, 2.5)  # i, j, k
SHAPE = (9, 14, 17)


@pytest.fixture
def scattered():
    mask = np.random.default_rng(4).random(SHAPE) < 0.03
    mask[3:6, 4:9, 5:11] = True
    return mask


def places_mm(shape, spacing=SPACING):
    return np.stack(np.indices(shape), axis=-1) * np.array(spacing[::-1])


def ball(shape, middle_kji, radius_mm, spacing=SPACING):
    away = places_mm(shape, spacing) - np.array(middle_kji) * np.array(spacing[::-1])
    return (away**2).sum(axis=-1) <= radius_mm**2


def within(mask, reach_mm):
    at = places_mm(mask.shape)
    own = at[mask]
    nearest = np.sqrt(((at[..., None, :] - own) ** 2).sum(axis=-1)).min(axis=-1)
    return nearest <= reach_mm + 1e-6


@pytest.mark.parametrize("reach_mm", [0.0, 0.7, 1.1, 2.0, 2.5, 4.0])
def test_a_margin_holds_every_voxel_within_reach_and_no_other(scattered, reach_mm):
    np.testing.assert_array_equal(shaping.margin(scattered, SPACING, reach_mm), within(scattered, reach_mm))


@pytest.mark.parametrize("reach_mm", [0.7, 1.1, 1.4, 2.5])
def test_a_negative_margin_takes_away_what_is_near_to_other_voxels_but_not_at_the_grids_edge(reach_mm):
    mask = ball(SHAPE, (0, 7, 8), 6.0)
    np.testing.assert_array_equal(shaping.margin(mask, SPACING, -reach_mm), mask & ~within(~mask, reach_mm))
    assert shaping.margin(mask, SPACING, -reach_mm)[0].any()


def test_nothing_stays_nothing_and_everything_everything():
    none, every = np.zeros(SHAPE, bool), np.ones(SHAPE, bool)
    for act in (
        lambda mask: shaping.margin(mask, SPACING, 3.0),
        lambda mask: shaping.margin(mask, SPACING, -3.0),
        lambda mask: shaping.filled_between(mask, 0, SPACING),
        lambda mask: shaping.smoothed(mask, SPACING, 2.0, "median"),
        lambda mask: shaping.smoothed(mask, SPACING, 2.0, "gaussian"),
        lambda mask: shaping.smoothed(mask, SPACING, 2.0, "opening"),
        shaping.largest_island,
        shaping.filled_holes,
    ):
        assert not act(none).any()
        assert act(every).all()


@pytest.mark.parametrize(("shell", "inner", "outer"), [("inside", 3, 0), ("middle", 1.5, 1.5), ("outside", 0, 3)])
def test_a_shell_lies_where_it_was_asked_for(shell, inner, outer):
    mask = ball((12, 24, 34), (6, 12, 17), 9.0)
    found = shaping.hollow(mask, (1.0, 1.0, 1.0), 3.0, shell)
    larger = shaping.margin(mask, (1.0, 1.0, 1.0), outer) if outer else mask
    smaller = shaping.margin(mask, (1.0, 1.0, 1.0), -inner) if inner else mask
    np.testing.assert_array_equal(found, larger & ~smaller)
    assert found.any() and not found[6, 12, 17]


@pytest.mark.parametrize("shell", ["inside", "middle", "outside"])
def test_a_shell_thinner_than_slices_are_apart_is_closed_all_the_same(shell):
    mask = ball((12, 24, 34), (6, 12, 17), 9.0)
    found = shaping.hollow(mask, (0.5, 0.75, 3.0), 1.0, shell)
    assert not found[6, 12, 17] and shaping.filled_holes(found)[6, 12, 17], "nothing leaks out through its ends"
    assert found.sum() < mask.sum()


@pytest.mark.parametrize(
    ("how", "share"),
    [("median", 0.95), ("opening", 0.97), ("gaussian", (1 - 2.5**2 / 12**2) ** 3)],  # a Gaussian takes sigma^2 / R
)
def test_smoothing_takes_a_spike_and_leaves_the_body_where_it_is(how, share):
    body = ball((16, 40, 60), (8, 20, 30), 12.0)
    spiky = body.copy()
    spiky[8, 20, 45:58] = True
    found = shaping.smoothed(spiky, SPACING, 2.5, how)
    assert not found[8, 20, 50:].any()
    assert abs(found.sum() / body.sum() - share) < 0.03
    assert np.abs(np.argwhere(found).mean(axis=0) - (8, 20, 30)).max() < 0.15


def test_closing_fills_a_notch():
    body = ball((16, 40, 60), (8, 20, 30), 12.0)
    notched = body.copy()
    notched[8, 20:22, :] = False
    found = shaping.smoothed(notched, SPACING, 2.5, "closing")
    assert found[8, 20:22, 25:35].all() and found[notched].all()


def test_a_region_at_the_grids_edge_is_not_eaten_from_there():
    mask = np.zeros((8, 20, 20), bool)
    mask[:, :10] = True
    for how in ("median", "opening", "closing", "gaussian"):
        np.testing.assert_array_equal(shaping.smoothed(mask, (1, 1, 1), 2.0, how), mask)


def test_islands_are_numbered_by_size_and_touch_by_faces():
    mask = np.zeros((4, 8, 8), bool)
    mask[0, 0, 0:2] = True
    mask[1, 1, 2] = True  # touches by a corner alone
    mask[2:4, 4:7, 4:7] = True
    numbers, sizes = shaping.islands(mask)
    assert sizes.tolist() == [18, 2, 1]
    assert (numbers[3, 5, 5], numbers[0, 0, 0], numbers[1, 1, 2], numbers[0, 4, 4]) == (1, 2, 3, 0)
    assert shaping.largest_island(mask).sum() == 18
    assert shaping.without_small_islands(mask, 2).sum() == 20


def test_holes_are_filled_and_bays_are_not():
    mask = np.zeros((7, 9, 9), bool)
    mask[1:6, 1:8, 1:8] = True
    mask[3, 4, 4] = False
    bay = mask.copy()
    bay[3, 4, 4:] = False
    assert shaping.filled_holes(mask)[3, 4, 4]
    np.testing.assert_array_equal(shaping.filled_holes(bay), bay)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_holes_of_a_single_picture_are_those_within_it(axis):
    ring = np.zeros((9, 10), bool)
    ring[2:7, 2:7] = True
    ring[4:6, 3:6] = False
    filled = shaping.filled_holes(np.expand_dims(ring, axis)).squeeze()
    assert filled[2:7, 2:7].all() and np.count_nonzero(filled) == 25
    ring[4, 6] = False  # open to a side
    np.testing.assert_array_equal(shaping.filled_holes(np.expand_dims(ring, axis)).squeeze(), ring)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_between_two_discs_there_is_a_cone(axis):
    shape, spacing = [41, 41, 41], (1.0, 1.0, 1.0)
    down, across = np.ogrid[:41, :41]
    away = np.hypot(down - 20, across - 20)
    slices = np.zeros(shape, bool)
    slices[10], slices[30] = away <= 6, away <= 16
    found = np.moveaxis(shaping.filled_between(np.moveaxis(slices, 0, axis), axis, spacing), axis, 0)
    np.testing.assert_array_equal(found[[10, 30]], slices[[10, 30]])
    assert not found[:10].any() and not found[31:].any()
    for n in range(11, 30):
        radius = 6 + (n - 10) / 2
        assert found[n][away <= radius - 0.8].all() and not found[n][away >= radius + 0.8].any()


def test_outlines_that_do_not_overlap_move_from_one_to_the_other():
    mask = np.zeros((11, 60, 60), bool)
    mask[0, 10:16, 10:16] = True
    mask[10, 40:46, 44:50] = True
    found = shaping.filled_between(mask, 0, (1.0, 1.0, 3.0))
    for n in range(11):
        middle = np.argwhere(found[n]).mean(axis=0)
        np.testing.assert_allclose(middle, (12.5 + 3 * n, 12.5 + 3.4 * n), atol=0.6)
        assert abs(found[n].sum() - 36) <= 8


def test_every_drawn_slice_is_a_support_and_shapes_follow_the_pixels_size():
    mask = np.zeros((9, 30, 90), bool)
    down, across = np.ogrid[:30, :90]
    for k, radius_mm in ((0, 4.0), (4, 12.0), (8, 4.0)):
        mask[k] = np.hypot((down - 15) * 1.0, (across - 45) * 0.3) <= radius_mm
    found = shaping.filled_between(mask, 0, (0.3, 1.0, 5.0))
    middle = np.hypot((down - 15) * 1.0, (across - 45) * 0.3) <= 8.0
    assert (found[2] ^ middle).sum() <= 0.15 * middle.sum()
    np.testing.assert_array_equal(found[2], found[6])
