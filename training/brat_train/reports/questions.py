"""The questions of the paper's Figure 14 with their options, and what counts as an answer.

`PAPER` is the figure word for word. Its options leave out places (the right temporal and left occipital lobes among them)
and it does not ask for hydrocephalus, which Figure 15 answers; `COMPLETE` has these added, and is what the app's findings and
the training of their heads expect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from brat_train.phantom.truth import MULTIPLE, OPTIONS, QUESTIONS

_YES_NO = ("Yes", "No")
#: Several kinds of surgery may be listed, too: Figure 14 separates them by semicolons.
_SEVERAL = MULTIPLE | {"surgeryKind"}


@dataclass(frozen=True)
class Question:
    """One question. The first option of those with several is the default, which excludes the others."""

    id: str
    text: str
    options: tuple[str, ...]
    several: bool

    def canonical(self, answer: object) -> str | None:
        """An answer in the options' own words, or None if it is none of them.

        Case and spaces do not count ("1 to 2 cm"). Several answers, a list or text with semicolons, come in the order of
        the options, joined by "; ".
        """
        parts = answer if isinstance(answer, list) else str(answer).split(";") if self.several else [answer]
        by_key = {_key(option): option for option in self.options}
        found = {by_key.get(_key(str(part))) for part in parts if _key(str(part))}
        if not found or None in found or (len(found) > 1 and (not self.several or self.options[0] in found)):
            return None
        return "; ".join(option for option in self.options if option in found)

    def line(self) -> str:
        """As the prompt has it: `text (options)`."""
        if self.several:
            return f"{self.text} ({self.options[0]} / {'; '.join(self.options[1:])})"
        return f"{self.text} ({' / '.join(self.options)})"


@dataclass(frozen=True)
class QuestionSet:
    """Questions by id, in the order in which they are asked."""

    name: str
    questions: tuple[Question, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        return {question.id: question for question in self.questions}

    @cached_property
    def by_key(self) -> Mapping[str, Question]:
        """Questions by id and by text, however cased and spaced."""
        return {key: question for question in self.questions for key in (_key(question.id), _key(question.text))}

    def find(self, name: str) -> Question | None:
        """The question that a key of the model's JSON, or a column, names: its id, its text, or the text with its options or number."""
        bare = re.sub(r"^\(?[a-z0-9]{1,2}[.)]\s*|\s*\([^()]*/[^()]*\)\s*$", "", name.strip())
        return self.by_key.get(_key(name)) or self.by_key.get(_key(bare))


def _key(text: str) -> str:
    return re.sub(r"[\s.]+", "", text).casefold()


def _set(name: str, options: Mapping[str, tuple[str, ...]]) -> QuestionSet:
    return QuestionSet(name, tuple(Question(key, QUESTIONS[key], options[key], key in _SEVERAL) for key in QUESTIONS if key in options))


COMPLETE = _set("complete", OPTIONS)
PAPER = _set(
    "paper",
    {
        "surgery": _YES_NO,
        "surgeryKind": (
            "NA", "left frontal craniotomy", "right frontal craniotomy", "left parietal craniotomy", "right parietal craniotomy",
            "left temporal or pterional craniotomy", "right temporal or pterional craniotomy", "right occipital craniotomy",
        ),
        "enhancing": _YES_NO,
        "size": OPTIONS["size"],
        "side": OPTIONS["side"],
        "locations": (
            "NA", "Left frontal lobe", "Right frontal lobe", "Left parietal lobe", "Right parietal lobe", "Left temporal lobe", "Right occipital lobe",
            "Left thalamus or basal ganglia", "Right thalamus or basal ganglia", "Cerebellum", "brainstem", "cervical spinal cord",
        ),
        "count": OPTIONS["count"],
        "shift": _YES_NO,
        "whiteMatter": _YES_NO,
        "pituitaryNormal": _YES_NO,
        "sella": _YES_NO,
        "compression": OPTIONS["compression"],
    },
)  # fmt: skip
QUESTION_SETS: Mapping[str, QuestionSet] = {"paper": PAPER, "complete": COMPLETE}
