"""The matrix preparation of phantoms is MONAI's, and the training shortcut matches the DICOM route."""

from dataclasses import replace

import numpy as np
import pytest

from brat_train.phantom.acquisition import PLANES, Acquisition
from brat_train.phantom.phantom import acquisition_of, post_contrast, training_phantom
from brat_train.phantom.pose import rotation
from brat_train.phantom.preprocess import curate, nifti_axes, normalise, prepare, sar_position, to_sar
from brat_train.phantom.scene import draw_scene


def grid_of(plane: str, flips: tuple[int, int, int], shape: tuple[int, int, int], spacing: tuple[float, float, float], tilt: float = 1.0, three_d: bool = False) -> Acquisition:
    column, row, along = PLANES[plane] @ rotation(9 * tilt, 4 * tilt, -3 * tilt).T
    directions = np.stack([along, row, column]) * np.array(flips)[:, None]
    return Acquisition(plane, shape, spacing, directions, np.array([5.0, -12.0, 20.0]), spacing[0], three_d, 0.02, 500.0, False, 0.0, np.zeros(9))


def as_nifti(volume: np.ndarray, grid: Acquisition) -> tuple[np.ndarray, np.ndarray]:
    """Array and float32 RAS affine as dcm2niix stores them."""
    steps, origin = grid.directions * np.array(grid.spacing_mm)[:, None], grid.origin_lps
    stored = nifti_axes(grid)
    for axis, from_last in stored:
        if from_last:
            volume, origin = np.flip(volume, axis), origin + steps[axis] * (grid.shape[axis] - 1)
            steps[axis] *= -1
    order = [axis for axis, _ in stored]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = steps[order].T, origin
    return np.ascontiguousarray(volume.transpose(order)), (np.diag([-1, -1, 1, 1]) @ affine).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize(
    ("plane", "flips", "shape", "spacing", "tilt", "three_d"),
    [
        ("axial", (1, 1, 1), (25, 210, 180), (6.3, 0.93, 0.93), 0, False),
        ("sagittal", (1, 1, 1), (80, 120, 130), (2.17, 1.73, 1.73), 0, False),
        ("coronal", (-1, 1, 1), (40, 150, 140), (4.3, 1.31, 1.31), 0, False),
        ("axial", (1, 1, 1), (26, 256, 224), (5.5, 0.9, 0.9), 1, False),
        ("axial", (-1, 1, 1), (23, 200, 180), (6.3, 1.13, 1.13), 1, False),
        ("sagittal", (-1, 1, 1), (80, 120, 130), (2.1, 1.7, 1.7), 1, False),
        ("coronal", (1, -1, -1), (40, 150, 140), (4.3, 1.31, 1.31), 1, True),
        ("sagittal", (-1, 1, 1), (120, 150, 140), (1.23, 1.31, 1.31), 1, True),
        ("axial", (1, 1, 1), (100, 150, 140), (1.53, 1.31, 1.31), 0, True),
    ],
)
def test_preparation_equals_monai(plane, flips, shape, spacing, tilt, three_d):
    torch = pytest.importorskip("torch")
    monai = pytest.importorskip("monai.transforms")
    from monai.data import MetaTensor

    grid = grid_of(plane, flips, shape, spacing, tilt, three_d)
    volume = np.random.default_rng(3).gamma(2, 200, shape).astype(np.float32)
    volume[:, : shape[1] // 4] = 0
    curated = curate(volume).astype(np.float32)
    array, affine = as_nifti(curated, grid)
    chain = monai.Compose([
        monai.Spacing((1, 1, 1), mode="bilinear"),
        monai.Orientation("SAR", labels=(("L", "R"), ("P", "A"), ("I", "S"))),
        monai.Resize((32, 256, 256), mode="area"),
        monai.NormalizeIntensity(nonzero=True, channel_wise=True),
        monai.ScaleIntensity(),
    ])  # fmt: skip
    theirs = np.asarray(chain(MetaTensor(torch.tensor(array)[None], affine=torch.tensor(affine))))[0]
    ours = normalise(to_sar(curated, grid))
    assert ours.shape == theirs.shape == (32, 256, 256)
    assert np.abs(ours - theirs).max() < 2e-3  # float32 grids; a swapped axis moves this by more than 0.3


def test_a_bright_voxel_lands_where_sar_position_says():
    grid = grid_of("sagittal", (-1, 1, 1), (120, 180, 170), (1.4, 1.3, 1.3))
    volume = np.zeros(grid.shape, np.float32)
    volume[70:74, 40:44, 100:104] = 1
    sar = to_sar(volume, grid)
    found = (np.indices(sar.shape) * sar).sum((1, 2, 3)) / sar.sum()
    said = sar_position(np.array([[71.5, 41.5, 101.5]]), grid)[0]
    assert np.abs(found - said).max() <= 0.6


@pytest.mark.parametrize("seed", [7, 8, 21, 40, 55])
def test_the_training_volume_is_nearly_the_one_from_the_scanner_grid(seed):
    scene = draw_scene(seed)
    grid = acquisition_of(scene)
    full = prepare(np.round(post_contrast(scene, grid)[0]), grid)
    short = training_phantom(seed).volume / 255
    assert np.corrcoef(full.ravel(), short.ravel())[0, 1] > 0.97
    assert np.abs(full - short).mean() < 0.03


def test_curation_gives_0_to_800_and_keeps_the_order():
    values = np.linspace(0, 5000, 10_000, dtype=np.float32)
    curated = curate(values)
    assert curated.dtype == np.int16
    assert curated.min() == 0 and curated.max() == 800
    assert (np.diff(curated) >= 0).all()


def test_coarsening_keeps_the_field_of_view():
    grid = replace(grid_of("axial", (1, 1, 1), (160, 400, 400), (1.0, 0.55, 0.55)))
    coarse = grid.coarsened()
    assert np.allclose(np.array(grid.shape) * grid.spacing_mm, np.array(coarse.shape) * coarse.spacing_mm)
    assert np.prod(coarse.shape) < np.prod(grid.shape) / 4
