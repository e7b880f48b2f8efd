"""The command line. It picks the role before anything heavy is imported: `slicewise --help` answers at once."""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from inference.enhance import Enhanced as InferredPicture
    from inference.models import ModelRecord
    from inference.preflight import Verdict
    from viewer.core.study import Scan, Series
    from viewer.core.volume import Volume
    from viewer.io.reader import Reader

NOT_FOR_DIAGNOSIS = "Not for diagnostic use."


class UsageError(Exception):
    """What a person typed cannot be done; the message is one sentence."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 2 after one clear sentence about bad input."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if not arguments or (arguments[0] not in _COMMANDS and not arguments[0].startswith("-")):
            return _window(arguments)
        options = _parser().parse_args(arguments)
        return _COMMANDS[options.command](options)
    except UsageError as error:
        return _refuse(str(error))
    except _expected_errors() as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        return _refuse("stopped by the keyboard; nothing half-written was left behind")


def _expected_errors() -> tuple[type[Exception], ...]:
    """What a user's file, folder or model can raise; only those already imported can have been raised."""
    expected: list[type[Exception]] = [OSError]
    for module, name in (
        ("viewer.core.study", "SeriesError"),
        ("inference.manifest", "ManifestError"),
        ("inference.manifest", "ModelError"),
    ):
        if module in sys.modules:
            expected.append(getattr(sys.modules[module], name))
    return tuple(expected)


def _refuse(sentence: str) -> int:
    print(f"slicewise: {sentence}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="slicewise",
        description=f"A radiology viewer whose models learn from the slices you correct. {NOT_FOR_DIAGNOSIS}",
        epilog="slicewise [PATH ...] opens the window with these files or folders.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="the demo study; without a display, or with --out, the whole job headless")
    demo.add_argument("--out", type=Path, metavar="DIR", help="write report.json and screenshots there")
    demo.add_argument("--steps", type=int, default=80, help="training steps of each arm (default 80)")

    info = commands.add_parser("info", help="series found and their geometry verdicts")
    info.add_argument("path", type=Path)
    info.add_argument("--json", action="store_true")

    convert = commands.add_parser("convert", help="the volume exactly as the viewer holds it")
    convert.add_argument("path", type=Path)
    convert.add_argument("out", type=Path)
    convert.add_argument("--series", metavar="UID")
    convert.add_argument(
        "--resample",
        action="store_true",
        help="make a regular grid of slices that form none (tilted, uneven, missing), by linear interpolation",
    )

    models = commands.add_parser("models", help="shipped and installed models")
    models.add_argument("--json", action="store_true")

    segment = commands.add_parser("segment", help="label map of a scan, by a model")
    segment.add_argument("path", type=Path, metavar="IN")
    segment.add_argument("out", type=Path, metavar="OUT")
    segment.add_argument("--model", required=True, metavar="NAME")
    segment.add_argument("--series", metavar="UID")
    segment.add_argument("--override", action="store_true", help="run a model though the scan is not what it is for")

    enhance = commands.add_parser("enhance", help="a synthetic picture of a scan, by a model: never to be measured")
    enhance.add_argument("path", type=Path, metavar="IN")
    enhance.add_argument(
        "out",
        type=Path,
        metavar="OUT",
        help="NIfTI, NRRD or MHA, or a new DICOM folder; SYNTHETIC is put into its name",
    )
    enhance.add_argument("--model", required=True, metavar="NAME")
    enhance.add_argument("--series", metavar="UID")
    enhance.add_argument("--override", action="store_true", help="run a model though the scan is not what it is for")

    train = commands.add_parser("train", help="train a model from a dataset folder: images/, labels/, patients.csv")
    train.add_argument("--data", required=True)
    train.add_argument("--recipe", required=True)
    train.add_argument("--out", required=True)
    train.add_argument("--labelled", metavar="N")
    train.add_argument("--seed", metavar="S")
    train.add_argument("--steps", metavar="N")
    train.add_argument("--parent", metavar="MODEL_FOLDER")

    commands.add_parser("doctor", help="what is installed, what works, and how to mend what does not")
    return parser


def _window(paths: Sequence[str]) -> int:
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise UsageError(f"there is no file, folder or command named {missing[0]!r} (see slicewise --help)")
    if not has_display():
        raise UsageError("there is no display to open the window on; `slicewise demo --out DIR` works without one")
    return _show([Path(path) for path in paths])


def _show(paths: Sequence[Path], demo: bool = False) -> int:
    gc.disable()  # until the window's modules are there: the collector would look through them again and again
    # pydantic would read the metadata of all installed packages to look for plug-ins, here and in each reader.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    import viewer.workflows  # noqa: F401  # before Qt: PySide reads the source of each module imported after it
    from viewer.gui.app import run

    return run(paths, demo)


def has_display() -> bool:
    """True if a window can be shown: always on Windows and macOS, elsewhere with an X11 or Wayland display."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _demo(options: argparse.Namespace) -> int:
    if options.out is None and has_display():
        return _show([], demo=True)
    if options.steps < 1:
        raise UsageError("--steps must be at least 1")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from viewer.gui.demo import run_headless

    out = options.out or Path("demo-output")
    run_headless(out, options.steps, _say)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _info(options: argparse.Namespace) -> int:
    with _reader() as reader:
        scan = _scan(reader, options.path)
    if options.json:
        print(json.dumps(_scan_as_json(scan), indent=2, ensure_ascii=False))
    else:
        for series in scan.series:
            size = " x ".join(map(str, series.size)) if series.size else "size unknown"
            moment = (
                f"  {series.moment.label} ({series.moment.number + 1} of {series.moment.count})"
                if series.moment
                else ""
            )
            print(f"{series.modality or '?':4} {series.description or '(no description)'}  {size}{moment}")
            print(f"     {series.verdict.kind}: {series.verdict.detail}")
            for note in series.notes:
                print(f"     note: {note}")
            print(f"     uid {series.uid}")
        for refusal in scan.refused:
            print(f"refused {refusal.file}: {refusal.reason}")
    if not scan.series:
        raise UsageError(_nothing_in(options.path, scan, "no image series"))
    return 0


def _scan_as_json(scan: Scan) -> dict[str, object]:
    return {
        "series": [
            {
                "uid": series.uid,
                "modality": series.modality,
                "description": series.description,
                "frames": series.frames,
                "size": series.size,
                "spacing_mm": series.spacing_mm,
                "verdict": series.verdict.kind,
                "verdict_detail": series.verdict.detail,
                "calibration": series.calibration,
                "colour": series.colour,
                "unit": series.unit,
                "moment": None if series.moment is None else asdict(series.moment),
                "lossy": series.lossy,
                "notes": series.notes,
            }
            for series in scan.series
        ],
        "refused": [{"file": str(refusal.file), "reason": refusal.reason} for refusal in scan.refused],
    }


def _convert(options: argparse.Namespace) -> int:
    from viewer.core.resample import can_be_resampled, to_regular_grid
    from viewer.core.study import LEFT_OUT
    from viewer.io import files

    with _reader() as reader:
        series, volume = _read_one(reader, options.path, options.series)
    if not series.whole:
        left_out = next(note.removeprefix(LEFT_OUT) for note in series.notes if note.startswith(LEFT_OUT))
        raise UsageError(f"the series is not whole: {left_out.rstrip('.')}")
    if not volume.geometry.is_grid:
        if not options.resample:
            mend = "; --resample makes a regular grid of them" if can_be_resampled(volume, series.verdict) else ""
            raise UsageError(f"the slices make no volume ({series.verdict.detail.rstrip('.')}){mend}")
        volume, sentence = to_regular_grid(volume, series.verdict)
        print(sentence)
    files.write_image(volume.voxels, volume.geometry, options.out)
    print(f"wrote {options.out}")
    if not options.resample and (series.spacing_mm is None or series.spacing_mm[2] is None):
        print("the files tell no spacing between slices; what stands in its place has no meaning")
    return 0


def _models(options: argparse.Namespace) -> int:
    rows = [
        {
            "name": record.manifest.name,
            "version": record.manifest.version,
            "title": record.manifest.title,
            "task": record.manifest.task,
            "active": record.active,
            "shipped": record.shipped,
            "sha256": record.manifest.files["model.onnx"],
            "licence_code": record.manifest.licence_code,
            "licence_weights": record.manifest.licence_weights,
        }
        for record in _model_store().list()
    ]
    if options.json:
        print(json.dumps({"models": rows}, indent=2))
    else:
        for row in rows:
            marks = ", ".join(word for word in ("active", "shipped") if row[word])
            print(f"{row['name']} {row['version']} ({marks}): {row['title']}; weights {row['licence_weights']}")
    return 0


def _fitting(options: argparse.Namespace, *, pictures: bool) -> tuple[ModelRecord, Series, Volume, Verdict]:
    """The model and the scan that a person names, if the one may run on the other."""
    from inference.preflight import preflight
    from viewer.model_runs import headers_of

    record = _model_store().get(options.model)
    if (record.manifest.picture is not None) != pictures:
        raise UsageError(f"{options.model} is a model of {record.manifest.task}")
    with _reader() as reader:
        series, volume = _read_one(reader, options.path, options.series)
    verdict = preflight(record.manifest, headers_of(series, volume), volume.voxels)
    if not verdict.can_run:
        raise UsageError(verdict.refusal)
    if verdict.red and not options.override:
        reasons = " ".join(finding.sentence for finding in verdict.red)
        raise UsageError(f"{reasons} With --override it runs all the same, and says so.")
    for finding in verdict.findings:
        print(f"slicewise: {finding.level}: {finding.sentence}", file=sys.stderr)
    return record, series, volume, verdict


def _enhance(options: argparse.Namespace) -> int:
    from inference.worker import Worker
    from viewer.core.enhanced import SYNTHETIC
    from viewer.core.volume import geometry_of, to_image
    from viewer.io import files

    record, series, volume, verdict = _fitting(options, pictures=True)
    out = options.out
    if SYNTHETIC not in out.name.upper():
        stem, dot, suffix = out.name.partition(".")
        out = out.with_name(f"{stem}-{SYNTHETIC}{dot}{suffix}")
    with closing(Worker()) as worker:
        result = worker.enhance(record, to_image(volume.voxels, volume.geometry), progress=_progress_line)
    print(file=sys.stderr)
    import SimpleITK as sitk

    if out.suffix in ("", ".dcm"):
        _write_derived(series, volume, record, result, out)
    else:
        files.write_image(sitk.GetArrayFromImage(result.picture), geometry_of(result.picture), out)
    print(f"{result.run.name} {result.run.version} on {result.run.provider}, {result.run.seconds:.1f} s")
    for finding in verdict.red:
        print(f"overridden ({finding.about}): {finding.sentence}")
    if result.bound is not None:
        print(f"{result.bound:12.4g}  residual_bound")
    for name, figure in result.figures.items():
        print(f"{figure:12.4g}  {name}")
    if result.untouched:
        print(f"{result.untouched:.2%} of the values lie beyond what the model sees; they are as they were")
    print(f"wrote {out}: {SYNTHETIC}, not to be measured. {NOT_FOR_DIAGNOSIS}")
    return 0


def _write_derived(series: Series, volume: Volume, record: ModelRecord, result: InferredPicture, out: Path) -> None:
    from viewer.io.derived_series import write_derived_series
    from viewer.model_runs import enhanced_of

    write_derived_series(series, volume, enhanced_of(record.manifest, result, ()), out)


def _segment(options: argparse.Namespace) -> int:
    from inference.worker import Worker
    from viewer.core.volume import to_image
    from viewer.io import files

    record, _, volume, verdict = _fitting(options, pictures=False)
    with closing(Worker()) as worker:
        result = worker.segment(record, to_image(volume.voxels, volume.geometry), progress=_progress_line)
    print(file=sys.stderr)
    import SimpleITK as sitk

    files.write_image(sitk.GetArrayFromImage(result.label_image), volume.geometry, options.out)
    print(f"{result.run.name} {result.run.version} on {result.run.provider}, {result.run.seconds:.1f} s")
    for finding in verdict.red:
        print(f"overridden ({finding.about}): {finding.sentence}")
    for name, millilitres in result.volumes_ml.items():
        print(f"{millilitres:9.1f} ml  {name}")
    print(f"wrote {options.out}. {NOT_FOR_DIAGNOSIS}")
    return 0


def _progress_line(fraction: float, text: str) -> None:
    print(f"\r{fraction:4.0%} {text:<40}", end="", file=sys.stderr, flush=True)


def _train(options: argparse.Namespace) -> int:
    argv = [sys.executable, "-P", "-m", "training", "train"]
    for name in ("data", "recipe", "out", "labelled", "seed", "steps", "parent"):
        value = getattr(options, name)
        if value is not None:
            argv += [f"--{name}", str(value)]
    return subprocess.run(argv, check=False).returncode


def _doctor(options: argparse.Namespace) -> int:
    from viewer.doctor import examine

    findings = examine()
    for finding in findings:
        print(f"{'ok  ' if finding.works else 'FAIL'} {finding.what}: {finding.detail}")
        if finding.mend:
            print(f"     to mend it: {finding.mend}")
    return 0 if all(finding.works for finding in findings) else 1


def _reader() -> AbstractContextManager[Reader]:
    """Child processes that look at files, so that a hostile one ends in a sentence here."""
    from viewer.io.reader import Reader

    return closing(Reader())


def _scan(reader: Reader, path: Path) -> Scan:
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}")
    from viewer.io import files

    return files.scan([path], look_all=reader.look_all)


def _read_one(reader: Reader, path: Path, uid: str | None) -> tuple[Series, Volume]:
    scan = _scan(reader, path)
    wanted = [series for series in scan.series if uid is None or series.uid == uid]
    if not wanted:
        raise UsageError(_nothing_in(path, scan, f"no series {uid}" if uid else "no image series"))
    if len(wanted) > 1:
        raise UsageError(f"{path} holds {len(wanted)} series; choose one with --series UID (see slicewise info)")
    return wanted[0], reader.read(wanted[0])


def _nothing_in(path: Path, scan: Scan, what: str) -> str:
    why = f": {scan.refused[0].reason}" if scan.refused else ""
    return f"{what} in {path}{why}"


def _model_store():
    import resources
    from inference.models import ModelStore
    from viewer.workflows import user_folder

    return ModelStore(resources.path("models"), user_folder() / "models")


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "demo": _demo,
    "info": _info,
    "convert": _convert,
    "models": _models,
    "segment": _segment,
    "enhance": _enhance,
    "train": _train,
    "doctor": _doctor,
}


if __name__ == "__main__":
    sys.exit(main())
