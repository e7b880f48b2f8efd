"""What would help a training most follows from what is confirmed in all series."""

import pytest

from viewer.core.readiness import ConfirmedSeries, Learnable, readiness, strangers

NOTHING: frozenset[str] = frozenset()
LIVER, BOTH = frozenset({"Liver"}), frozenset({"Liver", "Spleen"})
LABELS = ("Liver", "Spleen", "Kidney")


def of(**patients) -> list[ConfirmedSeries]:
    return [ConfirmedSeries(patient, tuple(slices)) for patient, slices in patients.items()]


@pytest.mark.parametrize(
    ("series", "advice", "label"),
    [
        ([], "confirm", ""),
        (of(a=[]), "confirm", ""),
        (of(a=[LIVER]), "second", ""),
        (of(a=[LIVER] * 40), "patients", ""),
        (of(a=[LIVER], b=[LIVER]), "patients", ""),
        (of(a=[LIVER], b=[LIVER], c=[BOTH]), "label", "Spleen"),
        (of(a=[BOTH], b=[BOTH], c=[BOTH]), "empty", ""),
        (of(a=[BOTH], b=[BOTH], c=[BOTH, NOTHING]), "more", ""),
    ],
)
def test_the_advice_is_what_would_help_most(series, advice, label):
    found = readiness(series, LABELS)
    assert (found.advice, found.label) == (advice, label)


def test_slices_patients_and_labels_are_counted_over_all_series():
    two_of_one = [ConfirmedSeries("a", (LIVER, NOTHING)), ConfirmedSeries("a", (BOTH,)), ConfirmedSeries("b", (BOTH,))]
    found = readiness(two_of_one, LABELS)
    assert (found.slices, found.patients, found.empty) == (4, 2, 1)
    assert found.by_label == {"Liver": 3, "Spleen": 2}, "nobody has to draw what the model knows besides"


def test_a_label_that_the_model_does_not_know_is_nothing_to_learn():
    found = readiness(of(a=[frozenset({"Pen"})], b=[LIVER], c=[LIVER], d=[LIVER]), LABELS)
    assert found.by_label == {"Liver": 3} and found.empty == 1 and found.advice == "more"


def test_strangers_are_what_is_drawn_where_nothing_is_that_a_model_knows():
    def found(*slices: frozenset[str]) -> list[str]:
        return strangers(Learnable((ConfirmedSeries("p", slices),)), ("Kidney", "Heart"))

    assert found(BOTH, LIVER, NOTHING) == ["Liver", "Spleen"]
    assert found(BOTH, frozenset({"Heart"})) == []
    assert found(NOTHING) == [] == found(), "that there is nothing can be learnt"
