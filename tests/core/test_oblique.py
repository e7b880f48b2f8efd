"""Planes that cut across the grid: where they lie, by hand-worked numbers and by what must be true of every plane."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from viewer.core.geometry import PLANES, Geometry, PlaneAxes, mirrored, plane_axes, turned
from viewer.core.oblique import (
    ObliqueAxes,
    rotation_to,
    screen_directions,
    tilt_degrees,
    towards,
    turned_about,
    turned_axes,
)

HEAD_FIRST = Geometry((40, 30, 20), (1.0, 2.0, 3.0), np.array([-20.0, -30.0, 100.0]), np.eye(3))


def tilted(geometry, *turns):
    rotation = None
    for plane, degrees in turns:
        rotation = turned_about(rotation, geometry, plane, np.radians(degrees))
    return rotation


@pytest.fixture(params=[(("axial", 20), ("coronal", -35)), (("sagittal", 130), ("axial", 10), ("coronal", 60))])
def rotation(request, phantom):
    return tilted(phantom.geometry, *request.param)


@pytest.fixture(params=PLANES)
def axes(request, phantom, rotation) -> ObliqueAxes:
    found = turned_axes(phantom.geometry, plane_axes(phantom.geometry, request.param), rotation)
    assert isinstance(found, ObliqueAxes)
    return found


def test_planes_turn_clockwise_as_the_axial_one_is_seen_from_the_feet():
    rotation = tilted(HEAD_FIRST, ("axial", 90))

    # On the screen L is right and P is down, and clockwise goes from right to down.
    np.testing.assert_allclose(rotation @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(rotation @ [0, 1, 0], [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(rotation @ [0, 0, 1], [0, 0, 1], atol=1e-12)


def test_a_plane_whose_own_lines_are_turned_stays_the_acquired_slice_upright(phantom):
    acquired = plane_axes(phantom.geometry, "axial")

    assert turned_axes(phantom.geometry, acquired, tilted(phantom.geometry, ("axial", 33))) is acquired


def test_planes_stay_perpendicular_however_often_they_are_turned(phantom):
    rotation, rng = None, np.random.default_rng(4)
    for _ in range(500):
        rotation = turned_about(rotation, phantom.geometry, PLANES[rng.integers(3)], rng.uniform(-0.4, 0.4))

    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-13)


def test_turning_back_leaves_planes_of_the_grid(phantom):
    assert tilted(phantom.geometry, ("axial", 20), ("axial", -20)) is None
    assert tilted(phantom.geometry, *[("coronal", 36)] * 10) is None


def test_the_picture_of_a_turned_plane_is_turned_no_more_than_its_normal(phantom, rotation, axes):
    right, down = screen_directions(phantom.geometry, axes.acquired)
    before, after = towards(phantom.geometry, axes.plane), np.array(axes.towards)

    np.testing.assert_allclose(after, rotation @ before, atol=1e-12)
    turn = np.array([axes.right, axes.down, after]).T @ np.array([right, down, before])  # from old to new directions
    np.testing.assert_allclose(np.linalg.det(turn), 1)
    angle = np.degrees(np.arccos((np.trace(turn) - 1) / 2))
    assert angle == pytest.approx(np.degrees(np.arccos(before @ after)), abs=1e-5)  # no way is shorter
    assert tilt_degrees(axes) == pytest.approx(angle, abs=1e-5)


def test_a_mirrored_and_turned_picture_of_a_turned_plane_is_the_same_picture_mirrored_and_turned(phantom, rotation):
    acquired = plane_axes(phantom.geometry, "coronal")
    plain = turned_axes(phantom.geometry, acquired, rotation)
    other = turned_axes(phantom.geometry, turned(mirrored(acquired), 1), rotation)

    np.testing.assert_allclose(other.down, -np.array(plain.right), atol=1e-12)  # left is above after a quarter turn
    np.testing.assert_allclose(other.right, -np.array(plain.down), atol=1e-12)
    assert other.towards == pytest.approx(plain.towards)


def test_screen_and_index_are_inverse_and_on_the_plane(phantom, axes):
    size, rng = phantom.geometry.size, np.random.default_rng(0)
    for column, row, depth in rng.uniform(-9, 9, (20, 3)):
        index = axes.to_index(column, row, depth, size)
        np.testing.assert_allclose(axes.to_screen(index, size), (column, row), atol=1e-9)
        assert axes.depth_of(index) == pytest.approx(depth, abs=1e-6)
        lps = phantom.geometry.index_to_lps(index) - phantom.geometry.index_to_lps((np.array(size) - 1) / 2)
        assert lps @ axes.towards == pytest.approx(depth, abs=1e-9)  # mm from the middle of the grid


def test_pixels_are_as_large_as_the_smallest_voxels_side(phantom, axes):
    size = phantom.geometry.size
    one, right, down = (phantom.geometry.index_to_lps(axes.to_index(*at, 1.5, size)) for at in ((4, 6), (5, 6), (4, 7)))

    np.testing.assert_allclose(right - one, 0.8 * np.array(axes.right), atol=1e-9)
    np.testing.assert_allclose(down - one, 0.8 * np.array(axes.down), atol=1e-9)


def test_the_virtual_slice_holds_the_whole_grid_and_no_more(phantom, axes):
    edges = [(-0.5, n - 0.5) for n in phantom.geometry.size]
    places = axes.to_screen(list(itertools.product(*edges)), phantom.geometry.size)
    columns_rows = np.array(axes.shape(phantom.geometry.size))

    assert np.all(places.min(axis=0) >= -0.5 - 1e-9) and np.all(places.max(axis=0) <= columns_rows - 0.5 + 1e-9)
    assert np.all(columns_rows - np.ptp(places, axis=0) < 1 + 1e-9)


def test_slices_are_a_weighted_spacing_apart():
    half = np.sqrt(0.5)
    axes = turned_axes(HEAD_FIRST, plane_axes(HEAD_FIRST, "axial"), tilted(HEAD_FIRST, ("sagittal", 45)))

    np.testing.assert_allclose(np.abs(axes.towards), [0, half, half], atol=1e-12)
    assert axes.step_mm(HEAD_FIRST.spacing) == pytest.approx(np.sqrt(2.0**2 / 2 + 3.0**2 / 2))
    reach = (29 * 2.0 + 19 * 3.0) * half  # from the first to the last centre of a voxel
    assert axes.count(HEAD_FIRST.size) == int(reach / axes.step_mm(HEAD_FIRST.spacing)) + 1
    assert axes.depth_at(0) == pytest.approx(-reach / 2)


def test_the_outline_is_where_plane_and_grid_meet(phantom, axes):
    size, depth = phantom.geometry.size, 2.3
    outline = axes.cut(depth)
    last = np.array(size) - 0.5

    for corner in outline:  # each on an edge of the grid
        index = np.array(axes.to_index(*corner, depth, size))
        on_side = np.isclose(index, -0.5) | np.isclose(index, last)
        assert np.count_nonzero(on_side) >= 2
        assert np.all(index > -0.5 - 1e-6) and np.all(index < last + 1e-6)
    area = 0.5 * abs(np.sum(outline[:, 0] * np.roll(outline[:, 1], -1) - outline[:, 1] * np.roll(outline[:, 0], -1)))
    fine = np.array([(c, r) for c in np.arange(-1, 45, 0.25) for r in np.arange(-1, 45, 0.25)])
    inside = [all(-0.5 <= x <= n for x, n in zip(axes.to_index(*p, depth, size), last, strict=True)) for p in fine]
    assert area == pytest.approx(sum(inside) / 16, rel=0.02)


def test_a_plane_beyond_the_grid_has_no_outline(axes):
    assert len(axes.cut(1e4)) == 0


def test_a_point_beyond_the_grid_is_held_on_its_plane(phantom, axes):
    high, rng = np.array(phantom.geometry.size) - 1.0, np.random.default_rng(2)
    spacing = np.array(phantom.geometry.spacing)
    for _ in range(20):
        wanted = np.array(axes.to_index(*rng.uniform(-40, 60, 2), rng.uniform(-3, 3), phantom.geometry.size))
        held = np.array(axes.held(wanted))
        assert np.all(held >= 0) and np.all(held <= high)
        assert axes.depth_of(held) == pytest.approx(axes.depth_of(wanted), abs=1e-5)
        others = np.array([axes.held(rng.uniform(-1, 1, 3) * 3 + held) for _ in range(40)])
        others = others[np.abs([axes.depth_of(p) - axes.depth_of(wanted) for p in others]) < 1e-5]
        nearest = np.linalg.norm((held - wanted) * spacing)
        assert np.all(np.linalg.norm((others - wanted) * spacing, axis=1) >= nearest - 1e-6)


def test_a_point_within_stays_where_it_is(axes):
    assert axes.held((3.25, 4.5, 2.75)) == (3.25, 4.5, 2.75)


@pytest.mark.parametrize("normal", [(0.6, 0.0, 0.8), (-0.6, 0.0, -0.8), (0.1, -0.7, 0.4)])
def test_planes_can_be_turned_to_a_normal_either_way(phantom, normal):
    rotation = rotation_to(phantom.geometry, "axial", normal)
    axes = turned_axes(phantom.geometry, plane_axes(phantom.geometry, "axial"), rotation)
    wanted = phantom.geometry.direction @ np.array(normal) / np.linalg.norm(normal)

    np.testing.assert_allclose(np.abs(axes.towards @ wanted), 1, atol=1e-9)
    assert tilt_degrees(axes) <= 90


def test_the_normal_of_the_grid_needs_no_turn(phantom):
    axis = plane_axes(phantom.geometry, "coronal").normal

    assert rotation_to(phantom.geometry, "coronal", -np.eye(3)[axis]) is None


def test_half_a_turn_leaves_a_picture_upside_down_not_undefined(phantom):
    rotation = tilted(phantom.geometry, ("sagittal", 180))
    axes = turned_axes(phantom.geometry, plane_axes(phantom.geometry, "axial"), rotation)

    assert not isinstance(axes, PlaneAxes)
    np.testing.assert_allclose(np.array([axes.right, axes.down]) @ axes.towards, 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm([axes.right, axes.down], axis=1), 1)
