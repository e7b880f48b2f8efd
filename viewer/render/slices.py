"""Slice images as arrays, and where they lie on the screen: views of the voxels, never a resampled grid."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.display import VoiTable, WindowLevel, to_grey
from viewer.core.geometry import PlaneAxes
from viewer.core.oblique import Axes

_FIT_MARGIN_PX = 6.0
_SMALLEST_ZOOM, _LARGEST_ZOOM = 0.2, 60.0
_TABLE_FROM = 1 << 17  # pixels from which a table of all 16-bit values beats computing each pixel
_HATCH_PX = 4  # width of a stripe of a hatched fill, and of the gap after it
_GAP_ALPHA, _STRIPE_ALPHA = 0.12, 1.3
_SAME_PLACE = 1e-6  # pixels


@dataclass(frozen=True)
class SliceView:
    """How a slice lies in a pane: the one mapping between pane points and voxel indices.

    Pane points are in logical pixels (what Qt's events carry), (0, 0) being the top left corner of the
    pane. One mm is the same length both ways, whatever the spacing. zoom is 1 where the slice just fits;
    centre_mm is the point in the middle of the pane, in mm right of and below the centre of the slice. A plane that
    cuts across the grid fits as the acquired one does from which it was turned, so that turning does not magnify; what
    is said of voxels is meant of the pixels of its virtual slice, and depth counts mm in place of slices.
    """

    axes: Axes
    size: tuple[int, int, int]
    spacing: tuple[float, float, float]
    width: float
    height: float
    zoom: float = 1.0
    centre_mm: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def pixels_per_mm(self) -> float:
        wide, high = _extent_mm(self.axes.acquired, self.size, self.spacing)
        room = max(self.width - 2 * _FIT_MARGIN_PX, 1.0), max(self.height - 2 * _FIT_MARGIN_PX, 1.0)
        return self.zoom * min(room[0] / wide, room[1] / high)

    @cached_property
    def pixels_per_voxel(self) -> tuple[float, float]:
        """Logical pixels that one voxel is wide and high."""
        wide, high = self.axes.pixel_mm(self.spacing)
        return wide * self.pixels_per_mm, high * self.pixels_per_mm

    @property
    def count(self) -> int:
        """How many slices there are along the normal."""
        return self.axes.count(self.size)

    @property
    def step_mm(self) -> float:
        """From one slice to the next."""
        return self.axes.step_mm(self.spacing)

    @cached_property
    def image_rect(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the whole slice, edge to edge, in pane pixels."""
        wide, high = _extent_mm(self.axes, self.size, self.spacing)
        scale, middle = self.pixels_per_mm, self.middle_mm
        left = self.width / 2 - (wide / 2 + middle[0]) * scale
        top = self.height / 2 - (high / 2 + middle[1]) * scale
        return left, top, wide * scale, high * scale

    @cached_property
    def middle_mm(self) -> tuple[float, float]:
        """What of the slice is in the middle of the pane: centre_mm. A slice that nobody has moved begins with a whole
        pixel of the pane, as it is then drawn in a quarter of the time."""
        if self.centre_mm != (0.0, 0.0):
            return self.centre_mm
        (wide, high), scale = _extent_mm(self.axes, self.size, self.spacing), self.pixels_per_mm
        left, top = (self.width - wide * scale) / 2, (self.height - high * scale) / 2
        return (left - round(left)) / scale, (top - round(top)) / scale

    def to_pane(self, index_ijk: tuple[float, float, float]) -> tuple[float, float]:
        """The pane point of a continuous index; a voxel's centre is at its integer index."""
        column, row = self.axes.to_screen(index_ijk, self.size)
        left, top, _, _ = self.image_rect
        wide, high = self.pixels_per_voxel
        return float(left + (column + 0.5) * wide), float(top + (row + 0.5) * high)

    def to_index(self, x: float, y: float, depth: float) -> tuple[float, float, float]:
        """The continuous index (i, j, k) under a pane point on the slice of a number, depth, or on an oblique plane of
        this depth; may lie outside the grid."""
        left, top, _, _ = self.image_rect
        wide, high = self.pixels_per_voxel
        return self.axes.to_index((x - left) / wide - 0.5, (y - top) / high - 0.5, depth, self.size)

    def zoomed(self, factor: float, x: float, y: float) -> SliceView:
        """The view magnified by a factor with the pane point (x, y) staying where it is."""
        zoom = min(max(self.zoom * factor, _SMALLEST_ZOOM), _LARGEST_ZOOM)
        shift = (1 - self.zoom / zoom) / self.pixels_per_mm
        middle = self.middle_mm
        centre = middle[0] + (x - self.width / 2) * shift, middle[1] + (y - self.height / 2) * shift
        return replace(self, zoom=zoom, centre_mm=centre)

    def panned(self, right_px: float, down_px: float) -> SliceView:
        """The view with the slice moved by pane pixels; its centre never leaves the pane by more than its size."""
        scale, middle = self.pixels_per_mm, self.middle_mm
        moved = middle[0] - right_px / scale, middle[1] - down_px / scale
        wide, high = _extent_mm(self.axes, self.size, self.spacing)
        return replace(
            self, centre_mm=(min(max(moved[0], -wide / 2), wide / 2), min(max(moved[1], -high / 2), high / 2))
        )

    def leaning(self, side: Literal["left", "right"]) -> SliceView:
        """The view with the slice at one side of the pane."""
        wide, _ = _extent_mm(self.axes, self.size, self.spacing)
        spare = (self.width - wide * self.pixels_per_mm) / 2
        return self.panned(spare if side == "right" else -spare, 0.0) if spare > 0 else self

    def resized(self, width: float, height: float) -> SliceView:
        return replace(self, width=width, height=height)

    def at_scale_of(self, other: SliceView) -> SliceView:
        """The view as much magnified as another one, less in a much smaller pane and more in a much larger one."""
        size = min(self.width, self.height) / max(min(other.width, other.height), 1)
        smaller = size if not 0.8 < size < 1.25 else 1.0
        return replace(self, zoom=self.zoom * smaller * other.pixels_per_mm / self.pixels_per_mm)

    def device_pixels(self, ratio: float) -> tuple[int, int, NDArray[np.intp], NDArray[np.intp]]:
        """The slice's pixel under each device pixel of the pane, at a device pixel ratio.

        Returns (first device row, first device column, rows, columns): rows[n] is the slice row under the
        centre of device row first + n; device pixels beyond the slice are left out.
        """
        left, top, _, _ = self.image_rect
        wide, high = self.pixels_per_voxel
        columns_in_all, rows_in_all = self.axes.shape(self.size)
        first_row, rows = _pixels_along(top, high, rows_in_all, self.height, ratio)
        first_column, columns = _pixels_along(left, wide, columns_in_all, self.width, ratio)
        return first_row, first_column, rows, columns


def slice_of(voxels: NDArray, axes: PlaneAxes, slice_index: int) -> NDArray:
    """A (rows, columns) view of voxels[k, j, i], or (rows, columns, 3) of colours, laid out as the plane is on the
    screen; nothing is copied."""
    layer = voxels[(slice(None),) * (2 - axes.normal) + (slice_index,)]
    if axes.down < axes.right:  # array axes run from the higher index axis to the lower
        layer = layer.swapaxes(0, 1)
    return layer[:: -1 if axes.flip_down else 1, :: -1 if axes.flip_right else 1]


def grey_slice(
    voxels: NDArray,
    axes: PlaneAxes,
    slice_index: int,
    window: WindowLevel | VoiTable,
    inverted: bool = False,
    padding: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """Grey levels of one slice, (rows, columns) as on the screen, C order; padding (from, to) is black."""
    return grey_of(slice_of(voxels, axes, slice_index), window, inverted, padding)


def grey_of(
    values: NDArray,
    window: WindowLevel | VoiTable,
    inverted: bool = False,
    padding: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    """Grey levels of values (rows, columns), C order; padding (from, to) is black."""
    if _by_table(values):
        import cv2

        every = _grey_of_every(values.dtype, window, inverted, padding)
        return np.asarray(cv2.LUT(np.ascontiguousarray(values).view(np.uint16), every[None]), np.uint8)
    return np.ascontiguousarray(to_grey(values, window, inverted, padding))


def _by_table(values: NDArray) -> bool:
    return values.dtype.kind in "iu" and values.dtype.itemsize == 2 and values.size >= _TABLE_FROM


@lru_cache(maxsize=16)  # slices of one window after another
def _grey_of_every(
    dtype: np.dtype, window: WindowLevel | VoiTable, inverted: bool, padding: tuple[float, float] | None
) -> NDArray[np.uint8]:
    """The grey level of each 16-bit value, at its place when seen as an unsigned one."""
    return to_grey(np.arange(1 << 16, dtype=np.uint16).view(dtype), window, inverted, padding)


def coloured(grey: NDArray[np.uint8], colour_map: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Grey levels in the colours of a map: colour_map[g] is 0xAARRGGBB. Returns the shape of grey, C order."""
    return _looked_up(colour_map, grey)


def _looked_up(table: NDArray[np.uint32], values: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """table[values], in a fifth of the time. table: 256 values."""
    import cv2

    if not values.size:
        return table.take(values)
    return np.asarray(cv2.LUT(values, table.view(np.int32)[None])).view(np.uint32)


def shrunk(picture: NDArray[np.uint8], factor_rows: int, factor_columns: int) -> NDArray[np.uint8]:
    """Means over blocks of pixels, grey or (rows, columns, 3), so that a slice far larger than its pane shows no
    moiré.

    What is left over at the far edges is averaged with fewer pixels: the block size stays true.
    """
    if factor_rows == factor_columns == 1:
        return np.ascontiguousarray(picture)
    over = (-picture.shape[0]) % factor_rows, (-picture.shape[1]) % factor_columns
    padded = np.pad(picture, ((0, over[0]), (0, over[1]), (0, 0))[: picture.ndim], mode="edge")
    rows, columns = padded.shape[0] // factor_rows, padded.shape[1] // factor_columns
    blocks = padded.reshape(rows, factor_rows, columns, factor_columns, *picture.shape[2:])
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8))


def stretched(
    picture: NDArray[np.uint8], box: tuple[float, float, float, float], shape: tuple[int, int]
) -> NDArray[np.uint8]:
    """The part of a picture, grey or of colours, within box (left, top, right, bottom, in pixels from its outer
    corner) as (rows, columns) of a shape, interpolated linearly. The outermost pixels are carried on beyond the edges.
    """
    left, top, right, bottom = box
    rows, columns = picture.shape[:2]
    wide, high = (right - left) / shape[1], (bottom - top) / shape[0]
    from_corner = max(abs(left), abs(top)) < _SAME_PLACE
    if from_corner and shape == (rows, columns) and max(abs(right - columns), abs(bottom - rows)) < _SAME_PLACE:
        return picture
    import cv2  # which takes 30 ms

    if from_corner and round(rows / high) >= shape[0] and round(columns / wide) >= shape[1]:  # in a quarter of the time
        found = cv2.resize(picture, None, fx=1 / wide, fy=1 / high, interpolation=cv2.INTER_LINEAR)
        return np.ascontiguousarray(np.asarray(found, np.uint8)[: shape[0], : shape[1]])
    place = np.array([[wide, 0, left + (wide - 1) / 2], [0, high, top + (high - 1) / 2]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(picture, place, shape[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.uint8)


def label_layer(
    labels: NDArray[np.uint8],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    colours: NDArray[np.uint8],
    *,
    outline_px: int = 1,
    hatched_from: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """The overlay of a slice of labels at the screen's own resolution, so that edges stay true when magnified.

    labels: (slice rows, slice columns). rows and columns, which rise: the slice pixel under each screen pixel.
    colours: (256, 4) RGBA, not premultiplied, the alpha being that of the fill; outlines inside each label are
    up to twice as opaque. hatched_from is the screen's (row, column) of the first pixel where the fill is to be
    hatched, so that stripes run on across parts drawn apart; its scale is taken from outline_px.
    Returns (len(rows), len(columns), 4) premultiplied RGBA, C order.
    """
    if rows.size:  # what lies beyond need not be magnified
        labels, rows = labels[rows[0] : rows[-1] + 1], rows - rows[0]
    across = _columns_of(labels, columns)
    on_screen = across.take(rows, axis=0)  # whole rows are copied faster than single pixels
    if hatched_from is None:
        layer = _looked_up(_premultiplied(colours, 1.0), across).take(rows, axis=0)
    else:
        stripe = _stripes(on_screen.shape, hatched_from, _HATCH_PX * outline_px)
        shades = np.concatenate([_premultiplied(colours, _GAP_ALPHA), _premultiplied(colours, _STRIPE_ALPHA)])
        layer = shades.take(on_screen + stripe * np.uint16(256))
    edge = np.flatnonzero(_inner_edges(on_screen, outline_px))
    layer.ravel()[edge] = _premultiplied(colours, 2.0).take(on_screen.ravel()[edge])
    return layer.view(np.uint8).reshape(*on_screen.shape, 4)


def filled(
    labels: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp], margin: int
) -> tuple[slice, slice]:
    """The screen pixels, down and across, within margin of which any label lies; empty slices if there is none.

    labels, rows and columns are as for label_layer; rows and columns rise.
    """
    import cv2

    left, top, wide, high = cv2.boundingRect(labels) if labels.size else (0, 0, 0, 0)
    places = []
    for first, count, pixels in ((top, high, rows), (left, wide, columns)):
        start, stop = np.searchsorted(pixels, first), np.searchsorted(pixels, first + count)
        places.append(slice(max(int(start) - margin, 0), int(stop) + margin) if stop > start else slice(0, 0))
    return places[0], places[1]


def mark_layer(
    marks: NDArray[np.bool_], rows: NDArray[np.intp], columns: NDArray[np.intp], colour: tuple[int, int, int, int]
) -> NDArray[np.uint8]:
    """What a file draws over its picture, at the screen's own resolution. A mark under a screen pixel is never lost
    between two samples, or thin letters would be.

    marks: (slice rows, slice columns). rows and columns: the slice pixel under each screen pixel, rising.
    colour: RGBA, not premultiplied. Returns (len(rows), len(columns), 4) premultiplied RGBA, C order.
    """
    found = marks[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    found = np.logical_or.reduceat(found, rows - rows[0], axis=0)
    found = np.logical_or.reduceat(found, columns - columns[0], axis=1)
    shades = _premultiplied(np.array([(0, 0, 0, 0), colour], dtype=np.uint8), 1.0)
    return shades.take(found.astype(np.uint8)).view(np.uint8).reshape(*found.shape, 4)


def scale_bar_mm(pixels_per_mm: float, room_px: float) -> float | None:
    """The longest of 1, 2, 5, 10, 20, 50, 100 and 200 mm that fits; None if none does."""
    fitting = [mm for mm in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0) if mm * pixels_per_mm <= room_px]
    return fitting[-1] if fitting else None


def _extent_mm(axes: Axes, size: tuple[int, int, int], spacing: tuple[float, float, float]) -> tuple[float, float]:
    (columns, rows), (wide, high) = axes.shape(size), axes.pixel_mm(spacing)
    return columns * wide, rows * high


def _pixels_along(
    start: float, voxel_px: float, voxels: int, pane: float, ratio: float
) -> tuple[int, NDArray[np.intp]]:
    device = np.arange(max(math.ceil(pane * ratio), 1))
    index = np.floor(((device + 0.5) / ratio - start) / voxel_px).astype(np.intp)
    inside = np.flatnonzero((index >= 0) & (index < voxels))
    return (int(inside[0]), index[inside]) if inside.size else (0, index[:0])


def _premultiplied(colours: NDArray[np.uint8], times: float) -> NDArray[np.uint32]:
    return _premultiplied_bytes(colours.tobytes(), times)


@lru_cache(maxsize=32)  # the same for one slice after another
def _premultiplied_bytes(colours: bytes, times: float) -> NDArray[np.uint32]:
    rgba = np.frombuffer(colours, np.uint8).reshape(-1, 4)
    alpha = np.clip(rgba[:, 3:].astype(np.float32) * times, 0, 255)
    table = np.concatenate([rgba[:, :3] * (alpha / 255), alpha], axis=1)
    return np.ascontiguousarray(np.rint(table).astype(np.uint8)).view(np.uint32).ravel()


def _columns_of(labels: NDArray[np.uint8], columns: NDArray[np.intp]) -> NDArray[np.uint8]:
    """labels[:, columns], by whole rows of the transposed slice: single pixels take five times as long."""
    import cv2

    if not labels.size or not columns.size:
        return labels.take(columns, axis=1)
    return np.asarray(cv2.transpose(cv2.transpose(labels).take(columns, axis=0)), np.uint8)


def _inner_edges(on_screen: NDArray[np.uint8], width: int) -> NDArray[np.bool_]:
    """Where another label lies within width pixels, in the same row or column."""
    if not on_screen.size:
        return np.zeros(on_screen.shape, np.bool_)
    import cv2

    around = cv2.getStructuringElement(cv2.MORPH_CROSS, (2 * width + 1, 2 * width + 1))
    return cv2.morphologyEx(on_screen, cv2.MORPH_GRADIENT, around).view(np.bool_)


def _stripes(shape: tuple[int, ...], first: tuple[int, int], width: int) -> NDArray[np.uint16]:
    across = np.arange(first[0], first[0] + shape[0])[:, None] + np.arange(first[1], first[1] + shape[1])[None, :]
    return (across // width % 2).astype(np.uint16)
