"""Dataset folders: what is annotated, where it lies on the model's grid, what is held out, what a step draws."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from inference.manifest import Preprocessing
from inference.preprocess import model_grid
from training.dataset import (
    Case,
    DataError,
    GridCase,
    Learnt,
    SliceSampler,
    Split,
    keep_labelled,
    known_as,
    read_dataset,
    read_labels,
    split_cases,
    target_on_grid,
    to_grid,
)
from training.folds import parted
from training.losses import IGNORE

SIZE = (10, 12, 7)  # i, j, k
TURN = np.radians(17)
OBLIQUE = np.array([[np.cos(TURN), -np.sin(TURN), 0], [np.sin(TURN), np.cos(TURN), 0], [0, 0, 1]])
DIRECTIONS = {
    "straight": np.eye(3),
    "oblique and flipped along j and k": OBLIQUE @ np.diag([1, -1, -1]),
    "left-handed": OBLIQUE @ np.diag([1, 1, -1]),
    "coronal": np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "sagittal and left-handed": np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]]) @ np.diag([1, 1, -1]),
}


def image_of(voxels: np.ndarray, spacing=(2.0, 1.5, 5.0), direction=DIRECTIONS["straight"]) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    image.SetOrigin((-31.0, 12.0, 4.0))
    image.SetDirection(np.asarray(direction, float).ravel().tolist())
    return image


def seen_by_model(spacing_mm: float, context: int = 3) -> Preprocessing:
    return Preprocessing(spacing_mm=(spacing_mm,) * 3, context_slices=context, size_multiple=4)


def along(length: int, spacing_mm: float, image_length: int, image_spacing_mm: float) -> np.ndarray:
    """The image voxel nearest to each model voxel on one axis."""
    position = (np.arange(length) + 0.5) * spacing_mm / image_spacing_mm - 0.5
    return np.clip(np.rint(position), 0, image_length - 1).astype(int)


@pytest.mark.parametrize("direction", DIRECTIONS.values(), ids=DIRECTIONS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_confirmed_slice_lies_on_the_models_grid_where_simpleitk_orients_it(direction, axis):
    """Native slices thicker than the model's: every model slice nearest to the confirmed one is annotated."""
    spacing, index = (5.1, 5.1, 5.1), 4
    labels = np.random.default_rng(1).integers(0, 4, SIZE[::-1], dtype=np.uint8)
    only = np.full_like(labels, IGNORE)
    chosen = [slice(None)] * 3
    chosen[2 - axis] = slice(index, index + 1)
    only[tuple(chosen)] = labels[tuple(chosen)]
    oriented = sitk.DICOMOrient(image_of(only, spacing, direction), "LPS")
    expected = sitk.GetArrayFromImage(oriented)
    for n in range(3):
        length = round(expected.shape[n] * 5.1 / 2)
        expected = expected.take(along(length, 2.0, expected.shape[n], 5.1), n)

    grid = model_grid(image_of(labels, spacing, direction), seen_by_model(2.0))
    target = target_on_grid(labels, grid, [(axis, index)])

    assert (expected != IGNORE).any()
    np.testing.assert_array_equal(target, expected)


@pytest.mark.parametrize(("index", "reached"), [(0, [0]), (5, [1]), (8, [2]), (9, [2])])
def test_a_thin_confirmed_slice_reaches_the_nearest_model_slice_only(index, reached):
    """Slices of 0.9 mm under a model of 3 mm, whose slices lie at 1.5, 4.5, 7.5, ... mm from the first edge."""
    labels = np.ones((20, 6, 6), np.uint8)
    grid = model_grid(image_of(labels, (3.0, 3.0, 0.9)), seen_by_model(3.0))

    target = target_on_grid(labels, grid, [(2, index)])

    assert np.flatnonzero((target != IGNORE).any(axis=(1, 2))).tolist() == reached
    assert (target[reached] == 1).all()


def make(folder: Path, cases: dict[str, bool], confirmed=None, patients=None) -> Path:
    """Cases by name, True if they have a label file."""
    for name, labelled in cases.items():
        for part, values in (
            ("images", np.arange(840, dtype=np.int16)),
            ("labels", np.arange(840, dtype=np.uint8) % 3),
        ):
            if part == "images" or labelled:
                (folder / part).mkdir(parents=True, exist_ok=True)
                image = image_of(values.reshape(SIZE[::-1]), direction=DIRECTIONS["left-handed"])
                sitk.WriteImage(image, str(folder / part / f"{name}.nii.gz"))
    if confirmed is not None:
        (folder / "confirmed.json").write_text(json.dumps(confirmed))
    if patients is not None:
        rows = "".join(f"{case},{patient}\n" for case, patient in patients.items())
        (folder / "patients.csv").write_text("case,patient\n" + rows)
    return folder


def test_a_folder_tells_what_is_annotated(tmp_path):
    confirmed = {"a": {"slices": [[2, 3], [0, 1]], "corrected_labels": [2]}}
    whole, part, none = "b", "a", "c"
    make(tmp_path, {part: True, whole: True, none: False}, confirmed, {"a": "p1", "b": "p1"})

    found = {case.name: case for case in read_dataset(tmp_path)}

    assert (found["a"].slices, found["a"].corrected) == (((0, 1), (2, 3)), (2,))
    assert (found["b"].slices, found["b"].corrected) == (None, None)
    assert found["c"].slices == ()
    assert [found[name].patient for name in "abc"] == ["p1", "p1", "c"]


def test_a_slice_of_a_part_of_a_scan_is_known_as_that_of_the_scan(tmp_path):
    """However the part is cut the next time."""
    confirmed = {"a": {"slices": [[2, 1], [2, 2], [2, 3], [2, 4]]}, "a-at-3-2-1": {"slices": [[2, 0], [2, 1], [2, 2]]}}
    make(tmp_path / "one", {"a": True}, {"a": confirmed["a"]})
    make(tmp_path / "two", {"a-at-3-2-1": True}, {"a-at-3-2-1": confirmed["a-at-3-2-1"]})
    whole, part = (split_cases(read_dataset(tmp_path / name), 0) for name in ("one", "two"))
    first = Learnt().after(whole)
    (case,) = whole.train
    held = [unit.parts[0].slices[0] for unit in whole.held_out]
    again = split_cases(read_dataset(tmp_path / "two"), 0, first)
    held_again = [(axis, index + 1) for unit in again.held_out for axis, index in unit.parts[0].slices]
    assert set(held_again) & set(held) and not set(held_again) & set(case.slices)
    assert {one for one in Learnt().after(part).trained_on if one in first.trained_on | first.held_out}


def test_patients_that_the_dataset_keeps_apart_are_what_is_held_out(tmp_path):
    make(tmp_path, {name: name != "f" for name in "abcdef"})
    (tmp_path / "patients.csv").write_text("case,patient,part\na,p,test\nb,q,train\nc,q,\nf,p,test\n")
    cases = read_dataset(tmp_path)

    (split,) = parted(cases, 0)  # four patients, who would else be left out in turn

    assert [(unit.name, [part.name for part in unit.parts]) for unit in split.held_out] == [("p", ["a"])]
    assert [case.name for case in split.train] == ["b", "c", "d", "e"]
    with pytest.raises(DataError, match=r"trained on patients that patients\.csv keeps for testing"):
        split_cases(cases, 0, Learnt(trained_on=frozenset({known_as("patient", "p")})))
    with pytest.raises(DataError, match="nothing to make folds for"):
        parted(cases, 0, count=3)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [("a,p,test\nb,p,train\n", "puts patient p into train and test"), ("a,p,tset\n", "says train or test, not tset")],
)
def test_wrong_parts_are_refused(tmp_path, rows, sentence):
    make(tmp_path, {"a": True, "b": True})
    (tmp_path / "patients.csv").write_text("case,patient,part\n" + rows)
    with pytest.raises(DataError, match=sentence):
        read_dataset(tmp_path)


@pytest.mark.parametrize(
    ("confirmed", "sentence"),
    [
        ({"x": {"slices": []}}, "names x, which is not in images"),
        ({"a": {"slices": [[2, 7]]}}, "beyond its size"),
        ({"a": {"slices": [[3, 0]]}}, "an impossible slice"),
        ({"a": {"slices": [2]}}, "must map each case"),
        ({"b": {"slices": [[2, 1]]}}, "labels has no file for it"),
    ],
)
def test_a_wrong_list_of_confirmed_slices_is_refused(tmp_path, confirmed, sentence):
    make(tmp_path, {"a": True, "b": False}, confirmed)

    with pytest.raises(DataError, match=sentence):
        read_dataset(tmp_path)


def test_labels_on_another_grid_than_their_image_are_refused(tmp_path):
    make(tmp_path, {"a": True})
    moved = sitk.ReadImage(str(tmp_path / "labels" / "a.nii.gz"))
    moved.SetDirection(DIRECTIONS["straight"].ravel().tolist())
    sitk.WriteImage(moved, str(tmp_path / "labels" / "a.nii.gz"))
    with pytest.raises(DataError, match=r"labels/a\.nii\.gz lies elsewhere"):
        read_dataset(tmp_path)

    sitk.WriteImage(moved[1:], str(tmp_path / "labels" / "a.nii.gz"))
    with pytest.raises(DataError, match="another size than its image"):
        read_dataset(tmp_path)


def test_files_that_are_no_images_or_belong_to_none_are_refused(tmp_path):
    with pytest.raises(DataError, match="no images"):
        read_dataset(tmp_path)
    make(tmp_path, {"a": True})
    (tmp_path / "images" / "b.nii.gz").write_text("text")
    with pytest.raises(DataError, match=r"images/b\.nii\.gz cannot be read"):
        read_dataset(tmp_path)
    (tmp_path / "images" / "b.nii.gz").rename(tmp_path / "labels" / "b.nii.gz")
    with pytest.raises(DataError, match="labels/b belongs to no file"):
        read_dataset(tmp_path)


def test_values_beyond_the_models_classes_are_refused_and_picture_masks_understood(tmp_path):
    make(tmp_path, {"a": True})
    (case,) = read_dataset(tmp_path)
    assert read_labels(case, 3).max() == 2
    with pytest.raises(DataError, match="holds the value 2; the model has labels 1 to 1"):
        read_labels(case, 2)

    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[2:4] = 255
    sitk.WriteImage(image_of(mask), str(tmp_path / "labels" / "a.nii.gz"))
    np.testing.assert_array_equal(read_labels(case, 2), mask // 255)


def case_of(name: str, patient: str, slices=None) -> Case:
    return Case(name, patient, Path(name), Path(name), SIZE, (2.0, 1.5, 5.0), slices, None)


def test_three_patients_are_split_by_patient_and_never_mixed():
    cases = [case_of(f"c{n}", f"p{n // 2}") for n in range(14)] + [case_of("u", "p1", ())]
    held_out = set()
    for seed in range(12):
        split = split_cases(cases, seed)
        apart = {part.patient for unit in split.held_out for part in unit.parts}
        assert split.unit == "patients" and split.patients == 7
        assert len(split.held_out) == len(apart) == 2
        assert not apart & {case.patient for case in split.train}  # their unlabelled scans stay out as well
        assert sorted(p.name for u in split.held_out for p in u.parts) == sorted(
            c.name for c in cases if c.patient in apart and c.slices != ()
        )
        assert split_cases(cases, seed) == split
        held_out.add(tuple(sorted(apart)))
    assert len(held_out) > 3


def test_fewer_patients_are_split_by_slice():
    cases = [case_of("a", "p", tuple((2, k) for k in range(5))), case_of("b", "q", ((1, 3),)), case_of("c", "q", ())]

    split = split_cases(cases, 0)

    assert split.unit == "slices"
    assert [unit.name for unit in split.held_out] == ["a k 0", "a k 3"]
    train = {case.name: case.slices for case in split.train}
    assert train == {"a": ((2, 1), (2, 2), (2, 4)), "b": ((1, 3),), "c": ()}
    assert split.hidden["a"] == ((2, 0), (2, 3))
    assert split.nearest_mm == 5.0


def test_one_slice_is_trained_on_and_nothing_held_out():
    split = split_cases([case_of("a", "p", ((2, 4),))], 3)

    assert split.held_out == ()
    assert split.train[0].slices == ((2, 4),)
    with pytest.raises(DataError, match="nothing is annotated"):
        split_cases([case_of("a", "p", ())], 0)


def test_held_out_slices_are_neither_labelled_nor_unlabelled(tmp_path):
    make(tmp_path, {"a": True}, {"a": {"slices": [[2, 1], [2, 5]], "corrected_labels": [1]}})
    split = split_cases(read_dataset(tmp_path), 0)
    (train,) = split.train
    assert (train.slices, split.hidden["a"]) == (((2, 5),), ((2, 1),))

    on_grid = to_grid(train, seen_by_model(5.0), 3, split.hidden["a"])

    assert on_grid.unlabelled == (0, 2, 3, 4, 6)  # flipped: 6 - 1 is held out
    assert np.flatnonzero((on_grid.target != IGNORE).any(axis=(1, 2))).tolist() == [1]  # flipped: 6 - 5
    only_held_out = to_grid(train.__class__(**{**vars(train), "slices": ()}), seen_by_model(5.0), 3, ((2, 0),))
    assert only_held_out.unlabelled == (0, 1, 2, 3, 4, 5)


def test_only_so_many_cases_stay_labelled():
    split = split_cases([case_of(f"c{n}", f"p{n}") for n in range(6)], 0)

    kept = keep_labelled(split, 2, 5)

    assert sum(case.slices is None for case in kept.train) == 2
    assert [case.name for case in kept.train] == [case.name for case in split.train]
    assert kept.held_out == split.held_out
    with pytest.raises(DataError, match="9 labelled cases were asked for; 4 are there"):
        keep_labelled(split, 9, 0)


def grid_case(patient: str, target: np.ndarray, unlabelled: tuple[int, ...]) -> GridCase:
    voxels = np.zeros(target.shape, np.float32) + np.arange(len(target), dtype=np.float32)[:, None, None]
    return GridCase(patient, voxels, target, unlabelled)


def test_every_arm_draws_the_same_and_every_step_and_seed_something_else():
    target = np.random.default_rng(0).integers(0, 3, (6, 20, 24), dtype=np.uint8)
    cases = [grid_case("p", target, (0, 1))]
    one, same, other = (SliceSampler(cases, seen_by_model(1.0), seed) for seed in (1, 1, 2))

    images, targets = one.labelled(7, 4)
    assert images.shape == (4, 3, 20, 24) and targets.shape == (4, 20, 24)
    assert (images == same.labelled(7, 4)[0]).all() and (targets == same.labelled(7, 4)[1]).all()
    assert (images != one.labelled(8, 4)[0]).any()
    assert (images != other.labelled(7, 4)[0]).any()
    assert (one.unlabelled(7, 4)[0] == same.unlabelled(7, 4)[0]).all()


@pytest.mark.parametrize("dimensions", [2, 3])
def test_places_follow_the_pose(dimensions):
    """Of an image whose values are its rows, columns or slices, the places are what is seen."""
    shape = (9, 20, 24)
    along = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")).astype(np.float32)
    target = np.zeros(shape, np.uint8)
    target[0] = IGNORE
    for axis in range(3):
        case = GridCase("p", along[axis], target, (0,))
        blocks = {"dimensions": 3, "patch": (8, 16, 16)} if dimensions == 3 else {}
        sampler = SliceSampler([case], Preprocessing(spacing_mm=(1, 1, 1), size_multiple=4, **blocks), 0)

        for draw in (sampler.labelled, sampler.unlabelled):
            images, targets = draw(3, 6, with_places=True)
            plain, same = draw(3, 6)
            assert torch.equal(images[:, :-3], plain) and torch.equal(targets, same)
            known = targets != IGNORE if targets.dtype == torch.int64 else targets
            values, places = images[:, 0], images[:, -3:]
            assert known.any() and torch.allclose(places[:, axis][known], values[known], atol=1e-5)
            if draw == sampler.labelled:
                assert all(float(places[:, other][known].std()) > 0.1 for other in range(3) if other != axis)


def test_rare_classes_are_drawn_as_often_as_frequent_ones():
    target = np.zeros((40, 16, 16), np.uint8)
    target[:, 2:12, 2:12] = 1
    target[3, 5:9, 5:9] = 2
    sampler = SliceSampler([grid_case("p", target, ())], seen_by_model(1.0), 0)

    with_rare = sum(bool((sampler.labelled(step, 1)[1] == 2).any()) for step in range(60))

    assert with_rare >= 12  # a third of the draws asks for it; one slice of forty has it
    assert sampler.unlabelled_slices == 0


def test_lines_of_a_crossing_slice_count_as_little_as_they_show():
    target = np.full((40, 16, 16), IGNORE, np.uint8)
    target[:, 8] = 0  # an annotated coronal slice crosses every axial one
    target[20] = 0
    sampler = SliceSampler([grid_case("p", target, ())], seen_by_model(1.0), 0)

    whole = sum(float((sampler.labelled(step, 1)[1] != IGNORE).float().mean()) > 0.3 for step in range(60))

    assert 8 <= whole <= 30  # 1 / (1 + 39 / 16) of them, where equal chances would give 1 or 2


def test_unlabelled_slices_come_from_all_patients_alike():
    many, few = np.full((30, 16, 16), IGNORE, np.uint8), np.full((2, 16, 16), IGNORE, np.uint8)
    few_case = GridCase("q", np.full(few.shape, 100, np.float32), few, (0, 1))
    annotated = grid_case("p", np.zeros((1, 16, 16), np.uint8), ())
    sampler = SliceSampler([annotated, grid_case("p", many, tuple(range(30))), few_case], seen_by_model(1.0), 0)

    images, inside = sampler.unlabelled(0, 80)

    assert sampler.unlabelled_slices == 32
    assert inside.dtype.is_floating_point is False and inside.any()
    assert 25 <= int((images.amax(dim=(1, 2, 3)) > 60).sum()) <= 55


def test_a_slice_larger_than_the_patch_is_shown_about_the_class_that_was_drawn():
    target = np.zeros((1, 300, 260), np.uint8)
    target[0, 230:236, 40:46] = 1
    sampler = SliceSampler([grid_case("p", target, ())], seen_by_model(1.0), 0)

    assert sampler.patch == (192, 192)
    seen = sum(bool((sampler.labelled(step, 1)[1] == 1).any()) for step in range(20))
    assert seen >= 7  # half of the draws ask for it


def test_held_out_patients_stay_held_out_and_none_is_judged_by_whom_it_was_trained_on():
    few = [case_of(f"c{n}", f"p{n}") for n in range(4)]
    first = split_cases(few, 0)
    learnt = Learnt().after(first)

    more = [*few, *(case_of(f"c{n}", f"p{n}") for n in range(4, 9))]
    trained = {case.patient for case in first.train}
    for seed in range(20):
        again = split_cases(more, seed, learnt)
        held = {unit.name for unit in again.held_out}
        assert {unit.name for unit in first.held_out} <= held
        assert len(held) == 3 and not held & trained
        assert split_cases(few, seed, learnt).held_out == first.held_out
    assert not any("p" in known for known in learnt.held_out | learnt.trained_on)


def test_patients_that_were_all_trained_on_leave_only_slices_to_judge_by():
    slices = tuple((2, k) for k in range(6))
    one = split_cases([case_of("c0", "p0", slices)], 1)
    learnt = Learnt().after(one)
    three = [case_of(f"c{n}", f"p{n}", slices) for n in range(3)]
    all_known = learnt.after(Split("patients", tuple(three), (), {}, 3))

    assert split_cases([case_of("c0", "p0", slices)], 5, learnt).held_out == one.held_out
    assert {unit.name for unit in split_cases(three, 0, learnt).held_out} <= {"p1", "p2"}
    left = split_cases(three, 0, all_known)
    assert (left.unit, left.held_out) == ("slices", ())
