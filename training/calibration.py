"""The temperature that makes a model's probabilities say how often it is right: fitted on what was held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from monai.inferers.utils import sliding_window_inference
from numpy.typing import NDArray
from torch import nn

from inference.manifest import ModelManifest, Preprocessing
from inference.preprocess import padded_for, slice_stacks, unpadded
from training.compare import held_out_cases
from training.dataset import Split, to_grid
from training.evaluate import calibration_error
from training.losses import IGNORE

_COLDEST, _HOTTEST = 0.5, 5.0  # beyond it a temperature tells of too few samples, not of a network
_MOST_SLICES = 24  # of a case, evenly apart
_MOST_VOXELS = 4096  # of a slice: neighbours say the same
_BISECTIONS = 40


@dataclass(frozen=True)
class Calibration:
    """A temperature and what it does: expected calibration errors before and after, over held-out voxels of which a
    label is the likeliest class. NaN if there is none. checked_on_others: that of after is of units whose temperature
    was fitted on the other units alone; else of the voxels that it was fitted on."""

    temperature: float = 1.0
    unit: Literal["patients", "slices"] | None = None  # None: nothing was held out, so nothing was fitted
    units: int = 0
    ece_before: float = float("nan")
    ece_after: float = float("nan")
    checked_on_others: bool = False


def calibrate(networks: Sequence[tuple[nn.Module, Split]], manifest: ModelManifest) -> Calibration:
    """Fit a temperature to the logits of networks, each on the slices held out from it.

    That of several is also their mean's. Temperature 1 if nothing is held out, no label is in it, or the output is not
    that of a softmax.
    """
    found: dict[str, tuple[NDArray[np.float32], NDArray[np.uint8]]] = {}
    for network, split in networks if manifest.activation == "softmax" else ():
        found |= _held_out_logits(network, split, manifest)
    if not any(target.any() for _, target in found.values()):
        return Calibration()
    logits, target = (np.concatenate(parts) for parts in zip(*found.values(), strict=True))
    temperature = fit_temperature(logits, target)
    after = [_claims(*pair, temperature) for pair in found.values()]
    checked = len(found) > 1
    if checked:
        after = []
        for left_out, pair in found.items():
            others = [other for name, other in found.items() if name != left_out]
            fitted = fit_temperature(*(np.concatenate(parts) for parts in zip(*others, strict=True)))
            after.append(_claims(*pair, fitted))
    return Calibration(
        temperature,
        networks[0][1].unit,
        len(found),
        calibration_error(*_claims(logits, target, 1.0)),
        calibration_error(np.concatenate([one for one, _ in after]), np.concatenate([right for _, right in after])),
        checked,
    )


def fit_temperature(logits: NDArray[np.float32], target: NDArray[np.uint8]) -> float:
    """The temperature in 0.5 to 5 of the least mean negative log-likelihood (Guo et al., ICML 2017).

    logits (N, classes), target (N,). The likelihood is concave in 1 / temperature, whose best is found by halving.
    """
    exact = logits.astype(np.float64)
    right = exact[np.arange(len(target)), target]
    low, high = 1 / _HOTTEST, 1 / _COLDEST
    for _ in range(_BISECTIONS):
        sharpness = (low + high) / 2
        slope = float(np.mean((_softmax(exact * sharpness) * exact).sum(1) - right))
        low, high = (sharpness, high) if slope < 0 else (low, sharpness)
    return 2 / (low + high)


def _claims(
    logits: NDArray[np.float32], target: NDArray[np.uint8], temperature: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Probability of the likeliest class, and whether it is right, where that is a label: there is so much sure
    background that an error over all voxels is always small."""
    likely = _softmax(logits.astype(np.float64) / temperature)
    classes = likely.argmax(1)
    labelled = classes > 0
    return likely.max(1)[labelled], (classes == target)[labelled]


def _softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def _held_out_logits(
    network: nn.Module, split: Split, manifest: ModelManifest
) -> dict[str, tuple[NDArray[np.float32], NDArray[np.uint8]]]:
    """Logits (N, classes) and labels (N,) of some annotated voxels, by held-out patient or slice."""
    network = network.eval()
    device = next(network.parameters()).device
    draw = np.random.default_rng(0)
    found: dict[str, list[tuple[NDArray[np.float32], NDArray[np.uint8]]]] = {}
    for case in held_out_cases(split.held_out):
        grid = to_grid(case, manifest.preprocessing, manifest.classes)
        annotated = np.flatnonzero((grid.target != IGNORE).any(axis=(1, 2)))
        wanted = np.unique(np.linspace(0, len(annotated) - 1, min(len(annotated), _MOST_SLICES)).astype(int))
        logits_of = logits_by_slice(network, grid.voxels, manifest.preprocessing, device)
        for k in annotated[wanted].tolist():
            logits = logits_of(k)
            rows, columns = np.nonzero(grid.target[k] != IGNORE)
            some = draw.permutation(len(rows))[:_MOST_VOXELS]
            rows, columns = rows[some], columns[some]
            unit = case.patient if split.unit == "patients" else f"{case.name} {k}"
            found.setdefault(unit, []).append((logits[:, rows, columns].T, grid.target[k][rows, columns]))
    return {
        unit: (np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))
        for unit, parts in found.items()
    }


def logits_by_slice(
    network: nn.Module, voxels: NDArray[np.float32], preprocessing: Preprocessing, device: torch.device
) -> Callable[[int], NDArray[np.float32]]:
    """What gives the logits (classes, rows, columns) of a slice k of voxels (k, j, i)."""
    if preprocessing.dimensions == 3:
        assert preprocessing.patch is not None
        with torch.no_grad():
            whole = sliding_window_inference(
                torch.from_numpy(voxels)[None, None], preprocessing.patch, 1, network, sw_device=device, device="cpu"
            )
        assert isinstance(whole, torch.Tensor)
        logits = whole[0].numpy()
        return lambda k: logits[:, k]

    inside = unpadded(voxels.shape[1:], preprocessing)

    def of_stack(k: int) -> NDArray[np.float32]:
        stack = padded_for(slice_stacks(voxels, [k], preprocessing.context_slices), preprocessing)
        with torch.no_grad():
            return network(torch.from_numpy(stack).to(device))[0].cpu().numpy()[:, *inside]

    return of_stack
