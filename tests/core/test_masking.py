"""Where tools may draw, for all of them; a threshold of the whole series; a label combined with another one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from tests.core.test_measuring import SERIES
from viewer.core.geometry import Geometry
from viewer.core.label_edits import combining, thresholding
from viewer.core.masking import Masking, between
from viewer.core.session import Session
from viewer.core.volume import Volume, to_image

GRID = Geometry((24, 20, 12), (0.8, 1.1, 2.5), np.array([5.0, -7.0, 40.0]), np.diag([1.0, 1.0, -1.0]))
WHOLE = (slice(0, 12), slice(0, 20), slice(0, 24))
EVERY = np.ones(GRID.shape, bool)


def volume(dtype=np.int16) -> Volume:
    return Volume(np.random.default_rng(0).integers(0, 1000, GRID.shape).astype(dtype), GRID, modality="MR")


def labelled() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4, GRID.shape).astype(np.uint8)


@pytest.fixture
def session() -> Session:
    session = Session()
    session.open(SERIES, volume())
    session.replace_voxels("Labels", WHOLE, labelled())
    session.hand.set_brush_radius(6.0)
    return session


def brush(session: Session, tool) -> np.ndarray:
    """Which voxels an unmasked stroke touches, after a masked one was drawn at the same place."""
    session.choose_tool(tool)
    session.hand.set_brush_shape("sphere")
    masking = session.hand.masking
    session.begin_stroke("axial", (12, 10, 6))
    session.stroke_to((15, 11, 6))
    session.end_stroke()
    other = Session()
    other.open(SERIES, volume())
    other.hand.set_brush_radius(6.0)
    other.hand.set_brush_shape("sphere")
    other.choose_tool("brush")
    other.begin_stroke("axial", (12, 10, 6))
    other.stroke_to((15, 11, 6))
    other.end_stroke()
    assert session.hand.masking is masking
    return other.label_map.voxels > 0


@pytest.mark.parametrize("tool", ["brush", "eraser"])
def test_a_stroke_draws_only_on_the_values_of_the_mask(session, tool):
    session.hand.set_masking(Masking((200, 500)))

    touched = brush(session, tool)

    scanned, before = session.volume.voxels, labelled()
    allowed = touched & (scanned >= 200) & (scanned <= 500)
    expected = np.where(allowed, 1 if tool == "brush" else 0, before)
    np.testing.assert_array_equal(session.label_map.voxels, expected)


@pytest.mark.parametrize(
    ("tool", "masking", "upon", "becomes"),
    [
        ("brush", Masking(over="unlabelled"), 0, 1),
        ("eraser", Masking(over="unlabelled"), 1, 0),  # other labels are protected
        ("brush", Masking(over="label", label="Region 2"), 2, 1),
        ("eraser", Masking(over="label", label="Region 2"), 2, 0),
        ("brush", Masking(over="label", label="Of another series"), 99, 1),
    ],
)
def test_a_stroke_draws_only_on_what_is_labelled_so(session, tool, masking, upon, becomes):
    session.hand.set_masking(masking)

    touched = brush(session, tool)

    before = labelled()
    np.testing.assert_array_equal(session.label_map.voxels, np.where(touched & (before == upon), becomes, before))


def test_both_rules_hold_at_once_and_a_locked_label_stays(session):
    session.lock_label(2, True)
    session.hand.set_masking(Masking((200, 500), over="label", label="Region 2"))
    brush(session, "brush")
    np.testing.assert_array_equal(session.label_map.voxels, labelled())

    session.hand.set_masking(Masking((200, 500), over="label", label="Region 3"))
    touched = brush(session, "brush")

    allowed = touched & (session.volume.voxels >= 200) & (session.volume.voxels <= 500) & (labelled() == 3)
    np.testing.assert_array_equal(session.label_map.voxels, np.where(allowed, 1, labelled()))


def test_what_other_tools_draw_is_masked_too(session):
    session.hand.set_masking(Masking((200, 500), over="unlabelled"))

    assert session.draw("Fill", WHOLE, EVERY)

    allowed = (session.volume.voxels >= 200) & (session.volume.voxels <= 500) & (labelled() == 0)
    np.testing.assert_array_equal(session.label_map.voxels, np.where(allowed, 1, labelled()))
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, labelled())


def test_a_renamed_label_stays_the_one_that_is_drawn_in(session):
    session.hand.set_masking(Masking(over="label", label="Region 2"))
    session.change_label(replace(session.labels[1], name="Liver"))
    assert session.hand.masking == Masking(over="label", label="Liver")


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (np.int16, (1.5, 3.0), [False, False, True, True, False]),
        (np.int16, (-1e9, 1e9), [True] * 5),
        (np.int16, (-1e9, -1e8), [False] * 5),
        (np.int16, (1e8, 1e9), [False] * 5),
        (np.int16, (1.2, 1.8), [False] * 5),
        (np.float32, (1.5, 3.0), [False, False, True, True, False]),
        (np.float32, (-np.inf, np.inf), [True] * 5),
    ],
)
def test_values_between_two_are_those_with_both_ends(dtype, values, expected):
    grid = Geometry((5, 1, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    one = Volume(np.arange(5).astype(dtype).reshape(1, 1, 5), grid)
    np.testing.assert_array_equal(between(one, one.voxels, values)[0, 0], expected)


def test_padding_and_nan_are_no_values():
    grid = Geometry((4, 1, 1), (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    one = Volume(np.array([[[-2000.0, np.nan, 5.0, 7.0]]], np.float32), grid, padding=(-2000, -2000))
    np.testing.assert_array_equal(between(one, one.voxels, (-3000, 6))[0, 0], [False, False, True, False])


def test_colours_have_no_values_to_mask_by():
    session, voxels = Session(), np.zeros((*GRID.shape, 3), np.uint8)
    voxels[..., 0] = 90
    session.open(SERIES, Volume(voxels, GRID))
    session.hand.set_masking(Masking((200, 500)))
    assert session.draw("Fill", WHOLE, EVERY)


# The whole series


@pytest.mark.parametrize("over", ["everything", "unlabelled", "label"])
def test_a_threshold_is_that_of_simpleitk_within_the_masking(session, over):
    session.lock_label(3, True)
    masking = Masking((250, 600), over, "Region 2" if over == "label" else "")

    edit = thresholding("T", session.volume, session.label_map.voxels, 1, masking, session.labels)
    session.make(*edit)

    image = to_image(session.volume.voxels, GRID)
    within = sitk.GetArrayFromImage(sitk.BinaryThreshold(image, 250, 600)) > 0
    before = labelled()
    within &= {"everything": before != 3, "unlabelled": before == 0, "label": before == 2}[over]
    np.testing.assert_array_equal(session.label_map.voxels, np.where(within, 1, before))
    session.undo()
    np.testing.assert_array_equal(session.label_map.voxels, before)


def test_a_threshold_that_gives_nothing_is_no_edit(session):
    masking = Masking((5000, 6000))
    assert thresholding("T", session.volume, session.label_map.voxels, 1, masking, session.labels) is None


# With another label


def combined(session, how, margin_mm=2.0):
    before = session.label_map.voxels.copy()
    edit = combining("C", how, session.volume, session.label_map.voxels, 1, 2, margin_mm, session.labels)
    np.testing.assert_array_equal(session.label_map.voxels, before)
    if edit is None:
        return before
    session.make(*edit)
    return session.label_map.voxels


def near(mask, margin_mm):
    """By all distances between two voxels' centres."""
    indices = np.argwhere(np.ones(GRID.shape, bool)) * np.array(GRID.spacing[::-1])
    inside = np.argwhere(mask) * np.array(GRID.spacing[::-1])
    apart = np.array([np.linalg.norm(inside - one, axis=1).min() for one in indices])
    return (apart <= margin_mm + 1e-6).reshape(GRID.shape)


def scattered(session):
    voxels = np.zeros(GRID.shape, np.uint8)
    voxels[3:9, 5:15, 4:14] = 1
    voxels[4:8, 6:12, 14:20] = 2
    voxels[0:2, 0:3, 0:3] = 3
    session.replace_voxels("Labels", WHOLE, voxels)
    return voxels


def test_adding_and_copying_take_the_voxels_of_the_other(session):
    before = scattered(session)
    np.testing.assert_array_equal(combined(session, "add"), np.where(before == 2, 1, before))
    session.undo()
    expected = np.where(before == 1, 0, np.where(before == 2, 1, before))
    np.testing.assert_array_equal(combined(session, "copy"), expected)


def test_subtracting_and_intersecting_go_by_the_margin_in_mm(session):
    before = scattered(session)
    within = near(before == 2, 2.6)
    np.testing.assert_array_equal(combined(session, "subtract", 2.6), np.where((before == 1) & within, 0, before))
    session.undo()
    np.testing.assert_array_equal(combined(session, "intersect", 2.6), np.where((before == 1) & ~within, 0, before))


def test_inverting_takes_what_has_no_label(session):
    before = scattered(session)
    np.testing.assert_array_equal(
        combined(session, "invert"), np.where(before == 1, 0, np.where(before == 0, 1, before))
    )


@pytest.mark.parametrize("how", ["add", "copy"])
def test_the_voxels_of_a_locked_label_are_not_taken(session, how):
    before = scattered(session)
    session.lock_label(2, True)
    np.testing.assert_array_equal(combined(session, how), before)


@pytest.mark.parametrize("how", ["add", "copy", "subtract", "intersect", "invert"])
def test_a_locked_label_stays_as_it_is(session, how):
    before = scattered(session)
    session.lock_label(1, True)
    np.testing.assert_array_equal(combined(session, how), before)


def test_where_the_only_label_to_draw_on_is_gone_tools_draw_on_everything(session):
    value = session.add_label("Muscle", (1, 2, 3))
    session.hand.set_masking(Masking((200, 500), over="label", label="Muscle"))
    session.change_label(replace(session.label, name="Fat"))
    assert session.hand.masking.label == "Fat", "it is known by its name"

    session.undo()  # of the renaming
    session.undo()  # of the label

    assert value not in {label.value for label in session.labels}
    assert session.hand.masking == Masking((200, 500))
