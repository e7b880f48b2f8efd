"""The one training loop: optimiser, averaged weights, checkpoints, the way back to good weights, and what to do when
memory runs out. Recipes bring only their loss."""

from __future__ import annotations

import contextlib
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
from torch.utils.checkpoint import checkpoint as run_again

LossOfStep = Callable[[int], tuple[Tensor, dict[str, float]]]

CHECKED_STEPS = 10  # after so many the weights are either good or left again
_EXPLODED, _GROWN = 3.0, 5.0  # a mean loss above both, the second times that of the first steps, has diverged
_TOO_LITTLE_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")


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


class GoneAstray(Exception):
    """What a step learns from has gone wrong, a sentence says how; the weights of the last good step are right."""


class TooLittleMemory(Exception):
    """Not even one sample at a time goes through the network."""


@dataclass
class Parts:
    """In how many parts a batch goes through networks, and the largest batch seen."""

    count: int = 1
    largest: int = 1

    def double(self) -> bool:
        """Take smaller parts; False if each is a single sample already."""
        if self.count >= self.largest:
            return False
        self.count = min(2 * self.count, self.largest)
        return True


class InParts(nn.Module):
    """A network through which a batch goes in parts, one after the other, where memory asks for it.

    The loss still sees the whole batch. Each part is run once more in the backward pass and its gradient added to
    those before it, so that only one part's activations are held: the gradient is that of the whole batch, also of a
    loss like Dice pooled over the batch, which is no mean over parts. A step takes about a third longer. It would
    differ only for a network that mixes the samples of a batch (batch normalisation); ours do not.
    """

    def __init__(self, network: nn.Module, parts: Parts) -> None:
        super().__init__()
        self.network, self.parts = network, parts

    def forward(self, images: Tensor) -> Tensor:
        self.parts.largest = max(self.parts.largest, len(images))
        if self.parts.count == 1:
            return self.network(images)
        parts = images.tensor_split(min(self.parts.count, len(images)))
        if not torch.is_grad_enabled():
            return torch.cat([self.network(part) for part in parts])
        return torch.cat([run_again(self.network, part, use_reentrant=False) for part in parts])


class Training:
    """A network in training: take_step changes it in place, and ema follows it as its exponential moving average,
    which is what is exported.

    loss_of_step(step) gives the loss and figures to report. Every 10 steps, if the loss is sound, the weights count as
    good. A step whose loss or gradient is not a number, a loss of 10 steps that has grown to a multiple of what it was
    in the first ones, or a GoneAstray raised by loss_of_step takes the training back to them, and went_back is told why
    and to which step; after the first two the learning rate is halved. Where memory does not suffice for a step, parts
    are doubled and it is done again; say gets a sentence.
    """

    def __init__(
        self,
        network: nn.Module,
        ema: nn.Module,
        loss_of_step: LossOfStep,
        settings: LoopSettings,
        *,
        parts: Parts | None = None,
        say: Callable[[str], None] = lambda text: None,
        went_back: Callable[[str, int], None] = lambda why, step: None,
    ) -> None:
        self._network, self._ema, self._loss_of_step, self._settings = network, ema, loss_of_step, settings
        self._parts, self._say, self._went_back = parts or Parts(), say, went_back
        self._optimiser = torch.optim.AdamW(
            network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.step = 0
        self._rate, self._faults = 1.0, 0  # of the learning rate; in a row
        self._first_loss: float | None = None
        self._losses: list[float] = []
        self.keep()

    def take_step(self, done: float) -> dict[str, float] | None:
        """Do a step, when the share `done` of the training lies behind it; its loss and figures, or None if the
        training had to go back. Raises Diverged after the third fault in a row, TooLittleMemory."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * self._settings.learning_rate * (1 - done) ** 0.9
        try:
            loss, figures = self._learn_within_memory()
        except GoneAstray as astray:
            self._back(str(astray))
            return None
        if loss is None:
            self._diverged(f"the loss or its gradient is not a number at step {self.step}")
            return None
        self._optimiser.step()
        _follow(self._ema, self._network, min(self._settings.ema_decay, 1 - 1 / (self.step + 10)))
        self.step += 1
        self._losses.append(loss)
        if self.step % CHECKED_STEPS == 0:
            mean = sum(self._losses) / len(self._losses)
            if self._first_loss is not None and mean > max(_EXPLODED, _GROWN * self._first_loss):
                self._diverged(f"the loss has grown from {self._first_loss:.1f} to {mean:.1f} at step {self.step}")
                return None
            self._first_loss = mean if self._first_loss is None else self._first_loss
            self.keep()
        return {"loss": loss, **figures}

    def keep(self) -> None:
        """Let the present weights count as good."""
        self._good = copy.deepcopy(self._weights())
        self._losses, self._faults = [], 0

    def state(self) -> dict[str, Any]:
        """The last good weights and all else that the training goes on from: for save_checkpoint."""
        return {**self._good, "rate": self._rate, "first_loss": self._first_loss, "parts": self._parts.count}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self._rate, self._first_loss, self._parts.count = state["rate"], state["first_loss"], state["parts"]
        self._good = {name: state[name] for name in self._weights()}
        self._load_good()
        self._losses, self._faults = [], 0

    def _weights(self) -> dict[str, Any]:
        return {
            "network": self._network.state_dict(),
            "ema": self._ema.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self.step,
        }

    def _load_good(self) -> None:
        self._network.load_state_dict(self._good["network"])
        self._ema.load_state_dict(self._good["ema"])
        self._optimiser.load_state_dict(copy.deepcopy(self._good["optimiser"]))  # it would go on in these tensors
        self.step = self._good["step"]

    def _learn_within_memory(self) -> tuple[float | None, dict[str, float]]:
        before = self._parts.count
        while True:
            try:
                found = self._learn()
                break
            except (MemoryError, RuntimeError) as error:
                if not _is_for_memory(error):
                    raise
            self._optimiser.zero_grad(set_to_none=True)
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            if not self._parts.double():
                raise TooLittleMemory("There is too little memory to train this model, even a slice at a time.")
        if self._parts.count != before:
            self._say(
                f"There was too little memory for the whole batch: it goes through the network in {self._parts.count} "
                "parts. The result is the same, a step takes longer."
            )
        return found

    def _learn(self) -> tuple[float | None, dict[str, float]]:
        """Gradients of a step; its loss, None if that or its gradient is not a number."""
        self._network.train()
        self._optimiser.zero_grad(set_to_none=True)
        with mixed_precision(self._network):
            loss, figures = self._loss_of_step(self.step)
        value = loss.item()
        if not math.isfinite(value):
            return None, figures
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._network.parameters(), self._settings.gradient_norm)
        return (value if math.isfinite(norm.item()) else None), figures

    def _diverged(self, why: str) -> None:
        self._faults += 1
        if self._faults == 3:
            self._load_good()
            raise Diverged(why)
        self._rate /= 2
        self._back(why)

    def _back(self, why: str) -> None:
        self._load_good()
        self._losses = []
        self._went_back(why, self.step)


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
    """Train one network (see Training) to the end, a step for each value taken: the number of steps done so far.

    check is called once a step and may raise to end early. If checkpoint exists, the run
    goes on from it.
    """
    training = Training(network, ema, loss_of_step, settings)
    spent_s = 0.0
    if checkpoint is not None and checkpoint.exists():
        saved = load_checkpoint(checkpoint)
        training.restore(saved)
        spent_s = saved["spent_s"]
    started = time.monotonic() - spent_s

    def save() -> None:
        training.keep()
        if checkpoint is not None:
            save_checkpoint(checkpoint, {**training.state(), "spent_s": time.monotonic() - started})

    while True:
        elapsed_s = time.monotonic() - started
        done = training.step / settings.steps if settings.minutes is None else elapsed_s / (60 * settings.minutes)
        if done >= 1:
            break
        check()
        figures = training.take_step(done)
        if figures is None:
            continue
        step = training.step
        if step % settings.report_every == 0 or step == settings.steps:
            remaining = elapsed_s / max(done, 1e-6) * (1 - done) if step > 1 else float("nan")
            report({"step": step, "steps": settings.steps, "eta_s": remaining, **figures})
        if step % settings.checkpoint_every == 0:
            save()
        yield step
    if checkpoint is not None:
        save()


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


def save_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint, and the state of torch's random numbers, so that a crash or a power cut at any moment leaves
    either the old one or the new one whole. Raises OSError, of a full disk for instance; the old one is still there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save({**content, "random": torch.get_rng_state()}, file)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, RuntimeError) as error:  # torch tells a write that failed in words of its own
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise error if isinstance(error, OSError) else OSError(str(error).splitlines()[0]) from error
    os.replace(temporary, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """What save_checkpoint wrote; torch's random numbers go on from there. Code in the file is never run."""
    saved = torch.load(path, weights_only=True, map_location="cpu")
    torch.set_rng_state(saved["random"])
    return saved


def read_checkpoint(file: Path, say: Callable[[str], None]) -> dict[str, Any] | None:
    """What was saved, None if there is nothing or it is damaged, which is said."""
    if not file.exists():
        return None
    try:
        return load_checkpoint(file)
    except Exception:  # torch raises whatever a damaged file leads it to
        say("The last checkpoint cannot be read: the training begins anew.")
        return None


def _is_for_memory(error: Exception) -> bool:
    """Whether it says that memory ran out: torch has a class for that on GPUs only, on the CPU it is words."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(words in str(error).lower() for words in _TOO_LITTLE_MEMORY)
