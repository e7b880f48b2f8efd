"""Pictures and short films for other programs: pixels and nothing else, never over a file without leave."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

_JPEG_QUALITY = 95
_GIF_TICK_MS = 10  # GIF89a counts delays in hundredths of a second; players make short ones longer
SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


class ExistsAlready(OSError):
    """A file of this name is there and nobody has allowed to replace it."""


def write_picture(rgb: NDArray[np.uint8], path: Path, *, overwrite: bool = False) -> None:
    """Write (rows, columns, 3) sRGB as PNG or JPEG, by the file's name, without any metadata.

    The file appears whole or not at all. Raises ExistsAlready or another OSError.
    """
    from PIL import Image  # here, because the window need not wait for it when it starts

    picture = Image.fromarray(rgb)
    with _appearing(path, overwrite) as file:
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
    stop. The file appears whole or not at all. Raises ExistsAlready or another OSError, ValueError without a frame.
    """
    from PIL import GifImagePlugin, Image

    count = 0
    duration_ms = max(round(period_ms / _GIF_TICK_MS), 2) * _GIF_TICK_MS
    with _appearing(path, overwrite) as file:
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


@contextmanager
def _appearing(path: Path, overwrite: bool) -> Iterator[IO[bytes]]:
    """A file under another name that gets its own when all is written and on the disk."""
    if path.exists() and not overwrite:
        raise ExistsAlready(errno.EEXIST, "a file of this name is there already", str(path))
    handle, name = tempfile.mkstemp(prefix=".slicewise-", suffix=".unfinished", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.name == "posix":
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(name, 0o666 & ~umask)  # mkstemp's are for nobody else
        _rename(name, path, overwrite)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def _rename(name: str, path: Path, overwrite: bool) -> None:
    if overwrite:
        os.replace(name, path)
        return
    try:
        os.link(name, path)  # which fails where another program has made the file meanwhile
    except FileExistsError:
        raise ExistsAlready(errno.EEXIST, "a file of this name is there already", str(path)) from None
    except OSError:  # a file system without links
        if path.exists():
            raise ExistsAlready(errno.EEXIST, "a file of this name is there already", str(path)) from None
        os.replace(name, path)
