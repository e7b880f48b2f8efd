"""A folder of pictures with labels: what is understood, what is refused, who is held out and what a step draws."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from inference.manifest import Preprocessing
from training.classified_pictures import (
    PictureSampler,
    keep_labelled_pictures,
    load_picture,
    read_pictures,
    split_pictures,
    target_of,
)
from training.dataset import DataError, Learnt, known_as

SEEN = Preprocessing(axes="KJI", size=(16, 24))


def write(folder: Path, labels: str, count: int = 4, patients: str = "") -> Path:
    """Pictures p0.png, p1.png and so on, of count values, and the text of labels.csv."""
    (folder / "images").mkdir(parents=True)
    draw = np.random.default_rng(0)
    for n in range(count):
        values = draw.integers(0, 255, (20, 30)).astype(np.uint8)
        sitk.WriteImage(sitk.GetImageFromArray(values), folder / "images" / f"p{n}.png")
    (folder / "labels.csv").write_text(labels)
    if patients:
        (folder / "patients.csv").write_text(patients)
    return folder


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def many(folder: Path, count: int = 30) -> Path:
    """Two pictures of each patient; every third patient has Mass, the last picture no label."""
    rows = [f"p{n}.png,a{n // 2},{'Mass' if n // 2 % 3 == 0 else 'Clear'}" for n in range(count - 1)]
    return write(folder, lines("image,patient,label", *rows), count)


def test_findings_are_apart_by_bars_and_none_is_an_answer(tmp_path):
    text = lines("image,patient,findings", "p0.png,7,Effusion|Mass", "p1,8,No Finding", "p2.png,8,")
    kind, pictures = read_pictures(write(tmp_path / "d", text))
    assert kind == "findings"
    assert [picture.classes for picture in pictures] == [("Effusion", "Mass"), (), None, None]
    assert [picture.patient for picture in pictures] == ["7", "8", "8", "p3"]


def test_patients_csv_says_whose_pictures_are_whose(tmp_path):
    folder = write(
        tmp_path / "d", lines("image,label", "p0.png,AP", "p1.png,PA"), patients="case,patient\np0,x\np1,x\n"
    )
    assert [picture.patient for picture in read_pictures(folder)[1]] == ["x", "x", "p2", "p3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image,view\np0.png,AP\n", "needs the column image and either label or findings"),
        ("image,label,findings\np0.png,AP,Mass\n", "needs the column image and either label or findings"),
        ("image,label\np9.png,AP\n", "names p9.png, which is not in images"),
        ("image,label\np0.png,AP\np0,PA\n", "names p0 twice"),
        ("image,label\np0.png,AP|PA\n", "gives p0.png two labels"),
        ("image,findings\np0.png,Mass|No Finding\n", "says of p0.png both No Finding and Mass"),
        ("", "needs the column image"),
    ],
)
def test_labels_that_cannot_be_understood_are_refused_with_their_place(tmp_path, text, said):
    with pytest.raises(DataError, match=said.replace("|", r"\|")):
        read_pictures(write(tmp_path / "d", text))


def test_missing_files_are_told(tmp_path):
    with pytest.raises(DataError, match="has no images"):
        read_pictures(tmp_path)
    folder = write(tmp_path / "d", "")
    (folder / "labels.csv").unlink()
    with pytest.raises(DataError, match=r"labels\.csv cannot be read"):
        read_pictures(folder)


def test_no_patient_is_in_two_parts_of_a_split(tmp_path):
    kind, pictures = read_pictures(many(tmp_path / "d", 60))
    split = split_pictures(kind, pictures, 3)
    train, calibration, held_out = (
        {picture.patient for picture in part} for part in (split.train, split.calibration, split.held_out)
    )
    assert not (train & calibration or train & held_out or calibration & held_out)
    assert (len(held_out), len(calibration)) == (10, 3)  # of 30
    assert split == split_pictures(kind, pictures, 3) != split_pictures(kind, pictures, 4)


def test_labels_that_are_kept_hold_each_class_and_the_others_are_unlabelled(tmp_path):
    split = split_pictures(*read_pictures(many(tmp_path / "d", 60)), 0)
    for seed in range(8):
        fewer = keep_labelled_pictures(split, 2, seed)
        assert {name for picture in fewer.labelled for name in picture.classes or ()} == {"Mass", "Clear"}
        assert len(fewer.labelled) == 2 and len(fewer.train) == len(split.train)
        assert fewer.held_out == split.held_out
    with pytest.raises(DataError, match="1 labelled pictures were asked for"):
        keep_labelled_pictures(split, 1, 0)


def test_too_little_to_learn_from_is_refused(tmp_path):
    few = lines("image,patient,label", "p0.png,1,AP", "p1.png,2,PA")
    with pytest.raises(DataError, match="pictures of 2 patients have labels"):
        split_pictures(*read_pictures(write(tmp_path / "few", few)), 0)
    same = lines("image,patient,label", *(f"p{n}.png,{n},AP" for n in range(4)))
    with pytest.raises(DataError, match="there is nothing to tell apart"):
        split_pictures(*read_pictures(write(tmp_path / "same", same)), 0)


def test_a_stack_of_slices_is_no_picture(tmp_path):
    folder = many(tmp_path / "d")
    (folder / "images" / "p3.png").unlink()
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 8, 8), np.uint8)), folder / "images" / "p3.nii.gz")
    picture = next(one for one in read_pictures(folder)[1] if one.name == "p3")
    with pytest.raises(DataError, match=r"images/p3\.nii\.gz has 3 slices"):
        load_picture(picture, SEEN)


def test_a_step_draws_the_same_whenever_it_is_done_and_by_the_seed(tmp_path):
    split = keep_labelled_pictures(split_pictures(*read_pictures(many(tmp_path / "d")), 0), 6, 0)
    sampler = PictureSampler(split, SEEN, seed=1)
    pictures, classes = sampler.labelled(5, 4)
    assert not torch.equal(sampler.labelled(6, 4)[0], pictures)
    again, classes_again = sampler.labelled(5, 4)
    assert pictures.shape == (4, 1, 16, 24) and classes.shape == (4, 2)
    assert torch.equal(pictures, again) and torch.equal(classes, classes_again)
    assert not torch.equal(pictures, PictureSampler(split, SEEN, seed=2).labelled(5, 4)[0])
    one, other = sampler.unlabelled(5, 4, 2)
    assert one.shape == other.shape == (4, 1, 16, 24) and not torch.equal(one, other)
    assert sampler.unlabelled_pictures == len(split.train) - 6


def test_shares_say_how_often_a_picture_is_drawn(tmp_path):
    split = split_pictures(*read_pictures(many(tmp_path / "d")), 0)
    target = target_of(split.labelled, split.classes)
    only = target[:, split.classes.index("Mass")].float()
    _, drawn = PictureSampler(split, SEEN, 0, shares=only).labelled(0, 16)
    assert drawn[:, split.classes.index("Mass")].all()


def test_whom_a_classifier_has_learnt_does_not_judge_it_and_who_judged_it_goes_on_doing_so(tmp_path):
    def patients(pictures) -> set[str]:
        return {picture.patient for picture in pictures}

    first = split_pictures(*read_pictures(many(tmp_path / "first", 40)), 0)
    learnt = first.known_after(Learnt())
    assert {known_as("patient", one) for one in patients(first.held_out)} == learnt.held_out
    for seed in range(10):
        later = split_pictures(*read_pictures(many(tmp_path / f"later{seed}", 60)), seed, learnt)
        assert patients(first.held_out) < patients(later.held_out)
        assert not patients([*later.held_out, *later.calibration]) & patients([*first.labelled, *first.calibration])
        assert later.known_after(learnt).held_out > learnt.held_out
    everybody = Learnt(trained_on=frozenset(known_as("patient", f"a{n}") for n in range(20)))
    with pytest.raises(DataError, match="add pictures of others to judge it by"):
        split_pictures(*read_pictures(many(tmp_path / "known", 40)), 0, everybody)
