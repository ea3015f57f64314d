"""`brat-train set-thresholds`: from which probability on each answer of a pack's heads counts, measured on development cases.

The threshold of an answer is the one with the largest sensitivity + specificity - 1 (Youden's J). An answer that too few of the
cases have, or lack, gets none: the app then takes a half and says so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.evaluate.demo import has_answer

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


def operating_points(answers: Sequence[Mapping[str, str]], outputs: Sequence[tuple[str, str]], probability_CF: NDArray[np.float64]) -> dict[tuple[str, str], OperatingPoint]:
    """By question and answer. `answers` are the true ones of each case."""
    points = {}
    for at, (question, answer) in enumerate(outputs):
        true = np.array([has_answer(known, question, answer) for known in answers])
        if (point := operating_point(probability_CF[:, at], true)) is not None:
            points[question, answer] = point
    return points


def pack_probabilities(pack: Path, manifest: Mapping[str, Any], volumes: Iterable[NDArray[np.uint8]]) -> NDArray[np.float64]:
    """What the heads of a pack say of prepared volumes [S, A, R], by its own graphs: [cases, outputs]."""
    import onnxruntime

    encoder, heads = (onnxruntime.InferenceSession(pack / manifest[part]["file"], providers=["CPUExecutionProvider"]) for part in ("encoder", "findings"))
    rows = []
    for volume in volumes:
        (views,) = encoder.run(["views"], {"volume": volume[None, None].astype(np.float32) / 255})
        rows.append(heads.run(["probability"], {"views": views})[0][0])
    return np.array(rows, float)


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
    parser.add_argument("--data", type=Path, required=True, help="set of development cases (shard-*.npz and reports.jsonl) that nothing was trained on and no figure is given of")


def run(options: argparse.Namespace) -> None:
    """Raises ValueError for a pack without heads; the pack is then untouched."""
    import torch

    from brat_train.data.training_set import load_training_set

    path = options.pack / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if "findings" not in manifest:
        raise ValueError(f"{options.pack} has no heads")
    cases = load_training_set(options.data, torch.device("cpu"))
    outputs = [(output["question"], output["answer"]) for output in manifest["findings"]["outputs"]]
    probability_CF = pack_probabilities(options.pack, manifest, (cases.volumes[at].numpy() for at in range(len(cases))))
    points = operating_points([case.answers for case in cases.cases], outputs, probability_CF)
    set_operating_points(manifest, points, f"{len(cases)} development phantoms")
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)
    print(f"{len(points)} of {len(outputs)} answers have a threshold")
