"""Which series may be laid over which, by whose word, and what is told of the values below and above."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from viewer.core.display import WindowLevel
from viewer.core.events import What
from viewer.core.fusion import in_other_space, laid_over, registered, why_not_over
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

GRID = Geometry((20, 16, 10), (1.0, 1.5, 2.0), np.array([-10.0, 5.0, 30.0]), np.diag([1.0, -1.0, 1.0]))
COARSE = Geometry((6, 7, 5), (4.0, 4.0, 4.0), np.array([-8.0, -20.0, 31.0]), np.diag([-1.0, 1.0, 1.0]))
CT = Series("ct", "s", "P1", "", "CT", "CT", (), GeometryVerdict("regular", ""), frame_of_reference="1.2.3")
PET = replace(CT, uid="pet", modality="PT", description="PET")


def pet(suv_factor: float | None = 0.001, **changed) -> Volume:
    values = np.arange(np.prod(COARSE.shape), dtype=np.float32).reshape(COARSE.shape) * 10
    return Volume(values, COARSE, unit="BQML", modality="PT", suv_factor=suv_factor, **changed)


@pytest.fixture
def session() -> Session:
    session = Session()
    session.open(CT, Volume(np.zeros(GRID.shape, np.int16), GRID, unit="HU", modality="CT"))
    session.told = []
    session.subscribe(lambda change: session.told.append(change.what))
    return session


def test_one_frame_of_reference_registers_any_two_grids():
    assert registered(CT, GRID, PET, COARSE)
    assert not registered(CT, GRID, replace(PET, frame_of_reference="9"), COARSE)
    assert not registered(CT, GRID, replace(PET, frame_of_reference=""), GRID)  # the other one might be any


def test_without_a_frame_only_one_grid_is_registered():
    a, b = replace(CT, frame_of_reference=""), replace(PET, frame_of_reference="")
    assert registered(a, GRID, b, GRID)
    assert not registered(a, GRID, b, COARSE)
    assert not in_other_space(a, b)
    assert in_other_space(CT, replace(PET, frame_of_reference="9"))


@pytest.mark.parametrize(
    ("changed", "geometry", "words"),
    [
        ({"patient_id": "P2"}, COARSE, "another patient"),
        ({"colour": True}, COARSE, "colour"),
        ({"uid": "ct"}, COARSE, "itself"),
        ({}, replace(COARSE, slice_origins=np.cumsum(np.ones((5, 3)), axis=0)), "no regular grid"),
        ({}, replace(COARSE, patient_space=False), "where in the patient"),
        ({}, replace(COARSE, calibrated=False), "where in the patient"),
    ],
)
def test_refusals_are_one_sentence(changed, geometry, words):
    assert words in why_not_over(CT, GRID, replace(PET, **changed), geometry)
    assert why_not_over(CT, GRID, PET, COARSE) == ""


def test_a_patient_without_a_number_is_not_another_one():
    assert why_not_over(CT, GRID, replace(PET, patient_id=""), COARSE) == ""


def test_pet_begins_with_suv_0_to_10_in_hot_iron():
    fusion = laid_over(PET, pet())
    assert fusion.colour_map == "hot iron"
    assert fusion.window == WindowLevel(5000.0, 10000.0, "LINEAR_EXACT")  # in Bq/ml at 0.001 SUV each
    assert fusion.opacity == 0.5
    assert laid_over(replace(PET, modality="MR"), pet(None)).colour_map == "inferno"


def test_without_suv_the_window_is_that_of_the_file_or_automatic():
    file = replace(PET, windows=(WindowLevel(700, 900),))
    assert laid_over(file, pet(None)).window == WindowLevel(700, 900)
    assert 1500 < laid_over(PET, pet(None)).window.width < 2100  # of the values 0 to 2090


def test_values_are_those_of_the_nearest_stored_voxel():
    fusion = laid_over(PET, pet())
    for at in ((0.0, 0.0, 0.0), (6.2, 3.4, 4.0), (12.0, 9.0, 9.0), (3.0, 15.0, 1.0)):
        point = np.array([-10.0 + at[0], 5.0 - 1.5 * at[1], 30.0 + 2 * at[2]])
        i, j, k = (point - (-8.0, -20.0, 31.0)) / (-4.0, 4.0, 4.0)
        inside = all(-0.5 <= n < m - 0.5 for n, m in zip((i, j, k), (6, 7, 5), strict=True))
        wanted = float(fusion.volume.voxels[round(k), round(j), round(i)]) if inside else None
        assert fusion.value_under(GRID, at) == wanted
    assert fusion.value_under(GRID, (0.0, 0.0, 0.0)) == pytest.approx(10 * (0 * 42 + 6 * 6 + 0), abs=11)
    assert fusion.value_under(GRID, (12.0, 9.0, 9.0)) is None  # right of it


def test_a_shift_moves_the_place_that_is_asked_for():
    at = (1.0, 3.0, 4.0)
    shifted = laid_over(PET, pet(), (-8.0, 4.0, 4.0), by_hand=True)
    index = COARSE.lps_to_index(GRID.index_to_lps(at) + np.array([-8.0, 4.0, 4.0]))
    i, j, k = np.rint(index).astype(int)
    assert shifted.value_under(GRID, at) == float(shifted.volume.voxels[k, j, i])
    assert shifted.value_under(GRID, at) != laid_over(PET, pet()).value_under(GRID, at)


def test_padding_has_no_value():
    assert laid_over(PET, pet(padding=(0.0, 3000.0))).value_under(GRID, (0.0, 0.0, 0.0)) is None


def test_commands_change_only_the_fusion_and_say_so(session):
    session.set_fusion_opacity(0.2)  # nothing is laid over: nothing happens
    assert session.told == [] and session.fusion is None
    session.fuse(laid_over(PET, pet()))
    session.set_fusion_opacity(1.7)
    assert session.fusion.opacity == 1.0
    session.set_fusion_opacity(-1)
    assert session.fusion.opacity == 0.0
    session.set_fusion_window(WindowLevel(3, 4))
    session.set_fusion_colour_map("viridis")
    session.show_fusion(False)
    assert (session.fusion.window, session.fusion.colour_map) == (WindowLevel(3, 4), "viridis")
    assert not session.fusion.visible
    session.unfuse()
    assert session.fusion is None
    assert session.told == [What.FUSION] * 7


def test_another_series_in_its_place_is_not_fused(session):
    session.fuse(laid_over(PET, pet()))
    volume = session.volume
    session.open(replace(CT, uid="moment"), replace(volume, voxels=volume.voxels + 1), keep_view=True)
    assert session.fusion is not None  # the next moment of a sequence, on the same grid
    session.open(replace(CT, uid="else"), volume)
    assert session.fusion is None
    session.fuse(laid_over(PET, pet()))
    session.close_series()
    assert session.fusion is None


def test_the_window_of_a_pet_does_not_reach_below_nothing(session):
    session.fuse(laid_over(PET, pet()))
    session.set_fusion_window(WindowLevel(4000.0, 10_000.0, "LINEAR_EXACT"))  # -1 to 9 SUV
    assert session.fusion.window == WindowLevel(4500.0, 9000.0, "LINEAR_EXACT")
    session.set_fusion_window(WindowLevel(7000.0, 8000.0, "LINEAR_EXACT"))
    assert session.fusion.window == WindowLevel(7000.0, 8000.0, "LINEAR_EXACT")
