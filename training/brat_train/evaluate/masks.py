"""What the pack's lesion head said through the app, against the phantoms' true masks, on the head's own grid.

Both grids run to superior, anterior and right in the patient, so a side or a direction that the app confuses is wrong here too.
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


def app_masks(drafts: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Mask]:
    """Cells above the pack's threshold by study, from what `brat draft --each --lesion-cells` wrote; empty if the pack has no such head."""
    return {draft["study"]["uid"]: np.load(folder / cells["file"]) >= cells["threshold"] for draft in drafts if (cells := draft.get("lesionCells"))}


def lesion_dices(records: Sequence[Mapping[str, Any]], found: Mapping[str, Mask], true: NDArray[np.uint8]) -> list[float]:
    """Lesion-wise Dice of each study with a true lesion or a found one; in a study that is not in `found` nothing was found.

    Raises ValueError for a head on another grid than the true masks'.
    """
    out = []
    for record, mask in zip(records, true.astype(bool)):
        cells = found.get(record["studyUid"], np.zeros(mask.shape, bool))
        if cells.any() or mask.any():
            out.append(lesion_wise_dice(cells, mask, METASTASES, _CELL_MM3).dice)
    return out
