"""The text branch's tokenizer: lower-case subwords, learned from report sentences, in Hugging Face's file format.

The files must read alike in Rust (`tokenizers`, training) and JavaScript (`@huggingface/tokenizers`, the app), so only
components that both have are used. Words are split as BERT splits them, but merged by BPE: the library's WordPiece
trainer gives another vocabulary every time it runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import Tensor

PAD, UNKNOWN, CLS, SEP, BEGIN = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[DEC]"
SPECIAL = (PAD, UNKNOWN, CLS, SEP, BEGIN)
_ALPHABET = [*"abcdefghijklmnopqrstuvwxyz0123456789.,;:()-/%'"]


def train_subwords(sentences: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learns a vocabulary of at most `vocabulary` pieces. Ids 0 to 4 are padding, unknown, start, end and caption start."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=True, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # Every letter is in, so that a word never seen still has pieces.
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=list(SPECIAL), initial_alphabet=_ALPHABET, show_progress=False)
    tokenizer.train_from_iterator(sentences, trainer)
    cls, sep = tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{CLS} $A {SEP}", special_tokens=[(CLS, cls), (SEP, sep)])
    return tokenizer


def save_subwords(tokenizer: Tokenizer, folder: Path, max_tokens: int) -> None:
    """Writes tokenizer.json and tokenizer_config.json."""
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=False), encoding="utf-8")
    config = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": max_tokens,
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "cls_token": CLS,
        "sep_token": SEP,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def load_tokenizer(path: Path) -> Tokenizer:
    """Reads a tokenizer.json."""
    return Tokenizer.from_file(str(path))


def encode_batch(tokenizer: Tokenizer, sentences: Sequence[str], max_tokens: int) -> tuple[Tensor, Tensor]:
    """Ids [sentences, T] int64 padded to the longest, and which are real [sentences, T] bool; special tokens stay when cut."""
    rows = [cut(encoding.ids, max_tokens) for encoding in tokenizer.encode_batch(list(sentences))]
    return pad_rows(rows, tokenizer.token_to_id(PAD))


def cut(ids: list[int], max_tokens: int) -> list[int]:
    """At most `max_tokens` ids, the last one (the end of the sentence) kept."""
    return ids if len(ids) <= max_tokens else [*ids[: max_tokens - 1], ids[-1]]


def pad_rows(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Rows of unequal length as ids [rows, T] int64 and real [rows, T] bool."""
    longest = max(len(row) for row in rows)
    token_RT = torch.full((len(rows), longest), pad, dtype=torch.int64)
    real_RT = torch.zeros((len(rows), longest), dtype=torch.bool)
    for number, row in enumerate(rows):
        token_RT[number, : len(row)] = torch.tensor(row, dtype=torch.int64)
        real_RT[number, : len(row)] = True
    return token_RT, real_RT
