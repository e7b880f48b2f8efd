"""Whether a new model may take the place of the current one, by a figure of each of its labels on held-out patients:
what the gates of classifiers and of detectors have in common.

Each figure has the interval that a bootstrap over patients gives (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.models import ModelRecord
from training.evaluate import NAN
from training.gate import CURRENT, SEMI_SUPERVISED, SUPERVISED, Decision

LEAST_PATIENTS = 5  # held out: of fewer nothing is proven
CLASS_DROP = 0.05  # of a label's figure
SAMPLES = 1000  # drawn of the patients
_LEVEL = 95.0

Interval = tuple[float, float]
Figures = dict[str, dict[str, float]]  # by label, or "mean", and then by name


@dataclass(frozen=True)
class Gain:
    """By how much a model's mean figure is above another's, and the interval of that over the same patients."""

    by: float
    interval: Interval


@dataclass(frozen=True)
class Measured:
    """A model's figures, their intervals, and its gains over the other models."""

    figures: Figures
    intervals: dict[str, dict[str, Interval]]
    gains: dict[str, Gain]


@dataclass(frozen=True)
class Measure:
    """The figure by which models are judged: its key in Figures, and what a person calls its mean over the labels."""

    key: str
    called: str

    def compared(self, whole: Mapping[str, Figures], drawn: Mapping[str, Sequence[Figures]]) -> dict[str, Measured]:
        """Models by arm: whole are their figures on all patients, drawn those on each sample, the same of all models,
        so that what they differ by can be told. What is no number from 0 to 1 cannot be a bound of an interval."""
        means = {arm: np.array([one["mean"][self.key] for one in figures]) for arm, figures in drawn.items()}
        return {
            arm: Measured(
                figures,
                {
                    name: {
                        key: _share(interval(value, [one[name][key] for one in drawn[arm]]))
                        for key, value in row.items()
                    }
                    for name, row in figures.items()
                },
                {
                    other: Gain(by, interval(by, means[arm] - means[other]))
                    for other in whole
                    if other != arm
                    for by in [figures["mean"][self.key] - whole[other]["mean"][self.key]]
                },
            )
            for arm, figures in whole.items()
        }

    def decide(self, models: Mapping[str, Measured], names: Sequence[str], patients: int, unverified: str) -> Decision:
        """Keep a new model only if its mean is better than what there is, beyond what chance gives, and no label falls.

        What there is: the current model; without one the supervised twin. Better: the 95 % interval of the gain, over
        the same patients, lies above 0. A label falls if its figure is lower by more than CLASS_DROP. Of two that pass,
        the better one. Where unverified, a sentence, says whom there are too few of, nothing is replaced.
        """
        arms = [arm for arm in (SEMI_SUPERVISED, SUPERVISED) if arm in models]
        baseline = CURRENT if CURRENT in models else arms[-1]
        if unverified:
            return Decision(baseline, unverified)
        means = {arm: one.figures["mean"][self.key] for arm, one in models.items()}
        faults = {arm: self._fault(models, arm, baseline, names) for arm in arms if arm != baseline}
        passed = [arm for arm in faults if not faults[arm]]
        keep = max(passed, key=lambda arm: means[arm]) if passed else baseline
        told = [
            f"The {arm} model has {means[arm]:.3f} ({means[arm] - means[baseline]:+.3f})"
            + (f" and is refused: {fault}." if fault else ".")
            for arm, fault in faults.items()
        ]
        measure = f"{self.called} on {patients} held-out patients: the {baseline} model has {means[baseline]:.3f}."
        if len(models) == 1:
            return Decision(keep, f"{measure} There was no earlier model to compare with.")
        return Decision(keep, " ".join([f"Recommended: the {keep} model. {measure}", *told]))

    def reported(
        self, records: Mapping[str, ModelRecord], models: Mapping[str, Measured], names: Sequence[str]
    ) -> dict[str, Any]:
        """What a report says of each model, by arm."""
        return {
            arm: {
                "name": record.manifest.name,
                "version": record.manifest.version,
                f"mean_{self.key}": models[arm].figures["mean"][self.key],
                "classes": {name: _with_intervals(models[arm], name) for name in names},
                "mean": _with_intervals(models[arm], "mean"),
                "gains": {
                    other: {self.key: gain.by, "low": gain.interval[0], "high": gain.interval[1]}
                    for other, gain in models[arm].gains.items()
                },
            }
            for arm, record in records.items()
        }

    def _fault(self, models: Mapping[str, Measured], arm: str, baseline: str, names: Sequence[str]) -> str:
        """Why a model may not take the place of another, as the end of a sentence; empty if it may."""
        gain = models[arm].gains[baseline]
        if not gain.by > 0:
            return "it is no better on average"
        for name in names:
            before, after = (models[which].figures[name][self.key] for which in (baseline, arm))
            if before - after > CLASS_DROP:
                return f"{name} fell from {before:.3f} to {after:.3f}"
        low, high = gain.interval
        if not low > 0:
            return f"the gain may be chance, its 95 % interval being {low:+.3f} to {high:+.3f}"
        return ""


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


def _share(found: Interval) -> Interval:
    low, high = np.clip(found, 0, 1).tolist()
    return low, high


def _with_intervals(result: Measured, name: str) -> dict[str, Any]:
    return {
        key: {"value": value, "low": result.intervals[name][key][0], "high": result.intervals[name][key][1]}
        for key, value in result.figures[name].items()
    }
