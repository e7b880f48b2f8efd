"""Slices that a person has marked: undone like other work, and found again in the order of the planes."""

import numpy as np
import pytest

from tests.gui.test_slice_pane import SERIES
from viewer.core.events import What
from viewer.core.geometry import Geometry, plane_axes
from viewer.core.history import Edit, KeyImageChange
from viewer.core.session import Session, corrected_labels
from viewer.core.volume import Volume


@pytest.fixture
def session(phantom) -> Session:
    session = Session()
    session.open(SERIES, phantom)
    return session


def mark(session, plane, index) -> None:
    session.go_to_slice(plane, index)
    session.toggle_key_image(plane)


def test_a_mark_is_one_edit_that_is_undone_and_redone(session):
    heard = []
    session.subscribe(heard.append)
    mark(session, "coronal", 1)
    axis = plane_axes(session.volume.geometry, "coronal").normal

    assert session.key_images == {(axis, 1)} and session.is_key_image("coronal")
    assert heard[-1].what == What.KEY_IMAGES and heard[-1].edit.key_images == (KeyImageChange((axis, 1), True),)
    assert session.history.undo_title == "Mark key image"
    session.undo()
    assert session.key_images == frozenset() and not session.is_key_image("coronal")
    assert heard[-1].edit.key_images == (KeyImageChange((axis, 1), False),)
    session.redo()
    assert session.key_images == {(axis, 1)}
    session.toggle_key_image("coronal")
    assert session.key_images == frozenset()
    session.undo()
    assert session.key_images == {(axis, 1)}


def test_a_mark_says_nothing_about_labels(session):
    mark(session, "axial", 1)

    assert session.confirmed == frozenset() and session.label_map.blank
    assert corrected_labels(session.label_map.voxels, session.machine, session.confirmed) == ()


def test_key_images_are_gone_through_plane_by_plane_and_round_again(session):
    for plane, index in (("sagittal", 2), ("axial", 4), ("axial", 1), ("coronal", 3)):
        mark(session, plane, index)
    expected = (("axial", 1), ("axial", 4), ("coronal", 3), ("sagittal", 2))
    assert session.key_images_in_order == expected

    session.go_to_slice("axial", 2)
    plane, gone = "axial", []
    for _ in range(5):
        plane, index = session.key_image_beside(plane, 1)
        session.go_to_slice(plane, index)
        gone.append((plane, index))
    assert gone == [*expected[1:], *expected[:2]]
    assert session.key_image_beside("axial", -1) == ("axial", 1)
    session.go_to_slice("axial", 0)
    assert session.key_image_beside("axial", -1) == ("sagittal", 2)


def test_nothing_is_marked_where_nothing_may_be_changed(session):
    session.set_read_only(True)
    session.toggle_key_image("axial")
    assert session.key_images == frozenset()
    session.close_series()
    session.toggle_key_image("axial")
    assert session.key_image_beside("axial", 1) is None


def test_another_series_has_none_of_them(session, phantom):
    mark(session, "axial", 1)
    session.open(SERIES, phantom)
    assert session.key_images == frozenset()


def test_the_history_counts_marks_too():
    edit = Edit("Mark key image", key_images=(KeyImageChange((2, 1), True),))
    assert edit.size_bytes > 0


def test_frames_are_marked_by_their_number():
    geometry = Geometry((8, 8, 5), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3), False, slice_origins=np.zeros((0, 3)))
    session = Session()
    session.open(SERIES, Volume(np.zeros((5, 8, 8), np.int16), geometry))
    mark(session, session.planes[0], 3)
    assert session.key_images == {(2, 3)}
