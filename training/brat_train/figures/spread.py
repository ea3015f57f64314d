"""Figure 3: how far apart the multi-view embeddings lie, as points of a plane."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray


def mean_distances(view_BVH: NDArray[np.floating]) -> NDArray[np.float64]:
    """Euclidean distances of every two views, averaged over images, [V, V]."""
    wide = view_BVH.astype(np.float64)
    return np.linalg.norm(wide[:, :, None, :] - wide[:, None, :, :], axis=-1).mean(0)


def on_a_plane(distance_VV: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Points [V, 2] whose distances are as near to those given as a plane allows (metric multi-dimensional scaling, SMACOF)."""
    from sklearn.manifold import smacof

    if not distance_VV.any():
        return np.zeros((len(distance_VV), 2))
    # Scaled to 1, since the method stops by an absolute change.
    scale = float(distance_VV.max())
    points, _ = smacof(distance_VV / scale, n_components=2, n_init=4, max_iter=500, eps=1e-6, random_state=seed, normalized_stress="auto")
    points = points * scale
    return points - points.mean(0)


def draw_spread(points: Mapping[str, NDArray[np.float64]]) -> Figure:
    """One panel a model, all of the same scale, so that a collapsed model shows as a point."""
    reach = 1.15 * max(float(np.abs(each).max()) for each in points.values()) or 1.0
    figure = Figure(figsize=(3.6 * len(points), 3.9), layout="constrained")
    for panel, (name, each) in zip(np.atleast_1d(figure.subplots(1, len(points))), points.items(), strict=True):
        panel.scatter(each[:, 0], each[:, 1], s=34, color="#2f6db3", edgecolor="white", linewidth=0.6, zorder=3)
        for number, (x, y) in enumerate(each):
            panel.annotate(str(number + 1), (x, y), xytext=(3, 3), textcoords="offset points", fontsize=6, color="#555555")
        panel.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        panel.set_title(name, fontsize=10)
        panel.grid(color="#e6e6e6", linewidth=0.6)
        panel.tick_params(labelsize=7)
    figure.supxlabel("views, as far apart as on the average of the images", fontsize=8)
    return figure
