"""Writes a phantom's report: 3 to 11 sentences in the manner of the paper's Figures 10 and 15, each with its facts.

Every abnormal finding is told; of the normal ones some are. No dates, no comparison, no other sequence: the words are
what remains of a report after the paper's rewriting (Figure 13).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from brat_train.phantom.grammar import expand, listed
from brat_train.phantom.scene import Scene
from brat_train.phantom.truth import LOBES, LOCATIONS, Cavity, Findings, Lesion

Fact = dict[str, Any]

_NUMBER = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen")
_SEEN = "[is seen|is noted|is present|is identified|is visualized|is demonstrated]"
_SEEN_MANY = "[are seen|are noted|are present|are identified|are visualized|are demonstrated]"
_THERE_IS = "[there is|there is|the T1 post-contrast images show|the examination demonstrates|imaging demonstrates|the images show|note is made of]"

_KIND = {
    "solid": "[solid enhancing|homogeneously enhancing|enhancing|avidly enhancing|heterogeneously enhancing|nodular enhancing|irregular enhancing] [lesion|mass|lesion]",
    "solid-small": "[small enhancing|subcentimeter enhancing|small nodular enhancing|enhancing|small avidly enhancing] [lesion|nodule|focus|lesion]",
    "ring": "[ring enhancing|rim enhancing|peripherally enhancing|peripherally enhancing centrally necrotic|peripherally enhancing centrally cystic/necrotic|centrally necrotic ring enhancing|thick walled rim enhancing] [lesion|mass|lesion]",
    "punctate": "[punctate enhancing focus|punctate enhancing lesion|tiny enhancing focus|punctate focus of enhancement|tiny punctate focus of contrast enhancement|tiny enhancing lesion]",
}
_WITHIN = "[in|within|in|involving|centered in|located in|located within]"

_LESION_SIZED = (
    "[a] {size} {what} {seen} [in|within] {place}{oedema}.",
    "{there} [a] {what} {within} {place}, measuring [|approximately|up to] {size}{oedema}.",
    "{there} [a] {size} {what} {within} {place}{oedema}.",
    "[a] {what} {within} {place} measures [|approximately|about] {size}{oedema}.",
    "[a] {what} [approximately|measuring|of approximately] {size} [in size|in greatest dimension|] {seen} [in|within] {place}{oedema}.",
    "within [the] {place_bare}, {there_low} [a] {size} {what}{oedema}.",
    "{place_start} [contains|harbors|shows|demonstrates] [a] {size} {what}{oedema}.",
    "the {what} within {place} measures {size}{oedema}.",
)
_LESION_UNSIZED = (
    "[a] {what} {seen} [in|within] {place}{oedema}.",
    "{there} [a] {what} {within} {place}{oedema}.",
    "{place_start} [contains|shows|demonstrates] [a] {what}{oedema}.",
)
_DURAL = (
    "{there} [a] {size} [dural based|dural-based|extra-axial dural based|extra-axial] [homogeneously|avidly|] enhancing mass [along|overlying|abutting] {dural_place}[, consistent with a meningioma|, compatible with a meningioma|, likely representing a meningioma|, suggestive of meningioma]{oedema}.",
    "[a] [dural based|dural-based|extra-axial dural based] [homogeneously|avidly|] enhancing [mass|lesion] [along|overlying] {dural_place} measures [|approximately] {size}{oedema}[, in keeping with a meningioma|, likely a meningioma|, typical of meningioma].",
    "[a] {size} meningioma [is seen|is present|is noted] [along|overlying] {dural_place}[, with a dural tail|, with broad dural attachment|]{oedema}.",
)
_SELLAR = (
    "{there} [a] {size} [enhancing|homogeneously enhancing|avidly enhancing] [sellar mass|mass in the sella|sellar and suprasellar mass][, likely a pituitary macroadenoma|, suggestive of pituitary adenoma|, arising from the pituitary gland|]{chiasm}.",
    "[the sella is expanded by|the pituitary gland is replaced by] [a] {size} enhancing [mass|lesion]{chiasm}.",
    "[an] enhancing [sellar|pituitary] mass measures [|approximately] {size}{chiasm}.",
)
_SURGERY = (
    "{there} [a] {crani} craniotomy with [an underlying|a subjacent|an adjacent] resection cavity{cavity_size}.",
    "[postsurgical|postoperative] changes [of|from|related to] [a] {crani} craniotomy [are seen|are noted|are present|] with [a] resection cavity in {place}{cavity_size}.",
    "[postsurgical|postoperative] changes are [seen|present|noted] in {place}, with [a] {crani} craniotomy and [a] [resection|surgical] cavity{cavity_size}.",
    "[a] {crani} craniotomy defect and [a] [surgical|resection] cavity within {place} [are seen|are noted|are present]{cavity_end}.",
    "[the patient has undergone|the images show] [a] {crani} craniotomy, with [a] [resection|surgical] cavity in {place}{cavity_size}.",
)
_SHIFT = (
    "{there} [approximately|] {mm} mm of {from_to} midline shift.",
    "{there} [a] {mm} mm midline shift to the {to}.",
    "mass effect [results in|causes|produces] {from_to} midline shift[ of {mm} mm| measuring {mm} mm|].",
    "[associated|resulting|local] mass effect [with|and] [approximately|] {mm} mm of midline shift to the {to} [is seen|is noted|is present].",
    "the midline structures are shifted to the {to} by [approximately|about] {mm} mm.",
)
_HYDRO = (
    "[the ventricles are|the ventricular system is] [dilated|enlarged|markedly enlarged|diffusely dilated], [consistent with|compatible with|in keeping with|indicating] hydrocephalus.",
    "{there} [hydrocephalus|ventriculomegaly consistent with hydrocephalus|moderate hydrocephalus|communicating hydrocephalus].",
    "[hydrocephalus is present|hydrocephalus is noted|moderate hydrocephalus is seen] with [dilatation|enlargement] of the lateral ventricles.",
    "the lateral ventricles are [dilated|enlarged|prominent and dilated], [consistent with|compatible with] hydrocephalus.",
)
_WHITE = {
    1: "[mild|minimal|mild scattered|mild patchy]",
    2: "[moderate|patchy|moderate patchy|scattered]",
    3: "[extensive|severe|confluent|extensive confluent]",
}
_WHITE_MATTER = (
    "{there} {grade} [periventricular|periventricular and subcortical|periventricular and deep] white matter [changes|T1 hypointensity|disease], [likely representing|consistent with|suggestive of|compatible with] [chronic small vessel ischemic disease|leukoaraiosis|leukoencephalopathy|chronic microvascular disease|treatment-related leukoencephalopathy].",
    "{grade} [periventricular|periventricular and subcortical|periventricular and deep] white matter [changes|disease|hypointensities] [are|is] present[, consistent with leukoaraiosis|, suggestive of chronic microvascular ischemic disease|, compatible with leukoencephalopathy|].",
    "[background|] {grade} white matter changes are present[ around the lateral ventricles| in the periventricular regions|].",
)

_NO_SHIFT = (
    "there is no midline shift[ or herniation| or mass effect|].",
    "no midline shift[ or herniation| or mass effect|][ is seen| is present|].",
    "[there is no|no] [evidence of|] [herniation or midline shift|midline shift or herniation|mass effect or midline shift].",
    "midline structures are [normal in position|not shifted|maintained in position].",
)
_NO_HYDRO = (
    "there is no [evidence of|] hydrocephalus.",
    "no [evidence of|] hydrocephalus.",
    "no hydrocephalus is [seen|present].",
    "the ventricles are [unremarkable|normal in size|normal in size and configuration|not dilated|within normal limits].",
    "[the ventricular system is|ventricles are] normal in [caliber|size] without hydrocephalus.",
)
_NO_WHITE = (
    "[there is no|no] [evidence of|] [white matter disease|leukoencephalopathy|white matter abnormality|leukoaraiosis].",
    "[the white matter is|cerebral white matter is] [unremarkable|normal in signal|normal in appearance].",
)
_NO_SELLA = (
    "the pituitary gland [is normal in appearance|is unremarkable|appears normal].",
    "the sella and parasellar regions are [unremarkable|normal|within normal limits].",
    "[no|there is no] sellar or parasellar [abnormality|mass].",
    "the [pituitary gland and cavernous sinuses are|sella and pituitary gland are] [unremarkable|normal].",
)
_NO_COLLECTION = (
    "[no|there are no] extra-axial [collections|fluid collections].",
    "no extra-axial [fluid|] collection is [seen|identified].",
    "no [acute|] intracranial hemorrhage or extra-axial collection [is seen|is identified|].",
    "[there is no|no] evidence of [acute|] infarction or hemorrhage.",
)
_NO_SURGERY = ("[there is no|no] evidence of craniotomy.", "the calvarium is intact.", "[calvarium and skull base are|the visualized calvarium is] unremarkable.")
_NORMAL_FLOW = (
    "the [dural venous sinuses|major dural sinuses] enhance normally.",
    "[there is normal enhancement of|expected enhancement is seen in] the [dural venous sinuses|major intracranial vessels].",
    "the [orbits and paranasal sinuses|visualized orbits|paranasal sinuses] are [unremarkable|grossly unremarkable].",
)
_NO_LESION = (
    "there is no [abnormal|suspicious|pathologic] [parenchymal, dural or leptomeningeal|parenchymal or leptomeningeal|intracranial|parenchymal] enhancement.",
    "no [abnormal|suspicious|pathologic] [parenchymal, dural or leptomeningeal|parenchymal or leptomeningeal|intracranial|parenchymal] enhancement[ is seen| is identified|].",
    "no [suspicious|suspiciously|abnormal|] enhancing [brain lesions|lesions|parenchymal lesions|mass lesions|intracranial lesions][ are identified| are seen| to suggest metastatic disease|].",
    "there are no [suspicious|suspiciously|abnormal|] enhancing [brain lesions|lesions|parenchymal lesions|mass lesions|intracranial lesions][ to suggest metastatic disease|].",
    "no enhancing [mass|lesion] is [seen|identified|present].",
    "[no evidence of|there is no evidence of] [intracranial metastatic disease|enhancing brain lesions|abnormal enhancement].",
)
_NO_MORE = (
    "no additional [suspicious|suspiciously|abnormal|] enhancing lesions are [identified|seen|present].",
    "no other enhancing [parenchymal|intracranial|] lesions[ are seen|].",
    "there are no other enhancing [parenchymal|intracranial|] lesions.",
    "[no|there is no] additional [abnormal|] [parenchymal or leptomeningeal|leptomeningeal] enhancement.",
)
_NORMAL = (
    "[normal|unremarkable] [T1 post-contrast|contrast enhanced|] [examination|MRI|appearance] of the brain.",
    "the brain [parenchyma is|is] [unremarkable|normal in appearance|normal].",
    "[the brain parenchyma demonstrates|there is] normal gray-white [differentiation|matter differentiation].",
)


@dataclass(frozen=True)
class Sentence:
    """One sentence and what it says."""

    text: str
    facts: tuple[Fact, ...]


def _length(mm: float, rng: np.random.Generator, width_mm: float | None = None) -> str:
    centimetres = rng.random() < 0.65
    one = lambda value: f"{value / 10:.1f}".replace(".0", "") if centimetres else f"{value:.0f}"  # noqa: E731
    unit = "cm" if centimetres else "mm"
    return f"{one(mm)} x {one(width_mm)} {unit}" if width_mm and rng.random() < 0.4 else f"{one(mm)} {unit}"


def place_words(lesion: Lesion | Cavity, rng: np.random.Generator) -> str:
    """The place as words without article: 'left frontal lobe', 'right thalamus', 'brainstem'."""
    if lesion.place in LOBES:
        return f"{lesion.side} {lesion.place} lobe"
    if lesion.place == "deep":
        return f"{lesion.side} {lesion.part}"  # type: ignore[union-attr]
    if lesion.place == "cerebellum":
        return f"{lesion.side} {('cerebellum', 'cerebellar hemisphere')[int(rng.integers(2))]}"
    return "brainstem"


def lesion_fact(lesion: Lesion) -> Fact:
    """What a sentence about one lesion says."""
    return {"finding": "lesion", "present": True, "location": lesion.location, "side": lesion.side, "sizeMm": lesion.size_mm, "kind": lesion.kind}


def _article(text: str) -> str:
    """'a' before a vowel sound becomes 'an'."""
    return re.sub(r"\b([Aa]) (?=8|11 |18 |enhanc|avidly|irregular|extra)", lambda found: f"{found.group(1)}n ", text)


def _write(patterns: tuple[str, ...], rng: np.random.Generator, **slots: str) -> str:
    pattern = patterns[int(rng.integers(len(patterns)))]
    filled = {"there": expand(_THERE_IS, rng), "there_low": "there is", "seen": expand(_SEEN, rng).lower(), "within": expand(_WITHIN, rng).lower(), **slots}
    return _article(expand(pattern, rng, **filled))


def _oedema(lesion: Lesion, rng: np.random.Generator) -> tuple[str, list[Fact]]:
    if lesion.oedema_mm >= 5 and rng.random() < 0.75:
        words = "[with surrounding edema|with surrounding vasogenic edema|with adjacent edema|with perilesional edema|with mild surrounding edema]" if lesion.oedema_mm < 12 else "[with extensive surrounding edema|with surrounding vasogenic edema|with marked vasogenic edema|with extensive vasogenic edema]"
        text = expand(words, rng)
        return f" {text[0].lower()}{text[1:]}", [{"finding": "edema", "present": True, "side": lesion.side, "location": lesion.location}]
    if lesion.oedema_mm == 0 and rng.random() < 0.2:
        return (" without surrounding edema", " without significant edema")[int(rng.integers(2))], [{"finding": "edema", "present": False, "side": lesion.side, "location": lesion.location}]
    return "", []


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


def _one_lesion(lesion: Lesion, rng: np.random.Generator, sized: bool) -> Sentence:
    oedema, facts = _oedema(lesion, rng)
    size = _length(lesion.size_mm, rng, lesion.width_mm if lesion.size_mm > 9 else None)
    fact = lesion_fact(lesion)
    if lesion.kind == "dural":
        where = expand("the {side} {place} [lobe|convexity]", rng, side=lesion.side, place=lesion.place)
        return Sentence(_write(_DURAL, rng, size=size, dural_place=_lower_first(where), oedema=oedema), (fact, *facts))
    if lesion.kind == "sellar":
        presses = lesion.size_mm >= 19
        chiasm = (", with compression of the optic chiasm", ", compressing the optic chiasm and cranial nerves", ", abutting and compressing the optic nerves")[int(rng.integers(3))] if presses else ""
        extra: list[Fact] = [{"finding": "compression", "present": True, "what": "cranial nerves"}] if presses else []
        return Sentence(_write(_SELLAR, rng, size=size, chiasm=chiasm), (fact, *extra))
    kind = "solid-small" if lesion.kind == "solid" and lesion.size_mm < 10 else lesion.kind
    what = _lower_first(expand(_KIND[kind], rng))
    place = place_words(lesion, rng)
    patterns = _LESION_SIZED if sized or lesion.kind != "punctate" else _LESION_UNSIZED
    text = _write(patterns, rng, size=size, what=what, place=f"the {place}", place_bare=place, place_start=f"The {place}", oedema=oedema)
    if patterns is _LESION_UNSIZED:
        fact = {**fact, "sizeMm": None}
    return Sentence(text, (fact, *facts))


def _place_list(lesions: list[Lesion], rng: np.random.Generator) -> str:
    seen: dict[str, str] = {}
    for lesion in sorted(lesions, key=lambda one: LOCATIONS.index(one.location)):
        key = lesion.location + lesion.side + (lesion.part or "")
        seen.setdefault(key, f"the {place_words(lesion, rng)}")
    return listed(list(seen.values()))


def _count_words(count: int, rng: np.random.Generator) -> str:
    if count <= 6:
        return _NUMBER[count]
    if count <= 15:
        return (_NUMBER[count], f"approximately {_NUMBER[count]}", f"{count}")[int(rng.integers(3))]
    return ("innumerable", "more than 15", "too numerous to count", "over 15", f"more than fifteen", "innumerable")[int(rng.integers(6))]


def _lesions(findings: Findings, rng: np.random.Generator) -> list[Sentence]:
    lesions = list(findings.lesions)
    if not lesions:
        return []
    if len(lesions) == 1:
        return [_one_lesion(lesions[0], rng, rng.random() < 0.8)]
    special = [one for one in lesions if one.kind in ("dural", "sellar")]
    plain = [one for one in lesions if one not in special]
    out: list[Sentence] = []
    told = [] if len(plain) > 6 else plain[: 6 - len(special)] if rng.random() < 0.55 or len(plain) == 1 else plain[:2]
    if len(plain) > 1:
        count: Fact = {"finding": "count", "present": True, "count": len(plain)}
        rest = [one for one in plain if one not in told]
        left, right = (sum(one.side == side for one in plain) for side in ("left", "right"))
        if rest or rng.random() < 0.6:
            words = _count_words(len(plain), rng)
            kinds = Counter(one.kind for one in plain)
            many = ("[punctate enhancing lesions|punctate enhancing foci|tiny enhancing lesions]" if kinds["punctate"] == len(plain) else "[enhancing lesions|enhancing brain lesions|enhancing parenchymal lesions|enhancing metastases|enhancing intracranial lesions]")
            many = _lower_first(expand(many, rng))
            named = plain if rest else []
            if named:
                pattern = ("{there} {count} {many} [involving|within|in|located in|distributed in] {places}.", "{count} {many} {seen} [in|within|involving] {places}.", "[there are] {count} {many}[, located in|, involving| in] {places}.")
                facts = [count, *({"finding": "lesion", "present": True, "location": o, "side": s, "sizeMm": None, "kind": None} for o, s in dict.fromkeys((one.location, one.side) for one in plain))]
                text = _write(pattern, rng, count=words, many=many, places=_place_list(named, rng), there="There are", seen=expand(_SEEN_MANY, rng).lower())
                out.append(Sentence(text, tuple(facts)))
            else:
                out.append(Sentence(_write(("[there are|there are a total of] {count} {many}.", "{count} {many} {seen}."), rng, count=words, many=many, seen=expand(_SEEN_MANY, rng).lower()), (count,)))
        if rest or len(plain) > 6:
            biggest = plain[0]
            size = _length(biggest.size_mm, rng, biggest.width_mm if biggest.size_mm > 9 else None)
            kind = {"ring": "[ring enhancing|rim enhancing|peripherally enhancing centrally necrotic] ", "punctate": "", "solid": "", "dural": "", "sellar": ""}[biggest.kind]
            text = _write(
                ("the largest[ lesion|] is [|a {kind}lesion ]{within} {place}[ and measures|, measuring] {size}.", "the largest [|{kind}]lesion[ is located|, located|] in {place}, measures {size}.", "the [largest|dominant] [|{kind}]lesion measures {size} and is [located|seen|situated] [in|within] {place}."),
                rng, size=size, place=f"the {place_words(biggest, rng)}", kind=_lower_first(expand(kind, rng)) + " " if kind else "", within=("in", "within")[int(rng.integers(2))])  # fmt: skip
            out.append(Sentence(text.replace(", located in", " in").replace("largest lesion is located in", "largest lesion is located in").replace(", measures", " measures" if " is located" not in text else " and measures"), ({**lesion_fact(biggest), "largest": True},)))
            if left != right and rng.random() < 0.4:
                more = "left" if left > right else "right"
                out.append(Sentence(_write(("[the lesions|these] are more numerous [on|in] the {side}[| side].", "[more|the majority] of the lesions are [on|in] the {side}[| hemisphere].", "lesion burden is greater on the {side}."), rng, side=more).replace("More of the", "Most of the"), ({"finding": "moreLesions", "present": True, "side": more},)))
        else:
            out.extend(_one_lesion(one, rng, sized=number == 0 or rng.random() < 0.8) for number, one in enumerate(told))
        if (rest or len(plain) > 6) and any(one.oedema_mm >= 5 for one in plain) and rng.random() < 0.5:
            out.append(Sentence(_write(("[several|some] [of the lesions|lesions] [have|show|are associated with] surrounding [|vasogenic] edema.",) if sum(one.oedema_mm >= 5 for one in plain) > 1 else ("surrounding [vasogenic|] edema is [seen|present] about one of the lesions.",), rng), ({"finding": "edema", "present": True},)))
    elif plain:
        out.append(_one_lesion(plain[0], rng, True))
    out.extend(_one_lesion(one, rng, True) for one in special)
    return out


def _surgery(cavity: Cavity, rng: np.random.Generator) -> Sentence:
    name = cavity.place if cavity.place != "temporal" else ("temporal", "pterional")[int(rng.integers(2))]
    crani = expand("{side}[ |-sided |  ]{name}", rng, side=cavity.side, name=name)
    sized = rng.random() < 0.4
    size = _length(cavity.size_mm, rng, cavity.width_mm)
    text = _write(_SURGERY, rng, crani=_lower_first(crani), place=f"the {place_words(cavity, rng)}", cavity_size=f" measuring {size}" if sized else "", cavity_end=f", the cavity measuring {size}" if sized else "")
    return Sentence(text, ({"finding": "surgery", "present": True, "side": cavity.side, "location": f"{cavity.side.capitalize()} {cavity.place} lobe", "craniotomy": cavity.craniotomy},))


def write_report(scene: Scene, rng: np.random.Generator) -> list[Sentence]:
    """The report of a scene, 3 to 11 sentences with their facts."""
    findings = scene.findings
    positive = _lesions(findings, rng)
    surgery = [_surgery(findings.cavity, rng)] if findings.cavity else []
    main = surgery + positive if rng.random() < 0.75 else positive + surgery
    side: list[Sentence] = []
    if findings.shift_mm:
        away = "left" if findings.shift_to == "right" else "right"
        text = _write(_SHIFT, rng, mm=f"{findings.shift_mm:.0f}", to=findings.shift_to, from_to=f"{away}-to-{findings.shift_to}")
        side.append(Sentence(text, ({"finding": "shift", "present": True, "side": findings.shift_to, "mm": findings.shift_mm if "mm" in text else None},)))
        ventricle = "[there is effacement of|mass effect effaces|there is compression of] the {side} lateral ventricle." , "the {side} lateral ventricle is [compressed|effaced|partially effaced]."
        side.append(Sentence(_write(ventricle, rng, side=away), ({"finding": "compression", "present": True, "what": "ventricles", "side": away},)))
    if "brainstem" in findings.compression:
        side.append(Sentence(_write(("[there is mass effect on|mass effect is exerted on|there is compression of] the brainstem[ and fourth ventricle|].", "the [cerebellar|posterior fossa] mass [compresses|exerts mass effect on] the brainstem."), rng), ({"finding": "compression", "present": True, "what": "brainstem"},)))
    if findings.hydrocephalus:
        side.append(Sentence(_write(_HYDRO, rng), ({"finding": "hydrocephalus", "present": True},)))
    if findings.white_matter:
        text = _write(_WHITE_MATTER, rng, grade=_lower_first(expand(_WHITE[findings.white_matter], rng)))
        text = text.replace("disease are present", "disease is present").replace("changes is present", "changes are present").replace("hypointensities is present", "hypointensities are present")
        side.append(Sentence(text, ({"finding": "whiteMatter", "present": True, "grade": findings.white_matter},)))
    order = rng.permutation(len(side))
    if not findings.shift_mm:
        side = [side[k] for k in order]

    no = lambda finding, patterns: (finding, patterns)  # noqa: E731
    absent = [
        no("shift", _NO_SHIFT) if not findings.shift_mm else None,
        no("hydrocephalus", _NO_HYDRO) if not findings.hydrocephalus and not findings.shift_mm else None,
        no("whiteMatter", _NO_WHITE) if not findings.white_matter else None,
        no("sella", _NO_SELLA) if not any(one.kind == "sellar" for one in findings.lesions) else None,
        no("collection", _NO_COLLECTION),
        no("surgery", _NO_SURGERY) if not findings.cavity else None,
        no("other", _NORMAL_FLOW),
    ]
    choices = [one for one in absent if one]
    weights = np.array([{"shift": 3, "hydrocephalus": 3, "whiteMatter": 1, "sella": 1.2, "collection": 1.5, "surgery": 0.4, "other": 0.6}[finding] for finding, _ in choices])
    told = len(main) + len(side)
    normal = findings.normal
    lesion_word: list[Sentence] = []
    if not findings.lesions and (normal or rng.random() < 0.75):
        lesion_word = [Sentence(_write(_NO_LESION, rng), ({"finding": "lesion", "present": False},))]
    elif findings.lesions and rng.random() < 0.4:
        lesion_word = [Sentence(_write(_NO_MORE, rng), ({"finding": "additionalLesion", "present": False},))]
    opening = [Sentence(_write(_NORMAL, rng), ({"finding": "normal", "present": True},))] if normal and rng.random() < 0.45 else []
    told += len(lesion_word) + len(opening)
    least, most = max(0, 3 - told), max(0, min(11 - told, 4))
    count = min(int(rng.integers(least, most + 1)) if most >= least else least, len(choices))
    picked = sorted(rng.choice(len(choices), count, replace=False, p=weights / weights.sum()), key=lambda _: rng.random())
    negative = [Sentence(_write(choices[k][1], rng), ({"finding": choices[k][0], "present": False},)) for k in picked]
    if negative and not findings.lesions and not side and not main:
        position = int(rng.integers(len(negative) + 1)) if rng.random() < 0.3 else 0
        body = negative[:position] + lesion_word + negative[position:]
    else:
        body = lesion_word + negative if rng.random() < 0.7 else negative + lesion_word
    return (opening + main + side + body)[:11]
