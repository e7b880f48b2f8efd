"""What of a dataset is held out: a third of the patients, or, of few, each one once.

With three to five patients a third is one patient, who says little of others and is missed among those to learn from.
So a network is trained for each of them, which has not seen him, and the model is the mean of these networks. It has
learnt from everybody; what is measured is each network on whom it has not seen. When the model is trained further,
each of its networks goes on without its own patients, so that what is measured stays true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.dataset import Case, DataError, Learnt, Split, known_as, leaving_out, split_cases

LEAST, FEW = 3, 5  # annotated patients of whom each is left out once; of more a third is enough to judge by


def parted(cases: Sequence[Case], seed: int, learnt: Learnt | None = None, count: int | None = None) -> list[Split]:
    """The splits that networks are trained and measured by: one (split_cases), or one for each fold.

    There are folds if the model that goes on is the mean of such networks, if count asks for so many, or where three
    to five patients are annotated of whom the model has learnt none and the dataset keeps none apart. Raises DataError
    if nothing is annotated, or if folds are asked for and cannot be made.
    """
    learnt = learnt or Learnt()
    known = {case.patient: known_as("patient", case.patient) for case in cases if case.slices != ()}
    has_learnt = not learnt.trained_on.isdisjoint(known.values())
    if not learnt.folds:
        kept = any(case.kept for case in cases if case.slices != ())
        if count is None and (kept or has_learnt or not LEAST <= len(known) <= FEW):
            return [split_cases(cases, seed, learnt)]
        if kept:
            raise DataError("patients.csv keeps patients for testing: there is nothing to make folds for")
        if has_learnt:
            raise DataError("the model has learnt from some of these patients: folds would judge it by what it knows")
        if len(known) < 2:
            raise DataError("folds need two or more annotated patients: name them in patients.csv")
    held = _held_in_folds(cases, known, seed, learnt, min(count or len(known), len(known)))
    return [leaving_out(cases, patients, len(known)) for patients in held]


def whole(splits: Sequence[Split]) -> Split:
    """All that is learnt from in the splits, as one that holds nothing out; a single split stays itself."""
    if len(splits) == 1:
        return splits[0]
    cases: dict[str, Case] = {}
    for case in (case for split in splits for case in split.train):
        if case.name not in cases or cases[case.name].slices == ():
            cases[case.name] = case
    return Split("patients", tuple(cases.values()), (), {}, splits[0].patients)


def known_after(learnt: Learnt, splits: Sequence[Split]) -> Learnt:
    """What is known of a model once networks have been trained on the splits, too."""
    if len(splits) == 1:
        return replace(learnt.after(splits[0]), folds=())
    trained = learnt.trained_on.union(*(learnt.after(split).trained_on for split in splits))
    before = learnt.folds or (frozenset(),) * len(splits)
    folds = tuple(
        kept | {known_as("patient", unit.name) for unit in split.held_out}
        for kept, split in zip(before, splits, strict=False)  # those of a training that was stopped may be missing
    )
    return Learnt(learnt.held_out - trained, trained, folds)


def _held_in_folds(
    cases: Sequence[Case], known: dict[str, str], seed: int, learnt: Learnt, count: int
) -> list[list[str]]:
    """The patients left out of each fold: those that were before, and the others in turn where the least is left out.
    One that every network has learnt is left out of none."""
    folds = learnt.folds or (frozenset(),) * count
    held = [[patient for patient in known if known[patient] in fold] for fold in folds]
    slices = {
        patient: sum(len(c.slices) if c.slices is not None else c.size[2] for c in cases if c.patient == patient)
        for patient in known
    }
    names = sorted(known)
    drawn = [names[n] for n in np.random.default_rng(seed).permutation(len(names))]
    for patient in sorted(drawn, key=lambda name: -slices[name]):
        if known[patient] not in learnt.trained_on:
            min(held, key=lambda fold: sum(slices[name] for name in fold)).append(patient)
    return held
