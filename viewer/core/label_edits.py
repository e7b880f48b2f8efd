"""Edits of whole labels that are more than another shape: by the values of the scan, and with another label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core import shaping
from viewer.core.history import Made, relabelling
from viewer.core.labels import Label, sparing_locked
from viewer.core.masking import Masking, drawn_over
from viewer.core.painting import Box, box_of, changed_box, union
from viewer.core.session import reshaping
from viewer.core.volume import Volume

Combination = Literal["add", "copy", "subtract", "intersect", "invert"]


def threshold_title(name: str) -> str:
    return f"Threshold {name}"


def combination_title(how: Combination, name: str, other: str) -> str:
    """How the history calls it."""
    return {
        "add": f"Add {other} to {name}",
        "copy": f"Copy {other} into {name}",
        "subtract": f"Subtract {other} from {name}",
        "intersect": f"Intersect {name} with {other}",
        "invert": f"Invert {name}",
    }[how]


def thresholding(
    title: str,
    volume: Volume,
    label_voxels: NDArray[np.uint8],
    value: int,
    masking: Masking,
    labels: Sequence[Label],
    check: Callable[[], None] = lambda: None,
) -> Made | None:
    """The edit that gives a label all voxels that masking lets it have, of the whole volume; None if it changes
    nothing. What the label has already stays its own. label_voxels[k, j, i] are only read. Not for the GUI thread."""
    after = label_voxels.copy()
    changed: Box | None = None
    for k in range(len(after)):
        check()
        here = (slice(k, k + 1), slice(0, after.shape[1]), slice(0, after.shape[2]))
        every = np.ones(after[here].shape, np.bool_)
        drawn = drawn_over(volume, label_voxels, here, every, value, masking, labels)
        after[here] = sparing_locked(label_voxels[here], drawn, labels)
        part = changed_box(label_voxels[here], after[here])
        if part is not None:
            changed = union(changed, (here[0], part[1], part[2]))
    return None if changed is None else relabelling(title, changed, label_voxels[changed], after[changed])


def combining(
    title: str,
    how: Combination,
    volume: Volume,
    label_voxels: NDArray[np.uint8],
    value: int,
    other: int,
    margin_mm: float,
    labels: Sequence[Label],
) -> Made | None:
    """The edit that combines a label with another one; None if it changes nothing. A voxel has one label, so:

    add: the label takes all voxels of the other, which is left with none. copy: the same, and what was the label's own
    becomes no label's, so that it is where the other was. subtract: the label loses what lies within margin_mm of the
    other, and intersect: what lies farther from it; the other stays as it is (they share no voxels: without a margin
    the one would change nothing and the other leave nothing). invert: the label has what was no label's, and what was
    its own is; there is no other. Distances are from the centres of voxels. Locked labels stay as they are.
    label_voxels[k, j, i] are only read. Not for the GUI thread.
    """
    if how in ("add", "copy"):
        after = np.where(label_voxels == other, np.uint8(value), label_voxels)
        if how == "copy":
            after[label_voxels == value] = 0
        after = sparing_locked(label_voxels, after, labels)
        if how == "copy" and any(label.value == other and label.locked for label in labels):
            return None  # or only what was the label's own would be lost
        k, j, i = (slice(0, count) for count in label_voxels.shape)
        return relabelling(title, (k, j, i), label_voxels, after)

    def act(own: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if how == "invert":
            return ~own
        if box_of(own) is None:
            return own
        near = shaping.margin(label_voxels == other, volume.geometry.spacing, margin_mm)
        return own & near if how == "intersect" else own & ~near

    return reshaping(title, label_voxels, value, act, labels)
