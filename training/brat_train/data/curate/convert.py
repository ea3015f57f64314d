"""One DICOM series to one volume with its affine, by dcm2niix; what comes out is held against the headers.

dcm2niix (Li et al., 2016) knows the vendors' ways far better than code of ours would. It may split or merge a series,
and it does not refuse uneven slices, so the result is taken only if it has the grid that the headers describe.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brat_train.data.readers.source import SeriesFiles
from brat_train.data.select.header import SliceStack

#: Seconds after which a conversion is given up.
_PATIENCE_S = 600
Volume = tuple[NDArray[np.float64], NDArray[np.float64]]


class UnreadableImageError(ValueError):
    """An image that cannot be made a volume; the message says why, without its path."""


def find_dcm2niix() -> str:
    """The program beside this Python (the wheel `dcm2niix`), else on the path. Raises FileNotFoundError."""
    beside = Path(sys.executable).parent / ("dcm2niix.exe" if os.name == "nt" else "dcm2niix")
    found = str(beside) if beside.is_file() else shutil.which("dcm2niix")
    if found is None:
        raise FileNotFoundError("dcm2niix is missing: install brat-train[images], or dcm2niix itself")
    return found


def load_series(series: SeriesFiles) -> Volume:
    """Values [i, j, k] after rescaling, and the affine from voxel to RAS mm. Raises UnreadableImageError."""
    if series.kind == "nifti":
        return read_nifti(series.files[0])
    stack = series.header.stack
    if stack is None:
        raise UnreadableImageError(series.header.refusal or "no volume can be made of it")
    with tempfile.TemporaryDirectory(prefix="brat-convert-") as name:
        made = _convert(series.files, Path(name))
        reasons: list[str] = []
        for path in made:
            try:
                values, affine = read_nifti(path)
                check_grid(values.shape, affine, stack)
            except UnreadableImageError as error:
                reasons.append(str(error))
                continue
            return values, affine
    raise UnreadableImageError(f"dcm2niix made {len(made)} volumes, none as the headers say: {'; '.join(sorted(set(reasons))) or 'nothing came out'}")


def _convert(files: Sequence[Path], scratch: Path) -> list[Path]:
    """NIfTI files that dcm2niix makes of these files alone, the plain magnitude image first."""
    source, out = scratch / "dicom", scratch / "nifti"
    source.mkdir()
    out.mkdir()
    for number, file in enumerate(files):
        (source / f"{number:06d}.dcm").symlink_to(file.resolve())
    command = [find_dcm2niix(), "-b", "n", "-z", "n", "-f", "volume", "-o", str(out), str(source)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, text=True, errors="replace")
    except subprocess.TimeoutExpired as error:
        raise UnreadableImageError(f"dcm2niix did not finish within {_PATIENCE_S} s") from error
    # Names grow by what they are set apart by: volume.nii, volume_ph.nii, volumea.nii, volume_Eq_1.nii.
    made = sorted(out.glob("*.nii"), key=lambda path: (len(path.name), path.name))
    if not made:
        last = next((line for line in reversed(done.stdout.splitlines()) if line.strip()), "no output")
        raise UnreadableImageError(f"dcm2niix ended with {done.returncode} and no volume ({last.replace(str(scratch), '').strip()[:120]})")
    return made


def read_nifti(path: Path) -> Volume:
    """The first volume of a file. Raises UnreadableImageError, also where the file does not say how its axes lie."""
    import nibabel as nib

    try:
        image = nib.load(path)
        values = np.asarray(image.dataobj, dtype=np.float64)
    except Exception as error:  # noqa: BLE001  nibabel and zlib raise many kinds on damaged files
        raise UnreadableImageError(f"not readable as NIfTI ({type(error).__name__})") from error
    if values.dtype.fields is not None or values.ndim < 3:
        raise UnreadableImageError("holds no volume of grey values")
    while values.ndim > 3:
        values = values[..., 0]
    header = image.header
    if int(header["sform_code"]) == 0 and int(header["qform_code"]) == 0:
        raise UnreadableImageError("does not say how its axes lie in the patient, so left and right cannot be told")
    return values, np.asarray(image.affine, dtype=np.float64)


def check_grid(shape: tuple[int, ...], affine: NDArray[np.float64], stack: SliceStack) -> None:
    """Raises UnreadableImageError unless the volume's corners lie where the headers put the first and last slices."""
    if sorted(shape) != sorted((stack.columns, stack.rows, stack.slices)):
        raise UnreadableImageError(f"{' x '.join(map(str, shape))} voxels instead of {stack.columns} x {stack.rows} x {stack.slices}")
    inverse = np.linalg.inv(affine)
    corners = []
    for lps in (stack.first_lps, stack.last_lps):
        voxel = (inverse @ np.array([-lps[0], -lps[1], lps[2], 1]))[:3]
        nearest = np.clip(np.round(voxel), 0, np.array(shape) - 1)
        at_corner = all(index in (0, size - 1) for index, size in zip(nearest, shape, strict=True))
        if not at_corner or np.abs(voxel - nearest).max() > 0.5:
            raise UnreadableImageError("its slices do not lie where the headers say")
        corners.append(tuple(nearest))
    if corners[0] == corners[1]:
        raise UnreadableImageError("its slices do not lie where the headers say")
