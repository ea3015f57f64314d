"""Where a patient's points lie in the source head: position, shape, ventricles and shift of one phantom.

The map is analytic and goes from the patient (LPS mm) to the head (MNI mm), as resampling needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from brat_train.phantom.head import ORIGIN_MM, load_head

Points = NDArray[np.float64]
_COARSE_MM = 3


@cache
def _fields() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """At 3 mm: distance to the ventricles (mm), its gradient [3, ...], depth inside the skull (mm)."""
    head = load_head()
    step = (slice(None, None, _COARSE_MM),) * 3
    ventricle = ndimage.gaussian_filter(head.ventricle_half_mm[step].astype(np.float32) / 2, 0.8)
    gradient = np.stack(np.gradient(ndimage.gaussian_filter(ventricle, 0.8), _COARSE_MM)).astype(np.float32)
    return ventricle, gradient, -head.inside_half_mm[step].astype(np.float32) / 2


def _at(array: NDArray[np.float32], mni: Points) -> NDArray[np.float64]:
    where = (mni - ORIGIN_MM).T / _COARSE_MM
    return ndimage.map_coordinates(array, where, order=1, mode="nearest").astype(np.float64)


@dataclass(frozen=True)
class Pose:
    """One patient's shape and position."""

    #: head mm = linear @ (patient RAS mm - centre)
    linear: NDArray[np.float64]
    centre_ras: NDArray[np.float64]
    centre_mni: NDArray[np.float64]
    #: waves of the smooth warp: amplitude [n, 3] mm, frequency [n, 3] radians per mm, phase [n]
    wave_mm: NDArray[np.float64]
    wave_frequency: NDArray[np.float64]
    wave_phase: NDArray[np.float64]
    mirrored: bool
    #: growth of the ventricle walls, mm
    ventricle_mm: float
    #: shift of the midline in head x (mm, signed) and where it is strongest (y, z)
    shift_mm: float = 0.0
    shift_yz: tuple[float, float] = (0.0, 20.0)

    def to_head(self, lps: Points) -> Points:
        """Head coordinates (MNI mm, [n, 3]) of patient points (LPS mm, [n, 3])."""
        ras = lps * (-1.0, -1.0, 1.0)
        q = (ras - self.centre_ras) @ self.linear.T + self.centre_mni
        phase = q.astype(np.float32) @ self.wave_frequency.T.astype(np.float32) + self.wave_phase.astype(np.float32)
        q = q + (np.cos(phase) @ self.wave_mm.astype(np.float32))
        ventricle, gradient, depth = _fields()
        if self.shift_mm:
            y, z = self.shift_yz
            strength = np.exp(-((q[:, 0] / 42) ** 2) - ((q[:, 1] - y) / 55) ** 2 - ((q[:, 2] - z) / 42) ** 2)
            q[:, 0] -= self.shift_mm * strength * np.clip(_at(depth, q) / 14, 0, 1)
        if self.ventricle_mm:
            distance = _at(ventricle, q)
            grow = self.ventricle_mm * np.where(distance > 0, np.exp(-np.maximum(distance, 0) / 14), np.clip(1 + distance / 5, 0, 1))
            grow *= np.clip(_at(depth, q) / 12, 0, 1)
            q -= grow[:, None] * np.stack([_at(g, q) for g in gradient], 1)
        return q

    def to_patient(self, mni: Points) -> Points:
        """Patient points (LPS mm) of head points, by fixed-point iteration; exact to about 0.1 mm."""
        inverse = np.linalg.inv(self.linear)

        def affine(q: Points) -> Points:
            return ((q - self.centre_mni) @ inverse.T + self.centre_ras) * (-1.0, -1.0, 1.0)

        guess, target = affine(mni), mni.astype(np.float64)
        for _ in range(12):
            error = target - self.to_head(guess)
            guess = guess + 0.9 * (error @ inverse.T) * (-1.0, -1.0, 1.0)
        return guess

    def jacobian(self, lps: NDArray[np.float64]) -> NDArray[np.float64]:
        """d head / d patient [3, 3] at one patient point, over 2 mm."""
        steps = np.concatenate([np.eye(3), -np.eye(3)])
        at = self.to_head(lps[None] + steps)
        return ((at[:3] - at[3:]) / 2).T

    def side_of(self, mni_x: float) -> str:
        """The patient's side of a head x coordinate (RAS: + is right unless mirrored)."""
        return "right" if (mni_x > 0) != self.mirrored else "left"


def rotation(pitch: float, yaw: float, roll: float) -> NDArray[np.float64]:
    """Rotation by angles in degrees about x (pitch), z (yaw) and y (roll)."""
    a, b, c = np.radians([pitch, yaw, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(c), 0, np.sin(c)], [0, 1, 0], [-np.sin(c), 0, np.cos(c)]])
    return about_x @ about_z @ about_y


def draw_pose(rng: np.random.Generator) -> Pose:
    """A random patient: size, proportions, position in the scanner, warp, mirror, normal ventricle size."""
    mirrored = bool(rng.random() < 0.5)
    size = np.exp(rng.normal(0, 0.035)) * np.exp(rng.normal(0, 0.035, 3))
    shear = np.eye(3) + np.triu(rng.normal(0, 0.03, (3, 3)), 1)
    turn = rotation(*np.clip(rng.normal(0, (8, 4, 4)), (-18, -10, -10), (18, 10, 10)))
    linear = np.diag([-1.0 if mirrored else 1.0, 1, 1]) @ shear @ np.diag(1 / size) @ turn
    waves = 28
    wavelength = np.exp(rng.uniform(np.log(35), np.log(220), waves))
    direction = rng.normal(size=(waves, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    amplitude = rng.normal(size=(waves, 3)) * ((wavelength / 220) ** 1.4)[:, None] * 1.5 * rng.uniform(0.4, 1.1)
    amplitude[:, 0] *= 0.7
    return Pose(
        linear=linear,
        centre_ras=rng.normal(0, (4, 8, 10)),
        centre_mni=np.array([0.0, -18.0, 10.0]),
        wave_mm=amplitude,
        wave_frequency=direction * (2 * np.pi / wavelength)[:, None],
        wave_phase=rng.uniform(0, 2 * np.pi, waves),
        mirrored=mirrored,
        ventricle_mm=float(np.clip(rng.normal(0.3, 1.0), -1.5, 2.2)),
    )
