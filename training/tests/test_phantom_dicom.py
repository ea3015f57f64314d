"""The DICOM study of a phantom: geometry, headers, decoys, determinism."""

import json
import shutil
import subprocess

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

from brat_train.phantom.studies import write_studies  # noqa: E402
from brat_train.phantom.dicom import write_study  # noqa: E402
from brat_train.phantom.phantom import acquisition_of, centres_lps, post_contrast  # noqa: E402
from brat_train.phantom.scene import draw_scene  # noqa: E402


def thick_seed(plane: str) -> int:
    return next(seed for seed in range(5_000_000, 5_002_000) if (grid := acquisition_of(draw_scene(seed))).plane == plane and np.prod(grid.shape) < 3.5e6 and draw_scene(seed).findings.lesions)


@pytest.fixture(scope="module", params=["axial", "coronal"])
def study(request, tmp_path_factory):
    seed = thick_seed(request.param)
    folder = tmp_path_factory.mktemp("study")
    return seed, folder, write_study(draw_scene(seed), folder)


def post_files(written):
    headers = [pydicom.dcmread(path) for path in written.files]
    return [header for header in headers if header.SeriesInstanceUID == written.post_series_uid]


def test_every_voxel_is_where_the_generator_put_it(study):
    seed, _, written = study
    scene = draw_scene(seed)
    grid = acquisition_of(scene)
    values = np.clip(np.round(post_contrast(scene, grid)[0]), 0, 65535)
    files = post_files(written)
    assert len(files) == grid.shape[0]
    rng = np.random.default_rng(0)
    for header in files:
        position, orientation = np.array(header.ImagePositionPatient, float), np.array(header.ImageOrientationPatient, float)
        j, i = int(rng.integers(header.Rows)), int(rng.integers(header.Columns))
        # DICOM PS3.3 C.7.6.2.1.1: columns step along the first triple, rows along the second
        lps = position + i * header.PixelSpacing[1] * orientation[:3] + j * header.PixelSpacing[0] * orientation[3:]
        voxel = grid.voxels(lps[None])[0]
        assert np.abs(voxel - np.round(voxel)).max() < 0.01
        assert header.pixel_array[j, i] == values[tuple(np.round(voxel).astype(int))]


def test_dcm2niix_reads_the_same_picture_at_the_same_place(study, tmp_path):
    if shutil.which("dcm2niix") is None:
        pytest.skip("dcm2niix is not installed")
    nibabel = pytest.importorskip("nibabel")
    seed, folder, written = study
    series = next(path.parent for path in written.files if pydicom.dcmread(path, stop_before_pixels=True).SeriesInstanceUID == written.post_series_uid)
    subprocess.run(["dcm2niix", "-o", str(tmp_path), "-f", "x", str(series)], check=True, capture_output=True)
    image = nibabel.load(next(tmp_path.glob("*.nii")))
    scene = draw_scene(seed)
    grid = acquisition_of(scene)
    values = np.clip(np.round(post_contrast(scene, grid)[0]), 0, 65535)
    rng = np.random.default_rng(1)
    voxels = np.stack([rng.integers(0, n, 60) for n in grid.shape], 1)
    ras = grid.lps(voxels.astype(float)) * (-1, -1, 1)
    theirs = np.linalg.inv(image.affine) @ np.concatenate([ras, np.ones((60, 1))], 1).T
    index = np.round(theirs[:3]).astype(int)
    assert np.abs(theirs[:3] - index).max() < 0.02
    assert np.array_equal(np.asarray(image.dataobj)[tuple(index)], values[tuple(voxels.T)])


def test_a_left_lesion_is_at_positive_x_of_the_head_in_the_files(study):
    seed, _, _ = study
    scene = draw_scene(seed)
    middle = scene.pose.to_patient(np.array([[0.0, -18.0, 10.0]]))[0]
    for lesion, at in zip(scene.findings.lesions, centres_lps(scene)):
        if lesion.side != "midline" and abs(at[0] - middle[0]) > 15:
            assert (at[0] > middle[0]) == (lesion.side == "left")


def test_headers_are_valid_and_say_synthetic(study):
    seed, _, written = study
    kinds = set()
    for path in written.files:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert "SYNTHETIC" in header.StudyDescription and "Synthetic" in header.ImageComments
        assert str(header.PatientName).startswith("Phantom^")
        assert header.StudyInstanceUID == written.study_uid
        for value in (header.SOPInstanceUID, header.SeriesInstanceUID, header.StudyInstanceUID, header.FrameOfReferenceUID):
            assert value.startswith("2.25.") and pydicom.uid.UID(value).is_valid and len(value) <= 44
        kinds.add(header.SeriesInstanceUID)
        if "ContrastBolusAgent" in header:
            assert header.SeriesInstanceUID == written.post_series_uid
    assert len(kinds) == 4
    assert len({pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in written.files}) == len(written.files)


def test_the_command_writes_studies_reports_and_truth(tmp_path):
    seed = thick_seed("axial")
    write_studies(seed, 1, tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text())
    (phantom,) = truth["phantoms"]
    rows = (tmp_path / "reports.csv").read_text().splitlines()
    assert rows[0] == "study_uid,accession,report"
    assert phantom["studyUid"] in rows[1] and phantom["sentences"][0].split(",")[0] in rows[1]
    assert any((tmp_path / phantom["folder"]).rglob("*.dcm"))
    again = tmp_path / "again"
    write_studies(seed, 1, again, processes=2)
    assert (again / "truth.json").read_text() == (tmp_path / "truth.json").read_text()
