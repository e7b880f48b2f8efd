"""Labels in every format that we write, laid again by our own import on the series that they were drawn on."""

from __future__ import annotations

import numpy as np
import pytest

from tests.labelled_series import LABELS, SOURCES, labelled, only_series, placed, source_series
from tests.marked_patient import TILTED, write_radiograph, write_slices, write_volume
from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.laying import Found, import_of, lay, on_pictures, refers_to, why_not_of
from viewer.core.study import Series, SeriesError
from viewer.io.files import look_here, read_series
from viewer.io.found_label_files import is_label_file, read_label_file
from viewer.io.found_objects import read_found
from viewer.io.label_export import SUFFIXES, save_labels
from viewer.io.segmentation_objects import write_fractions

OBJECTS, MAPS = ("seg", "seg-labelmap", "rtstruct"), ("nrrd", "nifti", "mha")


def found_in(path, series: Series) -> Found:
    """As the window finds it."""
    if is_label_file(path):
        return read_label_file(path, look_here, read_series)
    found = read_found(path)
    assert isinstance(found, Found) and refers_to(found.source, series) and not why_not_of(found.source, series)
    return on_pictures(found, series)


def imported(found: Found, geometry: Geometry) -> tuple[np.ndarray, tuple[Label, ...]]:
    """What the import makes of it in an empty label map: voxels and table."""
    empty = np.zeros(geometry.shape, np.uint8)
    made = import_of("Import", lay(found, geometry), empty, (), (), replace_labels=False)
    assert made.edit is not None and made.edit.table is not None and not any(made.cut)
    (delta,) = made.edit.deltas
    delta.apply(empty)
    return empty, made.edit.table[1]


def assert_same(found: Found, labels) -> None:
    """Voxel for voxel, and each label with its name, colour and code; its number may be another."""
    voxels, table = imported(found, labels.geometry)
    there = {label.name: label for label in table}
    assert sorted(there) == sorted(label.name for label in labels.present)
    for label in labels.present:
        back = there[label.name]
        np.testing.assert_array_equal(voxels == back.value, labels.voxels == label.value)
        assert (back.colour, back.code) == (label.colour, label.code), label.name


@pytest.mark.parametrize("kind", [*OBJECTS, *MAPS])
@pytest.mark.parametrize("source", SOURCES)
def test_labels_come_back_from_every_format(source, kind, tmp_path):
    series = source_series(source, tmp_path / "scan")
    labels = labelled(series)
    path = tmp_path / f"labels{SUFFIXES[kind]}"
    save_labels(labels, path, kind)
    assert_same(found_in(path, series), labels)


@pytest.mark.parametrize("kind", OBJECTS)
def test_labels_of_uneven_slices_come_back_slice_by_slice(kind, tmp_path):
    write_slices(tmp_path / "scan", "LPH", TILTED, slices=(0, 1, 2, 4, 5, 9), change=placed())
    series = only_series(tmp_path / "scan")
    assert not series.verdict.is_volume
    labels = labelled(series)
    save_labels(labels, tmp_path / "labels.dcm", kind)
    assert_same(found_in(tmp_path / "labels.dcm", series), labels)


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("letters", ["LPF", "ARF", "HLP"])
def test_labels_of_turned_and_mirrored_volume_files_come_back(letters, kind, tmp_path):
    series = only_series(write_volume(tmp_path / "scan" / "volume.nrrd", letters, TILTED))
    assert series.geometry.left_handed == (letters == "LPF")
    labels = labelled(series)
    path = tmp_path / f"labels{SUFFIXES[kind]}"
    save_labels(labels, path, kind)
    assert_same(found_in(path, series), labels)


@pytest.mark.parametrize("kind", [*OBJECTS, *MAPS])
def test_names_of_any_length_and_script_come_back(kind, tmp_path):
    write_slices(tmp_path / "scan", "LPH", change=placed())
    names = ("Läsion 肝脏 " + "sehr lang " * 9).strip(), "a^b~c|d=e", "Segment"
    named = tuple(Label(n + 2, name, (10, 20 * n, 200)) for n, name in zip((0, 3, 7), names, strict=True))
    series = only_series(tmp_path / "scan")
    labels = labelled(series, named)
    path = tmp_path / f"labels{SUFFIXES[kind]}"
    save_labels(labels, path, kind)
    assert_same(found_in(path, series), labels)


@pytest.mark.parametrize("source", SOURCES)
def test_probabilities_of_one_half_and_more_come_back(source, tmp_path):
    series = source_series(source, tmp_path / "scan")
    chances = np.random.default_rng(7).random(series.geometry.shape, dtype=np.float32)
    chances[np.abs(chances - 0.5) < 0.01] = 0
    write_fractions(series, series.geometry, {LABELS[0]: chances}, tmp_path / "fractions.dcm")
    voxels, (label,) = imported(found_in(tmp_path / "fractions.dcm", series), series.geometry)
    np.testing.assert_array_equal(voxels == label.value, chances > 0.5)
    assert (label.name, label.colour, label.code) == (LABELS[0].name, LABELS[0].colour, LABELS[0].code)


@pytest.mark.parametrize("kind", OBJECTS[:2])
def test_labels_of_a_radiograph_come_back_onto_it_alone(kind, tmp_path):
    picture = np.arange(30 * 40, dtype=np.uint16).reshape(30, 40)
    write_radiograph(tmp_path / "scan" / "dx.dcm", "L\\F", picture)
    write_radiograph(tmp_path / "other" / "dx2.dcm", "L\\F", picture)
    series = only_series(tmp_path / "scan")
    labels = labelled(series)
    save_labels(labels, tmp_path / "labels.dcm", kind)
    assert_same(found_in(tmp_path / "labels.dcm", series), labels)
    assert "another series" in why_not_of(read_found(tmp_path / "labels.dcm").source, only_series(tmp_path / "other"))


def test_a_table_beside_a_file_that_is_not_its_own_is_told_and_a_damaged_one_is_refused(tmp_path):
    write_slices(tmp_path / "scan", "LPH", change=placed())
    series = only_series(tmp_path / "scan")
    save_labels(labelled(series), tmp_path / "labels.nii.gz", "nifti")
    assert not found_in(tmp_path / "labels.nii.gz", series).notes
    (tmp_path / "labels.nii.gz").rename(tmp_path / "mine.nii.gz")
    table = (tmp_path / "labels.labels.json").rename(tmp_path / "mine.labels.json")
    assert "written for another file" in found_in(tmp_path / "mine.nii.gz", series).notes[0]
    table.write_text(table.read_text()[:-90])
    with pytest.raises(SeriesError, match=r"mine\.labels\.json beside it.* is damaged"):
        found_in(tmp_path / "mine.nii.gz", series)
