"""Similarity of studies and reports: pairwise view alignment (paper, Algorithm 1) and what it is compared with.

Every function takes all pairs of a batch at once. Shape suffixes: B images, R reports, V views, S sentence slots (padded),
E width. Rows have length 1; `real_RS` (bool) marks the slots that hold a sentence. Padding is minus infinity, never zero,
so that it cannot win over a negative cosine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Matching = Literal["pva", "colbert", "qformer", "clip"]
NEVER = float("-inf")


def pairwise_view_alignment(view_BVE: Tensor, sentence_RSE: Tensor, real_RS: Tensor) -> Tensor:
    """Mean cosine of greedily matched views and sentences, [B, R] in -1..1 (Algorithm 1 and equation 6).

    The loop runs over matches, not over pairs: each step takes the largest open entry of every similarity matrix and
    closes its row and column. Gradients flow through the taken entries alone, as in the plain version.
    Raises ValueError if a report has no sentence.
    """
    _require_sentences(real_RS)
    sim_BRVS = torch.einsum("bve,rse->brvs", view_BVE, sentence_RSE)
    taken_BRVS = greedy_matches(sim_BRVS.detach(), real_RS)
    count_R = real_RS.sum(-1).clamp(max=view_BVE.shape[1])
    return (sim_BRVS * taken_BRVS).sum((-2, -1)) / count_R


@torch.no_grad()
def greedy_matches(sim_BRVS: Tensor, real_RS: Tensor) -> Tensor:
    """Which entries Algorithm 1 takes, as 0 and 1 in the shape and type of `sim_BRVS`."""
    views, slots = sim_BRVS.shape[-2:]
    open_BRX = sim_BRVS.masked_fill(~real_RS[None, :, None, :], NEVER).flatten(2)
    taken_BRX = torch.zeros_like(open_BRX)
    row_X = torch.arange(views * slots, device=sim_BRVS.device) // slots
    column_X = torch.arange(views * slots, device=sim_BRVS.device) % slots
    for _ in range(min(views, int(real_RS.sum(-1).max()))):
        best_BR1, at_BR1 = open_BRX.max(-1, keepdim=True)
        found_BR1 = (best_BR1 > NEVER).to(taken_BRX.dtype)
        taken_BRX.scatter_add_(2, at_BR1, found_BR1)
        open_BRX.masked_fill_((row_X == at_BR1 // slots) | (column_X == at_BR1 % slots), NEVER)
    return taken_BRX.unflatten(-1, (views, slots))


def colbert(view_BVE: Tensor, sentence_RSE: Tensor, real_RS: Tensor) -> Tensor:
    """Mean over sentences of the best view's cosine, [B, R]: a view may serve several sentences (Khattab and Zaharia)."""
    _require_sentences(real_RS)
    best_BRS = torch.einsum("bve,rse->brvs", view_BVE, sentence_RSE).amax(-2)
    return (best_BRS * real_RS).sum(-1) / real_RS.sum(-1)


def qformer(view_BVE: Tensor, sentence_RSE: Tensor, real_RS: Tensor) -> Tensor:
    """Best view's cosine with the whole report, the mean of its sentences, [B, R] (BLIP-2's contrastive score)."""
    return torch.einsum("bve,re->bvr", view_BVE, report_vector(sentence_RSE, real_RS)).amax(1)


def clip(view_BVE: Tensor, sentence_RSE: Tensor, real_RS: Tensor) -> Tensor:
    """Cosine of one vector per image, the mean of its views, with one per report, [B, R] (Radford et al.)."""
    return F.normalize(view_BVE.mean(1), dim=-1) @ report_vector(sentence_RSE, real_RS).T


def report_vector(sentence_RSE: Tensor, real_RS: Tensor) -> Tensor:
    """Unit vector of a whole report [R, E]."""
    _require_sentences(real_RS)
    return F.normalize((sentence_RSE * real_RS[:, :, None]).sum(1), dim=-1)


MATCHINGS: dict[Matching, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"pva": pairwise_view_alignment, "colbert": colbert, "qformer": qformer, "clip": clip}


def _require_sentences(real_RS: Tensor) -> None:
    if not bool(real_RS.any(-1).all()):
        empty = (~real_RS.any(-1)).nonzero().flatten().tolist()
        raise ValueError(f"reports {empty} of the batch have no sentence")
