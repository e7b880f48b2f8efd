"""The losses of a step, the twin's fairness, and what happens when the teacher goes astray."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from inference.manifest import Preprocessing
from training import semi_supervised
from training.augment import posed_again
from training.dataset import GridCase, SliceSampler
from training.loops import GoneAstray
from training.losses import IGNORE, dice_cross_entropy
from training.networks import TellingPlaces
from training.semi_supervised import (
    UnlabelledAlarm,
    consistency_weight,
    pseudo_labels,
    semi_supervised_loss,
    supervised_loss,
)

STEPS = 100  # the first 30 use annotated slices only


class Sure(nn.Module):
    """A teacher that says one class everywhere, as sure as its logit."""

    def __init__(self, value: int, logit: float = 9.0) -> None:
        super().__init__()
        self.value, self.logit = value, logit

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = torch.zeros(len(images), 3, *images.shape[2:])
        logits[:, self.value] = self.logit
        return logits


@pytest.fixture
def sampler() -> SliceSampler:
    draw = np.random.default_rng(0)
    target = np.full((8, 20, 24), IGNORE, np.uint8)
    target[2:4] = 0
    target[2:4, 5:14, 6:15] = 1
    target[2:4, 14:18, 15:22] = 2
    case = GridCase("p", draw.random((8, 20, 24), dtype=np.float32), target, (0, 1, 4, 5, 6, 7))
    return SliceSampler([case], Preprocessing(spacing_mm=(1, 1, 1), context_slices=3, size_multiple=4), 0)


@pytest.fixture
def student() -> TellingPlaces:
    torch.manual_seed(0)
    return TellingPlaces(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.PReLU(), nn.Conv2d(8, 3, 1)))


def semi(student: TellingPlaces, teacher: nn.Module, sampler: SliceSampler, said: list[str]):
    """The loss of a step, and none, but a sentence in said, where the alarm ends the step."""
    loss_of_step = semi_supervised_loss(student, teacher, sampler, 4, STEPS, "cpu")

    def heard(step: int):
        try:
            return loss_of_step(step)
        except GoneAstray as alarm:
            said.append(str(alarm))
            return loss_of_step(step)

    return heard


def test_consistency_weight_follows_laine_and_aila():
    assert consistency_weight(0, 10) == pytest.approx(np.exp(-5))
    assert consistency_weight(5, 10) == pytest.approx(np.exp(-1.25))
    assert consistency_weight(10, 10) == consistency_weight(99, 10) == 1.0
    with pytest.raises(ValueError, match="positive"):
        consistency_weight(1, 0)


def test_unsure_voxels_and_those_outside_get_no_pseudo_label():
    inside = torch.ones(2, 4, 4, dtype=torch.bool)
    inside[0, :2] = False

    labels, used = pseudo_labels(Sure(2), torch.zeros(2, 3, 4, 4), inside)
    assert (labels[inside] == 2).all() and (labels[~inside] == IGNORE).all()
    assert used == 1.0

    labels, used = pseudo_labels(Sure(2, logit=1.0), torch.zeros(2, 3, 4, 4), inside)  # 58 % sure
    assert (labels == IGNORE).all() and used == 0.0


def test_first_stage_is_the_same_for_both_arms(student, sampler):
    both, alone = semi(student, Sure(1), sampler, []), supervised_loss(student.network, sampler, 4, "cpu")

    for step in (0, 13, 29):
        assert both(step)[0].item() == alone(step)[0].item()
    assert both(40)[0].item() != alone(40)[0].item()


def test_unlabelled_slices_enter_with_the_ramped_weight(student, sampler):
    loss_of_step = semi(student, Sure(1), sampler, [])

    assert loss_of_step(29)[1]["consistency_weight"] == 0.0
    assert loss_of_step(40)[1]["consistency_weight"] == pytest.approx(0.5 * consistency_weight(10, 21))
    figures = loss_of_step(60)[1]
    assert figures["consistency_weight"] == 0.5
    assert {"dice", "loss_unlabelled", "utilisation"} <= figures.keys()


def test_teacher_learns_nothing_from_a_step(sampler, student):
    teacher = copy.deepcopy(student.network)

    semi(student, teacher, sampler, [])(60)[0].backward()

    assert all(value.grad is None for value in teacher.parameters())
    assert all(value.grad is not None for value in student.parameters())


def test_the_student_is_told_where_what_it_sees_lies(student, sampler):
    """A network that tells the wrong place loses by as much as it is wrong; outside of the image nothing counts."""

    class Placed(nn.Module):
        def __init__(self, place: float) -> None:
            super().__init__()
            self.place = place

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            logits = student.network(images)
            return torch.cat([logits, torch.full((len(images), 3, *images.shape[2:]), self.place)], dim=1)

    near, far, farther = (semi(Placed(place), Sure(1), sampler, [])(60)[0].item() for place in (0.0, 4.0, 9.0))
    assert farther - far == pytest.approx(5.0, abs=1e-4)  # every place lies in -1 to 1
    assert 2.5 < far - near < 4
    first = [semi(Placed(place), Sure(1), sampler, [])(10)[0].item() for place in (0.0, 4.0)]
    assert first[0] == first[1], "the first stage is that of the twin"


def test_what_the_teacher_says_is_asked_for_in_another_pose(student, sampler):
    """The labels that a teacher gives to what is bright move with the image."""
    seen: list[torch.Tensor] = []
    values = np.zeros((8, 40, 48), np.float32)
    values[:, 10:30, 12:26] = 1
    target = np.full(values.shape, IGNORE, np.uint8)
    target[2:4] = 0
    target[2:4, 10:30, 12:26] = 1
    bright = SliceSampler(
        [GridCase("p", values, target, (0, 1, 4, 5, 6, 7))],
        Preprocessing(spacing_mm=(1, 1, 1), context_slices=3, size_multiple=4),
        0,
    )

    class Bright(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(images)
            marked = images[:, 1:2] > 0.5
            return torch.cat([~marked, marked, torch.zeros_like(marked)], dim=1) * 6.0

    class Student(Bright):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.cat([super().forward(images), images], dim=1)  # three channels stand for places

    def image_alone(images, labels, *rest):
        return posed_again(images, labels, *rest)[0], labels

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(semi_supervised, "strong_look", lambda images, *rest: images)
        patch.setattr(semi_supervised, "paste_masks", lambda n, size, *rest: torch.zeros(n, *size, dtype=torch.bool))
        lost = semi(Student(), Bright(), bright, [])(60)[1]["loss_unlabelled"]
        patch.setattr(semi_supervised, "posed_again", image_alone)
        left_behind = semi(Student(), Bright(), bright, [])(60)[1]["loss_unlabelled"]

    plain, mixed = seen[:2]
    assert not torch.equal(plain, mixed[:4]), "the student does not see the slice as the teacher did"
    assert lost < 0.3 * left_behind


def test_a_teacher_that_sees_nothing_is_first_doubted_then_ignored(student, sampler):
    said: list[str] = []
    loss_of_step, alone = semi(student, Sure(0), sampler, said), supervised_loss(student.network, sampler, 4, "cpu")

    weights = [loss_of_step(60 + n)[1]["consistency_weight"] for n in range(22)]

    assert weights == [0.5] * 9 + [0.25] * 10 + [0.0] * 3
    assert [("count half" in text, "not used any more" in text) for text in said] == [(True, False), (False, True)]
    assert "0.0% of the unlabelled slices" in said[0]
    assert loss_of_step(90)[0].item() == alone(90)[0].item()  # from here on it is the twin


def test_alarm_for_floods_and_for_unsure_teachers_but_not_for_plausible_labels():
    annotated = torch.zeros(1, 10, 10, dtype=torch.int64)
    annotated[0, :2] = 1  # a fifth

    def told(guessed: torch.Tensor, used: float = 0.9, windows: int = 1) -> list[str]:
        alarm = UnlabelledAlarm()
        return [text for n in range(30, 30 + 10 * windows) if (text := alarm.watch(n, guessed, annotated, used))]

    assert told(annotated, windows=5) == []
    few = torch.zeros_like(annotated)
    few[0, 0, :4] = 2  # a fifth of the annotated share
    assert told(few, windows=3) == []
    assert len(told(torch.ones_like(annotated))) == 1
    assert "only 10% of the unlabelled voxels" in told(annotated, used=0.1)[0]


def test_a_step_that_is_done_again_counts_once():
    nothing, everything = torch.zeros(1, 4, 4, dtype=torch.int64), torch.ones(1, 4, 4, dtype=torch.int64)
    alarm = UnlabelledAlarm()
    for _ in range(20):  # memory ran out, say
        assert not alarm.watch(30, nothing, everything, 0.9)

    assert not any(alarm.watch(step, everything, everything, 0.9) for step in range(31, 40))


def test_a_batch_without_any_annotated_voxel_teaches_nothing():
    logits = torch.randn(2, 3, 8, 8, requires_grad=True)

    loss = dice_cross_entropy(logits, torch.full((2, 8, 8), IGNORE))
    loss.backward()

    assert loss.item() == 0.0
    assert logits.grad is not None and not logits.grad.any()


def of_levels(narrow: bool) -> SliceSampler:
    """An annotated case of ones, and two of which nobody has annotated anything, of fives and nines."""
    target = np.zeros((4, 20, 24), np.uint8)
    target[:, 5:14, 6 : 15 if narrow else 23] = 1
    cases = [GridCase("p", np.ones((4, 20, 24), np.float32), target, ())]
    for n in (5, 9):
        nothing = np.full((4, 20, 24), IGNORE, np.uint8)
        cases.append(GridCase(f"q{n}", np.full((4, 20, 24), n, np.float32), nothing, (0, 1, 2, 3)))
    return SliceSampler(cases, Preprocessing(spacing_mm=(1, 1, 1), context_slices=3, size_multiple=4), 0)


@pytest.mark.parametrize("narrow", [True, False])
def test_only_structures_that_fit_into_a_box_are_pasted(student, monkeypatch, narrow):
    sampler, seen = of_levels(narrow), []
    assert sampler.span == pytest.approx(9 / 20 if narrow else 17 / 24)
    monkeypatch.setattr("training.semi_supervised.strong_look", lambda images, *rest: images)
    monkeypatch.setattr(UnlabelledAlarm, "watch", lambda *rest: "")
    forward = student.forward
    monkeypatch.setattr(student, "forward", lambda images: seen.append(images.detach()) or forward(images))
    loss_of_step = semi_supervised_loss(student, Sure(1), sampler, 4, STEPS, "cpu")
    for step in range(STEPS):
        _, figures = loss_of_step(step)
    assert figures["utilisation"] > 0.9 and figures["consistency_weight"] > 0
    # What is on an eighth of a slice at least: fewer voxels are those at an edge of an image.
    levels = [
        frozenset(n for n in (1, 5, 9) if ((one - n).abs() < 0.1).float().mean() > 1 / 8) for i in seen for one in i
    ]
    assert (frozenset({5, 9}) in levels) != narrow
    assert any(1 in one and len(one) > 1 for one in levels) == narrow


def test_of_parts_of_images_nothing_is_said_of_what_fits(monkeypatch):
    assert of_levels(narrow=False).span > 0.7
    monkeypatch.setattr("training.dataset._LARGEST_SIDE", {2: 16, 3: 16})
    assert of_levels(narrow=False).span == 0
