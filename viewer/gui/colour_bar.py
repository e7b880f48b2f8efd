"""The colours of a picture in false colours, as a bar with the values at its ends."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPen

import resources
from viewer.core.colour_maps import ColourMap, load_colour_maps
from viewer.gui.overlay import Face
from viewer.gui.style import ON_IMAGE

_BAR_PX = 12.0
_SHARE = 0.36  # of the pane's height
_LEAST_PX = 60.0
_GAP_PX = 2.0


@dataclass(frozen=True)
class ColourBar:
    """A colour map and the values, with their unit, that have its last and its first colour."""

    colours: ColourMap
    top: str
    bottom: str


@cache
def _maps() -> dict[ColourMap, NDArray[np.uint32]]:
    return load_colour_maps(resources.path("presets", "colour_maps.json"))


def colours_of(name: ColourMap) -> NDArray[np.uint32]:
    """The colours of a map for the grey levels 0 to 255, 0xAARRGGBB; for "masks" those of values."""
    return _maps()[name]


def bar_rect(pane: QRectF, right: float, bar: ColourBar, face: Face) -> QRectF | None:
    """Where a bar lies that ends at the right, with its values above and below; None where the pane is too low."""
    high = _SHARE * pane.height()
    if high < _LEAST_PX:
        return None
    wide = max(_BAR_PX, face.advance(bar.top), face.advance(bar.bottom))
    whole = high + 2 * (face.height + _GAP_PX)
    return QRectF(right - wide, pane.center().y() - whole / 2, wide, whole)


def least_height(face: Face) -> float:
    """Of a bar with its values, in which its colours can still be told apart."""
    return _LEAST_PX + 2 * (face.height + _GAP_PX)


def draw_bar(
    painter: QPainter, rect: QRectF, bar: ColourBar, face: Face, leaning: Literal["left", "right"] = "right"
) -> None:
    """Draw a bar where bar_rect says: the last colour of the map above. leaning: to which side of it all is flush."""
    text = face.height + _GAP_PX
    column = QRectF(
        rect.left() if leaning == "left" else rect.right() - _BAR_PX,
        rect.top() + text,
        _BAR_PX,
        rect.height() - 2 * text,
    )
    colours = np.ascontiguousarray(colours_of(bar.colours)[::-1])
    picture = QImage(colours.view(np.uint8).data, 1, 256, 4, QImage.Format.Format_RGB32)
    painter.drawImage(column, picture)
    painter.setBrush(QColor(0, 0, 0, 0))
    painter.setPen(QPen(ON_IMAGE, 1.0))
    painter.drawRect(column)
    for words, y in ((bar.top, rect.top() + face.ascent), (bar.bottom, rect.bottom() - face.height + face.ascent)):
        x = rect.left() if leaning == "left" else rect.right() - face.advance(words)
        face.write(painter, QPointF(x, y), words, ON_IMAGE)
