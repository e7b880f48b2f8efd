"""What a training could learn from now, and which further slice would help it most.

With few slices to draw it is almost always better to draw them in more patients (arXiv:2412.08081). From three patients
on whole patients are held out, so that a gain is measured on somebody the model has not seen. A model that was only
shown slices with something on them finds something everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

PATIENTS_TO_MEASURE = 3
FEW_SLICES = 3  # of a label

Advice = Literal["confirm", "second", "patients", "label", "empty", "more"]


@dataclass(frozen=True)
class ConfirmedSeries:
    """The confirmed slices of a series: for each the names of the labels on it."""

    patient: str  # or the series, where its files tell no patient
    slices: tuple[frozenset[str], ...]
    uid: str = ""


@dataclass(frozen=True)
class JudgedPicture:
    """A slice of a series, and the answers to findings of it, by name."""

    patient: str
    uid: str
    answers: Mapping[str, bool]


@dataclass(frozen=True)
class BoxedSeries:
    """The labels of the boxes on slices of a series, box by box."""

    patient: str
    uid: str
    boxes: tuple[str, ...]


@dataclass(frozen=True)
class Learnable:
    """All that a person has annotated."""

    confirmed: tuple[ConfirmedSeries, ...] = ()
    judged: tuple[JudgedPicture, ...] = ()
    boxed: tuple[BoxedSeries, ...] = ()


def strangers(learnable: Learnable, labels: Iterable[str]) -> list[str]:
    """What is drawn on confirmed slices where none of the labels is: who learnt these would learn that there is
    nothing."""
    drawn = {name for one in learnable.confirmed for names in one.slices for name in names}
    return sorted(drawn) if drawn.isdisjoint(labels) else []


@dataclass(frozen=True)
class Readiness:
    """Confirmed slices of all series, and their patients; slices by label; the advice, and the label it is about."""

    slices: int
    patients: int
    empty: int
    by_label: dict[str, int]
    advice: Advice
    label: str = ""


def readiness(series: Iterable[ConfirmedSeries], labels: Iterable[str]) -> Readiness:
    """How much there is to learn the labels from. One of them on too few slices is told only if it is on some: nobody
    has to draw all that a model knows."""
    begun = [one for one in series if one.slices]
    slices = [names for one in begun for names in one.slices]
    wanted = set(labels)
    by_label = {name: n for name, n in Counter(name for names in slices for name in names).items() if name in wanted}
    patients = len({one.patient for one in begun})
    empty = sum(not names & wanted for names in slices)
    rarest = min(by_label, key=lambda name: (by_label[name], name), default="")
    advice: Advice = "more"
    if not slices:
        advice = "confirm"
    elif len(slices) == 1:
        advice = "second"  # one slice cannot be both learnt from and held out
    elif patients < PATIENTS_TO_MEASURE:
        advice = "patients"
    elif rarest and by_label[rarest] < FEW_SLICES:
        advice = "label"
    elif not empty:
        advice = "empty"
    return Readiness(len(slices), patients, empty, by_label, advice, rarest if advice == "label" else "")
