"""Voxels with their place in the patient, and the label map drawn on them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry

if TYPE_CHECKING:
    import SimpleITK as sitk


@dataclass(frozen=True, eq=False)
class Volume:
    """A scan as the scanner stored it: voxels[k, j, i], read-only, in `unit` after the modality rescale.

    unit is "HU" for CT, "" where the values have none (MR, photographs). A single picture is one slice. Colour
    pictures are uint8 voxels[k, j, i, 3], red, green, blue. Values within padding (from, to) are no measurement.
    overlay marks what the file draws over the picture, bool [k, j, i]. arrived says which slices are there while a
    series is still being read, bool [k], set by the reader and never unset; None means all. saved_as_colours tells of
    grey values that their files hold three times, as red, green and blue.
    """

    voxels: NDArray
    geometry: Geometry
    unit: str = ""
    modality: str = ""
    padding: tuple[float, float] | None = None
    suv_factor: float | None = None
    overlay: NDArray[np.bool_] | None = None
    arrived: NDArray[np.bool_] | None = None
    saved_as_colours: bool = False

    def __post_init__(self) -> None:
        if self.voxels.shape != (*self.geometry.shape, 3)[: max(self.voxels.ndim, 3)]:
            raise ValueError(f"voxels {self.voxels.shape} do not fit a grid of shape {self.geometry.shape}")
        self.voxels.flags.writeable = False

    @property
    def colour(self) -> bool:
        return self.voxels.ndim == 4

    @property
    def complete(self) -> bool:
        """True once every slice has arrived."""
        return self.arrived is None or bool(self.arrived.all())

    def measured(self, values: NDArray) -> NDArray[np.bool_]:
        """True for each of some values of this volume that is a finite number and no padding."""
        measured = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, np.bool_)
        if self.padding is not None:
            measured &= (values < self.padding[0]) | (values > self.padding[1])
        return measured

    def value_at(self, index_ijk: tuple[int, int, int]) -> float | None:
        """Stored value at a voxel, in `unit`; None for colours, for padding and before the slice has arrived."""
        i, j, k = index_ijk
        if self.colour or not (self.arrived is None or self.arrived[k]):
            return None
        value = float(self.voxels[k, j, i])
        return None if self.padding is not None and self.padding[0] <= value <= self.padding[1] else value


def part_of(volume: Volume, place: tuple[slice, slice, slice]) -> Volume:
    """A part of a volume on a regular grid, by slices of its voxels[k, j, i]; it lies where it was in the patient."""
    voxels = volume.voxels[place]
    first_ijk = [along.start for along in reversed(place)]
    size = voxels.shape[2], voxels.shape[1], voxels.shape[0]
    geometry = replace(volume.geometry, size=size, origin=volume.geometry.index_to_lps(first_ijk))
    overlay = None if volume.overlay is None else volume.overlay[place]
    arrived = None if volume.arrived is None else volume.arrived[place[0]]
    return replace(volume, voxels=voxels, geometry=geometry, overlay=overlay, arrived=arrived)


@dataclass
class LabelMap:
    """uint8 class ids on a volume's grid, 0 is background. Changed only through Session and its history.

    revision grows with every change, so that a slow worker can tell whether its snapshot is still current.
    """

    voxels: NDArray[np.uint8]
    revision: int = field(default=0)
    began_empty: bool = False

    @classmethod
    def empty(cls, geometry: Geometry) -> LabelMap:
        return cls(np.zeros(geometry.shape, dtype=np.uint8), began_empty=True)

    @property
    def blank(self) -> bool:
        """True if nothing has ever been drawn on it. Known without reading its voxels, which takes long the first
        time: their memory is not there before."""
        return self.began_empty and self.revision == 0


def to_image(voxels: NDArray, geometry: Geometry) -> sitk.Image:
    """A copy of voxels[k, j, i] or, in colour, voxels[k, j, i, 3] as a SimpleITK image with the grid's spacing,
    origin and direction."""
    import SimpleITK as sitk  # here, because the window need not wait for it when it starts

    image = sitk.GetImageFromArray(voxels, isVector=voxels.ndim == 4)
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin.tolist())
    image.SetDirection(geometry.direction.ravel().tolist())
    return image


def geometry_of(image: sitk.Image) -> Geometry:
    """The grid of a 3-D SimpleITK image."""
    return Geometry(
        image.GetSize(),
        image.GetSpacing(),
        np.array(image.GetOrigin()),
        np.array(image.GetDirection()).reshape(3, 3),
    )


def looks_like_ct(volume: Volume) -> bool:
    """True if values reach down to air in Hounsfield units, which no other modality does. For files without a
    modality: enough to refuse a model or to offer a window, never to call the values HU."""
    step = max(1, round((volume.voxels.size / 200_000) ** (1 / 3)))
    return bool(volume.voxels[::step, ::step, ::step].min() <= -500)
