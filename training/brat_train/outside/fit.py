"""What an input of a pack's own kind is, learned from measurements of its training volumes and of images of other kinds.

Every kind of other image gets a straight line between it and the training volumes (ridge logistic regression on the
leading directions of all measurements), and two more numbers tell what is unlike either: the distance from the training
volumes along these directions (Mahalanobis) and beside them. Each of these is counted in standard deviations of training
volumes that none was fitted to; the score is the largest. Deterministic: the same volumes give the same numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.outside.measure import COUNT, GROUPS

Matrix = NDArray[np.float64]

#: Directions kept of all measurements.
DIRECTIONS = 128
#: How much a group of measurements counts, whatever its number.
_WEIGHTS = {"place": 1.0, "bright": 1.0, "dark": 0.7, "levels": 3.0, "edges": 2.0}
#: Groups whose measurements share one scale, since they are the same thing at different places.
_MAPS = {"place", "bright", "dark"}
_RIDGE = 1e-4
#: Share of held-out training volumes that may lie above the threshold.
FALSE_ALARMS = 0.01
#: The two measures that no other image is needed for, after the kinds.
UNLIKE = ("unlike", "beside")


@dataclass(frozen=True)
class Statistics:
    """All the app needs to tell an input of another kind; engine/outside/detector.ts reads the two files."""

    mean_M: Matrix
    scale_M: Matrix
    basis_DM: Matrix
    #: Variance of training volumes along each direction, with a floor.
    variance_D: Matrix
    kinds: tuple[str, ...]
    weight_KD: Matrix
    bias_K: Matrix
    #: Of the kinds, then of UNLIKE: mean and standard deviation over held-out training volumes.
    centre: Matrix
    spread: Matrix
    threshold: float
    held_out: int

    def parts(self, measured_NM: Matrix) -> Matrix:
        """[volumes, kinds and UNLIKE] in standard deviations of held-out training volumes."""
        return (self.raw(measured_NM) - self.centre) / self.spread

    def scores(self, measured_NM: Matrix) -> Matrix:
        """The largest part of each volume; above `threshold` it is outside."""
        return self.parts(measured_NM).max(1)

    def raw(self, measured_NM: Matrix) -> Matrix:
        """Parts before they are counted in standard deviations."""
        x_NM = (measured_NM - self.mean_M) / self.scale_M
        z_ND = x_NM @ self.basis_DM.T
        distance_N = np.log((z_ND**2 / self.variance_D).mean(1) + 1e-9)
        beside_N = np.log(np.maximum((x_NM**2).sum(1) - (z_ND**2).sum(1), 0) + 1e-9)
        return np.column_stack((z_ND @ self.weight_KD.T + self.bias_K, distance_N, beside_N))


def fit(own_NM: Matrix, others: dict[str, Matrix], held_out_NM: Matrix) -> Statistics:
    """Fits on training volumes and other images; the threshold comes from `held_out_NM`.

    Raises ValueError if there are too few volumes to tell anything.
    """
    if len(own_NM) < 32 or len(held_out_NM) < 16:
        raise ValueError(f"{len(own_NM)} training volumes and {len(held_out_NM)} held out are too few; use at least 32 and 16")
    mean_M, scale_M = own_NM.mean(0), _scale(own_NM)
    x_NM = (np.concatenate((own_NM, *others.values())) - mean_M) / scale_M
    basis_DM = leading_directions(x_NM - x_NM.mean(0), min(DIRECTIONS, len(own_NM) // 2))
    own_ND = ((own_NM - mean_M) / scale_M) @ basis_DM.T
    variance_D = (own_ND**2).mean(0)
    lines = {kind: logistic_line(own_ND, ((values - mean_M) / scale_M) @ basis_DM.T) for kind, values in others.items()}
    # What the app reads is float32; thresholds are set on what it will compute.
    unscaled = Statistics(
        _stored(mean_M),
        _stored(scale_M),
        _stored(basis_DM),
        _stored(variance_D + 0.1 * variance_D.mean()),
        tuple(lines),
        _stored(np.array([weight for weight, _ in lines.values()]).reshape(len(lines), len(basis_DM))),
        _stored(np.array([bias for _, bias in lines.values()])),
        np.zeros(len(lines) + 2),
        np.ones(len(lines) + 2),
        0.0,
        len(held_out_NM),
    )
    raw = unscaled.raw(held_out_NM)
    counted = Statistics(**{**vars(unscaled), "centre": _stored(raw.mean(0)), "spread": _stored(np.maximum(raw.std(0), 1e-6))})
    threshold = float(np.quantile(counted.scores(held_out_NM), 1 - FALSE_ALARMS))
    return Statistics(**{**vars(counted), "threshold": round(threshold, 4)})


def write_statistics(statistics: Statistics, folder: Path, description: str, measured_on: str) -> dict[str, Any]:
    """Writes `outside-basis.npy` and `outside-kinds.npy`; returns the manifest's `madeFor`.

    The basis holds mean, scale and the directions, one a row. A row of the kinds holds the weights of one part (for the
    two of UNLIKE the variances, then zeros), its bias, centre and spread.
    """
    directions = len(statistics.basis_DM)
    weights = np.concatenate((statistics.weight_KD, statistics.variance_D[None], np.zeros((1, directions))))
    bias = np.concatenate((statistics.bias_K, np.zeros(len(UNLIKE))))
    basis = np.concatenate((statistics.mean_M[None], statistics.scale_M[None], statistics.basis_DM))
    kinds = np.column_stack((weights, bias, statistics.centre, statistics.spread))
    for name, values in (("outside-basis.npy", basis), ("outside-kinds.npy", kinds)):
        np.save(folder / name, np.ascontiguousarray(values, np.float32))
    return {
        "measurements": "brat-outside/1",
        "basis": "outside-basis.npy",
        "kinds": "outside-kinds.npy",
        "parts": [*statistics.kinds, *UNLIKE],
        "description": description,
        "threshold": statistics.threshold,
        "measuredOn": measured_on,
    }


def read_statistics(pack: Path) -> Statistics:
    """What :func:`write_statistics` put into a pack. Raises ValueError if its manifest has no `madeFor`."""
    made_for = json.loads((pack / "manifest.json").read_text(encoding="utf-8")).get("madeFor")
    if made_for is None:
        raise ValueError(f"{pack.name} does not say what it was made for")
    basis = np.load(pack / made_for["basis"]).astype(np.float64)
    parts = np.load(pack / made_for["kinds"]).astype(np.float64)
    directions, kinds = len(basis) - 2, len(parts) - len(UNLIKE)
    weights, bias, centre, deviation = parts[:, :directions], parts[:, directions], parts[:, -2], parts[:, -1]
    return Statistics(
        basis[0], basis[1], basis[2:], weights[kinds], tuple(made_for["parts"][:kinds]), weights[:kinds], bias[:kinds], centre, deviation, float(made_for["threshold"]), 0
    )


def leading_directions(x_NM: Matrix, count: int) -> Matrix:
    """The `count` leading right singular vectors, by subspace iteration from a fixed start."""
    start = np.random.default_rng(20261123).normal(size=(x_NM.shape[1], count + 16))
    basis = np.linalg.qr(start)[0]
    for _ in range(3):
        basis = np.linalg.qr(x_NM.T @ (x_NM @ basis))[0]
    _, _, right = np.linalg.svd(x_NM @ basis, full_matrices=False)
    return (basis @ right[:count].T).T


def logistic_line(own_ND: Matrix, other_ND: Matrix) -> tuple[Matrix, float]:
    """Weights and bias of a ridge logistic regression, both sides counting alike whatever their numbers."""
    x = np.concatenate((own_ND, other_ND))
    size = float(own_ND.std(0).max())
    x = np.column_stack((x / size, np.ones(len(x))))
    wanted = np.concatenate((np.zeros(len(own_ND)), np.ones(len(other_ND))))
    share = np.concatenate((np.full(len(own_ND), 0.5 / len(own_ND)), np.full(len(other_ND), 0.5 / len(other_ND))))
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[-1] = 1e-6
    line = np.zeros(x.shape[1])
    for _ in range(30):
        told = 1 / (1 + np.exp(-np.clip(x @ line, -30, 30)))
        gradient = x.T @ (share * (told - wanted)) + ridge * line
        curvature = (x * (share * told * (1 - told) + 1e-9)[:, None]).T @ x + np.diag(ridge)
        line = line - np.linalg.solve(curvature, gradient)
    return line[:-1] / size, float(line[-1])


def _scale(own_NM: Matrix) -> Matrix:
    out = np.empty(COUNT)
    at = 0
    for name, count in GROUPS:
        variance = own_NM[:, at : at + count].var(0)
        if name in _MAPS:
            variance = np.full(count, variance.mean())
        out[at : at + count] = np.sqrt(np.maximum(variance, 1e-8) * count) / _WEIGHTS[name]
        at += count
    return out


def _stored(values: Matrix) -> Matrix:
    return values.astype(np.float32).astype(np.float64)
