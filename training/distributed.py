"""One training on several processes, each with a GPU, a machine or a core of its own: `torchrun -m training train ...`.

Every process makes the whole batch, which costs a hundredth of a step, sends its share of it through the network, and
gathers what the others' networks answered. The loss is then that of the whole batch in every process, whatever it is
made of (Dice is pooled over a batch, pieces of one slice are pasted into another), and the weights that come out are
those of one process, up to rounding.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_gather
from torch.nn.parallel import DistributedDataParallel


def processes() -> int:
    """How many processes do this training; 1 without torchrun."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this process is the one that tells of the training and writes its results."""
    return not distributed.is_initialized() or distributed.get_rank() == 0


def device() -> str:
    """The device of this process: a GPU of its own, or the CPU."""
    if not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"


def agreed(value: Any) -> Any:
    """What the first process has found, for all of them: their memory and speed may differ."""
    if not distributed.is_initialized():
        return value
    told = [value]
    distributed.broadcast_object_list(told, device=torch.device(device()))
    return told[0]


@contextmanager
def joined() -> Iterator[None]:
    """Meet the other processes that torchrun started, if it did, and part from them in the end."""
    if "WORLD_SIZE" not in os.environ:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(device())
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def shared(network: nn.Module) -> nn.Module:
    """The network as one that does its share of a batch and answers with the logits of all of it.

    The batch (N, ...) must be the same in every process, and N a multiple of their number. Gradients come to the
    parameters of network itself. Without other processes it is network.
    """
    return _Shared(network) if processes() > 1 else network


class _Shared(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        learns = any(parameter.requires_grad for parameter in network.parameters())
        self._network = DistributedDataParallel(network) if learns else network

    def forward(self, images: Tensor) -> Tensor:
        if len(images) % processes():
            raise ValueError(f"a batch of {len(images)} cannot be shared by {processes()} processes")
        share = images.chunk(processes())[distributed.get_rank()]
        # Backwards, gathering adds the gradients of all processes, each of the whole loss; DistributedDataParallel
        # divides by their number. A share's gradient is so counted once.
        return torch.cat(all_gather(self._network(share)))
