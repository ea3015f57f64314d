"""Pre-training: the paper's loss (equation 9) on batches of volumes and reports, with the additions a recipe names."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.data.augment import prepare
from brat_train.data.text_bank import TextBank
from brat_train.data.training_set import TrainingSet
from brat_train.models.brat import Brat
from brat_train.models.heads import FindingHeads, targets
from brat_train.models.lesion import LesionDecoder, lesion_loss
from brat_train.objectives.alignment import MATCHINGS
from brat_train.objectives.contrastive import against_false_sentences, contrastive_both_ways
from brat_train.objectives.diversity import dpp_loss, pairwise_repulsion
from brat_train.objectives.generation import next_token_loss
from brat_train.train.loop import StepResult
from brat_train.train.recipes import Recipe


class Pretrain:
    """Stage 1: brat itself, with the lesion decoder beside it."""

    name = "pretrain"

    def __init__(
        self, model: Brat, lesion: LesionDecoder | None, heads: FindingHeads, data: TrainingSet, text: TextBank, recipe: Recipe, device: torch.device
    ) -> None:
        self.model, self.lesion, self.data, self.text, self.recipe, self.device = model, lesion, data, text, recipe, device
        self.modules = nn.ModuleDict({"brat": model} if lesion is None else {"brat": model, "lesion": lesion})
        self.heads = heads if recipe.objective.findings_weight else None
        if self.heads is not None:
            self.modules["heads"] = self.heads
            self.target_CF = torch.tensor([targets(case) for case in data.cases], device=device)

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        stage = self.recipe.pretrain
        vision = list(self.model.visual_encoder.parameters()) + ([] if self.lesion is None else list(self.lesion.parameters()))
        chosen = {id(parameter) for parameter in vision}
        # No loss of the paper reaches this head; an optimizer that decays it would change a loaded checkpoint.
        chosen |= {id(parameter) for parameter in self.model.itm_head.parameters()}
        rest = [parameter for parameter in self.model.parameters() if id(parameter) not in chosen]
        if self.heads is not None:
            rest.extend(self.heads.parameters())
        return [(vision, stage.vision_rate or stage.rate), (rest, stage.rate)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        objective, device = self.recipe.objective, self.device
        rng = random.Random(self.recipe.seed * 7_919 + number)
        generator = torch.Generator(device).manual_seed(self.recipe.seed * 104_729 + number)
        index = torch.from_numpy(batch).to(self.data.volumes.device)
        with_masks = self.lesion is not None and self.data.masks is not None
        with torch.autocast(device.type, enabled=False):
            mask = self.data.masks[index].to(device) if with_masks else None
            volume, mask = prepare(self.data.volumes[index].to(device), self.recipe.augmentation, generator, mask)
        if device.type == "cuda":
            volume = volume.contiguous(memory_format=torch.channels_last_3d)
        reports = [self.text.wording(int(case), rng) for case in batch]
        parts: dict[str, Tensor] = {}

        if with_masks:
            maps = self.model.visual_encoder.pyramid(volume)
            feature_BPF = self.model.ln_vision(self.model.visual_encoder.flatten(maps[-1]))
            parts["lesion"] = lesion_loss(self.lesion(maps), mask) * objective.lesion_weight
        else:
            feature_BPF = self.model.image_features(volume)
        views = self.model.encode_features(feature_BPF)

        if self.heads is not None:
            target_BF = self.target_CF[torch.from_numpy(batch).to(device)]
            parts["findings"] = F.binary_cross_entropy_with_logits(self.heads(views.views).float(), target_BF) * objective.findings_weight

        sentences = self.text.sentences(reports, batch.tolist(), rng, objective.falsehood_weight > 0)
        vector_NE = self.model.encode_sentences(sentences.token.to(device), sentences.real.to(device)).float()
        slots_RS = sentences.slots_RS.to(device)
        own = int(slots_RS.sum())
        sentence_RSE = torch.zeros(*slots_RS.shape, vector_NE.shape[-1], device=device).masked_scatter(slots_RS[:, :, None], vector_NE[:own])
        temperature = self.model.temp.clamp(0.01, 0.5).float()
        view_BVE = views.projected.float()
        with torch.autocast(device.type, enabled=False):
            similarity_BR = MATCHINGS[objective.matching](view_BVE, sentence_RSE, slots_RS)
            parts["contrastive"] = contrastive_both_ways(similarity_BR, temperature)
            if objective.repulsion == "dpp":
                parts["dpp"] = dpp_loss(views.attention, objective.dpp_epsilon) * objective.repulsion_weight
            elif objective.repulsion == "pairwise":
                parts["pairwise"] = pairwise_repulsion(view_BVE) * objective.repulsion_weight
            if len(sentences.true_N):
                true_NE = vector_NE[sentences.true_N.to(device)]
                false_NE = vector_NE[own:]
                parts["falsehood"] = against_false_sentences(view_BVE, true_NE, false_NE, sentences.owner_N.to(device), temperature) * objective.falsehood_weight
        if objective.generation_weight:
            token_RT, real_RT = (part.to(device) for part in self.text.captions(reports))
            logit_RTK = self.model.caption(feature_BPF, token_RT, real_RT)
            parts["generation"] = next_token_loss(logit_RTK, token_RT, real_RT) * objective.generation_weight
        return StepResult(torch.stack([part.float() for part in parts.values()]).sum(), parts, self._names(batch))

    def _names(self, batch: np.ndarray) -> Sequence[str]:
        return [self.data.cases[int(case)].id for case in batch]
