"""NIfTI files as the encoder takes them: the paper's curation, then the transforms of the official release by MONAI."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, NormalizeIntensity, Orientation, Resize, ScaleIntensity, Spacing
from torch import Tensor

_AXES = (("L", "R"), ("P", "A"), ("I", "S"))


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


def prepare_nifti(path: Path, size: tuple[int, int, int] | None) -> Tensor:
    """Float32 [S, A, R], 0..1: curated, 1 mm bilinear, SAR, area resize to `size` (None leaves 1 mm), z-score of nonzero voxels, 0..1."""
    image = read_nifti(path)
    try:
        curated = curate(image.as_tensor())
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
    resize = [] if size is None else [Resize(spatial_size=size, mode="area")]
    transforms = Compose(
        [
            Spacing(pixdim=(1.0, 1.0, 1.0), mode="bilinear"),
            Orientation(axcodes="SAR", labels=_AXES),
            *resize,
            NormalizeIntensity(nonzero=True, channel_wise=True),
            ScaleIntensity(minv=0.0, maxv=1.0),
        ]
    )
    return transforms(MetaTensor(curated, affine=image.affine)).as_tensor()[0].float()


def read_labels(path: Path) -> np.ndarray:
    """A label map on the 1 mm SAR grid of its image, int16 [S, A, R]. Raises ValueError if a label is not a whole number."""
    image = read_nifti(path)
    values = image.as_tensor()
    if not bool((values == values.round()).all()):
        raise ValueError(f"{path.name} holds values that are no labels")
    turned = Compose([Spacing(pixdim=(1.0, 1.0, 1.0), mode="nearest"), Orientation(axcodes="SAR", labels=_AXES)])(image)
    return turned.as_tensor()[0].round().numpy().astype(np.int16)
