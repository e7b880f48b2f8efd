"""From stored values to grey and colour: window/level, presets, label colours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.labels import Label
from viewer.core.volume import Volume

_SAMPLE = 200_000  # voxels that are enough for percentiles


@dataclass(frozen=True)
class WindowLevel:
    """Window centre and width in the volume's unit; width is at least 1 for integers and above 0 in any case."""

    centre: float
    width: float

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"window width must be positive, got {self.width}")


@dataclass(frozen=True)
class WindowPreset:
    """A named window, on the digit key that recalls it."""

    key: int
    name: str
    window: WindowLevel


def to_grey(values: NDArray, window: WindowLevel, inverted: bool = False) -> NDArray[np.uint8]:
    """Grey levels 0..255 of stored values. DICOM PS3.3 C.11.2.1.2.1 (LINEAR); NaN is shown as 0."""
    width = max(window.width - 1.0, 1e-6) if window.width > 1 else window.width
    scaled = (values.astype(np.float32) - np.float32(window.centre - 0.5)) * np.float32(255.0 / width) + 127.5
    grey = np.nan_to_num(np.clip(scaled, 0.0, 255.0), nan=0.0).astype(np.uint8)
    return 255 - grey if inverted else grey


def default_window(volume: Volume, from_file: tuple[float, float] | None) -> WindowLevel:
    """The file's own window (centre, width) if it has a usable one, else one spanning the 1st to 99th percentile
    of the values above the smallest (which is air or padding)."""
    if from_file is not None and from_file[1] > 0:
        return WindowLevel(*from_file)
    step = max(1, int(round((volume.voxels.size / _SAMPLE) ** (1 / 3))))
    sample = volume.voxels[::step, ::step, ::step]
    sample = sample[np.isfinite(sample)] if sample.dtype.kind == "f" else sample.ravel()
    if sample.size == 0:
        return WindowLevel(0.5, 1.0)
    tissue = sample[sample > sample.min()]
    low, high = np.percentile(tissue if tissue.size else sample, (1, 99))
    low = min(low, float(sample.min())) if volume.unit == "" else low
    return WindowLevel(float(low + high) / 2, max(float(high - low), 1e-3 if sample.dtype.kind == "f" else 1.0))


def load_presets(path: Path) -> dict[str, tuple[WindowPreset, ...]]:
    """Window presets per modality from resources/presets/window_level.json, in the order of their keys."""
    table = json.loads(path.read_text(encoding="utf-8"))
    return {
        modality: tuple(WindowPreset(p["key"], p["name"], WindowLevel(p["centre"], p["width"])) for p in presets)
        for modality, presets in table.items()
    }


def label_colours(labels: Sequence[Label], opacity: float) -> NDArray[np.uint8]:
    """(256, 4) RGBA lookup table of a label map; labels that are hidden or unknown are transparent."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for label in labels:
        if label.visible:
            table[label.value] = (*label.colour, int(round(255 * opacity)))
    return table
