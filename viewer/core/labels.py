"""The label table: what each value of a label map means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from viewer.core.geometry import Geometry

MAX_LABELS = 254  # 255 is kept for "not annotated" in training data


@dataclass(frozen=True)
class Label:
    """One class of a label map. colour is sRGB 0..255; code is (value, scheme, meaning), DICOM's coded concept;
    surface_opacity in [0, 1] is that of its surface in 3-D, opacity that of its overlay on slices, relative to what all
    labels have; the voxels of a locked label no tool and no model changes,
    and none become its own."""

    value: int
    name: str
    colour: tuple[int, int, int]
    code: tuple[str, str, str] | None = None
    visible: bool = True
    surface_opacity: float = 1.0
    locked: bool = False
    opacity: float = 1.0


DEFAULT_LABELS: tuple[Label, ...] = (
    Label(1, "Region 1", (226, 122, 63)),
    Label(2, "Region 2", (69, 178, 157)),
    Label(3, "Region 3", (239, 201, 76)),
)

# The eight colours of Okabe and Ito (https://jfly.uni-koeln.de/color/, 2008), which people with any colour vision can
# tell apart. Their black, which is no colour on a picture that is black itself, is a light grey here.
OKABE_ITO: tuple[tuple[int, int, int], ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (200, 200, 200),
)


def with_default_colours(labels: Sequence[Label], safe: bool) -> tuple[Label, ...]:
    """Labels with the default ones in the usual colours or in those of Okabe and Ito; those of models and those that
    a person has given another name or colour stay as they are."""
    usual = {(label.value, label.name): (label.colour, OKABE_ITO[n]) for n, label in enumerate(DEFAULT_LABELS)}

    def colour(label: Label) -> tuple[int, int, int]:
        pair = usual.get((label.value, label.name), ())
        return pair[safe] if label.colour in pair else label.colour

    return tuple(replace(label, colour=colour(label)) for label in labels)


def sparing_locked(before: NDArray[np.uint8], after: NDArray[np.uint8], labels: Sequence[Label]) -> NDArray[np.uint8]:
    """Label voxels that change from before to after, but not where either is a locked label's."""
    locked = [label.value for label in labels if label.locked]
    if not locked:
        return after
    spared = np.zeros(before.shape, dtype=bool)
    for value in locked:  # a table would be looked up by numpy without letting other threads run
        spared |= before == value
        spared |= after == value
    return np.where(spared, before, after)


def free_value(labels: Sequence[Label]) -> int:
    """The lowest value that a new label can have. Raises ValueError if the table is full."""
    return _lowest_free({label.value: label for label in labels})


def merge_labels(current: Sequence[Label], incoming: Sequence[Label]) -> tuple[tuple[Label, ...], dict[int, int]]:
    """A table holding both, and the value that each incoming value has in it.

    Labels of equal name are the same label; a new name keeps its value if that is free, else it gets the
    lowest free one. Raises ValueError if more than 254 labels would be needed.
    """
    merged = {label.value: label for label in current}
    by_name = {label.name: label.value for label in current}
    value_of: dict[int, int] = {}
    for label in incoming:
        value = by_name.get(label.name)
        if value is None:
            value = label.value if label.value not in merged else _lowest_free(merged)
            merged[value] = Label(value, label.name, label.colour, label.code)
            by_name[label.name] = value
        value_of[label.value] = value
    return tuple(merged[value] for value in sorted(merged)), value_of


def voxel_counts(label_voxels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How many voxels of [k, j, i] each value has, (256,)."""
    counts = np.zeros(256, dtype=np.int64)
    for one_slice in label_voxels:  # piece by piece: numpy counts without letting other threads run
        counts += np.bincount(one_slice.ravel(), minlength=256)
    return counts


def volumes_ml(label_voxels: NDArray[np.uint8], geometry: Geometry, labels: Sequence[Label]) -> dict[str, float]:
    """Volume in millilitres of each label of the table, 0.0 where it is absent."""
    counts = voxel_counts(label_voxels)
    return {label.name: float(counts[label.value]) * geometry.voxel_volume_ml for label in labels}


def _lowest_free(taken: dict[int, Label]) -> int:
    for value in range(1, MAX_LABELS + 1):
        if value not in taken:
            return value
    raise ValueError(f"a label map holds at most {MAX_LABELS} labels")
