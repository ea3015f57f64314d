"""The paper's definitions written as they are said, one pair and one number at a time: what the fast versions are held to."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def pairwise_view_alignment(view_VE: Tensor, sentence_SE: Tensor, real_S: Tensor) -> Tensor:
    """Mean cosine of greedily matched views and sentences of one study, -1..1.

    Rows have length 1; real_S (bool) marks the slots that are not padding. Raises ValueError if none is.
    Source: paper, Algorithm 1.
    """
    if not real_S.any():
        raise ValueError("the report has no sentence")
    sim_VS = view_VE @ sentence_SE.T
    open_VS = sim_VS.detach().masked_fill(~real_S, float("-inf"))
    taken = []
    for _ in range(min(len(view_VE), int(real_S.sum()))):
        v, s = divmod(int(open_VS.argmax()), open_VS.shape[1])
        taken.append(sim_VS[v, s])
        open_VS[v, :] = float("-inf")
        open_VS[:, s] = float("-inf")
    return torch.stack(taken).mean()


def contrastive(similarity_BB: Tensor, temperature: float) -> float:
    """Mean of equations 7 and 8 over a batch whose image i belongs to report i."""
    total = 0.0
    size = similarity_BB.shape[0]
    for i in range(size):
        image_given = [math.exp(float(similarity_BB[i, k]) / temperature) for k in range(size)]
        report_given = [math.exp(float(similarity_BB[k, i]) / temperature) for k in range(size)]
        total += -math.log(image_given[i] / sum(image_given)) - math.log(report_given[i] / sum(report_given))
    return total / (2 * size)


def dpp(attention_VP: Tensor, epsilon: float) -> float:
    """Equations 1 to 5 for the attention maps of one image, by the eigenvalues of the kernel."""
    views = attention_VP.shape[0]
    entropy = [-sum(float(p) * math.log(float(p)) for p in row if float(p) > 0) for row in attention_VP]
    kernel = torch.empty(views, views, dtype=torch.float64)
    for i in range(views):
        for j in range(views):
            kernel[i, j] = entropy[i] * float(attention_VP[i].double() @ attention_VP[j].double()) * entropy[j]
    eigenvalues = torch.linalg.eigvalsh(kernel + epsilon * torch.eye(views, dtype=torch.float64))
    return -float(eigenvalues.log().sum())
