"""Labels saved by another process: the same file, no leftovers after a cancel, one sentence if it ends."""

from __future__ import annotations

import shutil
import sys

import numpy as np
import pytest
from pydicom import dcmread

from tests.labelled_series import labelled, source_series
from viewer.core.study import SeriesError
from viewer.io.label_process import save_in_process


@pytest.fixture
def labels(tmp_path):
    return labelled(source_series("upright", tmp_path / "scan"))


def test_the_other_process_saves_the_same_and_says_how_far_it_is(labels, tmp_path):
    shares: list[float] = []
    saved = save_in_process(labels, tmp_path / "seg.dcm", "seg", report=lambda fraction, text: shares.append(fraction))
    assert (saved.path, saved.labels) == (tmp_path / "seg.dcm", 3)
    assert saved.voxels == int(np.count_nonzero(labels.voxels))
    assert shares == sorted(shares) and shares[-1] > 0.5
    assert dcmread(saved.path).Modality == "SEG"


def test_what_it_refuses_is_the_same_sentence(labels, tmp_path):
    (tmp_path / "seg.dcm").write_text("mine")
    with pytest.raises(SeriesError, match="exists already; choose another name"):
        save_in_process(labels, tmp_path / "seg.dcm", "seg")
    assert (tmp_path / "seg.dcm").read_text() == "mine"


def test_a_cancel_ends_it_and_leaves_nothing(labels, tmp_path):
    class Cancelled(Exception):
        pass

    def cancel(fraction: float, text: str) -> None:
        if fraction > 0.3:
            raise Cancelled

    (tmp_path / "out").mkdir()
    with pytest.raises(Cancelled):
        save_in_process(labels, tmp_path / "out" / "seg.dcm", "seg", report=cancel)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name != "seg.dcm"] == []


def test_a_process_that_ends_is_one_sentence(labels, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(SeriesError, match=r"seg.dcm was not saved: the process that writes it ended"):
        save_in_process(labels, tmp_path / "seg.dcm", "seg")
