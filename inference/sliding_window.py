"""Slides what a network sees over a volume and blends what it says, slice by slice, so that little is held at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.preprocess import padded_block, padded_for, padded_sizes, slice_stacks, unpadded

if TYPE_CHECKING:  # onnxruntime, which those need not who only count patches
    from inference.manifest import Preprocessing
    from inference.runtime import LoadedModel

BATCH = 4  # slices, or patches of a slice, that a network gets at once
BLOCKS = 2  # the same, of blocks of three dimensions
_SIGMA = 1 / 8  # of a patch's side: that of the Gaussian by which patches are blended (nnU-Net, Isensee et al. 2021)
_LEAST_WEIGHT = 1e-3  # of the middle's: a quotient of two sums of weights keeps its digits
_LEAST_OF_NNUNET = 2**-24 / 10  # the least number of 16 bits, where the middle's weight is 10

_T = TypeVar("_T")

Progress = Callable[[float], None]


def logit_planes(
    voxels: NDArray[np.float32],
    model: LoadedModel,
    slices: range,
    *,
    mirrored: bool = False,
    progress: Progress = lambda fraction: None,
) -> Iterator[NDArray[np.float32]]:
    """Logits (classes, J, I) of each of some slices of voxels (k, j, i) on the model's grid, one after the other.

    mirrored: of the mean probabilities of the image and its mirror images (LoadedModel.run). progress gets a fraction
    after every run of the network and may raise to cancel.
    """
    if model.manifest.preprocessing.dimensions == 3:
        return _of_blocks(voxels, model, slices, mirrored, progress)
    return _of_slices(voxels, model, slices, mirrored, progress)


def _of_slices(
    voxels: NDArray[np.float32], model: LoadedModel, slices: range, mirrored: bool, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    preprocessing = model.manifest.preprocessing
    rows, columns = unpadded(voxels.shape[1:], preprocessing)
    for start in range(0, len(slices), BATCH):
        batch = slices[start : start + BATCH]
        stacks = padded_for(slice_stacks(voxels, batch, preprocessing.context_slices), preprocessing)
        stacks = repeated(stacks, preprocessing.copies)
        if preprocessing.patch is None or stacks.shape[2:] == preprocessing.patch:
            logits = model.run(stacks, mirrored)
            progress((start + len(batch)) / len(slices))
            yield from logits[..., rows, columns]
            continue
        for n, stack in enumerate(stacks, start):
            blended = _blended(stack, model, mirrored, lambda part, n=n: progress((n + part) / len(slices)))
            yield blended[:, rows, columns]


def _blended(stack: NDArray[np.float32], model: LoadedModel, mirrored: bool, progress: Progress) -> NDArray[np.float32]:
    """Logits (classes, J, I) of one stack (channels, J, I) that is larger than the patch."""
    preprocessing, sizes = model.manifest.preprocessing, stack.shape[1:]
    patch = preprocessing.patch
    assert patch is not None
    weights, total = _weights(patch, preprocessing), np.zeros(sizes, np.float32)
    blended = np.zeros((model.manifest.classes, *sizes), np.float32)
    places = windows(sizes, patch, preprocessing.overlap, preprocessing.steps == "fixed")
    for first in range(0, len(places), BATCH):
        batch = places[first : first + BATCH]
        logits = model.run(np.stack([stack[(slice(None), *window)] for window in batch]), mirrored)
        for window, found in zip(batch, logits, strict=True):
            _add(found, weights, blended[(slice(None), *window)])
            total[window] += weights
        progress(min(1.0, (first + BATCH) / len(places)))
    blended /= total
    return blended


def _of_blocks(
    voxels: NDArray[np.float32], model: LoadedModel, slices: range, mirrored: bool, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    """Held are the slices that the blocks of one layer reach; those that no later layer reaches are given away."""
    preprocessing = model.manifest.preprocessing
    depth, rows, columns = unpadded(voxels.shape, preprocessing)
    slices = range(slices.start + depth.start, slices.stop + depth.start)
    padded = padded_sizes(voxels.shape, preprocessing)
    patch = preprocessing.patch or padded
    deep, sizes, weights = patch[0], padded[1:], _weights(patch, preprocessing)
    overlap, fixed = preprocessing.overlap, preprocessing.steps == "fixed"
    places = windows(sizes, patch[1:], overlap, fixed)
    layers = [top for top in starts(padded[0], deep, overlap, fixed) if _meets(top, deep, slices)]
    held = np.zeros((model.manifest.classes, deep, *sizes), np.float32)
    total, of_a_layer = np.zeros((2, deep, *sizes), np.float32)
    for window in places:
        of_a_layer[(slice(None), *window)] += weights
    blocks = [[(slice(top, top + deep), *window) for window in places] for top in layers]
    with closing(_ahead(_runs_of_blocks(voxels, model, blocks, mirrored))) as runs:
        for n, top in enumerate(layers):
            for m in range(0, len(places), BLOCKS):
                some = places[m : m + BLOCKS]
                for window, found in zip(some, next(runs), strict=True):
                    _add(found, weights, held[(slice(None), slice(None), *window)])
                progress((n + (m + len(some)) / len(places)) / len(layers))
            total += of_a_layer
            on = layers[n + 1] - top if n + 1 < len(layers) else deep
            for k in range(on):
                if top + k in slices:
                    yield (held[:, k] / total[k])[:, rows, columns]
            for k in range(deep - on):  # one by one: numpy makes a copy of what overlaps
                held[:, k], total[k] = held[:, k + on], total[k + on]
            held[:, deep - on :], total[deep - on :] = 0, 0


def _runs_of_blocks(
    voxels: NDArray[np.float32], model: LoadedModel, layers: Sequence[Sequence[tuple[slice, ...]]], mirrored: bool
) -> Iterator[NDArray[np.float32]]:
    """Logits (BLOCKS or fewer, classes, K, J, I) of the blocks of layers."""
    preprocessing = model.manifest.preprocessing
    for blocks in layers:
        for m in range(0, len(blocks), BLOCKS):
            some = np.stack([padded_block(voxels, block, preprocessing) for block in blocks[m : m + BLOCKS]])
            yield model.run(repeated(some[:, None], preprocessing.copies), mirrored)


def _ahead(runs: Iterator[_T]) -> Generator[_T]:
    """What runs give, the next of them under way while one is used. To be closed: it then waits for that one."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, runs, None)
        while (found := coming.result()) is not None:
            coming = pool.submit(next, runs, None)
            yield found


def repeated(values: NDArray[np.float32], copies: int) -> NDArray[np.float32]:
    """The channels, axis 1, several times."""
    return values if copies == 1 else np.concatenate([values] * copies, axis=1)


def _add(found: NDArray[np.float32], weights: NDArray[np.float32], to: NDArray[np.float32]) -> None:
    """Add logits (classes, ...) times their weights, class by class, so that a patch of one stays in the cache."""
    weighted = np.empty(weights.shape, np.float32)
    for one, sums in zip(found, to, strict=True):
        np.multiply(one, weights, out=weighted)
        sums += weighted


def _meets(top: int, deep: int, slices: range) -> bool:
    return top < slices.stop and slices.start < top + deep


def windows(sizes: Sequence[int], patch: Sequence[int], overlap: float, fixed: bool = False) -> list[tuple[slice, ...]]:
    """Where patches lie that slide over an array of some sizes."""
    along = [starts(size, side, overlap, fixed) for size, side in zip(sizes, patch, strict=True)]
    return [
        tuple(slice(start, start + side) for start, side in zip(at, patch, strict=True))
        for at in itertools.product(*along)
    ]


def starts(size: int, side: int, overlap: float, fixed: bool = False) -> list[int]:
    """Where patches of a side begin along an axis: evenly apart, by at most the part of a side that does not overlap,
    the first at its beginning and the last at its end. fixed: by that part, but for the last."""
    if size <= side:
        return [0]
    if fixed:
        apart = max(int(side * (1 - overlap)), 1)
        return [*range(0, size - side, apart), size - side]
    count = math.ceil((size - side) / max(side * (1 - overlap), 1.0)) + 1
    return [round(at) for at in np.linspace(0, size - side, count).tolist()]


def _weights(patch: Sequence[int], preprocessing: Preprocessing) -> NDArray[np.float32]:
    if preprocessing.weights == "equal":
        return np.ones(patch, np.float32)
    return gaussian(patch, preprocessing.weights == "nnunet")


def gaussian(patch: Sequence[int], nnunet: bool = False) -> NDArray[np.float32]:
    """Weights of a patch's voxels, 1 in its middle, which in nnU-Net is one of them."""
    weights = np.ones(())
    for side in patch:
        middle = side // 2 if nnunet else (side - 1) / 2
        away = (np.arange(side) - middle) / (side * _SIGMA)
        weights = weights[..., None] * np.exp(-(away**2) / 2)
    least = _LEAST_OF_NNUNET if nnunet else _LEAST_WEIGHT
    return np.maximum(weights / weights.max(), least).astype(np.float32)
