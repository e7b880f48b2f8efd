"""The time points of a series, for models that see what changes: the moments of a sequence, or the frames of a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from viewer.core.geometry import Geometry
from viewer.core.study import Series
from viewer.core.volume import Volume


@dataclass(frozen=True, eq=False)
class TimePoints:
    """How many there are, 1 of a series without time, and their volumes on one grid, in their order; none while they
    are still being read. sequence is that of moments; film the grid of a film, whose frames are volumes of a slice."""

    count: int
    volumes: tuple[Volume, ...]
    sequence: str = ""
    film: Geometry | None = None


def time_points(series: Series, volume: Volume, siblings: Sequence[Series], moments: Sequence[Volume]) -> TimePoints:
    """Those of the open series. siblings and moments are those of its sequence (Session.moment_series and moments)."""
    moment = series.moment
    if moment is not None and moment.kind in ("time", "phase") and len(siblings) > 1 and not _of_several(siblings):
        if not all(one.geometry.same_grid(volume.geometry) for one in moments):
            return TimePoints(1, (volume,))
        return TimePoints(len(siblings), tuple(moments), moment.sequence_uid)
    if series.verdict.kind == "no-position" and series.frame_time_ms is not None and not volume.geometry.is_grid:
        frames = _frames(volume) if volume.complete and not volume.colour else ()
        return TimePoints(volume.geometry.size[2], frames, film=volume.geometry)
    return TimePoints(1, (volume,))


def _of_several(siblings: Sequence[Series]) -> bool:
    """Whether a sequence runs over something beside time, as one of echoes at each time does: its labels name both."""
    return any(one.moment is not None and ", " in one.moment.label for one in siblings)


def _frames(film: Volume) -> tuple[Volume, ...]:
    across, down, _ = film.geometry.size
    grid = Geometry(
        (across, down, 1),
        film.geometry.spacing,
        np.zeros(3),
        np.eye(3),
        patient_space=False,
        calibrated=film.geometry.calibrated,
    )
    return tuple(Volume(film.voxels[k : k + 1], grid, film.unit, film.modality) for k in range(len(film.voxels)))


def over_all_frames(one_slice: Volume, film: Geometry) -> Volume:
    """A volume of one slice that lies on each frame of a film."""
    frames, step = film.size[2], film.spacing[2]
    geometry, middle = one_slice.geometry, np.array([0.0, 0.0, (frames - 1) / 2 * step])
    spacing = (*geometry.spacing[:2], frames * step)
    return replace(one_slice, geometry=replace(geometry, spacing=spacing, origin=geometry.origin + middle))
