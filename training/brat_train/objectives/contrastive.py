"""Contrastive losses both ways over a batch (paper, equations 7 and 8)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def contrastive_both_ways(similarity_BR: Tensor, temperature: Tensor, first: int = 0) -> Tensor:
    """Mean of the image-to-report and the report-to-image loss.

    Image i belongs to report `first + i`; more reports than images may be given, as when reports are gathered from other
    processes, and then only this process's images and reports are counted.
    """
    logit_BR = similarity_BR / temperature
    images = similarity_BR.shape[0]
    target_B = torch.arange(first, first + images, device=similarity_BR.device)
    image_to_report = F.cross_entropy(logit_BR, target_B)
    if similarity_BR.shape[1] != images:
        raise ValueError("both directions need as many reports as images; gather images too")
    return (image_to_report + F.cross_entropy(logit_BR.T, target_B)) / 2


def against_false_sentences(view_BVE: Tensor, true_NE: Tensor, false_NE: Tensor, owner_N: Tensor, temperature: Tensor) -> Tensor:
    """How much less a wrong sentence resembles its image's best view than the true one it was made from.

    An addition to the paper for the demonstration: batches hold few reports that differ in a side or a lobe alone, and
    just such a sentence must be told apart. `owner_N` is the image of each pair. Cross-entropy of two.
    """
    view_NVE = view_BVE[owner_N]
    true_N = torch.einsum("nve,ne->nv", view_NVE, true_NE).amax(-1)
    false_N = torch.einsum("nve,ne->nv", view_NVE, false_NE).amax(-1)
    return F.softplus((false_N - true_N) / temperature).mean()
