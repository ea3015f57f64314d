"""The loop every stage runs in: rate, precision, clipping, log, checkpoint, resume, and a limit of time.

A step depends on its number and the recipe's seed alone, so a run that was stopped and taken up again sees the batches
it would have seen.
"""

from __future__ import annotations

import csv
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from brat_train.train.checkpoint import load_if_there, save_atomic
from brat_train.train.recipes import Stage


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
        """Loss of the cases `batch` (indices) at step `number`."""

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """Parameters with their highest rate."""


@dataclass
class Clock:
    """Seconds left for the whole command."""

    limit_s: float | None
    began: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        return time.monotonic() - self.began

    def over(self) -> bool:
        return self.limit_s is not None and self.spent() > self.limit_s


def batch_of(step: int, cases: int, batch: int, seed: int) -> np.ndarray:
    """Indices of the cases of a step: each epoch is a permutation of its own, drawn from seed and epoch."""
    batch = min(batch, cases)
    per_epoch = cases // batch
    epoch, at = divmod(step, per_epoch)
    return np.random.default_rng([seed, epoch]).permutation(cases)[at * batch : (at + 1) * batch]


def rate_factor(step: int, stage: Stage) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    warm = max(1, round(stage.steps * stage.warmup))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, stage.steps - warm)))


def run_stage(task: Task, stage: Stage, cases: int, seed: int, folder: Path, device: torch.device, precision: str, clock: Clock) -> bool:
    """Trains a stage from where its checkpoint stands. Returns whether it is finished; False if time ran out.

    Raises FloatingPointError naming the cases if a loss is not finite; the last checkpoint stays.
    """
    path = folder / f"{task.name}.pt"
    optimizer = _optimizer(task, stage)
    start = 0
    state = load_if_there(path, device)
    if state is not None:
        task.modules.load_state_dict(state["modules"])
        start = state["step"]
        if start < stage.steps:
            optimizer.load_state_dict(state["optimizer"])
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    task.modules.train()
    log = _Log(folder / f"{task.name}.csv", task.name, stage.steps, start)
    saved = time.monotonic()

    def save(step: int) -> None:
        save_atomic({"modules": task.modules.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, path)

    for step in range(start, stage.steps):
        if clock.over():
            save(step)
            return False
        for group in optimizer.param_groups:
            group["lr"] = group["highest"] * rate_factor(step, stage)
        # Dropout, too, is the same when a step is run again.
        torch.manual_seed(seed * 1_000_003 + step)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            result = task.step(step, batch_of(step, cases, stage.batch, seed))
        if not bool(torch.isfinite(result.loss)):
            parts = ", ".join(f"{name} {float(value.detach()):.4g}" for name, value in result.parts.items())
            raise FloatingPointError(f"{task.name}, step {step}: the loss is not finite ({parts}); cases {', '.join(result.cases)}")
        optimizer.zero_grad(set_to_none=True)
        result.loss.backward()
        norm = nn.utils.clip_grad_norm_(parameters, stage.clip)
        if bool(torch.isfinite(norm)):
            optimizer.step()
        log.add(step, result, norm)
        if time.monotonic() - saved > 120:
            save(step + 1)
            saved = time.monotonic()
    if start < stage.steps:
        # Nothing goes on from here, so the optimizer's memory, twice the weights, is left out.
        save_atomic({"modules": task.modules.state_dict(), "step": stage.steps}, path)
    task.modules.eval()
    return True


def _optimizer(task: Task, stage: Stage) -> torch.optim.AdamW:
    groups = []
    for parameters, rate in task.parameter_groups():
        for decays in (True, False):
            members = [parameter for parameter in parameters if (parameter.ndim > 1) == decays]
            if members:
                groups.append({"params": members, "lr": rate, "highest": rate, "weight_decay": stage.weight_decay if decays else 0.0})
    fused = any(parameter.is_cuda for group in groups for parameter in group["params"])
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=fused)


class _Log:
    """A CSV line and a progress line now and then, each the mean since the last."""

    def __init__(self, path: Path, name: str, steps: int, start: int) -> None:
        self.path, self.name, self.steps = path, name, steps
        self.sums: dict[str, Tensor] = {}
        self.count = 0
        self.last = (start, time.monotonic())
        self.every = max(1, min(50, steps // 20))

    def add(self, step: int, result: StepResult, norm: Tensor) -> None:
        for key, value in {"loss": result.loss, **result.parts, "norm": norm}.items():
            self.sums[key] = self.sums.get(key, torch.zeros((), device=value.device)) + value.detach().float()
        self.count += 1
        if (step + 1) % self.every and step + 1 != self.steps:
            return
        means = {key: float(value) / self.count for key, value in self.sums.items()}
        pace = (time.monotonic() - self.last[1]) / max(1, step + 1 - self.last[0])
        self.last = (step + 1, time.monotonic())
        fresh = not self.path.exists()
        with self.path.open("a", newline="") as file:
            writer = csv.writer(file)
            if fresh:
                writer.writerow(["step", *means, "seconds_per_step"])
            writer.writerow([step + 1, *(f"{value:.5g}" for value in means.values()), f"{pace:.4f}"])
        shown = " ".join(f"{key} {value:.3f}" for key, value in means.items())
        print(f"{self.name} {step + 1}/{self.steps} {shown} {pace:.3f} s/step", file=sys.stderr, flush=True)
        self.sums, self.count = {}, 0
