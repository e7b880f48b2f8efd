"""`python -m training run JOB_DIR` for the viewer, `train ...` and `benchmark ssl ...` for the command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_PROGRAM = "python -m training"
_NICENESS = 15  # it takes minutes: the window, and what a person asks of it meanwhile, go first


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 a mistake that one sentence on the error output explains, 1 anything else."""
    options = _parser().parse_args(arguments)
    from training import job  # torch takes seconds to load; a wrong argument is told at once

    if options.command == "run":
        if hasattr(os, "nice"):
            os.nice(_NICENESS)
        return job.run(options.job_folder, sys.stdout, sys.stdin)
    if options.command == "benchmark":
        return _benchmark(options)
    fields = {
        "schema_version": job.SCHEMA_VERSION,
        "recipe": options.recipe,
        "parent_model": options.parent,
        "data": options.data,
        "out": options.out,
        "steps": options.steps if options.steps is not None else 120 if options.parent else 1000,
        "minutes": options.minutes,
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


def _benchmark(options: argparse.Namespace) -> int:
    from training import benchmark, job

    given = {name: getattr(options, name) for name in ("steps", "side") if getattr(options, name) is not None}
    wanted = benchmark.Benchmark(options.data, options.labelled, options.seeds, options.out, **given)
    try:
        report = benchmark.run(wanted, lambda text: print(text, flush=True))
    except KeyboardInterrupt:
        return 130
    except (*job.EXPECTED, OSError) as error:
        print(f"slicewise benchmark: {error}", file=sys.stderr)
        return 2
    print((options.out / "table.md").read_text(encoding="utf-8"))
    print(f"wrote {report}; what was trained is in the folders beside it. Not for diagnostic use.")
    return 0


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        command = self.prog.removeprefix(_PROGRAM).strip() or "train"
        self.exit(2, f"slicewise {command}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=_PROGRAM, description=__doc__)
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
    train.add_argument("--minutes", type=float, help="as many steps as this time allows, instead of --steps")
    train.add_argument("--parent", type=Path, help="model folder to go on from")
    benchmark = commands.add_parser("benchmark", help="measure ways of training on few labels against each other")
    ssl = benchmark.add_subparsers(dest="what", required=True).add_parser("ssl")
    ssl.add_argument("--data", type=Path, required=True)
    ssl.add_argument("--labelled", type=_positive, required=True, help="labelled slices of each draw")
    ssl.add_argument("--seeds", type=_positive, required=True, help="how often they are drawn")
    ssl.add_argument("--out", type=Path, required=True)
    ssl.add_argument("--steps", type=_positive, help="default: 1500")
    ssl.add_argument("--side", type=_positive, help="pixels along the longer side of a slice; default: 128")
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
