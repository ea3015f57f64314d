"""Reads a report's findings by rules: Figure 14's answers, and each lesion that is mentioned with place, side and size.

The rules are written for the phantoms' grammar and the wording of the paper's figures. What fits none of them is kept as
`unknown` and counted, never guessed at: a garbled draft says nothing. A question that the text does not speak of gets the
answer of a normal study (Figure 14, (b)); punctate lesions are under 1 cm and meningiomas enhance (c).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from brat_train.evaluate.places import Place, places
from brat_train.phantom.truth import OPTIONS, count_class, size_class
from brat_train.text.sentences import split_report

_NUMBERS = {word: number for number, word in enumerate("no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split())}
#: What stands for a number above Figure 14's last limit.
MANY = 16


@dataclass(frozen=True)
class ReadLesion:
    """A lesion as a sentence tells it."""

    #: The first place named; what comes after it is mostly what the lesion reaches or presses on.
    place: Place | None
    size_mm: float | None
    #: 'dural', 'sellar', 'punctate', 'ring' or 'solid'
    kind: str
    #: Index of the sentence.
    sentence: int
    #: Named in a list of places of several lesions, of which each may hold more than one.
    listed: bool = False
    #: Told to be the largest of several.
    largest: bool = False


@dataclass(frozen=True)
class ReadReport:
    """What a report says."""

    #: Question id to answer (brat_train.phantom.truth.OPTIONS).
    answers: dict[str, str]
    lesions: tuple[ReadLesion, ...]
    #: The brain, or its enhancement, is said to be normal.
    says_normal: bool
    #: Findings that are said to be absent.
    denied: frozenset[str]
    #: Sentences that no rule reads.
    unknown: tuple[str, ...]
    #: How wide the midline shift is and where to, as far as told.
    shift_mm: float | None = None
    shift_to: str | None = None
    #: 1 mild, 2 moderate, 3 severe; None if not told.
    white_matter_grade: int | None = None

    @property
    def abnormal(self) -> bool:
        """Whether any answer is not that of a normal study."""
        return any(self.answers[question] != normal for question, normal in NORMAL.items())

    @property
    def calls_normal(self) -> bool:
        """Normality is said, and nothing else contradicts it."""
        return self.says_normal and not self.abnormal


#: The answers of a normal study.
NORMAL: dict[str, str] = {question: "No" if options == ("Yes", "No") else options[0] for question, options in OPTIONS.items()} | {"pituitaryNormal": "Yes"}


@dataclass
class _Notes:
    """What the sentences read so far have told."""

    lesions: list[ReadLesion] = field(default_factory=list)
    count: int | None = None
    more: str | None = None
    surgery: bool = False
    craniotomy: str | None = None
    shift: bool = False
    shift_mm: float | None = None
    shift_to: str | None = None
    hydrocephalus: bool = False
    white_matter: int | None = None
    compression: set[str] = field(default_factory=set)
    says_normal: bool = False
    denied: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


def read_report(report: str | Sequence[str]) -> ReadReport:
    """Reads a text, or the sentences of one."""
    notes = _Notes()
    for number, sentence in enumerate(split_report(report) if isinstance(report, str) else report):
        low = re.sub(r"\s+", " ", sentence.lower()).strip()
        if re.search(r"\w", low) and not _read_sentence(low, number, notes):
            notes.unknown.append(sentence)
    return ReadReport(
        answers=_answers(notes),
        lesions=tuple(notes.lesions),
        says_normal=notes.says_normal,
        denied=frozenset(notes.denied),
        unknown=tuple(notes.unknown),
        shift_mm=notes.shift_mm,
        shift_to=notes.shift_to,
        white_matter_grade=notes.white_matter or None,
    )


# ---- one sentence ----------------------------------------------------------------------------------------------------

_NO = r"^(?:there (?:is|are) |the (?:images|examination) shows? )?(?:no|without)\b"
_FINE = r"(?:(?:grossly )?unremarkable|intact|within normal limits|not (?:dilated|enlarged|shifted)|normal|maintained|enhance normally)"
_LESION_WORD = re.compile(r"\b(?:lesions?|mass(?:es)?|nodules?|foc(?:us|i)|metastas[ie]s|meningiomas?|tumou?rs?|macroadenomas?|adenomas?)\b")
_ENHANCING = re.compile(r"\benhanc(?:ing|ement|es)\b|\bmeningiomas?\b|\bmetastas[ie]s\b")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(?: ?(?:cm|mm))?(?: ?x ?(\d+(?:\.\d+)?)(?: ?(?:cm|mm))?)*? ?(cm|mm)\b")
_COUNT = re.compile(
    r"\b(?:(?P<many>innumerable|numerous|countless|too numerous to count|(?:more than|over|greater than) (?:15|fifteen))|(?P<vague>multiple|several|a few|numbers? of)"
    r"|(?:a total of |approximately |about )?(?P<number>" + "|".join([*_NUMBERS][1:]) + r"|\d{1,2}(?!\d|\.\d| ?(?:cm|mm|x)\b)))"
    r" (?:(?:small|tiny|punctate|ring|rim|solid|scattered|nodular|enhancing|brain|parenchymal|intracranial|other|intra-axial) ?)*(?:lesions|foci|metastases|nodules|masses)\b"
)  # fmt: skip
#: What is denied or called normal: finding and pattern. The first that fits decides.
_DENIALS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (finding, re.compile(pattern))
    for finding, pattern in (
        ("additionalLesion", _NO + r" (?:additional|other|further|new|evidence of (?:additional|other)).*\b(?:enhanc|lesion|metasta)"),
        ("shift", _NO + r".*\b(?:midline shift|herniation|mass effect)\b"),
        ("shift", r"\bmidline structures? (?:is|are) " + _FINE),
        ("lesion", _NO + r".*\b(?:enhanc\w+|metasta\w+|lesions?|mass(?:es)?)\b(?<!sellar mass)"),
        ("lesion", r"^no evidence of (?:abnormal enhancement|intracranial metast)"),
        ("hydrocephalus", r"\b(?:no|without)\b.*\bhydrocephalus\b"),
        ("hydrocephalus", r"\bventric\w+(?: system)?(?: and sulci)? (?:is|are) " + _FINE),
        ("whiteMatter", _NO + r".*\b(?:white matter|leuko\w+)\b"),
        ("whiteMatter", r"\bwhite matter is " + _FINE),
        ("sella", r"\b(?:pituitary|sella|parasellar|cavernous)\b.*\b(?:is|are|appears?) " + _FINE),
        ("collection", _NO + r".*\b(?:collections?|hemorrhage|haemorrhage|infarct\w*)\b"),
        ("surgery", _NO + r".*\bcraniotomy\b"),
        ("surgery", r"\bcalvarium\b.* (?:is|are) " + _FINE),
        ("other", r"\b(?:sinuses|orbits|vessels|brainstem|basal cisterns|mastoid\w*)\b.*\b" + _FINE),
        ("other", r"\b(?:normal|expected) enhancement\b"),
    )
)
_SELLAR_DENIAL = re.compile(_NO + r".*\b(?:para)?sellar\b")
_NORMAL = re.compile(
    r"^(?:normal|unremarkable)\b.*\bbrain\b|\bbrain(?: parenchyma)? is (?:unremarkable|normal)|\bnormal gr[ae]y-white\b|^normal (?:study|examination|mri)\b"
)
_CRANIOTOMY = re.compile(r"\b(left|right)[- ]*(?:sided )?(frontal|parietal|temporal|pterional|occipital)\b(?=.{0,40}\bcraniotomy)")
_SURGERY = re.compile(r"\b(?:craniotomy|craniectomy|resection cavity|surgical cavity|post-?(?:surgical|operative)|burr hole|ommaya|ventriculostomy)\b")
_GRADES = ((3, r"extensive|severe|confluent|marked"), (2, r"moderate|patchy|scattered"), (1, r"mild|minimal"))


def _read_sentence(low: str, number: int, notes: _Notes) -> bool:
    """Reads one sentence in lower case into the notes. Returns whether any rule fits."""
    if _read_denial(low, notes):
        return True
    known = False
    if _NORMAL.search(low):
        notes.says_normal = known = True
    if _SURGERY.search(low):
        notes.surgery = known = True
        if match := _CRANIOTOMY.search(low):
            lobe = "temporal or pterional" if match.group(2) in ("temporal", "pterional") else match.group(2)
            notes.craniotomy = f"{match.group(1)} {lobe} craniotomy"
        if not re.search(r"\benhanc", low):
            return True
    for read in (_read_shift, _read_compression, _read_hydrocephalus, _read_white_matter):
        known = read(low, notes) or known
    return _read_lesions(low, number, notes) or known


def _read_denial(low: str, notes: _Notes) -> bool:
    if _SELLAR_DENIAL.search(low):
        notes.denied.add("sella")
        return True
    for finding, pattern in _DENIALS:
        if pattern.search(low):
            notes.denied.add(finding)
            notes.says_normal = notes.says_normal or finding == "lesion"
            return True
    return False


def _read_shift(low: str, notes: _Notes) -> bool:
    if not re.search(r"\bmidline shift\b|\bmidline structures are shifted\b|\bherniation\b", low):
        return False
    notes.shift = True
    if match := re.search(r"\b(?:left|right)-to-(left|right)\b|\bto the (left|right)\b", low):
        notes.shift_to = match.group(1) or match.group(2)
    if size := _size_mm(low):
        notes.shift_mm = size
    return True


def _read_compression(low: str, notes: _Notes) -> bool:
    if not re.search(r"\b(?:efface\w*|compress\w*|mass effect|inva\w+|displac\w+)\b", low):
        return False
    found = {what for what, word in (("ventricles", r"ventricle"), ("brainstem", r"brain ?stem|pons\b|midbrain"), ("cranial nerves", r"optic (?:chiasm|nerve)|cranial nerve")) if re.search(word, low)}
    if "brainstem" in found:
        found.discard("ventricles")  # 'mass effect on the brainstem and fourth ventricle' is about the brainstem
    notes.compression |= found
    return bool(found)


def _read_hydrocephalus(low: str, notes: _Notes) -> bool:
    if not re.search(r"\bhydrocephalus\b|\bventriculomegaly\b|\bventric\w+(?: system)? (?:is|are) (?:markedly |diffusely )?(?:dilated|enlarged|prominent)", low):
        return False
    notes.hydrocephalus = True
    return True


def _read_white_matter(low: str, notes: _Notes) -> bool:
    if not re.search(r"\bwhite matter (?:changes?|disease|hypointensit\w+|t1 hypointensit\w+)|\bleuko(?:araiosis|encephalopathy)\b", low):
        return False
    grade = next((grade for grade, words in _GRADES if re.search(rf"\b(?:{words})\b", low)), 0)
    notes.white_matter = max(notes.white_matter or 0, grade)
    return True


def _read_lesions(low: str, number: int, notes: _Notes) -> bool:
    if re.search(r"\bmore numerous\b|\b(?:more|most|the majority) of the lesions are\b|\blesion burden is greater\b", low):
        if match := re.search(r"\b(left|right)\b", low):
            notes.more = match.group(1)
        return True
    if re.search(r"^(?:several|some)\b.*\bedema\b|^surrounding (?:vasogenic )?edema\b", low):
        return True
    largest = bool(re.search(r"\b(?:largest|dominant|biggest)\b", low))
    if not (_LESION_WORD.search(low) or largest):
        return False
    count = _COUNT.search(low)
    if count:
        value = MANY if count.group("many") else 2 if count.group("vague") else _number(count.group("number"))
        notes.count = (notes.count or 0) + value
        notes.lesions.extend(ReadLesion(place, None, _kind(low), number, listed=True) for place in places(low))
        return True
    if not (_ENHANCING.search(low) or largest or _kind(low) in ("dural", "sellar")):
        return False
    kind = _kind(low)
    named = places(low)
    if kind == "sellar":
        place: Place | None = Place("sella", "midline")
    else:
        place = next((one for one in named if one.location is not None), named[0] if named else None)
    notes.lesions.append(ReadLesion(place, _size_mm(low), kind, number, largest=largest))
    return True


def _number(word: str) -> int:
    return _NUMBERS[word] if word in _NUMBERS else int(word)


def _kind(low: str) -> str:
    for kind, words in (
        ("dural", r"dural[- ]based|extra-axial|meningioma|dural tail"),
        ("sellar", r"\bsella\b|\bsellar\b|suprasellar|pituitary"),
        ("punctate", r"punctate|tiny|subcentimeter"),
        ("ring", r"\bring\b|\brim\b|peripherally|centrally (?:necrotic|cystic)"),
    ):
        if re.search(words, low):
            return kind
    return "solid"


def _size_mm(low: str) -> float | None:
    """The largest length of the first measurement of a sentence."""
    match = _SIZE.search(low)
    if not match:
        return None
    numbers = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", match.group())]
    return max(numbers) * (10 if match.group(3) == "cm" else 1)


# ---- Figure 14 -------------------------------------------------------------------------------------------------------


def _answers(notes: _Notes) -> dict[str, str]:
    lesions = notes.lesions
    told = [one for one in lesions if not one.listed and not (one.largest and notes.count is not None)]
    special = sum(one.kind in ("dural", "sellar") for one in told)
    # A count is of the lesions in the brain; masses of the dura and the sella are told beside it.
    total = max(notes.count + special, len(told)) if notes.count is not None else len(told)
    locations = {one.place.location for one in lesions if one.place and one.place.location}
    sella = any(one.kind == "sellar" for one in lesions)

    def yes(value: object) -> str:
        return "Yes" if value else "No"

    return {
        "surgery": yes(notes.surgery),
        "surgeryKind": notes.craniotomy or "NA",
        "enhancing": yes(total),
        "size": _size_answer(lesions),
        "side": _side_answer(notes, told),
        "locations": "; ".join(option for option in OPTIONS["locations"] if option in locations) or "NA",
        "count": count_class(total),
        "shift": yes(notes.shift),
        "hydrocephalus": yes(notes.hydrocephalus),
        "whiteMatter": yes(notes.white_matter is not None),
        "pituitaryNormal": yes(not sella),
        "sella": yes(sella),
        "compression": "; ".join(option for option in OPTIONS["compression"] if option in notes.compression) or "Nowhere",
    }


def _size_answer(lesions: Sequence[ReadLesion]) -> str:
    sizes = [one.size_mm for one in lesions if one.size_mm is not None]
    if sizes:
        return size_class(max(sizes))
    return "Less than 1cm" if any(one.kind == "punctate" for one in lesions) else "NA"


def _side_answer(notes: _Notes, told: Sequence[ReadLesion]) -> str:
    """By what is said of it, else by the lesions told one by one, else by the places listed."""
    if notes.more:
        return notes.more.capitalize()
    special = [one for one in told if one.kind in ("dural", "sellar")]
    counted = [*(one for one in notes.lesions if one.listed), *special] if any(one.listed for one in notes.lesions) else told
    left, right = (sum(one.place is not None and one.place.side == side for one in counted) for side in ("left", "right"))
    return "Left" if left > right else "Right" if right > left else "NA"
