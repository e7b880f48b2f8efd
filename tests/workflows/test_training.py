"""Training as the window starts it, in a real process: it outlives the window, and what happens to it is told."""

import json
import os
import signal
import time

import numpy as np
import pytest
import SimpleITK as sitk
from filelock import FileLock

from inference.manifest import Within, load_manifest, write_manifest
from inference.models import ModelStore
from tests.models import write_threshold_model, write_trainable_model
from tests.workflows.test_workflows import head
from viewer.core.goal import Goal
from viewer.core.session import Session
from viewer.core.volume import to_image
from viewer.io.files import write_image
from viewer.io.training_set import first_voxel
from viewer.jobs import JobQueue, is_locked, want
from viewer.training_material import TrainingMaterial, snapshot
from viewer.training_runs import TrainingRun
from viewer.workflows import Workflows


@pytest.fixture
def window(tmp_path):
    """Opens a window's use cases on one user folder; at the end no process is left."""
    write_trainable_model(tmp_path / "shipped" / "tiny")
    opened = []

    def open_() -> Workflows:
        models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
        opened.append(Workflows(Session(), JobQueue(workers=0), tmp_path / "user", models))
        return opened[-1]

    yield open_
    for one in opened:
        one.training.end()
        one.close()


@pytest.fixture
def workflows(window, tmp_path):
    """The use cases with a small head open, four confirmed slices, and its training begun."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in ("head", "copy"):
        write_image(head().voxels, head().geometry, scans / f"{name}.nii.gz")
    workflows = window()
    workflows.add_paths([scans])
    for name in ("copy", "head"):
        workflows.open_series(next(s.uid for s in workflows.library.all_series() if s.description.startswith(name)))
    workflows.runs.start("tiny")
    workflows.accept_proposal()
    session = workflows.session
    for k in (5, 7, 9, 11):
        bright = (head().voxels[k : k + 1] > 500).astype(np.uint8)
        session.replace_voxels("Correct", (slice(k, k + 1), slice(0, 30), slice(0, 26)), bright)
        session.move_cursor((13, 15, k))
        session.toggle_confirmed("axial")
    workflows.training.start(Goal("segmentation", "tiny"), steps=2000)
    return workflows


def wait(ready, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def steps_of(run: TrainingRun) -> list[int]:
    return [e["step"] for e in run.events if e["event"] == "progress" and e["arm"] == "supervised"]


def kill(run: TrainingRun, workflows: Workflows) -> None:
    os.kill(workflows.training._process._process.pid, signal.SIGKILL)
    wait(lambda: run.ended)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_training_that_is_killed_is_said_and_goes_on_or_is_discarded(workflows):
    run, messages, told = workflows.training.run, [], []
    workflows.on_failure(messages.append)
    workflows.training.on_change(lambda _, event: told.append(event))
    wait(lambda: steps_of(run))
    kill(run, workflows)

    assert told[-1] == {}, "no step, but that the run is another"
    assert run.state == "interrupted"
    assert messages == [run.message]
    assert run.message.startswith(f"The training was interrupted at step {run.step} of 2000. It can go on from step ")
    assert workflows.models.get("tiny").manifest.version == "1.0.0"
    assert workflows.training.accept() is None
    assert workflows.training.start(Goal("segmentation", "tiny")) is None and messages.pop().startswith(
        "A training was interrupted"
    )
    assert len(list((run.folder / "data" / "images").iterdir())) == 1, "the copy brings nothing new"

    workflows.training.go_on()
    assert (run.state, run.message) == ("running", "")
    begun = sum(event["event"] == "started" for event in run.events)
    wait(lambda: sum(event["event"] == "started" for event in run.events) == begun + 1)
    kill(run, workflows)
    workflows.training.discard()

    assert run.state == "discarded"
    assert not (run.folder / "data").exists() and (run.folder / "events.jsonl").exists()
    assert workflows.training.run.ended and workflows.models.get("tiny").manifest.version == "1.0.0"


def test_a_model_without_weights_is_refused_before_anything_is_written(workflows, tmp_path):
    training, messages = workflows.training, []
    training.end()
    training.discard()
    folders = len(list((tmp_path / "user" / "training").iterdir()))
    write_threshold_model(tmp_path / "bare")
    workflows.models.install(tmp_path / "bare")
    workflows.on_failure(messages.append)

    write_within(tmp_path / "second", "nowhere")
    workflows.models.install(tmp_path / "second")
    assert "the model nowhere finds first, and that is not there" in training.cannot_learn("second")

    assert training.cannot_learn("tiny") == ""
    assert training.start(Goal("segmentation", "threshold")) is None
    assert messages == [training.cannot_learn("threshold")] and "only its ONNX file" in messages[0]
    assert len(list((tmp_path / "user" / "training").iterdir())) == folders


def test_a_training_that_is_stopped_still_compares_what_it_learnt(workflows):
    run = workflows.training.run
    wait(lambda: any(event["event"] == "progress" for event in run.events))
    assert workflows.training.start(Goal("segmentation", "tiny")) is None, "one training at a time"
    workflows.training.stop()
    wait(lambda: run.ended)

    assert run.state == "finished", run.message
    assert set(run.report["models"]) == {"current", "semi-supervised", "supervised"}
    messages: list[str] = []
    workflows.on_failure(messages.append)
    assert workflows.training.start(Goal("segmentation", "tiny")) is None and "waits for your decision" in messages[0]
    workflows.training.accept("supervised")
    assert "supervised" in workflows.models.get("tiny").manifest.version
    assert not (run.folder / "data").exists(), "copies of scans have done their work"
    assert workflows.roll_back("tiny").manifest.version == "1.0.0"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_training_outlives_its_window_and_the_next_one_takes_it_up(workflows, window):
    first = workflows.training.run
    wait(lambda: steps_of(first))
    workflows.training.pause()
    pid = workflows.training._process._process.pid
    workflows.close()
    told = steps_of(first)

    second = window()
    run = second.training.take_up()
    assert run is not None and run.folder == first.folder
    assert (run.state, run.steps, run.model.manifest.name) == ("paused", 2000, "tiny")
    assert steps_of(run)[: len(told)] == told, "the curves are whole"
    assert run.series == first.series and run.series, "and the held-out cases lead to their scans"
    assert window().training.take_up() is None, "it is another window's"

    second.training.resume()
    wait(lambda: len(steps_of(run)) > len(told) + 1)
    assert steps_of(run) == sorted(set(steps_of(run))), "and nothing is told twice"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    wait(lambda: run.ended)
    assert run.state == "interrupted"
    second.close()

    third = window()
    run = third.training.take_up()
    assert run is not None and run.state == "interrupted" and "can go on from step" in run.message
    want(run.folder, "stop")
    third.training.go_on()
    assert run.state == "stopping"
    wait(lambda: run.ended)
    assert run.state == "finished", run.message
    third.close()

    fourth = window()  # it ended while no window was there, as far as this one knows
    run = fourth.training.take_up()
    assert run is not None and run.undecided and run.report is not None
    fourth.training.discard()
    fourth.close()
    assert window().training.take_up() is None
    assert sorted(one.name for one in run.folder.iterdir() if one.is_dir()) == ["out"]
    assert [one.name for one in (run.folder / "out").iterdir()] == ["report.json"]


def leave(folder, *events, **job) -> None:
    """A job folder as a training leaves it."""
    folder.mkdir(parents=True)
    (folder / "data").mkdir()
    if job:
        (folder / "job.json").write_text(json.dumps({"recipe": "segmentation-semi-supervised", **job}))
    if events:
        (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


def test_what_a_training_went_through_twice_is_shown_once(window, tmp_path):
    parent = str(tmp_path / "shipped" / "tiny")
    progress = [{"event": "progress", "arm": "supervised", "step": n, "steps": 80} for n in range(1, 31)]
    again = {"event": "rewound", "arms": ["supervised"], "step": 20}
    events = [*progress, {"event": "checkpoint", "step": 20}, again, *progress[20:26]]
    leave(tmp_path / "user" / "training" / "20300101-1", *events, parent_model=parent, steps=80)

    run = window().training.take_up()

    assert run is not None and steps_of(run) == list(range(1, 27))
    assert run.message == "The training was interrupted at step 26 of 80. It can go on from step 20."


def test_a_training_whose_lock_is_held_counts_as_running_whatever_its_process_is_called(window, tmp_path):
    folder = tmp_path / "user" / "training" / "20300101-1"
    parent = str(tmp_path / "shipped" / "tiny")
    leave(folder, {"event": "started", "arms": ["supervised"]}, parent_model=parent, steps=80)
    leave(folder.parent / "20300102-1", {"event": "started", "arms": []}, parent_model=parent, steps=9)
    lock = FileLock(folder / "lock", thread_local=False)
    with lock:
        run = window().training.take_up()
        assert run is not None and (run.folder, run.state) == (folder, "running"), "before a later one that died"
    wait(lambda: run.ended)
    assert run.state == "interrupted"
    assert not is_locked(folder / "lock")


def test_what_failed_while_no_window_was_there_is_said_once_and_its_copies_of_scans_are_deleted(window, tmp_path):
    folder = tmp_path / "user" / "training" / "20300101-1"
    parent = str(tmp_path / "shipped" / "tiny")
    failed = {"event": "failed", "message": "the loss is not a number", "resumable": False}
    leave(folder, failed, parent_model=parent, steps=80)
    first = window()
    run = first.training.take_up()
    assert run is not None and (run.state, run.message) == ("failed", "the loss is not a number")
    assert not (folder / "data").exists()
    first.close()
    assert window().training.take_up() is None


def test_a_full_disk_is_said_and_the_training_can_go_on_when_there_is_space(window, tmp_path):
    parent = str(tmp_path / "shipped" / "tiny")
    failed = {"event": "failed", "message": "The training failed: no space left on device", "resumable": True}
    saved = {"event": "checkpoint", "step": 80}
    leave(tmp_path / "user" / "training" / "20300101-1", saved, failed, parent_model=parent, steps=80)

    run = window().training.take_up()

    assert run is not None and run.state == "interrupted"
    assert run.message == "The training failed: no space left on device. It can go on from step 80."


def test_folders_of_trainings_that_never_began_or_lost_their_model_keep_no_scans(window, tmp_path):
    folder = tmp_path / "user" / "training"
    leave(folder / "20300101-1")
    leave(folder / "20300102-1", {"event": "started"}, parent_model=str(tmp_path / "gone"), steps=80)
    (folder / "a file").write_text("of somebody")

    assert window().training.take_up() is None
    assert not (folder / "20300101-1").exists()
    assert not (folder / "20300102-1" / "data").exists()
    assert (folder / "a file").exists()


def test_a_confirmed_slice_with_only_a_box_does_not_teach_that_nothing_is_there(window, tmp_path):
    """A box of a label in which nothing of it is drawn says that it is there: neither its own slice nor one across may
    be learnt as background. A box of what the model does not know, or in which it is drawn, changes nothing."""
    write_image(head().voxels, head().geometry, tmp_path / "head.nii.gz")
    workflows = window()
    workflows.add_paths([tmp_path / "head.nii.gz"])
    workflows.open_series(workflows.library.all_series()[0].uid)
    workflows.runs.start("tiny")
    workflows.accept_proposal()
    session, manifest = workflows.session, workflows.models.get("tiny").manifest
    (known,) = (label for label in session.labels if label.name == manifest.labels[0].name)
    nothing = np.zeros(session.label_map.voxels.shape, np.uint8)
    nothing[9, 10:15, 10:15] = known.value
    session.replace_voxels("Clear", tuple(slice(0, n) for n in nothing.shape), nothing)
    for plane, axis, index in (
        ("axial", 2, 5),
        ("axial", 2, 7),
        ("axial", 2, 9),
        ("coronal", 1, 12),
        ("coronal", 1, 20),
    ):
        cursor = [13, 15, 3]
        cursor[axis] = index
        session.move_cursor(tuple(cursor))
        session.toggle_confirmed(plane)
    every = frozenset({(2, 5), (2, 7), (2, 9), (1, 12), (1, 20)})

    session.add_measurement("box", [(9.5, 9.5, 7), (14.5, 14.5, 7)], 2, "Unknown thing")
    session.add_measurement("box", [(9.5, 9.5, 9), (14.5, 14.5, 9)], 2, known.name)
    assert learnt_from(workflows, tmp_path / "first") == every
    session.add_measurement("box", [(9.5, 9.5, 7), (14.5, 14.5, 7)], 2, known.name)
    assert learnt_from(workflows, tmp_path / "second") == every - {(2, 7), (1, 12)}


def learnt_from(workflows: Workflows, folder) -> set[tuple[int, int]]:
    """The confirmed slices of the only scan that a training would get."""
    material = TrainingMaterial(workflows.library, workflows.annotation_store, workflows.reader)
    manifest = workflows.models.get("tiny").manifest
    open_ = snapshot(workflows.session, workflows.session.series.uid)
    material.write(Goal("segmentation", "tiny"), manifest, open_, folder, b"key", lambda: None)
    (case,) = json.loads((folder / "confirmed.json").read_text()).values()
    return {tuple(one) for one in case["slices"]}


def write_within(folder, finder: str) -> None:
    """A model that can be trained, and looks within what another finds, which is bright."""
    write_trainable_model(folder, seed=1)
    within = Within(model=finder, labels=("Bright",), margin_mm=2, alone_mm=10)
    described = load_manifest(folder).model_copy(update={"name": "second", "title": "Second", "within": within})
    write_manifest(described, folder)


def test_a_model_that_looks_within_what_another_finds_learns_from_these_parts(workflows, tmp_path):
    """In a real process; what is compared is the parts, and a click on a held-out slice leads into the scan."""
    training = workflows.training
    training.end()
    training.discard()
    write_threshold_model(tmp_path / "finder")
    workflows.models.install(tmp_path / "finder")
    write_within(tmp_path / "second", "threshold")
    workflows.models.install(tmp_path / "second")
    volume = workflows.session.volume
    image = to_image(volume.voxels, volume.geometry)
    (place,) = workflows.runs.worker.looked_within(workflows.models.get("second"), image)
    assert place[0].start > 0 and all(at.stop - at.start < n for at, n in zip(place, volume.voxels.shape, strict=True))
    inside = [k for k in (5, 7, 9, 11) if place[0].start <= k < place[0].stop]

    run = training.start(Goal("segmentation", "second"), steps=4)
    (name,) = json.loads((run.folder / "data" / "confirmed.json").read_text())
    first = first_voxel(name)
    assert first == (place[2].start, place[1].start, place[0].start)
    slices = json.loads((run.folder / "data" / "confirmed.json").read_text())[name]["slices"]
    assert sorted(index + first[axis] for axis, index in slices) == inside
    part = sitk.ReadImage(str(run.folder / "data" / "images" / f"{name}.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(part), volume.voxels[place])
    wait(lambda: run.ended)
    assert run.state == "finished", run.message
    assert {unit.split(" ")[0] for unit in run.report["held_out"]} == {name}
    assert run.series[name] == workflows.session.series.uid
    training.discard()
