"""Every way in which a model may look at an image, by networks whose answers can be worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from pydantic import ValidationError

from inference.manifest import (
    FixedIntensity,
    Intensity,
    PercentileIntensity,
    Preprocessing,
    StandardIntensity,
    StoredIntensity,
    WindowIntensity,
)
from inference.preprocess import model_grid, scaling_of, to_model_grid
from inference.sliding_window import logit_planes, starts
from inference.tasks import probabilities, segment
from tests.models import loaded, manifest, write_linear_model, write_threshold_model

STORED = StoredIntensity()


def image_of(voxels: NDArray, direction: NDArray | None = None, spacing=(1.0, 1.0, 1.0)) -> sitk.Image:
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(spacing)
    image.SetOrigin((-31.0, 12.0, 7.5))
    if direction is not None:
        image.SetDirection(direction.ravel().tolist())
    return image


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


def linear(folder, kernel, bias, *more, labels=("Bright",), **fields):
    preprocessing = fields.pop("preprocessing")
    described = manifest("linear", labels, 1.0, "1.0.0").model_copy(update={"preprocessing": preprocessing, **fields})
    write_linear_model(folder, described, (np.array(kernel, np.float32), np.array(bias, np.float32)), *more)
    return loaded(folder)


def planes(model, voxels, mirrored=False) -> NDArray[np.float32]:
    return np.stack(list(logit_planes(voxels, model, range(len(voxels)), mirrored=mirrored)))


class TestAxes:
    @pytest.mark.parametrize("axes", ["SPL", "RAS", "IAR", "PSL", "LPI", "KJI"])
    @pytest.mark.parametrize("turn", [(0, 0, 0), (12, -7, 18)])
    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_result_lies_where_the_image_is_bright_whatever_axes_the_model_wants(self, tmp_path, axes, turn, sign):
        rotation = sitk.Euler3DTransform()
        rotation.SetRotation(*np.radians(turn))
        direction = np.array(rotation.GetMatrix()).reshape(3, 3) @ np.diag([1, sign, 1])  # left-handed for -1
        voxels = np.zeros((11, 17, 13), np.int16)
        voxels[3:7, 2:9, 5:12] = 100
        write_threshold_model(tmp_path, preprocessing=Preprocessing(axes=axes, intensity=PercentileIntensity()))

        result = segment(image_of(voxels, direction, (1.0, 1.5, 2.5)), loaded(tmp_path)).label_image

        np.testing.assert_array_equal(sitk.GetArrayFromImage(result) == 1, voxels > 50)

    def test_the_models_axes_run_as_its_letters_say(self):
        voxels = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)  # k towards S, j towards P, i towards L
        image = image_of(voxels)

        def seen(axes: str) -> NDArray[np.float32]:
            preprocessing = Preprocessing(axes=axes, intensity=STORED)
            return to_model_grid(image, model_grid(image, preprocessing), STORED)

        np.testing.assert_array_equal(seen("SPL"), voxels)
        np.testing.assert_array_equal(seen("IPL"), voxels[::-1])
        np.testing.assert_array_equal(seen("RAS"), voxels.transpose(2, 1, 0)[::-1, ::-1])

    def test_own_axes_are_those_of_the_image_though_it_lies_otherwise(self):
        voxels = noise(3, 4, 5)
        image = image_of(voxels, np.array([[0, 0, -1], [1, 0, 0], [0, -1, 0]], float))
        preprocessing = Preprocessing(axes="KJI", intensity=STORED)

        np.testing.assert_array_equal(to_model_grid(image, model_grid(image, preprocessing), STORED), voxels)

    @pytest.mark.parametrize("axes", ["SPP", "LRS", "SP", "spl", "KII", ""])
    def test_letters_that_are_no_axes_are_refused(self, axes):
        with pytest.raises(ValidationError, match="axes must be"):
            Preprocessing(axes=axes)

    def test_a_slice_is_stretched_to_a_size_and_its_result_comes_back(self, tmp_path):
        voxels = np.zeros((3, 40, 60), np.int16)
        voxels[:, :, 12:48] = 100
        write_threshold_model(tmp_path, preprocessing=Preprocessing(size=(20, 20)))

        labels = sitk.GetArrayFromImage(segment(image_of(voxels), loaded(tmp_path)).label_image)

        np.testing.assert_array_equal(labels == 1, voxels > 50)


class TestIntensities:
    VALUES = np.array([[[-1000.0, 0.0, 50.0, 100.0, 3000.0, np.nan]]], np.float32)

    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            (StoredIntensity(), [-1000, 0, 50, 100, 3000, 0]),
            (WindowIntensity(low=0, high=100), [0, 0, 0.5, 1, 1, 0]),
            (WindowIntensity(low=0, high=100, to=(-1, 1)), [-1, -1, 0, 1, 1, 0]),
            (FixedIntensity(low=-100, high=200, mean=50, deviation=25), [-6, -2, 0, 2, 6, 0]),
            (PercentileIntensity(lower=0, upper=100), [0, 0.25, 0.2625, 0.275, 1, 0]),
            (PercentileIntensity(lower=25, upper=75, to=(0, 2)), [0, 0, 1, 2, 2, 0]),
        ],
    )
    def test_a_rule_scales_by_hand_and_what_is_no_number_becomes_0(self, rule: Intensity, expected):
        np.testing.assert_allclose(scaling_of(self.VALUES, rule)(self.VALUES)[0, 0], expected, atol=1e-5)

    @pytest.mark.parametrize("but_zero", [False, True])
    def test_standard_values_have_mean_0_and_deviation_1(self, but_zero):
        values = np.array([[[0.0, 0.0, 0.0, 3.0, 5.0, 10.0, np.nan]]], np.float32)
        counted = values[0, 0, 3:6] if but_zero else values[0, 0, :6]

        scaled = scaling_of(values, StandardIntensity(but_zero=but_zero))(values)[0, 0]

        expected = (values[0, 0, :6] - counted.mean()) / counted.std()
        if but_zero:
            expected[:3] = 0  # as nnU-Net and MONAI leave it
        np.testing.assert_allclose(scaled[:6], expected, atol=1e-5)

    def test_a_window_that_ends_before_it_begins_is_refused(self):
        with pytest.raises(ValidationError, match="high must be above low"):
            WindowIntensity(low=100, high=0)


class TestPatches:
    """A network that looks at one voxel gives the same however the image is cut: every patch is in its place."""

    @pytest.mark.parametrize("shape", [(7, 31, 17), (5, 16, 16), (3, 13, 97)])
    @pytest.mark.parametrize("patch", [None, (16, 16), (8, 16)])
    @pytest.mark.parametrize("padding", ["zero", "edge", "reflect"])
    def test_of_slices(self, tmp_path, shape, patch, padding):
        preprocessing = Preprocessing(patch=patch, size_multiple=8, padding=padding, context_slices=3, intensity=STORED)
        kernel = np.zeros((2, 3, 1, 1))
        kernel[1, :, 0, 0] = 1, 10, 100
        voxels = noise(*shape)

        found = planes(linear(tmp_path, kernel, [0.5, -1], preprocessing=preprocessing), voxels)

        before, after = voxels[[0, *range(shape[0] - 1)]], voxels[[*range(1, shape[0]), -1]]
        np.testing.assert_allclose(found[:, 1], before + 10 * voxels + 100 * after - 1, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found[:, 0], 0.5, rtol=1e-4)

    @pytest.mark.parametrize("shape", [(7, 31, 17), (29, 8, 8), (23, 13, 37)])
    @pytest.mark.parametrize("patch", [None, (8, 8, 8), (4, 8, 12)])
    @pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
    def test_of_blocks(self, tmp_path, shape, patch, overlap):
        preprocessing = Preprocessing(dimensions=3, patch=patch, size_multiple=4, overlap=overlap, intensity=STORED)
        model = linear(tmp_path, [[[[[0]]]], [[[[3]]]]], [0.5, -1], preprocessing=preprocessing)
        voxels = noise(*shape)

        found = planes(model, voxels)

        np.testing.assert_allclose(found[:, 1], 3 * voxels - 1, rtol=1e-4, atol=1e-4)
        some = np.stack(list(logit_planes(voxels, model, range(3, 6))))
        np.testing.assert_allclose(some, found[3:6], rtol=1e-4, atol=1e-4)

    def test_the_middle_of_a_patch_counts_more_than_its_border(self, tmp_path):
        """The network adds up 9 voxels of a row, and sees zeros beyond its patch: borders of patches are wrong."""
        preprocessing = Preprocessing(patch=(8, 16), overlap=0.5, intensity=STORED)
        kernel = np.zeros((2, 1, 1, 9))
        kernel[1] = 1
        model = linear(tmp_path, kernel, [0, 0], preprocessing=preprocessing)

        found = planes(model, np.ones((1, 8, 64), np.float32))[0, 1]

        assert found[:, 8:-8].min() > 7.5, "a plain mean of both patches would say 7 beside a border"

    @pytest.mark.parametrize(("size", "side", "overlap"), [(10, 16, 0.5), (16, 16, 0.5), (17, 16, 0.5), (97, 16, 0.25)])
    def test_patches_cover_an_axis_from_its_beginning_to_its_end(self, size, side, overlap):
        places = starts(size, side, overlap)

        assert places[0] == 0
        assert places[-1] == max(size - side, 0)
        assert all(after - before <= side * (1 - overlap) + 0.5 for before, after in pairwise(places))

    def test_progress_reaches_1_once_at_the_end(self, tmp_path):
        preprocessing = Preprocessing(dimensions=3, patch=(4, 4, 4), intensity=STORED)
        model = linear(tmp_path, [[[[[0]]]], [[[[3]]]]], [0, 0], preprocessing=preprocessing)
        told: list[float] = []

        for _ in logit_planes(noise(9, 8, 7), model, range(9), progress=told.append):
            pass

        assert told == sorted(told)
        assert told[-1] == pytest.approx(1.0)
        assert told.count(told[-1]) == 1

    def test_a_network_made_for_colour_sees_a_grey_image_as_often_as_it_has_channels(self, tmp_path):
        kernel = np.zeros((2, 3, 1, 1))
        kernel[1, :, 0, 0] = 1, 2, 3
        voxels = noise(2, 8, 8)

        found = planes(
            linear(tmp_path, kernel, [0, 0], preprocessing=Preprocessing(copies=3, intensity=STORED)), voxels
        )

        np.testing.assert_allclose(found[:, 1], 6 * voxels, rtol=1e-5)

    @pytest.mark.parametrize(
        "fields",
        [
            {"dimensions": 3, "context_slices": 3},
            {"context_slices": 2},
            {"patch": (8, 8, 8)},
            {"dimensions": 3, "patch": (8, 8)},
            {"patch": (8, 12), "size_multiple": 8},
            {"overlap": 1.0},
            {"size": (0, 5)},
            {"spacing_mm": (1, 1, 0)},
        ],
    )
    def test_what_does_not_go_together_is_refused(self, fields):
        with pytest.raises(ValidationError):
            Preprocessing(**fields)


class TestProbabilities:
    PLAIN = Preprocessing(intensity=STORED)

    def test_labels_told_one_by_one_have_thresholds_and_the_likeliest_takes_the_voxel(self, tmp_path):
        described = manifest("two", ("A", "B"), 1.0, "1.0.0")
        labels = [described.labels[0].model_copy(update={"threshold": 0.2}), described.labels[1]]
        model = linear(
            tmp_path, [[[[1]]], [[[-1]]]], [0, 0.5], preprocessing=self.PLAIN, labels=("A", "B"), activation="sigmoid"
        )
        model = type(model)(model.manifest.model_copy(update={"labels": labels}), model.sessions, model.provider)
        voxels = np.array([[[-3.0, -1.0, 0.2, 0.4, 3.0]]], np.float32)  # A: .05 .27 .55 .60 .95; B: .97 .82 .57 .52 .08

        result = segment(image_of(voxels), model, with_certainty=True)

        assert sitk.GetArrayFromImage(result.label_image)[0, 0].tolist() == [2, 2, 2, 1, 1]
        assert result.certainty is not None
        np.testing.assert_allclose(
            result.certainty.probability[0, 0] / 255, [0.971, 0.818, 0.574, 0.599, 0.953], atol=3e-3
        )

    def test_where_no_label_reaches_its_threshold_there_is_background(self, tmp_path):
        model = linear(tmp_path, [[[[1]]]], [0], preprocessing=self.PLAIN, activation="sigmoid")

        labels = segment(image_of(np.array([[[-1.0, 1.0, -0.1]]], np.float32)), model).label_image

        assert sitk.GetArrayFromImage(labels)[0, 0].tolist() == [0, 1, 0]

    def test_probability_and_entropy_are_those_of_the_logits_over_the_temperature(self, tmp_path):
        model = linear(tmp_path, [[[[0]]], [[[1]]]], [0, 0], preprocessing=self.PLAIN, temperature=2.0)
        voxels = np.array([[[-4.0, 0.0, 2.0]]], np.float32)
        expected = 1 / (1 + np.exp(-voxels[0, 0] / 2))

        certainty = segment(image_of(voxels), model, with_certainty=True).certainty

        assert certainty is not None
        np.testing.assert_allclose(certainty.probability[0, 0] / 255, expected, atol=3e-3)
        entropy = -expected * np.log2(expected) - (1 - expected) * np.log2(1 - expected)
        np.testing.assert_allclose(certainty.entropy[0, 0] / 255, entropy, atol=3e-3)
        assert certainty.likeliest[0, 0].tolist() == [1, 1, 1]  # it is below a half in the first

    @pytest.mark.parametrize(("activation", "count"), [("softmax", 3), ("sigmoid", 2)])
    def test_each_label_that_is_asked_for_has_its_own_probability(self, tmp_path, activation, count):
        kernel = np.arange(count, dtype=float).reshape(count, 1, 1, 1) - 1
        model = linear(
            tmp_path, kernel, [0.0] * count, preprocessing=self.PLAIN, labels=("A", "B"), activation=activation
        )
        voxels = np.array([[[-3.0, 0.5, 2.0]]], np.float32)
        logits = kernel[:, 0, 0] * voxels[0, 0]
        own = np.exp(logits) / np.exp(logits).sum(0) if activation == "softmax" else 1 / (1 + np.exp(-logits))

        found = probabilities(image_of(voxels), model, [2, 1])

        np.testing.assert_allclose(found.of_labels[:, 0, 0] / 255, own[[-1, -2]], atol=3e-3)
        certainty = segment(image_of(voxels), model, with_certainty=True).certainty
        np.testing.assert_array_equal(found.entropy, certainty.entropy)

    def test_an_ensemble_gives_the_mean_probability(self, tmp_path):
        second = (np.array([[[[0]]], [[[-3]]]]), np.zeros(2))
        model = linear(tmp_path, [[[[0]]], [[[1]]]], [0, 0], second, preprocessing=self.PLAIN)
        voxels = np.array([[[1.0, 2.0]]], np.float32)
        expected = (1 / (1 + np.exp(-voxels)) + 1 / (1 + np.exp(3 * voxels))) / 2

        found = model.probabilities(planes(model, voxels)[0])[1]

        assert len(model.sessions) == 2
        np.testing.assert_allclose(found, expected[0], rtol=1e-4)

    @pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
    def test_mirrored_images_are_turned_back_and_averaged(self, tmp_path, activation):
        """The network looks at the voxel to the left; mirrored, at the one to the right."""
        classes, bias = (2, [0, 0]) if activation == "softmax" else (1, [0])
        kernel = np.zeros((classes, 1, 1, 3))
        kernel[-1, 0, 0, 0] = 1
        preprocessing = Preprocessing(intensity=STORED, mirrors=frozenset("i"))
        model = linear(tmp_path, kernel, bias, preprocessing=preprocessing, activation=activation)
        voxels = noise(1, 4, 6)
        beside = np.pad(voxels, [(0, 0), (0, 0), (1, 1)])

        found = model.probabilities(planes(model, voxels, mirrored=True)[0])[-1]

        expected = (1 / (1 + np.exp(-beside[..., :-2])) + 1 / (1 + np.exp(-beside[..., 2:]))) / 2
        np.testing.assert_allclose(found, expected[0], rtol=1e-4)
        plain = model.probabilities(planes(model, voxels)[0])[-1]
        np.testing.assert_allclose(plain, 1 / (1 + np.exp(-beside[0, :, :-2])), rtol=1e-4)

    def test_mirrored_along_k_the_neighbours_change_places(self, tmp_path):
        kernel = np.zeros((2, 3, 1, 1))
        kernel[1, 0] = 1
        preprocessing = Preprocessing(context_slices=3, intensity=STORED, mirrors=frozenset("k"))
        voxels = noise(3, 2, 2)

        model = linear(tmp_path, kernel, [0, 0], preprocessing=preprocessing)
        found = model.probabilities(planes(model, voxels, mirrored=True)[1])[1]

        np.testing.assert_allclose(found, (1 / (1 + np.exp(-voxels[0])) + 1 / (1 + np.exp(-voxels[2]))) / 2, rtol=1e-4)

    def test_an_output_of_probabilities_is_taken_as_such(self, tmp_path):
        model = linear(tmp_path, [[[[-1]]], [[[1]]]], [1, 0], preprocessing=self.PLAIN, activation="probabilities")
        voxels = np.array([[[0.25, 0.75, 0.9]]], np.float32)

        np.testing.assert_allclose(model.probabilities(planes(model, voxels)[0])[1], voxels[0], rtol=1e-4)
