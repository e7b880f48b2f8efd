"""From stored values to grey and colour: window/level, presets, label colours."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.labels import Label
from viewer.core.volume import Volume

_SAMPLE = 200_000  # voxels that are enough for percentiles


WindowFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True)
class WindowLevel:
    """Window centre and width in the volume's unit; width is at least 1 for integers and above 0 in any case.

    function is the VOI LUT function of DICOM PS3.3 C.11.2.1.3; name is the file's own name for the window.
    """

    centre: float
    width: float
    function: WindowFunction = "LINEAR"
    name: str = ""

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"window width must be positive, got {self.width}")


_SOFT_TISSUE = WindowLevel(40.0, 400.0)
_AIR_HU = -500.0  # values down to here are of a CT that shows air, as looks_like_ct has it
_SOME_TISSUE = 0.1  # of the voxels; a phase image of MR, which also reaches far below 0, has about half of that


@dataclass(frozen=True)
class VoiTable:
    """A file's own table from values to grey: entry n is for value first + n, in 0 .. 2**bits - 1; values before
    and after it get the first and the last entry. DICOM PS3.3 C.11.2.1.1."""

    first: int
    bits: int
    entries: tuple[int, ...]


@dataclass(frozen=True)
class WindowPreset:
    """A named window, on the digit key that recalls it."""

    key: int
    name: str
    window: WindowLevel


def to_grey(
    values: NDArray,
    window: WindowLevel | VoiTable,
    inverted: bool = False,
    padding: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """Grey levels 0..255 of values in the volume's unit, by a window or by a file's own table.

    DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3, rounded. A LINEAR window narrower than 1, which the standard does not
    define, is taken as LINEAR_EXACT. NaN and what lies in padding (from, to) are black, inverted or not.
    """
    grey = _by_table(values, window) if isinstance(window, VoiTable) else _by_window(values, window)
    if inverted:
        np.subtract(255, grey, out=grey)
    if values.dtype.kind == "f":
        grey[np.isnan(values)] = 0
    if padding is not None:
        grey[_within(values, padding)] = 0
    return grey


def bracketing_window(table: VoiTable) -> WindowLevel:
    """The linear window from the last value that a table shows as it shows its first one to the first value that it
    shows as its last one: where to start when a person drags the window away from the table."""
    entries = np.array(table.entries)
    rising = np.flatnonzero(np.diff(entries))
    low, high = (rising[0], rising[-1] + 1) if rising.size else (0, max(len(entries) - 1, 1))
    return WindowLevel(table.first + float(low + high) / 2 + 0.5, float(high - low) + 1)


def window_ends(window: WindowLevel | VoiTable) -> tuple[float, float]:
    """The values that are shown in the first and the last grey level, inversion apart. A SIGMOID comes close to them
    only: those of its values 1 % from its ends. DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    if isinstance(window, VoiTable):
        window = bracketing_window(window)
    centre, reach = window.centre, window.width / 2
    if window.function == "LINEAR" and window.width >= 1:
        centre, reach = centre - 0.5, reach - 0.5
    elif window.function == "SIGMOID":
        reach = window.width / 4 * math.log(99)
    return centre - reach, centre + reach


def default_window(volume: Volume, from_file: WindowLevel | None) -> WindowLevel:
    """The file's own window if it has a usable one; else that of soft tissue for a CT that shows some (also if the file
    does not call it one, but its values reach down to air); else one spanning the 1st to 99th percentile of the values
    above the smallest (which is air). Padding, NaN and slices that have not arrived do not count."""
    if from_file is not None and np.isfinite(from_file.centre) and np.isfinite(from_file.width):
        return from_file
    if volume.colour:
        return WindowLevel(127.5, 255.0, "LINEAR_EXACT")
    sample = _sample(volume)
    if sample.size == 0:
        return WindowLevel(0.5, 1.0)
    if (volume.unit == "HU" or not volume.modality) and sample.min() <= _AIR_HU:
        low, high = window_ends(_SOFT_TISSUE)
        if np.mean((sample > low) & (sample < high)) >= _SOME_TISSUE:
            return _SOFT_TISSUE
    tissue = sample[sample > sample.min()]
    low, high = np.percentile(tissue if tissue.size else sample, (1, 99))
    low = min(low, float(sample.min())) if volume.unit == "" else low
    centre, width = float(low + high) / 2, float(high - low)
    if sample.dtype.kind == "f":  # the half and the one in the LINEAR function are for whole numbers
        return WindowLevel(centre, max(width, 1e-3), "LINEAR_EXACT")
    return WindowLevel(centre, max(width, 1.0))


def load_presets(path: Path) -> dict[str, tuple[WindowPreset, ...]]:
    """Window presets per modality from resources/presets/window_level.json, in the order of their keys."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        modality: tuple(WindowPreset(p["key"], p["name"], WindowLevel(p["centre"], p["width"])) for p in presets)
        for modality, presets in table.items()
    }


def label_colours(labels: Sequence[Label], opacity: float) -> NDArray[np.uint8]:
    """(256, 4) RGBA lookup table of a label map; labels that are hidden or unknown are transparent. opacity is that of
    all, of which each has its own share."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for label in labels:
        if label.visible:
            table[label.value] = (*label.colour, int(round(255 * opacity * label.opacity)))
    return table


def _by_window(values: NDArray, window: WindowLevel) -> NDArray[np.uint8]:
    centre, width = window.centre, window.width
    if window.function == "LINEAR" and width >= 1:
        centre, width = centre - 0.5, width - 1
        if width == 0:
            return np.where(values > centre, np.uint8(255), np.uint8(0))
    scaled = values.astype(np.float32)
    scaled -= np.float32(centre)
    if window.function == "SIGMOID":
        with np.errstate(over="ignore"):
            scaled = np.float32(255) / (1 + np.exp(scaled * np.float32(-4 / max(width, 1e-30))))
        scaled += np.float32(0.5)
    else:
        scaled *= np.float32(255 / max(width, 1e-30))
        scaled += np.float32(128)  # the middle of 0..255, and a half for rounding
    np.fmax(scaled, np.float32(0), out=scaled)  # of NaN, too
    return np.minimum(scaled, np.float32(255), out=scaled).astype(np.uint8)


def _by_table(values: NDArray, table: VoiTable) -> NDArray[np.uint8]:
    shades = np.rint(np.array(table.entries) * (255 / ((1 << table.bits) - 1))).clip(0, 255).astype(np.uint8)
    last = table.first + len(shades) - 1
    if values.dtype.kind == "f":
        values = np.rint(np.clip(np.nan_to_num(values, nan=table.first), table.first, last))
    return shades[np.clip(values.astype(np.int64), table.first, last) - table.first]


def _within(values: NDArray, padding: tuple[float, float]) -> NDArray[np.bool_]:
    return (values >= padding[0]) & (values <= padding[1])


def _sample(volume: Volume) -> NDArray:
    """Measured values at regular places of the volume, few enough for percentiles."""
    step = max(1, int(round((volume.voxels.size / _SAMPLE) ** (1 / 3))))
    layers = np.arange(len(volume.voxels)) if volume.arrived is None else np.flatnonzero(volume.arrived)
    sample = volume.voxels[:, ::step, ::step][layers[::step]].ravel()
    return sample[volume.measured(sample)]
