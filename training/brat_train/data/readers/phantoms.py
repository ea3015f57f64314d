"""Phantom studies as `brat-train phantom` writes them: truth.json beside `studies/<id>/` of DICOM.

Phantoms as shards (`brat_train.phantom.shards`) are a training set already: data/training_set.py and data/sharded_set.py
read them.
"""

from __future__ import annotations

import json
from pathlib import Path

from brat_train.data.readers.dicom_files import read_dicom_tree
from brat_train.data.readers.source import Found, SourceCase, Tally


def read_phantoms(root: Path, processes: int = 1) -> Found:
    """One case per study, each a patient of its own, with the true report and answers. The series is chosen as for real ones.

    Raises FileNotFoundError without truth.json, ValueError if it is of another format.
    """
    path = root / "truth.json"
    if not path.is_file():
        raise FileNotFoundError(f"{root} has no truth.json: write phantoms with brat-train phantom")
    truth = json.loads(path.read_text(encoding="utf-8"))
    if truth.get("format") != "brat-phantom-truth/1":
        raise ValueError(f"{path} is of the format {truth.get('format')!r}, not brat-phantom-truth/1")
    tally = Tally()
    studies = {study.uid: study for study in read_dicom_tree(root / "studies", tally, processes)}
    cases: list[SourceCase] = []
    for record in truth["phantoms"]:
        study = studies.pop(record["studyUid"], None)
        if study is None:
            tally.add("report-without-image", record["id"])
            continue
        wordings = tuple(tuple(report) for report in record.get("wordings", []))
        cases.append(SourceCase(record["id"], record["id"], study.series, " ".join(record["sentences"]), answers=record["answers"], wordings=wordings))
    for uid in studies:
        tally.add("image-without-report", uid)
    return Found(tuple(cases), tally)
