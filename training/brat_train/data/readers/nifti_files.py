"""NIfTI files as series: what kind of image one is, only its name can say, as in the app."""

from __future__ import annotations

from pathlib import Path

from brat_train.data.readers.source import SeriesFiles
from brat_train.data.select.header import SeriesHeader, SliceStack

_SUFFIXES = (".nii.gz", ".nii")


def is_nifti(path: Path) -> bool:
    return path.name.lower().endswith(_SUFFIXES)


def nifti_stem(path: Path) -> str:
    """The name without .nii or .nii.gz."""
    return next((path.name[: -len(suffix)] for suffix in _SUFFIXES if path.name.lower().endswith(suffix)), path.name)


def nifti_series(path: Path) -> SeriesFiles:
    """The file as a series. Raises ValueError, with the reason, if its header makes no volume with a known orientation."""
    return SeriesFiles(nifti_stem(path), "nifti", (path,), SeriesHeader(description=nifti_stem(path), is_nifti=True, stack=_stack(path)))


def _stack(path: Path) -> SliceStack:
    """The grid, with the k axis as the slice axis. First and last voxel in LPS."""
    import nibabel as nib
    import numpy as np

    try:
        image = nib.load(path)
    except Exception as error:  # noqa: BLE001  nibabel raises many kinds on damaged files
        raise ValueError(f"not readable as NIfTI ({type(error).__name__})") from error
    if len(image.shape) < 3 or min(image.shape[:3]) < 2:
        raise ValueError(f"{' x '.join(str(size) for size in image.shape)} is not a volume")
    affine = np.asarray(image.affine, dtype=float)
    columns, rows, slices = (int(size) for size in image.shape[:3])
    directions = affine[:3, :3]
    if not np.isfinite(affine).all() or abs(np.linalg.det(directions)) < 1e-9:
        raise ValueError("its orientation is not a number")
    normal = np.abs(np.cross(directions[:, 0], directions[:, 1]))
    normal = normal / np.linalg.norm(normal)
    plane = ("sagittal", "coronal", "axial")[int(normal.argmax())] if normal.max() >= np.cos(np.radians(20)) else "oblique"
    ends = [np.array([-1, -1, 1]) * (affine @ [0, 0, k, 1])[:3] for k in (0, slices - 1)]
    first, last = ((float(x), float(y), float(z)) for x, y, z in ends)
    return SliceStack(columns, rows, slices, float(np.linalg.norm(directions[:, 2])), plane, first, last)
