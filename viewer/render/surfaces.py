"""Surfaces of label maps, and grids as VTK takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkImageData, vtkPolyData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkSurfaceNets3D

from viewer.core.geometry import Geometry
from viewer.core.labels import Label, voxel_counts
from viewer.core.mesh import Mesh, enclosed_volume
from viewer.core.painting import box_of

_SMOOTHING_STEPS = 8


@dataclass(frozen=True, eq=False)
class Grid:
    """Voxels in a frame that VTK can draw: axes along i, j, k are a rotation of L, P, S, never a reflection.

    voxels[k, j, i] is C order. to_lps turns mm along those axes into LPS; its columns are unit vectors.
    """

    voxels: NDArray
    spacing: tuple[float, float, float]
    origin_lps: NDArray[np.float64]
    to_lps: NDArray[np.float64]

    def to_world(self, point_mm: ArrayLike) -> NDArray[np.float64]:
        """LPS of a point in the grid's own mm."""
        return self.origin_lps + self.to_lps @ np.asarray(point_mm, dtype=np.float64)

    @property
    def matrix(self) -> vtkMatrix4x4:
        """From the grid's own mm to LPS."""
        matrix = vtkMatrix4x4()
        for row in range(3):
            for column in range(3):
                matrix.SetElement(row, column, float(self.to_lps[row, column]))
            matrix.SetElement(row, 3, float(self.origin_lps[row]))
        return matrix

    def image(self) -> vtkImageData:
        """The voxels as VTK's image, sharing their memory."""
        image = vtkImageData()
        image.SetDimensions(*self.voxels.shape[::-1])
        image.SetSpacing(*self.spacing)
        image.GetPointData().SetScalars(numpy_to_vtk(self.voxels.ravel(), deep=False))
        return image


def upright(voxels: NDArray, geometry: Geometry) -> Grid:
    """A view of voxels[k, j, i] with its axes in the order nearest to L, P, S.

    VTK's mappers take no reflections, so a left-handed grid has to be read the other way round. Of the 48
    ways to permute and flip the axes the nearest to the anatomical ones is always a rotation.
    """
    axes = geometry.anatomical_axes
    grows = [geometry.direction[row, axis] >= 0 for row, axis in enumerate(axes)]
    ordered = voxels.transpose([2 - axis for axis in reversed(axes)])
    ordered = ordered[tuple(slice(None, None, 1 if up else -1) for up in reversed(grows))]
    first = np.zeros(3)
    for axis, up in zip(axes, grows, strict=True):
        first[axis] = 0 if up else geometry.size[axis] - 1
    to_lps = np.stack([geometry.direction[:, a] * (1 if up else -1) for a, up in zip(axes, grows, strict=True)], axis=1)
    spacing = (geometry.spacing[axes[0]], geometry.spacing[axes[1]], geometry.spacing[axes[2]])
    return Grid(ordered, spacing, geometry.index_to_lps(first), to_lps)


def thinned(grid: Grid, factors: tuple[int, int, int], *, mean: bool) -> Grid:
    """The grid with each block of factors (i, j, k) voxels as one: their mean, or (for labels) one of them.

    Means are a C-order copy, else it is a view; what is left over at the far ends is dropped.
    """
    kji = factors[::-1]
    shape = [n // f for n, f in zip(grid.voxels.shape, kji, strict=True)]
    blocks = grid.voxels[tuple(slice(0, n * f) for n, f in zip(shape, kji, strict=True))]
    if mean and max(factors) > 1:
        kept = np.empty(shape, dtype=grid.voxels.dtype)
        for k, out in enumerate(kept):  # slice by slice: the sums of all would need four bytes a voxel
            total = np.zeros(shape[1:], dtype=np.float32)
            for one in blocks[k * kji[0] : (k + 1) * kji[0]]:
                for j, i in np.ndindex(*kji[1:]):
                    total += one[j :: kji[1], i :: kji[2]]
            out[...] = total / float(np.prod(factors))
        shift = np.array([(f - 1) / 2 for f in factors])
    else:
        middle = [(f - 1) // 2 for f in kji]
        kept = blocks[tuple(slice(m, None, f) for m, f in zip(middle, kji, strict=True))]
        shift = np.array(middle[::-1], dtype=np.float64)
    spacing = np.array(grid.spacing)
    origin = grid.origin_lps + grid.to_lps @ (shift * spacing)
    i, j, k = (float(s) for s in spacing * factors)
    return Grid(kept, (i, j, k), origin, grid.to_lps)


def labelled(grids: Sequence[Grid]) -> list[Grid]:
    """C-order copies of the box of some label maps of one shape that holds all their labels; of one voxel if there are
    none."""
    first, last = np.array(grids[0].voxels.shape), np.zeros(3, dtype=np.int64)
    for grid in grids:
        for k, one_slice in enumerate(grid.voxels):  # slice by slice: most have no label, and need no more looking at
            labels = np.ascontiguousarray(one_slice)
            if labels.any():
                rows, columns = (np.flatnonzero(labels.any(axis=axis)) for axis in (1, 0))
                first = np.minimum(first, (k, rows[0], columns[0]))
                last = np.maximum(last, (k, rows[-1], columns[-1]))
    first = np.minimum(first, last)
    box = tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))
    return [
        replace(
            grid,
            voxels=np.array(grid.voxels[box], order="C"),
            origin_lps=grid.to_world(first[::-1] * np.array(grid.spacing)),
        )
        for grid in grids
    ]


def label_surface(
    grid: Grid, shown: NDArray[np.bool_], *, inner_faces: bool = False, smoothing_steps: int = _SMOOTHING_STEPS
) -> vtkPolyData | None:
    """The closed outer surfaces of the labels that are shown, smooth, with point normals; None if there are none.

    grid: uint8 labels. shown: (256,). Points are in the grid's own mm (see Grid.matrix). Each triangle's label
    is in the cell array "label" (uint8). Faces between two shown labels, which can be seen only where surfaces are
    translucent or cut, are left out unless inner_faces asks for them.
    Method: surface nets, Frisken, https://jcgt.org/published/0011/01/03/.
    """
    lookup = np.where(shown, np.arange(256), 0).astype(np.uint8)
    labels = lookup[grid.voxels]
    box = box_of(labels)
    if box is None:
        return None
    padded = np.pad(labels[box], 1)  # a label that touches the edge is closed there
    image = Grid(padded, grid.spacing, grid.origin_lps, grid.to_lps).image()
    image.SetOrigin(*((box[2 - axis].start - 1) * grid.spacing[axis] for axis in range(3)))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    for n, value in enumerate(np.flatnonzero(voxel_counts(padded)[1:]) + 1):
        nets.SetValue(n, float(value))
    nets.SetOutputMeshTypeToTriangles()
    # Smooth, yet never more than half a voxel from where the label ends: VTK's own limits let thin labels shrink.
    nets.SetNumberOfIterations(smoothing_steps)
    nets.SetSmoothing(smoothing_steps > 0)
    nets.AutomaticSmoothingConstraintsOff()
    nets.SetConstraintStrategyToConstraintBox()
    nets.SetConstraintBox(*grid.spacing)
    nets.Update()
    return _with_normals(_faces(nets.GetOutput(), inner_faces))


def label_mesh(voxels: NDArray[np.uint8], geometry: Geometry, label: Label, *, smooth: bool = True) -> Mesh | None:
    """The closed surface of one label of voxels[k, j, i] at full resolution, in LPS; None if the label is nowhere.

    Flat faces lie where its voxels end, half a voxel beyond their centres. smooth moves no point by more than half a
    voxel along each axis; without it the surface has the corners of the voxels.
    """
    grid = upright(voxels, geometry)
    surface = label_surface(grid, np.arange(256) == label.value, smoothing_steps=_SMOOTHING_STEPS if smooth else 0)
    if surface is None:
        return None
    points_mm = vtk_to_numpy(surface.GetPoints().GetData()).astype(np.float64)
    triangles = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
    mesh = Mesh(label.name, grid.origin_lps + points_mm @ grid.to_lps.T, triangles, label.colour)
    if enclosed_volume(mesh.corners) < 0:
        mesh = replace(mesh, triangles=triangles[:, ::-1].copy())
    return mesh


def _faces(surface: vtkPolyData, inner_faces: bool) -> vtkPolyData:
    """The outer faces, or all. VTK takes the arrays as they are: while it copies them no other thread runs."""
    sides = vtk_to_numpy(surface.GetCellData().GetArray("BoundaryLabels"))
    outer = (sides == 0).any(axis=1) | inner_faces
    corners = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3)[outer]
    is_used = np.zeros(surface.GetNumberOfPoints(), dtype=bool)
    is_used[corners] = True
    used = np.flatnonzero(is_used)  # what np.unique gives, which lets no other thread run meanwhile
    renumbered = np.zeros(surface.GetNumberOfPoints(), dtype=np.int64)
    renumbered[used] = np.arange(used.size)
    points = surface.GetPoints()
    kept_points = points.NewInstance()
    kept_points.SetData(numpy_to_vtk(vtk_to_numpy(points.GetData())[used]))
    cells = vtkCellArray()
    offsets = np.arange(0, 3 * len(corners) + 1, 3, dtype=np.int64)
    cells.SetData(numpy_to_vtk(offsets), numpy_to_vtk(renumbered[corners].ravel()))
    label = numpy_to_vtk(sides.max(axis=1)[outer].astype(np.uint8))
    label.SetName("label")
    kept = vtkPolyData()
    kept.SetPoints(kept_points)
    kept.SetPolys(cells)
    kept.GetCellData().AddArray(label)
    return kept


def _with_normals(surface: vtkPolyData) -> vtkPolyData:
    normals = vtkPolyDataNormals()
    normals.SetInputData(surface)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()
