"""Writes checkpoints as PyTorch saves them, with the values they hold, for the app's reader to be held against.

    python parity/torch_checkpoints.py FOLDER

FOLDER gets `<name>.bin` and `<name>.json` (values by tensor name, flat) for each way of saving, and `layout-<backbone>.json`
(shapes by name) for each published backbone with a small Q-Former.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from brat_train.models.brat import Brat
from brat_train.models.config import Backbone, BratConfig, QFormerConfig, VisionConfig

BACKBONES: tuple[tuple[Backbone, int], ...] = (("densenet121", 1), ("densenet169", 4), ("resnet50", 1), ("vit", 1))


def tensors() -> dict[str, torch.Tensor]:
    """Every kind of tensor a state dict may hold."""
    torch.manual_seed(0)
    base = torch.randn(4, 6)
    return {
        "float": base,
        "half": torch.randn(5).half(),
        "bfloat": torch.randn(5).bfloat16(),
        "turned": base.t(),
        "part": base[1:3, 2:5],
        "row": base[2],
        "parameter": nn.Parameter(torch.randn(2, 3)),
        "expanded": torch.arange(4).expand((1, -1)),
        "repeated": torch.ones(1).expand(3, 2),
        "count": torch.tensor(41, dtype=torch.int64),
        "mask": torch.tensor([True, False]),
        "bytes": torch.tensor([0, 255], dtype=torch.uint8),
        "empty": torch.zeros(0, 3),
        "int": torch.tensor([-5, 2**20], dtype=torch.int32),
    }


def pack_again(source: Path, target: Path, **how: Any) -> None:
    """The same archive, compressed or with zip64 fields."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", how.get("compression", zipfile.ZIP_STORED)) as new:
        for name in old.namelist():
            with new.open(name, "w", force_zip64=how.get("zip64", False)) as entry:
                entry.write(old.read(name))


def main(folder: Path) -> None:
    values = tensors()
    state = OrderedDict(values)
    state._metadata = OrderedDict(version=1)  # type: ignore[attr-defined]
    saved: dict[str, Any] = {
        "plain": state,
        "dict": dict(values),
        "under": {"epoch": 3, "lr": 1e-4, "betas": (0.9, 0.999), "best": None, "model": state},
        "module": nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).state_dict(),
    }
    for name, value in saved.items():
        torch.save(value, folder / f"{name}.bin")
        inner = value["model"] if name == "under" else value
        flat = {key: item.detach().float().flatten().tolist() for key, item in inner.items()}
        (folder / f"{name}.json").write_text(json.dumps(flat))
    torch.save(state, folder / "protocol4.bin", pickle_protocol=4)
    torch.save(state, folder / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save(nn.Linear(3, 2), folder / "whole-model.bin")
    torch.jit.script(nn.Linear(3, 2)).save(str(folder / "script.bin"))
    pack_again(folder / "plain.bin", folder / "deflated.bin", compression=zipfile.ZIP_DEFLATED)
    pack_again(folder / "plain.bin", folder / "zip64.bin", zip64=True)
    small = QFormerConfig(hidden=24, layers=2, heads=2, intermediate=32, vocabulary=40, positions=16, queries=4)
    for backbone, channels in BACKBONES:
        with torch.device("meta"):
            model = Brat(BratConfig(vision=VisionConfig(backbone=backbone, channels=channels, size=(32, 64, 64)), qformer=small, width=16))
        (folder / f"layout-{backbone}.json").write_text(json.dumps({key: list(item.shape) for key, item in model.state_dict().items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
