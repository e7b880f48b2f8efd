"""A study of other settings than the usual ones, by Optuna, on folds of the patients to train on.

Those whom the result is measured on take no part in it. Its first trial are the usual settings, and others take their
place only where they are better by more than chance gives on the same patients: a study can tell that nothing is to be
won. It is a file in the training's folder, from which a process that was ended goes on.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from inference.manifest import ModelManifest
from training.arms import Check, Tell
from training.calibration import logits_by_slice
from training.compare import held_out_cases
from training.dataset import DataError, GridCase, SliceSampler, Split, to_grid
from training.evaluate import bootstrap_interval, mean_defined
from training.folds import LEAST, parted
from training.gate import Scores, overlaps, unit_dice
from training.loops import Diverged, LoopSettings, training_steps
from training.losses import IGNORE
from training.networks import TellingPlaces
from training.semi_supervised import USUAL, Recipe, semi_supervised_loss, supervised_loss

_FOLDS = 3
_SHARE = 0.25  # of the steps of the training to come, in each fold of a trial
_LEAST_STEPS = 40
_MOST_SLICES = 24  # of a patient, evenly apart, that a trial is measured on
_UNPRUNED = 4  # trials, before one is given up because it is worse than most after as many folds


@dataclass(frozen=True)
class Tuned:
    """What a study found: the recipe to train by, and the study as a model's manifest tells it."""

    recipe: Recipe
    figures: dict[str, Any]


def tune(
    split: Split,
    network: nn.Module,
    manifest: ModelManifest,
    *,
    trials: int,
    steps: int,
    batch: int,
    learning_rate: float,
    unlabelled: bool,
    seed: int,
    device: str,
    file: Path,
    tell: Tell,
    check: Check,
) -> Tuned:
    """Do a study of so many trials on the training patients of a split, or go on with that of the file.

    Each trial trains the network, semi-supervised if unlabelled, on folds of these patients for a quarter of the steps.
    check is called before each step. After each trial an event tells of it. Raises DataError if fewer than three of
    these patients are annotated.
    """
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    if split.unit != "patients" or _patients(split) < LEAST:
        raise DataError("others can be looked for with three annotated patients or more beside those that are held out")
    folds = parted(split.train, seed, count=_FOLDS)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    file.parent.mkdir(parents=True, exist_ok=True)
    backend = JournalFileBackend(str(file), lock_obj=JournalFileOpenLock(str(file)))
    file.with_name(file.name + ".lock").unlink(missing_ok=True)  # of a process that was ended while it wrote
    study = optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name="settings",
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED),
        load_if_exists=True,
    )
    over = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED
    for one in study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.RUNNING]):
        study.tell(one.number, state=optuna.trial.TrialState.FAIL)  # its process was ended
    grids: dict[str, GridCase] = {}
    parts = [_part(fold, manifest, seed, grids) for fold in folds]
    few = max(_LEAST_STEPS, round(_SHARE * steps))
    started, begun = time.monotonic(), len(study.get_trials(deepcopy=False, states=over))
    while (done := len(study.get_trials(deepcopy=False, states=over))) < trials:
        study.sampler = optuna.samplers.TPESampler(seed=seed + done, n_startup_trials=_UNPRUNED)  # whenever it goes on
        if done == 0:
            study.enqueue_trial(asdict(USUAL))
        trial = study.ask()
        recipe = _suggested(trial, unlabelled)
        dice: dict[str, float] = {}
        pruned = False
        for n, (fold, sampler, held_out) in enumerate(parts):
            dice |= _tried(
                network, fold, sampler, held_out, manifest, recipe, few, batch, learning_rate, unlabelled, device, check
            )
            trial.report(mean_defined(list(dice.values())), n)
            if pruned := n + 1 < len(parts) and trial.should_prune():
                break
        mean = mean_defined(list(dice.values()))
        trial.set_user_attr("dice", [dice[name] for name in sorted(dice)])  # of patients, without their names
        state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if pruned else mean, state)
        tell(
            {
                "event": "trial",
                "trial": done + 1,
                "trials": trials,
                "knobs": asdict(recipe),
                "dice": mean,
                "pruned": pruned,
                "best": study.best_value,
                "eta_s": (time.monotonic() - started) / (done + 1 - begun) * (trials - done - 1),
            }
        )
    return _chosen(study, trials, unlabelled)


def _chosen(study: Any, trials: int, unlabelled: bool) -> Tuned:
    usual, best = next(one for one in study.trials if one.value is not None), study.best_trial
    gains = np.array(best.user_attrs["dice"]) - np.array(usual.user_attrs["dice"])
    low, high = bootstrap_interval(gains.tolist())
    better = best.number != usual.number and low > 0
    recipe = Recipe(**{**asdict(USUAL), **best.params}) if better else USUAL
    figures = {
        "trials": trials,
        "patients": len(gains),
        "dice_of_usual": usual.value,
        "dice_of_best": best.value,
        "gain": mean_defined(gains.tolist()),
        "gain_interval": [low, high],
        "taken": better,
        "recipe": asdict(recipe),
    }
    return Tuned(recipe, figures)


def _suggested(trial: Any, unlabelled: bool) -> Recipe:
    knobs = {
        "rate": trial.suggest_float("rate", 0.3, 3.0, log=True),
        "looks": trial.suggest_float("looks", 0.0, 1.0),
        "pasted": trial.suggest_float("pasted", 0.0, 1.0),
    }
    if unlabelled:
        knobs |= {
            "unlabelled_weight": trial.suggest_float("unlabelled_weight", 0.05, 1.0, log=True),
            "confidence": trial.suggest_float("confidence", 0.5, 0.95),
        }
    return Recipe(**knobs)


def _part(
    fold: Split, manifest: ModelManifest, seed: int, grids: dict[str, GridCase]
) -> tuple[Split, SliceSampler, list[tuple[str, GridCase]]]:
    """A fold with what its network learns from and what it is measured on, the images read once for all of them."""

    def grid(case: Any) -> GridCase:
        if case.name not in grids:
            grids[case.name] = to_grid(case, manifest.preprocessing, manifest.classes)
        return grids[case.name]

    sampler = SliceSampler([grid(case) for case in fold.train], manifest.preprocessing, seed)
    return fold, sampler, [(case.patient, grid(case)) for case in held_out_cases(fold.held_out)]


def _tried(
    network: nn.Module,
    fold: Split,
    sampler: SliceSampler,
    held_out: Sequence[tuple[str, GridCase]],
    manifest: ModelManifest,
    recipe: Recipe,
    steps: int,
    batch: int,
    learning_rate: float,
    unlabelled: bool,
    device: str,
    check: Callable[[], None],
) -> dict[str, float]:
    """Mean Dice of each patient left out of a fold, after a training by a recipe; 0 if it diverges."""
    torch.manual_seed(0)  # every trial alike, whichever were done before
    student = TellingPlaces(copy.deepcopy(network)).to(device)
    averaged = copy.deepcopy(student).requires_grad_(False).eval()
    if unlabelled and sampler.unlabelled_slices:
        loss = semi_supervised_loss(student, averaged.network, sampler, batch, steps, device, recipe=recipe)
    else:
        loss = supervised_loss(student.network, sampler, batch, device, recipe=recipe)
    settings = LoopSettings(steps, recipe.rate * learning_rate, ema_decay=max(0.8, 1 - 10 / steps))
    try:
        for _ in training_steps(student, averaged, loss, settings, check=check):
            pass
    except Diverged:
        return {unit.name: 0.0 for unit in fold.held_out}
    values = [label.value for label in manifest.labels]
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {unit.name: [] for unit in fold.held_out}
    for patient, case in held_out:
        logits_of = logits_by_slice(averaged.network, case.voxels, manifest.preprocessing, torch.device(device))
        annotated = np.flatnonzero((case.target != IGNORE).any(axis=(1, 2)))
        for n in np.unique(np.linspace(0, len(annotated) - 1, min(len(annotated), _MOST_SLICES)).astype(int)):
            k = int(annotated[n])
            known = case.target[k] != IGNORE
            marked = logits_of(k).argmax(0).astype(np.uint8)
            found[patient].append((marked[known], case.target[k][known]))
    units = {
        patient: overlaps(np.concatenate([one for one, _ in pairs]), np.concatenate([one for _, one in pairs]), values)
        for patient, pairs in found.items()
    }
    return unit_dice({"": Scores(units)}, dict.fromkeys(units))[""]


def _patients(split: Split) -> int:
    return len({case.patient for case in split.train if case.slices != ()})
