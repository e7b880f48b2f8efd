"""The synthetic picture of a slice, with the word that says so burnt into whatever shows any of it."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QLinearGradient, QPainter, QPainterPath, QPen

from viewer.core.display import VoiTable, WindowLevel, default_window
from viewer.core.enhanced import Enhanced, EnhancedView
from viewer.core.geometry import PlaneAxes
from viewer.core.session import Session
from viewer.core.study import SYNTHETIC
from viewer.core.volume import Volume
from viewer.gui.ahead import Ahead
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.overlay import draw_text, number_text
from viewer.gui.slice_picture import Layer, SlicePicture, picture_of_slice
from viewer.gui.style import ON_IMAGE, WARNING
from viewer.render.slices import SliceView, coloured

_LEAST_PX, _MOST_PX, _SHARE = 11.0, 44.0, 0.07  # height of the word: of the pane's shorter side
_DOWN = 0.2  # of the pane's height
_GRIP_PX = 6.0
_LEGEND_PX, _LEGEND_FONT_PX = (160.0, 8.0), 12
_BELOW, _ABOVE = (96, 176, 255), (255, 168, 64)  # colours of the bound, either way; black in the middle
_ONLY_ORIGINAL = QT_TR_NOOP("Original: the synthetic picture is not shown in slabs and turned planes")


def _two_ways() -> np.ndarray:
    """A colour for grey levels 0 to 255, 0xAARRGGBB: black in the middle."""
    away = (np.arange(256) - 127.5) / 127.5
    ends = np.where(away[:, None] < 0, np.array(_BELOW), np.array(_ABOVE)) * np.abs(away)[:, None]
    red, green, blue = np.rint(ends).astype(np.uint32).T
    return np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue


_TWO_WAYS = _two_ways()


class EnhancedPicture:
    """Draws over a slice what its session has of a synthetic picture, as a person wants to look at it."""

    def __init__(self) -> None:
        self._made = Ahead[SlicePicture]()
        self._of: tuple[object, ...] = ()  # what was begun last
        self._seen = False  # whether that is to be seen now; kept for a blink, if not
        self.shows = False  # whether the last paint showed any synthetic pixel

    def begin(self, session: Session, view: SliceView, depth: float, ratio: float, *, slab: bool) -> None:
        """Have another thread make the picture that paint will show."""
        enhanced = session.enhanced
        self._seen = self.possible(session, view, slab)
        if enhanced is None:
            self._made.forget()
            self._of = ()
        if not self._seen:
            return
        assert enhanced is not None
        look = session.enhanced_view, session.window, session.inverted, session.hand.smooth
        wanted = (weakref.ref(enhanced), look[0] == "difference", *look[1:], view, depth, ratio)
        if wanted != self._of:
            self._made.forget()
            self._of = wanted
        self._made.begin(_made, enhanced, *look, view, depth, ratio)

    @staticmethod
    def possible(session: Session, view: SliceView | None, slab: bool) -> bool:
        """Whether a slice of the synthetic picture is to be seen: of the open volume, not of another moment."""
        if session.enhanced is None or session.enhanced_view == "original" or view is None:
            return False
        return not slab and isinstance(view.axes, PlaneAxes) and session.shown is session.volume

    def paint(self, painter: QPainter, pane: QRectF, divider: float) -> None:
        """Draw what was begun, right of a divider in pane pixels."""
        picture = self._made.get() if self._seen else None
        self.shows = picture is not None and divider < pane.right()
        if picture is not None and self.shows:
            painter.save()
            painter.setClipRect(QRectF(divider, pane.top(), pane.right() - divider, pane.height()))
            picture.paint(painter, pane)
            painter.restore()

    def write(self, painter: QPainter, session: Session, pane: QRectF, divider: float, below: float) -> None:
        """Over all else: the word, the divider, and the colours of a difference; below a height in pane pixels."""
        if not self.shows:
            burn(painter, session, pane, below, fused=True)
        if session.enhanced is None or session.enhanced_view == "original":
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._seen:
            _burn(painter, pane, pane.left(), below, tr(_ONLY_ORIGINAL), ON_IMAGE, 0.4)
        elif self.shows:
            below = _burn(painter, pane, divider, below, SYNTHETIC, WARNING)
        if self._seen and session.enhanced_view == "swipe":
            _paint_divider(painter, pane, divider)
        if self._seen and session.enhanced_view == "difference" and self.shows:
            _paint_legend(
                painter, pane, below, session.enhanced, session.volume.unit if session.volume is not None else ""
            )
        painter.restore()


def burn(painter: QPainter, session: Session, pane: QRectF, below: float = 0.0, *, fused: bool = False) -> None:
    """Write over a picture of the open series that it is synthetic, if it is, or if what is laid over it is; fused:
    whether that is seen on the pane. below: where badges end, in pane pixels."""
    over = session.fusion if fused else None
    if session.synthetic or (over is not None and over.visible and over.series.synthetic):
        _burn(painter, pane, pane.left(), below, SYNTHETIC, WARNING)


def swipe_at(session: Session, width: float) -> float:
    """Where in a pane the synthetic picture begins, in pane pixels."""
    return session.swipe * width if session.enhanced_view == "swipe" else 0.0


def over_divider(session: Session, width: float, at: QPointF) -> bool:
    """Whether a point of a pane is on the divider of a swipe."""
    shown = session.enhanced is not None and session.enhanced_view == "swipe"
    return shown and abs(at.x() - swipe_at(session, width)) <= _GRIP_PX


def _made(
    enhanced: Enhanced,
    how: EnhancedView,
    window: WindowLevel | VoiTable,
    inverted: bool,
    smooth: bool,
    view: SliceView,
    depth: float,
    ratio: float,
) -> SlicePicture:
    volume = enhanced.volume
    if how == "difference" and enhanced.residual is not None and enhanced.bound is not None:
        volume, inverted = enhanced.residual, False
        window = WindowLevel(0.0, 2 * enhanced.bound, "LINEAR_EXACT")
    elif enhanced.translated:
        window = _window_of(volume)
    fine = replace(view, size=volume.geometry.size, spacing=volume.geometry.spacing)
    depth = min(int((depth + 0.5) * fine.count / view.count), fine.count - 1)
    picture = picture_of_slice(volume, fine, depth, window, inverted, ratio, smooth=smooth)
    if how == "difference" and picture.picture is not None:
        grey = picture.picture
        shades = coloured(grey.pixels, _TWO_WAYS)
        pixels = shades.view(np.uint8).reshape(*shades.shape, 4)
        picture = replace(picture, picture=Layer.of(pixels, QImage.Format.Format_RGB32, grey.row, grey.column))
    return picture


_windows: weakref.WeakKeyDictionary[Volume, WindowLevel] = weakref.WeakKeyDictionary()


def _window_of(volume: Volume) -> WindowLevel:
    """Of another contrast, whose values have nothing to do with the window of the series."""
    if volume not in _windows:
        _windows[volume] = default_window(volume, None)
    return _windows[volume]


def _burn(
    painter: QPainter, pane: QRectF, divider: float, below: float, text: str, colour: QColor, times: float = 1.0
) -> float:
    """Write a word in the middle of what lies right of the divider, or as near as the pane allows; outlined, so that it
    can be read on any picture. Returns the height at which it ends."""
    font = QFont(painter.font())
    font.setBold(True)
    size = min(max(_SHARE * min(pane.width(), pane.height()) * times, _LEAST_PX), _MOST_PX)
    font.setPixelSize(round(size))
    wide = QFontMetricsF(font).horizontalAdvance(text)
    if wide > pane.width() - 4:
        font.setPixelSize(max(1, int(size * (pane.width() - 4) / wide)))
        wide = QFontMetricsF(font).horizontalAdvance(text)
    x = min(max((divider + pane.right() - wide) / 2, pane.left() + 2), pane.right() - wide - 2)
    path = QPainterPath()
    foot = min(max(pane.top() + max(_DOWN * pane.height(), size), below + size), pane.bottom() - 2)
    path.addText(QPointF(x, foot), font, text)
    painter.setPen(QPen(QColor(0, 0, 0, 230), max(2.0, size / 7), j=Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.fillPath(path, colour)
    return foot


def _paint_divider(painter: QPainter, pane: QRectF, x: float) -> None:
    painter.fillRect(QRectF(x - 1.5, pane.top(), 3, pane.height()), QColor(0, 0, 0, 160))
    painter.fillRect(QRectF(x - 0.5, pane.top(), 1, pane.height()), WARNING)
    painter.setPen(QPen(QColor(0, 0, 0), 1))
    painter.setBrush(WARNING)
    painter.drawRoundedRect(QRectF(x - 4, pane.center().y() - 14, 8, 28), 4, 4)


def _paint_legend(painter: QPainter, pane: QRectF, below: float, enhanced: Enhanced, unit: str) -> None:
    """The fixed scale of a difference: from minus the bound to the bound."""
    wide, high = min(_LEGEND_PX[0], 0.5 * pane.width()), _LEGEND_PX[1]
    bar = QRectF(pane.center().x() - wide / 2, below + 0.04 * pane.height(), wide, high)
    shades = QLinearGradient(bar.topLeft(), bar.topRight())
    for at, colour in ((0.0, QColor(*_BELOW)), (0.5, QColor(0, 0, 0)), (1.0, QColor(*_ABOVE))):
        shades.setColorAt(at, colour)
    painter.fillRect(bar, shades)
    painter.setPen(QPen(ON_IMAGE, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    bound = number_text(enhanced.bound or 0.0)
    font = QFont(painter.font())
    font.setPixelSize(_LEGEND_FONT_PX)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    at_ends = ((f"−{bound}", bar.left()), ("0", bar.center().x()), (f"+{bound} {unit}".rstrip(), bar.right()))
    for text, x in at_ends if metrics.horizontalAdvance(at_ends[2][0]) < 0.4 * wide else (at_ends[0], at_ends[2]):
        draw_text(
            painter, QPointF(x - metrics.horizontalAdvance(text) / 2, bar.bottom() + metrics.height()), text, ON_IMAGE
        )
