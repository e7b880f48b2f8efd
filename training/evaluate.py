"""Agreement of a label map with a reference: Dice, the 95th percentile surface distance in millimetres, and whether
probabilities say how often a model is right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

NAN = float("nan")
_CALIBRATION_BINS = 15


def dice_per_class(
    predicted: NDArray[np.uint8], reference: NDArray[np.uint8], values: Sequence[int]
) -> dict[int, float]:
    """Dice of each class over arrays of one shape; NaN for a class that neither holds."""
    sizes_a, sizes_b = (np.bincount(a.ravel(), minlength=256) for a in (predicted, reference))
    both = np.bincount(predicted[predicted == reference].ravel(), minlength=256)
    total = sizes_a + sizes_b
    return {int(v): float(2 * both[v] / total[v]) if total[v] else NAN for v in values}


def hd95_mm(predicted: NDArray[np.bool_], reference: NDArray[np.bool_], spacing_ijk: Sequence[float]) -> float:
    """95th percentile of the distances between the surfaces of two masks, both ways pooled; mm.

    Masks are (k, j, i), spacing in index order. If one mask is empty, the diagonal of the volume (an upper
    bound that no method can gain by); NaN if both are. Taha & Hanbury, BMC Med Imaging 15:29 (2015).
    """
    if not predicted.any() and not reference.any():
        return NAN
    if not predicted.any() or not reference.any():
        return float(np.linalg.norm(np.array(predicted.shape[::-1]) * np.asarray(spacing_ijk)))
    where = np.argwhere(predicted | reference)
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(where.min(0), where.max(0), strict=True))
    surfaces, distances = [], []
    for mask in (predicted[box], reference[box]):
        image = sitk.GetImageFromArray(np.pad(mask, 1).astype(np.uint8))
        image.SetSpacing([float(s) for s in spacing_ijk])
        surface = sitk.LabelContour(image, fullyConnected=False)
        surfaces.append(sitk.GetArrayFromImage(surface) > 0)
        far = sitk.SignedMaurerDistanceMap(surface, squaredDistance=False, useImageSpacing=True)
        distances.append(np.abs(sitk.GetArrayFromImage(far)))
    pooled = np.concatenate([distances[1][surfaces[0]], distances[0][surfaces[1]]])
    return float(np.percentile(pooled, 95))


def calibration_error(
    probability: NDArray[np.floating], right: NDArray[np.bool_], bins: int = _CALIBRATION_BINS
) -> float:
    """Expected calibration error: how far, on average over cases, the share of those of like probability that are right
    is from their mean probability (Naeini et al., AAAI 2015; Guo et al., ICML 2017). NaN for no cases.

    probability in [0, 1] and right have one shape. Bins are of equal width, each without its lower end but the first.
    """
    probability, right = probability.ravel().astype(np.float64), right.ravel()
    if not probability.size:
        return NAN
    of = np.clip(np.ceil(probability * bins).astype(np.int64) - 1, 0, bins - 1)
    claimed = np.bincount(of, weights=probability, minlength=bins)
    found = np.bincount(of, weights=right, minlength=bins)
    return float(np.abs(found - claimed).sum() / probability.size)


def mean_defined(values: Sequence[float]) -> float:
    """Mean of the values that are not NaN; NaN if there is none."""
    defined = [v for v in values if not np.isnan(v)]
    return float(np.mean(defined)) if defined else NAN


def bootstrap_interval(
    values: Sequence[float], *, samples: int = 10_000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over cases (Efron 1979); (NaN, NaN) for no values."""
    defined = np.array([v for v in values if not np.isnan(v)])
    if defined.size == 0:
        return NAN, NAN
    rng = np.random.default_rng(seed)
    means = defined[rng.integers(0, defined.size, (samples, defined.size))].mean(axis=1)
    low, high = np.percentile(means, [50 * (1 - level), 100 - 50 * (1 - level)])
    return float(low), float(high)
