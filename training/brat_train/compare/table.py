"""Rows of the small Table 2 from what runs found: means over seeds, intervals over cases, spread over seeds.

Two things vary: which cases were held out (the interval, by drawing cases with replacement, the same for all seeds of a
method) and how a training went (the smallest and largest of the seeds). Neither stands in for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brat_train.compare.runs import WAYS, Result
from brat_train.metrics.bootstrap import Interval, bootstrap

Values = NDArray[np.float64]
#: Figures of Table 2 from per-case numbers: which of them, and what is made of those of the cases along the last axis.
FIGURES: Mapping[str, tuple[str, Callable[[Values], Values]]] = {
    "r1": ("rank", lambda rank: (rank <= 1).mean(-1)),
    "r5": ("rank", lambda rank: (rank <= 5).mean(-1)),
    "r10": ("rank", lambda rank: (rank <= 10).mean(-1)),
    "r5f": ("r5f", lambda value: value.mean(-1)),
    "p5f": ("p5f", lambda value: value.mean(-1)),
    "medianRank": ("rank", lambda rank: np.median(rank, axis=-1)),
    "meanRank": ("rank", lambda rank: rank.mean(-1)),
}


@dataclass(frozen=True)
class Cell:
    """One figure of one method."""

    #: Mean over seeds, with its interval over cases.
    over_cases: Interval
    #: The figure of each seed.
    of_seeds: tuple[float, ...]


@dataclass(frozen=True)
class Row:
    """One method, one way."""

    method: str
    way: str
    cells: dict[str, Cell]
    #: How much greater than the first method's the figure r5 is, on the same cases; None for that method.
    ahead: Interval | None


def make_table(results: Sequence[Result], methods: Sequence[str], resamples: int = 1000) -> list[Row]:
    """Rows by way, then method in the order given. Raises ValueError if a method has no result, or runs saw other cases."""
    rows = []
    for way in WAYS:
        of_method = {method: [result.per_case[way] for result in results if result.method == method] for method in methods}
        if empty := [method for method, found in of_method.items() if not found]:
            raise ValueError(f"there is no result of {', '.join(empty)}")
        counts = {len(found["rank"]) for several in of_method.values() for found in several}
        if len(counts) != 1:
            raise ValueError(f"runs were scored on different numbers of cases: {sorted(counts)}")
        cases = counts.pop()
        for method, found in of_method.items():
            cells = {name: _cell(name, found, cases, resamples) for name in FIGURES}
            rows.append(Row(method, way, cells, None if method == methods[0] else _ahead(found, of_method[methods[0]], cases, resamples)))
    return rows


def _cell(name: str, found: Sequence[Mapping[str, Values]], cases: int, resamples: int) -> Cell:
    key, of = FIGURES[name]
    values_SC = np.stack([one[key] for one in found])
    return Cell(bootstrap(lambda index: float(of(values_SC[:, index]).mean()), cases, resamples), tuple(of(values_SC).tolist()))


def _ahead(found: Sequence[Mapping[str, Values]], first: Sequence[Mapping[str, Values]], cases: int, resamples: int) -> Interval:
    """Both methods on the same resamples."""
    key, of = FIGURES["r5"]
    own_SC, other_SC = (np.stack([one[key] for one in several]) for several in (found, first))
    return bootstrap(lambda index: float(of(own_SC[:, index]).mean() - of(other_SC[:, index]).mean()), cases, resamples)
