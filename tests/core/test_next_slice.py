"""Which slice is suggested next: of other patients first, unlike what is done, where the model is unsure."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.core.geometry import Geometry, plane_axes
from viewer.core.next_slice import Candidate, Doubt, SliceLook, looks_of, suggest
from viewer.core.volume import Volume


def candidate(series="a", index=0, at=0.0, doubt=None, patient=None, seed=None):
    picture = np.random.default_rng(ord(series[0]) * 100 + index if seed is None else seed).integers(0, 255, (8, 8))
    look = SliceLook((2, index), 10.0 * index, picture.astype(np.uint8), np.array([at], np.float32))
    return Candidate(series, patient or series, look, doubt if doubt is None else Doubt(doubt, "Liver"))


def places(suggestions):
    return [(s.candidate.series_uid, s.candidate.look.place[1]) for s in suggestions]


def test_another_patient_comes_before_another_slice_of_one_that_is_begun():
    here = [candidate("a", n, at=n / 10) for n in range(10)]
    there = [candidate("b", n, at=n / 10 + 0.01) for n in range(10)]
    found = suggest([*here, *there], done=[here[0]], open_series="a", count=1)
    assert places(found)[0][0] == "b" and found[0].of_patient == 0


def test_two_series_of_one_patient_are_one_patient():
    a, b, c = (candidate(name, at=0.5, patient=who) for name, who in (("a", "x"), ("b", "x"), ("c", "y")))
    assert places(suggest([b, c], done=[a], count=2)) == [("c", 0), ("b", 0)]


def test_slices_near_a_done_one_are_not_suggested_and_the_farthest_comes_first():
    all_of_it = [candidate("a", n, at=n / 10) for n in range(10)]
    close = replace(all_of_it[5], look=replace(all_of_it[5].look, place=(2, 9), at_mm=22.0))  # 2 mm from slice 2
    found = suggest([*all_of_it, close], done=[all_of_it[2]], count=20)
    assert places(found)[0] == ("a", 9) and found[0].candidate is all_of_it[9]
    assert not {1, 2, 3}.intersection(index for _, index in places(found))
    assert all(one.candidate is not close for one in found)


def test_of_equally_unlike_slices_the_one_the_model_is_unsure_of_comes_first():
    done = candidate("a", 0, at=0.0)
    sure, unsure, unknown = (candidate("b", n, at=0.5, doubt=d) for n, d in ((1, 0.1), (4, 0.6), (7, None)))
    found = suggest([sure, unsure, unknown], done=[done], count=1)
    assert found[0].candidate is unsure


def test_a_copy_of_a_scan_is_not_suggested():
    original = [candidate("a", n, at=n / 3, seed=n) for n in range(4)]
    copy = [candidate("copy", n, at=n / 3, seed=n, patient="other") for n in range(4)]
    other = candidate("b", 0, at=0.1, seed=99)
    found = suggest([*copy, *original, other], done=[original[0]], count=9)
    assert {series for series, _ in places(found)} == {"a", "b"}


def test_before_anything_is_done_a_typical_slice_of_the_open_series_is_suggested():
    odd, usual = candidate("a", 0, at=1.0), [candidate("a", n, at=0.1) for n in (3, 6)]
    elsewhere = candidate("b", 0, at=0.1)
    assert places(suggest([odd, elsewhere, *usual], done=[], open_series="a", count=1)) == [("a", 3)]


def test_nothing_to_suggest():
    assert suggest([], done=[]) == ()


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_looks_are_laid_out_as_the_plane_and_leave_out_air(phantom, plane):
    axes = plane_axes(phantom.geometry, plane)
    looks = looks_of(phantom, axes, also=[1])
    assert {look.place[0] for look in looks} == {axes.normal}
    width, height = axes.shape(phantom.geometry.size)
    across, down = axes.pixel_mm(phantom.geometry.spacing)
    rows, columns = looks[0].picture.shape
    assert columns / rows == pytest.approx(width * across / (height * down), 0.1)
    assert [look.at_mm for look in looks] == [look.place[1] * phantom.geometry.spacing[axes.normal] for look in looks]


def test_a_bright_corner_is_where_the_screen_shows_it():
    voxels = np.zeros((3, 20, 30), np.int16)
    voxels[:, :5, :5] = 1000
    geometry = Geometry((30, 20, 3), (1.0, 1.0, 4.0), np.zeros(3), np.diag([-1.0, 1.0, 1.0]))
    axes = plane_axes(geometry, "axial")
    picture = looks_of(Volume(voxels, geometry), axes)[0].picture
    column, row = axes.to_screen((2, 2, 0), geometry.size)
    scale = picture.shape[1] / 30
    assert picture[int(row * scale), int(column * scale)] > 200 and picture[-1, picture.shape[1] // 2] < 50


def test_empty_slices_are_left_out_unless_asked_for():
    voxels = np.zeros((10, 16, 16), np.int16)
    voxels[3:7, 4:12, 4:12] = np.arange(64).reshape(8, 8) * 10
    volume = Volume(voxels, Geometry((16, 16, 10), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3)))
    axes = plane_axes(volume.geometry, "axial")
    assert [look.place[1] for look in looks_of(volume, axes)] == [3, 4, 5, 6]
    assert [look.place[1] for look in looks_of(volume, axes, also=[0])] == [0, 3, 4, 5, 6]


def test_the_ends_of_a_scan_come_last():
    middle, end = candidate("a", 5, at=0.5), candidate("a", 1, at=0.6)
    end = replace(end, look=replace(end.look, at_end=True))
    assert places(suggest([end, middle], done=[candidate("b", 0)], count=1)) == [("a", 5)]


def test_the_first_and_last_slices_are_the_ends(oblique_phantom):
    axes = plane_axes(oblique_phantom.geometry, "axial")
    looks = looks_of(oblique_phantom, axes, also=range(99))
    assert [look.at_end for look in looks] == [True, *[False] * (len(looks) - 2), True]
