"""Vision backbones: a volume to a row of feature vectors, one per cell of a grid. Networks are MONAI's.

The published DenseNet path averages over depth before the Q-Former sees the features; the thin ResNet of the
demonstration keeps depth and adds a learned position to each cell, since its grid is what sentences are grounded in.
Parameter names below `visual_encoder.` are those of the published checkpoints.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.models.config import VisionConfig


class DenseNetEncoder(nn.Module):
    """MONAI's DenseNet-121 or -169 as published: features, mean over depth, leaky ReLU, one vector per in-plane cell."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        from monai.networks.nets import DenseNet121, DenseNet169

        make = {"densenet121": DenseNet121, "densenet169": DenseNet169}[config.backbone]
        net = make(spatial_dims=3, in_channels=config.channels, out_channels=1)
        self.features = net.features
        self.width = net.class_layers.out.in_features
        self.grid = (1, config.size[1] // 32, config.size[2] // 32)

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volume [batch, channels, S, A, R] to features [batch, positions, width], positions right fastest."""
        feature_BFSAR = self.features(volume_BCSAR)
        return F.leaky_relu(feature_BFSAR.mean(dim=2)).flatten(2).transpose(1, 2)


class ResNetEncoder(nn.Module):
    """MONAI's ResNet-50 as published: the last feature map, flattened."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        from monai.networks.nets import ResNetFeatures

        net = ResNetFeatures("resnet50", pretrained=False, spatial_dims=3, in_channels=config.channels)
        for name, child in net.named_children():
            self.add_module(name, child)
        self.width = 2048
        self.grid = (math.ceil(config.size[0] / 32), math.ceil(config.size[1] / 32), math.ceil(config.size[2] / 32))

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volume [batch, channels, S, A, R] to features [batch, positions, 2048]."""
        x = self.maxpool(self.act(self.bn1(self.conv1(volume_BCSAR))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.flatten(2).transpose(1, 2)


class ViTEncoder(nn.Module):
    """MONAI's ViT-B/16 as published: conv patches, sin-cos positions, class token left out after the last norm."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        from monai.networks.nets import ViT

        net = ViT(
            in_channels=config.channels,
            img_size=config.size,
            patch_size=(16, 16, 16),
            proj_type="conv",
            pos_embed_type="sincos",
            classification=True,
        )
        for name, child in net.named_children():
            if name != "classification_head":
                self.add_module(name, child)
        self.cls_token = net.cls_token
        self.width = 768
        self.grid = (config.size[0] // 16, config.size[1] // 16, config.size[2] // 16)

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volume [batch, channels, S, A, R] to features [batch, positions, 768]."""
        patch_BPF = self.patch_embedding(volume_BCSAR)
        x = torch.cat((self.cls_token.expand(patch_BPF.shape[0], -1, -1), patch_BPF), dim=1)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)[:, 1:]


class ThinResNetEncoder(nn.Module):
    """A short residual network of MONAI's blocks whose last map keeps depth.

    Few wide layers at low resolution: on a CPU the sums and norms between convolutions, not the convolutions, take the
    time, and a DenseNet of as many operations trains five times slower.
    """

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        from monai.networks.nets.resnet import ResNetBlock

        if not len(config.strides) - 1 == len(config.widths) == len(config.blocks):
            raise ValueError(f"strides {len(config.strides)}, widths {len(config.widths)} and blocks {len(config.blocks)} do not go together")
        width = config.widths[0]
        stem = nn.Conv3d(config.channels, width, config.stem_kernel, stride=config.strides[0], padding=tuple(size // 2 for size in config.stem_kernel), bias=False)
        nn.init.kaiming_normal_(stem.weight)
        self.stem = nn.Sequential(stem, nn.BatchNorm3d(width), nn.ReLU())
        self.stages = nn.ModuleList()
        for planes, depth, stride in zip(config.widths, config.blocks, config.strides[1:], strict=True):
            blocks = nn.ModuleList()
            for number in range(depth):
                first = stride if number == 0 else (1, 1, 1)
                shortcut = None
                if width != planes or first != (1, 1, 1):
                    shortcut = nn.Sequential(nn.Conv3d(width, planes, 1, stride=first, bias=False), nn.BatchNorm3d(planes))
                blocks.append(ResNetBlock(width, planes, spatial_dims=3, stride=first, downsample=shortcut))
                width = planes
            self.stages.append(blocks)
        self.reduction, self.full_width = config.in_plane_reduction, config.size[2]
        self.width = width
        self.pyramid_widths = config.widths
        grid = (config.size[0], config.size[1] // self.reduction, config.size[2] // self.reduction)
        grids = []
        for stride in config.strides:
            grid = tuple(math.ceil(cells / step) for cells, step in zip(grid, stride, strict=True))
            grids.append(grid)
        self.pyramid_grids = tuple(grids[1:])
        self.grid = grid
        # Before the last blocks, so that they can join what is there with where it is: a sum of both at the end would
        # leave that to an attention that has yet to be learned.
        self.position = nn.Parameter(sin_cos_positions(self.grid, width))

    def pyramid(self, volume_BCSAR: Tensor) -> list[Tensor]:
        """Feature maps of a volume, [batch, channels, S', A', R'] after each stage, finest first.

        The volume may come already reduced in-plane, as training sets for a CPU do.
        """
        if self.reduction > 1 and volume_BCSAR.shape[-1] == self.full_width:
            volume_BCSAR = F.avg_pool3d(volume_BCSAR, (1, self.reduction, self.reduction))
        maps, x = [], self.stem(volume_BCSAR)
        for stage in self.stages:
            for number, block in enumerate(stage):
                x = block(x)
                if stage is self.stages[-1] and number == 0:
                    x = x + self.position
            maps.append(x)
        return maps

    def flatten(self, feature_BFSAR: Tensor) -> Tensor:
        """The coarsest map as features [batch, positions, width], positions right fastest."""
        return feature_BFSAR.flatten(2).transpose(1, 2)

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volume [batch, channels, S, A, R] to features [batch, positions, width]."""
        return self.flatten(self.pyramid(volume_BCSAR)[-1])


def sin_cos_positions(grid: tuple[int, ...], width: int) -> Tensor:
    """Sine-cosine codes of the cells of a grid, [1, width, *grid].

    A third of the channels goes to each axis; frequencies fall geometrically, as in "Attention is all you need".
    """
    cells = torch.stack(torch.meshgrid(*[torch.arange(size, dtype=torch.float32) for size in grid], indexing="ij"))
    pairs = width // (2 * len(grid))
    frequency = torch.exp(-math.log(100.0) * torch.arange(pairs) / max(1, pairs))
    angle = cells[:, None] * frequency[:, None, None, None]
    code = torch.cat((angle.sin(), angle.cos()), dim=1).flatten(0, 1)
    return F.pad(code, (0, 0, 0, 0, 0, 0, 0, width - code.shape[0]))[None]


def make_vision_encoder(config: VisionConfig) -> nn.Module:
    """The backbone of a configuration; has `width` (channels of a feature vector) and `grid` (cells along S, A, R)."""
    kinds: dict[str, type[nn.Module]] = {
        "densenet121": DenseNetEncoder,
        "densenet169": DenseNetEncoder,
        "resnet50": ResNetEncoder,
        "vit": ViTEncoder,
        "thin_resnet": ThinResNetEncoder,
    }
    return kinds[config.backbone](config)
