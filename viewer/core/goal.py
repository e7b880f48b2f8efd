"""What a person wants trained."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from viewer.core.study import Series

_DEEPEST = 2  # folders of a patient in it, as in BIDS: sub-01/anat

Task = Literal["segmentation", "classification", "detection"]


@dataclass(frozen=True)
class Goal:
    """A model to go on from, or, where model is "", one that starts from nothing and is called title.

    labels are what it learns, by name: of a segmentation in the order of their values, of a classification the
    findings. Those of a model to go on from are its own. left_out are the uids of series that it does not learn from;
    unlabelled says whether it learns also from scans that nobody has annotated. Files that are not DICOM do not tell
    what kind of scan they are: of these, only those in the folder of_one_kind, of which a person said that all scans in
    it show the same.
    """

    task: Task
    model: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    unlabelled: bool = True
    of_one_kind: Path | None = None


def common_folder(series: Iterable[Series]) -> Path | None:
    """The folder that holds all files of those series that do not tell what kind of scan they are, or the folders of
    these; None where there is none, or where they lie further apart."""
    folders = {one.files[0].parent for one in series if not one.modality}
    if not folders or len({folder.anchor for folder in folders}) > 1:
        return None
    common = Path(os.path.commonpath(folders))
    near = all(len(folder.parts) - len(common.parts) <= _DEEPEST for folder in folders)
    return common if near and common != Path(common.anchor) else None
