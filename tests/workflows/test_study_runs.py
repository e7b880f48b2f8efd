"""A model on many series: overlaps worked out by hand, what is there is not run again, and nothing tells a patient."""

import csv
import itertools
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from inference.models import ModelRecord
from inference.results import Run, Segmentation
from tests.models import write_threshold_model
from viewer import study_runs
from viewer.__main__ import main
from viewer.core.geometry import Geometry
from viewer.core.overlap import dice
from viewer.core.study import SeriesError
from viewer.io import files
from viewer.io.files import write_image
from viewer.io.reader import Reader
from viewer.study_runs import Options, StudyRuns, name_of

GRID = Geometry((12, 10, 8), (1.0, 1.5, 2.0), np.array([5.0, -7.0, 40.0]), np.diag([1.0, -1.0, 1.0]))
BRIGHT = (slice(2, 6), slice(3, 7), slice(2, 8))  # k, j, i: 96 voxels


class Echo:
    """Stands for the process of a model: label 1 where the image is over 500."""

    def __init__(self):
        self.runs = 0

    def segment(self, record, image, *, progress):
        progress(0.5, "Running")
        self.runs += 1
        voxels = sitk.GetArrayViewFromImage(image)  # no filter of ITK: its threads do not live on in a forked process
        if voxels.max() > 5000:
            raise ValueError("unforeseen")
        labels = sitk.GetImageFromArray((voxels > 500).astype(np.uint8))
        labels.CopyInformation(image)
        return Segmentation(labels, {}, Run("threshold", "1.0.0", "ab" * 32, "CPU", 1.5))


def image(bright=BRIGHT, peak=900, grid=GRID):
    voxels = np.random.default_rng(3).integers(0, 60, grid.shape).astype(np.int16)
    voxels[bright] += peak
    return voxels


@pytest.fixture
def model(tmp_path):
    described = write_threshold_model(tmp_path / "model")
    return ModelRecord(described, tmp_path / "model", shipped=False, active=True)


@pytest.fixture
def scans(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("Doe", "Roe", "Poe"):
        write_image(image(), GRID, folder / f"{name}.nii.gz")
    return folder


@pytest.fixture
def run(model, scans, tmp_path):
    def act(worker=None, references=None, folder="out", **options):
        reader = Reader(processes=0)
        found = sorted(files.scan([scans]).series, key=lambda one: one.files[0].name)
        runs = StudyRuns(model, tmp_path / folder, reader, worker or Echo(), references, Options(**options))
        return found, runs.run(found)

    return act


def reference(folder: Path, name: str, mask, grid=GRID, value=1):
    folder.mkdir(exist_ok=True)
    labels = np.zeros(grid.shape, np.uint8)
    labels[mask] = value
    write_image(labels, grid, folder / f"{name}.nii.gz")


def rows(tmp_path):
    with (tmp_path / "out" / "results.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_command_line_runs_a_folder_and_its_status_tells_whether_all_ran(
    scans, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("viewer.workflows.user_folder", lambda: tmp_path / "user")
    write_threshold_model(tmp_path / "user" / "models" / "threshold" / "1.0.0")
    for name in ("Poe", "Roe"):
        (scans / f"{name}.nii.gz").unlink()
    reference(tmp_path / "refs", "Doe", BRIGHT)
    argv = ["segment", str(scans), str(scans / "out"), "--model", "threshold"]
    assert main([*argv, "--references", str(tmp_path / "refs")]) == 0
    assert "mean Dice" in capsys.readouterr().out
    write_image(image() - 1000, GRID, scans / "CT.nii.gz")  # down to air: no MR
    assert main(argv) == 1  # and its own results, which are in the folder, are no series
    told = capsys.readouterr().out
    assert "1 done, 1 refused" in told and "Doe" not in told
    assert main(["segment", str(scans), str(scans), "--model", "threshold"]) == 2
    assert "another folder than IN" in capsys.readouterr().err


def test_dice_of_what_is_apart_the_same_half_and_empty():
    assert [dice(0, 5, 7), dice(6, 6, 6), dice(3, 6, 6), dice(0, 0, 4), dice(0, 0, 0)] == [0, 1, 0.5, 0, None]


def test_overlaps_are_those_worked_out_by_hand(run, tmp_path):
    refs = tmp_path / "refs"
    reference(refs, "Doe", BRIGHT)
    reference(refs, "Poe", (slice(0, 2), slice(0, 2), slice(0, 2)))  # elsewhere
    reference(refs, "Roe", (slice(2, 6), slice(3, 7), slice(5, 10)))  # 80 voxels, of which 48 are the same
    _, records = run(references=refs)
    found = [record.labels[0] for record in records]
    assert [label.dice for label in found] == [1.0, 0.0, 2 * 48 / (96 + 80)]
    assert [label.reference_voxels for label in found] == [96, 8, 80]
    assert [label.voxels for label in found] == [96] * 3 and found[0].volume_ml == pytest.approx(96 * 3 / 1000)
    assert [float(row["dice"]) for row in rows(tmp_path)] == [label.dice for label in found]


def test_a_reference_on_other_voxels_is_refused_and_never_resampled(run, tmp_path):
    refs = tmp_path / "refs"
    moved = replace(GRID, origin=GRID.origin + np.array([1.0, 0, 0]))  # by one voxel: each lies on one
    reference(refs, "Doe", BRIGHT, moved)
    reference(refs, "Poe", BRIGHT, replace(GRID, spacing=(1.0, 1.5, 2.02)))
    reference(refs, "Roe", BRIGHT, value=3)  # of no label of the model
    _, records = run(references=refs)
    assert all(record.labels[0].dice is None for record in records)
    assert "another grid (12 × 10 × 8 voxels" in records[0].reference_error
    assert "another grid" in records[1].reference_error and "no label of the model" in records[2].reference_error
    assert "Doe" not in records[0].reference_error


def test_names_alone_say_what_the_labels_of_a_reference_are(run, tmp_path):
    refs = tmp_path / "refs"
    reference(refs, "Doe", BRIGHT, value=7)
    table = {"label_map": "Doe.nii.gz", "labels": [{"value": 7, "name": "bright"}]}
    (refs / "Doe.labels.json").write_text(json.dumps(table))
    reference(refs, "Roe", BRIGHT)  # the value of the model's label, but of another name
    (refs / "Roe.labels.json").write_text(
        json.dumps({"label_map": "Roe.nii.gz", "labels": [{"value": 1, "name": "x"}]})
    )
    _, records = run(references=refs)
    assert [record.labels[0].dice for record in records] == [1.0, None, None]
    assert records[1].reference_error.startswith("No reference") and "its own are x" in records[2].reference_error


def test_label_maps_lie_where_the_series_does_and_one_that_fails_stops_no_other(run, scans, tmp_path):
    write_image(image(peak=9000), GRID, scans / "Moe.nii.gz")
    write_image(
        image(grid=replace(GRID, size=(12, 10, 1)), bright=(slice(0, 1),)),
        replace(GRID, size=(12, 10, 1)),
        scans / "Noe.nii.gz",
    )
    found, records = run()
    assert [record.state for record in records] == ["done", "failed", "refused", "done", "done"]
    assert records[1].error == "ValueError: unforeseen" and "single picture" in records[2].error
    written = sitk.ReadImage(str(tmp_path / "out" / f"{name_of(found[0])}.nii.gz"))
    scan = sitk.ReadImage(str(scans / "Doe.nii.gz"))
    assert written.GetSpacing() == scan.GetSpacing() and written.GetOrigin() == scan.GetOrigin()
    assert written.GetDirection() == scan.GetDirection()
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(written), sitk.GetArrayViewFromImage(scan) > 500)


def test_what_is_there_is_not_run_again_and_what_is_damaged_or_changed_is(run, scans, tmp_path):
    found, _ = run()
    names = [tmp_path / "out" / name_of(one) for one in found]
    times = [name.with_name(f"{name.name}.nii.gz").stat().st_mtime_ns for name in names]
    run(again_worker := Echo())
    assert again_worker.runs == 0
    assert times == [name.with_name(f"{name.name}.nii.gz").stat().st_mtime_ns for name in names]

    cut = names[0].with_name(f"{names[0].name}.nii.gz")
    cut.write_bytes(cut.read_bytes()[:-9])  # a label map that was written half
    record = names[1].with_suffix(".json")
    record.write_text(record.read_text()[:200])  # a record that was
    write_image(image((slice(2, 4),) * 3), GRID, scans / "Roe.nii.gz", overwrite=True)  # a scan that was changed
    (tmp_path / "out" / f".unfinished-abc-{names[0].name}.nii.gz").write_bytes(b"half")
    _, records = run(worker := Echo())
    assert worker.runs == 3 and [record.labels[0].voxels for record in records] == [96, 96, 8]
    assert not list((tmp_path / "out").glob(".unfinished*"))
    run(worker := Echo(), again=True)
    assert worker.runs == 3


def test_a_changed_reference_is_compared_anew_without_a_run(run, tmp_path):
    run()
    reference(tmp_path / "refs", "Doe", BRIGHT)
    _, records = run(worker := Echo(), references=tmp_path / "refs")
    assert worker.runs == 0 and records[0].labels[0].dice == 1.0


def test_results_of_two_models_do_not_meet_in_a_folder(run, model, tmp_path):
    run()
    other = replace(model, manifest=model.manifest.model_copy(update={"version": "2.0.0"}))
    with pytest.raises(SeriesError, match=r"holds results of threshold 1\.0\.0"):
        StudyRuns(other, tmp_path / "out", Reader(processes=0), Echo()).run([])
    with study_runs._held(tmp_path / "out"), pytest.raises(SeriesError, match="another run is writing"):
        run()


def test_the_table_tells_no_patient_and_no_cell_is_worked_out(run, scans, model, tmp_path):
    labels = [model.manifest.labels[0].model_copy(update={"name": '=HYPERLINK("x")'})]
    object.__setattr__(model, "manifest", model.manifest.model_copy(update={"labels": labels}))
    (scans / "Doe.nii.gz").write_bytes((scans / "Doe.nii.gz").read_bytes()[:300])
    run()
    everything = [path.read_text(encoding="utf-8-sig") for path in (tmp_path / "out").glob("*.[cj]s*")]
    assert len(everything) > 3 and not any(name in text for text in everything for name in ("Doe", "Roe", "Poe"))
    cells = [cell for row in rows(tmp_path) for cell in row.values()]
    assert '\'=HYPERLINK("x")' in cells and not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert (tmp_path / "out" / "results.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    run(sources=True)
    assert {row["source"] for row in rows(tmp_path)} >= {"Roe.nii.gz", "Poe.nii.gz"}


def _die_at(number: int) -> None:
    """End this process where a file is written to the disk, before it has its name, or a folder, after that."""
    calls, sync = itertools.count(1), os.fsync
    os.fsync = lambda file: os._exit(9) if next(calls) == number else sync(file)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes to be killed")
def test_a_run_that_is_killed_at_any_moment_goes_on_where_it_was(run, scans, tmp_path):
    """Killed before and after each file gets its name, with what the next run finds whole, or not at all."""
    (scans / "Poe.nii.gz").unlink()
    at, ended, kept = -2, False, []
    while not ended:
        at += 3  # a file and a folder by turns
        child = os.fork()
        if child == 0:
            _die_at(at)
            try:
                run(folder=str(at))
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in (0, 9)
        ended = os.waitstatus_to_exitcode(status) == 0
        found, records = run(worker := Echo(), folder=str(at))
        kept.append(2 - worker.runs)
        assert [record.labels[0].voxels for record in records] == [96, 96]
        there = {path.name for path in (tmp_path / str(at)).iterdir() if not path.name.startswith(".slicewise")}
        of_each = {f"{name_of(one)}.{suffix}" for one in found for suffix in ("nii.gz", "labels.json", "json")}
        assert there == of_each | {"results.csv", "results.json"}
    assert kept[0] == 0 and kept[-1] == 2 and sorted(kept) == kept and at > 10
