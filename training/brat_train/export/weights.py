"""Weights of a run as files that others read: brat in the layout of the published checkpoints, and what stands on it.

| file | holds | names |
|---|---|---|
| `brat.bin`, `brat.safetensors` | brat | those of the published checkpoints (models/brat.py) |
| `bridge.safetensors` | bridging MLP | `norm.*` [hidden], `enter.*` [inner, hidden], `leave.*` [width, inner] |
| `heads.safetensors` | classification heads | `norm.*` [2 hidden], `enter.*` [inner, 2 hidden], `leave.*` [findings, inner] |
| `weights.json` | sizes, the findings in the order of `heads`' rows, SHA-256 of each file | – |

The app imports the bridge and the heads as they are (src/engine/install/extraGraphs.ts). A pack's GGUF is gguf_llama.py's.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from brat_train.models.brat import Brat
from brat_train.models.heads import FINDINGS
from brat_train.train.checkpoint import save_atomic
from brat_train.train.recipes import recipe_from_json
from brat_train.train.run import load_models

Format = Literal["bin", "safetensors"]


def official_state(model: Brat) -> dict[str, Tensor]:
    """The model's tensors by the names of the published checkpoints, float32 on the CPU, each with memory of its own.

    Tied tensors (the word embeddings and the decoder of the language head) stand under both names, as published.
    """
    return {name: value.detach().cpu().clone().contiguous() for name, value in model.state_dict().items()}


def write_state(state: Mapping[str, Tensor], path: Path, about: Mapping[str, str] | None = None) -> None:
    """Writes named tensors as `.bin` (PyTorch) or `.safetensors`, by the path's ending; `about` goes into the latter's header.

    The file is whole or not there. Raises DiskFullError without room for a `.bin`.
    """
    if path.suffix != ".safetensors":
        save_atomic(dict(state), path)
        return
    from safetensors.torch import save_file

    part = path.with_name(f"{path.name}.part")
    try:
        save_file(dict(state), part, metadata={"format": "pt", **(about or {})})
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_weights(run: Path, out: Path, formats: tuple[Format, ...] = ("bin", "safetensors")) -> list[Path]:
    """Writes the weights of a run that has finished its stages; returns the files.

    Raises ValueError naming what the run lacks.
    """
    mark = run / "run.json"
    if not mark.is_file():
        raise ValueError(f"{run} is not the folder of a run: it has no run.json")
    models = load_models(recipe_from_json(json.loads(mark.read_text())), run)
    out.mkdir(parents=True, exist_ok=True)
    config = json.dumps(asdict(models.brat.config))
    files = [out / f"brat.{ending}" for ending in formats]
    for path in files:
        write_state(official_state(models.brat), path, {"brat": config})
    for name, module in (("bridge", models.bridge), ("heads", models.heads)):
        files.append(out / f"{name}.safetensors")
        write_state({key: value.detach().contiguous() for key, value in module.state_dict().items()}, files[-1])
    files.append(out / "weights.json")
    files[-1].write_text(json.dumps(_description(models.brat, files[:-1]), indent=1) + "\n")
    return files


def _description(model: Brat, files: list[Path]) -> dict[str, Any]:
    return {
        "format": "brat-weights/1",
        "config": asdict(model.config),
        "parameters": sum(value.numel() for value in model.parameters()),
        "findings": [list(finding) for finding in FINDINGS],
        "files": {path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size} for path in files},
    }
