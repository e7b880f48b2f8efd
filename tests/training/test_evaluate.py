import math

import numpy as np
import pytest
import SimpleITK as sitk

from training.evaluate import bootstrap_interval, calibration_error, dice_per_class, hd95_mm, mean_defined

SHAPE_KJI = (9, 14, 11)
SPACING_IJK = (0.7, 1.1, 2.5)


def box(k: slice, j: slice, i: slice) -> np.ndarray:
    mask = np.zeros(SHAPE_KJI, dtype=bool)
    mask[k, j, i] = True
    return mask


class TestDice:
    def test_values_worked_by_hand(self):
        reference = np.zeros(SHAPE_KJI, dtype=np.uint8)
        predicted = reference.copy()
        reference[2, 3, 1:5] = 1
        predicted[2, 3, 3:7] = 1
        reference[5, 5, 5] = 2

        scores = dice_per_class(predicted, reference, [1, 2, 3])

        assert scores[1] == pytest.approx(2 * 2 / (4 + 4))
        assert scores[2] == 0  # missed altogether
        assert math.isnan(scores[3])  # in neither: nothing can be said

    def test_left_taken_for_right_scores_nothing(self):
        reference = np.ones(SHAPE_KJI, dtype=np.uint8)
        assert dice_per_class(2 * reference, reference, [1, 2]) == {1: 0, 2: 0}


class TestHausdorff:
    @pytest.mark.parametrize(("axis", "spacing"), [(0, 2.5), (1, 1.1), (2, 0.7)])
    def test_shift_is_measured_in_millimetres_along_each_axis(self, axis, spacing):
        reference = np.zeros(SHAPE_KJI, dtype=bool)
        reference[4, 6, 5] = True

        shifted = np.roll(reference, 3, axis=axis)

        assert hd95_mm(shifted, reference, SPACING_IJK) == pytest.approx(3 * spacing, rel=1e-4)

    def test_mask_that_touches_the_edge_of_the_volume_has_a_surface_there(self):
        reference = np.ones(SHAPE_KJI, dtype=bool)
        assert hd95_mm(reference, reference, SPACING_IJK) < 1e-5
        assert hd95_mm(box(slice(0, 9), slice(0, 14), slice(0, 10)), reference, SPACING_IJK) == pytest.approx(0.7)

    def test_few_far_voxels_do_not_decide(self):
        reference = box(slice(2, 7), slice(2, 12), slice(2, 9))
        predicted = reference.copy()
        predicted[0, 0, 0] = True

        assert hd95_mm(predicted, reference, SPACING_IJK) < 1e-5

    def test_agrees_with_the_maximum_of_simpleitk_where_both_are_the_same(self):
        predicted = box(slice(3, 4), slice(4, 5), slice(2, 3))
        reference = box(slice(5, 6), slice(9, 10), slice(8, 9))
        images = [sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in (predicted, reference)]
        for image in images:
            image.SetSpacing(SPACING_IJK)
        measured = sitk.HausdorffDistanceImageFilter()
        measured.Execute(*images)

        assert hd95_mm(predicted, reference, SPACING_IJK) == pytest.approx(measured.GetHausdorffDistance(), rel=1e-4)

    def test_empty_prediction_costs_the_diagonal_and_two_empty_masks_are_undefined(self):
        nothing, something = np.zeros(SHAPE_KJI, dtype=bool), box(slice(2, 4), slice(2, 4), slice(2, 4))

        diagonal = math.sqrt((11 * 0.7) ** 2 + (14 * 1.1) ** 2 + (9 * 2.5) ** 2)
        assert hd95_mm(nothing, something, SPACING_IJK) == pytest.approx(diagonal)
        assert hd95_mm(something, nothing, SPACING_IJK) == pytest.approx(diagonal)
        assert math.isnan(hd95_mm(nothing, nothing, SPACING_IJK))


class TestSummary:
    def test_undefined_cases_are_left_out(self):
        assert mean_defined([0.5, float("nan"), 1.0]) == 0.75
        assert math.isnan(mean_defined([float("nan")]))
        assert bootstrap_interval([0.5, float("nan")]) == (0.5, 0.5)
        assert all(math.isnan(end) for end in bootstrap_interval([]))

    def test_interval_of_many_cases_is_that_of_the_normal_law(self):
        values = np.random.default_rng(1).normal(0.8, 0.05, 400)
        half_width = 1.96 * values.std() / math.sqrt(values.size)

        low, high = bootstrap_interval(values.tolist())

        assert low == pytest.approx(values.mean() - half_width, abs=0.15 * half_width)
        assert high == pytest.approx(values.mean() + half_width, abs=0.15 * half_width)

    def test_interval_is_the_same_each_time(self):
        assert bootstrap_interval([0.1, 0.4, 0.7]) == bootstrap_interval([0.1, 0.4, 0.7])


class TestCalibrationError:
    def test_by_hand(self):
        # bins of 1/15: (0.6, 0.667] has 0.65, 0.65 with one right; (0.867, 0.933] has 0.9, 0.9 with both right
        probability = np.array([[0.65, 0.65], [0.9, 0.9]])
        right = np.array([[True, False], [True, True]])
        assert calibration_error(probability, right) == pytest.approx((abs(1 - 1.3) + abs(2 - 1.8)) / 4)

    def test_true_probabilities_have_none_and_wrong_ones_all(self):
        assert calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0
        assert calibration_error(np.array([0.0, 1.0]), np.array([True, False])) == 1
        assert np.isnan(calibration_error(np.zeros(0), np.zeros(0, bool)))

    def test_over_and_under_confidence_in_one_bin_are_no_excuse_in_another(self):
        one_bin = calibration_error(np.array([0.2, 0.8]), np.array([True, False]), bins=1)
        assert one_bin == 0 and calibration_error(np.array([0.2, 0.8]), np.array([True, False])) == pytest.approx(0.8)
