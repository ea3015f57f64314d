"""The rewritten report and the answers that belong to an original report, from a journal."""

from __future__ import annotations

from pathlib import Path

from brat_train.reports.journal import Entry, read_entries
from brat_train.reports.prompts import digest


class ProcessedReports:
    """A journal by the digest of the original report."""

    def __init__(self, rewrites: dict[str, Entry], answers: dict[str, Entry]) -> None:
        self._rewrites, self._answers = rewrites, answers

    @staticmethod
    def read(path: Path, model: str | None = None) -> ProcessedReports:
        """Raises FileNotFoundError, or ValueError if the journal holds several models or prompts and none is chosen."""
        if not path.is_file():
            raise FileNotFoundError(f"there is no journal {path}: make it with brat-train process-reports")
        entries = [entry for entry in read_entries(path) if not entry.invalid and model in (None, entry.model)]
        models = sorted({entry.model for entry in entries})
        if not models:
            raise ValueError(f"{path.name} holds no valid reply{f' of {model}' if model else ''}")
        if len(models) > 1:
            raise ValueError(f"{path.name} holds replies of {', '.join(models)}: choose one with --processed-model")
        # Later lines are of later runs, so of two prompts the one used last counts.
        by_task = {task: {entry.report: entry for entry in entries if entry.task == task} for task in ("rewrite", "answers")}
        return ProcessedReports(by_task["rewrite"], by_task["answers"])

    def look_up(self, report: str) -> tuple[str, dict[str, str]] | None:
        """The rewritten text and its answers ({} where there are none); None for a report that was not rewritten."""
        rewritten = self._rewrites.get(digest(report))
        if rewritten is None:
            return None
        answered = self._answers.get(digest(rewritten.text))
        return rewritten.text, dict(answered.answers) if answered else {}
