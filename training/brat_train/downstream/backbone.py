"""A pre-trained brat to build on: from a run's folder or from a published checkpoint; or the same network with new weights.

Sizes of a published checkpoint are read off its tensors. What a downstream network looks at is either the feature maps
of the vision backbone (the paper's brat-viz) or the multi-view embeddings (brat).
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from brat_train.models.brat import UNUSED_PREFIXES, Brat, load_official
from brat_train.models.config import Backbone, BratConfig, QFormerConfig, VisionConfig
from brat_train.text.subwords import load_tokenizer
from brat_train.train.recipes import recipe_from_json


def load_brat(checkpoint: Path, new_weights: bool = False, seed: int = 0) -> Brat:
    """The model of a run's folder (its pre-training is enough) or of a published `.bin`, `.pt` or `.safetensors`, on the CPU.

    `new_weights` gives the same network as it is before any training: what the paper compares with.
    Raises ValueError or FileNotFoundError saying what is missing or does not fit.
    """
    torch.manual_seed(seed)
    if not checkpoint.is_dir():
        state = read_state(checkpoint)
        model = Brat(config_of(state))
        if not new_weights:
            load_official(model, state)
        return model.eval()
    for name in ("run.json", "tokenizer.json"):
        if not (checkpoint / name).is_file():
            raise ValueError(f"{checkpoint} is not the folder of a run: it has no {name}")
    recipe = recipe_from_json(json.loads((checkpoint / "run.json").read_text()))
    model = Brat(recipe.model(load_tokenizer(checkpoint / "tokenizer.json").get_vocab_size()))
    if new_weights:
        return model.eval()
    path = checkpoint / "pretrain.pt"
    if not path.is_file():
        raise ValueError(f"{checkpoint} has no {path.name}: train that stage first")
    modules = torch.load(path, map_location="cpu", weights_only=True)["modules"]
    model.load_state_dict({key.removeprefix("brat."): value for key, value in modules.items() if key.startswith("brat.")})
    return model.eval()


def read_state(path: Path) -> dict[str, Tensor]:
    """Named tensors of a checkpoint file. Raises ValueError naming a file that holds none; never runs code from it."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: object = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError, ValueError) as error:
        raise ValueError(f"{path} is not a readable checkpoint ({str(error).splitlines()[0]})") from error
    if isinstance(state, Mapping):
        for wrapper in ("model", "state_dict"):
            if isinstance(state.get(wrapper), Mapping):
                state = state[wrapper]
    if not isinstance(state, Mapping) or not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise ValueError(f"{path} is not a checkpoint of named tensors")
    return {name.removeprefix("module."): value for name, value in state.items()}


def config_of(state: Mapping[str, Tensor]) -> BratConfig:
    """Sizes of a published checkpoint, read off its tensors; heads are 64 wide, as in BERT.

    Raises ValueError naming the tensor that is missing, or a backbone that is none of the published ones.
    """
    try:
        query = state["query_tokens"]
        hidden = query.shape[2]
        layer = "Qformer.bert.encoder.layer."
        numbers = {int(name.removeprefix(layer).split(".")[0]) for name in state if name.startswith(layer)}
        looking = sorted(number for number in numbers if f"{layer}{number}.crossattention.self.query.weight" in state)
        qformer = QFormerConfig(
            hidden=hidden,
            layers=len(numbers),
            heads=max(1, hidden // 64),
            intermediate=state[f"{layer}0.intermediate.dense.weight"].shape[0],
            vocabulary=state["Qformer.bert.embeddings.word_embeddings.weight"].shape[0],
            positions=state["Qformer.bert.embeddings.position_embeddings.weight"].shape[0],
            cross_attention_frequency=looking[1] - looking[0] if len(looking) > 1 else len(numbers),
            queries=query.shape[1],
        )
        backbone, channels = _backbone_of(state)
        return BratConfig(vision=VisionConfig(backbone=backbone, channels=channels), qformer=qformer, width=state["vision_proj.weight"].shape[0])
    except KeyError as error:
        raise ValueError(f"the checkpoint is not one of brat: it has no {error.args[0]}") from error


def _backbone_of(state: Mapping[str, Tensor]) -> tuple[Backbone, int]:
    vision = {name.removeprefix("visual_encoder."): value for name, value in state.items() if name.startswith("visual_encoder.") and not name.startswith(UNUSED_PREFIXES)}
    if "patch_embedding.patch_embeddings.weight" in vision:
        return "vit", vision["patch_embedding.patch_embeddings.weight"].shape[1]
    if "layer4.0.conv1.weight" in vision:
        return "resnet50", vision["conv1.weight"].shape[1]
    width = vision["features.norm5.weight"].shape[0]
    known: dict[int, Backbone] = {1024: "densenet121", 1664: "densenet169"}
    if width not in known:
        raise ValueError(f"the checkpoint's DenseNet has {width} features; published ones have 1024 or 1664")
    return known[width], vision["features.conv0.weight"].shape[1]


class PooledEncoder(nn.Module):
    """Volume to one vector: mean and maximum over the backbone's positions, or over the views."""

    def __init__(self, model: Brat, views: bool) -> None:
        super().__init__()
        self.views = views
        # Of a vision backbone alone the Q-Former is left out, so that "all layers" means those in use.
        self.model = model if views else None
        self.visual_encoder = None if views else model.visual_encoder
        self.width = 2 * (model.config.qformer.hidden if views else model.visual_encoder.width)

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Volumes [B, channels, S, A, R] with values 0..1 to [B, width]."""
        rows_BNW = self.model.encode_volume(volume_BCSAR).views if self.model is not None else self.visual_encoder(volume_BCSAR)
        return torch.cat((rows_BNW.mean(1), rows_BNW.amax(1)), dim=-1)
