"""A region of a picture by clicks: what a network that was trained for clicks says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.manifest import ModelError
from inference.preprocess import scaling_of

if TYPE_CHECKING:  # onnxruntime, which the window does not load
    from inference.runtime import LoadedModel

Pixels = Sequence[Sequence[int]]  # (row, column)
PixelBox = Sequence[int]  # first row, first column, last row, last column: both ends belong to it

_SMALL = 0.4  # of the picture's longer side: a smaller region is looked at again, enlarged
_AROUND = 2.0  # times its size, of what is then seen
_FEWEST_PX = 24


class Clicked(NamedTuple):
    """What a person has said of a region in a picture (rows, columns) of grey values, NaN where there is none.
    pixel_mm: a pixel's height and width. previous: what was answered before, or was there."""

    picture: NDArray[np.float32]
    pixel_mm: tuple[float, float]
    positives: Pixels
    negatives: Pixels
    box: PixelBox | None
    previous: NDArray[np.bool_]


def answer_clicks(clicked: Clicked, model: LoadedModel) -> NDArray[np.bool_]:
    """The region that clicks mean, of the picture's shape.

    The network sees the picture in square pixels, as large as they fit into its size, and in the
    upper left of it; a small region once more, enlarged. Raises ModelError for a result that must not be shown.
    """
    rows, columns = clicked.picture.shape
    found = _answered(clicked, model, (0, 0, rows, columns))
    part = _around(found, clicked)
    if part is None:
        return found
    closer = np.zeros_like(found)
    top, left, bottom, right = part
    again = clicked._replace(previous=clicked.previous | found)
    closer[top:bottom, left:right] = _answered(again, model, part)
    return closer


def _answered(clicked: Clicked, model: LoadedModel, part: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """The answer in a part of the picture: first row and column, and those after the last."""
    import cv2

    manifest = model.manifest
    clicks, size = manifest.clicks, manifest.preprocessing.size
    assert clicks is not None and size is not None
    picture, pixel_mm, positives, negatives, box, previous = clicked
    top, left, bottom, right = part
    values = picture[top:bottom, left:right]
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(values.shape, bool)
    rows, columns = values.shape
    per_mm = min(size[0] / (rows * pixel_mm[0]), size[1] / (columns * pixel_mm[1]))
    sides = [
        min(max(round(n * mm * per_mm), 1), most) for n, mm, most in zip((rows, columns), pixel_mm, size, strict=True)
    ]
    how = cv2.INTER_AREA if sides[0] < rows else cv2.INTER_LINEAR
    scaled = scaling_of(picture[None], manifest.preprocessing.intensity)(np.where(known, values, values[known].min()))
    seen = np.zeros((1, clicks.channels, *size), np.float32)
    inside = seen[0, :, : sides[0], : sides[1]]
    inside[0] = cv2.resize(scaled, sides[::-1], interpolation=how)
    scale = sides[0] / rows, sides[1] / columns
    for channel, marks in ((1, positives), (2, negatives)):
        mark(inside[channel], marks, (top, left), scale, clicks.radius)
    if clicks.box:
        corners = (0, 0, rows - 1, columns - 1) if box is None else box
        first = [round((corners[n] - part[n]) * scale[n]) for n in range(2)] if box is not None else [0, 0]
        last = [round((corners[n + 2] + 1 - part[n]) * scale[n]) for n in range(2)] if box is not None else sides
        inside[3, max(first[0], 0) : max(last[0], 0), max(first[1], 0) : max(last[1], 0)] = 1
    before = previous[top:bottom, left:right].astype(np.float32)
    inside[-1] = cv2.resize(before, sides[::-1], interpolation=how)
    output = model.run(seen)[0]
    logits = np.ascontiguousarray(output[0, : sides[0], : sides[1]])
    likely = cv2.resize(model.probabilities(logits[None])[0], (columns, rows), interpolation=cv2.INTER_LINEAR)
    return (likely >= manifest.labels[0].threshold) & known


def mark(
    channel: NDArray[np.float32], marks: Pixels, at: tuple[int, int], scale: tuple[float, float], radius: float
) -> None:
    """Draw discs around pixels of the picture into a channel that shows it from pixel `at` on, scaled; those beyond the
    channel are cut off."""
    if not len(marks):
        return
    centres = np.unique(
        ((np.asarray(marks, np.float64).reshape(-1, 2) - at + 0.5) * scale - 0.5).round().astype(int), axis=0
    )
    reach = int(np.ceil(radius))
    for row, column in centres.tolist():
        rows = np.arange(max(row - reach, 0), min(row + reach + 1, channel.shape[0]))
        columns = np.arange(max(column - reach, 0), min(column + reach + 1, channel.shape[1]))
        disc = (rows[:, None] - row) ** 2 + (columns[None] - column) ** 2 <= radius**2
        channel[np.ix_(rows, columns)] = np.maximum(channel[np.ix_(rows, columns)], disc)


def _around(found: NDArray[np.bool_], clicked: Clicked) -> tuple[int, int, int, int] | None:
    """The part of a picture in which a small region is looked at again; None if it is not small."""
    places = np.argwhere(found)
    if not len(places):
        return None
    corners = [places.min(0), places.max(0), *np.asarray(clicked.positives, np.intp).reshape(-1, 2)]
    if clicked.box is not None:
        corners += [np.array(clicked.box[:2]), np.array(clicked.box[2:])]
    first, last = np.min(corners, axis=0), np.max(corners, axis=0) + 1
    sides = last - first
    if sides.max() > _SMALL * max(found.shape):
        return None
    half = max(_FEWEST_PX, _AROUND * sides.max()) / 2
    middle = (first + last) / 2
    top, left = np.maximum(np.floor(middle - half), 0).astype(int)
    bottom, right = np.minimum(np.ceil(middle + half), found.shape).astype(int)
    return int(top), int(left), int(bottom), int(right)


def checked(mask: NDArray | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """An answer as the process that ran the model sent it. Raises ModelError if it is none."""
    if mask is None or mask.dtype != np.uint8 or mask.shape != shape:
        raise ModelError("the model gave a region that does not fit the picture; it is discarded")
    return mask.astype(bool)
