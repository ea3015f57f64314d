"""A training set shared by processes, or too large for memory: each process reads its own cases' shards, and no other.

Images are read once and kept on the device, or stay on disk and are read as batches ask for them. All processes know all cases, whose text is small, and number them alike; so the first process looks which shards can be read
before any is, by their headers.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brat_train.data.sharded_set import map_npz
from brat_train.data.training_set import Case, TrainingSet, load_training_set, read_listing, reduce_in_plane, training_count
from brat_train.distributed.group import Group
from brat_train.train.batches import own_cases


@dataclass(frozen=True)
class _Place:
    """A case, and where its image is."""

    case: Case
    shard: str
    index: int


class ImagesOnDisk:
    """Rows of shards, mapped into memory and read when asked for; indexed as a tensor on the CPU is."""

    device = torch.device("cpu")

    def __init__(self, folder: Path, places: Sequence[_Place], array: str, in_plane_reduction: int) -> None:
        self.rows = [(folder / place.shard, place.index) for place in places]
        self.array, self.in_plane_reduction = array, in_plane_reduction

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Tensor | slice | int) -> Tensor:
        if isinstance(rows, int):
            return self[slice(rows, rows + 1)][0]
        chosen = self.rows[rows] if isinstance(rows, slice) else [self.rows[row] for row in rows.tolist()]
        return reduce_in_plane(torch.from_numpy(np.stack([_mapped(path)[self.array][index] for path, index in chosen])), self.in_plane_reduction)


@lru_cache(maxsize=512)
def _mapped(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Maps of the shards in use; each costs a file handle, so not all of thousands stay open."""
    return map_npz(path)


def load_share(
    folder: Path, device: torch.device, in_plane_reduction: int, limit: int | None, dev: int, lanes: int, group: Group, on_disk: bool = False
) -> tuple[TrainingSet, TrainingSet | None]:
    """Training cases with the images of this process's lanes, and the development cases for the first process.

    What cannot be used is left out as by :func:`load_training_set`. Raises ValueError if too few cases are left.
    """
    if group.size == 1 and not on_disk:
        return load_training_set(folder, device, in_plane_reduction, limit).split(dev)
    places = group.from_first(lambda: _places(folder, limit))
    cases = tuple(place.case for place in places)
    training = training_count(cases, dev)
    own = own_cases(training, lanes, group)
    read = _lazily if on_disk else _images
    share = TrainingSet(cases[:training], *read(folder, [places[number] for number in own], device, in_plane_reduction), first=own.start)
    return share, TrainingSet(cases[training:], *read(folder, places[training:], device, in_plane_reduction)) if group.first else None


def _places(folder: Path, limit: int | None) -> list[_Place]:
    """Every case whose image can be had, in the order of :func:`load_training_set`."""
    listing = folder / "reports.jsonl"
    if not listing.is_file():
        raise FileNotFoundError(f"{listing} does not exist: make a training set first (brat_train.phantom.shards)")
    found, left_out = [], []
    for shard, rows in sorted(read_listing(listing).items()):
        try:
            length = _length(folder / shard)
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            left_out.append(f"{shard}: {error}")
            continue
        found.extend(_Place(case, shard, index) for index, case in sorted(rows, key=lambda row: row[0]) if index < length)
    if left_out:
        print(f"{len(left_out)} shards left out: {'; '.join(left_out[:5])}", file=sys.stderr)
    return found[:limit]


def _length(shard: Path) -> int:
    """How many volumes a shard holds, by its header."""
    with zipfile.ZipFile(shard) as archive, archive.open("volumes.npy") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        return read(file)[0][0]


def _images(folder: Path, places: list[_Place], device: torch.device, in_plane_reduction: int) -> tuple[Tensor, Tensor | None]:
    """Volumes and masks of places, row for row, each shard opened once."""
    volumes, masks = [], []
    start = 0
    while start < len(places):
        shard = places[start].shard
        stop = next((at for at in range(start, len(places)) if places[at].shard != shard), len(places))
        index = torch.tensor([place.index for place in places[start:stop]])
        with np.load(folder / shard) as arrays:
            volumes.append(reduce_in_plane(torch.from_numpy(arrays["volumes"])[index].to(device), in_plane_reduction))
            if "masks" in arrays:
                masks.append(torch.from_numpy(arrays["masks"])[index].to(device))
        start = stop
    return torch.cat(volumes), torch.cat(masks) if len(masks) and sum(map(len, masks)) == sum(map(len, volumes)) else None


def _lazily(folder: Path, places: list[_Place], device: torch.device, in_plane_reduction: int) -> tuple[ImagesOnDisk, ImagesOnDisk | None]:
    """The same, left on disk."""
    masked = all("masks" in _mapped(folder / shard) for shard in {place.shard for place in places})
    return ImagesOnDisk(folder, places, "volumes", in_plane_reduction), ImagesOnDisk(folder, places, "masks", 1) if masked else None
