"""One phantom by seed: its scene, its T1 post-contrast series, and what training needs of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brat_train.phantom.acquisition import Acquisition, draw_acquisition
from brat_train.phantom.contrast import paint_patient
from brat_train.phantom.preprocess import prepare, sar_position, to_sar
from brat_train.phantom.render import blurred, head_coordinates, sample_sparse, scan
from brat_train.phantom.scene import Scene, draw_scene, stream

#: the mask's grid: the volume's with rows and columns taken four by four
MASK_SIZE_SAR = (32, 64, 64)


@dataclass(frozen=True)
class TrainingPhantom:
    """What one phantom gives to training."""

    scene: Scene
    #: [32, 256, 256] after the official preparation, value times 255
    volume: NDArray[np.uint8]
    #: [32, 64, 64], 1 where an enhancing lesion fills half the cell or has its centre
    mask: NDArray[np.uint8]
    #: per lesion, fractional index (S, A, R) into the volume
    centres_sar: NDArray[np.float64]


def acquisition_of(scene: Scene) -> Acquisition:
    """The T1 post-contrast series of a scene, on its own grid; it covers every finding, as a technologist would see to."""
    grid = draw_acquisition(stream(scene.seed, "acquisition"), scene.pose.centre_ras)
    spots = [*scene.findings.lesions, *([scene.findings.cavity] if scene.findings.cavity else [])]
    if not spots:
        return grid
    centres = scene.pose.to_patient(np.array([spot.centre_mni for spot in spots]))
    return grid.covering(centres, np.array([spot.size_mm / 2 for spot in spots]))


def post_contrast(scene: Scene, grid: Acquisition) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Stored values and lesion coverage (0..1) [slice, row, column] on a grid."""
    painted, lesions = paint_patient(scene, stream(scene.seed, "contrast"))
    coordinates = head_coordinates(scene, grid)
    values = scan(painted, scene, grid, coordinates, stream(scene.seed, "noise"))
    coverage = sample_sparse(blurred(lesions, scene, grid), coordinates) if scene.findings.lesions else np.zeros(grid.shape, np.float32)
    return values, coverage


def centres_lps(scene: Scene) -> NDArray[np.float64]:
    """Lesion centres [n, 3] in the patient, LPS mm, in the order of the findings."""
    lesions = scene.findings.lesions
    return scene.pose.to_patient(np.array([lesion.centre_mni for lesion in lesions])) if lesions else np.zeros((0, 3))


def training_phantom(seed: int) -> TrainingPhantom:
    """Phantom `seed` as training sees it."""
    scene = draw_scene(seed)
    grid = acquisition_of(scene).coarsened()
    values, coverage = post_contrast(scene, grid)
    lesions = scene.findings.lesions
    centres = np.zeros((0, 3))
    mask = np.zeros(MASK_SIZE_SAR, np.uint8)
    if lesions:
        centres = sar_position(grid.voxels(centres_lps(scene)), grid)
        mask = (to_sar(coverage, grid, MASK_SIZE_SAR) >= 0.5).astype(np.uint8)
        for lesion, centre in zip(lesions, centres):
            cell = np.floor((centre + 0.5) / (1, 4, 4)).astype(int)
            if lesion.kind != "ring" and (cell >= 0).all() and (cell < MASK_SIZE_SAR).all():
                mask[tuple(cell)] = 1
    if not np.isfinite(values).all():
        raise FloatingPointError(f"phantom {seed} has values that are not finite")
    volume = np.round(prepare(np.round(values), grid) * 255).astype(np.uint8)
    return TrainingPhantom(scene, volume, mask, centres)
