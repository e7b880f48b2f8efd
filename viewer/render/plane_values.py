"""The values of a plane of a scan as numbers, for tools that look for structures on it."""

from __future__ import annotations

from dataclasses import replace

from numpy.typing import NDArray

from viewer.core.oblique import Axes, ObliqueAxes
from viewer.core.shaping import Mask
from viewer.core.volume import Volume
from viewer.render.slices import slice_of


def plane_values(volume: Volume, axes: Axes, depth: float) -> tuple[NDArray, Mask]:
    """The values (rows, columns) of a plane as it is laid out on the screen, interpolated where it is oblique, and
    which of them are values: not padding, not NaN, and within the scan. depth: as ObliqueAxes.depth_of has it, or a
    slice's number."""
    if not isinstance(axes, ObliqueAxes):
        values = slice_of(volume.voxels, axes, int(depth))
        return values, volume.measured(values)
    from viewer.render.oblique import values_on, within  # brings VTK

    values = values_on(replace(volume, padding=None), axes, depth)
    shape = axes.shape(volume.geometry.size)
    return values, volume.measured(values) & within(axes.sampling(depth), volume.geometry.size, shape)
