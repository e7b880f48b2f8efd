"""Classifiers measured side by side on held-out patients, and whether a new one may take the place of the current.

Every figure is of one class against the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate import NAN, calibration_error, mean_defined
from training.gate import Decision
from training.gate_by_figures import LEAST_PATIENTS, SAMPLES, Figures, Measure, Measured

AUC = Measure("auc", "Mean AUC")


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


def resampled(reference: Reference, samples: int = SAMPLES, seed: int = 0) -> list[NDArray[np.intp]]:
    """Pictures of as many patients as there are, drawn with replacement, so many times (bootstrap, Efron 1979).

    They are the same for all models, so that what they differ by can be told.
    """
    names = sorted(set(reference.patients))
    own = [np.flatnonzero([patient == name for patient in reference.patients]) for name in names]
    rng = np.random.default_rng(seed)
    return [np.concatenate([own[n] for n in rng.integers(0, len(own), len(own))]) for _ in range(samples)]


def measured(models: Mapping[str, Told], reference: Reference, samples: int = SAMPLES) -> dict[str, Measured]:
    """Each model's figures by arm, with the intervals of samples drawn from the patients."""
    draws = [(draw, _part(reference, draw)) for draw in resampled(reference, samples)]
    whole = {arm: figures(told, reference) for arm, told in models.items()}
    again = {
        arm: [figures(Told(told.probabilities[draw], told.answered[draw]), part) for draw, part in draws]
        for arm, told in models.items()
    }
    return AUC.compared(whole, again)


def too_few(reference: Reference) -> list[str]:
    """The classes that fewer than five held-out patients have, or lack."""
    patients = np.array(reference.patients)
    return [
        name
        for n, name in enumerate(reference.classes)
        if min(len(set(patients[reference.found[:, n] == there])) for there in (True, False)) < LEAST_PATIENTS
    ]


def decide(models: Mapping[str, Measured], reference: Reference) -> Decision:
    """Which model to keep (Measure.decide), by its AUC."""
    few, unverified = too_few(reference), ""
    if few:
        unverified = (
            f"Not verified: fewer than {LEAST_PATIENTS} held-out patients have, or lack, {few[0]}; no gain is shown."
        )
    return AUC.decide(models, reference.classes, len(set(reference.patients)), unverified)


def _part(reference: Reference, draw: NDArray[np.intp]) -> Reference:
    patients = tuple(reference.patients[n] for n in draw)
    return Reference(reference.found[draw], patients, reference.classes, reference.exclusive)
