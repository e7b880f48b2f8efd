"""What a model says of classes, and what a person answered, as measurement groups of a structured report (TID 1501)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewer.core.findings import Code
from viewer.core.origin import Origin
from viewer.core.score_set import GivenAnswer, ScoreSet
from viewer.core.study import SeriesError
from viewer.io.report_origin import (
    CERTAINTY,
    NAME,
    PARAMETERS,
    VERSION,
    algorithm_of,
    run_parameters,
    texts_of,
)

Image = tuple[str, str, int | None]  # of a slice: the class of its image, its UID, its frame from 1
ImageOf = Callable[[int], Image]

_THRESHOLD: Code = ("THRESHOLD", "99SLICEWISE", "Probability from which the model finds it")
_FOUND: Code = ("FOUND", "99SLICEWISE", "Found by the model")
_ANSWER: Code = ("ANSWER", "99SLICEWISE", "Answer of a person")
_YES_NO: dict[bool, Code] = {True: ("373066001", "SCT", "Yes"), False: ("373067005", "SCT", "No")}
_TRACKING, _GROUP = "112039", "125007"
_GATHERED = {"max": "the largest of its slices", "mean": "the mean of its slices", "": "of all of it at once"}
_NEAR = 1e-6  # percent


@dataclass(frozen=True)
class ScoreGroup:
    """One group: its name, the model's run with more words to it, percentages (concept, value, image) and answers with
    yes or no. image: of the whole group."""

    name: str
    code: Code | None
    origin: Origin | None
    more: tuple[str, ...]
    percents: tuple[tuple[Code, float, Image | None], ...]
    said: tuple[tuple[Code, bool], ...]
    image: Image | None = None

    def written(self) -> Any:
        """As highdicom has it."""
        import highdicom as hd
        from pydicom.sr.codedict import codes

        return hd.sr.MeasurementsAndQualitativeEvaluations(
            hd.sr.TrackingIdentifier(hd.UID(), self.name),
            finding_type=hd.sr.CodedConcept(*self.code) if self.code else None,
            algorithm_id=algorithm_of(self.origin, self.more) if self.origin is not None else None,
            measurements=[
                hd.sr.Measurement(
                    hd.sr.CodedConcept(*concept),
                    value,
                    codes.UCUM.Percent,
                    referenced_images=[hd.sr.SourceImageForMeasurement(*_reference(image))] if image else None,
                )
                for concept, value, image in self.percents
            ]
            or None,
            qualitative_evaluations=[
                hd.sr.QualitativeEvaluation(hd.sr.CodedConcept(*concept), hd.sr.CodedConcept(*_YES_NO[yes]))
                for concept, yes in self.said
            ]
            or None,
            source_images=[hd.sr.SourceImageForMeasurementGroup(*_reference(self.image))] if self.image else None,
        )


def class_groups(told: ScoreSet, image_of: ImageOf) -> list[ScoreGroup]:
    """A group for each class: its probability for the series, the threshold, and the probability of each stored slice,
    where the model tells of them."""
    scores = told.scores
    single = image_of(0) if told.geometry.size[2] == 1 else None
    stored = scores.slice_count if scores.axis == 2 and single is None else 0
    images = [image_of(k) for k in range(stored)]
    groups = []
    for of, one in enumerate(scores.classes):
        of_slices = scores.slices[:, of].tolist() if scores.slices is not None else []
        groups.append(
            ScoreGroup(
                _name(one.name),
                one.code,
                scores.origin,
                (f"class: {_name(one.name)}", f"probability of the series: {_GATHERED[scores.gathered]}", "calibrated"),
                (
                    (CERTAINTY, 100 * one.probability, single),
                    (_THRESHOLD, 100 * one.threshold, None),
                    *((CERTAINTY, 100 * likely, image) for image, likely in zip(images, of_slices, strict=False)),
                ),
                ((_FOUND, one.above),),
            )
        )
    return groups


def left_out(told: ScoreSet) -> list[str]:
    """Sentences on what class_groups has no place for."""
    if told.scores.slice_count and told.scores.axis != 2:
        return [
            "Slices across the stored ones are no images: their probabilities stand in JSON and in the table alone."
        ]
    return []


def answer_groups(answers: Iterable[GivenAnswer], image_of: ImageOf) -> tuple[list[ScoreGroup], int]:
    """A group for each answer, which names the model that it was given by, if it was; and how many answers are to
    slices that are no stored images, which have none."""
    groups, nowhere = [], 0
    for one in answers:
        place, name, score = one.place, _name(one.finding.name), one.score
        if place.level == "slice" and place.axis != 2:
            nowhere += 1
            continue
        judged = "accepted by a person" if score is not None and score.above is one.yes else "rejected by a person"
        groups.append(
            ScoreGroup(
                {"slice": f"{name}, slice {place.index + 1}", "study": f"{name}, study"}.get(place.level, name),
                one.finding.code,
                score.origin if score is not None else None,
                (f"class: {_name(score.label)}", judged) if score is not None else (),
                ((CERTAINTY, 100 * score.probability, None), (_THRESHOLD, 100 * score.threshold, None))
                if score is not None
                else (),
                ((_ANSWER, one.yes),),
                image_of(place.index) if place.level == "slice" else None,
            )
        )
    return groups, nowhere


def compare_groups(file: Path, groups: Sequence[ScoreGroup]) -> None:
    """Raises SeriesError unless a report that was read back holds each group as it is, in their order."""
    from pydicom import dcmread

    found = iter(_groups_in(dcmread(file)))
    for group in groups:
        if not any(_same(group, children) for children in found):  # those before it are of others
            raise SeriesError(f"The report does not hold what was said of {group.name}; not saved.")


def _groups_in(item: Any) -> Iterable[list[Any]]:
    for child in item.get("ContentSequence") or []:
        if _concept(child) == _GROUP:
            yield list(child.get("ContentSequence") or [])
        else:
            yield from _groups_in(child)


def _same(group: ScoreGroup, children: list[Any]) -> bool:
    if texts_of(children, _TRACKING) != [group.name]:
        return False
    origin = group.origin
    run = ([], [], []) if origin is None else ([origin.model], [origin.version or "-"], _parameters(group))
    if tuple(texts_of(children, code) for code in (NAME, VERSION, PARAMETERS)) != run:
        return False
    numbers = [
        (_concept(child), float(child.MeasuredValueSequence[0].NumericValue), _image_in(child))
        for child in children
        if child.get("ValueType") == "NUM"
    ]
    wanted = [(concept[0], value, image[1:] if image else None) for concept, value, image in group.percents]
    if len(numbers) != len(wanted) or any(
        (a[0], a[2]) != (b[0], b[2]) or not math.isclose(a[1], b[1], abs_tol=_NEAR)
        for a, b in zip(numbers, wanted, strict=True)
    ):
        return False
    said = [
        (_concept(child), str(child.ConceptCodeSequence[0].CodeValue))
        for child in children
        if child.get("ValueType") == "CODE" and _concept(child) in (_FOUND[0], _ANSWER[0])
    ]
    images = [_reference_in(child) for child in children if child.get("ValueType") == "IMAGE"]
    return said == [(concept[0], _YES_NO[yes][0]) for concept, yes in group.said] and images == (
        [group.image[1:]] if group.image else []
    )


def _parameters(group: ScoreGroup) -> list[str]:
    return [] if group.origin is None else [*run_parameters(group.origin), *group.more]


def _concept(item: Any) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeValue", "")) if names else ""


def _image_in(item: Any) -> tuple[str, int | None] | None:
    images = [child for child in item.get("ContentSequence") or [] if child.get("ValueType") == "IMAGE"]
    return _reference_in(images[0]) if images else None


def _reference_in(item: Any) -> tuple[str, int | None]:
    reference = item.ReferencedSOPSequence[0]
    frame = reference.get("ReferencedFrameNumber")
    return str(reference.ReferencedSOPInstanceUID), None if frame is None else int(frame)


def _reference(image: Image) -> tuple[str, str, list[int] | None]:
    class_uid, instance_uid, frame = image
    return class_uid, instance_uid, None if frame is None else [frame]


def _name(name: str) -> str:
    return " ".join(name.split()) or "Class"
