"""FROC and average precision against numbers worked out by hand, and what the gate lets through."""

import numpy as np
import pytest

from training.detection_gate import (
    RATES,
    Drawn,
    best_threshold,
    decide,
    label_figures,
    marked,
    measured,
    overlap,
    too_few,
)

BOX = (10.0, 10.0, 20.0, 20.0)
AWAY = (40.0, 40.0, 50.0, 50.0)
ONCE = np.ones(4, np.intp)


def reference(slices: int = 4) -> list[Drawn]:
    """A box on each slice but the last, of a patient each."""
    return [Drawn(f"p{n}", ((0, BOX),) if n < slices - 1 else ()) for n in range(slices)]


def test_overlap_is_intersection_by_union():
    assert overlap(BOX, BOX) == 1
    assert overlap(BOX, (15, 10, 25, 20)) == pytest.approx(50 / 150)
    assert overlap(BOX, AWAY) == 0 == overlap(BOX, (20, 10, 30, 20))


def test_sensitivities_and_average_precision_are_those_worked_out_by_hand():
    told = [
        [(0, 0.9, BOX), (0, 0.8, AWAY)],
        [(0, 0.7, (11.0, 10.0, 21.0, 20.0)), (0, 0.6, AWAY)],
        [(0, 0.1, AWAY)],  # the third is never found
        [(1, 0.95, AWAY)],  # of another label
    ]
    figures = label_figures(marked(told, reference(), 0), ONCE)
    # By score: hit, false, hit, false, false. False boxes a slice: 0, 1/4, 1/4, 1/2, 3/4.
    wanted = {1 / 8: 1 / 3, 1 / 4: 2 / 3, 1 / 2: 2 / 3, 1: 2 / 3, 2: 2 / 3, 4: 2 / 3, 8: 2 / 3}
    assert [figures[f"sensitivity_at_{rate:g}"] for rate in RATES] == pytest.approx(list(wanted.values()))
    assert figures["froc"] == pytest.approx(sum(wanted.values()) / 7)
    assert figures["ap"] == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)


def test_a_second_box_on_the_same_thing_is_a_false_one():
    told = [[(0, 0.9, BOX), (0, 0.8, (10.0, 10.0, 20.0, 19.0))], [], [], []]
    assert marked(told, reference(), 0).hits.tolist() == [True, False]


def test_the_likelier_box_chooses_first_and_takes_the_one_it_covers_best():
    beside = (14.0, 10.0, 24.0, 20.0)
    known = [Drawn("p", ((0, BOX), (0, beside)))]
    told = [[(0, 0.5, BOX), (0, 0.9, (13.0, 10.0, 23.0, 20.0))]]
    found = marked(told, known, 0)
    assert found.scores.tolist() == [0.9, 0.5] and found.hits.tolist() == [True, True]


def test_boxes_of_one_score_count_together():
    told = [[(0, 0.5, BOX)], [(0, 0.5, AWAY)], [(0, 0.5, AWAY)], []]
    figures = label_figures(marked(told, reference(), 0), ONCE)
    assert figures["sensitivity_at_0.25"] == 0 and figures["sensitivity_at_0.5"] == pytest.approx(1 / 3)
    assert figures["ap"] == pytest.approx(1 / 9)


def test_a_slice_that_counts_twice_is_as_two_slices():
    told = [[(0, 0.9, BOX)], [(0, 0.8, AWAY)], [], []]
    twice = label_figures(marked(told, reference(), 0), np.array([2, 1, 1, 0]))
    known = [reference()[0], *reference()[:3]]
    assert twice == label_figures(marked([told[0], *told[:3]], known, 0), ONCE)


def test_nothing_drawn_or_nothing_found_is_told():
    none = label_figures(marked([[(0, 0.9, BOX)]], [Drawn("p", ())], 0), np.ones(1, np.intp))
    assert all(np.isnan(value) for value in none.values())
    blind = label_figures(marked([[]] * 4, reference(), 0), ONCE)
    assert all(value == 0 for value in blind.values())


def test_the_threshold_is_where_f1_is_best():
    told = [[(0, 0.9, BOX), (0, 0.2, AWAY)], [(0, 0.7, BOX), (0, 0.3, AWAY)], [], []]
    assert best_threshold(marked(told, reference(), 0)) == 0.7
    assert np.isnan(best_threshold(marked([[]] * 4, reference(), 0)))


def models(**finding: float) -> dict:
    """Models that find the boxes of a share of 40 patients, the first ones, and nothing else."""
    known = [Drawn(f"p{n}", ((0, BOX), (1, AWAY))) for n in range(40)]
    told = {
        arm: [[(0, 0.9, BOX), (1, 0.9, AWAY)] if n < share * 40 else [] for n in range(40)]
        for arm, share in finding.items()
    }
    return {"told": told, "known": known}


def decided(told: dict, known: list[Drawn], labels: tuple[str, ...] = ("Nodule", "Mass")):
    results = measured(told, known, labels, samples=200)
    return results, decide(results, known, labels)


def test_a_better_model_takes_the_place_of_the_current_one():
    results, decision = decided(**models(current=0.4, supervised=0.9))
    assert decision.keep == "supervised" and "0.900 (+0.500)" in decision.reason
    low, high = results["supervised"].gains["current"].interval
    assert 0 < low < 0.5 < high
    low, high = results["supervised"].intervals["Nodule"]["froc"]
    assert 0.75 < low < 0.9 < high <= 1


@pytest.mark.parametrize(
    ("before", "after", "why"), [(0.9, 0.4, "no better"), (0.5, 0.5, "no better"), (0.5, 0.525, "chance")]
)
def test_a_model_that_is_no_better_or_by_chance_is_refused(before, after, why):
    _, decision = decided(**models(current=before, supervised=after))
    assert decision.keep == "current" and why in decision.reason


def test_a_model_that_lost_a_label_is_refused():
    given = models(current=0.5, supervised=1.0)
    given["told"]["supervised"] = [[one for one in boxes if one[0] == 0] for boxes in given["told"]["supervised"]]
    for n in range(8):
        given["told"]["current"][n] = given["told"]["current"][n][1:]  # so that the mean is better all the same
    given["told"]["current"] = [
        boxes if n < 8 else [one for one in boxes if one[0] == 0] for n, boxes in enumerate(given["told"]["current"])
    ]
    results, decision = decided(**given)
    assert results["supervised"].figures["mean"]["froc"] > results["current"].figures["mean"]["froc"]
    assert decision.keep == "current" and "Mass fell from 0.200 to 0.000" in decision.reason


def test_few_patients_prove_nothing():
    given = models(current=0.0, supervised=1.0)
    few = {arm: told[:4] for arm, told in given["told"].items()}
    _, decision = decided(few, given["known"][:4])
    assert decision.keep == "current" and decision.reason.startswith("Not verified")
    assert too_few(given["known"][:4], ("Nodule", "Mass", "Cyst")) == ["Nodule", "Mass", "Cyst"]
    assert too_few(given["known"], ("Nodule", "Mass", "Cyst")) == ["Cyst"]


def test_without_an_earlier_model_nothing_is_recommended():
    _, decision = decided(**models(supervised=0.0))
    assert decision.keep == "supervised" and "Recommended" not in decision.reason and "0.000" in decision.reason
