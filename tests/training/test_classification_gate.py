"""Figures of classifiers against numbers worked out by hand, and what the gate makes of them."""

import math

import numpy as np
import pytest

from training.classification_gate import (
    Reference,
    Told,
    area_under_roc,
    average_precision,
    class_figures,
    decide,
    figures,
    measured,
    too_few,
)
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED
from training.gate_by_figures import interval

# Pictures from the likeliest to the least likely; two share a probability.
LIKELY = np.array([0.9, 0.8, 0.8, 0.6, 0.3, 0.1])
FOUND = np.array([True, True, False, False, True, False])


def test_area_under_roc_counts_the_pairs_in_the_right_order():
    # 0.9 beats three; 0.8 ties with one and beats two; 0.3 beats one: (3 + 2.5 + 1) of 9 pairs
    assert area_under_roc(FOUND, LIKELY) == pytest.approx(6.5 / 9)
    shuffled = np.random.default_rng(0).permutation(6)
    assert area_under_roc(FOUND[shuffled], LIKELY[shuffled]) == pytest.approx(6.5 / 9)
    assert math.isnan(area_under_roc(np.ones(3, bool), np.arange(3.0)))


def test_average_precision_takes_equal_probabilities_together():
    # recall 1/3 at precision 1; 2/3 at 2/3 once both of 0.8 are taken; 1 at 3/5
    assert average_precision(FOUND, LIKELY) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    shuffled = np.random.default_rng(1).permutation(6)
    assert average_precision(FOUND[shuffled], LIKELY[shuffled]) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert math.isnan(average_precision(np.zeros(3, bool), np.arange(3.0)))


def test_figures_of_a_class():
    told = class_figures(FOUND, LIKELY, LIKELY >= 0.5)  # two of four are right, one is missed
    assert told["precision"] == pytest.approx(2 / 4)
    assert told["recall"] == pytest.approx(2 / 3)
    assert told["f1"] == pytest.approx(4 / 7)
    assert told["accuracy"] == pytest.approx(3 / 6)
    # 15 bins of 1/15: each probability is alone but 0.8, of which one of two is right
    assert told["ece"] == pytest.approx((0.1 + abs(1 - 1.6) + 0.6 + 0.7 + 0.1) / 6)
    never = class_figures(FOUND, LIKELY, np.zeros(6, bool))
    assert math.isnan(never["precision"]) and never["recall"] == 0 and never["f1"] == 0


def reference(patients: int = 40, exclusive: bool = True, classes: tuple[str, ...] = ("AP", "PA")) -> Reference:
    """Two pictures of each patient, who has one class in both."""
    first = np.arange(2 * patients) // 2 % 2 == 0
    return Reference(np.stack([first, ~first], 1), tuple(f"p{n // 2}" for n in range(2 * patients)), classes, exclusive)


def told(of: Reference, sure: float, spoilt: str | None = None, seed: int = 0) -> Told:
    """Right by so much more than chance; the second class spoilt if asked for."""
    draw = np.random.default_rng(seed)
    score = of.found * sure + draw.random(of.found.shape)
    if spoilt is not None:
        score[:, of.classes.index(spoilt)] = draw.random(len(score))
    likely = score / (1 + sure)
    if of.exclusive:
        return Told(likely, likely == likely.max(axis=1, keepdims=True))
    return Told(likely, likely >= 0.5)


def test_accuracy_of_classes_that_exclude_one_another_is_the_share_of_right_pictures():
    of = Reference(np.eye(3, dtype=bool), ("a", "b", "c"), ("x", "y", "z"), True)
    answered = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]], bool)
    found = figures(Told(answered * 0.8 + 0.1, answered), of)
    assert found["mean"]["accuracy"] == pytest.approx(2 / 3)  # of each class by itself it is 2/3, 2/3 and 1
    assert found["x"]["accuracy"] == pytest.approx(2 / 3) and found["z"]["accuracy"] == 1


def test_intervals_come_from_patients_and_not_from_pictures():
    """A patient's pictures go together: of two pictures each the interval is as wide as of one each."""
    of = reference(patients=30)
    right = np.arange(60) // 2 % 3 > 0  # two of three patients
    answered = np.where(right[:, None], of.found, ~of.found)
    both = measured({"a": Told(answered * 0.5 + 0.25, answered)}, of)["a"]
    once = Reference(of.found[::2], of.patients[::2], of.classes, True)
    single = measured({"a": Told(answered[::2] * 0.5 + 0.25, answered[::2])}, once)["a"]
    assert both.figures["mean"]["accuracy"] == pytest.approx(2 / 3)
    low, high = both.intervals["mean"]["accuracy"]
    assert (low, high) == pytest.approx(single.intervals["mean"]["accuracy"])
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(2 / 9 / 30), rel=0.15)


def test_interval_is_moved_onto_what_was_measured():
    low, high = interval(0.5, np.linspace(0.6, 0.8, 1001))
    assert (low, high) == pytest.approx((0.5 - 0.095, 0.5 + 0.095))
    assert all(math.isnan(end) for end in interval(0.5, [math.nan]))


def test_a_better_model_takes_the_place_of_the_current():
    of = reference()
    found = measured({CURRENT: told(of, 0.1), SEMI_SUPERVISED: told(of, 1.5), SUPERVISED: told(of, 0.1, seed=1)}, of)
    decision = decide(found, of)
    assert decision.keep == SEMI_SUPERVISED
    assert "Mean AUC on 40 held-out patients: the current model has" in decision.reason
    assert "The supervised model" in decision.reason and "refused" in decision.reason


def test_a_gain_that_may_be_chance_is_none():
    of = reference(patients=12)
    found = measured({CURRENT: told(of, 0.5), SUPERVISED: told(of, 0.56)}, of)
    assert 0 < found[SUPERVISED].gains[CURRENT].by < 0.1
    decision = decide(found, of)
    assert decision.keep == CURRENT and "the gain may be chance" in decision.reason


def test_a_model_that_is_no_better_is_refused():
    of = reference()
    decision = decide(measured({CURRENT: told(of, 0.5), SUPERVISED: told(of, 0.2)}, of), of)
    assert decision.keep == CURRENT and "it is no better on average" in decision.reason


def test_a_class_that_falls_refuses_a_model_that_is_better_on_average():
    of = reference(exclusive=False, classes=("Effusion", "Mass"))
    before = told(of, 0.2)
    before.probabilities[:, 1] = of.found[:, 1] * 0.4 + np.random.default_rng(5).random(len(of.found)) * 0.6
    after = told(of, 1.5)
    after.probabilities[:, 1] = of.found[:, 1] * 0.2 + np.random.default_rng(5).random(len(of.found)) * 0.6
    found = measured({CURRENT: before, SUPERVISED: after}, of)
    assert found[SUPERVISED].gains[CURRENT].interval[0] > 0
    decision = decide(found, of)
    assert decision.keep == CURRENT and "Mass fell from" in decision.reason


def test_without_a_current_model_the_twin_is_what_has_to_be_beaten():
    of = reference()
    same = {SEMI_SUPERVISED: told(of, 0.5), SUPERVISED: told(of, 0.5)}
    assert decide(measured(same, of), of).keep == SUPERVISED
    better = {SEMI_SUPERVISED: told(of, 1.5), SUPERVISED: told(of, 0.1)}
    assert decide(measured(better, of), of).keep == SEMI_SUPERVISED
    assert decide(measured({SUPERVISED: told(of, 0.1)}, of), of).keep == SUPERVISED


def test_too_few_patients_prove_nothing_however_good_the_new_model_is():
    of = reference(patients=8)  # four of each class, in eight pictures
    assert too_few(of) == ["AP", "PA"]
    decision = decide(measured({CURRENT: told(of, 0.0), SUPERVISED: told(of, 5.0)}, of), of)
    assert decision.keep == CURRENT and decision.reason.startswith("Not verified")
    assert not too_few(reference(patients=10))
