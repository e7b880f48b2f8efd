"""Annotations of others lie on the voxels that they were drawn on, or are refused."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core.geometry import Geometry
from viewer.core.labels import DEFAULT_LABELS, Label
from viewer.core.laying import (
    Contour,
    Found,
    Laid,
    Mask,
    NotOnGrid,
    Segment,
    Source,
    doubts_of,
    import_of,
    lay,
    why_not_of,
)
from viewer.core.study import GeometryVerdict, Series, SeriesError
from viewer.core.volume import to_image

SEGMENT = (Segment("Liver", (200, 100, 50), ("10200004", "SCT", "Liver")),)


def found(*masks: Mask, **more) -> Found:
    return Found("binary", Source(), SEGMENT, masks, **more)


def whole(laid: Laid, geometry: Geometry) -> np.ndarray:
    voxels = np.zeros(geometry.shape, bool)
    voxels[laid.box] = laid.voxels
    return voxels


def blob(geometry: Geometry) -> np.ndarray:
    return np.random.default_rng(4).random(geometry.shape) > 0.6


def turned(geometry: Geometry, axes: tuple[int, ...], flips: tuple[bool, ...]) -> Geometry:
    """The same voxels on a grid whose axis n is axis axes[n], counted from the other end where flips says so."""
    size, spacing = ([x[a] for a in axes] for x in (geometry.size, geometry.spacing))
    first = np.zeros(3)
    signs = [-1.0 if flip else 1.0 for flip in flips]
    for n, axis in enumerate(axes):
        first[axis] = size[n] - 1 if flips[n] else 0
    direction = geometry.direction[:, axes] * signs
    return Geometry(tuple(size), tuple(spacing), geometry.index_to_lps(first), direction)


def as_turned(voxels: np.ndarray, axes: tuple[int, ...], flips: tuple[bool, ...]) -> np.ndarray:
    by_index = voxels.transpose(2, 1, 0).transpose(axes)
    return np.flip(by_index, [n for n in range(3) if flips[n]]).transpose(2, 1, 0)


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", list(itertools.product((False, True), repeat=3)))
def test_a_turned_or_mirrored_grid_is_taken_voxel_for_voxel(phantom, axes, flips):
    geometry, truth = phantom.geometry, blob(phantom.geometry)
    own = Mask(0, turned(geometry, axes, flips), as_turned(truth, axes, flips))
    (laid,) = lay(found(own), geometry)
    np.testing.assert_array_equal(whole(laid, geometry), truth)
    assert laid.outside == 0


def test_slices_in_any_order_are_taken_each_where_it_lies(phantom):
    geometry, truth = phantom.geometry, blob(phantom.geometry)
    masks = []
    for k in (5, 2, 6, 0, 1, 4, 3):
        origin = geometry.index_to_lps((0, 0, k))
        one = Geometry((*geometry.size[:2], 1), geometry.spacing, origin, geometry.direction)
        masks.append(Mask(0, one, truth[k : k + 1]))
    (laid,) = lay(found(*masks, between_mm=geometry.spacing[2]), geometry)
    np.testing.assert_array_equal(whole(laid, geometry), truth)


def test_what_lies_outside_the_series_is_counted(oblique_phantom):
    geometry = oblique_phantom.geometry
    own = Geometry((5, 4, 2), geometry.spacing, geometry.index_to_lps((-2, 3, 6)), geometry.direction)
    (laid,) = lay(found(Mask(0, own, np.ones((2, 4, 5), bool))), geometry)
    assert laid.count == 3 * 4 and laid.outside == 40 - 12


@pytest.mark.parametrize("shift", [(0.5, 0, 0), (0, 0, 0.5), (0, 0.02, 0), (0, 0, 0.1)])
def test_a_shift_by_a_part_of_a_voxel_is_never_taken_for_the_same_grid(phantom, shift):
    geometry = phantom.geometry
    own = replace(geometry, origin=geometry.index_to_lps(shift))
    with pytest.raises(NotOnGrid, match="between those of this series"):
        lay(found(Mask(0, own, blob(geometry))), geometry)


def test_a_slice_shifted_by_half_a_slice_is_not_on_the_grid(phantom):
    geometry = phantom.geometry
    origin = geometry.index_to_lps((0, 0, 2.5))
    own = Geometry((*geometry.size[:2], 1), geometry.spacing, origin, geometry.direction)
    with pytest.raises(NotOnGrid):
        lay(found(Mask(0, own, blob(geometry)[:1])), geometry)


def test_coarser_slices_on_every_second_one_are_not_on_the_grid(phantom):
    geometry = phantom.geometry
    masks = []
    for k in (0, 2, 4):
        one = Geometry((*geometry.size[:2], 1), geometry.spacing, geometry.index_to_lps((0, 0, k)), geometry.direction)
        masks.append(Mask(0, one, blob(geometry)[k : k + 1]))
    with pytest.raises(NotOnGrid, match="5 mm apart"):
        lay(found(*masks, between_mm=5.0), geometry)
    (sparse,) = lay(found(*masks, between_mm=2.5), geometry)  # the same slices of a file that has no others
    assert sparse.count == blob(geometry)[:5:2].sum()


def test_pixels_of_another_size_are_not_on_the_grid(phantom):
    geometry = phantom.geometry
    own = Geometry((7, 11, 7), (1.6, *geometry.spacing[1:]), geometry.origin, geometry.direction)
    with pytest.raises(NotOnGrid):
        lay(found(Mask(0, own, np.ones((7, 11, 7), bool))), geometry)


def test_resampling_takes_the_nearest_voxel_as_simpleitk_does(phantom):
    geometry = phantom.geometry
    own = Geometry((9, 8, 6), (1.1, 1.7, 3.1), geometry.index_to_lps((1.3, 0.7, 0.4)), geometry.direction)
    voxels = np.random.default_rng(7).random(own.shape) > 0.4
    (laid,) = lay(found(Mask(0, own, voxels)), geometry, resample=True)
    like = to_image(np.zeros(geometry.shape, np.uint8), geometry)
    truth = sitk.Resample(to_image(voxels.astype(np.uint8), own), like, sitk.Transform(), sitk.sitkNearestNeighbor)
    np.testing.assert_array_equal(whole(laid, geometry), sitk.GetArrayFromImage(truth) > 0)


def test_slices_are_resampled_as_the_volume_that_they_make(oblique_phantom):
    geometry = oblique_phantom.geometry
    own = Geometry((9, 8, 6), (1.1, 1.7, 3.1), geometry.index_to_lps((1.3, 0.7, 0.4)), geometry.direction)
    voxels = np.random.default_rng(7).random(own.shape) > 0.4
    masks = []
    for k in (3, 0, 5, 1, 2, 4):  # cropped, each to another place
        one = Geometry((7, 6, 1), own.spacing, own.index_to_lps((k % 3, k % 2, k)), own.direction)
        masks.append(Mask(0, one, voxels[k : k + 1, k % 2 : k % 2 + 6, k % 3 : k % 3 + 7]))
        rest = np.ones((8, 9), bool)
        rest[k % 2 : k % 2 + 6, k % 3 : k % 3 + 7] = False
        voxels[k][rest] = False
    (sliced,) = lay(found(*masks), geometry, resample=True)
    (together,) = lay(found(Mask(0, own, voxels)), geometry, resample=True)
    np.testing.assert_array_equal(whole(sliced, geometry), whole(together, geometry))


# Outlines


def square(geometry: Geometry, low: float, high: float, k: float) -> np.ndarray:
    return geometry.index_to_lps([(low, low, k), (high, low, k), (high, high, k), (low, high, k)])


def outlines(*points: np.ndarray, between_mm: float | None = None) -> Found:
    contours = tuple(Contour(0, one) for one in points)
    return Found("structures", Source(), SEGMENT, contours=contours, between_mm=between_mm)


def test_an_outline_holds_the_voxels_whose_centres_lie_inside_and_a_hole_none(phantom):
    geometry = phantom.geometry
    (laid,) = lay(outlines(square(geometry, 0.6, 8.4, 3), square(geometry, 2.7, 5.2, 3)), geometry)
    truth = np.zeros(geometry.shape, bool)
    truth[3, 1:9, 1:9] = True
    truth[3, 3:6, 3:6] = False
    np.testing.assert_array_equal(whole(laid, geometry), truth)


def test_outlines_of_another_direction_are_filled_in_their_own_planes(phantom):
    geometry = phantom.geometry
    points = geometry.index_to_lps([(3, 1.6, 0.6), (3, 7.4, 0.6), (3, 7.4, 5.3), (3, 1.6, 5.3)])
    (laid,) = lay(outlines(points), geometry)
    truth = np.zeros(geometry.shape, bool)
    truth[1:6, 2:8, 3] = True
    np.testing.assert_array_equal(whole(laid, geometry), truth)


def test_outlines_between_slices_are_taken_only_if_a_person_says_so(phantom):
    geometry = phantom.geometry
    between = outlines(square(geometry, 0.6, 8.4, 2.4), square(geometry, 0.6, 8.4, 3.4))
    with pytest.raises(NotOnGrid, match="between the slices"):
        lay(between, geometry)
    (laid,) = lay(between, geometry, resample=True)
    assert np.flatnonzero(whole(laid, geometry).any(axis=(1, 2))).tolist() == [2, 3]


def test_outlines_farther_apart_than_slices_fill_those_between(phantom):
    geometry = phantom.geometry
    far = outlines(square(geometry, 0.6, 8.4, 1), square(geometry, 0.6, 6.4, 4))
    assert np.flatnonzero(whole(lay(far, geometry)[0], geometry).any(axis=(1, 2))).tolist() == [1, 4]
    (laid,) = lay(far, geometry, resample=True)
    counts = whole(laid, geometry).sum(axis=(1, 2))
    assert counts.tolist() == [64, 64, 64, 36, 36, 36, 0]


def test_outlines_across_the_slices_are_refused(phantom):
    geometry = phantom.geometry
    with pytest.raises(SeriesError, match="across the slices"):
        lay(outlines(geometry.index_to_lps([(1, 1, 1), (9, 1, 3), (9, 9, 6), (2, 8, 4)])), geometry)


# Whose it is


def series(**more) -> Series:
    verdict = GeometryVerdict("regular", "")
    usual = {"uid": "1.2.3", "frame_of_reference": "9.9", "patient_id": "A", "instance_uids": ("1.1", "1.2")}
    base = Series("", "s", "", "", "CT", "", (Path("a"),), verdict)
    return replace(base, **(usual | more))


def test_only_annotations_of_the_series_or_of_its_frame_of_reference_are_taken():
    own = Source("s", ("1.2.3",), ("1.1",), "9.9", "A")
    assert not why_not_of(own, series()) and not doubts_of(own, series())
    assert not why_not_of(own, series(uid="1.2.3#2"))  # a stack of it
    beside = replace(own, series_uids=("1.2.4",), instance_uids=())
    assert not why_not_of(beside, series()) and doubts_of(beside, series())
    assert "another frame of reference" in why_not_of(replace(beside, frame_of_reference="9.8"), series())
    assert "another frame of reference" in why_not_of(replace(own, frame_of_reference="9.8"), series())
    assert "another patient" in why_not_of(replace(beside, patient_id="B"), series())
    assert "nothing says" in why_not_of(replace(beside, frame_of_reference=""), series())
    assert not why_not_of(replace(own, frame_of_reference=""), series())  # it names the images themselves
    assert "only you can know" in doubts_of(Source(knows=False), series())[0]
    one = replace(series(), size=(5, 6, 7))
    assert len(doubts_of(Source(knows=False), one, (7, 6, 5))) == 1, "turned"
    assert "5 × 6 × 3 voxels and this series 5 × 6 × 7" in doubts_of(Source(knows=False), one, (5, 6, 3))[1]


# Into the label map


def laid_box(name: str, k: slice) -> Laid:
    box = (k, slice(0, 4), slice(0, 4))
    return Laid(Segment(name), box, np.ones((k.stop - k.start, 4, 4), bool))


def test_of_two_segments_the_earlier_has_what_both_claim_and_the_loss_is_told():
    prepared = import_of(
        "Import", [laid_box("A", slice(0, 2)), laid_box("B", slice(1, 3))], np.zeros((3, 4, 4), np.uint8),
        DEFAULT_LABELS, (), replace_labels=False,
    )  # fmt: skip
    assert prepared.taken == (32, 16) and prepared.cut == (0, 16)
    assert prepared.edit is not None and prepared.edit.table is not None
    assert [label.name for label in prepared.edit.table[1]] == ["A", "B"]
    after = np.zeros((3, 4, 4), np.uint8)
    prepared.edit.deltas[0].apply(after)
    assert [after[k, 0, 0] for k in range(3)] == [1, 1, 2]


@pytest.mark.parametrize("replaces", [False, True])
def test_labels_that_are_there_stay_unless_a_person_says_otherwise_and_locked_ones_always(replaces):
    before = np.zeros((3, 4, 4), np.uint8)
    before[0], before[1] = 1, 2
    table = (Label(1, "Mine", (1, 2, 3)), Label(2, "Locked", (1, 2, 3), locked=True))
    prepared = import_of("Import", [laid_box("A", slice(0, 3))], before, table, table, replace_labels=replaces)
    assert prepared.edit is not None
    after = before.copy()
    prepared.edit.deltas[0].apply(after)
    assert [after[k, 0, 0] for k in range(3)] == [3 if replaces else 1, 2, 3]
    assert prepared.cut == (16 if replaces else 32,)


def test_two_segments_of_one_name_become_two_labels():
    laid = [laid_box("A", slice(0, 1)), laid_box("A", slice(1, 2)), laid_box(" ", slice(2, 3))]
    prepared = import_of("x", laid, np.zeros((3, 4, 4), np.uint8), (), (), replace_labels=False)
    assert prepared.edit is not None and prepared.edit.table is not None
    assert [label.name for label in prepared.edit.table[1]] == ["A", "A (2)", "Segment 3"]
