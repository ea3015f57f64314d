"""Views of every training image, computed once with the frozen model, so that later stages need no image."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from brat_train.data.augment import NONE, Augmentation, prepare
from brat_train.data.training_set import TrainingSet
from brat_train.models.brat import Brat


@torch.no_grad()
def views_of(model: Brat, data: TrainingSet, how: Augmentation, seed: int, device: torch.device, precision: str, batch: int = 32) -> tuple[Tensor, Tensor]:
    """Views [cases, V, hidden] float16 and unit projections [cases, V, width] float32 of one varied copy of each image."""
    model.eval()
    generator = torch.Generator(device).manual_seed(seed)
    views, projected = [], []
    for start in range(0, len(data), batch):
        volume, _ = prepare(data.volumes[start : start + batch].to(device), how, generator)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            out = model.encode_volume(volume)
        views.append(out.views.half())
        projected.append(out.projected.float())
    return torch.cat(views), torch.nn.functional.normalize(torch.cat(projected), dim=-1)


def view_bank(model: Brat, data: TrainingSet, how: Augmentation, copies: int, seed: int, device: torch.device, precision: str, kept: Path) -> Tensor:
    """Views [copies, cases, V, hidden] float16; the first copy is of the images as they are. Kept in a file for a resumed run."""
    if kept.is_file():
        stored = torch.load(kept, map_location=device, weights_only=True)
        if stored.shape[:2] == (copies, len(data)):
            return stored
    made = [views_of(model, data, NONE if copy == 0 else how, seed + copy, device, precision)[0] for copy in range(copies)]
    bank = torch.stack(made)
    part = kept.with_name(f"{kept.name}.part")
    torch.save(bank, part)
    part.replace(kept)
    return bank
