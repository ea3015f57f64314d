"""Small training sets with images of nothing, for tests of everything around the networks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

ANSWERS = {
    "surgery": "No", "enhancing": "Yes", "size": "1 to 2cm", "side": "Left", "locations": "Left frontal lobe", "count": "One",
    "shift": "No", "hydrocephalus": "No", "whiteMatter": "Yes", "sella": "No",
}  # fmt: skip


def write_set(folder: Path, cases: int, per_shard: int = 4) -> Path:
    """Volumes 32 x 64 x 64 of noise with a bright block on the side the report names."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    lines = []
    for number, start in enumerate(range(0, cases, per_shard)):
        count = min(per_shard, cases - start)
        volumes = rng.integers(0, 120, (count, 32, 64, 64), dtype=np.uint8)
        masks = np.zeros((count, 32, 64, 64), np.uint8)
        for index in range(count):
            side = ("left", "right")[(start + index) % 2]
            columns = slice(8, 20) if side == "left" else slice(44, 56)
            volumes[index, 10:16, 20:30, columns] = 240
            masks[index, 10:16, 20:30, columns] = 1
            sentences = [f"There is a {1 + (start + index) / 10:.1f} cm enhancing lesion in the {side} frontal lobe.", "No midline shift.", "Hydrocephalus is absent."]
            answers = {**ANSWERS, "side": side.capitalize(), "locations": f"{side.capitalize()} frontal lobe"}
            lesion = {"centreSar": [13.0, 96.0, 56.0 if side == "left" else 198.0], "location": answers["locations"], "kind": "solid", "sizeMm": 10.0 + start + index}
            lines.append({"id": f"case-{start + index}", "sentences": sentences, "wordings": [sentences[:2]], "answers": answers, "lesions": [lesion], "shard": f"shard-{number:04d}.npz", "index": index})
        np.savez(folder / f"shard-{number:04d}.npz", volumes=volumes, masks=masks)
    (folder / "reports.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Sums over several threads differ in their last digit from run to run."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set") / "small", 12)
