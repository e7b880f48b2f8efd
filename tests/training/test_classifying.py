"""What a classifier's step learns from, against numbers worked out by hand."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from training.classifying import (
    Learning,
    adjusted,
    answers,
    balanced_shares,
    cross_entropy,
    fixmatch_loss,
    focal,
    log_priors,
    mixed,
    mixmatch_loss,
    questions,
    sharpened,
    supervised_loss,
    thresholds,
)

FINDINGS = torch.tensor([[True, False], [False, False], [False, False], [False, True]])


def test_a_finding_is_a_question_whose_answers_are_the_sigmoid():
    logits = torch.tensor([[0.3, -2.0], [1.5, 0.0]])
    assert torch.allclose(questions(logits, False).softmax(-1)[..., 1], logits.sigmoid())
    assert torch.allclose(questions(logits, True).softmax(-1)[:, 0], logits.softmax(1))
    assert answers(FINDINGS, False)[0].tolist() == [[0, 1], [1, 0]]
    assert answers(FINDINGS[::3], True).tolist() == [[[1, 0]], [[0, 1]]]


def test_balanced_shares_draw_for_each_answer_as_often():
    three_to_one = answers(torch.tensor([[True, False]] * 3 + [[False, True]]), True)
    assert balanced_shares(three_to_one).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    # Of two findings: yes of the first has 1/2 of the first's half, its no is shared by three, and so on.
    shares = balanced_shares(answers(FINDINGS, False))
    assert shares.tolist() == pytest.approx([1 / 4 + 1 / 12, 2 / 12, 2 / 12, 1 / 12 + 1 / 4])
    nobody = answers(torch.tensor([[True, False], [False, False]]), False)  # nobody has the second finding
    assert balanced_shares(nobody).sum().item() == pytest.approx(1)


def test_log_priors_count_what_is_drawn_and_one_more_of_each():
    target = answers(torch.tensor([[True, False]] * 3 + [[False, True]]), True)
    assert log_priors(target, torch.full((4,), 0.25)).exp().tolist() == [pytest.approx([4 / 6, 2 / 6])]
    assert log_priors(target, balanced_shares(target)).exp().tolist() == [pytest.approx([1 / 2, 1 / 2])]


def test_cross_entropy_and_focal_loss():
    logits, target = torch.tensor([[[0.0, math.log(3)]]]), torch.tensor([[[0.0, 1.0]]])  # p = 3/4
    assert cross_entropy(logits, target).item() == pytest.approx(-math.log(0.75))
    assert focal(logits, target).item() == pytest.approx(-(0.25**2) * math.log(0.75))
    half = torch.tensor([[[0.5, 0.5]]])
    assert cross_entropy(logits, half).item() == pytest.approx(-0.5 * (math.log(0.75) + math.log(0.25)))


def test_adjusted_logits_owe_nothing_to_how_common_an_answer_is():
    """Logits of 0 are right on average where the answers are as common as the prior says."""
    prior = torch.tensor([[0.9, 0.1]]).log()
    free = torch.zeros(1, 1, 2, requires_grad=True)
    adjusted(cross_entropy, prior)(free.expand(10, 1, 2), torch.tensor([[[1.0, 0.0]]] * 9 + [[[0.0, 1.0]]])).backward()
    assert free.grad is not None and free.grad.abs().max() < 1e-6


def test_sharpening_moves_to_the_likelier_answer():
    assert sharpened(torch.tensor([0.8, 0.2])).tolist() == pytest.approx([0.64 / 0.68, 0.04 / 0.68])
    assert sharpened(torch.tensor([0.5, 0.5])).tolist() == [0.5, 0.5]


def test_mixing_keeps_the_larger_share_and_mixes_both_alike():
    pictures = torch.eye(5)[:, None, None]  # each picture has one pixel of its own
    told, target = mixed(pictures, torch.eye(5)[:, None], torch.Generator().manual_seed(1))
    assert torch.allclose(told[:, 0], target)
    assert (target[range(5), 0, range(5)] >= 0.5).all() and (target.amax(-1) < 1).any()
    assert torch.allclose(target.sum(-1), torch.ones(5, 1))


def test_each_answer_has_a_threshold_by_how_sure_the_network_is_of_it():
    assert thresholds(torch.tensor([[0.9, 0.6]])).tolist() == [pytest.approx([0.95, 0.95 * 0.6 / 0.9])]


class _Said(nn.Module):
    """Logits of classes that are what the mean of a picture says."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, pictures):
        mean = pictures.mean(dim=(1, 2, 3)) - 0.5
        return torch.stack((-mean, mean), dim=1) * self.scale


def sampler(unlabelled: float):
    """Labelled pictures are dark or bright, unlabelled ones of one grey."""

    def labelled(step, count):
        bright = torch.arange(count) % 2 == 1
        return bright.float()[:, None, None, None].expand(count, 1, 4, 4) * 0.8 + 0.1, torch.stack((~bright, bright), 1)

    return SimpleNamespace(
        labelled=labelled,
        unlabelled=lambda step, count, views: [torch.full((count, 1, 4, 4), unlabelled) for _ in range(views)],
        generator=lambda step, purpose: torch.Generator().manual_seed(100 * step + purpose),
    )


def learning(scale: float, unlabelled: float) -> Learning:
    prior = torch.tensor([[0.5, 0.5]]).log()
    said = _Said(scale)
    return Learning(said, said, sampler(unlabelled), cross_entropy, prior, True, 4, "cpu")  # type: ignore[arg-type]


def test_fixmatch_learns_only_from_what_the_network_is_sure_of():
    _, unsure = fixmatch_loss(learning(2.0, 0.6))(0)
    _, sure = fixmatch_loss(learning(60.0, 0.6))(0)
    assert (unsure["utilisation"], unsure["loss_unlabelled"]) == (0, 0)
    assert sure["utilisation"] == 1 and sure["loss_unlabelled"] != 0


def test_mixmatch_weighs_unlabelled_pictures_more_and_more():
    loss = mixmatch_loss(learning(2.0, 0.6), 100)
    weights = [loss(step)[1]["consistency_weight"] for step in (0, 20, 40, 99)]
    assert weights[0] == 0 and weights[1] == pytest.approx(weights[3] / 2) and weights[2] == weights[3] > 0
    assert torch.allclose(loss(0)[0], loss(0)[0]), "a step is the same whenever it is done"


def test_mixmatch_expects_answers_as_often_as_among_labelled_pictures():
    """A network that says the same of all unlabelled pictures is not told to say so ever more."""
    one = learning(8.0, 0.9)
    _, figures = mixmatch_loss(one, 100)(0)
    said = one.network(torch.full((1, 1, 4, 4), 0.9)).softmax(1)
    assert said[0, 1] > 0.99
    assert figures["loss_unlabelled"] > 0.05  # the guess is even, and not what it says already


def test_losses_can_be_learnt_from():
    for made in (supervised_loss(learning(1.0, 0.7)), fixmatch_loss(learning(1.0, 0.7))):
        loss, _ = made(3)
        assert loss.requires_grad and math.isfinite(loss.item())
