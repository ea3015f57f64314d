"""The reference for the desktop's preprocessing: the paper's curation and MONAI's own transforms, on one channel.

Takes NIfTI files, as dcm2niix writes them or as they come, and writes the encoder's input
as float32 .npy [S, A, R]. Nothing here is shared with the TypeScript under test.

    python preprocess_reference.py volume.nii.gz out.npy --size 32 256 256
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nibabel as nib
import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, NormalizeIntensityd, Orientationd, Resized, ScaleIntensityd, Spacingd


def curate(values: np.ndarray) -> np.ndarray:
    """Paper, section 8.1: cut at the 99th percentile, rescale to 0..800, 16-bit integers. Any shape, float64 in."""
    cut = np.minimum(values, np.percentile(values, 99))
    return ((cut - cut.min()) / (cut.max() - cut.min()) * 800).astype(np.int16)


def official(size: tuple[int, int, int]) -> Compose:
    """The transforms of the official release after channel-first loading. Output [1, S, A, R]."""
    key = "image"
    return Compose(
        [
            Spacingd(keys=[key], pixdim=(1.0, 1.0, 1.0), mode="bilinear"),
            Orientationd(keys=[key], axcodes="SAR"),
            Resized(keys=[key], spatial_size=size, mode="area"),
            NormalizeIntensityd(keys=[key], nonzero=True, channel_wise=True),
            ScaleIntensityd(keys=[key], minv=0.0, maxv=1.0),
        ]
    )


def preprocess(path: Path, size: tuple[int, int, int], volume: int = 0) -> np.ndarray:
    """One NIfTI volume to float32 [S, A, R]."""
    image = nib.load(path)
    values = np.asarray(image.dataobj, dtype=np.float64)
    if values.ndim == 4:
        values = values[..., volume]
    curated = torch.from_numpy(curate(values).astype(np.float32))[None]
    tensor = MetaTensor(curated, affine=torch.from_numpy(np.asarray(image.affine, dtype=np.float64)))
    return official(size)({"image": tensor})["image"][0].numpy().astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=Path, help="NIfTI file and .npy to write, in turn")
    parser.add_argument("--size", nargs=3, type=int, default=(32, 256, 256), metavar=("S", "A", "R"))
    parsed = parser.parse_args()
    if len(parsed.pairs) % 2:
        parser.error("give files in pairs: NIfTI file, then .npy to write")
    torch.set_num_threads(2)
    for source, target in zip(parsed.pairs[::2], parsed.pairs[1::2], strict=True):
        np.save(target, preprocess(source, tuple(parsed.size)))


if __name__ == "__main__":
    main()
