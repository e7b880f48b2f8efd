"""Presets of the 3-D view say what they show, and find the values of scans that have no unit."""

import itertools

import numpy as np
import pytest

import resources
from viewer.core.geometry import Geometry
from viewer.core.volume import Volume
from viewer.core.volume_look import TransferPoint, ValueHistogram, VolumeLook, in_values, load_looks, looks_for

LOOKS = load_looks(resources.path("presets", "volume_rendering.json"))
BY_NAME = {look.name: look for look in LOOKS["CT"]}
GREY = (128, 128, 128)


def histogram() -> ValueHistogram:
    """Air from 0 to 100, and 1,000 voxels of tissue, one in each step from 100 to 1,100."""
    counts = np.concatenate([np.full(100, 50), np.ones(1000)]).astype(np.int64)
    return ValueHistogram(counts, 0.0, 1100.0, 100.0)


def look(scale, *values: float) -> VolumeLook:
    return VolumeLook("x", tuple(TransferPoint(value, 0.5, GREY) for value in values), scale=scale)


def scan(modality: str, unit: str = "", lowest: int = 0) -> Volume:
    voxels = np.array([[[lowest, 100]]], np.int16)
    return Volume(voxels, Geometry((2, 1, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3)), unit, modality)


@pytest.mark.parametrize("preset", [look for looks in LOOKS.values() for look in looks], ids=lambda look: look.name)
def test_presets_are_transfer_functions(preset):
    values = [point.value for point in preset.points]
    assert values == sorted(set(values)) and len(values) >= 2
    assert all(0 <= point.opacity <= 1 and all(0 <= c <= 255 for c in point.colour) for point in preset.points)
    assert preset.blend in ("shaded", "maximum") and preset.scale in ("value", "tissue", "SUV")


@pytest.mark.parametrize(
    ("name", "seen_hu", "hidden_hu"),
    [
        ("Bone", (400, 1000, 3000), (-1000, -100, 40, 100)),
        ("Vessels", (250, 400), (-1000, -100, 40)),
        ("Soft tissue", (60, 200), (-1000, -100)),
        ("Skin", (-200, 40, 1000), (-1000, -700)),
        ("Lung", (-350, -250), (-1000, 40, 1000)),
        ("Airways", (-740,), (-1000, 40, 1000)),
    ],
)
def test_presets_of_ct_show_their_tissue_and_hide_the_others(name, seen_hu, hidden_hu):
    assert all(BY_NAME[name].at(hu).opacity >= 0.1 for hu in seen_hu)
    assert all(BY_NAME[name].at(hu).opacity <= 0.01 for hu in hidden_hu)


def test_values_between_points_are_mixed():
    two = VolumeLook("x", (TransferPoint(0, 0.0, (0, 0, 0)), TransferPoint(10, 1.0, (200, 100, 50))))
    assert two.at(5) == TransferPoint(5, 0.5, (100, 50, 25))
    assert two.at(-3).opacity == 0.0 and two.at(30).opacity == 1.0


def test_percentiles_are_those_of_the_tissue_and_negative_ones_lead_down_to_the_lowest_value():
    values = [p.value for p in in_values(look("tissue", -100, -50, 0, 10, 50, 100), histogram()).points]
    np.testing.assert_allclose(values, (0, 50, 100, 200, 600, 1100), atol=2)


def test_suv_are_turned_into_values_where_the_factor_is_known():
    by_suv = look("SUV", 1.0, 5.0)
    assert [p.value for p in in_values(by_suv, histogram(), suv_factor=0.01).points] == pytest.approx([100, 500])
    without = [p.value for p in in_values(by_suv, histogram()).points]
    assert without[1] == pytest.approx(1099.5, abs=2) and without[0] == pytest.approx(without[1] / 5)


def test_points_keep_rising_where_percentiles_coincide():
    flat = ValueHistogram(np.array([0, 0, 0, 10]), 0.0, 4.0, 1.0)
    values = [p.value for p in in_values(look("tissue", 0, 40, 60, 100), flat).points]
    assert all(a < b for a, b in itertools.pairwise(values))


@pytest.mark.parametrize(
    ("volume", "first"),
    [
        (scan("CT", "HU", -1000), "Bone and vessels"),
        (scan("MR"), "Tissue"),
        (scan("PT"), "MIP"),
        (scan("", "", -1000), "Bone and vessels"),
        (scan("", "", 0), "Tissue"),
        (scan("MR", "", -1000), "Tissue"),
    ],
)
def test_the_modality_chooses_the_presets(volume, first):
    offered = looks_for(volume, LOOKS)
    assert offered[0].name == first
    assert len({look.name for look in offered}) >= 3
    assert (len(offered) == len(LOOKS["CT"]) + len(LOOKS["MR"])) == (not volume.modality)
