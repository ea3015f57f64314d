"""`brat-train score-drafts`: figures of written reports against their references, as Table 4 has them. Imports what it needs when it runs."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `score-drafts`."""
    parser.add_argument("--drafts", type=Path, required=True, help="JSON lines with `draft` and `report`, or a run's figures.json")
    parser.add_argument("--out", type=Path, help="file for the figures as JSON; printed if not given")
    parser.add_argument("--no-meteor", action="store_true", help="leave METEOR out even where there is Java")
    parser.add_argument("--green-url", help="server that speaks OpenAI's chat protocol, for GREEN; without it GREEN is left out")
    parser.add_argument("--green-model", help="the server's name of the model")
    parser.add_argument("--green-prompt", type=Path, help="a prompt with {reference} and {candidate}, for a model fine-tuned on one")
    parser.add_argument("--allow-host", help="a host other than this machine that may see the reports")
    parser.add_argument("--api-key-variable", help="environment variable with the server's key")
    parser.add_argument("--concurrency", type=int, default=8, help="requests at once")


def read_drafts(path: Path) -> tuple[list[str], list[str]]:
    """Drafts and reports of a file. Raises ValueError naming a line that holds not both."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        rows = json.loads(text)["drafts"]
    else:
        rows = []
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number}: {error}") from error
    drafts, reports = [], []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not isinstance(row.get("draft"), str) or not isinstance(row.get("report"), str):
            raise ValueError(f"{path.name}, entry {number}: needs texts `draft` and `report`")
        drafts.append(row["draft"])
        reports.append(row["report"])
    return drafts, reports


def run(options: argparse.Namespace) -> None:
    """Scores and writes or prints the figures."""
    from brat_train.metrics.text import text_figures

    drafts, reports = read_drafts(options.drafts)
    figures: dict[str, object] = {"count": len(drafts), "words": asdict(text_figures(drafts, reports, not options.no_meteor))}
    if options.green_url:
        from brat_train.metrics.green import PROMPT, green_figures, read_prompt
        from brat_train.reports.chat import Server

        if not options.green_model:
            raise ValueError("--green-url needs --green-model")
        server = Server(options.green_url, options.green_model, options.allow_host, key_variable=options.api_key_variable)
        prompt = read_prompt(options.green_prompt) if options.green_prompt else PROMPT
        figures["green"] = asdict(green_figures(drafts, reports, server, prompt, options.concurrency))
    shown = json.dumps(figures, indent=1)
    if options.out:
        options.out.write_text(shown + "\n")
    else:
        print(shown)
