"""What a model proposes of labels, how sure it is, and what a person takes of it or refuses."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from viewer.core.history import DeltaVoxels, Edit, LabelDelta, Layer, SlicePlace
from viewer.core.labels import Label, merge_labels, sparing_locked
from viewer.core.origin import Accepted, Origin
from viewer.core.painting import Box, box_of, changed_box
from viewer.core.shaping import islands

_FULL = 255  # a probability or an entropy of 1
_MOST_JUDGED = 255  # what a byte can number
_numbers = itertools.count(1)


@dataclass(frozen=True, eq=False)
class Certainty:
    """How sure a model is of each voxel, [k, j, i] uint8, 255 being 1.

    likeliest: the label, not the background, that is most probable, in the model's own values; probability: how
    probable; entropy: of all classes, by the largest that it can have. copies: of how many copies of the image, it and
    its mirror images, the probabilities are the mean. much: an entropy that is as much as there will be, where the
    colours for it end: of many classes two are in question, seldom all.
    """

    likeliest: NDArray[np.uint8]
    probability: NDArray[np.uint8]
    entropy: NDArray[np.uint8]
    copies: int = 1
    much: float = 1.0


@dataclass(frozen=True, eq=False)
class Proposal:
    """A model's labels that wait for a person: voxels[k, j, i] in the model's own label values, as it decides itself.

    What is seen, and so what is accepted, is seen(): by threshold, a probability in (0, 1], where that is chosen; of
    labels whose visible is set; without what a person has judged already, judged[k, j, i] having the number of the
    judgement, but for those that are undone. whole is that of all voxels, of all labels, as it was worked out last, and
    settled tells that nothing has changed since.
    """

    voxels: NDArray[np.uint8]
    labels: tuple[Label, ...]
    origin: Origin
    certainty: Certainty | None = None
    threshold: float | None = None
    judged: NDArray[np.uint8] | None = None
    undone: frozenset[int] = frozenset()
    whole: NDArray[np.uint8] | None = None
    settled: bool = True
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def source(self) -> str:
        """Origin.source."""
        return self.origin.source

    @property
    def latest(self) -> NDArray[np.uint8]:
        """All of it as it was worked out last."""
        return self.voxels if self.whole is None else self.whole

    @property
    def ticked(self) -> frozenset[int]:
        """The labels that are seen and accepted."""
        return frozenset(label.value for label in self.labels if label.visible)

    def seen(self, read: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda voxels: voxels) -> NDArray[np.uint8]:
        """The labels as they are seen, ticked or not, of the part of each [k, j, i] that read takes."""
        certainty = self.certainty
        if self.threshold is None or certainty is None:
            found = read(self.voxels)
        else:
            least = np.uint8(max(math.ceil(_FULL * self.threshold - 1e-9), 1))
            found = np.where(read(certainty.probability) >= least, read(certainty.likeliest), np.uint8(0))
        if self.judged is None:
            return found
        counted = np.ones(_MOST_JUDGED + 1, np.bool_)
        counted[[0, *self.undone]] = False
        return np.where(counted[read(self.judged)], np.uint8(0), found)

    def all_seen(self, check: Callable[[], None] = lambda: None) -> NDArray[np.uint8]:
        """seen() of all voxels, slice by slice, so that other threads run in between. Not for the GUI thread."""
        whole = np.empty_like(self.voxels)
        for k in range(len(whole)):
            check()
            whole[k] = self.seen(lambda voxels, k=k: voxels[k])
        return whole

    def looks_like(self, other: Proposal) -> bool:
        """True if the same is seen of both, ticks aside."""
        mine, theirs = ((p.number, p.threshold, p.undone) for p in (self, other))
        return mine == theirs and self.judged is other.judged

    def with_judgement(self, number: int, counts: bool) -> Proposal:
        """It with a judgement done or undone."""
        undone = self.undone - {number} if counts else self.undone | {number}
        return self if undone == self.undone else replace(self, undone=undone, settled=False)


class LabelSeen(NamedTuple):
    """What a proposal has of a label: voxels, and their mean probability, None where that is not known."""

    voxels: int
    probability: float | None


def labels_seen(
    proposal: Proposal, whole: NDArray[np.uint8], check: Callable[[], None] = lambda: None
) -> dict[int, LabelSeen]:
    """What a proposal has of each of its labels, of all that is seen of it (Proposal.all_seen). Not for the GUI
    thread."""
    counts, sums = np.zeros(256, np.int64), np.zeros(256)
    certainty = proposal.certainty
    for k, one_slice in enumerate(whole):
        check()
        flat = one_slice.ravel()
        counts += np.bincount(flat, minlength=256)
        if certainty is not None:
            told = np.where(certainty.likeliest[k].ravel() == flat, certainty.probability[k].ravel(), np.uint8(0))
            sums += np.bincount(flat, weights=told, minlength=256)
    return {
        label.value: LabelSeen(
            int(counts[label.value]),
            float(sums[label.value] / counts[label.value] / _FULL)
            if certainty is not None and counts[label.value]
            else None,
        )
        for label in proposal.labels
    }


@dataclass(frozen=True)
class Acceptance:
    """A proposal merged with a person's work, ready to be applied as one edit."""

    edit: Edit
    voxels: DeltaVoxels
    labels: tuple[Label, ...]
    kept_voxels: int


@dataclass(frozen=True, eq=False)
class Judgement:
    """A part of a proposal that is accepted or rejected, ready to be applied as one edit: judged is the proposal's with
    the part under a number of its own; labels, the table where it is accepted."""

    proposal: Proposal
    edit: Edit
    voxels: DeltaVoxels
    labels: tuple[Label, ...] | None
    judged: NDArray[np.uint8]
    number: int


def prepare_acceptance(
    proposal: Proposal,
    current: NDArray[np.uint8],
    machine: NDArray[np.uint8],
    confirmed: frozenset[SlicePlace],
    labels: Sequence[Label],
    source: str,
    accepted: tuple[Accepted, ...] = (),
    *,
    by: str = "",
    at: str = "",
    part: NDArray[np.bool_] | None = None,
) -> Acceptance:
    """Merge what is seen of a proposal into the label map: a person's voxels, drawn or confirmed, stay as they are.

    A voxel that a person drew stays theirs even if this proposal agrees with it, or the next one could take it
    away; those of locked labels stay as they are, and no others become theirs. What models proposed before of the same
    labels goes, but not where a person has judged this proposal already; labels that are not ticked, and those that
    this model does not know, stay. part [k, j, i]: only there is anything changed. current, machine: (k, j, i), only
    read. source: the model whose labels were accepted before; accepted: all that were; by, at: by whom it is now, and
    when. A quarter of a second for a head of 1 mm voxels: not for the GUI thread.
    """
    merged_labels, value_of = merge_labels(labels, _as_usual(proposal.labels))
    ticked = proposal.ticked
    lookup, taken = np.zeros(256, dtype=np.uint8), np.zeros(256, dtype=np.bool_)
    for value in ticked:
        lookup[value] = value_of[value]
        taken[value_of[value]] = True
    proposed, put = np.empty_like(current), np.empty_like(current)
    drawn = np.empty(current.shape, np.bool_)
    found = np.zeros(256, np.int64)
    for k in range(len(current)):  # slice by slice: else numpy looks up without letting threads run
        new, now, was = lookup[proposal.seen(lambda voxels, k=k: voxels[k])], current[k], machine[k]
        gone = taken[was] & _not_judged(proposal, k)
        here = (new > 0) | gone
        if part is not None:
            here &= part[k]
        found += np.bincount(new[here], minlength=256)
        drawn[k] = now != was
        proposed[k] = np.where(here, new, was)
        put[k] = np.where(here & ~drawn[k], new, now)
    for axis, index in confirmed:
        place: list[slice] = [slice(None)] * 3
        place[2 - axis] = slice(index, index + 1)
        put[tuple(place)] = current[tuple(place)]
    merged = sparing_locked(current, put, merged_labels)
    layers: tuple[tuple[Layer, NDArray[np.uint8], NDArray[np.uint8]], ...] = (
        ("labels", current, merged),
        ("machine", machine, np.where(drawn, machine, proposed)),
    )
    changed: list[tuple[Layer, Box, NDArray[np.uint8], NDArray[np.uint8]]] = [
        (layer, box, old[box], new[box]) for layer, old, new in layers if (box := changed_box(old, new)) is not None
    ]
    values = tuple(sorted(v for v in value_of.values() if found[v]))
    now_accepted = _told(accepted, Accepted(proposal.origin, values, proposal.threshold, by, at), part is None, taken)
    edit = Edit(
        f"Accept {proposal.source}",
        tuple(LabelDelta.between(*one) for one in changed),
        (source, proposal.source),
        accepted=(accepted, now_accepted),
    )
    kept_voxels = int(np.count_nonzero((current != proposed) & (merged == current)))
    return Acceptance(edit, tuple(after for *_, after in changed), merged_labels, kept_voxels)


def _as_usual(labels: Sequence[Label]) -> tuple[Label, ...]:
    """A proposal's labels without what their visible means there."""
    return tuple(replace(label, visible=True) for label in labels)


def _not_judged(proposal: Proposal, k: int) -> NDArray[np.bool_] | bool:
    if proposal.judged is None:
        return True
    return (proposal.judged[k] == 0) | np.isin(proposal.judged[k], list(proposal.undone))


def _told(before: tuple[Accepted, ...], now: Accepted, whole: bool, taken: NDArray[np.bool_]) -> tuple[Accepted, ...]:
    """What is accepted of models with what is accepted now; whole: of whole labels, in whose place it comes."""
    kept = []
    for one in before:
        replaced = whole and one.origin != now.origin
        values = tuple(v for v in one.values if not (replaced and taken[v]))
        if values:
            kept.append(replace(one, values=values))
    return (*kept, now) if now.values else tuple(kept)


def region_at(
    proposal: Proposal, whole: NDArray[np.uint8], index_ijk: tuple[int, int, int]
) -> NDArray[np.bool_] | None:
    """The voxels of a proposal's label that are joined by their faces to one of them, [k, j, i]; None where nothing is
    proposed. whole: Proposal.all_seen. Not for the GUI thread."""
    i, j, k = index_ijk
    value = whole[k, j, i]
    if not value or int(value) not in proposal.ticked:
        return None
    own = whole == value
    box = box_of(own)
    assert box is not None
    numbers, _ = islands(own[box])
    at = numbers[k - box[0].start, j - box[1].start, i - box[2].start]
    own[box] = numbers == at
    return own


def prepare_judgement(
    proposal: Proposal,
    part: NDArray[np.bool_],
    name: str,
    accepts: bool,
    inputs: tuple[
        NDArray[np.uint8],
        NDArray[np.uint8],
        frozenset[SlicePlace],
        tuple[Label, ...],
        str,
        tuple[Accepted, ...],
    ],
    *,
    by: str = "",
    at: str = "",
) -> Judgement:
    """Accept or reject the voxels of a part [k, j, i] of a proposal. name: what it is, for the title; inputs:
    Session.acceptance_inputs. Raises ValueError with a sentence where there have been too many. Not for the GUI
    thread."""
    judged = np.zeros_like(proposal.voxels) if proposal.judged is None else proposal.judged.copy()
    used = set(np.unique(judged).tolist()) - proposal.undone
    number = next((n for n in range(1, _MOST_JUDGED + 1) if n not in used and n not in proposal.undone), 0)
    number = number or next((n for n in range(1, _MOST_JUDGED + 1) if n not in used), 0)
    if not number:
        raise ValueError("Too many parts of this proposal were judged one by one: accept or reject the rest of it")
    whose = (proposal.number, number)
    if not accepts:
        judged[part] = number
        return Judgement(proposal, Edit(f"Reject of {proposal.source}: {name}", judged=whose), (), None, judged, number)
    acceptance = prepare_acceptance(proposal, *inputs, by=by, at=at, part=part)
    judged[part] = number
    edit = replace(acceptance.edit, title=f"Accept of {proposal.source}: {name}", judged=whose)
    return Judgement(proposal, edit, acceptance.voxels, acceptance.labels, judged, number)
