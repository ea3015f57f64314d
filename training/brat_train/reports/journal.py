"""What a model said, kept as it comes: an append-only file of JSON lines that a killed run goes on from.

A line is known by task, report, prompt and model (digests, never the report itself). Lines are on the disk before they count;
a line cut short by a kill or a full disk is dropped on the next start.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

Task = Literal["rewrite", "answers"]
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Entry:
    """One finished request, valid or given up."""

    task: Task
    report: str
    prompt: str
    model: str
    #: The rewritten report, or '' .
    text: str = ""
    #: Answers by question id.
    answers: dict[str, str] = field(default_factory=dict)
    #: Why no valid reply could be had; '' for a valid one.
    invalid: str = ""
    #: Words of time left in a rewritten report.
    leftovers: list[str] = field(default_factory=list)
    attempts: int = 1

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.task, self.report, self.prompt, self.model)


def read_entries(path: Path) -> Iterator[Entry]:
    """Whole lines of a journal. Raises ValueError naming a damaged line that is not the last."""
    with path.open("rb") as file:
        lines = file.read().split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last line break was cut short, or is empty
        if not line.strip():
            continue
        try:
            yield Entry(**json.loads(line))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path.name}, line {number} is damaged: {error}") from error


class Journal:
    """A journal open for writing; use as a context."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: dict[tuple[str, str, str, str], Entry] = {}
        self._file: BinaryIO | None = None

    def __enter__(self) -> Journal:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._done = {entry.key: entry for entry in read_entries(self.path)}
        self._file = self.path.open("ab", buffering=0)
        self._lock(self._file)
        self._drop_torn_line()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def get(self, task: Task, report: str, prompt: str, model: str) -> Entry | None:
        return self._done.get((task, report, prompt, model))

    def add(self, entry: Entry) -> None:
        """Writes a line through to the disk. Raises OSError in plain words if there is no room; the file stays whole."""
        file = self._file
        if file is None:
            raise ValueError("the journal is not open")
        line = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
        end = os.fstat(file.fileno()).st_size
        try:
            written = file.write(line)
            if written != len(line):
                raise OSError(errno.ENOSPC, "part of a line was written")
            os.fsync(file.fileno())
        except OSError as error:
            file.truncate(end)
            if error.errno in _NO_ROOM:
                raise OSError(error.errno, "no room left for the journal: make room and run the same command again; what was written is kept", str(self.path)) from error
            raise
        self._done[entry.key] = entry

    @staticmethod
    def _lock(file: BinaryIO) -> None:
        """Two runs on one journal would ask everything twice. Where there are no such locks, nothing is locked."""
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise OSError(errno.EBUSY, "another run writes this journal", file.name) from error

    def _drop_torn_line(self) -> None:
        file = self._file
        assert file is not None
        size = os.fstat(file.fileno()).st_size
        with self.path.open("rb") as reading:
            whole = reading.read().rfind(b"\n") + 1
        if whole < size:
            file.truncate(whole)
