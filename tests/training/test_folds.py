"""Few patients: each network is measured on whom it has not seen, and their mean is the model, also when it goes on."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from torch import nn

from inference.manifest import load_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from inference.tasks import segment
from tests.training.test_job import balls, write
from training import arms, compare, job, plan
from training.dataset import DataError, Learnt, known_as, read_dataset
from training.export import load_network
from training.folds import known_after, parted, whole
from training.networks import Mean, unet_spec

STEPS = 6


def patients_in(split) -> set[str]:
    return {case.patient for case in split.train}


def held_out_of(split) -> set[str]:
    return {unit.name for unit in split.held_out}


def annotated(folder: Path, *names: str, more: tuple[str, ...] = ("more",)) -> Path:
    """A dataset folder with a wholly annotated volume of each of so many patients, and images without labels."""
    for name in (*names, *more):
        write(folder / "images", name, balls(sum(map(ord, name)))[0])
    for name in names:
        write(folder / "labels", name, balls(sum(map(ord, name)))[1])
    return folder


def asked(folder: Path, out: str, **more) -> job.Job:
    fields = {"schema_version": 1, "recipe": "segmentation-semi-supervised", "data": folder / "data",
              "out": folder / out, "steps": STEPS, "batch": 2}  # fmt: skip
    return job.checked_job(fields | more)


def nothing() -> None:
    """Neither pauses nor stops."""


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(plan, "unet_spec", lambda context, classes: unet_spec(context, classes, (4, 8)))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_of_three_to_five_patients_each_is_left_out_once(tmp_path):
    for count, folds in ((2, 1), (3, 3), (5, 5), (6, 1)):
        names = [f"p{n}" for n in range(count)]
        cases = read_dataset(annotated(tmp_path / str(count), *names))
        splits = parted(cases, 0)
        assert len(splits) == folds
        if folds > 1:
            assert sorted(name for split in splits for name in held_out_of(split)) == names
            for split in splits:
                assert len(split.held_out) == 1 and patients_in(split) == {*names, "more"} - held_out_of(split)
            assert {case.name for case in whole(splits).train} == {*names, "more"} and not whole(splits).held_out


def test_folds_that_are_asked_for_hold_out_about_as_much_each(tmp_path):
    cases = read_dataset(annotated(tmp_path, *(f"p{n}" for n in range(7))))

    splits = parted(cases, 0, count=3)

    assert sorted(len(split.held_out) for split in splits) == [2, 2, 3]
    assert len(set().union(*map(held_out_of, splits))) == 7
    assert [held_out_of(split) for split in parted(cases, 0, count=3)] == [held_out_of(split) for split in splits]
    assert len(parted(cases, 0, count=9)) == 7
    few = read_dataset(annotated(tmp_path / "one", "p0"))
    with pytest.raises(DataError, match="two or more annotated patients"):
        parted(few, 0, count=3)


def test_a_patient_whom_the_model_has_learnt_is_not_left_out_to_judge_it_by(tmp_path):
    cases = read_dataset(annotated(tmp_path, "p0", "p1", "p2", "p3"))
    learnt = Learnt(trained_on=frozenset({known_as("patient", "p1")}))

    assert "p1" not in held_out_of(parted(cases, 0, learnt)[0]) and len(parted(cases, 0, learnt)) == 1
    with pytest.raises(DataError, match="judge it by what it knows"):
        parted(cases, 0, learnt, count=4)


def test_folds_stay_and_new_patients_join_where_the_least_is_left_out(tmp_path):
    first = parted(read_dataset(annotated(tmp_path, "p0", "p1", "p2")), 0)
    learnt = known_after(Learnt(), first)
    assert learnt.trained_on >= {known_as("patient", f"p{n}") for n in range(3)} and not learnt.held_out

    later = parted(read_dataset(annotated(tmp_path, *(f"p{n}" for n in range(7)))), 0, learnt)

    for before, after in zip(first, later, strict=True):
        assert held_out_of(before) < held_out_of(after)
    assert sorted(len(split.held_out) for split in later) == [2, 2, 3]
    again = known_after(learnt, later)
    assert all(before < after for before, after in zip(learnt.folds, again.folds, strict=True))
    lost = Learnt(trained_on=learnt.trained_on, folds=learnt.folds[:2])  # the third training was stopped before
    stopped = parted(read_dataset(tmp_path), 0, lost)
    assert not any(held_out_of(first[2]) & held_out_of(split) for split in stopped), "every network has learnt him"


def test_a_mean_of_networks_says_what_they_say_on_average():
    torch.manual_seed(0)
    members = [nn.Conv2d(1, 3, 1) for _ in range(3)]
    images = torch.rand(2, 1, 4, 5)

    likely = Mean(members)(images).softmax(1)

    expected = (members[0](images).softmax(1) + members[1](images).softmax(1) + members[2](images).softmax(1)) / 3
    assert torch.allclose(likely, expected, atol=1e-6)


@pytest.fixture
def watched(monkeypatch):
    """The patients each network learns from, in turn, and those that each measuring is of."""
    learnt, measured = [], []

    class Sampler(job.SliceSampler):
        def __init__(self, cases, *rest) -> None:
            learnt.append({case.patient for case in cases})
            super().__init__(cases, *rest)

    def measure(model, units, see):
        measured.append((model.manifest.training["arm"], {unit.name for unit in units}))
        return real(model, units, see)

    real = compare.measure
    monkeypatch.setattr(job, "SliceSampler", Sampler)
    monkeypatch.setattr(compare, "measure", measure)
    return learnt, measured


def test_every_network_is_measured_on_whom_it_has_not_seen_and_the_mean_runs(tmp_path, watched):
    annotated(tmp_path / "data", "p0", "p1", "p2")
    events: list[dict] = []

    report = json.loads(job.train_and_compare(asked(tmp_path, "out"), events.append, nothing).read_text())

    learnt, measured = watched
    assert len(learnt) == 3
    for arm in ("semi-supervised", "supervised"):
        units = [names for name, names in measured if name == arm]
        assert [len(names) for names in units] == [1, 1, 1]
        for known, names in zip(learnt, units, strict=True):
            assert not known & names and known | names == {"p0", "p1", "p2", "more"}
        written = load_manifest(tmp_path / "out" / arm)
        assert written.network["kind"] == "mean" and written.network["members"] == 3
        assert written.training["networks"] == 3
        assert sorted(map(len, written.training["split"]["folds"])) == [1, 1, 1]
        assert "mean of 3 networks" in (tmp_path / "out" / arm / "card.md").read_text(encoding="utf-8")
        model = load_model(ModelRecord(written, tmp_path / "out" / arm, shipped=False, active=False))
        image = sitk.ReadImage(str(tmp_path / "data" / "images" / "more.nii.gz"))
        assert segment(image, model).label_image.GetSize() == image.GetSize()
    assert (report["unit"], report["verified"]) == ("patients", True)
    assert sorted(report["held_out"]) == ["p0", "p1", "p2"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "semi-supervised",
        "supervised",
        "cases",
        "report.json",
        "samples",
    }

    assert any("3 networks are trained" in event.get("text", "") for event in events)
    progress = [event for event in events if event["event"] == "progress" and event["arm"] == "supervised"]
    steps = [event["step"] for event in progress]
    assert steps == sorted(steps) and steps[-1] == 3 * STEPS and {event["steps"] for event in progress} == {3 * STEPS}
    left = [event["eta_s"] for event in progress]
    assert left[-1] == 0 and left[0] > max(left[-2:])


def test_a_mean_goes_on_as_its_networks_and_is_measured_by_them(tmp_path, watched):
    annotated(tmp_path / "data", "p0", "p1", "p2")
    first = json.loads(job.train_and_compare(asked(tmp_path, "first"), lambda event: None, nothing).read_text())
    annotated(tmp_path / "data", "p0", "p1", "p2", "p3")
    watched[0].clear(), watched[1].clear()

    parent = tmp_path / "first" / "supervised"
    path = job.train_and_compare(asked(tmp_path, "second", parent_model=parent), lambda event: None, nothing)

    second = json.loads(path.read_text())
    before, now = first["models"]["supervised"]["unit_dice"], second["models"]["current"]["unit_dice"]
    assert {name: now[name] for name in before} == pytest.approx(before), "the network that has not seen him, again"
    assert sorted(second["held_out"]) == ["p0", "p1", "p2", "p3"]
    learnt, measured = watched
    units = [names for name, names in measured if name == "semi-supervised"]
    assert all(not known & names for known, names in zip(learnt, units, strict=True))
    grown = load_manifest(tmp_path / "second" / "supervised")
    for old, new in zip(
        load_manifest(parent).training["split"]["folds"], grown.training["split"]["folds"], strict=True
    ):
        assert set(old) <= set(new)
    assert sum(map(len, grown.training["split"]["folds"])) == 4


def test_an_interrupted_training_of_folds_goes_on_to_the_same_weights(tmp_path, monkeypatch):
    annotated(tmp_path / "data", "p0", "p1", "p2")
    monkeypatch.setattr(arms, "_CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(arms, "_CHECKPOINT_SHARE", np.inf)
    monkeypatch.setattr(arms, "CHECKED_STEPS", 1)
    whole_run = asked(tmp_path, "whole")
    job.train_and_compare(whole_run, lambda event: None, nothing)
    calls = iter(range(1000))

    def fail() -> None:
        if next(calls) == STEPS + 3:  # in the second fold
            raise InterruptedError

    broken = asked(tmp_path, "broken")
    with pytest.raises(InterruptedError):
        job.train_and_compare(broken, lambda event: None, fail)
    events: list[dict] = []
    torch.manual_seed(99)
    job.train_and_compare(broken, events.append, nothing, go_on=True)

    first = min(event["step"] for event in events if event["event"] == "progress")
    assert first > STEPS, "what was done is not done again"
    for arm in ("semi-supervised", "supervised"):
        one, other = (load_network(out / arm, load_manifest(out / arm)) for out in (whole_run.out, broken.out))
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


@pytest.mark.parametrize(("after", "networks"), [(3, 1), (STEPS + 2, 2)])
def test_a_training_that_is_stopped_compares_the_networks_that_have_learnt(tmp_path, after, networks):
    annotated(tmp_path / "data", "p0", "p1", "p2")
    calls = iter(range(1000))

    def stop() -> None:
        if next(calls) >= after:
            raise arms.Stopped

    report = json.loads(job.train_and_compare(asked(tmp_path, "out"), lambda event: None, stop).read_text())

    written = load_manifest(tmp_path / "out" / "supervised")
    assert len(report["held_out"]) == networks == written.training["networks"]
    assert (written.network["kind"] == "mean") is (networks > 1)
    if networks == 1:
        assert len(written.training["split"]["held_out"]) == 1 and "folds" not in written.training["split"]


def test_command_line_trains_as_many_folds_as_are_asked_for(tmp_path, capsys):
    from training.__main__ import main

    annotated(tmp_path / "data", *(f"p{n}" for n in range(6)))
    out = tmp_path / "out"

    code = main(["train", "--data", str(tmp_path / "data"), "--recipe", "segmentation-supervised", "--out", str(out),
                 "--steps", "2", "--folds", "2"])  # fmt: skip

    assert code == 0 and "2 networks are trained" in capsys.readouterr().out
    assert load_manifest(out / "supervised").network["members"] == 2
    assert len(json.loads((out / "report.json").read_text())["held_out"]) == 6
