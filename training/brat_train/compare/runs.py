"""Trains one method with one seed, and scores held-out cases with it.

Every method sees the same cases in the same batches, as often, with the same rates and the same words; seeds give the same
first weights to what methods have in common. A method's own are its matching, in training and in the test, its repulsion,
and whether it writes (train/recipes.py). What a run found is kept in a file, so that a stopped comparison goes on.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from brat_train.data.augment import NONE
from brat_train.data.text_bank import TextBank
from brat_train.data.training_set import TrainingSet
from brat_train.metrics.retrieval import finding_labels, precision_by_findings, ranks, recall_by_findings
from brat_train.models.brat import Brat
from brat_train.models.heads import FindingHeads
from brat_train.text.subwords import load_tokenizer, save_subwords, train_subwords
from brat_train.train.evaluate import encode_reports, similarity_matrix
from brat_train.train.loop import Clock, run_stage
from brat_train.train.pretrain import Pretrain
from brat_train.train.recipes import Recipe, recipe
from brat_train.train.run import claim
from brat_train.train.view_bank import views_of

WAYS = ("textToImage", "imageToText")


@dataclass(frozen=True)
class Bench:
    """What all runs of a comparison share."""

    training: TrainingSet
    held_out: TrainingSet
    tokenizer: Tokenizer
    text: TextBank
    folder: Path
    device: torch.device


@dataclass(frozen=True)
class Result:
    """What one run found: a number per held-out case, by way and figure (`rank`, `r5f`, `p5f`)."""

    method: str
    seed: int
    per_case: dict[str, dict[str, NDArray[np.float64]]]
    seconds: float
    last_loss: float


def budgeted(name: str, method: str, seed: int, steps: int | None) -> Recipe:
    """A recipe of a comparison: a method's, with a seed and a length."""
    made = recipe(name, method)
    return replace(made, seed=seed, pretrain=replace(made.pretrain, steps=steps or made.pretrain.steps))


def prepare(whole: TrainingSet, made: Recipe, folder: Path, device: torch.device) -> Bench:
    """Splits a set and learns its words. Only cases with a positive finding are held out, as in the paper (section 4.1)."""
    training, rest = whole.split(made.dev_cases)
    found = np.flatnonzero(finding_labels([case.answers for case in rest.cases]).any(1))
    if not len(found):
        raise ValueError(f"none of the last {made.dev_cases} cases has a finding to be found by")
    index = torch.from_numpy(found).to(rest.volumes.device)
    held_out = TrainingSet(tuple(rest.cases[number] for number in found), rest.volumes[index], None)
    words = folder / "tokenizer.json"
    if not words.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        save_subwords(train_subwords((sentence for case in training.cases for report in case.wordings for sentence in report), made.text_vocabulary), folder, made.max_tokens)
    tokenizer = load_tokenizer(words)
    text = TextBank(training.cases, tokenizer, made.max_tokens, made.max_sentences, made.report_tokens)
    return Bench(training, held_out, tokenizer, text, folder, device)


def run(bench: Bench, made: Recipe, method: str, clock: Clock) -> Result | None:
    """Trains and scores, or goes on with it, or reads what was found. None if time ran out."""
    folder = bench.folder / f"{method}-{made.seed}"
    claim(folder, made)
    kept = folder / "result.json"
    if kept.is_file():
        return _from_json(json.loads(kept.read_text()))
    print(f"[{clock.spent():.0f} s] {method}, seed {made.seed}", file=sys.stderr, flush=True)
    began = time.monotonic()
    torch.manual_seed(made.seed)
    model = Brat(made.model(bench.tokenizer.get_vocab_size())).to(bench.device)
    model.visual_encoder.to(memory_format=torch.channels_last_3d)
    task = Pretrain(model, None, FindingHeads(model.config.qformer.hidden).to(bench.device), bench.training, bench.text, made, bench.device)
    if not run_stage(task, made.pretrain, len(bench.training), made.seed, folder, bench.device, made.precision, clock):
        return None
    result = Result(method, made.seed, score(model, bench, made), time.monotonic() - began, _last_loss(folder / "pretrain.csv"))
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(_to_json(result)) + "\n")
    os.replace(part, kept)
    return result


def score(model: Brat, bench: Bench, made: Recipe) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Rank of each held-out case's own image or report among all of them, and figures by finding, by the method's own matching."""
    cases = bench.held_out.cases
    _, projected = views_of(model, bench.held_out, NONE, 0, bench.device, made.precision)
    sentence_RSE, real_RS = encode_reports(model, bench.tokenizer, cases, made.max_tokens, made.max_sentences)
    score_BR = similarity_matrix(projected, sentence_RSE, real_RS, made.objective.matching)
    label_CF = finding_labels([case.answers for case in cases])
    return {
        way: {"rank": ranks(score_QC).astype(np.float64), "r5f": recall_by_findings(score_QC, label_CF), "p5f": precision_by_findings(score_QC, label_CF)}
        for way, score_QC in zip(WAYS, (score_BR.T, score_BR), strict=True)
    }


def _last_loss(log: Path) -> float:
    with log.open(newline="") as file:
        return float([*csv.DictReader(file)][-1]["contrastive"])


def _to_json(result: Result) -> dict[str, Any]:
    per_case = {way: {name: values.tolist() for name, values in figures.items()} for way, figures in result.per_case.items()}
    return {"method": result.method, "seed": result.seed, "perCase": per_case, "seconds": round(result.seconds, 1), "contrastiveLoss": result.last_loss}


def _from_json(data: dict[str, Any]) -> Result:
    per_case = {way: {name: np.array(values) for name, values in figures.items()} for way, figures in data["perCase"].items()}
    return Result(data["method"], data["seed"], per_case, data["seconds"], data["contrastiveLoss"])
