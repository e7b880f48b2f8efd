"""Shipped models made again, on a few small images laid out as the published sets are."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from inference.manifest import load_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from inference.tasks import segment
from training.__main__ import main
from training.dataset import read_dataset, split_cases
from training.shipped import hippocampus, left_ventricle, lungs
from training.shipped.models import MODELS
from training.shipped.published import every_nth
from training.shipped.segmentation import reproduce


def write_crops(data: Path, count: int) -> None:
    """Crops with a bright body, of two parts, somewhere in the middle."""
    for n in range(count):
        draw = np.random.default_rng(n)
        voxels, labels = draw.normal(100, 10, (16, 24, 16)), np.zeros((16, 24, 16), np.uint8)
        k, j, i = draw.integers(3, 6, 3)
        labels[k : k + 7, j : j + 6, i : i + 7], labels[k : k + 7, j + 6 : j + 13, i : i + 7] = 2, 1
        voxels[labels == 1] += 150
        voxels[labels == 2] += 80
        for part, values in (("images", voxels.astype(np.int16)), ("labels", labels)):
            (data / "hippocampus-mr" / part).mkdir(parents=True, exist_ok=True)
            file = data / "hippocampus-mr" / part / f"hippocampus_{n:03}.nii.gz"
            sitk.WriteImage(sitk.GetImageFromArray(values), str(file))


def dice_of(figures: Path) -> float:
    told = json.loads(figures.read_text())["dice"]
    return float(np.mean([value for case in told for value in case.values()]))


def test_a_model_is_made_again_and_better_than_an_untrained_one(tmp_path):
    write_crops(tmp_path / "data", 10)
    (tmp_path / "out" / "dataset" / "images").mkdir(parents=True)  # what was interrupted is written anew
    (tmp_path / "out" / "dataset" / "images" / "stray.nii.gz").write_bytes(b"")
    events: list[dict] = []

    folder = reproduce(hippocampus.MODEL, tmp_path / "data", tmp_path / "out", events.append, steps=60)
    untrained = reproduce(hippocampus.MODEL, tmp_path / "data", tmp_path / "none", lambda event: None, steps=1)

    losses = [event["loss"] for event in events if event["event"] == "progress"]
    assert losses[-1] < 0.5 * losses[0]
    assert dice_of(folder / "figures.json") > 0.5 + dice_of(untrained / "figures.json")

    manifest = load_manifest(folder)
    assert (manifest.name, manifest.version, manifest.body_part) == ("hippocampus-mr", "1.0.0", "BRAIN")
    assert [label.name for label in manifest.labels] == ["Anterior hippocampus", "Posterior hippocampus"]
    assert manifest.within is not None and manifest.within.model == "brain-structures-mr"
    assert set(manifest.files) == {"card.md", "cases.png", "figures.json", "model.onnx", "weights.safetensors"}
    text = (folder / "card.md").read_text()
    first = text.split("##")[0]
    assert "60 steps" in first and "python -m training reproduce hippocampus-mr --data DIR --out OUT" in first
    assert "CC BY-SA 4.0" in first and "2 patients kept apart" in text

    # What is shipped is what was measured: half of the bytes, and the same answer as its own figures.
    weights = (folder / "weights.safetensors").stat().st_size
    assert weights < 0.6 * (tmp_path / "out" / "trained" / "supervised" / "weights.safetensors").stat().st_size
    case = next(one for one in read_dataset(tmp_path / "out" / "dataset") if one.kept)
    model = load_model(ModelRecord(manifest, folder, shipped=True, active=True))
    assert case.label_file is not None
    found = sitk.GetArrayFromImage(segment(sitk.ReadImage(str(case.image_file)), model).label_image)
    labels = sitk.GetArrayFromImage(sitk.ReadImage(str(case.label_file)))
    dice = [2 * np.sum((found == v) & (labels == v)) / (np.sum(found == v) + np.sum(labels == v)) for v in (1, 2)]
    figures = json.loads((folder / "figures.json").read_text())["dice"]
    assert list(figures[0].values()) == pytest.approx(dice, abs=1e-3)

    # Run again it goes on from what is there: nothing is trained.
    told: list[dict] = []
    reproduce(hippocampus.MODEL, tmp_path / "data", tmp_path / "out", told.append, steps=60)
    assert told == []


def test_every_fifth_patient_is_kept_apart_whatever_is_added_before_training(tmp_path):
    write_crops(tmp_path / "data", 10)
    hippocampus.MODEL.write_dataset(tmp_path / "data", tmp_path / "dataset")
    split = split_cases(read_dataset(tmp_path / "dataset"), 3)
    assert [unit.name for unit in split.held_out] == ["hippocampus_004", "hippocampus_009"]
    assert every_nth(["b", "a", "b", "d", "c"], 2) == {"b", "d"}


def test_slices_of_the_left_ventricle_get_their_published_size_and_stay_with_their_patient(tmp_path):
    draw = np.random.default_rng(0)
    for part in ("images", "labels"):
        (tmp_path / "cardiac-cine-mr" / part).mkdir(parents=True)
        for patient in ("HF-01", "HF-02", "HYP-01", "N-01"):
            for n in (48, 59):
                voxels = draw.integers(0, 255, (32, 32)).astype(np.uint8)
                file = tmp_path / "cardiac-cine-mr" / part / f"SC-{patient}-IM-0001-{n:04}.dcm.png"
                sitk.WriteImage(
                    sitk.GetImageFromArray(
                        voxels if part == "images" else np.where(voxels > 200, 255, 0).astype(np.uint8)
                    ),
                    str(file),
                )
    left_ventricle.MODEL.write_dataset(tmp_path, tmp_path / "dataset")
    cases = read_dataset(tmp_path / "dataset")
    assert {case.spacing_mm for case in cases} == {(1.25, 1.25, 8.0)}
    assert {case.patient for case in cases if case.kept} == {"SC-N-01"} and sum(case.kept for case in cases) == 2


def test_radiographs_without_masks_are_learnt_from_unlabelled_and_never_kept_apart(tmp_path):
    write_radiographs(tmp_path)
    lungs.MODEL.write_dataset(tmp_path, tmp_path / "dataset")
    split = split_cases(read_dataset(tmp_path / "dataset"), 0)
    assert [unit.name for unit in split.held_out] == ["covid-3"]
    assert [case.name for case in split.train if case.slices == ()] == ["nih-00000061_012"]


def write_radiographs(data: Path) -> None:
    picture = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 255, (24, 20)).astype(np.uint8))
    for part in ("chest-xray-lungs/images", "chest-xray-lungs/labels", "chest-xray/images"):
        (data / part).mkdir(parents=True)
    rows = [(f"p{n}.png", str(n)) for n in range(4)]
    for name, _ in rows:
        sitk.WriteImage(picture, str(data / "chest-xray-lungs" / "images" / name))
        sitk.WriteImage(picture > 128, str(data / "chest-xray-lungs" / "labels" / name))
    sitk.WriteImage(picture, str(data / "chest-xray" / "images" / "00000061_012.jpg"))
    for file, head, lines in (
        ("chest-xray-lungs/sources.csv", ("image", "patient"), rows),
        ("chest-xray/labels.csv", ("image", "patient"), [("00000061_012.jpg", "61")]),
    ):
        with (data / file).open("w", newline="") as stream:
            csv.writer(stream).writerows([head, *lines])


def test_a_wrong_name_and_missing_data_are_one_sentence(tmp_path, capsys):
    arguments = ["--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]
    assert main(["reproduce", "hippocampus", *arguments]) == 2
    assert f"there is no recipe 'hippocampus'; there are: {', '.join(MODELS)}" in capsys.readouterr().err
    for name in MODELS:
        assert main(["reproduce", name, *arguments]) == 2
        assert "nowhere" in capsys.readouterr().err
        assert not (tmp_path / "out" / "dataset" / "patients.csv").exists()
