"""Answers to findings: of a slice, of the series, of the study; yes, no, and not answered."""

import numpy as np
import pytest

from viewer.core.findings import SERIES, STUDY, Finding, Place, check_name, in_order
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

FINDINGS = (Finding(4, "Nodule"), Finding(2, "Blood"), Finding(3, "Motion", "series"), Finding(1, "Normal", "study"))


def series(uid="a") -> Series:
    return Series(uid, "study", "", "", "CT", "", (), GeometryVerdict("regular", ""), size=(8, 6, 4))


@pytest.fixture
def session() -> Session:
    opened = Session()
    opened.hand.set_findings(FINDINGS)
    geometry = Geometry((8, 6, 4), (1.0, 2.0, 3.0), np.zeros(3), np.eye(3))
    opened.open(series(), Volume(np.zeros((4, 6, 8), np.int16), geometry))
    return opened


def test_an_answer_belongs_to_the_slice_under_the_cross_hair(session):
    session.move_cursor((1, 2, 3))
    place = session.place_of("slice", "axial")
    assert place == Place("slice", 2, 3) and session.place_of("slice", "sagittal") == Place("slice", 0, 1)
    session.answer(4, place, True)
    session.answer(4, Place("slice", 2, 1), False)
    assert session.answers == {(4, Place("slice", 2, 3)): True, (4, Place("slice", 2, 1)): False}


def test_each_answer_is_one_undo_and_not_answered_is_not_no(session):
    session.answer(3, SERIES, True)
    session.answer(3, SERIES, False)
    session.answer(3, SERIES, None)
    assert session.answers == {}
    session.undo()
    assert session.answers == {(3, SERIES): False}
    session.undo()
    assert session.answers == {(3, SERIES): True}
    session.undo()
    assert session.answers == {} and session.history.next_undo is None
    session.redo()
    assert session.answers == {(3, SERIES): True}


def test_the_same_answer_again_is_no_edit(session):
    session.answer(1, STUDY, True)
    session.answer(1, STUDY, True)
    session.undo()
    assert session.history.next_undo is None


def test_the_rest_is_answered_with_no_as_one_edit_and_keeps_what_is_answered(session):
    place = Place("slice", 2, 0)
    session.answer(2, place, True)
    assert session.answer_rest(place) == 1
    assert session.answers == {(2, place): True, (4, place): False}
    assert session.answer_rest(place) == 0
    session.undo()
    assert session.answers == {(2, place): True}


def test_an_oblique_plane_is_no_slice_to_answer(session):
    session.turn_planes("axial", 0.3)
    assert session.place_of("slice", "sagittal") is None and session.place_of("series", "sagittal") == SERIES


def test_another_series_of_the_study_hears_the_answers_of_the_study_alone(session):
    other = Session(session.hand)
    other.open(series("b"), session.volume)
    session.answer(1, STUDY, True)
    session.answer(3, SERIES, True)
    for edit in session.history._done:
        other.hear_answers(edit.answers)
    assert other.answers == {(1, STUDY): True}


def test_an_undo_spares_what_was_answered_otherwise_meanwhile_in_another_series(session):
    session.answer(1, STUDY, True)
    session.take_study_answers({(1, STUDY): False})
    session.undo()
    assert session.answers == {(1, STUDY): False}
    session.redo()
    assert session.answers == {(1, STUDY): False}


def test_nothing_is_answered_where_nothing_can_be_edited(session):
    session.set_read_only(True)
    session.answer(1, STUDY, True)
    assert session.answer_rest(STUDY) == 0 and session.answers == {}


def test_findings_are_listed_by_level_and_names_are_unique_within_one():
    assert [f.number for f in in_order((FINDINGS[3], *FINDINGS[:3]))] == [4, 2, 3, 1]
    assert check_name(FINDINGS, " Nodule ", "study") == "Nodule"
    assert check_name(FINDINGS, "Nodule", "slice", but=4) == "Nodule"
    for name in ("Nodule", "  ", "x" * 201):
        with pytest.raises(ValueError, match="finding"):
            check_name(FINDINGS, name, "slice")
