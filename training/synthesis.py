"""Images of any contrast made from label maps alone, so that a network learns anatomy and not a scanner.

After SynthSeg (Billot et al., Medical Image Analysis 86, 2023, arXiv:2107.09559): deform a label map, give
every label a random Gaussian intensity, blur, bias, and lower the resolution. Only the slab of slices that a
2.5-D network looks at is computed, which makes a sample cheap enough for two processor cores.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Anatomy:
    """How the values of a label map are used, as tables over generation labels 0..G-1.

    values: label-map value of each generation label, 0 being air. classes: class the network must predict.
    mirrored: generation label on the other side of the body. tissues: generation labels of one tissue share
    their intensity. outside: True for what is neither brain nor CSF. fluid: the generation label of outer CSF.
    t1_mean: plausible T1 intensity in [0, 1].
    """

    values: NDArray[np.int64]
    classes: NDArray[np.int64]
    mirrored: NDArray[np.int64]
    tissues: NDArray[np.int64]
    outside: NDArray[np.bool_]
    fluid: int
    t1_mean: NDArray[np.float32]


@dataclass(frozen=True)
class SlabSettings:
    """Size of a sample on the model's grid. slices are predicted, context more on each side are only seen."""

    spacing_mm: float = 2.0
    slices: int = 6
    context: int = 2
    rows: int = 112
    columns: int = 96


_MARGIN = 4  # slices beyond the context, so that thick slices can be blurred from real neighbours


class LabelMapSampler:
    """Draws slabs from label maps. Maps are (k, j, i) uint8 generation labels on a 1 mm LPS grid.

    A sample depends only on the generator, so a run can be repeated; all work happens on `device`.
    """

    def __init__(self, maps: list[Tensor], anatomy: Anatomy, settings: SlabSettings, device: str = "cpu") -> None:
        self._maps = [m.to(device) for m in maps]
        self._settings, self._device = settings, device
        self._classes = torch.from_numpy(anatomy.classes).to(device)
        self._mirrored = torch.from_numpy(anatomy.mirrored).to(device)
        self._outside = torch.from_numpy(anatomy.outside).to(device)
        self._tissues = torch.from_numpy(anatomy.tissues).to(device)
        self._t1_mean = torch.from_numpy(anatomy.t1_mean).to(device)
        self._fluid = anatomy.fluid
        self._boxes = [_brain_box(m, self._classes) for m in self._maps]

    def sample(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """One slab: image stacks (slices, 2 * context + 1, rows, columns) in [0, 1] and classes
        (slices, rows, columns) int64. generator lives on the CPU."""
        draw = _Draw(generator)
        labels = self._deformed(draw)
        if draw.chance(0.5):  # a mirrored head is a plausible head, once left is called right
            labels = self._mirrored[labels.flip(2).long()].to(torch.uint8)
        target = self._classes[labels.long()]
        image = self._image(labels, draw)
        image = _lower_resolution(image, self._settings.spacing_mm, draw)
        image = _to_unit_range(image, draw)
        s, c = self._settings.slices, self._settings.context
        seen = image[_MARGIN : _MARGIN + s + 2 * c]
        stacks = seen.unfold(0, 2 * c + 1, 1).permute(0, 3, 1, 2).contiguous()
        return stacks, target[_MARGIN + c : _MARGIN + c + s]

    def _deformed(self, draw: _Draw) -> Tensor:
        """Generation labels (depth, rows, columns) of a randomly placed, turned, scaled and bent slab."""
        which = draw.integer(len(self._maps))
        source, (low, high) = self._maps[which], self._boxes[which]
        s, device = self._settings, self._device
        depth = s.slices + 2 * (s.context + _MARGIN)
        shape = (depth, s.rows, s.columns)
        axes = [(torch.arange(n, device=device) - (n - 1) / 2) * s.spacing_mm for n in shape]
        grid = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1)  # kji, mm
        middle = (low + high) / 2
        reach = (high - low) / 2
        # One slab in eight shows face and neck only, so that nothing is found there on a long field of view.
        height = draw.uniform(-1.12, 1.08) if draw.chance(0.88) else draw.uniform(-1.9, -1.1)
        offset = torch.tensor([height * float(reach[0]), draw.normal() * 6, draw.normal() * 6])
        position = grid + offset.to(device)
        affine = _random_affine(draw).to(device)
        source_mm = position @ affine.T + middle.to(device)
        bend_mm = draw.uniform(0, 4.5)
        coarse = draw.normals(1, 3, 3, 6, 5).to(device) * bend_mm
        bend = F.interpolate(coarse, size=shape, mode="trilinear", align_corners=True)[0].permute(1, 2, 3, 0)
        index = (source_mm + bend).round().long()
        inside = torch.ones(shape, dtype=torch.bool, device=device)
        for axis in range(3):
            inside &= (index[..., axis] >= 0) & (index[..., axis] < source.shape[axis])
            index[..., axis].clamp_(0, source.shape[axis] - 1)
        return torch.where(
            inside, source[index[..., 0], index[..., 1], index[..., 2]], torch.zeros_like(inside, dtype=torch.uint8)
        )

    def _image(self, labels: Tensor, draw: _Draw) -> Tensor:
        """Intensities (depth, rows, columns) float32 before the resolution is lowered."""
        device = self._device
        count = len(self._classes)
        means, sds = self._intensities(draw, count)
        index = labels.long()
        # What lies outside the brain is one label of many tissues in truth: let two intensities alternate in it.
        second = draw.uniforms(count).to(device)
        pattern = _smooth_field(draw, labels.shape, draw.uniform(6, 24) / self._settings.spacing_mm, device)
        mixed = self._outside[index] & (index > 0) & (pattern > draw.uniform(-0.5, 1.5))
        mean = torch.where(mixed, second[index], means[index])
        image = mean + sds[index] * torch.randn(labels.shape, generator=draw.generator).to(device)
        if draw.chance(0.35):  # skull-stripped
            brain = ~self._outside[index]
            if draw.chance(0.5):
                brain &= index != self._fluid
            image = torch.where(brain, image, torch.zeros_like(image))
        bias = draw.normals(1, 1, 2, 4, 4).to(device) * draw.uniform(0, 0.4)
        image = image * F.interpolate(bias, size=labels.shape, mode="trilinear", align_corners=True)[0, 0].exp()
        if draw.chance(0.15):  # the field of view ends inside the head
            rows, columns = labels.shape[1:]
            image[:, : draw.integer(rows // 5) + 1] = 0
            image[:, :, : draw.integer(columns // 6) + 1] = 0
        return image

    def _intensities(self, draw: _Draw, count: int) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each generation label; both sides of a tissue share theirs."""
        tissues = int(self._tissues.max()) + 1
        means = draw.uniforms(tissues).to(self._device)[self._tissues]
        kind = draw.uniform(0, 1)
        if kind < 0.8:  # T1-like, or T2-like by turning it over
            t1 = self._t1_mean + draw.normals(tissues).to(self._device)[self._tissues] * 0.06
            means = t1 if kind < 0.65 else 1.0 - t1 * draw.uniform(0.8, 1.0)
        sds = 0.01 + draw.uniforms(tissues).to(self._device)[self._tissues] * draw.uniform(0.01, 0.10)
        if draw.chance(0.7):  # air is mostly dark
            means[0], sds[0] = 0.0, draw.uniform(0.0, 0.02)
        return means, sds


class _Draw:
    """Random numbers from one generator, by name of what they are."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=self.generator))

    def normal(self) -> float:
        return float(torch.randn((), generator=self.generator))

    def chance(self, probability: float) -> bool:
        return self.uniform(0, 1) < probability

    def integer(self, below: int) -> int:
        return int(torch.randint(below, (), generator=self.generator))

    def uniforms(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.generator)

    def normals(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.generator)


def _brain_box(labels: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    brain = classes[labels.long()] > 0
    low, high = [], []
    for axis in range(3):
        where = torch.nonzero(brain.movedim(axis, 0).flatten(1).any(1)).flatten()
        low.append(float(where[0]))
        high.append(float(where[-1]))
    return torch.tensor(low), torch.tensor(high)


def _random_affine(draw: _Draw) -> Tensor:
    """Rotation of about 8 degrees (sd), scale within 20 %, shear of 0.02 (sd); rows and columns in kji."""
    matrix = torch.eye(3)
    for axis in range(3):
        angle = math.radians(max(-20.0, min(20.0, draw.normal() * 8)))
        a, b = [n for n in range(3) if n != axis]
        turn = torch.eye(3)
        turn[a, a] = turn[b, b] = math.cos(angle)
        turn[a, b], turn[b, a] = -math.sin(angle), math.sin(angle)
        matrix = matrix @ turn
    overall = draw.uniform(0.85, 1.18)
    scales = torch.tensor([overall * draw.uniform(0.94, 1.06) for _ in range(3)])
    shear = torch.eye(3) + draw.normals(3, 3) * 0.02 * (1 - torch.eye(3))
    return matrix @ torch.diag(scales) @ shear


def _smooth_field(draw: _Draw, shape: torch.Size, scale_voxels: float, device: str) -> Tensor:
    coarse = [max(2, int(math.ceil(n / scale_voxels)) + 1) for n in shape]
    noise = draw.normals(1, 1, *coarse).to(device)
    return F.interpolate(noise, size=tuple(shape), mode="trilinear", align_corners=True)[0, 0]


def _lower_resolution(image: Tensor, spacing_mm: float, draw: _Draw) -> Tensor:
    """Blur and resample as a coarser scan would, then back: through-plane up to 8 mm, isotropic up to 3.5 mm."""
    image = _blur(image, [draw.uniform(0.15, 0.45) * 1.5 / spacing_mm] * 3)
    thickness_mm = [spacing_mm] * 3
    kind = draw.uniform(0, 1)
    if kind < 0.2:
        thickness_mm = [draw.uniform(spacing_mm, 3.5)] * 3
    elif kind < 0.45:
        thickness_mm[0 if draw.chance(0.7) else 1 + draw.integer(2)] = draw.uniform(2.0, 8.0)
    if max(thickness_mm) > spacing_mm:
        # A slice profile of full width t has a standard deviation of about t / 2.355.
        sigma = [math.sqrt(max(0.0, t**2 - spacing_mm**2)) / 2.355 / spacing_mm for t in thickness_mm]
        image = _blur(image, sigma)
        coarse = [max(2, round(n * spacing_mm / t)) for n, t in zip(image.shape, thickness_mm, strict=True)]
        low = F.interpolate(image[None, None], size=coarse, mode="trilinear", align_corners=False)
        if draw.chance(0.6):
            low = low + draw.uniform(0, 0.06) * torch.randn(low.shape, generator=draw.generator).to(low.device)
        image = F.interpolate(low, size=tuple(image.shape), mode="trilinear", align_corners=False)[0, 0]
    elif draw.chance(0.6):
        image = image + draw.uniform(0, 0.06) * torch.randn(image.shape, generator=draw.generator).to(image.device)
    return image


def _blur(image: Tensor, sigma_voxels: list[float]) -> Tensor:
    """Separable Gaussian blur of (k, j, i)."""
    blurred = image[None, None]
    for axis, sigma in enumerate(sigma_voxels):
        if sigma < 0.1:
            continue
        radius = max(1, math.ceil(2.5 * sigma))
        x = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
        kernel = torch.exp(-0.5 * (x / sigma) ** 2)
        shape = [1, 1, 1, 1, 1]
        shape[2 + axis] = len(x)
        padding = [0, 0, 0]
        padding[axis] = radius
        edge = [(p, p) for p in reversed(padding)]
        blurred = F.pad(blurred, [n for pair in edge for n in pair], mode="replicate")
        blurred = F.conv3d(blurred, (kernel / kernel.sum()).reshape(shape))
    return blurred[0, 0]


def _to_unit_range(image: Tensor, draw: _Draw) -> Tensor:
    """Percentile scaling as at inference, but from a slab, whose range differs from its volume's: hence the jitter.
    A random gamma comes after it (SynthSeg)."""
    sample = image.flatten()[:: max(1, image.numel() // 20_000)]
    low, high = torch.quantile(sample, torch.tensor([0.005, 0.995], device=image.device))
    scaled = ((image - low) / (high - low).clamp(min=1e-3)).clamp(0, 1)
    scaled = scaled ** math.exp(draw.normal() * 0.35)
    return (scaled * draw.uniform(0.7, 1.1) + draw.uniform(-0.03, 0.03)).clamp(0, 1)
