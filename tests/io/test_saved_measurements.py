"""Measurements come back bit for bit, from old files too, and survive kill -9; as a table they can be read again."""

from __future__ import annotations

import csv
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.test_measuring import SERIES
from viewer.core.geometry import Geometry
from viewer.core.history import Edit, KeyImageChange, MeasurementChange
from viewer.core.label_sizes import LabelSize
from viewer.core.measuring import KINDS, POINTS, Measurement, values_of
from viewer.core.session import State
from viewer.core.volume import Volume
from viewer.io.annotation_store import AnnotationStore
from viewer.io.measurement_table import write_measurements

REPOSITORY = Path(__file__).parents[2]
LINE = Measurement(1, "length", ((0.1 + 0.2, 1 / 3, 5.0), (9.000000000000002, 1e-17, 5.0)), 2)


@pytest.fixture
def store(tmp_path):
    opened = AnnotationStore(tmp_path / "annotations.sqlite")
    yield opened
    opened.close()


def added(measurement: Measurement) -> Edit:
    return Edit("Draw", measurements=(MeasurementChange(None, measurement),))


numbers = st.floats(-1e6, 1e6, allow_nan=False)
points = st.tuples(numbers, numbers, numbers)
shapes = st.builds(
    Measurement,
    st.integers(1, 99),
    st.sampled_from(KINDS),
    st.lists(points, min_size=1, max_size=40).map(tuple),
    st.integers(0, 2),
    st.text(max_size=40).filter(lambda text: text.isprintable()),
    st.none() | points,
    st.none() | st.tuples(points, points),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes)
def test_a_measurement_comes_back_bit_for_bit(store, oblique_phantom, shape):
    store.append("a", oblique_phantom.geometry, added(shape))

    loaded = store.load("a", oblique_phantom.geometry)
    back = next(m for m in loaded.measurements if m.number == shape.number)
    assert back == shape
    assert repr(back) == repr(shape)  # -0.0 too


def test_changes_and_deletions_are_kept_after_closing(tmp_path, phantom):
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    other = replace(LINE, number=2, kind="ellipse", text="cyst", text_at=(1.0, 2.0, 5.0))
    store.append("a", phantom.geometry, added(LINE))
    store.append("a", phantom.geometry, added(other))
    moved = LINE.moved((0.7, 0.1, 0))
    store.append("a", phantom.geometry, Edit("Move", measurements=(MeasurementChange(LINE, moved),)))
    deletion = Edit("Delete", measurements=(MeasurementChange(other, None),))
    store.append("a", phantom.geometry, deletion)
    store.close()
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    assert store.load("a", phantom.geometry).measurements == (moved,)
    store.append("a", phantom.geometry, deletion.inverse())
    assert store.load("a", phantom.geometry).measurements == (moved, other)
    assert store.load("b", phantom.geometry) is None
    store.close()


def test_a_series_that_was_only_measured_has_no_labels(store, phantom):
    store.append("a", phantom.geometry, added(LINE))

    loaded = store.load("a", phantom.geometry)
    assert loaded.label_map.blank
    assert not loaded.label_map.voxels.any()


def test_a_file_of_an_earlier_version_is_opened(tmp_path, phantom):
    path = tmp_path / "annotations.sqlite"
    store = AnnotationStore(path)
    store.append("a", phantom.geometry, None, state=State((), frozenset({(2, 1)}), "model 1"))
    store.close()
    with sqlite3.connect(path) as database:
        database.execute("drop table measurements")
    database.close()

    store = AnnotationStore(path)
    loaded = store.load("a", phantom.geometry)
    assert (loaded.confirmed, loaded.measurements) == (frozenset({(2, 1)}), ())
    store.append("a", phantom.geometry, added(LINE))
    assert store.load("a", phantom.geometry).measurements == (LINE,)
    store.close()


def test_key_images_are_kept_and_a_mark_can_be_taken_back(tmp_path, phantom):
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    marks = [Edit("Mark", key_images=(KeyImageChange(place, True),)) for place in ((2, 4), (0, 4), (2, 1))]
    for edit in marks:
        store.append("a", phantom.geometry, edit)
    store.append("a", phantom.geometry, marks[0])  # twice is once
    store.append("a", phantom.geometry, marks[1].inverse())
    store.close()
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    loaded = store.load("a", phantom.geometry)
    assert loaded.key_images == {(2, 4), (2, 1)}
    assert loaded.label_map.blank and not loaded.confirmed and not store.is_confirmed("a")
    assert store.load("b", phantom.geometry) is None
    store.close()


def test_a_file_from_before_key_images_is_opened(tmp_path, phantom):
    path = tmp_path / "annotations.sqlite"
    store = AnnotationStore(path)
    store.append("a", phantom.geometry, added(LINE))
    store.close()
    with sqlite3.connect(path) as database:
        database.execute("drop table key_images")
    database.close()

    store = AnnotationStore(path)
    assert store.load("a", phantom.geometry).key_images == frozenset()
    store.append("a", phantom.geometry, Edit("Mark", key_images=(KeyImageChange((1, 2), True),)))
    loaded = store.load("a", phantom.geometry)
    assert (loaded.key_images, loaded.measurements) == ({(1, 2)}, (LINE,))
    store.close()


# As a table


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_is_read_back_exactly(tmp_path, phantom):
    phantom = replace(phantom, suv_factor=0.25)
    shapes = [
        Measurement(
            n + 1, kind, ((1.1, 2.2, 3.0), (7.3, 8.9, 3.0), (4.0, 1.0, 3.0), (2.0, 6.0, 3.0))[: POINTS[kind]], 2
        )
        for n, kind in enumerate(KINDS)
    ]
    shapes[3] = replace(shapes[3], text='Zyste, "links"\n左')
    measured = [(shape, values_of(shape, phantom, SERIES)) for shape in shapes]
    path = tmp_path / "table.csv"

    write_measurements(path, measured, phantom.geometry, {"Liver": LabelSize(1 / 3, 12.5)})

    rows = read_table(path)
    assert [row["kind"] for row in rows] == [*KINDS, "label"]
    for row, (shape, values) in zip(rows, measured, strict=False):
        assert row["text"] == shape.text
        assert tuple(tuple(map(float, p.split())) for p in row["points_ijk"].split(";")) == shape.points
        lps = np.array([p.split() for p in row["points_lps_mm"].split(";")], float)
        np.testing.assert_array_equal(lps, phantom.geometry.index_to_lps(shape.points))
        for name in ("length", "area", "mean", "sd", "minimum", "maximum", "value"):
            stored = getattr(values, name)
            assert row[name] == ("" if stored is None else repr(stored))
        assert row["angle_degrees"] == ("" if values.angle is None else repr(values.angle))
        assert row["slice"] == "4"
    ellipse = rows[KINDS.index("ellipse")]
    assert float(ellipse["suv_mean"]) == measured[3][1].mean * 0.25
    assert (ellipse["area_unit"], ellipse["unit"]) == ("mm2", "HU")
    assert rows[-1]["text"] == "Liver" and float(rows[-1]["volume_ml"]) == 1 / 3
    assert float(rows[-1]["longest_diameter_mm"]) == 12.5
    assert list(tmp_path.iterdir()) == [path]


def test_no_table_names_the_patient_and_one_describes_the_series(tmp_path, phantom):
    series = replace(
        SERIES, patient_name="Canary^Patient", patient_id="CANARY-7", birth_date="19500102", description="Thorax"
    )
    measured = [(LINE, values_of(LINE, phantom, series))]

    for described in (None, series):
        path = tmp_path / "table.csv"
        write_measurements(path, measured, phantom.geometry, {}, described)
        text = path.read_text(encoding="utf-8-sig").lower()
        assert "canary" not in text
        assert "1950" not in text
        assert ("thorax" in text) == (described is not None)


def test_a_picture_without_a_place_has_no_points_in_the_patient(tmp_path):
    geometry = Geometry((4, 4, 1), (1, 1, 1), np.zeros(3), np.eye(3), patient_space=False, calibrated=False)
    volume = Volume(np.zeros((1, 4, 4), np.uint8), geometry)
    shape = Measurement(1, "length", ((0.0, 0.0, 0.0), (3.0, 0.0, 0.0)), 2)

    write_measurements(tmp_path / "t.csv", [(shape, values_of(shape, volume, SERIES))], geometry, {})

    row = read_table(tmp_path / "t.csv")[0]
    assert (row["length"], row["length_unit"], row["points_lps_mm"]) == ("3.0", "px", "")


def test_a_table_that_cannot_be_written_leaves_the_one_before(tmp_path, phantom):
    path = tmp_path / "missing" / "table.csv"
    with pytest.raises(OSError, match="missing"):
        write_measurements(path, [], phantom.geometry, {})


ON_PLANE = replace(LINE, spread=((0.1 + 0.2, 1 / 3, -0.7), (1e-17, 9.000000000000002, 5.0)))


def test_the_plane_of_an_oblique_measurement_comes_back_bit_for_bit(store, oblique_phantom):
    grid = oblique_phantom.geometry
    store.append("1", grid, added(ON_PLANE))

    assert store.load("1", grid).measurements == (ON_PLANE,)


def test_a_row_of_the_first_release_has_no_oblique_plane(store, oblique_phantom):
    grid = oblique_phantom.geometry
    store.append("1", grid, added(LINE))
    row = '{"kind": "probe", "points": [[1.0, 2.0, 3.0]], "normal": 1, "text": "", "text_at": null}'
    with store._database as database:
        database.execute("update measurements set measurement = ?", (row,))

    assert store.load("1", grid).measurements == (Measurement(1, "probe", ((1.0, 2.0, 3.0),), 1),)


def test_the_table_calls_an_oblique_plane_so_and_gives_it_no_slice(tmp_path, oblique_phantom):
    values = values_of(ON_PLANE, oblique_phantom, SERIES)
    write_measurements(tmp_path / "m.csv", [(ON_PLANE, values)], oblique_phantom.geometry, {})

    with (tmp_path / "m.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["slice_axis"], row["slice"]) == ("oblique", "")
    assert row["points_ijk"]
