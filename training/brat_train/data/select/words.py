"""The vocabulary of series descriptions and how it is looked for: the same as src/engine/select/phrases.ts, word for word.

Held to it by tests/test_select.py, which runs both.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

_SEPARATORS = re.compile(r"[_\-./\\()\[\]{}:;,<>|'\"=~^&]+")
_HAN_HANGUL = re.compile("([\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]+)")
_GLUED = re.compile(r"(?a:\b)(t1|t2)(w|wi)?(?=(post|pre|gd|gad|ce|km|inj|mpr|tse|fse|se|tfe|ffe|flair|sag|ax|cor|tra|fl|spc|space|cube|vibe|mdc)[a-z]*)")


@cache
def phrases(name: str) -> tuple[str, ...]:
    """One list of series_phrases.json."""
    return tuple(_all()[name])


@cache
def _all() -> dict[str, list[str]]:
    return json.loads(files("brat_train.data.select").joinpath("series_phrases.json").read_text(encoding="utf-8"))


def normalise(text: str) -> str:
    """Lower case, without accents, separators as spaces; signs of contrast (`+c`, `-gd`) kept as words; `t1post` split."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.category(letter).startswith("M"))
    low = unicodedata.normalize("NFC", bare).lower().replace("\u0131", "i")
    low = _HAN_HANGUL.sub(r" \1 ", low)
    low = re.sub(r"(^|[\s_])-\s?(c|gd|gad)(?=$|[\s_])", r"\1 minus \2 ", low)
    low = re.sub(r"\bw\s*/\s*o\b", " wo ", low, flags=re.ASCII)
    low = re.sub(r"(?<=[a-z0-9])\+(?=(c|gd|gad|km|contrast)(?![a-z]))", " +", low)
    low = _SEPARATORS.sub(" ", low)
    low = _GLUED.sub(lambda match: f"{match[1]}{match[2] or ''} ", low)
    low = re.sub(r"minus (c|gd|gad)\b", r"-\1", low, flags=re.ASCII)
    return re.sub(r"\s+", " ", low).strip()


def find(description: str, names: Sequence[str]) -> str | None:
    """The longest of `names` that stands as whole words in a normalised description."""
    padded = f" {description} "
    found: str | None = None
    for phrase in names:
        if f" {phrase} " in padded and (found is None or len(phrase) > len(found)):
            found = phrase
    return found


def without(description: str, names: Sequence[str]) -> str:
    """A normalised description without these phrases."""
    rest = f" {description} "
    for phrase in sorted(names, key=len, reverse=True):
        rest = rest.replace(f" {phrase} ", " ")
    return re.sub(r"\s+", " ", rest).strip()
