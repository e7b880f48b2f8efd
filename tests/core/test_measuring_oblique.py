"""Measuring on oblique planes: lengths by hand, areas by the shape, and values by looking at every voxel."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from tests.core.test_measuring import SERIES
from viewer.core.geometry import PLANES, plane_axes
from viewer.core.measuring import Measurement, line_profile, region_values, values_of
from viewer.core.oblique import ObliqueAxes, turned_about, turned_axes

DEPTH = 0.35


@pytest.fixture(params=PLANES)
def axes(request, phantom) -> ObliqueAxes:
    rotation = None
    for plane, degrees in (("axial", 25), ("coronal", -40), ("sagittal", 15)):
        rotation = turned_about(rotation, phantom.geometry, plane, np.radians(degrees))
    found = turned_axes(phantom.geometry, plane_axes(phantom.geometry, request.param), rotation)
    assert isinstance(found, ObliqueAxes)
    return found


def drawn(axes, kind, *places_mm, number=1):
    """A shape on the plane, its points given in mm right of and below the middle of the grid."""
    size, pixel = axes.geometry.size, axes.pixel_mm(axes.geometry.spacing)[0]
    middle = (np.array(axes.shape(size)) - 1) / 2
    points = tuple(axes.to_index(*(np.array(at) / pixel + middle), DEPTH, size) for at in places_mm)
    return Measurement(number, kind, points, axes.acquired.normal, spread=axes.index_steps)


def passed_through(measurement, axes, geometry):
    """Every voxel that the plane cuts, with the place of its centre on the plane in mm: by its eight corners."""
    found = []
    for k, j, i in np.ndindex(geometry.shape):
        corners = [axes.depth_of((i + a, j + b, k + c)) - DEPTH for a, b, c in itertools.product((-0.5, 0.5), repeat=3)]
        if min(corners) < 0 < max(corners):
            place = axes.to_screen((i, j, k), geometry.size) - (np.array(axes.shape(geometry.size)) - 1) / 2
            found.append(((k, j, i), place * axes.pixel_mm(geometry.spacing)[0]))
    return found


def test_a_length_is_exact_in_space(phantom, axes):
    line = drawn(axes, "length", (-2.0, 1.0), (1.0, -3.0))

    values = values_of(line, phantom, SERIES)

    assert values.length == pytest.approx(5.0)
    lps = phantom.geometry.index_to_lps(line.points)
    assert values.length == pytest.approx(float(np.linalg.norm(lps[1] - lps[0])))


def test_angles_are_those_on_the_plane(phantom, axes):
    corner = drawn(axes, "angle", (3.0, 0.0), (0.0, 0.0), (2.0, 2.0))
    cobb = drawn(axes, "cobb", (-3, -3), (3, -3), (-3, 3), (3, 3 + 6 * math.tan(math.radians(20))))

    assert values_of(corner, phantom, SERIES).angle == pytest.approx(45)
    assert values_of(cobb, phantom, SERIES).angle == pytest.approx(20)
    turned_line = replace(cobb, points=(*cobb.points[:2], *cobb.points[:1:-1]))
    assert values_of(turned_line, phantom, SERIES).angle == pytest.approx(20)


@pytest.mark.parametrize(
    ("kind", "places", "area"),
    [
        ("rectangle", ((-3.0, -2.0), (2.0, 3.5)), 5.0 * 5.5),
        ("ellipse", ((-3.0, -2.0), (2.0, 3.5)), math.pi / 4 * 5.0 * 5.5),
        ("polygon", ((-3.0, -3.0), (3.0, -2.0), (0.5, 3.0)), 0.5 * abs(6.0 * 6.0 - 1.0 * 3.5)),
    ],
)
def test_regions_tell_the_voxels_that_the_plane_passes_through_each_once(phantom, axes, kind, places, area):
    region = drawn(axes, kind, *places)
    a, b = np.array(places).T

    def inside(x, y):
        if kind == "rectangle":
            return a.min() <= x <= a.max() and b.min() <= y <= b.max()
        if kind == "ellipse":
            return ((x - a.mean()) / np.ptp(a) * 2) ** 2 + ((y - b.mean()) / np.ptp(b) * 2) ** 2 <= 1
        sides = [
            (a[n - 2] - a[n]) * (y - b[n]) - (b[n - 2] - b[n]) * (x - a[n]) > 0 for n in range(3)
        ]  # of a triangle: the same side of each
        return all(sides) or not any(sides)

    wanted = [phantom.voxels[voxel] for voxel, (x, y) in passed_through(region, axes, phantom.geometry) if inside(x, y)]

    found = region_values(region, phantom)

    assert len(wanted) > 5
    assert sorted(found.tolist()) == sorted(int(v) for v in wanted)  # all voxels of the phantom differ
    values = values_of(region, phantom, SERIES)
    assert values.area == pytest.approx(area)
    assert values.count == len(wanted)
    assert values.mean == pytest.approx(np.mean(wanted))


def test_padding_is_no_value_of_a_region(phantom, axes):
    region = drawn(axes, "rectangle", (-3.0, -3.0), (3.0, 3.0))
    values = region_values(region, phantom)
    padding = float(values.min())

    assert len(region_values(region, replace(phantom, padding=(padding, padding)))) == len(values) - 1


def test_a_region_that_reaches_beyond_the_scan_tells_what_is_there(phantom, axes):
    region = drawn(axes, "rectangle", (-300.0, -300.0), (300.0, 300.0))
    there = passed_through(region, axes, phantom.geometry)

    assert values_of(region, phantom, SERIES).count == len(there)
    assert values_of(region, phantom, SERIES).area == pytest.approx(600.0**2)


def test_a_plane_between_two_slices_passes_through_one_of_them(oblique_phantom):
    geometry = oblique_phantom.geometry
    rotation = turned_about(None, geometry, "sagittal", np.radians(90))
    axes = turned_axes(geometry, plane_axes(geometry, "coronal"), rotation)
    points = ((2.0, 2.0, 3.5), (8.0, 7.0, 3.5))
    region = Measurement(1, "rectangle", points, axes.acquired.normal, spread=axes.index_steps)

    layers = {round((value + 1000) // 300) for value in region_values(region, oblique_phantom)}

    assert len(layers) == 1


def test_a_probe_tells_the_nearest_stored_voxel(phantom, axes):
    probe = drawn(axes, "probe", (1.3, -0.6))
    i, j, k = np.rint(probe.points[0]).astype(int)

    assert values_of(probe, phantom, SERIES).value == phantom.voxels[k, j, i]


def test_a_profile_tells_stored_voxels_along_the_line(phantom, axes):
    line = drawn(axes, "profile", (-2.0, 1.0), (1.0, -3.0))

    along, values = line_profile(line, phantom, SERIES)

    assert along[-1] == pytest.approx(5.0)
    assert set(values.tolist()) <= set(phantom.voxels.ravel().tolist())


def test_a_shape_moves_on_its_plane(phantom, axes):
    line = drawn(axes, "length", (-2.0, 1.0), (1.0, -3.0))
    there = drawn(axes, "length", (-1.0, 1.5), (2.0, -2.5))
    step = np.array(there.points[0]) - line.points[0]

    np.testing.assert_allclose(line.moved(tuple(step)).points, there.points, atol=1e-9)


def test_it_lies_on_its_own_plane_alone_however_its_picture_is_turned(phantom, axes):
    line, geometry = drawn(axes, "length", (-2.0, 1.0), (1.0, -3.0)), phantom.geometry
    other = replace(axes, right=axes.down, down=tuple(-x for x in axes.right))

    assert line.lies_on(axes, DEPTH, geometry)
    assert line.lies_on(other, DEPTH, geometry)
    assert not line.lies_on(axes, DEPTH + 0.05, geometry)
    tilted = turned_axes(geometry, axes.acquired, turned_about(None, geometry, "axial", 0.3))
    assert not line.lies_on(tilted, DEPTH, geometry)
