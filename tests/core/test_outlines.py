"""Outlines of voxels: filling them gives the same voxels back, by every rule that readers follow."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from viewer.core.outlines import outlines, times_enclosed

MASKS = {
    "one pixel in a corner": ["#..", "...", "..."],
    "a ring": ["####", "#..#", "#..#", "####"],
    "an island in a ring": ["#####", "#...#", "#.#.#", "#...#", "#####"],
    "two holes beside each other": ["#######", "#.###.#", "#######"],
    "two holes above each other": ["###", "#.#", "###", "#.#", "###"],
    "a hole that touches the outside by a corner": ["##.", "#.#", "###"],
    "pixels that touch by corners": ["#.#", ".#.", "#.#"],
    "holes that touch by a corner": ["####", "#.##", "##.#", "####"],
    "everything": ["####", "####"],
    "a hole left of a notch": ["######", "#.#..#", "###.##", "######"],
}


def mask_of(rows: list[str]) -> np.ndarray:
    return np.array([[c == "#" for c in row] for row in rows])


@pytest.mark.parametrize("name", MASKS)
def test_filled_outlines_are_the_region(name):
    mask = mask_of(MASKS[name])
    np.testing.assert_array_equal(times_enclosed(outlines(mask), mask.shape), mask.astype(np.uint8))


@pytest.mark.parametrize("name", MASKS)
def test_another_program_finds_the_same_pixels_inside(name):
    mask = mask_of(MASKS[name])
    lines = [line.astype(np.float32)[:, None] for line in outlines(mask)]
    for (j, i), inside in np.ndenumerate(mask):
        found = sum(cv2.pointPolygonTest(line, (float(i), float(j)), False) > 0 for line in lines)
        assert found == inside, (i, j)


@settings(max_examples=300, deadline=None)
@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=14), elements=st.booleans()))
def test_any_region_comes_back_and_no_pixel_is_enclosed_twice(mask):
    np.testing.assert_array_equal(times_enclosed(outlines(mask), mask.shape), mask.astype(np.uint8))


def test_a_part_is_one_outline_however_many_holes_it_has():
    mask = np.ones((30, 40), dtype=bool)
    mask[2:-2:3, 2:-2:4] = False
    assert len(outlines(mask)) == 1
    assert [line.tolist() for line in outlines(mask_of(["#"]))] == [
        [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]
    ]


def test_slanting_lines_are_filled_by_the_centres_of_pixels():
    triangle = np.array([[-0.25, -0.25], [4.25, -0.25], [-0.25, 4.25]])
    j, i = np.indices((6, 6))
    np.testing.assert_array_equal(times_enclosed([triangle], (6, 6)), (i + j < 4.0).astype(np.uint8))
