"""How often a model's answers are those of a person: per question accuracy and macro F1, with bootstrap intervals over reports.

The paper measured 96% on 50 reports (3.1). An answer that could not be had counts as wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brat_train.metrics.bootstrap import Interval, bootstrap
from brat_train.reports.questions import Question, QuestionSet


@dataclass(frozen=True)
class QuestionScore:
    """One question over all reports that have a gold answer to it."""

    question: str
    reports: int
    accuracy: Interval
    #: Mean over the options that a person or the model chose; for several answers, each option is one thing to find.
    macro_f1: Interval


@dataclass(frozen=True)
class Scores:
    """Everything that was measured."""

    reports: int
    #: All answers together.
    accuracy: Interval
    macro_f1: Interval
    questions: tuple[QuestionScore, ...]


def score(answers: Sequence[Mapping[str, str] | None], gold: Sequence[Mapping[str, str]], questions: QuestionSet, resamples: int = 1000) -> Scores:
    """Answers and gold by question id, report by report; None where the model gave nothing valid.

    Raises ValueError if there is no gold answer, or one is not among the options.
    """
    asked = [question for question in questions.questions if any(question.id in row for row in gold)]
    if not asked:
        raise ValueError(f"the gold table answers none of the questions of {questions.name!r}: {', '.join(question.id for question in questions.questions)}")
    given = {question.id: _table(question, answers, gold) for question in asked}
    count = len(gold)
    right = np.array([[given[question.id].right[n] for question in asked] for n in range(count)])  # nan where no gold

    def overall(index: NDArray[np.int64]) -> float:
        return float(np.nanmean(right[index])) if np.isfinite(right[index]).any() else float("nan")

    def mean_f1(index: NDArray[np.int64]) -> float:
        values = np.array([given[question.id].macro_f1(index) for question in asked])
        return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")

    by_question = []
    for question in asked:
        table = given[question.id]
        rows = np.flatnonzero(np.isfinite(table.right))
        accuracy = bootstrap(lambda index, table=table, rows=rows: float(table.right[rows[index]].mean()), len(rows), resamples)
        macro = bootstrap(lambda index, table=table, rows=rows: table.macro_f1(rows[index]), len(rows), resamples)
        by_question.append(QuestionScore(question.id, len(rows), accuracy, macro))
    return Scores(count, bootstrap(overall, count, resamples), bootstrap(mean_f1, count, resamples), tuple(by_question))


@dataclass(frozen=True)
class _Table:
    """Reports by options, as true and false."""

    said: NDArray[np.bool_]
    true: NDArray[np.bool_]
    #: Per report 1 or 0; nan where there is no gold answer.
    right: NDArray[np.float64]

    def macro_f1(self, index: NDArray[np.int64]) -> float:
        index = index[np.isfinite(self.right[index])]
        said, true = self.said[index], self.true[index]
        hits, chosen = (said & true).sum(0), said.sum(0) + true.sum(0)
        occurs = chosen > 0
        return float((2 * hits[occurs] / chosen[occurs]).mean()) if occurs.any() else float("nan")


def _table(question: Question, answers: Sequence[Mapping[str, str] | None], gold: Sequence[Mapping[str, str]]) -> _Table:
    shape = (len(gold), len(question.options))
    said, true, right = np.zeros(shape, bool), np.zeros(shape, bool), np.full(len(gold), np.nan)
    for n, (answer, row) in enumerate(zip(answers, gold, strict=True)):
        if question.id not in row:
            continue
        wanted = question.canonical(row[question.id])
        if wanted is None:
            raise ValueError(f"gold report {n + 1}: {row[question.id]!r} is no option of {question.text!r}")
        got = question.canonical(answer[question.id]) if answer is not None and question.id in answer else None
        true[n] = [option in wanted.split("; ") for option in question.options]
        said[n] = [got is not None and option in got.split("; ") for option in question.options]
        right[n] = float(got == wanted)
    return _Table(said, true, right)
