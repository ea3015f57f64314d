"""Retrieval figures of the paper's Table 2: from scores of queries for candidates, and from what the cases show.

Query i's right candidate is i. Both ways are the same functions: text to image takes the transposed scores.
Shape suffixes: Q queries, C candidates, F findings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brat_train.metrics.bootstrap import Interval, bootstrap

#: (question, answer) that make a finding positive: the yes-or-no questions of the paper's Figure 14 and 15. The paper does
#: not list the labels of its R@5 (F); its 0.91, beside an R@5 of 0.49, needs labels as coarse as these.
POSITIVE_FINDINGS: tuple[tuple[str, str], ...] = (
    ("surgery", "Yes"),
    ("enhancing", "Yes"),
    ("shift", "Yes"),
    ("hydrocephalus", "Yes"),
    ("whiteMatter", "Yes"),
    ("sella", "Yes"),
    ("pituitaryNormal", "No"),
)


def finding_labels(answers: Sequence[Mapping[str, str]]) -> NDArray[np.bool_]:
    """Which findings each case is positive for, [C, F]; a question without an answer counts as normal (Figure 14 (b))."""
    return np.array([[case.get(question) == answer for question, answer in POSITIVE_FINDINGS] for case in answers], dtype=bool).reshape(len(answers), -1)


def ranks(score_QC: NDArray[np.floating]) -> NDArray[np.int64]:
    """Rank of each query's right candidate, from 1. Ties count against it.

    Raises ValueError if the scores are not square or hold not-a-number, which would rank as if it were good.
    """
    if score_QC.ndim != 2 or score_QC.shape[0] != score_QC.shape[1]:
        raise ValueError(f"scores have shape {list(score_QC.shape)}; as many candidates as queries are needed")
    if np.isnan(score_QC).any():
        raise ValueError(f"{int(np.isnan(score_QC).sum())} scores are not numbers")
    return (score_QC >= score_QC.diagonal()[:, None]).sum(1)


def top_candidates(score_QC: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """The `count` best candidates of each query, best first, [Q, count]. Of equal ones the right one comes last, as in `ranks`."""
    right = np.eye(len(score_QC), dtype=np.int64)
    return np.lexsort((right, -score_QC), axis=1)[:, :count]


def precision_by_findings(score_QC: NDArray[np.floating], label_CF: NDArray[np.bool_], count: int = 5) -> NDArray[np.float64]:
    """P@5 (F) of each query, [Q]: the share of the first five that have a positive finding in common with the right one."""
    top_QK = top_candidates(score_QC, count)
    shared_QK = (label_CF[top_QK] & label_CF[:, None, :]).any(-1)
    return shared_QK.mean(1)


def recall_by_findings(score_QC: NDArray[np.floating], label_CF: NDArray[np.bool_], count: int = 5) -> NDArray[np.float64]:
    """R@5 (F) of each query, [Q]: 1 if one of the first five has exactly the findings of the right one, else 0."""
    top_QK = top_candidates(score_QC, count)
    return (label_CF[top_QK] == label_CF[:, None, :]).all(-1).any(-1).astype(np.float64)


def _per_query(score_QC: NDArray[np.floating], label_CF: NDArray[np.bool_] | None) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    rank_Q = ranks(score_QC)
    means = {f"r{k}": (rank_Q <= k).astype(np.float64) for k in (1, 5, 10)}
    if label_CF is not None:
        if len(label_CF) != len(score_QC):
            raise ValueError(f"{len(label_CF)} cases have labels, {len(score_QC)} have scores")
        means["r5f"] = recall_by_findings(score_QC, label_CF)
        means["p5f"] = precision_by_findings(score_QC, label_CF)
    return rank_Q, means


def retrieval_figures(score_QC: NDArray[np.floating], label_CF: NDArray[np.bool_] | None = None) -> dict[str, float]:
    """r1, r5, r10, medianRank and meanRank (and r5f, p5f where findings are given) of one way."""
    rank_Q, means = _per_query(score_QC, label_CF)
    return {**{name: float(values.mean()) for name, values in means.items()}, "medianRank": float(np.median(rank_Q)), "meanRank": float(rank_Q.mean())}


@dataclass(frozen=True)
class BothWays:
    """A row of Table 2."""

    text_to_image: dict[str, Interval]
    image_to_text: dict[str, Interval]


def retrieval_intervals(image_report_score: NDArray[np.floating], label_CF: NDArray[np.bool_] | None = None, resamples: int = 1000, seed: int = 0) -> BothWays:
    """A row of Table 2 from scores [images, reports], each figure with its interval over queries drawn with replacement.

    The candidates stay the same: drawing them too would change how hard the task is.
    """
    rows = []
    for score_QC in (image_report_score.T, image_report_score):
        rank_Q, means = _per_query(score_QC, label_CF)
        statistics = {name: (values, np.mean) for name, values in means.items()}
        statistics |= {"medianRank": (rank_Q, np.median), "meanRank": (rank_Q, np.mean)}
        rows.append(
            {
                name: bootstrap(lambda index, values=values, of=of: float(of(values[index])), len(rank_Q), resamples, seed)
                for name, (values, of) in statistics.items()
            }
        )
    return BothWays(*rows)
