"""A person's strokes survive closing, kill -9 and a damaged file; a careless writer must not pass the same harness."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viewer.core.geometry import Geometry
from viewer.core.history import Edit, History, LabelDelta
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.painting import changed_box
from viewer.core.session import State
from viewer.core.study import SeriesError
from viewer.io import annotation_store
from viewer.io.annotation_store import AnnotationStore

REPOSITORY = Path(__file__).parents[2]


class Painter:
    """Paints at random and remembers what the layers should look like."""

    def __init__(self, geometry: Geometry, seed: int = 0) -> None:
        self.dice = np.random.default_rng(seed)
        self.layers = {"labels": np.zeros(geometry.shape, np.uint8), "machine": np.zeros(geometry.shape, np.uint8)}

    def edit(self, *names: str) -> Edit:
        deltas = []
        for name in names or ("labels",):
            layer = self.layers[name]
            before = layer.copy()
            k, j, i = (int(self.dice.integers(0, n - 2)) for n in layer.shape)
            layer[k : k + 1, j : j + 2, i : i + 2] = 1 + (layer[k, j, i] + self.dice.integers(0, 200)) % 254
            box = changed_box(before, layer)
            deltas.append(LabelDelta.between(name, box, before[box], layer[box]))
        return Edit("Paint", tuple(deltas))


@pytest.fixture
def store(tmp_path):
    opened = AnnotationStore(tmp_path / "annotations.sqlite")
    yield opened
    opened.close()


def again(store: AnnotationStore, tmp_path: Path) -> AnnotationStore:
    store.close()
    return AnnotationStore(tmp_path / "annotations.sqlite")


def test_nothing_is_saved_at_first(store, phantom):
    assert store.load("a", phantom.geometry) is None


def test_edits_are_replayed_in_both_layers(tmp_path, phantom):
    store, painter = AnnotationStore(tmp_path / "annotations.sqlite"), Painter(phantom.geometry)
    for n in range(12):
        store.append("a", phantom.geometry, painter.edit(*(("labels", "machine") if n % 3 == 0 else ("labels",))))
    store = again(store, tmp_path)
    loaded = store.load("a", phantom.geometry)
    np.testing.assert_array_equal(loaded.label_map.voxels, painter.layers["labels"])
    np.testing.assert_array_equal(loaded.machine, painter.layers["machine"])
    loaded.label_map.voxels[0, 0, 0] = 9  # what was loaded can be painted on
    store.close()


def test_undo_and_redo_are_edits_too(store, phantom):
    painter, history = Painter(phantom.geometry), History()
    for _ in range(3):
        edit = painter.edit()
        history.record(edit)
        store.append("a", phantom.geometry, edit)
    expected = painter.layers["labels"].copy()
    for step in (history.undo(), history.undo(), history.redo()):
        store.append("a", phantom.geometry, step)
    last = history.undo_title
    assert last == "Paint"
    undone = history.redo()
    store.append("a", phantom.geometry, undone)
    np.testing.assert_array_equal(store.load("a", phantom.geometry).label_map.voxels, expected)


def test_state_comes_back(tmp_path, phantom):
    labels = (Label(1, "Liver", (1, 2, 3), ("10200004", "SCT", "Liver")), Label(7, "Grün", (9, 9, 9), visible=False))
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    store.append("a", phantom.geometry, None, state=State(labels, frozenset({(0, 3), (2, 5)}), "brain 1.0"))
    store = again(store, tmp_path)
    loaded = store.load("a", phantom.geometry)
    assert loaded.labels == labels
    assert loaded.confirmed == frozenset({(0, 3), (2, 5)})
    assert loaded.source == "brain 1.0"
    store.close()


def test_strokes_without_a_saved_state_have_the_default_labels(store, phantom):
    store.append("a", phantom.geometry, Painter(phantom.geometry).edit())
    assert store.load("a", phantom.geometry).labels == DEFAULT_LABELS


def test_series_do_not_mix(store, phantom):
    one, other = Painter(phantom.geometry, 1), Painter(phantom.geometry, 2)
    for _ in range(5):
        store.append("one", phantom.geometry, one.edit())
        store.append("other", phantom.geometry, other.edit())
    np.testing.assert_array_equal(store.load("one", phantom.geometry).label_map.voxels, one.layers["labels"])
    np.testing.assert_array_equal(store.load("other", phantom.geometry).label_map.voxels, other.layers["labels"])


def test_another_grid_is_refused_and_nothing_is_lost(store, phantom):
    painter = Painter(phantom.geometry)
    store.append("a", phantom.geometry, painter.edit())
    size = (phantom.geometry.size[1], phantom.geometry.size[0], phantom.geometry.size[2])
    for changed in (replace(phantom.geometry, size=size), replace(phantom.geometry, origin=np.zeros(3))):
        with pytest.raises(SeriesError, match="changed"):
            store.load("a", changed)
    assert store.load("a", phantom.geometry) is not None


def test_rounding_of_the_grid_does_not_lock_a_person_out(store, phantom):
    """The same series read by another version may differ in the last digits."""
    origin = np.array([0.0125, -0.0005, 7.0004999])
    grid = replace(phantom.geometry, origin=origin)
    store.append("a", grid, Painter(grid).edit())
    nudged = replace(grid, origin=origin + 1e-6)
    assert store.load("a", nudged) is not None


def test_long_journal_is_folded_without_a_change(tmp_path, phantom):
    store, painter = AnnotationStore(tmp_path / "annotations.sqlite"), Painter(phantom.geometry)
    for _ in range(230):
        store.append("a", phantom.geometry, painter.edit("labels", "machine"))
    for _ in range(2):
        loaded = store.load("a", phantom.geometry)
        np.testing.assert_array_equal(loaded.label_map.voxels, painter.layers["labels"])
        np.testing.assert_array_equal(loaded.machine, painter.layers["machine"])
    store.append("a", phantom.geometry, painter.edit())
    store = again(store, tmp_path)
    np.testing.assert_array_equal(store.load("a", phantom.geometry).label_map.voxels, painter.layers["labels"])
    store.close()
    database = sqlite3.connect(tmp_path / "annotations.sqlite")
    assert database.execute("select folded from annotated").fetchone()[0] == 230
    database.close()


def test_folding_leaves_what_can_be_undone_and_redone(tmp_path, phantom, monkeypatch):
    monkeypatch.setattr(annotation_store, "_JOURNAL_LIMIT", 20)
    store, painter = AnnotationStore(tmp_path / "annotations.sqlite"), Painter(phantom.geometry)
    history, states = History(), [painter.layers["labels"].copy()]
    for _ in range(30):
        edit = painter.edit()
        history.record(edit)
        store.append("a", phantom.geometry, edit)
        states.append(painter.layers["labels"].copy())
    for _ in range(12):
        store.append("a", phantom.geometry, history.undo(), "undo")
    for _ in range(5):
        store.append("a", phantom.geometry, history.redo(), "redo")
    for _ in range(3):  # folds, finds itself folded, and goes on
        loaded = store.load("a", phantom.geometry)
        np.testing.assert_array_equal(loaded.label_map.voxels, states[23])
        assert titles(loaded.history) == (23, 7)
    take(loaded.history.redo, states[24:], loaded.label_map.voxels)
    take(loaded.history.undo, states[29::-1], loaded.label_map.voxels)
    assert loaded.history.next_undo is None
    store.close()


def test_what_is_made_after_an_undo_ends_what_could_be_redone_also_across_folding(tmp_path, phantom, monkeypatch):
    monkeypatch.setattr(annotation_store, "_JOURNAL_LIMIT", 5)
    store, painter = AnnotationStore(tmp_path / "annotations.sqlite"), Painter(phantom.geometry)
    history = History()
    for _ in range(10):
        edit = painter.edit()
        history.record(edit)
        store.append("a", phantom.geometry, edit)
    for _ in range(4):
        store.append("a", phantom.geometry, history.undo(), "undo")
    loaded = store.load("a", phantom.geometry)  # folded with four that can be redone
    assert titles(loaded.history) == (6, 4)
    painter.layers["labels"][...] = loaded.label_map.voxels
    store.append("a", phantom.geometry, painter.edit())
    loaded = again(store, tmp_path).load("a", phantom.geometry)
    assert titles(loaded.history) == (7, 0)
    np.testing.assert_array_equal(loaded.label_map.voxels, painter.layers["labels"])


def test_the_oldest_edits_go_from_the_file_too_when_the_bytes_are_spent(tmp_path, phantom, monkeypatch):
    store, painter = AnnotationStore(tmp_path / "annotations.sqlite"), Painter(phantom.geometry)
    edits = [painter.edit() for _ in range(30)]
    for edit in edits:
        store.append("a", phantom.geometry, edit)
    monkeypatch.setattr(annotation_store, "_JOURNAL_LIMIT", 5)
    monkeypatch.setattr(annotation_store, "HISTORY_LIMIT_BYTES", sum(edit.size_bytes for edit in edits[-10:]))
    store.load("a", phantom.geometry)
    loaded = again(store, tmp_path).load("a", phantom.geometry)
    np.testing.assert_array_equal(loaded.label_map.voxels, painter.layers["labels"])
    assert titles(loaded.history) == (10, 0)


def titles(history) -> tuple[int, int]:
    """How many edits can be undone and redone; the history stays as it is."""
    return len(history._done), len(history._undone)


def take(step, states, voxels) -> None:
    """Undo or redo until each of the states was seen."""
    for wanted in states:
        for delta in step().deltas:
            delta.apply(voxels)
        np.testing.assert_array_equal(voxels, wanted)


def test_a_stroke_costs_a_small_row(tmp_path, phantom):
    large = replace(phantom.geometry, size=(256, 256, 100))
    store, painter = AnnotationStore(tmp_path / "annotations.sqlite"), Painter(large)
    store.append("a", large, painter.edit())
    before = sum(file.stat().st_size for file in tmp_path.iterdir())
    for _ in range(20):
        store.append("a", large, painter.edit())
    assert (sum(file.stat().st_size for file in tmp_path.iterdir()) - before) / 20 < 20_000
    store.close()


def test_write_that_fails_is_an_os_error(store, phantom):
    store.close()
    with pytest.raises(OSError, match=r".+"):
        store.append("a", phantom.geometry, Painter(phantom.geometry).edit())


def test_a_state_that_cannot_be_compared_with_the_one_before_is_an_os_error(store, phantom):
    store._database.close()
    with pytest.raises(OSError, match="closed"):
        store.append("a", phantom.geometry, None, state=State(DEFAULT_LABELS, frozenset(), ""))


def test_damaged_journal_is_put_aside_and_never_deleted(tmp_path, phantom):
    path = tmp_path / "annotations.sqlite"
    store, painter = AnnotationStore(path), Painter(phantom.geometry)
    for _ in range(100):
        store.append("a", phantom.geometry, painter.edit())
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:12000] = b"\xa5" * (12000 - 4096)
    path.write_bytes(content)
    store = AnnotationStore(path)
    assert store.put_aside is not None
    assert store.put_aside.read_bytes() == content
    store.append("a", phantom.geometry, painter.edit())
    store.close()


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


@pytest.fixture
def crashed(tmp_path, oblique_phantom) -> tuple[Path, Painter]:
    """The files as a crash leaves them, the newest strokes in the write-ahead log alone, and what was painted."""
    path, crashed = tmp_path / "live" / "annotations.sqlite", tmp_path / "crashed" / "annotations.sqlite"
    path.parent.mkdir()
    crashed.parent.mkdir()
    painter = Painter(oblique_phantom.geometry)
    for strokes in (200, 20):
        store = AnnotationStore(path)
        for _ in range(strokes):
            store.append("a", oblique_phantom.geometry, painter.edit())
        if strokes == 20:
            crashed.write_bytes(path.read_bytes())
            log_of(crashed).write_bytes(log_of(path).read_bytes())
        store.close()
    assert len(log_of(crashed).read_bytes()) > 10_000
    return crashed, painter


def test_strokes_still_in_the_wal_are_there_after_a_crash(crashed, oblique_phantom):
    path, painter = crashed
    store = AnnotationStore(path)
    assert store.put_aside is None
    loaded = store.load("a", oblique_phantom.geometry)
    np.testing.assert_array_equal(loaded.label_map.voxels, painter.layers["labels"])
    store.close()


@pytest.mark.parametrize("lost", [slice(0, None), slice(4096, None)], ids=["all", "all but the first page"])
def test_strokes_still_in_the_wal_are_put_aside_with_the_damaged_file(crashed, lost):
    """After a crash the newest strokes lie in the write-ahead log alone: it must be kept for a rescue."""
    path, _ = crashed
    content = bytearray(path.read_bytes())
    content[lost] = b"\xa5" * len(content[lost])
    path.write_bytes(content)
    log = log_of(path).read_bytes()
    store = AnnotationStore(path)
    store.close()
    assert store.put_aside is not None
    assert store.put_aside.read_bytes() == content
    assert log_of(store.put_aside).read_bytes() == log


def test_second_damaged_file_does_not_replace_the_first(tmp_path):
    path = tmp_path / "annotations.sqlite"
    contents = [bytes([fill]) * 5000 for fill in (1, 2, 3)]
    for content in contents:
        path.write_bytes(content)
        AnnotationStore(path).close()
    assert {file.read_bytes() for file in tmp_path.glob("*.damaged-*")} == set(contents)


# kill -9


def test_greys_that_were_annotated_as_colours_have_their_work_again(store, oblique_phantom):
    greys = replace(oblique_phantom, voxels=(oblique_phantom.voxels % 251).astype(np.uint8))
    colours = replace(greys, voxels=np.repeat(greys.voxels[..., None], 3, axis=-1))
    assert store.key_of("1.2", colours) == "1.2"
    store.append("1.2", colours.geometry, None, state=State(DEFAULT_LABELS, frozenset(), ""))

    assert store.key_of("1.2", replace(greys, saved_as_colours=True)) == "1.2"
    assert store.key_of("1.2", greys) != "1.2"


def test_the_opacity_of_a_surface_is_kept_and_tables_from_before_it_have_opaque_ones(store, oblique_phantom):
    labels = (replace(DEFAULT_LABELS[0], surface_opacity=0.3), *DEFAULT_LABELS[1:])
    store.append("1.2", oblique_phantom.geometry, None, state=State(labels, frozenset(), ""))
    assert store.load("1.2", oblique_phantom.geometry).labels == labels

    with store._database:
        store._database.execute(
            "update annotated set state = replace(state, ', \"surface_opacity\": 0.3', '') where uid = '1.2'"
        )
    assert store.load("1.2", oblique_phantom.geometry).labels[0].surface_opacity == 1.0
