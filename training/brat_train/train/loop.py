"""The loop every stage runs in: rate, precision, clipping, log, checkpoint, resume, and a limit of time.

A step depends on its number and the recipe's seed alone, so a run that was stopped and taken up again sees the batches
it would have seen. Where processes share a stage, each computes its part of every batch, the first one keeps time and
writes, and all go on from what that one reads.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from brat_train.distributed.data_parallel import in_parallel
from brat_train.distributed.group import ALONE, Group
from brat_train.errors import LossNotFiniteError
from brat_train.train.batches import batch_of
from brat_train.train.checkpoint import load_if_there, save_atomic
from brat_train.train.progress import Progress
from brat_train.train.recipes import Stage
from brat_train.train.task import StepResult, Task

#: Seconds between checkpoints.
SAVE_EVERY = 120


@dataclass
class Clock:
    """Seconds left for the whole command."""

    limit_s: float | None
    began: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        return time.monotonic() - self.began

    def over(self) -> bool:
        return self.limit_s is not None and self.spent() > self.limit_s


def rate_factor(step: int, stage: Stage) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    warm = max(1, round(stage.steps * stage.warmup))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, stage.steps - warm)))


def run_stage(
    task: Task, stage: Stage, cases: int, seed: int, folder: Path, device: torch.device, precision: str, clock: Clock, group: Group = ALONE, lanes: int = 1
) -> bool:
    """Trains a stage from where its checkpoint stands. Returns whether it is finished; False if time ran out.

    Raises LossNotFiniteError naming the cases if a loss is not finite, DiskFullError if a checkpoint finds no room; the
    last checkpoint stays.
    """
    path = folder / f"{task.name}.pt"
    optimizer = _optimizer(task, stage)
    start = 0
    state = group.from_first(lambda: load_if_there(path, device if group.size == 1 else torch.device("cpu")))
    if state is not None:
        task.modules.load_state_dict(state["modules"])
        start = state["step"]
        if start < stage.steps:
            optimizer.load_state_dict(state["optimizer"])
    parameters = [parameter for members in optimizer.param_groups for parameter in members["params"]]
    task.modules.train()
    progress = Progress(folder, task.name, stage.steps, start, group)
    step_of = task.step if group.size == 1 else in_parallel(task)
    saved = time.monotonic()

    def save(step: int) -> None:
        if group.first:
            save_atomic({"modules": task.modules.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, path)

    try:
        for step in range(start, stage.steps):
            if group.from_first(clock.over):
                save(step)
                return False
            rate = rate_factor(step, stage)
            for members in optimizer.param_groups:
                members["lr"] = members["highest"] * rate
            # Dropout, too, is the same when a step is run again; and other cases' is not the same.
            torch.manual_seed(seed * 1_000_003 + step + group.rank * 15_485_863)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
                result = step_of(step, batch_of(step, cases, stage.batch, seed, lanes))
            _require_finite(result, task.name, step, group)
            optimizer.zero_grad(set_to_none=True)
            result.loss.backward()
            norm = nn.utils.clip_grad_norm_(parameters, stage.clip)
            if bool(torch.isfinite(norm)):
                optimizer.step()
            progress.add(step, result, norm, rate)
            if time.monotonic() - saved > SAVE_EVERY:
                save(step + 1)
                saved = time.monotonic()
    finally:
        progress.close()
    if start < stage.steps and group.first:
        # Nothing goes on from here, so the optimizer's memory, twice the weights, is left out.
        save_atomic({"modules": task.modules.state_dict(), "step": stage.steps}, path)
    task.modules.eval()
    return True


def _require_finite(result: StepResult, stage: str, step: int, group: Group) -> None:
    """Stops every process if the loss of one is not finite; that one names its cases."""
    losses = group.numbers(float(result.loss.detach()))
    broken = [rank for rank, loss in enumerate(losses) if not math.isfinite(loss)]
    if not broken:
        return
    parts = ", ".join(f"{name} {float(value.detach()):.4g}" for name, value in result.parts.items())
    where = f"cases {', '.join(result.cases)}" if group.rank in broken else f"cases of process {broken[0]}"
    raise LossNotFiniteError(
        "train/loss-not-finite",
        f"{stage}, step {step}: the loss is not finite ({parts}); {where}",
        "Look at these cases; without them, or with a lower rate, the run goes on from its last checkpoint.",
    )


def _optimizer(task: Task, stage: Stage) -> torch.optim.AdamW:
    groups = []
    for parameters, rate in task.parameter_groups():
        for decays in (True, False):
            members = [parameter for parameter in parameters if (parameter.ndim > 1) == decays]
            if members:
                groups.append({"params": members, "lr": rate, "highest": rate, "weight_decay": stage.weight_decay if decays else 0.0})
    fused = any(parameter.is_cuda for group in groups for parameter in group["params"])
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=fused)
