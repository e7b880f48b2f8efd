"""What a pane should paint, worked out with numpy alone, and a comparison that keeps what it did not like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

FIT_PX = 6  # a slice fits into its pane with this to spare on each side
TEXT_PX = 52  # along the edges, where words and lines may stand, nothing is compared


def pane_size(rows: int, columns: int, pixel_mm: tuple[float, float], pixels_per_mm: float) -> tuple[int, int]:
    """Width and height of a pane that a slice fills; pixel_mm is the height and the width of one of its pixels."""
    high, wide = rows * pixel_mm[0] * pixels_per_mm, columns * pixel_mm[1] * pixels_per_mm
    return round(wide) + 2 * FIT_PX, round(high) + 2 * FIT_PX


def by_window(values: NDArray, centre: float, width: float) -> NDArray[np.float64]:
    """Grey 0..255 by the LINEAR function, DICOM PS3.3 C.11.2.1.2.1: y = ((x - (c - 0.5)) / (w - 1) + 0.5) * 255."""
    return np.rint(np.clip(((values - (centre - 0.5)) / (width - 1) + 0.5) * 255, 0, 255))


def magnified(grey: NDArray, pixel_mm: tuple[float, float], size: tuple[int, int]) -> NDArray[np.float64]:
    """A slice, grey (rows, columns) or (rows, columns, 3), in a pane of a size, (height, width, 3): bilinear between
    the centres of its pixels, black around it."""
    grey = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)
    (row, rows_inside), (column, columns_inside) = places_under(grey.shape[:2], pixel_mm, size)
    row, column = np.clip(row, 0, grey.shape[0] - 1), np.clip(column, 0, grey.shape[1] - 1)
    above, before = np.floor(row).astype(int), np.floor(column).astype(int)
    below, after = np.minimum(above + 1, grey.shape[0] - 1), np.minimum(before + 1, grey.shape[1] - 1)
    down, across = (row - above)[:, None, None], (column - before)[None, :, None]
    upper = grey[above][:, before] * (1 - across) + grey[above][:, after] * across
    lower = grey[below][:, before] * (1 - across) + grey[below][:, after] * across
    return (upper * (1 - down) + lower * down) * (rows_inside[:, None] & columns_inside[None, :])[..., None]


def places_under(shape: tuple[int, ...], pixel_mm: tuple[float, float], size: tuple[int, int]):
    """The continuous row under each row of a pane, and the column under each column, and whether they are inside; a
    pixel's centre is at whole numbers."""
    room = size[0] - 2 * FIT_PX, size[1] - 2 * FIT_PX
    scale = min(room[0] / (shape[1] * pixel_mm[1]), room[1] / (shape[0] * pixel_mm[0]))
    found = []
    for length, count, mm in ((size[1], shape[0], pixel_mm[0]), (size[0], shape[1], pixel_mm[1])):
        start = round((length - count * mm * scale) / 2)  # a whole pixel
        place = (np.arange(length) + 0.5 - start) / (mm * scale) - 0.5
        found.append((place, (place >= -0.5) & (place < count - 0.5)))
    return found


def labelled(
    picture: NDArray, labels: NDArray, colours: dict[int, tuple[int, int, int]], opacity: float, pixel_mm, size
) -> NDArray[np.float64]:
    """A picture of magnified() with labels (rows, columns) over it: filled, and twice as dense along the inside of
    their edge, one screen pixel wide. Labels without a colour are not seen."""
    (row, rows_inside), (column, columns_inside) = places_under(labels.shape, pixel_mm, size)
    row, column = (np.clip(np.floor(place + 0.5).astype(int), 0, None) for place in (row, column))
    row, column = np.minimum(row, labels.shape[0] - 1), np.minimum(column, labels.shape[1] - 1)
    on_screen = np.where(rows_inside[:, None] & columns_inside[None, :], labels[row][:, column], 0)
    edge = np.zeros(on_screen.shape, bool)
    for axis, way in ((0, 1), (0, -1), (1, 1), (1, -1)):
        edge |= np.roll(on_screen, way, axis) != on_screen
    seen = picture.copy()
    for value, colour in colours.items():
        inside = on_screen == value
        alpha = np.where(edge, min(2 * opacity, 1.0), opacity)[inside][:, None]
        seen[inside] = seen[inside] * (1 - alpha) + np.array(colour) * alpha
    return seen


def painted(pane) -> NDArray[np.float64]:
    """What a pane paints, (height, width, 3)."""
    image = pane.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(float)


def assert_alike(actual: NDArray, expected: NDArray, folder: Path, *, mean: float = 0.5, most: float = 2.0) -> None:
    """Two pictures (height, width, 3) of 0..255 differ by no more than mean on average and most anywhere, their edges
    left aside: grey levels are whole numbers. If they do, both and their difference, ten times as
    strong, are kept in a folder."""
    assert actual.shape == expected.shape
    inner = (slice(TEXT_PX, -TEXT_PX),) * 2
    apart = np.abs(actual - expected)
    if apart[inner].mean() <= mean and apart[inner].max() <= most:
        return
    for name, picture in (("actual", actual), ("expected", expected), ("difference", 10 * apart)):
        rgb = np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8))
        image = QImage(rgb.data, rgb.shape[1], rgb.shape[0], 3 * rgb.shape[1], QImage.Format.Format_RGB888)
        image.save(str(folder / f"{name}.png"))
    raise AssertionError(
        f"the pictures differ by {apart[inner].mean():.2f} on average (at most {mean:g}) and {apart[inner].max():.0f} "
        f"somewhere (at most {most:g}): look at actual.png, expected.png and difference.png in {folder}"
    )
