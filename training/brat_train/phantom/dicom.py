"""Writes a phantom as a DICOM study: T1 post-contrast, T1 before contrast, T2 or FLAIR, and a localizer.

Headers look like those of common scanners, whose habits make picking the right series hard; every file says that it is
synthetic (StudyDescription, ImageComments). UIDs are UUIDs under 2.25, the same for the same seed. Needs pydicom.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from brat_train.phantom.acquisition import PLANES, Acquisition
from brat_train.phantom.contrast import paint_patient, paint_water
from brat_train.phantom.phantom import acquisition_of, post_contrast
from brat_train.phantom.render import head_coordinates, scan
from brat_train.phantom.scene import Scene, stream

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

_NAMESPACE = uuid.UUID("6b5f5f0e-8f5e-4c5e-9d55-7a1f0c9b2a61")
DECOY_SHAPE = (22, 256, 256)
MR_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.4"

_SCANNERS = (
    ("SIEMENS", "Avanto", 1.5), ("SIEMENS", "Skyra", 3.0), ("Siemens Healthineers", "MAGNETOM Vida", 3.0),
    ("GE MEDICAL SYSTEMS", "SIGNA HDxt", 1.5), ("GE MEDICAL SYSTEMS", "DISCOVERY MR750", 3.0),
    ("Philips Medical Systems", "Achieva", 1.5), ("Philips", "Ingenia", 3.0), ("CANON_MEC", "Vantage Galan 3T", 3.0),
)  # fmt: skip
_POST = {
    "axial": ("Ax T1 POST", "AX T1 +C", "T1 AX POST GAD", "Axial T1 post SENSE", "T1W_SE_AX_GD", "MRHR T1 AX POST GAD", "AX T1 POST CONTRAST", "t1_se_tra_post", "T1 TRA KM"),
    "sagittal": ("SAG T1 MPRAGE +C", "t1_mprage_sag_p2_iso_post", "Sag 3D T1 POST", "SAG BRAVO POST GAD"),
    "coronal": ("COR T1 POST", "Cor T1 +C", "T1 COR POST GAD"),
}
_POST_3D = ("AX 3D T1 BRAVO POST", "t1_mprage_tra_post_gd", "3D T1 TFE POST", "AX T1 MPRAGE +C")
_PRE = ("AX T1", "T1 AX", "t1_se_tra", "Ax T1 PRE", "T1W_SE_AX", "Axial T1")
_AGENTS = ("Gadavist", "11 ml Omniscan", "MAGNEVIST", "Dotarem 0.1 mmol/kg", "GADOLINIUM", "ProHance 15ml", "7.5 ml Gadovist")


@dataclass(frozen=True)
class WrittenStudy:
    """Where a study went and what it is called."""

    study_uid: str
    accession: str
    post_series_uid: str
    files: tuple[Path, ...]


def uid(seed: int, what: str) -> str:
    """A UID under 2.25 for one thing of one phantom."""
    return f"2.25.{uuid.uuid5(_NAMESPACE, f'{seed}/{what}').int}"


def accession(seed: int) -> str:
    """Accession number of a phantom (at most 16 characters)."""
    return f"PH{seed:08d}"


@dataclass(frozen=True)
class Person:
    """Who a phantom pretends to be."""

    age: int
    sex: str
    study_date: str  # ISO


def patient_of(seed: int) -> Person:
    """Age, sex and study date of a phantom: drawn, and unrelated to its findings."""
    rng = np.random.default_rng([seed, 98])
    day = f"{int(rng.integers(2015, 2025))}-{int(rng.integers(1, 13)):02d}-{int(rng.integers(1, 29)):02d}"
    return Person(int(rng.integers(19, 88)), ("F", "M")[int(rng.integers(2))], day)


@dataclass(frozen=True)
class Series:
    """One series to be written."""

    number: int
    description: str
    kind: str  # 'post', 'pre', 'water', 'localizer'
    stacks: tuple[tuple[Acquisition, NDArray[np.float32]], ...]
    sequence: dict[str, object]
    agent: str | None = None


def _sequence(rng: np.random.Generator, maker: str, kind: str, three_d: bool) -> dict[str, object]:
    """Acquisition elements of a T1 spin or gradient echo, T2 spin echo or FLAIR."""
    siemens = "iemens" in maker.lower() or maker == "SIEMENS"
    if kind in ("post", "pre"):
        if three_d:
            out = {"ScanningSequence": ["GR", "IR"], "SequenceVariant": ["SP", "MP"], "MRAcquisitionType": "3D", "RepetitionTime": round(float(rng.uniform(7, 2300)), 1), "EchoTime": round(float(rng.uniform(2.1, 4.6)), 2), "InversionTime": round(float(rng.uniform(450, 1100)), 0), "FlipAngle": float(rng.integers(8, 16))}
            out |= {"SequenceName": "*tfl3d1"} if siemens else {}
        else:
            out = {"ScanningSequence": "SE", "SequenceVariant": "NONE", "MRAcquisitionType": "2D", "RepetitionTime": round(float(rng.uniform(420, 700)), 1), "EchoTime": round(float(rng.uniform(8, 16)), 1), "FlipAngle": 90.0}
            out |= {"SequenceName": "*se2d1"} if siemens else {}
    elif kind == "flair":
        out = {"ScanningSequence": ["SE", "IR"], "SequenceVariant": "SK", "MRAcquisitionType": "2D", "RepetitionTime": 9000.0, "EchoTime": 120.0, "InversionTime": 2500.0, "FlipAngle": 150.0}
        out |= {"SequenceName": "*tir2d1_16"} if siemens else {}
    elif kind == "t2":
        out = {"ScanningSequence": "SE", "SequenceVariant": "SK", "MRAcquisitionType": "2D", "RepetitionTime": round(float(rng.uniform(3500, 6000)), 1), "EchoTime": round(float(rng.uniform(90, 115)), 1), "FlipAngle": 150.0}
        out |= {"SequenceName": "*tse2d1_15"} if siemens else {}
    else:
        out = {"ScanningSequence": "GR", "SequenceVariant": "SP", "MRAcquisitionType": "2D", "RepetitionTime": 20.0, "EchoTime": 5.0, "FlipAngle": 40.0}
        out |= {"SequenceName": "*fl2d1"} if siemens else {}
    return out


def _decoy_grid(grid: Acquisition, shape: tuple[int, int, int]) -> Acquisition:
    """Thick axial slices over the same head, whatever plane the post-contrast series has."""
    base = PLANES["axial"]
    return replace(grid, plane="axial", shape=shape, spacing_mm=(143 / shape[0], 235 / shape[1], 235 / shape[2]), directions=base[[2, 1, 0]], thickness_mm=5.0, three_d=False, noise=max(grid.noise, 0.015), ghost=0.0)


def _localizer_grids(grid: Acquisition) -> list[Acquisition]:
    out = []
    for plane in ("axial", "coronal", "sagittal"):
        column, row, along = PLANES[plane]
        out.append(replace(grid, plane=plane, shape=(3, 192, 192), spacing_mm=(20.0, 1.4, 1.4), directions=np.stack([along, row, column]), thickness_mm=8.0, three_d=False, noise=0.05))
    return out


def series_of(scene: Scene, decoy_shape: tuple[int, int, int] = DECOY_SHAPE) -> list[Series]:
    """All series of a study, in a scanner's order. `decoy_shape` (slices, rows, columns) is that of T2 and plain T1."""
    rng = stream(scene.seed, "dicom")
    maker, _, _ = _scanner(scene.seed)
    grid = acquisition_of(scene)
    post, _ = post_contrast(scene, grid)
    names = _POST_3D if grid.three_d and grid.plane == "axial" else _POST[grid.plane]
    description = str(rng.choice(names))
    agent = str(rng.choice(_AGENTS)) if rng.random() < 0.85 else None
    decoy = _decoy_grid(grid, decoy_shape)
    coordinates = head_coordinates(scene, decoy)
    before, _ = paint_patient(scene, stream(scene.seed, "contrast"), agent=False)
    pre = scan(before, scene, decoy, coordinates, rng)
    flair = bool(rng.random() < 0.5)
    water = scan(paint_water(scene, stream(scene.seed, "contrast"), flair), scene, decoy, coordinates, rng)
    localizer = tuple((g, scan(before, scene, g, head_coordinates(scene, g), rng)) for g in _localizer_grids(grid))
    return [
        Series(1, str(rng.choice(("localizer", "3-plane loc", "LOC", "Survey"))), "localizer", localizer, _sequence(rng, maker, "localizer", False)),
        Series(2, str(rng.choice(("AX FLAIR", "FLAIR", "t2_tirm_tra_dark-fluid") if flair else ("AX T2", "T2W_TSE", "t2_tse_tra"))), "water", ((decoy, water),), _sequence(rng, maker, "flair" if flair else "t2", False)),
        Series(3, str(rng.choice(_PRE)), "pre", ((decoy, pre),), _sequence(rng, maker, "pre", False)),
        Series(int(rng.integers(4, 9)), description, "post", ((grid, post),), _sequence(rng, maker, "post", grid.three_d), agent),
    ]


def _scanner(seed: int) -> tuple[str, str, float]:
    return _SCANNERS[int(np.random.default_rng([seed, 99]).integers(len(_SCANNERS)))]


def _instance(scene: Scene, series: Series, stack: int, index: int, number: int, pixels: NDArray[np.uint16]) -> FileDataset:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    grid = series.stacks[stack][0]
    seed = scene.seed
    person = patient_of(seed)
    instance_uid = uid(seed, f"{series.kind}/{stack}/{index}")
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID, meta.TransferSyntaxUID = MR_IMAGE_STORAGE, instance_uid, ExplicitVRLittleEndian
    meta.ImplementationClassUID = "2.25.197533081262071427413416071912357163009"
    d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    maker, model, tesla = _scanner(seed)
    d.SpecificCharacterSet = "ISO_IR 100"
    d.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"] if "iemens" in maker.lower() else ["ORIGINAL", "PRIMARY"]
    d.SOPClassUID, d.SOPInstanceUID, d.Modality = MR_IMAGE_STORAGE, instance_uid, "MR"
    day = person.study_date.replace("-", "")
    d.StudyDate = d.SeriesDate = d.AcquisitionDate = d.ContentDate = day
    d.StudyTime, d.SeriesTime = "101500", f"10{15 + series.number:02d}00"
    d.ContentTime = d.AcquisitionTime = d.SeriesTime
    d.AccessionNumber, d.Manufacturer, d.ManufacturerModelName = accession(seed), maker, model
    d.InstitutionName, d.ReferringPhysicianName = "Synthetic phantom", ""
    d.StudyDescription, d.SeriesDescription = "MRI BRAIN SYNTHETIC PHANTOM", series.description
    d.PatientName, d.PatientID = f"Phantom^{seed:04d}", f"PHANTOM-{seed:07d}"
    d.PatientSex, d.PatientAge, d.PatientBirthDate = person.sex, f"{person.age:03d}Y", f"{int(day[:4]) - person.age - 1}1231"
    d.BodyPartExamined, d.PatientPosition = "HEAD" if seed % 3 else "BRAIN", "HFS"
    if series.agent:
        d.ContrastBolusAgent = series.agent
        d.ContrastBolusRoute = "IV"
    for name, value in series.sequence.items():
        setattr(d, name, value)
    d.MagneticFieldStrength, d.SliceThickness, d.SpacingBetweenSlices = tesla, round(grid.thickness_mm, 4), round(grid.spacing_mm[0], 6)
    d.ImagedNucleus, d.NumberOfAverages, d.ProtocolName = "1H", 1, series.description
    d.StudyInstanceUID, d.SeriesInstanceUID = uid(seed, "study"), uid(seed, f"series/{series.kind}")
    d.FrameOfReferenceUID = uid(seed, "frame")
    d.StudyID, d.SeriesNumber, d.InstanceNumber, d.AcquisitionNumber = "1", series.number, number, 1
    origin = grid.lps(np.array([[index, 0.0, 0.0]]))[0]
    d.ImagePositionPatient = [round(float(v), 6) for v in origin]
    d.ImageOrientationPatient = [round(float(v), 8) for v in (*grid.directions[2], *grid.directions[1])]
    d.SliceLocation = round(float(origin @ grid.directions[0]), 4)
    d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
    d.Rows, d.Columns = pixels.shape
    d.PixelSpacing = [round(grid.spacing_mm[1], 8), round(grid.spacing_mm[2], 8)]
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 0
    d.WindowCenter, d.WindowWidth = round(grid.white_matter_value * 0.95, 1), round(grid.white_matter_value * 1.9, 1)
    d.ImageComments = "Synthetic phantom, not a patient. Made by simulation for software tests."
    d.BurnedInAnnotation = "NO"
    d.PixelData = pixels.astype("<u2").tobytes()
    return d


def write_study(scene: Scene, out: Path, decoy_shape: tuple[int, int, int] = DECOY_SHAPE) -> WrittenStudy:
    """Writes all series of a scene below `out`, one folder per series; instance numbers may run either way."""
    files = []
    rng = np.random.default_rng([scene.seed, 97])
    for series in series_of(scene, decoy_shape):
        folder = out / f"{series.number:02d}-{series.kind}"
        folder.mkdir(parents=True, exist_ok=True)
        reversed_ = bool(rng.random() < 0.4)
        total, number = sum(len(values) for _, values in series.stacks), 0
        for stack, (_, values) in enumerate(series.stacks):
            for index, plane in enumerate(np.clip(np.round(values), 0, 65535).astype(np.uint16)):
                number += 1
                dataset = _instance(scene, series, stack, index, total + 1 - number if reversed_ else number, plane)
                path = folder / f"IM{number:04d}.dcm"
                dataset.save_as(path, enforce_file_format=True)
                files.append(path)
    return WrittenStudy(uid(scene.seed, "study"), accession(scene.seed), uid(scene.seed, "series/post"), tuple(files))
