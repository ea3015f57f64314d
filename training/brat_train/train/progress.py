"""What a person sees of a stage: a bar on a terminal, lines elsewhere, a CSV file, and TensorBoard's files if it is installed."""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
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
        #: In how many steps each part was; some are not in all of them.
        self.counts: Counter[str] = Counter()
        self.last = (start, time.monotonic())
        self.every = max(1, min(50, steps // 20))
        self.bar = tqdm(total=steps, initial=start, desc=name, unit="step", disable=not (group.first and sys.stderr.isatty()))
        self.board = _tensorboard(folder / "tensorboard" / name, start) if group.first else None

    def add(self, step: int, result: StepResult, norm: Tensor, rate: float) -> None:
        """Takes note of a step."""
        for key, value in {"loss": result.loss, **result.parts, "norm": norm}.items():
            self.sums[key] = self.sums.get(key, torch.zeros((), device=value.device)) + value.detach().float()
            self.counts[key] += 1
        self.bar.update()
        if (step + 1) % self.every == 0 or step + 1 == self.steps:
            sums = self.group.mean(torch.stack([*self.sums.values()])).tolist()
            means = {key: total / self.counts[key] for key, total in zip(self.sums, sums, strict=True)}
            self.sums, self.counts = {}, Counter()
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
        _append(self.path, {"step": str(step), **{key: f"{value:.5g}" for key, value in means.items()}, "seconds_per_step": f"{pace:.4f}"})
        if self.board is not None:
            for key, value in {**means, "rate": rate, "seconds_per_step": pace}.items():
                self.board.add_scalar(key, value, step)
        if self.bar.disable:
            shown = " ".join(f"{key} {value:.3f}" for key, value in means.items())
            print(f"{self.name} {step}/{self.steps} {shown} {pace:.3f} s/step", file=sys.stderr, flush=True)
        else:
            self.bar.set_postfix({key: f"{value:.3f}" for key, value in means.items()}, refresh=False)


def _append(path: Path, row: dict[str, str]) -> None:
    """Adds a row to a CSV file. A column that is new, as of a loss that sets in later, is added to the rows before, empty."""
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    if path.exists():
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or []), list(reader)
    wanted = [*columns, *(key for key in row if key not in columns)]
    whole = wanted != columns
    part = path.with_name(f"{path.name}.part")
    with (part if whole else path).open("w" if whole else "a", newline="") as file:
        writer = csv.DictWriter(file, wanted, restval="")
        if whole:
            writer.writeheader()
            writer.writerows(rows)
        writer.writerow(row)
    if whole:
        part.replace(path)


def _tensorboard(folder: Path, start: int) -> SummaryWriter | None:
    """TensorBoard's writer, or None without it. What an earlier try wrote beyond `start` is purged."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=start + 1)
