"""Each change of a measurement is one item of the history, and nothing else of the session moves with it."""

from dataclasses import replace

import pytest

from tests.core.test_measuring import SERIES
from viewer.core.events import What
from viewer.core.session import Annotations, Session

LINE = ((1.25, 2.5, 3.0), (9.0, 7.75, 3.0))


@pytest.fixture
def session(phantom) -> Session:
    session = Session()
    session.open(SERIES, phantom)
    return session


@pytest.fixture
def changes(session) -> list:
    seen = []
    session.subscribe(seen.append)
    return seen


def test_a_new_measurement_is_selected_and_one_edit(session, changes):
    added = session.add_measurement("length", LINE, 2)

    assert session.measurements == (added,)
    assert session.selected == added.number
    assert [change.what for change in changes] == [What.MEASUREMENTS]
    assert changes[0].edit.measurements[0].after == added


def test_every_act_can_be_undone_and_redone(session):
    states = [session.measurements]
    first = session.add_measurement("length", LINE, 2)
    states.append(session.measurements)
    second = session.add_measurement("angle", (*LINE, (3.0, 3.0, 3.0)), 2)
    states.append(session.measurements)
    session.change_measurement(first.moved((1.0, -0.5, 0.0)))
    states.append(session.measurements)
    session.change_measurement(replace(session.measurement(2), text="hilus"))
    states.append(session.measurements)
    session.delete_measurement(first.number)
    states.append(session.measurements)
    assert len(set(states)) == 6
    assert session.measurements == (replace(second, text="hilus"),)

    for state in states[-2::-1]:
        session.undo()
        assert session.measurements == state
    for state in states[1:]:
        session.redo()
        assert session.measurements == state


def test_a_deleted_measurement_comes_back_to_its_place_in_the_list(session):
    for _ in range(3):
        session.add_measurement("length", LINE, 2)
    session.delete_measurement(2)
    session.undo()

    assert [m.number for m in session.measurements] == [1, 2, 3]


def test_strokes_and_measurements_are_undone_in_the_order_they_were_made(session):
    session.choose_tool("brush")
    session.begin_stroke("axial", (5, 5, 3))
    session.end_stroke()
    painted = session.label_map.voxels.sum()
    session.add_measurement("length", LINE, 2)

    session.undo()
    assert (session.measurements, session.label_map.voxels.sum()) == ((), painted)
    session.undo()
    assert session.label_map.voxels.sum() == 0


def test_measuring_leaves_an_untouched_label_map_untouched(session):
    session.add_measurement("length", LINE, 2)

    assert session.label_map.blank
    assert session.labels_in_use() == ()


def test_nothing_is_recorded_for_a_change_that_changes_nothing(session):
    added = session.add_measurement("length", LINE, 2)
    session.change_measurement(added)
    session.undo()

    assert session.measurements == ()


def test_where_another_window_edits_nothing_is_measured_or_changed(session):
    added = session.add_measurement("length", LINE, 2)
    session.choose_tool("ellipse")
    session.set_read_only(True)

    assert session.hand.tool == "window"
    session.choose_tool("length")
    assert session.hand.tool == "window"
    assert session.add_measurement("length", LINE, 2) is None
    session.change_measurement(added.moved((1, 1, 0)))
    session.delete_measurement(added.number)
    session.undo()
    assert session.measurements == (added,)


def test_another_series_has_measurements_of_its_own(session, phantom):
    added = session.add_measurement("length", LINE, 2)
    session.open(replace(SERIES, uid="other"), phantom)
    assert (session.measurements, session.selected) == ((), None)

    session.open(SERIES, phantom, replace(Annotations.none(phantom.geometry), measurements=(added,)))
    assert session.measurements == (added,)
    session.close_series()
    assert session.measurements == ()


def test_the_values_follow_the_points(session):
    added = session.add_measurement("rectangle", LINE, 2)
    before = session.values_of(added)
    assert session.values_of(added) is before  # remembered

    session.change_measurement(added.moved((1.0, 0.0, 0.0)))

    assert session.values_of(session.measurement(1)).mean == pytest.approx(before.mean + 1)  # the phantom's i


@pytest.mark.parametrize("normal", [0, 1, 2])
def test_going_to_a_measurement_shows_its_slice(session, normal):
    point = [4.0, 4.0, 4.0]
    point[normal] = 6.0
    added = session.add_measurement("probe", [tuple(point)], normal)
    session.move_cursor((0, 0, 0))
    session.select_measurement(None)

    session.go_to_measurement(added.number)

    assert session.selected == added.number
    assert session.cursor_ijk[normal] == 6


def test_while_a_moment_is_played_nothing_is_measured(session, phantom):
    session.show_moment_volume(replace(phantom))

    assert session.add_measurement("length", LINE, 2) is None
