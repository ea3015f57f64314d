"""Where enhancing lesions are: a small decoder on the vision backbone's feature maps.

Resizes, convolves and reorders; 3D transposed convolutions are left out, since GPU providers of onnxruntime lack them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LesionDecoder(nn.Module):
    """Feature maps, finest first, to a score per cell of the lesion grid."""

    def __init__(self, widths: tuple[int, ...], finest: tuple[int, int, int], grid: tuple[int, int, int] = (32, 64, 64), inner: int = 32) -> None:
        """`finest` is the grid of the finest map; the lesion grid must be a multiple of it."""
        super().__init__()
        if any(cells % own for cells, own in zip(grid, finest, strict=True)):
            raise ValueError(f"lesion grid {grid} is no multiple of the finest map's {finest}")
        self.grid = grid
        self.split = tuple(cells // own for cells, own in zip(grid, finest, strict=True))
        self.enter = nn.ModuleList(nn.Conv3d(width, inner, 1) for width in widths)
        self.mix = nn.ModuleList(nn.Sequential(nn.Conv3d(inner, inner, 3, padding=1), nn.BatchNorm3d(inner), nn.ReLU()) for _ in widths)
        self.score = nn.Conv3d(inner, math.prod(self.split), 1)
        # Lesions fill few cells; starting near that rate keeps the first steps calm.
        nn.init.constant_(self.score.bias, -4.0)
        #: Used in training alone: the coarsest map, which the queries look at, must tell lesions by itself.
        self.coarse = nn.Conv3d(widths[-1], 1, 1)
        nn.init.constant_(self.coarse.bias, -4.0)

    def loss(self, maps: list[Tensor], mask: Tensor, total: Callable[[Tensor], Tensor] = lambda own: own) -> Tensor:
        """Loss of the lesion grid and of the coarsest map, whose cells are to tell whether they hold any of a lesion."""
        coarse = self.coarse(maps[-1])
        return lesion_loss(self(maps), mask, total) + lesion_loss(coarse, F.adaptive_max_pool3d(mask, coarse.shape[2:]), total)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Scores [batch, 1, *grid] before the sigmoid."""
        x = None
        for level in reversed(range(len(maps))):
            own = self.enter[level](maps[level])
            x = own if x is None else own + F.interpolate(x, size=own.shape[2:], mode="nearest")
            x = self.mix[level](x)
        return self._spread(self.score(x))

    def _spread(self, score_BKSAR: Tensor) -> Tensor:
        """The K scores of a cell, one for each of the smaller cells it holds, put in their places."""
        batch, _, *cells = score_BKSAR.shape
        spread = score_BKSAR.reshape(batch, *self.split, *cells).permute(0, 4, 1, 5, 2, 6, 3)
        return spread.reshape(batch, 1, *(own * parts for own, parts in zip(cells, self.split, strict=True)))


def lesion_loss(score: Tensor, mask: Tensor, total: Callable[[Tensor], Tensor] = lambda own: own) -> Tensor:
    """Cross-entropy plus soft Dice over the batch; `mask` 0..1 in the shape of `score`.

    Where processes share a batch, `total` adds up their sums, so that the Dice is the whole batch's.
    """
    score = score.float()
    probability = score.sigmoid()
    overlap, predicted, wanted = total(torch.stack([(probability * mask).sum(), probability.sum(), mask.sum()]))
    dice = 1 - (2 * overlap + 1) / (predicted + wanted + 1)
    return F.binary_cross_entropy_with_logits(score, mask, pos_weight=torch.tensor(4.0, device=score.device)) + dice
