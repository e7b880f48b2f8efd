"""Detectors measured side by side on held-out patients, and whether a new one may take the place of the current.

A box hits the one that a person drew if their intersection is at least 0.3 of their union. The likelier chooses first,
and each drawn box is hit once: a second box on the same thing is a false one, as PASCAL VOC counts (Everingham et al.,
Int J Comput Vis 88:303, 2010). From a score down, so many drawn boxes are hit and so many false ones there are on a
slice: that is the FROC curve, and its sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false boxes a slice, and the mean of
these, are the figures of the LUNA16 challenge (Setio et al., Med Image Anal 42:1, 2017).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate import NAN, mean_defined
from training.gate import Decision
from training.gate_by_figures import LEAST_PATIENTS, SAMPLES, Figures, Measure, Measured

FROC = Measure("froc", "Mean FROC score")
LEAST_OVERLAP = 0.3  # of intersection and union
RATES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)  # false boxes a slice

Corners = tuple[float, float, float, float]  # x0, y0, x1, y1


@dataclass(frozen=True)
class Drawn:
    """A slice that a person has looked at: whose it is, and the boxes on it, each with the number of its label."""

    patient: str
    boxes: tuple[tuple[int, Corners], ...]


Told = Sequence[
    Sequence[tuple[int, float, Corners]]
]  # of each slice the boxes that a model found: label, score, corners


@dataclass(frozen=True, eq=False)
class Marked:
    """A model's boxes of one label on all slices, the highest score first: scores, whether each hit, and its slice; and
    how many boxes of the label a person drew on each slice (slices,)."""

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    slices: NDArray[np.intp]
    drawn: NDArray[np.intp]

    def curve(self, times: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """False boxes and hits from each score down, each slice counting so many times (slices,)."""
        counted = times[self.slices]
        last = np.append(np.diff(self.scores) != 0, True)[: len(self.scores)]  # of those of one score
        return tuple(np.cumsum(counted * which)[last].astype(np.float64) for which in (~self.hits, self.hits))  # type: ignore[return-value]


def rate_name(rate: float) -> str:
    return f"sensitivity_at_{rate:g}"


def overlap(one: Corners, other: Corners) -> float:
    """Intersection by union of two boxes, 0 to 1."""
    wide, high = (min(one[n + 2], other[n + 2]) - max(one[n], other[n]) for n in (0, 1))
    if wide <= 0 or high <= 0:
        return 0.0
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other)]
    return wide * high / (sum(areas) - wide * high)


def marked(told: Told, reference: Sequence[Drawn], label: int) -> Marked:
    """A model's boxes of one label against those that a person drew."""
    scores, hits, places, drawn = [], [], [], []
    for place, (boxes, known) in enumerate(zip(told, reference, strict=True)):
        left = [corners for number, corners in known.boxes if number == label]
        drawn.append(len(left))
        for _, score, corners in sorted((one for one in boxes if one[0] == label), key=lambda one: -one[1]):
            nearest = max(left, key=lambda other: overlap(corners, other), default=None)
            hit = nearest is not None and overlap(corners, nearest) >= LEAST_OVERLAP
            if hit and nearest is not None:
                left.remove(nearest)
            scores.append(score)
            hits.append(hit)
            places.append(place)
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    return Marked(
        np.array(scores, np.float64)[order],
        np.array(hits, bool)[order],
        np.array(places, np.intp)[order],
        np.array(drawn, np.intp),
    )


def label_figures(found: Marked, times: NDArray[np.intp]) -> dict[str, float]:
    """Sensitivities, their mean ("froc") and average precision ("ap", the sum over scores of the precision times the
    sensitivity won there) of one label, each slice counting so many times; NaN where nobody drew a box."""
    there, slices = int((found.drawn * times).sum()), int(times.sum())
    names = [rate_name(rate) for rate in RATES]
    if not there:
        return dict.fromkeys([*names, "froc", "ap"], NAN)
    false, right = found.curve(times)
    within = [right[false <= rate * slices] for rate in RATES]
    sensitivities = [float(one.max()) / there if one.size else 0.0 for one in within]
    precision = right / np.maximum(right + false, 1)
    average = float((np.diff(right, prepend=0) / there * precision).sum())
    return {**dict(zip(names, sensitivities, strict=True)), "froc": float(np.mean(sensitivities)), "ap": average}


def best_threshold(found: Marked) -> float:
    """The score from which on a label's boxes have the best F1; NaN where nothing was hit."""
    false, right = found.curve(np.ones(len(found.drawn), np.intp))
    if not right.size or not right[-1]:
        return NAN
    scores = np.unique(found.scores)[::-1]
    return float(scores[np.argmax(2 * right / (right + false + found.drawn.sum()))])


def measured(
    models: Mapping[str, Told], reference: Sequence[Drawn], labels: Sequence[str], samples: int = SAMPLES
) -> dict[str, Measured]:
    """Each model's figures by arm, with the intervals of samples drawn from the patients (bootstrap, Efron 1979)."""
    once = np.ones(len(reference), np.intp)
    draws = _drawn_times(reference, samples)
    marks = {arm: [marked(told, reference, n) for n in range(len(labels))] for arm, told in models.items()}
    whole = {arm: _figures(own, labels, once) for arm, own in marks.items()}
    again = {arm: [_figures(own, labels, times) for times in draws] for arm, own in marks.items()}
    return FROC.compared(whole, again)


def too_few(reference: Sequence[Drawn], labels: Sequence[str]) -> list[str]:
    """The labels of which fewer than five held-out patients have a box."""
    having = [{one.patient for one in reference if any(n == m for m, _ in one.boxes)} for n in range(len(labels))]
    return [name for name, patients in zip(labels, having, strict=True) if len(patients) < LEAST_PATIENTS]


def decide(models: Mapping[str, Measured], reference: Sequence[Drawn], labels: Sequence[str]) -> Decision:
    """Which model to keep (Measure.decide), by its FROC score."""
    few, unverified = too_few(reference, labels), ""
    if few:
        unverified = f"Not verified: fewer than {LEAST_PATIENTS} held-out patients have {few[0]}; no gain is shown."
    return FROC.decide(models, labels, len({one.patient for one in reference}), unverified)


def _figures(found: Sequence[Marked], labels: Sequence[str], times: NDArray[np.intp]) -> Figures:
    by_label = {name: label_figures(one, times) for name, one in zip(labels, found, strict=True)}
    keys = next(iter(by_label.values()))
    return {**by_label, "mean": {key: mean_defined([one[key] for one in by_label.values()]) for key in keys}}


def _drawn_times(reference: Sequence[Drawn], samples: int, seed: int = 0) -> list[NDArray[np.intp]]:
    """How often each slice counts where as many patients as there are were drawn with replacement, so many times: the
    same for all models, so that what they differ by can be told."""
    names = sorted({one.patient for one in reference})
    of = np.array([names.index(one.patient) for one in reference], np.intp)
    rng = np.random.default_rng(seed)
    draws = (rng.integers(0, len(names), len(names)) for _ in range(samples if names else 0))
    return [np.bincount(draw, minlength=len(names))[of] for draw in draws]
