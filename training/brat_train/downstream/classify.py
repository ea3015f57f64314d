"""Classification on a pre-trained backbone: a two-layer MLP, on 1, 10 and 100% of the training cases (paper, Table 5 and 7).

Each fraction is run several times with other cases and other new weights; the test figure of a run is that of the epoch
with the best validation AUROC, and intervals are bootstrapped from the runs, as in the paper.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.downstream.backbone import PooledEncoder, load_brat
from brat_train.downstream.labelled import SPLITS, Labelled, load_labelled
from brat_train.downstream.runs import RunLog
from brat_train.downstream.vary import table_5_variation
from brat_train.metrics.bootstrap import bootstrap_mean
from brat_train.train.evaluate import auroc


@dataclass(frozen=True)
class Settings:
    """How one fraction is trained. The paper gives no number of epochs."""

    batch: int
    rate: float
    augmentation: bool
    trained: Literal["mlp", "all"]
    epochs: int = 50
    weight_decay: float = 0.01
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    inner: int = 256


def table_5(fraction: float, backbone: str) -> Settings:
    """Table 5's settings for a fraction of the training cases: those of 1% up to 5%, else those of 10 and 100%."""
    if fraction <= 0.05:
        return Settings(batch=16, rate=1e-6, augmentation=True, trained="mlp")
    return Settings(batch=32, rate=1e-6 if backbone == "vit" else 1e-5, augmentation=False, trained="all")


class Classifier(nn.Module):
    """Pooled encoder and an MLP of two layers."""

    def __init__(self, encoder: PooledEncoder, classes: int, inner: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.mlp = nn.Sequential(nn.LayerNorm(encoder.width), nn.Linear(encoder.width, inner), nn.GELU(), nn.Linear(inner, classes))

    def forward(self, volume_BCSAR: Tensor) -> Tensor:
        """Scores [B, classes] before the softmax."""
        return self.mlp(self.encoder(volume_BCSAR))


def class_aurocs(probability_NK: np.ndarray, label_N: np.ndarray) -> list[float]:
    """AUROC of each class against the others; not a number where the cases hold no example of one kind."""
    return [auroc(probability_NK[label_N == k, k], probability_NK[label_N != k, k]) for k in range(probability_NK.shape[1])]


def subset(label: np.ndarray, rows: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """A fraction of the rows, drawn class by class so that each keeps its share and has at least one case."""
    if fraction >= 1:
        return rows
    rng = np.random.default_rng([seed, round(fraction * 1e6)])
    parts = []
    for k in np.unique(label[rows]):
        own = rng.permutation(rows[label[rows] == k])
        parts.append(own[: max(1, round(fraction * len(own)))])
    return np.sort(np.concatenate(parts))


@dataclass(frozen=True)
class Run:
    """One training: its test AUROC of each class, and their mean."""

    fraction: float
    seed: int
    cases: int
    epoch: int
    auroc: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.nanmean(self.auroc))


def train_once(
    make: Callable[[], PooledEncoder], data: Labelled, fraction: float, settings: Settings, seed: int, device: torch.device, keep_sides: bool, encoded: Tensor | None = None
) -> Run:
    """Trains on a fraction and tests the epoch that was best on the development cases.

    `encoded` [N, width] is what a frozen encoder says of all images, if that is known already.
    Raises FloatingPointError naming the cases if a loss is not finite.
    """
    torch.manual_seed(seed)
    model = Classifier(make(), len(data.classes), settings.inner).to(device)
    frozen = settings.trained == "mlp"
    model.encoder.requires_grad_(not frozen)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), settings.rate, weight_decay=settings.weight_decay)
    rows = subset(data.label, data.rows("train"), fraction, seed)
    label = torch.from_numpy(data.label)
    # A frozen encoder says the same of the same image every time, so it is asked once.
    known = (encode(model.encoder, data, device, settings) if encoded is None else encoded) if frozen else None
    vary = table_5_variation(seed, keep_sides) if settings.augmentation else None
    rng = np.random.default_rng(seed)

    def scores(chosen: np.ndarray) -> np.ndarray:
        model.eval()
        with torch.no_grad(), _precision(device, settings):
            if known is not None:
                return model.mlp(known[chosen]).float().softmax(-1).cpu().numpy()
            parts = [model(part).float().softmax(-1) for part in _batches(data.volumes, chosen, device, settings)]
        return torch.cat(parts).cpu().numpy()

    best: tuple[float, int, tuple[float, ...]] | None = None
    dev, test = data.rows("dev"), data.rows("test")
    for epoch in range(settings.epochs):
        model.train()
        if frozen:
            model.encoder.eval()
        for chosen in np.array_split(rng.permutation(rows), max(1, round(len(rows) / settings.batch))):
            if len(chosen) == 1 and not frozen:
                chosen = np.repeat(chosen, 2)  # batch norm has no variance of one cell
            with _precision(device, settings):
                if known is not None and vary is None:
                    score = model.mlp(known[chosen])
                else:
                    volume = _volumes(data.volumes, chosen, device)
                    score = model(volume if vary is None else vary(volume))
                loss = F.cross_entropy(score.float(), label[chosen].to(device))
            if not bool(torch.isfinite(loss)):
                raise FloatingPointError(f"classify, epoch {epoch}: the loss is not finite; cases {', '.join(data.ids[row] for row in chosen[:5])}")
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        reached = float(np.nanmean(class_aurocs(scores(dev), data.label[dev])))
        if best is None or reached > best[0]:
            best = reached, epoch, tuple(class_aurocs(scores(test), data.label[test]))
    assert best is not None
    return Run(fraction, seed, len(rows), best[1], best[2])


def classify(
    checkpoint: Path,
    data: Path,
    target: str,
    out: Path,
    device: torch.device,
    fractions: Sequence[float] = (0.01, 0.1, 1.0),
    runs: int = 10,
    views: bool = False,
    new_weights: bool = False,
    overrides: dict[str, object] | None = None,
    limit: int | None = None,
) -> dict[str, object]:
    """Table 7's row of one initialisation, written to `out`/classify.json; finished runs there are not run again.

    `overrides` replaces fields of Table 5's settings. Raises ValueError if `out` holds runs made otherwise.
    """
    if any(not 0 < fraction <= 1 for fraction in fractions) or runs < 1:
        raise ValueError("fractions lie above 0 and up to 1, and there is at least one run")
    model = load_brat(checkpoint, new_weights)
    vision = model.config.vision
    if vision.channels != 1:
        raise ValueError(f"the checkpoint takes {vision.channels} channels; classification reads one")
    found = load_labelled(data, target, vision.size, vision.in_plane_reduction, limit=limit)
    settings = {f"{fraction:g}": Settings(**{**asdict(table_5(fraction, vision.backbone)), **(overrides or {})}) for fraction in fractions}
    keep_sides = names_a_side((target, *found.classes))
    made_with = {
        "checkpoint": checkpoint.name, "data": data.name, "target": target, "from": "views" if views else "features", "newWeights": new_weights,
        "classes": list(found.classes), "cases": {split: len(found.rows(split)) for split in SPLITS}, "flips": not keep_sides,
        "settings": {name: asdict(each) for name, each in settings.items()},
    }  # fmt: skip
    log = RunLog(out, made_with)
    done = {(run.fraction, run.seed): run for run in (Run(**{**record, "auroc": tuple(record["auroc"])}) for record in log.records)}

    def fresh(seed: int) -> Callable[[], PooledEncoder]:
        return lambda: PooledEncoder(load_brat(checkpoint, new_weights, seed), views)

    encoded: Tensor | None = None
    for fraction in fractions:
        chosen = settings[f"{fraction:g}"]
        for seed in range(runs):
            if (fraction, seed) in done:
                continue
            # New weights are other ones in every run; pre-trained ones are the same.
            same = chosen.trained == "mlp" and not new_weights
            if same and encoded is None:
                encoded = encode(fresh(seed)().to(device), found, device, chosen)
            run = train_once(fresh(seed), found, fraction, chosen, seed, device, keep_sides, encoded if same else None)
            done[fraction, seed] = run
            log.add(asdict(run))
            print(f"{fraction:g} of the cases ({run.cases}), run {seed + 1}/{runs}: AUROC {run.mean:.3f} at epoch {run.epoch + 1}", file=sys.stderr, flush=True)
    rows = [summary([done[fraction, seed] for seed in range(runs)], found.classes) for fraction in fractions]
    report = {**made_with, "runs": runs, "fractions": rows}
    (out / "classify.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def summary(runs: Sequence[Run], classes: Sequence[str]) -> dict[str, object]:
    """Mean over runs of each class's AUROC, and their mean with an interval over runs."""
    per_class = np.array([run.auroc for run in runs])
    mean = bootstrap_mean(np.array([run.mean for run in runs]))
    return {"fraction": runs[0].fraction, "cases": runs[0].cases, "auroc": dict(zip(classes, np.nanmean(per_class, 0).tolist(), strict=True)), "mean": asdict(mean)}


def names_a_side(texts: Sequence[str]) -> bool:
    """Whether flipping left and right would make a label untrue."""
    return any(word in ("left", "right", "side") for text in texts for word in text.lower().replace("=", " ").replace(";", " ").split())


def _precision(device: torch.device, settings: Settings) -> torch.autocast:
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=settings.precision == "bfloat16")


def _volumes(volumes: Tensor, rows: np.ndarray, device: torch.device) -> Tensor:
    return volumes[torch.from_numpy(rows)].to(device)[:, None].float() / 255


def _batches(volumes: Tensor, rows: np.ndarray, device: torch.device, settings: Settings) -> Iterator[Tensor]:
    """Volumes in batches, each on the device when it is used."""
    for part in np.array_split(rows, max(1, -(-len(rows) // settings.batch))):
        yield _volumes(volumes, part, device)


@torch.no_grad()
def encode(encoder: PooledEncoder, data: Labelled, device: torch.device, settings: Settings) -> Tensor:
    """What an encoder says of all images as they are, float32 [N, width]."""
    encoder.eval()
    with _precision(device, settings):
        return torch.cat([encoder(part).float() for part in _batches(data.volumes, np.arange(len(data.ids)), device, settings)])
