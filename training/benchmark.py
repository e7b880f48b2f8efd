"""What unlabelled slices are worth: every way of training on few labels, measured on patients that none has seen.

All arms have the same network, first weights, steps, batches and averaged weights of the last step; nothing is chosen
by what is measured. The patients held out are the same for every draw of the labelled slices.
"""

from __future__ import annotations

import copy
import csv
import io
import json
import math
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.models import ModelRecord
from inference.runtime import load_model
from training.compare import measure
from training.dataset import DataError, SliceSampler, Split, read_dataset, split_cases, to_grid
from training.evaluate import mean_defined
from training.export import export_model
from training.gate import Scores, unit_dice
from training.job import FROM_SCRATCH_RATE, write_at_once
from training.loops import LoopSettings, LossOfStep, training_steps
from training.networks import TellingPlaces, build_network
from training.plan import plan_model
from training.process import json_ready
from training.semi_supervised import semi_supervised_loss, supervised_loss, weak_to_strong_loss

SUPERVISED, COPY_PASTE, ALL_LABELS = "supervised", "copy-paste", "all labels"
DEFAULT = "semi-supervised"
ARMS = (SUPERVISED, COPY_PASTE, "weak-to-strong", DEFAULT, ALL_LABELS)

_SPLIT_SEED = 0
_LEAST_GAP = 0.02  # of Dice between all labels and few: below it there is nothing to close
_WORSE = 0.02  # of Dice: a patient counts as made worse
_RESAMPLED = 10_000
_SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Benchmark:
    """What to measure: labelled slices in each of `seeds` draws, and how long and how large each arm is trained."""

    data: Path
    labelled: int
    seeds: int
    out: Path
    steps: int = 1500
    batch: int = 8
    side: int = 128  # voxels along the longer side of a slice


@dataclass(frozen=True)
class Measured:
    """One arm after one draw: mean Dice and mean HD95 (mm) over the classes by held-out patient, Dice by class, and
    how long a step took."""

    arm: str
    seed: int
    dice: dict[str, float]
    hd95_mm: dict[str, float]
    classes: dict[str, dict[str, float]]
    step_s: float


def run(wanted: Benchmark, say: Callable[[str], None]) -> Path:
    """Train and measure every arm after every draw, each on a core of its own; the path of out/report.json.

    Beside it are table.md, patients.csv, plot.png and a folder of what each arm measured: what is there already is not
    done again, so that an interrupted run goes on. Raises DataError where patients cannot be kept apart.
    """
    split = _parted(wanted)
    parts = wanted.out / "arms"
    parts.mkdir(parents=True, exist_ok=True)
    missing = [
        (arm, seed) for seed in range(wanted.seeds) for arm in ARMS if not _file(parts, wanted, arm, seed).exists()
    ]
    if not (wanted.data / "patients.csv").exists():
        say("There is no patients.csv: each image is taken for a patient of its own.")
    say(
        f"{len(split.train)} images to train on, {len(split.held_out)} patients held out; {len(missing)} trainings "
        f"of {wanted.steps} steps to do, {wanted.seeds * len(ARMS) - len(missing)} are there"
    )
    workers = 1 if torch.cuda.is_available() else os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        left: set[Future[Measured]] = {pool.submit(measured_arm, wanted, arm, seed) for arm, seed in missing}
        while left:
            done, left = wait(left, return_when=FIRST_COMPLETED)
            for future in done:
                one = future.result()
                write_at_once(_file(parts, wanted, one.arm, one.seed), json.dumps(json_ready(vars(one))))
                mean = mean_defined(list(one.dice.values()))
                say(f"draw {one.seed + 1}, {one.arm}: Dice {mean:.3f}, {one.step_s:.2f} s a step")
    found = [
        Measured(**_numbers(json.loads(_file(parts, wanted, arm, seed).read_text(encoding="utf-8"))))
        for seed in range(wanted.seeds)
        for arm in ARMS
    ]
    return _write(wanted, split, found)


def measured_arm(wanted: Benchmark, arm: str, seed: int) -> Measured:
    """Train one arm on the labelled slices of a draw and measure its averaged weights on the held-out patients."""
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    split = _parted(wanted)
    drawn = split if arm == ALL_LABELS else drawn_slices(split, wanted.labelled, seed)
    manifest = plan_model(split, "benchmark", longest=wanted.side)
    grids = [to_grid(case, manifest.preprocessing, manifest.classes) for case in drawn.train]
    torch.manual_seed(seed)
    network = TellingPlaces(build_network(manifest.network)).to(device)
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    loss = _loss(arm, network, averaged, SliceSampler(grids, manifest.preprocessing, seed), wanted, device)
    settings = LoopSettings(wanted.steps, learning_rate=FROM_SCRATCH_RATE)
    started = time.monotonic()
    for _ in training_steps(network, averaged, loss, settings):
        pass
    step_s = (time.monotonic() - started) / wanted.steps
    folder = wanted.out / "models" / f"{arm.replace(' ', '-')}-{seed}"
    written = export_model(averaged.network, manifest, folder)
    scores, distances = measure(load_model(ModelRecord(written, folder, shipped=False, active=False)), split.held_out)
    return _measured(arm, seed, scores, distances, {label.value: label.name for label in manifest.labels}, step_s)


def drawn_slices(split: Split, count: int, seed: int) -> Split:
    """The split with `count` slices annotated, of as many patients as there are; the rest of the training images is
    unlabelled. Slices are drawn from all of a patient's, those without any structure too: a network that is only shown
    slices with something in them finds it everywhere. Raises DataError if there are not so many."""
    draw = np.random.default_rng(seed)
    places: dict[str, list[tuple[str, int]]] = {}
    for case in split.train:
        if case.slices is None:
            places.setdefault(case.patient, []).extend((case.name, k) for k in range(case.size[2]))
    for name in sorted(places):
        draw.shuffle(places[name])
    patients = draw.permutation(sorted(places)).tolist()
    in_turn = [places[name][turn] for turn in range(count) for name in patients if turn < len(places[name])]
    if len(in_turn) < count:
        raise DataError(f"{count} labelled slices were asked for; {len(in_turn)} are there")
    chosen = in_turn[:count]
    train = tuple(
        replace(case, slices=tuple((2, k) for name, k in sorted(chosen) if name == case.name)) for case in split.train
    )
    return replace(split, train=train)


def gap_closed(
    arm: NDArray[np.float64], base: NDArray[np.float64], full: NDArray[np.float64], seed: int = 0
) -> tuple[float, float, float]:
    """Share of the gap between base and full that an arm closes, with its 95 % interval; NaN if there is no gap.

    Each is Dice (draws, patients). Percentile bootstrap over draws and patients together (two-level, paired): the
    numerator and the denominator are drawn with the same indices.
    """
    rng = np.random.default_rng(seed)
    draws, patients = arm.shape
    whole = float(np.mean(full) - np.mean(base))
    if whole < _LEAST_GAP:
        return math.nan, math.nan, math.nan
    shares = np.empty(_RESAMPLED)
    for n in range(_RESAMPLED):
        at = np.ix_(rng.integers(0, draws, draws), rng.integers(0, patients, patients))
        gap = full[at].mean() - base[at].mean()
        shares[n] = (arm[at].mean() - base[at].mean()) / gap if gap > 0 else math.nan
    low, high = np.nanpercentile(shares, [2.5, 97.5])
    return float((np.mean(arm) - np.mean(base)) / whole), float(low), float(high)


def _parted(wanted: Benchmark) -> Split:
    split = split_cases(read_dataset(wanted.data), _SPLIT_SEED)
    if split.unit != "patients":
        raise DataError("the benchmark needs three or more annotated patients: name them in patients.csv")
    return split


def _loss(
    arm: str, network: TellingPlaces, averaged: TellingPlaces, sampler: SliceSampler, wanted: Benchmark, device: str
) -> LossOfStep:
    if arm == DEFAULT:
        return semi_supervised_loss(network, averaged.network, sampler, wanted.batch, wanted.steps, device)
    if arm == "weak-to-strong":
        return weak_to_strong_loss(network.network, averaged.network, sampler, wanted.batch, wanted.steps, device)
    return supervised_loss(network.network, sampler, wanted.batch, device, pasted=arm == COPY_PASTE)


def _measured(
    arm: str,
    seed: int,
    scores: Scores,
    distances: dict[str, dict[int, float]],
    names: dict[int, str],
    step_s: float,
) -> Measured:
    dice = unit_dice({arm: scores}, dict.fromkeys(scores.units))[arm]
    far = {unit: mean_defined(list(by_class.values())) for unit, by_class in distances.items()}
    classes = {
        unit: {names[value]: overlap.dice for value, overlap in found.items()} for unit, found in scores.units.items()
    }
    return Measured(arm, seed, dice, far, classes, step_s)


def _write(wanted: Benchmark, split: Split, found: Sequence[Measured]) -> Path:
    patients = [unit.name for unit in split.held_out]
    dice = {arm: np.array([[one.dice[name] for name in patients] for one in found if one.arm == arm]) for arm in ARMS}
    report: dict[str, Any] = {
        "schema_version": _SCHEMA_VERSION,
        "data": wanted.data.name,
        "labelled_slices": wanted.labelled,
        "draws": wanted.seeds,
        "steps": wanted.steps,
        "batch": wanted.batch,
        "side": wanted.side,
        "held_out_patients": len(patients),
        "device": "cuda" if torch.cuda.is_available() else "cpu",
        "arms": {arm: _figures(arm, dice, [one for one in found if one.arm == arm]) for arm in ARMS},
    }
    write_at_once(wanted.out / "table.md", _table(report))
    write_at_once(wanted.out / "patients.csv", _by_patient(found))
    _plot(wanted.out / "plot.png", report, dice)
    path = wanted.out / "report.json"
    write_at_once(path, json.dumps(json_ready(report), indent=1))
    return path


def _figures(arm: str, dice: dict[str, NDArray[np.float64]], found: Sequence[Measured]) -> dict[str, Any]:
    means = dice[arm].mean(axis=1)
    worse = (dice[arm].mean(axis=0) < dice[SUPERVISED].mean(axis=0) - _WORSE).sum()
    figures: dict[str, Any] = {
        "dice": float(means.mean()),
        "dice_by_draw": means.tolist(),
        "hd95_mm": mean_defined([mean_defined(list(one.hd95_mm.values())) for one in found]),
        "patients_worse_than_supervised": int(worse),
        "step_s": mean_defined([one.step_s for one in found]),
    }
    if arm not in (SUPERVISED, ALL_LABELS):
        for base in (SUPERVISED, COPY_PASTE):
            if arm != base:
                share, low, high = gap_closed(dice[arm], dice[base], dice[ALL_LABELS])
                figures[f"gap_closed_against_{base}"] = {"share": share, "low": low, "high": high}
    return figures


def _table(report: dict[str, Any]) -> str:
    lines = [
        f"{report['data']}: {report['labelled_slices']} labelled slices, {report['draws']} draws, {report['steps']} "
        f"steps of {report['batch']} at {report['side']} px, {report['held_out_patients']} patients held out.",
        "",
        "| Arm | Dice | HD95 mm | Gap closed against supervised | against copy-paste | Patients worse |",
        "|---|---|---|---|---|---|",
    ]
    for arm, figures in report["arms"].items():
        shares = [_share(figures.get(f"gap_closed_against_{base}")) for base in (SUPERVISED, COPY_PASTE)]
        lines.append(
            f"| {arm} | {figures['dice']:.3f} | {figures['hd95_mm']:.1f} | {shares[0]} | {shares[1]} | "
            f"{figures['patients_worse_than_supervised']} |"
        )
    return "\n".join(lines) + "\n"


def _share(found: dict[str, float] | None) -> str:
    if found is None:
        return ""
    if math.isnan(found["share"]):
        return "no gap"
    return f"{found['share']:.0%} [{found['low']:.0%}, {found['high']:.0%}]"


def _by_patient(found: Sequence[Measured]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["arm", "draw", "patient", "class", "dice", "hd95_mm_mean_of_classes"])
    for one in found:
        for patient, classes in one.classes.items():
            for name, value in classes.items():
                writer.writerow([one.arm, one.seed, patient, name, f"{value:.4f}", f"{one.hd95_mm[patient]:.2f}"])
    return text.getvalue()


def _plot(path: Path, report: dict[str, Any], dice: dict[str, NDArray[np.float64]]) -> None:
    """Mean Dice of each arm, a point a draw; lines join the points of one draw."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4), dpi=120)
    by_draw = np.array([dice[arm].mean(axis=1) for arm in ARMS])
    axes.plot(range(len(ARMS)), by_draw, color="0.7", linewidth=1)
    axes.plot(range(len(ARMS)), by_draw, "o", color="#3b7dd8")
    axes.plot(range(len(ARMS)), by_draw.mean(axis=1), "_", color="black", markersize=24)
    axes.set_xticks(range(len(ARMS)), ARMS)
    axes.set_ylabel("Mean Dice of held-out patients")
    axes.set_title(f"{report['data']}, {report['labelled_slices']} labelled slices, {report['steps']} steps")
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def _file(folder: Path, wanted: Benchmark, arm: str, seed: int) -> Path:
    size = f"{wanted.labelled}-{wanted.steps}-{wanted.batch}-{wanted.side}"
    return folder / f"{arm.replace(' ', '-')}-{seed}-{size}.json"


def _numbers(raw: dict[str, Any]) -> dict[str, Any]:
    """What was written, with NaN again where JSON has null."""

    def number(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: number(part) for key, part in value.items()}
        return math.nan if value is None else value

    return {key: number(value) for key, value in raw.items()}
