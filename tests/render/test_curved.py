"""Values along a path: against SimpleITK's at the same points, and a tube that becomes straight."""

import math

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core.curved import curved_axes
from viewer.core.geometry import Geometry
from viewer.core.measuring import Measurement
from viewer.core.volume import Volume, to_image
from viewer.render.curved import nearest_along, values_along
from viewer.render.slabs import Slab

TILT = np.array([[0.96, 0.28, 0.0], [0.28, -0.96, 0.0], [0.0, 0.0, 1.0]])  # left-handed, oblique
GRID = Geometry((40, 32, 20), (1.0, 1.5, 2.5), np.array([5.0, -7.0, 40.0]), TILT)
CROSSING = ((3, 4, 2), (12, 9, 6), (20, 26, 11), (35, 29, 17))  # through slices
HALF = math.sqrt(0.5)
OBLIQUE = ((HALF / 1.0, HALF / 1.5, 0.0), (0.0, 0.0, 1 / 2.5))


def noise(dtype=np.int16, seed=1) -> Volume:
    return Volume(np.random.default_rng(seed).integers(0, 200, GRID.shape).astype(dtype), GRID)


def along(points=CROSSING, normal=2, spread=None, geometry=GRID, **how):
    axes = curved_axes(Measurement(1, "path", points, normal, spread=spread), geometry, **how)
    assert axes is not None
    return axes


@pytest.mark.parametrize("spread", [None, OBLIQUE])
@pytest.mark.parametrize("shift_mm", [0.0, 3.0])
@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
def test_values_are_those_that_simpleitk_interpolates(spread, shift_mm, upright, dtype):
    volume = noise(dtype)
    axes = along(spread=spread, shift_mm=shift_mm, upright=upright)
    values = values_along(volume, axes)
    image = sitk.Cast(to_image(volume.voxels, GRID), sitk.sitkFloat64)
    interpolator = sitk.sitkLinear
    columns, rows = axes.shape(GRID.size)
    assert values.shape == (rows, columns)
    compared = 0
    for row in range(0, rows, 5):
        for column in range(0, columns, 3):
            index = axes.to_index(column, row, 0.0, GRID.size)
            inside = all(0 <= at <= n - 1 for at, n in zip(index, GRID.size, strict=True))
            if inside:
                stored = image.EvaluateAtContinuousIndex(index, interpolator)
                assert values[row, column] == pytest.approx(stored, abs=0.02)
                compared += 1
            elif any(at < -0.51 or at > n - 0.49 for at, n in zip(index, GRID.size, strict=True)):
                assert math.isnan(values[row, column])
    assert compared > 50


def test_labels_are_those_of_the_nearest_voxels():
    labels = np.random.default_rng(2).integers(0, 4, GRID.shape).astype(np.uint8)
    axes = along(spread=OBLIQUE)
    found = nearest_along(labels, axes)
    columns, rows = axes.shape(GRID.size)
    seen = 0
    for row in range(0, rows, 4):
        for column in range(0, columns, 3):
            index = np.array(axes.to_index(column, row, 0.0, GRID.size))
            if np.abs(index - np.rint(index) - 0.0).max() > 0.499:
                continue  # between two voxels
            i, j, k = np.rint(index).astype(int)
            expected = labels[k, j, i] if GRID.contains_index(index) else 0
            assert found[row, column] == expected
            seen += 1
    assert seen > 100


def test_a_curved_tube_becomes_a_straight_line():
    """A tube of 3 mm around a semicircle of 30 mm at the height of slice 20, and a bead at its quarter: the picture
    along points of that semicircle has one bright row, as long as half its circumference, and the bead in its place."""
    geometry = Geometry((90, 60, 40), (1.0, 1.25, 2.0), np.zeros(3), np.eye(3))
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    x, y, z = i * 1.0, j * 1.25, k * 2.0
    circle = np.hypot(x - 45, y - 20)
    voxels = np.where(np.hypot(circle - 30, z - 40) <= 3.0, 1000, 0).astype(np.int16)
    bead = np.radians(45)
    voxels[np.sqrt((x - 45 - 30 * np.cos(bead)) ** 2 + (y - 20 - 30 * np.sin(bead)) ** 2 + (z - 40) ** 2) <= 2] = 2000
    turn = np.linspace(0, math.pi, 13)
    points = tuple((45 + 30 * c, (20 + 30 * s) / 1.25, 20.0) for c, s in zip(np.cos(turn), np.sin(turn), strict=True))
    axes = along(points, geometry=geometry)
    values = values_along(Volume(voxels, geometry), axes)

    assert axes.length_mm == pytest.approx(math.pi * 30, rel=2e-3)
    middle = (values.shape[0] - 1) / 2 - 0.5 / axes.step * 2.0  # rows go down to the feet, slice 20 is past the middle
    bright = np.nonzero(values > 500)
    assert np.abs(bright[0] - middle).max() <= 3.5
    assert set(range(values.shape[1])) <= set(bright[1].tolist())
    assert (values[round(middle)] > 900).all()
    ends = np.nonzero(values[round(middle)] > 1600)[0]
    from_right = (len(axes.curve) - 1 - ends.mean()) * axes.step  # the first point is the patient's left
    assert from_right == pytest.approx(math.pi * 30 / 4, abs=1.0)


def test_padding_and_nan_are_mixed_with_nothing():
    voxels = noise().voxels.copy()
    voxels[:, :, 20:] = -2000
    volume = Volume(voxels, GRID, padding=(-2000.0, -2000.0))
    axes = along()
    values = values_along(volume, axes)
    assert np.nanmin(values) >= 0
    index = axes.places()
    assert np.isnan(values[index[..., 0] > 19.01]).all()
    inside = np.all((index >= 0) & (index <= np.array(GRID.size) - 1), axis=-1) & (index[..., 0] < 18.9)
    assert np.isfinite(values[inside]).all()

    floats = noise(np.float32).voxels.copy()
    floats[5] = np.nan
    values = values_along(Volume(floats, GRID), axes)
    near = np.abs(index[..., 2] - 5) < 0.9
    assert np.isnan(values[near]).all()
    assert np.isfinite(values[inside & (np.abs(index[..., 2] - 5) > 1.01)]).all()


@pytest.mark.parametrize("kind", ["MIP", "MinIP", "Mean"])
def test_a_slab_is_made_of_parallel_surfaces(kind):
    volume = noise()
    axes = along()
    layers = [values_along(volume, along(shift_mm=n * axes.step)) for n in (-1.0, 0.0, 1.0)]
    expected = {"MIP": np.nanmax, "MinIP": np.nanmin, "Mean": np.nanmean}[kind](np.stack(layers), axis=0)
    np.testing.assert_allclose(values_along(volume, axes, Slab(kind, 3)), expected, atol=0.05)


def test_colours_stay_colours():
    voxels = np.random.default_rng(5).integers(0, 255, (*GRID.shape, 3)).astype(np.uint8)
    values = values_along(Volume(voxels, GRID), along())
    red = values_along(Volume(np.ascontiguousarray(voxels[..., 0]), GRID), along())
    assert values.dtype == np.uint8
    inside = np.isfinite(red)
    assert np.abs(values[..., 0].astype(float) - red)[inside].max() <= 1.0
