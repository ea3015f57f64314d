"""Images with masks, for segmentation: BraTS 2021 and 2023-METS, and phantoms. Prepared once, kept in a folder of the experiment.

Two grids: `model`, the whole head at the size the backbone was pre-trained at (the paper does not cut images into patches),
and `native`, 1 mm, for sliding windows. Figures are always of the 1 mm grid (of the image's own for phantoms).
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from brat_train.data.readers.brats import LAYOUTS, Edition, read_brats
from brat_train.data.readers.source import SourceCase
from brat_train.data.sharded_set import ShardedSet
from brat_train.data.training_set import reduce_in_plane
from brat_train.metrics.segmentation import GLIOMA, METASTASES, LesionRules

Grid = Literal["model", "native"]
#: What follows a case's name in the files of each channel, in the release's order: T1c, T1, T2, FLAIR.
CHANNELS: dict[Edition, tuple[str, str, str, str]] = {"2021": ("_t1ce", "_t1", "_t2", "_flair"), "2023-mets": ("-t1c", "-t1n", "-t2w", "-t2f")}


@dataclass(frozen=True)
class Prepared:
    """One case, ready for the network."""

    #: 0..1, [C, S, A, R] on the network's grid
    image: Tensor
    #: 0..1, [regions, S, A, R] on the network's grid
    target: Tensor
    #: bool, [regions, S, A, R] on the grid of the figures
    truth: np.ndarray


@dataclass(frozen=True)
class MaskedSet:
    """Cases of which each can be loaded."""

    ids: tuple[str, ...]
    patients: tuple[str, ...]
    regions: tuple[str, ...]
    rules: LesionRules
    files: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def load(self, row: int) -> Prepared:
        """One case from its prepared file."""
        with np.load(self.files[row]) as kept:
            image = torch.from_numpy(kept["image"]).float() / 255
            shape = (len(self.regions), *kept["shape"].tolist())
            truth = np.unpackbits(kept["truth"], count=int(np.prod(shape))).reshape(shape).astype(bool)
        target = torch.from_numpy(truth).float()
        if target.shape[1:] != image.shape[1:]:
            # A cell's target is the part of it that the mask fills; small lesions would vanish from nearest neighbours.
            target = F.adaptive_avg_pool3d(target[None], tuple(image.shape[1:]))[0]
        return Prepared(image, target, truth)


def masked_brats(root: Path, edition: Edition, kept: Path, size: tuple[int, int, int] | None, channels: int, limit: int | None = None) -> MaskedSet:
    """Prepares a BraTS set once. One channel is T1c alone; four are T1c, T1, T2, FLAIR, a missing file being zeros.

    `size` None keeps 1 mm. Unusable cases are left out, counted and named. Raises ValueError if none is left, or for a
    checkpoint of another number of channels.
    """
    if channels not in (1, 4):
        raise ValueError(f"the checkpoint takes {channels} channels; BraTS has T1c alone, or T1c, T1, T2 and FLAIR")
    found = read_brats(root, edition)
    if found.tally.counts:
        print(f"left out: {found.tally.line()}", file=sys.stderr)
    kept.mkdir(parents=True, exist_ok=True)
    used, left_out = [], []
    for case in found.cases[:limit]:
        file = kept / f"{case.id}.npz"
        try:
            if not _whole(file):
                image, truth = _read_case(case, edition, size, channels)
                _keep(file, image, truth)
        except (OSError, ValueError) as error:
            left_out.append(f"{case.id}: {error}")
            continue
        used.append((case, file))
    if left_out:
        print(f"{len(left_out)} cases left out: {'; '.join(left_out[:5])}", file=sys.stderr)
    if not used:
        raise ValueError(f"no case of {root} can be used")
    rules = GLIOMA if edition == "2021" else METASTASES
    return MaskedSet(tuple(case.id for case, _ in used), tuple(case.patient for case, _ in used), ("whole", "core", "enhancing"), rules, tuple(file for _, file in used))


def masked_phantoms(folder: Path, kept: Path, in_plane_reduction: int, limit: int | None = None) -> MaskedSet:
    """Enhancing lesions of phantoms. Their masks are coarser in-plane than the volumes; each cell's value is spread over its voxels."""
    data = ShardedSet(folder, batch=1, split=None, need_report=False)
    kept.mkdir(parents=True, exist_ok=True)
    files = []
    for row, case in enumerate(data.cases[:limit]):
        file = kept / f"{case.id}.npz"
        if not _whole(file):
            read = data.read([row])
            if read.masks is None:
                raise ValueError(f"{folder} has no masks")
            volume = reduce_in_plane(read.volumes, in_plane_reduction)
            spread = F.interpolate(read.masks[None].float(), size=tuple(volume.shape[1:]), mode="nearest")[0] > 0
            _keep(file, volume.numpy(), spread.numpy())
        files.append(file)
    ids = tuple(case.id for case in data.cases[:limit])
    return MaskedSet(ids, ids, ("enhancing",), LesionRules(1, 0.0), tuple(files))


def _read_case(case: SourceCase, edition: Edition, size: tuple[int, int, int] | None, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [C, S, A, R] and bool [3, S, A, R]. Raises ValueError or OSError naming what cannot be used."""
    from brat_train.downstream.nifti import prepare_nifti, read_labels

    if case.regions is None:
        raise ValueError("no segmentation")
    main = case.series[0].files[0]
    first = prepare_nifti(main, size)
    images = [first]
    for suffix in CHANNELS[edition][1:channels]:
        path = main.with_name(main.name.replace(CHANNELS[edition][0], suffix))
        images.append(prepare_nifti(path, size) if path.is_file() else torch.zeros_like(first))
        if images[-1].shape != first.shape:
            raise ValueError(f"{path.name} and {main.name} are of different sizes")
    label = read_labels(case.regions.file)
    layout = LAYOUTS[edition]
    unknown = sorted(set(np.unique(label).tolist()) - {0, layout.necrotic, layout.oedema, layout.enhancing})
    if unknown:
        raise ValueError(f"{case.regions.file.name} has labels {unknown}, which BraTS {edition} does not")
    if size is None and label.shape != tuple(first.shape):
        raise ValueError(f"{case.regions.file.name} and {main.name} are of different sizes")
    truth = np.stack([np.isin(label, sorted(members)) for members in (case.regions.whole, case.regions.core, case.regions.enhancing)])
    return (torch.stack(images) * 255).round().to(torch.uint8).numpy(), truth


def _keep(file: Path, image: np.ndarray, truth: np.ndarray) -> None:
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        np.savez_compressed(stream, image=image, truth=np.packbits(truth), shape=np.array(truth.shape[1:]))
    part.replace(file)


def _whole(file: Path) -> bool:
    return file.is_file() and zipfile.is_zipfile(file)


def folds(patients: Sequence[str], count: int, seed: int) -> np.ndarray:
    """The fold of each case, patients dealt evenly. Raises ValueError if there are fewer patients than folds."""
    names = sorted(set(patients))
    if len(names) < count or count < 2:
        raise ValueError(f"{len(names)} patients cannot be dealt to {count} folds")
    of = {names[index]: at % count for at, index in enumerate(np.random.default_rng(seed).permutation(len(names)))}
    return np.array([of[patient] for patient in patients])
