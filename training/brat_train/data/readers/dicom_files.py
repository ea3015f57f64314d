"""DICOM files of any folder tree grouped into studies and series by their headers, with pydicom. No pixels are read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brat_train.data.readers.source import SeriesFiles, Tally
from brat_train.data.select.header import SeriesHeader, SliceStack
from brat_train.data.select.stack import Slice, stack_of

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TAGS = [
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "PatientID", "AccessionNumber", "Modality", "SeriesDescription",
    "ProtocolName", "SequenceName", "PulseSequenceName", "ScanningSequence", "EchoPulseSequence", "EchoPlanarPulseSequence", "InversionRecovery",
    "MRAcquisitionType", "BodyPartExamined", "ContrastBolusAgent", "ContrastBolusAgentSequence", "RepetitionTime", "EchoTime", "InversionTime",
    "FlipAngle", "SeriesNumber", "ImageType", "Rows", "Columns", "NumberOfFrames", "ImagePositionPatient", "ImageOrientationPatient",
    "PixelSpacing", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence", "SpecificCharacterSet", "SamplesPerPixel",
]  # fmt: skip


@dataclass(frozen=True)
class DicomStudy:
    """The series of one study, and by what names a table may call it."""

    uid: str
    accession: str
    patient: str
    #: Folder names between the root and its files, from the outermost.
    folders: tuple[str, ...]
    series: tuple[SeriesFiles, ...]


@dataclass(frozen=True)
class _Image:
    """What is kept of one file."""

    path: Path
    study: str
    series: str
    instance: str
    accession: str
    patient: str
    header: SeriesHeader
    slices: tuple[Slice, ...]


def read_dicom_tree(root: Path, tally: Tally, processes: int = 1) -> list[DicomStudy]:
    """Studies below a folder, by UID. Files that are no DICOM images and repeated instances are counted and left out."""
    folders = [(folder, tuple(sorted(names))) for folder, _, names in _walk(root)]
    images: list[_Image] = []
    for found, problems in _map(_read_folder, [(root, folder, names) for folder, names in folders], processes):
        images.extend(found)
        for reason, name, why in problems:
            tally.add(reason, name, why)
    studies: dict[str, dict[str, list[_Image]]] = {}
    seen: set[str] = set()
    for image in images:
        if image.instance in seen:
            tally.add("duplicate-image", str(image.path.relative_to(root)), "another file holds the same SOP instance")
            continue
        seen.add(image.instance)
        studies.setdefault(image.study, {}).setdefault(image.series, []).append(image)
    return [_study(root, uid, series) for uid, series in sorted(studies.items())]


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        yield Path(folder), subfolders, [name for name in names if not name.startswith(".") and name != "DICOMDIR" and not name.endswith((".nii", ".nii.gz", ".json", ".csv", ".parquet", ".txt", ".xml"))]


def _map(work: Any, jobs: Sequence[Any], processes: int) -> Iterator[Any]:
    if processes <= 1 or len(jobs) < 2:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, jobs, chunksize=8)


def _read_folder(job: tuple[Path, Path, tuple[str, ...]]) -> tuple[list[_Image], list[tuple[Any, str, str]]]:
    root, folder, names = job
    found: list[_Image] = []
    problems: list[tuple[Any, str, str]] = []
    for name in names:
        path = folder / name
        try:
            image = _read_image(path)
        except Exception as error:  # noqa: BLE001  pydicom raises nearly anything on damaged files
            problems.append(("unreadable-file", str(path.relative_to(root)), type(error).__name__))
            continue
        if image is None:
            problems.append(("not-an-image", str(path.relative_to(root)), ""))
        else:
            found.append(image)
    return found, problems


def _read_image(path: Path) -> _Image | None:
    """One file's header, or None for DICOM objects without pixels of grey images."""
    from pydicom import dcmread

    data = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
    study, series, instance = (str(data.get(name, "") or "") for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"))
    if not (study and series and instance):
        raise ValueError("no UIDs")
    if not data.get("Rows") or not data.get("Columns") or int(data.get("SamplesPerPixel", 1) or 1) != 1:
        return None
    return _Image(
        path, study, series, instance, str(data.get("AccessionNumber", "") or "").strip(), str(data.get("PatientID", "") or "").strip(), _header(data), tuple(_slices(data))
    )


def _header(data: Dataset) -> SeriesHeader:
    shared, frame = _item(data, "SharedFunctionalGroupsSequence"), _item(data, "PerFrameFunctionalGroupsSequence")

    def group(name: str) -> Dataset | None:
        return _item(frame, name) or _item(shared, name)

    timing, echo, modifier = group("MRTimingAndRelatedParametersSequence"), group("MREchoSequence"), group("MRModifierSequence")
    types = [str(value).upper() for value in _values(data, "ImageType")]
    number = _number(data, "SeriesNumber")
    return SeriesHeader(
        description=_text(data, "SeriesDescription"),
        protocol=_text(data, "ProtocolName"),
        sequence_name=_text(data, "SequenceName") or _text(data, "PulseSequenceName"),
        scanning_sequence="\\".join(str(value).upper() for value in _values(data, "ScanningSequence")) or _enhanced_sequence(data, modifier),
        acquisition_type=_text(data, "MRAcquisitionType").upper(),
        body_part=_text(data, "BodyPartExamined"),
        contrast_agent=_text(data, "ContrastBolusAgent") or _text(_item(data, "ContrastBolusAgentSequence"), "CodeMeaning"),
        modality=_text(data, "Modality"),
        sop_class=_text(data, "SOPClassUID"),
        image_types=frozenset(types[2:]),
        leading_image_types=frozenset(types[:2]),
        repetition_ms=_first(_number(data, "RepetitionTime"), _number(timing, "RepetitionTime")),
        echo_ms=_first(_number(data, "EchoTime"), _number(echo, "EffectiveEchoTime")),
        inversion_ms=_first(_number(data, "InversionTime"), _number(modifier, "InversionTimes")),
        flip_deg=_first(_number(data, "FlipAngle"), _number(timing, "FlipAngle")),
        series_number=None if number is None else int(number),
    )


def _enhanced_sequence(data: Dataset, modifier: Dataset | None) -> str:
    """Enhanced MR has no ScanningSequence; it is put together from its neighbours (PS3.3 C.8.13.4)."""
    kinds = {"SPIN": ["SE"], "GRADIENT": ["GR"], "BOTH": ["SE", "GR"]}.get(_text(data, "EchoPulseSequence").upper(), [])
    planar = ["EP"] if _text(data, "EchoPlanarPulseSequence").upper() == "YES" else []
    inverted = ["IR"] if _text(modifier or data, "InversionRecovery").upper() == "YES" else []
    return "\\".join([*planar, *kinds, *inverted])


def _slices(data: Dataset) -> Iterator[Slice]:
    """Frames that say where they lie. A multi-frame file without functional groups says nothing of its frames."""
    frames = data.get("PerFrameFunctionalGroupsSequence")
    shared = _item(data, "SharedFunctionalGroupsSequence")
    if frames is None and shared is None:
        if int(data.get("NumberOfFrames", 1) or 1) == 1:
            yield from _slice(data, data, data, data)
        return
    for own in frames or ():
        plane, orientation, measures = (
            _item(own, name) or _item(shared, name) for name in ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")
        )
        yield from _slice(data, plane, orientation, measures)


def _slice(data: Dataset, plane: Dataset | None, orientation: Dataset | None, measures: Dataset | None) -> Iterator[Slice]:
    position, direction, spacing = _numbers(plane, "ImagePositionPatient"), _numbers(orientation, "ImageOrientationPatient"), _numbers(measures, "PixelSpacing")
    if len(position) == 3 and len(direction) == 6 and len(spacing) == 2 and min(spacing) > 0:
        yield Slice(
            (position[0], position[1], position[2]), (direction[0], direction[1], direction[2]), (direction[3], direction[4], direction[5]),
            int(data.Rows), int(data.Columns), (spacing[0], spacing[1]),
        )  # fmt: skip


def _study(root: Path, uid: str, series: dict[str, list[_Image]]) -> DicomStudy:
    first = next(iter(series.values()))[0]
    return DicomStudy(uid, first.accession, first.patient, first.path.relative_to(root).parts[:-1], tuple(_series(name, images) for name, images in sorted(series.items())))


def _series(uid: str, images: list[_Image]) -> SeriesFiles:
    made = stack_of([one for image in images for one in image.slices])
    header = replace(
        images[0].header,
        image_types=frozenset().union(*(image.header.image_types for image in images)),
        stack=made if isinstance(made, SliceStack) else None,
        refusal=made if isinstance(made, str) else "",
    )
    return SeriesFiles(uid, "dicom", tuple(image.path for image in images), header)


def _item(data: Dataset | None, name: str) -> Dataset | None:
    sequence = None if data is None else data.get(name)
    return sequence[0] if sequence else None


def _text(data: Dataset | None, name: str) -> str:
    value = None if data is None else data.get(name)
    return "" if value is None else str(value).replace("\0", "").strip()


def _values(data: Dataset, name: str) -> list[Any]:
    value = data.get(name)
    return [] if value in (None, "") else [value] if isinstance(value, str) else list(value)


def _numbers(data: Dataset | None, name: str) -> list[float]:
    value = None if data is None else data.get(name)
    if value in (None, ""):
        return []
    try:
        return [float(one) for one in (value if hasattr(value, "__iter__") and not isinstance(value, str) else [value])]
    except (TypeError, ValueError):
        return []


def _number(data: Dataset | None, name: str) -> float | None:
    return next(iter(_numbers(data, name)), None)


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)
