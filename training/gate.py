"""Whether a newly trained model may replace the current one: measured on what no training has seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate import bootstrap_interval, mean_defined

CURRENT, SEMI_SUPERVISED, SUPERVISED = "current", "semi-supervised", "supervised"

WORST_DROP = 0.05  # of a single held-out unit
CLASS_DROP = 0.1  # of a corrected class over all units
NOTABLE_DRIFT = 0.1  # of a class nobody corrected: worth a sentence
UNTOUCHED_DROP = 0.3  # of a class nobody corrected: there the current model is compared with itself
LEAST_VOXELS = 50  # of a class, to judge by it: the last voxels of a structure differ between any two models

Corrected = Mapping[str, Iterable[int] | None]  # class values by unit; None: not known who drew what


@dataclass(frozen=True)
class Overlap:
    """Voxels of one class in a model's result, in the reference and in both."""

    predicted: int
    reference: int
    both: int

    @property
    def dice(self) -> float:
        """NaN where neither has the class."""
        total = self.predicted + self.reference
        return 2 * self.both / total if total else float("nan")


@dataclass(frozen=True)
class Scores:
    """One model's results by held-out unit, then by class value."""

    units: Mapping[str, Mapping[int, Overlap]]

    def pooled(self, value: int) -> Overlap:
        """A class over all units together."""
        parts = [classes[value] for classes in self.units.values() if value in classes]
        return Overlap(sum(p.predicted for p in parts), sum(p.reference for p in parts), sum(p.both for p in parts))


@dataclass(frozen=True)
class Decision:
    """Which model to keep, and why in plain sentences with the numbers."""

    keep: str
    reason: str


def overlaps(predicted: NDArray[np.uint8], reference: NDArray[np.uint8], values: Sequence[int]) -> dict[int, Overlap]:
    """Overlap of each class over two arrays of one shape."""
    in_model, in_reference = (np.bincount(a.ravel(), minlength=256) for a in (predicted, reference))
    in_both = np.bincount(predicted[predicted == reference].ravel(), minlength=256)
    return {v: Overlap(int(in_model[v]), int(in_reference[v]), int(in_both[v])) for v in values}


def unit_dice(models: Mapping[str, Scores], corrected: Corrected) -> dict[str, dict[str, float]]:
    """Mean Dice of each model on each held-out unit, over the classes a person corrected there.

    Only corrected classes are averaged, because for a class that nobody touched the reference is the current
    model's own output: the current model would score 1 there and every other model lose. A class counts in a
    unit if the reference or any of the models has 50 voxels of it there, or, where none has so many, one; so
    all models are averaged over the same classes, and one that rightly leaves a class out scores 1. NaN for a
    unit without such a class.
    """
    means: dict[str, dict[str, float]] = {arm: {} for arm in models}
    for unit, touched in corrected.items():
        large, present = (_present(models, unit, least) for least in (LEAST_VOXELS, 1))
        if touched is not None:
            large, present = large & set(touched), present & set(touched)
        counted = large or present
        for arm, scores in models.items():
            means[arm][unit] = mean_defined([_agreed(scores.units[unit][value]) for value in sorted(counted)])
    return means


def decide(models: Mapping[str, Scores], corrected: Corrected, class_names: Mapping[int, str], unit: str) -> Decision:
    """Keep a new model only if it is better on average, much worse nowhere, and has lost no class.

    Better: the mean paired gain over held-out units is above 0. Much worse: a unit drops by 0.05 or more.
    Lost: the Dice of a corrected class over all units drops by more than 0.1, or of one that nobody touched by
    more than 0.3 (there the current model is compared with its own output, and small structures differ in a
    few voxels between any two models). Of two that pass, the better mean wins, and the semi-supervised one a
    tie. A gain whose 95 % bootstrap interval over units holds 0, or that one unit alone shows, is called uncertain.
    Without a current model the better mean is kept. unit is "patients" or "slices".
    """
    measured = unit_dice(models, corrected)
    means = {arm: {u: d for u, d in by_unit.items() if not np.isnan(d)} for arm, by_unit in measured.items()}
    arms = [arm for arm in (SEMI_SUPERVISED, SUPERVISED) if arm in models]
    units = next(iter(means.values()))
    if not units:
        keep = CURRENT if CURRENT in models else arms[-1]
        return Decision(keep, "Not measured: nothing that a person corrected could be held out, so no gain is shown.")
    average = {arm: float(np.mean(list(by_unit.values()))) for arm, by_unit in means.items()}
    where = f"on {len(units)} held-out {unit if len(units) > 1 else unit[:-1]}"
    if CURRENT not in models:
        best = max(arms, key=lambda arm: average[arm])
        compared = " and ".join(f"{arm} {average[arm]:.3f}" for arm in arms)
        return Decision(best, f"Mean Dice {where}: {compared}. There was no earlier model to compare with.")
    faults = {arm: _fault(models, corrected, means, arm, class_names, unit[:-1]) for arm in arms}
    passed = [arm for arm in arms if not faults[arm]]
    told = [
        f"The {arm} model has {average[arm]:.3f} ({average[arm] - average[CURRENT]:+.3f})"
        + (f" and is refused: {faults[arm]}." if faults[arm] else ".")
        for arm in arms
    ]
    keep = max(passed, key=lambda arm: average[arm]) if passed else CURRENT
    opening = f"Recommended: the {keep} model. Mean Dice {where}: the current model has {average[CURRENT]:.3f}."
    doubt = [] if keep == CURRENT else _doubt([means[keep][u] - means[CURRENT][u] for u in means[keep]], unit)
    return Decision(keep, " ".join([opening, *told, *doubt, *_drift(models, corrected, keep, class_names)]))


def _doubt(gains: Sequence[float], unit: str) -> list[str]:
    """How sure the gain of the recommended model is, as a sentence."""
    if len(gains) == 1:
        return [f"The gain is uncertain: it was measured on one of the {unit} only."]
    low, high = bootstrap_interval(gains)
    if low <= 0:
        return [f"The gain is uncertain: its 95 % interval, {low:+.3f} to {high:+.3f}, holds 0."]
    return [f"The 95 % interval of the gain is {low:+.3f} to {high:+.3f}."]


def _fault(
    models: Mapping[str, Scores],
    corrected: Corrected,
    means: Mapping[str, Mapping[str, float]],
    arm: str,
    class_names: Mapping[int, str],
    unit: str,
) -> str:
    """Why a model is refused, as the end of a sentence; empty if it is not."""
    gains = {u: means[arm][u] - means[CURRENT][u] for u in means[arm]}
    if float(np.mean(list(gains.values()))) < 1e-9:  # what rounding gives is no gain
        return "it is no better on average"
    worst = min(gains, key=lambda u: gains[u])
    if gains[worst] <= -WORST_DROP:
        return f"{unit} {worst} got worse by {-gains[worst]:.3f}"
    touched = {value for u, c in corrected.items() for value in (_present(models, u) if c is None else c)}
    for value in sorted({value for u in corrected for value in _present(models, u)}):
        before, after = (models[which].pooled(value) for which in (CURRENT, arm))
        if max(after.predicted, after.reference) < LEAST_VOXELS:
            continue
        if _agreed(before) - _agreed(after) > (CLASS_DROP if value in touched else UNTOUCHED_DROP):
            name = class_names.get(value, str(value))
            return f"{name} fell from {_agreed(before):.2f} to {_agreed(after):.2f}"
    return ""


def _drift(models: Mapping[str, Scores], corrected: Corrected, keep: str, class_names: Mapping[int, str]) -> list[str]:
    """A sentence on the structures that nobody corrected and that the recommended model sees otherwise: there the
    reference is the current model's own output, so a person has to judge what is right."""
    if keep == CURRENT:
        return []
    touched = {value for u, c in corrected.items() for value in (_present(models, u) if c is None else c)}
    changed: list[tuple[float, str]] = []
    for value in sorted({value for u in corrected for value in _present(models, u)} - touched):
        overlap = models[keep].pooled(value)
        if max(overlap.predicted, overlap.reference) >= LEAST_VOXELS and _agreed(overlap) < 1 - NOTABLE_DRIFT:
            changed.append((_agreed(overlap), class_names.get(value, str(value))))
    if not changed:
        return []
    most = ", ".join(f"{name} {dice:.2f}" for dice, name in sorted(changed)[:3])
    return [f"It also changed what nobody corrected; Dice of the {keep} with the current model: {most}."]


def _present(models: Mapping[str, Scores], unit: str, least: int = 1) -> set[int]:
    """Classes of which the reference or a model has at least so many voxels in a unit; the background is none."""
    return {
        value
        for scores in models.values()
        for value, overlap in scores.units[unit].items()
        if value and max(overlap.predicted, overlap.reference) >= least
    }


def _agreed(overlap: Overlap) -> float:
    return 1.0 if np.isnan(overlap.dice) else overlap.dice
