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
from brat_train.train.learn_backbone import cell_of
from brat_train.train.recipes import Objective, Recipe
from brat_train.train.task import StepResult


def repulsion_part(step: int, steps: int, objective: Objective) -> float:
    """How much of its weight the repulsion of views has at a step, 0 to 1, growing evenly between the objective's two bounds."""
    done = step / steps
    if done >= objective.repulsion_whole:
        return 1.0
    return max(0.0, (done - objective.repulsion_start) / (objective.repulsion_whole - objective.repulsion_start))


def encode_by_length(model: Brat, token_ST: Tensor, real_ST: Tensor, groups: int = 4) -> Tensor:
    """`model.encode_sentences`, short sentences apart from long ones: most of a batch's words would else be padding."""
    length_S = real_ST.sum(-1)
    rows = [row_G for row_G in length_S.argsort(stable=True).tensor_split(groups) if len(row_G)]
    parts = [model.encode_sentences(token_ST[row_G, :longest], real_ST[row_G, :longest]) for row_G in rows for longest in [int(length_S[row_G[-1]])]]
    return torch.cat(parts)[torch.cat(rows).argsort()]


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
        maps: Tensor | None = None,
    ) -> None:
        """`maps` [copies, own cases, positions, width]: feature maps of the images held, of a backbone that stays as it is."""
        self.maps = maps
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

        #: Which view looks at the lesions of which location, and at which cells of each case it should.
        self.viewer = {name: k for k, name in enumerate(sorted({mark.location for case in data.cases for mark in case.marks}))}
        if len(self.viewer) > model.config.qformer.queries:
            raise ValueError(f"the set names {len(self.viewer)} locations of lesions, more than there are views")

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        stage = self.recipe.pretrain
        vision = list(self.model.visual_encoder.parameters()) + ([] if self.lesion is None else list(self.lesion.parameters()))
        chosen = {id(parameter) for parameter in vision}
        if self.maps is not None:
            chosen |= {id(parameter) for parameter in self.model.ln_vision.parameters()}
            vision = []
        # No loss of the paper reaches this head; an optimizer that decays it would change a loaded checkpoint.
        chosen |= {id(parameter) for parameter in self.model.itm_head.parameters()}
        rest = [parameter for parameter in self.model.parameters() if id(parameter) not in chosen]
        if self.heads is not None:
            rest.extend(self.heads.parameters())
            if self.maps is None:
                rest.extend(self.cell_heads.parameters())
        return [(vision, stage.vision_rate or stage.rate), (rest, stage.rate)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        objective, device, group = self.recipe.objective, self.device, self.group
        own = group.part(len(batch))
        rng = random.Random(self.recipe.seed * 7_919 + number)
        generator = torch.Generator(device).manual_seed(self.recipe.seed * 104_729 + number + group.rank * 15_485_863)
        reports = [self.text.wording(int(case), rng) for case in batch]
        parts: dict[str, Tensor] = {}
        feature_BPF = self._features(batch[own], generator, rng, parts)
        views = self.model.encode_features(feature_BPF)

        if self.heads is not None:
            target_BF = self.target_CF[torch.from_numpy(batch[own]).to(device)]
            parts["findings"] = F.binary_cross_entropy_with_logits(self.heads(views.views).float(), target_BF) * objective.findings_weight
            if self.maps is None:
                parts["cells"] = F.binary_cross_entropy_with_logits(self.cell_heads(feature_BPF).float(), target_BF) * objective.findings_weight

        if objective.look_weight and (look := self._look(views.attention, batch[own])) is not None:
            parts["look"] = look * objective.look_weight

        everyones = self.text.sentences(reports, batch.tolist(), rng, objective.falsehood_weight > 0)
        sentences = everyones if group.size == 1 else everyones.of(own)
        vector_NE = encode_by_length(self.model, sentences.token.to(device), sentences.real.to(device)).float()
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

    def _features(self, own: np.ndarray, generator: torch.Generator, rng: random.Random, parts: dict[str, Tensor]) -> Tensor:
        """What the queries look at [B, positions, width]: kept maps, or those of varied images, whose lesions are then told as well."""
        index = torch.from_numpy(own - self.data.first).to(self.data.volumes.device)
        if self.maps is not None:
            copy = torch.tensor([rng.randrange(self.maps.shape[0]) for _ in own], device=self.maps.device)
            return self.maps[copy, index.to(self.maps.device)].to(self.device).float()
        with_masks = self.lesion is not None and self.data.masks is not None
        with torch.autocast(self.device.type, enabled=False):
            mask = self.data.masks[index].to(self.device) if with_masks else None
            volume, mask = prepare(self.data.volumes[index].to(self.device), self.recipe.augmentation, generator, mask)
        volume = volume.contiguous(memory_format=torch.channels_last_3d)
        if not with_masks:
            return self.model.image_features(volume)
        maps = self.model.visual_encoder.pyramid(volume)
        parts["lesion"] = self.lesion.loss(maps, mask, self.group.total) * self.recipe.objective.lesion_weight
        return self.model.ln_vision(self.model.visual_encoder.flatten(maps[-1]))

    def _look(self, attention_BVP: Tensor, own: np.ndarray) -> Tensor | None:
        """Minus the logarithm of how much of its attention a location's view gives to that location's lesions; None without lesions."""
        wanted: dict[tuple[int, int], set[int]] = {}
        for row, case in enumerate(own):
            for mark in self.data.cases[int(case)].marks:
                wanted.setdefault((row, self.viewer[mark.location]), set()).add(cell_of(mark.centre_sar, self.model.grid))
        if not wanted:
            return None
        part = [attention_BVP[row, view, sorted(cells)].sum() for (row, view), cells in wanted.items()]
        return -torch.stack(part).clamp(min=1e-6).log().mean()

    def _names(self, batch: np.ndarray) -> Sequence[str]:
        return [self.data.cases[int(case)].id for case in batch]
