"""Runs of an experiment in a folder: finished ones are kept with the settings they were made with, so a killed command goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class RunLog:
    """`settings.json` and `runs.jsonl` of a folder."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        """Raises ValueError if the folder holds runs made with other settings."""
        folder.mkdir(parents=True, exist_ok=True)
        mark, self.file = folder / "settings.json", folder / "runs.jsonl"
        text = json.dumps(settings, indent=1) + "\n"
        if mark.is_file() and mark.read_text() != text:
            raise ValueError(f"{folder} holds runs made with other settings ({mark.name}); choose another folder")
        mark.write_text(text)
        self.records: list[dict[str, Any]] = []
        for line in self.file.read_text().splitlines() if self.file.is_file() else []:
            try:
                self.records.append(json.loads(line))
            except ValueError:
                continue  # half a line of a killed run: it is made again
        whole = "".join(json.dumps(record) + "\n" for record in self.records)
        if self.file.is_file() and self.file.read_text() != whole:
            self.file.write_text(whole)

    def add(self, record: dict[str, Any]) -> None:
        """Keeps a finished run."""
        self.records.append(record)
        with self.file.open("a") as file:
            file.write(json.dumps(record) + "\n")
