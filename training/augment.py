"""Random changes of slices and blocks that keep their meaning: a weak pose for all, a strong look for the student."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from training.losses import IGNORE

_ROTATION_DEGREES, _TILT_DEGREES, _LARGEST_SCALE, _SHIFT = 20.0, 10.0, 1.25, 0.1
PASTED_SIDE = 2 / 3  # of each side of the patch: bidirectional copy-paste, arXiv:2305.00673
# Of the slices; the others stay whole, for a box hides what a structure is told from its neighbour by. With boxes in
# all of them front and back of a hippocampus change places.
PASTED_SHARE = 0.5


def weak_affine(
    image: Tensor,
    target: Tensor,
    centre: Sequence[float],
    patch: Sequence[int],
    generator: torch.Generator,
    spacing_mm: Sequence[float] | None = None,
) -> tuple[Tensor, Tensor]:
    """A patch about a point, rotated, scaled 0.8 to 1.25 and shifted up to 10 %: of a stack of slices or of a block.

    image (C, J, I) or (C, K, J, I) is interpolated linearly, 0 outside; target (J, I) or (K, J, I) uint8 takes the
    nearest value, int64, 255 outside. A slice is rotated up to 20 degrees; a block up to 20 within its slices and up
    to 10 about both other axes, for patients are turned less out of the plane that the scanner lays. Rotation is
    rigid in mm (spacing_mm by axis; None: as long as wide). The pose never mirrors: left and right have names.
    """
    space, spacing = len(patch), torch.tensor(spacing_mm or (1.0,) * len(patch))
    draw = (torch.rand(4 if space == 2 else 7, generator=generator) * 2 - 1).tolist()
    matrix = _rotation(_ROTATION_DEGREES * draw[0], space, space - 2, space - 1)
    for n, tilt in enumerate(draw[5:]):
        matrix = matrix @ _rotation(_TILT_DEGREES * tilt, space, 0, 1 + n)
    matrix = matrix * spacing / spacing[:, None] / _LARGEST_SCALE ** draw[1]
    along = [
        torch.arange(n, dtype=torch.float32) - (n - 1) / 2 + shift * _SHIFT * n
        for n, shift in zip(patch, draw[2 : 2 + space], strict=True)
    ]
    offsets = torch.stack(torch.meshgrid(*along, indexing="ij"), dim=-1)
    places = offsets @ matrix.T + torch.tensor([float(n) for n in centre])
    reach = places.flatten(0, -2)
    first = [max(0, math.floor(n) - 1) for n in reach.amin(0).tolist()]  # only what the patch reaches, of a large block
    last = [max(n + 1, math.ceil(m) + 2) for n, m in zip(first, reach.amax(0).tolist(), strict=True)]
    window = tuple(slice(n, m) for n, m in zip(first, last, strict=True))
    image, target, places = image[(..., *window)], target[window], places - torch.tensor(first, dtype=torch.float32)
    grid = ((2 * places + 1) / torch.tensor(target.shape) - 1).flip(-1)[None]  # grid_sample wants columns first
    grid = grid.to(image.device)
    posed = F.grid_sample(image[None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]
    known = (IGNORE - target.float())[None, None]  # so that the zeros outside come to mean "ignored"
    nearest = F.grid_sample(known, grid, mode="nearest", padding_mode="zeros", align_corners=False)[0, 0]
    return posed, IGNORE - nearest.long()


def strong_look(images: Tensor, generator: torch.Generator, share: float = 1.0) -> Tensor:
    """Stacks (N, C, J, I) or blocks (N, C, K, J, I) in [0, 1] as another scanner might show them, each in its own way.

    About a share of them is changed, the others stay as they are.
    Brightness and contrast 0.6 to 1.5 (p 0.8), gamma e^(-0.6..0.6) (p 0.5), blur up to 1.5 voxels (p 0.5),
    half resolution (p 0.25), noise up to 0.2 (p 0.5). Ranges after UniMatch (arXiv:2208.09910).
    """
    changed = (torch.rand(len(images), generator=generator) < share).tolist()
    looks = [_one_look(image, generator) if new else image for image, new in zip(images, changed, strict=True)]
    return torch.stack(looks).clamp(0, 1)


def posed_again(
    images: Tensor, labels: Tensor, generator: torch.Generator, spacing_mm: Sequence[float] | None = None
) -> tuple[Tensor, Tensor]:
    """Patches (N, C, *patch) and labels (N, *patch) int64, 255 outside, each in one more pose of weak_affine."""
    patch = labels.shape[1:]
    centre = [(n - 1) / 2 for n in patch]
    both = [
        weak_affine(image, one.to(torch.uint8), centre, patch, generator, spacing_mm)
        for image, one in zip(images, labels, strict=True)
    ]
    return torch.stack([image for image, _ in both]), torch.stack([label for _, label in both])


def paste_masks(count: int, patch: Sequence[int], generator: torch.Generator, share: float = PASTED_SHARE) -> Tensor:
    """Boxes (count, *patch), True inside, of two thirds of each side at random places; about a share has one at all."""
    masks = torch.zeros(count, *patch, dtype=torch.bool)
    for mask, chance in zip(masks, torch.rand(count, generator=generator).tolist(), strict=True):
        if chance >= share:
            continue
        place = []
        for side in patch:
            length = round(PASTED_SIDE * side)
            start = int(torch.randint(side - length + 1, (), generator=generator))
            place.append(slice(start, start + length))
        mask[tuple(place)] = True
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
        sizes = image.shape[1:]
        mode = "bilinear" if len(sizes) == 2 else "trilinear"
        half = F.interpolate(image[None], size=[max(1, n // 2) for n in sizes], mode=mode)
        image = F.interpolate(half, size=sizes, mode=mode)[0]
    if chance[4] < 0.5:
        noise = torch.randn(image.shape, generator=generator).to(image.device)
        image = image + 0.2 * amount[4] * noise
    return image


def _blurred(image: Tensor, sigma_voxels: float) -> Tensor:
    radius = math.ceil(2 * sigma_voxels)
    offsets = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (offsets / sigma_voxels) ** 2)
    kernel = kernel / kernel.sum()
    space = image.ndim - 1
    blurred = F.pad(image[:, None], (radius, radius) * space, mode="replicate")
    for axis in range(space):
        along = [-1 if n == axis else 1 for n in range(space)]
        weights = kernel.view(1, 1, *along)
        blurred = F.conv2d(blurred, weights) if space == 2 else F.conv3d(blurred, weights)
    return blurred[:, 0]


def _rotation(degrees: float, space: int, first: int, second: int) -> Tensor:
    """Matrix (space, space) that turns one axis towards another."""
    angle, matrix = math.radians(degrees), torch.eye(space)
    matrix[first, first] = matrix[second, second] = math.cos(angle)
    matrix[first, second], matrix[second, first] = -math.sin(angle), math.sin(angle)
    return matrix
