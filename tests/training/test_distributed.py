"""A training on two processes gives the weights of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from training import distributed

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
from training.networks import build_network, unet_spec
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
    network = build_network(unet_spec(3, 3, (8, 16, 16)))
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    both = distributed.shared(network), distributed.shared(averaged)
    loss = semi_supervised_loss(*both, sampler, 4, 10, distributed.device())
    for _ in training_steps(network, averaged, loss, LoopSettings(10)):
        pass
    if distributed.is_first():
        answers = averaged(torch.linspace(0, 1, 3 * 20 * 24).view(1, 3, 20, 24))
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


def test_without_others_a_network_stays_itself():
    network = torch.nn.Conv2d(1, 1, 1)
    assert distributed.shared(network) is network
    assert distributed.processes() == 1 and distributed.is_first()
