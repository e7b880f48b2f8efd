"""A classifier of pictures: its network, and the model folder that is made of it, checked by the code that will run it.

The network ends in a mean over the picture and a linear layer, so that where a score comes from follows from the
graph's own outputs (class activation maps: Zhou et al., CVPR 2016, arXiv:1512.04150).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks.blocks.convolutions import Convolution, ResidualUnit
from safetensors.torch import load_file
from torch import Tensor, nn

from inference.classify import classify
from inference.manifest import WEIGHTS_FILE, ModelManifest
from inference.runtime import LoadedModel
from training.export import ExportError, probed, write_checked

_PROBABILITY_TOLERANCE = 1e-3
_HEAT_TOLERANCE = 2e-3  # of the largest value
_NORM = "BATCH"


def classifier_spec(classes: int, channels: tuple[int, ...] = (16, 32, 64, 128)) -> dict[str, Any]:
    """Description of a small residual network for pictures with one channel."""
    return {"kind": "resnet-cam", "classes": classes, "channels": list(channels)}


def build_classifier(spec: dict[str, Any]) -> Classifier:
    """The network of a description. Raises ValueError for an unknown kind."""
    if spec.get("kind") != "resnet-cam":
        raise ValueError(f"unknown network kind {spec.get('kind')!r}")
    return Classifier(int(spec["classes"]), tuple(spec["channels"]))


class Classifier(nn.Module):
    """(N, 1, J, I) float32 to logits (N, classes).

    Batch normalisation: with group normalisation the same network learnt far more slowly on radiographs (AUC 0.82
    against 0.94 after 300 steps on 40 labelled ones). See settle.
    """

    def __init__(self, classes: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        first, *others = channels
        blocks: list[nn.Module] = [
            Convolution(2, 1, first, strides=2, kernel_size=5, act="RELU", norm=_NORM, bias=False),
            ResidualUnit(2, first, first, act="RELU", norm=_NORM, bias=False),
        ]
        for narrow, wide in zip(channels, others, strict=False):
            blocks.append(ResidualUnit(2, narrow, wide, strides=2, act="RELU", norm=_NORM, bias=False))
        self.features = nn.Sequential(*blocks)
        self.linear = nn.Linear(channels[-1], classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """features are (N, channels, J / 16, I / 16), with four channels."""
        return self.linear(self.features(pictures).mean(dim=(2, 3)))


class Calibrated(nn.Module):
    """A classifier as it is exported: logits / temperature + offset, its last features and its linear layer's weights.

    Dividing logits by one number found on pictures that were not trained on makes probabilities say how often they
    are right (Guo et al., ICML 2017, arXiv:1706.04599). offset (classes): the log-odds of how common each class is,
    where training has left that out.
    """

    def __init__(self, network: Classifier, temperature: float, offset: Tensor) -> None:
        super().__init__()
        self.network, self.temperature = network, temperature
        self.register_buffer("offset", offset)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.network.features(pictures)
        logits = self.network.linear(features.mean(dim=(2, 3))) / self.temperature + self.get_buffer("offset")
        return logits, features, self.network.linear.weight * 1.0


@torch.no_grad()
def settle(network: Classifier, batches: Iterable[Tensor]) -> None:
    """Take the statistics of batch normalisation anew, from pictures (N, 1, J, I) as they will be seen: those of the
    training are of changed and mixed ones, and shift every answer (Wu & Johnson, arXiv:2105.07576)."""
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    usual = [layer.momentum for layer in layers]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
    network.train()
    for pictures in batches:
        network(pictures)
    network.eval()
    for layer, momentum in zip(layers, usual, strict=True):
        layer.momentum = momentum


def load_classifier(folder: Path, manifest: ModelManifest) -> Classifier:
    """The network of a model folder with its weights, ready to be trained further."""
    network = build_classifier(manifest.network)
    network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return network


def export_classifier(exported: Calibrated, manifest: ModelManifest, folder: Path) -> ModelManifest:
    """Write model.onnx, weights.safetensors and manifest.json to folder; returns the manifest with its hashes.

    inference.classify runs the folder on pictures of several sizes; what it tells is compared with the network.
    Raises ExportError if probabilities or heat maps differ, or are the same of any picture: then it is no model.
    """
    exported = exported.eval().cpu()
    assert manifest.preprocessing.size is not None
    return write_checked(
        exported,
        exported.network.state_dict(),
        manifest,
        folder,
        torch.rand(2, 1, *manifest.preprocessing.size),
        {name: {0: "n"} for name in ("pictures", "logits", "features")},
        ("logits", "features", "weights"),
        partial(_compare, exported),
        folding=False,  # it would rename the weights; onnxruntime does it when it loads them
    )


def _compare(exported: Calibrated, model: LoadedModel) -> None:
    for _, told, seen in probed(classify, model):
        with torch.no_grad():
            logits, features, weights = exported(seen)
        expected = (logits.sigmoid() if model.manifest.one_by_one else logits.softmax(1))[0].numpy()
        apart = float(np.abs(told.series - expected).max())
        if not apart <= _PROBABILITY_TOLERANCE:
            raise ExportError(f"the exported network differs from the trained one by {apart:.2g} in its probabilities")
        heat = torch.einsum("kc,chw->khw", weights, features[0]).clamp(min=0).numpy()
        shown = np.stack([one.voxels[0] for one in told.heat])
        far = float(np.abs(shown - heat).max())
        if not far <= _HEAT_TOLERANCE * max(1.0, float(heat.max())):
            raise ExportError(f"the exported network differs from the trained one by {far:.2g} in where it looks")
