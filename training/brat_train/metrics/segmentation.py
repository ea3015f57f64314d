"""Masks against masks: Dice, and BraTS 2023's lesion-wise Dice. Each region (whole tumour, core, enhancing) is a mask of its own.

Lesion-wise Dice takes its rules from the challenge's published description and parameters (R. Saluja, "BraTS 2023
Lesion-Wise Performance Metrics"): true lesions nearer than a dilation joins are one; each is compared with all predicted
components that touch its dilated extent; missed lesions and false components count 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LesionRules:
    """A challenge's parameters."""

    #: How many times true lesions are dilated by a voxel (faces and edges).
    dilation: int
    #: True lesions of this volume or less are left out, mm³.
    smallest_mm3: float


#: BraTS 2023's parameters for gliomas and for metastases.
GLIOMA, METASTASES = LesionRules(3, 50.0), LesionRules(1, 2.0)


def dice(predicted: Mask, true: Mask) -> float:
    """Dice of two masks; 1 if both are empty, as the challenge has it. Raises ValueError if their shapes differ."""
    if predicted.shape != true.shape:
        raise ValueError(f"masks have shapes {predicted.shape} and {true.shape}")
    total = int(predicted.sum()) + int(true.sum())
    return 2.0 * int((predicted & true).sum()) / total if total else 1.0


@dataclass(frozen=True)
class LesionFigures:
    """Lesions found, missed and made up, and their Dice."""

    dice: float
    found: int
    missed: int
    false: int


def lesion_wise_dice(predicted: Mask, true: Mask, rules: LesionRules, voxel_mm3: float = 1.0) -> LesionFigures:
    """Mean Dice over true lesions and false components, which count 0; 1 where there is nothing of either.

    A predicted component touching two lesions counts whole against each, as in the challenge.
    """
    from scipy import ndimage

    if predicted.shape != true.shape:
        raise ValueError(f"masks have shapes {predicted.shape} and {true.shape}")
    every, edges = np.ones((3, 3, 3), bool), ndimage.generate_binary_structure(3, 2)
    component, components = ndimage.label(predicted, every)
    joined, lesions = ndimage.label(ndimage.binary_dilation(true, edges, rules.dilation), every)
    touched: set[int] = set()
    scores, found, missed = [], 0, 0
    for number in range(1, lesions + 1):
        lesion = true & (joined == number)
        near = set(np.unique(component[ndimage.binary_dilation(lesion, edges, rules.dilation)]).tolist()) - {0}
        touched |= near
        if lesion.sum() * voxel_mm3 <= rules.smallest_mm3:
            continue
        found += bool(near)
        missed += not near
        scores.append(dice(np.isin(component, list(near)), lesion))
    false = components - len(touched)
    counted = len(scores) + false
    return LesionFigures(sum(scores) / counted if counted else 1.0, found, missed, false)
