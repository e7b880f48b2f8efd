"""What is sampled of another volume under a pane's pixels, beside SimpleITK and beside voxels looked up one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core.display import WindowLevel
from viewer.core.fusion import Fusion
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.oblique import turned_about, turned_axes
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume, to_image
from viewer.render.fusion import outline_over, values_over
from viewer.render.slabs import Slab
from viewer.render.slices import SliceView

SERIES = Series("1.2", "1", "P", "", "PT", "", (), GeometryVerdict("regular", "fine"))
TURN = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5)
DIRECTION = np.array(TURN.GetMatrix()).reshape(3, 3)
NOWHERE = -1e9
SHIFT = (3.0, -2.0, 1.5)


def other_volume(near: Geometry, dtype=np.float32, left_handed: bool = False, seed: int = 5) -> Volume:
    """Coarser voxels on an oblique grid that covers about half of another one."""
    direction = DIRECTION @ np.diag([1, -1, 1]) if left_handed else DIRECTION
    middle = near.index_to_lps((np.array(near.size) - 1) / 2)
    size, spacing = (9, 7, 6), (2.1, 1.7, 2.9)
    origin = middle + np.array([2, 1, 0]) - direction @ ((np.array(size) - 1) / 2 * spacing)
    values = np.random.default_rng(seed).uniform(0, 900, size[::-1])
    return Volume(values.astype(dtype), Geometry(size, spacing, origin, direction), unit="BQML", modality="PT")


def fused(volume: Volume, shift=(0.0, 0.0, 0.0)) -> Fusion:
    return Fusion(SERIES, volume, WindowLevel(450, 900, "LINEAR_EXACT"), "hot iron", shift_lps=shift)


def view_of(geometry: Geometry, plane, oblique: bool) -> tuple[SliceView, float]:
    axes = plane_axes(geometry, plane)
    if not oblique:
        return SliceView(axes, geometry.size, geometry.spacing, 160, 130, zoom=1.2), geometry.size[axes.normal] // 2
    rotation = None
    for one, radians in zip(PLANES, (0.5, -0.35, 0.7), strict=True):
        rotation = turned_about(rotation, geometry, one, radians)
    return SliceView(turned_axes(geometry, axes, rotation), geometry.size, geometry.spacing, 160, 130), 0.6


def points_under(geometry: Geometry, view: SliceView, depth: float, ratio: float, box) -> np.ndarray:
    left, top, wide, high = box
    at = [
        [view.to_index((left + x + 0.5) / ratio, (top + y + 0.5) / ratio, depth) for x in range(wide)]
        for y in range(high)
    ]
    return geometry.index_to_lps(at)


def by_simple_itk(volume: Volume, points: np.ndarray, interpolator=sitk.sitkLinear) -> np.ndarray:
    """Values at points (rows, columns, 3), each asked for by itself; NOWHERE outside."""
    image = to_image(volume.voxels.astype(np.float64), volume.geometry)
    found = np.full(points.shape[:2], NOWHERE)
    for place in np.ndindex(found.shape):
        index = image.TransformPhysicalPointToContinuousIndex(points[place].tolist())
        if all(-0.5 <= n < size - 0.5 for n, size in zip(index, volume.geometry.size, strict=True)):
            found[place] = image.EvaluateAtContinuousIndex(index, interpolator)
    return found


@pytest.mark.parametrize("ratio", [1.0, 1.5])
@pytest.mark.parametrize("oblique", [False, True], ids=["acquired", "oblique"])
@pytest.mark.parametrize("plane", PLANES)
def test_values_are_those_of_linear_interpolation(phantom, plane, oblique, ratio):
    geometry = phantom.geometry
    over = other_volume(geometry, left_handed=geometry.left_handed)
    view, depth = view_of(geometry, plane, oblique)
    box = (7, 5, 120, 100)
    values, measured = values_over(fused(over, SHIFT), geometry, view, depth, ratio, box)
    wanted = by_simple_itk(over, points_under(geometry, view, depth, ratio, box) + SHIFT)
    there = wanted != NOWHERE
    assert there.sum() > 300
    assert measured is None
    np.testing.assert_allclose(values[there], wanted[there], atol=0.05)


@pytest.mark.parametrize("oblique", [False, True], ids=["acquired", "oblique"])
def test_the_outline_holds_what_both_volumes_cover_and_nothing_else(phantom, oblique):
    geometry, over = phantom.geometry, other_volume(phantom.geometry)
    view, depth = view_of(geometry, "axial", oblique)
    corners = outline_over(fused(over, SHIFT), geometry, view, depth, 1.5)
    box = (0, 0, 240, 195)
    points = points_under(geometry, view, depth, 1.5, box)
    base, other = geometry.lps_to_index(points), over.geometry.lps_to_index(points + SHIFT)
    both, on_edge = np.ones(points.shape[:2], bool), np.zeros(points.shape[:2], bool)
    for index, size in ((base, geometry.size), (other, over.geometry.size)):
        within = np.minimum(index + 0.5, np.array(size) - 0.5 - index)  # edge to edge of the voxels
        both &= np.all(within >= 0, axis=-1)
        on_edge |= np.any(np.abs(within) < 1e-6, axis=-1)
    centres = np.stack(np.meshgrid(np.arange(240) + 0.5, np.arange(195) + 0.5), axis=-1)
    sides = [np.cross(corners[n] - corners[n - 1], centres - corners[n - 1]) for n in range(len(corners))]
    inside = np.all(np.array(sides) >= 0, axis=0) | np.all(np.array(sides) <= 0, axis=0)
    assert both.sum() > 300
    assert np.count_nonzero((inside != both) & ~on_edge) == 0


def test_volumes_that_do_not_meet_have_no_outline(phantom):
    over = other_volume(phantom.geometry)
    view, depth = view_of(phantom.geometry, "coronal", False)
    assert len(outline_over(fused(over, (500.0, 0.0, 0.0)), phantom.geometry, view, depth, 1.0)) < 3


def test_whole_numbers_are_not_rounded_between_voxels(phantom):
    over = other_volume(phantom.geometry)
    over = replace(over, voxels=(over.voxels > 450).astype(np.int16))
    view, depth = view_of(phantom.geometry, "axial", True)
    values, _ = values_over(fused(over), phantom.geometry, view, depth, 1.0, (20, 20, 100, 80))
    assert np.count_nonzero((values > 0.2) & (values < 0.8)) > 100


def test_masks_are_those_of_the_nearest_voxels(phantom):
    over = other_volume(phantom.geometry, np.int16)
    view, depth = view_of(phantom.geometry, "sagittal", True)
    box = (10, 10, 110, 90)
    values, _ = values_over(fused(over), phantom.geometry, view, depth, 1.0, box, nearest=True)
    index = over.geometry.lps_to_index(points_under(phantom.geometry, view, depth, 1.0, box))
    there = np.all((index >= -0.49) & (index <= np.array(over.geometry.size) - 0.51), axis=-1)
    apart = np.abs(index - np.floor(index) - 0.5).min(axis=-1) > 1e-3  # not between two voxels
    i, j, k = np.rint(index[there & apart]).astype(int).T
    assert there.sum() > 300
    np.testing.assert_array_equal(values[there & apart], over.voxels[k, j, i])


@pytest.mark.parametrize("kind", ["NaN", "padding"])
def test_what_is_not_measured_is_seen_through_and_mixed_with_nothing(phantom, kind):
    over = other_volume(phantom.geometry, np.float32 if kind == "NaN" else np.int16)
    gone = np.zeros(over.voxels.shape, bool)
    gone[:, 2:4, 3:5] = True
    voxels = np.where(gone, np.nan if kind == "NaN" else -2000, over.voxels).astype(over.voxels.dtype)
    over = replace(over, voxels=voxels, padding=None if kind == "NaN" else (-2000.0, -2000.0))
    view, depth = view_of(phantom.geometry, "axial", True)
    box = (10, 10, 120, 100)
    values, measured = values_over(fused(over), phantom.geometry, view, depth, 1.0, box)
    points = points_under(phantom.geometry, view, depth, 1.0, box)
    touched = by_simple_itk(replace(over, voxels=gone.astype(np.int16), padding=None), points)
    there = touched != NOWHERE
    assert np.count_nonzero(there & (touched > 0)) > 100
    assert measured is not None
    wrong = there & (measured == (touched > 1e-6))
    assert np.count_nonzero(wrong) <= 3
    assert values[there & measured].min() >= 0


@pytest.mark.parametrize("oblique", [False, True], ids=["acquired", "oblique"])
@pytest.mark.parametrize(("kind", "project"), [("MIP", np.max), ("MinIP", np.min), ("Mean", np.mean)])
def test_a_slab_projects_the_other_volume_over_the_same_slices(phantom, kind, project, oblique):
    geometry, over = phantom.geometry, other_volume(phantom.geometry)
    view, depth = view_of(geometry, "axial", oblique)
    box = (10, 10, 120, 100)
    values, measured = values_over(fused(over), geometry, view, depth, 1.0, box, slab=Slab(kind, 3))
    steps = [view.step_mm * n for n in (-1, 0, 1)] if oblique else (-1, 0, 1)
    layers = np.array([by_simple_itk(over, points_under(geometry, view, depth + n, 1.0, box)) for n in steps])
    some = (layers != NOWHERE).any(axis=0)
    with np.testing.suppress_warnings() as quiet:
        quiet.filter(RuntimeWarning)
        wanted = getattr(np, f"nan{project.__name__}")(np.where(layers == NOWHERE, np.nan, layers), axis=0)
    assert measured is not None and some.sum() > 300
    assert np.count_nonzero(measured != some) <= 3
    both = measured & some
    assert np.mean(np.abs(values[both] - wanted[both]) < 0.05) > 0.995  # but for the very edges
