"""The pack of a finished run: its models, a golden case from the training set, and the calibration of sentence support."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from brat_train.data.training_set import load_training_set
from brat_train.export.card import SYNTHETIC, Figure
from brat_train.export.pack import Calibration, PackContents
from brat_train.outside.made_for import fit_made_for
from brat_train.train.recipes import Recipe, recipe_from_json
from brat_train.train.run import load_models


def trained_contents(run: Path, data: Path, version: str) -> PackContents:
    """Everything of the pack of a run. Raises ValueError naming what the run lacks."""
    recipe = _recipe_of(run)
    figures_file = run / "figures.json"
    if not figures_file.is_file():
        raise ValueError(f"{run} has no figures.json: let the run finish first")
    figures: dict[str, Any] = json.loads(figures_file.read_text())
    if recipe.writer_from != "views":
        raise ValueError(f"the report writer of {run} reads feature maps; the app bridges views, so train with --from views for a pack")
    models = load_models(recipe, run)
    if models.lesion is None:
        raise ValueError(f"{run} was trained without a lesion decoder, which a pack has; train with a lesion weight")
    golden = load_training_set(data, torch.device("cpu"), limit=1)
    case = golden.cases[0]
    support = figures["support"]
    return PackContents(
        pack_id="demo",
        version=version,
        card=replace(SYNTHETIC, figures=card_figures(figures)),
        calibration=Calibration(support["threshold"], f"{support['pairs']} pairs of true and false sentences of {figures['count']} development phantoms"),
        model=models.brat,
        text_tokenizer=models.text_tokenizer,
        bridge=models.bridge,
        writer=models.writer,
        writer_tokenizer=models.writer_tokenizer,
        heads=models.heads,
        lesion=models.lesion,
        golden_volume=golden.volumes[0].numpy()[None],
        golden_sentences=list(case.wordings[0][:5]),
        made_for=fit_made_for(data),
        max_tokens=recipe.max_tokens,
        max_sentences=recipe.max_sentences,
    )


def card_figures(figures: dict[str, Any]) -> tuple[Figure, ...]:
    """The numbers of figures.json as the model card has them, all measured on the development cases by `train` itself."""
    command = "brat-train train (development cases)"
    out = [Figure(f"{way}.{name}", value, command) for way, key in (("textToImage", "text_to_image"), ("imageToText", "image_to_text")) for name, value in figures.get(key, {}).items()]
    out.append(Figure("flagAuroc", figures["support"]["auroc"], command))
    aurocs = [value for value in figures["headAuc"].values() if value == value]
    if aurocs:
        out.append(Figure("headAuc", sum(aurocs) / len(aurocs), command))
    return tuple(figure for figure in out if figure.value == figure.value)


def _recipe_of(run: Path) -> Recipe:
    mark = run / "run.json"
    if not mark.is_file():
        raise ValueError(f"{run} is not the folder of a run: it has no run.json")
    return recipe_from_json(json.loads(mark.read_text()))
