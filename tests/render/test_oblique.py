"""Sampled planes beside SimpleITK's resampling and beside voxels looked up one by one."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core.geometry import PLANES, Geometry, mirrored, plane_axes, turned
from viewer.core.oblique import ObliqueAxes, turned_about, turned_axes
from viewer.core.volume import Volume, to_image
from viewer.render.oblique import labels_on, values_on
from viewer.render.slabs import Slab

NOWHERE = -30000.0


@pytest.fixture(params=range(6))
def axes(request, phantom) -> ObliqueAxes:
    """Planes turned at random, some with a mirrored and turned picture."""
    geometry, rng, rotation = phantom.geometry, np.random.default_rng(request.param), None
    for plane in PLANES:
        rotation = turned_about(rotation, geometry, plane, rng.uniform(-1.2, 1.2))
    laid = plane_axes(geometry, PLANES[request.param % 3])
    laid = turned(mirrored(laid) if request.param % 2 else laid, request.param)
    found = turned_axes(geometry, laid, rotation)
    assert isinstance(found, ObliqueAxes)
    return found


def noisy(phantom) -> Volume:
    voxels = np.random.default_rng(7).integers(-1000, 2000, phantom.geometry.shape).astype(np.int16)
    return replace(phantom, voxels=voxels)


def by_simple_itk(voxels, geometry, axes, depth, interpolator):
    """The plane as a slice of SimpleITK's, and where it lies within the centres of the outermost voxels."""
    columns, rows = axes.shape(geometry.size)
    pixel, _ = axes.pixel_mm(geometry.spacing)
    first = geometry.index_to_lps(axes.to_index(0, 0, depth, geometry.size))
    directions = np.column_stack([axes.right, axes.down, np.cross(axes.right, axes.down)])
    found = sitk.Resample(
        to_image(voxels, geometry),
        (columns, rows, 1),
        sitk.Transform(),
        interpolator,
        first.tolist(),
        (pixel, pixel, 1.0),
        directions.ravel().tolist(),
        NOWHERE,
        sitk.sitkFloat64,
    )
    return sitk.GetArrayFromImage(found)[0], indices_of(axes, geometry, depth)


def indices_of(axes, geometry, depth):
    columns, rows = axes.shape(geometry.size)
    return np.array([[axes.to_index(c, r, depth, geometry.size) for c in range(columns)] for r in range(rows)])


def within(indices, geometry, margin=0.0):
    return np.all((indices >= -margin) & (indices <= np.array(geometry.size) - 1 + margin), axis=-1)


@pytest.mark.parametrize("depth", [-2.7, 0.0, 1.9])
def test_grey_values_are_those_of_linear_interpolation(phantom, axes, depth):
    volume = noisy(phantom)
    wanted, indices = by_simple_itk(volume.voxels, volume.geometry, axes, depth, sitk.sitkLinear)

    found = values_on(volume, axes, depth)

    there = within(indices, volume.geometry, -1e-6)
    assert there.sum() > 40
    assert found.dtype == np.int16
    assert np.abs(found - wanted)[there].max() <= 0.6  # rounded to whole numbers


def test_values_up_to_the_edge_of_the_outermost_voxels_are_theirs(phantom, axes):
    volume = noisy(phantom)
    indices = indices_of(axes, volume.geometry, 0.5)
    held = np.clip(indices, 0, np.array(volume.geometry.size) - 1.0)
    image = sitk.GetImageFromArray(volume.voxels.astype(np.float64))

    found = values_on(volume, axes, 0.5)

    edge = within(indices, volume.geometry, 0.499) & ~within(indices, volume.geometry)
    assert edge.sum() > 10
    wanted = [image.EvaluateAtContinuousIndex(at.tolist(), sitk.sitkLinear) for at in held[edge]]
    assert np.abs(found[edge] - wanted).max() <= 0.6


def test_labels_are_those_of_the_nearest_voxel(phantom, axes):
    labels = np.random.default_rng(5).integers(0, 5, phantom.geometry.shape).astype(np.uint8)
    wanted, indices = by_simple_itk(labels, phantom.geometry, axes, 0.4, sitk.sitkNearestNeighbor)

    found = labels_on(labels, axes, 0.4)

    fractions = np.abs(indices - np.floor(indices) - 0.5)
    there = within(indices, phantom.geometry) & np.all(fractions > 1e-4, axis=-1)  # not between two voxels
    assert np.array_equal(found[there], wanted[there])
    assert not found[~within(indices, phantom.geometry, 0.51)].any()


def test_marks_of_the_file_are_sampled_as_labels_are(phantom, axes):
    marks = np.random.default_rng(5).random(phantom.geometry.shape) < 0.3

    assert np.array_equal(labels_on(marks, axes, 0.4) > 0, labels_on(marks.astype(np.uint8), axes, 0.4) > 0)
    assert labels_on(marks, axes, 0.4).any()


def test_padding_is_never_mixed_with_tissue(phantom, axes):
    volume = noisy(phantom)
    voxels = volume.voxels.copy()
    voxels[np.random.default_rng(9).random(voxels.shape) < 0.02] = -2000
    padded = replace(volume, voxels=voxels, padding=(-2000.0, -2000.0))
    indices = indices_of(axes, volume.geometry, 0.3)
    floor, size = np.floor(indices).astype(int), np.array(volume.geometry.size) - 1
    touched = np.zeros(indices.shape[:2], bool)
    for corner in np.ndindex(2, 2, 2):
        i, j, k = np.moveaxis(np.clip(floor + corner, 0, size), -1, 0)
        touched |= voxels[k, j, i] == -2000

    found = values_on(padded, axes, 0.3)

    fractions = indices - np.floor(indices)
    there = within(indices, volume.geometry, -1e-3) & np.all((fractions > 0.01) & (fractions < 0.99), axis=-1)
    assert 0 < (touched & there).sum() < there.sum()
    assert np.array_equal(found[there] == -2000, touched[there])
    plain = values_on(volume, axes, 0.3)
    assert np.array_equal(found[there & ~touched], plain[there & ~touched])


def test_a_plane_through_the_centres_of_voxels_touches_no_padding_beside_them(oblique_phantom):
    geometry = Geometry((12, 10, 8), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    voxels = np.full(geometry.shape, 50, np.int16)
    voxels[5] = -2000
    volume = Volume(voxels, geometry, padding=(-2000.0, -2000.0))
    rotation = turned_about(None, geometry, "sagittal", np.radians(90))  # the coronal pane shows an axial slice
    axes = turned_axes(geometry, plane_axes(geometry, "coronal"), rotation)
    assert abs(axes.towards[2]) == pytest.approx(1)

    for k in (4, 5, 6):
        depth = axes.depth_of((3, 3, k))
        indices = indices_of(axes, geometry, depth)
        values = values_on(volume, axes, depth)[within(indices, geometry, 0.4)]
        assert set(values.tolist()) == ({-2000} if k == 5 else {50})


def test_nan_spreads_to_what_it_touches_and_to_nothing_else(phantom, axes):
    voxels = noisy(phantom).voxels.astype(np.float32)
    clean = replace(phantom, voxels=voxels)
    holed = voxels.copy()
    holed[3, 5, 6] = np.nan

    found, plain = values_on(replace(phantom, voxels=holed), axes, 0.0), values_on(clean, axes, 0.0)

    away = np.abs(indices_of(axes, phantom.geometry, 0.0) - (6, 5, 3)).max(axis=-1)
    there = within(indices_of(axes, phantom.geometry, 0.0), phantom.geometry)
    near = (away < 0.99) & there
    assert near.sum() and np.isnan(found[near]).all()
    far = (away > 1.01) & there
    np.testing.assert_array_equal(found[far], plain[far])


@pytest.mark.parametrize("kind", ["MIP", "MinIP", "Mean"])
@pytest.mark.parametrize("slices", [2, 5])
def test_a_slab_is_made_of_planes_a_step_apart_around_the_one_shown(phantom, axes, kind, slices):
    volume = noisy(phantom)
    step = axes.step_mm(volume.geometry.spacing)
    layers = []
    for n in range(slices):
        depth = 0.2 + (n - (slices - 1) / 2) * step
        layer, indices = by_simple_itk(volume.voxels, volume.geometry, axes, depth, sitk.sitkLinear)
        layer[~within(indices, volume.geometry)] = np.nan
        layers.append(layer)
    whole = ~np.isnan(layers).any(axis=0)
    combine = {"MIP": np.max, "MinIP": np.min, "Mean": np.mean}[kind]

    found = values_on(volume, axes, 0.2, Slab(kind, slices))

    assert whole.sum() > 10
    assert np.abs(found - combine(layers, axis=0))[whole].max() <= 0.6


def test_padding_and_what_is_beyond_the_scan_are_no_part_of_a_slab(phantom, axes):
    voxels = np.full(phantom.geometry.shape, 100, np.int16)
    voxels[np.random.default_rng(9).random(voxels.shape) < 0.3] = -2000
    volume = replace(phantom, voxels=voxels, padding=(-2000.0, -2000.0))
    there = within(indices_of(axes, phantom.geometry, 0.0), phantom.geometry)

    for kind in ("MIP", "MinIP", "Mean"):
        assert set(np.unique(values_on(volume, axes, 0.0, Slab(kind, 12))[there])) <= {100, -2000}
    assert (values_on(volume, axes, 0.0, Slab("MinIP", 12))[there] == 100).mean() > 0.8


def test_colours_are_interpolated_each_for_itself(phantom, axes):
    colours = np.random.default_rng(1).integers(0, 255, (*phantom.geometry.shape, 3)).astype(np.uint8)
    volume = Volume(colours, phantom.geometry)

    found = values_on(volume, axes, 0.3)

    assert found.shape == (*axes.shape(phantom.geometry.size)[::-1], 3)
    for n in range(3):
        wanted, indices = by_simple_itk(
            np.ascontiguousarray(colours[..., n]), phantom.geometry, axes, 0.3, sitk.sitkLinear
        )
        there = within(indices, phantom.geometry, -1e-6)
        assert np.abs(found[..., n] - wanted)[there].max() <= 0.6


def test_the_volume_is_not_copied():
    geometry = Geometry((160, 150, 140), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    volume = Volume(np.zeros(geometry.shape, np.int16), geometry)
    axes = turned_axes(geometry, plane_axes(geometry, "axial"), turned_about(None, geometry, "coronal", 0.4))
    values_on(volume, axes, 0.0)

    tracemalloc.start()
    values_on(volume, axes, 0.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < volume.voxels.nbytes / 4
