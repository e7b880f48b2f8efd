"""A model's boxes: where planes cut them, and what a person makes of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viewer.core.detections import Detection, Detections
from viewer.core.geometry import PLANES, plane_axes
from viewer.core.labels import Label
from viewer.core.oblique import turned_about, turned_axes
from viewer.core.origin import Origin
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.io.annotation_store import AnnotationStore

LABELS = (Label(1, "Nodule", (200, 0, 0)), Label(2, "Mass", (0, 200, 0), ("4147007", "SCT", "Mass")))
ORIGIN = Origin(
    "peaks", "1.0", "CPU", 1.5, "ab" * 32, "2026-01-02T03:04:05+00:00", (("modality", "It is CT."),), ("!",)
)


def box(number, score, label="Nodule", k=5, right=7.5):
    low, high = (2.5, 3.5, k - 1.5), (8.5, 9.5, k + 0.5)
    return Detection(number, label, score, low, high, 2, k, ((3.5, 4.5, k - 0.5), (right, 8.5, k + 0.5)))


@pytest.fixture
def session(phantom):
    session = Session()
    verdict = GeometryVerdict("regular", "")
    session.open(Series("1.2", "1", "P", "Phantom", "CT", "", (Path("a"),), verdict, phantom.geometry.size), phantom)
    boxes = (box(1, 0.9, "Mass"), box(2, 0.8), box(3, 0.7, "Mass", right=8.5), box(4, 0.4, k=2))
    session.propose_boxes(Detections(boxes, LABELS, {"Nodule": 0.5, "Mass": 0.8}, 0.05, ORIGIN))
    return session


def numbers(boxes):
    return [one.number for one in boxes]


def waiting(session):
    return numbers(session.detections.open(session.measurements))


def test_at_first_each_label_has_its_own_threshold_and_then_one_is_for_all(session):
    assert numbers(session.detections.shown) == [1, 2]
    session.show_boxes_from(0.7)
    assert numbers(session.detections.shown) == [1, 2, 3]


def test_an_accepted_box_is_a_persons_with_its_origin_and_one_undo_takes_it_back(session):
    session.show_boxes_from(0.0)
    before = session.labels
    assert session.accept_boxes([1, 2]) == 2 and session.accept_boxes([2]) == 0
    mass, nodule = session.measurements
    assert (mass.kind, mass.text, mass.points) == ("box", "Mass", ((3.5, 4.5, 5.0), (7.5, 8.5, 5.0)))
    assert nodule.found.origin == ORIGIN and nodule.found.score == 0.8 and not nodule.corrected
    assert [(label.name, label.code) for label in session.labels] == [("Nodule", None), ("Mass", LABELS[1].code)]
    assert waiting(session) == [3, 4]
    session.undo()
    assert not session.measurements and session.labels == before and waiting(session) == [1, 2, 3, 4]
    session.redo()
    assert waiting(session) == [3, 4]
    session.change_measurement(replace(session.measurements[0], points=((3.0, 4.5, 5.0), (7.5, 8.5, 5.0))))
    assert session.measurements[0].corrected and session.measurements[0].found.points[0] == (3.5, 4.5, 5.0)


def test_what_was_accepted_is_not_proposed_again_by_another_run_of_the_same_network(session):
    session.accept_boxes([2])
    session.change_measurement(replace(session.measurements[0], points=((3.0, 4.5, 5.0), (7.5, 8.5, 5.0))))
    again = replace(session.detections, origin=replace(ORIGIN, made="2026-02-02T00:00:00+00:00", seconds=9.0))
    session.propose_boxes(again)
    assert waiting(session) == [1] and session.accept_boxes([2]) == 0
    session.propose_boxes(replace(again, origin=replace(ORIGIN, sha256="cd" * 32)))
    assert waiting(session) == [1, 2]


def test_rejected_ones_wait_no_longer_and_can_be_brought_back(session):
    session.reject_box(2, "Artefact")
    assert waiting(session) == [1] and session.detections.rejected == {2: "Artefact"}
    session.restore_box(2)
    assert waiting(session) == [1, 2]


def test_stepping_goes_by_score_from_where_one_was_and_round(session):
    session.show_boxes_from(0.0)
    seen = []
    for step in (1, 1, -1, -1):
        assert session.step_box(step)
        seen.append(session.detections.chosen)
    assert seen == [1, 2, 1, 4]
    assert session.cursor_ijk == (6, 6, 2)  # the middle of it on its slice, 5.5 and 6.5 rounded
    session.go_to_box(2)
    session.reject_box(2)
    session.step_box(1)
    assert session.detections.chosen == 3
    session.accept_boxes([3])
    session.step_box(-1)
    assert session.detections.chosen == 1
    session.accept_boxes([1, 4])
    assert not session.step_box(1)


def test_another_series_has_none_of_them(session, phantom):
    session.open(session.series, phantom)
    assert session.detections is None


def test_nothing_is_accepted_where_labels_may_only_be_looked_at(session):
    session.set_read_only(True)
    assert session.accept_boxes([1]) == 0 and not session.measurements


def test_what_was_found_is_there_after_a_restart(session, tmp_path):
    store, edits = AnnotationStore(tmp_path / "annotations.sqlite"), []
    session.subscribe(lambda change: change.edit and edits.append(change.edit))
    session.accept_boxes([1])
    session.change_measurement(replace(session.measurements[0], points=((3.0, 4.5, 5.0), (7.5, 8.5, 5.0))))
    for edit in edits:
        store.append("a", session.volume.geometry, edit)
    store.close()
    store = AnnotationStore(tmp_path / "annotations.sqlite")
    loaded = store.load("a", session.volume.geometry)
    assert loaded.measurements == session.measurements and loaded.measurements[0].corrected
    assert store.all_boxes()[0][1].found.origin == ORIGIN
    undone = loaded.history.undo()
    assert undone.measurements[0].after.found == session.measurements[0].found
    store.close()


class TestCuts:
    def test_a_plane_of_the_grid_cuts_a_rectangle_and_its_own_slice_the_box_that_was_found_there(self, phantom):
        one = box(1, 0.9)
        axial = plane_axes(replace_direction(phantom).geometry, "axial")
        own = one.cut(axial, 5)
        assert sorted(map(tuple, own.tolist())) == [(3.5, 4.5, 5), (3.5, 8.5, 5), (7.5, 4.5, 5), (7.5, 8.5, 5)]
        beside = one.cut(axial, 4)
        assert sorted(map(tuple, beside.tolist())) == [(2.5, 3.5, 4), (2.5, 9.5, 4), (8.5, 3.5, 4), (8.5, 9.5, 4)]
        assert one.cut(axial, 3) is None and one.cut(axial, 6) is None

    def test_across_the_slices_it_is_as_thick_as_they_are(self, phantom):
        one = box(1, 0.9)
        for normal, depth, low, high in ((0, 5, (3.5, 3.5), (9.5, 5.5)), (1, 9, (2.5, 3.5), (8.5, 5.5))):
            planes = [plane_axes(phantom.geometry, plane) for plane in PLANES]
            axes = next(one for one in planes if one.normal == normal)
            cut = one.cut(axes, depth)
            others = [axis for axis in range(3) if axis != normal]
            np.testing.assert_allclose(cut[:, others].min(axis=0), low)
            np.testing.assert_allclose(cut[:, others].max(axis=0), high)
            assert one.cut(axes, 11) is None

    def test_an_oblique_plane_cuts_it_where_it_lies(self, phantom):
        geometry, one = phantom.geometry, box(1, 0.9)
        rotation = turned_about(None, geometry, "axial", 0.4)
        axes = turned_axes(geometry, plane_axes(geometry, "coronal"), rotation)
        middle = (np.array(one.low) + one.high) / 2
        cut = one.cut(axes, axes.depth_of(middle))
        assert len(cut) >= 4
        assert np.all(cut >= np.array(one.low) - 1e-9) and np.all(cut <= np.array(one.high) + 1e-9)
        np.testing.assert_allclose([axes.depth_of(point) for point in cut], axes.depth_of(middle), atol=1e-5)
        around = np.roll(cut, -1, axis=0) - cut  # going round: each corner once, no line crosses another
        turns = np.cross(around * geometry.spacing, np.roll(around, -1, axis=0) * geometry.spacing)
        assert (turns @ turns[0] > 0).all()


def replace_direction(volume):
    """The phantom with slices that are axial."""
    return replace(volume, geometry=replace(volume.geometry, direction=np.eye(3)))
