"""What the session tells its listeners: one typed change, no widget, no signal library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from viewer.core.history import Act, Edit
from viewer.core.painting import Box


class What(Flag):
    """The parts of a session that a listener may have to show anew."""

    SERIES = auto()  # another series is open, or all of it has arrived: everything is new
    VIEW = auto()  # it is looked at anew, not as the one before it: zoom and layout start again
    VOXELS = auto()  # slices have arrived, or the moment on the screen is another one
    CURSOR = auto()
    PLANES = auto()  # they are turned, or planes of the grid again
    WINDOW = auto()
    FUSION = auto()  # what is laid over the series, or how that looks
    DISPLAY = auto()  # overlay opacity, visibility, overlay text
    TOOL = auto()  # tool, brush radius, active label
    LABELS = auto()  # voxels of the label map
    LABEL_TABLE = auto()
    PROPOSAL = auto()
    THRESHOLD = auto()  # what is seen of the proposal by another probability, before all of it is worked out
    CONFIRMED = auto()
    KEY_IMAGES = auto()  # which slices are marked as key images
    MEASUREMENTS = auto()  # what was measured, which one is selected, or whether they are shown
    FINDINGS = auto()  # the list of findings, or a person's answers to them


@dataclass(frozen=True)
class Change:
    """One change of the session. box bounds the label voxels touched; edit is set when one was made, or one was undone
    or redone, which act tells, and is what was done to the session and an autosave has to write."""

    what: What
    box: Box | None = None
    edit: Edit | None = None
    act: Act = "make"
