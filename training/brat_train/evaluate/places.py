"""Sides and places named in a sentence: 'the left frontal and parietal lobes' names two."""

from __future__ import annotations

import re
from dataclasses import dataclass

from brat_train.phantom.truth import LOBES


@dataclass(frozen=True)
class Place:
    """A place in the words of the phantom's truth: a lobe, 'deep', 'cerebellum', 'brainstem', 'sella', 'cord'."""

    name: str
    #: 'left', 'right', 'midline' for what has no side, None where a side is missing
    side: str | None

    @property
    def location(self) -> str | None:
        """The option of Figure 14's location question; None if it needs a side that is not told."""
        fixed = {"cerebellum": "Cerebellum", "brainstem": "brainstem", "sella": "Sella or parasellar region", "cord": "cervical spinal cord"}
        if self.name in fixed:
            return fixed[self.name]
        if self.side not in ("left", "right"):
            return None
        return f"{self.side.capitalize()} {self.name} lobe" if self.name in LOBES else f"{self.side.capitalize()} thalamus or basal ganglia"


_PLACES: dict[str, str] = {
    "frontal": r"frontal|precentral",
    "parietal": r"parietal|postcentral",
    "temporal": r"temporal|pterional|hippocamp\w+",
    "occipital": r"occipital",
    "deep": r"thalam\w+|basal ganglia|caudate|putamen|pallidus|lentiform",
    "cerebellum": r"cerebell\w+|vermis",
    "brainstem": r"brain ?stem|pons|pontine|midbrain|medulla",
    "sella": r"(?:para)?sella\w*|suprasellar|pituitary",
    "cord": r"cervical (?:spinal )?cord|spinal cord",
}
_WORD = re.compile(r"\b(?:(?P<side>left|right|bilateral|both)|(?P<relation>left-to-right|right-to-left)|" + "|".join(f"(?P<{name}>{pattern})" for name, pattern in _PLACES.items()) + r")\b")
_MIDLINE = frozenset({"brainstem", "sella", "cord"})


def places(text: str) -> list[Place]:
    """Places in the order in which they are named, each once; a side holds until the next one is named.

    >>> [place.location for place in places("in the left frontal and parietal lobes and the right cerebellum")]
    ['Left frontal lobe', 'Left parietal lobe', 'Cerebellum']
    """
    found: dict[Place, None] = {}
    sides: tuple[str | None, ...] = (None,)
    for match in _WORD.finditer(text.lower()):
        kind = match.lastgroup
        if kind == "side":
            sides = ("left", "right") if match.group() in ("bilateral", "both") else (match.group(),)
        elif kind != "relation" and kind is not None:
            for side in ("midline",) if kind in _MIDLINE else sides:
                found[Place(kind, side)] = None
    return list(found)
