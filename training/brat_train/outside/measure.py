"""Measurements `brat-outside/1` of one prepared volume. src/engine/outside/measure.ts is the same in TypeScript.

A volume is taken in 256 steps, as training shards hold it, and almost everything is counted in whole numbers, so that
both give the same values. Nothing here depends on how well an encoder was trained.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

#: Groups of measurements in their order, and how many each has.
GROUPS: tuple[tuple[str, int], ...] = (("place", 2048), ("bright", 2048), ("dark", 512), ("levels", 15), ("edges", 8))
COUNT = sum(count for _, count in GROUPS)

_REDUCED = (32, 64, 64)
_COARSE = (8, 16, 16)
_COARSER = (8, 8, 8)
#: A most frequent value at least this high, of at least this share of the voxels, is a background of exact zeros that
#: the preparation has turned grey (it leaves zeros at the mean of the rest).
_GREY_LEVEL, _GREY_SHARE = 24, 0.12
#: Part of the 98th percentile from which a cell counts as the object, not as background.
_OBJECT_LEVEL = 0.2
_OBJECT_PERCENTILE = 0.98
_LEVEL_STEP = 16


def measure(volume: NDArray[np.uint8]) -> NDArray[np.float64]:
    """[COUNT] of a volume uint8 [S, A, R], 0..1 times 255. Raises ValueError if it cannot be cut into the blocks."""
    return measure_reduced(reduce_volume(darkened(volume)))


def measure_reduced(small: NDArray[np.uint8]) -> NDArray[np.float64]:
    """[COUNT] of a volume that is reduced already, uint8 [32, 64, 64]."""
    reduced = small.astype(np.int64)
    ranks = ranked(reduced)
    return np.concatenate(
        (
            _blocks(ranks, _COARSE).mean(-1).ravel(),
            _blocks(reduced, _COARSE).max(-1).ravel() / 255.0,
            _blocks(ranks, _COARSER).min(-1).ravel(),
            np.bincount(reduced.ravel(), minlength=256).cumsum()[np.arange(_LEVEL_STEP, 256, _LEVEL_STEP) - 1] / reduced.size,
            _edges(reduced, ranks),
        )
    )


def darkened(volume: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The volume with a background that was turned grey set to 0 again."""
    counts = np.bincount(volume.ravel(), minlength=256)
    grey = int(counts.argmax())
    if grey < _GREY_LEVEL or counts[grey] < _GREY_SHARE * volume.size:
        return volume
    return np.where(volume == grey, np.uint8(0), volume)


def reduce_volume(volume: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Whole-number means of the blocks that make [32, 64, 64]."""
    a, b, c = _block_of(volume.shape, _REDUCED)
    sums = volume.reshape(_REDUCED[0], a, _REDUCED[1], b, _REDUCED[2], c).sum((1, 3, 5), dtype=np.int64)
    return (sums // (a * b * c)).astype(np.uint8)


def ranked(reduced: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each cell's rank among the object's cells, 0..1; the background 0. Says which tissue is brighter, not by how much."""
    counts = np.bincount(reduced.ravel(), minlength=256)
    top = int(np.searchsorted(counts.cumsum(), _OBJECT_PERCENTILE * reduced.size))
    level = int(_OBJECT_LEVEL * top)
    object_counts = np.where(np.arange(256) > level, counts, 0)
    below = object_counts.cumsum() - object_counts / 2
    table = np.where(object_counts > 0, below / max(int(object_counts.sum()), 1), 0.0)
    return table[reduced]


def _blocks(volume: NDArray[np.generic], grid: tuple[int, int, int]) -> NDArray[np.generic]:
    """[*grid, cells of a block]. Raises ValueError if the sizes do not divide."""
    a, b, c = _block_of(volume.shape, grid)
    return volume.reshape(grid[0], a, grid[1], b, grid[2], c).transpose(0, 2, 4, 1, 3, 5).reshape(*grid, a * b * c)


def _block_of(shape: tuple[int, ...], grid: tuple[int, int, int]) -> tuple[int, int, int]:
    if any(n % m for n, m in zip(shape, grid)):
        raise ValueError(f"a volume of {shape} cannot be cut into {grid} equal blocks")
    return shape[0] // grid[0], shape[1] // grid[1], shape[2] // grid[2]


def _edges(reduced: NDArray[np.int64], ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eight numbers: roughness along each axis and of second order, likeness of neighbour slices, likeness of both sides."""
    spread = max(float(reduced.std()), 1e-6)
    first = [float(np.abs(np.diff(reduced, axis=axis)).mean()) for axis in range(3)]
    second = [float(np.abs(np.diff(reduced, n=2, axis=axis)).mean()) for axis in range(3)]
    slices = [_likeness(a, b) for a, b in _neighbours(ranks)]
    return np.array([*(np.log(value / spread + 1e-3) for value in (*first, *second)), float(np.mean(slices)), _likeness(ranks, ranks[:, :, ::-1])])


def _neighbours(ranks: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    return zip(ranks[:-1], ranks[1:])


def _likeness(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Correlation, 0 where one of the two is constant."""
    x, y = a - a.mean(), b - b.mean()
    both = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / both if both > 1e-9 else 0.0
