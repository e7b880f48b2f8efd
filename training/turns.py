"""Networks that are trained a step each in turn: all can be stopped at once, and go on after a process ended."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from training.arms import Check, Tell
from training.job import FINE_TUNING_RATE, FROM_SCRATCH_RATE
from training.loops import CHECKED_STEPS, LoopSettings, Training, read_checkpoint, save_checkpoint
from training.process import Stopped

WentBack = Callable[[str, int], None]  # why, and to which step
_REPORT_EVERY = 5
_CHECKPOINT_EVERY_S = 15.0
_NOTHING_UNLABELLED = {"consistency_weight": 0.0, "utilisation": None, "loss_unlabelled": None}


def settings_of(steps: int, *, fine_tuned: bool) -> LoopSettings:
    """Those of a training of so many steps; of a short one the average forgets sooner."""
    rate = FINE_TUNING_RATE if fine_tuned else FROM_SCRATCH_RATE
    return LoopSettings(steps=steps, learning_rate=rate, ema_decay=min(0.99, max(0.8, 1 - 10 / steps)))


def train_in_turns(
    arms: Sequence[str],
    training_of: Callable[[str, int, WentBack], Training],
    steps: Callable[[], int],
    folder: Path,
    go_on: bool,
    tell: Tell,
    check: Check,
    running: Mapping[str, dict[str, Tensor]] | None = None,
) -> int:
    """Train each arm; how many steps each had in the end.

    training_of gives the training of an arm for so many steps. steps says how many there are, and is not asked where
    the checkpoint in folder, from which the trainings go on if they shall and it is there, knows. running are an arm's
    figures that its loss keeps from step to step: they go into the checkpoint, too.
    """
    file = folder / "both.pt"
    if not go_on:
        shutil.rmtree(folder, ignore_errors=True)

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    saved = read_checkpoint(file, say)
    whole = steps() if saved is None else int(saved["steps"])

    def trained(arm: str) -> Training:
        def went_back(why: str, step: int) -> None:
            say(why)
            tell({"event": "rewound", "arms": [arm], "step": step})
            say(f"The training went back to step {step}, the last good one.")

        return training_of(arm, whole, went_back)

    turns = {arm: trained(arm) for arm in arms}
    done = 0
    if saved is not None:
        for arm, turn in turns.items():
            turn.restore(saved["arms"][arm])
            done = turn.step
            if running is not None:
                running[arm].update(saved["running"][arm])
        tell({"event": "rewound", "arms": list(arms), "step": done})
        say(f"The training goes on from step {done}.")

    def save() -> None:
        for turn in turns.values():
            turn.keep()
        content = {"arms": {arm: turn.state() for arm, turn in turns.items()}, "steps": whole, "running": running or {}}
        try:
            save_checkpoint(file, content)
        except OSError as error:  # it goes on: there may be space again by the next one
            say(f"No checkpoint could be written ({error.strerror or error}); the training goes on.")
        else:
            tell({"event": "checkpoint", "step": done})

    first, began = done, time.monotonic()
    next_s = began + _CHECKPOINT_EVERY_S
    try:
        while done < whole:
            check()
            done += 1
            for arm, turn in turns.items():
                while turn.step < done:  # more than once if it had to go back
                    figures = turn.take_step(turn.step / whole)
                    step = turn.step
                    if figures is not None and (step % _REPORT_EVERY == 0 or step == whole):
                        left_s = (time.monotonic() - began) / max(1, done - first) * (whole - done)
                        event = {"event": "progress", "arm": arm, "step": step, "steps": whole, "eta_s": left_s}
                        tell({**event, **_NOTHING_UNLABELLED, **figures})
            if done % CHECKED_STEPS == 0 and time.monotonic() >= next_s:
                save()
                next_s = time.monotonic() + _CHECKPOINT_EVERY_S
    except Stopped:
        say(f"Stopped after {done} of {whole} steps; what was learnt is compared.")
    save()
    return done
