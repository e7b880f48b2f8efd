"""A shipped segmentation model made again: its dataset from what was published, its training, its figures, its card.

The training is that of any dataset (training.job); what is told here besides is how the published files become a
dataset folder, which patients are kept apart, and what a person has to know of the model.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from inference.manifest import CARD_FILE, LabelClass, ModelManifest, Within, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from inference.tasks import segment
from training.arms import Tell
from training.card import calibrated, figures_of_structures, rounded
from training.compare import compare
from training.dataset import Split, read_dataset, read_image
from training.export import export_model, halve_stored_weights, load_network, round_to_half
from training.folds import parted
from training.job import RECIPES, SCHEMA_VERSION, Job, NewModel, train_and_compare
from training.shown_slices import ShownSlices

FIGURES_FILE, PICTURE_FILE = "figures.json", "cases.png"
_TIMED = 10  # images


@dataclass(frozen=True)
class ShippedSegmentation:
    """What a recipe says. write_dataset makes a dataset folder of the folder that holds the published sets by their
    names. data, split, intended_use and fails are Markdown for the card; licence is that of the weights."""

    name: str
    title: str
    description: str
    modalities: tuple[str, ...]
    body_part: str
    labels: tuple[LabelClass, ...]
    recipe: str
    steps: int
    write_dataset: Callable[[Path, Path], None]
    data: str
    split: str
    licence: str
    intended_use: str
    fails: str
    dimensions: Literal[2, 3] = 2
    batch: int = 0  # by memory
    mirrors: frozenset[Literal["k", "j", "i"]] = frozenset()
    within: Within | None = None


def reproduce(
    model: ShippedSegmentation, data: Path, out: Path, tell: Tell, steps: int = 0, version: str = "1.0.0"
) -> Path:
    """Make the model again in out, or go on with that; the folder of what would be shipped.

    steps, if any, are other than the recipe's. Raises one of training.job.EXPECTED, also where a set is missing, or
    OSError.
    """
    dataset = out / "dataset"
    if not (dataset / "patients.csv").exists():
        shutil.rmtree(dataset, ignore_errors=True)
        model.write_dataset(data, dataset)
    job = Job(
        schema_version=SCHEMA_VERSION,
        recipe=model.recipe,
        new=NewModel(name=model.name, title=model.title, modalities=model.modalities, labels=model.labels),
        data=dataset,
        out=out / "trained",
        steps=steps or model.steps,
        dimensions=model.dimensions,
        batch=model.batch,
        mirrors=model.mirrors,
    )
    if not (job.out / "report.json").exists():
        train_and_compare(job, tell, lambda: None, go_on=True)
    return release(model, job, out / model.name, version)


def release(model: ShippedSegmentation, job: Job, folder: Path, version: str) -> Path:
    """The model folder to ship, of what a job has trained: weights stored in half precision, figures of that network
    on the patients kept apart, card. Beside it, of their images and so not to be shipped, what it marks on some."""
    arm = RECIPES[job.recipe][0]
    trained = load_manifest(job.out / arm)
    told = json.loads((job.out / "report.json").read_text(encoding="utf-8"))
    network = load_network(job.out / arm, trained)
    round_to_half(network)
    manifest = trained.model_copy(
        update={
            "version": version,
            "description": model.description,
            "body_part": model.body_part,
            "licence_weights": model.licence,
            "within": model.within,
            "training": trained.training | {"hours": round(told["seconds"] / 3600, 2), "hardware": hardware()},
        }
    )
    shutil.rmtree(folder, ignore_errors=True)
    manifest = export_model(network, manifest, folder, trained.training["calibration"]["temperature"])
    halve_stored_weights(folder)
    record = ModelRecord(write_manifest(manifest, folder), folder, shipped=True, active=True)

    (split,) = parted(read_dataset(job.data), job.seed)
    shown = ShownSlices(folder.parent / "looked-at")
    report = compare({arm: record}, [({arm: record}, split)], shown)
    found = report["models"][arm]
    figures = {
        "dice": list(found["dice"].values()),
        "hd95_mm": list(found["hd95_mm_of_class"].values()),
        "seconds": _seconds(record, split),
    }
    (folder / FIGURES_FILE).write_text(json.dumps(rounded(figures), indent=1), encoding="utf-8")
    draw_cases(figures["dice"], folder / PICTURE_FILE)
    (folder / CARD_FILE).write_text(_card(model, manifest, found, figures), encoding="utf-8")
    write_manifest(manifest, folder)
    return folder


def hardware() -> str:
    """What a training runs on, for a card."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"{os.cpu_count()} CPU cores ({platform.machine()})"


def draw_cases(dice: Sequence[dict[str, float]], file: Path) -> None:
    """A picture of the Dice of each case kept apart, by structure, the worst first."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3), dpi=110)
    for name in dict.fromkeys(name for case in dice for name in case):
        values = sorted(case[name] for case in dice if name in case and case[name] == case[name])
        axes.plot(range(1, len(values) + 1), values, "o", markersize=3, label=f"{name}, mean {np.mean(values):.3f}")
    axes.set_xlabel("cases kept apart, the worst first")
    axes.set_ylabel("Dice")
    axes.set_ylim(top=1)
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file)
    pyplot.close(figure)


def _seconds(record: ModelRecord, split: Split) -> list[float]:
    """What images kept apart take, run as for a person."""
    model = load_model(record)
    taken = []
    for unit in split.held_out[:_TIMED]:
        image = read_image(unit.parts[0])
        started = time.monotonic()
        segment(image, model)
        taken.append(time.monotonic() - started)
    return taken


def _card(model: ShippedSegmentation, manifest: ModelManifest, found: dict[str, Any], figures: dict[str, Any]) -> str:
    training = manifest.training
    patch = " x ".join(map(str, training["plan"]["patch"]))
    channels = ", ".join(map(str, manifest.network["channels"]))
    of_case = [float(np.nanmean(list(case.values()))) for case in figures["dice"]]
    low, median = np.percentile(of_case, (5, 50))
    unlabelled = f", {training['unlabelled_slices']} slices without labels" if "semi" in model.recipe else ""
    return f"""# {manifest.title} ({manifest.name} {manifest.version})

**Not for diagnostic use.** Not a medical device, not validated on patients of yours.

**How it was trained.** {training["steps"]} steps of {training["batch"]} patches ({patch} voxels) on
{training["labelled_slices"]} annotated slices{unlabelled}, in {training["hours"]} h on {training["hardware"]}.

    python -m training reproduce {manifest.name} --data DIR --out OUT

The same command uses a GPU where there is one, and goes on from its checkpoint when it is run again; `--steps` gives
another number of steps.

**Data.** {model.data}

**Licence of the weights.** {model.licence}.

**Split.** {model.split}

**Network.** {manifest.preprocessing.dimensions}-D residual U-Net ({channels} channels, instance normalisation), Dice
and cross-entropy, AdamW, averaged weights. Weights are stored in half precision, arithmetic is in single precision.

## Intended use

{model.intended_use}

## Figures

The network as it is shipped, run as the viewer runs it, on {len(of_case)} patients kept apart, whom it was neither
trained nor chosen on. 95 % bootstrap intervals over patients.

{figures_of_structures(found)}

Mean Dice of a patient: median {median:.3f}, 5th percentile {low:.3f}, worst {min(of_case):.3f}.

![Dice of the cases kept apart]({PICTURE_FILE})

{calibrated(manifest)}

Time of an image on {os.cpu_count()} CPU cores: median {np.median(figures["seconds"]):.2f} s.

## Where it fails

{model.fails}
"""
