"""Pictures and short films for other programs: pixels and nothing else, never over a file without leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.io.saving import saved_when_complete

_JPEG_QUALITY = 95
_GIF_TICK_MS = 10  # GIF89a counts delays in hundredths of a second; players make short ones longer
SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def write_picture(rgb: NDArray[np.uint8], path: Path, *, overwrite: bool = False) -> None:
    """Write (rows, columns, 3) sRGB as PNG or JPEG, by the file's name, without any metadata.

    The file appears whole or not at all. Raises FileExistsError or another OSError.
    """
    from PIL import Image  # here, because the window need not wait for it when it starts

    picture = Image.fromarray(rgb)
    with saved_when_complete(path, overwrite) as temporary, temporary.open("wb") as file:
        if SUFFIXES[path.suffix.lower()] == "JPEG":
            picture.save(file, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        else:
            picture.save(file, "PNG")


def write_film(
    frames: Iterable[NDArray[np.uint8]],
    path: Path,
    period_ms: float,
    *,
    overwrite: bool = False,
    written: Callable[[int], None] = lambda count: None,
) -> None:
    """Write (rows, columns, 3) sRGB frames of one size as a GIF that plays for ever, without any metadata.

    Frames are written as they come, so that none is kept; each gets the 256 colours that suit it best, and keeps each
    grey level where it has no more than these. written is called with the number of frames so far and may raise to
    stop. The file appears whole or not at all. Raises FileExistsError or another OSError, ValueError without a frame.
    """
    from PIL import GifImagePlugin, Image

    count = 0
    duration_ms = max(round(period_ms / _GIF_TICK_MS), 2) * _GIF_TICK_MS
    with saved_when_complete(path, overwrite) as temporary, temporary.open("wb") as file:
        for rgb in frames:
            frame = Image.fromarray(rgb).quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            if count == 0:
                header, _ = GifImagePlugin.getheader(frame, info={"loop": 0})
                file.write(b"".join(header))
            file.write(b"".join(GifImagePlugin.getdata(frame, duration=duration_ms, include_color_table=True)))
            count += 1
            written(count)
        if count == 0:
            raise ValueError("a film needs a frame")
        file.write(b";")
