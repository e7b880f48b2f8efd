"""The curve through the points of a path, its length, and where it lies on the stretched picture."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.curved import CurvedAxes, curve_length, curved_axes, smooth_curve
from viewer.core.geometry import Geometry, orientation_letters
from viewer.core.measuring import Measurement

OBLIQUE_LEFT_HANDED = np.array([[0.96, 0.28, 0.0], [0.28, -0.96, 0.0], [0.0, 0.0, 1.0]])
GRID = Geometry((40, 32, 20), (1.0, 1.5, 2.5), np.array([5.0, -7.0, 40.0]), OBLIQUE_LEFT_HANDED)
UPRIGHT = Geometry((60, 50, 40), (0.8, 0.8, 2.0), np.zeros(3), np.eye(3))


def path(*points, normal=2, spread=None) -> Measurement:
    return Measurement(1, "path", points, normal, spread=spread)


def axes_of(geometry, *points, normal=2, **how) -> CurvedAxes:
    axes = curved_axes(path(*points, normal=normal), geometry, **how)
    assert axes is not None
    return axes


def test_two_points_make_a_straight_line_of_their_distance():
    curve = smooth_curve([(0, 0, 0), (3, 4, 12)])
    np.testing.assert_array_equal(curve, [(0, 0, 0), (3, 4, 12)])
    assert curve_length(curve) == 13.0


def test_the_curve_goes_through_every_point():
    points = np.array([(0, 0, 0), (10, 0, 0), (10, 1, 0), (30, 20, 5), (31, 20, 5)], dtype=float)
    curve = smooth_curve(points)
    for point in points:
        assert np.linalg.norm(curve - point, axis=1).min() < 1e-9


def test_points_of_a_circle_make_nearly_that_circle():
    turn = np.linspace(0, 2 * math.pi, 17)
    circle = 30 * np.stack([np.cos(turn), np.sin(turn), np.zeros(17)], axis=-1)
    curve = smooth_curve(circle)
    inner = curve[64:-64]  # the first and the last span do not know how the circle goes on
    assert np.abs(np.linalg.norm(inner, axis=1) - 30).max() < 0.02
    assert curve_length(inner) == pytest.approx(2 * math.pi * 30 * 14 / 16, rel=2e-3)


def test_close_points_after_far_ones_make_no_loop():
    """Which a uniform Catmull-Rom spline does (Yuksel et al., figure 1): no step of the curve goes backwards."""
    curve = smooth_curve([(0, 0, 0), (100, 0, 0), (101, 1, 0), (101, 100, 0)])
    steps = np.diff(curve, axis=0)
    assert (steps[:, 0] > -1e-9).sum() > len(steps) * 0.6
    turns = np.einsum("nc,nc->n", steps[:-1], steps[1:])
    assert turns.min() > 0


@given(st.lists(st.tuples(*[st.floats(-50, 50)] * 3), min_size=1, max_size=8))
def test_any_points_give_a_finite_curve(points):
    curve = smooth_curve([*points, points[-1]])  # the last one twice
    assert np.isfinite(curve).all()
    apart = np.linalg.norm(np.diff(np.array(points), axis=0), axis=1).sum()
    assert curve_length(curve) >= np.linalg.norm(np.array(points[-1]) - points[0]) - 1e-6
    assert curve_length(curve) <= 2.5 * apart + 1e-6


def test_columns_are_as_far_apart_along_the_path_as_the_smallest_spacing():
    axes = axes_of(GRID, (3, 4, 5), (20, 10, 5), (30, 28, 5))
    steps = np.linalg.norm(np.diff(axes.curve, axis=0), axis=1)
    np.testing.assert_allclose(steps, 1.0, atol=2e-3)  # chords of a curve
    assert len(axes.curve) == math.floor(axes.length_mm) + 1


def test_lengths_are_in_mm_of_an_anisotropic_grid():
    axes = axes_of(GRID, (0, 0, 0), (0, 8, 4))  # 12 mm and 10 mm
    assert axes.length_mm == pytest.approx(math.hypot(12, 10))


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("points", [((5, 5, 10), (20, 9, 10), (30, 28, 10)), ((30, 28, 3), (20, 9, 10), (5, 5, 18))])
def test_screen_and_index_are_inverse(points, upright):
    axes = axes_of(GRID, *points, upright=upright)
    along, across = 7.25, 11.5
    place = (across, along) if upright else (along, across)
    index = axes.to_index(*place, 0.0, GRID.size)
    np.testing.assert_allclose(axes.to_screen(index, GRID.size), place, atol=2e-3)
    assert axes.away_mm(index) < 1e-3
    column, row = (11, 7) if upright else (7, 11)
    np.testing.assert_allclose(axes.places()[row, column], axes.to_index(column, row, 0.0, GRID.size), atol=1e-4)


def test_a_path_on_one_plane_has_rows_along_its_normal():
    axes = axes_of(UPRIGHT, (10, 10, 20), (30, 20, 20), (50, 12, 20))
    np.testing.assert_allclose(axes.across, (0, 0, -1))  # down is towards the feet
    assert not axes.upright
    assert axes.shape(UPRIGHT.size)[1] == math.ceil(40 * 2.0 / 0.8)


def test_a_path_through_slices_does_not_have_rows_along_itself():
    """An aorta that was clicked on axial slices: rows run along the direction in which it goes least."""
    axes = axes_of(UPRIGHT, (30, 20, 2), (30.5, 24, 15), (31, 20, 38))
    np.testing.assert_allclose(np.abs(axes.across), (1, 0, 0))


def test_an_oblique_plane_gives_its_own_normal():
    half = math.sqrt(0.5)
    right, down = (half / 0.8, half / 0.8, 0.0), (0.0, 0.0, -1 / 2.0)
    on_it = [(10, 10, 30), (20, 20, 20), (35, 35, 8)]
    axes = curved_axes(path(*on_it, normal=1, spread=(right, down)), UPRIGHT)
    np.testing.assert_allclose(axes.across, (half, -half, 0), atol=1e-9)  # towards the left


@pytest.mark.parametrize("geometry", [GRID, UPRIGHT])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_spine_stands_upright_with_its_head_on_top_and_the_left_at_the_right(geometry, backwards):
    spine = [(20, 10, 2), (20, 12, 10), (20, 9, 18)]
    axes = axes_of(geometry, *(spine[::-1] if backwards else spine), normal=0)
    assert axes.upright
    assert orientation_letters(axes.across_lps())[0] == "L"
    top, bottom = (geometry.index_to_lps(axes.to_index(5, row, 0.0, geometry.size)) for row in (0, 15))
    assert top[2] > bottom[2]


@pytest.mark.parametrize("backwards", [False, True])
def test_a_jaw_lies_with_its_right_side_at_the_left(backwards):
    jaw = [(5, 20, 20), (30, 5, 20), (55, 20, 20)]  # i grows to the left of the patient
    axes = axes_of(UPRIGHT, *(jaw[::-1] if backwards else jaw))
    assert not axes.upright
    first, last = (axes.to_index(column, 5, 0.0, UPRIGHT.size)[0] for column in (0, 60))
    assert first < last
    mirrored = axes_of(UPRIGHT, *jaw, neurological=True)
    assert mirrored.to_index(0, 5, 0.0, UPRIGHT.size)[0] > mirrored.to_index(60, 5, 0.0, UPRIGHT.size)[0]


@pytest.mark.parametrize("shift_mm", [0.0, 4.0])
@pytest.mark.parametrize(
    "points",
    [[(5, 20, 20), (30, 5, 20), (55, 20, 20)], [(20, 10, 2), (20, 12, 20), (20, 9, 38)]],
    ids=["lies", "stands"],
)
def test_a_turned_picture_is_no_mirror_image(points, shift_mm):
    own = axes_of(UPRIGHT, *points, shift_mm=shift_mm)
    turned = axes_of(UPRIGHT, *points, shift_mm=shift_mm, upright=not own.upright)
    clockwise = np.rot90(own.places(), 1 if own.upright else -1)
    np.testing.assert_allclose(turned.places(), clockwise, atol=1e-4)


@pytest.mark.parametrize("backwards", [False, True])
def test_mm_are_told_from_the_first_point_that_was_set(backwards):
    points = [(5, 20, 20), (55, 20, 20)]
    points = points[::-1] if backwards else points
    axes = axes_of(UPRIGHT, *points)
    for index, mm in ((points[0], 0.0), (points[1], 40.0)):
        assert axes.path_mm(*axes.to_screen(index, UPRIGHT.size)) == pytest.approx(mm, abs=1e-6)


def test_a_surface_beside_the_path_is_parallel_to_it():
    axes = axes_of(UPRIGHT, (5, 20, 20), (25, 20, 20), (55, 20, 20), shift_mm=4.0)
    on_path = axes_of(UPRIGHT, (5, 20, 20), (25, 20, 20), (55, 20, 20))
    moved = axes.curve - on_path.curve
    np.testing.assert_allclose(np.abs(moved), np.tile([0.0, 4.0, 0.0], (len(moved), 1)), atol=1e-9)
    assert axes.away_mm((30, 20, 20)) == pytest.approx(4.0)


def test_the_outline_is_that_of_the_grid():
    axes = axes_of(UPRIGHT, (5, 20, 20), (55, 25, 20))
    columns, rows = axes.cut(0.0).T
    assert rows.max() - rows.min() == pytest.approx(40 * 2.0 / 0.8)
    assert (columns.min(), columns.max()) == (-0.5, len(axes.curve) - 0.5)
    beyond = axes_of(UPRIGHT, (5, 20, 20), (55, 20, 20), shift_mm=100.0).cut(0.0)
    assert np.ptp(beyond[:, 1]) == 0


def test_a_path_without_length_has_no_picture():
    assert curved_axes(path((3, 4, 5), (3, 4, 5)), GRID) is None
