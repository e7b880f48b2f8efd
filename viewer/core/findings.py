"""Findings that a person answers with yes or no, for a slice, a series or a study: what classifiers learn from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from viewer.core.origin import Origin

Level = Literal["slice", "series", "study"]
LEVELS: tuple[Level, ...] = get_args(Level)
Code = tuple[str, str, str]  # value, scheme, meaning: DICOM's coded concept
_NAME_LENGTH = 200


@dataclass(frozen=True)
class Finding:
    """A question, "pneumothorax?", and of what it is asked. number tells it from others for ever, also under another
    name."""

    number: int
    name: str
    level: Level = "slice"
    code: Code | None = None


@dataclass(frozen=True)
class Place:
    """Of what a question is answered: the open series, its study, or a slice of the series by the index axis that is
    normal to it (0 i, 1 j, 2 k) and its index."""

    level: Level
    axis: int = -1
    index: int = -1


SERIES = Place("series")
STUDY = Place("study")

Answered = tuple[int, Place]  # a finding's number, and where
Answers = Mapping[Answered, bool]  # yes or no; what is not there is not answered, which is no "no"


@dataclass(frozen=True)
class JudgedScore:
    """What a model told of a class at the place of an answer, which a person gave by accepting or rejecting it.
    probability is calibrated; from threshold on the model says yes."""

    origin: Origin
    label: str
    probability: float
    threshold: float

    @property
    def above(self) -> bool:
        """True if the model says yes."""
        return self.probability >= self.threshold


JudgedScores = Mapping[Answered, JudgedScore]  # of answers; one that is not here a person gave without a model


@dataclass(frozen=True)
class AnswerChange:
    """An answer before and after a change: yes (True), no (False) or none, and the scores that it was given by."""

    finding: int
    place: Place
    before: bool | None
    after: bool | None
    score_before: JudgedScore | None = None
    score_after: JudgedScore | None = None

    def inverse(self) -> AnswerChange:
        return AnswerChange(self.finding, self.place, self.after, self.before, self.score_after, self.score_before)


def answered(
    answers: Answers, scores: JudgedScores, changes: Iterable[AnswerChange], *, again: bool
) -> tuple[dict[Answered, bool], dict[Answered, JudgedScore]]:
    """The answers, and the scores that they were given by, after some changes. again: they are taken back or made once
    more; then one that has been given otherwise meanwhile, in another series of the study, stays."""
    now, judged = dict(answers), dict(scores)
    for change in changes:
        at = change.finding, change.place
        if again and (now.get(at), judged.get(at)) != (change.before, change.score_before):
            continue
        now.pop(at, None)
        judged.pop(at, None)
        if change.after is not None:
            now[at] = change.after
        if change.score_after is not None:
            judged[at] = change.score_after
    return now, judged


def at_level(findings: Sequence[Finding], level: Level) -> tuple[Finding, ...]:
    """The findings that are asked at a level, in their order."""
    return tuple(finding for finding in findings if finding.level == level)


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those of slices first, then those of series, then those of studies: how they are listed and numbered."""
    return tuple(finding for level in LEVELS for finding in at_level(findings, level))


def check_name(findings: Sequence[Finding], name: str, level: Level, but: int = 0) -> str:
    """A name without blanks around it. Raises ValueError with a sentence if it cannot be that of a finding of this
    level; but is the number of the finding that is to have it."""
    name = name.strip()
    if not name:
        raise ValueError("a finding needs a name")
    if len(name) > _NAME_LENGTH:
        raise ValueError("this name is too long for a finding")
    if any(f.name == name and f.level == level and f.number != but for f in findings):
        raise ValueError(f"there is a finding {name} already")
    return name
