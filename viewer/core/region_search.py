"""A region that is still to be found for a label, perhaps on another thread, and how the label then gets it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from viewer.core.growing import Progress
from viewer.core.hand import RegionTool
from viewer.core.history import Made, relabelling
from viewer.core.labels import Label, sparing_locked
from viewer.core.masking import Masking, drawn_over
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.shaping import Mask
from viewer.core.volume import Volume

Region = tuple[Box, Mask]  # a box of voxels and a mask of its shape


@dataclass(frozen=True, eq=False)
class RegionSearch:
    """title names it in the history. find is told where to report progress and touches nothing; None is nothing. minus:
    the region is taken from the label instead of given to it. done is told whether that changed anything. It is for
    the label that is active now, whichever will be when the region is found."""

    title: str
    find: Callable[[Progress], Region | None]
    session: Session
    minus: bool = False
    done: Callable[[bool], None] = lambda changed: None
    value: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", self.session.active_label)

    def edit(
        self,
        found: Region,
        volume: Volume,
        label_voxels: NDArray[np.uint8],
        labels: Sequence[Label],
        masking: Masking,
    ) -> Made | None:
        """What Session.draw does with a region, as an edit that another thread may make: a large one takes a second.
        None if it changes nothing. label_voxels[k, j, i] are only read."""
        box, mask = found
        before = label_voxels[box]
        mask = mask & (before == self.value) if self.minus else mask
        drawn = drawn_over(volume, label_voxels, box, mask, self.value, masking, labels, erase=self.minus)
        return relabelling(self.title, box, before, sparing_locked(before, drawn, labels))


def region_title(tool: RegionTool, name: str, minus: bool) -> str:
    """What the history calls a region that a tool gave to the label of a name, or took away from it."""
    if minus:
        return f"Take away from {name}"
    if tool == "click":
        return f"Segment {name} by clicks"
    if tool in ("flood", "flood3d"):
        return f"Flood fill {name}"
    return f"Trace {name}" if tool == "level" else f"Outline {name}"


def draw_region(session: Session, title: str, found: Region, *, minus: bool = False) -> bool:
    """Give a region to the active label, or take it away from it, as one edit; other labels lose nothing to what is
    taken away. False if nothing changed."""
    if session.label_map is None or session.is_locked(session.active_label):
        return False
    box, mask = found
    if minus:
        mask = mask & (session.label_map.voxels[box] == session.active_label)
    return session.draw(title, box, mask, erase=minus)
