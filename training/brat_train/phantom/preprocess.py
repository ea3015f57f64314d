"""The official preparation of a volume (curation, then brat/1) as three small matrices; numpy only.

Resampling to 1 mm (bilinear), turning to SAR and area-resizing are linear and separable, so each axis becomes one
matrix. Equal to MONAI's Spacingd, Orientationd('SAR'), Resized(area), NormalizeIntensityd(nonzero), ScaleIntensityd
(tests/test_phantom_preprocess.py holds it to them).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from brat_train.phantom.acquisition import Acquisition

SIZE_SAR = (32, 256, 256)


def curate(volume: NDArray[np.float32]) -> NDArray[np.int16]:
    """The paper's curation: values between 0 and the 99th percentile, to 0..800, 16 bit."""
    # a quarter of the voxels gives the percentile to a fraction of a grey level
    top = max(float(np.percentile(volume.reshape(-1)[::3] if volume.size > 200_000 else volume, 99)), 1e-6)
    return np.round(np.clip(volume, 0, top) * (800 / top)).astype(np.int16)


def spacing_matrix(count: int, spacing_mm: float) -> NDArray[np.float64]:
    """[new, count]: linear interpolation at 1 mm steps from the first voxel's centre, as MONAI's Spacing does."""
    new = int(np.round((count - 1) * spacing_mm + 1))
    at = np.clip(np.arange(new) / spacing_mm, 0, count - 1)
    low = np.minimum(at.astype(int), max(count - 2, 0))
    matrix = np.zeros((new, count))
    matrix[np.arange(new), low] = 1 - (at - low)
    if count > 1:
        matrix[np.arange(new), low + 1] += at - low
    return matrix


def area_matrix(count: int, size: int) -> NDArray[np.float64]:
    """[size, count]: means over the bins of adaptive average pooling."""
    matrix = np.zeros((size, count))
    for k in range(size):
        start, stop = (k * count) // size, -((-(k + 1) * count) // size)
        matrix[k, start:stop] = 1 / (stop - start)
    return matrix


def sar_axes(directions_lps: NDArray[np.float64]) -> list[tuple[int, bool]]:
    """For S, A and R: the voxel axis that runs along it, and whether it must be reversed."""
    ras = directions_lps * (-1, -1, 1)
    best, order = -1.0, (0, 1, 2)
    for a in range(3):
        for b in range(3):
            for c in range(3):
                if len({a, b, c}) == 3 and (fit := abs(ras[a][2]) * abs(ras[b][1]) * abs(ras[c][0])) > best:
                    best, order = fit, (a, b, c)
    return [(axis, bool(ras[axis][world] < 0)) for axis, world in zip(order, (2, 1, 0))]


def to_sar(volume: NDArray[np.floating], grid: Acquisition, size: tuple[int, int, int] = SIZE_SAR) -> NDArray[np.float32]:
    """[S, A, R] of `size` from a volume [slice, row, column]: 1 mm, SAR, area."""
    out = volume.astype(np.float32)
    axes = sar_axes(grid.directions)
    for axis, reversed_ in axes:
        matrix = spacing_matrix(grid.shape[axis], grid.spacing_mm[axis])
        matrix = matrix[::-1] if reversed_ else matrix
        target = size[[a for a, _ in axes].index(axis)]
        matrix = (area_matrix(len(matrix), target) @ matrix).astype(np.float32)
        out = np.moveaxis(np.tensordot(matrix, out, (1, axis)), 0, axis)
    return np.ascontiguousarray(out.transpose([axis for axis, _ in axes]))


def sar_position(voxels: NDArray[np.float64], grid: Acquisition, size: tuple[int, int, int] = SIZE_SAR) -> NDArray[np.float64]:
    """Fractional indices [n, 3] into the [S, A, R] volume of voxel indices [n, 3] (slice, row, column)."""
    out = np.empty_like(voxels, dtype=np.float64)
    for k, (axis, reversed_) in enumerate(sar_axes(grid.directions)):
        new = int(np.round((grid.shape[axis] - 1) * grid.spacing_mm[axis] + 1))
        at = voxels[:, axis] * grid.spacing_mm[axis]
        at = new - 1 - at if reversed_ else at
        out[:, k] = (at + 0.5) * size[k] / new - 0.5
    return out


def normalise(sar: NDArray[np.float32]) -> NDArray[np.float32]:
    """z-score of the nonzero voxels (zeros stay zero), then 0..1."""
    inside = sar != 0
    values = sar[inside]
    out = np.where(inside, (sar - values.mean()) / max(float(values.std()), 1e-12), 0).astype(np.float32)
    low, high = float(out.min()), float(out.max())
    return (out - low) / max(high - low, 1e-12)


def prepare(volume: NDArray[np.floating], grid: Acquisition) -> NDArray[np.float32]:
    """Curation and brat/1 of a raw volume [slice, row, column]: float32 [32, 256, 256], 0..1."""
    return normalise(to_sar(curate(volume.astype(np.float32)), grid))
