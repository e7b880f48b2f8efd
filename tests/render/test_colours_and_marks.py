"""Colours and the marks that files draw over their pictures, laid out as the planes are on the screen."""

import numpy as np
import pytest

from viewer.core.geometry import PLANES, plane_axes
from viewer.render.slices import mark_layer, shrunk, slice_of


@pytest.mark.parametrize("plane", PLANES)
def test_each_channel_of_a_colour_slice_lies_as_a_grey_slice_does(phantom, plane):
    axes = plane_axes(phantom.geometry, plane)
    channels = [(phantom.voxels + n).astype(np.uint8) for n in range(3)]

    colours = slice_of(np.stack(channels, axis=-1), axes, 4)

    for n, channel in enumerate(channels):
        np.testing.assert_array_equal(colours[..., n], slice_of(channel, axes, 4))


def test_shrinking_colours_means_over_blocks_of_each_channel():
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:2, :3, 0] = 60
    pixels[0, 0, 1] = 60  # one of six: a mean of 10

    small = shrunk(pixels, 2, 3)

    assert small.shape == (2, 2, 3)
    assert small[0, 0].tolist() == [60, 10, 0] and not small[1:].any() and not small[0, 1].any()


def test_a_line_of_one_pixel_is_seen_on_a_screen_that_shows_every_seventh():
    marks = np.zeros((210, 140), bool)
    marks[100, :] = True  # between the rows that the screen samples
    rows, columns = np.arange(3, 210, 7), np.arange(0, 140, 7)

    layer = mark_layer(marks, rows, columns, (255, 200, 100, 128))

    seen = layer[..., 3] > 0
    assert np.flatnonzero(seen.all(axis=1)).tolist() == [13]  # rows 94 to 100 of the slice
    assert seen.sum() == len(columns)
    assert layer[13, 0].tolist() == [128, 100, 50, 128]  # premultiplied by 128 / 255


def test_a_magnified_mark_covers_its_own_pixels_only():
    marks = np.zeros((5, 5), bool)
    marks[2, 3] = True
    doubled = np.repeat(np.arange(5), 2)

    seen = mark_layer(marks, doubled, doubled, (255, 255, 255, 255))[..., 3] > 0

    assert np.argwhere(seen).tolist() == [[4, 6], [4, 7], [5, 6], [5, 7]]
