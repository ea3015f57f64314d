"""How sure a figure is: percentile intervals from cases drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """A figure and where 95% of its resamples lie."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(statistic: Callable[[NDArray[np.int64]], float], cases: int, resamples: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """The statistic of all cases, with its percentile interval over resamples of them (Efron and Tibshirani, 1993).

    `statistic` takes indices of cases, some of them repeated, and may return not-a-number where a resample does not
    define it (an AUROC without an example of one kind); such resamples are left out. Raises ValueError without a case.
    """
    if cases < 1:
        raise ValueError("there is no case to compute a figure from")
    rng = np.random.default_rng(seed)
    drawn = np.array([statistic(rng.integers(0, cases, cases)) for _ in range(resamples)])
    value = float(statistic(np.arange(cases)))
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high))


def bootstrap_mean(values: NDArray[np.float64], resamples: int = 1000, seed: int = 0) -> Interval:
    """Mean of one number per case, with its interval."""
    return bootstrap(lambda index: float(values[index].mean()), len(values), resamples, seed)
