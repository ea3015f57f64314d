"""A volume to the encoder's input: the paper's curation (8.1), then the official release's MONAI transforms.

The same as the app's src/engine/volume/preprocess.ts and training/parity, voxel by voxel; tests/test_curate.py holds them
together. Axes of the result grow to superior, anterior and right.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brat_train.data.curate.convert import UnreadableImageError, Volume, read_nifti
from brat_train.data.readers.source import RegionLabels

SIZE_SAR = (32, 256, 256)
#: Bits of a region volume.
WHOLE, CORE, ENHANCING = 1, 2, 4


@dataclass(frozen=True)
class PreparedCase:
    """What goes into a shard."""

    #: uint8 [32, 256, 256], 0..1 times 255
    volume: NDArray[np.uint8]
    #: uint8 [32, 256, 256], the sum of WHOLE, CORE and ENHANCING where half the voxel or more is within; None without masks
    regions: NDArray[np.uint8] | None
    #: uint8 [32, 64, 64], 1 where half the cell or more enhances
    mask: NDArray[np.uint8] | None


def curate(values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Cut at the 99th percentile, to 0..800, 16-bit integers. Raises UnreadableImageError for values that allow none of it."""
    if not np.isfinite(values).all():
        raise UnreadableImageError("some of its values are not numbers")
    cut = np.minimum(values, np.percentile(values, 99))
    low, high = float(cut.min()), float(cut.max())
    if not high > low:
        raise UnreadableImageError("all its values are equal")
    return ((cut - low) / (high - low) * 800).astype(np.int16)


def prepare(volume: Volume, labels: RegionLabels | None = None) -> PreparedCase:
    """Everything a shard holds of a case. Raises UnreadableImageError."""
    values, affine = volume
    sar = to_input(curate(values), affine)
    image = np.round(sar * 255).astype(np.uint8)
    if labels is None:
        return PreparedCase(image, None, None)
    regions, mask = _regions(labels, values.shape, affine)
    return PreparedCase(image, regions, mask)


def to_input(curated: NDArray[np.int16], affine: NDArray[np.float64]) -> NDArray[np.float32]:
    """float32 [32, 256, 256], 0..1: 1 mm, SAR, area resize, z-score of nonzero voxels, then their range to 0..1."""
    from monai.transforms import Compose, NormalizeIntensity, ScaleIntensity

    sar = _to_sar(curated.astype(np.float32)[None], affine, SIZE_SAR)
    out = Compose([NormalizeIntensity(nonzero=True, channel_wise=True), ScaleIntensity(minv=0.0, maxv=1.0)])(sar)
    return np.asarray(out)[0].astype(np.float32)


def _to_sar(channels: NDArray[np.float32], affine: NDArray[np.float64], size: tuple[int, int, int]) -> NDArray[np.float32]:
    """[C, i, j, k] to [C, S, A, R] of `size` by linear operations, so that masks as numbers come along exactly."""
    import torch
    from monai.data import MetaTensor
    from monai.transforms import Compose, Orientation, Resize, Spacing

    steps = Compose([Spacing(pixdim=(1.0, 1.0, 1.0), mode="bilinear"), Orientation(axcodes="SAR", labels=(("L", "R"), ("P", "A"), ("I", "S"))), Resize(spatial_size=size, mode="area")])
    return np.asarray(steps(MetaTensor(torch.from_numpy(channels), affine=torch.from_numpy(affine)))).astype(np.float32)


def _regions(labels: RegionLabels, shape: tuple[int, ...], affine: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    found, placed = read_nifti(labels.file)
    if found.shape != shape or not np.allclose(placed, affine, atol=1e-2):
        raise UnreadableImageError("its segmentation lies on another grid")
    label = np.round(found).astype(np.int64)
    strange = sorted(set(np.unique(label).tolist()) - {0} - labels.whole)
    if strange:
        raise UnreadableImageError(f"its segmentation has labels that the data set does not define: {', '.join(map(str, strange))}")
    channels = np.stack([np.isin(label, sorted(region)) for region in (labels.whole, labels.core, labels.enhancing)]).astype(np.float32)
    # A hair below one half, as linear interpolation of ones and zeros rounds.
    whole, core, enhancing = _to_sar(channels, affine, SIZE_SAR) >= 0.5 - 1e-4
    coarse = _to_sar(channels[2:], affine, (SIZE_SAR[0], SIZE_SAR[1] // 4, SIZE_SAR[2] // 4))[0] >= 0.5 - 1e-4
    return (whole * WHOLE + core * CORE + enhancing * ENHANCING).astype(np.uint8), coarse.astype(np.uint8)


def save_curated(path: Path, curated: NDArray[np.int16], affine: NDArray[np.float64]) -> None:
    """The curated volume in its own grid, as the paper stored them: 16-bit NIfTI."""
    import nibabel as nib

    part = path.with_name(f"part-{path.name}")
    nib.save(nib.Nifti1Image(curated, affine), part)
    part.replace(path)
