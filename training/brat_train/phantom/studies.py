"""Writes phantom studies as DICOM, their reports and what is true of them: `python -m brat_train.phantom`."""

from __future__ import annotations

import argparse
import csv
import json
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from brat_train.phantom import TEST_SEED_START, TRAINING_SEED_LIMIT


def write_one(job: tuple[int, Path]) -> dict[str, Any]:
    """Writes the study of one seed below a folder; returns its line of truth.json."""
    from brat_train.phantom.dicom import write_study
    from brat_train.phantom.phantom import acquisition_of, centres_lps
    from brat_train.phantom.scene import draw_scene
    from brat_train.phantom.shards import scene_record

    seed, out = job
    scene = draw_scene(seed)
    folder = out / "studies" / f"phantom-{seed:07d}"
    written = write_study(scene, folder)
    record = scene_record(scene)
    grid = acquisition_of(scene)
    for lesion, centre in zip(record["lesions"], centres_lps(scene)):
        lesion["centreLps"] = [round(float(v), 2) for v in centre]
    return {
        **record,
        "studyUid": written.study_uid,
        "accession": written.accession,
        "postContrastSeriesUid": written.post_series_uid,
        "postContrastPlane": grid.plane,
        "folder": str(folder.relative_to(out)),
    }


def write_studies(seed: int, count: int, out: Path, processes: int = 1) -> list[dict[str, Any]]:
    """Writes `count` studies from `seed` on, `reports.csv` (study_uid, accession, report) and `truth.json`."""
    out.mkdir(parents=True, exist_ok=True)
    jobs = [(seed + k, out) for k in range(count)]
    if processes > 1:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            records = list(pool.map(write_one, jobs))
    else:
        records = [write_one(job) for job in jobs]
    with (out / "reports.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("study_uid", "accession", "report"))
        table.writerows((record["studyUid"], record["accession"], " ".join(record["sentences"])) for record in records)
    (out / "truth.json").write_text(json.dumps({"format": "brat-phantom-truth/1", "seed": seed, "count": count, "phantoms": records}, indent=1) + "\n", encoding="utf-8")
    return records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options, for `brat-train phantom` and `python -m brat_train.phantom` alike."""
    parser.add_argument("--seed", type=int, required=True, help=f"first seed: below {TRAINING_SEED_LIMIT} for training, from {TEST_SEED_START} for tests")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)


def run(options: argparse.Namespace) -> None:
    """Writes what the options ask for. Raises ValueError for a negative seed or a count below 1."""
    if options.seed < 0 or options.count < 1:
        raise ValueError(f"--seed {options.seed} must be 0 or more, --count {options.count} 1 or more")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # one phantom per core is fastest; read by the worker processes
    records = write_studies(options.seed, options.count, options.out, options.processes)
    print(f"{len(records)} studies in {options.out}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m brat_train.phantom", description=__doc__)
    add_arguments(parser)
    run(parser.parse_args(arguments))
