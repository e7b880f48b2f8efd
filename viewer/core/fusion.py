"""One series laid over another for the eye: PET over CT, or any two whose places in the patient are known to agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.colour_maps import ColourMap
from viewer.core.display import WindowLevel, bracketing_window, default_window
from viewer.core.geometry import Geometry
from viewer.core.painting import Point
from viewer.core.study import Series
from viewer.core.volume import Volume

Shift = tuple[float, float, float]

NO_SHIFT: Shift = (0.0, 0.0, 0.0)
SUV_WINDOW = WindowLevel(5.0, 10.0, "LINEAR_EXACT")  # 0 to 10 g/ml: OHIF shows SUV 0 to 5, Horos 0 to 6 at first
_USUAL_OPACITY = 0.5
_NAMES = {"PT": "PET"}  # the word that people use, where DICOM has another


@dataclass(frozen=True, eq=False)
class Fusion:
    """A volume that is seen over the one that is open, with a look of its own. Its voxels are never copied to the other
    grid; what is seen between them is interpolated, what is told of them is stored.

    Positions of the open series plus shift_lps (mm) are those of this one. by_hand: a person has said so, no file does.
    opacity is 0 to 1; window is in the volume's own unit. visible is False while a person looks at what lies below.
    fades: the lower end of the window is clear, so that the picture below stays as it is there.
    """

    series: Series
    volume: Volume
    window: WindowLevel
    colour_map: ColourMap
    opacity: float = _USUAL_OPACITY
    shift_lps: Shift = NO_SHIFT
    by_hand: bool = False
    visible: bool = True
    fades: bool = False

    @property
    def name(self) -> str:
        """What kind of picture it is, for a person: "PET"."""
        modality = self.series.modality
        return _NAMES.get(modality, modality) or "Overlay"

    @property
    def unit(self) -> tuple[float, str]:
        """A factor, and the unit of values times it: SUV where it is known, else that of the volume."""
        factor = self.volume.suv_factor
        return (1.0, self.volume.unit) if factor is None else (factor, "SUV")

    def with_opacity(self, opacity: float) -> Fusion:
        return replace(self, opacity=min(max(round(opacity, 3), 0.0), 1.0))

    def with_window(self, window: WindowLevel) -> Fusion:
        """With another window, in the volume's own unit. That of a PET does not reach below 0, or air would have
        colours: its upper end stays."""
        low, high = window.centre - window.width / 2, window.centre + window.width / 2
        if self.series.modality == "PT" and low < 0:
            high = max(high, window.width / 100)
            window = replace(window, centre=high / 2, width=high)
        return replace(self, window=window)

    def index_under(self, base: Geometry, index_ijk: Point) -> NDArray[np.float64]:
        """The continuous index in this volume of continuous indices (..., 3) of the open one; may lie outside."""
        return self.volume.geometry.lps_to_index(base.index_to_lps(index_ijk) + np.array(self.shift_lps))

    def value_under(self, base: Geometry, index_ijk: Point) -> float | None:
        """The stored value, in the volume's unit, of the voxel nearest to a place of the open series; None outside the
        volume and in its padding."""
        index = self.index_under(base, index_ijk)
        if not self.volume.geometry.contains_index(index):
            return None
        return self.volume.value_at(self.volume.geometry.clamp_index(index))


def laid_over(series: Series, volume: Volume, shift_lps: Shift = NO_SHIFT, *, by_hand: bool = False) -> Fusion:
    """A volume as it is laid over another at first: nuclear medicine in hot iron, all else in inferno, half as dense as
    it can be; PET from SUV 0 to 10 where SUV is known, all else by the file's window or automatically."""
    colour_map: ColourMap = "hot iron" if series.modality in ("PT", "NM") else "inferno"
    return Fusion(series, volume, usual_window(series, volume), colour_map, shift_lps=shift_lps, by_hand=by_hand)


def usual_window(series: Series, volume: Volume) -> WindowLevel:
    """The window that a volume has at first when it is laid over another, in its own unit."""
    if volume.suv_factor:
        return in_stored_values(SUV_WINDOW, volume)
    if series.voi_table is not None:
        return bracketing_window(series.voi_table)
    return default_window(volume, series.windows[0] if series.windows else None)


def in_stored_values(window: WindowLevel, volume: Volume) -> WindowLevel:
    """A window that is told in SUV, in the unit of the volume."""
    factor = volume.suv_factor or 1.0
    return replace(window, centre=window.centre / factor, width=window.width / factor)


def has_places(geometry: Geometry) -> bool:
    """True if it is known where in the patient the voxels lie, in mm."""
    known = geometry.slice_origins is None or len(geometry.slice_origins) > 0
    return known and geometry.patient_space and geometry.calibrated


def registered(one: Series, its_geometry: Geometry, other: Series, other_geometry: Geometry) -> bool:
    """True if the positions of two series can be compared as they are: they share a frame of reference (DICOM PS3.3
    C.7.4.1), or, where neither has one, a grid."""
    if not (has_places(its_geometry) and has_places(other_geometry)):
        return False
    if one.frame_of_reference or other.frame_of_reference:
        return one.frame_of_reference == other.frame_of_reference
    return its_geometry.same_grid(other_geometry)


def why_not_over(base: Series, base_geometry: Geometry, over: Series, over_geometry: Geometry) -> str:
    """Why a series cannot be laid over another, whatever a person says of their places; empty if it can. One sentence
    for a person."""
    name = over.description or over.modality or "This series"
    if over.uid == base.uid:
        return f"{name} is the series that is shown: it cannot be laid over itself."
    if over.patient_id and base.patient_id and over.patient_id != base.patient_id:
        return f"{name} is a series of another patient: it cannot be laid over this one."
    for series, geometry, word in ((base, base_geometry, "The shown series"), (over, over_geometry, name)):
        if series.colour:
            return f"{word} is saved in colours: only series of measured values can be laid over one another."
        if not geometry.is_grid:
            return f"{word} is no regular grid of slices: it cannot be fused. It may have to be resampled first."
        if not has_places(geometry):
            return f"{word} does not tell where in the patient it lies: it cannot be fused."
    return ""


def in_other_space(base: Series, over: Series) -> bool:
    """True if the files of two series say themselves that their positions cannot be compared."""
    both = base.frame_of_reference, over.frame_of_reference
    return all(both) and both[0] != both[1]
