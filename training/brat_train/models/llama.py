"""A small Llama: the report writer of the demonstration, with the bridge that feeds it the views.

Same computations as llama.cpp's `llama` architecture (RMS norm, rotary positions on neighbouring pairs, SwiGLU), so that
the exported file gives the same words. Shape suffixes: B batch, T tokens, W width, N heads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.models.config import WriterConfig


class RmsNorm(nn.Module):
    """Root-mean-square norm."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)).to(x.dtype) * self.weight


class Block(nn.Module):
    """Attention and feed-forward network, each on a normed copy."""

    def __init__(self, config: WriterConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.attn_norm = RmsNorm(width, config.norm_eps)
        self.attn_q = nn.Linear(width, width, bias=False)
        self.attn_k = nn.Linear(width, width, bias=False)
        self.attn_v = nn.Linear(width, width, bias=False)
        self.attn_output = nn.Linear(width, width, bias=False)
        self.ffn_norm = RmsNorm(width, config.norm_eps)
        self.ffn_gate = nn.Linear(width, config.intermediate, bias=False)
        self.ffn_up = nn.Linear(width, config.intermediate, bias=False)
        self.ffn_down = nn.Linear(config.intermediate, width, bias=False)

    def forward(self, x_BTW: Tensor, turn: tuple[Tensor, Tensor], dropout: float) -> Tensor:
        normed = self.attn_norm(x_BTW)
        query, key, value = (part(normed).unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (self.attn_q, self.attn_k, self.attn_v))
        out = F.scaled_dot_product_attention(rotate(query, turn), rotate(key, turn), value, is_causal=True)
        x_BTW = x_BTW + F.dropout(self.attn_output(out.transpose(1, 2).flatten(2)), dropout, self.training)
        normed = self.ffn_norm(x_BTW)
        return x_BTW + F.dropout(self.ffn_down(F.silu(self.ffn_gate(normed)) * self.ffn_up(normed)), dropout, self.training)


def rotate(x_BNTD: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions on neighbouring pairs of channels, as llama.cpp's `llama` architecture has them."""
    cos_TP, sin_TP = (part.to(x_BNTD.dtype) for part in turn)
    even, odd = x_BNTD[..., 0::2], x_BNTD[..., 1::2]
    return torch.stack((even * cos_TP - odd * sin_TP, even * sin_TP + odd * cos_TP), dim=-1).flatten(-2)


class Writer(nn.Module):
    """Language model with untied output, since the views enter as an adapter on its input embeddings."""

    def __init__(self, config: WriterConfig, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.dropout = dropout
        self.token_embd = nn.Embedding(config.vocabulary, config.width)
        self.blk = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.output_norm = RmsNorm(config.width, config.norm_eps)
        self.output = nn.Linear(config.width, config.vocabulary, bias=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, x_BTW: Tensor) -> Tensor:
        """Embeddings [B, T, width] to scores [B, T, vocabulary] of the token after each."""
        length, size = x_BTW.shape[1], self.config.width // self.config.heads
        frequency = self.config.rope_theta ** (-torch.arange(0, size, 2, device=x_BTW.device, dtype=torch.float32) / size)
        angle_TP = torch.arange(length, device=x_BTW.device, dtype=torch.float32)[:, None] * frequency
        turn = (angle_TP.cos(), angle_TP.sin())
        x_BTW = F.dropout(x_BTW, self.dropout, self.training)
        for block in self.blk:
            x_BTW = block(x_BTW, turn, self.dropout)
        return self.output(self.output_norm(x_BTW))

    def embed(self, token_BT: Tensor, reserved_V: Tensor, bridged_BVW: Tensor | None) -> Tensor:
        """Embeddings of tokens; where a token is the reserved one of view v, row v of `bridged_BVW` stands instead."""
        x_BTW = self.token_embd(token_BT)
        if bridged_BVW is None:
            return x_BTW
        is_view_BTV = token_BT[:, :, None] == reserved_V
        bridged_BTW = is_view_BTV.to(bridged_BVW.dtype) @ bridged_BVW
        return torch.where(is_view_BTV.any(-1, keepdim=True), bridged_BTW.to(x_BTW.dtype), x_BTW)

    @torch.no_grad()
    def write(self, prompt_BTW: Tensor, end: int, max_tokens: int) -> list[list[int]]:
        """Greedy continuation of prompts as embeddings [B, T, width]: token ids of each, without the end token."""
        rows: list[list[int]] = [[] for _ in range(prompt_BTW.shape[0])]
        open_rows = set(range(len(rows)))
        x_BTW = prompt_BTW
        for _ in range(max_tokens):
            token_B = self(x_BTW)[:, -1].argmax(-1)
            for number in list(open_rows):
                token = int(token_B[number])
                if token == end:
                    open_rows.discard(number)
                else:
                    rows[number].append(token)
            if not open_rows:
                break
            x_BTW = torch.cat((x_BTW, self.token_embd(token_B)[:, None]), dim=1)
        return rows


class Bridge(nn.Module):
    """Bridging MLP of two layers: a view to the embedding its reserved token shall have (paper, section 4.2)."""

    def __init__(self, hidden: int, config: WriterConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden)
        self.enter = nn.Linear(hidden, config.bridge_hidden)
        self.leave = nn.Linear(config.bridge_hidden, config.width)

    def forward(self, view_BVH: Tensor) -> Tensor:
        """Views [B, V, hidden] to embeddings [B, V, width]."""
        return self.leave(F.gelu(self.enter(self.norm(view_BVH))))
