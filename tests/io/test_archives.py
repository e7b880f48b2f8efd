"""Folders, DICOMDIR and ZIP: what is there is found once, and nothing outside is ever opened."""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import os
import struct
import sys
import threading
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    generate_uid,
)

from tests.opened_files import opened_files
from viewer.core.study import Refusal, SeriesError
from viewer.io import archives, files
from viewer.io.files import Aspect, Look

CONTENT = bytes(range(256)) * 300  # larger than any buffer, and nowhere the same


def scanned(*paths: Path) -> tuple[list[Path], list[Refusal]]:
    """The files that a scan takes for possible images, and those that it refuses because of where they are."""
    looked_at: list[Path] = []

    def look_all(found: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
        for file in found:
            look = Look(file) if at == "header" else files.look(file, at)
            if at == "header":
                looked_at.append(file)
            elif look.contents is not None and file in looked_at:  # no image, but a ZIP
                looked_at.remove(file)
            yield look

    refused = files.scan(paths, look_all=look_all).refused
    return looked_at, [refusal for refusal in refused if not refusal.reason.startswith("this is no image")]


def files_in(*paths: Path) -> list[Path]:
    return scanned(*paths)[0]


def refusals_in(*paths: Path) -> list[tuple[str, str]]:
    return [(refusal.file.name, refusal.reason) for refusal in scanned(*paths)[1]]


def content_of(path: Path) -> bytes:
    with archives.open_file(path) as stream:
        return stream.read()


def zipped(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, packing)
    return path


def test_the_listener_hears_an_opened_file(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with opened_files() as opened:
        archives.open_file(tmp_path / "link").close()
    assert opened == [str(tmp_path / "a")]


# Folders


def test_folders_are_walked_to_the_bottom_in_the_order_of_names(tmp_path):
    for name in ("b/2", "b/1", "a", "b/c/3", ".hidden/4", "b/.hidden"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert [str(file.relative_to(tmp_path)) for file in files_in(tmp_path)] == ["a", "b/1", "b/2", "b/c/3"]


def test_a_file_says_whether_it_was_named_itself(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    assert list(archives.Walk([tmp_path / "a", tmp_path])) == [(tmp_path / "a", True), (tmp_path / "b", False)]


def test_folders_nested_deeper_than_python_recurses_are_walked(tmp_path):
    folders = [tmp_path / "d"]
    while len(folders) < sys.getrecursionlimit() + 100:
        folders.append(folders[-1] / "d")
    for folder in folders:
        folder.mkdir()
    (folders[-1] / "a").write_bytes(b"a")
    try:
        assert files_in(tmp_path) == [folders[-1] / "a"]
    finally:
        (folders[-1] / "a").unlink()
        for folder in reversed(folders):  # what clears the folders of a test would recurse
            folder.rmdir()


def test_what_is_not_there_is_refused_by_its_name(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert refusals_in(tmp_path / "gone", tmp_path / "pipe") == [
        ("gone", "there is no such file or folder"),
        ("pipe", "it is no regular file"),
    ]


def test_a_walk_opens_no_file(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": b"a"})
    document = zipped(tmp_path / "letter", {"a": b"a"})
    (tmp_path / "DICOMDIR").write_bytes(b"x")
    with opened_files() as opened:
        walk = archives.Walk([tmp_path / "DICOMDIR", document, tmp_path])
        assert list(walk) == [(tmp_path / "DICOMDIR", True), (document, True), (archive, False)]
        walk.enter(archive, archives.Contents(members=("a",)))
        walk.enter(tmp_path / "DICOMDIR", archives.Contents(file_ids=(("LETTER",),)))
        assert list(walk) == [(archive / "a", False)]
    assert opened == []


def test_opening_a_pipe_does_not_wait_for_its_other_end(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    ended = threading.Event()

    def attempt() -> None:
        with pytest.raises(OSError, match="no regular file"):
            archives.open_file(tmp_path / "pipe")
        ended.set()

    threading.Thread(target=attempt, daemon=True).start()
    assert ended.wait(10)


def test_devices_are_not_opened():
    with opened_files() as opened, pytest.raises(OSError, match="no regular file"):
        archives.open_file(Path("/dev/null"))
    assert opened == []


def test_links_in_a_circle_and_links_to_folders_are_not_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_bytes(b"x")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert files_in(tmp_path) == [tmp_path / "a" / "file"]


def test_a_large_folder_can_be_left_before_it_was_listed_to_its_end(tmp_path, monkeypatch):
    """A million files: check must be called while a folder is listed, not only between its files."""

    class Entry:
        name = "x"

        def is_dir(self, follow_symlinks: bool) -> bool:
            return False

    class Endless:
        def __enter__(self) -> Iterator[Entry]:
            return (Entry() for _ in itertools.count())

        def __exit__(self, *_: object) -> None: ...

    class Stop(Exception):
        pass

    monkeypatch.setattr(os, "scandir", lambda folder: Endless())
    calls = itertools.count()

    def check() -> None:
        if next(calls) > 10:
            raise Stop

    with pytest.raises(Stop):
        next(archives.Walk([tmp_path], check))


# ZIP


def test_members_are_read_below_the_path_of_their_archive(tmp_path):
    archive = zipped(tmp_path / "study.zip", {"IM/0001": CONTENT, "IM/0002": b"two", "notes.txt": b"n"})
    assert files_in(archive) == [archive / "IM" / "0001", archive / "IM" / "0002", archive / "notes.txt"]
    assert content_of(archive / "IM" / "0001") == CONTENT
    assert archives.size_of(archive / "IM" / "0001") == len(CONTENT)
    assert archives.exists(archive / "IM" / "0001")


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_can_be_read_at_any_place(tmp_path, packing):
    archive = zipped(tmp_path / "a.zip", {"a": CONTENT}, packing)
    truth = io.BytesIO(CONTENT)
    with archives.open_file(archive / "a") as stream:
        for place, whence, count in ((70_000, 0, 10), (5, 0, 300), (-100, 2, 200), (0, 0, 70_000), (-50_000, 1, -1)):
            assert stream.seek(place, whence) == truth.seek(place, whence)
            assert stream.read(count) == truth.read(count)


def test_a_member_is_unpacked_once_and_only_as_far_as_it_is_read(tmp_path, monkeypatch):
    large = os.urandom(4 << 20)
    archive = zipped(tmp_path / "a.zip", {"a": large})
    unpacked = 0
    honest = zipfile.ZipExtFile.read

    def counting(self: zipfile.ZipExtFile, count: int = -1) -> bytes:
        nonlocal unpacked
        part = honest(self, count)
        unpacked += len(part)
        return part

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    with archives.open_file(archive / "a") as stream:
        assert stream.read(132) == large[:132]
        assert unpacked < 200_000
        stream.read()
        for _ in range(3):
            stream.seek(0)
            assert stream.read() == large
    assert unpacked == len(large)


def test_names_that_lead_out_of_the_archive_are_only_labels(tmp_path):
    names = ["../../outside", "/etc/passwd", "C:\\windows\\x", "a/../../b", "a//./b", "\x07bell", "..", "x/.."]
    (tmp_path / "in").mkdir()
    (tmp_path / "outside").write_bytes(b"sentinel")
    archive = zipped(tmp_path / "in" / "a.zip", {name: name.encode() for name in names})
    with opened_files() as opened:
        found = files_in(archive)
        contents = [content_of(file) for file in found]
    assert contents == [name.replace("\\", "/").encode() if os.sep == "\\" else name.encode() for name in names]
    for file in found:
        assert os.path.normpath(file) == str(file)
        assert str(file).startswith(f"{archive}{os.sep}")
        assert file.name.isprintable()
    assert set(opened) == {str(archive)}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_one_name_stay_apart(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for content in (b"1", b"2", b"3"):
            archive.writestr("a", content)
    assert [content_of(file) for file in files_in(tmp_path / "a.zip")] == [b"1", b"2", b"3"]


def test_a_member_that_was_named_before_its_archive_is_looked_at_once(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": b"a", "b": b"b"})
    assert files_in(archive / "a", archive) == [archive / "a", archive / "b"]


def test_archives_of_a_folder_are_entered_in_the_order_of_their_names_and_few_at_once(tmp_path, monkeypatch):
    """What they list is held in memory until their members have been looked at."""
    made = [zipped(tmp_path / f"{n}.zip", {"1": b"1", "2": b"2"}, zipfile.ZIP_STORED) for n in range(5)]
    assert files_in(tmp_path) == [archive / name for archive in made for name in "12"]

    asked: list[list[Path]] = []

    def look_all(found: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
        if at == "contents":
            asked.append(list(found))
        return files.look_here(found, check, at)

    files.scan([tmp_path], look_all=look_all)
    assert asked == [made]
    asked.clear()
    monkeypatch.setattr(files, "_ZIPPED_BYTES", 2 * made[0].stat().st_size - 1)
    files.scan([tmp_path], look_all=look_all)
    assert asked == [made[:2], made[2:4], made[4:]]


def test_a_document_in_a_folder_is_not_asked_for_its_members(tmp_path):
    document = zipped(tmp_path / "letter.docx", {"word/document.xml": b"<w/>"})
    asked: list[Path] = []

    def look_all(found: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
        asked.extend(found if at == "contents" else ())
        return files.look_here(found, check, at)

    files.scan([tmp_path], look_all=look_all)
    assert asked == []
    files.scan([document], look_all=look_all)
    assert asked == [document]


def test_the_digest_of_a_member_is_that_of_its_bytes_and_holds_few_of_them(tmp_path):
    large = bytes(64 << 20)
    (tmp_path / "plain").write_bytes(CONTENT)
    archive = zipped(tmp_path / "a.zip", {"large": large, "small": CONTENT})
    tracemalloc.start()
    try:
        digests = [archives.digest_of(path) for path in (archive / "large", archive / "small", tmp_path / "plain")]
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert digests == [hashlib.sha256(content).hexdigest() for content in (large, CONTENT, CONTENT)]


def test_a_damaged_member_has_no_digest(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": CONTENT}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[40_000] ^= 1
    archive.write_bytes(content)
    with pytest.raises(SeriesError, match="damaged inside its ZIP"):
        archives.digest_of(archive / "a")


def test_the_bytes_on_the_disc_are_those_of_the_file_or_of_the_archive(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": CONTENT})
    with opened_files() as opened:
        assert archives.stored_bytes(archive) == archives.stored_bytes(archive / "a") == archive.stat().st_size
        assert archives.stored_bytes(tmp_path / "gone") == 0
    assert opened == []


def test_nothing_is_written_while_an_archive_is_read(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"IM/1": CONTENT})
    before = sorted(tmp_path.rglob("*"))
    content_of(files_in(archive)[0])
    assert sorted(tmp_path.rglob("*")) == before


def test_a_text_document_that_is_a_zip_is_walked_only_if_it_was_named(tmp_path):
    document = zipped(tmp_path / "letter.docx", {"word/document.xml": b"<w/>"})
    assert files_in(tmp_path) == [document]
    assert files_in(document) == [document / "word" / "document.xml"]


def test_a_zip_inside_a_zip_is_refused(tmp_path):
    inner = zipped(tmp_path / "inner.zip", {"a": b"a"}).read_bytes()
    outer = zipped(tmp_path / "outer.zip", {"inner.zip": inner, "b": b"b"})
    assert files_in(outer) == [outer / "b"]
    assert refusals_in(outer) == [("inner.zip", "a ZIP inside a ZIP is not opened; unpack the outer one first")]


def patched(archive: Path, name: bytes, offset: int, form: str, value: int) -> None:
    """Change a number of the entry of a member in the central directory (APPNOTE.TXT 4.3.12)."""
    content = bytearray(archive.read_bytes())
    entry = content.rindex(b"PK\1\2", 0, content.rindex(name))
    struct.pack_into(form, content, entry + offset, value)
    archive.write_bytes(content)


def test_encrypted_members_are_refused_in_one_sentence_and_the_others_read(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"one": b"1", "two": b"2", "three": b"3"})
    patched(archive, b"one", 8, "<H", 1)
    patched(archive, b"two", 8, "<H", 1)
    assert files_in(archive) == [archive / "three"]
    ((_, reason),) = refusals_in(archive)
    assert "2 of its 3 files are encrypted" in reason
    with pytest.raises(SeriesError, match="encrypted"):
        archives.open_file(archive / "one")


@pytest.mark.parametrize(
    ("packed_bytes", "unpacked_bytes", "word"),
    [(1 << 20, (1 << 20) * 201, "times its size"), (0xFFFFFFF0, 0xFFFFFFF0, None), (10, 99 << 20, None)],
)
def test_a_member_that_would_unpack_to_far_more_than_an_image_is_refused(tmp_path, packed_bytes, unpacked_bytes, word):
    archive = zipped(tmp_path / "a.zip", {"bomb": b"b" * 50})
    patched(archive, b"bomb", 20, "<I", packed_bytes)
    patched(archive, b"bomb", 24, "<I", unpacked_bytes)
    reasons = [reason for _, reason in refusals_in(archive)]
    assert len(reasons) == (word is not None)
    if word:
        assert word in reasons[0]
        with pytest.raises(SeriesError, match=word):
            archives.open_file(archive / "bomb")


def test_a_member_above_four_gib_is_refused(tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as writing, writing.open("huge", "w", force_zip64=True) as member:
        member.write(b"h")
    size = (4 << 30) + 1
    infos = zipfile.ZipFile(archive).infolist()
    infos[0].file_size = infos[0].compress_size = size
    assert "4 GiB" in archives._why_no_member(infos[0])


def test_a_member_gives_no_more_than_its_archive_declares(tmp_path):
    """The declared size is a lie: 100 bytes of 76,800. What comes is at most that, and its checksum is wrong."""
    archive = zipped(tmp_path / "a.zip", {"a": CONTENT})
    patched(archive, b"a", 24, "<I", 100)
    with pytest.raises(SeriesError, match="damaged inside its ZIP"):
        content_of(archive / "a")


def test_a_member_that_holds_less_than_it_declares_is_refused(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": CONTENT})
    patched(archive, b"a", 24, "<I", len(CONTENT) + 100)
    with pytest.raises(SeriesError, match="damaged inside its ZIP"):
        content_of(archive / "a")


def test_a_wrong_bit_in_a_member_is_found(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": CONTENT}, zipfile.ZIP_STORED)
    content = bytearray(archive.read_bytes())
    content[40_000] ^= 1
    archive.write_bytes(content)
    with pytest.raises(SeriesError, match="damaged inside its ZIP"):
        content_of(archive / "a")


def test_too_many_members_are_refused_before_they_are_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MAX_MEMBERS", 20)
    assert len(files_in(zipped(tmp_path / "a.zip", {str(n): b"" for n in range(20)}))) == 20
    many = zipped(tmp_path / "b.zip", {str(n): b"" for n in range(21)})
    monkeypatch.setattr(zipfile, "ZipFile", None)  # not even asked
    assert "more than 20 files" in refusals_in(many)[0][1]


@pytest.mark.parametrize("comment_bytes", [0, 65_535])
def test_too_many_members_are_refused_behind_a_long_comment_too(tmp_path, monkeypatch, comment_bytes):
    monkeypatch.setattr(archives, "_MAX_MEMBERS", 20)
    archive = zipped(tmp_path / "a.zip", {str(n): b"" for n in range(21)})
    whole = archive.read_bytes()
    end = whole.rindex(b"PK\5\6")
    start, size = whole.index(b"PK\1\2"), end - whole.index(b"PK\1\2")
    archive.write_bytes(
        whole[:end]
        + struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 21, 21, size, start)
        + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0, 0, comment_bytes)
        + b" " * comment_bytes
    )
    with zipfile.ZipFile(archive) as opened:
        assert len(opened.namelist()) == 21
    assert "more than 20 files" in refusals_in(archive)[0][1]


def test_an_archive_whose_directory_is_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MAX_DIRECTORY_BYTES", 4000)
    assert "list of files is too long" in refusals_in(zipped(tmp_path / "a.zip", {"n" * 4000: b""}))[0][1]


def test_a_cut_archive_is_refused_in_one_sentence_wherever_it_ends(tmp_path):
    whole = zipped(tmp_path / "a.zip", {f"IM/{n}": os.urandom(500) for n in range(5)}).read_bytes()
    for part in range(1, 32):
        (tmp_path / "cut.zip").write_bytes(whole[: len(whole) * part // 32])
        ((name, reason),) = refusals_in(tmp_path / "cut.zip")
        assert (name, reason) == ("cut.zip", "the ZIP is damaged or incomplete; fetch it again")


def test_wrong_bits_in_an_archive_end_in_content_or_one_sentence(tmp_path):
    truth = {f"IM/{n}": os.urandom(300) for n in range(4)}
    whole = zipped(tmp_path / "a.zip", truth).read_bytes()
    for place in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        (tmp_path / "b.zip").write_bytes(damaged)
        found, refused = scanned(tmp_path / "b.zip")
        assert found or refused
        assert all(refusal.reason for refusal in refused)
        for file in found:
            with contextlib.suppress(SeriesError):
                assert content_of(file) in truth.values()


def test_an_archive_that_was_replaced_is_opened_anew(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": b"old"})
    assert content_of(archive / "a") == b"old"
    zipped(tmp_path / "a.zip", {"a": b"newer"})
    assert content_of(archive / "a") == b"newer"


def test_a_thousand_members_read_the_directory_of_their_archive_once(tmp_path):
    archive = zipped(tmp_path / "a.zip", {str(n): b"x" for n in range(1000)})
    with opened_files() as opened:
        for n in range(1000):
            content_of(archive / str(n))
    assert opened == [str(archive)]


def test_a_member_that_is_not_there_is_said_to_be_gone(tmp_path):
    archive = zipped(tmp_path / "a.zip", {"a": b"a"})
    with pytest.raises(FileNotFoundError):
        archives.open_file(archive / "b")
    archive.unlink()
    assert not archives.exists(archive / "a")
    with pytest.raises(FileNotFoundError):
        archives.open_file(archive / "a")


# DICOMDIR


def dicomdir(folder: Path, file_ids: list[list[str]]) -> Path:
    """A DICOMDIR of IMAGE records alone, flat, as a hostile writer would make it: pydicom's own refuses bad names."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["dicomdir"])
    dataset.FileSetID = "TEST"
    dataset.DirectoryRecordSequence = []
    for file_id in file_ids:
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.add_new("ReferencedFileID", "CS", file_id)
        dataset.DirectoryRecordSequence.append(record)
    dataset.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_dicomdir_gives_the_files_it_lists_and_no_others(tmp_path):
    for name in ("IM/A", "IM/B", "IM/C"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    listed = dicomdir(tmp_path, [["IM", "C"], ["IM", "A"], ["IM", "GONE"]])
    assert files_in(listed) == [tmp_path / "IM" / "C", tmp_path / "IM" / "A"]
    assert refusals_in(listed) == [("GONE", "listed by the DICOMDIR but not there")]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("on_disc", ["im/a", "Im/A", "IM/A;1", "im/a.;1", "IM./A."])
def test_names_on_a_disc_may_differ_in_case_and_carry_a_version(tmp_path, on_disc):
    (tmp_path / on_disc).parent.mkdir()
    (tmp_path / on_disc).write_bytes(b"image")
    assert files_in(dicomdir(tmp_path, [["IM", "A"]])) == [tmp_path / on_disc]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "file_id",
    [
        ["..", "secret"],
        ["IM", "..", "..", "secret"],
        ["/", "secret"],
        ["C:", "secret"],
        ["LINK"],
        ["DIR", "secret"],
    ],
)
def test_a_dicomdir_leads_to_nothing_outside_its_folder(tmp_path, file_id):
    (tmp_path / "secret").write_bytes(b"sentinel")
    disc = tmp_path / "disc"
    (disc / "IM").mkdir(parents=True)
    (disc / "LINK").symlink_to(tmp_path / "secret")
    (disc / "DIR").symlink_to(tmp_path, target_is_directory=True)
    listed = dicomdir(disc, [file_id])
    with opened_files() as opened:
        assert files_in(listed) == []
        assert refusals_in(listed) == [("DICOMDIR", "1 of the 1 files it lists lie outside its folder; not opened")]
    assert str(tmp_path / "secret") not in opened
    assert str(listed) in opened


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_empty_or_damaged_dicomdir_gives_its_folder(tmp_path):
    (tmp_path / "image").write_bytes(b"image")
    for content in (dicomdir(tmp_path, []).read_bytes(), b"", b"\0" * 2000):
        (tmp_path / "DICOMDIR").write_bytes(content)
        assert files_in(tmp_path / "DICOMDIR") == [tmp_path / "image"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_a_dicomdir_that_costs_too_much_gives_its_folder(tmp_path, monkeypatch, syntax):
    monkeypatch.setattr(archives, "_MAX_RECORDS", 20)
    (tmp_path / "A").write_bytes(b"a")
    (tmp_path / "not listed").write_bytes(b"b")
    listed = dicomdir(tmp_path, [["A"]] * 20)
    assert files_in(listed) == [tmp_path / "A"]
    if syntax == ExplicitVRLittleEndian:
        dicomdir(tmp_path, [["A"]] * 21)
    else:
        dataset = dcmread(listed)
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(listed)
    assert files_in(listed) == [tmp_path / "A", tmp_path / "not listed"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_a_dicomdir_lists_counts_as_named_though_its_folder_is_named_too(tmp_path):
    (tmp_path / "IM").mkdir()
    (tmp_path / "IM" / "A").write_bytes(b"no image")
    (tmp_path / "IM" / "B").write_bytes(b"no image")
    listed = dicomdir(tmp_path, [["IM", "A"]])
    refused = files.scan([listed, tmp_path]).refused
    assert [refusal.file.name for refusal in refused] == ["A"]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_dicomdir_that_is_named_after_its_folder_is_read_all_the_same(tmp_path):
    listed = dicomdir(tmp_path, [["GONE"]])
    assert refusals_in(tmp_path, listed) == [("GONE", "listed by the DICOMDIR but not there")]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_dicomdir_that_lists_others_does_not_open_them(tmp_path):
    (tmp_path / "IM").mkdir()
    (tmp_path / "IM" / "A").write_bytes(b"a")
    dicomdir(tmp_path / "IM", [["A"]])
    listed = dicomdir(tmp_path, [["DICOMDIR"], ["IM", "DICOMDIR"]])
    assert files_in(listed) == []


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("folders", "name"), [(31, "A"), (32, "not listed")])
def test_a_dicomdir_with_names_of_very_many_folders_gives_its_folder(tmp_path, folders, name):
    place = tmp_path.joinpath(*"F" * folders)
    place.mkdir(parents=True)
    (place / "A").write_bytes(b"a")
    (tmp_path / "not listed").write_bytes(b"b")
    found = files_in(dicomdir(tmp_path, [[*"F" * folders, "A"]]))
    assert found[0].name == name


def test_a_dicomdir_that_cannot_be_read_is_refused_and_gives_its_folder(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(b"x")
    (tmp_path / "image.dcm").write_bytes(b"no image")

    def look_all(found: Sequence[Path], check: Callable[[], None], at: Aspect = "header") -> Iterator[Look]:
        for file in found:
            yield Look(file, refused="the reader crashed on it") if at == "contents" else files.look(file, at)

    refused = files.scan([tmp_path / "DICOMDIR"], look_all=look_all).refused
    assert [refusal.file.name for refusal in refused] == ["DICOMDIR", "image.dcm"]


def test_a_dicomdir_within_a_folder_is_passed_over(tmp_path):
    (tmp_path / "DICOMDIR").write_bytes(b"x")
    (tmp_path / "image").write_bytes(b"image")
    assert files_in(tmp_path) == [tmp_path / "image"]


def test_the_dicomdir_of_a_real_file_set_lists_its_images():
    path = Path(str(get_testdata_file("DICOMDIR")))
    found = files_in(path)
    assert len(found) > 20
    assert all(path.parent in file.parents and file.is_file() for file in found)


# Voxels beside a header


@pytest.mark.parametrize(
    "name", ["../x.raw", "/etc/passwd", "sub/x.raw", "..\\x.raw", "C:x.raw", "", ".", "..", "a\0b"]
)
def test_a_header_may_name_only_a_file_beside_it(tmp_path, name):
    with pytest.raises(SeriesError, match="beside it"):
        archives.beside(tmp_path / "a.mhd", name)


def test_a_link_beside_a_header_may_not_lead_away(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(b"sentinel")
    (tmp_path / "in" / "x.raw").symlink_to(tmp_path / "secret")
    with pytest.raises(SeriesError, match="beside it"):
        archives.beside(tmp_path / "in" / "a.mhd", "x.raw")


def test_an_open_member_can_be_read_though_many_other_archives_were_opened_since(tmp_path):
    truth = os.urandom(300_000)
    for n in range(8):
        zipped(tmp_path / f"{n}.zip", {"m": truth})
    with archives.open_file(tmp_path / "0.zip" / "m") as member:
        member.read(10)
        for n in range(1, 8):
            archives.size_of(tmp_path / f"{n}.zip" / "m")
        member.seek(0)
        assert member.read() == truth
