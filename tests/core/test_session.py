"""The commands of the window without a window."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viewer.core.display import VoiTable, WindowLevel, default_window, to_grey
from viewer.core.events import What
from viewer.core.geometry import PLANES, Geometry, plane_axes
from viewer.core.history import Edit, History, LabelDelta
from viewer.core.labels import Label, merge_labels
from viewer.core.origin import Origin
from viewer.core.painting import stroke_segment
from viewer.core.session import Annotations, Proposal, Session, corrected_labels
from viewer.core.study import GeometryVerdict, Moment, Series
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
    return Proposal(voxels, labels, Origin("model", "1.0.0", "CPU", 1.0))


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
    session.hand.set_brush_radius(5.0)
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
    session.hand.set_brush_radius(1.0)
    paint(session, "axial", (12, 3, 2), (12, 25, 15))  # on this oblique grid i runs nearest to the head

    layout = plane_axes(session.volume.geometry, "axial")
    painted = np.argwhere(session.label_map.voxels)[:, ::-1]
    for axis in (layout.right, layout.down):
        steps = np.diff(np.unique(painted[:, axis]))
        assert steps.max() == 1


def test_smallest_brush_paints_the_voxel_under_it(session):
    session.hand.set_brush_radius(0.5)
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
    session.hand.set_brush_radius(6)
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
        session.hand.set_brush_radius(3)
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
    assert default_window(session.volume, WindowLevel(40.0, 400.0)) == WindowLevel(40, 400)


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
    session.hand.set_brush_radius(40)
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


# A series that is still being read


def half_read(arrived=(3,), **changes):
    """Slice k holds values up to 100 (k + 1): a window made of one slice does not suit all of them."""
    k, j, i = np.indices(geometry().shape)
    voxels = ((i + j) % 100 + 100 * k).astype(np.int16)
    there = np.zeros(SIZE[2], bool)
    there[list(arrived)] = True
    return Volume(np.where(there[:, None, None], voxels, 0), geometry(), arrived=there), Volume(voxels, geometry())


def saved_work():
    saved = Annotations.none(geometry())
    saved.label_map.voxels[3, 4, 5] = 2
    return replace(saved, confirmed=frozenset({(2, 3)}))


def test_until_all_slices_are_there_nothing_can_be_drawn_confirmed_or_proposed():
    session, (partly, whole) = Session(), half_read()
    session.open(series(), partly)
    assert session.loading and not session.editable

    paint(session, "axial", (10, 12, 3))
    session.toggle_confirmed("axial")
    session.propose(proposal(np.ones(geometry().shape, np.uint8)))
    session.replace_voxels("x", (slice(0, 1),) * 3, np.ones((1, 1, 1), np.uint8))
    assert not session.label_map.voxels.any() and not session.confirmed and session.proposal is None

    session.complete(whole, saved_work())
    assert not session.loading and session.editable
    assert session.label_map.voxels[3, 4, 5] == 2 and session.confirmed == {(2, 3)}
    assert session.volume is whole
    paint(session, "axial", (10, 12, 3))
    assert session.history.undo_title is not None


def test_a_volume_that_has_just_arrived_whole_still_waits_for_a_persons_earlier_work():
    session, (whole, _) = Session(), half_read(range(SIZE[2]))
    session.open(series(), whole)
    session.slices_arrived(range(SIZE[2]))
    paint(session, "axial", (10, 12, 3))
    assert session.loading and not session.label_map.voxels.any()
    session.complete(whole, saved_work())
    session.slices_arrived([3])
    assert session.editable and session.label_map.voxels[3, 4, 5] == 2


def test_the_cross_hair_starts_on_a_slice_that_is_there_and_stays_where_a_person_put_it():
    session, (partly, whole) = Session(), half_read((1, 14, 15))
    session.open(series(), partly)
    assert session.cursor_ijk[2] == 14, "the nearest to the middle, 8, that has arrived"

    session.move_cursor((1, 2, 15))
    session.complete(whole)
    assert session.cursor_ijk == (1, 2, 15)


def test_the_window_is_chosen_anew_from_all_values_unless_a_person_or_the_file_chose_it():
    (partly, whole), own = half_read(), WindowLevel(77.0, 11.0)
    session = Session()
    session.open(series(), partly)
    assert session.window.width < 500
    session.complete(whole)
    assert session.window.width > 1500

    session = Session()
    session.open(series(), partly)
    session.set_window(own)
    session.complete(whole)
    assert session.window == own

    session = Session()
    session.open(replace(series(), windows=(own, WindowLevel(1.0, 2.0))), partly)
    session.complete(whole)
    assert session.window == own


def test_the_first_slices_to_arrive_choose_the_window_of_a_volume_that_was_opened_empty(changes, session):
    partly, whole = half_read(())
    session.open(series(), partly)
    partly.voxels.flags.writeable = True
    partly.voxels[16] = whole.voxels[16]
    partly.arrived[16] = True
    session.slices_arrived([16])

    assert 1600 < session.window.centre < 1700
    assert changes[-1].what == What.VOXELS | What.WINDOW
    session.slices_arrived([17])
    assert changes[-1].what == What.VOXELS


def test_reading_begun_again_with_another_type_keeps_what_a_person_looks_at(changes, session):
    partly, _ = half_read()
    session.open(series(), partly)
    session.move_cursor((1, 2, 4))
    session.set_window(WindowLevel(5.0, 6.0))
    again = Volume(partly.voxels.astype(np.float32), geometry(), arrived=partly.arrived)
    session.open(series(), again)

    assert session.volume is again and session.loading
    assert session.cursor_ijk == (1, 2, 4) and session.window == WindowLevel(5.0, 6.0)
    assert not changes[-1].what & What.VIEW


def test_closing_leaves_nothing_open(session, changes):
    session.toggle_confirmed("axial")
    session.close_series()

    assert session.series is None and session.volume is None and session.label_map is None and session.shown is None
    assert not session.confirmed and not session.planes and not session.editable
    assert changes[-1].what == What.SERIES | What.VIEW
    session.scroll("axial", 1)
    session.undo()
    session.toggle_confirmed("axial")


# Stacks that make no volume


@pytest.mark.parametrize(
    ("direction", "own"),
    [
        (np.eye(3), "axial"),
        (np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), "coronal"),
        (np.array([[0.0, 0, 1], [1, 0, 0], [0, -1, 0]]), "sagittal"),
    ],
)
def test_a_stack_that_makes_no_volume_is_seen_and_drawn_on_in_its_own_plane_only(direction, own):
    origins = np.outer([0.0, 3.0, 9.0, 12.0], direction[:, 2])
    grid = Geometry((24, 30, 4), (0.8, 1.1, 1.0), origins[0], direction, slice_origins=origins)
    session = Session()
    session.open(series(), Volume(np.zeros(grid.shape, np.int16), grid))

    assert session.planes == (own,) and session.cursor_ijk[2] == 2, "the middle, where something is to be seen"
    session.scroll(own, 1)
    assert session.cursor_ijk[2] in (1, 3)
    for other in set(PLANES) - {own}:
        paint(session, other, (12, 15, 1))
        session.toggle_confirmed(other)
    assert not session.label_map.voxels.any() and not session.confirmed
    paint(session, own, (12, 15, 2))
    assert np.flatnonzero(session.label_map.voxels.any(axis=(1, 2))).tolist() == [2]


def test_pictures_whose_places_are_unknown_begin_with_the_first():
    grid = Geometry((24, 30, 4), (1, 1, 1), np.zeros(3), np.eye(3), patient_space=False, slice_origins=np.zeros((0, 3)))
    session = Session()
    session.open(series(), Volume(np.zeros(grid.shape, np.int16), grid))
    assert session.cursor_ijk[2] == 0


def test_a_single_picture_has_one_plane_and_a_volume_three(session):
    assert set(session.planes) == set(PLANES)
    grid = Geometry((24, 30, 1), (1, 1, 1), np.zeros(3), np.eye(3), patient_space=False)
    session.open(series(), Volume(np.zeros(grid.shape, np.int16), grid))
    assert session.planes == ("axial",)


# Moments


def sequence(count=4):
    headers = tuple(
        replace(series(), uid=f"9.{n}", moment=Moment("1", "time", n, count, f"{n} s")) for n in range(count)
    )
    return headers, tuple(Volume(np.full(geometry().shape, 10 * n, np.int16), geometry()) for n in range(count))


def test_a_moment_that_is_played_is_shown_without_being_opened(session, changes):
    headers, volumes = sequence()
    session.open(headers[0], volumes[0], saved_work())
    session.set_moments(headers, volumes)

    session.show_moment_volume(volumes[2])

    assert session.shown is volumes[2] and session.volume is volumes[0]
    assert session.shown_moment.label == "2 s"
    assert changes[-1].what == What.VOXELS
    before = session.label_map.voxels.copy()
    paint(session, "axial", (10, 12, 3))
    session.toggle_confirmed("axial")
    np.testing.assert_array_equal(session.label_map.voxels, before)
    assert session.confirmed == {(2, 3)}
    session.show_moment_volume(None)
    assert session.shown is volumes[0] and session.shown_moment.label == "0 s" and session.editable


def test_the_next_moment_is_opened_with_its_own_labels_and_seen_as_the_one_before(session, changes):
    headers, volumes = sequence()
    session.open(headers[0], volumes[0])
    session.set_moments(headers, volumes)
    session.move_cursor((1, 2, 3))
    session.set_window(WindowLevel(5.0, 6.0))
    session.toggle_inverted()

    session.open(headers[1], volumes[1], saved_work(), keep_view=True)

    assert (session.cursor_ijk, session.window, session.inverted) == ((1, 2, 3), WindowLevel(5.0, 6.0), True)
    assert session.moments is volumes and session.label_map.voxels[3, 4, 5] == 2
    assert changes[-1].what == What.SERIES, "the panes keep their zoom"


def test_a_series_of_another_sequence_ends_it(session, changes):
    headers, volumes = sequence()
    session.open(headers[0], volumes[0])
    session.set_moments(headers, volumes)
    session.show_moment_volume(volumes[1])
    session.open(series(), volumes[3])

    assert not session.moment_series and not session.moments and session.shown is volumes[3]
    assert changes[-1].what == What.SERIES | What.VIEW


def test_a_moment_on_another_grid_is_not_shown(session):
    session.show_moment_volume(
        Volume(np.zeros((2, 3, 4), np.int16), Geometry((4, 3, 2), (1, 1, 1), np.zeros(3), np.eye(3)))
    )
    assert session.shown is session.volume


# Windows of the file


def test_the_table_of_the_file_is_the_first_window_and_dragging_starts_around_it():
    # black up to 1100, a ramp of 100 entries, white from 1200: the linear window around the ramp
    table = VoiTable(1000, 8, (*([0] * 101), *range(2, 202, 2), *([255] * 100)))
    session = Session()
    session.open(
        replace(series(), voi_table=table, inverted=True), Volume(np.zeros(geometry().shape, np.int16), geometry())
    )
    assert session.window is table and session.inverted
    assert 1100 < session.window_level.centre < 1210 and 90 < session.window_level.width < 110

    session.toggle_inverted()
    session.set_window(WindowLevel(1.0, 2.0))
    session.reset_window()
    assert session.window is table and session.inverted


def test_colours_have_no_window():
    session, grid = Session(), geometry()
    session.open(replace(series(), colour=True), Volume(np.zeros((*grid.shape, 3), np.uint8), grid))
    before = session.window
    session.set_window(WindowLevel(1.0, 2.0))
    session.toggle_inverted()
    session.reset_window()
    assert session.window == before and not session.inverted


def test_where_labels_may_only_be_looked_at_no_tool_draws(session):
    session.choose_tool("eraser")
    session.set_read_only(True)
    assert session.hand.tool == "window"
    session.choose_tool("brush")
    assert session.hand.tool == "window"
    session.choose_tool("pan")
    assert session.hand.tool == "pan"
    session.set_read_only(False)
    session.choose_tool("brush")
    assert session.hand.tool == "brush"


def test_a_result_of_another_model_waits_until_the_first_is_judged(session):
    first, second = (
        replace(proposal(np.full(session.volume.geometry.shape, value, np.uint8)), origin=Origin(name, "1.0.0"))
        for name, value in (("one", 1), ("two", 2))
    )
    session.propose(first)
    session.propose(second)
    assert session.proposal is first and session.waiting == (second,)
    again = replace(second, origin=replace(second.origin, seconds=2.0))
    session.propose(again)
    assert session.waiting == (again,), "the newest of a model"

    session.accept_proposal()
    assert session.proposal is again and session.waiting == () and (session.label_map.voxels == 1).all()
    session.propose(first)
    session.reject_proposal()
    assert session.proposal is first and session.certainty_of == first.origin
    session.reject_proposal()
    assert session.proposal is None
