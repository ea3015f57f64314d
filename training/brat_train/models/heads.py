"""Classification heads on the views: a two-layer MLP with one score per answer (paper, section 4.2 and Figure 14)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brat_train.data.training_set import Case

#: (question, answer) of each score: what is asked of a study, as yes or no.
FINDINGS: tuple[tuple[str, str], ...] = (
    ("surgery", "Yes"),
    ("enhancing", "Yes"),
    ("size", "Less than 1cm"),
    ("size", "1 to 2cm"),
    ("size", "More than 2cm"),
    ("side", "Left"),
    ("side", "Right"),
    *(("locations", f"{side} {lobe} lobe") for lobe in ("frontal", "parietal", "temporal", "occipital") for side in ("Left", "Right")),
    ("locations", "Left thalamus or basal ganglia"),
    ("locations", "Right thalamus or basal ganglia"),
    ("locations", "Cerebellum"),
    ("locations", "brainstem"),
    ("count", "One"),
    ("count", "Between 2 and 6"),
    ("count", "Between 7 and 15"),
    ("count", "More than 15"),
    ("shift", "Yes"),
    ("hydrocephalus", "Yes"),
    ("whiteMatter", "Yes"),
    ("sella", "Yes"),
)


class FindingHeads(nn.Module):
    """Views of a study to a score per finding. Mean and maximum over views go in: no view has a fixed meaning."""

    def __init__(self, hidden: int, inner: int = 256, dropout: float = 0.2, outputs: int = len(FINDINGS)) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(2 * hidden)
        self.enter = nn.Linear(2 * hidden, inner)
        self.leave = nn.Linear(inner, outputs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, view_BVH: Tensor) -> Tensor:
        """Scores [B, findings] before the sigmoid."""
        pooled = self.norm(torch.cat((view_BVH.mean(1), view_BVH.amax(1)), dim=-1))
        return self.leave(self.dropout(F.gelu(self.enter(self.dropout(pooled)))))


def targets(case: Case) -> list[float]:
    """1 where the answer holds, in the order of FINDINGS. Raises ValueError if a question has no answer."""
    missing = sorted({question for question, _ in FINDINGS} - case.answers.keys())
    if missing:
        raise ValueError(f"case {case.id} has no answer to {', '.join(missing)}")
    return [float(answer in [part.strip() for part in case.answers[question].split(";")]) for question, answer in FINDINGS]
