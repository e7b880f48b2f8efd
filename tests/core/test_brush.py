"""Brush and eraser against their definitions: distances of voxel centres in LPS, on grids of every kind of axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from tests.core.test_measuring import SERIES
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.oblique import ObliqueAxes
from viewer.core.painting import Touched
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.render.oblique import labels_on

RADIUS = 4.137  # mm: no voxel's centre lies at it by chance
SPACING = (0.8, 1.3, 2.5)
SIZE = (40, 30, 18)


def turned(degrees):
    a, b, c = np.radians(degrees)
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return z @ y @ x


GRIDS = {
    "plain": np.eye(3),
    "oblique": turned((12.0, -21.0, 33.0)),
    "left-handed": turned((12.0, -21.0, 33.0)) @ np.diag([1.0, 1.0, -1.0]),
    "sagittal": np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]),
}


def opened(geometry: Geometry) -> Session:
    session = Session()
    voxels = np.random.default_rng(0).integers(0, 1000, geometry.shape).astype(np.int16)
    session.open(SERIES, Volume(voxels, geometry, modality="MR"))
    session.hand.set_brush_radius(RADIUS)
    session.choose_tool("brush")
    return session


@pytest.fixture(params=list(GRIDS))
def session(request) -> Session:
    return opened(Geometry(SIZE, SPACING, np.array([5.0, -7.0, 40.0]), GRIDS[request.param]))


@pytest.fixture(params=["along the scan", "turned"])
def either(request, session) -> Session:
    """With planes of the grid, and with planes that cut across it."""
    if request.param == "turned":
        turn(session)
    return session


def turn(session: Session) -> None:
    session.turn_planes("axial", np.radians(25))
    session.turn_planes("coronal", np.radians(-35))


def on_plane(session, plane, right_mm, down_mm):
    """The index at a place on the plane through the cross-hair, so many mm beside it."""
    axes, geometry = session.axes(plane), session.volume.geometry
    column, row = axes.to_screen(session.cursor_at, geometry.size)
    wide, high = axes.pixel_mm(geometry.spacing)
    depth = axes.depth_of(session.cursor_at) if isinstance(axes, ObliqueAxes) else session.cursor_ijk[axes.normal]
    return axes.to_index(column + right_mm / wide, row + down_mm / high, depth, geometry.size)


def stroke(session, plane, *points):
    session.begin_stroke(plane, points[0])
    for point in points[1:]:
        session.stroke_to(point)
    session.end_stroke()


def places(geometry):
    """Of all voxels: their indices (n, 3) and the places of their centres in LPS (n, 3)."""
    k, j, i = np.indices(geometry.shape).reshape(3, -1)
    indices = np.stack([i, j, k], axis=1)
    return indices, geometry.index_to_lps(indices)


def from_line(points, start, end):
    along = end - start
    length = float(along @ along)
    t = np.clip((points - start) @ along / length, 0, 1)[:, None] if length else np.zeros((len(points), 1))
    return points - (start + t * along)


def expected(session, plane, points, ball):
    geometry = session.volume.geometry
    axes = session.axes(plane)
    indices, centres = places(geometry)
    normal = np.array(axes.towards) if isinstance(axes, ObliqueAxes) else geometry.exact_direction[:, axes.normal]
    lps = [geometry.index_to_lps(point) for point in points]
    found = np.zeros(len(indices), bool)
    offsets = np.array([[a, b, c] for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (-0.5, 0.5)])
    corners = np.array([(geometry.index_to_lps(indices + one) - lps[0]) @ normal for one in offsets])
    touched = (corners.min(axis=0) <= 1e-6) & (corners.max(axis=0) >= -1e-6)
    for start, end in zip(lps, lps[1:] or lps, strict=False):
        away = from_line(centres, start, end)
        if ball:
            found |= np.linalg.norm(away, axis=1) <= RADIUS
        else:
            in_plane = away - np.outer(away @ normal, normal)
            found |= (np.linalg.norm(in_plane, axis=1) <= RADIUS) & touched
    return found.reshape(geometry.shape)


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("shape", ["disc", "sphere"])
def test_a_stroke_holds_the_voxels_within_the_radius(either, plane, shape):
    either.hand.set_brush_shape(shape)
    points = [on_plane(either, plane, *at) for at in ((-5.1, -2.3), (3.2, 4.1), (6.3, 0.2))]

    stroke(either, plane, *points)

    painted = either.label_map.voxels == either.active_label
    np.testing.assert_array_equal(painted, expected(either, plane, points, shape == "sphere"))
    np.testing.assert_array_equal(np.unique(either.label_map.voxels), [0, either.active_label])


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("shape", ["disc", "sphere"])
def test_the_eraser_takes_the_same_voxels_away_and_one_undo_brings_them_back(either, plane, shape):
    either.hand.set_brush_shape(shape)
    points = [on_plane(either, plane, *at) for at in ((-3.1, 1.3), (4.2, -2.1))]
    whole = tuple(slice(0, n) for n in either.volume.geometry.shape)
    either.replace_voxels("All", whole, np.full(either.volume.geometry.shape, 2, np.uint8))
    either.choose_tool("eraser")

    stroke(either, plane, *points)

    np.testing.assert_array_equal(either.label_map.voxels == 0, expected(either, plane, points, shape == "sphere"))
    either.undo()
    assert (either.label_map.voxels == 2).all()
    assert either.history.undo_title == "All"


@pytest.mark.parametrize("turning", [False, True])
@pytest.mark.parametrize("shape", ["disc", "sphere"])
@pytest.mark.parametrize("order", [(1, 0, 2), (2, 0, 1), (2, 1, 0)])
def test_the_order_of_the_axes_of_the_grid_makes_no_difference_in_the_patient(shape, order, turning):
    one = Geometry(SIZE, SPACING, np.array([5.0, -7.0, 40.0]), GRIDS["oblique"])
    other = Geometry(
        tuple(SIZE[a] for a in order), tuple(SPACING[a] for a in order), one.origin, one.direction[:, list(order)]
    )
    painted = []
    for geometry in (one, other):
        session = opened(geometry)
        session.hand.set_brush_shape(shape)
        session.move_cursor(tuple(geometry.lps_to_index(one.index_to_lps((20, 15, 9)))))
        if turning:
            turn(session)
        stroke(session, "coronal", *(on_plane(session, "coronal", *at) for at in ((-5.1, -2.3), (3.2, 4.1))))
        painted.append(session.label_map.voxels)
    back = np.transpose(painted[0], [2 - a for a in reversed(order)])
    np.testing.assert_array_equal(painted[1], back)
    assert painted[0].any()


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 5.0), SPACING])
@pytest.mark.parametrize("degrees", [7, 30, 45])
def test_a_disc_on_an_oblique_plane_is_seen_there_without_a_hole(plane, spacing, degrees):
    session = opened(Geometry((70, 60, 30), spacing, np.zeros(3), GRIDS["left-handed"]))
    session.turn_planes("axial", np.radians(degrees))
    session.turn_planes("coronal", np.radians(degrees))
    session.hand.set_brush_radius(9.3)
    at = session.cursor_at

    stroke(session, plane, at)

    axes = session.axes(plane)
    seen = labels_on(session.label_map.voxels, axes, axes.depth_of(at))
    row, column = np.indices(seen.shape)
    middle = axes.to_screen(at, session.volume.geometry.size)
    apart = np.hypot(column - middle[0], row - middle[1]) * axes.pixel_mm(spacing)[0]
    half_voxel = np.linalg.norm(spacing) / 2
    assert seen[apart <= 9.3 - half_voxel].all()
    assert not seen[apart >= 9.3 + half_voxel].any()
    np.testing.assert_array_equal(
        sitk.GetArrayFromImage(sitk.BinaryFillhole(sitk.GetImageFromArray(seen), False)), seen
    )


@pytest.mark.parametrize("shape", ["disc", "sphere"])
def test_the_smallest_brush_leaves_no_gap_along_its_line(either, shape):
    either.hand.set_brush_radius(0.5)
    either.hand.set_brush_shape(shape)
    start, end = on_plane(either, "axial", -8.3, -5.2), on_plane(either, "axial", 7.1, 6.4)

    stroke(either, "axial", start, end)

    for t in np.linspace(0, 1, 50):
        i, j, k = np.rint(np.array(start) + t * (np.array(end) - start)).astype(int)
        near = either.label_map.voxels[k - 1 : k + 2, j - 1 : j + 2, i - 1 : i + 2]
        assert near.any()
    i, j, k = np.rint(end).astype(int)
    assert either.label_map.voxels[k, j, i]


@pytest.mark.parametrize("shape", ["disc", "sphere"])
def test_a_stroke_over_the_edge_of_the_grid_draws_what_lies_within(either, shape):
    either.hand.set_brush_shape(shape)
    points = [on_plane(either, "axial", 0, 0), on_plane(either, "axial", 200.0, 3.0), on_plane(either, "axial", 9, 90)]

    stroke(either, "axial", *points)

    painted = either.label_map.voxels > 0
    np.testing.assert_array_equal(painted, expected(either, "axial", points, shape == "sphere"))
    either.undo()
    assert not either.label_map.voxels.any()
    either.redo()
    np.testing.assert_array_equal(either.label_map.voxels > 0, painted)


@pytest.mark.parametrize("shape", ["disc", "sphere"])
def test_a_stroke_stays_on_the_plane_on_which_it_began(either, shape):
    either.hand.set_brush_shape(shape)
    start, end = on_plane(either, "axial", -3, 0), on_plane(either, "axial", 5, 2)
    stroke(either, "axial", start, end)
    straight = either.label_map.voxels.copy()
    either.undo()
    geometry, axes = either.volume.geometry, either.axes("axial")
    normal = np.array(axes.towards) if isinstance(axes, ObliqueAxes) else geometry.exact_direction[:, axes.normal]

    elsewhere = geometry.lps_to_index(geometry.index_to_lps(end) + 6.0 * normal)
    stroke(either, "axial", start, tuple(elsewhere.tolist()))

    np.testing.assert_array_equal(either.label_map.voxels, straight)


def test_a_sphere_spares_locked_labels_on_all_slices(either):
    half = np.zeros(either.volume.geometry.shape, np.uint8)
    half[:, :, : SIZE[0] // 2] = 2
    either.replace_voxels("Half", tuple(slice(0, n) for n in half.shape), half)
    either.lock_label(2, True)
    either.hand.set_brush_shape("sphere")
    at = on_plane(either, "axial", 0, 0)

    stroke(either, "axial", at)

    np.testing.assert_array_equal(either.label_map.voxels == 2, half == 2)
    within = expected(either, "axial", [at], True)
    np.testing.assert_array_equal(either.label_map.voxels == 1, within & (half == 0))


def test_slices_that_make_no_volume_are_drawn_on_one_by_one_by_a_sphere_too():
    geometry = Geometry(SIZE, SPACING, np.zeros(3), np.eye(3))
    origins = np.array([[0, 0, 2.5 * k + 3 * (k > 4)] for k in range(SIZE[2])], float)
    session = opened(replace(geometry, slice_origins=origins))
    session.hand.set_brush_shape("sphere")

    stroke(session, session.planes[0], (20, 15, 9))

    assert np.flatnonzero(session.label_map.voxels.any(axis=(1, 2))).tolist() == [9]


# What is remembered of a stroke


def test_what_a_stroke_remembers_is_near_it_and_enough():
    before = np.random.default_rng(1).integers(0, 3, (70, 90, 110)).astype(np.uint8)
    now, touched = before.copy(), Touched()
    for start in ((0, 0, 0), (60, 80, 100), (30, 31, 33)):
        box = tuple(slice(n, n + 8) for n in start)
        touched.remember(now, box)
        now[box] = 7

    changed = touched.changed(now)

    assert sum(part.size for _, part in changed) < before.size / 10
    undone = now.copy()
    for box, part in changed:
        undone[box] = part
    np.testing.assert_array_equal(undone, before)


def test_neighbouring_blocks_become_one_box():
    before, touched = np.zeros((70, 90, 110), np.uint8), Touched()
    now, box = before.copy(), (slice(20, 45), slice(20, 45), slice(20, 45))
    touched.remember(now, box)
    now[box] = 1

    ((found, part),) = touched.changed(now)

    assert found == box
    assert not part.any()


def test_a_long_sphere_stroke_across_the_grid_is_one_edit_and_undone_whole():
    session = opened(Geometry((200, 180, 160), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3)))
    session.hand.set_brush_radius(6.0)
    session.hand.set_brush_shape("sphere")
    axes = plane_axes(session.volume.geometry, "axial")
    assert axes.normal == 2
    stroke(session, "axial", *((float(n), float(n), 80.0) for n in range(10, 170, 5)))

    painted = session.label_map.voxels.copy()
    session.undo()
    assert not session.label_map.voxels.any()
    assert session.history.undo_title is None
    session.redo()
    np.testing.assert_array_equal(session.label_map.voxels, painted)


def test_choosing_another_label_ends_the_stroke(session):
    start, end = on_plane(session, "axial", -3.0, 0.0), on_plane(session, "axial", 3.0, 0.0)
    session.begin_stroke("axial", start)
    session.choose_label(2)
    session.stroke_to(end)
    session.end_stroke()
    assert set(np.unique(session.label_map.voxels)) == {0, 1}
    assert session.history.undo_title == "Paint Region 1"
    session.undo()
    assert not session.label_map.voxels.any() and session.history.undo_title is None
