"""What a DICOM file draws over its pictures: overlay planes, groups 60xx. DICOM PS3.3 C.9.2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from viewer.io.dicom_header import Elements, Header
from viewer.io.pixel_format import is_spare_bit, pixel_format


@dataclass(frozen=True, eq=False)
class Overlay:
    """One plane. top and left are the place of its first pixel in the picture, from 0, and may be negative.

    bits are packed, the first pixel lowest; None if the plane lies in the pixels themselves, at `bit`. It is for the
    pictures first_frame to first_frame + frames - 1, each with its own bits if own_frames.
    """

    rows: int
    columns: int
    top: int
    left: int
    first_frame: int
    frames: int
    own_frames: bool
    bit: int
    bits: NDArray[np.uint8] | None


def overlays_of(header: Header) -> list[Overlay]:
    """The overlay planes that can be drawn."""
    return [plane for plane in _planes(header) if plane is not None]


def has_overlays(header: Header) -> bool:
    """True if the file draws something over its picture that can be shown."""
    return bool(overlays_of(header))


def overlay_problems(header: Header) -> tuple[str, ...]:
    """A sentence for each overlay that the file has but that is damaged, and is therefore not drawn."""
    damaged = [number for number, plane in enumerate(_planes(header), 1) if plane is None]
    return tuple(f"Overlay {number} of the file is damaged and is not drawn." for number in damaged)


def draw(planes: list[Overlay], frame_number: int, drawn: NDArray[np.bool_]) -> None:
    """Set drawn, (rows, columns), where planes of their own bits draw on a frame; what lies outside is cut off."""
    for plane in planes:
        if plane.bits is None or not plane.first_frame <= frame_number < plane.first_frame + plane.frames:
            continue
        count = plane.rows * plane.columns
        start = (frame_number - plane.first_frame if plane.own_frames else 0) * count
        packed = plane.bits[start // 8 : -(-(start + count) // 8)]
        bits = np.unpackbits(packed, bitorder="little")[start % 8 : start % 8 + count].view(bool)
        _draw(bits.reshape(plane.rows, plane.columns), plane.top, plane.left, drawn)


def draw_from_pixels(planes: list[Overlay], words: NDArray, drawn: NDArray[np.bool_]) -> None:
    """Set drawn where bits of the stored words draw that hold nothing of their value (retired, PS3.5 8.1.2)."""
    for plane in planes:
        if plane.bits is None:
            drawn |= (words.reshape(drawn.shape) >> plane.bit & 1).astype(bool)


def _planes(header: Header) -> list[Overlay | None]:
    """The planes of a file in their order, None for those that are damaged."""
    return [
        _plane(header, group)
        for group in header.overlay_groups()
        if group.raw("OverlayData") or (group.whole("OverlayBitsAllocated") or 1) > 1
    ]


def _plane(header: Header, group: Elements) -> Overlay | None:
    rows, columns = group.whole("OverlayRows") or 0, group.whole("OverlayColumns") or 0
    origin = group.numbers("OverlayOrigin") or (1.0, 1.0)
    own_frames = group.whole("NumberOfFramesInOverlay")
    first_frame = 0 if own_frames is None else (group.whole("ImageFrameOrigin") or 1) - 1
    frames = own_frames if own_frames is not None else header.whole("NumberOfFrames") or 1
    if len(origin) != 2 or frames < 1 or first_frame < 0:
        return None
    place = int(origin[0]) - 1, int(origin[1]) - 1, first_frame, frames, own_frames is not None
    packed = group.raw("OverlayData")
    if not packed:
        bit = group.whole("OverlayBitPosition") or 0
        return Overlay(rows, columns, *place, bit, None) if is_spare_bit(pixel_format(header), bit) else None
    needed = -(-rows * columns * (own_frames or 1) // 8)
    if not (0 < rows <= 65535 and 0 < columns <= 65535 and needed <= len(packed)):
        return None
    bits = np.frombuffer(packed, np.uint8)
    if not header.little_endian:  # written as 16-bit words
        bits = bits[: len(bits) // 2 * 2].view(np.uint16).byteswap().view(np.uint8)
    return Overlay(rows, columns, *place, 0, bits)


def _draw(plane: NDArray[np.bool_], top: int, left: int, drawn: NDArray[np.bool_]) -> None:
    rows, columns = drawn.shape
    plane = plane[max(-top, 0) : max(rows - top, 0), max(-left, 0) : max(columns - left, 0)]
    top, left = max(top, 0), max(left, 0)
    drawn[top : top + plane.shape[0], left : left + plane.shape[1]] |= plane
