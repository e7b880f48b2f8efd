"""A training on two processes gives the weights of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import SimpleITK as sitk
import torch
from safetensors.torch import load_file

from inference.manifest import WEIGHTS_FILE
from tests.training.test_job import SPEC, balls, described
from training import distributed
from training.export import export_model
from training.networks import build_network

SCRIPT = """
import copy, sys
import numpy as np
import torch
from torch import nn
from inference.manifest import Preprocessing
from training import distributed
from training.dataset import GridCase, SliceSampler
from training.loops import LoopSettings, training_steps
from training.losses import IGNORE
from training.networks import TellingPlaces, build_network, unet_spec
from training.semi_supervised import semi_supervised_loss

torch.set_num_threads(1)
draw = np.random.default_rng(0)
target = np.full((8, 20, 24), IGNORE, np.uint8)
target[2:4] = 0
target[2:4, 5:14, 6:15] = 1
target[2:4, 14:18, 15:22] = 2
case = GridCase("p", draw.random((8, 20, 24), dtype=np.float32), target, (0, 1, 4, 5, 6, 7))
sampler = SliceSampler([case], Preprocessing(spacing_mm=(1, 1, 1), context_slices=3, size_multiple=4), 0)
with distributed.joined():
    torch.manual_seed(0)
    network = TellingPlaces(build_network(unet_spec(3, 3, (8, 16, 16))))
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    both = distributed.shared(network), distributed.shared(averaged.network)
    loss = semi_supervised_loss(*both, sampler, 4, 10, distributed.device())
    for _ in training_steps(network, averaged, loss, LoopSettings(10)):
        pass
    if distributed.is_first():
        answers = averaged.network(torch.linspace(0, 1, 3 * 20 * 24).view(1, 3, 20, 24))
        saved = {"weights": network.state_dict(), "answers": answers, "processes": distributed.processes()}
        torch.save(saved, sys.argv[1])
"""


def trained(folder: Path, processes: int) -> dict:
    (folder / "script.py").write_text(SCRIPT)
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"] if processes > 1 else []
    saved = folder / f"{processes}.pt"
    subprocess.run(
        [sys.executable, *torchrun, str(folder / "script.py"), str(saved)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    return torch.load(saved, weights_only=True)


@pytest.mark.skipif(sys.platform == "win32", reason="gloo under torchrun is not to be had there")
def test_two_processes_learn_what_one_learns(tmp_path):
    alone, together = trained(tmp_path, 1), trained(tmp_path, 2)

    assert (alone["processes"], together["processes"]) == (1, 2)
    assert float((alone["answers"] - together["answers"]).abs().max()) < 1e-5
    for name, value in together["weights"].items():
        if not name.endswith("conv.bias"):  # which instance normalisation takes out again: they learn rounding only
            assert float((alone["weights"][name] - value).abs().max()) < 1e-5, name


@pytest.mark.skipif(sys.platform == "win32", reason="gloo under torchrun is not to be had there")
def test_torchrun_does_the_training_that_one_process_does(tmp_path):
    for part in ("images", "labels"):
        (tmp_path / "data" / part).mkdir(parents=True)
    for n in range(3):
        values, whole, _ = balls(n)
        for part, voxels in (("images", values), ("labels", whole)):
            sitk.WriteImage(sitk.GetImageFromArray(voxels), str(tmp_path / "data" / part / f"case{n}.nii.gz"))
    sitk.WriteImage(sitk.GetImageFromArray(balls(3)[0]), str(tmp_path / "data" / "images" / "more.nii.gz"))
    torch.manual_seed(0)
    export_model(build_network(SPEC), described(), tmp_path / "parent")
    weights = []
    for launcher in ((), ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")):
        out = tmp_path / f"out{len(weights)}"
        options = ["--data", tmp_path / "data", "--out", out, "--parent", tmp_path / "parent", "--steps", 12]
        done = subprocess.run(
            [sys.executable, *launcher, "-m", "training", "train", "--recipe", "segmentation-semi-supervised"]
            + [str(option) for option in options],
            check=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
        )
        assert done.stdout.count("wrote ") == 1, "one process tells of it and writes the results"
        weights.append({arm: load_file(out / arm / WEIGHTS_FILE) for arm in ("semi-supervised", "supervised")})
    for arm, alone in weights[0].items():
        for name, value in alone.items():
            if not name.endswith("conv.bias"):
                assert float((value - weights[1][arm][name]).abs().max()) < 1e-5, (arm, name)


def test_without_others_a_network_stays_itself():
    network = torch.nn.Conv2d(1, 1, 1)
    assert distributed.shared(network) is network
    assert distributed.processes() == 1 and distributed.is_first()
