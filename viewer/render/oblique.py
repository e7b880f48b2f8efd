"""Planes that cut across the voxel grid, sampled by VTK straight from the voxels' own memory."""

from __future__ import annotations

import math
from collections.abc import Iterator

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
_MOST_SAMPLES = 40_000_000  # of a slab: more would take seconds
_QUICK_SAMPLES = 250_000  # far apart, and so slow to reach in memory: some 15 ms
_STEP_SAMPLES = 500_000  # between two moments in which something else may be done
_PLAIN_SAMPLES = 300_000  # of a plane that need not be drawn quickly first
_AROUND_PX = 2  # of an outline: a smooth picture mixes what lies beside it
_SAME_VOXEL = 1e-3  # a plane this near to the centres of voxels touches no others


def values_on(
    volume: Volume,
    axes: ObliqueAxes,
    depth: float,
    slab: Slab | None = None,
    *,
    nearest: bool = False,
    quick: bool = False,
) -> NDArray:
    """Values on a plane, (rows, columns) of its virtual slice, or (rows, columns, 3) of colours, interpolated linearly:
    to be looked at, never to be measured. The volume's own type; a mean is float32. nearest: those of the voxels that
    it passes through, as numbers of labels have to be.

    Beyond the grid (ObliqueAxes.cut) they mean nothing. Padding is not mixed with tissue: a sample one of whose
    neighbours is padding, is padding, and one of whose neighbours is NaN, NaN. A slab is centred on the plane, as thick
    as so many slices a step apart; padding, NaN and what is beyond the grid are no part of it. A very thick one has
    fewer, larger pixels, and of a volume with padding it is made of the nearest voxels.

    quick: for a picture that moves, where takes_long. There are fewer, larger pixels, and fewer planes of a slab; a
    sample of a single plane is padding only where the voxel nearest to it is.
    """
    *_, values = values_in_steps(volume, axes, depth, slab, nearest=nearest, quick=quick)
    assert values is not None
    return values


def values_in_steps(
    volume: Volume,
    axes: ObliqueAxes,
    depth: float,
    slab: Slab | None = None,
    *,
    nearest: bool = False,
    quick: bool = False,
) -> Iterator[NDArray | None]:
    """values_on, a little at a time: None after each part of the work, and last the values."""
    if slab is not None:
        yield from _slab_in_steps(volume, axes, depth, slab, _QUICK_SAMPLES if quick else _MOST_SAMPLES)
        return
    sampling, shape = axes.sampling(depth), axes.shape(volume.geometry.size)
    outline = axes.cut(depth)
    if quick:
        fewer = _fewer(shape, math.sqrt(shape[0] * shape[1] / _QUICK_SAMPLES))
        outline = (outline + _HALF_A_VOXEL) * (np.array(fewer) / shape) - _HALF_A_VOXEL
        sampling, shape = scaled(sampling, shape, fewer), fewer
    place, sampling, part_shape = _part_within(outline, sampling, shape)
    bands = _bands(sampling, part_shape)
    parts = []
    for at, part in bands:
        parts.append(sampled(volume.voxels, at, part, linear=not nearest))
        yield None
    within_grid = np.concatenate(parts) if len(parts) > 1 else parts[0]
    if volume.padding is not None and not volume.colour and not nearest:
        touches = np.zeros(within_grid.shape, np.bool_)
        for n, (at, part) in enumerate(bands):
            rows = touches[n * len(parts[0]) :][: part[1]]
            for shifted in [at] if quick else _around(at):
                rows |= _padded(volume, sampled(volume.voxels, shifted, part, linear=False))
                yield None
        within_grid[touches] = volume.padding[0]
    values = np.zeros((shape[1], shape[0], *within_grid.shape[2:]), within_grid.dtype)
    values[place] = within_grid
    yield values


def takes_long(volume: Volume, axes: ObliqueAxes, slab: Slab | None) -> bool:
    """True if values_on would hold up a picture that moves."""
    columns, rows = axes.shape(volume.geometry.size)
    padded = volume.padding is not None and not volume.colour
    return slab is not None or padded or columns * rows > _PLAIN_SAMPLES


def labels_on(
    labels: NDArray, axes: ObliqueAxes, depth: float, outline: NDArray[np.float64] | None = None
) -> NDArray[np.uint8]:
    """Labels (uint8) or marks (bool) of the voxels that a plane passes through, (rows, columns); 0 beyond the grid, and
    beyond an outline (n, 2) of (column, row) corners if there is one, but for a little around it."""
    columns, rows = axes.shape(axes.geometry.size)
    outline = axes.cut(depth) if outline is None else outline
    place, sampling, part_shape = _part_within(outline, axes.sampling(depth), (columns, rows))
    found = np.zeros((rows, columns), np.uint8)
    found[place] = sampled(labels.view(np.uint8), sampling, part_shape, linear=False)
    return found


def _slab_in_steps(
    volume: Volume, axes: ObliqueAxes, depth: float, slab: Slab, most_samples: int
) -> Iterator[NDArray | None]:
    size, voxels = volume.geometry.size, volume.voxels
    shape, thick_mm = axes.shape(size), (slab.slices - 1) * axes.step_mm(volume.geometry.spacing)
    larger = max(shape[0] * shape[1] * slab.slices / most_samples, 1.0)
    # No fewer planes where the most samples are taken: there a thin vessel must not slip between two.
    layers = slab.slices if most_samples == _MOST_SAMPLES else max(round(slab.slices / larger ** (1 / 3)), 2)
    fewer = _fewer(shape, math.sqrt(larger * layers / slab.slices))
    planes = [scaled(axes.sampling(one), shape, fewer) for one in np.linspace(-0.5, 0.5, layers) * thick_mm + depth]
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
        elif mean:
            count += within(at, size, fewer)
        if mean:
            np.add(combined, layer, out=combined, where=measured, casting="unsafe")
        else:
            (np.maximum if kind == "MIP" else np.minimum)(combined, layer, out=combined, where=measured)
        yield None
    if mean:
        combined /= np.maximum(count, 1)
    if not every:
        combined[count == 0] = np.nan if volume.padding is None else combined.dtype.type(volume.padding[0])
    yield combined


def _fewer(shape: tuple[int, int], larger: float) -> tuple[int, int]:
    """Columns and rows of pixels that are larger by a factor, if that is one."""
    larger = max(larger, 1.0)
    return max(round(shape[0] / larger), 1), max(round(shape[1] / larger), 1)


def _part_within(
    outline: NDArray[np.float64], sampling: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[tuple[slice, slice], NDArray[np.float64], tuple[int, int]]:
    """The rows and columns of a plane that hold an outline (n, 2) of (column, row) corners, and a little more: where
    they are, their sampling and their shape. At least one pixel."""
    if not len(outline):
        outline = np.zeros((1, 2))
    first = np.clip(np.floor(outline.min(axis=0)).astype(int) - _AROUND_PX, 0, np.array(shape) - 1)
    last = np.clip(np.ceil(outline.max(axis=0)).astype(int) + _AROUND_PX, first, np.array(shape) - 1)
    at = sampling.copy()
    at[:, 3] += sampling[:, :2] @ first
    columns, rows = (last - first + 1).tolist()
    place = slice(int(first[1]), int(last[1]) + 1), slice(int(first[0]), int(last[0]) + 1)
    return place, at, (columns, rows)


def _bands(sampling: NDArray[np.float64], shape: tuple[int, int]) -> list[tuple[NDArray[np.float64], tuple[int, int]]]:
    """A plane cut into bands of rows, each of which is sampled in a moment: their samplings and shapes."""
    columns, rows = shape
    height = max(_STEP_SAMPLES // columns, 1)
    found = []
    for first in range(0, rows, height):
        at = sampling.copy()
        at[:, 3] += sampling[:, 1] * first
        found.append((at, (columns, min(height, rows - first))))
    return found


def scaled(sampling: NDArray[np.float64], shape: tuple[int, int], fewer: tuple[int, int]) -> NDArray[np.float64]:
    """The sampling of the same plane, from edge to edge, by fewer and larger pixels."""
    larger = np.array(shape) / fewer
    coarse = sampling.copy()
    coarse[:, :2] *= larger
    coarse[:, 3] += sampling[:, :2] @ ((larger - 1) / 2)
    return coarse


def worst(dtype: np.dtype, kind: str) -> int | float:
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return float(limits.min if kind == "MIP" else limits.max)


def within(sampling: NDArray[np.float64], size: tuple[int, int, int], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels of a plane lie within the grid."""
    columns, rows = np.arange(shape[0], dtype=np.float32), np.arange(shape[1], dtype=np.float32)[:, None]
    inside = np.ones((shape[1], shape[0]), np.bool_)
    for (a, b, _, start), n in zip(sampling.tolist(), size, strict=True):
        along = (start + b * rows) + a * columns
        inside &= (along >= -0.5) & (along <= n - 0.5)
    return inside


def touches_padding(volume: Volume, sampling: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Where one of the eight voxels around a sample, of those that have a part in it, is padding."""
    touches = np.zeros((shape[1], shape[0]), np.bool_)
    for at in _around(sampling):
        touches |= _padded(volume, sampled(volume.voxels, at, shape, linear=False))
    return touches


def _around(sampling: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Samplings by whose nearest voxels each of the eight around a sample is found, of those that have a part in it."""
    reach = 0.5 - _SAME_VOXEL
    for corner in np.ndindex(2, 2, 2):
        at = sampling.copy()
        at[:, 3] += np.where(np.array(corner) > 0, reach, -reach)
        yield at


def _padded(volume: Volume, values: NDArray) -> NDArray[np.bool_]:
    assert volume.padding is not None
    return (values >= volume.padding[0]) & (values <= volume.padding[1])


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
