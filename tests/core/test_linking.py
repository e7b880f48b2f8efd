"""Series beside each other go to one place in the patient, if it is known what that is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viewer.core.display import WindowLevel
from viewer.core.events import Change, What
from viewer.core.geometry import PLANES, Geometry, cut_line, plane_axes
from viewer.core.linking import Linked, Links, in_one_space, why_no_common_window
from viewer.core.oblique import slice_corners, towards
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

OBLIQUE = np.array([[0.96, 0.28, 0.0], [0.28, -0.96, 0.0], [0.0, 0.0, 1.0]])  # left-handed
SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def session(
    geometry: Geometry, frame: str = "1.2.3", modality: str = "MR", unit: str = "", inverted: bool = False
) -> Session:
    verdict = GeometryVerdict("regular" if geometry.is_grid else "uneven", "")
    series = Series("1", "1", "P", "", modality, "", (Path("x"),), verdict, geometry.size, frame_of_reference=frame)
    opened = Session()
    voxels = np.random.default_rng(0).integers(0, 900, geometry.shape).astype(np.int16)
    opened.open(replace(series, inverted=inverted), Volume(voxels, geometry, unit=unit, modality=modality))
    return opened


def axial(**changes) -> Geometry:
    grid = Geometry((40, 50, 30), (1.0, 1.5, 2.0), np.array([-20.0, -30.0, 0.0]), np.eye(3))
    return replace(grid, **changes)


def sagittal() -> Geometry:
    return Geometry((64, 48, 12), (1.0, 1.0, 4.0), np.array([-22.0, -35.0, 70.0]), SAGITTAL)


def linked(*sessions: Session) -> Links:
    links = Links()
    for one in sessions:
        one.subscribe(lambda change, one=one: links.follow(one, change, sessions))
    return links


def place(one: Session) -> np.ndarray:
    return one.volume.geometry.index_to_lps(one.cursor_ijk)


def normals(one: Session) -> list[np.ndarray]:
    """Of the three planes, in LPS."""
    rotation = np.eye(3) if one.rotation is None else one.rotation
    return [rotation @ towards(one.volume.geometry, plane) for plane in PLANES]


@pytest.mark.parametrize("direction", [np.eye(3), OBLIQUE, SAGITTAL])
def test_turned_planes_are_the_same_planes_in_the_patient(direction):
    grid = Geometry((60, 60, 40), (0.9, 0.8, 3.0), np.array([-20.0, -28, -9]), direction)
    one, two, far = session(axial()), session(grid), session(axial(), frame="9.9")
    linked(one, two, far)
    for plane, radians in (("axial", 0.4), ("coronal", -0.3), ("sagittal", 0.7)):
        one.turn_planes(plane, radians)
    for ours, theirs in zip(normals(one), normals(two), strict=True):
        np.testing.assert_allclose(theirs, ours, atol=1e-9)
    assert far.rotation is None

    two.turn_planes("coronal", 0.2)
    for ours, theirs in zip(normals(one), normals(two), strict=True):
        np.testing.assert_allclose(theirs, ours, atol=1e-9)
    two.reset_planes()
    assert one.rotation is None and two.rotation is None


def test_one_magnification_is_for_series_of_one_space_or_one_modality():
    mr, far, film = session(axial()), session(axial(), frame="9.9"), session(axial(), frame="7.7", modality="US")
    links = linked(mr, far, film)
    assert links.comparable(mr, far) and links.comparable(mr, session(sagittal(), modality="CT"))
    assert not links.comparable(mr, film)
    links.link_here((mr, far, film))
    assert links.comparable(mr, film)


def test_turned_planes_stay_apart_where_places_are_not_linked():
    one, two = session(axial()), session(axial())
    links = linked(one, two)
    links.linked = Linked(place=False)
    one.turn_planes("axial", 0.4)
    assert two.rotation is None

    links.linked = Linked()
    links.meet(one, (one, two))
    np.testing.assert_allclose(two.rotation, one.rotation)


@pytest.mark.parametrize(
    "other", [sagittal(), Geometry((60, 60, 40), (0.9, 0.8, 3.0), np.array([-20.0, 28, -9]), OBLIQUE)]
)
def test_a_cross_hair_goes_to_the_same_place_in_the_patient(other):
    one, two = session(axial()), session(other)
    linked(one, two)
    one.move_cursor((22, 21, 17))
    assert np.abs(place(one) - place(two)).max() <= max(other.spacing) / 2 + 1e-6
    two.move_cursor(tuple(np.add(two.cursor_ijk, (2, 3, -1))))
    assert np.abs(place(one) - place(two)).max() <= 1.0 + 1e-6, "the other way, too"


def test_outside_the_other_series_its_cross_hair_stays():
    far = axial(origin=np.array([-20.0, -30.0, 30.0]))  # begins in the middle of the first
    one, two = session(axial()), session(far)
    linked(one, two)
    one.move_cursor((20, 20, 20))
    stayed = two.cursor_ijk
    assert stayed[2] == 5
    one.move_cursor((25, 25, 3))
    assert two.cursor_ijk == stayed


@pytest.mark.parametrize("frames", [("1.2.3", "1.2.4"), ("1.2.3", ""), ("", "")])
def test_series_of_different_frames_of_reference_do_not_follow(frames):
    one, two = session(axial(), frames[0]), session(axial(origin=np.array([-20.0, -30.0, 1.0])), frames[1])
    linked(one, two)
    stayed = two.cursor_ijk
    one.move_cursor((3, 4, 5))
    assert two.cursor_ijk == stayed and not in_one_space(one, two)


def test_files_without_a_frame_of_reference_follow_on_one_grid_only():
    assert in_one_space(session(axial(), ""), session(axial(), ""))
    assert not in_one_space(session(axial(patient_space=False), ""), session(axial(patient_space=False), ""))
    assert not in_one_space(session(axial(calibrated=False)), session(axial(calibrated=False)))


def test_slices_that_make_no_volume_follow_by_their_own_places():
    origins = np.array([[-20.0, -30.0, z] for z in (0.0, 2.0, 11.0, 13.0, 40.0)])
    stack = Geometry((40, 50, 5), (1.0, 1.5, 1.0), origins[0], np.eye(3), slice_origins=origins)
    one, two = session(axial()), session(stack)
    linked(one, two)
    one.move_cursor((7, 9, 6))  # 12 mm
    assert two.cursor_ijk[:2] == (7, 9) and two.cursor_ijk[2] in (2, 3)
    one.move_cursor((7, 9, 1))
    assert two.cursor_ijk == (7, 9, 1)
    two.move_cursor((5, 5, 2))
    assert one.cursor_ijk[2] in (5, 6)
    unknown = session(replace(stack, slice_origins=np.zeros((0, 3))))
    assert not in_one_space(one, unknown)


def test_what_a_person_says_links_series_of_two_dates_from_there_on():
    one, two = session(axial(), "1.2.3"), session(axial(origin=np.array([3.0, 5.0, 400.0])), "9.9.9")
    links = linked(one, two)
    one.move_cursor((10, 12, 14))
    two.move_cursor((12, 13, 10))
    links.link_here((one, two))
    one.move_cursor((11, 12, 16))
    assert two.cursor_ijk == (13, 13, 12)
    assert links.by_hand(one) and links.by_hand(two)
    links.forget(two)
    one.move_cursor((1, 1, 1))
    assert two.cursor_ijk == (13, 13, 12) and not links.by_hand(one)


def test_each_link_can_be_switched_off():
    one, two = session(axial()), session(axial())
    links = linked(one, two)
    links.linked = Linked(place=False, window=False)
    before = two.cursor_ijk, two.window
    one.move_cursor((1, 2, 3))
    one.set_window(WindowLevel(5, 6))
    assert (two.cursor_ijk, two.window) == before
    links.linked = Linked(place=True, window=True)
    links.meet(one, (one, two))
    assert (two.cursor_ijk, two.window) == ((1, 2, 3), WindowLevel(5, 6))


@pytest.mark.parametrize(("modality", "unit", "goes"), [("MR", "", True), ("CT", "HU", False), ("MR", "HU", False)])
def test_a_window_goes_only_where_values_mean_the_same(modality, unit, goes):
    one, two = session(axial()), session(axial(), modality=modality, unit=unit)
    links = linked(one, two)
    links.linked = Linked(window=True)
    one.set_window(WindowLevel(77, 99))
    one.toggle_inverted()
    assert (two.window == WindowLevel(77, 99)) == goes and two.inverted == goes


@pytest.mark.parametrize(
    ("modality", "unit", "said"),
    [("MR", "", ""), ("CT", "", "Values of MR and CT cannot be compared"), ("MR", "HU", "values of these series")],
)
def test_why_windows_cannot_be_linked_is_said(modality, unit, said):
    one, two = session(axial()), session(axial(), modality=modality, unit=unit)
    why_not = why_no_common_window((one, two))
    assert said in why_not and bool(said) == bool(why_not)
    assert "two series" in why_no_common_window((one,))
    assert why_no_common_window((one, two, session(axial()))) == "", "two of the three go together"
    assert why_no_common_window((one, Session())) == "", "what is still being read may suit it"


def test_following_does_not_come_back():
    one, two = session(axial()), session(sagittal())
    links = linked(one, two)
    told = []
    one.subscribe(told.append)
    one.move_cursor((10, 10, 10))
    assert [change.what for change in told] == [What.CURSOR]
    links.follow(one, Change(What.CURSOR), (one, two))
    assert one.cursor_ijk == (10, 10, 10)


# Reference lines


def test_where_an_axial_slice_meets_a_sagittal_one():
    one, other = axial(), sagittal()
    cut = slice_corners(one, plane_axes(one, "axial"), 7)  # 14 mm
    shown = slice_corners(other, plane_axes(other, "sagittal"), 3)  # at L = -22 + 12
    ends = cut_line(cut, shown)
    assert ends is not None
    assert ends[:, 0] == pytest.approx([-10.0, -10.0]) and ends[:, 2] == pytest.approx([14.0, 14.0])
    assert sorted(ends[:, 1]) == pytest.approx([-30.75, 44.25])  # the outer edges of 50 rows of 1.5 mm


def test_parallel_slices_do_not_meet():
    grid = axial()
    axes = plane_axes(grid, "axial")
    assert cut_line(slice_corners(grid, axes, 3), slice_corners(grid, axes, 9)) is None
