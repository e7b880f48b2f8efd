"""The shipped models by name: what makes each of them again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from training.arms import Tell
from training.shipped import click, hippocampus, left_ventricle, lungs
from training.shipped.segmentation import reproduce

# The folder that holds the published sets, the one to write to, what is told meanwhile, steps (0: the recipe's).
Reproduce = Callable[[Path, Path, Tell, int], Path]

MODELS: dict[str, Reproduce] = {
    **{model.name: partial(reproduce, model) for model in (hippocampus.MODEL, left_ventricle.MODEL, lungs.MODEL)},
    click.NAME: click.reproduce,
}
