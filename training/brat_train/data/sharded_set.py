"""A training set of any size, read as it is needed: shards stay on disk, mapped into memory, and cost none of ours.

The same folders as data/training_set.py reads (phantoms or `brat-train prepare`). A step's batch is a function of its number,
the seed and nothing else; every process reads its own part of it:

    data = ShardedSet(folder, batch=32, seed=0, rank=rank, world_size=world_size)
    part = data.batch_of(step)          # part.cases, part.volumes uint8 [batch / world_size, 32, 256, 256]
    for step, part in data.batches(start, steps): ...   # the same, read ahead by threads
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brat_train.data.listing import ListedCase, read_whole_listing


@dataclass(frozen=True)
class ShardBatch:
    """One process's part of a step. B cases."""

    #: Positions in `ShardedSet.cases`.
    index: NDArray[np.int64]
    cases: tuple[ListedCase, ...]
    #: uint8 [B, S, A, R]
    volumes: Tensor
    #: uint8 [B, S, A', R'] of enhancing lesions, or None
    masks: Tensor | None
    #: uint8 [B, S, A, R]: 1 whole tumour + 2 core + 4 enhancing, or None
    regions: Tensor | None


class ShardedSet:
    """Cases of a folder and, on request, their images.

    `split` keeps the cases marked so (all where none is marked); `need_report` leaves cases without a sentence out, counted.
    Raises FileNotFoundError without reports.jsonl, ValueError if no case is left or `batch` cannot be shared evenly.
    """

    def __init__(
        self, folder: Path, batch: int, seed: int = 0, rank: int = 0, world_size: int = 1, split: str | None = "train", need_report: bool = True, workers: int = 4
    ) -> None:
        if batch % world_size or not 0 <= rank < world_size:
            raise ValueError(f"a batch of {batch} cannot be shared by {world_size} processes (this is number {rank})")
        listed = read_whole_listing(folder / "reports.jsonl")
        marked = split is not None and any(case.split for case in listed)
        usable: list[ListedCase] = []
        left_out: list[str] = []
        missing = {shard for shard in {case.shard for case in listed} if not _readable(folder / shard)}
        for case in listed:
            if marked and case.split != split:
                continue
            if case.shard in missing:
                left_out.append(f"{case.id}: {case.shard} cannot be read")
            elif need_report and not case.sentences:
                left_out.append(f"{case.id}: no sentence")
            elif case.index >= len(_mapped(folder / case.shard)["volumes"]):
                left_out.append(f"{case.id}: not in {case.shard}")
            else:
                usable.append(case)
        if left_out and rank == 0:
            print(f"{len(left_out)} cases left out: {'; '.join(left_out[:5])}", file=sys.stderr)
        if len(usable) < world_size:
            raise ValueError(f"{folder} holds {len(usable)} cases that can be used, too few for {world_size} processes")
        self.folder, self.cases, self.left_out = folder, tuple(usable), tuple(left_out)
        self.batch, self.seed, self.rank, self.world_size, self.workers = batch, seed, rank, world_size, workers

    def __len__(self) -> int:
        return len(self.cases)

    def indices_of(self, step: int) -> NDArray[np.int64]:
        """This process's cases of a step: each epoch is a permutation of all cases, drawn from seed and epoch."""
        batch = min(self.batch, len(self) // self.world_size * self.world_size)
        epoch, at = divmod(step, len(self) // batch)
        whole = self._permutation(epoch)[at * batch : (at + 1) * batch]
        part = batch // self.world_size
        return whole[self.rank * part : (self.rank + 1) * part]

    def batch_of(self, step: int) -> ShardBatch:
        """This process's part of a step, read now."""
        return self.read(self.indices_of(step))

    def batches(self, start: int, stop: int) -> Iterator[tuple[int, ShardBatch]]:
        """The parts of steps `start` to `stop` - 1 in order, read ahead by threads: reading is the disk's work, not Python's."""
        with ThreadPoolExecutor(self.workers) as pool:
            ahead: list[Future[ShardBatch]] = [pool.submit(self.batch_of, step) for step in range(start, min(start + self.workers, stop))]
            for step in range(start, stop):
                part = ahead.pop(0).result()
                if step + self.workers < stop:
                    ahead.append(pool.submit(self.batch_of, step + self.workers))
                yield step, part

    def read(self, index: Sequence[int] | NDArray[np.int64]) -> ShardBatch:
        """Any cases, by their positions."""
        chosen = tuple(self.cases[int(n)] for n in index)
        arrays = [_mapped(self.folder / case.shard) for case in chosen]

        def rows(name: str) -> Tensor | None:
            if not all(name in one for one in arrays):
                return None
            return torch.from_numpy(np.stack([one[name][case.index] for one, case in zip(arrays, chosen, strict=True)]))

        volumes = rows("volumes")
        assert volumes is not None  # every shard has them
        return ShardBatch(np.asarray(index, np.int64), chosen, volumes, rows("masks"), rows("regions"))

    @lru_cache(maxsize=2)  # noqa: B019  one set lives as long as its process
    def _permutation(self, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng([self.seed, epoch]).permutation(len(self))


def map_npz(path: Path) -> dict[str, NDArray[np.uint8]]:
    """The arrays of an uncompressed .npz as read-only maps of the file. Raises ValueError for a compressed or damaged one."""
    arrays: dict[str, NDArray[np.uint8]] = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for member in archive.infolist():
            if member.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{path.name} is compressed; only shards written by brat-train are read in place")
            # The local header's own name and extra field may be longer than the directory's (APPNOTE 4.3.7).
            file.seek(member.header_offset + 26)
            file.seek(member.header_offset + 30 + int.from_bytes(file.read(2), "little") + int.from_bytes(file.read(2), "little"))
            version = np.lib.format.read_magic(file)
            read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read_header(file)
            if fortran or dtype.hasobject or file.tell() + int(np.prod(shape)) * dtype.itemsize > path.stat().st_size:
                raise ValueError(f"{path.name} is damaged or of another kind")
            arrays[member.filename.removesuffix(".npy")] = np.memmap(path, dtype, "r", file.tell(), shape)
    return arrays


@lru_cache(maxsize=512)
def _mapped(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Maps of the shards in use; each costs a file handle, so not all of thousands stay open."""
    return map_npz(path)


def _readable(path: Path) -> bool:
    try:
        return "volumes" in _mapped(path)
    except (OSError, ValueError, zipfile.BadZipFile):
        return False
