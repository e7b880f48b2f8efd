"""Random changes of slice stacks that keep their meaning: a weak pose for all, a strong look for the student."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from training.losses import IGNORE

_ROTATION_DEGREES, _LARGEST_SCALE, _SHIFT = 20.0, 1.25, 0.1
_PASTED_SIDE = 2 / 3  # of the patch, in rows and in columns: bidirectional copy-paste, arXiv:2305.00673


def weak_affine(
    stack: Tensor, target: Tensor, centre_ji: tuple[float, float], patch: tuple[int, int], generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """A patch (rows, columns) about a point, rotated up to 20 degrees, scaled 0.8 to 1.25, shifted up to 10 %.

    stack (C, J, I) is interpolated linearly, 0 outside; target (J, I) uint8 takes the nearest value, int64,
    255 outside. The pose never mirrors: left and right have names.
    """
    turn, grow, down, right = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    angle, scale = math.radians(_ROTATION_DEGREES) * turn, _LARGEST_SCALE**grow
    rows, columns = (torch.arange(n, dtype=torch.float32) - (n - 1) / 2 for n in patch)
    row, column = torch.meshgrid(rows + down * _SHIFT * patch[0], columns + right * _SHIFT * patch[1], indexing="ij")
    j = centre_ji[0] + (math.cos(angle) * row - math.sin(angle) * column) / scale
    i = centre_ji[1] + (math.sin(angle) * row + math.cos(angle) * column) / scale
    height, width = target.shape
    grid = torch.stack(((2 * i + 1) / width - 1, (2 * j + 1) / height - 1), dim=-1)[None]
    image = F.grid_sample(stack[None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]
    known = (IGNORE - target.float())[None, None]  # so that the zeros outside come to mean "ignored"
    nearest = F.grid_sample(known, grid, mode="nearest", padding_mode="zeros", align_corners=False)[0, 0]
    return image, IGNORE - nearest.long()


def strong_look(images: Tensor, generator: torch.Generator, share: float = 1.0) -> Tensor:
    """Stacks (N, C, J, I) in [0, 1] as another scanner might show them; each gets a look of its own.

    About a share of the stacks is changed, the others stay as they are.
    Brightness and contrast 0.6 to 1.5 (p 0.8), gamma e^(-0.6..0.6) (p 0.5), blur up to 1.5 voxels (p 0.5),
    half resolution (p 0.25), noise up to 0.2 (p 0.5). Ranges after UniMatch (arXiv:2208.09910).
    """
    changed = (torch.rand(len(images), generator=generator) < share).tolist()
    looks = [_one_look(image, generator) if new else image for image, new in zip(images, changed, strict=True)]
    return torch.stack(looks).clamp(0, 1)


def paste_masks(count: int, patch: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Boxes (count, rows, columns), True inside, of two thirds of each side at random places."""
    masks = torch.zeros(count, *patch, dtype=torch.bool)
    for mask in masks:
        place = []
        for side in patch:
            length = round(_PASTED_SIDE * side)
            start = int(torch.randint(side - length + 1, (), generator=generator))
            place.append(slice(start, start + length))
        mask[place[0], place[1]] = True
    return masks


def _one_look(image: Tensor, generator: torch.Generator) -> Tensor:
    chance = torch.rand(5, generator=generator).tolist()
    amount = torch.rand(5, generator=generator).tolist()
    if chance[0] < 0.8:
        brightness, contrast = 0.6 + 0.9 * amount[0], 0.6 + 0.9 * amount[1]
        image = image * brightness
        image = (image - image.mean()) * contrast + image.mean()
    if chance[1] < 0.5:
        image = image.clamp(0, 1) ** math.exp(1.2 * amount[2] - 0.6)
    if chance[2] < 0.5:
        image = _blurred(image, 0.3 + 1.2 * amount[3])
    if chance[3] < 0.25:
        rows, columns = image.shape[1:]
        half = F.interpolate(image[None], size=(max(1, rows // 2), max(1, columns // 2)), mode="bilinear")
        image = F.interpolate(half, size=(rows, columns), mode="bilinear")[0]
    if chance[4] < 0.5:
        noise = torch.randn(image.shape, generator=generator).to(image.device)
        image = image + 0.2 * amount[4] * noise
    return image


def _blurred(image: Tensor, sigma_voxels: float) -> Tensor:
    radius = math.ceil(2 * sigma_voxels)
    offsets = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (offsets / sigma_voxels) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(image[:, None], (radius, radius, radius, radius), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))[:, 0]
