"""Sizes of the networks, as data that travels with every checkpoint and pack.

A configuration of the published release and the small one of the demonstration differ in these numbers alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Backbone = Literal["densenet121", "densenet169", "resnet50", "vit", "thin_resnet"]


@dataclass(frozen=True)
class VisionConfig:
    """A 3D vision backbone. Input is [batch, channels, S, A, R], axes growing to superior, anterior, right."""

    backbone: Backbone = "densenet121"
    channels: int = 1
    size: tuple[int, int, int] = (32, 256, 256)
    #: The rest is the thin ResNet's own: channels and blocks of each stage,
    widths: tuple[int, ...] = (48, 128)
    blocks: tuple[int, ...] = (2, 3)
    #: strides (S, A, R) of the first convolution and of each stage,
    strides: tuple[tuple[int, int, int], ...] = ((2, 4, 4), (1, 2, 2), (2, 2, 2))
    #: kernel of the first convolution.
    stem_kernel: tuple[int, int, int] = (3, 7, 7)
    #: Channels within the lesion decoder.
    lesion_inner: int = 32
    #: In-plane averaging before the network: 2 lets a CPU train on 32x128x128 while the pack still takes 32x256x256.
    in_plane_reduction: int = 1


@dataclass(frozen=True)
class QFormerConfig:
    """BLIP-2's Q-Former: a BERT whose query tokens look at the image in every `cross_attention_frequency`-th layer."""

    hidden: int = 768
    layers: int = 12
    heads: int = 12
    intermediate: int = 3072
    vocabulary: int = 30522
    positions: int = 512
    cross_attention_frequency: int = 2
    queries: int = 32
    dropout: float = 0.1
    layer_norm_eps: float = 1e-12
    #: Deviation of new weights: BERT's for its width; narrow networks need more, or an image hardly moves a query.
    init_std: float = 0.02
    #: The same of the layers that look at the image, if it differs. With small weights each query sees the mean of a map, which is
    #: nearly that of any other image, and adds it to itself at a small part of its own length: learning then hardly begins.
    look_std: float | None = None
    pad_token_id: int = 0


@dataclass(frozen=True)
class BratConfig:
    """The whole pre-trained model."""

    vision: VisionConfig = field(default_factory=VisionConfig)
    qformer: QFormerConfig = field(default_factory=QFormerConfig)
    #: Width of the space in which views and sentences are compared.
    width: int = 256
    #: First value of the learned temperature (paper, equations 7 and 8).
    temperature: float = 0.07


@dataclass(frozen=True)
class WriterConfig:
    """The small Llama that writes reports from bridged views."""

    vocabulary: int = 1536
    width: int = 256
    layers: int = 6
    heads: int = 8
    intermediate: int = 704
    context: int = 512
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5
    #: Width of the hidden layer of the bridging MLP.
    bridge_hidden: int = 512


def densenet121(channels: int = 1) -> BratConfig:
    """The paper's main model: DenseNet-121 and a BERT-base sized Q-Former (Table 6)."""
    return BratConfig(vision=VisionConfig(backbone="densenet121", channels=channels))


def demo(vocabulary: int, in_plane_reduction: int = 1) -> BratConfig:
    """The demonstration model: thin, and with depth kept, so that a sentence is grounded in slices (grid 8 x 16 x 16)."""
    strides = VisionConfig.strides if in_plane_reduction == 1 else ((2, 4, 4), (1, 1, 1), (2, 2, 2))
    return BratConfig(
        vision=VisionConfig(backbone="thin_resnet", strides=strides, in_plane_reduction=in_plane_reduction),
        qformer=QFormerConfig(hidden=256, layers=4, heads=8, intermediate=512, vocabulary=vocabulary, positions=256, dropout=0.1, init_std=0.05),
        width=128,
    )


def thin(vocabulary: int) -> BratConfig:
    """The demonstration model for one core: half the in-plane size, a third of `demo`'s operations or less (grid 8 x 16 x 16)."""
    return BratConfig(
        vision=VisionConfig(backbone="thin_resnet", widths=(24, 64), blocks=(1, 2), strides=((2, 4, 4), (1, 1, 1), (2, 2, 2)), lesion_inner=16, in_plane_reduction=2),
        qformer=QFormerConfig(hidden=128, layers=4, heads=4, intermediate=256, vocabulary=vocabulary, positions=256, dropout=0.1, init_std=0.07, look_std=0.2),
        width=128,
    )


def small() -> BratConfig:
    """Networks that a CPU trains in minutes, on volumes of 32 x 64 x 64 cells of 4 mm (grid 8 x 8 x 8)."""
    return BratConfig(
        vision=VisionConfig(backbone="thin_resnet", widths=(24, 64), blocks=(1, 2), strides=((2, 2, 2), (1, 2, 2), (2, 2, 2)), stem_kernel=(3, 5, 5), in_plane_reduction=4),
        qformer=QFormerConfig(hidden=96, layers=2, heads=4, intermediate=192, positions=256, dropout=0.1, init_std=0.1),
        width=64,
    )


def tiny() -> BratConfig:
    """Networks small enough for a test, on volumes of 32 x 64 x 64 (grid 8 x 4 x 4)."""
    return BratConfig(
        vision=VisionConfig(backbone="thin_resnet", size=(32, 64, 64), widths=(8, 12), blocks=(1, 2), stem_kernel=(3, 5, 5)),
        qformer=QFormerConfig(hidden=32, layers=2, heads=2, intermediate=48, positions=256, queries=8, init_std=0.15),
        width=16,
    )
