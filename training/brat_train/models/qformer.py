"""The Q-Former of BLIP-2: query tokens and words share self-attention, and only queries look at the image.

Written from the paper (Li et al. 2023) with the parameter names its public checkpoints have, so that those load:
`bert.embeddings.*`, `bert.encoder.layer.N.{attention,crossattention,intermediate,output,intermediate_query,output_query}`,
`cls.predictions.*`. Shape suffixes: B batch, Q queries, T words, L = Q + T, P image positions, H hidden, N heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.models.config import QFormerConfig


@dataclass(frozen=True)
class QFormerOutput:
    """What a pass gives."""

    #: [B, Q + T, H]
    hidden: Tensor
    #: Attention of queries over image positions, mean over heads, one [B, Q, P] per layer that looks at the image.
    cross_attention: tuple[Tensor, ...]


class Embeddings(nn.Module):
    """Word and position embeddings, with the queries put in front."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocabulary, config.hidden, padding_idx=config.pad_token_id)
        self.position_embeddings = nn.Embedding(config.positions, config.hidden)
        self.LayerNorm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)
        self.register_buffer("position_ids", torch.arange(config.positions)[None])

    def forward(self, token_BT: Tensor | None, query_BQH: Tensor | None) -> Tensor:
        parts = [] if query_BQH is None else [query_BQH]
        if token_BT is not None:
            position_1T = self.position_ids[:, : token_BT.shape[1]]
            parts.append(self.word_embeddings(token_BT) + self.position_embeddings(position_1T))
        return self.dropout(self.LayerNorm(torch.cat(parts, dim=1)))


class AttentionCore(nn.Module):
    """Query, key and value projections, and the attention itself."""

    def __init__(self, config: QFormerConfig, source_width: int) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.hidden, config.hidden)
        self.key = nn.Linear(source_width, config.hidden)
        self.value = nn.Linear(source_width, config.hidden)
        self.dropout = config.dropout

    def split(self, x_BLH: Tensor) -> Tensor:
        return x_BLH.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x_BLH: Tensor, source: Tensor, mask: Tensor | None, need_map: bool) -> tuple[Tensor, Tensor | None]:
        """Attention of `x_BLH` over `source`; mask is added to the scores; the map is the mean over heads, in float32."""
        query, key, value = self.split(self.query(x_BLH)), self.split(self.key(source)), self.split(self.value(source))
        if not need_map:
            drop = self.dropout if self.training else 0.0
            out = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=drop)
            return out.transpose(1, 2).flatten(2), None
        score_BNLP = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        if mask is not None:
            score_BNLP = score_BNLP + mask
        map_BNLP = score_BNLP.float().softmax(-1)
        # Dropout on these maps would make them useless as maps, so there is none here.
        out = map_BNLP.to(value.dtype) @ value
        return out.transpose(1, 2).flatten(2), map_BNLP.mean(1)


class ResidualOutput(nn.Module):
    """Linear, dropout, residual, layer norm: BERT's ending of each half of a layer."""

    def __init__(self, config: QFormerConfig, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, config.hidden)
        self.LayerNorm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, residual_BLH: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(x)) + residual_BLH)


class Attention(nn.Module):
    """Attention with its output projection."""

    def __init__(self, config: QFormerConfig, source_width: int) -> None:
        super().__init__()
        self.self = AttentionCore(config, source_width)
        self.output = ResidualOutput(config, config.hidden)

    def forward(self, x_BLH: Tensor, source: Tensor, mask: Tensor | None, need_map: bool = False) -> tuple[Tensor, Tensor | None]:
        out, attention = self.self(x_BLH, source, mask, need_map)
        return self.output(out, x_BLH), attention


class Intermediate(nn.Module):
    """First half of a feed-forward network."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.intermediate)

    def forward(self, x_BLH: Tensor) -> Tensor:
        return F.gelu(self.dense(x_BLH))


class Layer(nn.Module):
    """One layer: shared self-attention, cross-attention of the queries, a feed-forward each for queries and words."""

    def __init__(self, config: QFormerConfig, image_width: int, looks: bool) -> None:
        super().__init__()
        self.attention = Attention(config, config.hidden)
        if looks:
            self.crossattention = Attention(config, image_width)
        self.intermediate = Intermediate(config)
        self.output = ResidualOutput(config, config.intermediate)
        self.intermediate_query = Intermediate(config)
        self.output_query = ResidualOutput(config, config.intermediate)
        self.looks = looks

    def forward(self, x_BLH: Tensor, mask: Tensor | None, queries: int, image_BPF: Tensor | None) -> tuple[Tensor, Tensor | None]:
        x_BLH, _ = self.attention(x_BLH, x_BLH, mask)
        attention_BQP = None
        parts = []
        if queries > 0:
            query_BQH = x_BLH[:, :queries]
            if self.looks and image_BPF is not None:
                query_BQH, attention_BQP = self.crossattention(query_BQH, image_BPF, None, need_map=True)
            parts.append(self.output_query(self.intermediate_query(query_BQH), query_BQH))
        if x_BLH.shape[1] > queries:
            text_BTH = x_BLH[:, queries:]
            parts.append(self.output(self.intermediate(text_BTH), text_BTH))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1), attention_BQP


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: QFormerConfig, image_width: int) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(config, image_width, looks=n % config.cross_attention_frequency == 0) for n in range(config.layers))


class Bert(nn.Module):
    """Embeddings and layers."""

    def __init__(self, config: QFormerConfig, image_width: int) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config, image_width)

    def forward(self, token_BT: Tensor | None, query_BQH: Tensor | None, mask: Tensor | None, image_BPF: Tensor | None) -> QFormerOutput:
        """Runs queries, words or both. `mask` is added to the self-attention's scores, broadcast to [B, N, L, L]."""
        x_BLH = self.embeddings(token_BT, query_BQH)
        queries = 0 if query_BQH is None else query_BQH.shape[1]
        maps = []
        for layer in self.encoder.layer:
            x_BLH, attention_BQP = layer(x_BLH, mask, queries, image_BPF)
            if attention_BQP is not None:
                maps.append(attention_BQP)
        return QFormerOutput(hidden=x_BLH, cross_attention=tuple(maps))


class PredictionTransform(nn.Module):
    """Linear, GELU, layer norm before the vocabulary."""

    def __init__(self, config: QFormerConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.hidden)
        self.LayerNorm = nn.LayerNorm(config.hidden, eps=config.layer_norm_eps)

    def forward(self, x: Tensor) -> Tensor:
        return self.LayerNorm(F.gelu(self.dense(x)))


class Predictions(nn.Module):
    """Scores over the vocabulary; the decoder's weight is the word embedding, its bias is `bias`."""

    def __init__(self, config: QFormerConfig, word_embeddings: nn.Embedding) -> None:
        super().__init__()
        self.transform = PredictionTransform(config)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.decoder = nn.Linear(config.hidden, config.vocabulary)
        self.decoder.weight = word_embeddings.weight
        self.decoder.bias = self.bias

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.transform(x))


class LanguageHead(nn.Module):
    """Holds the predictions under the name the checkpoints have."""

    def __init__(self, config: QFormerConfig, word_embeddings: nn.Embedding) -> None:
        super().__init__()
        self.predictions = Predictions(config, word_embeddings)


class QFormer(nn.Module):
    """The Q-Former with its language head."""

    def __init__(self, config: QFormerConfig, image_width: int) -> None:
        super().__init__()
        self.config = config
        self.bert = Bert(config, image_width)
        self.cls = LanguageHead(config, self.bert.embeddings.word_embeddings)
        self.apply(partial(initialise, std=config.init_std))
        if config.look_std is not None:
            for layer in self.bert.encoder.layer:
                if layer.looks:
                    layer.crossattention.apply(partial(initialise, std=config.look_std))

    def look(self, query_BQH: Tensor, image_BPF: Tensor) -> QFormerOutput:
        """Queries alone, looking at the image."""
        return self.bert(None, query_BQH, None, image_BPF)

    def read(self, token_BT: Tensor, real_BT: Tensor) -> Tensor:
        """Words alone, both directions; real_BT (bool) marks what is not padding. Returns [B, T, H]."""
        mask = additive_mask(real_BT[:, None, None, :], self.bert.embeddings.word_embeddings.weight.dtype)
        return self.bert(token_BT, None, mask, None).hidden

    def caption(self, query_BQH: Tensor, image_BPF: Tensor, token_BT: Tensor, real_BT: Tensor) -> Tensor:
        """Scores [B, T, vocabulary] of the word after each word: words see all queries and the words before them."""
        queries, words = query_BQH.shape[1], token_BT.shape[1]
        allowed_LL = torch.zeros(queries + words, queries + words, dtype=torch.bool, device=token_BT.device)
        allowed_LL[:, :queries] = True
        allowed_LL[queries:, queries:] = torch.ones(words, words, dtype=torch.bool, device=token_BT.device).tril()
        seen_BL = F.pad(real_BT, (queries, 0), value=True)
        mask = additive_mask(allowed_LL[None, None] & seen_BL[:, None, None, :], query_BQH.dtype)
        return self.cls.predictions(self.bert(token_BT, query_BQH, mask, image_BPF).hidden[:, queries:])


def additive_mask(allowed: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where attention is allowed; elsewhere a number that is as good as minus infinity but keeps a masked row finite."""
    return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill(~allowed, torch.finfo(dtype).min / 2)


def initialise(module: nn.Module, std: float) -> None:
    """BERT's initialisation: normal weights, biases zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=std)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
