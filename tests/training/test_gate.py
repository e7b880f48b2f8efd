"""The gate's rules, each with numbers worked out by hand."""

import numpy as np
import pytest

from training.gate import Overlap, Scores, decide, overlaps, unit_dice

NAMES = {1: "Liver", 2: "Spleen"}


def overlap(dice: float, voxels: int = 1000) -> Overlap:
    """A result as large as the reference, with this Dice."""
    return Overlap(voxels, voxels, round(dice * voxels))


def scores(*units: dict[int, Overlap]) -> Scores:
    return Scores({f"unit {n}": classes for n, classes in enumerate(units)})


def liver(*dice: float) -> Scores:
    return scores(*({1: overlap(d)} for d in dice))


def choose(current: Scores | None, corrected=(1,), **arms: Scores):
    models = ({} if current is None else {"current": current}) | {n.replace("_", "-"): s for n, s in arms.items()}
    units = next(iter(models.values())).units
    return decide(models, dict.fromkeys(units, corrected), NAMES, "slices")


def test_a_better_model_is_kept_and_the_better_of_two():
    kept = choose(liver(0.5, 0.6), semi_supervised=liver(0.7, 0.7), supervised=liver(0.8, 0.7))

    assert kept.keep == "supervised"
    assert "the current model has 0.550" in kept.reason
    assert "semi-supervised model has 0.700 (+0.150)" in kept.reason
    assert choose(liver(0.5), semi_supervised=liver(0.7), supervised=liver(0.7)).keep == "semi-supervised"


def test_a_model_that_is_no_better_on_average_is_refused():
    kept = choose(liver(0.5, 0.6), supervised=liver(0.54, 0.56))

    assert kept.keep == "current"
    assert "refused: it is no better on average" in kept.reason


def test_a_gain_on_average_does_not_excuse_one_bad_slice():
    kept = choose(liver(0.5, 0.6, 0.9), supervised=liver(0.9, 0.9, 0.84))

    assert kept.keep == "current"
    assert "slice unit 2 got worse by 0.060" in kept.reason
    assert choose(liver(0.5, 0.6, 0.9), supervised=liver(0.9, 0.9, 0.86)).keep == "supervised"


def test_a_corrected_class_must_not_fall_behind_the_others():
    current = scores({1: overlap(0.5), 2: overlap(0.9)})
    traded = scores({1: overlap(0.9), 2: overlap(0.7)})

    assert "Spleen fell from 0.90 to 0.70" in choose(current, (1, 2), supervised=traded).reason
    assert choose(current, (1, 2), supervised=scores({1: overlap(0.9), 2: overlap(0.85)})).keep == "supervised"


def test_a_class_nobody_touched_may_differ_but_not_vanish():
    current = scores({1: overlap(0.5), 2: overlap(1.0)})

    assert choose(current, supervised=scores({1: overlap(0.9), 2: overlap(0.75)})).keep == "supervised"
    lost = choose(current, supervised=scores({1: overlap(0.9), 2: Overlap(0, 1000, 0)}))
    assert lost.keep == "current"
    assert "Spleen fell from 1.00 to 0.00" in lost.reason


def test_an_untouched_class_that_a_model_invents_is_a_loss_too():
    current = scores({1: overlap(0.5), 2: Overlap(0, 0, 0)})

    assert choose(current, supervised=scores({1: overlap(0.9), 2: Overlap(400, 0, 0)})).keep == "current"


def test_the_last_voxels_of_a_structure_decide_nothing():
    current = scores({1: overlap(0.5), 2: overlap(1.0, 20)})
    without = scores({1: overlap(0.6), 2: Overlap(0, 20, 0)})

    assert choose(current, (1, 2), supervised=without).keep == "supervised"
    tiny = {"current": scores({2: overlap(1.0, 20)}), "supervised": scores({2: overlap(0.5, 20)})}
    assert unit_dice(tiny, {"unit 0": (2,)})["supervised"] == {"unit 0": 0.5}  # unless there is nothing larger


def test_only_corrected_classes_are_averaged_unless_it_is_not_known_who_drew_them():
    models = {"current": scores({1: overlap(0.5), 2: overlap(1.0)}), "supervised": liver(0.5)}
    models["supervised"] = scores({1: overlap(0.7), 2: overlap(0.8)})

    assert unit_dice(models, {"unit 0": (1,)}) == {"current": {"unit 0": 0.5}, "supervised": {"unit 0": 0.7}}
    every = unit_dice(models, {"unit 0": None})
    assert every["current"]["unit 0"] == pytest.approx(0.75) == every["supervised"]["unit 0"]


def test_a_model_that_rightly_leaves_a_class_out_scores_one_there():
    models = {"current": scores({1: Overlap(300, 0, 0)}), "supervised": scores({1: Overlap(0, 0, 0)})}

    assert unit_dice(models, {"unit 0": (1,)}) == {"current": {"unit 0": 0.0}, "supervised": {"unit 0": 1.0}}
    assert decide(models, {"unit 0": (1,)}, NAMES, "slices").keep == "supervised"


def test_nothing_held_out_or_nothing_in_it_keeps_the_current_model():
    nothing = scores({1: Overlap(0, 0, 0)})

    for models in ({"current": Scores({}), "supervised": Scores({})}, {"current": nothing, "supervised": nothing}):
        kept = decide(models, dict.fromkeys(models["current"].units, (1,)), NAMES, "slices")
        assert kept.keep == "current"
        assert kept.reason.startswith("Not measured")


def test_an_untouched_unit_does_not_count():
    current, new = liver(0.5, 1.0), liver(0.8, 0.2)

    kept = decide({"current": current, "supervised": new}, {"unit 0": (1,), "unit 1": ()}, {}, "patients")

    assert "on 1 held-out patient" in kept.reason


def test_without_an_earlier_model_the_better_arm_is_kept():
    assert choose(None, semi_supervised=liver(0.6), supervised=liver(0.7)).keep == "supervised"
    assert choose(None, semi_supervised=liver(0.7), supervised=liver(0.7)).keep == "semi-supervised"


def test_overlaps_count_voxels():
    predicted = np.array([[0, 1, 1, 2]], np.uint8)
    reference = np.array([[1, 1, 0, 3]], np.uint8)

    found = overlaps(predicted, reference, (1, 2, 3, 4))

    assert found == {1: Overlap(2, 2, 1), 2: Overlap(1, 0, 0), 3: Overlap(0, 1, 0), 4: Overlap(0, 0, 0)}
    assert found[1].dice == 0.5
    assert np.isnan(found[4].dice)


def test_drift_of_a_structure_that_nobody_corrected_is_named():
    unit = {1: Overlap(100, 100, 60), 2: Overlap(100, 100, 100)}
    better = {1: Overlap(100, 100, 90), 2: Overlap(100, 100, 80)}
    models = {"current": Scores({"unit": unit}), "supervised": Scores({"unit": better})}
    decision = decide(models, {"unit": (1,)}, {1: "Liver", 2: "Spleen"}, "slices")
    assert decision.keep == "supervised"
    assert decision.reason.endswith("Dice of the supervised with the current model: Spleen 0.80.")
    alike = {"current": Scores({"unit": unit}), "supervised": Scores({"unit": {1: better[1], 2: unit[2]}})}
    assert "Spleen" not in decide(alike, {"unit": (1,)}, {1: "Liver", 2: "Spleen"}, "slices").reason


def test_a_gain_whose_interval_holds_0_is_called_uncertain():
    sure = choose(liver(0.5, 0.5, 0.5), supervised=liver(0.6, 0.7, 0.65))
    unsure = choose(liver(0.5, 0.5, 0.5), supervised=liver(0.46, 0.7, 0.48))
    once = choose(liver(0.5), supervised=liver(0.7))

    assert "The 95 % interval of the gain is +0.100 to +0.200." in sure.reason
    assert "The gain is uncertain: its 95 % interval, -0.040 to +0.200, holds 0." in unsure.reason
    assert "uncertain: it was measured on one of the slices only" in once.reason
