"""Clicks are answered by an installed model where one fits, and by the classical method where none does or it fails."""

from dataclasses import replace

import numpy as np
import pytest

from inference.manifest import load_manifest, write_manifest
from inference.models import ModelStore
from tests.click_model import write_click_model
from tests.workflows.test_workflows import head, open_first, scan_folder  # noqa: F401
from viewer.core.click_segment import CLASSICAL, Prompts, Stroke
from viewer.core.session import Session
from viewer.jobs import JobQueue
from viewer.workflows import Workflows


@pytest.fixture
def opened(tmp_path, scan_folder):  # noqa: F811
    """Workflows with a scan open; write puts a click model into the folder of shipped ones first."""
    running = []

    def start(**of_model) -> Workflows:
        if of_model.pop("installed", True):
            folder = tmp_path / "shipped" / "clicks"
            write_click_model(folder, gives=of_model.pop("gives", 1.0))
            write_manifest(load_manifest(folder).model_copy(update=of_model), folder)
        (tmp_path / "shipped").mkdir(exist_ok=True)
        models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
        running.append(Workflows(Session(), JobQueue(workers=0), tmp_path / "user", models))
        running[-1].messages = []
        running[-1].on_failure(running[-1].messages.append)
        open_first(running[-1], scan_folder)
        return running[-1]

    yield start
    for workflows in running:
        workflows.close()


PICTURE = head().voxels[8].astype(np.float32)
CLICK = Prompts((Stroke(((12, 14),)),))
NOTHING = np.zeros(PICTURE.shape, bool)


def test_a_model_that_fits_answers_and_every_click_is_kept(opened):
    workflows = opened()
    answering = workflows.runs.click_answering()
    assert answering.name == "Clicks 1.0.0"

    found = answering.answer(PICTURE, (2.0, 2.0), CLICK, NOTHING)
    expected = PICTURE == 1000
    assert np.count_nonzero(found ^ expected) <= 0.15 * np.count_nonzero(expected)
    away = Prompts((*CLICK.strokes, Stroke(((7, 10),), positive=False)))
    assert not answering.answer(PICTURE, (2.0, 2.0), away, found)[7, 10]


def test_one_that_was_installed_and_never_chosen_answers_too(opened, tmp_path):
    workflows = opened(installed=False)
    write_click_model(tmp_path / "new")
    workflows.models.install(tmp_path / "new")
    assert workflows.runs.click_answering().name == "Clicks 1.0.0"


def test_without_one_or_with_one_for_something_else_the_classical_method_answers(opened):
    assert opened(installed=False).runs.click_answering() is CLASSICAL
    other = opened(modalities=["CT"])
    assert other.runs.click_answering() is not CLASSICAL, "a NIfTI file tells no modality"
    other.session.series = replace(other.session.series, modality="MR")
    other.runs._verdicts.clear()
    assert other.runs.click_answering() is CLASSICAL


def test_where_the_model_fails_the_classical_method_answers_and_says_so(opened):
    workflows = opened(gives=float("nan"))
    answering = workflows.runs.click_answering()

    found = answering.answer(PICTURE, (2.0, 2.0), CLICK, NOTHING)

    np.testing.assert_array_equal(found, CLASSICAL.answer(PICTURE, (2.0, 2.0), CLICK, NOTHING))
    assert "not numbers" in workflows.messages[0] and "classical method" in workflows.messages[0]
