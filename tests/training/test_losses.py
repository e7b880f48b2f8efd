import math

import pytest
import torch

from training.losses import IGNORE, batch_dice, dice_cross_entropy


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn(2, 4, 6, 9, generator=torch.Generator().manual_seed(3)).requires_grad_()


@pytest.fixture
def target() -> torch.Tensor:
    return torch.randint(0, 4, (2, 6, 9), generator=torch.Generator().manual_seed(4))


def test_value_worked_by_hand():
    target = torch.tensor([[[0, 0, 1, 1]]])

    loss = dice_cross_entropy(torch.zeros(1, 2, 1, 4), target)

    # Every probability is 0.5: cross-entropy ln 2; Dice (2 * 1 + 1) / (2 + 2 + 1) with its smoothing of 1.
    assert loss.item() == pytest.approx(0.5 * (math.log(2) + 0.4), abs=1e-6)


def test_right_answer_costs_nothing_and_wrong_answer_much(target):
    right = 30.0 * torch.nn.functional.one_hot(target, 4).permute(0, 3, 1, 2).float()

    assert dice_cross_entropy(right, target).item() < 1e-3
    assert dice_cross_entropy(right, (target + 1) % 4).item() > 5


def test_voxels_that_are_not_annotated_count_for_nothing(logits, target):
    target[:, 2:4] = IGNORE
    expected = dice_cross_entropy(logits, target)
    expected.backward()
    changed = logits.detach().clone()
    changed[:, :, 2:4] += 7 * torch.randn(2, 4, 2, 9, generator=torch.Generator().manual_seed(5))

    assert dice_cross_entropy(changed, target).item() == pytest.approx(expected.item(), abs=1e-6)
    assert logits.grad is not None
    assert not logits.grad[:, :, 2:4].any()
    assert logits.grad[:, :, :2].all()


def test_weight_zero_is_the_same_as_not_annotated(logits, target):
    weight = torch.ones(2, 6, 9)
    weight[0, :3] = 0
    hidden = target.clone()
    hidden[0, :3] = IGNORE

    weighted = dice_cross_entropy(logits, target, weight)

    assert weighted.item() == pytest.approx(dice_cross_entropy(logits, hidden).item(), abs=1e-6)


def test_batch_without_annotation_costs_nothing_and_can_be_learnt_from(logits):
    loss = dice_cross_entropy(logits, torch.full((2, 6, 9), IGNORE))
    loss.backward()

    assert loss.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_classes_missing_from_the_batch_do_not_dilute_dice():
    target = torch.zeros(1, 4, 5, dtype=torch.int64)
    target[:, :2] = 1
    logits = 3.0 * torch.nn.functional.one_hot(target, 2).permute(0, 3, 1, 2).float()
    with_unused_classes = torch.cat([logits, torch.full((1, 20, 4, 5), -30.0)], dim=1)

    assert dice_cross_entropy(with_unused_classes, target).item() == pytest.approx(
        dice_cross_entropy(logits, target).item(), abs=1e-5
    )


def test_structure_missed_in_one_slice_of_two_is_seen_by_pooled_dice():
    target = torch.zeros(2, 8, 8, dtype=torch.int64)
    target[0, 3:5, 3:5] = 1
    nothing = torch.zeros(2, 2, 8, 8)
    nothing[:, 0] = 12.0

    assert dice_cross_entropy(nothing, target).item() > 0.4  # a Dice per slice would call the empty slice perfect


def test_batch_dice_is_the_mean_over_the_classes_present():
    target = torch.tensor([[[1, 1, 2, 2, 0, IGNORE]]])
    predicted = torch.tensor([[[1, 1, 2, 0, 0, 3]]])
    logits = torch.nn.functional.one_hot(predicted, 4).permute(0, 3, 1, 2).float()

    assert batch_dice(logits, target) == pytest.approx((1 + 2 / 3) / 2)
