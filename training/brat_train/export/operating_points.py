"""`brat-train set-thresholds`: from which probability on each answer of a pack's heads counts, measured on development cases.

The threshold of an answer is the one with the largest sensitivity + specificity - 1 (Youden's J). An answer that too few of the
cases have, or lack, gets none: the app then takes a half and says so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Cases that must have an answer, and as many that must not.
LEAST = 8


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it does on the cases it was chosen on."""

    threshold: float
    sensitivity: float
    specificity: float


def operating_point(score_C: NDArray[np.float64], true_C: NDArray[np.bool_]) -> OperatingPoint | None:
    """The threshold with the largest Youden's J, midway to the next lower score; the highest such one. None with too few cases of a kind."""
    positives, negatives = score_C[true_C], score_C[~true_C]
    if len(positives) < LEAST or len(negatives) < LEAST:
        return None
    levels = np.unique(score_C)[::-1]
    best: tuple[float, OperatingPoint] | None = None
    for at, level in enumerate(levels):
        sensitivity, specificity = float((positives >= level).mean()), float((negatives < level).mean())
        below = float(levels[at + 1]) if at + 1 < len(levels) else 0.0
        if best is None or sensitivity + specificity > best[0]:
            best = sensitivity + specificity, OperatingPoint((float(level) + below) / 2, sensitivity, specificity)
    assert best is not None
    point = best[1]
    return OperatingPoint(float(np.clip(point.threshold, 1e-3, 1 - 1e-3)), point.sensitivity, point.specificity)


def operating_points(records: Sequence[Mapping[str, Any]], drafted: Mapping[str, Any]) -> tuple[dict[tuple[str, str], OperatingPoint], int]:
    """By question and answer, and how many cases were read. `drafted` is the output of `brat draft --each --json` on the records' studies."""
    found = {draft["study"]["uid"]: draft["findings"] for draft in drafted["drafts"] if draft.get("findings")}
    judged = [(record["answers"], found[record["studyUid"]]) for record in records if record["studyUid"] in found]
    if not judged:
        raise ValueError("no study of the drafts is among the phantoms, or the pack has no heads")
    points = {}
    for at, one in enumerate(judged[0][1]):
        name = one["question"], one["answer"]
        scores = np.array([findings[at]["probability"] for _, findings in judged])
        true = np.array([one["answer"] in [part.strip() for part in answers.get(one["question"], "").split(";")] for answers, _ in judged])
        if (point := operating_point(scores, true)) is not None:
            points[name] = point
    return points, len(judged)


def set_operating_points(manifest: dict[str, Any], points: Mapping[tuple[str, str], OperatingPoint], measured_on: str) -> None:
    """Writes them into a manifest in place of those it has."""
    for output in manifest["findings"]["outputs"]:
        output.pop("operatingPoint", None)
        if (point := points.get((output["question"], output["answer"]))) is not None:
            output["operatingPoint"] = {"threshold": round(point.threshold, 4), "sensitivity": round(point.sensitivity, 4), "specificity": round(point.specificity, 4)}
    manifest["findings"]["measuredOn"] = measured_on


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--pack", type=Path, required=True, help="folder of the pack; its manifest is changed")
    parser.add_argument("--phantoms", type=Path, required=True, help="folder of `brat-train phantom`, of seeds that nothing was trained on and no figure is given of")
    parser.add_argument("--drafts", type=Path, required=True, help="what `brat draft PHANTOMS/studies --each --json` printed")


def run(options: argparse.Namespace) -> None:
    """Raises ValueError for a pack without heads or drafts of other studies; the pack is then untouched."""
    from brat_train.evaluate.demo import read_truth

    path = options.pack / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if "findings" not in manifest:
        raise ValueError(f"{options.pack} has no heads")
    points, cases = operating_points(read_truth(options.phantoms), json.loads(options.drafts.read_text(encoding="utf-8")))
    set_operating_points(manifest, points, f"{cases} development phantoms")
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)
    print(f"{len(points)} of {len(manifest['findings']['outputs'])} answers have a threshold")
