"""A detector of things on slices: its network, and the model folder that is made of it, checked by the code that will
run it."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from monai.networks.blocks.convolutions import Convolution, ResidualUnit
from safetensors.torch import load_file
from torch import Tensor, nn

from inference.detect import detect
from inference.manifest import WEIGHTS_FILE, ModelManifest
from inference.runtime import LoadedModel
from training.export import ExportError, probed, write_checked

STRIDE = 4  # pixels of the input that a cell of the heat map is wide and high
MULTIPLE = 32  # of pixels, which the sizes of the input are

_MOST = 50  # boxes of a slice
_NO_PEAK = -20.0  # a logit
_PRIOR = 0.1  # of a middle, before anything is learnt (arXiv:1904.07850)
_SMALLEST, _LARGEST = -3.0, 6.0  # logarithm of a side in cells
_SCORE_TOLERANCE = 1e-3
_PLACE_TOLERANCE_PX = 0.5
_NORM = "INSTANCE"
_LOWEST = 1e-6  # there every box is told, whatever its score


def detector_spec(labels: int, channels: tuple[int, ...] = (16, 32, 64, 96, 128), width: int = 48) -> dict[str, Any]:
    """Description of a small residual encoder and a decoder up to a quarter of the input's size."""
    return {"kind": "centernet", "labels": labels, "channels": list(channels), "width": width}


def build_detector(spec: dict[str, Any]) -> Detector:
    """The network of a description. Raises ValueError for an unknown kind."""
    if spec.get("kind") != "centernet":
        raise ValueError(f"unknown network kind {spec.get('kind')!r}")
    return Detector(int(spec["labels"]), tuple(spec["channels"]), int(spec["width"]))


class Detector(nn.Module):
    """(N, 1, J, I) float32, multiples of 32, to (N, labels + 4, J / 4, I / 4): logits of a middle of each label, and
    the box about it as training.detecting.target_maps has it."""

    def __init__(self, labels: int, channels: tuple[int, ...], width: int) -> None:
        super().__init__()
        first, *others = channels
        self.labels = labels
        self.stem = Convolution(2, 1, first, strides=2, kernel_size=5, norm=_NORM)
        self.down = nn.ModuleList(
            ResidualUnit(2, narrow, wide, strides=2, norm=_NORM) for narrow, wide in zip(channels, others, strict=False)
        )
        self.aside = nn.ModuleList(nn.Conv2d(wide, width, kernel_size=1) for wide in others)
        self.up = nn.ModuleList(Convolution(2, width, width, norm=_NORM) for _ in others[1:])
        self.heat = nn.Sequential(Convolution(2, width, width, norm=_NORM), nn.Conv2d(width, labels, kernel_size=1))
        self.boxes = nn.Sequential(Convolution(2, width, width, norm=_NORM), nn.Conv2d(width, 4, kernel_size=1))
        last = self.heat[1]
        assert isinstance(last, nn.Conv2d) and last.bias is not None
        nn.init.constant_(last.bias, math.log(_PRIOR / (1 - _PRIOR)))

    def forward(self, slices: Tensor) -> Tensor:
        seen, levels = self.stem(slices), []
        for down in self.down:
            seen = down(seen)
            levels.append(seen)
        known = self.aside[-1](levels[-1])
        for up, aside, level in zip(self.up, list(self.aside)[-2::-1], levels[-2::-1], strict=True):
            known = up(aside(level) + F.interpolate(known, scale_factor=2.0, mode="nearest"))
        return torch.cat([self.heat(known), self.boxes(known)], dim=1)


class Decoded(nn.Module):
    """A detector as it is exported: slices (N, 1, J, I) to what decoded makes of its answer."""

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.network = network

    def forward(self, slices: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return decoded(self.network(slices), self.network.labels)


def decoded(told: Tensor, labels: int) -> tuple[Tensor, Tensor, Tensor]:
    """The boxes (N, M, 4) at the peaks of a detector's heat, x0, y0, x1, y1 in pixels of the input, their logits
    (N, M), the highest first, and their labels (N, M), from 1. A peak is the largest of the cells about it
    (arXiv:1904.07850); where there are fewer than M, the rest have a logit of -20."""
    rows, columns = told.shape[2:]
    logits = told[:, :labels]
    peaks = torch.where(logits == F.max_pool2d(logits, 3, 1, 1), logits, torch.full_like(logits, _NO_PEAK))
    scores, places = peaks.flatten(1).topk(min(_MOST, labels * int(rows) * int(columns)))
    at = places % (rows * columns)
    x, y, width, height = (told[:, labels + n].flatten(1).gather(1, at) for n in range(4))
    middle_x, middle_y = x + at % columns + 0.5, y + torch.div(at, columns, rounding_mode="floor") + 0.5
    half_width, half_height = (side.clamp(_SMALLEST, _LARGEST).exp() / 2 for side in (width, height))
    ends = [
        (middle + sign * half).clamp(0, int(cells)) * STRIDE
        for sign in (-1, 1)
        for middle, half, cells in ((middle_x, half_width, columns), (middle_y, half_height, rows))
    ]
    return torch.stack(ends, dim=-1), scores, torch.div(places, rows * columns, rounding_mode="floor") + 1


def load_detector(folder: Path, manifest: ModelManifest) -> Detector:
    """The network of a model folder with its weights, ready to be trained further."""
    network = build_detector(manifest.network)
    network.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return network


def export_detector(network: Detector, manifest: ModelManifest, folder: Path) -> ModelManifest:
    """Write model.onnx, weights.safetensors and manifest.json to folder; returns the manifest with its hashes.

    inference.detect runs the folder on pictures of several sizes; what it finds is compared with the network's own
    boxes. Raises ExportError if scores or places differ, or if nothing at all is found: then it is no model.
    """
    network = network.eval().cpu()
    exported, size = Decoded(network).eval(), manifest.preprocessing.size
    assert size is not None
    outputs = ("boxes", "scores", "labels")
    axes = {name: {0: "n"} for name in ("slices", *outputs)}
    weights, example = network.state_dict(), torch.rand(2, 1, *size)
    return write_checked(exported, weights, manifest, folder, example, axes, outputs, partial(_compare, exported))


def _compare(exported: Decoded, model: LoadedModel) -> None:
    manifest = model.manifest
    assert manifest.boxes is not None
    every = manifest.model_copy(update={"boxes": manifest.boxes.model_copy(update={"lowest": _LOWEST})})
    for picture, found, seen in probed(detect, replace(model, manifest=every)):
        told = found.found
        with torch.no_grad():
            boxes, logits, labels = (one[0].numpy() for one in exported(seen))
        if not told:
            raise ExportError("the exported network finds nothing, whatever the score")
        scale = np.array(seen.shape[:1:-1]) / picture.GetSize()[:2]  # pixels of the input by those of the picture
        scores = 1 / (1 + np.exp(-logits.astype(np.float64)))
        if abs(told[0].score - scores[0]) > _SCORE_TOLERANCE:
            raise ExportError(f"the exported network gives {told[0].score:.3f}, the trained one {scores[0]:.3f}")
        for one in told:
            corners = np.concatenate([(np.array(end[:2]) + 0.5) * scale for end in (one.low, one.high)])
            apart = np.abs(boxes - corners).max(axis=1)
            same = (labels == one.label) & (np.abs(scores - one.score) <= _SCORE_TOLERANCE)
            if not (same & (apart <= _PLACE_TOLERANCE_PX)).any():
                raise ExportError("the exported network finds a box that the trained one does not")
