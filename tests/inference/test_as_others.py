"""A model of others sees an image, and is read, as in the program that it is from: by formulas written out here."""

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from inference import preprocess
from inference.manifest import ModelManifest, Preprocessing, Scores, StandardIntensity, StoredIntensity, WindowIntensity
from inference.preprocess import as_seen, model_grid, padded_for, scaling_of
from inference.sliding_window import gaussian, starts
from inference.tasks import segment
from tests.inference.test_engine import linear, planes
from tests.models import manifest

STORED = StoredIntensity()
AS_IT_IS = np.array([[[[[0]]]], [[[[1]]]]])  # kernel: logits 0 and the value that is seen


def image_of(values, spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(values, np.float32))
    image.SetSpacing(spacing)
    return image


def noise(*shape) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def labels_of(image, model) -> np.ndarray:
    return sitk.GetArrayFromImage(segment(image, model).label_image)


class TestPadding:
    @pytest.mark.parametrize(("padding", "mode"), [("zero", "constant"), ("edge", "edge"), ("reflect", "reflect")])
    @pytest.mark.parametrize(("n", "side", "before"), [(5, 8, 1), (6, 8, 1), (7, 8, 0), (9, 8, 0)])
    def test_a_small_image_lies_in_the_middle_of_the_patch(self, padding, mode, n, side, before):
        preprocessing = Preprocessing(patch=(side, side), padding=padding, centred=True, intensity=STORED)
        values = noise(n, n)

        after = max(side - n, 0) - before
        np.testing.assert_array_equal(padded_for(values, preprocessing), np.pad(values, [(before, after)] * 2, mode))

    @pytest.mark.parametrize("dimensions", [2, 3])
    def test_what_a_network_says_lies_where_the_image_is(self, tmp_path, dimensions):
        voxels = noise(3, 5, 10)
        patch = (8, 8, 8)[:dimensions]
        preprocessing = Preprocessing(dimensions=dimensions, patch=patch, centred=True, intensity=STORED)
        kernel = AS_IT_IS if dimensions == 3 else AS_IT_IS[:, :, 0]

        model = linear(tmp_path, kernel, [0, 0], preprocessing=preprocessing)

        np.testing.assert_allclose(planes(model, voxels)[:, 1], voxels, atol=1e-6)


class TestSliding:
    @pytest.mark.parametrize(
        ("size", "side", "overlap", "fixed", "even"),
        [(100, 48, 0.25, [0, 36, 52], [0, 26, 52]), (48, 48, 0.25, [0], [0]), (49, 48, 0.6, [0, 1], [0, 1])],
    )
    def test_steps_are_those_of_monai_or_of_nnunet(self, size, side, overlap, fixed, even):
        assert starts(size, side, overlap, fixed=True) == fixed
        assert starts(size, side, overlap) == even

    def test_the_weights_of_nnunet_are_a_gaussian_around_one_voxel(self):
        j, i = np.meshgrid(np.arange(16), np.arange(24), indexing="ij")
        by_hand = np.exp(-(((j - 8) / 2) ** 2) / 2 - (((i - 12) / 3) ** 2) / 2)

        weights = gaussian((16, 24), nnunet=True)

        np.testing.assert_allclose(weights, np.maximum(by_hand, 2**-24 / 10), rtol=1e-5)
        assert weights[8, 12] == 1 and weights[0, 0] < 1e-6

    def test_patches_of_equal_weight_are_blended_by_their_plain_mean(self, tmp_path):
        """The network adds up 3 voxels of a row and sees zeros beyond its patch: at its ends it says 2 and not 3."""
        kernel = np.zeros((2, 1, 1, 3))
        kernel[1] = 1
        preprocessing = Preprocessing(patch=(1, 8), overlap=0.5, weights="equal", intensity=STORED)

        found = planes(linear(tmp_path, kernel, [0, 0], preprocessing=preprocessing), np.ones((1, 1, 12), np.float32))

        assert found[0, 1, 0].tolist() == [2, 3, 3, 3, 2.5, 3, 3, 2.5, 3, 3, 3, 2]


class TestResampling:
    @pytest.mark.parametrize(
        ("aligned", "mm", "seen"),
        [
            ("edges", 2.0, [0, 0.5, 7 / 6, 11 / 6, 2.5, 3]),
            ("centres", 2.0, [0, 2 / 3, 4 / 3, 2, 8 / 3]),
            ("edges", 5.0, [1 / 3, 2]),
            ("ends", 5.0, [0.5, 2.5]),
        ],
    )
    @pytest.mark.parametrize("axis", [0, 1, 2])
    def test_where_voxels_of_3_mm_come_to_lie(self, axis, aligned, mm, seen):
        row = np.arange(4.0).reshape(np.roll([4, 1, 1], axis))
        preprocessing = Preprocessing(
            axes="KJI", spacing_mm=(mm, mm, mm), dimensions=3, aligned=aligned, intensity=STORED
        )
        image = image_of(np.broadcast_to(row, (4, 4, 4)), (3.0, 3.0, 3.0))

        found = as_seen(image, model_grid(image, preprocessing), preprocessing)

        np.testing.assert_allclose(np.moveaxis(found, axis, 0)[:, 1, 1], seen, atol=1e-5)

    @pytest.mark.parametrize(("scaled", "between"), [("before", 0.5), ("after", 1.0)])
    def test_values_are_cut_off_before_or_after(self, scaled, between):
        preprocessing = Preprocessing(
            axes="KJI",
            spacing_mm=(1.5, 3.0, None),
            aligned="centres",
            scaled=scaled,
            intensity=WindowIntensity(low=0, high=50),
        )
        image = image_of([[[0, 100]]], (3.0, 3.0, 3.0))

        assert as_seen(image, model_grid(image, preprocessing), preprocessing)[0, 0].tolist() == [0, between, 1]

    def test_labels_are_of_resampled_logits_or_of_resampled_probabilities(self, tmp_path):
        """Logits 1 and -6, probabilities 0.73 and 0.00: a quarter of the way they are -0.75 and 0.55."""
        preprocessing = Preprocessing(axes="KJI", spacing_mm=(2.0, 1.0, None), intensity=STORED)
        image = image_of([[[1, 1, -6, -6]]])

        found = {
            resampled: labels_of(
                image,
                linear(
                    tmp_path / resampled, AS_IT_IS[:, :, 0], [0, 0], preprocessing=preprocessing, resampled=resampled
                ),
            )[0, 0].tolist()
            for resampled in ("logits", "probabilities")
        }

        assert found == {"logits": [1, 0, 0, 0], "probabilities": [1, 1, 0, 0]}

    def test_mean_and_deviation_are_of_all_voxels(self, monkeypatch):
        """Of every other one they would be 0 and nothing."""
        monkeypatch.setattr(preprocess, "_SAMPLED", 8)
        values = np.zeros((4, 4, 4), np.float32)
        values[1::2] = 2

        scale = scaling_of(values, StandardIntensity())

        assert (scale.shift, scale.factor) == (1, 1)


class TestCropping:
    """nnU-Net leaves out what is 0 all around."""

    @pytest.mark.parametrize("axes", ["KJI", "RAS", "IKJ"])
    def test_it_is_background_and_changes_nothing(self, tmp_path, axes):
        inner = noise(6, 9, 7)
        inner[2, 3, 3] = 0
        air = [(2, 1), (0, 4), (3, 0)]
        preprocessing = Preprocessing(
            axes=axes, dimensions=3, patch=(8, 8, 8), cropped=True, centred=True, intensity=StandardIntensity()
        )
        model = linear(tmp_path, AS_IT_IS, [0, 0], preprocessing=preprocessing)

        found = labels_of(image_of(np.pad(inner, air)), model)

        np.testing.assert_array_equal(found, np.pad(inner > inner.mean(), air))

    def test_an_image_of_nothing_is_not_cropped(self):
        image = image_of(np.zeros((2, 3, 4)))

        assert model_grid(image, Preprocessing(axes="KJI", cropped=True)).shape == (2, 3, 4)


@pytest.mark.parametrize(("mean_of", "label"), [("probabilities", 0), ("logits", 1)])
def test_folds_have_the_mean_probability_or_the_mean_logit(tmp_path, mean_of, label):
    """Logits 9 and twice -1.5: their mean is 2, that of their probabilities 0.45."""
    folds = [(np.zeros((2, 1, 1, 1)), np.array([0, logit])) for logit in (9, -1.5, -1.5)]
    preprocessing = Preprocessing(axes="KJI", intensity=STORED)
    model = linear(tmp_path, *folds[0], *folds[1:], preprocessing=preprocessing, mean_of=mean_of)

    logits = model.run(np.zeros((1, 1, 2, 2), np.float32))

    assert (logits[0, 1] > logits[0, 0]).all() == bool(label)


@pytest.mark.parametrize("own", [{"centred": True}, {"cropped": True}, {"steps": "fixed"}, {"scaled": "after"}])
def test_only_a_segmentation_model_has_ways_of_others(own):
    told = manifest("scores", ("Yes",), 1.0, "1.0.0").model_dump() | {"task": "classification"}
    told |= {"scores": Scores(of="slice"), "preprocessing": Preprocessing(**own)}

    with pytest.raises(ValidationError, match=f"only a segmentation model has its own {next(iter(own))}"):
        ModelManifest(**told)
