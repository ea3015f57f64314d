"""Makes a true sentence false in one point: another side or another place. For training and for tests of
whether the pack notices."""

from __future__ import annotations

import random
import re

_LOBES = ("frontal", "parietal", "temporal", "occipital")
_SIDE = re.compile(r"\b(left|right)\b", re.IGNORECASE)
_LOBE = re.compile(r"\b(frontal|parietal|temporal|pterional|occipital|cerebellar|cerebellum)\b", re.IGNORECASE)
_PLACE = re.compile(r"\b(frontal lobe|parietal lobe|temporal lobe|occipital lobe|thalamus|basal ganglia|cerebellum|cerebellar hemisphere)\b", re.IGNORECASE)
_PLACES = ("frontal lobe", "parietal lobe", "temporal lobe", "occipital lobe", "thalamus", "basal ganglia", "cerebellum")


def wrong_side(sentence: str) -> str | None:
    """Left and right exchanged wherever they stand; None if the sentence names no single side."""
    sides = {found.lower() for found in _SIDE.findall(sentence)}
    if not sides or (len(sides) == 2 and not re.search(r"(left|right)[- ]to[- ](left|right)", sentence, re.IGNORECASE)):
        return None
    return _SIDE.sub(lambda found: _cased({"left": "right", "right": "left"}[found.group(1).lower()], found.group(1)), sentence)


def wrong_place(sentence: str, rng: random.Random) -> str | None:
    """The one place a sentence names, replaced by another; None if it names none or several."""
    found = _PLACE.findall(sentence)
    if len(found) == 1:
        others = [place for place in _PLACES if place.split()[0] != found[0].lower().split()[0] and not (place == "cerebellum" and "cerebell" in found[0].lower())]
        return _PLACE.sub(lambda match: _cased(rng.choice(others), match.group(1)), sentence)
    lobes = _LOBE.findall(sentence)
    if len(lobes) == 1:
        now = {"pterional": "temporal", "cerebellar": "cerebellum"}.get(lobes[0].lower(), lobes[0].lower())
        return _LOBE.sub(lambda match: _cased(rng.choice([lobe for lobe in _LOBES if lobe != now]), match.group(1)), sentence)
    return None


def falsify(sentence: str, rng: random.Random) -> str | None:
    """A false version by side or place, whichever the sentence allows; None if neither."""
    makers = [lambda: wrong_side(sentence), lambda: wrong_place(sentence, rng)]
    rng.shuffle(makers)
    for make in makers:
        changed = make()
        if changed is not None and changed != sentence:
            return changed
    return None


def _cased(word: str, like: str) -> str:
    return word[0].upper() + word[1:] if like[0].isupper() else word
