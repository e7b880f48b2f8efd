"""Findings and answers are kept: by whom they were given, over a closing, in files of earlier versions, for a study."""

import sqlite3
from dataclasses import replace

import pytest

from viewer.core.findings import SERIES, STUDY, AnswerChange, Finding, Place
from viewer.core.history import Edit, History
from viewer.core.study import GeometryVerdict, Series
from viewer.io.annotation_store import AnnotationStore, study_of

SLICE = Place("slice", 2, 1)


@pytest.fixture
def store(tmp_path):
    opened = AnnotationStore(tmp_path / "annotations.sqlite", by="reader")
    yield opened
    opened.close()


def answer(place, before, after, finding=1) -> Edit:
    return Edit("Answer finding", answers=(AnswerChange(finding, place, before, after),))


def test_the_list_is_kept_and_a_finding_that_is_listed_again_is_the_same(store, tmp_path):
    store.list_finding("Normal", "study")
    store.list_finding("Pneumothorax", "slice", ("36118008", "SCT", "Pneumothorax"))
    code = ("36118008", "SCT", "Pneumothorax")
    listed = (Finding(2, "Pneumothorax", "slice", code), Finding(1, "Normal", "study"))
    assert store.findings() == listed
    store.list_finding("Normal", "study")
    assert store.findings() == listed, "it was there already"
    store.unlist_finding(2)
    assert store.findings() == listed[1:]
    store.list_finding("Pneumothorax", "slice")
    assert store.findings() == listed
    store.change_finding(replace(listed[1], name="No finding"))
    other = AnnotationStore(tmp_path / "annotations.sqlite")
    assert other.findings()[1].name == "No finding"
    other.close()


def test_answers_come_back_and_so_does_their_undo(store, phantom):
    history = History()
    for edit in (answer(SLICE, None, True), answer(SERIES, None, False), answer(SLICE, True, None)):
        history.record(edit)
        store.append("a", phantom.geometry, edit, study_uid="s")
    loaded = store.load("a", phantom.geometry)
    assert loaded.answers == {(1, SERIES): False}
    assert loaded.history.next_undo == answer(SLICE, True, None)
    store.append("a", phantom.geometry, loaded.history.undo(), "undo", study_uid="s")
    assert store.load("a", phantom.geometry).answers == {(1, SERIES): False, (1, SLICE): True}


def test_answers_of_a_study_are_those_of_all_its_series(store, phantom):
    store.append("a", phantom.geometry, answer(STUDY, None, True), study_uid="s")
    assert store.study_answers("s") == {(1, STUDY): True} and store.study_answers("t") == {}
    assert store.load("a", phantom.geometry).answers == {}
    store.append("b", phantom.geometry, answer(STUDY, True, False), study_uid="s")
    undo = answer(STUDY, None, True).inverse()
    store.append("a", phantom.geometry, undo, "undo", study_uid="s")
    assert store.study_answers("s") == {(1, STUDY): False}, "given later in another series"
    store.append("a", phantom.geometry, undo.inverse(), "redo", study_uid="s")
    assert store.study_answers("s") == {(1, STUDY): False}
    store.append("b", phantom.geometry, answer(STUDY, False, True), "undo", study_uid="s")
    store.append("a", phantom.geometry, undo, "undo", study_uid="s")
    assert store.study_answers("s") == {}


def test_all_answers_are_those_to_listed_findings_with_who_gave_them(store, phantom, tmp_path):
    store.list_finding("Nodule", "slice")
    store.list_finding("Normal", "study")
    store.append("a", phantom.geometry, answer(SLICE, None, False), study_uid="s")
    store.append("a", phantom.geometry, answer(STUDY, None, True, finding=2), study_uid="s")
    assert store.all_answers() == [("a", 1, SLICE, False), ("s", 2, STUDY, True)]
    assert store.answer_count(1) == 1
    store.unlist_finding(1)
    assert store.all_answers() == [("s", 2, STUDY, True)] and store.answer_count(1) == 1
    with sqlite3.connect(tmp_path / "annotations.sqlite") as database:
        ((by, at),) = database.execute("select answered_by, answered_at from answers where place_uid = 's'")
    assert by == "reader" and at.startswith("20")


def test_a_file_without_findings_gets_them(store, phantom, tmp_path):
    store.append("a", phantom.geometry, Edit("Mark"), study_uid="s")
    store.close()
    with sqlite3.connect(tmp_path / "annotations.sqlite") as database:
        database.execute("drop table findings")
        database.execute("drop table answers")
    old = AnnotationStore(tmp_path / "annotations.sqlite")
    assert old.findings() == () and old.load("a", phantom.geometry).answers == {}
    old.append("a", phantom.geometry, answer(SLICE, None, True), study_uid="s")
    assert old.load("a", phantom.geometry).answers == {(1, SLICE): True}
    old.close()


def test_the_study_of_files_without_one_moves_with_their_work():
    def of(uid, study_uid) -> Series:
        return Series(uid, study_uid, "", "", "", "", (), GeometryVerdict("2d", ""))

    assert study_of(of("1.2", "1.3"), "1.2@12345678") == "1.3"
    assert study_of(of("1.2", ""), "1.2") == "1.2"
    assert study_of(of("file-a~t1", "file-a-study"), "file-a~t1") == "file-a-study"
    assert study_of(of("file-b~t1", "file-b-study"), "file-a~t1") == "file-a-study"
