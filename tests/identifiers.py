"""Finds what names a patient in any byte of a folder: also in compressed parts, in other encodings, in file names."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

_ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")


def leaks(folder: Path, identifiers: Iterable[str]) -> list[str]:
    """One line, "file: identifier", for each identifier in each file below a folder, or in its path there."""
    looked_for = {identifier: _spellings(identifier) for identifier in identifiers}
    found = []
    for file in sorted(folder.rglob("*")):
        where = file.relative_to(folder).as_posix()
        parts = [where.encode("utf-8", "surrogateescape")]
        if file.is_file():
            parts += _unpacked(file.read_bytes())
        lowered = [part.lower() for part in parts]
        for identifier, spellings in looked_for.items():
            if any(spelling in part for spelling in spellings for part in lowered):
                found.append(f"{where}: {identifier}")
    return found


def _spellings(identifier: str) -> set[bytes]:
    """An identifier as it may be written, in small letters (of ASCII)."""
    written = {identifier.encode(encoding).lower() for encoding in _ENCODINGS}
    return written | {json.dumps(identifier)[1:-1].encode().lower()}


def _unpacked(content: bytes) -> Iterator[bytes]:
    """The bytes themselves and, of gzip and ZIP, what they hold, however deep."""
    yield content
    if content[:2] == b"\x1f\x8b":
        yield from _unpacked(gzip.decompress(content))
    elif content[:4] == b"PK\x03\x04":  # also of npz and of checkpoints
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for member in packed.infolist():
                yield member.filename.encode() + b"\n" + member.comment + b"\n" + member.extra
                yield from _unpacked(packed.read(member))
