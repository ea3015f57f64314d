"""NIfTI files on the grids of downstream tasks: the pre-training preparation (data/curate) for any size, and at 1 mm, with label maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, NormalizeIntensity, Orientation, Resize, ScaleIntensity, Spacing
from torch import Tensor

from brat_train.data.curate.convert import UnreadableImageError, read_nifti
from brat_train.data.curate.volume import curate

_AXES = (("L", "R"), ("P", "A"), ("I", "S"))


def prepare_nifti(path: Path, size: tuple[int, int, int] | None) -> Tensor:
    """Float32 [S, A, R], 0..1: curated, 1 mm bilinear, SAR, area resize to `size` (None leaves 1 mm), z-score of nonzero voxels, 0..1.

    Raises UnreadableImageError (a ValueError) naming the file.
    """
    try:
        values, affine = read_nifti(path)
        curated = curate(values)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{path.name}: {error}") from error
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
    return transforms(_tensor(curated, affine)).as_tensor()[0].float()


def read_labels(path: Path) -> np.ndarray:
    """A label map on the 1 mm SAR grid of its image, int16 [S, A, R].

    Raises UnreadableImageError naming the file, also where a label is not a whole number.
    """
    try:
        values, affine = read_nifti(path)
    except UnreadableImageError as error:
        raise UnreadableImageError(f"{path.name}: {error}") from error
    if not np.array_equal(values, values.round()):
        raise UnreadableImageError(f"{path.name} holds values that are no labels")
    turned = Compose([Spacing(pixdim=(1.0, 1.0, 1.0), mode="nearest"), Orientation(axcodes="SAR", labels=_AXES)])(_tensor(values, affine))
    return turned.as_tensor()[0].round().numpy().astype(np.int16)


def _tensor(values: np.ndarray, affine: np.ndarray) -> MetaTensor:
    return MetaTensor(torch.from_numpy(values.astype(np.float32))[None], affine=torch.from_numpy(affine))
