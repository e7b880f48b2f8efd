"""How well two outlines of the same structure agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from viewer.core.painting import Box


def dice(shared: int, first: int, second: int) -> float | None:
    """Dice's coefficient of two structures of some voxels, of which they share some: 0 apart, 1 the same; None of two
    that are empty, which agree in nothing that could be counted."""
    return 2 * shared / (first + second) if first + second else None


def dice_within(
    labels: NDArray[np.uint8], value: int, count: int, box: Box, reference: NDArray[np.bool_]
) -> float | None:
    """That of a label of labels[k, j, i], which has count voxels, and a mask that is nowhere but in a box of them."""
    shared = np.count_nonzero((labels[box] == value) & reference)
    return dice(int(shared), count, int(np.count_nonzero(reference)))
