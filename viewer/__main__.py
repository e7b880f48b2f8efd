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
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from SimpleITK import Image

    from inference.models import ModelRecord
    from inference.preflight import Verdict
    from inference.results import Classification, Run
    from inference.worker import Worker
    from viewer.core.scores import HeatKind
    from viewer.core.study import Scan, Series
    from viewer.core.time_points import TimePoints
    from viewer.core.volume import Volume
    from viewer.io.label_export import ScoreFormat
    from viewer.io.reader import Reader
    from viewer.io.run_results import RunRecord

NOT_FOR_DIAGNOSIS = "Not for diagnostic use."
_ONE = "choose one with --series UID (see slicewise info)"


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

    running = _Parser(add_help=False)
    running.add_argument("path", type=Path, metavar="IN")
    running.add_argument("--model", required=True, metavar="NAME")
    running.add_argument("--series", metavar="UID")
    running.add_argument("--override", action="store_true", help="run a model though the scan is not what it is for")
    segment = commands.add_parser(
        "segment",
        parents=[running],
        help="label map of a scan, or of every series of a folder, by a model",
        epilog="OUT is a file, or a folder: then every series of IN is run, each with a label map there, and with "
        "results.csv and results.json. The same command goes on where one was ended.",
    )
    segment.add_argument("out", type=Path, metavar="OUT")
    many = segment.add_argument_group("when OUT is a folder")
    many.add_argument(
        "--references", type=Path, metavar="DIR", help="label maps and DICOM segmentations to compare with"
    )
    many.add_argument(
        "--again", action="store_true", help="run what is there already once more, also that of another model"
    )
    many.add_argument("--format", metavar="SUFFIX", help="of label maps: nii.gz (default), seg.nrrd or mha")
    many.add_argument(
        "--sources", action="store_true", help="name files and folders in the tables; they may tell who the patient is"
    )
    classify = commands.add_parser(
        "classify", parents=[running], help="calibrated probabilities of a scan's classes, by a model"
    )
    files = classify.add_argument_group("files")
    files.add_argument("--out", type=Path, metavar="FILE", help="the scores as .dcm (structured report), .json or .csv")
    files.add_argument("--heat", type=Path, metavar="FILE", help="the heat map as a DICOM parametric map")
    files.add_argument("--occlusion", type=Path, metavar="FILE", help="what covering parts of a slice takes, likewise")
    files.add_argument("--class", dest="of", metavar="NAME", help="whose map; the likeliest one's without")
    files.add_argument("--slice", type=int, metavar="N", help="which is covered, from 1; the middle one without")
    detect = commands.add_parser("detect", parents=[running], help="boxes in a scan, by a model")
    for told in (classify, detect):
        told.add_argument("--json", action="store_true")
    enhance = commands.add_parser(
        "enhance", parents=[running], help="a synthetic picture of a scan, by a model: never to be measured"
    )
    enhance.add_argument(
        "out",
        type=Path,
        metavar="OUT",
        help="NIfTI, NRRD or MHA, or a new DICOM folder; SYNTHETIC is put into its name",
    )

    train = commands.add_parser("train", help="train a model from a dataset folder: images/, labels/, patients.csv")
    train.add_argument("--data", required=True)
    train.add_argument("--recipe", required=True)
    train.add_argument("--out", required=True)
    train.add_argument("--labelled", metavar="N")
    train.add_argument("--seed", metavar="S")
    train.add_argument("--steps", metavar="N")
    train.add_argument("--minutes", metavar="M", help="as many steps as this time allows")
    train.add_argument("--dimensions", metavar="2|3", help="of a model that starts from nothing")
    train.add_argument("--parent", metavar="MODEL_FOLDER")
    train.add_argument("--imbalance", metavar="WAY", help="of a classifier's classes: balanced, adjusted or focal")

    benchmark = commands.add_parser("benchmark", help="what a way of training is worth, on patients that none has seen")
    what = benchmark.add_subparsers(dest="what", required=True)
    ssl = what.add_parser("ssl", help="few labels: without, and with, the slices that nobody labelled")
    ssl.add_argument("--data", required=True)
    ssl.add_argument("--labelled", required=True, metavar="N")
    ssl.add_argument("--seeds", required=True, metavar="K")
    ssl.add_argument("--out", required=True)
    ssl.add_argument("--steps", metavar="N")
    ssl.add_argument("--side", metavar="PIXELS")

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


def _segment(options: argparse.Namespace) -> int:
    if options.out.is_dir() or not options.out.suffix:
        return _segment_many(options, _model_of(options, "segmentation"))
    for name in ("references", "again", "format", "sources"):
        if getattr(options, name):
            raise UsageError(f"--{name} is for a folder of results; {options.out} is a file")
    return _segment_one(options)


def _segment_one(options: argparse.Namespace) -> int:
    from inference.worker import Worker
    from viewer.core.volume import to_image
    from viewer.io import files
    from viewer.io.run_results import write_record
    from viewer.io.volume_files import suffix_of
    from viewer.study_runs import record_of, voxels_of

    origin = options.out.with_name(f"{options.out.name[: -len(suffix_of(options.out))]}.json")
    if suffix_of(options.out) not in files.WRITABLE_SUFFIXES:
        raise UsageError(f"{options.out.name}: volumes are written as {', '.join(files.WRITABLE_SUFFIXES)}")
    for path in (options.out, origin):
        if path.exists():
            raise UsageError(f"{path.name} exists already; choose another name")
    record, series, volume, verdict, _ = _fitting(
        options, "segmentation", mend="choose one with --series UID, or a folder for OUT"
    )
    with closing(Worker()) as worker:
        result = worker.segment(record, to_image(volume.voxels, volume.geometry), progress=_progress_line)
    print(file=sys.stderr)
    voxels, counts = voxels_of(result)
    files.write_image(voxels, volume.geometry, options.out)
    told = record_of(series, volume.geometry, verdict, result, counts, record.manifest, options.out)
    write_record(origin, told, overwrite=False)
    _print_run(result.run, verdict)
    for name, millilitres in result.volumes_ml.items():
        print(f"{millilitres:9.1f} ml  {name}")
    print(f"wrote {options.out} and {origin.name}. {NOT_FOR_DIAGNOSIS}")
    return 0


def _segment_many(options: argparse.Namespace, record: ModelRecord) -> int:
    """Every series of a folder; 0 only if the model ran on all, and each reference that was found could be used."""
    from inference.worker import Worker
    from viewer.study_runs import TABLE, Options, StudyRuns, not_of_a_run, source_of

    out, references = options.out, options.references
    if options.path.resolve() == out.resolve():
        raise UsageError("OUT must be another folder than IN")
    if references is not None and not references.is_dir():
        raise UsageError(f"there is no folder {references}")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file; name a folder, or a file that ends in .nii.gz")
    asked = Options(f".{(options.format or 'nii.gz').lstrip('.')}", options.override, options.again, options.sources)
    with _reader() as reader, closing(Worker()) as worker:
        runs = StudyRuns(record, out, reader, worker, references, asked)
        scan = _scan(reader, options.path)
        left_out = [folder for folder in (out, references) if folder is not None]
        found = [s for s in not_of_a_run(scan.series, left_out) if options.series in (None, s.uid)]
        if not found:
            raise UsageError(
                _nothing_in(options.path, scan, f"no series {options.series}" if options.series else "no image series")
            )
        ended: list[RunRecord] = []

        def arrived(n: int, told: RunRecord) -> None:
            ended.append(told)
            score = "" if told.mean_dice is None else f", mean Dice {told.mean_dice:.3f}"
            what = f"{told.seconds:.1f} s on {told.device}{score}" if told.state == "done" else told.error
            called = source_of(found[n]) if options.sources else told.series
            print(f"\r{n + 1:4} / {len(found)}  {called}  {told.state} ({told.level}): {what}", flush=True)
            if told.reference_error:
                print(f"             {told.reference_error}", flush=True)

        try:
            runs.run(found, _progress_line, arrived)
        except KeyboardInterrupt:
            print(
                f"\nslicewise: stopped by the keyboard after {len(ended)} of {len(found)} series; "
                "the same command goes on",
                file=sys.stderr,
            )
            return 1
    counts = {state: sum(one.state == state for one in ended) for state in ("done", "refused", "failed")}
    unused = sum(one.state == "done" and one.reference_error.startswith("The reference") for one in ended)
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    more = f"; {unused} {'reference' if unused == 1 else 'references'} could not be used" if unused else ""
    print(f"{told}{more}. Wrote {out / TABLE}. {NOT_FOR_DIAGNOSIS}")
    return 0 if counts["done"] == len(found) and not unused else 1


def _detect(options: argparse.Namespace) -> int:
    """Boxes whose scores reach the thresholds of their labels; as JSON all that the model tells."""
    from itertools import product

    import numpy as np

    from inference.worker import Worker
    from viewer.core.volume import to_image

    record, _, volume, verdict, _ = _fitting(options, "detection")
    with closing(Worker()) as worker:
        result = worker.detect(record, to_image(volume.voxels, volume.geometry), progress=_progress_line)
    print(file=sys.stderr)
    labels = {label.value: label for label in record.manifest.labels}
    geometry = volume.geometry
    placed = geometry.patient_space and geometry.calibrated and geometry.is_grid
    rows = []
    for one in result.found:
        corners = np.array(list(product(*zip(one.low, one.high, strict=True))))
        rows.append(
            {
                "label": labels[one.label].name,
                "score": one.score,
                "shown": one.score >= labels[one.label].threshold,
                "corners_ijk": [one.low, one.high],
                "slice_axis": "ijk"[one.normal],
                "slice": one.slice_index + 1,
                "corners_on_slice_ijk": one.on_slice,
                **({"corners_lps_mm": geometry.index_to_lps(corners).tolist()} if placed else {}),
            }
        )
    if options.json:
        overridden = [(finding.about, finding.sentence) for finding in verdict.red]
        told = {"run": asdict(result.run), "overridden": overridden, "note": NOT_FOR_DIAGNOSIS, "boxes": rows}
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return 0
    _print_run(result.run, verdict)
    shown = [row for row in rows if row["shown"]]
    for row in shown:
        low, high = (" ".join(f"{n:.1f}" for n in corner) for corner in row["corners_ijk"])
        where = f"{row['slice_axis']} {row['slice']}"
        print(f"{row['score']:5.2f}  {row['label']:<24} slice {where:<6} {low} to {high}")
    print(f"{len(shown)} boxes, {len(rows) - len(shown)} below the thresholds. {NOT_FOR_DIAGNOSIS}")
    return 0


def _classify(options: argparse.Namespace) -> int:
    from inference.worker import Worker
    from viewer.model_runs import image_of

    _check_score_files(options)
    record, series, volume, verdict, points = _fitting(options, "classification")
    image = image_of(volume, points)
    with closing(Worker()) as worker:
        result = worker.classify(record, image, progress=_progress_line)
        wrote = _write_scores(options, record, series, volume, verdict, result, image, worker, points)
    print(file=sys.stderr)
    run = result.run
    rows = [
        {
            "name": label.name,
            "probability": float(likely),
            "threshold": label.threshold,
            "above_threshold": bool(likely >= label.threshold),
            "slices": None if result.slices is None else result.slices[:, n].tolist(),
        }
        for n, (label, likely) in enumerate(zip(record.manifest.labels, result.series.tolist(), strict=True))
    ]
    if options.json:
        told = {
            "series": series.uid,
            "model": asdict(run),
            "temperature": record.manifest.temperature,
            "overridden": [[finding.about, finding.sentence] for finding in verdict.red],
            "axis": "ijk"[result.axis],
            "attention": None if result.attention is None else result.attention.tolist(),
            "classes": rows,
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    _print_run(run, verdict)
    for row in sorted(rows, key=lambda row: -row["probability"]):
        mark = "above threshold" if row["above_threshold"] else "below threshold"
        print(f"{row['probability']:6.1%}  {row['name']} ({mark} {row['threshold']:.0%})")
    for sentence in wrote:
        print(sentence)
    print(NOT_FOR_DIAGNOSIS)
    return 0


_SCORE_FILES: dict[str, ScoreFormat] = {".dcm": "report", ".json": "json", ".csv": "table"}


def _check_score_files(options: argparse.Namespace) -> None:
    """Refuse, before a model runs, what could not be written."""
    if options.out is not None and options.out.suffix.lower() not in _SCORE_FILES:
        raise UsageError(f"{options.out.name}: scores are written as {', '.join(_SCORE_FILES)}")
    for path in (options.out, options.heat, options.occlusion):
        if path is not None and path.exists():
            raise UsageError(f"{path.name} exists already; choose another name")
    if options.of is not None and options.heat is None and options.occlusion is None:
        raise UsageError("--class is for --heat and --occlusion")
    if options.slice is not None and options.occlusion is None:
        raise UsageError("--slice is for --occlusion")


def _write_scores(
    options: argparse.Namespace,
    record: ModelRecord,
    series: Series,
    volume: Volume,
    verdict: Verdict,
    result: Classification,
    image: Image,
    worker: Worker,
    points: TimePoints | None,
) -> list[str]:
    """Write what was asked for of a classification; a sentence for each file and on what it has no place for."""
    from viewer.core.score_set import HeatSet, heat_facts, score_set
    from viewer.io.label_export import save_heat, save_scores
    from viewer.model_runs import heat_on_grid, occluded_of, scores_of

    overridden = tuple((finding.about, finding.sentence) for finding in verdict.red)
    scores, geometry = scores_of(record.manifest, result, overridden, points), volume.geometry
    names = [one.name for one in scores.classes]
    if options.of is not None and options.of not in names:
        raise UsageError(f"{record.manifest.name} has no class {options.of}; it has {', '.join(names)}")
    likeliest = max(range(len(names)), key=lambda n: scores.classes[n].probability)
    of, said = names.index(options.of) if options.of is not None else likeliest, []
    if options.out is not None:
        kind = _SCORE_FILES[options.out.suffix.lower()]
        said += [*save_scores(score_set(series, geometry, scores), options.out, kind).notes, f"wrote {options.out}"]
    if options.occlusion is not None:
        count = geometry.size[scores.axis]
        number = (count + 1) // 2 if options.slice is None else options.slice
        if not 1 <= number <= count:
            raise UsageError(f"--slice goes from 1 to {count}")
        found = worker.occlude(record, image, of + 1, number - 1, progress=_progress_line)
        scores = replace(scores, occluded=(occluded_of(of, number - 1, found, points),))
    maps: list[tuple[HeatKind, Path | None]] = [("cam", options.heat), ("occlusion", options.occlusion)]
    for kind, path in maps:
        heat = scores.map_of(of, kind)
        if path is None:
            continue
        if heat is None:
            raise UsageError(f"{record.manifest.name} gives no heat map; --occlusion needs none")
        save_heat(HeatSet(series, geometry, heat_on_grid(heat, geometry), kind, heat_facts(scores, of, kind)), path)
        said.append(f"wrote {path}, of {names[of]}")
    return said


def _enhance(options: argparse.Namespace) -> int:
    from inference.worker import Worker
    from viewer.core.study import SYNTHETIC
    from viewer.core.volume import geometry_of, to_image
    from viewer.io import files
    from viewer.io.derived_series import write_derived_series
    from viewer.model_runs import enhanced_of

    record, series, volume, verdict, _ = _fitting(options, "enhancement", "translation")
    out = options.out
    if SYNTHETIC not in out.name.upper():
        stem, dot, suffix = out.name.partition(".")
        out = out.with_name(f"{stem}-{SYNTHETIC}{dot}{suffix}")
    with closing(Worker()) as worker:
        result = worker.enhance(record, to_image(volume.voxels, volume.geometry), progress=_progress_line)
    print(file=sys.stderr)
    import SimpleITK as sitk

    if out.suffix in ("", ".dcm"):
        overridden = tuple((finding.about, finding.sentence) for finding in verdict.red)
        write_derived_series(series, volume, enhanced_of(record.manifest, result, overridden), out)
    else:
        files.write_image(sitk.GetArrayFromImage(result.picture), geometry_of(result.picture), out)
    _print_run(result.run, verdict)
    if result.bound is not None:
        print(f"{result.bound:12.4g}  residual_bound")
    for name, figure in result.figures.items():
        print(f"{figure:12.4g}  {name}")
    if result.untouched:
        print(f"{result.untouched:.2%} of the values lie beyond what the model sees; they are as they were")
    print(f"wrote {out}: {SYNTHETIC}, not to be measured. {NOT_FOR_DIAGNOSIS}")
    return 0


def _model_of(options: argparse.Namespace, *tasks: str) -> ModelRecord:
    record = _model_store().get(options.model)
    if record.manifest.task not in tasks:
        raise UsageError(f"{options.model} is a model of {record.manifest.task}, not of {' or '.join(tasks)}.")
    return record


def _fitting(
    options: argparse.Namespace, *tasks: str, mend: str = _ONE
) -> tuple[ModelRecord, Series, Volume, Verdict, TimePoints | None]:
    """A model of one of these tasks and the scan that it is to run on, with its time points if the model sees them,
    once nothing is against it but what is overridden. mend: what to do where there are several series."""
    from inference.preflight import as_met, preflight
    from viewer.model_runs import headers_of

    record = _model_of(options, *tasks)
    with _reader() as reader:
        if record.manifest.over_time:
            series, volume, points = _read_times(reader, options.path, options.series, mend)
        else:
            (series, volume), points = _read_one(reader, options.path, options.series, mend), None
    headers = headers_of(series, volume, points)
    verdict = preflight(as_met(record, headers), headers, volume.voxels)
    if not verdict.can_run:
        raise UsageError(verdict.refusal)
    if verdict.red and not options.override:
        reasons = " ".join(finding.sentence for finding in verdict.red)
        raise UsageError(f"{reasons} With --override it runs all the same, and says so.")
    for finding in verdict.findings:
        print(f"slicewise: {finding.level}: {finding.sentence}", file=sys.stderr)
    return record, series, volume, verdict, points


def _print_run(run: Run, verdict: Verdict) -> None:
    print(f"{run.name} {run.version} ({run.sha256[:12]}) on {run.provider}, {run.seconds:.1f} s")
    for finding in verdict.red:
        print(f"overridden ({finding.about}): {finding.sentence}")


def _progress_line(fraction: float, text: str) -> None:
    print(f"\r{fraction:4.0%} {text:<40}", end="", file=sys.stderr, flush=True)


def _train(options: argparse.Namespace) -> int:
    names = ("data", "recipe", "out", "labelled", "seed", "steps", "minutes", "dimensions", "parent", "imbalance")
    return _in_training(options, ["train"], names)


def _benchmark(options: argparse.Namespace) -> int:
    return _in_training(options, ["benchmark", "ssl"], ("data", "labelled", "seeds", "out", "steps", "side"))


def _in_training(options: argparse.Namespace, command: Sequence[str], names: Sequence[str]) -> int:
    """Do a command of `python -m training` with the options of these names that were given."""
    argv = [sys.executable, "-P", "-m", "training", *command]
    for name in names:
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


def _read_one(reader: Reader, path: Path, uid: str | None, mend: str = _ONE) -> tuple[Series, Volume]:
    scan = _scan(reader, path)
    wanted = [series for series in scan.series if uid is None or series.uid == uid]
    if not wanted:
        raise UsageError(_nothing_in(path, scan, f"no series {uid}" if uid else "no image series"))
    if len(wanted) > 1:
        raise UsageError(f"{path} holds {len(wanted)} series; {mend}")
    return wanted[0], reader.read(wanted[0])


def _read_times(
    reader: Reader, path: Path, uid: str | None, mend: str = _ONE
) -> tuple[Series, Volume, TimePoints | None]:
    """A series with its time points: all moments of a sequence, by the first or the one that is named, or a film."""
    from viewer.core.time_points import time_points

    found = _scan(reader, path).series
    asked = {s.moment.sequence_uid for s in found if s.moment is not None and uid in (None, s.uid)}
    siblings = [series for series in found if series.moment is not None and series.moment.sequence_uid in asked]
    if len(asked) != 1 or (uid is None and len(siblings) < len(found)):
        series, volume = _read_one(reader, path, uid, mend)
        return series, volume, time_points(series, volume, (), ())
    siblings.sort(key=lambda one: one.moment.number if one.moment is not None else 0)
    volumes = [reader.read(one) for one in siblings]
    n = next((n for n, one in enumerate(siblings) if one.uid == uid), 0)
    return siblings[n], volumes[n], time_points(siblings[n], volumes[n], siblings, volumes)


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
    "classify": _classify,
    "detect": _detect,
    "enhance": _enhance,
    "train": _train,
    "benchmark": _benchmark,
    "doctor": _doctor,
}


if __name__ == "__main__":
    sys.exit(main())
