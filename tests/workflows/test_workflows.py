"""The use cases without a window: jobs run inline, the model is one whose result can be worked out by hand."""

import contextlib
import queue
import shutil
import sqlite3
import threading
import time

import numpy as np
import pytest

from inference.models import ModelStore
from tests.models import write_threshold_model
from viewer import editing
from viewer.core import shaping
from viewer.core.geometry import Geometry
from viewer.core.goal import Goal
from viewer.core.history import at_hand
from viewer.core.label_edits import thresholding
from viewer.core.masking import Masking
from viewer.core.region_acts import RegionAct, change_margin, fill_holes
from viewer.core.region_search import RegionSearch, draw_region
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.io.annotation_store import AnnotationStore
from viewer.io.files import write_image
from viewer.jobs import JobQueue
from viewer.workflows import Workflows

DIRECTION = np.array([[0.96, 0.28, 0.0], [0.28, -0.96, 0.0], [0.0, 0.0, 1.0]])  # oblique and left-handed


def head(bright_at: tuple[slice, slice, slice] = (slice(4, 12), slice(6, 20), slice(9, 20))) -> Volume:
    voxels = np.zeros((18, 30, 26), np.int16)
    voxels[bright_at] = 1000
    return Volume(voxels, Geometry((26, 30, 18), (2.0, 2.0, 2.0), np.array([5.0, -7.0, 40.0]), DIRECTION))


@pytest.fixture
def scan_folder(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    write_image(head().voxels, head().geometry, folder / "first.nii.gz")
    write_image(head((slice(2, 6),) * 3).voxels, head().geometry, folder / "second.nrrd")
    return folder


@pytest.fixture
def user(tmp_path):
    """Starts the program anew on the same user folder, as after a restart."""
    write_threshold_model(tmp_path / "shipped" / "threshold")
    running = []

    def start() -> Workflows:
        while running:
            running.pop().close()
        models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
        workflows = Workflows(Session(), JobQueue(workers=0), tmp_path / "user", models)
        workflows.messages = []
        workflows.on_failure(workflows.messages.append)
        running.append(workflows)
        return workflows

    yield start
    while running:
        running.pop().close()


def open_first(workflows: Workflows, folder) -> None:
    workflows.add_paths([folder])
    uid = next(s.uid for s in workflows.library.all_series() if s.description.startswith("first"))
    workflows.open_series(uid)


def test_dropped_folder_is_listed_with_thumbnails_and_opens(user, scan_folder):
    workflows = user()
    workflows.add_paths([scan_folder])

    listed = workflows.library.all_series()
    assert sorted(s.description for s in listed) == ["first.nii.gz", "second.nrrd"]
    pictures = [workflows.library.thumbnail(s.uid) for s in listed]
    assert [bool(picture.any()) for picture in pictures] == ["first" in s.description for s in listed]
    open_first(workflows, scan_folder)
    np.testing.assert_array_equal(workflows.session.volume.voxels, head().voxels)
    assert workflows.session.volume.geometry.same_grid(head().geometry)


def test_what_was_opened_is_still_listed_after_a_restart(user, scan_folder):
    user().add_paths([scan_folder])

    assert len(user().library.tree()) == 2


def test_segmenting_proposes_and_waits_for_a_person(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    workflows.runs.start("threshold")

    session = workflows.session
    assert session.proposal.source == "threshold 1.0.0"
    assert not session.label_map.voxels.any()
    session.accept_proposal()
    np.testing.assert_array_equal(session.label_map.voxels == 1, head().voxels > 500)


def test_work_is_there_after_a_restart_without_any_saving(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    workflows.runs.start("threshold")
    session = workflows.session
    session.accept_proposal()
    session.choose_tool("brush")
    session.begin_stroke("axial", (12, 20, 9))
    session.end_stroke()
    session.undo()
    session.redo()
    session.toggle_confirmed("axial")
    expected = session.label_map.voxels.copy()

    again = user()
    open_first(again, scan_folder)

    np.testing.assert_array_equal(again.session.label_map.voxels, expected)
    np.testing.assert_array_equal(again.session.machine, session.machine)
    assert again.session.confirmed == session.confirmed
    assert again.session.labels == session.labels
    assert again.session.source == "threshold 1.0.0"


def test_labels_of_a_file_that_changed_behind_are_not_shown_in_the_wrong_place(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    workflows.session.choose_tool("brush")
    workflows.session.begin_stroke("axial", (12, 20, 9))
    workflows.session.end_stroke()
    painted = workflows.session.label_map.voxels.copy()
    moved = Geometry((26, 30, 18), (2.0, 2.0, 2.0), np.array([9.0, -7.0, 40.0]), DIRECTION)
    others = (head().voxels, moved), (head((slice(2, 6),) * 3).voxels, head().geometry)  # another place, another head

    for voxels, geometry in others:
        write_image(voxels, geometry, scan_folder / "first.nii.gz", overwrite=True)
        again = user()
        open_first(again, scan_folder)
        assert "changed since it was annotated" in again.messages[0]
        np.testing.assert_array_equal(again.session.volume.voxels, voxels)
        assert not again.session.label_map.voxels.any()
        again.session.choose_tool("brush")
        again.session.begin_stroke("axial", (5, 5, 5))
        again.session.end_stroke()

    write_image(head().voxels, head().geometry, scan_folder / "first.nii.gz", overwrite=True)
    again = user()
    open_first(again, scan_folder)
    assert again.messages == []
    np.testing.assert_array_equal(again.session.label_map.voxels, painted)


def test_a_full_disk_says_so_and_keeps_the_work_in_memory(user, scan_folder, monkeypatch):
    workflows = user()
    open_first(workflows, scan_folder)

    class FullDisk:
        def __enter__(self):
            raise sqlite3.OperationalError("database or disk is full")

        def __exit__(self, *_):
            return False

        def close(self):
            pass

    session, database = workflows.session, workflows.annotation_store._database
    session.choose_tool("brush")
    monkeypatch.setattr(workflows.annotation_store, "_database", FullDisk())
    for k in (9, 11):
        session.begin_stroke("axial", (12, 20, k))
        session.end_stroke()
    session.toggle_confirmed("axial")
    assert "not saved (database or disk is full)" in workflows.messages[0]
    assert workflows.unsaved
    monkeypatch.setattr(workflows.annotation_store, "_database", database)
    session.begin_stroke("axial", (5, 9, 9))
    session.end_stroke()
    assert not workflows.unsaved

    again = user()
    open_first(again, scan_folder)
    np.testing.assert_array_equal(again.session.label_map.voxels, session.label_map.voxels)
    assert again.session.confirmed == session.confirmed != frozenset()


def test_result_for_a_series_that_is_no_longer_open_goes_nowhere(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    later = []
    workflows.jobs._deliver = later.append
    workflows.runs.start("threshold")
    workflows.jobs._deliver = lambda act: act()
    workflows.open_series(next(s.uid for s in workflows.library.all_series() if "second" in s.description))
    for act in later:
        act()

    assert workflows.session.series.description == "second.nrrd"
    assert workflows.session.proposal is None


def test_the_series_asked_for_last_is_the_one_that_opens(user, scan_folder):
    workflows = user()
    workflows.add_paths([scan_folder])
    first, second = (s.uid for s in sorted(workflows.library.all_series(), key=lambda s: s.description))
    later = []
    workflows.jobs._deliver = later.append
    for uid in (first, second, first, second):
        workflows.open_series(uid)
    for act in reversed(later):  # the slowest answer comes last
        act()
    assert workflows.session.series.uid == second
    workflows.open_series(first)
    workflows.cancel_opening()
    for act in later[:]:
        act()
    assert workflows.session.series.uid == second


def test_nothing_open_and_nothing_confirmed_are_said_in_one_sentence(user, scan_folder):
    workflows = user()
    workflows.runs.start("threshold")
    assert workflows.messages.pop() == "Open a series first, then segment it."
    open_first(workflows, scan_folder)
    workflows.training.start(Goal("segmentation", "threshold"))
    assert workflows.messages.pop().startswith("Confirm at least one corrected slice first")


def test_a_folder_without_images_and_a_vanished_file_are_said_in_one_sentence(user, scan_folder, tmp_path):
    workflows = user()
    (tmp_path / "empty").mkdir()
    workflows.add_paths([tmp_path / "empty"])
    assert workflows.messages.pop() == "No images were found in empty."
    workflows.add_paths([scan_folder])
    uid = workflows.library.all_series()[0].uid
    for file in scan_folder.iterdir():
        file.unlink()
    workflows.open_series(uid)
    assert "no longer where it was" in workflows.messages.pop()


def test_damaged_index_is_put_aside_and_begun_anew(user, scan_folder, tmp_path):
    user().add_paths([scan_folder])
    (tmp_path / "user" / "library.sqlite-wal").unlink(missing_ok=True)
    user().close()
    (tmp_path / "user" / "library.sqlite").write_bytes(b"this is no database" * 100)

    workflows = user()

    assert workflows.library.tree() == ()
    assert workflows.library.put_aside.exists()
    workflows.add_paths([scan_folder])
    assert len(workflows.library.tree()) == 2


@pytest.mark.parametrize("copied", [False, True])
def test_labels_follow_a_scan_without_an_identity_of_its_own_to_another_folder(user, scan_folder, tmp_path, copied):
    workflows = user()
    open_first(workflows, scan_folder)
    workflows.session.choose_tool("brush")
    workflows.session.begin_stroke("axial", (12, 20, 9))
    workflows.session.end_stroke()
    workflows.session.toggle_confirmed("axial")
    painted = workflows.session.label_map.voxels.copy()
    elsewhere = tmp_path / "elsewhere" / "renamed.nii.gz"
    elsewhere.parent.mkdir()
    (shutil.copy if copied else shutil.move)(scan_folder / "first.nii.gz", elsewhere)

    again = user()
    again.add_paths([elsewhere])
    (moved,) = (series for series in again.library.all_series() if series.description == "renamed.nii.gz")
    assert not again.annotation_store.is_confirmed(moved.uid)  # nobody has seen its voxels yet
    again.open_series(moved.uid)

    assert again.messages == []
    np.testing.assert_array_equal(again.session.label_map.voxels, painted)
    assert again.annotation_store.is_confirmed(moved.uid)
    again.session.undo()
    again.session.choose_tool("brush")
    again.session.begin_stroke("axial", (5, 5, 5))
    again.session.end_stroke()
    changed = again.session.label_map.voxels.copy()
    last = user()
    last.open_series(moved.uid)
    np.testing.assert_array_equal(last.session.label_map.voxels, changed)


def test_labels_do_not_follow_to_the_same_values_at_another_place(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    workflows.session.choose_tool("brush")
    workflows.session.begin_stroke("axial", (12, 20, 9))
    workflows.session.end_stroke()
    beside = Geometry((26, 30, 18), (2.0, 2.0, 2.0), np.array([9.0, -7.0, 40.0]), DIRECTION)
    write_image(head().voxels, beside, scan_folder / "beside.nii.gz")
    workflows.add_paths([scan_folder / "beside.nii.gz"])
    (other,) = (series for series in workflows.library.all_series() if series.description == "beside.nii.gz")
    workflows.open_series(other.uid)

    assert workflows.session.volume.geometry.same_grid(beside)
    assert not workflows.session.label_map.voxels.any()


def test_a_series_opens_without_the_slice_that_cannot_be_read(user, write_dicom, oblique_phantom, tmp_path):
    paths = write_dicom(tmp_path / "scan", oblique_phantom)
    workflows = user()
    workflows.add_paths([tmp_path / "scan"])
    (series,) = workflows.library.all_series()
    damaged = series.files[2]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    opened = []
    workflows.open_series(series.uid, lambda: opened.append(True))

    session = workflows.session
    assert opened == [True]
    assert len(paths) - 1 == session.volume.geometry.size[2] == session.series.frames
    assert session.series.verdict.kind == "missing"
    assert not session.volume.geometry.is_grid
    assert session.editable
    (message,) = workflows.messages
    assert message.startswith(f"{damaged.name}: it is truncated")
    assert message.endswith("The other 6 slices are shown.")
    assert "needs a regular volume" in workflows.runs.unsuitable("threshold")
    assert workflows.library.series(series.uid) == series


def test_a_series_of_which_much_is_damaged_is_refused_and_what_was_open_stays(
    user, scan_folder, write_dicom, oblique_phantom, tmp_path
):
    workflows = user()
    open_first(workflows, scan_folder)
    write_dicom(tmp_path / "scan", oblique_phantom)
    workflows.add_paths([tmp_path / "scan"])
    (series,) = (series for series in workflows.library.all_series() if series.modality == "CT")
    for file in series.files[2:5]:
        file.write_bytes(file.read_bytes()[:-9])
    workflows.open_series(series.uid)

    assert "truncated" in workflows.messages[-1]
    assert "are shown" not in workflows.messages[-1]


def test_what_is_open_is_read_again_only_if_more_may_be_done_with_it_or_it_was_listed_anew(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    session, first = workflows.session, workflows.session.volume
    workflows.open_series(session.series.uid)
    assert session.volume is first

    session.set_read_only(True)  # another window has it, perhaps no longer
    workflows.open_series(session.series.uid)
    assert session.volume is not first
    assert session.editable

    second, beside = session.volume, Geometry((26, 30, 18), (2.0, 2.0, 2.0), np.array([9.0, -7.0, 40.0]), DIRECTION)
    write_image(head().voxels, beside, scan_folder / "first.nii.gz", overwrite=True)
    workflows.add_paths([scan_folder])
    workflows.open_series(session.series.uid)
    assert session.volume is not second
    assert session.volume.geometry.same_grid(beside)


def test_labels_made_without_a_slice_do_not_stand_in_the_way_of_those_of_the_whole(
    user, write_dicom, oblique_phantom, tmp_path
):
    """A share that was slow, or a copy that was not finished yet, may be whole again the next time."""
    write_dicom(tmp_path / "scan", oblique_phantom)
    workflows = user()
    workflows.add_paths([tmp_path / "scan"])
    (series,) = workflows.library.all_series()
    whole = series.files[6].read_bytes()

    def paint_and_look_again(k: int) -> np.ndarray:
        workflows.session.choose_tool("brush")
        workflows.session.begin_stroke("axial", (4, 4, k))
        workflows.session.end_stroke()
        return workflows.session.label_map.voxels.copy()

    series.files[6].write_bytes(whole[:-9])
    workflows.open_series(series.uid)
    without = paint_and_look_again(3)
    series.files[6].write_bytes(whole)
    workflows.open_series(series.uid)
    assert workflows.session.series == series
    assert not workflows.session.label_map.voxels.any()
    assert "changed" not in workflows.messages[-1]
    of_whole = paint_and_look_again(2)

    for content, expected in ((whole[:-9], without), (whole, of_whole)):
        series.files[6].write_bytes(content)
        workflows = user()
        workflows.open_series(series.uid)
        np.testing.assert_array_equal(workflows.session.label_map.voxels, expected)


def test_labels_of_a_file_that_was_replaced_and_moved_follow_too(user, scan_folder, tmp_path):
    def paint(workflows, at) -> None:
        workflows.session.choose_tool("brush")
        workflows.session.begin_stroke("axial", at)
        workflows.session.end_stroke()

    first = user()
    open_first(first, scan_folder)
    paint(first, (12, 20, 9))
    other = head((slice(1, 5),) * 3)
    write_image(other.voxels, other.geometry, scan_folder / "first.nii.gz", overwrite=True)
    second = user()
    open_first(second, scan_folder)
    paint(second, (5, 5, 5))
    painted = second.session.label_map.voxels.copy()
    (tmp_path / "there").mkdir()
    shutil.move(scan_folder / "first.nii.gz", tmp_path / "there" / "moved.nii.gz")
    third = user()
    third.add_paths([tmp_path / "there"])
    third.open_series(next(s.uid for s in third.library.all_series() if s.description == "moved.nii.gz"))

    assert painted.any()
    np.testing.assert_array_equal(third.session.label_map.voxels, painted)


def test_labels_of_a_dicom_series_stay_with_it(user, write_dicom, oblique_phantom, tmp_path):
    write_dicom(tmp_path / "scan", oblique_phantom)
    workflows = user()
    workflows.add_paths([tmp_path / "scan"])
    workflows.open_series(workflows.library.all_series()[0].uid)
    workflows.session.choose_tool("brush")
    workflows.session.begin_stroke("axial", (4, 4, 3))
    workflows.session.end_stroke()
    volume = workflows.session.volume
    write_image(volume.voxels, volume.geometry, tmp_path / "same.nrrd")
    workflows.add_paths([tmp_path / "same.nrrd"])
    workflows.open_series(next(s.uid for s in workflows.library.all_series() if s.description == "same.nrrd"))

    np.testing.assert_array_equal(workflows.session.volume.voxels, volume.voxels)
    assert workflows.session.volume.geometry.same_grid(volume.geometry, 0.01)
    assert not workflows.session.label_map.voxels.any()


@pytest.fixture
def slow(tmp_path):
    """Use cases whose jobs run on threads, and what takes their results until something is so."""
    results = queue.SimpleQueue()
    models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
    workflows = Workflows(Session(), JobQueue(4, results.put), tmp_path / "user", models)

    def until(ready, seconds: float = 20) -> bool:
        end = time.monotonic() + seconds
        while not ready() and time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                results.get(timeout=0.02)()
        return ready()

    workflows.until = until
    yield workflows
    workflows.close()


@pytest.mark.parametrize(
    "cancel", [lambda workflows, job: job.cancel(), lambda workflows, job: workflows.cancel_opening()]
)
def test_what_was_cancelled_can_be_opened_at_once(slow, write_dicom, oblique_phantom, tmp_path, cancel):
    write_dicom(tmp_path / "scan", oblique_phantom)
    slow.add_paths([tmp_path / "scan"])
    assert slow.until(lambda: slow.jobs.idle)
    uid = slow.library.all_series()[0].uid
    first = slow.open_series(uid)
    assert slow.open_series(uid) is first, "a double click is one wish"
    cancel(slow, first)
    slow.open_series(uid)
    assert slow.until(lambda: slow.session.volume is not None)


def test_a_click_on_the_open_sequence_does_not_end_the_reading_of_its_moments(
    slow, write_dicom, oblique_phantom, tmp_path, monkeypatch
):
    for n in range(3):

        def change(dataset, k, n=n):
            dataset.TemporalPositionIdentifier = n + 1
            dataset.SOPInstanceUID = f"1.2.{n + 1}.{k + 1}"

        write_dicom(tmp_path / f"scan-{n}", oblique_phantom, change=change)
    slow.add_paths(sorted(tmp_path.glob("scan-*")))
    assert slow.until(lambda: slow.jobs.idle)
    uid = slow.library.all_series()[0].uid
    read, gate = slow.reader.read, threading.Event()

    def held_up(series, progress=lambda fraction, text: None, arrived=None, first=None):
        while arrived is None and not gate.wait(0.02):
            progress(0.0, "")
        return read(series, progress, arrived, first)

    monkeypatch.setattr(slow.reader, "read", held_up)
    slow.open_series(uid)
    assert slow.until(lambda: len(slow.session.moment_series) == 3)
    slow.until(lambda: slow._desks[0].opening.ended)
    again = slow.open_series(uid)
    assert slow.until(lambda: again.ended)
    gate.set()
    assert slow.until(lambda: len(slow.session.moments) == 3)


def paint(session, at, tool="brush"):
    session.choose_tool(tool)
    session.begin_stroke("axial", at)
    session.end_stroke()


def test_undo_and_redo_go_on_after_a_restart(user, scan_folder):
    """Strokes, labels of the table, confirmed slices, measurements and key images: one undo each, in their order."""
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    states = [everything(session)]
    for act in (
        lambda: paint(session, (12, 20, 9)),
        lambda: session.add_label("Tumour", (200, 10, 10), ("108369006", "SCT", "Neoplasm")),
        lambda: paint(session, (14, 8, 9)),
        lambda: session.toggle_confirmed("axial"),
        lambda: session.add_measurement("length", ((1.0, 2.0, 3.0), (4.0, 2.0, 3.0)), 2),
        lambda: session.toggle_key_image("axial"),
    ):
        act()
        states.append(everything(session))
    workflows.editing.undo()
    workflows.editing.undo()

    workflows = user()
    open_first(workflows, scan_folder)
    assert everything(workflows.session) == states[4]
    workflows.editing.redo()
    assert everything(workflows.session) == states[5]
    for state in reversed(states[:5]):
        workflows.editing.undo()
        assert everything(workflows.session) == state
    assert workflows.session.history.undo_title is None
    workflows = user()
    open_first(workflows, scan_folder)
    for state in states[1:]:
        workflows.editing.redo()
        assert everything(workflows.session) == state


def test_a_result_waits_for_its_series_if_another_one_was_opened_meanwhile(user, scan_folder, tmp_path):
    (tmp_path / "other").mkdir()
    write_image(head().voxels, head().geometry, tmp_path / "other" / "second.nii.gz")
    workflows = user()
    workflows.add_paths([tmp_path / "other"])
    (other,) = workflows.library.all_series()
    open_first(workflows, scan_folder)
    session, first = workflows.session, workflows.session.series.uid
    segment = workflows.runs.worker.segment

    def slow(*args, **options):
        workflows.open_series(other.uid)
        return segment(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflows.runs.worker, "segment", slow)
        workflows.runs.start("threshold")
    assert session.series.uid == other.uid and session.proposal is None
    assert "when that is opened again" in workflows.messages[-1]
    workflows.open_series(first)
    assert session.proposal is not None and session.proposal.source == "threshold 1.0.0"
    workflows.open_series(other.uid)
    workflows.open_series(first)
    assert session.proposal is None  # it was shown, and left


def test_undo_goes_on_after_another_series_was_looked_at(user, scan_folder, tmp_path):
    workflows = user()
    open_first(workflows, scan_folder)
    first, before = workflows.session.series.uid, everything(workflows.session)
    paint(workflows.session, (12, 20, 9))
    workflows.session.close_series()
    workflows.open_series(first)
    assert workflows.session.label_map.voxels.any()
    workflows.editing.undo()
    assert everything(workflows.session) == before


def test_what_could_not_be_written_is_there_when_the_series_is_opened_again(user, scan_folder, monkeypatch):
    workflows = user()
    open_first(workflows, scan_folder)
    session, uid = workflows.session, workflows.session.series.uid
    paint(session, (12, 20, 9))
    store = workflows.annotation_store
    with monkeypatch.context() as full:
        full.setattr(store, "append", refused)
        paint(session, (14, 8, 9))
        session.toggle_confirmed("axial")
        session.undo()
        paint(session, (5, 5, 4))
        session.lock_label(2, True)
        there = everything(session)
        other = workflows.add_session()
        workflows.work_on(other)
        workflows.drop_session(session)
        assert not AnnotationStore(workflows.folder / "annotations.sqlite").hold(uid), (
            "another window cannot have it yet"
        )
        workflows.open_series(uid)
        assert everything(other) == there
        assert workflows.unsaved
    assert workflows.save_again()
    assert "saved again" in workflows.messages[-1]

    workflows.close()
    workflows = user()
    open_first(workflows, scan_folder)
    assert everything(workflows.session) == there
    workflows.editing.undo()
    workflows.editing.undo()
    assert workflows.session.history.undo_title == "Paint Region 1"


def test_confirmed_slices_count_before_they_are_written(user, scan_folder, monkeypatch):
    """Whoever goes on to the next scan at once sees what he has done in the last one."""
    workflows = user()
    open_first(workflows, scan_folder)
    uid = workflows.session.series.uid
    assert workflows.confirmed_counts() == {}
    with monkeypatch.context() as full:
        full.setattr(workflows.annotation_store, "append", refused)
        for k in (3, 4):
            workflows.session.move_cursor((3, 3, k))
            workflows.session.toggle_confirmed("axial")
        assert workflows.annotation_store.all_confirmed() == {} and workflows.confirmed_counts() == {uid: 2}
    assert workflows.save_again()
    assert workflows.confirmed_counts() == {uid: 2}
    with monkeypatch.context() as full:
        full.setattr(workflows.annotation_store, "append", refused)
        workflows.session.undo()
        assert workflows.confirmed_counts() == {uid: 1}


def refused(*_, **__):
    raise OSError("database or disk is full")


def everything(session):
    """What a person has made of a series."""
    return (
        session.label_map.voxels.tobytes(),
        session.labels,
        session.confirmed,
        session.measurements,
        session.key_images,
        session.source,
    )


def test_large_steps_of_the_history_are_inflated_by_a_job(user, scan_folder, monkeypatch):
    monkeypatch.setattr("viewer.editing._VOXELS_AT_ONCE", 1)
    monkeypatch.setattr(at_hand, "__defaults__", (1,))  # whole layers are exchanged, too
    workflows = user()
    open_first(workflows, scan_folder)
    paint(workflows.session, (12, 20, 9))
    painted, jobs = everything(workflows.session), []
    workflows.jobs.subscribe(lambda job: jobs.append(job.title))
    workflows.editing.undo()
    assert not workflows.session.label_map.voxels.any()
    workflows.editing.redo()
    assert everything(workflows.session) == painted
    assert "Paint Region 1" in jobs
    session = workflows.session
    workflows.editing.reshape_label(GROW)
    grown = everything(session)
    assert session.label_map.voxels.base is None and grown != painted
    paint(session, (14, 8, 9))
    workflows.editing.undo()
    assert everything(session) == grown
    workflows.runs.start("threshold")
    workflows.accept_proposal()
    accepted = everything(session)
    paint(session, (2, 2, 2))
    workflows.editing.undo()
    assert everything(session) == accepted != grown
    workflows.editing.undo()
    assert everything(session) == grown and not session.machine.any()
    workflows.editing.redo()
    assert everything(session) == accepted and session.machine.any()


GROW = change_margin("Region 1", 4.0)


def test_a_region_grows_is_saved_and_is_taken_back(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    paint(session, (12, 20, 9))
    before = session.label_map.voxels.copy()
    told = []
    workflows.editing.reshape_label(GROW, told.append)
    grown = session.label_map.voxels.copy()
    np.testing.assert_array_equal(grown == 1, shaping.margin(before == 1, (2.0, 2.0, 2.0), 4.0))
    assert told == [True] and session.history.undo_title == "Grow Region 1"

    workflows = user()
    open_first(workflows, scan_folder)
    np.testing.assert_array_equal(workflows.session.label_map.voxels, grown)

    workflows = user()
    open_first(workflows, scan_folder)
    workflows.editing.reshape_label(fill_holes("Region 1"), told.append)
    assert told == [True, False] and workflows.session.history.undo_title == "Grow Region 1", "this one is no edit"
    workflows.editing.undo()
    np.testing.assert_array_equal(workflows.session.label_map.voxels, before)


def test_what_is_painted_meanwhile_belongs_to_the_region_too(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    paint(session, (12, 20, 9))
    painted = []

    def slow(own, grid):
        if not painted:
            painted.append(True)
            paint(session, (18, 8, 4))
        return GROW.region(own, grid)

    workflows.editing.reshape_label(RegionAct("Grow", slow))
    assert session.history.undo_title == "Grow"
    grown = session.label_map.voxels.copy()
    session.undo()
    assert session.label_map.voxels[4, 8, 18] == 1
    np.testing.assert_array_equal(grown == 1, shaping.margin(session.label_map.voxels == 1, (2.0, 2.0, 2.0), 4.0))


@pytest.mark.parametrize("found", [True, False])
def test_nothing_is_given_to_a_label_that_is_taken_out_of_the_table_meanwhile(user, scan_folder, monkeypatch, found):
    workflows = user()
    open_first(workflows, scan_folder)
    session, told = workflows.session, []
    session.add_label("New", (9, 9, 9))
    whole = tuple(slice(0, n) for n in session.label_map.voxels.shape)

    def undone(*arguments):
        if len(session.labels) > 3:
            session.undo()  # of the new label
        return thresholding(*arguments) if not found else (whole, np.ones(session.label_map.voxels.shape, bool))

    if found:
        workflows.editing.find_region(RegionSearch("Flood fill New", undone, session, done=told.append))
    else:
        monkeypatch.setattr(editing, "thresholding", undone)
        workflows.editing.threshold_label((-1e6, 1e6), told.append)
    assert not session.label_map.voxels.any() and told == [False]


@pytest.mark.parametrize("act", ["grow", "threshold", "fill"])
def test_a_job_takes_the_confirmation_of_the_slices_that_it_changes_out_of_sight(user, scan_folder, act):
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    paint(session, (12, 20, 9))
    for k in (8, 2, 9):
        session.go_to_slice("axial", k)
        session.toggle_confirmed("axial")
    if act == "grow":
        workflows.editing.reshape_label(GROW)
    elif act == "threshold":
        workflows.editing.threshold_label((-1e6, 1e6))
    else:
        whole = tuple(slice(0, n) for n in session.label_map.voxels.shape)
        region = whole, np.ones(session.label_map.voxels.shape, bool)
        workflows.editing.find_region(RegionSearch("Flood fill", lambda *_: region, session))

    kept = {(2, 9), (2, 2)} if act == "grow" else {(2, 9)}
    assert session.confirmed == kept
    workflows.editing.undo()
    assert session.confirmed == {(2, 8), (2, 2), (2, 9)}


def test_nothing_open_is_nothing_to_reshape(user):
    assert user().editing.reshape_label(GROW) is None


def seeds_in(workflows) -> None:
    """Two labels, each a stroke on either side of a slice."""
    session = workflows.session
    paint(session, (12, 20, 9))
    session.choose_label(2)
    paint(session, (22, 5, 9))
    session.choose_label(1)


def test_what_is_painted_grows_as_one_edit_is_saved_and_is_taken_back(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    seeds_in(workflows)
    before = session.label_map.voxels.copy()
    told = []
    workflows.editing.grow_from_seeds(told.append)
    grown = session.label_map.voxels.copy()
    np.testing.assert_array_equal(grown[before > 0], before[before > 0])
    assert told == [True] and (grown > 0).sum() > 10 * (before > 0).sum()
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)
    session.redo()

    workflows = user()
    open_first(workflows, scan_folder)
    np.testing.assert_array_equal(workflows.session.label_map.voxels, grown)


def test_a_seed_alone_and_nothing_open_do_not_grow(user, scan_folder):
    workflows = user()
    assert workflows.editing.grow_from_seeds() is None
    open_first(workflows, scan_folder)
    paint(workflows.session, (12, 20, 9))
    told = []
    workflows.editing.grow_from_seeds(told.append)
    assert told == [False] and workflows.session.history.undo_title == "Paint Region 1"


EVERYWHERE = (slice(2, 12), slice(4, 28), slice(5, 25))


def everywhere(progress):
    return EVERYWHERE, np.ones([span.stop - span.start for span in EVERYWHERE], bool)


def test_a_region_that_is_found_is_drawn_as_session_draw_does_it_with_masking_and_locked_labels(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    seeds_in(workflows)
    session.lock_label(2, True)
    session.hand.set_masking(Masking(values=(-5000.0, 500.0)))
    before = session.label_map.voxels.copy()
    for minus in (False, True):
        told = []
        session.choose_label(1)
        search = RegionSearch("Flood fill Region 1", everywhere, session, minus, told.append)
        session.choose_label(3)  # it is for the one that was active
        workflows.editing.find_region(search)
        found = session.label_map.voxels.copy()
        assert told == [True] and session.active_label == 3
        session.undo()
        np.testing.assert_array_equal(session.label_map.voxels, before)
        session.choose_label(1)
        assert draw_region(session, "the same", everywhere(None), minus=minus)
        np.testing.assert_array_equal(found, session.label_map.voxels)
        session.undo()
        expected = before.copy()
        inside = np.zeros(before.shape, bool)
        inside[EVERYWHERE] = True
        may = inside & (session.volume.voxels <= 500) & (before != 2)
        expected[may & (before == 1) if minus else may] = 0 if minus else 1
        np.testing.assert_array_equal(found, expected)


def test_what_is_painted_while_a_region_is_searched_stays(user, scan_folder):
    workflows = user()
    open_first(workflows, scan_folder)
    session = workflows.session
    asked = []

    def slow(progress):
        asked.append(True)
        session.choose_label(2)
        paint(session, (12, 20, 15))
        session.lock_label(2, True)
        return everywhere(progress)

    workflows.editing.find_region(RegionSearch("Flood fill Region 1", slow, session))
    assert asked == [True] and session.history.undo_title == "Flood fill Region 1"
    session.undo()
    assert session.label_map.voxels[15, 20, 12] == 2 and not (session.label_map.voxels == 1).any()
