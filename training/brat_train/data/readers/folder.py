"""A folder of DICOM or NIfTI and a table of reports: the hospital's own export.

DICOM is grouped by its UIDs, wherever the files lie. NIfTI: a study is a file `<study>.nii.gz`, or a folder `<study>` of
several, told apart by their names (`t1_post.nii.gz`). A row of the table belongs to the study whose StudyInstanceUID,
AccessionNumber, folder name or file name its study column holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from brat_train.data.readers.dicom_files import read_dicom_tree
from brat_train.data.readers.nifti_files import is_nifti, nifti_series, nifti_stem
from brat_train.data.readers.source import SPLITS, Found, SeriesFiles, SourceCase, Split, Tally
from brat_train.data.readers.tables import Row, column, read_table
from brat_train.phantom.truth import QUESTIONS
from brat_train.reports.questions import COMPLETE

STUDY_COLUMNS = ("study_uid", "studyinstanceuid", "study_instance_uid", "study_id", "study", "accession", "accession_number", "accessionnumber", "exam_id", "case_id", "case", "id", "file", "filename")
PATIENT_COLUMNS = ("patient_id", "patientid", "patient", "subject_id", "subject", "mrn")
REPORT_COLUMNS = ("report", "report_text", "text", "findings", "full_report", "report_en")
SPLIT_COLUMNS = ("split", "fold", "set")
_SPLIT_WORDS: dict[str, Split] = {"train": "train", "training": "train", "dev": "dev", "val": "dev", "valid": "dev", "validation": "dev", "test": "test", "testing": "test"}


@dataclass(frozen=True)
class Columns:
    """Names of the table's columns where they are not the usual ones. `labels`: further columns kept as labels."""

    study: str | None = None
    patient: str | None = None
    report: str | None = None
    split: str | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Study:
    names: tuple[str, ...]
    patient: str
    series: tuple[SeriesFiles, ...]


def read_folder(images: Path, table: Path, columns: Columns = Columns(), processes: int = 1) -> Found:
    """Cases of a folder and its table, by study. A column named like a question of Figure 14 gives that answer.

    Raises FileNotFoundError if the folder or table is not there, ValueError if a column cannot be told.
    """
    if not images.is_dir():
        raise FileNotFoundError(f"there is no folder {images}")
    tally = Tally()
    rows = read_table(table)
    if not rows:
        raise ValueError(f"{table.name} has no rows")
    study_column = column(rows, columns.study, STUDY_COLUMNS, "study column", table) or ""
    report_column = column(rows, columns.report, REPORT_COLUMNS, "report column", table, needed=not columns.labels)
    patient_column = column(rows, columns.patient, PATIENT_COLUMNS, "patient column", table, needed=False)
    split_column = column(rows, columns.split, SPLIT_COLUMNS, "split column", table, needed=False)
    label_columns = [column(rows, name, (), "label column", table) or name for name in columns.labels]
    answer_columns = {question: name for question in QUESTIONS if (name := column(rows, None, (question.lower(),), "answers", table, needed=False))}

    by_name = _rows_by_study(rows, study_column, report_column, tally)
    cases: list[SourceCase] = []
    used: set[str] = set()
    for study in (*_nifti_studies(images, tally), *_dicom_studies(images, tally, processes)):
        # Names go from the surest to the vaguest, so a folder called like another study does not win over its UID.
        key = next((name for name in study.names if name in by_name), None)
        if key is None:
            tally.add("image-without-report", study.names[0])
            continue
        used.add(key)
        row = by_name[key]
        if row is None:
            continue  # conflicting reports, counted already
        patient = (row[patient_column] if patient_column else "") or study.patient
        if not patient:
            tally.add("no-patient-id", key, "taken to be a patient of its own")
        report = row[report_column] if report_column else None
        if report is not None and not report:
            tally.add("empty-report", key)
            if not label_columns:
                continue
        answers = _answers(row, answer_columns, key, tally)
        split = _SPLIT_WORDS.get(row[split_column].lower()) if split_column else None
        labels = {name: row[name] for name in label_columns if row[name]}
        cases.append(SourceCase(key, patient or key, study.series, report or None, labels, answers, split=split))
    for key, row in by_name.items():
        if key not in used and row is not None:
            tally.add("report-without-image", key)
    return Found(tuple(sorted(_one_each(cases, tally), key=lambda case: case.id)), tally)


def _rows_by_study(rows: Sequence[Row], study: str, report: str | None, tally: Tally) -> dict[str, Row | None]:
    """Rows by the study they name; None where two rows give one study different reports."""
    out: dict[str, Row | None] = {}
    for number, row in enumerate(rows, start=2):
        key = row[study]
        if not key:
            tally.add("report-without-image", f"row {number}", "names no study")
        elif key not in out:
            out[key] = row
        elif out[key] is not None and report is not None and out[key][report] != row[report]:  # type: ignore[index]
            tally.add("conflicting-reports", key, f"row {number} gives another report; the study is left out")
            out[key] = None
        else:
            tally.add("duplicate-report", key, f"row {number}")
    return out


def _answers(row: Row, columns: dict[str, str], key: str, tally: Tally) -> dict[str, str]:
    """Answers by question id, in the words of the options; others are counted and left out."""
    out: dict[str, str] = {}
    for question, name in columns.items():
        if not row[name]:
            continue
        answer = COMPLETE.by_id[question].canonical(row[name])
        if answer is None:
            tally.add("unknown-answer", key, f"{question}: {row[name][:60]!r} is none of the options")
        else:
            out[question] = answer
    return out


def _nifti_studies(root: Path, tally: Tally) -> Iterable[_Study]:
    folders: dict[Path, list[Path]] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file() and is_nifti(path)):
        folders.setdefault(path.parent, []).append(path)
    for folder, paths in folders.items():
        made: list[SeriesFiles] = []
        for path in paths:
            try:
                made.append(nifti_series(path))
            except ValueError as error:
                tally.add("unreadable-image", str(path.relative_to(root)), str(error))
        # A folder whose files are all named like sequences is one study; else each file is.
        if folder != root and len(paths) > 1 and not any(re.search(r"\d{4,}", nifti_stem(path)) for path in paths):
            yield _Study((folder.name, str(folder.relative_to(root))), "", tuple(made))
        else:
            for series in made:
                file = series.files[0]
                names = (nifti_stem(file), file.name, str(file.relative_to(root)), *((folder.name,) if folder != root and len(paths) == 1 else ()))
                yield _Study(names, "", (series,))


def _dicom_studies(root: Path, tally: Tally, processes: int) -> Iterable[_Study]:
    for study in read_dicom_tree(root, tally, processes):
        names = [name for name in (study.uid, study.accession) if name]
        yield _Study((*names, *reversed(study.folders)), study.patient, study.series)


def _one_each(cases: Iterable[SourceCase], tally: Tally) -> Iterable[SourceCase]:
    """One case per row: two studies that claim the same row are counted, and the first, by UID, is kept."""
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            tally.add("duplicate-image", case.id, "a second study answers to this row")
            continue
        seen.add(case.id)
        # A lone NIfTI of a study is what the user means, whatever it is called.
        yield replace(case, chosen=True) if len(case.series) == 1 and case.series[0].kind == "nifti" else case
