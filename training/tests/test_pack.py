"""A pack is written whole, repeats PyTorch's numbers in onnxruntime, and reads the same words in the app's own runtimes."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from brat_train.export.pack import PackContents, write_pack
from brat_train.export.prompt import PROMPT
from brat_train.export.untrained import untrained_contents
from brat_train.text.byte_bpe import END, view_token
from brat_train.text.subwords import encode_batch

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("gguf")

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules" / ".bin" / "node"
SENTENCES = ["No enhancing lesion is seen.", "A 1.4 cm ring-enhancing lesion (left frontal lobe), with oedema?", "Zyxw — QUÉ 17x3 mm"]


@pytest.fixture(scope="module")
def contents() -> PackContents:
    return untrained_contents()


@pytest.fixture(scope="module")
def pack(contents: PackContents, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pack(contents, tmp_path_factory.mktemp("packs") / "demo", ROOT / "LICENSE")


@pytest.fixture(scope="module")
def in_app(pack: Path) -> dict[str, list[float] | str]:
    if not NODE.exists():
        pytest.skip("Node is not installed in this checkout")
    run = subprocess.run([str(NODE), str(ROOT / "training/tests/runPack.ts"), str(pack), *SENTENCES], capture_output=True, text=True, cwd=ROOT, timeout=180)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def test_every_file_is_listed_with_its_hash(pack: Path) -> None:
    manifest = json.loads((pack / "manifest.json").read_text())
    on_disk = {path.name for path in pack.iterdir()} - {"manifest.json"}
    assert set(manifest["files"]) == on_disk
    for name, entry in manifest["files"].items():
        data = (pack / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def test_a_failed_export_leaves_the_old_pack_untouched(pack: Path, contents: PackContents, tmp_path: Path) -> None:
    target = tmp_path / "demo"
    shutil.copytree(pack, target)
    before = {path.name: path.stat().st_size for path in target.iterdir()}
    with pytest.raises(FileNotFoundError):
        write_pack(contents, target, tmp_path / "no licence here")
    assert {path.name: path.stat().st_size for path in target.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_the_encoder_repeats_its_golden_case_in_onnxruntime(pack: Path) -> None:
    session = onnxruntime.InferenceSession(str(pack / "encoder.onnx"), providers=["CPUExecutionProvider"])
    volume = np.load(pack / "golden-volume.npy")[None].astype(np.float32) / 255
    views, projected, attention = session.run(["views", "projected", "attention"], {"volume": volume})
    np.testing.assert_allclose(views[0], np.load(pack / "golden-views.npy"), atol=2e-4)
    np.testing.assert_allclose(projected[0], np.load(pack / "golden-projected.npy"), atol=2e-5)
    np.testing.assert_allclose(attention[0], np.load(pack / "golden-attention.npy"), atol=1e-6)
    np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(projected, axis=-1), 1, atol=1e-4)


def test_heads_and_lesion_decoder_repeat_pytorch_in_onnxruntime(pack: Path, contents: PackContents) -> None:
    views = np.load(pack / "golden-views.npy")[None]
    volume = np.load(pack / "golden-volume.npy")[None].astype(np.float32) / 255
    with torch.no_grad():
        expected_findings = contents.heads(torch.from_numpy(views)).sigmoid().numpy()
        expected_lesion = contents.lesion(contents.model.visual_encoder.pyramid(torch.from_numpy(volume))).sigmoid()[:, 0].numpy()
    for name, given, expected in (("findings", {"views": views}, expected_findings), ("lesion", {"volume": volume}, expected_lesion)):
        session = onnxruntime.InferenceSession(str(pack / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        np.testing.assert_allclose(session.run(["probability"], given)[0], expected, atol=2e-5)


def test_padding_does_not_change_a_sentence(pack: Path, contents: PackContents) -> None:
    session = onnxruntime.InferenceSession(str(pack / "text.onnx"), providers=["CPUExecutionProvider"])
    alone = encode_batch(contents.text_tokenizer, SENTENCES[:1], 64)
    together = encode_batch(contents.text_tokenizer, SENTENCES, 64)
    first, all_of_them = (session.run(None, {"input_ids": ids.numpy(), "attention_mask": real.long().numpy()})[0] for ids, real in (alone, together))
    np.testing.assert_allclose(first[0], all_of_them[0], atol=1e-5)


def test_the_app_tokenizes_and_encodes_sentences_as_training_does(in_app: dict, contents: PackContents) -> None:
    ids, real = encode_batch(contents.text_tokenizer, SENTENCES, 64)
    with torch.no_grad():
        expected = contents.model.encode_sentences(ids, real).numpy()
    np.testing.assert_allclose(np.array(in_app["vectors"]).reshape(expected.shape), expected, atol=2e-5)


def test_the_app_encodes_the_golden_case_as_training_does(in_app: dict, pack: Path) -> None:
    for name in ("projected", "attention"):
        expected = np.load(pack / f"golden-{name}.npy")
        np.testing.assert_allclose(np.array(in_app[name]).reshape(expected.shape), expected, atol=2e-5)


@torch.no_grad()
def test_the_app_writes_the_words_that_pytorch_writes(in_app: dict, pack: Path, contents: PackContents) -> None:
    tokenizer, writer = contents.writer_tokenizer, contents.writer
    bridged = contents.bridge(torch.from_numpy(np.load(pack / "golden-views.npy"))[None])
    np.testing.assert_allclose(np.array(in_app["embeddings"]).reshape(bridged.shape), bridged.numpy(), atol=2e-4)
    reserved = [tokenizer.token_to_id(view_token(number)) for number in range(32)]
    before, after = PROMPT.split("{views}")
    prompt = torch.tensor([tokenizer.encode(before).ids + reserved + tokenizer.encode(after).ids])
    rows = writer.write(writer.embed(prompt, torch.tensor(reserved), bridged), tokenizer.token_to_id(END), 60)
    assert len(in_app["text"]) > 10
    assert tokenizer.decode(rows[0]).startswith(in_app["text"].split("\ufffd")[0])
