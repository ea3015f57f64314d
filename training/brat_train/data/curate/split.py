"""Which split a patient is in: a function of the patient alone, so that it holds whatever else is added later."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from brat_train.data.readers.source import SourceCase, Split, Tally


@dataclass(frozen=True)
class Proportions:
    """Parts of the patients for development and test; the rest trains. The paper's are 945 and 1,141 of 77,228 (3.1)."""

    dev: float = 945 / 77_228
    test: float = 1_141 / 77_228

    def __post_init__(self) -> None:
        if self.dev < 0 or self.test < 0 or self.dev + self.test >= 1:
            raise ValueError(f"parts of {self.dev} for development and {self.test} for test leave nothing to train on")


def patient_code(patient: str) -> str:
    """What a patient is called in a training set: 16 hexadecimal digits that do not tell who it is to a casual reader."""
    return hashlib.sha256(f"brat patient {patient}".encode()).hexdigest()[:16]


def split_of(patient: str, proportions: Proportions, seed: int = 0) -> Split:
    """The split of a patient."""
    place = int.from_bytes(hashlib.sha256(f"brat split {seed} {patient}".encode()).digest()[:8], "big") / 2**64
    return "test" if place < proportions.test else "dev" if place < proportions.test + proportions.dev else "train"


def assign(cases: Sequence[SourceCase], proportions: Proportions, seed: int, tally: Tally) -> list[tuple[SourceCase, Split]]:
    """Every case with its split: the data set's own where it has one, else by patient.

    A patient whom the data set puts into several splits goes to the one that must not leak: test before dev before train.
    """
    given: dict[str, set[Split]] = {}
    for case in cases:
        if case.split is not None:
            given.setdefault(case.patient, set()).add(case.split)
    for patient, splits in given.items():
        if len(splits) > 1:
            tally.add("patient-in-several-splits", patient_code(patient), ", ".join(sorted(splits)))
    order: tuple[Split, ...] = ("test", "dev", "train")
    of_patient = {patient: next(split for split in order if split in splits) for patient, splits in given.items()}
    return [(case, of_patient.get(case.patient) or split_of(case.patient, proportions, seed)) for case in cases]
