"""Stage 0, where a recipe has it: the backbone by itself, from what is known of the cells of its map.

Reports say what is in an image, not where; a small backbone takes long to find out on a CPU. Where a set has masks, places of
lesions and answers, as simulated studies do, the map learns first to tell them. The paper has no such stage.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.data.augment import prepare
from brat_train.data.training_set import Case, TrainingSet
from brat_train.distributed.group import ALONE, Group
from brat_train.models.brat import Brat
from brat_train.models.heads import FindingHeads
from brat_train.models.lesion import LesionDecoder
from brat_train.train.recipes import Recipe
from brat_train.train.task import StepResult

#: Answers that fewer of the cases have, or that fewer lack, are not asked for.
RAREST = 0.01


def asked_answers(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """Every (question, answer) that enough of the cases have and enough lack; lists of answers count for each of their parts."""
    counts = Counter(pair for case in cases for pair in answer_pairs(case))
    return sorted(pair for pair, count in counts.items() if RAREST <= count / len(cases) <= 1 - RAREST)


def answer_pairs(case: Case) -> set[tuple[str, str]]:
    """What a case's answers say, part by part."""
    return {(question, part.strip()) for question, answer in case.answers.items() for part in answer.split(";")}


class MarkHeads(nn.Module):
    """Location, kind and size of a lesion from the cell of the map that holds its centre."""

    def __init__(self, width: int, locations: int, kinds: int) -> None:
        super().__init__()
        self.location = nn.Linear(width, max(1, locations))
        self.kind = nn.Linear(width, max(1, kinds))
        self.size = nn.Linear(width, 1)

    def loss(self, cell_NF: Tensor, location_N: Tensor, kind_N: Tensor, size_N: Tensor) -> Tensor:
        """Cross-entropies of location and kind, and the squared error of the logarithm of the size in mm."""
        size = F.mse_loss(self.size(cell_NF)[:, 0], size_N.log())
        return F.cross_entropy(self.location(cell_NF), location_N) + F.cross_entropy(self.kind(cell_NF), kind_N) + size


class LearnBackbone:
    """Masks of lesions, the places, kinds and sizes of their centres, and the answers to the questions."""

    name = "backbone"

    def __init__(self, model: Brat, lesion: LesionDecoder, data: TrainingSet, recipe: Recipe, device: torch.device, group: Group = ALONE) -> None:
        """Raises ValueError if the set has no masks, without which a map would not learn where anything is."""
        if data.masks is None:
            raise ValueError("the set has no lesion masks, which this recipe trains the backbone by; choose a recipe without this stage")
        self.model, self.lesion, self.data, self.recipe, self.device, self.group = model, lesion, data, recipe, device, group
        asked = asked_answers(data.cases)
        self.locations = {name: k for k, name in enumerate(sorted({mark.location for case in data.cases for mark in case.marks}))}
        self.kinds = {name: k for k, name in enumerate(sorted({mark.kind for case in data.cases for mark in case.marks}))}
        width = model.visual_encoder.width
        self.answers = FindingHeads(width, outputs=len(asked)).to(device)
        self.marks = MarkHeads(width, len(self.locations), len(self.kinds)).to(device)
        self.modules = nn.ModuleDict({"encoder": model.visual_encoder, "norm": model.ln_vision, "lesion": lesion, "answers": self.answers, "marks": self.marks})
        pairs = [answer_pairs(case) for case in data.cases]
        self.target_CA = torch.tensor([[float(pair in own) for pair in asked] for own in pairs], device=device)

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        return [(list(self.modules.parameters()), self.recipe.backbone.rate)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        own = batch[self.group.part(len(batch))]
        generator = torch.Generator(self.device).manual_seed(self.recipe.seed * 15_331 + number + self.group.rank * 15_485_863)
        index = torch.from_numpy(own - self.data.first).to(self.data.volumes.device)
        with torch.autocast(self.device.type, enabled=False):
            volume, mask = prepare(self.data.volumes[index].to(self.device), self.recipe.augmentation, generator, self.data.masks[index].to(self.device))
        maps = self.model.visual_encoder.pyramid(volume.contiguous(memory_format=torch.channels_last_3d))
        feature_BPF = self.model.ln_vision(self.model.visual_encoder.flatten(maps[-1]))
        target_BA = self.target_CA[torch.from_numpy(own).to(self.device)]
        parts = {
            "lesion": self.lesion.loss(maps, mask, self.group.total) * self.recipe.objective.lesion_weight,
            "answers": F.binary_cross_entropy_with_logits(self.answers(feature_BPF).float(), target_BA) * self.recipe.objective.findings_weight,
        }
        marks = [(row, mark) for row, case in enumerate(own) for mark in self.data.cases[int(case)].marks]
        if marks and not self._moves():
            cell_N = torch.tensor([cell_of(mark.centre_sar, self.model.grid) for _, mark in marks], device=self.device)
            row_N = torch.tensor([row for row, _ in marks], device=self.device)
            location_N = torch.tensor([self.locations[mark.location] for _, mark in marks], device=self.device)
            kind_N = torch.tensor([self.kinds[mark.kind] for _, mark in marks], device=self.device)
            size_N = torch.tensor([mark.size_mm for _, mark in marks], device=self.device)
            parts["marks"] = self.marks.loss(feature_BPF[row_N, cell_N].float(), location_N, kind_N, size_N)
        return StepResult(torch.stack([part.float() for part in parts.values()]).sum(), parts, [self.data.cases[int(case)].id for case in own])

    def _moves(self) -> bool:
        """Whether images are moved while training, which would part marks from what they mark."""
        how = self.recipe.augmentation
        return bool(how.rotation or how.scale or any(how.shift))


def cell_of(centre_sar: tuple[float, float, float], grid: tuple[int, int, int], size: tuple[int, int, int] = (32, 256, 256)) -> int:
    """Which cell of a map, counted right fastest, holds a place in the volume; the nearest one for places outside."""
    s, a, r = (min(max(math.floor((at + 0.5) * cells / extent), 0), cells - 1) for at, cells, extent in zip(centre_sar, grid, size, strict=True))
    return (s * grid[1] + a) * grid[2] + r
