"""Labels that are added, renamed and locked, and acts on the whole region of one."""

from dataclasses import replace

import numpy as np
import pytest

from tests.core.test_session import paint, proposal, series
from viewer.core import shaping
from viewer.core.geometry import Geometry
from viewer.core.history import Edit
from viewer.core.labels import Label, sparing_locked
from viewer.core.session import Session, reshaping
from viewer.core.volume import Volume

SPACING = (0.8, 1.1, 2.5)


@pytest.fixture
def session():
    session = Session()
    geometry = Geometry((24, 30, 18), SPACING, np.zeros(3), np.eye(3))
    session.open(series(), Volume(np.zeros(geometry.shape, np.int16), geometry, modality="MR"))
    session.hand.set_brush_radius(4.0)
    return session


def voxels(session):
    return session.label_map.voxels.copy()


def test_a_new_label_is_painted_with_and_one_undo_takes_it_back(session):
    before = session.labels
    value = session.add_label("Tumour", (200, 30, 30), ("86049000", "SCT", "Malignant neoplasm, primary"))
    assert value == 4 and session.active_label == 4
    assert session.labels[-1] == Label(4, "Tumour", (200, 30, 30), ("86049000", "SCT", "Malignant neoplasm, primary"))
    session.undo()
    assert session.labels == before and session.active_label == 1
    session.redo()
    assert session.labels[-1].name == "Tumour"


def test_a_name_belongs_to_one_label(session):
    for act in (
        lambda: session.add_label("Region 2", (1, 2, 3)),
        lambda: session.add_label(" ", (1, 2, 3)),
        lambda: session.change_label(replace(session.labels[0], name="Region 2")),
    ):
        before = session.labels
        with pytest.raises(ValueError, match=r"name|already"):
            act()
        assert session.labels == before and session.history.undo_title is None


def test_another_name_is_one_undo_and_looks_stay_as_they_are(session):
    session.change_label(replace(session.labels[1], name="Liver", colour=(9, 8, 7)))
    session.show_label(2, False)
    session.lock_label(2, True)
    session.undo()
    assert (session.labels[1].name, session.labels[1].visible, session.labels[1].locked) == ("Region 2", False, True)
    session.change_label(session.labels[1])
    assert session.history.undo_title is None, "nothing was changed"


@pytest.mark.parametrize("tool", ["brush", "eraser"])
def test_a_locked_label_is_neither_painted_over_nor_erased(session, tool):
    paint(session, "axial", (10, 10, 9))
    own = session.label_map.voxels == 1
    session.lock_label(1, True)
    session.choose_label(2)
    session.choose_tool(tool)
    session.begin_stroke("axial", (13, 10, 9))
    session.end_stroke()
    np.testing.assert_array_equal(session.label_map.voxels == 1, own)
    assert (session.label_map.voxels == 2).any() == (tool == "brush")
    session.lock_label(1, False)
    session.begin_stroke("axial", (13, 10, 9))
    session.end_stroke()
    assert (session.label_map.voxels == 1).sum() < own.sum(), "unlocked it is painted over"


def test_nothing_is_painted_with_a_locked_label(session):
    session.lock_label(1, True)
    paint(session, "axial", (10, 10, 9))
    assert not session.label_map.voxels.any() and session.history.undo_title is None


def test_a_region_is_drawn_as_one_edit_but_not_into_a_locked_label(session):
    box, mask = (slice(9, 10), slice(5, 15), slice(5, 15)), np.ones((1, 10, 10), bool)
    assert session.draw("Draw Region 1", box, mask)
    session.lock_label(1, True)
    session.choose_label(2)
    wider = (slice(9, 10), slice(5, 15), slice(5, 20))
    assert session.draw("Draw Region 2", wider, np.ones((1, 10, 15), bool))
    assert (session.label_map.voxels == 1).sum() == 100 and (session.label_map.voxels == 2).sum() == 50
    assert not session.draw("Erase", box, mask, erase=True), "all of it is locked"
    session.choose_label(1)
    assert not session.draw("Draw Region 1", wider, np.ones((1, 10, 15), bool))
    session.undo()
    session.undo()
    assert not session.label_map.voxels.any()


def test_a_model_neither_takes_from_a_locked_label_nor_adds_to_it(session):
    shape = session.label_map.voxels.shape
    first = np.zeros(shape, np.uint8)
    first[4:8, 5:15, 5:15] = 1
    session.propose(proposal(first))
    session.accept_proposal()
    session.lock_label(session.label_map.voxels.max(), True)
    before = voxels(session)
    second = np.zeros(shape, np.uint8)
    second[6:12, 5:15, 5:15] = 1
    second[4:6, 5:20, 5:20] = 2
    session.propose(proposal(second))
    kept = session.accept_proposal()
    after, locked = session.label_map.voxels, before > 0
    np.testing.assert_array_equal(after[locked], before[locked])
    assert not (after[~locked] == before[locked].max()).any()
    assert (after == 2).sum() == 2 * (15 * 15 - 10 * 10)
    assert kept == 2 * 100 + 4 * 100, "taken from it, and added to it"


def test_redone_voxels_of_a_model_have_their_labels_again(session):
    session.add_label("Tumour", (200, 30, 30))
    found = np.zeros(session.label_map.voxels.shape, np.uint8)
    found[4:8, 5:15, 5:15] = 2
    session.propose(proposal(found))
    session.accept_proposal()
    accepted = session.labels
    for _ in range(2):
        session.undo()
    assert [label.name for label in session.labels] == ["Region 1", "Region 2", "Region 3"]
    for _ in range(2):
        session.redo()
    assert session.labels == accepted
    assert set(np.unique(session.label_map.voxels)) <= {0, *(label.value for label in session.labels)}


def test_locked_voxels_are_told_from_others():
    labels = (Label(1, "a", (0, 0, 0), locked=True), Label(2, "b", (0, 0, 0)))
    before, after = np.array([0, 1, 1, 2, 2, 0], np.uint8), np.array([1, 0, 2, 1, 0, 2], np.uint8)
    assert sparing_locked(before, after, labels).tolist() == [0, 1, 1, 2, 0, 2]
    assert sparing_locked(before, after, labels[1:]) is after


def test_a_reshaped_label_grows_into_nobodys_voxels_alone_and_is_one_undo(session):
    paint(session, "axial", (8, 10, 9))
    session.choose_label(2)
    paint(session, "axial", (18, 10, 9))
    before = voxels(session)
    edit, reshaped = reshaping("Grow", before, 1, lambda own: shaping.margin(own, SPACING, 6.0), session.labels)
    session.make(edit, reshaped)
    after = session.label_map.voxels
    np.testing.assert_array_equal(after == 2, before == 2)
    grown = shaping.margin(before == 1, SPACING, 6.0)
    np.testing.assert_array_equal(after == 1, grown & (before != 2))
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)


def test_a_reshaping_that_changes_nothing_is_no_edit(session):
    paint(session, "axial", (8, 10, 9))
    assert reshaping("Holes", voxels(session), 1, shaping.filled_holes, session.labels) is None


def test_a_locked_label_is_not_reshaped(session):
    paint(session, "axial", (8, 10, 9))
    session.lock_label(1, True)
    assert reshaping("Empty", voxels(session), 1, np.zeros_like, session.labels) is None


def test_an_edit_of_the_table_alone_leaves_the_label_map_blank(session):
    session.make(Edit("Add label", table=(session.labels, session.labels[:2])))
    assert session.label_map.blank
