"""Images with one label each, for classification: from a training set's answers, or from a table of image files.

A table is CSV with the columns `image` (NIfTI, or .npy prepared as the encoder takes it), the target, and optionally
`patient` and `split` (train, dev, test). A training set's reports.jsonl may have `labels`, `patient` and `split` beside the
answers. Without `split`, patients are dealt by a seed; a patient is never in two.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from brat_train.data.sharded_set import ShardedSet
from brat_train.data.training_set import reduce_in_plane

SPLITS = ("train", "dev", "test")
_SAME_AS_DEV = {"val": "dev", "valid": "dev", "validation": "dev"}


@dataclass(frozen=True)
class Labelled:
    """Images and labels, row for row."""

    ids: tuple[str, ...]
    #: uint8 [N, S, A, R], 0..1 times 255
    volumes: Tensor
    #: index into `classes`
    label: np.ndarray
    classes: tuple[str, ...]
    #: one of SPLITS each
    split: tuple[str, ...]

    def rows(self, split: str) -> np.ndarray:
        """Indices of the cases of a split."""
        return np.array([row for row, own in enumerate(self.split) if own == split], dtype=np.int64)


def load_labelled(data: Path, target: str, size: tuple[int, int, int], in_plane_reduction: int = 1, seed: int = 0, limit: int | None = None) -> Labelled:
    """Cases with an answer to `target`: a column of a table, or a question of a training set, or `question=answer` for yes or no.

    Raises ValueError if the target is unknown or has a single answer.
    """
    found = _from_table(data, target, size) if data.is_file() else _from_training_set(data, target, in_plane_reduction, limit)
    ids, volumes, answers, patients, split = found
    classes = tuple(sorted(set(answers)))
    if len(classes) < 2:
        raise ValueError(f"{target!r} is {classes[0]!r} in every case of {data}" if classes else f"no case of {data} has an answer to {target!r}")
    label = np.array([classes.index(answer) for answer in answers])
    chosen = tuple(split) if split is not None else deal(patients, seed)
    made = Labelled(tuple(ids), volumes, label, classes, chosen)
    for name in SPLITS:
        if not len(made.rows(name)):
            raise ValueError(f"{data} has no case for {name}: {len(ids)} cases of {len(set(patients))} patients are too few, or its column `split` names none")
    return made


def deal(patients: Sequence[str], seed: int, dev: float = 0.15, test: float = 0.11) -> tuple[str, ...]:
    """A split for each case, drawn by patient; parts as in the paper's ADNI split (1,932, 384 and 291 cases)."""
    names = sorted(set(patients))
    order = np.random.default_rng(seed).permutation(len(names))
    held_out = max(1, round(test * len(names)))
    developed = held_out + max(1, round(dev * len(names)))
    part = {names[index]: "test" if at < held_out else "dev" if at < developed else "train" for at, index in enumerate(order)}
    return tuple(part[patient] for patient in patients)


_Found = tuple[list[str], Tensor, list[str], list[str], list[str] | None]


def _from_training_set(folder: Path, target: str, in_plane_reduction: int, limit: int | None) -> _Found:
    """A set's cases; those of its folder `test`, where `brat-train prepare` keeps test cases, as well."""
    question, _, wanted = target.partition("=")
    ids, parts_NSAR, answers, patients, split = [], [], [], [], []
    for place in (folder, folder / "test"):
        if place != folder and not _has_cases(place):
            continue
        data = ShardedSet(place, batch=1, split=None, need_report=False)
        kept = []
        for row, case in enumerate(data.cases[:limit]):
            known = {**case.answers, **case.labels}
            if not known.get(question):
                continue
            several = [part.strip() for part in known[question].split(";")]
            if not wanted and len(several) > 1:
                raise ValueError(f"{question!r} may have several answers, as in case {case.id}; choose one: --target '{question}={several[0]}'")
            kept.append(row)
            ids.append(case.id)
            answers.append(("Yes" if wanted in several else "No") if wanted else several[0])
            patients.append(case.patient or case.id)
            own = case.split or ("test" if place != folder else "")
            split.append(_SAME_AS_DEV.get(own, own))
        # Read and reduced a few at a time: a whole set at full size may be more than the memory holds.
        parts_NSAR.extend(reduce_in_plane(data.read(kept[start : start + 16]).volumes, in_plane_reduction) for start in range(0, len(kept), 16))
    if any(split):
        _require_splits(folder, patients, split)
    given = set(split) == set(SPLITS)
    return ids, torch.cat(parts_NSAR) if parts_NSAR else torch.empty(0), answers, patients, split if given else None


def _has_cases(folder: Path) -> bool:
    listing = folder / "reports.jsonl"
    return listing.is_file() and listing.stat().st_size > 0


def _from_table(table: Path, target: str, size: tuple[int, int, int]) -> _Found:
    with table.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        lines = list(reader)
        missing = {"image", target} - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"{table} has no column {', '.join(sorted(missing))}")
    ids, volumes, answers, patients, split, left_out = [], [], [], [], [], []
    for number, line in enumerate(lines, start=2):
        answer, name = (line[target] or "").strip(), (line["image"] or "").strip()
        if not answer or not name:
            left_out.append(f"line {number}: no {'image' if not name else target}")
            continue
        try:
            volumes.append(read_prepared(table.parent / name, size))
        except (OSError, ValueError) as error:
            left_out.append(f"line {number}: {error}")
            continue
        ids.append(Path(name).name)
        answers.append(answer)
        patients.append((line.get("patient") or name).strip())
        own = (line.get("split") or "").strip().lower()
        split.append(_SAME_AS_DEV.get(own, own))
    if left_out:
        print(f"{len(left_out)} cases left out: {'; '.join(left_out[:5])}", file=sys.stderr)
    if not ids:
        raise ValueError(f"no case of {table} can be used")
    given = any(split)
    if given:
        _require_splits(table, patients, split)
    return ids, torch.stack(volumes), answers, patients, split if given else None


def _require_splits(table: Path, patients: Sequence[str], split: Sequence[str]) -> None:
    """Raises ValueError for an unknown split, or a patient in two."""
    unknown = sorted(set(split) - set(SPLITS))
    if unknown:
        raise ValueError(f"{table}: column `split` holds {unknown[0]!r}; it may hold {', '.join(SPLITS)}")
    of: dict[str, str] = {}
    for patient, own in zip(patients, split, strict=True):
        if of.setdefault(patient, own) != own:
            raise ValueError(f"{table}: a patient is both in {of[patient]} and {own}; a patient's cases belong to one split")


def read_prepared(path: Path, size: tuple[int, int, int]) -> Tensor:
    """An image as the encoder takes it, uint8 [S, A, R]. Raises ValueError or OSError if it cannot be read."""
    if path.suffix == ".npy":
        values = np.load(path)
        if values.shape != size:
            raise ValueError(f"{path.name} has shape {values.shape}, {size} is needed")
        return torch.from_numpy(values if values.dtype == np.uint8 else (np.clip(values, 0, 1) * 255).round().astype(np.uint8))
    from brat_train.downstream.nifti import prepare_nifti

    return (prepare_nifti(path, size) * 255).round().to(torch.uint8)
