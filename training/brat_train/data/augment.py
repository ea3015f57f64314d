"""What is varied about a volume while training, on its device: place, contrast, noise, sharpness. Never left and right.

A flip would turn a true sentence into a false one. Scale stays within a few percent, since reports give sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Augmentation:
    """How far things are varied; all zero leaves a volume as it is."""

    #: Largest shift as a part of half the volume's extent along S, A, R.
    shift: tuple[float, float, float] = (0.06, 0.08, 0.08)
    #: Largest rotation within slices, degrees.
    rotation: float = 8.0
    #: Largest change of scale.
    scale: float = 0.04
    #: Largest change of the exponent's logarithm.
    gamma: float = 0.35
    #: Largest relative change of contrast, and shift of brightness.
    contrast: float = 0.15
    brightness: float = 0.08
    #: Largest deviation of added noise.
    noise: float = 0.04
    #: How often a volume is blurred within slices.
    blur: float = 0.2


NONE = Augmentation((0.0, 0.0, 0.0), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
#: Without interpolation, which is slow on a CPU.
CHEAP = Augmentation((0.0, 0.0, 0.0), 0.0, 0.0, blur=0.0)


@torch.no_grad()
def prepare(volume_BSAR: Tensor, how: Augmentation, generator: torch.Generator, mask_BSAR: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """uint8 volumes [B, S, A, R] to float [B, 1, S, A, R] in 0..1, varied; masks move with them, float [B, 1, S, A', R']."""
    volume = volume_BSAR[:, None].float() / 255
    mask = None if mask_BSAR is None else mask_BSAR[:, None].float()
    device, batch = volume.device, volume.shape[0]

    def draw(largest: float) -> Tensor:
        return (torch.rand(batch, generator=generator, device=device) * 2 - 1) * largest

    if how.rotation or how.scale or any(how.shift):
        theta_B34 = _affine(draw(how.rotation).deg2rad(), 1 + draw(how.scale), [draw(part) for part in how.shift], volume.shape)
        volume = _move(volume, theta_B34)
        mask = None if mask is None else _move(mask, theta_B34)
    if how.blur:
        chosen_B = torch.rand(batch, generator=generator, device=device) < how.blur
        softer = F.avg_pool3d(F.pad(volume, (1, 1, 1, 1, 0, 0), mode="replicate"), (1, 3, 3), stride=1)
        volume = torch.where(chosen_B[:, None, None, None, None], softer, volume)
    wide = (slice(None), None, None, None, None)
    if how.gamma:
        volume = volume.clamp(0, 1) ** draw(how.gamma).exp()[wide]
    if how.contrast or how.brightness:
        volume = (volume - 0.5) * (1 + draw(how.contrast)[wide]) + 0.5 + draw(how.brightness)[wide]
    if how.noise:
        volume = volume + torch.randn(volume.shape, generator=generator, device=device) * draw(how.noise).abs()[wide]
    return volume.clamp(0, 1), mask


def _affine(angle_B: Tensor, scale_B: Tensor, shift_S_A_R: list[Tensor], shape: torch.Size) -> Tensor:
    """Rotation about the superior axis, scale and shift, [B, 3, 4] in grid_sample's order: right, anterior, superior."""
    cos_B, sin_B = angle_B.cos() * scale_B, angle_B.sin() * scale_B
    stretch = shape[-2] / shape[-1]
    zero_B = torch.zeros_like(angle_B)
    rows = [
        (cos_B, -sin_B * stretch, zero_B, shift_S_A_R[2]),
        (sin_B / stretch, cos_B, zero_B, shift_S_A_R[1]),
        (zero_B, zero_B, scale_B, shift_S_A_R[0]),
    ]
    return torch.stack([torch.stack(row, -1) for row in rows], dim=1)


def _move(volume: Tensor, theta_B34: Tensor) -> Tensor:
    grid = F.affine_grid(theta_B34, list(volume.shape), align_corners=False)
    return F.grid_sample(volume, grid, mode="bilinear", padding_mode="border", align_corners=False)
