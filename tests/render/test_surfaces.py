"""Label surfaces lie where the labels are in the patient, whatever way the grid is stored."""

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.mesh import bounds, enclosed_volume
from viewer.render.surfaces import Grid, label_mesh, label_surface, labelled, thinned, upright

ALL = np.arange(256) > 0


def points_lps(grid: Grid, surface) -> np.ndarray:
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    return np.array([grid.matrix.MultiplyPoint((*p, 1.0))[:3] for p in points])


def test_a_box_of_labels_has_its_surface_at_the_place_worked_out_by_hand():
    # k runs to the feet and j to the front: i 1 mm apart to L, j 2 mm apart to A, k 3 mm apart to F
    direction = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
    geometry = Geometry((20, 15, 10), (1.0, 2.0, 3.0), np.array([10.0, 40.0, 200.0]), direction)
    labels = np.zeros(geometry.shape, np.uint8)
    labels[2:5, 6:9, 4:12] = 7  # i 4..11, j 6..8, k 2..4
    grid = upright(labels, geometry)

    surface = label_surface(grid, ALL)

    points = points_lps(grid, surface)
    low, high = points.min(axis=0), points.max(axis=0)
    np.testing.assert_allclose((low + high) / 2, (17.5, 40 - 14, 200 - 9), atol=0.01)
    # the outer faces are half a voxel beyond the outer centres; smoothing takes less than half a voxel off
    np.testing.assert_array_less(np.abs(low - (13.5, 40 - 17, 200 - 13.5)), (0.5, 1.0, 1.5))
    np.testing.assert_array_less(np.abs(high - (21.5, 40 - 11, 200 - 4.5)), (0.5, 1.0, 1.5))


def test_surfaces_surround_their_label_on_every_kind_of_grid(phantom):
    labels = np.zeros(phantom.geometry.shape, np.uint8)
    labels[2:5, 3:8, 9:13] = 3
    grid = upright(labels, phantom.geometry)

    points = points_lps(grid, label_surface(grid, ALL))

    index = phantom.geometry.lps_to_index(points)
    np.testing.assert_allclose((index.min(axis=0) + index.max(axis=0)) / 2, (10.5, 5.0, 3.0), atol=0.01)
    np.testing.assert_allclose(index.min(axis=0), (8.5, 2.5, 1.5), atol=0.5)
    np.testing.assert_allclose(index.max(axis=0), (12.5, 7.5, 4.5), atol=0.5)


def test_grids_for_vtk_are_never_mirrored_and_keep_every_voxel_in_its_place(phantom):
    grid = upright(phantom.voxels, phantom.geometry)

    assert np.linalg.det(grid.to_lps) == pytest.approx(1.0)
    brightest_kji = np.unravel_index(int(np.argmax(grid.voxels)), grid.voxels.shape)
    place = grid.to_world(np.array(brightest_kji[::-1]) * grid.spacing)
    np.testing.assert_allclose(place, phantom.geometry.index_to_lps((9, 3, 5)), atol=1e-9)


def test_thinned_labels_stay_in_their_place(oblique_phantom):
    geometry = oblique_phantom.geometry
    labels = np.zeros(geometry.shape, np.uint8)
    labels[0:6, 2:8, 4:12] = 1
    grid = thinned(upright(labels, geometry), (2, 2, 2), mean=False)

    index = geometry.lps_to_index(points_lps(grid, label_surface(grid, ALL)))

    middle = (index.min(axis=0) + index.max(axis=0)) / 2
    np.testing.assert_allclose(middle, (7.5, 4.5, 2.5), atol=1.0)  # half of a coarse voxel


def test_thinned_scans_hold_the_mean_at_the_middle_of_each_block():
    geometry = Geometry((4, 3, 2), (1.0, 1.0, 5.0), np.array([0.0, 0.0, 0.0]), np.eye(3))
    voxels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)

    coarse = thinned(upright(voxels, geometry), (2, 2, 1), mean=True)

    np.testing.assert_array_equal(coarse.voxels, [[[2, 4]], [[14, 16]]])  # (0+1+4+5)/4 = 2.5, cut to an integer
    np.testing.assert_allclose(coarse.origin_lps, (0.5, 0.5, 0.0))
    assert coarse.spacing == (2.0, 2.0, 5.0)


def test_the_box_of_all_labels_keeps_each_in_its_place_and_is_a_copy(oblique_phantom):
    geometry = oblique_phantom.geometry
    own, proposed = np.zeros((2, *geometry.shape), np.uint8)
    own[1, 3:5, 2:4] = 7
    proposed[3, 6, 8] = 9
    wholes = [upright(voxels, geometry) for voxels in (own, proposed)]
    expected = [points_lps(whole, label_surface(whole, ALL)) for whole in wholes]

    kept = labelled(wholes)
    own[:] = proposed[:] = 0

    assert sorted(kept[0].voxels.shape) == [3, 4, 7] == sorted(kept[1].voxels.shape)
    assert all(grid.voxels.flags.c_contiguous for grid in kept)
    for grid, points in zip(kept, expected, strict=True):
        np.testing.assert_allclose(points_lps(grid, label_surface(grid, ALL)), points, atol=1e-4)


def test_the_box_of_no_labels_holds_none():
    (kept,) = labelled(
        [upright(np.zeros((3, 4, 5), np.uint8), Geometry((5, 4, 3), (1.0,) * 3, np.zeros(3), np.eye(3)))]
    )

    assert kept.voxels.tolist() == [[[0]]]


def test_triangles_know_their_label_and_hidden_labels_have_none():
    geometry = Geometry((16, 12, 9), (1.0, 1.5, 2.0), np.zeros(3), np.eye(3))
    labels = np.zeros(geometry.shape, np.uint8)
    labels[2:6, 2:6, 2:6] = 4
    labels[2:6, 2:6, 9:13] = 200
    grid = upright(labels, geometry)

    both = label_surface(grid, ALL)
    one = label_surface(grid, np.arange(256) == 200)

    assert set(vtk_to_numpy(both.GetCellData().GetArray("label"))) == {4, 200}
    assert set(vtk_to_numpy(one.GetCellData().GetArray("label"))) == {200}
    assert points_lps(grid, one)[:, 0].min() > 8
    assert label_surface(grid, np.zeros(256, bool)) is None


def test_a_label_at_the_edge_of_the_scan_is_closed():
    geometry = Geometry((8, 7, 6), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    surface = label_surface(upright(np.full(geometry.shape, 1, np.uint8), geometry), ALL)

    corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    _, times = np.unique(edges, axis=0, return_counts=True)
    assert (times == 2).all()


def test_an_exported_box_has_its_corners_where_its_voxels_end(phantom):
    geometry = phantom.geometry
    voxels = np.zeros(geometry.shape, np.uint8)
    voxels[2:5, 3:8, 9:13] = 3  # i 9..12, j 3..7, k 2..4
    voxels[0, 0, 0] = 4

    mesh = label_mesh(voxels, geometry, Label(3, "box", (1, 2, 3)), smooth=False)

    expected = geometry.index_to_lps([(i, j, k) for i in (8.5, 12.5) for j in (2.5, 7.5) for k in (1.5, 4.5)])
    nearest = np.linalg.norm(mesh.points[None] - expected[:, None], axis=-1).min(axis=1)
    assert nearest.max() < 0.01
    np.testing.assert_allclose(bounds(mesh.corners), (expected.min(axis=0), expected.max(axis=0)), atol=0.01)
    assert enclosed_volume(mesh.corners) == pytest.approx(4 * 5 * 3 * 0.8 * 1.3 * 2.5, rel=1e-5)
    assert (mesh.name, mesh.colour) == ("box", (1, 2, 3))


def test_a_smoothed_export_keeps_its_place_its_flat_faces_and_nearly_its_volume(phantom):
    geometry = Geometry((44, 30, 18), (0.8, 1.3, 2.5), np.array((-41.5, 17.25, 103.0)), phantom.geometry.direction)
    voxels = np.zeros(geometry.shape, np.uint8)
    voxels[3:14, 5:25, 7:40] = 1

    mesh = label_mesh(voxels, geometry, Label(1, "box", (1, 2, 3)))

    index = geometry.lps_to_index(mesh.points)
    in_mm = np.array((0.8, 1.3, 2.5))
    np.testing.assert_allclose(index.min(axis=0) * in_mm, np.array((6.5, 4.5, 2.5)) * in_mm, atol=0.01)
    np.testing.assert_allclose(index.max(axis=0) * in_mm, np.array((39.5, 24.5, 13.5)) * in_mm, atol=0.01)
    np.testing.assert_allclose(mesh.points.mean(axis=0), geometry.index_to_lps((23, 14.5, 8)), atol=0.01)
    assert 0.95 < enclosed_volume(mesh.corners) / (33 * 20 * 11 * 0.8 * 1.3 * 2.5) < 1.0


def test_a_label_that_is_nowhere_has_no_mesh(phantom):
    assert label_mesh(np.zeros(phantom.geometry.shape, np.uint8), phantom.geometry, Label(1, "x", (1, 2, 3))) is None


def test_faces_between_two_labels_are_made_where_they_can_be_seen():
    labels = np.zeros((6, 6, 12), np.uint8)
    labels[2:4, 2:4, 2:6], labels[2:4, 2:4, 6:10] = 1, 2
    grid = Grid(labels, (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    outer, all_faces = (label_surface(grid, ALL, inner_faces=inner).GetNumberOfCells() for inner in (False, True))
    assert all_faces - outer == 2 * 2 * 2  # a wall of four quadrangles
