"""An answer that was given by a model's score names the model, wherever it is kept and exported; others do not."""

import csv
import json
import sqlite3

import numpy as np
import pytest

from viewer.core.findings import SERIES, STUDY, AnswerChange, Finding, JudgedScore, Place
from viewer.core.geometry import Geometry
from viewer.core.history import Edit
from viewer.core.origin import Origin
from viewer.core.scores import Scored, Scores
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.io.annotation_store import AnnotationStore
from viewer.io.finding_table import gather, write_json, write_table

ORIGIN = Origin("scorer", "2.0.0", "CUDA", 1.5, "cd" * 32, "2026-01-02T03:04:05+00:00", (("values", "Odd."),), ("N.",))
GEOMETRY = Geometry((8, 6, 3), (1.0, 2.0, 3.0), np.zeros(3), np.eye(3))
SLICES = np.array([[0.9, 0.1], [0.2, 0.4], [0.7, 0.3]], np.float32)
SCORES = Scores((Scored("Blood", 0.9, 0.5), Scored("Motion", 0.4, 0.5)), 2, SLICES, None, "max", (), ORIGIN)
BLOOD = {"slice": 1, "series": 2}


def at(k: int) -> Place:
    return Place("slice", 2, k)


@pytest.fixture
def session() -> Session:
    opened = Session()
    opened.hand.set_findings((Finding(1, "Blood"), Finding(2, "Blood", "series"), Finding(3, "Motion", "series")))
    series = Series("a", "s", "", "", "CT", "", (), GeometryVerdict("regular", ""), size=(8, 6, 3))
    opened.open(series, Volume(np.zeros((3, 6, 8), np.int16), GEOMETRY))
    opened.show_scores(SCORES)
    return opened


def kept(session: Session, store: AnnotationStore):
    for edit in session.history._done:
        store.append("a", GEOMETRY, edit, study_uid="s")


@pytest.fixture
def store(tmp_path):
    opened = AnnotationStore(tmp_path / "annotations.sqlite", by="reader")
    for level in ("slice", "series"):
        opened.list_finding("Blood", level)
    yield opened
    opened.close()


def test_accepting_covers_slices_as_one_undo_and_spares_what_a_person_answered(session):
    session.answer(1, at(1), True)
    assert session.judge_score(0, BLOOD, (SERIES, *SCORES.slice_places()), accepts=True) == 3
    assert session.answers == {(2, SERIES): True, (1, at(0)): True, (1, at(1)): True, (1, at(2)): True}
    assert session.judged_scores[1, at(2)] == JudgedScore(ORIGIN, "Blood", pytest.approx(0.7), 0.5)
    assert (1, at(1)) not in session.judged_scores, "that one a person ticked"
    session.undo()
    assert session.answers == {(1, at(1)): True} and not session.judged_scores
    session.redo()
    assert len(session.judged_scores) == 3
    session.answer(2, SERIES, False)
    assert (2, SERIES) not in session.judged_scores, "a person changed it since"


def test_below_its_threshold_a_model_says_no_and_rejecting_is_of_a_yes_alone(session):
    places = (SERIES, *SCORES.slice_places())
    assert session.judge_score(0, BLOOD, places, accepts=False) == 3
    assert session.answers == {(2, SERIES): False, (1, at(0)): False, (1, at(2)): False}
    session.undo()
    session.judge_score(0, BLOOD, places, accepts=True)
    assert session.answers[1, at(1)] is False and session.judged_scores[1, at(1)].above is False
    assert session.judge_score(1, {"series": 3}, (SERIES,), accepts=False) == 0, "the model does not find it"


def test_the_model_survives_closing_undo_and_redo(session, store, tmp_path):
    session.judge_score(0, BLOOD, (SERIES, *SCORES.slice_places()), accepts=True)
    session.answer(1, at(1), True)
    kept(session, store)
    store.close()
    again = AnnotationStore(tmp_path / "annotations.sqlite")
    loaded = again.load("a", GEOMETRY)
    assert loaded.judged_scores == session.judged_scores and len(loaded.judged_scores) == 3
    undo = loaded.history.undo()
    again.append("a", GEOMETRY, undo, "undo", study_uid="s")
    assert again.load("a", GEOMETRY).judged_scores[1, at(1)] == JudgedScore(ORIGIN, "Blood", pytest.approx(0.2), 0.5)
    again.append("a", GEOMETRY, undo.inverse(), "redo", study_uid="s")
    assert again.load("a", GEOMETRY).judged_scores == session.judged_scores
    again.close()


def test_an_undo_spares_an_answer_that_a_person_gave_meanwhile(session, store):
    score = SCORES.told_of(0, SERIES)
    accepted = Edit("Accept", answers=(AnswerChange(3, STUDY, None, True, None, score),))
    own = Edit("Answer", answers=(AnswerChange(3, STUDY, True, True, score, None),))
    for edit, act in ((accepted, "make"), (own, "make"), (accepted.inverse(), "undo")):
        store.append("a", GEOMETRY, edit, act, study_uid="s")
    assert store.study_answers("s") == {(3, STUDY): True} and store.study_scores("s") == {}
    session.make(accepted)
    session.take_study_answers({(3, STUDY): True})
    session.undo()
    assert session.answers == {(3, STUDY): True}


def test_a_file_of_before_gets_the_column(store, session, tmp_path):
    store.close()
    with sqlite3.connect(tmp_path / "annotations.sqlite") as database:
        database.execute("alter table answers drop column score")
    old = AnnotationStore(tmp_path / "annotations.sqlite")
    session.judge_score(0, BLOOD, (SERIES,), accepts=True)
    kept(session, old)
    assert old.load("a", GEOMETRY).judged_scores == session.judged_scores
    old.close()


def test_tables_name_the_model_of_what_was_accepted_alone(session, store, tmp_path):
    session.judge_score(0, BLOOD, (SERIES,), accepts=True)
    session.answer(1, at(1), True)
    kept(session, store)
    labels = gather(store, ())
    write_table(tmp_path / "a.csv", labels)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        told = {row["level"]: row for row in csv.DictReader(file)}
    of_model = {name: cell for name, cell in told["series"].items() if name.startswith("model")}
    assert of_model == {
        "model": "scorer", "model_version": "2.0.0", "model_hash": "cd" * 6, "model_device": "CUDA",
        "model_seconds": "1.5", "model_made": "2026-01-02T03:04:05+00:00", "model_overridden": "Odd.",
        "model_class": "Blood", "model_probability": "0.9", "model_threshold": "0.5",
    }  # fmt: skip
    assert not any(cell for name, cell in told["slice"].items() if name.startswith("model"))
    write_json(tmp_path / "a.json", labels)
    answers = {one["level"]: one for one in json.loads((tmp_path / "a.json").read_text())["answers"]}
    own, judged = answers["slice"], answers["series"]
    assert judged["judged_score"]["sha256"] == "cd" * 32 and "judged_score" not in own
