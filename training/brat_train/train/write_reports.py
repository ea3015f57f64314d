"""Stage 2: the bridge and the report writer learn to write reports from the frozen model's views or feature maps (paper, section 4.2)."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from brat_train.data.training_set import Case
from brat_train.distributed.group import ALONE, Group
from brat_train.export.prompt import PROMPT
from brat_train.models.llama import Bridge, Writer
from brat_train.objectives.generation import next_token_loss
from brat_train.text.byte_bpe import END, PAD, view_token, write_report
from brat_train.text.subwords import pad_rows
from brat_train.train.recipes import Recipe
from brat_train.train.task import StepResult


class Prompt:
    """The pack's prompt as ids, and reports behind it."""

    def __init__(self, tokenizer: Tokenizer, views: int, longest: int) -> None:
        self.tokenizer, self.longest = tokenizer, longest
        self.reserved = [tokenizer.token_to_id(view_token(number)) for number in range(views)]
        before, after = PROMPT.split("{views}")
        self.ids = [*tokenizer.encode(before).ids, *self.reserved, *tokenizer.encode(after).ids]
        self.end, self.pad = tokenizer.token_to_id(END), tokenizer.token_to_id(PAD)

    def with_reports(self, reports: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        """Ids [B, T] of prompt, report and end, and which are to be predicted [B, T]: the report and its end."""
        rows = [[*self.ids, *report[: self.longest], *([self.end] if len(report) <= self.longest else [])] for report in reports]
        token_BT, real_BT = pad_rows(rows, self.pad)
        real_BT[:, : len(self.ids)] = False
        return token_BT, real_BT


class WriteReports:
    """Next-token loss of reports given bridged views."""

    name = "writer"

    def __init__(
        self,
        bridge: Bridge,
        writer: Writer,
        bank: Tensor,
        cases: Sequence[Case],
        tokenizer: Tokenizer,
        recipe: Recipe,
        device: torch.device,
        group: Group = ALONE,
        first: int = 0,
    ) -> None:
        """`bank` [copies, own cases, V, hidden] begins with the views of case `first`."""
        self.bridge, self.writer, self.bank, self.cases, self.recipe, self.device = bridge, writer, bank, cases, recipe, device
        self.group, self.first = group, first
        self.modules = nn.ModuleDict({"bridge": bridge, "writer": writer})
        self.prompt = Prompt(tokenizer, bank.shape[2], writer.config.context - 32 - bank.shape[2])
        self.reserved = torch.tensor(self.prompt.reserved, device=device)
        self.ids = [[row.ids for row in tokenizer.encode_batch([write_report(report) for report in case.wordings])] for case in cases]

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        return [(list(self.modules.parameters()), self.recipe.writer.rate)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        rng = random.Random(self.recipe.seed * 6_151 + number)
        own = self.group.part(len(batch))
        copy = torch.tensor([rng.randrange(self.bank.shape[0]) for _ in batch], device=self.bank.device)[own]
        index = torch.from_numpy(batch[own] - self.first).to(self.bank.device)
        view_BVH = self.bank[copy, index].to(self.device).float()
        token, counted = self.prompt.with_reports([rng.choice(self.ids[int(case)]) for case in batch])
        token_BT, counted_BT = token[own].to(self.device), counted[own].to(self.device)
        logit_BTK = self.writer(self.writer.embed(token_BT, self.reserved, self.bridge(view_BVH)))
        loss = self.group.share(next_token_loss(logit_BTK, token_BT, counted_BT), int(counted[own, 1:].sum()), int(counted[:, 1:].sum()))
        return StepResult(loss, {}, [self.cases[int(case)].id for case in batch[own]])


@torch.no_grad()
def write(bridge: Bridge, writer: Writer, tokenizer: Tokenizer, view_BVH: Tensor, max_tokens: int, batch: int = 64) -> list[str]:
    """Greedy reports of views [B, V, hidden], as text."""
    bridge.eval()
    writer.eval()
    prompt = Prompt(tokenizer, view_BVH.shape[1], writer.config.context)
    device = writer.token_embd.weight.device
    reserved = torch.tensor(prompt.reserved, device=device)
    texts = []
    for part_BVH in view_BVH.to(device).float().split(batch):
        token_BT = torch.tensor([prompt.ids], device=device).expand(len(part_BVH), -1)
        embedded = writer.embed(token_BT, reserved, bridge(part_BVH))
        texts.extend(tokenizer.decode(row).strip() for row in writer.write(embedded, prompt.end, max_tokens))
    return texts
