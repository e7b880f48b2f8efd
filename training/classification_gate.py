"""Classifiers measured side by side on held-out patients, and whether a new one may take the place of the current.

Every figure is of one class against the rest; each has the interval that a bootstrap over patients gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate import NAN, calibration_error, mean_defined
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED, Decision

LEAST_PATIENTS = 5  # held out, with a class and without it: of fewer nothing is proven
CLASS_DROP = 0.05  # of a class's AUC
_SAMPLES = 1000
_LEVEL = 95.0

Interval = tuple[float, float]
Figures = dict[str, dict[str, float]]


@dataclass(frozen=True, eq=False)
class Told:
    """What a model told of pictures: probabilities (pictures, classes), and which classes it answered with, bool."""

    probabilities: NDArray[np.float64]
    answered: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Reference:
    """What a person found in the same pictures, (pictures, classes) bool, and whose pictures they are."""

    found: NDArray[np.bool_]
    patients: tuple[str, ...]
    classes: tuple[str, ...]
    exclusive: bool


@dataclass(frozen=True)
class Gain:
    """By how much a model's mean AUC is above another's, and the interval of that over the same patients."""

    auc: float
    interval: Interval


@dataclass(frozen=True)
class Measured:
    """A model's figures by class, or "mean", and then by name; their intervals; its gains over the other models."""

    figures: Figures
    intervals: dict[str, dict[str, Interval]]
    gains: dict[str, Gain]


def area_under_roc(found: NDArray[np.bool_], probability: NDArray[np.floating]) -> float:
    """Probability that a picture with the class has a higher one than a picture without it, ties counting half
    (Hanley & McNeil, Radiology 143:29, 1982). NaN where all have it, or none."""
    with_it, without = int(found.sum()), int((~found).sum())
    if not with_it or not without:
        return NAN
    _, place, count = np.unique(probability, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[found].sum() - with_it * (with_it + 1) / 2) / (with_it * without))


def average_precision(found: NDArray[np.bool_], probability: NDArray[np.floating]) -> float:
    """Area under the steps of precision over recall: the sum over thresholds of precision times the recall won at it
    (Davis & Goadrich, ICML 2006). NaN where no picture has the class."""
    if not found.any():
        return NAN
    order = np.argsort(-probability, kind="stable")
    last = np.flatnonzero(np.append(np.diff(probability[order]) != 0, True))  # of those of one probability
    right = np.cumsum(found[order])[last]
    won = np.diff(right, prepend=0) / found.sum()
    return float((won * right / (last + 1)).sum())


def class_figures(
    found: NDArray[np.bool_], probability: NDArray[np.floating], answered: NDArray[np.bool_]
) -> dict[str, float]:
    """All figures of one class. precision is NaN where the model never answers with it; F1 and recall where it never
    is there."""
    both, told, there = (int(x.sum()) for x in (found & answered, answered, found))
    return {
        "accuracy": float((found == answered).mean()),
        "precision": both / told if told else NAN,
        "recall": both / there if there else NAN,
        "f1": 2 * both / (told + there) if there else NAN,
        "auc": area_under_roc(found, probability),
        "auprc": average_precision(found, probability),
        "ece": calibration_error(probability, found),
    }


def figures(told: Told, reference: Reference) -> Figures:
    """Figures by class, and under "mean" their means over the classes that have them; accuracy of classes that exclude
    one another is there the share of pictures with the right one."""
    by_class = {
        name: class_figures(reference.found[:, n], told.probabilities[:, n], told.answered[:, n])
        for n, name in enumerate(reference.classes)
    }
    mean = {key: mean_defined([one[key] for one in by_class.values()]) for key in next(iter(by_class.values()))}
    if reference.exclusive:
        mean["accuracy"] = float((reference.found & told.answered).any(axis=1).mean())
    return {**by_class, "mean": mean}


def resampled(reference: Reference, samples: int = _SAMPLES, seed: int = 0) -> list[NDArray[np.intp]]:
    """Pictures of as many patients as there are, drawn with replacement, so many times (bootstrap, Efron 1979).

    They are the same for all models, so that what they differ by can be told.
    """
    names = sorted(set(reference.patients))
    own = [np.flatnonzero([patient == name for patient in reference.patients]) for name in names]
    rng = np.random.default_rng(seed)
    return [np.concatenate([own[n] for n in rng.integers(0, len(own), len(own))]) for _ in range(samples)]


def interval(value: float, drawn: Sequence[float] | NDArray[np.float64]) -> Interval:
    """The middle 95 % of what was drawn and is defined, moved so that its mean is the value; (NaN, NaN) if nothing is.

    Moved, because pictures that are drawn twice make some figures, ECE above all, larger than they are.
    """
    defined = np.asarray(drawn, np.float64)
    defined = defined[~np.isnan(defined)]
    if not defined.size:
        return NAN, NAN
    low, high = np.percentile(defined, [50 - _LEVEL / 2, 50 + _LEVEL / 2]) - (defined.mean() - value)
    return float(low), float(high)


def measured(models: Mapping[str, Told], reference: Reference, samples: int = _SAMPLES) -> dict[str, Measured]:
    """Each model's figures by arm, with the intervals of samples drawn from the patients."""
    draws = [(draw, _part(reference, draw)) for draw in resampled(reference, samples)]
    whole = {arm: figures(told, reference) for arm, told in models.items()}
    again = {
        arm: [figures(Told(told.probabilities[draw], told.answered[draw]), part) for draw, part in draws]
        for arm, told in models.items()
    }
    areas = {arm: np.array([one["mean"]["auc"] for one in drawn]) for arm, drawn in again.items()}
    return {
        arm: Measured(
            whole[arm],
            {
                name: {
                    key: _share(interval(value, [one[name][key] for one in again[arm]]))
                    for key, value in values.items()
                }
                for name, values in whole[arm].items()
            },
            {
                other: _gain(whole[arm]["mean"]["auc"] - whole[other]["mean"]["auc"], areas[arm] - areas[other])
                for other in models
                if other != arm
            },
        )
        for arm in models
    }


def too_few(reference: Reference) -> list[str]:
    """The classes that fewer than five held-out patients have, or lack."""
    patients = np.array(reference.patients)
    return [
        name
        for n, name in enumerate(reference.classes)
        if min(len(set(patients[reference.found[:, n] == there])) for there in (True, False)) < LEAST_PATIENTS
    ]


def decide(models: Mapping[str, Measured], reference: Reference) -> Decision:
    """Keep a new model only if its mean AUC is better than what there is, beyond what chance gives, and no class falls.

    What there is: the current model; without one the supervised twin. Better: the 95 % interval of the gain, over the
    same patients, lies above 0. A class falls if its AUC is lower by more than 0.05. Of two that pass, the better one.
    With too few held-out patients nothing is replaced.
    """
    arms = [arm for arm in (SEMI_SUPERVISED, SUPERVISED) if arm in models]
    baseline = CURRENT if CURRENT in models else arms[-1]
    areas = {arm: one.figures["mean"]["auc"] for arm, one in models.items()}
    count = len(set(reference.patients))
    few = too_few(reference)
    if few:
        return Decision(
            baseline,
            f"Not verified: fewer than {LEAST_PATIENTS} held-out patients have, or lack, {few[0]}; no gain is shown.",
        )
    faults = {arm: _fault(models, arm, baseline, reference.classes) for arm in arms if arm != baseline}
    passed = [arm for arm in faults if not faults[arm]]
    keep = max(passed, key=lambda arm: areas[arm]) if passed else baseline
    told = [
        f"The {arm} model has {areas[arm]:.3f} ({areas[arm] - areas[baseline]:+.3f})"
        + (f" and is refused: {fault}." if fault else ".")
        for arm, fault in faults.items()
    ]
    measure = f"Mean AUC on {count} held-out patients: the {baseline} model has {areas[baseline]:.3f}."
    if len(models) == 1:
        return Decision(keep, f"{measure} There was no earlier model to compare with.")
    return Decision(keep, " ".join([f"Recommended: the {keep} model. {measure}", *told]))


def _fault(models: Mapping[str, Measured], arm: str, baseline: str, classes: Sequence[str]) -> str:
    """Why a model may not take the place of another, as the end of a sentence; empty if it may."""
    gain = models[arm].gains[baseline]
    if not gain.auc > 0:
        return "it is no better on average"
    for name in classes:
        before, after = (models[which].figures[name]["auc"] for which in (baseline, arm))
        if before - after > CLASS_DROP:
            return f"{name} fell from {before:.3f} to {after:.3f}"
    low, high = gain.interval
    if not low > 0:
        return f"the gain may be chance, its 95 % interval being {low:+.3f} to {high:+.3f}"
    return ""


def _gain(auc: float, drawn: NDArray[np.float64]) -> Gain:
    return Gain(auc, interval(auc, drawn))


def _share(found: Interval) -> Interval:
    low, high = np.clip(found, 0, 1).tolist()
    return low, high


def _part(reference: Reference, draw: NDArray[np.intp]) -> Reference:
    patients = tuple(reference.patients[n] for n in draw)
    return Reference(reference.found[draw], patients, reference.classes, reference.exclusive)
