"""The small Table 2: runs are kept, the table is the arithmetic it says, and a method is itself in training and test."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from brat_train.cli import main
from brat_train.compare.runs import Result, budgeted, prepare, score
from brat_train.compare.table import make_table
from brat_train.data.training_set import load_training_set
from brat_train.models.brat import Brat
from brat_train.train import recipes
from brat_train.train.exit import UNFINISHED
from brat_train.train.recipes import METHODS, recipe
from conftest import write_set

CPU = torch.device("cpu")


def quick() -> recipes.Recipe:
    """`table2_cpu` with a test's networks."""
    made = recipe("table2_cpu")
    return replace(made, name="quick", scale="tiny", in_plane_reduction=1, dev_cases=6, pretrain=replace(made.pretrain, batch=3), report_tokens=16)


@pytest.fixture
def small_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setitem(recipes.RECIPES, "quick", quick)
    data = write_set(tmp_path / "set", 16)
    return ["compare", "--recipe", "quick", "--methods", "brat,clip", "--seeds", "1,2", "--budget-steps", "2", "--data", str(data), "--out", str(tmp_path / "runs"), "--device", "cpu"]


def ended(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def test_one_command_trains_every_method_with_every_seed_and_writes_the_table(small_table: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended([*small_table, "--max-seconds", "0"]) == UNFINISHED
    assert not (tmp_path / "runs/table2-small.md").exists()
    assert ended(small_table) == 0
    page, data = (tmp_path / "runs" / f"table2-small.{ending}" for ending in ("md", "json"))
    table = json.loads(data.read_text())
    assert [(row["method"], row["way"]) for row in table["table"]] == [(method, way) for way in ("textToImage", "imageToText") for method in ("brat", "clip")]
    assert [(run["method"], run["seed"]) for run in table["runs"]] == [("brat", 1), ("clip", 1), ("brat", 2), ("clip", 2)]
    assert (table["setting"]["training_cases"], table["setting"]["held_out_cases"]) == (10, 6)
    text = page.read_text()
    assert table["setting"]["command"] in text
    assert str(tmp_path) not in text + data.read_text()
    value = table["table"][0]["figures"]["r5"]
    assert f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]" in text

    # A run that was lost is made again, to the same figures; the others are not trained again.
    capsys.readouterr()
    shutil.rmtree(tmp_path / "runs/clip-2")
    assert ended(small_table) == 0
    assert "clip, seed 2" in (said := capsys.readouterr().err)
    assert "brat, seed" not in said
    assert json.loads(data.read_text())["table"] == table["table"]


def test_another_budget_does_not_mix_with_what_is_there(small_table: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    ended([*small_table, "--max-seconds", "0"])
    assert ended([*small_table, "--budget-steps", "3"]) == 1
    assert "holds a run of another recipe" in capsys.readouterr().err


@pytest.mark.parametrize("method", sorted(METHODS))
def test_methods_differ_in_their_objective_alone(method: str) -> None:
    brat, other = (budgeted("table2_cpu", name, 7, 50) for name in ("brat", method))
    assert replace(other, objective=brat.objective, name=brat.name) == brat
    assert (other.objective == brat.objective) == (method == "brat")
    assert (other.objective.falsehood_weight, other.objective.lesion_weight, other.objective.findings_weight) == (0, 0, 0)


def test_cases_are_scored_by_the_method_s_own_matching_and_those_without_a_finding_are_left_out(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", 12)
    lines = [json.loads(line) for line in (data / "reports.jsonl").read_text().splitlines()]
    lines[8]["answers"] |= {"enhancing": "No", "whiteMatter": "No"}
    (data / "reports.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    bench = prepare(load_training_set(data, CPU), quick(), tmp_path / "runs", CPU)
    assert [case.id for case in bench.held_out.cases] == [f"case-{number}" for number in (6, 7, 9, 10, 11)]
    assert torch.equal(bench.held_out.volumes, load_training_set(data, CPU).volumes[[6, 7, 9, 10, 11]])
    torch.manual_seed(0)
    model = Brat(quick().model(bench.tokenizer.get_vocab_size()))
    found = {method: score(model, bench, replace(quick(), objective=recipe("table2_cpu", method).objective)) for method in ("brat", "clip")}
    assert found["brat"]["textToImage"]["rank"].shape == (5,)
    assert any(found["brat"][way]["rank"].tolist() != found["clip"][way]["rank"].tolist() for way in ("textToImage", "imageToText"))


def of_ranks(method: str, seed: int, ranks: list[int]) -> Result:
    figures = {"rank": np.array(ranks, float), "r5f": np.ones(len(ranks)), "p5f": np.ones(len(ranks))}
    return Result(method, seed, {"textToImage": figures, "imageToText": figures}, 60.0, 1.0)


def test_a_cell_is_the_mean_over_seeds_and_a_method_is_ahead_when_its_interval_says_so() -> None:
    good, bad = [1] * 30 + [7] * 10, [1] * 4 + [20] * 36
    rows = make_table([of_ranks("brat", 1, good), of_ranks("brat", 2, good[::-1]), of_ranks("clip", 1, bad), of_ranks("clip", 2, good)], ["brat", "clip"])
    brat, clip = rows[0], rows[1]
    assert brat.cells["r1"].over_cases.value == pytest.approx(0.75)
    assert brat.cells["meanRank"].over_cases.value == pytest.approx((30 + 70) / 40)
    assert brat.cells["medianRank"].over_cases.value == 1
    assert brat.ahead is None
    assert clip.cells["r1"].of_seeds == (0.1, 0.75)
    assert clip.ahead is not None
    assert clip.ahead.value == pytest.approx((0.1 + 0.75) / 2 - 0.75)
    assert clip.ahead.high < 0


def test_runs_on_other_cases_are_not_put_into_one_table() -> None:
    with pytest.raises(ValueError, match=r"different numbers of cases: \[2, 3\]"):
        make_table([of_ranks("brat", 1, [1, 2]), of_ranks("clip", 1, [1, 2, 3])], ["brat", "clip"])
    with pytest.raises(ValueError, match="no result of clip"):
        make_table([of_ranks("brat", 1, [1, 2])], ["brat", "clip"])
