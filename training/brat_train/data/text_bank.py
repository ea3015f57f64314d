"""Every report of a training set as token ids, made once, so that a step only picks and pads."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from brat_train.data.training_set import Case
from brat_train.text.falsify import falsify
from brat_train.text.subwords import BEGIN, PAD, SEP, cut, pad_rows

Ids = tuple[int, ...]


@dataclass(frozen=True)
class SentenceBatch:
    """Sentences of the reports of a batch. R reports, S slots, T tokens, N pairs of true and false sentences."""

    #: [sentences, T]: the reports' own sentences one after the other, then the false ones.
    token: Tensor
    real: Tensor
    #: bool [R, S]: which slots hold a sentence; row by row these are the first sentences of `token`.
    slots_RS: Tensor
    #: Which row of `token` is the true sentence of each pair, and whose report it is from. False ones follow the true.
    true_N: Tensor
    owner_N: Tensor


    def of(self, reports: slice) -> SentenceBatch:
        """The same of some of the reports; they keep as many slots."""
        before, own = int(self.slots_RS[: reports.start].sum()), int(self.slots_RS[reports].sum())
        total = int(self.slots_RS.sum())
        chosen_N = (self.owner_N >= reports.start) & (self.owner_N < reports.stop)
        row = torch.cat((torch.arange(before, before + own), total + chosen_N.nonzero().flatten()))
        return SentenceBatch(self.token[row], self.real[row], self.slots_RS[reports], self.true_N[chosen_N] - before, self.owner_N[chosen_N] - reports.start)


class TextBank:
    """Sentences and whole reports of cases as ids."""

    def __init__(self, cases: Sequence[Case], tokenizer: Tokenizer, max_tokens: int, max_sentences: int, report_tokens: int) -> None:
        self.cases, self.tokenizer = cases, tokenizer
        self.max_tokens, self.max_sentences, self.report_tokens = max_tokens, max_sentences, report_tokens
        self.pad, self.begin, self.end = (tokenizer.token_to_id(token) for token in (PAD, BEGIN, SEP))
        distinct = list(dict.fromkeys(sentence for case in cases for report in case.wordings for sentence in report))
        self.ids: dict[str, Ids] = {}
        for start in range(0, len(distinct), 20_000):
            part = distinct[start : start + 20_000]
            self.ids.update((sentence, tuple(cut(row.ids, max_tokens))) for sentence, row in zip(part, tokenizer.encode_batch(part), strict=True))

    def wording(self, case: int, rng: random.Random) -> tuple[str, ...]:
        """One of the reports of a case."""
        return rng.choice(self.cases[case].wordings)[: self.max_sentences]

    def sentences(self, reports: Sequence[Sequence[str]], cases: Sequence[int], rng: random.Random, falsehoods: bool) -> SentenceBatch:
        """The sentences of a batch of reports, and false ones made of some."""
        rows: list[Ids] = [self.ids[sentence] for report in reports for sentence in report]
        slots = torch.zeros(len(reports), max(len(report) for report in reports), dtype=torch.bool)
        true, owner, false = [], [], []
        at = 0
        for number, report in enumerate(reports):
            slots[number, : len(report)] = True
            for offset, sentence in enumerate(report):
                changed = falsify(sentence, rng) if falsehoods else None
                if changed is not None and not may_be_true(changed, self.cases[cases[number]].answers):
                    true.append(at + offset)
                    owner.append(number)
                    false.append(tuple(cut(self.tokenizer.encode(changed).ids, self.max_tokens)))
            at += len(report)
        token, real = pad_rows([*rows, *false], self.pad)
        return SentenceBatch(token, real, slots, torch.tensor(true, dtype=torch.int64), torch.tensor(owner, dtype=torch.int64))

    def captions(self, reports: Sequence[Sequence[str]]) -> tuple[Tensor, Tensor]:
        """Whole reports [R, T] for generation: start, the sentences without their own special tokens, end."""
        rows = [cut([self.begin, *(token for sentence in report for token in self.ids[sentence][1:-1]), self.end], self.report_tokens) for report in reports]
        return pad_rows(rows, self.pad)


def may_be_true(changed: str, answers: dict[str, str]) -> bool:
    """Whether a changed sentence could be true of the case after all, since it has other lesions.

    With one lesion at most it cannot; with several it is false only if the place it names is a lobe without a lesion.
    """
    if answers.get("count", "NA") in ("NA", "One"):
        return False
    locations = answers.get("locations", "").lower()
    low = changed.lower()
    named = [f"{side} {lobe}" for side in ("left", "right") for lobe in ("frontal", "parietal", "temporal", "occipital") if f"{side} {lobe}" in low]
    return not named or any(place in locations for place in named)
