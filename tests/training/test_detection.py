"""Whole trainings of detectors on small pictures: what they find, what they are compared with, what is refused."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from safetensors.torch import load_file

from inference.detect import detect
from inference.manifest import load_manifest, write_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from training import detecting, detection, detector, export, job, turns
from training.boxed_pictures import read_boxed_images, split_boxed_images
from training.dataset import Learnt, known_as
from training.detecting import penalty_reduced_focal, target_maps
from training.detection import compare, found_by
from training.detector import Decoded, build_detector, detector_spec, export_detector, load_detector
from training.export import ExportError
from training.process import Stopped

SIDE = 64
PATIENTS = 60


@pytest.fixture(scope="module", autouse=True)
def _small():
    """Networks this small lose more by sharing cores with other work than they gain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


def picture(seed: int) -> tuple[sitk.Image, list[tuple[str, float, float, float, float]]]:
    """A bright disc, a bright square, both or none in noise, and their boxes: label, x, y, width and height."""
    draw = np.random.default_rng(seed)
    j, i = np.indices((SIDE, SIDE)) + 0.5
    values, boxes = 60 * draw.random((SIDE, SIDE)), []
    for name, there, column in (("Disc", seed % 4 in (0, 1), 18), ("Square", seed % 4 in (0, 2), 46)):
        if there:
            radius, y, x = draw.uniform(5, 9), draw.uniform(14, 50), column + draw.uniform(-4, 4)
            far = np.hypot(j - y, i - x) if name == "Disc" else np.maximum(abs(j - y), abs(i - x))
            values[far < radius] += 140
            boxes.append((name, x - radius, y - radius, 2 * radius, 2 * radius))
    return sitk.GetImageFromArray(values.astype(np.uint8)[None]), boxes


def dataset(folder: Path, patients: int = PATIENTS) -> Path:
    (folder / "images").mkdir(parents=True)
    lines, checked = ["case,label,x,y,width,height"], ["case"]
    for n in range(patients):
        image, boxes = picture(n)
        sitk.WriteImage(image[:, :, 0], folder / "images" / f"p{n}.png")
        lines += [f"p{n}.png,{name}," + ",".join(f"{one:.2f}" for one in place) for name, *place in boxes]
        checked.append(f"p{n}")
    (folder / "boxes.csv").write_text("\n".join(lines) + "\n")
    (folder / "checked.csv").write_text("\n".join(checked) + "\n")
    return folder


def asked(out: Path, data: Path, **fields) -> job.Job:
    given = {"schema_version": 1, "recipe": "detection-supervised", "data": data, "out": out, "steps": 2}
    return job.checked_job(given | fields)


def train(what: job.Job, check=lambda: None, go_on: bool = False) -> tuple[dict, list[dict]]:
    events: list[dict] = []
    path = job.train_and_compare(what, events.append, check, go_on)
    return json.loads(path.read_text()), events


def record_of(folder: Path) -> ModelRecord:
    return ModelRecord(load_manifest(folder), folder, shipped=False, active=False)


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("shapes") / "data")


@pytest.fixture(scope="module")
def trained(shapes, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, list[dict]]:
    out = tmp_path_factory.mktemp("shapes") / "bright shapes"
    return out, *train(asked(out, shapes, steps=120))


@pytest.fixture(scope="module")
def reference(shapes) -> detection.Reference:
    images = read_boxed_images(shapes)
    return detection._reference(split_boxed_images(images, 0, Learnt()), images, images.labels)


def test_a_short_training_finds_discs_and_squares_on_patients_it_has_not_seen(trained):
    out, report, events = trained
    assert (report["task"], report["unit"], report["verified"]) == ("detection", "patients", True)
    found = report["models"]["supervised"]
    for name in ("Disc", "Square"):
        assert found["classes"][name]["sensitivity_at_1"]["value"] > 0.8
        assert all(one["low"] <= one["value"] <= one["high"] for one in found["classes"][name].values())
    assert found["mean_froc"] == found["mean"]["froc"]["value"] > 0.7
    assert events[0]["event"] == "started" and events[0]["held_out_slices"] == len(report["held_out"]) == 20
    assert {event["event"] for event in events} >= {"progress", "checkpoint"}
    assert not (out / "checkpoints").exists()
    manifest = load_manifest(out / "supervised")
    assert manifest.name == "bright-shapes" and manifest.task == "detection"
    assert manifest.seen is not None and set(manifest.seen.ranges) >= {"p50", "gradient"}
    assert not any(name.startswith("field") for name in manifest.seen.ranges)
    assert manifest.training["held_out"]["classes"].keys() == {"Disc", "Square"}
    assert manifest.training["provenance"]["lists"].keys() == {"boxes.csv", "checked.csv"}
    assert all(0.05 <= label.threshold <= 0.95 for label in manifest.labels)
    card = (out / "supervised" / "card.md").read_text()
    assert "Not for diagnostic use" in card and f"{found['mean_froc']:.3f}" in card and "Unverified" not in card


def test_one_that_has_learnt_nothing_finds_nothing(shapes, tmp_path):
    report, _ = train(asked(tmp_path / "out", shapes, steps=1))
    assert report["models"]["supervised"]["mean"]["sensitivity_at_1"]["value"] < 0.3


def test_a_trained_model_tells_where_and_what(trained):
    model = load_model(record_of(trained[0] / "supervised"))
    right = 0
    for seed in range(1000, 1020):
        image, boxes = picture(seed)
        told = detect(image, model).found
        for name, x, y, width, height in boxes:
            best = next((one for one in told if model.manifest.labels[one.label - 1].name == name), None)
            if best is not None:
                places = np.array([*best.low[:2], *best.high[:2]]) + 0.5
                right += np.abs(places - (x, y, x + width, y + height)).max() < 4
    assert right >= 14, "of 20"


def test_the_same_seed_gives_the_same_network(shapes, tmp_path):
    def weights(name: str, seed: int) -> bytes:
        train(asked(tmp_path / name, shapes, steps=3, seed=seed))
        return (tmp_path / name / "supervised" / "weights.safetensors").read_bytes()

    assert weights("one", 3) == weights("two", 3) != weights("three", 4)


def test_a_training_that_was_ended_goes_on_to_the_same_weights(shapes, tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "_CHECKPOINT_EVERY_S", 0.0)
    whole, cut = asked(tmp_path / "whole", shapes, steps=14), asked(tmp_path / "cut", shapes, steps=14)
    train(whole)
    calls = []

    def power_cut() -> None:
        calls.append(1)
        if len(calls) == 13:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(cut, power_cut)
    _, events = train(cut, go_on=True)
    assert {"event": "rewound", "arms": ["supervised"], "step": 10} in events
    one, two = (load_file(tmp_path / name / "supervised" / "weights.safetensors") for name in ("whole", "cut"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_damaged_checkpoint_is_said_and_left(shapes, tmp_path):
    what = asked(tmp_path / "out", shapes)
    (tmp_path / "out" / "checkpoints").mkdir(parents=True)
    (tmp_path / "out" / "checkpoints" / "both.pt").write_bytes(b"no checkpoint")
    _, events = train(what, go_on=True)
    assert any("cannot be read: the training begins anew" in str(event.get("text")) for event in events)


def test_a_person_may_stop_and_keeps_what_was_learnt(shapes, tmp_path):
    def stop() -> None:
        raise Stopped

    calls = iter([lambda: None, lambda: None, stop])
    report, events = train(asked(tmp_path / "out", shapes, steps=50), lambda: next(calls)())
    assert report["steps"] == 2 and any("Stopped after 2 of 50" in str(event.get("text")) for event in events)


def test_a_job_folder_is_done_as_the_window_does_it(shapes, tmp_path):
    fields = {"schema_version": 1, "recipe": "detection-supervised", "data": str(shapes), "out": str(tmp_path / "out")}
    (tmp_path / "job.json").write_text(json.dumps(fields | {"steps": 2}))
    assert job.run(tmp_path) == 0
    told = [json.loads(line)["event"] for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert told[0] == "started" and told[-1] == "finished"


def test_minutes_are_as_many_steps_as_fit(shapes, tmp_path):
    report, _ = train(asked(tmp_path / "out", shapes, minutes=1e-6, steps=500))
    assert report["steps"] == 1


def shuffled(data: Path, at: Path, reference: detection.Reference) -> Path:
    """The data with the boxes of the patients to train on exchanged among them, and with their labels exchanged."""
    shutil.copytree(data, at)
    held = {one.patient for one in reference.slices}
    head, *lines = (data / "boxes.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines]
    learnt = [row for row in rows if row[0].removesuffix(".png") not in held]
    draw = np.random.default_rng(1)
    others = [learnt[n] for n in draw.permutation(len(learnt))]
    wrong = {"Disc": "Square", "Square": "Disc"}
    mixed = [[row[0], wrong[row[1]], *other[2:]] for row, other in zip(learnt, others, strict=True)]
    kept = [row for row in rows if row[0].removesuffix(".png") in held]
    (at / "boxes.csv").write_text("\n".join([head, *(",".join(row) for row in kept + mixed)]) + "\n")
    return at


def test_a_model_that_learnt_from_shuffled_boxes_is_refused(trained, shapes, reference, tmp_path):
    out, before, _ = trained
    data = shuffled(shapes, tmp_path / "data", reference)
    report, _ = train(asked(tmp_path / "out", data, parent_model=out / "supervised", steps=40, seed=5))
    assert report["held_out"] == before["held_out"], "whom the model knows is never held out, whatever the seed"
    assert report["models"]["current"]["mean_froc"] == pytest.approx(before["models"]["supervised"]["mean_froc"])
    assert report["models"]["supervised"]["mean_froc"] < before["models"]["supervised"]["mean_froc"] - 0.1
    assert report["decision"]["keep"] == "current" and "is refused" in report["decision"]["reason"]
    written = load_manifest(tmp_path / "out" / "supervised")
    assert written.parent is not None and written.parent.version == load_manifest(out / "supervised").version


def test_a_model_whose_weights_were_ruined_is_refused(trained, reference, tmp_path):
    good = record_of(trained[0] / "supervised")
    network = load_detector(good.folder, good.manifest)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(
                weight.std(correction=0) * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
            )
    bad = ModelRecord(export_detector(network, good.manifest, tmp_path), tmp_path, shipped=False, active=False)
    records = {"current": good, "supervised": bad}
    told = {arm: found_by(record, reference) for arm, record in records.items()}
    report = compare(records, told, reference)
    assert report["decision"]["keep"] == "current"
    gain = report["models"]["supervised"]["gains"]["current"]
    assert gain["high"] < 0
    report = compare(
        {"current": bad, "supervised": good}, {"current": told["supervised"], "supervised": told["current"]}, reference
    )
    assert report["decision"]["keep"] == "supervised"


def test_few_patients_are_told_to_prove_nothing(tmp_path):
    report, _ = train(asked(tmp_path / "out", dataset(tmp_path / "data", 12)))
    assert not report["verified"] and report["decision"]["reason"].startswith("Not verified")
    assert "**Unverified" in (tmp_path / "out" / "supervised" / "card.md").read_text()


def test_where_all_patients_were_learnt_from_nothing_is_measured_and_nothing_replaced(trained, shapes, tmp_path):
    parent = shutil.copytree(trained[0] / "supervised", tmp_path / "parent")
    everyone = [known_as("patient", f"p{n}") for n in range(PATIENTS)]
    manifest = load_manifest(parent)
    training = {**manifest.training, "split": {"held_out": [], "trained_on": everyone}}
    write_manifest(manifest.model_copy(update={"training": training}), parent)
    report, _ = train(asked(tmp_path / "out", shapes, parent_model=parent))
    assert report["held_out"] == [] and report["decision"]["keep"] == "current" and not report["verified"]
    assert report["models"]["supervised"]["mean_froc"] is None
    assert "not defined" in (tmp_path / "out" / "supervised" / "card.md").read_text()


def test_a_detector_of_blocks_is_refused(shapes, tmp_path):
    with pytest.raises(job.JobError, match="it has two dimensions"):
        train(asked(tmp_path / "out", shapes, dimensions=3))


def test_a_parent_that_finds_something_else_is_refused(trained, shapes, tmp_path):
    other = shutil.copytree(shapes, tmp_path / "data")
    (other / "boxes.csv").write_text((other / "boxes.csv").read_text().replace("Disc", "Ring"))
    with pytest.raises(job.JobError, match="have different labels: Disc is in one of them only"):
        train(asked(tmp_path / "out", other, parent_model=trained[0] / "supervised"))


def test_slices_of_volumes_are_learnt_from_and_measured_one_by_one(trained, tmp_path):
    """In each volume the same slice twice, then an empty one that was looked at, and one that nobody has looked at."""
    data = tmp_path / "data"
    (data / "images").mkdir(parents=True)
    lines, checked = ["case,label,x,y,width,height,slice"], ["case,slice"]
    for n in range(9):
        (full, boxes), (empty, _) = picture(4 * n), picture(4 * n + 3)
        sitk.WriteImage(sitk.Tile([full, full, empty, full], (1, 1, 4)), data / "images" / f"v{n}.nii.gz")
        lines += [f"v{n},{name},{x},{y},{w},{h},{k}" for k in (0, 1) for name, x, y, w, h in boxes]
        checked.append(f"v{n},2")
    (data / "boxes.csv").write_text("\n".join(lines) + "\n")
    (data / "checked.csv").write_text("\n".join(checked) + "\n")
    images = read_boxed_images(data)
    known = detection._reference(split_boxed_images(images, 0, Learnt()), images, images.labels)
    assert [len(one.boxes) for one in known.slices] == [2, 2, 0] * 3
    told = [[box for box in boxes if box[1] > 0.3] for boxes in found_by(record_of(trained[0] / "supervised"), known)]
    first, second, empty = told[0::3], told[1::3], told[2::3]
    assert first == second and sum(map(len, first)) >= 5, "each slice for itself, though they would be joined"
    assert sum(map(len, empty)) <= 1
    report, events = train(asked(tmp_path / "out", data))
    assert events[0]["labelled_slices"] == 18 and events[0]["held_out_slices"] == 9 and report["held_out_boxes"] == 12


def test_an_export_that_differs_is_no_model(trained, tmp_path, monkeypatch):
    good = record_of(trained[0] / "supervised")
    network = load_detector(good.folder, good.manifest)

    class Shifted(Decoded):
        def forward(self, slices):
            boxes, *others = super().forward(slices)
            return (boxes if torch.onnx.is_in_onnx_export() else (boxes - 3).clamp(min=0)), *others

    monkeypatch.setattr(detector, "Decoded", Shifted)
    with pytest.raises(ExportError, match="a box that the trained one does not"):
        export_detector(network, good.manifest, tmp_path / "shifted")
    assert not (tmp_path / "shifted" / "manifest.json").exists()


def test_an_export_with_other_scores_is_no_model(trained, tmp_path, monkeypatch):
    good = record_of(trained[0] / "supervised")
    monkeypatch.setattr(export, "load_model", lambda record: load_model(good))
    with pytest.raises(ExportError):
        export_detector(build_detector(good.manifest.network), good.manifest, tmp_path)


def test_an_unknown_network_is_refused():
    with pytest.raises(ValueError, match="unknown network kind"):
        build_detector({"kind": "unet"})


def test_maps_decode_to_the_boxes_they_were_made_of():
    corners = torch.tensor([[8.0, 12.0, 30.0, 28.0], [40.0, 33.0, 50.0, 61.0], [1.0, 50.0, 9.0, 58.0]])
    numbers = torch.tensor([0, 1, 1])
    heat, places, weight = target_maps([(corners, numbers)], 2, 16, 16)
    assert (heat == 1).sum() == 3 and weight.sum() == pytest.approx(3)
    network = build_detector(detector_spec(2))
    network.forward = lambda slices: torch.cat([torch.logit(heat.clamp(1e-6, 1 - 1e-6)), places], dim=1)
    boxes, logits, labels = Decoded(network)(torch.zeros(1, 1, 64, 64))
    found = {int(label): [] for label in (1, 2)}
    for box, logit, label in zip(boxes[0], logits[0], labels[0], strict=True):
        if logit > 5:
            found[int(label)].append([round(x, 3) for x in box.tolist()])
    assert found == {
        1: [[8.0, 12.0, 30.0, 28.0]],
        2: sorted([[40.0, 33.0, 50.0, 61.0], [1.0, 50.0, 9.0, 58.0]], key=found[2].index),
    }


def test_the_loss_of_heat_is_that_worked_out_by_hand():
    heat = torch.tensor([[[[1.0, 0.5, 0.0]]]])
    logits = torch.logit(torch.tensor([[[[0.8, 0.6, 0.3]]]]))
    wanted = -(0.2**2 * np.log(0.8) + 0.5**4 * 0.6**2 * np.log(0.4) + 0.3**2 * np.log(0.7))
    assert penalty_reduced_focal(logits, heat).item() == pytest.approx(wanted, rel=1e-5)
    nothing = penalty_reduced_focal(logits, torch.zeros_like(heat)).item()
    assert nothing == pytest.approx(-(0.8**2 * np.log(0.2) + 0.6**2 * np.log(0.4) + 0.3**2 * np.log(0.7)), rel=1e-5)


@pytest.fixture(scope="module")
def half_looked_at(shapes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shapes, of which nobody has looked at every other picture."""
    data = shutil.copytree(shapes, tmp_path_factory.mktemp("half") / "data")
    for name in ("boxes.csv", "checked.csv"):
        head, *lines = (data / name).read_text().splitlines()
        kept = [line for line in lines if int(line.split(",")[0].split(".")[0][1:]) % 8 < 4]
        (data / name).write_text("\n".join([head, *kept]) + "\n")
    return data


def test_a_semi_supervised_training_learns_from_what_nobody_has_looked_at(half_looked_at, tmp_path):
    what = asked(tmp_path / "out", half_looked_at, recipe="detection-semi-supervised", steps=90)
    report, events = train(what)
    assert set(report["models"]) == {"semi-supervised", "supervised"}
    assert report["decision"]["keep"] in report["models"]
    started = events[0]
    assert started["arms"] == ["semi-supervised", "supervised"] and started["unlabelled_slices"] == 28
    progress = [event for event in events if event["event"] == "progress"]
    semi = [event for event in progress if event["arm"] == "semi-supervised"]
    assert semi[0]["consistency_weight"] == 0 and semi[-1]["consistency_weight"] == 1
    assert max(event["utilisation"] or 0 for event in semi) > 0
    assert all(event["utilisation"] is None for event in progress if event["arm"] == "supervised")
    for arm in report["models"]:
        assert report["models"][arm]["mean_froc"] > 0.5
        assert load_manifest(tmp_path / "out" / arm).training["arm"] == arm
    versions = {arm: report["models"][arm]["version"] for arm in report["models"]}
    assert versions["semi-supervised"].startswith("0.0.1+semi-supervised.")


def test_the_twin_learns_the_same_with_and_without_the_other_arm(half_looked_at, tmp_path):
    train(asked(tmp_path / "both", half_looked_at, recipe="detection-semi-supervised", steps=4))
    train(asked(tmp_path / "alone", half_looked_at, steps=4))
    both, alone = (load_file(tmp_path / one / "supervised" / "weights.safetensors") for one in ("both", "alone"))
    assert all(torch.equal(both[name], alone[name]) for name in both)


def test_where_every_slice_was_looked_at_only_the_twin_is_trained(shapes, tmp_path):
    report, events = train(asked(tmp_path / "out", shapes, recipe="detection-semi-supervised"))
    assert list(report["models"]) == ["supervised"]
    assert any("Every slice was looked at" in str(event.get("text")) for event in events)


def test_what_a_teacher_is_unsure_of_is_neither_there_nor_not():
    logits = torch.tensor([[[[2.0, 2.0, 2.0]]]])
    counted = torch.tensor([[[[True, False, True]]]])
    heat = torch.zeros_like(logits)
    every, some = penalty_reduced_focal(logits, heat).item(), penalty_reduced_focal(logits, heat, counted).item()
    assert some == pytest.approx(every * 2 / 3)


def test_a_teacher_s_sure_boxes_are_what_is_learnt_of_slices_nobody_has_looked_at(monkeypatch):
    """A teacher that is sure of one box, unsure of a second place, and of nothing else."""
    corners, number = torch.tensor([[8.0, 12.0, 30.0, 28.0]]), torch.tensor([0])
    heat, places, _ = target_maps([(corners, number)], 1, 16, 16)
    likely = torch.where(heat == 1, 0.9, 0.01)
    likely[0, 0, 12, 12] = 0.3
    told = torch.cat([torch.logit(likely), places], dim=1)

    class Sampler:
        generator = staticmethod(lambda step, purpose: torch.Generator().manual_seed(0))
        drawn = staticmethod(lambda step, count: (torch.zeros(1, 1, 64, 64), [(corners, number)]))
        unlabelled = staticmethod(lambda step, count: torch.zeros(1, 1, 64, 64))

    seen = []
    monkeypatch.setattr(
        detecting, "_loss_of", lambda told, boxes, counted=None: seen.append((boxes, counted)) or told.sum()
    )
    network = teacher = lambda pictures: told
    loss = detecting.semi_supervised_loss(network, teacher, Sampler, 1, 9, "cpu")
    _, figures = loss(2)
    assert len(seen) == 1 and "utilisation" not in figures, "at first only what a person has drawn"
    _, figures = loss(8)
    [(boxes, _)], counted = seen[-1]
    assert torch.allclose(boxes, corners, atol=1e-3) and figures["utilisation"] == 1
    assert not counted[0, 0, 12, 12] and not counted[0, 0, 5, 4] and counted.sum() == 254
