"""A vision backbone as the encoder of a segmentation network (paper, section 4.2 and Figure 5).

The decoder is a U-Net's of MONAI's blocks that resizes, then convolves: 3D transposed convolutions are left out, since GPU
providers of onnxruntime lack them. Regions overlap (enhancing within core within whole), so each has a score of its own.
"""

from __future__ import annotations

import torch
from monai.networks.nets.basic_unet import TwoConv
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.models.brat import Brat
from brat_train.models.config import VisionConfig
from brat_train.models.vision import DenseNetEncoder, ResNetEncoder, ViTEncoder

_NORM, _ACT = ("instance", {"affine": True}), ("LeakyReLU", {"negative_slope": 0.01})


def feature_pyramid(encoder: nn.Module, volume_BCSAR: Tensor) -> list[Tensor]:
    """Feature maps [B, channels, S', A', R'] of a backbone, finest first; a ViT's are all of one grid."""
    if isinstance(encoder, DenseNetEncoder):
        maps, x = [], volume_BCSAR
        for name, part in encoder.features.named_children():
            x = part(x)
            if name == "relu0" or name in ("denseblock1", "denseblock2", "denseblock3"):
                maps.append(x)
        return [*maps, F.leaky_relu(x)]
    if isinstance(encoder, ResNetEncoder):
        x = encoder.act(encoder.bn1(encoder.conv1(volume_BCSAR)))
        maps, x = [x], encoder.maxpool(x)
        for layer in (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4):
            x = layer(x)
            maps.append(x)
        return maps
    if isinstance(encoder, ViTEncoder):
        patch_BPF = encoder.patch_embedding(volume_BCSAR)
        x = torch.cat((encoder.cls_token.expand(patch_BPF.shape[0], -1, -1), patch_BPF), dim=1)
        rows, last = [], len(encoder.blocks) - 1
        for number, block in enumerate(encoder.blocks):
            x = block(x)
            if (number + 1) % 4 == 0 or number == last:
                rows.append(encoder.norm(x) if number == last else x)
        return [row[:, 1:].transpose(1, 2).unflatten(2, encoder.grid) for row in rows]
    return encoder.pyramid(volume_BCSAR)


class Segmenter(nn.Module):
    """Backbone, decoder, and a score per voxel and region."""

    def __init__(self, model: Brat, regions: int, inner: int = 16) -> None:
        super().__init__()
        self.visual_encoder = model.visual_encoder
        vision = model.config.vision
        widths = pyramid_widths(self.visual_encoder, vision)
        own = [min(inner * 2**level, 256) for level in range(1, len(widths) + 1)]
        self.enter = nn.ModuleList(nn.Conv3d(width, mine, 1) for width, mine in zip(widths, own, strict=True))
        self.mix = nn.ModuleList(TwoConv(3, mine + (own[level + 1] if level + 1 < len(own) else 0), mine, _ACT, _NORM, True) for level, mine in enumerate(own))
        # The volume itself comes in at the end: edges finer than the backbone's finest map.
        self.stem = TwoConv(3, vision.channels, inner, _ACT, _NORM, True)
        self.last = TwoConv(3, inner + own[0], inner, _ACT, _NORM, True)
        self.score = nn.Conv3d(inner, regions, 1)
        nn.init.constant_(self.score.bias, -4.0)  # tumours fill few voxels

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volumes [B, channels, S, A, R] of 0..1 to scores [B, regions, S, A, R] before the sigmoid."""
        maps = feature_pyramid(self.visual_encoder, volume_BCSAR)
        x: Tensor | None = None
        for level in reversed(range(len(maps))):
            own = self.enter[level](maps[level])
            x = self.mix[level](own if x is None else torch.cat((F.interpolate(x, size=own.shape[2:], mode="nearest"), own), dim=1))
        assert x is not None
        fine = self.stem(volume_BCSAR)
        return self.score(self.last(torch.cat((F.interpolate(x, size=fine.shape[2:], mode="nearest"), fine), dim=1)))


@torch.no_grad()
def pyramid_widths(encoder: nn.Module, vision: VisionConfig) -> list[int]:
    """Channels of each map of a backbone. A convolutional one of the release is asked with a small volume."""
    small = isinstance(encoder, DenseNetEncoder | ResNetEncoder)
    training = encoder.training
    maps = feature_pyramid(encoder.eval(), torch.zeros(1, vision.channels, *((32, 64, 64) if small else vision.size)))
    encoder.train(training)
    return [each.shape[1] for each in maps]


def segmentation_loss(score: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy plus soft Dice of every region over the batch, as nnU-Net's; `target` 0..1 in the shape of `score`."""
    score = score.float()
    probability = score.sigmoid()
    axes = (0, 2, 3, 4)
    overlap = (probability * target).sum(axes)
    dice = (2 * overlap + 1) / (probability.sum(axes) + target.sum(axes) + 1)
    return F.binary_cross_entropy_with_logits(score, target) + (1 - dice).mean()
