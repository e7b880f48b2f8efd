"""Whole trainings of a tiny network on small volumes: what is kept, what is refused, what a person can do meanwhile."""

import errno
import hashlib
import io
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from inference.manifest import ModelManifest, Preprocessing, load_manifest
from inference.models import ModelRecord, ModelStore
from inference.preprocess import slice_stacks
from inference.runtime import load_model
from inference.tasks import segment
from tests.models import manifest, write_threshold_model
from training import arms, job, plan
from training.__main__ import main
from training.export import export_model
from training.losses import dice_cross_entropy
from training.networks import build_network, unet_spec
from training.process import EVENTS, WANTED, Control, Events, held

SHAPE = (12, 28, 36)  # k, j, i
SPACING = (1.0, 1.0, 2.0)  # i, j, k; mm
SPEC = unet_spec(3, 2, (8, 16, 16))
SHRUNKEN = 0.6  # of a ball's radius is all that the parent marks


def balls(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values in 0..1000 that fall from the middle of each ball outwards, the balls, and their inner parts."""
    draw = np.random.default_rng(seed)
    k, j, i = np.indices(SHAPE)
    nearest = np.full(SHAPE, np.inf)
    for _ in range(3):
        centre = draw.uniform((2, 8, 8), (SHAPE[0] - 2, SHAPE[1] - 8, SHAPE[2] - 8))
        away = np.sqrt((2 * (k - centre[0])) ** 2 + (j - centre[1]) ** 2 + (i - centre[2]) ** 2)
        nearest = np.minimum(nearest, away / draw.uniform(6, 9))
    values = np.clip(1.5 - nearest, 0, 1) * 900 + 60 * draw.random(SHAPE)
    return values.astype(np.float32), (nearest < 1).astype(np.uint8), (nearest < SHRUNKEN).astype(np.uint8)


def described(version: str = "1.0.0") -> ModelManifest:
    grid = Preprocessing(spacing_mm=SPACING, context_slices=3, size_multiple=4)
    return manifest("balls", ("Ball",), 1.0, version, network=SPEC).model_copy(update={"preprocessing": grid})


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Networks this small lose more by sharing cores with other work than they gain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds every ball and marks too little of each: what a person would correct."""
    torch.manual_seed(3)
    network = build_network(SPEC)
    optimiser = torch.optim.AdamW(network.parameters(), 5e-3)
    for step in range(60):
        values, _, inner = balls(1000 + step)
        slices = [2, 4, 6, 8]
        stacks = torch.from_numpy(slice_stacks(values / 960, slices, 3))
        loss = dice_cross_entropy(network(stacks), torch.from_numpy(inner[slices].astype(np.int64)))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    folder = tmp_path_factory.mktemp("parent")
    export_model(network, described(), folder)
    return folder


def write(folder: Path, name: str, voxels: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(SPACING)
    image.SetOrigin((-20.0, 31.0, 7.5))
    sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))


def write_job(folder: Path, parent: Path, labels: np.ndarray, *, confirmed=(5, 6, 7, 8, 9, 10), **more) -> Path:
    """One patient with some confirmed slices, another without any."""
    data = folder / "data"
    for name, seed in (("first", 0), ("second", 1)):
        write(data / "images", name, balls(seed)[0])
    write(data / "labels", "first", labels)
    entry = {"slices": [[2, k] for k in confirmed], "corrected_labels": [1]}
    (data / "confirmed.json").write_text(json.dumps({"first": entry}))
    asked = {
        "schema_version": 1,
        "recipe": "segmentation-semi-supervised",
        "parent_model": str(parent),
        "data": str(data),
        "out": str(folder / "out"),
        "steps": 40,
        "batch": 4,
        "seed": 1,
    }
    (folder / "job.json").write_text(json.dumps(asked | more))
    return folder


def run(folder: Path) -> tuple[int, list[dict]]:
    code = job.run(folder)
    return code, told(folder)


def told(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / EVENTS).read_text().splitlines()]


def of_kind(events: list[dict], kind: str) -> list[dict]:
    return [event for event in events if event["event"] == kind]


@pytest.fixture(scope="module")
def helped(parent: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict], dict]:
    """A training from right corrections: its folder, events and report."""
    folder = write_job(tmp_path_factory.mktemp("helped"), parent, balls(0)[1])
    code, events = run(folder)
    assert code == 0, events[-1]
    return folder, events, json.loads(Path(events[-1]["report"]).read_text())


def test_right_corrections_of_a_systematic_error_are_kept(helped):
    _, _, report = helped

    dice = {arm: found["mean_dice"] for arm, found in report["models"].items()}
    assert report["decision"]["keep"] in ("semi-supervised", "supervised"), report["decision"]["reason"]
    assert dice[report["decision"]["keep"]] > dice["current"] + 0.1
    assert report["held_out"] == ["first k 6", "first k 9"]
    assert (report["unit"], report["verified"]) == ("slices", False)  # the same patient was trained on
    assert report["nearest_training_slice_mm"] == 2.0


@pytest.mark.parametrize("spoil", ["emptied", "shuffled"])
def test_poisoned_corrections_are_refused(parent, tmp_path, spoil):
    labels, draw = balls(0)[1], np.random.default_rng(5)
    for k in (5, 7, 8, 10):  # what is trained on; the held-out slices 6 and 9 are right
        shuffled = np.roll(labels[k], draw.integers(9, 19, 2), axis=(0, 1))
        labels[k] = 0 if spoil == "emptied" else shuffled

    code, _ = run(write_job(tmp_path, parent, labels))

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert code == 0
    assert report["decision"]["keep"] == "current"
    assert "is refused: " in report["decision"]["reason"]
    for arm in ("semi-supervised", "supervised"):
        assert report["models"][arm]["mean_dice"] < report["models"]["current"]["mean_dice"] - 0.05


def test_labels_that_are_shuffled_between_classes_are_refused(tmp_path):
    """Rim and core of the balls, each slice's swapped or not by chance; the held-out slices are right."""
    torch.manual_seed(3)
    network = build_network(unet_spec(3, 3, (8, 16, 16)))
    optimiser = torch.optim.AdamW(network.parameters(), 5e-3)
    for step in range(60):
        values, ball, core = balls(1000 + step)
        slices = [2, 4, 6, 8]
        stacks, known = slice_stacks(values / 960, slices, 3), (ball + core)[slices].astype(np.int64)
        loss = dice_cross_entropy(network(torch.from_numpy(stacks)), torch.from_numpy(known))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    grid = described().preprocessing
    two = manifest("balls", ("Rim", "Core"), 1.0, "1.0.0", network=unet_spec(3, 3, (8, 16, 16)))
    export_model(network, two.model_copy(update={"preprocessing": grid}), tmp_path / "parent")
    labels = sum(balls(0)[1:])
    for k in (5, 8, 10):  # beside slice 7, which stays right: what is learnt of one is taken back by the other
        labels[k] = np.where(labels[k] > 0, 3 - labels[k], 0)

    folder = write_job(tmp_path / "job", tmp_path / "parent", labels)
    confirmed = json.loads((folder / "data" / "confirmed.json").read_text())
    confirmed["first"]["corrected_labels"] = [1, 2]
    (folder / "data" / "confirmed.json").write_text(json.dumps(confirmed))
    code, _ = run(folder)

    report = json.loads((folder / "out" / "report.json").read_text())
    assert code == 0
    assert report["models"]["current"]["mean_dice"] > 0.7
    for arm in ("semi-supervised", "supervised"):
        assert report["models"][arm]["mean_dice"] < report["models"]["current"]["mean_dice"] - 0.05
    assert report["decision"]["keep"] == "current", report["decision"]["reason"]
    assert "is refused: " in report["decision"]["reason"]


def test_corrections_that_are_poisoned_throughout_are_refused(parent, tmp_path):
    """Also where they are measured by: what is random cannot be learnt."""
    labels, draw = balls(0)[1], np.random.default_rng(7)
    for k in range(SHAPE[0]):
        labels[k] = np.roll(labels[k], draw.integers(9, 19, 2), axis=(0, 1))

    code, _ = run(write_job(tmp_path, parent, labels, confirmed=range(1, 11)))

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert code == 0
    assert report["decision"]["keep"] == "current", report["decision"]["reason"]


def test_models_say_what_they_were_trained_on_and_how_they_did_without_naming_anybody(helped):
    folder, _, report = helped
    sha256 = hashlib.sha256((folder / "data" / "images" / "first.nii.gz").read_bytes()).hexdigest()

    for arm in ("semi-supervised", "supervised"):
        written = load_manifest(folder / "out" / arm)
        training = json.loads(json.dumps(written.training))
        card = (folder / "out" / arm / "card.md").read_text(encoding="utf-8")
        files = training["provenance"]["data"]
        assert sha256 in [entry["image"] for entry in files] and sum("labels" in entry for entry in files) == 1
        assert "torch" in training["provenance"]["versions"]
        found = report["models"][arm]
        low, high = found["gain_interval"]
        assert low <= found["gain"] <= high
        assert found["gain"] == pytest.approx(found["mean_dice"] - report["models"]["current"]["mean_dice"])
        assert found["classes"]["Ball"]["hd95_mm"] == pytest.approx(found["hd95_mm"])
        assert training["held_out"]["classes"] == found["classes"]
        assert "Unverified on other patients" in card and f"{found['gain']:+.3f} ({low:+.3f} to {high:+.3f})" in card
        assert "| 2 | Ball | " in card
        assert written.temperature == 1 and 0.5 <= training["calibration"]["temperature"] <= 5
        assert training["calibration"]["checked_on_others"] and "Expected calibration error" in card
        assert training["split"]["held_out"] and training["split"]["trained_on"]
        for told in (card, json.dumps(training)):
            assert "first" not in told and "second" not in told


def test_what_was_held_out_stays_so_when_the_new_model_is_trained_further(helped, tmp_path):
    folder, _, report = helped

    code, _ = run(
        write_job(tmp_path, folder / "out" / "supervised", balls(0)[1], confirmed=range(4, 12), steps=2, seed=0)
    )

    again = json.loads((tmp_path / "out" / "report.json").read_text())
    assert code == 0
    assert set(report["held_out"]) <= set(again["held_out"]) <= {"first k 4", "first k 6", "first k 9", "first k 11"}


def test_events_tell_the_whole_course(helped):
    folder, events, _ = helped

    assert events[0]["event"] == "started"
    told = {key: events[0][key] for key in ("arms", "labelled_slices", "held_out_slices", "patients")}
    assert told == {
        "arms": ["semi-supervised", "supervised"],
        "labelled_slices": 4,
        "held_out_slices": 2,
        "patients": 1,
    }
    assert events[0]["unlabelled_slices"] == 12 + 6  # the held-out slices are not among them
    assert events[-1] == {"event": "finished", "report": str(folder / "out" / "report.json")}
    for arm in events[0]["arms"]:
        steps = [event["step"] for event in of_kind(events, "progress") if event["arm"] == arm]
        assert steps == sorted(set(steps)) and {5, 10, 40} <= set(steps)
        looks = [event for event in of_kind(events, "evaluation") if event["arm"] == arm]
        assert [look["step"] for look in looks] == [0, 10, 20, 30, 40]
        assert looks[-1]["dice"] > looks[0]["dice"]
    last = of_kind(events, "progress")[-1]
    assert {"loss", "dice", "loss_unlabelled", "consistency_weight", "utilisation", "eta_s"} <= last.keys()
    weights = [e["consistency_weight"] for e in of_kind(events, "progress") if e["arm"] == "semi-supervised"]
    assert weights[0] == 0 and weights[-1] == pytest.approx(0.5)
    assert {e["consistency_weight"] for e in of_kind(events, "progress") if e["arm"] == "supervised"} == {0.0}


def test_trained_models_install_beside_their_parent_and_say_where_they_come_from(helped, parent, tmp_path):
    folder, _, report = helped
    store = ModelStore(tmp_path / "shipped", tmp_path / "installed")
    shutil.copytree(parent, tmp_path / "shipped" / "balls")

    for arm in ("semi-supervised", "supervised"):
        record = store.install(folder / "out" / arm)
        assert record.manifest.name == "balls"
        assert record.manifest.version.startswith("1.0.1+")
        origin = record.manifest.parent
        assert origin is not None and origin.version == "1.0.0"
        assert origin.sha256 == load_manifest(parent).files["model.onnx"]
        assert record.manifest.training["held_out"]["dice"] == report["models"][arm]["mean_dice"]
        assert (record.manifest.training["steps"], record.manifest.training["patients"]) == (40, 1)
    assert len({record.manifest.version for record in store.list()}) == 3


def test_the_report_says_what_the_installed_model_does_to_the_scan(helped):
    folder, _, report = helped
    image = sitk.ReadImage(str(folder / "data" / "images" / "first.nii.gz"))
    written = load_manifest(folder / "out" / "supervised")
    model = load_model(ModelRecord(written, folder / "out" / "supervised", shipped=False, active=False))

    labels = sitk.GetArrayFromImage(segment(image, model).label_image)

    for unit, k in (("first k 6", 6), ("first k 9", 9)):
        meant = sitk.LabelOverlapMeasuresImageFilter()
        meant.Execute(sitk.GetImageFromArray(labels[k]), sitk.GetImageFromArray(balls(0)[1][k]))
        assert report["models"]["supervised"]["dice"][unit]["Ball"] == pytest.approx(meant.GetDiceCoefficient(1))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(parent, tmp_path):
    def weights(name: str, seed: int) -> bytes:
        (tmp_path / name).mkdir()
        folder = write_job(tmp_path / name, parent, balls(0)[1], steps=6, seed=seed)
        assert run(folder)[0] == 0
        return (folder / "out" / "semi-supervised" / "weights.safetensors").read_bytes()

    first = weights("first", 4)
    assert weights("again", 4) == first
    assert weights("other", 5) != first


def want(folder: Path, wanted: str) -> None:
    (folder / "wanted.tmp").write_text(wanted)
    os.replace(folder / "wanted.tmp", folder / WANTED)


def test_stop_ends_early_and_still_compares_what_was_learnt(parent, tmp_path, monkeypatch):
    folder = write_job(tmp_path, parent, balls(0)[1], steps=100_000)
    tell = Events.tell

    def tell_and_stop(self, event: dict) -> None:
        tell(self, event)
        if event["event"] == "progress" and event["step"] == 10:
            want(folder, "stop")

    monkeypatch.setattr(Events, "tell", tell_and_stop)
    code, events = run(folder)

    assert code == 0
    report = json.loads((folder / "out" / "report.json").read_text())
    assert 10 <= report["steps"] < 100_000
    assert set(report["models"]) == {"current", "semi-supervised", "supervised"}
    assert any(event["text"].startswith("Stopped after") for event in of_kind(events, "message"))


def test_paused_training_does_nothing_until_it_is_resumed(parent, tmp_path):
    folder = write_job(tmp_path, parent, balls(0)[1], steps=12)
    want(folder, "pause")
    control = Control(folder)
    events: list[dict] = []
    training = threading.Thread(
        target=job.train_and_compare, args=(job.read_job(folder), events.append, control.check), daemon=True
    )
    training.start()
    training.join(2)
    assert training.is_alive()
    assert not of_kind(events, "progress")

    want(folder, "run")
    training.join(120)
    control.close()
    assert (folder / "out" / "report.json").exists()
    assert of_kind(events, "progress")[-1]["step"] == 12


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"recipe": "segmentation-by-magic"},
            "there is no recipe 'segmentation-by-magic'; there are: segmentation-semi",
        ),
        ({"schema_version": 2}, "job version 2 is unknown"),
        ({"steps": 0}, "the job's steps is wrong"),
        ({"steps": "many"}, "the job's steps is wrong"),
        ({"colour": "red"}, "the job's colour is wrong"),
        ({"data": "nowhere"}, "the dataset has no images"),
        ({"parent_model": "nowhere"}, "manifest.json cannot be read"),
    ],
)
def test_a_wrong_job_fails_with_one_sentence(parent, tmp_path, change, sentence):
    code, events = run(write_job(tmp_path, parent, balls(0)[1], **change))

    assert code == 2
    assert [event["event"] for event in events] == ["failed"]
    assert sentence in events[0]["message"]
    assert "\n" not in events[0]["message"]


def test_a_missing_or_damaged_job_file_fails_with_one_sentence(tmp_path):
    assert "job.json cannot be read" in run(tmp_path)[1][0]["message"]
    (tmp_path / "job.json").write_text("{")
    assert "job.json is not JSON" in run(tmp_path)[1][-1]["message"]


def test_labels_that_the_model_does_not_know_are_refused(parent, tmp_path):
    code, events = run(write_job(tmp_path, parent, balls(0)[1] * np.uint8(7)))

    assert code == 2
    assert events[-1]["message"] == "labels/first.nii.gz holds the value 7; the model has labels 1 to 1"


def test_nothing_confirmed_is_refused(parent, tmp_path):
    code, events = run(write_job(tmp_path, parent, balls(0)[1], confirmed=()))

    assert code == 2
    assert "nothing is annotated" in events[-1]["message"]


def test_a_single_confirmed_slice_trains_but_replaces_nothing(parent, tmp_path):
    code, events = run(write_job(tmp_path, parent, balls(0)[1], confirmed=(5,), steps=2))

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert code == 0
    assert (report["held_out"], report["verified"], report["decision"]["keep"]) == ([], False, "current")
    assert report["decision"]["reason"].startswith("Not measured")
    assert events[0]["held_out_slices"] == 0


def test_held_out_slices_without_any_structure_prove_nothing(parent, tmp_path):
    code, _ = run(write_job(tmp_path, parent, np.zeros(SHAPE, np.uint8), confirmed=(5, 6), steps=2))

    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert code == 0
    assert report["decision"]["keep"] == "current"


def test_a_model_without_weights_cannot_be_trained_further(parent, tmp_path):
    write_threshold_model(tmp_path / "threshold")

    code, events = run(write_job(tmp_path, tmp_path / "threshold", balls(0)[1]))

    assert code == 2
    assert "cannot be trained further" in events[-1]["message"]


def test_a_fault_of_the_program_is_told_in_a_sentence_too(parent, tmp_path, monkeypatch, capsys):
    def broken(*_: object) -> None:
        raise MemoryError("out of memory\nwith details")

    monkeypatch.setattr(job, "parted", broken)

    code, events = run(write_job(tmp_path, parent, balls(0)[1]))

    assert code == 1
    assert events == [{"event": "failed", "message": "The training failed: out of memory", "resumable": False}]
    assert "Traceback" in capsys.readouterr().err


def test_command_line_trains_from_nothing_and_the_model_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(plan, "unet_spec", lambda context, classes: unet_spec(context, classes, (4, 8)))
    for n in range(6):
        write(tmp_path / "data" / "images", f"case{n}", balls(n)[0])
        write(tmp_path / "data" / "labels", f"case{n}", balls(n)[1])
    write(tmp_path / "data" / "images", "more", balls(9)[0])
    out = tmp_path / "My balls"

    code = main(["train", "--data", str(tmp_path / "data"), "--recipe", "segmentation-semi-supervised",
                 "--out", str(out), "--steps", "4", "--labelled", "1"])  # fmt: skip

    assert code == 0
    assert "12 annotated slices, 48 without labels, 24 held out, 6 patients" in capsys.readouterr().out
    made = load_manifest(out / "semi-supervised")
    assert (made.name, made.preprocessing.spacing_mm) == ("my-balls", SPACING)
    model = load_model(ModelRecord(made, out / "semi-supervised", shipped=False, active=False))
    image = sitk.ReadImage(str(tmp_path / "data" / "images" / "more.nii.gz"))
    assert segment(image, model).label_image.GetSize() == image.GetSize()
    report = json.loads((out / "report.json").read_text())
    assert (report["unit"], report["verified"]) == ("patients", True)
    assert set(report["models"]) == {"semi-supervised", "supervised"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--recipe", "magic"], "there are: segmentation-semi-supervised, segmentation-supervised"),
        (["--recipe", "segmentation-supervised"], "the dataset has no images"),
        (["--recipe", "segmentation-supervised", "--steps", "0"], "the job's steps is wrong"),
        (["--recipe", "segmentation-supervised", "--steps", "few"], "invalid int value: 'few'"),
        ([], "required: --recipe"),
    ],
)
def test_command_line_tells_a_mistake_in_one_line(tmp_path, capsys, arguments, sentence):
    try:
        code = main(["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), *arguments])
    except SystemExit as end:
        code = end.code

    said = capsys.readouterr().err
    assert code == 2
    assert sentence in said and said.count("\n") == 1


def test_as_a_child_process_it_holds_the_folder_and_tells_only_json(parent, tmp_path):
    folder = write_job(tmp_path, parent, balls(0)[1], steps=2)
    argv = [sys.executable, "-m", "training", "run", str(folder)]
    with held(folder):
        second = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (second.returncode, second.stderr) == (3, "slicewise training: this training is already running\n")
    assert not (folder / EVENTS).exists()

    child = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert child.returncode == 0, child.stderr
    events = told(folder)
    assert (events[0]["event"], events[-1]["event"]) == ("started", "finished")


posix = pytest.mark.skipif(os.name != "posix", reason="a process that is copied is how the tests kill one quickly")


def killed_at(folder: Path, act: Callable[[], None]) -> int:
    """Do the job in a copy of this process, prepared by act to kill itself somewhere; how it ended."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
            code = job.run(folder)
        except BaseException:  # nothing of pytest may run in the copy
            code = 99
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_the_middle_of_writing(times: int) -> Callable[[], None]:
    """Kill the process when half of the n-th checkpoint is written."""

    def act() -> None:
        save, calls = torch.save, iter(range(1, 1000))

        def half(content: object, file: IO[bytes] | Path) -> None:
            if next(calls) < times:
                return save(content, file)
            whole = io.BytesIO()
            save(content, whole)
            written = whole.getvalue()[: len(whole.getvalue()) // 2]
            if isinstance(file, Path):
                file.write_bytes(written)
            else:
                file.write(written)
                file.flush()
            kill_self()

        torch.save = half

    return act


def at_call(name: str, times: int, after: bool = False) -> Callable[[], None]:
    """Kill the process when a function of os is called for the n-th time on something in the job's folder."""

    def act() -> None:
        real, calls = getattr(os, name), iter(range(1, 1000))

        def fatal(*arguments: object) -> object:
            last = next(calls) == times
            if last and not after:
                kill_self()
            found = real(*arguments)
            if last:
                kill_self()
            return found

        setattr(os, name, fatal)

    return act


def at_event(kind: str, times: int) -> Callable[[], None]:
    def act() -> None:
        tell, calls = Events.tell, iter(range(1, 10_000))

        def fatal(self, event: dict) -> None:
            tell(self, event)
            if event["event"] == kind and next(calls) == times:
                kill_self()

        Events.tell = fatal

    return act


def save_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a checkpoint whenever there may be one."""
    monkeypatch.setattr(arms, "_CHECKPOINT_EVERY_S", 0.0)
    monkeypatch.setattr(arms, "_CHECKPOINT_SHARE", math.inf)


MOMENTS = {
    "half a checkpoint": in_the_middle_of_writing(2),
    "before the first checkpoint is on disk": at_call("fsync", 1),
    "before a checkpoint takes its place": at_call("replace", 3),
    "after a checkpoint took its place": at_call("replace", 2, after=True),
    "in the first stage": at_event("progress", 3),
    "in the second stage": at_event("progress", 9),
    "while comparing": at_event("message", 1),
}


def weights_of(folder: Path) -> list[bytes]:
    return [(folder / "out" / arm / "weights.safetensors").read_bytes() for arm in ("semi-supervised", "supervised")]


@pytest.fixture(scope="module")
def uninterrupted(parent, tmp_path_factory) -> list[bytes]:
    folder = write_job(tmp_path_factory.mktemp("uninterrupted"), parent, balls(0)[1], steps=34)
    assert run(folder)[0] == 0
    return weights_of(folder)


@posix
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_it_goes_on_from_the_last_checkpoint_to_the_same_weights(
    parent, tmp_path, monkeypatch, uninterrupted, moment
):
    save_often(monkeypatch)
    folder = write_job(tmp_path, parent, balls(0)[1], steps=34)

    assert killed_at(folder, MOMENTS[moment]) == -signal.SIGKILL
    before = told(folder)
    code, events = run(folder)

    assert code == 0, events[-1]
    kept = max((event["step"] for event in of_kind(before, "checkpoint")), default=0)
    went_on = [event["step"] for event in of_kind(events, "rewound")]
    assert (went_on or [0])[0] >= kept, "a step before the last checkpoint was lost"
    assert not [event for event in of_kind(events, "message") if "cannot be read" in event["text"]]
    assert weights_of(folder) == uninterrupted
    assert not (folder / "out" / "checkpoints").exists()


@posix
def test_killed_again_and_again_at_random_it_still_arrives(parent, tmp_path, monkeypatch, uninterrupted):
    save_often(monkeypatch)
    folder = write_job(tmp_path, parent, balls(0)[1], steps=34)
    draw = random.Random(4)

    def doomed() -> None:
        threading.Thread(target=lambda: (threading.Event().wait(draw.uniform(0.05, 0.9)), kill_self())).start()

    for _ in range(6):
        killed_at(folder, doomed)
        draw.random()  # the copy's draws are not seen here
    code, events = run(folder)

    assert code == 0, events[-1]
    assert weights_of(folder) == uninterrupted
    steps = [event["step"] for event in events if event["event"] in ("rewound", "checkpoint")]
    assert steps == sorted(steps), "no checkpoint was ever lost"


def test_a_line_of_which_only_a_part_was_written_is_left_behind(tmp_path):
    (tmp_path / EVENTS).write_bytes(b'{"event": "progress", "st')
    events = Events(tmp_path)
    events.tell({"event": "message", "text": "next"})
    events.close()

    assert (tmp_path / EVENTS).read_bytes().splitlines()[1] == b'{"event": "message", "text": "next"}'


def test_a_full_disk_ends_neither_the_training_nor_its_last_checkpoint(parent, tmp_path, monkeypatch):
    save_often(monkeypatch)
    folder = write_job(tmp_path, parent, balls(0)[1], steps=12)
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_space(*_: object) -> None:
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", no_space)
        patch.setattr(job, "write_at_once", no_space)
        code, events = run(folder)
    said = [event["text"] for event in of_kind(events, "message")]

    assert said.count("No checkpoint could be written (No space left on device); the training goes on.") == 1
    assert of_kind(events, "progress")[-1]["step"] == 12
    assert code == 1 and events[-1]["event"] == "failed" and events[-1]["resumable"]
    assert not list((folder / "out").glob("*upervised")), "what cannot be used takes no space from what is told"
    assert run(folder)[0] == 0, "when there is space again"


def no_structures(teacher: object, images: torch.Tensor, inside: torch.Tensor, least: float):
    return torch.zeros_like(inside, dtype=torch.int64), 1.0


def test_a_collapsed_teacher_is_taken_back_to_the_last_good_step(parent, tmp_path, monkeypatch):
    monkeypatch.setattr("training.semi_supervised.pseudo_labels", no_structures)
    code, events = run(write_job(tmp_path, parent, balls(0)[1], steps=67))  # the first 20 on annotated slices alone

    assert code == 0
    assert [(event["arms"], event["step"]) for event in of_kind(events, "rewound")] == [
        (["semi-supervised"], 20),  # seen over steps 20 to 29
        (["semi-supervised"], 20),
    ]
    said = [event["text"] for event in of_kind(events, "message")]
    assert [text for text in said if text.startswith(("Unlabelled slices count half", "Unlabelled slices are not"))]
    assert said.count("The training went back to step 20, the last good one.") == 2
    steps = [event["step"] for event in of_kind(events, "progress") if event["arm"] == "supervised"]
    assert steps == sorted(steps), "the twin goes its own way"
    assert weights_of(tmp_path)[0] == weights_of(tmp_path)[1], "nothing that came of the unlabelled slices is left"


@posix
def test_an_alarm_is_not_forgotten_by_a_training_that_goes_on(parent, tmp_path, monkeypatch):
    monkeypatch.setattr("training.semi_supervised.pseudo_labels", no_structures)
    save_often(monkeypatch)
    folder = write_job(tmp_path, parent, balls(0)[1], steps=67)
    assert killed_at(folder, at_event("checkpoint", 4)) == -signal.SIGKILL

    code, events = run(folder)

    assert code == 0
    assert [e["step"] for e in of_kind(events, "rewound")] == [20, 20, 40]
    assert sum(event["text"].startswith("Unlabelled slices") for event in of_kind(events, "message")) == 2


def test_versions_follow_their_parent():
    assert job.next_version("1.2.3", "b.1") == "1.2.4+b.1"
    assert job.next_version("1.2.4+b.1", "c") == "1.2.5+c"
    assert job.next_version("2", "c") == "2.0.1+c"
