"""Geometry against SimpleITK and hand-worked numbers, on non-cubic, anisotropic, oblique and left-handed grids."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from viewer.core.geometry import (
    PLANES,
    Geometry,
    edge_letters,
    mirrored,
    orientation_letters,
    plane_axes,
    turned,
)
from viewer.core.volume import geometry_of, to_image
from viewer.render.slices import slice_of


def rotation(degrees):
    turn = sitk.Euler3DTransform()
    turn.SetRotation(*np.radians(degrees))
    return np.array(turn.GetMatrix()).reshape(3, 3)


def grid(direction, size=(5, 7, 4), spacing=(0.7, 1.3, 2.9), origin=(-12.0, 33.5, 4.25)):
    return Geometry(size, spacing, np.array(origin), np.asarray(direction, dtype=float))


AXIS_ORDERS = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]
angles = st.tuples(*[st.floats(-180, 180)] * 3)


@settings(deadline=None)
@given(degrees=angles, mirrored=st.booleans(), index=st.tuples(*[st.floats(-3, 9)] * 3))
def test_indices_go_to_the_same_points_as_in_simpleitk_and_back(degrees, mirrored, index):
    geometry = grid(rotation(degrees) * ([-1, 1, 1] if mirrored else [1, 1, 1]))
    image = to_image(np.zeros(geometry.shape, np.uint8), geometry)

    point = geometry.index_to_lps(index)

    np.testing.assert_allclose(point, image.TransformContinuousIndexToPhysicalPoint(index), atol=1e-9)
    np.testing.assert_allclose(geometry.lps_to_index(point), index, atol=1e-9)
    assert geometry.left_handed == mirrored
    assert geometry_of(image).same_grid(geometry)


@pytest.mark.parametrize("axes", AXIS_ORDERS)
@pytest.mark.parametrize("oblique", [(0, 0, 0), (14, -9, 20)])
def test_every_pane_shows_the_patient_the_radiological_way_round(axes, oblique):
    geometry = grid(rotation(oblique) @ axes)
    to_the_right = {"axial": (1, 0, 0), "coronal": (1, 0, 0), "sagittal": (0, 1, 0)}
    to_the_bottom = {"axial": (0, 1, 0), "coronal": (0, 0, -1), "sagittal": (0, 0, -1)}
    normals = set()
    for plane in PLANES:
        layout = plane_axes(geometry, plane)
        here = np.array([2.0, 3.0, 1.0])
        column, row = layout.to_screen(here, geometry.size)
        right = geometry.index_to_lps(layout.to_index(column + 1, row, int(here[layout.normal]), geometry.size))
        down = geometry.index_to_lps(layout.to_index(column, row + 1, int(here[layout.normal]), geometry.size))
        start = geometry.index_to_lps(here)
        assert (right - start) @ to_the_right[plane] > 0.8 * np.linalg.norm(right - start)
        assert (down - start) @ to_the_bottom[plane] > 0.8 * np.linalg.norm(down - start)
        normals.add(layout.normal)
    assert normals == {0, 1, 2}


@pytest.mark.parametrize("axes", AXIS_ORDERS[::5])
def test_screen_and_index_are_inverse_of_each_other(axes):
    geometry = grid(axes)
    for plane in PLANES:
        layout = plane_axes(geometry, plane)
        column, row = layout.to_screen((1.25, 4.5, 2.75), geometry.size)
        index = list(layout.to_index(column, row, 0, geometry.size))
        expected = [1.25, 4.5, 2.75]
        expected[layout.normal] = 0
        assert index == pytest.approx(expected)


def test_letters_come_from_the_direction_cosines():
    assert orientation_letters((1, 0, 0)) == "L"
    assert orientation_letters((0, -1, 0)) == "A"
    assert orientation_letters((0, 0, -2)) == "F"
    assert orientation_letters((-0.8, 0.5, 0.33)) == "RPH"
    assert orientation_letters((0.999, 0.04, 0)) == "L"


def test_edge_letters_of_a_head_first_supine_axial_series():
    geometry = grid(np.eye(3))

    assert edge_letters(geometry, plane_axes(geometry, "axial")) == ("R", "L", "A", "P")
    assert edge_letters(geometry, plane_axes(geometry, "coronal")) == ("R", "L", "H", "F")
    assert edge_letters(geometry, plane_axes(geometry, "sagittal")) == ("A", "P", "H", "F")


def test_a_picture_without_a_place_in_the_patient_has_no_letters_and_is_shown_as_stored():
    picture = Geometry((4, 3, 1), (1, 1, 1), np.zeros(3), np.eye(3), patient_space=False, calibrated=False)
    layout = plane_axes(picture, "axial")

    assert edge_letters(picture, layout) is None
    assert edge_letters(picture, layout, ("L", "FP")) == ("R", "L", "HA", "FP")
    assert edge_letters(picture, plane_axes(picture, "coronal"), ("L", "F")) is None
    assert (layout.right, layout.down, layout.flip_right, layout.flip_down) == (0, 1, False, False)


@pytest.mark.parametrize(
    ("spacing", "direction", "message"),
    [
        ((0.0, 1.0, 1.0), np.eye(3), "spacing must be positive"),
        ((-1.0, 1.0, 1.0), np.eye(3), "spacing must be positive"),
        ((1.0, float("nan"), 1.0), np.eye(3), "spacing must be positive"),
        ((1.0, 1.0, 1.0), np.zeros((3, 3)), "perpendicular"),
        ((1.0, 1.0, 1.0), [[1, 0.2, 0], [0, 1, 0], [0, 0, 1]], "perpendicular"),
    ],
)
def test_impossible_geometry_is_refused_and_never_repaired(spacing, direction, message):
    with pytest.raises(ValueError, match=message):
        Geometry((3, 4, 5), spacing, np.zeros(3), np.array(direction, dtype=float))


def test_grids_that_differ_by_more_than_the_tolerance_at_one_corner_are_not_the_same():
    geometry = grid(np.eye(3), size=(200, 7, 4))
    stretched = grid(np.eye(3), size=(200, 7, 4), spacing=(0.7001, 1.3, 2.9))

    assert geometry.same_grid(grid(np.eye(3), size=(200, 7, 4)))
    assert not geometry.same_grid(stretched, tolerance_mm=0.01)


@pytest.mark.parametrize("plane", PLANES)
def test_turned_and_mirrored_layouts_are_those_of_turned_and_mirrored_pictures(plane):
    grid = Geometry((7, 6, 5), (1, 1, 1), np.zeros(3), np.array([[0, 0, -1], [1, 0, 0], [0, 1, 0.0]]))
    voxels = np.arange(7 * 6 * 5).reshape(5, 6, 7)
    axes = plane_axes(grid, plane)
    plain = slice_of(voxels, axes, 3)
    np.testing.assert_array_equal(slice_of(voxels, mirrored(axes), 3), plain[:, ::-1])
    for quarters in range(-1, 5):
        np.testing.assert_array_equal(slice_of(voxels, turned(axes, quarters), 3), np.rot90(plain, -quarters))
        again = turned(mirrored(axes), quarters)
        np.testing.assert_array_equal(slice_of(voxels, again, 3), np.rot90(plain[:, ::-1], -quarters))


def test_letters_go_with_the_picture():
    letters = {"supine": Geometry((4, 4, 4), (1, 1, 1), np.zeros(3), np.eye(3))}
    letters["radiograph"] = replace(letters["supine"], patient_space=False)
    for geometry in letters.values():
        axes = plane_axes(geometry, "axial")
        sides = ("L", "P")  # as the grid has them
        assert edge_letters(geometry, axes, sides) == ("R", "L", "A", "P")
        assert edge_letters(geometry, mirrored(axes), sides) == ("L", "R", "A", "P")
        assert edge_letters(geometry, turned(axes, 1), sides) == ("P", "A", "R", "L")
        assert edge_letters(geometry, turned(mirrored(axes), 2), sides) == ("R", "L", "P", "A")
