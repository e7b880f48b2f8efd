"""A model on many series from the window: what is skipped says so, a result opens as a proposal and as nothing more."""

import csv

import numpy as np
import pytest

from tests.gui.conftest import head
from viewer.gui import many_runs
from viewer.io.files import write_image

NAME = "AI/Run on many series…"
_SECONDS = 3  # its column; a tiny model may take 0.0


@pytest.fixture
def dialog(opened, scan_folder, oblique_phantom, tmp_path, qtbot):
    """The window's dialog with a head, the same dimmer, and a CT offered from their folder."""
    write_image((head().voxels // 2).astype(np.int16), head().geometry, scan_folder / "dim.nii.gz")
    write_image(oblique_phantom.voxels, oblique_phantom.geometry, scan_folder / "ct.nii.gz")  # down to air
    opened.commands.named[NAME].trigger()
    dialog = opened.many_runs.dialog
    qtbot.waitUntil(lambda: dialog.ticked != [])  # the study that is open
    assert len(dialog.ticked) == 1 and not dialog.run.isEnabled() and "folder" in dialog.run.toolTip()
    dialog.take_folder(scan_folder)
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 3, timeout=10_000)
    dialog.folder.setText(str(tmp_path / "results"))
    return dialog


def run(dialog, qtbot):
    dialog.run.click()
    assert dialog.cancel.isVisible() and not dialog.folder.isEnabled()
    qtbot.waitUntil(lambda: not dialog.running, timeout=30_000)


def cells(dialog, name):
    rows = {dialog.table.item(n, 0).text(): n for n in range(dialog.table.rowCount())}
    return [dialog.table.item(rows[name], n).text() for n in range(dialog.table.columnCount())]


def test_results_fill_the_table_and_open_as_proposals(dialog, opened, qtbot, tmp_path, monkeypatch):
    dialog.all.click()
    assert dialog.ticked == [] and not dialog.run.isEnabled()
    dialog.all.click()
    dialog.run.click()
    dialog.cancel.click()
    qtbot.waitUntil(lambda: not dialog.running, timeout=10_000)
    assert dialog.run.isVisible() and not list((tmp_path / "results").glob(".unfinished*"))

    run(dialog, qtbot)
    assert cells(dialog, "ct.nii.gz")[2].startswith("✕ Skipped") and "those of a CT" in cells(dialog, "ct.nii.gz")[5]
    assert cells(dialog, "dim.nii.gz")[2].startswith("▲")
    assert float(cells(dialog, "dim.nii.gz")[_SECONDS]) < 30 and not cells(dialog, "ct.nii.gz")[_SECONDS]
    maps = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").glob("*.nii.gz")}
    assert len(maps) == 2

    row = next(n for n in range(3) if dialog.table.item(n, 0).text() == "dim.nii.gz")
    dialog.table.itemDoubleClicked.emit(dialog.table.item(row, 2))
    qtbot.waitUntil(lambda: opened.session.proposal is not None, timeout=20_000)
    session = opened.session
    assert session.series.description == "dim.nii.gz" and not session.label_map.voxels.any()
    assert session.proposal.source == "tiny 1.0.0" and session.proposal.origin.sha256

    monkeypatch.setattr(many_runs, "ask_where", lambda *_: (tmp_path / "table.csv", ""))
    dialog.export.click()
    qtbot.waitUntil((tmp_path / "table.csv").exists)
    with (tmp_path / "table.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert {line["state"] for line in csv.DictReader(stream)} == {"done", "refused"}

    run(dialog, qtbot)  # into the same folder: nothing is left to be done
    assert maps == {path: path.stat().st_mtime_ns for path in (tmp_path / "results").glob("*.nii.gz")}
    assert cells(dialog, "dim.nii.gz")[2].startswith("▲")


def test_columns_are_sorted_by_their_numbers():
    second, tenth, none = (many_runs._cell(text, number) for text, number in (("2.0", 2.0), ("10.0", 10.0), ("", None)))
    assert second < tenth and none < second and not tenth < none
