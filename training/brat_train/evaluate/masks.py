"""Lesion masks that the app wrote, against the phantoms' true ones.

The app's masks are NIfTI files on the slices that it read. Both masks are brought to the grid of the segmentation head
(brat_train.phantom.phantom.MASK_SIZE_SAR), through patient space, so that a mask on the wrong side or upside down is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.metrics.segmentation import METASTASES, lesion_wise_dice

Mask = NDArray[np.bool_]
#: A cell is larger than the smallest lesion that BraTS 2023 counts, so every true lesion counts.
_CELL_MM3 = 50.0


def true_mask(seed: int) -> NDArray[np.uint8]:
    """Where a phantom's enhancing lesions are, [32, 64, 64] to superior, anterior, right."""
    from brat_train.phantom.phantom import training_phantom

    return training_phantom(seed).mask


def true_masks(seeds: Sequence[int], cache: Path, processes: int) -> NDArray[np.uint8]:
    """Masks [n, 32, 64, 64], made once and kept in `cache`."""
    if cache.is_file():
        with np.load(cache) as kept:
            if list(kept["seeds"]) == list(seeds):
                return np.asarray(kept["masks"])
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        masks = np.stack(list(pool.map(true_mask, seeds, chunksize=4)))
    np.savez_compressed(cache, seeds=np.array(seeds), masks=masks)
    return masks


def app_mask(path: Path, seed: int) -> Mask:
    """A mask of the app on the head's grid. Raises ValueError if it is not on the slices of the phantom's series."""
    import nibabel

    from brat_train.phantom.phantom import MASK_SIZE_SAR, acquisition_of
    from brat_train.phantom.preprocess import to_sar
    from brat_train.phantom.scene import draw_scene

    grid = acquisition_of(draw_scene(seed))
    image: Any = nibabel.load(path)
    voxels = np.asarray(image.dataobj)
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine
    filled = np.argwhere(voxels > 0)
    out = np.zeros(grid.shape, np.float32)
    if len(filled):
        at = grid.voxels(filled @ lps[:3, :3].T + lps[:3, 3])
        nearest = np.round(at).astype(int)
        # Written positions are rounded to some digits.
        if np.abs(at - nearest).max() > 0.05 or (nearest < 0).any() or (nearest >= grid.shape).any():
            raise ValueError(f"{path.name} does not lie on the slices of phantom {seed}")
        out[tuple(nearest.T)] = 1
    return to_sar(out, grid, MASK_SIZE_SAR) >= 0.5


def lesion_dices(records: Sequence[Mapping[str, Any]], folder: Path, cache: Path, processes: int) -> list[float]:
    """Lesion-wise Dice of each study with a true lesion or a found one, from `<study uid>.nii.gz` below `folder`.

    A study without a file counts as one in which nothing was found. Raises ValueError as `app_mask`.
    """
    masks = true_masks([record["seed"] for record in records], cache, processes)
    out = []
    for record, true in zip(records, masks):
        path = folder / f"{record['studyUid']}.nii.gz"
        found = app_mask(path, record["seed"]) if path.is_file() else np.zeros(true.shape, bool)
        if found.any() or true.any():
            out.append(lesion_wise_dice(found, true.astype(bool), METASTASES, _CELL_MM3).dice)
    return out
