"""Figure 4: where each view looks, over the slices of a volume, shown as radiologists see them: the patient's right on the left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray


def to_volume(map_VP: NDArray[np.floating], grid: tuple[int, int, int], size: tuple[int, int, int]) -> NDArray[np.float32]:
    """Attention [V, positions] of a grid (S, A, R) to [V, *size], each map scaled so that its largest value is 1."""
    import torch
    from torch.nn import functional as F

    cells = torch.from_numpy(np.ascontiguousarray(map_VP, dtype=np.float32)).reshape(-1, 1, *grid)
    spread = F.interpolate(cells, size=size, mode="trilinear", align_corners=False)[:, 0]
    return (spread / spread.amax((1, 2, 3), keepdim=True).clamp(min=1e-12)).numpy()


def strongest_slice(map_SAR: NDArray[np.floating]) -> int:
    """The slice with most of the attention; the middle one where a backbone has no depth and all are equal."""
    total = map_SAR.sum((1, 2))
    return len(total) // 2 if np.ptp(total) <= 1e-6 * max(float(total.max()), 1e-12) else int(total.argmax())


def as_seen(slice_AR: NDArray[np.floating]) -> NDArray[np.floating]:
    """A slice [anterior, right] as an image: anterior up, the patient's right on the left."""
    return slice_AR[::-1, ::-1]


def distinct_views(map_VP: NDArray[np.floating], count: int) -> list[int]:
    """Views whose maps differ most: the most concentrated one, then each time the one least like those taken."""
    unit = map_VP / np.linalg.norm(map_VP, axis=1, keepdims=True).clip(1e-12)
    taken = [int(map_VP.max(1).argmax())]
    while len(taken) < min(count, len(unit)):
        nearest = (unit @ unit[taken].T).max(1)
        nearest[taken] = np.inf
        taken.append(int(nearest.argmin()))
    return sorted(taken)


def overlap(map_VP: NDArray[np.floating]) -> float:
    """Mean cosine of the maps of two different views, 0..1: 1 when all look at the same place."""
    unit = map_VP / np.linalg.norm(map_VP, axis=1, keepdims=True).clip(1e-12)
    cosine = unit @ unit.T
    count = len(cosine)
    return float((cosine.sum() - np.trace(cosine)) / (count * (count - 1))) if count > 1 else 1.0


def draw_views(volume_SAR: NDArray[np.floating], maps: Mapping[str, NDArray[np.float32]], views: Sequence[int]) -> Figure:
    """The paper's figure: a row a model, a column a view, each on the slice it looks at most. Maps are [V, S, A, R]."""
    figure, panels = _panels(len(maps), len(views))
    for row, (name, map_VSAR) in zip(panels, maps.items(), strict=True):
        for panel, view in zip(row, views, strict=True):
            at = strongest_slice(map_VSAR[view])
            _show(panel, volume_SAR[at], map_VSAR[view][at])
            panel.set_title(f"view {view + 1}, slice {at + 1}", fontsize=6.5, pad=2)
        _name(row[0], name)
    return figure


def draw_slices(volume_SAR: NDArray[np.floating], map_VSAR: NDArray[np.float32], views: Sequence[int], slices: Sequence[int]) -> Figure:
    """Views over slices: a row a view, a column a slice, from the lowest to the highest."""
    figure, panels = _panels(len(views), len(slices), between=0.03)
    for row, view in zip(panels, views, strict=True):
        for panel, at in zip(row, slices, strict=True):
            _show(panel, volume_SAR[at], map_VSAR[view][at])
        _name(row[0], f"view {view + 1}")
    for panel, at in zip(panels[0], slices, strict=True):
        panel.set_title(f"slice {at + 1}", fontsize=6.5, pad=2)
    return figure


def _show(panel: Axes, slice_AR: NDArray[np.floating], heat_AR: NDArray[np.floating]) -> None:
    panel.imshow(as_seen(slice_AR), cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
    heat = as_seen(heat_AR)
    # Weak attention is left clear, so that the anatomy under it stays readable.
    panel.imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=np.clip(heat, 0, 1) ** 0.8 * 0.65, interpolation="bilinear")
    panel.text(0.03, 0.5, "R", transform=panel.transAxes, color="white", fontsize=6, va="center")
    panel.set_axis_off()


def slices_to_show(map_VSAR: NDArray[np.float32], views: Sequence[int], count: int) -> list[int]:
    """The slices these views look at most, and others spread evenly over the volume up to `count`."""
    strongest = sorted({strongest_slice(map_VSAR[view]) for view in views})
    even = np.linspace(0.1, 0.9, count) * (map_VSAR.shape[1] - 1)
    others = sorted(even.round().astype(int).tolist(), key=lambda at: -min((abs(at - seen) for seen in strongest), default=0))
    return sorted({*strongest, *[at for at in others if at not in strongest][: max(0, count - len(strongest))]})


def _panels(rows: int, columns: int, between: float | None = None) -> tuple[Figure, NDArray[np.object_]]:
    """A sheet of square panels, with room for a name at the left of each row and a title above each, or above the first row alone."""
    side, left, top = 1.4, 0.3, 0.2
    gap = top if between is None else between
    width, height = columns * side + left, rows * side + (rows - 1) * gap + top
    figure = Figure(figsize=(width, height))
    places = {"left": left / width, "right": 1, "bottom": 0, "top": 1 - top / height, "wspace": 0.03, "hspace": gap / side}
    return figure, np.asarray(figure.subplots(rows, columns, squeeze=False, gridspec_kw=places))


def _name(panel: Axes, text: str) -> None:
    panel.text(-0.04, 0.5, text, transform=panel.transAxes, rotation=90, ha="right", va="center", fontsize=8)
