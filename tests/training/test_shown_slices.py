"""Held-out slices are kept as a radiologist reads them, with what each model marked there."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from inference.manifest import LabelClass
from training.dataset import Case
from training.shown_slices import ShownSlices

SHAPE = 8, 10, 12  # k, j, i in LPS
SPACING = 1.0, 2.0, 3.0  # i, j, k
LABELS = [LabelClass(value=1, name="Blob", colour=(1, 2, 3))]
BLOB = 6, 2, 9  # high, in front, on the left


def written(tmp_path, letters: str) -> sitk.Image:
    voxels = np.full(SHAPE, 40, np.uint8)
    voxels[BLOB] = 100
    voxels[0] = voxels[:, 0] = voxels[..., 0] = 20
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(SPACING)
    image = sitk.DICOMOrient(image, letters)
    sitk.WriteImage(image, str(tmp_path / "a.nii.gz"))
    return image


def case_of(tmp_path, image, slices) -> Case:
    return Case("a", "p", tmp_path / "a.nii.gz", None, image.GetSize(), image.GetSpacing(), slices)


@pytest.mark.parametrize("letters", ["LPS", "RAS", "LAS", "PIR", "ASL", "SRP"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_left_is_on_the_right_and_head_or_front_is_up(tmp_path, letters, axis):
    image = written(tmp_path, letters)
    voxels = sitk.GetArrayFromImage(image)
    index = int(np.argwhere(voxels == 100)[0][2 - axis])
    drawn = (voxels == 100).astype(np.uint8)
    shown = ShownSlices(tmp_path / "cases")
    shown.see("current", case_of(tmp_path, image, ((axis, index),)), image, drawn, drawn)
    shown.write(LABELS)

    (one,) = json.loads((tmp_path / "cases" / "slices.json").read_text())["slices"]
    arrays = np.load(tmp_path / "cases" / "slices.npz")
    normal = letters[axis]
    places = {  # rows, columns and mm of the slice as it is read, and where the blob is on it
        "S": ((10, 12), (2.0, 1.0), (BLOB[1], BLOB[2])),
        "P": ((8, 12), (3.0, 1.0), (7 - BLOB[0], BLOB[2])),
        "L": ((8, 10), (3.0, 2.0), (7 - BLOB[0], BLOB[1])),
    }
    shape, spacing_mm, place = places[{"I": "S", "A": "P", "R": "L"}.get(normal, normal)]
    assert (one["axis"], one["index"], one["case"]) == (axis, index, "a")
    assert tuple(one["spacing_mm"]) == spacing_mm
    for name in ("image_0", "reference_0", "current_0"):
        assert arrays[name].shape == shape and arrays[name].dtype == np.uint8
        assert [tuple(at) for at in np.argwhere(arrays[name] == arrays[name].max())] == [place], name
    assert arrays["image_0"].max() == 255 and 20 < np.median(arrays["image_0"]) < 200


def test_each_arm_is_kept_of_the_same_few_slices(tmp_path):
    image = written(tmp_path, "LPS")
    reference = np.zeros(SHAPE, np.uint8)
    reference[2:] = 1
    shown = ShownSlices(tmp_path / "cases")
    case = case_of(tmp_path, image, tuple((2, k) for k in range(SHAPE[0])))
    shown.see("current", case, image, np.zeros(SHAPE, np.uint8), reference)
    shown.see("supervised", case, image, 2 * reference, reference)
    shown.write(LABELS)

    told = json.loads((tmp_path / "cases" / "slices.json").read_text())
    listed = told["slices"]
    assert told["labels"] == [{"value": 1, "name": "Blob", "colour": [1, 2, 3]}]
    arrays = np.load(tmp_path / "cases" / "slices.npz")
    assert [one["index"] for one in listed] == [2, 3, 4, 5, 6, 7], "slices with nothing on them show nothing"
    assert arrays["supervised_3"].max() == 2 and arrays["current_3"].max() == 0 and arrays["reference_3"].min() == 1
    assert len(arrays.files) == 4 * len(listed)
