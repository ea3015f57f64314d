"""Turns the source head into one patient's T1 look: tissue brightness, normal enhancement, and the findings' pictures.

Works on the 1 mm grid of the source head with white matter at 1. Shapes of findings are drawn in patient millimetres
through the local Jacobian of the pose, so that a 14 mm lesion measures 14 mm in the patient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brat_train.phantom.head import ORIGIN_MM, Head, Vessel, load_head
from brat_train.phantom.scene import Scene
from brat_train.phantom.truth import Cavity, Lesion

Volume = NDArray[np.float32]


@cache
def _noise_tile() -> Volume:
    """Periodic smooth noise [96, 96, 96] of unit spread, for textures and ragged borders."""
    rng = np.random.default_rng(7)
    white = rng.normal(size=(96, 96, 96)).astype(np.float32)
    tile = sum(w * (lambda s: s / s.std())(ndimage.gaussian_filter(white, sigma, mode="wrap")) for sigma, w in ((1.0, 0.5), (2.2, 0.7), (5.0, 0.6)))
    return (tile / tile.std()).astype(np.float32)


def _texture(rng: np.random.Generator, box: tuple[slice, ...]) -> Volume:
    tile, shift = _noise_tile(), rng.integers(0, 96, 3)
    return tile[np.ix_(*((np.arange(b.start, b.stop) + s) % 96 for b, s in zip(box, shift)))]


@dataclass(frozen=True)
class Shape:
    """A closed, lumpy ball: `level` is 0 at its centre and 1 at its border; `offset_mm` are patient millimetres."""

    box: tuple[slice, ...]
    level: Volume
    radius_mm: Volume
    offset_mm: Volume


def _shape(scene: Scene, centre_mni: tuple[float, float, float], size_mm: float, width_mm: float, rng: np.random.Generator, reach: float, lumps: float) -> Shape:
    """The voxels within `reach` radii of a centre, with the level of a lumpy ellipsoid whose longest diameter is `size_mm`."""
    head = load_head()
    centre = np.array(centre_mni)
    to_head = scene.pose.jacobian(scene.pose.to_patient(centre[None])[0])
    to_patient = np.linalg.inv(to_head)
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    radii = np.array([size_mm, width_mm, rng.uniform(width_mm * 0.9, (size_mm + width_mm) / 2)]) / 2
    waves, phase, weight = rng.normal(size=(9, 3)) * 2.6, rng.uniform(0, 6.28, 9), rng.uniform(0.4, 1, 9)
    weight *= lumps / np.sqrt((weight**2).sum() / 2)

    def radius(unit: NDArray[np.floating]) -> NDArray[np.float32]:  # unit [3, ...] in patient axes
        own = np.tensordot(axes.T.astype(np.float32), unit.astype(np.float32), 1)
        ellipsoid = 1 / np.sqrt(sum((own[k] / radii[k]) ** 2 for k in range(3)) + 1e-9)
        return ellipsoid * (1 + sum(w * np.cos(np.tensordot(f.astype(np.float32), own, 1) + p) for f, p, w in zip(waves, phase, weight)))

    sphere = rng.normal(size=(3, 400))
    sphere /= np.linalg.norm(sphere, axis=0)
    scale = size_mm / float((radius(sphere) + radius(-sphere)).max())
    span = np.abs(to_head) @ np.full(3, reach * size_mm * 0.6) + 2
    middle = centre - ORIGIN_MM
    low = np.maximum(np.floor(middle - span).astype(int), 0)
    high = np.maximum(np.minimum(np.ceil(middle + span).astype(int) + 1, head.t1.shape), low + 1)
    box = tuple(slice(a, b) for a, b in zip(low, high))
    grid = np.stack(np.meshgrid(*(np.arange(a, b, dtype=np.float32) - m for a, b, m in zip(low, high, middle)), indexing="ij")).astype(np.float32)
    offset = np.tensordot(to_patient.astype(np.float32), grid, 1)
    distance = np.sqrt((offset**2).sum(0)) + 1e-4
    out = radius(offset / distance) * np.float32(scale)
    return Shape(box, (distance / out).astype(np.float32), out.astype(np.float32), offset)


def _fill(shape: Shape, level: float = 1.0, soft_mm: float = 0.7) -> Volume:
    """1 inside the border, 0 outside, a ramp of 2 * soft_mm between."""
    return np.clip((level - shape.level) * shape.radius_mm / (2 * soft_mm) + 0.5, 0, 1).astype(np.float32)


@dataclass(frozen=True)
class Palette:
    """Brightness of everything in one patient; white matter is 1."""

    table: NDArray[np.float32]
    vessels: NDArray[np.float32]
    vessel_share: NDArray[np.float32]
    fluid: float
    grey: float
    fat: float


def draw_palette(rng: np.random.Generator, contrast_agent: bool, after_surgery: bool) -> Palette:
    """Random tissue brightness and normal enhancement; without agent nothing enhances."""
    fluid, grey = rng.uniform(0.18, 0.5), rng.uniform(0.74, 0.99)
    fat_saturated = rng.random() < 0.15
    fat = rng.uniform(0.35, 0.8) if fat_saturated else rng.uniform(1.35, 3.2)
    bone, muscle = rng.uniform(0.05, 0.25), rng.uniform(0.5, 0.85)
    soft = rng.uniform(0.8, 1.3)
    mucosa = rng.uniform(1.1, 2.4) if contrast_agent else rng.uniform(0.5, 0.9)
    deep_muscle = muscle * (rng.uniform(1.0, 1.6) if contrast_agent else 1.0)
    curve = {
        0: ([0, 12, 24, 45, 80, 120, 170, 255], [0, 0.0, bone, muscle * 0.8, soft * 0.9, (soft + fat) / 2, fat, fat * 1.15]),
        1: ([0, 25, 48, 86, 112, 125, 255], [fluid * 0.8, fluid * 0.9, fluid * 1.05, grey, 1.0, 1.03, 1.1]),
        2: ([0, 12, 24, 45, 80, 120, 170, 255], [0, 0.02, bone, muscle * 0.8, soft * 0.9, (soft + fat) / 2, fat, fat * 1.15]),
        3: ([0, 12, 28, 50, 90, 140, 255], [0, 0.02, bone, mucosa * 0.75, mucosa, (mucosa + fat) / 2, fat]),
        4: ([0, 14, 30, 55, 85, 115, 180, 255], [0, 0.02, bone, deep_muscle * 0.75, deep_muscle, (deep_muscle + fat) / 2, fat, fat * 1.1]),
    }
    values = np.arange(256)
    table = np.concatenate([np.interp(values, *curve[k]) for k in range(5)]).astype(np.float32)
    agent = rng.uniform(0.55, 1.25)
    vessels, share = np.ones(Vessel.COUNT, np.float32), np.zeros(Vessel.COUNT, np.float32)
    if contrast_agent:
        arterial, venous = rng.uniform(1.3, 2.6) * agent, rng.uniform(1.6, 2.9) * agent
        flow_void = rng.random() < 0.35  # spin echo: fast arteries stay dark
        vessels[:] = venous
        share[:] = rng.uniform(0.55, 1.0)
        for kind in (Vessel.CAROTID, Vessel.MIDDLE_CEREBRAL, Vessel.ANTERIOR_CEREBRAL, Vessel.POSTERIOR_CEREBRAL, Vessel.BASILAR):
            vessels[kind], share[kind] = (rng.uniform(0.1, 0.4), 0.8) if flow_void and kind in (Vessel.CAROTID, Vessel.BASILAR) else (arterial, rng.uniform(0.3, 1.0))
        for kind in range(Vessel.SYLVIAN, Vessel.SYLVIAN + 3):
            vessels[kind], share[kind] = arterial, rng.uniform(0.1, 0.9)
        vessels[Vessel.CORTICAL :] = venous * rng.uniform(0.6, 1.0, Vessel.CORTICAL_COUNT)
        share[Vessel.CORTICAL :] = rng.uniform(0.15, 0.9, Vessel.CORTICAL_COUNT) * (rng.random(Vessel.CORTICAL_COUNT) < rng.uniform(0.15, 0.85))
        dura = rng.uniform(0.05, 0.7)
        vessels[Vessel.DURA : Vessel.TENTORIUM + 1] = rng.uniform(1.0, 1.9) * agent
        share[Vessel.DURA] = min(1.0, dura + (rng.uniform(0, 0.35) if after_surgery else 0))
        share[Vessel.FALX], share[Vessel.TENTORIUM] = rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.7)
        vessels[Vessel.PITUITARY], share[Vessel.PITUITARY] = rng.uniform(1.3, 2.2) * agent, 1.0
        vessels[Vessel.CAVERNOUS], share[Vessel.CAVERNOUS] = rng.uniform(1.4, 2.3) * agent, 0.95
        vessels[Vessel.CHOROID], share[Vessel.CHOROID] = rng.uniform(1.3, 2.4) * agent, rng.uniform(0.2, 1.0)
        weaker = rng.choice((Vessel.TRANSVERSE_LEFT, Vessel.TRANSVERSE_RIGHT))
        share[weaker] *= rng.uniform(0.15, 1.0)
    else:
        vessels[Vessel.SAGITTAL_SINUS : Vessel.STRAIGHT_SINUS + 1], share[Vessel.SAGITTAL_SINUS : Vessel.STRAIGHT_SINUS + 1] = rng.uniform(0.3, 0.9), 0.8
        vessels[Vessel.PITUITARY], share[Vessel.PITUITARY] = rng.uniform(0.85, 1.1), 1.0
        vessels[Vessel.CAVERNOUS], share[Vessel.CAVERNOUS] = rng.uniform(0.5, 0.9), 0.8
    return Palette(table, vessels, share, float(fluid), float(grey), float(fat))


def _blend(volume: Volume, box: tuple[slice, ...], weight: Volume, value: Volume | float) -> None:
    part = volume[box]
    part += weight * (value - part)


def _white(head: Head, box: tuple[slice, ...]) -> Volume:
    """How much a voxel is white matter, 0..1, from the source T1 (oedema follows white matter)."""
    return np.clip((head.t1[box].astype(np.float32) - 88) / 20, 0, 1) * (head.inside_half_mm[box] < -2)


def _paint_oedema(volume: Volume, scene: Scene, lesion: Lesion) -> None:
    head, rng = load_head(), np.random.default_rng(lesion.shape_seed + 1)
    width = lesion.size_mm + 2 * lesion.oedema_mm
    shape = _shape(scene, lesion.centre_mni, width, width * rng.uniform(0.7, 0.95), rng, 1.25, 0.16)
    ragged = shape.level + 0.12 * _texture(rng, shape.box)
    weight = np.clip((1.05 - ragged) * 4, 0, 1) * (0.2 + 0.8 * _white(head, shape.box)) * (head.inside_half_mm[shape.box] < 0)
    depth = rng.uniform(0.12, 0.38)
    volume[shape.box] *= 1 - depth * weight


def _paint_lesion(volume: Volume, mask: Volume, scene: Scene, lesion: Lesion, palette: Palette) -> None:
    head, rng = load_head(), np.random.default_rng(lesion.shape_seed)
    small = lesion.size_mm < 8
    shape = _shape(scene, lesion.centre_mni, lesion.size_mm, lesion.width_mm, rng, 1.15, 0.03 if lesion.kind in ("punctate", "dural") else rng.uniform(0.03, 0.13))
    box = shape.box
    if lesion.size_mm > 14 and lesion.kind in ("solid", "ring") and rng.random() < 0.6:  # infiltrating, ragged border
        shape = replace(shape, level=shape.level + rng.uniform(0.03, 0.2) * (_texture(rng, box) + 0.5) * np.minimum(shape.level, 1))
    fill = _fill(shape, soft_mm=0.5 if small else rng.uniform(0.5, 1.2))
    if lesion.kind == "dural":
        fill = fill * np.clip(0.5 - (head.inside_half_mm[box] / 2 - 2.5), 0, 1)
    elif lesion.kind != "sellar":
        fill = fill * np.clip(0.5 - head.inside_half_mm[box] / 2, 0, 1)
    bright = float(np.clip(np.exp(rng.normal(0.5, 0.3)), 1.2 if not small else 1.4, 2.9))
    texture = _texture(rng, box)
    if lesion.kind == "ring":
        rim_mm = np.clip(rng.uniform(1.2, 2.2) + rng.uniform(0, 0.09) * lesion.size_mm, 1.2, lesion.size_mm * 0.28)
        if rng.random() < 0.6:  # thicker on one side
            towards = rng.normal(size=3).astype(np.float32)
            lean = np.tensordot(towards / np.linalg.norm(towards), shape.offset_mm, 1) / (np.sqrt((shape.offset_mm**2).sum(0)) + 0.5)
            rim_mm = rim_mm * np.clip(1 + rng.uniform(0.3, 1.0) * lean, 0.35, None)
        inner = 1 - rim_mm / np.maximum(shape.radius_mm * (1 - 0.15 * np.clip(texture, -1.5, 1.5)), rim_mm + 0.3)
        core = np.clip((inner - shape.level) * shape.radius_mm / 1.2 + 0.5, 0, 1)
        if lesion.size_mm > 18 and rng.random() < 0.45:  # septa and nodules within
            core = core * np.clip(1.2 - 1.4 * np.clip(_texture(rng, box) - rng.uniform(-0.2, 0.8), 0, 1), 0, 1)
        core_value = palette.fluid * rng.uniform(0.9, 1.6) + 0.05 * texture
        rim_value = bright * (1 + rng.uniform(0.05, 0.2) * texture)
        value = rim_value + core * (core_value - rim_value)
    elif small or lesion.kind in ("dural", "sellar"):
        value = bright * (1 + rng.uniform(0.02, 0.08) * texture)
    else:
        patchy = rng.uniform(0.05, 0.38)
        value = np.maximum(bright * (1 + patchy * texture), rng.uniform(0.9, 1.2))
    _blend(volume, box, fill, value)
    mask[box] = np.maximum(mask[box], fill)
    if lesion.kind == "dural":  # the tail: dura around the base takes up contrast
        near = np.clip(1.55 - shape.level, 0, 1) * np.exp(-(((head.inside_half_mm[box] / 2 - 1.5) / 1.0) ** 2))
        _blend(volume, box, near * rng.uniform(0.4, 0.9), bright * 0.85)


def _paint_cavity(volume: Volume, scene: Scene, cavity: Cavity, palette: Palette, agent: bool) -> None:
    """Fluid where tissue was taken, open to the surface, with a bone flap, thick dura and changed scalp above."""
    head, rng = load_head(), np.random.default_rng(cavity.shape_seed)
    shape = _shape(scene, cavity.centre_mni, cavity.size_mm, cavity.width_mm, rng, 1.1, 0.1)
    fill = _fill(shape, soft_mm=0.9) * (head.inside_half_mm[shape.box] < 1)
    _blend(volume, shape.box, fill, palette.fluid * rng.uniform(0.85, 1.3) + 0.03 * _texture(rng, shape.box))
    if agent and rng.random() < 0.7:  # thin, smooth, linear enhancement of the wall is expected after surgery
        wall = np.exp(-((((shape.level - 1) * shape.radius_mm) / 0.8) ** 2)) * (head.inside_half_mm[shape.box] < 0)
        _blend(volume, shape.box, wall * rng.uniform(0.15, 0.5), 1.5)
    around = _shape(scene, cavity.centre_mni, cavity.size_mm + 14, cavity.width_mm + 14, rng, 1.1, 0.1)
    gliosis = np.clip((1.0 - around.level) * 3, 0, 1) * _white(head, around.box)
    volume[around.box] *= 1 - rng.uniform(0.05, 0.25) * gliosis 

    # outward direction: away from the middle of the head, in head millimetres
    centre = np.array(cavity.centre_mni)
    outward = centre - (0, -18, 8)
    outward /= np.linalg.norm(outward)
    low = np.maximum((centre - ORIGIN_MM - 60).astype(int), 0)
    high = np.minimum((centre - ORIGIN_MM + 60).astype(int), head.t1.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high))
    grid = np.stack(np.meshgrid(*(np.arange(a, b, dtype=np.float32) - c for a, b, c in zip(low, high, centre - ORIGIN_MM)), indexing="ij"))
    along = np.tensordot(outward.astype(np.float32), grid, 1)
    across = np.sqrt(np.maximum((grid**2).sum(0) - along**2, 0))
    depth = head.inside_half_mm[box].astype(np.float32) / 2
    flap = cavity.size_mm * rng.uniform(0.45, 0.65)
    above = (along > 0) & (depth > -2)
    if agent:
        dura = np.exp(-(((depth - 1.2) / rng.uniform(0.9, 1.6)) ** 2)) * np.clip((flap + 6 - across) / 4, 0, 1) * (along > 0)
        _blend(volume, box, dura * rng.uniform(0.35, 0.95), rng.uniform(1.3, 2.2))
    bone = above & (depth > 2) & (depth < 10)
    kerf = np.exp(-(((across - flap) / rng.uniform(1.0, 2.2)) ** 2)) * bone  # the saw's cut, filled with scar
    _blend(volume, box, kerf * 0.95, rng.uniform(0.6, 1.4))
    style = rng.random()
    if style < 0.35:  # plates and screws leave holes in the picture
        for _ in range(int(rng.integers(2, 6))):
            angle, side = rng.uniform(0, 6.28), np.cross(outward, rng.normal(size=3))
            side /= np.linalg.norm(side)
            spot = flap * (np.cos(angle) * side + np.sin(angle) * np.cross(outward, side))
            gap = np.sqrt(np.maximum(((grid - spot.astype(np.float32)[:, None, None, None]) ** 2).sum(0) - (along - np.float32(spot @ outward)) ** 2, 0))
            _blend(volume, box, np.clip(rng.uniform(3, 6) - gap, 0, 1) * (depth > 2) * (depth < 14) * (along > 0), 0.03)
    elif style < 0.6:  # the flap's marrow looks darker, or soft tissue fills a bone defect
        inner = bone & (across < flap)
        _blend(volume, box, inner * rng.uniform(0.5, 1.0), rng.choice((0.12, 0.6, 0.9)))
    scalp = above & (depth > 9) & (depth < 18) & (across < flap + 8)
    _blend(volume, box, (scalp * np.clip(0.5 + 0.5 * _texture(rng, box), 0, 1) * rng.uniform(0.2, 0.7)).astype(np.float32), rng.uniform(0.3, 1.3))


def _paint_white_matter(volume: Volume, scene: Scene, rng: np.random.Generator) -> None:
    """T1-dark white matter around the ventricles and in patches beyond."""
    head, grade = load_head(), scene.findings.white_matter
    box = tuple(slice(a, b) for a, b in ((20, 161), (25, 187), (50, 140)))
    distance = np.maximum(head.ventricle_half_mm[box].astype(np.float32) / 2, 0)
    near = np.exp(-distance / (3.0, 5.5, 9.0)[grade - 1])
    patches = np.clip(_texture(rng, box) - (1.0, 0.6, 0.2)[grade - 1], 0, 1) * np.clip(1 - distance / 34, 0, 1)
    weight = np.clip(1.25 * near + patches, 0, 1) * _white(head, box)
    volume[box] *= 1 - rng.uniform(0.16, 0.34) * (0.8, 1.0, 1.1)[grade - 1] * weight


def paint_patient(scene: Scene, rng: np.random.Generator, agent: bool = True) -> tuple[Volume, Volume]:
    """The patient's brightness and the enhancing lesions' coverage (0..1), both on the source head's grid."""
    head, findings = load_head(), scene.findings
    palette = draw_palette(rng, agent, findings.cavity is not None)
    volume = palette.table[head.contrast_index]
    flat = volume.reshape(-1)
    at = flat[head.vessel_index]
    weight = head.vessel_opacity * palette.vessel_share[head.vessel_kind]
    flat[head.vessel_index] = at + weight * (palette.vessels[head.vessel_kind] - at)
    mask = np.zeros_like(volume)
    if findings.white_matter:
        _paint_white_matter(volume, scene, rng)
    if findings.cavity:
        _paint_cavity(volume, scene, findings.cavity, palette, agent)
    for lesion in findings.lesions:
        if lesion.oedema_mm:
            _paint_oedema(volume, scene, lesion)
    for lesion in reversed(findings.lesions):
        if agent:
            _paint_lesion(volume, mask, scene, lesion, palette)
        else:  # before contrast a lesion is a grey shadow at most
            shape = _shape(scene, lesion.centre_mni, lesion.size_mm, lesion.width_mm, np.random.default_rng(lesion.shape_seed), 1.15, 0.05)
            _blend(volume, shape.box, _fill(shape) * 0.8, 0.75)
    return volume, mask


def paint_water(scene: Scene, rng: np.random.Generator, fluid_dark: bool) -> Volume:
    """A T2-like (or, with dark fluid, FLAIR-like) picture of the same patient, for decoy series."""
    head, findings = load_head(), scene.findings
    fluid = rng.uniform(0.1, 0.3) if fluid_dark else rng.uniform(2.0, 3.0)
    fat, grey = rng.uniform(0.9, 1.6), rng.uniform(1.2, 1.45)
    outer = ([0, 12, 24, 60, 120, 255], [0, 0.05, 0.1, 0.6, fat * 0.8, fat])
    inner = ([0, 48, 86, 112, 255], [fluid, fluid, grey, 1.0, 0.9])
    values = np.arange(256)
    table = np.concatenate([np.interp(values, *(inner if k == 1 else outer)) for k in range(5)]).astype(np.float32)
    volume = table[head.contrast_index]
    for lesion in findings.lesions:
        width = lesion.size_mm + 2 * lesion.oedema_mm
        shape = _shape(scene, lesion.centre_mni, width, width * 0.8, np.random.default_rng(lesion.shape_seed), 1.15, 0.08)
        _blend(volume, shape.box, _fill(shape, soft_mm=1.5) * 0.8, 1.9)
    if findings.cavity:
        cavity = findings.cavity
        shape = _shape(scene, cavity.centre_mni, cavity.size_mm, cavity.width_mm, np.random.default_rng(cavity.shape_seed), 1.15, 0.1)
        _blend(volume, shape.box, _fill(shape), fluid)
    return volume
