"""brat itself: volume and report in, multi-view embeddings and sentence embeddings of one space out.

Parameter names are those of the published checkpoints: visual_encoder.*, ln_vision.*, Qformer.*, query_tokens,
vision_proj.*, text_proj.*, itm_head.*, temp. Knows one device and no loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.models.config import BratConfig
from brat_train.models.qformer import QFormer
from brat_train.models.vision import make_vision_encoder


@dataclass(frozen=True)
class Views:
    """What the encoder makes of a batch of volumes."""

    #: [B, Q, hidden]: the multi-view embeddings, for the bridge and the heads.
    views: Tensor
    #: [B, Q, width], rows of length 1: the same in the space of the sentences.
    projected: Tensor
    #: [B, Q, positions], rows sum to 1: where each view looked, mean over heads of the last layer that looks.
    attention: Tensor
    #: [B, positions, image width]: features the queries looked at.
    features: Tensor


class Brat(nn.Module):
    """The pre-trained model of the paper (section 3.2)."""

    def __init__(self, config: BratConfig) -> None:
        super().__init__()
        self.config = config
        self.visual_encoder = make_vision_encoder(config.vision)
        self.ln_vision = nn.LayerNorm(self.visual_encoder.width)
        self.Qformer = QFormer(config.qformer, self.visual_encoder.width)
        hidden = config.qformer.hidden
        self.query_tokens = nn.Parameter(torch.randn(1, config.qformer.queries, hidden) * config.qformer.init_std)
        self.vision_proj = nn.Linear(hidden, config.width)
        self.text_proj = nn.Linear(hidden, config.width)
        self.itm_head = nn.Linear(hidden, 2)
        self.temp = nn.Parameter(torch.tensor(config.temperature))

    @property
    def grid(self) -> tuple[int, int, int]:
        """Cells of the attention maps along superior, anterior, right."""
        return self.visual_encoder.grid

    def image_features(self, volume_BCSAR: Tensor) -> Tensor:
        """Normalised features [B, positions, image width] of volumes [B, channels, S, A, R] with values 0..1."""
        return self.ln_vision(self.visual_encoder(volume_BCSAR))

    def encode_features(self, feature_BPF: Tensor) -> Views:
        """Views of image features."""
        out = self.Qformer.look(self.query_tokens.expand(feature_BPF.shape[0], -1, -1), feature_BPF)
        projected = F.normalize(self.vision_proj(out.hidden), dim=-1)
        return Views(views=out.hidden, projected=projected, attention=out.cross_attention[-1], features=feature_BPF)

    def encode_volume(self, volume_BCSAR: Tensor) -> Views:
        """Views of volumes [B, channels, S, A, R] with values 0..1."""
        return self.encode_features(self.image_features(volume_BCSAR))

    def encode_sentences(self, token_ST: Tensor, real_ST: Tensor) -> Tensor:
        """Sentences as token ids [sentences, T] with real_ST (bool) marking words: unit rows [sentences, width].

        A sentence is the mean of its tokens' embeddings (paper, section 3.2).
        """
        hidden_STH = self.Qformer.read(token_ST, real_ST)
        weight_ST1 = real_ST.to(hidden_STH.dtype)[:, :, None]
        mean_SH = (hidden_STH * weight_ST1).sum(1) / weight_ST1.sum(1).clamp(min=1)
        return F.normalize(self.text_proj(mean_SH), dim=-1)

    def caption(self, feature_BPF: Tensor, token_BT: Tensor, real_BT: Tensor) -> Tensor:
        """Scores [B, T, vocabulary] of the next word of each report, grounded in the image."""
        return self.Qformer.caption(self.query_tokens.expand(feature_BPF.shape[0], -1, -1), feature_BPF, token_BT, real_BT)


#: Parts of published checkpoints that no forward pass uses.
UNUSED_PREFIXES = ("visual_encoder.class_layers.", "visual_encoder.classification_head.", "visual_encoder.fc.")


def load_official(model: Brat, state: Mapping[str, Tensor]) -> None:
    """Loads a checkpoint of the published layout; classifier leftovers of the backbone are dropped.

    Raises ValueError naming the first missing, unknown or misshapen parameter.
    """
    given = {name.removeprefix("module."): value for name, value in state.items()}
    given = {name: value for name, value in given.items() if not name.startswith(UNUSED_PREFIXES)}
    own = model.state_dict()
    # Older and newer releases disagree on whether constants and tied copies are stored.
    optional = {"Qformer.bert.embeddings.position_ids", "Qformer.cls.predictions.decoder.bias", "Qformer.cls.predictions.decoder.weight"}
    for name in optional:
        given.setdefault(name, own[name])
    missing = sorted(own.keys() - given.keys())
    unknown = sorted(given.keys() - own.keys())
    if missing or unknown:
        raise ValueError(f"checkpoint does not fit: {len(missing)} missing (first {missing[:1]}), {len(unknown)} unknown (first {unknown[:1]})")
    for name, value in given.items():
        if value.shape != own[name].shape:
            raise ValueError(f"{name} has shape {list(value.shape)}, this configuration needs {list(own[name].shape)}")
    model.load_state_dict(given)
