"""A session while its planes are turned: the cross-hair stays on all three, and nobody confirms between slices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.core.test_measuring import SERIES
from viewer.core.events import What
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.oblique import ObliqueAxes
from viewer.core.session import Session
from viewer.core.volume import Volume


@pytest.fixture
def session(phantom) -> Session:
    session = Session()
    session.open(SERIES, phantom)
    return session


@pytest.fixture
def oblique(session) -> Session:
    session.turn_planes("axial", np.radians(25))
    session.turn_planes("coronal", np.radians(-15))
    return session


def depths(session):
    return [session.axes(plane).depth_of(session.cursor_at) for plane in PLANES]


def test_turning_is_announced_and_leaves_the_cross_hair_where_it_is(session):
    changes, before = [], session.cursor_at
    session.subscribe(changes.append)

    session.turn_planes("sagittal", 0.3)

    assert changes[-1].what == What.CURSOR | What.PLANES
    assert session.cursor_at == before
    assert [session.is_oblique(plane) for plane in PLANES] == [True, True, False]


@pytest.mark.parametrize("plane", PLANES)
def test_scrolling_moves_the_cross_hair_along_the_normal_alone(oblique, plane):
    axes, before = oblique.axes(plane), np.array(oblique.cursor_at)
    geometry = oblique.volume.geometry

    oblique.scroll(plane, 1)

    step = geometry.index_to_lps(oblique.cursor_at) - geometry.index_to_lps(before)
    np.testing.assert_allclose(step, axes.step_mm(geometry.spacing) * np.array(axes.towards), atol=1e-9)
    others = [n for n, other in enumerate(PLANES) if other != plane]
    oblique.scroll(plane, -1)
    np.testing.assert_allclose(oblique.cursor_at, before, atol=1e-9)
    assert len(others) == 2


def test_scrolling_one_plane_leaves_the_pictures_of_the_others(oblique):
    before = depths(oblique)

    oblique.scroll("coronal", 1)

    after = depths(oblique)
    assert after[1] != before[1]
    assert (after[0], after[2]) == (before[0], before[2])


@pytest.mark.parametrize("plane", PLANES)
def test_scrolling_ends_where_the_scan_ends_and_comes_back(oblique, plane):
    axes = oblique.axes(plane)
    count = axes.count(oblique.volume.geometry.size)

    oblique.scroll(plane, 1000)
    assert axes.depth_of(oblique.cursor_at) == pytest.approx(-axes.depth_at(0), abs=1e-5)
    oblique.scroll(plane, -1000)
    assert axes.depth_of(oblique.cursor_at) == pytest.approx(axes.depth_at(0), abs=1e-5)
    passed = set()
    for _ in range(count - 1):
        oblique.scroll(plane, 1)
        passed.add(axes.depth_of(oblique.cursor_at))
    assert len(passed) == count - 1


def test_the_cross_hair_may_lie_between_voxels_only_while_planes_are_turned(oblique):
    oblique.move_cursor((3.4, 5.7, 2.2))
    assert oblique.cursor_at == (3.4, 5.7, 2.2)
    assert oblique.cursor_ijk == (3, 6, 2)

    oblique.reset_planes()

    assert oblique.cursor_at == (3.0, 6.0, 2.0)
    oblique.move_cursor((3.4, 5.7, 2.2))
    assert oblique.cursor_at == (3.0, 6.0, 2.0)


def test_the_voxel_of_the_cross_hair_wins_if_it_is_set_alone(oblique):
    oblique.move_cursor((3.4, 5.7, 2.2))

    oblique.cursor_ijk = (1, 2, 3)

    assert oblique.cursor_at == (1.0, 2.0, 3.0)


def test_nobody_confirms_between_slices(oblique):
    for plane in PLANES:
        oblique.toggle_confirmed(plane)
    assert not oblique.confirmed


def test_a_plane_that_stays_along_the_scan_can_be_painted_on_and_confirmed(session):
    session.turn_planes("axial", 0.3)
    session.choose_tool("brush")

    session.begin_stroke("axial", session.cursor_at)
    session.end_stroke()
    session.toggle_confirmed("axial")

    assert session.label_map.voxels.any()
    assert session.is_confirmed("axial")


def test_a_turn_ends_a_stroke(session):
    session.choose_tool("brush")
    session.begin_stroke("axial", session.cursor_at)

    session.turn_planes("axial", 0.3)

    assert not session.painting
    assert session.history.undo_title


def test_another_series_is_looked_at_along_its_scan(oblique, phantom):
    oblique.open(replace(SERIES, uid="other"), phantom)

    assert oblique.rotation is None


def test_another_moment_is_looked_at_as_the_one_before(oblique, phantom):
    rotation, at = oblique.rotation, oblique.cursor_at

    oblique.open(replace(SERIES, uid="other"), phantom, keep_view=True)

    assert oblique.rotation is rotation
    assert oblique.cursor_at == at


def test_slices_that_make_no_volume_are_not_turned(phantom):
    origins = np.array([[0.0, 0, k * k] for k in range(7)])
    stack = Volume(phantom.voxels, replace(phantom.geometry, slice_origins=origins))
    session = Session()
    session.open(SERIES, stack)

    session.turn_planes("axial", 0.3)

    assert not session.can_turn_planes
    assert session.rotation is None


def test_a_series_on_its_way_is_not_turned(phantom):
    session = Session()
    session.open(SERIES, Volume(phantom.voxels, phantom.geometry, arrived=np.zeros(7, bool)))

    session.turn_planes("axial", 0.3)

    assert session.rotation is None


def test_without_a_patient_space_planes_turn_too():
    grid = Geometry((9, 8, 7), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3), patient_space=False, calibrated=False)
    session = Session()
    session.open(SERIES, Volume(np.zeros(grid.shape, np.int16), grid))

    session.turn_planes("axial", 0.3)

    assert session.is_oblique("coronal")


def test_going_to_a_measurement_turns_the_planes_to_it_and_back(oblique):
    axes = oblique.axes("coronal")
    assert isinstance(axes, ObliqueAxes)
    size = oblique.volume.geometry.size
    points = tuple(axes.to_index(c, r, 0.5, size) for c, r in ((10, 8), (14, 12)))
    oblique.move_cursor(points[0])
    on_plane = oblique.add_measurement("length", points, axes.acquired.normal, spread=axes.index_steps)
    on_slice = oblique.add_measurement("length", ((2.0, 3.0, 4.0), (5.0, 3.0, 4.0)), 2)

    oblique.go_to_measurement(on_slice.number)
    assert oblique.rotation is None

    oblique.go_to_measurement(on_plane.number)
    again = oblique.axes("coronal")
    assert on_plane.lies_on(again, again.depth_of(oblique.cursor_at), oblique.volume.geometry)
    turned_before = oblique.rotation
    oblique.go_to_measurement(on_plane.number)
    assert oblique.rotation is turned_before  # it is seen: nothing turns


def test_a_measurement_on_a_slice_is_shown_on_no_oblique_plane(oblique):
    measurement = oblique.add_measurement("length", ((2.0, 3.0, 4.0), (5.0, 3.0, 4.0)), 2)
    geometry = oblique.volume.geometry

    for plane in PLANES:
        axes = oblique.axes(plane)
        assert not measurement.lies_on(axes, axes.depth_of(measurement.points[0]), geometry)
        acquired = plane_axes(geometry, plane)
        assert measurement.lies_on(acquired, 4, geometry) == (acquired.normal == 2)
        assert not measurement.lies_on(acquired, 5, geometry)
