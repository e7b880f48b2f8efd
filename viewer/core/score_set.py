"""What models and people say of a series, as it leaves the program: scores and maps, answers, measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.findings import Answers, Finding, JudgedScore, JudgedScores, Place
from viewer.core.geometry import Geometry
from viewer.core.label_set import LabelSet, Making
from viewer.core.measuring import Measurement, Values
from viewer.core.scores import HeatKind, Scores
from viewer.core.study import Series


@dataclass(frozen=True)
class GivenAnswer:
    """A person's answer to a finding, and the score of a model that it was given by, if it was."""

    finding: Finding
    place: Place
    yes: bool
    score: JudgedScore | None = None


@dataclass(frozen=True, eq=False)
class ScoreSet:
    """Scores without their maps, and a person's answers to their classes (by the place in Scores.classes). observer is
    the name of the person who answered, empty for none."""

    series: Series
    geometry: Geometry
    scores: Scores
    answers: Mapping[tuple[int, Place], GivenAnswer] = field(default_factory=dict)
    observer: str = ""


@dataclass(frozen=True, eq=False)
class ReportSet:
    """What is reported of a series: measurements with their values, the labels that models made (their voxels are not
    needed), and answers to findings. observer is the name of the person who measured and answered, empty for none."""

    series: Series
    geometry: Geometry
    measured: tuple[tuple[Measurement, Values], ...]
    labels: LabelSet | None
    answers: tuple[GivenAnswer, ...]
    observer: str = ""


@dataclass(frozen=True, eq=False)
class HeatSet:
    """Where a score comes from: voxels[k, j, i] float32, 0 or more, on the grid of the series."""

    series: Series
    geometry: Geometry
    voxels: NDArray[np.float32]
    kind: HeatKind
    made: Making


def given_answers(answers: Answers, scores: JudgedScores, findings: Iterable[Finding]) -> tuple[GivenAnswer, ...]:
    """The answers to findings that are on the list, of the series and the study first, then slice by slice."""
    listed = {finding.number: finding for finding in findings}
    found = [GivenAnswer(listed[at[0]], at[1], yes, scores.get(at)) for at, yes in answers.items() if at[0] in listed]
    return tuple(sorted(found, key=lambda one: (one.place.axis, one.place.index, one.finding.number)))


def score_set(
    series: Series, geometry: Geometry, scores: Scores, given: Iterable[GivenAnswer] = (), observer: str = ""
) -> ScoreSet:
    """The scores of a series, and what was answered to findings that are called as their classes are."""
    classes = {one.name: of for of, one in enumerate(scores.classes)}
    answers = {
        (classes[one.finding.name], one.place): one
        for one in given
        if one.finding.name in classes and one.place.level != "study"
    }
    return ScoreSet(series, geometry, replace(scores, heat=(), occluded=()), answers, observer)


def heat_facts(scores: Scores, of: int, kind: HeatKind) -> Making:
    """The model whose map of a class it is, and what is known of its run and of the map."""
    origin, one, occluded = scores.origin, scores.classes[of], scores.occlusion(of)
    facts = {**origin.facts(), "Class": one.name, "Probability": f"{one.probability:.4f}"}
    if kind == "occlusion" and occluded is not None:
        high, wide = occluded.window_mm
        facts |= {"Slice": f"{'ijk'[scores.axis]} {occluded.slice_number + 1}", "Window": f"{high:.1f} x {wide:.1f} mm"}
    return Making("AUTOMATIC", origin.model, origin.source.removeprefix(f"{origin.model} "), tuple(facts.items()))
