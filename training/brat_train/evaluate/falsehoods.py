"""False versions of true report sentences: a wrong side, a wrong place, or a wrong finding. For testing whether the app's
sentence support tells them from the true ones.

Sides and places are changed in the sentence itself (brat_train.text.falsify). A wrong finding is a sentence of another
phantom's report that says the opposite: hydrocephalus where there is none, no lesion where there is one. A version that
might be true of the study after all, since it has other lesions, is left out.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from brat_train.evaluate.lesions import known_lesions
from brat_train.evaluate.read_findings import read_report
from brat_train.text.falsify import wrong_place, wrong_side

Kind = Literal["side", "place", "finding"]
#: Findings that a sentence may affirm or deny.
_OPPOSABLE = ("lesion", "shift", "hydrocephalus", "whiteMatter", "sella", "surgery")
#: A sentence that counts lesions, or says that all is normal, is refuted by one about lesions.
_REFUTED_BY = {"count": "lesion", "normal": "lesion", "moreLesions": "lesion"}

#: (finding, present) to sentences that say so, each without any other finding.
Donors = Mapping[tuple[str, bool], Sequence[str]]


@dataclass(frozen=True)
class Falsehood:
    """A true sentence and what was made of it."""

    true: str
    false: str
    kind: Kind


def donors(records: Sequence[Mapping[str, Any]]) -> dict[tuple[str, bool], list[str]]:
    """Sentences of phantoms' reports by the one finding that each affirms or denies."""
    found: dict[tuple[str, bool], list[str]] = {}
    for record in records:
        for sentence, facts in zip(record["sentences"], record["facts"], strict=True):
            named = {fact["finding"] for fact in facts} - {"edema", "compression"}
            if len(named) == 1 and not any(fact.get("largest") for fact in facts):
                fact = facts[0]
                finding = "sella" if fact.get("kind") == "sellar" else fact["finding"]
                if finding in _OPPOSABLE:
                    found.setdefault((finding, fact["present"]), []).append(sentence)
    return found


def falsehoods(record: Mapping[str, Any], pool: Donors) -> list[Falsehood]:
    """For each sentence of a phantom's report one false version, of a kind drawn by the phantom's seed; none where none can be made."""
    rng = random.Random(record["seed"])
    out = []
    for sentence, facts in zip(record["sentences"], record["facts"], strict=True):
        kinds: list[Kind] = ["side", "place", "finding"]
        rng.shuffle(kinds)
        for kind in kinds:
            changed = _changed(kind, sentence, facts, record, pool, rng)
            if changed is not None and changed != sentence:
                out.append(Falsehood(sentence, changed, kind))
                break
    return out


def _changed(kind: Kind, sentence: str, facts: Sequence[Mapping[str, Any]], record: Mapping[str, Any], pool: Donors, rng: random.Random) -> str | None:
    if kind == "finding":
        return _opposite(facts, pool, rng)
    changed = wrong_side(sentence) if kind == "side" else wrong_place(sentence, rng)
    return changed if changed is not None and not may_be_true(changed, record) else None


def _opposite(facts: Sequence[Mapping[str, Any]], pool: Donors, rng: random.Random) -> str | None:
    """A sentence that denies what the facts affirm first, or affirms what they deny."""
    if not facts:
        return None
    first = facts[0]
    finding = "sella" if first.get("kind") == "sellar" else _REFUTED_BY.get(first["finding"], first["finding"])
    present = first["finding"] != "normal" and bool(first["present"])
    choices = pool.get((finding, not present), ())
    return rng.choice(list(choices)) if finding in _OPPOSABLE and choices else None


def may_be_true(changed: str, record: Mapping[str, Any]) -> bool:
    """Whether every place that a changed sentence gives to a lesion holds one; what it says beside that was true and no longer is."""
    told = [lesion.place for lesion in read_report([changed]).lesions if lesion.place is not None]
    if not told:
        return False
    known = [lesion.place for lesion in known_lesions(record) if lesion.place is not None]
    return all(any(place.name == other.name and place.side in (None, other.side) for other in known) for place in told)
