"""What running a model gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import SimpleITK as sitk


@dataclass(frozen=True, eq=False)
class Certainty:
    """How sure a model is of each voxel of the image, voxels[k, j, i] uint8, 255 being 1.

    likeliest: the label, not the background, that is most probable; probability: how probable it is; entropy: of all
    the classes' probabilities by the largest that it can have, of labels told one by one that of the likeliest. Both
    are worked out on the model's grid and interpolated linearly.
    """

    likeliest: NDArray[np.uint8]
    probability: NDArray[np.uint8]
    entropy: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Probabilities:
    """Of some labels, [label, k, j, i], and the entropy of all classes, [k, j, i], as Certainty has it; uint8, 255
    being 1, worked out on the model's grid and interpolated linearly."""

    of_labels: NDArray[np.uint8]
    entropy: NDArray[np.uint8]


@dataclass(frozen=True)
class Run:
    """Where a result came from. sha256: of the model's (first) network; provider: what it really ran on, e.g. "CPU".
    notes: what a person should know of it, each a sentence, e.g. that it had to leave the GPU."""

    name: str
    version: str
    sha256: str
    provider: str
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A label map on exactly the grid of the image that was given."""

    label_image: sitk.Image
    volumes_ml: dict[str, float]
    run: Run
    certainty: Certainty | None = None


@dataclass(frozen=True)
class SliceDoubt:
    """How unsure a model is of a slice. bits: mean entropy (base 2) of the voxels in question, those that it calls a
    structure or not surely background; 0 where there are none. label: the structure that most of it is about, "" of
    none."""

    bits: float
    label: str


Index = tuple[float, float, float]
MOST_FOUND = 2000  # boxes in an image: nobody looks at more


@dataclass(frozen=True)
class Detection:
    """A box around something of a label, by its value in the manifest. score: how probable it is, 0 to 1.

    low and high are its corners as continuous voxel indices (i, j, k) of the image, within its outer edges, -0.5 and
    size - 0.5. Boxes that a model found on several slices make one, which holds all of them: normal is the index axis
    along which its slices follow one another, slice_index the slice of the image nearest to the one with the highest
    score, and on_slice the corners of the box that was found there. Of a model of three dimensions it is the middle
    slice and the same box.
    """

    label: int
    score: float
    low: Index
    high: Index
    normal: int
    slice_index: int
    on_slice: tuple[Index, Index]


@dataclass(frozen=True)
class Detections:
    """What a model found in an image, the highest score first."""

    found: tuple[Detection, ...]
    run: Run


@dataclass(frozen=True, eq=False)
class Heat:
    """Where a score comes from: voxels[k, j, i] float32, 0 or more, on a coarse grid of its own in LPS that reaches
    over the image (padding included), its axes those of the image's array. spacing_mm, origin and direction as
    SimpleITK tells them."""

    voxels: NDArray[np.float32]
    spacing_mm: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Classification:
    """Probabilities of a model's labels, in their order. series (classes,); slices (slices, classes) of each slice of
    the image along axis (0 i, 1 j, 2 k), None of a model that sees the series at once; attention (slices,), of one
    that sees time points (slices, times), None where there is none; heat: a map for each class, or none, over time
    points their mean."""

    series: NDArray[np.float32]
    axis: int
    slices: NDArray[np.float32] | None
    attention: NDArray[np.float32] | None
    heat: tuple[Heat, ...]
    run: Run


@dataclass(frozen=True, eq=False)
class Occlusion:
    """How much of a class's probability is lost where a part of one slice is covered: the mean over the windows that
    cover a place, 0 where it does not fall. window_mm: of a window, rows and columns of the model; baseline: the scaled
    value that covers it. lowest, highest: how the probability changed (negative: it fell). agreement: rank correlation
    (Spearman) of the loss with the heat map's mean in the same windows; None without a heat map, or where either says
    the same everywhere."""

    heat: Heat
    window_mm: tuple[float, float]
    baseline: float
    lowest: float
    highest: float
    agreement: float | None
    run: Run
