"""Writes one of many wordings: `[a|b]` picks one (nesting allowed, an empty choice too), `{name}` is filled in."""

from __future__ import annotations

import re

import numpy as np

_INNERMOST = re.compile(r"\[([^\[\]]*)\]")


def expand(pattern: str, rng: np.random.Generator, **slots: str) -> str:
    """One wording of a pattern as a sentence: choices made, slots filled, first letter large, one space between words.

    >>> expand("[the|The] {what} [is|is] seen.", np.random.default_rng(0), what="mass")
    'The mass is seen.'
    """
    text = pattern
    while (found := _INNERMOST.search(text)) is not None:
        choices = found.group(1).split("|")
        text = text[: found.start()] + choices[int(rng.integers(len(choices)))] + text[found.end() :]
    text = text.format(**slots)
    text = re.sub(r"\s+", " ", text).replace(" ,", ",").replace(" .", ".").strip()
    return text[0].upper() + text[1:]


def listed(items: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
