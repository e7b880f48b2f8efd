"""A study of settings: on patients to train on alone, taken only for a sure gain, going on after its process ended."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.manifest import load_manifest
from tests.training.test_folds import annotated, asked, nothing
from training import job, plan, tuning
from training.augment import paste_masks
from training.dataset import DataError, read_dataset, split_cases
from training.networks import build_network, unet_spec
from training.plan import plan_model
from training.semi_supervised import USUAL, Recipe
from training.tuning import Tuned, tune

PATIENTS = tuple(f"patient-{n}" for n in range(6))


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(plan, "unet_spec", lambda context, classes: unet_spec(context, classes, (4, 8)))
    monkeypatch.setattr(tuning, "_LEAST_STEPS", 2)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def studied(folder, trials: int, tell=lambda event: None, check=nothing, patients=PATIENTS) -> Tuned:
    split = split_cases(read_dataset(annotated(folder / "data", *patients)), 0)
    manifest = plan_model(split, "balls")
    torch.manual_seed(0)
    network = build_network(manifest.network)
    return tune(
        split, network, manifest, trials=trials, steps=8, batch=2, learning_rate=2e-3, unlabelled=True, seed=0,
        device="cpu", file=folder / "study.journal", tell=tell, check=check,
    )  # fmt: skip


def test_patients_that_are_held_out_take_no_part(tmp_path, monkeypatch):
    read = []
    real = tuning.to_grid
    monkeypatch.setattr(tuning, "to_grid", lambda case, *rest: read.append(case.patient) or real(case, *rest))
    events: list[dict] = []

    found = studied(tmp_path, 3, events.append)

    split = split_cases(read_dataset(tmp_path / "data"), 0)
    held_out = {unit.name for unit in split.held_out}
    assert len(held_out) == 2 and set(read) == {case.patient for case in split.train}
    assert not held_out & set(read)
    assert [(event["trial"], event["trials"]) for event in events] == [(1, 3), (2, 3), (3, 3)]
    assert events[0]["knobs"] == vars(USUAL) and events[1]["knobs"] != vars(USUAL)
    assert all(0 <= event["dice"] <= 1 and event["best"] >= events[0]["dice"] for event in events)
    assert events[-1]["eta_s"] == 0 < events[0]["eta_s"]
    assert found.figures["patients"] == 4 and found.figures["trials"] == 3
    written = (tmp_path / "study.journal").read_text()
    assert "dice" in written and not any(name in written for name in PATIENTS)


def test_a_study_goes_on_where_its_process_was_ended(tmp_path, monkeypatch):
    tried = []
    real = tuning._tried
    monkeypatch.setattr(tuning, "_tried", lambda *rest: tried.append(rest[5]) or real(*rest))
    calls = iter(range(1000))

    def fail() -> None:
        if next(calls) == 9:  # in the second trial, of 3 folds of 2 steps each
            raise InterruptedError

    with pytest.raises(InterruptedError):
        studied(tmp_path, 3, check=fail)
    before = len(tried)
    events: list[dict] = []
    broken = studied(tmp_path, 3, events.append)

    assert [event["trial"] for event in events] == [2, 3], "the first is not done again, the second is"
    assert USUAL not in tried[before:]
    assert broken == studied(tmp_path / "whole", 3), "and it finds what it would have found"
    count = len(tried)
    assert studied(tmp_path, 3) == broken and len(tried) == count, "one that is over only says what it found"


def fake_trial(number: int, dice: list[float], **params: float) -> SimpleNamespace:
    return SimpleNamespace(number=number, value=float(np.mean(dice)), params=params, user_attrs={"dice": dice})


@pytest.mark.parametrize(
    ("dice", "taken"),
    [([0.6, 0.65, 0.7, 0.8], True), ([0.9, 0.5, 0.9, 0.6], False)],
    ids=["everybody gains", "as many gain as lose"],
)
def test_other_settings_are_taken_only_for_a_gain_that_is_not_chance(dice, taken):
    usual = fake_trial(0, [0.5, 0.6, 0.65, 0.7], rate=1.0)
    best = fake_trial(3, dice, rate=2.0, looks=0.1, pasted=0.3, unlabelled_weight=0.2, confidence=0.9)

    found = tuning._chosen(SimpleNamespace(trials=[usual, best], best_trial=best), 4, True)

    assert found.figures["taken"] is taken
    assert found.recipe == (Recipe(2.0, 0.2, 0.9, 0.1, 0.3) if taken else USUAL)
    low, high = found.figures["gain_interval"]
    assert low <= found.figures["gain"] <= high and (low > 0) is taken


def test_usual_settings_that_are_the_best_stay(tmp_path):
    usual = fake_trial(0, [0.9, 0.9], rate=1.0)
    found = tuning._chosen(SimpleNamespace(trials=[usual], best_trial=usual), 1, True)
    assert found.recipe == USUAL and not found.figures["taken"]


def test_a_training_goes_by_what_the_study_found_and_says_so(tmp_path, monkeypatch):
    annotated(tmp_path / "data", *PATIENTS)
    shares, rates = set(), set()
    monkeypatch.setattr("training.semi_supervised.paste_masks", lambda *rest: shares.add(rest[3]) or paste_masks(*rest))
    settings = job.train_arms.__globals__["LoopSettings"]
    monkeypatch.setattr(
        "training.arms.LoopSettings", lambda steps, rate, **more: rates.add(rate) or settings(steps, rate, **more)
    )
    events: list[dict] = []

    job.train_and_compare(asked(tmp_path, "usual"), lambda event: None, nothing)
    assert (shares, rates) == ({0.5}, {job.FROM_SCRATCH_RATE})
    shares.clear(), rates.clear()
    figures = {"trials": 2, "patients": 4, "dice_of_usual": 0.5, "dice_of_best": 0.6, "gain": 0.1,
               "gain_interval": [0.05, 0.15], "taken": True, "recipe": {}}  # fmt: skip
    monkeypatch.setattr(job, "tune", lambda *rest, **more: Tuned(Recipe(rate=0.5, pasted=0.1), figures))
    path = job.train_and_compare(asked(tmp_path, "tuned", trials=2), events.append, nothing)

    assert (shares, rates) == ({0.1}, {0.5 * job.FROM_SCRATCH_RATE})
    written = load_manifest(path.parent / "supervised")
    assert written.training["tuning"]["taken"] is True
    assert "2 settings were tried on 4 of the patients" in (path.parent / "supervised" / "card.md").read_text()
    assert any(
        "2 settings were tried: the best, with a Dice of 0.600 to the usual 0.500, are taken." in event.get("text", "")
        for event in events
    )


def test_a_whole_training_with_a_study_leaves_no_trace_of_it_but_in_the_manifest(tmp_path):
    annotated(tmp_path / "data", *PATIENTS)
    events: list[dict] = []

    path = job.train_and_compare(asked(tmp_path, "out", trials=2), events.append, nothing)

    assert [event["trial"] for event in events if event["event"] == "trial"] == [1, 2]
    found = json.loads((path.parent / "semi-supervised" / "manifest.json").read_text())["training"]["tuning"]
    assert found["trials"] == 2 and set(found["recipe"]) == set(vars(USUAL))
    assert not (path.parent / "checkpoints").exists()


def test_who_has_too_few_patients_for_a_study_is_told(tmp_path):
    with pytest.raises(DataError, match="three annotated patients or more beside those that are held out"):
        studied(tmp_path / "two", 2, patients=PATIENTS[:2])
    annotated(tmp_path / "four" / "data", *PATIENTS[:4])
    events: list[dict] = []
    path = job.train_and_compare(asked(tmp_path / "four", "out", trials=2), events.append, nothing)
    told = "The training goes by the usual settings: every patient is one to measure by."
    assert told in [event.get("text") for event in events]
    assert "tuning" not in load_manifest(path.parent / "supervised").training


def test_without_optuna_a_study_is_refused_in_a_sentence(tmp_path, monkeypatch):
    annotated(tmp_path / "data", *PATIENTS)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(job.JobError, match="by Optuna, which is not installed"):
        job.train_and_compare(asked(tmp_path, "out", trials=2), lambda event: None, nothing)


@pytest.mark.parametrize("more", [{"folds": 3}, {"trials": 2}])
@pytest.mark.parametrize("recipe", ["classification-supervised", "detection-supervised"])
def test_classifiers_and_detectors_have_neither_folds_nor_studies(tmp_path, recipe, more):
    with pytest.raises(job.JobError, match="is not trained in folds, nor are settings tried"):
        job.train_and_compare(asked(tmp_path, "out", recipe=recipe, **more), lambda event: None, nothing)
