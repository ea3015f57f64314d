"""Images of other kinds, made from training volumes: what the limits of a pack are learned from beside its own inputs.

They work on volumes as brat_train.outside.measure reduces them, uint8 [32, 64, 64]. None is meant to be a true image of
anything: they differ from the training inputs in one way each, in many degrees, so that a measurement that tells them
apart also tells real images that differ in that way.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Volume = NDArray[np.uint8]

#: Kinds of images that are not the pack's own, as the app names them.
KINDS = ("contrast", "anatomy", "slices", "texture")


def others(image: Volume, rng: np.random.Generator) -> Iterator[tuple[str, Volume]]:
    """Kind and image, several of each kind."""
    yield "contrast", inverted(image, rng)
    yield "contrast", recoloured(image, rng)
    yield "contrast", recoloured(image, rng)
    yield "anatomy", turned(image, rng)
    yield "anatomy", cut_out(image, rng)
    yield "anatomy", warped(image, rng)
    yield "slices", reordered(image, rng)
    yield "slices", few_slices(image, rng)
    yield "texture", noise(image, rng)
    yield "texture", blurred(image, rng)
    yield "anatomy", bodies(rng, image.shape)


def inverted(image: Volume, rng: np.random.Generator) -> Volume:
    """Dark for bright inside the head, as T2 shows it; sometimes the background with it, as in a negative."""
    top = float(np.percentile(image, 99.5))
    inside = ndimage.gaussian_filter(image.astype(np.float32), (0, 1, 1)) > 0.12 * top
    negative = np.clip((top - image) * rng.uniform(0.6, 1.0), 0, 255)
    return np.where(inside, negative, 255 - image if rng.random() < 0.15 else image).astype(np.uint8)


def recoloured(image: Volume, rng: np.random.Generator) -> Volume:
    """Intensities through a curve that changes their order: some tissues swap places, the background stays dark."""
    top = max(float(np.percentile(image, 99.5)), 1.0)
    while True:
        levels = np.concatenate(([0.0], rng.uniform(0, 255, 6)))
        if np.diff(levels).min() < -40:
            break
    table = np.interp(np.arange(256), np.linspace(0, top, 7), levels)
    return table.astype(np.uint8)[image]


def turned(image: Volume, rng: np.random.Generator) -> Volume:
    """Upside down, back to front, or lying on another side: axes that are not the head's."""
    kind = int(rng.integers(5))
    if kind == 0:
        return image[::-1].copy()
    if kind == 1:
        return image[:, ::-1].copy()
    if kind == 2:
        return np.rot90(image, int(rng.choice((1, 3))), (1, 2)).copy()
    cube = image.repeat(2, 0)
    other = np.swapaxes(cube, 0, 1 if kind == 3 else 2)
    return other[::2].copy()


def cut_out(image: Volume, rng: np.random.Generator) -> Volume:
    """A part that fills the picture, or the whole shrunk into a part of it: another field of view or another body part."""
    start = (int(rng.integers(17)), int(rng.integers(33)), int(rng.integers(33)))
    window = tuple(slice(at, at + n // 2) for at, n in zip(start, image.shape))
    if rng.random() < 0.6:
        return image[window].repeat(2, 0).repeat(2, 1).repeat(2, 2)
    out = np.zeros_like(image)
    out[window] = image.reshape(16, 2, 32, 2, 32, 2).mean((1, 3, 5)).astype(np.uint8)
    return out


def warped(image: Volume, rng: np.random.Generator) -> Volume:
    """Bent far beyond any head: the same tissues in another shape."""
    grid = np.stack(np.meshgrid(*(np.arange(n, dtype=np.float64) for n in image.shape), indexing="ij"))
    for axis, reach in enumerate((6, 15, 15)):
        grid[axis] += reach * ndimage.zoom(rng.normal(0, 1, (4, 4, 4)), [n / 4 for n in image.shape], order=1)
    return ndimage.map_coordinates(image, grid, order=0, mode="constant").astype(np.uint8)


def reordered(image: Volume, rng: np.random.Generator) -> Volume:
    """Slices in a wrong order."""
    count = len(image)
    order = rng.permutation(count) if rng.random() < 0.5 else np.concatenate((np.arange(0, count, 2), np.arange(1, count, 2)))
    return image[order]


def few_slices(image: Volume, rng: np.random.Generator) -> Volume:
    """One to four slices drawn out over the whole height."""
    count = int(rng.choice((1, 2, 4)))
    start = int(rng.integers(2, len(image) - 2 - count))
    return image[start : start + count].repeat(len(image) // count, 0)


def noise(image: Volume, rng: np.random.Generator) -> Volume:
    """Noise alone, or so much of it that little is seen."""
    grain = rng.normal(0, 1, image.shape)
    if rng.random() < 0.5:
        grain = ndimage.gaussian_filter(grain, rng.uniform(0, 1.5))
        grain /= grain.std()
    mixed = np.abs(image * float(rng.choice((0.0, 0.15, 0.3))) + 60 * grain)
    return np.clip(mixed * 255 / np.percentile(mixed, 99.8), 0, 255).astype(np.uint8)


def blurred(image: Volume, rng: np.random.Generator) -> Volume:
    """Resolution lost, as in perfusion maps, or flattened into few grey levels, as in label images."""
    if rng.random() < 0.5:
        low = ndimage.gaussian_filter(image.astype(np.float32), rng.uniform(1.5, 4))
        return (low * (255 / max(float(low.max()), 1))).astype(np.uint8)
    step = 255 // int(rng.integers(1, 4))
    return ((image > 12) * np.ceil(image / step) * step).clip(0, 255).astype(np.uint8)


def bodies(rng: np.random.Generator, shape: tuple[int, ...]) -> Volume:
    """Cylinders, boxes and rods, as test objects of scanners and other body parts: plain, with inserts."""
    y, x = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij", sparse=True)
    cy, cx = rng.uniform(25, 39, 2)
    ry, rx = rng.uniform(10, 31, 2)
    power = float(rng.choice((2, 2, 8)))
    reach = np.abs((y - cy) / ry) ** power + np.abs((x - cx) / rx) ** power
    image = np.where(reach < 1, rng.uniform(60, 220), 0.0) + np.zeros(shape)
    for _ in range(int(rng.integers(0, 14))):
        iy, ix = cy + rng.uniform(-0.7, 0.7) * ry, cx + rng.uniform(-0.7, 0.7) * rx
        radius = rng.uniform(1, 10)
        first, last = sorted(int(at) for at in rng.integers(0, shape[0] + 1, 2))
        hole = ((y - iy) ** 2 + (x - ix) ** 2 < radius * radius) & (reach < 1)
        image[first:last] = np.where(hole, rng.uniform(0, 255), image[first:last])
    return np.clip(np.abs(image + rng.normal(0, rng.uniform(1, 8), shape)), 0, 255).astype(np.uint8)
