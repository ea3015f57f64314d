"""What a rewritten report may not hold: dates and numbers of persons make it invalid, words of change are counted.

A check of the model's work, not the work itself: rules cannot find names.
"""

from __future__ import annotations

import re

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_IDENTIFYING: dict[str, re.Pattern[str]] = {
    "a date": re.compile(rf"\b\d{{1,2}}[./-]\d{{1,2}}[./-](?:19|20)?\d{{2}}\b|\b(?:19|20)\d{{2}}-\d{{2}}-\d{{2}}\b|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{{2}}\b|\b\d{{1,2}}\s+{_MONTH}\s+(?:19|20)\d{{2}}\b|\b{_MONTH},?\s+(?:19|20)\d{{2}}\b", re.IGNORECASE),
    "a number of a person or examination": re.compile(r"\b(?:mrn|medical record|accession|patient id|acc)\s*(?:no\.?|number|#)?\s*[:#]?\s*[a-z]*\d{4,}|\b\d{7,}\b|\b\d{3}-\d{2}-\d{4}\b", re.IGNORECASE),
    "a telephone number or address": re.compile(r"\b\d{3}[-.\s]\d{3}[-.\s]\d{4}\b|\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b", re.IGNORECASE),
    "a name with its title": re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof)\.?\s+[A-Z][a-z]+"),
}
#: Figure 13's own examples and their kin. "New" and "more" alone say too little to be counted.
_CHANGE = re.compile(
    r"\b(?:compared (?:to|with)|since (?:the )?(?:last|prior|previous)|previous(?:ly)?|prior (?:study|exam(?:ination)?|mri|imaging|scan)|interval|unchanged|stable|progress(?:ed|ion|ive)"
    r"|increased in (?:size|number)|decreased in (?:size|number)|has (?:increased|decreased|improved|resolved)|significantly changed|no longer|newly|new (?:lesion|mass|focus|area|enhancement)s?|follow-up)\b",
    re.IGNORECASE,
)


def identifying(text: str) -> list[str]:
    """Kinds of what looks like a date or identifier; never the words themselves, as these go into logs."""
    return [kind for kind, pattern in _IDENTIFYING.items() if pattern.search(text)]


def words_of_change(text: str) -> list[str]:
    """Words that speak of another examination, lower case, each once."""
    return sorted({found.group(0).lower() for found in _CHANGE.finditer(text)})
