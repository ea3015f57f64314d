"""`brat-train prepare`: a data set of one of the known layouts to a training set."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

LAYOUTS = ("folder", "bimcv-r", "adni", "brats-2021", "brats-2023-mets", "phantoms")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("layout", choices=LAYOUTS, help="folder: DICOM or NIfTI of any kind with a table of reports; the others: the data set's own layout")
    parser.add_argument("--images", type=Path, required=True, help="folder with the images; links are not followed")
    parser.add_argument("--table", type=Path, help="CSV or Parquet with reports (folder, bimcv-r) or groups (adni)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the training set; an unfinished one goes on")
    parser.add_argument("--study-column", help="column naming the study: its UID, accession number, folder or file")
    parser.add_argument("--patient-column", help="column naming the patient, by which splits are made; else the images' PatientID")
    parser.add_argument("--report-column", help="column with the report's text")
    parser.add_argument("--split-column", help="column with train, dev or test; else splits are made by patient")
    parser.add_argument("--label-column", action="append", default=[], help="column kept as a label for classification; may be given several times")
    parser.add_argument("--language", choices=("en", "es"), default="en", help="which of BIMCV-R's reports to take")
    parser.add_argument("--processed", type=Path, help="journal of brat-train process-reports: its rewritten reports and answers are taken")
    parser.add_argument("--processed-model", help="which model's, if the journal holds several")
    parser.add_argument("--dev", type=float, default=945 / 77_228, help="part of the patients for development (default: the paper's)")
    parser.add_argument("--test", type=float, default=1_141 / 77_228, help="part of the patients for test (default: the paper's)")
    parser.add_argument("--seed", type=int, default=0, help="of the split")
    parser.add_argument("--per-shard", type=int, default=64)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--curated", type=Path, help="also write the curated volumes (0..800, 16-bit NIfTI) to this folder")


def run(options: argparse.Namespace) -> None:
    """Reads, prepares, and prints the summary as JSON."""
    from brat_train.data.curate.prepare import Options, prepare_set
    from brat_train.data.curate.split import Proportions
    from brat_train.data.readers.layouts import read_layout
    from brat_train.reports.processed import ProcessedReports

    proportions = Proportions(options.dev, options.test)
    if options.per_shard < 1 or options.processes < 1:
        raise ValueError("--per-shard and --processes must be 1 or more")
    reports = None if options.processed is None else ProcessedReports.read(options.processed, options.processed_model)
    found = read_layout(options)
    summary = prepare_set(found, options.out, Options(proportions, options.seed, options.per_shard, options.processes, options.curated), reports)
    print(json.dumps(summary, indent=1, ensure_ascii=False))
