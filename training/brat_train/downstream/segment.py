"""Segmentation on a pre-trained backbone: folds and seeds, Dice and lesion-wise Dice of each region (paper, Tables 8 and 9).

Each fold's cases are tested by a network trained on the others, of which a tenth of the patients chooses the epoch. The
optimizer and its numbers are nnU-Net's, as in the paper: SGD with Nesterov momentum, 1e-2, decay 3e-5, polynomial fall.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from torch import Tensor
from torch.nn import functional as F

from brat_train.downstream.backbone import load_brat
from brat_train.downstream.masked import Grid, MaskedSet, Prepared, folds, masked_brats, masked_phantoms
from brat_train.downstream.runs import RunLog
from brat_train.downstream.segmenter import Segmenter, segmentation_loss
from brat_train.metrics.bootstrap import bootstrap_mean
from brat_train.metrics.segmentation import LesionRules, dice, lesion_wise_dice

Layout = Literal["phantoms", "2021", "2023-mets"]


@dataclass(frozen=True)
class Settings:
    """How a network is trained."""

    batch: int = 2
    rate: float = 1e-2
    weight_decay: float = 3e-5
    momentum: float = 0.99
    epochs: int = 100
    inner: int = 16
    overlap: float = 0.5
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    #: How many epochs lie between two looks at the development cases.
    look_every: int = 5


@torch.no_grad()
def predict(model: Segmenter, case: Prepared, window: tuple[int, int, int], settings: Settings, device: torch.device) -> np.ndarray:
    """Masks bool [regions, S, A, R] on the grid of the figures: sliding windows, averaged where they overlap, then resized if need be."""
    model.eval()
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=settings.precision == "bfloat16"):
        score = sliding_window_inference(case.image[None].to(device), window, 1, model, overlap=settings.overlap, mode="gaussian")
    assert isinstance(score, Tensor)
    score = score.float()
    if score.shape[2:] != case.truth.shape[1:]:
        score = F.interpolate(score, size=case.truth.shape[1:], mode="trilinear", align_corners=False)
    return (score[0] > 0).cpu().numpy()


def measure(predicted: np.ndarray, truth: np.ndarray, regions: Sequence[str], rules: LesionRules) -> dict[str, dict[str, float]]:
    """Dice and lesion-wise Dice of each region of one case, and its lesions found, missed and made up."""
    found = {}
    for name, mine, true in zip(regions, predicted, truth, strict=True):
        lesions = lesion_wise_dice(mine, true, rules)
        found[name] = {"dice": dice(mine, true), "lesionDice": lesions.dice, "found": lesions.found, "missed": lesions.missed, "false": lesions.false}
    return found


def crop(case: Prepared, window: tuple[int, int, int], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Image and target of one window; every second one has a voxel of a region in it. A smaller image is padded with zeros."""
    image, target = case.image, case.target
    missing = [max(0, want - have) for want, have in zip(window, image.shape[1:], strict=True)]
    padding = [part for short in reversed(missing) for part in (short // 2, short - short // 2)]
    image, target = F.pad(image, padding), F.pad(target, padding)
    room = [have - want for have, want in zip(image.shape[1:], window, strict=True)]
    start = [int(rng.integers(0, free + 1)) for free in room]
    inside = target.amax(0).nonzero()
    if any(room) and len(inside) and rng.random() < 0.5:
        voxel = inside[int(rng.integers(len(inside)))].tolist()
        start = [int(np.clip(at - int(rng.integers(0, want)), 0, free)) for at, want, free in zip(voxel, window, room, strict=True)]
    span = tuple(slice(at, at + want) for at, want in zip(start, window, strict=True))
    return image[(slice(None), *span)], target[(slice(None), *span)]


def train_once(model: Segmenter, data: MaskedSet, training: np.ndarray, dev: np.ndarray, window: tuple[int, int, int], settings: Settings, seed: int, device: torch.device) -> tuple[Segmenter, int]:
    """The network of the epoch with the best mean Dice on the development cases, and that epoch.

    Raises FloatingPointError naming the cases if a loss is not finite.
    """
    model = model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), settings.rate, momentum=settings.momentum, nesterov=True, weight_decay=settings.weight_decay)
    rng = np.random.default_rng(seed)
    best: tuple[float, int, dict[str, Tensor]] | None = None
    for epoch in range(settings.epochs):
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = settings.rate * (1 - epoch / settings.epochs) ** 0.9
        for rows in np.array_split(rng.permutation(training), max(1, round(len(training) / settings.batch))):
            parts = [crop(data.load(int(row)), window, rng) for row in rows]
            if len(parts) == 1:
                parts *= 2  # batch norm has no variance of one cell
            image, target = (torch.stack(each).to(device) for each in zip(*parts, strict=True))
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=settings.precision == "bfloat16"):
                loss = segmentation_loss(model(image), target)
            if not bool(torch.isfinite(loss)):
                raise FloatingPointError(f"segment, epoch {epoch}: the loss is not finite; cases {', '.join(data.ids[int(row)] for row in rows)}")
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 12.0)
            optimizer.step()
        if (epoch + 1) % settings.look_every and epoch + 1 != settings.epochs:
            continue
        reached = _mean_dice(model, data, dev, window, settings, device)
        if best is None or reached > best[0]:
            best = reached, epoch, copy.deepcopy(model.state_dict())
    assert best is not None
    model.load_state_dict(best[2])
    return model, best[1]


def _mean_dice(model: Segmenter, data: MaskedSet, rows: np.ndarray, window: tuple[int, int, int], settings: Settings, device: torch.device) -> float:
    cases = [data.load(int(row)) for row in rows]
    return float(np.mean([[dice(mine, true) for mine, true in zip(predict(model, case, window, settings, device), case.truth, strict=True)] for case in cases]))


def segment(
    checkpoint: Path,
    data: Path,
    layout: Layout,
    out: Path,
    device: torch.device,
    grid: Grid = "model",
    fractions: Sequence[float] = (0.01, 0.1, 1.0),
    fold_count: int = 4,
    seeds: int = 3,
    new_weights: bool = False,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
    limit: int | None = None,
    keep_weights: bool = False,
) -> dict[str, object]:
    """Tables 8 and 9 of one initialisation, written to `out`/segment.json; finished runs there are not run again.

    Raises ValueError if `out` holds runs made otherwise, or the grid does not suit the backbone.
    """
    if any(not 0 < fraction <= 1 for fraction in fractions) or seeds < 1:
        raise ValueError("fractions lie above 0 and up to 1, and there is at least one seed")
    vision = load_brat(checkpoint, new_weights).config.vision
    if grid == "native" and vision.backbone not in ("densenet121", "densenet169", "resnet50"):
        raise ValueError(f"a {vision.backbone} knows places of whole heads, so its grid is the model's, not the native one")
    kept = out / "prepared"
    if layout == "phantoms":
        found = masked_phantoms(data, kept, vision.in_plane_reduction, limit)
        window = (vision.size[0], vision.size[1] // vision.in_plane_reduction, vision.size[2] // vision.in_plane_reduction)
    else:
        found = masked_brats(data, layout, kept, vision.size if grid == "model" else None, vision.channels, limit)
        window = vision.size
    made_with = {
        "checkpoint": checkpoint.name, "data": data.name, "layout": layout, "grid": grid, "newWeights": new_weights, "cases": len(found),
        "folds": fold_count, "regions": list(found.regions), "rules": asdict(found.rules), "settings": asdict(settings),
    }  # fmt: skip
    log = RunLog(out, made_with)
    of_fold = folds(found.patients, fold_count, seed=0)
    done = {(record["fraction"], record["fold"], record["seed"]) for record in log.records}
    for fraction in fractions:
        for fold in range(fold_count):
            for seed in range(seeds):
                if (fraction, fold, seed) in done:
                    continue
                training, dev = _training_rows(found, np.flatnonzero(of_fold != fold), fraction, seed)
                network = Segmenter(load_brat(checkpoint, new_weights, seed), len(found.regions), settings.inner)
                network, epoch = train_once(network, found, training, dev, window, settings, seed, device)
                cases = {}
                for row in np.flatnonzero(of_fold == fold):
                    case = found.load(int(row))
                    cases[found.ids[row]] = measure(predict(network, case, window, settings, device), case.truth, found.regions, found.rules)
                log.add({"fraction": fraction, "fold": fold, "seed": seed, "training": len(training), "epoch": epoch, "cases": cases})
                if keep_weights:
                    torch.save(network.state_dict(), out / f"segmenter-{fraction:g}-{fold}-{seed}.pt")
                reached = {region: f"{np.mean([case[region]['dice'] for case in cases.values()]):.3f}" for region in found.regions}
                print(f"{fraction:g} of the cases ({len(training)}), fold {fold + 1}, seed {seed + 1}: Dice {reached}", file=sys.stderr, flush=True)
    rows = [_summary([record for record in log.records if record["fraction"] == fraction], found.regions) for fraction in fractions]
    report = {**made_with, "fractions": rows}
    (out / "segment.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def _training_rows(data: MaskedSet, rows: np.ndarray, fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Cases to learn from, a fraction of what is left, and a tenth of the patients for choosing the epoch."""
    rng = np.random.default_rng([seed, 77])
    names = rng.permutation(sorted({data.patients[row] for row in rows}))
    held = set(names[: max(1, len(names) // 10)])
    training = np.array([row for row in rows if data.patients[row] not in held])
    if not len(training):
        raise ValueError("too few patients: none is left to learn from")
    dev = np.array([row for row in rows if data.patients[row] in held])
    return rng.permutation(training)[: max(1, round(fraction * len(training)))], dev


def _summary(records: Sequence[dict[str, object]], regions: Sequence[str]) -> dict[str, object]:
    """Mean over the cases of each run, and over runs with an interval, of both Dices; lesions are counted over all runs."""
    out: dict[str, object] = {"fraction": records[0]["fraction"], "training": records[0]["training"], "runs": len(records)}
    for region in regions:
        runs = [[case[region] for case in record["cases"].values()] for record in records]
        out[region] = {
            **{name: asdict(bootstrap_mean(np.array([np.mean([case[name] for case in run]) for run in runs]))) for name in ("dice", "lesionDice")},
            **{name: sum(case[name] for run in runs for case in run) for name in ("found", "missed", "false")},
        }
    return out
