"""The index survives closing, damage, several threads and programs, and gives back exactly what was put in."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.listed_series import listed_series
from viewer.core.display import VoiTable, WindowLevel
from viewer.core.geometry import Geometry, plane_axes
from viewer.core.study import GeometryVerdict, Moment, Scan, Series, SeriesError, UltrasoundRegion
from viewer.core.volume import Volume
from viewer.io.library import Library, PatientEntry
from viewer.io.thumbnails import make_thumbnail


def series(uid: str, **fields: object) -> Series:
    whole = {
        "files": (Path("/somewhere/ä 1.dcm"), Path("/somewhere/2.dcm")),
        "verdict": GeometryVerdict("regular", "2 slices every 2.50 mm."),
        "size": (14, 11, 2),
        "spacing_mm": (0.8, 1.3, 2.5),
        "number": 4,
        "windows": (WindowLevel(40.0, 400.0, "SIGMOID", "SOFT"),),
        "instance_uids": ("1.2.3", "1.2.4"),
    }
    return listed_series(uid, **{**whole, **fields})


def in_files(uid: str, *files: Path, **fields: object) -> Series:
    """A series whose instances are named after the files."""
    names = tuple(f"1.2.{file.stem}" for file in files)
    return series(uid, files=files, instance_uids=names, size=(14, 11, len(files)), **fields)


def written(folder: Path, count: int, first: int = 0) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{n}.dcm" for n in range(first, first + count)]
    for file in files:
        file.touch()
    return files


def uids(tree: tuple[PatientEntry, ...]) -> set[str]:
    return {uid for patient in tree for study in patient.studies for uid in study.series_uids}


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.sqlite")
    yield opened
    opened.close()


def test_series_come_back_as_they_were_put_in(tmp_path):
    bare = series(
        "bare", size=None, spacing_mm=None, windows=(), number=None, files=(Path("a"),), instance_uids=(), study_uid=""
    )
    rich = series(
        "rich",
        verdict=GeometryVerdict("uneven", "Gaps of 2.00 to 5.00 mm."),
        spacing_mm=(0.8, 1.3, None),
        direction=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        origins=((-41.5, 17.25, 103.0), (-41.5, 17.25, 108.123456789012345)),
        frame_numbers=(3, 0),
        regions=(UltrasoundRegion((0, 0, 640, 480), (0.1, 0.2)),),
        moment=Moment("sequence", "b-value", 1, 2, "b 1000 s/mm²"),
        padding=(-2000.0, -2000.0),
        voi_table=VoiTable(-5, 8, (0, 3, 255)),
        notes=("One of 3 stacks in this series: orientation differs.",),
        patient_name="Yamada^Tarou=山田^太郎",
        files=(Path("/a/study.zip/IM/0001"), Path(os.fsdecode(b"/b/no-utf8-\xff.dcm"))),
    )
    for _ in range(2):  # the second time from a file that exists
        library = Library(tmp_path / "library.sqlite")
        library.add(Scan((series("a"), bare, rich)))
        library.close()
    library = Library(tmp_path / "library.sqlite")
    assert library.series("a") == series("a")
    assert library.series("bare") == bare
    assert library.series("rich") == rich
    assert len(library.all_series()) == 3
    assert library.put_aside is None
    assert library.salvaged_paths == ()
    library.close()


def test_tree_groups_studies_by_patient(library):
    library.add(
        Scan(
            (
                series("a", number=2),
                series("b", number=1),
                series("c", study_uid="study-2", study_date="20210101"),
                series("d", study_uid="study-3", patient_id="8", patient_name="Abel"),
            )
        )
    )
    tree = library.tree()
    assert [patient.name for patient in tree] == ["Abel", "Doe^Jane"]
    assert [study.uid for study in tree[1].studies] == ["study-2", "study-1"]  # newest first
    assert [row.uid for row in library.entries(tree[1].studies[1])] == ["b", "a"]


def test_entries_tell_what_the_browser_shows(library):
    moment = Moment("sequence", "time", 0, 300, "0 s")
    verdict = GeometryVerdict("tilted", "The gantry is tilted by 15°.")
    library.add(Scan((series("a", size=(64, 48, 36), verdict=verdict, notes=("One.", "Two."), moment=moment),)))
    (entry,) = library.entries(library.tree()[0].studies[0])
    assert (entry.width, entry.height, entry.images) == (64, 48, 36)
    assert (entry.verdict, entry.notes, entry.moment) == (verdict, ("One.", "Two."), moment)


def test_files_without_a_patient_are_not_thrown_together(library):
    nobody = {"patient_id": "", "patient_name": "x"}
    library.add(Scan((series("a", study_uid="1", **nobody), series("b", study_uid="2", **nobody))))
    assert len(library.tree()) == 2
    library.add(Scan((series("c", study_uid="", **nobody), series("d", study_uid="", **nobody))))
    assert len(library.tree()) == 4


def test_one_id_with_two_names_is_two_patients(library):
    library.add(Scan((series("a"), series("b", patient_name="Roe^Richard", study_uid="study-2"))))
    assert [patient.name for patient in library.tree()] == ["Doe^Jane", "Roe^Richard"]


def test_patient_leaves_with_the_last_series(library):
    library.add(Scan((series("a"),)))
    library.add(Scan((series("a", patient_id="anonymous", patient_name="anonymous"),)))
    assert [patient.name for patient in library.tree()] == ["anonymous"]


# Search


@pytest.fixture
def hospital(library) -> Library:
    library.add(
        Scan(
            (
                series("ct", patient_name="Müller-Łopez^José^^Dr", patient_id="A-17", body_part="ABDOMEN"),
                series("mr", study_uid="s2", modality="MR", description="t1_mprage", study_date="20231224"),
                series("us", study_uid="s3", modality="US", patient_id="9", patient_name="Straße", study_date=""),
            )
        )
    )
    return library


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"ct", "mr", "us"}),
        ("muller", {"ct"}),
        ("MÜLLER", {"ct"}),
        ("lopez^jose", {"ct"}),
        ("jose lopez", {"ct"}),
        ("a-17", {"ct"}),
        ("abdo", {"ct"}),
        ("mprage", {"mr"}),
        ("t1 mprage", {"mr"}),
        ("2023-12-24", {"mr"}),
        ("20231224", {"mr"}),
        ("mr doe", {"mr"}),
        ("STRASSE", {"us"}),
        ("muller mprage", set()),
        ("%", set()),
        ("'; drop table series; --", set()),
    ],
)
def test_search_finds_every_word(hospital, text, found):
    assert uids(hospital.search(text)) == found


def test_search_by_modality_and_date(hospital):
    assert uids(hospital.search(modality="US")) == {"us"}
    assert uids(hospital.search(from_date=date(2020, 1, 2))) == {"mr"}
    assert uids(hospital.search(to_date=date(2020, 1, 1))) == {"ct"}  # included; without a date none
    assert uids(hospital.search(from_date=date(2020, 1, 1), to_date=date(2023, 12, 24))) == {"ct", "mr"}
    assert uids(hospital.search("doe", modality="CT")) == set()
    assert hospital.modalities() == ("CT", "MR", "US")


def test_search_keeps_only_the_series_that_match(library):
    library.add(Scan((series("a", description="localizer"), series("b", description="flair"))))
    (patient,) = library.search("flair")
    assert patient.studies[0].series_uids == ("b",)
    assert [entry.uid for entry in library.entries(patient.studies[0])] == ["b"]


# Looking again


def test_scanning_again_replaces_and_keeps_the_thumbnail_and_the_time(library):
    library.add(Scan((series("a"),)))
    library.add(Scan((series("b"),)))
    library.set_thumbnail("a", np.eye(5, dtype=np.uint8))
    library.add(Scan((series("a", description="new"),)))
    assert library.series("a").description == "new"
    np.testing.assert_array_equal(library.thumbnail("a"), np.eye(5, dtype=np.uint8))
    assert [row.uid for row in library.all_series()] == ["a", "b"]  # in the order in which they came


def test_moved_files_replace_the_old_paths(library, tmp_path):
    library.add(Scan((in_files("a", *written(tmp_path / "old", 3)),)))
    (tmp_path / "old").rename(tmp_path / "new")
    moved = in_files("a", *(tmp_path / "new" / f"{n}.dcm" for n in range(3)))
    library.add(Scan((moved,)))
    assert library.all_series() == [moved]


def test_stacks_that_are_split_otherwise_leave_no_ghosts(library, tmp_path):
    files = written(tmp_path, 6)
    library.add(Scan((in_files("1.2#a", *files[:3]), in_files("1.2#b", *files[3:]))))
    whole = in_files("1.2", *files)
    library.add(Scan((whole,)))
    assert library.all_series() == [whole]
    library.add(Scan((in_files("1.2#a", *files[:2]), in_files("1.2#c", *files[2:]))))
    assert {row.uid for row in library.all_series()} == {"1.2#a", "1.2#c"}


def test_stacks_in_another_folder_stay(library, tmp_path):
    library.add(Scan((in_files("1.2#a", *written(tmp_path / "a", 3)),)))
    library.add(Scan((in_files("1.2#b", *written(tmp_path / "b", 3, first=3)),)))
    assert {row.uid for row in library.all_series()} == {"1.2#a", "1.2#b"}


def test_stacks_whose_files_have_moved_leave_no_ghosts(library, tmp_path):
    library.add(Scan((in_files("1.2#a", *written(tmp_path / "old", 3)),)))
    (tmp_path / "old").rename(tmp_path / "new")
    library.add(Scan((in_files("1.2#b", *(tmp_path / "new" / f"{n}.dcm" for n in range(3))),)))
    assert [row.uid for row in library.all_series()] == ["1.2#b"]


def test_one_dropped_file_does_not_shrink_a_known_series(library, tmp_path):
    files = written(tmp_path, 5)
    whole = in_files("a", *files)
    library.add(Scan((whole,)))
    assert library.add(Scan((in_files("a", files[2]),))) == (whole,)
    assert library.all_series() == [whole]


def test_one_dropped_file_opens_the_stack_that_holds_it(library, tmp_path):
    """Alone it is the whole series, so that its uid has no suffix."""
    files = written(tmp_path, 6)
    first, second = in_files("1.2#a", *files[:3]), in_files("1.2#b", *files[3:])
    library.add(Scan((first, second)))
    assert library.add(Scan((in_files("1.2", files[4]),))) == (second,)
    assert library.all_series() == [first, second]


def test_deleted_files_shrink_a_known_series(library, tmp_path):
    files = written(tmp_path, 5)
    library.add(Scan((in_files("a", *files),)))
    files[4].unlink()
    rest = in_files("a", *files[:4])
    assert library.add(Scan((rest,))) == (rest,)
    assert library.all_series() == [rest]


def test_part_of_the_files_with_another_patient_replaces(library, tmp_path):
    """A file that was made anonymous in its place must not be shown under the old name."""
    files = written(tmp_path, 5)
    library.add(Scan((in_files("a", *files),)))
    other = in_files("a", files[2], patient_name="anonymous")
    assert library.add(Scan((other,))) == (other,)
    assert library.all_series() == [other]


def test_more_files_than_known_replace(library, tmp_path):
    files = written(tmp_path, 5)
    library.add(Scan((in_files("a", *files[:2]),)))
    whole = in_files("a", *files)
    library.add(Scan((whole,)))
    assert library.all_series() == [whole]


def test_new_stack_beside_part_of_a_known_one_is_listed(library, tmp_path):
    files = written(tmp_path, 5)
    library.add(Scan((in_files("1.2#a", *files[:3]),)))
    part, new = in_files("1.2#a", *files[:2]), in_files("1.2#b", *files[3:])
    assert library.add(Scan((part, new))) == (part, new)
    assert library.all_series() == [part, new]


def test_part_of_a_damaged_entry_replaces_it(tmp_path):
    path, files = tmp_path / "library.sqlite", written(tmp_path / "files", 5)
    library = Library(path)
    library.add(Scan((in_files("a", *files, origins=((1.25, 2.0, 3.0),)),)))
    library.close()
    path.write_bytes(path.read_bytes().replace(b"[1.25,", b"[7.25,"))
    library = Library(path)
    part = in_files("a", files[0])
    assert library.add(Scan((part,))) == (part,)
    library.close()


def test_missing_files_are_noticed(library, tmp_path):
    files = written(tmp_path / "there", 3)
    archive = tmp_path / "study.zip"
    archive.touch()
    zipped = in_files("zipped", archive / "IM" / "1.dcm", archive / "IM" / "2.dcm", study_uid="s2")
    library.add(Scan((in_files("a", *files), zipped)))
    assert not library.missing("a")
    assert not library.missing("zipped")
    files[2].unlink()
    archive.unlink()
    assert library.missing("a")
    assert library.missing("zipped")


# Removing


def test_removed_series_is_gone_with_its_thumbnail(library):
    library.add(Scan((series("a"), series("b"))))
    library.set_thumbnail("a", np.zeros((3, 4), np.uint8))
    library.remove("a")
    assert library.thumbnail("a") is None
    assert [row.uid for row in library.all_series()] == ["b"]
    with pytest.raises(SeriesError):
        library.series("a")


def test_sequence_is_played_in_order_and_removed_as_a_whole(library):
    moments = [series(f"1.2#{n}", moment=Moment("1.2", "time", n, 12, f"{n} s")) for n in range(12)]
    library.add(Scan((*reversed(moments), series("b"))))
    assert library.sequence("1.2") == tuple(moments)
    library.remove("1.2#7")
    assert [row.uid for row in library.all_series()] == ["b"]


def test_thumbnail_that_comes_after_the_removal_is_dropped(library):
    """A job makes thumbnails while a person removes a series."""
    library.add(Scan((series("a"),)))
    library.remove("a")
    library.set_thumbnail("a", np.zeros((3, 4), np.uint8))
    assert library.thumbnail("a") is None


def test_removed_names_leave_no_trace_in_the_file(tmp_path):
    path = tmp_path / "library.sqlite"
    library = Library(path)
    canary = series("a", patient_name="Canary^Removed", files=(Path("/canary/1"), Path("/canary/2")))
    library.add(Scan((canary, series("b"))))
    library.set_thumbnail("a", np.frombuffer(b"CanaryPixels", np.uint8).reshape(3, 4))
    library.remove("a")
    library.close()
    assert b"canary" not in b"".join(file.read_bytes() for file in tmp_path.iterdir()).lower()


# Thumbnails are a cache


def test_index_holds_no_pixels(tmp_path):
    library = Library(tmp_path / "library.sqlite")
    library.add(Scan((series("a"),)))
    library.set_thumbnail("a", np.frombuffer(b"PictureInside", np.uint8).reshape(1, 13))
    library.close()
    assert b"PictureInside" not in (tmp_path / "library.sqlite").read_bytes()


def test_coloured_thumbnail_comes_back(library):
    picture = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    library.add(Scan((series("a"),)))
    library.set_thumbnail("a", picture)
    np.testing.assert_array_equal(library.thumbnail("a"), picture)


def test_oldest_thumbnails_are_forgotten(library, monkeypatch):
    monkeypatch.setattr("viewer.io.thumbnails._MOST", 3)
    library.add(Scan(tuple(series(uid) for uid in "abcde")))
    for uid in "abcda":  # a comes again, so that b and c are the oldest
        library.set_thumbnail(uid, np.zeros((3, 4), np.uint8))
    library.set_thumbnail("e", np.zeros((3, 4), np.uint8))
    assert [uid for uid in "abcde" if library.thumbnail(uid) is not None] == ["a", "d", "e"]


@pytest.mark.parametrize("content", [b"", b"no database" * 500])
def test_lost_or_damaged_thumbnails_are_begun_anew(tmp_path, content):
    library = Library(tmp_path / "library.sqlite")
    library.add(Scan((series("a"),)))
    library.set_thumbnail("a", np.zeros((3, 4), np.uint8))
    library.close()
    (tmp_path / "thumbnails.sqlite").write_bytes(content)
    library = Library(tmp_path / "library.sqlite")
    assert library.thumbnail("a") is None
    library.set_thumbnail("a", np.ones((3, 4), np.uint8))
    assert library.thumbnail("a").all()
    library.close()


# Damage


def test_damaged_index_is_put_aside_and_begun_anew(tmp_path):
    path = tmp_path / "library.sqlite"
    library = Library(path)
    library.add(Scan(tuple(series(f"{n}") for n in range(200))))
    library.close()
    content = bytearray(path.read_bytes())
    content[5000:9000] = b"\xa5" * 4000
    path.write_bytes(content)
    again = Library(path)
    assert again.put_aside is not None
    assert again.put_aside.read_bytes() == content
    assert again.all_series() == []
    again.add(Scan((series("a"),)))
    again.close()


def test_damaged_index_tells_what_was_listed_and_is_still_there(tmp_path):
    path, files = tmp_path / "library.sqlite", written(tmp_path / "files", 300)
    archive = tmp_path / "study.zip"
    archive.touch()
    library = Library(path)
    zipped = (archive / "1.dcm", archive / "2.dcm")
    gone = (tmp_path / "gone" / "1.dcm",)
    library.add(Scan((in_files("zipped", *zipped), in_files("gone", *gone))))
    library.add(Scan(tuple(in_files(f"{n}", *files[n : n + 3]) for n in range(0, 300, 3))))
    library.close()
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xa5" * 4096  # one page of many
    path.write_bytes(content)
    again = Library(path)
    assert again.put_aside is not None
    assert set(again.salvaged_paths) <= {*files, archive}  # an archive as a whole, nothing that is gone
    assert archive in again.salvaged_paths
    assert len(again.salvaged_paths) > 150
    again.close()


def test_index_with_any_byte_damaged_opens_or_is_put_aside(tmp_path):
    path = tmp_path / "library.sqlite"
    library = Library(path)
    known = {f"{n}": series(f"{n}", notes=("Note.",), moment=Moment("s", "time", n, 40, "t")) for n in range(40)}
    library.add(Scan(tuple(known.values())))
    library.close()
    whole = path.read_bytes()
    dice = random.Random(5)
    opened = put_aside = 0
    for n in range(300):
        content = bytearray(whole)
        place = dice.randrange(100 if n % 3 == 0 else len(whole))  # a third of them in the header of the file
        content[place] ^= dice.randrange(1, 256)
        folder = tmp_path / f"{n}"
        folder.mkdir()
        (folder / "library.sqlite").write_bytes(content)
        damaged = Library(folder / "library.sqlite")
        opened, put_aside = opened + (damaged.put_aside is None), put_aside + (damaged.put_aside is not None)
        tree = damaged.tree()
        entries = [entry for patient in tree for study in patient.studies for entry in damaged.entries(study)]
        for row in damaged.all_series():  # never a series that is not quite what was put in
            assert row in known.values()
        assert len(entries) <= 40
        damaged.search("doe", modality="CT", from_date=date(2000, 1, 1))
        damaged.sequence("s")
        damaged.missing("3")
        damaged.add(Scan((series("new"), known["7"])))
        assert damaged.series("new") == series("new")
        damaged.remove("new")
        damaged.close()
    assert opened > 50
    assert put_aside > 50


def test_entry_that_is_not_what_was_written_is_dropped(tmp_path):
    path = tmp_path / "library.sqlite"
    library = Library(path)
    library.add(Scan((series("a", origins=((1.25, 2.0, 3.0),)), series("b"))))
    library.close()
    content = path.read_bytes()
    assert content.count(b"[1.25,") == 1
    path.write_bytes(content.replace(b"[1.25,", b"[7.25,"))
    library = Library(path)
    assert [row.uid for row in library.all_series()] == ["b"]
    with pytest.raises(SeriesError):
        library.series("a")
    library.close()


def test_index_whose_parts_disagree_is_put_aside(tmp_path):
    """A damaged letter in what SQLite looks series up by would hide them from all but the whole list."""
    path = tmp_path / "library.sqlite"
    library = Library(path)
    library.add(Scan((series("needle"),)))
    library.close()
    whole = path.read_bytes()
    places = [n for n in range(len(whole)) if whole.startswith(b"needle", n)]
    assert len(places) > 3
    for n, place in enumerate(places):
        folder = tmp_path / f"{n}"
        folder.mkdir()
        (folder / "library.sqlite").write_bytes(whole[:place] + b"noodle" + whole[place + 6 :])
        damaged = Library(folder / "library.sqlite")
        assert all(damaged.series(row.uid) == series("needle") for row in damaged.all_series())
        damaged.add(Scan((series("needle"),)))
        assert damaged.series("needle") == series("needle")
        damaged.close()


def test_text_file_in_place_of_the_index_is_put_aside(tmp_path):
    (tmp_path / "library.sqlite").write_text("no database\n" * 100)
    library = Library(tmp_path / "library.sqlite")
    assert library.put_aside is not None
    library.close()


def test_index_of_the_first_release_is_emptied_and_its_files_are_named(tmp_path):
    path, files = tmp_path / "library.sqlite", written(tmp_path / "files", 2)
    first = sqlite3.connect(path)
    first.execute("pragma journal_mode = wal")
    first.executescript(
        "create table series (uid text primary key, study_uid text not null, patient_key text not null, "
        "added real not null, header text not null);"
        "create table thumbnails (uid text primary key references series (uid) on delete cascade, rows integer, "
        "columns integer, grey blob);"
        "create index series_of_study on series (patient_key, study_uid);"
    )
    header = json.dumps({"uid": "a", "files": [str(file) for file in files], "window": [40.0, 400.0]})
    with first:
        first.execute("insert into series values ('a', 's', 'p', 1.0, ?)", (header,))
        first.execute("insert into series values ('b', 's', 'p', 1.0, 'no json')")
        first.execute("insert into thumbnails values ('a', 1, 1, x'00')")
    first.close()
    library = Library(path)
    assert library.put_aside is None
    assert library.tree() == ()
    assert library.salvaged_paths == tuple(files)
    library.add(Scan((series("a"),)))
    library.close()
    library = Library(path)
    assert [row.uid for row in library.all_series()] == ["a"]
    assert library.salvaged_paths == ()
    library.close()


def test_index_of_a_later_release_is_kept(tmp_path):
    path = tmp_path / "library.sqlite"
    Library(path).close()
    later = sqlite3.connect(path)
    later.execute("pragma user_version = 99")
    later.close()
    library = Library(path)
    assert library.tree() == ()
    library.add(Scan((series("a"),)))
    library.close()
    kept = [file for file in tmp_path.iterdir() if "damaged" in file.name and file.suffix == ".sqlite"]
    assert len(kept) == 1
    assert sqlite3.connect(kept[0]).execute("pragma user_version").fetchone() == (99,)


def test_index_in_use_elsewhere_is_not_put_aside(tmp_path, monkeypatch):
    """A locked file is not a damaged one: moving it away would tear it from the program that holds it."""
    path = tmp_path / "library.sqlite"
    Library(path).close()
    connect = sqlite3.connect
    holder = connect(path)
    holder.execute("pragma locking_mode = exclusive")
    holder.execute("begin exclusive")
    monkeypatch.setattr(sqlite3, "connect", lambda file, **options: connect(file, **options | {"timeout": 0.1}))
    with pytest.raises((OSError, sqlite3.OperationalError)):
        Library(path)
    holder.close()
    assert [file.name for file in tmp_path.iterdir() if "damaged" in file.name] == []


# Several threads, several programs


def test_reading_while_a_job_writes(library):
    errors = []

    def write() -> None:
        try:
            for n in range(30):
                library.add(Scan((series(f"{n}"),)))
                library.set_thumbnail(f"{n}", np.zeros((4, 4), np.uint8))
        except Exception as error:
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        library.tree()
    writer.join()
    assert errors == []
    assert len(library.all_series()) == 30


def test_reading_does_not_wait_for_a_write(library):
    library.add(Scan((series("a"),)))
    with library._transaction() as database:
        database.execute("update series set description = 'half done'")
        seen = []
        reader = threading.Thread(
            target=lambda: seen.append((library.entries(library.tree()[0].studies[0]), library.changed_elsewhere()))
        )
        reader.start()
        reader.join(5)
        assert seen[0][0][0].description == "series a"
        assert seen[0][1] is False


_PROGRAM = """
import sys
from pathlib import Path
from viewer.core.study import GeometryVerdict, Scan, Series
from viewer.io.library import Library

library, name, count = Library(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for n in range(count):
    uid = f"{name}-{n}"
    row = Series(uid, "study", "7", "Doe", "CT", "", (Path("/x") / uid,), GeometryVerdict("regular", ""), (1, 1, 1))
    library.add(Scan((row,)))
    if n % 10 == 0:
        library.tree()
library.close()
"""


def started(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", _PROGRAM, str(path), name, str(count)], text=True, **pipes)


def test_two_programs_lose_nothing(tmp_path):
    """Both begin on a file that does not exist yet, and a third reads all the while."""
    path = tmp_path / "library.sqlite"
    programs = [started(path, name, 1000) for name in "ab"]
    for program in programs:
        assert program.stdout is not None and program.stdin is not None
        assert program.stdout.readline() == "ready\n"
        program.stdin.write("go\n")
        program.stdin.flush()
    library = Library(path)
    changes = 0
    while any(program.poll() is None for program in programs):
        library.search("doe")
        changes += library.changed_elsewhere()
        time.sleep(0.02)
    assert [(program.communicate()[1], program.returncode) for program in programs] == [("", 0), ("", 0)]
    assert uids(library.tree()) == {f"{name}-{n}" for name in "ab" for n in range(1000)}
    assert changes > 3
    assert library.changed_elsewhere() in (True, False)
    assert not library.changed_elsewhere()
    library.add(Scan((series("own"),)))
    assert not library.changed_elsewhere()  # it knows what it has written itself
    library.close()


def test_start_waits_for_another_program_that_starts(tmp_path):
    """Turning to a write-ahead log while another program writes its first page: SQLite itself does not wait."""
    path = tmp_path / "library.sqlite"
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("begin immediate")
    threading.Timer(0.3, other.rollback).start()
    Library(path).close()
    other.close()


def test_programs_that_start_and_end_together(tmp_path):
    path = tmp_path / "library.sqlite"
    loop = (
        "import sys\nfrom pathlib import Path\nfrom viewer.io.library import Library\n"
        "for n in range(40): Library(Path(sys.argv[1])).close()"
    )
    programs = [
        subprocess.Popen([sys.executable, "-c", loop, str(path)], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [(program.communicate()[1], program.returncode) for program in programs] == [("", 0)] * 3
    assert [file.name for file in tmp_path.iterdir() if "damaged" in file.name] == []


# How thumbnails look


def bright_corner(volume: Volume) -> tuple[Volume, tuple[int, int]]:
    """The middle slice dark but for the quarter that the screen shows at the top left, and that quarter's place."""
    voxels = np.zeros(volume.voxels.shape, np.int16)
    _, rows, columns = voxels.shape
    voxels[:, : rows // 2, : columns // 2] = 1000
    axes = next(
        a for plane in ("axial", "coronal", "sagittal") if (a := plane_axes(volume.geometry, plane)).normal == 2
    )
    column, row = axes.to_screen((0, 0, 0), volume.geometry.size)
    return replace(volume, voxels=voxels), (0 if row == 0 else -1, 0 if column == 0 else -1)


def test_thumbnail_is_the_right_way_round(phantom):
    volume, corner = bright_corner(phantom)
    picture = make_thumbnail(volume)
    bright = {place: int(picture[place]) for place in ((0, 0), (0, -1), (-1, 0), (-1, -1))}
    assert max(bright, key=bright.__getitem__) == corner


def test_thumbnail_is_square_in_millimetres(oblique_phantom):
    geometry = oblique_phantom.geometry
    rows, columns = make_thumbnail(oblique_phantom).shape
    width_mm, height_mm = (geometry.size[a] * geometry.spacing[a] for a in (0, 1))
    assert max(rows, columns) <= 128
    elongation = max(width_mm, height_mm) / min(width_mm, height_mm)
    assert max(columns, rows) / min(columns, rows) == pytest.approx(elongation, rel=0.05)


@pytest.mark.parametrize("shape", [(1, 3, 3), (1, 1, 9), (2, 2, 300)])
def test_thumbnail_of_a_tiny_picture(shape):
    geometry = Geometry((shape[2], shape[1], shape[0]), (1, 1, 1), np.zeros(3), np.eye(3), False, False)
    voxels = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    picture = make_thumbnail(Volume(voxels, geometry))
    assert picture.dtype == np.uint8
    assert min(picture.shape) >= 1


def test_thumbnail_of_values_that_are_no_numbers(oblique_phantom):
    voxels = oblique_phantom.voxels.astype(np.float32)
    voxels[:, :2, :2] = np.nan
    picture = make_thumbnail(replace(oblique_phantom, voxels=voxels))
    assert picture.max() > picture.min()  # the rest of the picture is still seen


def test_padding_is_black_and_no_part_of_the_window(oblique_phantom):
    voxels = np.full(oblique_phantom.voxels.shape, 100, np.int16)
    voxels[:, :, 7:] = 200
    voxels[:, :5] = -2000
    volume = replace(oblique_phantom, voxels=voxels, padding=(-2000.0, -2000.0))
    for inverted in (False, True):
        picture = make_thumbnail(volume, inverted)
        assert np.mean(picture == 0) > 0.6  # the padding and one half of the rest
        assert np.mean(picture == 255) > 0.2  # the other: a window from -2000 on would make it as dark


def test_small_values_of_monochrome1_are_white(oblique_phantom):
    volume, (row, column) = bright_corner(oblique_phantom)
    assert make_thumbnail(volume)[row, column] == 255
    assert make_thumbnail(volume, inverted=True)[row, column] == 0
    assert make_thumbnail(volume, inverted=True).max() == 255


def test_thumbnail_of_colours(oblique_phantom):
    i, j, k = oblique_phantom.geometry.size
    voxels = np.zeros((k, j, i, 3), np.uint8)
    voxels[..., 0], voxels[..., 1], voxels[..., 2] = 250, 20, 130
    grey = make_thumbnail(oblique_phantom)
    picture = make_thumbnail(replace(oblique_phantom, voxels=voxels))
    assert picture.shape == (*grey.shape, 3)
    assert np.abs(picture.astype(int) - (250, 20, 130)).max() <= 1


def test_thumbnail_of_slices_that_make_no_volume(oblique_phantom):
    size = oblique_phantom.geometry.size
    origins = oblique_phantom.geometry.index_to_lps([(0, 0, k * k) for k in range(size[2])])
    stack = replace(oblique_phantom.geometry, slice_origins=origins, spacing=(0.8, 1.3, 1.0))
    expected = make_thumbnail(oblique_phantom)
    np.testing.assert_array_equal(make_thumbnail(replace(oblique_phantom, geometry=stack)), expected)
