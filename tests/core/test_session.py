"""The commands of the window without a window."""

from pathlib import Path

import numpy as np
import pytest

from viewer.core.display import WindowLevel, default_window, to_grey
from viewer.core.events import What
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.history import Edit, History, LabelDelta
from viewer.core.labels import Label, merge_labels
from viewer.core.painting import stroke_segment
from viewer.core.session import Annotations, Proposal, Session, corrected_labels
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

SIZE = (24, 30, 18)
DIRECTION = np.array([[0.0, 1.0, 0.0], [0.6, 0.0, -0.8], [0.8, 0.0, 0.6]])  # oblique and left-handed


def geometry():
    return Geometry(SIZE, (0.8, 1.1, 2.5), np.array([5.0, -7.0, 40.0]), DIRECTION)


def series():
    return Series("1.2", "1", "P", "Phantom", "MR", "T1", (Path("a"),), GeometryVerdict("regular", ""), SIZE)


@pytest.fixture
def session():
    session = Session()
    voxels = np.random.default_rng(0).integers(0, 1000, geometry().shape).astype(np.int16)
    session.open(series(), Volume(voxels, geometry(), modality="MR"))
    return session


@pytest.fixture
def changes(session):
    seen = []
    session.subscribe(seen.append)
    return seen


def proposal(voxels, values=(1, 2)):
    labels = tuple(Label(v, f"Structure {v}", (10 * v, 20, 30)) for v in values)
    return Proposal(voxels, labels, "model", "1.0.0", "CPU", 1.0)


def paint(session, plane, *points):
    session.choose_tool("brush")
    session.begin_stroke(plane, points[0])
    for point in points[1:]:
        session.stroke_to(point)
    session.end_stroke()


def test_left_handed_phantom_is_left_handed():
    assert geometry().left_handed


def test_opening_starts_in_the_middle_with_an_empty_label_map(session):
    assert session.cursor_ijk == (12, 14, 8)
    assert not session.label_map.voxels.any()
    assert session.label_map.voxels.shape == geometry().shape


@pytest.mark.parametrize("plane", PLANES)
def test_scrolling_moves_one_slice_towards_head_front_or_left_and_stops_at_the_edge(session, plane):
    towards = {"axial": (0, 0, 1), "coronal": (0, -1, 0), "sagittal": (1, 0, 0)}[plane]
    before = session.volume.geometry.index_to_lps(session.cursor_ijk)

    session.scroll(plane, 1)

    after = session.volume.geometry.index_to_lps(session.cursor_ijk)
    assert (after - before) @ towards > 0
    session.scroll(plane, 1000)
    axis = plane_axes(session.volume.geometry, plane).normal
    assert session.cursor_ijk[axis] in (0, SIZE[axis] - 1)


@pytest.mark.parametrize("plane", PLANES)
def test_brush_paints_the_voxels_within_its_radius_in_millimetres_on_one_slice(session, plane):
    centre = (11.3, 13.8, 7.0)
    session.set_brush_radius(5.0)
    axis = plane_axes(session.volume.geometry, plane).normal
    paint(session, plane, centre)

    expected = np.zeros(geometry().shape, bool)
    on_slice = list(centre)
    on_slice[axis] = round(centre[axis])
    for k, j, i in np.ndindex(*geometry().shape):
        offset = (np.array([i, j, k]) - on_slice) * session.volume.geometry.spacing
        if (i, j, k)[axis] == on_slice[axis] and np.linalg.norm(offset) <= 5.0:
            expected[k, j, i] = True
    expected[tuple(round(c) for c in reversed(on_slice))] = True
    np.testing.assert_array_equal(session.label_map.voxels == session.active_label, expected)


def test_fast_stroke_leaves_no_gap(session):
    session.set_brush_radius(1.0)
    paint(session, "axial", (12, 3, 2), (12, 25, 15))  # on this oblique grid i runs nearest to the head

    layout = plane_axes(session.volume.geometry, "axial")
    painted = np.argwhere(session.label_map.voxels)[:, ::-1]
    for axis in (layout.right, layout.down):
        steps = np.diff(np.unique(painted[:, axis]))
        assert steps.max() == 1


def test_smallest_brush_paints_the_voxel_under_it(session):
    session.set_brush_radius(0.5)
    paint(session, "axial", (10.4, 12.4, 8))

    assert session.label_map.voxels[8, 12, 10] == session.active_label


def test_stroke_outside_the_grid_changes_nothing(session):
    assert stroke_segment(geometry(), plane_axes(geometry(), "axial"), (3, 3, 400), (3, 3, 400), 3.0) is None
    paint(session, "axial", (500, 500, 8))

    assert not session.label_map.voxels.any()
    assert session.history.undo_title is None


def test_undo_restores_voxels_under_the_stroke_and_redo_brings_it_back(session):
    paint(session, "coronal", (8, 10, 6), (14, 10, 9))
    first = session.label_map.voxels.copy()
    session.choose_label(2)
    paint(session, "sagittal", (12, 9, 7), (12, 16, 11))
    second = session.label_map.voxels.copy()

    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, first)
    session.undo()
    assert not session.label_map.voxels.any()
    session.undo()
    session.redo()
    np.testing.assert_array_equal(session.label_map.voxels, first)
    session.redo()
    np.testing.assert_array_equal(session.label_map.voxels, second)


def test_one_stroke_is_one_edit_and_names_what_was_painted(session, changes):
    paint(session, "axial", (8, 10, 8), (9, 11, 8), (10, 12, 8))

    assert [change.edit is not None for change in changes if change.what == What.LABELS] == [False] * 3 + [True]
    assert session.history.undo_title == "Paint Region 1"


def test_erasing_takes_any_label_away_and_can_be_undone(session):
    session.set_brush_radius(6)
    paint(session, "axial", (10, 12, 8))
    painted = session.label_map.voxels.copy()
    session.choose_tool("eraser")
    session.begin_stroke("axial", (10, 12, 8))
    session.end_stroke()

    assert not session.label_map.voxels.any()
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, painted)


def test_undo_during_a_stroke_waits_for_its_end(session):
    session.choose_tool("brush")
    session.begin_stroke("axial", (10, 12, 8))
    session.undo()
    session.end_stroke()

    assert session.label_map.voxels.any()


def test_history_forgets_the_oldest_when_its_bytes_are_spent():
    rng = np.random.default_rng(0)
    box = (slice(0, 10),) * 3
    noise = [rng.integers(0, 255, (10, 10, 10)).astype(np.uint8) for _ in range(2)]
    edit = Edit("noise", (LabelDelta.between("labels", box, *noise),))
    history = History(limit_bytes=3 * edit.size_bytes)
    for _ in range(10):
        history.record(edit)

    undone = 0
    while history.undo() is not None:
        undone += 1
    assert undone == 3


class TestProposal:
    def voxels(self):
        voxels = np.zeros(geometry().shape, np.uint8)
        voxels[4:12, 5:20, 6:18] = 1
        voxels[9:12, 5:20, 6:18] = 2
        return voxels

    def test_accepting_takes_over_labels_and_their_names_as_one_edit(self, session):
        session.propose(proposal(self.voxels()))
        assert not session.label_map.voxels.any()

        session.accept_proposal()

        np.testing.assert_array_equal(session.label_map.voxels, self.voxels())
        assert [label.name for label in session.labels] == ["Structure 1", "Structure 2"]
        assert session.source == "model 1.0.0"
        session.undo()
        assert not session.label_map.voxels.any()

    def test_rejecting_leaves_everything_as_it_was(self, session):
        session.propose(proposal(self.voxels()))
        session.reject_proposal()

        assert session.proposal is None
        assert not session.label_map.voxels.any()
        assert session.history.undo_title is None

    def test_voxels_a_person_drew_or_erased_are_never_overwritten(self, session):
        session.propose(proposal(self.voxels()))
        session.accept_proposal()
        session.set_brush_radius(3)
        session.choose_label(2)
        paint(session, "axial", (8, 8, 5))
        session.choose_tool("eraser")
        session.begin_stroke("axial", (14, 14, 10))
        session.end_stroke()
        by_hand = session.label_map.voxels != session.machine
        assert by_hand.any()
        mine = session.label_map.voxels[by_hand].copy()

        session.propose(proposal(np.where(self.voxels() == 1, 2, 1).astype(np.uint8)))
        kept = session.accept_proposal()

        np.testing.assert_array_equal(session.label_map.voxels[by_hand], mine)
        assert 0 < kept <= np.count_nonzero(by_hand)

    def test_confirmed_slices_are_never_overwritten_even_where_they_agree_with_the_last_model(self, session):
        session.propose(proposal(self.voxels()))
        session.accept_proposal()
        session.toggle_confirmed("axial")
        axis = plane_axes(session.volume.geometry, "axial").normal
        index = session.cursor_ijk[axis]
        before = np.take(session.label_map.voxels, index, axis=2 - axis)

        session.propose(proposal(np.full(geometry().shape, 2, np.uint8)))
        session.accept_proposal()

        np.testing.assert_array_equal(np.take(session.label_map.voxels, index, axis=2 - axis), before)
        assert np.count_nonzero(session.label_map.voxels == 2) > np.count_nonzero(self.voxels() == 2)

    def test_undoing_an_accepted_result_restores_the_machine_layer_too(self, session):
        session.propose(proposal(self.voxels()))
        session.accept_proposal()
        session.undo()

        assert not session.machine.any()

    def test_labels_drawn_before_keep_their_own_values(self, session):
        paint(session, "axial", (12, 14, 8))
        session.propose(proposal(self.voxels()))
        session.accept_proposal()

        names = {label.value: label.name for label in session.labels}
        assert names[1] == "Region 1"
        assert {"Structure 1", "Structure 2"} <= set(names.values())
        assert session.label_map.voxels[8, 14, 12] == 1

    def test_a_result_of_another_grid_is_refused(self, session):
        with pytest.raises(ValueError, match="does not belong"):
            session.propose(proposal(np.zeros((3, 3, 3), np.uint8)))


def test_corrected_labels_are_those_changed_within_confirmed_slices(session):
    session.machine[8] = 1
    session.label_map.voxels[8] = 1
    session.label_map.voxels[8, 3, 4] = 3
    session.label_map.voxels[2, 3, 4] = 2

    assert corrected_labels(session.label_map.voxels, session.machine, frozenset({(2, 8)})) == (1, 3)
    assert corrected_labels(session.label_map.voxels, session.machine, frozenset()) == ()


def test_merging_tables_keeps_names_together_and_values_apart():
    current = (Label(1, "Lesion", (1, 1, 1)), Label(2, "Cyst", (2, 2, 2)))
    incoming = (Label(1, "Cortex", (3, 3, 3)), Label(2, "Lesion", (4, 4, 4)), Label(7, "Fluid", (5, 5, 5)))

    merged, value_of = merge_labels(current, incoming)

    assert value_of == {1: 3, 2: 1, 7: 7}
    assert {label.value: label.name for label in merged} == {1: "Lesion", 2: "Cyst", 3: "Cortex", 7: "Fluid"}


def test_window_is_the_linear_function_of_the_standard():
    # DICOM PS3.3 C.11.2.1.2.1 with c = 50, w = 100: 0 at <= 0, 255 at > 99, in between ((x - 49.5) / 99 + 0.5) * 255
    values = np.array([-10, 0, 25, 49.5, 74, 99, 200])
    expected = np.clip((values - 49.5) / 99 * 255 + 127.5, 0, 255)

    np.testing.assert_allclose(to_grey(values, WindowLevel(50, 100)), expected, atol=1)
    np.testing.assert_array_equal(
        to_grey(values, WindowLevel(50, 100), inverted=True), 255 - to_grey(values, WindowLevel(50, 100))
    )


def test_values_that_are_no_numbers_are_black_and_do_not_set_the_window():
    voxels = np.full((4, 5, 6), 100.0, np.float32)
    voxels[2] = 200.0
    voxels[0, 0, 0] = np.nan
    grid = Geometry((6, 5, 4), (1, 1, 2), np.zeros(3), np.eye(3))
    window = default_window(Volume(voxels, grid), None)

    assert np.isfinite(window.centre)
    assert to_grey(voxels, window)[0, 0, 0] == 0


def test_window_of_the_file_comes_first(session):
    assert default_window(session.volume, (40.0, 400.0)) == WindowLevel(40, 400)
    assert default_window(session.volume, (40.0, 0.0)) != WindowLevel(40, 400)


def test_annotations_saved_earlier_are_shown_again():
    session, saved = Session(), Annotations.none(geometry())
    saved.label_map.voxels[3, 4, 5] = 2
    session.open(series(), Volume(np.zeros(geometry().shape, np.int16), geometry()), saved)

    assert session.label_map.voxels[3, 4, 5] == 2


def test_accepting_spares_what_a_person_drew_or_confirmed_and_is_one_undo(session):
    before = session.label_map.voxels
    paint(session, "axial", (6, 8, 9))
    drawn = before != 0
    assert drawn.any()
    session.move_cursor((3, 4, 12))
    session.toggle_confirmed("axial")
    axis = plane_axes(geometry(), "axial").normal
    confirmed = np.zeros(drawn.shape, bool)
    np.moveaxis(confirmed, 2 - axis, 0)[session.cursor_ijk[axis]] = True
    kept = before.copy()

    session.propose(proposal(np.full(drawn.shape, 2, np.uint8)))
    assert session.accept_proposal() == np.count_nonzero(drawn | confirmed)

    voxels, spared = session.label_map.voxels, drawn | confirmed
    np.testing.assert_array_equal(voxels[spared], kept[spared])
    second = next(label.value for label in session.labels if label.name == "Structure 2")
    assert (voxels[~spared] == second).all()
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, kept)
    assert not session.machine.any()


def test_a_drawn_voxel_stays_a_persons_even_after_a_model_agreed_with_it(session):
    session.propose(proposal(np.zeros(geometry().shape, np.uint8)))
    session.accept_proposal()
    session.choose_label(1)
    paint(session, "axial", (6, 8, 9))
    drawn = session.label_map.voxels == 1
    assert drawn.any()
    session.propose(proposal(drawn.astype(np.uint8)))
    session.accept_proposal()

    session.propose(proposal(np.zeros(geometry().shape, np.uint8)))
    assert session.accept_proposal() == np.count_nonzero(drawn)

    np.testing.assert_array_equal(session.label_map.voxels == 1, drawn)


def test_undoing_an_acceptance_takes_the_models_name_away_too(session, changes):
    session.propose(proposal(np.ones(geometry().shape, np.uint8)))
    session.accept_proposal()
    assert session.source == "model 1.0.0"
    session.undo()
    assert session.source == ""
    assert changes[-1].what & What.LABEL_TABLE, "the autosave must hear of it"
    session.redo()
    assert session.source == "model 1.0.0"


def test_strokes_that_can_be_undone_to_keep_their_label(session):
    paint(session, "axial", (6, 8, 9))
    painted = session.label_map.voxels.copy()
    session.choose_tool("eraser")
    session.set_brush_radius(40)
    session.begin_stroke("axial", (6, 8, 9))
    session.end_stroke()
    session.propose(proposal(np.full(geometry().shape, 1, np.uint8)))
    session.accept_proposal()
    session.undo()
    session.undo()

    np.testing.assert_array_equal(session.label_map.voxels, painted)
    names = {label.value: label.name for label in session.labels}
    assert {names[value] for value in np.unique(painted) if value} == {"Region 1"}


def test_a_stroke_that_begins_before_the_last_one_ended_ends_it(session):
    session.choose_tool("brush")
    session.begin_stroke("axial", (6, 8, 9))
    session.begin_stroke("axial", (15, 20, 9))
    session.end_stroke()
    session.undo()
    session.undo()
    assert not session.label_map.voxels.any()


def test_painting_with_a_hidden_label_shows_it(session):
    session.show_label(session.active_label, False)
    paint(session, "axial", (6, 8, 9))
    assert next(label for label in session.labels if label.value == session.active_label).visible
