"""One model from several hospitals that keep their scans: an adapter for NVIDIA FLARE (the optional extra `federated`).

Each site trains on its own dataset folder from the weights that the server sends, and gives back its averaged weights,
of which the server takes the mean (FedAvg, McMahan et al., AISTATS 2017). Nothing else leaves a site: no image, no
label, no count of patients or slices, which is why every site weighs the same. Whether the model is used is decided at
each site by its own gate, on patients that its training held out.

FLARE copies this file to the sites and starts it there. Where a site's dataset folder and the folder of the model to go
on from are, it reads from SLICEWISE_FEDERATED_DATA and SLICEWISE_FEDERATED_MODEL.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from nvflare.apis.fl_constant import FLMetaKey
from nvflare.apis.fl_context import FLContext
from nvflare.app_common.abstract.model import ModelLearnable, ModelLearnableKey, make_model_learnable
from nvflare.app_common.abstract.model_persistor import ModelPersistor
from nvflare.app_opt.pt.recipes.fedavg import FedAvgRecipe
from safetensors.numpy import load_file, save_file
from torch import Tensor

from inference.manifest import WEIGHTS_FILE, ModelManifest, load_manifest
from training.dataset import DataError, SliceSampler, read_dataset, split_cases, to_grid
from training.export import export_model
from training.job import FINE_TUNING_RATE
from training.loops import LoopSettings, training_steps
from training.networks import TellingPlaces, build_network, member_spec
from training.semi_supervised import semi_supervised_loss, supervised_loss

# Of each site's environment; {site} in a value stands for the site's name.
DATA_VARIABLE, MODEL_VARIABLE = "SLICEWISE_FEDERATED_DATA", "SLICEWISE_FEDERATED_MODEL"

Weights = Mapping[str, Tensor]


def write_job(parent: Path, result: Path, sites: int, rounds: int, steps: int, folder: Path, seed: int = 0) -> Path:
    """Write a job that an administrator submits to FLARE; returns its folder.

    parent is the folder of the model to go on from and result a file for the mean weights, both as the server's machine
    knows them; each of `sites` does `steps` steps in each of the rounds.
    """
    here = Path(__file__)
    recipe = FedAvgRecipe(
        name=f"slicewise-{parent.name}",
        min_clients=sites,
        num_rounds=rounds,
        train_script=here.name,
        train_args=f"--rounds {rounds} --steps {steps} --seed {seed}",
        model_persistor=WeightsKeeper(str(parent / WEIGHTS_FILE), str(result)),
    )
    folder = folder.absolute()
    with contextlib.chdir(here.parent):  # a script named by its whole path would have to lie there at every site
        recipe.export(str(folder))
    return folder / recipe.name


class WeightsKeeper(ModelPersistor):
    """Gives the server the weights to begin with and writes the mean of each round; the server needs no torch."""

    def __init__(self, initial: str, result: str) -> None:
        super().__init__()
        self.initial, self.result = initial, result

    def load_model(self, fl_ctx: FLContext) -> ModelLearnable:
        return make_model_learnable(load_file(self.initial), {})

    def save_model(self, model: ModelLearnable, fl_ctx: FLContext) -> None:
        """Write the weights so that a crash leaves those of the round before."""
        unfinished = self.result + ".tmp"
        save_file(
            {name: np.ascontiguousarray(part) for name, part in model[ModelLearnableKey.WEIGHTS].items()}, unfinished
        )
        os.replace(unfinished, self.result)


class Site:
    """What one hospital trains on and with. Raises DataError if nothing is annotated there, or if the model is the mean
    of networks, which know different patients."""

    def __init__(
        self, manifest: ModelManifest, data: Path, rounds: int, steps: int, batch: int = 4, seed: int = 0
    ) -> None:
        if manifest.network != member_spec(manifest.network):
            raise DataError(f"{manifest.name} is the mean of several networks: hospitals train a single one together")
        split = split_cases(read_dataset(data), seed)
        if all(case.slices == () for case in split.train):
            raise DataError("nothing annotated is left to train on: confirm at least two slices")
        hidden = split.hidden
        grids = [to_grid(c, manifest.preprocessing, manifest.classes, hidden.get(c.name, ())) for c in split.train]
        self._sampler = SliceSampler(grids, manifest.preprocessing, seed)
        torch.manual_seed(seed)
        self._network = TellingPlaces(build_network(manifest.network))
        self._rounds, self._steps, self._batch = rounds, steps, batch

    def trained(self, weights: Weights, turn: int) -> dict[str, Tensor]:
        """Averaged weights after the steps of a round, which begins with the server's; turn counts from 0."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        network = self._network.to(device)
        network.network.load_state_dict(weights)
        averaged = copy.deepcopy(network).requires_grad_(False).eval()
        whole, before = self._rounds * self._steps, turn * self._steps
        if self._sampler.unlabelled_slices:
            loss = semi_supervised_loss(network, averaged.network, self._sampler, self._batch, whole, device)
        else:
            loss = supervised_loss(network.network, self._sampler, self._batch, device)
        settings = LoopSettings(self._steps, learning_rate=FINE_TUNING_RATE * (1 - before / whole) ** 0.9)
        for _ in training_steps(network, averaged, lambda step: loss(before + step), settings):
            pass
        return {name: part.cpu() for name, part in averaged.network.state_dict().items()}


def write_model(weights: Path, parent: Path, folder: Path, version: str) -> ModelManifest:
    """The model folder of a federated training's weights, checked as every exported model is."""
    manifest = load_manifest(parent).model_copy(update={"version": version, "files": {}})
    network = build_network(manifest.network)
    network.load_state_dict({name: torch.from_numpy(part) for name, part in load_file(weights).items()})
    return export_model(network, manifest, folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """What FLARE starts at a site: train whenever the server sends weights, until it says that all is done."""
    import nvflare.client as flare

    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("rounds", "steps", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args(arguments)
    flare.init()
    data, model = (
        Path(os.environ[name].format(site=flare.get_site_name())) for name in (DATA_VARIABLE, MODEL_VARIABLE)
    )
    site = Site(load_manifest(model), data, options.rounds, options.steps, seed=options.seed)
    while flare.is_running():
        received = flare.receive()
        if received is None or received.params is None:
            break
        weights = site.trained(received.params, received.current_round or 0)
        same_for_all = {FLMetaKey.NUM_STEPS_CURRENT_ROUND: 1}  # what FLARE weighs the sites by
        flare.send(flare.FLModel(params=weights, params_type=flare.ParamsType.FULL, meta=same_for_all))


if __name__ == "__main__":
    main()
