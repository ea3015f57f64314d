"""Finds mentions of prior scans, comparison, change over time, or dates in a report (the paper's Figure 12, in blue).

A draft is made from one study alone, so any such words in it are made up. The words are those of Figure 13 (b) and what
surrounds them in radiology prose; 'more numerous on the left' and 'chronic' are no comparison with a prior.
"""

from __future__ import annotations

import re

_MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
_PRIOR = re.compile(
    "|".join(
        (
            r"\b(?:prior|previous|preceding|earlier|last|outside|baseline|recent)(?:ly)? (?:(?:mri?|ct|brain|head|contrast) )*(?:stud(?:y|ies)|scans?|exam(?:ination)?s?|imaging|images?|mri?|reports?|comparisons?)\b",
            r"\bpreviously\b|\bsince\b|\binterval(?:ly)?\b|\bagain (?:seen|noted|demonstrated|identified|status|shown)\b|\bonce again\b|\bnow (?:measur\w+|seen|demonstrat\w+|with|show\w*)\b|\bno longer\b|\brecurren\w+\b",
            r"\bcompar(?:ed|ison|ing)\b|\bin comparison\b",
            r"\b(?:un)?changed\b|\bno (?:significant |substantial |interval )*change\b|\bhas (?:not )?(?:\w+ )?changed\b|\bstable\b|\b(?:has|have) (?:slightly |markedly |mildly |also )?(?:increased|decreased|enlarged|grown|resolved|improved|progressed|developed|appeared)\b",
            r"\b(?:increas|decreas)(?:ed|ing) (?:in (?:size|number|extent)|size|enhancement|edema)\b|\b(?:slightly|mildly|markedly|significantly) (?:increased|decreased|larger|smaller|improved)\b|\b(?:larger|smaller) than\b",
            r"\bprogress(?:ion|ive|ed|ing)\b|\bregress(?:ion|ed|ing)\b|\bimproved\b|\bworsen\w*\b",
            r"\bnew(?:ly)?\b|\bfollow[- ]?up\b|\bprior (?:to|surgery on)\b|\bpre-existing\b|\bformerly\b|\bfrom prior\b",
            r"\b(?:days?|weeks?|months?|years?) (?:ago|earlier|before|later)\b",
            r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}/\d{1,2}/(?:\d{2}|\d{4})\b|\b\d{1,2}\.\d{1,2}\.(?:19|20)\d{2}\b",
            rf"\b{_MONTH}\.? (?:\d{{1,2}}(?:st|nd|rd|th)?,? )?(?:19|20)\d{{2}}\b|\b\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}\.? (?:(?:19|20)\d{{2}}\b|\b)|\b{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)\b",
            r"\b(?:dated|performed on|on) (?:19|20)\d{2}\b|\b(?:in|from|of|since) (?:19|20)\d{2}\b",
        )
    ),
    re.IGNORECASE,
)


def prior_mentions(text: str) -> list[str]:
    """The words that speak of another time, in order; empty for a text about one study alone."""
    return [match.group() for match in _PRIOR.finditer(text)]
