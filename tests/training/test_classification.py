"""Whole trainings of classifiers on small pictures: what comes out, what it is compared with, what is refused."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import SimpleITK as sitk
import torch
from safetensors.torch import load_file

from inference.classify import classify
from inference.manifest import load_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from training import classification, classifier, job, turns
from training.__main__ import main
from training.classification import compare, fitted_temperature
from training.classified_pictures import read_pictures, split_pictures
from training.classifier import Calibrated, build_classifier, classifier_spec, export_classifier, settle
from training.export import ExportError
from training.process import Stopped

SIDE = 32


@pytest.fixture(scope="module", autouse=True)
def _small():
    """Networks this small lose more by sharing cores with other work than they gain."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)
        patch.setattr(classification, "SIDE", SIDE)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


def picture(left: bool, right: bool, seed: int) -> sitk.Image:
    """A blob at the left, at the right, at both or at none, in noise."""
    draw = np.random.default_rng(seed)
    j, i = np.indices((SIDE, SIDE))
    values = 40 * draw.random((SIDE, SIDE))
    for there, column in ((left, 8), (right, 24)):
        if there:
            row = draw.uniform(10, 22)
            values += 200 * np.exp(-((j - row) ** 2 + (i - column) ** 2) / 18)
    return sitk.GetImageFromArray(values.astype(np.uint8)[None])


def dataset(folder: Path, kind: str, patients: int = 48, unlabelled: int = 12) -> Path:
    """A picture of each patient, and of some whom nobody has labelled."""
    (folder / "images").mkdir(parents=True)
    rows = [f"image,patient,{kind}"]
    for n in range(patients + unlabelled):
        left = n % 2 == 0
        right = not left if kind == "label" else n % 3 == 0
        sitk.WriteImage(picture(left, right, n)[:, :, 0], folder / "images" / f"p{n}.png")
        names = [name for name, there in (("Left", left), ("Right", right)) if there]
        if n < patients:
            rows.append(f"p{n}.png,{n},{'|'.join(names) or 'No Finding'}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def asked(folder: Path, data: Path, **fields) -> job.Job:
    given = {"schema_version": 1, "recipe": "classification-fixmatch", "data": data, "out": folder, "steps": 30}
    return job.checked_job(given | fields)


def train(what: job.Job, check=lambda: None, go_on: bool = False) -> tuple[dict, list[dict]]:
    events: list[dict] = []
    path = job.train_and_compare(what, events.append, check, go_on)
    return json.loads(path.read_text()), events


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset(tmp_path_factory.mktemp("sides") / "data", "label")


@pytest.fixture(scope="module")
def trained(sides, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, list[dict]]:
    out = tmp_path_factory.mktemp("sides") / "blob sides"
    return out, *train(asked(out, sides, recipe="classification-mixmatch", steps=40))


def loaded(folder: Path):
    return load_model(ModelRecord(load_manifest(folder), folder, shipped=False, active=False))


def test_a_training_writes_two_models_and_what_they_are_worth(trained):
    out, report, events = trained
    assert (report["task"], report["unit"], report["verified"]) == ("classification", "patients", True)
    assert set(report["models"]) == {"semi-supervised", "supervised"}
    for arm in report["models"]:
        told = report["models"][arm]
        assert set(told["classes"]) == {"Left", "Right"}
        for figures in (told["mean"], *told["classes"].values()):
            assert set(figures) == {"accuracy", "precision", "recall", "f1", "auc", "auprc", "ece"}
            assert all(one["low"] <= one["value"] <= one["high"] for one in figures.values())
        manifest = load_manifest(out / arm)
        assert manifest.name == "blob-sides" and manifest.training["arm"] == arm
        assert manifest.seen is not None and set(manifest.seen.ranges) >= {"p50", "gradient"}
        assert not any(name.startswith("field") for name in manifest.seen.ranges)
        assert manifest.training["held_out"]["auc"] == told["mean_auc"] == told["mean"]["auc"]["value"]
        assert manifest.training["split"]["held_out"] and manifest.training["split"]["trained_on"]
        assert "Not for diagnostic use" in (out / arm / "card.md").read_text()
    assert report["models"]["supervised"]["mean_auc"] > 0.9
    assert report["decision"]["keep"] in report["models"]
    assert [event["event"] for event in events[:1]] == ["started"]
    assert {event["arm"] for event in events if event["event"] == "progress"} == {"semi-supervised", "supervised"}


def test_a_trained_model_tells_the_sides_and_where_it_looked(trained):
    out, *_ = trained
    model = loaded(out / "supervised")
    for left in (True, False):
        told = classify(picture(left, not left, 500 + left), model)
        assert told.series.argmax() == (0 if left else 1)
        assert len(told.heat) == 2 and told.heat[0 if left else 1].voxels.max() > 0


def test_the_temperature_is_in_the_graph(trained):
    out, *_ = trained
    manifest = load_manifest(out / "supervised")
    assert manifest.temperature == 1
    temperature = manifest.training["temperature"]
    assert temperature == 1.0  # too few pictures were left for one
    network = classifier.load_classifier(out / "supervised", manifest)
    folder = out.parent / "warm"
    export_classifier(Calibrated(network, 4.0, torch.zeros(2)), manifest, folder)
    seen = picture(True, False, 7)
    cold, warm = classify(seen, loaded(out / "supervised")).series, classify(seen, loaded(folder)).series
    assert np.log(warm[0] / warm[1]) == pytest.approx(np.log(cold[0] / cold[1]) / 4, rel=1e-3)


def test_the_same_seed_gives_the_same_network(sides, tmp_path):
    def weights(name: str, seed: int) -> bytes:
        train(asked(tmp_path / name, sides, steps=6, seed=seed, labelled=8))
        return b"".join(
            (tmp_path / name / arm / "weights.safetensors").read_bytes()
            for arm in classification.RECIPES["classification-fixmatch"]
        )

    assert weights("one", 3) == weights("two", 3) != weights("three", 4)


def test_findings_are_told_one_by_one_with_thresholds_at_how_common_they_are(tmp_path):
    data = dataset(tmp_path / "data", "findings")
    report, _ = train(asked(tmp_path / "out", data, recipe="classification-supervised", steps=60))
    assert list(report["models"]) == ["supervised"] and report["decision"]["keep"] == "supervised"
    manifest = load_manifest(tmp_path / "out" / "supervised")
    assert manifest.activation == "sigmoid" and [label.name for label in manifest.labels] == ["Left", "Right"]
    left, right = (label.threshold for label in manifest.labels)
    assert left == pytest.approx(1 / 2, abs=0.15) and right == pytest.approx(1 / 3, abs=0.15)
    both, none = (
        classify(picture(there, there, 900), loaded(tmp_path / "out" / "supervised")).series for there in (True, False)
    )
    assert both[0] > left > none[0] and both[1] > right > none[1]


def test_a_model_is_trained_further_and_compared_with_what_it_was(trained, sides, tmp_path):
    out, before, _ = trained
    parent = out / "supervised"
    report, _ = train(asked(tmp_path / "out", sides, parent_model=parent, steps=4, recipe="classification-supervised"))
    assert set(report["models"]) == {"current", "supervised"}
    assert report["models"]["current"]["mean_auc"] == pytest.approx(before["models"]["supervised"]["mean_auc"])
    gain = report["models"]["supervised"]["gains"]["current"]
    assert gain["low"] <= gain["auc"] <= gain["high"]
    written = load_manifest(tmp_path / "out" / "supervised")
    assert written.parent is not None and written.parent.version == load_manifest(parent).version
    assert written.version.startswith("0.0.2+supervised.")


def test_a_parent_with_other_classes_is_refused(trained, tmp_path):
    other = dataset(tmp_path / "data", "label", patients=12)
    (other / "labels.csv").write_text((other / "labels.csv").read_text().replace("Right", "Wrong"))
    what = asked(tmp_path / "out", other, parent_model=trained[0] / "supervised")
    with pytest.raises(job.JobError, match="have different classes: Right is in one of them only"):
        train(what)
    findings = dataset(tmp_path / "findings", "findings", patients=12)
    with pytest.raises(job.JobError, match="is no model that finds what may be there together"):
        train(asked(tmp_path / "out", findings, parent_model=trained[0] / "supervised"))


def test_few_patients_are_told_to_prove_nothing(tmp_path):
    data = dataset(tmp_path / "data", "label", patients=12)
    report, _ = train(asked(tmp_path / "out", data, recipe="classification-supervised", steps=2))
    assert not report["verified"] and report["decision"]["reason"].startswith("Not verified")


def test_without_unlabelled_pictures_only_the_twin_is_trained(tmp_path):
    data = dataset(tmp_path / "data", "label", patients=12, unlabelled=0)
    report, events = train(asked(tmp_path / "out", data, steps=2))
    assert list(report["models"]) == ["supervised"]
    assert "Every picture has labels" in next(event["text"] for event in events if event["event"] == "message")


def test_a_person_may_stop_and_keeps_what_was_learnt(sides, tmp_path):
    turns = []

    def check() -> None:
        turns.append(None)
        if len(turns) == 4:
            raise Stopped

    path = job.train_and_compare(asked(tmp_path / "out", sides, labelled=8), lambda event: None, check)
    assert json.loads(path.read_text())["steps"] == 3
    assert not (tmp_path / "out" / "checkpoints").exists()


@pytest.mark.parametrize("recipe", ["classification-mixmatch", "classification-fixmatch"])
def test_a_training_that_was_ended_goes_on_to_the_same_weights(sides, tmp_path, monkeypatch, recipe):
    """With what its losses keep from step to step, too."""
    monkeypatch.setattr(turns, "_CHECKPOINT_EVERY_S", 0.0)
    train(asked(tmp_path / "whole", sides, recipe=recipe, steps=14))
    calls = []

    def power_cut() -> None:
        calls.append(1)
        if len(calls) == 13:
            raise KeyboardInterrupt

    cut = asked(tmp_path / "cut", sides, recipe=recipe, steps=14)
    with pytest.raises(KeyboardInterrupt):
        train(cut, power_cut)
    _, events = train(cut, go_on=True)
    assert {"event": "rewound", "arms": ["semi-supervised", "supervised"], "step": 10} in events
    for arm in ("semi-supervised", "supervised"):
        one, two = (load_file(tmp_path / name / arm / "weights.safetensors") for name in ("whole", "cut"))
        assert all(torch.equal(one[name], two[name]) for name in one), arm
    assert not (tmp_path / "cut" / "checkpoints").exists()


def test_minutes_are_as_many_steps_as_fit(sides, tmp_path, monkeypatch):
    monkeypatch.setattr(classification, "step_seconds", lambda network, loss: 0.5)
    report, _ = train(asked(tmp_path / "out", sides, minutes=4 / 60))
    assert report["steps"] == 4, "of both arms"


def test_the_measuring_goes_through_what_runs_for_a_person(trained, sides, monkeypatch):
    """Models are judged by their files: one that says the opposite has the opposite figures."""
    out, report, _ = trained
    split = split_pictures(*read_pictures(sides), 0)
    record = ModelRecord(load_manifest(out / "supervised"), out / "supervised", shipped=False, active=False)

    def turned(image, model):
        told = classify(image, model)
        return dataclasses.replace(told, series=1 - told.series)

    monkeypatch.setattr(classification, "classify", turned)
    found = compare({"supervised": record}, split)
    assert found["models"]["supervised"]["mean_auc"] == pytest.approx(1 - report["models"]["supervised"]["mean_auc"])


def test_a_temperature_makes_probabilities_as_sure_as_they_are_right():
    """Logits that are three times too large; half of the answers of p = 0.73 would be wrong by chance."""
    draw = torch.Generator().manual_seed(0)
    honest = torch.randn(4000, 1, 2, generator=draw)
    target = torch.nn.functional.one_hot(
        torch.multinomial(honest[:, 0].softmax(-1), 1, generator=draw)[:, 0], 2
    ).float()[:, None]
    assert fitted_temperature(3 * honest, target, torch.zeros(1, 2)) == pytest.approx(3, rel=0.1)
    assert fitted_temperature(100 * honest, target, torch.zeros(1, 2)) == pytest.approx(5)
    assert fitted_temperature(3 * honest[:9], target[:9], torch.zeros(1, 2)) == 1


def described():
    split = classification.PictureSplit("label", ("Left", "Right"), (), (), ())
    return classification._planned(split, "blobs")


@pytest.mark.parametrize("spoilt", ["logits", "features"])
def test_an_export_that_differs_is_no_model(tmp_path, monkeypatch, spoilt):
    """The file is changed after it was written, as a fault of the exporter would."""
    torch.manual_seed(1)
    export = torch.onnx.export

    def faulty(network, inputs, file, **options):
        export(network, inputs, file, **options)
        model = onnx.load(file)
        for node in model.graph.node:
            node.output[:] = ["true" if name == spoilt else name for name in node.output]
            node.input[:] = ["true" if name == spoilt else name for name in node.input]
        model.graph.node.append(onnx.helper.make_node("Add", ["true", "true"], [spoilt]))
        onnx.save(model, file)

    network = Calibrated(build_classifier(classifier_spec(2)), 1.0, torch.zeros(2))
    export_classifier(network, described(), tmp_path / "good")
    monkeypatch.setattr(torch.onnx, "export", faulty)
    said = "in its probabilities" if spoilt == "logits" else "in where it looks"
    with pytest.raises(ExportError, match=said):
        export_classifier(network, described(), tmp_path / "bad")
    assert not (tmp_path / "bad" / "manifest.json").exists()


def test_a_network_that_says_the_same_of_everything_is_not_exported(tmp_path):
    network = build_classifier(classifier_spec(2))
    torch.nn.init.zeros_(network.linear.weight)
    with pytest.raises(ExportError, match="gave the same scores whatever it saw"):
        export_classifier(Calibrated(network, 1.0, torch.zeros(2)), described(), tmp_path)


def test_the_command_line_trains_and_tells_mistakes_in_a_sentence(sides, tmp_path, capsys):
    arguments = ["train", "--data", str(sides), "--out", str(tmp_path / "out"), "--steps", "2"]
    assert main([*arguments, "--recipe", "classification-supervised", "--labelled", "8"]) == 0
    assert "8 annotated slices" in capsys.readouterr().out
    assert main([*arguments, "--recipe", "classification-supervised", "--imbalance", "magic"]) == 2
    assert "the job's imbalance is wrong" in capsys.readouterr().err
    assert main([*arguments, "--recipe", "classification-supervised", "--labelled", "1"]) == 2
    assert "1 labelled pictures were asked for" in capsys.readouterr().err


def test_statistics_are_of_pictures_as_they_will_be_seen():
    """After a training on bright pictures the network knows those of plain ones, all that it is shown having a part."""
    network = build_classifier(classifier_spec(2))
    plain = torch.rand(6, 1, SIDE, SIDE)
    with torch.no_grad():
        for _ in range(20):
            network.train()(torch.rand(6, 1, SIDE, SIDE) + 3)
        expected = network.train()(plain)
        settle(network, [plain, plain])
        assert torch.allclose(network(plain), expected, atol=0.05)
        settle(network, [plain, plain + 3])
        assert not torch.allclose(network(plain), expected, atol=0.05)
