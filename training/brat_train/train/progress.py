"""What a person sees of a stage: a bar on a terminal, lines elsewhere, a CSV file, and TensorBoard's files if it is installed."""

from __future__ import annotations

import csv
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from tqdm import tqdm

from brat_train.distributed.group import ALONE, Group
from brat_train.train.task import StepResult

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class Progress:
    """Means of losses now and then, since the last time; over the processes, where there are several, of which the first speaks."""

    def __init__(self, folder: Path, name: str, steps: int, start: int, group: Group = ALONE) -> None:
        self.path, self.name, self.steps, self.group = folder / f"{name}.csv", name, steps, group
        self.sums: dict[str, Tensor] = {}
        self.count = 0
        self.last = (start, time.monotonic())
        self.every = max(1, min(50, steps // 20))
        self.bar = tqdm(total=steps, initial=start, desc=name, unit="step", disable=not (group.first and sys.stderr.isatty()))
        self.board = _tensorboard(folder / "tensorboard" / name, start) if group.first else None

    def add(self, step: int, result: StepResult, norm: Tensor, rate: float) -> None:
        """Takes note of a step."""
        for key, value in {"loss": result.loss, **result.parts, "norm": norm}.items():
            self.sums[key] = self.sums.get(key, torch.zeros((), device=value.device)) + value.detach().float()
        self.count += 1
        self.bar.update()
        if (step + 1) % self.every == 0 or step + 1 == self.steps:
            means = dict(zip(self.sums, (self.group.mean(torch.stack([*self.sums.values()])) / self.count).tolist(), strict=True))
            self.sums, self.count = {}, 0
            if self.group.first:
                self._tell(step + 1, means, rate)

    def close(self) -> None:
        """Ends the bar and the files."""
        self.bar.close()
        if self.board is not None:
            self.board.close()

    def _tell(self, step: int, means: dict[str, float], rate: float) -> None:
        pace = (time.monotonic() - self.last[1]) / max(1, step - self.last[0])
        self.last = (step, time.monotonic())
        fresh = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["step", *means, "seconds_per_step"])
            writer.writerow([step, *(f"{value:.5g}" for value in means.values()), f"{pace:.4f}"])
        if self.board is not None:
            for key, value in {**means, "rate": rate, "seconds_per_step": pace}.items():
                self.board.add_scalar(key, value, step)
        if self.bar.disable:
            shown = " ".join(f"{key} {value:.3f}" for key, value in means.items())
            print(f"{self.name} {step}/{self.steps} {shown} {pace:.3f} s/step", file=sys.stderr, flush=True)
        else:
            self.bar.set_postfix({key: f"{value:.3f}" for key, value in means.items()}, refresh=False)


def _tensorboard(folder: Path, start: int) -> SummaryWriter | None:
    """TensorBoard's writer, or None without it. What an earlier try wrote beyond `start` is purged."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=start + 1)
