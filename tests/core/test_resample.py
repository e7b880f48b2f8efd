"""Slices that make no volume, on a regular grid: linear truths are kept exactly, and nothing is invented."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core.geometry import Geometry
from viewer.core.resample import to_regular_grid
from viewer.core.study import GeometryVerdict, SeriesError, VerdictKind
from viewer.core.volume import Volume

COLUMNS, ROWS = 31, 23
PIXEL_MM = (0.8, 1.3)
FIRST_LPS = np.array([-41.5, 17.25, 103.0])
EVEN = tuple(2.5 * k for k in range(12))
RAMP = np.array([3.0, -2.0, 5.0])  # HU per mm of L, P, S


def linear(points_lps: np.ndarray) -> np.ndarray:
    """A quantity that any correct linear interpolation reproduces: 40 + RAMP . LPS."""
    return points_lps @ RAMP + 40.0


def stack(
    direction: np.ndarray,
    along_mm: tuple[float, ...],
    shear_degrees: float = 0.0,
    towards: str = "j",
    value_type: str = "float32",
) -> Volume:
    """Slices at given places along their normal, sheared towards j (a tilted gantry), i or both; values are linear."""
    normal = np.cross(direction[:, 0], direction[:, 1])
    aside = {"i": direction[:, 0], "j": direction[:, 1], "both": (direction[:, 0] + direction[:, 1]) / np.sqrt(2)}
    step = normal + np.tan(np.radians(shear_degrees)) * aside[towards]
    origins = FIRST_LPS + np.array(along_mm)[:, None] * step
    size = (COLUMNS, ROWS, len(along_mm))
    axes = np.column_stack([direction[:, :2], normal])
    geometry = Geometry(size, (*PIXEL_MM, 1.0), FIRST_LPS, axes, slice_origins=origins)
    i, j = np.meshgrid(np.arange(COLUMNS) * PIXEL_MM[0], np.arange(ROWS) * PIXEL_MM[1])
    points = origins[:, None, None, :] + i[..., None] * direction[:, 0] + j[..., None] * direction[:, 1]
    values = linear(points)
    return Volume(np.rint(values).astype(value_type) if value_type[0] in "iu" else values.astype(value_type), geometry)


def verdict(kind: VerdictKind) -> GeometryVerdict:
    return GeometryVerdict(kind, f"These slices are {kind}.")


def voxels_lps(geometry: Geometry) -> np.ndarray:
    """Places of all voxels, worked out here from origin, spacing and axes."""
    k, j, i = np.indices(geometry.shape)
    steps = np.stack([i, j, k], axis=-1) * np.array(geometry.spacing)
    return geometry.origin + steps @ geometry.direction.T


def measured(volume: Volume) -> np.ndarray:
    assert volume.padding is not None
    return ~((volume.voxels >= volume.padding[0]) & (volume.voxels <= volume.padding[1]))


DIRECTIONS = {
    "axial": np.eye(3),
    "coronal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "oblique": np.linalg.qr(np.array([[0.8, -0.5, 0.3], [0.4, 0.8, -0.3], [-0.2, 0.4, 0.9]]))[0],
}


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=list(DIRECTIONS))
@pytest.mark.parametrize("towards", ["i", "j", "both"])
@pytest.mark.parametrize("degrees", [-25.0, -15.0, -5.0, 5.0, 15.0, 25.0])
def test_tilted_stack_keeps_every_value_at_its_place(direction, towards, degrees):
    tilted = stack(direction, EVEN, degrees, towards)
    regular, sentence = to_regular_grid(tilted, verdict("tilted"))
    known = measured(regular)
    np.testing.assert_allclose(regular.voxels[known], linear(voxels_lps(regular.geometry))[known], atol=2e-3)
    assert regular.geometry.is_grid
    assert regular.geometry.spacing == pytest.approx((*PIXEL_MM, 2.5))
    # Only the pixel that lies across each slice's edge can be lost.
    assert known.sum() >= len(EVEN) * (COLUMNS - 1) * (ROWS - 1)
    assert f"{abs(degrees):.1f} degrees" in sentence
    assert "2.5 mm" in sentence


@pytest.mark.parametrize("degrees", [-15.0, 25.0])
def test_tilted_stack_is_covered_from_edge_to_edge(degrees):
    tilted = stack(DIRECTIONS["oblique"], EVEN, degrees, "both")
    regular, _ = to_regular_grid(tilted, verdict("tilted"))
    assert tilted.geometry.slice_origins is not None
    i_axis, j_axis = DIRECTIONS["oblique"][:, 0] * PIXEL_MM[0], DIRECTIONS["oblique"][:, 1] * PIXEL_MM[1]
    for origin in tilted.geometry.slice_origins:
        for corner in (origin, origin + (COLUMNS - 1) * i_axis, origin + (ROWS - 1) * j_axis):
            index = np.linalg.solve(
                regular.geometry.direction * regular.geometry.spacing, corner - regular.geometry.origin
            )
            assert (index > -1e-3).all()
            assert (index < np.array(regular.geometry.size) - 1 + 1e-3).all()


def test_tilted_stack_equals_simpleitk_on_the_sheared_grid():
    """Random values, where a place that is off by a part of a voxel shows at once."""
    direction = DIRECTIONS["oblique"]
    tilted = stack(direction, EVEN, 15.0)
    noise = np.random.default_rng(5).normal(0, 300, tilted.voxels.shape).astype(np.float32)
    regular, _ = to_regular_grid(replace(tilted, voxels=noise), verdict("tilted"))
    sheared = sitk.GetImageFromArray(noise)
    step = tilted.geometry.slice_origins[1] - tilted.geometry.slice_origins[0]
    length = float(np.linalg.norm(step))
    sheared.SetSpacing((*PIXEL_MM, length))
    sheared.SetOrigin(FIRST_LPS.tolist())
    sheared.SetDirection(np.column_stack([direction[:, :2], step / length]).ravel().tolist())
    grid = sitk.Image(regular.geometry.size, sitk.sitkFloat32)
    grid.SetSpacing(regular.geometry.spacing)
    grid.SetOrigin(regular.geometry.origin.tolist())
    grid.SetDirection(regular.geometry.direction.ravel().tolist())
    other = sitk.GetArrayFromImage(sitk.Resample(sheared, grid, sitk.Transform(), sitk.sitkLinear, -5e4))
    known = measured(regular) & (other > -4e4)
    assert known.sum() > 0.95 * measured(regular).sum()
    np.testing.assert_allclose(regular.voxels[known], other[known], atol=0.2)


@pytest.mark.parametrize("along", [(0.0, 1.0, 2.0, 3.0, 8.0, 13.0, 18.0), (0.0, 2.4, 5.1, 7.4, 10.0)])
@pytest.mark.parametrize("degrees", [0.0, 12.0])
def test_uneven_stack_keeps_every_value_at_its_place_and_passes_no_slice_over(along, degrees):
    uneven = stack(DIRECTIONS["oblique"], along, degrees)
    regular, sentence = to_regular_grid(uneven, verdict("uneven"))
    known = measured(regular)
    np.testing.assert_allclose(regular.voxels[known], linear(voxels_lps(regular.geometry))[known], atol=2e-3)
    smallest = min(b - a for a, b in itertools.pairwise(along))
    assert regular.geometry.spacing[2] <= smallest + 1e-6
    assert regular.geometry.spacing[2] * (regular.geometry.size[2] - 1) == pytest.approx(along[-1])
    assert f"{regular.geometry.spacing[2]:.4g} mm" in sentence


def test_two_slices_that_nearly_coincide_do_not_ask_for_thousands_of_slices():
    uneven = stack(DIRECTIONS["oblique"], (0.0, 5.0, 5.02, 10.0, 15.0, 20.0))
    regular, _ = to_regular_grid(uneven, verdict("uneven"))
    assert regular.geometry.size[2] <= 4 * uneven.geometry.size[2]
    np.testing.assert_allclose(regular.voxels, linear(voxels_lps(regular.geometry)), atol=2e-3)


@pytest.mark.parametrize("degrees", [0.0, -8.0])
def test_missing_slices_are_interpolated_and_counted(degrees):
    along = tuple(p for n, p in enumerate(EVEN) if n not in (3, 7, 8))
    regular, sentence = to_regular_grid(stack(DIRECTIONS["oblique"], along, degrees), verdict("missing"))
    assert regular.geometry.size[2] == len(EVEN)
    assert "3 missing slices were interpolated" in sentence
    known = measured(regular)
    np.testing.assert_allclose(regular.voxels[known], linear(voxels_lps(regular.geometry))[known], atol=2e-3)
    if not degrees:
        assert known.all()


def test_slices_that_are_there_keep_their_stored_values():
    direction, along = DIRECTIONS["coronal"], tuple(p for n, p in enumerate(EVEN) if n != 4)
    noise = np.random.default_rng(1).integers(-1024, 3071, (len(along), ROWS, COLUMNS), np.int16)
    volume = replace(stack(direction, along), voxels=noise, unit="HU", modality="CT", suv_factor=0.5)
    regular, sentence = to_regular_grid(volume, verdict("missing"))
    assert regular.voxels.dtype == np.int16
    assert (regular.unit, regular.modality, regular.suv_factor) == ("HU", "CT", 0.5)
    np.testing.assert_array_equal(np.delete(regular.voxels, 4, axis=0), noise)
    np.testing.assert_array_equal(regular.voxels[4], np.rint(noise[3:5].astype(float).mean(axis=0)))
    assert "1 missing slice was interpolated" in sentence
    assert "rounded" in sentence


def test_slices_in_any_order_give_the_same_grid():
    tilted = stack(DIRECTIONS["oblique"], EVEN, 15.0)
    regular, sentence = to_regular_grid(tilted, verdict("tilted"))
    order = np.random.default_rng(2).permutation(len(EVEN))
    origins = tilted.geometry.slice_origins[order]
    shuffled = Volume(tilted.voxels[order], replace(tilted.geometry, origin=origins[0], slice_origins=origins))
    again, other_sentence = to_regular_grid(shuffled, verdict("tilted"))
    np.testing.assert_array_equal(again.voxels, regular.voxels)
    assert again.geometry.same_grid(regular.geometry)
    assert other_sentence == sentence


@pytest.mark.parametrize("degrees", [-25.0, 5.0, 15.0])
def test_marker_stays_within_half_a_voxel(degrees):
    tilted = stack(DIRECTIONS["oblique"], EVEN, degrees)
    voxels = np.zeros(tilted.voxels.shape, np.int16)
    voxels[8, 6, 19] = 1900
    truth = tilted.geometry.slice_origins[8] + DIRECTIONS["oblique"][:, :2] @ (19 * PIXEL_MM[0], 6 * PIXEL_MM[1])
    regular, _ = to_regular_grid(replace(tilted, voxels=voxels), verdict("tilted"))
    weights = np.where(measured(regular), regular.voxels, 0).astype(float)
    found = (voxels_lps(regular.geometry) * weights[..., None]).sum(axis=(0, 1, 2)) / weights.sum()
    apart = regular.geometry.direction.T @ (found - truth) / regular.geometry.spacing
    assert np.abs(apart).max() < 0.01  # the centre of gravity is kept, far within half a voxel
    k, j, i = np.unravel_index(np.argmax(weights), weights.shape)
    nearest = np.linalg.solve(regular.geometry.direction * regular.geometry.spacing, truth - regular.geometry.origin)
    assert np.abs(nearest - (i, j, k)).max() <= 0.5 + 1e-6


# What no slice shows


@pytest.mark.parametrize(
    ("value_type", "lowest", "expected"),
    [("int16", -1024, "int16"), ("int16", -32768, "int32"), ("uint8", 0, "int16"), ("uint16", 7, "uint16")],
)
def test_outside_is_marked_by_a_value_that_no_voxel_has(value_type, lowest, expected):
    tilted = stack(DIRECTIONS["axial"], EVEN, 20.0)
    voxels = np.full(tilted.voxels.shape, lowest, value_type)
    voxels[:, ::2] = 99
    regular, _ = to_regular_grid(replace(tilted, voxels=voxels), verdict("tilted"))
    assert regular.voxels.dtype == expected
    assert regular.padding == (lowest - 1, lowest - 1)
    assert regular.voxels[measured(regular)].min() == lowest
    assert (regular.voxels == lowest - 1).any()
    assert regular.value_at((0, regular.geometry.size[1] - 1, 0)) is None


def test_padding_of_the_file_stays_padding_and_never_mixes_with_tissue():
    along = tuple(p for n, p in enumerate(EVEN) if n != 4)
    tilted = stack(DIRECTIONS["oblique"], along, 10.0, value_type="int16")
    voxels = np.array(tilted.voxels)
    lowest = int(voxels.min())
    voxels[:, 5:9, 4:20] = -5000
    regular, _ = to_regular_grid(replace(tilted, voxels=voxels, padding=(-6000.0, -4000.0)), verdict("missing"))
    assert regular.padding == (-6000.0, -4000.0)
    assert regular.voxels[measured(regular)].min() >= lowest
    assert (~measured(regular))[4].any()


def test_values_that_are_no_numbers_stay_so_and_hurt_no_neighbour_but_those_they_touch():
    tilted = stack(DIRECTIONS["axial"], EVEN, 20.0)
    voxels = np.array(tilted.voxels)
    voxels[3, 10, 10] = np.nan
    regular, _ = to_regular_grid(replace(tilted, voxels=voxels), verdict("tilted"))
    assert 1 <= np.isnan(regular.voxels).sum() <= 2
    assert regular.padding is not None
    assert np.isfinite(regular.padding).all()


# Refusals


@pytest.mark.parametrize("along", [(0.0, 2.5, 5.0, 15.1, 17.6, 20.1), (0.0, 6.0, 12.0, 36.0, 42.0)])
def test_wide_gap_is_refused_with_its_place(along):
    with pytest.raises(SeriesError, match=r"(10\.1|24\.0) mm between two slices"):
        to_regular_grid(stack(DIRECTIONS["axial"], along), verdict("missing"))


def test_gap_as_wide_as_thick_slices_is_bridged():
    """Several thin slices that are missing leave no more open than a scan with 5 mm slices does."""
    regular, _ = to_regular_grid(stack(DIRECTIONS["axial"], (0.0, 1.0, 2.0, 7.0, 8.0, 9.0)), verdict("missing"))
    assert regular.geometry.size[2] == 10
    np.testing.assert_allclose(regular.voxels, linear(voxels_lps(regular.geometry)), atol=2e-3)


@pytest.mark.parametrize("kind", ["regular", "2d", "duplicate", "mixed", "no-position"])
def test_other_verdicts_are_refused(kind):
    with pytest.raises(SeriesError, match="can be resampled"):
        to_regular_grid(stack(DIRECTIONS["axial"], EVEN), verdict(kind))


def test_what_has_no_known_place_or_no_measured_value_is_refused():
    tilted = stack(DIRECTIONS["axial"], EVEN, 10.0)
    lost = replace(tilted.geometry, slice_origins=np.empty((0, 3)))
    coloured = np.zeros((*tilted.voxels.shape, 3), np.uint8)
    arriving = np.arange(len(EVEN)) != 4
    for volume, reason in (
        (replace(tilted, geometry=lost), "not known"),
        (replace(tilted, geometry=replace(tilted.geometry, patient_space=False)), "not known"),
        (replace(tilted, geometry=replace(tilted.geometry, calibrated=False)), "not known"),
        (replace(tilted, voxels=coloured), "colours"),
        (replace(tilted, arrived=arriving), "still being read"),
    ):
        with pytest.raises(SeriesError, match=reason):
            to_regular_grid(volume, verdict("tilted"))


def test_two_slices_at_one_place_are_refused():
    with pytest.raises(SeriesError, match="at one place"):
        to_regular_grid(stack(DIRECTIONS["axial"], (0.0, 2.5, 2.5, 5.0)), verdict("uneven"))


def test_positions_far_beside_each_other_are_refused_before_memory_is_taken():
    tilted = stack(DIRECTIONS["axial"], EVEN)
    origins = np.array(tilted.geometry.slice_origins)
    origins[5, 0] += 1e7
    with pytest.raises(SeriesError, match="nearly empty"):
        to_regular_grid(replace(tilted, geometry=replace(tilted.geometry, slice_origins=origins)), verdict("uneven"))


def test_cancelled_between_slices():
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        to_regular_grid(stack(DIRECTIONS["axial"], EVEN, 10.0), verdict("tilted"), check)
    assert len(calls) == 3
