"""The labels of a series as they leave the program: their voxels, their table, and how each came about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.origin import Accepted, accepted_of
from viewer.core.study import Series, SeriesError

AlgorithmType = Literal["MANUAL", "SEMIAUTOMATIC", "AUTOMATIC"]  # DICOM (0062,0008)


@dataclass(frozen=True)
class Making:
    """How the voxels of a label came about: by hand, by a model, or by a model and then by hand. The algorithm and its
    version are those of the model of which the label was accepted last; empty if none was. facts: what is known of its
    run and of the acceptance, each a word and a text (Origin.facts)."""

    kind: AlgorithmType = "MANUAL"
    algorithm: str = ""
    version: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class LabelSet:
    """voxels[k, j, i] hold values of labels, which are in the order of their values, and 0. counts has the number of
    voxels of each label, made how each came about, both by value.
    observer is the name of the person who answers for them, empty for none."""

    series: Series
    geometry: Geometry
    voxels: NDArray[np.uint8]
    labels: tuple[Label, ...]
    counts: Mapping[int, int]
    made: Mapping[int, Making]
    observer: str = ""

    @cached_property
    def present(self) -> tuple[Label, ...]:
        """The labels that have voxels. Raises SeriesError if none has."""
        present = tuple(label for label in self.labels if self.counts[label.value])
        if not present:
            raise SeriesError("None of these labels is anywhere in the scan: nothing was saved")
        return present

    @property
    def voxel_count(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, eq=False)
class ProbabilitySet:
    """What a model says of a series before anything is decided: how probable labels are, of_labels[label, k, j, i], and
    how unsure it is, entropy[k, j, i], of all its classes by the largest that it can have; uint8, 255 being 1."""

    series: Series
    geometry: Geometry
    labels: tuple[Label, ...]
    of_labels: NDArray[np.uint8]
    entropy: NDArray[np.uint8]
    made: Making


def label_set(
    series: Series,
    geometry: Geometry,
    voxels: NDArray[np.uint8],
    machine: NDArray[np.uint8],
    labels: Sequence[Label],
    source: str,
    values: Collection[int],
    check: Callable[[], None] = lambda: None,
    accepted: Sequence[Accepted] = (),
) -> LabelSet:
    """The labels of some values, copied out of a label map.

    voxels, machine: (k, j, i), as a person sees them and as models last proposed them, both only read. source: name
    and version of the model that was accepted last; accepted: all that was of models. check is called for each slice
    and may raise to cancel.
    """
    chosen = tuple(sorted((label for label in labels if label.value in values), key=lambda label: label.value))
    kept = np.zeros(256, dtype=np.uint8)
    for label in chosen:
        kept[label.value] = label.value
    copied = np.empty_like(voxels)
    counts, proposed, both = (np.zeros(256, dtype=np.int64) for _ in range(3))
    for k in range(len(voxels)):  # slice by slice, so that other threads run in between
        check()
        np.take(kept, voxels[k], out=copied[k])
        counts += np.bincount(copied[k].ravel(), minlength=256)
        proposed += np.bincount(machine[k].ravel(), minlength=256)
        both += np.bincount(machine[k][machine[k] == voxels[k]].ravel(), minlength=256)
    made = {}
    for label in chosen:
        v = label.value
        newest, *earlier = accepted_of(accepted, v) or (None,)
        told = newest.origin.source if newest is not None else source
        if not told or not both[v]:
            made[v] = Making()
            continue
        model, opened, overridden = told.partition(" (overridden: ")  # as Origin.source says it: exports have to, too
        algorithm, _, version = model.rpartition(" ")
        untouched = both[v] == counts[v] == proposed[v]
        facts = newest.facts(earlier) if newest is not None else {}
        kind: AlgorithmType = "AUTOMATIC" if untouched else "SEMIAUTOMATIC"
        made[v] = Making(kind, algorithm, version + opened + overridden, tuple(facts.items()))
    return LabelSet(series, geometry, copied, chosen, {label.value: int(counts[label.value]) for label in chosen}, made)
