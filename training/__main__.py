"""`python -m training run JOB_DIR` for the viewer, `python -m training train ...` for the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_NICENESS = 15  # it takes minutes: the window, and what a person asks of it meanwhile, go first


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 a mistake that one sentence on the error output explains, 1 anything else."""
    options = _parser().parse_args(arguments)
    from training import job  # torch takes seconds to load; a wrong argument is told at once

    if options.command == "run":
        if hasattr(os, "nice"):
            os.nice(_NICENESS)
        return job.run(options.job_folder, sys.stdout, sys.stdin)
    fields = {
        "schema_version": job.SCHEMA_VERSION,
        "recipe": options.recipe,
        "parent_model": options.parent,
        "data": options.data,
        "out": options.out,
        "steps": options.steps if options.steps is not None else 120 if options.parent else 1000,
        "seed": options.seed,
        "labelled": options.labelled,
    }
    try:
        report = job.train_and_compare(job.checked_job(fields), _say, lambda: None)
    except KeyboardInterrupt:
        return 130
    except (*job.EXPECTED, OSError) as error:
        print(f"slicewise train: {error}", file=sys.stderr)
        return 2
    print(f"wrote {report}; the models are in the folders beside it. Not for diagnostic use.")
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"slicewise train: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="do the job of a folder, telling events as JSON lines")
    run.add_argument("job_folder", type=Path)
    train = commands.add_parser("train", help="train from a dataset folder: images/, labels/, patients.csv")
    train.add_argument("--data", type=Path, required=True)
    train.add_argument("--recipe", required=True)
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--labelled", type=int, help="use the labels of only so many training cases")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--steps", type=int, help="default: 120 with a parent, 1000 without")
    train.add_argument("--parent", type=Path, help="model folder to go on from")
    return parser


def _say(event: dict[str, Any]) -> None:
    kind = event["event"]
    if kind == "started":
        print(
            f"{event['labelled_slices']} annotated slices, {event['unlabelled_slices']} without labels, "
            f"{event['held_out_slices']} held out, {event['patients']} patients; on {event['device']}"
        )
    elif kind == "progress" and event["step"] % 25 == 0:
        print(f"{event['arm']}: step {event['step']} of {event['steps']}, loss {event['loss']:.3f}", flush=True)
    elif kind == "evaluation":
        print(f"{event['arm']}: step {event['step']}, Dice of held-out slices {event['dice']:.3f}", flush=True)
    elif kind == "message":
        print(event["text"], flush=True)


if __name__ == "__main__":
    sys.exit(main())
