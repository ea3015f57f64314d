"""GREEN: a language model counts what a draft gets right and wrong against its report (Ostmeier et al., EMNLP 2024).

GREEN is matched findings over matched findings plus clinically significant errors; beside it stands, for each kind of
error, the share of drafts without one. Any local server that speaks OpenAI's protocol can be the judge. The prompt asks in
our words for the answer's format of the published one; a model fine-tuned on the published prompt wants that one, in a file.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from brat_train.metrics.bootstrap import Interval, bootstrap_mean

if TYPE_CHECKING:
    from brat_train.reports.chat import Chat, Server

#: Kinds of errors in the order of their letters, (a) to (f). The last two speak of earlier examinations.
ERRORS = ("falseFinding", "missingFinding", "location", "severity", "madeUpComparison", "missingComparison")

PROMPT = """You judge a radiology report that a program drafted (the candidate) against the report that a radiologist wrote of the same images (the reference). Judge findings, not style.

Count the candidate's errors, those that matter clinically apart from those that do not, by kind:
(a) False report of a finding in the candidate
(b) Missing a finding present in the reference
(c) Misidentification of a finding's anatomic location/position
(d) Misassessment of the severity of a finding
(e) Mentioning a comparison that isn't in the reference
(f) Omitting a comparison detailing a change from a prior study
Count as well the findings on which both agree.

Reference report:
{reference}

Candidate report:
{candidate}

Answer in exactly this form, with all six kinds and a number for each, 0 included:
[Explanation]:
<what you compared>

[Clinically Significant Errors]:
(a) <kind>: <number>. <error>; <error>
...
(f) <kind>: <number>. <error>; <error>

[Clinically Insignificant Errors]:
(a) <kind>: <number>. <error>; <error>
...
(f) <kind>: <number>. <error>; <error>

[Matched Findings]:
<number>. <finding>; <finding>
"""


@dataclass(frozen=True)
class Judgement:
    """What a reply counted."""

    #: clinically significant errors, in the order of ERRORS
    significant: tuple[int, ...]
    matched: int

    @property
    def green(self) -> float:
        """0..1; 0 where nothing matched, as published."""
        return self.matched / (self.matched + sum(self.significant)) if self.matched else 0.0


def read_prompt(path: Path) -> str:
    """A prompt of one's own. Raises ValueError unless it holds {reference} and {candidate} once each."""
    text = path.read_text(encoding="utf-8")
    if text.count("{reference}") != 1 or text.count("{candidate}") != 1:
        raise ValueError(f"{path} must hold {{reference}} and {{candidate}} once each")
    return text


def fill(prompt: str, reference: str, candidate: str) -> str:
    """The prompt with both reports in it. A report's own braces are left alone."""
    before, _, after = prompt.partition("{reference}")
    if "{candidate}" in before:
        first, _, between = before.partition("{candidate}")
        return f"{first}{candidate}{between}{reference}{after}"
    between, _, end = after.partition("{candidate}")
    return f"{before}{reference}{between}{candidate}{end}"


def read_reply(reply: str) -> Judgement:
    """Counts of a reply. Raises ValueError saying what it lacks: it is then no judgement, not one of zero errors."""
    significant = _section(reply, "Clinically Significant Errors")
    matched = _section(reply, "Matched Findings")
    counts = {letter: int(number) for letter, number in re.findall(r"\(([a-f])\)[^:\n]*:\s*(\d+)", significant)}
    if not counts and not re.match(r"\W*(no|none)\b", significant, re.IGNORECASE):
        raise ValueError("no counts of significant errors")
    agreed = re.match(r"\W*(\d+)\b", matched)
    if agreed is None and not re.match(r"\W*(no|none)\b", matched, re.IGNORECASE):
        raise ValueError("no count of matched findings")
    return Judgement(tuple(counts.get(letter, 0) for letter in "abcdef"), int(agreed[1]) if agreed else 0)


def _section(reply: str, name: str) -> str:
    # The last one: a model may repeat the form before it fills it in.
    found = re.findall(rf"\[{name}\]\s*:?(.*?)(?=\n\s*\[[A-Z]|```|\Z)", reply, re.DOTALL | re.IGNORECASE)
    if not found:
        raise ValueError(f"no [{name}]")
    return str(found[-1]).strip()


@dataclass(frozen=True)
class GreenFigures:
    """Table 4's columns. Drafts without a judgement are in none of the figures; `unjudged` says which and why."""

    green: Interval
    #: By kind of error: the share of judged drafts without a significant one.
    without: dict[str, float]
    judged: int
    unjudged: dict[int, str]
    judgements: dict[int, Judgement]


def green_figures(drafts: Sequence[str], reports: Sequence[str], server: Server, prompt: str = PROMPT, concurrency: int = 8) -> GreenFigures:
    """Has every draft judged against its report.

    Raises ValueError if the lists differ in length or no reply could be read, ServerError if no request would have a reply.
    """
    if len(drafts) != len(reports) or not drafts:
        raise ValueError(f"{len(drafts)} drafts cannot be compared with {len(reports)} reports")
    judgements, unjudged = asyncio.run(_judge_all(drafts, reports, server, prompt, concurrency))
    if not judgements:
        raise ValueError(f"the model {server.model!r} judged none of {len(drafts)} drafts: {next(iter(unjudged.values()))}")
    kept = [judgements[number] for number in sorted(judgements)]
    without = {name: float(np.mean([each.significant[at] == 0 for each in kept])) for at, name in enumerate(ERRORS)}
    return GreenFigures(bootstrap_mean(np.array([each.green for each in kept])), without, len(kept), unjudged, judgements)


async def _judge_all(drafts: Sequence[str], reports: Sequence[str], server: Server, prompt: str, concurrency: int) -> tuple[dict[int, Judgement], dict[int, str]]:
    from brat_train.reports.chat import Chat, first_of

    judgements: dict[int, Judgement] = {}
    unjudged: dict[int, str] = {}
    queue = iter(range(len(drafts)))
    async with Chat(server) as chat:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(max(1, min(concurrency, len(drafts)))):
                    group.create_task(_work(chat, queue, drafts, reports, prompt, judgements, unjudged))
        except BaseExceptionGroup as several:
            raise first_of(several) from None
    return judgements, unjudged


async def _work(chat: Chat, queue: Iterator[int], drafts: Sequence[str], reports: Sequence[str], prompt: str, judgements: dict[int, Judgement], unjudged: dict[int, str]) -> None:
    from brat_train.reports.chat import ReplyError

    for number in queue:
        try:
            judgements[number] = read_reply(await chat.ask([{"role": "user", "content": fill(prompt, reports[number], drafts[number])}]))
        except (ReplyError, ValueError) as error:
            unjudged[number] = str(error)
        done = len(judgements) + len(unjudged)
        if done % max(1, len(drafts) // 10) == 0:
            print(f"drafts judged {done}/{len(drafts)}, {len(unjudged)} without a judgement", file=sys.stderr, flush=True)
