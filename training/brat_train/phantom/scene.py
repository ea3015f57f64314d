"""Draws one phantom's findings and shape from its seed; decides nothing about images or words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brat_train.phantom.head import ORIGIN_MM, load_head
from brat_train.phantom.pose import Pose, draw_pose
from brat_train.phantom.truth import LOBES, Cavity, Findings, Lesion, LesionKind

#: how often a lesion falls in each place
PLACES = {"frontal": 0.26, "parietal": 0.19, "temporal": 0.17, "occipital": 0.12, "deep": 0.1, "cerebellum": 0.11, "brainstem": 0.05}
#: largest size in mm that a place holds
ROOM_MM = {"frontal": 55, "parietal": 50, "temporal": 45, "occipital": 40, "deep": 28, "cerebellum": 38, "brainstem": 19}
STREAMS = {"findings": 0, "pose": 1, "contrast": 2, "acquisition": 3, "noise": 4, "report": 5, "dicom": 6}


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one purpose; purposes do not disturb one another."""
    return np.random.default_rng(np.random.SeedSequence([seed, STREAMS[name]]))


@dataclass(frozen=True)
class Scene:
    """A patient: what is found and how the head is shaped and placed."""

    seed: int
    findings: Findings
    pose: Pose


def _size(rng: np.random.Generator, kind: LesionKind, many: bool) -> float:
    """A longest diameter in mm, 0.1 cm steps, clear of the class limits at 10 and 20 mm."""
    if kind == "punctate":
        size = rng.uniform(3.5, 7.5)
    else:
        which = rng.choice(3, p=(0.45, 0.38, 0.17) if many else (0.24, 0.36, 0.4))
        size = (rng.uniform(5, 9.2), rng.uniform(11, 19), rng.uniform(22, 52) if not many else rng.uniform(22, 36))[which]
    size = round(float(size))
    return float({10: 9, 20: 19, 21: 22}.get(size, size))


def _place_voxel(rng: np.random.Generator, place: str, radius: float, taken: list[tuple[np.ndarray, float]]) -> np.ndarray | None:
    """A head position (MNI mm) where a ball of that radius lies mostly inside the place and off the other lesions."""
    positions, depth = load_head().places[place]
    wanted = min(max(2.0, radius * 0.75), float(depth.max()) * 0.8)
    allowed = np.flatnonzero((depth >= wanted) & ((depth < wanted + 12) | (rng.random() < 0.3)))
    if not len(allowed):
        return None
    for _ in range(30):
        at = positions[rng.choice(allowed)] + ORIGIN_MM + rng.uniform(-1, 1, 3)
        if all(np.linalg.norm(at - other) > radius + far + 3 for other, far in taken):
            return at
    return None


def _lesion(rng: np.random.Generator, pose: Pose, kind: LesionKind, place: str, side: str | None, size: float, taken: list) -> Lesion | None:
    for _ in range(8):
        at = _place_voxel(rng, place, size / 2, taken)
        if at is None:
            return None
        if place == "deep" and abs(at[0]) < 5 or place == "cerebellum" and abs(at[0]) < size / 2 + 4:
            continue
        break
    else:
        return None
    if side in ("left", "right") and place != "brainstem" and pose.side_of(at[0]) != side:
        at = at * (-1, 1, 1)
        if any(np.linalg.norm(at - other) <= size / 2 + far + 3 for other, far in taken):
            return None
    ratio = rng.uniform(0.65, 0.98) if size > 8 else rng.uniform(0.8, 1.0)
    oedema = 0.0 if size < 8 or rng.random() < 0.35 else float(rng.uniform(3, 8 + 0.35 * size))
    part = None
    if place == "deep":
        part = "thalamus" if at[1] < -7 and abs(at[0]) < 24 else "basal ganglia"
    return Lesion(
        kind=kind,
        place=place,
        side="midline" if place == "brainstem" else pose.side_of(at[0]),
        size_mm=size,
        width_mm=max(3.0, float(round(size * ratio))),
        centre_mni=tuple(float(v) for v in at),
        oedema_mm=oedema,
        part=part,
        shape_seed=int(rng.integers(2**31)),
    )


def _dural(rng: np.random.Generator, pose: Pose, taken: list) -> Lesion | None:
    """A meningioma-like mass: flat against the inner table, bulging into the brain of a lobe."""
    head = load_head()
    place = str(rng.choice(LOBES, p=(0.4, 0.28, 0.2, 0.12)))
    size = float({10: 9, 20: 19, 21: 22}.get(s := round(float(rng.uniform(12, 19) if rng.random() < 0.45 else rng.uniform(22, 46))), s))
    positions, depth = head.places[place]
    inside = head.inside_half_mm[tuple(positions.T)] / 2
    rim = np.flatnonzero((inside > -size * 0.28 - 3) & (inside < -size * 0.28 + 1) & (depth >= 3))
    for _ in range(20):
        if not len(rim):
            return None
        at = positions[rng.choice(rim)] + ORIGIN_MM
        if abs(at[0]) > size * 0.45 + 4 and all(np.linalg.norm(at - o) > size / 2 + r + 3 for o, r in taken):
            break
    else:
        return None
    return Lesion("dural", place, pose.side_of(at[0]), size, float(round(size * rng.uniform(0.7, 0.95))), tuple(map(float, at)),
                  float(rng.uniform(4, 12)) if size > 25 and rng.random() < 0.5 else 0.0, shape_seed=int(rng.integers(2**31)))  # fmt: skip


def _cavity(rng: np.random.Generator, pose: Pose) -> Cavity | None:
    """A resection cavity that opens towards the convexity."""
    head = load_head()
    place = str(rng.choice(LOBES, p=(0.4, 0.22, 0.26, 0.12)))
    positions, depth = head.places[place]
    size = float(round(rng.uniform(20, 48)))
    inside = head.inside_half_mm[tuple(positions.T)] / 2
    fits = np.flatnonzero((inside > -size * 0.5 - 4) & (inside < -size * 0.32) & (depth > min(6.0, depth.max() * 0.6)) & (np.abs(positions[:, 0] + ORIGIN_MM[0]) > size / 2 + 3) & (positions[:, 2] + ORIGIN_MM[2] > -28))
    if not len(fits):
        return None
    at = positions[rng.choice(fits)] + ORIGIN_MM
    return Cavity(place, pose.side_of(at[0]), size, float(round(size * rng.uniform(0.65, 0.95))), tuple(map(float, at)), int(rng.integers(2**31)))


def _residual(rng: np.random.Generator, cavity: Cavity, kind: LesionKind, size: float) -> Lesion | None:
    """A lesion on the wall of a resection cavity, in the same lobe."""
    head = load_head()
    for _ in range(12):
        direction = rng.normal(size=3)
        at = np.array(cavity.centre_mni) + direction / np.linalg.norm(direction) * cavity.width_mm / 2
        voxel = tuple(np.clip(np.round(at - ORIGIN_MM).astype(int), 0, np.array(head.lobe.shape) - 1))
        if head.lobe[voxel] == LOBES.index(cavity.place) + 1 and head.inside_half_mm[voxel] < -size * 0.6 and abs(at[0]) > size / 2:
            width = max(3.0, float(round(size * rng.uniform(0.65, 0.95))))
            oedema = float(rng.uniform(3, 8 + 0.35 * size)) if size > 8 and rng.random() < 0.6 else 0.0
            return Lesion(kind, cavity.place, cavity.side, size, width, tuple(map(float, at)), oedema, shape_seed=int(rng.integers(2**31)))
    return None


def draw_scene(seed: int) -> Scene:
    """The findings and shape of phantom `seed`; about one in five has none."""
    pose = draw_pose(stream(seed, "pose"))
    rng = stream(seed, "findings")
    if rng.random() < 0.1:  # with the draws below that find nothing, one in five
        return Scene(seed, Findings(), pose)
    lesions: list[Lesion] = []
    taken: list[tuple[np.ndarray, float]] = []
    cavity = _cavity(rng, pose) if rng.random() < 0.24 else None
    if cavity:
        taken.append((np.array(cavity.centre_mni), cavity.size_mm / 2))

    def add(lesion: Lesion | None) -> None:
        if lesion:
            lesions.append(lesion)
            taken.append((np.array(lesion.centre_mni), lesion.size_mm / 2))

    if rng.random() < (0.68 if not cavity else 0.6):
        count = int((1, rng.integers(2, 7), rng.integers(7, 16), rng.integers(16, 26))[rng.choice(4, p=(0.5, 0.31, 0.12, 0.07))])
        bias = rng.choice((0.5, 0.85, 0.15))  # most of several lesions often lie on one side
        common: LesionKind = str(rng.choice(("solid", "ring", "punctate"), p=(0.45, 0.3, 0.25)))  # type: ignore[assignment]
        names, weights = list(PLACES), np.array(list(PLACES.values()))
        for number in range(count):
            kind = common if rng.random() < 0.6 else str(rng.choice(("solid", "ring", "punctate"), p=(0.5, 0.25, 0.25)))
            if count == 1 and kind == "punctate" and rng.random() < 0.5:
                kind = "solid"
            side = "left" if rng.random() < bias else "right"
            for _ in range(6):
                place = str(rng.choice(names, p=weights))
                if number == 0 and cavity and rng.random() < 0.5:
                    place, side = cavity.place, cavity.side
                size = min(_size(rng, kind, count > 1 and number > 0 or count > 6), ROOM_MM[place])
                if kind == "ring" and size < 11:
                    size = float(rng.integers(11, 19))
                residual = _residual(rng, cavity, kind, size) if number == 0 and cavity and size < 34 and rng.random() < 0.6 else None
                if (lesion := residual or _lesion(rng, pose, kind, place, side, size, taken)) is not None:
                    add(lesion)
                    break
    if rng.random() < 0.13:
        add(_dural(rng, pose, taken))
    if rng.random() < 0.1:
        size = float(rng.choice((13, 15, 17, 19, 23, 26, 29)))
        add(Lesion("sellar", "sella", "midline", size, float(round(size * rng.uniform(0.75, 0.95))), (float(rng.uniform(-2, 2)), 2.0, -34 + size * 0.36), 0.0, shape_seed=int(rng.integers(2**31))))
    hydrocephalus = bool(rng.random() < 0.12)
    white_matter = int(rng.integers(1, 4)) if rng.random() < 0.2 else 0
    shift, to, compression = 0.0, "midline", []
    big = max((one for one in lesions if one.place in (*LOBES, "deep")), key=lambda one: one.size_mm, default=None)
    if big and big.size_mm >= 22 and rng.random() < min(0.65, big.size_mm / 55):
        shift = float(round(rng.uniform(4, 6 + big.size_mm / 8)))
        to = "right" if big.side == "left" else "left"
        compression.append("ventricles")
        y, z = big.centre_mni[1], big.centre_mni[2]
        towards = 1.0 if (to == "right") != pose.mirrored else -1.0
        pose = replace(pose, shift_mm=towards * shift * 1.15, shift_yz=(float(np.clip(y, -55, 30)), float(np.clip(z, 0, 35))))
    if any(one.place == "cerebellum" and one.size_mm >= 25 for one in lesions):
        compression.append("brainstem")
    if any(one.kind == "sellar" and one.size_mm >= 19 for one in lesions):
        compression.append("cranial nerves")
    if hydrocephalus:
        pose = replace(pose, ventricle_mm=float(rng.uniform(5.0, 8.5)))
    findings = Findings(tuple(sorted(lesions, key=lambda one: -one.size_mm)), cavity, shift, to, hydrocephalus, white_matter, tuple(compression))
    return Scene(seed, findings, pose)
