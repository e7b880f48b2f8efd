"""Colour maps are those of the standard, and a mask's values keep apart."""

import itertools

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_palette_files
from pyqtgraph import colormap

import resources
from viewer.core.colour_maps import COLOUR_MAPS, load_colour_maps, mask_colours
from viewer.core.display import VoiTable, WindowLevel, to_grey, window_ends

MAPS = load_colour_maps(resources.path("presets", "colour_maps.json"))
DICOM = {"hot iron": "hotiron", "pet": "pet", "hot metal blue": "hotmetalblue", "pet 20 step": "pet20step"}


def rgb(table: np.ndarray) -> np.ndarray:
    return np.stack([table >> 16 & 255, table >> 8 & 255, table & 255], axis=-1).astype(np.uint8)


def test_every_map_has_a_name_and_256_opaque_colours():
    assert list(MAPS) == list(COLOUR_MAPS)
    assert all(table.shape == (256,) and (table >> 24 == 255).all() for table in MAPS.values())


@pytest.mark.parametrize("name", DICOM)
def test_dicoms_palettes_are_those_of_ps3_6_annex_b(name):
    standard = dcmread(get_palette_files(f"{DICOM[name]}.dcm")[0])
    channels = (standard[f"{c}PaletteColorLookupTableData"].value for c in ("Red", "Green", "Blue"))

    assert np.array_equal(rgb(MAPS[name]), np.stack([np.frombuffer(c, np.uint8) for c in channels], axis=-1))


@pytest.mark.parametrize("name", ["viridis", "inferno"])
def test_even_maps_are_matplotlibs(name):
    assert np.array_equal(rgb(MAPS[name]), colormap.get(name).getLookupTable(nPts=256, alpha=False))


def test_each_value_of_a_mask_has_a_colour_of_its_own():
    shown = rgb(mask_colours(np.arange(256).reshape(16, 16), MAPS["masks"])).reshape(-1, 3).astype(int)

    assert not shown[0].any()
    assert len({tuple(colour) for colour in shown}) == 256
    assert min(np.abs(a - b).sum() for a, b in itertools.pairwise(shown)) >= 60
    assert (shown[1:].max(axis=1) >= 100).all()  # none is lost on black


def test_values_of_a_mask_that_are_no_label_are_black_and_large_ones_begin_again():
    values = np.array([[-3.0, np.nan, 0.2], [1.9, 2.0, 257.0]], np.float32)

    shown = mask_colours(values, MAPS["masks"])

    assert (shown[0] == 0xFF000000).all()
    assert shown[1].tolist() == [MAPS["masks"][2]] * 3


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
def test_the_ends_of_a_window_are_where_black_ends_and_white_begins(function):
    window = WindowLevel(40.0, 400.0, function)
    low, high = window_ends(window)

    step = 0.5 * window.width / 255  # half a grey level
    shown = to_grey(np.array([low, low + 1.2 * step, high - 1.2 * step, high]), window)

    assert shown.tolist() == [0, 1, 254, 255]


def test_the_ends_of_a_sigmoid_are_one_hundredth_from_its_own():
    window = WindowLevel(100.0, 50.0, "SIGMOID")

    assert to_grey(np.array(window_ends(window)), window).tolist() == [3, 252]  # 255 / 100, and from the other end


def test_the_ends_of_a_table_are_where_it_begins_and_ends_to_rise():
    low, high = window_ends(VoiTable(100, 8, (0, 0, 50, 255, 255)))

    assert (low, high) == (101.0, 103.0)
