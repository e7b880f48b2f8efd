"""Two hospitals on one machine, each with patients of its own, train one model through FLARE's simulator."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from safetensors.numpy import load_file

pytest.importorskip("nvflare", reason="the optional extra federated is not installed")

from inference.manifest import WEIGHTS_FILE, load_manifest
from tests.training.test_job import SPEC, balls, described
from training.dataset import DataError
from training.export import export_model
from training.federated import DATA_VARIABLE, MODEL_VARIABLE, Site, write_job, write_model
from training.networks import build_network, mean_spec


@pytest.fixture
def parent(tmp_path) -> Path:
    torch.manual_seed(0)
    export_model(build_network(SPEC), described(), tmp_path / "parent")
    return tmp_path / "parent"


def write_site(folder: Path, first: int) -> Path:
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for n in range(3):
        values, whole, _ = balls(first + n)
        for part, voxels in (("images", values), ("labels", whole)):
            image = sitk.GetImageFromArray(voxels)
            image.SetSpacing((1.0, 1.0, 2.0))
            sitk.WriteImage(image, str(folder / part / f"case{n}.nii.gz"))
    return folder


def test_two_sites_train_one_model_and_only_weights_leave_them(tmp_path, parent):
    sites = [write_site(tmp_path / f"site-{n}", 10 * n) for n in (1, 2)]
    result = tmp_path / "mean.safetensors"
    job = write_job(parent, result, 2, 1, 3, tmp_path / "jobs")
    subprocess.run(
        [sys.executable, "-m", "nvflare.cli", "simulator", str(job), "-w", str(tmp_path / "flare"), "-n2", "-t2"],
        check=True,
        env={
            **os.environ,
            DATA_VARIABLE: str(tmp_path / "{site}"),
            MODEL_VARIABLE: str(parent),
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
        },
        capture_output=True,
    )

    begun = {name: torch.from_numpy(part) for name, part in load_file(parent / WEIGHTS_FILE).items()}
    manifest = load_manifest(parent)
    alone = [Site(manifest, folder, 1, 3).trained(begun, 0) for folder in sites]
    together = load_file(result)
    assert together.keys() == begun.keys()
    for name, mean in together.items():
        np.testing.assert_allclose(mean, (alone[0][name].numpy() + alone[1][name].numpy()) / 2, atol=2e-4)
    assert any((together[name] != begun[name].numpy()).any() for name in together)
    written = write_model(result, parent, tmp_path / "out", "1.1.0")
    assert written.version == "1.1.0" and written.name == manifest.name


def test_a_site_without_annotations_says_so(tmp_path, parent):
    site = write_site(tmp_path / "site", 0)
    for file in (site / "labels").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="nothing is annotated"):
        Site(load_manifest(parent), site, 1, 1)


def test_a_mean_of_networks_is_no_model_that_hospitals_train_together(tmp_path, parent):
    single = load_manifest(parent)
    several = single.model_copy(update={"network": mean_spec(single.network, 3)})
    with pytest.raises(DataError, match="train a single one together"):
        Site(several, write_site(tmp_path / "site", 0), 1, 1)


def test_weights_of_another_network_are_no_model(tmp_path, parent):
    from safetensors.numpy import save_file

    save_file({"0": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(RuntimeError, match="Missing key"):
        write_model(tmp_path / "other.safetensors", parent, tmp_path / "out", "1.1.0")
