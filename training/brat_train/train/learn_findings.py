"""Stage 3: classification heads on the frozen model's views."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.data.training_set import Case
from brat_train.distributed.group import ALONE, Group
from brat_train.models.heads import FindingHeads, targets
from brat_train.train.recipes import Recipe
from brat_train.train.task import StepResult


class LearnFindings:
    """Binary cross-entropy of every finding."""

    name = "heads"

    def __init__(
        self, heads: FindingHeads, bank: Tensor, cases: Sequence[Case], recipe: Recipe, device: torch.device, group: Group = ALONE, first: int = 0
    ) -> None:
        """`bank` [copies, own cases, V, hidden] begins with the views of case `first`."""
        self.group, self.first = group, first
        self.heads, self.bank, self.cases, self.recipe, self.device = heads, bank, cases, recipe, device
        self.modules = nn.ModuleDict({"heads": heads})
        self.target_CF = torch.tensor([targets(case) for case in cases], device=device)

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        return [(list(self.heads.parameters()), self.recipe.heads.rate)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        rng = random.Random(self.recipe.seed * 3_571 + number)
        own = self.group.part(len(batch))
        copy = torch.tensor([rng.randrange(self.bank.shape[0]) for _ in batch], device=self.bank.device)[own]
        index = torch.from_numpy(batch[own])
        score_BF = self.heads(self.bank[copy, (index - self.first).to(self.bank.device)].to(self.device).float())
        loss = F.binary_cross_entropy_with_logits(score_BF.float(), self.target_CF[index.to(self.device)])
        return StepResult(loss, {}, [self.cases[int(case)].id for case in batch[own]])
