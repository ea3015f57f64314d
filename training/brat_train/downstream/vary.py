"""Table 5's augmentation for small training sets, by MONAI: flips, intensity, noise, blur, contrast, low resolution."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def table_5_variation(seed: int, keep_sides: bool) -> Callable[[Tensor], Tensor]:
    """Varies volumes [B, C, S, A, R] of 0..1, each by itself, on the CPU. `keep_sides` leaves left and right where they are.

    The paper names the transforms; how often and how far is MONAI's default or near it.
    """
    from monai.transforms import (
        Compose,
        RandAdjustContrast,
        RandFlip,
        RandGaussianNoise,
        RandGaussianSmooth,
        RandScaleIntensity,
        RandShiftIntensity,
        RandSimulateLowResolution,
    )

    flips = [RandFlip(prob=0.5, spatial_axis=axis) for axis in ((0, 1) if keep_sides else (0, 1, 2))]
    transform = Compose(
        [
            *flips,
            RandScaleIntensity(factors=0.1, prob=0.5),
            RandShiftIntensity(offsets=0.1, prob=0.5),
            RandGaussianNoise(prob=0.15, std=0.05),
            RandGaussianSmooth(prob=0.15),
            RandAdjustContrast(prob=0.15, gamma=(0.7, 1.5)),
            RandSimulateLowResolution(prob=0.15, zoom_range=(0.5, 1.0)),
        ]
    )
    transform.set_random_state(seed)

    def vary(volume_BCSAR: Tensor) -> Tensor:
        varied = torch.stack([torch.as_tensor(transform(volume.cpu())) for volume in volume_BCSAR])
        return varied.clamp(0, 1).to(volume_BCSAR.device, volume_BCSAR.dtype)

    return vary
