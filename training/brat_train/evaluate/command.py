"""`brat-train evaluate-drafts`: drafts of any origin against reference reports, and against structured answers where there are any."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brat_train.evaluate.drafts import compare_with_truth, finding_errors, finding_figures, question_f1, truth_figures
from brat_train.evaluate.read_findings import read_report
from brat_train.text.sentences import split_report

_KNOWN = ("answers", "lesions", "normal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--drafts", type=Path, required=True, help="JSON lines with id, and sentences or text")
    parser.add_argument("--truth", type=Path, required=True, help="JSON lines with id, sentences or text, and for phantoms answers, lesions and normal (as reports.jsonl)")


def run(options: argparse.Namespace) -> None:
    """Prints one JSON object. Raises ValueError for lines that do not fit, naming the first."""
    figures, strays = evaluate_drafts(_read(options.drafts), _read(options.truth))
    if strays:
        print(f"{len(strays)} drafts have no truth and are left out: {', '.join(strays[:5])}", file=sys.stderr)
    print(json.dumps(figures))


def evaluate_drafts(drafts: Sequence[Mapping[str, Any]], truth: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    """Figures of drafts, and the ids of drafts that no truth is there for. A case without a draft counts as one that says nothing."""
    written = {line["id"]: _sentences(line) for line in drafts}
    pairs = [(written.get(line["id"], []), line) for line in truth]
    if not pairs:
        raise ValueError("there is no case to compare with")
    figures: dict[str, Any] = {
        "againstReports": finding_figures([finding_errors(draft, _sentences(line)) for draft, line in pairs]),
        "unreadSentences": sum(len(read_report(draft).unknown) for draft, _ in pairs),
        "count": len(pairs),
        "withoutDraft": sum(line["id"] not in written for _, line in pairs),
    }
    known = [(draft, line) for draft, line in pairs if all(key in line for key in _KNOWN)]
    if known:
        compared = [compare_with_truth(draft, line) for draft, line in known]
        figures |= truth_figures(compared)
        figures["questionF1"] = question_f1([one.read.answers for one in compared], [one.answers for one in compared])
    ids = {line["id"] for line in truth}
    return figures, [name for name in written if name not in ids]


def _sentences(line: Mapping[str, Any]) -> list[str]:
    return list(line["sentences"]) if "sentences" in line else split_report(line["text"])


def _read(path: Path) -> list[dict[str, Any]]:
    out = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path.name}, line {number} is not JSON") from error
        if not isinstance(line, dict) or not isinstance(line.get("id"), str) or not (isinstance(line.get("sentences"), list) or isinstance(line.get("text"), str)):
            raise ValueError(f"{path.name}, line {number} has no id, or neither sentences nor text")
        out.append(line)
    return out
