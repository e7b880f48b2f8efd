"""Regions on planes: which voxels an outline gives, against definitions worked out pixel by pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest

from viewer.core.geometry import PLANES, Geometry, mirrored, plane_axes, turned
from viewer.core.oblique import ObliqueAxes, turned_about, turned_axes
from viewer.core.plane_raster import PlaneRaster, inside_outline
from viewer.render.oblique import labels_on

STAR = np.array([(10, 1), (15.3, 18), (1, 7.2), (19, 7), (4.6, 18.4)], float)  # crosses itself five times
NOTCHED = np.array([(2, 2), (17, 3), (9, 8.5), (16.5, 16), (2.5, 14)], float)  # concave
ON_CENTRES = np.array([(3, 3), (9, 3), (9, 6), (14, 6), (14, 12), (3, 12)], float)
GRIDS = {
    "plain": np.eye(3),
    "permuted": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "left-handed": np.diag([1.0, -1, 1]),
    "oblique and left-handed": np.array([[0.96, 0.28, 0.0], [0.28, -0.96, 0.0], [0.0, 0.0, 1.0]]),
}


def by_definition(places: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Pixel by pixel: a centre lies on an edge, or the directions to the corners turn about it at all."""
    mask = np.zeros(shape, bool)
    for row, column in np.ndindex(*shape):
        away = places - (column, row)
        beyond = np.roll(away, -1, axis=0)
        step = beyond - away
        t = np.clip(-(away * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-30), 0, 1)
        if np.hypot(*(away + t[:, None] * step).T).min() < 1e-6:
            mask[row, column] = True
            continue
        turns = np.arctan2(away[:, 0] * beyond[:, 1] - away[:, 1] * beyond[:, 0], (away * beyond).sum(axis=1))
        mask[row, column] = round(turns.sum() / (2 * math.pi)) != 0
    return mask


@pytest.mark.parametrize("places", [STAR, NOTCHED, ON_CENTRES, ON_CENTRES[::-1], NOTCHED - (5, 4), STAR + 4])
def test_an_outline_encloses_the_centres_that_it_winds_around(places):
    np.testing.assert_array_equal(inside_outline(places, (20, 20)), by_definition(places, (20, 20)))


@pytest.mark.parametrize("seed", range(20))
def test_scrawls_and_outlines_through_centres_too(seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-3, 18, (int(rng.integers(3, 30)), 2))
    if seed % 2:
        places = np.rint(places)
    np.testing.assert_array_equal(inside_outline(places, (15, 13)), by_definition(places, (15, 13)))


def test_where_a_lasso_crosses_itself_there_is_no_hole():
    turn = np.linspace(0, 4 * math.pi, 160)  # twice around
    radius = np.linspace(9, 6, 160)
    lasso = np.stack([12 + radius * np.cos(turn), 12 + radius * np.sin(turn)], axis=-1)
    mask = inside_outline(lasso, (25, 25))
    down, across = np.ogrid[:25, :25]
    assert mask[np.hypot(down - 12, across - 12) < 5].all()


def test_nothing_is_enclosed_by_nothing():
    assert not inside_outline(np.zeros((0, 2)), (4, 5)).any()
    assert not inside_outline(np.array([(1.2, 1.3), (1.4, 1.2), (1.3, 1.6)]), (4, 5)).any()


def grid(direction: np.ndarray, spacing=(0.7, 1.1, 2.5)) -> Geometry:
    return Geometry((23, 19, 17), spacing, np.array([5.0, -7.0, 11.0]), direction)


def given(raster: PlaneRaster, mask: np.ndarray, row: int = 0, column: int = 0) -> np.ndarray:
    voxels = np.zeros(raster.geometry.shape, bool)
    found = raster.voxels_of(mask, row, column)
    if found is not None:
        box, part = found
        assert part.shape == voxels[box].shape
        voxels[box] = part
    return voxels


@pytest.mark.parametrize("direction", GRIDS.values(), ids=list(GRIDS))
@pytest.mark.parametrize("plane", PLANES)
def test_an_outline_takes_the_voxels_whose_centres_lie_inside_however_the_grid_is_stored_and_shown(direction, plane):
    geometry = grid(direction)
    own = plane_axes(geometry, plane)
    layouts = [turned(mirrored(own) if flip else own, quarters) for flip in (False, True) for quarters in range(4)]
    first = PlaneRaster(geometry, own, 6)
    columns, rows = own.shape(geometry.size)
    corners = NOTCHED / 20 * (columns - 1, rows - 1)
    points = np.array([first.index(row, column) for column, row in corners])
    expected = np.zeros(geometry.shape, bool)
    across, down = sorted((own.right, own.down))
    flat = by_definition(points[:, [across, down]], (geometry.size[down], geometry.size[across]))
    place = [slice(None)] * 3
    place[2 - own.normal] = 6
    expected[tuple(place)] = flat
    assert expected.sum() > 40
    for axes in layouts:
        raster = PlaneRaster(geometry, axes, 6)
        np.testing.assert_array_equal(given(raster, *raster.enclosed(points)), expected)


def test_a_pixel_is_where_its_voxel_is_seen():
    geometry = grid(GRIDS["oblique and left-handed"])
    for plane in PLANES:
        raster = PlaneRaster(geometry, plane_axes(geometry, plane), 5)
        index = [4, 7, 3]
        index[raster.axes.normal] = 5
        mask = np.zeros(raster.shape, bool)
        mask[raster.pixel(tuple(index))] = True
        assert np.argwhere(given(raster, mask)).tolist() == [index[::-1]]
        index[raster.axes.right] = -2
        assert raster.pixel(tuple(index)) is None


def oblique(geometry: Geometry, degrees: float, about: str = "sagittal", then: float = 0.0) -> ObliqueAxes:
    rotation = turned_about(None, geometry, about, math.radians(degrees))
    if then:
        rotation = turned_about(rotation, geometry, "coronal", math.radians(then))
    axes = turned_axes(geometry, plane_axes(geometry, "axial"), rotation)
    assert isinstance(axes, ObliqueAxes)
    return axes


@pytest.mark.parametrize("direction", GRIDS.values(), ids=list(GRIDS))
@pytest.mark.parametrize(("degrees", "then"), [(45, 0), (20, 0), (33, 27), (80, 5)])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 3.0), (0.7, 1.1, 2.5)])
def test_on_an_oblique_plane_a_region_has_no_holes_and_ends_where_it_was_outlined(direction, degrees, then, spacing):
    geometry = grid(direction, spacing)
    axes = oblique(geometry, degrees, then=then)
    raster = PlaneRaster(geometry, axes, axes.depth_of((11, 9, 8)))
    middle = raster.places([(11, 9, 8)])[0]
    turn = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    pixel_mm, _ = axes.pixel_mm(spacing)
    radius = 5.0 / pixel_mm
    ring = middle + radius * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    points = [raster.index(row, column) for column, row in ring]
    mask, row, column = raster.enclosed(points)
    voxels = given(raster, mask, row, column)
    seen = labels_on(voxels.astype(np.uint8), axes, raster.depth) > 0

    rows, columns = np.indices(seen.shape)
    inside_grid = labels_on(np.ones(geometry.shape, np.uint8), axes, raster.depth) > 0
    away_mm = (np.hypot(columns - middle[0], rows - middle[1]) - radius) * pixel_mm
    reach = float(np.linalg.norm(spacing))  # no part of a voxel is longer
    assert seen[(away_mm < -reach) & inside_grid].all()
    assert not seen[away_mm > reach].any()
    outlined = np.zeros(seen.shape, bool)
    outlined[row : row + mask.shape[0], column : column + mask.shape[1]] = mask
    outlined &= inside_grid
    dice = 2 * (seen & outlined).sum() / (seen.sum() + outlined.sum())
    assert dice > 0.85
    assert abs(seen.sum() - outlined.sum()) < 0.25 * outlined.sum()  # neither too large nor too small

    # and nothing that the plane does not pass through
    k, j, i = np.nonzero(voxels)
    away = np.abs([axes.depth_of(index) - raster.depth for index in zip(i, j, k, strict=True)])
    assert away.max() <= float(np.abs(axes.normal_mm) @ spacing) / 2 + 1e-6


def test_half_a_step_beside_an_oblique_plane_would_leave_holes():
    """Why voxels are found by what the plane shows of them."""
    geometry = grid(np.eye(3), (1.0, 1.0, 1.0))
    axes = oblique(geometry, 45)
    raster = PlaneRaster(geometry, axes, axes.depth_of((11, 9, 8.1)))
    voxels = given(raster, np.ones(raster.shape, bool))
    k, j, i = np.nonzero(voxels)
    away = np.abs([axes.depth_of(index) - raster.depth for index in zip(i, j, k, strict=True)])
    assert away.max() > axes.step_mm(geometry.spacing) / 2
    shown = labels_on(voxels.astype(np.uint8), axes, raster.depth)
    np.testing.assert_array_equal(shown, labels_on(np.ones(geometry.shape, np.uint8), axes, raster.depth))


def test_beside_the_grid_there_is_nothing_to_take():
    geometry = grid(np.eye(3))
    axes = oblique(geometry, 30)
    raster = PlaneRaster(geometry, axes, axes.depth_of((11, 9, 8)))
    beyond = np.zeros(raster.shape, bool)
    beyond[0, 0] = True
    assert raster.voxels_of(beyond) is None
    assert raster.voxels_of(np.zeros(raster.shape, bool)) is None
