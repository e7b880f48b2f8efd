"""What a step of a detector learns: a heat map of the middles of things, and around each middle the box about it.

After CenterNet (Zhou et al., arXiv:1904.07850). As in TTFNet (Liu et al., AAAI 2020, arXiv:1909.00700) the heat's bell
is as wide and as high as its box asks for, and the cells around a middle learn the box, too: of few boxes more is
learnt that way.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.augment import strong_look
from training.boxed_pictures import BoxSampler
from training.detector import STRIDE, decoded
from training.loops import LossOfStep

LOOKS = 0.5  # share of slices that are shown as by another scanner
SURE, UNSURE = 0.5, 0.1  # from this score on a teacher's box counts, below that nothing is there

_BELL = 0.54 / 6  # standard deviation of the heat by the side of its box (TTFNet's alpha)
_LEAST_BELL = 0.6  # cells
_FAR = 0.1  # cells of less heat than this learn nothing of the box
_LOOK, _STRONG = 2, 3  # purposes of random numbers; the sampler has 0 and 1


def target_maps(
    boxes: Sequence[tuple[Tensor, Tensor]], labels: int, rows: int, columns: int
) -> tuple[Tensor, Tensor, Tensor]:
    """What a network should say of slices with boxes, on their cells.

    boxes: of each slice x0, y0, x1, y1 (n, 4) in pixels and labels (n,). Returns heat (N, labels, rows, columns), 1 in
    the cell of each middle; boxes (N, 4, rows, columns): from the middle of the cell to that of the box in x and y, and
    the logarithms of its width and height, in cells; and how much each cell learns of these, (N, 1, rows, columns), sum
    1 for each box of which no other hides a part.
    """
    heat = torch.zeros(len(boxes), labels, rows, columns)
    places, weight = torch.zeros(len(boxes), 4, rows, columns), torch.zeros(len(boxes), 1, rows, columns)
    row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    for n, (corners, numbers) in enumerate(boxes):
        middles = (corners[:, :2] + corners[:, 2:]) / 2 / STRIDE
        sides = (corners[:, 2:] - corners[:, :2]) / STRIDE
        for m in sides.prod(1).argsort(descending=True, stable=True).tolist():  # of two at one place the smaller learns
            (x, y), (width, height), number = middles[m].tolist(), sides[m].tolist(), int(numbers[m])
            at_row, at_column = min(int(y), rows - 1), min(int(x), columns - 1)
            high, wide = (max(_BELL * side, _LEAST_BELL) for side in (height, width))
            bell = torch.exp(-(((row - at_row) / high) ** 2 + ((column - at_column) / wide) ** 2) / 2)
            heat[n, number] = torch.maximum(heat[n, number], bell)
            near = bell >= _FAR
            logs = torch.log(sides[m].clamp(min=1e-2))
            told = (x - column - 0.5, y - row - 0.5, logs[0].expand_as(row), logs[1].expand_as(row))
            places[n][:, near] = torch.stack(told)[:, near]
            weight[n, 0][near] = bell[near] / bell[near].sum()
    return heat, places, weight


def penalty_reduced_focal(logits: Tensor, heat: Tensor, counted: Tensor | None = None) -> Tensor:
    """Focal loss of heat maps, by the number of middles (1 at least): a cell near a middle is no middle, but is
    punished (1 - heat)^4 times as much for being taken for one (arXiv:1904.07850, equation 1). counted, of the same
    shape, is False where nobody knows whether there is one."""
    there = heat == 1
    told, likely = nn.functional.logsigmoid(logits), logits.sigmoid()
    right = -((1 - likely) ** 2 * told)[there].sum()
    absent = ~there if counted is None else ~there & counted
    wrong = -((1 - heat) ** 4 * likely**2 * nn.functional.logsigmoid(-logits))[absent].sum()
    return (right + wrong) / there.sum().clamp(min=1)


def detection_loss(network: nn.Module, sampler: BoxSampler, batch: int, device: str) -> LossOfStep:
    """Loss of a step: of the heat, and the absolute errors of the boxes, in cells and in logarithms."""

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures, boxes = sampler.drawn(step, batch)
        pictures = strong_look(pictures, sampler.generator(step, _LOOK), LOOKS)
        return _loss_of(network(pictures.to(device)).float(), boxes), {}

    return loss_of_step


def semi_supervised_loss(
    network: nn.Module, teacher: nn.Module, sampler: BoxSampler, batch: int, steps: int, device: str
) -> LossOfStep:
    """Loss of a step on slices that were looked at and on as many that nobody has looked at.

    What the teacher is sure of on a plain slice is what the network is to find on it as another scanner shows it
    (pseudo-boxes: STAC, Sohn et al., arXiv:2005.04757); what it is unsure of is neither there nor not. That begins when
    a third of the steps are done, for before the teacher knows nothing, and grows to its full weight until two thirds.
    """
    labelled = detection_loss(network, sampler, batch, device)

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        known, _ = labelled(step)
        weight = min(1.0, max(0.0, 3 * step / steps - 1))
        if not weight:
            return known, {}
        pictures = sampler.unlabelled(step, batch)
        with torch.no_grad():
            told = teacher(pictures.to(device)).float()
        boxes, nothing = _sure_boxes(told), told[:, :-4].sigmoid() < UNSURE
        shown = strong_look(pictures, sampler.generator(step, _STRONG)).to(device)
        unknown = _loss_of(network(shown).float(), boxes, nothing)
        return known + weight * unknown, {
            "loss_unlabelled": unknown.item(),
            "consistency_weight": weight,
            "utilisation": sum(len(one) > 0 for _, one in boxes) / len(boxes),
        }

    return loss_of_step


def _sure_boxes(told: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Of each slice the boxes that a teacher is sure of, and their labels from 0."""
    boxes, logits, numbers = (one.cpu() for one in decoded(told, told.shape[1] - 4))
    sure = logits.sigmoid() >= SURE
    return [(box[which], number[which] - 1) for box, number, which in zip(boxes, numbers, sure, strict=True)]


def _loss_of(told: Tensor, boxes: Sequence[tuple[Tensor, Tensor]], counted: Tensor | None = None) -> Tensor:
    labels = told.shape[1] - 4
    heat, places, weight = (one.to(told.device) for one in target_maps(boxes, labels, *told.shape[2:]))
    apart = ((told[:, labels:] - places).abs() * weight).sum() / max(1, sum(len(one) for _, one in boxes))
    return penalty_reduced_focal(told[:, :labels], heat, counted) + apart
