"""`brat-train classify` and `brat-train segment`: their arguments, and tables on the screen. What they need is imported when they run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def add_classify(parser: argparse.ArgumentParser) -> None:
    """Arguments of `classify`."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of a run, or a published checkpoint (.bin, .pt, .safetensors)")
    parser.add_argument("--data", type=Path, required=True, help="training set, or a table (CSV: image, the target, and optionally patient and split)")
    parser.add_argument("--target", required=True, help="question or column; question=answer asks yes or no")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs; finished ones there are kept")
    parser.add_argument("--fractions", default="0.01,0.1,1", help="parts of the training cases")
    parser.add_argument("--runs", type=int, default=10, help="runs of each fraction, with other cases and new weights")
    parser.add_argument("--from", dest="source", choices=("features", "views"), default="features", help="vision backbone (brat-viz), or multi-view embeddings")
    parser.add_argument("--new-weights", action="store_true", help="the same network without its pre-training, to compare with")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--rate", type=float, help="learning rate, for every fraction (Table 5: 1e-6 for 1%%, else 1e-5)")
    parser.add_argument("--trained", choices=("mlp", "all"), help="layers that learn (Table 5: the MLP alone for 1%%, else all)")
    parser.add_argument("--precision", choices=("float32", "bfloat16"))
    parser.add_argument("--limit", type=int, help="use this many cases at most")
    parser.add_argument("--device", default="auto")


def run_classify(options: argparse.Namespace) -> None:
    """Trains and prints Table 7's rows."""
    from brat_train.downstream.classify import classify

    overrides = {name: getattr(options, name) for name in ("epochs", "batch", "rate", "trained", "precision") if getattr(options, name) is not None}
    fractions = [float(part) for part in options.fractions.split(",")]
    report = classify(
        options.checkpoint, options.data, options.target, options.out, device_of(options.device), fractions, options.runs,
        options.source == "views", options.new_weights, overrides, options.limit,
    )  # fmt: skip
    print("cases", *report["classes"], "mean [95% interval over runs]", sep="\t")
    for row in report["fractions"]:
        mean = row["mean"]
        print(row["cases"], *(f"{value:.3f}" for value in row["auroc"].values()), f"{mean['value']:.3f} [{mean['low']:.3f}, {mean['high']:.3f}]", sep="\t")


def device_of(name: str) -> torch.device:
    """The device of an option: `auto` is the GPU where there is one."""
    import torch

    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
