"""Answers of a study in each of its series, and what becomes of answers that could not be written at once."""

import pytest

from inference.models import ModelStore
from tests.marked_patient import write_slices
from viewer.core.findings import SERIES, STUDY
from viewer.core.session import Session
from viewer.jobs import JobQueue
from viewer.workflows import Workflows


def one_study(dataset) -> None:
    dataset.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.77"


@pytest.fixture
def workflows(tmp_path):
    running = Workflows(
        Session(), JobQueue(workers=0), tmp_path / "user", ModelStore(tmp_path / "shipped", tmp_path / "models")
    )
    running.messages = []
    running.on_failure(running.messages.append)
    for name, letters in (("first", "LPH"), ("second", "PFR")):
        write_slices(tmp_path / "scans" / name, letters, change=one_study)
    running.add_paths([tmp_path / "scans"])
    running.new_finding("Normal", "study")
    running.new_finding("Motion", "series")
    yield running
    running.close()


def uids(workflows) -> list[str]:
    found = workflows.library.all_series()
    assert len(found) == 2 and len({series.study_uid for series in found}) == 1
    return [series.uid for series in found]


def number(workflows, name) -> int:
    return next(f.number for f in workflows.session.hand.findings if f.name == name)


def test_what_is_answered_of_a_study_is_there_in_its_next_series(workflows):
    first, second = uids(workflows)
    normal, motion = number(workflows, "Normal"), number(workflows, "Motion")
    workflows.open_series(first)
    workflows.session.answer(normal, STUDY, True)
    workflows.session.answer(motion, SERIES, True)
    workflows.open_series(second)
    assert workflows.session.answers == {(normal, STUDY): True}
    assert workflows.session.history.next_undo is None, "it was given elsewhere"
    workflows.session.answer(normal, STUDY, False)
    workflows.open_series(first)
    assert workflows.session.answers == {(normal, STUDY): False, (motion, SERIES): True}


def test_series_beside_one_another_hear_the_answers_of_their_study(workflows):
    first, second = uids(workflows)
    normal = number(workflows, "Normal")
    workflows.open_series(first)
    beside = workflows.add_session()
    workflows.open_series(second, session=beside)
    workflows.session.answer(normal, STUDY, True)
    assert beside.answers == {(normal, STUDY): True}
    workflows.session.undo()
    assert beside.answers == {}
    workflows.session.redo()
    beside.answer(normal, STUDY, False)
    assert workflows.session.answers == {(normal, STUDY): False}
    workflows.session.undo()
    assert workflows.session.answers == beside.answers == {(normal, STUDY): False}, "the later answer stays"
    workflows.open_series(second)
    workflows.open_series(first)
    assert workflows.session.answers == {(normal, STUDY): False}


def test_an_answer_that_waits_for_the_disk_is_there_in_the_next_series(workflows, monkeypatch):
    first, second = uids(workflows)
    normal, append = number(workflows, "Normal"), workflows.annotation_store.append

    def full(*_):
        raise OSError("disk full")

    workflows.open_series(first)
    workflows.annotation_store.append = full
    workflows.session.answer(normal, STUDY, True)
    workflows.open_series(second)
    assert workflows.session.answers == {(normal, STUDY): True}
    assert workflows.export_findings(workflows.folder / "never.csv") is None
    assert "not saved yet" in workflows.messages[-1]
    workflows.annotation_store.append = append
    assert workflows.save_again()
    workflows.open_series(first)
    assert workflows.session.answers == {(normal, STUDY): True}


def test_a_list_that_cannot_be_saved_is_as_it_was(workflows, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(workflows.annotation_store, "_write", full)
    workflows.new_finding("Nodule", "slice")
    assert [f.name for f in workflows.session.hand.findings] == ["Motion", "Normal"]
    assert "disk full" in workflows.messages[-1]


def test_two_findings_of_one_level_have_two_names(workflows):
    with pytest.raises(ValueError, match="already"):
        workflows.new_finding(" Normal ", "study")
    workflows.new_finding("Normal", "slice")
    workflows.take_finding_off(number(workflows, "Motion"))
    assert [(f.name, f.level) for f in workflows.session.hand.findings] == [("Normal", "slice"), ("Normal", "study")]


def test_an_export_without_answers_says_so(workflows, tmp_path):
    workflows.export_findings(tmp_path / "findings.csv")
    assert "no answer" in workflows.messages[-1] and not (tmp_path / "findings.csv").exists()
