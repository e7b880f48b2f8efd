"""What a step of an interactive model learns: a region by clicks that are simulated against the model's own answers.

After Reviving Iterative Training with Mask Guidance (Sofiiuk et al., arXiv:2102.06583) and ScribblePrompt (Wong et
al., arXiv:2312.07381): a first click in the region, or a box about it; then a few times the model answers, and a click
is set into the largest fault of its answer; only the last answer is learnt from. The network sees its last answer as a
channel, so that it learns to correct, also what it did not draw itself.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.interactive import mark
from inference.manifest import Clicks
from training.augment import strong_look
from training.clicked_regions import RegionSampler, next_click
from training.loops import LossOfStep

CLICKS = Clicks(radius=3.0, box=True)
GREY, BELONGS, NOT, BOX, BEFORE = range(5)  # channels

_LOOKS = 0.7  # share of pictures that are shown as by another scanner
_INVERTED = 0.1
_BOXED = 0.3
_DRAWN_BEFORE = 0.15  # share that begins with a region that somebody drew, roughly
_MOST_ROUNDS = 4
_LOOSE = 0.15  # of a box's side, by which a person's is off
_FOCAL = 2.0


def click_loss(network: nn.Module, sampler: RegionSampler, batch: int, device: str) -> LossOfStep:
    """Of so many pictures a step: soft Dice and focal loss (gamma 2) of the answer after one to five clicks."""

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures, regions, draw = sampler.drawn(step, batch)
        generator = torch.Generator().manual_seed(int(draw.integers(2**31)))
        pictures = strong_look(pictures, generator, _LOOKS)
        inverted = torch.from_numpy(draw.random(batch) < _INVERTED)[:, None, None, None]
        seen = first_seen(torch.where(inverted, 1 - pictures, pictures), regions, draw)
        rounds = draw.integers(0, _MOST_ROUNDS + 1, batch)
        for n in range(int(rounds.max())):
            on = np.flatnonzero(rounds > n)
            with torch.no_grad():
                found = (network(seen[on].to(device)) > 0)[:, 0].cpu().numpy()
            for place, answer in zip(on.tolist(), found, strict=True):
                correct(seen[place].numpy(), answer, regions[place], draw)
        logits = network(seen.to(device)).float()[:, 0]
        target = torch.from_numpy(regions).to(device, torch.float32)
        with torch.no_grad():
            dice = float(_dice(logits > 0, target).mean())
        return region_loss(logits, target), {"dice": dice}

    return loss_of_step


def region_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over pictures of soft Dice loss and focal loss; logits and target (N, J, I), the target 0 or 1. The focal
    loss is by the mean of its own weights (normalised focal loss, arXiv:2102.06583), which would fade otherwise."""
    likely = torch.sigmoid(logits)
    soft = 1 - _dice(likely, target)
    wrong = torch.where(target > 0, 1 - likely, likely)
    weight = wrong.detach() ** _FOCAL
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    focal = (weight * entropy).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1e-6)
    return (soft + 0.5 * focal).mean()


def first_seen(pictures: Tensor, regions: NDArray[np.bool_], draw: np.random.Generator) -> Tensor:
    """What the network sees first, (N, 5, J, I): the picture with a click in the region, a box about it, or what
    somebody drew, and a click that corrects that."""
    count, _, rows, columns = pictures.shape
    seen = torch.zeros(count, CLICKS.channels, rows, columns)
    seen[:, GREY] = pictures[:, 0]
    seen[:, BOX] = 1  # all, without a box
    for one, region in zip(seen.numpy(), regions, strict=True):
        nothing = np.zeros_like(region)
        chance = draw.random()
        if chance < _BOXED:
            _box(one[BOX], region, draw)
            if draw.random() < 0.5:
                continue
        elif chance < _BOXED + _DRAWN_BEFORE:
            correct(one, _roughly(region, draw), region, draw)
            continue
        correct(one, nothing, region, draw)
    return seen


def correct(
    seen: NDArray[np.float32], answer: NDArray[np.bool_], region: NDArray[np.bool_], draw: np.random.Generator
) -> None:
    """Put an answer and a click that corrects it into what the network sees next, (5, J, I)."""
    seen[BEFORE] = answer
    click = next_click(answer, region, draw)
    if click is not None:
        row, column, belongs = click
        mark(seen[BELONGS if belongs else NOT], [(row, column)], (0, 0), (1.0, 1.0), CLICKS.radius)


def _box(channel: NDArray[np.float32], region: NDArray[np.bool_], draw: np.random.Generator) -> None:
    places = np.argwhere(region)
    low, high = places.min(0), places.max(0) + 1
    loose = draw.uniform(-0.3 * _LOOSE, _LOOSE, (2, 2)) * (high - low)
    (top, left), (bottom, right) = np.rint(low - loose[0]).astype(int), np.rint(high + loose[1]).astype(int)
    channel[:] = 0
    channel[max(top, 0) : max(bottom, 1), max(left, 0) : max(right, 1)] = 1


def _roughly(region: NDArray[np.bool_], draw: np.random.Generator) -> NDArray[np.bool_]:
    """A region as drawn with an unsteady hand: smaller, larger or beside it."""
    size = 2 * int(draw.integers(1, 4)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    act = cv2.erode if draw.random() < 0.5 else cv2.dilate
    shift = draw.integers(-3, 4, 2)
    return np.roll(act(region.astype(np.uint8), kernel) > 0, shift.tolist(), (0, 1))


def _dice(found: Tensor, target: Tensor) -> Tensor:
    """Of each picture, (N,)."""
    return (2 * (found * target).sum((1, 2)) + 1) / (found.sum((1, 2)) + target.sum((1, 2)) + 1)
