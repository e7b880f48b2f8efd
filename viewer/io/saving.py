"""Files that are there whole and checked, or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def saved_when_complete(path: Path, overwrite: bool = False) -> Iterator[Path]:
    """A file to write and to check within the block; only if that ends well does it get its name, durably.

    Raises FileExistsError, before and after the block, for a file that is there and is not to be overwritten, and
    OSError for a folder that cannot be written to.
    """
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path.name} exists already; choose another name")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    # The whole name at the end: some libraries go by ".nii.gz".
    handle, name = tempfile.mkstemp(prefix=".unfinished-", suffix=f"-{path.name}", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_umask())  # mkstemp keeps its files from everybody else
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        if overwrite:
            os.replace(temporary, path)
        else:
            _give_new_name(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _give_new_name(temporary: Path, path: Path) -> None:
    """Rename without ever replacing what somebody else wrote meanwhile."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise FileExistsError(f"{path.name} exists already; choose another name") from None
    except OSError:  # a disk without links, as of most memory sticks
        if path.exists():
            raise FileExistsError(f"{path.name} exists already; choose another name") from None
        os.rename(temporary, path)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
