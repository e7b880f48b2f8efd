"""Losses over voxels of which only some are annotated."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORE = 255  # "not annotated" in a target


def dice_cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Mean of cross-entropy and soft Dice loss over annotated voxels; 0 if there is none.

    logits (N, C, *space); target (N, *space) int64 in 0..C-1 or 255 = ignored; weight (N, *space) in [0, 1] scales
    each voxel in both terms. Reckoned in 32 bits whatever the logits have: 16 cannot count voxels. Dice is pooled
    over the batch and averaged over the foreground classes present in the target: pooled, because on a sparse class
    a per-slice Dice rewards predicting nothing.
    """
    logits, classes = logits.float(), logits.shape[1]
    annotated = target != IGNORE
    known = torch.where(annotated, target, torch.zeros_like(target))
    weights = annotated.to(logits.dtype) if weight is None else annotated * weight.to(logits.dtype)
    total = weights.sum()
    if total == 0:
        return logits.sum() * 0.0
    log_probabilities = F.log_softmax(logits, dim=1)
    picked = log_probabilities.gather(1, known[:, None])[:, 0]
    cross_entropy = -(picked * weights).sum() / total

    probabilities = log_probabilities.exp() * weights[:, None]
    flat_target, flat_weights = known.flatten(), weights.flatten()
    target_sum = torch.zeros(classes, dtype=logits.dtype, device=logits.device)
    target_sum.index_add_(0, flat_target, flat_weights)
    overlap = torch.zeros_like(target_sum)
    overlap = overlap.index_add(0, flat_target, picked.exp().flatten() * flat_weights)
    predicted_sum = probabilities.transpose(0, 1).flatten(1).sum(1)
    dice = (2 * overlap + 1.0) / (predicted_sum + target_sum + 1.0)
    present = target_sum[1:] > 0
    dice_loss = 1.0 - dice[1:][present].mean() if bool(present.any()) else (1.0 - dice[0])
    return 0.5 * (cross_entropy + dice_loss)


@torch.no_grad()
def batch_dice(logits: Tensor, target: Tensor) -> float:
    """Mean Dice of the predicted classes over the foreground classes present in the annotated voxels of a batch."""
    predicted = logits.max(1).indices  # argmax takes ten times as long on a CPU
    annotated = target != IGNORE
    scores = []
    for value in torch.unique(target[annotated]).tolist():
        if value == 0:
            continue
        a, b = (predicted == value) & annotated, target == value
        scores.append(float(2 * (a & b).sum()) / float(a.sum() + b.sum()))
    return sum(scores) / len(scores) if scores else 1.0
