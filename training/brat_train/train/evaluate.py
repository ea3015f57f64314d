"""How good a model is on cases it was not trained on: retrieval, sentence support, findings, and the words it writes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from brat_train.data.text_bank import may_be_true
from brat_train.data.training_set import Case
from brat_train.metrics.retrieval import retrieval_figures
from brat_train.models.brat import Brat
from brat_train.objectives.alignment import MATCHINGS, Matching
from brat_train.text.falsify import falsify
from brat_train.text.subwords import encode_batch


@torch.no_grad()
def encode_reports(model: Brat, tokenizer: Tokenizer, cases: Sequence[Case], max_tokens: int, max_sentences: int) -> tuple[Tensor, Tensor]:
    """First reports of cases as unit rows [cases, S, width] and which slots are real [cases, S]."""
    device = model.query_tokens.device
    reports = [case.wordings[0][:max_sentences] for case in cases]
    flat = encode_sentences(model, tokenizer, [sentence for report in reports for sentence in report], max_tokens)
    real_RS = torch.zeros(len(reports), max(map(len, reports)), dtype=torch.bool, device=device)
    for number, report in enumerate(reports):
        real_RS[number, : len(report)] = True
    sentence_RSE = torch.zeros(*real_RS.shape, flat.shape[-1], device=device).masked_scatter(real_RS[:, :, None], flat)
    return sentence_RSE, real_RS


@torch.no_grad()
def encode_sentences(model: Brat, tokenizer: Tokenizer, sentences: Sequence[str], max_tokens: int, batch: int = 256) -> Tensor:
    """Unit rows [sentences, width], float32."""
    device = model.query_tokens.device
    rows = []
    for start in range(0, len(sentences), batch):
        token, real = encode_batch(tokenizer, sentences[start : start + batch], max_tokens)
        rows.append(model.encode_sentences(token.to(device), real.to(device)).float())
    return torch.cat(rows)


@dataclass(frozen=True)
class Retrieval:
    """Ranks of the right answer, both ways."""

    text_to_image: dict[str, float]
    image_to_text: dict[str, float]


@torch.no_grad()
def similarity_matrix(view_BVE: Tensor, sentence_RSE: Tensor, real_RS: Tensor, matching: Matching = "pva", chunk: int = 32) -> np.ndarray:
    """Scores of every image with every report, float32 [images, reports]."""
    parts = [MATCHINGS[matching](view_BVE[start : start + chunk], sentence_RSE, real_RS) for start in range(0, len(view_BVE), chunk)]
    return torch.cat(parts).float().cpu().numpy()


def retrieval(view_BVE: Tensor, sentence_RSE: Tensor, real_RS: Tensor, matching: Matching = "pva", chunk: int = 32, label_CF: np.ndarray | None = None) -> Retrieval:
    """R@1, 5, 10, median and mean rank for cases i whose report is i, and R@5 (F), P@5 (F) where findings are given (paper, Table 2)."""
    score_BR = similarity_matrix(view_BVE, sentence_RSE, real_RS, matching, chunk)
    return Retrieval(text_to_image=retrieval_figures(score_BR.T, label_CF), image_to_text=retrieval_figures(score_BR, label_CF))


@dataclass(frozen=True)
class Support:
    """Whether the best view's cosine tells true sentences from false ones."""

    auroc: float
    threshold: float
    pairs: int


def sentence_support(model: Brat, tokenizer: Tokenizer, view_BVE: Tensor, cases: Sequence[Case], max_tokens: int, seed: int = 0) -> Support:
    """AUROC over true sentences and their false versions (side or place changed), and the threshold with the best balance."""
    rng = random.Random(seed)
    true, false, owner = [], [], []
    for number, case in enumerate(cases):
        for sentence in case.wordings[0]:
            changed = falsify(sentence, rng)
            if changed is not None and not may_be_true(changed, case.answers):
                true.append(sentence)
                false.append(changed)
                owner.append(number)
    if not true:
        return Support(auroc=float("nan"), threshold=0.0, pairs=0)
    views = view_BVE[torch.tensor(owner, device=view_BVE.device)]
    best = [torch.einsum("nve,ne->nv", views, encode_sentences(model, tokenizer, texts, max_tokens)).amax(-1).cpu().numpy() for texts in (true, false)]
    return Support(auroc=auroc(best[0], best[1]), threshold=best_threshold(best[0], best[1]), pairs=len(true))


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Probability that a positive scores above a negative; ties count half."""
    if not len(positive) or not len(negative):
        return float("nan")
    both = np.concatenate((positive, negative))
    _, inverse, count = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[inverse]
    return float((rank[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative)))


def best_threshold(positive: np.ndarray, negative: np.ndarray) -> float:
    """Threshold at which sensitivity plus specificity is largest."""
    candidates = np.unique(np.concatenate((positive, negative)))
    balance = [(positive >= at).mean() + (negative < at).mean() for at in candidates]
    return float(candidates[int(np.argmax(balance))])


def head_aurocs(score_CF: np.ndarray, target_CF: np.ndarray) -> list[float]:
    """AUROC of each finding; not a number where the cases hold no example of one kind."""
    return [auroc(score_CF[target_CF[:, f] > 0.5, f], score_CF[target_CF[:, f] < 0.5, f]) for f in range(score_CF.shape[1])]
