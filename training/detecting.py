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
from training.detector import STRIDE
from training.loops import LossOfStep

LOOKS = 0.5  # share of slices that are shown as by another scanner

_BELL = 0.54 / 6  # standard deviation of the heat by the side of its box (TTFNet's alpha)
_LEAST_BELL = 0.6  # cells
_FAR = 0.1  # cells of less heat than this learn nothing of the box
_LOOK = 1  # purpose of random numbers; the sampler has 0


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


def penalty_reduced_focal(logits: Tensor, heat: Tensor) -> Tensor:
    """Focal loss of heat maps, by the number of middles (1 at least): a cell near a middle is no middle, but is
    punished (1 - heat)^4 times as much for being taken for one (arXiv:1904.07850, equation 1)."""
    there = heat == 1
    told, likely = nn.functional.logsigmoid(logits), logits.sigmoid()
    right = -((1 - likely) ** 2 * told)[there].sum()
    wrong = -((1 - heat) ** 4 * likely**2 * nn.functional.logsigmoid(-logits))[~there].sum()
    return (right + wrong) / there.sum().clamp(min=1)


def detection_loss(network: nn.Module, sampler: BoxSampler, batch: int, device: str) -> LossOfStep:
    """Loss of a step: of the heat, and the absolute errors of the boxes, in cells and in logarithms."""

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures, boxes = sampler.drawn(step, batch)
        pictures = strong_look(pictures, sampler.generator(step, _LOOK), LOOKS)
        told = network(pictures.to(device)).float()
        labels = told.shape[1] - 4
        heat, places, weight = (one.to(device) for one in target_maps(boxes, labels, *told.shape[2:]))
        apart = ((told[:, labels:] - places).abs() * weight).sum() / max(1, sum(len(one) for _, one in boxes))
        found = penalty_reduced_focal(told[:, :labels], heat)
        return found + apart, {"loss_boxes": apart.item()}

    return loss_of_step
