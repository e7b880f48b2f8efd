"""Where files come from: folders, a CD's DICOMDIR, and ZIP archives, whose members are read without unpacking.

A member of a ZIP is written as a path below the archive's own: /a/study.zip/IM/0001. Walk is for the window's process:
it lists folders and opens no file.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, BinaryIO

from pydantic import PlainSerializer, PlainValidator

from viewer.core.study import Refusal, SeriesError
from viewer.io.dicom_header import DEFLATED, read_header

_ITEM, _ITEM_BIG_ENDIAN = b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"
_CHECK_EVERY = 256  # entries of a folder or of an archive
# What a ZIP or a DICOMDIR lists is held by the window, so these keep it below 50 MB there; and it must be read within
# the limits of a reading process.
_MAX_DICOMDIR_BYTES = 8 << 20  # a record takes about 500 bytes
_MAX_RECORDS = 20_000
_MAX_FOLDERS = 32  # in the name of one file; DICOM PS3.10 8.2 allows 8
_MAX_MEMBERS = 50_000
_MAX_DIRECTORY_BYTES = 8 << 20
_MAX_MEMBER_BYTES = 4 << 30
_MAX_RATIO = 200  # of real images at most 10 to 30; deflate can reach 1032
_RATIO_COUNTS_FROM_BYTES = 100 << 20
_OPEN_ARCHIVES = 4

Found = tuple[Path, bool] | Refusal


_path = lru_cache(maxsize=4)(Path)  # a file is named more than once in what is said of it


def _told_path(told: object) -> Path:
    if not isinstance(told, str | Path):
        raise ValueError("this is no path")
    return _path(told)


# A path in a message: pydantic would take it apart twice, each time longer than all the rest of a file's header.
ToldPath = Annotated[Path, PlainValidator(_told_path), PlainSerializer(str)]

_DAMAGED_MEMBER = "it is damaged inside its ZIP; fetch the archive again"
_DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class Contents:
    """What a ZIP holds or a DICOMDIR lists.

    members are paths below the archive's own; refused has such paths, or "" for the archive itself, each with one
    sentence. file_ids are the names in a DICOMDIR, folder by folder, which may lead anywhere.
    """

    members: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    file_ids: tuple[tuple[str, ...], ...] = ()


class Walk(Iterator[Found]):
    """Each regular file below some paths once, with whether it was named itself, and what could not be looked into.

    Lazy; no file is opened. check is called for each folder and every few hundred entries and may raise to cancel.
    Links to folders are not followed; hidden files, pipes, devices, and a DICOMDIR that was not named are passed over.
    """

    def __init__(self, paths: Sequence[Path], check: Callable[[], None] = lambda: None) -> None:
        self._check = check
        self._seen: set[tuple[int, int] | str] = set()
        self._sources = [(_named_and_below(paths, check), False)]  # the last one comes first; True for members of a ZIP

    def __next__(self) -> Found:
        while self._sources:
            source, zipped = self._sources[-1]
            for found in source:
                if isinstance(found, Refusal):
                    return found
                file, named = found
                if not named and _is_dicomdir(file.name):
                    continue
                identity = str(file) if zipped else _identity(file)
                if identity is None and named:
                    return Refusal(file, _why_no_file(file))
                if identity is not None and identity not in self._seen:
                    self._seen.add(identity)
                    return found
            self._sources.pop()
        raise StopIteration

    def enter(self, file: Path, contents: Contents | None) -> None:
        """Go on with what a ZIP or a DICOMDIR holds, before all else; None for what could not be read.

        A DICOMDIR gives the files it lists, as far as they lie in its own folder, as if they had been named; one that
        lists nothing or could not be read gives those of its folder.
        """
        if is_file_set(file):
            listed = contents.file_ids if contents else ()
            found = _listed(file, listed, self._check) if listed else _below(file.parent, self._check)
            self._sources.append((found, False))
        elif contents is not None:
            self._sources.append((_members(file, contents, self._check), True))


def holds_others(file: Path) -> bool:
    """True for a ZIP or a DICOMDIR, by its name, that is no member of a ZIP itself."""
    name = file.name
    return (name.lower().endswith(".zip") or _is_dicomdir(name)) and not is_member(file)


def is_file_set(file: Path) -> bool:
    """True for a DICOMDIR, by its name, that is no member of a ZIP."""
    return _is_dicomdir(file.name) and os.path.isfile(file)


def contents_of(file: Path) -> Contents | None:
    """What a ZIP, by its name or its content, or a DICOMDIR, by its name, holds; None for any other file.

    Empty for a DICOMDIR that is damaged. Raises OSError, and SeriesError for a damaged ZIP.
    """
    if is_file_set(file):
        try:
            return Contents(file_ids=_file_ids(file))
        except (SeriesError, OSError):
            return Contents()
    with open_file(file) as stream:
        zipped = file.suffix.lower() == ".zip" or stream.read(4) in (b"PK\3\4", b"PK\5\6")
    return _contents_of_zip(file) if zipped and not is_member(file) else None


def digest_of(path: Path) -> str:
    """SHA-256 of a plain file or of an unpacked member of a ZIP, in hexadecimal, which is not held in memory.

    Raises as open_file does, and SeriesError for a damaged member.
    """
    with _opened(path)[0] as stream:
        try:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
        except _DAMAGED_ZIP as error:
            raise SeriesError(_DAMAGED_MEMBER) from error


def open_file(path: Path) -> io.BufferedReader:
    """A plain file or a member of a ZIP, open for reading and seekable.

    Never blocks on a pipe. A member is unpacked in memory, as far as it is read, once, and never beyond the size its
    archive declares. Raises OSError, FileNotFoundError among them, and SeriesError for a damaged archive.
    """
    opened = _opened(path)
    return opened[0] if opened[1] is None else io.BufferedReader(_Member(*opened))


def size_of(path: Path) -> int:
    """Bytes of a plain file, or of a member of a ZIP when unpacked. Raises as open_file does."""
    try:
        return os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        place = _place_in_archive(path)
        if place is None:
            raise
    return _member(*place)[1].file_size


def stored_bytes(path: Path) -> int:
    """Bytes on the disc of a plain file, or of the ZIP that holds a member; 0 if there is none. Opens nothing."""
    place = _place_in_archive(path)
    try:
        return os.stat(place[0] if place else path).st_size
    except OSError:
        return 0


def stamp_of(path: Path) -> tuple[int, int]:
    """When a plain file, or the archive that holds a member, was last written (ns), and its bytes. Raises OSError."""
    place = _place_in_archive(path)
    status = os.stat(place[0] if place else path)
    return status.st_mtime_ns, status.st_size


def exists(path: Path) -> bool:
    """True if the file, or the archive that held it, is still there."""
    return os.path.isfile(path) or _place_in_archive(path) is not None


def is_member(path: Path) -> bool:
    """True for a path that lies inside an archive."""
    return not os.path.lexists(path) and _place_in_archive(path) is not None


def shown_name(file: Path) -> str:
    """A file's name for a message: on one line, whatever characters its maker put in."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in file.name)


def beside(file: Path, name: str) -> Path:
    """The file of that name in the same folder as file, where a header says that its voxels are there.

    Raises SeriesError for a name with a folder in it and for a link that leads elsewhere: a header could else name
    any file of this computer.
    """
    if not name or name in (".", "..") or any(mark in name for mark in "/\\:\0"):
        raise SeriesError("its header names voxels in another folder; only those beside it are read")
    other = file.parent / name
    if os.path.islink(other) and os.path.dirname(os.path.realpath(other)) != os.path.realpath(file.parent):
        raise SeriesError("its header names a link to voxels in another folder; only those beside it are read")
    return other


def _named_and_below(paths: Sequence[Path], check: Callable[[], None]) -> Iterator[Found]:
    for path in paths:
        check()
        if os.path.isdir(path):
            yield from _below(path, check)
        else:
            yield path, True


def _below(top: Path, check: Callable[[], None]) -> Iterator[Found]:
    folders = [top]
    while folders:
        folder = folders.pop()
        check()
        names: list[str] = []
        below: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for number, entry in enumerate(entries, start=1):
                    if number % _CHECK_EVERY == 0:
                        check()
                    if not entry.name.startswith("."):
                        (below if entry.is_dir(follow_symlinks=False) else names).append(entry.name)
        except OSError as error:
            yield Refusal(folder, f"the folder cannot be read ({error.strerror})")
            continue
        for name in sorted(names):
            yield folder / name, False
        folders.extend(folder / name for name in sorted(below, reverse=True))


def _identity(file: Path) -> tuple[int, int] | str | None:
    """What two names of one file have in common; None for what is no regular file and no member of a ZIP."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return str(file) if _place_in_archive(file) is not None else None
    if not stat.S_ISREG(status.st_mode):
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else os.path.realpath(file)


def _why_no_file(path: Path) -> str:
    return "it is no regular file" if os.path.lexists(path) else "there is no such file or folder"


def _opened(path: Path) -> tuple[io.BufferedReader, None] | tuple[zipfile.ZipExtFile, int]:
    """A plain file, or a member of a ZIP and how many bytes it declares."""
    try:
        return _open_plain(path), None
    except (FileNotFoundError, NotADirectoryError):
        place = _place_in_archive(path)
        if place is None:
            raise
    archive, info = _member(*place)
    refused = _why_no_member(info)
    if refused:
        raise SeriesError(refused)
    try:
        member = archive.open(info)
        member.archive = archive  # type: ignore[attr-defined] - which closes its file when nobody has it any more
        return member, info.file_size
    except (OSError, *_DAMAGED_ZIP) as error:  # OSError too: a place before the beginning of the file
        raise SeriesError(_DAMAGED_MEMBER) from error


def _open_plain(path: Path) -> io.BufferedReader:
    # O_NONBLOCK: a pipe must not make us wait for its other end. The check comes after the opening, so that nobody
    # can change the file in between.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(None, "no regular file", str(path))  # not even opened: opening a device can do something
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(None, "no regular file", str(path))
    return os.fdopen(descriptor, "rb")


# DICOMDIR


def _is_dicomdir(name: str) -> bool:
    return name[:1] in ("D", "d") and name.upper().rstrip(".").split(";")[0] == "DICOMDIR"


def _listed(dicomdir: Path, file_ids: Sequence[Sequence[str]], check: Callable[[], None]) -> Iterator[Found]:
    """The files that a DICOMDIR lists, by their names on the disc."""
    root = os.path.realpath(dicomdir.parent)
    listings: dict[Path, dict[str, str]] = {}
    outside = 0
    for number, components in enumerate(file_ids, start=1):
        if number % _CHECK_EVERY == 0:
            check()
        if any(part in ("", ".", "..") or ":" in part or "\0" in part for part in components):
            outside += 1
            continue
        file = _on_disc(dicomdir.parent, components, listings)
        if file is None:
            yield Refusal(dicomdir.parent.joinpath(*components), "listed by the DICOMDIR but not there")
        elif not Path(os.path.realpath(file)).is_relative_to(root):
            outside += 1
        elif not _is_dicomdir(file.name):
            yield file, True
    if outside:
        yield Refusal(dicomdir, f"{outside} of the {len(file_ids)} files it lists lie outside its folder; not opened")


def _file_ids(dicomdir: Path) -> tuple[tuple[str, ...], ...]:
    """What a DICOMDIR lists. DICOM PS3.3 F.3.2.2."""
    size = size_of(dicomdir)
    if size > _MAX_DICOMDIR_BYTES:
        raise SeriesError("the DICOMDIR is too large")
    with open_file(dicomdir) as stream:
        _check_records(stream.read(_MAX_DICOMDIR_BYTES))
        stream.seek(0)
        records = read_header(stream, size).items("DirectoryRecordSequence")
    ids = [record.texts("ReferencedFileID") for record in records]
    # Some writers separate folders by a slash instead of giving several values.
    listed = tuple(tuple(re.split(r"[/\\]", "\\".join(components))) for components in ids if any(components))
    if any(len(components) > _MAX_FOLDERS for components in listed):
        raise SeriesError("the DICOMDIR lists too much")
    return listed


def _check_records(content: bytes) -> None:
    if max(content.count(_ITEM), content.count(_ITEM_BIG_ENDIAN)) > _MAX_RECORDS:
        raise SeriesError("the DICOMDIR lists too much")
    if DEFLATED.encode() in content:  # against the standard: it may unpack to far more
        raise SeriesError("the DICOMDIR is packed")


def _on_disc(folder: Path, components: Sequence[str], listings: dict[Path, dict[str, str]]) -> Path | None:
    """The file of these components whatever the case of its name, and with the version numbers that ISO 9660 adds."""
    path = folder
    for component in components:
        if path not in listings:
            try:
                listings[path] = {_on_any_disc(name): name for name in sorted(os.listdir(path))}
            except OSError:
                listings[path] = {}
        name = listings[path].get(_on_any_disc(component))
        if name is None:
            return None
        path = path / name
    return path if os.path.isfile(path) else None


def _on_any_disc(name: str) -> str:
    return re.sub(r"\.?(;\d+)?$", "", name).upper()


# ZIP


class _Member(io.RawIOBase):
    """An unpacked member that can be read at any place: what was unpacked is kept, and unpacked only once."""

    def __init__(self, packed: zipfile.ZipExtFile, size: int) -> None:
        self._packed = packed
        self._size = size
        self._unpacked = bytearray()
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(None, "a place before the beginning of the file")
        self._position = base + offset
        return self._position

    def readinto(self, buffer) -> int:
        target = memoryview(buffer).cast("B")
        until = min(self._position + len(target), self._size)
        self._unpack(until)
        part = memoryview(self._unpacked)[self._position : until]
        target[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._packed.close()
        super().close()

    def _unpack(self, until: int) -> None:
        try:
            while len(self._unpacked) < until:
                part = self._packed.read(min(max(until - len(self._unpacked), 1 << 16), self._size))
                if not part:
                    raise EOFError
                self._unpacked += part  # of which zipfile compares the checksum once all of it is there
        except (OSError, *_DAMAGED_ZIP) as error:
            raise SeriesError(_DAMAGED_MEMBER) from error


class _Archive:
    """An open ZIP and its members by their labels."""

    def __init__(self, path: Path) -> None:
        stream = _open_plain(path)
        try:
            _check_directory(stream)
            self._zip = zipfile.ZipFile(stream)
            self.members = _labelled(self._zip.infolist())
        except (OSError, *_DAMAGED_ZIP) as error:
            stream.close()
            raise SeriesError("the ZIP is damaged or incomplete; fetch it again") from error
        except BaseException:
            stream.close()
            raise
        self._stream = stream

    def open(self, info: zipfile.ZipInfo) -> zipfile.ZipExtFile:
        return self._zip.open(info)  # type: ignore[return-value]

    def __del__(self) -> None:
        if hasattr(self, "_stream"):
            self._zip.close()
            self._stream.close()


@lru_cache(maxsize=_OPEN_ARCHIVES)
def _archive(path: str, modified_ns: int, size: int) -> _Archive:
    """Kept open: reading the directory anew for each of a thousand slices would take longer than the slices. Its time
    and size are part of the key, so that an archive that was replaced is opened anew."""
    return _Archive(Path(path))


def _opened_archive(path: Path) -> _Archive:
    status = os.stat(path)
    return _archive(str(path), status.st_mtime_ns, status.st_size)


def _member(archive: Path, label: str) -> tuple[_Archive, zipfile.ZipInfo]:
    opened = _opened_archive(archive)
    if label not in opened.members:
        raise FileNotFoundError(2, "no such member in the ZIP", str(archive / label))
    return opened, opened.members[label]


def _place_in_archive(path: Path) -> tuple[Path, str] | None:
    """The archive that a path leads into, and the label of the member."""
    for parent in path.parents:
        if os.path.isfile(parent):
            return parent, path.relative_to(parent).as_posix()
        if os.path.isdir(parent):
            return None
    return None


def _contents_of_zip(file: Path) -> Contents:
    held = _opened_archive(file).members
    if not held:
        return Contents(refused=(("", "the ZIP is empty"),))
    members: list[str] = []
    refused: list[tuple[str, str]] = []
    locked = sum(_is_encrypted(info) for info in held.values())
    if locked:
        refused.append(("", f"{locked} of its {len(held)} files are encrypted; unpack it with its password first"))
    for label, info in held.items():
        name = label.rsplit("/", 1)[-1]
        if name.startswith(".") or label.startswith("__MACOSX/") or _is_dicomdir(name) or _is_encrypted(info):
            continue
        reason = _why_no_member(info)
        if reason:
            refused.append((label, reason))
        else:
            members.append(label)
    return Contents(tuple(members), tuple(refused))


def _members(archive: Path, contents: Contents, check: Callable[[], None]) -> Iterator[Found]:
    for label, reason in contents.refused:
        yield Refusal(archive / label, reason)
    for number, label in enumerate(contents.members, start=1):
        if number % _CHECK_EVERY == 0:
            check()
        yield archive / label, False


def _is_encrypted(info: zipfile.ZipInfo) -> bool:
    return bool(info.flag_bits & 0x1)


def _why_no_member(info: zipfile.ZipInfo) -> str:
    if _is_encrypted(info):
        return "it is encrypted inside its ZIP; unpack it with its password first"
    if info.filename.lower().endswith(".zip"):
        return "a ZIP inside a ZIP is not opened; unpack the outer one first"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed in an uncommon way; unpack its ZIP first"
    if info.file_size > _MAX_MEMBER_BYTES:
        return f"unpacked it would take {info.file_size / 2**30:.0f} GiB, more than is read from a ZIP; unpack it first"
    if info.file_size > _RATIO_COUNTS_FROM_BYTES and info.file_size > _MAX_RATIO * info.compress_size:
        return f"it would unpack to {info.file_size / max(info.compress_size, 1):.0f} times its size, as no image does"
    return ""


def _labelled(infos: Sequence[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Members by a harmless label: their name without anything that could lead out of the archive."""
    labelled: dict[str, zipfile.ZipInfo] = {}
    repeated: dict[str, int] = {}
    for info in infos:
        if info.is_dir():
            continue
        parts = [re.sub(r"[\x00-\x1f\x7f:]", "_", part) for part in re.split(r"[/\\]", info.filename)]
        label = "/".join(part for part in parts if part not in ("", ".", "..")) or "unnamed"
        while label in labelled:
            repeated[label] = repeated.get(label, 1) + 1
            label = f"{label}~{repeated[label]}"
        labelled[label] = info
    return labelled


def _check_directory(stream: BinaryIO) -> None:
    """Refuse a directory of too many members before zipfile makes an object of each. APPNOTE.TXT 4.3.12 to 4.3.16."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - (1 << 16) - 22 - 76))  # the longest comment, the end, and what ZIP64 puts before it
    tail = stream.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) - end < 22:
        raise zipfile.BadZipFile
    (directory_bytes,) = struct.unpack_from("<I", tail, end + 12)
    directory_end = size - len(tail) + end
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\6\7" and tail[end - 76 : end - 72] == b"PK\6\6":  # ZIP64
        (directory_bytes,) = struct.unpack_from("<Q", tail, end - 36)
        directory_end -= 76
    if directory_bytes > _MAX_DIRECTORY_BYTES:
        raise SeriesError("the ZIP's list of files is too long; unpack it first")
    stream.seek(max(0, directory_end - directory_bytes))
    if stream.read(directory_bytes).count(b"PK\1\2") > _MAX_MEMBERS:
        raise SeriesError(f"the ZIP holds more than {_MAX_MEMBERS:,} files; unpack it first")
    stream.seek(0)
