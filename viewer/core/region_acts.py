"""What a person can do with the whole region of a label at once: how it is called, and the region that it makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewer.core import shaping
from viewer.core.geometry import Geometry, Plane, plane_axes
from viewer.core.shaping import Mask, Shell, Smoothing


@dataclass(frozen=True)
class RegionAct:
    """title names it in the history; region makes another mask[k, j, i] of the label's own, on its grid."""

    title: str
    region: Callable[[Mask, Geometry], Mask]


def change_margin(name: str, margin_mm: float) -> RegionAct:
    """Grow, or shrink by a negative margin."""
    title = f"Grow {name}" if margin_mm > 0 else f"Shrink {name}"
    return RegionAct(title, lambda own, grid: shaping.margin(own, grid.spacing, margin_mm))


def hollow(name: str, thickness_mm: float, shell: Shell) -> RegionAct:
    return RegionAct(f"Hollow {name}", lambda own, grid: shaping.hollow(own, grid.spacing, thickness_mm, shell))


def smooth(name: str, radius_mm: float, how: Smoothing) -> RegionAct:
    return RegionAct(f"Smooth {name}", lambda own, grid: shaping.smoothed(own, grid.spacing, radius_mm, how))


def keep_largest(name: str) -> RegionAct:
    return RegionAct(f"Largest part of {name}", lambda own, grid: shaping.largest_island(own))


def remove_small(name: str, least_ml: float) -> RegionAct:
    """Without parts that are smaller than so many millilitres."""

    def region(own: Mask, grid: Geometry) -> Mask:
        return shaping.without_small_islands(own, least_ml / grid.voxel_volume_ml)

    return RegionAct(f"Remove small parts of {name}", region)


def fill_holes(name: str) -> RegionAct:
    return RegionAct(f"Fill holes of {name}", lambda own, grid: shaping.filled_holes(own))


def fill_between(name: str, plane: Plane) -> RegionAct:
    """Between the slices of a plane that have any of it."""

    def region(own: Mask, grid: Geometry) -> Mask:
        return shaping.filled_between(own, 2 - plane_axes(grid, plane).normal, grid.spacing)

    return RegionAct(f"Fill {name} between slices", region)
