"""What models find for a person: image in, boxes with scores in the image's own index space out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inference.manifest import Boxes, ModelError
from inference.preprocess import ModelGrid, padded_block, padded_for, padded_sizes, slice_stacks
from inference.results import MOST_FOUND, Detection, Detections, Index
from inference.runtime import LoadedModel
from inference.sliding_window import BATCH, repeated, windows
from inference.tasks import seen

if TYPE_CHECKING:
    import SimpleITK as sitk

Progress = Callable[[float, str], None]

_MOST_TOLD = 250_000  # boxes of one slice or block, of whatever score: what large networks of anchors have
_MOST_AT_ONCE = 1000  # boxes of one slice or block above the lowest score
_BEYOND = 0.5  # of the input's size: so far a box may reach out of it
_AT_EDGE_PX = 1.0
_LEAST_PX = 1e-3
_SATURATED = 10  # from so many boxes on that all have one score, it tells nothing
_LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class _Boxes:
    """Boxes of one slice or volume. corners (n, 2, axes): lower and upper edge along the axes [k,] j, i; cut: those at
    the edge of a patch beyond which the image goes on."""

    corners: NDArray[np.float64]
    scores: NDArray[np.float64]
    labels: NDArray[np.int64]
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, which: NDArray) -> _Boxes:
        return _Boxes(self.corners[which], self.scores[which], self.labels[which], self.cut[which])

    @classmethod
    def of(cls, parts: list[_Boxes]) -> _Boxes:
        return cls(*(np.concatenate(one) for one in zip(*(vars(part).values() for part in parts), strict=True)))

    def same_as(self, other: _Boxes) -> bool:
        """The very same places and scores."""
        return np.array_equal(self.corners, other.corners) and np.array_equal(self.scores, other.scores)


@dataclass
class _Chain:
    """Boxes of neighbouring slices that are one finding. best is the one of the highest score, on the slice of a
    number; last is that of the last slice."""

    label: int
    first: int
    until: int
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]
    best: NDArray[np.float64]
    best_slice: int
    score: float


def detect(
    image: sitk.Image,
    model: LoadedModel,
    *,
    progress: Progress = lambda fraction, text: None,
) -> Detections:
    """Find what a detection model finds in a 3-D image (LPS, mm), whatever its orientation.

    progress gets a fraction and a text, and may raise to cancel. Raises ModelError for an image that is not 3-D or has
    one value throughout, and for a result that must not be shown: outputs of other names, shapes or values than the
    manifest says, boxes elsewhere than in the image, and more of them than anybody looks at.
    """
    started = time.monotonic()
    manifest = model.manifest
    assert manifest.boxes is not None
    progress(0.0, "Preparing the image")
    grid, voxels = seen(image, model)

    def report(part: float) -> None:
        progress(part, f"Running {manifest.name} on {model.provider}")

    report(0.0)
    answers = _Answers(model, manifest.boxes)
    if manifest.preprocessing.dimensions == 3:
        found = [_finding(corners, score, label, grid) for corners, score, label in _in_volume(voxels, answers, report)]
    else:
        chains = _joined(_on_slices(voxels, answers, report), manifest.boxes.joined)
        found = [_finding_of(chain, grid) for chain in chains]
    answers.refuse_constant()
    whole = [one for one in found if one is not None]
    if len(whole) > MOST_FOUND:
        raise ModelError(f"{manifest.name} found {len(whole)} things, more than anybody looks at; they are discarded")
    whole.sort(key=lambda one: (-one.score, one.label, one.low))
    return Detections(tuple(whole), model.told(time.monotonic() - started))


# What a network says


class _Answers:
    """Runs a network and reads its outputs as its manifest says. Raises ModelError where they are something else."""

    def __init__(self, model: LoadedModel, boxes: Boxes) -> None:
        self.model, self.boxes = model, boxes
        names = [output.name for output in model.sessions[0].get_outputs()]
        wanted = [boxes.places, boxes.scores, *([boxes.labels] if boxes.labels is not None else [])]
        missing = [name for name in wanted if name not in names]
        if missing:
            raise ModelError(f"{self._name} has no output {missing[0]}, which its manifest names")
        self._at = [names.index(name) for name in wanted]
        self._first: tuple[NDArray[np.float32], _Boxes] | None = None  # an input, and what was found in it
        self._varied = False  # something else was found in another
        self._told, self._scores = 0, (np.inf, -np.inf)  # how many scores, and the lowest and highest of them

    @property
    def _name(self) -> str:
        return self.model.manifest.name

    def __call__(self, batch: NDArray[np.float32]) -> list[_Boxes]:
        """What was found in each of scaled values (N, channels, [K,] J, I), in pixels of them."""
        try:
            outputs = self.model.outputs(batch)
        except ValueError as error:  # parts of a batch with boxes of another count each
            raise ModelError(f"{self._name} gave boxes that do not fit together; they are discarded") from error
        places, scores, *labels = (outputs[at] for at in self._at)
        axes = batch.ndim - 2
        fits = scores.ndim == 2 and len(scores) == len(batch) and places.shape == (*scores.shape, 2 * axes)
        if not fits or any(one.shape != scores.shape for one in labels):
            raise ModelError(
                f"{self._name} gave boxes of shape {places.shape} and scores of shape {scores.shape}; its manifest "
                f"says ({len(batch)}, M, {2 * axes}) and ({len(batch)}, M)"
            )
        if scores.shape[1] > _MOST_TOLD:
            raise ModelError(f"{self._name} gave {scores.shape[1]} boxes at once; they are discarded")
        told = labels[0] if labels else np.full(scores.shape, self.boxes.first_label)
        found = [self._read(*one, batch.shape[2:]) for one in zip(places, scores, told, strict=True)]
        self._first = self._first or (batch[:1], found[0])
        self._varied = self._varied or not all(one.same_as(self._first[1]) for one in found)
        return found

    def refuse_constant(self) -> None:
        """Raise ModelError if all scores were the same, or if the very same boxes were found whatever was shown: where
        no two inputs told them apart, nothing at all is shown once more."""
        if self._finds_the_same():
            raise ModelError(f"{self._name} gave the same boxes whatever it saw; they are discarded")
        low, high = self._scores
        if self._told >= _SATURATED and low == high > _LEAST_PROBABILITY:
            raise ModelError(f"{self._name} gave every box the same score; they are discarded")

    def _finds_the_same(self) -> bool:
        if self._first is None or self._varied or not len(self._first[1]):
            return False
        seen, found = self._first
        try:
            (of_nothing,) = self(np.full_like(seen, seen.mean()))
        except ModelError:
            return False  # it does look at what it is shown
        return of_nothing.same_as(found)

    def _read(self, places: NDArray, scores: NDArray, labels: NDArray, sizes: tuple[int, ...]) -> _Boxes:
        """Those above the lowest score, of one input of some sizes."""
        likely = self._calibrated(scores.astype(np.float64))
        if likely.size:
            self._told += likely.size
            self._scores = min(self._scores[0], float(likely.min())), max(self._scores[1], float(likely.max()))
        kept = np.flatnonzero(likely >= self.boxes.lowest)
        if len(kept) > _MOST_AT_ONCE:
            raise ModelError(f"{self._name} gave {len(kept)} boxes at once; they are discarded")
        corners = places[kept].astype(np.float64).reshape(len(kept), 2, len(sizes))[..., ::-1]  # x last
        values = labels[kept].astype(np.int64) - self.boxes.first_label + 1
        if (
            not np.array_equal(labels[kept], labels[kept].astype(np.int64))
            or not np.isin(values, [label.value for label in self.model.manifest.labels]).all()
        ):
            raise ModelError(f"{self._name} gave a label that its manifest does not have; the boxes are discarded")
        size = np.array(sizes)
        middle = corners.mean(axis=1)
        inside = ((middle >= 0) & (middle <= size)).all(axis=1)
        reach = (corners >= -_BEYOND * size) & (corners <= (1 + _BEYOND) * size)
        if not inside.all() or not reach.all():
            raise ModelError(f"{self._name} gave a box outside of what it was shown; the boxes are discarded")
        if (corners[:, 1] < corners[:, 0]).any():
            raise ModelError(f"{self._name} gave a box whose ends are exchanged; the boxes are discarded")
        return _Boxes(np.ascontiguousarray(corners), likely[kept], values, np.zeros(len(kept), bool))

    def _calibrated(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities, by the activation and the temperature of the manifest."""
        manifest = self.model.manifest
        if manifest.activation == "sigmoid":
            logits = scores
        else:
            if scores.size and (scores.min() < 0 or scores.max() > 1):
                raise ModelError(f"{self._name} gave scores that are no probabilities, as its manifest says they are")
            if manifest.temperature == 1:
                return scores
            likely = np.clip(scores, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
            logits = np.log(likely / (1 - likely))
        return 1 / (1 + np.exp(-np.clip(logits / manifest.temperature, -500, 500)))


# Over slices and volumes


def _on_slices(voxels: NDArray[np.float32], answers: _Answers, progress: Callable[[float], None]) -> Iterator[_Boxes]:
    """The boxes on each slice of voxels (k, j, i), one slice after the other."""
    preprocessing, sizes = answers.model.manifest.preprocessing, voxels.shape[1:]
    for start in range(0, len(voxels), BATCH):
        slices = range(start, min(start + BATCH, len(voxels)))
        stacks = repeated(
            padded_for(slice_stacks(voxels, slices, preprocessing.context_slices), preprocessing), preprocessing.copies
        )
        if preprocessing.patch is None or stacks.shape[2:] == preprocessing.patch:
            told = answers(stacks)
            progress(slices.stop / len(voxels))
        else:
            told = [
                _over_patches(stack, answers, lambda part, n=n: progress((n + part) / len(voxels)))
                for n, stack in zip(slices, stacks, strict=True)
            ]
        for one in told:
            yield _thinned(_within(one, sizes), answers)


def _over_patches(stack: NDArray[np.float32], answers: _Answers, progress: Callable[[float], None]) -> _Boxes:
    """The boxes on one stack (channels, J, I) that is larger than the patch."""
    preprocessing, sizes = answers.model.manifest.preprocessing, stack.shape[1:]
    assert preprocessing.patch is not None
    places, found = windows(sizes, preprocessing.patch, preprocessing.overlap), []
    for start in range(0, len(places), BATCH):
        batch = places[start : start + BATCH]
        told = answers(np.stack([stack[(slice(None), *window)] for window in batch]))
        found += [_moved(one, window, sizes) for one, window in zip(told, batch, strict=True)]
        progress(min(1.0, (start + BATCH) / len(places)))
    return _Boxes.of(found)


def _in_volume(
    voxels: NDArray[np.float32], answers: _Answers, progress: Callable[[float], None]
) -> Iterator[tuple[NDArray[np.float64], float, int]]:
    """Corners (2, 3), score and label of each box in voxels (k, j, i) of a model of three dimensions."""
    preprocessing = answers.model.manifest.preprocessing
    padded = padded_sizes(voxels.shape, preprocessing)
    places, found = windows(padded, preprocessing.patch or padded, preprocessing.overlap), []
    for n, window in enumerate(places, 1):
        block = padded_block(voxels, window, preprocessing)
        (told,) = answers(repeated(np.ascontiguousarray(block)[None, None], preprocessing.copies))
        found.append(_moved(told, window, padded))
        progress(n / len(places))
    kept = _thinned(_within(_Boxes.of(found), voxels.shape), answers)
    yield from zip(kept.corners, kept.scores.tolist(), kept.labels.tolist(), strict=True)


def _moved(boxes: _Boxes, window: tuple[slice, ...], sizes: tuple[int, ...]) -> _Boxes:
    """Boxes of a patch where they lie in all of it, which has some sizes."""
    starts, stops = (np.array([getattr(part, end) for part in window]) for end in ("start", "stop"))
    corners = boxes.corners + starts
    at_start = (corners[:, 0] <= starts + _AT_EDGE_PX) & (starts > 0)
    at_stop = (corners[:, 1] >= stops - _AT_EDGE_PX) & (stops < np.array(sizes))
    return replace(boxes, corners=corners, cut=(at_start | at_stop).any(axis=1))


def _within(boxes: _Boxes, sizes: tuple[int, ...]) -> _Boxes:
    """Boxes as far as they lie in the image and not in its padding."""
    corners = np.clip(boxes.corners, 0, np.array(sizes))
    return replace(boxes, corners=corners)[np.flatnonzero((np.diff(corners, axis=1)[:, 0] > _LEAST_PX).all(axis=1))]


def _thinned(boxes: _Boxes, answers: _Answers) -> _Boxes:
    """Of boxes of a label that overlap the one of the highest score. One that the edge of a patch cut gives way to a
    whole one that holds a large part of it, and two halves are put together."""
    if len(boxes) > _MOST_AT_ONCE * BATCH:
        raise ModelError(f"{answers.model.manifest.name} gave {len(boxes)} boxes at once; they are discarded")
    most = answers.boxes.overlap
    corners, left = boxes.corners.copy(), np.lexsort((-boxes.scores, boxes.cut))
    kept = []
    while len(left):
        one, rest = left[0], left[1:]
        alike = boxes.labels[rest] == boxes.labels[one]
        shared = _intersection(corners[one], corners[rest])
        own, others = _content(corners[one]), _content(corners[rest])
        same = alike & (shared > most * (own + others - shared))
        part = alike & boxes.cut[rest] & (shared > most * (np.minimum(own, others) if boxes.cut[one] else others))
        if boxes.cut[one] and part.any():
            halves = rest[part]
            corners[one, 0] = np.minimum(corners[one, 0], corners[halves, 0].min(axis=0))
            corners[one, 1] = np.maximum(corners[one, 1], corners[halves, 1].max(axis=0))
        kept.append(one)
        left = rest[~(same | part)]
    return replace(boxes, corners=corners)[np.array(kept, np.int64)]


def _intersection(one: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a box (2, axes) and each of others (n, 2, axes) have in common: area or volume."""
    sides = np.minimum(one[1], others[:, 1]) - np.maximum(one[0], others[:, 0])
    return np.prod(np.maximum(sides, 0), axis=1)


def _content(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area or volume of boxes (..., 2, axes)."""
    return np.prod(corners[..., 1, :] - corners[..., 0, :], axis=-1)


def _joined(slices: Iterator[_Boxes], least: float | None) -> list[_Chain]:
    """The boxes of slices, one after the other, those as one that go on from slice to slice."""
    ended: list[_Chain] = []
    going: list[_Chain] = []
    for number, boxes in enumerate(slices):
        free, still = np.ones(len(boxes), bool), []
        for chain in sorted(going, key=lambda chain: -chain.score):
            next_one = _next_of(chain, boxes, free, least)
            if next_one is None:
                ended.append(chain)
                continue
            free[next_one] = False
            corners, score = boxes.corners[next_one], float(boxes.scores[next_one])
            chain.until, chain.last = number, corners
            chain.low, chain.high = np.minimum(chain.low, corners[0]), np.maximum(chain.high, corners[1])
            if score > chain.score:
                chain.best, chain.best_slice, chain.score = corners, number, score
            still.append(chain)
        for n in np.flatnonzero(free):
            box = boxes.corners[n]
            label, score = int(boxes.labels[n]), float(boxes.scores[n])
            still.append(_Chain(label, number, number, box[0], box[1], box, box, number, score))
        going = still
    return ended + going


def _next_of(chain: _Chain, boxes: _Boxes, free: NDArray[np.bool_], least: float | None) -> int | None:
    """Which of the boxes of the next slice goes on with a chain."""
    if least is None or not len(boxes):
        return None
    shared = _intersection(chain.last, boxes.corners)
    part = shared / (_content(chain.last) + _content(boxes.corners) - shared)
    part[~free | (boxes.labels != chain.label)] = 0
    n = int(part.argmax())
    return n if part[n] > least else None


# In the image


def _finding_of(chain: _Chain, grid: ModelGrid) -> Detection | None:
    """A chain of boxes in the image."""
    hull = np.array([[chain.first, *chain.low], [chain.until + 1, *chain.high]])
    best = np.array([[chain.best_slice, *chain.best[0]], [chain.best_slice + 1, *chain.best[1]]])
    return _finding(hull, chain.score, chain.label, grid, best)


def _finding(
    corners: NDArray[np.float64], score: float, label: int, grid: ModelGrid, best: NDArray[np.float64] | None = None
) -> Detection | None:
    """A box (2, 3) of the model's grid in the image; best: that of its best slice. None if it has no extent there."""
    best = corners if best is None else best
    low, high = _in_image(corners, grid)
    on_slice = _in_image(best, grid)
    normal = 2 - grid.order[0]
    middle = (on_slice[0][normal] + on_slice[1][normal]) / 2
    size = grid.image_shape[0]
    number = int(min(max(round(middle), 0), size - 1))
    if any(above - below < _LEAST_PX for below, above in zip(low, high, strict=True)):
        return None
    return Detection(label, score, low, high, normal, number, on_slice)


def _in_image(corners: NDArray[np.float64], grid: ModelGrid) -> tuple[Index, Index]:
    """Edges (2, 3) on the model's grid as continuous indices (i, j, k) of the image: both grids begin at one edge."""
    low, high = [0.0] * 3, [0.0] * 3
    for axis, array_axis in enumerate(grid.order):
        size, scale = grid.image_shape[axis], grid.spacing_mm[axis] / grid.image_spacing_mm[axis]
        ends = np.clip(corners[:, axis] * scale, 0, size)
        if grid.flipped[axis]:
            ends = size - ends[::-1]
        low[2 - array_axis], high[2 - array_axis] = (ends - 0.5).tolist()
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])
