"""The figures of a demo pack, from what the app's command line said of phantoms: `python -m brat_train.evaluate.demo`.

scripts/evalDemo.ts runs the three parts with the app between them: `phantoms` writes the studies, `questions` writes what
the app is asked, `figures` reads its answers. docs/evaluation.md defines every figure. Nothing here runs a model.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.evaluate.drafts import FindingTable, compare_with_truth, finding_errors, finding_figures, truth_figures
from brat_train.evaluate.falsehoods import Falsehood, donors, falsehoods
from brat_train.metrics.bootstrap import bootstrap
from brat_train.metrics.retrieval import finding_labels, retrieval_intervals
from brat_train.phantom import ARCHIVE_SEED_START, STUDY_SEED_START, TEST_SEED_START, TRAINING_SEED_LIMIT

Record = Mapping[str, Any]
RETRIEVAL = ("r1", "r5", "r10", "medianRank", "meanRank", "r5f", "p5f")
RESAMPLES = 1000
#: Phantoms whose sentences refute others; of seeds far from any that are evaluated.
_DONOR_SEED, _DONORS = 9_000_000, 300


# ---- what the app is given -------------------------------------------------------------------------------------------


def check_seeds(seed: int, count: int) -> None:
    """Raises ValueError, saying what they are for, if the seeds are not those of tests."""
    if count < 1:
        raise ValueError(f"--count {count} must be 1 or more")
    if seed >= TEST_SEED_START:
        return
    what = (
        "of training" if 0 <= seed < TRAINING_SEED_LIMIT
        else "of the demonstration's archive" if ARCHIVE_SEED_START <= seed < STUDY_SEED_START
        else "of the demonstration's studies" if STUDY_SEED_START <= seed
        else "not of tests"
    )  # fmt: skip
    raise ValueError(f"seed {seed} is {what}: figures on it would say nothing about new cases. Test seeds begin at {TEST_SEED_START}")


def make_phantoms(seed: int, count: int, out: Path, processes: int) -> list[dict[str, Any]]:
    """The phantoms of a folder, written there unless they are there already. Raises ValueError for seeds that are not for tests."""
    from brat_train.phantom.studies import write_studies

    check_seeds(seed, count)
    truth = out / "truth.json"
    if truth.is_file():
        known = json.loads(truth.read_text(encoding="utf-8"))
        if (known["seed"], known["count"]) == (seed, count):
            return list(known["phantoms"])
    return write_studies(seed, count, out, processes)


def read_truth(phantoms: Path) -> list[dict[str, Any]]:
    """The records of truth.json. Raises ValueError for another kind of file."""
    truth = json.loads((phantoms / "truth.json").read_text(encoding="utf-8"))
    if truth.get("format") != "brat-phantom-truth/1":
        raise ValueError(f"{phantoms / 'truth.json'} is no brat-phantom-truth/1")
    return list(truth["phantoms"])


def write_questions(records: Sequence[Record], out: Path) -> None:
    """Writes queries.jsonl for `brat search`, statements.jsonl for `brat ground`, and falsehoods.json, which `figures` needs again."""
    out.mkdir(parents=True, exist_ok=True)
    found = [record for record in records if not record["normal"]]
    queries = [{"text": " ".join(record["sentences"])} for record in found] + [{"study": record["studyUid"]} for record in found]
    _write_lines(out / "queries.jsonl", queries)
    pool = donors(_donor_records())
    made = {record["studyUid"]: falsehoods(record, pool) for record in records}
    _write_lines(out / "statements.jsonl", [{"study": study, "sentences": [text for one in pairs for text in (one.true, one.false)]} for study, pairs in made.items() if pairs])
    (out / "falsehoods.json").write_text(json.dumps({study: [asdict(one) for one in pairs] for study, pairs in made.items()}) + "\n", encoding="utf-8")


def _donor_records() -> list[dict[str, Any]]:
    from brat_train.phantom.scene import draw_scene
    from brat_train.phantom.shards import scene_record

    return [scene_record(draw_scene(_DONOR_SEED + k)) for k in range(_DONORS)]


def _write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


# ---- what it answered ------------------------------------------------------------------------------------------------


def retrieval_scores(records: Sequence[Record], ranked: Mapping[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores [images, reports] as text queries and as image queries have them. A pair the app does not rank scores -2, below any cosine.

    `ranked` is the output of `brat search --queries` on write_questions' file.
    """
    at = {record["studyUid"]: number for number, record in enumerate(records)}
    of_text = {" ".join(record["sentences"]): number for number, record in enumerate(records)}
    by_text, by_image = (np.full((len(records), len(records)), -2.0) for _ in range(2))
    for answer in ranked["answers"]:
        query = answer["query"]
        for case in answer["cases"]:
            if (other := at.get(case["case"])) is None:
                continue
            if "text" in query:
                by_text[other, of_text[query["text"]]] = case["similarity"]
            else:
                by_image[at[query["study"]], other] = case["similarity"]
    return by_text, by_image


class Measured:
    """A figure with its 95% interval; both None where nothing counts."""

    def __init__(self, statistic: Callable[[NDArray[np.int64]], float], cases: int, resamples: int) -> None:
        self.value: float | None = None
        self.interval: list[float] | None = None
        if cases:
            found = bootstrap(statistic, cases, resamples)
            if np.isfinite(found.value):
                self.value = found.value
                self.interval = [found.low, found.high] if np.isfinite(found.low) else None


def _pooled(per_case: Sequence[Sequence[bool]], resamples: int) -> Measured:
    """Share of what is right among all of all cases, with cases drawn anew."""
    right, asked = (np.array([f(values) for values in per_case], float) for f in (sum, len))
    counted = asked > 0
    right, asked = right[counted], asked[counted]
    return Measured(lambda index: float(right[index].sum() / asked[index].sum()), len(asked), resamples)


def _retrieval(records: Sequence[Record], ranked: Mapping[str, Any] | None, resamples: int) -> tuple[dict[str, Any], dict[str, Any]]:
    found = [record for record in records if not record["normal"]]
    figures: dict[str, Any] = {}
    intervals: dict[str, Any] = {}
    if ranked is None or not found:
        empty: dict[str, None] = dict.fromkeys(RETRIEVAL)
        return {"textToImage": empty, "imageToText": empty}, {}
    by_text, by_image = retrieval_scores(found, ranked)
    labels = finding_labels([record["answers"] for record in found])
    for name, measured in (
        ("textToImage", retrieval_intervals(by_text, labels, resamples).text_to_image),
        ("imageToText", retrieval_intervals(by_image, labels, resamples).image_to_text),
    ):
        figures[name] = {key: measured[key].value for key in RETRIEVAL}
        intervals[name] = {key: [measured[key].low, measured[key].high] for key in RETRIEVAL}
    return figures, intervals


def support_scores(grounded: Mapping[str, Any], made: Mapping[str, Sequence[Falsehood]]) -> list[list[tuple[Falsehood, float, float]]]:
    """Per study, each pair with the support of its true and its false sentence. `grounded` is the output of `brat ground --lines`."""
    out = []
    for report in grounded["reports"]:
        best = [sentence["best"] for sentence in report["sentences"]]
        pairs = made[report["study"]]
        if len(best) != 2 * len(pairs):
            raise ValueError(f"{len(best)} sentences of study {report['study']} are grounded, {2 * len(pairs)} were asked for")
        out.append([(pair, float(best[2 * k]), float(best[2 * k + 1])) for k, pair in enumerate(pairs)])
    return out


def _flags(scored: Sequence[Sequence[tuple[Falsehood, float, float]]], resamples: int, kind: str | None = None) -> Measured:
    from brat_train.train.evaluate import auroc

    kept = [np.array(rows) for study in scored if (rows := [(true, false) for pair, true, false in study if kind in (None, pair.kind)])]

    def statistic(index: NDArray[np.int64]) -> float:
        rows = np.concatenate([kept[number] for number in index])
        return auroc(rows[:, 0], rows[:, 1])

    return Measured(statistic, len(kept), resamples)


def has_answer(answers: Mapping[str, str], question: str, answer: str) -> bool:
    """Whether an answer is among those to a question; several are joined by semicolons."""
    return answer in [part.strip() for part in answers.get(question, "").split(";")]


def _head_auc(records: Sequence[Record], drafts: Mapping[str, Record], resamples: int) -> tuple[Measured, dict[str, float]]:
    """Mean AUROC over the heads of which the studies hold both kinds, and that of each."""
    from brat_train.train.evaluate import auroc

    judged = [(record["answers"], found) for record in records if (found := drafts.get(record["studyUid"], {}).get("findings"))]
    if not judged:
        return Measured(lambda index: float("nan"), 0, resamples), {}
    names = [(one["question"], one["answer"]) for one in judged[0][1]]
    score_CF = np.array([[one["probability"] for one in found] for _, found in judged])
    true_CF = np.array([[has_answer(answers, question, answer) for question, answer in names] for answers, _ in judged])

    def each(index: NDArray[np.int64]) -> list[float]:
        return [auroc(score_CF[index][true_CF[index, f], f], score_CF[index][~true_CF[index, f], f]) for f in range(len(names))]

    def statistic(index: NDArray[np.int64]) -> float:
        values = [value for value in each(index) if np.isfinite(value)]
        return float(np.mean(values)) if values else float("nan")

    every = dict(zip((f"{question}: {answer}" for question, answer in names), each(np.arange(len(judged)))))
    return Measured(statistic, len(judged), resamples), {name: value for name, value in every.items() if np.isfinite(value)}


def demo_figures(
    records: Sequence[Record],
    drafted: Mapping[str, Any],
    ranked: Mapping[str, Any] | None,
    grounded: Mapping[str, Any] | None,
    made: Mapping[str, Sequence[Falsehood]],
    lesion_dice: Sequence[float] | None = None,
    resamples: int = RESAMPLES,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures of docs/evaluation.md, and details for whoever wants to know where they come from.

    @param drafted output of `brat draft --each`; a study without a draft counts as one that says nothing
    @param lesion_dice lesion-wise Dice of each study that has a lesion or is given one; None if the pack finds no lesions
    """
    drafts: dict[str, Record] = {draft["study"]["uid"]: draft for draft in drafted["drafts"]}
    written = [_sentences(drafts.get(record["studyUid"], {})) for record in records]
    compared = [compare_with_truth(sentences, record) for sentences, record in zip(written, records)]
    values = truth_figures(compared)
    table = FindingTable.of([one.read.answers for one in compared], [one.answers for one in compared])
    measured = {
        "findingsF1": Measured(table.macro_f1, len(compared), resamples),
        "sideAccuracy": _pooled([[match.side_right for match in one.matches if match.side_right is not None] for one in compared], resamples),
        "lobeAccuracy": _pooled([[match.place_right for match in one.matches if match.place_right is not None] for one in compared], resamples),
        "sizeAccuracy": _pooled([[one.read.answers["size"] == one.answers["size"]] for one in compared if one.answers["enhancing"] == "Yes"], resamples),
        "normalAccuracy": _pooled([[one.read.calls_normal] for one in compared if one.normal], resamples),
    }
    retrieval, retrieval_ranges = _retrieval(records, ranked, resamples)
    scored = [] if grounded is None else support_scores(grounded, made)
    flags = _flags(scored, resamples)
    dice = np.array(lesion_dice if lesion_dice is not None else [], float)
    dices = Measured(lambda index: float(dice[index].mean()), len(dice), resamples)
    heads, each_head = _head_auc(records, drafts, resamples)
    figures = {
        **{name: one.value for name, one in measured.items()},
        "priorMentions": values["priorMentions"],
        **retrieval,
        "flagAuroc": flags.value,
        "lesionDice": dices.value,
        "headAuc": heads.value,
        "count": len(records),
        "intervals": {**{name: one.interval for name, one in {**measured, "flagAuroc": flags, "lesionDice": dices, "headAuc": heads}.items() if one.interval}, **retrieval_ranges},
    }
    return figures, {
        "drafts": len(drafts),
        "withoutDraft": len(records) - sum(bool(sentences) for sentences in written),
        "withheld": sum(bool(draft.get("withheld")) for draft in drafts.values()),
        "failed": drafted.get("failed", []),
        "unreadSentences": sum(len(one.read.unknown) for one in compared),
        "sentences": sum(map(len, written)),
        "questionF1": table.question_f1(),
        "lesionsMentioned": sum(len(one.matches) for one in compared),
        "lesionsBeyondTrue": sum(match.known is None for one in compared for match in one.matches),
        "againstReports": finding_figures([finding_errors(sentences, record["sentences"]) for sentences, record in zip(written, records)]),
        "flagAurocByKind": {kind: _flags(scored, 1, kind).value for kind in ("side", "place", "finding")} if scored else {},
        "headAucs": each_head,
    }


def _sentences(draft: Record) -> list[str]:
    return [sentence["text"] for sentence in draft.get("sentences") or []]


# ---- the command -----------------------------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> None:
    """Runs one part. Errors the reader can act on end with one line and code 1."""
    options = _parser().parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # one phantom per core is fastest; read by the worker processes
    try:
        options.run(options)
    except (OSError, ValueError, KeyError) as error:
        print(f"evaluate {options.part}: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m brat_train.evaluate.demo", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    phantoms = parts.add_parser("phantoms", help="write the phantoms, unless they are there")
    phantoms.add_argument("--seed", type=int, required=True)
    phantoms.add_argument("--count", type=int, required=True)
    phantoms.add_argument("--out", type=Path, required=True)
    phantoms.add_argument("--processes", type=int, default=1)
    phantoms.set_defaults(run=lambda options: make_phantoms(options.seed, options.count, options.out, options.processes))
    questions = parts.add_parser("questions", help="write what the app is asked")
    questions.add_argument("--phantoms", type=Path, required=True)
    questions.add_argument("--out", type=Path, required=True)
    questions.set_defaults(run=lambda options: write_questions(read_truth(options.phantoms), options.out))
    figures = parts.add_parser("figures", help="print the figures of what it answered")
    figures.add_argument("--phantoms", type=Path, required=True)
    figures.add_argument("--answers", type=Path, required=True, help="folder with drafts.json, ranked.json and grounded.json, and lesions/ if the pack finds any")
    figures.add_argument("--processes", type=int, default=1)
    figures.add_argument("--details", type=Path, help="file for what the figures are made of")
    figures.set_defaults(run=_figures)
    return parser


def _figures(options: argparse.Namespace) -> None:
    from brat_train.evaluate.masks import app_masks, lesion_dices, true_masks

    records, answers = read_truth(options.phantoms), options.answers
    made = {study: [Falsehood(**one) for one in pairs] for study, pairs in json.loads((answers / "falsehoods.json").read_text(encoding="utf-8")).items()}
    ranked, grounded = (json.loads(path.read_text(encoding="utf-8")) if (path := answers / name).is_file() else None for name in ("ranked.json", "grounded.json"))
    drafted = json.loads((answers / "drafts.json").read_text(encoding="utf-8"))
    found = app_masks(drafted["drafts"], answers / "lesions")
    dice = lesion_dices(records, found, true_masks([record["seed"] for record in records], options.phantoms / "masks.npz", options.processes)) if found else None
    figures, details = demo_figures(records, drafted, ranked, grounded, made, dice)
    if options.details:
        options.details.write_text(json.dumps(details, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
