"""Writes cases as training shards: one file after the other, each whole or not there, so that a killed run goes on.

`shard-0000.npz` holds `volumes` and, where the data set has segmentations, `masks` and `regions` (data/sharded_set.py);
`shard-0000.json` beside it says which cases are in it and which were left out, and why. It is written last.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from brat_train.data.curate.convert import UnreadableImageError, Volume, find_dcm2niix, load_series
from brat_train.data.curate.volume import PreparedCase, curate, prepare, save_curated
from brat_train.data.readers.source import RegionLabels, SeriesFiles

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Item:
    """One case of a shard: its series and, where there is one, its segmentation."""

    id: str
    series: SeriesFiles
    regions: RegionLabels | None


@dataclass(frozen=True)
class ShardJob:
    """One shard to write into `folder`; `curated` is where 16-bit NIfTI go as well, or None."""

    folder: Path
    number: int
    items: tuple[Item, ...]
    curated: Path | None

    @property
    def file(self) -> Path:
        return self.folder / f"shard-{self.number:04d}.npz"

    @property
    def note(self) -> Path:
        return self.file.with_suffix(".json")


@dataclass(frozen=True)
class ShardNote:
    """What became of a shard's cases."""

    file: str
    #: Cases in the shard, by row.
    ids: tuple[str, ...]
    #: (case, why) of those left out.
    unreadable: tuple[tuple[str, str], ...]


def write_shards(jobs: Sequence[ShardJob], processes: int) -> Iterator[ShardNote]:
    """Writes what is missing, and yields every shard's note in order.

    Raises OSError in plain words when a disk is full or a process was killed; what was finished stays.
    """
    if any(item.series.kind == "dicom" for job in jobs for item in job.items):
        find_dcm2niix()
    try:
        if processes <= 1 or len(jobs) < 2:
            yield from map(write_shard, jobs)
            return
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            try:
                yield from pool.map(write_shard, jobs)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    except BrokenProcessPool as error:
        raise OSError("a process was killed, perhaps for want of memory: run the same command again with fewer --processes; finished shards are kept") from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise OSError(error.errno, "no room left for shards: make room and run the same command again; finished shards are kept", str(jobs[0].folder)) from error
        raise


def write_shard(job: ShardJob) -> ShardNote:
    """Writes one shard, unless it is there."""
    if job.note.is_file():
        note = _read_note(job.note)
        if not note.ids or job.file.is_file():
            return note
    _one_thread()
    made: list[tuple[Item, PreparedCase]] = []
    unreadable: list[tuple[str, str]] = []
    for item in job.items:
        try:
            loaded = load_series(item.series)
            made.append((item, prepare(loaded, item.regions)))
        except UnreadableImageError as error:
            unreadable.append((item.id, str(error)))
            continue
        if job.curated is not None:
            _save_curated(job.curated, item.id, loaded)
    note = ShardNote(job.file.name, tuple(item.id for item, _ in made), tuple(unreadable))
    if made:
        _save(job.file, _arrays([case for _, case in made]))
    _write_whole(job.note, json.dumps({"file": note.file, "ids": note.ids, "unreadable": note.unreadable}))
    return note


def _arrays(cases: Sequence[PreparedCase]) -> dict[str, np.ndarray]:
    arrays = {"volumes": np.stack([case.volume for case in cases])}
    if any(case.regions is not None for case in cases):
        first = next(case for case in cases if case.regions is not None and case.mask is not None)
        # All cases of a data set have segmentations, or none; an empty one would say that there is no lesion.
        if any(case.regions is None for case in cases):
            raise ValueError(f"some cases of a data set have a segmentation of {first.regions.shape if first.regions is not None else ''} and others none")
        arrays["regions"] = np.stack([case.regions for case in cases if case.regions is not None])
        arrays["masks"] = np.stack([case.mask for case in cases if case.mask is not None])
    return arrays


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays)  # uncompressed: sharded_set.py maps it into memory
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _save_curated(folder: Path, case: str, volume: Volume) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in case)
    save_curated(folder / f"{name}.nii.gz", curate(volume[0]), volume[1])


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _read_note(path: Path) -> ShardNote:
    note: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return ShardNote(note["file"], tuple(note["ids"]), tuple((case, why) for case, why in note["unreadable"]))


def _one_thread() -> None:
    """Cases are what runs in parallel."""
    import torch

    torch.set_num_threads(1)
