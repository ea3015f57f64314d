"""Builds `data/head.npz`, the one anatomical source of all phantoms, from Debian's mricron-data templates.

What goes in: the T1 of one healthy head (ch2, McConnell Brain Imaging Centre's Colin 27 average), the intracranial
space, signed distances to it and to the lateral ventricles, lobes, and priors of what enhances in health (sinuses,
arteries, cortical veins, dura, choroid plexus, pituitary). Lobes are polynomials in MNI coordinates, fitted once so
that they agree with the AAL parcellation; the parcellation itself is not part of the result. Vessels are drawn from
control points and random walks along the sulci, so they belong to no patient.

Run `python -m brat_train.phantom.build_head --templates /usr/share/mricron/templates` (needs nibabel; 3 minutes).
Everything else in this package needs only the result. Arrays are RAS, 1 mm, voxel (0, 0, 0) at MNI (-90, -125, -71) mm.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, optimize

from brat_train.phantom.head import HEAD_FILE, LOBES, ORIGIN_MM, Vessel, lobe_features

FRONTAL, PARIETAL, TEMPORAL, OCCIPITAL, DEEP, CEREBELLUM, BRAINSTEM, INSULA = range(1, 9)


def lobe_of_aal(number: int) -> int:
    """Our lobe for one AAL region number (1..116); 0 where it belongs to none."""
    if number <= 28 or number in (31, 32, 33, 34):
        return FRONTAL
    if number in (29, 30):
        return INSULA
    if number in (35, 36):
        return PARIETAL
    if 37 <= number <= 42 or number in (55, 56) or 79 <= number <= 90:
        return TEMPORAL
    if 43 <= number <= 54:
        return OCCIPITAL
    if 57 <= number <= 70:
        return PARIETAL
    if 71 <= number <= 78:
        return DEEP
    return CEREBELLUM


def mm(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """MNI coordinates [3, x, y, z] of every voxel."""
    return np.stack(np.meshgrid(*(np.arange(n, dtype=np.float32) + o for n, o in zip(shape, ORIGIN_MM)), indexing="ij"))


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance to the surface of a mask in mm, negative inside."""
    return (ndimage.distance_transform_edt(~mask) - ndimage.distance_transform_edt(mask)).astype(np.float32)


def intracranial(brain: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The space inside the skull: the stripped brain without its thin leftovers, closed over its sulci."""
    core = ndimage.distance_transform_edt(brain) > 3
    labels, _ = ndimage.label(core)
    core = labels == np.argmax(np.bincount(labels.ravel())[1:]) + 1
    opened = (ndimage.distance_transform_edt(~core) <= 4) & brain
    grown = ndimage.distance_transform_edt(~opened) <= 9
    closed = ndimage.distance_transform_edt(grown) > 8
    return ndimage.binary_fill_holes(closed | opened)


def lateral_ventricles(t1: NDArray[np.uint8], inside: NDArray[np.bool_], at: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Dark voxels connected to the ventricle bodies and inside a box that keeps the cisterns out."""
    x, y, z = at
    box = (np.abs(x) < 42) & (y > -62) & (y < 42) & (z > -22) & (z < 34)
    box &= ~((z < 2) & (np.abs(x) < 16) & (y > -26)) & ~((y < -30) & (np.abs(x) < 9)) & ~((np.abs(x) > 30) & (z > -2) & (y > -20))
    dark = (t1 < 62) & inside & box
    labels, _ = ndimage.label(dark)
    keep = np.zeros(labels.max() + 1, bool)
    for side in (-1, 1):
        for seed in ((8, 10, 14), (11, -10, 22), (23, -40, 10), (18, -32, 18)):
            cx, cy, cz = (int(c - o) for c, o in zip((side * seed[0], seed[1], seed[2]), ORIGIN_MM))
            around = labels[cx - 4 : cx + 5, cy - 4 : cy + 5, cz - 4 : cz + 5]
            counts = np.bincount(around.ravel(), minlength=len(keep))
            counts[0] = 0
            if counts.max() > 10:
                keep[counts.argmax()] = True
    return keep[labels]


def fit_lobes(aal: NDArray[np.uint8], t1: NDArray[np.uint8], inside: NDArray[np.bool_], at: NDArray[np.float32], rng: np.random.Generator):
    """Polynomial weights [features, lobes] and their agreement with the parcellation (fraction of held-out voxels)."""
    table = np.array([0] + [lobe_of_aal(n) for n in range(1, 117)], np.uint8)
    lobe = table[aal]
    x, y, z = at
    stem = (lobe == 0) & inside & (t1 > 70) & (np.abs(x) < 15) & (y > -44) & (y < -12) & (z < -10) & (z > -62)
    stem |= (lobe == 0) & inside & (t1 > 70) & (np.abs(x) < 9) & (y > -34) & (y < -18) & (z <= -6) & (z > -40)
    lobe = np.where(stem, BRAINSTEM, lobe)
    for limit, source in ((2.0, lobe), (14.0, None)):  # white matter takes the nearest label; deep nuclei reach 2 mm only
        given = source if source is not None else np.where(lobe == DEEP, 0, lobe)
        distance, nearest = ndimage.distance_transform_edt(given == 0, return_indices=True)
        grown = given[tuple(nearest)]
        lobe = np.where((lobe == 0) & inside & (distance <= limit), grown, lobe)
    known = np.flatnonzero(lobe)
    # each lobe is sampled evenly, so that small ones count
    sample = np.concatenate([rng.choice(np.flatnonzero(lobe.ravel() == k), 9000) for k in range(1, len(LOBES) + 1)])
    features, wanted = lobe_features(at.reshape(3, -1)[:, sample].T), lobe.ravel()[sample] - 1
    one_hot = np.eye(len(LOBES), dtype=np.float64)[wanted]

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(features.shape[1], -1)
        logits = features @ weights
        logits -= logits.max(1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(1, keepdims=True)
        value = -np.log(p[np.arange(len(p)), wanted] + 1e-12).mean() + 1e-6 * (flat**2).sum()
        return value, (features.T @ (p - one_hot) / len(p)).ravel() + 2e-6 * flat

    start = np.zeros(features.shape[1] * len(LOBES))
    weights = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500}).x.reshape(features.shape[1], -1)
    held_out = rng.choice(known, 60000)
    guess = (lobe_features(at.reshape(3, -1)[:, held_out].T) @ weights).argmax(1) + 1
    return weights, float((guess == lobe.ravel()[held_out]).mean())


class VesselCanvas:
    """Collects soft tubes; the brightest opacity at a voxel wins."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.opacity = np.zeros(shape, np.float32)
        self.kind = np.zeros(shape, np.uint8)

    def ball(self, centre_mm: NDArray[np.float64], radius: float, kind: int, strength: float = 1.0) -> None:
        centre = np.asarray(centre_mm, float) - ORIGIN_MM
        low = np.maximum(np.floor(centre - radius - 1.5).astype(int), 0)
        high = np.minimum(np.ceil(centre + radius + 2.5).astype(int), self.opacity.shape)
        if (high <= low).any():
            return
        grid = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high)), indexing="ij"))
        distance = np.sqrt(((grid - centre[:, None, None, None]) ** 2).sum(0))
        opacity = strength * np.clip(radius - distance + 0.5, 0, 1) * min(1.0, (radius / 0.8) ** 1.5)
        place = tuple(slice(a, b) for a, b in zip(low, high))
        wins = opacity > self.opacity[place]
        self.opacity[place] = np.where(wins, opacity, self.opacity[place])
        self.kind[place] = np.where(wins, kind, self.kind[place])

    def tube(self, points_mm: list[tuple[float, float, float]], radii: float | list[float], kind: int, wiggle: float = 0.0, rng: np.random.Generator | None = None) -> None:
        points = np.array(points_mm, float)
        radii_all = np.full(len(points), radii) if np.isscalar(radii) else np.array(radii, float)
        length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        steps = np.arange(0, length[-1], 0.5)
        path = np.stack([np.interp(steps, length, points[:, k]) for k in range(3)], 1)
        path = ndimage.gaussian_filter1d(path, 5, axis=0, mode="nearest")
        if wiggle and rng is not None:
            path += wiggle * ndimage.gaussian_filter1d(rng.normal(size=path.shape), 6, axis=0) * np.sqrt(12 * np.sqrt(np.pi))
        for point, radius in zip(path, np.interp(steps, length, radii_all)):
            self.ball(point, radius, kind)


def draw_vessels(t1: NDArray[np.uint8], inside_mm: NDArray[np.float32], ventricle: NDArray[np.bool_], at: NDArray[np.float32], rng: np.random.Generator) -> VesselCanvas:
    """What takes up contrast in every healthy head, as soft tubes and sheets with a kind for each branch."""
    shape = t1.shape
    canvas = VesselCanvas(shape)
    x, y, z = at
    gradient = [ndimage.gaussian_filter(inside_mm, 2, order=[int(k == a) for k in range(3)]) for a in range(3)]

    def distance_at(p: NDArray[np.float64]) -> float:
        return float(ndimage.map_coordinates(inside_mm, (p - ORIGIN_MM)[:, None], order=1, mode="nearest")[0])

    def snap(p: tuple[float, float, float], want: float) -> tuple[float, float, float]:
        q = np.array(p, float)
        for _ in range(20):
            g = np.array([ndimage.map_coordinates(d, (q - ORIGIN_MM)[:, None], order=1, mode="nearest")[0] for d in gradient])
            q += (want - distance_at(q)) * g / max(np.linalg.norm(g), 0.3)
        return tuple(q)

    # dura first: later, brighter vessels win over it
    shell = np.exp(-(((inside_mm - 2.0) / 0.9) ** 2)) * (z > -45)
    canvas.opacity, canvas.kind = shell.astype(np.float32) * 0.9, np.where(shell > 0.05, Vessel.DURA, 0).astype(np.uint8)
    above = (inside_mm < 1) & (((z > 22) & (y < 40)) | (y > 38) & (z > -8) | ((y < -48) & (z > -2)) | ((z > 38)))
    falx = np.exp(-((x / 0.8) ** 2)) * above * np.clip((-inside_mm < 42), 0, 1)
    falx *= ~((z < 34) & (y > -45) & (y < 30))
    wins = falx > canvas.opacity
    canvas.opacity, canvas.kind = np.where(wins, falx, canvas.opacity).astype(np.float32), np.where(wins, Vessel.FALX, canvas.kind).astype(np.uint8)
    roof = -4 - 0.32 * np.abs(x) - 0.18 * np.maximum(0, -50 - y) * 1.2  # tentorium: a tent with its ridge behind the midbrain
    tent = np.exp(-(((z - roof) / 0.9) ** 2)) * (inside_mm < 1) * (y < -38) * (np.hypot(x / 1.1, (y + 22)) > 26)
    wins = tent > canvas.opacity
    canvas.opacity, canvas.kind = np.where(wins, tent, canvas.opacity).astype(np.float32), np.where(wins, Vessel.TENTORIUM, canvas.kind).astype(np.uint8)

    sagittal = []
    for angle in np.radians(np.arange(14, 199, 4)):
        ray = np.array([[0, -15 + r * np.cos(angle), 5 + r * np.sin(angle)] for r in np.arange(30, 115, 0.5)])
        d = ndimage.map_coordinates(inside_mm, (ray - ORIGIN_MM).T, order=1, mode="nearest")
        crossing = np.flatnonzero(d < 0)
        sagittal.append(tuple(ray[min(crossing[-1] + 1, len(ray) - 1)]) if len(crossing) else tuple(ray[-1]))
    torcula = sagittal[-1]
    # the basilar artery runs on the brainstem's front: the first dark voxel ahead of it in the midline
    soft = ndimage.gaussian_filter(t1.astype(np.float32), 0.7)
    front = {}
    for z_mm in range(-60, -16, 4):
        line = soft[90, 95:126, z_mm + 71]  # y from -30 to 0
        front[z_mm] = -30 + int(np.argmax(line < 62)) + 1.5

    def front_at(z_mm: int, x_mm: float) -> tuple[float, float, float]:
        return (x_mm, front[z_mm], float(z_mm))

    radii = list(np.linspace(1.6, 4.2, len(sagittal)))
    canvas.tube(sagittal, radii, Vessel.SAGITTAL_SINUS)
    canvas.tube([(p[0], p[1] + (1.5 if p[1] < 0 else 0), p[2] - 2) for p in sagittal[len(sagittal) // 3 :]], [r * 0.6 for r in radii[len(sagittal) // 3 :]], Vessel.SAGITTAL_SINUS)
    for side, kind in ((-1, Vessel.TRANSVERSE_LEFT), (1, Vessel.TRANSVERSE_RIGHT)):
        lateral = [snap((side * a, b, c), 0.5) for a, b, c in ((18, -98, -20), (35, -88, -22), (50, -74, -24), (58, -60, -27))]
        canvas.tube([torcula, *lateral], [3.6, 3.6, 3.4, 3.4, 3.6], kind)
        canvas.tube([lateral[-1], snap((side * 56, -48, -33), 1.0), snap((side * 47, -44, -42), 1.0), (side * 36, -42, -50), (side * 27, -37, -56), (side * 27, -34, -68)], [3.6, 3.8, 3.8, 3.8, 4.6, 4.4], kind)
        canvas.tube([(side * 14, 10, -27), (side * 13, 4, -30), (side * 12, -4, -31)], [4.0, 4.8, 3.8], Vessel.CAVERNOUS)
        canvas.tube([(side * 26, -24, -70), (side * 26, -20, -55), (side * 22, -15, -40), (side * 14, -6, -34), (side * 12, 6, -30), (side * 12, 4, -20), (side * 10, 4, -16)], 2.2, Vessel.CAROTID, 0.4, rng)
        canvas.tube([(side * 10, 4, -16), (side * 22, 4, -18), (side * 34, 2, -16), (side * 40, 4, -10)], [1.9, 1.7, 1.5, 1.3], Vessel.MIDDLE_CEREBRAL, 0.7, rng)
        for branch in range(5):
            ends = [(40, 4, -10), (41, 2 - 5 * branch, -4 + 2 * branch), (41, -6 - 6 * branch, 4 + 3 * branch), (50, -10 - 8 * branch, 10 + 4 * branch), (58, -12 - 8 * branch, 16 + 5 * branch)]
            canvas.tube([(side * a, b, c) for a, b, c in ends], [1.2, 1.0, 0.9, 0.8, 0.7], Vessel.SYLVIAN + branch % 3, 1.6, rng)
        canvas.tube([(side * 10, 4, -16), (side * 4, 12, -14), (side * 2.5, 24, -6), (side * 2.5, 36, 6), (side * 2.5, 34, 22), (side * 2.5, 10, 34), (side * 2.5, -15, 38)], [1.5, 1.4, 1.3, 1.2, 1.1, 0.9, 0.8], Vessel.ANTERIOR_CEREBRAL, 0.6, rng)
        canvas.tube([front_at(-20, side * 2), (side * 14, -24, -17), (side * 23, -34, -10), (side * 16, -52, -2), (side * 12, -72, 4)], [1.4, 1.3, 1.1, 0.9, 0.7], Vessel.POSTERIOR_CEREBRAL, 0.7, rng)
        canvas.tube([(side * 20, -36, -70), (side * 9, front[-56] - 2, -58), front_at(-48, side * 3)], 1.7, Vessel.BASILAR, 0.3, rng)
        canvas.tube([(side * 2, 2, 12), (side * 2.5, -18, 14), (side * 2.5, -32, 12), (0, -40, 7)], [0.9, 1.1, 1.3, 2.0], Vessel.DEEP_VEIN, 0.3, rng)
        canvas.tube([(side * 14, -20, -10), (side * 12, -34, -2), (0, -41, 6)], [1.0, 1.2, 1.6], Vessel.DEEP_VEIN, 0.4, rng)
    canvas.tube([front_at(z_mm, 0) for z_mm in (-48, -44, -40, -36, -32, -28, -24, -20)], 1.8, Vessel.BASILAR)
    canvas.tube([(0, -39, 7), (0, -48, 8), (0, -64, 2), (0, -80, -6), torcula], [2.2, 1.9, 2.0, 2.4, 3.2], Vessel.STRAIGHT_SINUS)
    canvas.tube([(0, 2, -20), (0, 1, -30)], 1.3, Vessel.PITUITARY)
    for offset in (-4, -2, 0, 2, 4):
        canvas.ball(np.array([offset, 2.0, -33.0]), 3.6, Vessel.PITUITARY)

    glomus = ventricle & (y < -28) & (y > -50) & (np.abs(x) > 9)
    inner = ndimage.distance_transform_edt(ventricle)
    tufts = np.clip(ndimage.gaussian_filter(rng.normal(size=shape).astype(np.float32), 1.4) * 11 + 0.5, 0, 1)
    for side in (-1, 1):
        here = np.argwhere(glomus & (x * side > 0))
        if len(here):
            centre = here[np.argsort(-inner[tuple(here.T)])[:80]].mean(0) + ORIGIN_MM
            near = np.clip(6.5 - np.sqrt((x - centre[0]) ** 2 + ((y - centre[1]) / 1.6) ** 2 + ((z - centre[2]) / 1.3) ** 2), 0, 1)
            add = near * ndimage.binary_dilation(ventricle) * np.maximum(tufts, 0.35)
            wins = add > canvas.opacity
            canvas.opacity, canvas.kind = np.where(wins, add, canvas.opacity).astype(np.float32), np.where(wins, Vessel.CHOROID, canvas.kind).astype(np.uint8)
        canvas.tube([(side * 20, -34, 16), (side * 12, -20, 19), (side * 6, -2, 16)], 0.9, Vessel.CHOROID, 0.5, rng)
    canvas.tube([(-5, -44, -36), (0, -46, -33), (5, -44, -36)], 1.1, Vessel.CHOROID, 0.5, rng)

    # cortical vessels run where the sulci are dark, some up to the sagittal sinus
    smooth = ndimage.gaussian_filter(t1.astype(np.float32), 0.7)
    starts = np.argwhere((inside_mm > -6) & (inside_mm < 0.5) & (smooth < 60) & (z > -30))
    for branch in range(Vessel.CORTICAL_COUNT * 5):
        here = starts[rng.integers(len(starts))].astype(float)
        heading = rng.normal(size=3)
        heading /= np.linalg.norm(heading)
        path = [here]
        for _ in range(int(rng.integers(25, 90))):
            options = heading + 0.55 * rng.normal(size=(14, 3))
            options /= np.linalg.norm(options, axis=1, keepdims=True)
            ahead = path[-1] + options
            where = ahead.T
            dark = ndimage.map_coordinates(smooth, where, order=1, mode="nearest")
            deep = ndimage.map_coordinates(inside_mm, where, order=1, mode="nearest")
            cost = dark + 60 * np.clip(deep - 1.0, 0, None) + 2.0 * np.clip(-8 - deep, 0, None)
            best = int(cost.argmin())
            if cost[best] > 100:
                break
            heading = 0.6 * heading + 0.4 * options[best]
            heading /= np.linalg.norm(heading)
            path.append(ahead[best])
        if len(path) > 12:
            top = rng.uniform(0.6, 1.35)
            canvas.tube([tuple(p + ORIGIN_MM) for p in path], list(np.linspace(top, 0.5, len(path))), Vessel.CORTICAL + branch % Vessel.CORTICAL_COUNT)
    # arteries and deep veins lie in fluid: where the source shows tissue they are not drawn; sheets spare white matter
    fluid = np.clip((88 - soft) / 18, 0, 1)
    arteries = ((canvas.kind >= Vessel.MIDDLE_CEREBRAL) & (canvas.kind <= Vessel.BASILAR)) | (canvas.kind >= Vessel.SYLVIAN)
    canvas.opacity *= np.where(arteries & (inside_mm < 0), fluid, 1)
    sheets = (canvas.kind >= Vessel.DURA) & (canvas.kind <= Vessel.TENTORIUM)
    canvas.opacity *= np.where(sheets, np.clip((104 - soft) / 14, 0, 1), 1)
    return canvas


def build(templates: Path, out: Path) -> None:
    """Reads the templates, writes the head; prints how well the lobes agree with the parcellation."""
    import nibabel

    def read(name: str) -> NDArray[np.uint8]:
        return np.asarray(nibabel.load(templates / name).dataobj).astype(np.uint8)

    rng = np.random.default_rng(20261123)
    t1, brain, aal = read("ch2.nii.gz"), read("ch2bet.nii.gz") > 0, read("aal.nii.gz")
    at = mm(t1.shape)
    x, y, z = at
    inside = intracranial(brain)
    inside_mm = signed_distance(inside)
    ventricle = lateral_ventricles(t1, inside, at)
    ventricle_mm = ndimage.gaussian_filter(signed_distance(ventricle), 1.0)
    weights, agreement = fit_lobes(aal, t1, inside, at, rng)
    print(f"lobes agree with AAL in {agreement:.3f} of voxels; intracranial {inside.sum() / 1000:.0f} ml, ventricles {ventricle.sum() / 1000:.1f} ml")
    lobe = ((lobe_features(at.reshape(3, -1).T) @ weights).argmax(1) + 1).astype(np.uint8).reshape(t1.shape)
    lobe[inside_mm > 12] = 0
    head = ndimage.binary_fill_holes(ndimage.binary_closing(t1 > 24, iterations=3))
    tissue = np.where(inside, 1, np.where(head, 2, 0)).astype(np.uint8)
    nasal = ~inside & head & (y > 24) & (np.abs(x) < 24 - np.clip(z + 34, 0, 14) * 0.8) & (z < -12) & (y < 78)
    tissue[nasal] = 3
    tissue[~inside & head & (tissue == 2) & (z < -22) & (np.abs(x) < 58) & (y < 44) & (inside_mm > 0) & (inside_mm < 40) & (t1 < 118)] = 4
    canvas = draw_vessels(t1, inside_mm, ventricle, at, rng)
    seen = canvas.opacity > 0.06
    np.savez_compressed(
        out,
        t1=t1,
        tissue=tissue,
        lobe=lobe,
        inside_mm=np.clip(np.round(inside_mm * 2), -127, 127).astype(np.int8),
        ventricle_mm=np.clip(np.round(ventricle_mm * 2), -127, 127).astype(np.int8),
        vessel_index=np.flatnonzero(seen).astype(np.uint32),
        vessel_kind=canvas.kind[seen],
        vessel_opacity=np.round(canvas.opacity[seen] * 255).clip(0, 255).astype(np.uint8),
    )
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, {seen.sum()} vessel voxels")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--templates", type=Path, default=Path("/usr/share/mricron/templates"))
    parser.add_argument("--out", type=Path, default=HEAD_FILE)
    options = parser.parse_args()
    build(options.templates, options.out)
