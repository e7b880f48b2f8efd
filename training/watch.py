"""What a training looks like while it goes on: a few held-out slices, as the network of the moment marks them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from inference.manifest import ModelManifest
from training import distributed
from training.compare import held_out_cases
from training.dataset import GridCase, Split, seen_about, to_grid
from training.evaluate import mean_defined
from training.gate import overlaps
from training.losses import IGNORE

SAMPLES = "samples"  # the folder in out of what the watched slices look like, for a person to see
_WATCHED_SLICES = 12  # held-out slices looked at during training; the report measures all of them
_SHOWN = 3  # of them, that a person sees
_SLIVER_VOXELS = 12  # on the model's grid, which is coarser than the one that the gate's limit is for


class Watch:
    """A quick look at some held-out slices during training, on the model's grid; the report measures in full.

    Of a few of them folder, if any, gets what a person wants to see, n counting them: slices.npz with image_n (J, I)
    uint8, reference_n (J, I) uint8 (255 where nobody has annotated); and of each look a file with predicted_n (J, I)
    uint8.
    """

    def __init__(self, split: Split, manifest: ModelManifest, device: str, folder: Path | None) -> None:
        self._device, self._classes, self._folder = device, manifest.classes, folder
        self._corrected: set[int] | None = set()
        self._stacks: list[tuple[torch.Tensor, NDArray[np.uint8]]] = []
        places: list[tuple[GridCase, int]] = []
        for case in held_out_cases(split.held_out):
            grid_case = to_grid(case, manifest.preprocessing, manifest.classes)
            known = (grid_case.target != IGNORE).mean(axis=(1, 2))
            places += [(grid_case, int(k)) for k in np.flatnonzero(known > 0.5)]
            if case.corrected is None or self._corrected is None:
                self._corrected = None
            else:
                self._corrected |= set(case.corrected)
        for n in np.unique(np.linspace(0, len(places) - 1, min(len(places), _WATCHED_SLICES)).astype(int)):
            grid_case, k = places[n]
            stack, target = seen_about(grid_case, k, manifest.preprocessing)
            self._stacks.append((torch.from_numpy(stack).to(device), target))
        filled = [int(((target > 0) & (target != IGNORE)).sum()) for _, target in self._stacks]
        fullest = sorted(range(len(filled)), key=lambda n: -filled[n])
        self._shown = sorted(fullest[:_SHOWN])
        self._write_slices()

    def _write_slices(self) -> None:
        arrays: dict[str, Any] = {}
        for n, at in enumerate(self._shown):
            stack, target = self._stacks[at]
            unpadded = tuple(map(slice, target.shape))
            image = _middle(stack[0, stack.shape[1] // 2].cpu().numpy()[unpadded])
            low, high = np.percentile(image, (0.5, 99.5))
            arrays[f"image_{n}"] = (255 * np.clip((image - low) / max(high - low, 1e-6), 0, 1)).astype(np.uint8)
            arrays[f"reference_{n}"] = _middle(target).astype(np.uint8)
        self._write("slices.npz", arrays)

    def _write(self, name: str, arrays: dict[str, Any]) -> None:
        if self._folder is None or not distributed.is_first():
            return
        with contextlib.suppress(OSError):  # nobody trains to see these
            self._folder.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(self._folder / name, **arrays)

    def look(self, teacher: nn.Module, arms: Sequence[str], step: int, tell: Callable[[dict[str, Any]], None]) -> None:
        """Tell the mean Dice over corrected classes of the watched slices, for the arms that have this teacher."""
        if not self._stacks:
            return
        predicted, reference, whole = [], [], []
        with torch.no_grad():
            for stack, target in self._stacks:
                unpadded = tuple(map(slice, target.shape))
                classes = teacher(stack)[0].argmax(0)[unpadded].cpu().numpy().astype(np.uint8)
                whole.append(_middle(classes))
                predicted.append(classes[target != IGNORE])
                reference.append(target[target != IGNORE])
        values = [v for v in range(1, self._classes) if self._corrected is None or v in self._corrected]
        dice = mean_defined([_slice_dice(*pair, values) for pair in zip(predicted, reference, strict=True)])
        samples = f"{arms[0]}-{step:06d}.npz" if self._folder is not None else ""
        self._write(samples, {f"predicted_{n}": whole[at] for n, at in enumerate(self._shown)})
        for arm in arms:
            tell({"event": "evaluation", "arm": arm, "dice": dice, "step": step, "samples": samples})


def _middle(block: NDArray[Any]) -> NDArray[Any]:
    """The middle slice (J, I) of a block (k, J, I), or the slice itself."""
    return block if block.ndim == 2 else block[len(block) // 2]


def _slice_dice(predicted: NDArray[np.uint8], reference: NDArray[np.uint8], values: Sequence[int]) -> float:
    """Mean Dice over the classes of which there is more than a sliver in a slice, as the gate averages them."""
    found = overlaps(predicted, reference, values).values()
    return mean_defined([o.dice for o in found if max(o.predicted, o.reference) >= _SLIVER_VOXELS])
