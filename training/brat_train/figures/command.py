"""`brat-train figures`: Figures 3 and 4 of one model or of several side by side. Imports what it needs when it runs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `figures`."""
    parser.add_argument("--checkpoint", type=Path, required=True, action="append", help="folder of a run, or a published checkpoint; may be given several times, to compare")
    parser.add_argument("--name", action="append", default=[], help="what to call each checkpoint, in order; the file's name if not given")
    parser.add_argument("--data", type=Path, required=True, help="training set; its last cases are drawn, which a recipe keeps for development")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--images", type=int, default=32, help="images that distances are averaged over")
    parser.add_argument("--case", help="id of the case of the attention pictures; the last one with a lesion if not given")
    parser.add_argument("--views", type=int, default=8, help="views in the attention pictures")
    parser.add_argument("--device", default="auto")


def run(options: argparse.Namespace) -> None:
    """Draws, and prints the numbers behind the pictures."""
    from brat_train.downstream.commands import device_of

    numbers = draw(options.checkpoint, options.name, options.data, options.out, options.images, options.case, options.views, device_of(options.device))
    print(json.dumps(numbers, indent=1))


def draw(checkpoints: Sequence[Path], names: Sequence[str], data: Path, out: Path, images: int, case: str | None, views: int, device: Any) -> dict[str, Any]:
    """Writes figure3, figure4 and attention-slices as PNG and SVG, and figures.json. Returns the latter.

    Raises ValueError for a case the set does not have, or checkpoints that take other images.
    """
    import numpy as np
    import torch

    from brat_train.data.sharded_set import ShardedSet
    from brat_train.data.training_set import reduce_in_plane
    from brat_train.downstream.backbone import load_brat
    from brat_train.figures.attention import distinct_views, draw_slices, draw_views, overlap, slices_to_show, to_volume
    from brat_train.figures.spread import draw_spread, mean_distances, on_a_plane

    if images < 1 or views < 1:
        raise ValueError("--images and --views are at least 1")
    called = [*names, *(path.stem or path.name for path in checkpoints[len(names) :])][: len(checkpoints)]
    if len(set(called)) != len(called):
        raise ValueError(f"two checkpoints are called {max(called, key=called.count)!r}; tell them apart by --name")
    whole = ShardedSet(data, batch=1, split=None, need_report=False)
    shown = _row_of(case, [each.id for each in whole.cases], [each.answers.get("enhancing") == "Yes" for each in whole.cases])
    rows = list(range(max(0, len(whole) - images), len(whole)))
    volume_NSAR = whole.read([*rows, shown]).volumes
    points, maps, numbers = {}, {}, {}
    volume_SAR = volume_NSAR[-1].float().numpy() / 255
    for name, path in zip(called, checkpoints, strict=True):
        model = load_brat(path).to(device)
        vision = model.config.vision
        if vision.channels != 1 or tuple(volume_NSAR.shape[1:]) != vision.size:
            raise ValueError(f"{path} takes {vision.channels} channels of {vision.size}, {data} has one of {tuple(volume_NSAR.shape[1:])}")
        with torch.no_grad():
            batches = (*volume_NSAR[:-1].split(4), volume_NSAR[-1:])
            encoded = [model.encode_volume(reduce_in_plane(part, vision.in_plane_reduction)[:, None].to(device).float() / 255) for part in batches]
        view_BVH = torch.cat([each.views for each in encoded[:-1]]).cpu().numpy()
        map_VP = encoded[-1].attention[0].float().cpu().numpy()
        distance_VV = mean_distances(view_BVH)
        points[name] = on_a_plane(distance_VV)
        maps[name] = to_volume(map_VP, model.grid, vision.size)
        others = distance_VV[~np.eye(len(distance_VV), dtype=bool)]
        all_maps = np.concatenate([each.attention.float().cpu().numpy() for each in encoded[:-1]])
        numbers[name] = {
            "meanDistance": float(others.mean()),
            "meanNorm": float(np.linalg.norm(view_BVH, axis=-1).mean()),
            "attentionOverlap": float(np.mean([overlap(each) for each in all_maps])),
        }
        # The views of the last model given, the one to be looked at, are shown of all.
        chosen = distinct_views(map_VP, views)
    fewest = min(len(each) for each in maps.values())
    chosen = [view for view in chosen if view < fewest]
    out.mkdir(parents=True, exist_ok=True)
    last = maps[called[-1]]
    slices = slices_to_show(last, chosen[:5], 8)
    pictures = {"figure3": draw_spread(points), "figure4": draw_views(volume_SAR, maps, chosen), "attention-slices": draw_slices(volume_SAR, last, chosen[:5], slices)}
    for file, picture in pictures.items():
        picture.savefig(out / f"{file}.png", dpi=160)
        picture.savefig(out / f"{file}.svg", metadata={"Date": None})
    report = {"images": len(rows), "case": whole.cases[shown].id, "views": [view + 1 for view in chosen], "models": numbers}
    (out / "figures.json").write_text(json.dumps(report, indent=1) + "\n")
    return report


def _row_of(case: str | None, ids: Sequence[str], enhancing: Sequence[bool]) -> int:
    if case is not None:
        if case not in ids:
            raise ValueError(f"there is no case {case!r}")
        return ids.index(case)
    return max((row for row, has in enumerate(enhancing) if has), default=len(ids) - 1)
