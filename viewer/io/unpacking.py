"""Packed bytes, unpacked a bounded number at a time: a file that unpacks to far more than it should does no harm."""

from __future__ import annotations

import bz2
import io
import zlib
from collections.abc import Callable

from viewer.io.volume_header import Encoding

_PACKED_CHUNK_BYTES = 1 << 17
_MARK_BYTES = 3  # enough to know the beginning of a further part


class Unpacked:
    """The bytes of a gzip, zlib or bzip2 stream, a limited number at a time. Raises EOFError if it is cut off,
    zlib.error or OSError if it is damaged, wrong checksums included."""

    def __init__(self, stream: io.BufferedReader, encoding: Encoding) -> None:
        self._stream = stream
        self._new = bz2.BZ2Decompressor if encoding == "bzip2" else lambda: zlib.decompressobj(zlib.MAX_WBITS | 32)
        self._next_part = {"bzip2": b"BZh", "gzip": b"\x1f\x8b"}.get(encoding)  # these may be several, end to end
        self._decoder = self._new()
        self._packed = b""

    def readinto(self, target: memoryview) -> int:
        """Fill a part of target, which may be all of it; returns how many bytes, 0 at the end."""
        while len(target):
            if self._decoder.eof:
                rest = self._decoder.unused_data
                if len(rest) < _MARK_BYTES:
                    rest += self._stream.read(max(_PACKED_CHUNK_BYTES, _MARK_BYTES))
                if self._next_part is None or not rest.startswith(self._next_part):
                    return 0
                self._decoder, self._packed = self._new(), rest
            at_end = False
            if not self._packed and getattr(self._decoder, "needs_input", True):
                self._packed = self._stream.read(_PACKED_CHUNK_BYTES)
                at_end = not self._packed
            part = self._decoder.decompress(self._packed, len(target))
            self._packed = getattr(self._decoder, "unconsumed_tail", b"")
            if part:
                target[: len(part)] = part
                return len(part)
            if at_end and not self._decoder.eof:
                raise EOFError
        return 0


def read_fully(readinto: Callable[[memoryview], int | None], target: memoryview) -> int:
    """Fill target by as many calls of readinto as it takes; returns how many bytes there were."""
    read = 0
    while read < len(target):
        got = readinto(target[read:])
        if not got:
            break
        read += got
    return read
