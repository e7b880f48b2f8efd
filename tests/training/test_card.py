"""What is written of a trained model."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from inference.manifest import SeenImages
from inference.seen import image_statistics
from tests.models import manifest
from training.card import provenance, widened
from training.dataset import read_dataset, split_cases


@pytest.fixture
def data(tmp_path) -> Path:
    for name, scale in (("Jane Doe", 100), ("John Doe", 300)):
        for part in ("images", "labels"):
            (tmp_path / part).mkdir(exist_ok=True)
            draw = np.random.default_rng(scale)
            voxels = scale * draw.random((4, 20, 24)) if part == "images" else draw.integers(0, 2, (4, 20, 24))
            kind = np.float32 if part == "images" else np.uint8
            sitk.WriteImage(sitk.GetImageFromArray(voxels.astype(kind)), str(tmp_path / part / f"{name}.nii.gz"))
    return tmp_path


def test_hashes_tell_what_it_was_trained_on_and_no_file_name_does(data):
    told = provenance(data, split_cases(read_dataset(data), 0), "cpu")

    assert len(told["data"]) == 2 and all(len(one["image"]) == len(one["labels"]) == 64 for one in told["data"])
    assert "Doe" not in str(told)


def test_a_model_trained_further_knows_its_parents_images_and_its_own(data):
    split = split_cases(read_dataset(data), 0)
    described = manifest("balls", ("Ball",), 1.0, "1.0.0")
    own = [
        image_statistics(sitk.ReadImage(str(case.image_file)), described.preprocessing) for case in read_dataset(data)
    ]
    parents = SeenImages(images=30, ranges={"p50": (-5.0, -4.0), "undecided": (0.1, 0.2)})

    found = widened(parents, split, described)

    assert found is not None and found.images == 32
    assert found.ranges["p50"] == (-5.0, pytest.approx(max(one["p50"] for one in own)))
    assert found.ranges["undecided"] == (0.1, 0.2)
    assert widened(None, split, described) is None  # two images tell of no range
