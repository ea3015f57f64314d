"""The report writer's tokenizer: GPT-2's byte-level BPE, learned from reports, with one reserved token per view.

llama.cpp splits text itself by its `gpt-2` rule before it merges bytes; the rule here is the same, so ids agree.
"""

from __future__ import annotations

from collections.abc import Iterable

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

BEGIN, END, PAD = "<|begin|>", "<|end|>", "<|pad|>"


def view_token(number: int) -> str:
    """The reserved token that stands for view `number` in a prompt."""
    return f"<|view_{number}|>"


def special_tokens(views: int) -> list[str]:
    """Special tokens in the order of their ids, from 0."""
    return [BEGIN, END, PAD, *(view_token(number) for number in range(views))]


def train_byte_bpe(texts: Iterable[str], vocabulary: int, views: int = 32) -> Tokenizer:
    """Learns at most `vocabulary` tokens, the special ones (ids from 0) and all 256 bytes among them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[AddedToken(token, normalized=False, special=True) for token in special_tokens(views)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def write_report(sentences: Iterable[str]) -> str:
    """A report as the writer learns it: sentences joined by a space, one in front, since the prompt ends without one."""
    return " " + " ".join(sentence.strip() for sentence in sentences)
