"""reports.jsonl as it stands: every case with its text, answers, labels and place, also those that have no report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ListedCase:
    """One line. `patient` and `split` are '' in sets that do not say."""

    id: str
    patient: str
    split: str
    sentences: tuple[str, ...]
    wordings: tuple[tuple[str, ...], ...]
    #: By question id (Figure 14).
    answers: dict[str, str]
    #: By name, for example diagnosis.
    labels: dict[str, str]
    shard: str
    index: int


def read_whole_listing(path: Path) -> list[ListedCase]:
    """All lines in order. Raises FileNotFoundError without the file, ValueError naming a line that is not a case."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist: make a training set first (brat-train prepare, or brat_train.phantom.shards)")
    cases: list[ListedCase] = []
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            try:
                record = json.loads(line)
                cases.append(
                    ListedCase(
                        record["id"], record.get("patient", ""), record.get("split", ""), _clean(record["sentences"]),
                        tuple(_clean(report) for report in record.get("wordings", [])), record.get("answers", {}), record.get("labels", {}), record["shard"], int(record["index"]),
                    )  # fmt: skip
                )
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path.name}, line {number}: {error!r}") from error
    return cases


def _clean(report: list[str]) -> tuple[str, ...]:
    return tuple(sentence.strip() for sentence in report if sentence.strip())
