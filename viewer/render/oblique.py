"""Planes that cut across the voxel grid, sampled by VTK straight from the voxels' own memory."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import VTK_FLOAT
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from viewer.core.oblique import ObliqueAxes
from viewer.core.volume import Volume
from viewer.render.slabs import Slab

_BEYOND_EDGE = 2.0  # voxels by which the outermost values are carried on, or smoothing would mix them with nothing
_HALF_A_VOXEL = 0.5
MOST_SAMPLES = 4_000_000  # of a slab: more would hold up scrolling
_SAME_VOXEL = 1e-3  # a plane this near to the centres of voxels touches no others


def values_on(
    volume: Volume, axes: ObliqueAxes, depth: float, slab: Slab | None = None, *, nearest: bool = False
) -> NDArray:
    """Values on a plane, (rows, columns) of its virtual slice, or (rows, columns, 3) of colours, interpolated linearly:
    to be looked at, never to be measured. The volume's own type; a mean is float32. nearest: those of the voxels that
    it passes through, as numbers of labels have to be.

    Beyond the grid (ObliqueAxes.cut) they mean nothing. Padding is not mixed with tissue: a sample one of whose
    neighbours is padding, is padding, and one of whose neighbours is NaN, NaN. A slab is centred on the plane, as thick
    as so many slices a step apart; padding, NaN and what is beyond the grid are no part of it. It has fewer, larger
    pixels the thicker it is, and of a volume with padding it is made of the nearest voxels.
    """
    if slab is not None:
        return _slab_on(volume, axes, depth, slab)
    values = sampled(volume.voxels, axes.sampling(depth), axes.shape(volume.geometry.size), linear=not nearest)
    if volume.padding is not None and not volume.colour and not nearest:
        values = np.where(
            touches_padding(volume, axes.sampling(depth), values.shape[::-1]),
            values.dtype.type(volume.padding[0]),
            values,
        )
    return values


def labels_on(labels: NDArray, axes: ObliqueAxes, depth: float) -> NDArray[np.uint8]:
    """Labels (uint8) or marks (bool) of the voxels that a plane passes through, (rows, columns); 0 beyond the grid."""
    shape = axes.shape(axes.geometry.size)
    return sampled(labels.view(np.uint8), axes.sampling(depth), shape, linear=False)


def _slab_on(volume: Volume, axes: ObliqueAxes, depth: float, slab: Slab) -> NDArray:
    size, voxels = volume.geometry.size, volume.voxels
    shape, step_mm = axes.shape(size), axes.step_mm(volume.geometry.spacing)
    larger = max(math.sqrt(shape[0] * shape[1] * slab.slices / MOST_SAMPLES), 1.0)  # pixels, and so fewer of them
    fewer = round(shape[0] / larger), round(shape[1] / larger)
    depths = [depth + (n - (slab.slices - 1) / 2) * step_mm for n in range(slab.slices)]
    planes = [scaled(axes.sampling(one), shape, fewer) for one in depths]
    every = volume.padding is None and voxels.dtype.kind in "iu"
    kind, mean = slab.kind, slab.kind == "Mean"
    start = 0 if mean else worst(voxels.dtype, kind)
    combined = np.full(fewer[::-1], start, np.float32 if mean else voxels.dtype)
    count = np.zeros(combined.shape, np.int32)
    for at in planes:
        layer = sampled(voxels, at, fewer, linear=volume.padding is None, beyond=start)
        measured: NDArray[np.bool_] | bool = True
        if not every:
            measured = volume.measured(layer) & within(at, size, fewer)
            count += measured
        if mean:
            np.add(combined, layer, out=combined, where=measured, casting="unsafe")
        else:
            (np.maximum if kind == "MIP" else np.minimum)(combined, layer, out=combined, where=measured)
    if every and mean:
        for at in planes:
            count += within(at, size, fewer)
    if mean:
        combined /= np.maximum(count, 1)
    if not every:
        combined[count == 0] = np.nan if volume.padding is None else combined.dtype.type(volume.padding[0])
    return combined


def scaled(sampling: NDArray[np.float64], shape: tuple[int, int], fewer: tuple[int, int]) -> NDArray[np.float64]:
    """The sampling of the same plane, from edge to edge, by fewer and larger pixels."""
    larger = np.array(shape) / fewer
    scaled = sampling.copy()
    scaled[:, :2] *= larger
    scaled[:, 3] += sampling[:, :2] @ ((larger - 1) / 2)
    return scaled


def worst(dtype: np.dtype, kind: str) -> int | float:
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return float(limits.min if kind == "MIP" else limits.max)


def within(sampling: NDArray[np.float64], size: tuple[int, int, int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of a plane lie within the grid."""
    columns, rows = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)[:, None]
    within = np.ones((shape[1], shape[0]), np.bool_)
    for (a, b, _, start), n in zip(sampling.tolist(), size, strict=True):
        along = (start + b * rows) + a * columns
        within &= (along >= -0.5) & (along <= n - 0.5)
    return within


def touches_padding(volume: Volume, sampling: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Where one of the eight voxels around a sample, of those that have a part in it, is padding."""
    assert volume.padding is not None
    low, high = volume.padding
    touches = np.zeros((shape[1], shape[0]), np.bool_)
    reach = 0.5 - _SAME_VOXEL
    for corner in np.ndindex(2, 2, 2):
        at = sampling.copy()
        at[:, 3] += np.where(np.array(corner) > 0, reach, -reach)
        neighbour = sampled(volume.voxels, at, shape, linear=False)
        touches |= (neighbour >= low) & (neighbour <= high)
    return touches


def sampled(
    voxels: NDArray,
    sampling: NDArray[np.float64],
    shape: tuple[int, int],
    *,
    linear: bool,
    beyond: float | None = None,
    whole_numbers: bool = True,
) -> NDArray:
    """Voxels[k, j, i] or [k, j, i, 3] at index = sampling @ (column, row, 0, 1), for shape (columns, rows).
    Beyond the grid there is the value beyond; without one the outermost voxels are carried on a little, then 0.
    whole_numbers: values between those of integers are rounded; else they are float32."""
    image = vtkImageData()
    image.SetDimensions(*voxels.shape[2::-1])
    flat = np.ascontiguousarray(voxels).reshape(-1, *voxels.shape[3:])
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=False))
    matrix = vtkMatrix4x4()
    matrix.DeepCopy(np.vstack([sampling, (0, 0, 0, 1)]).ravel().tolist())
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetResliceAxes(matrix)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputSpacing(1.0, 1.0, 1.0)
    reslice.SetOutputExtent(0, shape[0] - 1, 0, shape[1] - 1, 0, 0)
    if linear:
        reslice.SetInterpolationModeToLinear()
        reslice.SetBorderThickness(_BEYOND_EDGE if beyond is None else _HALF_A_VOXEL)
    else:
        reslice.SetInterpolationModeToNearestNeighbor()
    reslice.SetBackgroundLevel(beyond or 0.0)
    if linear and not whole_numbers and voxels.dtype.kind in "iu":
        reslice.SetOutputScalarType(VTK_FLOAT)
    reslice.Update()
    values = vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return values.reshape(shape[1], shape[0], *voxels.shape[3:])
