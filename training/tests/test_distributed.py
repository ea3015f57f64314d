"""Two processes compute what one computes, go on together after a kill, and stop together."""

from __future__ import annotations

import json
import os
import signal
import socket
import traceback
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from brat_train.data.augment import NONE
from brat_train.data.text_bank import TextBank
from brat_train.distributed import reading
from brat_train.distributed.batch_norm import gather_batch_norm
from brat_train.distributed.data_parallel import in_parallel
from brat_train.distributed.group import ALONE, Group, join
from brat_train.distributed.reading import load_share
from brat_train.errors import UnevenShareError
from brat_train.models.qformer import AttentionCore
from brat_train.train import loop
from brat_train.train.batches import batch_of, require_even_share
from brat_train.train.loop import Clock, run_stage
from brat_train.train.pretrain import Pretrain
from brat_train.train.recipes import Recipe, Stage, recipe
from brat_train.train.run import make_models, shared_tokenizers, train
from brat_train.train.task import StepResult
from conftest import write_set

CPU = torch.device("cpu")
#: Two lanes for two processes; nothing drawn at random in them, since each draws its own dropout and variation.
SHARED = replace(
    recipe("smoke"),
    lanes=2,
    augmentation=NONE,
    copies=1,
    writer_dropout=0.0,
    dev_cases=4,
    pretrain=Stage(steps=5, batch=4, rate=5e-4),
    writer=Stage(steps=2, batch=4, rate=5e-4),
    heads=Stage(steps=2, batch=4, rate=5e-4),
    report_tokens=120,
)


@pytest.fixture(scope="module")
def shared_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of unequal length and lesions of unequal size, so that a mean over words or cells is no mean over cases."""
    folder = write_set(tmp_path_factory.mktemp("set") / "shared", 20)
    lines = [json.loads(line) for line in (folder / "reports.jsonl").read_text().splitlines()]
    for number, line in enumerate(lines):
        line["wordings"] = []
        line["sentences"] = [line["sentences"][0]] * (1 + number % 3) + line["sentences"][1:] * (number % 2)
    (folder / "reports.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for shard in folder.glob("shard-*.npz"):
        with np.load(shard) as arrays:
            volumes, masks = arrays["volumes"], arrays["masks"]
        for number, mask in enumerate(masks):
            mask[:, : 20 * number] = 1
        np.savez(shard, volumes=volumes, masks=masks)
    return folder


def _child(rank: int, size: int, port: int, out: Path, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """One process as `torchrun` would start it; what it returns or raises goes to a file."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    try:
        with join(CPU) as group:
            torch.save(work(group, *arguments), out / f"{rank}.pt")
    except BaseException as error:
        (out / f"{rank}.txt").write_text(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")
        os._exit(1)
    os._exit(0)


def in_processes(out: Path, work: Callable[..., Any], *arguments: Any, size: int = 2) -> list[Any]:
    """What each process returned; text where it raised; None where it was killed."""
    out.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # A fork has everything imported; only PyTorch's threads of a GPU stand against it.
    context = get_context("spawn" if torch.cuda.is_available() else "fork")
    children = [context.Process(target=_child, args=(rank, size, port, out, work, arguments)) for rank in range(size)]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
        if child.is_alive():
            child.kill()
    found: list[Any] = []
    for rank in range(size):
        returned, raised = out / f"{rank}.pt", out / f"{rank}.txt"
        found.append(torch.load(returned, weights_only=False) if returned.exists() else raised.read_text() if raised.exists() else None)
    return found


def without_dropout(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
        if isinstance(part, AttentionCore):
            part.dropout = 0.0


def one_step(group: Group, data: Path, folder: Path, made: Recipe) -> tuple[float, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Loss, gradients and batch statistics of the first step of pre-training."""
    training, _ = load_share(data, CPU, 1, None, made.dev_cases, made.lanes, group)
    models = make_models(made, *shared_tokenizers(folder, training, made, group))
    text = TextBank(training.cases, models.text_tokenizer, made.max_tokens, made.max_sentences, made.report_tokens)
    task = Pretrain(models.brat, models.lesion, models.heads, training, text, made, CPU, group)
    without_dropout(task.modules)
    for module in (models.brat, models.lesion):
        if module is not None:
            gather_batch_norm(module, group, CPU)
    task.modules.train()
    step_of = task.step if group.size == 1 else in_parallel(task)
    result = step_of(2, batch_of(2, len(training), made.pretrain.batch, made.seed, made.lanes))
    result.loss.backward()
    losses = group.numbers(float(result.loss.detach()))
    gradients = {name: value.grad for name, value in task.modules.named_parameters() if value.grad is not None}
    return sum(losses) / len(losses), gradients, {name: value for name, value in task.modules.named_buffers() if "running" in name}


@pytest.mark.parametrize("method", ["brat", "clip", "qformer", "colbert", "brat-with-pr"])
def test_loss_and_gradients_of_two_processes_are_those_of_one(method: str, shared_set: Path, tmp_path: Path) -> None:
    made = replace(SHARED, objective=recipe("smoke", method).objective)
    loss, gradients, statistics = one_step(ALONE, shared_set, tmp_path, made)
    shared = in_processes(tmp_path / "two", one_step, shared_set, tmp_path, made)
    for found in shared:
        assert isinstance(found, tuple), found
        # 1e-4 of the largest gradient: float32 sums in another order. A gradient that one process keeps to itself, or that
        # is counted twice, is off by half.
        assert found[0] == pytest.approx(loss, rel=1e-5)
        assert found[1].keys() == gradients.keys()
        for name, expected in gradients.items():
            torch.testing.assert_close(found[1][name], expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()) + 1e-6, msg=name)
        for name, expected in statistics.items():
            torch.testing.assert_close(found[2][name], expected, rtol=1e-4, atol=1e-6, msg=name)


def whole_run(group: Group, data: Path, folder: Path, killed_at: int | None = None) -> bool:
    """A run of all stages with a checkpoint at every step; the second process may be killed by the system before a step."""
    loop.SAVE_EVERY = 0
    plain = loop.batch_of

    def killing(step: int, *arguments: Any) -> np.ndarray:
        if step == killed_at and group.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(step, *arguments)

    loop.batch_of = killing
    return train(SHARED, data, folder, CPU, group=group, images_on_disk=group.rank == 1)


def test_processes_go_on_after_a_kill_to_the_weights_of_a_run_that_was_left_alone(shared_set: Path, tmp_path: Path) -> None:
    assert in_processes(tmp_path / "a", whole_run, shared_set, tmp_path / "whole") == [True, True]
    survivor, killed = in_processes(tmp_path / "b", whole_run, shared_set, tmp_path / "stopped", 3)
    assert killed is None
    assert isinstance(survivor, str)
    assert torch.load(tmp_path / "stopped/pretrain.pt", weights_only=True)["step"] == 3
    assert in_processes(tmp_path / "c", whole_run, shared_set, tmp_path / "stopped") == [True, True]
    assert (tmp_path / "stopped/figures.json").is_file()
    for stage in ("pretrain", "writer", "heads"):
        whole, resumed = (torch.load(tmp_path / run / f"{stage}.pt", weights_only=True)["modules"] for run in ("whole", "stopped"))
        for name, expected in whole.items():
            torch.testing.assert_close(resumed[name], expected, rtol=1e-4, atol=1e-5, msg=name)


class _BrokenOnOne:
    """A task whose loss is not a number at step 1 on the second process."""

    name = "broken"

    def __init__(self, group: Group) -> None:
        self.group = group
        self.modules = nn.ModuleDict({"one": nn.Linear(2, 1)})

    def parameter_groups(self) -> list[tuple[list[nn.Parameter], float]]:
        return [(list(self.modules.parameters()), 0.1)]

    def step(self, number: int, batch: np.ndarray) -> StepResult:
        broken = number == 1 and self.group.rank == 1
        return StepResult(self.modules["one"](torch.ones(1, 2)).sum() * (float("nan") if broken else 1.0), {}, [f"case-{case}" for case in batch[self.group.part(len(batch))]])


def broken_stage(group: Group, folder: Path) -> None:
    run_stage(_BrokenOnOne(group), Stage(steps=4, batch=4, rate=0.1), 8, 0, folder, CPU, "float32", Clock(None), group, 2)


def test_a_loss_that_is_not_a_number_on_one_process_stops_all_and_that_one_names_its_cases(tmp_path: Path) -> None:
    first, second = in_processes(tmp_path / "two", broken_stage, tmp_path)
    expected = batch_of(1, 8, 4, 0, 2)[2:]
    assert first.startswith("LossNotFiniteError")
    assert "cases of process 1" in first
    assert f"cases case-{expected[0]}, case-{expected[1]}" in second.splitlines()[0]


def shards_read(group: Group, data: Path) -> tuple[list[str], list[str], int, float, bool]:
    """Which shards a process opened for images, the cases it knows, and the first image it holds."""
    opened, plain = [], reading.np.load

    def noting(path: Path) -> Any:
        opened.append(Path(path).name)
        return plain(path)

    reading.np.load = noting
    training, dev = load_share(data, CPU, 1, None, 4, 2, group)
    return opened, [case.id for case in training.cases], training.first, float(training.volumes[0].float().sum()), dev is not None


def test_each_process_reads_its_own_shards_and_all_leave_out_the_same(tmp_path: Path) -> None:
    data = write_set(tmp_path / "set", 24)
    (data / "shard-0001.npz").write_bytes(b"PK not a shard")
    first, second = in_processes(tmp_path / "two", shards_read, data)
    usable = [number for number in range(24) if number not in range(4, 8)]
    assert first[1] == second[1] == [f"case-{number}" for number in usable[:16]]
    assert (first[0], second[0]) == (["shard-0000.npz", "shard-0002.npz", "shard-0005.npz"], ["shard-0003.npz", "shard-0004.npz"])
    assert (first[2], second[2]) == (0, 8)
    assert second[3] == np.load(data / "shard-0003.npz")["volumes"][0].sum()
    assert (first[4], second[4]) == (True, False)


def test_images_left_on_disk_are_the_images_of_memory(shared_set: Path) -> None:
    kept, on_disk = (load_share(shared_set, CPU, 2, None, 4, 1, ALONE, on_disk=lazy)[0] for lazy in (False, True))
    rows = torch.tensor([9, 0, 15, 4])
    assert [case.id for case in on_disk.cases] == [case.id for case in kept.cases]
    assert len(on_disk.volumes) == len(kept.volumes) == 16
    assert torch.equal(on_disk.volumes[rows], kept.volumes[rows])
    assert on_disk.masks is not None
    assert kept.masks is not None
    assert torch.equal(on_disk.masks[3:7], kept.masks[3:7])


def failing_first(group: Group) -> None:
    def broken() -> None:
        raise ValueError("the listing is damaged")

    group.from_first(broken)


def test_what_fails_on_the_first_process_is_told_to_the_others(tmp_path: Path) -> None:
    first, second = in_processes(tmp_path / "two", failing_first)
    assert first.startswith("ValueError: the listing is damaged")
    assert second.startswith("ProcessFailedError: the first process failed: the listing is damaged")


@pytest.mark.parametrize(("lanes", "batch", "says"), [(3, 6, "3 lanes cannot be shared evenly by 2"), (1, 6, "1 lanes cannot"), (4, 6, "batches of 6")])
def test_what_cannot_be_shared_evenly_is_refused(lanes: int, batch: int, says: str) -> None:
    with pytest.raises(UnevenShareError, match=says):
        require_even_share(lanes, [batch], Group(0, 2))
