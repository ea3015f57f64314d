"""Feature maps of the vision backbone as tokens for the report writer: what the paper compares the views with (Table 4).

The published DenseNet gives 64 positions, as many tokens. Backbones that keep depth give thousands, more than a report
writer's context holds, so neighbouring cells are averaged until 64 or fewer are left.
"""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor
from torch.nn import functional as F

from brat_train.models.brat import Brat, Views

WriterSource = Literal["views", "features"]
MOST_TOKENS = 64


def token_grid(grid: tuple[int, int, int]) -> tuple[int, int, int]:
    """Cells along S, A, R of which at most MOST_TOKENS are made: the longest axis is halved until they fit."""
    cells = list(grid)
    while math.prod(cells) > MOST_TOKENS:
        longest = cells.index(max(cells))
        cells[longest] = -(-cells[longest] // 2)
    return cells[0], cells[1], cells[2]


def feature_tokens(feature_BPF: Tensor, grid: tuple[int, int, int]) -> Tensor:
    """Features [B, positions, F] of a grid to tokens [B, at most MOST_TOKENS, F], right fastest."""
    target = token_grid(grid)
    if target == tuple(grid):
        return feature_BPF
    maps_BFSAR = feature_BPF.transpose(1, 2).unflatten(2, grid)
    return F.adaptive_avg_pool3d(maps_BFSAR, target).flatten(2).transpose(1, 2)


def bridge_input(model: Brat, out: Views, source: WriterSource) -> Tensor:
    """What the bridge gets of encoded volumes, [B, tokens, width]."""
    return out.views if source == "views" else feature_tokens(out.features, model.grid)


def bridge_sizes(model: Brat, source: WriterSource) -> tuple[int, int]:
    """How many tokens, and how wide."""
    if source == "views":
        return model.config.qformer.queries, model.config.qformer.hidden
    return math.prod(token_grid(model.grid)), model.visual_encoder.width
