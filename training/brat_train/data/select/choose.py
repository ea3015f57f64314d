"""A role, a rank and a reason for every series of a study, and the one to train on: the rules of src/engine/select.

The paper's curation (8.1) chose T1 post-contrast by a list of over 50 expressions; what headers say is added: contrast
agent, timing, image type, plane, coverage. Unlike the app, training never takes a T1 series without contrast instead.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from brat_train.data.select.header import SeriesHeader
from brat_train.data.select.words import find, normalise, phrases, without

Role = Literal["t1c", "t1", "t2", "flair", "other"]
Family = Literal["t1", "t2", "flair", "pd"]
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_THIN_MM = 2.0
_WHOLE_BRAIN_MM = 100.0


@dataclass(frozen=True)
class Judged:
    """What a series is taken to be. Rank 1 is the best of its role; None when no volume can be made of it."""

    role: Role
    rank: int | None
    reason: str


@dataclass(frozen=True)
class _Evidence:
    header: SeriesHeader
    screen_capture: bool
    derived: str | None
    reformatted: bool
    localizer: str | None
    elsewhere: str | None
    part_of_head: str | None
    other_sequence: str | None
    t1: str | None
    t2: str | None
    flair: str | None
    contrast: str | None
    native: str | None
    agent: str | None
    timing: Family | None


def judge(headers: Sequence[SeriesHeader], uids: Sequence[str]) -> list[Judged]:
    """Roles, ranks and reasons of all series of one study, in the order given. `uids` settle what nothing else does."""
    evidence = [_evidence(header) for header in headers]
    verdicts = [_verdict(one) for one in evidence]
    rank: dict[int, int] = {}
    for role in ("t1c", "t1", "t2", "flair"):
        members = [n for n, (found, _) in enumerate(verdicts) if found == role and headers[n].stack is not None]

        def order(n: int) -> tuple[float, float, int, str]:
            stack = headers[n].stack
            # A later series comes first: repeats are made because the first went wrong.
            return (-_score(evidence[n]), stack.step_mm if stack else math.inf, -(headers[n].series_number or 0), uids[n])

        rank.update((n, place) for place, n in enumerate(sorted(members, key=order), start=1))
    return [Judged(role, rank.get(n), reason) for n, (role, reason) in enumerate(verdicts)]


def choose(headers: Sequence[SeriesHeader], uids: Sequence[str]) -> int | None:
    """The index of the best T1 post-contrast series, or None."""
    judged = judge(headers, uids)
    return next((n for n, one in enumerate(judged) if one.role == "t1c" and one.rank == 1), None)


def family_by_timing(header: SeriesHeader) -> Family | None:
    """T1, T2, FLAIR or proton density by repetition, echo and inversion time alone; only the clear cases."""
    te, tr, ti, kind = header.echo_ms, header.repetition_ms, header.inversion_ms, header.scanning_sequence
    if te is None or tr is None or te <= 0 or re.search(r"\bEP\b", kind):
        return None
    if ti is not None and ti >= 1500 and te >= 60:
        return "flair"
    if ti is not None and 300 <= ti <= 1300 and te < 30:
        return "t1"
    if re.search(r"\bGR\b", kind):
        return "t1" if te <= 12 and (90.0 if header.flip_deg is None else header.flip_deg) >= 8 else None
    if te >= 60 and tr >= 1800:
        return "t2"
    if te < 35 and tr <= 1200:
        return "t1"
    if te < 50 and tr >= 1800:
        return "pd"
    return None


def _evidence(header: SeriesHeader) -> _Evidence:
    description, protocol = normalise(header.description), normalise(header.protocol)
    sequence = normalise(re.sub(r"[*#]", " ", header.sequence_name))

    def first_of(name: str) -> str | None:
        """The protocol is often shared by all series of an exam, so it is asked only where the description is silent."""
        return find(description, phrases(name)) or find(protocol, phrases(name))

    clean = without(description, phrases("misleadingPhrases"))
    native = find(clean, phrases("nativePhrases"))
    contrast = find(without(clean, phrases("nativePhrases")), phrases("contrastPhrases"))
    if native is None and contrast is None:
        protocol_clean = without(protocol, phrases("misleadingPhrases"))
        native = find(protocol_clean, phrases("nativePhrases"))
        contrast = find(without(protocol_clean, phrases("nativePhrases")), phrases("contrastPhrases"))
    types = header.image_types
    agent = header.contrast_agent.strip()
    return _Evidence(
        header=header,
        screen_capture=header.sop_class.startswith(_SECONDARY_CAPTURE) or "SCREEN SAVE" in types,
        derived=next((kind for kind in phrases("derivedImageTypes") if kind in types), None) or find(description, phrases("derivedPhrases")),
        reformatted=any(kind in types for kind in phrases("reformattedImageTypes")),
        localizer="LOCALIZER" if "LOCALIZER" in types | header.leading_image_types else find(description, phrases("localizerPhrases")),
        elsewhere=first_of("elsewherePhrases") or find(normalise(header.body_part), phrases("elsewherePhrases")),
        part_of_head=find(description, phrases("partOfHeadPhrases")),
        other_sequence=find(description, phrases("otherSequencePhrases")),
        t1=first_of("t1Phrases") or find(sequence, phrases("t1Phrases")),
        t2=first_of("t2Phrases"),
        flair=first_of("flairPhrases") or find(sequence, phrases("flairPhrases")),
        contrast=contrast,
        native=native,
        agent=None if normalise(agent) in phrases("wordsForNone") else agent,
        timing=family_by_timing(header),
    )


def _family(e: _Evidence) -> tuple[Family | None, str]:
    """The weighting: words first, timing where words are silent or say two things."""
    if e.flair and e.t1 not in ("t1 flair", "t1flair") and e.timing != "t1":
        return "flair", f'named "{e.flair}"'
    if e.t1 and not e.t2:
        return "t1", f'named "{e.t1}"'
    if e.t2 and not e.t1:
        return ("flair", "T2 with a long inversion time") if e.timing == "flair" else ("t2", f'named "{e.t2}"')
    if e.timing in ("t1", "t2", "flair"):
        return e.timing, "by repetition, echo and inversion time"
    return None, ""


def _verdict(e: _Evidence) -> tuple[Role, str]:
    header = e.header
    refusals: tuple[tuple[object, str], ...] = (
        (not header.has_pixels, "holds no images"),
        (not header.is_nifti and header.modality != "MR", f"is {header.modality or 'of no stated modality'}, not MR"),
        (e.screen_capture, "is a screen capture"),
        (e.localizer, f'is a localizer ("{e.localizer}")'),
        (e.elsewhere, f'shows another part of the body ("{e.elsewhere}")'),
        (e.derived, f'was computed from other images ("{e.derived}")'),
        (e.other_sequence, f'is another kind of sequence ("{e.other_sequence}")'),
    )
    for holds, reason in refusals:
        if holds:
            return "other", reason
    family, because = _family(e)
    if family == "flair" or family == "t2":
        return family, f"{family.upper()}, {because}"
    if family == "t1":
        if e.contrast:
            return "t1c", f'T1, {because}; after contrast: the description says "{e.contrast}"'
        if e.native:
            return "t1", f'T1, {because}; before contrast: the description says "{e.native}"'
        return ("t1c", f"T1, {because}; a contrast agent is recorded") if e.agent else ("t1", f"T1, {because}; nothing says that contrast was given")
    if e.contrast and not e.native and e.timing is None:
        return "t1c", f'after contrast ("{e.contrast}"), taken to be T1 as no weighting is named'
    return "other", "cannot be told to be T1, T2 or FLAIR"


def _score(e: _Evidence) -> int:
    """Higher is better within a role."""
    stack = e.header.stack
    points = 0
    thin = stack is not None and stack.step_mm <= _THIN_MM
    if stack is not None and stack.plane == "axial":
        points += 20
    elif thin:
        points += 15
    if thin and e.header.acquisition_type == "3D":
        points += 4
    if stack is not None and stack.step_mm * stack.slices < _WHOLE_BRAIN_MM:
        points -= 30
    if stack is None or stack.slices < 12:
        points -= 30
    points -= 40 * bool(e.part_of_head) + 12 * e.reformatted
    return points + 6 * bool(e.contrast) + 4 * bool(e.agent)
