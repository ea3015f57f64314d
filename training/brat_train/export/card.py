"""What a pack says about itself: intended use, limits, what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
            "figures": [asdict(figure) for figure in self.figures],
        }


def merge_figures(known: Sequence[Mapping[str, Any]], fresh: Sequence[Figure]) -> list[dict[str, Any]]:
    """A manifest's figures with fresh ones: those of the same name go, as do all others of the same command."""
    names, commands = {figure.name for figure in fresh}, {figure.command for figure in fresh}
    kept = [dict(figure) for figure in known if figure["name"] not in names and figure["command"] not in commands]
    return [*kept, *(asdict(figure) for figure in fresh)]


def model_card(manifest: Mapping[str, Any], intervals: Mapping[str, tuple[float, float]] | None = None) -> str:
    """README.md of a pack, from its manifest: what it is for, its limits, its data, and every figure with its command."""
    card, ranges = manifest["card"], intervals or {}
    lines = [
        f"# {manifest['name']} ({manifest['id']} {manifest['version']})",
        "",
        f"Training: **{manifest['training']}**. Licence: {manifest['licence']['spdx']}.",
        "",
        "## Intended use",
        "",
        card["intendedUse"],
        "",
        "## Limits",
        "",
        *(f"- {limit}" for limit in card["limits"]),
        "",
        "## Training data",
        "",
        card["trainingData"],
        "",
        "## Figures",
        "",
    ]
    commands = list(dict.fromkeys(figure["command"] for figure in card["figures"]))
    if not commands:
        lines.append("None were measured.")
    for command in commands:
        lines += [f"By `{command}`:", "", "| figure | value | 95% interval |", "|---|---|---|"]
        for figure in card["figures"]:
            if figure["command"] == command:
                low_high = ranges.get(figure["name"])
                lines.append(f"| {figure['name']} | {_short(figure['value'])} | {'' if low_high is None else f'{_short(low_high[0])} to {_short(low_high[1])}'} |")
        lines.append("")
    lines += ["", "docs/evaluation.md of the project defines the figures."]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def _short(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.3f}"


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
