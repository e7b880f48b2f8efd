"""How usual an image is to a model: a few statistics of what the model sees of it, and what they were in training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from inference.manifest import Preprocessing, SeenImages, Statistic

if TYPE_CHECKING:
    import SimpleITK as sitk

    from inference.runtime import LoadedModel

LEAST_IMAGES = 20  # of fewer a 1st and a 99th percentile are no more than the smallest and the largest
_BINS = 256
_LOOKS = 10  # slices of a volume, evenly apart, that a network is asked about
_UNDECIDED = 0.2, 0.8  # between these probabilities of being labelled at all
_HALF = 0.5
_LEAST_LABELLED = 1e-3  # of the voxels: a share of fewer says nothing


def image_statistics(image: sitk.Image, preprocessing: Preprocessing) -> dict[Statistic, float]:
    """Statistics of a 3-D image (LPS, mm) on a model's grid, after its intensity rule.

    p10, p50, p90: percentiles of the scaled values. foreground: the share of voxels above Otsu's threshold (1979).
    gradient: the root mean square of the differences between neighbours, by the standard deviation of the values: high
    for noise, low for blur. field_k_mm, field_j_mm, field_i_mm: how far the image reaches along the model's axes; not
    of slices that are stretched to a size: then it says nothing, and most have pixels of no known size.
    """
    from inference.preprocess import as_seen, model_grid

    grid = model_grid(image, preprocessing)
    values = as_seen(image, grid, preprocessing)
    deviation = max(float(values.std()), 1e-6)
    steps = [np.diff(values, axis=axis) for axis in range(3) if values.shape[axis] > 1]
    energy = float(np.mean([np.mean(np.square(step)) for step in steps])) if steps else 0.0
    p10, p50, p90 = (float(value) for value in np.percentile(values, (10, 50, 90)))
    found: dict[Statistic, float] = {
        "p10": p10,
        "p50": p50,
        "p90": p90,
        "foreground": float(np.mean(values > _otsu(values))),
        "gradient": energy**0.5 / deviation,
    }
    if preprocessing.size is None:
        k, j, i = (n * mm for n, mm in zip(grid.image_shape, grid.image_spacing_mm, strict=True))
        found |= {"field_k_mm": k, "field_j_mm": j, "field_i_mm": i}
    return found


def undecided(image: sitk.Image, model: LoadedModel) -> float | None:
    """How many voxels of some slices a 2-D network cannot decide whether to label, by how many it labels.

    A network hesitates at the edges of what it knows, and in many more places of what it does not (after Hendrycks and
    Gimpel, arXiv:1610.02136). None if it labels next to nothing, and for networks of three dimensions, of which a few
    slices would take as long as blocks.
    """
    from inference.preprocess import as_seen, model_grid
    from inference.sliding_window import logit_planes

    manifest = model.manifest
    preprocessing = manifest.preprocessing
    if manifest.task != "segmentation" or preprocessing.dimensions != 2:
        return None
    values = as_seen(image, model_grid(image, preprocessing), preprocessing)
    step = max(1, len(values) // _LOOKS)
    low, high = _UNDECIDED
    between = labelled = looked = 0
    for logits in logit_planes(values, model, range(step // 2, len(values), step)):
        likely = model.probabilities(logits.copy())
        any_label = likely.max(axis=0) if manifest.one_by_one else 1 - likely[0]
        between += np.count_nonzero((any_label > low) & (any_label < high))
        labelled += np.count_nonzero(any_label >= _HALF)
        looked += any_label.size
    return None if between + labelled < _LEAST_LABELLED * looked else float(between / max(labelled, 1))


def seen_images(statistics: Sequence[Mapping[Statistic, float]]) -> SeenImages:
    """What a manifest says of the images that a model learnt from. Raises ValueError for fewer than LEAST_IMAGES."""
    if len(statistics) < LEAST_IMAGES:
        raise ValueError(f"statistics of at least {LEAST_IMAGES} images are needed, not of {len(statistics)}")
    ranges: dict[Statistic, tuple[float, float]] = {}
    for name in statistics[0]:
        low, high = np.percentile([one[name] for one in statistics], (1, 99))
        ranges[name] = float(low), float(high)
    return SeenImages(images=len(statistics), ranges=ranges)


def how_far_outside(statistics: Mapping[Statistic, float], seen: SeenImages) -> tuple[float, Statistic | None]:
    """The out-of-distribution score, and the statistic that it is of: how far that lies outside its range, in widths of
    the range; 0 and None if all that are known lie inside."""
    most: tuple[float, Statistic | None] = (0.0, None)
    for name, (low, high) in seen.ranges.items():
        if name not in statistics:
            continue
        outside = max(low - statistics[name], statistics[name] - high, 0.0)
        width = max(high - low, 1e-3 * max(abs(low), abs(high)), 1e-6)
        most = max(most, (outside / width, name if outside > 0 else None), key=lambda one: one[0])
    return most


def _otsu(values: np.ndarray) -> float:
    """The threshold that parts values into two classes of least variance."""
    counts, edges = np.histogram(values, _BINS)
    middles = (edges[1:] + edges[:-1]) / 2
    below, total = np.cumsum(counts), counts.sum()
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = (sums[-1] * below / total - sums) ** 2 / (below * (total - below))
    apart = np.where(np.isfinite(apart), apart, -1.0)
    return float(edges[1 + int(apart.argmax())])
