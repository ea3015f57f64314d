"""A run goes through all its stages, stops and goes on as if it had not stopped, and refuses what would spoil it."""

from __future__ import annotations

import csv
import json
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch

from brat_train.cli import UNFINISHED, main
from brat_train.distributed.group import Group
from brat_train.errors import BadCheckpointError, DiskFullError, UnevenShareError
from brat_train.train.batches import batch_of, lane_span, own_cases
from brat_train.train.checkpoint import load_if_there, save_atomic
from brat_train.train.loop import Clock, rate_factor, run_stage
from brat_train.train.progress import Progress
from brat_train.train.recipes import METHODS, RECIPES, Stage, recipe, recipe_from_json, to_json
from brat_train.train.run import load_models, train
from brat_train.train.task import StepResult
from conftest import write_set

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
        loss = self.modules["one"](torch.ones(1, 2)).sum() * (float("nan") if number >= 2 else 1.0)
        return StepResult(loss, {"part": loss}, [f"case-{index}" for index in batch])


def test_a_loss_that_is_not_a_number_ends_the_run_and_names_the_cases(tmp_path: Path) -> None:
    with pytest.raises(FloatingPointError, match=r"broken, step 2.*case-\d"):
        run_stage(_Broken(), Stage(steps=5, batch=2, rate=0.1), 6, 0, tmp_path, CPU, "float32", Clock(None))


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """Files cannot grow beyond a size: what a full disk is to a program, for real."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_checkpoint_that_finds_no_room_leaves_the_old_one_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "stage.pt"
    save_atomic({"step": 1}, path)
    with no_room_beyond(20_000), pytest.raises(DiskFullError, match=r"no room to write .*stage.pt.*whole.*train/disk-full"):
        save_atomic({"weights": torch.zeros(50_000)}, path)
    assert torch.load(path, weights_only=True) == {"step": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["stage.pt"]


def test_a_run_on_a_full_disk_ends_with_its_code_and_goes_on_when_there_is_room(small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = ["train", "--recipe", "smoke", "--data", str(small_set), "--out", str(tmp_path), "--device", "cpu"]
    with pytest.raises(SystemExit) as end:
        main([*made, "--max-seconds", "0"])
    assert end.value.code == UNFINISHED
    before = (tmp_path / "pretrain.pt").read_bytes()
    with no_room_beyond(100_000), pytest.raises(SystemExit) as end:
        main(made)
    assert end.value.code == 1
    assert "[train/disk-full]" in capsys.readouterr().err
    assert (tmp_path / "pretrain.pt").read_bytes() == before
    with pytest.raises(SystemExit) as end:
        main([*made, "--max-seconds", "1"])
    assert end.value.code in (0, UNFINISHED)


def _save_for_ever(path: Path) -> None:
    for step in range(1, 1_000_000):
        save_atomic({"step": step, "weights": torch.full((200_000,), float(step))}, path)


def test_a_process_killed_while_it_writes_leaves_a_checkpoint_that_loads(tmp_path: Path) -> None:
    path = tmp_path / "stage.pt"
    save_atomic({"step": 0, "weights": torch.zeros(200_000)}, path)
    for pause in (0.05, 0.083, 0.11, 0.137):
        writer = get_context("fork").Process(target=_save_for_ever, args=(path,))
        writer.start()
        time.sleep(pause)
        writer.kill()
        writer.join()
        state = load_if_there(path, CPU)
        assert bool((state["weights"] == state["step"]).all())
    save_atomic({"step": -1}, path)
    assert [found.name for found in tmp_path.iterdir()] == ["stage.pt"]


def test_a_damaged_checkpoint_is_named_and_not_trained_over(finished: Path, small_set: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    damaged = tmp_path / "run/pretrain.pt"
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(BadCheckpointError, match=r"pretrain.pt.*train/bad-checkpoint"):
        train(recipe("smoke"), small_set, tmp_path / "run", CPU)
    assert len(damaged.read_bytes()) == 1000


def test_an_epoch_shows_every_case_once_and_the_next_in_another_order() -> None:
    first, second = (np.concatenate([batch_of(step, 12, 4, 7) for step in steps]) for steps in (range(3), range(3, 6)))
    assert sorted(first) == sorted(second) == list(range(12))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize("cases", [16, 18, 23])
def test_lanes_are_whole_and_every_batch_takes_as_many_cases_of_each(cases: int) -> None:
    lanes = [lane_span(cases, 4, lane) for lane in range(4)]
    assert [case for lane in lanes for case in lane] == list(range(cases))
    for step in range(7):
        chosen = batch_of(step, cases, 8, 5, lanes=4)
        assert len(set(chosen.tolist())) == 8
        assert [sum(int(case) in lane for case in chosen) for lane in lanes] == [2, 2, 2, 2]
        for rank in range(2):
            group = Group(rank, 2)
            assert set(chosen[group.part(8)].tolist()) <= set(own_cases(cases, 4, group))


def test_more_lanes_than_cases_are_refused_and_short_lanes_give_short_batches() -> None:
    with pytest.raises(UnevenShareError, match="3 cases cannot be dealt to 4 lanes"):
        batch_of(0, 3, 8, 5, lanes=4)
    assert [len(set(batch_of(step, 11, 8, 5, lanes=2).tolist())) for step in range(3)] == [8, 8, 8]
    assert [len(set(batch_of(step, 5, 8, 5, lanes=2).tolist())) for step in range(3)] == [4, 4, 4]


def test_no_case_of_a_longer_lane_is_left_out_of_every_epoch() -> None:
    seen = {int(case) for step in range(40) for case in batch_of(step, 9, 4, 5, lanes=2)}
    assert seen == set(range(9))


def test_a_run_made_before_a_number_was_added_to_recipes_is_still_its_own(finished: Path, small_set: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "run")
    mark = tmp_path / "run/run.json"
    old = {name: value for name, value in json.loads(mark.read_text()).items() if name != "lanes"}
    mark.write_text(json.dumps(old))
    assert train(recipe("smoke"), small_set, tmp_path / "run", CPU)


def test_losses_go_to_a_table_and_to_tensorboard(finished: Path) -> None:
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    rows = list(csv.DictReader((finished / "pretrain.csv").open()))
    events = loader.EventAccumulator(str(finished / "tensorboard/pretrain")).Reload()
    logged = [(event.step, event.value) for event in events.Scalars("contrastive")]
    assert [step for step, _ in logged] == [int(row["step"]) for row in rows] == list(range(1, 7))
    assert [value for _, value in logged] == pytest.approx([float(row["contrastive"]) for row in rows], rel=1e-3)


def test_a_loss_that_is_not_in_every_step_keeps_its_column_and_its_own_mean(tmp_path: Path) -> None:
    progress = Progress(tmp_path, "stage", 120, 0)
    for step in range(18):
        parts = {"always": torch.tensor(2.0)} | ({"later": torch.tensor(float(step))} if step >= 6 and step % 3 == 0 else {})
        progress.add(step, StepResult(torch.tensor(1.0), parts, []), torch.tensor(0.5), 1.0)
    progress.close()
    rows = [*csv.DictReader((tmp_path / "stage.csv").open())]
    assert [(row["step"], row["always"], row["later"], row["norm"]) for row in rows] == [("6", "2", "", "0.5"), ("12", "2", "7.5", "0.5"), ("18", "2", "13.5", "0.5")]


def test_without_tensorboard_there_is_still_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(FloatingPointError):
        run_stage(_Broken(), Stage(steps=5, batch=2, rate=0.1), 6, 0, tmp_path, CPU, "float32", Clock(None))
    assert [line.split(",")[0] for line in (tmp_path / "broken.csv").read_text().splitlines()] == ["step", "1", "2"]
    assert not (tmp_path / "tensorboard").exists()


def test_the_rate_rises_then_falls_to_nothing() -> None:
    stage = Stage(steps=100, batch=1, rate=1.0, warmup=0.1)
    rates = [rate_factor(step, stage) for step in range(100)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[9] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_recipe_survives_being_written_down(name: str) -> None:
    made = recipe(name)
    assert recipe_from_json(json.loads(json.dumps(to_json(made)))) == made


def test_a_finished_run_becomes_a_pack_that_says_what_it_is(finished: Path, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    # What the pack was made for is told from 32 volumes and 16 held out.
    data = write_set(tmp_path / "set", 48)
    with pytest.raises(SystemExit) as end:
        main(["export", "--checkpoint", str(finished), "--data", str(data), "--out", str(tmp_path / "pack"), "--version", "0.2.0"])
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
