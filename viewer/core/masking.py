"""Where tools may draw: by the values of the scan, and by what is labelled already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from viewer.core.labels import Label
from viewer.core.painting import Box
from viewer.core.volume import Volume

Over = Literal["everything", "unlabelled", "label"]


@dataclass(frozen=True)
class Masking:
    """The rule for every tool that draws. The voxels of locked labels stay as they are in any case.

    values: from and to, both included, in the unit in which the volume is stored; padding and NaN never are among
    them, and pictures in colour have no such values. over: what may be drawn upon, everything, only what has no label,
    or only the label of a name; an eraser takes from the label that is painted with where only what has no label may
    be drawn upon.
    """

    values: tuple[float, float] | None = None
    over: Over = "everything"
    label: str = ""

    @property
    def in_force(self) -> bool:
        """True if there is anything that it keeps from being drawn upon."""
        return self.values is not None or self.over != "everything"

    def allowed(
        self,
        volume: Volume,
        label_voxels: NDArray[np.uint8],
        box: Box,
        labels: Sequence[Label],
        active: int,
        erase: bool,
    ) -> NDArray[np.bool_] | None:
        """Which voxels of a box may be drawn upon; None stands for all. label_voxels[k, j, i] are those of the whole
        volume, active is the label that is painted with."""
        allowed = None
        if self.values is not None and not volume.colour:
            allowed = between(volume, volume.voxels[box], self.values)
        if self.over == "everything":
            return allowed
        upon = next((label.value for label in labels if label.name == self.label), None)
        if self.over == "unlabelled":
            upon = active if erase else 0
        beneath = np.zeros(label_voxels[box].shape, np.bool_) if upon is None else label_voxels[box] == upon
        return beneath if allowed is None else allowed & beneath


def between(volume: Volume, scanned: NDArray, values: tuple[float, float]) -> NDArray[np.bool_]:
    """Which of some grey values of a volume lie between two, both included; never padding and NaN."""
    low, high = values
    if scanned.dtype.kind in "iu":  # compared as whole numbers, which is several times as fast
        limits = np.iinfo(scanned.dtype)
        low, high = math.ceil(max(low, limits.min)), math.floor(min(high, limits.max))
        if low > limits.max or high < limits.min:
            return np.zeros(scanned.shape, np.bool_)
    found = (scanned >= low) & (scanned <= high)
    return found & volume.measured(scanned) if volume.padding is not None else found


def drawn_over(
    volume: Volume,
    label_voxels: NDArray[np.uint8],
    box: Box,
    mask: NDArray[np.bool_],
    active: int,
    masking: Masking,
    labels: Sequence[Label],
    *,
    erase: bool = False,
) -> NDArray[np.uint8]:
    """The label voxels of a box after a tool has given those where mask is true to the active label, or to none, as far
    as masking lets it. mask has the box's shape; label_voxels[k, j, i] are only read."""
    allowed = masking.allowed(volume, label_voxels, box, labels, active, erase)
    if allowed is not None:
        mask = mask & allowed
    return np.where(mask, np.uint8(0 if erase else active), label_voxels[box])
