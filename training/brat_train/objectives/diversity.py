"""Quality-diversity of the views: a determinantal point process over their cross-attention maps (equations 1 to 5)."""

from __future__ import annotations

import torch
from torch import Tensor


def dpp_loss(attention_BVP: Tensor, epsilon: float = 1e-4) -> Tensor:
    """Minus the log-determinant of the DPP kernel, mean over the batch.

    Rows of `attention_BVP` sum to 1. Quality is the entropy of a map, diversity the inner product of maps. In float32
    at least, by Cholesky: the kernel plus epsilon is positive definite.
    """
    map_BVP = attention_BVP.float() if attention_BVP.dtype != torch.float64 else attention_BVP
    entropy_BV = -torch.special.xlogy(map_BVP, map_BVP.clamp(min=torch.finfo(map_BVP.dtype).tiny)).sum(-1)
    quality_BVP = map_BVP * entropy_BV[:, :, None]
    kernel_BVV = quality_BVP @ quality_BVP.transpose(1, 2)
    eye_VV = torch.eye(kernel_BVV.shape[-1], dtype=kernel_BVV.dtype, device=kernel_BVV.device)
    factor_BVV = torch.linalg.cholesky(kernel_BVV + epsilon * eye_VV)
    return -2 * factor_BVV.diagonal(dim1=-2, dim2=-1).log().sum(-1).mean()


def pairwise_repulsion(view_BVE: Tensor) -> Tensor:
    """Mean cosine of different views of an image, what the paper's 'PR' reduces (Zhang et al. 2022)."""
    cosine_BVV = view_BVE @ view_BVE.transpose(1, 2)
    views = cosine_BVV.shape[-1]
    return ((cosine_BVV.sum((-2, -1)) - cosine_BVV.diagonal(dim1=-2, dim2=-1).sum(-1)) / (views * (views - 1))).mean()
