"""Undo and redo: each act is one edit of a few reversible deltas, kept within a budget of bytes."""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.findings import AnswerChange
from viewer.core.labels import Label
from viewer.core.measuring import Measurement
from viewer.core.origin import Accepted
from viewer.core.painting import Box, changed_box, union

HISTORY_LIMIT_BYTES = 128 * 1024 * 1024
_PIECE_BYTES = 4 * 1024 * 1024
_WHOLE_FROM = 8_000_000  # voxels, which are copied in 2 ms
_POINT_BYTES = 160  # of a point of a measurement in memory
_EDIT_BYTES = 200  # of an edit without its voxels, and of each mark and label in it

SlicePlace = tuple[int, int]  # (index axis 0 i / 1 j / 2 k, slice index)
Layer = Literal["labels", "machine"]  # the label map, and what models last proposed for it
Act = Literal["make", "undo", "redo"]


@dataclass(frozen=True)
class LabelDelta:
    """The voxels of one layer's box before and after a change, deflated."""

    layer: Layer
    box: Box
    before: bytes
    after: bytes

    @classmethod
    def between(cls, layer: Layer, box: Box, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> LabelDelta:
        """The delta of a box; before and after have the box's shape."""
        return cls(layer, box, _deflate(before), _deflate(after))

    @property
    def voxels(self) -> NDArray[np.uint8]:
        """Those of the box after the change, inflated: 1 ms for each million."""
        return _inflate(self.after, self.box)

    def apply(self, voxels: NDArray[np.uint8]) -> None:
        """Put the voxels after the change into the layer's voxels[k, j, i]."""
        voxels[self.box] = self.voxels

    def inverse(self) -> LabelDelta:
        return LabelDelta(self.layer, self.box, self.after, self.before)


@dataclass(frozen=True)
class MeasurementChange:
    """A measurement before and after a change; None where there was or is none. Both have the same number."""

    before: Measurement | None
    after: Measurement | None

    @property
    def number(self) -> int:
        there = self.after or self.before
        assert there is not None
        return there.number

    def inverse(self) -> MeasurementChange:
        return MeasurementChange(self.after, self.before)


@dataclass(frozen=True)
class KeyImageChange:
    """A slice that becomes a key image, or is one no longer."""

    place: SlicePlace
    marked: bool

    def inverse(self) -> KeyImageChange:
        return KeyImageChange(self.place, not self.marked)


@dataclass(frozen=True)
class ConfirmedChange:
    """A slice that a person confirms as wholly correct, or takes the mark back from."""

    place: SlicePlace
    confirmed: bool

    def inverse(self) -> ConfirmedChange:
        return ConfirmedChange(self.place, not self.confirmed)


@dataclass(frozen=True)
class Edit:
    """One act of a person, a stroke, an accepted result, a measurement, a mark, an answer or a change of the label
    table: what one undo takes back and one commit of the journal holds.

    source, if set, is the model whose labels are shown, before and after; so is table, of labels, and accepted, of what
    models made. judged: the numbers of a proposal and of a part of it that a person has judged; it is not kept, as
    proposals are not.
    """

    title: str
    deltas: tuple[LabelDelta, ...] = ()
    source: tuple[str, str] | None = None
    measurements: tuple[MeasurementChange, ...] = ()
    key_images: tuple[KeyImageChange, ...] = ()
    table: tuple[tuple[Label, ...], tuple[Label, ...]] | None = None
    confirmed: tuple[ConfirmedChange, ...] = ()
    answers: tuple[AnswerChange, ...] = ()
    accepted: tuple[tuple[Accepted, ...], tuple[Accepted, ...]] | None = None
    judged: tuple[int, int] | None = None

    @property
    def empty(self) -> bool:
        """True if it changes nothing that is kept."""
        marks = (self.deltas, self.measurements, self.key_images, self.confirmed, self.answers)
        return not any(marks) and self.source is None and self.table is None and self.accepted is None

    @cached_property
    def size_bytes(self) -> int:
        points = (len(m.points) for change in self.measurements for m in (change.before, change.after) if m is not None)
        labels = sum(map(len, self.table)) if self.table is not None else 0
        marks = len(self.key_images) + len(self.confirmed) + len(self.answers)
        small = _EDIT_BYTES * (1 + marks + labels) + _POINT_BYTES * sum(points)
        small += _EDIT_BYTES * sum(map(len, self.accepted or ()))
        return small + sum(len(d.before) + len(d.after) for d in self.deltas)

    @property
    def voxel_count(self) -> int:
        """How many voxels an undo puts in place."""
        return sum(math.prod(span.stop - span.start for span in delta.box) for delta in self.deltas)

    @property
    def labels_box(self) -> Box | None:
        """The part of the label map that the edit touches."""
        box = None
        for delta in self.deltas:
            if delta.layer == "labels":
                box = union(box, delta.box)
        return box

    def inverse(self) -> Edit:
        source = None if self.source is None else (self.source[1], self.source[0])
        table = None if self.table is None else (self.table[1], self.table[0])
        return Edit(
            self.title,
            tuple(delta.inverse() for delta in reversed(self.deltas)),
            source,
            tuple(change.inverse() for change in reversed(self.measurements)),
            tuple(change.inverse() for change in reversed(self.key_images)),
            table,
            tuple(change.inverse() for change in reversed(self.confirmed)),
            tuple(change.inverse() for change in reversed(self.answers)),
            None if self.accepted is None else (self.accepted[1], self.accepted[0]),
            self.judged,
        )


# Of each delta of an edit the voxels of its box after it; or, where they are many, the whole layer after the edit, an
# array that nobody else holds: to put that in the place of the one before takes no time.
DeltaVoxels = tuple[NDArray[np.uint8], ...]
Made = tuple[Edit, DeltaVoxels]


def relabelling(title: str, box: Box, before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Made | None:
    """The edit that makes the label voxels of a box, before, be after; None if they are the same. Both have the box's
    shape."""
    inner = changed_box(before, after)
    if inner is None:
        return None
    k, j, i = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, inner, strict=True))
    return Edit(title, (LabelDelta.between("labels", (k, j, i), before[inner], after[inner]),)), (after[inner],)


def unconfirmed(
    places: Iterable[SlicePlace], box: Box, before: NDArray[np.uint8], after: NDArray[np.uint8]
) -> tuple[ConfirmedChange, ...]:
    """What an edit of the label voxels of a box takes back: the confirmation of those of some confirmed slices that it
    changes. before and after have the box's shape."""
    found = []
    for axis, index in sorted(places):
        span = box[2 - axis]
        if span.start <= index < span.stop:
            slices = (np.take(voxels, index - span.start, axis=2 - axis) for voxels in (before, after))
            if not np.array_equal(*slices):
                found.append(ConfirmedChange((axis, index), False))
    return tuple(found)


def at_hand(
    edit: Edit, voxels: DeltaVoxels | None, layers: Mapping[Layer, NDArray[np.uint8]], whole_from: int = _WHOLE_FROM
) -> Made:
    """An edit of some layers with the voxels that it puts in place, so that this is done within a frame. voxels: those
    of its boxes, if they are known. layers are only read. Not for the GUI thread."""
    changed: dict[Layer, NDArray[np.uint8]] = {}
    ready = []
    for delta, after in zip(edit.deltas, voxels or (delta.voxels for delta in edit.deltas), strict=True):
        whole = changed.get(delta.layer)
        if whole is None and after.size > whole_from:
            whole = changed[delta.layer] = layers[delta.layer].copy()
            ready.append(whole)
        else:
            ready.append(after)
        if whole is not None:
            whole[delta.box] = after
    return edit, tuple(ready)


class History:
    """The edits that can be undone and redone; the oldest go first when limit_bytes is passed. done and undone are
    those of an earlier session, each with the next one to be taken last."""

    def __init__(
        self, done: Sequence[Edit] = (), undone: Sequence[Edit] = (), limit_bytes: int = HISTORY_LIMIT_BYTES
    ) -> None:
        self._limit_bytes = limit_bytes
        self._done, self._undone = deque(done), list(undone)
        self._done_bytes = sum(edit.size_bytes for edit in done)
        self._forget_oldest()

    @property
    def next_undo(self) -> Edit | None:
        """The edit that undo would take back."""
        return self._done[-1] if self._done else None

    @property
    def next_redo(self) -> Edit | None:
        return self._undone[-1] if self._undone else None

    @property
    def undo_title(self) -> str | None:
        return self._done[-1].title if self._done else None

    @property
    def redo_title(self) -> str | None:
        return self._undone[-1].title if self._undone else None

    @property
    def labels_touched(self) -> bool:
        """True if an edit that can be undone or redone is one of the label map."""
        return any(edit.deltas for edit in (*self._done, *self._undone))

    def record(self, edit: Edit) -> None:
        """Add an edit just made; what was undone before can no longer be redone."""
        self._undone.clear()
        self._push(edit)
        self._forget_oldest()

    def undo(self) -> Edit | None:
        """The edit to apply in order to take the newest one back; None if there is nothing to undo."""
        if not self._done:
            return None
        edit = self._done.pop()
        self._done_bytes -= edit.size_bytes
        self._undone.append(edit)
        return edit.inverse()

    def redo(self) -> Edit | None:
        """The edit to apply in order to redo the one undone last; None if there is none."""
        if not self._undone:
            return None
        edit = self._undone.pop()
        self._push(edit)
        return edit

    def _push(self, edit: Edit) -> None:
        self._done.append(edit)
        self._done_bytes += edit.size_bytes

    def _forget_oldest(self) -> None:
        while len(self._done) > 1 and self._done_bytes > self._limit_bytes:
            self._done_bytes -= self._done.popleft().size_bytes


def _deflate(voxels: NDArray[np.uint8]) -> bytes:
    return zlib.compress(np.ascontiguousarray(voxels).data, level=1)


def _inflate(deflated: bytes, box: Box) -> NDArray[np.uint8]:
    """In pieces: a large one is put together by Python without letting other threads run."""
    voxels = np.empty([span.stop - span.start for span in box], np.uint8)
    flat, stream, place = voxels.reshape(-1), zlib.decompressobj(), 0
    while place < flat.size:
        piece = stream.decompress(deflated, _PIECE_BYTES)
        flat[place : place + len(piece)] = np.frombuffer(piece, np.uint8)
        place, deflated = place + len(piece), stream.unconsumed_tail
    return voxels
