"""A model that segments by clicks: what it learns from, its training, and what it achieves, through the code that
answers a person."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from inference.interactive import Clicked, answer_clicks
from inference.manifest import OWN_AXES, Preprocessing, load_manifest
from inference.models import ModelRecord
from inference.runtime import load_model
from training import job
from training.clicked_regions import LEAST_PX, RegionSampler, next_click, read_pictures
from training.clicker import Effort
from training.clicking import BEFORE, BELONGS, BOX, GREY, NOT, correct, first_seen, region_loss
from training.clicks import figures
from training.dataset import read_dataset

SEEN = Preprocessing(axes=OWN_AXES, size=(64, 64))


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Ten patients with a bright ball (1) and a dark one (2) in noise, thick slices."""
    folder = tmp_path_factory.mktemp("balls")
    k, j, i = np.ogrid[:4, :50, :60]
    for n in range(10):
        draw = np.random.default_rng(n)
        voxels, labels = draw.normal(100, 8, (4, 50, 60)), np.zeros((4, 50, 60), np.uint8)
        for value, column, change in ((1, 16, 70), (2, 43, -70)):
            row, radius = draw.integers(16, 34), draw.integers(6, 11)
            ball = (j - row) ** 2 + (i - column) ** 2 + 0 * k <= radius**2
            labels[ball], voxels[ball] = value, voxels[ball] + change
        for part, values in (("images", voxels.astype(np.int16)), ("labels", labels)):
            (folder / part).mkdir(exist_ok=True)
            image = sitk.GetImageFromArray(values)
            image.SetSpacing((1.0, 1.5, 6.0))
            sitk.WriteImage(image, str(folder / part / f"p{n}.nii.gz"))
    (folder / "structures.csv").write_text("value,name\n1,Bright\n2,Dark\n")
    return folder


def trained(data: Path, out: Path, events: list[dict], **fields) -> dict:
    given = {"schema_version": 1, "recipe": "interactive-supervised", "data": data, "out": out, "batch": 6}
    report = job.train_and_compare(job.checked_job(given | fields), events.append, lambda: None)
    return json.loads(report.read_text())


def test_it_learns_and_is_better_than_an_untrained_one(data, tmp_path, monkeypatch):
    monkeypatch.setattr("training.clicks.SIDE", 48)
    monkeypatch.setattr("training.clicks._CHANNELS", (8, 16, 32))
    events: list[dict] = []
    report = trained(data, tmp_path / "shapes", events, steps=60)
    untrained = trained(data, tmp_path / "none", [], steps=1)

    losses = [event["loss"] for event in events if event["event"] == "progress"]
    assert np.mean(losses[-4:]) < 0.93 * np.mean(losses[:4])
    found, before = (one["models"]["supervised"] for one in (report, untrained))
    assert found["mean"]["dice_5"]["value"] > before["mean"]["dice_5"]["value"] + 0.3
    assert set(found["classes"]) == {"Bright", "Dark"} == set(found["clicks"])
    assert not report["verified"] and len(report["held_out"]) == 3  # of ten patients

    folder = tmp_path / "shapes" / "supervised"
    manifest = load_manifest(folder)
    assert manifest.task == "interactive" and manifest.clicks is not None and manifest.clicks.box
    assert "regions that a person drew" in (folder / "card.md").read_text()

    # As a person clicks: a picture of another size, and the disc that was clicked on is what is found.
    case = next(one for one in read_dataset(data) if one.name in report["held_out"])
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(case.image_file)))[1].astype(np.float32)
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(case.label_file)))[1] == 1
    row, column, _ = next_click(np.zeros_like(mask), mask) or (0, 0, True)
    model = load_model(ModelRecord(manifest, folder, shipped=False, active=True))
    nothing = np.zeros_like(mask)
    region = answer_clicks(Clicked(picture, (1.5, 1.0), [(row, column)], [], None, nothing), model)
    assert 2 * (region & mask).sum() / (region.sum() + mask.sum()) > 0.5

    further = trained(data, tmp_path / "further", [], steps=5, parent_model=folder)
    assert set(further["models"]) == {"current", "supervised"} and set(further["held_out"]) == set(report["held_out"])


@pytest.mark.parametrize("fields", [{"folds": 3}, {"trials": 2}, {"labelled": 2}, {"dimensions": 3}])
def test_what_it_cannot_do_is_a_sentence(data, tmp_path, fields):
    with pytest.raises(job.JobError, match="an interactive model sees slices with regions"):
        trained(data, tmp_path / "out", [], steps=1, **fields)


def test_regions_lie_where_the_labels_are_and_are_square_in_mm(data):
    pictures = read_pictures(read_dataset(data)[:2])
    assert {region.axis for region in pictures.regions} == {0}  # slices of 6 mm are looked at as they were stored
    picture, mask, pixel_mm = pictures.of(pictures.regions[0])
    assert picture.shape == mask.shape == (50, 60) and pixel_mm == (1.5, 1.0) and mask.sum() >= LEAST_PX

    sampler = RegionSampler(pictures, SEEN, 0)
    seen, regions, _ = sampler.drawn(3, 16)
    again, _, _ = sampler.drawn(3, 16)
    assert seen.shape == (16, 1, 64, 64) and regions.shape == (16, 64, 64) and torch.equal(seen, again)
    assert (seen >= 0).all() and (seen <= 1).all() and all(region.any() for region in regions)
    real = [n for n in range(16) if abs(float(seen[n, 0][torch.from_numpy(regions[n])].mean()) - 0.5) > 0.25]
    ratios = []
    for n in real:  # a ball of as many rows as columns is 1.5 times as high as wide in mm, whichever way it is turned
        places = np.argwhere(regions[n])
        if places.min() > 0 and places.max() < 63:
            ratios.append(np.sqrt(np.linalg.eigvalsh(np.cov(places.T))))
    assert len(ratios) > 5
    np.testing.assert_allclose([high / wide for wide, high in ratios], 1.5, atol=0.15)


def test_each_piece_of_a_structure_is_a_region_of_its_own(tmp_path):
    labels = np.zeros((1, 40, 50), np.uint8)
    labels[0, 5:15, 5:15] = labels[0, 20:35, 20:35] = 3
    labels[0, 38, 48] = 3  # too small to be clicked on
    for part, values in (("images", labels * 20), ("labels", labels)):
        (tmp_path / part).mkdir()
        sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / part / "p.nii.gz"))
    pictures = read_pictures(read_dataset(tmp_path))
    masks = [pictures.of(region)[1] for region in pictures.regions]
    assert [int(mask.sum()) for mask in masks] == [100, 225]
    assert masks[0][5:15, 5:15].all() and masks[1][20:35, 20:35].all()


def test_a_click_goes_into_the_middle_of_the_largest_fault():
    mask = np.zeros((40, 50), bool)
    mask[5:24, 5:24] = True
    assert next_click(np.zeros_like(mask), mask) == (14, 14, True)
    found = mask.copy()
    found[30:38, 30:48] = True
    found[5:8, 5:8] = False
    row, column, belongs = next_click(found, mask) or (0, 0, True)
    assert (30 <= row < 38 and 30 <= column < 48) and not belongs
    assert next_click(mask, mask) is None
    draw = np.random.default_rng(0)
    places = {next_click(np.zeros_like(mask), mask, draw) for _ in range(20)}
    assert len(places) > 5 and all(mask[click[:2]] for click in places if click)


def test_a_click_is_a_disc_that_ends_with_the_picture():
    rows, columns = np.ogrid[:16, :20]
    for row, column in ((0, 0), (3, 19), (9, 9), (15, 1)):
        region = np.zeros((16, 20), bool)
        region[row, column] = True
        seen = np.zeros((5, 16, 20), np.float32)
        correct(seen, np.zeros_like(region), region, np.random.default_rng(0))
        expected = (rows - row) ** 2 + (columns - column) ** 2 <= 3.0**2
        np.testing.assert_array_equal(seen[BELONGS], expected)


def test_what_the_network_sees_first_is_a_click_a_box_or_what_was_drawn():
    regions = np.zeros((200, 32, 32), bool)
    regions[:, 8:20, 10:25] = True
    seen = first_seen(torch.zeros(200, 1, 32, 32), regions, np.random.default_rng(0)).numpy()
    boxed = (seen[:, BOX] == 0).any((1, 2))
    drawn = seen[:, BEFORE].any((1, 2))
    clicked = seen[:, BELONGS].any((1, 2))
    assert 0.15 < boxed.mean() < 0.45 and 0.05 < drawn.mean() < 0.3 and not (boxed & drawn).any()
    assert (clicked | seen[:, NOT].any((1, 2)) | boxed | drawn).all()
    assert (seen[boxed, BOX][:, 12:16, 14:20] == 1).all() and not seen[:, GREY].any()
    one = seen[np.flatnonzero(clicked & ~boxed & ~drawn)[0]].copy()
    correct(one, np.ones((32, 32), bool), regions[0], np.random.default_rng(0))
    assert one[BEFORE].all() and one[NOT].any() and one[BELONGS].any()  # earlier clicks stay


def test_the_loss_is_least_for_the_region_and_falls_with_each_right_pixel():
    target = torch.zeros(2, 16, 16)
    target[:, 4:10, 4:10] = 1
    right, nothing = 20 * target - 10, torch.full((2, 16, 16), -10.0)
    half = right.clone()
    half[:, 4:7] = -10
    assert (
        float(region_loss(right, target))
        < 0.01
        < float(region_loss(half, target))
        < float(region_loss(nothing, target))
    )


def test_figures_are_means_over_structures_and_count_what_is_never_reached():
    efforts = [Effort((0.5, 0.92)), Effort((0.95,)), Effort(tuple([0.6] * 20))]
    assert [one.clicks for one in efforts] == [2, 1, 21]
    found = figures(efforts, ["A", "A", "B"], np.arange(3))
    assert found["A"]["dice_1"] == pytest.approx(0.725) and found["A"]["dice_5"] == pytest.approx(0.935)
    assert found["mean"]["reached"] == 0.5 and found["B"]["dice_3"] == 0.6
