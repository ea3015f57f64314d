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
from brat_train.distributed.group import ALONE, Group
from brat_train.models.brat import Brat
from brat_train.models.heads import FindingHeads, targets
from brat_train.models.lesion import LesionDecoder
from brat_train.objectives.alignment import MATCHINGS
from brat_train.objectives.contrastive import against_false_sentences, contrastive_both_ways
from brat_train.objectives.diversity import dpp_loss, pairwise_repulsion
from brat_train.objectives.generation import next_token_loss
from brat_train.train.recipes import Objective, Recipe
from brat_train.train.task import StepResult


def repulsion_part(step: int, steps: int, objective: Objective) -> float:
    """How much of its weight the repulsion of views has at a step, 0 to 1, growing evenly between the objective's two bounds."""
    done = step / steps
    if done >= objective.repulsion_whole:
        return 1.0
    return max(0.0, (done - objective.repulsion_start) / (objective.repulsion_whole - objective.repulsion_start))


class Pretrain:
    """Stage 1: brat itself, with the lesion decoder beside it.

    Where processes share a batch, each sees the text of all of it, which is small, so that what is drawn at random is drawn
    alike, and the images of its part. Means over other things than cases are weighted by how many of them a process has.
    """

    name = "pretrain"

    def __init__(
        self,
        model: Brat,
        lesion: LesionDecoder | None,
        heads: FindingHeads,
        data: TrainingSet,
        text: TextBank,
        recipe: Recipe,
        device: torch.device,
        group: Group = ALONE,
    ) -> None:
        self.group = group
        self.model, self.lesion, self.data, self.text, self.recipe, self.device = model, lesion, data, text, recipe, device
        self.modules = nn.ModuleDict({"brat": model} if lesion is None else {"brat": model, "lesion": lesion})
        self.heads = heads if recipe.objective.findings_weight else None
        if self.heads is not None:
            self.modules["heads"] = self.heads
            # Until the queries know where to look, nothing tells the backbone what to show them; these heads do, in training alone.
            self.cell_heads = FindingHeads(model.visual_encoder.width).to(device)
            self.modules["cell_heads"] = self.cell_heads
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
            rest.extend(self.cell_heads.parameters())
        return [(vision, stage.vision_rate or stage.rate), (rest, stage.rate)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        objective, device, group = self.recipe.objective, self.device, self.group
        own = group.part(len(batch))
        rng = random.Random(self.recipe.seed * 7_919 + number)
        generator = torch.Generator(device).manual_seed(self.recipe.seed * 104_729 + number + group.rank * 15_485_863)
        index = torch.from_numpy(batch[own] - self.data.first).to(self.data.volumes.device)
        with_masks = self.lesion is not None and self.data.masks is not None
        with torch.autocast(device.type, enabled=False):
            mask = self.data.masks[index].to(device) if with_masks else None
            volume, mask = prepare(self.data.volumes[index].to(device), self.recipe.augmentation, generator, mask)
        volume = volume.contiguous(memory_format=torch.channels_last_3d)
        reports = [self.text.wording(int(case), rng) for case in batch]
        parts: dict[str, Tensor] = {}

        if with_masks:
            maps = self.model.visual_encoder.pyramid(volume)
            feature_BPF = self.model.ln_vision(self.model.visual_encoder.flatten(maps[-1]))
            parts["lesion"] = self.lesion.loss(maps, mask, group.total) * objective.lesion_weight
        else:
            feature_BPF = self.model.image_features(volume)
        views = self.model.encode_features(feature_BPF)

        if self.heads is not None:
            target_BF = self.target_CF[torch.from_numpy(batch[own]).to(device)]
            parts["findings"] = F.binary_cross_entropy_with_logits(self.heads(views.views).float(), target_BF) * objective.findings_weight
            parts["cells"] = F.binary_cross_entropy_with_logits(self.cell_heads(feature_BPF).float(), target_BF) * objective.findings_weight

        everyones = self.text.sentences(reports, batch.tolist(), rng, objective.falsehood_weight > 0)
        sentences = everyones if group.size == 1 else everyones.of(own)
        vector_NE = self.model.encode_sentences(sentences.token.to(device), sentences.real.to(device)).float()
        slots_RS = sentences.slots_RS.to(device)
        true = int(slots_RS.sum())
        sentence_RSE = torch.zeros(*slots_RS.shape, vector_NE.shape[-1], device=device).masked_scatter(slots_RS[:, :, None], vector_NE[:true])
        temperature = self.model.temp.clamp(0.01, 0.5).float()
        view_BVE = views.projected.float()
        with torch.autocast(device.type, enabled=False):
            # Own images with everybody's reports; then everybody's rows: each pair of a batch is matched once.
            similarity_BR = group.gather(MATCHINGS[objective.matching](view_BVE, group.gather(sentence_RSE), everyones.slots_RS.to(device)))
            parts["contrastive"] = contrastive_both_ways(similarity_BR, temperature)
            repulsion_weight = objective.repulsion_weight * repulsion_part(number, self.recipe.pretrain.steps, objective)
            if objective.repulsion == "dpp" and repulsion_weight:
                parts["dpp"] = dpp_loss(views.attention, objective.dpp_epsilon) * repulsion_weight
            elif objective.repulsion == "pairwise" and repulsion_weight:
                parts["pairwise"] = pairwise_repulsion(view_BVE) * repulsion_weight
            if len(everyones.true_N):
                true_NE = vector_NE[sentences.true_N.to(device)]
                false_NE = vector_NE[true:]
                loss = against_false_sentences(view_BVE, true_NE, false_NE, sentences.owner_N.to(device), temperature)
                parts["falsehood"] = group.share(loss, len(sentences.true_N), len(everyones.true_N)) * objective.falsehood_weight
        if objective.generation_weight and number % objective.generation_every == 0:
            token, real = self.text.captions(reports)
            token_RT, real_RT = token[own].to(device), real[own].to(device)
            loss = next_token_loss(self.model.caption(feature_BPF, token_RT, real_RT), token_RT, real_RT)
            parts["generation"] = group.share(loss, int(real[own, 1:].sum()), int(real[:, 1:].sum())) * objective.generation_weight
        return StepResult(torch.stack([part.float() for part in parts.values()]).sum(), parts, self._names(batch[own]))

    def _names(self, batch: np.ndarray) -> Sequence[str]:
        return [self.data.cases[int(case)].id for case in batch]
