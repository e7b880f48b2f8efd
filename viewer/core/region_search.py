"""A region that is still to be found for a label, perhaps on another thread, and how the label then gets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from viewer.core.growing import Progress
from viewer.core.painting import Box
from viewer.core.session import Session
from viewer.core.shaping import Mask

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

    def draw(self, found: Region | None) -> bool:
        """Give what was found to the label, or take it away, as one edit. Other labels lose nothing to what is taken
        away. False if nothing changed."""
        session = self.session
        known = any(label.value == self.value for label in session.labels)
        if found is None or session.label_map is None or not known or session.is_locked(self.value):
            return False
        box, mask = found
        if self.minus:
            return session.draw(self.title, box, mask & (session.label_map.voxels[box] == self.value), erase=True)
        active, session.active_label = session.active_label, self.value
        try:
            return session.draw(self.title, box, mask)
        finally:
            session.active_label = active
