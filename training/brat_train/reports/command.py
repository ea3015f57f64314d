"""`brat-train process-reports` and `brat-train score-reports`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

_TABLE_OPTIONS = (("--report-column", "column with the report's text"), ("--id-column", "column that names a report in messages"))


def add_process_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reports", type=Path, required=True, help="CSV or Parquet with a report a row")
    parser.add_argument("--journal", type=Path, required=True, help="file that keeps every reply; an unfinished run goes on from it")
    parser.add_argument("--base-url", default="http://localhost:8000/v1", help="server that speaks OpenAI's chat protocol")
    parser.add_argument("--model", required=True, help="the server's name of the model")
    parser.add_argument("--allow-host", help="a host other than this machine that may see the reports")
    parser.add_argument("--api-key-variable", help="environment variable with the server's key")
    parser.add_argument("--questions", choices=("paper", "complete"), default="paper", help="Figure 14 word for word, or with the places it leaves out and hydrocephalus, as the app's findings have them")
    for name, text in _TABLE_OPTIONS:
        parser.add_argument(name, help=text)
    parser.add_argument("--concurrency", type=int, default=8, help="requests at once")
    parser.add_argument("--timeout", type=float, default=300, help="seconds to wait for a reply")
    parser.add_argument("--retries", type=int, default=5, help="of a request that failed, with growing pauses")
    parser.add_argument("--reasks", type=int, default=3, help="of an invalid reply, with its faults named")
    parser.add_argument("--max-tokens", type=int, default=2048, help="of a reply")
    parser.add_argument("--json-mode", choices=("none", "object", "schema"), default="none", help="hold the server to JSON, or to the options, where it can")
    parser.add_argument("--limit", type=int, help="take this many reports at most")


def add_score_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--gold", type=Path, required=True, help="CSV or Parquet with a person's answers: a column for each question, by its id or text")
    parser.add_argument("--reports", type=Path, help="table with the report of each id, where the gold table has ids only")
    parser.add_argument("--model", help="which model's answers, if the journal holds several")
    parser.add_argument("--questions", choices=("paper", "complete"), default="paper")
    for name, text in _TABLE_OPTIONS:
        parser.add_argument(name, help=text)
    parser.add_argument("--json", action="store_true")


def run_process(options: argparse.Namespace) -> int:
    """Processes, and prints what became of the reports as JSON. Returns 75 if some are left for another run."""
    from brat_train.reports.chat import Server
    from brat_train.reports.journal import Journal
    from brat_train.reports.process import Report, Settings, process_reports
    from brat_train.reports.questions import QUESTION_SETS

    if options.concurrency < 1 or options.reasks < 0 or options.retries < 0:
        raise ValueError("--concurrency must be 1 or more, --reasks and --retries 0 or more")
    server = Server(options.base_url, options.model, options.allow_host, options.timeout, options.retries, options.max_tokens, options.api_key_variable)
    settings = Settings(server, QUESTION_SETS[options.questions], options.concurrency, options.reasks, options.json_mode)
    reports = [Report(name, text) for name, text in _texts(options.reports, options)][: options.limit]
    with Journal(options.journal) as journal:
        outcome = process_reports(reports, journal, settings)
    print(json.dumps(outcome.as_json(), indent=1))
    return 75 if outcome.failed else 0


def run_score(options: argparse.Namespace) -> None:
    """Prints accuracy and macro F1 per question."""
    from brat_train.data.readers.tables import read_table
    from brat_train.reports.processed import ProcessedReports
    from brat_train.reports.questions import QUESTION_SETS
    from brat_train.reports.score import score

    questions = QUESTION_SETS[options.questions]
    processed = ProcessedReports.read(options.journal, options.model)
    rows = read_table(options.gold)
    texts = _texts(options.gold, options) if options.reports is None else None
    by_id = None if options.reports is None else dict(_texts(options.reports, options))
    answers, gold = [], []
    for n, row in enumerate(rows):
        text = texts[n][1] if texts is not None else (by_id or {}).get(_id_of(row, n, options), "")
        found = processed.look_up(text)
        answers.append(None if found is None else found[1])
        gold.append({question.id: value for name, value in row.items() if value and (question := questions.find(name)) is not None})
    scores = score(answers, gold, questions)
    if options.json:
        print(json.dumps({**asdict(scores), "withoutAnswer": sum(not answer for answer in answers)}, indent=1))
        return
    print(f"{scores.reports} reports, {sum(not answer for answer in answers)} without a valid answer")
    print(f"{'question':16} {'reports':>7}  {'accuracy':22} macro F1")
    for one in scores.questions:
        print(f"{one.question:16} {one.reports:7}  {str(one.accuracy):22} {one.macro_f1}")
    print(f"{'all':16} {scores.reports:7}  {str(scores.accuracy):22} {scores.macro_f1}")


def _texts(table: Path, options: argparse.Namespace) -> list[tuple[str, str]]:
    from brat_train.data.readers.folder import REPORT_COLUMNS
    from brat_train.data.readers.tables import column, read_table

    rows = read_table(table)
    if not rows:
        raise ValueError(f"{table.name} has no rows")
    name = column(rows, options.report_column, REPORT_COLUMNS, "report column", table) or ""
    return [(_id_of(row, n, options), row[name]) for n, row in enumerate(rows)]


def _id_of(row: dict[str, str], n: int, options: argparse.Namespace) -> str:
    from brat_train.data.readers.folder import STUDY_COLUMNS

    if options.id_column is not None:
        if options.id_column not in row:
            raise ValueError(f"there is no column {options.id_column!r}; there are: {', '.join(row)}")
        return row[options.id_column]
    by_lower = {name.lower().replace(" ", "_"): name for name in row}
    return next((row[by_lower[name]] for name in STUDY_COLUMNS if name in by_lower and row[by_lower[name]]), f"row {n + 2}")
