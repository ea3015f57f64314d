"""The report writer as a GGUF file that llama.cpp reads: architecture llama, GPT-2's tokenizer, float16, own output."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from brat_train.models.llama import Writer
from brat_train.text.byte_bpe import BEGIN, END, PAD, special_tokens


def write_gguf(writer: Writer, tokenizer: Tokenizer, path: Path, views: int, name: str) -> None:
    """Writes weights and vocabulary.

    No begin or end token is added by llama.cpp itself: the prompt names them. Rotary pairs are neighbours in
    :mod:`brat_train.models.llama` as in llama.cpp, so that no row is moved.
    Raises ValueError if the tokenizer and the model disagree on the vocabulary.
    """
    import gguf

    config = writer.config
    tokens, merges = vocabulary_of(tokenizer)
    if len(tokens) != config.vocabulary:
        raise ValueError(f"the tokenizer has {len(tokens)} tokens, the model {config.vocabulary}")
    special = set(special_tokens(views))

    out = gguf.GGUFWriter(str(path), "llama")
    out.add_name(name)
    out.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    out.add_context_length(config.context)
    out.add_embedding_length(config.width)
    out.add_block_count(config.layers)
    out.add_feed_forward_length(config.intermediate)
    out.add_head_count(config.heads)
    out.add_head_count_kv(config.heads)
    out.add_layer_norm_rms_eps(config.norm_eps)
    out.add_rope_freq_base(config.rope_theta)
    out.add_rope_dimension_count(config.width // config.heads)
    out.add_vocab_size(config.vocabulary)
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre("gpt-2")
    out.add_token_list(tokens)
    out.add_token_types([gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in tokens])
    out.add_token_merges(merges)
    out.add_bos_token_id(tokenizer.token_to_id(BEGIN))
    out.add_eos_token_id(tokenizer.token_to_id(END))
    out.add_pad_token_id(tokenizer.token_to_id(PAD))
    out.add_add_bos_token(False)
    out.add_add_eos_token(False)
    for tensor, value in writer.state_dict().items():
        kind = np.float32 if value.ndim == 1 else np.float16
        out.add_tensor(tensor, value.detach().cpu().float().numpy().astype(kind))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def vocabulary_of(tokenizer: Tokenizer) -> tuple[list[str], list[str]]:
    """Tokens in the order of their ids, and merges as "left right"."""
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(tokenizer.get_vocab(with_added_tokens=True).items(), key=lambda item: item[1])]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return tokens, merges


def reserved_rows(writer: Writer, ids: list[int]) -> np.ndarray:
    """Base embeddings of the reserved tokens as llama.cpp sees them after float16, float32 [views, width]."""
    return writer.token_embd.weight.detach()[torch.tensor(ids)].half().float().numpy()
