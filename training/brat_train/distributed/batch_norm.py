"""Batch normalisation over the cases of all processes, so that a model does not depend on how many there are.

On GPUs this is PyTorch's SyncBatchNorm. That one does not run on CPUs; the one here does, and is a few lines since speed
is no matter there: it is what the tests hold several processes to one with. Names and buffers are BatchNorm's own.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from brat_train.distributed.group import Group


class GatheredBatchNorm3d(nn.BatchNorm3d):
    """BatchNorm3d whose mean and variance are those of all processes' cases, of which each has as many."""

    def __init__(self, like: nn.BatchNorm3d, group: Group) -> None:
        super().__init__(like.num_features, like.eps, like.momentum, like.affine, like.track_running_stats)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var, self.num_batches_tracked = like.running_mean, like.running_var, like.num_batches_tracked
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        axes, wide = (0, 2, 3, 4), (None, slice(None), None, None, None)
        count = x.numel() // x.shape[1] * self.group.size
        values = x.float()
        mean_C = self.group.total(values.sum(axes)) / count
        centred = values - mean_C[wide]
        variance_C = self.group.total(centred.square().sum(axes)) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean_C.detach(), self.momentum)
            self.running_var.lerp_(variance_C.detach() * count / (count - 1), self.momentum)
        return (centred * (variance_C + self.eps).rsqrt()[wide] * self.weight[wide] + self.bias[wide]).to(x.dtype)


def gather_batch_norm(module: nn.Module, group: Group, device: torch.device) -> None:
    """Lets every BatchNorm3d below a module see the cases of all processes. Parameters stay the same objects."""
    if group.size == 1:
        return
    if device.type == "cuda":
        nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm3d):
            setattr(module, name, GatheredBatchNorm3d(child, group))
        else:
            gather_batch_norm(child, group, device)
