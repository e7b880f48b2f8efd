"""The one training loop: optimiser, averaged weights, checkpoints, pause and stop. Recipes bring only their loss."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

LossOfStep = Callable[[int], tuple[Tensor, dict[str, float]]]


class Stopped(Exception):
    """A person asked the training to end early; what was learnt so far is kept."""


class Diverged(Exception):
    """The loss or its gradient is no longer a number and the last good weights did not help."""


@dataclass(frozen=True)
class LoopSettings:
    """steps of AdamW with polynomial decay (power 0.9) of the learning rate to zero.

    minutes, if set, ends the run after that wall-clock time instead, the decay following the clock: what a
    shared machine gets done in an hour is not known beforehand.
    """

    steps: int
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    ema_decay: float = 0.99
    minutes: float | None = None
    report_every: int = 5
    checkpoint_every: int = 200
    gradient_norm: float = 5.0


def training_steps(
    network: nn.Module,
    ema: nn.Module,
    loss_of_step: LossOfStep,
    settings: LoopSettings,
    *,
    checkpoint: Path | None = None,
    report: Callable[[dict[str, Any]], None] = lambda event: None,
    check: Callable[[], None] = lambda: None,
) -> Iterator[int]:
    """Train network in place, a step for each value taken: the number of steps done so far.

    Whoever trains two networks takes from each in turn. ema follows the network as its exponential moving
    average and is what is exported. loss_of_step(step) gives the loss and figures to report. check is called
    once a step: it blocks while paused and raises Stopped to end early. If checkpoint exists, the run goes on
    from it. A step whose loss or gradient is not finite is undone by going back to the last good weights; the
    third in a row raises Diverged.
    """
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    step, spent_s = 0, 0.0
    if checkpoint is not None and checkpoint.exists():
        step, spent_s = _resume(checkpoint, network, ema, optimiser)
    good = copy.deepcopy(network.state_dict())
    not_finite = 0
    started = time.monotonic() - spent_s
    while True:
        elapsed_s = time.monotonic() - started
        done = step / settings.steps if settings.minutes is None else elapsed_s / (60 * settings.minutes)
        if done >= 1:
            break
        check()
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * (1 - done) ** 0.9
        network.train()
        with mixed_precision(network):
            loss, figures = loss_of_step(step)
        finite = math.isfinite(loss.item())
        if finite:
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(network.parameters(), settings.gradient_norm)
            finite = math.isfinite(norm.item())
        if not finite:
            not_finite += 1
            if not_finite == 3:
                raise Diverged(f"the loss or its gradient is not a number at step {step}")
            network.load_state_dict(good)
            continue
        not_finite = 0
        optimiser.step()
        _follow(ema, network, min(settings.ema_decay, 1 - 1 / (step + 10)))
        step += 1
        if step % settings.report_every == 0 or step == settings.steps:
            remaining = elapsed_s / max(done, 1e-6) * (1 - done) if step > 1 else float("nan")
            report({"step": step, "steps": settings.steps, "loss": loss.item(), "eta_s": remaining, **figures})
        if step % settings.checkpoint_every == 0:
            good = copy.deepcopy(network.state_dict())
            if checkpoint is not None:
                _save(checkpoint, network, ema, optimiser, step, time.monotonic() - started)
        yield step
    if checkpoint is not None:
        _save(checkpoint, network, ema, optimiser, step, time.monotonic() - started)


def mixed_precision(network: nn.Module) -> torch.autocast:
    """What a step's forward pass runs in: bfloat16 where the network lies on a GPU that has it (compute capability 8
    and later), else full precision. It has the range of 32 bits, so that no scaling of the loss is needed."""
    device = next(network.parameters()).device
    able = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=able)


@torch.no_grad()
def _follow(ema: nn.Module, network: nn.Module, decay: float) -> None:
    for average, value in zip(ema.state_dict().values(), network.state_dict().values(), strict=True):
        if average.dtype.is_floating_point:
            average.lerp_(value, 1 - decay)
        else:
            average.copy_(value)


def _save(
    path: Path, network: nn.Module, ema: nn.Module, optimiser: torch.optim.Optimizer, step: int, spent_s: float
) -> None:
    """Write a checkpoint so that a crash at any moment leaves either the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(
            {
                "network": network.state_dict(),
                "ema": ema.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
                "spent_s": spent_s,
                "random": torch.get_rng_state(),
            },
            file,
        )
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _resume(path: Path, network: nn.Module, ema: nn.Module, optimiser: torch.optim.Optimizer) -> tuple[int, float]:
    saved = torch.load(path, weights_only=True)
    network.load_state_dict(saved["network"])
    ema.load_state_dict(saved["ema"])
    optimiser.load_state_dict(saved["optimiser"])
    torch.set_rng_state(saved["random"])
    return saved["step"], saved["spent_s"]
