"""How long a training step takes: ours beside a plain loop of MONAI with the same network, batch and kinds of change,
and how much of it goes into making the batch.

Steps are taken in turn in one process, and the quickest count: other work on the machine only adds.
"""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Tell = Callable[[str, float, str, float], None]

_SIDE, _BATCH, _CONTEXT, _CLASSES = 192, 8, 3, 4
_STEPS = 12


def training_speed(tell: Tell) -> None:
    """Tell the seconds of a supervised and a semi-supervised step, and of making their batches."""
    import torch

    from inference.manifest import Preprocessing
    from training.dataset import GridCase, SliceSampler
    from training.loops import LoopSettings, training_steps
    from training.networks import TellingPlaces, build_network, unet_spec
    from training.semi_supervised import FIRST_STAGE, semi_supervised_loss, supervised_loss

    draw = np.random.default_rng(0)
    cases = []
    for n in range(3):
        target = np.full((20, _SIDE, _SIDE), 255, np.uint8)
        target[::2] = 0
        target[::2, 40:120, 50 + 10 * n : 130] = 1 + n
        cases.append(GridCase(f"p{n}", draw.random(target.shape, dtype=np.float32), target, tuple(range(1, 20, 2))))
    preprocessing = Preprocessing(spacing_mm=(1, 1, 1), context_slices=_CONTEXT, size_multiple=16)
    sampler = SliceSampler(cases, preprocessing, 0)
    torch.manual_seed(0)
    network = build_network(unet_spec(_CONTEXT, _CLASSES))

    def ours(semi_supervised: bool) -> Iterator[int]:
        student = TellingPlaces(copy.deepcopy(network))
        averaged = copy.deepcopy(student).requires_grad_(False).eval()
        steps = 10 * _STEPS  # of a longer run, in whose second stage this begins
        loss = (
            semi_supervised_loss(student, averaged.network, sampler, _BATCH, steps, "cpu")
            if semi_supervised
            else supervised_loss(student.network, sampler, _BATCH, "cpu")
        )
        offset = round(FIRST_STAGE * steps) + 1
        return training_steps(student, averaged, lambda step: loss(step + offset), LoopSettings(steps))

    peer = _monai_steps(network, cases)
    supervised, semi = ours(False), ours(True)
    seconds: dict[str, list[float]] = {"monai": [], "supervised": [], "semi": [], "batch": [], "both batches": []}
    for step in range(_STEPS):
        seconds["monai"].append(_time(lambda: next(peer)))
        seconds["supervised"].append(_time(lambda: next(supervised)))
        seconds["semi"].append(_time(lambda: next(semi)))
        seconds["batch"].append(_time(lambda step=step: sampler.labelled(step, _BATCH)))
        both = [seconds["batch"][-1], _time(lambda step=step: sampler.unlabelled(step, _BATCH))]
        seconds["both batches"].append(sum(both))
    best = {name: min(times) for name, times in seconds.items()}
    size = f"{_BATCH} slices of {_SIDE} px"
    tell(f"training step, {size}", best["supervised"], "a plain loop of MONAI, the same network", best["monai"])
    tell("semi-supervised training step", best["semi"], "the supervised step, of half the slices", best["supervised"])
    tell("make the batch of a training step", best["batch"], "the whole step", best["supervised"])
    tell("make both batches of a semi-supervised step", best["both batches"], "the whole step", best["semi"])


def _time(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _monai_steps(network: Any, cases: Any) -> Iterator[None]:
    """A training of the same network on the same slices as MONAI's tutorials write it, with the changes that ours
    makes: a pose, brightness and contrast, gamma, blur, low resolution, noise."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from monai.data.dataloader import DataLoader
        from monai.data.dataset import CacheDataset
        from monai.losses.dice import DiceCELoss
        from monai.transforms.compose import Compose
        from monai.transforms.intensity.dictionary import (
            RandAdjustContrastd,
            RandGaussianNoised,
            RandGaussianSmoothd,
            RandScaleIntensityd,
        )
        from monai.transforms.spatial.dictionary import RandAffined, RandSimulateLowResolutiond

    slices = []
    for case in cases:
        for k in range(2, 18, 2):
            stack = case.voxels[k - 1 : k + 2]
            slices.append({"image": torch.from_numpy(stack), "label": torch.from_numpy(case.target[k][None])})
    changes = Compose(
        [
            RandAffined(
                keys=("image", "label"),
                prob=1.0,
                rotate_range=0.35,
                scale_range=0.2,
                translate_range=19,
                mode=("bilinear", "nearest"),
                padding_mode="zeros",
            ),
            RandScaleIntensityd("image", factors=0.4, prob=0.4),
            RandAdjustContrastd("image", prob=0.25, gamma=(0.55, 1.8)),
            RandGaussianSmoothd("image", sigma_x=(0.3, 1.5), sigma_y=(0.3, 1.5), prob=0.25),
            RandSimulateLowResolutiond("image", prob=0.125, zoom_range=(0.5, 0.5), upsample_mode="bilinear"),
            RandGaussianNoised("image", prob=0.25, std=0.1),
        ]
    )
    loader = DataLoader(CacheDataset(slices, changes, progress=False), batch_size=_BATCH, shuffle=True, num_workers=0)
    student = copy.deepcopy(network).train()
    loss = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False)
    optimiser = torch.optim.AdamW(student.parameters(), 1e-3)
    while True:
        for batch in loader:
            optimiser.zero_grad()
            value = loss(student(batch["image"].as_tensor()), batch["label"].as_tensor())
            value.backward()
            optimiser.step()
            value.item()
            yield
