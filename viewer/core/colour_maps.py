"""Colours for grey pictures: the well-known palettes of DICOM, two that are even to the eye, and one for masks."""

from __future__ import annotations

import colorsys
import json
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.labels import OKABE_ITO

ColourMap = Literal["grey", "hot iron", "pet", "hot metal blue", "pet 20 step", "viridis", "inferno", "masks"]

COLOUR_MAPS: dict[ColourMap, str] = {  # in the order of the menu
    "grey": "Grey",
    "hot iron": "Hot iron",
    "pet": "PET",
    "hot metal blue": "Hot metal blue",
    "pet 20 step": "PET, 20 steps",
    "viridis": "Viridis",
    "inferno": "Inferno",
    "masks": "Masks: a colour for each value",
}

OPAQUE_BLACK = np.uint32(0xFF000000)
_GOLDEN_ANGLE = 0.381966  # of a turn: hues that follow one another by it stay far apart
_LIGHTNESS = (0.60, 0.42, 0.74)


def load_colour_maps(path: Path) -> dict[ColourMap, NDArray[np.uint32]]:
    """The colours of each map for grey levels 0 to 255, 0xAARRGGBB, from resources/presets/colour_maps.json.

    Hot iron, PET, hot metal blue and PET 20 step are the tables of DICOM PS3.6 Annex B; viridis and inferno are those
    of matplotlib (CC0). That of masks is for values: see mask_colours.
    """
    packed: dict[ColourMap, str] = json.loads(path.read_text(encoding="utf-8"))
    maps: dict[ColourMap, NDArray[np.uint32]] = {
        name: _table(np.frombuffer(bytes.fromhex(packed[name]), np.uint8)) for name in packed
    }
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3)
    masks = np.array([(0, 0, 0), *(_mask_colour(n) for n in range(255))], np.uint8)
    return {"grey": _table(greys), **maps, "masks": _table(masks.ravel())}


def mask_colours(values: NDArray, table: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A colour for each value of a mask, whatever the window: 0, negative values and NaN are black, neighbouring whole
    numbers look unlike. Values above 255 begin with the first colour again. Returns the shape of values, C order."""
    whole = np.rint(np.nan_to_num(values)) if values.dtype.kind == "f" else values
    number = np.ascontiguousarray(whole).astype(np.int64)
    return table.take(np.where(number > 0, (number - 1) % 255 + 1, 0))


def _mask_colour(n: int) -> tuple[int, int, int]:
    if n < len(OKABE_ITO):
        return OKABE_ITO[n]
    red, green, blue = colorsys.hls_to_rgb((n * _GOLDEN_ANGLE) % 1.0, _LIGHTNESS[n % len(_LIGHTNESS)], 0.75)
    return round(255 * red), round(255 * green), round(255 * blue)


def _table(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    red, green, blue = rgb.reshape(256, 3).astype(np.uint32).T
    return OPAQUE_BLACK | red << np.uint32(16) | green << np.uint32(8) | blue
