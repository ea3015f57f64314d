"""Weights written in the published layout are read back alike, here and by others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from brat_train.cli import main
from brat_train.downstream.backbone import load_brat, read_state
from brat_train.export.weights import official_state, write_state
from brat_train.models.brat import Brat, load_official
from brat_train.models.config import BratConfig, QFormerConfig, VisionConfig, tiny
from brat_train.models.heads import FINDINGS
from brat_train.train.recipes import recipe
from brat_train.train.run import load_models, train
from conftest import write_set


def published(layers: int = 3) -> BratConfig:
    """The published build, narrow."""
    return BratConfig(vision=VisionConfig(backbone="densenet121"), qformer=QFormerConfig(hidden=128, layers=layers, heads=2, intermediate=160, vocabulary=90, positions=40), width=16)


@pytest.mark.parametrize("ending", ["bin", "safetensors"])
def test_a_model_written_in_the_published_layout_is_read_back_with_its_sizes(ending: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Brat(published()).eval()
    write_state(official_state(model), tmp_path / f"brat.{ending}")
    again = load_brat(tmp_path / f"brat.{ending}")
    # Dropout and the deviation of new weights are not in a checkpoint.
    assert replace(again.config, qformer=replace(again.config.qformer, cross_attention_frequency=2)) == model.config
    for name, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name


def test_both_formats_hold_the_same_and_tied_tensors_stand_under_both_names(tmp_path: Path) -> None:
    state = official_state(Brat(tiny()))
    for ending in ("bin", "safetensors"):
        write_state(state, tmp_path / f"brat.{ending}")
    first, second = (read_state(tmp_path / f"brat.{ending}") for ending in ("bin", "safetensors"))
    assert first.keys() == second.keys() == state.keys()
    assert {"query_tokens", "temp", "Qformer.cls.predictions.decoder.weight", "Qformer.bert.embeddings.position_ids"} <= first.keys()
    assert all(torch.equal(first[name], second[name]) and first[name].dtype == second[name].dtype for name in first)


def test_the_qformer_of_transformers_takes_the_weights_and_computes_the_same(tmp_path: Path) -> None:
    blip2 = pytest.importorskip("transformers.models.blip_2.modeling_blip_2")
    from transformers import Blip2QFormerConfig

    torch.manual_seed(1)
    own = Brat(published()).eval()
    write_state(official_state(own), tmp_path / "brat.bin")
    state = {name.removeprefix("Qformer.bert."): value for name, value in read_state(tmp_path / "brat.bin").items() if name.startswith("Qformer.bert.")}
    config = Blip2QFormerConfig(
        vocab_size=90, hidden_size=128, num_hidden_layers=3, num_attention_heads=2, intermediate_size=160, max_position_embeddings=40,
        encoder_hidden_size=1024, cross_attention_frequency=2, use_qformer_text_input=True,
    )  # fmt: skip
    theirs = blip2.Blip2QFormerModel(config).eval()
    # BLIP-2's `self` is `attention` there; the words' embeddings are a class of their own.
    renamed = {name.replace("attention.self.", "attention.attention."): value for name, value in state.items() if name.startswith("encoder.")}
    renamed |= {f"layernorm.{part}": state[f"embeddings.LayerNorm.{part}"] for part in ("weight", "bias")}
    theirs.load_state_dict(renamed, strict=True)
    words = blip2.Blip2TextEmbeddings(config)
    words.load_state_dict({name: state[f"embeddings.{name}"] for name in ("word_embeddings.weight", "position_embeddings.weight")}, strict=True)
    feature = torch.randn(2, 12, 1024)
    query = own.query_tokens.expand(2, -1, -1)
    token = torch.randint(1, 90, (2, 7))
    real = torch.arange(7) < torch.tensor([[7], [4]])
    with torch.no_grad():
        torch.testing.assert_close(theirs(query_embeds=query, encoder_hidden_states=feature).last_hidden_state, own.Qformer.look(query, feature).hidden, rtol=1e-4, atol=1e-5)
        read = theirs(query_embeds=words(input_ids=token), query_length=0, attention_mask=real.long()).last_hidden_state
        torch.testing.assert_close(read[real], own.Qformer.read(token, real)[real], rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    made = recipe("smoke", steps_scale=0.2)
    assert train(replace(made, report_tokens=12), write_set(folder / "set", 8), folder / "run", torch.device("cpu"))
    return folder / "run"


def test_a_finished_run_gives_every_file_by_one_command(finished: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as end:
        main(["export-weights", "--checkpoint", str(finished), "--out", str(tmp_path)])
    assert end.value.code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["brat.bin", "brat.safetensors", "bridge.safetensors", "heads.safetensors", "weights.json"]
    models = load_models(replace(recipe("smoke", steps_scale=0.2), report_tokens=12), finished)
    hidden, width = models.brat.config.qformer.hidden, models.writer.config.width
    bridge, heads = read_state(tmp_path / "bridge.safetensors"), read_state(tmp_path / "heads.safetensors")
    # The names and shapes that src/engine/install/extraGraphs.ts asks for.
    inner = bridge["enter.bias"].shape[0]
    assert {name: tuple(value.shape) for name, value in bridge.items()} == {
        "norm.weight": (hidden,), "norm.bias": (hidden,), "enter.weight": (inner, hidden), "enter.bias": (inner,), "leave.weight": (width, inner), "leave.bias": (width,),
    }  # fmt: skip
    assert heads["leave.weight"].shape == (len(FINDINGS), heads["enter.bias"].shape[0])
    assert heads["norm.weight"].shape == (2 * hidden,)
    models.bridge.load_state_dict(bridge, strict=True)
    models.heads.load_state_dict(heads, strict=True)
    load_official(models.brat, read_state(tmp_path / "brat.safetensors"))
    about = json.loads((tmp_path / "weights.json").read_text())
    assert about["files"]["brat.bin"]["bytes"] == (tmp_path / "brat.bin").stat().st_size
    assert about["findings"] == [list(finding) for finding in FINDINGS]


def test_weights_of_a_run_that_is_not_finished_are_refused_by_stage(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "run").mkdir()
    for name in ("run.json", "tokenizer.json", "writer-tokenizer.json", "pretrain.pt"):
        (tmp_path / "run" / name).write_bytes((finished / name).read_bytes())
    with pytest.raises(SystemExit) as end:
        main(["export-weights", "--checkpoint", str(tmp_path / "run"), "--out", str(tmp_path / "out")])
    assert end.value.code == 1
    assert "has no writer.pt: train that stage first" in capsys.readouterr().err
