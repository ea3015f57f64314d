"""Where enhancing lesions are: a small decoder on the vision backbone's feature maps.

Resizes and convolves; 3D transposed convolutions are left out, since GPU providers of onnxruntime lack them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LesionDecoder(nn.Module):
    """Feature maps, finest first, to a score per cell of the lesion grid."""

    def __init__(self, widths: tuple[int, ...], grid: tuple[int, int, int] = (32, 64, 64), inner: int = 32) -> None:
        super().__init__()
        self.grid = grid
        self.enter = nn.ModuleList(nn.Conv3d(width, inner, 1) for width in widths)
        self.mix = nn.ModuleList(nn.Sequential(nn.Conv3d(inner, inner, 3, padding=1), nn.BatchNorm3d(inner), nn.ReLU()) for _ in widths)
        self.score = nn.Conv3d(inner, 1, 1)
        # Lesions fill few cells; starting near that rate keeps the first steps calm.
        nn.init.constant_(self.score.bias, -4.0)

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Scores [batch, 1, *grid] before the sigmoid."""
        x = None
        for level in reversed(range(len(maps))):
            own = self.enter[level](maps[level])
            x = own if x is None else own + F.interpolate(x, size=own.shape[2:], mode="nearest")
            x = self.mix[level](x)
        return F.interpolate(self.score(x), size=self.grid, mode="trilinear", align_corners=False)


def lesion_loss(score: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice over the batch; `mask` 0..1 in the shape of `score`."""
    score = score.float()
    probability = score.sigmoid()
    overlap = (probability * mask).sum()
    dice = 1 - (2 * overlap + 1) / (probability.sum() + mask.sum() + 1)
    return F.binary_cross_entropy_with_logits(score, mask, pos_weight=torch.tensor(4.0, device=score.device)) + dice
