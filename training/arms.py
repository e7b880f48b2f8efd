"""The arms of a comparison trained side by side, and what a person or a power cut does meanwhile.

The semi-supervised arm and its supervised twin start from the same weights and get the same number of steps,
batches, poses and looks. They are trained in turn, a step each, so that both have learnt equally long
whenever a person stops. Their first stage is the same and is computed once.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch import nn

from training import distributed
from training.dataset import SliceSampler
from training.gate import SEMI_SUPERVISED, SUPERVISED
from training.loops import (
    CHECKED_STEPS,
    InParts,
    LoopSettings,
    Parts,
    Training,
    read_checkpoint,
    save_checkpoint,
)
from training.networks import TellingPlaces
from training.plan import step_seconds
from training.process import Stopped
from training.semi_supervised import FIRST_STAGE, Recipe, UnlabelledAlarm, semi_supervised_loss, supervised_loss
from training.watch import Watch

_REPORT_EVERY_S = 2.0
_CHECKPOINT_EVERY_S = 15.0  # what a power cut takes is a few steps
_CHECKPOINT_SHARE = 0.05  # of the time at most, where the disk is slow
_WATCHED_AT = (0.25, 0.5, 0.75, 1.0)  # of the steps, besides the start

Tell = Callable[[dict[str, Any]], None]
Check = Callable[[], None]


def train_arms(
    arms: Sequence[str],
    network: nn.Module,
    sampler: SliceSampler,
    watch: Watch,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    recipe: Recipe,
    device: str,
    checkpoint: Path,
    tell: Tell,
    check: Check,
) -> tuple[dict[str, nn.Module], int, float]:
    """Train the arms from a network's weights: the averaged networks by arm, how many steps each had, and the seconds
    that took.

    Goes on from checkpoint if it is there, and writes it now and then. check is called before each step; if it raises
    Stopped, the training ends with what was learnt.
    """
    shared = round(FIRST_STAGE * steps) if len(arms) > 1 else 0
    settings = LoopSettings(steps, recipe.rate * learning_rate, ema_decay=min(0.99, max(0.8, 1 - 10 / steps)))
    students = {arm: TellingPlaces(copy.deepcopy(network)).to(device) for arm in arms}
    teachers = {arm: copy.deepcopy(student).requires_grad_(False).eval() for arm, student in students.items()}
    alarm = UnlabelledAlarm()

    def say(text: str) -> None:
        tell({"event": "message", "text": text})

    def training_of(arm: str) -> Training:
        def went_back(why: str, step: int) -> None:
            say(why)
            tell({"event": "rewound", "arms": list(arms) if step < shared else [arm], "step": step})
            say(f"The training went back to step {step}, the last good one.")

        parts = Parts()

        def run(network: nn.Module) -> nn.Module:
            # Several processes must do the same: one alone cannot split its share.
            return distributed.shared(network) if distributed.processes() > 1 else InParts(network, parts)

        if arm == SEMI_SUPERVISED:
            student, teacher = run(students[arm]), run(teachers[arm].network)
            loss = semi_supervised_loss(student, teacher, sampler, batch, steps, device, alarm, recipe)
        else:
            loss = supervised_loss(run(students[arm].network), sampler, batch, device, recipe=recipe)
        return Training(students[arm], teachers[arm], loss, settings, parts=parts, say=say, went_back=went_back)

    first, rest = arms[0], arms[1:]
    turns = {first: training_of(first)}
    done, spent_s = 0, 0.0
    saved = read_checkpoint(checkpoint, say)
    if saved is not None:
        turns = {arm: training_of(arm) for arm in saved["arms"]}
        for arm, state in saved["arms"].items():
            turns[arm].restore(state)
        done, spent_s = turns[first].step, saved["spent_s"]
        alarm.factor, alarm.judged = saved["alarm"]
        tell({"event": "rewound", "arms": list(arms), "step": done})
        say(f"The training goes on from step {done}.")
    else:
        watch.look(teachers[first].network, arms, 0, tell)
    started = time.monotonic() - spent_s
    progress = _Progress(steps, shared, arms, done, tell)
    watched = {max(1, round(share * steps)) for share in _WATCHED_AT}
    saving = _Saving(checkpoint, say, tell)
    try:
        while done < steps:
            check()
            if done == shared:
                for arm in rest:  # goes on from the first stage, which is the same for both
                    if arm not in turns:
                        turns[first].keep()
                        turns[arm] = training_of(arm)
                        turns[arm].restore(turns[first].state())
            done += 1
            for arm, turn in turns.items():
                while turn.step < done:  # more than once if it had to go back
                    step = turn.step
                    figures = turn.take_step(step / steps)
                    if figures is not None:
                        progress.report(arm, {"step": turn.step, "steps": steps, **figures})
            if done in watched:
                for arm in turns:
                    watch.look(teachers[arm].network, [arm] if len(turns) > 1 else arms, done, tell)
            if done % CHECKED_STEPS == 0 and saving.due:
                saving(turns, alarm, done, time.monotonic() - started)
    except Stopped:
        say(f"Stopped after {done} of {steps} steps; what was learnt is compared.")
    for turn in turns.values():
        turn.keep()
    saving(turns, alarm, done, time.monotonic() - started)
    for arm in arms:
        if arm not in turns:
            teachers[arm].load_state_dict(teachers[first].state_dict())
    return {arm: teacher.network for arm, teacher in teachers.items()}, done, time.monotonic() - started


def steps_in(
    minutes: float, batch: int, arms: Sequence[str], network: nn.Module, sampler: SliceSampler, device: str
) -> int:
    """How many steps of all arms fit into a time, by a few steps of each kind on a copy of the network."""
    trial = TellingPlaces(copy.deepcopy(network)).to(device)
    seconds = step_seconds(trial, supervised_loss(trial.network, sampler, batch, device))
    if SEMI_SUPERVISED in arms:
        averaged = copy.deepcopy(trial.network).requires_grad_(False).eval()
        mixed = semi_supervised_loss(trial, averaged, sampler, batch, 1, device)
        alone = seconds if SUPERVISED in arms else 0.0
        seconds = FIRST_STAGE * seconds + (1 - FIRST_STAGE) * (alone + step_seconds(trial, mixed))
    return max(1, int(60 * minutes / seconds))


class _Saving:
    """Writes checkpoints, of all arms at one step, now and then."""

    def __init__(self, file: Path, say: Callable[[str], None], tell: Tell) -> None:
        self._file, self._say, self._tell = file, say, tell
        self._next_s = time.monotonic() + _CHECKPOINT_EVERY_S
        self._told = False

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next_s

    def __call__(self, turns: dict[str, Training], alarm: UnlabelledAlarm, step: int, spent_s: float) -> None:
        if not distributed.is_first():
            return
        states = {arm: turn.state() for arm, turn in turns.items()}
        began = time.monotonic()
        try:
            save_checkpoint(self._file, {"arms": states, "alarm": (alarm.factor, alarm.judged), "spent_s": spent_s})
        except OSError as error:  # it goes on: there may be space again by the next one
            if not self._told:
                self._say(f"No checkpoint could be written ({error.strerror or error}); the training goes on.")
            self._told = True
        else:
            self._tell({"event": "checkpoint", "step": step})
        ended = time.monotonic()
        self._next_s = ended + max(_CHECKPOINT_EVERY_S, (ended - began) / _CHECKPOINT_SHARE)


class _Progress:
    """Passes a step's figures on, not more often than a curve needs them."""

    def __init__(self, steps: int, shared: int, arms: Sequence[str], done: int, tell: Tell) -> None:
        self._shared, self._arms, self._tell = shared, arms, tell
        self._started = time.monotonic()
        self._told = dict.fromkeys(arms, -math.inf)
        self._turns_before, self._all_turns = self._turns(done), self._turns(steps)

    def report(self, arm: str, event: dict[str, Any]) -> None:
        step, now = event["step"], time.monotonic()
        if step % 5 and step != event["steps"] and now - self._told[arm] < _REPORT_EVERY_S:
            return
        arms = self._arms if step <= self._shared else [arm]  # the first stage is the same for all of them
        turns = self._turns(step)
        left_s = (now - self._started) / max(turns - self._turns_before, 1) * (self._all_turns - turns)
        for one in arms:
            self._told[one] = now
            self._tell(
                {
                    "event": "progress",
                    "arm": one,
                    "consistency_weight": 0.0,
                    "utilisation": None,
                    "loss_unlabelled": None,
                    **event,
                    "eta_s": left_s,
                }
            )

    def _turns(self, step: int) -> int:
        """Steps of single arms until that one."""
        return step if step <= self._shared else self._shared + len(self._arms) * (step - self._shared)
