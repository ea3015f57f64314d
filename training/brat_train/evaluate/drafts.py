"""Figures of drafts: against what is known of the images (`truth_figures`), and against reference reports (`finding_errors`).

The second are the finding-level figures of the paper's Table 4 (false findings, missing findings, location, severity, and
GREEN's score of them all), counted by the rules of read_findings instead of by a language model: exact where the rules read
the words, and the same on every machine. GREEN itself, by a local language model, is another module's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.evaluate.lesions import KnownLesion, Match, known_lesions, match_lesions
from brat_train.evaluate.priors import prior_mentions
from brat_train.evaluate.read_findings import NORMAL, ReadLesion, ReadReport, read_report
from brat_train.phantom.truth import QUESTIONS, size_class

Answers = Mapping[str, str]


# ---- Figure 14 -------------------------------------------------------------------------------------------------------


def findings_of(answers: Answers) -> set[tuple[str, str]]:
    """The positive findings of a study: (question, answer) pairs that a normal study does not have."""
    return {
        (question, answer)
        for question, normal in NORMAL.items()
        for answer in (part.strip() for part in answers.get(question, normal).split(";"))
        if answer and answer != normal
    }


@dataclass(frozen=True)
class FindingTable:
    """Which findings drafts tell and studies have. Shape suffixes: C cases, A answers that occur at all."""

    #: (question, answer) of each column
    findings: tuple[tuple[str, str], ...]
    told_CA: NDArray[np.bool_]
    true_CA: NDArray[np.bool_]

    @classmethod
    def of(cls, drafted: Sequence[Answers], true: Sequence[Answers]) -> FindingTable:
        """Raises ValueError if there are not as many drafts as studies."""
        if len(drafted) != len(true):
            raise ValueError(f"{len(drafted)} drafts cannot be compared with {len(true)} studies")
        told, known = [findings_of(one) for one in drafted], [findings_of(one) for one in true]
        findings = tuple(sorted(set().union(*told, *known)))
        table = [np.array([[finding in one for finding in findings] for one in rows], bool).reshape(len(rows), len(findings)) for rows in (told, known)]
        return cls(findings, *table)

    def question_f1(self, index: NDArray[np.int64] | None = None) -> dict[str, float]:
        """F1 per question: the mean over its answers, without the normal one, that are true of a study or told by a draft.

        A question of which no study and no draft has such an answer is left out. `index` picks cases, some perhaps twice.
        """
        told_CA, true_CA = (table if index is None else table[index] for table in (self.told_CA, self.true_CA))
        both_A, either_A = (told_CA & true_CA).sum(0), told_CA.sum(0) + true_CA.sum(0)
        f1_A = 2 * both_A / np.maximum(either_A, 1)
        out: dict[str, float] = {}
        for question in QUESTIONS:
            columns = [k for k, (asked, _) in enumerate(self.findings) if asked == question and either_A[k]]
            if columns:
                out[question] = float(f1_A[columns].mean())
        return out

    def macro_f1(self, index: NDArray[np.int64] | None = None) -> float:
        """Mean of `question_f1`; not-a-number where no question counts."""
        values = list(self.question_f1(index).values())
        return float(np.mean(values)) if values else float("nan")


def question_f1(drafted: Sequence[Answers], true: Sequence[Answers]) -> dict[str, float]:
    """F1 per question of drafts' answers against the studies', see FindingTable."""
    return FindingTable.of(drafted, true).question_f1()


@dataclass(frozen=True)
class ComparedDraft:
    """One draft with what is true of its study."""

    read: ReadReport
    answers: Answers
    normal: bool
    matches: tuple[Match, ...]
    mentions_priors: bool


def compare_with_truth(sentences: Sequence[str], record: Mapping[str, Any]) -> ComparedDraft:
    """Reads a draft (no sentence, if there is none) and matches its lesions with those of a phantom of truth.json."""
    read = read_report(sentences)
    return ComparedDraft(
        read=read,
        answers=record["answers"],
        normal=bool(record["normal"]),
        matches=tuple(match_lesions(read.lesions, known_lesions(record))),
        mentions_priors=bool(prior_mentions(" ".join(sentences))),
    )


def truth_figures(drafts: Sequence[ComparedDraft]) -> dict[str, float | None]:
    """findingsF1, sideAccuracy, lobeAccuracy, sizeAccuracy, normalAccuracy and priorMentions (docs/evaluation.md); None where nothing counts."""
    return {
        "findingsF1": _mean(list(question_f1([one.read.answers for one in drafts], [one.answers for one in drafts]).values())),
        "sideAccuracy": _mean([match.side_right for one in drafts for match in one.matches]),
        "lobeAccuracy": _mean([match.place_right for one in drafts for match in one.matches]),
        "sizeAccuracy": _mean([one.read.answers["size"] == one.answers["size"] for one in drafts if one.answers["enhancing"] == "Yes"]),
        "normalAccuracy": _mean([one.read.calls_normal for one in drafts if one.normal]),
        "priorMentions": sum(one.mentions_priors for one in drafts),
    }


def _mean(values: Sequence[bool | float | None]) -> float | None:
    counted = [float(value) for value in values if value is not None]
    return float(np.mean(counted)) if counted else None


# ---- against a reference report --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FindingErrors:
    """Findings of one draft against its reference: GREEN's categories (a) to (d), and the findings that are right."""

    matched: int
    false: int
    missing: int
    location: int
    severity: int

    @property
    def score(self) -> float:
        """GREEN's score: right findings among right findings and errors; 1 where there is nothing of either."""
        whole = self.matched + self.false + self.missing + self.location + self.severity
        return self.matched / whole if whole else 1.0


def finding_errors(draft: str | Sequence[str], reference: str | Sequence[str]) -> FindingErrors:
    """Compares two reports finding by finding. A finding that is there but misplaced or misjudged counts as that error alone."""
    told, known = read_report(draft), read_report(reference)
    errors = _lesion_errors(told, known)
    for finding in ("surgery", "shift", "hydrocephalus", "whiteMatter"):
        has, had = told.answers[finding] == "Yes", known.answers[finding] == "Yes"
        if has and had:
            errors.append("location" if _elsewhere(finding, told, known) else "severity" if _misjudged(finding, told, known) else "matched")
        elif has or had:
            errors.append("false" if has else "missing")
    pressed, pressed_on = ({answer for question, answer in findings_of(read.answers) if question == "compression"} for read in (told, known))
    errors += ["matched"] * len(pressed & pressed_on) + ["false"] * len(pressed - pressed_on) + ["missing"] * len(pressed_on - pressed)
    return FindingErrors(**{kind: errors.count(kind) for kind in ("matched", "false", "missing", "location", "severity")})


def _lesion_errors(told: ReadReport, known: ReadReport) -> list[str]:
    mentions, wanted = _mentions(told), _mentions(known)
    matches = match_lesions(mentions, [KnownLesion(one.place, one.size_mm, one.kind) for one in wanted])
    out = []
    for match in matches:
        if match.known is None:
            out.append("false")
        elif match.side_right is False or match.place_right is False:
            out.append("location")
        elif match.told.size_mm and match.known.size_mm and size_class(match.told.size_mm) != size_class(match.known.size_mm):
            out.append("severity")
        else:
            out.append("matched")
    return out + ["missing"] * (len(wanted) - sum(match.known is not None for match in matches))


def _mentions(read: ReadReport) -> list[ReadLesion]:
    """Lesions told one by one, and the places of lists that hold none of these, each once."""
    told = [one for one in read.lesions if not one.listed]
    places = {one.place for one in told}
    listed = {one.place: one for one in read.lesions if one.listed and one.place not in places}
    # Each stands for itself here: nothing is compared twice.
    return told + [ReadLesion(one.place, one.size_mm, one.kind, one.sentence) for one in listed.values()]


def _elsewhere(finding: str, told: ReadReport, known: ReadReport) -> bool:
    if finding == "surgery":
        return "NA" not in (told.answers["surgeryKind"], known.answers["surgeryKind"]) and told.answers["surgeryKind"] != known.answers["surgeryKind"]
    return finding == "shift" and None not in (told.shift_to, known.shift_to) and told.shift_to != known.shift_to


def _misjudged(finding: str, told: ReadReport, known: ReadReport) -> bool:
    if finding == "whiteMatter":
        return None not in (told.white_matter_grade, known.white_matter_grade) and told.white_matter_grade != known.white_matter_grade
    # Half a centimetre of midline shift is a common threshold of its severity.
    return finding == "shift" and told.shift_mm is not None and known.shift_mm is not None and (told.shift_mm > 5) != (known.shift_mm > 5)


def finding_figures(errors: Sequence[FindingErrors]) -> dict[str, float]:
    """The findings columns of Table 4: mean score, and the shares of drafts with no error of a kind.

    Raises ValueError without a draft.
    """
    if not errors:
        raise ValueError("there is no draft to compare")

    def share(kind: str) -> float:
        return float(np.mean([getattr(one, kind) == 0 for one in errors]))

    return {"score": float(np.mean([one.score for one in errors])), "noFalse": share("false"), "noMissing": share("missing"), "location": share("location"), "severity": share("severity")}
