"""Two requests for every report, as in the paper (8.2): one rewrites it (Figure 13), one has it answered (Figure 14).

Requests run side by side, each finished one is in the journal before it counts, and invalid replies are asked for again with
their faults named. Report text and replies go to the journal only: never into a log or an error.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from brat_train.reports.answers import InvalidReplyError, parse_answers, response_schema
from brat_train.reports.chat import Chat, JsonMode, Message, ReplyError, Server, ServerError, first_of
from brat_train.reports.journal import Entry, Journal, Task
from brat_train.reports.leftovers import identifying, words_of_change
from brat_train.reports.prompts import REWRITE, answer_instructions, answer_request, digest
from brat_train.reports.questions import QuestionSet

#: So many requests without a reply in a row, and the server is taken to be gone.
_GIVE_UP_AFTER = 20


@dataclass(frozen=True)
class Report:
    """A report and what it is called in messages."""

    id: str
    text: str


@dataclass(frozen=True)
class Settings:
    """How reports are processed."""

    server: Server
    questions: QuestionSet
    concurrency: int = 8
    #: How often an invalid reply is asked for again.
    reasks: int = 3
    json_mode: JsonMode = "none"


@dataclass
class Outcome:
    """What became of the reports; ids only."""

    reports: int = 0
    duplicates: int = 0
    empty: list[str] = field(default_factory=list)
    rewritten: int = 0
    answered: int = 0
    #: Taken from the journal of an earlier run.
    kept: int = 0
    invalid: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    #: Rewritten reports that still speak of another examination, by word.
    words_of_change: Counter[str] = field(default_factory=Counter)
    with_words_of_change: int = 0
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "reports": self.reports, "duplicates": self.duplicates, "empty": self.empty, "rewritten": self.rewritten, "answered": self.answered,
            "fromJournal": self.kept, "invalid": self.invalid, "failed": self.failed, "withWordsOfChange": self.with_words_of_change,
            "wordsOfChange": dict(self.words_of_change.most_common()), "seconds": round(self.seconds, 1),
        }  # fmt: skip


def process_reports(reports: Sequence[Report], journal: Journal, settings: Settings) -> Outcome:
    """Processes what the journal does not hold yet. A report whose requests had no reply is left for the next run.

    Raises ServerError when the server refuses or is gone, OSError when the disk is full; the journal keeps what was done.
    """
    return asyncio.run(_Run(journal, settings).all(reports))


class _Run:
    def __init__(self, journal: Journal, settings: Settings) -> None:
        self.journal, self.settings = journal, settings
        self.outcome = Outcome()
        self.in_a_row = 0
        self.instructions = answer_instructions(settings.questions)

    async def all(self, reports: Sequence[Report]) -> Outcome:
        began = time.monotonic()
        distinct: dict[str, Report] = {}
        for report in reports:
            if not report.text.strip():
                self.outcome.empty.append(report.id)
            elif digest(report.text) in distinct:
                self.outcome.duplicates += 1
            else:
                distinct[digest(report.text)] = report
        self.outcome.reports = len(reports)
        # By length, as the paper did: neighbours then take about as long, and a server can batch them.
        waiting = sorted(distinct.values(), key=lambda report: len(report.text))
        queue = iter(enumerate(waiting, start=1))
        async with Chat(self.settings.server) as chat:
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(self.settings.concurrency, len(waiting))):
                        group.create_task(self._work(chat, queue, len(waiting)))
            except BaseExceptionGroup as several:
                raise first_of(several) from None
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    async def _work(self, chat: Chat, queue: Any, total: int) -> None:
        for number, report in queue:
            try:
                await self._one(chat, report)
                self.in_a_row = 0
            except ReplyError as error:
                self.outcome.failed[report.id] = str(error)
                self.in_a_row += 1
                if self.in_a_row >= _GIVE_UP_AFTER:
                    raise ServerError(f"{_GIVE_UP_AFTER} requests in a row had no reply (the last: {error}): see to the server and run the same command again") from error
            if number % max(1, total // 20) == 0 or number == total:
                print(f"reports {number}/{total}, {len(self.outcome.invalid)} invalid, {len(self.outcome.failed)} without reply", file=sys.stderr, flush=True)

    async def _one(self, chat: Chat, report: Report) -> None:
        first = f"{REWRITE}\n\n{answer_request(report.text)}"
        rewritten = await self._entry(chat, report, "rewrite", report.text, REWRITE, first, None, _check_rewrite)
        if rewritten.invalid:
            self.outcome.invalid[report.id] = f"rewrite: {rewritten.invalid}"
            return
        self.outcome.rewritten += 1
        self.outcome.words_of_change.update(rewritten.leftovers)
        self.outcome.with_words_of_change += bool(rewritten.leftovers)
        second = f"{self.instructions}\n{answer_request(rewritten.text)}"
        answered = await self._entry(chat, report, "answers", rewritten.text, self.instructions, second, self._format(), self._check_answers)
        if answered.invalid:
            self.outcome.invalid[report.id] = f"answers: {answered.invalid}"
        else:
            self.outcome.answered += 1

    async def _entry(
        self, chat: Chat, report: Report, task: Task, text: str, prompt: str, request: str, response_format: dict[str, Any] | None, check: Callable[[str], dict[str, Any]]
    ) -> Entry:
        """The journal's entry, or a new one: asked, checked, asked again with its faults, at most `reasks` times."""
        names = {"task": task, "report": digest(text), "prompt": digest(prompt), "model": self.settings.server.model}
        known = self.journal.get(task, names["report"], names["prompt"], names["model"])
        if known is not None:
            self.outcome.kept += 1
            return known
        messages: list[Message] = [{"role": "user", "content": request}]
        fault = ""
        for attempt in range(1, self.settings.reasks + 2):
            reply = await chat.ask(messages, response_format)
            try:
                entry = Entry(**names, **check(reply), attempts=attempt)  # type: ignore[arg-type]
            except InvalidReplyError as error:
                fault = str(error)
                # Only the last reply is shown again: earlier ones would fill the context.
                messages = [messages[0], {"role": "assistant", "content": reply}, {"role": "user", "content": f"{fault}\nGive the whole output again, corrected."}]
                continue
            self.journal.add(entry)
            return entry
        # What the model wrote is not kept: it may quote the report.
        entry = Entry(**names, invalid=f"{len(fault.splitlines())} faults after {self.settings.reasks + 1} attempts", attempts=self.settings.reasks + 1)  # type: ignore[arg-type]
        self.journal.add(entry)
        return entry

    def _check_answers(self, reply: str) -> dict[str, Any]:
        return {"answers": parse_answers(reply, self.settings.questions)}

    def _format(self) -> dict[str, Any] | None:
        if self.settings.json_mode == "object":
            return {"type": "json_object"}
        if self.settings.json_mode == "schema":
            return {"type": "json_schema", "json_schema": {"name": "answers", "strict": True, "schema": response_schema(self.settings.questions)}}
        return None


def _check_rewrite(reply: str) -> dict[str, Any]:
    text = reply.rpartition("</think>")[2].strip()
    if not any(letter.isalpha() for letter in text):
        raise InvalidReplyError("Your output is empty. Give the re-written report.")
    kinds = identifying(text)
    if kinds:
        raise InvalidReplyError(f"Your output still holds {', '.join(kinds)}. Leave it out.")
    return {"text": text, "leftovers": words_of_change(text)}
