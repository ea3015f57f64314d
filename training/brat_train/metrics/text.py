"""Words against words: BLEU, ROUGE-L, CIDEr and METEOR of drafts against reports (paper, Table 4).

The numbers are pycocoevalcap's, the set that Table 4 shows and that nearly every captioning paper uses. Its word splitter
and METEOR 1.5 run in Java; the package brings their files, so nothing is downloaded. Words are split here without Java,
and METEOR is left out by name where there is no Java.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

#: Numbers with a decimal point, and words with inner hyphens or apostrophes, stay whole; punctuation goes, as in the
#: Penn Treebank splitter of the captioning benchmarks.
_WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+(?:[-'’][^\W_]+)*")


def words(text: str) -> str:
    """A text in lower case with one space between words and no punctuation."""
    return " ".join(_WORD.findall(text.lower()))


@dataclass(frozen=True)
class TextFigures:
    """Figures of all drafts together. `cider` is CIDEr-D on its usual scale of 0 to 10."""

    bleu1: float
    bleu2: float
    bleu3: float
    bleu4: float
    rouge_l: float
    cider: float
    #: None where it could not be computed; `left_out` says why.
    meteor: float | None
    left_out: tuple[str, ...] = ()


def text_figures(drafts: Sequence[str], reports: Sequence[str], with_meteor: bool = True) -> TextFigures:
    """Corpus figures of drafts, each against its report. An empty draft counts, as one that says nothing.

    CIDEr weighs words by the reports at hand, so its numbers compare only on the same cases.
    Raises ValueError if the lists differ in length or are empty, or a report has no word.
    """
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    if len(drafts) != len(reports) or not drafts:
        raise ValueError(f"{len(drafts)} drafts cannot be compared with {len(reports)} reports")
    truth = {number: [words(report)] for number, report in enumerate(reports)}
    empty = [number for number, (report,) in truth.items() if not report]
    if empty:
        raise ValueError(f"reports {empty[:5]} have no word")
    written = {number: [words(draft)] for number, draft in enumerate(drafts)}
    bleu, _ = Bleu(4).compute_score(truth, written, verbose=0)
    rouge, _ = Rouge().compute_score(truth, written)
    cider, _ = Cider().compute_score(truth, written)
    meteor, why = _meteor(truth, written) if with_meteor else (None, "not asked for")
    return TextFigures(*(float(value) for value in bleu), float(rouge), float(cider), meteor, () if meteor is not None else (f"METEOR: {why}",))


def _meteor(truth: dict[int, list[str]], written: dict[int, list[str]]) -> tuple[float | None, str]:
    """METEOR 1.5, or why not."""
    if shutil.which("java") is None:
        return None, "there is no Java (apt-get install default-jre-headless)"
    from pycocoevalcap.meteor.meteor import Meteor

    scorer = Meteor()
    try:
        score, _ = scorer.compute_score(truth, written)
    except (OSError, ValueError) as error:
        # The scorer holds its lock when it fails, and would wait for it for ever when it is collected.
        if scorer.lock.locked():
            scorer.lock.release()
        return None, f"Java's METEOR failed ({error})"
    return float(score), ""
