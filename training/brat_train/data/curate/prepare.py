"""A data set to a training set: series chosen, patients split, shards written, reports joined, and a summary of it all.

The folder holds training and development cases, in this order; test cases have a folder `test` of their own, so that none
is trained on by a slip. A run that was killed goes on where it was; a folder made of other images or options is refused.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from brat_train.data.curate.shards import Item, ShardJob, ShardNote, write_shards
from brat_train.data.curate.split import Proportions, assign, patient_code
from brat_train.data.readers.source import SPLITS, Found, SeriesFiles, SourceCase, Split, Tally
from brat_train.data.select.choose import choose
from brat_train.text.sentences import split_report


class ReportSource(Protocol):
    """Where the text and the answers of a case come from, if not from the case itself (brat_train.reports.processed)."""

    def look_up(self, report: str) -> tuple[str, dict[str, str]] | None:
        """The rewritten report and its answers; None where it was not processed."""


@dataclass(frozen=True)
class Options:
    """How a training set is made."""

    proportions: Proportions = field(default_factory=Proportions)
    seed: int = 0
    per_shard: int = 64
    processes: int = 1
    #: Folder for the curated volumes as 16-bit NIfTI, or None.
    curated: Path | None = None


@dataclass(frozen=True)
class _Ready:
    """A case with everything decided but its voxels."""

    case: SourceCase
    split: Split
    series: SeriesFiles
    sentences: tuple[str, ...]
    answers: dict[str, str]


def prepare_set(found: Found, out: Path, options: Options, reports: ReportSource | None = None) -> dict[str, Any]:
    """Writes the set and returns its summary, which is `summary.json` as well.

    Raises ValueError if no case is left or the folder holds another set, OSError when the disk is full.
    """
    tally = found.tally
    ready = _decide(found.cases, options, reports, tally)
    if not ready:
        raise ValueError(f"no case can be used: {tally.line()}")
    for folder in (out, out / "test"):
        folder.mkdir(parents=True, exist_ok=True)
    jobs = _jobs(ready, out, options)
    _claim(out, jobs)
    notes: list[ShardNote] = []
    for note in write_shards(jobs, options.processes):
        notes.append(note)
        for case, why in note.unreadable:
            tally.add("unreadable-image", case, why)
        print(f"shard {len(notes)}/{len(jobs)}, {sum(len(one.ids) for one in notes)} cases, {tally.counts.get('unreadable-image', 0)} images unreadable", file=sys.stderr, flush=True)
    by_id = {one.case.id: one for one in ready}
    kept: dict[Split, list[_Ready]] = {split: [] for split in SPLITS}
    lines: dict[Path, list[str]] = {out: [], out / "test": []}
    for job, note in zip(jobs, notes, strict=True):
        for index, case in enumerate(note.ids):
            one = by_id[case]
            kept[one.split].append(one)
            lines[job.folder].append(json.dumps(_record(one, note.file, index), ensure_ascii=False) + "\n")
    if not any(kept.values()):
        raise ValueError(f"no image could be read: {tally.line()}")
    for folder, records in lines.items():
        _replace(folder / "reports.jsonl", "".join(records))
    summary = {
        "cases": {split: len(cases) for split, cases in kept.items()},
        "patients": {split: len({one.case.patient for one in cases}) for split, cases in kept.items()},
        "withReport": sum(bool(one.sentences) for cases in kept.values() for one in cases),
        "withAnswers": sum(bool(one.answers) for cases in kept.values() for one in cases),
        "withRegions": sum(one.case.regions is not None for cases in kept.values() for one in cases),
        "leftOut": tally.as_json(),
    }
    _replace(out / "summary.json", json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    return summary


def _decide(cases: Sequence[SourceCase], options: Options, reports: ReportSource | None, tally: Tally) -> list[_Ready]:
    out: list[_Ready] = []
    for case, split in assign(cases, options.proportions, options.seed, tally):
        series = _series(case)
        if series is None:
            tally.add("no-t1-post-contrast", case.id)
            continue
        text, answers = case.report, dict(case.answers)
        if text is not None and reports is not None:
            processed = reports.look_up(text)
            if processed is None:
                tally.add("report-not-processed", case.id)
                continue
            text, answers = processed[0], {**answers, **processed[1]}
        sentences = tuple(split_report(text)) if text is not None else ()
        if text is not None and not sentences and not case.labels:
            tally.add("empty-report", case.id)
            continue
        out.append(_Ready(case, split, series, sentences, answers))
    return out


def _series(case: SourceCase) -> SeriesFiles | None:
    if case.chosen:
        return case.series[0]
    at = choose([series.header for series in case.series], [series.uid for series in case.series])
    return None if at is None else case.series[at]


def _jobs(ready: Sequence[_Ready], out: Path, options: Options) -> list[ShardJob]:
    """Shards of one split each: training, then development in one folder, test in its own."""
    jobs: list[ShardJob] = []
    numbers = {out: 0, out / "test": 0}
    for split in SPLITS:
        members = sorted((one for one in ready if one.split == split), key=lambda one: one.case.id)
        folder = out / "test" if split == "test" else out
        for start in range(0, len(members), options.per_shard):
            items = tuple(Item(one.case.id, one.series, one.case.regions) for one in members[start : start + options.per_shard])
            jobs.append(ShardJob(folder, numbers[folder], items, options.curated))
            numbers[folder] += 1
    return jobs


def _claim(out: Path, jobs: Sequence[ShardJob]) -> None:
    """Marks the folder as this set's, so that finished shards are only kept for the same cases."""
    plan = [[job.folder.name == "test", job.number, [[item.id, item.series.uid, len(item.series.files)] for item in job.items]] for job in jobs]
    wanted = hashlib.sha256(json.dumps(plan).encode()).hexdigest()
    mark = out / "plan.json"
    if mark.is_file():
        if json.loads(mark.read_text(encoding="utf-8")).get("cases") != wanted:
            raise ValueError(f"{out} holds a set of other cases or options; choose another folder, or remove this one")
        return
    if any(out.glob("shard-*.npz")):
        raise ValueError(f"{out} holds shards that were not made by this command; choose another folder")
    _replace(mark, json.dumps({"cases": wanted}) + "\n")


def _record(one: _Ready, shard: str, index: int) -> dict[str, Any]:
    """A line of reports.jsonl, as data/training_set.py reads it."""
    return {
        "id": one.case.id,
        "patient": patient_code(one.case.patient),
        "split": one.split,
        "sentences": list(one.sentences),
        "wordings": [list(report) for report in one.case.wordings],
        "answers": one.answers,
        "labels": dict(one.case.labels),
        "series": one.series.uid,
        "shard": shard,
        "index": index,
    }


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
