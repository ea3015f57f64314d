"""What a pack says about itself: intended use, limits, what it was trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Training = Literal["untrained", "synthetic", "clinical"]


@dataclass(frozen=True)
class Figure:
    """A measured number and the command that makes it."""

    name: str
    value: float
    command: str


@dataclass(frozen=True)
class Card:
    """The model card, as data in the manifest."""

    training: Training
    name: str
    intended_use: str
    limits: tuple[str, ...]
    training_data: str
    figures: tuple[Figure, ...] = field(default=())

    def to_manifest(self) -> dict[str, Any]:
        """The manifest's `card`."""
        return {
            "intendedUse": self.intended_use,
            "limits": list(self.limits),
            "trainingData": self.training_data,
            "figures": [{"name": figure.name, "value": figure.value, "command": figure.command} for figure in self.figures],
        }


UNTRAINED = Card(
    training="untrained",
    name="Demonstration",
    intended_use="To try the app and to test it. Never for a decision about a patient.",
    limits=("Random weights: every view, similarity and sentence it gives is meaningless.",),
    training_data="None.",
)

SYNTHETIC = Card(
    training="synthetic",
    name="Demonstration",
    intended_use="To show and test the app on the simulated studies that come with it. Never for a decision about a patient.",
    limits=(
        "It has seen simulated images only. What it says of a real patient may be wrong in any way.",
        "T1-weighted brain MRI after contrast only; other regions, sequences and modalities are outside of what it was made for.",
        "It knows only the findings that the simulation draws, and their wording.",
    ),
    training_data="Phantoms simulated from a public head atlas by `brat-train phantom`, with reports written by a grammar.",
)
