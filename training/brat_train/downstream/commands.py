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


def add_segment(parser: argparse.ArgumentParser) -> None:
    """Arguments of `segment`."""
    parser.add_argument("--checkpoint", type=Path, required=True, help="folder of a run, or a published checkpoint (.bin, .pt, .safetensors)")
    parser.add_argument("--data", type=Path, required=True, help="folder of a BraTS set, or a training set of phantoms")
    parser.add_argument("--layout", choices=("phantoms", "2021", "2023-mets"), required=True, help="phantoms, BraTS 2021 or BraTS 2023-METS")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs and of the prepared images; finished runs there are kept")
    parser.add_argument("--grid", choices=("model", "native"), default="model", help="the whole head at the backbone's size, or sliding windows at 1 mm")
    parser.add_argument("--fractions", default="0.01,0.1,1", help="parts of the training cases")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--new-weights", action="store_true", help="the same network without its pre-training, to compare with")
    parser.add_argument("--keep-weights", action="store_true", help="keep the network of every run")
    for name, kind in (("epochs", int), ("batch", int), ("rate", float), ("momentum", float), ("inner", int)):
        parser.add_argument(f"--{name}", type=kind)
    parser.add_argument("--precision", choices=("float32", "bfloat16"))
    parser.add_argument("--limit", type=int, help="use this many cases at most")
    parser.add_argument("--device", default="auto")


def run_segment(options: argparse.Namespace) -> None:
    """Trains and prints rows of Tables 8 and 9."""
    from brat_train.downstream.segment import Settings, segment

    names = ("epochs", "batch", "rate", "momentum", "inner", "precision")
    settings = Settings(**{name: getattr(options, name) for name in names if getattr(options, name) is not None})
    fractions = [float(part) for part in options.fractions.split(",")]
    report = segment(
        options.checkpoint, options.data, options.layout, options.out, device_of(options.device), options.grid, fractions, options.folds,
        options.seeds, options.new_weights, settings, options.limit, options.keep_weights,
    )  # fmt: skip
    print("training", "region", "Dice [95% interval over runs]", "lesion-wise Dice", "found", "missed", "false", sep="\t")
    for row in report["fractions"]:
        for region in report["regions"]:
            of = row[region]
            shown = (f"{each['value']:.3f} [{each['low']:.3f}, {each['high']:.3f}]" for each in (of["dice"], of["lesionDice"]))
            print(row["training"], region, *shown, of["found"], of["missed"], of["false"], sep="\t")


def device_of(name: str) -> torch.device:
    """The device of an option: `auto` is the GPU where there is one."""
    import torch

    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
