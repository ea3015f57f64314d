"""Which lesion of a draft is which true one, and whether its side and place are right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from brat_train.evaluate.places import Place, places
from brat_train.evaluate.read_findings import ReadLesion


@dataclass(frozen=True)
class KnownLesion:
    """A lesion that a draft's are held to: a true one, or one that a reference report tells."""

    place: Place | None
    size_mm: float | None
    kind: str | None


def known_lesions(record: Mapping[str, Any]) -> list[KnownLesion]:
    """The lesions of one phantom of truth.json, the biggest first."""
    known = [
        KnownLesion(Place(places(lesion["location"])[0].name, lesion["side"]), float(lesion["sizeMm"]), lesion["kind"])
        for lesion in record["lesions"]
    ]
    return sorted(known, key=lambda one: -(one.size_mm or 0))


@dataclass(frozen=True)
class Match:
    """A lesion of a draft and the known one it is taken for; None where every known one is taken already."""

    told: ReadLesion
    known: KnownLesion | None

    @property
    def side_right(self) -> bool | None:
        """None where no side is told, or nothing is there to compare with."""
        if self.known is None or self.known.place is None or self.told.place is None or self.told.place.side not in ("left", "right"):
            return None
        return self.told.place.side == self.known.place.side

    @property
    def place_right(self) -> bool | None:
        """Lobe, or what stands for it (thalamus or basal ganglia, cerebellum, brainstem, sella), whichever side; None as above."""
        if self.known is None or self.known.place is None or self.told.place is None:
            return None
        return self.told.place.name == self.known.place.name


def match_lesions(told: Sequence[ReadLesion], known: Sequence[KnownLesion]) -> list[Match]:
    """Each lesion of a draft with a known one, one to one, so that the whole agrees best in place, side, size and kind.

    One that is said to be the largest is held to the largest in the brain. Places out of a list of several lesions are matched for
    themselves, beside the lesions told one by one: a list and a sentence may speak of the same lesion.
    """
    largest = next((one for one in told if one.largest and not one.listed), None)
    out: list[Match] = []
    rest = list(known)
    if largest is not None and known:
        # Masses of the dura and the sella are told for themselves, beside the lesions in the brain.
        counted = [one for one in known if one.kind not in ("dural", "sellar")] or list(known)
        most = max(one.size_mm or 0 for one in counted)
        # Several may be equally large.
        biggest = max((one for one in counted if (one.size_mm or 0) == most), key=lambda one: _agreement(largest, one))
        out.append(Match(largest, biggest))
        rest.remove(biggest)
    out.extend(_assign([one for one in told if not one.listed and (one is not largest or not known)], rest))
    out.extend(_assign([one for one in told if one.listed], list(known)))
    return sorted(out, key=lambda match: match.told.sentence)


def _assign(told: Sequence[ReadLesion], known: Sequence[KnownLesion]) -> list[Match]:
    from scipy.optimize import linear_sum_assignment

    partner: dict[int, KnownLesion] = {}
    if told and known:
        agreement = np.array([[_agreement(one, other) for other in known] for one in told])
        partner = {int(row): known[int(column)] for row, column in zip(*linear_sum_assignment(-agreement))}
    return [Match(one, partner.get(number)) for number, one in enumerate(told)]


def _agreement(told: ReadLesion, known: KnownLesion) -> float:
    """How well the words fit: place and side together weigh most, then either, then size, then kind."""
    score = 0.0
    if told.place and known.place:
        same_name, same_side = told.place.name == known.place.name, told.place.side == known.place.side
        score += 2.0 * (same_name and same_side) + same_name + same_side
    if told.size_mm and known.size_mm:
        score += max(0.0, 1 - abs(math.log2(told.size_mm / known.size_mm)))
    return score + 0.25 * (known.kind == told.kind)
