"""`brat-train card`: puts measured figures into the manifest of a pack, and writes its README.md from all that the manifest says."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

from brat_train.export.card import Figure, merge_figures, model_card


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("--pack", type=Path, required=True, help="folder of the pack")
    parser.add_argument("--figures", type=Path, required=True, help="what `npm run --silent eval:demo -- ... --json` printed")
    parser.add_argument("--seed", type=int, required=True, help="the seed that it was run with, for the command in the card")


def run(options: argparse.Namespace) -> None:
    """Raises ValueError if the folder is no pack or the file holds no figures; the pack is then untouched."""
    found = json.loads(options.figures.read_text(encoding="utf-8"))
    if not isinstance(found, dict) or not isinstance(found.get("count"), int):
        raise ValueError(f"{options.figures} holds no figures of eval:demo")
    command = f"npm run --silent eval:demo -- --seed {options.seed} --count {found['count']} --json"
    record_figures(options.pack, eval_figures(found, command), intervals(found))


def eval_figures(found: dict[str, Any], command: str) -> list[Figure]:
    """The figures of eval:demo by name, those of a group as `textToImage.r1`; what could not be measured is left out."""
    out = []
    for name, value in found.items():
        if name in ("count", "intervals"):
            continue
        group = {f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        out += [Figure(key, float(one), command) for key, one in group.items() if one is not None and math.isfinite(one)]
    return out


def intervals(found: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """The 95% intervals by the names of eval_figures."""
    out: dict[str, tuple[float, float]] = {}
    for name, value in found.get("intervals", {}).items():
        for key, (low, high) in ({f"{name}.{key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}).items():
            out[key] = (float(low), float(high))
    return out


def record_figures(pack: Path, figures: list[Figure], ranges: dict[str, tuple[float, float]]) -> None:
    """Replaces the figures of the same names and README.md. The pack is copied and exchanged, so that its hashes always fit."""
    pack = pack.resolve()
    manifest = json.loads((pack / "manifest.json").read_text(encoding="utf-8"))
    if manifest.get("format") != "brat-pack/1":
        raise ValueError(f"{pack} is no brat-pack/1")
    fresh = Path(tempfile.mkdtemp(prefix=f".{pack.name}-", dir=pack.parent))
    try:
        shutil.copytree(pack, fresh, dirs_exist_ok=True)
        manifest["card"]["figures"] = merge_figures(manifest["card"].get("figures", []), figures)
        text = model_card(manifest, ranges).encode()
        (fresh / "README.md").write_bytes(text)
        manifest["files"] = dict(sorted({**manifest["files"], "README.md": {"sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}}.items()))
        (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        old = pack.with_name(f".{pack.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        pack.rename(old)
        fresh.rename(pack)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
