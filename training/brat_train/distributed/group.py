"""The processes that train one model together, and what they tell each other.

A loss that is a mean over the batch is a mean over processes of means over their parts, and DistributedDataParallel
averages gradients. What mixes cases of several processes goes through :meth:`Group.gather` and :meth:`Group.total`, whose
gradients are sums over processes; averaged, they are the gradients that one process would have found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from brat_train.errors import ProcessFailedError

T = TypeVar("T")
#: How long a process waits for the others, for example while the first one learns a tokenizer.
_PATIENCE = timedelta(minutes=30)


@dataclass(frozen=True)
class Group:
    """One of `size` processes. Every method is to be called by all of them in the same order."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes files and speaks to the person."""
        return self.rank == 0

    def part(self, count: int) -> slice:
        """This process's part of `count` things, which the processes share evenly."""
        each = count // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def gather(self, own: Tensor) -> Tensor:
        """Everybody's rows, in the order of the processes; gradients flow to those who gave them. Shapes must be alike."""
        return own if self.size == 1 else _Gather.apply(own, self)

    def total(self, own: Tensor) -> Tensor:
        """Sum over the processes, with gradients."""
        return own if self.size == 1 else _Total.apply(own)

    def mean(self, own: Tensor) -> Tensor:
        """Mean over the processes, without gradients."""
        return own if self.size == 1 else self.total(own.detach()) / self.size

    def share(self, own: Tensor, count: int, everyones: int) -> Tensor:
        """A mean over `count` things of this process, weighted so that the mean over processes is the mean over all of them.

        Nought where this process has none of them, of which the mean is no number.
        """
        if self.size == 1:
            return own
        return own * (count * self.size / everyones) if count else torch.zeros_like(own)

    def numbers(self, own: float) -> list[float]:
        """A number of each process."""
        if self.size == 1:
            return [own]
        parts = [torch.empty(1, dtype=torch.float64) for _ in range(self.size)]
        dist.all_gather(parts, torch.tensor([own], dtype=torch.float64))
        return torch.cat(parts).tolist()

    def from_first(self, make: Callable[[], T]) -> T:
        """What the first process makes, at all of them; if it fails, all fail."""
        if self.size == 1:
            return make()
        box: list[Any] = [None, None]
        failure: Exception | None = None
        if self.first:
            try:
                box[0] = make()
            except Exception as error:
                failure, box[1] = error, str(error)
        dist.broadcast_object_list(box, src=0)
        if failure is not None:
            raise failure
        if box[1] is not None:
            raise ProcessFailedError("train/process-failed", f"the first process failed: {box[1]}", "See what it printed.")
        return box[0]


ALONE = Group()


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor, group: Group) -> Tensor:
        ctx.group = group
        parts = [torch.empty_like(own, memory_format=torch.contiguous_format) for _ in range(group.size)]
        dist.all_gather(parts, own.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total[ctx.group.part(len(total))], None


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor) -> Tensor:
        total = own.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total


def own_device(device: torch.device) -> torch.device:
    """The GPU of this process where `torchrun` started several on a machine."""
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return device


@contextmanager
def join(device: torch.device) -> Iterator[Group]:
    """The group that `torchrun` started this process in, by its environment; alone without it.

    GPUs speak NCCL; small talk, and CPUs, gloo.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield ALONE
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Group(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
