"""Training as the window starts it, in a real child process, when something goes wrong with it."""

import time

import numpy as np
import pytest

from inference.models import ModelStore
from tests.models import write_trainable_model
from tests.workflows.test_workflows import head
from viewer.core.session import Session
from viewer.io.files import write_image
from viewer.jobs import JobQueue
from viewer.workflows import Workflows


@pytest.fixture
def workflows(tmp_path):
    """The use cases with a small head open, four confirmed slices, and its training begun."""
    write_trainable_model(tmp_path / "shipped" / "tiny")
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in ("head", "copy"):
        write_image(head().voxels, head().geometry, scans / f"{name}.nii.gz")
    models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
    workflows = Workflows(Session(), JobQueue(workers=0), tmp_path / "user", models)
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
    workflows.training.start("tiny", steps=2000)
    yield workflows
    workflows.close()


def wait(ready, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_training_that_is_killed_is_said_and_the_model_stays(workflows):
    run, messages = workflows.training.run, []
    workflows.on_failure(messages.append)
    wait(lambda: run.events)
    workflows.training._child.kill()
    wait(lambda: run.ended)

    assert run.state == "failed"
    assert messages == [run.message] and run.message.startswith("The training ended unexpectedly")
    assert workflows.models.get("tiny").manifest.version == "1.0.0"
    assert workflows.training.accept() is None
    assert len(workflows.session.confirmed) == 4
    assert len(list((run.folder / "data" / "images").iterdir())) == 1, "the copy brings nothing new"


def test_a_training_that_is_stopped_still_compares_what_it_learnt(workflows):
    run = workflows.training.run
    wait(lambda: any(event["event"] == "progress" for event in run.events))
    assert workflows.training.start("tiny") is None, "one training at a time"
    workflows.training.stop()
    wait(lambda: run.ended)

    assert run.state == "finished", run.message
    assert set(run.report["models"]) == {"current", "semi-supervised", "supervised"}
    workflows.training.accept("supervised")
    assert "supervised" in workflows.models.get("tiny").manifest.version
    assert workflows.roll_back("tiny").manifest.version == "1.0.0"
