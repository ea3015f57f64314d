"""Steps of a task whose gradients are averaged over the processes by DistributedDataParallel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from brat_train.train.task import StepResult, Task


class _Steps(nn.Module):
    """A step as a forward pass, which is where DistributedDataParallel listens."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.trained = task.modules
        self.step = task.step

    def forward(self, number: int, batch: np.ndarray) -> StepResult:
        return self.step(number, batch)


def in_parallel(task: Task) -> Callable[[int, np.ndarray], StepResult]:
    """`task.step` with averaged gradients. All processes begin with the first one's weights."""
    # Which parameters a step reaches depends on the objective. Buffers are alike: batch statistics are shared.
    return DistributedDataParallel(_Steps(task), find_unused_parameters=True, broadcast_buffers=False)
