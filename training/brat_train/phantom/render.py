"""Samples a painted patient on an acquisition's grid: pose, slice profile, coil, noise, ghost, stored values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brat_train.phantom.acquisition import Acquisition
from brat_train.phantom.head import ORIGIN_MM
from brat_train.phantom.scene import Scene

_NODE_MM = 7.0


def _interpolation(count: int, nodes: int) -> NDArray[np.float32]:
    """[count, nodes]: linear interpolation from `nodes` even nodes over `count` voxels."""
    at = np.linspace(0, nodes - 1, count)
    low = np.minimum(at.astype(int), nodes - 2)
    matrix = np.zeros((count, nodes), np.float32)
    matrix[np.arange(count), low] = 1 - (at - low)
    matrix[np.arange(count), low + 1] = at - low
    return matrix


def head_coordinates(scene: Scene, grid: Acquisition) -> NDArray[np.float32]:
    """[3, slice, row, column]: source-head voxel coordinates of every voxel of the grid."""
    counts = [max(2, int(np.ceil(n * s / _NODE_MM)) + 1) for n, s in zip(grid.shape, grid.spacing_mm)]
    axes = [np.linspace(0, n - 1, c) for n, c in zip(grid.shape, counts)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    mapped = (scene.pose.to_head(grid.lps(nodes)) - ORIGIN_MM).T.reshape(3, *counts).astype(np.float32)
    for axis, (n, c) in enumerate(zip(grid.shape, counts), 1):
        mapped = np.moveaxis(np.tensordot(_interpolation(n, c), mapped, (1, axis)), 0, axis)
    return np.ascontiguousarray(mapped)


def blurred(volume: NDArray[np.float32], scene: Scene, grid: Acquisition) -> NDArray[np.float32]:
    """The painted head averaged over a voxel's extent, along the head axis nearest to each voxel axis."""
    ras = grid.directions * (-1, -1, 1)
    widths = (max(grid.thickness_mm, grid.spacing_mm[0] if grid.spacing_mm[0] < 3 else 0), grid.spacing_mm[1], grid.spacing_mm[2])
    for direction, width in zip(ras, widths):
        taps = int(round(width))
        if taps >= 2:
            volume = ndimage.uniform_filter1d(volume, taps, axis=int(np.abs(direction).argmax()), mode="nearest", output=np.float32)
    return volume


def _bias(grid: Acquisition) -> NDArray[np.float32]:
    """exp of a quadratic over the field of view."""
    k, j, i = (np.linspace(-1, 1, n, dtype=np.float32).reshape([-1 if a == b else 1 for b in range(3)]) for a, n in enumerate(grid.shape))
    c = grid.bias.astype(np.float32)
    smooth = (c[0] * k + c[3] * k * k) + (c[1] * j + c[4] * j * j) + (c[2] * i + c[5] * i * i)
    return np.exp(smooth + c[6] * j * i + c[7] * k * j + c[8] * k * i)


def sample(volume: NDArray[np.float32], coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear interpolation; air outside, but the neck goes on below the source head."""
    below = coordinates[2] < 0
    if below.any():
        fade = np.exp(np.minimum(coordinates[2], 0) / 45)
        coordinates = np.stack([coordinates[0], coordinates[1], np.maximum(coordinates[2], 0)])
        return ndimage.map_coordinates(volume, coordinates, order=1, mode="constant", cval=0.0, output=np.float32, prefilter=False) * fade
    return ndimage.map_coordinates(volume, coordinates, order=1, mode="constant", cval=0.0, output=np.float32, prefilter=False)


def sample_sparse(volume: NDArray[np.float32], coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """As `sample` for a volume that is zero but in a small part (lesions): only points in that part's box are looked up."""
    out = np.zeros(coordinates.shape[1:], np.float32)
    inside = np.ones(coordinates.shape[1:], bool)
    for axis in range(3):
        filled = np.flatnonzero(volume.any(axis=tuple(k for k in range(3) if k != axis)))
        if not len(filled):
            return out
        inside &= (coordinates[axis] > filled[0] - 1) & (coordinates[axis] < filled[-1] + 1)
    out[inside] = ndimage.map_coordinates(volume, coordinates[:, inside], order=1, mode="constant", cval=0.0, output=np.float32, prefilter=False)
    return out


def scan(painted: NDArray[np.float32], scene: Scene, grid: Acquisition, coordinates: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Stored values (float32, not yet rounded) [slice, row, column] of a painted patient."""
    clean = sample(blurred(painted, scene, grid), coordinates)
    air = clean < 0.02
    clean *= _bias(grid)
    if grid.ghost:
        clean += grid.ghost * (np.roll(clean, grid.shape[1] // 2, 1) + 0.6 * np.roll(clean, grid.shape[1] // 5, 1))
    sigma = np.float32(grid.noise)
    first = rng.standard_normal(grid.shape, np.float32)
    second = rng.standard_normal(grid.shape, np.float32)
    out = np.sqrt((clean + sigma * first) ** 2 + (sigma * second) ** 2)
    if grid.air_masked:
        out[air] = 0
    return out * np.float32(grid.white_matter_value)
