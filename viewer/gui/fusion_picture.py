"""What is laid over a slice, as pixels for Qt, and the words for it."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPolygonF

from viewer.core.colour_maps import mask_colours
from viewer.core.display import to_grey
from viewer.core.fusion import Fusion
from viewer.core.geometry import Geometry
from viewer.gui.ahead import Ahead
from viewer.gui.colour_bar import colours_of
from viewer.render.slabs import Slab
from viewer.render.slices import SliceView, coloured, shrunk


@dataclass(frozen=True, eq=False)
class _Drawn:
    """An image, where it goes and the outline that it keeps to, in pane pixels. pixels are the image's memory."""

    pixels: NDArray[np.uint32]
    image: QImage
    place: QRectF
    outline: QPainterPath


def _means(
    grey: NDArray[np.uint8], measured: NDArray[np.bool_] | None, finer: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_] | None]:
    """Means over so many samples down and across of those that are measured, and where they are at least a quarter
    of them, as at a corner of the volume whose pixel is shown."""
    if finer == (1, 1):
        return grey, measured
    if measured is None or measured.all():
        return shrunk(grey, *finer), None
    rows, columns = grey.shape[0] // finer[0], grey.shape[1] // finer[1]
    blocks = rows, finer[0], columns, finer[1]
    count = measured.reshape(blocks).sum(axis=(1, 3), dtype=np.int32)
    total = np.where(measured, grey, 0).reshape(blocks).sum(axis=(1, 3), dtype=np.int32)
    return (total / np.maximum(count, 1)).astype(np.uint8), count * 4 >= finer[0] * finer[1]


def _faded(pixels: NDArray[np.uint32], grey: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Opaque colours made clear where their grey level is 0, opaque from a quarter of the scale on; premultiplied."""
    share = np.minimum(grey / np.float32(64), 1)[..., None]
    channels = np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape, 4)
    return np.ascontiguousarray(np.rint(channels * share).astype(np.uint8)).view(np.uint32)[..., 0]


class FusionPicture:
    """Draws over a slice what is laid over its series; sampled anew only when something else is to be seen."""

    def __init__(self) -> None:
        self._drawn = Ahead[_Drawn | None]()
        self._of: tuple[object, ...] = ()

    def begin(
        self,
        fusion: Fusion,
        base: Geometry,
        view: SliceView,
        depth: float,
        ratio: float,
        *,
        slab: Slab | None = None,
        smooth: bool = True,
    ) -> None:
        """base is the grid that the view is one of, depth where on it the shown plane lies. smooth: values between
        those of voxels are interpolated; else each voxel is a block."""
        look = (fusion.window, fusion.colour_map, fusion.shift_lps, weakref.ref(fusion.volume))
        wanted = (look, weakref.ref(base), view, depth, ratio, slab, smooth)
        if wanted != self._of:
            self._drawn.forget()
            self._of = wanted
        if fusion.visible and fusion.opacity > 0:
            self._drawn.begin(_drawn, fusion, base, view, depth, ratio, slab, smooth)

    def paint(self, painter: QPainter, fusion: Fusion, smooth: bool) -> None:
        """Draw what was begun."""
        drawn = self._drawn.get() if fusion.visible and fusion.opacity > 0 else None
        if drawn is not None:
            painter.save()
            painter.setClipPath(drawn.outline)
            painter.setOpacity(fusion.opacity)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)  # of a slab's larger pixels
            painter.drawImage(drawn.place, drawn.image, QRectF(drawn.image.rect()))
            painter.restore()


def _drawn(
    fusion: Fusion, base: Geometry, view: SliceView, depth: float, ratio: float, slab: Slab | None, smooth: bool
) -> _Drawn | None:
    # It brings VTK, which most sessions never need here.
    from viewer.render.fusion import finer_than, outline_over, values_over

    corners = outline_over(fusion, base, view, depth, ratio, slab=slab is not None)
    if len(corners) < 3:
        return None
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    box = int(left), int(top), int(right - left), int(bottom - top)
    if box[2] < 1 or box[3] < 1:
        return None
    masks = fusion.colour_map == "masks"
    finer = finer_than(fusion, base, view, depth, ratio, box, slab)
    values, measured = values_over(
        fusion, base, view, depth, ratio, box, slab=slab, nearest=masks or not smooth, finer=finer
    )
    colours = colours_of(fusion.colour_map)
    if masks:
        pixels = mask_colours(values, colours)
        pixels[values == 0 if measured is None else ~measured | (values == 0)] = 0
        if finer != (1, 1):
            pixels = shrunk(pixels.view(np.uint8).reshape(*pixels.shape, 4), *finer).view(np.uint32)[:, :, 0]
        measured = pixels != 0
    else:  # means of grey levels are made before these are coloured, as of the slice below
        grey, measured = _means(to_grey(values, fusion.window), measured, finer)
        pixels = coloured(grey, colours)
        if fusion.fades:
            pixels = _faded(pixels, grey)
        if measured is not None:
            pixels[~measured] = 0
    high, wide = pixels.shape
    layout = (
        QImage.Format.Format_RGB32
        if measured is None and not fusion.fades
        else QImage.Format.Format_ARGB32_Premultiplied
    )
    image = QImage(pixels.view(np.uint8).data, wide, high, 4 * wide, layout)
    outline = QPainterPath()
    outline.addPolygon(QPolygonF([QPointF(x, y) for x, y in (corners / ratio).tolist()]))
    outline.closeSubpath()
    return _Drawn(pixels, image, QRectF(*(n / ratio for n in box)), outline)
