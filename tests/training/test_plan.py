"""What is planned from a dataset and from memory: dimensions, grid, values, patch, batch, steps."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from torch.profiler import ProfilerActivity, profile

from inference.manifest import PercentileIntensity, WindowIntensity, load_manifest
from inference.preprocess import model_grid
from training import arms, job, plan
from training.dataset import read_dataset, split_cases
from training.losses import dice_cross_entropy
from training.networks import build_network, unet_spec
from training.plan import plan_model, plan_step, step_bytes

MB = 2**20


def dataset(
    folder: Path, shape=(24, 40, 36), spacing=(1.0, 1.0, 1.5), count=3, confirmed: int | None = None, ct: bool = False
) -> Path:
    """Volumes (k, j, i) with a bright box, wholly labelled or with so many confirmed slices."""
    for n in range(count):
        draw = np.random.default_rng(n)
        values = draw.normal(40, 10, shape)
        if ct:
            values[:, : shape[1] // 3] = -1000
        labels = np.zeros(shape, np.uint8)
        box = tuple(slice(side // 2, side // 2 + max(1, side // 4)) for side in shape)
        labels[box] = 1
        values[box] = draw.normal(200, 20, values[box].shape)
        for part, voxels in (("images", values.astype(np.int16)), ("labels", labels)):
            (folder / part).mkdir(parents=True, exist_ok=True)
            image = sitk.GetImageFromArray(voxels)
            image.SetSpacing(spacing)
            sitk.WriteImage(image, str(folder / part / f"c{n}.nii.gz"))
    if confirmed is not None:
        slices = [[2, shape[0] // 2 + n] for n in range(confirmed)]
        (folder / "confirmed.json").write_text(json.dumps({f"c{n}": {"slices": slices} for n in range(count)}))
    return folder


def planned(folder: Path, **options):
    return plan_model(split_cases(read_dataset(folder), 0), "Test", dimensions=None, **options)


def test_whole_volumes_of_nearly_even_spacing_are_learnt_from_in_blocks(tmp_path):
    found = planned(dataset(tmp_path), device="cuda", most_bytes=4e9)

    seen = found.preprocessing
    assert (seen.dimensions, seen.context_slices) == (3, 1)
    assert seen.spacing_mm == (1.0, 1.0, 1.5)
    assert seen.patch is not None and all(side % seen.size_multiple == 0 for side in seen.patch)
    assert all(side >= n for side, n in zip(seen.patch, (24, 40, 36), strict=True))
    assert found.network["dimensions"] == 3


def test_on_a_processor_they_are_learnt_from_slice_by_slice(tmp_path):
    assert planned(dataset(tmp_path)).preprocessing.dimensions == 2


def test_a_single_slice_is_one_however_it_lies_in_the_patient(tmp_path):
    folder = dataset(tmp_path, shape=(1, 40, 36), spacing=(1.5, 1.5, 8))
    for file in folder.glob("*/*"):
        image = sitk.ReadImage(str(file))
        image.SetDirection((0.6, 0, 0.8, 0, 1, 0, -0.8, 0, 0.6))  # turned so far that columns run along S
        sitk.WriteImage(image, str(file))
    found = planned(folder).preprocessing
    assert (found.axes, found.spacing_mm, found.size) == ("KJI", (1.5, 1.5, None), None)
    assert model_grid(sitk.ReadImage(str(folder / "images" / "c0.nii.gz")), found).shape == (1, 40, 36)


def test_pictures_whose_pixels_have_no_known_size_are_stretched_to_one(tmp_path):
    for n, (rows, columns) in enumerate([(600, 500), (1200, 1000), (900, 750)]):
        for part in ("images", "labels"):
            (tmp_path / part).mkdir(exist_ok=True)
            voxels = np.zeros((rows, columns), np.uint8)
            voxels[rows // 4 : rows // 2, columns // 4 : columns // 2] = 255
            sitk.WriteImage(sitk.GetImageFromArray(voxels), str(tmp_path / part / f"p{n}.png"))
    found = planned(tmp_path).preprocessing
    assert (found.axes, found.spacing_mm, found.size) == ("KJI", None, (256, 208))


@pytest.mark.parametrize(
    "different",
    [{"spacing": (1.0, 1.0, 4.0)}, {"confirmed": 3}, {"shape": (10, 40, 36)}, {"shape": (1, 40, 36)}],
    ids=["thick slices", "few confirmed", "few slices", "pictures"],
)
def test_everything_else_is_learnt_from_slice_by_slice(tmp_path, different):
    found = planned(dataset(tmp_path, **different), device="cuda", most_bytes=4e9)
    assert found.preprocessing.dimensions == 2


def test_values_of_a_ct_get_a_window_about_what_is_annotated_and_others_percentiles(tmp_path):
    ct, mr = (planned(dataset(tmp_path / name, ct=name == "ct")) for name in ("ct", "mr"))

    assert isinstance(ct.preprocessing.intensity, WindowIntensity) and ct.modalities == ["CT"]
    assert 50 < ct.preprocessing.intensity.low < 140 and 250 < ct.preprocessing.intensity.high < 330
    assert isinstance(mr.preprocessing.intensity, PercentileIntensity) and mr.modalities == ["OT"]


def test_the_finest_axes_are_pooled_first_and_none_to_less_than_four_voxels():
    strides = plan._strides((32, 128, 128), (2.4, 1.0, 1.0))

    assert strides[0] == (1, 2, 2) and strides[1] == (2, 2, 2)
    left = np.array((32, 128, 128)) // np.prod(strides, axis=0)
    assert left.min() >= 4
    assert plan._strides((9, 64, 64), (1.0, 1.0, 1.0))[1][0] == 1


def test_less_memory_makes_the_patch_smaller_and_the_batch_too(tmp_path):
    folder = dataset(tmp_path, shape=(64, 80, 72))
    roomy, narrow = (planned(folder, most_bytes=n * MB, device="cuda") for n in (4000, 200))

    assert roomy.preprocessing.patch == (64, 80, 80)
    assert np.prod(narrow.preprocessing.patch or ()) < np.prod(roomy.preprocessing.patch or ()) / 2
    assert step_bytes(narrow.network, 2, 1, narrow.preprocessing.patch or ()) <= 200 * MB
    spec = unet_spec(5, 3)
    need = {n: step_bytes(spec, n, 5, (128, 128)) for n in (1, 3, 6, 8)}
    slices = roomy.model_copy(update={"network": spec, "preprocessing": roomy.preprocessing.model_copy(
        update={"dimensions": 2, "context_slices": 5, "patch": None})})  # fmt: skip
    told = [plan_step(slices, (128, 128), "cuda", mixed=mixed, most_bytes=need[6]) for mixed in (False, True)]
    assert [one.batch for one in told] == [6, 3]
    assert plan_step(slices, (128, 128), "cuda", mixed=False, batch=8, most_bytes=need[1]).batch == 8
    assert plan_step(slices, (128, 128), "cuda", mixed=False, most_bytes=1).batch == 1
    assert "2-D model that sees 128 x 128 voxels, 6 such patches a step" in told[0].text


@pytest.mark.parametrize(
    ("spec", "batch", "patch"),
    [
        (unet_spec(5, 3), 2, (64, 96)),
        (unet_spec(1, 30), 2, (64, 64)),
        (unet_spec(1, 3, (16, 32, 64, 128), ((2, 2, 2),) * 3), 2, (16, 24, 24)),
        (unet_spec(1, 4, (16, 32, 64), ((1, 2, 2), (2, 2, 2))), 2, (16, 32, 40)),
    ],
    ids=["stacks", "many classes", "blocks", "thick blocks"],
)
def test_the_estimate_of_memory_is_within_thirty_percent_of_what_a_step_takes(spec, batch, patch):
    """Measured: the peak of all that the second step allocates, on top of what lies there before it."""
    network = build_network(spec)
    averaged = copy.deepcopy(network)
    optimiser = torch.optim.AdamW(network.parameters())
    images, targets = torch.rand(batch, spec["in_channels"], *patch), torch.zeros(batch, *patch, dtype=torch.int64)
    targets[:, 4:8] = 1

    def step() -> None:
        dice_cross_entropy(network(images), targets).backward()
        optimiser.step()

    step()
    optimiser.zero_grad(set_to_none=True)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as measured:
        step()
    held = peak = 2 * sum(p.numel() * 4 for p in averaged.parameters()) + sum(
        part.numel() * part.element_size() for kept in optimiser.state.values() for part in kept.values()
    )
    assert measured.profiler is not None and measured.profiler.kineto_results is not None
    for event in measured.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()  # type: ignore[attr-defined]
            peak = max(peak, held)

    assert 0.7 < step_bytes(spec, batch, spec["in_channels"], patch) / peak < 1.3


def test_minutes_become_steps_and_the_plan_is_told_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(plan, "_CHANNELS", (4, 8, 8))
    seconds = iter((0.5, 1.5))
    monkeypatch.setattr(arms, "step_seconds", lambda network, loss: next(seconds))
    folder = dataset(tmp_path / "data", shape=(16, 24, 24))
    image = sitk.ReadImage(str(folder / "images" / "c0.nii.gz"))
    sitk.WriteImage(image, str(folder / "images" / "more.nii.gz"))
    asked = {"schema_version": 1, "recipe": "segmentation-semi-supervised", "data": str(folder),
             "out": str(tmp_path / "out"), "minutes": 0.465, "dimensions": 3}  # fmt: skip
    (tmp_path / "job.json").write_text(json.dumps(asked))

    assert job.run(tmp_path) == 0

    told = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    sentences = [one["text"] for one in told if one["event"] == "message"]
    # 9.3 s for each of three folds; of both arms a step takes 0.5 s in the first stage, which they share, and
    # 0.5 + 1.5 s after it.
    assert sentences[0].startswith("Plan: a 3-D model that sees 16 x 24 x 24 voxels, 2 such patches a step")
    made = load_manifest(tmp_path / "out" / "semi-supervised")
    assert made.preprocessing.dimensions == 3
    assert made.training["plan"]["patch"] == [16, 24, 24] and made.training["plan"]["batch"] == 2
    assert made.training["steps"] == 6


def test_a_step_is_timed_on_the_network_it_is_given():
    network = torch.nn.Linear(2, 1)
    before = network.weight.detach().clone()
    counted = []

    def loss(step: int):
        counted.append(step)
        return network(torch.ones(1, 2)).square().mean(), {}

    assert plan.step_seconds(network, loss) > 0
    assert counted == [0, 1, 2, 3]
    assert not torch.equal(network.weight, before)
