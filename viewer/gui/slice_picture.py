"""One slice as pixels for Qt: its grey levels or colours, what the file draws on it, and its labels, in layers."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPolygonF

from viewer.core.colour_maps import OPAQUE_BLACK, ColourMap, mask_colours
from viewer.core.display import VoiTable, WindowLevel
from viewer.core.geometry import PlaneAxes
from viewer.core.masking import between
from viewer.core.oblique import ObliqueAxes
from viewer.core.painting import Box
from viewer.core.proposal import Certainty, Proposal
from viewer.core.volume import Volume
from viewer.gui.colour_bar import colours_of
from viewer.gui.style import VIEWPORT
from viewer.render.slabs import Slab, slab_of
from viewer.render.slices import (
    SliceView,
    coloured,
    filled,
    grey_of,
    label_layer,
    mark_layer,
    shrunk,
    slice_of,
    stretched,
)

_NOT_ARRIVED = QColor("#20242c")  # what is not there yet is neither air nor anatomy
_MARKS = (255, 236, 150, 210)  # what the file draws over the picture
_AS_QT = [2, 1, 0, 3]  # from RGBA: the order in memory of what Qt blends in half the time
_LAYOUTS = {  # of grey levels and of colours
    (): QImage.Format.Format_Grayscale8,
    (3,): QImage.Format.Format_RGB888,
    (4,): QImage.Format.Format_RGB32,
}
_LABELS_LAYOUT = QImage.Format.Format_ARGB32_Premultiplied
_TINT = np.zeros((256, 4), np.uint8)  # of the values that a person is choosing
_TINT[1] = (38, 190, 255, 90)
DOUBT_COLOURS: ColourMap = "inferno"
_DOUBT_RISE, _DOUBT_MOST = 4, 215  # opacity by entropy: little of it is seen little of
_ROOM_TO_GROW_PX = 64  # around an overlay that a stroke has made larger


@dataclass(frozen=True, eq=False)
class Layer:
    """A picture, or the part of an overlay that is not empty, at the screen's resolution: image shares memory with
    pixels (rows, columns ...), whose first one is at the pane's device pixel (row, column)."""

    pixels: NDArray[np.uint8]
    image: QImage
    row: int
    column: int

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], layout: QImage.Format, row: int, column: int) -> Layer:
        """pixels: in C order, as the layout has them."""
        high, wide = pixels.shape[:2]
        return cls(pixels, QImage(pixels.data, wide, high, pixels.strides[0], layout), row, column)

    def paint(self, painter: QPainter, ratio: float) -> None:
        """Into a pane of a device pixel ratio."""
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawImage(QPointF(self.column, self.row), self.image)
        painter.restore()


class Curved(NamedTuple):
    """The values along a path, (rows, columns ...), the outline (n, 2) of those within the grid in (column, row), and
    what the file draws there (bool), if it does."""

    values: NDArray
    outline: NDArray[np.float64]
    marks: NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class SlicePicture:
    """A slice, ready to be painted into a pane at a device pixel ratio: its pixels at the screen's resolution, of which
    nothing beyond outline is seen; None for a view beside the slice. Over it the marks of the file, and what is not
    there yet, in pane pixels."""

    ratio: float
    picture: Layer | None
    outline: QPainterPath | None
    marks: Layer | None
    missing: tuple[QRectF, ...]

    def paint(self, painter: QPainter, pane: QRectF) -> None:
        """Cover the pane."""
        for rect in self._beside(pane):
            painter.fillRect(rect, VIEWPORT)
        if self.picture is not None:
            self.picture.paint(painter, self.ratio)
            if self.outline is not None:  # to paint what is beyond it takes half the time of clipping
                beyond = QPainterPath(self.outline)
                beyond.addRect(self._place().adjusted(-1, -1, 1, 1))
                painter.fillPath(beyond, VIEWPORT)
        if self.marks is not None:
            self.marks.paint(painter, self.ratio)
        for rect in self.missing:
            painter.fillRect(rect, _NOT_ARRIVED)

    def _place(self) -> QRectF:
        """Where the picture is, in pane pixels."""
        if self.picture is None:
            return QRectF()
        high, wide = self.picture.pixels.shape[:2]
        return QRectF(*(n / self.ratio for n in (self.picture.column, self.picture.row, wide, high)))

    def _beside(self, pane: QRectF) -> list[QRectF]:
        """The parts of the pane that the picture does not cover."""
        place = self._place().intersected(pane)
        if place.isEmpty():
            return [pane]
        left, top, right, bottom = place.left(), place.top(), place.right(), place.bottom()
        return [
            QRectF(pane.left(), pane.top(), pane.width(), top - pane.top()),
            QRectF(pane.left(), bottom, pane.width(), pane.bottom() - bottom),
            QRectF(pane.left(), top, left - pane.left(), bottom - top),
            QRectF(right, top, pane.right() - right, bottom - top),
        ]


def picture_of_slice(
    volume: Volume,
    view: SliceView,
    depth: float,
    window: WindowLevel | VoiTable,
    inverted: bool,
    ratio: float,
    *,
    slab: Slab | None = None,
    loading: bool = False,
    marks: bool = True,
    colour_map: ColourMap = "grey",
    smooth: bool = True,
    sampled: NDArray | None = None,
    curved: Curved | None = None,
) -> SlicePicture:
    """The slice in a pane at the screen's resolution, what the file draws on it (marks), and, while slices are still on
    their way (loading), what is not there. depth is that of the view: the number of a slice, or where an
    oblique plane lies; beyond the grid it shows nothing. smooth: values between those of voxels are interpolated where
    the picture is magnified, and always on oblique planes; where it is made smaller they are averaged in any case.
    sampled: the values of an oblique plane (viewer.render.oblique). curved: what is shown in place of a
    slice."""
    axes, outline = view.axes, None
    if curved is not None:
        whole, outline = curved.values, curved.outline
        smooth = smooth or colour_map != "masks"
    elif isinstance(axes, ObliqueAxes):
        assert sampled is not None
        whole = sampled
        outline, smooth = axes.cut(depth), smooth or colour_map != "masks"
    elif slab is not None:
        whole = slab_of(volume, axes, int(depth), slab)
    elif loading and volume.arrived is not None and axes.normal != 2:
        whole = slice_of(_what_has_arrived(volume, volume.arrived, axes, int(depth)), axes, 0)
    else:
        whole = slice_of(volume.voxels, axes, int(depth))
    part = _seen_part(view, whole.shape, ratio, outline)
    seen = whole[part]
    if volume.colour:
        pixels, colours = seen, None
    elif colour_map == "masks":
        pixels, colours = _bytes(mask_colours(seen, colours_of(colour_map))), None
    else:
        pixels = grey_of(seen, window, inverted, volume.padding)
        colours = None if colour_map == "grey" else colours_of(colour_map)
    at_screen = partial(_on_screen, view=view, whole=whole.shape, part=part, ratio=ratio, smooth=smooth)
    picture = at_screen(pixels)
    if picture is not None and colours is not None:  # greys are interpolated before they are coloured
        shades = coloured(picture.pixels, colours)
        if colours[0] != OPAQUE_BLACK and (volume.padding is not None or seen.dtype.kind == "f"):
            measured = at_screen(volume.measured(seen).view(np.uint8) * np.uint8(255))
            assert measured is not None
            shades[measured.pixels < 128] = OPAQUE_BLACK  # which is no colour of this map
        picture = Layer.of(_bytes(shades), QImage.Format.Format_RGB32, picture.row, picture.column)
    drawn = None
    if marks and curved is not None and curved.marks is not None:
        drawn = _marks_layer(curved.marks, view, ratio)
    elif marks and curved is None and volume.overlay is not None:
        drawn = _marks_layer(labels_shown(volume.overlay, view, depth) > 0, view, ratio)
    missing = _not_arrived(volume.arrived, view, int(depth)) if volume.arrived is not None and loading else []
    return SlicePicture(ratio, picture, _path(outline, view), drawn, tuple(missing))


def labels_shown(labels: NDArray, view: SliceView, depth: float, box: Box | None = None, margin: int = 0) -> NDArray:
    """The labels (uint8) or marks (bool) of what a view shows, (rows, columns) laid out as it is on the screen.
    labels[k, j, i]. box: nothing is needed but what its voxels cover and margin pixels of the slice around it."""
    if isinstance(view.axes, ObliqueAxes):
        from viewer.render.oblique import labels_on

        outline = None
        if box is not None:
            corners = view.axes.to_screen(_corners(box), view.size)
            outline = np.array([corners.min(axis=0) - margin, corners.max(axis=0) + margin])
        return labels_on(labels, view.axes, depth, outline)
    return slice_of(labels, view.axes, int(depth))


def layer_on(
    labels: NDArray[np.uint8], view: SliceView, depth: float, colours: NDArray[np.uint8], ratio: float, *, hatched: bool
) -> Layer | None:
    """layer_of for what a view shows of labels[k, j, i]."""
    return layer_of(labels_shown(labels, view, depth), view, colours, ratio, hatched=hatched)


def layer_of(
    labels: NDArray[np.uint8], view: SliceView, colours: NDArray[np.uint8], ratio: float, *, hatched: bool
) -> Layer | None:
    """The overlay of a slice of labels, (rows, columns) laid out as slice_of does; None where there is none. colours:
    (256, 4) RGBA as for render.slices.label_layer."""
    labels = np.ascontiguousarray(labels)  # a slice across the stack lies scattered in memory
    row, column, rows, columns = view.device_pixels(ratio)
    outline = _outline_px(ratio)
    down, across = filled(labels, rows, columns, outline)
    if down.stop <= down.start or across.stop <= across.start:
        return None
    row, column = row + down.start, column + across.start
    pixels = label_layer(
        labels,
        rows[down],
        columns[across],
        colours[:, _AS_QT],
        outline_px=outline,
        hatched_from=(row, column) if hatched else None,
    )
    return Layer.of(pixels, _LABELS_LAYOUT, row, column)


def proposal_layer(
    proposal: Proposal, view: SliceView, depth: float, colours: NDArray[np.uint8], ratio: float
) -> Layer | None:
    """The overlay of what a view shows of a proposal."""
    seen = proposal.seen(lambda voxels: labels_shown(voxels, view, depth))
    return layer_of(seen, view, colours, ratio, hatched=True)


def doubt_layer(certainty: Certainty, view: SliceView, depth: float, ratio: float) -> Layer | None:
    """How unsure a model is of what a view shows, by its entropy: where it is sure nothing is seen of it."""
    return doubt_layer_of(labels_shown(certainty.entropy, view, depth), view, ratio, certainty.much)


def doubt_layer_of(entropy: NDArray[np.uint8], view: SliceView, ratio: float, much: float) -> Layer | None:
    """doubt_layer of entropy, (rows, columns) laid out as slice_of does."""
    row, column, rows, columns = view.device_pixels(ratio)
    if not (rows.size and columns.size):
        return None
    shown = np.ascontiguousarray(entropy)
    pixels = coloured(shown, _doubt_colours(much)).take(columns, axis=1).take(rows, axis=0)
    return Layer.of(_bytes(np.ascontiguousarray(pixels)), _LABELS_LAYOUT, row, column)


@cache
def _doubt_colours(much: float) -> NDArray[np.uint32]:
    """Premultiplied 0xAARRGGBB by entropy, the last colour from much on."""
    shade = np.minimum(np.arange(256) / much, 255).astype(np.intp)
    alpha = np.minimum(shade * _DOUBT_RISE, _DOUBT_MOST).astype(np.uint32)
    colours = colours_of(DOUBT_COLOURS)[shade]
    red, green, blue = ((colours >> np.uint32(shift) & np.uint32(255)) * alpha // 255 for shift in (16, 8, 0))
    return (alpha << np.uint32(24) | red << np.uint32(16) | green << np.uint32(8) | blue).astype(np.uint32)


def redrawn(
    layer: Layer,
    labels: NDArray[np.uint8],
    box: Box,
    view: SliceView,
    depth: float,
    colours: NDArray[np.uint8],
    ratio: float,
) -> tuple[Layer, QRectF]:
    """A layer after labels[k, j, i] of a box have changed, drawn anew there only, in the same memory where that is
    large enough; and the part of the pane, in logical pixels, that is to be painted again."""
    outline = _outline_px(ratio)
    pixels = math.ceil((4 * outline + 2) / ratio / min(view.pixels_per_voxel)) + 1
    labels = labels_shown(labels, view, depth, box, pixels)
    corners = np.array([view.to_pane((i, j, k)) for i, j, k in _corners(box).tolist()])
    low, high = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    first_row, first_column, rows, columns = view.device_pixels(ratio)
    margin = 2 * outline + 1
    down = _span(low[1], high[1], ratio, first_row, len(rows), margin)
    across = _span(low[0], high[0], ratio, first_column, len(columns), margin)
    part = label_layer(labels, rows[down], columns[across], colours[:, _AS_QT], outline_px=outline)
    # Outlines within `outline` of the part's own edge do not know their neighbours: those pixels stay.
    inner = tuple(
        slice(0 if span.start == 0 else outline, n if span.stop == whole else n - outline)
        for span, n, whole in ((down, part.shape[0], len(rows)), (across, part.shape[1], len(columns)))
    )
    high, wide = part.shape[:2]
    drawn = QRect(first_column + across.start, first_row + down.start, wide, high)
    if part.size:
        layer = _with_room(layer, drawn, QRect(first_column, first_row, len(columns), len(rows)))
        top, left = drawn.y() - layer.row, drawn.x() - layer.column
        layer.pixels[top : top + high, left : left + wide][inner] = part[inner]
    touched = QRectF(drawn.x() / ratio, drawn.y() / ratio, wide / ratio, high / ratio)
    return layer, touched


def _corners(box: Box) -> NDArray[np.float64]:
    """The eight outer corners of a box of voxels, as indices (i, j, k)."""
    k, j, i = ((span.start - 0.5, span.stop - 0.5) for span in box)
    return np.array(list(itertools.product(i, j, k)))


def values_layer(
    volume: Volume, view: SliceView, depth: float, values: tuple[float, float], ratio: float
) -> Layer | None:
    """A tint over the voxels of what a view shows whose values are between two, both included."""
    axes = view.axes
    if isinstance(axes, ObliqueAxes):
        from viewer.render.oblique import values_on, within

        found = between(volume, values_on(volume, axes, depth, nearest=True), values)
        found &= within(axes.sampling(depth), view.size, axes.shape(view.size))
    else:
        found = between(volume, slice_of(volume.voxels, axes, int(depth)), values)
    return layer_of(found.view(np.uint8), view, _TINT, ratio, hatched=False)


def _with_room(layer: Layer, drawn: QRect, slice_px: QRect) -> Layer:
    """A layer that holds the device pixels to be drawn: another, larger than need be, within those of the slice, where
    they lie beyond its own."""
    high, wide = layer.pixels.shape[:2]
    own = QRect(layer.column, layer.row, wide, high)
    if own.contains(drawn):
        return layer
    room = _ROOM_TO_GROW_PX
    larger = own.united(drawn).adjusted(-room, -room, room, room).intersected(slice_px).united(own)
    pixels = np.zeros((larger.height(), larger.width(), 4), np.uint8)
    top, left = own.y() - larger.y(), own.x() - larger.x()
    pixels[top : top + high, left : left + wide] = layer.pixels
    return Layer.of(pixels, _LABELS_LAYOUT, larger.y(), larger.x())


def _on_screen(
    pixels: NDArray[np.uint8],
    view: SliceView,
    whole: tuple[int, ...],
    part: tuple[slice, slice],
    ratio: float,
    smooth: bool,
) -> Layer | None:
    """The part of a slice of whole (rows, columns ...) at the screen's resolution, grey (uint8) or (rows, columns, 3 or
    4) of colours: averaged where it is made smaller; where it is magnified, smooth, if wanted, or each voxel a sharp
    block that ends where labels end, too. None where the pane shows nothing of it."""
    factors = _factors(view, whole, ratio)
    small = shrunk(pixels, *factors)
    left, top, wide, high = (n * ratio for n in view.image_rect)
    first_row, first_column, *indices = view.device_pixels(ratio)
    box, place, shape = [0.0] * 4, [], []
    for axis, (edge, length, first, index) in enumerate(
        zip((top, left), (high, wide), (first_row, first_column), indices, strict=True)
    ):
        size = length / whole[axis]  # in device pixels
        start = max(first, math.ceil(edge + part[axis].start * size - 0.5))
        stop = min(first + len(index), math.ceil(edge + part[axis].stop * size - 0.5))
        if stop <= start:
            return None
        ends = (((n - edge) / size - part[axis].start) / factors[axis] for n in (start, stop))
        if size >= 1 and not smooth:
            of_view = view.axes.shape(view.size)[1 - axis]  # of which a quickly sampled slice has fewer
            nearest = index[start - first : stop - first] * whole[axis] // of_view - part[axis].start
            small, ends = small.take(nearest, axis=axis, mode="clip"), (0, len(nearest))
        box[1 - axis], box[3 - axis] = ends
        place.append(start)
        shape.append(stop - start)
    on_screen = stretched(np.ascontiguousarray(small), (box[0], box[1], box[2], box[3]), (shape[0], shape[1]))
    return Layer.of(on_screen, _LAYOUTS[on_screen.shape[2:]], place[0], place[1])


def _path(outline: NDArray[np.float64] | None, view: SliceView) -> QPainterPath | None:
    """An outline of (column, row) corners on a view's slice in pane pixels."""
    if outline is None:
        return None
    left, top, wide, high = view.image_rect
    path = QPainterPath()
    places = (outline + 0.5) * (np.array([wide, high]) / view.axes.shape(view.size)) + (left, top)
    path.addPolygon(QPolygonF([QPointF(x, y) for x, y in places.tolist()]))
    return path


def _factors(view: SliceView, whole: tuple[int, ...], ratio: float) -> tuple[int, int]:
    """How many rows and how many columns of a slice (rows, columns ...) are averaged before it is drawn."""
    _, _, wide, high = (n * ratio for n in view.image_rect)
    return max(int(whole[0] / high + 1e-9), 1), max(int(whole[1] / wide + 1e-9), 1)


def _seen_part(
    view: SliceView, whole: tuple[int, ...], ratio: float, outline: NDArray[np.float64] | None
) -> tuple[slice, slice]:
    """The rows and columns of a slice (rows, columns ...) that the pane shows within an outline, and a little more, in
    whole blocks of those averaged: of a large picture seen closely nothing else need be looked at."""
    left, top, wide, high = view.image_rect
    lows, highs = np.zeros(2), np.array([view.width, view.height])
    if outline is not None and len(outline):
        corners = (outline + 0.5) * (np.array([wide, high]) / view.axes.shape(view.size)) + (left, top)
        lows, highs = np.maximum(corners.min(axis=0), lows), np.minimum(corners.max(axis=0), highs)
    spans = []
    for start, extent, low, room, count, block in zip(
        (top, left), (high, wide), lows[::-1], highs[::-1], whole, _factors(view, whole, ratio), strict=False
    ):
        pixels, margin = extent / count, 2 * block
        first = (int(math.floor((low - start) / pixels)) - margin) // block * block
        last = int(math.ceil((room - start) / pixels)) + margin
        first = min(max(first, 0), (count - 1) // block * block)
        spans.append(slice(first, min(max(last, first + 1), count)))
    return spans[0], spans[1]


def _bytes(colours: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """(rows, columns, 4) of colours 0xAARRGGBB, as they lie in memory."""
    return colours.view(np.uint8).reshape(*colours.shape, 4)


def _marks_layer(marks: NDArray[np.bool_], view: SliceView, ratio: float) -> Layer | None:
    row, column, rows, columns = view.device_pixels(ratio)
    if not (rows.size and columns.size and marks.any()):
        return None
    pixels = mark_layer(marks, rows, columns, _MARKS)
    return Layer.of(pixels, QImage.Format.Format_RGBA8888_Premultiplied, row, column)


def _not_arrived(arrived: NDArray[np.bool_], view: SliceView, slice_index: int) -> list[QRectF]:
    """The parts of a shown slice, in pane pixels, that lie in slices that have not arrived."""
    left, top, wide, high = view.image_rect
    axes = view.axes.acquired
    if axes.normal == 2:
        return [] if arrived[slice_index] else [QRectF(left, top, wide, high)]
    across = axes.right == 2
    missing = ~arrived[:: -1 if (axes.flip_right if across else axes.flip_down) else 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    step = (wide if across else high) / len(arrived)
    return [
        QRectF(left + a * step, top, (b - a) * step, high)
        if across
        else QRectF(left, top + a * step, wide, (b - a) * step)
        for a, b in edges.reshape(-1, 2).tolist()
    ]


def _what_has_arrived(volume: Volume, arrived: NDArray[np.bool_], axes: PlaneAxes, slice_index: int) -> NDArray:
    """One slice across the stack, as voxels[k, j, i] one voxel thick, with zeros where nothing has arrived: to read
    memory that nobody has written yet would have all of it made, which takes longer than a frame may."""
    here = slice(slice_index, slice_index + 1)
    place = (here, slice(None)) if axes.normal == 1 else (slice(None), here)
    layer = np.zeros((len(arrived), *volume.voxels[0][place].shape), volume.voxels.dtype)
    for k in np.flatnonzero(arrived):
        layer[k] = volume.voxels[k][place]
    return layer


def _outline_px(ratio: float) -> int:
    return max(round(ratio), 1)


def _span(low: float, high: float, ratio: float, first: int, count: int, margin: int) -> slice:
    """Device pixels between two pane coordinates in any order, relative to first, widened and held to count."""
    start = math.floor(min(low, high) * ratio) - first - margin
    stop = math.ceil(max(low, high) * ratio) - first + margin
    start = min(max(start, 0), count)
    return slice(start, min(max(stop, start), count))
