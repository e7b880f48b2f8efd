"""Networks by name, so that a model's manifest can say how to build it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from monai.networks.nets.unet import UNet
from torch import Tensor, nn

PLACES = 3  # along k, j, i
_LEAST_LIKELY = 1e-7  # whose logarithm is still a number


def unet_spec(
    in_channels: int,
    classes: int,
    channels: tuple[int, ...] = (24, 48, 96, 192, 256),
    strides: Sequence[tuple[int, int, int]] | None = None,
) -> dict[str, Any]:
    """Description of a residual U-Net, of three dimensions if strides (k, j, i) from level to level are given.

    Its input must be a multiple of 2^(len(channels) - 1) in size, or along each axis of the product of its strides.
    """
    blocks = {} if strides is None else {"dimensions": 3, "strides": [list(stride) for stride in strides]}
    return {
        "kind": "unet",
        "in_channels": in_channels,
        "classes": classes,
        "channels": list(channels),
        "residual_units": 2,
        "features": 16,
        **blocks,
    }


def build_network(spec: dict[str, Any]) -> nn.Module:
    """The network of a description: (N, in_channels, [K,] J, I) float32 to logits (N, classes, [K,] J, I).

    At full resolution it computes few features and turns them into logits voxel by voxel: with 30 classes a
    3 x 3 convolution of the logits themselves would be two thirds of all arithmetic. Instance normalisation
    throughout: unlabelled slices can then not poison statistics, as they do with batch normalisation
    (arXiv:2010.03658). Of kind "mean" it is one of so many members. Raises ValueError for an unknown kind.
    """
    if spec.get("kind") == "mean":
        return Mean([build_network(spec["of"]) for _ in range(spec["members"])])
    if spec.get("kind") != "unet":
        raise ValueError(f"unknown network kind {spec.get('kind')!r}")
    channels = tuple(spec["channels"])
    dimensions = spec.get("dimensions", 2)
    body = UNet(
        spatial_dims=dimensions,
        in_channels=spec["in_channels"],
        out_channels=spec["features"],
        channels=channels,
        strides=spec.get("strides", (2,) * (len(channels) - 1)),
        num_res_units=spec["residual_units"],
        norm="INSTANCE",
    )
    last = nn.Conv2d if dimensions == 2 else nn.Conv3d
    return nn.Sequential(body, nn.PReLU(), last(spec["features"], spec["classes"], kernel_size=1))


def mean_spec(of: dict[str, Any], members: int) -> dict[str, Any]:
    """Description of the mean of networks that are each of one description."""
    return {"kind": "mean", "of": of, "members": members}


def member_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """The description of the networks in a mean, or of a single one."""
    return spec["of"] if spec.get("kind") == "mean" else spec


class Mean(nn.Module):
    """Networks as one: logits whose softmax is the mean of theirs, (N, C, *space)."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> Tensor:
        likely = torch.stack([member(images).softmax(1) for member in self.members]).mean(0)
        return likely.clamp(min=_LEAST_LIKELY).log()


class TellingPlaces(nn.Module):
    """A network that after its logits tells, by the same features, where in its image a voxel lies.

    (N, C, *space) to (N, classes + 3, *space), the last three along k, j and i as SliceSampler gives them. To tell them
    it has to know the anatomy, which needs no annotation; what is in use later is network alone.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        assert isinstance(network, nn.Sequential)  # as build_network makes it: what ends in a convolution of features
        last = network[-1]
        assert isinstance(last, nn.Conv2d | nn.Conv3d)
        self.network = network
        self.places = type(last)(last.in_channels, PLACES, kernel_size=1)

    def forward(self, images: Tensor) -> Tensor:
        features = self.network[:-1](images)
        return torch.cat([self.network[-1](features), self.places(features)], dim=1)
