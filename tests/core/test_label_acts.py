"""What is done with whole labels and whole slices: one edit each, and nothing of a locked label."""

from dataclasses import replace

import numpy as np
import pytest

from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.session import Annotations, Session, giving_away
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import LabelMap

SERIES = Series("1", "1", "p", "", "CT", "", (), GeometryVerdict("regular", ""))


@pytest.fixture
def session(oblique_phantom) -> Session:
    """Slices 2 and 3 have labels 1 and 2, of which a model proposed some."""
    voxels = np.zeros(oblique_phantom.geometry.shape, np.uint8)
    voxels[2:4, 2:5, 3:9], voxels[3, 6:8, 3:9] = 1, 2
    machine = np.where(voxels == 1, voxels, 0).astype(np.uint8)
    session = Session()
    session.open(SERIES, oblique_phantom, Annotations(LabelMap(voxels), machine))
    session.go_to_slice("axial", 3)
    return session


def test_nothing_here_clears_and_confirms_the_slice_as_one_edit(session):
    before = session.label_map.voxels.copy()
    assert session.has_labels("axial") and session.confirm_empty("axial")
    assert not session.label_map.voxels[3].any() and session.is_confirmed("axial") and not session.has_labels("axial")
    np.testing.assert_array_equal(session.label_map.voxels[:3], before[:3])
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)
    assert not session.is_confirmed("axial")


def test_nothing_is_cleared_where_a_label_is_locked(session):
    session.lock_label(2, True)
    assert not session.confirm_empty("axial") and session.label_map.voxels[3].any() and not session.confirmed
    session.go_to_slice("axial", 2)
    assert session.confirm_empty("axial"), "the locked label is not on this one"


def test_a_slice_that_is_confirmed_and_empty_stays_as_it_is(session):
    session.go_to_slice("axial", 5)
    assert session.confirm_empty("axial") and session.confirm_empty("axial")
    session.undo()
    assert not session.confirmed and session.history.undo_title is None


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_labels_of_a_slice_are_seen_in_each_plane(session, plane):
    axis = {"axial": 2, "coronal": 1, "sagittal": 0}[plane]
    there = session.label_map.voxels.any(axis=tuple(n for n in range(3) if n != 2 - axis))
    for index in range(len(there)):
        session.go_to_slice(plane, index)
        assert session.has_labels(plane) == there[index]


def test_a_label_given_away_takes_what_models_proposed_of_it_along(session):
    edit, voxels = giving_away("Merge", session.label_map.voxels, session.machine, 1, 3, session.labels)
    session.make(edit, voxels)
    assert (session.label_map.voxels == 3).sum() == 36 and not (session.machine == 1).any()
    assert [label.value for label in session.labels] == [2, 3]
    assert session.add_label("New", (1, 2, 3)) == 1 and not (session.machine == 1).any()
    session.undo()
    session.undo()
    assert (session.machine == 1).sum() == 36 and session.labels == DEFAULT_LABELS


def test_one_label_is_shown_alone_and_all_again(session):
    session.show_only(2)
    assert [label.visible for label in session.labels] == [False, True, False]
    session.show_only(1)
    assert [label.visible for label in session.labels] == [True, False, False]
    session.show_only(1)
    assert all(label.visible for label in session.labels)


def test_a_list_of_labels_comes_to_those_that_are_drawn_and_recolours_equal_names(session):
    given = (Label(7, "Region 2", (9, 9, 9), ("1", "SCT", "x")), Label(1, "Liver", (8, 8, 8)))
    session.use_table(given)
    assert [(x.value, x.name, x.colour) for x in session.labels][1:] == [
        (2, "Region 2", (9, 9, 9)),
        (3, "Region 3", DEFAULT_LABELS[2].colour),
        (4, "Liver", (8, 8, 8)),
    ]
    session.undo()
    assert session.labels == DEFAULT_LABELS


def test_a_renamed_label_takes_its_boxes_along(session):
    session.add_measurement("box", [(1, 1, 3), (4, 5, 3)], 2)
    session.add_measurement("rectangle", [(1, 1, 3), (4, 5, 3)], 2, "Region 1")
    session.change_label(replace(session.labels[0], name="Liver"))
    assert [m.text for m in session.measurements] == ["Liver", "Region 1"]
    session.undo()
    assert [m.text for m in session.measurements] == ["Region 1", "Region 1"]


def test_a_box_is_something_on_its_slice_alone(session):
    session.add_measurement("box", [(2, 2, 5), (6, 6, 5)], 2, "Region 1")
    for k, there in ((4, False), (5, True)):
        session.go_to_slice("axial", k)
        assert session.has_boxes("axial") == there and not session.has_boxes("coronal")


def test_a_label_that_only_a_box_has_is_in_use(oblique_phantom):
    session = Session()
    session.open(SERIES, oblique_phantom)
    assert not session.labels_in_use()
    first = session.labels[0]
    session.add_measurement("box", [(2, 2, 5), (6, 6, 5)], 2, first.name)
    assert session.labels_in_use() == (first,)


def confirm(session, *slices):
    for k in slices:
        session.go_to_slice("axial", k)
        session.toggle_confirmed("axial")


def test_what_a_sphere_changes_out_of_sight_is_no_longer_confirmed_until_it_is_undone(session):
    confirm(session, 1, 2, 5, 3)
    session.choose_tool("brush")
    session.hand.set_brush_shape("sphere")
    session.hand.set_brush_radius(1.2 * session.volume.geometry.spacing[2])
    session.begin_stroke("axial", (8.0, 2.0, 3.0))
    session.end_stroke()

    assert session.confirmed == {(2, 1), (2, 3), (2, 5)}, "3 is looked at, 1 and 5 stay as they were"
    session.undo()
    assert session.confirmed == {(2, 1), (2, 2), (2, 3), (2, 5)}
    session.redo()
    assert session.confirmed == {(2, 1), (2, 3), (2, 5)}


def test_a_slice_that_is_looked_at_stays_confirmed_when_it_is_drawn_on(session):
    confirm(session, 2, 3)
    session.choose_tool("brush")
    session.begin_stroke("axial", (8.0, 2.0, 3.0))
    session.end_stroke()
    box = (slice(3, 4), slice(0, 2), slice(0, 2))
    assert session.draw("Polygon", box, np.ones((1, 2, 2), bool))

    assert session.confirmed == {(2, 2), (2, 3)}


def test_a_region_that_reaches_other_slices_takes_their_confirmation_back(session):
    confirm(session, 2, 4, 3)

    assert session.draw("Flood fill", (slice(3, 5), slice(0, 2), slice(0, 2)), np.ones((2, 2, 2), bool))

    assert session.confirmed == {(2, 2), (2, 3)}
