"""What a step learns from: annotated slices alone, or annotated and unlabelled slices.

Bidirectional copy-paste with a mean teacher (Bai et al., CVPR 2023, arXiv:2305.00673). The averaged weights
label unlabelled slices; pieces of annotated slices are pasted into these and the other way round, and the
student must be right in both. Its first stage pastes between annotated slices only, which is also all that
the supervised twin does: same slices, same poses, same looks, so what differs is the unlabelled data.

Structures that span more of a slice than a pasted box does, as lungs do on a radiograph, are always cut by it, and
what is left of them lies where it never is. Of such annotated slices no box is pasted: the unlabelled ones alone are
mixed, with each other (weak_to_strong_loss). Where patches are parts of an image they cut structures anyway.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from training.augment import PASTED_SHARE, PASTED_SIDE, paste_masks, posed_again, strong_look
from training.dataset import SliceSampler
from training.loops import CHECKED_STEPS, GoneAstray, LossOfStep
from training.losses import IGNORE, batch_dice, dice_cross_entropy
from training.networks import PLACES

FIRST_STAGE = 0.3  # of the steps, annotated slices only
RAMP_UP = 0.3  # of the steps after it

# Pseudo-labelled against annotated share. People confirm slices in which there is something to see, so that
# much less on the others is no alarm yet; a teacher that has collapsed falls to nothing.
_FOREGROUND_RANGE = (0.05, 4.0)
_LEAST_UTILISATION = 0.2
_WHOLLY = 0.99  # of a voxel inside the image
_SMOOTHING = 0.8  # of the Dice shown: a batch of four slices says little


@dataclass(frozen=True)
class Recipe:
    """What of a training may be set otherwise where a study (training.tuning) finds that it pays."""

    rate: float = 1.0  # of the usual learning rate
    unlabelled_weight: float = 0.5  # the largest, of pseudo-labelled voxels against annotated ones
    confidence: float = 0.75  # below it the teacher's label of a voxel is not used
    looks: float = 0.5  # share of annotated slices shown as by another scanner: a model in use sees the one there is
    pasted: float = PASTED_SHARE  # share of slices with a box of another one


USUAL = Recipe()


def consistency_weight(step: int, ramp_up_steps: int) -> float:
    """Weight in [0, 1] of the unlabelled loss at an optimiser step.

    exp(-5 (1 - t)^2), t = step / ramp_up_steps capped at 1 (Laine & Aila, arXiv:1610.02242). Raises
    ValueError unless ramp_up_steps > 0.
    """
    if ramp_up_steps <= 0:
        raise ValueError(f"ramp_up_steps must be positive, got {ramp_up_steps}")
    t = min(step / ramp_up_steps, 1.0)
    return math.exp(-5.0 * (1.0 - t) ** 2)


def pseudo_labels(
    teacher: nn.Module, images: Tensor, inside: Tensor, least: float = USUAL.confidence
) -> tuple[Tensor, float]:
    """The teacher's classes (N, *space) int64, 255 where it is less than so sure or outside the image; and the share of
    voxels inside that are used."""
    with torch.no_grad():
        confidence, classes = teacher(images).softmax(1).max(1)
    used = (confidence >= least) & inside
    return torch.where(used, classes, IGNORE), float(used.sum() / inside.sum().clamp(min=1))


def supervised_loss(
    network: Callable[[Tensor], Tensor],
    sampler: SliceSampler,
    batch: int,
    device: str,
    *,
    pasted: bool | None = None,
    recipe: Recipe = USUAL,
) -> LossOfStep:
    """Loss of a step on annotated slices only, some, if pasted, with a box of another one of the batch in them. None:
    if their structures fit into a box."""
    shown, pasted = _RunningMean(), _fit_into_a_box(sampler) if pasted is None else pasted

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        generator = torch.Generator().manual_seed(step)
        images, targets = (part.to(device) for part in sampler.labelled(step, batch))
        if pasted:
            box = paste_masks(batch, sampler.patch, generator, recipe.pasted).to(device)
            images = strong_look(images, generator, recipe.looks)
            images = torch.where(box[:, None], images.roll(1, 0), images)
            targets = torch.where(box, targets.roll(1, 0), targets)
        else:
            images = strong_look(images, generator, recipe.looks)
        logits = network(images)
        return dice_cross_entropy(logits, targets), {"dice": shown.add(batch_dice(logits, targets))}

    return loss_of_step


def weak_to_strong_loss(
    network: Callable[[Tensor], Tensor],
    teacher: nn.Module,
    sampler: SliceSampler,
    batch: int,
    steps: int,
    device: str,
    alarm: UnlabelledAlarm | None = None,
    recipe: Recipe = USUAL,
) -> LossOfStep:
    """Loss of a step in which the student, shown unlabelled slices as by another scanner and mixed with each other,
    must say what the teacher says of them plain: FixMatch with CutMix and an averaged teacher (arXiv:2001.07685,
    arXiv:1906.01916, arXiv:2208.09910). Else as semi_supervised_loss, but that network gives
    logits alone."""
    first_stage = round(FIRST_STAGE * steps)
    ramp_up_steps = max(1, round(RAMP_UP * (steps - first_stage)))
    shown, alarm = _RunningMean(), alarm or UnlabelledAlarm()

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        images, targets = (part.to(device) for part in sampler.labelled(step, batch))
        images = strong_look(images, torch.Generator().manual_seed(step), recipe.looks)
        logits = network(images)
        loss, figures = dice_cross_entropy(logits, targets), {"dice": shown.add(batch_dice(logits, targets))}
        weight = alarm.factor * recipe.unlabelled_weight * consistency_weight(step - first_stage, ramp_up_steps)
        if step < first_stage or weight == 0:
            return loss, {**figures, "consistency_weight": 0.0}
        generator = torch.Generator().manual_seed(step)
        unlabelled, inside = (part.to(device) for part in sampler.unlabelled(step, batch))
        guessed, utilisation = pseudo_labels(teacher, unlabelled, inside, recipe.confidence)
        if message := alarm.watch(step, guessed, targets, utilisation):
            raise GoneAstray(message)
        box = paste_masks(batch, sampler.patch, generator).to(device)
        unlabelled = strong_look(unlabelled, generator)
        logits = network(torch.where(box[:, None], unlabelled.roll(1, 0), unlabelled))
        loss_unlabelled = dice_cross_entropy(logits, torch.where(box, guessed.roll(1, 0), guessed))
        told = {"loss_unlabelled": loss_unlabelled.item(), "consistency_weight": weight, "utilisation": utilisation}
        return loss + weight * loss_unlabelled, {**figures, **told}

    return loss_of_step


def semi_supervised_loss(
    network: nn.Module,
    teacher: nn.Module,
    sampler: SliceSampler,
    batch: int,
    steps: int,
    device: str,
    alarm: UnlabelledAlarm | None = None,
    recipe: Recipe = USUAL,
) -> LossOfStep:
    """Loss of a step that in its second stage uses as many unlabelled slices as annotated ones.

    network is one that tells places (TellingPlaces), teacher the averaged network in it, which gives logits alone.

    Every annotated voxel of the batch is seen once, as in the supervised step: the inside of its box in the
    unlabelled slice, the outside in its own. What the teacher says of a slice the student has to say of it in another
    pose, and of all it sees where it lies. A step raises GoneAstray when the alarm weakens or ends the use of
    unlabelled slices: what was learnt since the last good step came from those. Where structures do not fit into a
    box the loss is that of weak_to_strong_loss.
    """
    if not _fit_into_a_box(sampler):
        return weak_to_strong_loss(
            lambda images: network(images)[:, :-PLACES], teacher, sampler, batch, steps, device, alarm, recipe
        )
    first_stage = round(FIRST_STAGE * steps)
    ramp_up_steps = max(1, round(RAMP_UP * (steps - first_stage)))
    annotated_only = supervised_loss(lambda images: network(images)[:, :-PLACES], sampler, batch, device, recipe=recipe)
    shown, alarm = _RunningMean(), alarm or UnlabelledAlarm()

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        ramp = consistency_weight(step - first_stage, ramp_up_steps)
        weight = alarm.factor * recipe.unlabelled_weight * ramp
        if step < first_stage or weight == 0:
            loss, figures = annotated_only(step)
            shown.value = figures["dice"]
            return loss, {**figures, "consistency_weight": 0.0}
        generator = torch.Generator().manual_seed(step)
        images, targets = (part.to(device) for part in sampler.labelled(step, batch, with_places=True))
        unlabelled, inside = (part.to(device) for part in sampler.unlabelled(step, batch, with_places=True))
        guessed, utilisation = pseudo_labels(teacher, unlabelled[:, :-PLACES], inside, recipe.confidence)
        if message := alarm.watch(step, guessed, targets, utilisation):
            raise GoneAstray(message)
        box = paste_masks(batch, sampler.patch, generator, recipe.pasted).to(device)
        seen = torch.cat([unlabelled, inside[:, None]], dim=1)
        seen, guessed = posed_again(seen, guessed, generator, sampler.spacing_mm)
        unlabelled, inside = seen[:, :-1], seen[:, -1] > _WHOLLY

        ignored = torch.full_like(targets, IGNORE)
        known, supposed = _pasted(box, targets, ignored), _pasted(box, ignored, guessed)
        places = _pasted(box[:, None], images[:, -PLACES:], unlabelled[:, -PLACES:])
        told = _pasted(box, targets != IGNORE, inside)
        images = strong_look(images[:, :-PLACES], generator, recipe.looks)
        unlabelled = strong_look(unlabelled[:, :-PLACES], generator)
        answer = network(_pasted(box[:, None], images, unlabelled))
        logits = answer[:, :-PLACES]
        loss_labelled, loss_unlabelled = dice_cross_entropy(logits, known), dice_cross_entropy(logits, supposed)
        loss_places = _mean_distance(answer[:, -PLACES:], places, told)
        return loss_labelled + weight * loss_unlabelled + loss_places, {
            "dice": shown.add(batch_dice(logits, known)),
            "loss_unlabelled": loss_unlabelled.item(),
            "consistency_weight": weight,
            "utilisation": utilisation,
        }

    return loss_of_step


def _fit_into_a_box(sampler: SliceSampler) -> bool:
    return sampler.span <= PASTED_SIDE


def _pasted(box: Tensor, annotated: Tensor, unlabelled: Tensor) -> Tensor:
    """Of each pair (N, ...) both mixtures (2 N, ...): the box of the annotated one in the unlabelled one, and the
    other way round."""
    return torch.cat([torch.where(box, annotated, unlabelled), torch.where(box, unlabelled, annotated)])


def _mean_distance(told: Tensor, places: Tensor, counted: Tensor) -> Tensor:
    """Mean absolute distance (N, 3, *space) over the voxels counted (N, *space) and the axes."""
    counted = counted[:, None]
    return ((told.float() - places).abs() * counted).sum() / (PLACES * counted.sum().clamp(min=1))


@dataclass
class UnlabelledAlarm:
    """Watches pseudo-labels over the 10 steps to each multiple of 10: the first alarm halves their weight, the second
    ends it.

    An alarm is a foreground share outside 0.05 to 4 times that of the annotated voxels, or, the first time, less than
    20 % of the voxels labelled at all. factor is what remains of the weight, judged whether there was a first time.
    """

    factor: float = 1.0
    judged: bool = False
    _figures: dict[int, tuple[float, float, float]] = field(default_factory=dict)

    def watch(self, step: int, guessed: Tensor, targets: Tensor, utilisation: float) -> str:
        """Count a step in, once though it be done again; returns what to tell a person, mostly nothing."""
        self._figures[step] = _foreground(guessed), _foreground(targets), utilisation
        if (step + 1) % CHECKED_STEPS:
            return ""
        figures, self._figures = list(self._figures.values()), {}
        if len(figures) < CHECKED_STEPS // 2:
            return ""
        first, self.judged = not self.judged, True
        pseudo, annotated, used = (sum(column) / len(figures) for column in zip(*figures, strict=True))
        low, high = (bound * annotated for bound in _FOREGROUND_RANGE)
        if used < _LEAST_UTILISATION and first:
            return self._weaken(f"only {used:.0%} of the unlabelled voxels get a sure label")
        if annotated > 0 and not low <= pseudo <= high:
            return self._weaken(
                f"structures fill {pseudo:.1%} of the unlabelled slices and {annotated:.1%} of the annotated ones"
            )
        return ""

    def _weaken(self, why: str) -> str:
        self.factor = 0.5 if self.factor == 1.0 else 0.0
        done = "count half from here on" if self.factor else "are not used any more"
        return f"Unlabelled slices {done}: {why}."


class _RunningMean:
    def __init__(self) -> None:
        self.value = math.nan

    def add(self, value: float) -> float:
        self.value = value if math.isnan(self.value) else _SMOOTHING * self.value + (1 - _SMOOTHING) * value
        return self.value


def _foreground(labels: Tensor) -> float:
    known = labels != IGNORE
    return float(((labels > 0) & known).sum() / known.sum().clamp(min=1))
