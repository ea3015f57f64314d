"""The volume that the slices of one series make, from their headers: what conversion will be checked against.

The app's src/engine/volume is the full account (echoes, components, tilings); here the largest set of parallel slices of
one size is taken, each position once, and judged by the app's limits for uneven and missing slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brat_train.data.select.header import SliceStack

#: As in src/engine/volume/sliceSpacing.ts and plane.ts.
_SAME_POSITION_MM = 0.02
_RESAMPLE_RATIO = 1.25
_SAME_ORIENTATION = float(np.cos(np.radians(0.2)))
_NAMED_WITHIN = float(np.cos(np.radians(20)))


@dataclass(frozen=True)
class Slice:
    """One frame: LPS mm, unit directions of growing column and row index, mm between rows and between columns."""

    position: tuple[float, float, float]
    row: tuple[float, float, float]
    column: tuple[float, float, float]
    rows: int
    columns: int
    pixel_mm: tuple[float, float]


def stack_of(slices: Sequence[Slice]) -> SliceStack | str:
    """The best volume of a series, or why there is none."""
    if not slices:
        return "no image says where it lies in the patient"
    refusals: list[str] = []
    best: SliceStack | None = None
    for members in _parallel(slices):
        made = _one(members)
        if isinstance(made, str):
            refusals.append(made)
        elif best is None or made.slices > best.slices:
            best = made
    return best if best is not None else refusals[0]


def _parallel(slices: Sequence[Slice]) -> list[list[Slice]]:
    groups: list[tuple[tuple[int, int, float, float], list[Slice]]] = []
    for one in slices:
        grid = (one.rows, one.columns, round(one.pixel_mm[0], 4), round(one.pixel_mm[1], 4))
        for other, members in groups:
            first = members[0]
            if other == grid and np.dot(first.row, one.row) >= _SAME_ORIENTATION and np.dot(first.column, one.column) >= _SAME_ORIENTATION:
                members.append(one)
                break
        else:
            groups.append((grid, [one]))
    return [members for _, members in groups]


def _one(members: list[Slice]) -> SliceStack | str:
    first = members[0]
    normal = np.cross(first.row, first.column)
    position = np.array([one.position for one in members])
    offset = position @ normal
    order = np.argsort(offset, kind="stable")
    distinct = order[np.r_[True, np.diff(offset[order]) >= _SAME_POSITION_MM]]
    if len(members) % len(distinct) and len(distinct) > 1:
        return f"{len(members) - len(distinct)} of {len(members)} slices lie where another slice lies"
    if len(distinct) < 2:
        return "one slice is not a volume"
    at: NDArray[np.float64] = offset[distinct]
    steps = np.diff(at)
    if steps.max() > _RESAMPLE_RATIO * steps.min() and abs(at - np.linspace(at[0], at[-1], len(at))).max() > 0.01 * steps.mean():
        return f"steps between slices vary from {steps.min():.3f} to {steps.max():.3f} mm: slices are missing or uneven"
    sideways = position[distinct] @ np.array([first.row, first.column]).T
    if np.ptp(sideways, axis=0).max() > 0.5 * min(first.pixel_mm):
        return "slices are shifted sideways against each other"
    sizes = np.abs(normal)
    plane = ("sagittal", "coronal", "axial")[int(sizes.argmax())] if sizes.max() >= _NAMED_WITHIN else "oblique"
    low, high = (tuple(float(v) for v in position[index]) for index in (distinct[0], distinct[-1]))
    return SliceStack(first.columns, first.rows, len(distinct), float(steps.mean()), plane, low, high)
