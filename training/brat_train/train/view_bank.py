"""Views, or feature maps, of every training image, computed once with the frozen model, so that later stages need no image."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from brat_train.data.augment import NONE, Augmentation, prepare
from brat_train.data.training_set import TrainingSet
from brat_train.models.brat import Brat
from brat_train.models.feature_tokens import WriterSource, bridge_input
from brat_train.train.checkpoint import load_if_there, save_atomic

#: What the bridge gets, or the normalised feature maps that the queries look at.
ViewSource = WriterSource | Literal["maps"]


@torch.no_grad()
def bridge_inputs_of(
    model: Brat, data: TrainingSet, how: Augmentation, seed: int, device: torch.device, precision: str, source: ViewSource, batch: int = 32
) -> Tensor:
    """What the bridge gets, or the feature maps, [images, tokens, width], float16, of one varied copy of each image held."""
    model.eval()
    generator = torch.Generator(device).manual_seed(seed)
    parts = []
    for start in range(0, len(data.volumes), batch):
        volume, _ = prepare(data.volumes[start : start + batch].to(device), how, generator)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            made = model.image_features(volume) if source == "maps" else bridge_input(model, model.encode_volume(volume), source)
        parts.append(made.half())
    return torch.cat(parts)


@torch.no_grad()
def inputs_of_maps(model: Brat, maps: Tensor, precision: str, source: WriterSource, batch: int = 64) -> Tensor:
    """What the bridge gets [copies, images, tokens, width], float16, of kept feature maps [copies, images, positions, width]."""
    model.eval()
    copies = []
    for map_NPF in maps:
        parts = []
        for part_BPF in map_NPF.split(batch):
            with torch.autocast(maps.device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
                parts.append(bridge_input(model, model.encode_features(part_BPF.float()), source).half())
        copies.append(torch.cat(parts))
    return torch.stack(copies)


@torch.no_grad()
def views_of(model: Brat, data: TrainingSet, how: Augmentation, seed: int, device: torch.device, precision: str, batch: int = 32) -> tuple[Tensor, Tensor]:
    """Views [images, V, hidden] float16 and unit projections [images, V, width] float32 of one varied copy of each image held."""
    model.eval()
    generator = torch.Generator(device).manual_seed(seed)
    views, projected = [], []
    for start in range(0, len(data.volumes), batch):
        volume, _ = prepare(data.volumes[start : start + batch].to(device), how, generator)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            out = model.encode_volume(volume)
        views.append(out.views.half())
        projected.append(out.projected.float())
    return torch.cat(views), torch.nn.functional.normalize(torch.cat(projected), dim=-1)


def view_bank(
    model: Brat, data: TrainingSet, how: Augmentation, copies: int, seed: int, device: torch.device, precision: str, kept: Path, source: ViewSource = "views"
) -> Tensor:
    """Views (or tokens of feature maps) [copies, images, V, hidden] float16 of the images held; the first copy is of the images as they are.

    Kept in a file for a resumed run.
    """
    stored = load_if_there(kept, device)
    if stored is not None and stored.shape[:2] == (copies, len(data.volumes)):
        return stored
    made = [bridge_inputs_of(model, data, NONE if copy == 0 else how, seed + copy, device, precision, source) for copy in range(copies)]
    bank = torch.stack(made)
    save_atomic(bank, kept)
    return bank
