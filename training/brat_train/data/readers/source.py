"""What a reader hands on: cases as plain records, and a tally of what it had to leave out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from brat_train.data.select.header import SeriesHeader

Split = Literal["train", "dev", "test"]
SPLITS: tuple[Split, ...] = ("train", "dev", "test")

#: Why something is not among the cases, or is not as it should be.
Reason = Literal[
    "unreadable-file",
    "unreadable-image",
    "not-an-image",
    "duplicate-image",
    "duplicate-report",
    "conflicting-reports",
    "report-without-image",
    "image-without-report",
    "empty-report",
    "no-t1-post-contrast",
    "no-label",
    "unknown-label",
    "no-mask",
    "no-patient-id",
    "patient-in-several-splits",
    "report-not-processed",
    "unknown-answer",
]


@dataclass(frozen=True)
class SeriesFiles:
    """The files of one series, all DICOM or one NIfTI."""

    uid: str
    kind: Literal["dicom", "nifti"]
    files: tuple[Path, ...]
    #: What its headers (for NIfTI: its name) say, from which a series is chosen.
    header: SeriesHeader


@dataclass(frozen=True)
class RegionLabels:
    """A segmentation file on the image's grid, and which of its labels make up each region of BraTS."""

    file: Path
    whole: frozenset[int]
    core: frozenset[int]
    enhancing: frozenset[int]


@dataclass(frozen=True)
class SourceCase:
    """One examination before anything is decoded."""

    #: Unique within its data set; never a person's name.
    id: str
    patient: str
    series: tuple[SeriesFiles, ...]
    #: As written, or None where the data set has labels instead.
    report: str | None = None
    #: For classification, by name: for example diagnosis -> AD.
    labels: Mapping[str, str] = field(default_factory=dict)
    #: Answers to the questions of Figure 14 by question id, where the data set brings them.
    answers: Mapping[str, str] = field(default_factory=dict)
    #: Other wordings of the report, each a list of sentences.
    wordings: tuple[tuple[str, ...], ...] = ()
    regions: RegionLabels | None = None
    #: The split that the data set itself puts this case in.
    split: Split | None = None
    #: Whether the layout says what the single image is, so that nothing has to be chosen by words.
    chosen: bool = False


@dataclass
class Tally:
    """Counts by reason, with names of the first ones, for the summary at the end."""

    names_kept: int = 200
    counts: dict[Reason, int] = field(default_factory=dict)
    names: dict[Reason, list[str]] = field(default_factory=dict)

    def add(self, reason: Reason, name: str, why: str = "") -> None:
        """Counts one thing; `name` is an id or a path below the data set."""
        self.counts[reason] = self.counts.get(reason, 0) + 1
        kept = self.names.setdefault(reason, [])
        if len(kept) < self.names_kept:
            kept.append(f"{name}: {why}" if why else name)

    def join(self, other: Tally) -> None:
        """Adds what another one counted."""
        for reason, count in other.counts.items():
            self.counts[reason] = self.counts.get(reason, 0) + count
            kept = self.names.setdefault(reason, [])
            kept.extend(other.names.get(reason, [])[: self.names_kept - len(kept)])

    def as_json(self) -> dict[str, Any]:
        return {reason: {"count": count, "names": self.names.get(reason, [])} for reason, count in sorted(self.counts.items())}

    def line(self) -> str:
        """One line for a person: counts only."""
        return ", ".join(f"{count} {reason}" for reason, count in sorted(self.counts.items())) or "nothing left out"


@dataclass(frozen=True)
class Found:
    """The cases of a data set, in an order that does not depend on the file system, and what was left out."""

    cases: tuple[SourceCase, ...]
    tally: Tally
