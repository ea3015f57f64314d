"""Which cases a step sees: a function of its number and the seed alone.

A set may be dealt into lanes, blocks of neighbouring cases. Each batch takes the same number of cases of every lane, so
that a process that holds some lanes reads their shards only, and the batches do not depend on how many processes there are.
"""

from __future__ import annotations

import numpy as np

from brat_train.distributed.group import Group
from brat_train.errors import UnevenShareError


def batch_of(step: int, cases: int, batch: int, seed: int, lanes: int = 1) -> np.ndarray:
    """Indices of the cases of a step: each epoch is a permutation of its own of every lane, drawn from seed and epoch.

    A process's part of them is of its own lanes: :func:`own_cases`.
    """
    if lanes == 1:
        return _of_lane(step, cases, batch, [seed], 0)
    shortest = cases // lanes
    if not shortest:
        raise UnevenShareError("train/uneven-share", f"{cases} cases cannot be dealt to {lanes} lanes.", "Use more cases, or fewer lanes.")
    parts = []
    for lane in range(lanes):
        span = lane_span(cases, lanes, lane)
        parts.append(span.start + _of_lane(step, len(span), batch // lanes, [seed, lane], len(span) - shortest))
    return np.concatenate(parts)


def _of_lane(step: int, cases: int, batch: int, seed: list[int], left_over: int) -> np.ndarray:
    """Lanes may differ by a case: `left_over` of the longer ones stay out of an epoch, other ones each time."""
    batch = min(batch, cases - left_over)
    per_epoch = (cases - left_over) // batch
    epoch, at = divmod(step, per_epoch)
    return np.random.default_rng([*seed, epoch]).permutation(cases)[at * batch : (at + 1) * batch]


def lane_span(cases: int, lanes: int, lane: int) -> range:
    """The cases of a lane."""
    return range(lane * cases // lanes, (lane + 1) * cases // lanes)


def own_cases(cases: int, lanes: int, group: Group) -> range:
    """The cases whose images a process needs: those of its lanes."""
    own = group.part(lanes)
    return range(lane_span(cases, lanes, own.start).start, lane_span(cases, lanes, own.stop - 1).stop)


def require_even_share(lanes: int, batches: list[int], group: Group) -> None:
    """Raises UnevenShareError unless the processes can share batches of these sizes, dealt to so many lanes."""
    if lanes < 1 or lanes % group.size:
        raise UnevenShareError("train/uneven-share", f"{lanes} lanes cannot be shared evenly by {group.size} processes.", "Choose --lanes as a multiple of the number of processes.")
    uneven = [batch for batch in batches if batch % lanes]
    if uneven:
        raise UnevenShareError("train/uneven-share", f"batches of {uneven[0]} cannot be dealt evenly to {lanes} lanes.", "Choose --lanes as a divisor of every batch.")
