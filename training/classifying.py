"""What a step of a classifier learns from: labelled pictures alone, or unlabelled ones too, by MixMatch or FixMatch.

Classes that exclude one another are one question with as many answers as there are classes; findings that may be
there together are a question each, with the answers no and yes. Logits (N, questions, answers) then mean the same in
both, and so do sharpening, mixing, thresholds and all losses: a sigmoid is a softmax of two answers of which the
first has the logit 0. A mixture of two pictures has a finding as much as it shows of the picture that has it.

The network's own logits leave out how common an answer is: that is added to them before a loss on labelled pictures
(logit adjustment, Menon et al., ICLR 2021, arXiv:2007.07314). What is guessed of unlabelled pictures, sharpened and
mixed, are probabilities as if all answers were equally common. Sharpened as they are, those of a rare finding, all
below one half, would only ever be sharpened away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.augment import strong_look
from training.classified_pictures import PictureSampler
from training.loops import LossOfStep

SHARPENING = 0.5  # MixMatch's temperature
MIXING = 0.75  # of Beta(a, a), from which the share of the other picture comes
UNLABELLED_WEIGHT = 10.0  # of the squared error, at most; 75, as in the paper, did harm within some hundred steps
RAMP_UP = 0.4  # of the steps
SURE = 0.95  # FixMatch's threshold, for the answer that the network is surest of
LOOKS = 0.5  # share of labelled pictures that are shown as by another scanner
FOCUS = 2.0  # focal loss's gamma

_FOLLOWING = 0.9  # of FixMatch's thresholds, from a step to the next
_ORDER, _LOOK, _STRONG = 2, 3, 4  # purposes of random numbers; the sampler has 0 and 1

LabelledLoss = Callable[[Tensor, Tensor], Tensor]  # logits and targets, both (N, questions, answers)


def questions(logits: Tensor, exclusive: bool) -> Tensor:
    """Logits (N, classes) as (N, questions, answers): one question, or no and yes for each class."""
    return logits[:, None] if exclusive else torch.stack((torch.zeros_like(logits), logits), dim=-1)


def answers(classes: Tensor, exclusive: bool) -> Tensor:
    """What is found, (N, classes) bool, as the probabilities (N, questions, answers) that a network should give."""
    return (classes[:, None] if exclusive else torch.stack((~classes, classes), dim=-1)).float()


def balanced_shares(target: Tensor) -> Tensor:
    """How often to draw each picture, (N,) with sum 1, so that each question, and each of its answers that there is,
    is drawn for equally often. target (N, questions, answers)."""
    counts = target.sum(0)
    there = (counts > 0).sum(1, keepdim=True)
    worth = torch.where(counts > 0, 1 / (counts.clamp(min=1) * there), torch.zeros_like(counts))
    return (target * worth).sum(dim=(1, 2)) / target.shape[1]


def log_priors(target: Tensor, shares: Tensor) -> Tensor:
    """Logarithm of how common each answer is, (questions, answers), in pictures drawn in these shares (N,).

    One picture of each answer is added to those that there are, so that none is impossible (Laplace).
    """
    of_all = shares / shares.sum()
    counts = (target * of_all[:, None, None]).sum(0) * len(target) + 1
    return (counts / counts.sum(1, keepdim=True)).log()


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Mean over pictures and questions; target are probabilities (N, questions, answers)."""
    return -(target * logits.log_softmax(-1)).sum(-1).mean()


def focal(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy in which an answer counts the less the surer the network is of it: (1 - p)^2 times as much
    (Lin et al., ICCV 2017, arXiv:1708.02002)."""
    told = logits.log_softmax(-1)
    return -(target * (1 - told.exp()) ** FOCUS * told).sum(-1).mean()


def adjusted(loss: LabelledLoss, prior: Tensor) -> LabelledLoss:
    """A loss of logits to which the logarithm of how common each answer is has been added, tau being 1."""
    return lambda logits, target: loss(logits + prior.to(logits.device), target)


def sharpened(likely: Tensor) -> Tensor:
    """Probabilities (..., answers) moved towards their largest: to the power of 1 / 0.5, then scaled to sum 1."""
    powers = likely ** (1 / SHARPENING)
    return powers / powers.sum(-1, keepdim=True)


def mixed(pictures: Tensor, target: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Each picture, and what is to be said of it, with at most half of another one of the batch (MixUp, Zhang et al.,
    ICLR 2018, arXiv:1710.09412; the larger share stays with the picture, as in MixMatch)."""
    shuffled = torch.randperm(len(pictures), generator=generator).to(pictures.device)
    draw = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    share = torch.from_numpy(draw.beta(MIXING, MIXING, len(pictures)).astype(np.float32)).to(pictures.device)
    share = torch.maximum(share, 1 - share)[:, None, None]
    return (
        share[..., None] * pictures + (1 - share[..., None]) * pictures[shuffled],
        share * target + (1 - share) * target[shuffled],
    )


@dataclass(frozen=True)
class Learning:
    """What the losses of all recipes share. prior (questions, answers): log_priors of the labelled pictures as they
    are, however often they are drawn. running: what a loss keeps from step to step, by name."""

    network: nn.Module
    teacher: nn.Module
    sampler: PictureSampler
    labelled_loss: LabelledLoss
    prior: Tensor
    exclusive: bool
    batch: int
    device: str
    running: dict[str, Tensor] = field(default_factory=dict)

    def logits(self, pictures: Tensor) -> Tensor:
        return questions(self.network(pictures), self.exclusive)

    @torch.no_grad()
    def guessed(self, pictures: Tensor) -> Tensor:
        """What the teacher says of plain pictures, logits (N, questions, answers), by the statistics of these: those
        that it follows are of changed and mixed pictures."""
        self.teacher.train()
        return questions(self.teacher(pictures.to(self.device)), self.exclusive)

    def labelled(self, step: int) -> tuple[Tensor, Tensor]:
        """Labelled pictures, half of them as by another scanner, and the answers."""
        pictures, classes = self.sampler.labelled(step, self.batch)
        pictures = strong_look(pictures, self.sampler.generator(step, _LOOK), LOOKS)
        return pictures.to(self.device), answers(classes, self.exclusive).to(self.device)


def supervised_loss(learning: Learning, *, mixing: bool = True) -> LossOfStep:
    """Loss of a step on labelled pictures only, mixed with each other unless they are for the twin of FixMatch."""

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures, target = learning.labelled(step)
        if mixing:
            pictures, target = mixed(pictures, target, learning.sampler.generator(step, _ORDER))
        return learning.labelled_loss(learning.logits(pictures), target), {}

    return loss_of_step


def mixmatch_loss(learning: Learning, steps: int) -> LossOfStep:
    """Loss of a step on as many labelled as unlabelled pictures (Berthelot et al., NeurIPS 2019, arXiv:1905.02249).

    The mean of what the network says of two poses of an unlabelled picture, sharpened, is what it is to say of either;
    then all pictures are mixed with each other. On labelled ones the loss is theirs, on unlabelled ones the squared
    error of probabilities, ten times, which weight grows linearly over the first 40 % of the steps.

    Guesses are moved so that, as the training goes, each answer is given as often as among the labelled pictures
    (distribution alignment, ReMixMatch, ICLR 2020, arXiv:1911.09785): without it all unlabelled pictures soon had the
    same answer. Where people have labelled what is rare more often than it is, the guesses are wrong as much.
    """

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        pictures, target = learning.labelled(step)
        views = [view.to(learning.device) for view in learning.sampler.unlabelled(step, learning.batch, 2)]
        told = torch.stack([learning.guessed(view) for view in views])
        mean = (told + learning.prior).softmax(-1).mean(dim=(0, 1))
        usual = learning.running.get("usual")
        usual = learning.running["usual"] = mean if usual is None else _FOLLOWING * usual + (1 - _FOLLOWING) * mean
        told = told + learning.prior - usual.log()
        guessed = sharpened(told.softmax(-1).mean(0))
        every, wanted = mixed(
            torch.cat([pictures, *views]),
            torch.cat([target, guessed, guessed]),
            learning.sampler.generator(step, _ORDER),
        )
        logits = learning.logits(every)
        known = len(pictures)
        labelled = learning.labelled_loss(logits[:known], wanted[:known])
        unlabelled = F.mse_loss(logits[known:].softmax(-1), wanted[known:])
        weight = UNLABELLED_WEIGHT * min(1.0, step / max(1.0, RAMP_UP * steps))
        return labelled + weight * unlabelled, {
            "loss_unlabelled": unlabelled.item(),
            "consistency_weight": weight,
            "utilisation": 1.0,
        }

    return loss_of_step


def fixmatch_loss(learning: Learning) -> LossOfStep:
    """Loss of a step in which the network must say of an unlabelled picture, shown as by another scanner and in another
    pose, what it is sure of when it sees it plain (Sohn et al., NeurIPS 2020, arXiv:2001.07685).

    Each answer has a threshold of its own, 0.95 times how sure the network mostly is of it against the one of the
    question that it is surest of (after FreeMatch, ICLR 2023, arXiv:2205.07246): a rare one would not pass otherwise.
    """

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        sampler = learning.sampler
        pictures, target = learning.labelled(step)  # not mixed: of mixtures nobody is sure
        plain, other = sampler.unlabelled(step, learning.batch, 2)
        shown = strong_look(other, sampler.generator(step, _STRONG)).to(learning.device)
        likely = learning.guessed(plain).softmax(-1)
        confidence, guessed = likely.max(-1)
        sure = learning.running.get("sure", torch.full_like(likely[0], 1 / likely.shape[-1]))
        sure = learning.running["sure"] = _surer(sure, likely)
        used = confidence >= thresholds(sure).expand_as(likely).gather(-1, guessed[..., None])[..., 0]
        logits = learning.logits(torch.cat([pictures, shown]))
        labelled = learning.labelled_loss(logits[: len(pictures)], target)
        told = logits[len(pictures) :].log_softmax(-1).gather(-1, guessed[..., None])[..., 0]
        unlabelled = -(told * used).mean()
        return labelled + unlabelled, {
            "loss_unlabelled": unlabelled.item(),
            "consistency_weight": 1.0,
            "utilisation": float(used.float().mean()),
        }

    return loss_of_step


def thresholds(sure: Tensor) -> Tensor:
    """From how sure the network mostly is of each answer that it gives, (questions, answers), how sure it must be."""
    return SURE * sure / sure.amax(-1, keepdim=True)


def _surer(sure: Tensor, likely: Tensor) -> Tensor:
    """The running mean of how sure the network is of each answer where it gives it."""
    given = F.one_hot(likely.argmax(-1), likely.shape[-1]).to(likely.dtype)
    count = given.sum(0)
    mean = (likely * given).sum(0) / count.clamp(min=1)
    return torch.where(count > 0, _FOLLOWING * sure + (1 - _FOLLOWING) * mean, sure)
