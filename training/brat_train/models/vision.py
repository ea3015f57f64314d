"""Vision backbones: a volume to a row of feature vectors, one per cell of a grid. Networks are MONAI's.

The published DenseNet path averages over depth before the Q-Former sees the features; the thin DenseNet of the
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


class ThinDenseNetEncoder(nn.Module):
    """MONAI's DenseNet with few, narrow blocks and strides of our own, so that the last map keeps depth."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        from monai.networks.nets import DenseNet

        if len(config.strides) != len(config.blocks) + 1:
            raise ValueError(f"{len(config.blocks)} blocks need {len(config.blocks) + 1} strides, there are {len(config.strides)}")
        net = DenseNet(
            spatial_dims=3,
            in_channels=config.channels,
            out_channels=1,
            init_features=config.init_features,
            growth_rate=config.growth,
            block_config=config.blocks,
            bn_size=config.bottleneck,
        )
        features = net.features
        stem, pool, *transitions = config.strides
        padding = tuple(size // 2 for size in config.stem_kernel)
        features.conv0 = nn.Conv3d(config.channels, config.init_features, config.stem_kernel, stride=stem, padding=padding, bias=False)
        nn.init.kaiming_normal_(features.conv0.weight)
        features.pool0 = nn.MaxPool3d(3, stride=pool, padding=1)
        for number, stride in enumerate(transitions, start=1):
            features.get_submodule(f"transition{number}").pool = nn.AvgPool3d(stride, stride=stride)
        self.features = features
        self.reduction, self.full_width = config.in_plane_reduction, config.size[2]
        self.width = net.class_layers.out.in_features
        self.pyramid_widths = _block_widths(config)
        total = [math.prod(stride[axis] for stride in config.strides) for axis in range(3)]
        reduce = (1, self.reduction, self.reduction)
        self.grid = tuple(config.size[axis] // (total[axis] * reduce[axis]) for axis in range(3))
        # Before the last block, so that its layers can join what is there with where it is: a sum of both at the end
        # would leave that to an attention that has yet to be learned.
        self.position = nn.Parameter(sin_cos_positions(self.grid, self.pyramid_widths[-1] - config.blocks[-1] * config.growth))
        self.last_block = f"denseblock{len(config.blocks)}"

    def pyramid(self, volume_BCSAR: Tensor) -> list[Tensor]:
        """Feature maps of a volume, [batch, channels, S', A', R'] after each dense block, finest first.

        The volume may come already reduced in-plane, as training sets for a CPU do.
        """
        if self.reduction > 1 and volume_BCSAR.shape[-1] == self.full_width:
            volume_BCSAR = F.avg_pool3d(volume_BCSAR, (1, self.reduction, self.reduction))
        maps, x = [], volume_BCSAR
        for name, part in self.features.named_children():
            x = part(x + self.position if name == self.last_block else x)
            if name.startswith("denseblock"):
                maps.append(x)
        maps[-1] = F.relu(x)
        return maps

    def flatten(self, feature_BFSAR: Tensor) -> Tensor:
        """The coarsest map as features [batch, positions, width], positions right fastest."""
        return feature_BFSAR.flatten(2).transpose(1, 2)

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volume [batch, channels, S, A, R] to features [batch, positions, width]."""
        return self.flatten(self.pyramid(volume_BCSAR)[-1])


def _block_widths(config: VisionConfig) -> tuple[int, ...]:
    """Channels after each dense block; a transition halves them."""
    widths, width = [], config.init_features
    for layers in config.blocks:
        width += layers * config.growth
        widths.append(width)
        width //= 2
    return tuple(widths)


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
        "thin_densenet": ThinDenseNetEncoder,
    }
    return kinds[config.backbone](config)
