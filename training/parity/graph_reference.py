"""The reference for the desktop's ONNX graphs: a checkpoint of the published layout with random weights, and PyTorch's answers.

Writes `weights.bin` (a state dict as the published release saves it) and, as .npy, an input volume, tokens and mask, and
what the model of this package gives for them. Weights are random but not arbitrary: batch norms hold the statistics of
what they see, with scales of both signs, so that every layer matters to the result and none drowns the others.

Run from training/; each backbone gets a folder of its own.

    python -m parity.graph_reference out --backbones densenet121
    python -m parity.graph_reference out --backbones densenet121 densenet169:4 resnet50 vit --narrow --size 32 64 64 --hidden 96 --layers 4 --vocabulary 120
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from brat_train.models import brat as brat_module
from brat_train.models.brat import Brat
from brat_train.models.config import BratConfig, QFormerConfig, VisionConfig
from brat_train.models.vision import DenseNetEncoder, ResNetEncoder, ViTEncoder, make_vision_encoder


class ShallowDenseNet(DenseNetEncoder):
    """The published DenseNet's build with a quarter of its channels and two layers a block."""

    def __init__(self, config: VisionConfig) -> None:
        from monai.networks.nets import DenseNet

        nn.Module.__init__(self)
        net = DenseNet(spatial_dims=3, in_channels=config.channels, out_channels=1, init_features=16, growth_rate=8, block_config=(2, 2, 2, 2))
        self.features = net.features
        self.width = net.class_layers.out.in_features
        self.grid = (1, config.size[1] // 32, config.size[2] // 32)


class NarrowResNet(ResNetEncoder):
    """The published ResNet's build with a quarter of its channels and fewer blocks."""

    def __init__(self, config: VisionConfig) -> None:
        from monai.networks.nets.resnet import ResNet

        nn.Module.__init__(self)
        net = ResNet("bottleneck", [2, 1, 2, 1], [16, 32, 64, 128], n_input_channels=config.channels, conv1_t_stride=2, feed_forward=False, bias_downsample=False)
        for name, child in net.named_children():
            self.add_module(name, child)
        self.width = 512
        self.grid = (config.size[0] // 32, config.size[1] // 32, config.size[2] // 32)


class NarrowViT(ViTEncoder):
    """The published ViT's build with an eighth of its width and fewer blocks."""

    def __init__(self, config: VisionConfig) -> None:
        from monai.networks.nets import ViT

        nn.Module.__init__(self)
        net = ViT(config.channels, config.size, (16, 16, 16), hidden_size=96, mlp_dim=192, num_layers=3, proj_type="conv", pos_embed_type="sincos", classification=True)
        for name, child in net.named_children():
            if name != "classification_head":
                self.add_module(name, child)
        self.cls_token = net.cls_token
        self.width = 96
        self.grid = (config.size[0] // 16, config.size[1] // 16, config.size[2] // 16)


def make_model(config: BratConfig, narrow: bool, shallow: bool) -> Brat:
    """The model, with a smaller backbone of the same build where that is asked for and there is one."""
    kinds: dict[str, type[nn.Module]] = {"resnet50": NarrowResNet, "vit": NarrowViT} if narrow else {}
    if shallow:
        kinds |= {"densenet121": ShallowDenseNet, "densenet169": ShallowDenseNet}
    if config.vision.backbone not in kinds:
        return Brat(config)
    original = make_vision_encoder
    brat_module.make_vision_encoder = lambda vision: kinds[vision.backbone](vision)
    try:
        return Brat(config)
    finally:
        brat_module.make_vision_encoder = original


@torch.no_grad()
def randomise(model: Brat, volume: Tensor) -> None:
    """Random weights under which each layer keeps the spread of its input, roughly."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm3d)]
    for module in model.modules():
        if isinstance(module, nn.Linear):
            module.weight.normal_(std=module.in_features**-0.5)
            if module.bias is not None:
                module.bias.normal_(std=0.1)
        elif isinstance(module, nn.LayerNorm | nn.BatchNorm3d):
            module.weight.uniform_(0.6, 1.4)
            module.bias.normal_(std=0.2)
    for norm in norms:
        sign = torch.where(torch.rand(norm.num_features) < 0.1, -1.0, 1.0)
        norm.weight.mul_(sign)
        norm.momentum = None
        norm.train()
    model.visual_encoder(volume)
    for norm in norms:
        norm.running_mean.add_(norm.running_var.sqrt() * torch.randn(norm.num_features) * 0.1)
        norm.running_var.mul_(torch.empty(norm.num_features).uniform_(0.8, 1.25))
        norm.eval()


def image(config: VisionConfig) -> Tensor:
    """A textured ellipsoid on an empty background, [1, channels, S, A, R], values 0..1."""
    axes = [torch.linspace(-1, 1, size) for size in config.size]
    s, a, r = torch.meshgrid(*axes, indexing="ij")
    head = ((s * 0.9) ** 2 + (a * 1.2) ** 2 + (r * 1.3) ** 2 < 1).float()
    channels = [head * (0.4 + 0.2 * torch.sin(5 * a + channel) * torch.cos(4 * r - channel) + 0.15 * torch.rand(config.size)) for channel in range(config.channels)]
    return torch.stack(channels)[None].clamp(0, 1)


def write_case(backbone: str, channels: int, given: argparse.Namespace) -> None:
    """Makes one model, and writes its checkpoint, an input and the answers into a folder named after the backbone."""
    torch.manual_seed(given.seed)
    vision = VisionConfig(backbone=backbone, channels=channels, size=tuple(given.size))
    qformer = QFormerConfig(hidden=given.hidden, layers=given.layers, intermediate=4 * given.hidden, vocabulary=given.vocabulary)
    model = make_model(BratConfig(vision=vision, qformer=qformer), given.narrow, given.shallow).eval()
    volume = image(vision)
    randomise(model, volume)
    write_answers(model, volume, given.out / backbone)


def write_answers(model: Brat, volume: Tensor, folder: Path) -> None:
    """Writes the checkpoint, the input, random sentences, and what the model gives for them, computed in float64.

    In float32 PyTorch itself is up to 1.1e-4 away from that at full size, by its own order of summing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Sentences of every length from one word to all; what stands in the padding must not matter.
    lengths = torch.tensor([1, 4, 9, 13, 13])
    token = torch.randint(1, model.config.qformer.vocabulary, (5, 13))
    real = torch.arange(13)[None] < lengths[:, None]
    precise = copy.deepcopy(model).double()
    with torch.no_grad():
        views = precise.encode_volume(volume.double())
        sentence = precise.encode_sentences(token, real)
    torch.save(model.state_dict(), folder / "weights.bin")
    arrays = {
        "volume": volume, "views": views.views, "projected": views.projected, "attention": views.attention,
        "token": token.float(), "real": real.float(), "sentence": sentence,
    }
    for name, value in arrays.items():
        np.save(folder / f"{name}.npy", value.float().numpy())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--backbones", required=True, nargs="+", metavar="NAME[:CHANNELS]", help="densenet121, densenet169, resnet50, vit")
    parser.add_argument("--size", type=int, nargs=3, default=(32, 256, 256), metavar=("S", "A", "R"))
    parser.add_argument("--hidden", type=int, default=768)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--vocabulary", type=int, default=30523)
    parser.add_argument("--narrow", action="store_true", help="a narrower ResNet or ViT of the same build")
    parser.add_argument("--shallow", action="store_true", help="a narrower DenseNet of the same build with two layers a block")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for name in given.backbones:
        backbone, _, channels = name.partition(":")
        write_case(backbone, int(channels or 1), given)


if __name__ == "__main__":
    main()
