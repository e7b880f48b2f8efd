"""Icons from the font of Material Design Icons that comes with qtawesome, sharp at every size.

qtawesome itself is not imported: with qtpy it has PySide make every class of Qt, which takes a third of a second, and
it loads twelve fonts.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPen, QPixmap

_FONT = "materialdesignicons6-webfont"
_SHARE = 0.875  # of an icon's height for the font's, as qtawesome has it: letters stand out of their size
_DISABLED = QColor(150, 150, 150)
_EDGE = QColor("#80868f")  # of a swatch: white is seen on white, and black on black


def glyph_icon(name: str, colour: QColor, colour_on: QColor | None = None, disabled: QColor = _DISABLED) -> QIcon:
    """An icon by its name in Material Design Icons 6. colour_on is for a checked button."""
    family, characters = _font()
    return QIcon(_Glyph(characters[name], family, colour, colour_on or colour, disabled))


def swatch(colour: tuple[int, int, int]) -> QIcon:
    """The colour of a label, the same in a selected row: Qt would mix it with the colour of the selection."""
    picture = QPixmap(32, 32)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(*colour))
        painter.setPen(QPen(_EDGE, 2))
        painter.drawRoundedRect(3, 3, 26, 26, 7, 7)
    icon = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active):
        icon.addPixmap(picture, mode)
    return icon


@cache
def _font() -> tuple[str, dict[str, str]]:
    """The family of the font, and its characters by the names of their icons."""
    spec = find_spec("qtawesome")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "fonts"
    (file,) = folder.glob(f"{_FONT}-*.ttf")
    (table,) = folder.glob(f"{_FONT}-charmap-*.json")
    family = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))[0]
    return family, {name: chr(int(code, 16)) for name, code in json.loads(table.read_bytes()).items()}


class _Glyph(QIconEngine):
    def __init__(self, character: str, family: str, colour: QColor, colour_on: QColor, disabled: QColor) -> None:
        super().__init__()
        self._character, self._font = character, QFont(family)
        self._colour, self._colour_on, self._disabled = colour, colour_on, disabled

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        usual = self._colour_on if state == QIcon.State.On else self._colour
        painter.save()
        self._font.setPixelSize(max(round(_SHARE * rect.height()), 1))
        painter.setFont(self._font)
        painter.setPen(self._disabled if mode == QIcon.Mode.Disabled else usual)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        return pixmap
