import copy
import math
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from training.loops import Diverged, GoneAstray, InParts, LoopSettings, Parts, TooLittleMemory, Training, training_steps
from training.losses import dice_cross_entropy
from training.process import Stopped


def small_network() -> nn.Module:
    torch.manual_seed(11)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))


def loss_of(network: nn.Module) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Another batch at every step, the same at the same step."""

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        batch = torch.randn(7, 3, generator=torch.Generator().manual_seed(step))
        wanted = torch.stack([batch.sum(1), batch[:, 0] - batch[:, 2]], dim=1)
        return (network(batch) - wanted).square().mean(), {"step_seen": float(step)}

    return loss_of_step


def train(*arguments, **options) -> None:
    """All steps in one go."""
    for _ in training_steps(*arguments, **options):
        pass


def run(settings: LoopSettings, **kwargs) -> tuple[nn.Module, nn.Module]:
    network = small_network()
    ema = copy.deepcopy(network).requires_grad_(False)
    train(network, ema, loss_of(network), settings, **kwargs)
    return network, ema


def assert_equal_weights(one: nn.Module, other: nn.Module) -> None:
    for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def assert_equal_states(one: dict, other: dict) -> None:
    for name, part in one.items():
        for key, value in part.items():
            assert torch.equal(value, other[name][key])


def test_loss_falls_and_the_averaged_weights_have_learnt_too():
    network, ema = run(LoopSettings(steps=300, learning_rate=0.03, ema_decay=0.9))

    fresh = loss_of(small_network())(9999)[0].item()
    assert loss_of(network)(9999)[0].item() < 0.1 * fresh
    assert loss_of(ema)(9999)[0].item() < 0.1 * fresh


def test_interrupted_run_goes_on_to_exactly_the_same_weights(tmp_path):
    settings = LoopSettings(steps=17, checkpoint_every=5, ema_decay=0.9)
    expected, expected_ema = run(settings)
    checks = iter(range(100))

    def power_cut() -> None:
        if next(checks) == 13:
            raise Stopped

    with pytest.raises(Stopped):
        run(settings, checkpoint=tmp_path / "checkpoint.pt", check=power_cut)
    steps: list[float] = []
    settings_of_second_run = LoopSettings(steps=17, checkpoint_every=5, ema_decay=0.9, report_every=1)
    resumed, resumed_ema = run(
        settings_of_second_run,
        checkpoint=tmp_path / "checkpoint.pt",
        report=lambda event: steps.append(event["step_seen"]),
    )

    assert steps[0] == 10  # the last checkpoint before the cut
    assert_equal_weights(resumed, expected)
    assert_equal_weights(resumed_ema, expected_ema)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_finished_run_is_not_trained_further(tmp_path):
    settings = LoopSettings(steps=6)
    network, _ = run(settings, checkpoint=tmp_path / "checkpoint.pt")

    again, _ = run(settings, checkpoint=tmp_path / "checkpoint.pt")

    assert_equal_weights(again, network)


def test_one_step_that_is_not_a_number_is_undone_and_the_run_goes_on():
    network = small_network()
    ema = copy.deepcopy(network).requires_grad_(False)
    good, planted = loss_of(network), iter([False, False, True] + 100 * [False])

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        loss, figures = good(step)
        return loss * (float("nan") if next(planted) else 1.0), figures

    train(network, ema, loss_of_step, LoopSettings(steps=10))

    assert all(value.isfinite().all() for model in (network, ema) for value in model.state_dict().values())


def test_loss_that_stays_not_a_number_ends_the_run():
    network = small_network()
    before = copy.deepcopy(network)
    ema = copy.deepcopy(network).requires_grad_(False)

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        return loss_of(network)(step)[0] * float("inf"), {}

    with pytest.raises(Diverged, match="not a number at step 0"):
        train(network, ema, loss_of_step, LoopSettings(steps=10))
    assert_equal_weights(network, before)
    assert_equal_weights(ema, before)


def test_gradient_that_is_not_a_number_never_reaches_the_averaged_weights():
    network = small_network()
    ema = copy.deepcopy(network).requires_grad_(False)
    good, planted = loss_of(network), iter([False, False, False, True] + 100 * [False])

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        loss, figures = good(step)
        if next(planted):  # the root of 0 is 0, and its slope infinite
            loss = loss + (0.0 * next(network.parameters()).square().sum()).sqrt()
        return loss, figures

    train(network, ema, loss_of_step, LoopSettings(steps=10))

    assert all(value.isfinite().all() for value in ema.state_dict().values())


def test_what_goes_astray_is_taken_back_to_the_last_good_step_and_everything_with_it():
    network = small_network()
    ema = copy.deepcopy(network).requires_grad_(False)
    good, astray = loss_of(network), iter([True])
    back: list[tuple[str, int]] = []
    at_ten: list[dict] = []

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        if step == 17 and next(astray, False):
            raise GoneAstray("a planted alarm")
        return good(step)

    def went_back(why: str, step: int) -> None:
        assert_equal_states({"network": network.state_dict(), "ema": ema.state_dict()}, at_ten[0])
        back.append((why, step))

    training = Training(network, ema, loss_of_step, LoopSettings(steps=30), went_back=went_back)
    expected, expected_ema = run(LoopSettings(steps=30))
    while training.step < 30:
        training.take_step(training.step / 30)
        if training.step == 10 and not at_ten:
            at_ten.append(copy.deepcopy({"network": network.state_dict(), "ema": ema.state_dict()}))

    assert back == [("a planted alarm", 10)]
    assert_equal_weights(network, expected)  # the optimiser went back too: the second time all goes as if never astray
    assert_equal_weights(ema, expected_ema)


def test_loss_that_explodes_is_taken_back_and_goes_on_at_half_the_rate():
    network = small_network()
    ema = copy.deepcopy(network).requires_grad_(False)
    good, back = loss_of(network), []
    exploding = iter([False] * 13 + [True] * 7)

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        loss, figures = good(step)
        return loss * (1e4 if next(exploding, False) else 1.0), figures

    training = Training(network, ema, loss_of_step, LoopSettings(steps=40), went_back=lambda *told: back.append(told))
    for _ in range(20):
        training.take_step(0.0)

    (why, step) = back[0]
    assert (len(back), step, training.step) == (1, 10, 10)
    assert why.startswith("the loss has grown from ") and why.endswith(" at step 20")
    assert training.state()["rate"] == 0.5


def a_network_that_takes(most: int, **error) -> nn.Module:
    """A small picture network that runs out of memory with more samples than so many."""

    class Narrow(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(5)
            self.layers = nn.Sequential(
                nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.InstanceNorm2d(4), nn.LeakyReLU(), nn.Conv2d(4, 3, 1)
            )
            self.seen: list[int] = []

        def forward(self, images: Tensor) -> Tensor:
            self.seen.append(len(images))
            if len(images) > most:
                raise error["error"] if error else torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
            return self.layers(images)

    return Narrow()


def pooled_loss(network: nn.Module) -> Callable[[int], tuple[Tensor, dict[str, float]]]:
    """Dice pooled over a batch whose samples hold very different shares of the structures."""

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        generator = torch.Generator().manual_seed(step)
        images = torch.randn(6, 1, 8, 8, generator=generator)
        limits = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0, 4.0]).reshape(6, 1, 1)
        targets = (images[:, 0] > limits).long() + (images[:, 0] > limits + 1).long()
        return dice_cross_entropy(network(images), targets), {}

    return loss_of_step


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8589934592 bytes."),
    ],
)
def test_out_of_memory_becomes_parts_of_the_batch_with_the_gradient_of_the_whole(error):
    whole, narrow = a_network_that_takes(6), a_network_that_takes(2, error=error)
    parts, said = Parts(), []
    trainings = []
    for network, in_parts in ((whole, Parts()), (narrow, parts)):
        ema = copy.deepcopy(network).requires_grad_(False)
        loss = pooled_loss(InParts(network, in_parts))
        trainings.append(Training(network, ema, loss, LoopSettings(steps=9), parts=in_parts, say=said.append))
    for n in range(4):
        for training in trainings:
            assert training.take_step(n / 9) is not None

    assert parts.count == 4
    assert len(said) == 1 and "in 4 parts" in said[0]
    assert narrow.seen.count(6) == 1, "it is remembered"
    assert max(narrow.seen[-8:]) <= 2
    for a, b in zip(whole.state_dict().values(), narrow.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


def test_gradient_of_a_pooled_loss_is_not_the_mean_of_the_parts():
    """What guards the test above: adding up the losses of parts would have been seen."""
    network = a_network_that_takes(6)
    images, targets = torch.randn(6, 1, 8, 8), (torch.rand(6, 8, 8) > torch.linspace(0, 1, 6)[:, None, None]).long()
    dice_cross_entropy(network(images), targets).backward()
    whole = network.layers[3].weight.grad.clone()
    network.zero_grad()
    for n in range(0, 6, 2):
        (dice_cross_entropy(network(images[n : n + 2]), targets[n : n + 2]) / 3).backward()

    assert not torch.allclose(network.layers[3].weight.grad, whole, rtol=0.05)


def test_a_network_too_large_for_one_sample_ends_in_a_sentence():
    network, parts = a_network_that_takes(0), Parts()
    ema = copy.deepcopy(network).requires_grad_(False)
    training = Training(network, ema, pooled_loss(InParts(network, parts)), LoopSettings(steps=9), parts=parts)

    with pytest.raises(TooLittleMemory, match="even a slice at a time"):
        training.take_step(0.0)
    assert parts.count == 6


def test_other_faults_of_a_step_are_not_taken_for_want_of_memory():
    network = a_network_that_takes(0, error=RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    ema = copy.deepcopy(network).requires_grad_(False)
    training = Training(network, ema, pooled_loss(network), LoopSettings(steps=9))

    with pytest.raises(RuntimeError, match="mat1"):
        training.take_step(0.0)
    assert len(network.seen) == 1


def test_check_that_raises_stops_the_run_at_once():
    calls: list[int] = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 4:
            raise Stopped

    reported: list[int] = []
    with pytest.raises(Stopped):
        run(LoopSettings(steps=50, report_every=1), check=check, report=lambda event: reported.append(event["step"]))

    assert reported == [1, 2, 3]


def test_averaged_weights_follow_by_the_documented_decay():
    network = small_network()
    ema = copy.deepcopy(network).requires_grad_(False)
    start = copy.deepcopy(network.state_dict())

    train(network, ema, loss_of(network), LoopSettings(steps=1, ema_decay=0.99))

    for name, value in ema.state_dict().items():
        expected = 0.9 * start[name] + 0.1 * network.state_dict()[name]  # min(0.99, 1 - 1 / 10) at the first step
        torch.testing.assert_close(value, expected)


def test_run_with_a_time_ends_on_time_with_its_learning_rate_worn_out():
    events: list[dict] = []
    started = time.monotonic()

    run(LoopSettings(steps=10**9, minutes=0.01, report_every=1), report=events.append)

    assert time.monotonic() - started >= 0.6
    assert len(events) > 3
    assert all(math.isfinite(event["eta_s"]) and event["eta_s"] <= 0.6 for event in events[5:])
