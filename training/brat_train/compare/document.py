"""The small Table 2 as a page for people and as JSON for programs, both with the command that makes them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from brat_train.compare.runs import WAYS, Result
from brat_train.compare.table import FIGURES, Row

_TITLES = {"textToImage": "Text to image", "imageToText": "Image to text"}
_NAMES = {
    "brat": "brat", "clip": "CLIP", "qformer": "Q-Former", "colbert": "ColBERT matching", "brat-without-qd": "brat without QD",
    "brat-with-pr": "brat with pairwise repulsion", "qformer-with-qd": "Q-Former with QD",
}  # fmt: skip
_HEADS = {"r1": "R@1", "r5": "R@5", "r10": "R@10", "r5f": "R@5 (F)", "p5f": "P@5 (F)", "medianRank": "median rank", "meanRank": "mean rank"}


@dataclass(frozen=True)
class Setting:
    """What a reader must know to make the table again."""

    command: str
    recipe: str
    steps: int
    batch: int
    training_cases: int
    held_out_cases: int
    #: SHA-256 of the set's reports.jsonl: which cases these were.
    listing: str
    parameters: int


def write_document(rows: Sequence[Row], results: Sequence[Result], setting: Setting, page: Path) -> list[Path]:
    """Writes the page and, beside it, the same as JSON; returns both."""
    data = page.with_suffix(".json")
    page.parent.mkdir(parents=True, exist_ok=True)
    for path, text in ((data, json.dumps(_data(rows, results, setting), indent=1) + "\n"), (page, _page(rows, results, setting))):
        part = path.with_name(f"{path.name}.part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    return [page, data]


def _page(rows: Sequence[Row], results: Sequence[Result], setting: Setting) -> str:
    seeds = sorted({result.seed for result in results})
    minutes = sum(result.seconds for result in results) / 60
    parts = [
        "# The small Table 2",
        "",
        f"What the paper's Table 2 compares, on phantoms: {len({row.method for row in rows})} methods, seeds {', '.join(map(str, seeds))}, each trained from new weights with",
        f"recipe `{setting.recipe}` ({setting.parameters / 1e6:.2f} M parameters) on the same {setting.training_cases} cases for {setting.steps} steps of {setting.batch}, and tested on",
        f"{setting.held_out_cases} cases with a finding that no training saw. All runs together took {minutes:.0f} minutes. Made by",
        "",
        "```sh",
        setting.command,
        "```",
        "",
        f"on a set whose `reports.jsonl` has the SHA-256 `{setting.listing[:16]}…`; docs/training.md says what is alike and what is each method's own.",
        "A figure is the mean over seeds. Brackets: 95% interval over the held-out cases (1,000 resamples). Braces: the smallest and",
        "the largest of the seeds. Small models, few steps: the table orders methods under this budget, and says nothing of patients.",
    ]
    for way in WAYS:
        of_way = [row for row in rows if row.way == way]
        parts += ["", f"## {_TITLES[way]}", "", f"| method | {' | '.join(_HEADS[name] for name in FIGURES)} | R@5 against {_NAMES[of_way[0].method]} |", f"|---{'|---' * len(FIGURES)}|---|"]
        for row in of_way:
            cells = [_cell(row, name) for name in FIGURES]
            ahead = "" if row.ahead is None else f"{row.ahead.value:+.3f} [{row.ahead.low:+.3f}, {row.ahead.high:+.3f}]"
            parts.append(f"| {_NAMES[row.method]} | {' | '.join(cells)} | {ahead} |")
    parts += ["", "## What it says", "", *_reading(rows)]
    return "\n".join(parts) + "\n"


def _cell(row: Row, name: str) -> str:
    cell = row.cells[name]
    digits = 1 if name.endswith("Rank") else 3
    value = cell.over_cases
    return f"{value.value:.{digits}f} [{value.low:.{digits}f}, {value.high:.{digits}f}] {{{min(cell.of_seeds):.{digits}f}, {max(cell.of_seeds):.{digits}f}}}"


def _reading(rows: Sequence[Row]) -> list[str]:
    """The order by R@5, and which methods are surely behind or ahead of the first one: an interval that leaves out nought."""
    lines = []
    for way in WAYS:
        of_way = [row for row in rows if row.way == way]
        first = _NAMES[of_way[0].method]
        behind, ahead, unsure = [], [], []
        for row in of_way[1:]:
            assert row.ahead is not None  # only the first row has none
            kind = behind if row.ahead.high < 0 else ahead if row.ahead.low > 0 else unsure
            kind.append(_NAMES[row.method])
        order = sorted(of_way, key=lambda row: -row.cells["r5"].over_cases.value)
        lines.append(f"- {_TITLES[way]}, by R@5: {', '.join(_NAMES[row.method] for row in order)}.")
        for found, says in ((behind, "behind"), (ahead, "ahead of"), (unsure, "not to be told apart from")):
            if found:
                lines.append(f"  - {says} {first}: {', '.join(found)}.")
    return lines


def _data(rows: Sequence[Row], results: Sequence[Result], setting: Setting) -> dict[str, Any]:
    table = [
        {
            "method": row.method,
            "way": row.way,
            "figures": {name: {**asdict(cell.over_cases), "seeds": list(cell.of_seeds)} for name, cell in row.cells.items()},
            "r5AgainstFirst": None if row.ahead is None else asdict(row.ahead),
        }
        for row in rows
    ]
    runs = [{"method": result.method, "seed": result.seed, "seconds": result.seconds, "contrastiveLoss": result.last_loss} for result in results]
    return {"setting": asdict(setting), "table": table, "runs": runs}
