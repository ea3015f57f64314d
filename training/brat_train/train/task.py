"""What a stage of training is to the loop that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor, nn


@dataclass(frozen=True)
class StepResult:
    """What one step computed."""

    loss: Tensor
    #: Parts of the loss by name, for the log.
    parts: dict[str, Tensor]
    #: Which cases were in the batch, to be named if the loss is not a number.
    cases: Sequence[str]


class Task(Protocol):
    """One stage: modules to train and what a step is."""

    name: str
    modules: nn.ModuleDict

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        """Loss of the cases `batch` (indices) at step `number`; of a process's part of them where several share it."""

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """Parameters with their highest rate."""
