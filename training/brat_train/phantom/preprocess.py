"""The official preparation of a volume (curation, then brat/1) as three small matrices; numpy only.

Resampling to 1 mm (bilinear), turning to SAR and area-resizing are linear and separable, so each axis becomes one
matrix. Equal to MONAI's Spacingd, Orientationd('SAR'), Resized(area), NormalizeIntensityd(nonzero), ScaleIntensityd
(tests/test_phantom_preprocess.py holds it to them).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brat_train.phantom.acquisition import Acquisition

SIZE_SAR = (32, 256, 256)


def curate(volume: NDArray[np.float32]) -> NDArray[np.int16]:
    """The paper's curation: cut at the 99th percentile, to 0..800, fractions cut off, 16 bit."""
    low, top = float(volume.min()), float(np.percentile(volume, 99))
    return ((np.minimum(volume, top) - low) * (800 / max(top - low, 1e-6))).astype(np.int16)


@dataclass(frozen=True)
class AxisSampling:
    """How one patient axis is read at 1 mm: sample n of `samples`, growing to S, A or R, reads voxel `shift + step * n`."""

    axis: int
    samples: int
    shift: float
    step: float

    def matrix(self, count: int) -> NDArray[np.float64]:
        """[samples, count] of linear interpolation, border voxels repeated."""
        at = np.clip(self.shift + self.step * np.arange(self.samples), 0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        matrix = np.zeros((self.samples, count))
        matrix[np.arange(self.samples), low] = 1 - (at - low)
        if count > 1:
            matrix[np.arange(self.samples), low + 1] += at - low
        return matrix


def nifti_axes(grid: Acquisition) -> list[tuple[int, bool]]:
    """How dcm2niix stores a series: per file axis the voxel axis, and whether it counts from that axis's last voxel.

    2D series: columns, rows from the last one, slices along columns x rows. 3D series: turned to right, anterior, superior.
    """
    if grid.three_d:
        return sar_axes(grid.directions)[::-1]
    normal = np.cross(grid.directions[2], grid.directions[1])
    return [(2, False), (1, True), (0, bool(normal @ grid.directions[0] < 0))]


def _reach_mm(grid: Acquisition) -> NDArray[np.float64]:
    """[3, 3] mm: how far the file's float32 grid reaches along each of its own axes, by file axis.

    Upper triangular; entries off the diagonal are traces of float32 rounding, which decide where sampling starts.
    """
    stored = nifti_axes(grid)
    steps = [grid.directions[axis] * grid.spacing_mm[axis] * (-1 if last else 1) * np.array((-1, -1, 1)) for axis, last in stored]
    file = np.array(steps).T.astype(np.float32).astype(np.float64)
    factor = np.linalg.cholesky(file.T @ file).T
    return factor * (np.array([grid.shape[axis] for axis, _ in stored]) - 1)


def axis_samplings(grid: Acquisition) -> list[AxisSampling]:
    """The sampling of S, A and R that MONAI's Spacing makes of the NIfTI file that dcm2niix would write.

    MONAI starts at the file's first voxel; where float32 leaves an oblique affine not quite at right angles, it puts the
    middles (half the counts) of both grids together instead.
    """
    stored, reach = nifti_axes(grid), _reach_mm(grid)
    middles = bool((np.minimum(reach, 0).sum(1) < -1e-8).any())  # no corner is the least one along every axis
    file_axis = {axis: k for k, (axis, _) in enumerate(stored)}
    out = []
    for axis, reversed_ in sar_axes(grid.directions):
        count, spacing = grid.shape[axis], grid.spacing_mm[axis]
        samples = int(np.round(np.abs(reach[file_axis[axis]]).sum() + 1))
        shift, step = (count / 2 - samples / 2 / spacing if middles else 0.0), 1 / spacing
        if stored[file_axis[axis]][1]:
            shift, step = count - 1 - shift, -step
        if (step < 0) != reversed_:
            shift, step = shift + step * (samples - 1), -step
        out.append(AxisSampling(axis, samples, shift, step))
    return out


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
    samplings = axis_samplings(grid)
    for sampling, target in zip(samplings, size):
        axis = sampling.axis
        matrix = (area_matrix(sampling.samples, target) @ sampling.matrix(grid.shape[axis])).astype(np.float32)
        out = np.moveaxis(np.tensordot(matrix, out, (1, axis)), 0, axis)
    return np.ascontiguousarray(out.transpose([sampling.axis for sampling in samplings]))


def sar_position(voxels: NDArray[np.float64], grid: Acquisition, size: tuple[int, int, int] = SIZE_SAR) -> NDArray[np.float64]:
    """Fractional indices [n, 3] into the [S, A, R] volume of voxel indices [n, 3] (slice, row, column)."""
    columns = [
        ((voxels[:, one.axis] - one.shift) / one.step + 0.5) * target / one.samples - 0.5
        for one, target in zip(axis_samplings(grid), size)
    ]
    return np.stack(columns, 1)


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
