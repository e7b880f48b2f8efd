import copy
import math
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from training.loops import Diverged, LoopSettings, Stopped, training_steps


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
