"""BIMCV-R: chest CT volumes with Spanish reports and English translations (Chen et al., MICCAI 2024).

Volumes are named `sub-S<patient>_ses-E<report>[_acq-N]_run-N_bp-chest_ct.nii.gz`, in any folders; the table has the
columns PatientID (`sub-S...`), ReportID (`ses-E...`), Report, Report_en and ct_path, whose folders are the authors' own.
Source: the data set's page (huggingface.co/datasets/cyd0806/BIMCV-R) and its table as published in
github.com/fitushar/HAID, BIMCVR/metadata. Localizers among the volumes (paper, 6.3) are left out by their size.
"""

from __future__ import annotations

from pathlib import Path

from brat_train.data.readers.nifti_files import is_nifti, nifti_series
from brat_train.data.readers.source import Found, SourceCase, Tally
from brat_train.data.readers.tables import column, read_table

#: A chest CT of fewer slices is a localizer or a fragment.
FEWEST_SLICES = 10


def read_bimcv_r(root: Path, table: Path, language: str = "en") -> Found:
    """One case per volume, with its session's report in English (`en`) or Spanish (`es`)."""
    tally = Tally()
    rows = read_table(table)
    report_column = column(rows, "Report_en" if language == "en" else "Report", (), "report column", table) or ""
    path_column, patient_column = column(rows, None, ("ct_path", "path"), "column of volumes", table) or "", column(rows, "PatientID", (), "patient column", table) or ""
    session_column = column(rows, "ReportID", (), "report id column", table) or ""
    files = {path.name: path for path in sorted(root.rglob("*")) if path.is_file() and is_nifti(path)}
    cases: dict[str, SourceCase] = {}
    named: set[str] = set()
    for row in rows:
        name = Path(row[path_column].replace("\\", "/")).name
        case_id = name.removesuffix(".gz").removesuffix(".nii") or f"{row[patient_column]}_{row[session_column]}"
        named.add(name)
        if case_id in cases:
            tally.add("duplicate-report", case_id)
        elif name not in files:
            tally.add("report-without-image", case_id)
        elif not row[report_column]:
            tally.add("empty-report", case_id)
        else:
            try:
                series = nifti_series(files[name])
            except ValueError as error:
                tally.add("unreadable-image", name, str(error))
                continue
            stack = series.header.stack
            if stack is None or min(stack.columns, stack.rows, stack.slices) < FEWEST_SLICES:
                tally.add("not-an-image", name, "a localizer or a fragment")
                continue
            cases[case_id] = SourceCase(case_id, row[patient_column], (series,), row[report_column], chosen=True)
    for name in sorted(files.keys() - named):
        tally.add("image-without-report", name)
    return Found(tuple(case for _, case in sorted(cases.items())), tally)
