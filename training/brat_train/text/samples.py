"""Sentences in the style of the paper's figures, for tokenizers and golden cases made without a training set."""

from __future__ import annotations

from itertools import product

_SIDES = ("left", "right")
_PLACES = ("frontal lobe", "parietal lobe", "temporal lobe", "occipital lobe", "cerebellar hemisphere", "thalamus", "basal ganglia")
_KINDS = ("ring enhancing", "homogeneously enhancing", "punctate enhancing", "peripherally enhancing necrotic", "heterogeneously enhancing")

FIXED = (
    "No enhancing parenchymal, dural or leptomeningeal lesion is seen.",
    "There is no midline shift or herniation.",
    "There is no evidence of hydrocephalus.",
    "The ventricles and sulci are normal in size and configuration.",
    "The ventricles are enlarged, in keeping with communicating hydrocephalus.",
    "There is no extra-axial collection.",
    "The sella and parasellar regions are unremarkable and the pituitary gland is normal in appearance.",
    "A sellar mass with suprasellar extension compresses the optic chiasm.",
    "Periventricular white matter changes suggest chronic small vessel disease.",
    "The white matter is normal in signal.",
    "There are multiple enhancing lesions throughout both hemispheres, more than 15 in number.",
    "The brainstem is unremarkable.",
    "Normal enhancement of the major dural venous sinuses is preserved.",
    "There is surrounding vasogenic oedema with local mass effect.",
    "The mass compresses the lateral ventricle and results in midline shift of 6 mm to the right.",
)


def sample_sentences() -> list[str]:
    """Some hundred sentences with the field's words."""
    lesions = [
        f"There is a {kind} lesion in the {side} {place} measuring {1 + (n % 37) / 10:.1f} cm."
        for n, (side, place, kind) in enumerate(product(_SIDES, _PLACES, _KINDS))
    ]
    surgery = [f"Post-operative changes of a {side} {place.split()[0]} craniotomy with an underlying resection cavity." for side, place in product(_SIDES, _PLACES[:4])]
    dural = [f"A dural-based mass along the {side} {place.split()[0]} convexity measures {8 + n} mm, suggestive of meningioma." for n, (side, place) in enumerate(product(_SIDES, _PLACES[:4]))]
    return [*FIXED, *lesions, *surgery, *dural]
