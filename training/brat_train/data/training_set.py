"""A training set on disk: `shard-*.npz` with prepared volumes, and `reports.jsonl` with one line per case.

A shard holds `volumes` uint8 [n, 32, 256, 256] (or reduced in-plane), already prepared as the encoder takes them (SAR,
0..1 times 255), and may hold `masks` uint8 [n, 32, 64, 64] of enhancing lesions. A line of reports.jsonl names its
`shard` and `index`; it has `sentences`, and may have `wordings` (more reports of the same findings), `answers` and `lesions`
(each with `centreSar`, its place in a volume of full size, `location`, `kind` and `sizeMm`).
Everything is kept on one device, since the whole set fits: 6,000 cases are 12.6 GB. Larger ones stay on disk (distributed/reading.py).
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Mark:
    """What is known of one lesion, at its place."""

    #: Fractional index (S, A, R) into the volume of full size, 32 x 256 x 256.
    centre_sar: tuple[float, float, float]
    #: An answer to the question of locations, such as `Left frontal lobe`.
    location: str
    kind: str
    size_mm: float


@dataclass(frozen=True)
class Case:
    """What is known of one case beside its image."""

    id: str
    #: Reports, each a list of sentences: the case's own first, then other wordings of the same findings.
    wordings: tuple[tuple[str, ...], ...]
    #: Question id to answer (the paper's Figure 14).
    answers: dict[str, str]
    #: `train` or `dev` in sets that were split by patient, else ''.
    split: str = ""
    #: Lesions whose place is known; simulated studies have them all.
    marks: tuple[Mark, ...] = ()


class Images(Protocol):
    """uint8 images [cases, S, A, R] by row: a tensor, or what reads them from disk when asked (distributed/reading.py)."""

    @property
    def device(self) -> torch.device: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Tensor | slice | int) -> Tensor: ...


@dataclass(frozen=True)
class TrainingSet:
    """Cases and their images, row for row."""

    cases: tuple[Case, ...]
    #: uint8 [cases, S, A, R]
    volumes: Images
    #: uint8 [cases, S, A', R'] or None if the set has none
    masks: Images | None
    #: The case whose image is row 0. Only processes that share a set hold fewer images than cases (distributed/reading.py).
    first: int = 0

    def __len__(self) -> int:
        return len(self.cases)

    def split(self, dev: int) -> tuple[TrainingSet, TrainingSet]:
        """Cases to train on, and cases for development: :func:`training_count`."""
        at = training_count(self.cases, dev)
        parts = [
            TrainingSet(self.cases[span], self.volumes[span], None if self.masks is None else self.masks[span]) for span in (slice(0, at), slice(at, None))
        ]
        return parts[0], parts[1]


def training_count(cases: Sequence[Case], dev: int) -> int:
    """How many of the cases, from the first on, are to train on: all but the last `dev`, or those marked so.

    Unmarked cases come in the order of their seeds, so the split is by seed. Raises ValueError if one part would be empty, or
    if marked cases are mixed: the order of shards is the split's.
    """
    if any(case.split for case in cases):
        at = sum(case.split == "train" for case in cases)
        if any(case.split != "train" for case in cases[:at]):
            raise ValueError("cases to train on do not come before those for development: make the set again with `brat-train prepare`")
        dev = len(cases) - at
    if not 0 < dev < len(cases):
        raise ValueError(f"{dev} cases for development cannot be taken from {len(cases)}")
    return len(cases) - dev


def load_training_set(folder: Path, device: torch.device, in_plane_reduction: int = 1, limit: int | None = None) -> TrainingSet:
    """Reads a set onto a device. `in_plane_reduction` averages blocks of a volume's rows and columns.

    Cases without a sentence, and shards that cannot be read, are left out, counted and named on stderr.
    Raises FileNotFoundError if there is no reports.jsonl, ValueError if nothing usable is left.
    """
    listing = folder / "reports.jsonl"
    if not listing.is_file():
        raise FileNotFoundError(f"{listing} does not exist: make a training set first (brat_train.phantom.shards)")
    by_shard = read_listing(listing)
    cases: list[Case] = []
    volumes: Tensor | None = None
    masks: Tensor | None = None
    total = min(sum(len(rows) for rows in by_shard.values()), limit or sys.maxsize)
    left_out: list[str] = []
    for shard, rows in sorted(by_shard.items()):
        if len(cases) >= total:
            break
        try:
            with np.load(folder / shard) as arrays:
                volume = torch.from_numpy(arrays["volumes"])
                mask = torch.from_numpy(arrays["masks"]) if "masks" in arrays else None
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            left_out.append(f"{shard}: {error}")
            continue
        kept = [(index, case) for index, case in sorted(rows, key=lambda row: row[0]) if index < len(volume)][: total - len(cases)]
        if not kept:
            continue
        index = torch.tensor([index for index, _ in kept])
        picked = reduce_in_plane(volume[index].to(device), in_plane_reduction)
        if volumes is None:
            # One allocation: joining shards at the end would need the memory twice.
            volumes = torch.empty((total, *picked.shape[1:]), dtype=torch.uint8, device=device)
            masks = None if mask is None else torch.empty((total, *mask.shape[1:]), dtype=torch.uint8, device=device)
        span = slice(len(cases), len(cases) + len(kept))
        volumes[span] = picked
        if masks is not None and mask is not None:
            masks[span] = mask[index].to(device)
        cases.extend(case for _, case in kept)
    if left_out:
        print(f"{len(left_out)} shards left out: {'; '.join(left_out[:5])}", file=sys.stderr)
    if volumes is None or not cases:
        raise ValueError(f"{folder} holds no case that can be used")
    return TrainingSet(tuple(cases), volumes[: len(cases)], None if masks is None else masks[: len(cases)])


def reduce_in_plane(volume_NSAR: Tensor, factor: int) -> Tensor:
    """Averages blocks of factor x factor within slices, uint8 to uint8."""
    if factor == 1:
        return volume_NSAR
    parts = [F.avg_pool3d(part[:, None].float(), (1, factor, factor))[:, 0].round().to(torch.uint8) for part in volume_NSAR.split(16)]
    return torch.cat(parts)


def read_listing(listing: Path) -> dict[str, list[tuple[int, Case]]]:
    """Cases by shard, with their index in it."""
    by_shard: dict[str, list[tuple[int, Case]]] = {}
    empty = 0
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record: dict[str, Any] = json.loads(line)
            wordings = [record["sentences"], *record.get("wordings", [])]
            case = Case(
                id=record["id"],
                wordings=tuple(tuple(sentence.strip() for sentence in report if sentence.strip()) for report in wordings),
                answers=record.get("answers", {}),
                split=record.get("split", ""),
                marks=tuple(
                    Mark(tuple(float(at) for at in lesion["centreSar"]), lesion["location"], lesion["kind"], float(lesion["sizeMm"]))
                    for lesion in record.get("lesions", [])
                    if "centreSar" in lesion
                ),
            )
            place = record["shard"], int(record["index"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{listing.name}, line {number}: {error!r}") from error
        if not all(case.wordings):
            empty += 1
            continue
        by_shard.setdefault(place[0], []).append((place[1], case))
    if empty:
        print(f"{empty} cases without a sentence left out", file=sys.stderr)
    return by_shard
