"""The recipe of the shipped model `brain-structures-mr`: 29 brain structures on head MR, best on T1.

    python -m training.brain_structures --label-maps DIR --out DIR --minutes 90

DIR holds the label maps of SynthSeg (Apache-2.0): training_seg_NN.nii.gz, FreeSurfer numbers.
"""

from __future__ import annotations

import argparse
import copy
import json
import queue
import sys
import threading
import time
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import torch
from torch import Tensor

from training.loops import LoopSettings, training_steps
from training.losses import batch_dice, dice_cross_entropy
from training.networks import build_network, unet_spec
from training.synthesis import Anatomy, LabelMapSampler, SlabSettings

VALIDATION = ("09",)
TEST = ("03", "11", "17")  # never trained on, looked at once
_POOL_SLABS = 64

# class name, label-map values on the left, on the right (None: a structure of the midline), T1 intensity
_SIDED = (
    ("cerebral white matter", (2, 25, 30), (41, 57, 62)),
    ("cerebral cortex", (3,), (42,)),
    ("lateral ventricle", (4, 5, 136, 137), (43, 44, 163, 164)),
    ("cerebellar white matter", (7,), (46,)),
    ("cerebellar cortex", (8,), (47,)),
    ("thalamus", (10,), (49,)),
    ("caudate nucleus", (11,), (50,)),
    ("putamen", (12,), (51,)),
    ("globus pallidus", (13,), (52,)),
    ("hippocampus", (17,), (53,)),
    ("amygdala", (18,), (54,)),
    ("nucleus accumbens", (26,), (58,)),
    ("ventral diencephalon", (28,), (60,)),
)
_MIDLINE = (("Third ventricle", (14,)), ("Fourth ventricle", (15,)), ("Brainstem", (16,)))
_T1 = {
    2: 0.78, 25: 0.55, 30: 0.25, 3: 0.52, 4: 0.14, 5: 0.14, 136: 0.42, 137: 0.42, 7: 0.76, 8: 0.50, 10: 0.64,
    11: 0.54, 12: 0.58, 13: 0.70, 17: 0.51, 18: 0.50, 26: 0.52, 28: 0.68, 14: 0.14, 15: 0.14, 16: 0.70, 24: 0.15,
    72: 0.15, 85: 0.60,
}  # fmt: skip
_OTHER_SIDE = {2: 41, 25: 57, 30: 62, 3: 42, 4: 43, 5: 44, 136: 163, 137: 164, 7: 46, 8: 47, 10: 49, 11: 50, 12: 51,
               13: 52, 17: 53, 18: 54, 26: 58, 28: 60}  # fmt: skip
_FLUID, _OPTIC_CHIASM, _FIFTH_VENTRICLE = 24, 85, 72
_OUTSIDE = (502, 506, 507, 508, 509, 511, 512, 514, 515, 516, 530)


def class_names() -> tuple[str, ...]:
    """Names of classes 1..29, in order: left and right of each sided structure, then the midline."""
    sided = [f"{side} {name}" for name, *_ in _SIDED for side in ("Left", "Right")]
    return tuple(sided + [name for name, _ in _MIDLINE])


def anatomy() -> Anatomy:
    """Generation labels, their classes, sides and tissues for FreeSurfer-numbered whole-head label maps."""
    class_of: dict[int, int] = {}
    for n, (_, left, right) in enumerate(_SIDED):
        class_of |= dict.fromkeys(left, 2 * n + 1) | dict.fromkeys(right, 2 * n + 2)
    for n, (_, values) in enumerate(_MIDLINE):
        class_of |= dict.fromkeys(values, 2 * len(_SIDED) + n + 1)
    values = np.array([0, *sorted(class_of), _FLUID, _FIFTH_VENTRICLE, _OPTIC_CHIASM, *_OUTSIDE])
    place = {int(v): n for n, v in enumerate(values)}
    other = _OTHER_SIDE | {right: left for left, right in _OTHER_SIDE.items()}
    left_of = {right: left for left, right in _OTHER_SIDE.items()}
    tissue_names = sorted({left_of.get(int(v), int(v)) for v in values})
    tissue = {v: n for n, v in enumerate(tissue_names)}
    rng = np.random.default_rng(0)
    return Anatomy(
        values=values,
        classes=np.array([class_of.get(int(v), 0) for v in values]),
        mirrored=np.array([place[other.get(int(v), int(v))] for v in values]),
        tissues=np.array([tissue[left_of.get(int(v), int(v))] for v in values]),
        outside=np.array([v == 0 or int(v) in _OUTSIDE for v in values]),
        fluid=place[_FLUID],
        t1_mean=np.array(
            [0.0 if v == 0 else _T1.get(left_of.get(int(v), int(v)), rng.uniform(0.1, 0.9)) for v in values],
            dtype=np.float32,
        ),
    )


def load_label_maps(folder: Path, parts: Anatomy) -> dict[str, Tensor]:
    """Generation labels (k, j, i) uint8 on the LPS grid of each map, cropped to the head; by map number."""
    lookup = np.zeros(int(parts.values.max()) + 1, dtype=np.uint8)
    lookup[parts.values] = np.arange(len(parts.values))
    maps = {}
    for file in sorted(folder.glob("training_seg_*.nii.gz")):
        values = sitk.GetArrayFromImage(sitk.DICOMOrient(sitk.ReadImage(str(file)), "LPS"))
        labels = lookup[np.minimum(values, len(lookup) - 1)]
        head = np.argwhere(labels > 0)
        low, high = head.min(0), head.max(0) + 1
        box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        maps[file.name.split("_")[2].split(".")[0]] = torch.from_numpy(np.ascontiguousarray(labels[box]))
    if not maps:
        raise SystemExit(f"there are no training_seg_*.nii.gz in {folder}")
    return maps


class _Batches:
    """Slices drawn from a pool of many slabs that worker threads keep renewing: a step of 16 slices then shows about
    as many heads and contrasts, where slices of one slab would all look alike."""

    def __init__(self, sampler: LabelMapSampler, seed: int, workers: int) -> None:
        self._sampler, self._generator = sampler, torch.Generator().manual_seed(seed)
        self._ready: queue.Queue[tuple[Tensor, Tensor]] = queue.Queue(maxsize=8)
        self._pool: list[tuple[Tensor, Tensor]] = []
        self._oldest = 0
        for n in range(workers):
            threading.Thread(target=self._fill, args=(seed * 1000 + n,), daemon=True).start()

    def _fill(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        while True:
            self._ready.put(self._sampler.sample(generator))

    def next(self, slices: int, new_slabs: int) -> tuple[Tensor, Tensor]:
        """Images (slices, context, rows, columns) and classes (slices, rows, columns)."""
        while len(self._pool) < _POOL_SLABS:
            self._pool.append(self._ready.get())
        for _ in range(new_slabs):
            self._pool[self._oldest % _POOL_SLABS] = self._ready.get()
            self._oldest += 1
        slabs = torch.randint(_POOL_SLABS, (slices,), generator=self._generator).tolist()
        within = torch.randint(len(self._pool[0][1]), (slices,), generator=self._generator).tolist()
        drawn = [(self._pool[slab][0][n], self._pool[slab][1][n]) for slab, n in zip(slabs, within, strict=True)]
        return torch.stack([image for image, _ in drawn]), torch.stack([target for _, target in drawn])


def _watched(sampler: LabelMapSampler) -> list[tuple[Tensor, Tensor]]:
    """Twelve slabs of brain: on one without any structure, finding nothing would score 1."""
    generator = torch.Generator().manual_seed(7)
    watched: list[tuple[Tensor, Tensor]] = []
    while len(watched) < 12:
        images, target = sampler.sample(generator)
        if (target > 0).float().mean() > 0.05:
            watched.append((images, target))
    return watched


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label-maps", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="holds checkpoint.pt and log.jsonl; rerun to resume")
    parser.add_argument("--minutes", type=float, help="wall-clock budget; or")
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=16, help="slices a step")
    parser.add_argument("--slabs", type=int, default=1, help="label-map samples made anew each step, 6 slices each")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--channels", default="24,48,96,192,256")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(options.seed)
    parts = anatomy()
    maps = load_label_maps(options.label_maps, parts)
    settings = SlabSettings()
    trained = [m for n, m in maps.items() if n not in VALIDATION + TEST]
    batches = _Batches(LabelMapSampler(trained, parts, settings, device), options.seed, options.workers)
    watched = _watched(LabelMapSampler([maps[n] for n in VALIDATION], parts, settings, device))
    channels = tuple(int(c) for c in options.channels.split(","))
    network = build_network(unet_spec(2 * settings.context + 1, int(parts.classes.max()) + 1, channels)).to(device)
    ema = copy.deepcopy(network).requires_grad_(False)

    def loss_of_step(step: int) -> tuple[Tensor, dict[str, float]]:
        images, target = batches.next(options.batch, options.slabs)
        logits = network(images)
        return dice_cross_entropy(logits, target), {"dice": batch_dice(logits, target) if step % 50 == 49 else -1.0}

    log = (options.out / "log.jsonl").open("a", encoding="utf-8")
    started = time.monotonic()

    def report(event: dict) -> None:
        if event["step"] % 500 == 0:
            ema.eval()
            with torch.no_grad():
                event["validation_dice"] = float(np.mean([batch_dice(ema(i), t) for i, t in watched]))
        event["seconds"] = round(time.monotonic() - started, 1)
        log.write(json.dumps(event) + "\n")
        log.flush()

    loop = LoopSettings(
        steps=options.steps,
        minutes=options.minutes,
        learning_rate=options.learning_rate,
        ema_decay=0.999,
        report_every=50,
    )
    checkpoint = options.out / "checkpoint.pt"
    for _ in training_steps(network, ema, loss_of_step, loop, checkpoint=checkpoint, report=report):
        pass


if __name__ == "__main__":
    sys.exit(main())
