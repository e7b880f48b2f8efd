"""Slabs: projections of neighbouring slices, laid out as a slice is."""

import numpy as np
import pytest

from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.volume import Volume
from viewer.render.slabs import SLAB_KINDS, Slab, slab_of, slices_within
from viewer.render.slices import slice_of

REDUCE = {"MIP": np.max, "MinIP": np.min, "Mean": np.mean}


def volume_of(voxels, **more) -> Volume:
    flipped = np.diag([1.0, -1.0, 1.0])  # a grid whose planes are turned on the screen
    return Volume(voxels, Geometry(voxels.shape[::-1], (1, 2, 3), np.zeros(3), flipped), **more)


@pytest.mark.parametrize("dtype", ["int16", "uint16", "int32", "float32"])
@pytest.mark.parametrize("kind", SLAB_KINDS)
@pytest.mark.parametrize("plane", PLANES)
def test_a_slab_is_what_numpy_makes_of_its_slices(plane, kind, dtype):
    voxels = np.random.default_rng(3).integers(0, 30_000, (9, 8, 7)).astype(dtype)
    volume = volume_of(voxels)
    axes = plane_axes(volume.geometry, plane)
    stack = [slice_of(voxels, axes, n) for n in (2, 3, 4, 5)]
    projected = slab_of(volume, axes, 3, Slab(kind, 4))
    np.testing.assert_allclose(projected, REDUCE[kind](np.stack(stack), axis=0), rtol=1e-6)
    assert kind == "Mean" or projected.dtype == voxels.dtype


def test_the_ends_of_the_scan_have_fewer_slices():
    assert list(slices_within(Slab("MIP", 5), 10, 20)) == [8, 9, 10, 11, 12]
    assert list(slices_within(Slab("MIP", 4), 10, 20)) == [9, 10, 11, 12]
    assert list(slices_within(Slab("MIP", 5), 0, 20)) == [0, 1, 2]
    assert list(slices_within(Slab("MIP", 5), 19, 20)) == [17, 18, 19]


@pytest.mark.parametrize(
    ("kind", "expected"), [("MIP", [5.0, -2000.0]), ("MinIP", [1.0, -2000.0]), ("Mean", [3.0, -2000.0])]
)
def test_padding_is_no_part_of_a_slab(kind, expected):
    voxels = np.array([[[1, -2000]], [[-2000, -2000]], [[5, -2000]]], np.int16)
    volume = volume_of(voxels, padding=(-2000.0, -2000.0))
    projected = slab_of(volume, plane_axes(volume.geometry, "axial"), 1, Slab(kind, 3))
    assert projected.ravel().tolist() == expected


@pytest.mark.parametrize(("kind", "expected"), [("MIP", 5.0), ("MinIP", 1.0), ("Mean", 3.0)])
def test_what_is_not_a_number_is_no_part_of_a_slab(kind, expected):
    voxels = np.array([[[1, np.nan]], [[np.inf, np.nan]], [[5, np.nan]]], np.float32)
    volume = volume_of(voxels)
    projected = slab_of(volume, plane_axes(volume.geometry, "axial"), 1, Slab(kind, 3)).ravel()
    assert projected[0] == expected and np.isnan(projected[1])
