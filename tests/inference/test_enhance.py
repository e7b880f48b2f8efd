"""Synthetic pictures: right in place, within their bound, and refused when anything about them is wrong."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from inference.enhance import checked, enhance, figures_of, given
from inference.manifest import Contrast, ModelError, Picture
from inference.models import ModelRecord
from inference.results import Run
from inference.worker import Worker
from tests.models import loaded, write_picture_model

BOUND = 0.05
OBLIQUE_LEFT_HANDED = (0.96, 0.28, 0.0, 0.28, -0.96, 0.0, 0.0, 0.0, 1.0)


def scan(size=(21, 34, 5), direction=OBLIQUE_LEFT_HANDED) -> sitk.Image:
    """Noise on a ramp, -600 to 600, within the window of the models below but for one voxel."""
    rng = np.random.default_rng(2)
    voxels = np.linspace(-500, 500, size[0])[None, None, :] + rng.normal(0, 20, size[::-1])
    voxels[0, 0, 0] = 3000
    image = sitk.GetImageFromArray(voxels.astype(np.int16))
    image.SetSpacing((0.7, 0.9, 3.0))
    image.SetOrigin((5.0, -7.0, 40.0))
    image.SetDirection(direction)
    return image


def record(folder: Path) -> ModelRecord:
    model = loaded(folder)
    return ModelRecord(model.manifest, folder, shipped=True, active=True)


def test_a_denoiser_changes_no_value_by_more_than_its_bound_and_tells_how_consistent_it_is(tmp_path):
    write_picture_model(tmp_path, "denoise")
    image = scan()
    result = enhance(image, loaded(tmp_path))
    before = sitk.GetArrayFromImage(image).astype(np.float32)
    shown = sitk.GetArrayFromImage(result.picture)
    assert result.bound == pytest.approx(BOUND * 2000)
    assert 1 < np.abs(shown - before).max() <= result.bound
    assert shown[0, 0, 0] == 3000, "beyond the window of the model nothing is touched"
    assert result.untouched == 1 / before.size
    assert result.picture.GetDirection() == image.GetDirection()
    assert set(result.figures) >= {"residual_max", "noise_sigma", "block_mean_max", "autocorrelation"}
    assert result.figures["noise_sigma"] == pytest.approx(20, rel=0.2)
    assert np.std(np.diff(shown[2], axis=0)) < 0.8 * np.std(np.diff(before[2], axis=0)), "there is less noise"


@pytest.mark.parametrize("direction", [OBLIQUE_LEFT_HANDED, (1, 0, 0, 0, 1, 0, 0, 0, 1), (0, 0, 1, 1, 0, 0, 0, -1, 0)])
@pytest.mark.parametrize("axes", ["KJI", "SPL"])
def test_a_finer_picture_covers_exactly_what_the_image_does(tmp_path, direction, axes):
    write_picture_model(tmp_path, "finer", preprocessing={"axes": axes})
    image = scan(direction=direction)
    picture = enhance(image, loaded(tmp_path)).picture
    for corner in np.ndindex(2, 2, 2):
        ends = [
            one.TransformContinuousIndexToPhysicalPoint(
                [c * n - 0.5 for c, n in zip(corner, one.GetSize(), strict=True)]
            )
            for one in (image, picture)
        ]
        np.testing.assert_allclose(ends[0], ends[1], atol=1e-3)
    # A straight ramp keeps its place: each fine voxel's value is the ramp's at its own position.
    ramp = sitk.Cast(image, sitk.sitkFloat32)
    places = [
        image.TransformIndexToPhysicalPoint(tuple(map(int, index[::-1])))
        for index in np.ndindex(*image.GetSize()[::-1])
    ]
    values = (np.array(places) @ [3.0, 5.0, 7.0]).reshape(image.GetSize()[::-1])
    straight = sitk.GetImageFromArray(values.astype(np.float32))
    straight.CopyInformation(ramp)
    fine = enhance(straight, loaded(tmp_path))
    assert fine.residual is not None
    made = sitk.GetArrayFromImage(fine.picture) - fine.residual
    middle = tuple(n // 2 for n in fine.picture.GetSize())
    there = np.array(fine.picture.TransformIndexToPhysicalPoint(middle)) @ [3.0, 5.0, 7.0]
    assert made[middle[::-1]] == pytest.approx(there, abs=0.05)
    assert fine.bound is not None and fine.figures["consistency_rms"] <= fine.bound + 5


def test_patches_give_what_the_whole_slice_gives(tmp_path):
    write_picture_model(tmp_path / "whole", "denoise")
    write_picture_model(tmp_path / "parts", "denoise", preprocessing={"patch": (16, 16), "overlap": 0.75})
    image = scan()
    whole, parts = (enhance(image, loaded(tmp_path / name)).residual for name in ("whole", "parts"))
    assert whole is not None and parts is not None
    assert np.abs(whole - parts).max() < 15  # at patches' edges they see other neighbours
    assert np.median(np.abs(whole - parts)) < 0.5


def test_a_translation_gives_the_contrast_that_it_names(tmp_path):
    write_picture_model(tmp_path, "invert")
    result = enhance(scan(), loaded(tmp_path))
    shown, before = sitk.GetArrayFromImage(result.picture), sitk.GetArrayFromImage(scan())
    assert result.residual is None and result.bound is None
    assert shown[2, 3, 4] == pytest.approx(100 * (1 - (before[2, 3, 4] + 1000) / 2000), abs=0.01)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("too much", "by more than the bound"),
        ("not a number", "not numbers"),
        ("wrong shape", "gave an output of shape"),
        ("constant", "same value everywhere"),
    ],
)
def test_planted_faults_are_refused(tmp_path, fault, words):
    write_picture_model(tmp_path, fault)
    with pytest.raises(ModelError, match=words):
        enhance(scan(), loaded(tmp_path))


def test_an_image_without_values_is_refused(tmp_path):
    write_picture_model(tmp_path, "denoise")
    with pytest.raises(ModelError, match="same value"):
        enhance(sitk.Image(8, 8, 3, sitk.sitkInt16), loaded(tmp_path))
    broken = sitk.Cast(scan(), sitk.sitkFloat32)
    broken[3, 3, 3] = float("nan")
    with pytest.raises(ModelError, match="not numbers"):
        enhance(broken, loaded(tmp_path))


def test_the_process_gives_the_same_and_is_not_trusted(tmp_path):
    write_picture_model(tmp_path, "finer")
    image, model = scan(), loaded(tmp_path)
    here = enhance(image, model)
    worker = Worker()
    try:
        there = worker.enhance(record(tmp_path), image)
    finally:
        worker.close()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(there.picture), sitk.GetArrayFromImage(here.picture))
    assert there.figures == here.figures
    run = Run("m", "1", "", "CPU", 1.0)
    sent = given(here)["residual"]
    assert here.bound is not None
    for lie in (sent * 1.5 + 2 * here.bound, sent[:-1], sent.astype(np.float64), np.full_like(sent, np.nan)):
        with pytest.raises(ModelError):
            checked(image, model.manifest, {"residual": lie}, {}, 0.0, run)


def test_an_enhancement_without_a_bound_is_no_manifest():
    with pytest.raises(ValidationError, match="residual_bound"):
        Picture(scale=2)
    with pytest.raises(ValidationError):
        Picture(residual_bound=float("inf"))
    with pytest.raises(ValidationError, match="keeps the grid"):
        Picture(scale=2, gives=Contrast(modality="MR", low=0, high=1))


def test_what_was_cut_away_around_a_head_does_not_hide_its_noise():
    image = np.random.default_rng(2).normal(500, 20, (2, 40, 40)).astype(np.float32)
    image[:, :, :25] = 0
    assert figures_of(image, np.zeros_like(image), 1)["noise_sigma"] == pytest.approx(20, rel=0.2)
