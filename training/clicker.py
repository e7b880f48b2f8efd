"""An interactive model: its network as it is exported, checked by the code that will run it, and how many clicks it
needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.interactive import Clicked, answer_clicks
from inference.manifest import ModelManifest
from inference.runtime import LoadedModel
from training.clicked_regions import next_click
from training.clicking import BEFORE, BELONGS, BOX, GREY, NOT
from training.export import ExportError, write_checked

MOST_CLICKS = 20
ENOUGH = 0.9  # Dice
_TOLERANCE = 2e-3  # of the logits' own spread
_CHECKED_AT = (64, 128)  # a multiple of what the network halves its input to, and not the size of its training


@dataclass(frozen=True)
class Effort:
    """What clicks achieved on a region: Dice after each, and how many it took to reach 0.9; MOST_CLICKS and one where
    that was never reached."""

    dice: tuple[float, ...]

    @property
    def clicks(self) -> int:
        return next((n for n, dice in enumerate(self.dice, 1) if dice >= ENOUGH), MOST_CLICKS + 1)

    def after(self, clicks: int) -> float:
        """Dice after so many clicks, or after fewer if nothing was wrong any more."""
        return self.dice[min(clicks, len(self.dice)) - 1]


def effort(
    model: LoadedModel,
    picture: NDArray[np.float32],
    mask: NDArray[np.bool_],
    pixel_mm: tuple[float, float],
    clicks: int = MOST_CLICKS,
) -> Effort:
    """Of a region, clicked in the middle of the largest fault each time, until the answer is good enough."""
    found = np.zeros_like(mask)
    marks: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    dice: list[float] = []
    while len(dice) < clicks and (not dice or dice[-1] < ENOUGH):
        click = next_click(found, mask)
        if click is None:
            break
        row, column, belongs = click
        marks[belongs].append((row, column))
        found = answer_clicks(Clicked(picture, pixel_mm, marks[True], marks[False], None, found), model)
        dice.append(float(2 * (found & mask).sum() / (found.sum() + mask.sum())))
    return Effort(tuple(dice))


def export_clicker(network: nn.Module, manifest: ModelManifest, folder: Path) -> ModelManifest:
    """Write model.onnx, weights.safetensors and manifest.json to folder; returns the manifest with its hashes.

    The network is compared with the exported one at two sizes, and with what inference.interactive answers to clicks
    in a picture. Raises ExportError if they differ: then it is no model.
    """
    network = network.eval().cpu()
    assert manifest.clicks is not None and manifest.preprocessing.size is not None
    example = torch.rand(2, manifest.clicks.channels, *manifest.preprocessing.size)
    axes = {name: {0: "n", 2: "j", 3: "i"} for name in ("stacks", "logits")}
    check = partial(_compare, network)
    return write_checked(network, network.state_dict(), manifest, folder, example, axes, ["logits"], check)


def _compare(network: nn.Module, model: LoadedModel) -> None:
    size, clicks = model.manifest.preprocessing.size, model.manifest.clicks
    assert size is not None and clicks is not None
    draw = np.random.default_rng(0)
    for rows, columns in (size, _CHECKED_AT):
        seen = draw.random((2, clicks.channels, rows, columns), dtype=np.float32)
        expected = _logits(network, seen)
        spread = float(expected.std())
        if spread < 1e-3:
            raise ExportError("the network's output is flat, so the export cannot be checked")
        if (apart := float(np.abs(model.run(seen) - expected).max())) > _TOLERANCE * spread:
            raise ExportError(f"the exported network differs from the trained one by {apart:.2g}")
    # A picture of the network's own size, and a region that is not small: what the network sees is written out here.
    picture = draw.random(size, dtype=np.float32)
    picture.flat[:2] = 0, 1
    before = np.ones(size, bool)
    seen = np.zeros((1, clicks.channels, *size), np.float32)
    middle = size[0] // 2, size[1] // 2
    seen[0, [BOX, BEFORE]] = 1
    low, high = np.percentile(picture, (0.5, 99.5))
    seen[0, GREY] = np.clip((picture - low) / (high - low), 0, 1)
    rows, columns = np.ogrid[: size[0], : size[1]]
    for channel, (row, column) in ((BELONGS, middle), (NOT, (4, 4))):
        seen[0, channel] = (rows - row) ** 2 + (columns - column) ** 2 <= clicks.radius**2
    found = answer_clicks(Clicked(picture, (1.0, 1.0), [middle], [(4, 4)], None, before), model)
    expected = _logits(network, seen)[0, 0]
    sure = np.abs(expected) > _TOLERANCE * max(1.0, float(np.abs(expected).max()))
    small = _longest(found) <= 0.4 * max(size)  # then it was looked at again, enlarged
    if not small and (found != (expected > 0))[sure].any():
        raise ExportError("inference answers clicks otherwise than the trained network")


def _longest(mask: NDArray[np.bool_]) -> int:
    places: Sequence[NDArray] = np.nonzero(mask)
    return max((int(np.ptp(along)) + 1 for along in places if len(along)), default=0)


def _logits(network: nn.Module, seen: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        return network(torch.from_numpy(seen)).numpy()
