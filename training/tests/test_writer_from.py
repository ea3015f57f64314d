"""The report writer may read feature maps instead of views; runs from before that choice load as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from brat_train.cli import main
from brat_train.models.brat import Brat
from brat_train.models.config import tiny
from brat_train.models.feature_tokens import bridge_input, bridge_sizes, feature_tokens, token_grid
from brat_train.train.recipes import recipe, recipe_from_json, to_json
from brat_train.train.run import load_models, train

CPU = torch.device("cpu")


def test_the_published_grid_is_taken_as_it_is_and_larger_ones_are_averaged() -> None:
    assert token_grid((1, 8, 8)) == (1, 8, 8)
    assert token_grid((8, 16, 16)) == (4, 4, 4)
    assert token_grid((2, 16, 16)) == (2, 4, 8)
    rows = torch.arange(4 * 8 * 8, dtype=torch.float32).reshape(1, 4 * 8 * 8, 1)
    assert token_grid((4, 8, 8)) == (4, 4, 4)
    pooled = feature_tokens(rows, (4, 8, 8))
    assert pooled.shape == (1, 64, 1)
    first_cell = [0, 1, 8, 9]
    assert float(pooled[0, 0, 0]) == pytest.approx(sum(first_cell) / 4)
    torch.testing.assert_close(feature_tokens(rows[:, :64], (1, 8, 8)), rows[:, :64])


def test_tokens_are_as_many_and_as_wide_as_the_bridge_is_told() -> None:
    model = Brat(tiny()).eval()
    with torch.no_grad():
        out = model.encode_volume(torch.rand(2, 1, 32, 64, 64))
    for source in ("views", "features"):
        assert bridge_input(model, out, source).shape == (2, *bridge_sizes(model, source))


def test_a_writer_learns_from_feature_maps_and_makes_no_pack(small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = recipe("smoke", writer_from="features")
    short = replace(made, pretrain=replace(made.pretrain, steps=1), writer=replace(made.writer, steps=2), heads=replace(made.heads, steps=1), report_tokens=8)
    assert train(short, small_set, tmp_path / "run", CPU)
    models = load_models(short, tmp_path / "run")
    assert models.bridge.enter.in_features == models.brat.visual_encoder.width
    assert len(json.loads((tmp_path / "run/figures.json").read_text())["drafts"]) == 3
    with pytest.raises(SystemExit) as end:
        main(["export", "--checkpoint", str(tmp_path / "run"), "--data", str(small_set), "--out", str(tmp_path / "pack")])
    assert end.value.code == 1
    assert "reads feature maps" in capsys.readouterr().err


def test_a_run_from_before_the_choice_reads_views() -> None:
    old = to_json(recipe("smoke"))
    del old["writer_from"]
    assert recipe_from_json(old) == recipe("smoke")
