"""What makes inference fast gives what the plain way gives."""

import numpy as np
import pytest

from inference.manifest import Preprocessing, StoredIntensity
from inference.preprocess import _in_plane, _weights, model_grid, padded_block, padded_for
from tests.inference.test_engine import image_of, noise


@pytest.mark.parametrize(
    "spacing_mm", [(0.5, 0.7, 1.0), (1.0, 1.0, 1.0), (2.0, 2.0, 1.0), (1.9, 3.3, 1.0), (9.0, 7.0, 1.0)]
)
@pytest.mark.parametrize("shape", [(1, 41, 67), (1, 128, 96), (1, 7, 3), (1, 511, 2)])
@pytest.mark.parametrize("to_model", [True, False])
def test_planes_are_interpolated_as_the_formula_says(shape, spacing_mm, to_model):
    grid = model_grid(
        image_of(noise(*shape), spacing=(1.1, 0.9, 1.0)), Preprocessing(axes="KJI", spacing_mm=spacing_mm)
    )
    values = noise(3, *(grid.image_shape if to_model else grid.shape)[1:])
    expected = values.astype(np.float64)
    for axis in (1, 2):
        low, high, weight = _weights(grid, axis, to_model)
        weight = weight.reshape((1, -1, 1) if axis == 1 else (1, 1, -1))
        expected = expected.take(low, axis) * (1 - weight) + expected.take(high, axis) * weight

    found = _in_plane(values, grid, to_model)

    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("padding", ["zero", "edge", "reflect"])
@pytest.mark.parametrize("shape", [(17, 16, 5), (3, 33, 20), (40, 1, 31)])
@pytest.mark.parametrize(("patch", "centred"), [(None, False), ((16, 16, 16), False), ((8, 16, 32), True)])
def test_a_padded_block_is_that_of_the_padded_volume(padding, shape, patch, centred):
    preprocessing = Preprocessing(
        dimensions=3, patch=patch, size_multiple=8, padding=padding, centred=centred, intensity=StoredIntensity()
    )
    voxels = noise(*shape)
    whole = padded_for(voxels, preprocessing)
    patch = patch or whole.shape

    for part in (0.0, 0.4, 1.0):
        window = [
            slice(start, start + side)
            for start, side in ((int(part * (n - side)), side) for n, side in zip(whole.shape, patch, strict=True))
        ]
        np.testing.assert_array_equal(padded_block(voxels, window, preprocessing), whole[tuple(window)])
