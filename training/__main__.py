"""`python -m training run JOB_DIR` for the viewer; `train`, `benchmark ssl`, `reproduce`, `federated` for people."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_PROGRAM = "python -m training"
_NICENESS = 15  # it takes minutes: the window, and what a person asks of it meanwhile, go first
_OOM_SCORE = 900  # of 1000: where memory runs out, Linux ends this process and not the window; it can go on later


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 a mistake that one sentence on the error output explains, 1 anything else."""
    options = _parser().parse_args(arguments)
    if options.command == "run":
        return _run(options.job_folder)
    from training import distributed, job  # torch takes seconds to load; a wrong argument is told at once

    if options.command == "benchmark":
        return _benchmark(options)
    if options.command == "federated":
        return _federated(options)
    if options.command == "reproduce":
        return _reproduce(options)
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
        "folds": options.folds,
        "dimensions": options.dimensions,
        "imbalance": options.imbalance,
        "trials": options.trials,
    }
    try:
        with distributed.joined():
            report = job.train_and_compare(job.checked_job(fields), _say, lambda: None)
            first = distributed.is_first()
    except KeyboardInterrupt:
        return 130
    except (*job.EXPECTED, OSError) as error:
        print(f"slicewise train: {error}", file=sys.stderr)
        return 2
    if first:
        print(f"wrote {report}; the models are in the folders beside it. Not for diagnostic use.")
    return 0


def _run(folder: Path) -> int:
    from training.process import AlreadyRunning, held

    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    try:
        with held(folder):
            from training import job

            return job.run(folder)
    except (AlreadyRunning, OSError) as error:
        print(f"slicewise training: {error}", file=sys.stderr)
        return 3


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


def _federated(options: argparse.Namespace) -> int:
    from training import job

    try:
        from training import federated
    except ModuleNotFoundError as error:
        if error.name != "nvflare":
            raise
        print("slicewise federated: NVIDIA FLARE is not installed; it is the extra federated", file=sys.stderr)
        return 2
    try:
        if options.what == "job":
            size = options.sites, options.rounds, options.steps
            print(f"wrote {federated.write_job(options.parent, options.result, *size, options.out)}")
        else:
            written = federated.write_model(options.weights, options.parent, options.out, options.version)
            print(f"wrote {written.name} {written.version} to {options.out}. Not for diagnostic use.")
    except (*job.EXPECTED, OSError) as error:
        print(f"slicewise federated: {error}", file=sys.stderr)
        return 2
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from training import job
    from training.shipped.models import MODELS

    if options.model not in MODELS:
        print(
            f"slicewise reproduce: there is no recipe {options.model!r}; there are: {', '.join(MODELS)}",
            file=sys.stderr,
        )
        return 2
    try:
        folder = MODELS[options.model](options.data, options.out, _say, options.steps or 0)
    except KeyboardInterrupt:
        return 130
    except (*job.EXPECTED, OSError) as error:
        print(f"slicewise reproduce: {error}", file=sys.stderr)
        return 2
    print(f"wrote {folder}. Not for diagnostic use.")
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
    run = commands.add_parser("run", help="do the job of a folder, or go on with it; events go to events.jsonl in it")
    run.add_argument("job_folder", type=Path)
    train = commands.add_parser("train", help="train from a dataset folder: images/, labels/, patients.csv")
    train.add_argument("--data", type=Path, required=True)
    train.add_argument("--recipe", required=True)
    train.add_argument("--out", type=Path, required=True)
    train.add_argument("--labelled", type=int, help="use the labels of only so many training cases")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--steps", type=int, help="default: 120 with a parent, 1000 without")
    train.add_argument("--minutes", type=float, help="as many steps as this time allows, instead of --steps")
    train.add_argument(
        "--folds", type=int, help="networks, each measured on whom it has not seen; the model is their mean"
    )
    train.add_argument("--dimensions", type=int, help="2 or 3, of a model that starts from nothing; else by the images")
    train.add_argument("--parent", type=Path, help="model folder to go on from")
    train.add_argument("--trials", type=int, default=0, help="try so many settings before, on folds of the patients")
    train.add_argument("--imbalance", default="balanced", help="of a classifier's classes: balanced, adjusted or focal")
    benchmark = commands.add_parser("benchmark", help="measure ways of training on few labels against each other")
    ssl = benchmark.add_subparsers(dest="what", required=True).add_parser("ssl")
    ssl.add_argument("--data", type=Path, required=True)
    ssl.add_argument("--labelled", type=_positive, required=True, help="labelled slices of each draw")
    ssl.add_argument("--seeds", type=_positive, required=True, help="how often they are drawn")
    ssl.add_argument("--out", type=Path, required=True)
    ssl.add_argument("--steps", type=_positive, help="default: 1500")
    ssl.add_argument("--side", type=_positive, help="pixels along the longer side of a slice; default: 128")
    reproduce = commands.add_parser("reproduce", help="train a shipped model again, from its card's data")
    reproduce.add_argument("model")
    reproduce.add_argument("--data", type=Path, required=True, help="the folder in which the card's data are")
    reproduce.add_argument("--out", type=Path, required=True, help="rerun to go on from the last checkpoint")
    reproduce.add_argument("--steps", type=_positive, help="other than the recipe's")
    federated = commands.add_parser("federated", help="one model from several hospitals, by NVIDIA FLARE")
    parts = federated.add_subparsers(dest="what", required=True)
    new = parts.add_parser("job", help="write a job to submit to FLARE")
    new.add_argument("--parent", type=Path, required=True, help="model folder to go on from, on the server")
    new.add_argument("--result", type=Path, required=True, help="file for the mean weights, on the server")
    for name in ("sites", "rounds", "steps"):
        new.add_argument(f"--{name}", type=_positive, required=True)
    new.add_argument("--out", type=Path, required=True)
    model = parts.add_parser("model", help="make a model of the mean weights")
    for name in ("weights", "parent", "out"):
        model.add_argument(f"--{name}", type=Path, required=True)
    model.add_argument("--version", required=True)
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
    elif kind == "trial":
        found = "given up" if event["pruned"] else f"Dice {event['dice']:.3f}"
        print(f"trial {event['trial']} of {event['trials']}: {found}, the best {event['best']:.3f}", flush=True)
    elif kind == "message":
        print(event["text"], flush=True)


if __name__ == "__main__":
    sys.exit(main())
