"""One version of a model as one file, to keep or to take to another machine: a ZIP with the hash of each part."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from inference.manifest import MANIFEST_FILE, ManifestError, file_sha256
from inference.models import ModelRecord, ModelStore

ENDING = ".slicewise-model"
SUMS_FILE = "SHA256SUMS"  # as sha256sum writes and checks it: "hash  name", a line each
_MOST_BYTES = 4 * 2**30
_MOST_SUMS_BYTES = 2**16
_MOST_FILES = 64
_CHUNK = 2**20


def export_version(record: ModelRecord, path: Path) -> None:
    """Write a version's files, all of which its manifest lists, and their hashes to one file, which appears whole.

    The name and version that a person gave remain in it; the notes do not, since people write names into notes. Raises
    OSError.
    """
    names = [MANIFEST_FILE, *sorted(record.manifest.files)]
    handle, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    unfinished = Path(made)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                sums = "".join(f"{file_sha256(record.folder / name)}  {name}\n" for name in names)
                packed.writestr(SUMS_FILE, sums)
                for name in names:
                    packed.write(record.folder / name, name)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def import_version(path: Path, store: ModelStore) -> ModelRecord:
    """Install the version that a file holds; it is not yet active.

    Nothing of the file is trusted: every part must lie in it by a plain name, be listed with its hash, be no larger
    than it says and be what the hash and the manifest say. Raises ManifestError naming what is wrong; nothing is left
    behind then.
    """
    with tempfile.TemporaryDirectory(prefix="slicewise-model-") as made:
        folder = Path(made) / "model"
        folder.mkdir()
        try:
            with zipfile.ZipFile(path) as packed:
                _unpack(packed, folder)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
            raise ManifestError(f"{path.name} is not a whole model file ({error})") from error
        except OSError as error:
            raise ManifestError(f"{path.name} cannot be read ({error.strerror or error})") from error
        return store.install(folder)


def _unpack(packed: zipfile.ZipFile, folder: Path) -> None:
    members = packed.infolist()
    names = [member.filename for member in members]
    for name in names:
        if not _is_plain(name):
            raise ManifestError(f"the model file has a part at a place of its own choice: {name!r}")
    if len(names) > _MOST_FILES or len({name.lower() for name in names}) != len(names):
        raise ManifestError("the model file has too many parts, or two of one name")
    if sum(member.file_size for member in members) > _MOST_BYTES:
        raise ManifestError(f"the model file would take more than {_MOST_BYTES >> 30} GB")
    if SUMS_FILE not in names or packed.getinfo(SUMS_FILE).file_size > _MOST_SUMS_BYTES:
        raise ManifestError(f"the model file has no {SUMS_FILE}: it is not one of a model's version")
    sums = _sums(packed.read(SUMS_FILE))
    if set(sums) | {SUMS_FILE} != set(names) or MANIFEST_FILE not in sums:
        raise ManifestError(f"the model file does not hold what its {SUMS_FILE} lists")
    for member in members:
        if member.filename != SUMS_FILE:
            with packed.open(member) as source:
                found = _copy(source, folder / member.filename, member.file_size)
            if found != sums[member.filename]:
                raise ManifestError(f"{member.filename} in the model file is not the one that was exported")


def _is_plain(name: str) -> bool:
    """Whether a part's name is that of a file of this folder on every system."""
    return bool(name) and not name.startswith(".") and not set(name) & set('/\\:*?"<>|') and name.isprintable()


def _sums(content: bytes) -> dict[str, str]:
    lines = [line.split("  ", 1) for line in content.decode("utf-8").splitlines()]
    if any(len(line) != 2 for line in lines):
        raise ManifestError(f"{SUMS_FILE} in the model file is damaged")
    return {name: expected for expected, name in lines}


def _copy(source: IO[bytes], target: Path, size: int) -> str:
    """Write at most size bytes; returns their SHA-256. Raises ManifestError if there are more or fewer."""
    digest, written = hashlib.sha256(), 0
    with target.open("wb") as file:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > size:
                break
            digest.update(chunk)
            file.write(chunk)
    if written != size:
        raise ManifestError(f"{target.name} in the model file is not as large as it says")
    return digest.hexdigest()
