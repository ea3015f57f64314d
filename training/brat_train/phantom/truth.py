"""What is true of a phantom: its findings, and the answers to the paper's questions (Figure 14) that follow from them.

Pure data: no images here. Sides are the patient's own: 'left' is the patient's left (+x in LPS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Side = Literal["left", "right", "midline"]
LesionKind = Literal["solid", "ring", "punctate", "dural", "sellar"]
LOBES = ("frontal", "parietal", "temporal", "occipital")

#: id -> question, in the paper's wording. 'Is there hydrocephalus?' stands in its Figure 15 only.
QUESTIONS: dict[str, str] = {
    "surgery": "Is there evidence of prior surgery?",
    "surgeryKind": "What kind of surgery was performed?",
    "enhancing": "Are there any enhancing lesions?",
    "size": "What is the length of the biggest mass lesion?",
    "side": "Which side of the brain has more enhancing lesions?",
    "locations": "List all the locations that contain enhancing lesions.",
    "count": "How many enhancing lesions are there?",
    "shift": "Is there a herniation or midline shift?",
    "hydrocephalus": "Is there hydrocephalus?",
    "whiteMatter": "Are there any signs of white matter disease (e.g., leukoaraiosis or leukoencephalopathy)?",
    "pituitaryNormal": "Is the pituitary gland normal in appearance?",
    "sella": "Are there abnormalities in the sella or parasellar regions?",
    "compression": "Where is there evidence of invasion into or compression of adjacent structures?",
}

YES_NO = ("Yes", "No")
SURGERY_KINDS = tuple(
    f"{side} {lobe if lobe != 'temporal' else 'temporal or pterional'} craniotomy" for lobe in LOBES for side in ("left", "right")
)
LOCATIONS = (
    *(f"{side} {lobe} lobe" for lobe in LOBES for side in ("Left", "Right")),
    "Left thalamus or basal ganglia",
    "Right thalamus or basal ganglia",
    "Cerebellum",
    "brainstem",
    "cervical spinal cord",
    "Sella or parasellar region",
)

#: id -> allowed answers. Figure 14's options, with what it leaves out (a left occipital craniotomy, the right temporal
#: and left occipital lobes, the sella) added in the same wording. Locations and compression may list several, with ';'.
OPTIONS: dict[str, tuple[str, ...]] = {
    "surgery": YES_NO,
    "surgeryKind": ("NA", *SURGERY_KINDS),
    "enhancing": YES_NO,
    "size": ("NA", "Less than 1cm", "1 to 2cm", "More than 2cm"),
    "side": ("NA", "Left", "Right"),
    "locations": ("NA", *LOCATIONS),
    "count": ("NA", "One", "Between 2 and 6", "Between 7 and 15", "More than 15"),
    "shift": YES_NO,
    "hydrocephalus": YES_NO,
    "whiteMatter": YES_NO,
    "pituitaryNormal": YES_NO,
    "sella": YES_NO,
    "compression": ("Nowhere", "ventricles", "brainstem", "cranial nerves"),
}
MULTIPLE = frozenset({"locations", "compression"})


@dataclass(frozen=True)
class Lesion:
    """One enhancing lesion. Sizes are the longest and the perpendicular diameter in the patient, mm."""

    kind: LesionKind
    #: one of LOBES, 'deep', 'cerebellum', 'brainstem', 'sella'
    place: str
    side: Side
    size_mm: float
    width_mm: float
    #: centre in head coordinates (MNI mm, RAS of the source head, which may be mirrored in the patient)
    centre_mni: tuple[float, float, float]
    oedema_mm: float
    #: within 'deep': thalamus or basal ganglia; None elsewhere
    part: str | None = None
    shape_seed: int = 0

    @property
    def location(self) -> str:
        """The option of Figure 14's location question."""
        if self.place in LOBES:
            return f"{self.side.capitalize()} {self.place} lobe"
        if self.place == "deep":
            return f"{self.side.capitalize()} thalamus or basal ganglia"
        return {"cerebellum": "Cerebellum", "brainstem": "brainstem", "sella": "Sella or parasellar region"}[self.place]


@dataclass(frozen=True)
class Cavity:
    """A resection cavity under a craniotomy."""

    place: str
    side: Side
    size_mm: float
    width_mm: float
    centre_mni: tuple[float, float, float]
    shape_seed: int = 0

    @property
    def craniotomy(self) -> str:
        """The option of Figure 14's surgery question."""
        return f"{self.side} {self.place if self.place != 'temporal' else 'temporal or pterional'} craniotomy"


@dataclass(frozen=True)
class Findings:
    """Everything that is abnormal in one phantom."""

    lesions: tuple[Lesion, ...] = ()
    cavity: Cavity | None = None
    #: midline shift in mm (0 for none) and the side it moves to
    shift_mm: float = 0.0
    shift_to: Side = "midline"
    hydrocephalus: bool = False
    #: 0 none, else the extent of T1-dark white matter: 1 mild, 2 moderate, 3 severe
    white_matter: int = 0
    compression: tuple[str, ...] = field(default=())

    @property
    def normal(self) -> bool:
        return not (self.lesions or self.cavity or self.shift_mm or self.hydrocephalus or self.white_matter)


def size_class(size_mm: float) -> str:
    """Figure 14's class of a length in mm."""
    return "Less than 1cm" if size_mm < 10 else "1 to 2cm" if size_mm <= 20 else "More than 2cm"


def count_class(count: int) -> str:
    """Figure 14's class of a number of lesions."""
    return "NA" if count == 0 else "One" if count == 1 else "Between 2 and 6" if count <= 6 else "Between 7 and 15" if count <= 15 else "More than 15"


def answers(findings: Findings) -> dict[str, str]:
    """The answer to every question, by question id.

    More lesions on one side decides 'side'; a tie, or lesions of the midline only, gives NA.
    """
    lesions = findings.lesions
    left = sum(lesion.side == "left" for lesion in lesions)
    right = sum(lesion.side == "right" for lesion in lesions)
    places = {lesion.location for lesion in lesions}
    sella = any(lesion.kind == "sellar" for lesion in lesions)

    def yes(value: object) -> str:
        return "Yes" if value else "No"

    return {
        "surgery": yes(findings.cavity),
        "surgeryKind": findings.cavity.craniotomy if findings.cavity else "NA",
        "enhancing": yes(lesions),
        "size": size_class(max(lesion.size_mm for lesion in lesions)) if lesions else "NA",
        "side": "Left" if left > right else "Right" if right > left else "NA",
        "locations": "; ".join(option for option in LOCATIONS if option in places) or "NA",
        "count": count_class(len(lesions)),
        "shift": yes(findings.shift_mm),
        "hydrocephalus": yes(findings.hydrocephalus),
        "whiteMatter": yes(findings.white_matter),
        "pituitaryNormal": yes(not sella),
        "sella": yes(sella),
        "compression": "; ".join(o for o in OPTIONS["compression"] if o in findings.compression) or "Nowhere",
    }
