"""From a trained network to a model folder, checked by the code that will run it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from inference.manifest import MANIFEST_FILE, NETWORK_FILE, WEIGHTS_FILE, ModelManifest, write_manifest
from inference.models import ModelRecord
from inference.preprocess import padded_for
from inference.runtime import load_model
from training.networks import build_network

_TOLERANCE = 2e-3  # of the logits' own spread
_OPSET = 17


class ExportError(Exception):
    """The exported network does not do what the trained one does."""


def export_model(network: nn.Module, manifest: ModelManifest, folder: Path) -> ModelManifest:
    """Write model.onnx, weights.safetensors and manifest.json to folder; returns the manifest with its hashes.

    The ONNX file has dynamic batch and sizes. It is run by onnxruntime at three sizes, one of them
    not a multiple of size_multiple and padded as inference does, and compared with the network: raises
    ExportError if they differ, or if the network's output is so flat that the comparison would prove nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = network.eval().cpu()
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / WEIGHTS_FILE)
    (folder / WEIGHTS_FILE).chmod(0o644)  # safetensors writes files that only their owner may read
    multiple = manifest.preprocessing.size_multiple
    space = "kji"[-manifest.preprocessing.dimensions :]
    example = torch.rand(2, manifest.preprocessing.channels, *(n * multiple for n in (2, 4, 3)[-len(space) :]))
    dynamic = {0: "n", **dict(enumerate(space, 2))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter warns of its end; the other one takes a minute
        torch.onnx.export(
            network,
            (example,),
            str(folder / NETWORK_FILE),
            input_names=["stacks"],
            output_names=["logits"],
            dynamic_axes={"stacks": dynamic, "logits": dynamic},
            opset_version=_OPSET,
            dynamo=False,
        )
    manifest = write_manifest(manifest, folder)
    try:
        _compare(network, manifest, folder)
    except ExportError:
        (folder / MANIFEST_FILE).unlink()  # without it the folder is no model
        raise
    return manifest


def load_network(folder: Path, manifest: ModelManifest) -> nn.Module:
    """The network of a model folder with its weights, ready to be trained further."""
    network = build_network(manifest.network)
    network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return network


def _compare(network: nn.Module, manifest: ModelManifest, folder: Path) -> None:
    model = load_model(ModelRecord(manifest, folder, shipped=False, active=False))
    preprocessing, multiple = manifest.preprocessing, manifest.preprocessing.size_multiple
    rng = np.random.default_rng(0)
    two = ((1, 2 * multiple, 5 * multiple), (3, 6 * multiple, multiple), (1, 37, 53))
    three = ((1, multiple, 2 * multiple, 3 * multiple), (2, multiple, multiple, multiple), (1, 11, 23, 17))
    for count, *sizes in two if preprocessing.dimensions == 2 else three:
        stacks = padded_for(rng.random((count, preprocessing.channels, *sizes), dtype=np.float32), preprocessing)
        with torch.no_grad():
            expected = network(torch.from_numpy(stacks)).numpy()
        spread = float(expected.std())
        if spread < 1e-3:
            raise ExportError("the network's output is flat, so the export cannot be checked")
        apart = float(np.abs(model.run(stacks) - expected).max())
        if apart > _TOLERANCE * spread:
            raise ExportError(
                f"the exported network differs from the trained one by {apart:.2g} at {' x '.join(map(str, sizes))}"
            )
