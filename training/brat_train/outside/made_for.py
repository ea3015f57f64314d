"""The limits of a pack from its training set: reads the volumes, makes images of other kinds, fits and writes."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.outside.fit import Statistics, fit, write_statistics
from brat_train.outside.measure import darkened, measure_reduced, reduce_volume
from brat_train.outside.transforms import others

#: Training volumes read, spread over the whole set; a third is held out for the threshold.
VOLUMES = 1200
#: Of these, how many are turned into images of other kinds, and how many phantoms are drawn in other sequences.
TRANSFORMED, REDRAWN = 160, 100
DESCRIPTION = "T1-weighted MRI of the head after contrast"


@dataclass(frozen=True)
class MadeFor:
    """What was fitted, and in words on what."""

    statistics: Statistics
    measured_on: str

    def write(self, folder: Path) -> dict[str, Any]:
        """Writes the files; returns the manifest's `madeFor`."""
        return write_statistics(self.statistics, folder, DESCRIPTION, self.measured_on)


def fit_made_for(data: Path, volumes: int = VOLUMES, transformed: int = TRANSFORMED, redrawn: int = REDRAWN) -> MadeFor:
    """Fits on a training set (shard-*.npz and its listing). Raises FileNotFoundError or ValueError for an empty one."""
    small, seeds = read_reduced(data, volumes)
    held_out = np.arange(len(small)) % 3 == 2
    own, seeds_own = small[~held_out], [seed for seed, out in zip(seeds, held_out) if not out]
    rng = np.random.default_rng(20261123)
    measured: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for image in own[spread(len(own), transformed)]:
        for kind, other in others(image, rng):
            measured[kind].append(measure_reduced(other))
    drawable = [seed for seed in seeds_own if seed is not None]
    for at in spread(len(drawable), redrawn):
        for kind, volume in other_sequences(drawable[at]):
            measured[kind].append(measure_reduced(reduce_volume(darkened(volume))))
    statistics = fit(_measured(own), {kind: np.stack(values) for kind, values in measured.items()}, _measured(small[held_out]))
    return MadeFor(statistics, f"{int(held_out.sum())} training volumes that nothing else was fitted to; 1 in 100 of them lies above the threshold")


def add_to_pack(pack: Path, data: Path, transformed: int = TRANSFORMED) -> Path:
    """Puts fitted statistics into a pack that is there: files first, the manifest last and whole."""
    manifest_file = pack / "manifest.json"
    manifest: dict[str, Any] = json.loads(manifest_file.read_text(encoding="utf-8"))
    manifest["madeFor"] = fit_made_for(data, transformed=transformed).write(pack)
    for name in (manifest["madeFor"]["basis"], manifest["madeFor"]["kinds"]):
        content = (pack / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest["files"] = dict(sorted(manifest.pop("files").items()))
    part = manifest_file.with_suffix(".part")
    part.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, manifest_file)
    return manifest_file


def read_reduced(data: Path, limit: int) -> tuple[NDArray[np.uint8], list[int | None]]:
    """Reduced volumes [n, 32, 64, 64] spread over the shards, and the phantom seed of each where there is one."""
    shards = sorted(data.glob("shard-*.npz"))
    if not shards:
        raise FileNotFoundError(f"{data} holds no shard-*.npz: make a training set first (brat_train.phantom.shards)")
    each = -(-limit // len(shards))
    small: list[NDArray[np.uint8]] = []
    seeds: list[int | None] = []
    for shard in shards:
        with np.load(shard) as arrays:
            volumes = arrays["volumes"]
            known = arrays["seeds"] if "seeds" in arrays else None
        for at in spread(len(volumes), each):
            small.append(reduce_volume(darkened(volumes[at])))
            seeds.append(None if known is None else int(known[at]))
    return np.stack(small[:limit]), seeds[:limit]


def other_sequences(seed: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The phantom of a seed as other sequences show it: before contrast, T2, FLAIR; prepared as the encoder takes it."""
    from brat_train.phantom.contrast import paint_patient, paint_water
    from brat_train.phantom.phantom import acquisition_of
    from brat_train.phantom.preprocess import prepare
    from brat_train.phantom.render import head_coordinates, scan
    from brat_train.phantom.scene import draw_scene, stream

    scene = draw_scene(seed)
    grid = acquisition_of(scene).coarsened()
    coordinates = head_coordinates(scene, grid)
    painted = {
        "before-contrast": paint_patient(scene, stream(seed, "contrast"), agent=False)[0],
        "t2": paint_water(scene, stream(seed, "contrast"), False),
        "flair": paint_water(scene, stream(seed, "contrast"), True),
    }
    for kind, volume in painted.items():
        values = scan(volume, scene, grid, coordinates, stream(seed, "noise"))
        yield kind, np.round(prepare(np.round(values), grid) * 255).astype(np.uint8)


def spread(total: int, count: int) -> NDArray[np.int64]:
    """At most `count` indices below `total`, evenly spread, each once."""
    return np.unique(np.linspace(0, total - 1, min(total, count)).astype(np.int64)) if total > 0 else np.zeros(0, np.int64)


def _measured(small: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.stack([measure_reduced(image) for image in small])
