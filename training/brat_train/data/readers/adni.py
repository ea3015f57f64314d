"""ADNI as the Image and Data Archive (LONI) delivers it: a folder tree and the CSV of the collection.

`ADNI/<subject>/<description>/<date_time>/<series or image id>/` holds DICOM or one NIfTI whose name ends in `_I<image id>`.
The CSV has the columns Image Data ID, Subject, Group, Sex, Age, Visit, Modality, Description, Type, Acq Date, Format.
Source: clinica's documentation of its ADNI converter (docs/Converters/ADNI2BIDS.md in aramis-lab/clinica) and the IDA's
downloads. Groups become the paper's three classes (4.2): Normal, MCI, Alz.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from brat_train.data.readers.dicom_files import read_dicom_tree
from brat_train.data.readers.nifti_files import is_nifti, nifti_series
from brat_train.data.readers.source import Found, SeriesFiles, SourceCase, Tally
from brat_train.data.readers.tables import column, read_table

DIAGNOSES = {"CN": "Normal", "NL": "Normal", "SMC": "Normal", "MCI": "MCI", "EMCI": "MCI", "LMCI": "MCI", "AD": "Alz", "DEMENTIA": "Alz"}
_IMAGE_ID = re.compile(r"(?:^|_)I(\d+)$")
_SUBJECT = re.compile(r"^\d{3}_S_\d{4,5}$")


def read_adni(root: Path, table: Path, processes: int = 1) -> Found:
    """One case per image that the table names, with labels `diagnosis` and, where given, `age` and `sex`.

    No report. Images of subjects that changed group between visits keep the group of their own row.
    """
    tally = Tally()
    rows = read_table(table)
    id_column = column(rows, None, ("image_data_id", "image_id", "imageuid"), "image id column", table) or ""
    subject_column = column(rows, None, ("subject", "subject_id", "ptid"), "subject column", table) or ""
    group_column = column(rows, None, ("group", "research_group", "dx", "dx_group"), "group column", table) or ""
    images: dict[str, SeriesFiles] = {}
    for image_id, series in _images(root, tally, processes):
        if image_id in images:
            tally.add("duplicate-image", f"I{image_id}")
        else:
            images[image_id] = series
    cases: dict[str, SourceCase] = {}
    for row in rows:
        image_id = row[id_column].upper().removeprefix("I")
        case_id = f"{row[subject_column]}_I{image_id}"
        diagnosis = DIAGNOSES.get(row[group_column].upper())
        if case_id in cases:
            tally.add("duplicate-report", case_id)
        elif image_id not in images:
            tally.add("report-without-image", case_id)
        elif not row[group_column]:
            tally.add("no-label", case_id)
        elif diagnosis is None:
            tally.add("unknown-label", case_id, row[group_column])
        else:
            more = {name.lower(): row[name] for name in ("Age", "Sex") if row.get(name)}
            # The collection was put together by description, so its images are taken as they are.
            series = images[image_id]
            cases[case_id] = SourceCase(case_id, row[subject_column], (replace(series, uid=f"I{image_id}"),), labels={"diagnosis": diagnosis, **more}, chosen=True)
    known = {case.series[0].uid.removeprefix("I") for case in cases.values()} | {row[id_column].upper().removeprefix("I") for row in rows}
    for image_id in sorted(images.keys() - known):
        tally.add("no-label", f"I{image_id}", "the table does not name it")
    return Found(tuple(case for _, case in sorted(cases.items())), tally)


def _images(root: Path, tally: Tally, processes: int) -> Iterable[tuple[str, SeriesFiles]]:
    for path in sorted(path for path in root.rglob("*") if path.is_file() and is_nifti(path)):
        image_id = _id_of(path)
        if image_id is None:
            tally.add("no-label", str(path.relative_to(root)), "neither its name nor its folder ends in an image id")
            continue
        try:
            yield image_id, nifti_series(path)
        except ValueError as error:
            tally.add("unreadable-image", str(path.relative_to(root)), str(error))
    for study in read_dicom_tree(root, tally, processes):
        for series in study.series:
            image_id = _id_of(series.files[0])
            if image_id is None:
                tally.add("no-label", str(series.files[0].parent.relative_to(root)), "neither its name nor its folder ends in an image id")
            else:
                yield image_id, series


def _id_of(path: Path) -> str | None:
    """The image id: at the end of the file's name, else the name of its folder below a subject's."""
    stem = re.sub(r"\.(nii(\.gz)?|dcm)$", "", path.name, flags=re.IGNORECASE)
    if found := _IMAGE_ID.search(stem):
        return found[1]
    if (found := _IMAGE_ID.search(path.parent.name)) and any(_SUBJECT.match(part) for part in path.parts):
        return found[1]
    return None
