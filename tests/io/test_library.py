"""The index survives closing, damage and two threads, and gives back exactly what was put in."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viewer.core.geometry import plane_axes
from viewer.core.study import GeometryVerdict, Scan, Series, SeriesError
from viewer.core.volume import Volume
from viewer.io.library import Library, make_thumbnail


def series(uid: str, **fields: object) -> Series:
    whole = Series(
        uid=uid,
        study_uid="study-1",
        patient_id="7",
        patient_name="Doe^Jane",
        modality="CT",
        description=f"series {uid}",
        files=(Path("/somewhere/ä 1.dcm"), Path("/somewhere/2.dcm")),
        verdict=GeometryVerdict("regular", "2 slices every 2.50 mm."),
        size=(14, 11, 2),
        spacing_mm=(0.8, 1.3, 2.5),
        number=4,
        study_date="20200101",
        window=(40.0, 400.0),
    )
    return replace(whole, **fields)


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.sqlite")
    yield opened
    opened.close()


def test_series_come_back_as_they_were_put_in(tmp_path):
    bare = series("bare", size=None, spacing_mm=None, window=None, number=None, files=(Path("a"),))
    for _ in range(2):  # the second time from a file that exists
        library = Library(tmp_path / "library.sqlite")
        library.add(Scan((series("a"), bare)))
        library.close()
    library = Library(tmp_path / "library.sqlite")
    assert library.series("a") == series("a")
    assert library.series("bare") == bare
    assert len(library.all_series()) == 2
    assert library.put_aside is None
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
    assert [row.uid for row in tree[1].studies[1].series] == ["b", "a"]


def test_files_without_a_patient_are_not_thrown_together(library):
    library.add(Scan((series("a", patient_id="", patient_name="x"), series("b", patient_id="", patient_name="x"))))
    assert len(library.tree()) == 2


def test_scanning_again_replaces_and_keeps_the_thumbnail(library):
    library.add(Scan((series("a"),)))
    library.set_thumbnail("a", np.eye(5, dtype=np.uint8))
    library.add(Scan((series("a", description="new"),)))
    assert library.series("a").description == "new"
    np.testing.assert_array_equal(library.thumbnail("a"), np.eye(5, dtype=np.uint8))
    assert len(library.all_series()) == 1


def test_removed_series_is_gone_with_its_thumbnail(library):
    library.add(Scan((series("a"), series("b"))))
    library.set_thumbnail("a", np.zeros((3, 4), np.uint8))
    library.remove("a")
    assert library.thumbnail("a") is None
    assert [row.uid for row in library.all_series()] == ["b"]
    with pytest.raises(SeriesError):
        library.series("a")


def test_thumbnail_that_comes_after_the_removal_is_dropped(library):
    """A job makes thumbnails while a person removes a series."""
    library.add(Scan((series("a"),)))
    library.remove("a")
    library.set_thumbnail("a", np.zeros((3, 4), np.uint8))
    assert library.thumbnail("a") is None


def test_removed_names_leave_no_trace_in_the_file(tmp_path):
    path = tmp_path / "library.sqlite"
    library = Library(path)
    library.add(Scan((series("a", patient_name="Canary^Removed"), series("b"))))
    library.remove("a")
    library.close()
    assert b"Canary" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


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


def test_text_file_in_place_of_the_index_is_put_aside(tmp_path):
    (tmp_path / "library.sqlite").write_text("no database\n" * 100)
    library = Library(tmp_path / "library.sqlite")
    assert library.put_aside is not None
    library.close()


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


# Thumbnails


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
    from viewer.core.geometry import Geometry

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
