"""What a person wants trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Task = Literal["segmentation", "classification", "detection"]


@dataclass(frozen=True)
class Goal:
    """A model to go on from, or, where model is "", one that starts from nothing and is called title.

    labels are what it learns, by name: of a segmentation in the order of their values, of a classification the
    findings. Those of a model to go on from are its own. left_out are the uids of series that it does not learn from;
    unlabelled says whether it learns also from scans that nobody has annotated.
    """

    task: Task
    model: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    unlabelled: bool = True
