"""What the user is not asked: a model's grid, its network, what a step sees, how many steps, from what the images are.

In the spirit of nnU-Net (Isensee et al., Nature Methods 2021): a fingerprint of the dataset (spacing, sizes, values,
what is annotated) and the memory there is decide; nothing is searched for.
"""

from __future__ import annotations

import copy
import datetime
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inference.manifest import (
    OWN_AXES,
    Intensity,
    LabelClass,
    ModelManifest,
    PercentileIntensity,
    Preprocessing,
    WindowIntensity,
    model_name,
)
from inference.preprocess import ModelGrid, model_grid, sampled
from training.dataset import DataError, Split, read_image, read_labels
from training.loops import LoopSettings, LossOfStep, training_steps
from training.networks import build_network, unet_spec

_MULTIPLE = 16  # voxels, of what a network of slices can see
_LONGEST_SIDE = 256  # voxels in the plane of a slice
_LONGEST_OF_BLOCKS = 160  # voxels along the longest side of a volume: 2.5 mm in a trunk of 40 cm
_COLOURS = ((226, 122, 63), (69, 178, 157), (239, 201, 76), (120, 170, 240), (210, 110, 180), (150, 210, 90))

_LEAST_DEPTH = 16  # slices: of fewer a block would be mostly its own edge
_THICKEST = 2.5  # slice distance against pixel size, beyond which a convolution across slices joins what is far apart
_LEAST_WHOLE = 0.5  # share of slices annotated in the annotated images, from which blocks have enough to learn from
_CHANNELS = (16, 32, 64, 128, 128)  # of a network of blocks
_LEAST_AT_BOTTOM = 4  # voxels along an axis where the network sees least of them

_MOST_BATCH = {"cpu": {2: 4, 3: 2}, "cuda": {2: 12, 3: 4}}
_MOST_VOXELS = {"cpu": 64**3, "cuda": 160**3}  # in a block: on a processor time runs out before memory does
_SHARE_OF_MEMORY = {"cpu": 0.25, "cuda": 0.8}  # of all there is, a person working meanwhile; of what is free
_AIR_HU, _LEAST_AIR = -900, 0.01
_FOREGROUND_PERCENTILES = (0.5, 99.5)
_SAMPLED = 20_000  # voxels of an image whose values are looked at
_TIMED_STEPS = 3


@dataclass(frozen=True)
class StepPlan:
    """How many patches a step gets, a sentence that tells the plan, and its figures for the model's manifest."""

    batch: int
    text: str
    figures: dict[str, Any]


def plan_step(
    manifest: ModelManifest, patch: Sequence[int], device: str, *, mixed: bool, batch: int = 0, most_bytes: float = 0
) -> StepPlan:
    """As many patches of a step as most_bytes (0: memory_there_is) hold, up to a number known to be enough.

    device is "cpu" or "cuda". mixed: each comes with an unlabelled one. batch: a person's choice, which stays.
    """
    seen, most_bytes = manifest.preprocessing, most_bytes or memory_there_is(device)
    count = batch or _MOST_BATCH[device][seen.dimensions]
    need = step_bytes(manifest.network, count * (1 + mixed), seen.channels, patch)
    while need > most_bytes and count > 1 and not batch:
        count -= 1
        need = step_bytes(manifest.network, count * (1 + mixed), seen.channels, patch)
    text = (
        f"Plan: a {seen.dimensions}-D model that sees {' x '.join(map(str, patch))} voxels, {count} such patches a "
        f"step, in about {need / 2**30:.1f} GB of memory."
    )
    figures = {
        "dimensions": seen.dimensions,
        "patch": list(patch),
        "spacing_mm": list(seen.spacing_mm or ()),
        "intensity": seen.intensity.rule,
        "batch": count,
        "memory_bytes": need,
        "device": device,
    }
    return StepPlan(count, text, figures)


def plan_model(
    split: Split,
    name: str,
    longest: int = _LONGEST_SIDE,
    dimensions: Literal[2, 3] | None = 2,
    device: str = "cpu",
    most_bytes: float = 0,
) -> ModelManifest:
    """A model for a dataset without a parent: its labels' values as classes, the median spacing of its images.

    Large pictures are made smaller, to `longest` voxels along the longer side of a slice. dimensions None: three on a
    GPU for images of nearly even spacing of which most slices are annotated, else two; in the time that a processor
    has, slices were learnt better. Values of a CT, known by its air, are scaled from a window about what is annotated;
    others by percentiles of each image. A block is as large as most_bytes (0: memory_there_is) of the device let two
    of them be.
    """
    found = _fingerprint(split)
    if found.classes == 1:
        raise DataError("the labels are empty: there is no class to learn")
    if dimensions is None:
        dimensions = 3 if found.suits_blocks and device != "cpu" else 2
    seen, network = _slices(found, longest) if dimensions == 2 else _blocks(found, device, most_bytes)
    return ModelManifest(
        name=model_name(name),
        version="0.0.0",
        title=name,
        task="segmentation",
        modalities=["CT" if isinstance(found.intensity, WindowIntensity) else "OT"],
        body_part="",
        labels=[
            LabelClass(value=v, name=f"Class {v}", colour=_COLOURS[(v - 1) % len(_COLOURS)])
            for v in range(1, found.classes)
        ],
        preprocessing=seen,
        licence_code="Apache-2.0",
        licence_weights="that of the images it was trained on",
        network=network,
        created=datetime.date.today().isoformat(),
    )


@dataclass(frozen=True)
class _Fingerprint:
    """Medians over the training images on the model's axes k, j, i, and what is annotated."""

    spacing_mm: tuple[float, float, float]
    extent_mm: tuple[float, float, float]
    in_plane_mm: float  # the longer side of a slice
    pictures: bool  # in a format that does not tell how large pixels are
    slices: float
    annotated: float  # share of the slices of the images that are annotated at all
    classes: int
    intensity: Intensity

    @property
    def suits_blocks(self) -> bool:
        apart = max(self.spacing_mm) / min(self.spacing_mm)
        return self.slices >= _LEAST_DEPTH and apart <= _THICKEST and self.annotated >= _LEAST_WHOLE


def _fingerprint(split: Split) -> _Fingerprint:
    single = np.median([case.size[2] for case in split.train]) == 1
    axes = OWN_AXES if single else Preprocessing().axes  # how it lies in the patient does not say what a slice is
    unknown = Preprocessing(axes=axes, spacing_mm=(1, 1, 1), context_slices=1, size_multiple=1)
    grids: list[ModelGrid] = []
    values, air, shares = [], [], []
    classes = 1
    for case in split.train:
        image = read_image(case)
        grids.append(model_grid(image, unknown))
        voxels = sitk.GetArrayViewFromImage(image)
        some = sampled(voxels, _SAMPLED)
        air.append(float((some <= _AIR_HU).mean()))
        if case.slices != ():
            labels = read_labels(case, 255)
            classes = max(classes, 1 + int(labels.max()))
            values.append(sampled(voxels[labels > 0].reshape(-1, 1, 1), _SAMPLED).astype(np.float64))
            shares.append(1.0 if case.slices is None else len(case.slices) / case.size[2])
    for unit in split.held_out:
        classes = max(classes, *(1 + int(read_labels(part, 255).max()) for part in unit.parts))
    extents = np.multiply([g.image_shape for g in grids], [g.image_spacing_mm for g in grids])
    return _Fingerprint(
        spacing_mm=tuple(np.median([grid.image_spacing_mm for grid in grids], axis=0).tolist()),
        extent_mm=tuple(np.median(extents, axis=0).tolist()),
        in_plane_mm=float(np.median(extents[:, 1:].max(axis=1))),
        pictures=all(case.image_file.suffix == ".png" for case in split.train),
        slices=float(np.median([grid.image_shape[0] for grid in grids])),
        annotated=float(np.mean(shares)) if shares else 0.0,
        classes=classes,
        intensity=_intensity(air, values),
    )


def _intensity(air: Sequence[float], values: Sequence[NDArray[np.float64]]) -> Intensity:
    """A window of Hounsfield units about what is annotated for images of which most show air, as only CT does; by
    percentiles of each image otherwise. That a window goes to 0..1 and not to mean 0 and deviation 1 is the same to
    a network whose first layer is normalised."""
    known = np.concatenate(values) if values else np.empty(0)
    if np.median(air) < _LEAST_AIR or known.size == 0:
        return PercentileIntensity()
    low, high = np.percentile(known, _FOREGROUND_PERCENTILES)
    margin = max(50.0, 0.25 * (high - low))  # what lies beside a structure tells its border
    return WindowIntensity(low=math.floor(low - margin), high=math.ceil(high + margin))


def _slices(found: _Fingerprint, longest: int) -> tuple[Preprocessing, dict[str, Any]]:
    """Pictures are stretched to one size, whatever theirs is."""
    depth_mm, *in_plane = found.spacing_mm
    plane_mm = max(*in_plane, found.in_plane_mm / longest)
    if found.slices > 1:
        context = 5 if depth_mm <= 3 else 3
        seen = Preprocessing(
            spacing_mm=(plane_mm, plane_mm, depth_mm),
            context_slices=context,
            size_multiple=_MULTIPLE,
            intensity=found.intensity,
        )
        return seen, unet_spec(context, found.classes)
    single = Preprocessing(axes=OWN_AXES, size_multiple=_MULTIPLE, intensity=found.intensity)
    if found.pictures:
        rows, columns = (max(1, round(mm / plane_mm / _MULTIPLE)) * _MULTIPLE for mm in found.extent_mm[1:])
        return single.model_copy(update={"size": (rows, columns)}), unet_spec(1, found.classes)
    return single.model_copy(update={"spacing_mm": (plane_mm, plane_mm, None)}), unet_spec(1, found.classes)


def _blocks(found: _Fingerprint, device: str, most_bytes: float) -> tuple[Preprocessing, dict[str, Any]]:
    """The largest part of the median image of which two fit into memory."""
    spacing = [
        max(mm, extent / _LONGEST_OF_BLOCKS) for mm, extent in zip(found.spacing_mm, found.extent_mm, strict=True)
    ]
    sizes = [max(1, round(extent / mm)) for extent, mm in zip(found.extent_mm, spacing, strict=True)]
    strides = _strides(sizes, spacing)
    multiple = max(math.prod(stride[axis] for stride in strides) for axis in range(3))
    spec = unet_spec(1, found.classes, _CHANNELS[: len(strides) + 1], strides)
    patch = [-(-n // multiple) * multiple for n in sizes]
    most_bytes = most_bytes or memory_there_is(device)
    while math.prod(patch) > _MOST_VOXELS[device] or step_bytes(spec, 2, 1, patch) > most_bytes:
        axis = max(range(3), key=lambda n: (patch[n] > multiple, patch[n] * spacing[n]))
        if patch[axis] == multiple:
            break
        patch[axis] -= multiple
    k, j, i = patch
    seen = Preprocessing(
        spacing_mm=(spacing[2], spacing[1], spacing[0]),
        dimensions=3,
        patch=(k, j, i),
        size_multiple=multiple,
        intensity=found.intensity,
    )
    return seen, spec


def _strides(sizes: Sequence[int], spacing_mm: Sequence[float]) -> list[tuple[int, int, int]]:
    """By which each level of the network makes its input smaller along k, j, i: by two where the voxels are not yet
    more than twice as long as the shortest, and enough of them are left."""
    strides: list[tuple[int, int, int]] = []
    left, spacing = list(sizes), list(spacing_mm)
    while len(strides) < len(_CHANNELS) - 1:
        able = [n >= 2 * _LEAST_AT_BOTTOM for n in left]
        if not any(able):
            break
        finest = min(mm for mm, can in zip(spacing, able, strict=True) if can)
        stride = [2 if can and mm <= 1.9 * finest else 1 for mm, can in zip(spacing, able, strict=True)]
        strides.append((stride[0], stride[1], stride[2]))
        left = [n // by for n, by in zip(left, stride, strict=True)]
        spacing = [mm * by for mm, by in zip(spacing, stride, strict=True)]
    return strides or [(1, 1, 1)]


def step_bytes(spec: dict[str, Any], batch: int, channels: int, patch: Sequence[int]) -> int:
    """Estimate of the memory a training step takes at its peak: what the backward pass needs of the forward pass,
    weights, averaged weights, gradients and the optimiser's moments, and some work of the largest layer.

    Reckoned by a forward pass on tensors without values, so that it takes no memory itself; in 32 bits. A batch of one
    block takes more on a processor, where torch unrolls its convolutions; plan_step has no such steps with blocks.
    """
    held: dict[int, int] = {}
    largest = 0

    def keep(tensor: Tensor) -> Tensor:
        nonlocal largest
        storage = tensor.untyped_storage()
        held[storage._cdata] = storage.nbytes()
        kept.append(tensor)  # alive, so that no other storage gets its number
        largest = max(largest, storage.nbytes())
        return tensor

    kept: list[Tensor] = []
    with torch.device("meta"):
        network = build_network(spec)
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            logits = network(torch.empty(batch, channels, *patch))
    weights = sum(p.numel() * p.element_size() for p in network.parameters())
    # The loss holds a handful of tensors as large as the logits.
    return sum(held.values()) + 2 * largest + 4 * logits.numel() * logits.element_size() + 4 * weights


def step_seconds(network: nn.Module, loss_of_step: LossOfStep) -> float:
    """What a training step takes here and now. The network is trained a little by it: give a copy."""
    steps = training_steps(network, copy.deepcopy(network), loss_of_step, LoopSettings(1 + _TIMED_STEPS))
    next(steps)  # the first one also sets up what the others find ready
    started = time.monotonic()
    for _ in steps:
        pass
    return (time.monotonic() - started) / _TIMED_STEPS


def memory_there_is(device: str) -> float:
    """Bytes that a training may take: most of what is free on the GPU, a quarter of the machine's memory else."""
    if device != "cpu":
        return _SHARE_OF_MEMORY["cuda"] * torch.cuda.mem_get_info()[0]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return _SHARE_OF_MEMORY["cpu"] * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 2.0 * 2**30  # a system that does not say
