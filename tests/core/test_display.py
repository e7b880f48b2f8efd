"""Grey levels and default windows against the standard's formulas, worked by hand or by pydicom."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi, apply_windowing

from viewer.core.display import VoiTable, WindowLevel, bracketing_window, default_window, to_grey
from viewer.core.geometry import Geometry, plane_axes
from viewer.core.volume import Volume
from viewer.render.slices import grey_slice

GRID = Geometry((6, 5, 4), (0.7, 1.1, 2.5), np.zeros(3), np.eye(3))


def volume(voxels: np.ndarray, **known) -> Volume:
    return Volume(voxels, GRID, **known)


def by_pydicom(values: np.ndarray, centre: float, width: float, function: str) -> np.ndarray:
    """The same window for a display of 8 bits: pydicom's output range is that of BitsStored."""
    header = Dataset()
    header.PhotometricInterpretation, header.BitsStored, header.PixelRepresentation = "MONOCHROME2", 8, 0
    header.WindowCenter, header.WindowWidth, header.VOILUTFunction = centre, width, function
    with np.errstate(over="ignore"):
        return apply_windowing(values, header)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("centre", "width"), [(40, 400), (-600, 1500), (2.5, 1), (100, 2), (0.25, 7.5)])
@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32])
def test_grey_is_the_function_of_the_standard_rounded(function, centre, width, kind):
    values = np.linspace(-2000, 2000, 4001).astype(kind)

    grey = to_grey(values, WindowLevel(centre, width, function))

    exact = by_pydicom(values, centre, width, function)
    assert np.abs(grey - exact).max() <= 0.5 + 1e-3


def test_worked_examples_of_the_three_functions():
    # PS3.3 C.11.2.1.2.1, note: c = 2048, w = 4096 maps 0 to 0 and 4095 to the largest
    assert to_grey(np.array([0, 4095]), WindowLevel(2048, 4096)).tolist() == [0, 255]
    # LINEAR c = 0, w = 100: -50 is 0, 49 is 255, 0 is (0.5 / 99 + 0.5) * 255 = 128.8
    assert to_grey(np.array([-51, -50, 0, 49, 50]), WindowLevel(0, 100)).tolist() == [0, 0, 129, 255, 255]
    # LINEAR_EXACT c = 0, w = 100: -25 is 255 / 4 = 63.75, 0 is 127.5, 25 is 191.25
    exact = WindowLevel(0, 100, "LINEAR_EXACT")
    assert to_grey(np.array([-50, -25, 0, 25, 50]), exact).tolist() == [0, 64, 128, 191, 255]
    # SIGMOID c = 0, w = 100: 255 / (1 + exp(-4 x / 100)); at 25 255 / (1 + 1/e) = 186.4
    sigmoid = WindowLevel(0, 100, "SIGMOID")
    assert to_grey(np.array([-25, 0, 25, 10000, -10000]), sigmoid).tolist() == [69, 128, 186, 255, 0]


def test_window_of_width_one_is_a_step_at_half_below_its_centre():
    # C.11.2.1.2.1 with w = 1: 0 if x <= c - 0.5, else the largest
    assert to_grey(np.array([9, 10, 11]), WindowLevel(10, 1)).tolist() == [0, 255, 255]
    assert to_grey(np.array([9.5, 9.6]), WindowLevel(10, 1)).tolist() == [0, 255]


def test_window_narrower_than_one_shows_fractions():
    # 0.5 +- 0.25: a quarter of the way is 64
    assert to_grey(np.array([0.25, 0.375, 0.5, 0.75]), WindowLevel(0.5, 0.5)).tolist() == [0, 64, 128, 255]


def test_inverting_turns_grey_but_never_padding_or_nan():
    values = np.array([0.0, 50.0, 99.0, np.nan, -2000.0, -1999.0], np.float32)
    window = WindowLevel(50, 100)

    plain = to_grey(values, window, padding=(-2000, -2000))
    inverted = to_grey(values, window, inverted=True, padding=(-2000, -2000))

    assert plain.tolist() == [0, 129, 255, 0, 0, 0]
    assert inverted.tolist() == [255, 126, 0, 0, 0, 255]


@pytest.mark.parametrize("first", [0, 300, -20])
def test_table_of_the_file_gives_its_entries_and_holds_its_ends(first):
    entries = tuple(int(n) for n in np.linspace(3, 4000, 64) ** 1.01 % 4096)
    header = Dataset()
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [64, first, 12])
    item.add_new("LUTData", "US", list(entries))
    header.VOILUTSequence = [item]
    values = np.arange(-200, 600, dtype=np.int16)

    grey = to_grey(values, VoiTable(first, 12, entries))

    expected = np.rint(apply_voi(values, header).astype(float) / 4095 * 255)
    np.testing.assert_array_equal(grey, expected)
    np.testing.assert_array_equal(to_grey(values.astype(np.float32), VoiTable(first, 12, entries)), expected)
    assert to_grey(np.array([np.nan, np.inf, -np.inf]), VoiTable(first, 12, entries))[0] == 0


def test_table_of_eight_bits_is_shown_as_it_is():
    assert to_grey(np.array([-1, 0, 1, 2, 3]), VoiTable(0, 8, (7, 200, 255))).tolist() == [7, 7, 200, 255, 255]


def test_window_to_start_from_brackets_the_rise_of_a_table():
    # flat at 0 up to value 102, rising to 4095 at value 105, flat after it
    table = VoiTable(100, 12, (0, 0, 0, 1000, 2000, 4095, 4095, 4095))

    window = bracketing_window(table)

    values = np.arange(95, 112)
    np.testing.assert_array_equal(to_grey(values, window) == 0, to_grey(values, table) == 0)
    np.testing.assert_array_equal(to_grey(values, window) == 255, to_grey(values, table) == 255)
    assert bracketing_window(VoiTable(5, 8, (9, 9, 9))).width > 0


def test_window_of_the_file_comes_first_if_it_is_usable():
    voxels = np.arange(120, dtype=np.int16).reshape(GRID.shape)
    lung = WindowLevel(-600, 1500, "SIGMOID", "LUNG")

    assert default_window(volume(voxels), lung) is lung
    assert np.isfinite(default_window(volume(voxels), WindowLevel(float("nan"), 100)).centre)
    assert np.isfinite(default_window(volume(voxels), WindowLevel(40, float("inf"))).width)


@pytest.mark.parametrize("kind", [np.int16, np.float32])
def test_padding_nan_and_slices_not_there_yet_do_not_set_the_window(kind):
    measured = np.random.default_rng(4).integers(100, 200, GRID.shape).astype(kind)
    spoilt = measured.copy()
    spoilt[:, :, 0] = -30000
    spoilt[:, 0, :] = -29000
    arrived = np.array([True, True, False, True])
    spoilt[2] = 9999
    if kind is np.float32:
        spoilt[1, 2, 3] = np.nan

    window = default_window(volume(spoilt, padding=(-30000.0, -29000.0), arrived=arrived), None)

    inner = measured[[0, 1, 3], 1:, 1:]
    assert inner.min() <= window.centre - window.width / 2 + 2
    assert window.centre + window.width / 2 <= inner.max()


def test_volume_of_which_nothing_is_measured_still_gets_a_window():
    empty = np.full(GRID.shape, -2000, np.int16)

    assert default_window(volume(empty, padding=(-2000.0, -2000.0)), None).width > 0
    assert default_window(volume(empty, arrived=np.zeros(4, bool)), None).width > 0
    assert default_window(volume(np.full(GRID.shape, np.nan, np.float32)), None).width > 0


def test_fractions_get_a_window_without_the_half_and_the_one_of_whole_numbers():
    voxels = np.linspace(0, 3, 120, dtype=np.float32).reshape(GRID.shape)

    window = default_window(volume(voxels), None)
    grey = to_grey(voxels, window)

    assert abs(int(grey.ravel()[60]) - 128) <= 3
    assert grey.min() == 0 and grey.max() >= 250


@pytest.mark.parametrize("side", [40, 400])  # computed pixel by pixel, and by a table of all 16-bit values
@pytest.mark.parametrize("kind", [np.int16, np.uint16, np.float32])
def test_padding_is_black_in_a_slice_whatever_its_size(side, kind):
    grid = Geometry((side, side, 1), (1, 1, 1), np.zeros(3), np.eye(3), patient_space=False)
    voxels = np.full((1, side, side), 500, kind)
    voxels[0, :, : side // 2] = 10
    voxels[0, 0, 0] = 0

    grey = grey_slice(voxels, plane_axes(grid, "axial"), 0, WindowLevel(500, 400), True, (10.0, 10.0))

    assert (grey[1:, : side // 2] == 0).all()
    assert (grey[1:, side // 2 :] == 127).all()  # 255 - 128: ((500 - 499.5) / 399 + 0.5) * 255 = 127.8
    assert grey[0, 0] == 255


def test_slice_is_shown_by_a_table_of_the_file():
    grid = Geometry((400, 400, 1), (1, 1, 1), np.zeros(3), np.eye(3), patient_space=False)
    voxels = (np.arange(160000) % 5).astype(np.int16).reshape(1, 400, 400) - 2

    grey = grey_slice(voxels, plane_axes(grid, "axial"), 0, VoiTable(-1, 8, (10, 20, 30)))

    assert grey[0, :5].tolist() == [10, 10, 20, 30, 30]


@pytest.mark.parametrize(("modality", "unit"), [("CT", "HU"), ("", "")])
def test_a_ct_without_a_window_begins_with_soft_tissue(modality, unit):
    rng = np.random.default_rng(3)
    body = rng.normal(50, 20, GRID.shape).astype(np.int16)
    body[: len(body) // 2] = -1000

    assert default_window(Volume(body, GRID, unit=unit, modality=modality), None) == WindowLevel(40, 400)


def test_what_shows_no_soft_tissue_has_a_window_of_its_own_values():
    phase = np.linspace(-4096, 4095, int(np.prod(GRID.shape))).astype(np.int16).reshape(GRID.shape)

    assert default_window(Volume(phase, GRID), None).width > 7000
    assert default_window(Volume(phase, GRID, modality="MR"), None).width > 7000
