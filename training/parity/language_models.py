"""Writes small GGUF files of a llama with tied embeddings, and checks copies of them that the app made.

    python parity/language_models.py write FOLDER
    python parity/language_models.py check FOLDER

`write` makes `<type>.gguf` in several quantisations; `check` holds each `<type>-copy.gguf` to its original: an output matrix
equal to the embeddings, embeddings equal but for the reserved tokens', whose rows are zero, and every other tensor as it was.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gguf
import numpy as np
from gguf.quants import dequantize, quantize

TYPES = {"F32": gguf.GGMLQuantizationType.F32, "F16": gguf.GGMLQuantizationType.F16, "BF16": gguf.GGMLQuantizationType.BF16, "Q8_0": gguf.GGMLQuantizationType.Q8_0, "Q4_0": gguf.GGMLQuantizationType.Q4_0}
WIDTH, RESERVED, WORDS = 64, 8, 40


def write(folder: Path) -> None:
    """One file a type."""
    rng = np.random.default_rng(0)
    tokens = [f"w{n}" for n in range(WORDS)] + ["<|begin_of_text|>"] + [f"<|reserved_special_token_{n}|>" for n in reversed(range(RESERVED + 3))]
    for name, kind in TYPES.items():
        out = gguf.GGUFWriter(str(folder / f"{name}.gguf"), "llama")
        out.add_context_length(256)
        out.add_embedding_length(WIDTH)
        out.add_block_count(1)
        out.add_tokenizer_model("gpt2")
        out.add_token_list(tokens)
        out.add_bos_token_id(WORDS)
        for tensor, shape in (("token_embd.weight", (len(tokens), WIDTH)), ("blk.0.attn_q.weight", (WIDTH, WIDTH))):
            out.add_tensor(tensor, quantize(rng.normal(size=shape).astype(np.float32), kind), raw_dtype=kind)
        out.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
        out.write_header_to_file()
        out.write_kv_data_to_file()
        out.write_tensors_to_file()
        out.close()


def check(folder: Path) -> None:
    """Raises AssertionError naming the type that differs."""
    for name in TYPES:
        old, new = (gguf.GGUFReader(folder / file) for file in (f"{name}.gguf", f"{name}-copy.gguf"))
        before = {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in old.tensors}
        after = {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in new.tensors}
        words = [bytes(new.fields["tokenizer.ggml.tokens"].parts[at]).decode() for at in new.fields["tokenizer.ggml.tokens"].data]
        reserved = [words.index(f"<|reserved_special_token_{n}|>") for n in range(RESERVED)]
        kept = np.setdiff1d(np.arange(len(words)), reserved)
        assert np.array_equal(after["output.weight"], before["token_embd.weight"]), name
        assert np.array_equal(after["token_embd.weight"][kept], before["token_embd.weight"][kept]), name
        assert not after["token_embd.weight"][reserved].any(), name
        assert np.abs(before["token_embd.weight"][reserved]).max() > 0.1, name
        for tensor in ("blk.0.attn_q.weight", "output_norm.weight"):
            assert np.array_equal(after[tensor], before[tensor]), f"{name} {tensor}"
        assert len(after) == len(before) + 1, name


if __name__ == "__main__":
    {"write": write, "check": check}[sys.argv[1]](Path(sys.argv[2]))
