"""NIfTI files as the encoder takes them: the paper's curation, then the transforms of the official release by MONAI."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, NormalizeIntensity, Orientation, Resize, ScaleIntensity, Spacing
from torch import Tensor


def read_nifti(path: Path) -> MetaTensor:
    """One volume as float32 [1, i, j, k] with its affine. Raises ValueError naming a file that cannot be used."""
    import nibabel as nib
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nib.load(path)
        values = np.asarray(image.dataobj, dtype=np.float32)
    except (ImageFileError, EOFError, OSError) as error:
        raise ValueError(f"{path.name} cannot be read ({error})") from error
    if values.ndim == 4 and values.shape[3] == 1:
        values = values[..., 0]
    if values.ndim != 3:
        raise ValueError(f"{path.name} has {values.ndim} dimensions, 3 are needed")
    if not np.isfinite(values).all():
        raise ValueError(f"{path.name} holds values that are not numbers")
    return MetaTensor(torch.from_numpy(values)[None], affine=torch.from_numpy(np.asarray(image.affine, dtype=np.float64)))


def curate(values: Tensor) -> Tensor:
    """Paper, section 8.1: cut at the 99th percentile, to 0..800, fractions cut off. Raises ValueError for a flat image."""
    low, top = float(values.min()), float(np.percentile(values.numpy(), 99))
    if top <= low:
        raise ValueError("the image is flat")
    return ((values.clamp(max=top) - low) * (800 / (top - low))).trunc()


def prepare_nifti(path: Path, size: tuple[int, int, int]) -> Tensor:
    """Float32 [S, A, R] of `size`, 0..1: curated, 1 mm bilinear, SAR, area resize, z-score of nonzero voxels, 0..1."""
    image = read_nifti(path)
    try:
        curated = curate(image.as_tensor())
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    transforms = Compose(
        [
            Spacing(pixdim=(1.0, 1.0, 1.0), mode="bilinear"),
            Orientation(axcodes="SAR"),
            Resize(spatial_size=size, mode="area"),
            NormalizeIntensity(nonzero=True, channel_wise=True),
            ScaleIntensity(minv=0.0, maxv=1.0),
        ]
    )
    return transforms(MetaTensor(curated, affine=image.affine)).as_tensor()[0].float()
