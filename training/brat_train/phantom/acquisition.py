"""How a scanner sees the head: plane, spacing, field of view, obliqueness, noise and scale of one series.

A grid is an affine from voxel (slice k, row j, column i) to the patient (LPS mm). The same acquisition can be had on its
own grid (DICOM) or on a coarser one of the same field of view (`coarsened`), which the training preprocessing averages
to nearly the same volume at a fraction of the work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from brat_train.phantom.pose import rotation

# patient directions (LPS) of column, row and slice steps before obliqueness
PLANES = {
    "axial": np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], float),
    "sagittal": np.array([[0, 1, 0], [0, 0, -1], [1, 0, 0]], float),
    "coronal": np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float),
}


@dataclass(frozen=True)
class Acquisition:
    """One series. Axis order of `shape`, `spacing_mm` and `directions` is slice, row, column."""

    plane: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    #: unit vectors (LPS) of one step along slice, row and column
    directions: NDArray[np.float64]
    #: centre of the volume, LPS mm
    centre_lps: NDArray[np.float64]
    #: how thick a slice is (mm); the rest of the slice spacing is gap
    thickness_mm: float
    #: a 3D acquisition (DICOM MRAcquisitionType); dcm2niix stores it another way
    three_d: bool
    #: noise of each channel relative to white matter
    noise: float
    #: stored value of white matter
    white_matter_value: float
    air_masked: bool
    ghost: float
    #: polynomial of the coil's brightness over the field of view: 9 coefficients of the log
    bias: NDArray[np.float64]

    @property
    def origin_lps(self) -> NDArray[np.float64]:
        """Centre of voxel (0, 0, 0), LPS mm."""
        half = (np.array(self.shape) - 1) / 2 * np.array(self.spacing_mm)
        return self.centre_lps - half @ self.directions

    def lps(self, voxels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Patient points [n, 3] of voxel indices [n, 3] (slice, row, column)."""
        return (voxels * np.array(self.spacing_mm)) @ self.directions + self.origin_lps

    def voxels(self, lps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Voxel indices [n, 3] of patient points [n, 3]."""
        return ((lps - self.origin_lps) @ self.directions.T) / np.array(self.spacing_mm)

    def covering(self, centres_lps: NDArray[np.float64], radii_mm: NDArray[np.float64]) -> Acquisition:
        """The same series with as many slices, rows and columns added as it takes to hold all these balls."""
        voxels, shape, centre = self.voxels(centres_lps), list(self.shape), self.centre_lps.copy()
        for axis, spacing in enumerate(self.spacing_mm):
            reach = radii_mm / spacing + 1
            before = max(0, int(np.ceil((reach - voxels[:, axis]).max())))
            after = max(0, int(np.ceil((voxels[:, axis] + reach).max() - (self.shape[axis] - 1))))
            shape[axis] += before + after
            centre = centre + self.directions[axis] * spacing * (after - before) / 2
        return replace(self, shape=tuple(shape), centre_lps=centre)

    def coarsened(self) -> Acquisition:
        """The same field of view with no more than the voxels that training needs (2.4 mm along the head, 0.9 across)."""
        shape, spacing = list(self.shape), list(self.spacing_mm)
        for axis in range(3):
            along = abs(self.directions[axis][2]) > 0.7
            wanted = 2.4 if along else 0.9
            extent = shape[axis] * spacing[axis]
            if spacing[axis] < wanted * 0.75:
                shape[axis] = max(2, int(round(extent / wanted)))
                spacing[axis] = extent / shape[axis]
        # averaging k voxels lowers their noise
        merged = np.prod([s / o for s, o in zip(spacing, self.spacing_mm)])
        return replace(self, shape=tuple(shape), spacing_mm=tuple(spacing), noise=self.noise / float(np.sqrt(merged)))


def draw_acquisition(rng: np.random.Generator, centre_ras: NDArray[np.float64], turn: NDArray[np.float64] | None = None) -> Acquisition:
    """A random T1 post-contrast series of a head whose brain centre lies at `centre_ras` (mm)."""
    plane = str(rng.choice(("axial", "sagittal", "coronal"), p=(0.8, 0.12, 0.08)))
    three_d = plane == "sagittal" or rng.random() < 0.25
    base = PLANES[plane]
    tilt = rotation(*np.clip(rng.normal(0, (5, 2, 2)), -15, 15)) if rng.random() < 0.6 else np.eye(3)
    column, row, along = base @ tilt.T
    thickness = float(rng.uniform(0.9, 1.6)) if three_d else float(rng.choice((3, 4, 5, 5, 5.5, 6)))
    step = thickness if three_d else thickness * float(rng.choice((1.0, 1.0, 1.1, 1.2)))
    field = float(rng.uniform(196, 256))
    pixel = float(rng.uniform(0.5, 1.2)) if not three_d else float(rng.uniform(0.8, 1.1))
    pixels = int(np.clip(2 * round(field / pixel / 2), 160, 448))
    pixel = field / pixels
    rows, columns = pixels, pixels
    if rng.random() < 0.35:  # rectangular field of view, the short side across the head
        columns = int(2 * round(pixels * rng.uniform(0.78, 0.95) / 2))
    if plane == "axial":
        bottom, top = rng.uniform(-80, -52), rng.uniform(74, 92)
        cover, middle = top - bottom, (top + bottom) / 2
        shift = np.array([rng.normal(0, 4), rng.normal(2, 6), -middle])
    elif plane == "sagittal":
        cover = rng.uniform(150, 190)
        shift = np.array([rng.normal(0, 4), rng.normal(0, 8), rng.uniform(0, 22)])
    else:
        cover = rng.uniform(165, 215)
        shift = np.array([rng.normal(0, 5), rng.normal(2, 6), rng.uniform(0, 15)])
    slices = max(12, int(round(cover / step)))
    shift[2] = -shift[2]
    centre = (np.asarray(centre_ras) + shift * (1, -1, 1)) * (-1, -1, 1)
    flip_slices = plane != "axial" and rng.random() < 0.5
    return Acquisition(
        plane=plane,
        shape=(slices, rows, columns),
        spacing_mm=(step, pixel, pixel),
        directions=np.stack([-along if flip_slices else along, row, column]),
        centre_lps=centre,
        thickness_mm=thickness,
        three_d=three_d,
        noise=float(rng.uniform(0.008, 0.055)) * (1.3 if three_d else 1.0),
        white_matter_value=float(np.exp(rng.uniform(np.log(120), np.log(1500)))),
        air_masked=bool(rng.random() < 0.15),
        ghost=float(rng.uniform(0, 0.03)) if rng.random() < 0.4 else 0.0,
        bias=rng.normal(0, 0.13, 9) * rng.uniform(0.2, 1.2),
    )
