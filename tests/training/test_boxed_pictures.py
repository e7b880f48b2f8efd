"""Folders of images with boxes: what is read, refused, held out and drawn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from inference.manifest import Preprocessing
from training.boxed_pictures import BoxSampler, posed, read_boxed_images, split_boxed_images
from training.dataset import DataError, Learnt, known_as

SIDE = 64
HEAD = "case,label,x,y,width,height,slice"


def folder(
    at: Path, boxes: Sequence[str], checked: Sequence[str] = (), pictures: int = 6, head: str = HEAD, volume: int = 4
) -> Path:
    """Pictures p0, p1, ... and a volume v, 60 columns and 40 rows."""
    (at / "images").mkdir(parents=True)
    for n in range(pictures):
        sitk.WriteImage(sitk.Image(60, 40, sitk.sitkUInt8), at / "images" / f"p{n}.png")
    if volume:
        sitk.WriteImage(sitk.Image(60, 40, volume, sitk.sitkUInt8), at / "images" / "v.nii.gz")
    (at / "boxes.csv").write_text("\n".join([head, *boxes]) + "\n")
    if checked:
        (at / "checked.csv").write_text("\n".join(["case,slice", *checked]) + "\n")
    return at


def test_boxes_and_what_was_looked_at_are_read(tmp_path):
    data = folder(tmp_path, ["p0.png,Nodule,1,2,10,5,", "v,Mass,0,0,60.5,40,2"], ["p1", "v,0"])
    (data / "patients.csv").write_text("case,patient\np0,A\np1,A\n")
    images = read_boxed_images(data)
    assert images.labels == ("Mass", "Nodule")
    assert [(box.corners, box.k) for box in images.on("p0", 0)] == [((1, 2, 11, 7), 0)]
    assert images.on("v", 2)[0].corners == (0, 0, 60, 40) and images.on("v", 1) == ()
    slices = {case.name: case.slices for case in images.cases}
    assert slices["p0"] == slices["p1"] == ((2, 0),)
    assert slices["p2"] == (), "nobody looked at it: it is no image without anything"
    assert slices["v"] == ((2, 0), (2, 2))
    assert [case.patient for case in images.cases][:3] == ["A", "A", "p2"]


def test_a_line_without_a_slice_is_of_all_slices(tmp_path):
    data = folder(tmp_path, ["p0,Nodule,1,2,10,5,"], ["v,"])
    (volume,) = (case for case in read_boxed_images(data).cases if case.name == "v")
    assert volume.slices == tuple((2, k) for k in range(4))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("gone,Nodule,1,2,10,5,", "line 2: gone is not in images"),
        (",Nodule,1,2,10,5,", "needs the column case"),
        ("p0,,1,2,10,5,", "needs a label"),
        ("p0,Nodule,1,,10,5,", "y has to be a number, not nothing"),
        ("p0,Nodule,1,two,10,5,", "y has to be a number, not two"),
        ("p0,Nodule,nan,2,10,5,", "x has to be a number, not nan"),
        ("p0,Nodule,1,2,0,5,", "width and a height above 0"),
        ("p0,Nodule,1,2,10,-5,", "width and a height above 0"),
        ("p0,Nodule,55,2,10,5,", "reaches out of its image, which has 60 x 40 pixels"),
        ("p0,Nodule,-3,2,10,5,", "reaches out of its image"),
        ("p0,Nodule,1,2,10,5,1", "there is no slice 1, the image has 1"),
        ("v,Nodule,1,2,10,5,", "the image has 4 slices, so the column slice has to say which one"),
        ("v,Nodule,1,2,10,5,4", "there is no slice 4"),
        ("v,Nodule,1,2,10,5,-1", "there is no slice -1"),
        ("p0,Nodule,1,2,10,5,\np0,Nodule,1,2,10,5,", "line 3: the same box is there twice"),
        ("", "has no box"),
    ],
)
def test_a_bad_line_is_refused_in_a_sentence(tmp_path, line, why):
    with pytest.raises(DataError, match=why):
        read_boxed_images(folder(tmp_path, [line] if line else []))


def test_a_bad_line_of_what_was_looked_at_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"checked.csv, line 3: gone is not in images"):
        read_boxed_images(folder(tmp_path, ["p0,Nodule,1,2,10,5,"], ["p1", "gone"]))


def test_what_is_missing_is_said(tmp_path):
    with pytest.raises(DataError, match="has no images"):
        read_boxed_images(tmp_path)
    data = folder(tmp_path / "data", [])
    (data / "boxes.csv").unlink()
    with pytest.raises(DataError, match=r"has no boxes.csv"):
        read_boxed_images(data)


def many(at: Path) -> Path:
    boxes = [f"p{n},{'Rare' if n == 5 else 'Nodule'},5,5,10,10,0" for n in range(12)]
    return folder(at, boxes, [f"p{n}" for n in range(12, 24)], pictures=30, volume=0)


def test_a_third_of_the_patients_with_boxes_and_of_those_without_are_held_out(tmp_path):
    images = read_boxed_images(many(tmp_path))
    for seed in range(5):
        split = split_boxed_images(images, seed, Learnt())
        held = [unit.name for unit in split.held_out]
        assert len([n for n in held if int(n[1:]) < 12]) == 4 and len(held) == 8
        assert "p5" not in held, "nobody else has what it has"
        assert not {case.patient for case in split.train} & set(held)
        assert held == [unit.name for unit in split_boxed_images(images, seed, Learnt()).held_out]


def test_who_was_held_out_stays_so_and_who_was_learnt_from_is_never_held_out(tmp_path):
    images = read_boxed_images(many(tmp_path))
    first = split_boxed_images(images, 0, Learnt())
    learnt = Learnt().after(first)
    for seed in range(1, 5):
        again = split_boxed_images(images, seed, learnt)
        assert [unit.name for unit in again.held_out] == [unit.name for unit in first.held_out]
    everyone = Learnt(trained_on=frozenset(known_as("patient", case.patient) for case in images.cases))
    assert split_boxed_images(images, 0, everyone).held_out == ()


def test_too_few_patients_with_boxes_are_refused(tmp_path):
    images = read_boxed_images(folder(tmp_path, ["p0,Nodule,5,5,9,9,", "p1,Nodule,5,5,9,9,"], ["p2", "p3", "p4"]))
    with pytest.raises(DataError, match="images of 2 patients have boxes: 3 are needed"):
        split_boxed_images(images, 0, Learnt())


def sampler(at: Path, seed: int = 0) -> BoxSampler:
    images = read_boxed_images(many(at))
    split = split_boxed_images(images, 0, Learnt())
    return BoxSampler(split, images, images.labels, Preprocessing(axes="KJI", size=(SIDE, SIDE)), seed)


def test_rare_labels_and_empty_slices_are_drawn_often(tmp_path):
    given = sampler(tmp_path)
    drawn = [numbers for step in range(12) for _, numbers in given.drawn(step, 10)[1]]
    rare, empty = (
        sum(test(one) for one in drawn) for test in (lambda one: 1 in one.tolist(), lambda one: not len(one))
    )
    assert 30 < rare < 60, "of 12 images with boxes one is rare, and has three eighths of the draws"
    assert 18 < empty < 42


def test_a_step_depends_on_the_seed_and_its_number_alone(tmp_path):
    one, two, three = sampler(tmp_path / "a"), sampler(tmp_path / "b"), sampler(tmp_path / "c", 1)
    one.drawn(0, 3)
    for step in (4, 1):
        (pictures, boxes), (others, their) = one.drawn(step, 3), two.drawn(step, 3)
        assert torch.equal(pictures, others)
        assert all(
            torch.equal(a, b) for box, other in zip(boxes, their, strict=True) for a, b in zip(box, other, strict=True)
        )
    assert not torch.equal(one.drawn(4, 3)[1][0][0], three.drawn(4, 3)[1][0][0])


def test_boxes_are_scaled_as_slices_are(tmp_path, monkeypatch):
    monkeypatch.setattr("training.boxed_pictures.posed", lambda p, c, g: (p, c, torch.ones(len(c), dtype=torch.bool)))
    boxes = [one for one, _ in sampler(tmp_path).drawn(0, 8)[1] if len(one)]
    wanted = torch.tensor([5 * SIDE / 60, 5 * SIDE / 40, 15 * SIDE / 60, 15 * SIDE / 40])
    assert boxes and all(torch.allclose(box, wanted) for box in boxes)


def test_a_box_goes_where_its_thing_goes():
    """Discs, not in the middle of a picture that is not square: the box of what is bright after is the box told."""
    for seed in range(30):
        draw = np.random.default_rng(seed)
        rows, columns = 96, 128
        y, x, radius = draw.uniform(30, 60), draw.uniform(30, 95), draw.uniform(8, 14)
        j, i = np.indices((rows, columns)) + 0.5
        picture = torch.from_numpy(((j - y) ** 2 + (i - x) ** 2 < radius**2).astype(np.float32))
        box = torch.tensor([[x - radius, y - radius, x + radius, y + radius]])
        shown, moved, kept = posed(picture, box, torch.Generator().manual_seed(seed))
        bright = np.argwhere(shown.numpy() > 0.5)
        if bright.min() == 0 or bright[:, 0].max() == rows - 1 or bright[:, 1].max() == columns - 1:
            continue
        (top, left), (bottom, right) = bright.min(axis=0), bright.max(axis=0) + 1
        assert kept.tolist() == [True]
        assert np.abs(moved[0].numpy() - (left, top, right, bottom)).max() < 1.5


def test_a_box_that_has_left_the_picture_is_dropped():
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0], [28.0, 28.0, 36.0, 36.0]])
    kept = [posed(torch.zeros(64, 64), boxes, torch.Generator().manual_seed(n))[1:] for n in range(40)]
    assert {tuple(which.tolist()) for _, which in kept} == {(True, True), (False, True)}
    assert all(len(moved) == which.sum() and moved.min() >= 0 and moved.max() <= 64 for moved, which in kept)
