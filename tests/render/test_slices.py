"""Slices lie on the screen as radiologists expect, and the mouse finds the voxel it points at."""

import numpy as np
import pytest

from viewer.core.display import WindowLevel
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.render.slices import SliceView, grey_slice, label_layer, scale_bar_mm, shrunk, slice_of, stretched

MARKER_IJK = (9, 3, 5)


def view_of(geometry: Geometry, plane, width=420.0, height=310.0) -> SliceView:
    return SliceView(plane_axes(geometry, plane), geometry.size, geometry.spacing, width, height)


@pytest.mark.parametrize("plane", PLANES)
def test_a_marked_voxel_is_in_the_picture_where_the_view_says(phantom, plane):
    view = view_of(phantom.geometry, plane)
    picture = slice_of(phantom.voxels, view.axes, MARKER_IJK[view.axes.normal])

    row, column = np.unravel_index(int(np.argmax(picture)), picture.shape)
    left, top, _, _ = view.image_rect
    wide, high = view.pixels_per_voxel
    centre = left + (column + 0.5) * wide, top + (row + 0.5) * high

    assert view.to_pane(MARKER_IJK) == pytest.approx(centre)
    assert view.to_index(*centre, MARKER_IJK[view.axes.normal]) == pytest.approx(MARKER_IJK)


def test_patient_left_is_right_and_head_is_up_whatever_the_storage(phantom):
    geometry = phantom.geometry
    middle = np.array(geometry.index_to_lps((np.array(geometry.size) - 1) / 2))
    for plane, moves in (
        ("axial", (((3, 0, 0), (1, 0)), ((0, 3, 0), (0, 1)))),
        ("coronal", (((3, 0, 0), (1, 0)), ((0, 0, 3), (0, -1)))),
        ("sagittal", (((0, 3, 0), (1, 0)), ((0, 0, 3), (0, -1)))),
    ):
        view = view_of(geometry, plane)
        start = np.array(view.to_pane(tuple(geometry.lps_to_index(middle))))
        for step_lps, direction in moves:
            end = np.array(view.to_pane(tuple(geometry.lps_to_index(middle + step_lps))))
            assert float((end - start) @ direction) > 0, (plane, step_lps)


def test_one_mm_is_as_long_across_as_down(phantom):
    view = view_of(phantom.geometry, "coronal")

    per_mm = [
        pixels / phantom.geometry.spacing[axis]
        for pixels, axis in zip(view.pixels_per_voxel, (view.axes.right, view.axes.down), strict=True)
    ]

    assert per_mm[0] == pytest.approx(per_mm[1])


def test_zooming_keeps_the_point_under_the_mouse(phantom):
    view = view_of(phantom.geometry, "axial")
    before = view.to_index(100.0, 90.0, 2)

    after = view.zoomed(2.5, 100.0, 90.0)

    assert after.to_index(100.0, 90.0, 2) == pytest.approx(before)
    assert after.pixels_per_mm == pytest.approx(2.5 * view.pixels_per_mm)


def test_panning_moves_the_slice_with_the_mouse(phantom):
    view = view_of(phantom.geometry, "axial")

    moved = view.panned(12.0, -7.0)

    x, y = view.to_pane(MARKER_IJK)
    assert moved.to_pane(MARKER_IJK) == pytest.approx((x + 12.0, y - 7.0))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_device_pixels_show_the_voxel_under_their_centre(phantom, ratio):
    view = view_of(phantom.geometry, "sagittal").zoomed(3.0, 50.0, 60.0)

    first_row, first_column, rows, columns = view.device_pixels(ratio)

    for n, m in ((0, 0), (len(rows) // 2, len(columns) // 3), (len(rows) - 1, len(columns) - 1)):
        x, y = (first_column + m + 0.5) / ratio, (first_row + n + 0.5) / ratio
        column, row = view.axes.to_screen(view.to_index(x, y, 0), view.size)
        assert (rows[n], columns[m]) == (round(row), round(column))


def test_a_slice_is_a_view_and_the_window_makes_it_grey(oblique_phantom):
    axes = plane_axes(oblique_phantom.geometry, "axial")

    assert np.shares_memory(slice_of(oblique_phantom.voxels, axes, 3), oblique_phantom.voxels)
    grey = grey_slice(oblique_phantom.voxels, axes, MARKER_IJK[axes.normal], WindowLevel(1000.0, 100.0))
    assert grey.dtype == np.uint8 and (grey == 255).sum() == 1  # only the marker is above 1050
    inverted = grey_slice(oblique_phantom.voxels, axes, MARKER_IJK[axes.normal], WindowLevel(1000.0, 100.0), True)
    np.testing.assert_array_equal(inverted, 255 - grey)


def test_the_table_for_large_slices_gives_the_same_grey_as_the_formula():
    voxels = np.random.default_rng(5).integers(-1024, 3000, (1, 400, 401)).astype(np.int16)
    geometry = Geometry((401, 400, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    axes = plane_axes(geometry, "axial")
    window = WindowLevel(40.0, 400.0)

    large = grey_slice(voxels, axes, 0, window)
    small = grey_slice(voxels[:, :50, :50], axes, 0, window)

    np.testing.assert_array_equal(large[:50, :50], small)


def test_shrinking_averages_blocks_and_keeps_what_is_left_over():
    grey = np.array([[0, 10, 100], [20, 30, 100]], np.uint8)

    np.testing.assert_array_equal(shrunk(grey, 2, 2), [[15, 100]])


def test_labels_are_filled_outlined_and_transparent_where_there_are_none():
    labels = np.zeros((6, 8), np.uint8)
    labels[1:5, 2:7] = 1
    colours = np.zeros((256, 4), np.uint8)
    colours[1] = (200, 100, 0, 100)
    rows, columns = np.repeat(np.arange(6), 4), np.repeat(np.arange(8), 4)  # magnified four times

    layer = label_layer(labels, rows, columns, colours)

    assert layer.shape == (24, 32, 4)
    assert not layer[0, 0].any()
    assert tuple(layer[12, 18]) == (78, 39, 0, 100)  # premultiplied: 200 * 100 / 255
    assert layer[4, 12, 3] == 200  # the outline is twice as opaque


def test_the_ruler_is_a_round_length_that_fits():
    assert scale_bar_mm(2.0, 150.0) == 50.0
    assert scale_bar_mm(0.1, 150.0) == 200.0
    assert scale_bar_mm(300.0, 150.0) is None


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((0, 0, 13, 9), (40, 61)),
        ((0, 0, 12.7, 8.9), (40, 61)),
        ((0, 0, 13.08, 9.1), (40, 61)),
        ((2.3, 1.7, 8.9, 6.1), (33, 50)),
        ((-0.4, -0.2, 13.3, 9.45), (33, 50)),  # beyond the edges
        ((1.5, 0.25, 12.0, 8.5), (6, 8)),  # made smaller
        ((3.0, 2.0, 3.9, 2.7), (120, 90)),  # within one pixel
    ],
)
def test_a_stretched_picture_is_that_of_the_formula(box, shape, channels):
    picture = np.random.default_rng(4).integers(0, 256, (9, 13, *channels)).astype(np.uint8)
    left, top, right, bottom = box
    row = np.clip(top + (np.arange(shape[0]) + 0.5) * (bottom - top) / shape[0] - 0.5, 0, 8)
    column = np.clip(left + (np.arange(shape[1]) + 0.5) * (right - left) / shape[1] - 0.5, 0, 12)
    down = np.maximum(1 - np.abs(row[:, None] - np.arange(9)), 0)
    across = np.maximum(1 - np.abs(column[:, None] - np.arange(13)), 0)
    expected = np.einsum("ai,bj,ij...->ab...", down, across, picture.astype(float))

    found = stretched(picture, box, shape)

    assert found.dtype == np.uint8 and found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1.0


def test_a_picture_that_has_its_size_already_is_left_alone():
    picture = np.random.default_rng(4).integers(0, 256, (9, 13)).astype(np.uint8)

    assert stretched(picture, (0, 0, 13, 9), (9, 13)) is picture
