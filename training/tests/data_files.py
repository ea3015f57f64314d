"""Tiny real files in the layouts of data sets, written with pydicom and nibabel."""

from __future__ import annotations

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"
SLICES, ROWS, COLUMNS = 14, 40, 36


def head(seed: int = 0) -> NDArray[np.int16]:
    """[slice, row, column] with a bright block at the patient's left, front and top; slices from feet to head."""
    rng = np.random.default_rng(seed)
    volume = rng.integers(100, 200, (SLICES, ROWS, COLUMNS)).astype(np.int16)
    volume[:, :4], volume[:, -4:], volume[:, :, :4], volume[:, :, -4:] = 0, 0, 0, 0
    volume[8:13, 6:14, 22:31] = 600  # rows run from front to back, columns from the patient's right to left
    return volume


def write_dicom_series(
    folder: Path, study: str, description: str, number: int = 1, patient: str = "P1", accession: str = "", volume: NDArray[np.int16] | None = None, skip: tuple[int, ...] = (), **more: object
) -> Path:
    """An axial MR series of 8 mm slices of 5 mm pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    volume = head() if volume is None else volume
    for k in range(len(volume)):
        if k in skip:
            continue
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = MR_IMAGE_STORAGE
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{study}.{number}.{k + 1}"
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, f"{study}.{number}", f"{study}.9"
        data.PatientID, data.PatientName, data.AccessionNumber, data.StudyID = patient, "Nobody^Test", accession, "1"
        data.Modality, data.SeriesDescription, data.SeriesNumber, data.InstanceNumber = "MR", description, number, k + 1
        data.ImageType, data.Manufacturer, data.StudyDate, data.StudyTime = ["ORIGINAL", "PRIMARY", "M", "ND"], "SIEMENS", "20200101", "120000"
        data.ScanningSequence, data.SequenceVariant, data.MRAcquisitionType = "SE", "NONE", "2D"
        data.RepetitionTime, data.EchoTime, data.SliceThickness, data.SpacingBetweenSlices = 550, 12, 8, 8
        data.ImagePositionPatient, data.ImageOrientationPatient = [-90, -100, 8 * k - 40], [1, 0, 0, 0, 1, 0]
        data.PixelSpacing, data.Rows, data.Columns = [5, 5], *volume.shape[1:]
        data.SamplesPerPixel, data.PhotometricInterpretation, data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 1, "MONOCHROME2", 16, 16, 15, 0
        data.PixelData = volume[k].astype("<u2").tobytes()
        for name, value in more.items():
            setattr(data, name, value)
        data.save_as(folder / f"{number:02d}-{k:03d}.dcm", enforce_file_format=True)
    return folder


def write_nifti(path: Path, values: NDArray[np.generic] | None = None, spacing: float = 4.0, coded: bool = True) -> Path:
    """A volume [i to the left, j to the front, k to the top], as BraTS stores them (LAS or LPS differ by signs only)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if values is None:
        values = np.ascontiguousarray(head()[:, ::-1].transpose(2, 1, 0))
    nib.save(nib.Nifti1Image(values, np.diag([-spacing, spacing, spacing, 1.0])), path)
    if not coded:  # qform_code and sform_code, which nibabel will not write as zero
        raw = bytearray(gzip.decompress(path.read_bytes()))
        raw[252:256] = bytes(4)
        path.write_bytes(gzip.compress(bytes(raw)))
    return path


def brightest(volume: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Where the bright block lies in [S, A, R], as parts of its size: 1 is superior, anterior, right."""
    at = np.argwhere(volume > 230).mean(0)
    s, a, r = (float(v) for v in (at + 0.5) / np.array(volume.shape))
    return s, a, r
