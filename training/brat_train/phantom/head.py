"""The anatomical source of the phantoms: one head, its compartments, lobes and normally enhancing structures.

Loads `data/head.npz` (made by build_head.py). Arrays are RAS at 1 mm; voxel (i, j, k) lies at MNI (i-90, j-125, k-71) mm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

HEAD_FILE = Path(__file__).with_name("data") / "head.npz"
ORIGIN_MM = np.array([-90.0, -125.0, -71.0])
LOBES = ("frontal", "parietal", "temporal", "occipital", "deep", "cerebellum", "brainstem", "insula")


class Vessel:
    """Kinds of normally enhancing structure; each phantom draws a brightness for every kind."""

    DURA, FALX, TENTORIUM, SAGITTAL_SINUS, TRANSVERSE_LEFT, TRANSVERSE_RIGHT, STRAIGHT_SINUS, DEEP_VEIN = range(1, 9)
    CAVERNOUS, CAROTID, MIDDLE_CEREBRAL, ANTERIOR_CEREBRAL, POSTERIOR_CEREBRAL, BASILAR, PITUITARY, CHOROID = range(9, 17)
    SYLVIAN = 17
    CORTICAL = 20
    CORTICAL_COUNT = 100
    COUNT = CORTICAL + CORTICAL_COUNT


def lobe_features(points_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Polynomial terms to degree 6 of |x|, y, z (MNI mm, [points, 3]); the sides share one rule."""
    p = np.stack([np.abs(points_mm[:, 0]) / 40 - 1, (points_mm[:, 1] + 20) / 60, (points_mm[:, 2] - 5) / 45], 1).astype(np.float64)
    columns = [np.ones(len(p))]
    for degree in range(1, 7):
        for which in combinations_with_replacement(range(3), degree):
            columns.append(np.prod(p[:, which], axis=1))
    return np.stack(columns, 1)


@dataclass(frozen=True)
class Head:
    """Arrays of the source head; all [x, y, z] unless said otherwise."""

    t1: NDArray[np.uint8]
    #: 0 outside the head, 1 intracranial, 2 scalp, skull and face, 3 nasal cavity, 4 deep muscles and skull base
    tissue: NDArray[np.uint8]
    #: 1 + index into LOBES, 0 far from the brain
    lobe: NDArray[np.uint8]
    #: signed distance to the intracranial space in half millimetres, negative inside
    inside_half_mm: NDArray[np.int8]
    #: signed distance to the lateral ventricles in half millimetres, negative inside
    ventricle_half_mm: NDArray[np.int8]
    vessel_index: NDArray[np.uint32]
    vessel_kind: NDArray[np.uint8]
    vessel_opacity: NDArray[np.float32]
    #: tissue * 256 + t1, the index of the contrast table
    contrast_index: NDArray[np.uint16]
    #: per lobe: voxel positions [n, 3] and depth [n] (mm from the lobe's border, the brain's surface and the ventricles)
    places: dict[str, tuple[NDArray[np.int16], NDArray[np.float32]]]


@cache
def load_head() -> Head:
    """The head, read once per process; about 2 s."""
    with np.load(HEAD_FILE) as stored:
        a = {name: stored[name] for name in stored.files}
    coarse = (slice(None, None, 2),) * 3
    lobe, inside, ventricle = a["lobe"][coarse], a["inside_mm"][coarse], a["ventricle_mm"][coarse]
    x = np.abs(np.arange(lobe.shape[0]) * 2 + ORIGIN_MM[0])[:, None, None]
    tissue = (a["t1"][coarse] > 66) & (inside < 0)
    places = {}
    for number, name in enumerate(LOBES, 1):
        part = (lobe == number) & (inside < 0)
        if name not in ("brainstem", "cerebellum"):
            part &= x > 2  # the two sides are different places
        depth = ndimage.distance_transform_edt(part).astype(np.float32) * 2
        depth = np.minimum(depth, np.where(ventricle < 60, np.maximum(ventricle * 0.5, 0) + 0.0, 50))
        at = np.argwhere(tissue & (depth >= 2))
        places[name] = ((at * 2).astype(np.int16), depth[tuple(at.T)])
    return Head(
        t1=a["t1"],
        tissue=a["tissue"],
        lobe=a["lobe"],
        inside_half_mm=a["inside_mm"],
        ventricle_half_mm=a["ventricle_mm"],
        vessel_index=a["vessel_index"],
        vessel_kind=a["vessel_kind"],
        vessel_opacity=a["vessel_opacity"].astype(np.float32) / 255,
        contrast_index=a["tissue"].astype(np.uint16) * 256 + a["t1"],
        places=places,
    )
