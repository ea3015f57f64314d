"""`brat-train series`: what every series of a folder of DICOM is taken to be, and which would be trained on."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("images", type=Path, help="folder with DICOM files")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> None:
    """Prints a line per series, or everything as JSON. Raises FileNotFoundError without the folder."""
    from brat_train.data.readers.dicom_files import read_dicom_tree
    from brat_train.data.readers.source import Tally
    from brat_train.data.select.choose import judge

    if not options.images.is_dir():
        raise FileNotFoundError(f"there is no folder {options.images}")
    tally = Tally()
    studies = []
    for study in read_dicom_tree(options.images, tally, options.processes):
        judged = judge([series.header for series in study.series], [series.uid for series in study.series])
        rows = [
            {"series": series.uid, "description": series.header.description, "role": one.role, "rank": one.rank, "reason": one.reason, "refusal": series.header.refusal}
            for series, one in zip(study.series, judged, strict=True)
        ]
        chosen = next((row["series"] for row in rows if row["role"] == "t1c" and row["rank"] == 1), None)
        studies.append({"study": study.uid, "chosen": chosen, "series": rows})
    if options.json:
        print(json.dumps({"studies": studies, "leftOut": tally.as_json()}, indent=1))
        return
    for study in studies:
        print(f"study {study['study']}")
        for row in study["series"]:
            print(f"{'*' if row['series'] == study['chosen'] else ' '} {row['role']:5} {'-' if row['rank'] is None else row['rank']}  \"{row['description']}\": {row['reason']}{'; ' + row['refusal'] if row['refusal'] else ''}")
    print(tally.line(), file=sys.stderr)
