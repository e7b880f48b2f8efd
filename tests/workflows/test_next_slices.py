"""Which slice to annotate next, found in the series that are listed, without a window."""

import threading

import numpy as np
import pytest

from inference.models import ModelStore
from tests.models import write_threshold_model
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.io.files import write_image
from viewer.jobs import JobQueue
from viewer.next_slices import NextSlices
from viewer.workflows import Workflows

GRID = Geometry((26, 30, 18), (2.0, 2.0, 4.0), np.array([5.0, -7.0, 40.0]), np.eye(3))


def scan(seed: int) -> np.ndarray:
    """Noise of its own in a box that grows along k; the values of slice 12 lie in the middle of all."""
    voxels = np.zeros((18, 30, 26), np.int16)
    noise = np.random.default_rng(seed).integers(0, 150, voxels.shape)
    for k in range(2, 16):
        voxels[k, 4 : 10 + k, 6:20] = 850
    voxels += noise.astype(np.int16)
    voxels[12, 4:22, 6:20] = 500
    return voxels


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for name, seed in (("a", 1), ("b", 2), ("copy-of-a", 1)):
        write_image(scan(seed), GRID, folder / f"{name}.nii.gz")
    return folder


def started(tmp_path, workers=0):
    write_threshold_model(tmp_path / "shipped" / "threshold")
    models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
    return Workflows(Session(), JobQueue(workers=workers), tmp_path / "user", models)


@pytest.fixture
def workflows(tmp_path, folder):
    workflows = started(tmp_path)
    workflows.add_paths([folder])
    workflows.open_series(uid_of(workflows, "a.nii"))
    yield workflows
    workflows.close()


def uid_of(workflows, name):
    return next(s.uid for s in workflows.library.all_series() if s.description.startswith(name))


def find(queue, *, model="", others=True):
    answers = []
    queue.find("axial", model, answers.append, pytest.fail, read_others=others)
    return answers[-1]


def test_a_slice_of_the_open_series_comes_first_until_one_of_it_is_confirmed(workflows):
    queue = NextSlices(workflows)
    assert find(queue)[0].candidate.series_uid == uid_of(workflows, "a.nii")
    workflows.session.toggle_confirmed("axial")
    best = find(queue)[0]
    assert best.candidate.series_uid == uid_of(workflows, "b.nii") and best.of_patient == 0


def test_copies_are_not_suggested(workflows):
    workflows.session.toggle_confirmed("axial")
    uids = {s.candidate.series_uid for s in find(NextSlices(workflows))}
    assert uid_of(workflows, "copy") not in uids and len(uids) == 2


def test_without_reading_others_only_the_open_series_is_known_and_later_what_was_read(workflows):
    queue = NextSlices(workflows)
    assert {s.candidate.series_uid for s in find(queue, others=False)} == {workflows.session.series.uid}
    find(queue)
    workflows.reader.read = None  # nothing is read twice
    assert len({s.candidate.series_uid for s in find(queue, others=False)}) == 2
    assert len({s.candidate.series_uid for s in find(queue)}) == 2


def test_the_model_says_where_it_is_unsure(workflows):
    queue = NextSlices(workflows)
    best = find(queue, model="threshold")[0]
    assert best.candidate.doubt is not None and queue.model == "Threshold"
    known = [s.candidate.doubt for s in find(queue, model="threshold") if s.candidate.doubt is not None]
    assert max(doubt.bits for doubt in known) > 0 and {doubt.label for doubt in known} <= {"Bright", ""}


def test_work_of_an_earlier_day_counts(workflows, tmp_path):
    workflows.session.toggle_confirmed("axial")
    workflows.close()
    again = started(tmp_path)
    again.open_series(uid_of(again, "b.nii"))
    found = find(NextSlices(again))
    assert found[0].candidate.series_uid == uid_of(again, "b.nii")
    assert all(s.of_patient > 0 for s in found if s.candidate.series_uid != uid_of(again, "b.nii"))
    again.close()


def test_the_suggestion_that_a_person_is_at_counts_as_done(workflows):
    queue = NextSlices(workflows)
    first = find(queue)[0]
    series, plane, index = queue.take(first)
    assert (series.uid, plane, index) == (first.candidate.series_uid, "axial", first.candidate.look.place[1])
    assert all(s.candidate.look.place != first.candidate.look.place for s in find(queue))


def test_files_that_are_gone_are_passed_over(workflows, folder):
    (folder / "b.nii.gz").unlink()
    assert {s.candidate.series_uid for s in find(NextSlices(workflows))} == {workflows.session.series.uid}


def test_a_search_can_be_cancelled_and_a_later_one_replaces_it(tmp_path, folder):
    workflows = started(tmp_path, workers=1)
    done = threading.Event()
    workflows.add_paths([folder], lambda scan: done.set())
    assert done.wait(20)
    opened = threading.Event()
    workflows.open_series(uid_of(workflows, "a.nii"), opened.set)
    assert opened.wait(20)
    queue, reading, go_on, ended = NextSlices(workflows), threading.Event(), threading.Event(), threading.Event()
    read = workflows.reader.read

    def slow(series, progress):
        reading.set()
        go_on.wait(20)
        return read(series, progress)

    workflows.reader.read = slow
    queue.find("axial", "", lambda found: None, lambda message: ended.set(), read_others=True)
    assert reading.wait(20) and queue.looking
    queue.cancel()
    go_on.set()
    assert ended.wait(20) and not queue.looking
    workflows.close()
