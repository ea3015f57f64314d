"""Splits a report into sentences by the app's rules (src/engine/draft/sentences.ts), so that training sees what the app will.

Rules for radiology prose in English: "1.8 x 1.3 cm", "e.g. the", "1. No mass" do not end a sentence; titles are dropped.
"""

from __future__ import annotations

import re

#: Words after which a full stop does not end a sentence; of these, `_DOUBTFUL` only before lower case or digits.
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof st vs e.g i.e etc cf approx ca resp no fig figs ser im img se seq pt hx inc min max sup inf ant post lat med bilat dept ref vol "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_DOUBTFUL = frozenset("no etc st mar min max se im post med ca ref vol inc sep dec jan inf sup lat ant".split())
_TITLE = r"(?:findings?|impressions?|technique|comparisons?|indications?|history|clinical (?:history|information)|conclusions?|opinion|recommendations?|examinations?|procedure|contrast|report)"
_HEADING = re.compile(rf"^{_TITLE}\s*:?$", re.IGNORECASE)
_HEADING_PREFIX = re.compile(rf"^{_TITLE}\s*:\s*", re.IGNORECASE)
_LIST_MARKER = re.compile(r"^(?:\(?\d{1,2}[.)]|[-–•*])\s+", re.ASCII)
_AFTER_MARK = ".!?\"'”’)]"


def split_report(text: str) -> list[str]:
    """The sentences of a report in order: white space single, list markers and section titles removed."""
    rest = text.replace("\r\n", "\n").replace("\r", "\n") + "\n\n"
    out = []
    while end := _next_end(rest):
        out.append(_clean(rest[:end]))
        rest = rest[end:]
    out.append(_clean(rest))
    return [sentence for sentence in out if sentence]


def _clean(raw: str) -> str:
    line = _LIST_MARKER.sub("", re.sub(r"\s+", " ", raw).strip())
    if _HEADING.match(line):
        return ""
    sentence = _LIST_MARKER.sub("", _HEADING_PREFIX.sub("", line)).strip()
    return sentence if re.search(r"[^\W_]", sentence) else ""


def _next_end(text: str) -> int:
    """Length of the first sentence with the space behind it; 0 where the text has no end of one."""
    for at, mark in enumerate(text):
        if mark == "\n":
            if _ends_at_break(text, at):
                return at + 1
            continue
        if mark not in ".!?":
            continue
        after = at + 1
        while after < len(text) and text[after] in _AFTER_MARK:
            after += 1
        if after >= len(text):
            return 0
        if not text[after].isspace():
            continue
        if mark != "." or _stop_ends(text[:at], text[after:]):
            return after
    return 0


def _ends_at_break(text: str, at: int) -> bool:
    """A line break ends a sentence before an empty line, a list item or a title, and after a title."""
    before = text[:at].strip()
    if not before:
        return at > 0
    if _HEADING.match(before):
        return True
    line, broken, _ = text[at + 1 :].partition("\n")
    line = line.lstrip(" \t")
    if not line:
        return bool(broken)
    return bool(_LIST_MARKER.match(line) or re.match(r"^[A-Z][A-Za-z ]{2,30}:(?:\s|$)", line))


def _stop_ends(before: str, after: str) -> bool:
    """Whether the full stop between these ends a sentence."""
    found = re.search(r"(\S+)$", before)
    word = found[1] if found else ""
    if re.search(r"^\(?\d{1,2}$", _HEADING_PREFIX.sub("", before.lstrip()), re.ASCII):
        return False  # the number of a list item
    if re.match(r"^\s*?\n\s*?\n", after):
        return True
    if re.fullmatch(r"[A-Z]", word):
        # "J. Smith" begins like a name; "hepatitis C." and "T1." are ends.
        return not re.search(r"(?:^\s*|[A-Z]\S*\s+|\b(?:with|by|to)\s+)[A-Z]$", before)
    bare = re.sub(r"^[(\"'“\[]+", "", word.lower())
    if bare not in _ABBREVIATIONS:
        return True
    if bare not in _DOUBTFUL:
        return False
    return not re.match(r"[a-z0-9]", after.lstrip())
