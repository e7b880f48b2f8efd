"""The benchmark of few labels: whose patients are held out, what is drawn, what the figures mean, and a whole run."""

import json
import math

import numpy as np
import pytest
import SimpleITK as sitk

from tests.training.test_job import balls
from training import benchmark, plan
from training.__main__ import main
from training.benchmark import ALL_LABELS, ARMS, Benchmark, drawn_slices, gap_closed
from training.dataset import DataError, read_dataset, split_cases
from training.networks import unet_spec


@pytest.fixture
def data(tmp_path):
    """Six patients with a volume each, wholly annotated."""
    for part in ("images", "labels"):
        (tmp_path / "balls" / part).mkdir(parents=True)
    for n in range(6):
        values, whole, _ = balls(n)
        for part, voxels in (("images", values), ("labels", whole)):
            sitk.WriteImage(sitk.GetImageFromArray(voxels), str(tmp_path / "balls" / part / f"case{n}.nii.gz"))
    return tmp_path / "balls"


def test_labelled_slices_are_drawn_from_as_many_patients_as_there_are(data):
    split = split_cases(read_dataset(data), 0)
    four = drawn_slices(split, 4, seed=3)
    six = drawn_slices(split, 6, seed=3)

    assert len(split.train) == 4
    assert [len(case.slices) for case in four.train] == [1, 1, 1, 1]
    assert sorted(len(case.slices) for case in six.train) == [1, 1, 2, 2]
    for before, after in zip(four.train, six.train, strict=True):
        assert set(before.slices) <= set(after.slices)
    assert drawn_slices(split, 4, seed=4).train != four.train
    drawn = {k for seed in range(40) for case in drawn_slices(split, 4, seed).train for _, k in case.slices}
    assert drawn == set(range(12)), "every slice can be drawn, those with nothing in them too"
    with pytest.raises(DataError, match="1000 labelled slices were asked for"):
        drawn_slices(split, 1000, seed=0)


def test_gap_closed_is_the_share_of_what_all_labels_gain():
    base = np.array([[0.4, 0.6], [0.5, 0.7]])
    full = base + 0.3
    share, low, high = gap_closed(base + 0.12, base, full)
    assert share == pytest.approx(0.4) and low == pytest.approx(0.4) and high == pytest.approx(0.4)
    assert gap_closed(base, base, full)[0] == pytest.approx(0)


def test_an_interval_counts_draws_and_patients():
    base, full = np.full((5, 40), 0.5), np.full((5, 40), 0.8)
    _, low, high = gap_closed(base + np.linspace(0, 0.18, 5)[:, None], base, full)
    _, narrow_low, narrow_high = gap_closed(base + np.linspace(0, 0.18, 40), base, full)

    assert high - low > 1.5 * (narrow_high - narrow_low)  # what all patients share does not average out over them


def test_without_a_gap_no_share_is_told():
    base = np.full((2, 3), 0.9)
    assert all(math.isnan(value) for value in gap_closed(base, base, base + 0.01))


def test_a_whole_run_measures_every_arm_and_goes_on_where_it_was_left(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(plan, "unet_spec", lambda context, classes: unet_spec(context, classes, (4, 8)))
    monkeypatch.setattr(benchmark, "ProcessPoolExecutor", Inline)
    out = tmp_path / "out"
    command = ["benchmark", "ssl", "--data", str(data), "--labelled", "4", "--seeds", "2", "--out", str(out)]
    assert main([*command, "--steps", "6"]) == 0

    report = json.loads((out / "report.json").read_text())
    assert list(report["arms"]) == list(ARMS)
    assert report["held_out_patients"] == 2 and report["labelled_slices"] == 4
    for figures in report["arms"].values():
        assert len(figures["dice_by_draw"]) == 2 and figures["hd95_mm"] > 0
    assert report["arms"][ALL_LABELS].keys().isdisjoint({"gap_closed_against_supervised"})
    table, said = (out / "table.md").read_text(), capsys.readouterr().out
    assert all(f"| {arm} |" in table for arm in ARMS) and table in said
    assert "each image is taken for a patient of its own" in said
    assert len((out / "patients.csv").read_text().splitlines()) == 1 + len(ARMS) * 2 * 2
    assert (out / "plot.png").read_bytes().startswith(b"\x89PNG")

    (out / "arms" / "semi-supervised-1-4-6-8-128.json").unlink()
    (data / "patients.csv").write_text("case,patient\n" + "".join(f"case{n},case{n}\n" for n in range(6)))
    assert main([*command, "--steps", "6"]) == 0
    said = capsys.readouterr().out
    assert "1 trainings of 6 steps to do, 9 are there" in said and "patient of its own" not in said
    assert json.loads((out / "report.json").read_text())["arms"]["semi-supervised"]["dice_by_draw"] == pytest.approx(
        report["arms"]["semi-supervised"]["dice_by_draw"]
    )


def test_patients_that_cannot_be_kept_apart_are_refused_in_a_sentence(data, tmp_path, capsys):
    (data / "patients.csv").write_text("case,patient\n" + "".join(f"case{n},{n % 2}\n" for n in range(6)))
    arguments = ["--data", str(data), "--labelled", "2", "--seeds", "1", "--out", str(tmp_path / "out")]
    assert main(["benchmark", "ssl", *arguments]) == 2
    assert "needs three or more annotated patients" in capsys.readouterr().err


def test_an_interrupted_benchmark_has_the_same_size_as_the_one_it_goes_on_with(tmp_path):
    one = Benchmark(tmp_path, 8, 1, tmp_path, steps=100)
    assert benchmark._file(tmp_path, one, ALL_LABELS, 0) != benchmark._file(
        tmp_path, Benchmark(tmp_path, 8, 1, tmp_path, steps=200), ALL_LABELS, 0
    )


class Inline:
    """Does what it is given at once, here: a process takes seconds to load torch."""

    def __init__(self, workers, mp_context) -> None:
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        pass

    def submit(self, work, *arguments):
        future = benchmark.Future()
        future.set_result(work(*arguments))
        return future
