"""Writes a model pack that the app loads: src/engine/pack/manifest.ts is the schema it holds to.

Everything is written to a folder beside the target and moved there in the end, so that a pack is whole or absent.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from brat_train.export.card import Card
from brat_train.export.gguf_llama import reserved_rows, write_gguf
from brat_train.export.prompt import PROMPT
from brat_train.export.graphs import round_weights, write_bridge, write_encoder, write_findings, write_lesion, write_text
from brat_train.models.brat import Brat
from brat_train.models.heads import FINDINGS, FindingHeads
from brat_train.models.lesion import LesionDecoder
from brat_train.models.llama import Bridge, Writer
from brat_train.outside.made_for import MadeFor
from brat_train.text.byte_bpe import view_token
from brat_train.text.subwords import PAD, encode_batch, save_subwords

#: Largest difference of a unit vector's entry that another runtime may show on the golden case.
GOLDEN_TOLERANCE = 5e-4


@dataclass(frozen=True)
class Calibration:
    """Cosine below which no view is said to support a sentence."""

    threshold: float
    measured_on: str


@dataclass
class PackContents:
    """Everything a pack is made of. Models on the CPU; they are rounded to what the files can hold."""

    pack_id: str
    version: str
    card: Card
    calibration: Calibration
    model: Brat
    text_tokenizer: Tokenizer
    bridge: Bridge
    writer: Writer
    writer_tokenizer: Tokenizer
    #: uint8 [channels, S, A, R]
    golden_volume: np.ndarray
    golden_sentences: list[str]
    heads: FindingHeads
    lesion: LesionDecoder
    #: Statistics of the training inputs, by which the app tells inputs of another kind; None where nothing was trained.
    made_for: MadeFor | None = None
    max_tokens: int = 64
    max_sentences: int = 20
    max_written: int = 320


def write_pack(contents: PackContents, target: Path, licence: Path) -> Path:
    """Writes the pack to `target`, replacing what is there only when all is written. Returns `target`."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        folder.chmod(0o755)
        _write_files(contents, folder, licence)
        old = target.with_name(f".{target.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        if target.exists():
            target.rename(old)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def _write_files(contents: PackContents, folder: Path, licence: Path) -> None:
    model, writer, bridge = contents.model.eval(), contents.writer.eval(), contents.bridge.eval()
    for module in (model, writer, bridge, contents.heads.eval(), contents.lesion.eval()):
        round_weights(module)
    queries, hidden = model.config.qformer.queries, model.config.qformer.hidden
    reserved = [contents.writer_tokenizer.token_to_id(view_token(number)) for number in range(queries)]

    write_encoder(model, folder / "encoder.onnx")
    write_text(model, folder / "text.onnx")
    write_bridge(bridge, queries, hidden, folder / "bridge.onnx")
    write_findings(contents.heads, queries, hidden, folder / "findings.onnx")
    write_lesion(model, contents.lesion, folder / "lesion.onnx")
    write_gguf(writer, contents.writer_tokenizer, folder / "llm.gguf", queries, f"brat {contents.pack_id} {contents.version}")
    save_subwords(contents.text_tokenizer, folder, contents.max_tokens)
    np.save(folder / "reserved.npy", reserved_rows(writer, reserved))
    _write_golden(contents, folder)
    shutil.copyfile(licence, folder / "LICENSE")
    made_for = None if contents.made_for is None else contents.made_for.write(folder)
    manifest = _manifest(contents, folder, reserved)
    if made_for is not None:
        manifest["madeFor"] = made_for
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@torch.no_grad()
def _write_golden(contents: PackContents, folder: Path) -> None:
    """The golden case as PyTorch computes it."""
    volume = torch.from_numpy(contents.golden_volume).float()[None] / 255
    views = contents.model.encode_volume(volume)
    token_ST, real_ST = encode_batch(contents.text_tokenizer, contents.golden_sentences, contents.max_tokens)
    np.save(folder / "golden-volume.npy", contents.golden_volume)
    np.save(folder / "golden-views.npy", views.views[0].numpy())
    np.save(folder / "golden-projected.npy", views.projected[0].numpy())
    np.save(folder / "golden-attention.npy", views.attention[0].numpy())
    np.save(folder / "golden-sentences.npy", contents.model.encode_sentences(token_ST, real_ST).numpy())


def _manifest(contents: PackContents, folder: Path, reserved: list[int]) -> dict[str, Any]:
    config, writer = contents.model.config, contents.writer.config
    files = {path.name: _fingerprint(path) for path in sorted(folder.iterdir())}
    return {
        "format": "brat-pack/1",
        "id": contents.pack_id,
        "version": contents.version,
        "name": contents.card.name,
        "training": contents.card.training,
        "licence": {"spdx": "Apache-2.0", "file": "LICENSE"},
        "card": contents.card.to_manifest(),
        "input": {"channels": ["t1c"], "preprocessing": "brat/1", "size": list(config.vision.size)},
        "encoder": {
            "file": "encoder.onnx",
            "views": config.qformer.queries,
            "hidden": config.qformer.hidden,
            "width": config.width,
            "attentionGrid": list(contents.model.grid),
        },
        "text": {
            "file": "text.onnx",
            "tokenizer": "tokenizer.json",
            "tokenizerConfig": "tokenizer_config.json",
            "padTokenId": contents.text_tokenizer.token_to_id(PAD),
            "maxTokens": contents.max_tokens,
            "maxSentences": contents.max_sentences,
        },
        "bridge": {"file": "bridge.onnx", "width": writer.width},
        "llm": {
            "file": "llm.gguf",
            "vocabulary": writer.vocabulary,
            "width": writer.width,
            "contextSize": writer.context,
            "reservedTokenIds": reserved,
            "reservedEmbeddings": "reserved.npy",
            "prompt": PROMPT,
            "maxTokens": contents.max_written,
        },
        "findings": {"file": "findings.onnx", "outputs": [{"question": question, "answer": answer} for question, answer in FINDINGS]},
        "lesion": {"file": "lesion.onnx", "grid": list(contents.lesion.grid)},
        "golden": {
            "volume": "golden-volume.npy",
            "views": "golden-views.npy",
            "projected": "golden-projected.npy",
            "attention": "golden-attention.npy",
            "sentences": contents.golden_sentences,
            "sentenceVectors": "golden-sentences.npy",
            "tolerance": GOLDEN_TOLERANCE,
        },
        "calibration": {"supportThreshold": contents.calibration.threshold, "measuredOn": contents.calibration.measured_on},
        "files": files,
    }


def _fingerprint(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
