"""A run goes through all its stages, stops and goes on as if it had not stopped, and refuses what would spoil it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from brat_train.cli import UNFINISHED, main
from brat_train.train.checkpoint import save_atomic
from brat_train.train.loop import Clock, batch_of, rate_factor, run_stage
from brat_train.train.recipes import METHODS, Stage, recipe, recipe_from_json, to_json
from brat_train.train.run import load_models, train

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def finished(small_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    assert train(recipe("smoke"), small_set, folder, CPU)
    return folder


def test_a_run_ends_with_figures_of_cases_it_did_not_see(finished: Path) -> None:
    figures = json.loads((finished / "figures.json").read_text())
    assert figures["count"] == 3
    assert set(figures["text_to_image"]) == {"r1", "r5", "r10", "medianRank", "meanRank"}
    assert 0 <= figures["support"]["auroc"] <= 1
    assert [draft["id"] for draft in figures["drafts"]] == ["case-9", "case-10", "case-11"]


def test_a_stopped_run_goes_on_to_the_same_weights(finished: Path, small_set: Path, tmp_path: Path) -> None:
    made = recipe("smoke")
    stops = 0
    while not train(made, small_set, tmp_path, CPU, max_seconds=0 if stops == 0 else 1.0):
        stops += 1
        assert stops < 60
    assert stops > 0
    whole, resumed = (load_models(made, folder) for folder in (finished, tmp_path))
    for (name, expected), value in zip(whole.brat.state_dict().items(), resumed.brat.state_dict().values(), strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-4, atol=1e-5, msg=name)


def test_the_command_says_by_its_exit_code_that_work_is_left(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        main(["train", "--recipe", "smoke", "--data", str(small_set), "--out", str(tmp_path), "--max-seconds", "0", "--device", "cpu"])
    assert end.value.code == UNFINISHED


def test_a_folder_of_another_recipe_is_refused(finished: Path, small_set: Path) -> None:
    with pytest.raises(ValueError, match="another recipe"):
        train(recipe("smoke", "clip"), small_set, finished, CPU)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"brat"}))
def test_every_method_of_table_2_trains(method: str, small_set: Path, tmp_path: Path) -> None:
    made = recipe("smoke", method)
    short = replace(made, pretrain=replace(made.pretrain, steps=2), writer=replace(made.writer, steps=1), heads=replace(made.heads, steps=1), report_tokens=12)
    assert train(short, small_set, tmp_path, CPU)


class _Broken:
    """A task whose loss is not a number from step 2 on."""

    name = "broken"

    def __init__(self) -> None:
        self.modules = torch.nn.ModuleDict({"one": torch.nn.Linear(2, 1)})

    def parameter_groups(self):
        return [(list(self.modules.parameters()), 0.1)]

    def step(self, number: int, batch: np.ndarray):
        from brat_train.train.loop import StepResult

        loss = self.modules["one"](torch.ones(1, 2)).sum() * (float("nan") if number >= 2 else 1.0)
        return StepResult(loss, {"part": loss}, [f"case-{index}" for index in batch])


def test_a_loss_that_is_not_a_number_ends_the_run_and_names_the_cases(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match=r"broken, step 2.*case-\d"):
        run_stage(_Broken(), Stage(steps=5, batch=2, rate=0.1), 6, 0, tmp_path, CPU, "float32", Clock(None))


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "stage.pt"
    save_atomic({"step": 1}, path)

    def full(state: object, part: Path) -> None:
        Path(part).write_bytes(b"half a checkpoint")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        save_atomic({"step": 2}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["stage.pt"]


def test_an_epoch_shows_every_case_once_and_the_next_in_another_order() -> None:
    first, second = (np.concatenate([batch_of(step, 12, 4, 7) for step in steps]) for steps in (range(3), range(3, 6)))
    assert sorted(first) == sorted(second) == list(range(12))
    assert first.tolist() != second.tolist()


def test_the_rate_rises_then_falls_to_nothing() -> None:
    stage = Stage(steps=100, batch=1, rate=1.0, warmup=0.1)
    rates = [rate_factor(step, stage) for step in range(100)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[9] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01


@pytest.mark.parametrize("name", ["demo_gpu", "demo_cpu", "brat_densenet121", "smoke"])
def test_a_recipe_survives_being_written_down(name: str) -> None:
    made = recipe(name)
    assert recipe_from_json(json.loads(json.dumps(to_json(made)))) == made


def test_a_finished_run_becomes_a_pack_that_says_what_it_is(finished: Path, small_set: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    with pytest.raises(SystemExit) as end:
        main(["export", "--checkpoint", str(finished), "--data", str(small_set), "--out", str(tmp_path / "pack"), "--version", "0.2.0"])
    assert end.value.code == 0
    manifest = json.loads((tmp_path / "pack/manifest.json").read_text())
    figures = json.loads((finished / "figures.json").read_text())
    assert (manifest["training"], manifest["version"]) == ("synthetic", "0.2.0")
    assert manifest["calibration"]["supportThreshold"] == figures["support"]["threshold"]
    assert {figure["name"] for figure in manifest["card"]["figures"]} >= {"textToImage.r1", "imageToText.r5", "flagAuroc"}


def test_a_run_that_is_not_finished_makes_no_pack(small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(recipe("smoke"), small_set, tmp_path / "run", CPU, max_seconds=0)
    with pytest.raises(SystemExit) as end:
        main(["export", "--checkpoint", str(tmp_path / "run"), "--data", str(small_set), "--out", str(tmp_path / "pack")])
    assert end.value.code == 1
    assert "let the run finish first" in capsys.readouterr().err
    assert not (tmp_path / "pack").exists()
