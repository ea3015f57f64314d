"""Writes training shards: `shard-0000.npz` (volumes, lesion masks, ids) and `reports.jsonl`.

Needs numpy and scipy only. Every shard is complete by itself and named by its seeds, so a killed run is taken up again:
shards that are there are left alone, a part-written one never has the final name.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from brat_train.phantom import TEST_SEED_START, TRAINING_SEED_LIMIT
from brat_train.phantom.phantom import TrainingPhantom, training_phantom
from brat_train.phantom.report import write_report
from brat_train.phantom.scene import Scene, stream
from brat_train.phantom.truth import answers


def scene_record(scene: Scene, wordings: int = 0) -> dict[str, Any]:
    """What is known of a phantom beside its image, as plain data; `wordings` asks for more reports of the same findings."""
    findings = scene.findings
    rng = stream(scene.seed, "report")
    sentences = write_report(scene, rng)
    return {
        "id": f"phantom-{scene.seed:07d}",
        "seed": scene.seed,
        "sentences": [sentence.text for sentence in sentences],
        "facts": [list(sentence.facts) for sentence in sentences],
        "wordings": [[sentence.text for sentence in write_report(scene, rng)] for _ in range(wordings)],
        "answers": answers(findings),
        "normal": findings.normal,
        "lesions": [
            {"location": lesion.location, "side": lesion.side, "sizeMm": lesion.size_mm, "kind": lesion.kind, "oedemaMm": round(lesion.oedema_mm, 1)}
            for lesion in findings.lesions
        ],
        "cavity": findings.cavity and {"location": f"{findings.cavity.side.capitalize()} {findings.cavity.place} lobe", "side": findings.cavity.side, "sizeMm": findings.cavity.size_mm},
        "shiftMm": findings.shift_mm,
        "shiftTo": findings.shift_to,
        "hydrocephalus": findings.hydrocephalus,
        "whiteMatterGrade": findings.white_matter,
    }


def study_record(phantom: TrainingPhantom, wordings: int = 0) -> dict[str, Any]:
    """One line of reports.jsonl: the scene's record with each lesion's place in the training volume."""
    record = scene_record(phantom.scene, wordings)
    for lesion, centre in zip(record["lesions"], phantom.centres_sar):
        lesion["centreSar"] = [round(float(v), 2) for v in centre]
    return record


def other_wordings(phantom: TrainingPhantom, count: int = 7) -> list[list[str]]:
    """More reports of the same findings, so that training does not learn one choice of words per image."""
    rng = stream(phantom.scene.seed, "report")
    write_report(phantom.scene, rng)  # the record's own
    return [[sentence.text for sentence in write_report(phantom.scene, rng)] for _ in range(count)]


def write_shard(job: tuple[Path, int, int, int, int]) -> int:
    """Writes one shard of `count` phantoms from `seed` on; returns how many it made (0 if it was there)."""
    out, number, seed, count, wordings = job
    final, lines = out / f"shard-{number:04d}.npz", out / f"reports-{number:04d}.jsonl"
    if final.exists() and lines.exists():
        return 0
    made = [training_phantom(seed + k) for k in range(count)]
    records = [{**study_record(phantom), "wordings": other_wordings(phantom)} for phantom in made]
    lines.write_text("".join(json.dumps({**record, "shard": final.name, "index": k}) + "\n" for k, record in enumerate(records)))
    part = final.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, volumes=np.stack([p.volume for p in made]), masks=np.stack([p.mask for p in made]), seeds=np.arange(seed, seed + count))
    os.replace(part, final)
    return count


def write_shards(seed: int, count: int, out: Path, processes: int, per_shard: int = 64, wordings: int = 4, allow_test_seeds: bool = False) -> Path:
    """Writes `count` phantoms from `seed` on and joins their records to `reports.jsonl`; returns that file.

    Raises ValueError for seeds outside the training range, unless test seeds are asked for.
    """
    if seed < 0 or count < 1:
        raise ValueError(f"seed {seed} and count {count} must not be negative or zero")
    allowed = seed + count <= TRAINING_SEED_LIMIT or (allow_test_seeds and seed >= TEST_SEED_START)
    if not allowed:
        raise ValueError(f"seeds {seed} to {seed + count - 1} reach beyond the training seeds (below {TRAINING_SEED_LIMIT}); seeds from {TEST_SEED_START} are for tests")
    out.mkdir(parents=True, exist_ok=True)
    jobs = [(out, number, seed + start, min(per_shard, count - start), wordings) for number, start in enumerate(range(0, count, per_shard))]
    done, began = 0, time.monotonic()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for job, made in zip(jobs, pool.map(write_shard, jobs)):
            done += job[3]
            print(f"phantoms {done}/{count}, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    joined = out / "reports.jsonl"
    with joined.with_suffix(".part").open("w") as file:
        for _, number, *_ in jobs:
            file.write((out / f"reports-{number:04d}.jsonl").read_text())
    os.replace(joined.with_suffix(".part"), joined)
    return joined


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m brat_train.phantom.shards", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help=f"first seed; training seeds lie below {TRAINING_SEED_LIMIT}")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--per-shard", type=int, default=64)
    parser.add_argument("--wordings", type=int, default=4, help="further reports of the same findings for each phantom")
    parser.add_argument("--test", action="store_true", help=f"allow test seeds (from {TEST_SEED_START})")
    options = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # one phantom per core is fastest; read by the spawned processes
    write_shards(options.seed, options.count, options.out, options.processes, options.per_shard, options.wordings, options.test)


if __name__ == "__main__":
    main()
